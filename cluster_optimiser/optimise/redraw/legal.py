"""Whether a plan keeps every rule of a redraw, and moving strays so that it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.optimise.redraw.pairs import FAR, Cluster, RedrawGround
from cluster_optimiser.optimise.redraw.separators import is_legal, pieces
from cluster_optimiser.optimise.redraw.terms import stage_names, value_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def is_legal_plan(
    ground: RedrawGround,
    clusters: Sequence[Cluster],
    *,
    is_shaped: bool,
    n_exceptions: int | None = None,
) -> bool:
    """Tell whether clusters keep every rule of a redraw, but for how many they are."""
    size = ground.problem.scenario.size
    small = [c for c in clusters if size.is_under(ground.pupils_of(c))]
    return (
        (size.spares(len(small)) if n_exceptions is None else len(small) <= n_exceptions)
        and all(cluster <= ground.exceptable for cluster in small)
        and all(is_legal_cluster(ground, cluster, is_shaped=is_shaped) for cluster in clusters)
    )


def is_legal_cluster(ground: RedrawGround, cluster: Cluster, *, is_shaped: bool) -> bool:
    """Tell whether a cluster keeps every rule of it alone but the minimum size."""
    scenario = ground.problem.scenario
    fits = not scenario.size.is_over(ground.pupils_of(cluster)) or cluster in ground.oversize
    together = all(pin & cluster in (frozenset(), pin) for pin in ground.together)
    apart = not any(one & cluster and other & cluster for one, other in ground.apart)
    own = not ground.own.broken(cluster, ground.pupils_of(cluster))
    return fits and own and together and apart and is_legal(ground, cluster, is_shaped=is_shaped)


def with_strays_moved(
    ground: RedrawGround, clusters: Sequence[Cluster], *, is_shaped: bool
) -> list[Cluster]:
    """Give the pieces of a cluster that are cut off to the neighbours that are cheapest for them.

    Where clusters in one piece cost no more, a program may still have strays: schools whose pupils
    are unknown cost nothing anywhere.
    """
    found = list(clusters)
    for cluster in clusters:
        if is_legal_cluster(ground, cluster, is_shaped=is_shaped):
            continue
        by_size = sorted(
            pieces(ground.neighbours, cluster),
            key=lambda piece: (-_n_hubs(ground, piece), -ground.pupils_of(piece), min(piece)),
        )
        for piece in by_size[1:]:
            around = {j for i in piece for j in ground.neighbours[i]}
            takers = [
                c
                for c in found
                if c & around
                and not c & piece
                and is_legal_cluster(ground, c | piece, is_shaped=is_shaped)
            ]
            if takers:
                taker = min(takers, key=lambda c: (_extra(ground, c, piece), sorted(c)))
                giver = next(c for c in found if piece <= c)
                found[found.index(taker)] = taker | piece
                found[found.index(giver)] = giver - piece
    return sorted(found, key=sorted)


def with_idle_units_near(
    ground: RedrawGround, clusters: Sequence[Cluster], *, is_shaped: bool
) -> list[Cluster]:
    """Move units without pupils to clusters beside them that meet nearer, at no cost to any term.

    Schools whose pupils are unknown cost nothing anywhere: a solver leaves them where they fall.
    """
    found = list(clusters)
    terms = [*stage_names(ground), *ground.problem.scenario.most_of]
    values = [value_of(ground, term, found) for term in terms]
    waiting = [i for i, pupils in enumerate(ground.pupils) if not pupils]
    while waiting:
        unit = waiting.pop(0)
        giver = next(cluster for cluster in found if unit in cluster)
        beside = [c for c in found if c is not giver and c & ground.neighbours[unit]]
        for taker in sorted(beside, key=lambda c: (_away(ground, unit, c), sorted(c))):
            if _away(ground, unit, taker) >= _away(ground, unit, giver):
                break
            changed = [giver - {unit}, taker | {unit}]
            moved = [*(c for c in found if c not in (giver, taker)), *changed]
            if (
                changed[0]
                and is_legal_plan(ground, changed, is_shaped=is_shaped, n_exceptions=2)
                and [value_of(ground, term, moved) for term in terms] == values
            ):
                found = moved
                # What is beside it may follow.
                waiting += [j for j in ground.neighbours[unit] if not ground.pupils[j]]
                break
    return sorted(found, key=sorted)


def _away(ground: RedrawGround, unit: int, cluster: Cluster) -> int:
    """Give centiminutes from a unit to where a cluster meets."""
    meeting = ground.meeting(cluster)
    return FAR if meeting is None else int(ground.shortest[unit, meeting.number])


def _n_hubs(ground: RedrawGround, units: Cluster) -> int:
    return sum(hub.unit in units for hub in ground.hubs)


def _extra(ground: RedrawGround, cluster: Cluster, piece: Cluster) -> int:
    with_it, alone = ground.meeting(cluster | piece), ground.meeting(cluster)
    return sum(
        sign * place.pupil_centiminutes for sign, place in ((1, with_it), (-1, alone)) if place
    )
