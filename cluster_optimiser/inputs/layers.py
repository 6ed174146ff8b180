"""The boundary layers: what each is made of, and the area of every school."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.domain import Layer
from cluster_optimiser.inputs.boundaries import holding_area, read_areas, read_points
from cluster_optimiser.inputs.checking import Problem, as_text, did_you_mean
from cluster_optimiser.inputs.settings import RESERVED_LAYER_NAMES, SETTINGS_FILE

if TYPE_CHECKING:
    from cluster_optimiser.inputs.files import Folder
    from cluster_optimiser.inputs.register import Register
    from cluster_optimiser.inputs.settings import LayerTable


@dataclass(slots=True, eq=False)
class LayersRead:
    """The layers that could be read; those with a fault are left out."""

    layers: dict[str, Layer] = field(default_factory=dict)  # layer by name
    area_of: dict[str, pd.Series] = field(default_factory=dict)
    caveats: list[str] = field(default_factory=list)  # what repair has changed, in words


def read_layers(
    folder: Folder, settings: dict[str, LayerTable], register: Register | None
) -> LayersRead:
    read = LayersRead()
    for name, table in settings.items():
        if table.from_ in {None, "polygons"}:
            _polygons(read, name, table, folder, register)
        elif table.from_ == "points":
            _points(read, name, table, folder, register)
        elif table.from_ == "schools" and register is not None:
            _schools(read, name, table, folder, register)
    direct = {None, *RESERVED_LAYER_NAMES}
    waiting = [name for name, table in settings.items() if table.from_ not in direct]
    while waiting:
        ready = [name for name in waiting if settings[name].from_ not in waiting]
        if not ready:
            _report_circle(waiting, folder)
            break
        for name in ready:
            _derived(read, name, settings[name], folder, register)
        waiting = [name for name in waiting if name not in ready]
    read.layers = {name: read.layers[name] for name in settings if name in read.layers}
    return read


def title_of(name: str, table: LayerTable) -> str:
    return table.title or name.replace("_", " ").capitalize()


def _polygons(
    read: LayersRead, name: str, table: LayerTable, folder: Folder, register: Register | None
) -> None:
    areas = read_areas(folder, table, subject=f"layers.{name}", index="area")
    if areas is None:
        return
    read.caveats += areas.caveats
    read.layers[name] = Layer(
        name=name,
        title=title_of(name, table),
        origin="polygons",
        polygons=areas.polygons,
        caveat=table.caveat,
    )
    if register is not None:
        read.area_of[name] = holding_area(register.frame.geometry, areas.polygons)


def _points(
    read: LayersRead, name: str, table: LayerTable, folder: Folder, register: Register | None
) -> None:
    points = read_points(folder, table.file or "", name_column=table.name, layer=name)
    if points is None:
        return
    read.layers[name] = Layer(
        name=name,
        title=title_of(name, table),
        origin="points",
        points=points,
        caveat=table.caveat,
    )
    if register is not None:
        everywhere = float("inf")
        read.area_of[name] = holding_area(register.frame.geometry, points, within_m=everywhere)


def _schools(
    read: LayersRead, name: str, table: LayerTable, folder: Folder, register: Register
) -> None:
    column = table.column or name
    if column not in register.frame:
        columns = [c for c in register.frame.columns if c != "geometry"]
        remedy = did_you_mean(column, columns, f"Add the column to {register.file}.")
        problem = Problem(f'{register.file} has no column "{column}"', remedy)
        folder.faults.add(folder.label(SETTINGS_FILE), 0, f"layers.{name}.column", problem)
        return
    read.layers[name] = Layer(
        name=name, title=title_of(name, table), origin="schools", caveat=table.caveat
    )
    read.area_of[name] = as_text(register.frame[column])


def _derived(
    read: LayersRead, name: str, table: LayerTable, folder: Folder, register: Register | None
) -> None:
    base = read.layers.get(table.from_ or "")
    # A base with a fault has been reported; nothing can be said of what is made from it.
    if base is None or register is None:
        return
    placed = read.area_of[base.name]
    names = {str(area) for area in placed.dropna()}
    for frame in (base.polygons, base.points):
        if frame is not None:
            names |= {str(area) for area in frame.index}
    if base.origin == "layer":
        names |= set(base.mapping.values())
    if not _is_mapping_sound(name, table, base.name, sorted(names), folder):
        return
    read.layers[name] = Layer(
        name=name,
        title=title_of(name, table),
        origin="layer",
        base=base.name,
        mapping=dict(table.mapping),
        caveat=table.caveat,
    )
    read.area_of[name] = pd.Series(
        [None if area is None else table.mapping[area] for area in placed],
        index=placed.index,
        dtype=object,
    )


def _is_mapping_sound(
    name: str, table: LayerTable, base: str, areas: list[str], folder: Folder
) -> bool:
    file, subject = folder.label(SETTINGS_FILE), f"layers.{name}.mapping"
    n_before = len(folder.faults)
    for area, target in table.mapping.items():
        if area not in areas:
            remedy = did_you_mean(area, areas, "Remove the line.")
            problem = Problem(f'the layer "{base}" has no area "{area}"', remedy)
            folder.faults.add(file, 0, subject, problem)
        if not target.strip():
            problem = Problem(f'"{area}" is mapped to a blank name', "Give the area's name.")
            folder.faults.add(file, 0, subject, problem)
    for area in areas:
        if area not in table.mapping:
            problem = Problem(
                f'the area "{area}" of "{base}" is not mapped', f'Add "{area}" = "...".'
            )
            folder.faults.add(file, 0, subject, problem)
    return len(folder.faults) == n_before


def _report_circle(names: list[str], folder: Folder) -> None:
    for name in names:
        problem = Problem(
            f"layers are made of one another: {', '.join(names)}", "Let one of them name a file."
        )
        folder.faults.add(folder.label(SETTINGS_FILE), 0, f"layers.{name}.from", problem)
