"""What a set of schools costs in each term, in whole numbers of the term's scale.

Said once for all who make or measure plans; the independent check counts by code of its own. Sets
are made of parts, whatever schools are gathered in: the units of a maker, single schools where a
plan is measured that may divide units.
"""

from __future__ import annotations

import weakref
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from cluster_optimiser.constants import CENTIPUPILS_PER_PUPIL, NEED_SCALE
from cluster_optimiser.geography.adjacency import shared_boundaries
from cluster_optimiser.geography.alignment import LAYER_PREFIX
from cluster_optimiser.geography.meeting import MeetingPlace, MeetingPlaces
from cluster_optimiser.geography.travel import UNKNOWN
from cluster_optimiser.scenario.numbers import SNAP_M
from cluster_optimiser.terms import FAMILIES, lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import geopandas as gpd

    from cluster_optimiser.arrays import Bools, Ints
    from cluster_optimiser.domain import Problem
    from cluster_optimiser.scenario import Funding

    Costs = Sequence[int] | Ints
    "Of each set; below 0 where it is not known."

_shared: dict[
    tuple[int, float], tuple[weakref.ref[gpd.GeoDataFrame], dict[tuple[str, str], float]]
] = {}
"""What is drawn does not change, and many problems are made on the same."""


def _shared_m(drawn: gpd.GeoDataFrame, snap_m: float = SNAP_M) -> dict[tuple[str, str], float]:
    key = id(drawn), snap_m
    held = _shared.get(key)
    if held is None or held[0]() is not drawn:
        gone = weakref.ref(drawn, lambda _: _shared.pop(key, None))
        held = _shared[key] = gone, shared_boundaries(drawn.geometry, snap_m=snap_m)
    return held[1]


class Measures:
    """Measures sets of parts; a part is the positions of its schools in the register."""

    def __init__(self, problem: Problem, parts: Sequence[Ints]) -> None:
        self.problem, self.parts = problem, parts
        self.schools = problem.authority.schools
        self.pupils = self.schools["pupils"].to_numpy(dtype=np.int64)
        self.part_of = np.full(len(self.schools), -1)
        for number, members in enumerate(parts):
            self.part_of[members] = number

    @cached_property
    def places(self) -> MeetingPlaces:
        return MeetingPlaces.of_problem(self.problem, self.parts)

    @cached_property
    def _places(self) -> tuple[pd.Series, dict[tuple[str, str], float]]:
        """Give the part of each area, and what areas share: today's clusters, cells where divided.

        Ground where only exempt schools stand is no cluster's, theirs else that of their hosts.
        """
        unit_of, territory = self.problem.unit_of, self.problem.territory
        place = pd.Series(self.part_of, index=self.schools.index)
        own, today = place.loc[unit_of.index], self.schools["local_cluster"].loc[unit_of.index]
        is_cut = (
            unit_of.groupby(today).nunique().max() > 1 or own.groupby(unit_of).nunique().max() > 1
        )
        if not is_cut:
            snap_m = self.problem.scenario.contiguity.snap_m
            return own.groupby(today).first(), _shared_m(territory.clusters, snap_m)
        first = pd.Series(unit_of.index, index=unit_of.to_numpy())
        hosts = self.problem.local_unit_of.map(first.groupby(level=0).min()).dropna()
        place.loc[hosts.index] = place.loc[hosts].to_numpy()
        return place, _shared_m(territory.cells)

    @cached_property
    def borders_m(self) -> csr_array:
        """Whole metres of border between every two parts."""
        place, shared = self._places
        ends = pd.DataFrame([*shared], columns=["one", "other"])
        one, other = (place.reindex(ends[column]).to_numpy() for column in ends)
        metres = np.array([round(m) for m in shared.values()], dtype=np.int64)
        kept = (one != other) & (one >= 0) & (other >= 0)
        both = np.concatenate([one[kept], other[kept]]), np.concatenate([other[kept], one[kept]])
        size = (len(self.parts), len(self.parts))
        return csr_array((np.tile(metres[kept], 2), both), shape=size)

    def added(self, values: Ints) -> Ints:
        """Add up values of schools over the schools of each part."""
        total = np.zeros(len(self.parts), dtype=np.int64)
        np.add.at(total, self.part_of[self.part_of >= 0], values[self.part_of >= 0])
        return total

    def sets(self, members: Bools) -> Sets:
        """Give sets (rows) of parts (columns)."""
        return Sets(self, members)


