"""Whether clusters fit into groupings: the search by itself."""

from __future__ import annotations

from types import SimpleNamespace

import networkx as nx
import pytest

from cluster_optimiser.verification import verify_plan
from cluster_optimiser.verification.levels import _Clusters, _join, _Search
from cluster_optimiser.verification.register import PlainGround
from tests.toy import toy_assignment, toy_problem


@pytest.mark.parametrize(
    ("sets", "most", "fits"),
    [
        ("AB BC CD A D", 1, False),
        ("AB BC CD A D", 2, True),
        # What A and B by themselves leave no room for is filled beside AB.
        ("A B AB C D E CD DE", 2, False),
        ("A B AB C D E CD DE", 3, True),
    ],
)
def test_so_many_groupings_hold_all_clusters_and_no_fewer(sets: str, most: int, fits: bool) -> None:
    clusters = frozenset(sets) - {" "}
    search = _Search([frozenset(held) for held in sets.split()], most, lambda _: True)
    assert search.fills(clusters, 0) is fits
    assert search.finds(clusters, []) is fits


@pytest.mark.parametrize(
    ("most", "held"), [(20, "A AB B BC C"), (19, "A B C"), (30, "A AB ABC B BC C")]
)
def test_a_grouping_is_connected_and_may_be_as_large_as_allowed(most: int, held: str) -> None:
    facts = {name: SimpleNamespace(pupils=10) for name in "ABC"}
    found = _Clusters(facts, nx.path_graph("ABC"), most).sets()
    assert sorted("".join(sorted(names)) for names in found) == held.split()


def test_the_judge_of_all_groupings_has_the_last_word() -> None:
    sets = [frozenset(held) for held in ("AB", "CD", "A", "BC", "D")]
    asked: list[list[frozenset[str]]] = []

    def judge(chosen: list[frozenset[str]]) -> bool:
        asked.append(chosen)
        return len(chosen) > 2

    assert _Search(sets, 3, judge).finds(frozenset("ABCD"), [])
    assert sorted(map(len, asked)) == [2, 3]


@pytest.mark.parametrize(
    ("layers", "pairs"), [("xxx", {"AB", "BC"}), ("xxy", {"AB"}), ("x..", set()), ("...", set())]
)
def test_clusters_that_touch_are_joined_in_one_area_and_never_in_none(
    layers: str, pairs: set[str]
) -> None:
    problem = toy_problem("ABC", pupils=dict.fromkeys("ABC", 10), layers={"district": layers})
    plan = toy_assignment(problem, {name: name for name in "ABC"})
    joined = _join(PlainGround(problem), verify_plan(problem, plan).clusters, ["district"])
    assert {"".join(sorted(pair)) for pair in joined.edges} == pairs
