"""Method merge as a whole, on toys and on real data."""

import itertools
from dataclasses import replace

import pytest

from cluster_optimiser.errors import InfeasibleError, VerificationError
from cluster_optimiser.optimise import solve_merge
from cluster_optimiser.optimise.candidates import CandidateGroup, candidate_groups
from cluster_optimiser.optimise.merging import merge, partition
from cluster_optimiser.optimise.merging.versions import FirstUnlike
from cluster_optimiser.optimise.universe.sweep import Sweep, sweep
from cluster_optimiser.terms import term_scale
from cluster_optimiser.verification import verify_plan
from tests.norfolk import norfolk_problem
from tests.toy import ToySchool, toy_problem


def test_a_unit_that_fits_nowhere_is_named() -> None:
    with pytest.raises(InfeasibleError, match=r"C \(9,000 pupils\) can be in no cluster"):
        solve_merge(
            toy_problem("ABC", pupils={"C": 9000}, size={"max_pupils": 5000, "oversize": "refuse"})
        )


RULES = "keeps the rules on size, travel, hubs, layers, pins and numbers of schools"
LIMITED = RULES.replace("layers, ", "layers, limits, ")
HELD = "of them holds each unit once with at most"
NONE = "no plan exists, proved (by two exact methods): every unit is in some of the"
EXACT = {"min_pupils": 2_000, "max_pupils": 2_000}
EACH = "A (900 pupils), B (1,000 pupils), C (1,000 pupils), D (1,000 pupils) can be in no plan"


@pytest.mark.parametrize(
    ("grid", "tables", "said"),
    [
        (
            "A.B",
            {"size": {"min_pupils": 950}},
            f"no plan exists: A (900 pupils) can be in no cluster that {RULES}",
        ),
        (
            "A.B",
            {"size": {"min_pupils": 950}, "limits": {"count": 3}},
            f"no plan exists: A (900 pupils) can be in no cluster that {LIMITED}",
        ),
        (
            "A.BCD",
            {"count": {"max": 1}, "size": {"max_pupils": 3_000}},
            f"no plan exists: {EACH} with so few clusters (at most 1) that {RULES}",
        ),
        (
            "BCD",
            {"size": EXACT},
            f"{NONE} 2 legal clusters, but no choice of 1 or more {HELD} 0 under the minimum",
        ),
        (
            "BCDEF",
            {"size": {**EXACT, "max_exceptions": 1}, "count": {"min": 4, "max": 4}},
            f"{NONE} 9 legal clusters, but no choice of 4 {HELD} 1 under the minimum",
        ),
    ],
)
def test_why_there_is_no_plan_is_told_in_whole(grid: str, tables, said: str) -> None:
    with pytest.raises(InfeasibleError) as error:
        solve_merge(toy_problem(grid, pupils={"A": 900}, **tables))
    assert str(error.value) == said


@pytest.mark.parametrize(("units", "more"), [("ABCDE", ""), ("ABCDEFG", " and 2 more")])
def test_of_many_units_that_fit_nowhere_the_others_are_counted(units: str, more: str) -> None:
    problem = toy_problem(units, size={"max_pupils": 999, "oversize": "refuse"})
    with pytest.raises(InfeasibleError, match=rf"D \(.*\), E \(1,000 pupils\){more} can be"):
        solve_merge(problem)


def test_infeasible_is_proved_by_both_methods() -> None:
    with pytest.raises(InfeasibleError, match="by two exact methods"):
        solve_merge(toy_problem("ABC", size={"min_pupils": 2000, "max_pupils": 2000}))


def test_methods_that_disagree_are_not_papered_over(monkeypatch) -> None:
    wrong = Sweep(n_plans=1, best=(1, 0, 0), chosen=(), n_states=1)
    monkeypatch.setattr(merge, "sweep", lambda *_, **__: wrong)
    with pytest.raises(VerificationError, match="please report"):
        solve_merge(toy_problem("AB", size={"max_pupils": 1000}))


def test_a_second_proof_that_finds_a_plan_where_there_is_none_is_told(monkeypatch) -> None:
    problem = toy_problem("ABC", size={"min_pupils": 2000, "max_pupils": 2000})
    found = Sweep(n_plans=1, best=(1, 0, 0), chosen=(0,), n_states=1)
    monkeypatch.setattr(merge, "sweep", lambda *_, **__: found)
    with pytest.raises(VerificationError, match="CP-SAT says INFEASIBLE"):
        solve_merge(problem)


