"""Road files made, and minutes by road measured, for an authority."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_optimiser.domain import RoadSpec, TravelSpec
from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.geography.roads.comparison import compare_estimate
from cluster_optimiser.geography.roads.minutes import measured_minutes
from cluster_optimiser.geography.travel import estimated_minutes, straight_line_km
from cluster_optimiser.inputs import load_authority
from cluster_optimiser.inputs.checking import did_you_mean
from cluster_optimiser.inputs.roads.area import EVERYWHERE, area_around
from cluster_optimiser.inputs.roads.download import OVERPASS_URL, Patience, download_ways
from cluster_optimiser.inputs.roads.folder import cache_folder
from cluster_optimiser.inputs.roads.graphml import GRAPHML_SUFFIXES, read_graphml
from cluster_optimiser.inputs.roads.network import build_network
from cluster_optimiser.inputs.roads.osm import OSM_SUFFIXES, read_osm
from cluster_optimiser.inputs.roads.store import read_about, read_roads, write_roads
from cluster_optimiser.inputs.roads.tags import ROAD_CLASSES
from cluster_optimiser.inputs.travel import travel_table

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cluster_optimiser.domain import Authority, RoadNetwork
    from cluster_optimiser.geography.roads.comparison import RoadComparison
    from cluster_optimiser.geography.roads.minutes import Measured

ROAD_FILE = "roads.gpkg"
"""Name of the road file in an authority's folder, unless another is given."""

MARGIN_KM = 10.0
"""Roads this far outside the authority are kept: the quickest way may leave it for a while."""

METRES_PER_KM = 1_000.0


def import_roads(
    file: Path,
    *,
    authority: str | None,
    out: Path | None = None,
    margin_km: float = MARGIN_KM,
) -> tuple[Path, RoadNetwork]:
    """Make a road file of a map on disk."""
    folder = None if authority is None else authority_path(authority)
    target = _target(out, folder)
    if not file.is_file():
        remedy = "Check the path. Extracts of every county are published as .osm.pbf."
        raise InputError([Fault(str(file), 0, "", "there is no such file", remedy)])
    known = (*OSM_SUFFIXES, *GRAPHML_SUFFIXES)
    if not file.name.lower().endswith(known):
        problem = f'"{file.suffix}" is no file of a map that can be read'
        remedy = f"Give one of {', '.join(known)}."
        raise InputError([Fault(str(file), 0, "", problem, remedy)])
    area = EVERYWHERE
    if folder is not None:
        area = area_around(load_authority(folder, is_travel_read=False), margin_km=margin_km)
    if file.name.lower().endswith(GRAPHML_SUFFIXES):
        about = _about(file, "", folder, margin_km)
        network = read_graphml(file, about, within=area.within)
    else:
        ways, date = read_osm(file, box=area.box)
        network = build_network(ways, _about(file, date, folder, margin_km), within=area.within)
    write_roads(network, target)
    return target, network


def download_roads(
    authority: str,
    *,
    out: Path | None = None,
    margin_km: float = MARGIN_KM,
    url: str = OVERPASS_URL,
    patience: Patience | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> tuple[Path, RoadNetwork]:
    """Make a road file of an authority from an Overpass server."""
    folder = authority_path(authority)
    target = _target(out, folder)
    area = area_around(load_authority(folder, is_travel_read=False), margin_km=margin_km)
    if area.within is None:
        message = "the area of an authority has no outline"
        raise RuntimeError(message)
    ways, date = download_ways(
        area.within, folder=cache_folder() / "overpass", url=url, patience=patience, told=told
    )
    about = {
        "source": "OpenStreetMap (Overpass)",
        "server": url,
        "data_date": date,
        "publisher": "OpenStreetMap contributors",
        "margin_km": f"{margin_km:g}",
    }
    network = build_network(ways, about, within=area.within)
    write_roads(network, target)
    return target, network


def open_roads(file: Path) -> RoadNetwork:
    """Read a road file that a user names."""
    if not file.is_file():
        remedy = "Check the path, or make it with `cluster-optimiser roads import`."
        raise InputError([Fault(str(file), 0, "", "there is no such file", remedy)])
    return read_roads(file, label=str(file))


def road_facts(network: RoadNetwork) -> dict[str, object]:
    """Count what a network has, for people to check."""
    roads = network.roads[~network.roads["is_ferry"]]
    total_m = max(float(roads["length_m"].sum()), 1.0)

    def share(which: pd.Series) -> float:
        return round(float(roads.loc[which, "length_m"].sum()) / total_m, 4)

    by_class = roads.groupby("road_class")["length_m"].sum() / METRES_PER_KM
    return {
        **network.about,
        "n_stretches": len(network.roads),
        "n_nodes": network.n_nodes,
        "n_ferries": int(network.roads["is_ferry"].sum()),
        "km": round(total_m / METRES_PER_KM, 1),
        "km_by_class": {c: round(float(by_class[c]), 1) for c in ROAD_CLASSES if c in by_class},
        "one_way_share": share(roads["is_one_way"]),
        "limit_tagged_share": share(roads["limit_from"] == "tag"),
        "limit_lit_share": share(roads["limit_from"] == "lighting"),
        "limit_imputed_share": share(roads["limit_from"] == ""),
    }


def _about(file: Path, date: str, authority: Path | None, margin_km: float) -> dict[str, str]:
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "source": f"OpenStreetMap ({file.name})",
        "source_sha256": sha256,
        "data_date": date,
        "publisher": "OpenStreetMap contributors",
        "margin_km": "" if authority is None else f"{margin_km:g}",
    }


