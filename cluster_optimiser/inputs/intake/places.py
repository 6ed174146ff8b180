"""Where schools stand: coordinates, mended where it is plain how, else the postcode."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from cluster_optimiser.constants import CRS_DEGREES, CRS_METRES
from cluster_optimiser.inputs.checking import FaultList, Problem, did_you_mean, number_of
from cluster_optimiser.inputs.coordinates import PAIRS, read_pair
from cluster_optimiser.inputs.intake.gias import postcode_of
from cluster_optimiser.inputs.intake.ledger import Dropped, Flag, Ledger
from cluster_optimiser.inputs.intake.rows import find_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from cluster_optimiser.arrays import Bools, Floats

FAR_M = 25_000.0
"""Schools this far from all others of their authority are looked at for slips."""

FEW_SHARE = 0.2
"""Several that share a place, such as a blank one, are looked at up to this share of all."""

NEAR_M = 15_000.0
"""A mended place counts if another school of the authority is no further away than this."""

HEAP = 3
"""From so many postcodes on, schools on one point have not all of them their own place."""

POSTCODE_GAP_M = 3_000.0
"""A place further than this from its postcode is flagged."""

FROM_POSTCODE = "placed by its postcode: the register has no coordinates"
FROM_NEIGHBOUR = "placed where another establishment of its postcode stands: no coordinates"
MENDED = "coordinates mended"


@dataclass(frozen=True, slots=True)
class _Read:
    point: Point | None
    problem: str = ""


def place_schools(
    schools: pd.DataFrame,
    postcodes: Mapping[str, Point],
    neighbours: Mapping[str, Point],
    ledger: Ledger,
) -> pd.DataFrame:
    """Give every school a place; those without one are dropped, with the reason."""
    rows = {
        int(str(urn)): {str(name): cell for name, cell in row.items()}
        for urn, row in schools.to_dict("index").items()
    }
    figures = {int(str(urn)): int(figure) for urn, figure in schools["pupils"].dropna().items()}
    read = {urn: _read(row) for urn, row in rows.items()}
    sound = [urn for urn, one in read.items() if one.point is not None]
    xy = np.array([read[urn].point for urn in sound], dtype=float).reshape(-1, 2)
    is_body = in_body(np.asarray(shapely.points(xy), dtype=object))
    near, body = _Near(xy[is_body]), {urn for urn, own in zip(sound, is_body, strict=True) if own}
    points: dict[int, Point] = {}
    for urn, row in rows.items():
        own = read[urn].point
        code = postcode_of(row.get("postcode", ""))
        by_postcode = postcodes.get(code)
        if own is not None and urn in body:
            points[urn] = own
            _flag_gap(urn, row, own, by_postcode, ledger)
            continue
        mended = next((fix for fix in _mended(row) if near.distance_m(fix[0]) <= NEAR_M), None)
        if mended is not None:
            points[urn] = mended[0]
            ledger.flags.append(Flag(urn, row["name"], MENDED, mended[1]))
        elif by_postcode is not None:
            points[urn] = by_postcode
            why = FROM_POSTCODE if own is None else "placed by its postcode: coordinates far away"
            ledger.flags.append(Flag(urn, row["name"], why, f"{row['postcode']}; {_said(row)}"))
        elif own is not None:
            points[urn] = own
        elif code in neighbours and near.distance_m(neighbours[code]) <= NEAR_M:
            points[urn] = neighbours[code]
            detail = f"{row['postcode']}; {_said(row)}"
            ledger.flags.append(Flag(urn, row["name"], FROM_NEIGHBOUR, detail))
        else:
            _drop(urn, row, figures.get(urn), read[urn].problem, ledger)
    placed = schools.loc[list(points)].copy()
    placed["easting"] = [round(points[urn][0], 1) for urn in points]
    placed["northing"] = [round(points[urn][1], 1) for urn in points]
    _flag_heaps(placed, ledger)
    return placed


def _flag_heaps(placed: pd.DataFrame, ledger: Ledger) -> None:
    """Flag schools of several postcodes on one point: it may be that of an office, or of none."""
    if "postcode" not in placed:
        return
    for _, own in placed.groupby(["easting", "northing"]):
        n_codes = len({*map(postcode_of, own["postcode"])} - {""})
        if n_codes >= HEAP:
            detail = f"{len(own)} schools of {n_codes} postcodes"
            ledger.flags += [
                Flag(int(str(urn)), str(name), "stands on the same point as others", detail)
                for urn, name in own["name"].items()
            ]


def places_of_register(cells: pd.DataFrame, wanted: Collection[str]) -> dict[str, Point]:
    places: dict[str, Point] = {}
    if not {"postcode", "easting", "northing"} <= set(cells):
        return places
    own = cells[["postcode", "easting", "northing"]]
    codes = own["postcode"].str.replace(" ", "", regex=False).str.upper()
    for code, row in zip(
        codes[codes.isin(wanted)], own[codes.isin(wanted)].itertuples(), strict=True
    ):
        point = read_pair(str(row.easting), str(row.northing), pair=PAIRS[0])
        if not isinstance(point, Problem):
            places.setdefault(str(code), point)
    return places


def in_body(points: NDArray[np.object_]) -> Bools:
    """Tell which points are of the largest body, or of one by itself with no small share of all."""
    if not len(points):
        return np.zeros(0, dtype=bool)
    pairs = shapely.STRtree(points).query(points, predicate="dwithin", distance=FAR_M)
    links = csr_array((np.ones(pairs.shape[1]), pairs), shape=(len(points), len(points)))
    body = connected_components(links, directed=False)[1]
    n_of_body = np.bincount(body)
    is_body: Bools = (n_of_body >= min(FEW_SHARE * len(points), n_of_body.max()))[body]
    return is_body


@dataclass(frozen=True, slots=True, eq=False)
class _Near:
    """Tells how far a point is from the nearest school that has a sound place."""

    xy: Floats

    def distance_m(self, point: Point) -> float:
        return float(np.hypot(*(self.xy - point).T).min()) if len(self.xy) else 0.0


def _read(row: Mapping[str, str]) -> _Read:
    problems = []
    for pair in reversed(PAIRS) if "easting" not in row else PAIRS:
        if pair[0] not in row or pair[1] not in row:
            continue
        point = read_pair(row[pair[0]], row[pair[1]], pair=pair)
        if not isinstance(point, Problem):
            return _Read(point if pair[0] == "easting" else to_metres(point))
        problems.append(point.text)
    return _Read(None, "; ".join(problems) or "the register has no coordinates")


def _mended(row: Mapping[str, str]) -> Iterator[tuple[Point, str]]:
    """Give the places that slips of the pen would explain, with what was done."""
    metres, degrees = PAIRS
    tried = [
        (metres, ("northing", "easting"), (1.0, 1.0), "easting and northing exchanged"),
        (metres, metres, (0.1, 0.1), "divided by ten"),
        (metres, metres, (0.1, 1.0), "easting divided by ten"),
        (metres, metres, (1.0, 0.1), "northing divided by ten"),
        (metres, metres, (10.0, 10.0), "multiplied by ten"),
        (metres, metres, (0.01, 0.01), "divided by a hundred"),
        (metres, metres, (1000.0, 1000.0), "kilometres taken for metres"),
        (degrees, ("lon", "lat"), (1.0, 1.0), "latitude and longitude exchanged"),
        (degrees, metres, (1.0, 1.0), "degrees in place of metres"),
        (degrees, ("northing", "easting"), (1.0, 1.0), "degrees in place of metres"),
    ]
    for pair, columns, factors, what in tried:
        values = [number_of(row.get(column, "")) for column in columns]
        numbers = [value for value in values if not isinstance(value, Problem)]
        if len(numbers) != len(pair):
            continue
        first, second = (repr(v * factor) for v, factor in zip(numbers, factors, strict=True))
        point = read_pair(first, second, pair=pair)
        if not isinstance(point, Problem):
            yield (point if pair == metres else to_metres(point)), f"{what}: {_said(row)}"


def _said(row: Mapping[str, str]) -> str:
    parts = [f"{name} {row[name] or 'blank'}" for pair in PAIRS for name in pair if name in row]
    return f"the register says {', '.join(parts)}"


def _flag_gap(
    urn: int, row: Mapping[str, str], own: Point, by_postcode: Point | None, ledger: Ledger
) -> None:
    if by_postcode is None:
        return
    gap_m = shapely.distance(shapely.Point(own), shapely.Point(by_postcode))
    if gap_m > POSTCODE_GAP_M:
        detail = f"{gap_m / 1000:,.1f} km from {row['postcode']}"
        ledger.flags.append(Flag(urn, row["name"], "coordinates and postcode disagree", detail))


def _drop(
    urn: int, row: Mapping[str, str], pupils: int | None, problem: str, ledger: Ledger
) -> None:
    code = row.get("postcode", "")
    detail = f"{problem}; postcode {code or 'blank'}"
    ledger.dropped.append(
        Dropped(int(row["row"]), str(urn), row["name"], "no location", detail, pupils)
    )


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

_AS_TEXT: Final[Any] = {"dtype": str, "encoding": "utf-8-sig", "encoding_errors": "replace"}

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
        mark, columns = _columns(file)
        if columns is None:
            continue
        n_read += 1
        try:
            for code, point in _rows(file, mark, columns, wanted):
                places.setdefault(code, point)
        except pd.errors.ParserError as error:
            problem = Problem(f"it cannot be read: {error}", "Mend the row, or save it anew.")
            faults.add(file.name, 0, "--postcodes", problem)
    if not n_read:
        text = "no columns of postcodes and coordinates were found"
        remedy = "Give a CSV with postcode, easting and northing, or postcode, lat and long."
        faults.add(path.name, 0, "--postcodes", Problem(text, remedy))
    return places


def _columns(file: Path) -> tuple[str, dict[str, str] | None]:
    """Find mark and columns; for a file without a header their numbers as text."""
    for mark in ",;\t":
        try:
            first = pd.read_csv(file, sep=mark, header=None, nrows=1, **_AS_TEXT)
        except (OSError, ValueError, zipfile.BadZipFile):
            break
        names = [str(cell).strip() for cell in first.iloc[0]]
        if len(names) > max(HEADLESS.values()) and postcode_of(names[0]):
            return mark, {ours: str(number) for ours, number in HEADLESS.items()}
        found = find_columns(names, COLUMNS)
        is_placed = {"easting", "northing"} <= set(found) or {"lat", "lon"} <= set(found)
        if "postcode" in found and is_placed:
            return mark, found
    return "", None


def _rows(
    file: Path, mark: str, columns: dict[str, str], wanted: Collection[str]
) -> Iterator[tuple[str, Point]]:
    is_headless = columns["postcode"].isdigit()
    pair = ("easting", "northing") if "easting" in columns else ("lat", "lon")
    used = [columns[name] for name in ("postcode", *pair)]
    reader = pd.read_csv(
        file,
        sep=mark,
        header=None if is_headless else 0,
        usecols=[int(name) for name in used] if is_headless else used,
        keep_default_na=False,
        skipinitialspace=True,
        chunksize=CHUNK_ROWS,
        **_AS_TEXT,
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
