"""An authority folder as checked data: every file read, every fault gathered, raised once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import shapely

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
from cluster_optimiser.inputs.settings import SETTINGS_FILE, Settings, read_settings, system_in
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
    faults = folder.faults
    settings = read_settings(folder)
    if settings is None:
        raise InputError(list(faults))
    folder.system = system_in(settings)
    register = read_register(
        folder,
        settings.schools,
        settings.corrections,
        [table.column or name for name, table in settings.layers.items()],
    )
    clusters = _clusters(folder, settings)
    everyone = _everyone(folder, settings, register, clusters)
    layers = read_layers(folder, settings.layers, everyone)
    outline, outline_caveats = _outline(folder, settings, layers, clusters)
    problem = None if outline is None else stretched(outline, folder.system)
    if problem is not None:
        folder.misstated("crs", problem.text, problem.remedy)
    membership = None
    if register is not None:
        register = _in_its_place(folder, settings, register, layers, clusters, outline)
        membership = _membership(folder, settings, register, clusters)
    travel: TravelSpec | None = TravelSpec("estimate")
    if is_travel_read:
        travel = None if settings.travel is None else read_travel(folder, settings.travel, everyone)
    postcodes = None if settings.postcodes is None else read_postcodes(folder, settings.postcodes)
    places = None if settings.places is None else read_places(folder, settings.places)
    faults.raise_any()
    if (
        everyone is None
        or register is None
        or membership is None
        or outline is None
        or travel is None
    ):
        raise RuntimeError("data was left out without a fault: this is a mistake of the program")
    told = (*folder.notes, *outline_caveats, *register.caveats, *membership.caveats)
    schools = _schools(everyone, with_own_areas(membership, everyone), layers)
    return Authority(
        key=folder.root.name,
        name=settings.name,
        folder=folder.root,
        schools=schools,
        clusters=None if clusters is None else clusters.polygons,
        outline=outline,
        layers=layers.layers,
        travel=travel,
        sources=_sources(settings, travel),
        caveats=_caveats(settings, layers, clusters, told, schools),
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


def _clusters(folder: Folder, settings: Settings) -> Areas | None:
    if settings.drawn is None:
        return None
    subject = "clusters" if settings.areas is None else "areas"
    return read_areas(folder, settings.drawn, subject=subject, index="cluster")


def _everyone(
    folder: Folder, settings: Settings, register: Register | None, drawn: Areas | None
) -> Register | None:
    """Add the areas where pupils live to the schools, where there are any."""
    if register is None or drawn is None or settings.areas is None:
        return register
    made = [t.column or name for name, t in settings.layers.items() if t.from_ == "schools"]
    return with_homes(folder, settings.areas, drawn, register, made)


def _membership(
    folder: Folder, settings: Settings, register: Register, drawn: Areas | None
) -> Membership | None:
    if settings.areas is not None:
        return None if drawn is None else find_areas(register, drawn.polygons)
    return find_membership(
        register,
        None if drawn is None else drawn.polygons,
        is_lack_reported=settings.clusters is not None
        or _has_fault(folder, "clusters", "areas", "schools.columns.cluster"),
    )


def _in_its_place(
    folder: Folder,
    settings: Settings,
    register: Register,
    layers: LayersRead,
    clusters: Areas | None,
    outline: BaseGeometry | None,
) -> Register:
    """Report schools, or files of areas, that lie elsewhere than all others."""
    drawn, n_before = _drawn(folder, settings, layers, clusters), len(folder.faults)
    stated = None if settings.outline is None else outline
    report_elsewhere(register, drawn, stated)
    if len(folder.faults) > n_before or outline is None:
        return register
    what = "the authority's outline"
    if settings.outline is None:
        what += " (none is stated: the areas that were read are taken together)"
    shapes = None if clusters is None else clusters.polygons.geometry
    return inside(register, outline, what, shapes)


def _drawn(
    folder: Folder, settings: Settings, layers: LayersRead, clusters: Areas | None
) -> dict[str, gpd.GeoDataFrame]:
    drawn = {
        folder.label(table.file): layers.layers[name].polygons
        for name, table in settings.layers.items()
        if table.file and name in layers.layers and layers.layers[name].polygons is not None
    }
    if clusters is not None and settings.drawn is not None:
        drawn[folder.label(settings.drawn.file)] = clusters.polygons
    return drawn


def _outline(
    folder: Folder, settings: Settings, layers: LayersRead, clusters: Areas | None
) -> tuple[BaseGeometry | None, tuple[str, ...]]:
    """Read the outline, or put it together from the first polygons there are."""
    if settings.outline is not None:
        read = read_outline(folder, settings.outline.file)
        return (None, ()) if read is None else read
    first = [name for name, t in settings.layers.items() if t.from_ in {None, "polygons"}]
    polygons = clusters.polygons if clusters is not None else None
    if first:
        layer = layers.layers[first[0]].polygons if first[0] in layers.layers else None
        # A layer may leave out what the clusters cover: the ground report says so.
        stated = [one for one in (layer, polygons) if one is not None]
        polygons = pd.concat(stated) if layer is not None else None
    elif settings.drawn is None and not _has_fault(
        folder, "clusters", "areas", "layers", "outline"
    ):
        remedy = 'Add outline = "<file>", or a layer with polygons.'
        text = "there is no outline, and no polygons to make it from"
        folder.misstated("outline", text, remedy)
    return (None if polygons is None else shapely.union_all(polygons.geometry.to_numpy())), ()


def _has_fault(folder: Folder, *keys: str) -> bool:
    file = folder.label(SETTINGS_FILE)
    return any(fault.file == file and fault.subject.startswith(keys) for fault in folder.faults)


def _schools(register: Register, membership: Membership, layers: LayersRead) -> gpd.GeoDataFrame:
    frame = register.frame
    layer_columns = {f"layer.{name}": layers.area_of[name] for name in layers.layers}
    others = [c for c in frame.columns if c not in {*REGISTER_COLUMNS, *DERIVED_COLUMNS}]
    schools = frame[list(REGISTER_COLUMNS)].assign(
        cluster=membership.cluster, local_cluster=membership.local_cluster, **layer_columns
    )
    schools = schools.join(frame[[*others, "geometry"]])
    return schools.set_geometry("geometry", crs=frame.crs).set_index("urn").sort_index()


def _caveats(
    settings: Settings,
    layers: LayersRead,
    clusters: Areas | None,
    told: tuple[str, ...],
    schools: gpd.GeoDataFrame,
) -> tuple[str, ...]:
    repairs = [*layers.caveats, *(clusters.caveats if clusters else ()), *told]
    of_layers = [layer.caveat for layer in layers.layers.values() if layer.caveat]
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
    return tuple(dict.fromkeys([*settings.caveats, *of_layers, *repairs, *counted]))
