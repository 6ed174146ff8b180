"""Minutes against other minutes: how far out they are, where, and what would fit better."""

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

    from cluster_optimiser.arrays import Floats, Ints

BAND_EDGES_KM = (0.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0, math.inf)
"""Bands of straight-line distance that errors are told by."""

FIT_UP_TO_KM = 40.0
"""Pairs further apart than this are in no cluster together, and do not count for the fit."""

FIT_BREAK_KM = 10.0
"""Where the fitted estimate changes its minutes per km."""

WORST_UP_TO_KM = 20.0
"""Pairs further apart than this could hardly share a cluster, and are not named among the worst."""

N_WORST = 10

LEAST_PAIRS = 10

ESTIMATE_COLUMNS = ("estimate_min", "error_min", "error_p90_min", "close_share")
"""Endings of the columns that need an estimate."""

CLOSE_MIN = 5.0
"""An estimate this near counts as good."""


@dataclass(frozen=True, slots=True, eq=False)
class RoadComparison:
    n_pairs: int  # pairs of schools on different sites with minutes by road
    n_unknown: int  # those without
    bands: pd.DataFrame
    worst: pd.DataFrame
    estimate: TravelSpec | None
    fit: TravelSpec | None  # None where there are fewer than `LEAST_PAIRS`
    fit_abs_error_min: float
    abs_error_min: float


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """The product's minutes against those of another table, trip by trip, there and back."""

    n_trips: int  # trips between different sites that both know
    n_only_ours: int
    n_only_theirs: int
    error_min: float  # ours less theirs, on average
    abs_error_min: float
    bands: pd.DataFrame
    worst: pd.DataFrame
    fit: tuple[float, float] | None  # constant and slope: theirs = constant + slope x ours


def compare_estimate(
    urns: Ints,
    km: Floats,
    road_min: Floats,
    estimate: TravelSpec | None,
    estimated: Callable[[Floats, TravelSpec], Floats],
) -> RoadComparison:
    one, other = np.triu_indices(len(urns), k=1)
    apart = km[one, other] > 0
    one, other = one[apart], other[apart]
    both = (road_min[one, other] + road_min[other, one]) / 2
    known = ~np.isnan(both)
    pairs = _pairs(urns, km, (one[known], other[known])).assign(road_min=both[known])
    near = pairs["km"] <= FIT_UP_TO_KM
    fit = fit_estimate(pairs) if near.sum() >= LEAST_PAIRS else None

    def error_of(spec: TravelSpec | None) -> float:
        if spec is None or not near.any():
            return math.nan
        error = estimated(pairs["km"].to_numpy(), spec) - pairs["road_min"]
        return float(error[near].abs().mean())

    judged = estimate or fit
    blank = np.full(len(pairs), np.nan)
    told = blank if judged is None else estimated(pairs["km"].to_numpy(), judged)
    pairs = pairs.assign(estimate_min=told)
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
        fit_abs_error_min=error_of(fit),
        abs_error_min=error_of(estimate),
    )


def audit_minutes(urns: Ints, km: Floats, ours: Floats, theirs: Floats) -> Audit:
    """Compare minutes, trip by trip, with those that somebody else has measured."""
    apart, has_ours, has_theirs = km > 0, ~np.isnan(ours), ~np.isnan(theirs)
    known = np.nonzero(apart & has_ours & has_theirs)
    trips = _pairs(urns, km, known).assign(estimate_min=ours[known], road_min=theirs[known])
    error = trips["estimate_min"] - trips["road_min"]
    fit = None
    if len(trips) >= LEAST_PAIRS and float(np.ptp(trips["estimate_min"])) > 0:
        slope, constant = np.polyfit(trips["estimate_min"], trips["road_min"], 1)
        fit = (round(float(constant), 2), round(float(slope), 3))
    return Audit(
        n_trips=len(trips),
        n_only_ours=int((apart & has_ours & ~has_theirs).sum()),
        n_only_theirs=int((apart & has_theirs & ~has_ours).sum()),
        error_min=float(error.mean()),
        abs_error_min=float(error.abs().mean()),
        bands=band_errors(trips),
        worst=_furthest_out(trips, error.abs().to_numpy(), N_WORST),
        fit=fit,
    )


def _pairs(urns: Ints, km: Floats, at: tuple[Ints, ...]) -> pd.DataFrame:
    return pd.DataFrame({"from_urn": urns[at[0]], "to_urn": urns[at[1]], "km": km[at]})


def band_errors(pairs: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for from_km, to_km in pairwise(BAND_EDGES_KM):
        held = pairs[(pairs["km"] > from_km) & (pairs["km"] <= to_km)]
        if held.empty:
            continue
        road, estimate = held["road_min"].to_numpy(), held["estimate_min"].to_numpy()
        error = estimate - road
        row = {
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
        rows.append(row)
    return pd.DataFrame(rows).round(4)


def worst_pairs(pairs: pd.DataFrame, *, n: int = N_WORST) -> pd.DataFrame:
    """Find where the way by road is longest beyond the estimate: mostly over water."""
    near = pairs[(pairs["km"] <= WORST_UP_TO_KM) & (pairs["road_min"] > pairs["estimate_min"])]
    return _furthest_out(near, (near["road_min"] - near["estimate_min"]).to_numpy(), n)


def _furthest_out(pairs: pd.DataFrame, by: Floats, n: int) -> pd.DataFrame:
    """Choose the pairs that are furthest out, each school once."""
    order = np.lexsort((pairs["to_urn"], pairs["from_urn"], -np.round(by, 6)))
    seen: set[int] = set()
    chosen: list[int] = []
    for position in order.tolist():
        ends = {int(pairs["from_urn"].iloc[position]), int(pairs["to_urn"].iloc[position])}
        if len(chosen) < n and not ends & seen:
            seen |= ends
            chosen.append(position)
    return pairs.iloc[chosen].round(2).reset_index(drop=True)


def fit_estimate(pairs: pd.DataFrame) -> TravelSpec:
    """Fit the estimate to minutes by road.

    minutes = constant + a x (km up to 10) + b x (km beyond), by least squares over pairs up to
    40 km apart, none of the three below 0. Fewer than `LEAST_PAIRS` beyond 10 km tell nothing of
    b, nor so few within of a: one slope then stands for both.
    """
    near = pairs[pairs["km"] <= FIT_UP_TO_KM]
    km = near["km"].to_numpy()
    n_beyond = int((km > FIT_BREAK_KM).sum())
    has_two = min(n_beyond, len(km) - n_beyond) >= LEAST_PAIRS
    slopes = [np.minimum(km, FIT_BREAK_KM), np.maximum(km - FIT_BREAK_KM, 0.0)] if has_two else [km]
    parts = np.column_stack([np.ones(len(km)), *slopes])
    found = nnls(parts, near["road_min"])[0] if len(km) else np.zeros(parts.shape[1])
    constant, *per_km = (float(x) for x in np.round(found, 2))
    ends = (FIT_BREAK_KM, math.inf) if has_two else (math.inf,)
    return TravelSpec(
        "estimate", constant_min=constant, bands=tuple(zip(ends, per_km, strict=True))
    )
