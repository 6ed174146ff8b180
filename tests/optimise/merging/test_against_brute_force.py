"""The merge against brute force on small random maps, judged by the independent check alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.domain import Problem, TravelMinutes
from cluster_optimiser.errors import InfeasibleError
from cluster_optimiser.optimise import candidate_groups, solve_merge
from cluster_optimiser.terms import lookup
from cluster_optimiser.verification import Verification, verify_plan
from tests.effort import examples
from tests.toy import ToySchool, squares, toy_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cluster_optimiser.domain import Plan

N_CASES = 200
TERMS = (
    "count",
    "joins",
    "exceptions",
    "pupil_minutes",
    "deviation",
    "changed_pupils",
    "misaligned",
    "misaligned.district",
    "misaligned.division",
    "border_km",
    "longest_minutes",
)
SUMS = tuple(term for term in TERMS if lookup(term).adds_up)
GROUP_RULES = ("size.", "contiguity", "travel", "secondary", "within.", "hub")
"""Beginnings of the names of rules that concern one cluster alone."""


# --- random maps ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A small map with a scenario, and minutes where they are not those of the map."""

    grid: str
    schools: Mapping[str, tuple[ToySchool, ...]]
    layers: Mapping[str, str]
    tables: Mapping[str, Any]
    minutes: tuple[tuple[float, ...], ...] | None = None

    def problem(self, **tables: Any) -> Problem:
        problem = toy_problem(
            self.grid, schools=self.schools, layers=self.layers, **{**self.tables, **tables}
        )
        if self.minutes is None:
            return problem
        travel = TravelMinutes(problem.travel.urns, np.array(self.minutes), "random")
        return replace(problem, travel=travel)


def random_grid(random: Random) -> str:
    """Grow 4 to 8 units by putting together neighbouring squares of a small rectangle."""
    n_rows, n_columns = random.choice([(2, 3), (2, 4), (2, 5), (3, 3), (3, 4)])
    land = nx.grid_2d_graph(n_rows, n_columns)
    unit = {square: i for i, square in enumerate(sorted(land))}
    if random.random() < 0.3:
        unit.pop(random.choice(sorted(land)))
    n_units = min(random.choice([4, 4, 5, 5, 5, 6, 6, 6, 6, 7, 7, 8]), len(unit))
    while len(set(unit.values())) > n_units:
        borders = sorted(
            {
                (unit[a], unit[b])
                for a, b in land.edges
                if a in unit and b in unit and unit[a] != unit[b]
            }
        )
        if not borders:
            break
        one, other = random.choice(borders)
        unit = {square: one if i == other else i for square, i in unit.items()}
    letters = dict(zip(sorted(set(unit.values())), "ABCDEFGHIJKL", strict=False))
    rows = [
        "".join(letters[unit[r, c]] if (r, c) in unit else "." for c in range(n_columns))
        for r in range(n_rows)
    ]
    return "\n".join(rows)


def random_schools(random: Random, unit: str, grid: str) -> tuple[ToySchool, ...]:
    """Give a unit a school with pupils, perhaps others small, without pupils, or exempt."""
    own = [square for square, letter in squares(grid).items() if letter == unit]
    schools = [
        ToySchool(
            random.choice(["secondary", "secondary", "all-through", "primary"]),
            random.choice([0, random.randint(1, 9) * 100, random.randint(100, 999)]),
            random.choice(own),
            {"places": random.randint(1, 15) * 100},
        )
    ]
    for _ in range(random.choice([0, 0, 1, 2])):
        pupils = random.choice([0, random.randint(10, 300)])
        is_exempt = random.random() < 0.2
        columns = {"religious_character": "Roman Catholic" if is_exempt else ""}
        schools.append(ToySchool("primary", pupils, random.choice(own), columns))
    return tuple(schools)


