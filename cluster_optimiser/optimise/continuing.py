r"""Pupils who change, where units divide today's clusters: no sum over groups.

Only one new cluster carries on one of today's. Of a group C that holds h(C, t) pupils of today's
cluster t, and f(C) at the most of one that no unit divides, p(C) - f(C) change, less the gain
h(C, t) - f(C) where C carries on t: Boolean s_Ct for every such gain above 0, with

    s_Ct <= x_C,    sum over t of s_Ct <= 1,    sum over C of s_Ct <= 1 for every t.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.optimise.candidates import CandidateGroup, bit_positions
from cluster_optimiser.optimise.costs import exact_factors
from cluster_optimiser.optimise.exactly import Sum
from cluster_optimiser.terms import WEIGHTED, needing, term_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from ortools.sat.python import cp_model

    from cluster_optimiser.domain import Problem
    from cluster_optimiser.scenario import Objective, Scenario

(TERM,) = needing("today")

NAMED = 5
"""A message names so many clusters."""


@dataclass(frozen=True, slots=True)
class Continuing:
    """What groups and today's clusters have in common."""

    free: tuple[int, ...]  # pupils of each group who change at the most
    gains: tuple[tuple[int, str, int], ...]  # group, divided cluster of today, and who stay more


def _today(problem: Problem) -> pd.Series:
    today: pd.Series = problem.authority.schools["local_cluster"].loc[problem.unit_of.index]
    return today.astype(str)


def divided_today(problem: Problem) -> frozenset[str]:
    """Give today's clusters whose schools lie in several units."""
    n_units = problem.unit_of.groupby(_today(problem).to_numpy()).nunique()
    return frozenset(str(name) for name in n_units.index[n_units > 1])


def _asks(scenario: Scenario) -> bool:
    return scenario.asks(TERM)


def refuse_divided(problem: Problem) -> None:
    """Refuse pupils who change where what is asked needs a sum, and units divide clusters."""
    divided = sorted(divided_today(problem))
    if _asks(problem.scenario) and divided:
        text = (
            f"{TERM} cannot be added up over clusters: the units divide "
            f"{', '.join(divided[:NAMED])}, and only one cluster may carry on one of today's"
        )
        remedy = "Leave the term out: the metric is told all the same, and run can minimise it."
        raise ScenarioError([problem.scenario.fault("objective", text, remedy)])


def continuing_of(problem: Problem, groups: Sequence[CandidateGroup]) -> Continuing | None:
    """Work it out where it is asked for; None where pupils who change are a sum."""
    divided = divided_today(problem)
    if not divided or not _asks(problem.scenario):
        return None
    position = problem.unit_at
    pupils = problem.authority.schools["pupils"].loc[problem.unit_of.index]
    held: list[dict[str, int]] = [{} for _ in position]
    keys = [problem.unit_of.astype(str).to_numpy(), _today(problem).to_numpy()]
    for (unit, name), total in pupils.groupby(keys).sum().items():
        held[position[unit]][name] = int(total)
    free: list[int] = []
    gains: list[tuple[int, str, int]] = []
    for number, group in enumerate(groups):
        of_name: dict[str, int] = defaultdict(int)
        for i in bit_positions(group.mask):
            for name, total in held[i].items():
                of_name[name] += total
        most = max((n for name, n in of_name.items() if name not in divided), default=0)
        free.append(group.pupils - most)
        gains += [
            (number, name, n - most)
            for name, n in sorted(of_name.items())
            if name in divided and n > most
        ]
    return Continuing(tuple(free), tuple(gains))


def carry_on_once(
    model: cp_model.CpModel, x: Sequence[cp_model.IntVar], continuing: Continuing
) -> Sum:
    """Add the Booleans s_Ct and their rows; give the pupils who change."""
    chosen: list[cp_model.IntVar] = []
    of_group: defaultdict[int, list[cp_model.IntVar]] = defaultdict(list)
    of_name: defaultdict[str, list[cp_model.IntVar]] = defaultdict(list)
    for number, name, _ in continuing.gains:
        carries_on = model.new_bool_var(f"{number} carries on {name}")
        model.add_implication(carries_on, x[number])
        of_group[number].append(carries_on)
        of_name[name].append(carries_on)
        chosen.append(carries_on)
    for some in (*of_group.values(), *of_name.values()):
        model.add_at_most_one(some)
    coefficients = [*continuing.free, *(-gain for _, _, gain in continuing.gains)]
    return Sum([*x, *chosen], coefficients)


def with_continuing(
    values: dict[str, Sum], changed: Sum, groups: Sequence[CandidateGroup], objective: Objective
) -> dict[str, Sum]:
    """Put pupils who change, as they are, in place of what each group would have by itself."""
    if TERM in values:
        return {**values, TERM: changed}
    if TERM not in objective.weights:
        return values
    factor = exact_factors(objective.weights, term_scale)[0][TERM]
    own = values[WEIGHTED]
    n = len(groups)
    alone = np.array([group.costs[TERM] for group in groups], dtype=object)
    true = np.array(changed.coefficients, dtype=object)
    first = np.array(own.coefficients, dtype=object) + factor * (true[:n] - alone)
    weighted = Sum(changed.variables, [*first.tolist(), *(factor * true[n:]).tolist()])
    return {**values, WEIGHTED: weighted}
