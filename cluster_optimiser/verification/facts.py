"""What is true of a cluster, counted from the register, the cells and the minutes."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from cluster_optimiser.constants import CENTIMINUTES_PER_MINUTE
from cluster_optimiser.domain import Violation
from cluster_optimiser.verification.neighbours import (
    borders_m,
    is_long_border,
    is_short_drive,
    touching,
)
from cluster_optimiser.verification.register import PlainGround, School, text_or_none

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from cluster_optimiser.arrays import Ints


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What is true of one cluster, counted from the register."""

    name: str  # the cluster's name
    urns: tuple[int, ...]  # its schools, and the units that they belong to, sorted
    units: tuple[str, ...]  # its schools, and the units that they belong to, sorted
    pupils: int  # sums and counts over its schools
    n_schools: int  # sums and counts over its schools
    n_secondary: int  # sums and counts over its schools
    deviation: float  # (pupils - target) / target
    meeting_place_urn: int | None
    pupil_minutes: float | None
    pupil_minutes_any_school: float | None
    mean_minutes: float | None
    max_minutes: float | None
    is_contiguous: bool | None  # in one piece; None for an exempt cluster, which need not be
    is_exception: bool  # outside the size range; an exempt group, which has no size range
    is_exempt: bool  # outside the size range; an exempt group, which has no size range
    home: Mapping[str, str | None]
    misaligned_pupils: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Verification:
    """What is true of a plan."""

    violations: tuple[Violation, ...]  # every rule that it breaks, in a fixed order
    clusters: Mapping[str, ClusterFacts]  # cluster name -> its facts, sorted by name
    objective: Mapping[str, float | None]
    metrics: Mapping[str, float | int | None]  # name -> number of the whole plan


# --- the facts of a cluster -------------------------------------------------------------


def sort_members(
    ground: PlainGround, assignment: pd.Series
) -> tuple[dict[str, list[int]], list[Violation]]:
    """Sort schools into clusters; what is not a school once, in a named cluster, is a violation."""
    members: defaultdict[str, list[int]] = defaultdict(list)
    faults = []
    seen: Counter[int] = Counter()
    for urn, value in zip(assignment.index, assignment, strict=True):
        cluster = text_or_none(value)
        seen[int(urn)] += 1
        if int(urn) not in ground.schools:
            faults.append(Violation("assignment", f"URN {urn}", "no_school"))
        elif seen[int(urn)] > 1:
            faults.append(Violation("assignment", f"URN {urn}", "twice"))
        elif not cluster:
            faults.append(Violation("assignment", f"URN {urn}", "no_cluster"))
        else:
            members[cluster].append(int(urn))
    faults += [
        Violation("assignment", f"URN {urn}", "missing")
        for urn in ground.schools
        if urn not in seen
    ]
    return {name: sorted(members[name]) for name in sorted(members)}, faults


def cluster_facts(ground: PlainGround, name: str, urns: Sequence[int]) -> ClusterFacts:
    """Count everything about one cluster."""
    schools = [ground.schools[urn] for urn in urns]
    pupils = sum(s.pupils for s in schools)
    units = tuple(sorted({s.unit for s in schools if s.unit is not None}))
    is_exempt = name in ground.exempt_names
    size = ground.scenario.size
    hubs = schools if is_exempt else hubs_among(ground, schools)
    place, pupil_minutes, longest = meeting_place(ground, schools, hubs)
    _, anywhere, _ = meeting_place(ground, schools, [s for s in schools if not s.is_home])
    home, misaligned = alignment(ground.layers, [(s.areas, s.pupils) for s in schools])
    return ClusterFacts(
        name=name,
        urns=tuple(urns),
        units=units,
        pupils=pupils,
        n_schools=sum(not s.is_home for s in schools),
        n_secondary=sum(s.is_secondary for s in schools),
        deviation=(pupils - size.target) / size.target,
        meeting_place_urn=place,
        pupil_minutes=pupil_minutes,
        pupil_minutes_any_school=anywhere,
        mean_minutes=pupil_minutes / pupils if pupils and pupil_minutes is not None else None,
        max_minutes=longest,
        is_contiguous=None if is_exempt else _is_contiguous(ground, schools, units),
        is_exception=not is_exempt and not ground.least <= pupils <= ground.most,
        is_exempt=is_exempt,
        home=home,
        misaligned_pupils=misaligned,
    )


