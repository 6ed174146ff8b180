"""What is said of two levels at once: whether there is a plan, and what change would admit one."""

from __future__ import annotations

import pytest

from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.optimise.levels import joint
from cluster_optimiser.optimise.levels.joint import explain_levels
from tests.optimise.levels.test_joint import _best_by_hand, _problem

EVEN = dict.fromkeys("ABCDE", 1_000)
GRID = "AB CD E."


def _n_plans(**size: int) -> int:
    stated = {"min_pupils": 3_000, "max_pupils": 4_500} | size
    return _best_by_hand(_problem(GRID, EVEN, size=stated), "ABCDE")[1]


def test_the_least_widening_is_found_and_one_pupil_less_has_no_plan() -> None:
    """5,000 pupils are one grouping that is too large, or two of which one is too small.

    By numbers of pupils that are no half of a half of a power of two.
    """
    found = explain_levels(_problem(GRID, EVEN, size={"min_pupils": 3_003, "max_pupils": 4_497}))
    assert (found.status, found.is_feasible) == ("INFEASIBLE", False)
    values = {r.direction: int(r.value) for r in found.relaxations}
    assert values == {"upper.size.min": 2_000, "upper.size.max": 5_000}
    assert all(r.is_feasible and r.is_minimal for r in found.relaxations)
    # Both are wider than what was stated.
    assert _n_plans(min_pupils=2_001) == _n_plans(max_pupils=4_999) == 0
    assert _n_plans(min_pupils=2_000) > 0
    assert _n_plans(max_pupils=5_000) > 0
    text = "\n".join(found.lines())
    assert "raise the maximum of groupings in scenario up from 4,497 to 5,000 pupils" in text
    assert "whether another rule of either level would do as well was not looked into" in text


def test_where_no_widening_helps_it_is_said_that_none_was_found() -> None:
    """Clusters of their own cannot be: each unit is under the minimum of a cluster, and apart."""
    found = explain_levels(_problem("A.B", {"A": 900, "B": 900}))
    assert found.relaxations == ()
    assert "No single change of a rule that admits a plan was found." in found.lines()


def test_what_was_not_settled_in_time_is_named() -> None:
    found = explain_levels(_problem(GRID, EVEN), time_limit_s=1e-9)
    assert found.status in {"UNKNOWN", "INFEASIBLE"}
    assert found.relaxations == ()
    assert not found.is_feasible


def test_what_was_not_found_in_time_is_not_called_impossible(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def late(*_: object, **__: object) -> None:
        message = "no plan was found in time"
        raise NoPlanFoundError(message)

    monkeypatch.setattr(joint, "solve_levels", late)
    found = explain_levels(_problem(GRID, EVEN))
    assert (found.status, found.is_feasible, found.relaxations) == ("UNKNOWN", False, ())
    # Nor is a bound of which it is not known how far it is to be moved.
    monkeypatch.undo()
    monkeypatch.setattr(joint, "can_nest", late)
    found = explain_levels(_problem(GRID, EVEN))
    assert found.unsettled == ("the minimum of the groupings", "the maximum of the groupings")


def test_a_plan_is_told_without_prices_that_were_not_worked_out() -> None:
    pupils = dict.fromkeys("ABCDEF", 1500)
    found = explain_levels(_problem("AB CD EF", pupils))
    assert found.is_feasible
    text = "\n".join(found.lines())
    assert "there is a plan (by two methods that agree)" in text
    assert f"Both levels together have {found.proof['n_nested_plans']} plans." in text
    assert "No rule costs anything" not in text
    assert "not worked out for two levels" in text


@pytest.mark.parametrize("bound", ["min", "max"])
def test_the_file_and_key_to_change_are_named(bound: str) -> None:
    found = explain_levels(_problem(GRID, EVEN))
    (one,) = [r for r in found.relaxations if r.direction == f"upper.size.{bound}"]
    assert one.changes == {f"size.{bound}_pupils": one.value}
