"""Parts of the map that are solved apart: no better than what was proved of each number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.optimise.redraw import parts, solve
from cluster_optimiser.optimise.redraw.lexicographic import (
    PartPlan,
    PartStage,
    at_hand,
    solve_part,
)
from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.verification import verify_plan
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem, Status


def two_rows(
    schools: dict[str, list[ToySchool]], *order: str, rows: str = "ABC DEF", **more: Any
) -> Problem:
    """Two rows of schools, each a part of its own."""
    first, second = rows.split()
    return toy_problem(
        rows,
        schools=schools,
        layers={"district": f"{'x' * len(first)} {'y' * len(second)}"},
        method="redraw",
        units="schools",
        within=["district"],
        objective={"order": list(order)},
        **more,
    )


def two_towns(*, step: int = 10, **more: Any) -> Problem:
    """Six hubs, three in a row, each with more pupils than the one before."""
    schools = {name: [ToySchool("secondary", 100 + step * i)] for i, name in enumerate("ABCDEF")}
    return two_rows(schools, "pupil_minutes", **more)


@pytest.mark.parametrize("is_found", [False, True])
def test_a_number_that_time_did_not_allow_leaves_the_whole_unproved(
    monkeypatch: pytest.MonkeyPatch, is_found: bool
) -> None:
    """Nothing is found of it, or what is far from the best."""
    problem = two_towns(count={"min": 5, "max": 5})  # three each, alone
    proved = solve_redraw(problem).solution
    assert proved.status == "OPTIMAL"

    def out_of_time_for_one(*args: Any, **more: Any) -> PartPlan:
        limits = args[2]
        if limits.fewest == limits.most == 1:
            return PartPlan("UNKNOWN")
        return solve_part(*args, **more)

    monkeypatch.setattr(parts, "solve_part", out_of_time_for_one)
    said = solve_redraw(problem).solution
    stage, best = said.stages[0], proved.stages[0]
    assert said.status == stage.status == "FEASIBLE"
    assert stage.bound < best.objective <= stage.objective


def test_a_number_that_might_be_bettered_leaves_the_whole_unproved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five clusters: A would best join another, at 100, then D, at 130; B was tried, at 140."""
    pupils = {"A": 100, "B": 140, "C": 150, "D": 130, "E": 300, "F": 300}
    schools = {name: [ToySchool("secondary", held)] for name, held in pupils.items()}
    problem = two_rows(schools, "pupil_minutes", count={"min": 5, "max": 5})
    best = solve_redraw(problem).solution.stages[0].objective

    def stopped_at_b(*args: Any, **more: Any) -> PartPlan:
        if 0 not in args[1] or not args[2].fewest == args[2].most == 2:
            return solve_part(*args, **more)
        return at_hand(args[0], [frozenset({0}), frozenset({1, 2})], 0)

    monkeypatch.setattr(parts, "solve_part", stopped_at_b)
    said = solve_redraw(problem).solution
    assert (said.status, said.stages[0].status) == ("FEASIBLE", "FEASIBLE")
    assert said.stages[0].bound < best < said.stages[0].objective


def test_each_part_has_the_exceptions_that_the_others_leave() -> None:
    """Two clusters each: B is nearer to C, but then A is too small, as D is in the south."""
    schools = {
        name: [ToySchool("secondary", pupils, square)]
        for name, pupils, square in [
            ("A", 150, (0, 0)),
            ("B", 60, (0, 2)),
            ("C", 300, (0, 3)),
            ("D", 150, (1, 0)),
            ("E", 70, (1, 2)),
            ("F", 300, (1, 3)),
        ]
    }
    size = {"min_pupils": 200, "max_pupils": 400, "max_exceptions": 1}
    problem = two_rows(
        schools, "pupil_minutes", rows="AABC DDEF", size=size, count={"min": 4, "max": 4}
    )
    plan = solve_redraw(problem)
    assert verify_plan(problem, plan.assignment).violations == ()
    minutes = problem.travel.minutes
    best = 60 * minutes[1, 0] + 70 * minutes[4, 5]
    assert plan.solution.status == "OPTIMAL"
    assert plan.solution.stages[0].objective == pytest.approx(best)


@pytest.mark.parametrize(
    ("value", "bound", "gap"), [(50, 0, 0.5), (50, 25, 0.25), (400, 100, 0.75), (0, 0, 0.0)]
)
def test_a_gap_is_a_share_of_the_value_or_of_one_where_that_is_more(
    value: int, bound: int, gap: float
) -> None:
    """Of a stage that is solved in hundredths; the next one is not known of all parts."""
    problem = two_rows({}, "pupil_minutes", "count")
    proved = PartStage("OPTIMAL", 0, 0, 1.5)
    status: Status = "OPTIMAL" if value == bound else "FEASIBLE"
    first = PartPlan("FEASIBLE", (), (PartStage(status, value, bound, 2.0),))
    whole = PartPlan("OPTIMAL", (), (proved, proved))
    (stage,) = solve._stages(redraw_ground(problem), [first, whole])
    assert (stage.status, stage.objective, stage.bound) == (status, value / 100, bound / 100)
    assert (stage.gap, stage.deterministic_time) == (gap, 3.5)


