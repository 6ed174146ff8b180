"""The files of an authority folder as tables of text, whatever format and encoding they have.

Every file read is hashed, so that a result can name the bytes it was made from.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import importlib
import io
import json
import re
import warnings
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj.exceptions import ProjError

from cluster_optimiser.constants import FORMULA_STARTS, SETTINGS_FILE
from cluster_optimiser.inputs.checking import (
    FaultList,
    Problem,
    did_you_mean,
    listed,
    require_column,
    shortened,
)
from cluster_optimiser.inputs.limits import BYTES_PER_MB, MAX_MB, over, too_detailed, too_large
from cluster_optimiser.inputs.systems import BRITISH, MetricSystem
from cluster_optimiser.scenario.words import clean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cluster_optimiser.arrays import Floats

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
GEOJSON_SUFFIXES = (".geojson", ".json", ".topojson")
PARQUET_SUFFIXES = (".parquet", ".geoparquet")
SHAPEFILE_PARTS = (".dbf", ".shx", ".prj", ".cpg")

SIGNATURES = {
    ".geojson": (b"{",),
    ".json": (b"{",),
    ".topojson": (b"{",),
    ".gpkg": (b"SQLite format 3",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".fgb": (b"fgb",),
    ".parquet": (b"PAR1",),
    ".geoparquet": (b"PAR1",),
    ".zip": (b"PK",),
}
"""Kinds of file that are read, and how each begins: what leads to other files or sites is none."""

HARMLESS_PARTS = ("", ".sbn", ".sbx", ".xml", ".txt", ".md", ".pdf", ".html", ".qmd", ".qix")
"""What else a zip file of boundaries may hold."""

WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods")

A_WORKBOOK = Problem(
    "the file is a workbook", 'Open it and save the sheet as "CSV UTF-8", then give that file.'
)

PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How workbooks begin, whatever the name of their file."""

_SEP_LINE = re.compile(r'\ufeff?"?sep=(.)"?[,;\t]*\r?\n', re.IGNORECASE)

_TOPOLOGY = re.compile(r'"type"\s*:\s*"Topology"')

_CRS_LINK = re.compile(r'"type"\s*:\s*"link"')

_WRONG_SYSTEM = (
    "Save it again with the CRS its coordinates are in; in GeoJSON they are longitude, latitude."
)

_READ_ERRORS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    shapely.errors.ShapelyError,
    OSError,
    ValueError,
    IndexError,  # of pyogrio, where a header counts features that are not there
    ProjError,
    NameError,  # of pyogrio, where a reference system cannot be read
)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    file: str  # name of the file in faults
    cells: pd.DataFrame
    geometry: gpd.GeoSeries | None = None
    header_row: int = 0  # where its headings stand, to name for what is wrong with the columns
    titles: tuple[str, ...] = ()  # what stands above them and was passed over
    system: MetricSystem = BRITISH  # of its geometry, eastings and northings

    def has(self, column: str, faults: FaultList, *, how_to_map: str) -> bool:
        """Report a column that is not there, where the headings stand."""
        present, row = self.cells.columns, self.header_row
        return require_column(
            column, present, file=self.file, how_to_map=how_to_map, faults=faults, row=row
        )


