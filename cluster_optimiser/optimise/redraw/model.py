r"""The model of a redraw: p-median with opening (Hess), each constraint one function.

Units I, hubs H, pairs A of a unit and a hub within the travel limit. x_ih: unit i belongs to the
cluster around hub h; y_h = x_{u(h)h}, u(h) being the unit of the hub's school: the hub is open.
z_f: an existing cluster over the maximum stands as it is. e_h: the cluster of h is an exception.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.redraw.linear import LinearModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cluster_optimiser.optimise.redraw.pairs import Cluster, RedrawGround


@dataclass(frozen=True, slots=True)
class Limits:
    """How many clusters, and how many of them exceptions, a part of the map may have."""

    fewest: int
    most: int
    exceptions: int  # clusters under the minimum


@dataclass(slots=True)
class Assignment:
    """The variables of one part of the map."""

    ground: RedrawGround  # the problem in numbers
    units: tuple[int, ...]  # the units of the part
    model: LinearModel  # the program they are in
    x: dict[tuple[int, int], int] = field(default_factory=dict)  # (unit, hub) -> variable
    of_unit: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    of_hub: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    stands: dict[Cluster, int] = field(default_factory=dict)
    exception: dict[int, int] = field(default_factory=dict)
    must_meet: bool = False  # a term goes by where a cluster meets, which may not be its best hub

    def open(self, hub: int) -> int:
        """Give y_h, the variable that opens a hub."""
        return self.x[self.ground.hubs[hub].unit, hub]

    def clusters(self, values: Sequence[int]) -> list[tuple[int | None, Cluster]]:
        found: list[tuple[int | None, Cluster]] = [
            (h, frozenset(i for i in members if values[self.x[i, h]]))
            for h, members in self.of_hub.items()
            if values[self.open(h)]
        ]
        return found + [(None, f) for f, z in self.stands.items() if values[z]]


def variables(
    ground: RedrawGround, units: Sequence[int], *, nearest_hubs: int | None, allow_exceptions: bool
) -> Assignment:
    a = Assignment(ground, tuple(units), LinearModel())
    held = set(units)
    usable = [
        h for h, hub in enumerate(ground.hubs) if hub.unit in held and (hub.unit, h) in ground.cost
    ]
    size = ground.problem.scenario.size
    first = _first_hubs(ground, units, usable) if nearest_hubs is None else {}
    homes = set(first.values())
    for i in units:
        near = [h for h in usable if (i, h) in ground.cost]
        if first:
            near = [h for h in near if h in first and (i not in homes or i >= first[h])]
        near.sort(key=lambda h, i=i: (ground.nearest[i, h], h))  # type: ignore[misc]
        kept = set(near[:nearest_hubs]) | {h for h in near if ground.hubs[h].unit == i}
        for h in sorted(kept):
            pair = {i, ground.hubs[h].unit}
            if not size.is_over(ground.pupils_of(pair)) and not _are_apart(ground, pair):
                a.x[i, h] = a.model.variable()
    for i, h in a.x:
        # A hub whose own unit may not be around it is no hub.
        if (ground.hubs[h].unit, h) in a.x:
            a.of_unit[i].append(h)
            a.of_hub[h].append(i)
    a.x = {(i, h): v for (i, h), v in a.x.items() if h in a.of_hub}
    for cluster in ground.oversize:
        if cluster <= held and _may_stand(ground, cluster):
            a.stands[cluster] = a.model.variable()
    if allow_exceptions:
        a.exception = {h: a.model.variable() for h in a.of_hub}
    return a


def _first_hubs(
    ground: RedrawGround, units: Sequence[int], usable: Sequence[int]
) -> dict[int, int]:
    """Give the one hub of each unit where any hub stands for its cluster as well, and its unit.

    A cluster is then built around the first of its units that have a hub: one solution for each
    plan, not one for each choice of hubs, among which a solver would go on looking for a better.
    """
    scenario = ground.problem.scenario
    goes_by_hubs = scenario.goes_by_ways or scenario.most_of or ground.own.places
    if goes_by_hubs or scenario.redraw.shape != "free":
        return {}
    reached = {frozenset(i for i in units if (i, h) in ground.cost) for h in usable}
    if sum(map(len, reached)) > len(frozenset().union(*reached)):
        return {}
    first = {ground.hubs[h].unit: h for h in reversed(usable)}
    return {h: unit for unit, h in first.items()}


def _are_apart(ground: RedrawGround, units: Iterable[int]) -> bool:
    held = set(units)
    return any(one & held and other & held for one, other in ground.apart)


def _may_stand(ground: RedrawGround, cluster: Cluster) -> bool:
    """Tell whether an existing cluster over the maximum keeps every other rule."""
    pinned = all(pin & cluster in (frozenset(), pin) for pin in ground.together)
    meeting = ground.meeting(cluster)
    if meeting is None:
        return False
    reached = all((i, meeting.number) in ground.cost for i in cluster)
    own = not ground.own.broken(cluster, ground.pupils_of(cluster))
    return pinned and own and reached and not _are_apart(ground, cluster)


def assign_each_unit_once(a: Assignment) -> None:
    """Add: for every unit i, sum over h of x_ih, and of z_f over clusters f that hold i, is 1."""
    for i in a.units:
        standing = [z for cluster, z in a.stands.items() if i in cluster]
        a.model.row(
            [(1, v) for v in [*(a.x[i, h] for h in a.of_unit[i]), *standing]], low=1, high=1
        )


def join_open_hubs_only(a: Assignment) -> None:
    """Add: x_ih <= y_h for every pair, the strong form, which makes the relaxation tight."""
    for (i, h), v in a.x.items():
        if i != a.ground.hubs[h].unit:
            a.model.row([(1, v), (-1, a.open(h))], high=0)


def limit_size(a: Assignment, least: int, most: int) -> None:
    """Add: least (y_h - e_h) <= sum of p_i x_ih <= most y_h for every hub h."""
    for h, members in a.of_hub.items():
        pupils = [(a.ground.pupils[i], a.x[i, h]) for i in members]
        a.model.row([*pupils, (-most, a.open(h))], high=0)
        if least:
            spared = [(least, a.exception[h])] if h in a.exception else []
            a.model.row([*pupils, (-least, a.open(h)), *spared], low=0)


def fill_the_places(a: Assignment) -> None:
    """Add for every hub h: least * sum of w_i x_ih <= sum of p_i x_ih <= most * sum of w_i x_ih.

    w_i are the places of the hubs in unit i, so that a cluster with two hubs fills both.
    """
    own = a.ground.own
    for members, h in ((members, h) for h, members in a.of_hub.items() if own.places):
        for share, side in ((own.least, 1), (own.most, -1)):
            less = [
                (
                    a.ground.pupils[i] * share.denominator - own.places[i] * share.numerator,
                    a.x[i, h],
                )
                for i in members
            ]
            a.model.row([(side * c, v) for c, v in less if c], low=0)


def keep_own_ranges(a: Assignment, most: int) -> None:
    """Add for every unit u of a named range l to m and hub h, P(h) being sum of p_i x_ih.

    l x_uh <= P(h) and P(h) + (M - m) x_uh <= M, M being what no cluster is over.
    """
    for units, low, high in a.ground.own.named:
        for (u, h), v in a.x.items():
            if u not in units:
                continue
            pupils = [(a.ground.pupils[i], a.x[i, h]) for i in a.of_hub[h]]
            a.model.row([*pupils, (-low, v)], low=0)
            if high < most:
                a.model.row([*pupils, (most - high, v)], high=most)


def limit_exceptions(a: Assignment, most: int, exceptable: frozenset[int]) -> None:
    """Add: sum of e_h <= most, e_h <= y_h, and x_ih + e_h <= 1 for units i that may be in none."""
    if not a.exception:
        return
    a.model.row([(1, e) for e in a.exception.values()], high=most)
    for h, e in a.exception.items():
        a.model.row([(1, e), (-1, a.open(h))], high=0)
        for i in a.of_hub[h]:
            if i not in exceptable:
                a.model.row([(1, e), (1, a.x[i, h])], high=1)


def limit_count(a: Assignment, fewest: int, most: int) -> None:
    """Add: fewest <= sum of y_h + sum of z_f <= most."""
    opened = [(1, v) for v in [*map(a.open, a.of_hub), *a.stands.values()]]
    a.model.row(opened, low=fewest, high=most if most < len(opened) else None)


def keep_quotas(a: Assignment) -> None:
    """Add: sum of s_i x_ih >= least y_h, or <= most y_h, of each number s of units that is bounded.

    No row where the hub's own unit has enough.
    """
    for asked, numbers in a.ground.own.quotas:
        is_least = asked.quota.is_least
        for h, members in a.of_hub.items():
            held = [(numbers[i], a.x[i, h]) for i in members]
            if not is_least:
                a.model.row([*held, (-asked.limit, a.open(h))], high=0)
            elif not asked.kept(numbers[a.ground.hubs[h].unit]):
                a.model.row([*held, (-asked.limit, a.open(h))], low=0)


def keep_together(a: Assignment, pins: Sequence[frozenset[int]]) -> None:
    """Add: x_ih = x_jh for all hubs h and units i, j of a pin."""
    for pin in pins:
        first, *others = sorted(pin)
        for other in others:
            for h in a.of_hub:
                both = [(1, a.x.get((first, h))), (-1, a.x.get((other, h)))]
                terms = [(c, v) for c, v in both if v is not None]
                if terms:
                    a.model.row(terms, low=0, high=0)


def keep_apart(a: Assignment, pins: Sequence[tuple[frozenset[int], frozenset[int]]]) -> None:
    """Add: x_ih <= w_h and x_jh <= 1 - w_h for all hubs h, i of one set and j of the other."""
    for one, other in pins:
        for h in a.of_hub:
            here = [a.x[i, h] for i in sorted(one) if (i, h) in a.x]
            there = [a.x[i, h] for i in sorted(other) if (i, h) in a.x]
            if here and there:
                side = a.model.variable()
                for v in here:
                    a.model.row([(1, v), (-1, side)], high=0)
                for v in there:
                    a.model.row([(1, v), (1, side)], high=1)


def need_a_neighbour(a: Assignment, *, nearer: bool) -> None:
    """Add: x_ih <= sum of x_jh over neighbours j of i, for units i that do not touch the hub's.

    The simplest separator: all neighbours of i part it from the hub. With ``nearer`` only
    neighbours nearer to the hub count, the shape rule "towards the hub"; then every cluster is
    connected by itself, but legal plans are lost.
    """
    ground = a.ground
    for (i, h), v in a.x.items():
        home = ground.hubs[h].unit
        if i == home or home in ground.neighbours[i]:
            continue
        near = [j for j in ground.neighbours[i] if (j, h) in a.x]
        if nearer:
            near = [j for j in near if ground.nearest[j, h] < ground.nearest[i, h]]
        a.model.row([(1, v), *((-1, a.x[j, h]) for j in sorted(near))], high=0)


def part_a_stray(a: Assignment, unit: int, hub: int, separator: Iterable[int]) -> None:
    """Add: x_ih <= sum of x_jh over a separator of i and the hub."""
    passing = [(-1, a.x[j, hub]) for j in sorted(separator) if (j, hub) in a.x]
    a.model.row([(1, a.x[unit, hub]), *passing], high=0)


def forbid(a: Assignment, cluster: Cluster) -> None:
    """Add, for each hub h: sum of x_ih over i in S - sum over other i <= |S| - 1.

    For what no row can say of a cluster: that its meeting place, the best of several hubs in it, is
    beyond the travel limit.
    """
    for h, members in a.of_hub.items():
        if a.ground.hubs[h].unit in cluster and all((i, h) in a.x for i in cluster):
            inside = [(1, a.x[i, h]) for i in sorted(cluster)]
            outside = [(-1, a.x[i, h]) for i in members if i not in cluster]
            a.model.row([*inside, *outside], high=len(cluster) - 1)


def meet_at_the_best(a: Assignment, hub: int, better: int) -> None:
    """Add: the cluster of h holds no unit of g, or sum of c_ih x_ih is less than sum of c_ig x_ig.

    A tie goes to the first; where a unit that cannot reach g is held, it is no meeting place.
    """
    added, blocked = a.ground.places.added, a.ground.places.blocked
    less = {i: int(added[i, hub]) - int(added[i, better]) for i in a.of_hub[hub]}
    step = int(better < hub)
    most = step + sum(max(0, c) for c in less.values())
    terms = [(-most if blocked[i, better] else c, a.x[i, hub]) for i, c in less.items()]
    at = a.x.get((a.ground.hubs[better].unit, hub))
    if at is not None:
        a.model.row([*terms, (most, at)], high=most - step)


def build_model(
    ground: RedrawGround,
    units: Sequence[int],
    limits: Limits,
    *,
    nearest_hubs: int | None = None,
    is_shaped: bool = False,
) -> Assignment:
    """Build the model of one part of the map, without an objective."""
    size = ground.problem.scenario.size
    allow = limits.exceptions > 0 and size.is_under(0)
    a = variables(ground, units, nearest_hubs=nearest_hubs, allow_exceptions=allow)
    assign_each_unit_once(a)
    join_open_hubs_only(a)
    fewest, most = size.ends
    limit_size(a, fewest, most)
    fill_the_places(a)
    keep_own_ranges(a, min(most, ground.pupils_of(units)))
    limit_exceptions(a, limits.exceptions, ground.exceptable)
    limit_count(a, limits.fewest, limits.most)
    keep_quotas(a)
    held = set(units)
    keep_together(a, [pin for pin in ground.together if pin & held])
    keep_apart(a, ground.apart)
    need_a_neighbour(a, nearer=is_shaped)
    return a


def starting_values(
    a: Assignment, hub_of: Mapping[int, int], stands: Iterable[Cluster]
) -> dict[int, int]:
    """Give the values of the assignment that a known plan has, to begin with."""
    standing = set(stands)
    values = {v: int(hub_of.get(i) == h) for (i, h), v in a.x.items()}
    return values | {z: int(cluster in standing) for cluster, z in a.stands.items()}
