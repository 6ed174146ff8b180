"""Which units touch, measured anew from what is drawn and looked up pair by pair.

The graph that a plan was made from is not asked: a link too many in it would let a plan through
that is in two pieces, and a link too few would make a proof of what is best worthless.
"""

from __future__ import annotations

import math
import weakref
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import shapely

from cluster_optimiser.constants import BORDER_TOLERANCE_M, CENTIMINUTES_PER_MINUTE
from cluster_optimiser.scenario.numbers import SNAP_M

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.verification.register import PlainGround, School

ROUNDING = 1e-6
"""A limit such as 12.3 minutes, times 100, is a hair off a whole number."""

Pair = tuple[Any, Any]

_measured: dict[tuple[int, float], tuple[weakref.ref[gpd.GeoDataFrame], dict[Pair, float]]] = {}
"""What is drawn does not change, and measuring it takes longer than all other checks of a plan."""


def borders_m(drawn: gpd.GeoDataFrame, snap_m: float = SNAP_M) -> dict[Pair, float]:
    """Measure the border that each two areas share, drawn up to `snap_m` apart."""
    key = id(drawn), snap_m
    held = _measured.get(key)
    if held is not None and held[0]() is drawn:
        return held[1]
    found = _measure_m(drawn, snap_m)
    _measured[key] = weakref.ref(drawn, lambda _: _measured.pop(key, None)), found
    return found


def _measure_m(drawn: gpd.GeoDataFrame, snap_m: float) -> dict[Pair, float]:
    areas, names = drawn.geometry.to_numpy(), drawn.index.tolist()
    near = shapely.STRtree(areas).query(areas, predicate="dwithin", distance=snap_m)
    edges = shapely.boundary(areas)
    shared_m: dict[Pair, float] = {}
    for i, j in near.T.tolist():
        if i < j:
            alike_m = shapely.length(shapely.intersection(edges[i], edges[j]))
            sides = ((i, j), (j, i)) if snap_m else ()
            beside_m = [sum(_along_m(edges[k], areas[o], snap_m)) for k, o in sides]
            shared_m[names[i], names[j]] = float(max(alike_m, min(beside_m, default=0.0)))
    return shared_m


def _along_m(edge: BaseGeometry, area: BaseGeometry, snap_m: float) -> Iterator[float]:
    """Follow an edge past an area: what of each stretch runs beside it, corners taken off."""
    strip, wide_strip = area.buffer(snap_m), area.buffer(2 * snap_m)
    for stretch in shapely.get_parts(shapely.line_merge(edge.intersection(wide_strip))):
        beside_m = stretch.intersection(strip).length
        nearing_m = stretch.length - beside_m
        if beside_m - nearing_m > snap_m:
            yield beside_m - nearing_m


def is_short_drive(ground: PlainGround, ones: Sequence[int], others: Sequence[int]) -> bool:
    """Tell whether some school of the one is near enough to some school of the other.

    Near enough means there and back, each within the limit between neighbours.
    """
    most = ground.scenario.contiguity.max_minutes
    if most is None:
        return True
    limit = math.floor(most * CENTIMINUTES_PER_MINUTE + ROUNDING)
    for one in ones:
        for other in others:
            i, j = ground.schools[one].position, ground.schools[other].position
            ways = (float(ground.minutes[i, j]), float(ground.minutes[j, i]))
            if all(
                not math.isnan(way) and round(way * CENTIMINUTES_PER_MINUTE) <= limit
                for way in ways
            ):
                return True
    return False


# --- whose ground is whose --------------------------------------------------------------


def may_be_reassigned(ground: PlainGround, school: School) -> bool:
    """Tell whether the scenario lets a school leave its cluster of today by itself."""
    areas = {school.today, *school.areas.values()} & set(ground.scenario.urban.areas)
    return ground.scenario.units == "schools" or bool(areas)


