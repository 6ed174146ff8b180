"""The tables of a results folder: plans, clusters, assignments, and how they become CSV."""

from __future__ import annotations

import csv
import functools
import io
from decimal import Decimal
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import geopandas as gpd
import numpy as np
import pandas as pd

from cluster_optimiser.comparison.plans import LEVEL_COLUMNS, levels_table
from cluster_optimiser.constants import FORMULA_STARTS
from cluster_optimiser.words import is_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_optimiser.comparison import FundingView
    from cluster_optimiser.domain import Result

CLUSTER_COLUMNS = (
    "cluster",
    "n_schools",
    "n_secondary",
    "pupils",
    "deviation",
    "meeting_place_urn",
    "max_minutes",
    "mean_minutes",
    "polsby_popper",
    "is_contiguous",
    "is_exception",
    "is_exempt",
)
"""Columns of ``clusters.csv`` after ``cluster_id`` and before those of each layer."""

ASSIGNMENT_COLUMNS = (
    "scenario",
    "urn",
    "school",
    "cluster_id",
    "cluster",
    "from_cluster",
    "secondary_membership",
    *LEVEL_COLUMNS,
)

DECIMALS: Mapping[str, int] = {
    "deviation": 4,
    "polsby_popper": 4,
    "max_minutes": 2,
    "mean_minutes": 2,
    "minutes": 2,
    "value": 4,
}
"""Decimals that a column of fractions is written with."""


def csv_cell(value: object, *, decimals: int = 4) -> str:
    """Write one cell: text that a spreadsheet cannot run, numbers rounded, unknown blank.

    >>> csv_cell("=1+1"), csv_cell(-2.5), csv_cell(True), csv_cell(None)
    ("'=1+1", '-2.5', 'true', '')
    """
    if is_unknown(value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        rounded = round(float(value), decimals)
        return str(int(rounded)) if rounded.is_integer() else repr(rounded)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (tuple, list)):
        value = "; ".join(str(part) for part in value)
    text = str(value)
    # A name that begins with the apostrophe itself gets another, and is read as it was.
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text


