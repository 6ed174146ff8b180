"""Plans cut from trees are legal, and there is one where programs have no time."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_optimiser.optimise import trees
from cluster_optimiser.optimise.redraw import lexicographic, parts
from cluster_optimiser.optimise.redraw.engines import CpSat
from cluster_optimiser.optimise.redraw.legal import is_legal_plan
from cluster_optimiser.optimise.redraw.model import Limits
from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.optimise.redraw.search import How
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.optimise.redraw.trees import cut_from_trees
from cluster_optimiser.optimise.trees import Trees
from cluster_optimiser.verification import verify_plan
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem

HOW = How(CpSat())
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXY"


def grid(side: int, size: dict[str, Any], seed: int = 0, **more: Any) -> Problem:
    """Give a school in each square, about half of which may be met at."""
    rng = random.Random(seed)
    rows = " ".join(LETTERS[i * side : (i + 1) * side] for i in range(side))
    kinds = ["secondary", "primary"]
    schools = {
        letter: [ToySchool(rng.choice(kinds), rng.randint(80, 120))]
        for letter in LETTERS[: side * side]
    }
    tables = {"method": "redraw", "redraw": {"hubs": "secondary"}, "size": size}
    return toy_problem(rows, schools=schools, **{**tables, **more})


@pytest.mark.parametrize("seed", range(12))
def test_what_is_cut_is_a_legal_plan(seed: int) -> None:
    problem = grid(5, {"min_pupils": 350, "max_pupils": 750}, seed)
    ground = redraw_ground(problem)
    units = range(len(ground.units))
    clusters = cut_from_trees(ground, units, Limits(1, 7, 0), HOW)
    assert is_legal_plan(ground, clusters, is_shaped=False)
    assert sorted(i for cluster in clusters for i in cluster) == list(units)
    limits = Limits(len(clusters) - 1, len(clusters) - 1, 0)
    assert len(cut_from_trees(ground, units, limits, HOW)) in {0, limits.most}


def test_a_unit_over_the_maximum_stands_alone_and_none_stands_where_that_is_refused() -> None:
    schools = {name: [ToySchool("secondary", 100)] for name in "ABCE"}
    schools["D"] = [ToySchool("secondary", 900)]
    for oversize, n_clusters in (("keep", 3), ("refuse", 0)):
        size = {"min_pupils": 200, "max_pupils": 400, "oversize": oversize}
        problem = toy_problem("ABDCE", schools=schools, method="redraw", size=size)
        ground = redraw_ground(problem)
        assert len(cut_from_trees(ground, range(5), Limits(1, 5, 0), HOW)) == n_clusters


@pytest.mark.parametrize(
    ("rule", "n_clusters"),
    [
        ({"pins": {"apart": [["A", "B"]]}}, 2),
        ({"limits": {"pupil_minutes": 10_000}}, 2),
        ({"limits": {"pupil_minutes": 0}}, 0),
    ],
    ids=["apart", "within a limit", "beyond it"],
)
def test_rules_that_trees_do_not_know_are_kept(rule: dict[str, Any], n_clusters: int) -> None:
    schools = {name: [ToySchool("secondary", 100)] for name in "ABCD"}
    size = {"min_pupils": 150, "max_pupils": 250}
    problem = toy_problem("AB CD", schools=schools, method="redraw", size=size, **rule)
    found = cut_from_trees(redraw_ground(problem), range(4), Limits(1, 4, 0), HOW)
    assert len(found) == n_clusters
    assert "pins" not in rule or not any({0, 1} <= cluster for cluster in found)


@pytest.mark.parametrize("more", [{}, {"layers": {"district": "xxxx xxxx yyyy yyyy"}}])
@pytest.mark.parametrize("term", ["count", "pupil_minutes"])
def test_there_is_a_plan_though_no_program_has_time_for_one(
    term: str, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a map in one piece, and of two parts that no cluster crosses."""
    monkeypatch.setattr(parts, "easy_start", lambda *_: ())
    unknown = lexicographic.PartPlan("UNKNOWN")
    monkeypatch.setattr(lexicographic, "_solve_stages", lambda *_, **__: unknown)
    size = {"min_pupils": 250, "max_pupils": 800}
    objective, within = {"order": [term]}, [*more.get("layers", ())]
    problem = grid(4, size, objective=objective, within=within, count={"max": 5}, **more)
    plan = solve_redraw(problem, time_limit_s=1e6)
    (stage,) = plan.solution.stages
    assert (plan.solution.status, stage.status) == ("FEASIBLE", "FEASIBLE")
    assert verify_plan(problem, plan.assignment).violations == ()
    assert stage.bound <= stage.objective


