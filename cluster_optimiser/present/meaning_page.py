"""The page's sections on money and on levels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cluster_optimiser.comparison import funding
from cluster_optimiser.comparison.plans import above, layer_of_areas, levels_table
from cluster_optimiser.present.tables import pounds as in_pounds
from cluster_optimiser.words import UNKNOWN, number, pounds, share, two_decimals, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Result


def _pounds_text(pence: int) -> str:
    return re.sub(r"[.,]00(?=\D*$)", "", pounds(in_pounds(pence)))


def money_view(results: Sequence[Result]) -> dict[str, Any] | None:
    views = [(result, funding(result)) for result in results]
    funded = [(result, view) for result, view in views if view is not None]
    if not funded:
        return None
    first = funded[0][1]
    rows = []
    for result, view in funded:
        named = view.clusters.loc[view.clusters["is_in_capacity_fund"], "cluster"]
        even = view.evenness
        row = {
            "label": result.plan.label,
            "cells": [
                share(even["need_spread"]),
                words()["overview"]["sizes"].format(
                    least=two_decimals(even["lowest_need_ratio"]),
                    most=two_decimals(even["highest_need_ratio"]),
                ),
                share(even["pounds_spread"]),
                "; ".join(str(name) for name in named) or UNKNOWN,
            ],
        }
        rows.append(row)
    capacity = int(first.funding.capacity_pounds * 100)
    return {
        "pot": _pounds_text(first.totals["pot_pence"]),
        "admin": _pounds_text(first.totals["admin_pence"]) if first.totals["admin_pence"] else "",
        "fund": _pounds_text(capacity) if capacity else "",
        "n_fund": number(first.funding.capacity_clusters),
        "notes": list(dict.fromkeys(note for _, view in funded for note in view.notes)),
        "rows": rows,
    }


def _partnerships(result: Result) -> dict[str, list[str]]:
    """Name today's clusters in each cluster of a plan, and say of which only a part is in it."""
    problem, part = result.problem, words()["page"]["level_part"]
    local = problem.authority.schools["local_cluster"].reindex(problem.unit_of.index).astype(str)
    cluster = result.plan.assignment.reindex(local.index).astype(str)
    n_clusters = cluster.groupby(local).nunique()
    return {
        str(name): [
            one if n_clusters[one] == 1 else part.format(name=one) for one in sorted(set(members))
        ]
        for name, members in local.groupby(cluster)
    }


def _nested_rows(result: Result, results: Sequence[Result]) -> list[dict[str, str]]:
    """List the clusters of a plan, each with what it is in and what is in it."""
    table, clusters = levels_table(result, results), result.score.clusters
    table = table.assign(cluster=result.plan.assignment.astype(str)).drop_duplicates("cluster")
    above_of = table.set_index("cluster").to_dict("index")
    partnerships = _partnerships(result)
    rows = []
    for _, row in clusters[~clusters["is_exempt"].astype(bool)].iterrows():
        name = str(row["cluster"])
        above_it = above_of[name]
        record = {
            "cluster": name,
            "pupils": number(row["pupils"]),
            "grouping": str(above_it["grouping"]),
            "area": str(above_it["grouping_area"] or ""),
            "partnerships": "; ".join(partnerships[name]),
        }
        rows.append(record)
    return sorted(rows, key=lambda row: (row["area"], row["grouping"], row["cluster"]))


def levels_view(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Give the plans that fit into one another, and every cluster with what it is in."""
    found = []
    for result in results:
        upper = above(result, results)
        if upper is None:
            continue
        layer, titles = layer_of_areas(upper), upper.problem.authority.layers
        row = {
            "lower": result.plan.label,
            "upper": upper.plan.label,
            "n_lower": number(result.score.metrics["n_clusters"]),
            "n_upper": number(upper.score.metrics["n_clusters"]),
            "area": titles[layer].title if layer else "",
            "rows": _nested_rows(result, results),
        }
        found.append(row)
    return found
