"""The ground of an authority: cells, today's clusters, areas of layers, what is in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from cluster_optimiser.constants import FIRST_HOME
from cluster_optimiser.domain import Authority, Layer, Territory
from cluster_optimiser.geography.alignment import LAYER_PREFIX
from cluster_optimiser.geography.cells import school_cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

TOUCH_M = 1.0
"""A gap of less than this between two pieces is a fault of drawing, not water."""

HECTARE_M2 = 10_000.0
"""Square metres in a hectare, the measure that areas are told in."""

WHOLE_HECTARES = 10
"""From here on areas are told in whole hectares."""

KILOMETRE_M = 1_000
"""From here on distances are told in kilometres."""


def build_territory(authority: Authority) -> Territory:
    schools = authority.schools
    local = schools["local_cluster"]
    if authority.has_areas and authority.clusters is not None:
        cells = _cells_of_areas(schools, authority.clusters)
    else:
        cells = school_cells(schools.geometry, authority.outline).cells
    if authority.clusters is None:
        clusters = union_of_cells(cells, local, name="cluster")
    else:
        clusters = authority.clusters[["geometry"]].sort_index()
    return Territory(
        outline=authority.outline,
        cells=cells,
        clusters=clusters,
        layers=_layer_areas(authority.layers, schools, cells),
        findings=piece_findings(clusters, cells, schools),
    )


def _cells_of_areas(schools: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Divide each area between its homes and the schools in it: its border stays its own."""
    own = []
    for area, urns in schools.groupby("local_cluster").groups.items():
        shape = areas.geometry.loc[area]
        if len(urns) == 1:
            own.append(gpd.GeoSeries([shape], index=urns, crs=schools.crs))
        else:
            own.append(school_cells(schools.geometry.loc[urns], shape).cells.geometry)
    cells = gpd.GeoDataFrame(geometry=pd.concat(own), crs=schools.crs)
    return cells.loc[schools.index].rename_axis("urn")


def union_of_cells(cells: gpd.GeoDataFrame, labels: pd.Series, *, name: str) -> gpd.GeoDataFrame:
    """Put the cells of schools with the same label together."""
    # Other people's areas need not share every corner, as cells of one drawing do.
    is_one_drawing = cells.index.max() < FIRST_HOME
    return _joined(cells.geometry, labels, name, "coverage" if is_one_drawing else "unary")


def _joined(shapes: gpd.GeoSeries, labels: pd.Series, name: str, method: str) -> gpd.GeoDataFrame:
    made = shapes.to_frame("geometry").dissolve(labels.reindex(shapes.index), method=method)
    return made.set_index(pd.Index(made.index.map(str), name=name, dtype="object"))


def _layer_areas(
    layers: Mapping[str, Layer], schools: gpd.GeoDataFrame, cells: gpd.GeoDataFrame
) -> dict[str, gpd.GeoDataFrame]:
    areas: dict[str, gpd.GeoDataFrame] = {}
    # A layer made of another one may stand before it in the file.
    waiting = list(layers.values())
    while waiting:
        ready = [layer for layer in waiting if layer.origin != "layer" or layer.base in areas]
        if not ready:
            stuck = ", ".join(layer.name for layer in waiting)
            raise ValueError(f"these layers are made of one another or of no layer: {stuck}")
        for layer in ready:
            areas[layer.name] = _areas_of(layer, schools, cells, areas)
        waiting = [layer for layer in waiting if layer.name not in areas]
    return {name: areas[name] for name in layers}


def _areas_of(
    layer: Layer,
    schools: gpd.GeoDataFrame,
    cells: gpd.GeoDataFrame,
    areas: Mapping[str, gpd.GeoDataFrame],
) -> gpd.GeoDataFrame:
    if layer.polygons is not None:
        return layer.polygons[["geometry"]].rename_axis("area").sort_index()
    if layer.origin == "layer":
        base = areas[layer.base].geometry
        groups = pd.Series(base.index.map(dict(layer.mapping)), index=base.index)
        return _joined(base, groups, "area", "unary")
    return union_of_cells(cells, schools[LAYER_PREFIX + layer.name], name="area")