def hubs_among(ground: PlainGround, schools: Sequence[School]) -> list[School]:
    """Give the schools that the scenario lets a cluster meet at."""
    hubs = ground.scenario.hubs
    if hubs == "secondary":
        return [s for s in schools if s.is_secondary]
    if hubs == "any":
        return [s for s in schools if not s.is_home]
    return [s for s in schools if s.urn in hubs]


Meeting = tuple[int | None, float | None, float | None]
"""URN of a meeting place, pupil minutes to it, and the longest way to it."""


def meeting_place(
    ground: PlainGround, schools: Sequence[School], places: Sequence[School]
) -> Meeting:
    """Give the 1-median over places among the members, its pupil minutes, the longest way to it.

    Minutes are exact to the hundredth, so the sums are made of integers and a tie is a true tie.
    """
    pupils = np.array([[school.pupils for school in schools]])
    return meeting_places(ground, schools, places, pupils)[0]


def meeting_places(
    ground: PlainGround, schools: Sequence[School], places: Sequence[School], pupils: Ints
) -> list[Meeting]:
    """Give the same for each row of pupils, a column being a school: hundreds of rows at once."""
    if not places:
        return [(None, None, None)] * len(pupils)
    places = sorted(places, key=lambda place: place.urn)
    ways = ground.minutes[[s.position for s in schools]][:, [p.position for p in places]]
    is_unknown = np.isnan(ways)
    hundredths = np.rint(np.where(is_unknown, 0, ways) * CENTIMINUTES_PER_MINUTE)
    totals = pupils @ hundredths.astype(np.int64)
    cannot = (pupils > 0).astype(np.int64) @ is_unknown.astype(np.int64) > 0
    best = np.where(cannot, np.iinfo(np.int64).max, totals).argmin(axis=1)
    longest = [None if math.isnan(way) else float(way) for way in ways.max(axis=0)]
    return [
        (None, None, None)
        if cannot[row, at]
        else (places[at].urn, int(totals[row, at]) / CENTIMINUTES_PER_MINUTE, longest[at])
        for row, at in enumerate(best.tolist())
    ]


def alignment(
    layers: Iterable[str], schools: Sequence[tuple[Mapping[str, str | None], int]]
) -> tuple[dict[str, str | None], dict[str, int]]:
    """Find the area of each layer that holds most pupils, and count the pupils outside it.

    Schools are the area of each layer that they lie in, and their pupils. A tie goes to the first
    area by name. A school in no area is outside any.
    """
    home: dict[str, str | None] = {}
    misaligned: dict[str, int] = {}
    total = sum(pupils for _, pupils in schools)
    for layer in layers:
        inside: dict[str, int] = {}
        for areas, pupils in schools:
            area = areas[layer]
            if area is not None:
                inside[area] = inside.get(area, 0) + pupils
        first = min(inside, key=lambda area: (-inside[area], area), default=None)
        home[layer] = first
        misaligned[layer] = total - (0 if first is None else inside[first])
    return home, misaligned


def _is_contiguous(ground: PlainGround, schools: Sequence[School], units: Sequence[str]) -> bool:
    """Tell whether a cluster is in one piece.

    Whole units are joined where they touch, and count as one piece each. Of a divided unit the
    cells of the cluster's schools count, joined to cells and units that they share enough border
    with.
    """
    urns = {s.urn for s in schools}
    whole = {unit for unit in units if ground.unit_urns[unit] <= urns}
    node = {
        s.urn: s.unit if s.unit in whole else f"URN {s.urn}" for s in schools if s.unit is not None
    }
    near = touching(ground)
    graph = nx.Graph()
    graph.add_nodes_from(node.values())
    graph.add_edges_from((a, b) for a in whole for b in near.get(a, ()) if b in whole)
    if whole != set(units):
        border_m: defaultdict[tuple[str, str], float] = defaultdict(float)
        for (one, other), shared_m in borders_m(ground.problem.territory.cells).items():
            if one in node and other in node and node[one] != node[other]:
                a, b = sorted((node[one], node[other]))
                border_m[a, b] += shared_m
        graph.add_edges_from(
            (a, b)
            for (a, b), metres in border_m.items()
            if is_long_border(ground, metres)
            and not {a, b} <= whole
            and is_short_drive(ground, *([u for u in node if node[u] == n] for n in (a, b)))
        )
    return bool(node) and bool(nx.is_connected(graph))
