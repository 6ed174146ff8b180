"""The page that compares the options."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from cluster_optimiser.constants import MOST_PUPILS
from cluster_optimiser.domain import Result, Unsolved, Violation
from cluster_optimiser.present.matrix import MOST_LOWEST, matrix_view
from cluster_optimiser.present.options import (
    all_exceptions,
    option_view,
    proof,
    strip_domain,
)
from cluster_optimiser.present.packing import BASE, DIGITS
from cluster_optimiser.present.page import why_view
from cluster_optimiser.present.principles import Finding, principles
from cluster_optimiser.present.script_data import script_data
from cluster_optimiser.present.svg import ground
from cluster_optimiser.scenario import Count
from cluster_optimiser.words import words
from tests.pages import index_html
from tests.present.conftest import NASTY


def _unpacked(text: str) -> list[int]:
    """Read what `packed_list` writes."""
    n, places = int(text[0]), [DIGITS.index(letter) for letter in text[1:]]
    return [
        sum(d * BASE ** (n - 1 - k) for k, d in enumerate(places[i : i + n]))
        for i in range(0, len(places), n)
    ]


Tags = Callable[[str], list[tuple[str, dict[str, str]]]]


@pytest.fixture(scope="module")
def page(results: list[Result], comparison: pd.DataFrame) -> str:
    return index_html(results, comparison)


def test_the_page_is_the_same_text_twice(
    page: str, results: list[Result], comparison: pd.DataFrame
) -> None:
    assert index_html(results, comparison) == page


def test_the_page_asks_for_nothing(page: str, loads: Callable[[str], list[str]]) -> None:
    assert loads(page) == []


def test_names_are_text(page: str, nasty: str, tags: Tags) -> None:
    assert nasty not in page
    assert "&lt;img src=x onerror=alert(1)&gt; {{ 7*7 }} &amp; Co" in page
    assert not [tag for tag, attrs in tags(page) if tag == "img" or "onerror" in attrs]


def test_style_and_script_are_allowed_by_their_hash_and_nothing_else_is(page: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    allowed = policy[1].replace("&#39;", "'")
    assert "default-src 'none'" in allowed
    assert "unsafe" not in allowed
    inline = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    inline += re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    # The style of the maps and of the page; three scripts, the first before anything is drawn.
    assert len(inline) == 5
    for text in inline:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in allowed


def test_there_is_no_inline_style_or_handler_that_the_policy_would_drop(
    page: str, tags: Tags
) -> None:
    for _, attrs in tags(page):
        assert not [key for key in attrs if key == "style" or key.startswith("on")]


def test_the_page_says_what_its_figures_are(page: str, results: list[Result]) -> None:
    assert "Figures are invented." in page
    assert "17 January 2019" in page
    assert "An estimate." in page
    assert results[0].stamp in page
    assert "Open licence" in page


def test_every_option_has_a_row_a_map_and_links(page: str, results: list[Result]) -> None:
    for result in results:
        label = result.plan.label
        assert page.count(f'href="{label}/map.html"') == 1
        assert f'href="{label}/clusters.csv"' in page
    # One more on the first screen, for readers without scripts.
    assert page.count('<svg class="plan"') == len(results) + 1


def test_headings_and_tables_can_be_found_by_ear(page: str, tags: Tags) -> None:
    found = tags(page)
    assert [tag for tag, _ in found].count("h1") == 1
    assert [tag for tag, _ in found].count("main") == 1
    ids = {attrs["id"] for _, attrs in found if "id" in attrs}
    for tag, attrs in found:
        if tag == "th":
            assert attrs.get("scope") in {"col", "row"}
        if tag == "label" and "for" in attrs:
            assert attrs["for"] in ids
        if tag == "a" and attrs["href"].startswith("#"):
            assert attrs["href"][1:] in ids
        if "aria-labelledby" in attrs:
            assert attrs["aria-labelledby"] in ids


def test_ids_are_unique(page: str, tags: Tags) -> None:
    ids = [attrs["id"] for _, attrs in tags(page) if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_options_without_a_plan_are_named(page: str, results: list[Result]) -> None:
    assert "Option 3a: too strict" in page
    assert "proved impossible" in page
    scenario = results[1].problem.scenario.model_copy(update={"option": "7"})
    authority = results[1].problem.authority
    unsolved = Unsolved(scenario, authority, "UNKNOWN", "Out of time.", 1.0, 0, "abc")
    said = index_html(results, pd.DataFrame(), unsolved=[unsolved])
    assert "no plan found in time" in said
    assert "Out of time." in said


def test_the_data_for_the_scripts_holds_every_school(page: str, results: list[Result]) -> None:
    text = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert text is not None
    data = json.loads(text[1])
    urns = data["schools"]["urn"]
    assert urns == results[0].problem.authority.schools.index.tolist()
    assert [option["label"] for option in data["options"]] == ["1", "4a"]
    for option, result in zip(data["options"], results, strict=True):
        held = [option["names"][cluster] for cluster in _unpacked(option["of"])]
        assert held == result.plan.assignment[urns].tolist()


def test_no_result_is_refused(comparison: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="no result to show: give at least one"):
        index_html([], comparison)


def test_proof_is_said_in_words(today: Result, solved: Result) -> None:
    assert proof(today)["word"] == "Given"
    assert proof(solved)["word"] == "Proved best"
    assert proof(solved)["text"] == (
        "No other plan that keeps the rules does better, in this order: fewest clusters, "
        "then closest to the districts, then shortest travel."
    )
    plan = replace(solved.plan, solution=replace(solved.plan.solution, status="FEASIBLE"))
    assert proof(replace(solved, plan=plan))["word"] == "Not proved best"


def _with_clusters(result: Result, **columns: object) -> Result:
    clusters = result.score.clusters.copy()
    own = ~clusters["is_exempt"].astype(bool)
    for name, value in columns.items():
        clusters.loc[own, name] = value
    return replace(result, score=replace(result.score, clusters=clusters))


def test_principles_tell_kept_from_not_kept(results: list[Result], solved: Result) -> None:
    rows = {row.name: row.findings for row in principles(results)}
    assert rows["Number of clusters"] == (
        Finding("met", "6 (2 to 6 asked)"),
        Finding("met", "3 (2 to 6 asked)"),
    )
    # Today's plan breaks the rule; in the other the same small cluster is an allowed exception.
    assert [f.verdict for f in rows["Not too small"]] == ["unmet", "partly"]
    short = 2_000 - int(solved.score.clusters.set_index("cluster")["pupils"]["Fen"])
    assert rows["Not too small"][1].text == f"1 under 2,000: Fen by {short:,}"
    assert rows["A secondary school in each cluster"][0].verdict == "met"
    assert rows["Today's clusters stay whole"][1] == Finding("met", "all whole")
    assert rows["Follows the districts"][1].verdict == "info"
    crowded = _with_clusters(solved, pupils=5_000, n_secondary=0, max_minutes=43.5)
    judged = {row.name: row.findings[0].text for row in principles([crowded])}
    assert judged["Not too large"] == (
        f"3 over 4,000: {NASTY} by 1,000, =Coldham and Bexford by 1,000 and Fen by 1,000"
    )
    assert judged["A secondary school in each cluster"].startswith(f"3 without: {NASTY}, =Cold")
    assert judged["Short travel to the meeting place"] == (
        "longest 43.5 minutes (limit 35), 8.5 minutes over"
    )
    wider = solved.problem.scenario.model_copy(update={"count": Count(min=8, max=9)})
    asked = replace(solved, problem=replace(solved.problem, scenario=wider))
    assert principles([asked])[0].findings[0].text == "3 (8 to 9 asked), 5 too few"
    late = replace(
        solved, violations=(Violation("travel", "Fen", "own", {"detail": "36 minutes"}),)
    )
    found = {row.name: row.findings[0] for row in principles([late])}
    assert found["Short travel to the meeting place"].verdict == "unmet"


def test_too_many_schools_is_a_principle_where_some_option_says_so(
    today: Result, solved: Result
) -> None:
    name = "Not too many schools"
    assert name not in {row.name for row in principles([today, solved])}
    few = int(solved.score.clusters["n_schools"].max()) - 1
    scenario = solved.problem.scenario.with_(max_schools=few)
    asked = replace(solved, problem=replace(solved.problem, scenario=scenario))
    (row,) = (row for row in principles([today, asked]) if row.name == name)
    assert [finding.verdict for finding in row.findings] == ["info", "unmet"]
    assert row.findings[1].text.startswith(f"1 over {few} schools: ")
    view = matrix_view([today, asked])
    (row,) = (row for row in view["rows"] if row["name"] == name)
    assert all("in the largest (no limit)" in finding["text"] for finding in row["findings"])
    assert view["relaxed"] == ["", f"at most {few} schools in a cluster"]


def test_a_title_does_not_say_its_label_twice(today: Result, solved: Result) -> None:
    assert today.problem.scenario.short_title == "As they are"
    scenario = solved.problem.scenario.model_copy(update={"title": "Optional extras"})
    assert scenario.short_title == "Optional extras"


def test_a_small_cluster_is_told_as_broken_rule_or_as_exception_not_both(
    today: Result, solved: Result
) -> None:
    under, domain = ground(today), strip_domain([today, solved])
    given, made = (
        option_view(one, under, domain, {"title": one.plan.label}) for one in (today, solved)
    )
    assert "Fen" in [subject for subject, _ in given["violations"]]
    assert "Fen" not in [one["cluster"] for one in given["exceptions"]]
    assert "Fen" in [one["cluster"] for one in made["exceptions"]]


def test_exceptions_of_all_options_are_told_once_with_their_reason(
    page: str, results: list[Result], solved: Result
) -> None:
    assert "Exceptions to the size range, and why" in page
    short = 2_000 - int(solved.score.clusters.set_index("cluster")["pupils"]["Fen"])
    views = [
        option_view(solved, ground(solved), strip_domain(results), {"title": "", "label": label})
        for label in ("4a", "4b")
    ]
    (one,) = [one for one in all_exceptions(views) if one["cluster"] == "Fen"]
    assert one["labels"] == ["4a", "4b"]
    assert f"{short:,} under the minimum of 2,000" in one["how_far"]
    assert one["reason"] == "A long way from anywhere."


def test_what_is_hashed_is_what_a_browser_reads(page: str) -> None:
    """A browser drops the line ends of another system before it hashes what a policy allows."""
    assert "\r" not in page


def test_without_a_size_that_is_asked_for_none_is_told(results: list[Result]) -> None:
    size = {"min_pupils": 0, "max_pupils": MOST_PUPILS}
    unsized = []
    for result in results:
        scenario = result.problem.scenario
        scenario = scenario.model_copy(update={"size": scenario.size.model_copy(update=size)})
        unsized.append(replace(result, problem=replace(result.problem, scenario=scenario)))
    told = " ".join(str(text) for key, text in why_view(unsized).items() if key != "strip")
    assert "clusters, from" in told
    assert "ask" not in told
    assert "10,000,000" not in told
    assert "asked for" in why_view(results)["key"]


def test_what_is_given_is_not_told_as_proved_and_a_question_is_asked_once(
    page: str, today: Result
) -> None:
    assert page.count(words()["questions"]["count"]) == 1
    assert f"How sure: proved best; {today.plan.label}: given." in page


def test_pupils_that_nobody_counted_are_told_as_an_estimate(solved: Result) -> None:
    authority = solved.problem.authority
    source = ["register"] * len(authority.schools)
    source[2] = "estimate: 98 % of its 900 places"
    schools = authority.schools.assign(pupils_source=source)
    problem = replace(solved.problem, authority=replace(authority, schools=schools))
    data = script_data([replace(solved, problem=problem)], [{}], [{}])
    assert data["schools"]["estimated"] == [2]


def test_a_cluster_that_others_part_is_not_told_as_all_in_one_piece(solved: Result) -> None:
    """One of today's counts as one piece by the rule; who reads is told where it is not."""
    clusters, home = solved.score.clusters, solved.plan.assignment
    own = [i for i, exempt in enumerate(clusters["is_exempt"]) if not exempt]
    names = clusters["cluster"].iloc[own].tolist()
    schools = solved.problem.authority.schools.geometry
    mine = schools[home.reindex(schools.index) == names[0]].union_all()
    shapes = list(clusters.geometry)
    shapes[own[0]], shapes[own[1]] = mine.buffer(5), mine.convex_hull.buffer(99) - mine.buffer(9)
    torn = replace(solved, score=replace(solved.score, clusters=clusters.set_geometry(shapes)))
    (row,) = (row for row in principles([torn]) if row.key == "contiguous")
    told = f"1 in pieces with others between them: {names[0]}"
    assert row.findings == (Finding("partly", told),)