def where_schools_lie(ground: PlainGround) -> dict[int, str]:
    """Give the unit whose ground each school stands on, exempt schools too.

    An exempt school of a divided cluster stands on the ground of the single school there that its
    cell has the longest border with, else of the nearest one.
    """
    place = {s.urn: s.unit for s in ground.schools.values() if s.unit is not None}
    singles: defaultdict[str | None, list[int]] = defaultdict(list)
    parts: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
    for urn, unit in place.items():
        today = ground.schools[urn].today
        if ground.is_single_school(unit):
            singles[today].append(urn)
        else:
            parts[today][unit] += 1
    # Of several parts of a cluster the one with most schools, the first by name on a tie.
    rest = {today: min((-n, unit) for unit, n in of.items())[1] for today, of in parts.items()}
    for school in ground.schools.values():
        if school.exempt is None:
            continue
        there = singles[school.today]
        if there and (may_be_reassigned(ground, school) or school.today not in rest):
            place[school.urn] = place[_host(ground, school.urn, there)]
        elif school.today in rest:
            place[school.urn] = rest[school.today]
    return place


def _host(ground: PlainGround, urn: int, there: Sequence[int]) -> int:
    border_m = borders_m(ground.problem.territory.cells)
    beside = {
        other: round(max(border_m.get((urn, other), 0.0), border_m.get((other, urn), 0.0)), 3)
        for other in there
    }
    longest_m = max(beside.values())
    if longest_m > 0:
        return min(other for other in there if beside[other] == longest_m)
    points = ground.problem.authority.schools.geometry
    away_m = {other: shapely.distance(points[urn], points[other]) for other in there}
    return min(there, key=lambda other: (away_m[other], other))


# --- what touches -----------------------------------------------------------------------


def touching(ground: PlainGround) -> Mapping[str, Collection[str]]:
    """Give the units that each unit touches; measured when first asked for."""
    if ground.measured is None:
        ground.measured = touching_units(ground)
    return ground.measured


def touching_units(ground: PlainGround) -> dict[str, set[str]]:
    units_of: defaultdict[str, set[str]] = defaultdict(set)
    for school in ground.schools.values():
        if school.today is not None and school.unit is not None:
            units_of[school.today].add(school.unit)
    cut_up = {unit for units in units_of.values() if len(units) > 1 for unit in units}
    single = {unit for unit in ground.unit_urns if ground.is_single_school(unit)}
    # What is left of a cluster that is divided in part no longer has the cluster's border.
    single |= cut_up
    unit_of = {today: next(iter(units)) for today, units in units_of.items() if len(units) == 1}
    touching: dict[str, set[str]] = {unit: set() for unit in ground.unit_urns}
    pairs = [
        pair for pair in _whole_pairs(ground, unit_of) if not single.intersection(pair)
    ] + _cell_pairs(ground, single)
    for one, other in pairs:
        _join(touching, one, other)
    if single:
        _link_schools(ground, touching)
    return touching


def _join(touching: dict[str, set[str]], one: str, other: str) -> None:
    if one != other:
        touching[one].add(other)
        touching[other].add(one)


