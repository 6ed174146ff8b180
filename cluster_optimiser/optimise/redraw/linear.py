"""An integer program in plain whole numbers, which any engine can be given.

Constraints are written once, against this, and read off exactly: a solution that an engine returns
is checked here in integers before anything is believed of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

Terms = list[tuple[int, int]]
"""Pairs of (coefficient, variable)."""


@dataclass(frozen=True, slots=True)
class LinearRow:
    """One constraint: low <= sum of coefficient times variable <= high."""

    terms: tuple[tuple[int, int], ...]  # pairs of coefficient and variable
    low: int | None  # the bounds; None where there is none
    high: int | None

    @property
    def is_mostly_kept(self) -> bool:
        """Tell whether it says of units and hubs what most of them keep without being told.

        That a hub is open, that neighbours are there too: there are two such rows for every pair.
        """
        return self.low is None and self.high == 0 and all(abs(c) == 1 for c, _ in self.terms)

    def holds(self, values: Sequence[int]) -> bool:
        total = sum(c * values[v] for c, v in self.terms)
        return (self.low is None or total >= self.low) and (self.high is None or total <= self.high)


@dataclass(slots=True)
class LinearModel:
    """Variables from 0 to an upper bound, and rows."""

    upper: list[int] = field(default_factory=list)  # upper bound of each variable
    rows: list[LinearRow] = field(default_factory=list)  # the constraints

    def variable(self, upper: int = 1) -> int:
        """Add a whole-number variable from 0."""
        self.upper.append(upper)
        return len(self.upper) - 1

    def row(
        self, terms: Iterable[tuple[int, int]], *, low: int | None = None, high: int | None = None
    ) -> None:
        added: dict[int, int] = {}
        for coefficient, variable in terms:
            added[variable] = added.get(variable, 0) + coefficient
        kept = tuple((c, v) for v, c in added.items() if c)
        self.rows.append(LinearRow(kept, low, high))

    def may_be_kept(self) -> bool:
        """Tell whether no row contradicts itself: crossed bounds, or an empty sum asked for."""
        return all(
            (row.terms or row.holds(()))
            and (row.low is None or row.high is None or row.low <= row.high)
            for row in self.rows
        )

    def is_kept(self, values: Sequence[int]) -> bool:
        """Tell whether values keep every bound and every row, in exact integers."""
        return all(0 <= v <= u for v, u in zip(values, self.upper, strict=True)) and all(
            row.holds(values) for row in self.rows
        )

    def without(
        self, dropped: Collection[int], loose: Collection[int] = ()
    ) -> tuple[LinearModel, tuple[int, ...]]:
        """Give the program in which some variables are 0, without them and without loose rows."""
        kept = tuple(v for v in range(len(self.upper)) if v not in dropped)
        number = {v: n for n, v in enumerate(kept)}
        smaller = LinearModel([self.upper[v] for v in kept])
        for at, row in enumerate(self.rows):
            if at in loose:
                continue
            left = replace(row, terms=tuple((c, number[v]) for c, v in row.terms if v in number))
            if left.terms or not left.holds(()):
                smaller.rows.append(left)
        return smaller, kept


@dataclass(frozen=True, slots=True)
class LinearObjective:
    """What is minimised: constant + sum of coefficient times variable."""

    terms: tuple[tuple[int, int], ...]  # pairs of coefficient and variable
    constant: int = 0  # what is always added

    @property
    def merged(self) -> tuple[tuple[int, int], ...]:
        added: dict[int, int] = {}
        for c, v in self.terms:
            added[v] = added.get(v, 0) + c
        return tuple((c, v) for v, c in added.items() if c)

    def value(self, values: Sequence[int]) -> int:
        return self.constant + sum(c * values[v] for c, v in self.terms)

    def within(self, kept: Sequence[int]) -> LinearObjective:
        number = {v: n for n, v in enumerate(kept)}
        return LinearObjective(
            tuple((c, number[v]) for c, v in self.terms if v in number), self.constant
        )
