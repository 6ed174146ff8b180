"""Where a cluster meets: makers and checker each against the cases that the page is held to too."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from cluster_optimiser.geography.meeting import MeetingPlace, MeetingPlaces
from cluster_optimiser.geography.travel import UNKNOWN, to_centiminutes
from cluster_optimiser.optimise import candidate_groups
from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.verification import verify_plan
from cluster_optimiser.verification.facts import meeting_place, meeting_places
from cluster_optimiser.verification.register import PlainGround, School
from tests.graphs import random_problem
from tests.meeting_cases import FILE, cases, text

CASES = cases()
each_case = pytest.mark.parametrize("case", CASES, ids=map(str, range(len(CASES))))


def minutes_of(case: dict[str, Any]) -> np.ndarray:
    ways = [[np.nan if way is None else way / 100 for way in row] for row in case["minutes"]]
    return np.array(ways)


def said(place: MeetingPlace | None) -> dict[str, int | None]:
    if place is None:
        return {"place": None, "total": None, "longest": None}
    longest = None if place.max_centiminutes == UNKNOWN else place.max_centiminutes
    return {"place": place.position, "total": place.pupil_centiminutes, "longest": longest}


def expected(case: dict[str, Any]) -> dict[str, int | None]:
    return {key: case[key] for key in ("place", "total", "longest")}


def test_the_file_that_the_page_is_tested_with_holds_these_cases() -> None:
    assert FILE.read_text(encoding="utf-8") == text()


def test_the_cases_hold_every_kind() -> None:
    kinds = {
        (case["hubs"] is None, case["place"] is None, case["longest"] is None) for case in CASES
    }
    assert len(kinds) == 6


@each_case
def test_makers_meet_where_the_case_says(case: dict[str, Any]) -> None:
    """By units, many sets at once and one alone, and by schools where a plan divides units."""
    ways, pupils = to_centiminutes(minutes_of(case)), np.array(case["pupils"])
    may_meet = np.array([case["hubs"] is None or i in case["hubs"] for i in range(len(pupils))])
    units = [np.array(unit) for unit in case["units"]]
    by_unit = MeetingPlaces(ways, pupils, units, may_meet)
    row = np.isin(np.arange(len(units)), case["cluster"])
    by_school = MeetingPlaces(ways, pupils, list(np.arange(len(pupils))[:, None]), may_meet)
    schools = np.concatenate([units[i] for i in case["cluster"]])
    assert said(by_unit.of(np.array([row, row]))[1]) == expected(case)
    assert said(by_unit.of_one(case["cluster"])) == expected(case)
    assert said(by_school.of_one(schools)) == expected(case)


@each_case
def test_the_checker_meets_where_the_case_says(case: dict[str, Any]) -> None:
    members = sorted(i for unit in case["cluster"] for i in case["units"][unit])
    everyone = {
        i: School(i, i, pupils, is_secondary=True, today=None, unit=None, exempt=None, areas={})
        for i, pupils in enumerate(case["pupils"])
    }
    schools = [everyone[i] for i in members]
    hubs = [s for s in schools if case["hubs"] is None or s.urn in case["hubs"]]
    ground = cast("PlainGround", SimpleNamespace(minutes=minutes_of(case), schools=everyone))
    place, total, longest = meeting_place(ground, schools, hubs)
    found = [None if value is None else round(100 * value) for value in (total, longest)]
    assert {"place": place, "total": found[0], "longest": found[1]} == expected(case)
    pupils = np.array([[school.pupils for school in schools]])
    assert meeting_places(ground, schools, hubs, pupils) == [(place, total, longest)]


@pytest.mark.parametrize(
    ("way", "limit", "kept"),
    [(1230, 12.3, True), (1231, 12.3, False), (UNKNOWN, 12.3, False), (UNKNOWN, None, True)],
)
def test_a_limit_on_its_bound_and_a_hundredth_past_it(way, limit, kept) -> None:
    nobody = np.zeros(0, dtype=np.int64)
    places = MeetingPlaces(np.zeros((0, 0), dtype=np.int64), nobody, [], nobody.astype(bool))
    places.limit_min, places.is_needed = limit, limit is not None
    assert places.allows(MeetingPlace(0, 0, 0, way)) is kept
    assert places.allows(None) is (limit is None)
    places.longest = np.array([[np.iinfo(np.int64).max if way == UNKNOWN else way]])
    assert places.near.item() is kept


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("hubs", ["secondary", (100_001, 100_004, 100_005, 100_010)])
def test_a_merge_meets_at_its_hubs(seed: int, hubs: object) -> None:
    """What a candidate costs is what the checker counts, and none lacks a hub."""
    problem = random_problem(seed, most_units=6)
    redraw = problem.scenario.redraw.model_copy(update={"hubs": hubs})
    object.__setattr__(problem, "scenario", problem.scenario.model_copy(update={"redraw": redraw}))
    for group in candidate_groups(problem):
        plan = problem.unit_of.where(problem.unit_of.isin(group.units), "rest")
        plan = plan.where(plan == "rest", "it")
        truth = verify_plan(problem, plan)
        assert group.costs["pupil_minutes"] == round(
            100 * (truth.clusters["it"].pupil_minutes or 0)
        )
        assert not [v for v in truth.violations if v.subject == "it" and v.rule == "hub"]


def test_the_hubs_of_a_redraw_are_numbered_as_its_places() -> None:
    problem = random_problem(3)
    ground = redraw_ground(problem)
    assert [hub.position for hub in ground.hubs] == ground.places.positions.tolist()
