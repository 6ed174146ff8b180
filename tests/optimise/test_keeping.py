"""Plans that stay legal if pupils change: against naive counting, and against the judge."""

import dataclasses
from random import Random

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from cluster_optimiser.domain import Problem
from cluster_optimiser.errors import InfeasibleError
from cluster_optimiser.geography import build_problem
from cluster_optimiser.geography.units import unit_table
from cluster_optimiser.optimise import candidate_groups, solve_merge
from cluster_optimiser.optimise.keeping import Keeping, keeping_of
from cluster_optimiser.optimise.universe import kept
from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.optimise.universe.kept import KeptOrder, kept_plans_in_order, plans_by_kept
from cluster_optimiser.prospects import Projected
from cluster_optimiser.terms import term_scale
from cluster_optimiser.verification import n_not_legal, outlook_of, verify_plan
from tests.effort import examples
from tests.graphs import everything, grid_problem, random_problem
from tests.norfolk import norfolk_place, norfolk_scenario
from tests.toy import toy_problem


def with_projections(problem: Problem, seed: int, order: list[str] | None = None) -> Problem:
    """Give a problem some projections that bind, and perhaps another order."""
    random, numbers = Random(seed), np.random.default_rng(seed)
    schools = problem.authority.schools
    made = []
    for i in range(random.randint(1, 7)):
        factor = numbers.uniform(0.6, 1.4, len(schools))
        pupils = np.floor(schools["pupils"].to_numpy() * factor).astype(np.int64)
        series = pd.Series(pupils, index=schools.index, name="pupils")
        made.append(Projected(f"p{i}", "p", 2020 + i, is_draw=False, pupils=series))
    scenario = problem.scenario
    if order is not None:
        changed = scenario.objective.model_copy(update={"order": tuple(order), "weights": {}})
        travel = scenario.travel.model_copy(update={"max_minutes": random.choice([None, 6.0, 9.0])})
        scenario = scenario.model_copy(update={"objective": changed, "travel": travel})
    return dataclasses.replace(problem, projections=tuple(made), scenario=scenario)


def in_projection(problem: Problem, projected: Projected) -> Problem:
    """Build the problem again as if the projected pupils were today's."""
    schools = gpd.GeoDataFrame(problem.authority.schools.assign(pupils=projected.pupils))
    shapes = problem.units.geometry
    return dataclasses.replace(
        problem,
        authority=dataclasses.replace(problem.authority, schools=schools),
        units=unit_table(schools, problem.unit_of, shapes, list(problem.authority.layers)),
    )


def naive_lost(problem: Problem, plans: list[tuple[int, ...]]) -> list[int]:
    """Count for each plan the projections whose own legal plans do not hold it."""
    groups = candidate_groups(problem)
    masks = [frozenset(groups[i].mask for i in plan) for plan in plans]
    lost = [0] * len(plans)
    for projected in problem.projections:
        found = everything(in_projection(problem, projected))
        legal = {frozenset(found.groups[i].mask for i in plan) for plan in found.plans}
        lost = [n + (mask not in legal) for n, mask in zip(lost, masks, strict=True)]
    return lost


TERMS = ("count", "deviation", "misaligned.district", "exceptions")


@pytest.mark.parametrize("seed", range(examples(120)))
def test_the_best_plan_and_all_counts_equal_naive_ones(seed: int) -> None:
    random = Random(seed)
    order = random.sample(TERMS, random.randint(1, 3))
    order.insert(random.randint(0, len(order)), "robustness")
    problem = with_projections(random_problem(seed, most_units=8), seed, order)
    found = everything(problem)
    lost = naive_lost(problem, found.plans)
    groups = candidate_groups(problem)
    keeping = keeping_of(problem, groups)
    assert keeping is not None
    n = len(problem.projections)
    assert [n - keeping.kept(plan).bit_count() for plan in found.plans] == lost
    counted = plans_by_kept(Universe.of(problem, groups).diagram, keeping)
    assert counted == {n - k: lost.count(k) for k in sorted(set(lost), reverse=True)}
    if not found.plans:
        with pytest.raises(InfeasibleError):
            solve_merge(problem)
        return
    columns = [lost if term == "robustness" else found.values(term) for term in order]
    plan = solve_merge(problem)
    stages = [round(s.objective * term_scale(s.term)) for s in plan.solution.stages[:-1]]
    assert tuple(stages) == min(zip(*columns, strict=True))
    assert plan.solution.status == "OPTIMAL"
    assert plan.solution.proof.record()["second_method"] == "all plans in order: same optimum"


def test_an_exception_is_small_in_some_projections_only() -> None:
    """Two groups may each be small, though not in the same projection."""
    keeping = Keeping(n_projections=3, is_fine=(7, 7), is_small=(0b001, 0b011), most_small=1)
    assert keeping.kept([0, 1]) == 0b110
    assert keeping.kept([0]) == keeping.kept([]) == 0b111


@pytest.mark.parametrize(("limit", "legal"), [(8.9, [True, False]), (9, [True, True])])
def test_where_a_group_would_meet_in_a_projection_is_near_enough_or_it_is_not_legal(
    limit: float, legal: list[bool]
) -> None:
    """All are near A, where most pupils are; then B has most, 9 minutes from C."""
    tables = {"travel": {"max_minutes": limit}, "pins": {"together": [["A", "B", "C"]]}}
    problem = toy_problem("ABC", pupils={"A": 100, "B": 1, "C": 1}, **tables)
    ways = np.array([[0.0, 5.0, 5.0], [5.0, 0.0, 9.0], [5.0, 9.0, 0.0]])
    index = problem.authority.schools.index
    made = [
        Projected(name, name, 2030, is_draw=False, pupils=pd.Series(pupils, index=index))
        for name, pupils in (("now", [100, 1, 1]), ("then", [1, 100, 1]))
    ]
    travel = dataclasses.replace(problem.travel, minutes=ways)
    problem = dataclasses.replace(problem, travel=travel, projections=tuple(made))
    keeping = keeping_of(problem, candidate_groups(problem))
    assert keeping is not None
    assert [bool(keeping.kept([0]) >> s & 1) for s in range(2)] == legal


