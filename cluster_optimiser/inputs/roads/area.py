"""Where roads are wanted: an authority with a margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from cluster_optimiser.constants import CRS_DEGREES, CRS_METRES

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.domain import Authority

Box = tuple[float, float, float, float]
"""West, south, east and north in degrees."""

METRES_PER_KM = 1_000.0

OUTLINE_DETAIL_M = 100.0
"""To this the margin's edge is simplified: it is a margin."""


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """Where roads are wanted."""

    within: BaseGeometry | None
    box: Box  # its box in degrees


def area_around(authority: Authority, *, margin_km: float) -> Area:
    """Give the area of an authority with a margin."""
    outline = shapely.simplify(authority.outline, OUTLINE_DETAIL_M)
    within = shapely.buffer(outline, margin_km * METRES_PER_KM + OUTLINE_DETAIL_M)
    west, south, east, north = (
        gpd.GeoSeries([within], crs=CRS_METRES).to_crs(CRS_DEGREES).total_bounds
    )
    return Area(within, (float(west), float(south), float(east), float(north)))


EVERYWHERE = Area(None, (-180.0, -90.0, 180.0, 90.0))
"""No limit."""