class Folder:
    """The folder of an authority: finds its files, and remembers the hash of each one read."""

    def __init__(self, root: Path, faults: FaultList) -> None:
        self.root = root
        self.faults = faults
        self.system = BRITISH  # until authority.toml says otherwise
        self.notes: list[str] = []  # what was passed over in its files, for the caveats
        self._hashes: dict[str, str] = {}

    @property
    def hashes(self) -> Mapping[str, str]:
        """Path relative to the folder -> SHA-256 of each file read, sorted by path."""
        return dict(sorted(self._hashes.items()))

    def label(self, name: str) -> str:
        path = PurePosixPath(name.replace(chr(92), "/"))
        return f"{self.root.name}/{path}" if self.root.name else str(path)

    def find(self, name: str, *, subject: str) -> Path | None:
        plain = PurePosixPath(name.replace("\\", "/"))
        path = self.root / plain
        if plain.is_absolute() or not path.resolve().is_relative_to(self.root.resolve()):
            remedy = "Copy the file into the folder and give its path relative to it."
            self.misstated(subject, f'"{name}" leaves the folder of the authority', remedy)
            return None
        if not path.is_file():
            present = sorted(
                p.relative_to(self.root).as_posix() for p in self.root.rglob("*") if p.is_file()
            )
            remedy = did_you_mean(name, present, "Add the file, or correct its name.")
            self.misstated(subject, f'there is no file "{name}"', remedy)
            return None
        return path

    def misstated(self, subject: str, text: str, remedy: str) -> None:
        """Report what is wrong with ``authority.toml``."""
        self.faults.add(self.label(SETTINGS_FILE), 0, subject, Problem(text, remedy))

    def content(self, path: Path) -> bytes:
        content = path.read_bytes()
        key = path.resolve().relative_to(self.root.resolve()).as_posix()
        self._hashes[key] = hashlib.sha256(content).hexdigest()
        return content

    def read(
        self,
        name: str,
        *,
        subject: str,
        layer: str = "",
        used: Collection[str] | None = None,
        encoding: str = "",
    ) -> Table | None:
        path = self.find(name, subject=subject)
        if path is None:
            return None
        file, problem = self.label(name), too_large(path)
        if problem is not None:
            self.faults.add(file, 0, "", problem)
            return None
        content = self.content(path)
        if not content.strip():
            self.faults.add(file, 0, "", IS_EMPTY)
            return None
        if path.suffix.lower() in CSV_SUFFIXES:
            table = read_csv(content, file=file, faults=self.faults, used=used, encoding=encoding)
            if table is not None and table.titles:
                said = listed([f'"{shortened(title)}"' for title in table.titles])
                self.notes.append(f"Titles above the headings of {file} were passed over: {said}.")
            return None if table is None else replace(table, system=self.system)
        for part in SHAPEFILE_PARTS if path.suffix.lower() == ".shp" else ():
            if path.with_suffix(part).is_file():
                self.content(path.with_suffix(part))
        how = _Way(layer, encoding, self.system)
        return _read_features(path, content, how, file=file, faults=self.faults)


@dataclass(frozen=True, slots=True)
class _Way:
    """What is said of a file of features beside its name."""

    layer: str = ""
    encoding: str = ""
    system: MetricSystem = BRITISH


def decode(content: bytes, encoding: str = "") -> str | Problem:
    """Decode text as is stated, else as UTF-8 or UTF-16, with or without a mark, else as cp1252."""
    if encoding:
        try:
            return content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
        except UnicodeError:
            said = f'the text is not "{encoding}", the encoding that {SETTINGS_FILE} states'
            return Problem(said, "Correct encoding, or leave it out.")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            return Problem("the file breaks off amid UTF-16 text", 'Save it as "CSV UTF-8".')
    for likely in ("utf-8-sig", "cp1252", "utf-16-le", "utf-16-be"):
        try:
            text = content.decode(likely)
        except UnicodeDecodeError:
            continue
        is_wide = likely.startswith("utf-16")
        if "\0" not in text and (not is_wide or _is_latin(text)):
            return text
    return Problem("the file is neither UTF-8 nor Windows text", 'Save it as "CSV UTF-8".')


def _is_latin(text: str) -> bool:
    """Tell whether nearly all of a text is in Latin letters, as bytes taken for others are not."""
    return len(text.encode("latin-1", "ignore")) > LATIN_SHARE * len(text)


LATIN_SHARE = 0.9

TITLE_LINES = 5
"""Lines among which the headings are looked for where the first is not one of them."""


