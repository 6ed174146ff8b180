"""Plans to begin with, and their improvement, are legal and never worse."""

from __future__ import annotations

from cluster_optimiser.optimise.redraw.engines import CpSat
from cluster_optimiser.optimise.redraw.lexicographic import How
from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.optimise.redraw.terms import value_of
from cluster_optimiser.optimise.redraw.warm import (
    improved,
    is_legal_plan,
    joined_start,
    merged_start,
)
from tests.toy import ToySchool, toy_problem

HOW = How(CpSat(), None)
# Today's clusters are rows; the hubs stand at the ends, so that columns are better.
SCHOOLS = {
    name: [
        ToySchool("secondary" if column == k else "primary", 100, (row, column))
        for column in range(3)
    ]
    for row, (name, k) in enumerate([("A", 0), ("B", 1), ("C", 2)])
}
SIZE = {"min_pupils": 300, "max_pupils": 300}
MINUTES = {"order": ["pupil_minutes"]}


def test_a_merge_is_a_start_and_is_improved() -> None:
    problem = toy_problem(
        "AAA BBB CCC",
        schools=SCHOOLS,
        method="redraw",
        units="schools",
        size=SIZE,
        objective=MINUTES,
    )
    ground = redraw_ground(problem)
    start = merged_start(ground, HOW)
    assert len(start) == 3
    assert is_legal_plan(ground, start, HOW)
    better = improved(ground, start, HOW)
    assert is_legal_plan(ground, better, HOW)
    reached = value_of(ground, "pupil_minutes", better)
    assert reached < value_of(ground, "pupil_minutes", start)
    # All three clusters are solved at once, so this is the best there is.
    (stage,) = solve_redraw(problem).solution.stages
    assert reached == round(stage.objective * 100)


def test_a_plan_of_another_size_is_no_start() -> None:
    size = {"min_pupils": 200, "max_pupils": 299, "oversize": "refuse"}
    problem = toy_problem(
        "AAA BBB CCC",
        schools=SCHOOLS,
        method="redraw",
        units="schools",
        size=size,
        objective=MINUTES,
    )
    assert merged_start(redraw_ground(problem), HOW) == []


def test_areas_of_a_layer_solved_apart_and_joined() -> None:
    problem = toy_problem(
        "AAA BBB CCC",
        schools=SCHOOLS,
        layers={"district": "xxx yyy yyy"},
        method="redraw",
        units="schools",
        size=SIZE,
        objective=MINUTES,
    )
    ground = redraw_ground(problem)
    joined = joined_start(ground, HOW)
    assert is_legal_plan(ground, joined, HOW)
    assert frozenset({0, 1, 2}) in joined
