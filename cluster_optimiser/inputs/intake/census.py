"""Pupils from a school census or performance table, joined to the register."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster_optimiser.inputs.checking import Problem, listed, urn_of
from cluster_optimiser.inputs.intake.rows import RawTable, read_raw
from cluster_optimiser.inputs.register import SUPPRESSED, WORDS, pupils_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cluster_optimiser.inputs.checking import FaultList

COLUMNS: dict[str, tuple[str, ...]] = {name: tuple(n) for name, n in WORDS["census"].items()}
"""Our name of a column -> its names in the school census, performance tables and others."""

EXTRAS = ("sen_support", "ehcp", "fsm_ever6")


@dataclass(frozen=True, slots=True, eq=False)
class Census:
    """Figures by school, its URN or its LAESTAB."""

    file: str  # name of the file
    pupils: Mapping[str, int | Problem]
    extras: Mapping[str, Mapping[str, str]]
    notes: tuple[str, ...] = ()  # what was mended, in words


def laestab_of(text: str) -> str:
    """Give authority and establishment number in one form.

    >>> laestab_of("3824000.0"), laestab_of("382-4000"), laestab_of("x")
    ('382/4000', '382/4000', '')
    """
    found = re.fullmatch(r"(\d{3})[/\- ]?(\d{4})(\.0+)?", text)
    return f"{found[1]}/{found[2]}" if found else ""


def read_census(path: Path, column: str, faults: FaultList) -> Census | None:
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
        own = keys[row]
        n_nameless += not own
        figure = pupils_of(text)
        for i, key in enumerate(own):
            if key not in pupils:
                pupils[key] = figure
                for name, values in extras.items():
                    cell = str(table.cells.loc[row, name])
                    values[key] = "" if cell.lower() in SUPPRESSED else cell
                continue
            # The rows of the sites of one school hold parts of it, or the same figure again: which
            # of the two cannot be told.
            again += [key] if not i else []
            if pupils[key] != figure:
                pupils[key] = Problem("it stands on several rows that differ", "")
    return Census(table.file, pupils, extras, _notes(table, n_nameless, again))


def _keys(table: RawTable) -> dict[int, list[str]] | None:
    """Give URN and LAESTAB of every row, as far as it has them: academies change only the first."""
    cells, blank = table.cells, [""] * len(table.cells)
    urns = [urn_of(text) for text in cells.get("urn", blank)]
    laestabs = [laestab_of(text) for text in cells.get("laestab", blank)]
    both = zip(cells.get("la_code", blank), cells.get("number", blank), strict=True)
    parts = [laestab_of(f"{la}/{number}") for la, number in both]
    if not {"urn", "laestab"} & set(cells) and not {"la_code", "number"} <= set(cells):
        return None
    rows = zip(cells.index, urns, laestabs, parts, strict=True)
    return {
        int(row): [
            *([] if isinstance(urn, Problem) else [str(urn)]),
            *([laestab or part] if laestab or part else []),
        ]
        for row, urn, laestab, part in rows
    }


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
