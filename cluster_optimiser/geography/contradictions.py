"""Rules that no plan can keep whatever the map: `check` refuses them, a run explains them."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import networkx as nx
import pandas as pd

from cluster_optimiser.constants import HOMES, SECONDARY_PHASES
from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.geography.divided import is_divided, school_unit
from cluster_optimiser.geography.units import exempt_groups
from cluster_optimiser.rules import bounding, rule_of

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
    faults = [*_pin_faults(scenario, units_of)]
    if scenario.method in {"merge", "redraw"}:
        faults += [*_count_faults(scenario, pupils), *_quota_faults(scenario, ordinary["phase"])]
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


def _quota_faults(scenario: Scenario, phases: pd.Series) -> Iterator[Fault]:
    all_of = {
        "n_schools": int((phases != HOMES).sum()),
        "n_secondary": int(phases.isin(SECONDARY_PHASES).sum()),
    }
    fewest = scenario.numbers_of(len(phases)).fewest
    for asked in scenario.quotas:
        held = all_of[asked.quota.number]
        if asked.quota.is_least and held < asked.limit * fewest:
            there = f"there {'is' if held == 1 else 'are'} {held or 'none'}"
            wanted = f"{asked.limit * fewest} {asked.quota.noun}{'s' * (asked.limit * fewest > 1)}"
            problem = f"every plan needs {wanted} at least, and {there}"
            remedy = "Lower it, or correct the phases in the register."
            yield scenario.fault(rule_of(asked.rule).keys[0], problem, remedy)


def _count_faults(scenario: Scenario, pupils: list[int]) -> Iterator[Fault]:
    most, fewest = scenario.size.most(pupils), scenario.numbers_of(len(pupils)).fewest
    if fewest > len(pupils):
        units = "there is 1 unit" if len(pupils) == 1 else f"there are {len(pupils)} units"
        problem = f"{fewest} clusters cannot be made: {units}"
        yield scenario.fault("count.min", problem, f"Lower it to {len(pupils)} or less.")
    elif fewest > most:
        least = next(rule.keys[0] for rule, bound in bounding("pupils") if bound.is_least)
        there = "1 pupil is" if sum(pupils) == 1 else f"{sum(pupils):,} pupils are"
        if most:
            problem = f"{there} too few for {fewest} clusters of the least size"
            remedy = f"Lower it to {most} or less, or {least}."
            yield scenario.fault("count.min", problem, remedy)
        else:
            problem = f"{there} too few for one cluster of the least size"
            yield scenario.fault(least, problem, "Lower it, or correct the pupils in the register.")
