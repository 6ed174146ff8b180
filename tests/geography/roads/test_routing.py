"""Shortest times, against networkx."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_optimiser.geography.roads.routing import times_between


@st.composite
def networks(draw):
    n = draw(st.integers(2, 12))
    node = st.integers(0, n - 1)
    arcs = draw(st.lists(st.tuples(node, node, st.integers(1, 50)), max_size=40))
    places = draw(st.lists(node, min_size=1, max_size=6))
    return n, arcs, places


def by_networkx(arcs, places):
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(places)
    graph.add_weighted_edges_from(arcs)
    found = np.full((len(places), len(places)), np.inf)
    for i, place in enumerate(places):
        lengths = nx.single_source_dijkstra_path_length(graph, place, weight="weight")
        found[i] = [lengths.get(other, np.inf) for other in places]
    return found


def by_us(arcs, places):
    table = np.array(arcs, dtype=np.int64).reshape(-1, 3)
    return times_between(table[:, 0], table[:, 1], table[:, 2], np.array(places))


@given(networks())
def test_times_are_exactly_those_of_networkx(network):
    _, arcs, places = network
    np.testing.assert_array_equal(by_us(arcs, places), by_networkx(arcs, places))


@given(networks(), st.randoms(use_true_random=False))
def test_the_order_of_arcs_and_the_numbers_of_nodes_do_not_matter(network, random):
    n, arcs, places = network
    names = list(range(n))
    random.shuffle(names)
    renamed = [(names[a], names[b], time) for a, b, time in arcs]
    random.shuffle(renamed)
    again = by_us(renamed, [names[place] for place in places])
    np.testing.assert_array_equal(again, by_us(arcs, places))


def test_a_dead_end_with_a_place_at_its_end_stays():
    arcs = [(0, 1, 5), (1, 0, 5), (1, 2, 7), (2, 1, 7), (2, 3, 1), (3, 2, 1)]
    assert by_us(arcs, [0, 2]).tolist() == [[0, 12], [12, 0]]


@pytest.mark.parametrize("n", [3, 50, 1_000])
def test_a_long_road_of_many_stretches_is_one_road(n):
    """There and back differ, and a slower road runs beside the first half."""
    there = [(i, i + 1, i + 1) for i in range(n)]
    back = [(i + 1, i, 2 * i + 1) for i in range(n)]
    beside = [(i, i + 1, 10**6) for i in range(n // 2)]
    found = by_us([*there, *back, *beside], [0, n])
    assert found.tolist() == [[0, n * (n + 1) // 2], [n * n, 0]]


def test_a_ring_without_a_place_beside_the_road_is_no_way_round():
    ring = [(2, 3, 1), (3, 4, 1), (4, 2, 1)]
    assert by_us([(0, 2, 5), (2, 1, 5), *ring], [0, 1]).tolist() == [[0, 10], [np.inf, 0]]


@st.composite
def road_maps(draw):
    """Draw maps with many nodes of one and two neighbours, as road maps have."""
    n = draw(st.integers(3, 40))
    before = [draw(st.integers(max(0, i - 3), i - 1)) for i in range(1, n)]
    roads = [(a, i) for i, a in enumerate(before, start=1)]
    node = st.integers(0, n - 1)
    roads += draw(st.lists(st.tuples(node, node), max_size=8))
    times = st.integers(1, 30)
    arcs = []
    for a, b in roads:
        arcs.append((a, b, draw(times)))
        if draw(st.integers(0, 4)):
            arcs.append((b, a, draw(times)))
    return arcs, draw(st.lists(node, min_size=2, max_size=5))


@given(road_maps())
def test_times_on_road_maps_are_exactly_those_of_networkx(road_map):
    arcs, places = road_map
    np.testing.assert_array_equal(by_us(arcs, places), by_networkx(arcs, places))


def test_the_quicker_of_two_roads_between_the_same_places_counts():
    assert by_us([(0, 1, 9), (0, 1, 4), (1, 0, 6)], [0, 1]).tolist() == [[0, 4], [6, 0]]


@pytest.mark.parametrize("arcs", [[], [(0, 1, 3)]])
def test_no_way_is_infinite_never_0(arcs):
    assert np.isinf(by_us(arcs, [1, 0])[0, 1])
