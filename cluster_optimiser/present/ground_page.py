"""The ground report as a page: a map on which every finding is drawn, and zoomed to when chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from cluster_optimiser.findings import GRADES, Finding
from cluster_optimiser.present.characters import isolated
from cluster_optimiser.present.shapes import drawable
from cluster_optimiser.present.svg import WIDTH, Frame
from cluster_optimiser.present.words import template
from cluster_optimiser.words import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.domain import Authority, Territory
    from cluster_optimiser.errors import Fault

TOLERANCE_M = 20.0
CLOSE_M = 600.0
"""Ground that is shown round a finding at the least."""

WHY = {
    "fault": "stops every run",
    "warning": "stands in the caveats of every output",
    "note": "for you to know",
}


def ground_html(
    reports: Sequence[tuple[Authority, Territory, Sequence[Finding]]], faults: Sequence[Fault]
) -> str:
    """Write the page; faults are those of files, which have no place on the map."""
    maps = []
    for authority, territory, findings in reports:
        frame = Frame.around(territory.clusters.geometry)
        shapes = drawable(territory.clusters.geometry, tolerance_m=TOLERANCE_M)
        ordered = sorted(findings, key=lambda one: (one.is_accepted, GRADES.index(one.grade)))
        drawn = {
            "name": authority.name,
            "width": WIDTH,
            "height": frame.height,
            "clusters": [(name, _path(frame.draw(shape))) for name, shape in shapes.items()],
            "names": [
                (name, *frame.place(shapely.get_coordinates(spot))[0].round(1).tolist())
                for name, spot in territory.clusters.representative_point().items()
            ],
            "schools": [
                (f"{name} (URN {urn})", _path(frame.draw(point)))
                for urn, name, point in zip(
                    authority.schools.index,
                    authority.schools["name"],
                    authority.schools.geometry,
                    strict=True,
                )
            ],
            "findings": [
                (one, *(("", "") if one.where is None else _spot(one.where, frame)))
                for one in ordered
            ],
        }
        maps.append(drawn)
    of_map = {one.subject for _, _, findings in reports for one in findings}
    others = [fault for fault in faults if fault.subject not in of_map]
    page = template("ground.html.j2").render(maps=maps, faults=others, why=WHY, number=number)
    return isolated(page)


def _spot(where: BaseGeometry, frame: Frame) -> tuple[str, str]:
    """Give a finding as a path, and the window of the map that shows it."""
    west, south, east, north = where.bounds
    side_m = max(1.6 * (east - west), 1.6 * (north - south), CLOSE_M)
    middle = np.array([[(west + east) / 2 - side_m / 2, (south + north) / 2 + side_m / 2]])
    left, top = frame.place(middle)[0]
    side = side_m * frame.units_per_m
    return _path(frame.draw(where)), f"{left:.2f} {top:.2f} {side:.2f} {side:.2f}"


def _path(shape: BaseGeometry) -> str:
    """Write any shape as SVG path data to the hundredth of a unit; a point is a line of no length.

    >>> _path(shapely.Point(1, 2)), _path(shapely.box(0, 0, 1, 1))
    ('M1,2h0', 'M1,0 1,1 0,1 0,0z')
    """
    return "".join(_strokes(shape))


def _strokes(shape: BaseGeometry) -> Iterator[str]:
    for part in shapely.get_parts(shape):
        if isinstance(part, shapely.Polygon):
            for ring in (part.exterior, *part.interiors):
                yield f"M{_numbers(ring)}".rsplit(" ", 1)[0] + "z"
        elif isinstance(part, shapely.Point):
            yield f"M{_numbers(part)}h0"
        elif hasattr(part, "geoms"):
            yield from _strokes(part)
        elif not part.is_empty:
            yield f"M{_numbers(part)}"


def _numbers(line: BaseGeometry) -> str:
    return " ".join(f"{x:.6g},{y:.6g}" for x, y in shapely.get_coordinates(line).round(2))
