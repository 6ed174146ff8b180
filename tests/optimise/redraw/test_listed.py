"""Small maps all plans of which are listed: what is claimed of a redraw is true of them.

Limits are kept to the last, and where a solver is stopped at any of its programs, or the time is
over, no bound is above the best.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from cluster_optimiser.errors import InfeasibleError, NoPlanFoundError
from cluster_optimiser.optimise.redraw import search as searching
from cluster_optimiser.optimise.redraw.engines import WHATEVER, Ask, CpSat, EngineOutcome, Highs
from cluster_optimiser.optimise.redraw.fractions import InFractions
from cluster_optimiser.optimise.redraw.linear import LinearModel, LinearObjective
from cluster_optimiser.optimise.redraw.search import FEW
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.progress import Progress, listening
from cluster_optimiser.terms import TIE_BREAK
from cluster_optimiser.verification import verify_plan
from tests.optimise.redraw.test_solve import partitions
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from cluster_optimiser.domain import Plan, Problem

TERMS = (
    "count",
    "joins",
    "exceptions",
    "pupil_minutes",
    "deviation",
    "longest_minutes",
    "changed_pupils",
    "misaligned.zone",
)
PUPILS = dict(zip("ABCDEF", (310, 120, 260, 190, 140, 230), strict=True))
SIZES = {
    "loose": {"min_pupils": 100, "max_pupils": 700, "target_pupils": 420},
    "tight": {"min_pupils": 230, "max_pupils": 700, "target_pupils": 420},
    "one less": {"min_pupils": 230, "max_pupils": 700, "target_pupils": 420, "max_exceptions": 1},
}
LEAVES = ("nothing", "a bound", "the best", "the worst")
"""What a solver that is stopped leaves."""


def six(hubs: str, size: str, within: str, **tables: Any) -> Problem:
    """Give six schools in two rows, some of them hubs; of two parts, or of one."""
    schools = {
        name: [ToySchool("secondary" if name in hubs else "primary", pupils)]
        for name, pupils in PUPILS.items()
    }
    rules: dict[str, Any] = {
        "method": "redraw",
        "units": "schools",
        "size": SIZES[size],
        "within": [within] if within else [],
    }
    layers = {"district": "xxx yyy", "zone": "pqq ppq"}
    return toy_problem("ABC DEF", schools=schools, layers=layers, **{**rules, **tables})


@functools.cache
def all_plans(hubs: str, size: str, within: str) -> list[tuple[int, dict[str, float]]]:
    """Give the clusters and terms of every plan that keeps the rules, by the check alone."""
    problem = six(hubs, size, within, objective={"order": TERMS})
    units, found = list(problem.units.index), []
    for groups in partitions(list(range(len(units)))):
        cluster_of = {units[i]: str(n) for n, group in enumerate(groups) for i in group}
        plan = pd.Series(problem.unit_of.map(cluster_of))
        truth = verify_plan(problem, plan.reindex(problem.authority.schools.index))
        if not truth.violations:
            found.append((len(groups), {t: float(truth.objective[t] or 0) for t in TERMS}))
    return found


@dataclass
class Stops:
    """Which programs, by number, are stopped, from which on the time is over, how many there were.

    Both solvers are one that is exact: no time passes, so that the same is always stopped.
    """

    stopped: range = field(default_factory=lambda: range(0))
    over_from: float = math.inf
    leaves: str = ""
    n_asked: int = 0

    @property
    def is_over(self) -> bool:
        return self.n_asked >= self.over_from


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> Stops:
    stops, solve, in_fractions = Stops(), CpSat.solve, InFractions.solve

    def some(
        _: object, model: LinearModel, objective: LinearObjective, ask: Ask = WHATEVER
    ) -> EngineOutcome:
        stops.n_asked += 1
        nothing = EngineOutcome("UNKNOWN", None, min(0, objective.constant), 0.0)
        if stops.is_over:
            return nothing
        is_stopped = stops.n_asked in stops.stopped
        whole = replace(ask, time_limit_s=None)
        if is_stopped and stops.leaves == "the worst":
            upside_down = LinearObjective(tuple((-c, v) for c, v in objective.terms))
            found = solve(CpSat(), model, upside_down, replace(whole, hint={}, relative_gap=0))
        else:
            found = solve(CpSat(), model, objective, whole)
        if not is_stopped:
            return found
        if stops.leaves == "nothing" or found.status == "INFEASIBLE":
            return nothing
        if stops.leaves == "a bound":
            return replace(nothing, bound=found.bound)
        return replace(nothing, status="FEASIBLE", values=found.values)

    def some_in_fractions(*given: Any, **more: Any) -> Any:
        stops.n_asked += 1
        is_stopped = stops.is_over or stops.n_asked in stops.stopped
        return None if is_stopped else in_fractions(*given, **more)

    monkeypatch.setattr(CpSat, "solve", some)
    monkeypatch.setattr(Highs, "solve", some)
    monkeypatch.setattr(InFractions, "solve", some_in_fractions)
    monkeypatch.setattr(searching, "is_over", lambda: stops.is_over)
    return stops


def solved(problem: Problem, **how: Any) -> tuple[Plan | str, list[Progress]]:
    """Give a plan, or what is said instead, and what was told."""
    heard: list[Progress] = []
    with listening(heard.append):
        try:
            return solve_redraw(problem, **how), heard
        except InfeasibleError:
            return "none exists", heard
        except NoPlanFoundError:
            return "none found", heard


def holds(problem: Problem, plan: Plan, best: tuple[float, ...]) -> None:
    """Compare what a plan claims with what is true of it, and of the best plan there is."""
    order, solution = problem.scenario.objective.order, plan.solution
    truth = verify_plan(problem, plan.assignment)
    assert truth.violations == ()
    stages = [stage for stage in solution.stages if stage.term != TIE_BREAK]
    assert [stage.term for stage in stages] == [*order][: len(stages)]
    for stage, least in zip(stages, best, strict=False):
        assert stage.objective == pytest.approx(truth.objective[stage.term] or 0, abs=1e-6)
        assert stage.bound <= least + 1e-6
        assert stage.gap == pytest.approx(
            (stage.objective - stage.bound) / max(1, stage.objective), abs=1e-6
        )
        if stage.status == "OPTIMAL":
            assert stage.objective == pytest.approx(least, abs=1e-6)
    statuses = [stage.status for stage in stages]
    assert statuses[:-1] == ["OPTIMAL"] * (len(statuses) - 1)
    is_whole = statuses == ["OPTIMAL"] * len(order)
    assert solution.status == ("OPTIMAL" if is_whole else "FEASIBLE")


@pytest.mark.parametrize(
    ("hubs", "size", "within", "order", "tables", "how"),
    [
        ("ACF", "loose", "", "joins", {}, {}),
        ("ACF", "tight", "district", "exceptions deviation misaligned.zone", {"min": 4}, {}),
        ("ACF", "tight", "", "count longest_minutes", {"min": 4}, {"time_limit_s": 1e6}),
        ("ABCDEF", "one less", "district", "pupil_minutes deviation", {"min": 4}, {}),
        ("ABCDEF", "one less", "district", "longest_minutes exceptions", {"min": 4}, {"few": 0}),
        ("ACF", "one less", "", "misaligned.zone", {}, {"time_limit_s": 1e6}),
        ("ABCDEF", "tight", "district", "count changed_pupils", {"min": 4}, {"time_limit_s": 1e6}),
        ("ACF", "one less", "", "joins pupil_minutes", {}, {"time_limit_s": 1e6}),
        ("ABCDEF", "tight", "", "deviation", {"min": 4}, {"time_limit_s": 1e6}),
        ("ACF", "one less", "", "count pupil_minutes", {"max": 2}, {"time_limit_s": 1e6, "few": 0}),
    ],
)
def test_nothing_that_is_claimed_of_a_redraw_that_was_stopped_is_false(
    stops: Stops,
    hubs: str,
    size: str,
    within: str,
    order: str,
    tables: dict[str, int],
    how: dict[str, Any],
) -> None:
    terms = order.split()
    problem = six(hubs, size, within, objective={"order": terms}, count=tables)
    least, most = tables.get("min", 1), tables.get("max", 6)
    plans = [values for n, values in all_plans(hubs, size, within) if least <= n <= most]
    best = min((tuple(values[term] for term in terms) for values in plans), default=None)

    def is_true(*, is_stopped: bool) -> None:
        stops.n_asked = 0
        plan, heard = solved(problem, **how)
        if best is None:
            assert plan in {"none exists", "none found"}
        elif isinstance(plan, str):
            assert is_stopped
            assert plan == "none found"
        else:
            holds(problem, plan, best)
            assert is_stopped or plan.solution.status == "OPTIMAL"
        for told in heard:
            known = dict(zip(terms, best or (math.inf,) * len(terms), strict=True))
            assert told.bound is None or told.bound <= known[told.stage] + 1e-6

    is_true(is_stopped=False)
    n_programs = stops.n_asked
    for n in range(1, n_programs + 1, 1 + n_programs // 8):
        stops.over_from = n
        if "time_limit_s" in how:
            is_true(is_stopped=True)
        stops.over_from = math.inf
        for stops.leaves in LEAVES:
            for stops.stopped in (range(n, n + 1), range(n, 1_000), range(1, n + 1)):
                is_true(is_stopped=True)


@pytest.mark.parametrize("term", TERMS)
def test_a_limit_is_kept_to_the_last(term: str) -> None:
    listed = [values for _, values in all_plans("ABCDEF", "one less", "")]
    known = sorted({values[term] for values in listed})
    aim = "deviation" if term == "pupil_minutes" else "pupil_minutes"
    objective = {"order": [aim]}
    for most in {known[0], known[len(known) // 3], known[0] - 0.01}:
        best = min((values[aim] for values in listed if values[term] <= most), default=None)
        if most < 0:
            continue
        problem = six("ABCDEF", "one less", "", objective=objective, limits={term: most})
        for few in (FEW, 0):
            plan, _ = solved(problem, few=few)
            if best is None:
                assert plan == "none exists"
            else:
                assert not isinstance(plan, str)
                assert plan.solution.status == "OPTIMAL"
                holds(problem, plan, (best,))
