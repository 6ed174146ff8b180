"""Styles that a GeoPackage carries for QGIS: colours of the map, names, and kinds of schools."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pandas as pd

from cluster_optimiser.present.shapes import EXEMPT_COLOUR, PALETTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
