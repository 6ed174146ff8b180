"""Rows that every plan keeps and that solutions in fractions break.

None of them is needed: they follow from the sizes and from contiguity. But a solver bounds plans by
solutions in fractions, and these would otherwise take a third of a large neighbour to fill a hub
that lacks a third of it, or what lies beyond neighbours that they do not take. S, of pupils p(S),
is a set of units with the hub's own in it; e_h is 1 where the cluster of h is an exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.optimise.redraw.model import Assignment, part_a_stray
from cluster_optimiser.optimise.redraw.separators import pieces, separator

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cluster_optimiser.scenario.tables import Size

SHARES_OF_A_UNIT = (0.01, 0.1, 0.25, 0.5, 0.75, 0.95)
"""Units belong to a hub if at least this share of them does, when pieces are looked for."""

LEAST_BREACH = 0.02
"""A row that is broken by less is not worth having."""

NOTHING = 1e-6
"""Less of a unit is none of it."""


# --- rows, each one function ----------------------------------------------------------


def fill_the_minimum(a: Assignment, hub: int, held: Collection[int], least: int) -> None:
    """Add: sum over i not in S of min(p_i, d) x_ih >= d (y_h - e_h), d = least - p(S).

    What a cluster needs beyond S it has in others; one of them may be enough, but no more than that
    counts.
    """
    lacking = least - a.ground.pupils_of(held)
    filling = [
        (min(a.ground.pupils[i], lacking), a.x[i, hub]) for i in a.of_hub[hub] if i not in held
    ]
    a.model.row([*filling, *_unless_excepted(a, hub, lacking)], low=0)


def reach_beyond(a: Assignment, hub: int, held: Collection[int]) -> None:
    """Add: sum of x_ih over the neighbours of S >= y_h - e_h, where p(S) is under the minimum.

    A cluster in one piece that is not within S goes on into a neighbour of S.
    """
    around = _around(a, hub, held)
    a.model.row([*((1, a.x[i, hub]) for i in around), *_unless_excepted(a, hub, 1)], low=0)


def have_room(a: Assignment, hub: int, too_many: Collection[int]) -> None:
    """Add: sum of x_ih over C <= (|C| - 1) y_h, where C is too large to be with the hub.

    As soon as units at least as large as every one of C are added, the sum may be no larger.
    """
    pupils, home = a.ground.pupils, a.ground.hubs[hub].unit
    largest = max(pupils[i] for i in too_many)
    more = [i for i in a.of_hub[hub] if pupils[i] >= largest and i not in too_many and i != home]
    terms = [(1, a.x[i, hub]) for i in [*sorted(too_many), *more]]
    a.model.row([*terms, (1 - len(too_many), a.open(hub))], high=0)


def _unless_excepted(a: Assignment, hub: int, coefficient: int) -> list[tuple[int, int]]:
    spared = [(coefficient, a.exception[hub])] if hub in a.exception else []
    return [(-coefficient, a.open(hub)), *spared]


def _around(a: Assignment, hub: int, held: Iterable[int]) -> list[int]:
    inside = set(held)
    near = {j for i in inside for j in a.ground.neighbours[i]} - inside
    return sorted(i for i in near if (i, hub) in a.x)


# --- which of them are worth having ---------------------------------------------------


def tighten_sizes(a: Assignment, size: Size) -> None:
    """Add what holds of every hub alone, and of every two large units with it."""
    pupils, (fewest, most) = a.ground.pupils, size.ends
    for h, members in a.of_hub.items():
        home = a.ground.hubs[h].unit
        if size.is_under(pupils[home]):
            fill_the_minimum(a, h, {home}, fewest)
            reach_beyond(a, h, {home})
        room = most - pupils[home]
        others = [i for i in members if i != home]
        large = [i for i in others if 2 * pupils[i] > room]
        if len(large) > 1:
            a.model.row([*((1, a.x[i, h]) for i in large), (-1, a.open(h))], high=0)
        for i in others:
            beside = [j for j in large if pupils[i] + pupils[j] > room and j != i]
            if beside and i not in large:
                a.model.row([*((1, a.x[j, h]) for j in [i, *beside]), (-1, a.open(h))], high=0)


def cut(a: Assignment, values: Sequence[float], size: Size) -> int:
    """Add rows that a solution in fractions breaks."""
    n_rows, (fewest, most) = len(a.model.rows), size.ends
    part_in_fractions(a, values)
    for h in a.of_hub:
        if values[a.open(h)] > NOTHING:
            if size.is_under(a.ground.pupils[a.ground.hubs[h].unit]):
                _cut_reach(a, values, h, fewest)
                _cut_filling(a, values, h, fewest)
            _cut_room(a, values, h, most)
    return len(a.model.rows) - n_rows


def part_in_fractions(a: Assignment, values: Sequence[float]) -> None:
    """Add separators that a solution in fractions breaks.

    Units that belong to a hub to some share or more may be in several pieces; what parts a piece
    from the hub is a separator, whether broken or not is counted.
    """
    added: set[tuple[int, int, frozenset[int]]] = set()
    for h, members in a.of_hub.items():
        home = a.ground.hubs[h].unit
        for share in SHARES_OF_A_UNIT:
            # Nothing parts a unit beside the hub's own from it, however little that one is held.
            held = frozenset(i for i in members if values[a.x[i, h]] >= share) | {home}
            for piece in pieces(a.ground.neighbours, held):
                if home in piece:
                    continue
                parting = separator(a.ground.neighbours, piece, home, members)
                passing = sum(values[a.x[j, h]] for j in parting)
                unit = max(piece, key=lambda i, h=h: (values[a.x[i, h]], -i))  # type: ignore[misc]
                if values[a.x[unit, h]] > passing + LEAST_BREACH:
                    added.add((unit, h, parting))
    for unit, h, parting in sorted(added, key=lambda found: (found[0], found[1], sorted(found[2]))):
        part_a_stray(a, unit, h, parting)


def _wanted(a: Assignment, values: Sequence[float], hub: int) -> float:
    """Give y_h - e_h."""
    spared = values[a.exception[hub]] if hub in a.exception else 0.0
    return values[a.open(hub)] - spared


def _cut_reach(a: Assignment, values: Sequence[float], hub: int, least: int) -> None:
    """Grow S by the neighbour that is most of all in the cluster, while S stays too small."""
    pupils = a.ground.pupils
    held = {a.ground.hubs[hub].unit}
    while True:
        size = a.ground.pupils_of(held)
        around = _around(a, hub, held)
        if sum(values[a.x[i, hub]] for i in around) < _wanted(a, values, hub) - LEAST_BREACH:
            reach_beyond(a, hub, held)
            return
        fitting = [i for i in around if values[a.x[i, hub]] > NOTHING and size + pupils[i] < least]
        if not fitting:
            return
        chosen = max(fitting, key=lambda i: (values[a.x[i, hub]], -pupils[i], -i))
        held.add(chosen)


def _cut_filling(a: Assignment, values: Sequence[float], hub: int, least: int) -> None:
    """Put units into S, what is most of all in the cluster first, and keep the worst breach."""
    pupils, home = a.ground.pupils, a.ground.hubs[hub].unit
    held = {home}
    in_part = [i for i in a.of_hub[hub] if i != home and values[a.x[i, hub]] > NOTHING]
    worst, at = LEAST_BREACH, None
    for unit in [home, *sorted(in_part, key=lambda i: (-values[a.x[i, hub]], i))]:
        lacking = least - a.ground.pupils_of(held | {unit})
        if lacking <= 0:
            continue
        held.add(unit)
        filled = sum(
            min(pupils[i], lacking) * values[a.x[i, hub]] for i in in_part if i not in held
        )
        breach = _wanted(a, values, hub) - filled / lacking
        if breach > worst:
            worst, at = breach, set(held)
    if at is not None:
        fill_the_minimum(a, hub, at, least)


def _cut_room(a: Assignment, values: Sequence[float], hub: int, most: int) -> None:
    """Look for units too large together, those first that are nearly whole and large."""
    pupils, home, is_open = a.ground.pupils, a.ground.hubs[hub].unit, values[a.open(hub)]
    room = most - pupils[home]
    in_part = [i for i in a.of_hub[hub] if i != home and values[a.x[i, hub]] > NOTHING]
    in_part.sort(key=lambda i: ((is_open - values[a.x[i, hub]]) / max(1, pupils[i]), i))
    found: list[int] = []
    while in_part and a.ground.pupils_of(found) <= room:
        found.append(in_part.pop(0))
    if a.ground.pupils_of(found) <= room:
        return
    for i in sorted(found, key=lambda i: (values[a.x[i, hub]], i)):
        if a.ground.pupils_of(found) - pupils[i] > room:
            found.remove(i)
    if sum(values[a.x[i, hub]] for i in found) > (len(found) - 1) * is_open + LEAST_BREACH:
        have_room(a, hub, found)
