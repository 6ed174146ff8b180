"""Plans of few large clusters, from the edges of the dual graph and not from the groups.

Units are taken one after another. What is still open is known from the frontier alone: which of its
units share a cluster, how many pupils those clusters have so far, which of them could become one
but may not because an edge between them was cut, and how many clusters are closed. States that are
equal in all of this are one, however many ways lead to them (Simpath: Knuth 2011; connected
partitions: Kawahara, Horiyama, Hotta, Minato 2017). All states of a step are worked on at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_optimiser.constants import WORD_BITS
from cluster_optimiser.deadline import is_over, refuse_if_over
from cluster_optimiser.errors import NoPlanFoundError, TooManyStatesError
from cluster_optimiser.optimise.universe.diagram import EXACT_TOTAL, SAFE_TOTAL, merge_equal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from cluster_optimiser.arrays import Bits, Bools, Ints

MOST_WIDE = 16
"""Units of a frontier that labels of four bits can tell apart."""


_PIECE = 1 << 17
"""States worked on at once."""


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
    """Open clusters of many ways at once: an array a unit of the frontier, an entry a state."""

    first: list[NDArray[np.uint8]]  # the first unit of the frontier in the same cluster
    pupils: list[NDArray[Any]]  # of that cluster so far
    parted: list[NDArray[np.uint16]]  # units whose clusters it may not join but could, as bits
    closed: NDArray[np.uint8]  # clusters that are closed
    left: Ints  # pupils in no closed cluster
    source: NDArray[np.int32]  # the state before the step
    joined: NDArray[np.uint16]  # units of the frontier whose clusters the step joined, as bits

    def __len__(self) -> int:
        """Give the number of states."""
        return len(self.closed)

    def _each(self, made: Callable[..., NDArray[Any]], *others: _States) -> _States:
        """Make states array by array, of these and of others with as many units."""
        every = (self, *others)

        def of_units(name: str) -> list[NDArray[Any]]:
            return [made(*some) for some in zip(*(getattr(e, name) for e in every), strict=True)]

        def of_states(name: str) -> NDArray[Any]:
            return made(*(getattr(e, name) for e in every))

        return _States(
            of_units("first"), of_units("pupils"), of_units("parted"), of_states("closed"),
            of_states("left"), of_states("source"), of_states("joined"),
        )  # fmt: skip

    def take(self, rows: Ints | Bools) -> _States:
        """Give some of the states."""
        if rows.dtype == np.bool_ and rows.all():
            return self
        return self._each(lambda some: some[rows])

    def with_more(self, *others: _States) -> _States:
        """Give these states and others."""
        return self._each(lambda *some: np.concatenate(some), *others) if others else self

    def pieces(self) -> Iterator[_States]:
        """Give so many states at a time as a processor's memory is quick with."""
        for begin in range(0, max(1, len(self)), _PIECE):
            yield self._each(itemgetter(slice(begin, begin + _PIECE)))

    def bits(self, are_in: Sequence[Bools]) -> NDArray[np.uint16]:
        """Write for each state which units of the frontier are meant."""
        held = np.zeros(len(self), dtype=np.uint16)
        for slot, is_in in enumerate(are_in):
            held |= is_in.astype(np.uint16) << np.uint16(slot)
        return held

    def words(self, asked: Partitions) -> list[Bits]:
        """Write every state as few words, equal for equal states."""
        width, highest = len(self.first), asked.highest
        digits = [(self.closed, asked.most + 1)]
        for slot in range(width):
            # The pupils of a cluster at its first unit, and which one that is at the others.
            own = self.pupils[slot].astype(np.uint64)
            other = np.uint64(highest + 1) + self.first[slot]
            digits.append((np.where(self.first[slot] == slot, own, other), highest + 1 + slot))
            if slot + 1 < width:
                parted = self.parted[slot] >> np.uint16(slot + 1)
                digits.append((parted, 1 << (width - slot - 1)))
        # What is left follows from the rest, being all pupils of units taken that are not open.
        words, span = [np.zeros(len(self), np.uint64)], 1
        for digit, radix in digits:
            if span * radix > 1 << WORD_BITS:
                words.append(np.zeros(len(self), np.uint64))
                span = 1
            words[-1] *= np.uint64(radix)
            words[-1] += digit.astype(np.uint64)
            span *= radix
        return words


