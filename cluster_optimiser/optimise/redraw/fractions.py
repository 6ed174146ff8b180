"""A program with its variables in fractions: its solution, and what multiples of its rows prove.

A linear program's duals bound it whatever they are: any multiples of its rows, added up, leave a
cost on every variable, and no solution is cheaper than what the rows and the negative costs come
to. HiGHS finds the duals in floating point; they are rounded, and everything from there on is
counted in integers, so that neither the bound nor what is ruled out by it rests on a solver's
tolerances (Neumaier and Shcherbina 2004). Rows that are mostly kept are left out until a solution
breaks them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from cluster_optimiser.optimise.costs import scale_in_fractions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.arrays import Floats
    from cluster_optimiser.optimise.redraw.linear import LinearModel, LinearObjective

DUAL_SCALE = 1024
"""Duals are rounded to this share of the objective's integers."""

_BROKEN = 1e-6
"""A row that is missed by less is not broken."""


@dataclass(frozen=True, slots=True)
class Fractions:
    """A solution in fractions, and what is proved by it."""

    values: tuple[float, ...]  # a value for each variable
    bound: int  # no solution has a lower objective
    reduced: tuple[int, ...]
    is_kept: bool  # every row is, not just those it was solved with


class InFractions:
    """A program with all variables in fractions, solved again as rows are added to it."""

    def __init__(self, model: LinearModel, objective: LinearObjective) -> None:
        self.model, self.objective = model, objective
        self.costs = np.zeros(len(model.upper))
        for c, v in objective.terms:
            self.costs[v] += c
        self.scale = scale_in_fractions(self.costs)
        # Of the rows so far: their coefficients, what they are to reach, what they may not pass.
        self.table = csr_array((0, len(self.costs)))
        self.low = self.high = np.zeros(0)
        self.is_left_out = np.zeros(0, dtype=np.bool_)  # as it is mostly kept

    def solve(self, *, time_limit_s: float | None = None) -> Fractions | None:
        """Minimise, with the rows that the model has by now."""
        if not self.model.may_be_kept():
            return None
        self._add_rows()
        table, low, high = self.table, self.low, self.high
        at = np.flatnonzero(~self.is_left_out)
        found = self._minimise(table[at], low[at], high[at], time_limit_s)
        if found is None:
            return None
        values, of_binding = found
        total = table @ values
        broken = (total < low - _BROKEN) | (total > high + _BROKEN)
        broken[at] = False
        self.is_left_out &= ~broken
        of_row = np.zeros(len(low))
        of_row[at] = of_binding
        bound, reduced = dual_bound(self.model, self.objective, of_row.tolist())
        return Fractions(tuple(values.tolist()), bound, reduced, not broken.any())

    @property
    def left_out(self) -> list[int]:
        """Rows that it is solved without, as no solution broke them."""
        return list(np.flatnonzero(self.is_left_out).tolist())

    def _add_rows(self) -> None:
        """Take over the rows that were added to the model."""
        rows = self.model.rows[len(self.low) :]
        pairs = np.array([pair for row in rows for pair in row.terms], dtype=float).reshape(-1, 2)
        ends = np.cumsum([0, *(len(row.terms) for row in rows)])
        shape = len(rows), len(self.costs)
        more = csr_array((pairs[:, 0], pairs[:, 1].astype(int), ends), shape=shape)
        self.table = vstack([self.table, more], format="csr")
        low = np.array([-np.inf if row.low is None else row.low for row in rows], dtype=float)
        high = np.array([np.inf if row.high is None else row.high for row in rows], dtype=float)
        is_left_out = np.array([row.is_mostly_kept for row in rows], dtype=np.bool_)
        self.low, self.high = np.append(self.low, low), np.append(self.high, high)
        self.is_left_out = np.append(self.is_left_out, is_left_out)

    def _minimise(
        self, table: csr_array, low: Floats, high: Floats, time_limit_s: float | None
    ) -> tuple[Floats, Floats] | None:
        """Give the values and a dual for each row: not negative for what is to be reached."""
        is_fixed = low == high
        over, under = (~is_fixed & np.isfinite(side) for side in (low, high))
        found = linprog(
            self.costs / self.scale,
            A_ub=vstack([-table[over], table[under]]),
            b_ub=np.concatenate([-low[over], high[under]]),
            A_eq=table[is_fixed],
            b_eq=low[is_fixed],
            bounds=[(0, upper) for upper in self.model.upper],
            method="highs-ds",
            options={} if time_limit_s is None else {"time_limit": max(time_limit_s, 0.01)},
        )
        if found.status != 0:
            return None
        duals, n_over = np.zeros(len(low)), int(over.sum())
        duals[is_fixed] = found.eqlin.marginals
        duals[over] -= found.ineqlin.marginals[:n_over]
        duals[under] += found.ineqlin.marginals[n_over:]
        return found.x, duals * self.scale


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
