"""Where schools stand: coordinates, mended where it is plain how, else the postcode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.constants import CRS_DEGREES, CRS_METRES
from cluster_optimiser.inputs.checking import Problem, did_you_mean, number_of
from cluster_optimiser.inputs.coordinates import PAIRS, read_pair
from cluster_optimiser.inputs.intake.gias import postcode_of
from cluster_optimiser.inputs.intake.ledger import Dropped, Flag, Ledger
from cluster_optimiser.inputs.intake.rows import find_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from cluster_optimiser.inputs.checking import FaultList


FAR_M = 25_000.0
"""A school this far from every other school of its authority is looked at for slips."""

NEAR_M = 15_000.0
"""A mended place counts if another school of the authority is no further away than this."""

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
    sound = [one.point for one in read.values() if one.point is not None]
    near = _Near(sound)
    points: dict[int, Point] = {}
    for urn, row in rows.items():
        own = read[urn].point
        code = postcode_of(row.get("postcode", ""))
        by_postcode = postcodes.get(code)
        if own is not None and near.distance_m(own, itself=True) <= FAR_M:
            points[urn] = own
            _flag_gap(urn, row, own, by_postcode, ledger)
            continue
        mended = next(
            (fix for fix in _mended(row) if near.distance_m(fix[0], itself=False) <= NEAR_M), None
        )
        if mended is not None:
            points[urn] = mended[0]
            ledger.flags.append(Flag(urn, row["name"], MENDED, mended[1]))
        elif by_postcode is not None:
            points[urn] = by_postcode
            why = FROM_POSTCODE if own is None else "placed by its postcode: coordinates far away"
            ledger.flags.append(Flag(urn, row["name"], why, f"{row['postcode']}; {_said(row)}"))
        elif own is not None:
            points[urn] = own
        elif code in neighbours and near.distance_m(neighbours[code], itself=False) <= NEAR_M:
            points[urn] = neighbours[code]
            detail = f"{row['postcode']}; {_said(row)}"
            ledger.flags.append(Flag(urn, row["name"], FROM_NEIGHBOUR, detail))
        else:
            _drop(urn, row, figures.get(urn), read[urn].problem, ledger)
    placed = schools.loc[list(points)].copy()
    placed["easting"] = [round(points[urn][0], 1) for urn in points]
    placed["northing"] = [round(points[urn][1], 1) for urn in points]
    return placed


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


class _Near:
    """Tells how far a point is from the nearest school that has a sound place."""

    def __init__(self, points: list[Point]) -> None:
        self._xy = np.array(points, dtype=float).reshape(-1, 2)

    def distance_m(self, point: Point, *, itself: bool) -> float:
        """Give metres to the nearest school; ``itself``: the point is one of theirs."""
        if len(self._xy) <= (1 if itself else 0):
            return 0.0
        away = np.hypot(*(self._xy - point).T)
        return float(np.partition(away, 1)[1] if itself else away.min())


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
            said = f"{what}: {_said(row)}"
            yield (point if pair == metres else to_metres(point)), said


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
