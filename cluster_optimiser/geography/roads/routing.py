"""Shortest times between places of a road network, all to all, in compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOURCES_AT_ONCE = 64
"""Places whose times to every node are held at the same time: 50 MB on 100,000 nodes."""


def times_between(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    time_us: NDArray[np.int64],
    places: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Find the shortest time from each place to each other one.

    Dead ends without a place are taken off first, again and again: no shortest path between places
    goes through one. Times are whole numbers, so the result is exact.

    Parameters
    ----------
    tail, head
        From node, to node of each arc, numbered from 0.
    time_us
        Microseconds of each arc, 1 or more.
    places
        Nodes, shape (n_places,); one may stand there several times.

    Returns
    -------
    Microseconds from row to column, shape (n_places, n_places); infinite where there is no way.
    """
    wanted, where = np.unique(places, return_inverse=True)
    tail, head, time_us = _without_dead_ends(tail, head, time_us, wanted)
    kept, ends = np.unique(np.concatenate([wanted, tail, head]), return_inverse=True)
    nodes, ends = ends[: len(wanted)], ends[len(wanted) :]
    graph = _graph(ends[: len(tail)], ends[len(tail) :], time_us, len(kept))
    found = np.empty((len(wanted), len(wanted)))
    for start in range(0, len(wanted), SOURCES_AT_ONCE):
        some = slice(start, start + SOURCES_AT_ONCE)
        found[some] = dijkstra(graph, directed=True, indices=nodes[some])[:, nodes]
    return np.asarray(found[np.ix_(where, where)])


def _without_dead_ends(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    time_us: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    n = int(max(tail.max(initial=0), head.max(initial=0), wanted.max(initial=0))) + 1
    is_wanted = np.zeros(n, dtype=bool)
    is_wanted[wanted] = True
    is_loop = tail == head
    tail, head, time_us = tail[~is_loop], head[~is_loop], time_us[~is_loop]
    while len(tail):
        # A node with one neighbour: the lowest of its neighbours is also the highest.
        lowest, highest = np.full(n, n), np.full(n, -1)
        for one, other in ((tail, head), (head, tail)):
            np.minimum.at(lowest, one, other)
            np.maximum.at(highest, one, other)
        is_dead = (lowest == highest) & ~is_wanted
        is_kept = ~(is_dead[tail] | is_dead[head])
        if is_kept.all():
            break
        tail, head, time_us = tail[is_kept], head[is_kept], time_us[is_kept]
    return tail, head, time_us


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
