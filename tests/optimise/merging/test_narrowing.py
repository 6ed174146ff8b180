"""Groups that are ruled out are in no plan as good as the best: against all plans, one by one."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
from scipy.sparse import csr_array

from cluster_optimiser.deadline import within
from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.optimise import solve_merge
from cluster_optimiser.optimise.candidates import candidate_groups, membership
from cluster_optimiser.optimise.costs import are_largest, group_costs
from cluster_optimiser.optimise.exactly import Answer, minimise
from cluster_optimiser.optimise.merging import merge, narrowing, reach
from cluster_optimiser.optimise.merging.narrowing import narrowed_cover
from cluster_optimiser.optimise.merging.neighbourhoods import first_plan
from cluster_optimiser.optimise.merging.reach import reach_of, row_of
from cluster_optimiser.progress import Progress, listening
from tests.graphs import everything, graph_problem, grid_problem, random_problem
from tests.norfolk import norfolk_problem
from tests.toy import toy_problem

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem

SEEDS = range(40)


def holders(problem: Problem, groups) -> csr_array:
    masks = [group.mask for group in groups]
    return csr_array(membership(masks, len(problem.units)).T.astype(float))


def best_of_all(problem: Problem) -> tuple[int, ...] | None:
    """Give the least totals in order, by going through every plan."""
    every = everything(problem)
    costs = group_costs(every.groups, problem.scenario.objective, seed=0)
    gathers = [max if largest else sum for largest in are_largest(costs)]
    return min(
        (
            tuple(
                gather(row[i] for i in plan)
                for gather, row in zip(gathers, costs.values(), strict=True)
            )
            for plan in every.plans
        ),
        default=None,
    )


@pytest.mark.parametrize("core", [2, 8])
def test_the_best_plan_is_that_of_all_plans(core: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narrowing, "CORE", core)
    monkeypatch.setattr(narrowing, "MANY_UNITS", 6)
    n_none = 0
    for seed in SEEDS:
        problem = random_problem(seed)
        groups = candidate_groups(problem)
        if not groups:
            continue
        cover, best = narrowed_cover(problem, groups), best_of_all(problem)
        n_none += best is None
        assert (cover.status, cover.totals) == (
            ("INFEASIBLE", ()) if best is None else ("OPTIMAL", best)
        ), seed
        assert all(stage.gap == 0 for stage in cover.stages)
    assert 0 < n_none < len(SEEDS) / 2


def test_no_plan_is_below_what_is_proved_of_its_groups() -> None:
    n_ruled_out = 0
    for seed in SEEDS:
        problem = random_problem(seed)
        every = everything(problem)
        if not every.plans:
            continue
        costs = group_costs(every.groups, problem.scenario.objective, seed=0)
        for (stage, row), largest in zip(costs.items(), are_largest(costs), strict=True):
            if largest:
                continue
            found = reach_of(
                np.array(row), holders(problem, every.groups), [], most_groups=len(problem.units)
            )
            assert found is not None
            values = [sum(row[i] for i in plan) for plan in every.plans]
            assert found.bound <= min(values), (seed, stage)
            least = found.least()
            n_ruled_out += int((least > min(values)).sum())
            assert all(
                least[i] <= value
                for plan, value in zip(every.plans, values, strict=True)
                for i in plan
            ), (seed, stage)
    assert n_ruled_out > 100


@pytest.mark.parametrize("seed", range(8))
def test_any_multipliers_bound_every_plan_and_every_plan_of_a_group(seed: int) -> None:
    """Of units either sign, of rows any: what they say is counted in whole numbers."""
    problem, draw = random_problem(seed), np.random.default_rng(seed)
    every = everything(problem)
    if not every.plans:
        return
    n_groups, most = len(every.groups), max(map(len, every.plans))
    costs = draw.integers(-5, 30, n_groups)
    of_row = draw.integers(0, 3, n_groups)
    rows = [row_of(of_row, max(int(of_row[list(plan)].sum()) for plan in every.plans))]
    program = reach._Program(costs, holders(problem, every.groups), rows, most)
    for scale in (1.0, 10.0):
        of_units = draw.uniform(-1, 2, len(problem.units)) * scale
        found = program._proved(
            np.zeros(n_groups), of_units, draw.uniform(-scale, 1, 1), rows[0].coefficients
        )
        assert found is not None
        for plan in every.plans:
            value = int(costs[list(plan)].sum())
            assert found.bound <= value
            assert all(found.least()[list(plan)] <= value)


def odd_ring() -> tuple[csr_array, np.ndarray]:
    """Three units of which any two are a group, and each is one that costs much."""
    pairs = [sum(1 << i for i in pair) for pair in combinations(range(3), 2)]
    masks = [*pairs, 1, 2, 4]
    return csr_array(membership(masks, 3).T.astype(float)), np.array([10, 10, 10, 100, 100, 100])


def test_three_units_in_pairs_are_seen_through() -> None:
    """In fractions half of each pair costs 15; a plan has one pair and one unit alone."""
    held, costs = odd_ring()
    found = reach_of(costs, held, [], most_groups=3)
    assert found is not None
    assert found.bound == 110


def test_rows_bound_too() -> None:
    held, _ = odd_ring()
    costs = np.array([100, 100, 100, 10, 10, 10])
    at_most_two = row_of(np.ones(6, dtype=int), 2)
    alone, limited = (reach_of(costs, held, rows, most_groups=3) for rows in ([], [at_most_two]))
    assert alone is not None
    assert limited is not None
    assert (alone.bound, limited.bound) == (30, 110)


def test_large_coefficients_are_divided_so_that_what_keeps_a_row_still_does() -> None:
    row = row_of(np.array([5_000_000, 4_999_999, 1]), 9_999_999)
    coefficients = row.coefficients.toarray()[0]
    assert max(coefficients) <= 1_024
    assert coefficients[0] + coefficients[1] <= row.most


def test_costs_past_what_can_be_added_up_prove_nothing() -> None:
    held, costs = odd_ring()
    assert reach_of(costs * 2**56, held, [], most_groups=3) is None


def test_many_groups_give_the_plan_that_few_would(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = norfolk_problem("4a")
    expected = solve_merge(problem)
    monkeypatch.setattr(merge, "MANY_GROUPS", 0)
    monkeypatch.setattr(narrowing, "CORE", 50)
    monkeypatch.setattr(merge, "sweep", lambda *_, **__: None)
    found = solve_merge(problem)
    assert found.assignment.equals(expected.assignment)
    assert found.solution.proof.record()["n_ruled_out"] > 0
    assert [s.objective for s in found.solution.stages] == [
        s.objective for s in expected.solution.stages
    ]


@pytest.mark.parametrize("is_first", [True, False])
def test_what_the_sweep_chose_among_equals_is_not_chosen_anew(
    monkeypatch: pytest.MonkeyPatch, *, is_first: bool
) -> None:
    problem = grid_problem(
        4, 4, size={"min_pupils": 4000, "max_pupils": 4000}, objective={"order": ["count"]}
    )
    groups = candidate_groups(problem)
    expected = narrowed_cover(problem, groups)
    solved, minimise = [], narrowing._Stages.minimise
    monkeypatch.setattr(
        narrowing._Stages, "minimise", lambda *a: solved.append(a[1]) or minimise(*a)
    )
    start = [groups[i] for i in expected.chosen] if is_first else []
    found = narrowed_cover(problem, groups, start=start, is_tie_broken=is_first)
    assert (found.chosen, found.totals) == (expected.chosen, expected.totals)
    assert solved == ["count"] if is_first else solved == ["count", "tie-break"]


def test_a_start_that_is_bettered_does_not_choose_among_equals() -> None:
    """Told that a plan of five comes first of all: four are fewer, and the first of these wins."""
    problem = grid_problem(
        4, 4, size={"min_pupils": 2000, "max_pupils": 4000}, objective={"order": ["count"]}
    )
    groups = candidate_groups(problem)
    at = {group.mask: group for group in groups}
    halves = [0b0000_0000_0011_0011, 0b0000_0000_1100_1100, 0b1111 << 8, 0b11 << 12, 0b11 << 14]
    found = narrowed_cover(problem, groups, start=[at[mask] for mask in halves], is_tie_broken=True)
    assert found.chosen == narrowed_cover(problem, groups).chosen


def grid() -> Problem:
    return grid_problem(
        4, 6, size={"min_pupils": 3000, "max_pupils": 5000},
        objective={"order": ["count", "deviation"]},
    )  # fmt: skip


def test_a_plan_is_begun_and_bettered_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """24 units in groups of five at most: five of them, and one unit fewer in one."""
    monkeypatch.setattr(narrowing, "CORE", 10)
    monkeypatch.setattr(narrowing, "MANY_UNITS", 10)
    monkeypatch.setattr(narrowing, "REGION_UNITS", 12)
    begun, solve = [], narrowing.first_plan
    monkeypatch.setattr(narrowing, "first_plan", lambda *a, **k: begun.append(k) or solve(*a, **k))
    cover = narrowed_cover(grid(), candidate_groups(grid()))
    assert (cover.status, cover.totals[0]) == ("OPTIMAL", 5)
    assert len(begun) == 1
    assert begun[0]["begin"]


def test_parts_that_gain_nothing_grow_until_they_have_enough_to_spare(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Six groups of four in a row: five hold all 24 units, but of five groups none can go."""
    monkeypatch.setattr(narrowing, "CORE", 10)
    monkeypatch.setattr(narrowing, "REGION_UNITS", 4)
    size = {"min_pupils": 3000, "max_pupils": 5000}
    order = {"order": ["count"]}
    problem = graph_problem(nx.path_graph(24), [1000] * 24, size=size, objective=order)
    groups = candidate_groups(problem)
    fours = {0b1111 << 4 * i for i in range(6)}
    solved = narrowing._Stages(problem, groups, seed=0)
    solved.take([group for group in groups if group.mask in fours])
    assert len(solved.plan) == 6
    solved._better("count", solved._reach("count"), None)
    assert len(solved.plan) == 5


