"""The council's own clusters: each school's, or the school that each one feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import pandas as pd

from cluster_optimiser.constants import SECONDARY_PHASES
from cluster_optimiser.inputs.checking import Problem, listed, name_of, read_cells, urn_of
from cluster_optimiser.inputs.intake.pupils import laestab_of
from cluster_optimiser.inputs.intake.rows import RawTable, read_raw
from cluster_optimiser.inputs.matching import SchoolNames

if TYPE_CHECKING:
    from pathlib import Path

    from cluster_optimiser.inputs.checking import FaultList
    from cluster_optimiser.inputs.intake.ledger import Ledger

SCHOOL = {
    "urn": ("URN", "School URN", "school_urn"),
    "laestab": ("LAESTAB", "LA ESTAB", "DfE number", "school_laestab"),
    "name": ("School", "Name", "School name", "EstablishmentName", "Establishment", "Primary"),
}
CLUSTERS = SCHOOL | {
    "cluster": ("Cluster", "Existing cluster", "Cluster name", "School cluster", "Pyramid", "Group")
}
FEEDERS = SCHOOL | {
    "feeds": (
        "Feeds",
        "Feeds into",
        "Secondary",
        "Secondary school",
        "High school",
        "Destination",
        "Destination school",
        "Receiving school",
    )
}
"""Our name of a column -> what councils call it; the schools by number or by name."""


def given_clusters(
    clusters: Path | None,
    feeders: Path | None,
    schools: pd.DataFrame,
    ledger: Ledger,
    faults: FaultList,
) -> pd.Series | None:
    """Give the cluster of each school that the council's file names, blank for others."""
    if clusters is not None and feeders is not None:
        remedy = "Give one of them: a feeder list makes clusters of its own."
        problem = Problem("--clusters FILE and --feeders FILE are both given", remedy)
        faults.add("the command", 0, "--feeders", problem)
        return None
    path = clusters or feeders
    if path is None:
        return None
    wanted, column = (CLUSTERS, "cluster") if clusters else (FEEDERS, "feeds")
    table = read_raw(path, wanted, needs=(column,), faults=faults)
    if table is None:
        return None
    if not set(SCHOOL) & set(table.cells):
        text = "no column names the schools: no URN, no LAESTAB, no school's name"
        faults.add(table.file, 1, "", Problem(text, "Add the URN of each school."))
        return None
    numbered = {"la_code", "number"} <= set(schools)
    laestabs = schools["la_code"] + schools["number"] if numbered else ""
    names = SchoolNames(schools.assign(laestab=laestabs))
    said = {row: _school(table, row, names, ledger, faults) for row in table.cells.index}
    ledger.notes += [f"{table.file}: {note}" for note in table.notes]
    for row, unread in table.unreadable.items():
        faults.add(table.file, row, "", Problem(f"not read: {unread.why}", "Correct the row."))
    if clusters:
        own = table.cells["cluster"]
        read_cells(own, name_of, file=table.file, subjects={}, faults=faults)
        blank = own.index[own == ""]
        if 2 * len(blank) > len(own):
            text = f"{len(blank)} of {len(own)} rows name no cluster: were cells merged?"
            remedy = "Write the cluster on each row, or leave out schools that have none."
            faults.add(table.file, int(blank[0]), "cluster", Problem(text, remedy))
        stated = {row: own[row] for row, urn in said.items() if urn is not None and own[row]}
    else:
        stated = _fed(table, said, schools, names, faults)
    return _one_each(table, said, stated, schools, faults)


