"""Minutes by road between the schools of an authority, and what must be said of them."""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.constants import COORDINATE_GRID_M
from cluster_optimiser.errors import InputError
from cluster_optimiser.geography.roads.routing import times_between
from cluster_optimiser.geography.roads.snapping import Split, snap, split_at
from cluster_optimiser.geography.roads.weights import (
    METRES_PER_S_PER_KMH,
    MICROSECONDS,
    SECONDS_PER_MINUTE,
    make_arcs,
    parts_of,
)
from cluster_optimiser.inputs.checking import listed
from cluster_optimiser.inputs.roads.store import ROADS_LAYER, cache_folder, read_roads
from cluster_optimiser.inputs.roads.tags import KMH_PER_MPH

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.arrays import Floats, Ints
    from cluster_optimiser.domain import Authority, RoadAssumptions, RoadNetwork

LEAST_MIN = 0.01
"""Minutes between two sites, however near: 0 is for one site only."""

METHOD = 3
"""Raised when the same roads and assumptions give other minutes, so that kept ones do not count."""

EDGE_M = 1_000.0
"""A through road that ends this near to the authority's outline, or beyond, goes on off the map."""

THROUGH_CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary")


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    minutes: Floats
    distance_m: Floats
    road: NDArray[np.str_]  # the name, or class, of the road that each place was put on
    part: Ints  # places with the same number can reach each other; -1 no road
    saved_min: Floats  # what a way off the map could save of each trip at most
    imputed_share: float  # of the length of roads that has no limit on the map

    @property
    def part_sizes(self) -> list[int]:
        """Places in each part of the network, the most first."""
        return sorted(np.bincount(self.part[self.part >= 0]).tolist(), reverse=True)


def measure(
    points: gpd.GeoSeries,
    network: RoadNetwork,
    assumptions: RoadAssumptions,
    land: BaseGeometry | None = None,
) -> Measured:
    """Measure the minutes by road between places, on the land of their authority."""
    arcs = make_arcs(network, assumptions)
    snapped = snap(points, network, parts_of(arcs), assumptions, land)
    n, roads = len(points), network.roads
    gate_row, gate_share = (x[~snapped.is_lost] for x in (snapped.row, snapped.share))
    end_row, end_share = _open_ends(network, land)
    split = split_at(arcs, network, np.append(gate_row, end_row), np.append(gate_share, end_share))
    forbidden = _forbidden(split, network)
    found_us = times_between(
        split.tail, split.head, split.time_us, split.nodes, row=split.row, forbidden=forbidden
    )
    at = np.flatnonzero(~snapped.is_lost)
    drive_us = np.full((n, n), np.inf)
    drive_us[np.ix_(at, at)] = found_us[: len(at), : len(at)]
    saved_us = np.zeros((n, n))
    if len(end_row):
        ends = network.roads.geometry.to_numpy()[end_row]
        xy = shapely.get_coordinates(shapely.get_point(ends, np.where(end_share > 0, -1, 0)))
        open_kmh = assumptions.open_road_mph["trunk"] * KMH_PER_MPH
        saved_us[np.ix_(at, at)] = _saved_us(found_us, len(at), xy, open_kmh)
    metres_per_s = assumptions.access_kmh * METRES_PER_S_PER_KMH
    access_us = np.rint(snapped.distance_m / metres_per_s * MICROSECONDS)
    total_us = access_us[:, None] + drive_us + access_us[None, :]
    minutes = np.round(total_us / (MICROSECONDS * SECONDS_PER_MINUTE) + assumptions.constant_min, 2)
    minutes = np.maximum(minutes, LEAST_MIN)
    minutes[~np.isfinite(minutes)] = np.nan
    x, y = points.x.to_numpy(), points.y.to_numpy()
    apart_m = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
    minutes[apart_m < COORDINATE_GRID_M] = 0.0
    roads = roads[~roads["is_ferry"].to_numpy(dtype=bool)]
    length_m = roads["length_m"].to_numpy()
    is_imputed = (roads["limit_from"] != "tag").to_numpy()
    return Measured(
        minutes=minutes,
        distance_m=snapped.distance_m,
        road=_road_names(network, snapped.row),
        part=np.where(snapped.is_lost, -1, np.unique(snapped.part, return_inverse=True)[1]),
        saved_min=np.round(saved_us / (MICROSECONDS * SECONDS_PER_MINUTE), 2),
        imputed_share=float(length_m[is_imputed].sum() / max(float(length_m.sum()), 1.0)),
    )


