"""Need as an objective: a constant of each group, summed and checked by three hands."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from cluster_optimiser.batch import run_scenario
from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.optimise import solve_merge
from cluster_optimiser.optimise.candidates import candidate_groups
from cluster_optimiser.scenario import load_scenario, parse_scenario
from cluster_optimiser.scoring import need_deviation
from cluster_optimiser.verification import verify_plan
from tests.norfolk import SCENARIOS, norfolk_place
from tests.toy import ToySchool, toy_assignment, toy_problem

MONEY = {
    "pot_pounds": 1000,
    "parts": [{"measure": "pupils", "share": 1}],
    "need": {"pupils": 1, "sen_support": 2.5},
    "without_phases": ["special"],
}


def _row(*sen: int | None):
    """Give a row of units of a thousand pupils, and their SEN support.

    In the first a special school besides, which is funded apart and counts in neither.
    """
    letters = "ABCDEF"[: len(sen)]
    schools = {
        letter: [ToySchool("secondary", 1_000, columns={"sen_support": n})]
        for letter, n in zip(letters, sen, strict=True)
    }
    schools["A"].append(ToySchool("special", 90, columns={"sen_support": 90}))
    return toy_problem(
        letters,
        schools=schools,
        funding=MONEY,
        size={"min_pupils": 2_000, "max_pupils": 3_100},
        objective={"order": ["need_deviation", "count"]},
    )


def test_the_plan_spreads_need_most_evenly() -> None:
    problem = _row(400, 0, 200, 300, 100, 0)
    plan = solve_merge(problem)
    truth = verify_plan(problem, plan.assignment)
    every = []
    for cuts in [c for n in range(3) for c in combinations(range(1, 6), n)]:
        edges = [0, *cuts, 6]
        parts = ["ABCDEF"[a:b] for a, b in pairwise(edges)]
        if all(len(part) in (2, 3) for part in parts):
            made = toy_assignment(problem, {part: part for part in parts})
            every.append(need_deviation(problem, made))
    assert len(every) > 1
    assert truth.objective["need_deviation"] == min(every)
    assert plan.solution.stages[0].objective == min(every)


@pytest.mark.parametrize("sen", [(400, 0, 200, 300), (1, 2, None, 4), (0, 0, 0, 0)])
def test_three_hands_count_the_same(sen) -> None:
    problem = _row(*sen)
    for group in candidate_groups(problem):
        rest = "".join(u for u in problem.units.index if u not in group.units)
        plan = toy_assignment(problem, {"X": "".join(group.units), **({"Y": rest} if rest else {})})
        by_score = need_deviation(problem, plan)
        assert verify_plan(problem, plan).objective["need_deviation"] == by_score
        # Two clusters are equally far apart, to either side.
        times = 2 if rest else 1
        assert group.costs["need_deviation"] * times / 100 == pytest.approx(by_score, abs=0.011)


def test_norfolk_can_be_solved_for_need() -> None:
    base = load_scenario(SCENARIOS / "4a.toml")
    objective = base.objective.model_copy(update={"order": ("count", "need_deviation")})
    scenario = base.model_copy(update={"objective": objective})
    result = run_scenario(scenario, place=norfolk_place())
    assert result.plan.solution.status == "OPTIMAL"
    assert result.objective["need_deviation"] == result.score.metrics["need_deviation"]


def test_the_term_needs_need() -> None:
    tables = {"title": "T", "option": "T", "authority": "t", "method": "merge"}
    with pytest.raises(ScenarioError, match="needs to know what need is"):
        parse_scenario({**tables, "objective": {"order": ["need_deviation"]}})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parts": [{"measure": "pupils", "share": 0.5}]}, "add up to 0.5"),
        ({"parts": [{"measure": "pupils"}]}, "needs pounds or share"),
        ({"parts": [{"measure": "pupils", "share": 1, "pounds": 1}]}, "needs pounds or share"),
        ({"need": {"schools": 1}}, "need counts pupils"),
        ({"pot": 5}, "pot"),
    ],
)
def test_faults_of_funding_are_named(change, said: str) -> None:
    tables = {"title": "T", "option": "T", "authority": "t", "method": "keep"}
    with pytest.raises(ScenarioError, match=said):
        parse_scenario({**tables, "funding": {**MONEY, **change}})


def test_a_column_that_is_not_there_is_named() -> None:
    base = load_scenario(SCENARIOS / "1.toml")
    for need, said in (({"sen_suport": 1}, "sen_support"), ({"type": 1}, "whole number")):
        stated = type(base.funding).model_validate({**base.funding.model_dump(), "need": need})
        with pytest.raises(ScenarioError, match=said):
            run_scenario(base.model_copy(update={"funding": stated}), place=norfolk_place())