def test_time_that_is_over_is_not_passed() -> None:
    ground = redraw_ground(grid(5, {"min_pupils": 499, "max_pupils": 501}))
    over = replace(HOW, deadline=0.0)
    assert cut_from_trees(ground, range(25), Limits(5, 5, 0), over) == ()


NEAR = [[1, 3], [0, 2, 4], [1, 5], [0, 4], [1, 3, 5], [2, 4]]
"""A grid of two by three."""


def made(
    pupils: list[int], least: int, most: int, near: list[list[int]] = NEAR, **more: Any
) -> Trees:
    return Trees(
        near,
        pupils,
        least,
        most,
        **{
            "is_legal": lambda _: True,
            "is_over": lambda: False,
            "random": random.Random(1),
            **more,
        },
    )


def divisions(units: frozenset[int], n_clusters: int, cut: Trees) -> list[list[frozenset[int]]]:
    """Give every way to divide units into so many clusters that are in one piece and legal."""
    if not n_clusters:
        return [[]] if not units else []
    found = []
    others = sorted(units - {min(units)}) if units else []
    for bits in range(1 << len(others) if units else 0):
        own = frozenset({min(units), *(u for k, u in enumerate(others) if bits >> k & 1)})
        pupils = sum(cut.pupils[i] for i in own)
        if (
            cut.least <= pupils <= cut.most
            and nx.is_connected(cut.graph.subgraph(own))
            and cut.is_legal(own)
            and (cut.homes is None or own & {*cut.homes})
        ):
            found += [[own, *rest] for rest in divisions(units - own, n_clusters - 1, cut)]
    return found


