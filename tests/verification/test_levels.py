"""Whether clusters fit into groupings: the search by itself."""

from __future__ import annotations

import pytest

from cluster_optimiser.verification.levels import _Search


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
