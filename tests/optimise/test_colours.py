"""Map colours that stay put."""

import networkx as nx
import pandas as pd
import pytest
from ortools.sat.python import cp_model

from cluster_optimiser.optimise import colours
from cluster_optimiser.optimise.colours import stable_colours

PUPILS = pd.Series([100, 100, 100, 100], index=[1, 2, 3, 4])


def _plan(*clusters: str) -> pd.Series:
    return pd.Series(clusters, index=PUPILS.index)


def test_neighbours_are_never_alike_in_any_plan() -> None:
    wheel = nx.wheel_graph(12)
    wheel = nx.relabel_nodes(wheel, {i: f"c{i:02d}" for i in wheel})
    colouring = stable_colours([wheel], [pd.Series(dtype=object)], PUPILS)[0]
    assert colouring.status == "OPTIMAL"
    assert colouring.clashes == ()
    assert all(colouring.colour_of[a] != colouring.colour_of[b] for a, b in wheel.edges)


def test_the_first_plan_is_spread_evenly() -> None:
    apart = nx.empty_graph(10)
    apart = nx.relabel_nodes(apart, {i: f"c{i}" for i in apart})
    colours = stable_colours([apart], [pd.Series(dtype=object)], PUPILS)[0].colour_of
    assert sorted(pd.Series(colours).value_counts()) == [2, 2, 2, 2, 2]


def test_an_unchanged_plan_keeps_every_colour_of_the_first_under_other_names() -> None:
    path = nx.path_graph(["a", "b", "c", "d"])
    renamed = nx.relabel_nodes(path, str.upper)
    first, _, second = stable_colours(
        [path, nx.path_graph(["x"]), renamed],
        [_plan("a", "b", "c", "d"), _plan("x", "x", "x", "x"), _plan("A", "B", "C", "D")],
        PUPILS,
    )
    assert second.kept_pupils == 400
    assert {k.lower(): v for k, v in second.colour_of.items()} == first.colour_of


def test_a_joined_cluster_takes_the_colour_of_most_of_its_pupils() -> None:
    path = nx.path_graph(["a", "b", "c", "d"])
    joined = nx.path_graph(["ab", "c", "d"])
    pupils = pd.Series([100, 300, 100, 100], index=PUPILS.index)
    first, second = stable_colours(
        [path, joined], [_plan("a", "b", "c", "d"), _plan("ab", "ab", "c", "d")], pupils
    )
    assert second.colour_of["ab"] == first.colour_of["b"]
    assert second.kept_pupils >= 500


def test_a_map_that_needs_six_colours_says_where_two_alike_meet() -> None:
    complete = nx.relabel_nodes(nx.complete_graph(6), {i: f"c{i}" for i in range(6)})
    colouring = stable_colours([complete], [pd.Series(dtype=object)], PUPILS)[0]
    assert colouring.status == "INFEASIBLE"
    assert len(colouring.clashes) == 1
    a, b = colouring.clashes[0]
    assert colouring.colour_of[a] == colouring.colour_of[b]


def test_what_time_did_not_prove_is_not_called_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colours, "STATUSES", {cp_model.OPTIMAL: "FEASIBLE"})
    path = nx.path_graph(["a", "b", "c"])
    colouring = stable_colours([path], [pd.Series(dtype=object)], PUPILS, seed=7)[0]
    assert (colouring.status, colouring.clashes) == ("FEASIBLE", ())


def test_the_order_of_nodes_changes_nothing() -> None:
    cycle = nx.cycle_graph(["d", "a", "c", "b"])
    turned = nx.Graph(sorted(tuple(sorted(edge)) for edge in cycle.edges))
    plan = _plan("a", "b", "c", "d")
    assert (
        stable_colours([cycle], [plan], PUPILS)[0].colour_of
        == stable_colours([turned], [plan], PUPILS)[0].colour_of
    )


def test_one_graph_a_plan_is_asked_for() -> None:
    with pytest.raises(ValueError, match="1 graphs for 2 assignments"):
        stable_colours([nx.Graph()], [_plan("a", "a", "a", "a")] * 2, PUPILS)


def test_a_plan_without_ground_has_no_colours() -> None:
    colouring = stable_colours([nx.Graph()], [_plan("a", "a", "a", "a")], PUPILS)[0]
    assert colouring.colour_of == {}


def test_a_map_of_many_clusters_is_proved() -> None:
    """A county of 1,500 schools has 14 such maps on its page."""
    lattice = nx.triangular_lattice_graph(12, 24)
    before = {node: f"{node[0]:02}.{node[1]:02}" for node in lattice}
    after = {node: f"{node[0] // 2:02}.{node[1]:02}" for node in lattice}
    today, plan = (
        nx.Graph((names[a], names[b]) for a, b in lattice.edges if names[a] != names[b])
        for names in (before, after)
    )
    pupils = pd.Series([100 + 37 * i % 101 for i in range(len(lattice))])
    assignments = [pd.Series([names[node] for node in lattice]) for names in (before, after)]
    found = stable_colours([today, plan], assignments, pupils)
    assert len(plan) > 80
    assert [one.status for one in found] == ["OPTIMAL", "OPTIMAL"]
