"""Orders of the units along which the frontier of a sweep may be narrow."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from cluster_optimiser.constants import WORD_BITS
from cluster_optimiser.optimise.candidates import bit_positions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.arrays import Bits, Bools, Ints
    from cluster_optimiser.domain import Problem


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Candidate groups seen along an order of the units."""

    name: str  # how the order was made, in words
    order: tuple[int, ...]  # positions of the units in sweep order
    starts: tuple[Ints, ...]
    bits: tuple[Bits, ...]
    reach: tuple[int, ...]

    @property
    def n_words(self) -> int:
        """Words of 64 bits that hold every frontier."""
        widest = max((last - place for place, last in enumerate(self.reach)), default=0)
        return widest // WORD_BITS + 1

    @property
    def width(self) -> int:
        """Lengths of the frontier at every place, added up."""
        return sum(last - place for place, last in enumerate(self.reach))


def unit_orders(problem: Problem, adjacency: Sequence[int]) -> dict[str, list[int]]:
    """Give the orders worth trying.

    West to east and south to north, each also backwards; breadth-first from the four ends of the
    map; reverse Cuthill-McKee, which keeps neighbours near one another. Pieces of the map that no
    group joins come one after another, so that their states add up and do not multiply.
    """
    n_units = len(adjacency)
    middle = problem.units.geometry.centroid
    x, y = middle.x.to_numpy(), middle.y.to_numpy()
    east = sorted(range(n_units), key=lambda i: (x[i], y[i], i))
    north = sorted(range(n_units), key=lambda i: (y[i], x[i], i))
    orders = {"west to east": east, "south to north": north}
    orders |= {"east to west": east[::-1], "north to south": north[::-1]}
    graph = nx.Graph((i, j) for i, bits in enumerate(adjacency) for j in bit_positions(bits))
    graph.add_nodes_from(range(n_units))
    for name, order in list(orders.items()):
        orders[f"breadth-first, {name}"] = _breadth_first(graph, order)
    matrix = csr_array(nx.to_scipy_sparse_array(graph, nodelist=range(n_units)))
    found = reverse_cuthill_mckee(matrix, symmetric_mode=True).tolist()
    orders |= {"reverse Cuthill-McKee": found, "Cuthill-McKee": found[::-1]}
    pieces = {i: k for k, piece in enumerate(nx.connected_components(graph)) for i in piece}
    different: dict[tuple[int, ...], str] = {}
    for name, order in orders.items():
        rank: dict[int, int] = {}
        for unit in order:
            rank.setdefault(pieces[unit], len(rank))
        together = sorted(order, key=lambda i: rank[pieces[i]])
        different.setdefault(tuple(together), name)
    return {name: list(order) for order, name in different.items()}


def _breadth_first(graph: nx.Graph, first: Sequence[int]) -> list[int]:
    order: list[int] = []
    seen: set[int] = set()
    for start in first:
        if start not in seen:
            edges = nx.bfs_edges(graph, start, sort_neighbors=sorted)
            reached = [start, *(unit for _, unit in edges)]
            order += reached
            seen.update(reached)
    return order


def lay_out(name: str, order: Sequence[int], members: Bools) -> Layout:
    """See the candidate groups along an order."""
    n_groups, n_units = members.shape
    along = members[:, list(order)]
    first = along.argmax(axis=1)
    last = n_units - 1 - along[:, ::-1].argmax(axis=1)
    by_place = np.argsort(first, kind="stable")
    cuts = np.searchsorted(first[by_place], np.arange(n_units + 1))
    reach = np.arange(n_units)
    np.maximum.at(reach, first, last)
    reach = np.maximum.accumulate(reach)
    n_bits = WORD_BITS * (int((reach - np.arange(n_units)).max(initial=0)) // WORD_BITS + 1)
    padded = np.zeros((n_groups, n_units + n_bits), dtype=np.bool_)
    padded[:, :n_units] = along
    shifted = np.take_along_axis(padded, first[:, None] + np.arange(n_bits), axis=1)
    words = np.packbits(shifted, axis=1, bitorder="little").view("<u8").astype(np.uint64).T
    starts = [by_place[a:b] for a, b in pairwise(cuts)]
    return Layout(
        name=name,
        order=tuple(order),
        starts=tuple(starts),
        bits=tuple(np.ascontiguousarray(words[:, some]) for some in starts),
        reach=tuple(reach.tolist()),
    )
