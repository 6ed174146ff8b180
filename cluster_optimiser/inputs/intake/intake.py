"""From the files people have to the schools, layers and outline of one authority."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from cluster_optimiser.constants import CRS_METRES
from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.inputs.boundaries import read_outline
from cluster_optimiser.inputs.checking import FaultList, Problem
from cluster_optimiser.inputs.files import Folder
from cluster_optimiser.inputs.intake.areas import (
    CutLayer,
    Outline,
    RawLayer,
    cut_layer,
    find_outline,
    flag_stated_areas,
    layer_names_faulty,
    reach_schools,
    read_layer,
    report_elsewhere,
)
from cluster_optimiser.inputs.intake.gias import COLUMNS, iso_day, postcode_of
from cluster_optimiser.inputs.intake.groups import given_clusters
from cluster_optimiser.inputs.intake.ledger import Ledger
from cluster_optimiser.inputs.intake.links import Closed, gather_links, links_beside
from cluster_optimiser.inputs.intake.places import (
    Point,
    place_schools,
    places_of_register,
    read_postcodes,
)
from cluster_optimiser.inputs.intake.pupils import (
    estimate_pupils,
    join_pupils,
    read_census,
    report_nobody,
)
from cluster_optimiser.inputs.intake.rows import RawTable, is_there, read_raw
from cluster_optimiser.inputs.intake.selection import (
    Chosen,
    Wishes,
    authorities,
    check_urns,
    choose_authority,
    corrected,
    select,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

_DATE_IN_NAME = re.compile(r"(20\d{2})[-_]?(\d{2})[-_]?(\d{2})")


@dataclass(frozen=True, slots=True)
class LayerFile:
    """A boundary file as the user gives it."""

    name: str  # the layer's name in scenarios
    path: Path
    column: str = ""  # column of names, empty to find it


@dataclass(frozen=True, slots=True)
class Request:
    """The files of an intake, and what the user wants otherwise than the rules would have it."""

    name: str  # the authority's name
    schools: Path
    la: str = ""  # code or name of the authority in the register; empty to go by the name
    layers: tuple[LayerFile, ...] = ()  # boundary files
    outline: Path | None = None  # file of the authority's outline
    pupils: Path | None = None
    pupils_column: str = ""  # file of pupils by school, and its column of pupils (empty to find it)
    is_pupils_first: bool = False  # whether its figures count before the register's own
    links: Path | None = None  # the register's file of links; None for the one beside it
    postcodes: Path | None = None  # file or folder of the places of postcodes
    corrections: Path | None = None
    clusters: Path | None = None  # file of the council's own clusters, or of who feeds whom
    feeders: Path | None = None
    include: frozenset[str] = frozenset()  # kinds to take that are left out otherwise
    keep: frozenset[int] = frozenset()  # URNs to take, and to leave out, whatever the rules say
    drop: frozenset[int] = frozenset()  # URNs to take, and to leave out, whatever the rules say
    data_date: str = ""  # ISO date of the register; empty to take it from the file


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    request: Request  # what was asked for
    chosen: Chosen  # the authority as the register has it
    schools: gpd.GeoDataFrame
    layers: tuple[CutLayer, ...]  # the layers, cut down to the authority
    outline: Outline
    ledger: Ledger  # what became of every row
    data_date: str  # ISO date of the register
    date_origin: str  # where that date is from, in words
    census_day: str
    links: Path | None  # the register's file of links that was read
    is_gias: bool  # whether the register is an extract of Get Information About Schools


def take_in(request: Request) -> Intake:
    """Read everything, keep an account of every row, and cut it down to the authority."""
    faults, ledger = FaultList(), Ledger(request.schools.name)
    table = _register(request.schools, faults)
    layers = _layers(request, faults)
    outline = _given_outline(request, faults)
    chosen = None
    if table is not None:
        ledger.notes += [f"{table.file}: {note}" for note in table.notes]
        table = _corrected(request, table, ledger, faults)
        _report_placeless(table, faults, has_postcodes=request.postcodes is not None)
        chosen = choose_authority(table, request.la, request.name, ledger, faults)
        check_urns(request.keep, table, "--keep", faults)
        check_urns(request.drop, table, "--drop", faults)
        for urn in sorted(request.keep & request.drop):
            problem = Problem(f"URN {urn} is to be kept and to be left out", "Say one of the two.")
            faults.add("the command", 0, "--keep, --drop", problem)
    data_date, origin = _data_date(request, table, faults)
    if table is None or chosen is None:
        faults.raise_any()
        raise RuntimeError("a table was left out without a fault: this is a mistake of the program")
    schools = _schools(request, table, chosen, data_date, ledger, faults)
    _refuse_nothing(schools, request, ledger, faults)
    own = given_clusters(request.clusters, request.feeders, schools, ledger, faults)
    schools = schools if own is None else schools.assign(cluster=own)
    report_elsewhere(layers, schools, faults)
    faults.raise_any()
    districts = {str(v) for c in ("district", "district_code") if c in schools for v in schools[c]}
    found = outline or find_outline(schools, layers, chosen, districts - {""})
    schools, found = reach_schools(schools, found, ledger)
    _refuse_nothing(schools, request, ledger, faults)
    flag_stated_areas(schools, layers, ledger)
    cut = tuple(cut_layer(layer, found, schools) for layer in layers)
    ledger.notes += [note for layer in cut for note in layer.notes]
    return Intake(
        request=request,
        chosen=chosen,
        schools=schools,
        layers=cut,
        outline=found,
        ledger=ledger,
        data_date=data_date,
        date_origin=origin,
        census_day=_census_day(schools),
        links=links_path(request),
        is_gias=table.found["name"] == COLUMNS["name"][0],
    )


def authorities_of(request: Request) -> list[tuple[str, str]]:
    """Name every authority of the register by code and name; rows that name none are not one."""
    faults = FaultList()
    table = _register(request.schools, faults)
    faults.raise_any()
    return [] if table is None else authorities(table)


def _register(path: Path, faults: FaultList) -> RawTable | None:
    """Read the register, once for all authorities that are made from it."""
    if not is_there(path, faults):
        return None
    state = path.stat()
    table, found = _read_once(path, state.st_mtime_ns, state.st_size)
    faults.extend(found)
    return table


@functools.lru_cache(maxsize=1)
def _read_once(path: Path, _changed: int, _size: int) -> tuple[RawTable | None, tuple[Fault, ...]]:
    faults = FaultList()
    table = read_raw(path, COLUMNS, needs=("urn", "name"), faults=faults)
    return table, tuple(faults)


@functools.lru_cache(maxsize=1)
def _closed(table: RawTable, path: Path | None) -> tuple[Closed, int, tuple[Fault, ...]]:
    faults = FaultList()
    links = gather_links(table, path, faults)
    return Closed(table, links), links.n_links, tuple(faults)


def _layers(request: Request, faults: FaultList) -> list[RawLayer]:
    layer_names_faulty([layer.name for layer in request.layers], faults)
    read = [read_layer(one.name, one.path, one.column, faults) for one in request.layers]
    return [layer for layer in read if layer is not None]


def _given_outline(request: Request, faults: FaultList) -> Outline | None:
    if request.outline is None or not is_there(request.outline, faults):
        return None
    read = read_outline(Folder(request.outline.parent, faults), request.outline.name)
    return None if read is None else Outline(read[0], f"the file {request.outline.name}")


def _corrected(request: Request, table: RawTable, ledger: Ledger, faults: FaultList) -> RawTable:
    if request.corrections is None:
        return table
    corrections = read_raw(request.corrections, COLUMNS, needs=("urn",), faults=faults)
    if corrections is None:
        return table
    return corrected(table, corrections, ledger, faults)


def _report_placeless(table: RawTable, faults: FaultList, *, has_postcodes: bool) -> None:
    has_pair = {"easting", "northing"} <= set(table.cells) or {"lat", "lon"} <= set(table.cells)
    if not has_pair and not ("postcode" in table.cells and has_postcodes):
        text = "there is nothing to place schools by: no Easting and Northing, no lat and lon"
        asked = [note for note in table.notes if re.search("headings (easting|northing)", note)]
        remedy = "Add the columns, or give --postcodes FILE if it has a column of postcodes."
        remedy = " ".join([*asked, remedy])
        faults.add(table.file, 1, "", Problem(text, remedy))


def _schools(
    request: Request,
    table: RawTable,
    chosen: Chosen,
    data_date: str,
    ledger: Ledger,
    faults: FaultList,
) -> gpd.GeoDataFrame:
    wishes = Wishes(request.include, request.keep, request.drop, data_date)
    schools = select(table, chosen, wishes, ledger)
    census = None
    if request.pupils is not None:
        census = read_census(request.pupils, request.pupils_column, faults)
        if census is not None:
            ledger.notes += census.notes
            report_nobody(census, schools, faults)
    places: dict[str, Point] = {}
    wanted = {postcode_of(text) for text in schools.get("postcode", ())} - {""}
    if request.postcodes is not None:
        places = read_postcodes(request.postcodes, wanted, faults)
    path = links_path(request)
    closed, n_links, of_links = _closed(table, path)
    faults.extend(of_links)
    if path is not None and request.links is None:
        ledger.notes.append(f"{path.name}, beside the register: {n_links:,} links were read.")
    faults.raise_any()
    if schools.empty:
        return gpd.GeoDataFrame(schools, geometry=[], crs=CRS_METRES)
    neighbours = places_of_register(table.cells, wanted)
    first = request.is_pupils_first
    joined = join_pupils(schools, census, closed, ledger, is_census_first=first)
    placed = place_schools(joined, places, neighbours, ledger)
    points = shapely.points(placed["easting"].to_numpy(), placed["northing"].to_numpy())
    return estimate_pupils(gpd.GeoDataFrame(placed, geometry=points, crs=CRS_METRES), ledger)


def links_path(request: Request) -> Path | None:
    """Give the file of links: the one that is named, else the one beside the register."""
    return request.links or links_beside(request.schools)


def _refuse_nothing(
    schools: pd.DataFrame, request: Request, ledger: Ledger, faults: FaultList
) -> None:
    if not schools.empty:
        return
    why = "; ".join(
        f"{len(rows)} {reason}"
        + (f", such as row {rows[0].row}: {rows[0].detail}" * bool(rows[0].detail))
        for reason, rows in ledger.reasons().items()
    )
    problem = Problem(
        f"no school of {request.name} is left ({why or 'it has no row'})",
        "Give another authority with --la, or another file.",
    )
    faults.add(ledger.file, 0, "", problem)
    raise InputError(list(faults))


def _data_date(request: Request, table: RawTable | None, faults: FaultList) -> tuple[str, str]:
    """Give the date of the register: as asked for, else as the file tells it, and how."""
    if request.data_date:
        try:
            return date.fromisoformat(request.data_date).isoformat(), "as given"
        except ValueError:
            problem = Problem(f'"{request.data_date}" is no date', "Write it as 2024-01-15.")
            faults.add("the command", 0, "--date", problem)
            return "", ""
    found = _DATE_IN_NAME.search(request.schools.stem)
    if found:
        try:
            return date(*(int(part) for part in found.groups())).isoformat(), "from the file's name"
        except ValueError:
            pass
    if table is None:
        return "", ""
    # The last change of any school is at most days before the extract.
    for column, what in (("last_changed", "the latest change"), ("census_date", "the census")):
        latest = max(map(iso_day, table.column(column).unique()), default="")
        if latest:
            return latest, f"{what} that the register tells of, as its file's name has no date"
    changed = datetime.fromtimestamp(request.schools.stat().st_mtime, tz=UTC)
    return changed.date().isoformat(), "the day the file was last changed, as it tells no other"


def _census_day(schools: pd.DataFrame) -> str:
    if "census_date" not in schools:
        return ""
    dates = schools["census_date"].map(iso_day)
    dates = dates[dates != ""]
    return str(dates.mode().iloc[0]) if len(dates) else ""
