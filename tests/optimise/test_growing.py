"""Clusters of plans with two or three at most: the same as by the frontier, on random maps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from cluster_optimiser.deadline import within
from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.optimise import growing, halving
from cluster_optimiser.optimise.growing import groups_of_few
from cluster_optimiser.optimise.halving import groups_of_two
from cluster_optimiser.optimise.universe.frontier import Partitions, partitions


def asked(seed: int) -> Partitions:
    """Draw a connected map, a range of pupils, and one to three clusters."""
    random = Random(seed)
    n_units = random.randint(3, 11)
    adjacency = [0] * n_units
    edges = [(i, random.randrange(i)) for i in range(1, n_units)]
    edges += [tuple(random.sample(range(n_units), 2)) for _ in range(random.randint(0, n_units))]
    for one, other in edges:
        adjacency[one] |= 1 << other
        adjacency[other] |= 1 << one
    pupils = [random.randint(1, 9) for _ in range(n_units)]
    most = random.randint(1, 3)
    mean = sum(pupils) / most
    spread = random.choice([0.1, 0.3, 0.8])
    return Partitions(
        adjacency=tuple(adjacency),
        pupils=tuple(pupils),
        lowest=max(1, int(mean * (1 - spread))),
        highest=int(mean * (1 + spread)) + 1,
        fewest=random.randint(0, most),
        most=most,
    )


@pytest.mark.parametrize("at_once", [2, 16_384])
@pytest.mark.parametrize("seed", range(60))
def test_the_groups_are_those_of_the_frontier(
    seed: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "_AT_ONCE", at_once)
    question = asked(seed)
    found = partitions(question, max_states=100_000)
    assert found is not None
    expected = found.groups(most_ways=100_000)
    assert groups_of_few(question, most_ways=100_000) == sorted(expected or [])


def test_too_many_ways_are_not_listed_and_the_deadline_holds() -> None:
    question = Partitions((0b110, 0b101, 0b011), (1, 1, 1), 1, 3, 1, 3)
    assert groups_of_few(question, most_ways=2) is None
    with within(0), pytest.raises(NoPlanFoundError, match="sets of units were looked for"):
        groups_of_few(question, most_ways=100)


def halves(seed: int) -> Partitions:
    """Draw what is asked of two clusters at most, units without pupils among them."""
    question = asked(seed)
    pupils = tuple(p if p > 1 else 0 for p in question.pupils)
    return replace(question, pupils=pupils, fewest=min(question.fewest, 2), most=2)


@pytest.mark.parametrize("seed", range(120))
def test_the_groups_of_two_clusters_are_those_of_the_frontier(seed: int) -> None:
    mean = sum(halves(seed).pupils) / 2
    for lowest, highest in ((0, 2 * mean), (0.5 * mean, 1.2 * mean), (mean, 2 * mean)):
        question = replace(halves(seed), lowest=int(lowest), highest=int(highest) + 1)
        found = partitions(question, max_states=100_000)
        assert found is not None
        expected = found.groups(most_ways=100_000)
        assert groups_of_two(question, most_ways=100_000) == sorted(expected or [])


def test_fifty_six_counties_are_halved_to_one_person_in_a_million_in_30223_ways() -> None:
    """As many as was published of Montana, after three days of counting; a plan is two sets."""
    data = json.loads(Path("tests/data/counties_56.json").read_text(encoding="utf-8"))
    adjacency = [0] * len(data["people"])
    for one, other in data["pairs"]:
        adjacency[one] |= 1 << other
        adjacency[other] |= 1 << one
    total = sum(data["people"])
    question = Partitions(
        tuple(adjacency), tuple(data["people"]), total // 2, total // 2 + 1, fewest=2, most=2
    )
    found = groups_of_two(question, most_ways=100_000)
    assert found is not None
    assert len(found) == 2 * 30_223


def test_halves_past_what_may_be_held_are_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    question = Partitions((0b110, 0b101, 0b011), (1, 1, 1), 1, 3, 1, 2)
    assert groups_of_two(question, most_ways=2) is None
    monkeypatch.setattr(halving, "_MOST_BYTES", -1)
    assert groups_of_two(question, most_ways=100) is None
    with within(0), pytest.raises(NoPlanFoundError, match="sets of units were looked for"):
        groups_of_two(question, most_ways=100)