def test_out_of_time_the_plan_there_is_has_a_bound_below_it() -> None:
    problem = grid()
    groups = candidate_groups(problem)
    start = first_plan(problem, is_bettered=False)
    with within(0):
        cover = narrowed_cover(problem, groups, start=start)
    assert cover.status in {"OPTIMAL", "FEASIBLE"}
    assert sorted(unit for i in cover.chosen for unit in groups[i].units) == list(
        problem.units.index
    )
    assert 5 <= cover.stages[0].bound <= cover.stages[0].objective


def test_without_a_bound_in_fractions_a_plan_is_begun_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reach, "linprog", lambda *_, **__: SimpleNamespace(status=1))
    monkeypatch.setattr(narrowing, "CORE", 10)
    cover = narrowed_cover(grid(), candidate_groups(grid()))
    assert (cover.status, cover.totals[0]) == ("OPTIMAL", 5)


def test_a_ring_whose_groups_are_all_alike_is_proved() -> None:
    problem = graph_problem(
        nx.cycle_graph(30), [1000] * 30, size={"min_pupils": 2000, "max_pupils": 3000},
        objective={"order": ["count"]},
    )  # fmt: skip
    cover = narrowed_cover(problem, candidate_groups(problem))
    assert (cover.status, cover.totals[0]) == ("OPTIMAL", 10)


