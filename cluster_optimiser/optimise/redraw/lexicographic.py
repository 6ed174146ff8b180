"""One part of the map solved: each stage minimised, contiguity added as needed, then held."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cluster_optimiser.optimise.redraw.linear import Objective
from cluster_optimiser.optimise.redraw.model import (
    Limits,
    build_model,
    forbid,
    part_a_stray,
    starting_values,
)
from cluster_optimiser.optimise.redraw.separators import is_legal, pieces, strays
from cluster_optimiser.optimise.redraw.terms import objective_of, stage_names, value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Status
    from cluster_optimiser.optimise.redraw.engines import Engine
    from cluster_optimiser.optimise.redraw.model import Assignment
    from cluster_optimiser.optimise.redraw.pairs import Cluster, Ground


@dataclass(frozen=True, slots=True)
class How:
    """How to solve.

    Parameters
    ----------
    engine
        The solver.
    nearest_hubs
        A unit may join one of so many nearest hubs; None for all within the travel limit.
    is_shaped
        Keep the shape rule "towards the hub".
    seed
        Fixes the search.
    deadline
        Value of the monotonic clock at which to stop; None for never.
    """

    engine: Engine
    nearest_hubs: int | None
    is_shaped: bool = False
    seed: int = 0
    deadline: float | None = None

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

    @property
    def is_over(self) -> bool:
        """Whether the time has run out."""
        return self.deadline is not None and time.monotonic() >= self.deadline


@dataclass(frozen=True, slots=True)
class PartStage:
    """What is known of one stage of one part.

    Parameters
    ----------
    status
        OPTIMAL or FEASIBLE.
    value, bound
        Integers of the stage's scale.
    effort
        The engine's measure of effort.
    """

    status: Status
    value: int
    bound: int
    effort: float


@dataclass(frozen=True, slots=True)
class PartPlan:
    """The plan of one part of the map.

    Parameters
    ----------
    status
        OPTIMAL, FEASIBLE, INFEASIBLE or UNKNOWN.
    clusters
        Units of each cluster; empty where there is none.
    stages
        The stages that were solved.
    n_pairs, n_cuts, n_rounds
        Size of the model, separators added, programs solved.
    """

    status: Status
    clusters: tuple[Cluster, ...] = ()
    stages: tuple[PartStage, ...] = ()
    n_pairs: int = 0
    n_cuts: int = 0
    n_rounds: int = 0


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
    """

    clusters: list[Cluster]
    bound: int | None = None
    value: int = 0
    n_cuts: int = 0
    n_rounds: int = 0
    effort: float = 0.0
    hint: dict[int, int] = field(default_factory=dict)

    def begin(self) -> None:
        """Begin a stage: what is added to the model and the best plan stay."""
        self.bound, self.effort = None, 0.0


def _add_cuts(a: Assignment, found: Sequence[tuple[int | None, Cluster]], how: How) -> int:
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


def solve_stage(a: Assignment, objective: Objective, search: Search, how: How) -> Status:
    """Solve, part strays from hubs, solve again: until connected, proved or out of time.

    Parameters
    ----------
    a
        The model; what parts strays from hubs is added to it.
    objective
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
        added = _add_cuts(a, found, how)
        search.n_cuts += added
        if not added:
            search.clusters = [cluster for _, cluster in found]
            search.value = objective.value(outcome.values)
            search.hint = {v: outcome.values[v] for v in [*a.x.values(), *a.stands.values()]}
            return outcome.status
        if how.is_over:
            return "FEASIBLE" if search.clusters else "UNKNOWN"


def solve_part(
    ground: Ground,
    units: Sequence[int],
    limits: Limits,
    how: How,
    *,
    start: Sequence[Cluster] = (),
    known_bound: int | None = None,
) -> PartPlan:
    """Find the best plan of one part of the map, stage after stage.

    Where the number of clusters comes first it is tried out from the fewest on: with a fixed number
    the rest is proved quickly, while the number itself has a weak relaxation.

    Parameters
    ----------
    ground
        The problem in numbers.
    units
        Units of the part.
    limits
        Clusters and exceptions it may have.
    how
        How to solve.
    start
        A legal plan of the part to begin with, or nothing.
    known_bound
        No plan of the part has a lower value in the first stage, unless that is the count.

    Returns
    -------
    The plan.
    """
    names = stage_names(ground)
    most = limits.most if limits.most is not None else len(units)
    if names[0] != "count" or limits.fewest == most:
        return _solve_stages(ground, units, limits, how, start, known_bound)
    for n_clusters in range(limits.fewest, most + 1):
        fixed = Limits(n_clusters, n_clusters, limits.exceptions)
        plan = _solve_stages(ground, units, fixed, how, start)
        if plan.status == "UNKNOWN" and start:
            # Not known whether so few would do: what is at hand, and how few it might be.
            known = PartStage("FEASIBLE", len(start), n_clusters, 0.0)
            return PartPlan("FEASIBLE", tuple(start), (known,), plan.n_pairs)
        if plan.status != "INFEASIBLE":
            return plan
    return PartPlan("INFEASIBLE")


def _solve_stages(
    ground: Ground,
    units: Sequence[int],
    limits: Limits,
    how: How,
    start: Sequence[Cluster],
    known_bound: int | None = None,
) -> PartPlan:
    a = build_model(ground, units, limits, nearest_hubs=how.nearest_hubs, is_shaped=how.is_shaped)
    fits = limits.fewest <= len(start) <= (limits.most or len(start))
    search = Search(list(start) if fits else [], hint=hint_of(a, start) if start else {})
    stages: list[PartStage] = []
    status: Status = "OPTIMAL"
    for name in stage_names(ground):
        if name == "count" and limits.fewest == limits.most:
            stages.append(PartStage("OPTIMAL", limits.fewest, limits.fewest, 0.0))
            continue
        objective = objective_of(a, name)
        search.begin()
        search.bound = None if stages else known_bound
        status = solve_stage(a, objective, search, how)
        if status in {"INFEASIBLE", "UNKNOWN"}:
            return PartPlan(status, (), (), len(a.x), search.n_cuts, search.n_rounds)
        value = value_of(ground, name, search.clusters)
        # A plan found before the model may be better than all that the model's pairs can form.
        bound = (
            value
            if status == "OPTIMAL"
            else min(0 if search.bound is None else search.bound, value)
        )
        stages.append(PartStage(status, value, bound, search.effort))
        if status != "OPTIMAL":
            break
        a.model.row(objective.terms, high=search.value - objective.constant)
    if not search.clusters:
        return _any_plan(a, search, how, tuple(stages))
    return PartPlan(
        status, tuple(search.clusters), tuple(stages), len(a.x), search.n_cuts, search.n_rounds
    )


def _any_plan(a: Assignment, search: Search, how: How, stages: tuple[PartStage, ...]) -> PartPlan:
    """Find any plan, where the number of clusters was all that was asked for and is fixed."""
    status = solve_stage(a, Objective(()), search, how)
    return PartPlan(
        status,
        tuple(search.clusters),
        stages if search.clusters else (),
        len(a.x),
        search.n_cuts,
        search.n_rounds,
    )


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
