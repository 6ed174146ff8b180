"""The runs of a batch as one table, where along a sweep the answer changes, and the plans it has.

Everything is said of what stands in the tables: whoever counts the rows again comes to the same.
"""

from __future__ import annotations

import csv
import io
import itertools
from typing import TYPE_CHECKING, Any

import pandas as pd

from cluster_optimiser.batch.refining import (
    is_settled,
    members_of,
    neighbours,
    plan_id,
    what_changes,
)
from cluster_optimiser.batch.shelf import has_parquet, text
from cluster_optimiser.present.tables import csv_text
from cluster_optimiser.scenario.sweep import CHANGED, in_words

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    from cluster_optimiser.batch.tasks import Outcome

RUNS, RUNS_PARQUET, CHANGES, PLANS = "runs.csv", "runs.parquet", "changes.csv", "plans.csv"
TABLE_FILES = (RUNS, RUNS_PARQUET, CHANGES, PLANS)

CHANGE_COLUMNS = (
    "sweep",
    "key",
    "held",
    "from_value",
    "to_value",
    "from_run",
    "to_run",
    "what",
    "is_proved_between",
    "is_same_plan",
    "from_status",
    "to_status",
    "from_clusters",
    "to_clusters",
    "moved_pupils",
    "moved_share",
)


def runs_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    keys = list(dict.fromkeys(key for outcome in outcomes for key in outcome.scenario.swept))
    keys = [key for key in keys if key not in {"seed", "authority"}]
    rows = []
    for outcome in outcomes:
        scenario, record = outcome.scenario, outcome.record
        row = {
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
            **_money(record),
        }
        rows.append(row)
    return pd.DataFrame(rows).convert_dtypes()


def _money(record: Mapping[str, Any]) -> dict[str, float]:
    """Give how far need and pounds are spread over clusters, of a run that shares out money."""
    even = (record.get("funding") or {}).get("evenness", {})
    return {f"{key}_share": even[key] for key in ("need_spread", "pounds_spread") if key in even}


def _cell(value: object) -> object:
    """Give a value that one column can hold: lists and tables as text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return in_words({"": value}).strip()


def changes_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Say for each two neighbouring values of a swept key what changes from one to the other."""
    rows = [_change(key, one, other) for key, one, other in neighbours(outcomes)]
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS)).convert_dtypes()


def _change(key: str, one: Outcome, other: Outcome) -> dict[str, Any]:
    held = in_words({k: v for k, v in one.scenario.swept.items() if k != key})
    moved = _moved_pupils(one, other)
    pupils = one.record.get("metrics", {}).get("pupils_all")
    return {
        "sweep": one.scenario.sweep,
        "key": key,
        "held": held,
        "from_value": in_words({"": one.scenario.swept[key]}).strip(),
        "to_value": in_words({"": other.scenario.swept[key]}).strip(),
        "from_run": one.scenario.option,
        "to_run": other.scenario.option,
        "what": what_changes(one, other),
        "is_proved_between": is_settled(one, other, key),
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
    for row in csv.DictReader(io.StringIO(text(one.folder / "clusters.csv"))):
        pupils[row["cluster"]] = int(row["pupils"])
    return sum(pupils[cluster] for cluster, urns in before.items() if urns not in after)


PLAN_COLUMNS = (
    "sweep",
    "name",
    "plan",
    "n_runs",
    "n_proved",
    "first_run",
    "n_clusters",
    "smallest_pupils",
    "largest_pupils",
    "mean_minutes",
    "max_minutes",
    "holds",
    "stops",
)


def plans_table(runs: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Put each different plan of a sweep into one row: where it is best, where it stops to be."""
    rows = []
    for sweep, part in runs[runs["sweep"].notna() & runs["plan"].notna()].groupby("sweep"):
        steps = changes[changes["sweep"] == sweep]
        for number, (plan, own) in enumerate(part.groupby("plan", sort=False)):
            labels = set(own["run"])
            first = own.iloc[0]
            leaves = steps[steps["from_run"].isin(labels) & steps["what"].isin(CHANGED)]
            enters = steps[steps["to_run"].isin(labels) & steps["what"].isin(CHANGED)]
            row = {
                **{column: first.get(column) for column in PLAN_COLUMNS},
                "sweep": sweep,
                "name": plan_name(number),
                "plan": plan,
                "n_runs": len(own),
                "n_proved": int((own["status"] == "OPTIMAL").sum()),
                "first_run": first["run"],
                "holds": "; ".join(_ranges(own, part, steps)),
                "stops": "; ".join(dict.fromkeys([*_edges(enters), *_edges(leaves)])),
            }
            rows.append(row)
    return pd.DataFrame(rows, columns=list(PLAN_COLUMNS)).convert_dtypes()


def plan_name(number: int) -> str:
    """Name plans by letters, as columns of a spreadsheet.

    >>> plan_name(0), plan_name(27)
    ('A', 'AB')
    """
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _ranges(own: pd.DataFrame, every: pd.DataFrame, steps: pd.DataFrame) -> list[str]:
    """Say between which values of the first swept key a plan holds, for each of the others."""
    key = next(iter(steps["key"]), None)
    if key is None or key not in every:
        return []
    others = [k for k in dict.fromkeys(steps["key"]) if k != key and k in every]
    held = every.groupby(others, dropna=False, sort=False) if others else [((), every)]
    said = []
    for values, group in held:
        ordered = in_order_of(group, key)
        is_own = ordered["run"].isin(own["run"]).tolist()
        shown = ordered[key].astype(str).tolist()
        beside = ", ".join(f"{k} {v}" for k, v in zip(others, values, strict=True))
        for has, run in itertools.groupby(range(len(shown)), key=is_own.__getitem__):
            places = list(run)
            ends = dict.fromkeys([shown[places[0]], shown[places[-1]]])
            if has:
                said.append(f"{key} {' to '.join(ends)}{f' ({beside})' if beside else ''}")
    return said


def in_order_of(runs: pd.DataFrame, key: str) -> pd.DataFrame:
    """Put runs into the order of a key's numbers; leave anything else as it is."""
    as_numbers = pd.to_numeric(runs[key], errors="coerce")
    return (
        runs if as_numbers.isna().any() else runs.loc[as_numbers.sort_values(kind="stable").index]
    )


def _edges(steps: pd.DataFrame) -> list[str]:
    return [
        f"{step['key']} {step['from_value']} -> {step['to_value']}"
        + (f" ({step['held']})" if step["held"] else "")
        for step in steps.to_dict("records")
    ]


def change_words(change: Mapping[Hashable, Any]) -> str:
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
    tables = {RUNS: runs, CHANGES: changes}
    if len(changes):
        tables[PLANS] = plans_table(runs, changes)
    for name, table in tables.items():
        (folder / name).write_text(csv_text(table), encoding="utf-8", newline="\n")
    if not has_parquet():
        return [*tables]
    runs.to_parquet(folder / RUNS_PARQUET, index=False)
    return [*tables, RUNS_PARQUET]
