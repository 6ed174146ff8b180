r"""In which projections of pupils each candidate group stays legal.

A plan P is legal in projection s where every group of it is, and no more than E are small:

    ok(C, s) for all C in P,    sum over C in P of small(C, s) <= E

Both are bits of a candidate, worked out once; what is asked of plans is then a question of sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cluster_optimiser.geography.alignment import LAYER_PREFIX, binding_homes, home_and_misaligned
from cluster_optimiser.geography.meeting import MeetingPlaces
from cluster_optimiser.geography.units import school_positions
from cluster_optimiser.optimise.candidates import CandidateGroup, membership
from cluster_optimiser.optimise.pinned import exceptable
from cluster_optimiser.optimise.ranges import own_ranges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.arrays import Bools, Ints
    from cluster_optimiser.domain import Problem


@dataclass(frozen=True, slots=True)
class Keeping:
    """The projections in which each candidate group is legal, as bits."""

    n_projections: int  # how many projections there are; bit s is the s-th
    is_fine: tuple[int, ...]
    is_small: tuple[int, ...]
    most_small: int  # most small groups of a legal plan

    @property
    def everything(self) -> int:
        return (1 << self.n_projections) - 1

    def kept(self, groups: Sequence[int]) -> int:
        label = self.start()
        for position in groups:
            label = self.grown(label, position)
        return label[-1]

    def start(self) -> tuple[int, ...]:
        """Give the label of a plan without groups."""
        return (self.everything,) * (self.most_small + 1)

    def grown(self, label: tuple[int, ...], group: int) -> tuple[int, ...]:
        fine, small = self.is_fine[group], self.is_small[group]
        if not small:
            return tuple([fine & now for now in label])
        before = (0, *label[:-1])
        return tuple(
            fine & ((now & ~small) | (fewer & small))
            for now, fewer in zip(label, before, strict=True)
        )


def keeping_of(problem: Problem, groups: Sequence[CandidateGroup]) -> Keeping | None:
    if not problem.projections:
        return None
    size = problem.scenario.size
    members = membership([group.mask for group in groups], len(problem.units))
    pupils = _unit_pupils(problem)
    held = members.astype(np.int64) @ pupils
    is_one = members.sum(axis=1, keepdims=True) == 1
    most_small = problem.scenario.numbers_of(len(problem.units)).small
    # Where none may be, labels say so.
    others = ~exceptable(problem) if most_small else 0
    may_be_small = np.array([not group.mask & others for group in groups], dtype=np.bool_)
    is_under = size.is_under(held)
    fine = ~size.refuses(held, is_one=is_one)
    fine &= ~is_under | may_be_small[:, None]
    fine &= own_ranges(problem).kept(members, held)
    fine &= _within(problem, groups)
    fine &= _near_enough(problem, groups, fine)
    return Keeping(
        n_projections=len(problem.projections),
        is_fine=_as_bits(fine),
        is_small=_as_bits(fine & is_under),
        most_small=most_small,
    )


def robust_keeping(problem: Problem, groups: Sequence[CandidateGroup]) -> Keeping | None:
    asked = problem.scenario.objective.needs("projection")
    return keeping_of(problem, groups) if asked else None


def _as_bits(rows: Bools) -> tuple[int, ...]:
    packed = np.packbits(rows, axis=1, bitorder="little")
    return tuple(int.from_bytes(row.tobytes(), "little") for row in packed)


def _unit_pupils(problem: Problem) -> Ints:
    """Give the pupils of each unit (row) in each projection (column)."""
    unit = problem.units.index.get_indexer(problem.unit_of)
    total = np.zeros((len(problem.units), len(problem.projections)), dtype=np.int64)
    np.add.at(total, unit, _school_pupils(problem, problem.unit_of.index))
    return total


def _school_pupils(problem: Problem, urns: pd.Index | Ints) -> Ints:
    """Give the pupils of each school (row) in each projection (column)."""
    columns = {column: p.pupils for column, p in enumerate(problem.projections)}
    return pd.DataFrame(columns).reindex(urns).to_numpy(dtype=np.int64)


def _within(problem: Problem, groups: Sequence[CandidateGroup]) -> Bools:
    """Tell in which projections the units of each group have their homes in one area."""
    fine = np.ones((len(groups), len(problem.projections)), dtype=np.bool_)
    schools, urns = problem.authority.schools, problem.unit_of.index
    names, position = problem.unit_names, problem.unit_at
    members = {str(unit): rows.index for unit, rows in problem.unit_of.groupby(problem.unit_of)}
    for layer in binding_homes(problem):
        areas = schools[LAYER_PREFIX + layer].reindex(urns)
        known = [[a if isinstance(a, str) else None for a in areas.loc[members[name]]]
                 for name in names]  # fmt: skip
        codes = {area: code for code, area in enumerate({a for some in known for a in some if a})}
        home = np.empty((len(names), len(problem.projections)), dtype=np.int64)
        for column, projected in enumerate(problem.projections):
            pupils = projected.pupils.to_dict()
            for unit, (name, some) in enumerate(zip(names, known, strict=True)):
                held = (pupils[urn] for urn in members[name])
                found = home_and_misaligned(zip(some, held, strict=True))[0]
                # Units without a home are unlike each other too.
                home[unit, column] = ~unit if found is None else codes[found]
        for row, group in enumerate(groups):
            homes = home[[position[unit] for unit in group.units]]
            fine[row] &= (homes == homes[0]).all(axis=0)
    return fine


def _near_enough(problem: Problem, groups: Sequence[CandidateGroup], asked: Bools) -> Bools:
    """Tell in which projections each group has a meeting place that all can reach in time."""
    fine = np.ones_like(asked)
    positions = school_positions(problem)
    units = [positions[name] for name in problem.unit_names]
    today = MeetingPlaces.of_problem(problem, units)
    if today.limit_min is None:
        return fine
    members = membership([group.mask for group in groups], len(units))
    near = today.near
    # Where every place is near enough to all, which of them is the best does not matter.
    far = [
        row
        for row in np.flatnonzero(asked.any(axis=1))
        if not near[np.ix_(members[row], members[row][today.unit_of])].all()
    ]
    if not far:
        return fine
    for column, pupils in enumerate(_school_pupils(problem, problem.travel.urns).T):
        found = today.with_pupils(pupils).of(members[far])
        fine[far, column] = [today.allows(place) for place in found]
    return fine
