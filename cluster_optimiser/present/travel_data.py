"""Minutes between schools for the page: a formula with its exceptions, or all of them, packed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.geography.travel import UNKNOWN, to_centiminutes
from cluster_optimiser.present.packing import BASE, packed_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cluster_optimiser.domain import Problem, TravelSpec

PLACE_DECIMALS = 3
"""Decimals of metres that the page computes with."""

MOST_EXCEPTIONS = 20_000
"""Pairs of schools that may differ from the formula before the formula is of no use."""


def places(problem: Problem) -> NDArray[np.float64]:
    """Give where schools lie, as the page is told."""
    xy = shapely.get_coordinates(problem.authority.schools.geometry.to_numpy())
    return np.round(xy, PLACE_DECIMALS)


def _by_formula(xy: NDArray[np.float64], spec: TravelSpec) -> NDArray[np.int64]:
    """Compute hundredths of minutes as the page does, operation by operation."""
    dx, dy = xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1]
    km = np.sqrt(dx * dx + dy * dy) / 1000
    minutes = np.full(km.shape, spec.constant_min)
    start_km = 0.0
    for end_km, min_per_km in spec.bands:
        minutes = minutes + np.minimum(np.maximum(km - start_km, 0), end_km - start_km) * min_per_km
        start_km = end_km
    return np.where(km == 0, 0, np.floor(minutes * 100 + 0.5)).astype(np.int64)


def travel_formula(problem: Problem) -> dict[str, Any] | None:
    """Give the formula of an estimate, with the pairs of schools where it does not hold."""
    spec = problem.authority.travel
    if spec.method != "estimate":
        return None
    true, made = to_centiminutes(problem.travel.minutes), _by_formula(places(problem), spec)
    rows, columns = np.nonzero(true != made)
    if len(rows) > MOST_EXCEPTIONS or (true == UNKNOWN).any():
        return None
    return {
        "constant_min": spec.constant_min,
        "bands": [[None if np.isinf(end) else end, rate] for end, rate in spec.bands],
        "exact": [[int(i), int(j), int(true[i, j])] for i, j in zip(rows, columns, strict=True)],
    }


def travel_matrix(problem: Problem) -> dict[str, Any]:
    """Give the minutes between all schools, packed, where no formula tells them."""
    centi = to_centiminutes(problem.travel.minutes)
    # No way takes longer than the digits can tell: some five days.
    known = np.where(centi == UNKNOWN, 0, np.minimum(centi, BASE**3 - 2) + 1)
    is_symmetric = bool((known == known.T).all())
    rows = []
    for school, ways in enumerate(known.tolist()):
        told = ways[school + 1 :] if is_symmetric else ways[:school] + ways[school + 1 :]
        rows.append("".join(map(packed_number, told)))
    return {"is_symmetric": is_symmetric, "rows": rows}


def positions(problem: Problem, urns: pd.Series) -> NDArray[np.int64]:
    wanted = pd.Index(urns.fillna(-1).astype("int64"))
    found: NDArray[np.int64] = problem.authority.schools.index.get_indexer(wanted)
    return found
