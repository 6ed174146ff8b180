r"""Building the diagram: states of the frontier, merged, cut where no completion can exist.

The uncovered units fall into pieces that no group joins. A piece of p pupils is trapped, and the
state dead, where no number k of clusters can hold it:

    no k with (k - e) * lowest <= p <= k * highest        (e: exceptions that are left)

which is what keeps equal-sized partitions of a grid in reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from cluster_optimiser.constants import WORD_BITS
from cluster_optimiser.deadline import is_over, refuse_if_over
from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.optimise.candidates import bit_positions, membership, unit_adjacency
from cluster_optimiser.optimise.universe.diagram import (
    ArcLayer,
    Diagram,
    assemble,
    by_value,
    merge_equal,
)
from cluster_optimiser.optimise.universe.orders import Layout, lay_out, unit_orders
from cluster_optimiser.optimise.universe.splitting import restrict
from cluster_optimiser.terms import lookup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cluster_optimiser.arrays import Bits, Bools, Ints
    from cluster_optimiser.domain import Problem
    from cluster_optimiser.optimise.candidates import CandidateGroup

MAX_ARCS_A_STATE = 8
"""So many arcs for every state of the limit, at the most: arcs are what fills the memory."""

_TRIAL_STATES = 2_000
_MORE_STATES = 20_000
_SMALL_A_UNIT = 32
"""So many states a unit are so few that trying other orders takes longer than it can save."""
_WORTH_CUTTING = 256
"""States of a layer from which looking for trapped pieces pays."""
_PAIRS = 1 << 17
"""Pairs of states and groups compared at once: what a processor's cache holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What couples the groups of a plan, and what bounds its trapped pieces."""

    adjacency: tuple[int, ...]
    pupils: tuple[int, ...]  # pupils of each unit, 0 for one that stands alone
    lowest: int
    highest: int
    fewest: int  # range of the number of clusters
    most: int  # range of the number of clusters
    most_small: int  # most exceptions
    is_small: Ints  # whether each group is an exception
    limited: tuple[tuple[Ints, int], ...] = ()  # costs of each group, and the most


def rules_of(problem: Problem, groups: Sequence[CandidateGroup]) -> Rules:
    """Gather the rules that couple groups."""
    scenario = problem.scenario
    pupils = [int(p) for p in problem.units["pupils"]]
    alone = 0
    for group in groups:
        alone |= group.mask if group.is_oversize else 0
    adjacency = [
        0 if alone >> i & 1 else bits & ~alone for i, bits in enumerate(unit_adjacency(problem))
    ]
    ordinary = [group for group in groups if not group.is_oversize]
    numbers = scenario.numbers_of(len(pupils))
    return Rules(
        adjacency=tuple(adjacency),
        pupils=tuple(0 if alone >> i & 1 else p for i, p in enumerate(pupils)),
        lowest=min((group.pupils for group in ordinary if not group.is_exception), default=0),
        highest=max((group.pupils for group in ordinary), default=0),
        fewest=numbers.fewest,
        most=numbers.most,
        most_small=numbers.small,
        is_small=np.array([int(group.is_exception) for group in groups], dtype=np.int64),
        limited=tuple(
            (np.array([group.costs[term] for group in groups], dtype=np.int64), most)
            for term, most in scenario.most_of.items()
            if lookup(term).adds_up
        ),
    )


def _first_free(words: Bits) -> Ints:
    """Give the lowest bit that is not set."""
    one = np.uint64(1)
    total = np.zeros(words.shape[1], dtype=np.int64)
    is_open = np.ones(words.shape[1], dtype=np.bool_)
    for row in words:
        below = (~row & (row + one)) - one
        total += np.where(is_open, np.bitwise_count(below), 0)
        is_open &= below == np.uint64(2**WORD_BITS - 1)
    return total


def _shifted(words: Bits, n_bits: int) -> Bits:
    """Move all bits down."""
    whole, part = divmod(n_bits, WORD_BITS)
    moved = np.zeros_like(words)
    moved[: len(words) - whole] = words[whole:]
    if part == 0:
        return moved
    above = np.zeros_like(moved)
    above[:-1] = moved[1:] << np.uint64(WORD_BITS - part)
    return moved >> np.uint64(part) | above


