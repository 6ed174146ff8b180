"""How plans stand if pupils change, as tables and lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cluster_optimiser.inputs.checking import listed
from cluster_optimiser.present.records import plain_record
from cluster_optimiser.present.tables import csv_text
from cluster_optimiser.words import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cluster_optimiser.domain import Result
    from cluster_optimiser.prospects import Outlook

MOST_NAMED = 3
"""Clusters named in a line before it says how many more there are."""


def cluster_outlook(result: Result) -> pd.DataFrame:
    """Say of each cluster in which projections it is out of the range of pupils."""
    outlook, size = _outlook(result), result.problem.scenario.size
    rows: list[dict[str, Any]] = []
    for series, held in outlook.projections.groupby("series", sort=False):
        years = held["year"]
        table = outlook.clusters[list(held.index)].to_numpy(dtype=np.int64)
        for (cluster, today), pupils in zip(outlook.today.items(), table, strict=True):
            by = size.beyond(pupils)
            outside = np.flatnonzero(by)
            dated = [i for i in outside if not pd.isna(years.iloc[i])]
            first = min(dated, key=lambda i: int(years.iloc[i])) if dated else None
            row = {
                "series": series,
                "cluster": cluster,
                "pupils_today": int(today),
                "is_outside_today": bool(size.beyond(int(today))),
                "lowest_pupils": int(pupils.min()),
                "highest_pupils": int(pupils.max()),
                "n_projections": len(pupils),
                "n_outside": len(outside),
                "share_outside": len(outside) / len(pupils),
                "first_year": pd.NA if first is None else int(years.iloc[first]),
                "first_by_pupils": pd.NA if first is None else int(by[first]),
                "most_by_pupils": int(by[np.abs(by).argmax()]) if len(outside) else 0,
            }
            rows.append(row)
    return pd.DataFrame(rows).astype({"first_year": "Int64", "first_by_pupils": "Int64"})


def series_outlook(result: Result) -> pd.DataFrame:
    """Say of each series of projections in how many the plan is legal, and since when not."""
    rows = {}
    for series, held in _outlook(result).projections.groupby("series", sort=False):
        legal = held["is_legal"].astype(bool)
        years = held["year"].dropna()
        broken = held["year"][~legal].dropna()
        rows[series] = {
            "is_draw": bool(held["is_draw"].iloc[0]),
            "n_projections": len(held),
            "n_legal": int(legal.sum()),
            "share_legal": float(legal.mean()),
            "first_year": int(years.min()) if len(years) else pd.NA,
            "last_year": int(years.max()) if len(years) else pd.NA,
            "first_year_broken": int(broken.min()) if len(broken) else pd.NA,
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("series")
    dated = ("first_year", "last_year", "first_year_broken")
    return table.astype(dict.fromkeys(dated, "Int64"))


def _outlook(result: Result) -> Outlook:
    if result.outlook is None:
        raise ValueError(f"the scenario of {result.plan.label} has no projection")
    return result.outlook


def projections_csv(result: Result) -> str:
    return csv_text(_outlook(result).projections.reset_index())


def sensitivity_csv(result: Result) -> str:
    return csv_text(cluster_outlook(result))


def sensitivity_record(result: Result) -> dict[str, object]:
    """Give how a plan stands as plain data."""
    outlook, scenario = _outlook(result), result.problem.scenario
    clusters = cluster_outlook(result)
    record = {
        "label": result.plan.label,
        "title": scenario.title,
        "assumption": scenario.projection.assumption if scenario.projection else "",
        "is_legal_today": not result.violations,
        "n_projections": len(outlook.projections),
        "n_legal": int(outlook.projections["is_legal"].sum()),
        "series": _records(series_outlook(result).reset_index()),
        "clusters": _records(clusters[clusters["n_outside"] > 0]),
        "projections": _records(outlook.projections.reset_index()),
        "caveats": result.caveats,
    }
    return plain_record(record)


def _records(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.astype(object).to_dict(orient="records")


def beyond_words(by_pupils: int) -> str:
    """Say how far a cluster is out of the range.

    >>> beyond_words(1020), beyond_words(-7)
    ('1,020 over', '7 under')
    """
    return f"{abs(by_pupils):,} {'over' if by_pupils > 0 else 'under'}"


def sensitivity_lines(results: Sequence[Result]) -> Iterator[str]:
    """Say how plans stand if pupils change, for the terminal."""
    projection = results[0].problem.scenario.projection
    yield f"Assumption: {projection.assumption if projection else ''}"
    for result in results:
        outlook = _outlook(result)
        legal = int(outlook.projections["is_legal"].sum())
        yield ""
        yield f"{result.plan.label}: {result.problem.scenario.title}"
        if result.violations:
            n = len(result.violations)
            yield f"  breaks rules today already, {n} time{'s' * (n != 1)}"
        n_all = len(outlook.projections)
        yield f"  legal in {legal} of {n_all} projection{'s' * (n_all != 1)}"
        clusters = cluster_outlook(result)
        there = clusters.loc[clusters["is_outside_today"], "cluster"].unique().tolist()
        if there:
            yield f"  outside the range today: {listed(there, MOST_NAMED)}"
        for series, row in series_outlook(result).iterrows():
            yield f"  {series}: {_series_words(row)}"
            leaves = (clusters["n_outside"] > 0) & ~clusters["is_outside_today"]
            held = clusters[(clusters["series"] == series) & leaves]
            yield from _cluster_lines(held, is_draw=bool(row["is_draw"]))


def _series_words(row: pd.Series) -> str:
    n_legal, n_all = int(row["n_legal"]), int(row["n_projections"])
    if row["is_draw"]:
        return f"legal in {n_legal} of {n_all} draws ({percent(n_legal, n_all)})"
    if pd.isna(row["last_year"]):
        return f"legal in {n_legal} of {n_all}"
    if pd.isna(row["first_year_broken"]):
        return f"legal in all years up to {int(row['last_year'])}"
    return f"not legal in {int(row['first_year_broken'])}, the first such year"


def _cluster_lines(held: pd.DataFrame, *, is_draw: bool) -> Iterator[str]:
    if is_draw:
        held = held.sort_values(["n_outside", "cluster"], ascending=[False, True])
    for _, row in held.head(MOST_NAMED).iterrows():
        if is_draw or pd.isna(row["first_year"]):
            share = percent(int(row["n_outside"]), int(row["n_projections"]))
            found = (
                f"outside the range in {share}, at the most {beyond_words(row['most_by_pupils'])}"
            )
        else:
            found = f"{int(row['first_year'])}: {beyond_words(int(row['first_by_pupils']))}"
        yield f"    {row['cluster']} ({row['pupils_today']:,} pupils today): {found}"
    if len(held) > MOST_NAMED:
        yield f"    and {len(held) - MOST_NAMED} more clusters"
