"""What bounds a cluster besides the range of all: places of hubs, named clusters, quotas."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cluster_optimiser.geography.meeting import meeting_schools
from cluster_optimiser.geography.units import pinned_units, school_positions

if TYPE_CHECKING:
    from collections.abc import Collection

    from cluster_optimiser.arrays import Bools, Ints
    from cluster_optimiser.domain import Problem
    from cluster_optimiser.rules import Asked
    from cluster_optimiser.scenario import Scenario


@dataclass(frozen=True, slots=True)
class OwnRanges:
    """The ranges of a scenario, in numbers of its units."""

    places: tuple[int, ...]  # of the hubs in each unit; empty where sizes do not go by hubs
    least: Fraction  # shares of its places that a cluster fills at least, and at most
    most: Fraction
    named: tuple[tuple[frozenset[int], int, int], ...]  # units of a name, fewest and most pupils
    quotas: tuple[tuple[Asked, tuple[int, ...]], ...]  # with what each unit has of its number

    @property
    def any(self) -> bool:
        return bool(self.places or self.named or self.quotas)

    def broken(self, units: Collection[int], pupils: int) -> list[str]:
        """Give the families of rules that a set of units breaks."""
        found = []
        if self.places:
            held = sum(self.places[i] for i in units)
            if not self.least * held <= pupils <= self.most * held:
                found.append("size.hub")
        if any(
            not low <= pupils <= high for own, low, high in self.named if not own.isdisjoint(units)
        ):
            found.append("size.clusters")
        held_of = [(asked, sum(numbers[i] for i in units)) for asked, numbers in self.quotas]
        return found + [asked.rule for asked, held in held_of if not asked.kept(held)]

    def lacking(self, units: Collection[int]) -> bool:
        """Tell whether a set of units is short of a number, and so is every set within it."""
        least = [(asked, numbers) for asked, numbers in self.quotas if asked.quota.is_least]
        return any(not asked.kept(sum(numbers[i] for i in units)) for asked, numbers in least)

    def kept(self, members: Bools, pupils: Ints) -> Bools:
        """Tell of sets of units (rows) with so many pupils (in columns, perhaps) which keep all."""
        fine = np.ones(pupils.shape, dtype=np.bool_)
        shape = (-1, *(1 for _ in pupils.shape[1:]))
        if self.places:
            held = (members @ np.array(self.places, dtype=np.int64)).reshape(shape)
            fine &= pupils * self.least.denominator >= held * self.least.numerator
            fine &= pupils * self.most.denominator <= held * self.most.numerator
        for own, low, high in self.named:
            holds = members[:, sorted(own)].any(axis=1).reshape(shape)
            fine &= ~holds | ((pupils >= low) & (pupils <= high))
        for asked, numbers in self.quotas:
            fine &= asked.kept((members @ np.array(numbers, dtype=np.int64)).reshape(shape))
        return fine


def own_ranges(problem: Problem, scenario: Scenario | None = None) -> OwnRanges:
    """Put the ranges of a scenario, the problem's if not another, into numbers of its units."""
    scenario = scenario or problem.scenario
    size = scenario.size
    places: tuple[int, ...] = ()
    share = Fraction(0)
    if size.of is not None:
        share = Fraction(str(size.tolerance))
        places = _places_of_units(problem, size.places)
    named = tuple(
        (pinned_units(problem, (name,)), own.min_pupils, own.max_pupils)
        for name, own in size.clusters.items()
    )
    asked = tuple(
        (one, tuple(map(int, problem.units[one.quota.number]))) for one in scenario.quotas
    )
    return OwnRanges(places, 1 - share, 1 + share, named, asked)


def _places_of_units(problem: Problem, column: str) -> tuple[int, ...]:
    told = pd.to_numeric(problem.authority.schools[column], errors="coerce").fillna(0)
    of_school = np.where(meeting_schools(problem), told.to_numpy(dtype=float), 0).astype(np.int64)
    positions = school_positions(problem)
    return tuple(int(of_school[positions[name]].sum()) for name in problem.unit_names)
