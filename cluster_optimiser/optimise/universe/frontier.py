"""Plans of few large clusters, from the edges of the dual graph and not from the groups.

Units are taken one after another. What is still open is known from the frontier alone: which of its
units share a cluster, how many pupils those clusters have so far, which of them may not become one
any more because an edge between them was cut, and how many clusters are closed. States that are
equal in all of this are one, however many ways lead to them (Simpath: Knuth 2011; connected
partitions: Kawahara, Horiyama, Hotta, Minato 2017). All states of a step are worked on at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_optimiser.deadline import is_over
from cluster_optimiser.optimise.universe.diagram import SAFE_TOTAL, merge_equal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_WIDE = 16
"""Units of a frontier that labels of four bits can tell apart."""

MOST_UNITS = 64
"""Units that a set of one word holds."""

_WORD = 64


@dataclass(frozen=True, slots=True)
class Partitions:
    """What is asked for: partitions of a graph into connected parts."""

    adjacency: tuple[int, ...]  # neighbours of each unit as bits
    pupils: tuple[int, ...]
    lowest: int  # pupils of a part
    highest: int
    fewest: int  # parts
    most: int

    @property
    def is_bound(self) -> bool:
        """Whether the range of pupils leaves anything out."""
        return self.lowest > min(self.pupils) or self.highest < sum(self.pupils)


@dataclass(slots=True, eq=False)
class _States:
    """Open clusters of many ways at once: a row a state, a column a unit of the frontier."""

    first: NDArray[np.uint8]  # the first unit of the frontier in the same cluster
    pupils: NDArray[np.int64]  # of that cluster so far, 0 but at its first unit
    parted: NDArray[np.uint16]  # units of the frontier whose clusters it may not join, as bits
    closed: NDArray[np.int64]  # clusters that are closed
    left: NDArray[np.int64]  # pupils in no closed cluster

    def __len__(self) -> int:
        """Give the number of states."""
        return len(self.closed)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> _States:
        """Give some of the states, or some of them several times."""
        return _States(
            self.first[rows], self.pupils[rows], self.parted[rows], self.closed[rows],
            self.left[rows],
        )  # fmt: skip

    def words(self, bits: int) -> NDArray[np.uint64]:
        """Write every state as few words, equal for equal states; pupils take so many bits."""
        columns = [self.closed.astype(np.uint64)]
        width = self.first.shape[1]
        for values, each in ((self.first, 4), (self.parted, 16), (self.pupils, max(bits, 1))):
            in_word = _WORD // each
            for begin in range(0, width, in_word):
                word = np.zeros(len(self), dtype=np.uint64)
                for k, column in enumerate(values.T[begin : begin + in_word]):
                    word |= column.astype(np.uint64) << np.uint64(k * each)
                columns.append(word)
        # What is left follows from the rest, being all pupils of units taken that are not open.
        return np.array(columns)


@dataclass(frozen=True, slots=True, eq=False)
class Taking:
    """What taking one unit makes of the states before it."""

    source: NDArray[np.int32]
    to: NDArray[np.int32]
    joined: NDArray[np.int64]  # units of the frontier whose clusters it joined, as bits


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """All partitions as paths of steps."""

    order: tuple[int, ...]
    frontiers: tuple[tuple[int, ...], ...]  # units of the frontier before each step
    steps: tuple[Taking, ...]
    sizes: tuple[int, ...]  # states before each step, and at the end
    ends: NDArray[np.int64]  # clusters of each last state

    def counts(self) -> list[NDArray[Any]]:
        """Count, for the states before each step, the partitions that they lead to."""
        largest = max(float(some.max(initial=0)) for some in self._counted(np.float64))
        return self._counted(np.int64 if largest < SAFE_TOTAL else np.object_)

    def _counted(self, kind: type) -> list[NDArray[Any]]:
        held: list[NDArray[Any]] = [np.ones(self.sizes[-1], dtype=kind)]
        for step, size in zip(reversed(self.steps), reversed(self.sizes[:-1]), strict=True):
            before: NDArray[Any] = np.zeros(size, dtype=kind)
            np.add.at(before, step.source, held[-1][step.to])
            held.append(before)
        return held[::-1]

    @property
    def n_plans(self) -> int:
        """Number of partitions."""
        return int(self.counts()[0].sum())

    def n_plans_by_count(self) -> dict[int, int]:
        """Count the partitions by their number of clusters."""
        come: NDArray[np.object_] = np.ones(1, dtype=object)
        for step, size in zip(self.steps, self.sizes[1:], strict=True):
            after = np.zeros(size, dtype=object)
            np.add.at(after, step.to, come[step.source])
            come = after
        return {int(k): int(n) for k, n in zip(self.ends, come, strict=True)}

    def groups(self, *, most_ways: int) -> list[int] | None:
        """Give every set of units that is a cluster of some partition; None past so many ways."""
        counts = self.counts()
        state = np.zeros(1, dtype=np.int64)
        masks = np.zeros((1, 0), dtype=np.uint64)
        found: list[NDArray[np.uint64]] = []
        for n, step in enumerate(self.steps):
            leads = np.flatnonzero(counts[n + 1][step.to] > 0)
            source, to, joined = step.source[leads], step.to[leads], step.joined[leads]
            order = np.argsort(source, kind="stable")
            begin = np.searchsorted(source[order], state)
            degree = np.searchsorted(source[order], state, side="right") - begin
            row = np.repeat(np.arange(len(state)), degree)
            arc = order[np.repeat(begin - np.cumsum(degree) + degree, degree) + np.arange(len(row))]
            if len(row) > most_ways or is_over():
                return None
            masks = self._grown(n, masks[row], joined[arc], found)
            state = to[arc].astype(np.int64)
            # Ways that hold the same open sets go on alike.
            _, firsts = merge_equal(np.array([state.astype(np.uint64), *masks.T]))
            state, masks = state[firsts], masks[firsts]
        return np.unique(np.concatenate(found)).tolist() if found else []

    def _grown(
        self,
        n: int,
        masks: NDArray[np.uint64],
        joined: NDArray[np.int64],
        found: list[NDArray[np.uint64]],
    ) -> NDArray[np.uint64]:
        """Add a unit to the open sets, and hand over those that it closes."""
        unit, before = self.order[n], self.frontiers[n]
        own = np.full(len(masks), 1 << unit, dtype=np.uint64)
        for slot in range(len(before)):
            own |= np.where(joined >> slot & 1, masks[:, slot], np.uint64(0))
        for slot in range(len(before)):
            masks[:, slot] = np.where(masks[:, slot] & own, own, masks[:, slot])
        masks = np.concatenate([masks, own[:, None]], axis=1)
        after = self.frontiers[n + 1] if n + 1 < len(self.frontiers) else ()
        kept = [slot for slot, u in enumerate((*before, unit)) if u in after]
        still = np.bitwise_or.reduce(masks[:, kept], axis=1) if kept else np.zeros_like(own)
        for slot in range(masks.shape[1]):
            if slot not in kept:
                gone = masks[:, slot]
                found.append(np.unique(gone[(gone & still) == 0]))
        return masks[:, kept]


def frontiers_of(adjacency: Sequence[int], order: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Give the units before each step that have neighbours still to come."""
    found: list[tuple[int, ...]] = []
    taken: list[int] = []
    rest = sum(1 << u for u in order)
    for unit in order:
        found.append(tuple(u for u in taken if adjacency[u] & rest))
        taken.append(unit)
        rest &= ~(1 << unit)
    return tuple(found)