@given(
    pupils=st.lists(st.integers(1, 4), min_size=6, max_size=6),
    least=st.integers(1, 5),
    width=st.integers(0, 3),
    n_clusters=st.integers(1, 4),
    homes=st.none() | st.sets(st.integers(0, 5), min_size=1),
    apart=st.sampled_from([{0}, {0, 1}, {1, 4}]),
)
def test_a_plan_is_cut_where_there_is_one(pupils, least, width, n_clusters, homes, apart) -> None:
    """Compared with all ways to divide the map into so many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "MOST_TREES", 200)
        legal = {"is_legal": lambda units: len(apart) < 2 or not apart <= units}
        cut = made(pupils, least, max(least + width, *pupils), homes=homes, **legal)
        plan = cut.plan(n_clusters, n_clusters)
        every = divisions(frozenset(range(6)), n_clusters, cut)
        assert plan in [sorted(found, key=sorted) for found in every] if every else plan == []
        for known in every[:3]:
            one, other = known[0] | known[-1], len({known[0], known[-1]})
            if other == 2 and nx.is_connected(cut.graph.subgraph(one)):
                anew = {frozenset(found) for found in cut.divisions(one, 2, 20)}
                of_two = {frozenset(found) for found in divisions(one, 2, cut)}
                assert {frozenset(f) for f in anew if all(map(cut.is_legal, f))} <= of_two
                assert all(nx.is_connected(cut.graph.subgraph(side)) for f in anew for side in f)


def test_what_is_too_large_stands_alone_and_counts_among_the_clusters() -> None:
    line = [[1], [0, 2], [1, 3], [2]]
    pupils = [3, 9, 2, 2]
    alone = [{0}, {1}, {2, 3}]
    assert made(pupils, 2, 4, line).plan(3, 3) == alone
    assert made(pupils, 2, 4, line).plan(4, 9) == [{0}, {1}, {2}, {3}]
    assert made(pupils, 2, 4, line).plan(1, 2) == []
    assert made(pupils, 2, 4, line).plan(5, 9) == []
    assert made([9, 9], 2, 4, [[1], [0]]).plan(1, 3) == [{0}, {1}]
    assert made([9, 9], 2, 4, [[1], [0]]).plan(3, 3) == []
    # Who has as many pupils as there may be is not too large: nobody is beside it.
    assert made([4, 0], 2, 4, [[1], [0]]).plan(1, 2) == [{0, 1}]
    # The one part that has no plan leaves none at all, though there are clusters enough.
    assert made([1, 9, 2, 2], 2, 4, line).plan(1, 9) == []


@pytest.mark.parametrize(
    ("pupils", "fewest", "most", "numbers"),
    [
        ([60, 20, 14], 1, 99, [6, 2, 1]),
        ([60, 20, 14], 10, 99, [6, 2, 2]),
        ([60, 28, 14], 1, 9, [6, 2, 1]),
        ([60, 20, 9], 1, 8, [5, 2, 1]),
        ([60, 20, 9], 1, 2, [1, 1, 1]),
        ([40, 40], 1, 99, [3, 4]),
        ([40, 40], 8, 8, [3, 5]),
        ([40, 40], 20, 99, [3, 9]),
        ([2, 0], 1, 99, [1, 1]),
    ],
)
def test_each_part_has_a_number_of_middle_size(pupils, fewest, most, numbers) -> None:
    """One more where clusters are largest, one fewer where smallest; no more than may be met at."""
    parts = [frozenset(range(9 * at, 9 * at + 9)) for at in range(len(pupils))]
    each = [n for total in pupils for n in (total, *[0] * 8)]
    homes = {*range(6, 9), *range(9, 99)} if len(pupils) == 2 else None
    cut = made(each, 5, 15, [[] for _ in each], homes=homes)
    assert cut._numbers(parts, fewest, most) == numbers
    single = made([14], 1, 14, [[]])
    assert single.plan(1, 9) == [{0}]


def test_no_more_trees_are_tried_than_allowed_and_none_once_time_is_over(monkeypatch) -> None:
    monkeypatch.setattr(trees, "MOST_TREES", 50)
    never = {"is_legal": lambda _: False}
    tried = made([1] * 6, 2, 4, **never)
    assert tried.plan(2, 2) == []
    assert -trees.TREES <= tried.left <= 0
    over = made([1] * 6, 2, 4, is_over=lambda: True, **never)
    assert over.plan(2, 2) == []
    assert over.left == 49


@pytest.mark.parametrize(
    ("most", "n_clusters", "homes"),
    [(3, 2, {*range(6)}), (6, 3, {0, 3, 4}), (6, 3, {0, 1, 5}), (6, 3, {3, 4, 5})],
)
def test_each_side_of_a_tree_has_what_its_clusters_need(most, n_clusters, homes) -> None:
    """Of a line, each way to cut it in two with as many hubs and pupils on both sides."""
    line, every = [[1], [0, 2], [1, 3], [2, 4], [3, 5], [4]], frozenset(range(6))
    cut = made([1] * 6, 1, most, line, homes=homes)

    def may_be(side: frozenset[int], n: int) -> bool:
        return n <= len(side & homes) and n <= len(side) <= n * most

    assert set(cut.sides(every, n_clusters, most=99)) == {
        (side, n)
        for side in (frozenset(range(start, 6)) for start in range(1, 6))
        for n in range(1, n_clusters)
        if may_be(side, n) and may_be(every - side, n_clusters - n)
    }


def test_sides_near_half_come_first_and_borders_between_kinds_are_cut() -> None:
    line = [[1], [0, 2], [1, 3], [2, 4], [3, 5], [4]]
    sides = made([1] * 6, 1, 3, line).sides(frozenset(range(6)), 4, most=99)
    assert [n for _, n in sides] == sorted((n for _, n in sides), key=lambda n: abs(n - 2))
    assert {(min(side), n) for side, n in sides} == {
        (start, n) for start in range(1, 6) for n in (1, 2, 3)
        if n <= 6 - start <= 3 * n and 4 - n <= start <= 3 * (4 - n)
    }  # fmt: skip
    assert len(made([1] * 6, 1, 3, line).sides(frozenset(range(6)), 4, most=2)) == 2
    kind = [0, 0, 1, 0, 0, 1]
    between = [
        sum(kind[a] != kind[b] for _ in range(50) for a, b in cut._tree(frozenset(range(6))).edges)
        for cut in (made([1] * 6, 1, 6, kind=kind), made([1] * 6, 1, 6))
    ]
    assert between[0] < between[1]
