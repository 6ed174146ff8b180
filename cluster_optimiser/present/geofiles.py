"""GeoPackage, with its styles for QGIS, and GeoJSON of a plan, the same bytes every time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pandas as pd
import pyogrio
import shapely

from cluster_optimiser.constants import CRS_DEGREES
from cluster_optimiser.inputs.boundaries import polygons_of
from cluster_optimiser.inputs.writing import written
from cluster_optimiser.present.records import plain
from cluster_optimiser.present.shapes import EXEMPT_COLOUR, PALETTE, plan_colours
from cluster_optimiser.present.tables import DECIMALS, clusters_table, schools_table
from cluster_optimiser.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.domain import Result

COORDINATE_DECIMALS = 6
"""Decimals of a degree in GeoJSON: about 0.1 m, as RFC 7946 section 11.2 advises."""


def _flat(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a table whose cells a file format can hold: lists joined, fractions rounded."""
    flat = table.copy()
    for column in flat.columns.drop("geometry"):
        if column in DECIMALS:
            flat[column] = flat[column].astype("float64").round(DECIMALS[column])
        elif column.startswith("is_"):
            flat[column] = flat[column].astype("boolean")
        elif flat[column].dtype == object:
            flat[column] = [
                "; ".join(map(str, value)) if isinstance(value, (tuple, list)) else value
                for value in flat[column]
            ]
    return flat


def write_gpkg(result: Result, path: Path) -> None:
    """Write a plan as a GeoPackage with the layers ``clusters`` and ``schools`` in metres.

    It carries a style of each layer for QGIS, what each layer is, and the licences of its data.
    """
    path.unlink(missing_ok=True)
    authority, title = result.problem.authority, result.problem.scenario.title
    licences = {f"LICENCE_{i}": f"{one.title} ({one.date}). {one.licence}"
                for i, one in enumerate(authority.sources, start=1)}  # fmt: skip
    with written(path, authority.data_date):
        for name, table in (
            ("clusters", clusters_table(result)),
            ("schools", schools_table(result).rename_axis("urn")),
        ):
            flat = _flat(table)
            flat.geometry = [
                shapely.MultiPolygon([shape]) if shape and shape.geom_type == "Polygon" else shape
                for shape in flat.geometry
            ]
            flat.reset_index().to_file(
                path,
                layer=name,
                driver="GPKG",
                engine="pyogrio",
                geometry_type="MultiPolygon" if name == "clusters" else "Point",
                mode="w" if name == "clusters" else "a",
                dataset_metadata={"TITLE": title, **licences} if name == "clusters" else None,
                DESCRIPTION=say(f"geofiles.{name}", title=title),
            )
        clusters = result.score.clusters["cluster"].astype(str)
        styles = {
            "clusters": cluster_style(clusters, plan_colours(result).plan.colour_of),
            "schools": school_style(authority.schools["phase"].astype(str)),
        }
        table = style_table(styles, "geom", authority.data_date)
        pyogrio.write_dataframe(table, path, layer="layer_styles", driver="GPKG", append=True,
                                FID="id")  # fmt: skip


def rounded(shape: BaseGeometry, *, decimals: int = COORDINATE_DECIMALS) -> BaseGeometry:
    """Round coordinates, keep the shape valid and wind its rings as RFC 7946 asks."""
    grid = shapely.transform(shape, lambda xy: xy.round(decimals))
    if not grid.is_valid:
        grid = shapely.transform(polygons_of(grid), lambda xy: xy.round(decimals))
    # A sliver may vanish on the grid, or cross itself again: better too many decimals than none.
    grid = shape if grid.is_empty or not grid.is_valid else grid
    return shapely.orient_polygons(grid) if "Polygon" in grid.geom_type else grid


def geometry_record(shape: BaseGeometry, *, decimals: int) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(shapely.to_geojson(rounded(shape, decimals=decimals)))
    return record


def _features(table: gpd.GeoDataFrame, *, kind: str, decimals: int) -> Iterator[dict[str, object]]:
    flat = _flat(table).to_crs(CRS_DEGREES)
    columns = [column for column in flat.columns if column != "geometry"]
    for key, shape, *values in zip(
        flat.index, flat.geometry, *(flat[column] for column in columns), strict=True
    ):
        geometry = None
        if shape is not None and not shape.is_empty:
            geometry = geometry_record(shape, decimals=decimals)
        properties = {"kind": kind, str(flat.index.name): key}
        properties |= dict(zip(columns, values, strict=True))
        yield {"type": "Feature", "geometry": geometry, "properties": plain(properties)}


