"""Shortest times between places of a road network, all to all, in compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_WAY_US = 2**60
"""More than any time, and twice it is still a number."""

LEAST_PART = 200
"""A round that takes off less than one node in so many is not worth its while."""

SOURCES_AT_ONCE = 64
"""Places whose times to every node are held at the same time: 50 MB on 100,000 nodes."""


def times_between(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    time_us: NDArray[np.int64],
    places: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Find the shortest time from each place to each other one.

    Dead ends without a place are taken off first, and junctions with two roads become one road:
    no shortest path between places is lost by it. Times are whole numbers, so the result is exact.
    """
    wanted, where = np.unique(places, return_inverse=True)
    tail, head, time_us = _contracted(tail, head, time_us, wanted)
    kept, ends = np.unique(np.concatenate([wanted, tail, head]), return_inverse=True)
    nodes, ends = ends[: len(wanted)], ends[len(wanted) :]
    graph = _graph(ends[: len(tail)], ends[len(tail) :], time_us, len(kept))
    found = np.empty((len(wanted), len(wanted)))
    for start in range(0, len(wanted), SOURCES_AT_ONCE):
        some = slice(start, start + SOURCES_AT_ONCE)
        found[some] = dijkstra(graph, directed=True, indices=nodes[some])[:, nodes]
    return np.asarray(found[np.ix_(where, where)])


def _contracted(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    time_us: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Take off nodes with one neighbour, and put one arc in the place of those with two.

    Round by round, of nodes that are neighbours the lowest first, until hardly any are left.
    """
    n = int(max(tail.max(initial=0), head.max(initial=0), wanted.max(initial=0))) + 1
    is_wanted = np.zeros(n, dtype=bool)
    is_wanted[wanted] = True
    while len(tail):
        is_loop = tail == head
        tail, head, time_us = tail[~is_loop], head[~is_loop], time_us[~is_loop]
        low, high = np.full(n, n), np.full(n, -1)
        for one, other in ((tail, head), (head, tail)):
            np.minimum.at(low, one, other)
            np.maximum.at(high, one, other)
        has_more, is_after = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        for one, other in ((tail, head), (head, tail)):
            has_more[one[(other != low[one]) & (other != high[one])]] = True
        is_free = (high >= 0) & ~is_wanted & ~has_more
        for one, other in ((tail, head), (head, tail)):
            is_after[one[is_free[other] & (other < one)]] = True
        goes = is_free & ~is_after
        if goes.sum() <= n // LEAST_PART:
            break
        tail, head, time_us = _bridged(tail, head, time_us, goes, (low, high))
    return tail, head, time_us


def _bridged(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    time_us: NDArray[np.int64],
    goes: NDArray[np.bool_],
    neighbours: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Take nodes out, no two of them neighbours, and join their two neighbours through them."""
    low, high = neighbours
    # Quickest from the lower neighbour, from the higher, to the lower, to the higher.
    times = np.full((4, len(goes)), NO_WAY_US)
    for at, other, row in ((head, tail, 0), (tail, head, 2)):
        used = goes[at]
        node, is_low = at[used], other[used] == low[at[used]]
        np.minimum.at(times[row], node[is_low], time_us[used][is_low])
        np.minimum.at(times[row + 1], node[~is_low], time_us[used][~is_low])
    nodes = np.flatnonzero(goes & (low != high))
    up, down = times[0, nodes] + times[3, nodes], times[1, nodes] + times[2, nodes]
    is_up, is_down = up < NO_WAY_US, down < NO_WAY_US
    kept = ~(goes[tail] | goes[head])
    a, b = low[nodes], high[nodes]
    return (
        np.concatenate([tail[kept], a[is_up], b[is_down]]),
        np.concatenate([head[kept], b[is_up], a[is_down]]),
        np.concatenate([time_us[kept], up[is_up], down[is_down]]),
    )


def _graph(
    tail: NDArray[np.int64], head: NDArray[np.int64], time_us: NDArray[np.int64], n: int
) -> csr_array:
    """Make a sparse matrix, which by itself would add parallel arcs: the quickest counts."""
    order = np.lexsort((time_us, head, tail))
    tail, head, time_us = tail[order], head[order], time_us[order]
    is_first = np.ones(len(tail), dtype=bool)
    is_first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    tail, head, time_us = tail[is_first], head[is_first], time_us[is_first]
    starts = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=n))])
    return csr_array((time_us.astype(np.float64), head, starts), shape=(n, n))
