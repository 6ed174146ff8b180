"""All legal plans on the page, in the results folder and as pictures."""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cluster_optimiser.batch import surveys
from cluster_optimiser.batch.surveys import standing_of, survey_of
from cluster_optimiser.domain import Result
from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.present import universe_files, write_comparison, write_result
from cluster_optimiser.present.svg import ground
from cluster_optimiser.present.universe_files import survey_files
from cluster_optimiser.present.universe_page import (
    Point,
    links_of,
    outlook_view,
    points_of,
    standing_rows,
    universe_view,
)
from cluster_optimiser.words import speaking
from tests.norfolk import norfolk_result, surveyed_result
from tests.pages import index_html

N_PLANS = 59_292


@pytest.fixture(scope="module")
def surveyed() -> list[Result]:
    return [surveyed_result(option) for option in ("1", "2a", "4a", "4b", "4f")]


def test_an_option_that_merges_is_surveyed(surveyed: list[Result]) -> None:
    assert [result.survey is None for result in surveyed] == [True, False, False, False, False]
    survey = surveyed[2].survey
    assert survey is not None
    assert survey.n_plans == N_PLANS == survey.counts["n_plans"].sum()
    assert survey.rank.loc["order", "n_better"] == 0
    assert survey.rank.loc["count", "n_better"] == 0
    sums = survey.rank.loc[:, ["n_better", "n_equal", "n_worse"]].sum(axis=1)
    assert (sums == N_PLANS).all()


def test_options_stand_among_the_plans_of_the_rules_that_most_of_them_keep(
    surveyed: list[Result],
) -> None:
    standing = standing_of(surveyed)
    assert standing is not None
    assert standing.label == "4a"
    assert set(standing.not_legal) == {"1", "2a"}
    assert set(standing.ranks.index.get_level_values("option")) == {"4a", "4b", "4f"}
    assert standing.ranks.loc[("4b", "misaligned"), "n_better"] == 0
    assert standing.ranks.loc[("4f", "robustness"), "n_better"] == 0
    assert standing.ranks.loc[("4a", "robustness"), "n_better"] > 0


def test_what_a_plan_breaks_is_said_in_the_language_of_the_page(surveyed: list[Result]) -> None:
    standing = standing_of(surveyed)
    reference = next(one for one in surveyed if one.plan.label == standing.label)
    why = {row["label"]: row["why"] for row in standing_rows(reference, standing)["not_legal"]}
    assert re.fullmatch(
        r"Acle: 1,136 pupils, 1,364 under the minimum of 2,500; .* \(and \d+ more\)", why["1"]
    )
    with speaking("pl"):
        rows = standing_rows(reference, standing)["not_legal"]
        leaving = [text for row in outlook_view(surveyed)["rows"] for text in row["leaving"]]
    assert all("uczniów: " in row["why"] and "i jeszcze" in row["why"] for row in rows)
    assert any(text.endswith(" poniżej minimum") for text in leaving)
    assert not any("under" in text for text in leaving)


def test_where_there_was_no_time_to_compare_one_plan_they_are_not_all_compared(
    surveyed: list[Result],
) -> None:
    late = [replace(result, survey=replace(result.survey, rank=None)) for result in surveyed[1:]]
    assert standing_of(late) is None


def test_no_option_is_below_the_front(surveyed: list[Result]) -> None:
    standing = standing_of(surveyed)
    points = points_of(surveyed[2], standing)
    front = [(p.n_clusters, p.misfit, p.minutes) for p in points if not p.label]
    own = {p.label: (p.n_clusters, p.misfit, p.minutes) for p in points if p.label}
    assert set(own) == {"4a", "4b", "4f"}
    for plan in own.values():
        assert any(all(a <= b for a, b in zip(one, plan, strict=True)) for one in front)
        assert not any(
            one != plan and all(a >= b for a, b in zip(one, plan, strict=True)) for one in front
        )
    # A plan of the front that is an option's is not told once more as no option's.
    chart = universe_view(surveyed, standing, ground(surveyed[2]))["chart"]
    rows = [(row["n"], row["misfit"], row["minutes"]) for row in chart["rows"]]
    assert len(rows) == len({*rows}) < len(points)
    assert {row["label"] for row in chart["rows"]} == {"4a", "4b", "4f", ""}