def test_where_no_program_can_be_written_in_time_the_plan_there_is_stands() -> None:
    """Each way to halve the grid is a group and what it leaves: the best of them is the start."""
    problem = grid_problem(
        4, 4, size={"min_pupils": 7000, "max_pupils": 9000},
        count={"min": 2, "max": 2}, objective={"order": ["deviation", "count"]},
    )  # fmt: skip
    groups = candidate_groups(problem)
    start = merge._of_two(problem, groups, 0)
    assert (sum(group.costs["deviation"] for group in start), len(start)) == (0, 2)
    with within(0):
        cover = narrowed_cover(problem, groups, start=start)
    assert [groups[i] for i in cover.chosen] == sorted(start, key=groups.index)
    assert solve_merge(problem).solution.status == "OPTIMAL"


@pytest.mark.parametrize(
    ("limits", "is_any"), [({"deviation": 0}, True), ({"pupil_minutes": 1000}, False)]
)
def test_of_two_clusters_the_start_keeps_the_limits(limits: dict[str, int], is_any: bool) -> None:
    """Of 454 ways to divide the grid in two 70 are even; all take 145,000 pupil minutes."""
    problem = grid_problem(
        4, 4, size={"min_pupils": 5000, "max_pupils": 11_000}, count={"min": 2, "max": 2},
        limits=limits, objective={"order": ["joins"]},
    )  # fmt: skip
    start = merge._of_two(problem, candidate_groups(problem), 0)
    assert bool(start) is is_any
    assert sum(group.costs["deviation"] for group in start) == 0


