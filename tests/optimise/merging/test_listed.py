"""Merges of a small map, whose solver is stopped: what is claimed is true of all plans listed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cluster_optimiser.deadline import within
from cluster_optimiser.errors import InfeasibleError, NoPlanFoundError
from cluster_optimiser.optimise.candidates import candidate_groups
from cluster_optimiser.optimise.exactly import Answer, minimise
from cluster_optimiser.optimise.merging import merge, narrowing, partition
from cluster_optimiser.optimise.merging.merge import solve_merge
from cluster_optimiser.optimise.merging.narrowing import narrowed_cover
from cluster_optimiser.optimise.merging.reach import Reach, reach_of
from cluster_optimiser.progress import Progress, listening
from tests.optimise.redraw.test_listed import TERMS, Stops, all_plans, holds, six

if TYPE_CHECKING:
    from cluster_optimiser.arrays import Ints


@dataclass
class Halting(Stops):
    """What is stopped, and how many of the programs in fractions prove little at first."""

    n_weak: float = 0
    n_reached: int = 0


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> Halting:
    """Give what says which programs are stopped: with nothing, with a bound or with the best."""
    stops = Halting()

    def some(*given: Any, **more: Any) -> Answer:
        stops.n_asked += 1
        if stops.is_over:
            return Answer("UNKNOWN")
        found = minimise(*given, **more)
        if stops.n_asked not in stops.stopped:
            return found
        if stops.leaves == "a bound" and found.status != "INFEASIBLE":
            return Answer("UNKNOWN", bound=found.bound)
        if stops.leaves == "the best" and found.values:
            # Too low by a little or a lot: the gap is a share of the value.
            low = (found.total - 1, found.total // 3, None)[stops.n_asked % 3]
            return Answer("FEASIBLE", found.values, found.total, low)
        return Answer("UNKNOWN")

    def some_in_fractions(costs: Ints, *given: Any, **more: Any) -> Reach | None:
        stops.n_asked += 1
        stops.n_reached += 1
        if stops.is_over or stops.n_asked in stops.stopped:
            return None
        if stops.n_reached <= stops.n_weak:
            # A plan that holds a group costs what that does.
            return Reach(0, costs, 1, np.zeros(len(costs)))
        return reach_of(costs, *given, **more)

    monkeypatch.setattr(partition, "minimise", some)
    monkeypatch.setattr(narrowing, "minimise", some)
    monkeypatch.setattr(narrowing, "reach_of", some_in_fractions)
    monkeypatch.setattr(narrowing, "is_over", lambda: stops.is_over)
    return stops


@pytest.mark.parametrize(("core", "n_weak"), [(3, 0), (3, 1), (6, math.inf), (None, 0)])
@pytest.mark.parametrize(
    ("size", "order", "count", "limits"),
    [
        ("loose", "deviation", {"min": 4}, {}),
        ("one less", "pupil_minutes deviation", {}, {}),
        ("one less", "exceptions count", {"min": 4}, {}),
        ("one less", "deviation pupil_minutes", {"max": 3}, {"changed_pupils": 600}),
        ("tight", "longest_minutes joins", {}, {"deviation": 500}),
        ("loose", "misaligned.zone changed_pupils", {"min": 2, "max": 4}, {}),
        ("loose", "joins longest_minutes deviation", {"max": 4}, {"longest_minutes": 4.5}),
    ],
)
def test_nothing_that_is_claimed_of_a_merge_that_was_stopped_is_false(
    stops: Halting,
    monkeypatch: pytest.MonkeyPatch,
    core: int | None,
    n_weak: float,
    size: str,
    order: str,
    count: dict[str, int],
    limits: dict[str, float],
) -> None:
    """With few groups in the core, as of a large map, and all at once."""
    if core:
        monkeypatch.setattr(merge, "MANY_GROUPS", 0)
        monkeypatch.setattr(narrowing, "CORE", core)
        monkeypatch.setattr(narrowing, "WIDER", 2)
    stops.n_weak = n_weak
    terms = order.split()
    tables = {"method": "merge", "count": count, "limits": limits, "units": "clusters"}
    problem = six("ABCDEF", size, "", objective={"order": terms}, **tables)
    plans = [
        values
        for n, values in all_plans("ABCDEF", size, "")
        if count.get("min", 1) <= n <= count.get("max", 6)
        and all(values[term] <= most for term, most in limits.items())
    ]
    best = min(tuple(values[term] for term in terms) for values in plans)

    def is_true(*, is_stopped: bool) -> None:
        stops.n_asked = stops.n_reached = 0
        heard: list[Progress] = []
        with listening(heard.append):
            try:
                plan = solve_merge(problem, time_limit_s=1e6 if is_stopped else None)
            except NoPlanFoundError:
                assert is_stopped
                return
        holds(problem, plan, best)
        assert is_stopped or plan.solution.status == "OPTIMAL"
        for told in heard:
            if told.stage in terms:
                known = {round(values[told.stage], 6) for values in plans}
                assert told.objective is None or round(told.objective, 6) in known
                assert (told.bound or 0) <= best[terms.index(told.stage)] + 1e-6

    is_true(is_stopped=False)
    n_programs = stops.n_asked
    for n in range(1, n_programs + 1, 1 + n_programs // 2):
        stops.over_from = n
        is_true(is_stopped=True)
        stops.over_from = math.inf
        for stops.leaves in ("nothing", "a bound", "the best"):
            for stops.stopped in (range(n, n + 1), range(n, 1_000), range(1, n + 1)):
                is_true(is_stopped=True)


@pytest.mark.parametrize("core", [3, None])
@pytest.mark.parametrize("term", TERMS)
def test_a_limit_of_a_merge_is_kept_to_the_last(
    monkeypatch: pytest.MonkeyPatch, term: str, core: int | None
) -> None:
    if core:
        monkeypatch.setattr(merge, "MANY_GROUPS", 0)
        monkeypatch.setattr(narrowing, "CORE", core)
    listed = [values for _, values in all_plans("ABCDEF", "one less", "")]
    known = sorted({values[term] for values in listed})
    aim = "deviation" if term == "pupil_minutes" else "pupil_minutes"
    tables = {"method": "merge", "units": "clusters", "objective": {"order": [aim]}}
    for most in (known[0], known[len(known) // 3]):
        best = min(values[aim] for values in listed if values[term] <= most)
        problem = six("ABCDEF", "one less", "", limits={term: most}, **tables)
        plan = solve_merge(problem)
        assert plan.solution.status == "OPTIMAL"
        holds(problem, plan, (best,))
    if known[0]:
        with pytest.raises(InfeasibleError):
            solve_merge(six("ABCDEF", "one less", "", limits={term: known[0] - 0.01}, **tables))


def test_where_no_bound_is_known_none_is_claimed() -> None:
    stage = partition.stage_of("deviation", Fraction(1), Answer("FEASIBLE", (1,), 7))
    assert (stage.objective, stage.bound, stage.gap) == (7, 0, 1)


def test_rows_of_the_largest_that_are_too_long_are_written_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(partition, "MAX_ROW_TOTAL", 0)
    objective = {"order": ["longest_minutes"]}
    problem = six("ABCDEF", "tight", "", method="merge", units="clusters", objective=objective)
    plans = all_plans("ABCDEF", "tight", "")
    best = min(values["longest_minutes"] for _, values in plans)
    solution = solve_merge(problem).solution
    assert (solution.status, solution.stages[0].objective) == ("OPTIMAL", best)


def test_a_start_is_taken_only_where_all_of_it_is_there() -> None:
    order = {"order": ["pupil_minutes"]}
    problem = six("ABCDEF", "loose", "", method="merge", units="clusters", objective=order)
    groups = candidate_groups(problem)
    alone = [group for group in groups if len(group.units) == 1]
    pairs = [group for group in groups if len(group.units) > 1]
    cover = narrowed_cover(problem, [*alone[1:], *pairs], start=alone)
    assert cover.status == "OPTIMAL"
    assert cover.totals[0] > 0


def test_a_start_for_which_there_is_no_time_is_not_proved() -> None:
    order = {"order": ["pupil_minutes"]}
    problem = six("ABCDEF", "loose", "", method="merge", units="clusters", objective=order)
    groups = candidate_groups(problem)
    at = {group.units: group for group in groups}
    start = [at["A", "B"], at["C", "F"], at["D", "E"]]
    with within(0.0):
        cover = narrowed_cover(problem, groups, start=start)
    assert (cover.status, cover.stages[0].status, cover.n_ruled_out) == ("FEASIBLE", "FEASIBLE", 0)
    assert cover.stages[0].bound == 0 < cover.stages[0].objective


def test_what_is_proved_under_a_guess_that_fails_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of plans in which no pupils change, of which there are none, whatever is said is true."""
    order = ("changed_pupils", "deviation")
    tables = {"method": "merge", "units": "clusters", "objective": {"order": [*order]}}
    problem = six("ABCDEF", "tight", "", **tables)
    groups = candidate_groups(problem)
    at = {group.units: group for group in groups}
    nothing = np.zeros(len(groups), dtype=np.int64)
    told = [Reach(total, nothing, 1, nothing.astype(float)) for total in (0, 10**9)]
    monkeypatch.setattr(
        narrowing, "reach_of", lambda *a, **k: told.pop(0) if told else reach_of(*a, **k)
    )
    monkeypatch.setattr(narrowing, "CORE", 3)
    monkeypatch.setattr(narrowing._Stages, "_better", lambda *_: None)
    start = [at["A", "B"], at["C",], at["D", "E"], at["F",]]
    cover = narrowed_cover(problem, groups, start=start)
    plans = all_plans("ABCDEF", "tight", "")
    best = min(tuple(values[term] for term in order) for _, values in plans)
    assert not told
    assert cover.status == "OPTIMAL"
    assert tuple(stage.objective for stage in cover.stages[:2]) == best
