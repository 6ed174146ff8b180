"""The diagram: the same plans along every order, with and without cutting, and within a range."""

from itertools import product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.deadline import within
from cluster_optimiser.optimise import candidate_groups
from cluster_optimiser.optimise.candidates import membership, reached
from cluster_optimiser.optimise.universe import states
from cluster_optimiser.optimise.universe.diagram import (
    backwards,
    best_in_order,
    best_path,
    counts_to_come,
    counts_to_go,
    least_to_go,
    plans_with_group,
    totals,
)
from cluster_optimiser.optimise.universe.orders import lay_out, unit_orders
from cluster_optimiser.optimise.universe.splitting import restrict
from cluster_optimiser.optimise.universe.states import build_diagram, rules_of
from tests.effort import examples
from tests.graphs import everything, graph_problem, grid_problem, random_problem
from tests.toy import toy_problem

MANY = 1_000_000


def n_plans(diagram) -> int:
    return int(counts_to_go(diagram)[0]) if diagram.has_plans else 0


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=examples(40))
def test_every_order_and_every_cut_gives_the_same_plans(seed: int) -> None:
    problem = random_problem(seed, most_units=9)
    expected = len(everything(problem).plans)
    groups = candidate_groups(problem)
    rules = rules_of(problem, groups)
    members = membership([group.mask for group in groups], len(problem.units))
    orders = unit_orders(problem, rules.adjacency)
    shuffled = np.random.default_rng(seed).permutation(len(problem.units)).tolist()
    for worth in (1, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(states, "_WORTH_CUTTING", worth)
            for order in [*orders.values(), shuffled]:
                builder = states._Builder(rules, lay_out("", order, members), max_states=MANY)
                found = states._within(builder.diagram(), rules, max_states=MANY)
                assert n_plans(found) == expected


@given(seed=st.integers(0, 2**32 - 1), low=st.integers(0, 12), width=st.integers(0, 6))
@settings(max_examples=examples(40))
def test_restriction_keeps_the_plans_in_the_range_and_no_other(seed, low, width) -> None:
    problem = random_problem(seed, most_units=9)
    listed = everything(problem)
    costs = np.random.default_rng(seed).integers(0, 5, len(listed.groups))
    diagram = build_diagram(problem, listed.groups, max_states=MANY)
    kept = restrict(diagram, costs, lowest=low, highest=low + width, max_states=MANY)
    within = [p for p in listed.plans if low <= sum(costs[list(p)]) <= low + width]
    assert n_plans(kept) == len(within)
    if within:
        held = [sum(i in p for p in within) for i in range(len(listed.groups))]
        assert plans_with_group(kept) == held


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=examples(40))
def test_backwards_is_the_same_paths(seed: int) -> None:
    problem = random_problem(seed, most_units=9)
    diagram = build_diagram(problem, candidate_groups(problem), max_states=MANY)
    turned = backwards(diagram)
    assert n_plans(turned) == n_plans(diagram)
    if diagram.has_plans:
        assert counts_to_come(diagram)[::-1].tolist() == counts_to_go(turned).tolist()
        costs = np.random.default_rng(seed).integers(-9, 9, (2, diagram.n_groups))
        best = best_path(diagram, costs)
        least = least_to_go(diagram, costs)[:, 0].tolist()
        assert costs[:, list(best)].sum(axis=1).tolist() == least
        assert least_to_go(turned, costs)[:, 0].tolist() == least


@pytest.mark.parametrize("worth", [1, 10**9])
def test_frontiers_wider_than_a_word(worth, monkeypatch) -> None:
    """A ring of 70 in arcs of at least 33: whole, or cut in two at one of 70 + 70 + 35 places."""
    monkeypatch.setattr(states, "_WORTH_CUTTING", worth)
    size = {"min_pupils": 33}
    problem = graph_problem(nx.cycle_graph(70), [1] * 70, size=size)
    groups = candidate_groups(problem)
    diagram = build_diagram(problem, groups, max_states=MANY)
    assert n_plans(diagram) == 1 + 70 + 70 + 35


