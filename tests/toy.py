"""Toy maps: authorities of a few squares, drawn in text.

Each letter of a grid is a square of one kilometre that belongs to the unit of that letter; a dot is
no ground at all. Layers are grids of the same shape. Everything is made in memory.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point, box
from shapely.ops import unary_union

from cluster_optimiser.constants import CRS_METRES
from cluster_optimiser.domain import Authority, Layer, Territory, TravelSpec
from cluster_optimiser.geography import build_problem
from cluster_optimiser.scenario import parse_scenario

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.domain import Plan, Problem
    from cluster_optimiser.scenario import Scenario

SQUARE_M = 1_000
ORIGIN_M = (600_000, 300_000)
FIRST_URN = 100_001
NOWHERE = "."

Square = tuple[int, int]
"""Row from the top, column from the left."""


@dataclass(frozen=True)
class ToySchool:
    """A school of a toy map.

    Parameters
    ----------
    phase, pupils
        As in the register.
    square
        Where it stands; without it, the free square of its unit nearest to the unit's middle.
    columns
        More columns of the register, or other values for those it has.
    """

    phase: str = "primary"
    pupils: int = 0
    square: Square | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)


def squares(grid: str) -> dict[Square, str]:
    """Read a grid: square -> letter, dots left out.

    >>> squares("AB.")
    {(0, 0): 'A', (0, 1): 'B'}
    """
    rows = grid.split()
    return {
        (row, column): letter
        for row, line in enumerate(rows)
        for column, letter in enumerate(line)
        if letter != NOWHERE
    }


def _box(square: Square, *, part: int = 0, n_parts: int = 1) -> BaseGeometry:
    """Give a square as a polygon, or one of the equal upright strips it is cut into."""
    row, column = square
    left_m = ORIGIN_M[0] + SQUARE_M * column
    top_m = ORIGIN_M[1] - SQUARE_M * row
    width_m = SQUARE_M / n_parts
    return box(left_m + part * width_m, top_m - SQUARE_M, left_m + (part + 1) * width_m, top_m)


def _areas(letters: Mapping[Square, str], *, index: str) -> gpd.GeoDataFrame:
    shapes: dict[str, list[BaseGeometry]] = defaultdict(list)
    for square, letter in letters.items():
        shapes[letter].append(_box(square))
    names = sorted(shapes)
    return gpd.GeoDataFrame(
        geometry=[unary_union(shapes[name]) for name in names],
        index=pd.Index(names, name=index),
        crs=CRS_METRES,
    )


def _sites(own: Sequence[Square], schools: Sequence[ToySchool]) -> list[Square]:
    """Choose a square for each school of a unit."""
    middle = (sum(r for r, _ in own) / len(own), sum(c for _, c in own) / len(own))
    by_middle = sorted(own, key=lambda s: ((s[0] - middle[0]) ** 2 + (s[1] - middle[1]) ** 2, s))
    taken = {school.square for school in schools}
    free = [square for square in by_middle if square not in taken]
    # A unit with more schools than squares has several on one square.
    waiting = iter(free + by_middle * len(schools))
    return [school.square or next(waiting) for school in schools]


def _cells(own: Sequence[Square], sites: Sequence[Square]) -> list[BaseGeometry]:
    """Give each school its share of its square and the squares it is the nearest school to."""
    pieces: list[list[BaseGeometry]] = []
    for i, site in enumerate(sites):
        part, n_parts = sites[:i].count(site), sites.count(site)
        pieces.append([_box(site, part=part, n_parts=n_parts)])
    for square in own:
        if square not in sites:
            steps = [abs(square[0] - s[0]) + abs(square[1] - s[1]) for s in sites]
            pieces[steps.index(min(steps))].append(_box(square))
    return [unary_union(piece) for piece in pieces]


def _columns(
    unit: str, number: int, school: ToySchool, site: Square, layers: Mapping[str, str]
) -> dict[str, Any]:
    areas = {f"layer.{name}": squares(grid).get(site) for name, grid in layers.items()}
    return {
        "name": f"{unit}{number} {school.phase}",
        "phase": school.phase,
        "pupils": school.pupils,
        "is_pupils_known": True,
        "cluster": unit,
        "local_cluster": unit,
        "religious_character": "",
        **areas,
        **school.columns,
    }


def toy_ground(
    grid: str,
    *,
    pupils: Mapping[str, int] | int = 1_000,
    schools: Mapping[str, Sequence[ToySchool]] | None = None,
    layers: Mapping[str, str] | None = None,
    travel_spec: TravelSpec | None = None,
) -> tuple[Authority, Territory]:
    """Build the authority and the territory that `toy_problem` is made of."""
    letters, layers, schools = squares(grid), layers or {}, schools or {}
    rows, points, cells = [], [], []
    for unit in sorted(set(letters.values())):
        own = [square for square, letter in letters.items() if letter == unit]
        in_unit = pupils if isinstance(pupils, int) else pupils.get(unit, 1_000)
        here = list(schools.get(unit, [ToySchool("secondary", in_unit)]))
        sites = _sites(own, here)
        shapes = _cells(own, sites)
        for i, (school, site, cell) in enumerate(zip(here, sites, shapes, strict=True)):
            rows.append(_columns(unit, i + 1, school, site, layers))
            strip = _box(site, part=sites[:i].count(site), n_parts=sites.count(site))
            points.append(Point(strip.centroid.x, strip.centroid.y))
            cells.append(cell)
    index = pd.RangeIndex(FIRST_URN, FIRST_URN + len(rows)).astype("int64").rename("urn")
    register = gpd.GeoDataFrame(pd.DataFrame(rows, index=index), geometry=points, crs=CRS_METRES)
    clusters = _areas(letters, index="cluster")
    areas = {name: _areas(squares(drawn), index="area") for name, drawn in layers.items()}
    outline = unary_union([_box(square) for square in letters])
    authority = Authority(
        key="toy",
        name="Toyshire",
        folder=Path("boundaries/toy"),
        schools=register,
        clusters=clusters,
        outline=outline,
        layers={
            name: Layer(name, name.title(), "polygons", polygons=frame)
            for name, frame in areas.items()
        },
        travel=travel_spec or TravelSpec("estimate", 2.0, ((float("inf"), 1.5),), note="toy"),
        sources=(),
        caveats=(),
        inputs={},
        data_date="2011-10-01",
    )
    territory = Territory(
        outline=outline,
        cells=gpd.GeoDataFrame(geometry=cells, index=index, crs=CRS_METRES),
        clusters=clusters,
        layers=areas,
        findings=(),
    )
    return authority, territory


def toy_scenario(**over: Any) -> Scenario:
    """Give a merge scenario; keywords replace its tables."""
    tables: dict[str, Any] = {
        "title": "Toy",
        "option": "T",
        "authority": "toy",
        "method": "merge",
        "objective": {"order": ["count", "pupil_minutes"]},
    }
    return parse_scenario({**tables, **over})


def toy_problem(
    grid: str,
    *,
    pupils: Mapping[str, int] | int = 1_000,
    schools: Mapping[str, Sequence[ToySchool]] | None = None,
    layers: Mapping[str, str] | None = None,
    travel_spec: TravelSpec | None = None,
    parent: Plan | None = None,
    **scenario: Any,
) -> Problem:
    """Build a problem from a map.

    Parameters
    ----------
    grid
        The units, for example ``"AAB CCB"`` or the same on two lines.
    pupils
        Pupils of each unit, for those with the default school.
    schools
        Unit -> its schools, in place of the default: one secondary school in its middle.
    layers
        Layer -> grid of its areas.
    travel_spec
        How minutes are obtained; without it 2 minutes and 1.5 a kilometre.
    parent
        The plan whose clusters are the units of a nested scenario.
    **scenario
        Tables of the scenario file.
    """
    authority, territory = toy_ground(
        grid, pupils=pupils, schools=schools, layers=layers, travel_spec=travel_spec
    )
    return build_problem(toy_scenario(**scenario), authority, territory, parent=parent)


def toy_assignment(problem: Problem, clusters: Mapping[str, str]) -> pd.Series:
    """Assign whole units: cluster -> the letters of its units. Exempt schools go to their group."""
    cluster_of = {unit: name for name, units in clusters.items() for unit in units}
    ordinary = problem.unit_of.map(cluster_of)
    whole = pd.concat([ordinary, problem.exempt_of])
    return whole.reindex(problem.authority.schools.index).astype("object").rename("cluster")
