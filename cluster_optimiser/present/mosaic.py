"""The ground of all plans in one: pieces that nothing divides, and the borders they share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from topojson.core.topology import Topology

from cluster_optimiser.geography.units import any_unit_of
from cluster_optimiser.inputs.roads.store import read_backdrop
from cluster_optimiser.present.shapes import drawable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cluster_optimiser.arrays import Floats
    from cluster_optimiser.domain import Authority, Problem, Result

GRID_M = 10
"""Metres between two whole numbers of the drawing: finer than any border is known."""

TOLERANCE_M = 80.0


@dataclass(frozen=True, slots=True, eq=False)
class Mosaic:
    """Pieces of ground that lie in one cluster in every plan."""

    shapes: gpd.GeoSeries  # index the number of the piece from 0
    piece_of: pd.Series  # index urn of every school, values the piece it lies in
    clusters: tuple[tuple[str | None, ...], ...]


def _divided_units(results: Sequence[Result]) -> list[pd.Series]:
    """Give, for every way in which plans divide today's clusters, the unit whose ground it is.

    Readers may move each such unit by itself.
    """
    found: list[pd.Series] = []
    for result in results:
        problem = result.problem
        local = problem.authority.schools["local_cluster"]
        unit = any_unit_of(problem)
        pairs = pd.DataFrame({"unit": unit, "local": local}).drop_duplicates()
        is_divided = bool(pairs["local"].duplicated().any())
        if is_divided and not any(unit.equals(other) for other in found):
            found.append(unit)
    return found


def _memberships(results: Sequence[Result]) -> pd.Series:
    """Give each school's cluster in every plan, None where it is exempt."""
    schools = results[0].problem.authority.schools
    columns = [
        result.plan.assignment.reindex(result.problem.unit_of.index).reindex(schools.index)
        for result in results
    ]
    columns += _divided_units(results)
    rows = zip(
        *([None if pd.isna(v) else str(v) for v in column] for column in columns), strict=True
    )
    return pd.Series(list(rows), index=schools.index, dtype=object)


def _groups(
    local: pd.Series, held: pd.Series, n_plans: int
) -> list[tuple[str, list[int], tuple[str | None, ...]]]:
    """Sort the schools of each of today's clusters by what they share in every plan."""
    groups: list[tuple[str, list[int], tuple[str | None, ...]]] = []
    for name in sorted(set(local)):
        urns = local.index[local == name]
        keys = sorted({held[u] for u in urns}, key=lambda key: tuple(x or "" for x in key))
        known = [sorted({key[i] for key in keys if key[i]}) for i in range(len(keys[0]))]
        if all(len(found) < 2 for found in known):  # noqa: PLR2004 - no plan divides it
            whole = tuple(found[0] if found else None for found in known)
            groups.append((str(name), [int(u) for u in urns], whole))
            continue
        full = [key for key in keys if all(key)] or keys
        # Schools that stand outside have the ground of the unit that took it in.
        host = {key: _host(key, full, n_plans) for key in keys}
        for key in full:
            mine = [int(u) for u in urns if host[held[u]] == key]
            groups.append((str(name), sorted(mine), key))
    return groups


def _host(
    key: tuple[str | None, ...], full: list[tuple[str | None, ...]], n_plans: int
) -> tuple[str | None, ...]:
    """Give the key itself if it is full, else the one of the same units, else the first."""
    same = [other for other in full if other[n_plans:] == key[n_plans:]]
    return key if key in full else (same or full)[0]


def _shape(problem: Problem, name: str, urns: list[int], *, is_whole: bool) -> Any:  # noqa: ANN401
    cells = problem.territory.cells
    if is_whole or not set(urns) <= set(cells.index):
        return problem.territory.clusters.geometry[name]
    return cells.geometry.loc[urns].union_all()


def mosaic(results: Sequence[Result]) -> Mosaic:
    """Cut the ground into the largest pieces that no plan divides.

    Today's clusters where no plan divides them, else the cells of schools that stay together; where
    the units of a plan divide them, a piece lies in one unit.
    """
    problem = results[0].problem
    local = problem.authority.schools["local_cluster"]
    n_plans = len(results)
    groups = _groups(local, _memberships(results), n_plans)
    n_of = pd.Series([name for name, _, _ in groups]).value_counts()
    shapes = [
        _shape(problem, name, urns, is_whole=n_of[name] == 1)
        if name in problem.territory.clusters.index
        else None
        for name, urns, _ in groups
    ]
    piece_of = {urn: i for i, (_, urns, _) in enumerate(groups) for urn in urns}
    return Mosaic(
        shapes=gpd.GeoSeries(shapes, index=range(len(shapes)), crs=problem.authority.schools.crs),
        piece_of=pd.Series(piece_of).reindex(local.index),
        clusters=tuple(zip(*(key[:n_plans] for _, _, key in groups), strict=True)),
    )


