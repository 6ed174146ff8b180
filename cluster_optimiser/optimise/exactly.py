"""Sums that CP-SAT minimises and holds, exact at any size that 64 bits hold.

The solver is exact in whole numbers, but tells objective and bound in floating point; and the
pinned release has proved wrong optima where an enforced row's coefficients come to more than 2^31.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ortools.sat.python import cp_model

from cluster_optimiser.constants import MAX_ROW_TOTAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cluster_optimiser.domain import Status

BOUND_TOLERANCE = 1e-6
"""A bound this little above an integer is that integer, as far as floating point can tell."""

_FLOAT_EXACT = 2**49
"""A bound up to this that floating point tells is known to the unit."""

_SAFE_OBJECTIVE = 2**62
"""What the coefficients of an objective may come to."""

STATUSES: Mapping[cp_model.CpSolverStatus, Status] = {
    cp_model.OPTIMAL: "OPTIMAL",
    cp_model.FEASIBLE: "FEASIBLE",
    cp_model.INFEASIBLE: "INFEASIBLE",
}


@dataclass(frozen=True, slots=True)
class Sum:
    """Whole numbers times variables."""

    variables: Sequence[cp_model.IntVar]
    coefficients: Sequence[int]
    uppers: Sequence[int] | None = None  # most that each variable, from 0, may be; without it 1

    @property
    def most(self) -> int:
        """What the coefficients come to, without their signs."""
        uppers = self.uppers or [1] * len(self.coefficients)
        return sum(abs(c) * u for c, u in zip(self.coefficients, uppers, strict=True))

    @property
    def negative(self) -> Sum:
        return Sum(self.variables, [-c for c in self.coefficients], self.uppers)

    @property
    def expression(self) -> cp_model.LinearExpr:
        return cp_model.LinearExpr.weighted_sum(list(self.variables), list(self.coefficients))

    def value(self, values: Sequence[int]) -> int:
        return sum(c * v for c, v in zip(self.coefficients, values, strict=True))

    def digits(self, model: cp_model.CpModel, most: int) -> Sum:
        """Write the sum in digits, each a variable with a row of small coefficients of its own."""
        bits = max(8, MAX_ROW_TOTAL.bit_length() - len(self.variables).bit_length())
        rest, weight, made, weights = list(self.coefficients), 1, [], []
        uppers = []
        while any(rest):
            part = [c % (1 << bits) for c in rest] if max(map(abs, rest)) >> bits else rest
            row = Sum(self.variables, part, self.uppers)
            low = 0 if min(part) >= 0 else -row.most
            high = min(row.most, most // weight) if low == 0 and min(rest) >= 0 else row.most
            digit = model.new_int_var(low, max(high, low), "")
            model.add(row.expression == digit)
            made.append(digit)
            weights.append(weight)
            uppers.append(max(abs(low), high))
            rest = [(c - p) >> bits for c, p in zip(rest, part, strict=True)]
            weight <<= bits
        return Sum(made, weights, uppers)


@dataclass(frozen=True, slots=True)
class Largest(Sum):
    """The largest cost of the groups that are chosen: a bound that the program keeps above them.

    Its first variable is the bound, the others choose the groups.
    """

    costs: Sequence[int] = ()

    def value(self, values: Sequence[int]) -> int:
        """Give the largest cost that is chosen, whatever the bound was left at."""
        return max((c for c, v in zip(self.costs, values[1:], strict=True) if v), default=0)


def hold(model: cp_model.CpModel, total: Sum, most: int) -> None:
    """Add: the sum is at most so much, in rows that the solver is known to be safe with."""
    if total.most > MAX_ROW_TOTAL:
        total = total.digits(model, most)
    model.add(total.expression <= most)


def whole_bound(found: float) -> int | None:
    """Give a solver's bound as a whole number that is surely none too high; None without one."""
    if not math.isfinite(found):
        return None
    return math.ceil(found - max(BOUND_TOLERANCE, abs(found) * 2.0**-50))


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known after a sum has been minimised."""

    status: Status
    values: tuple[int, ...] = ()  # of the variables that were asked for; empty without a solution
    total: int = 0
    bound: int | None = None
    effort: float = 0.0  # deterministic time


def one_worker(seed: int) -> cp_model.CpSolver:
    """Make a solver of one worker: several may return another of equal answers."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    # Else it takes Ctrl-C over, and gives it back to nobody.
    solver.parameters.catch_sigint_signal = False
    return solver


def minimise(
    model: cp_model.CpModel,
    total: Sum,
    wanted: Sequence[cp_model.IntVar],
    new_solver: Callable[[], cp_model.CpSolver],
    run: Callable[[cp_model.CpSolver], cp_model.CpSolverStatus],
    *,
    most: int,
) -> Answer:
    """Minimise a sum that no plan has above so much; what is called OPTIMAL is so in integers."""
    told = total if total.most < _SAFE_OBJECTIVE else total.digits(model, most)
    model.minimize(told.expression)
    solver = new_solver()
    status = STATUSES.get(run(solver), "UNKNOWN")
    effort = solver.response_proto.deterministic_time
    bound = whole_bound(solver.best_objective_bound) if status != "INFEASIBLE" else None
    if status not in {"OPTIMAL", "FEASIBLE"}:
        return Answer(status, bound=bound, effort=effort)
    values = tuple(solver.value(v) for v in wanted)
    found = total.value([solver.value(v) for v in total.variables])
    if status == "OPTIMAL" and abs(found) >= _FLOAT_EXACT:
        # Too large for the solver's floating point to tell best from nearly best: ask outright.
        while status == "OPTIMAL":
            closer = model.clone()
            closer.clear_objective()  # type: ignore[no-untyped-call]
            hold(closer, total, found - 1)
            asked = new_solver()
            answer = STATUSES.get(asked.solve(closer), "UNKNOWN")
            effort += asked.response_proto.deterministic_time
            if answer == "INFEASIBLE":
                break
            if answer == "UNKNOWN":
                status = "FEASIBLE"
                break
            values = tuple(asked.value(v) for v in wanted)
            found = total.value([asked.value(v) for v in total.variables])
    elif status == "OPTIMAL" and (bound is None or bound < found):
        status = "FEASIBLE"
    return Answer(status, values, found, found if status == "OPTIMAL" else bound, effort)