def _width(
    adjacency: Sequence[int], order: Sequence[int], open_: Sequence[int], unit: int
) -> tuple[int, int, int]:
    """Say how wide the frontier is with a unit taken next, and when its first neighbour was."""
    now = sum(1 << u for u in order) | 1 << unit
    held = sum(bool(adjacency[u] & ~now) for u in (*open_, unit))
    back = [k for k, u in enumerate(order) if adjacency[unit] >> u & 1]
    return held, min(back, default=0), unit


def narrow_order(adjacency: Sequence[int]) -> tuple[int, ...]:
    """Give an order of units with narrow frontiers: from each unit on, the cheapest next one."""
    best: tuple[float, tuple[int, ...]] | None = None
    n_units = len(adjacency)
    for root in range(n_units):
        order, open_, cost = [root], [root], 0.0
        while len(order) < n_units:
            left = [v for v in range(n_units) if v not in order]
            near = [v for v in left if any(adjacency[u] >> v & 1 for u in open_)] or left
            order.append(min(_width(adjacency, order, open_, v) for v in near)[-1])
            taken = sum(1 << u for u in order)
            open_ = [u for u in (*open_, order[-1]) if adjacency[u] & ~taken]
            cost += 4.0 ** len(open_)
        if best is None or cost < best[0]:
            best = cost, tuple(order)
    return best[1] if best else ()


