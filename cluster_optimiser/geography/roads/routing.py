"""Shortest times between places of a road network, all to all, in compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_PART = 200
"""A round that takes off less than one node in so many is not worth its while."""

SOURCES_AT_ONCE = 64
"""Places whose times to every node are held at the same time: 50 MB on 100,000 nodes."""

NO_TURNS = np.empty((0, 2), dtype=np.int64)


def times_between(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    time_us: NDArray[np.int64],
    places: NDArray[np.int64],
    *,
    row: NDArray[np.int64] | None = None,
    forbidden: NDArray[np.int64] = NO_TURNS,
) -> NDArray[np.float64]:
    """Find the shortest time from each place to each other one.

    Dead ends without a place are taken off first, and junctions with two roads become one road:
    no shortest path between places is lost by it. Times are whole numbers, so the result is exact.
    ``forbidden`` are pairs of arcs of which the second may not follow the first; at their nodes,
    which are no places, and at the junctions next to them, nobody turns back along the stretch
    (``row``, of each arc) that they came by.
    """
    wanted, where = np.unique(places, return_inverse=True)
    ruled = np.setdiff1d(head[forbidden[:, 0]], wanted)
    order = np.arange(len(tail))
    arcs = pd.DataFrame({"tail": tail, "head": head, "us": time_us, "first": order, "last": order})
    arcs = _contracted(arcs, np.concatenate([wanted, ruled]))
    if len(ruled):
        arcs = _with_turns(arcs, ruled, wanted, tail if row is None else row, forbidden)
    kept, ends = np.unique(
        np.concatenate([wanted, arcs["tail"], arcs["head"]]), return_inverse=True
    )
    nodes, ends = ends[: len(wanted)], ends[len(wanted) :].reshape(2, -1)
    graph = _graph(ends[0], ends[1], arcs["us"].to_numpy(), len(kept))
    found = np.empty((len(wanted), len(wanted)))
    for start in range(0, len(wanted), SOURCES_AT_ONCE):
        some = slice(start, start + SOURCES_AT_ONCE)
        found[some] = dijkstra(graph, directed=True, indices=nodes[some])[:, nodes]
    return np.asarray(found[np.ix_(where, where)])


def _contracted(arcs: pd.DataFrame, wanted: NDArray[np.int64]) -> pd.DataFrame:
    """Take off nodes with one neighbour, and put one arc in the place of those with two.

    Round by round, of nodes that are neighbours the lowest first, until hardly any are left.
    """
    n = int(max(arcs[["tail", "head"]].max(axis=None) if len(arcs) else 0, *wanted)) + 1
    is_wanted = np.zeros(n, dtype=bool)
    is_wanted[wanted] = True
    while len(arcs):
        arcs = arcs[arcs["tail"] != arcs["head"]]
        tail, head = arcs["tail"].to_numpy(), arcs["head"].to_numpy()
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
        arcs = _bridged(arcs, goes)
    return arcs


def _bridged(arcs: pd.DataFrame, goes: NDArray[np.bool_]) -> pd.DataFrame:
    """Take nodes out, no two of them neighbours, and join their two neighbours through them."""
    comes, leaves = goes[arcs["head"]], goes[arcs["tail"]]
    quickest = arcs[comes | leaves].sort_values(["us", "first", "last"])
    quickest = quickest.drop_duplicates(["tail", "head"])
    into, out = (quickest[goes[quickest[end]]] for end in ("head", "tail"))
    both = into.merge(out, left_on="head", right_on="tail", suffixes=("", "_on"), sort=False)
    both = both[both["tail"] != both["head_on"]]
    both = both.assign(us=both["us"] + both["us_on"], head=both["head_on"], last=both["last_on"])
    return pd.concat([arcs[~(comes | leaves)], both[arcs.columns]], ignore_index=True)


def _with_turns(
    arcs: pd.DataFrame,
    ruled: NDArray[np.int64],
    places: NDArray[np.int64],
    row: NDArray[np.int64],
    forbidden: NDArray[np.int64],
) -> pd.DataFrame:
    """Give each arc into a junction with rules, or next to one, an end of its own.

    From there only the arcs go on that may follow it.
    """
    n, ends = len(row), arcs[["tail", "head"]].to_numpy()
    beside = ends[np.isin(ends, ruled).any(axis=1)].ravel()
    has_rules = np.setdiff1d(np.unique(beside), places)
    base = int(max(ends.max(), places.max())) + 1
    arcs = arcs.reset_index(drop=True)
    own = np.where(np.isin(ends[:, 1], has_rules), base + np.arange(len(arcs)), ends[:, 1])
    arcs = arcs.assign(own=own)
    is_from = np.isin(ends[:, 0], has_rules)
    turns = arcs.merge(arcs[is_from], left_on="head", right_on="tail", suffixes=("", "_on"))
    pair = turns["last"].to_numpy() * n + turns["first_on"].to_numpy()
    is_back = row[turns["last"]] == row[turns["first_on"]]
    turns = turns[~is_back & ~np.isin(pair, forbidden[:, 0] * n + forbidden[:, 1])]
    turned = {"tail": turns["own"], "head": turns["own_on"], "us": turns["us_on"]}
    plain = arcs[~is_from].assign(head=own[~is_from])[["tail", "head", "us"]]
    return pd.concat([plain, pd.DataFrame(turned)], ignore_index=True)


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
