"""A first plan of any map: legal, and no worse than claimed; and deadlines that hold."""

from __future__ import annotations

import random
from functools import reduce
from operator import xor
from typing import TYPE_CHECKING, Any

import networkx as nx
import pytest

from cluster_optimiser.deadline import is_over, left_s, within
from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.optimise import candidates as listing
from cluster_optimiser.optimise import solve_merge
from cluster_optimiser.optimise.candidates import (
    Judge,
    bit_positions,
    candidate_groups,
    connected_sets,
)
from cluster_optimiser.optimise.costs import are_largest, group_costs
from cluster_optimiser.optimise.merging import neighbourhoods
from cluster_optimiser.optimise.merging.neighbourhoods import first_plan, units_around
from cluster_optimiser.optimise.trees import Trees
from cluster_optimiser.verification import verify_plan
from tests.graphs import everything, random_problem
from tests.toy import toy_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Problem
    from cluster_optimiser.optimise import CandidateGroup

GRID = "ABCD EFGH IJKL MNOP"
RULES = {"size": {"min_pupils": 2000, "max_pupils": 3000}, "objective": {"order": ["count"]}}


def test_a_first_plan_has_each_unit_once() -> None:
    problem = toy_problem(GRID, **RULES)
    plan = first_plan(problem)
    assert plan is not None
    assert sorted(unit for group in plan for unit in group.units) == list(problem.units.index)
    assert len(plan) == 6


def test_a_plan_that_begins_with_more_clusters_than_allowed_is_none() -> None:
    problem = toy_problem(GRID, **RULES, count={"min": 1, "max": 6})
    pairs = [g for g in candidate_groups(problem) if g.units in {("A", "B"), ("C", "D")}]
    others = toy_problem(GRID, **RULES)
    rows = [("E", "F"), ("G", "H"), ("I", "J"), ("K", "L"), ("M", "N"), ("O", "P")]
    eight = [g for g in candidate_groups(others) if g.units in {("A", "B"), ("C", "D"), *rows}]
    assert (len(pairs), len(eight)) == (2, 8)
    found = first_plan(problem, begin=eight, is_bettered=False)
    assert found is None
    assert len(first_plan(problem, begin=pairs) or ()) == 6


def test_with_too_many_groups_to_list_there_is_a_legal_plan_and_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What pupils alone prove of the number is said, and what is open of the ways."""
    monkeypatch.setattr(listing, "MAX_SETS", 10)
    problem = toy_problem(GRID, **RULES)
    plan = solve_merge(problem)
    assert verify_plan(problem, plan.assignment).violations == ()
    (fewest,) = plan.solution.stages
    assert (plan.solution.status, fewest.status, fewest.bound) == ("OPTIMAL", "OPTIMAL", 6)
    assert plan.solution.proof.facts()["second_method"] == "no_listing"
    by_ways = toy_problem(GRID, **{**RULES, "objective": {"order": ["count", "pupil_minutes"]}})
    open_plan = solve_merge(by_ways).solution
    fewest, ways = open_plan.stages
    assert (open_plan.status, fewest.status, ways.status) == ("FEASIBLE", "OPTIMAL", "FEASIBLE")
    assert 0 < ways.bound < ways.objective


def large_clusters(*order: str, **tables: Any) -> Problem:
    """Give sixty units to be divided into four parts of nearly as many pupils."""
    letters = [chr(ord("A") + i) for i in range(60)]
    rng = random.Random(1)
    pupils = {letter: rng.randint(300, 900) for letter in letters}
    rows = " ".join("".join(letters[i * 10 : i * 10 + 10]) for i in range(6))
    middle = sum(pupils.values()) / 4
    size = {"min_pupils": int(middle * 0.98), "max_pupils": int(middle * 1.02)}
    objective = {"order": ["count", *order]}
    return toy_problem(rows, pupils=pupils, size=size, objective=objective, **tables)


def test_few_large_clusters_are_cut_from_trees_and_cut_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None was found: two clusters of fifteen units are too many to be divided anew exactly."""
    problem, ways = large_clusters("pupil_minutes"), []
    for patience in (0, 40):
        monkeypatch.setattr(neighbourhoods, "PATIENCE_OF_CUTS", patience)
        plan = first_plan(problem)
        assert plan is not None
        assert len(plan) == 4
        assert reduce(xor, (group.mask for group in plan)) == (1 << 60) - 1
        ways.append(sum(group.costs["pupil_minutes"] for group in plan))
    assert ways[1] < ways[0]