@dataclass(frozen=True, slots=True, eq=False)
class Taking:
    """What taking one unit makes of the states before it."""

    source: NDArray[np.int32]
    to: NDArray[np.int32]
    joined: NDArray[np.uint16]  # units of the frontier whose clusters it joined, as bits


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """All partitions as paths of steps."""

    order: tuple[int, ...]
    frontiers: tuple[tuple[int, ...], ...]  # units of the frontier before each step
    steps: tuple[Taking, ...]
    sizes: tuple[int, ...]  # states before each step, and at the end
    ends: Ints  # clusters of each last state

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
        found: list[Bits] = []
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

    def _grown(self, n: int, masks: Bits, joined: NDArray[np.uint16], found: list[Bits]) -> Bits:
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
    steps, sizes = [], [1]
    try:
        for states, step in _steps(asked, order, frontiers, most_made=8 * max_states):
            steps.append(step)
            sizes.append(len(states))
            if sum(sizes) > max_states:
                return None
    except (TooManyStatesError, NoPlanFoundError):
        return None
    is_enough = states.closed >= asked.fewest
    number = np.cumsum(is_enough) - 1
    last = steps[-1]
    fine = is_enough[last.to]
    steps[-1] = Taking(last.source[fine], number[last.to[fine]].astype(np.int32), last.joined[fine])
    sizes[-1] = int(is_enough.sum())
    ends = states.closed[is_enough].astype(np.int64)
    return Frontier(order, frontiers, tuple(steps), tuple(sizes), ends)


def count_partitions(asked: Partitions, *, most_made: int) -> dict[int, int] | None:
    """Count the partitions by their number of clusters, without keeping the ways to them.

    None where one step makes more states than allowed.
    """
    order = narrow_order(asked.adjacency)
    come: NDArray[Any] = np.ones(1)
    try:
        for states, step in _steps(asked, order, frontiers_of(asked.adjacency, order), most_made):
            if come.dtype != np.object_:
                before, come = come, np.bincount(step.to, weights=come[step.source])
                if come.max(initial=0) < EXACT_TOTAL:
                    continue
                come = np.array([int(n) for n in before], dtype=np.object_)
            before, come = come, np.zeros(len(states), dtype=np.object_)
            np.add.at(come, step.to, before[step.source])
    except TooManyStatesError:
        return None
    numbers = zip(states.closed.tolist(), come.tolist(), strict=True)
    return {k: int(n) for k, n in sorted(numbers) if k >= asked.fewest}


def _steps(
    asked: Partitions, order: Sequence[int], frontiers: Sequence[tuple[int, ...]], most_made: int
) -> Iterator[tuple[_States, Taking]]:
    """Take one unit after another, as long as a unit makes no more states than allowed."""
    too_many = TooManyStatesError("the frontier takes too many states")
    if not order or max(map(len, frontiers)) >= MOST_WIDE or len(order) > WORD_BITS:
        raise too_many
    if not asked.is_bound:
        # Then states need not say how many pupils they hold.
        asked = replace(asked, pupils=(0,) * len(order), lowest=0, highest=0)
    total = np.full(1, sum(asked.pupils), np.int64)
    nothing = np.zeros(1, np.int32), np.zeros(1, np.uint16)
    states = _States([], [], [], np.zeros(1, np.uint8), total, *nothing)
    for unit, before, after in zip(order, frontiers, (*frontiers[1:], ()), strict=True):
        pieces, n_made = [], 0
        states.source = np.arange(len(states), dtype=np.int32)
        for piece in states.pieces():
            pieces.append(_taken(piece, unit, before, after, asked))
            n_made += len(pieces[-1])
            refuse_if_over("all plans were counted")
            if n_made > most_made:
                raise too_many
        words = zip(*(some.words(asked) for some in pieces), strict=True)
        code, firsts = merge_equal([np.concatenate(some) for some in words])
        source = np.concatenate([some.source for some in pieces])
        joined = np.concatenate([some.joined for some in pieces])
        ends = np.cumsum([len(some) for some in pieces])
        first = np.split(firsts, np.searchsorted(firsts, ends[:-1]))
        begins = ends - [len(some) for some in pieces]
        kept = [some.take(rows - at) for some, rows, at in zip(pieces, first, begins, strict=True)]
        del pieces
        states = kept[0].with_more(*kept[1:])
        yield states, Taking(source, code.astype(np.int32), joined)