def delimiter_of(text: str, n_lines: int = 1) -> tuple[str, int]:
    """Give the mark between cells, and the lines that only state it, as Excel's ``sep=;`` does."""
    stated = _SEP_LINE.match(text)
    if stated:
        return stated[1], 1
    head = text.lstrip().split("\n", n_lines)[:n_lines]
    if not any(mark in line for mark in ",;\t|" for line in head):
        head = text.lstrip().split("\n", TITLE_LINES)[:TITLE_LINES]  # below a title, perhaps
    return max(",;\t|", key=lambda mark: max(line.count(mark) for line in head)), 0


def read_csv(
    content: bytes,
    *,
    file: str,
    faults: FaultList,
    used: Collection[str] | None = None,
    encoding: str = "",
) -> Table | None:
    """Read delimited text, keeping the line number of every row.

    Of two columns of one name those that are not `used` are left out; without it all are.
    """
    text = A_WORKBOOK if content.startswith(PACKED) else decode(content, encoding)
    if isinstance(text, Problem):
        faults.add(file, 0, "", text)
        return None
    text = text.lstrip("\ufeff")  # put twice by programs that add it to what has it
    delimiter, n_stating = delimiter_of(text)
    # Strict, or a quotation mark left open would swallow the rows below it without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    is_plain = _is_plain(text, delimiter)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            stripped = cells if is_plain else [unquoted(clean(cell)) for cell in cells]
            if any(stripped) and line > n_stating:
                rows.append((line, stripped))
            line = reader.line_num + 1
    except csv.Error as error:
        remedy = "Look for a quotation mark that is not closed."
        faults.add(file, line, "", Problem(f"the row cannot be read: {error}", remedy))
        return None
    n_titles = _n_titles([cells for _, cells in rows[: 2 * TITLE_LINES]])
    table = _table_of_rows(rows[n_titles:], file=file, faults=faults, used=used)
    titles = tuple(" ".join(filter(None, cells)) for _, cells in rows[:n_titles])
    return None if table is None else replace(table, titles=titles)


def _is_plain(text: str, delimiter: str) -> bool:
    """Tell whether no cell has anything to take off, as in most large tables."""
    odd = ("'", '"', "  ", f" {delimiter}", f"{delimiter} ", " \n", " \r", "\n ")
    is_bare = text.isascii() and text.replace("\r", "").replace("\n", "").isprintable()
    return is_bare and not any(mark in text for mark in odd) and " " not in text[:1] + text[-1:]


def unquoted(cell: str) -> str:
    """Take off the apostrophe that tells a spreadsheet not to take text as formula or number."""
    if not cell.startswith("'"):
        return cell
    is_quoted = cell.lstrip("'").startswith(FORMULA_STARTS) or cell[1:].isdecimal()
    return cell[1:] if is_quoted else cell


_PUT_IN = "Put the data in, or name another file."

IS_EMPTY = Problem("the file is empty", _PUT_IN)

HAS_NO_ROWS = Problem("the file has a header but no rows", _PUT_IN)


def stands_twice(name: str) -> Problem:
    return Problem(f'the column "{name}" stands twice', "Rename or remove one of them.")


def _table_of_rows(
    rows: list[tuple[int, list[str]]], *, file: str, faults: FaultList, used: Collection[str] | None
) -> Table | None:
    if len(rows) < 2:  # noqa: PLR2004 - a header and at least one row
        faults.add(file, 0, "", HAS_NO_ROWS if rows else IS_EMPTY)
        return None
    header_line, header = rows[0]
    names = [name or f"column {i}" for i, name in enumerate(header, start=1)]
    again = sorted({name for name in names if names.count(name) > 1})
    fatal = again if used is None else [name for name in again if name in used]
    for name in fatal:
        faults.add(file, header_line, f'column "{name}"', stands_twice(name))
    if fatal:
        return None
    body: dict[int, list[str]] = {}
    for line, cells in rows[1:]:
        if len(cells) == len(names) and cells[-1]:  # as nearly every row of a large table is
            body[line] = cells
            continue
        mark = _other_mark(cells, len(names))
        if mark:
            text = f'the row is divided by "{mark}", the headings are not'
            faults.add(file, line, "", Problem(text, "Divide it as the other rows are."))
            continue
        if any(cells[len(names) :]):
            text = f"the row has {len(cells)} cells, the header has {len(names)}"
            remedy = "Put a cell that contains the delimiter in quotation marks."
            faults.add(file, line, "", Problem(text, remedy))
            # Its cells stand in the wrong columns: nothing more can be said of them.
            continue
        # Fewer cells than the header: the rest is blank, and judged where it matters.
        body[line] = (cells + [""] * len(names))[: len(names)]
    frame = pd.DataFrame(list(body.values()), index=list(body), columns=names, dtype=object)
    frame = frame.loc[:, [name not in again for name in names]]
    names, header = ([n for n in row if n not in again] for row in (names, header))
    nameless = [n for n, h in zip(names, header, strict=True) if not h and not frame[n].any()]
    frame = frame.drop(columns=nameless).rename_axis("row")
    return Table(file, frame, header_row=header_line)


