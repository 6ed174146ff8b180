"""What is shown of all legal plans: a chart of the front, a map of who goes with whom, and tables.

Positions are worked out once, in the units of a drawing, for the page and for the picture files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from cluster_optimiser.present.principles import lower_first
from cluster_optimiser.present.words import number, one_decimal, percent, words
from cluster_optimiser.terms import gathered, lookup
from cluster_optimiser.words import is_unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cluster_optimiser.domain import Result
    from cluster_optimiser.prospects import Standing, Survey

CLASSES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Ends of the classes of shares; nothing, and everything, are classes of their own."""

PLANS_IN_WORDS = 10_000
"""Shares of plans are told as one in so many up to here."""


@dataclass(frozen=True, slots=True)
class Point:
    """A plan in the chart of the front."""

    minutes: float  # mean minutes to the meeting place: across
    misfit: int  # pupils outside their cluster's main area of the layer: up
    n_clusters: int  # its number of clusters
    label: str = ""  # option whose plan it is, or an empty string for a plan of the front


@dataclass(frozen=True, slots=True)
class Link:
    """Two neighbours and the share of legal plans that put them together."""

    unit_a: str  # the neighbours
    unit_b: str  # the neighbours
    ends_m: tuple[tuple[float, float], tuple[float, float]]
    shares: tuple[float | None, float | None, float | None]
    n_all: int  # plans that put them together


def share_class(share: float) -> int:
    """Give the class that a share is drawn in.

    >>> [share_class(s) for s in (0.0, 0.1, 0.25, 0.6, 0.999, 1.0)]
    [0, 1, 1, 3, 4, 5]
    """
    if share <= 0:
        return 0
    if share >= 1:
        return len(CLASSES)
    return next(i for i, end in enumerate(CLASSES) if share <= end)


def _pupils(result: Result) -> int:
    return int(result.problem.units["pupils"].sum())


def points_of(reference: Result, standing: Standing) -> list[Point]:
    """Give the points of the chart: the front, then the options that are legal by its rules."""
    survey = reference.survey
    if survey is None or survey.front is None or len(survey.terms) < 3:  # noqa: PLR2004
        return []
    (number_of, layer, minutes), pupils = survey.terms, _pupils(reference)
    if not pupils:
        return []
    rows: list[tuple[Any, str]] = [(row, "") for _, row in survey.front.iterrows()]
    for option, table in _by_option(standing):
        values = {
            metric: float(row["value"]) / int(row["scale"])
            for metric, row in table.iterrows()
            if not is_unknown(row["value"])
        }
        rows.append((values, option))
    return [
        Point(row[minutes] / pupils, round(row[layer]), round(row[number_of]), label)
        for row, label in rows
    ]


def _by_option(standing: Standing) -> list[tuple[str, pd.DataFrame]]:
    if standing.ranks.empty:
        return []
    options = standing.ranks.index.get_level_values("option").unique()
    return [(str(option), standing.ranks.loc[option]) for option in options]


def links_of(reference: Result) -> list[Link]:
    """Give the links of the map: every two neighbours."""
    survey = reference.survey
    if survey is None or survey.together is None:
        return []
    geometry = reference.problem.units.geometry
    at = {str(unit): shapely.point_on_surface(shape) for unit, shape in geometry.items()}
    pairs = [(str(a), str(b)) for a, b in survey.together.index]
    links = [
        Link(
            unit_a=a,
            unit_b=b,
            ends_m=((at[a].x, at[a].y), (at[b].x, at[b].y)),
            shares=tuple(_share(row[f"share_{kind}"]) for kind in ("all", "fewest", "near")),  # type: ignore[arg-type]
            n_all=int(row["n_all"]),
        )
        for (a, b), (_, row) in zip(pairs, survey.together.iterrows(), strict=True)
    ]
    return sorted(links, key=lambda link: (-link.n_all, link.unit_a, link.unit_b))


def _share(value: object) -> float | None:
    return None if is_unknown(value) else float(str(value))


def share_text(share: float | None) -> str:
    """Write a share; what is nearly all or nearly nothing is not rounded to it.

    >>> share_text(1.0), share_text(0.9999), share_text(0.5), share_text(0.0)
    ('100%', 'over 99.9%', '50%', '0%')
    """
    if share is not None and 0.9995 <= share < 1:  # noqa: PLR2004 - what would print as 100
        return str(words()["universe"]["nearly"])
    if share is not None and 0.99 < share < 1:  # noqa: PLR2004 - what would print as 100
        return f"{100 * share:.1f}%"
    return percent(share, 1) if share is not None else words()["universe"]["unknown"]


def _better(row: pd.Series, n_plans: int) -> str:
    """Say how many legal plans are better in one measure."""
    say = words()["universe"]
    if is_unknown(row["n_better"]):
        least, most = row["n_better_least"], row["n_better_most"]
        if is_unknown(least) or (least, most) == (0, n_plans - 1):
            return str(say["unknown"])
        return str(say["better_between"].format(least=number(int(least)), most=number(int(most))))
    better, equal = int(row["n_better"]), int(row["n_equal"])
    if better == 0:
        return str(say["best_alone" if equal == 1 else "best"])
    return str(say["better"].format(n=number(better), share=percent(better, n_plans)))


def _value(metric: str, row: pd.Series, pupils: int) -> str:
    if metric == "order" or is_unknown(row["value"]):
        return ""
    value = float(row["value"]) / int(row["scale"])
    if lookup(metric).is_mean_shown:
        return str(words()["universe"]["minutes"].format(n=one_decimal(value / max(1, pupils))))
    return number(value)


def _counts(survey: Survey) -> str:
    say = words()["universe"]
    if survey.counts is None:
        return ""
    return ", ".join(
        say["of_clusters"].format(n=number(row["n_plans"]), k=number(k))
        for k, row in survey.counts.iterrows()
    )


def universe_rows(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Say of each option how many legal plans its rules leave."""
    say = words()["universe"]
    rows: dict[tuple[str, str], list[str]] = {}
    for result in results:
        survey = result.survey
        if survey is None:
            continue
        known = survey.n_plans is not None
        n_plans = number(survey.n_plans) if known else say["not_counted"]
        text = _counts(survey) if known else survey.reason
        rows.setdefault((n_plans, text), []).append(result.plan.label)
    return [
        {"labels": labels, "n_plans": n_plans, "counts": text}
        for (n_plans, text), labels in rows.items()
    ]


def standing_rows(reference: Result, standing: Standing) -> dict[str, Any]:
    """Say of each option how many legal plans are better than its own."""
    say = words()["universe"]
    survey = reference.survey
    n_plans = survey.n_plans if survey is not None and survey.n_plans else 0
    metrics = [*(survey.terms if survey is not None else ())]
    rank_of = [table.index for _, table in _by_option(standing)]
    metrics += [m for m in gathered("projections") if any(m in index for index in rank_of)]
    layers = reference.problem.authority.layers
    heads = []
    for metric in metrics:
        row = lookup(metric)
        title = lower_first(layers[row.layer].title) if row.layer else ""
        heads.append(say[f"measure_{row.key}"].format(layer=title))
    pupils = _pupils(reference)
    rows = [
        {
            "label": option,
            "cells": [
                (_value(metric, row, pupils), _better(row, n_plans))
                for metric in metrics
                for _, row in table.loc[[metric]].iterrows()
            ],
        }
        for option, table in _by_option(standing)
    ]
    not_legal = [{"label": label, "why": why} for label, why in standing.not_legal.items()]
    return {"heads": heads, "rows": rows, "not_legal": not_legal}
