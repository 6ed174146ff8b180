"""Minutes by road, and the estimate beside them, in words for people and records for programs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cluster_optimiser.geography.roads.minutes import road_note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster_optimiser.domain import Authority, TravelSpec
    from cluster_optimiser.geography.roads.comparison import RoadComparison
    from cluster_optimiser.geography.roads.minutes import Measured

N_FURTHEST = 10
"""Schools furthest from a road that are named."""


def road_source(authority: Authority) -> str:
    """Say where the roads come from, as the licence of the data asks."""
    about = {} if authority.travel.roads is None else authority.travel.roads.about
    date = about.get("data_date") or "date not stated"
    return f"{about.get('source') or 'roads'}, {date}; {about.get('attribution', '')}"


def minutes_table(authority: Authority, measured: Measured) -> pd.DataFrame:
    """Give minutes as a table that ``method = "matrix"`` reads."""
    urns = authority.schools.index.to_numpy()
    rows, columns = np.nonzero(~np.isnan(measured.minutes))
    different = rows != columns
    rows, columns = rows[different], columns[different]
    minutes = measured.minutes[rows, columns]
    return pd.DataFrame({"from_urn": urns[rows], "to_urn": urns[columns], "minutes": minutes})


def snapping_table(authority: Authority, measured: Measured) -> pd.DataFrame:
    """Tell how far each school is from the road that it was put on."""
    schools = authority.schools
    distance = np.round(measured.distance_m, 1)
    table = pd.DataFrame({"name": schools["name"], "distance_m": distance}, index=schools.index)
    return table.sort_values(["distance_m", "name"], ascending=[False, True])


def measured_record(authority: Authority, measured: Measured) -> dict[str, Any]:
    """Give what was measured as plain data."""
    n = len(measured.minutes)
    trips = measured.minutes[~np.eye(n, dtype=bool)]
    known = trips[~np.isnan(trips)]
    median, longest = (float(np.median(known)), float(known.max())) if len(known) else (None, None)
    return {
        "authority": authority.name,
        "note": road_note(authority, measured),
        "n_schools": n,
        "n_trips": len(known),
        "n_trips_unknown": len(trips) - len(known),
        "median_minutes": median,
        "longest_minutes": longest,
        "limit_imputed_share": round(measured.imputed_share, 4),
        "connected_share": round(measured.main_share, 4),
        "schools": [
            {"urn": int(urn), "name": name, "road_distance_m": distance_m}
            for urn, name, distance_m in snapping_table(authority, measured).itertuples()
        ],
    }


def measured_lines(authority: Authority, measured: Measured) -> Iterator[str]:
    """Give what was measured in words."""
    record = measured_record(authority, measured)
    yield record["note"]
    if record["n_trips"]:
        yield (
            f"{record['n_schools']} schools, {record['n_trips']:,} trips: median "
            f"{record['median_minutes']:.1f} minutes, longest {record['longest_minutes']:.1f}."
        )
    yield (
        f"{measured.main_share:.1%} of the length of roads hangs together, so that everywhere can "
        "be driven to and from."
    )
    yield "Furthest from a road:"
    for urn, name, distance_m in snapping_table(authority, measured).head(N_FURTHEST).itertuples():
        yield f"  {distance_m:8,.0f} m  {name} (URN {urn})"


def comparison_record(authority: Authority, compared: RoadComparison) -> dict[str, Any]:
    """Give a comparison as plain data."""
    names = authority.schools["name"]
    bands = compared.bands.astype(object).where(compared.bands < math.inf, None)
    return {
        "authority": authority.name,
        "source": road_source(authority),
        "n_pairs": compared.n_pairs,
        "n_pairs_unknown": compared.n_unknown,
        "bands": bands.to_dict(orient="records"),
        "worst": [
            {**row, "from_school": names[row["from_urn"]], "to_school": names[row["to_urn"]]}
            for row in compared.worst.to_dict(orient="records")
        ],
        "estimate": None if compared.estimate is None else _coefficients(compared.estimate),
        "abs_error_min": None if compared.estimate is None else round(compared.abs_error_min, 2),
        "fit": _coefficients(compared.fit),
        "fit_abs_error_min": round(compared.fit_abs_error_min, 2),
    }


def _coefficients(spec: TravelSpec) -> dict[str, Any]:
    bands = [
        {"min_per_km": rate} if math.isinf(end) else {"up_to_km": end, "min_per_km": rate}
        for end, rate in spec.bands
    ]
    return {"constant_min": spec.constant_min, "bands": bands}


def comparison_lines(authority: Authority, compared: RoadComparison) -> Iterator[str]:
    """Give a comparison in words."""
    has_estimate = compared.estimate is not None
    yield road_source(authority)
    yield f"{compared.n_pairs:,} pairs of schools; {compared.n_unknown:,} without a way by road."
    yield "Straight line     pairs   by road" + (
        "  estimate  mean error  90% within  good to 5 min" if has_estimate else ""
    )
    for row in compared.bands.to_dict(orient="records"):
        end = "and more" if math.isinf(row["to_km"]) else f"to {row['to_km']:2.0f} km"
        line = f"{row['from_km']:3.0f} {end:<9} {row['n_pairs']:9,} {row['road_min']:9.1f}"
        if has_estimate:
            line += (
                f" {row['estimate_min']:9.1f} {row['error_min']:+11.1f} "
                f"{row['abs_error_p90_min']:11.1f} {row['close_share']:14.0%}"
            )
        yield line
    yield "Longest beyond the straight line (water, or no road, lies between):"
    names = authority.schools["name"]
    for row in compared.worst.to_dict(orient="records"):
        yield (
            f"  {row['road_min']:5.1f} minutes for {row['km']:4.1f} km, estimated "
            f"{row['estimate_min']:4.1f}: {names[row['from_urn']]} and {names[row['to_urn']]}"
        )
    (end_km, first), (_, second) = compared.fit.bands
    if has_estimate:
        yield f"Up to 40 km the estimate is {compared.abs_error_min:.1f} minutes out on average."
    yield f"What fits best is {compared.fit_abs_error_min:.1f} minutes out on average:"
    yield (
        f"constant_min = {compared.fit.constant_min:g}\n"
        f"bands = [{{ up_to_km = {end_km:g}, min_per_km = {first:g} }}, "
        f"{{ min_per_km = {second:g} }}]"
    )
