"""One measure for all options: what each keeps of the principles that today is measured against."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from cluster_optimiser.domain import Violation
from cluster_optimiser.present.principles import (
    mean_minutes,
    misaligned,
    own_clusters,
    principles,
    today_at,
)
from cluster_optimiser.present.tables import made_from
from cluster_optimiser.present.words import joined, number, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cluster_optimiser.domain import Result
    from cluster_optimiser.scenario import Scenario


_RULES = ("size", "count", "travel", "secondary", "alignment")
"""What of a scenario may be relaxed, and is taken from the one that today is measured by."""


def _broken(result: Result, rules: Scenario) -> tuple[Violation, ...]:
    """Name the principles of one cluster that a plan does not keep, by what was scored."""
    size, clusters, made = rules.size, own_clusters(result), made_from(result)
    found = []
    small = clusters["cluster"][clusters["pupils"] < size.min_pupils]
    named = {name for cluster in small for name, _ in made[cluster]}
    if len(small) > size.max_exceptions or named - set(size.exceptions or named):
        found += [Violation("size.min", str(cluster), "") for cluster in small]
    for cluster in clusters["cluster"][clusters["pupils"] > size.max_pupils]:
        is_one = [whole for _, whole in made[cluster]] == [True]
        if not (is_one and size.oversize == "keep"):
            found.append(Violation("size.max", str(cluster), ""))
    limit = rules.travel.max_minutes
    if limit is not None and not (clusters["max_minutes"] <= limit).all():
        found.append(Violation("travel", "plan", ""))
    return tuple(found)


def _by_one_rule(result: Result, reference: Result) -> Result:
    """Judge a plan again by the rules of one scenario in the place of its own."""
    rules = {name: getattr(reference.problem.scenario, name) for name in _RULES}
    scenario = result.problem.scenario.model_copy(update=rules)
    kept = tuple(one for one in result.violations if one.rule == "exempt")
    return replace(
        result,
        violations=(*kept, *_broken(result, scenario)),
        problem=replace(result.problem, scenario=scenario),
    )


def _relaxed(result: Result, reference: Result) -> str:
    """Say what an option asks for instead of what the principles ask for."""
    say, own, rule = words()["measure"], result.problem.scenario, reference.problem.scenario
    found = []
    if (own.size.min_pupils, own.size.max_pupils) != (rule.size.min_pupils, rule.size.max_pupils):
        values = {"low": number(own.size.min_pupils), "high": number(own.size.max_pupils)}
        found.append(say["relaxed_size"].format(**values))
    if own.count != rule.count and own.count.max is not None:
        key = "relaxed_number" if own.count.min == own.count.max else "relaxed_count"
        found.append(say[key].format(low=own.count.min, high=own.count.max))
    if own.travel.max_minutes != rule.travel.max_minutes:
        limit = own.travel.max_minutes
        key = "relaxed_no_limit" if limit is None else "relaxed_minutes"
        found.append(say[key].format(n=f"{limit:g}" if limit is not None else ""))
    return "; ".join(found) or str(say["relaxed_none"])


def _best_at(results: Sequence[Result], today: int) -> list[str]:
    """Name what each option is best at, of all that are proposed."""
    say = words()["measure"]
    layer = next(iter(results[0].problem.authority.layers), None)
    measures: list[tuple[str, Callable[[Result], float | None]]] = [
        ("fewest", lambda result: len(own_clusters(result))),
        ("nearest", mean_minutes),
        ("range", lambda result: _outside(result, results[max(0, today)])),
    ]
    if layer is not None:
        measures.append(("closest", lambda result: misaligned(result, layer)[0]))
    found: list[list[str]] = [[] for _ in results]
    for key, measure in measures:
        values = [None if i == today else measure(result) for i, result in enumerate(results)]
        known = [value for value in values if value is not None]
        for i, value in enumerate(values):
            if known and value == min(known):
                found[i].append(say[key])
    return [joined(names) for names in found]


def _outside(result: Result, reference: Result) -> int:
    size, pupils = reference.problem.scenario.size, own_clusters(result)["pupils"]
    return int(((pupils < size.min_pupils) | (pupils > size.max_pupils)).sum())


def matrix_view(results: Sequence[Result]) -> dict[str, Any]:
    """Judge every plan by the rules of the option that keeps today's clusters, today first."""
    today = today_at(results)
    reference = results[max(0, today)]
    judged = principles([_by_one_rule(result, reference) for result in results])
    order = [i for i in range(len(results)) if i == today]
    order += [i for i in range(len(results)) if i != today]
    rows = [
        {**asdict(one), "separates": len({(f.verdict, f.text) for f in one.findings}) > 1}
        for one in judged
    ]
    same = [f"{row['name']}: {row['findings'][0]['text']}." for row in rows if not row["separates"]]
    return {
        "today": today,
        "order": order,
        "rows": rows,
        "same": " ".join(same),
        "best": _best_at(results, today),
        "relaxed": [_relaxed(result, reference) for result in results],
        "most_kept": min(
            (i for i in range(len(results)) if i != today),
            key=lambda i: (
                sum(row["findings"][i]["verdict"] == "unmet" for row in rows),
                len(own_clusters(results[i])),
            ),
            default=0,
        ),
    }
