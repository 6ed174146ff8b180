"""What is said of two levels at once: whether there is a plan, and what change would admit one."""

from __future__ import annotations

import pytest

from cluster_optimiser.errors import InfeasibleError, NoPlanFoundError
from cluster_optimiser.optimise.levels import joint, nesting
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
    how_far = (
        "by no more than 50%; "
        "whether another rule of either level would do as well was not looked into."
    )
    assert found.lines() == (
        "Toy: there is no plan. This is proved (by two methods that agree).",
        "Any one of these changes admits a plan, and none of them can be smaller:",
        "  lower the minimum of groupings in scenario up from 3,003 to 2,000 pupils",
        "  raise the maximum of groupings in scenario up from 4,497 to 5,000 pupils",
        f"Only the sizes of the groupings, in the scenario up, were changed, {how_far}",
    )


@pytest.mark.parametrize(("least", "is_found"), [(3_999, True), (4_001, False)])
def test_no_bound_is_moved_by_more_than_half(least: int, is_found: bool) -> None:
    """A grouping of 2,000 pupils is wanted."""
    size = {"min_pupils": least, "max_pupils": 4_500}
    found = explain_levels(_problem(GRID, EVEN, size=size))
    mins = [r.value for r in found.relaxations if r.direction == "upper.size.min"]
    assert mins == ([2_000] if is_found else [])


def test_why_there_is_no_plan_of_two_levels_is_told_in_whole(monkeypatch) -> None:
    problem = _problem(GRID, EVEN, size={"min_pupils": 3_003, "max_pupils": 4_497})
    fits = "no choice of clusters fits into groupings of 3,003 to 4,497 pupils by the rules of"
    for most_states, how in ((1_000, " (by two exact methods)"), (0, "")):
        monkeypatch.setattr(nesting, "MAX_STATES", most_states)
        with pytest.raises(InfeasibleError) as error:
            joint.solve_levels(problem)
        assert str(error.value) == f'no plan exists, proved{how}: {fits} "up"'
        told = explain_levels(problem).lines()[0]
        method = "two methods that agree" if how else "one method"
        assert told == f"Toy: there is no plan. This is proved (by {method})."


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
    assert found.lines() == (
        "Toy: there is a plan (by two methods that agree).",
        "The best one: 6 clusters, 0 pupil minutes.",
        f"Both levels together have {found.proof['n_nested_plans']} plans.",
        joint.NOT_PRICED,
    )


@pytest.mark.parametrize("bound", ["min", "max"])
def test_the_file_and_key_to_change_are_named(bound: str) -> None:
    found = explain_levels(_problem(GRID, EVEN))
    (one,) = [r for r in found.relaxations if r.direction == f"upper.size.{bound}"]
    assert one.changes == {f"size.{bound}_pupils": one.value}
