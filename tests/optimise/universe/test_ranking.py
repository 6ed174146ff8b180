"""Ranks: the same from every cut, and when lists are short, columns many or costs too many."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.optimise.universe import ranking
from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.optimise.universe.ranking import (
    Halves,
    chosen_cut,
    columns_of,
    distribution,
)
from cluster_optimiser.optimise.universe.states import build_diagram
from tests.effort import examples
from tests.graphs import everything, grid_problem, random_problem


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=examples(40))
def test_ranks_are_the_same_from_every_cut(seed: int) -> None:
    problem = random_problem(seed, most_units=8)
    listed = everything(problem)
    if not listed.plans:
        return
    diagram = build_diagram(problem, listed.groups, max_states=10**6)
    numbers = np.random.default_rng(seed)
    # Terms too wide for one column, so that two are compared one after the other.
    costs = numbers.integers(0, [[3], [2**40], [2**40]], (3, len(listed.groups)))
    totals = [tuple(costs[:, list(p)].sum(axis=1).tolist()) for p in listed.plans]
    ends = np.array(totals)
    columns = columns_of(costs, ends.min(axis=0).tolist(), ends.max(axis=0).tolist())
    own = totals[seed % len(totals)]
    for cut in range(len(diagram.layers) - 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ranking, "_AT_ONCE", seed % 5 * 10)
            halves = Halves(diagram, columns, cut)
            assert len(columns) > 1 or len(totals) == 1
            cost = halves.cost_of(listed.plans[seed % len(totals)])
            assert halves.count(cost) == sum(t <= own for t in totals)
            assert halves.count(cost, is_equal_counted=False) == sum(t < own for t in totals)
            patch.setattr(ranking, "_LISTED_A_SEARCH", seed % 4 / 10)
            # Cells for all costs or for none, and guesses from a sample that is all but worthless.
            patch.setattr(ranking, "_CELLS_AN_ENTRY", 10**4 * (seed % 2))
            patch.setattr(ranking, "_DRAWN_A_SEARCH", seed % 3 / 10)
            for row in (costs[1:2], costs[1:2] % 50 * 7):
                one = Halves(diagram, row, cut)
                values = sorted(int(row[0, list(plan)].sum()) for plan in listed.plans)
                assert [one.value_at(i + 1) for i in range(len(values))] == values


def test_plans_equal_in_the_first_column_are_told_apart_by_the_second() -> None:
    problem = grid_problem(2, 3)
    listed = everything(problem)
    diagram = build_diagram(problem, listed.groups, max_states=10**6)
    row = np.random.default_rng(1).integers(0, 99, len(listed.groups))
    halves = Halves(diagram, np.array([np.zeros_like(row), row]), 2)
    totals = sorted(int(row[list(plan)].sum()) for plan in listed.plans)
    middle = totals[len(totals) // 2]
    assert halves.count([0, middle]) == sum(total <= middle for total in totals)


def test_costs_are_foreseen_by_their_steps() -> None:
    problem = grid_problem(2, 3)
    diagram = build_diagram(problem, everything(problem).groups, max_states=10**6)
    row = np.random.default_rng(1).integers(0, 3, (1, len(everything(problem).groups)))
    needed = chosen_cut(diagram, row)
    assert chosen_cut(diagram, 1000 * row) == needed
    assert needed[1] < chosen_cut(diagram, np.vstack([row, row]))[1]


def test_terms_share_a_column_while_they_fit() -> None:
    costs = np.array([[1, 2], [3, 4], [5, 6]])
    assert columns_of(costs, [0, 0, 0], [9, 9, 9]).tolist() == [[135, 246]]
    # What all plans share does not count.
    assert columns_of(costs, [0, 1, 2], [9, 5, 5]).tolist() == [[37, 62]]
    assert columns_of(costs, [0, 0, 0], [9, 2**61, 9]).tolist() == [[1, 2], [3, 4], [5, 6]]


def test_a_third_term_has_a_column_of_its_own_where_two_fill_one() -> None:
    costs = np.array([[1, 0], [0, 1], [1, 1]])
    assert len(columns_of(costs, [0, 0, 0], [2**30 - 1] * 3)) == 2
    assert len(columns_of(costs, [0, 0, 0], [2**20 - 1] * 3)) == 1
    # What two have in common with all plans counts where it makes them too large for a third.
    assert len(columns_of(costs, [0, 2**60 - 1, 0], [1, 2**60, 7])) == 2


def test_few_costs_are_counted_and_few_pairs_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    universe = Universe.of(grid_problem(3, 4))
    row = np.random.default_rng(1).integers(0, 10**5, (1, len(universe.groups)))
    halves = Halves(universe.diagram, row, chosen_cut(universe.diagram, row)[0])
    searched, listed = [], []
    search, runs = halves._found, ranking.runs
    monkeypatch.setattr(
        halves, "_found", lambda cost, side: searched.append(cost) or search(cost, side)
    )
    monkeypatch.setattr(ranking, "runs", lambda first, n: listed.append(n.sum()) or runs(first, n))
    for rank in range(1, halves.n_plans, halves.n_plans // 8):
        halves.value_at(rank)
    # Nine quantiles of 27,780 plans, at six searches each at the most.
    assert 9 <= len(searched) <= 6 * len(listed) == 54
    assert max(listed) <= halves.n_entries / 2


def test_a_distribution_counts_every_value() -> None:
    """2 x 2 in one to four connected parts."""
    universe = Universe.of(grid_problem(2, 2))
    ones = np.ones(len(universe.groups), dtype=np.int64)
    assert distribution(universe.diagram, ones) == {1: 1, 2: 6, 3: 4, 4: 1}


@pytest.mark.thorough
def test_a_value_is_found_from_bounds_too() -> None:
    problem = grid_problem(3, 3)
    listed = everything(problem)
    diagram = build_diagram(problem, listed.groups, max_states=10**6)
    costs = np.random.default_rng(5).integers(0, 10_000, (1, len(listed.groups)))
    totals = sorted(int(costs[0, list(plan)].sum()) for plan in listed.plans)
    for rank, total in enumerate(totals, start=1):
        far = (total - rank, total + 3 * rank)
        assert Halves(diagram, costs, 3).value_at(rank, guesses=far) == total