def test_names_of_options_near_each_other_do_not_lie_over_each_other(
    surveyed: list[Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    spread = [Point(7.2, 6_000, 30), Point(8.4, 11_000, 26)]
    rings = [Point(7.88, 9_732, 28, "4f"), Point(7.9, 9_812, 29, "4g"), Point(7.2, 6_000, 30, "x")]
    monkeypatch.setattr(universe_files, "points_of", lambda *_: [*spread, *rings])
    figure = universe_files._front(surveyed[2], standing_of(surveyed))
    down = {text.get_text(): text.xyann[1] for text in figure.axes[0].texts}
    assert down["4g"] < down["4f"] == down["x"]


def test_links_are_all_neighbours_with_their_shares(surveyed: list[Result]) -> None:
    result = surveyed[2]
    links = links_of(result)
    pairs = {frozenset((link.unit_a, link.unit_b)) for link in links}
    assert pairs == {frozenset(edge) for edge in result.problem.dual.edges}
    always = [link for link in links if link.shares[0] == 1]
    assert all(link.n_all == N_PLANS for link in always)
    assert {frozenset((a.unit_a, a.unit_b)) for a in always} == {
        frozenset({"Caister", "Great Yarmouth"}),
        frozenset({"Costessey", "Hethersett"}),
    }


def test_the_files_of_an_option(surveyed: list[Result], tmp_path: Path) -> None:
    write_result(surveyed[2], tmp_path)
    record = json.loads((tmp_path / "universe.json").read_text(encoding="utf-8"))
    assert record["n_plans"] == N_PLANS
    assert record["front_of"] == ["count", "misaligned.district", "pupil_minutes"]
    with (tmp_path / "universe_counts.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {int(r["n_clusters"]): int(r["n_plans"]) for r in rows} == {
        row["n_clusters"]: row["n_plans"] for row in record["counts"]
    }
    together = pd.read_csv(tmp_path / "universe_together.csv")
    assert together["share_all"].between(0, 1).all()
    assert len(pd.read_csv(tmp_path / "universe_front.csv")) == len(record["front"])
    assert len(pd.read_csv(tmp_path / "universe_rank.csv")) == len(record["rank"])
    assert len(pd.read_csv(tmp_path / "universe_distributions.csv")) == len(record["distributions"])


@pytest.mark.thorough
def test_the_pictures_are_the_same_bytes_twice(surveyed: list[Result], tmp_path: Path) -> None:
    standing = standing_of(surveyed)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_comparison(surveyed, pd.DataFrame(), tmp_path / name, standing=standing)
    for picture in ("front.svg", "front.png", "together.svg", "together.png"):
        content = (tmp_path / "one" / picture).read_bytes()
        assert content == (tmp_path / "two" / picture).read_bytes()
        assert content.startswith(b"\x89PNG" if picture.endswith("png") else b"<?xml")
    # Without a universe pictures of an earlier run would speak of other plans.
    write_comparison(surveyed[:1], pd.DataFrame(), tmp_path / "one")
    assert not list((tmp_path / "one").glob("*.png"))


def test_every_figure_of_the_drawings_is_in_a_table(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path).page
    page.evaluate("['universe', 'outlook'].forEach(id => clusterPage.reveal(id))")
    assert page.locator("#universe .scroll tbody tr").count() >= 4
    shown = page.locator("#universe .links + .insets, #universe .links").count()
    assert shown >= 2
    neighbours = page.locator("#universe details table").last.locator("tbody tr").count()
    assert neighbours == norfolk_page.results[0].problem.dual.number_of_edges()
    for image in page.locator("#universe svg[role=img]").all():
        assert len(image.get_attribute("aria-label") or "") > 10
    assert page.locator("#outlook tbody tr").count() == len(norfolk_page.results)


def test_nothing_stands_among_one_plan(surveyed: list[Result]) -> None:
    only = surveyed[1]
    assert only.survey.n_plans == 1
    assert standing_of([only]) is None


def test_what_is_not_worked_out_is_shown_as_unknown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(surveys, "MAX_STATES", 10)
    result = norfolk_result("4a")
    result = replace(result, survey=survey_of(result))
    assert result.survey is not None
    assert result.survey.n_plans is None
    write_result(result, tmp_path)
    record = json.loads((tmp_path / "universe.json").read_text(encoding="utf-8"))
    assert record["n_plans"] is record["counts"] is record["front"] is None
    assert "more than 10 states" in record["not_worked_out"]
    assert not (tmp_path / "universe_counts.csv").exists()
    page = index_html([result], pd.DataFrame(), standing=standing_of([result]))
    assert "not counted" in page
    assert "more than 10 states" in page


def test_ranks_and_front_past_their_limits_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveys, "MAX_ENTRIES", 5)
    monkeypatch.setattr(surveys, "MAX_LABELS", 1)
    result = norfolk_result("4a")
    result = replace(result, survey=survey_of(result))
    survey = result.survey
    assert survey is not None
    assert survey.n_plans == N_PLANS
    assert survey.front is None
    assert survey.rank["n_better"].isna().any()
    view = universe_view([result], standing_of([result]), ground(result))
    assert view is not None
    assert view["chart"] is None
    assert view["map"] is not None
    assert "not worked out" in str(view["standing"])


def test_ranks_that_are_bounded_are_told_as_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveys, "MAX_ENTRIES", 500)
    result = norfolk_result("4a")
    result = replace(result, survey=survey_of(result))
    standing = standing_of([result])
    row = standing.ranks.loc[("4a", "pupil_minutes")]
    assert pd.isna(row["n_better"])
    view = universe_view([result], standing, ground(result))
    said = f"between {row['n_better_least']:,} and {row['n_better_most']:,} are better"
    assert said in str(view["standing"])


def test_what_was_not_compared_in_time_is_said_and_the_count_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def over(*_: object) -> None:
        raise NoPlanFoundError

    result = norfolk_result("4a")
    whole = survey_of(result)
    monkeypatch.setattr(Universe, "distributions", over)
    cut = survey_of(result)
    assert whole is not None
    assert cut is not None
    assert (cut.n_plans, cut.distributions, cut.rank) == (whole.n_plans, None, None)
    record = json.loads(survey_files(replace(result, survey=cut))["universe.json"])
    assert record["not_worked_out"] == "the time was over before all plans were compared"


def test_where_the_time_was_over_before_a_proof_all_plans_are_not_begun() -> None:
    result = norfolk_result("4a")
    plan = replace(result.plan, solution=replace(result.plan.solution, status="FEASIBLE"))
    survey = survey_of(replace(result, plan=plan))
    assert survey is not None
    assert survey.n_plans is None
    assert survey.reason == "the time was over before all plans were counted"
