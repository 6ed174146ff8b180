"""Rows that tighten the model: kept by every legal plan, broken by fractions that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.math_opt.python import mathopt

from cluster_optimiser.optimise.redraw import engines, tightening
from cluster_optimiser.optimise.redraw.engines import Ask, CpSat, Highs, _run_highs
from cluster_optimiser.optimise.redraw.legal import is_legal_plan
from cluster_optimiser.optimise.redraw.linear import LinearModel, LinearObjective
from cluster_optimiser.optimise.redraw.model import Limits, build_model, variables
from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.optimise.redraw.prove import bound_in_fractions
from cluster_optimiser.optimise.redraw.search import How, hint_of
from cluster_optimiser.optimise.redraw.terms import objective_of, value_of
from cluster_optimiser.scenario.tables import Size
from tests.effort import examples
from tests.optimise.redraw.test_solve import partitions
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster_optimiser.optimise.redraw.model import Assignment
    from cluster_optimiser.optimise.redraw.pairs import Cluster, RedrawGround

WEST, EAST = 0, 1


def path(*pupils: int) -> Assignment:
    """Give the variables of a path of schools, hubs at its ends, sizes 500 to 900."""
    names = "ABCDEFGH"[: len(pupils)]
    ends = {names[0], names[-1]}
    schools = {
        name: [ToySchool("secondary" if name in ends else "primary", held)]
        for name, held in zip(names, pupils, strict=True)
    }
    problem = toy_problem(
        names,
        schools=schools,
        method="redraw",
        units="schools",
        size={"min_pupils": 500, "max_pupils": 900},
    )
    ground = redraw_ground(problem)
    return variables(ground, range(len(pupils)), nearest_hubs=None, allow_exceptions=False)


def holds(a: Assignment, west: Mapping[int, float]) -> bool:
    """Tell whether the rows hold where the western hub has these shares of units."""
    values = [0.0] * len(a.model.upper)
    for unit, share in west.items():
        values[a.x[unit, WEST]] = share
    return all(
        (row.low is None or sum(c * values[v] for c, v in row.terms) >= row.low)
        and (row.high is None or sum(c * values[v] for c, v in row.terms) <= row.high)
        for row in a.model.rows
    )


def test_what_a_hub_lacks_is_filled_by_whole_units() -> None:
    a = path(400, 200, 300, 400)
    tightening.fill_the_minimum(a, WEST, {0}, 500)
    assert holds(a, {0: 1, 1: 1})
    # A half of 200 pupils would do for the size alone.
    assert not holds(a, {0: 1, 1: 0.5})
    assert holds(a, {})


def test_a_hub_too_small_alone_goes_on_into_a_neighbour() -> None:
    a = path(400, 200, 300, 400)
    tightening.reach_beyond(a, WEST, {0})
    assert holds(a, {0: 1, 1: 1})
    assert not holds(a, {0: 1, 2: 1})


def test_units_too_many_for_a_hub_are_not_all_with_it() -> None:
    a = path(400, 300, 300, 400)
    tightening.have_room(a, WEST, {1, 2})
    assert holds(a, {0: 1, 1: 1})
    assert not holds(a, {0: 1, 1: 1, 2: 1})
    assert not holds(a, {0: 0.5, 1: 0.5, 2: 0.5})


def test_units_as_large_as_the_largest_count_with_those_too_many_and_smaller_ones_do_not() -> None:
    a = path(300, 200, 499, 500, 500, 600)
    tightening.have_room(a, WEST, {1, 3})
    assert holds(a, {0: 1, 1: 1, 2: 1})
    assert holds(a, {0: 1, 4: 1})
    assert not holds(a, {0: 1, 1: 1, 4: 1})


def test_of_two_large_units_one_is_with_a_hub() -> None:
    a = path(400, 300, 300, 400)
    tightening.tighten_sizes(a, Size(max_pupils=900))
    assert holds(a, {0: 1, 2: 1})
    assert not holds(a, {0: 0.5, 1: 0.5, 2: 0.5})


def test_a_small_unit_is_not_with_a_hub_beside_a_large_one() -> None:
    a = path(400, 101, 400, 600)
    tightening.tighten_sizes(a, Size(max_pupils=900))
    assert holds(a, {0: 1, 1: 1})
    assert holds(a, {0: 1, 2: 1})
    assert not holds(a, {0: 0.5, 1: 0.5, 2: 0.5})


@pytest.mark.parametrize(
    ("shares", "broken"),
    [
        ({0: 1, 1: 1}, False),
        ({0: 1, 1: 0.5}, True),
        ({0: 1, 3: 0.5}, True),
        ({0: 1, 1: 1, 2: 0.9}, True),
    ],
)
def test_a_broken_row_is_found(shares: dict[int, float], broken: bool) -> None:
    a = path(400, 200, 301, 100, 500)
    values = [0.0] * len(a.model.upper)
    for unit, share in shares.items():
        values[a.x[unit, WEST]] = share
    assert bool(tightening.cut(a, values, Size(min_pupils=500, max_pupils=900))) is broken
    assert holds(a, shares) is not broken


def test_one_pupil_that_is_lacking_is_filled() -> None:
    a = path(499, 300, 500)
    values = [float(v == a.x[0, WEST]) for v in range(len(a.model.upper))]
    tightening._cut_filling(a, values, WEST, 500)
    assert not holds(a, {0: 1})
    assert holds(a, {0: 1, 1: 1})


def test_nothing_parts_a_piece_that_touches_the_hub() -> None:
    """Less of the hub's own unit than of the piece: a row that no plan with it could keep came."""
    a = path(400, 200, 300, 100, 500)
    home = a.ground.hubs[WEST].unit
    values = [0.0] * len(a.model.upper)
    values[a.x[home, WEST]] = 0.3
    for unit in (1, 2):
        values[a.x[unit, WEST]] = 0.6
    n_rows = len(a.model.rows)
    tightening.part_in_fractions(a, values)
    assert len(a.model.rows) == n_rows


