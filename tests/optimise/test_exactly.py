"""What CP-SAT is given to minimise and to hold is exact where floating point is not."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from ortools.sat.python import cp_model

from cluster_optimiser.optimise import exactly
from cluster_optimiser.optimise.exactly import Sum, hold, minimise, whole_bound
from cluster_optimiser.optimise.redraw.engines import add_to_cp_sat


def solver() -> cp_model.CpSolver:
    made = cp_model.CpSolver()
    made.parameters.num_workers = 1
    return made


@pytest.mark.parametrize("size", [1, 2**33, 2**55, 2**61 // 3])
def test_the_least_sum_is_the_least_to_the_last_unit(size: int) -> None:
    model = cp_model.CpModel()
    x = [model.new_bool_var("") for _ in range(4)]
    model.add(sum(x) == 2)
    total = Sum(x, [size + 3, size + 1, size + 2, size + 2])
    answer = minimise(
        model, total, x, solver, partial(cp_model.CpSolver.solve, model=model), most=2**62
    )
    assert (answer.status, answer.total, answer.bound) == ("OPTIMAL", 2 * size + 3, 2 * size + 3)


@pytest.mark.parametrize("nearly", [1, 2, 5])
def test_what_floating_point_takes_for_the_best_is_bettered_by_one(nearly: int) -> None:
    """The first answer is by so little not the best, in a sum that is told to some units only."""
    model = cp_model.CpModel()
    x = [model.new_bool_var(""), model.new_int_var(0, 9, "")]
    model.add(x[0] == 1)

    def run(made: cp_model.CpSolver) -> cp_model.CpSolverStatus:
        first = model.clone()
        first.add(first.get_int_var_from_proto_index(x[1].index) == nearly)
        return made.solve(first)

    answer = minimise(model, Sum(x, [2**55, 1], [1, 9]), x, solver, run, most=2**60)
    assert (answer.status, answer.total, answer.values) == ("OPTIMAL", 2**55, (1, 0))


def test_what_no_solver_could_tell_to_be_the_best_is_not_called_so() -> None:
    class Silent(cp_model.CpSolver):
        def solve(self, *given, **more):
            super().solve(*given, **more)
            return cp_model.UNKNOWN

    model = cp_model.CpModel()
    x = [model.new_int_var(1, 9, "")]
    made = iter([solver(), Silent()])
    run = partial(cp_model.CpSolver.solve, model=model)
    answer = minimise(model, Sum(x, [2**55], [9]), x, lambda: next(made), run, most=2**60)
    assert (answer.status, answer.total, answer.values) == ("FEASIBLE", 2**55, (1,))


@pytest.mark.parametrize(("below", "status", "bound"), [(0, "OPTIMAL", 1), (1, "FEASIBLE", 0)])
def test_what_the_solver_calls_best_is_so_only_at_its_bound(
    below: int, status: str, bound: int
) -> None:
    class Below(cp_model.CpSolver):
        best_objective_bound = property(lambda _: 1.0 - below)

    model = cp_model.CpModel()
    x = [model.new_int_var(1, 3, "")]
    run = partial(cp_model.CpSolver.solve, model=model)
    answer = minimise(model, Sum(x, [1], [3]), x, Below, run, most=3)
    assert (answer.status, answer.total, answer.bound) == (status, 1, bound)


@pytest.mark.parametrize("size", [1, 2**20, 2**40, 2**40 + 1])
def test_a_sum_held_in_digits_leaves_the_same_solutions(size: int) -> None:
    coefficients = [size * 3 + 1, -size, size * 5 + 2, size * 7]
    for most in (-size, 0, size * 4 + 1, size * 8 + 2, size * 8 + 3):
        model = cp_model.CpModel()
        x = [model.new_bool_var("") for _ in coefficients]
        hold(model, Sum(x, coefficients), most)
        allowed = set()
        for values in product([0, 1], repeat=4):
            fixed = model.clone()
            for variable, value in zip(x, values, strict=True):
                fixed.add(fixed.get_bool_var_from_proto_index(variable.index) == value)
            if solver().solve(fixed) == cp_model.OPTIMAL:
                allowed.add(values)
        assert allowed == {
            values
            for values in product([0, 1], repeat=4)
            if sum(c * v for c, v in zip(coefficients, values, strict=True)) <= most
        }


def test_a_bound_in_floating_point_is_never_taken_for_more_than_it_is() -> None:
    assert whole_bound(6.9999999) == 7
    assert whole_bound(7.01) == 8
    assert whole_bound(float("-inf")) is None
    assert whole_bound(2.0**60) <= 2**60 - 500


@pytest.mark.parametrize(("low", "high"), [(2**33, None), (None, -(2**32)), (2**32, 2**32)])
def test_rows_too_large_for_the_solver_are_written_in_digits_both_ways(
    low: int | None, high: int | None
) -> None:
    model = cp_model.CpModel()
    x = [model.new_bool_var("") for _ in range(3)]
    coefficients = [2**32, -(2**32), 2**33]
    add_to_cp_sat(model, Sum(x, coefficients), low, high)
    for row in model.proto.constraints:
        bounds = [model.proto.variables[v].domain[-1] for v in row.linear.vars]
        held = [abs(c) * u for c, u in zip(row.linear.coeffs, bounds, strict=True)]
        assert len(held) == 2 or max(map(abs, row.linear.coeffs)) < 2**31
    for values in product([0, 1], repeat=3):
        fixed = model.clone()
        for variable, value in zip(x, values, strict=True):
            fixed.add(fixed.get_bool_var_from_proto_index(variable.index) == value)
        total = sum(c * v for c, v in zip(coefficients, values, strict=True))
        wanted = (low is None or total >= low) and (high is None or total <= high)
        assert (solver().solve(fixed) == cp_model.OPTIMAL) == wanted


STOPPED = """
import signal
from ortools.sat.python import cp_model
from cluster_optimiser.optimise.exactly import one_worker
signal.signal(signal.SIGINT, lambda *_: print("stopped"))
one_worker(0).solve(cp_model.CpModel())
signal.raise_signal(signal.SIGINT)
"""


def test_a_solver_leaves_ctrl_c_to_the_program() -> None:
    """Left to itself it takes the signal over, and back to nobody: the process then just died."""
    run = subprocess.run(
        [sys.executable, "-c", STOPPED], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, "stopped\n")
    package = Path(exactly.__file__).parents[1]
    made = [p.name for p in package.rglob("*.py") if "CpSolver()" in p.read_text("utf-8")]
    assert made == ["exactly.py"]