def _n_titles(rows: list[list[str]]) -> int:
    """Count the first rows that are one cell of text above a table of several columns."""
    n_filled = [sum(map(bool, cells)) for cells in rows]
    n_titles = next((i for i, n in enumerate(n_filled[:TITLE_LINES]) if n > 1), 0)
    below = n_filled[n_titles : n_titles + 2]
    return n_titles if min(below, default=0) > 2 else 0  # noqa: PLR2004 - a name and its place


def _other_mark(cells: list[str], n_columns: int) -> str:
    """Give the mark that divides a row which the table's own mark leaves in one cell."""
    if n_columns < 3 or any(cells[1:]):  # noqa: PLR2004 - two columns may be a text and blanks
        return ""
    return next((mark for mark in ",;\t|" if cells[0].count(mark) >= n_columns - 1), "")


def _read_features(
    path: Path, content: bytes, how: _Way, *, file: str, faults: FaultList
) -> Table | None:
    frame = _open_features(path, content, how)
    if isinstance(frame, Problem):
        faults.add(file, 0, "", frame)
        return None
    if not len(frame):
        faults.add(file, 0, "", Problem("the file holds no features", _PUT_IN))
        return None
    frame = frame.set_index(pd.RangeIndex(1, len(frame) + 1, name="row"))
    is_geographic = isinstance(frame, gpd.GeoDataFrame)
    attributes = frame.drop(columns=frame.geometry.name) if is_geographic else frame
    cells = pd.DataFrame(
        {str(name): [_text_of(v) for v in attributes[name]] for name in attributes},
        index=frame.index,
        dtype=object,
    )
    if not is_geographic:
        return Table(file, cells, system=how.system)
    problem = too_detailed(frame.geometry)
    if problem is not None:
        faults.add(file, 0, "", problem)
        return None
    geometry = _in_metres(frame.geometry, how.system, file=file, faults=faults)
    return None if geometry is None else Table(file, cells, geometry, system=how.system)


def _of_another_kind(suffix: str, content: bytes) -> Problem:
    if suffix in WORKBOOKS:
        return A_WORKBOOK
    said = f'the file cannot be read as "{suffix}": its content is of another kind'
    if content[:99].removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<"):
        said += ", such as a virtual format, which leads to other files and is never followed"
    return Problem(said, f"Save it again as one of {', '.join(sorted(SIGNATURES))}.")


def _open_features(path: Path, content: bytes, how: _Way) -> pd.DataFrame | Problem:
    suffix = path.suffix.lower()
    source: Path | io.BytesIO = path
    if not _is_allowed(path, content):
        return _of_another_kind(suffix, content)
    if suffix in GEOJSON_SUFFIXES:
        text = _plain_geojson(content, how.encoding)
        if isinstance(text, Problem):
            return text
        source = io.BytesIO(text.encode("utf-8"))
    try:
        # Odd rings are reported, or mended, by the reader of areas, not by the driver.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if suffix in PARQUET_SUFFIXES:
                return _read_parquet(path)
            return _read_driver(source, how, suffix)
    except UnicodeError:
        said = f'its text is not "{how.encoding}"' if how.encoding else "its encoding is not stated"
        return Problem(f"{said}, or is another", 'Write encoding = "cp1252", or what it is in.')
    except _READ_ERRORS:
        remedy = "Save it again as GeoPackage, GeoJSON or CSV, or name another file."
        if suffix in {".shp", ".zip"}:
            parts = "A shapefile is .shp, .shx, .dbf and .prj side by side"
            remedy = f"{parts}: give all four, in one folder or in one zip without folders."
        return Problem(f'the file cannot be read as "{suffix}"', remedy)


