"""The runs of a batch as one table, and where along a sweep the answer changes."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import itertools
from typing import TYPE_CHECKING, Any

import pandas as pd

from cluster_optimiser.present.tables import csv_text
from cluster_optimiser.scenario.sweep import in_words

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    from cluster_optimiser.batch.tasks import Outcome

RUNS, RUNS_PARQUET, CHANGES = "runs.csv", "runs.parquet", "changes.csv"
TABLE_FILES = (RUNS, RUNS_PARQUET, CHANGES)

CHANGE_COLUMNS = (
    "sweep",
    "key",
    "held",
    "from_value",
    "to_value",
    "from_run",
    "to_run",
    "is_same_plan",
    "from_status",
    "to_status",
    "from_clusters",
    "to_clusters",
    "moved_pupils",
    "moved_share",
)
"""Columns of ``changes.csv``."""

PLAN_LENGTH = 12


def runs_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Put every run into one table."""
    keys = list(dict.fromkeys(key for outcome in outcomes for key in outcome.scenario.swept))
    keys = [key for key in keys if key not in {"seed", "authority"}]
    rows = []
    for outcome in outcomes:
        scenario, record = outcome.scenario, outcome.record
        rows.append(
            {
                "run": scenario.option,
                "sweep": scenario.sweep,
                "title": scenario.title,
                "authority": scenario.authority,
                "seed": record.get("seed"),
                "status": "FAILED" if outcome.failure else outcome.status,
                "gap": record.get("gap"),
                **{key: _cell(scenario.swept.get(key)) for key in keys},
                "plan": plan_id(outcome),
                "message": outcome.message,
                **record.get("metrics", {}),
            }
        )
    return pd.DataFrame(rows).convert_dtypes()


def _cell(value: object) -> object:
    """Give a value that one column can hold: lists and tables as text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return in_words({"": value}).strip()


def members_of(outcome: Outcome) -> dict[str, frozenset[str]]:
    """Give the schools of each cluster of a plan."""
    if not outcome.has_plan:
        return {}
    found: dict[str, set[str]] = {}
    with (outcome.folder / "plan.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["cluster"], set()).add(row["urn"])
    return {cluster: frozenset(urns) for cluster, urns in found.items()}


def plan_id(outcome: Outcome) -> str | None:
    """Give the short hash of a plan's grouping of schools."""
    clusters = members_of(outcome)
    if not clusters:
        return None
    text = ";".join(sorted(",".join(sorted(urns)) for urns in clusters.values()))
    return hashlib.sha256(text.encode()).hexdigest()[:PLAN_LENGTH]


def changes_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Say for each two neighbouring values of a swept key what changes from one to the other."""
    sweeps: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        # Later versions are compared by the page; here the best plan of each run counts.
        if outcome.scenario.sweep and not outcome.scenario.earlier:
            sweeps.setdefault(outcome.scenario.sweep, []).append(outcome)
    rows = [row for name, runs in sweeps.items() for row in _changes(name, runs)]
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS)).convert_dtypes()


def _changes(name: str, runs: Sequence[Outcome]) -> list[dict[str, Any]]:
    rows = []
    # Plans of two authorities have no school in common: there is nothing to compare.
    for key in [key for key in runs[0].scenario.swept if key != "authority"]:
        groups: dict[str, list[Outcome]] = {}
        for run in runs:
            others = {k: v for k, v in run.scenario.swept.items() if k != key}
            groups.setdefault(in_words(others), []).append(run)
        for held, group in groups.items():
            ordered = _ordered(group, key)
            rows += [
                _change(name, key, held, one, other) for one, other in itertools.pairwise(ordered)
            ]
    return rows


def _ordered(runs: Sequence[Outcome], key: str) -> list[Outcome]:
    """Put numbers in their order; leave anything else in the order of the file."""
    values = [run.scenario.swept[key] for run in runs]
    if all(isinstance(value, (int, float)) for value in values):
        return sorted(runs, key=lambda run: run.scenario.swept[key])
    return list(runs)


def _change(name: str, key: str, held: str, one: Outcome, other: Outcome) -> dict[str, Any]:
    moved = _moved_pupils(one, other)
    pupils = one.record.get("metrics", {}).get("pupils_all")
    return {
        "sweep": name,
        "key": key,
        "held": held,
        "from_value": in_words({"": one.scenario.swept[key]}).strip(),
        "to_value": in_words({"": other.scenario.swept[key]}).strip(),
        "from_run": one.scenario.option,
        "to_run": other.scenario.option,
        "is_same_plan": None if moved is None else moved == 0 and plan_id(one) == plan_id(other),
        "from_status": one.status,
        "to_status": other.status,
        "from_clusters": one.record.get("n_clusters"),
        "to_clusters": other.record.get("n_clusters"),
        "moved_pupils": moved,
        "moved_share": moved / pupils if moved is not None and pupils else None,
    }


def _moved_pupils(one: Outcome, other: Outcome) -> int | None:
    """Count the pupils whose cluster has other schools; None where a plan is missing."""
    if not one.has_plan or not other.has_plan:
        return None
    before, after = members_of(one), set(members_of(other).values())
    pupils: dict[str, int] = {}
    with (one.folder / "clusters.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pupils[row["cluster"]] = int(row["pupils"])
    return sum(pupils[cluster] for cluster, urns in before.items() if urns not in after)


def has_parquet() -> bool:
    """Tell whether Parquet can be written: it needs an extra package."""
    return importlib.util.find_spec("pyarrow") is not None


def change_words(change: Mapping[Hashable, Any]) -> str:
    """Say in one line where the answer changes."""
    held = f" ({change['held']})" if change["held"] else ""
    step = (
        f"{change['sweep']}: {change['key']} {change['from_value']} -> {change['to_value']}{held}"
    )
    if pd.isna(change["moved_pupils"]):
        return f"{step}: {change['from_status']} -> {change['to_status']}"
    clusters = f"{change['from_clusters']} -> {change['to_clusters']} clusters"
    share = "" if pd.isna(change["moved_share"]) else f" ({change['moved_share']:.1%})"
    return f"{step}: {clusters}, {change['moved_pupils']:,} pupils{share} with other schools"


def write_tables(outcomes: Sequence[Outcome], folder: Path) -> list[str]:
    """Write the table of runs and what changes along the sweeps."""
    runs, changes = runs_table(outcomes), changes_table(outcomes)
    (folder / RUNS).write_text(csv_text(runs), encoding="utf-8", newline="\n")
    (folder / CHANGES).write_text(csv_text(changes), encoding="utf-8", newline="\n")
    if not has_parquet():
        return [RUNS, CHANGES]
    runs.to_parquet(folder / RUNS_PARQUET, index=False)
    return [RUNS, CHANGES, RUNS_PARQUET]
