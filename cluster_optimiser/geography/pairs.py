"""Neighbours from a file, in place of borders that are measured: pairs of clusters or schools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.errors import InputError
from cluster_optimiser.geography.divided import is_divided, school_unit
from cluster_optimiser.inputs.checking import FaultList, Problem, did_you_mean, having
from cluster_optimiser.inputs.files import read_csv
from cluster_optimiser.rules import NEIGHBOURS_FILE

if TYPE_CHECKING:
    from collections.abc import Collection

    from cluster_optimiser.domain import Authority
    from cluster_optimiser.scenario import Scenario

COLUMNS = ("from", "to")

Pairs = tuple[tuple[str, str], ...]


def pairs_of(scenario: Scenario, authority: Authority, clusters: Collection[str]) -> Pairs | None:
    """Read a scenario's file of neighbours, each pair once; None where borders are measured.

    A row names two clusters of today; where clusters are divided, schools by their URN.
    """
    name = scenario.named_files.get(NEIGHBOURS_FILE)
    if name is None:
        return None
    path = scenario.home / name
    try:
        content = path.read_bytes()
    except OSError as error:
        remedy = f"Check the path, which is relative to the scenario: {error.strerror}."
        fault = scenario.fault(NEIGHBOURS_FILE, f"{name} cannot be read", remedy)
        raise InputError([fault]) from error
    faults = FaultList()
    table = having(read_csv(content, file=name, faults=faults), COLUMNS, faults)
    if table is None or len(faults):
        raise InputError(list(faults))
    schools = authority.schools
    single = is_divided(scenario, schools)
    whole = sorted({*map(str, clusters)} - set(schools.loc[single, "local_cluster"]))
    whole += sorted(set(schools.loc[~single, "local_cluster"]) - set(whole))
    known = [*whole, *(school_unit(int(urn)) for urn in schools.index[single])]
    found: dict[frozenset[str], tuple[str, str]] = {}
    for row, one, other in table.cells[list(COLUMNS)].itertuples(name=None):
        ends = [f"URN {end}" if end.isdigit() and end not in whole else end for end in (one, other)]
        wrong = [_wrong(end, known, set(schools["local_cluster"])) for end in ends]
        if ends[0] == ends[1] and not any(wrong):
            wrong = [Problem(f'"{one}" stands next to itself', "Remove the row.")]
        for problem in filter(None, wrong):
            faults.add(name, int(row), NEIGHBOURS_FILE, problem)
        found.setdefault(frozenset(ends), (min(ends), max(ends)))
    faults.raise_any()
    return tuple(sorted(found.values()))


def _wrong(end: str, known: list[str], clusters: set[str]) -> Problem | None:
    if not end:
        return Problem("a name is blank", "Name two neighbours.")
    if end in known:
        return None
    if end in clusters:
        return Problem(
            f'"{end}" is divided into schools here', "List its schools by URN instead of it."
        )
    if end.startswith("URN "):
        return Problem(
            f"{end} is no unit of this scenario", "Name its cluster, or correct the URN."
        )
    otherwise = "Name clusters of today, or schools that may be reassigned by their URN."
    return Problem(f'there is no "{end}" here', did_you_mean(end, known, otherwise))
