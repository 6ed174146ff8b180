"""The estimate against minutes by road: how far out it is, where, and what would fit better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from cluster_optimiser.domain import TravelSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

BAND_EDGES_KM = (0.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0, math.inf)
"""Bands of straight-line distance that errors are told by."""

FIT_UP_TO_KM = 40.0
"""Pairs further apart than this are in no cluster together, and do not count for the fit."""

FIT_BREAK_KM = 10.0
"""Where the fitted estimate changes its minutes per km."""

WORST_UP_TO_KM = 20.0
"""Pairs further apart than this could hardly share a cluster, and are not named among the worst."""

N_WORST = 10

ESTIMATE_COLUMNS = ("estimate_min", "error_min", "error_p90_min", "close_share")
"""Endings of the columns that need an estimate."""

CLOSE_MIN = 5.0
"""An estimate this near counts as good."""


@dataclass(frozen=True, slots=True, eq=False)
class RoadComparison:
    """The estimate against minutes by road."""

    n_pairs: int  # pairs of schools on different sites with minutes by road, and those without
    n_unknown: int  # pairs of schools on different sites with minutes by road, and those without
    bands: pd.DataFrame
    worst: pd.DataFrame
    estimate: TravelSpec | None
    fit: TravelSpec
    fit_abs_error_min: float
    abs_error_min: float


def compare_estimate(
    urns: NDArray[np.int64],
    km: NDArray[np.float64],
    road_min: NDArray[np.float64],
    estimate: TravelSpec | None,
    estimated: Callable[[NDArray[np.float64], TravelSpec], NDArray[np.float64]],
) -> RoadComparison:
    """Compare an estimate with minutes by road."""
    one, other = np.triu_indices(len(urns), k=1)
    apart = km[one, other] > 0
    one, other = one[apart], other[apart]
    both = (road_min[one, other] + road_min[other, one]) / 2
    known = ~np.isnan(both)
    pairs = pd.DataFrame(
        {
            "from_urn": urns[one[known]],
            "to_urn": urns[other[known]],
            "km": km[one, other][known],
            "road_min": both[known],
        }
    )
    fit = fit_estimate(pairs)
    judged = estimate if estimate is not None else fit
    pairs["estimate_min"] = estimated(pairs["km"].to_numpy(), judged)
    near = pairs[pairs["km"] <= FIT_UP_TO_KM]
    of_fit = np.abs(estimated(near["km"].to_numpy(), fit) - near["road_min"].to_numpy())
    of_estimate = (near["estimate_min"] - near["road_min"]).abs().to_numpy()
    bands = band_errors(pairs)
    if estimate is None:
        bands = bands.drop(columns=[n for n in bands if str(n).endswith(ESTIMATE_COLUMNS)])
    return RoadComparison(
        n_pairs=len(pairs),
        n_unknown=int((~known).sum()),
        bands=bands,
        worst=worst_pairs(pairs),
        estimate=estimate,
        fit=fit,
        fit_abs_error_min=float(of_fit.mean()) if len(near) else math.nan,
        abs_error_min=float(of_estimate.mean()) if len(near) and estimate else math.nan,
    )


def band_errors(pairs: pd.DataFrame) -> pd.DataFrame:
    """Tell errors by band of distance."""
    rows = []
    for from_km, to_km in pairwise(BAND_EDGES_KM):
        held = pairs[(pairs["km"] > from_km) & (pairs["km"] <= to_km)]
        if held.empty:
            continue
        road, estimate = held["road_min"].to_numpy(), held["estimate_min"].to_numpy()
        error = estimate - road
        rows.append(
            {
                "from_km": from_km,
                "to_km": to_km,
                "n_pairs": len(held),
                "road_min": float(road.mean()),
                "road_p10_min": float(np.quantile(road, 0.1)),
                "road_p90_min": float(np.quantile(road, 0.9)),
                "estimate_min": float(estimate.mean()),
                "error_min": float(error.mean()),
                "abs_error_min": float(np.abs(error).mean()),
                "abs_error_p90_min": float(np.quantile(np.abs(error), 0.9)),
                "close_share": float((np.abs(error) <= CLOSE_MIN).mean()),
            }
        )
    return pd.DataFrame(rows).round(4)


def worst_pairs(pairs: pd.DataFrame, *, n: int = N_WORST) -> pd.DataFrame:
    """Find where the way by road is longest beyond the estimate: mostly over water."""
    near = pairs[(pairs["km"] <= WORST_UP_TO_KM) & (pairs["road_min"] > pairs["estimate_min"])]
    excess = (near["road_min"] - near["estimate_min"]).to_numpy()
    order = np.lexsort((near["to_urn"], near["from_urn"], -np.round(excess, 6)))
    seen: set[int] = set()
    chosen: list[int] = []
    for position in order.tolist():
        ends = {int(near["from_urn"].iloc[position]), int(near["to_urn"].iloc[position])}
        if len(chosen) < n and not ends & seen:
            seen |= ends
            chosen.append(position)
    return near.iloc[chosen].round(2).reset_index(drop=True)


def fit_estimate(pairs: pd.DataFrame) -> TravelSpec:
    """Fit the estimate to minutes by road.

    minutes = constant + a x (km up to 10) + b x (km beyond), by least squares over pairs up to
    40 km apart, none of the three below 0.
    """
    near = pairs[pairs["km"] <= FIT_UP_TO_KM]
    km = near["km"].to_numpy()
    parts = np.column_stack(
        [np.ones(len(km)), np.minimum(km, FIT_BREAK_KM), np.maximum(km - FIT_BREAK_KM, 0.0)]
    )
    constant, first, second = 0.0, 0.0, 0.0
    if len(km):
        constant, first, second = (float(x) for x in np.round(nnls(parts, near["road_min"])[0], 2))
    return TravelSpec(
        "estimate", constant_min=constant, bands=((FIT_BREAK_KM, first), (math.inf, second))
    )