def partitions(asked: Partitions, *, max_states: int) -> Frontier | None:
    """Work out all partitions; None where that takes more states than allowed, or too long."""
    order = narrow_order(asked.adjacency)
    frontiers = frontiers_of(asked.adjacency, order)
    widest = max((len(f) for f in frontiers), default=0)
    if not order or widest >= MOST_WIDE or len(order) > MOST_UNITS:
        return None
    bits = asked.highest.bit_length() if asked.is_bound else 0
    total = sum(asked.pupils)
    states = _States(
        np.zeros((1, 0), np.uint8), np.zeros((1, 0), np.int64), np.zeros((1, 0), np.uint16),
        np.zeros(1, np.int64), np.full(1, total, np.int64),
    )  # fmt: skip
    steps, sizes = [], [1]
    for n, unit in enumerate(order):
        source = np.arange(len(states))
        joined = np.zeros(len(states), np.int64)
        states = _with_unit(states, asked.pupils[unit] if bits else 0)
        own = len(frontiers[n])
        for slot, other in enumerate(frontiers[n]):
            if asked.adjacency[unit] >> other & 1:
                states, rows, is_join = _edge(states, slot, own, asked if bits else None)
                source = source[rows]
                joined = joined[rows] | is_join.astype(np.int64) << slot
                if len(states) > 8 * max_states or is_over():
                    return None
        after = frontiers[n + 1] if n + 1 < len(frontiers) else ()
        is_kept = [u in after for u in (*frontiers[n], unit)]
        states, rows = _closed(states, is_kept, asked, has_pupils=bool(bits))
        source, joined = source[rows], joined[rows]
        code, firsts = merge_equal(states.words(bits))
        states = states.take(firsts)
        steps.append(Taking(source.astype(np.int32), code.astype(np.int32), joined))
        sizes.append(len(states))
        if sum(sizes) > max_states:
            return None
    is_enough = states.closed >= asked.fewest
    number = np.cumsum(is_enough) - 1
    last = steps[-1]
    fine = is_enough[last.to]
    steps[-1] = Taking(last.source[fine], number[last.to[fine]].astype(np.int32), last.joined[fine])
    sizes[-1] = int(is_enough.sum())
    return Frontier(order, frontiers, tuple(steps), tuple(sizes), states.closed[is_enough])


def _with_unit(states: _States, pupils: int) -> _States:
    """Put a unit at the end of the frontier, in a cluster of its own."""
    n, width = states.first.shape
    return _States(
        np.concatenate([states.first, np.full((n, 1), width, np.uint8)], axis=1),
        np.concatenate([states.pupils, np.full((n, 1), pupils, np.int64)], axis=1),
        np.concatenate([states.parted, np.zeros((n, 1), np.uint16)], axis=1),
        states.closed,
        states.left,
    )


