"""A program solved in fractions by GLOP, and what its dual proves, in exact whole numbers.

A linear program's duals bound it whatever they are: any multiples of its rows, added up, leave a
cost on every variable, and no solution is cheaper than what the rows and the negative costs come
to. The duals are found in floating point, rounded, and everything from there on is counted in
integers, so that neither the bound nor what is ruled out by it rests on a solver's tolerances
(Neumaier and Shcherbina 2004).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.redraw.engines import Program, time_limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.optimise.redraw.linear import LinearModel, LinearObjective

DUAL_SCALE = 1024
"""Duals are rounded to this share of the objective's integers."""


@dataclass(frozen=True, slots=True)
class Fractions:
    """A solution in fractions, and what is proved by it."""

    values: tuple[float, ...]  # a value for each variable
    bound: int  # no solution has a lower objective
    reduced: tuple[int, ...]


class InFractions:
    """A program with all variables in fractions, solved again as rows are added to it."""

    def __init__(self, model: LinearModel, objective: LinearObjective) -> None:
        self.model, self.objective = model, objective
        self.program = Program(model, objective, is_whole=False)

    def solve(self, *, time_limit_s: float | None = None) -> Fractions | None:
        """Minimise, with the rows that the model has by now."""
        from ortools.math_opt.python import mathopt  # noqa: PLC0415

        if not self.model.may_be_kept():
            return None
        program = self.program
        program.add_rows(self.model)
        result = mathopt.solve(
            program.model,
            mathopt.SolverType.GLOP,
            params=mathopt.SolveParameters(time_limit=time_limit(time_limit_s)),
        )
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            return None
        at, of_row = result.variable_values(), result.dual_values()
        duals = [
            of_row[row] * program.scale / scale
            for row, scale in zip(program.rows, program.row_scales, strict=True)
        ]
        bound, reduced = dual_bound(self.model, self.objective, duals)
        return Fractions(tuple(at[v] for v in program.x), bound, reduced)


def dual_bound(
    model: LinearModel, objective: LinearObjective, duals: Sequence[float]
) -> tuple[int, tuple[int, ...]]:
    """Bound a program by multiples of its rows, exactly."""
    costs = [0] * len(model.upper)
    for c, v in objective.terms:
        costs[v] += c * DUAL_SCALE
    total = 0
    for row, dual in zip(model.rows, duals, strict=True):
        multiple = round(dual * DUAL_SCALE)
        side = row.low if multiple > 0 else row.high
        if not multiple or side is None:
            continue
        total += multiple * side
        for c, v in row.terms:
            costs[v] -= multiple * c
    total += sum(min(0, cost) * upper for cost, upper in zip(costs, model.upper, strict=True))
    return objective.constant - (-total // DUAL_SCALE), tuple(costs)
