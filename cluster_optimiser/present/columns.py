"""What the columns of a results folder mean: headings, and a Frictionless data package."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

from cluster_optimiser.words import entry, say, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cluster_optimiser.domain import Authority

OF_LAYER = (
    (re.compile(r"home_(.+)"), "home_layer"),
    (re.compile(r"misaligned_(.+)_pupils"), "misaligned_layer"),
    (re.compile(r"misaligned\.(.+)"), "misaligned_layer"),
)
TEXTS = frozenset(
    """
    scenario title status metric unit school cluster_id cluster from_cluster secondary_membership
    grouping_scenario grouping grouping_area units today partnerships high_schools academies
    double_memberships executive_group projection series broken unit_a unit_b clusters
    by group option leading name respondent comment theme written plan nearest_option
    """.split()  # noqa: SIM905 - a list of them would take a page
)
"""Columns that hold names, which are text whatever they look like."""

DATAPACKAGE = "datapackage.json"

WHOLE = re.compile(r"-?\d+")
DECIMAL = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")


def column(name: str, layers: dict[str, str] | None = None) -> tuple[str, str]:
    """Give the heading of a column, with its unit, and what it means; a stranger is itself."""
    if name in entry("fields"):
        return say(f"fields.{name}.title"), say(f"fields.{name}.text")
    for pattern, key in OF_LAYER:
        found = pattern.fullmatch(name)
        if found:
            layer = (layers or {}).get(found[1], found[1])
            return (say(f"fields.{key}.title", layer=layer), say(f"fields.{key}.text", layer=layer))
    return name, ""


def kind(name: str, cells: Iterable[str]) -> str:
    """Give the type of a column in the terms of Frictionless."""
    filled = [cell for cell in cells if cell]
    if name in TEXTS or name.startswith("home_") or not filled:
        return "string"
    if all(cell in {"true", "false"} for cell in filled):
        return "boolean"
    if all(WHOLE.fullmatch(cell) for cell in filled):
        return "integer"
    return "number" if all(DECIMAL.fullmatch(cell) for cell in filled) else "string"


def _resource(path: Path, layers: dict[str, str]) -> dict[str, Any]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    fields = []
    for i, name in enumerate(header):
        title, text = column(name, layers)
        one = {"name": name, "type": kind(name, (row[i] for row in rows)), "title": title}
        fields.append(one | ({"description": text} if text else {}))
    return {
        "name": path.stem.replace("_", "-"),
        "path": path.name,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {"fields": fields, "missingValues": [""]},
    }


def datapackage(folder: Path, authority: Authority, *, title: str, label: str = "") -> str:
    """Describe every CSV file of a folder (Frictionless Data Package 1)."""
    layers = {name: layer.title for name, layer in authority.layers.items()}
    return _package(
        folder,
        {
            "name": f"{authority.name} {label}",
            "title": title,
            "version": authority.data_date,
            "sources": [f"{s.title} ({s.date}). {s.licence}" for s in authority.sources],
        },
        layers,
    )


def joint_datapackage(folder: Path, of: Iterable[str]) -> str:
    """Describe every CSV file of a folder that speaks of several runs, each described already."""
    packages = [json.loads(text) for text in of]
    sources = [source["title"] for package in packages for source in package["sources"]]
    about = {
        "name": "results",
        "title": say("tables.results"),
        "version": max(package["version"] for package in packages),
        "sources": list(dict.fromkeys(sources)),
    }
    return _package(folder, about, {})


def _package(folder: Path, about: dict[str, Any], layers: dict[str, str]) -> str:
    record = {
        "profile": "tabular-data-package",
        "name": re.sub(r"[^a-z0-9._-]+", "-", about["name"].lower().strip()),
        "title": about["title"],
        "language": spoken().tag,
        "version": about["version"],
        "sources": [{"title": title} for title in about["sources"]],
        "resources": [_resource(path, layers) for path in sorted(folder.glob("*.csv"))],
    }
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"
