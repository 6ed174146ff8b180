"""Points of schools and centres, from columns or from geometry, in EPSG:27700."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from cluster_optimiser.constants import CRS_DEGREES, CRS_METRES
from cluster_optimiser.inputs.checking import FaultList, Problem, number_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster_optimiser.inputs.files import Table

PAIRS = (("easting", "northing"), ("lat", "lon"))
"""Pairs of columns that place a point; the first pair found is used."""

LATITUDES, LONGITUDES = (49.0, 61.5), (-9.0, 2.5)
"""Degrees that lie in Great Britain, which is where the British National Grid holds."""

EASTINGS_M, NORTHINGS_M = (0.0, 700_000.0), (0.0, 1_300_000.0)
"""Extent of the British National Grid."""

LARGEST_DEGREE = 180

_REMEDY = "Give the site's coordinates."


def has_coordinates(table: Table) -> bool:
    """Tell whether a table places its rows."""
    columns = set(table.cells.columns)
    return table.geometry is not None or any(columns.issuperset(pair) for pair in PAIRS)


def metres_of(
    table: Table, *, subjects: Mapping[int, str], faults: FaultList
) -> tuple[pd.Series, pd.Series]:
    """Give east and north of every row, without a geometry for each where there are metres."""
    metres, _ = PAIRS
    if table.geometry is None and set(metres) <= set(table.cells.columns):
        sound = _all_sound(table, metres)
        if sound is not None:
            return sound
    points = locate(table, subjects=subjects, faults=faults)
    return points.x, points.y


def locate(table: Table, *, subjects: Mapping[int, str], faults: FaultList) -> gpd.GeoSeries:
    """Place every row of a table."""
    columns = set(table.cells.columns)
    pair = next((pair for pair in PAIRS if columns.issuperset(pair)), None)
    if table.geometry is not None:
        return _points_of(table.geometry, file=table.file, subjects=subjects, faults=faults)
    if pair is None:
        return gpd.GeoSeries([], crs=CRS_METRES)
    crs = CRS_DEGREES if pair == ("lat", "lon") else CRS_METRES
    sound = _all_sound(table, pair)
    if sound is not None:
        return gpd.GeoSeries.from_xy(*sound, index=table.cells.index, crs=crs).to_crs(CRS_METRES)
    rows: list[int] = []
    points: list[tuple[float, float]] = []
    for row, first, second in table.cells[list(pair)].itertuples(name=None):
        point = read_pair(first, second, pair=pair)
        if isinstance(point, Problem):
            faults.add(table.file, int(row), subjects.get(int(row), ""), point)
        else:
            rows.append(int(row))
            points.append(point)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return gpd.GeoSeries.from_xy(xs, ys, index=rows, crs=crs).to_crs(CRS_METRES)


_NUMBERS = re.compile(r"(?:-?\d+(?:\.\d+)?\n)*+")


def _all_sound(table: Table, pair: tuple[str, str]) -> tuple[pd.Series, pd.Series] | None:
    """Give x and y of all rows at once where none of them needs a word, as in most large tables."""
    columns = []
    for name in pair:
        texts = [str(cell) for cell in table.cells[name].tolist()]
        every = "\n".join([*texts, ""])
        if every.count("\n") != len(texts) or not _NUMBERS.fullmatch(every):
            return None
        columns.append(pd.Series([float(text) for text in texts], index=table.cells.index))
    one, two = columns
    if pair == ("lat", "lon"):
        is_sound = one.between(*LATITUDES) & two.between(*LONGITUDES)
        return (two, one) if is_sound.all() else None
    is_sound = one.between(*EASTINGS_M) & two.between(*NORTHINGS_M)
    is_metres = pd.concat([one, two], axis=1).abs().max(axis=1) > LARGEST_DEGREE
    return (one, two) if (is_sound & is_metres).all() else None


def read_pair(first: str, second: str, *, pair: tuple[str, str]) -> tuple[float, float] | Problem:
    """Read the two cells that place a point."""
    point = _pair(first, second, pair=pair)
    if isinstance(point, Problem):
        return point
    return _degrees(*point) if pair == ("lat", "lon") else _metres(*point)


def _pair(first: str, second: str, *, pair: tuple[str, str]) -> tuple[float, float] | Problem:
    missing = [name for name, text in zip(pair, (first, second), strict=True) if not text]
    if missing:
        return Problem(f"{' and '.join(missing)} missing", _REMEDY)
    values = number_of(first), number_of(second)
    for name, value in zip(pair, values, strict=True):
        if isinstance(value, Problem):
            return Problem(f"{name} {value.text}", value.remedy)
    one, two = values
    if isinstance(one, Problem) or isinstance(two, Problem):  # for the type checker: ruled out
        return Problem("no coordinates", _REMEDY)
    if one == 0 and two == 0:
        return Problem(f"{' and '.join(pair)} are 0, which stands for not known", _REMEDY)
    return one, two


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _degrees(lat: float, lon: float) -> tuple[float, float] | Problem:
    if _within(lat, LATITUDES) and _within(lon, LONGITUDES):
        return lon, lat
    where = f"lat {lat:g}, lon {lon:g}"
    if _within(lon, LATITUDES) and _within(lat, LONGITUDES):
        return Problem(f"{where}: latitude and longitude look swapped", "Exchange the two.")
    return Problem(f"{where} lies outside Great Britain", "Correct the coordinates (WGS 84).")


def _metres(easting: float, northing: float) -> tuple[float, float] | Problem:
    where = f"easting {easting:g}, northing {northing:g}"
    if max(abs(easting), abs(northing)) <= LARGEST_DEGREE:
        one, other = sorted((easting, northing))
        if _within(one, LONGITUDES) and _within(other, LATITUDES):
            return Problem(f"{where} look like degrees", "Name the columns lat and lon.")
        remedy = "Correct the coordinates: British National Grid in metres, or lat and lon."
        return Problem(f"{where} are too small for metres of the national grid", remedy)
    if _within(easting, EASTINGS_M) and _within(northing, NORTHINGS_M):
        return easting, northing
    remedy = "Correct the coordinates (British National Grid, metres)."
    return Problem(f"{where} lies outside Great Britain", remedy)


def _points_of(
    geometry: gpd.GeoSeries, *, file: str, subjects: Mapping[int, str], faults: FaultList
) -> gpd.GeoSeries:
    rows: list[int] = []
    points: list[shapely.Geometry] = []
    for row, shape in geometry.items():
        one, subject = shape, subjects.get(int(row), "")
        if isinstance(one, shapely.MultiPoint) and len(one.geoms) == 1:
            one = one.geoms[0]
        if one is None or one.is_empty:
            faults.add(file, int(row), subject, Problem("it has no point", _REMEDY))
        elif not isinstance(one, shapely.Point):
            text = f"its geometry is a {one.geom_type}, not a point"
            faults.add(file, int(row), subject, Problem(text, _REMEDY))
        else:
            rows.append(int(row))
            points.append(one)
    return gpd.GeoSeries(points, index=rows, crs=CRS_METRES)