def _edge(
    states: _States, one: int, other: int, asked: Partitions | None
) -> tuple[_States, NDArray[np.int64], NDArray[np.bool_]]:
    """Cut an edge or join what is on its two sides; give the states, where from, which joined."""
    a, b = states.first[:, one], states.first[:, other]
    every = np.arange(len(states))
    is_same = a == b
    may_join = ~is_same & (states.parted[every, a] >> b & 1 == 0)
    if asked is not None:
        may_join &= states.pupils[every, a] + states.pupils[every, b] <= asked.highest
    width = states.first.shape[1]
    cut = states.take(every)
    both = _members(states, a), _members(states, b)
    for slot in range(width):
        mine = ~is_same & (cut.first[:, slot] == a)
        theirs = ~is_same & (cut.first[:, slot] == b)
        cut.parted[:, slot] |= np.where(mine, both[1], 0) | np.where(theirs, both[0], 0)
    rows = np.flatnonzero(may_join)
    made = states.take(rows)
    low, high = np.minimum(a, b)[rows], np.maximum(a, b)[rows]
    here = np.arange(len(rows))
    made.pupils[here, low] += made.pupils[here, high]
    made.pupils[here, high] = 0
    parted = made.parted[here, low] | made.parted[here, high]
    merged = (both[0] | both[1])[rows]
    for slot in range(width):
        first = made.first[:, slot]
        is_in = (first == low) | (first == high)
        made.first[:, slot] = np.where(is_in, low, first)
        is_parted = parted >> slot & 1 == 1
        grown = np.where(is_parted, made.parted[:, slot] | merged, made.parted[:, slot])
        made.parted[:, slot] = np.where(is_in, parted, grown)
    states = _States(
        *(
            np.concatenate([getattr(cut, name), getattr(made, name)])
            for name in ("first", "pupils", "parted", "closed", "left")
        )
    )
    is_join = np.concatenate([is_same, np.ones(len(rows), np.bool_)])
    return states, np.concatenate([every, rows]), is_join


def _members(states: _States, first: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Give the units of the frontier in a cluster, as bits."""
    held = np.zeros(len(states), dtype=np.uint16)
    for slot in range(states.first.shape[1]):
        held |= (states.first[:, slot] == first).astype(np.uint16) << np.uint16(slot)
    return held


def _closed(
    states: _States, is_kept: Sequence[bool], asked: Partitions, *, has_pupils: bool
) -> tuple[_States, NDArray[np.int64]]:
    """Take units out of the frontier; drop the states whose clusters can no longer be right."""
    fine = np.ones(len(states), dtype=np.bool_)
    kept = [slot for slot, is_in in enumerate(is_kept) if is_in]
    every = np.arange(len(states))
    for slot in [s for s, is_in in enumerate(is_kept) if not is_in]:
        own = states.first[:, slot]
        heir = np.full(len(states), MOST_WIDE, dtype=np.uint8)
        for other in reversed(range(len(is_kept))):
            if other != slot:
                heir = np.where(states.first[:, other] == own, other, heir).astype(np.uint8)
        ends = heir == MOST_WIDE
        pupils = states.pupils[every, own]
        if has_pupils:
            fine &= ~ends | ((pupils >= asked.lowest) & (pupils <= asked.highest))
        states.closed += ends
        states.left -= np.where(ends, pupils, 0)
        states.pupils[every, own] = 0
        going = np.flatnonzero(~ends)
        states.pupils[going, heir[going]] = pupils[going]
        for other in range(len(is_kept)):
            if other != slot:
                is_in = ~ends & (states.first[:, other] == own)
                states.first[:, other] = np.where(is_in, heir, states.first[:, other])
        states.first[:, slot] = MOST_WIDE  # in no cluster any more
    spare = asked.most - states.closed
    fine &= (spare > 0) | (np.full(len(states), not kept) & (spare == 0))
    if has_pupils:
        fine &= states.left <= spare * asked.highest
        fine &= states.left >= (asked.fewest - states.closed) * asked.lowest
    rows = np.flatnonzero(fine)
    states = states.take(rows)
    place = np.zeros(MOST_WIDE + 1, dtype=np.uint8)
    parted = np.zeros((len(rows), len(kept)), dtype=np.uint16)
    for to, slot in enumerate(kept):
        place[slot] = to
        for column, other in enumerate(kept):
            parted[:, column] |= (states.parted[:, other] >> slot & 1).astype(np.uint16) << to
    return (
        _States(
            place[states.first[:, kept]], states.pupils[:, kept], parted, states.closed, states.left
        ),
        rows,
    )