class _Pieces:
    """Tells which states of one place leave a trapped piece.

    Bits stand for the units of the frontier, and one more for each piece of the units beyond it.
    """

    def __init__(self, rules: Rules, layout: Layout, place: int) -> None:
        self.rules = rules
        end = layout.reach[place - 1] + 1 if place else 0
        inside = {unit: i for i, unit in enumerate(layout.order[place:end])}
        outside = set(layout.order[end:])
        graph = nx.Graph()
        graph.add_nodes_from(layout.order[end:])
        graph.add_edges_from(
            (u, w) for u in outside for w in bit_positions(rules.adjacency[u]) if w in outside
        )
        pieces = list(nx.connected_components(graph))
        bit_of = {**inside, **{u: len(inside) + k for k, p in enumerate(pieces) for u in p}}
        self.n_inside, self.n_bits = len(inside), len(inside) + len(pieces)
        adjacency, pupils = [0] * self.n_bits, [0] * self.n_bits
        for unit, bit in bit_of.items():
            pupils[bit] += rules.pupils[unit]
            for other in bit_positions(rules.adjacency[unit]):
                if other in bit_of:
                    adjacency[bit] |= 1 << bit_of[other]
        self.n_words = max(1, -(-self.n_bits // WORD_BITS))
        self._tabulate(adjacency, pupils)

    def _tabulate(self, adjacency: list[int], pupils: list[int]) -> None:
        """Make tables of what each byte of bits touches and holds."""
        n_bytes = 8 * self.n_words
        self.touches = np.zeros((n_bytes, self.n_words, 256), dtype=np.uint64)
        self.holds = np.zeros((n_bytes, 256), dtype=np.int64)
        for bit in range(self.n_bits):
            byte, k = divmod(bit, 8)
            half = 1 << k
            for word in range(self.n_words):
                near = np.uint64(adjacency[bit] >> (WORD_BITS * word) & (2**WORD_BITS - 1))
                table = self.touches[byte, word]
                table[half : 2 * half] = table[:half] | near
            self.holds[byte, half : 2 * half] = self.holds[byte, :half] + pupils[bit]
        # Bits of the last byte that stand for nothing are never looked up.
        self.n_bytes = -(-self.n_bits // 8)

    def _mask(self, first: int, end: int) -> Bits:
        bits = (1 << end) - (1 << first)
        words = [bits >> (WORD_BITS * w) & (2**WORD_BITS - 1) for w in range(self.n_words)]
        return np.array(words, dtype=np.uint64)[:, None]

    def _bytes(self, sets: Bits) -> list[NDArray[np.uint8]]:
        rows = np.ascontiguousarray(sets.T).astype("<u8").view(np.uint8)
        return [rows[:, b] for b in range(self.n_bytes)]

    def _grown(self, piece: Bits, left: Bits) -> Bits:
        """Fill up each set with what it touches of what is left."""
        active = np.arange(piece.shape[1])
        now, rest = piece, left
        while len(active):
            refuse_if_over("all plans were swept")
            near = now.copy()
            for b, values in enumerate(self._bytes(now)):
                near |= self.touches[b][:, values]
            near &= rest
            changed = (near != now).any(axis=0)
            now = near
            # Sets that are full are put aside when they are many, not one by one.
            if 2 * np.count_nonzero(changed) < len(active):
                piece[:, active] = now
                active, now, rest = active[changed], now[:, changed], rest[:, changed]
        return piece

    def holdable(self, states: Bits, small_so_far: Ints) -> Bools:
        """Tell which states leave no trapped piece."""
        covered = np.zeros((self.n_words, states.shape[1]), dtype=np.uint64)
        shared = min(self.n_words, len(states))
        covered[:shared] = states[:shared]
        left = ~covered & self._mask(0, self.n_inside) | self._mask(self.n_inside, self.n_bits)
        fine = np.ones(states.shape[1], dtype=np.bool_)
        active = np.arange(states.shape[1])
        while len(active):
            rest = left[:, active]
            piece = np.zeros_like(rest)
            is_open = np.ones(rest.shape[1], dtype=np.bool_)
            for word in range(self.n_words):
                lowest = rest[word] & (~rest[word] + np.uint64(1))
                piece[word] = np.where(is_open, lowest, np.uint64(0))
                is_open &= lowest == 0
            piece = self._grown(piece, rest)
            fine[active] &= self._fits(piece, small_so_far[active])
            left[:, active] = rest & ~piece
            active = active[fine[active] & left[:, active].any(axis=0)]
        return fine

    def _fits(self, piece: Bits, small_so_far: Ints) -> Bools:
        pupils = np.zeros(piece.shape[1], dtype=np.int64)
        for b, values in enumerate(self._bytes(piece)):
            pupils += self.holds[b][values]
        fewest = -(-pupils // max(self.rules.highest, 1))
        full = np.maximum(0, fewest - (self.rules.most_small - small_so_far))
        return np.asarray(full * self.rules.lowest <= pupils)


@dataclass(slots=True, eq=False)
class _Waiting:
    """States made at one place that belong to a later one: the arcs that lead there."""

    place: int
    arcs: NDArray[np.int32]  # which of that place
    source: NDArray[np.int32]
    group: NDArray[np.int32]
    words: Bits
    sums: Ints

    def led(self, to: Ints) -> tuple[NDArray[np.int32], ArcLayer]:
        """Give the arcs that lead to a state that is alive: few of all."""
        lead = to >= 0
        arcs = ArcLayer(self.source[lead], to[lead].astype(np.int32), self.group[lead])
        return self.arcs[lead], arcs


def _in_order(parts: list[tuple[NDArray[np.int32], ArcLayer]]) -> ArcLayer:
    """Put together the arcs of a place, which led to several, in the order they were made."""
    if not parts:
        none = np.empty(0, dtype=np.int32)
        return ArcLayer(none, none, none)
    order = np.argsort(np.concatenate([numbers for numbers, _ in parts]))
    return ArcLayer(
        np.concatenate([arcs.source for _, arcs in parts])[order],
        np.concatenate([arcs.to for _, arcs in parts])[order],
        np.concatenate([arcs.group for _, arcs in parts])[order],
    )


def _tracked(rules: Rules, layout: Layout) -> tuple[Ints, Ints]:
    """Give what adds up along a path and may not pass a bound, only where the bound can bind.

    The least of the exceptions so far (first, if there may be any), of the clusters so far, and of
    their negative.
    """
    n_places = len(layout.order)
    pupils = np.array([rules.pupils[i] for i in layout.order], dtype=np.int64)
    after = np.concatenate([np.cumsum(pupils[::-1])[::-1], [0]])
    ones = np.ones(len(rules.is_small), dtype=np.int64)
    rows = []
    if rules.most_small:
        rows.append((rules.is_small, np.full(n_places, rules.most_small)))
    if rules.most < n_places:
        fewest_to_come = -(-after[np.array(layout.reach) + 1] // max(rules.highest, 1))
        rows.append((ones, rules.most - fewest_to_come))
    if rules.fewest > 1 and rules.lowest and not rules.most_small:
        empty = np.concatenate([np.cumsum((pupils == 0)[::-1])[::-1], [0]])
        rows.append((-ones, after[1:] // rules.lowest + empty[1:] - rules.fewest))
    added = np.array([row[0] for row in rows], dtype=np.int64).reshape(len(rows), len(ones))
    return added, np.array([row[1] for row in rows], dtype=np.int64).reshape(len(rows), n_places)


class _Builder:
    """Sweeps along one order."""

    def __init__(self, rules: Rules, layout: Layout, *, max_states: int) -> None:
        self.rules, self.layout, self.max_states = rules, layout, max_states
        self.n_places = len(layout.order)
        self.place = 0
        self.n_states = self.n_arcs = 0
        self.sizes: list[int] = []
        self.made: list[list[tuple[NDArray[np.int32], ArcLayer]]] = []
        self.waiting: list[list[_Waiting]] = [[] for _ in range(self.n_places + 1)]
        self.added, self.bounds = _tracked(rules, layout)

    def diagram(self) -> Diagram | None:
        """Build, or give up where it takes more states than allowed."""
        states = np.zeros((self.layout.n_words, 1), dtype=np.uint64)
        sums = np.zeros((len(self.added), states.shape[1]), dtype=np.int64)
        for place in range(self.n_places + 1):
            self.place = place
            try:
                if place:
                    states, sums = self._merged(place)
            except NoPlanFoundError:
                return None
            self.sizes.append(states.shape[1])
            self.n_states += states.shape[1]
            if self.n_states > self.max_states or is_over():
                return None
            if place < self.n_places and not self._expanded(place, states, sums):
                return None
        return assemble(
            self.sizes,
            [_in_order(parts) for parts in self.made],
            n_groups=len(self.rules.is_small),
            order=self.layout.order,
        )

    def _merged(self, place: int) -> tuple[Bits, Ints]:
        """Merge the equal states of a place, and drop the dead ones."""
        waiting, self.waiting[place] = self.waiting[place], []
        if place == self.n_places:
            for some in waiting:
                to = np.full(len(some.arcs), self.n_states)
                self.made[some.place].append(some.led(to))
            return np.zeros((1, 1), dtype=np.uint64), np.zeros((0, 1), dtype=np.int64)
        if not waiting:
            none = np.zeros((len(self.added), 0), dtype=np.int64)
            return np.zeros((self.layout.n_words, 0), np.uint64), none
        words = np.concatenate([some.words for some in waiting], axis=1)
        kind, firsts = merge_equal(words)
        states = words[:, firsts]
        sums = np.concatenate([some.sums for some in waiting], axis=1)
        merged = sums[:, firsts]
        for row, least in zip(sums, merged, strict=True):
            np.minimum.at(least, kind, row)
        if len(firsts) >= _WORTH_CUTTING:
            small = merged[0] if self.rules.most_small else np.zeros(len(firsts), dtype=np.int64)
            fine = _Pieces(self.rules, self.layout, place).holdable(states, small)
            number = np.where(fine, np.cumsum(fine) - 1 + self.n_states, -1)
            states, merged = states[:, fine], merged[:, fine]
        else:
            number = np.arange(len(firsts)) + self.n_states
        target = number[kind]
        begin = 0
        for some in waiting:
            end = begin + len(some.arcs)
            self.made[some.place].append(some.led(target[begin:end]))
            begin = end
        return states, merged

    def _pairs(self, place: int, states: Bits) -> Iterator[tuple[Ints, Ints]]:
        """Give the pairs of a state and a group of a place that share no unit, piece by piece."""
        bits = self.layout.bits[place]
        n_groups = bits.shape[1]
        step = max(1, _PAIRS // max(1, n_groups))
        used = [word for word in range(len(bits)) if bits[word].any()]
        rows, columns, n_found = [], [], 0
        for begin in range(0, states.shape[1] if n_groups else 0, step):
            some = states[:, begin : begin + step]
            is_free = np.bitwise_and.outer(some[used[0]], bits[used[0]]) == 0
            for word in used[1:]:
                is_free &= np.bitwise_and.outer(some[word], bits[word]) == 0
            row, column = np.divmod(np.flatnonzero(is_free), n_groups)
            rows.append(row + begin)
            columns.append(column)
            n_found += len(row)
            if n_found >= _PAIRS or begin + step >= states.shape[1]:
                yield np.concatenate(rows), np.concatenate(columns)
                rows, columns, n_found = [], [], 0

    def _expanded(self, place: int, states: Bits, sums: Ints) -> bool:
        """Complete every state at its first uncovered unit; False where it takes too much."""
        layout = self.layout
        self.made.append([])
        n_before = self.n_arcs
        for row, column in self._pairs(place, states):
            group = layout.starts[place][column]
            now = sums[:, row] + self.added[:, group]
            keep = (now <= self.bounds[:, place, None]).all(axis=0)
            union = states[:, row] | layout.bits[place][:, column]
            arcs = row, group, union, now
            if not keep.all():
                arcs = row[keep], group[keep], union[:, keep], now[:, keep]
            self._send(self.n_arcs - n_before, *arcs)
            self.n_arcs += int(np.count_nonzero(keep))
            if self.n_arcs > MAX_ARCS_A_STATE * self.max_states or is_over():
                return False
        return True

    def _send(self, n_before: int, source: Ints, group: Ints, union: Bits, sums: Ints) -> None:
        """Hand each new state to the place of its first uncovered unit."""
        for step, arcs in by_value(_first_free(union)):
            some = _Waiting(
                self.place,
                (n_before + arcs).astype(np.int32),
                source[arcs].astype(np.int32),
                group[arcs].astype(np.int32),
                _shifted(union[:, arcs], step),
                sums[:, arcs],
            )
            self.waiting[self.place + step].append(some)


@dataclass(slots=True, eq=False)
class _Tried:
    """What was built of the last problem, or with how many states it could not be."""

    groups: Sequence[CandidateGroup] = ()
    found: Diagram | None = None
    n_needed: int = 0  # with so many states what was found can be built
    too_few: int = 0  # with so many states nothing can be built


@lru_cache(maxsize=1)
def _tried(_: Problem) -> _Tried:
    return _Tried()


def build_diagram(
    problem: Problem, groups: Sequence[CandidateGroup], *, max_states: int
) -> Diagram | None:
    """Give the diagram of all legal plans; the last one is kept, for one run asks several times."""
    tried = _tried(problem)
    if tried.groups is not groups:
        tried.groups, tried.found, tried.too_few = groups, None, 0
    if tried.found is None and max_states > tried.too_few:
        found = _built(problem, groups, max_states=max_states)
        if found is not None:
            tried.found, tried.n_needed = found
        elif not is_over():
            tried.too_few = max_states
    return tried.found if tried.n_needed <= max_states else None


def _built(
    problem: Problem, groups: Sequence[CandidateGroup], *, max_states: int
) -> tuple[Diagram, int] | None:
    """Build along the order that needs fewest states; say how many it needs.

    Orders are tried with a small limit first, and that limit raised for those that got furthest.
    """
    rules = rules_of(problem, groups)
    members = membership([group.mask for group in groups], len(problem.units))
    orders = unit_orders(problem, rules.adjacency)
    layouts = sorted(
        (lay_out(name, order, members) for name, order in orders.items() if not is_over()),
        key=lambda layout: layout.width,
    )
    for limit in (_TRIAL_STATES, _MORE_STATES, max_states):
        best: Diagram | None = None
        n_needed = 0
        reached: list[tuple[int, int]] = []
        for layout in layouts:
            if is_over():
                break
            allowed = best.n_visited - 1 if best else min(limit, max_states)
            builder = _Builder(rules, layout, max_states=allowed)
            found = builder.diagram()
            if found:
                best, n_needed = found, max(found.n_visited, -(-builder.n_arcs // MAX_ARCS_A_STATE))
            reached.append((-builder.place, builder.n_states))
            if best and best.n_visited <= _SMALL_A_UNIT * len(members.T):
                break
        if best:
            kept = _within(best, rules, max_states=max_states)
            return None if kept is None else (kept, max(n_needed, kept.n_nodes))
        if is_over():
            return None
        furthest = sorted(range(len(layouts)), key=lambda i: reached[i])
        layouts = [layouts[i] for i in furthest]
        if limit > _TRIAL_STATES:
            layouts = layouts[:1]
    return None


def _within(diagram: Diagram, rules: Rules, *, max_states: int) -> Diagram | None:
    """Keep the plans whose clusters and exceptions are as many as allowed."""
    exceptions, count = rules.is_small, np.ones_like(rules.is_small)
    ranges = [
        (exceptions, 0, rules.most_small),
        (count, rules.fewest, rules.most),
        *((costs, int(costs.min(initial=0)), most) for costs, most in rules.limited),
    ]
    kept: Diagram | None = diagram
    for costs, lowest, highest in ranges:
        if kept is not None:
            kept = restrict(kept, costs, lowest=lowest, highest=highest, max_states=max_states)
    return kept
