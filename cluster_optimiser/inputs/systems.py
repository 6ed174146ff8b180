"""The reference system that an authority measures in: where it holds, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from cluster_optimiser.constants import CRS_DEGREES, CRS_METRES
from cluster_optimiser.inputs.checking import Problem

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Span = tuple[float, float]

MARGIN_M = 300_000.0
"""So far from where a system holds an area may reach: what lies beyond was read wrongly."""

MOST_STRETCH = 0.01
"""By how much a metre of the map may differ from one on the ground; national grids stay below a
tenth of it, Web Mercator has 0.6 in England."""

_REMEDY = f'give the code of a projected system in metres, such as "{CRS_METRES}"'


@dataclass(frozen=True, slots=True)
class MetricSystem:
    """Metres of a projected reference system, and the part of the world it is made for."""

    code: str  # as "EPSG:27700"
    name: str
    place: str
    latitudes: Span
    longitudes: Span
    eastings_m: Span
    northings_m: Span

    def holds(self, bounds: tuple[float, float, float, float]) -> bool:
        """Tell whether a box in metres lies where the system holds, or near it."""
        west, south, east, north = bounds
        return (
            self.eastings_m[0] - MARGIN_M <= west
            and self.northings_m[0] - MARGIN_M <= south
            and east <= self.eastings_m[1] + MARGIN_M
            and north <= self.northings_m[1] + MARGIN_M
        )


BRITISH = MetricSystem(
    CRS_METRES,
    "the British National Grid",
    "Great Britain",
    latitudes=(49.0, 61.5),
    longitudes=(-9.0, 2.5),
    # No ground where people live comes nearer to the axes: what does has a 0, or kilometres.
    eastings_m=(5_000.0, 700_000.0),
    northings_m=(5_000.0, 1_300_000.0),
)


def system_of(code: str) -> MetricSystem | Problem:
    if code == BRITISH.code:
        return BRITISH
    from pyproj import CRS, Transformer  # noqa: PLC0415 - few authorities state one
    from pyproj.exceptions import CRSError  # noqa: PLC0415

    try:
        crs = CRS.from_user_input(code)
    except CRSError:
        return Problem(f'"{code}" is no reference system that is known', _REMEDY)
    known, area = crs.to_authority(), crs.area_of_use
    units = " and ".join(sorted({axis.unit_name for axis in crs.axis_info}))
    problem = ""
    if known is None or area is None:
        problem = "is not one that a register describes"
    elif not crs.is_projected:
        problem = "has degrees, not metres"
    elif units != "metre":
        problem = f"is in {units}, not in metres"
    elif area.west > area.east:
        problem = "goes over the edge of the world map, which is not supported"
    if problem or known is None or area is None:
        return Problem(f'"{code}" ({crs.name}) {problem}', _REMEDY)
    to_metres = Transformer.from_crs(CRS_DEGREES, crs, always_xy=True)
    west, south, east, north = to_metres.transform_bounds(*area.bounds)
    return MetricSystem(
        ":".join(known),
        f"{crs.name} ({':'.join(known)})",
        f"where {crs.name} is used",
        latitudes=(area.south, area.north),
        longitudes=(area.west, area.east),
        eastings_m=(west, east),
        northings_m=(south, north),
    )


def stretched(outline: BaseGeometry, system: MetricSystem) -> Problem | None:
    """Tell whether metres of the map are not those on the ground, anywhere in an outline."""
    if system is BRITISH:
        return None
    from pyproj import CRS, Proj, Transformer, database  # noqa: PLC0415
    from pyproj.aoi import AreaOfInterest  # noqa: PLC0415

    to_degrees = Transformer.from_crs(system.code, CRS_DEGREES, always_xy=True)
    west, south, east, north = outline.bounds
    corners = shapely.get_coordinates(shapely.box(west, south, east, north))
    places = np.vstack([corners, (outline.centroid.x, outline.centroid.y)])
    lon, lat = to_degrees.transform(places[:, 0], places[:, 1])
    scales = Proj(CRS.from_user_input(system.code)).get_factors(lon, lat)
    ratios = np.concatenate([scales.meridional_scale, scales.parallel_scale])
    worst = ratios[np.abs(ratios - 1).argmax()]
    if abs(worst - 1) <= MOST_STRETCH:
        return None
    here = AreaOfInterest(*(2 * [lon[-1], lat[-1]]))
    found = database.query_utm_crs_info(datum_name="WGS 84", area_of_interest=here)
    remedy = "State a system that is made for the region"
    if found:
        remedy += f', such as "EPSG:{found[0].code}" ({found[0].name})'
    text = f"1 km on the ground is {worst:.2f} km in {system.name}: borders and ways would be wrong"
    return Problem(text, f"{remedy}.")