def _school(
    table: RawTable, row: int, names: SchoolNames, ledger: Ledger, faults: FaultList
) -> int | None:
    """Find the school of a row: by its URN or LAESTAB, else its name; None where it is none."""
    cells = table.cells.loc[row]
    urn = urn_of(str(cells.get("urn", "")))
    if not isinstance(urn, Problem) and urn in names.urns:
        match = names.find(str(cells.get("name", "")))
        if match.sureness == "sure" and match.urns != (urn,):
            problem = f'"{cells["name"]}" is URN {match.urns[0]}, not {urn}'
            faults.add(table.file, row, "urn", Problem(problem, "Correct the one that is wrong."))
        return urn
    laestab = laestab_of(str(cells.get("laestab", ""))).replace("/", "")
    if laestab and len(names.by_number.get(laestab, ())) == 1:
        return names.by_number[laestab][0]
    left_out = {dropped.urn: dropped for dropped in ledger.dropped}
    if not isinstance(urn, Problem) and str(urn) in left_out:
        reason = left_out[str(urn)].reason
        ledger.notes.append(f"{table.file}, row {row}: URN {urn} is not taken: {reason}.")
        return None
    name = str(cells.get("name", ""))
    if name:
        return _named(table.file, row, "name", name, names, faults)
    text = str(cells.get("urn", "")) or str(cells.get("laestab", ""))
    problem = f'the authority has no school "{text}"' if text else "the row names no school"
    faults.add(table.file, row, "urn", Problem(problem, "Correct the number, or take it out."))
    return None


def _named(
    file: str, row: int, column: str, name: str, names: SchoolNames, faults: FaultList
) -> int | None:
    """Find a school by what a person wrote; only one that is sure is taken."""
    match = names.find(name)
    if match.sureness == "sure":
        return match.urns[0]
    meant = [f"{' '.join(names.words[urn])} (URN {urn})" for urn in match.urns[:3]]
    remedy = f"Is it {listed(meant)}? Write its URN." if meant else "Write its URN, or take it out."
    faults.add(file, row, column, Problem(f'"{name}": {match.how}', remedy))
    return None


def _fed(
    table: RawTable,
    said: dict[int, int | None],
    schools: pd.DataFrame,
    names: SchoolNames,
    faults: FaultList,
) -> dict[int, str]:
    """Follow each school to the last one on its way, whose name its cluster has."""
    way, n_before = nx.DiGraph(), len(faults)
    for row, urn in said.items():
        text = str(table.cells.loc[row, "feeds"])
        target = _named(table.file, row, "feeds", text, names, faults) if text else urn
        if urn is not None and target is not None and urn != target:
            if urn in way and way.out_degree(urn) and target not in way[urn]:
                problem = Problem(f"URN {urn} feeds several schools", "Leave the one that counts.")
                faults.add(table.file, row, "feeds", problem)
                continue
            way.add_edge(urn, target)
    if not nx.is_directed_acyclic_graph(way):
        circle = [urn for urn, _ in nx.find_cycle(way)]
        text = f"schools feed one another in a circle: URN {listed(map(str, circle))}"
        faults.add(table.file, 0, "feeds", Problem(text, "Leave out one of the rows."))
        return {}
    if len(faults) > n_before:
        return {}
    last = {urn: _last(way, urn) for urn in said.values() if urn is not None}
    is_high = schools["phase"].isin(SECONDARY_PHASES)
    for row, urn in said.items():
        if urn is not None and is_high.any() and not is_high[last[urn]]:
            first, end = (str(schools.loc[one, "name"]) for one in (urn, last[urn]))
            text = f'the way of "{first}" ends at "{end}", which is no secondary school'
            remedy = f'Say on a row which school "{end}" feeds, or leave this row out.'
            faults.add(table.file, row, "feeds", Problem(text, remedy))
    return {
        row: str(schools.loc[last[urn], "name"]) for row, urn in said.items() if urn is not None
    }


def _last(way: nx.DiGraph, urn: int) -> int:
    while urn in way and way.out_degree(urn):
        urn = next(iter(way[urn]))
    return urn


def _one_each(
    table: RawTable,
    said: dict[int, int | None],
    stated: dict[int, str],
    schools: pd.DataFrame,
    faults: FaultList,
) -> pd.Series:
    """Give one cluster to each school; two that differ are a fault."""
    found = pd.Series("", index=schools.index, dtype=object)
    for row, cluster in stated.items():
        urn = said[row]
        if urn is None:
            continue
        if found[urn] not in {"", cluster}:
            text = f'URN {urn} is in "{found[urn]}" on an earlier row, in "{cluster}" here'
            faults.add(table.file, row, "", Problem(text, "Leave the row that is right."))
        found[urn] = found[urn] or cluster
    return found
