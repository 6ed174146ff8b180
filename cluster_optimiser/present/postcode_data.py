"""Postcodes and places for the page, packed: five letters or so for a postcode.

Postcodes of one sector ("NR1 2") stand together. A sector has a corner and a step in metres; each
of its postcodes is the number of its last two letters (AA is 0, ZZ is 675), written as the gap
from the one before, and the steps east and north of the corner, written as one number of three
digits. Digits are letters that need no escape in JSON within HTML.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import pandas as pd

from cluster_optimiser.present.packing import BASE, DIGITS, digits

STEPS = math.isqrt(BASE**3)
"""Steps of a sector in each direction: as many as three digits can tell apart."""


def _gap(gap: int) -> str:
    """Write a gap: the last digit says that more follows."""
    more, rest = divmod(gap, BASE - 1)
    return DIGITS[-1] * more + DIGITS[rest]


def _unit_number(postcode: str) -> int:
    return (ord(postcode[-2]) - ord("A")) * 26 + ord(postcode[-1]) - ord("A")


def packed_postcodes(postcodes: pd.DataFrame | None) -> list[list[Any]]:
    if postcodes is None:
        return []
    columns = (postcodes[name].tolist() for name in ("postcode", "x", "y"))
    rows = sorted(
        (code[:-2], _unit_number(code), x, y) for code, x, y in zip(*columns, strict=True)
    )
    sectors = []
    for sector, found in itertools.groupby(rows, key=lambda row: row[0]):
        units, across, up = zip(*(row[1:] for row in found), strict=True)
        west, south = math.floor(min(across)), math.floor(min(up))
        step_m = max(1, math.ceil(max(max(across) - west, max(up) - south) / (STEPS - 1)))
        text, before = "", -1
        for unit, x, y in zip(units, across, up, strict=True):
            at = round((x - west) / step_m) * STEPS + round((y - south) / step_m)
            text += _gap(unit - before - 1) + digits(at, 3)
            before = unit
        sectors.append([sector, west, south, step_m, text])
    return sectors


def listed_places(places: pd.DataFrame | None) -> list[list[Any]]:
    if places is None:
        return []
    people = places["population"] if "population" in places else pd.Series(0, places.index)
    rows = zip(places["name"], places["x"], places["y"], people, strict=True)
    found = [[str(name), round(x), round(y), int(n)] for name, x, y, n in rows]
    return sorted(found, key=lambda place: (-place[3], place))
