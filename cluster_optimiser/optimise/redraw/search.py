"""One stage of one part of the map: solved, strays parted from their hub, solved again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.redraw.engines import Highs
from cluster_optimiser.optimise.redraw.model import forbid, part_a_stray, starting_values
from cluster_optimiser.optimise.redraw.separators import is_legal, pieces, strays
from cluster_optimiser.optimise.redraw.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Status
    from cluster_optimiser.optimise.redraw.engines import Engine
    from cluster_optimiser.optimise.redraw.linear import Objective
    from cluster_optimiser.optimise.redraw.model import Assignment
    from cluster_optimiser.optimise.redraw.pairs import Cluster


FEW = 125
"""Units of a map that a solver proves within seconds without further ado."""


@dataclass(frozen=True, slots=True)
class How:
    """How to solve.

    Parameters
    ----------
    engine
        The solver.
    nearest_hubs
        A unit may join one of so many nearest hubs; None for all within the travel limit.
    engine_of_many
        The solver of parts of many units.
    is_shaped
        Keep the shape rule "towards the hub".
    seed
        Fixes the search.
    deadline
        Value of the monotonic clock at which to stop; None for never.
    few
        Up to so many units a part is solved as it is, above that bounded in fractions first.
    """

    engine: Engine
    nearest_hubs: int | None = None
    engine_of_many: Engine = field(default_factory=Highs)
    is_shaped: bool = False
    seed: int = 0
    deadline: float | None = None
    few: int = FEW

    def left_s(self) -> float | None:
        """Give the seconds that are left; None for any number."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def within(self, seconds: float) -> How:
        """Give the same with a nearer deadline.

        Parameters
        ----------
        seconds
            Seconds from now at most.

        Returns
        -------
        The same, over sooner.
        """
        soon = time.monotonic() + seconds
        return replace(self, deadline=soon if self.deadline is None else min(soon, self.deadline))

    def with_share(self, share: float) -> How:
        """Give the same with a share of the time that is left.

        Parameters
        ----------
        share
            From 0 to 1.

        Returns
        -------
        The same, over sooner where there is a time limit.
        """
        left_s = self.left_s()
        return self if left_s is None else self.within(left_s * share)

    @property
    def is_over(self) -> bool:
        """Whether the time has run out."""
        return self.deadline is not None and time.monotonic() >= self.deadline


@dataclass(slots=True)
class Search:
    """The best legal plan of a stage so far, and what was added to the model.

    Parameters
    ----------
    clusters
        Units of each cluster of the plan; empty where there is none.
    bound
        No plan has a lower value; None where nothing is known.
    value
        Of the plan, in the model.
    n_cuts, n_rounds, effort
        Separators added, programs solved, and what that took.
    hint
        Variable -> value to begin with.
    held
        Stage -> value that it may have at most.
    n_exceptions
        Clusters that may be under the minimum.
    """

    clusters: list[Cluster]
    bound: int | None = None
    value: int = 0
    n_cuts: int = 0
    n_rounds: int = 0
    effort: float = 0.0
    hint: dict[int, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    n_exceptions: int = 0

    def begin(self) -> None:
        """Begin a stage: what is added to the model and the best plan stay."""
        self.bound, self.effort = None, 0.0


def add_cuts(a: Assignment, found: Sequence[tuple[int | None, Cluster]], how: How) -> int:
    """Add rows that the clusters of a solution break.

    Parameters
    ----------
    a
        The model.
    found
        Hub and units of each cluster.
    how
        Whether the shape rule is to be kept.

    Returns
    -------
    How many were added; none where the clusters are legal.
    """
    n_cuts = 0
    for hub, cluster in found:
        if hub is None:
            continue
        if len(pieces(a.ground.neighbours, cluster)) > 1:
            for unit, parting in strays(a.ground, hub, cluster, a.of_hub[hub]):
                part_a_stray(a, unit, hub, parting)
                n_cuts += 1
        elif not is_legal(a.ground, cluster, is_shaped=how.is_shaped):
            forbid(a, cluster)
            n_cuts += 1
    return n_cuts


def solve_stage(
    a: Assignment, stage: str, objective: Objective, search: Search, how: How
) -> Status:
    """Solve, part strays from hubs, solve again: until connected, proved or out of time.

    Parameters
    ----------
    a
        The model; what parts strays from hubs is added to it.
    stage, objective
        What is minimised.
    search
        What is known; changed in place.
    how
        How to solve.

    Returns
    -------
    The status.
    """
    while True:
        outcome = how.engine.solve(
            a.model, objective, hint=search.hint, seed=how.seed, time_limit_s=how.left_s()
        )
        search.n_rounds += 1
        search.effort += outcome.effort
        if outcome.status == "INFEASIBLE":
            return "INFEASIBLE"
        # Every program leaves out some of the rules, so what bounds it bounds the plan.
        search.bound = outcome.bound if search.bound is None else max(outcome.bound, search.bound)
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
            return outcome.status
        if how.is_over:
            return "FEASIBLE" if search.clusters else "UNKNOWN"


def hint_of(a: Assignment, clusters: Sequence[Cluster]) -> dict[int, int]:
    """Give the values of the assignment that a plan has, to begin with.

    Parameters
    ----------
    a
        The model.
    clusters
        Units of each cluster.

    Returns
    -------
    Variable -> value.
    """
    hub_of: dict[int, int] = {}
    stands = []
    for cluster in clusters:
        meeting = a.ground.meeting(cluster)
        if cluster in a.stands:
            stands.append(cluster)
        elif meeting is not None:
            hub_of |= dict.fromkeys(cluster, meeting[0])
    return starting_values(a, hub_of, stands)
