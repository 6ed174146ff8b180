"""Ranks and quantiles of a cost over all legal plans, by the quickest way that is exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cluster_optimiser.optimise.universe.diagram import Diagram, counts_to_go, least_to_go, only
from cluster_optimiser.optimise.universe.ranking import Halves, chosen_cut, columns_of
from cluster_optimiser.optimise.universe.rounding import RoundedCounts, spread_of, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.arrays import Ints

_PER_ENTRY = 4
"""Numbers of `Spread` that may be kept at once for each cost that `Halves` may keep: its costs take
several words each, and as much again while they are sorted."""

_ENTRY_STEPS = 500
"""Additions of numbers that take as long as sorting and searching for one cost."""

_ARC_STEPS = 1000
"""Additions of numbers that take as long as turning to the next arc."""

_HELP = 4
"""Bounds from rounded costs help to search for a quantile where they are so much quicker."""


@dataclass(frozen=True, slots=True)
class Between:
    """How many plans are better and worse than a plan, at least and at most."""

    better_least: int  # plans that are better
    better_most: int  # plans that are better
    worse_least: int  # plans that are worse
    worse_most: int  # plans that are worse


class Ranks:
    """Where plans rank by a cost, exactly or between proved bounds."""

    def __init__(self, diagram: Diagram, rows: Ints, *, n_plans: int, max_entries: int) -> None:
        least = [int(least_to_go(diagram, row[None, :])[0, 0]) for row in rows]
        greatest = [-int(least_to_go(diagram, -row[None, :])[0, 0]) for row in rows]
        self.columns = columns_of(rows, least, greatest)
        self.bounds = (least[0], greatest[0])
        self.n_plans = n_plans
        self._diagram = diagram
        self._is_same = least == greatest
        if self._is_same:
            return
        self._width, n_steps = width_of(diagram, self.columns[0], _PER_ENTRY * max_entries)
        self._cut, self._n_entries = chosen_cut(diagram, self.columns)
        rounding_steps = n_steps + _ARC_STEPS * len(diagram.to)
        is_quicker = rounding_steps < _ENTRY_STEPS * self._n_entries
        self._is_helped = _HELP * rounding_steps < _ENTRY_STEPS * self._n_entries
        self._is_halved = self._n_entries <= max_entries and not (
            is_quicker and len(self.columns) == 1 and self._loses_nothing
        )

    @property
    def _loses_nothing(self) -> bool:
        return bool((self.columns[0] % self._width == 0).all())

    @property
    def n_kept(self) -> int:
        """Costs that are kept for the next question."""
        if self._is_same:
            return 0
        return self._halves.n_entries if self._is_halved else len(self._spread.upto)

    @cached_property
    def _halves(self) -> Halves:
        return Halves(self._diagram, self.columns, self._cut)

    @cached_property
    def _spread(self) -> RoundedCounts:
        first = self.columns[0]
        return spread_of(self._diagram, first, width=self._width, n_plans=self.n_plans)

    def value_at(self, rank: int) -> tuple[int, int]:
        """Give the cost of the plan at a rank, plans sorted by a cost of one column."""
        if self._is_same:
            return self.bounds
        if not self._is_halved:
            lowest, highest = self.bounds
            least, most = self._spread.value_at(rank)
            return max(least, lowest), min(most, highest)
        least, most = self._spread.value_at(rank) if self._is_helped else self.bounds
        value = self._halves.value_at(rank, guesses=(least - 1, most))
        return value, value

    def of(self, groups: Sequence[int]) -> Between:
        """Say how many plans are better and worse than a plan."""
        if self._is_same:
            return Between(0, 0, 0, 0)
        if self._is_halved:
            cost = self._halves.cost_of(groups)
            below = self._halves.count(cost, is_equal_counted=False)
            above = self.n_plans - self._halves.count(cost)
            return Between(below, below, above, above)
        own = int(self.columns[0, list(groups)].sum())
        below_least, below_most = self._spread.n_below(own)
        upto_least, upto_most = self._spread.n_below(own + 1)
        if len(self.columns) > 1:
            # Plans that are equal in the first column may be on either side.
            below_most, upto_least = upto_most, below_least
        # The plan itself is neither better nor worse.
        return Between(
            below_least,
            min(below_most, self.n_plans - 1),
            self.n_plans - upto_most,
            min(self.n_plans - upto_least, self.n_plans - 1),
        )


class LargestRanks:
    """Where plans rank by the largest cost of their groups, exactly."""

    n_kept = 0

    def __init__(self, diagram: Diagram, costs: Ints, *, n_plans: int) -> None:
        self._diagram, self._costs, self.n_plans = diagram, costs, n_plans
        self._costs_met = np.unique(costs[diagram.group])
        self._known: dict[int, int] = {}

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest that a plan has."""
        return self.value_at(1)[0], int(self._costs_met[-1])

    def n_upto(self, place: int) -> int:
        """Count the plans that have at most the cost at a place."""
        if place not in self._known:
            kept = (
                only(self._diagram, self._costs <= self._costs_met[place]) if place >= 0 else None
            )
            has_plans = kept is not None and kept.has_plans
            self._known[place] = int(counts_to_go(kept)[0]) if kept and has_plans else 0
        return self._known[place]

    def value_at(self, rank: int) -> tuple[int, int]:
        """Give the cost of the plan at a rank."""
        low, high = 0, len(self._costs_met) - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.n_upto(middle) >= rank else (middle + 1, high)
        return int(self._costs_met[low]), int(self._costs_met[low])

    def mean(self) -> Fraction:
        """Give the mean over all plans."""
        upto = [0, *map(self.n_upto, range(len(self._costs_met)))]
        counts = (more - fewer for fewer, more in pairwise(upto))
        total = sum(n * c for n, c in zip(counts, self._costs_met.tolist(), strict=True))
        return Fraction(total, self.n_plans)

    def of(self, groups: Sequence[int]) -> Between:
        """Say how many plans are better and worse than a plan."""
        at = int(np.searchsorted(self._costs_met, self._costs[list(groups)].max()))
        better, worse = self.n_upto(at - 1), self.n_plans - self.n_upto(at)
        return Between(better, better, worse, worse)
