"""Places of postcodes, from the files that are published of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from cluster_optimiser.constants import CRS_DEGREES, CRS_METRES
from cluster_optimiser.inputs.checking import Problem, did_you_mean
from cluster_optimiser.inputs.coordinates import read_pair
from cluster_optimiser.inputs.intake.gias import postcode_of
from cluster_optimiser.inputs.intake.rows import find_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from cluster_optimiser.inputs.checking import FaultList

COLUMNS = {
    "postcode": ("pcds", "Postcode", "pcd", "pcd2", "pcd7", "pcd8", "pcd_unit"),
    "easting": ("oseast1m", "east1m", "Eastings", "Easting", "x"),
    "northing": ("osnrth1m", "north1m", "Northings", "Northing", "y"),
    "lat": ("lat", "latitude"),
    "lon": ("long", "lon", "longitude", "lng"),
}
"""Our name of a column -> its names in the ONS Postcode Directory, Code-Point Open and others."""

HEADLESS = {"postcode": 0, "easting": 2, "northing": 3}
"""Columns of a Code-Point Open file, which has no header."""

CHUNK_ROWS = 200_000

Point = tuple[float, float]


def read_postcodes(path: Path, wanted: Collection[str], faults: FaultList) -> dict[str, Point]:
    if not path.exists():
        near = [p.name for p in sorted(path.parent.glob("*"))]
        remedy = did_you_mean(path.name, near, "Check the path.")
        faults.add(str(path), 0, "--postcodes", Problem("there is no such file", remedy))
        return {}
    files = sorted(path.rglob("*.csv")) if path.is_dir() else [path]
    places: dict[str, Point] = {}
    n_read = 0
    for file in files:
        columns = _columns(file)
        if columns is None:
            continue
        n_read += 1
        for code, point in _rows(file, columns, wanted):
            places.setdefault(code, point)
    if not n_read:
        text = "no columns of postcodes and coordinates were found"
        remedy = "Give a CSV with postcode, easting and northing, or postcode, lat and long."
        faults.add(path.name, 0, "--postcodes", Problem(text, remedy))
    return places


def _columns(file: Path) -> dict[str, str] | None:
    """Find the columns; for a file without a header their numbers as text."""
    first = pd.read_csv(
        file, header=None, nrows=1, dtype=str, encoding="utf-8-sig", encoding_errors="replace"
    )
    names = [str(cell).strip() for cell in first.iloc[0]]
    if len(names) > max(HEADLESS.values()) and postcode_of(names[0]):
        return {ours: str(number) for ours, number in HEADLESS.items()}
    found = find_columns(names, COLUMNS)
    is_placed = {"easting", "northing"} <= set(found) or {"lat", "lon"} <= set(found)
    return found if "postcode" in found and is_placed else None


def _rows(
    file: Path, columns: dict[str, str], wanted: Collection[str]
) -> Iterator[tuple[str, Point]]:
    is_headless = columns["postcode"].isdigit()
    pair = ("easting", "northing") if "easting" in columns else ("lat", "lon")
    used = [columns[name] for name in ("postcode", *pair)]
    reader = pd.read_csv(
        file,
        header=None if is_headless else 0,
        usecols=[int(name) for name in used] if is_headless else used,
        dtype=str,
        keep_default_na=False,
        encoding="utf-8-sig",
        encoding_errors="replace",
        skipinitialspace=True,
        chunksize=CHUNK_ROWS,
    )
    for chunk in reader:
        chunk.columns = [str(name) for name in chunk.columns]
        codes = chunk[columns["postcode"]].str.replace(" ", "", regex=False).str.upper()
        hits = chunk[codes.isin(wanted)]
        for code, first, second in zip(
            codes[hits.index], hits[columns[pair[0]]], hits[columns[pair[1]]], strict=True
        ):
            point = read_pair(first.strip(), second.strip(), pair=pair)
            if not isinstance(point, Problem):
                yield code, point if pair[0] == "easting" else to_metres(point)


def to_metres(point: Point) -> Point:
    """Give longitude and latitude in EPSG:27700."""
    metres = gpd.GeoSeries.from_xy([point[0]], [point[1]], crs=CRS_DEGREES).to_crs(CRS_METRES)
    return float(metres.x.iloc[0]), float(metres.y.iloc[0])
