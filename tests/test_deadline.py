"""One deadline, of time or of memory, for all that is done within it."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_optimiser.deadline import (
    all_but,
    is_over,
    left_s,
    memory_mb,
    most_mb,
    refuse_if_over,
    within,
)
from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.optimise import solve_merge, solve_redraw
from cluster_optimiser.optimise.explain.explanation import explain
from cluster_optimiser.optimise.watching import within_memory
from cluster_optimiser.verification import verify_plan
from tests.optimise.explain.test_explanation import SIZE
from tests.toy import toy_problem


def test_without_a_limit_nothing_ends() -> None:
    with within(None):
        assert left_s() is None
        assert not is_over()
        refuse_if_over("nothing was done")


def test_the_nearest_limit_counts() -> None:
    with within(1_000), within(2_000):
        assert 0 < (left_s() or 0) <= 1_000


def test_some_of_the_time_is_left_for_what_comes_after() -> None:
    with within(1_000), all_but(990):
        assert 0 < (left_s() or 0) <= 10
    with within(1), all_but(2):
        assert is_over()
    with all_but(2):
        assert left_s() is None


def test_what_holds_too_much_has_no_time_left_and_says_so() -> None:
    with within(1_000, memory_mb=1):
        assert is_over()
        assert left_s() == 0.0
        with pytest.raises(NoPlanFoundError, match="in memory: it ran out while plans were"):
            refuse_if_over("plans were counted")
    assert not is_over()


def test_memory_is_what_is_held_now() -> None:
    before = memory_mb()
    held = np.ones(10_000_000)
    assert memory_mb() - before >= held.nbytes / 2_000_000
    del held
    assert memory_mb() - before < 40


def test_a_solver_is_stopped_where_the_memory_is_full() -> None:
    class Solver:
        n_stops = 0

        def stop_search(self) -> None:
            self.n_stops += 1

    solver = Solver()
    with within(None, memory_mb=1), within_memory(solver):  # type: ignore[arg-type]
        assert most_mb() < 1
        while not solver.n_stops:
            pass
    with within_memory(solver):  # type: ignore[arg-type]
        pass
    assert solver.n_stops


def test_no_plan_is_claimed_where_there_is_no_memory_for_one() -> None:
    problem = toy_problem("ABCD EFGH", size={"min_pupils": 2_000})
    with within(None, memory_mb=1), pytest.raises(NoPlanFoundError, match="none is proved"):
        solve_merge(problem)


def test_of_a_redraw_there_is_a_first_plan_where_there_is_memory_for_no_other() -> None:
    problem = toy_problem("ABCD EFGH", method="redraw", size={"min_pupils": 2_000})
    with within(None, memory_mb=1):
        plan = solve_redraw(problem)
    assert plan.solution.status == "FEASIBLE"
    assert verify_plan(problem, plan.assignment).violations == ()


def test_an_explanation_ends_with_the_deadline_around_it() -> None:
    with within(0):
        assert explain(toy_problem("ABC.DE", size=SIZE)).status == "UNKNOWN"
