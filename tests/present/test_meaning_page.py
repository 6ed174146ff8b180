"""The page's sections on money and on levels."""

from __future__ import annotations

import re
from html import unescape

from cluster_optimiser.comparison import compare, funding
from cluster_optimiser.present import index_html
from cluster_optimiser.present.meaning_page import levels_view, money_view
from tests.norfolk import norfolk_result

LABELS = ("1", "3b", "3c", "4a", "4c", "4g")


def _results():
    return [norfolk_result(label) for label in LABELS]


def test_money_of_each_option_is_that_of_its_view() -> None:
    found = money_view(_results())
    assert (found["pot"], found["fund"], found["n_fund"]) == ("£30,000,000", "£1,600,000", "10")
    assert [row["label"] for row in found["rows"]] == list(LABELS)
    for row, result in zip(found["rows"], _results(), strict=True):
        view = funding(result)
        named = view.clusters.loc[view.clusters["is_in_capacity_fund"], "cluster"]
        assert row["cells"][3] == "; ".join(named)
        assert row["cells"][0] == f"{100 * view.evenness['need_spread']:.1f}%"


def test_levels_lead_from_partnership_to_grouping() -> None:
    found = levels_view(_results())
    assert [(n["lower"], n["upper"]) for n in found] == [("4c", "3b"), ("4g", "3c")]
    for nested in found:
        assert [step["kind"] for step in nested["steps"]] == ["today", "clusters", "groupings"]
        assert nested["area"] == "Children's Services divisions"


def test_the_page_has_both_sections() -> None:
    results = _results()
    text = unescape(index_html(results, compare(results)))
    assert "29 clusters of option 4g inside 10 groupings of option 3c" in text
    assert '<a href="#a=4g&b=3c">Clusters' in text
    section = re.search(r'<section id="money".*?</section>', text, re.DOTALL).group()
    assert "£30,000,000" in section
    assert "illustration" in section


def test_without_nested_plans_there_is_no_section_on_levels() -> None:
    results = [norfolk_result("1"), norfolk_result("4a")]
    assert levels_view(results) == []
    assert 'id="levels"' not in index_html(results, compare(results))
