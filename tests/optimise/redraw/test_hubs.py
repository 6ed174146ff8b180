"""Programs with small units divisible bound every plan, and their hubs give legal plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.optimise.redraw.engines import CpSat, Highs
from cluster_optimiser.optimise.redraw.hubs import hubs_first, part_in_fractions, tighten
from cluster_optimiser.optimise.redraw.lexicographic import How
from cluster_optimiser.optimise.redraw.linear import LinearModel, Objective
from cluster_optimiser.optimise.redraw.model import Limits, build_model
from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.optimise.redraw.terms import objective_of, value_of
from cluster_optimiser.optimise.redraw.warm import is_legal_plan
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem

HOW = How(CpSat(), None)


def lumpy(most: int = 700) -> Problem:
    """Give a map whose sizes do not add up without dividing a school."""
    pupils = [[300, 200, 100], [100, 300, 200], [200, 200, 100]]
    schools = {
        name: [
            ToySchool("secondary" if column == row else "primary", held, (row, column))
            for column, held in enumerate(pupils[row])
        ]
        for row, name in enumerate("ABC")
    }
    return toy_problem(
        "AAA BBB CCC",
        schools=schools,
        method="redraw",
        units="schools",
        size={"min_pupils": 400, "max_pupils": most},
        objective={"order": ["pupil_minutes"]},
    )


@pytest.mark.parametrize("most", [600, 700, 1000])
def test_the_bound_is_below_the_best_plan_and_the_plan_is_legal(most: int) -> None:
    problem = lumpy(most)
    ground = redraw_ground(problem)
    (stage,) = solve_redraw(problem).solution.stages
    assert stage.status == "OPTIMAL"
    best = round(stage.objective * 100)
    known = hubs_first(ground, HOW)
    assert known.bound is not None
    assert 0 < known.bound <= best
    if known.clusters:
        assert is_legal_plan(ground, known.clusters, HOW)
        assert value_of(ground, "pupil_minutes", known.clusters) >= best


def test_a_plan_to_begin_with_is_never_lost() -> None:
    problem = lumpy()
    ground = redraw_ground(problem)
    units = {name: i for i, name in enumerate(ground.units)}
    plan = solve_redraw(problem).assignment
    start = [
        frozenset(units[problem.unit_of[urn]] for urn in urns)
        for urns in plan.groupby(plan).groups.values()
    ]
    known = hubs_first(ground, HOW, start)
    assert set(known.clusters) == set(start)


def test_whole_units_bound_no_less_than_fractions() -> None:
    ground = redraw_ground(lumpy())
    fractions = build_model(ground, range(len(ground.units)), Limits(1, 32, 0))
    lowest = tighten(fractions, objective_of(fractions, "pupil_minutes"), HOW)
    known = hubs_first(ground, HOW, shares=(0.0,))
    assert known.bound is not None
    # HiGHS may stop within a thousandth of its best.
    assert known.bound >= lowest * 0.999


def test_a_piece_in_fractions_is_parted_from_its_hub_once() -> None:
    ground = redraw_ground(lumpy())
    a = build_model(ground, range(len(ground.units)), Limits(1, 32, 0))
    hub = min(a.of_hub, key=lambda h: ground.hubs[h].unit)
    home = ground.hubs[hub].unit
    far = next(i for i in a.of_hub[hub] if i != home and not ground.neighbours[i] & {home})
    values = [0.0] * len(a.model.upper)
    values[a.open(hub)] = values[a.x[far, hub]] = 1.0
    n_rows = len(a.model.rows)
    assert part_in_fractions(a, values) == 1
    row = a.model.rows[n_rows]
    assert not row.holds([round(v) for v in values])
    for i in a.of_hub[hub]:
        values[a.x[i, hub]] = 1.0
    assert part_in_fractions(a, values) == 0


def test_highs_bounds_a_negative_objective_from_below() -> None:
    model = LinearModel()
    x = [model.variable(), model.variable()]
    model.row([(1, v) for v in x], high=1)
    objective = Objective(((-1000, x[0]), (-900, x[1])))
    assert Highs().relax(model, objective, divisible=x).bound in {-1001, -1000}
    assert Highs().solve(model, objective).bound == -1000
