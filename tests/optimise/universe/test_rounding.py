"""Rounded costs: their bounds hold the truth, whatever the width and however many the plans."""

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.optimise import candidate_groups
from cluster_optimiser.optimise.universe.diagram import counts_to_go
from cluster_optimiser.optimise.universe.rounding import spread_of, width_of
from cluster_optimiser.optimise.universe.states import build_diagram
from tests.effort import examples
from tests.graphs import everything, graph_problem, grid_problem, random_problem


@given(seed=st.integers(0, 2**32 - 1), width=st.integers(1, 60))
@settings(max_examples=examples(60))
def test_bounds_hold_every_value_and_every_count(seed: int, width: int) -> None:
    problem = random_problem(seed, most_units=9)
    listed = everything(problem)
    if not listed.plans:
        return
    diagram = build_diagram(problem, listed.groups, max_states=10**6)
    costs = np.random.default_rng(seed).integers(0, 200, len(listed.groups))
    totals = sorted(int(costs[list(plan)].sum()) for plan in listed.plans)
    spread = spread_of(diagram, costs, width=width, n_plans=len(totals))
    assert spread.upto[-1] == len(totals)
    for rank, total in enumerate(totals, start=1):
        least, most = spread.value_at(rank)
        assert least <= total <= most
        # Half a width for each group is lost at the most.
        assert most - least <= width * len(diagram.order)
        fewest, greatest = spread.n_below(total)
        assert fewest <= sum(t < total for t in totals) <= greatest
    assert spread.n_below(totals[0] - 1000) == (0, 0)
    assert spread.n_below(totals[-1] + 60 * 1000) == (len(totals), len(totals))


def test_costs_that_are_multiples_of_the_width_lose_nothing() -> None:
    """2 x 2 in one to four connected parts: 1, 6, 4 and 1 plans."""
    problem = grid_problem(2, 2)
    groups = everything(problem).groups
    diagram = build_diagram(problem, groups, max_states=10**6)
    costs = np.full(len(groups), 70)
    assert width_of(diagram, costs, 10**6)[0] == 70
    spread = spread_of(diagram, costs, width=70, n_plans=12)
    assert spread.is_exact
    assert spread.upto.tolist() == [1, 7, 11, 12]
    assert [spread.value_at(rank) for rank in (1, 2, 12)] == [(70, 70), (140, 140), (280, 280)]


def test_a_width_keeps_to_what_may_be_kept() -> None:
    problem = grid_problem(3, 3)
    groups = everything(problem).groups
    diagram = build_diagram(problem, groups, max_states=10**6)
    costs = np.random.default_rng(3).integers(0, 10_000, len(groups))
    widths = [width_of(diagram, costs, most)[0] for most in (10**7, 10_000, 1000, 10, 0)]
    assert widths[0] == 1
    assert widths == sorted(widths)
    assert len(set(widths)) > 3


@pytest.mark.parametrize("n", [62, 63, 94, 95, 99])
def test_more_plans_than_64_bits_hold_are_counted_one_by_one(n: int) -> None:
    """A row of n + 1 units parts in 2 to the n ways; k clusters in n over k - 1 of them."""
    size = {"min_pupils": 1000, "max_pupils": 100_000}
    problem = graph_problem(nx.path_graph(n + 1), [1000] * (n + 1), size=size)
    diagram = build_diagram(problem, candidate_groups(problem), max_states=10**6)
    n_plans = int(counts_to_go(diagram)[0])
    assert n_plans == 2**n
    spread = spread_of(diagram, np.ones(diagram.n_groups, np.int64), width=1, n_plans=n_plans)
    assert np.diff(spread.upto, prepend=0).tolist() == [math.comb(n, k) for k in range(n + 1)]
