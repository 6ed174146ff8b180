"""Plans counted along the edges: by brute force, published counts, and the method of columns."""

from __future__ import annotations

from collections import Counter
from math import comb
from random import Random

import networkx as nx
import pytest

from cluster_optimiser.deadline import within
from cluster_optimiser.errors import InfeasibleError, NoPlanFoundError
from cluster_optimiser.optimise import candidates
from cluster_optimiser.optimise.candidates import candidate_groups
from cluster_optimiser.optimise.merging.merge import solve_merge
from cluster_optimiser.optimise.universe import frontier
from cluster_optimiser.optimise.universe.all_plans import Counted, Universe
from cluster_optimiser.optimise.universe.frontier import Partitions, count_partitions, partitions
from tests.graphs import random_problem
from tests.optimise.redraw.test_solve import partitions as every_partition
from tests.toy import toy_problem


def bits_of(graph: nx.Graph) -> tuple[int, ...]:
    place = {node: i for i, node in enumerate(sorted(graph))}
    return tuple(sum(1 << place[v] for v in graph[u]) for u in sorted(graph))


def drawn(random: Random) -> Partitions:
    n_units = random.randint(1, 7)
    graph = nx.gnp_random_graph(n_units, random.choice([0.2, 0.4, 0.7]), seed=random.randint(0, 99))
    most = random.randint(1, n_units)
    return Partitions(
        bits_of(graph),
        tuple(random.randint(0, 9) for _ in range(n_units)),
        lowest=random.choice([0, 0, 3, 8]),
        highest=random.choice([12, 20, 100]),
        fewest=random.randint(1, most),
        most=most,
    )


def by_hand(asked: Partitions) -> tuple[dict[int, int], list[int]]:
    n_units = len(asked.pupils)
    graph = nx.Graph([(i, j) for i in range(n_units) for j in range(i)
                      if asked.adjacency[i] >> j & 1])  # fmt: skip
    graph.add_nodes_from(range(n_units))
    counts: Counter[int] = Counter()
    groups = set()
    for parts in every_partition(list(range(n_units))):
        sizes = [sum(asked.pupils[i] for i in part) for part in parts]
        if (
            asked.fewest <= len(parts) <= asked.most
            and all(asked.lowest <= size <= asked.highest for size in sizes)
            and all(nx.is_connected(graph.subgraph(part)) for part in parts)
        ):
            counts[len(parts)] += 1
            groups |= {sum(1 << i for i in part) for part in parts}
    return dict(counts), sorted(groups)


def test_random_graphs_have_the_partitions_of_brute_force() -> None:
    random = Random(5)
    for _ in range(60):
        asked = drawn(random)
        found = partitions(asked, max_states=100_000)
        assert found is not None
        counts, groups = by_hand(asked)
        assert found.n_plans_by_count() == counts == count_partitions(asked, most_made=100_000)
        assert found.n_plans == sum(counts.values())
        assert found.groups(most_ways=10_000) == groups


def test_counts_are_exact_past_what_floats_hold() -> None:
    path = bits_of(nx.path_graph(64))
    found = count_partitions(Partitions(path, (1,) * 64, 0, 64, 1, 64), most_made=10_000)
    assert found == {k: comb(63, k - 1) for k in range(1, 65)}


def test_states_are_worked_on_in_pieces_and_given_up_when_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frontier, "_PIECE", 7)
    asked = Partitions(bits_of(nx.grid_2d_graph(5, 5)), (1,) * 25, 5, 5, 5, 5)
    assert count_partitions(asked, most_made=3_000) == {5: 4_006}
    assert count_partitions(asked, most_made=100) is None


def test_without_time_groups_are_left_to_another_way_and_counting_says_so() -> None:
    asked = Partitions(bits_of(nx.path_graph(3)), (1, 1, 1), 1, 3, 1, 3)
    with within(1e-9):
        assert partitions(asked, max_states=1_000) is None
        with pytest.raises(NoPlanFoundError, match="while all plans were counted"):
            count_partitions(asked, most_made=1_000)


