"""Pupils who change where units divide today's clusters: against brute force by the check alone."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from cluster_optimiser.domain import Plan, Solution
from cluster_optimiser.errors import InfeasibleError, ScenarioError
from cluster_optimiser.optimise.continuing import divided_today
from cluster_optimiser.optimise.explain.explanation import explain
from cluster_optimiser.optimise.merging.merge import solve_merge
from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.verification import verify_plan
from tests.optimise.redraw.test_solve import partitions
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem


def nested(random: Random, **tables: Any) -> Problem:
    """Six schools of three clusters in a row; units are clusters of a redraw that divides some."""
    names = [random.choice("ABC") for _ in range(6)]
    schools = {
        n: [ToySchool("secondary", 10 * random.randint(1, 90)) for _ in range(names.count(n))]
        for n in sorted(set(names))
    }
    made = [random.choice("mnop") for _ in names]
    return divided("".join(names), schools, made, **tables)


def divided(
    grid: str, schools: dict[str, list[ToySchool]], made: list[str], **tables: Any
) -> Problem:
    """Give a problem whose units are clusters that a redraw made, one for each school by URN."""
    below = toy_problem(grid, schools=schools, method="redraw", units="schools")
    parent = Plan("P", pd.Series(made, index=below.authority.schools.index), Solution("OPTIMAL"))
    return toy_problem(
        grid,
        schools=schools,
        parent=parent,
        units="P",
        count={"min": 2},
        secondary={"min": 0},
        **tables,
    )


def all_legal(problem: Problem) -> list[tuple[float, float]]:
    """Give pupils who change and pupil minutes of every legal plan."""
    found = []
    for groups in partitions(list(problem.units.index)):
        of_unit = {unit: str(n) for n, group in enumerate(groups) for unit in group}
        truth = verify_plan(problem, problem.unit_of.map(of_unit).rename("cluster"))
        if not truth.violations:
            values = truth.objective
            found.append((values["changed_pupils"] or 0.0, values["pupil_minutes"] or 0.0))
    return found


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ({"objective": {"order": ["changed_pupils", "pupil_minutes"]}}, lambda v: v),
        (
            {"objective": {"weights": {"changed_pupils": 1.5, "pupil_minutes": 0.25}}},
            lambda v: (round(1.5 * v[0] + 0.25 * v[1], 6),),
        ),
        (
            {"objective": {"order": ["pupil_minutes"]}, "limits": {"changed_pupils": 600}},
            lambda v: (v[1],),
        ),
    ],
)
def test_the_fewest_pupils_change(tables: dict[str, Any], key: Any) -> None:
    random = Random(3)
    n_divided = 0
    for _ in range(6):
        problem = nested(random, **tables)
        n_divided += bool(divided_today(problem))
        legal = all_legal(problem)
        if not legal:
            with pytest.raises(InfeasibleError):
                solve_merge(problem)
            continue
        plan = solve_merge(problem)
        truth = verify_plan(problem, plan.assignment)
        assert truth.violations == ()
        own = (truth.objective["changed_pupils"] or 0, truth.objective["pupil_minutes"] or 0)
        assert key(own) == min(map(key, legal))
        assert plan.solution.status == "OPTIMAL"
        assert plan.solution.stages[0].objective == pytest.approx(key(own)[0])
    assert n_divided > 2


@pytest.mark.parametrize(
    ("pupils", "most", "is_plan"), [(50, 50, True), (50, 49, False), (1, 0, False)]
)
def test_of_two_halves_of_a_cluster_one_changes(pupils: int, most: int, is_plan: bool) -> None:
    halves = {"A": [ToySchool("secondary", 100), ToySchool("secondary", pupils)]}
    order = {"objective": {"order": ["pupil_minutes"]}}
    problem = divided("AA", halves, ["m", "n"], limits={"changed_pupils": most}, **order)
    if is_plan:
        assert solve_merge(problem).solution.status == "OPTIMAL"
    else:
        with pytest.raises(InfeasibleError):
            solve_merge(problem)


def test_what_needs_a_sum_is_refused_and_the_rest_is_told() -> None:
    random = Random(3)
    tables = {"objective": {"order": ["changed_pupils"]}}
    problem = next(p for p in iter(lambda: nested(random, **tables), None) if divided_today(p))
    for ask in (Universe.of, explain):
        with pytest.raises(ScenarioError, match="cannot be added up over clusters"):
            ask(problem)
    random = Random(3)
    problem = next(p for p in iter(lambda: nested(random), None) if divided_today(p))
    assert "changed_pupils" not in Universe.of(problem).metrics
