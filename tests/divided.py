"""Problems with clusters divided into single schools, and with a matrix of minutes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_optimiser.domain import TravelMinutes
from cluster_optimiser.geography.adjacency import dual_graph, shared_boundaries
from cluster_optimiser.geography.territory import union_of_cells
from cluster_optimiser.geography.units import unit_table
from cluster_optimiser.scoring import score
from cluster_optimiser.verification import verify_plan

if TYPE_CHECKING:
    import pandas as pd

    from cluster_optimiser.domain import Problem, Result


def divided_problem(problem: Problem, is_divided: pd.Series) -> Problem:
    """Make units of the schools of some clusters; the others stay whole.

    Parameters
    ----------
    problem
        A problem whose units are today's clusters.
    is_divided
        Index ``urn``: whether the school is to be a unit by itself.
    """
    schools, territory = problem.authority.schools, problem.territory
    local = schools["local_cluster"].astype(object).copy()
    single = is_divided.index[is_divided].difference(problem.exempt_of.index)
    local.loc[single] = [f"URN {urn}" for urn in single]
    for urn in is_divided.index[is_divided].intersection(problem.exempt_of.index):
        same = single[(schools["local_cluster"].loc[single] == schools["local_cluster"][urn])]
        far_m = schools.geometry.loc[same].distance(schools.geometry[urn])
        local.loc[urn] = f"URN {far_m.idxmin()}"
    shapes = union_of_cells(territory.cells, local, name="unit").geometry
    unit_of = local.drop(problem.exempt_of.index).rename("unit")
    graph, _ = dual_graph(shapes.index, shared_boundaries(shapes), problem.scenario.contiguity)
    units = unit_table(schools, unit_of, shapes, list(problem.authority.layers))
    return replace(
        problem,
        units=units,
        unit_of=unit_of,
        local_unit_of=local.loc[problem.exempt_of.index].rename("local_unit"),
        dual=graph.subgraph(units.index).copy(),
    )


def with_matrix(problem: Problem, *, is_symmetric: bool) -> Problem:
    """Give minutes that no formula tells: roads that wind, some of them cut off."""
    rng = np.random.default_rng(8)
    minutes = problem.travel.minutes * rng.uniform(1, 1.8, problem.travel.minutes.shape)
    if is_symmetric:
        minutes = (minutes + minutes.T) / 2
    else:
        n = len(minutes)
        minutes[rng.integers(n, size=40), rng.integers(n, size=40)] = np.nan
    np.fill_diagonal(minutes, 0.0)
    authority = problem.authority
    spec = replace(authority.travel, method="matrix", bands=(), note="A made matrix.")
    travel = TravelMinutes(problem.travel.urns, np.round(minutes, 2), "A made matrix.")
    return replace(problem, authority=replace(authority, travel=spec), travel=travel)


def rescored(result: Result, problem: Problem, label: str) -> Result:
    """Give a result's plan as one of another problem."""
    plan = replace(result.plan, label=label)
    changed: dict[str, Any] = {
        "problem": replace(problem, scenario=problem.scenario.model_copy(update={"option": label})),
        "plan": plan,
        "score": score(problem, plan.assignment, label),
        "violations": tuple(verify_plan(problem, plan.assignment).violations),
    }
    return replace(result, **changed)
