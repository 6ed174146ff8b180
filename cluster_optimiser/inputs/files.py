"""The files of an authority folder as tables of text, whatever format and encoding they have.

Every file read is hashed, so that a result can name the bytes it was made from.
"""

from __future__ import annotations

import csv
import hashlib
import importlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from cluster_optimiser.constants import CRS_METRES, FORMULA_STARTS
from cluster_optimiser.inputs.checking import FaultList, Problem, did_you_mean
from cluster_optimiser.inputs.limits import (
    BYTES_PER_MB,
    MAX_MB,
    over,
    too_detailed,
    too_large,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
GEOJSON_SUFFIXES = (".geojson", ".json")
PARQUET_SUFFIXES = (".parquet", ".geoparquet")
SHAPEFILE_PARTS = (".dbf", ".shx", ".prj", ".cpg")

GRID_BOUNDS_M = (-300_000.0, -300_000.0, 1_100_000.0, 1_600_000.0)
"""The British National Grid with a wide margin: what lies outside was read in the wrong system."""

_WRONG_SYSTEM = (
    "Save it again with the CRS its coordinates are in; in GeoJSON they are longitude, latitude."
)

_READ_ERRORS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    shapely.errors.ShapelyError,
    OSError,
    ValueError,
)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A file as read."""

    file: str  # name of the file in faults
    cells: pd.DataFrame
    geometry: gpd.GeoSeries | None = None

    @property
    def header_row(self) -> int:
        """Row to name for what is wrong with the columns: 1 in text, 0 in a file of features."""
        return 1 if self.geometry is None else 0


class Folder:
    """The folder of an authority: finds its files, and remembers the hash of each one read."""

    def __init__(self, root: Path, faults: FaultList) -> None:
        self.root = root
        self.faults = faults
        self._hashes: dict[str, str] = {}

    @property
    def hashes(self) -> Mapping[str, str]:
        """Path relative to the folder -> SHA-256 of each file read, sorted by path."""
        return dict(sorted(self._hashes.items()))

    def label(self, name: str) -> str:
        """Give the name of a file as it appears in faults."""
        path = PurePosixPath(name.replace(chr(92), "/"))
        return f"{self.root.name}/{path}" if self.root.name else str(path)

    def find(self, name: str, *, subject: str) -> Path | None:
        """Find a file that ``authority.toml`` names."""
        path = self.root / name.replace("\\", "/")
        settings = self.label("authority.toml")
        if PurePosixPath(name.replace("\\", "/")).is_absolute() or not _is_below(path, self.root):
            text = f'"{name}" leaves the folder of the authority'
            remedy = "Copy the file into the folder and give its path relative to it."
            self.faults.add(settings, 0, subject, Problem(text, remedy))
            return None
        if not path.is_file():
            present = sorted(
                p.relative_to(self.root).as_posix() for p in self.root.rglob("*") if p.is_file()
            )
            remedy = did_you_mean(name, present, "Add the file, or correct its name.")
            self.faults.add(settings, 0, subject, Problem(f'there is no file "{name}"', remedy))
            return None
        return path

    def content(self, path: Path) -> bytes:
        """Read a file and remember its hash."""
        content = path.read_bytes()
        key = path.resolve().relative_to(self.root.resolve()).as_posix()
        self._hashes[key] = hashlib.sha256(content).hexdigest()
        return content

    def read(self, name: str, *, subject: str, layer: str = "") -> Table | None:
        """Read a table of any supported format."""
        path = self.find(name, subject=subject)
        if path is None:
            return None
        file, problem = self.label(name), too_large(path)
        if problem is not None:
            self.faults.add(file, 0, "", problem)
            return None
        content = self.content(path)
        if not content.strip():
            remedy = "Put the data in, or name another file."
            self.faults.add(file, 0, "", Problem("the file is empty", remedy))
            return None
        if path.suffix.lower() in CSV_SUFFIXES:
            return read_csv(content, file=file, faults=self.faults)
        for part in SHAPEFILE_PARTS if path.suffix.lower() == ".shp" else ():
            if path.with_suffix(part).is_file():
                self.content(path.with_suffix(part))
        return _read_features(path, content, layer, file=file, faults=self.faults)


def _is_below(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def decode(content: bytes) -> str | Problem:
    """Decode text as UTF-8, with or without a mark, else as cp1252."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return Problem("the file is neither UTF-8 nor Windows text", 'Save it as "CSV UTF-8".')


def read_csv(content: bytes, *, file: str, faults: FaultList) -> Table | None:
    """Read delimited text, keeping the line number of every row."""
    text = decode(content)
    if isinstance(text, Problem):
        faults.add(file, 0, "", text)
        return None
    first_line = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    # Strict, or a quotation mark left open would swallow the rows below it without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            stripped = [_unquoted(" ".join(cell.split())) for cell in cells]
            if any(stripped):
                rows.append((line, stripped))
            line = reader.line_num + 1
    except csv.Error as error:
        remedy = "Look for a quotation mark that is not closed."
        faults.add(file, line, "", Problem(f"the row cannot be read: {error}", remedy))
        return None
    return _table_of_rows(rows, file=file, faults=faults)


def _unquoted(cell: str) -> str:
    """Take off the apostrophe that keeps a spreadsheet from running a name as a formula."""
    is_quoted = cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS)
    return cell[1:] if is_quoted else cell


