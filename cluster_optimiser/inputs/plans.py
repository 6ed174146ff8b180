"""Plan files: which school belongs to which cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.checking import (
    FaultList,
    Problem,
    did_you_mean,
    having,
    name_of,
    read_cells,
    repeated,
    urn_of,
    urn_twice,
)
from cluster_optimiser.inputs.files import Table, read_csv

if TYPE_CHECKING:
    from cluster_optimiser.domain import Authority

PLAN_COLUMNS = ("urn", "cluster")


def load_plan(path: str | Path, authority: Authority) -> pd.Series:
    file = str(path)
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        remedy = f"Check the path: {error.strerror}."
        raise InputError.of(file, "the file cannot be read", remedy) from error
    return read_plan(content, authority, file)


def read_plan(content: bytes, authority: Authority, file: str) -> pd.Series:
    faults = FaultList()
    table = having(read_csv(content, file=file, faults=faults), PLAN_COLUMNS, faults)
    if table is None:
        raise InputError(list(faults))
    plan = _read(table, authority, faults)
    faults.raise_any()
    return plan.reindex(authority.schools.index).rename("cluster")


def _read(table: Table, authority: Authority, faults: FaultList) -> pd.Series:
    cells, file = table.cells, table.file
    urns = read_cells(cells["urn"], urn_of, file=file, subjects={}, faults=faults)
    urns = repeated(urns, urn_twice, file=file, faults=faults)
    known = [str(urn) for urn in authority.schools.index]
    subjects = {row: f"URN {urn}" for row, urn in urns.items()}
    read_cells(cells["cluster"], name_of, file=file, subjects=subjects, faults=faults)
    cluster_of = dict(zip(cells.index.tolist(), cells["cluster"].tolist(), strict=True))
    for row, urn in urns.items():
        if urn not in authority.schools.index:
            remedy = did_you_mean(str(urn), known, "Remove the row, or correct the URN.")
            problem = Problem(f"{authority.name} has no school with this URN", remedy)
            faults.add(file, row, f"URN {urn}", problem)
        if not cluster_of[row]:
            problem = Problem("the cluster is blank", "Give the name of a cluster.")
            faults.add(file, row, f"URN {urn}", problem)
    in_plan = set(urns.values())
    for urn, name in authority.schools["name"].items():
        if urn not in in_plan:
            problem = Problem(f"{name} is missing from the plan", "Add a row for it.")
            faults.add(file, 0, f"URN {urn}", problem)
    names = [cluster_of[row] for row in urns]
    return pd.Series(names, index=pd.Index(list(urns.values()), name="urn"), dtype=object)
