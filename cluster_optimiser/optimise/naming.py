"""From units back to schools: names for the clusters of a plan, and every school's cluster."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.geography.alignment import binding_homes
from cluster_optimiser.geography.territory import in_full
from cluster_optimiser.inputs.checking import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cluster_optimiser.domain import Problem

MOST_NAMES = 3
"""Up to so many of today's clusters are all named; of more, the two largest."""


def cluster_names(problem: Problem, clusters: Sequence[Sequence[str]]) -> list[str]:
    """Name each cluster, unique within the plan.

    A cluster that is all there is of an area which no cluster may cross bears the area's name;
    any other the names of today's clusters in it, largest first.
    """
    schools = problem.authority.schools.loc[problem.unit_of.index]
    held = schools["pupils"].groupby([problem.unit_of, schools["local_cluster"]]).sum()
    held_by: dict[str, list[tuple[str, int]]] = {}
    for (unit, name), pupils in held.items():
        held_by.setdefault(unit, []).append((name, int(pupils)))
    names = []
    for units in clusters:
        # Units of a nested plan bear long names themselves: name what they are made of.
        today: dict[str, int] = {}
        for name, pupils in (one for unit in units for one in held_by[unit]):
            today[name] = today.get(name, 0) + pupils
        by_size = sorted(today, key=lambda name: (-today[name], name))
        is_long = len(by_size) > MOST_NAMES
        area = _whole_area(problem, units) if is_long else None
        names.append(area or (listed(by_size, 2) if is_long else in_full(by_size)))
    return numbered(names)


def numbered(names: Iterable[str]) -> list[str]:
    """Give names, those that came before with a number."""
    taken: Counter[str] = Counter()
    unique = []
    for name in names:
        taken[name] += 1
        unique.append(name if taken[name] == 1 else f"{name} ({taken[name]})")
    return unique


def _whole_area(problem: Problem, units: Sequence[str]) -> str | None:
    for homes in binding_homes(problem).values():
        home = pd.Series(homes, index=problem.units.index, dtype=object)
        area = home[units[0]]
        if area is not None and set(home.index[home == area]) == set(units):
            return str(area)
    return None


def assign_schools(problem: Problem, cluster_of: dict[str, str]) -> pd.Series:
    """Give every school its cluster: its unit's, or its exempt group's."""
    ordinary = problem.unit_of.map(cluster_of)
    whole: pd.Series = pd.concat([ordinary, problem.exempt_of]).astype("object").rename("cluster")
    return whole.reindex(problem.authority.schools.index)
