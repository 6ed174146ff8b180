"""The register of schools: one row a school, checked cell by cell."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from cluster_optimiser.constants import MOST_PUPILS, PHASES
from cluster_optimiser.inputs.checking import (
    SHORTENED,
    FaultList,
    Problem,
    did_you_mean,
    heading,
    is_shortened,
    listed,
    name_of,
    number_of,
    read_cells,
    repeated,
    shortened,
    urn_of,
    urn_twice,
)
from cluster_optimiser.inputs.coordinates import COORDINATES, has_coordinates, locate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cluster_optimiser.inputs.files import Folder, Table
    from cluster_optimiser.inputs.settings import SchoolsTable

NEEDED_COLUMNS = ("urn", "name", "phase", "pupils")

WORDS = tomllib.loads(Path(__file__).with_name("registers.toml").read_text(encoding="utf-8"))
"""What registers call things, as `registers.toml` says."""

_OF_GIAS = ("urn", "name", "phase", "type", "pupils", "easting", "northing", "low_age", "high_age")
GIAS_COLUMNS: dict[str, str] = {
    name: WORDS["columns"][name][0] for name in (*_OF_GIAS, "religious_character", "postcode")
}
"""Columns of an extract of Get Information About Schools, taken where nothing else is said."""

PHASE_WORDS: dict[str, str] = WORDS["phase_words"]
SUPPRESSED: dict[str, str] = WORDS["suppressed"]

CLUSTER_COLUMNS = ("cluster", "local_cluster")

OWN_COLUMNS = ("geometry", "is_pupils_known")


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """The rows of the register that could be read."""

    file: str  # name of the file in faults
    frame: gpd.GeoDataFrame
    faults: FaultList  # where faults of its rows go
    caveats: tuple[str, ...] = ()  # what was corrected, in words

    def report(self, row: int, text: str, remedy: str) -> None:
        """Report what is wrong with the school of a row."""
        self.faults.add(self.file, row, f"URN {self.frame['urn'][row]}", Problem(text, remedy))

    @property
    def subjects(self) -> dict[int, str]:
        rows, urns = self.frame.index.tolist(), self.frame["urn"].tolist()
        return {row: f"URN {urn}" for row, urn in zip(rows, urns, strict=True)}


def read_register(
    folder: Folder,
    settings: SchoolsTable,
    corrections: Mapping[str, Mapping[str, str]],
    also_used: Iterable[str] = (),
) -> Register | None:
    """Read the schools, with the user's own values in place of the register's."""
    used = {
        *NEEDED_COLUMNS,
        *COORDINATES,
        *CLUSTER_COLUMNS,
        *settings.columns.values(),
        *GIAS_COLUMNS.values(),
        *also_used,
    }
    table = folder.read(
        settings.file, subject="schools.file", used=used, encoding=settings.encoding
    )
    faults = folder.faults
    if table is None:
        return None
    table = renamed(table, settings, folder=folder)
    table, totals = _without_totals(table)
    table, corrected = _corrected(table, corrections, folder=folder)
    present = [
        name
        for name in NEEDED_COLUMNS
        if (name in table.cells or name not in settings.columns)
        and table.has(name, faults, how_to_map=f'{name} = "{{like}}" under [schools.columns]')
    ]
    if not has_coordinates(table) and set(COORDINATES).isdisjoint(settings.columns):
        text = "there are no coordinates: no lat and lon, no easting and northing"
        remedy = "Add them, or name their columns under [schools.columns]."
        faults.add(table.file, table.header_row, "coordinates", Problem(text, remedy))
    cells = table.cells
    subjects: dict[int, str] = {}
    if "name" in present:
        names = map(shortened, cells["name"])
        subjects |= dict(zip(cells.index.tolist(), names, strict=True))
    urns: dict[int, int] = {}
    if "urn" in present:
        urns = read_cells(cells["urn"], urn_of, file=table.file, subjects=subjects, faults=faults)
    subjects |= {row: f"URN {urn}" for row, urn in urns.items()}
    urns = repeated(urns, urn_twice, file=table.file, faults=faults)
    known = set(settings.unknown_pupils)
    acknowledged = [row for row, urn in urns.items() if urn in known]
    frame = _checked(table, present, subjects=subjects, acknowledged=acknowledged, faults=faults)
    _check_acknowledged(table, urns, settings, folder=folder)
    if "urn" not in present:
        return None
    frame.insert(0, "urn", pd.Series(urns, dtype="int64").reindex(frame.index))
    frame = frame[frame["urn"].notna()].astype({"urn": "int64"})
    return Register(table.file, frame, faults, (*totals, *corrected))


_TOTAL = re.compile(r"(grand |sub-?)?total(s| .*)?|sum|all schools", re.IGNORECASE)


def _without_totals(table: Table) -> tuple[Table, tuple[str, ...]]:
    """Leave out rows that add up the others, as a pivot table ends with, and say what they say."""
    if "urn" not in table.cells:
        return table, ()
    heads = table.cells["urn"].where(table.cells["urn"] != "", table.cells.get("name", ""))
    heads = heads.where(heads != "", table.cells.iloc[:, 0])
    rows = heads.index[[bool(_TOTAL.fullmatch(text)) for text in heads]].tolist()
    told = []
    for row in rows:
        said = f'Row {row} of {table.file} ("{heads[row]}") is a total, no school: it is left out'
        given = pupils_of(table.cells["pupils"][row]) if "pupils" in table.cells else None
        if isinstance(given, int):
            figures = (pupils_of(text) for text in table.cells["pupils"].drop(rows))
            n_pupils = sum(figure for figure in figures if isinstance(figure, int))
            same = "as the rows do" if n_pupils == given else f"the rows {n_pupils:,}"
            said += f". It says {given:,} pupils, {same}"
        told.append(f"{said}.")
    return replace(table, cells=table.cells.drop(rows)), tuple(told)


def _corrected(
    table: Table, corrections: Mapping[str, Mapping[str, str]], *, folder: Folder
) -> tuple[Table, tuple[str, ...]]:
    """Put corrections in; a column of clusters may be a new one."""
    if not corrections or "urn" not in table.cells:
        return table, ()
    cells, told = table.cells.copy(), []
    row_of = {urn_of(text): row for row, text in reversed(list(cells["urn"].items()))}
    for urn, values in corrections.items():
        row = row_of.get(urn_of(urn))
        if row is None:
            known = [str(one) for one in row_of if isinstance(one, int)]
            remedy = did_you_mean(urn, known, "Remove it, or correct it.")
            text = f"{table.file} has no school with this URN"
            folder.misstated(f"corrections.{urn}", text, remedy)
            continue
        for column, value in values.items():
            if column not in cells and column not in CLUSTER_COLUMNS:
                names = [str(name) for name in cells.columns]
                remedy = did_you_mean(column, names, f"Use one of {listed(names)}.")
                text = f'{table.file} has no column "{column}"'
                folder.misstated(f"corrections.{urn}", text, remedy)
                continue
            if column not in cells:
                cells[column] = ""
            before = cells.loc[row, column] or "nothing"
            told.append(f"URN {urn}: {column} is corrected to {value}; the register has {before}.")
            cells.loc[row, column] = value
    return replace(table, cells=cells), tuple(told)


def renamed(table: Table, settings: SchoolsTable, *, folder: Folder) -> Table:
    theirs = [str(column) for column in table.cells.columns]
    source_of: dict[str, str] = {}
    for ours, name in settings.columns.items():
        if name in theirs:
            source_of[ours] = name
        else:
            remedy = did_you_mean(name, theirs, "Correct the name, or remove the line.")
            text = f'{table.file} has no column "{name}"'
            folder.misstated(f"schools.columns.{ours}", text, remedy)
    for ours in (*NEEDED_COLUMNS, *COORDINATES, *CLUSTER_COLUMNS):
        name = heading(ours, theirs)
        if name != ours and ours not in settings.columns:
            source_of[ours] = name
    for ours, name in GIAS_COLUMNS.items():
        is_free = ours not in {*theirs, *settings.columns, *source_of}
        if is_free and name in theirs and name not in source_of.values():
            source_of[ours] = name
    cells = _under_our_names(table.cells, source_of)
    for column, values in settings.values.items():  # noqa: PD011 - a table, not a frame
        if column in cells:
            cells[column] = cells[column].map(lambda text, values=values: values.get(text, text))
        else:
            remedy = did_you_mean(column, cells.columns, "Remove the table.")
            text = f'there is no column "{column}" whose values could be mapped'
            folder.misstated(f"schools.values.{column}", text, remedy)
    return replace(table, cells=cells)


def _under_our_names(cells: pd.DataFrame, source_of: Mapping[str, str]) -> pd.DataFrame:
    """Rename columns; one column of the file may serve for several of ours."""
    columns: dict[str, pd.Series] = {}
    for name in [str(column) for column in cells.columns]:
        ours = [o for o, source in source_of.items() if source == name]
        is_taken = name in source_of or name in OWN_COLUMNS or name.startswith("layer.")
        for new in ours or [f"file.{name}" if is_taken else name]:
            columns[new] = cells[name]
    return pd.DataFrame(columns, index=cells.index)


def _checked(
    table: Table,
    present: list[str],
    *,
    subjects: dict[int, str],
    acknowledged: list[int],
    faults: FaultList,
) -> gpd.GeoDataFrame:
    """Read name, phase, pupils and place of every row; a value with a fault is left out."""
    cells = table.cells
    columns: dict[str, pd.Series] = {}
    for name, read in (("name", _name), ("phase", _phase)):
        if name in present:
            texts = read_cells(cells[name], read, file=table.file, subjects=subjects, faults=faults)
            columns[name] = pd.Series(texts, dtype=object).reindex(cells.index)
    for name in set(CLUSTER_COLUMNS) & set(cells.columns):
        read_cells(cells[name], name_of, file=table.file, subjects=subjects, faults=faults)
    if "pupils" in present:
        is_unknown = pd.Series(cells.index.isin(acknowledged), index=cells.index) & ~_is_figure(
            cells
        )
        asked = cells["pupils"].mask(is_unknown, "0")
        values = read_cells(asked, pupils_of, file=table.file, subjects=subjects, faults=faults)
        columns["pupils"] = pd.Series(values, dtype="int64").reindex(cells.index, fill_value=0)
        columns["is_pupils_known"] = ~is_unknown
    others = [c for c in cells.columns if c not in NEEDED_COLUMNS]
    points = locate(table, subjects=subjects, faults=faults).reindex(cells.index)
    extra = {c: _as_name(cells[c]) if c in CLUSTER_COLUMNS else _typed(cells[c]) for c in others}
    frame = pd.DataFrame({**columns, **extra}, index=cells.index)
    return gpd.GeoDataFrame(frame, geometry=points.array, crs=points.crs)


def _is_figure(cells: pd.DataFrame) -> pd.Series:
    return cells["pupils"].map(lambda text: bool(text) and not _withheld(text))


def _withheld(text: str) -> str:
    """Give what a symbol in place of a figure means, "<5" too; empty for a figure."""
    return "the number is small" if text.startswith("<") else SUPPRESSED.get(text.lower(), "")


def _name(text: str) -> str | Problem:
    return name_of(text) if text else Problem("the name is missing", "Give the school's name.")


def _phase(text: str) -> str | Problem:
    if not text:
        return Problem("the phase is missing", f"Use one of {', '.join(PHASES)}.")
    plain = text.lower()
    phase = PHASE_WORDS.get(plain, plain)
    if phase in PHASES:
        return phase
    remedy = did_you_mean(plain, PHASES, f"Use one of {', '.join(PHASES)}.")
    remedy += f' Or say what it means: "{text}" = "..." under [schools.values.phase].'
    return Problem(f'unknown phase "{text}"', remedy)


def pupils_of(text: str) -> int | Problem:
    if not text:
        remedy = "Give the number, or list the URN under schools.unknown_pupils."
        return Problem("pupils are missing", remedy)
    meaning = _withheld(text)
    if meaning:
        remedy = "Give the number, or list the URN under schools.unknown_pupils."
        return Problem(f'pupils "{text}" is a symbol, not a figure ({meaning})', remedy)
    value = number_of(text)
    if isinstance(value, Problem):
        return Problem(f"pupils {value.text}", "Give a whole number, 0 or more.")
    if not 0 <= value <= MOST_PUPILS:
        what = "is negative" if value < 0 else f"is more than any school has ({MOST_PUPILS:,})"
        return Problem(f"pupils {text} {what}", "Give a whole number, 0 or more.")
    if value.is_integer() and not is_shortened(text):
        return int(value)
    what, remedy = "is not a whole number", "Count pupils, not full-time equivalents."
    if is_shortened(text):
        what, remedy = "is rounded", SHORTENED
    elif re.fullmatch(r"\d{1,3}(\.\d{3})+", text):
        remedy += f" If the point parts thousands, write {text.replace('.', '')}."
    return Problem(f"pupils {text} {what}", remedy)


def _as_name(cells: pd.Series) -> pd.Series:
    """Give a column of names as text; 3.0 of a spreadsheet that made all of them numbers is 3."""
    if cells[cells != ""].str.fullmatch(r"\d+\.0").all():
        cells = cells.str.removesuffix(".0")
    return cells.where(cells != "", None).astype(object)


def _typed(cells: pd.Series) -> pd.Series:
    """Give a column as numbers where every cell is one, else as text with None for blank."""
    filled = cells[cells != ""]
    # A leading zero is part of a code, not of a number; so is the last of 3.10 beside 3.1.
    is_code = filled.str.fullmatch(r"0\d+|\d+\.\d*[1-9]0+").any() if len(filled) else True
    if not is_code:
        numbers = pd.to_numeric(cells.where(cells != "", np.nan), errors="coerce")
        if numbers.notna().sum() == len(filled):
            return numbers.astype("float64" if len(filled) < len(cells) else numbers.dtype)
    return cells.where(cells != "", None).astype(object)


def _check_acknowledged(
    table: Table, urns: Mapping[int, int], settings: SchoolsTable, *, folder: Folder
) -> None:
    """Report acknowledged schools that are not there, or that do have a figure."""
    if "urn" not in table.cells or "pupils" not in table.cells:
        return
    row_of = {urn: row for row, urn in urns.items()}
    has_figure = _is_figure(table.cells)
    figures = table.cells["pupils"].to_dict()
    for urn in dict.fromkeys(settings.unknown_pupils):
        subject = f"schools.unknown_pupils: URN {urn}"
        row = row_of.get(urn)
        if row is None:
            remedy = did_you_mean(str(urn), _texts(row_of), "Remove it, or correct it.")
            folder.misstated(subject, f"{table.file} has no school with this URN", remedy)
        elif has_figure[row]:
            text = f"{table.file}, row {row}, does give a figure: {figures[row]}"
            remedy = "Remove the URN from the list, or blank the figure."
            folder.misstated(subject, text, remedy)


def _texts(values: Iterable[int]) -> list[str]:
    return [str(value) for value in values]