def random_layer(random: Random, grid: str) -> str:
    return "\n".join(
        "".join("." if square == "." else random.choice("xxyy.") for square in row)
        if random.random() < 0.2
        else "".join("xy"[c >= len(row) // 2] for c in range(len(row)))
        for row in grid.split()
    )


def random_tables(random: Random, units: list[str], total: int) -> dict[str, Any]:
    """Draw a scenario: bounds that bind, and each rule now and then."""

    def now_and_then(share: float) -> bool:
        return random.random() < share

    least = random.randint(0, max(1, total // random.choice([3, 5, 8])))
    most = random.randint(max(2, least, total // 4), max(2, total))
    size: dict[str, Any] = {
        "min_pupils": least,
        "max_pupils": most,
        "oversize": random.choice(["keep", "refuse"]),
        "max_exceptions": random.choice([0, 0, 1, 2]),
    }
    if now_and_then(0.5):
        size["target_pupils"] = random.randint(1, max(1, total // 2))
    if now_and_then(0.3):
        size["max_schools"] = random.randint(1, 5)
    if now_and_then(0.2):
        size["exceptions"] = random.sample(units, 2)
    tables: dict[str, Any] = {
        "size": size,
        "exempt": [{"name": "RC", "where": {"religious_character": "Roman Catholic"}}],
        "secondary": {"min": random.choice([0, 0, 0, 1, 1, 2])},
        "alignment": {
            "district": random.choice(["prefer", "report", "report", "require"]),
            "division": random.choice(["prefer", "report"]),
        },
        "within": random.choice([[], [], [], ["district"]]),
        "objective": random_objective(random),
    }
    if now_and_then(0.3):
        fewest = random.randint(1, 4)
        tables["count"] = {"min": fewest, "max": fewest + random.randint(0, 3)}
    if now_and_then(0.25):
        tables["travel"] = {"max_minutes": random.choice([3.5, 4.125, 4.996, 5.0, 6.504, 8])}
    pairs = {"together": 0.2, "apart": 0.3}
    tables["pins"] = {
        k: [random.sample(units, 2)] for k, share in pairs.items() if now_and_then(share)
    }
    if now_and_then(0.2):
        low = random.randint(0, most)
        high = max(1, random.randint(low, max(low, least, total)))
        own = {"min_pupils": low, "max_pupils": max(high, least)}
        size["clusters"] = {random.choice(units): own}
    if now_and_then(0.2):
        size |= {"of": "hub", "places": "places", "tolerance": random.choice([0.15, 0.5, 0.9])}
        tables["redraw"] = {"hubs": "secondary"}
    pairs = {"links": 0.2, "barriers": 0.2}
    tables["contiguity"] = {
        k: [random.sample(units, 2)] for k, share in pairs.items() if now_and_then(share)
    }
    return tables


WEIGHTS = ("0.0001", "0.0004", "0.5", "1.25", "3", "1000")


def random_objective(random: Random) -> dict[str, Any]:
    terms = random.sample(TERMS, random.randint(1, 4))
    sums = [term for term in terms if term in SUMS]
    if sums and random.random() < 0.2:
        # Whatever their size together; among themselves no wider than `check` lets through.
        power = random.choice([-9, 0, 9])
        return {"weights": {t: float(f"{random.choice(WEIGHTS)}e{power}") for t in sums}}
    return {"order": terms}


def random_minutes(random: Random, n_schools: int) -> tuple[tuple[float, ...], ...]:
    """Draw minutes with no geometry behind them: one way longer than back, or no way at all."""
    return tuple(
        tuple(
            0.0 if i == j else random.choice([math.nan, *[random.randint(100, 999) / 100] * 12])
            for j in range(n_schools)
        )
        for i in range(n_schools)
    )


def random_case(seed: int) -> Case:
    random = Random(seed)
    grid = random_grid(random)
    units = sorted(set(squares(grid).values()))
    schools = {unit: random_schools(random, unit, grid) for unit in units}
    total = sum(school.pupils for here in schools.values() for school in here)
    layers = {name: random_layer(random, grid) for name in ("district", "division")}
    tables = random_tables(random, units, total)
    n_schools = sum(len(here) for here in schools.values())
    minutes = random_minutes(random, n_schools) if random.random() < 0.3 else None
    return Case(grid, schools, layers, tables, minutes)


def cases() -> st.SearchStrategy[Case]:
    """Draw one number a case and the rest from it: drawing each square apart takes too long."""
    return st.builds(random_case, st.integers(0, 2**32 - 1))


# --- brute force ---------------------------------------------------------------------------------


def plan_of(problem: Problem, clusters: Mapping[str, frozenset[str]]) -> pd.Series:
    cluster_of = {unit: name for name, units in clusters.items() for unit in units}
    register = problem.authority.schools.index
    unit_of, exempt_of = problem.unit_of.to_dict(), problem.exempt_of.to_dict()
    values = [exempt_of.get(urn) or cluster_of[unit_of[urn]] for urn in register]
    return pd.Series(values, index=register, dtype="object")


def subsets(units: list[str]) -> Iterator[frozenset[str]]:
    for bits in range(1, 1 << len(units)):
        yield frozenset(unit for i, unit in enumerate(units) if bits >> i & 1)


def may_be_a_cluster(problem: Problem, group: frozenset[str]) -> bool:
    """Ask the check whether the group breaks a rule in the plan of itself and the rest.

    As many exceptions as one likes, if there may be any: their number is no matter of one group.
    """
    rest = frozenset(problem.units.index) - group
    found = verify_plan(
        problem, plan_of(problem, {"in": group, "rest": rest} if rest else {"in": group})
    )
    for violation in found.violations:
        if violation.subject == "in" and violation.rule.startswith(GROUP_RULES):
            return False
        if violation.rule == "pins.together":
            return False
        if violation.rule == "pins.apart" and violation.detail.endswith("both in in"):
            return False
    asked, own = problem.scenario.asks, found.clusters["in"]
    return not (asked("pupil_minutes") and own.pupil_minutes is None) and not (
        asked("longest_minutes") and own.max_minutes is None
    )


def legal_groups(problem: Problem) -> list[frozenset[str]]:
    size = problem.scenario.size
    if size.max_exceptions:
        lenient = size.model_copy(update={"max_exceptions": len(problem.units)})
        scenario = problem.scenario.model_copy(update={"size": lenient})
        problem = replace(problem, scenario=scenario)
    groups = subsets([str(unit) for unit in problem.units.index])
    return [group for group in groups if may_be_a_cluster(problem, group)]


def partitions(
    left: frozenset[str], groups: list[frozenset[str]]
) -> Iterator[tuple[frozenset[str], ...]]:
    """Give every way to put together all units from the groups."""
    if not left:
        yield ()
        return
    first = min(left)
    for group in groups:
        if first in group and group <= left:
            for others in partitions(left - group, groups):
                yield (group, *others)


def legal_plans(problem: Problem, groups: list[frozenset[str]]) -> Iterator[Verification]:
    for parts in partitions(frozenset(problem.units.index), groups):
        named = {f"c{i}": units for i, units in enumerate(parts)}
        found = verify_plan(problem, plan_of(problem, named))
        if not found.violations:
            yield found


def vector(problem: Problem, found: Verification) -> tuple[float | Fraction, ...]:
    """Give the objective of a plan: its terms in order, or the one weighted sum."""
    objective = problem.scenario.objective
    values = {term: found.objective[term] or 0.0 for term in objective.terms}
    if objective.weights:
        exact = [Fraction(str(w)) * Fraction(str(values[t])) for t, w in objective.weights.items()]
        return (sum(exact, Fraction(0)),)
    return tuple(round(values[term], 4) for term in objective.order)


def solved(problem: Problem) -> Plan | None:
    try:
        return solve_merge(problem)
    except InfeasibleError:
        return None


# --- the properties ------------------------------------------------------------------------------


@given(case=cases())
@settings(max_examples=examples(N_CASES))
def test_the_plan_is_the_best_of_all_legal_plans_and_there_is_none_if_there_is_none(
    case: Case,
) -> None:
    problem = case.problem()
    groups = legal_groups(problem)
    all_legal = list(legal_plans(problem, groups))
    candidates = candidate_groups(problem)
    offered = {frozenset(group.units) for group in candidates}
    assert len(offered) == len(candidates)
    assert offered <= set(groups)
    # A limit on the number of clusters lets candidates be left out that no plan can hold.
    if problem.scenario.count.max is None:
        assert offered == set(groups)
    plan = solved(problem)
    if plan is None:
        assert all_legal == []
        return
    found = verify_plan(problem, plan.assignment)
    assert found.violations == ()
    assert plan.solution.status == "OPTIMAL"
    assert plan.solution.proof.record()["n_legal_plans"] == len(all_legal)
    best = min(vector(problem, other) for other in all_legal)
    assert vector(problem, found) == best


@given(case=cases(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=examples(40))
def test_other_names_and_another_order_of_units_change_nothing(case: Case, seed: int) -> None:
    """Names decide ties between meeting places, so the longest way to one is not limited here."""
    units = sorted(case.schools)
    random = Random(seed)
    other = dict(zip(units, random.sample("KLMNOPQRST", len(units)), strict=True))
    renamed = Case(
        grid="".join(other.get(square, square) for square in case.grid),
        schools={other[unit]: here for unit, here in case.schools.items()},
        layers=case.layers,
        tables=rename(case.tables, other),
    )
    first = replace(case, minutes=None).problem(travel={})
    second = renamed.problem(travel={})
    plans = solved(first), solved(second)
    assert (plans[0] is None) == (plans[1] is None)
    if plans[0] is not None and plans[1] is not None:
        values = [
            vector(problem, verify_plan(problem, plan.assignment))
            for problem, plan in zip((first, second), plans, strict=True)
        ]
        assert values[0] == values[1]
        proofs = [plan.solution.proof.record()["n_legal_plans"] for plan in plans]
        assert proofs[0] == proofs[1]


def rename(value: Any, other: Mapping[str, str]) -> Any:
    """Put the other names wherever a unit is named in the tables of a scenario."""
    if isinstance(value, dict):
        return {other.get(key, key): rename(inner, other) for key, inner in value.items()}
    if isinstance(value, list):
        return [rename(inner, other) for inner in value]
    return other.get(value, value) if isinstance(value, str) else value
