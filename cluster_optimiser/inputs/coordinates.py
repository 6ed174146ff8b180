"""Points of schools and centres, from columns or from geometry, in metres."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from cluster_optimiser.constants import CRS_DEGREES
from cluster_optimiser.inputs.checking import FaultList, Problem, number_of
from cluster_optimiser.inputs.systems import BRITISH, MetricSystem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyproj import CRS

    from cluster_optimiser.inputs.files import Table

PAIRS = (("easting", "northing"), ("lat", "lon"))
"""Pairs of columns that place a point; the first pair found is used."""

COORDINATES = tuple(name for pair in PAIRS for name in pair)

LARGEST_DEGREE = 180

_REMEDY = "Give the site's coordinates."


def has_coordinates(table: Table) -> bool:
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
    columns = set(table.cells.columns)
    pair = next((pair for pair in PAIRS if columns.issuperset(pair)), None)
    metres = table.system.code
    if table.geometry is not None:
        return _points_of(table.geometry, file=table.file, subjects=subjects, faults=faults)
    if pair is None:
        return gpd.GeoSeries([], crs=metres)
    crs = CRS_DEGREES if pair == ("lat", "lon") else metres
    sound = _all_sound(table, pair)
    if sound is not None:
        return gpd.GeoSeries.from_xy(*sound, index=table.cells.index, crs=crs).to_crs(metres)
    rows: list[int] = []
    points: list[tuple[float, float]] = []
    for row, first, second in table.cells[list(pair)].itertuples(name=None):
        point = read_pair(first, second, pair=pair, system=table.system)
        if isinstance(point, Problem):
            faults.add(table.file, int(row), subjects.get(int(row), ""), point)
        else:
            rows.append(int(row))
            points.append(point)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return gpd.GeoSeries.from_xy(xs, ys, index=rows, crs=crs).to_crs(metres)


def points_by(cells: pd.DataFrame, pair: tuple[str, str], metres: CRS) -> gpd.GeoSeries:
    """Give the points that a pair of columns states, as far as they are numbers."""
    first, second = (pd.to_numeric(cells[name], errors="coerce") for name in pair)
    if pair == ("lat", "lon"):
        return gpd.GeoSeries.from_xy(second, first, crs=CRS_DEGREES).to_crs(metres)
    return gpd.GeoSeries.from_xy(first, second, crs=metres)


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
    system = table.system
    if pair == ("lat", "lon"):
        is_sound = one.between(*system.latitudes) & two.between(*system.longitudes)
        return (two, one) if is_sound.all() else None
    is_sound = one.between(*system.eastings_m) & two.between(*system.northings_m)
    is_metres = pd.concat([one, two], axis=1).abs().max(axis=1) > LARGEST_DEGREE
    return (one, two) if (is_sound & is_metres).all() else None


def read_pair(
    first: str, second: str, *, pair: tuple[str, str], system: MetricSystem = BRITISH
) -> tuple[float, float] | Problem:
    """Read the two cells that place a point."""
    point = _pair(first, second, pair=pair)
    if isinstance(point, Problem):
        return point
    return (_degrees if pair == ("lat", "lon") else _metres)(*point, system)


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


def _degrees(lat: float, lon: float, system: MetricSystem) -> tuple[float, float] | Problem:
    if _within(lat, system.latitudes) and _within(lon, system.longitudes):
        return lon, lat
    where = f"lat {lat:.10g}, lon {lon:.10g}"
    if _within(lon, system.latitudes) and _within(lat, system.longitudes):
        return Problem(f"{where}: latitude and longitude look swapped", "Exchange the two.")
    return Problem(f"{where} lies outside {system.place}", "Correct the coordinates (WGS 84).")


def _metres(easting: float, northing: float, system: MetricSystem) -> tuple[float, float] | Problem:
    where = f"easting {easting:.10g}, northing {northing:.10g}"
    if max(abs(easting), abs(northing)) <= LARGEST_DEGREE:
        one, other = sorted((easting, northing))
        if _within(one, system.longitudes) and _within(other, system.latitudes):
            return Problem(f"{where} look like degrees", "Name the columns lat and lon.")
        remedy = f"Correct the coordinates: metres of {system.name}, or lat and lon."
        return Problem(f"{where} are too small for metres of {system.name}", remedy)
    if _within(easting, system.eastings_m) and _within(northing, system.northings_m):
        return easting, northing
    remedy = f"Correct the coordinates (metres of {system.name})."
    return Problem(f"{where} lies outside {system.place}", remedy)


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
    return gpd.GeoSeries(points, index=rows, crs=geometry.crs)
