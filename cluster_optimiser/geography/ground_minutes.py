"""Whether minutes of a table or an estimate can be: both ways, minutes, and such as are driven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_optimiser.findings import Finding
from cluster_optimiser.geography.ground_schools import first_of
from cluster_optimiser.geography.travel import straight_line_km, travel_minutes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from cluster_optimiser.arrays import Bools, Floats
    from cluster_optimiser.domain import Authority

FAR_KM = 1.0
"""Trips of less are short of everything but time: their speed tells nothing."""

SLOW, FAST = 2.5, 250.0
"""Kilometres an hour beyond which minutes are of another unit, perhaps."""

MOST_MIN = 600.0
"""Minutes past which no trip within an authority goes: 999 and the like stand for no way."""


def table_findings(authority: Authority) -> Iterator[Finding]:
    """Tell of trips that a table knows one way only, and of minutes that look like another unit."""
    if authority.travel.method == "roads":
        return
    minutes, schools = travel_minutes(authority).minutes, authority.schools
    is_known = np.isfinite(minutes)
    one_way = np.argwhere(is_known & ~is_known.T)
    if len(one_way):
        ways = [" to ".join(str(schools["name"].iloc[i]) for i in way) for way in one_way]
        yield Finding(
            "one-way",
            "warning",
            "minutes",
            f"{len(one_way)} {'trip' if len(one_way) == 1 else 'trips'} of the table of minutes "
            f"{'is' if len(one_way) == 1 else 'are'} not known back: {first_of(ways)}",
            "No cluster with both schools meets at the one that is not reached.",
            "Give both ways, the same minutes twice where they are.",
        )
    km = straight_line_km(schools.geometry)
    is_far = is_known & (minutes > 0) & (km > FAR_KM)
    km_per_hour = float(np.median(60 * km[is_far] / minutes[is_far])) if is_far.any() else SLOW
    if not SLOW <= km_per_hour <= FAST:
        is_table, is_slow = authority.travel.method == "matrix", km_per_hour < SLOW
        unit = ("seconds" if is_slow else "hours") if is_table else "kilometres an hour"
        yield Finding(
            "unit",
            "warning",
            "minutes",
            f"by the {'table of minutes' if is_table else 'estimate'} schools are reached at "
            f"{km_per_hour:,.1f} km/h as the crow flies, the median of all trips: it may give "
            f"{unit}",
            "Every way and every limit of minutes is judged by them.",
            "Write minutes." if is_table else "Write minutes a kilometre.",
        )
    elif authority.travel.method == "matrix":
        yield from _odd_trips(schools["name"], minutes, km, is_far)


def _odd_trips(names: pd.Series, minutes: Floats, km: Floats, is_far: Bools) -> Iterator[Finding]:
    """Tell of trips that nobody drives, though most of the table is sound."""
    hours = np.divide(minutes, 60, out=np.ones_like(minutes), where=is_far)
    odd = np.argwhere(is_far & ((km / hours > FAST) | (minutes > MOST_MIN)))
    if not len(odd):
        return
    said = [
        f"{names.iloc[i]} to {names.iloc[j]}, {km[i, j]:.1f} km in {minutes[i, j]:g} minutes"
        for i, j in odd
    ]
    yield Finding(
        "odd-trip",
        "warning",
        "minutes",
        f"{len(odd)} {'trip' if len(odd) == 1 else 'trips'} of the table of minutes cannot be "
        f"driven so: {first_of(said)}",
        "Where a cluster meets and how far its schools are is judged by them.",
        "Correct the minutes; leave a trip out that has no way.",
    )
