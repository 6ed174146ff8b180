"""One measure for all options: what each keeps of the principles that today is measured against."""

from __future__ import annotations

import functools
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from cluster_optimiser.present.principles import (
    Finding,
    Principle,
    longest_minutes,
    lower_first,
    mean_minutes,
    misaligned,
    own_clusters,
    principles,
    today_at,
)
from cluster_optimiser.rules import QUOTAS, RULES, bounding
from cluster_optimiser.verification import verify_plan
from cluster_optimiser.words import UNKNOWN, exact, joined, one_decimal, say, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cluster_optimiser.domain import Result

    Measure = Callable[[Result], float | None]

_ALIKE = (key for rule in RULES if rule.alike for key in rule.keys)
_RULES = tuple(dict.fromkeys(key.partition(".")[0] for key in _ALIKE))
"""What of a scenario may be relaxed, and is taken from the one that today is measured by."""


def _by_one_rule(result: Result, reference: Result) -> Result:
    """Judge a plan again by the rules of one scenario in the place of its own."""
    rules = {name: getattr(reference.problem.scenario, name) for name in _RULES}
    problem = replace(result.problem, scenario=result.problem.scenario.model_copy(update=rules))
    judged = verify_plan(problem, result.plan.assignment)
    return replace(result, problem=problem, violations=judged.violations)


def _relaxed(result: Result, reference: Result) -> str:
    """Say what an option asks for instead of what the principles ask for."""
    told, own, rules = words()["measure"], result.problem.scenario, reference.problem.scenario
    found = []
    if any(own.limit(rule) != rules.limit(rule) for rule, _ in bounding("pupils")):
        found.append(say(f"measure.relaxed_size_{own.size.asks}", **dict(own.size)))
    # What asks for nothing has no words, but where a limit is missed then.
    if own.count != rules.count:
        found.append(told.get(f"relaxed_count_{own.count.asks}", "").format(**dict(own.count)))
    for rule, _ in (*bounding("max_minutes"), *QUOTAS):
        limit = own.limit(rule)
        if limit != rules.limit(rule):
            key = f"relaxed_{rule.key}" if limit is not None else f"relaxed_{rule.key}_free"
            found.append(told.get(key, "").format(n=exact(limit) if limit is not None else ""))
    layers = result.problem.authority.layers
    ours, theirs = set(own.required_layers), set(rules.required_layers)
    for key, crossed in (("within", ours - theirs), ("across", theirs - ours)):
        titles = [lower_first(layers[name].title) for name in layers if name in crossed]
        found += [say(f"measure.relaxed_{key}", layers=joined(titles))] if titles else []
    return "; ".join(filter(None, found))


MOST_LOWEST = 3
"""Options that share the lowest number of a row and are still marked for it."""


def _lowest(results: Sequence[Result], today: int, measure: Measure) -> list[bool]:
    """Mark the options with the lowest number of all that are proposed, if they are few."""
    values = [None if i == today else measure(result) for i, result in enumerate(results)]
    least = min((value for value in values if value is not None), default=None)
    if least is None or values.count(least) > MOST_LOWEST:
        return [False] * len(values)
    return [value == least for value in values]


def _mean_row(results: Sequence[Result]) -> Principle:
    """Give the average way, which no principle limits, as a row."""
    values = [one_decimal(mean_minutes(result)) for result in results]
    name = words()["measure"]["mean"]
    unit = words()["measure"]["mean_unit"]
    return Principle(name, tuple(Finding("info", v, v) for v in values), "", "mean", unit)


def _short(judged: Sequence[Principle], results: Sequence[Result], today: int) -> list[Any]:
    """Give the rows that separate options as numbers alone, with what they count in their heads."""
    layers = iter(results[0].problem.authority.layers)
    found = []
    for row in [*judged, _mean_row(results)]:
        measure = _MEASURES.get(row.key)
        if row.key == "layer":
            measure = functools.partial(lambda layer, one: misaligned(one, layer)[0], next(layers))
        if row.key == "average" or not _separates(row):
            continue
        lowest = _lowest(results, today, measure) if measure else [False] * len(results)
        cells = [
            {
                "verdict": finding.verdict,
                "value": finding.value or UNKNOWN,
                # Five clusters are no merit where 22 to 32 are asked for.
                "is_lowest": is_lowest and finding.verdict != "unmet",
            }
            for finding, is_lowest in zip(row.findings, lowest, strict=True)
        ]
        found.append({"name": row.name, "unit": row.unit, "cells": cells})
    return found


_MEASURES: dict[str, Measure] = {
    "count": lambda result: len(own_clusters(result)),
    "travel": longest_minutes,
    "mean": mean_minutes,
}


def _separates(row: Principle) -> bool:
    return len({(finding.verdict, finding.text) for finding in row.findings}) > 1


def matrix_view(results: Sequence[Result]) -> dict[str, Any]:
    """Judge every plan by the rules of the option that keeps today's clusters, today first."""
    today = today_at(results)
    reference = results[max(0, today)]
    judged = principles([_by_one_rule(result, reference) for result in results], results)
    order = [i for i in range(len(results)) if i == today]
    order += [i for i in range(len(results)) if i != today]
    rows = [asdict(one) for one in judged]
    same = [f"{one.name}: {one.findings[0].text}." for one in judged if not _separates(one)]
    return {
        "today": today,
        "order": order,
        "rows": rows,
        "same": " ".join(same),
        "short": _short(judged, results, today),
        "relaxed": [_relaxed(result, reference) for result in results],
        "most_kept": min(
            (i for i in range(len(results)) if i != today),
            key=lambda i: (
                sum(row["findings"][i]["verdict"] == "unmet" for row in rows),
                results[i].problem.scenario.units_scenario is not None,
                len(own_clusters(results[i])),
            ),
            default=0,
        ),
    }
