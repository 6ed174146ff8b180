"""Minutes by road between the schools of an authority, and what must be said of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from cluster_optimiser.constants import COORDINATE_GRID_M
from cluster_optimiser.geography.roads.cache import load, store
from cluster_optimiser.geography.roads.routing import times_between
from cluster_optimiser.geography.roads.snapping import snap, split_at
from cluster_optimiser.geography.roads.weights import (
    METRES_PER_S_PER_KMH,
    MICROSECONDS,
    SECONDS_PER_MINUTE,
    largest_part,
    make_arcs,
)
from cluster_optimiser.inputs.roads.store import read_roads

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from cluster_optimiser.domain import Authority, RoadAssumptions, RoadNetwork

LEAST_MIN = 0.01
"""Minutes between two sites, however near: 0 is for one site only."""

METHOD = 1
"""Raised when the same roads and assumptions give other minutes, so that kept ones do not count."""

N_NAMED = 5
"""Schools named in a note before the rest is only counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What was measured on a network."""

    minutes: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    imputed_share: float
    main_share: float


def measure(points: gpd.GeoSeries, network: RoadNetwork, assumptions: RoadAssumptions) -> Measured:
    """Measure the minutes by road between places."""
    arcs = make_arcs(network, assumptions)
    is_main = largest_part(arcs)
    snapped = snap(points, network, is_main)
    split = split_at(arcs, network, snapped)
    drive_us = times_between(split.tail, split.head, split.time_us, split.nodes)
    metres_per_s = assumptions.access_kmh * METRES_PER_S_PER_KMH
    access_us = np.rint(snapped.distance_m / metres_per_s * MICROSECONDS)
    total_us = access_us[:, None] + drive_us + access_us[None, :]
    minutes = np.round(total_us / (MICROSECONDS * SECONDS_PER_MINUTE), 2)
    minutes = np.maximum(minutes, LEAST_MIN)
    minutes[~np.isfinite(minutes)] = np.nan
    is_lost = snapped.distance_m > assumptions.no_road_m
    minutes[is_lost, :] = np.nan
    minutes[:, is_lost] = np.nan
    x, y = points.x.to_numpy(), points.y.to_numpy()
    apart_m = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
    minutes[apart_m < COORDINATE_GRID_M] = 0.0
    roads = network.roads[~network.roads["is_ferry"].to_numpy(dtype=bool)]
    length_m = roads["length_m"].to_numpy()
    total_m = max(float(length_m.sum()), 1.0)
    in_main = is_main[roads["from_node"].to_numpy()] & is_main[roads["to_node"].to_numpy()]
    return Measured(
        minutes=minutes,
        distance_m=snapped.distance_m,
        imputed_share=float(length_m[(roads["limit_from"] != "tag").to_numpy()].sum() / total_m),
        main_share=float(length_m[in_main].sum() / total_m),
    )


def measured_minutes(authority: Authority) -> Measured:
    """Measure the minutes by road between schools, or take those kept from before."""
    spec = authority.travel.roads
    if spec is None:
        message = "the authority names no road file"
        raise ValueError(message)
    points = authority.schools.geometry
    xy = shapely.get_coordinates(points.to_numpy())
    content = {"method": METHOD, "roads": spec.sha256, "assumptions": asdict(spec.assumptions)}
    text = json.dumps(content, sort_keys=True).encode() + np.ascontiguousarray(xy).tobytes()
    key = hashlib.sha256(text).hexdigest()
    kept = load(key, n_places=len(points))
    if kept is not None:
        return Measured(**kept)
    measured = measure(points, read_roads(spec.file), spec.assumptions)
    store(key, asdict(measured))
    return measured


def road_note(authority: Authority, measured: Measured) -> str:
    """Say how minutes were made and how far they can be trusted, for every output."""
    spec = authority.travel.roads
    if spec is None:
        return authority.travel.note
    about, assumed = spec.about, spec.assumptions
    source = about.get("source") or "a road file"
    date = f"data of {about.get('data_date') or 'unknown date'}"
    attribution = about.get("attribution", "")
    a_road, lane = assumed.open_road_mph["primary"], assumed.open_road_mph["unclassified"]
    where = (
        "Travel minutes are driving times by road, from each school to the meeting place, on "
        f"{source} ({date}; {attribution})."
    )
    speeds = (
        f"They assume {assumed.limit_share:.0%} of the speed limit, but no more than the class of "
        f"road allows (such as {a_road:g} mph on an A road that is not a dual carriageway and "
        f"{lane:g} mph on a lane), and {assumed.junction_delay_s:g} seconds wherever a driver may "
        "have to give way; no congestion. These figures are assumptions, not measurements."
    )
    imputed = (
        f"The map has no speed limit for {measured.imputed_share:.0%} of the length of roads: "
        "there one is taken by class of road or from street lights."
    )
    ferries = "Car ferries count as roads." if assumed.is_with_ferries else "Ferries are left out."
    schools = _of_schools(authority, measured, assumed)
    note = authority.travel.note
    return " ".join([where, speeds, imputed, ferries, *schools, note]).strip()


def _of_schools(authority: Authority, measured: Measured, assumed: RoadAssumptions) -> list[str]:
    names = authority.schools["name"].astype(str).to_numpy()
    far = measured.distance_m > assumed.far_from_road_m
    lost = measured.distance_m > assumed.no_road_m
    sentences = []
    if (far & ~lost).any():
        which = _named(names[far & ~lost])
        sentences.append(f"Further than {assumed.far_from_road_m:g} m from any road: {which}.")
    if lost.any():
        which = _named(names[lost])
        text = f"No road within {assumed.no_road_m:g} m, so no minutes are known"
        sentences.append(f"{text}: {which}.")
    n_unknown = int(np.isnan(measured.minutes[np.ix_(~lost, ~lost)]).sum())
    if n_unknown:
        sentences.append(f"{n_unknown:,} trips between schools have no way by road.")
    return sentences


def _named(names: NDArray[np.object_]) -> str:
    more = len(names) - N_NAMED
    return ", ".join(names[:N_NAMED]) + (f" and {more} more" if more > 0 else "")
