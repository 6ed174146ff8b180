"""Which hubs are open is decided first: by programs in which small units may be divided.

What makes the whole program hard is the choice of hubs, and the sizes of the large units. A
program with those in whole numbers and the small units divisible has few whole variables, is solved
soon, and its optimum is below that of every plan. Its hubs alone, with whole units, then give a
plan near the bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.redraw.engines import Highs
from cluster_optimiser.optimise.redraw.lexicographic import Search, hint_of, solve_stage
from cluster_optimiser.optimise.redraw.model import Limits, build_model, part_a_stray
from cluster_optimiser.optimise.redraw.separators import pieces, separator
from cluster_optimiser.optimise.redraw.terms import objective_of, stage_names, value_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cluster_optimiser.optimise.redraw.lexicographic import How
    from cluster_optimiser.optimise.redraw.linear import Objective
    from cluster_optimiser.optimise.redraw.model import Assignment
    from cluster_optimiser.optimise.redraw.pairs import Cluster, Ground

SHARES_OF_A_CLUSTER = (1.0, 0.2, 0.08)
"""Units with at least this share of the largest cluster are whole: hubs only, then ever smaller."""

SHARE_OF_TIME = 0.35
"""Share of the time left that one program may take."""

SHARES_OF_A_UNIT = (0.01, 0.1, 0.25, 0.5, 0.75, 0.95)
"""Units belong to a hub if at least this share of them does, when pieces are looked for."""

LEAST_BREACH = 0.02
"""A separator that is broken by less is not worth a row."""

NEAR_ENOUGH = 0.001
"""Share of its value by which a program in between may miss its best: the last is solved fully."""

MOST_ROUNDS = 40
"""Programs in fractions solved at most."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a problem before all of it is solved.

    Parameters
    ----------
    clusters
        Units of each cluster of the best legal plan; empty where there is none.
    bound
        No plan has a lower value in the first stage; None where nothing is known.
    """

    clusters: tuple[Cluster, ...]
    bound: int | None = None


def hubs_first(
    ground: Ground,
    how: How,
    start: Sequence[Cluster] = (),
    shares: Sequence[float] = SHARES_OF_A_CLUSTER,
) -> Known:
    """Bound the first stage with small units divisible, and find plans around the hubs found.

    Parameters
    ----------
    ground
        The problem in numbers.
    how
        How to solve, and until when.
    start
        A legal plan, or nothing.
    shares
        Units with at least this share of the largest cluster are whole, one program each.

    Returns
    -------
    The best legal plan and the bound.
    """
    scenario = ground.problem.scenario
    limits = Limits(scenario.count.min, scenario.count.max, scenario.size.max_exceptions)
    a = build_model(
        ground,
        range(len(ground.units)),
        limits,
        nearest_hubs=how.nearest_hubs,
        is_shaped=how.is_shaped,
    )
    # A plan that keeps the shape rule is in one piece without further ado: for plans to begin with.
    shaped = build_model(
        ground,
        range(len(ground.units)),
        limits,
        nearest_hubs=how.nearest_hubs,
        is_shaped=True,
    )
    stage = stage_names(ground)[0]
    shaped_objective = objective_of(shaped, stage)
    objective = objective_of(a, stage)
    best, bound = tuple(start), tighten(a, objective, _some(how))
    tried: set[frozenset[int]] = set()
    for share in shares:
        if how.is_over or (best and bound == value_of(ground, stage, best)):
            break
        relaxed = Highs(NEAR_ENOUGH).relax(
            a.model,
            objective,
            divisible=_small(a, share * scenario.size.max_pupils),
            seed=how.seed,
            time_limit_s=_some(how).left_s(),
        )
        bound = max(bound, relaxed.bound)
        if relaxed.values is None:
            break
        part_in_fractions(a, relaxed.values)
        chosen = frozenset(h for h in a.of_hub if relaxed.values[a.open(h)] > 0.5)  # noqa: PLR2004
        if chosen in tried:
            continue
        tried.add(chosen)
        found = around(shaped, shaped_objective, chosen, _some(how), best)
        if found and (not best or value_of(ground, stage, found) < value_of(ground, stage, best)):
            best = found
    return Known(best, bound)


def tighten(a: Assignment, objective: Objective, how: How) -> int:
    """Solve with all variables in fractions, part strays from hubs, solve again.

    Parameters
    ----------
    a
        The model; what parts strays from hubs is added to it.
    objective
        What is minimised.
    how
        How to solve, and until when.

    Returns
    -------
    No plan has a lower value.
    """
    every = frozenset(range(len(a.model.upper)))
    bound = min(0, objective.constant)
    for _ in range(MOST_ROUNDS):
        relaxed = Highs().relax(
            a.model, objective, divisible=every, seed=how.seed, time_limit_s=how.left_s()
        )
        bound = max(bound, relaxed.bound)
        if relaxed.values is None or not part_in_fractions(a, relaxed.values) or how.is_over:
            break
    return bound


def part_in_fractions(a: Assignment, values: Sequence[float]) -> int:
    """Add separators that a solution in fractions breaks.

    Units that belong to a hub to some share or more may be in several pieces; what parts a piece
    from the hub is a separator, whether broken or not is counted.

    Parameters
    ----------
    a
        The model.
    values
        A value for each variable.

    Returns
    -------
    How many were added.
    """
    added: set[tuple[int, int, frozenset[int]]] = set()
    for h, members in a.of_hub.items():
        home = a.ground.hubs[h].unit
        for share in SHARES_OF_A_UNIT:
            held = frozenset(i for i in members if values[a.x[i, h]] >= share)
            if not held - {home}:
                continue
            for piece in pieces(a.ground.neighbours, held):
                if home in piece:
                    continue
                parting = separator(a.ground.neighbours, piece, home, members)
                passing = sum(values[a.x[j, h]] for j in parting)
                unit = max(piece, key=lambda i, h=h: (values[a.x[i, h]], -i))  # type: ignore[misc]
                if values[a.x[unit, h]] > passing + LEAST_BREACH:
                    added.add((unit, h, parting))
    for unit, h, parting in sorted(added, key=lambda cut: (cut[0], cut[1], sorted(cut[2]))):
        part_a_stray(a, unit, h, parting)
    return len(added)


def _small(a: Assignment, most: float) -> frozenset[int]:
    """Give the variables of units with fewer pupils, but those that open a hub."""
    opening = set(map(a.open, a.of_hub))
    return frozenset(
        v for (i, _), v in a.x.items() if a.ground.pupils[i] < most and v not in opening
    )


def _some(how: How) -> How:
    left_s = how.left_s()
    return how if left_s is None else how.within(left_s * SHARE_OF_TIME)


def around(
    a: Assignment,
    objective: Objective,
    hubs: Collection[int],
    how: How,
    start: Sequence[Cluster] = (),
) -> tuple[Cluster, ...]:
    """Find the best plan around some hubs only.

    Parameters
    ----------
    a
        The model. Contiguity that was found wanting is added to it, and holds for all hubs.
    objective
        What is minimised.
    hubs
        Hubs that may be open.
    how
        How to solve, and until when.
    start
        A plan to begin with, or nothing.

    Returns
    -------
    Units of each cluster; nothing where no legal plan was found.
    """
    upper = list(a.model.upper)
    for (_, h), v in a.x.items():
        if h not in hubs:
            a.model.upper[v] = 0
    hint = {v: n for v, n in hint_of(a, start).items() if n <= a.model.upper[v]}
    search = Search([], hint=hint if start else {})
    solve_stage(a, objective, search, replace(how, engine=Highs(NEAR_ENOUGH)))
    # Variables that rows added meanwhile brought along keep their bounds.
    a.model.upper[: len(upper)] = upper
    return tuple(search.clusters)
