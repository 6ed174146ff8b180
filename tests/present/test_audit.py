"""The cluster audit statement: a page a cluster, money by the formula that stands on it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from pypdf import PdfReader

from cluster_optimiser.comparison import funding
from cluster_optimiser.present.audit import BLANKS, audit_html, formula_lines
from cluster_optimiser.words import pounds, words
from tests.norfolk import norfolk_result


@pytest.fixture(scope="module")
def pages() -> list[str]:
    result = norfolk_result("4a")
    text = audit_html(result, funding(result))
    return [unescape(part) for part in text.split("<section class=")[1:]]


def test_every_cluster_has_its_page_with_its_schools_and_its_money(pages) -> None:
    result = norfolk_result("4a")
    view = funding(result)
    assert len(pages) == len(view.clusters)
    schools = result.problem.authority.schools
    for page, row in zip(pages, view.clusters.itertuples(), strict=True):
        assert f" {row.cluster}</h2>" in page
        assert "<p>Option 4a: As few clusters as possible</p>" in page
        members = result.plan.assignment.index[result.plan.assignment == row.cluster]
        listed = re.findall(r"<li><span>(.*?)</span>", page)
        assert sorted(listed) == sorted(schools.loc[members, "name"])
        assert f"<dt>Together</dt><dd>{pounds(row.total_pence / 100)}</dd>" in page
        for blank in BLANKS:
            assert f"<div>{words()['audit'][blank]}:</div>" in page


def test_the_formula_on_the_page_is_the_one_that_counts(pages) -> None:
    money = norfolk_result("4a").problem.scenario.funding
    lines = list(formula_lines(money))
    assert len(lines) == 2 + len(money.parts)
    assert "£5,000.00 for each: schools" in lines
    assert all(line in page for page in pages for line in lines)


@pytest.mark.parametrize("option", ["2a", "4a"])
def test_a_statement_prints_on_one_page(chromium, tmp_path, option: str) -> None:
    result = norfolk_result(option)
    page = chromium.new_page()
    page.set_content(audit_html(result, funding(result)))
    page.pdf(path=tmp_path / "audit.pdf", prefer_css_page_size=True)
    page.close()
    assert len(PdfReader(tmp_path / "audit.pdf").pages) == len(result.score.clusters)
