"""Plan against plan, and plans that fit into one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cluster_optimiser.geography.alignment import binding_homes
from cluster_optimiser.terms import metric as metric_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cluster_optimiser.domain import Result


def compare(results: Sequence[Result]) -> pd.DataFrame:
    """Put every metric of every scenario into one table.

    Parameters
    ----------
    results
        The results, in the order of the options.

    Returns
    -------
    One row a scenario and metric: ``scenario``, ``title``, ``status``, ``metric``, ``value``
    (missing where not known), ``unit``.
    """
    return compare_runs(
        {
            "scenario": result.problem.scenario.option,
            "title": result.problem.scenario.title,
            "status": result.plan.solution.status,
            "metrics": result.score.metrics,
            "n_legal_plans": result.plan.solution.proof.count_of_plans,
            "n_rules_broken": len(result.violations),
        }
        for result in results
    )


def compare_runs(runs: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Put every metric of every run into one table, from plain data alone."""
    rows = []
    for run in runs:
        metrics = dict(run["metrics"])
        plans = run["n_legal_plans"]
        metrics["n_legal_plans"] = plans if isinstance(plans, int) else None
        metrics["n_rules_broken"] = run["n_rules_broken"]
        rows += [
            {
                "scenario": run["scenario"],
                "title": run["title"],
                "status": run["status"],
                "metric": metric,
                "value": value,
                "unit": metric_row(metric).unit,
            }
            for metric, value in metrics.items()
        ]
    return pd.DataFrame(rows, columns=["scenario", "title", "status", "metric", "value", "unit"])


LEVEL_COLUMNS = ("grouping_scenario", "grouping", "grouping_area")
"""Columns of ``assignments.csv`` that name the levels above a cluster."""


def is_nested(lower: pd.Series, upper: pd.Series) -> bool:
    """Tell whether every cluster of one plan lies inside one cluster of another.

    >>> is_nested(pd.Series({1: "a", 2: "a", 3: "b"}), pd.Series({1: "x", 2: "x", 3: "x"}))
    True
    >>> is_nested(pd.Series({1: "a", 2: "a"}), pd.Series({1: "x", 2: "y"}))
    False
    """
    above = upper.reindex(lower.index).dropna().groupby(lower.astype(str))
    return bool((above.min() == above.max()).all())


def above(result: Result, results: Sequence[Result]) -> Result | None:
    """Find the result whose units are the clusters of this one."""
    label = result.problem.scenario.option
    for other in results:
        if other.problem.scenario.units_scenario == label and is_nested(
            result.plan.assignment, other.plan.assignment
        ):
            return other
    return None


def layer_of_areas(upper: Result) -> str | None:
    """Name the layer whose areas hold the groupings of a level above."""
    return next(iter(binding_homes(upper.problem)), None)


def levels_table(result: Result, results: Sequence[Result]) -> pd.DataFrame:
    index = result.plan.assignment.index
    upper = above(result, results)
    if upper is None:
        return pd.DataFrame(None, index=index, columns=list(LEVEL_COLUMNS), dtype=object)
    assignment = upper.plan.assignment.reindex(index)
    layer, areas = layer_of_areas(upper), {}
    if layer is not None:
        clusters = upper.score.clusters[~upper.score.clusters["is_exempt"].astype(bool)]
        areas = dict(zip(clusters["cluster"], clusters[f"home_{layer}"], strict=True))
    return pd.DataFrame(
        {
            "grouping_scenario": upper.plan.label,
            "grouping": assignment,
            "grouping_area": assignment.map(areas).astype(object),
        },
        index=index,
    )
