"""The table of a scenario file that says by which other pupils a plan is judged.

Projections are no forecast of ours: every figure is the user's, and says what it rests on.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from cluster_optimiser.scenario.numbers import Share
from cluster_optimiser.scenario.tables import Table, refuse

TODAY = "today"
"""Label of the register's own pupils."""

Percent = Annotated[float, Field(gt=-100, le=100, allow_inf_nan=False)]

Year = Annotated[int, Field(ge=1900, le=2200)]


class Growth(Table):
    """Pupils that grow or fall by a percentage a year, compounded, perhaps by area."""

    name: Annotated[
        str,
        Field(pattern=r"^[^\x00-\x1f]{1,40}$", description="Write 1 to 40 letters, in one line."),
    ]
    """What it is called, such as \"fewer births\"."""
    years: Annotated[tuple[Year, ...], Field(min_length=1, max_length=50)]
    """Years to be looked at, rising."""
    pct_per_year: Percent = 0.0
    """Per cent a year of every school that no area below names."""
    layer: str | None = None
    """Layer whose areas are named."""
    areas: dict[str, Percent] = Field(default_factory=dict)
    """Area of the layer -> per cent a year."""

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if any(b <= a for a, b in pairwise(self.years)):
            refuse("years do not rise", "Write each once, the earliest first.", "years")
        if self.areas and self.layer is None:
            refuse(
                "areas are named, but not the layer they belong to",
                'Add layer = "<name>".',
                "areas",
            )
        return self


class Spread(Table):
    """Pupils drawn at random about a projection, many times over, always the same for a seed."""

    relative_sd: Share
    """Standard deviation of a school's pupils as a share of them: 0.05 for five per cent."""
    draws: Annotated[int, Field(ge=1, le=5000)] = 200
    """How many draws."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Fixes the draws."""
    layer: str | None = None
    """Layer in whose areas schools rise and fall together."""
    correlation: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    """Correlation of two schools of one area; without a layer, of any two schools."""
    about: str = TODAY
    """Label of the projection that is drawn about, or \"today\"."""


class Projection(Table):
    """Sets of pupils that a plan is judged by besides today's."""

    assumption: Annotated[str, Field(min_length=1)]
    """What the figures rest on, in words; it is printed with every number made from them."""
    columns: tuple[str, ...] = ()
    """Columns of the school register, each a projection; four figures at the end are its year."""
    file: str | None = None
    """A CSV urn,year,pupils, relative to this file: one projection a year."""
    from_year: Year | None = None
    """Year that growth counts from; without it that of the data."""
    growth: tuple[Growth, ...] = ()
    spread: Spread | None = None
    """Draws at random; without it none."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.columns or self.file or self.growth or self.spread):
            refuse("there is no projection", "Add columns, file, growth or spread.")
        names = [growth.name for growth in self.growth]
        if len(set(names)) != len(names) or len(set(self.columns)) != len(self.columns):
            refuse("a name stands twice", "Give each growth and each column once.")
        return self
