"""Whole redraws: against brute force, by both engines, and judged by verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.errors import InfeasibleError
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.verification import verify_plan
from tests.effort import examples
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster_optimiser.domain import Plan, Problem

LETTERS = "ABCDEFGHI"


def partitions(items: list[int]) -> Iterator[list[list[int]]]:
    """Give every way to divide a list into sets."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for smaller in partitions(rest):
        for i, group in enumerate(smaller):
            yield [*smaller[:i], [first, *group], *smaller[i + 1 :]]
        yield [[first], *smaller]


def brute_force(problem: Problem) -> tuple[float, ...] | None:
    """Try every partition of the schools, judged by verify alone."""
    urns = list(problem.authority.schools.index)
    best: tuple[float, ...] | None = None
    most = problem.scenario.count.max or len(urns)
    for groups in partitions(urns):
        if len(groups) > most:
            continue
        cluster = {urn: str(n) for n, group in enumerate(groups) for urn in group}
        assignment = pd.Series(cluster).reindex(urns).rename("cluster")
        truth = verify_plan(problem, assignment)
        if truth.violations:
            continue
        values = tuple(float(truth.objective[t] or 0) for t in problem.scenario.objective.terms)
        best = values if best is None else min(best, values)
    return best


def objective_of(problem: Problem, plan: Plan) -> tuple[float, ...]:
    truth = verify_plan(problem, plan.assignment)
    assert truth.violations == ()
    return tuple(float(truth.objective[t] or 0) for t in problem.scenario.objective.terms)


@st.composite
def redraws(draw: st.DrawFn) -> Problem:
    """Draw a grid of 6 or 8 schools, some secondary, with sizes, limits and an order."""
    columns, rows = draw(st.sampled_from([(3, 2), (4, 2), (7, 1)]))
    # Two schools a cluster of today, so that clusters are divided.
    names = [LETTERS[i // 2] for i in range(columns * rows)]
    grid = " ".join("".join(names[r * columns : (r + 1) * columns]) for r in range(rows))
    squares = [(i // columns, i % columns) for i in range(columns * rows)]
    schools: dict[str, list[ToySchool]] = {}
    for i, (name, square) in enumerate(zip(names, squares, strict=True)):
        is_hub = i % 3 == 0 or draw(st.booleans())
        pupils = draw(st.integers(0, 4)) * 100
        school = ToySchool("secondary" if is_hub else "primary", pupils, square)
        schools.setdefault(name, []).append(school)
    layer = "".join(draw(st.sampled_from("xy")) for _ in names)
    districts = " ".join(layer[r * columns : (r + 1) * columns] for r in range(rows))
    low = draw(st.sampled_from([0, 200, 400]))
    fewest = draw(st.sampled_from([1, 2, 3]))
    terms = ["count", "pupil_minutes", "deviation", "changed_pupils", "misaligned.district"]
    tables: dict[str, Any] = {
        "size": {
            "min_pupils": low,
            "max_pupils": low + draw(st.sampled_from([300, 600])),
            "max_exceptions": draw(st.integers(0, 1)),
        },
        # Where the parts together are to have other numbers than each alone would.
        "count": {"min": fewest, "max": draw(st.sampled_from([fewest, fewest + 1, 4]))},
        "objective": {"order": draw(st.permutations(terms))[:3]},
        "redraw": {"shape": draw(st.sampled_from(["free", "towards the hub"]))},
        "within": draw(st.sampled_from([[], ["district"]])),
    }
    if draw(st.booleans()):
        tables["travel"] = {"max_minutes": draw(st.sampled_from([3.6, 5.0]))}
    return toy_problem(
        grid,
        schools=schools,
        layers={"district": districts},
        method="redraw",
        units="schools",
        **tables,
    )


WAYS: tuple[tuple[str, int, float | None], ...] = (
    ("CP-SAT", 0, None),
    ("HiGHS", 125, None),
    ("CP-SAT", 125, 1e6),
)
"""Each engine, bounded in fractions first or not; with a time limit number by number."""


@settings(max_examples=examples(25), deadline=None, derandomize=True)
@given(redraws())
def test_the_optimum_is_that_of_brute_force_and_both_engines_find_it(problem: Problem) -> None:
    best = brute_force(problem)
    for engine, few, limit_s in WAYS:
        if best is None:
            with pytest.raises(InfeasibleError):
                solve_redraw(problem, engine=engine, few=few, time_limit_s=limit_s)
            continue
        plan = solve_redraw(problem, engine=engine, few=few, time_limit_s=limit_s)
        assert plan.solution.status == "OPTIMAL"
        assert objective_of(problem, plan) == best
        assert tuple(stage.objective for stage in plan.solution.stages) == best


def test_the_brute_force_itself() -> None:
    """A row of four squares has eight divisions into connected pieces."""
    schools = {name: [ToySchool("secondary", 100)] for name in "ABCD"}
    problem = toy_problem("ABCD", schools=schools, method="redraw", units="schools")
    urns = list(problem.authority.schools.index)
    legal = 0
    for groups in partitions(urns):
        cluster = pd.Series({u: str(n) for n, group in enumerate(groups) for u in group})
        assignment = cluster.reindex(urns).rename("cluster")
        legal += not verify_plan(problem, assignment).violations
    assert legal == 8
    assert len(list(partitions(urns))) == 15