def _road_names(network: RoadNetwork, row: Ints) -> NDArray[np.str_]:
    if network.roads.empty:
        return np.full(len(row), "")
    roads = network.roads.iloc[row]
    names = roads["name"].where(roads["name"] != "", roads["road_class"])
    return np.asarray(names.to_numpy(dtype=str))


def _forbidden(split: Split, network: RoadNetwork) -> Ints:
    """Give the pairs of arcs of which the second may not follow the first."""
    way = network.roads["way"].to_numpy()[split.row]
    arcs = pd.DataFrame({"tail": split.tail, "head": split.head, "way": way})
    arcs = arcs.assign(arc=np.arange(len(arcs)))
    turns = network.turns.astype({"is_only": bool})
    into = turns.merge(arcs, left_on=["node", "from_way"], right_on=["head", "way"])
    pairs = into[["node", "to_way", "is_only", "arc"]].merge(
        arcs, left_on="node", right_on="tail", suffixes=("", "_on")
    )
    return pairs.loc[
        pairs["is_only"] != (pairs["to_way"] == pairs["way"]), ["arc", "arc_on"]
    ].to_numpy()


def _open_ends(network: RoadNetwork, land: BaseGeometry | None) -> tuple[Ints, Floats]:
    """Find the ends of through roads at the edge of the map: stretches, and shares along them."""
    ends = network.roads[["from_node", "to_node"]].to_numpy()
    is_through = network.roads["road_class"].isin(THROUGH_CLASSES).to_numpy()
    if land is None or not is_through.any():
        return np.empty(0, dtype=np.int64), np.empty(0)
    is_end = np.bincount(ends.ravel())[ends] == 1
    row, side = np.nonzero(is_end & is_through[:, None])
    places = shapely.get_point(network.roads.geometry.to_numpy()[row], -side)
    inner = shapely.buffer(land, -EDGE_M)
    shapely.prepare(inner)
    is_off = ~shapely.intersects(inner, places)
    return row[is_off], side[is_off].astype(np.float64)


def _saved_us(found_us: Floats, n: int, xy: Floats, kmh: float) -> Floats:
    """Give what trips could save at most by straight roads between open ends, at a speed.

    Of the times the first n places are schools, the others open ends.
    """
    gap_m = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    gap_us = gap_m / (kmh * METRES_PER_S_PER_KMH) * MICROSECONDS
    out, back, inside = found_us[:n, n:], found_us[n:, :n], found_us[:n, :n]
    best = np.full((n, n), np.inf)
    for end in range(len(xy)):
        best = np.minimum(best, (out + gap_us[:, end]).min(axis=1)[:, None] + back[end])
    saved = np.zeros((n, n))
    np.subtract(inside, best, out=saved, where=np.isfinite(inside) & (best < inside))
    return saved


def measured_minutes(authority: Authority) -> Measured:
    """Measure the minutes by road between schools, or take those kept from before."""
    spec = authority.travel.roads
    if spec is None:
        raise ValueError("the authority names no road file")
    points = authority.schools.geometry
    xy = shapely.get_coordinates(points.to_numpy())
    content = {"method": METHOD, "roads": spec.sha256, "assumptions": asdict(spec.assumptions)}
    text = json.dumps(content, sort_keys=True).encode() + np.ascontiguousarray(xy).tobytes()
    key = hashlib.sha256(text + shapely.to_wkb(authority.outline)).hexdigest()
    kept = load(key, n_places=len(points))
    if kept is not None:
        return Measured(**kept)
    roads = read_roads(spec.file, crs=authority.crs)
    measured = measure(points, roads, spec.assumptions, authority.outline)
    if (measured.part < 0).all():
        far = f"no school lies within {spec.assumptions.no_road_m:g} m of a road of the file"
        raise InputError.of(spec.file.name, far, "Make it of its own region.", subject=ROADS_LAYER)
    store(key, asdict(measured))
    return measured


