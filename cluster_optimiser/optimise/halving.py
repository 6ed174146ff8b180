"""Plans of two clusters, whatever their pupils: from the edges of the map, with sums as bits.

Units are taken one after another, each into one of two clusters. What is still open is known from
the frontier alone: which cluster each of its units is in, which of them hang together, and which
cluster is closed. For every such state one whole number says in its bits which pupils the first
cluster can have. Ways that come to an end are then followed back: none of them is in vain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.deadline import refuse_if_over
from cluster_optimiser.optimise.universe.frontier import Partitions, frontiers_of, narrow_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_BYTES = 500_000_000
"""Sums that are kept, until the ways are followed back."""

_BYTE = 8

State = tuple[tuple[int, ...], tuple[int, ...], frozenset[int]]
"""The cluster of each unit of the frontier, the piece it is in, and which clusters are closed."""

START: State = ((), (), frozenset())


def groups_of_two(asked: Partitions, *, most_ways: int) -> list[int] | None:
    """Give every set that is a cluster of a partition into two at most; None past so many ways."""
    order = narrow_order(asked.adjacency)
    frontiers = (*frontiers_of(asked.adjacency, order), ())
    below = (1 << asked.highest + 1) - 1
    reached: dict[State, int] = {START: 1}
    came: list[dict[State, list[tuple[State, int]]]] = []
    sums: list[dict[State, int]] = [reached]
    n_bytes = 0
    for n, unit in enumerate(order):
        refuse_if_over(f"sets of units were looked for ({n:,} of {len(order):,} units taken)")
        near = [asked.adjacency[unit] >> other & 1 == 1 for other in frontiers[n]]
        kept = [k for k, u in enumerate((*frontiers[n], unit)) if u in frontiers[n + 1]]
        after: dict[State, int] = {}
        ways: dict[State, list[tuple[State, int]]] = {}
        for state, bits in reached.items():
            for cluster, made in _taken(state, near, kept, is_first=n == 0):
                moved = bits if cluster else bits << asked.pupils[unit] & below
                if moved:
                    after[made] = after.get(made, 0) | moved
                    ways.setdefault(made, []).append((state, cluster))
        n_bytes += sum(bits.bit_length() // _BYTE for bits in after.values())
        if n_bytes > _MOST_BYTES:
            return None
        came.append(ways)
        sums.append(after)
        reached = after
    return _followed_back(asked, order, came, sums, most_ways)


def _taken(
    state: State, near: Sequence[bool], kept: Sequence[int], *, is_first: bool
) -> Iterator[tuple[int, State]]:
    """Take a unit into either cluster; the first unit names the first cluster."""
    clusters, pieces, closed = state
    for cluster in (0,) if is_first else (0, 1):
        if cluster in closed:
            continue
        own, owners = len(clusters), (*clusters, cluster)
        joined = {pieces[k] for k, is_near in enumerate(near) if is_near and clusters[k] == cluster}
        all_pieces = [own if piece in joined else piece for piece in pieces] + [own]
        gone = dict(zip(all_pieces, owners, strict=True))
        for k in kept:
            gone.pop(all_pieces[k], None)
        ends = [*gone.values()]
        # A piece that is closed is the whole cluster: nothing else of it may be open.
        if len(set(ends)) < len(ends) or any(owners[k] in ends for k in kept):
            continue
        number: dict[int, int] = {}
        yield (
            cluster,
            (
                tuple(owners[k] for k in kept),
                tuple(number.setdefault(all_pieces[k], len(number)) for k in kept),
                closed | frozenset(ends),
            ),
        )


def _followed_back(
    asked: Partitions,
    order: Sequence[int],
    came: Sequence[dict[State, list[tuple[State, int]]]],
    sums: Sequence[dict[State, int]],
    most_ways: int,
) -> list[int] | None:
    """Follow the ways that end well back to the first unit."""
    everything = (1 << len(order)) - 1
    ways = dict(_ends(asked, sums[-1], most_ways))
    for n in reversed(range(len(order))):
        refuse_if_over("sets of units were put together")
        unit, held = order[n], asked.pupils[order[n]]
        bits = {s: b.to_bytes(b.bit_length() // _BYTE + 1, "little") for s, b in sums[n].items()}
        before: dict[tuple[State, int], list[int]] = {}
        for (state, pupils), masks in ways.items():
            for source, cluster in came[n][state]:
                at = pupils if cluster else pupils - held
                row = bits[source]
                if 0 <= at < _BYTE * len(row) and row[at // _BYTE] >> at % _BYTE & 1:
                    own = masks if cluster else [mask | 1 << unit for mask in masks]
                    before.setdefault((source, at), []).extend(own)
        if sum(map(len, before.values())) > most_ways:
            return None
        ways = before
    firsts = [mask for masks in ways.values() for mask in masks]
    return sorted({s for mask in firsts for s in (mask, everything & ~mask)} - {0})


def _ends(
    asked: Partitions, last: dict[State, int], most_ways: int
) -> Iterator[tuple[tuple[State, int], list[int]]]:
    """Give the last states with the pupils of a first cluster that make a partition."""
    total, n_found = sum(asked.pupils), 0
    for state, bits in last.items():
        n_parts = len(state[2])
        if not asked.fewest <= n_parts <= asked.most:
            continue
        lowest = max(asked.lowest, total - asked.highest) if n_parts > 1 else total
        highest = min(asked.highest, total - asked.lowest) if n_parts > 1 else total
        left = bits >> lowest & (1 << max(0, highest - lowest + 1)) - 1
        while left and n_found <= most_ways:
            bit = left & -left
            left ^= bit
            n_found += 1
            yield (state, lowest + bit.bit_length() - 1), [0]
