"""Whether clusters fit into groupings: the search by itself."""

from __future__ import annotations

import pytest

from cluster_optimiser.verification import verify_plan
from cluster_optimiser.verification.levels import _join, _Search
from cluster_optimiser.verification.register import PlainGround
from tests.toy import toy_assignment, toy_problem


@pytest.mark.parametrize(("most", "fits"), [(1, False), (2, True)])
def test_so_many_groupings_hold_all_clusters_and_no_fewer(most: int, fits: bool) -> None:
    sets = [frozenset(held) for held in ("AB", "BC", "CD", "A", "D")]
    search = _Search(sets, most, lambda _: True)
    assert search.fills(frozenset("ABCD"), 0) is fits
    assert search.finds(frozenset("ABCD"), []) is fits


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