class Sets:
    def __init__(self, measures: Measures, members: Bools) -> None:
        self.measures, self.members = measures, members
        self.scenario = measures.problem.scenario

    @cached_property
    def counts(self) -> csr_array:
        """The same in whole numbers, sparse."""
        return csr_array(self.members.astype(np.int64))

    @cached_property
    def pupils(self) -> Ints:
        return np.asarray(self.counts @ self.measures.added(self.measures.pupils))

    @cached_property
    def meetings(self) -> list[MeetingPlace | None]:
        return self.measures.places.of(self.members)

    def cost(self, term: str) -> Costs:
        row = lookup(term)
        if row.layer is not None:
            return _outside(self, LAYER_PREFIX + row.layer)
        return _COSTS[term](self)

    def costs(self, also: Collection[str] = ()) -> dict[str, list[int]]:
        """Give what each set costs in every term that the scenario lets be known, and others."""
        funding = self.scenario.funding
        layers = self.measures.problem.authority.layers
        names = []
        for row in map(lookup, _COSTS):
            if row.layers == "preferred":
                names += [f"{family.name}.{layer}" for family in FAMILIES for layer in layers]
            is_known = row.needs != "need" or bool(funding and funding.need)
            if row.needs == "today" and self.measures.problem.authority.has_areas:
                continue  # areas are no clusters of today
            if is_known and (
                not row.is_optional or row.name in also or self.scenario.asks(row.name)
            ):
                names.append(row.name)
        return {name: np.asarray(self.cost(name)).tolist() for name in names}


def _outside(sets: Sets, column: str) -> Ints:
    """Count pupils outside the area of a column that holds most of them."""
    measures = sets.measures
    area, areas = pd.factorize(measures.schools[column])
    there = (measures.part_of >= 0) & (area >= 0)
    held = np.zeros((len(measures.parts), len(areas)), dtype=np.int64)
    np.add.at(held, (measures.part_of[there], area[there]), measures.pupils[there])
    return np.asarray(sets.pupils - (sets.counts @ held).max(axis=1, initial=0), dtype=np.int64)


def _misaligned(sets: Sets) -> Ints:
    layers = sets.scenario.preferred_layers
    total = np.zeros(len(sets.members), dtype=np.int64)
    return sum((_outside(sets, LAYER_PREFIX + layer) for layer in layers), total)


def _need_deviation(sets: Sets) -> list[int]:
    """Give need out of proportion to pupils, of schools that share in the pot."""
    measures, funding = sets.measures, sets.scenario.funding
    if funding is None:
        return [0] * len(sets.members)
    held = [measures.added(values) for values in need_and_pupils(measures.schools, funding)]
    all_need, all_pupils = (int(values.sum()) for values in held)
    need, pupils = ((sets.counts @ values).tolist() for values in held)
    return [
        need_deviation_centipupils(n, p, all_need, all_pupils)
        for n, p in zip(need, pupils, strict=True)
    ]


def _border(sets: Sets) -> Ints:
    """Give metres of border with what is outside: half of them are a cluster's own."""
    counts, borders = sets.counts, sets.measures.borders_m
    inside = (counts @ borders).multiply(counts).sum(axis=1)
    return np.asarray(counts @ borders.sum(axis=1) - inside)


_COSTS: Mapping[str, Callable[[Sets], Costs]] = {
    "count": lambda sets: [1] * len(sets.members),
    "joins": lambda sets: sets.members.sum(axis=1) - 1,
    "exceptions": lambda sets: sets.scenario.size.is_under(sets.pupils).astype(np.int64),
    "deviation": lambda sets: abs(sets.pupils - sets.scenario.size.target),
    "pupil_minutes": lambda sets: [
        place.pupil_centiminutes if place else UNKNOWN for place in sets.meetings
    ],
    "longest_minutes": lambda sets: [
        place.max_centiminutes if place else UNKNOWN for place in sets.meetings
    ],
    "changed_pupils": lambda sets: _outside(sets, "local_cluster"),
    "misaligned": _misaligned,
    "need_deviation": _need_deviation,
    "border_km": _border,
}
"""Term -> what each set costs in it."""


def counted(schools: pd.DataFrame, measure: str) -> pd.Series:
    if measure == "schools":
        return pd.Series(1, index=schools.index, dtype="Int64")
    numbers: pd.Series = pd.to_numeric(schools[measure], errors="coerce").astype("Int64")
    if measure == "pupils":
        return numbers.mask(~schools["is_pupils_known"].astype(bool))
    return numbers


def takes_part(schools: pd.DataFrame, funding: Funding) -> pd.Series:
    """Tell which schools share in the pot and are counted in the need."""
    return ~schools["phase"].isin(funding.without_phases)


def need_and_pupils(schools: pd.DataFrame, funding: Funding) -> tuple[Ints, Ints]:
    part = takes_part(schools, funding).to_numpy()
    need = sum(
        int(weight * NEED_SCALE) * counted(schools, measure).fillna(0).to_numpy(dtype=np.int64)
        for measure, weight in funding.need.items()
    )
    return need * part, schools["pupils"].to_numpy(dtype=np.int64) * part


def need_deviation_centipupils(need: int, pupils: int, all_need: int, all_pupils: int) -> int:
    """Give how far the need of a cluster is from what its share of pupils would be.

    |n - N p / P|, in hundredths of a weighted pupil, rounded half up.

    >>> need_deviation_centipupils(60_000, 50, 100_000, 100)
    1000
    """
    if not all_pupils:
        return 0
    apart = abs(need * all_pupils - all_need * pupils) * CENTIPUPILS_PER_PUPIL
    whole = all_pupils * NEED_SCALE
    return (2 * apart + whole) // (2 * whole)
