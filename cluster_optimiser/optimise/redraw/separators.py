"""Contiguity, added as it is needed: what stray pieces of a cluster are parted from their hub by.

A cluster is connected if and only if, for each of its units i and each set of units that parts i
from the hub, some unit of the set is in the cluster too. There are too many such sets to write
down, so a program is solved, its stray pieces looked for, and the sets that they break are added
(Fischetti and others 2017, minimal a,b-separators).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cluster_optimiser.optimise.redraw.pairs import Cluster, RedrawGround


def pieces(neighbours: Sequence[Collection[int]], cluster: Cluster) -> list[frozenset[int]]:
    """Give the connected pieces of a set of units.

    >>> pieces([{1}, {0, 2}, {1}], frozenset({0, 2}))
    [frozenset({0}), frozenset({2})]
    """
    left, found = set(cluster), []
    while left:
        piece = _reached(neighbours, min(left), left)
        left -= piece
        found.append(frozenset(piece))
    return found


def _reached(
    neighbours: Sequence[Collection[int]], start: int, allowed: Collection[int]
) -> set[int]:
    seen, edge = {start}, [start]
    while edge:
        for unit in neighbours[edge.pop()]:
            if unit in allowed and unit not in seen:
                seen.add(unit)
                edge.append(unit)
    return seen


def separator(
    neighbours: Sequence[Collection[int]],
    piece: Collection[int],
    hub_unit: int,
    allowed: Collection[int],
) -> frozenset[int]:
    """Give a minimal set of units that parts a piece from a hub.

    The neighbours of the piece, of those only what can be reached from the hub without passing
    through any of them: the rest parts nothing.

    >>> path = [{1}, {0, 2}, {1, 3}, {2}]
    >>> separator(path, {3}, 0, {0, 1, 2, 3})
    frozenset({2})
    """
    around = {j for i in piece for j in neighbours[i]} - set(piece)
    free = (set(allowed) | {hub_unit}) - around - set(piece)
    from_hub = _reached(neighbours, hub_unit, free | {hub_unit})
    return frozenset(
        unit for unit in around & set(allowed) if any(near in from_hub for near in neighbours[unit])
    )


def strays(
    ground: RedrawGround, hub: int, cluster: Cluster, allowed: Collection[int]
) -> Iterator[tuple[int, frozenset[int]]]:
    """Find what parts the stray units of a cluster from its hub."""
    home = ground.hubs[hub].unit
    for piece in pieces(ground.neighbours, cluster):
        if home not in piece:
            parting = separator(ground.neighbours, piece, home, allowed)
            for unit in sorted(piece):
                yield unit, parting


def is_legal(ground: RedrawGround, cluster: Cluster, *, is_shaped: bool) -> bool:
    """Tell whether a cluster keeps the rules of its meeting place, and is in one piece."""
    meeting = ground.meeting(cluster)
    if meeting is None or len(pieces(ground.neighbours, cluster)) > 1:
        return False
    if not ground.places.allows(meeting):
        return False
    return not is_shaped or is_towards(ground, meeting.number, cluster)


def is_towards(ground: RedrawGround, hub: int, cluster: Cluster) -> bool:
    """Tell whether every unit touches the hub's, or one of its own nearer to the hub."""
    home = ground.hubs[hub].unit
    away = ground.shortest[:, hub]
    return all(
        i == home
        or home in ground.neighbours[i]
        or any(j in cluster and away[j] < away[i] for j in ground.neighbours[i])
        for i in cluster
    )
