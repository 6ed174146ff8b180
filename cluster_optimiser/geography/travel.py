"""Minutes between schools."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cluster_optimiser.constants import CENTIMINUTES_PER_MINUTE, METRES_PER_KM
from cluster_optimiser.domain import Authority, TravelMinutes, TravelSpec
from cluster_optimiser.inputs.checking import FaultList, Problem, having, reader_of, urn_of
from cluster_optimiser.inputs.files import read_csv
from cluster_optimiser.inputs.travel import MATRIX_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from cluster_optimiser.arrays import Floats, Ints

UNKNOWN = -1
"""Stands for NaN in a matrix of centiminutes."""


def straight_line_km(points: gpd.GeoSeries) -> Floats:
    """Give the straight-line distance between every two points."""
    x, y = points.x.to_numpy(), points.y.to_numpy()
    return np.asarray(np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :]) / METRES_PER_KM)


def estimated_minutes(km: Floats, spec: TravelSpec) -> Floats:
    """Estimate minutes from straight-line kilometres by the authority's stated bands.

    minutes = constant + sum over bands of (kilometres of the trip within the band) x (minutes per
    km); 0 where the distance is 0, so that schools on one site are not minutes apart.

    >>> spec = TravelSpec("estimate", constant_min=4.0, bands=((10.0, 1.3), (float("inf"), 0.9)))
    >>> estimated_minutes(np.array([0.0, 10.0, 20.0]), spec).tolist()
    [0.0, 17.0, 26.0]
    """
    minutes = np.full(km.shape, spec.constant_min)
    start_km = 0.0
    for end_km, min_per_km in spec.bands:
        minutes = minutes + np.clip(km - start_km, 0.0, end_km - start_km) * min_per_km
        start_km = end_km
    return np.where(km == 0.0, 0.0, minutes).astype(np.float64).round(2)


def matrix_minutes(spec: TravelSpec, urns: Ints) -> Floats:
    """Give the minutes of a table between schools; trips of other schools are passed over."""
    pairs = pd.DataFrame(columns=list(MATRIX_COLUMNS), dtype=object)
    if spec.matrix:
        faults = FaultList()
        table = read_csv(spec.matrix.read_bytes(), file=spec.matrix.name, faults=faults)
        table = having(table, MATRIX_COLUMNS, faults)
        faults.raise_any()
        pairs = pairs if table is None else table.cells
    read = reader_of(pairs["minutes"].unique())
    pairs = pairs.assign(
        from_urn=pairs["from_urn"].map(urn_of),
        to_urn=pairs["to_urn"].map(urn_of),
        minutes=[_minutes_of(text, read) for text in pairs["minutes"]],
    )
    pairs = pairs[pairs["from_urn"].isin(urns) & pairs["to_urn"].isin(urns)]
    minutes = np.full((len(urns), len(urns)), np.nan)
    position = {urn: i for i, urn in enumerate(urns.tolist())}
    rows = pairs["from_urn"].map(position).to_numpy()
    columns = pairs["to_urn"].map(position).to_numpy()
    minutes[rows, columns] = pairs["minutes"].to_numpy(dtype=float)
    np.fill_diagonal(minutes, 0.0)
    return np.round(minutes, 2)


def _minutes_of(text: str, read: Callable[[str], float | Problem]) -> float:
    minutes = read(text) if text else math.nan
    return math.nan if isinstance(minutes, Problem) else minutes


def travel_minutes(authority: Authority) -> TravelMinutes:
    """Give the minutes between an authority's schools by the method it states."""
    spec = authority.travel
    urns = authority.schools.index.to_numpy(dtype=np.int64)
    if spec.method == "roads":
        # With its own imports: an estimate needs none of them.
        from cluster_optimiser.geography.roads.minutes import measured_minutes, road_note  # noqa: PLC0415

        measured = measured_minutes(authority)
        return TravelMinutes(
            urns=urns, minutes=measured.minutes, note=road_note(authority, measured)
        )
    if spec.method == "matrix":
        minutes = matrix_minutes(spec, urns)
    else:
        minutes = estimated_minutes(straight_line_km(authority.schools.geometry), spec)
    return TravelMinutes(urns=urns, minutes=minutes, note=spec.note)


@dataclass(frozen=True, slots=True)
class Drive:
    """The drive between two areas: between the two schools, one of each, that are nearest by it."""

    minutes: float
    positions: tuple[int, int] | None


def drive_between(minutes: Floats, one: Ints, other: Ints) -> Drive:
    """Find the drive between two areas.

    >>> minutes = np.array([[0.0, 9.0, 5.0], [9.0, 0.0, np.nan], [7.0, 4.0, 0.0]])
    >>> drive_between(minutes, np.array([0]), np.array([1, 2]))
    Drive(minutes=7.0, positions=(0, 2))
    """
    # NaN wins in a maximum: a way that is known in one direction only is not known.
    both = np.maximum(minutes[np.ix_(one, other)], minutes[np.ix_(other, one)].T)
    if not both.size or np.isnan(both).all():
        return Drive(math.nan, None)
    i, j = np.unravel_index(int(np.nanargmin(both)), both.shape)
    return Drive(float(both[i, j]), (int(one[i]), int(other[j])))


def to_centiminutes(minutes: Floats) -> Ints:
    """Give minutes as whole hundredths, `UNKNOWN` where they are NaN.

    Pupils times centiminutes add up exactly, so two ways of adding agree to the last digit.
    """
    scaled = np.rint(minutes * CENTIMINUTES_PER_MINUTE)
    return np.where(np.isnan(minutes), UNKNOWN, scaled).astype(np.int64)
