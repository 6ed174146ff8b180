"""The page's sections on money and on levels."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from cluster_optimiser.comparison import compare, funding
from cluster_optimiser.geography.measures import need_and_pupils
from cluster_optimiser.present.meaning_page import levels_view, money_view
from cluster_optimiser.present.script_data import script_data
from tests.norfolk import norfolk_result
from tests.pages import index_html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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


def test_nothing_is_told_of_money_that_there_is_none_of() -> None:
    result = norfolk_result("4a")
    money = result.problem.scenario.funding.model_copy(
        update={"admin_pounds_per_pupil": 0, "capacity_pounds": 0}
    )
    scenario = result.problem.scenario.model_copy(update={"funding": money})
    found = money_view([replace(result, problem=replace(result.problem, scenario=scenario))])
    assert (found["admin"], found["fund"]) == ("", "")


def test_every_cluster_is_listed_with_what_it_is_in() -> None:
    found = levels_view(_results())
    assert [(n["lower"], n["upper"]) for n in found] == [("4c", "3b"), ("4g", "3c")]
    for nested in found:
        lower, upper = norfolk_result(nested["lower"]), norfolk_result(nested["upper"])
        assert nested["area"] == "Children's Services divisions"
        assert len(nested["rows"]) == lower.score.metrics["n_clusters"]
        assert len({row["grouping"] for row in nested["rows"]}) == upper.score.metrics["n_clusters"]
        assert len({row["area"] for row in nested["rows"]}) == 3
        local = lower.problem.authority.schools["local_cluster"]
        for row in nested["rows"]:
            members = lower.plan.assignment.index[lower.plan.assignment == row["cluster"]]
            assert set(row["partnerships"].split("; ")) == set(local[members])
            assert set(upper.plan.assignment[members]) == {row["grouping"]}


@pytest.fixture(scope="module")
def nested_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("levels") / "index.html"
    path.write_text(index_html(_results(), pd.DataFrame()), encoding="utf-8")
    return path


def _row_of(urn: int) -> dict[str, str]:
    (nested,) = (n for n in levels_view(_results()) if n["lower"] == "4g")
    cluster = norfolk_result("4g").plan.assignment[urn]
    return next(row for row in nested["rows"] if row["cluster"] == cluster)


def test_the_switch_shows_each_level_and_says_where_a_school_is(
    nested_page: Path, visit: Callable[..., Any]
) -> None:
    seen = visit(nested_page, "#school=120797")
    page = seen.page
    page.evaluate("clusterPage.reveal('levels')")
    page.wait_for_selector("#levels-map.leaflet-container")
    page.select_option("#levels-pair", "1")
    row = _row_of(120797)
    local = norfolk_result("1").plan.assignment[120797]
    wanted = {"today": local} | {k: row[k[:-1]] for k in ("clusters", "groupings")}
    n_of = {"today": 47, "clusters": 29, "groupings": 10, "area": 3}
    for level, name in {**wanted, "area": row["area"]}.items():
        # By keyboard, as by mouse.
        page.focus(f"#level-{level}")
        page.keyboard.press("Enter")
        pressed = page.locator("#levels-box button[aria-pressed=true]")
        assert pressed.evaluate_all("nodes => nodes.map(node => node.id)") == [f"level-{level}"]
        said = page.inner_text("#levels-sum")
        assert f": {n_of[level]}, of " in said
        assert said.endswith(f" is in {name}.")
        assert name in page.inner_text("#levels-list")
        n_drawn = "clusterPage.levels.pane.layers.clusters.getLayers().length"
        assert page.evaluate(n_drawn) == n_of[level]
    inside = f"This cluster lies inside the grouping {row['grouping']} of option 3c."
    assert inside in page.inner_text("#answer-list")
    assert seen.complaints == []


def test_pupils_of_areas_are_those_of_their_groupings(
    nested_page: Path, visit: Callable[..., Any]
) -> None:
    page = visit(nested_page).page
    page.evaluate("clusterPage.reveal('levels')")
    page.click("#level-area")
    clusters = norfolk_result("3b").score.clusters
    sums = clusters[~clusters["is_exempt"]].groupby("home_division")["pupils"].sum()
    # The rolls of four schools of Norfolk are not known.
    text = page.inner_text("#levels-sum")
    assert text.endswith(f": 3, of at least {sums.min():,} to {sums.max():,} pupils.")
    assert page.is_visible("#levels-none")


def test_without_scripts_the_table_of_levels_is_left(
    nested_page: Path, visit: Callable[..., Any]
) -> None:
    page = visit(nested_page, java_script_enabled=False).page
    assert not page.is_visible("#levels-box")
    page.click(".levels-table >> nth=1 >> summary")
    assert page.locator(".levels-table >> nth=1 >> tbody tr").count() == 29


def test_the_page_has_both_sections() -> None:
    results = _results()
    text = unescape(index_html(results, compare(results)))
    assert "29 clusters of option 4g inside 10 groupings of option 3c" in text
    section = re.search(r'id="money".*?</noscript>', text, re.DOTALL).group()
    assert "£30,000,000" in section
    assert "illustration" in section


def test_without_nested_plans_there_is_no_section_on_levels() -> None:
    results = [norfolk_result("1"), norfolk_result("4a")]
    assert levels_view(results) == []
    assert 'id="levels"' not in index_html(results, compare(results))


def test_the_page_tells_no_need_of_a_single_school() -> None:
    """Need less pupils would be a few times the count of pupils with a need."""
    result = norfolk_result("4a")
    problem = result.problem
    need, pupils = need_and_pupils(problem.authority.schools, problem.scenario.funding)
    data = script_data([result], [{}], [{}])

    def lists(value: object) -> Iterator[list[object]]:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            yield value
            for one in value:
                yield from lists(one)

    counts = {
        tuple(problem.authority.schools[measure].fillna(0).astype(int))
        for measure in ("ehcp", "sen_support", "fsm_ever6")
    }
    told = {
        tuple(one) for one in lists(data) if len(one) == len(need) and not isinstance(one[0], list)
    }
    assert tuple(problem.authority.schools["pupils"]) in told
    assert not told & {tuple(need), tuple(need / 1000), tuple(need / 1000 - pupils), *counts}