def csv_text(table: pd.DataFrame) -> str:
    r"""Write a table as CSV: a header, ``\n`` line ends, no index."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    columns = [
        [csv_cell(value, decimals=DECIMALS.get(str(name), 4)) for value in table[name].tolist()]
        for name in table.columns
    ]
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue()


def layer_columns(layers: Sequence[str]) -> list[str]:
    return [column for x in layers for column in (f"home_{x}", f"misaligned_{x}_pupils")]


def clusters_table(result: Result) -> gpd.GeoDataFrame:
    """Give the clusters of a plan with the columns of ``clusters.csv`` first, extras after."""
    clusters = result.score.clusters
    first = [*CLUSTER_COLUMNS, *layer_columns(list(result.problem.authority.layers))]
    first = [column for column in first if column in clusters.columns]
    extras = [c for c in clusters.columns if c not in first and c != "geometry"]
    table = clusters[[*first, *extras, "geometry"]].rename_axis("cluster_id")
    return gpd.GeoDataFrame(credited(table, result), geometry="geometry")


def credited(table: pd.DataFrame, result: Result) -> pd.DataFrame:
    """Add the map that minutes were measured on to a table that holds minutes, if there is one."""
    credit = result.problem.authority.travel.credit
    return table.assign(minutes_source=credit) if credit else table


_SCHOOLS: WeakKeyDictionary[Result, gpd.GeoDataFrame] = WeakKeyDictionary()
"""Seven outputs of a run ask for the same table."""


def secondary_memberships(result: Result) -> pd.Series:
    """Give the cluster that each exempt school is linked to where it lies."""
    problem, assignment = result.problem, result.plan.assignment
    members = pd.DataFrame(
        {
            "unit": problem.unit_of,
            "cluster": assignment.reindex(problem.unit_of.index),
            "pupils": problem.authority.schools["pupils"].reindex(problem.unit_of.index),
        }
    )
    held = members.groupby(["unit", "cluster"], sort=True)["pupils"].sum().reset_index()
    held = held.sort_values(["unit", "pupils", "cluster"], ascending=[True, False, True])
    cluster_of = held.drop_duplicates("unit").set_index("unit")["cluster"]
    return problem.local_unit_of.map(cluster_of).rename("secondary_membership")


def schools_table(result: Result) -> gpd.GeoDataFrame:
    """Give every school with its place in a plan; a copy of what is made once for each result."""
    if result not in _SCHOOLS:
        _SCHOOLS[result] = _schools(result)
    return _SCHOOLS[result].copy()


def _schools(result: Result) -> gpd.GeoDataFrame:
    problem, schools = result.problem, result.problem.authority.schools
    clusters = result.score.clusters
    cluster = result.plan.assignment.reindex(schools.index)
    id_of = pd.Series(clusters.index, index=clusters["cluster"])
    place_of = pd.Series(clusters["meeting_place_urn"].to_numpy(), index=clusters["cluster"])
    place = cluster.map(place_of)
    to = pd.Index(problem.travel.urns).get_indexer(pd.Index(place.fillna(-1).astype("int64")))
    minutes = problem.travel.minutes[np.arange(len(schools)), to]
    minutes = np.where(to < 0, np.nan, minutes)
    pupils = schools["pupils"].astype("Int64")
    if "is_pupils_known" in schools.columns:
        pupils = pupils.mask(~schools["is_pupils_known"].astype(bool))
    return gpd.GeoDataFrame(
        {
            "school": schools["name"],
            "phase": schools["phase"],
            "pupils": pupils,
            "cluster_id": cluster.map(id_of),
            "cluster": cluster,
            "from_cluster": schools["cluster"],
            "secondary_membership": secondary_memberships(result).reindex(schools.index),
            "minutes": minutes,
            "is_exempt": schools.index.isin(problem.exempt_of.index),
        },
        geometry=schools.geometry,
    )


def plan_table(result: Result) -> pd.DataFrame:
    """Give a plan as ``urn,cluster``, the form it is read in again."""
    assignment = result.plan.assignment
    return pd.DataFrame({"urn": assignment.index.to_numpy(), "cluster": assignment.to_numpy()})


def assignments_table(results: Sequence[Result]) -> pd.DataFrame:
    parts = [
        schools_table(result)
        .join(levels_table(result, results))
        .reset_index(names="urn")
        .assign(scenario=result.plan.label)
        for result in results
    ]
    columns = list(ASSIGNMENT_COLUMNS)
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat([pd.DataFrame(part)[columns] for part in parts], ignore_index=True)


@functools.lru_cache(maxsize=128)
def made_from(result: Result) -> Mapping[str, tuple[tuple[str, bool], ...]]:
    """Give today's clusters that each cluster is made from; shared, and not to be altered."""
    problem = result.problem
    urns = problem.unit_of.index
    today = problem.authority.schools["local_cluster"].reindex(urns)
    now = result.plan.assignment.reindex(urns)
    held: dict[str, set[str]] = {str(name): set() for name in result.score.clusters["cluster"]}
    homes: dict[str, set[str]] = {}
    for old, new in zip(today, now, strict=True):
        held.setdefault(str(new), set()).add(str(old))
        homes.setdefault(str(old), set()).add(str(new))
    return {
        cluster: tuple((old, len(homes[old]) == 1) for old in sorted(parts))
        for cluster, parts in held.items()
    }


MONEY = ("admin", "pot", "total", "by_need", "behind_need")
"""Columns in pence that are shown in pounds."""


def pounds(pence: object) -> Decimal | None:
    """Give pence as pounds, exactly.

    >>> str(pounds(-123450))
    '-1234.50'
    """
    if pence is None or pence is pd.NA:
        return None
    return Decimal(int(str(pence))).scaleb(-2)


def funding_table(view: FundingView) -> pd.DataFrame:
    table = view.clusters.reset_index(names="cluster_id")
    renamed = {f"{name}_pence": f"{name}_pounds" for name in MONEY}
    for name in renamed:
        table[name] = pd.Series([pounds(v) for v in table[name].tolist()], dtype=object)
    return table.rename(columns=renamed)
