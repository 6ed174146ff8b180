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
class Row:
    """One constraint: low <= sum of coefficient times variable <= high.

    Parameters
    ----------
    terms
        Pairs of coefficient and variable.
    low, high
        The bounds; None where there is none.
    """

    terms: tuple[tuple[int, int], ...]
    low: int | None
    high: int | None

    def holds(self, values: Sequence[int]) -> bool:
        """Tell whether values keep the constraint.

        Parameters
        ----------
        values
            A value for each variable.

        Returns
        -------
        True where both bounds are kept.
        """
        total = sum(c * values[v] for c, v in self.terms)
        return (self.low is None or total >= self.low) and (self.high is None or total <= self.high)


@dataclass(slots=True)
class LinearModel:
    """Variables from 0 to an upper bound, and rows.

    Parameters
    ----------
    upper
        Upper bound of each variable.
    rows
        The constraints.
    """

    upper: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def variable(self, upper: int = 1) -> int:
        """Add a whole-number variable from 0.

        Parameters
        ----------
        upper
            Its upper bound.

        Returns
        -------
        Its number.
        """
        self.upper.append(upper)
        return len(self.upper) - 1

    def row(
        self, terms: Iterable[tuple[int, int]], *, low: int | None = None, high: int | None = None
    ) -> None:
        """Add a constraint.

        Parameters
        ----------
        terms
            Pairs of coefficient and variable; a variable may stand several times.
        low, high
            The bounds; at least one.
        """
        added: dict[int, int] = {}
        for coefficient, variable in terms:
            added[variable] = added.get(variable, 0) + coefficient
        kept = tuple((c, v) for v, c in added.items() if c)
        self.rows.append(Row(kept, low, high))

    def may_be_kept(self) -> bool:
        """Tell whether no row contradicts itself: bounds crossed, or asking something of nothing.

        Returns
        -------
        False where the program is infeasible at first sight.
        """
        return all(
            (row.terms or row.holds(()))
            and (row.low is None or row.high is None or row.low <= row.high)
            for row in self.rows
        )

    def is_kept(self, values: Sequence[int]) -> bool:
        """Tell whether values keep every bound and every row, in exact integers.

        Parameters
        ----------
        values
            A value for each variable.

        Returns
        -------
        True where they do.
        """
        return all(0 <= v <= u for v, u in zip(values, self.upper, strict=True)) and all(
            row.holds(values) for row in self.rows
        )

    def without(self, dropped: Collection[int]) -> tuple[LinearModel, tuple[int, ...]]:
        """Give the program in which some variables are 0, without them.

        Parameters
        ----------
        dropped
            The variables.

        Returns
        -------
        A smaller program, and which variable here each of its variables is.
        """
        kept = tuple(v for v in range(len(self.upper)) if v not in dropped)
        number = {v: n for n, v in enumerate(kept)}
        smaller = LinearModel([self.upper[v] for v in kept])
        for row in self.rows:
            left = replace(row, terms=tuple((c, number[v]) for c, v in row.terms if v in number))
            if left.terms or not left.holds(()):
                smaller.rows.append(left)
        return smaller, kept


@dataclass(frozen=True, slots=True)
class Objective:
    """What is minimised: constant + sum of coefficient times variable.

    Parameters
    ----------
    terms
        Pairs of coefficient and variable.
    constant
        What is always added.
    """

    terms: tuple[tuple[int, int], ...]
    constant: int = 0

    def value(self, values: Sequence[int]) -> int:
        """Give the value at a solution.

        Parameters
        ----------
        values
            A value for each variable.

        Returns
        -------
        The value.
        """
        return self.constant + sum(c * values[v] for c, v in self.terms)

    def within(self, kept: Sequence[int]) -> Objective:
        """Give the objective of a smaller program.

        Parameters
        ----------
        kept
            Which variable here each variable of the smaller program is.

        Returns
        -------
        The objective in its variables.
        """
        number = {v: n for n, v in enumerate(kept)}
        return Objective(tuple((c, number[v]) for c, v in self.terms if v in number), self.constant)