def test_what_separates_options_is_told_in_numbers(results: list[Result]) -> None:
    found = matrix_view(results)
    rows = {row["name"]: row for row in found["short"]}
    count = rows["Number of clusters"]
    assert count["unit"] == "2 to 6 asked for"
    assert [cell["value"] for cell in count["cells"]] == ["6", "3"]
    # Today is no proposal, so that it is not marked.
    assert [cell["is_lowest"] for cell in count["cells"]] == [False, True]
    assert "Average size" not in rows
    told = {row["name"] for row in found["rows"]}
    assert all(name in rows or name in found["same"] for name in told - {"Average size"})


def test_areas_over_the_clusters_of_another_option_are_not_shown_first(
    today: Result, solved: Result
) -> None:
    """Few as they are, they are no clusters of schools."""
    over = solved.problem.scenario.model_copy(update={"units": "4a"})
    areas = replace(solved, problem=replace(solved.problem, scenario=over))
    assert matrix_view([today, areas, solved])["most_kept"] == 2
    assert matrix_view([today, areas])["most_kept"] == 1


def test_every_option_is_judged_by_what_todays_requires(today: Result, solved: Result) -> None:
    ruled = today.problem.scenario.with_(alignment={"district": "require"})
    ruler = replace(today, problem=replace(today.problem, scenario=ruled))
    for results, verdict in (([today, solved], "info"), ([ruler, solved], "unmet")):
        rows = {row["name"]: row["findings"] for row in matrix_view(results)["rows"]}
        assert rows["Follows the districts"][1]["verdict"] == verdict


