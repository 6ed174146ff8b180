"""Cells: the ground nearest to each school, without overlaps, gaps or stray pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.constants import COORDINATE_GRID_M
from cluster_optimiser.errors import Fault, InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.arrays import Bools, Floats, Ints

SEPARATION_M = 1.0
"""Schools on one and the same point are set on a circle of this radius around it."""

MARGIN_M = 1_000.0
"""The nearest-school lines are drawn this far beyond the outline, so that none ends short of it."""


@dataclass(frozen=True, slots=True)
class Island:
    """Ground that no other school's cell touches and that holds no school."""

    urn: int  # the school whose cell it belongs to all the same
    area_m2: float  # its area in square metres


@dataclass(frozen=True, slots=True, eq=False)
class CellResult:
    """The cells of schools and what is odd about them."""

    cells: gpd.GeoDataFrame
    islands: tuple[Island, ...]


def school_cells(points: gpd.GeoSeries, outline: BaseGeometry) -> CellResult:
    """Divide the outline into the ground nearest to each school.

    Voronoi cells clipped to the outline. A piece of a cell that is cut off from its school, be it a
    sliver or a square kilometre, goes to the neighbouring cell it shares the longest border with,
    the lowest URN on a tie. Ground that touches no cell stays with the school nearest to most of
    it, as an `Island`.
    """
    ordered = points.sort_index()
    urns = ordered.index.to_numpy()
    sites = _separated(_inland(shapely.get_coordinates(ordered.to_numpy()), outline))
    faces = _faces(sites, outline)
    places = _points(sites)
    nearest = shapely.STRtree(places).nearest(shapely.point_on_surface(faces))
    held = _held_faces(faces, nearest, places)
    _refuse_landless(urns[~np.isin(np.arange(len(urns)), nearest[held])])
    owner, islands = _owners(faces, nearest, held)
    by_owner = np.argsort(owner, kind="stable")
    members = np.split(by_owner, np.searchsorted(owner[by_owner], np.arange(1, len(urns))))
    shapes = [shapely.coverage_union_all(faces[held_by]) for held_by in members]
    cells = gpd.GeoDataFrame(index=pd.Index(urns, name="urn"), geometry=shapes, crs=points.crs)
    found = [Island(int(urns[i]), area_m2) for i, area_m2 in islands]
    return CellResult(
        cells=cells.loc[points.index],
        islands=tuple(sorted(found, key=lambda island: (island.urn, -island.area_m2))),
    )


def _points(sites: Floats) -> NDArray[np.object_]:
    return np.atleast_1d(np.asarray(shapely.points(sites), dtype=np.object_))


def _inland(sites: Floats, outline: BaseGeometry) -> Floats:
    shapely.prepare(outline)
    outside = ~shapely.intersects(outline, _points(sites))
    moved = _nearest_in(outline, sites, where=outside)
    # Schools on one point of the edge would be set apart with some of them beyond it, where they
    # may be nearest to no ground at all.
    _, sizes = _groups(moved)
    by_edge = shapely.distance(outline.boundary, _points(moved)) < 2 * SEPARATION_M
    cramped = by_edge & (sizes > 1)
    if not cramped.any():
        return moved
    return _nearest_in(outline.buffer(-2 * SEPARATION_M), moved, where=cramped)


def _nearest_in(area: BaseGeometry, sites: Floats, *, where: Bools) -> Floats:
    moved = sites.copy()
    if not area.is_empty:
        lines = shapely.shortest_line(area, _points(sites[where]))
        moved[where] = shapely.get_coordinates(shapely.get_point(lines, 0))
    return moved


def _groups(sites: Floats) -> tuple[Ints, Ints]:
    keys = np.round(sites / COORDINATE_GRID_M).astype(np.int64)
    _, group, sizes = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    return group, sizes[group]


def _separated(sites: Floats) -> Floats:
    moved = sites.copy()
    start = 1.0
    while True:
        group, sizes = _groups(moved)
        shared = sizes > 1
        if not shared.any():
            return moved
        place = pd.Series(group).groupby(group).cumcount().to_numpy()
        angle = start + 2 * np.pi * place / sizes
        circle = SEPARATION_M * np.column_stack([np.cos(angle), np.sin(angle)])
        moved[shared] += circle[shared]
        # A site so moved may meet another one, though hardly off the axes: whole radians never
        # come round to an angle that has been, so the next round does not move it straight back.
        start += 1.0