def _whole_pairs(ground: PlainGround, unit_of: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give the pairs of units in which two of today's clusters touch as they are drawn."""
    rules = ground.scenario.contiguity
    drawn = ground.problem.territory.clusters
    there: defaultdict[str | None, list[int]] = defaultdict(list)
    for school in ground.schools.values():
        there[school.today].append(school.urn)
    links = {frozenset(pair) for pair in rules.links}
    barriers = {frozenset(pair) for pair in rules.barriers}
    stated = ground.problem.pairs
    beside = (
        [
            pair
            for pair, metres in borders_m(drawn, rules.snap_m).items()
            if is_long_border(ground, metres)
        ]
        if stated is None
        else [pair for pair in stated if there.keys() | set(drawn.index) >= set(pair)]
    )
    touching = {frozenset((a, b)) for a, b in beside if is_short_drive(ground, there[a], there[b])}
    pairs = (touching - barriers) | links
    if rules.empty == "bridge":
        placed = {school.today for school in ground.schools.values() if school.unit is not None}
        pairs |= _across(pairs, placed)
    for pair in pairs:
        if len(pair) == 2 and all(name in unit_of for name in pair):  # noqa: PLR2004 - a pair
            one, other = sorted(unit_of[name] for name in pair)
            yield one, other


def is_long_border(ground: PlainGround, metres: float) -> bool:
    return metres >= ground.scenario.contiguity.min_shared_m - BORDER_TOLERANCE_M


def _across(pairs: set[frozenset[str]], placed: set[str | None]) -> set[frozenset[str]]:
    """Give the pairs that ground without a school joins, walking over it from each area."""
    beside: defaultdict[str, set[str]] = defaultdict(set)
    for one, other in (sorted(pair) for pair in pairs if len(pair) > 1):
        beside[one].add(other)
        beside[other].add(one)
    found = set()
    for start in sorted(set(beside) & placed):
        seen, waiting = {start}, [start]
        while waiting:
            for name in beside[waiting.pop()] - seen:
                seen.add(name)
                if name in placed:
                    found.add(frozenset((start, name)))
                else:
                    waiting.append(name)
    return found


def _cell_pairs(ground: PlainGround, single: set[str]) -> list[tuple[str, str]]:
    """Give the pairs of units, one of them a single school, whose cells touch along enough."""
    if not single:
        return []
    rules = ground.scenario.contiguity
    place = where_schools_lie(ground)
    barriers = {frozenset(pair) for pair in rules.barriers}
    along_m: defaultdict[tuple[str, str], float] = defaultdict(float)
    borders = (
        borders_m(ground.problem.territory.cells)
        if ground.problem.pairs is None
        else dict.fromkeys(_stated_schools(ground, single), math.inf)
    )
    for (one, other), metres in borders.items():
        if one not in place or other not in place:
            continue
        a, b = sorted((place[one], place[other]))
        names = [{ground.schools[urn].today, f"URN {urn}"} for urn in (one, other)]
        is_barred = any(frozenset((x, y)) in barriers for x in names[0] for y in names[1])
        if a != b and single.intersection((a, b)) and not is_barred:
            along_m[a, b] += max(metres, 0.0)
    held: defaultdict[str, list[int]] = defaultdict(list)
    for urn, unit in place.items():
        held[unit].append(urn)
    return [
        (a, b)
        for (a, b), metres in along_m.items()
        if metres >= rules.min_shared_school_m - BORDER_TOLERANCE_M
        and is_short_drive(ground, held[a], held[b])
    ]


def _stated_schools(ground: PlainGround, single: set[str]) -> Iterator[tuple[int, int]]:
    """Give every two schools whose ground the file of neighbours calls adjacent."""
    named: defaultdict[str, list[int]] = defaultdict(list)
    for school in ground.schools.values():
        named[f"URN {school.urn}"].append(school.urn)
        if school.today is not None and f"URN {school.urn}" not in single:
            named[school.today].append(school.urn)
    for one, other in ground.problem.pairs or ():
        yield from ((a, b) for a in named[one] for b in named[other])


def _link_schools(ground: PlainGround, touching: dict[str, set[str]]) -> None:
    """Keep every stated link: where nothing joins its two ends, the two nearest schools do."""
    place = where_schools_lie(ground)
    points = ground.problem.authority.schools.geometry
    for link in ground.scenario.contiguity.links:
        ones, others = (
            [s.urn for s in ground.schools.values() if name in {s.today, f"URN {s.urn}"}]
            for name in link
        )
        joined = any(
            place[b] in touching[place[a]]
            for a in ones
            for b in others
            if a in place and b in place
        )
        if joined or not ones or not others:
            continue
        away = [(shapely.distance(points[a], points[b]), a, b) for a in ones for b in others]
        _, a, b = min(away, key=lambda found: found[0])
        if a in place and b in place:
            _join(touching, place[a], place[b])