def test_no_option_is_told_as_keeping_a_line_for_a_rule_of_its_own(
    today: Result, solved: Result
) -> None:
    """Of two options with the same pupils outside, none has a sign that the other has not."""
    own = solved.problem.scenario.with_(within=("district",))
    held = replace(solved, problem=replace(solved.problem, scenario=own))
    view = matrix_view([today, solved, held])
    (row,) = (row["findings"] for row in view["rows"] if row["name"] == "Follows the districts")
    assert row[1] == row[2]
    assert view["relaxed"] == ["", "", "within the districts"]
    view = matrix_view([replace(today, problem=replace(today.problem, scenario=own)), solved])
    assert view["relaxed"][1].endswith("across the districts")


def test_an_exception_is_named_by_a_unit_or_by_what_lies_in_one(
    today: Result, solved: Result
) -> None:
    for names, verdict in ((("Fen",), "partly"), (("Ashby",), "unmet")):
        ruled = today.problem.scenario.with_(max_exceptions=1, exceptions=names)
        ruler = replace(today, problem=replace(today.problem, scenario=ruled))
        rows = {row["name"]: row["findings"] for row in matrix_view([ruler, solved])["rows"]}
        assert rows["Not too small"][1]["verdict"] == verdict


def test_many_options_that_share_the_lowest_number_are_not_marked(solved: Result) -> None:
    rows = matrix_view([solved] * (MOST_LOWEST + 1))["short"]
    assert not any(cell["is_lowest"] for row in rows for cell in row["cells"])
