"""Polygons mended as one coverage: gaps closed, overlaps given to one area, borders simplified.

Nothing is mended unless asked for, and every change is told with its size: areas before, what each
step added or took, and areas after add up to the square metre.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.findings import Finding
from cluster_optimiser.geography.territory import HECTARE_M2
from cluster_optimiser.inputs.boundaries import once_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

CLOSE_M = 10.0
"""Gaps up to this wide are closed: wider ones may be water."""

LEAST_M2 = 1.0
"""Less ground than this is a matter of digits, and not told by itself."""

TOUCH_M = 1e-6

LEAST_SHARE = 0.05
"""Share of a gap's own border that an area must have to be named beside it."""


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """Areas after mending, and the account of it."""

    areas: gpd.GeoSeries  # by name: no two overlap, shared borders are the same points
    account: pd.DataFrame  # by name: before_m2, overlaps_m2, gaps_m2, simplified_m2, after_m2
    changes: tuple[Finding, ...]  # each ground that changed hands
    n_points: tuple[int, int]  # before and after simplifying

    @property
    def is_changed(self) -> bool:
        return bool(self.changes) or self.n_points[0] != self.n_points[1]


def mend(areas: gpd.GeoSeries, *, close_m: float = CLOSE_M, simplify_m: float = 0.0) -> Mended:
    """Mend areas: overlaps first, then gaps, then, where asked, borders with too many points.

    Parameters
    ----------
    areas
        Valid polygons by name, in metres.
    close_m
        Gaps up to so many metres wide are closed.
    simplify_m
        Points are left out that make a triangle with their neighbours smaller than a square of
        this side; 0 leaves all.

    Returns
    -------
    The areas after, the account in square metres, and each change.
    """
    names = list(areas.index)
    before = areas.to_numpy()
    apart = _clean(before)
    closed = apart.copy()
    gaps = list(_gaps(apart, close_m)) if close_m > 0 else []
    for strip, owner in gaps:
        closed[owner] = shapely.union(closed[owner], strip)
    # Once more: the borders of what was added become the same points on both sides.
    closed = _clean(closed)
    after = shapely.coverage_simplify(closed, simplify_m) if simplify_m else closed
    steps = [shapely.area(shapes) for shapes in (before, apart, closed, after)]
    account = pd.DataFrame(
        {
            "before_m2": steps[0],
            "overlaps_m2": steps[1] - steps[0],
            "gaps_m2": steps[2] - steps[1],
            "simplified_m2": steps[3] - steps[2],
            "after_m2": steps[3],
        },
        index=areas.index,
    )
    changes = (*_overlaps(names, before, apart), *_closed(names, gaps, apart))
    counted = [int(shapely.get_num_coordinates(shapes).sum()) for shapes in (closed, after)]
    whole = gpd.GeoSeries(after, index=areas.index, crs=areas.crs)
    return Mended(whole, account, changes, (counted[0], counted[1]))


def _clean(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Give overlaps to the area with the longest border, and both sides of a border one course."""
    clean: NDArray[np.object_] = shapely.coverage_clean(shapes, snapping_distance=0.0)  # type: ignore[attr-defined]
    return clean


def _gaps(shapes: NDArray[np.object_], close_m: float) -> Iterator[tuple[BaseGeometry, int]]:
    """Give the ground of narrow gaps in pieces, each with the area that it goes to.

    What closing (a buffer out and in again) adds is narrow; only where two areas or more meet it is
    it a gap between areas. Along a gap the first area takes what lies beside it.
    """
    reach_m = close_m / 2 * (1 + TOUCH_M)
    whole = shapely.union_all(shapes)
    wide = shapely.buffer(whole, reach_m, join_style="mitre")
    narrow = shapely.difference(shapely.buffer(wide, -reach_m, join_style="mitre"), whole)
    tree = shapely.STRtree(shapes)
    for strip in shapely.get_parts(narrow):
        beside = tree.query(strip, predicate="dwithin", distance=TOUCH_M)
        if len(beside) < 2 or strip.area < LEAST_M2 * TOUCH_M:  # noqa: PLR2004 - a gap has two sides
            continue
        along_m = shapely.length(shapely.intersection(shapely.boundary(shapes[beside]), strip))
        left = strip
        for owner in beside[np.lexsort((beside, -along_m.round(3)))].tolist():
            if left.is_empty:
                break
            own = shapely.buffer(shapes[owner], 2 * reach_m, join_style="mitre")
            taken = polygonal(shapely.intersection(left, own))
            left = polygonal(shapely.difference(left, own))
            if taken.area > 0:
                yield taken, owner


def polygonal(shape: BaseGeometry) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(shape) if part.area > 0]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _overlaps(
    names: list[str], before: NDArray[np.object_], after: NDArray[np.object_]
) -> Iterator[Finding]:
    for i, j in once_each(shapely.STRtree(before).query(before, predicate="intersects")):
        shared = polygonal(shapely.intersection(before[i], before[j]))
        if shared.area < LEAST_M2:
            continue
        kept = [shapely.intersection(after[one], shared).area for one in (i, j)]
        owner = names[i] if kept[0] >= kept[1] else names[j]
        yield _change(
            "overlap",
            f"{names[i]} - {names[j]}",
            f"{_size(shared)} that {names[i]} and {names[j]} both had now belong to {owner}",
            shared,
        )


def _closed(
    names: list[str], gaps: list[tuple[BaseGeometry, int]], shapes: NDArray[np.object_]
) -> Iterator[Finding]:
    for strip, owner in gaps:
        if strip.area < LEAST_M2:
            continue
        beside = shapely.STRtree(shapes).query(strip, predicate="dwithin", distance=TOUCH_M)
        # Areas that only a corner of it touches are not what it lies between.
        long = [
            i
            for i in sorted(beside.tolist())
            if i != owner
            and shapely.length(shapely.intersection(shapely.boundary(strip), shapes[i]))
            > strip.length * LEAST_SHARE
        ]
        others = ", ".join(names[i] for i in long) or "itself"
        yield _change(
            "gap",
            f"{names[owner]} - {others}",
            f"a gap of {_size(strip)} between {names[owner]} and {others} is closed: it now "
            f"belongs to {names[owner]}",
            strip,
        )


def _change(kind: str, subject: str, problem: str, where: BaseGeometry) -> Finding:
    return Finding(kind, "note", subject, problem, where=where)


def _size(shape: BaseGeometry) -> str:
    hectares = shape.area / HECTARE_M2
    return f"{hectares:,.1f} ha" if hectares >= 1 else f"{shape.area:,.0f} m2"