@st.composite
def grounds(draw: st.DrawFn) -> RedrawGround:
    """Draw a grid of six schools and their sizes."""
    kinds = ["secondary", "primary", "secondary", "primary", "primary", "secondary"]
    schools = {
        name: [ToySchool(kind, draw(st.integers(0, 5)) * 100)]
        for name, kind in zip("ABCDEF", kinds, strict=True)
    }
    low = draw(st.sampled_from([0, 300, 500]))
    problem = toy_problem(
        "ABC DEF",
        schools=schools,
        method="redraw",
        units="schools",
        size={
            "min_pupils": low,
            "max_pupils": low + draw(st.sampled_from([400, 700])),
            "max_exceptions": draw(st.integers(0, 1)),
        },
        objective={"order": ["pupil_minutes"]},
    )
    return redraw_ground(problem)


def plans(ground: RedrawGround) -> list[list[Cluster]]:
    """Give every legal plan, by trying all there are."""
    every = ([frozenset(c) for c in p] for p in partitions(list(range(len(ground.units)))))
    return [plan for plan in every if is_legal_plan(ground, plan, is_shaped=False)]


@settings(max_examples=examples(60), deadline=None, derandomize=True)
@given(grounds())
def test_every_legal_plan_keeps_every_row_and_costs_what_is_said(ground: RedrawGround) -> None:
    size = ground.problem.scenario.size
    units = range(len(ground.units))
    a = build_model(ground, units, Limits(1, len(units), size.max_exceptions))
    tightening.tighten_sizes(a, size)
    reach = bound_in_fractions(a, objective_of(a, "pupil_minutes"), How(CpSat()))
    legal = plans(ground)
    if reach is None:
        assert not legal
        return
    for plan in legal:
        values = [0] * len(a.model.upper)
        for v, value in hint_of(a, plan).items():
            values[v] = value
        for h, e in a.exception.items():
            members = [i for i in a.of_hub[h] if values[a.x[i, h]]]
            values[e] = int(bool(members) and ground.pupils_of(members) < size.min_pupils)
        assert a.model.is_kept(values)
        joined = [pair for pair, v in a.x.items() if values[v]]
        beyond = max(reach.extra[pair] for pair in joined)
        assert value_of(ground, "pupil_minutes", plan) >= reach.bound + beyond


def test_units_that_fill_a_cluster_to_its_maximum_are_not_too_many() -> None:
    """300 in the hub and 600 beside it are 900, which is allowed: only three units are too many."""
    a = path(300, 300, 300, 300, 500)
    values = [0.0] * len(a.model.upper)
    values[a.open(WEST)] = 1.0
    for unit in (1, 2, 3):
        values[a.x[unit, WEST]] = 0.9
    tightening._cut_room(a, values, WEST, 900)
    assert len(a.model.rows) == 1
    assert holds(a, {0: 1, 1: 1, 2: 1})
    assert not holds(a, {0: 1, 1: 1, 2: 1, 3: 1})


def test_what_highs_finds_within_a_gap_is_not_called_the_best() -> None:
    model = LinearModel()
    one, other = model.variable(), model.variable()
    model.row([(1, one), (1, other)], low=1)
    found = Highs().solve(model, LinearObjective(((2, one), (3, other))), Ask(relative_gap=0.5))
    assert (found.status, found.values, found.bound) == ("FEASIBLE", (1, 0), 2)


def test_what_highs_gives_is_believed_of_what_keeps_every_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In floating point a row may be kept that in whole numbers is not."""

    def unkept(*given: Any) -> tuple[Any, tuple[float, ...], int]:
        result, _, bound = _run_highs(*given)
        return result, (0.0, 0.4), bound

    monkeypatch.setattr(engines, "_run_highs", unkept)
    model = LinearModel()
    one, other = model.variable(), model.variable()
    model.row([(1, one), (1, other)], low=1)
    found = Highs().solve(model, LinearObjective(((2, one), (3, other))))
    assert (found.status, found.values, found.bound) == ("OPTIMAL", (1, 0), 2)


@pytest.mark.parametrize(
    ("values", "is_kept"), [((3, 0), True), ((0, 3), False), ((4, 0), False), ((3, -1), False)]
)
def test_values_keep_their_bounds_and_every_row(values: tuple[int, int], is_kept: bool) -> None:
    model = LinearModel([3, 3])
    model.row([(1, 0), (-1, 1)], low=1)
    assert model.is_kept(values) is is_kept


@pytest.mark.parametrize("noise", [0, 1e-7, -1e-7])
def test_a_bound_of_highs_is_no_higher_than_the_best(
    monkeypatch: pytest.MonkeyPatch, noise: float
) -> None:
    def noisy(*given: Any, **how: Any) -> Any:
        result = solve(*given, **how)
        told = result.best_objective_bound()
        result.best_objective_bound = lambda: told + noise
        return result

    solve = mathopt.solve
    monkeypatch.setattr(mathopt, "solve", noisy)
    model = LinearModel()
    one, other = model.variable(), model.variable()
    model.row([(1, one), (1, other)], low=1)
    objective = LinearObjective(((2, one), (3, other)), 5)
    _, values, bound = _run_highs(model, objective, Ask())
    assert list(values) == [1, 0]
    assert bound == 7  # 2 and the constant
