"""The numbers that files may state: each with a lower and an upper bound, and finite.

The bounds are far above what any authority has and far below what arithmetic or memory can bear.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cluster_optimiser.constants import MOST_PUPILS

MOST_MINUTES = 100_000.0
"""Minutes of a trip: ten weeks."""

MOST_M = 2_000_000.0
"""Metres: longer than Great Britain."""

SNAP_M = 1.0
"""Borders drawn within this distance of each other count as one: files drawn by hand have gaps."""

MOST_URN = 999_999_999

Pupils = Annotated[int, Field(ge=0, le=MOST_PUPILS)]
SomePupils = Annotated[int, Field(ge=1, le=MOST_PUPILS)]
Few = Annotated[int, Field(ge=0, le=10_000)]
"""A number of clusters, or of schools."""
Some = Annotated[int, Field(ge=1, le=10_000)]
Secondaries = Annotated[int, Field(ge=0, le=1_000)]
Metres = Annotated[float, Field(gt=0, le=MOST_M, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=MOST_MINUTES, allow_inf_nan=False)]
"""Minutes, seconds or metres of a stated allowance."""
Speed = Annotated[float, Field(gt=0, le=1_000, allow_inf_nan=False)]
"""Miles or kilometres an hour."""
Snap = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Minutes = Annotated[float, Field(gt=0, le=MOST_MINUTES, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Limit = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
"""Most of a term, in its own unit."""
Tolerance = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
"""Share by which a number may be less or more."""
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Urn = Annotated[int, Field(ge=1, le=MOST_URN)]
