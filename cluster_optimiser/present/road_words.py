"""Minutes by road, and the estimate beside them, in words for people and records for programs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cluster_optimiser.geography.roads.comparison import LEAST_PAIRS, Audit, RoadComparison
from cluster_optimiser.geography.roads.minutes import Measured, road_note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cluster_optimiser.domain import Authority, TravelSpec

N_FURTHEST = 10


def minutes_table(authority: Authority, measured: Measured) -> pd.DataFrame:
    """Give minutes as a table that ``method = "matrix"`` reads, with their source in every row."""
    urns = authority.schools.index.to_numpy()
    rows, columns = np.nonzero(~np.isnan(measured.minutes))
    different = rows != columns
    rows, columns = rows[different], columns[different]
    parts = {
        "from_urn": urns[rows],
        "to_urn": urns[columns],
        "minutes": measured.minutes[rows, columns],
        "may_save_off_map_min": measured.saved_min[rows, columns],
        "source": authority.travel.credit,
    }
    return pd.DataFrame(parts)


def snapping_table(authority: Authority, measured: Measured) -> pd.DataFrame:
    """Tell which road each school was put on, how far off it is, and in which part it lies."""
    schools = authority.schools
    table = pd.DataFrame(
        {
            "name": schools["name"],
            "road_distance_m": np.round(measured.distance_m, 1),
            "road": measured.road,
            "part": measured.part,
        },
        index=schools.index,
    )
    return table.sort_values(["road_distance_m", "name"], ascending=[False, True])


def measured_record(authority: Authority, measured: Measured) -> dict[str, Any]:
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
        "n_trips_off_map": int((measured.saved_min > 0).sum()),
        "may_save_off_map_min": float(measured.saved_min.max(initial=0)),
        "part_sizes": measured.part_sizes,
        "schools": snapping_table(authority, measured)
        .rename_axis("urn")
        .reset_index()
        .to_dict(orient="records"),
    }


def measured_lines(authority: Authority, measured: Measured) -> Iterator[str]:
    record = measured_record(authority, measured)
    yield record["note"]
    if record["n_trips"]:
        yield (
            f"{record['n_schools']} schools, {record['n_trips']:,} trips: median "
            f"{record['median_minutes']:.1f} minutes, longest {record['longest_minutes']:.1f}."
        )
    yield "Furthest from a road:"
    furthest = snapping_table(authority, measured).head(N_FURTHEST)
    for urn, name, distance_m, road, part in furthest.itertuples():
        where = "no road by land" if part < 0 else road
        yield f"  {distance_m:8,.0f} m  {name} (URN {urn}): {where}"


def comparison_record(authority: Authority, compared: RoadComparison) -> dict[str, Any]:
    names = authority.schools["name"]
    bands = compared.bands.astype(object).where(compared.bands < math.inf, None)
    return {
        "authority": authority.name,
        "source": authority.travel.credit,
        "n_pairs": compared.n_pairs,
        "n_pairs_unknown": compared.n_unknown,
        "bands": bands.to_dict(orient="records"),
        "worst": [
            {**row, "from_school": names[row["from_urn"]], "to_school": names[row["to_urn"]]}
            for row in compared.worst.to_dict(orient="records")
        ],
        "estimate": None if compared.estimate is None else _coefficients(compared.estimate),
        "abs_error_min": None if compared.estimate is None else round(compared.abs_error_min, 2),
        "fit": None if compared.fit is None else _coefficients(compared.fit),
        "fit_abs_error_min": None if compared.fit is None else round(compared.fit_abs_error_min, 2),
    }


def _coefficients(spec: TravelSpec) -> dict[str, Any]:
    bands = [
        {"min_per_km": rate} if math.isinf(end) else {"up_to_km": end, "min_per_km": rate}
        for end, rate in spec.bands
    ]
    return {"constant_min": spec.constant_min, "bands": bands}


def comparison_lines(authority: Authority, compared: RoadComparison) -> Iterator[str]:
    has_estimate = compared.estimate is not None
    yield authority.travel.credit
    yield f"{compared.n_pairs:,} pairs of schools; {compared.n_unknown:,} without a way by road."
    yield from _band_lines(compared.bands, "by road", "estimate" if has_estimate else "")
    if has_estimate and len(compared.bands):
        first = compared.bands.iloc[0]
        yield (
            f"Up to {first['to_km']:g} km the estimate is {first['error_min']:+.1f} minutes off "
            "the roads: a travel limit that was set on one is another limit on the other."
        )
    yield "Longest beyond the straight line (water, or no road, lies between):"
    names = authority.schools["name"]
    for row in compared.worst.to_dict(orient="records"):
        yield (
            f"  {row['road_min']:5.1f} minutes for {row['km']:4.1f} km, estimated "
            f"{row['estimate_min']:4.1f}: {names[row['from_urn']]} and {names[row['to_urn']]}"
        )
    if has_estimate:
        yield f"Up to 40 km the estimate is {compared.abs_error_min:.1f} minutes out on average."
    if compared.fit is None:
        yield f"Nothing is fitted to fewer than {LEAST_PAIRS} pairs of schools up to 40 km apart."
        return
    yield f"What fits best is {compared.fit_abs_error_min:.1f} minutes out on average:"
    bands = (
        ", ".join(f"{key} = {value:g}" for key, value in band.items())
        for band in _coefficients(compared.fit)["bands"]
    )
    written = ", ".join(f"{{ {band} }}" for band in bands)
    yield f"constant_min = {compared.fit.constant_min:g}\nbands = [{written}]"


def _band_lines(bands: pd.DataFrame, theirs: str, ours: str) -> Iterator[str]:
    more = f"{ours:>10}  mean error  90% within  good to 5 min" if ours else ""
    yield f"Straight line     pairs {theirs:>9}{more}"
    for row in bands.to_dict(orient="records"):
        end = "and more" if math.isinf(row["to_km"]) else f"to {row['to_km']:2.0f} km"
        line = f"{row['from_km']:3.0f} {end:<9} {row['n_pairs']:9,} {row['road_min']:9.1f}"
        if ours:
            line += (
                f" {row['estimate_min']:9.1f} {row['error_min']:+11.1f} "
                f"{row['abs_error_p90_min']:11.1f} {row['close_share']:14.0%}"
            )
        yield line


def audit_record(audit: Audit, names: Mapping[int, str]) -> dict[str, Any]:
    columns = {"road_min": "theirs_min", "estimate_min": "ours_min", "n_pairs": "n_trips"}
    bands = audit.bands.rename(columns=lambda n: str(n).replace("road", "theirs"))
    bands = bands.rename(columns=columns).astype(object)
    worst = audit.worst.rename(columns=columns).to_dict(orient="records")
    constant, slope = audit.fit or (None, None)
    return {
        "n_trips": audit.n_trips,
        "n_trips_only_ours": audit.n_only_ours,
        "n_trips_only_theirs": audit.n_only_theirs,
        "error_min": round(audit.error_min, 2) if audit.n_trips else None,
        "abs_error_min": round(audit.abs_error_min, 2) if audit.n_trips else None,
        "bands": bands.where(bands < math.inf, None).to_dict(orient="records"),
        "worst": [
            {**row, "from_school": names[row["from_urn"]], "to_school": names[row["to_urn"]]}
            for row in worst
        ],
        "fit_constant_min": constant,
        "fit_slope": slope,
    }


def audit_lines(audit: Audit, names: Mapping[int, str]) -> Iterator[str]:
    yield (
        f"{audit.n_trips:,} trips in both; {audit.n_only_ours:,} only in ours, "
        f"{audit.n_only_theirs:,} only in the table."
    )
    if not audit.n_trips:
        return
    yield (
        f"Ours less the table: {audit.error_min:+.2f} minutes on average, "
        f"{audit.abs_error_min:.2f} either way."
    )
    yield from _band_lines(audit.bands, "the table", "ours")
    yield "Furthest apart:"
    for row in audit.worst.to_dict(orient="records"):
        yield (
            f"  {row['estimate_min']:5.1f} ours, {row['road_min']:5.1f} in the table for "
            f"{row['km']:4.1f} km: {names[row['from_urn']]} to {names[row['to_urn']]}"
        )
    if audit.fit is None:
        yield f"Nothing is fitted to fewer than {LEAST_PAIRS} trips."
    else:
        yield f"What fits best: table = {audit.fit[0]:g} + {audit.fit[1]:g} x ours."
