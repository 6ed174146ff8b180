"""Where a cluster meets, said once for everything that makes or measures plans.

The meeting place is the 1-median: of the schools that the scenario lets a cluster meet at, the one
with the fewest pupil minutes; the first by URN of several. The independent check and the page have
each their own; a table of cases holds the three together (`tests/data/meeting_places.json`).
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from cluster_optimiser.constants import CENTIMINUTES_PER_MINUTE, HOMES, SECONDARY_PHASES
from cluster_optimiser.geography.travel import UNKNOWN, to_centiminutes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cluster_optimiser.arrays import Bools, Ints
    from cluster_optimiser.domain import Problem

_FAR = np.iinfo(np.int64).max
_CHUNK = 2_048
"""Sets whose meeting places are looked for at once, to bound memory."""


def meeting_schools(problem: Problem) -> Bools:
    """Tell at which schools a cluster that is not exempt may meet."""
    schools, hubs = problem.authority.schools, problem.scenario.hubs
    if hubs == "any":
        return np.asarray(schools["phase"] != HOMES, dtype=np.bool_)
    if hubs == "secondary":
        found = schools["phase"].isin(SECONDARY_PHASES)
    else:
        found = pd.Series(schools.index.isin(hubs), index=schools.index)
    return np.asarray(found.to_numpy(), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class MeetingPlace:
    """The 1-median of a cluster."""

    number: int  # of the school among those that are met at
    position: int  # of the school among all schools
    pupil_centiminutes: int  # sum over members of pupils times hundredths of minutes to it
    max_centiminutes: int  # the longest way to it; `UNKNOWN` where one is


class MeetingPlaces:
    """Finds the meeting places of sets of units, or of whatever else schools are gathered in.

    Sums over a set's schools are sums over its units of what each unit adds at each school, so all
    sets are one product of matrices.
    """

    def __init__(
        self, centiminutes: Ints, pupils: Ints, units: Sequence[Ints], may_meet: Bools
    ) -> None:
        unit_of = np.full(len(pupils), -1)
        for number, members in enumerate(units):
            unit_of[members] = number
        schools = np.flatnonzero(unit_of >= 0)
        self.positions = schools[may_meet[schools]]
        self.unit_of = unit_of[self.positions]
        ways = centiminutes[np.ix_(schools, self.positions)]
        is_unknown = ways == UNKNOWN
        rows = unit_of[schools] == np.arange(len(units))[:, None]
        self._schools, self._is_unknown = schools, is_unknown
        self._known_ways = np.where(is_unknown, 0, ways)
        self._of_unit = csr_array(rows.astype(np.int64))
        longest = np.where(is_unknown, _FAR, ways)
        # By unit and place: the longest way.
        self.longest = np.array([longest[row].max(axis=0, initial=-1) for row in rows])
        self.limit_min: float | None = None  # most minutes to a place that keeps the rules
        self.is_needed = False  # whether a set without a place breaks them
        self._weigh(pupils)

    def _weigh(self, pupils: Ints) -> None:
        """Add up pupil centiminutes by unit and place, and whether pupils of it cannot come."""
        weight = pupils[self._schools][:, None]
        self.added = self._of_unit @ (weight * self._known_ways)
        if self._is_unknown.any():
            self.blocked = self._of_unit @ (self._is_unknown & (weight > 0)).astype(np.int64)
        else:
            self.blocked = np.zeros_like(self.added)

    def with_pupils(self, pupils: Ints) -> MeetingPlaces:
        """Give the same for other numbers of pupils: the ways stay."""
        other = copy(self)
        other._weigh(pupils)  # noqa: SLF001 - of its own class
        return other

    @classmethod
    def of_problem(cls, problem: Problem, units: Sequence[Ints]) -> MeetingPlaces:
        """Make it of the minutes, today's pupils and the hubs of a problem."""
        made = cls(
            to_centiminutes(problem.travel.minutes),
            problem.authority.schools["pupils"].to_numpy(dtype=np.int64),
            units,
            meeting_schools(problem),
        )
        scenario = problem.scenario
        made.limit_min = scenario.travel.max_minutes
        made.is_needed = made.limit_min is not None or scenario.hubs != "any"
        return made

    @property
    def near(self) -> Bools:
        """By unit and place: whether all schools of the unit are near enough, if others are."""
        if self.limit_min is None:
            return np.ones_like(self.longest, dtype=np.bool_)
        return np.asarray(self.longest / CENTIMINUTES_PER_MINUTE <= self.limit_min)

    def allows(self, place: MeetingPlace | None) -> bool:
        """Tell whether a set that meets there keeps the rules; a way not known keeps no limit."""
        if place is None:
            return not self.is_needed
        far, limit_min = place.max_centiminutes, self.limit_min
        return limit_min is None or (far != UNKNOWN and far / CENTIMINUTES_PER_MINUTE <= limit_min)

    def of(self, members: Bools) -> list[MeetingPlace | None]:
        """Give the meeting place of each set (row) of units (column); None where it has none."""
        found: list[MeetingPlace | None] = []
        if not len(self.positions):
            return [None] * len(members)
        for start in range(0, len(members), _CHUNK):
            some = members[start : start + _CHUNK]
            # Whole numbers, sparse: exact, and quick as sets are small.
            held = csr_array(some.astype(np.int64))
            is_place = some[:, self.unit_of] & (held @ self.blocked == 0)
            costs = np.where(is_place, held @ self.added, _FAR)
            best = costs.argmin(axis=1)
            rows = np.arange(len(some))
            longest = np.where(some, self.longest[:, best].T, -1).max(axis=1, initial=-1)
            found += [
                self._place(number, cost, far) if is_any else None
                for number, cost, far, is_any in zip(
                    best.tolist(),
                    costs[rows, best].tolist(),
                    longest.tolist(),
                    is_place[rows, best].tolist(),
                    strict=True,
                )
            ]
        return found

    def of_one(self, units: Iterable[int]) -> MeetingPlace | None:
        """Give the meeting place of one set of units."""
        held = np.array([*units], dtype=np.int64)
        numbers = np.flatnonzero(np.isin(self.unit_of, held))
        numbers = numbers[self.blocked[np.ix_(held, numbers)].sum(axis=0) == 0]
        if not len(numbers):
            return None
        costs = self.added[np.ix_(held, numbers)].sum(axis=0)
        best = int(costs.argmin())
        number = int(numbers[best])
        return self._place(number, int(costs[best]), int(self.longest[held, number].max()))

    def _place(self, number: int, cost: int, longest: int) -> MeetingPlace:
        far = UNKNOWN if longest == _FAR else longest
        return MeetingPlace(number, int(self.positions[number]), cost, far)
