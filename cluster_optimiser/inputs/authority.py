"""An authority folder as checked data: every file read, every fault gathered, raised once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from cluster_optimiser.constants import SETTINGS_FILE
from cluster_optimiser.domain import AT_LEAST, Authority, Source, TravelSpec
from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.boundaries import LayersRead, read_areas, read_layers, read_outline
from cluster_optimiser.inputs.checking import FaultList, listed
from cluster_optimiser.inputs.files import Folder
from cluster_optimiser.inputs.gazetteer import read_places, read_postcodes
from cluster_optimiser.inputs.homes import with_homes, with_own_areas
from cluster_optimiser.inputs.membership import (
    Membership,
    find_areas,
    find_membership,
    inside,
    report_elsewhere,
)
from cluster_optimiser.inputs.register import Register, read_register
from cluster_optimiser.inputs.settings import Settings, read_settings, system_in
from cluster_optimiser.inputs.systems import stretched
from cluster_optimiser.inputs.travel import read_travel

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.inputs.boundaries import Areas

REGISTER_COLUMNS = ("urn", "name", "phase", "pupils", "is_pupils_known")
DERIVED_COLUMNS = ("cluster", "local_cluster", "geometry")


def load_authority(path: str | Path, *, is_travel_read: bool = True) -> Authority:
    """Read and check the folder of an authority.

    Parameters
    ----------
    path
        The folder, or its ``authority.toml``.
    is_travel_read
        Whether travel is looked at; not when the road file is yet to be made.

    Returns
    -------
    The checked data.

    Raises
    ------
    InputError
        With every fault of every file.
    """
    folder = _open(Path(path))
    settings = read_settings(folder)
    if settings is None:
        raise InputError(list(folder.faults))
    folder.system = system_in(settings)
    columns = [table.column or name for name, table in settings.layers.items()]
    register = read_register(folder, settings.schools, settings.corrections, columns)
    read = _Read(folder, settings, _drawn_areas(folder, settings))
    everyone = read.with_homes(register)
    read.layers = read_layers(folder, settings.layers, everyone)
    outline, outline_caveats = read.outline()
    problem = None if outline is None else stretched(outline, folder.system)
    if problem is not None:
        folder.misstated("crs", problem.text, problem.remedy)
    membership = None
    if register is not None:
        register = read.in_its_place(register, outline)
        membership = read.membership(register)
    travel: TravelSpec | None = TravelSpec("estimate")
    if is_travel_read:
        travel = None if settings.travel is None else read_travel(folder, settings.travel, everyone)
    postcodes = None if settings.postcodes is None else read_postcodes(folder, settings.postcodes)
    places = None if settings.places is None else read_places(folder, settings.places)
    folder.faults.raise_any()
    if (
        everyone is None
        or register is None
        or membership is None
        or outline is None
        or travel is None
    ):
        raise RuntimeError("data was left out without a fault: this is a mistake of the program")
    told = (*folder.notes, *outline_caveats, *register.caveats, *membership.caveats)
    schools = _schools(everyone, with_own_areas(membership, everyone), read.layers)
    return Authority(
        key=folder.root.name,
        name=settings.name,
        folder=folder.root,
        schools=schools,
        clusters=None if read.areas is None else read.areas.polygons,
        outline=outline,
        layers=read.layers.layers,
        travel=travel,
        sources=_sources(settings, travel),
        caveats=read.caveats(told, schools),
        inputs=folder.hashes,
        data_date=settings.data_date,
        postcodes=postcodes,
        places=places,
        accepted=settings.accept,
        register=register.file,
        register_columns=tuple(str(name) for name in register.frame.columns),
    )


def _sources(settings: Settings, travel: TravelSpec) -> tuple[Source, ...]:
    """Give the sources that are stated, and the map that minutes by road were measured on."""
    stated = tuple(Source(s.title, s.date, s.licence, s.publisher) for s in settings.sources)
    if travel.source:
        return (*stated, Source("Travel minutes", "as its source says", travel.source))
    if travel.roads is None:
        return stated
    about = travel.roads.about
    title = f"Roads: {about.get('source') or 'a road file'}"
    date = about.get("data_date") or "not stated"
    licence = about.get("attribution") or "not stated"
    return (*stated, Source(title, date, licence, about.get("publisher", "")))


def _open(path: Path) -> Folder:
    root = path.parent if path.name == SETTINGS_FILE else path
    if not (root / SETTINGS_FILE).is_file():
        problem = "there is no such folder" if not root.is_dir() else f"it has no {SETTINGS_FILE}"
        remedy = "Give the folder of an authority, such as boundaries/<authority>."
        raise InputError.of(path, problem, remedy)
    return Folder(root.resolve(), FaultList())


def _drawn_areas(folder: Folder, settings: Settings) -> Areas | None:
    if settings.drawn is None:
        return None
    subject = "clusters" if settings.areas is None else "areas"
    return read_areas(folder, settings.drawn, subject=subject, index="cluster")


@dataclass(slots=True, eq=False)
class _Read:
    """What was read of an authority, so far."""

    folder: Folder
    settings: Settings
    areas: Areas | None  # clusters of today, or where pupils live
    layers: LayersRead = field(init=False)

    def with_homes(self, register: Register | None) -> Register | None:
        """Add the areas where pupils live to the schools, where there are any."""
        if register is None or self.areas is None or self.settings.areas is None:
            return register
        layers = self.settings.layers.items()
        made = [t.column or name for name, t in layers if t.from_ == "schools"]
        return with_homes(self.folder, self.settings.areas, self.areas, register, made)

    def membership(self, register: Register) -> Membership | None:
        polygons = None if self.areas is None else self.areas.polygons
        if self.settings.areas is not None:
            return None if polygons is None else find_areas(register, polygons)
        is_lack_reported = self.settings.clusters is not None
        is_lack_reported |= self.has_fault("clusters", "areas", "schools.columns.cluster")
        return find_membership(register, polygons, is_lack_reported=is_lack_reported)

    def in_its_place(self, register: Register, outline: BaseGeometry | None) -> Register:
        """Report schools, or files of areas, that lie elsewhere than all others."""
        n_before, label, settings = len(self.folder.faults), self.folder.label, self.settings
        drawn = {
            label(table.file): self.layers.layers[name].polygons
            for name, table in settings.layers.items()
            if table.file and name in self.layers.layers
        }
        drawn = {file: polygons for file, polygons in drawn.items() if polygons is not None}
        if self.areas is not None and settings.drawn is not None:
            drawn[label(settings.drawn.file)] = self.areas.polygons
        report_elsewhere(register, drawn, None if settings.outline is None else outline)
        if len(self.folder.faults) > n_before or outline is None:
            return register
        what = "the authority's outline"
        if settings.outline is None:
            what += " (none is stated: the areas that were read are taken together)"
        shapes = None if self.areas is None else self.areas.polygons.geometry
        return inside(register, outline, what, shapes)

    def outline(self) -> tuple[BaseGeometry | None, tuple[str, ...]]:
        """Read the outline, or put it together from the first polygons there are."""
        settings, layers = self.settings, self.layers.layers
        if settings.outline is not None:
            return read_outline(self.folder, settings.outline.file) or (None, ())
        first = [name for name, t in settings.layers.items() if t.from_ in {None, "polygons"}]
        polygons = None if self.areas is None else self.areas.polygons
        if first:
            layer = layers[first[0]].polygons if first[0] in layers else None
            # A layer may leave out what the clusters cover: the ground report says so.
            stated = [one for one in (layer, polygons) if one is not None]
            polygons = pd.concat(stated) if layer is not None else None
        elif settings.drawn is None and not self.has_fault(
            "clusters", "areas", "layers", "outline"
        ):
            remedy = 'Add outline = "<file>", or a layer with polygons.'
            text = "there is no outline, and no polygons to make it from"
            self.folder.misstated("outline", text, remedy)
        return (None if polygons is None else shapely.union_all(polygons.geometry.to_numpy())), ()

    def has_fault(self, *keys: str) -> bool:
        file, faults = self.folder.label(SETTINGS_FILE), self.folder.faults
        return any(fault.file == file and fault.subject.startswith(keys) for fault in faults)

    def caveats(self, told: tuple[str, ...], schools: gpd.GeoDataFrame) -> tuple[str, ...]:
        repairs = [*self.layers.caveats, *(self.areas.caveats if self.areas else ()), *told]
        of_layers = [layer.caveat for layer in self.layers.layers.values() if layer.caveat]
        unknown = [str(name) for name in schools.loc[~schools["is_pupils_known"], "name"]]
        counted = []
        if unknown:
            lacking = schools[~schools["is_pupils_known"]]
            homes = listed(sorted(set(lacking["local_cluster"].astype(str))))
            n_schools = "1 school has" if len(unknown) == 1 else f"{len(unknown)} schools have"
            said = (
                f"{n_schools} no pupil figure: {listed(unknown)}. {AT_LEAST}, and"
                f" what is proved is proved without them, in every cluster with a part of today's"
                f" {homes}."
            )
            counted = [said]
        return tuple(dict.fromkeys([*self.settings.caveats, *of_layers, *repairs, *counted]))


def _schools(register: Register, membership: Membership, layers: LayersRead) -> gpd.GeoDataFrame:
    frame = register.frame
    layer_columns = {f"layer.{name}": layers.area_of[name] for name in layers.layers}
    others = [c for c in frame.columns if c not in {*REGISTER_COLUMNS, *DERIVED_COLUMNS}]
    schools = frame[list(REGISTER_COLUMNS)].assign(
        cluster=membership.cluster, local_cluster=membership.local_cluster, **layer_columns
    )
    schools = schools.join(frame[[*others, "geometry"]])
    return schools.set_geometry("geometry", crs=frame.crs).set_index("urn").sort_index()
