"""Charts as plain numbers for SVG: sizes, minutes and alignment of every option."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from cluster_optimiser.present.principles import (
    longest_minutes,
    mean_minutes,
    misaligned,
    own_clusters,
)
from cluster_optimiser.rules import bounding
from cluster_optimiser.words import UNKNOWN, exact, number, one_decimal, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Result

WIDTH, HEIGHT = 300, 110
ROW_WIDTH, ROW_HEIGHT = 460, 26
TICKS = (1, 2, 5)


def _nice_step(most: float, steps: int) -> float:
    """Give the smallest of 1, 2, 5 times a power of ten that makes few enough steps."""
    size = 1.0
    while True:
        for tick in TICKS:
            if most / (tick * size) <= steps:
                return tick * size
        size *= 10


def _bars(result: Result, top: float) -> dict[str, Any]:
    size = result.problem.scenario.size
    pupils = sorted((int(n) for n in own_clusters(result)["pupils"]), reverse=True)
    step = WIDTH / max(1, len(pupils))

    def y(value: float) -> float:
        return round(HEIGHT * (1 - min(value, top) / top), 1)

    width = round(max(1.0, step - min(2.0, step / 4)), 1)
    drawn: dict[bool, list[str]] = {True: [], False: []}
    limits = [result.problem.scenario.at(rule.keys[0]) for rule, _ in bounding("pupils")]
    low, high = map(y, limits)
    for i, n in enumerate(pupils):
        drawn[not size.beyond(n)].append(f"M{round(i * step, 1)} {HEIGHT}V{y(n)}h{width}V{HEIGHT}")
    return {
        "within": "".join(drawn[True]),
        "outside": "".join(drawn[False]),
        "band": (high, round(low - high, 1)),
    }


def _pupils_chart(results: Sequence[Result]) -> dict[str, Any]:
    """Draw options on the scale of their own range: of 5,000 and of 30,000 pupils alike."""
    charts, rows = [], []
    for result in results:
        size = result.problem.scenario.size
        pupils = [int(n) for n in own_clusters(result)["pupils"]]
        beyond = [size.beyond(n) for n in pupils]
        step = _nice_step(max(pupils, default=1) * 1.08, 4)
        top = step * (int(max(pupils, default=1) * 1.08 / step) + 1)
        ticks = [step * k for k in range(int(top / step) + 1)]
        chart = {
            "label": result.plan.label,
            **_bars(result, top),
            "ticks": [(round(HEIGHT * (1 - t / top), 1), number(t)) for t in ticks],
        }
        charts.append(chart)
        cells = [
            number(len(pupils)),
            number(min(pupils, default=None)),
            number(statistics.median(pupils) if pupils else None),
            number(max(pupils, default=None)),
            number(sum(n < 0 for n in beyond)),
            number(beyond.count(0)),
            number(sum(n > 0 for n in beyond)),
        ]
        rows.append(cells)
    return {"charts": charts, "rows": rows}


def _travel(result: Result) -> tuple[float | None, float | None, float | None]:
    ((rule, _),) = bounding("max_minutes")
    mean, longest = mean_minutes(result), longest_minutes(result)
    is_known = mean is not None and longest is not None
    limit = result.problem.scenario.limit(rule)
    return (mean, longest, limit) if is_known else (None, None, limit)


def _minutes_chart(results: Sequence[Result]) -> dict[str, Any]:
    found = [_travel(result) for result in results]
    known = [value for one in found for value in one if value is not None]
    step = _nice_step(max(known, default=10.0), 6)
    top = step * (int(max(known, default=10.0) / step) + 1)

    def x(value: float | None) -> float | None:
        return None if value is None else round(ROW_WIDTH * value / top, 1)

    return {
        "bars": [{"mean": x(m), "longest": x(n), "limit": x(at)} for m, n, at in found],
        "ticks": [(x(step * k), exact(step * k)) for k in range(int(top / step) + 1)],
        "rows": [
            [one_decimal(mean), one_decimal(longest), UNKNOWN if limit is None else exact(limit)]
            for mean, longest, limit in found
        ],
    }


def _layers_chart(results: Sequence[Result]) -> dict[str, Any]:
    layers = results[0].problem.authority.layers
    shares = [[misaligned(result, layer) for layer in layers] for result in results]
    parts = [part / whole if whole else 0.0 for row in shares for part, whole in row]
    top = max([0.1, *parts])
    return {
        "titles": [layer.title for layer in layers.values()],
        "bars": [
            [round(100 * (part / whole if whole else 0.0) / top, 1) for part, whole in row]
            for row in shares
        ],
        "rows": [
            [f"{number(part)} ({percent(part, whole)})" for part, whole in row] for row in shares
        ],
        "texts": [[percent(part, whole) for part, whole in row] for row in shares],
    }


def charts(results: Sequence[Result]) -> dict[str, Any]:
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "row_width": ROW_WIDTH,
        "row_height": ROW_HEIGHT,
        "pupils": _pupils_chart(results),
        "minutes": _minutes_chart(results),
        "layers": _layers_chart(results),
    }
