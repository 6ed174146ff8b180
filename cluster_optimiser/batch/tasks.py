"""What is handed to the processes that run scenarios, and what came of a scenario."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

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
    """A scenario to be run, and all that a process must know to run it.

    Parameters
    ----------
    scenario
        The scenario.
    out
        The results folder, absolute.
    parts
        What the result depends on, from `parts_of`.
    options
        How it is to be run.
    seed
        Its seed.
    blocked
        Why it cannot be run, such as a scenario without a plan that it builds on; empty if it can.
    progress
        File to write progress to; None where nobody looks.
    """

    scenario: Scenario
    out: Path
    parts: Mapping[str, Any]
    options: Options
    seed: int
    blocked: str = ""
    progress: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What a process worked out of a plan, for the comparison not to work it out again.

    Parameters
    ----------
    score, violations, objective, outlook, survey
        As in `Result`.
    """

    score: Score
    violations: tuple[Violation, ...]
    objective: Mapping[str, float]
    outlook: Outlook | None
    survey: Survey | None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of one scenario of a batch.

    Parameters
    ----------
    scenario
        The scenario.
    folder
        Folder of its results; not there where it failed.
    record
        What its manifest says; empty where it failed.
    reasons
        Why it was run; none where a finished run was used again.
    failure
        What went wrong with the running itself, such as a process that died; empty where nothing
        did.
    made
        What the process that ran it handed back; None where nothing is to be made of it.
    """

    scenario: Scenario
    folder: Path
    record: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
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
        """Whether there is a plan."""
        return bool(self.record) and "message" not in self.record

    def summary(self) -> dict[str, Any]:
        """Give what a program that reads along asks for first.

        Returns
        -------
        Keys of the manifest, and ``message`` where there is no plan; None where not known.
        """
        known = {"label": self.scenario.option, "title": self.scenario.title, **self.record}
        known = known if self.record else known | {"status": "FAILED"}
        found = {key: known.get(key) for key in SUMMARY_KEYS}
        return found if self.has_plan else found | {"message": self.message}


def read_outcome(
    scenario: Scenario,
    folder: Path,
    reasons: tuple[str, ...] = (),
    made: Made | None = None,
) -> Outcome:
    """Read what became of a scenario from its folder.

    Parameters
    ----------
    scenario, folder, reasons, made
        As in `Outcome`.

    Returns
    -------
    The outcome.
    """
    record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return Outcome(scenario, folder, record, reasons, made=made)