@pytest.mark.parametrize("n_bits", [64, 65, 150])
def test_pieces_grow_over_all_words(n_bits: int) -> None:
    graph = nx.gnm_random_graph(n_bits, n_bits, seed=n_bits)
    adjacency = [sum(1 << j for j in graph[i]) for i in range(n_bits)]
    found = object.__new__(states._Pieces)
    found.n_bits, found.n_words = n_bits, -(-n_bits // 64)
    found._tabulate(adjacency, [1] * n_bits)
    everything = (1 << n_bits) - 1
    starts = np.concatenate([found._mask(i, i + 1) for i in range(n_bits)], axis=1)
    grown = found._grown(starts, np.repeat(found._mask(0, n_bits), n_bits, axis=1))
    sets = [sum(int(word) << 64 * k for k, word in enumerate(column)) for column in grown.T]
    assert sets == [reached(1 << i, ~everything, adjacency, [1] * n_bits)[0] for i in range(n_bits)]


def test_a_frontier_of_three_words() -> None:
    """A row of 150 in pieces of at least 70: whole, or cut at one of eleven borders."""
    problem = grid_problem(1, 150, 1, size={"min_pupils": 70})
    diagram = build_diagram(problem, candidate_groups(problem), max_states=MANY)
    assert n_plans(diagram) == 1 + 11


def test_pieces_that_no_group_joins_add_their_states() -> None:
    """Six divisions of 3 x 3: states are those of one, six times, not to the power of six."""
    rows = ["ABCDEFGHI", "JKLMNOPQR", "STUVWXYZa", "bcdefghij", "klmnopqrs", "tuvwxyzÄÖ"]
    divisions = ["pppqqqrrr"] * 3 + ["sssttttuu"] * 3
    layers = {"division": " ".join(divisions)}
    problem = toy_problem(" ".join(rows), layers=layers, within=["division"])
    whole = build_diagram(problem, candidate_groups(problem), max_states=MANY)
    assert whole.n_nodes < 2_000
    alone = toy_problem("ABC DEF GHI")
    one = build_diagram(alone, candidate_groups(alone), max_states=MANY)
    # 3 x 3 in connected parts: OEIS A068416.
    assert n_plans(one) == 1434
    assert n_plans(whole) % 1434**4 == 0


def test_giving_up_is_none() -> None:
    problem = grid_problem(4, 4)
    groups = candidate_groups(problem)
    assert build_diagram(problem, groups, max_states=50) is None
    diagram = build_diagram(problem, groups, max_states=MANY)
    costs = np.array([group.pupils**2 for group in groups])
    assert restrict(diagram, costs, lowest=5, highest=10**8, max_states=20) is None


def test_a_run_builds_its_diagram_once(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = grid_problem(4, 4)
    groups = candidate_groups(problem)
    tried: list[int] = []

    def build(*asked: object, max_states: int) -> object:
        tried.append(max_states)
        return built(*asked, max_states=max_states)

    built = states._built
    monkeypatch.setattr(states, "_built", build)
    with within(0):
        assert build_diagram(problem, groups, max_states=MANY) is None
    asked = [50, 50, MANY, MANY, 50, 6_000]
    found = [build_diagram(problem, groups, max_states=most) for most in asked]
    # That the time was over says nothing of how many states it takes.
    assert tried == [MANY, 50, MANY]
    assert found[2] is found[3] is found[5]
    assert [found[i] for i in (0, 1, 4)] == [None] * 3
    # With a group less it is another question.
    assert n_plans(build_diagram(problem, groups[1:], max_states=MANY)) < n_plans(found[2])


def test_units_over_the_maximum_stand_alone_and_cut_the_map() -> None:
    """B is too large: A and C are on their own, D beside C."""
    size = {"min_pupils": 500, "max_pupils": 2000}
    problem = toy_problem("ABCD", pupils={"B": 9000}, size=size)
    diagram = build_diagram(problem, candidate_groups(problem), max_states=MANY)
    assert n_plans(diagram) == 2


@pytest.mark.parametrize("seed", range(4))
def test_the_best_in_any_order_of_sums_and_largest_is_that_of_all_plans(seed: int) -> None:
    problem = grid_problem(2, 3)
    listed = everything(problem)
    diagram = build_diagram(problem, listed.groups, max_states=MANY)
    assert diagram is not None
    costs = np.random.default_rng(seed).integers(0, 6, (3, len(listed.groups)))
    for largest in product([False, True], repeat=3):
        best = totals(costs, best_in_order(diagram, costs, largest), largest)
        assert best == min(totals(costs, plan, largest) for plan in listed.plans)


def test_plans_that_exceptions_or_numbers_leave_too_many_states_of_are_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = toy_problem("ABCD")
    groups = candidate_groups(problem)
    monkeypatch.setattr(states, "_within", lambda *_, **__: None)
    assert build_diagram(problem, groups, max_states=MANY) is None
