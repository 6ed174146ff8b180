"""The universe of legal plans as tables for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.present.records import plain
from cluster_optimiser.present.tables import csv_text
from cluster_optimiser.terms import term_scale
from cluster_optimiser.words import is_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cluster_optimiser.optimise.candidates import CandidateGroup
    from cluster_optimiser.optimise.universe.all_plans import PickedPlan, Universe

_QUANTILES = ("p05", "p25", "p50", "p75", "p95")
_BOUNDED = (*_QUANTILES, "n_better", "n_worse")
"""Columns that have columns ``_least`` and ``_most`` beside them: proved bounds."""

VALUE_COLUMNS = (
    *("value", "minimum", *_QUANTILES, "maximum", "mean"),
    *(f"{name}_{bound}" for name in _QUANTILES for bound in ("least", "most")),
)
"""Columns of integers that are shown in the metric's own unit."""


def plans_table(plans: Sequence[PickedPlan], groups: Sequence[CandidateGroup]) -> pd.DataFrame:
    rows = [
        {
            **{metric: value / term_scale(metric) for metric, value in plan.costs.items()},
            "clusters": "; ".join("+".join(groups[i].units) for i in plan.groups),
        }
        for plan in plans
    ]
    table = pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="number"))
    whole = [name for name in table.columns if name != "clusters" and term_scale(name) == 1]
    return table.astype(dict.fromkeys(whole, "int64"))


def in_own_units(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table of metrics in the metrics' own units."""
    if "scale" not in table:
        return table
    shown = table.drop(columns="scale").astype(object)
    bounds = [f"{name}_{bound}" for name in _BOUNDED for bound in ("least", "most")]
    if not shown[[name for name in _BOUNDED if name in shown]].isna().any(axis=None):
        shown = shown.drop(columns=[name for name in bounds if name in shown])
    for column in VALUE_COLUMNS:
        if column in shown:
            pairs = zip(table[column], table["scale"], strict=True)
            shown[column] = [_divided(value, int(scale)) for value, scale in pairs]
    return shown


def _divided(value: object, scale: int) -> float | int | None:
    if is_unknown(value):
        return None
    if scale == 1 and not isinstance(value, float):
        return int(str(value))
    return float(str(value)) / scale


def universe_record(found: Universe, tables: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    scenario = found.problem.scenario
    record = {
        "label": scenario.option,
        "title": scenario.title,
        "n_plans": found.n_plans,
        "n_plans_by_n_clusters": {str(n): c for n, c in found.n_plans_by_count.items()},
        **{
            name: in_own_units(table).reset_index().to_dict(orient="records")
            for name, table in tables.items()
        },
        "caveats": found.problem.authority.caveats,
    }
    made = plain(record)
    return made if isinstance(made, dict) else {}


def universe_lines(found: Universe, tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """Give a universe as lines for the terminal: a heading, then each table as CSV."""
    scenario = found.problem.scenario
    yield f"{scenario.option}: {found.n_plans:,} legal plans"
    for n_clusters, n_plans in sorted(found.n_plans_by_count.items()):
        yield f"  {n_plans:,} of {n_clusters} clusters"
    for name, table in tables.items():
        yield ""
        yield f"# {name}"
        yield from csv_text(in_own_units(table).reset_index()).splitlines()
