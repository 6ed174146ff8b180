"""What is heard of a redraw while it is solved is true of the whole map."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.optimise.redraw.telling import redraw_names
from cluster_optimiser.progress import Progress, listening
from cluster_optimiser.verification import verify_plan
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem


def two_sides(order: list[str], **tables: object) -> Problem:
    """Give a map of two parts that no cluster crosses, each with a choice of numbers."""
    kinds = ("secondary", "primary", "secondary")
    corners = {"A": (0, 0), "B": (0, 3), "C": (1, 0), "D": (1, 3)}
    schools = {
        name: [ToySchool(kind, 100 + 10 * n, (row, column + n)) for n, kind in enumerate(kinds)]
        for name, (row, column) in corners.items()
    }
    return toy_problem(
        "AAABBB CCCDDD",
        schools=schools,
        layers={"side": "WWWEEE WWWEEE"},
        within=["side"],
        method="redraw",
        units="schools",
        size={"min_pupils": 150, "max_pupils": 700},
        objective={"order": order},
        **tables,
    )


@pytest.mark.parametrize(
    "order", [["count", "pupil_minutes"], ["pupil_minutes"], ["longest_minutes"]]
)
@pytest.mark.parametrize("few", [0, 125])
def test_every_plan_that_is_shown_is_legal_and_no_bound_is_above_the_best(
    order: list[str], few: int
) -> None:
    problem, heard = two_sides(order), list[Progress]()
    with listening(heard.append, with_plans=True):
        plan = solve_redraw(problem, few=few)
    best = {stage.term: stage.objective for stage in plan.solution.stages}
    assert plan.assignment.equals(solve_redraw(problem, few=few).assignment)
    shown = [told for told in heard if told.plan is not None]
    assert shown
    for told in shown:
        assert told.plan is not None
        assert verify_plan(problem, told.plan).violations == ()
    for told in heard:
        assert told.bound is None or told.bound <= best[told.stage] + 1e-9
    last = shown[-1]
    assert (last.objective, last.bound) == (best[order[-1]],) * 2


def test_what_bounds_plans_of_the_nearest_hubs_alone_is_not_told_of_all() -> None:
    """Each hub is the nearest to itself: eight clusters, where two are enough."""
    heard: list[Progress] = []
    problem = two_sides(["count", "pupil_minutes"], redraw={"nearest_hubs": 1})
    problem = replace(problem, scenario=problem.scenario.with_(min_pupils=100))
    with listening(heard.append):
        stages = solve_redraw(problem).solution.stages
    assert stages[0].objective == 2
    bounds = [told.bound for told in heard if told.stage == "count" and told.bound is not None]
    assert max(bounds) == 2


def test_a_cluster_is_called_after_those_of_today_only_where_it_is_made_of_whole_ones() -> None:
    """Of A and B in whole, then of B with one of the two schools of A."""
    schools = {
        "A": [ToySchool("primary", 100, (0, k)) for k in range(2)],
        "B": [ToySchool("secondary", 100)],
        "C": [ToySchool("secondary", 100)],
    }
    ground = redraw_ground(toy_problem("AABC", schools=schools, method="redraw", units="schools"))
    names = [redraw_names(ground, list(map(frozenset, c))) for c in ([{0, 1, 2}, {3}], [{1, 2}])]
    assert names == [["A and B", "C"], ["B"]]


def test_who_wants_no_plans_is_given_none() -> None:
    heard: list[Progress] = []
    with listening(heard.append):
        solve_redraw(two_sides(["count", "pupil_minutes"]))
    assert heard
    assert all(told.plan is None for told in heard)