def _taken(
    states: _States, unit: int, before: Sequence[int], after: Sequence[int], asked: Partitions
) -> _States:
    """Take a unit into every open cluster that it may be of, or into one of its own."""
    pupils, highest = asked.pupils[unit], asked.highest
    # A unit over the most is in no cluster: until it is dropped it stands as if it had the most.
    _begin(states, min(pupils, highest), highest)
    # Units that leave are looked at first: what cannot be closed right is dropped at once.
    near = [s for s, u in enumerate(before) if asked.adjacency[unit] >> u & 1]
    for slot in sorted(near, key=lambda s: before[s] in after):
        states = _edge(states, slot, highest)
        if before[slot] not in after:
            states = _closed(states, slot, asked.lowest)
    if unit not in after:
        states = _closed(states, len(before), asked.lowest)
    states = _narrowed(states, [u in after for u in (*before, unit)])
    spare = asked.most - states.closed.astype(np.int64)
    fine = ((spare > 0) | (spare == 0) & (not after)) & (pupils <= highest)
    fine &= states.left <= spare * highest
    fine &= states.left >= (asked.fewest - asked.most + spare) * asked.lowest
    return states.take(fine)


def _begin(states: _States, pupils: int, highest: int) -> None:
    """Put a unit at the end of the frontier, in a cluster of its own."""
    n_states, width = len(states), len(states.first)
    states.first.append(np.full(n_states, width, np.uint8))
    states.pupils.append(np.full(n_states, pupils, np.min_scalar_type(2 * highest)))
    states.parted.append(np.zeros(n_states, np.uint16))
    states.joined = np.zeros(n_states, np.uint16)


def _edge(states: _States, one: int, highest: int) -> _States:
    """Cut an edge to the last unit, or join what is on its two sides.

    That an edge was cut is known only of clusters that could be one.
    """
    slot, width = np.uint16(one), len(states.first)
    a, b = states.first[one], states.first[-1]
    is_free = (a != b) & (states.parted[one] >> b & 1 == 0)
    is_free &= states.pupils[one] + states.pupils[-1] <= highest
    states.joined |= (a == b).astype(np.uint16) << slot
    rows = np.flatnonzero(is_free)
    if not len(rows):
        return states
    made = states.take(rows)
    a, b = made.first[one], made.first[-1]
    in_a, in_b = ([first == side for first in made.first] for side in (a, b))
    of_a, of_b = made.bits(in_a), made.bits(in_b)
    low, pupils, both = np.minimum(a, b), made.pupils[one] + made.pupils[-1], of_a | of_b
    could = made.bits([some + pupils <= highest for some in made.pupils]) & ~both
    parted = (made.parted[one] | made.parted[-1]) & could
    made.joined |= np.uint16(1) << slot
    for k in range(width):
        cut = np.where(in_a[k], of_b, np.uint16(0)) | np.where(in_b[k], of_a, np.uint16(0))
        states.parted[k][rows] |= cut
        is_in = in_a[k] | in_b[k]
        made.first[k] = np.where(is_in, low, made.first[k])
        made.pupils[k] = np.where(is_in, pupils, made.pupils[k])
        is_parted = parted >> np.uint16(k) & 1 == 1
        other = made.parted[k] & ~both | np.where(is_parted, both, np.uint16(0))
        made.parted[k] = np.where(is_in, parted, other)
    return states.with_more(made)


def _closed(states: _States, slot: int, lowest: int) -> _States:
    """Take a unit out of the frontier; drop the states whose cluster ends with it and is wrong."""
    own = states.first[slot]
    heir = np.full(len(states), MOST_WIDE, dtype=np.uint8)
    for other in reversed(range(len(states.first))):
        if other != slot:
            heir[states.first[other] == own] = other
    ends = heir == MOST_WIDE
    pupils = states.pupils[slot]
    states.closed = states.closed + ends
    states.left = states.left - np.where(ends, pupils, 0)
    for other in range(slot + 1, len(states.first)):
        first = states.first[other]
        states.first[other] = np.where(first == slot, heir, first)
    states.first[slot] = np.full(len(states), MOST_WIDE, dtype=np.uint8)  # in no cluster any more
    return states.take(~ends | (pupils >= lowest))


def _narrowed(states: _States, is_kept: Sequence[bool]) -> _States:
    """Leave out the units that were taken out, and number the others anew."""
    kept = [slot for slot, is_in in enumerate(is_kept) if is_in]
    place = np.zeros(MOST_WIDE + 1, dtype=np.uint8)
    place[kept] = np.arange(len(kept))
    for name in ("first", "pupils", "parted"):
        setattr(states, name, [getattr(states, name)[slot] for slot in kept])
    states.first = [place[first] for first in states.first]
    for slot in reversed([slot for slot, is_in in enumerate(is_kept) if not is_in]):
        lower = np.uint16((1 << slot) - 1)
        states.parted = [p & lower | p >> np.uint16(1) & ~lower for p in states.parted]
    return states
