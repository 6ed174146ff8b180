"""Questions to all plans: the page's answers against each legal plan, from a plain search."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cluster_optimiser.constants import CENTIMINUTES_PER_MINUTE
from cluster_optimiser.geography.meeting import meeting_schools
from cluster_optimiser.optimise.candidates import candidate_groups
from tests.norfolk import norfolk_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_optimiser.domain import Problem
    from cluster_optimiser.optimise.candidates import CandidateGroup

N_PLANS = 59_292
N_QUESTIONS = 60
"""Three hundred were asked once; so many find what goes wrong."""
OPTION = "4a"


def _all_plans(groups: list[CandidateGroup], n_units: int) -> list[tuple[int, ...]]:
    """Cover the unit that fewest groups hold first, then the next."""
    often = [sum(group.mask >> unit & 1 for group in groups) for unit in range(n_units)]
    order = sorted(range(n_units), key=often.__getitem__)
    holding = {unit: [i for i, g in enumerate(groups) if g.mask >> unit & 1] for unit in order}
    known: dict[int, list[tuple[int, ...]]] = {0: [()]}

    def covers(left: int) -> list[tuple[int, ...]]:
        if left not in known:
            unit = next(unit for unit in order if left >> unit & 1)
            known[left] = [
                (i, *rest)
                for i in holding[unit]
                if groups[i].mask & left == groups[i].mask
                for rest in covers(left ^ groups[i].mask)
            ]
        return known[left]

    return covers((1 << n_units) - 1)


def _longest(problem: Problem, group: CandidateGroup) -> int:
    """Give the longest way to where a group would meet, in hundredths of minutes."""
    schools = problem.authority.schools
    held = schools.index.get_indexer(problem.unit_of.index[problem.unit_of.isin(group.units)])
    may = held[meeting_schools(problem)[held]]
    ways = np.rint(problem.travel.minutes[np.ix_(held, may)] * CENTIMINUTES_PER_MINUTE)
    sums = schools["pupils"].to_numpy(dtype=float)[held] @ ways
    return int(ways[:, sums.argmin()].max())


def _question(chance: random.Random, units: list[str], at: Any, wishes: list[str]) -> Any:
    """Ask about two units of one group, together or apart, so that many answers are not "none"."""
    pairs = []
    for _ in range(chance.randint(0, 2)):
        mates = chance.sample(chance.choice(at).units, 2)
        pairs.append([chance.choice("ta"), *map(units.index, mates)])
    return {
        "pairs": pairs,
        "most": chance.choice([None, None, 25, 27, 28]),
        "minutes": chance.choice([None, None, 25, 30, 40]),
        "order": chance.sample(wishes, chance.randint(1, 3)),
        "weights": chance.choice([None, [chance.choice([0, 1, 2, 7, 1000]) for _ in wishes]]),
    }


@pytest.fixture(scope="module")
def plans() -> tuple[Problem, list[CandidateGroup], np.ndarray]:
    """Give the groups of the rules that are asked about, and each legal plan as a row of them."""
    problem = norfolk_problem(OPTION)
    groups = list(candidate_groups(problem))
    count = problem.scenario.count
    found = [
        plan
        for plan in _all_plans(groups, len(problem.units))
        if count.min <= len(plan) <= count.max
    ]
    held = np.zeros((len(found), len(groups)), dtype=np.float64)
    for row, plan in enumerate(found):
        held[row, list(plan)] = 1
    return problem, groups, held


def test_answers_are_those_of_every_legal_plan(
    plans: Any, norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    problem, groups, held = plans
    assert len(held) == N_PLANS
    page = visit(norfolk_page.path).page
    units = page.evaluate(
        "clusterPage.data.grounds[clusterPage.options[clusterPage.data.ask.option].ground].units"
    )
    assert sorted(units) == sorted(problem.units.index)
    layers = page.evaluate("clusterPage.data.schools.layers.map(({ name }) => name)")
    wishes = ["count", "pupil_minutes", *(f"misaligned.{name}" for name in layers), "deviation"]
    # Points are of a cluster, of a minute of the average way, of each hundredth of the pupils.
    pupils = int(problem.units["pupils"].sum())
    scale = [100 * pupils, 1, *[100 * 100 for _ in wishes[2:]]]
    chance = random.Random(18)
    several = [group for group in groups if len(group.units) > 1]
    questions = [_question(chance, units, several, wishes) for _ in range(N_QUESTIONS)]
    answers = page.evaluate(
        """list => list.map(question => {
            const { count, costs } = clusterPage.answerTo(question);
            return [Number(count), costs.map(Number)];
        })""",
        questions,
    )
    bit = {name: i for i, name in enumerate(problem.units.index)}
    longest = np.array([_longest(problem, group) for group in groups])
    masks = [group.mask for group in groups]
    some = 0
    for question, (count, costs) in zip(questions, answers, strict=True):
        bad = np.zeros(len(groups), dtype=bool)
        if question["minutes"]:
            bad |= longest > question["minutes"] * CENTIMINUTES_PER_MINUTE
        for how, a, b in question["pairs"]:
            first, second = 1 << bit[units[a]], 1 << bit[units[b]]
            has = [(bool(mask & first), bool(mask & second)) for mask in masks]
            bad |= np.array([(x != y) if how == "t" else (x and y) for x, y in has])
        legal = held[held @ bad == 0]
        if question["most"]:
            legal = legal[legal.sum(axis=1) <= question["most"]]
        assert count == len(legal), question
        if len(legal):
            some += 1
            each = [[group.costs[wish] for group in groups] for wish in question["order"]]
            if question["weights"]:
                by = [w * s for w, s in zip(question["weights"], scale, strict=True)]
                each = [
                    [
                        sum(g.costs[wish] * f for wish, f in zip(wishes, by, strict=True))
                        for g in groups
                    ]
                ]
            best = min(map(tuple, (legal @ np.array(each, dtype=np.float64).T).tolist()))
            assert tuple(costs) == best, question
    assert some > N_QUESTIONS / 4
    known, unknown = page.evaluate(
        """() => {
            const question = { pairs: [], most: null, minutes: null, order: ["pupil_minutes"] };
            const { costs: [known], part } = clusterPage.answerTo(question);
            const mine = part.flatMap((first, unit) => (first === part[0] ? [unit] : []));
            const { groups } = clusterPage.asked;
            groups.find(({ units }) => units.join() === mine.join()).cluster.total = null;
            return [known, clusterPage.answerTo(question).costs[0]];
        }"""
    )
    # A way that is not known is none of the shortest.
    assert known < unknown < float("inf")


def test_points_are_asked_for_answered_and_in_the_address(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    seen = visit(norfolk_page.path, "#see=ask")
    page = seen.page
    assert page.locator("#ask-weights").is_hidden()
    page.select_option("#ask-by", "w")
    assert page.locator("#ask-order").is_hidden()
    page.fill("#ask-weight-0", "5")
    page.fill("#ask-weight-1", "0")
    page.locator("#ask-weight-1").blur()
    assert "~w5!0!1" in page.evaluate("clusterPage.chosen.ask")
    said = page.locator("#ask-proof").inner_text()
    assert "with the fewest points for: 5 \N{MULTIPLICATION SIGN} each cluster; 1" in said
    assert "minute" not in said
    before = page.locator("#ask-figures tr").first.inner_text()
    address = page.url
    page.go_back()
    page.go_back()
    page.go_back()
    page.locator("#ask-order").wait_for(state="visible")
    again = visit(norfolk_page.path, "#" + address.partition("#")[2]).page
    assert again.locator("#ask-figures tr").first.inner_text() == before
    assert again.locator("#ask-weight-0").input_value() == "5"
    assert seen.complaints == []
