"""Boundary layers of any year and format, cut down to one authority, and its outline."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.constants import CRS_METRES
from cluster_optimiser.inputs.boundaries import NEAR_BORDER_M, holding_area, once_each, polygons_of
from cluster_optimiser.inputs.checking import FaultList, Problem, did_you_mean, listed
from cluster_optimiser.inputs.files import Folder, Table, inner_layers
from cluster_optimiser.inputs.intake.gias import plain
from cluster_optimiser.inputs.intake.ledger import Dropped, Flag, Ledger
from cluster_optimiser.inputs.intake.places import in_body
from cluster_optimiser.inputs.intake.rows import is_there
from cluster_optimiser.inputs.settings import RESERVED_LAYER_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.inputs.intake.selection import Chosen

ONS_NAME = re.compile(r"([A-Za-z]{2,8})(\d{2})NM", re.IGNORECASE)
"""Column of names in a layer of the Office for National Statistics, such as LAD23NM."""

HOLD_SEVERAL = (".gpkg", ".zip", ".json", ".topojson")
"""Kinds of file that may hold several layers."""

PLAIN_NAMES = ("name", "area", "title", "label", "areaname")

FEW_SCHOOLS = 3
"""An area with fewer schools, and under 2 % of all, may owe them to wrong coordinates."""

FEW_SHARE = 0.02

MOST_SHARE = 0.9
"""Areas that hold fewer of the schools than this cannot be all there are."""

HALF = 0.5

REACH_M = 5_000.0
"""A school no further outside the outline than this is taken, and the outline carried out to it."""

REACH_DRAWN_M = 75_000.0
"""The same where the outline is only a line round the other schools: some authorities are wide."""

STATED_M = 500.0
"""How far outside the area that its row states a school may stand: postcodes are that coarse."""

STATED = (("district", "district_code"), ("ward", "ward_code"))
"""Columns of the register that state an area: its name and its code."""

OUTSIDE_STATED = "stands outside the area that its own row states"

LANE_M = 300.0
"""Half the width of the strip by which the outline is carried out to a school."""

MUCH_LARGER = 3.0
"""Areas of more than so many times the ground round the schools reach far beyond the authority."""

ROUND_SCHOOLS_M = 2_500.0
"""How far round the schools the outline is drawn where there are no boundaries at all."""

MAX_VERTICES = 100_000
"""Layers with more points than this are simplified."""

SIMPLIFY_M = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class RawLayer:
    name: str  # the layer's name in scenarios
    file: str  # name of its file
    column: str  # column the names are from
    areas: gpd.GeoDataFrame
    year: str = ""  # year of the boundaries as its columns tell it, empty where they do not
    notes: tuple[str, ...] = ()  # what was mended, in words


def layer_names_faulty(names: Sequence[str], faults: FaultList) -> None:
    for name in dict.fromkeys(names):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in RESERVED_LAYER_NAMES:
            remedy = "Use letters, figures and underscores, such as district or gp_area."
            problem = Problem(f'"{name}" cannot name a layer', remedy)
            faults.add("the command", 0, "--layer", problem)
        if names.count(name) > 1:
            problem = Problem(
                f'the layer "{name}" is given twice', "Give one of them another name."
            )
            faults.add("the command", 0, "--layer", problem)


def read_layer(name: str, path: Path, column: str, faults: FaultList) -> RawLayer | None:
    inner, column = _inner_layer(path, column, name, faults)
    table = None if inner is None else _table(path, inner, name, faults)
    found = None if table is None else _name_column(table, column, path.name, name, faults)
    if table is None or found is None:
        return None
    code = _code_column(table, found)
    shapes, notes = _shapes(table, found, name)
    is_named = table.cells[found] != ""
    is_drawn = pd.Series([not shape.is_empty for shape in shapes], index=table.cells.index)
    if not (is_named & is_drawn).any():
        problem = Problem("no row has both a name and a polygon", "Give a file of named polygons.")
        faults.add(path.name, 0, f"layer {name}", problem)
        return None
    areas = gpd.GeoDataFrame(
        {"area": table.cells[found], "code": table.cells[code] if code else ""},
        geometry=shapes,
        crs=CRS_METRES,
    )
    year = ONS_NAME.fullmatch(found)
    return RawLayer(
        name,
        path.name,
        found,
        areas[is_named & is_drawn],
        f"20{year[2]}" if year else "",
        tuple(notes),
    )


def _table(path: Path, inner: str, name: str, faults: FaultList) -> Table | None:
    table = Folder(path.parent, faults).read(path.name, subject="--layer", layer=inner)
    if table is not None and table.geometry is None:
        remedy = "Give a file of boundaries: GeoPackage, GeoJSON, TopoJSON, Shapefile, GeoParquet."
        faults.add(path.name, 0, f"layer {name}", Problem("the file has no boundaries", remedy))
        return None
    return table


def _inner_layer(path: Path, column: str, name: str, faults: FaultList) -> tuple[str | None, str]:
    """Give the layer of the file that is meant (empty where it has one), and the column."""
    if not is_there(path, faults):
        return None, ""
    if path.suffix.lower() not in HOLD_SEVERAL:
        return "", column
    layers = inner_layers(path)
    first, _, rest = column.partition("@")
    if len(layers) <= 1 or first in layers:
        return (first, rest) if first in layers else ("", column)
    remedy = f"Say which, as {name}={path.name}@LAYER."
    if first:
        remedy = did_you_mean(first, layers, remedy)
    text = f"the file holds {len(layers)} layers: {listed(layers)}"
    faults.add(path.name, 0, f"layer {name}", Problem(text, remedy))
    return None, ""


def _name_column(table: Table, column: str, file: str, layer: str, faults: FaultList) -> str | None:
    names = [str(name) for name in table.cells.columns]
    if column:
        if column in names:
            return column
        remedy = did_you_mean(column, names, f"Its columns are {listed(names)}.")
        faults.add(file, 0, f"layer {layer}", Problem(f'there is no column "{column}"', remedy))
        return None
    ons = [name for name in names if ONS_NAME.fullmatch(name)]
    # Of several, as in a file of wards with their districts, the first is the file's own.
    if ons:
        return ons[0]
    for wanted in PLAIN_NAMES:
        for name in names:
            if plain(name) == wanted:
                return name
    texts = [n for n in names if table.cells[n].str.contains(r"[A-Za-z]{3}", regex=True).all()]
    unique = [name for name in texts if table.cells[name].is_unique]
    if len(unique) == 1:
        return unique[0]
    remedy = f"Say which, as {layer}={file}@COLUMN; its columns are {listed(names)}."
    faults.add(file, 0, f"layer {layer}", Problem("no column of names was found", remedy))
    return None


def _code_column(table: Table, column: str) -> str:
    """Give the column of codes that belongs to a column of names, empty if there is none."""
    names = {str(name).lower(): str(name) for name in table.cells.columns}
    found = ONS_NAME.fullmatch(column)
    wanted = f"{found[1]}{found[2]}cd".lower() if found else "code"
    return names.get(wanted, "")


def _shapes(table: Table, column: str, layer: str) -> tuple[list[BaseGeometry], list[str]]:
    notes = []
    geometry = [] if table.geometry is None else list(table.geometry)
    crossing = [shape is not None and not shape.is_valid for shape in geometry]
    shapes = [polygons_of(shape) for shape in geometry]
    names = [str(name) for name in table.cells[column]]
    mended = [name for name, is_crossing in zip(names, crossing, strict=True) if is_crossing]
    if mended:
        text = f"{len(mended)} boundaries that cross themselves were mended: {listed(mended)}."
        notes.append(f"Layer {layer}: {text}")
    lost = [n or "a row without a name" for n, s in zip(names, shapes, strict=True) if s.is_empty]
    if lost:
        notes.append(f"Layer {layer}: {len(lost)} rows have no polygon: {listed(lost)}.")
    nameless = sum(not name for name in names)
    if nameless:
        notes.append(f"Layer {layer}: {nameless} rows have no name and are left out.")
    return shapes, notes


def report_elsewhere(
    layers: Sequence[RawLayer], schools: gpd.GeoDataFrame, faults: FaultList
) -> None:
    for layer in layers:
        areas = layer.areas.set_index(pd.RangeIndex(len(layer.areas)))
        if holding_area(schools.geometry, areas).notna().any():
            continue
        away_m = shapely.distance(
            shapely.box(*areas.total_bounds), shapely.box(*schools.total_bounds)
        )
        text = f"none of the {len(schools)} schools lies in any of its {len(areas)} areas"
        if away_m > 0:
            text += f", which are {away_m / 1000:,.0f} km away"
        remedy = "Give boundaries of this part of the country, or look at its reference system."
        faults.add(layer.file, 0, f"layer {layer.name}", Problem(text, remedy))


def flag_stated_areas(
    schools: gpd.GeoDataFrame, layers: Sequence[RawLayer], ledger: Ledger
) -> None:
    """Flag schools that stand outside the district or ward that their own row states."""
    for layer, columns in ((layer, columns) for columns in STATED for layer in layers):
        names = [_place(name) for name in layer.areas["area"]]
        codes, shapes = layer.areas["code"].tolist(), layer.areas.geometry.to_numpy()
        stated = schools.reindex(columns=[*columns, "name", "geometry"], fill_value="")
        for urn, name, code, school, point in stated.itertuples(name=None):
            # The name counts: codes are given anew when a boundary is moved by a field.
            own = [i for i, other in enumerate(names) if name and other == _place(name)]
            own = own or [i for i, other in enumerate(codes) if code and other == code]
            away_m = shapely.distance(shapes[own], point).min(initial=np.inf)
            if STATED_M < away_m < np.inf:
                where = f"{layer.areas['area'].iloc[own[0]]} ({layer.name}), which it states"
                detail = f"{away_m / 1000:,.1f} km outside {where}"
                ledger.flags.append(Flag(int(urn), school, OUTSIDE_STATED, detail))


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """The ground of the authority."""

    shape: BaseGeometry  # polygon or polygons in EPSG:27700
    origin: str  # where it is from, in words
    reach_m: float = REACH_M  # how far outside it a school may stand and still be taken


def find_outline(
    schools: gpd.GeoDataFrame, layers: Sequence[RawLayer], chosen: Chosen, districts: set[str]
) -> Outline:
    """Find the outline: the authority's own boundary, else the areas that hold its schools."""
    for layer in layers:
        codes, names = layer.areas["code"], layer.areas["area"]
        is_own = (codes == chosen.ons_code) & (codes != "")
        if not is_own.any():
            is_own = names.map(_place) == _place(chosen.name)
        own = polygons_of(shapely.union_all(layer.areas.geometry[is_own].to_numpy()))
        # A ward may bear the name of its authority: the right area holds most of the schools.
        is_in = shapely.distance(own, schools.geometry.to_numpy()) <= NEAR_BORDER_M
        if not own.is_empty and is_in.mean() >= HALF:
            name = names[is_own].iloc[0]
            return Outline(own, f'the area "{name}" of the layer {layer.name} ({layer.file})')
    drawn = _drawn_round(schools)
    made = [
        Outline(polygons_of(_without_holes(shapely.union_all(kept.geometry.to_numpy()))), said)
        for kept, said in _coarse_first(schools, layers, districts)
    ]
    fitting = [outline for outline in made if outline.shape.area <= MUCH_LARGER * drawn.area]
    if fitting:
        return fitting[0]
    reason = "as the areas given are much larger" if made else "as no boundaries were given"
    text = f"a line drawn {ROUND_SCHOOLS_M / 1000:g} km round the schools, {reason}"
    return Outline(drawn, text, REACH_DRAWN_M)