def road_note(authority: Authority, measured: Measured) -> str:
    """Say how minutes were made and how far they can be trusted, for every output."""
    spec = authority.travel.roads
    if spec is None:
        return authority.travel.note
    assumed = spec.assumptions
    a_road, lane = assumed.open_road_mph["primary"], assumed.open_road_mph["unclassified"]
    constant = f"{assumed.constant_min:g} minutes are added to each trip. "
    sentences = [
        (
            "Travel minutes are driving times by road, from each school to the meeting place, on "
            f"{authority.travel.credit}."
        ),
        f"They assume {assumed.limit_share:.0%} of the speed limit, but no more than the class of "
        f"road allows (such as {a_road:g} mph on an A road that is not a dual carriageway and "
        f"{lane:g} mph on a lane), {assumed.junction_delay_s:g} seconds wherever a driver gives "
        f"way and {assumed.signal_delay_s:g} at traffic lights; no congestion. "
        + constant * (assumed.constant_min > 0)
        + "These figures are assumptions, not measurements.",
        (
            f"The map has no speed limit for {measured.imputed_share:.0%} of the length of roads: "
            "there one is taken by class of road or from street lights."
        ),
        "Car ferries count as roads." if assumed.is_with_ferries else "Ferries are left out.",
        *_of_map(spec.about, measured),
        *_of_schools(authority, measured, assumed),
        authority.travel.note,
    ]
    return " ".join(sentences).strip()


def _of_map(about: Mapping[str, str], measured: Measured) -> list[str]:
    sentences = []
    if about.get("outline_share"):
        inside, margin = float(about["outline_share"]), about.get("margin_share")
        # A narrow margin may hold no square of its own.
        around = f", of those in the margin around it {float(margin):.0%}" if margin else ""
        sentences.append(
            f"Of the squares of 2 km that touch the authority {inside:.0%} have roads on the map"
            f"{around} (the sea has none)."
        )
    is_open = measured.saved_min > 0
    if is_open.any():
        n = int(np.isfinite(measured.minutes).sum() - len(measured.minutes))
        sentences.append(
            f"{is_open.sum():,} of {n:,} trips might be quicker by roads that lie off the map, by "
            f"{measured.saved_min.max():.0f} minutes at most: a map with a wider margin would tell."
        )
    return sentences


def _of_schools(authority: Authority, measured: Measured, assumed: RoadAssumptions) -> list[str]:
    names = authority.schools["name"].astype(str).to_numpy()
    lost = measured.part < 0
    far = (measured.distance_m > assumed.far_from_road_m) & ~lost
    sentences = []
    if far.any():
        which = listed(names[far])
        sentences.append(f"Further than {assumed.far_from_road_m:g} m from any road: {which}.")
    if lost.any():
        text = f"No road within {assumed.no_road_m:g} m by land, so no minutes are known"
        sentences.append(f"{text}: {listed(names[lost])}.")
    sizes = measured.part_sizes
    if len(sizes) > 1:
        rest = listed(names[~lost & (measured.part != np.bincount(measured.part[~lost]).argmax())])
        sentences.append(
            f"The roads fall into {len(sizes)} parts that hold schools and that no road joins, "
            f"with {', '.join(map(str, sizes))} schools; not in the largest: {rest}."
        )
    n_unknown = int(np.isnan(measured.minutes[np.ix_(~lost, ~lost)]).sum())
    if n_unknown:
        sentences.append(f"{n_unknown:,} trips between schools have no way by road.")
    return sentences


CHECKSUM = "checksum"


def load(key: str, *, n_places: int) -> dict[str, Any] | None:
    """Give what was kept under a key, or None if there is nothing sound."""
    try:
        with _path(key).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    checksum = str(found.pop(CHECKSUM, ""))
    if checksum != _checksum(key, found) or found["minutes"].shape != (n_places, n_places):
        return None
    return {name: value if value.ndim else value.item() for name, value in found.items()}


def store(key: str, content: Mapping[str, Any]) -> None:
    """Keep minutes for later runs; where the folder cannot be written to, they are made again."""
    arrays = {name: np.asarray(value) for name, value in content.items()}
    path = _path(key)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: another run may be looking.
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
            checksum = np.asarray(_checksum(key, arrays))
            np.savez_compressed(file, allow_pickle=False, **arrays, **{CHECKSUM: checksum})
        Path(file.name).replace(path)


def _path(key: str) -> Path:
    return cache_folder() / "minutes" / f"{key}.npz"


def _checksum(key: str, arrays: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(key.encode())
    for name in sorted(arrays):
        digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
