"""Rules that no plan can keep whatever the map: `check` refuses them, a run explains them."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import networkx as nx
import pandas as pd

from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.geography.divided import is_divided, school_unit
from cluster_optimiser.geography.units import exempt_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cluster_optimiser.errors import Fault
    from cluster_optimiser.scenario import Scenario

ONE, OTHER = -1, -2
"""What stands for the two of a pair in a graph of pins (numbers) and units (names)."""


def refuse_contradictions(scenario: Scenario, schools: pd.DataFrame) -> None:
    """Refuse pins that contradict each other, and more clusters than there can be."""
    ordinary = schools.drop(exempt_groups(scenario, schools).index)
    today = ordinary["local_cluster"].astype(str)
    single = pd.Series([school_unit(int(urn)) for urn in ordinary.index], index=ordinary.index)
    # Of the clusters of another plan, not known here, only that they are made of schools.
    is_single = is_divided(scenario, ordinary) | (scenario.units_scenario is not None)
    unit_of = single.where(is_single, today)

    def units_of(name: str) -> set[str]:
        return {*unit_of[(today == name) | (single == name)]}

    pupils = [int(p) for p in ordinary["pupils"].groupby(unit_of).sum()]
    faults = [*_pin_faults(scenario, units_of), *_count_faults(scenario, pupils)]
    if faults:
        raise ScenarioError(faults)


def _pin_faults(scenario: Scenario, units_of: Callable[[str], set[str]]) -> Iterator[Fault]:
    pins = scenario.pins
    joined = nx.Graph()
    for k, names in enumerate(pins.together):
        joined.add_edges_from((k, unit) for name in names for unit in units_of(name))
    for one, other in (pair for names in pins.apart for pair in combinations(names, 2)):
        ways = joined.copy()
        ways.add_nodes_from((ONE, OTHER))
        ways.add_edges_from((ONE, unit) for unit in units_of(one))
        ways.add_edges_from((OTHER, unit) for unit in units_of(other))
        if not nx.has_path(ways, ONE, OTHER):
            continue
        steps = nx.shortest_path(ways, ONE, OTHER)[1:-1]
        lists = [", ".join(pins.together[step]) for step in steps if isinstance(step, int)]
        why = f"they are together by {'; '.join(lists)}" if lists else "one is in the other"
        remedy = "Remove the pair from apart" + (", or one of these pins" if lists else "")
        problem = f'"{one}" and "{other}" cannot be apart: {why}'
        yield scenario.fault("pins.apart", problem, f"{remedy}.")


def _count_faults(scenario: Scenario, pupils: list[int]) -> Iterator[Fault]:
    if scenario.method not in {"merge", "redraw"}:
        return
    most, fewest = scenario.size.most(pupils), scenario.numbers_of(len(pupils)).fewest
    if fewest > len(pupils):
        units = "there is 1 unit" if len(pupils) == 1 else f"there are {len(pupils)} units"
        problem = f"{fewest} clusters cannot be made: {units}"
        yield scenario.fault("count.min", problem, f"Lower it to {len(pupils)} or less.")
    elif fewest > most:
        problem = f"{sum(pupils):,} pupils are too few for {fewest} clusters of the least size"
        remedy = f"Lower it to {most} or less, or the fewest pupils of [size]."
        yield scenario.fault("count.min", problem, remedy)