def _drawn_round(schools: gpd.GeoDataFrame) -> BaseGeometry:
    points = schools.geometry.to_numpy()
    # Few schools far away are a slip: the line would run out to them over half the country.
    hull = shapely.concave_hull(shapely.union_all(points[in_body(points)]), ratio=0.3)
    return polygons_of(hull.buffer(ROUND_SCHOOLS_M))


def _coarse_first(
    schools: gpd.GeoDataFrame, layers: Sequence[RawLayer], districts: set[str]
) -> list[tuple[gpd.GeoDataFrame, str]]:
    """Give the areas of each layer that hold schools, the layers best fit for an outline first."""
    ranked = []
    for layer in layers:
        kept = _with_schools(layer, schools, districts)
        # The register's own districts first; then areas that hold several schools each, as small
        # ones, such as wards, need not all hold one; of those the tightest.
        is_said = (kept["code"].isin(districts) | kept["area"].isin(districts)).all()
        is_fine = len(schools) < FEW_SCHOOLS * len(kept)
        said = f"the {len(kept)} areas of the layer {layer.name} that hold its schools"
        ranked.append((not is_said, is_fine, float(kept.geometry.area.sum()), kept, said))
    ranked.sort(key=lambda row: row[:3])
    return [(kept, said) for *_, kept, said in ranked]


