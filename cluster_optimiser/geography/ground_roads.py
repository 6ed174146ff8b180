"""Where minutes by road stand on a map that leaves ground or schools out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from cluster_optimiser.findings import Finding
from cluster_optimiser.geography.ground_schools import first_of
from cluster_optimiser.geography.roads.minutes import Measured, measured_minutes
from cluster_optimiser.geography.territory import in_words
from cluster_optimiser.inputs.roads.area import bare_squares

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster_optimiser.domain import Authority


def road_findings(authority: Authority) -> Iterator[Finding]:
    """Tell what of the authority has no roads, and which schools lie far from them or apart."""
    spec = authority.travel.roads
    if spec is None:
        return
    inside, margin = (spec.about.get(f"{name}_share", "") for name in ("outline", "margin"))
    bare = bare_squares(spec.about)
    if inside and min(float(inside), float(margin or 1)) < 1:
        around = f", of those in the margin {float(margin):.0%}" if margin else ""
        yield Finding(
            "road-coverage",
            "note",
            "roads",
            f"{float(inside):.0%} of the squares of 2 km that touch the authority have roads on "
            f"the map{around}",
            "No way across bare squares is known: minutes may be longer than the drive is.",
            "Where it is no water, import a map that covers them: `roads import` takes several.",
            None if bare.is_empty else bare,
        )
    measured = measured_minutes(authority)
    yield from _far(authority, measured, spec.assumptions.far_from_road_m)
    yield from _apart(authority, measured)


def _far(authority: Authority, measured: Measured, far_m: float) -> Iterator[Finding]:
    schools = authority.schools
    for i in np.flatnonzero((measured.distance_m > far_m) & (measured.part >= 0)):
        name, away = schools["name"].iloc[i], in_words(float(measured.distance_m[i]))
        yield Finding(
            "far-from-road",
            "note",
            f"URN {schools.index[i]}",
            f"{name} lies {away} from the nearest road of the map, {measured.road[i]}",
            "Its minutes begin there, with a slow way to it.",
            "Correct its coordinates, or import a map that has its road.",
            schools.geometry.iloc[i],
            brief=f"{name}, {away} from {measured.road[i]}",
            settle_all="Correct their coordinates, or import a map that has their roads.",
            size=float(measured.distance_m[i]),
        )


def _apart(authority: Authority, measured: Measured) -> Iterator[Finding]:
    on_road = measured.part[measured.part >= 0]
    if len(np.unique(on_road)) < 2:  # noqa: PLR2004 - more parts than one
        return
    is_apart = (measured.part >= 0) & (measured.part != np.bincount(on_road).argmax())
    schools = authority.schools[is_apart]
    yield Finding(
        "road-parts",
        "warning",
        f"URN {schools.index[0]}",
        f"{len(schools)} of {len(authority.schools)} schools lie on roads that no road joins to "
        f"the others: {first_of([str(name) for name in schools['name']])}",
        "No minutes are known between the parts.",
        "Add the road, or the ferry with ferries = true under [travel].",
        shapely.multipoints(schools.geometry.to_numpy()),
    )