@pytest.mark.parametrize("option", ["4a", "4d", "2b"])
def test_the_judge_counts_the_same_projections(option: str) -> None:
    """Optimiser and verification share no code: on real plans they agree plan by plan."""
    place, table = norfolk_place(), norfolk_scenario("4f").projection
    assert table is not None
    assert table.spread is not None
    fewer = table.model_copy(update={"spread": table.spread.model_copy(update={"draws": 12})})
    scenario = norfolk_scenario(option).model_copy(update={"projection": fewer})
    problem = build_problem(scenario, place.authority, place.territory)
    groups = candidate_groups(problem)
    keeping = keeping_of(problem, groups)
    universe = Universe.of(problem, groups)
    assert keeping is not None
    for picked in universe.sample(3, seed=4):
        assignment = universe.plan(picked.groups).assignment
        outlook = outlook_of(problem, verify_plan(problem, assignment))
        assert outlook is not None
        kept = keeping.kept(picked.groups)
        bits = [bool(kept >> s & 1) for s in range(keeping.n_projections)]
        assert outlook.projections["is_legal"].tolist() == bits
        assert n_not_legal(outlook) == bits.count(False)


@pytest.mark.parametrize("seed", range(200, 200 + examples(30)))
def test_ranks_and_best_plans_with_projections_equal_naive_ones(seed: int) -> None:
    order = ["count", "robustness", "deviation"] if seed % 2 else ["robustness", "count"]
    # Random maps mostly have few plans.
    size = {"min_pupils": 900, "max_pupils": 3_500, "target_pupils": 2_000}
    drawn = random_problem(seed, most_units=8) if seed % 5 else grid_problem(2, 3, size=size)
    problem = with_projections(drawn, seed, order)
    universe = Universe.of(problem)
    found = everything(problem)
    if not found.plans:
        return
    lost = naive_lost(problem, found.plans)
    columns = [lost if term == "robustness" else found.values(term) for term in order]
    costs = sorted(zip(*columns, strict=True))
    best = universe.best(len(found.plans) + 1)
    assert [tuple(plan.costs[term] for term in order) for plan in best] == costs
    plan = Random(seed).choice(best)
    own = tuple(plan.costs[term] for term in order)
    ranks = universe.rank(plan.groups)
    for name, values, value in (
        ("order", costs, own),
        ("robustness", lost, plan.costs["robustness"]),
    ):
        counted = [sum(v < value for v in values), sum(v == value for v in values)]
        assert ranks.loc[name, ["n_better", "n_equal"]].tolist() == counted


@pytest.mark.parametrize("named", [("U00", "U03"), ()])
def test_only_named_units_are_an_exception_in_a_projection_too(named: tuple[str, ...]) -> None:
    size = {"min_pupils": 1_900, "max_pupils": 4_500, "max_exceptions": 1, "exceptions": named}
    problem = with_projections(grid_problem(2, 3, size=size), 0)
    plans = everything(problem).plans
    keeping = keeping_of(problem, candidate_groups(problem))
    assert keeping is not None
    lost = [keeping.n_projections - keeping.kept(plan).bit_count() for plan in plans]
    assert lost == naive_lost(problem, plans)
    assert len(set(lost)) > 1


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("largest", [(False, False), (False, True), (True, False)])
def test_plans_come_in_order_whatever_groups_are_legal_where(
    seed: int, place: int, largest: tuple[bool, ...]
) -> None:
    problem, draw = grid_problem(2, 3), Random(seed)
    universe = Universe.of(problem)
    n = len(universe.groups)
    legal = [draw.getrandbits(4) | draw.getrandbits(4) for _ in range(n)]
    small = [bits & draw.getrandbits(4) & draw.getrandbits(4) for bits in legal]
    keeping = Keeping(n_projections=4, is_fine=tuple(legal), is_small=tuple(small), most_small=1)
    rows = np.array([[draw.randrange(4) for _ in range(n)] for _ in largest], dtype=np.int64)
    order = KeptOrder(rows, largest, keeping, place)
    found = list(kept_plans_in_order(universe.diagram, order))
    plans = everything(problem).plans
    assert len(plans) > 70
    assert [vector for vector, _ in found] == sorted(order.costs(plan) for plan in plans)
    assert all(vector == order.costs(groups) for vector, groups in found)


def test_what_is_too_much_to_be_counted_or_put_in_order_is_given_up_not_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    diagram = Universe.of(grid_problem(2, 3)).diagram
    n = int(diagram.group.max()) + 1
    keeping = Keeping(n_projections=1, is_fine=(1,) * n, is_small=(0,) * n, most_small=0)
    order = KeptOrder(np.ones((1, n), dtype=np.int64), (False,), keeping)
    assert sum((plans_by_kept(diagram, keeping) or {}).values()) == 74
    monkeypatch.setattr(kept, "MAX_OPENED", 10)
    assert plans_by_kept(diagram, keeping) is None
    assert list(kept_plans_in_order(diagram, order))[-1] is None
    monkeypatch.setattr(kept, "MAX_NODES", 2)
    assert list(kept_plans_in_order(diagram, order)) == [None]
