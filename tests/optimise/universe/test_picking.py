"""Plans picked: uniform samples, and the best in order."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.optimise.universe.picking import Numbered, plans_in_order
from tests.graphs import everything, grid_problem

CASES = (
    grid_problem(4, 4, size={"min_pupils": 4000, "max_pupils": 4000}),
    grid_problem(2, 3, size={"max_pupils": 3000}),
    grid_problem(1, 6),
)


@pytest.mark.parametrize("problem", CASES)
def test_samples_are_uniform(problem) -> None:
    """Chi-square: draws of every plan against an equal share, at one in a thousand."""
    plans = everything(problem).plans
    drawn = Counter(plan.groups for plan in Universe.of(problem).sample(100 * len(plans), seed=7))
    assert set(drawn) == set(plans)
    assert chisquare(list(drawn.values())).pvalue > 0.001


def test_a_seed_fixes_the_sample() -> None:
    universe = Universe.of(grid_problem(3, 3))
    assert universe.sample(5, seed=1) == universe.sample(5, seed=1)
    assert universe.sample(5, seed=1) != universe.sample(5, seed=2)


def test_every_number_is_another_plan() -> None:
    problem = grid_problem(2, 3)
    numbered = Numbered(Universe.of(problem).diagram)
    plans = [numbered.plan(i) for i in range(numbered.n_plans)]
    assert sorted(plans) == everything(problem).plans
    assert len(set(plans)) == 74


def test_all_plans_come_in_order_when_many_are_equal() -> None:
    """One term that most plans share: each comes once all the same."""
    universe = Universe.of(grid_problem(3, 3))
    ones = np.ones((1, len(universe.groups)), dtype=np.int64)
    found = list(plans_in_order(universe.diagram, ones))
    assert [cost for cost, _ in found] == sorted(cost for cost, _ in found)
    assert len({plan for _, plan in found}) == universe.n_plans


def test_the_next_best_plan_is_found_among_more_than_can_be_listed() -> None:
    universe = Universe.of(grid_problem(1, 80))
    counts = [plan.costs["count"] for plan in universe.best(81)]
    assert counts == [1] + [2] * 79 + [3]
