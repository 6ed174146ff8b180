"""Postcodes and names of places, so that people can look up what lies near them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.inputs.checking import (
    Problem,
    did_you_mean,
    headed,
    listed,
    read_cells,
    repeated,
)
from cluster_optimiser.inputs.coordinates import COORDINATES, has_coordinates, metres_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_optimiser.inputs.files import Folder, Table
    from cluster_optimiser.inputs.settings import SpotsTable

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})$")
_WRITTEN = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}").fullmatch


def postcode_of(text: str) -> str | Problem:
    if _WRITTEN(text):
        return text
    found = _POSTCODE.match("".join(text.split()).upper())
    if found is None:
        return Problem(f'"{text}" is no postcode', 'Write it as in "NR1 2DH", or remove the row.')
    return f"{found[1]} {found[2]}"


def read_postcodes(folder: Folder, settings: SpotsTable) -> pd.DataFrame | None:
    return _read(folder, settings, key="postcodes", column="postcode", read=postcode_of)


def read_places(folder: Folder, settings: SpotsTable) -> pd.DataFrame | None:
    nameless = Problem("the place has no name", "Give it, or remove the row.")
    return _read(folder, settings, key="places", column="name", read=lambda text: text or nameless)


def _read(
    folder: Folder,
    settings: SpotsTable,
    *,
    key: str,
    column: str,
    read: Callable[[str], str | Problem],
) -> pd.DataFrame | None:
    faults = folder.faults
    n_before = len(faults)
    table = folder.read(settings.file, subject=f"{key}.file")
    if table is None:
        return None
    table = _renamed(folder, table, settings, key=key, column=column)
    hint = f'{column} = "{{like}}" under [{key}.columns]'
    is_named = column in settings.columns or table.has(column, faults, how_to_map=hint)
    if not has_coordinates(table) and len(faults) == n_before:
        text = "there are no coordinates: no lat and lon, no easting and northing"
        remedy = f"Add them, or name their columns under [{key}.columns]."
        faults.add(table.file, table.header_row, "coordinates", Problem(text, remedy))
    if not is_named or len(faults) > n_before:
        return None
    names = read_cells(table.cells[column], read, file=table.file, subjects={}, faults=faults)
    if key == "postcodes":
        names = repeated(names, _twice, file=table.file, faults=faults)
    east, north = metres_of(table, subjects=names, faults=faults)
    if len(faults) > n_before:
        return None
    found = pd.DataFrame({column: pd.Series(names), "x": east, "y": north})
    if "population" in table.cells:
        # Rough figures: only which places are large is read from them.
        people = pd.to_numeric(table.cells["population"], errors="coerce")
        found["population"] = people.fillna(0).clip(0, 10**9).astype("int64")
    return found.sort_values([column, "x", "y"], ignore_index=True)


def _twice(postcode: str) -> tuple[str, Problem]:
    text = f"{postcode} stands on row {{first}} already"
    return postcode, Problem(text, "Keep one of the two rows, or correct the postcode.")


def _renamed(folder: Folder, table: Table, settings: SpotsTable, *, key: str, column: str) -> Table:
    """Give columns our names; what is named but is not there is a fault."""
    ours_known = [column, *COORDINATES]
    table = headed(table, [name for name in ours_known if name not in settings.columns])
    theirs, source_of = [str(name) for name in table.cells.columns], {}
    for ours, name in settings.columns.items():
        subject = f"{key}.columns.{ours}"
        if ours not in ours_known:
            remedy = did_you_mean(ours, ours_known, f"Use one of {listed(ours_known)}.")
            folder.misstated(subject, f'"{ours}" is no column that is read', remedy)
        elif name not in theirs:
            remedy = did_you_mean(name, theirs, "Correct the name, or remove the line.")
            folder.misstated(subject, f'{table.file} has no column "{name}"', remedy)
        else:
            source_of[name] = ours
    kept = table.cells.drop(
        columns=[n for n in source_of.values() if n in theirs and n not in source_of]
    )
    return replace(table, cells=kept.rename(columns=source_of))