def _faces(sites: Floats, outline: BaseGeometry) -> NDArray[np.object_]:
    frame = shapely.box(*outline.bounds).buffer(MARGIN_M)
    lines = shapely.voronoi_polygons(shapely.multipoints(sites), extend_to=frame, only_edges=True)
    # Every crossing of a nearest-school line and the outline is worked out once, here, so that the
    # faces on its two sides share it to the last digit: clipping cell by cell does not promise
    # that. Snapping all to a grid would do so too, but moves the outline itself (a county's
    # by 1,000 m2 on a grid of 1 cm), and cells are to fill it to the square metre.
    noded = shapely.union_all(np.array([lines, shapely.boundary(outline)]))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    shapely.prepare(outline)
    inside = faces[shapely.intersects(outline, shapely.point_on_surface(faces))]
    # The order in which faces are found is the library's own; this one is by place.
    return inside[np.lexsort(shapely.bounds(inside).T)]


def _held_faces(faces: NDArray[np.object_], nearest: Ints, sites: NDArray[np.object_]) -> Bools:
    table = pd.DataFrame(
        {
            "site": nearest,
            "distance_m": shapely.distance(faces, sites[nearest]),
            "area_m2": -shapely.area(faces),
        }
    )
    first = table.sort_values(["site", "distance_m", "area_m2"], kind="stable")
    held = np.zeros(len(faces), dtype=np.bool_)
    held[first.drop_duplicates("site").index.to_numpy()] = True
    return held


def _refuse_landless(urns: Ints) -> None:
    faults = [
        Fault(
            file="schools",
            row=0,
            subject=f"URN {urn}",
            problem="no ground of the outline is nearer to this school than to another",
            remedy="Check its coordinates and the outline.",
        )
        for urn in urns
    ]
    if faults:
        raise InputError(faults)


def _owners(
    faces: NDArray[np.object_], nearest: Ints, held: Bools
) -> tuple[Ints, list[tuple[int, float]]]:
    owner = nearest.astype(np.int64)
    borders = _stray_borders(faces, ~held)
    settled = held.copy()
    while True:
        gains = _offers(borders, owner, settled)
        if not gains:
            break
        for stray, site in gains.items():
            owner[stray] = site
            settled[stray] = True
    islands = []
    left = [int(face) for face in np.flatnonzero(~settled)]
    graph = nx.Graph([(a, b) for a, b, _ in borders if not (settled[a] or settled[b])])
    graph.add_nodes_from(left)
    for group in nx.connected_components(graph):
        members = sorted(group)
        areas_m2 = np.bincount(owner[members], weights=shapely.area(faces[members]))
        site = int(areas_m2.argmax())
        owner[members] = site
        islands.append((site, float(areas_m2.sum())))
    return owner, islands


def _stray_borders(faces: NDArray[np.object_], stray: Bools) -> list[tuple[int, int, float]]:
    strays = np.flatnonzero(stray)
    which, other = shapely.STRtree(faces).query(faces[strays], predicate="intersects")
    first = strays[which]
    edges = shapely.boundary(faces)
    shared_m = shapely.length(shapely.intersection(edges[first], edges[other]))
    return sorted(
        (int(a), int(b), float(metres))
        for a, b, metres in zip(first, other, shared_m, strict=True)
        if a != b and metres > 0
    )


def _offers(borders: list[tuple[int, int, float]], owner: Ints, settled: Bools) -> dict[int, int]:
    shared_m: dict[int, dict[int, float]] = {}
    for stray, other, metres in borders:
        if settled[other] and not settled[stray]:
            of_stray = shared_m.setdefault(stray, {})
            site = int(owner[other])
            of_stray[site] = of_stray.get(site, 0.0) + metres
    return {
        stray: max(of_stray, key=lambda site: (of_stray[site], -site))
        for stray, of_stray in sorted(shared_m.items())
    }