def test_plans_that_cannot_be_held_are_counted_where_no_other_rule_binds() -> None:
    n_counted = 0
    for seed in range(60):
        problem = random_problem(seed, most_units=6)
        counted = Counted.of(problem)
        if counted is not None:
            universe = Universe.of(problem)
            assert counted.n_plans_by_count == universe.n_plans_by_count
            assert counted.n_plans == universe.n_plans
            n_counted += counted.n_plans > 1
    assert n_counted > 2


@pytest.mark.parametrize(("n", "count"), [(2, 2), (3, 10), (4, 117), (5, 4_006)])
def test_published_counts_of_grids_in_equal_parts(n: int, count: int) -> None:
    """OEIS A172477."""
    grid = bits_of(nx.grid_2d_graph(n, n))
    found = partitions(Partitions(grid, (1,) * (n * n), n, n, n, n), max_states=20_000)
    assert found is not None
    assert found.n_plans == count


FLORIDA = (
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14,3 15 16 17 18 19 20 21,3 5 20 22,20,6 21 23 24,8 22,7,9,13,"
    "10,11,12,14,14,,16 17,18,20,19,21,22,23 24,,24,"
)
"""Of each of 25 precincts the neighbours with a higher number: fl25 of the R package redist."""


def test_the_published_count_of_25_precincts_in_three_districts() -> None:
    """Fifield, Imai, Kawahara and Kenny (2020): 117,688 partitions."""
    later = [[int(v) for v in some.split()] for some in FLORIDA.split(",")]
    graph = nx.Graph((u, v) for u, some in enumerate(later) for v in some)
    found = partitions(
        Partitions(bits_of(graph), (1,) * 25, 0, 25, fewest=3, most=3), max_states=2_000
    )
    assert found is not None
    assert found.n_plans_by_count() == {3: 117_688}
    assert len(found.groups(most_ways=200_000) or ()) == 79_940


def test_too_many_states_or_ways_are_not_worked_out() -> None:
    grid = bits_of(nx.grid_2d_graph(4, 4))
    asked = Partitions(grid, (1,) * 16, 4, 4, 4, 4)
    assert partitions(asked, max_states=400) is None
    found = partitions(asked, max_states=500)
    assert found is not None
    assert found.groups(most_ways=10) is None
    wide = bits_of(nx.complete_graph(20))
    assert partitions(Partitions(wide, (1,) * 20, 0, 20, 1, 2), max_states=10_000) is None


LARGE = {"count": {"min": 2, "max": 2}, "secondary": {"min": 0}}
GRID = "ABCD EFGH IJK."
PUPILS = {name: 100 + 7 * i for i, name in enumerate("ABCDEFGHIJK")}


@pytest.mark.parametrize(
    "size",
    [
        {"min_pupils": 650},
        {"min_pupils": 600, "max_pupils": 1_000, "max_exceptions": 1},
        {"max_pupils": 1_400},
    ],
)
def test_both_methods_give_the_same_plans(
    size: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = toy_problem(GRID, pupils=PUPILS, size=size, **LARGE)
    monkeypatch.setattr(candidates, "FEW_SHARE", 1)
    by_edges = Universe.of(problem)
    best = solve_merge(problem).solution.stages
    monkeypatch.setattr(candidates, "FEW_SHARE", 10**6)
    by_columns = Universe.of(problem)
    assert by_edges.n_plans == by_columns.n_plans > 0
    assert len(by_edges.groups) <= len(by_columns.groups)
    assert by_edges.distributions().equals(by_columns.distributions())
    assert by_edges.together().equals(by_columns.together())
    assert [s.objective for s in solve_merge(problem).solution.stages] == [
        s.objective for s in best
    ]


def test_groups_too_many_to_list_do_not_hide_that_there_is_no_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(candidates, "MAX_SETS", 5)
    monkeypatch.setattr(candidates, "FEW_SHARE", 1)
    size = {"min_pupils": 800, "max_pupils": 900}
    odd = dict.fromkeys(PUPILS, 200)
    problem = toy_problem(GRID, pupils=odd, size=size, **LARGE)
    with pytest.raises(InfeasibleError, match="cannot be divided into so few"):
        candidate_groups(problem)