def _plain_geojson(content: bytes, encoding: str) -> str | Problem:
    text = decode(content, encoding)
    if isinstance(text, str) and _CRS_LINK.search(text):
        return Problem("its CRS is a link to elsewhere", "Save it again with the CRS by name.")
    return text


def _is_allowed(path: Path, content: bytes) -> bool:
    """Tell whether a file is what its name says, of a kind that leads to no other file or site."""
    starts = SIGNATURES.get(path.suffix.lower(), ())
    if not content[:99].removeprefix(codecs.BOM_UTF8).lstrip().startswith(starts or b"\0\0no"):
        # UTF-16, which GeoJSON may be in, begins with a mark that says so.
        is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return is_wide and path.suffix.lower() in GEOJSON_SUFFIXES
    if starts != (b"PK",):
        return True
    try:
        with zipfile.ZipFile(path) as archive:
            inside = {PurePosixPath(name).suffix.lower() for name in archive.namelist()}
    except zipfile.BadZipFile:
        return True  # its reader says so
    return inside <= {*SIGNATURES, *SHAPEFILE_PARTS, *HARMLESS_PARTS} - {".zip"}


def _read_parquet(path: Path) -> pd.DataFrame | Problem:
    try:
        return _too_large_unpacked(path) or gpd.read_parquet(path)
    except ImportError:
        remedy = "Install it, or save the file as CSV or GeoPackage."
        return Problem("reading Parquet needs the package pyarrow", remedy)


