"""Plan against plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

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
