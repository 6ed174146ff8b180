"""A merge whose clusters may meet at some schools only: found, judged, ranked, explained."""

import dataclasses

import networkx as nx
import numpy as np
import pytest

from cluster_optimiser.domain import Problem
from cluster_optimiser.errors import InfeasibleError
from cluster_optimiser.optimise import solve_merge
from cluster_optimiser.optimise.explain.explanation import explain
from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.verification import verify_plan
from tests.graphs import FIRST_URN, graph_problem

LARGE, SMALL = FIRST_URN, FIRST_URN + 1
"""The two schools of the first unit; that of the most pupils is a secondary school."""


def chain(hubs: object) -> Problem:
    """Give four units in a row: the small schools are a little nearer to everyone."""
    n = 8
    minutes = np.array([[0.0 if i == j else 9.0 + j % 3 for j in range(n)] for i in range(n)])
    return graph_problem(
        nx.path_graph(4),
        [1_000] * 4,
        minutes=minutes,
        method="merge",
        size={"min_pupils": 2_000, "max_pupils": 4_000},
        objective={"order": ["count", "pupil_minutes"]},
        redraw={"hubs": hubs},
    )


@pytest.mark.parametrize("hubs", ["any", "secondary", [SMALL], [LARGE, SMALL]])
def test_what_is_proved_best_is_what_the_checker_and_the_rank_say(hubs: object) -> None:
    problem = chain(hubs)
    plan = solve_merge(problem)
    truth = verify_plan(problem, plan.assignment)
    stage = next(s for s in plan.solution.stages if s.term == "pupil_minutes")
    # Units of a graph are not drawn, so that the checker sees none touch.
    assert {violation.rule for violation in truth.violations} <= {"contiguity"}
    assert truth.objective["pupil_minutes"] == stage.objective
    assert Universe.of(problem).rank(plan)["value"]["pupil_minutes"] == stage.objective * 100


def test_hubs_that_are_dearer_cost_what_they_cost() -> None:
    of_hubs = [
        next(s.objective for s in solve_merge(chain(hubs)).solution.stages if "minutes" in s.term)
        for hubs in ("any", [SMALL])
    ]
    assert of_hubs[0] < of_hubs[1]


def test_without_a_hub_for_each_cluster_the_hubs_are_what_is_to_be_given_up() -> None:
    problem = chain([LARGE])
    three = problem.scenario.count.model_copy(update={"min": 2})
    problem = dataclasses.replace(
        problem, scenario=problem.scenario.model_copy(update={"count": three})
    )
    with pytest.raises(InfeasibleError):
        solve_merge(problem)
    told = explain(problem)
    assert "redraw.hubs" in {relaxation.direction for relaxation in told.relaxations}
    assert all(r.is_minimal and r.is_feasible for r in told.relaxations)
