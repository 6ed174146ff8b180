"""Where schools stand: coordinates, mended where it is plain how, else the postcode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from cluster_optimiser.inputs.checking import Problem, number_of
from cluster_optimiser.inputs.coordinates import PAIRS, read_pair
from cluster_optimiser.inputs.intake.gias import postcode_of
from cluster_optimiser.inputs.intake.ledger import Dropped, Flag, Ledger
from cluster_optimiser.inputs.intake.postcodes import Point, to_metres

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import pandas as pd


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
    """Give where establishments of the register stand, by postcode."""
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
