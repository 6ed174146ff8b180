"""Road files made, and minutes by road measured, for an authority."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_optimiser.constants import METRES_PER_KM
from cluster_optimiser.domain import Authority, RoadNetwork, RoadSpec, TravelSpec
from cluster_optimiser.errors import Fault, InputError, put, refuse_to_replace
from cluster_optimiser.geography.roads.comparison import audit_minutes, compare_estimate
from cluster_optimiser.geography.roads.minutes import Measured, measured_minutes
from cluster_optimiser.geography.travel import (
    estimated_minutes,
    matrix_minutes,
    straight_line_km,
    travel_minutes,
)
from cluster_optimiser.inputs import load_authority
from cluster_optimiser.inputs.checking import FaultList, did_you_mean
from cluster_optimiser.inputs.files import Folder
from cluster_optimiser.inputs.roads.area import EVERYWHERE, area_around, coverage, coverage_facts
from cluster_optimiser.inputs.roads.download import OVERPASS_URL, Patience, download_ways
from cluster_optimiser.inputs.roads.graphml import GRAPHML_SUFFIXES, read_graphml
from cluster_optimiser.inputs.roads.network import Ways, build_network
from cluster_optimiser.inputs.roads.osm import OSM_SUFFIXES, read_osm
from cluster_optimiser.inputs.roads.store import cache_folder, read_about, read_roads, write_roads
from cluster_optimiser.inputs.roads.tags import ROAD_CLASSES
from cluster_optimiser.inputs.settings import TravelTable
from cluster_optimiser.inputs.travel import read_travel, travel_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd
    import pandas as pd

    from cluster_optimiser.geography.roads.comparison import Audit, RoadComparison
    from cluster_optimiser.inputs.roads.area import Area

ROAD_FILE = "roads.gpkg"
"""Name of the road file in an authority's folder, unless another is given."""

MARGIN_KM = 10.0
"""Roads this far outside the authority are kept: the quickest way may leave it for a while."""


def import_roads(
    paths: Sequence[Path],
    *,
    authority: str | None,
    out: Path | None = None,
    margin_km: float = MARGIN_KM,
) -> tuple[Path, RoadNetwork]:
    """Make a road file of maps on disk: files, and folders of them, which may overlap."""
    folder = None if authority is None else authority_path(authority)
    target = _target(out, folder)
    files, faults = _map_files(paths)
    if faults:
        raise InputError(faults)
    read, area = None, EVERYWHERE
    if folder is not None:
        read = load_authority(folder, is_travel_read=False)
        area = area_around(read, margin_km=margin_km)
    ways, dates = Ways(), []
    for file in files:
        is_graphml = file.name.lower().endswith(GRAPHML_SUFFIXES)
        try:
            dates.append(
                read_graphml(file, into=ways)[1]
                if is_graphml
                else read_osm(file, box=area.box, into=ways)[1]
            )
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    about = {
        "source": f"OpenStreetMap ({', '.join(file.name for file in files)})",
        "source_sha256": " ".join(hashlib.sha256(f.read_bytes()).hexdigest() for f in files),
        # The oldest: nothing of the map is older than it says.
        "data_date": min(filter(None, dates), default=""),
        "publisher": "OpenStreetMap contributors",
    }
    return target, _written(target, ways, about, area, read, margin_km)


def _map_files(paths: Sequence[Path]) -> tuple[list[Path], list[Fault]]:
    known = (*OSM_SUFFIXES, *GRAPHML_SUFFIXES)
    files, faults = [], []
    for path in paths:
        inside = [path]
        if path.is_dir():
            inside = sorted(f for f in path.iterdir() if f.name.lower().endswith(known))
        if not path.exists():
            remedy = "Check the path. Extracts of every county are published as .osm.pbf."
            faults.append(Fault(str(path), 0, "", "there is no such file", remedy))
        elif not inside or not inside[0].name.lower().endswith(known):
            problem = f'"{path.suffix or path}" is no file of a map that can be read'
            faults.append(Fault(str(path), 0, "", problem, f"Give one of {', '.join(known)}."))
        files += inside
    return list(dict.fromkeys(files)), faults


def _written(
    target: Path,
    ways: Ways,
    about: dict[str, str],
    area: Area,
    authority: Authority | None,
    margin_km: float,
) -> RoadNetwork:
    network = build_network(ways, about, within=area.within, crs=area.crs)
    if network.roads.empty:
        problem, remedy = "no road of the file lies there", "Use the map of its own region."
        raise InputError.of(about["source"], problem, remedy)
    margin = {"margin_km": ""}
    if authority is not None:
        margin = {"margin_km": f"{margin_km:g}", **coverage_facts(network, authority, margin_km)}
    network = replace(network, about={**network.about, **margin})
    write_roads(network, target)
    return network


