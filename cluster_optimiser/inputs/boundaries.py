"""Areas: reading, repair, overlaps and layers of polygons, and which area holds a school."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from cluster_optimiser.domain import Layer
from cluster_optimiser.inputs.checking import (
    Problem,
    as_text,
    did_you_mean,
    headed,
    name_of,
    read_cells,
    repeated,
)
from cluster_optimiser.inputs.coordinates import COORDINATES, has_coordinates, locate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.arrays import Ints
    from cluster_optimiser.inputs.files import Folder, Table
    from cluster_optimiser.inputs.register import Register
    from cluster_optimiser.inputs.settings import AreasTable, ClustersTable, LayerTable

NEAR_BORDER_M = 250.0
"""How far outside all areas a school may lie and still count to the nearest: boundaries are
generalised, school sites are postcode points."""

OVERLAP_M2 = 10_000.0
OVERLAP_SHARE = 0.001
"""Two areas overlap from one hectare, or from this share of the smaller one."""

REPAIR_SHARE = 0.001
"""Share of its area by which the repair of a ring may change it without being mentioned."""

M2_PER_HA = 10_000.0


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """Named polygons as read."""

    polygons: gpd.GeoDataFrame  # index the area's name, sorted; geometry valid, in metres
    caveats: tuple[str, ...]  # what repair has changed, in words
    table: Table  # their file
    row_of: Mapping[str, int]


def read_areas(
    folder: Folder, settings: AreasTable | ClustersTable | LayerTable, *, subject: str, index: str
) -> Areas | None:
    """Read named polygons that do not overlap."""
    table = folder.read(settings.file or "", subject=f"{subject}.file", encoding=settings.encoding)
    if table is None:
        return None
    table, n_before = headed(table, [settings.name]), len(folder.faults)
    joined: tuple[str, ...] = ()
    if settings.dissolve and table.geometry is not None and settings.name in table.cells:
        table, joined = _dissolved(table, settings.name)
    names = _names(table, settings.name, subject=subject, folder=folder)
    if names is None:
        return None
    shapes, caveats = _repaired(table, names, folder=folder)
    rows = [row for row in names if row in shapes]
    polygons = gpd.GeoDataFrame(
        geometry=[shapes[row] for row in rows],
        index=pd.Index([names[row] for row in rows], name=index, dtype=object),
        crs=folder.system.code,
    ).sort_index()
    is_whole = len(folder.faults) == n_before
    row_of = {names[row]: row for row in rows}
    _check_overlaps(polygons, row_of, table.file, folder=folder)
    return Areas(polygons, (*joined, *caveats), table, row_of) if is_whole else None


def _dissolved(table: Table, column: str) -> tuple[Table, tuple[str, ...]]:
    """Join rows of one name, whose first row then stands for all."""
    names, shapes = table.cells[column], table.geometry
    rows = names[names != ""].groupby(names).groups
    many = {str(name): list(held) for name, held in rows.items() if len(held) > 1}
    if shapes is None or not many:
        return table, ()
    shapes = shapes.copy()
    for held in many.values():
        shapes[held[0]] = shapely.union_all([polygons_of(shapes[row]) for row in held])
    rest = [row for held in many.values() for row in held[1:]]
    told = ", ".join(f"{name} ({len(held)} rows)" for name, held in many.items())
    joined = replace(table, cells=table.cells.drop(rest), geometry=shapes.drop(rest))
    return joined, (f"Rows of one name in {table.file} are joined into one area: {told}.",)


def read_outline(folder: Folder, name: str) -> tuple[BaseGeometry, tuple[str, ...]] | None:
    table = folder.read(name, subject="outline.file")
    if table is None:
        return None
    rows = {int(row): "the outline" for row in table.cells.index}
    shapes, caveats = _repaired(table, rows, folder=folder)
    return (shapely.union_all(list(shapes.values())), caveats) if shapes else None


def read_points(
    folder: Folder, name: str, *, name_column: str, layer: str
) -> gpd.GeoDataFrame | None:
    subject = f"layers.{layer}"
    table = folder.read(name, subject=f"{subject}.file")
    if table is None:
        return None
    table = headed(table, [name_column, *COORDINATES])
    n_before = len(folder.faults)
    if not has_coordinates(table):
        text = "there are no coordinates: no lat and lon, no easting and northing"
        folder.faults.add(
            table.file, table.header_row, "coordinates", Problem(text, "Add the columns.")
        )
    names = _names(table, name_column, subject=subject, folder=folder)
    if names is None:
        return None
    points = locate(table, subjects=names, faults=folder.faults)
    if len(folder.faults) > n_before:
        return None
    index = pd.Index([names[row] for row in points.index], name="area", dtype=object)
    return gpd.GeoDataFrame(geometry=list(points), index=index, crs=points.crs).sort_index()


def _names(table: Table, column: str, *, subject: str, folder: Folder) -> dict[int, str] | None:
    if not table.has(column, folder.faults, how_to_map=f'name = "{{like}}" under [{subject}]'):
        return None
    names: dict[int, str] = {}
    unnamed = Problem("the area has no name", f'Fill in the column "{column}".')
    cells = table.cells[column]
    for row, text in zip(cells.index.tolist(), cells.tolist(), strict=True):
        name = name_of(text) if text else unnamed
        if isinstance(name, Problem):
            folder.faults.add(table.file, row, subject, name)
        else:
            names[row] = name
    return repeated(names, _named_twice, file=table.file, faults=folder.faults)


def _named_twice(name: str) -> tuple[str, Problem]:
    text = f'the name "{name}" stands on row {{first}} already'
    remedy = "Rename one; or, if both are parts of one area, write dissolve = true."
    if name.replace(".", "").isdecimal():
        remedy += " A column of numbers makes 3.1 of 3.10: if it is one, save it as text."
    return name, Problem(text, remedy)


def _repaired(
    table: Table, names: dict[int, str], *, folder: Folder
) -> tuple[dict[int, BaseGeometry], tuple[str, ...]]:
    """Give valid polygons by row, and a caveat for each that repair changed."""
    if table.geometry is None:
        remedy = "Give a file of polygons, such as GeoJSON or GeoPackage."
        folder.faults.add(table.file, 0, "", Problem("the file has no geometry", remedy))
        return {}, ()
    shapes: dict[int, BaseGeometry] = {}
    caveats: list[str] = []
    for row, name in names.items():
        raw = table.geometry[row]
        shape = polygons_of(raw)
        if shape.is_empty:
            kind = "no geometry" if raw is None or raw.is_empty else f"a {raw.geom_type}"
            problem = Problem(f"it is {kind}, not a polygon", "Draw the area, or remove the row.")
            folder.faults.add(table.file, row, name, problem)
            continue
        shapes[row] = shape
        change = abs(shape.area - raw.area) / shape.area
        if not raw.is_valid and change > REPAIR_SHARE:
            caveats.append(
                f"The boundary of {name} in {table.file} crosses itself, or its parts overlap and"
                f" were joined; the repair changed the area from {raw.area / M2_PER_HA:,.0f} to"
                f" {shape.area / M2_PER_HA:,.0f} ha."
            )
    return shapes, tuple(caveats)


def polygons_of(shape: BaseGeometry | None) -> BaseGeometry:
    if shape is None:
        return shapely.Polygon()
    parts = shapely.get_parts(
        shape if shape.is_valid else shapely.make_valid(shape, method="structure")
    )
    # The repair of a ring may give a collection of a multipolygon and lines.
    parts = shapely.get_parts(parts)
    areal = [part for part in parts if isinstance(part, shapely.Polygon) and part.area > 0]
    if not areal:
        return shapely.Polygon()
    return areal[0] if len(areal) == 1 else shapely.MultiPolygon(areal)


def once_each(found: Ints) -> list[tuple[int, int]]:
    """Give the pairs that a tree finds among its own shapes, each once and in order."""
    return sorted((int(i), int(j)) for i, j in found.T if i < j)


def _check_overlaps(
    polygons: gpd.GeoDataFrame, row_of: dict[str, int], file: str, *, folder: Folder
) -> None:
    shapes = polygons.geometry.to_numpy()
    names = list(polygons.index)
    for i, j in once_each(shapely.STRtree(shapes).query(shapes, predicate="intersects")):
        overlap_m2 = shapely.intersection(shapes[i], shapes[j]).area
        share = overlap_m2 / min(shapes[i].area, shapes[j].area)
        if overlap_m2 <= OVERLAP_M2 and share <= OVERLAP_SHARE:
            continue
        one, other = sorted((names[i], names[j]), key=lambda name: row_of[name])
        overlap_ha = overlap_m2 / M2_PER_HA
        size = f"{overlap_ha:,.1f}" if overlap_ha >= 1 else f"{overlap_ha:.2g}"
        text = f'"{one}" and "{other}" overlap by {size} ha'
        remedy = f'Cut the shared ground from one of them; "{one}" is row {row_of[one]}.'
        folder.faults.add(file, row_of[other], other, Problem(text, remedy))


def holding_area(
    points: gpd.GeoSeries, areas: gpd.GeoDataFrame, *, within_m: float = NEAR_BORDER_M
) -> pd.Series:
    found = pd.Series([None] * len(points), index=points.index, dtype=object)
    placed = points[points.notna()]
    if placed.empty or areas.empty:
        return found
    i_points, i_areas = shapely.STRtree(areas.geometry.to_numpy()).query_nearest(
        placed.to_numpy(), max_distance=within_m if within_m < float("inf") else None
    )
    pairs = pd.DataFrame({"point": i_points, "area": i_areas}).sort_values(["point", "area"])
    first = pairs.drop_duplicates("point")
    found.loc[placed.index[first["point"]]] = areas.index.to_numpy()[first["area"]]
    return found


@dataclass(slots=True, eq=False)
class LayersRead:
    """The layers that could be read; those with a fault are left out."""

    folder: Folder
    register: Register | None
    layers: dict[str, Layer] = field(default_factory=dict)  # layer by name
    area_of: dict[str, pd.Series] = field(default_factory=dict)
    caveats: list[str] = field(default_factory=list)  # what repair has changed, in words

    def add(self, name: str, table: LayerTable, origin: str, **more: Any) -> None:  # noqa: ANN401
        """Add a layer; of areas or points with the one that each school lies in."""
        title = table.title or name.replace("_", " ").capitalize()
        made: dict[str, Any] = {"origin": origin, "caveat": table.caveat, **more}
        self.layers[name] = Layer(name, title, **made)

    def place(self, name: str, areas: gpd.GeoDataFrame, within_m: float = NEAR_BORDER_M) -> None:
        if self.register is not None:
            points = self.register.frame.geometry
            self.area_of[name] = holding_area(points, areas, within_m=within_m)

    def polygons(self, name: str, table: LayerTable) -> None:
        areas = read_areas(self.folder, table, subject=f"layers.{name}", index="area")
        if areas is not None:
            self.caveats += areas.caveats
            self.add(name, table, "polygons", polygons=areas.polygons)
            self.place(name, areas.polygons)

    def points(self, name: str, table: LayerTable) -> None:
        points = read_points(self.folder, table.file or "", name_column=table.name, layer=name)
        if points is not None:
            self.add(name, table, "points", points=points)
            self.place(name, points, float("inf"))

    def schools(self, name: str, table: LayerTable) -> None:
        register, column = self.register, table.column or name
        if register is None:
            return
        file = register.file
        if column not in register.frame:
            columns = [c for c in register.frame.columns if c != "geometry"]
            remedy = did_you_mean(column, columns, f"Add the column to {file}.")
            text = f'{file} has no column "{column}"'
            self.folder.misstated(f"layers.{name}.column", text, remedy)
            return
        self.add(name, table, "schools")
        stated = as_text(register.frame[column])
        subjects, faults = register.subjects, self.folder.faults
        read_cells(stated.dropna(), name_of, file=file, subjects=subjects, faults=faults)
        self.area_of[name] = stated

    def derived(self, name: str, table: LayerTable) -> None:
        base = self.layers.get(table.from_ or "")
        # A base with a fault has been reported; nothing can be said of what is made from it.
        if base is None or self.register is None:
            return
        placed = self.area_of[base.name]
        names = {str(area) for area in placed.dropna()}
        for frame in (base.polygons, base.points):
            if frame is not None:
                names |= {str(area) for area in frame.index}
        if base.origin == "layer":
            names |= set(base.mapping.values())
        if self.is_mapping_sound(name, table.mapping, base.name, sorted(names)):
            self.add(name, table, "layer", base=base.name, mapping=dict(table.mapping))
            areas = [None if area is None else table.mapping[area] for area in placed]
            self.area_of[name] = pd.Series(areas, index=placed.index, dtype=object)

    def is_mapping_sound(
        self, name: str, mapping: Mapping[str, str], base: str, areas: list[str]
    ) -> bool:
        subject, n_before = f"layers.{name}.mapping", len(self.folder.faults)
        for area, target in mapping.items():
            if area not in areas:
                remedy = did_you_mean(area, areas, "Remove the line.")
                self.folder.misstated(subject, f'the layer "{base}" has no area "{area}"', remedy)
            if not target.strip():
                text = f'"{area}" is mapped to a blank name'
                self.folder.misstated(subject, text, "Give the area's name.")
        for area in areas:
            if area not in mapping:
                text = f'the area "{area}" of "{base}" is not mapped'
                self.folder.misstated(subject, text, f'Add "{area}" = "...".')
        return len(self.folder.faults) == n_before


def read_layers(
    folder: Folder, settings: dict[str, LayerTable], register: Register | None
) -> LayersRead:
    read = LayersRead(folder, register)
    readers = {"polygons": read.polygons, "points": read.points, "schools": read.schools}
    waiting = []
    for name, table in settings.items():
        reader = readers.get(table.from_ or "polygons")
        if reader is None:
            waiting.append(name)
        else:
            reader(name, table)
    while waiting:
        ready = [name for name in waiting if settings[name].from_ not in waiting]
        if not ready:
            text = f"layers are made of one another: {', '.join(waiting)}"
            for name in waiting:
                folder.misstated(f"layers.{name}.from", text, "Let one of them name a file.")
            break
        for name in ready:
            read.derived(name, settings[name])
        waiting = [name for name in waiting if name not in ready]
    read.layers = {name: read.layers[name] for name in settings if name in read.layers}
    return read
