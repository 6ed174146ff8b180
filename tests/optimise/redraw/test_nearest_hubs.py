"""A first search among the nearest hubs is one: what is proved covers all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cluster_optimiser.domain import TravelMinutes
from cluster_optimiser.optimise.redraw.search import FEW
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.verification import verify
from tests.toy import ToySchool, toy_problem
from tests.verification.test_claims import result

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem

# With one hub each every secondary school is a hub, and every primary goes to the nearest.
SCHOOLS = {
    "A": [ToySchool("secondary", 300), ToySchool("primary", 100)],
    "B": [ToySchool("primary", 150), ToySchool("secondary", 250)],
    "C": [ToySchool("primary", 50), ToySchool("secondary", 200)],
}


def row(term: str, nearest_hubs: int | None) -> Problem:
    return toy_problem(
        "AABBCC",
        schools=SCHOOLS,
        method="redraw",
        units="schools",
        size={"min_pupils": 200, "max_pupils": 700, "target_pupils": 525},
        objective={"order": [term]},
        redraw={} if nearest_hubs is None else {"nearest_hubs": nearest_hubs},
    )


def solved(term: str, nearest_hubs: int | None, few: int = FEW) -> dict[str, Any]:
    problem = row(term, nearest_hubs)
    plan = solve_redraw(problem, few=few)
    verify(result(problem, plan))
    (stage,) = plan.solution.stages
    return {
        "status": plan.solution.status,
        "value": stage.objective,
        "bound": stage.bound,
        "stage": stage.status,
        "tried": plan.solution.proof.record().get("nearest_hubs_tried_first"),
        "is_near": plan.solution.proof.record().get("best_has_nearest_hubs"),
    }


@pytest.mark.parametrize("term", ["count", "deviation"])
@pytest.mark.parametrize("few", [0, 125])
def test_a_plan_that_more_hubs_beat_is_only_where_the_search_begins(term: str, few: int) -> None:
    every, near = solved(term, None, few), solved(term, 1, few)
    assert near["value"] == every["value"] == near["bound"]
    assert near["status"] == near["stage"] == "OPTIMAL"
    assert near["tried"] == 1
    assert near["is_near"] is False


def test_a_plan_that_more_hubs_would_not_beat_is_said_to_be_one() -> None:
    every, near = solved("pupil_minutes", None), solved("pupil_minutes", 1)
    assert near["value"] == every["value"] == near["bound"]
    assert near["status"] == "OPTIMAL"
    assert near["is_near"] is True


def test_a_plan_that_meets_at_no_near_hub_may_have_the_shortest_longest_way() -> None:
    """What is even goes by no hub, and is where the search for the longest way begins."""
    pupils = dict(zip("ABCDEF", (200, 0, 100, 200, 200, 100), strict=True))
    minutes = [
        [0.0, 4, 9, 3, 5, 3],
        [2.0, 0, 5, 9, 3, 5],
        [2.0, 2, 0, 6, 8, 9],
        [2.0, 6, 7, 0, 6, 4],
        [9.0, 8, 8, 9, 0, 5],
        [1.0, 9, 1, 2, 7, 0],
    ]
    found = []
    for first in ({}, {"nearest_hubs": 2}):
        problem = toy_problem(
            "ABC DEF",
            schools={unit: [ToySchool("primary", n)] for unit, n in pupils.items()},
            method="redraw",
            units="schools",
            size={"max_pupils": 484, "target_pupils": 200},
            secondary={"min": 0},
            objective={"order": ["deviation", "longest_minutes"]},
            redraw={"hubs": "any", **first},
        )
        travel = TravelMinutes(problem.travel.urns, np.array(minutes), "made")
        plan = solve_redraw(replace(problem, travel=travel))
        assert plan.solution.status == "OPTIMAL"
        found.append([stage.objective for stage in plan.solution.stages])
    assert found[0] == found[1]


def test_without_a_first_search_nothing_is_said_of_one() -> None:
    every = solved("count", None)
    assert (every["tried"], every["is_near"]) == (None, None)
    assert solved("count", 3)["value"] == every["value"]
