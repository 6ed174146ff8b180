r"""What no plan of many groups can better, and what each costs beyond that, in whole numbers.

The partition program is solved in fractions. Any multipliers y of its units and z <= 0 of its rows
bound every plan: with d(C) = c(C) - sum_(u in C) y_u - sum_r z_r a_r(C), the groups of a plan cost

    sum_C c(C) >= sum_u y_u + sum_r z_r b_r + sum_C d(C)

They are found in floating point, rounded, and everything from there on is counted in integers. Rows
are added for three units of which a plan has one group at most that holds two (subset-row cuts:
Jepsen, Petersen, Spoorendonk, Pisinger 2008).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from cluster_optimiser.deadline import left_s
from cluster_optimiser.optimise.costs import scale_in_fractions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cluster_optimiser.arrays import Floats, Ints

_BITS = 40
"""Costs and multipliers are counted in shares so small that the largest cost takes so many bits."""

_SAFE = 2.0**61
"""What sums of 64-bit integers may come to."""

_MOST_COEFFICIENT = 1_024
"""Rows with larger coefficients are divided, all rounded down: what keeps the row keeps that."""

_MOST_FOR_SIMPLEX = 10_000_000
"""Units times groups past which the interior point method is quicker."""

_FEW = 2_000
"""Groups that a plan better than the one known may hold, so few that no more rows are needed."""

_MOST_ADDED = 1_000_000
"""Numbers of the rows that are added: with more of them a program takes minutes."""

_MOST_ROUNDS = 30

_LEAST_GAIN = 0.0001
"""Where a round adds less than this share to the bound, no more rows are added."""

_LEAST_BROKEN = 0.01

_FRACTION = 1e-6


@dataclass(frozen=True, slots=True)
class Row:
    """A sum over the groups of a plan that is at most so much."""

    coefficients: csr_array  # one row, whole numbers
    most: int


@dataclass(frozen=True, slots=True)
class Reach:
    """What multipliers prove of all plans."""

    total: int  # the bound, in shares
    beyond: Ints  # of each group, what it costs beyond the multipliers, in shares
    shares: int  # so many make one of the objective's integers
    values: Floats  # the solution in fractions, of each group

    @property
    def bound(self) -> int:
        """No plan has a lower value."""
        return -(-self.total // self.shares)

    def least(self) -> Ints:
        """Give for each group a value below which no plan is that holds it."""
        return np.asarray(-((-self.total - np.maximum(self.beyond, 0)) // self.shares))


def row_of(coefficients: Ints, most: int) -> Row:
    """Make a row of coefficients that are not negative, small ones if need be."""
    by = max(1, -(-int(coefficients.max(initial=0)) // _MOST_COEFFICIENT))
    return Row(csr_array((coefficients // by)[None, :]), most // by)


def reach_of(
    costs: Ints,
    holders: csr_array,
    rows: Iterable[Row],
    *,
    most_groups: int,
    known: int | None = None,
) -> Reach | None:
    """Bound the plans: groups by what each costs, ``holders`` has a row of 0 and 1 for each unit.

    Ends early where the bound comes to the value known, or rules out all groups but a few.
    """
    program = _Program(costs, holders, list(rows), most_groups)
    best, n_rows = None, len(program.rows)
    tried: set[tuple[int, int, int]] = set()
    for _ in range(_MOST_ROUNDS):
        started = time.monotonic()
        reach = program.solve()
        if reach is None:
            break
        gain = reach.total - best.total if best else reach.total
        if best is None or gain > 0:
            best = reach
        spent_s, limit_s = time.monotonic() - started, left_s()
        if limit_s is not None and spent_s > limit_s:
            break
        if known is not None and int((best.least() <= known).sum()) <= _FEW:
            break
        if tried and gain < _LEAST_GAIN * abs(best.total):
            break
        broken = sorted(t for t in _broken_threes(holders, reach.values) if t[1] not in tried)
        fresh = [three for _, three in broken[: max(60, holders.shape[0] // 3)]]
        if not fresh:
            break
        tried |= set(fresh)
        program.rows += [_at_most_one(holders, three) for three in fresh]
        n_added = sum(row.coefficients.nnz for row in program.rows[n_rows:])
        if n_added > _MOST_ADDED:
            break
    return best


@dataclass(slots=True)
class _Program:
    """The partition program in fractions."""

    costs: Ints
    holders: csr_array
    rows: list[Row]
    most_groups: int

    def solve(self) -> Reach | None:
        """Solve with the rows there are by now; None where that fails or takes too long."""
        n_units, n_groups = self.holders.shape
        scale = scale_in_fractions(self.costs)
        table = vstack([row.coefficients for row in self.rows]) if self.rows else None
        limit_s = left_s()
        found = linprog(
            self.costs / scale,
            A_eq=self.holders,
            b_eq=np.ones(n_units),
            A_ub=table,
            b_ub=[float(row.most) for row in self.rows] if self.rows else None,
            method="highs-ds" if n_units * n_groups <= _MOST_FOR_SIMPLEX else "highs-ipm",
            options={} if limit_s is None else {"time_limit": max(limit_s, 0.01)},
        )
        if found.status != 0:
            return None
        of_rows = found.ineqlin.marginals * scale if self.rows else np.zeros(0)
        return self._proved(found.x, found.eqlin.marginals * scale, of_rows, table)

    def _proved(
        self, values: Floats, of_units: Floats, of_rows: Floats, table: csr_array | None
    ) -> Reach | None:
        """Count in integers what multipliers prove, whatever they are."""
        highest = int(np.abs(self.costs).max())
        shares = 1 << max(0, _BITS - highest.bit_length())
        y = np.rint(of_units * shares)
        z = np.minimum(np.rint(of_rows * shares), 0)
        most = np.array([row.most for row in self.rows], dtype=float)
        size = np.abs(y).sum() + np.abs(z).sum() * _MOST_COEFFICIENT + np.abs(z * most).sum()
        if size + float(highest) * shares >= _SAFE / max(self.most_groups, 1):
            return None
        multiples, fall = y.astype(np.int64), z.astype(np.int64)
        beyond = self.costs * shares - self.holders.T.astype(np.int64) @ multiples
        if table is not None:
            beyond -= table.T.astype(np.int64) @ fall
        total = int(multiples.sum()) + sum(
            int(f) * row.most for f, row in zip(fall, self.rows, strict=True)
        )
        # A plan may gain by each of its groups what multipliers in whole numbers are off by.
        total += self.most_groups * min(0, int(beyond.min()))
        return Reach(total, beyond, shares, values)


def _at_most_one(holders: csr_array, three: tuple[int, int, int]) -> Row:
    held = csr_array(sum(holders[[unit], :] for unit in three))
    held.data = (held.data >= 2).astype(np.int64)  # noqa: PLR2004 - two of the three
    held.eliminate_zeros()
    return Row(held.astype(np.int64), 1)


def _broken_threes(
    holders: csr_array, values: Floats
) -> Iterator[tuple[float, tuple[int, int, int]]]:
    """Give three units of which groups of more than one in all hold two, the most broken lowest."""
    in_part = np.flatnonzero((values > _FRACTION) & (values < 1 - _FRACTION))
    held = holders[:, in_part].toarray()
    weighed = held * values[in_part]
    pairs = weighed @ held.T
    np.fill_diagonal(pairs, 0)
    for i, row in enumerate(pairs):
        later = np.flatnonzero(row > _FRACTION)
        later = later[later > i]
        if len(later) > 1:
            near = held[later]
            all_three = (near * weighed[i]) @ near.T
            two = row[later][:, None] + row[later] + pairs[np.ix_(later, later)] - 2 * all_three
            for a, b in zip(*np.nonzero(np.triu(two, 1) > 1 + _LEAST_BROKEN), strict=True):
                yield -float(two[a, b]), (i, int(later[a]), int(later[b]))