@functools.lru_cache(maxsize=10_000)
def _place(name: str) -> str:
    """Give a place's name without what registers add to it."""
    words = re.sub(r"\b(city|county|borough|council|of|the|and|district)\b", "", name.lower())
    return plain(words.replace("&", "")) or plain(name)


def _with_schools(
    layer: RawLayer, schools: gpd.GeoDataFrame, districts: set[str]
) -> gpd.GeoDataFrame:
    """Give the areas that hold schools, without those that hold a few by mistake."""
    areas = layer.areas.set_index(pd.RangeIndex(len(layer.areas)))
    held = holding_area(schools.geometry, areas).value_counts()
    needed = max(FEW_SCHOOLS, FEW_SHARE * len(schools))
    is_said = areas["code"].isin(districts) | areas["area"].isin(districts)
    is_many = pd.Series([held.get(i, 0) >= needed for i in areas.index], index=areas.index)
    has_any = areas.index.isin(held.index)
    wanted = (is_said & has_any) | is_many
    # Areas as small as wards all hold few.
    is_enough = sum(held.get(i, 0) for i in areas.index[wanted]) >= MOST_SHARE * len(schools)
    return areas[wanted] if is_enough else areas[has_any]


def _without_holes(shape: BaseGeometry) -> BaseGeometry:
    parts = [shapely.Polygon(part.exterior) for part in shapely.get_parts(polygons_of(shape))]
    return shapely.union_all(parts)


