"""Governance sheets: one page a cluster, everything on it, no name made up."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from pypdf import PdfReader

from cluster_optimiser.present.sheets import BLANKS, executive_words, quorum, sheets_html
from cluster_optimiser.scenario import load_scenario
from cluster_optimiser.words import words
from tests.norfolk import SCENARIOS, norfolk_result


def _sheets(option: str) -> list[str]:
    text = sheets_html(norfolk_result(option))
    return [unescape(part) for part in text.split("<section class=")[1:] if 'id="c' in part]


@pytest.fixture(scope="module")
def by_cluster() -> dict[str, str]:
    parts = _sheets("4a")
    names = [re.search(r'<h2 id="h\d+">\d+ (.+)</h2>', part).group(1) for part in parts]
    return dict(zip(names, parts, strict=True))


def test_every_new_cluster_has_its_sheet(by_cluster) -> None:
    clusters = norfolk_result("4a").score.clusters
    assert list(by_cluster) == clusters.loc[~clusters["is_exempt"], "cluster"].tolist()


def test_members_votes_and_quorum(by_cluster) -> None:
    result = norfolk_result("4a")
    schools = result.problem.authority.schools
    for cluster, sheet in by_cluster.items():
        urns = result.plan.assignment.index[result.plan.assignment == cluster]
        for name in schools.loc[urns, "name"]:
            assert f"<span>{name}</span>" in sheet
        n = len(urns)
        assert f"{n} votes, one for each school; {(n + 1) // 2} must be there" in sheet


def test_votes_of_each_school_and_minutes_by_road_are_called_what_they_are() -> None:
    result = norfolk_result("4a")
    scenario = result.problem.scenario.with_(governance={"votes_per_school": 2})
    authority = result.problem.authority
    roads = replace(authority, travel=replace(authority.travel, method="matrix"))
    problem = replace(result.problem, scenario=scenario, authority=roads)
    text = sheets_html(replace(result, problem=problem))
    assert "votes, 2 for each school;" in text
    assert "(estimates)" in sheets_html(result)
    assert "(estimates)" not in text


def test_double_membership_is_named(by_cluster) -> None:
    """Every special and Roman Catholic school stands on exactly one sheet, beside its own."""
    result = norfolk_result("4a")
    schools = result.problem.authority.schools
    for urn, group in result.problem.exempt_of.items():
        line = re.escape(f"{schools.loc[urn, 'name']} (also in {group})")
        found = [bool(re.search(rf"(>|, ){line}", sheet)) for sheet in by_cluster.values()]
        assert sum(found) == 1, line


def test_high_schools_academies_partnerships_and_reach(by_cluster) -> None:
    result = norfolk_result("4a")
    schools = result.problem.authority.schools
    is_academy = schools["type"].astype(str).str.contains("academy|free school")
    for cluster, sheet in by_cluster.items():
        urns = result.plan.assignment.index[result.plan.assignment == cluster]
        here = schools.loc[urns]
        told = dict(re.findall(r"<dt>(.+?)</dt><dd>(.*?)</dd>", sheet))
        highs = here.loc[here["phase"].isin(["secondary", "all-through"]), "name"]
        assert set(told["High schools"].split(", ")) == set(", ".join(highs).split(", "))
        academies = here.loc[is_academy.loc[urns], "name"]
        assert told["Academies"] == (", ".join(academies) or "none")
        for today in set(here["local_cluster"]):
            assert today in told["Local partnerships"]
        for centre in set(here["layer.childrens_centre"].dropna()):
            assert f"{centre} (" in told["Children's centre reach areas"]
        row = result.score.clusters.set_index("cluster").loc[cluster]
        assert told["Districts"].startswith(row["home_district"])
        assert told["Children's Services divisions"].startswith(row["home_division"])


def test_what_people_decide_is_left_blank(by_cluster) -> None:
    for sheet in by_cluster.values():
        for blank in map(words()["sheets"].get, BLANKS):
            assert f"<div>{blank}:</div>" in sheet


def test_no_count_of_need_stands_on_a_sheet() -> None:
    text = sheets_html(norfolk_result("4a"))
    assert not re.search(r"free school meal|SEN support|EHC|sen_support|ehcp|fsm", text)


@pytest.mark.parametrize("option", ["1", "2a", "4a"])
def test_a_sheet_prints_on_one_page(chromium, tmp_path, option: str) -> None:
    page = chromium.new_page()
    page.set_content(sheets_html(norfolk_result(option)))
    page.pdf(path=tmp_path / "sheets.pdf", prefer_css_page_size=True)
    page.close()
    pages = PdfReader(tmp_path / "sheets.pdf").pages
    assert len(pages) == norfolk_result(option).score.metrics["n_clusters"]


def test_an_executive_group_is_suggested_for_large_clusters_only() -> None:
    governance = load_scenario(SCENARIOS / "4a.toml").governance
    least = governance.executive_above_schools
    assert executive_words(least, ["A"], 1, governance).startswith("Not needed")
    said = executive_words(least + 1, ["A", "B"], 2, governance)
    assert "4 members" in said
    assert "(A and B) and two from its high schools" in said
    never = governance.model_copy(update={"executive_above_schools": None})
    assert executive_words(99, ["A"], 1, never) == "Not suggested."


def test_half_is_rounded_up() -> None:
    assert [quorum(n, 0.5) for n in (1, 2, 3, 10, 11)] == [1, 1, 2, 5, 6]


def test_without_governance_there_are_no_sheets() -> None:
    result = norfolk_result("1")
    scenario = result.problem.scenario.model_copy(update={"governance": None})
    problem = replace(result.problem, scenario=scenario)
    assert sheets_html(replace(result, problem=problem)) is None