def _too_large_unpacked(path: Path) -> Problem | None:
    """Tell whether a Parquet file, which is packed, unpacks to more than may be read."""
    try:
        metadata = importlib.import_module("pyarrow.parquet").read_metadata(path)
    except _READ_ERRORS:
        # What is wrong is said by the reader.
        return None
    groups = (metadata.row_group(i) for i in range(metadata.num_row_groups))
    n_bytes = sum(group.total_byte_size for group in groups)
    return over(MAX_MB, -(-n_bytes // BYTES_PER_MB), "MB")


def _read_driver(source: Path | io.BytesIO, how: _Way, suffix: str) -> pd.DataFrame | Problem:
    layers = [str(name) for name, _ in pyogrio.list_layers(source)]
    if len(layers) > 1 and how.layer not in layers:
        remedy = "Save the one to use in a file of its own."
        return Problem(f"the file holds {len(layers)} layers: {', '.join(layers)}", remedy)
    # Other kinds are UTF-8 by definition; text is decoded already.
    encoding = how.encoding if suffix in {".shp", ".zip"} else ""
    frame: pd.DataFrame = pyogrio.read_dataframe(
        source, layer=how.layer or None, on_invalid="ignore", encoding=encoding or None
    )
    is_text = isinstance(frame, gpd.GeoDataFrame) and isinstance(source, io.BytesIO)
    if is_text and frame.crs is None and _TOPOLOGY.search(source.getvalue().decode("utf-8")):
        return _of_topology(frame, json.loads(source.getvalue()))
    return frame


def _of_topology(frame: gpd.GeoDataFrame, topology: dict[str, Any]) -> gpd.GeoDataFrame | Problem:
    """Give TopoJSON its system, which it cannot state: degrees, unless they cannot be."""
    n_arcs = len(topology.get("arcs", ()))
    used, missing = [topology.get("objects")], set[int]()
    while used:
        one = used.pop()
        if isinstance(one, int) and not -n_arcs <= one < n_arcs:
            missing.add(one)
        elif isinstance(one, list):
            used += one
        elif isinstance(one, dict):
            is_object = "type" not in one
            used += one.values() if is_object else [one.get("arcs"), one.get("geometries")]
    if missing:
        text = f"a boundary is made of arc {min(missing)}, and the file has {n_arcs} arcs"
        return Problem(text, "Make the TopoJSON again, or convert its source to GeoPackage.")
    return frame.set_crs("EPSG:4326") if _is_degrees(frame.total_bounds) else frame


def inner_layers(path: Path) -> list[str]:
    """Name the layers of a file that may hold several; none where it is not of a kind that is read.

    A file is opened only if it begins as its name says: a virtual format leads elsewhere.
    """
    with path.open("rb") as file:
        if not _is_allowed(path, file.read(99)):
            return []
    try:
        return [str(layer) for layer, _ in pyogrio.list_layers(path)]
    except _READ_ERRORS:
        return []  # the reader says that the file is not what it seems


def _text_of(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return clean(str(whole))


def _in_metres(
    geometry: gpd.GeoSeries, system: MetricSystem, *, file: str, faults: FaultList
) -> gpd.GeoSeries | None:
    crs = geometry.crs
    if crs is None or "undefined" in crs.name.lower():
        remedy = f"Save it again with its CRS; {system.name} is {system.code}."
        faults.add(file, 0, "", Problem("the file has no coordinate reference system", remedy))
        return None
    flat = geometry.force_2d()
    problem = _other_units(flat)
    if problem is not None:
        faults.add(file, 0, "", problem)
        return None
    try:
        metres = flat.to_crs(system.code)
    except ProjError:
        faults.add(file, 0, "", Problem("its coordinate reference system is none", _WRONG_SYSTEM))
        return None
    if not system.holds(metres.total_bounds):
        text = f"the file lies outside {system.place}"
        if crs.is_geographic:
            text += ": longitude and latitude may be swapped"
        faults.add(file, 0, "", Problem(text, _guess(flat, system) or _WRONG_SYSTEM))
        return None
    return metres


LIKELY_SYSTEMS = {
    "EPSG:3857": "Web Mercator",
    "EPSG:32630": "UTM zone 30N",
    BRITISH.code: BRITISH.name,
}
"""Systems in metres that files of British boundaries come in, the likeliest first."""


def _guess(flat: gpd.GeoSeries, system: MetricSystem) -> str:
    """Give the system in which coordinates would lie where they should, if there is one."""
    for code, name in {system.code: system.name, **LIKELY_SYSTEMS}.items():
        if flat.crs.is_geographic or code == flat.crs.to_string():
            continue
        if system.holds(flat.set_crs(code, allow_override=True).to_crs(system.code).total_bounds):
            return (
                f"They are coordinates of {name} ({code}), probably: save it again with that "
                f"reference system."
            )
    return ""


def _is_degrees(bounds: Floats) -> bool:
    x_min, y_min, x_max, y_max = bounds
    return bool(x_min >= -180 and y_min >= -90 and x_max <= 180 and y_max <= 90)  # noqa: PLR2004


def _other_units(flat: gpd.GeoSeries) -> Problem | None:
    """Tell whether coordinates are degrees that call themselves metres, or the other way round."""
    x_min, y_min, x_max, y_max = flat.total_bounds
    is_degrees = _is_degrees(flat.total_bounds)
    if is_degrees == flat.crs.is_geographic:
        return None
    if is_degrees:
        text = (
            f"its coordinates, ({x_min:.2f}, {y_min:.2f}) to ({x_max:.2f}, {y_max:.2f}), are "
            f"degrees, but it says that they are metres of {flat.crs.name}"
        )
        remedy = "They are longitude and latitude, probably: save it again as EPSG:4326 (WGS 84)."
        return Problem(text, remedy)
    return Problem(f"coordinates up to ({x_max:.0f}, {y_max:.0f}) are not degrees", _WRONG_SYSTEM)
