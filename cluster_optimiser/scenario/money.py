"""The tables of a scenario file that speak of money: what flows through clusters, and by what."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from cluster_optimiser.scenario.numbers import Some
from cluster_optimiser.scenario.tables import Table, refuse

PLAIN_MEASURES = ("pupils", "schools")
"""Measures of a formula that every register has; any other is a column of the register."""

Pounds = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)]
Weight = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=3)]


class FundingPart(Table):
    """One part of the formula that shares the pot."""

    measure: str
    """``pupils``, ``schools``, or a column of the register that counts pupils."""
    pounds: Pounds | None = None
    """A fixed sum for each one that is counted."""
    share: Annotated[Decimal, Field(gt=0, le=1)] | None = None
    """Share (0 to 1) of what the fixed sums leave of the pot, spread by the measure."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.pounds is None) == (self.share is None):
            refuse(f'the part "{self.measure}" needs pounds or share', "Give one of the two.")
        return self


class Funding(Table):
    """Money that flows through clusters: a sum a pupil, and a pot shared by a formula."""

    admin_pounds_per_pupil: Pounds = Decimal(0)
    """Administrative money of a cluster for each of its pupils."""
    pot_pounds: Pounds
    """What is shared between the schools of all clusters."""
    parts: Annotated[tuple[FundingPart, ...], Field(min_length=1)]
    """The formula."""
    without_phases: tuple[str, ...] = ()
    """Phases whose schools take no part in the pot, nor in the need: they are funded apart."""
    need: dict[str, Weight] = Field(default_factory=dict)
    """Measure -> weight of one pupil that is counted: they add up to weighted pupils."""
    capacity_pounds: Pounds = Decimal(0)
    """A fund for the clusters where the formula runs furthest behind need."""
    capacity_clusters: Some = 10
    """How many clusters that fund is meant for."""
    counts_are_public: bool = False
    """Counts of single schools are public anyway: they are added up as they are."""
    source: str = ""
    """Where the sums come from, printed with them."""
    note: str = ""
    """What a reader must know of the formula, printed with it."""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        shares = [part.share for part in self.parts if part.share is not None]
        if sum(shares) != 1:
            problem = f"the shares of the parts add up to {sum(shares)}"
            refuse(problem, "Make them add up to 1: what they leave would go to nobody.")
        if "schools" in self.need:
            refuse("need counts pupils, not schools", 'Remove "schools" from need.')
        return self

    @property
    def measures(self) -> tuple[str, ...]:
        """Columns of the register that formula and need count, each once."""
        named = [*(part.measure for part in self.parts), *self.need]
        return tuple(dict.fromkeys(m for m in named if m not in PLAIN_MEASURES))
