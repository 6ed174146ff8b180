"""One stage of one part of the map: solved, strays parted from their hub, solved again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cluster_optimiser.deadline import is_over
from cluster_optimiser.optimise.redraw.engines import Ask, Engine, Highs
from cluster_optimiser.optimise.redraw.model import (
    Assignment,
    forbid,
    meet_at_the_best,
    part_a_stray,
    starting_values,
)
from cluster_optimiser.optimise.redraw.separators import is_legal, pieces, strays
from cluster_optimiser.optimise.redraw.telling import Tell, tell_nobody
from cluster_optimiser.optimise.redraw.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cluster_optimiser.domain import Status
    from cluster_optimiser.optimise.redraw.linear import LinearObjective
    from cluster_optimiser.optimise.redraw.pairs import Cluster

FEW = 60
"""Units of a part that a solver proves within a second without further ado."""

NEAR_ENOUGH = 0.05
"""Share by which a plan may miss the most compact where any plan will do."""


@dataclass(frozen=True, slots=True)
class How:
    engine: Engine
    nearest_hubs: int | None = None
    engine_of_many: Engine = field(default_factory=Highs)  # the solver of parts of many units
    is_shaped: bool = False  # keep the shape rule "towards the hub"
    seed: int = 0  # fixes the search
    deadline: float | None = None  # value of the monotonic clock at which to stop; None for never
    few: int = FEW
    tell: Tell = tell_nobody

    def engine_for(self, n_units: int) -> Engine:
        return self.engine if n_units <= self.few else self.engine_of_many

    def left_s(self) -> float | None:
        """Give the seconds that are left; None for any number."""
        if self.is_over:
            return 0.0
        return None if self.deadline is None else self.deadline - time.monotonic()

    def within(self, seconds: float) -> How:
        soon = time.monotonic() + seconds
        return replace(self, deadline=soon if self.deadline is None else min(soon, self.deadline))

    def with_share(self, share: float) -> How:
        """Give the same with a share of the time that is left."""
        left_s = self.left_s()
        return self if left_s is None else self.within(left_s * share)

    @property
    def is_over(self) -> bool:
        return is_over() or (self.deadline is not None and time.monotonic() >= self.deadline)


@dataclass(slots=True)
class Search:
    """The best legal plan of a stage so far, and what was added to the model."""

    clusters: list[Cluster]  # units of each cluster of the plan; empty where there is none
    bound: int | None = None  # no plan has a lower value; None where nothing is known
    value: int = 0  # of the plan, in the model
    n_cuts: int = 0  # separators added, programs solved, and what that took
    n_rounds: int = 0  # separators added, programs solved, and what that took
    effort: float = 0.0  # separators added, programs solved, and what that took
    hint: dict[int, int] = field(default_factory=dict)  # variable -> value to begin with
    held: dict[str, int] = field(default_factory=dict)  # stage -> value that it may have at most
    n_exceptions: int = 0  # clusters that may be under the minimum

    def begin(self) -> None:
        """Begin a stage: what is added to the model and the best plan stay."""
        self.bound, self.effort = None, 0.0


def add_cuts(a: Assignment, found: Sequence[tuple[int | None, Cluster]], how: How) -> int:
    """Add rows that the clusters of a solution break."""
    n_cuts = 0
    for hub, cluster in found:
        if hub is None:
            continue
        if len(pieces(a.ground.neighbours, cluster)) > 1:
            for unit, parting in strays(a.ground, hub, cluster, a.of_hub[hub]):
                part_a_stray(a, unit, hub, parting)
                n_cuts += 1
            continue
        meeting = a.ground.meeting(cluster)
        if a.must_meet and meeting is not None and meeting.number != hub:
            meet_at_the_best(a, hub, meeting.number)
            n_cuts += 1
        elif not is_legal(a.ground, cluster, is_shaped=how.is_shaped):
            forbid(a, cluster)
            n_cuts += 1
    return n_cuts


def solve_stage(
    a: Assignment, stage: str, objective: LinearObjective, search: Search, how: How
) -> Status:
    """Solve, part strays from hubs, solve again: until connected, proved or out of time."""
    while True:
        outcome = how.engine.solve(a.model, objective, Ask(search.hint, how.seed, how.left_s()))
        search.n_rounds += 1
        search.effort += outcome.effort
        if outcome.status == "INFEASIBLE":
            return "INFEASIBLE"
        # Every program leaves out some of the rules, so what bounds it bounds the plan.
        search.bound = outcome.bound if search.bound is None else max(outcome.bound, search.bound)
        how.tell(stage, search.clusters, search.bound)
        if outcome.values is None:
            return "FEASIBLE" if search.clusters else "UNKNOWN"
        found = a.clusters(outcome.values)
        added = add_cuts(a, found, how)
        search.n_cuts += added
        if not added:
            clusters = [cluster for _, cluster in found]
            if search.clusters:
                known = value_of(a.ground, stage, search.clusters)
                if known < value_of(a.ground, stage, clusters):
                    # Stopped before it had come to the plan it was given.
                    search.value = known
                    return "FEASIBLE"
            search.clusters = clusters
            search.value = objective.value(outcome.values)
            search.hint = {v: outcome.values[v] for v in [*a.x.values(), *a.stands.values()]}
            how.tell(stage, clusters, search.bound)
            return outcome.status
        if how.is_over:
            return "FEASIBLE" if search.clusters else "UNKNOWN"
        _join_around(a, objective, search, how, {h for h, _ in found if h is not None})


def solve_largest(
    a: Assignment,
    stage: str,
    ways: Mapping[int, int],
    compact: LinearObjective,
    search: Search,
    how: How,
) -> Status:
    """Find the least bound on the ways of pairs (variable -> way) that leaves a plan, by bisection.

    With the longest way alone to be made small clusters come in many pieces: so each program is
    solved for what is compact, without the pairs over the bound.
    """
    # A plan at hand may meet where the model, of the nearest hubs, has no pair.
    at_hand = {value_of(a.ground, stage, search.clusters)} if search.clusters else set()
    known = sorted({0, *ways.values()} | at_hand)
    engine = how.engine_for(len(a.units))
    low, high = 0, known.index(*at_hand) if at_hand else len(known)
    while low < high:
        bound = known[(low + high) // 2]
        small, kept = a.model.without({v for v, way in ways.items() if way > bound})
        outcome = engine.solve(
            small, compact.within(kept), Ask({}, how.seed, how.left_s(), NEAR_ENOUGH)
        )
        search.n_rounds += 1
        search.effort += outcome.effort
        if outcome.status == "INFEASIBLE":
            low = known.index(bound) + 1
            search.bound = known[low] if low < len(known) else None
            how.tell(stage, search.clusters, search.bound)
        elif outcome.values is None or how.is_over:
            return "FEASIBLE" if search.clusters else "UNKNOWN"
        else:
            at = dict(zip(kept, outcome.values, strict=True))
            found = a.clusters([at.get(v, 0) for v in range(len(a.model.upper))])
            n_cuts = add_cuts(a, found, how)
            search.n_cuts += n_cuts
            if not n_cuts:
                search.clusters = [cluster for _, cluster in found]
                high = known.index(value_of(a.ground, stage, search.clusters))
                how.tell(stage, search.clusters, search.bound)
    if not search.clusters:
        return "INFEASIBLE"
    search.value = search.bound = known[high]
    search.hint = hint_of(a, search.clusters)
    return "OPTIMAL"


def _join_around(
    a: Assignment, objective: LinearObjective, search: Search, how: How, hubs: Collection[int]
) -> None:
    """Solve around the hubs of a solution alone until each cluster is in one piece.

    That takes a tenth of the time; what it adds holds for all hubs, and its plan is a good start.
    """
    dropped = {v for (_, h), v in a.x.items() if h not in hubs}
    while not how.is_over:
        small, kept = a.model.without(dropped)
        outcome = how.engine.solve(small, objective.within(kept), Ask({}, how.seed, how.left_s()))
        search.n_rounds += 1
        search.effort += outcome.effort
        if outcome.values is None:
            return
        values = dict(zip(kept, outcome.values, strict=True))
        n_cuts = add_cuts(a, a.clusters([values.get(v, 0) for v in range(len(a.model.upper))]), how)
        search.n_cuts += n_cuts
        if not n_cuts:
            search.hint = {v: values.get(v, 0) for v in [*a.x.values(), *a.stands.values()]}
            return


def hint_of(a: Assignment, clusters: Sequence[Cluster]) -> dict[int, int]:
    """Give the values of the assignment that a plan has, to begin with."""
    hub_of: dict[int, int] = {}
    stands = []
    for cluster in clusters:
        meeting = a.ground.meeting(cluster)
        if cluster in a.stands:
            stands.append(cluster)
        elif meeting is not None:
            hubs = (h for h in (meeting.number, *a.of_hub) if all((i, h) in a.x for i in cluster))
            hub_of |= dict.fromkeys(cluster, next(hubs, meeting.number))
    return starting_values(a, hub_of, stands)