def reach_schools(
    schools: gpd.GeoDataFrame, outline: Outline, ledger: Ledger
) -> tuple[gpd.GeoDataFrame, Outline]:
    """Carry the outline out to schools that stand just outside, and drop those far away."""
    away_m = shapely.distance(outline.shape, schools.geometry.to_numpy())
    lanes = []
    for urn, metres in zip(schools.index, away_m, strict=True):
        row = schools.loc[urn]
        name, kilometres = str(row["name"]), f"{metres / 1000:,.1f} km outside"
        if metres > outline.reach_m:
            pupils = None if pd.isna(row["pupils"]) else int(row["pupils"])
            reason = "far outside the authority"
            ledger.dropped.append(
                Dropped(int(row["row"]), str(urn), name, reason, kilometres, pupils)
            )
        elif metres > NEAR_BORDER_M:
            lanes.append(shapely.shortest_line(outline.shape, row.geometry).buffer(LANE_M))
            what = "stands outside the outline, which is carried out to it"
            ledger.flags.append(Flag(int(urn), name, what, kilometres))
    gone = set(schools.index[away_m > outline.reach_m])
    ledger.flags = [flag for flag in ledger.flags if flag.urn not in gone]
    if lanes:
        wider = polygons_of(shapely.union_all([outline.shape, *lanes]))
        outline = replace(outline, shape=wider)
    return schools[away_m <= outline.reach_m], outline


@dataclass(frozen=True, slots=True, eq=False)
class CutLayer:
    """A layer cut down to the authority."""

    name: str  # as in `RawLayer`
    file: str  # as in `RawLayer`
    column: str  # as in `RawLayer`
    year: str  # as in `RawLayer`
    polygons: gpd.GeoDataFrame  # index the area's name, sorted; EPSG:27700
    notes: tuple[str, ...]  # what was done, in words


