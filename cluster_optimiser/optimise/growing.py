"""Clusters of plans with three at most: connected sets, thousands of them grown at a time.

A set is a word of 64 bits, and so are what it may grow into and what it may not take; neighbours
and pupils of a word are looked up byte by byte. A set is left out as soon as it parts units from
the rest that no plan could make clusters of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_optimiser.deadline import refuse_if_over

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cluster_optimiser.arrays import Bits, Bools, Ints
    from cluster_optimiser.optimise.universe.frontier import Partitions

_AT_ONCE = 16_384
"""Sets that are grown at a time."""

_BYTE = 8


class _Map:
    """Neighbours and pupils, by the bytes of a word."""

    def __init__(self, adjacency: Sequence[int], pupils: Sequence[int]) -> None:
        self.everything = np.uint64((1 << len(pupils)) - 1)
        n_bytes = -(-len(pupils) // _BYTE)
        self._near = np.zeros((n_bytes, 1 << _BYTE), dtype=np.uint64)
        self._pupils = np.zeros((n_bytes, 1 << _BYTE), dtype=np.int64)
        for unit, held in enumerate(pupils):
            at, bit = divmod(unit, _BYTE)
            has = (np.arange(1 << _BYTE) >> bit & 1).astype(bool)
            self._near[at, has] |= np.uint64(adjacency[unit])
            self._pupils[at, has] += held

    def near(self, words: Bits) -> Bits:
        """Give the neighbours of any unit of each set."""
        found = np.zeros_like(words)
        for at, row in enumerate(self._near):
            found |= row[words >> np.uint64(at * _BYTE) & np.uint64(255)]
        return found

    def pupils(self, words: Bits) -> Ints:
        """Give the pupils of each set."""
        found = np.zeros(len(words), dtype=np.int64)
        for at, row in enumerate(self._pupils):
            found += row[words >> np.uint64(at * _BYTE) & np.uint64(255)]
        return found

    def reached(self, begin: Bits, allowed: Bits) -> Bits:
        """Give what can be reached from each set through the units allowed."""
        seen, edge = begin.copy(), begin
        waiting = np.arange(len(begin))
        while len(waiting):
            edge = self.near(edge) & allowed[waiting] & ~seen[waiting]
            seen[waiting] |= edge
            goes_on = edge != 0
            waiting, edge = waiting[goes_on], edge[goes_on]
        return seen

    def pieces(self, inside: Bits, marked: Bits) -> Iterator[tuple[Ints, Ints]]:
        """Give, piece by piece, rows and pupils of the connected pieces with a marked unit."""
        rows, left = np.arange(len(inside)), marked.copy()
        while True:
            goes_on = left != 0
            rows, left = rows[goes_on], left[goes_on]
            if not len(rows):
                return
            piece = self.reached(_lowest_bit(left), inside[rows])
            yield rows, self.pupils(piece)
            left &= ~piece


def _lowest_bit(words: Bits) -> Bits:
    return words & (~words + np.uint64(1))


def groups_of_few(asked: Partitions, *, most_ways: int) -> list[int] | None:
    """Give every set that is a cluster of a partition into three at most; None past so many ways.

    First what may hold the unit with most pupils; then, in what is left, the next; the last is what
    is left then.
    """
    order = sorted(range(len(asked.pupils)), key=lambda i: (-asked.pupils[i], i))
    place = {unit: i for i, unit in enumerate(order)}
    adjacency = [sum(1 << place[j] for j in _units(asked.adjacency[unit])) for unit in order]
    area = _Map(adjacency, [asked.pupils[unit] for unit in order])
    found: set[int] = set()
    n_ways = 0
    for first in _with_first(area, (1 << len(order)) - 1, asked, asked.fewest, asked.most):
        rest = (1 << len(order)) - 1 & ~first
        if not rest:
            found.add(first)
            continue
        for second in _with_first(area, rest, asked, asked.fewest - 1, asked.most - 1):
            n_ways += 1
            if n_ways > most_ways:
                return None
            # It leaves nothing, or one piece that is a cluster by its pupils.
            found |= {first, second, rest & ~second} - {0}
    return sorted(sum(1 << order[i] for i in _units(mask)) for mask in found)


def _units(mask: int) -> Iterator[int]:
    return (i for i in range(mask.bit_length()) if mask >> i & 1)


def _with_first(
    area: _Map, inside: int, asked: Partitions, fewest: int, most: int
) -> Iterator[int]:
    """Enumerate the connected sets of a part of the map that hold its first unit, each once.

    Without those that leave pieces of the part that are not so few or so many other clusters.
    """
    part = np.uint64(inside)
    root = np.array([inside & -inside], dtype=np.uint64)
    clusters = (max(fewest, 1), most)
    barred = np.array([~part & area.everything], dtype=np.uint64)
    stack: list[tuple[Bits, ...]] = [(root, area.near(root) & part & ~root, barred)]
    if int(area.pupils(root)[0]) > asked.highest:
        return
    n_visited = 0
    while stack:
        chosen, frontier, forbidden = stack.pop()
        if len(chosen) > _AT_ONCE:
            stack.append((chosen[_AT_ONCE:], frontier[_AT_ONCE:], forbidden[_AT_ONCE:]))
            chosen, frontier, forbidden = (
                some[:_AT_ONCE] for some in (chosen, frontier, forbidden)
            )
        n_visited += len(chosen)
        refuse_if_over(f"sets of units were looked for ({n_visited:,} visited)")
        keep = _may_grow(area, part, chosen, forbidden, asked.lowest, most - 1)
        chosen, frontier, forbidden = chosen[keep], frontier[keep], forbidden[keep]
        full = chosen[area.pupils(chosen) >= asked.lowest]
        is_rest = _is_rest_divided(area, part, full, (asked.lowest, asked.highest), clusters)
        yield from full[is_rest].tolist()
        grown = _grown(area, chosen, frontier, forbidden, asked.highest)
        if len(grown[0]):
            stack.append(grown)


def _may_grow(
    area: _Map, part: np.uint64, chosen: Bits, forbidden: Bits, lowest: int, others: int
) -> Bools:
    """Tell which sets may come to enough pupils, and part what they may not take into few pieces.

    Each of which is another cluster at least.
    """
    keep = area.pupils(area.reached(chosen, ~forbidden & area.everything)) >= lowest
    outside = ~chosen & part
    n_pieces = np.zeros(len(chosen), dtype=np.int64)
    for rows, held in area.pieces(outside, forbidden & outside):
        keep[rows[held < lowest]] = False
        n_pieces[rows] += 1
    return np.asarray(keep & (n_pieces <= others), dtype=np.bool_)


def _is_rest_divided(
    area: _Map, part: np.uint64, chosen: Bits, pupils: tuple[int, int], clusters: tuple[int, int]
) -> Bools:
    """Tell which sets leave pieces of the map that can be the other clusters, by their pupils."""
    lowest, highest = pupils
    keep = np.ones(len(chosen), dtype=np.bool_)
    fewest, most = (np.ones(len(chosen), dtype=np.int64) for _ in clusters)
    outside = ~chosen & part
    for rows, held in area.pieces(outside, outside):
        # So many clusters at least hold a piece, so many at most fill it.
        low, high = -(-held // highest), held // max(lowest, 1)
        keep[rows[low > high]] = False
        fewest[rows] += low
        most[rows] += high
    return np.asarray(keep & (fewest <= clusters[1]) & (most >= clusters[0]), dtype=np.bool_)


def _grown(
    area: _Map, chosen: Bits, frontier: Bits, forbidden: Bits, highest: int
) -> tuple[Bits, ...]:
    """Add to each set one unit of its frontier, those before it being forbidden."""
    made: list[tuple[Bits, ...]] = []
    while True:
        goes_on = frontier != 0
        chosen, frontier, forbidden = chosen[goes_on], frontier[goes_on], forbidden[goes_on]
        if not len(chosen):
            break
        bit = _lowest_bit(frontier)
        frontier = frontier ^ bit
        forbidden = forbidden | bit
        larger = chosen | bit
        fits = area.pupils(larger) <= highest
        fresh = area.near(bit) & ~forbidden & ~chosen
        made.append((larger[fits], (frontier | fresh)[fits], forbidden[fits]))
    none = np.zeros(0, dtype=np.uint64)
    return tuple(np.concatenate([none, *column]) for column in zip(*made, strict=True)) or (
        none,
        none,
        none,
    )