@pytest.mark.parametrize("core", [2, 1_000])
def test_many_groups_without_a_plan_in_time_are_not_called_impossible(
    core: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "CORE", core)
    monkeypatch.setattr(narrowing, "first_plan", lambda *_, **__: None)
    monkeypatch.setattr(narrowing, "minimise", lambda *_, **__: Answer("UNKNOWN"))
    problem = grid_problem(2, 3)
    with pytest.raises(NoPlanFoundError, match="none is proved impossible"):
        narrowed_cover(problem, candidate_groups(problem))


def test_a_plan_of_many_groups_that_is_not_the_best_in_time_is_not_called_the_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each program is stopped at the plan that is worst."""
    problem = grid_problem(2, 3, objective={"order": ["deviation"]})
    groups = candidate_groups(problem)
    best = narrowed_cover(problem, groups).totals[0]

    def stopped(model, total, *more, **how) -> Answer:
        found = minimise(model, total.negative, *more, **how)
        return Answer("FEASIBLE", found.values, -found.total, 0)

    monkeypatch.setattr(narrowing, "minimise", stopped)
    cover = narrowed_cover(problem, groups)
    (stage,) = cover.stages
    assert (cover.status, stage.status) == ("FEASIBLE", "FEASIBLE")
    assert stage.bound <= best < stage.objective


def test_the_largest_is_held_in_the_stages_that_follow() -> None:
    """Units by themselves have no ways, and are more than one cluster."""
    problem = toy_problem("ABC DEF", objective={"order": ["longest_minutes", "count"]})
    groups = candidate_groups(problem)
    assert narrowed_cover(problem, groups).totals[:2] == (0, 6)


@pytest.mark.parametrize("core", [2, 8])
@pytest.mark.parametrize("many_units", [2, 500])
def test_no_bound_that_is_told_is_above_the_best(
    core: int, many_units: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of some of the groups, of costs that are blended and of guesses bounds are others."""
    monkeypatch.setattr(narrowing, "CORE", core)
    monkeypatch.setattr(narrowing, "MANY_UNITS", many_units)
    for order in (["exceptions", "count"], ["deviation", "pupil_minutes"], ["joins"]):
        problem = toy_problem(
            "ABC DEF",
            pupils=dict(zip("ABCDEF", (310, 120, 260, 190, 140, 230), strict=True)),
            size={"min_pupils": 230, "max_pupils": 700, "max_exceptions": 1, "target_pupils": 420},
            objective={"order": order},
        )
        heard: list[Progress] = []
        with listening(heard.append):
            cover = narrowed_cover(problem, candidate_groups(problem))
        best = {stage.term: stage.objective for stage in cover.stages}
        for told in heard:
            assert told.bound is None or told.bound <= best[told.stage] + 1e-6
            assert told.objective is None or told.objective >= best[told.stage] - 1e-6