def test_of_many_groups_the_plan_to_begin_with_is_the_sweeps_made_once(monkeypatch) -> None:
    problem = toy_problem("ABCD", size={"min_pupils": 1000, "max_pupils": 3000})
    expected, made = solve_merge(problem), []
    monkeypatch.setattr(merge, "MANY_GROUPS", 0)
    monkeypatch.setattr(merge, "first_plan", None)
    monkeypatch.setattr(merge, "sweep", lambda *a, **k: made.append(sweep(*a, **k)) or made[-1])
    assert solve_merge(problem).assignment.equals(expected.assignment)
    assert len(made) == 1


@pytest.mark.parametrize("late", ["UNKNOWN", "FEASIBLE"])
@pytest.mark.parametrize(
    ("objective", "stage", "status", "told", "second", "is_tie_open"),
    [
        ({"order": ["count"]}, "none", "OPTIMAL", 2, "sweep", None),
        ({"order": ["count"]}, "tie-break", "OPTIMAL", 1, "sweep", True),
        ({"weights": {"count": 1, "pupil_minutes": 1}}, "tie-break", "OPTIMAL", 1, "sweep", True),
        ({"order": ["count", "pupil_minutes"]}, "pupil_minutes", "FEASIBLE", 2, "no_first", None),
    ],
)
def test_a_plan_is_best_though_none_is_singled_out_of_those_as_good(
    objective, stage, status, told, second, is_tie_open, late, monkeypatch
) -> None:
    def too_late(model, total, x, timed, run, *, most):
        answer = minimise(model, total, x, timed, run, most=most)
        return replace(answer, status=late, bound=0) if run.keywords["stage"] == stage else answer

    minimise = partition.minimise
    monkeypatch.setattr(partition, "minimise", too_late)
    solution = solve_merge(toy_problem("ABCD", objective=objective)).solution
    assert solution.status == status
    assert len(solution.stages) == told - (late == "UNKNOWN" and status == "FEASIBLE")
    assert (solution.proof.second_method, solution.proof.is_tie_open) == (second, is_tie_open)


def test_going_in_order_that_finds_a_plan_where_there_is_none_is_told(monkeypatch) -> None:
    other = solve_merge(toy_problem("ABC", size={"max_pupils": 2000}))
    problem = toy_problem("ABC", size={"min_pupils": 2000, "max_pupils": 2000})
    monkeypatch.setattr(merge, "first_unlike", lambda *_, **__: FirstUnlike((1, 0, 0), 0, 1))
    with pytest.raises(VerificationError, match="CP-SAT says INFEASIBLE"):
        solve_merge(problem, earlier=[other])


def test_exempt_schools_are_in_the_plan_under_their_group() -> None:
    catholic = ToySchool("secondary", 5, columns={"religious_character": "Roman Catholic"})
    problem = toy_problem(
        "AB",
        schools={"A": [ToySchool("secondary", 700), catholic]},
        exempt=[{"name": "RC", "where": {"religious_character": "Roman Catholic"}}],
    )
    plan = solve_merge(problem)
    assert plan.assignment.value_counts().to_dict() == {"B and A": 2, "RC": 1}
    assert list(plan.assignment.index) == list(problem.authority.schools.index)


def test_a_name_lists_the_largest_units_first() -> None:
    names = merge.cluster_names(
        toy_problem("ABCDEF", pupils={"C": 1002, "A": 1001}), [["A", "B", "C", "D"], ["E", "F"]]
    )
    assert names == ["C, A and 2 more", "E and F"]


MERGE_OPTIONS = ["2a", "2b", "3a", "4a", "4b", "4c", "4d"]


@pytest.mark.parametrize("option", MERGE_OPTIONS)
def test_real_options_are_proved_and_legal(option: str) -> None:
    problem = norfolk_problem(option)
    plan = solve_merge(problem)
    assert plan.solution.status == "OPTIMAL"
    assert all(stage.gap == 0 for stage in plan.solution.stages)
    assert plan.solution.proof.record()["second_method"] == "sweep over covered sets: same optimum"
    assert verify_plan(problem, plan.assignment).violations == ()


