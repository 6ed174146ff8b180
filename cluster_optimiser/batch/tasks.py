"""What is handed to the processes that run scenarios, and what came of a scenario."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from cluster_optimiser.batch.shelf import text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cluster_optimiser.batch.ledger import Options
    from cluster_optimiser.domain import Score, Status, Violation
    from cluster_optimiser.prospects import Outlook, Survey
    from cluster_optimiser.scenario import Scenario

SUMMARY_KEYS = (
    "label",
    "title",
    "status",
    "objective",
    "bound",
    "gap",
    "seconds",
    "seed",
    "n_clusters",
    "n_exempt_clusters",
    "metrics",
    "violations",
    "exceptions",
    "stamp",
    "caveats",
)
"""What of a manifest is printed for a program that reads along."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A scenario to be run, and all that a process must know to run it."""

    scenario: Scenario
    out: Path  # the results folder, absolute
    parts: Mapping[str, Any]  # what the result depends on, from `parts_of`
    options: Options  # how it is to be run
    seed: int
    blocked: str = ""
    progress: Path | None = None  # file to write progress to; None where nobody looks


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What a process worked out of a plan, for the comparison not to work it out again."""

    score: Score  # as in `Result`
    violations: tuple[Violation, ...]  # as in `Result`
    objective: Mapping[str, float]  # as in `Result`
    outlook: Outlook | None  # as in `Result`
    survey: Survey | None  # as in `Result`


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    scenario: Scenario
    folder: Path  # folder of its results; not there where it failed
    record: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()  # why it was run; none where a finished run was used again
    failure: str = ""
    made: Made | None = None

    @property
    def status(self) -> Status:
        """Status of the plan, or INFEASIBLE or UNKNOWN where there is none."""
        return cast("Status", self.record.get("status", "UNKNOWN"))

    @property
    def message(self) -> str:
        """Why there is no plan; empty where there is one."""
        return self.failure or str(self.record.get("message", ""))

    @property
    def has_plan(self) -> bool:
        return bool(self.record) and "message" not in self.record

    def summary(self) -> dict[str, Any]:
        """Give what a program that reads along asks for first."""
        known = {"label": self.scenario.option, "title": self.scenario.title, **self.record}
        known = known if self.record else known | {"status": "FAILED"}
        found = {key: known.get(key) for key in SUMMARY_KEYS}
        return found if self.has_plan else found | {"message": self.message}


def read_outcome(
    scenario: Scenario, folder: Path, reasons: tuple[str, ...] = (), made: Made | None = None
) -> Outcome:
    record = json.loads(text(folder / "manifest.json"))
    return Outcome(scenario, folder, record, reasons, made=made)
