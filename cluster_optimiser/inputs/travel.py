"""The stated travel estimate, or the file of travel minutes or of roads."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.domain import RoadSpec, TravelSpec
from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.checking import FaultList, Problem, having, headed, reader_of, urn_of
from cluster_optimiser.inputs.files import Folder, Table
from cluster_optimiser.inputs.roads.store import read_about
from cluster_optimiser.inputs.settings import TravelTable, read_settings
from cluster_optimiser.scenario.numbers import MOST_MINUTES

if TYPE_CHECKING:
    from pathlib import Path

    from cluster_optimiser.inputs.register import Register

MATRIX_COLUMNS = ("from_urn", "to_urn", "minutes")

SAME_PLACE_M = 1_000.0
"""Beyond this straight-line distance a trip of 0 minutes is taken for a missing one."""


def read_travel(
    folder: Folder, settings: TravelTable, register: Register | None
) -> TravelSpec | None:
    if settings.method == "matrix":
        return _matrix(folder, settings, register)
    if settings.method == "roads":
        return _roads(folder, settings)
    return settings.estimate


def travel_table(path: Path) -> TravelTable:
    """Read the table ``[travel]`` of an authority alone, sound or not."""
    settings = read_settings(Folder(path.resolve(), FaultList()))
    if settings is None or settings.travel is None:
        return TravelTable(method="roads")
    return settings.travel


def _roads(folder: Folder, settings: TravelTable) -> TravelSpec | None:
    name = settings.file or ""
    path = folder.find(name, subject="travel.file")
    if path is None:
        return None
    sha256 = hashlib.sha256(folder.content(path)).hexdigest()
    try:
        about = read_about(path, label=folder.label(name))
    except InputError as error:
        folder.faults.extend(error.faults)
        return None
    roads = RoadSpec(path, sha256, settings.road_assumptions, about)
    return TravelSpec("roads", roads=roads, note=settings.note)


def _matrix(folder: Folder, settings: TravelTable, register: Register | None) -> TravelSpec | None:
    name = settings.file or ""
    table = having(folder.read(name, subject="travel.file"), MATRIX_COLUMNS, folder.faults)
    if table is None:
        return None
    n_before = len(folder.faults)
    _check_rows(folder, table, register)
    if len(folder.faults) > n_before:
        return None
    source, table = "", headed(table, ["source"])
    if "source" in table.cells:
        source = "; ".join(sorted(set(table.cells["source"]) - {""}))
    credit = f" The minutes were measured on {source}." if source else ""
    path = folder.find(name, subject="travel.file")
    return TravelSpec("matrix", matrix=path, source=source, note=(settings.note + credit).strip())


def _check_rows(folder: Folder, table: Table, register: Register | None) -> None:
    cells = table.cells
    minutes = cells["minutes"]
    trips = pd.DataFrame(
        {
            "origin": _each(cells["from_urn"], urn_of),
            "target": _each(cells["to_urn"], urn_of),
            "minutes": _each(minutes.mask(minutes == "", "0"), reader_of(minutes.unique())),
            "is_blank": minutes == "",
        },
        index=cells.index,
    )
    for column in ("origin", "target", "minutes"):
        for row, value in trips[column].items():
            if isinstance(value, Problem):
                folder.faults.add(table.file, int(str(row)), "", value)
    kinds = {"origin": "int64", "target": "int64", "minutes": "float64"}
    is_faulty = trips[[*kinds]].map(lambda value: isinstance(value, Problem)).any(axis="columns")
    trips = trips[~is_faulty].astype(kinds)
    _check_values(folder, table.file, trips)
    if register is not None:
        _check_schools(folder, table.file, trips, register)


def _each(cells: pd.Series, read: object) -> pd.Series:
    """Read a column once a distinct text: a matrix repeats every URN many times."""
    value_of = {text: read(text) for text in cells.unique()}  # type: ignore[operator]
    return cells.map(value_of).astype(object)


def _check_values(folder: Folder, file: str, trips: pd.DataFrame) -> None:
    is_self = trips["origin"] == trips["target"]
    is_beyond = (trips["minutes"] < 0) | (trips["minutes"] > MOST_MINUTES)
    for row, origin, target, minutes in _rows(trips[is_beyond]):
        what = "is negative" if minutes < 0 else f"is more than {MOST_MINUTES:,.0f}"
        problem = Problem(f"{minutes:g} minutes {what}", "Give 0 or more, or leave it out.")
        folder.faults.add(file, row, f"URN {origin} to {target}", problem)
    for row, origin, _, minutes in _rows(trips[is_self & (trips["minutes"] > 0)]):
        problem = Problem(
            f"{minutes:g} minutes from a school to itself", "Give 0, or leave the row out."
        )
        folder.faults.add(file, row, f"URN {origin}", problem)
    pairs = trips[["origin", "target"]]
    first = (
        pd.Series(trips.index, index=trips.index)
        .groupby([pairs["origin"], pairs["target"]])
        .transform("min")
    )
    for row, origin, target, _ in _rows(trips[pairs.duplicated()]):
        problem = Problem(f"the trip stands on row {first[row]} already", "Keep one of the two.")
        folder.faults.add(file, row, f"URN {origin} to {target}", problem)


def _rows(trips: pd.DataFrame) -> list[tuple[int, int, int, float]]:
    columns = trips[["origin", "target", "minutes"]]
    return [(int(r), int(o), int(t), float(m)) for r, o, t, m in columns.itertuples(name=None)]


def _check_schools(folder: Folder, file: str, trips: pd.DataFrame, register: Register) -> None:
    site_of = pd.Series(register.frame.geometry.to_numpy(), index=register.frame["urn"])
    ends = pd.concat([trips["origin"], trips["target"]])
    strange = ends[~ends.isin(site_of.index)].sort_index(kind="stable")
    for urn, rows in strange.groupby(strange, sort=False):
        problem = Problem(
            f"the register has no school with this URN ({len(rows)} trips)",
            "Remove its rows, or correct the URN.",
        )
        folder.faults.add(file, int(rows.index[0]), f"URN {urn}", problem)
    known = trips[trips["origin"].isin(site_of.index) & trips["target"].isin(site_of.index)]
    zero = known[(known["minutes"] == 0) & ~known["is_blank"]]
    far_m = shapely.distance(
        site_of.loc[zero["origin"]].to_numpy(), site_of.loc[zero["target"]].to_numpy()
    )
    # NaN, where a site could not be read, is not greater.
    for row, origin, target, _ in _rows(zero[np.greater(far_m, SAME_PLACE_M)]):
        problem = Problem(
            "0 minutes between schools over 1 km apart", "Leave a trip that is not known out."
        )
        folder.faults.add(file, row, f"URN {origin} to {target}", problem)