def test_a_part_that_time_did_not_allow_has_the_plan_it_began_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = two_towns(step=5, size={"min_pupils": 120, "max_pupils": 420})
    best = solve_redraw(problem).solution.stages[0].objective

    def out_of_time_for_one(*args: Any, **more: Any) -> PartPlan:
        return solve_part(*args, **more) if 0 in args[1] else PartPlan("UNKNOWN", bound=1)

    monkeypatch.setattr(parts, "solve_part", out_of_time_for_one)
    with pytest.raises(NoPlanFoundError):
        solve_redraw(problem)
    plan = solve_redraw(problem, time_limit_s=60)
    (stage,) = plan.solution.stages
    assert plan.solution.status == stage.status == "FEASIBLE"
    assert stage.bound < best < stage.objective
    assert not verify_plan(problem, plan.assignment).violations


def test_where_no_choice_of_numbers_is_found_in_time_the_plan_to_begin_with_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Alone each row has three clusters, four in all are allowed; at first each has one."""
    problem = two_towns(count={"min": 1, "max": 4})
    best = solve_redraw(problem).solution.stages[0].objective
    monkeypatch.setattr(parts, "_by_numbers", lambda *_: [PartPlan("UNKNOWN")])
    plan = solve_redraw(problem, time_limit_s=60)
    (stage,) = plan.solution.stages
    assert (plan.solution.status, stage.bound) == ("FEASIBLE", 0)
    assert best < stage.objective
    assert not verify_plan(problem, plan.assignment).violations


def test_a_part_may_have_ways_as_long_as_those_of_the_worst_part() -> None:
    """The three hubs of the south would stand alone, were it not for the one hub of the north."""
    schools = {name: [ToySchool("secondary", 100)] for name in "ADEF"}
    schools |= {name: [ToySchool("primary", 100)] for name in "BC"}
    problem = two_rows(schools, "longest_minutes", "count")
    solution = solve_redraw(problem).solution
    longest, count = (stage.objective for stage in solution.stages)
    assert (solution.status, count, solution.proof.facts()["n_parts"]) == ("OPTIMAL", 2, 2)
    assert longest == longest_alone(problem)


def longest_alone(problem: Problem) -> float:
    """Give the way from the end of the northern row to its hub."""
    return float(problem.travel.minutes[2, 0])


def test_what_the_whole_map_may_have_is_not_had_by_each_of_its_parts() -> None:
    """Each row alone would have its three clusters, and keep a limit of five."""
    limited = solve_redraw(two_towns(limits={"count": 5})).solution
    counted = solve_redraw(two_towns(count={"max": 5})).solution
    assert limited.stages[0].objective == counted.stages[0].objective > 0
    assert limited.status == counted.status == "OPTIMAL"


def test_the_numbers_that_are_tried_first_cut_off_no_better_ones() -> None:
    """Five clusters: first the smaller north joins two, at 350 pupil minutes; the south has 280."""
    pupils = {"A": 100, "B": 100, "C": 100, "D": 80, "E": 300, "F": 300}
    schools = {name: [ToySchool("secondary", held)] for name, held in pupils.items()}
    solution = solve_redraw(two_rows(schools, "pupil_minutes", count={"min": 5, "max": 5})).solution
    assert (solution.status, solution.stages[0].objective) == ("OPTIMAL", 280)


def test_a_cluster_of_today_on_both_sides_goes_on_on_one() -> None:
    """Each row by itself would say that nobody changes."""
    schools = {
        "A": [ToySchool("secondary", 100, (0, 0)), ToySchool("secondary", 100, (1, 0))],
        "B": [ToySchool("secondary", 100)],
        "C": [ToySchool("secondary", 100)],
    }
    problem = two_rows(schools, "changed_pupils", rows="AB AC")
    plan = solve_redraw(problem)
    changed = verify_plan(problem, plan.assignment).objective["changed_pupils"]
    assert plan.solution.stages[0].objective == changed == 100


def test_parts_have_no_more_exceptions_together_than_the_whole_may() -> None:
    """Each row would have one; then the other is one cluster."""
    schools = {name: [ToySchool("secondary", 100)] for name in "ABCDEF"}
    size = {"min_pupils": 200, "max_pupils": 300, "max_exceptions": 1}
    problem = two_rows(schools, "pupil_minutes", size=size)
    plan = solve_redraw(problem)
    assert verify_plan(problem, plan.assignment).violations == ()
    assert (plan.solution.status, plan.solution.stages[0].objective) == ("OPTIMAL", 1_050)
