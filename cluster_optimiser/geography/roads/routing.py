"""Shortest times between places of a road network, all to all, in compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from cluster_optimiser.arrays import Bools, Floats, Ints

FEW, MANY = 2, 8
"""Neighbours of a node that goes: before turns are looked at, and after. More would cost more."""

LEAST_PART = 100
"""A round that takes off less than one node in so many is not worth its while."""

SOURCES_AT_ONCE = 64
"""Places whose times to every node are held at the same time: 50 MB on 100,000 nodes."""

NO_TURNS = np.empty((0, 2), dtype=np.int64)


def times_between(
    tail: Ints,
    head: Ints,
    time_us: Ints,
    places: Ints,
    *,
    row: Ints | None = None,
    forbidden: Ints = NO_TURNS,
) -> Floats:
    """Find the shortest time from each place to each other one.

    Dead ends without a place are taken off first, then junctions of few roads, whose neighbours are
    joined through them: no shortest path between places is lost by it. Times are whole numbers, so
    the result is exact.
    ``forbidden`` are pairs of arcs of which the second may not follow the first; at their nodes,
    which are no places, and at the junctions next to them, nobody turns back along the stretch
    (``row``, of each arc) that they came by.
    """
    if not len(places):
        return np.empty((0, 0))
    wanted, where = np.unique(places, return_inverse=True)
    ruled = np.setdiff1d(head[forbidden[:, 0]], wanted)
    order = np.arange(len(tail))
    arcs = _contracted(
        np.stack([tail, head, time_us, order, order]), np.concatenate([wanted, ruled]), FEW
    )
    if len(ruled):
        arcs = _with_turns(arcs, ruled, wanted, tail if row is None else row, forbidden)
    arcs = _contracted(arcs, wanted, MANY)
    kept, ends = np.unique(np.concatenate([wanted, *arcs[:2]]), return_inverse=True)
    nodes, ends = ends[: len(wanted)], ends[len(wanted) :].reshape(2, -1)
    arcs = _quickest(np.stack([*ends, arcs[2]]), len(kept))
    starts = np.concatenate([[0], np.cumsum(np.bincount(arcs[0], minlength=len(kept)))])
    graph = csr_array((arcs[2].astype(np.float64), arcs[1], starts), shape=(len(kept), len(kept)))
    found = np.empty((len(wanted), len(wanted)))
    for start in range(0, len(wanted), SOURCES_AT_ONCE):
        some = slice(start, start + SOURCES_AT_ONCE)
        found[some] = dijkstra(graph, directed=True, indices=nodes[some])[:, nodes]
    return np.asarray(found[np.ix_(where, where)])


def _contracted(arcs: Ints, wanted: Ints, most: int) -> Ints:
    """Put arcs in the place of nodes with so many neighbours at most, until hardly any are left.

    Rows of arcs: tail, head, microseconds, first and last arc of which they are made. In a round no
    two nodes go that are neighbours: of these the one with fewer neighbours does.
    """
    n = int(max(arcs[:2].max(initial=-1), *wanted)) + 1
    is_wanted = np.zeros(n, dtype=bool)
    is_wanted[wanted] = True
    # Streets are often numbered along their way: in that order only a few would go in each round.
    turn = np.random.default_rng(0).permutation(n)
    while arcs.size:
        arcs = arcs[:, arcs[0] != arcs[1]]
        pairs = np.unique(arcs[:2].min(axis=0) * n + arcs[:2].max(axis=0))
        low, high = np.divmod(pairs, n)
        degree = np.bincount(low, minlength=n) + np.bincount(high, minlength=n)
        goes = (degree > 0) & (degree <= most) & ~is_wanted
        rank = degree * n + turn
        low, high = (ends[goes[low] & goes[high]] for ends in (low, high))
        goes[np.where(rank[low] > rank[high], low, high)] = False
        if goes.sum() <= (degree > 0).sum() // LEAST_PART:
            break
        arcs = _bridged(arcs, goes)
    return arcs


def _bridged(arcs: Ints, goes: Bools) -> Ints:
    """Take nodes out, no two of them neighbours, and join their neighbours through them."""
    is_beside = goes[arcs[:2]].any(axis=0)
    quickest = _quickest(arcs[:, is_beside], len(goes))
    into, out = quickest[:, goes[quickest[1]]], quickest[:, goes[quickest[0]]]
    come, go = _following(into, out)
    into, out = into[:, come], out[:, go]
    joined = np.stack([into[0], out[1], into[2] + out[2], into[3], out[4]])
    return np.concatenate([arcs[:, ~is_beside], joined], axis=1)


def _quickest(arcs: Ints, n: int) -> Ints:
    """Of parallel arcs keep the quickest, and give them in order of their ends."""
    pair = arcs[0] * n + arcs[1]
    order = np.lexsort((*arcs[:1:-1], pair))
    return arcs[:, order[np.unique(pair[order], return_index=True)[1]]]


def _following(into: Ints, out: Ints) -> tuple[Ints, Ints]:
    """Pair each arc with all that start where it ends: places in both; the second by tail."""
    start, stop = (np.searchsorted(out[0], into[1], side) for side in ("left", "right"))
    first = np.repeat(np.arange(into.shape[1]), stop - start)
    return first, np.arange(len(first)) - np.repeat(np.cumsum(stop - start) - stop, stop - start)


def _with_turns(arcs: Ints, ruled: Ints, places: Ints, row: Ints, forbidden: Ints) -> Ints:
    """Give each arc into a junction with rules, or next to one, an end of its own.

    From there only the arcs go on that may follow it.
    """
    arcs = arcs[:, np.argsort(arcs[0], kind="stable")]
    beside = arcs[:2, np.isin(arcs[:2], ruled).any(axis=0)]
    has_rules = np.setdiff1d(beside, places)
    base = int(max(arcs[:2].max(initial=-1), places.max())) + 1
    own = np.where(np.isin(arcs[1], has_rules), base + np.arange(arcs.shape[1]), arcs[1])
    is_from = np.isin(arcs[0], has_rules)
    plain = np.stack([arcs[0], own, *arcs[2:]])[:, ~is_from]
    come, go = _following(arcs, arcs[:, is_from])
    go = np.flatnonzero(is_from)[go]
    last, first = arcs[4, come], arcs[3, go]
    is_ruled_out = np.isin(last * len(row) + first, forbidden[:, 0] * len(row) + forbidden[:, 1])
    may = (row[last] != row[first]) & ~is_ruled_out
    turned = np.stack([own[come], own[go], *arcs[2:, go]])[:, may]
    return np.concatenate([plain, turned], axis=1)
