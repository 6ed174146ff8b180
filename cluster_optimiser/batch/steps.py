"""The steps of a sweep: runs beside each other, and what becomes of the answer between them."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import itertools
from typing import TYPE_CHECKING

from cluster_optimiser.batch.shelf import text
from cluster_optimiser.scenario.sweep import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cluster_optimiser.batch.tasks import Outcome

PLAN_LENGTH = 12


def members_of(outcome: Outcome) -> dict[str, frozenset[str]]:
    """Give the schools of each cluster of a plan."""
    if not outcome.has_plan:
        return {}
    return _members(outcome.folder, str(outcome.record.get("stamp")))


@functools.lru_cache(maxsize=1_000)
def _members(folder: Path, stamp: str) -> dict[str, frozenset[str]]:
    """Read a plan, once for all the steps that it stands in; a stamp tells it from another."""
    del stamp
    found: dict[str, set[str]] = {}
    for row in csv.DictReader(io.StringIO(text(folder / "plan.csv"))):
        found.setdefault(row["cluster"], set()).add(row["urn"])
    return {cluster: frozenset(urns) for cluster, urns in found.items()}


def plan_id(outcome: Outcome) -> str | None:
    """Give the short hash of a plan's grouping of schools."""
    clusters = members_of(outcome)
    if not clusters:
        return None
    text = ";".join(sorted(",".join(sorted(urns)) for urns in clusters.values()))
    return hashlib.sha256(text.encode()).hexdigest()[:PLAN_LENGTH]


def neighbours(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, Outcome, Outcome]]:
    """Give each two runs with neighbouring values of one swept key, and all others alike."""
    sweeps: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        # Later versions are compared by the page; here the best plan of each run counts.
        if outcome.scenario.sweep and not outcome.scenario.earlier:
            sweeps.setdefault(outcome.scenario.sweep, []).append(outcome)
    for runs in sweeps.values():
        # Plans of two authorities have no school in common: there is nothing to compare.
        for key in [key for key in runs[0].scenario.swept if key != "authority"]:
            groups: dict[str, list[Outcome]] = {}
            for run in runs:
                others = {k: v for k, v in run.scenario.swept.items() if k != key}
                groups.setdefault(in_words(others), []).append(run)
            for group in groups.values():
                for one, other in itertools.pairwise(_ordered(group, key)):
                    yield key, one, other


def _ordered(runs: Sequence[Outcome], key: str) -> list[Outcome]:
    """Put numbers in their order; leave anything else in the order of the file."""
    values = [run.scenario.swept[key] for run in runs]
    if all(isinstance(value, (int, float)) for value in values):
        return sorted(runs, key=lambda run: run.scenario.swept[key])
    return list(runs)


def what_changes(one: Outcome, other: Outcome) -> str:
    """Say what becomes of the answer from one run to the next."""
    if any(run.failure or run.status == "UNKNOWN" for run in (one, other)):
        return "not known"
    if one.has_plan and other.has_plan:
        return "same" if plan_id(one) == plan_id(other) else "other plan"
    if one.has_plan or other.has_plan:
        return "plan lost" if one.has_plan else "plan found"
    return "no plan in both"