@dataclass(frozen=True, slots=True)
class Grid:
    """Whole numbers for places: right and up from the south-western corner."""

    west_m: float  # the corner
    south_m: float  # the corner

    def place(self, xy: Floats) -> Floats:
        placed: Floats = np.rint((xy - [self.west_m, self.south_m]) / GRID_M)
        return placed


def grid_of(shapes: gpd.GeoSeries) -> Grid:
    west, south, _, _ = shapes.total_bounds
    return Grid(float(np.floor(west)), float(np.floor(south)))


def flat_steps(arc: Sequence[Sequence[float]]) -> list[int]:
    """Write an arc as its first place and the steps from there."""
    points = np.asarray(arc, dtype=np.int64)
    steps = np.diff(points, axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    flat: list[int] = np.vstack([points[:1], steps]).ravel().tolist()
    return flat


def _rings(geometry: dict[str, Any]) -> list[list[int]]:
    if geometry["type"] == "MultiPolygon":
        return [ring for polygon in geometry["arcs"] for ring in polygon]
    return list(geometry.get("arcs") or [])


def topology(pieces: gpd.GeoSeries, areas: gpd.GeoSeries, grid: Grid) -> dict[str, Any]:
    """Write pieces and areas of a layer as one topology: a shared border is kept once."""
    objects, names, at = [], [], {}
    for name, shapes in (("pieces", pieces), ("areas", areas)):
        light = drawable(shapes, tolerance_m=TOLERANCE_M)
        if light.empty:
            continue
        frame = gpd.GeoDataFrame(geometry=light)
        frame.geometry = [shapely.transform(shape, grid.place) for shape in light]
        objects.append(frame.set_crs(None, allow_override=True))
        names.append(name)
        at[name] = list(light.index)
    made = Topology(objects, object_name=names, prequantize=False).to_dict()
    rings = {
        name: dict(zip(at[name], map(_rings, made["objects"][name]["geometries"]), strict=True))
        for name in names
    }
    return {
        "arcs": [flat_steps(arc) for arc in made["arcs"]],
        "pieces": [rings["pieces"].get(i, []) for i in pieces.index],
        "areas": [rings.get("areas", {}).get(i, []) for i in areas.index],
    }


LOOK = {
    "built_up": {"stroke": False, "fill": True, "fillColor": "#22303a", "fillOpacity": 0.14},
    "water": {"color": "#1b5c8a", "weight": 1.4, "opacity": 0.85},
    "railway": {"color": "#22303a", "weight": 1.1, "opacity": 0.8, "dashArray": "6 3"},
    "main_road": {"color": "#7a3f00", "weight": 1.5, "opacity": 0.75},
}
"""How each kind is drawn, as Leaflet names it, the lowest first."""


@lru_cache(maxsize=8)
def _read(file: Path, sha256: str) -> gpd.GeoDataFrame | None:
    del sha256  # of the bytes: another file under the same name is read again
    return read_backdrop(file)


def backdrop_of(authority: Authority) -> dict[str, gpd.GeoSeries]:
    """Give what lies below an authority's areas, by kind; nothing without a road file."""
    spec = authority.travel.roads
    found = None if spec is None else _read(spec.file, spec.sha256)
    if found is None:
        return {}
    shapes = {kind: found.geometry[found["kind"] == kind] for kind in LOOK}
    return {kind: shape for kind, shape in shapes.items() if len(shape)}


def backdrop_data(authority: Authority, grid: Grid) -> list[list[object]]:
    """Write each kind as its look and its lines on the grid of the page."""
    made: list[list[object]] = []
    for kind, shapes in backdrop_of(authority).items():
        parts = shapely.get_parts(shapes.to_numpy())
        rings = [p.exterior if p.geom_type == "Polygon" else p for p in parts]
        lines = [flat_steps(grid.place(shapely.get_coordinates(ring)).tolist()) for ring in rings]
        made.append([kind, LOOK[kind], lines])
    return made