def grown_groups(problem) -> list[frozenset[str]]:
    """Grow every connected set of units in the range, one neighbour at a time."""
    size, pupils = problem.scenario.size, problem.units["pupils"].to_dict()
    seen = {frozenset([unit]) for unit in pupils}
    edge = set(seen)
    while edge:
        grown = {
            group | {neighbour}
            for group in edge
            for neighbour in set(itertools.chain.from_iterable(map(problem.dual.neighbors, group)))
        }
        edge = {g for g in grown if sum(pupils[u] for u in g) <= size.max_pupils} - seen
        seen |= edge
    in_range = range(size.min_pupils, size.max_pupils + 1)
    return sorted((g for g in seen if sum(pupils[u] for u in g) in in_range), key=sorted)


def test_the_optimum_equals_one_found_without_the_optimisers_candidates() -> None:
    """Groups grown naively, judged and priced by the independent check alone, then swept."""
    problem = norfolk_problem("4a")
    terms = problem.scenario.objective.order
    position = {unit: i for i, unit in enumerate(problem.units.index)}
    size = problem.scenario.size
    oversize = [frozenset([u]) for u, p in problem.units["pupils"].items() if p > size.max_pupils]
    groups, costs = [], []
    for group in [*grown_groups(problem), *oversize]:
        alone = {unit: "one" if unit in group else f"other {unit}" for unit in position}
        assignment = problem.unit_of.map(alone)
        assignment = assignment.reindex(problem.authority.schools.index).fillna(problem.exempt_of)
        checked = verify_plan(problem, assignment.rename("cluster"))
        if any(violation.subject == "one" for violation in checked.violations):
            continue
        facts = checked.clusters["one"]
        members = problem.unit_of.index[problem.unit_of.isin(group)]
        assert facts.n_schools == len(members)
        mask = sum(1 << position[unit] for unit in group)
        groups.append(
            CandidateGroup(
                tuple(sorted(group)),
                mask,
                facts.pupils,
                is_exception=False,
                is_oversize=False,
                costs={},
            )
        )
        costs.append(
            {
                "count": 1,
                "misaligned.district": facts.misaligned_pupils["district"],
                "pupil_minutes": round(100 * facts.pupil_minutes),
                "deviation": abs(facts.pupils - size.target),
            }
        )
    assert len(groups) == len(candidate_groups(problem))
    found = sweep(problem, groups, [[cost[term] for cost in costs] for term in terms])
    plan = solve_merge(problem)
    claimed = tuple(round(s.objective * term_scale(s.term)) for s in plan.solution.stages[:-1])
    assert found.best == claimed
    assert found.n_plans == plan.solution.proof.record()["n_legal_plans"]


def test_a_unit_that_is_merely_in_no_plan_is_not_said_to_be_in_no_cluster() -> None:
    size = {"min_pupils": 900, "max_pupils": 2_000}
    none = toy_problem("AB CD", pupils=dict.fromkeys("ABCD", 1_000), size=size, count={"max": 1})
    with pytest.raises(InfeasibleError, match=r"can be in no plan with so few .+ \(at most 1\)"):
        solve_merge(none)
    for school in (ToySchool("secondary", 100), ToySchool("primary", 1_000)):
        alone = toy_problem("A.BC", schools={"A": [school]}, size=size, count={"max": 2})
        with pytest.raises(InfeasibleError, match=r"A \(.+ pupils\) can be in no cluster"):
            solve_merge(alone)


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("objective", [{"weights": {"count": 0.5}}, {"order": ["count"]}])
def test_a_second_proof_that_finds_another_total_is_told(objective, at: int) -> None:
    """The weighted sum, each method's in a scale of its own, or the tie-break."""
    problem = toy_problem("AB CD", objective=objective)
    groups = candidate_groups(problem)
    cover = partition.best_cover(groups, problem.scenario, 4)
    costs, scale = merge._swept_costs(problem, groups, 0)
    found = merge._swept(problem, groups, costs)
    assert merge._says_the_same(problem, found.best, scale, cover)
    other = [total + (place == at) for place, total in enumerate(found.best)]
    assert not merge._says_the_same(problem, tuple(other), scale, cover)
