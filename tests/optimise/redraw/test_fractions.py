"""What is proved by a solution in fractions holds whatever the duals are."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.optimise.redraw.fractions import DUAL_SCALE, InFractions, dual_bound
from cluster_optimiser.optimise.redraw.linear import LinearModel, LinearObjective
from tests.effort import examples

COEFFICIENTS = st.integers(-5, 5)


@st.composite
def programs(draw: st.DrawFn) -> tuple[LinearModel, LinearObjective]:
    """Draw a program of up to five variables."""
    model = LinearModel()
    x = [model.variable(draw(st.sampled_from([1, 1, 3]))) for _ in range(draw(st.integers(1, 5)))]
    for _ in range(draw(st.integers(0, 4))):
        low = draw(st.none() | st.integers(-6, 6))
        high = draw(st.integers(-6, 6)) if low is None else draw(st.none() | st.just(low))
        model.row([(draw(COEFFICIENTS), v) for v in x], low=low, high=high)
    costs = tuple((draw(st.integers(-900, 900)), v) for v in x)
    return model, LinearObjective(costs, draw(st.integers(-50, 50)))


@settings(max_examples=examples(200), deadline=None, derandomize=True)
@given(programs(), st.lists(st.floats(-300, 300), min_size=4, max_size=4))
def test_any_duals_bound_every_solution(
    program: tuple[LinearModel, LinearObjective], duals: list[float]
) -> None:
    model, objective = program
    bound, reduced = dual_bound(model, objective, duals[: len(model.rows)])
    for values in itertools.product(*(range(upper + 1) for upper in model.upper)):
        if model.is_kept(values):
            beyond = sum(
                min(value, 1) * max(0, cost) for value, cost in zip(values, reduced, strict=True)
            )
            assert objective.value(values) >= bound + beyond // DUAL_SCALE


@settings(max_examples=examples(50), deadline=None, derandomize=True)
@given(programs())
def test_the_solution_in_fractions_is_bounded_by_its_own_duals(
    program: tuple[LinearModel, LinearObjective],
) -> None:
    model, objective = program
    solver = InFractions(model, objective)
    found = solver.solve()
    while found is not None and not found.is_kept:
        found = solver.solve()
    kept = [
        objective.value(values)
        for values in itertools.product(*(range(upper + 1) for upper in model.upper))
        if model.is_kept(values)
    ]
    if found is None:
        assert not kept
        return
    value = objective.constant + sum(c * found.values[v] for c, v in objective.terms)
    # Duals are rounded, so a little may be lost of what is never more than the next integer.
    assert value - 1 <= found.bound <= value + 1
    assert all(found.bound <= whole for whole in kept)


def test_rows_that_come_later_are_solved_too() -> None:
    model = LinearModel()
    x = [model.variable(), model.variable()]
    model.row([(1, v) for v in x], low=1)
    program = InFractions(model, LinearObjective(((4, x[0]), (10, x[1]))))
    first = program.solve()
    model.row([(2, x[0])], high=1)
    second = program.solve()
    model.row([], low=1)
    assert first is not None
    assert second is not None
    assert (first.bound, second.bound) == (4, 7)
    assert program.solve() is None


def test_what_is_mostly_kept_is_solved_with_once_a_solution_breaks_it() -> None:
    model = LinearModel()
    unit, hub, other = model.variable(), model.variable(), model.variable()
    model.row([(1, unit), (1, other)], low=1)
    model.row([(1, unit), (-1, hub)], high=0)
    model.row([(1, other), (-1, hub)], high=0)
    program = InFractions(model, LinearObjective(((1, unit), (5, hub), (9, other))))
    found = [program.solve(), program.solve()]
    assert [(f.bound, f.is_kept) for f in found if f is not None] == [(1, False), (6, True)]
    assert program.left_out == [2]
