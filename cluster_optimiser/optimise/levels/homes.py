"""Candidates of both levels with their homes: the areas that no grouping may cross."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.geography.alignment import LAYER_PREFIX, home_and_misaligned
from cluster_optimiser.optimise.candidates import CandidateGroup, candidate_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Problem

Home = tuple[object, ...]
"""Area of each layer that no grouping crosses; or the cluster alone, where none is known."""


@dataclass(frozen=True, slots=True)
class Homed:
    group: CandidateGroup  # the candidate
    home: Home

    def holds(self, cluster: Homed) -> bool:
        """Tell whether a cluster lies inside this grouping."""
        return self.home == cluster.home and not cluster.group.mask & ~self.group.mask


def homed_candidates(problem: Problem, above: Problem) -> tuple[list[Homed], list[Homed]]:
    """Enumerate clusters, and groupings with each home that their clusters may have.

    A grouping is made of clusters, which may reach over a border: so the layers that it may not
    cross are left to the homes of its clusters.
    """
    layers = above.scenario.required_layers
    held = _held(problem, layers)
    lower = [Homed(group, _home(group, held, len(layers))) for group in candidate_groups(problem)]
    of_home: defaultdict[Home, list[int]] = defaultdict(list)
    for cluster in lower:
        of_home[cluster.home].append(cluster.group.mask)
    alignment = {
        layer: "report" if how == "require" else how
        for layer, how in above.scenario.alignment.items()
    }
    free = above.scenario.model_copy(update={"within": (), "alignment": alignment})
    upper = [
        Homed(group, home)
        for group in candidate_groups(replace(above, scenario=free))
        for home, masks in of_home.items()
        if _cover(group.mask, masks)
    ]
    return lower, upper


Held = dict[str, list[tuple[tuple[str | None, ...], int]]]
"""Of each unit's schools the area of each layer, and the pupils."""


def _held(problem: Problem, layers: Sequence[str]) -> Held:
    schools = problem.authority.schools.loc[problem.unit_of.index]
    columns = [
        [None if pd.isna(area) else str(area) for area in schools[LAYER_PREFIX + layer]]
        for layer in layers
    ]
    areas = zip(*columns, strict=True) if layers else [()] * len(schools)
    held: Held = defaultdict(list)
    for unit, of_school, pupils in zip(problem.unit_of, areas, schools["pupils"], strict=True):
        held[str(unit)].append((of_school, int(pupils)))
    return held


def _home(group: CandidateGroup, held: Held, n_layers: int) -> Home:
    rows = [row for unit in group.units for row in held[unit]]
    homes = [
        home_and_misaligned((areas[layer], pupils) for areas, pupils in rows)[0]
        for layer in range(n_layers)
    ]
    # Where no area is known a cluster shares its home with no other.
    return ("alone", group.mask) if None in homes else tuple(homes)


def _cover(mask: int, parts: Sequence[int]) -> bool:
    """Tell whether the parts that lie inside a set leave none of it out."""
    covered = 0
    for part in parts:
        if not part & ~mask:
            covered |= part
    return covered == mask