def _table_of_rows(
    rows: list[tuple[int, list[str]]], *, file: str, faults: FaultList
) -> Table | None:
    if len(rows) < 2:  # noqa: PLR2004 - a header and at least one row
        text = "the file has a header but no rows" if rows else "the file is empty"
        remedy = "Put the data in, or name another file."
        faults.add(file, 0, "", Problem(text, remedy))
        return None
    header_line, header = rows[0]
    names = [name or f"column {i}" for i, name in enumerate(header, start=1)]
    again = sorted({name for name in names if names.count(name) > 1})
    for name in again:
        problem = Problem(f'the column "{name}" stands twice', "Rename or remove one of them.")
        faults.add(file, header_line, f'column "{name}"', problem)
    if again:
        return None
    body: dict[int, list[str]] = {}
    for line, cells in rows[1:]:
        if any(cells[len(names) :]):
            text = f"the row has {len(cells)} cells, the header has {len(names)}"
            remedy = "Put a cell that contains the delimiter in quotation marks."
            faults.add(file, line, "", Problem(text, remedy))
            # Its cells stand in the wrong columns: nothing more can be said of them.
            continue
        # Fewer cells than the header: the rest is blank, and judged where it matters.
        body[line] = (cells + [""] * len(names))[: len(names)]
    frame = pd.DataFrame.from_dict(body, orient="index", columns=names, dtype=object)
    nameless = [n for n, h in zip(names, header, strict=True) if not h and not frame[n].any()]
    return Table(file, frame.drop(columns=nameless).rename_axis("row"))


def _read_features(
    path: Path, content: bytes, layer: str, *, file: str, faults: FaultList
) -> Table | None:
    frame = _open_features(path, content, layer)
    if isinstance(frame, Problem):
        faults.add(file, 0, "", frame)
        return None
    if not len(frame):
        remedy = "Put the data in, or name another file."
        faults.add(file, 0, "", Problem("the file holds no features", remedy))
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
        return Table(file, cells)
    problem = too_detailed(frame.geometry)
    if problem is not None:
        faults.add(file, 0, "", problem)
        return None
    geometry = _in_metres(frame.geometry, file=file, faults=faults)
    return None if geometry is None else Table(file, cells, geometry)


def _open_features(path: Path, content: bytes, layer: str) -> pd.DataFrame | Problem:
    suffix = path.suffix.lower()
    source: Path | io.BytesIO = path
    if suffix in GEOJSON_SUFFIXES:
        text = decode(content)
        if isinstance(text, Problem):
            return text
        source = io.BytesIO(text.encode("utf-8"))
    try:
        # Odd rings are reported, or mended, by the reader of areas, not by the driver.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if suffix in PARQUET_SUFFIXES:
                return _read_parquet(path)
            return _read_driver(source, layer)
    except _READ_ERRORS:
        remedy = "Save it again as GeoPackage, GeoJSON or CSV, or name another file."
        return Problem(f'the file cannot be read as "{suffix}"', remedy)


def _read_parquet(path: Path) -> pd.DataFrame | Problem:
    try:
        problem = _too_large_unpacked(path)
        if problem is not None:
            return problem
        frame: pd.DataFrame = gpd.read_parquet(path)
    except ImportError:
        remedy = "Install it, or save the file as CSV or GeoPackage."
        return Problem("reading Parquet needs the package pyarrow", remedy)
    return frame


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


def _read_driver(source: Path | io.BytesIO, layer: str) -> pd.DataFrame | Problem:
    layers = [str(name) for name, _ in pyogrio.list_layers(source)]
    if len(layers) > 1 and layer not in layers:
        remedy = "Save the one to use in a file of its own."
        return Problem(f"the file holds {len(layers)} layers: {', '.join(layers)}", remedy)
    frame: pd.DataFrame = pyogrio.read_dataframe(source, layer=layer or None, on_invalid="ignore")
    return frame


def _text_of(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def _in_metres(geometry: gpd.GeoSeries, *, file: str, faults: FaultList) -> gpd.GeoSeries | None:
    crs = geometry.crs
    if crs is None or "undefined" in crs.name.lower():
        remedy = "Save it again with its CRS; the British National Grid is EPSG:27700."
        faults.add(file, 0, "", Problem("the file has no coordinate reference system", remedy))
        return None
    flat = geometry.force_2d()
    if crs.is_geographic:
        x_min, y_min, x_max, y_max = flat.total_bounds
        if x_min < -180 or y_min < -90 or x_max > 180 or y_max > 90:  # noqa: PLR2004 - degrees
            text = f"coordinates up to ({x_max:.0f}, {y_max:.0f}) are not degrees"
            faults.add(file, 0, "", Problem(text, _WRONG_SYSTEM))
            return None
    metres = flat.to_crs(CRS_METRES)
    x_min, y_min, x_max, y_max = metres.total_bounds
    west, south, east, north = GRID_BOUNDS_M
    if not (west <= x_min and south <= y_min and x_max <= east and y_max <= north):
        text = "the file lies outside Great Britain"
        if crs.is_geographic:
            text += ": longitude and latitude may be swapped"
        faults.add(file, 0, "", Problem(text, _WRONG_SYSTEM))
        return None
    return metres
