"""Limits on what is read: a file that would fill the memory is refused before it does.

Both limits are far above what an authority has, and are raised by an environment variable.
"""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

import shapely

from cluster_optimiser.inputs.checking import Problem

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

BYTES_PER_MB = 1_000_000

MAX_MB = "CLUSTER_OPTIMISER_MAX_MB"
"""Megabytes that a file may have, unpacked."""

MAX_VERTICES = "CLUSTER_OPTIMISER_MAX_VERTICES"
"""Points that the outlines of a file may have together."""

_DEFAULTS = {MAX_MB: 2_000, MAX_VERTICES: 20_000_000}

ZIPPED = (".zip", ".kmz", ".shz")


def limit(name: str) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdecimal() and int(value) else _DEFAULTS[name]


def too_large(path: Path) -> Problem | None:
    """Tell whether a file is larger than may be read; of a zip file, what it unpacks to."""
    size = path.stat().st_size
    if path.suffix.lower() in ZIPPED:
        # A zip file that cannot be read is left to its reader.
        if not zipfile.is_zipfile(path):
            return None
        try:
            with zipfile.ZipFile(path) as archive:
                size = sum(info.file_size for info in archive.infolist())
        except zipfile.BadZipFile:
            return None
    return over(MAX_MB, -(-size // BYTES_PER_MB), "MB")


def too_detailed(geometry: gpd.GeoSeries) -> Problem | None:
    """Tell whether outlines have more points than may be worked with."""
    n_vertices = int(shapely.get_num_coordinates(geometry.to_numpy()).sum())
    return over(MAX_VERTICES, n_vertices, "points")


def over(name: str, number: int, unit: str) -> Problem | None:
    most = limit(name)
    if number <= most:
        return None
    remedy = f"Simplify it; or, if it is right, set {name}={number} and run again."
    return Problem(f"the file has {number:,} {unit}, at most {most:,} are read", remedy)
