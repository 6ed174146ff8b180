"""The numbers that files may state: each with a lower and an upper bound, and finite.

The bounds are far above what any authority has and far below what arithmetic or memory can bear.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from cluster_optimiser.constants import MOST_PUPILS

MOST_MINUTES = 100_000.0
"""Minutes of a trip: ten weeks."""

MOST_M = 2_000_000.0
"""Metres: longer than Great Britain."""

SNAP_M = 1.0
"""Borders drawn within this distance of each other count as one: files drawn by hand have gaps."""

MOST_URN = 999_999_999


def _no_truth(value: object) -> object:
    """Refuse true and false, which Python takes for 1 and 0."""
    if isinstance(value, bool):
        kind, text = "truth", "true and false are no numbers"
        raise PydanticCustomError(kind, text)
    return value


NUMBER = BeforeValidator(_no_truth)

Pupils = Annotated[int, Field(ge=0, le=MOST_PUPILS), NUMBER]
SomePupils = Annotated[int, Field(ge=1, le=MOST_PUPILS), NUMBER]
Few = Annotated[int, Field(ge=0, le=10_000), NUMBER]
"""A number of clusters, or of schools."""
Some = Annotated[int, Field(ge=1, le=10_000), NUMBER]
Secondaries = Annotated[int, Field(ge=0, le=1_000), NUMBER]
Metres = Annotated[float, Field(gt=0, le=MOST_M, allow_inf_nan=False), NUMBER]
Amount = Annotated[float, Field(ge=0, le=MOST_MINUTES, allow_inf_nan=False), NUMBER]
"""Minutes, seconds or metres of a stated allowance."""
Speed = Annotated[float, Field(gt=0, le=1_000, allow_inf_nan=False), NUMBER]
"""Miles or kilometres an hour."""
Snap = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False), NUMBER]
Minutes = Annotated[float, Field(gt=0, le=MOST_MINUTES, allow_inf_nan=False), NUMBER]
Weight = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False), NUMBER]
Limit = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False), NUMBER]
"""Most of a term, in its own unit."""
Tolerance = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False), NUMBER]
"""Share by which a number may be less or more."""
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False), NUMBER]
Urn = Annotated[int, Field(ge=1, le=MOST_URN), NUMBER]
