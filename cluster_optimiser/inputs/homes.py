"""Pupils counted where they live: each area of a file becomes a row beside the schools."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.constants import FIRST_HOME, HOMES, MOST_PUPILS
from cluster_optimiser.inputs.checking import (
    SHORTENED,
    Problem,
    is_shortened,
    number_of,
    read_cells,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.inputs.boundaries import Areas
    from cluster_optimiser.inputs.files import Folder
    from cluster_optimiser.inputs.membership import Membership
    from cluster_optimiser.inputs.register import Register
    from cluster_optimiser.inputs.settings import AreasTable

FAR_M = 1_000.0
"""So far outside its area a point of those who live there may lie: it may be an odd shape."""


def with_homes(
    folder: Folder,
    settings: AreasTable,
    areas: Areas,
    register: Register,
    of_schools: Sequence[str],
) -> Register:
    """Add the areas to the register, whose own pupils no longer count: they live somewhere.

    `of_schools` are the columns that layers are made of: an area has what the school nearest to it
    has.
    """
    pupils, points = _residents(folder, settings, areas), _points(folder, settings, areas)
    names, frame = list(areas.polygons.index), register.frame
    for row, urn in frame["urn"].items():
        if urn >= FIRST_HOME:
            text = f"the numbers from {FIRST_HOME:,} on are those of areas"
            register.report(int(str(row)), text, "Give the school its own URN.")
    first = int(frame.index.max()) + 1 if len(frame) else 0
    homes = gpd.GeoDataFrame(
        {
            "urn": np.arange(FIRST_HOME, FIRST_HOME + len(names)),
            "name": names,
            "phase": HOMES,
            "pupils": [pupils.get(name, 0) for name in names],
            "is_pupils_known": True,
            "geometry": [points[name] for name in names],
        },
        index=pd.RangeIndex(first, first + len(names)),
        crs=frame.crs,
    )
    placed = frame[frame.geometry.notna()]
    for column in of_schools:
        if column in frame and len(placed):
            near = shapely.STRtree(placed.geometry.to_numpy()).nearest(homes.geometry.to_numpy())
            homes[column] = placed[column].to_numpy()[near]
    schools = frame.assign(pupils=0, is_pupils_known=True)
    both = [schools, homes.reindex(columns=frame.columns)]
    whole = gpd.GeoDataFrame(pd.concat(both).astype(schools.dtypes[["urn", "pupils"]]))
    return replace(register, frame=whole.set_geometry("geometry", crs=frame.crs))


def with_own_areas(membership: Membership, register: Register) -> Membership:
    """Let each area lie in itself, beside the schools that lie in it."""
    homes = register.frame["name"][register.frame["phase"] == HOMES]
    if homes.empty:
        return membership
    return replace(
        membership,
        cluster=pd.concat([membership.cluster, homes]),
        local_cluster=pd.concat([membership.local_cluster, homes]),
    )


def _residents(folder: Folder, settings: AreasTable, areas: Areas) -> dict[str, int]:
    cells = _column(folder, areas, "pupils", settings.pupils)
    if cells is None:
        return {}
    subjects = {row: name for name, row in areas.row_of.items()}
    read = read_cells(
        cells, _pupils, file=areas.table.file, subjects=subjects, faults=folder.faults
    )
    return {name: read[row] for name, row in areas.row_of.items() if row in read}


def _column(folder: Folder, areas: Areas, key: str, name: str) -> pd.Series | None:
    table, hint = areas.table, f'{key} = "{{like}}" under [areas]'
    if not table.has(name, folder.faults, how_to_map=hint):
        return None
    return table.cells[name].loc[sorted(areas.row_of.values())]


def _pupils(text: str) -> int | Problem:
    remedy = "Give a whole number; 0 where nobody lives."
    value = number_of(text)
    if isinstance(value, Problem):
        what = f'"{text}" is no number' if text else "is missing"
        return Problem(f"the number of pupils who live there {what}", remedy)
    if not 0 <= value <= MOST_PUPILS or not value.is_integer():
        return Problem(f"{text} pupils cannot live there", remedy)
    if is_shortened(text):
        return Problem(f"{text} pupils is rounded", SHORTENED)
    return int(value)


def _points(folder: Folder, settings: AreasTable, areas: Areas) -> dict[str, shapely.Point]:
    """Give where ways begin: the stated point of each area, else one well within it."""
    shapes = areas.polygons.geometry
    within = dict(zip(shapes.index, shapely.point_on_surface(shapes.to_numpy()), strict=True))
    if not (settings.easting or settings.northing):
        return within
    columns = [
        _column(folder, areas, key, getattr(settings, key)) for key in ("easting", "northing")
    ]
    subjects = {row: name for name, row in areas.row_of.items()}
    read = [
        {}
        if cells is None
        else read_cells(
            cells, number_of, file=areas.table.file, subjects=subjects, faults=folder.faults
        )
        for cells in columns
    ]
    for name, row in areas.row_of.items():
        if all(row in values for values in read):
            point = shapely.Point(*(values[row] for values in read))
            away_m = shapely.distance(shapes[name], point)
            if away_m > FAR_M:
                text = f"its point lies {away_m / 1_000:,.1f} km outside it"
                remedy = "Give easting and northing in the authority's own system."
                folder.faults.add(areas.table.file, row, name, Problem(text, remedy))
            within[name] = point
    return within
