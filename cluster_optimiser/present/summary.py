"""What is proposed, in a few lines: for a reader who reads no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.present.principles import lower_first, misaligned, own_clusters
from cluster_optimiser.present.words import number, one_decimal, words
from cluster_optimiser.words import is_unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Result


def _mean_minutes(result: Result) -> float | None:
    """Give the average minutes of all pupils in clusters, or None where they are not known."""
    clusters = own_clusters(result)
    pupils, minutes = list(clusters["pupils"]), list(clusters["mean_minutes"])
    total = sum(map(int, pupils))
    if not total or any(map(is_unknown, minutes)):
        return None
    return sum(float(m) * int(n) for m, n in zip(minutes, pupils, strict=True)) / total


def _alike(results: Sequence[Result]) -> list[Result]:
    """Give the plans that were solved for and ask the same sizes as the first."""
    first = results[0].problem.scenario.size
    return [
        result
        for result in results
        if result.plan.solution.status != "GIVEN"
        and not own_clusters(result).empty
        and result.problem.scenario.size.min_pupils == first.min_pupils
        and result.problem.scenario.size.max_pupils == first.max_pupils
    ]


def _sizes(result: Result) -> dict[str, str]:
    pupils = own_clusters(result)["pupils"]
    return {"n": number(len(pupils)), "low": number(pupils.min()), "high": number(pupils.max())}


def _best_lines(today: Result | None, alike: Sequence[Result]) -> list[str]:
    """Name the option that is best at each of three things."""
    say = words()["summary"]
    lines = []
    fewest = min(alike, key=lambda result: len(own_clusters(result)))
    lines.append(say["fewest"].format(label=fewest.plan.label, **_sizes(fewest)))
    minutes = [(m, i) for i, r in enumerate(alike) if (m := _mean_minutes(r)) is not None]
    if minutes:
        mean, i = min(minutes)
        now = None if today is None else _mean_minutes(today)
        line = say["nearest"].format(label=alike[i].plan.label, minutes=one_decimal(mean))
        lines.append(line + (say["now"].format(value=one_decimal(now)) if now is not None else ""))
    layers = alike[0].problem.authority.layers
    for name, layer in list(layers.items())[:1]:
        best = min(alike, key=lambda result: misaligned(result, name)[0])
        n = number(misaligned(best, name)[0])
        title = lower_first(layer.title)
        line = say["closest"].format(label=best.plan.label, layer=title, n=n)
        now_n = None if today is None else number(misaligned(today, name)[0])
        lines.append(line + (say["now"].format(value=now_n) if now_n is not None else ""))
    return lines


def summary(results: Sequence[Result]) -> list[str]:
    """Say what is proposed in at most five sentences."""
    say = words()["summary"]
    shown = [result for result in results if not own_clusters(result).empty]
    kept = [result for result in shown if result.problem.scenario.method == "keep"]
    today = kept[0] if kept else None
    lines = [] if today is None else [say["today"].format(**_sizes(today))]
    counts = sorted(len(own_clusters(result)) for result in shown if result is not today)
    if counts:
        key = "options" if counts[0] < counts[-1] else "options_same"
        lines.append(say[key].format(low=counts[0], high=counts[-1]))
    alike = _alike(results)
    lines += _best_lines(today, alike) if alike else []
    return [line if line.endswith(".") else f"{line}." for line in lines]