def cut_layer(layer: RawLayer, outline: Outline, schools: gpd.GeoDataFrame) -> CutLayer:
    """Keep the areas of a layer that hold schools of the authority, clipped to its outline."""
    notes = list(layer.notes)
    tree = shapely.STRtree(layer.areas.geometry.to_numpy())
    near = layer.areas.iloc[sorted(set(tree.query(outline.shape, predicate="intersects").tolist()))]
    named = _dissolved(near, layer.name, notes)
    named = _light(named, layer.name, notes)
    clipped = named.geometry.map(lambda shape: polygons_of(shape.intersection(outline.shape)))
    polygons = gpd.GeoDataFrame(geometry=clipped, crs=CRS_METRES)
    polygons = polygons[~polygons.geometry.is_empty].sort_index()
    held = set(holding_area(schools.geometry, polygons).dropna())
    polygons = polygons[polygons.index.isin(held)].rename_axis("area")
    polygons = _apart(polygons, layer.name, notes)
    nowhere = schools.index[holding_area(schools.geometry, polygons).isna()]
    if len(nowhere):
        names = listed(schools.loc[nowhere, "name"].astype(str))
        notes.append(f"Layer {layer.name}: {len(nowhere)} schools lie in no area of it: {names}.")
    return CutLayer(layer.name, layer.file, layer.column, layer.year, polygons, tuple(notes))


def _dissolved(areas: gpd.GeoDataFrame, layer: str, notes: list[str]) -> gpd.GeoDataFrame:
    """Put the parts of one area together, and tell areas of one name apart by their code."""
    names = areas["area"].astype(str)
    codes = areas["code"].astype(str)
    is_shared = codes.groupby(names).transform("nunique") > 1
    labels = names.where(~is_shared, names + " (" + codes + ")")
    if is_shared.any():
        shared = listed(sorted(set(names[is_shared])))
        notes.append(f"Layer {layer}: areas of one name are told apart by their code: {shared}.")
    parts = labels.value_counts()
    joined = sorted(str(name) for name in parts.index[parts > 1])
    if joined:
        text = f"areas that stand on several rows are put together: {listed(joined)}."
        notes.append(f"Layer {layer}: {text}")
    made = areas[["geometry"]].dissolve(labels).rename_axis("area")
    return made.set_geometry(made.geometry.map(polygons_of))


def _light(areas: gpd.GeoDataFrame, layer: str, notes: list[str]) -> gpd.GeoDataFrame:
    n_points = int(shapely.get_num_coordinates(areas.geometry.to_numpy()).sum())
    if n_points <= MAX_VERTICES:
        return areas
    shapes = shapely.coverage_simplify(areas.geometry.to_numpy(), SIMPLIFY_M)
    text = f"{n_points:,} points of its lines were simplified to {SIMPLIFY_M:g} m."
    notes.append(f"Layer {layer}: {text}")
    lighter = [polygons_of(shape) for shape in shapes]
    return gpd.GeoDataFrame(geometry=lighter, index=areas.index, crs=CRS_METRES)


def _apart(polygons: gpd.GeoDataFrame, layer: str, notes: list[str]) -> gpd.GeoDataFrame:
    """Take ground that two areas share from the larger one, and note it."""
    shapes = polygons.geometry.to_numpy().copy()
    names = [str(name) for name in polygons.index]
    told = []
    for i, j in once_each(shapely.STRtree(shapes).query(shapes, predicate="intersects")):
        shared = shapely.intersection(shapes[i], shapes[j])
        if shared.area <= 1.0:
            continue
        larger = i if shapes[i].area >= shapes[j].area else j
        rest = polygons_of(shapely.difference(shapes[larger], shared))
        if rest.is_empty:
            continue
        shapes[larger] = rest
        hectares = shared.area / 10_000
        told.append(f"{names[i]} and {names[j]} ({hectares:,.1f} ha)")
    if told:
        text = f"ground that two areas shared was taken from the larger: {listed(told)}."
        notes.append(f"Layer {layer}: {text}")
    return gpd.GeoDataFrame(geometry=shapes, index=polygons.index, crs=CRS_METRES)
