"""The universe against plain listing of all plans, published numbers, and refusals."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.deadline import within
from cluster_optimiser.errors import (
    ClusterOptimiserError,
    InfeasibleError,
    InputError,
    NoPlanFoundError,
)
from cluster_optimiser.optimise import candidate_groups, solve_merge
from cluster_optimiser.optimise.costs import are_largest
from cluster_optimiser.optimise.universe.all_plans import ORDER, QUANTILES, Universe
from cluster_optimiser.optimise.universe.diagram import counts_to_go, totals
from tests.effort import examples
from tests.graphs import everything, grid_problem, random_problem
from tests.toy import toy_assignment, toy_problem

if TYPE_CHECKING:
    from cluster_optimiser.arrays import Floats
    from tests.graphs import Everything

SEEDS = st.integers(0, 2**32 - 1)


def vectors(universe: Universe, listed: Everything, **options) -> list[tuple[int, ...]]:
    costs = universe.objective_costs(**options)
    rows, largest = np.array(list(costs.values())), are_largest(costs)
    return [totals(rows, plan, largest) for plan in listed.plans]


@given(seed=SEEDS)
@settings(max_examples=examples(300))
def test_everything_equals_plain_listing(seed: int) -> None:
    """Counts, distributions, ranks, best plans, shares and fronts of random graphs."""
    problem = random_problem(seed)
    listed = everything(problem)
    universe = Universe.of(problem)
    assert universe.n_plans == len(listed.plans)
    check_counts(universe, listed)
    if listed.plans:
        check_distributions(universe, listed)
        check_ranks(universe, listed, listed.plans[seed % len(listed.plans)])
        check_together(universe, listed)
        check_front(universe, listed, seed)
    check_best(universe, listed)


@pytest.mark.parametrize(
    "order",
    [
        ["count", "longest_minutes"],
        ["longest_minutes", "pupil_minutes"],
        ["exceptions", "count", "longest_minutes", "deviation"],
        ["pupil_minutes", "count"],
    ],
)
def test_of_a_grid_everything_equals_plain_listing(order: list[str]) -> None:
    """Random maps mostly have few plans; here 74 are put in order by longest ways too."""
    minutes = np.random.default_rng(len(order)).integers(1, 9, (12, 12)) * 1.0
    np.fill_diagonal(minutes, 0.0)
    for ways in (minutes, None):  # without a table all are alike
        check_a_grid(ways, order)


def check_a_grid(minutes: Floats | None, order: list[str]) -> None:
    size = {"min_pupils": 2_000, "max_pupils": 6_000, "max_exceptions": 6, "target_pupils": 2_500}
    problem = grid_problem(2, 3, minutes=minutes, size=size, objective={"order": order})
    universe, listed = Universe.of(problem), everything(problem)
    assert universe.n_plans == len(listed.plans) == 74
    check_distributions(universe, listed)
    for plan in listed.plans[::9]:
        check_ranks(universe, listed, plan)
    check_best(universe, listed)
    check_together(universe, listed)
    for seed in range(10):
        check_front(universe, listed, seed)


def check_counts(universe: Universe, listed: Everything) -> None:
    sizes = [len(plan) for plan in listed.plans]
    assert universe.n_plans_by_count == {n: sizes.count(n) for n in sorted(set(sizes))}
    assert list(universe.n_plans_with_group) == [
        sum(i in plan for plan in listed.plans) for i in range(len(listed.groups))
    ]


def check_distributions(universe: Universe, listed: Everything) -> None:
    table = universe.distributions()
    assert set(table.index) == set(listed.groups[0].costs)
    for metric, row in table.iterrows():
        values = sorted(listed.values(metric))
        n = len(values)
        # The least value with at least a share q at or under it; hundredths keep to whole numbers.
        upto = [values[max(0, -(-round(100 * q) * n // 100) - 1)] for q in QUANTILES]
        assert row[["p05", "p25", "p50", "p75", "p95"]].to_list() == upto
        assert (row["minimum"], row["maximum"]) == (values[0], values[-1])
        assert universe.mean(metric) * n == sum(values)


def check_ranks(universe: Universe, listed: Everything, plan: tuple[int, ...]) -> None:
    ranks = universe.rank(plan)
    compared = {metric: listed.values(metric) for metric in universe.metrics}
    compared[ORDER] = vectors(universe, listed)
    assert list(ranks.index) == list(compared)
    for name, values in compared.items():
        own = values[listed.plans.index(plan)]
        assert ranks.loc[name, ["n_better", "n_equal", "n_worse"]].to_list() == [
            sum(v < own for v in values), values.count(own), sum(v > own for v in values)
        ]  # fmt: skip
        for end in ("least", "most"):
            assert ranks.loc[name, f"n_better_{end}"] == sum(v < own for v in values)
            assert ranks.loc[name, f"n_worse_{end}"] == sum(v > own for v in values)


def check_best(universe: Universe, listed: Everything) -> None:
    k = 20
    found = universe.best(k, seed=3)
    assert len(found) == min(k, len(listed.plans))
    assert len({plan.groups for plan in found}) == len(found)
    of = dict(zip(listed.plans, vectors(universe, listed, seed=3), strict=True))
    assert [of[plan.groups] for plan in found] == sorted(of.values())[:k]


def check_together(universe: Universe, listed: Everything) -> None:
    table = universe.together(near_pct=10)
    first = [vector[0] for vector in vectors(universe, listed)]
    kept = {
        "all": listed.plans,
        "fewest": [p for p in listed.plans if len(p) == min(map(len, listed.plans))],
        "near": [p for p, v in zip(listed.plans, first, strict=True) if 10 * v <= 11 * min(first)],
    }
    assert len(table) == universe.problem.dual.number_of_edges()
    for (a, b), row in table.iterrows():
        for kind, plans in kept.items():
            n = sum(any({a, b} <= set(listed.groups[i].units) for i in p) for p in plans)
            assert row[f"n_{kind}"] == n
            assert row[f"share_{kind}"] == n / len(plans)


def check_front(universe: Universe, listed: Everything, seed: int) -> None:
    terms = ["count", "pupil_minutes", "deviation", "misaligned.district", "exceptions"]
    terms += ["longest_minutes"] if "longest_minutes" in universe.metrics else []
    for chosen in list(combinations(terms, 2 + seed % 2))[seed % 10 :: 5]:
        points = set(zip(*(listed.values(term) for term in chosen), strict=True))
        front = {
            p for p in points
            if not any(q != p and all(x <= y for x, y in zip(q, p, strict=True)) for q in points)
        }  # fmt: skip
        found = universe.pareto(chosen)
        assert [tuple(plan.costs[t] for t in chosen) for plan in found] == sorted(front)
        assert all(plan.groups in listed.plans for plan in found)


@pytest.mark.parametrize(("n", "n_plans"), [(3, 10), (4, 117), (5, 4_006), (6, 451_206)])
def test_grids_into_equal_connected_parts(n: int, n_plans: int) -> None:
    """OEIS A172477: n x n squares into n connected parts of n squares."""
    size = {"min_pupils": 1000 * n, "max_pupils": 1000 * n}
    assert Universe.of(grid_problem(n, n, size=size)).n_plans == n_plans


@pytest.mark.thorough
def test_numbers_beyond_64_bits_are_exact() -> None:
    """Eighty units in a row: each of the 79 borders is cut or not."""
    universe = Universe.of(grid_problem(1, 80))
    assert universe.n_plans == 2**79
    assert sum(universe.n_plans_by_count.values()) == 2**79
    assert universe.together().loc[("U03", "U04"), "n_all"] == 2**78
    assert universe.mean("count") == 1 + 79 / 2
    middle = universe.distributions().loc["count", "p50"]
    assert middle == 40
    ranks = universe.rank(universe.sample(1, seed=1)[0].groups).loc["count"]
    assert ranks["n_better"] + ranks["n_equal"] + ranks["n_worse"] == 2**79


def test_the_best_plan_is_the_one_that_is_solved_for() -> None:
    problem = toy_problem("ABCD EFGH IJKL", size={"min_pupils": 2000, "max_pupils": 4000})
    universe = Universe.of(problem)
    best = universe.best(1, seed=5)[0]
    solved = solve_merge(problem, seed=5)
    assert universe.groups_of(solved) == best.groups
    written = universe.plan(best.groups, status="OPTIMAL")
    assert written.assignment.equals(solved.assignment)
    assert written.solution.status == "OPTIMAL"
    assert written.solution.proof.n_legal_plans == universe.n_plans


def test_a_plan_is_known_by_its_assignment_its_units_or_its_groups() -> None:
    problem = toy_problem("ABCD", size={"min_pupils": 1000, "max_pupils": 3000})
    universe = Universe.of(problem)
    assignment = toy_assignment(problem, {"one": "AB", "two": "CD"})
    chosen = universe.groups_of(assignment)
    assert [universe.groups[i].units for i in chosen] == [("A", "B"), ("C", "D")]
    assert universe.groups_of([{"C", "D"}, {"A", "B"}]) == chosen
    assert universe.groups_of(chosen) == chosen


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ([{"A", "B"}], r"unit C: it is in no cluster"),
        ([{"A", "B"}, {"B", "C", "D"}], r"unit B: it is in several clusters: cluster 1, cluster 2"),
        ([{"A", "C"}, {"B", "D"}], r"units A, C may not be a cluster: they are not contiguous"),
        (
            [{"A"}, {"B", "C", "D"}],
            r"A may not be a cluster: 1,000 pupils are under the minimum of 2,",
        ),
        ([{"A", "B", "C", "D"}], r"4,000 pupils are over the maximum of 3,000"),
        ([{"A", "B"}, {"C", "Z"}], r"unit Z: there is no such unit"),
        ([5], r"there are only 5 candidate groups"),
    ],
)
def test_a_plan_that_is_not_legal_is_refused_with_its_reason(plan, message) -> None:
    universe = Universe.of(toy_problem("ABCD", size={"min_pupils": 2000, "max_pupils": 3000}))
    with pytest.raises(InputError, match=message):
        universe.rank(plan)


def test_a_divided_unit_and_a_missing_school_are_both_named() -> None:
    problem = toy_problem("AB", schools=None)
    assignment = toy_assignment(problem, {"one": "AB"})
    assignment.iloc[1] = None
    with pytest.raises(InputError, match="1 school has no cluster: URN 100002"):
        Universe.of(problem).rank(assignment)


def test_a_plan_with_too_many_clusters_is_refused() -> None:
    universe = Universe.of(toy_problem("ABC", count={"max": 2}))
    with pytest.raises(InputError, match="it has 3 clusters, the scenario allows 1 to 2"):
        universe.rank([{"A"}, {"B"}, {"C"}])


@pytest.mark.parametrize(("most", "is_told"), [(2, False), (1, True)])
def test_a_plan_on_what_is_limited_is_legal(most: int, *, is_told: bool) -> None:
    free = Universe.of(toy_problem("ABC"))
    universe = Universe(toy_problem("ABC", limits={"count": most}), free.groups, free.diagram)
    if is_told:
        with pytest.raises(InputError, match="plan: count is 2, the scenario allows 1"):
            universe.groups_of([{"A"}, {"B", "C"}])
    else:
        assert len(universe.groups_of([{"A"}, {"B", "C"}])) == 2


def test_no_plan_is_a_value_and_nothing_can_be_drawn() -> None:
    universe = Universe.of(toy_problem("ABC", size={"min_pupils": 2000, "max_pupils": 2000}))
    assert (universe.n_plans, universe.n_plans_by_count, universe.best(3)) == (0, {}, [])
    assert universe.distributions().empty
    assert universe.pareto(["count", "deviation"]) == []
    assert universe.together()["share_all"].isna().all()
    with pytest.raises(InfeasibleError, match="there is no legal plan to draw"):
        universe.sample(1, seed=0)


def test_past_the_limit_the_message_names_what_still_works() -> None:
    with pytest.raises(ClusterOptimiserError, match=r"more than 50 states.*proved by CP-SAT"):
        Universe.of(grid_problem(4, 4), max_states=50)


def test_a_rule_that_is_not_told_is_said_to_be_told_by_evaluate() -> None:
    problem = toy_problem("AB", pins={"apart": [["A", "B"]]})
    with pytest.raises(InputError, match="they break another rule, which the command `evaluate`"):
        Universe.of(problem).rank([{"A", "B"}])


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (["count"], "two or three different terms"),
        (["count", "joins", "deviation", "pupil_minutes"], "two or three different terms"),
        (["count", "count"], "two or three different terms"),
        (["count", "deviatoin"], 'Did you mean "deviation"'),
        (["count", "border_km"], "is counted only where the scenario asks for it"),
        (["count", "robustness"], "counts projections of a whole plan, so a front cannot hold it"),
    ],
)
def test_terms_of_a_front_are_checked(terms, message) -> None:
    with pytest.raises(InputError, match=message):
        Universe.of(toy_problem("AB")).pareto(terms)


def test_time_that_is_over_is_not_told_as_too_many_states() -> None:
    problem = toy_problem("AB")
    groups = candidate_groups(problem)
    with within(0), pytest.raises(NoPlanFoundError, match="while all plans were counted"):
        Universe.of(problem, groups)


def test_the_order_of_units_changes_nothing() -> None:
    """The same map turned round: the same numbers."""
    size = {"min_pupils": 2000, "max_pupils": 5000}
    wide = Universe.of(toy_problem("ABCDE FGHIJ", size=size))
    tall = Universe.of(toy_problem("AB CD EF GH IJ", size=size))
    assert wide.n_plans_by_count == tall.n_plans_by_count


@pytest.mark.parametrize("pct", [0.0, 4.9, 5.0, 50.0])
def test_plans_near_the_best_are_those_on_the_share_too(pct: float) -> None:
    problem = grid_problem(2, 3)
    universe, plans = Universe.of(problem), everything(problem).plans
    costs = np.random.default_rng(1).choice([20, 21, 22, 30], len(universe.groups))
    for term, gather in (("longest_minutes", max), ("deviation", sum)):
        values = [gather(int(costs[i]) for i in plan) for plan in plans]
        near = universe._near(term, costs, pct, max_states=10**6)
        n_near = sum(100 * value <= (100 + pct) * min(values) for value in values)
        assert int(counts_to_go(near)[0]) == n_near