def test_clusters_cut_from_trees_are_cut_anew_until_what_is_limited_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The ways are not asked for, only limited: the first trees cut have longer ones."""
    monkeypatch.setattr(neighbourhoods, "PATIENCE_OF_CUTS", 10)
    ways = large_clusters("pupil_minutes")
    bettered = totals(ways, first_plan(ways) or ())[1]
    limited = large_clusters(limits={"pupil_minutes": 1.01 * bettered / 100})
    for is_bettered in (True, False):
        found = first_plan(limited, is_bettered=is_bettered)
        assert found is not None
        assert totals(ways, found)[1] <= 1.01 * bettered


def test_what_is_done_within_a_limit_has_the_nearest() -> None:
    assert left_s() is None
    with within(100), within(None), within(200):
        assert 0 < (left_s() or 0) <= 100
        with within(0):
            assert is_over()
        assert not is_over()
    assert left_s() is None


def test_sets_that_are_visited_count_not_only_those_that_are_kept() -> None:
    """Thirty units all adjacent, of which no set keeps the range."""
    everything = (1 << 30) - 1
    adjacency = [everything ^ 1 << i for i in range(30)]
    with within(0), pytest.raises(NoPlanFoundError, match="visited"):
        list(connected_sets(adjacency, [2] * 30, lowest=31, highest=31))


def test_sets_that_trap_a_rest_too_small_are_left_out() -> None:
    path = [0b00010, 0b00101, 0b01010, 0b10100, 0b01000]
    found = connected_sets(path, [1] * 5, lowest=2, highest=3, left_lowest=2)
    assert sorted(found) == [0b00011, 0b00111, 0b11000, 0b11100]


def test_a_plan_that_is_not_proved_is_told_with_a_bound_that_it_does_not_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    minutes = {**RULES, "objective": {"order": ["pupil_minutes"]}, "count": {"max": 6}}
    problem = toy_problem(GRID, **minutes)
    best = solve_merge(problem).solution.stages[0].objective
    monkeypatch.setattr(listing, "MAX_SETS", 10)
    solution = solve_merge(toy_problem(GRID, **minutes)).solution
    (stage,) = solution.stages
    assert solution.status == stage.status == "FEASIBLE"
    assert 0 < stage.bound <= best <= stage.objective
    assert stage.bound < stage.objective
    assert stage.gap == pytest.approx((stage.objective - stage.bound) / stage.objective)


@pytest.mark.parametrize(
    ("limits", "is_plan"),
    [({}, True), ({"deviation": 0}, False), ({"count": 6}, True), ({"count": 5}, False)],
)
def test_a_first_plan_keeps_what_is_limited(limits: dict[str, int], is_plan: bool) -> None:
    assert (first_plan(toy_problem(GRID, **RULES, limits=limits)) is not None) is is_plan


def totals(problem: Problem, plan: Sequence[CandidateGroup]) -> tuple[float, ...]:
    """Give what a plan has of each term of its order."""
    costs = group_costs(plan, problem.scenario.objective, seed=0)
    rows = zip(costs.values(), are_largest(costs), strict=True)
    return tuple(max(row) if is_largest else sum(row) for row, is_largest in rows)[:-1]


@pytest.mark.parametrize("seed", [9, 25, 65, 75, 77, 98, 99, 115])
def test_a_map_that_is_divided_whole_is_divided_best(seed: int) -> None:
    """Of all legal plans; with exceptions, numbers, longest ways, weights and units too large."""
    problem = random_problem(seed, most_units=9)
    every = everything(problem)
    found = first_plan(problem)
    assert tuple(sorted(every.groups.index(group) for group in found)) in every.plans
    plans = ([every.groups[i] for i in plan] for plan in every.plans)
    assert totals(problem, found) == min(totals(problem, plan) for plan in plans)


@pytest.mark.parametrize(
    ("grid", "apart"), [(GRID, []), (GRID, [["A", "F"], ["K", "P"]]), ("ABCDEFGH IJKLMNOP", [])]
)
@pytest.mark.parametrize("order", [["pupil_minutes"], ["longest_minutes", "pupil_minutes"]])
def test_what_is_cut_anew_is_better_or_stays(
    monkeypatch: pytest.MonkeyPatch, order: list[str], grid: str, apart: list[list[str]]
) -> None:
    divisions = Trees.divisions

    def of_one_piece(cut: Trees, part: frozenset[int], *more: int) -> list[list[frozenset[int]]]:
        assert nx.is_connected(cut.graph.subgraph(part))
        return divisions(cut, part, *more)

    monkeypatch.setattr(Trees, "divisions", of_one_piece)
    size = {"min_pupils": 3_000, "max_pupils": 6_000}
    rules = {"size": size, "objective": {"order": order}, "pins": {"apart": apart}}
    problem = toy_problem(grid, **rules)
    search = neighbourhoods._Search(problem, 0)
    trees = search.trees(random.Random(0))
    search.begin_with(trees)
    first = totals(problem, [*search.plan.values()])
    for _ in range(80):
        before = dict(search.plan)
        is_better = search.cut_anew(trees)
        was, now = (totals(problem, [*plan.values()]) for plan in (before, search.plan))
        assert now < was if is_better else search.plan == before
        assert sum(search.plan) == (1 << 16) - 1
        assert all(nx.is_connected(trees.graph.subgraph(bit_positions(m))) for m in search.plan)
        assert all(3_000 <= group.pupils <= 6_000 for group in search.plan.values())
    assert now < first


def test_a_unit_without_pupils_is_in_a_cluster_too() -> None:
    size = {"min_pupils": 300, "max_pupils": 500}
    problem = toy_problem(
        "AB", pupils={"A": 400, "B": 0}, size=size, objective={"order": ["joins"]}
    )
    assert [group.units for group in first_plan(problem) or ()] == [("A", "B")]


@pytest.mark.parametrize(
    ("n_units", "around"), [(2, 0b00111), (4, 0b01111), (5, 0b01111), (6, 0b111111)]
)
def test_whole_clusters_are_around_a_unit_however_many_units_it_has(
    n_units: int, around: int
) -> None:
    """In a row: a cluster of three, a unit of none and a cluster of two."""
    row = [0b10, 0b101, 0b1010, 0b10100, 0b101000, 0b10000]
    assert units_around([0b111, 0b110000], row, 0b1, n_units) == around


def test_what_trees_leave_over_is_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = toy_problem("ABCD", size={"min_pupils": 2_000, "max_pupils": 2_000})
    search = neighbourhoods._Search(problem, 0)
    trees = search.trees(random.Random(0))
    monkeypatch.setattr(Trees, "plan", lambda *_: [frozenset({0, 1})])
    search.begin_with(trees)
    assert (search.plan, search.left) == ({}, 0b1111)


def test_what_a_better_division_leaves_over_is_in_no_cluster() -> None:
    """B and C are more than A and B: A is then over, and a plan without it is none."""
    pupils = {"A": 100, "B": 300, "C": 200}
    problem = toy_problem("ABC", pupils=pupils, size={"min_pupils": 400, "max_pupils": 500})
    groups = Judge(problem).candidates([0b011, 0b110])
    search = neighbourhoods._Search(problem, 0, groups[:1])
    assert search.divide(0b111, groups)
    assert ([*search.plan], search.left) == ([0b110], 0b001)
    assert not search.divide(0b111, groups)
    assert first_plan(problem, begin=groups[:1]) is None


@pytest.mark.parametrize(
    ("order", "small", "count", "begun", "plan"),
    [
        # B alone would be a second exception.
        ("joins", 1, {}, [0b001], [0b001, 0b110]),
        ("joins", 2, {}, [0b001], [0b001, 0b010, 0b100]),
        ("joins", 2, {"max": 2}, [0b001], [0b001, 0b110]),
        ("count", 2, {}, [0b001, 0b010, 0b100], [0b001, 0b110]),
        ("count", 2, {"min": 3}, [0b001, 0b010, 0b100], [0b001, 0b010, 0b100]),
        # What shares a unit with one before it is not begun with.
        ("joins", 1, {}, [0b001, 0b011], [0b001, 0b110]),
    ],
)
def test_a_part_is_divided_within_what_the_rest_of_the_plan_leaves(
    order: str, small: int, count: dict[str, int], begun: list[int], plan: list[int]
) -> None:
    """A and B have too few pupils, of three in a row: B and C are divided anew."""
    size = {"min_pupils": 200, "max_pupils": 500, "max_exceptions": small}
    pupils = {"A": 100, "B": 100, "C": 400}
    problem = toy_problem(
        "ABC", pupils=pupils, size=size, count=count, objective={"order": [order]}
    )
    judge = Judge(problem)
    search = neighbourhoods._Search(problem, 0, [judge.candidates([m])[0] for m in begun])
    search.divide(0b110, judge.candidates([0b010, 0b100, 0b110]))
    assert (sorted(search.plan), search.left) == (plan, 0)
