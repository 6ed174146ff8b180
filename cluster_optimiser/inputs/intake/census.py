"""Pupils from a school census or performance table, joined to the register."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.inputs.checking import Problem, listed, urn_of
from cluster_optimiser.inputs.intake.ledger import Flag, Ledger
from cluster_optimiser.inputs.intake.rows import RawTable, read_raw
from cluster_optimiser.inputs.register import SUPPRESSED, pupils_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cluster_optimiser.inputs.checking import FaultList

COLUMNS = {
    "urn": ("URN", "School URN", "school_urn"),
    "laestab": ("LAESTAB", "LA ESTAB", "DfE number", "school_laestab"),
    "la_code": ("LA", "LEA", "LA code", "old_la_code"),
    "number": ("ESTAB", "EstablishmentNumber"),
    "pupils": (
        "headcount of pupils",
        "NumberOfPupils",
        "Number of pupils",
        "Pupils",
        "Headcount",
        "headcount_total",
        "TOTPUPS",
        "NOR",
        "Number on roll",
        "Total pupils",
        "Roll",
    ),
    "sen_support": ("TSENELK", "SEN support", "sen_support"),
    "ehcp": ("TSENELSE", "EHC plan", "EHCP"),
    "fsm_ever6": ("NUMFSMEVER", "FSM ever 6", "fsm_ever6"),
}
"""Our name of a column -> its names in the school census, performance tables and others."""

EXTRAS = ("sen_support", "ehcp", "fsm_ever6")


@dataclass(frozen=True, slots=True, eq=False)
class Census:
    """Figures by school."""

    file: str  # name of the file
    pupils: Mapping[str, int | Problem]
    extras: Mapping[str, Mapping[str, str]]
    notes: tuple[str, ...] = ()  # what was mended, in words


def laestab_of(text: str) -> str:
    """Give authority and establishment number in one form.

    Examples
    --------
    >>> laestab_of("3824000.0"), laestab_of("382-4000"), laestab_of("x")
    ('382/4000', '382/4000', '')
    """
    found = re.fullmatch(r"(\d{3})[/\- ]?(\d{4})(\.0+)?", text)
    return f"{found[1]}/{found[2]}" if found else ""


def read_census(path: Path, column: str, faults: FaultList) -> Census | None:
    """Read figures by school."""
    names = COLUMNS | ({"pupils": (column,)} if column else {})
    table = read_raw(path, names, needs=("pupils",), faults=faults)
    if table is None:
        return None
    keys = _keys(table)
    if keys is None:
        text = "no column names the schools: no URN, no LAESTAB, no LA with ESTAB"
        faults.add(table.file, 1, "", Problem(text, "Add the URN of each school."))
        return None
    pupils: dict[str, int | Problem] = {}
    extras: dict[str, dict[str, str]] = {name: {} for name in EXTRAS if name in table.cells}
    n_nameless, again = 0, []
    for row, text in zip(table.cells.index, table.cells["pupils"], strict=True):
        key = keys[row]
        if not key:
            n_nameless += 1
            continue
        figure = pupils_of(text)
        if key in pupils:
            # The rows of the sites of one school hold parts of it, or the same figure again: which
            # of the two cannot be told.
            again.append(key)
            if pupils[key] != figure:
                pupils[key] = Problem("it stands on several rows that differ", "")
            continue
        pupils[key] = figure
        for name, values in extras.items():
            cell = str(table.cells.loc[row, name])
            values[key] = "" if cell.lower() in SUPPRESSED else cell
    return Census(table.file, pupils, extras, _notes(table, n_nameless, again))


def _keys(table: RawTable) -> dict[int, str] | None:
    cells = table.cells
    if "urn" in cells:
        urns = {row: urn_of(text) for row, text in cells["urn"].items()}
        return {
            int(str(row)): "" if isinstance(urn, Problem) else str(urn) for row, urn in urns.items()
        }
    if "laestab" in cells:
        return {int(str(row)): laestab_of(text) for row, text in cells["laestab"].items()}
    if "la_code" in cells and "number" in cells:
        both = zip(cells.index, cells["la_code"], cells["number"], strict=True)
        return {int(row): laestab_of(f"{la}/{number}") for row, la, number in both}
    return None


def _notes(table: RawTable, n_nameless: int, again: list[str]) -> tuple[str, ...]:
    notes = [f"{table.file}: {note}" for note in table.notes]
    for row, unread in table.unreadable.items():
        notes.append(f"{table.file}, row {row}: not read: {unread.why}.")
    if n_nameless:
        notes.append(f"{table.file}: {n_nameless} rows name no school (totals, perhaps); not read.")
    if again:
        keys = listed(dict.fromkeys(again))
        notes.append(f"{table.file}: some schools stand on several rows: {keys}.")
    return tuple(notes)


def join_pupils(schools: pd.DataFrame, census: Census | None, ledger: Ledger) -> pd.DataFrame:
    """Give every school its pupils."""
    joined = schools.copy()
    figures: dict[int, int] = {}
    rows = {
        int(str(urn)): {str(name): cell for name, cell in row.items()}
        for urn, row in schools.to_dict("index").items()
    }
    for number, row in rows.items():
        name = str(row["name"])
        key = "" if census is None else _key_in(census, number, row)
        figure = pupils_of(str(row.get("pupils", "")))
        if key and census is not None:
            figure = census.pupils[key]
        elif census is not None:
            what = "not in the file of pupils; the register's figure is taken"
            ledger.flags.append(Flag(number, name, what, str(row.get("pupils", "")) or "blank"))
        if isinstance(figure, Problem):
            ledger.flags.append(Flag(number, name, "pupils not known", figure.text))
        else:
            figures[number] = figure
    joined["pupils"] = pd.Series(figures, dtype="Int64").reindex(schools.index)
    for column, values in census.extras.items() if census else ():
        joined[column] = [values.get(_key_in(census, urn, row), "") for urn, row in rows.items()]
    return joined


def _key_in(census: Census | None, urn: int, row: Mapping[str, object]) -> str:
    """Give the key under which a file has a school, empty where it has it not."""
    keys = [str(urn), laestab_of(f"{row.get('la_code', '')}/{row.get('number', '')}")]
    return next((key for key in keys if census is not None and key in census.pupils), "")