def piece_findings(
    clusters: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, schools: gpd.GeoDataFrame
) -> tuple[str, ...]:
    findings = []
    for cluster, shape in clusters.geometry.items():
        pieces = list(shapely.get_parts(shape))
        if len(pieces) == 1:
            continue
        members = schools[schools["local_cluster"] == cluster]
        held = _schools_by_piece(pieces, members)
        order = sorted(
            range(len(pieces)), key=lambda i: (-len(held[i]), -pieces[i].area, pieces[i].bounds)
        )
        others = clusters.geometry.drop(index=cluster)
        reasons = []
        for i in order[1:]:
            rest = shapely.union_all([piece for j, piece in enumerate(pieces) if j != i])
            if len(held[i]) or others.distance(pieces[i]).min() < TOUCH_M:
                reason = f"{_around(pieces[i], held[i])} {_parting(pieces[i], rest, others)}"
            else:
                reason = _island(pieces[i], cells.loc[members.index], members)
            reasons.append(reason)
        findings.append(f"{cluster} is in {len(pieces)} pieces: " + "; ".join(reasons))
    return tuple(findings)


def cut_off(shapes: gpd.GeoSeries, schools: gpd.GeoSeries, cluster_of: pd.Series) -> list[str]:
    """Name the clusters with schools in a piece that others part from the rest, as no water does.

    ``schools`` are points, ``cluster_of`` the cluster of each, in the same order.
    """
    found = []
    for cluster, shape in shapes.items():
        pieces, others = list(shapely.get_parts(shape)), shapes.drop(index=cluster)
        if len(pieces) == 1:
            continue
        at = shapely.STRtree(pieces).nearest(schools[cluster_of == cluster].to_numpy())
        held = [pieces[i] for i in sorted(set(at.tolist()))]
        rests = (shapely.union_all([*held[:i], *held[i + 1 :]]) for i in range(len(held)))
        parted = (_crossed(*pair, others) for pair in zip(held, rests, strict=True))
        if len(held) > 1 and any(map(len, parted)):
            found.append(str(cluster))
    return found


def _schools_by_piece(
    pieces: list[BaseGeometry], members: gpd.GeoDataFrame
) -> list[gpd.GeoDataFrame]:
    if members.empty:
        return [members for _ in pieces]
    nearest = shapely.STRtree(pieces).nearest(members.geometry.to_numpy())
    return [members[nearest == i] for i in range(len(pieces))]


def _around(piece: BaseGeometry, members: gpd.GeoDataFrame) -> str:
    if members.empty:
        return f"a piece of {_hectares(piece)} without a school"
    first = f"{members['name'].iloc[0]} (URN {members.index[0]})"
    more = len(members) - 1
    also = "" if more == 0 else f" and {more} more school{'s' if more > 1 else ''}"
    return f"the piece around {first}{also}"


def _parting(piece: BaseGeometry, rest: BaseGeometry, others: gpd.GeoSeries) -> str:
    gap = shapely.shortest_line(piece, rest)
    crossed = _crossed(piece, rest, others)
    if gap.length < TOUCH_M:
        near = others[others.distance(gap) < TOUCH_M]
        between = f", between {in_full([str(name) for name in near.index])}" if len(near) else ""
        return f"meets the rest only at a point{between}"
    if len(crossed):
        return f"is cut off by {in_full([str(name) for name in crossed.index])}"
    apart = in_words(gap.length)
    return f"is divided from the rest by water or by the authority's edge ({apart} apart)"


def _crossed(piece: BaseGeometry, rest: BaseGeometry, others: gpd.GeoSeries) -> gpd.GeoSeries:
    """Give what the shortest way between two pieces of a cluster goes through."""
    return others[others.intersection(shapely.shortest_line(piece, rest)).length > TOUCH_M]


def _island(piece: BaseGeometry, cells: gpd.GeoDataFrame, members: gpd.GeoDataFrame) -> str:
    text = f"an offshore island of {_hectares(piece)} without a school"
    if members.empty:
        return text
    urn = cells.distance(piece.representative_point()).idxmin()
    return f"{text}, counted with {members['name'].loc[urn]} (URN {urn})"


def _hectares(piece: BaseGeometry) -> str:
    hectares = piece.area / HECTARE_M2
    return f"{hectares:,.0f} ha" if hectares >= WHOLE_HECTARES else f"{hectares:.2g} ha"


def in_words(metres: float) -> str:
    """Give a distance in metres, from a kilometre on in kilometres."""
    return f"{metres:,.0f} m" if metres < KILOMETRE_M else f"{metres / KILOMETRE_M:,.1f} km"


def in_full(names: Sequence[str]) -> str:
    """Write a list as people do."""
    return "".join(names) if not names[1:] else ", ".join(names[:-1]) + " and " + names[-1]
