"""The page's sections on money and on levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster_optimiser.comparison import funding
from cluster_optimiser.comparison.levels import above
from cluster_optimiser.present.funding_tables import pounds
from cluster_optimiser.present.words import UNKNOWN, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Result


def _pounds_text(pence: int) -> str:
    return f"£{pounds(pence):,.2f}".removesuffix(".00")


def _share(value: float | None) -> str:
    return UNKNOWN if value is None else f"{100 * value:.1f}%"


def _ratio(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.2f}"


def money_view(results: Sequence[Result]) -> dict[str, Any] | None:
    """Set the options side by side in money.

    Parameters
    ----------
    results
        The plans.

    Returns
    -------
    ``pot``, ``admin`` and ``fund`` in words, ``notes``, and a row an option: label, spread of need,
    lowest and highest need of a pupil, and the clusters furthest behind. None where no scenario
    speaks of money.
    """
    views = [(result, funding(result)) for result in results]
    funded = [(result, view) for result, view in views if view is not None]
    if not funded:
        return None
    first = funded[0][1]
    rows = []
    for result, view in funded:
        named = view.clusters.loc[view.clusters["is_in_capacity_fund"], "cluster"]
        even = view.evenness
        rows.append(
            {
                "label": result.plan.label,
                "cells": [
                    _share(even["need_spread"]),
                    f"{_ratio(even['lowest_need_ratio'])} to {_ratio(even['highest_need_ratio'])}",
                    _share(even["pounds_spread"]),
                    "; ".join(str(name) for name in named) or UNKNOWN,
                ],
            }
        )
    capacity = int(first.funding.capacity_pounds * 100)
    return {
        "pot": _pounds_text(first.totals["pot_pence"]),
        "admin": _pounds_text(first.totals["admin_pence"]),
        "fund": _pounds_text(capacity) if capacity else "",
        "n_fund": number(first.funding.capacity_clusters),
        "notes": list(dict.fromkeys(note for _, view in funded for note in view.notes)),
        "rows": rows,
    }


def levels_view(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Give the plans that fit into one another, as steps of a switch for the map.

    Parameters
    ----------
    results
        The plans.

    Returns
    -------
    One record a nested pair: ``lower``, ``upper`` (labels), their numbers of clusters, the area of
    the uppermost level, and ``steps``: label of the option that shows each level, and its kind.
    """
    today = next((r.plan.label for r in results if r.problem.scenario.method == "keep"), None)
    found = []
    for result in results:
        upper = above(result, results)
        if upper is None:
            continue
        layers = upper.problem.scenario.required_layers
        titles = upper.problem.authority.layers
        steps = [("today", today)] if today is not None else []
        steps += [("clusters", result.plan.label), ("groupings", upper.plan.label)]
        found.append(
            {
                "lower": result.plan.label,
                "upper": upper.plan.label,
                "n_lower": number(result.score.metrics["n_clusters"]),
                "n_upper": number(upper.score.metrics["n_clusters"]),
                "area": titles[layers[0]].title if layers else "",
                "steps": [{"kind": kind, "label": label} for kind, label in steps],
            }
        )
    return found