def geojson(result: Result, *, decimals: int = COORDINATE_DECIMALS) -> dict[str, object]:
    """Give a plan as an RFC 7946 feature collection: clusters, then schools."""
    schools = schools_table(result).rename_axis("urn")
    credit = result.problem.authority.travel.credit
    return {
        "type": "FeatureCollection",
        **({"attribution": credit} if credit else {}),
        "features": [
            *_features(clusters_table(result), kind="cluster", decimals=decimals),
            *_features(schools, kind="school", decimals=decimals),
        ],
    }


def geojson_text(result: Result) -> str:
    """Give `geojson` as the text of ``plan.geojson``."""
    return json.dumps(geojson(result), ensure_ascii=False, separators=(",", ":")) + "\n"


LINE = "#22303a"
PHASE_COLOURS = {"secondary": "#17455a", "all-through": "#17455a", "special": "#a03c78"}
OTHER_PHASE = "#d07a2b"

Symbol = tuple[str, str, dict[str, str]]
"""A symbol of QGIS: fill or marker, its class, and what it looks like."""


def _fill(colour: str) -> Symbol:
    look = {"color": _rgb(colour), "outline_color": _rgb(LINE), "outline_width": "0.5"}
    return "fill", "SimpleFill", {**look, "style": "solid", "outline_style": "solid"}


def _dot(colour: str) -> Symbol:
    look = {"color": _rgb(colour), "outline_color": _rgb("#ffffff"), "size": "1.8"}
    return "marker", "SimpleMarker", {**look, "name": "circle"}


def _rgb(colour: str) -> str:
    return ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)) + ",255"


def _style(column: str, symbols: Mapping[str, Symbol], label: str) -> str:
    root = ET.Element("qgis", version="3.22", styleCategories="Symbology|Labeling")
    renderer = ET.SubElement(root, "renderer-v2", type="categorizedSymbol", attr=column)
    categories = ET.SubElement(renderer, "categories")
    drawn = ET.SubElement(renderer, "symbols")
    for i, (value, (kind, of_class, look)) in enumerate(symbols.items()):
        named = {"value": value, "label": value, "symbol": str(i), "render": "true"}
        ET.SubElement(categories, "category", named)
        symbol = ET.SubElement(drawn, "symbol", name=str(i), type=kind, alpha="0.85")
        layer = ET.SubElement(symbol, "layer", {"class": of_class, "enabled": "1"})
        options = ET.SubElement(layer, "Option", type="Map")
        for name, text in look.items():
            ET.SubElement(options, "Option", type="QString", name=name, value=text)
    if label:
        labels = ET.SubElement(ET.SubElement(root, "labeling", type="simple"), "settings")
        write = ET.SubElement(labels, "text-style", fieldName=label, fontSize="8")
        ET.SubElement(write, "text-buffer", bufferDraw="1", bufferSize="0.8")
    ET.SubElement(root, "layerGeometryType").text = "0" if column == "phase" else "2"
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(
        root, encoding="unicode"
    )


def cluster_style(names: Iterable[str], colour_of: Mapping[str, int]) -> str:
    """Draw clusters as the program's own maps do: neighbours differ, exempt ones are grey."""
    fills = {
        name: _fill(PALETTE[colour_of[name]] if name in colour_of else EXEMPT_COLOUR)
        for name in names
    }
    return _style("cluster", fills, "cluster")


def school_style(phases: Iterable[str]) -> str:
    dots = {phase: _dot(PHASE_COLOURS.get(phase, OTHER_PHASE)) for phase in sorted(set(phases))}
    return _style("phase", dots, "")


def style_table(styles: Mapping[str, str], geometry: str, date: str) -> pd.DataFrame:
    """Give the table in which QGIS looks for the style of each layer."""
    rows = [
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": layer,
            "f_geometry_column": geometry,
            "styleName": layer,
            "styleQML": text,
            "styleSLD": "",
            "useAsDefault": True,
            "description": "",
            "owner": "",
            "ui": None,
            "update_time": pd.Timestamp(date),
        }
        for layer, text in styles.items()
    ]
    return pd.DataFrame(rows).astype({"ui": "string"})