def download_roads(
    authority: str,
    *,
    out: Path | None = None,
    margin_km: float = MARGIN_KM,
    url: str = OVERPASS_URL,
    patience: Patience | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> tuple[Path, RoadNetwork]:
    folder = authority_path(authority)
    target = _target(out, folder)
    read = load_authority(folder, is_travel_read=False)
    area = area_around(read, margin_km=margin_km)
    if area.within is None:
        raise RuntimeError("the area of an authority has no outline")
    ways, date = download_ways(
        area.within,
        crs=area.crs,
        folder=cache_folder() / "overpass",
        url=url,
        patience=patience,
        told=told,
    )
    about = {
        "source": "OpenStreetMap (Overpass)",
        "server": url,
        "data_date": date,
        "publisher": "OpenStreetMap contributors",
    }
    return target, _written(target, ways, about, area, read, margin_km)


def open_roads(file: Path) -> RoadNetwork:
    if not file.is_file():
        remedy = "Check the path, or make it with `cluster-optimiser roads import`."
        raise InputError.of(file, "there is no such file", remedy)
    return read_roads(file, label=str(file))


def road_facts(network: RoadNetwork) -> dict[str, object]:
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
        "n_signals": int(network.roads[["signals", "signals_back"]].to_numpy().sum()),
        "n_turns": len(network.turns),
        "km": round(total_m / METRES_PER_KM, 1),
        "km_by_class": {c: round(float(by_class[c]), 1) for c in ROAD_CLASSES if c in by_class},
        "one_way_share": share(roads["is_one_way"]),
        "limit_tagged_share": share(roads["limit_from"] == "tag"),
        "limit_lit_share": share(roads["limit_from"] == "lighting"),
        "limit_imputed_share": share(roads["limit_from"] == ""),
    }


def _target(out: Path | None, authority: Path | None) -> Path:
    if out is None and authority is None:
        remedy = "Give --authority, or --out with the file to write."
        raise InputError.of("roads", "it is not said where the roads belong", remedy)
    target = out if out is not None else Path(str(authority)) / ROAD_FILE
    if target.suffix.lower() != ".gpkg":
        problem = f'a road file ends in .gpkg, not "{target.suffix}"'
        raise InputError.of(target, problem, "Name it so.")
    if not target.parent.is_dir():
        problem = f'there is no folder "{target.parent}"'
        raise InputError.of(target, problem, "Make it first, or name another.")
    if target.exists():
        read_about(target, label=str(target))  # what is no road file is not written over
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
    raise InputError.of(name, "there is no such authority", remedy)


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
    folder = authority_path(authority)
    read = load_authority(folder, is_travel_read=False)
    table = travel_table(folder)
    named = table.file if table.method == "roads" and table.file else ROAD_FILE
    path = file or folder / named
    if not path.is_file():
        remedy = "Make it with `cluster-optimiser roads import` or `download`, or name another."
        raise InputError.of(path, "there is no such road file", remedy)
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


def with_coverage(
    network: RoadNetwork, authority: str, margin_km: float
) -> tuple[RoadNetwork, gpd.GeoDataFrame]:
    """Tell how much of an authority and its margin has roads: in numbers, and by square."""
    read = load_authority(authority_path(authority), is_travel_read=False)
    facts = {"margin_km": f"{margin_km:g}", **coverage_facts(network, read, margin_km)}
    squares = coverage(network, read, margin_km=margin_km)
    return replace(network, about={**network.about, **facts}), squares


def audit_roads(authority: str, *, table: Path, file: Path | None) -> tuple[Audit, dict[int, str]]:
    """Compare the minutes that an authority is solved on, or of a road file, with a table's.

    With the names of its schools.
    """
    folder = authority_path(authority)
    read = load_authority(folder) if file is None else measure_roads(authority, file=file).authority
    where = Folder(table.resolve().parent, FaultList())
    spec = read_travel(where, TravelTable(method="matrix", file=table.name), None)
    if spec is None or where.faults:
        raise InputError(list(where.faults))
    schools = read.schools
    urns = schools.index.to_numpy()
    theirs = matrix_minutes(spec, urns)
    ours = travel_minutes(read).minutes
    audit = audit_minutes(urns, straight_line_km(schools.geometry), ours, theirs)
    return audit, schools["name"].to_dict()


def write_text(path: Path, text: str) -> None:
    """Write a file that a user asked for, whole or not at all."""
    if not path.parent.is_dir():
        problem = f'there is no folder "{path.parent}"'
        raise InputError.of(path, problem, "Make it first, or name another.")
    refuse_to_replace(path, text)
    put(path, text)
