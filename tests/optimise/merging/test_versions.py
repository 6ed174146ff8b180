"""Versions: the best plans that differ enough from one another, found by two methods."""

import itertools
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from cluster_optimiser.errors import InfeasibleError, VerificationError
from cluster_optimiser.optimise import solve_merge
from cluster_optimiser.optimise.candidates import candidate_groups
from cluster_optimiser.optimise.merging import merge, versions
from cluster_optimiser.optimise.merging.partition import Unlike, limit_likeness
from cluster_optimiser.optimise.merging.versions import FirstUnlike, unlike_plan
from tests.effort import examples
from tests.norfolk import norfolk_problem, norfolk_scenario
from tests.toy import toy_problem


def clusters_of(plan) -> set[frozenset[int]]:
    return {frozenset(members.index) for _, members in plan.assignment.groupby(plan.assignment)}


def in_other_company(problem, one, other) -> int:
    """Count the pupils whose cluster is not, school for school, a cluster of the other plan."""
    pupils = problem.authority.schools["pupils"]
    changed = clusters_of(one) - clusters_of(other)
    return int(sum(pupils.loc[list(members)].sum() for members in changed))


RING = "ABC HID GFE"


def plans_of(problem, number: int) -> list:
    found: list = []
    for _ in range(number):
        found.append(solve_merge(problem, earlier=found))
    return found


def test_each_version_differs_from_all_before_and_none_is_better_than_the_one_before() -> None:
    problem = toy_problem(
        RING,
        size={"min_pupils": 2000, "max_pupils": 3000},
        versions={"number": 4, "differ_pupils": 0.4},
        objective={"order": ["count", "pupil_minutes"]},
    )
    plans = plans_of(problem, 4)
    for one, other in itertools.combinations(plans, 2):
        assert in_other_company(problem, one, other) >= 3600
    values = [tuple(stage.objective for stage in plan.solution.stages[:2]) for plan in plans]
    assert values == sorted(values)


@pytest.mark.parametrize(("share", "alike"), [(0.1, 900), (0.3, 700), (0.1005, 899), (1, 0)])
def test_what_is_not_a_whole_pupil_of_the_share_is_one_more(share: float, alike: int) -> None:
    pupils = {"A": 400, "B": 600}
    problem = toy_problem("AB", pupils=pupils, versions={"number": 2, "differ_pupils": share})
    assert unlike_plan(problem, solve_merge(problem)).most_pupils == alike


@pytest.mark.parametrize(("most", "expected"), [(2000, True), (1999, False)])
def test_likeness_on_its_bound_and_past_it(most: int, expected: bool) -> None:
    groups = [g for g in candidate_groups(toy_problem("AB")) if len(g.units) == 2]
    model = cp_model.CpModel()
    x = [model.new_bool_var("")]
    model.add(x[0] == 1)
    limit_likeness(model, x, groups, Unlike(frozenset({groups[0].mask}), most))
    solver = cp_model.CpSolver()
    assert (solver.solve(model) == cp_model.OPTIMAL) is expected


def test_the_share_is_taken_as_it_is_written() -> None:
    """A tenth of 4,000 pupils is 400, not one more by floating point."""
    problem = toy_problem(
        "AB CD", size={"min_pupils": 2000, "max_pupils": 2000}, versions={"differ_pupils": 0.1}
    )
    first = solve_merge(problem)
    assert merge.unlike_plan(problem, first).most_pupils == 3600


def test_no_further_version_is_proved() -> None:
    """Four squares in a ring pair off in two ways, and there is no third."""
    problem = toy_problem("AB CD", size={"min_pupils": 2000, "max_pupils": 2000})
    with pytest.raises(InfeasibleError, match="two exact methods"):
        plans_of(problem, 3)


def test_the_statement_says_among_which_plans_a_version_is_the_best() -> None:
    problem = toy_problem("AB CD", size={"min_pupils": 2000, "max_pupils": 2000})
    first, second = plans_of(problem, 2)
    assert "among" not in first.solution.proof.record()
    assert second.solution.proof.record()["among"] == (
        "plans in which at least 400 pupils (10%) are with other schools than in T"
    )
    assert second.solution.proof.record()["n_better_plans_too_alike"] in {0, 1}
    earlier = [SimpleNamespace(label=label) for label in ("T-1", "T-2", "T-3")]
    assert versions.among_words(problem, earlier).endswith("than in T-1, T-2 and T-3")


def test_methods_that_disagree_are_not_papered_over(monkeypatch) -> None:
    problem = toy_problem("AB CD", size={"min_pupils": 2000, "max_pupils": 2000})
    first = solve_merge(problem)
    monkeypatch.setattr(merge, "first_unlike", lambda *_, **__: FirstUnlike((1, 0, 0), 0, 2))
    with pytest.raises(VerificationError, match="please report"):
        solve_merge(problem, earlier=[first])


@settings(max_examples=examples(6))
@given(share=st.sampled_from([0.05, 0.1, 0.2, 0.5, 0.9]), seed=st.integers(0, 3))
def test_real_versions_are_proved_twice_or_proved_not_to_be(share: float, seed: int) -> None:
    scenario = norfolk_scenario("4a")
    problem = norfolk_problem("4a")
    versions = scenario.versions.model_copy(update={"differ_pupils": share})
    changed = scenario.model_copy(update={"versions": versions})
    fields = {name: getattr(problem, name) for name in problem.__slots__}
    problem = type(problem)(**fields | {"scenario": changed})
    first = solve_merge(problem, seed=seed)
    try:
        second = solve_merge(problem, earlier=[first], seed=seed)
    except InfeasibleError:
        assert share > 0.5
        return
    pupils = int(problem.units["pupils"].sum())
    assert in_other_company(problem, second, first) >= share * pupils
    assert second.solution.proof.record()["n_legal_plans"] == 59_292


def test_plans_past_those_that_are_gone_through_may_differ_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of all that are alike the second proof says so, of some it says nothing."""
    problem = toy_problem(RING, size={"min_pupils": 2000, "max_pupils": 3000})
    groups = candidate_groups(problem)
    alike = [Unlike(frozenset(group.mask for group in groups), -1)]
    found = versions.first_unlike(problem, groups, alike, seed=0)
    assert found is not None
    assert (found.costs, found.n_passed) == (None, found.n_plans)
    # All its pupils may be in common: the first will do.
    total = int(problem.units["pupils"].sum())
    same = [Unlike(alike[0].masks, total)]
    first = versions.first_unlike(problem, groups, same, seed=0)
    assert first is not None
    assert first.n_passed == 0
    monkeypatch.setattr(versions, "MAX_PLANS", found.n_plans - 1)
    assert versions.first_unlike(problem, groups, alike, seed=0) is None
