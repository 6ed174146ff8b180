"""Minutes between schools for the page: a formula with its exceptions, or sums for each unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.geography.travel import UNKNOWN, to_centiminutes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cluster_optimiser.domain import Problem, TravelSpec

PLACE_DECIMALS = 3
"""Decimals of metres that the page computes with."""

MOST_EXCEPTIONS = 20_000
"""Pairs of schools that may differ from the formula before the formula is of no use."""


def places(problem: Problem) -> NDArray[np.float64]:
    """Give where schools lie, as the page is told.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    Shape (n_schools, 2), EPSG:27700.
    """
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
    """Give the formula of an estimate, with the pairs of schools where it does not hold.

    Parameters
    ----------
    problem
        The problem, its minutes among it.

    Returns
    -------
    ``constant_min``, ``bands`` (None for no upper end) and ``exact``: from, to, hundredths of
    minutes. None where minutes are not estimated.
    """
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


def travel_sums(problem: Problem, unit_at: NDArray[np.int64], n_units: int) -> dict[str, Any]:
    """Give, for each unit and school, the pupil minutes and the longest minutes of the way there.

    Parameters
    ----------
    problem
        The problem.
    unit_at
        Each school's unit by number, -1 where it has none.
    n_units
        Units in all.

    Returns
    -------
    ``total`` and ``longest``, one list a unit with one number a school, in hundredths of minutes;
    -1 where a school with pupils, or any school, cannot be reached.
    """
    centi = to_centiminutes(problem.travel.minutes)
    pupils = problem.authority.schools["pupils"].to_numpy(dtype=np.int64)
    total, longest = [], []
    for unit in range(n_units):
        ways, weight = centi[unit_at == unit], pupils[unit_at == unit]
        is_unknown = ways == UNKNOWN
        costs = (np.where(is_unknown, 0, ways) * weight[:, None]).sum(axis=0)
        costs[(is_unknown & (weight[:, None] > 0)).any(axis=0)] = -1
        most = ways.max(axis=0, initial=0)
        most[is_unknown.any(axis=0)] = -1
        total.append(costs.tolist())
        longest.append(most.tolist())
    return {"total": total, "longest": longest}


def positions(problem: Problem, urns: pd.Series) -> NDArray[np.int64]:
    """Give where schools stand in the register.

    Parameters
    ----------
    problem
        The problem.
    urns
        URNs, missing where there is none.

    Returns
    -------
    Positions from 0, -1 where there is none.
    """
    wanted = pd.Index(urns.fillna(-1).astype("int64"))
    found: NDArray[np.int64] = problem.authority.schools.index.get_indexer(wanted)
    return found
