"""Two levels at once: best of both together, by three ways of finding it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from cluster_optimiser.batch import evaluate, prepare, run_scenario
from cluster_optimiser.comparison import is_nested
from cluster_optimiser.errors import InfeasibleError, ScenarioError, VerificationError
from cluster_optimiser.optimise import candidate_groups, solve_levels, solve_merge
from cluster_optimiser.optimise.exactly import Answer, minimise
from cluster_optimiser.optimise.levels.joint import stay_inside
from cluster_optimiser.optimise.levels.nesting import Homed
from cluster_optimiser.optimise.merging import partition
from cluster_optimiser.scenario import load_scenario
from cluster_optimiser.verification import verify, verify_plan
from tests.effort import examples
from tests.norfolk import SCENARIOS, norfolk_place, norfolk_result
from tests.toy import toy_assignment, toy_problem
from tests.verification.test_claims import result

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem, Result

UPPER = {
    "size": {"min_pupils": 3_000, "max_pupils": 4_500},
    "objective": {"order": ["count", "pupil_minutes"]},
}
LOWER = {
    "size": {"min_pupils": 1_000, "max_pupils": 2_500},
    "objective": {"order": ["count", "pupil_minutes"]},
}


def _problem(grid: str, pupils: dict[str, int], *, first: str = "clusters", **upper):
    levels = {"upper": "up", "first": first}
    ground = {"pupils": pupils}
    above = toy_problem(grid, **ground, **{**UPPER, **upper}, option="up")
    return replace(toy_problem(grid, **ground, **LOWER, levels=levels), upper=above)


def _judge(problem):
    """Judge plans of one level by verification alone, each once; None where a rule is broken."""

    @cache
    def judged(parts: frozenset[str]) -> list[float] | None:
        plan = {f"c{i}": part for i, part in enumerate(sorted(parts))}
        truth = verify_plan(problem, toy_assignment(problem, plan))
        if truth.violations:
            return None
        return [truth.objective[term] for term in ("count", "pupil_minutes")]

    return judged


def _partitions(items: str):
    if not items:
        yield []
        return
    head, rest = items[0], items[1:]
    for part in _partitions(rest):
        for i in range(len(part)):
            yield [*part[:i], head + part[i], *part[i + 1 :]]
        yield [head, *part]


def _groupings(clusters: list[str]):
    for grouped in _partitions("".join(chr(65 + i) for i in range(len(clusters)))):
        yield [[clusters[ord(c) - 65] for c in part] for part in grouped]


def _agrees(problem: Problem) -> None:
    """Hold what is solved, and the number of plans, against listing by hand."""
    best, n_plans = _best_by_hand(problem, "ABCD")
    if best is None:
        with pytest.raises(InfeasibleError, match="two exact methods"):
            solve_levels(problem)
        return
    solution = solve_levels(problem).solution
    assert tuple(stage.objective for stage in solution.stages[:-1]) == pytest.approx(best)
    assert solution.proof.record()["n_nested_plans"] == n_plans


def _best_by_hand(problem, units: str):
    """Go through every set of clusters and every way to group them."""
    found = []
    below, above = _judge(replace(problem, upper=None)), _judge(problem.upper)
    for clusters in _partitions(units):
        own = below(frozenset(clusters))
        for grouped in _partitions("".join(chr(65 + i) for i in range(len(clusters)))):
            held = ("".join(sorted(clusters[ord(c) - 65] for c in part)) for part in grouped)
            theirs = above(frozenset("".join(sorted(part)) for part in held))
            if own is not None and theirs is not None:
                is_own_first = problem.scenario.levels.first == "clusters"
                found.append(tuple(own + theirs if is_own_first else theirs + own))
    return min(found, default=None), len(found)


@settings(max_examples=examples(6))
@given(
    st.lists(st.integers(5, 14), min_size=5, max_size=5),
    st.sampled_from(["clusters", "groupings"]),
)
def test_the_best_of_both_levels_is_found(hundreds, first) -> None:
    pupils = {u: 100 * n for u, n in zip("ABCDE", hundreds, strict=True)}
    problem = _problem("AB CD E.", pupils, first=first)
    best, n_plans = _best_by_hand(problem, "ABCDE")
    if best is None:
        with pytest.raises(InfeasibleError, match="two exact methods"):
            solve_levels(problem)
        return
    plan = solve_levels(problem)
    stages = plan.solution.stages
    assert tuple(stage.objective for stage in stages[:-1]) == pytest.approx(best)
    assert plan.solution.proof.record()["n_nested_plans"] == n_plans
    assert plan.solution.status == "OPTIMAL"


@pytest.mark.parametrize("seed", range(12))
def test_exceptions_and_numbers_of_each_level_are_its_own(seed: int) -> None:
    draw = Random(seed)

    def rules(least: int, most: int) -> dict[str, Any]:
        fewest = draw.choice([1, 1, 2])
        small = draw.choice([0, 1, 2])
        size = {"min_pupils": least, "max_pupils": most, "max_exceptions": small}
        count = {"min": fewest, "max": fewest + draw.randint(0, 2)}
        return {"size": size, "count": count, "objective": LOWER["objective"]}

    ground = {"pupils": {unit: 100 * draw.randint(5, 14) for unit in "ABCD"}}
    levels = {"upper": "up", "first": draw.choice(["clusters", "groupings"])}
    problem = toy_problem("AB CD", **ground, **rules(1_000, 2_500), levels=levels)
    above = toy_problem("AB CD", **ground, **rules(2_200, 4_500), option="up")
    problem = replace(problem, upper=above)
    below, upper = _judge(replace(problem, upper=None)), _judge(above)
    for clusters in _partitions("ABCD"):
        if below(frozenset(clusters)) is not None:
            fits = any(
                upper(frozenset("".join(sorted("".join(part))) for part in grouped)) is not None
                for grouped in _groupings(clusters)
            )
            plan = toy_assignment(problem, {f"c{i}": held for i, held in enumerate(clusters)})
            rules_broken = [v.rule for v in verify_plan(problem, plan).violations]
            assert rules_broken == ([] if fits else ["levels"])
    _agrees(problem)


@pytest.mark.parametrize(("areas", "fits"), [("xxxx", True), ("xxyy", False), ("....", False)])
def test_clusters_at_home_nowhere_share_no_grouping(areas: str, *, fits: bool) -> None:
    """A grouping is to have two clusters, of four units alike."""
    ground = {"pupils": dict.fromkeys("ABCD", 1_000), "layers": {"district": areas}}
    above = toy_problem("ABCD", **ground, **UPPER, within=["district"], option="up")
    levels = {"upper": "up", "first": "clusters"}
    problem = replace(toy_problem("ABCD", **ground, **LOWER, levels=levels), upper=above)
    found = verify_plan(problem, toy_assignment(problem, {"m": "AB", "n": "CD"})).violations
    assert [v.rule for v in found] == ([] if fits else ["levels"])
    if not fits:
        with pytest.raises(InfeasibleError, match="two exact methods"):
            solve_levels(problem)
        return
    verify(result(problem, solve_levels(problem)))


def test_a_cluster_that_no_grouping_holds_is_in_no_plan() -> None:
    problem = toy_problem("AB", pupils={"A": 1_000, "B": 1_000})
    (one, *_) = candidate_groups(problem)
    for homes, status in (
        (["x"], cp_model.OPTIMAL),
        (["y"], cp_model.INFEASIBLE),
        ([], cp_model.INFEASIBLE),
    ):
        model = cp_model.CpModel()
        x, y = [model.new_bool_var("")], [model.new_bool_var("") for _ in homes]
        stay_inside(model, x, y, [Homed(one, ("x",))], [Homed(one, (home,)) for home in homes])
        model.add(x[0] == 1)
        assert cp_model.CpSolver().solve(model) == status


def test_a_grouping_that_is_said_to_cross_a_layer_is_refused() -> None:
    ground = {"pupils": dict.fromkeys("ABCD", 1_000), "layers": {"district": "xxyy"}}
    size = {"min_pupils": 1_000, "max_pupils": 4_000}
    above = toy_problem("ABCD", **ground, size=size, within=["district"], option="up")
    levels = {"upper": "up", "first": "clusters"}
    problem = replace(toy_problem("ABCD", **ground, **LOWER, levels=levels), upper=above)
    plan = solve_levels(problem)
    verify(result(problem, plan))
    proof = plan.solution.proof
    assert sorted(proof.grouping_of.values()) == [1, 2]
    one = replace(proof, grouping_of=dict.fromkeys(proof.grouping_of, 1))
    wrong = replace(plan, solution=replace(plan.solution, proof=one))
    with pytest.raises(VerificationError, match="grouping 1 crosses the layer district"):
        verify(result(problem, wrong))


@pytest.mark.parametrize("level", ["lower", "upper"])
@pytest.mark.parametrize(
    ("count", "size"),
    [
        ({"min": 2, "max": 4}, {}),
        ({"max": 1}, {}),
        ({"min": 3, "max": 3}, {}),
        ({}, {"max_exceptions": 1}),
        ({"min": 2}, {"max_exceptions": 1}),
        ({"min": 3}, {"max_exceptions": 1}),
    ],
)
def test_numbers_of_either_level_are_kept_by_both_proofs(level: str, count, size) -> None:
    """Four alike in a row: clusters and groupings of one or two, or of three if those above may."""
    tables = {
        "lower": LOWER,
        "upper": {**UPPER, "size": {"min_pupils": 1_001, "max_pupils": 3_000}},
    }
    own = tables[level]
    changed = {"count": count, "size": {**own["size"], **size}}
    above = {**tables["upper"], **(changed if level == "upper" else {})}
    problem = _problem("ABCD", dict.fromkeys("ABCD", 1_000), **above)
    if level == "lower":
        scenario = problem.scenario
        for name, table in changed.items():
            whole = getattr(scenario, name).model_copy(update=table)
            scenario = scenario.model_copy(update={name: whole})
        problem = replace(problem, scenario=scenario)
    _agrees(problem)


@pytest.mark.parametrize(
    ("objective", "value"),
    [
        ({"order": ["joins"]}, {"upper.joins": 0}),
        ({"weights": {"joins": 2.5, "count": 0.5}}, {"upper.weighted": 1.0}),
    ],
)
def test_what_joins_into_groupings_are_the_clusters_below(objective, value) -> None:
    """Clusters of two that are groupings by themselves join nothing; single ones would."""
    above = {"size": {"min_pupils": 2_000, "max_pupils": 2_500}, "objective": objective}
    problem = _problem("AB CD", dict.fromkeys("ABCD", 1_000), first="groupings", **above)
    problem = replace(problem, scenario=problem.scenario.with_(order=["joins"]))
    plan = solve_levels(problem)
    verify(result(problem, plan))
    values = {stage.term: stage.objective for stage in plan.solution.stages[:-1]}
    assert values == {**value, "joins": 2}


@pytest.mark.parametrize(("pupils", "least"), [([2_400, 1_000, 900], 1_000), ([1_200] * 4, 2_000)])
def test_over_the_groupings_most_only_a_cluster_of_today_stands_alone(pupils, least: int) -> None:
    """One that is new may stand where its groupings are made afterwards, of it as it is then."""
    units, size = "ABCD"[: len(pupils)], {"min_pupils": 1_000, "max_pupils": 2_000}
    problem = _problem(units, dict(zip(units, pupils, strict=True)), size=size)
    problem = replace(problem, scenario=problem.scenario.with_(min_pupils=least))
    best, _ = _best_by_hand(problem, units)
    clusters = {"x": "A", "y": "BC"} if units == "ABC" else {"x": "AB", "y": "CD"}
    truth = verify_plan(problem, toy_assignment(problem, clusters))
    assert [one.rule for one in truth.violations] == ([] if best else ["levels"])
    assert (best is None) == (units == "ABCD")
    if best is not None:
        stages = solve_levels(problem).solution.stages[:-1]
        assert tuple(stage.objective for stage in stages) == pytest.approx(best)
        return
    with pytest.raises(InfeasibleError, match="two exact methods"):
        solve_levels(problem)
    below = replace(problem, upper=None)
    afterwards = toy_problem("AB", pupils={"A": 2_400, "B": 2_400}, **{**UPPER, "size": size})
    assert len(set(solve_merge(below).assignment)) == 2
    assert len(set(solve_merge(afterwards).assignment)) == 2


@cache
def _norfolk(first: str) -> Result:
    base = load_scenario(SCENARIOS / "4g.toml")
    if first == base.levels.first:
        return norfolk_result("4g")
    levels = base.levels.model_copy(update={"first": first})
    scenario = base.model_copy(update={"levels": levels})
    scenario._files = base.files
    return run_scenario(scenario, place=norfolk_place())


@pytest.mark.parametrize("first", ["clusters", "groupings"])
def test_norfolk_is_nested_and_proved_in_either_order(first: str) -> None:
    lower = _norfolk(first)
    upper = run_scenario(SCENARIOS / "3c.toml", place=norfolk_place(), parent=lower.plan)
    assert lower.plan.solution.status == upper.plan.solution.status == "OPTIMAL"
    assert 26 <= lower.score.metrics["n_clusters"] <= 32
    assert 9 <= upper.score.metrics["n_clusters"] <= 10
    assert is_nested(lower.plan.assignment, upper.plan.assignment)
    assert set(upper.score.clusters["home_division"].dropna()) >= {
        "City and South",
        "North and East",
        "West and Breckland",
    }
    claimed = {
        s.term.removeprefix("upper."): s.objective
        for s in lower.plan.solution.stages
        if s.term.startswith("upper.")
    }
    assert claimed == upper.objective


def test_each_order_is_best_in_its_own_terms() -> None:
    def values(result: Result) -> dict[str, float]:
        return {s.term: s.objective for s in result.plan.solution.stages}

    bottom_up, top_down = values(_norfolk("clusters")), values(_norfolk("groupings"))
    own = [t for t in bottom_up if "upper" not in t and t != "tie-break"]
    theirs = [t for t in bottom_up if "upper" in t]
    assert [bottom_up[t] for t in own] <= [top_down[t] for t in own]
    assert [top_down[t] for t in theirs] <= [bottom_up[t] for t in theirs]


def test_without_reaching_over_a_division_there_is_no_nested_plan() -> None:
    """Proved; and the least that has to reach over is what the search for it says."""
    base = load_scenario(SCENARIOS / "4g.toml")
    strict = base.model_copy(update={"within": ("division",)})
    strict._files = base.files
    with pytest.raises(InfeasibleError, match="two exact methods"):
        run_scenario(strict, place=norfolk_place())
    objective = base.objective.model_copy(update={"order": ("misaligned.division",)})
    least = base.model_copy(update={"objective": objective})
    least._files = base.files
    result = run_scenario(least, place=norfolk_place())
    assert result.objective["misaligned.division"] == LEAST_ACROSS


LEAST_ACROSS = 2_927
"""Pupils of clusters that reach over a division, at the least; proved, see docs/levels.md."""


@pytest.mark.parametrize(("option", "fits"), [("4a", False), ("4b", False), ("4c", True)])
def test_the_check_of_levels_agrees_with_the_count_of_plans(option: str, fits: bool) -> None:
    """That 4c can be grouped and 4a and 4b cannot is what the universe of each says too."""
    problem = prepare(SCENARIOS / "4g.toml", place=norfolk_place())
    found = verify_plan(problem, norfolk_result(option).plan.assignment).violations
    assert [v.rule for v in found] == ([] if fits else ["levels"])
    base = load_scenario(SCENARIOS / "3b.toml")
    above = base.model_copy(update={"units": option})
    try:
        run_scenario(above, place=norfolk_place(), parent=norfolk_result(option).plan)
        is_grouped = True
    except InfeasibleError:
        is_grouped = False
    assert is_grouped is fits


def test_a_claim_on_the_level_above_is_checked() -> None:
    result = _norfolk("clusters")
    solution = result.plan.solution
    stages = tuple(
        replace(s, objective=s.objective - 1, bound=s.bound - 1) if s.term == "upper.count" else s
        for s in solution.stages
    )
    wrong = replace(result, plan=replace(result.plan, solution=replace(solution, stages=stages)))
    with pytest.raises(VerificationError, match=r"stage upper\.count"):
        verify(wrong)
    numbers = solution.proof.record()["grouping_of"]
    swapped = {name: 1 if k == 2 else k for name, k in numbers.items()}
    proof = replace(solution.proof, grouping_of=swapped)
    wrong = replace(result, plan=replace(result.plan, solution=replace(solution, proof=proof)))
    with pytest.raises(VerificationError, match="groupings break a rule"):
        verify(wrong)


def test_a_plan_file_is_judged_by_the_level_above(tmp_path) -> None:
    path = tmp_path / "plan.csv"
    plan = norfolk_result("4a").plan.assignment
    plan.reset_index().set_axis(["urn", "cluster"], axis=1).to_csv(path, index=False)
    found = evaluate(path, SCENARIOS / "4g.toml", place=norfolk_place())
    assert [v.rule for v in found.violations] == ["levels"]


@pytest.mark.parametrize(
    ("upper", "said"), [("3z", "no other scenario"), ("4g", "no other"), ("1", "does not merge")]
)
def test_a_level_above_that_is_not_there(upper: str, said: str) -> None:
    base = load_scenario(SCENARIOS / "4g.toml")
    levels = base.levels.model_copy(update={"upper": upper})
    scenario = base.model_copy(update={"levels": levels})
    scenario._files = base.files
    with pytest.raises(ScenarioError, match=said):
        prepare(scenario, place=norfolk_place())


def test_each_level_has_its_weighted_sum_in_its_own_scale() -> None:
    """Hundredths of a minute by thirds of a thousandth are not whole clusters."""
    problem = _problem(
        "ABCD",
        dict.fromkeys("ABCD", 1_000),
        objective={"weights": {"count": 3, "pupil_minutes": 0.001}},
    )
    own = {"weights": {"count": 0.5, "joins": 0.25}}
    problem = replace(problem, scenario=problem.scenario.with_(objective=own))
    plan = solve_levels(problem)
    solved = {stage.term: stage.objective for stage in plan.solution.stages}
    truth = verify_plan(replace(problem, upper=None), plan.assignment)
    count, joins = (truth.objective[term] for term in ("count", "joins"))
    assert solved["weighted"] == 0.5 * count + 0.25 * joins
    (grouped,) = {*plan.solution.proof.record()["grouping_of"].values()}
    whole = toy_assignment(problem, {f"G{grouped}": "ABCD"})
    minutes = verify_plan(problem.upper, whole).objective["pupil_minutes"]
    assert solved["upper.weighted"] == pytest.approx(3 + 0.001 * minutes)


def test_of_what_was_not_proved_no_second_method_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    def unproved(*given: Any, **more: Any) -> Answer:
        found = minimise(*given, **more)
        return Answer("FEASIBLE", found.values, found.total, 0)

    monkeypatch.setattr(partition, "minimise", unproved)
    solution = solve_levels(_problem("ABCD", dict.fromkeys("ABCD", 1_000))).solution
    assert solution.status == "FEASIBLE"
    said = "not compared: the first method was not finished in time"
    assert solution.proof.record()["second_method"] == said
