"""The most that a plan may have of a term: makers, all plans, the check and brute force agree."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cluster_optimiser.domain import TravelMinutes
from cluster_optimiser.errors import InfeasibleError, InputError, ScenarioError
from cluster_optimiser.optimise.explain.explanation import explain
from cluster_optimiser.optimise.merging.merge import solve_merge
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.verification import verify_plan
from tests.optimise.redraw.test_solve import partitions
from tests.toy import ToySchool, toy_assignment, toy_problem, toy_scenario

if TYPE_CHECKING:
    import pandas as pd

PUPILS = {"A": 310, "B": 205, "C": 290, "D": 120, "E": 415, "F": 160}
SCHOOLS = {
    name: [ToySchool("secondary" if name in "ACE" else "primary", p)] for name, p in PUPILS.items()
}
TOGETHER = {"A": SCHOOLS["A"] + SCHOOLS["B"], "B": SCHOOLS["C"] + SCHOOLS["D"] + SCHOOLS["E"]}
TERMS = (
    "pupil_minutes",
    "longest_minutes",
    "deviation",
    "changed_pupils",
    "misaligned.district",
    "count",
)
BASE: dict[str, dict[str, Any]] = {
    "merge": {
        "grid": "ABC DEF",
        "schools": SCHOOLS,
        "layers": {"district": "xxy xyy"},
        "size": {"min_pupils": 200, "max_pupils": 1_000, "max_exceptions": 1},
        "objective": {"order": ["pupil_minutes", "count"]},
    },
    "redraw": {
        "grid": "AABBB",
        "schools": TOGETHER,
        "layers": {"district": "xxyxy"},
        "method": "redraw",
        "units": "schools",
        "size": {"min_pupils": 100, "max_pupils": 1_000},
        "objective": {"order": ["pupil_minutes", "count"]},
    },
}


@cache
def plans(method: str) -> list[tuple[pd.Series, dict[str, float | None]]]:
    """Every legal plan without limits, judged by the check alone, with its terms."""
    problem = toy_problem(**BASE[method])
    found = []
    for groups in partitions(list(range(len(problem.units)))):
        names = {problem.units.index[i]: str(n) for n, group in enumerate(groups) for i in group}
        plan = problem.unit_of.map(names).rename("cluster")
        truth = verify_plan(problem, plan)
        if not truth.violations:
            found.append((plan, dict(truth.objective)))
    return found


def limits_of(method: str) -> list[dict[str, float]]:
    """Limits on one term and on two, on a value that some plan has and just under it."""
    held = {t: sorted({float(terms[t] or 0) for _, terms in plans(method)}) for t in TERMS}
    ends = {t: [values[0], values[0] - 1, values[len(values) // 3]] for t, values in held.items()}
    single = [{t: max(0.0, v)} for t, values in ends.items() for v in values]
    pairs = [
        {"changed_pupils": held["changed_pupils"][-2], t: v}
        for t, v in product(["pupil_minutes", "deviation"], [-1, 0])
        for v in [held[t][len(held[t]) // 2] + v / 100]
    ]
    return [*single, *pairs]


@pytest.mark.parametrize("method", BASE)
def test_the_best_plan_within_limits_is_that_of_brute_force(method: str) -> None:
    solve = {"merge": solve_merge, "redraw": solve_redraw}[method]
    ways = [{}] if method == "merge" else [{"engine": "CP-SAT"}, {"engine": "HiGHS", "few": 0}]
    for limits in limits_of(method):
        problem = toy_problem(**BASE[method], limits=limits)
        legal = [
            terms
            for _, terms in plans(method)
            if all((terms[t] or 0) <= most for t, most in limits.items())
        ]
        if method == "merge":
            assert Universe.of(problem).n_plans == len(legal)
        for way in ways:
            if not legal:
                with pytest.raises(InfeasibleError):
                    solve(problem, **way)
                continue
            plan = solve(problem, **way)
            truth = verify_plan(problem, plan.assignment)
            assert truth.violations == ()
            best = min((terms["pupil_minutes"], terms["count"]) for terms in legal)
            assert (truth.objective["pupil_minutes"], truth.objective["count"]) == best
            assert plan.solution.status == "OPTIMAL"


def test_a_plan_on_its_limit_is_one_of_all_plans_and_one_past_it_is_none() -> None:
    for spare, fault in ((0, None), (-1, "deviation is 6,000,000, the scenario allows 5,999,999")):
        size = {"min_pupils": 100, "max_pupils": 7_000_000, "target_pupils": 5_000_000}
        limits = {"deviation": 6_000_000 + spare}
        pupils = dict.fromkeys("ABC", 3_000_000)
        problem = toy_problem("ABC", pupils=pupils, size=size, limits=limits)
        plan, universe = toy_assignment(problem, {n: n for n in "ABC"}), Universe.of(problem)
        if fault is None:
            assert len(universe.groups_of(plan)) == 3
        else:
            with pytest.raises(InputError, match=fault):
                universe.groups_of(plan)


def test_what_is_not_known_of_a_limited_term_is_too_much() -> None:
    problem = toy_problem(
        "AB", pupils={"A": 1, "B": 1}, limits={"pupil_minutes": 1e6}, secondary={"min": 0}
    )
    ways = TravelMinutes(problem.travel.urns, np.array([[0, np.nan], [np.nan, 0]]), "none")
    problem = replace(problem, travel=ways)
    for clusters, broken in (({"x": "AB"}, ["limits.pupil_minutes"]), ({"x": "A", "y": "B"}, [])):
        plan = toy_assignment(problem, clusters)
        assert [v.rule for v in verify_plan(problem, plan).violations] == broken


def test_the_check_judges_limits_by_its_own_numbers() -> None:
    for plan, terms in plans("merge")[:6]:
        for term in ("pupil_minutes", "longest_minutes", "deviation"):
            value = terms[term] or 0
            on = toy_problem(**BASE["merge"], limits={term: value})
            past = toy_problem(**BASE["merge"], limits={term: round(value - 0.01, 2)})
            assert verify_plan(on, plan).violations == ()
            assert [v.rule for v in verify_plan(past, plan).violations] == [f"limits.{term}"]


@pytest.mark.parametrize("term", ["deviation", "longest_minutes", "pupil_minutes"])
def test_explain_finds_the_least_limit_that_admits_a_plan(term: str) -> None:
    least = min(terms[term] or 0 for _, terms in plans("merge"))
    problem = toy_problem(**BASE["merge"], limits={term: least - 1})
    found = explain(problem)
    assert not found.is_feasible
    values = {r.direction: (r.value, r.is_minimal) for r in found.relaxations}
    assert values[f"limits.{term}"] == (least, True)
    priced = explain(toy_problem(**BASE["merge"], limits={term: least}))
    assert f"limits.{term}" in {price.rule for price in priced.prices}


def test_explain_names_a_limit_that_no_group_keeps() -> None:
    tables = {**BASE["merge"], "size": {"min_pupils": 200, "max_pupils": 1_000}}
    found = explain(toy_problem(**tables, limits={"longest_minutes": 0}))
    assert [unit.unit for unit in found.unplaced] == ["B", "D", "F"]
    assert "keeps the limit on the longest way of any school" in found.unplaced[0].words


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"limits": {"minutes": 1}}, 'unknown term "minutes"'),
        ({"limits": {"robustness": 1}}, "cannot be limited"),
        ({"limits": {"count": -1}}, "limits"),
        ({"limits": {"need_deviation": 1}}, "needs to know what need is"),
        ({"limits": {"count": 3}, "levels": {"upper": "up"}}, "limits do not go with levels"),
    ],
)
def test_limits_that_mean_nothing_are_refused(tables: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        toy_scenario(**tables)
