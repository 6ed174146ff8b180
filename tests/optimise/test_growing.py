"""Clusters of plans with three at most: the same as by the frontier, on random maps."""

from __future__ import annotations

from random import Random

import pytest

from cluster_optimiser.deadline import within
from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.optimise import growing
from cluster_optimiser.optimise.growing import groups_of_few
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
