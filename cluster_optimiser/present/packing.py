"""Numbers, postcodes and minutes as short texts for the page: digits that need no escape in it.

Postcodes of one sector ("NR1 2") stand together. A sector has a corner and a step in metres; each
of its postcodes is the number of its last two letters (AA is 0, ZZ is 675), written as the gap
from the one before, and the steps east and north of the corner, written as one number of three
digits. Minutes are a formula with its exceptions, or all of them.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.geography.travel import UNKNOWN, to_centiminutes

if TYPE_CHECKING:
    from cluster_optimiser.arrays import Floats, Ints
    from cluster_optimiser.domain import Problem, TravelSpec

DIGITS = "".join(chr(code) for code in range(33, 127) if chr(code) not in '"&<>\\')
BASE = len(DIGITS)

MOST_IN_TWO = BASE * (BASE - 1)
"""Numbers under this take two digits; others begin with the last digit and take four in all."""


def digits(value: int, n: int) -> str:
    """Write a number in so many digits.

    >>> digits(0, 2), digits(BASE + 1, 2)
    ('!!', '##')
    """
    text = ""
    for _ in range(n):
        value, low = divmod(value, BASE)
        text = DIGITS[low] + text
    return text


def packed_number(value: int) -> str:
    """Write a number in two digits, or in four if it is large.

    >>> packed_number(0), len(packed_number(MOST_IN_TWO))
    ('!!', 4)
    """
    return digits(value, 2) if value < MOST_IN_TWO else DIGITS[-1] + digits(value, 3)


def packed_list(values: list[int]) -> str:
    """Write small numbers with as many digits each as the largest takes; that many come first.

    >>> packed_list([0, 1, 2]), packed_list([0, BASE])
    ('1!#$', '2!!#!')
    """
    n = 1
    while BASE**n <= max(values, default=0):
        n += 1
    return str(n) + "".join(digits(value, n) for value in values)


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


PLACE_DECIMALS = 3
"""Decimals of metres that the page computes with."""

MOST_EXCEPTIONS = 20_000
"""Pairs of schools that may differ from the formula before the formula is of no use."""


def places(problem: Problem) -> Floats:
    """Give where schools lie, as the page is told."""
    xy = shapely.get_coordinates(problem.authority.schools.geometry.to_numpy())
    return np.round(xy, PLACE_DECIMALS)


def _by_formula(xy: Floats, spec: TravelSpec) -> Ints:
    """Compute hundredths of minutes as the page does, operation by operation."""
    dx, dy = xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1]
    km = np.sqrt(dx * dx + dy * dy) / 1000
    minutes = np.full(km.shape, spec.constant_min)
    start_km = 0.0
    for end_km, min_per_km in spec.bands:
        minutes = minutes + np.minimum(np.maximum(km - start_km, 0), end_km - start_km) * min_per_km
        start_km = end_km
    return np.where(km == 0, 0, np.floor(minutes * 100 + 0.5)).astype(np.int64)


def travel_formula(problem: Problem) -> dict[str, Any] | None:
    """Give the formula of an estimate, with the pairs of schools where it does not hold."""
    spec = problem.authority.travel
    if spec.method != "estimate":
        return None
    true, made = to_centiminutes(problem.travel.minutes), _by_formula(places(problem), spec)
    rows, columns = np.nonzero(true != made)
    if len(rows) > MOST_EXCEPTIONS or (true == UNKNOWN).any():
        return None
    return {
        "constant_min": spec.constant_min,
        "bands": [[None if np.isinf(end) else end, rate] for end, rate in spec.bands],
        "exact": [[int(i), int(j), int(true[i, j])] for i, j in zip(rows, columns, strict=True)],
    }


def travel_matrix(problem: Problem) -> dict[str, Any]:
    """Give the minutes between all schools, packed, where no formula tells them."""
    centi = to_centiminutes(problem.travel.minutes)
    # No way takes longer than the digits can tell: some five days.
    known = np.where(centi == UNKNOWN, 0, np.minimum(centi, BASE**3 - 2) + 1)
    is_symmetric = bool((known == known.T).all())
    rows = []
    for school, ways in enumerate(known.tolist()):
        told = ways[school + 1 :] if is_symmetric else ways[:school] + ways[school + 1 :]
        rows.append("".join(map(packed_number, told)))
    return {"is_symmetric": is_symmetric, "rows": rows}


def positions(problem: Problem, urns: pd.Series) -> Ints:
    wanted = pd.Index(urns.fillna(-1).astype("int64"))
    found: Ints = problem.authority.schools.index.get_indexer(wanted)
    return found