def _target(out: Path | None, authority: Path | None) -> Path:
    if out is None and authority is None:
        remedy = "Give --authority, or --out with the file to write."
        raise InputError([Fault("roads", 0, "", "it is not said where the roads belong", remedy)])
    target = out if out is not None else Path(str(authority)) / ROAD_FILE
    if target.suffix.lower() != ".gpkg":
        problem = f'a road file ends in .gpkg, not "{target.suffix}"'
        raise InputError([Fault(str(target), 0, "", problem, "Name it so.")])
    if not target.parent.is_dir():
        problem = f'there is no folder "{target.parent}"'
        raise InputError([Fault(str(target), 0, "", problem, "Make it first, or name another.")])
    return target


def authority_path(name: str | Path) -> Path:
    """Find the folder of an authority by its path, or by its name below ``boundaries/``."""
    folders = [Path(name), *(Path(root) / "boundaries" / name for root in _roots())]
    for folder in folders:
        if (folder / "authority.toml").is_file():
            return folder
    known = sorted(
        {p.parent.name for root in _roots() for p in root.glob("boundaries/*/authority.toml")}
    )
    remedy = did_you_mean(str(name), known, "Give the folder that holds authority.toml.")
    raise InputError([Fault(str(name), 0, "", "there is no such authority", remedy)])


def _roots() -> list[Path]:
    here = Path.cwd()
    return [here, *here.parents]


@dataclass(frozen=True, slots=True, eq=False)
class OnRoads:
    """An authority with minutes by road, whatever method it states."""

    authority: Authority  # the authority, its travel by road
    measured: Measured  # what was measured
    estimate: TravelSpec | None


def measure_roads(authority: str, *, file: Path | None = None) -> OnRoads:
    """Measure the minutes between an authority's schools on a road file."""
    folder = authority_path(authority)
    read = load_authority(folder, is_travel_read=False)
    table = travel_table(folder)
    named = table.file if table.method == "roads" and table.file else ROAD_FILE
    path = file or folder / named
    if not path.is_file():
        remedy = "Make it with `cluster-optimiser roads import` or `download`, or name another."
        raise InputError([Fault(str(path), 0, "", "there is no such road file", remedy)])
    about = read_about(path, label=str(path))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    roads = RoadSpec(path, sha256, table.road_assumptions, about)
    by_road = replace(read, travel=TravelSpec("roads", roads=roads, note=""))
    return OnRoads(by_road, measured_minutes(by_road), table.estimate)


def compare_roads(on_roads: OnRoads) -> RoadComparison:
    """Compare the estimate of an authority with its minutes by road."""
    schools = on_roads.authority.schools
    return compare_estimate(
        schools.index.to_numpy(),
        straight_line_km(schools.geometry),
        on_roads.measured.minutes,
        on_roads.estimate,
        estimated_minutes,
    )


def write_text(path: Path, text: str) -> None:
    """Write a file that a user asked for, whole or not at all."""
    if not path.parent.is_dir():
        problem = f'there is no folder "{path.parent}"'
        raise InputError([Fault(str(path), 0, "", problem, "Make it first, or name another.")])
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="")
    part.replace(path)
