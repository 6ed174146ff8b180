"""Scenarios run one after another; one without a plan is a result, not the end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster_optimiser.batch.gather import in_order
from cluster_optimiser.batch.one import Place, run_scenario, stamp
from cluster_optimiser.domain import Result, Unsolved
from cluster_optimiser.errors import (
    InfeasibleError,
    NoPlanFoundError,
)
from cluster_optimiser.scenario import (
    Scenario,
    authority_folder,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cluster_optimiser.domain import Status


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of one scenario of a batch.

    Parameters
    ----------
    scenario
        The scenario.
    result
        The result, or None where it has no plan.
    unsolved
        Why it has none, or None where it has one.
    """

    scenario: Scenario
    result: Result | None = None
    unsolved: Unsolved | None = None

    @property
    def status(self) -> Status:
        """Status of the plan, or INFEASIBLE or UNKNOWN where there is none."""
        if self.result is not None:
            return self.result.plan.solution.status
        return self.unsolved.status if self.unsolved is not None else "UNKNOWN"

    @property
    def message(self) -> str:
        """Why there is no plan; empty where there is one."""
        return self.unsolved.message if self.unsolved is not None else ""


def run_batch(
    scenarios: Sequence[Scenario],
    places: Mapping[Path, Place],
    *,
    seed: int = 0,
    time_limit_s: float | None = None,
    keep_going: bool = True,
    on_start: Callable[[Scenario], None] = lambda _: None,
    on_end: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Run scenarios one after another; an infeasible one is a result, not the end.

    Parameters
    ----------
    scenarios, places
        What `load_batch` gave.
    seed, time_limit_s
        As for `run_scenario`.
    keep_going
        Go on after a scenario without a plan.
    on_start, on_end
        Called before and after each.

    Returns
    -------
    An outcome for each scenario that was reached, in the order given.
    """
    outcomes: dict[str, Outcome] = {}
    for scenario in in_order(scenarios):
        on_start(scenario)
        outcome = _outcome(
            scenario,
            places[authority_folder(scenario)],
            outcomes.get(scenario.units_scenario or ""),
            [outcomes[label] for label in scenario.earlier],
            seed=seed,
            time_limit_s=time_limit_s,
        )
        outcomes[scenario.option] = outcome
        on_end(outcome)
        if outcome.result is None and not keep_going:
            break
    return [outcomes[s.option] for s in scenarios if s.option in outcomes]


def _outcome(
    scenario: Scenario,
    place: Place,
    parent: Outcome | None,
    before: Sequence[Outcome],
    *,
    seed: int,
    time_limit_s: float | None,
) -> Outcome:
    started = time.perf_counter()
    plan = parent.result.plan if parent and parent.result else None
    earlier = [outcome.result.plan for outcome in before if outcome.result]
    builds_on = [*filter(None, [plan]), *earlier]

    def without_plan(status: Status, message: str) -> Outcome:
        unsolved = Unsolved(
            scenario=scenario,
            authority=place.authority,
            status=status,
            message=message,
            seconds=time.perf_counter() - started,
            seed=seed,
            stamp=stamp(scenario, place.authority, seed, builds_on=builds_on),
        )
        return Outcome(scenario, unsolved=unsolved)

    if scenario.units_scenario and plan is None:
        message = f'not run: scenario "{scenario.units_scenario}", its units, has no plan'
        return without_plan("UNKNOWN", message)
    if len(earlier) < len(before):
        return without_plan("UNKNOWN", "not run: an earlier version has no plan")
    try:
        result = run_scenario(
            scenario,
            place=place,
            parent=plan,
            earlier=earlier,
            seed=seed,
            time_limit_s=time_limit_s,
        )
    except InfeasibleError as error:
        return without_plan("INFEASIBLE", str(error))
    except NoPlanFoundError as error:
        return without_plan("UNKNOWN", str(error))
    return Outcome(scenario, result)
