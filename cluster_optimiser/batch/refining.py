"""Where between two values of a sweep the answer changes: by more runs, and by proof.

Most keys of a size or a limit only tighten: the legal plans of one value are among those of the
next. What is best at two values of such a key is best at every value between them, as long as what
is best does not depend on the key; and where the looser of two has no plan, none between has. So a
bisection of the steps at which the answer changes finds every change, and for a key in whole
numbers the exact one.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import itertools
from typing import TYPE_CHECKING, Any

from cluster_optimiser.batch.shelf import text
from cluster_optimiser.rules import bounding, is_tightening
from cluster_optimiser.scenario.sweep import CHANGED, in_words, labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from cluster_optimiser.batch.tasks import Outcome
    from cluster_optimiser.scenario import Scenario


def is_settled(one: Outcome, other: Outcome, key: str) -> bool:
    """Tell whether the answer at every value between those of two runs is proved by theirs."""
    ends = [run.scenario.swept[key] for run in (one, other)]
    is_whole = all(type(run.scenario.at(key)) is int for run in (one, other))
    if is_whole and abs(ends[1] - ends[0]) <= 1:
        return {one.status, other.status} <= {"OPTIMAL", "INFEASIBLE"}
    if not _is_nested(one.scenario, key):
        return False
    if {one.status, other.status} == {"INFEASIBLE"}:
        return True
    return {one.status, other.status} == {"OPTIMAL"} and plan_id(one) == plan_id(other)


def _is_nested(scenario: Scenario, key: str) -> bool:
    if not is_tightening(key) or scenario.earlier:
        return False
    depends = {key for row in scenario.objective.rows for key in row.depends}
    # A target that is not stated is the middle of the range.
    if scenario.size.target_pupils is None and "size.target_pupils" in depends:
        depends |= {rule.keys[0] for rule, _ in bounding("pupils")}
    return key not in depends


def more_runs(outcomes: Sequence[Outcome]) -> list[Scenario]:
    """Give the runs that halve each step at which the answer changes and that is still too wide."""
    made: dict[str, Scenario] = {}
    for key, one, other in neighbours(outcomes):
        step = one.scenario.refine.get(key)
        if step is None or what_changes(one, other) not in CHANGED:
            continue
        middle = _between(one.scenario.swept[key], other.scenario.swept[key], step)
        if middle is not None:
            scenario = with_value(one.scenario, key, middle)
            made[scenario.option] = scenario
    known = {outcome.scenario.option for outcome in outcomes}
    return [scenario for label, scenario in made.items() if label not in known]


def with_more_runs(
    outcomes: list[Outcome], run: Callable[[list[Scenario], int], list[Outcome]]
) -> list[Outcome]:
    """Run what is asked for between the values of sweeps, and put it behind, by its labels."""
    more: list[Outcome] = []
    while asked := more_runs([*outcomes, *more]):
        more += run(asked, len(outcomes) + len(more))
    return [*outcomes, *sorted(more, key=lambda one: one.scenario.option)]


def _between(low: Any, high: Any, step: float) -> Any:  # noqa: ANN401 - a value of any key
    if high - low <= step * (1 + 1e-9):
        return None
    if isinstance(low, int) and isinstance(high, int):
        return (low + high) // 2 if high - low > 1 else None
    return round((low + high) / 2, 9)


def with_value(scenario: Scenario, key: str, value: object) -> Scenario:
    """Give the run of a sweep that has another value of a key."""
    values = {**scenario.swept, key: value}
    (label,) = labels(scenario.sweep, [values])
    title = scenario.title.removesuffix(in_words(scenario.swept)) + in_words(values)
    made = scenario.with_({key: value, "option": label, "title": title})
    made._seed, made._swept = scenario.seed, values  # noqa: SLF001 - as the reader sets them
    made._sweep, made._refine = scenario.sweep, scenario.refine  # noqa: SLF001
    return made


PLAN_LENGTH = 12


def members_of(outcome: Outcome) -> dict[str, frozenset[str]]:
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
