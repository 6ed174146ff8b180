"""A chart of the estimate against minutes by road, as SVG."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import markupsafe
import numpy as np

from cluster_optimiser.geography.travel import estimated_minutes

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_optimiser.geography.roads.comparison import RoadComparison

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 440, 56, 82, 34
"""Of the drawing, and of what stands beside, below and above the field."""

MOST_KM, KM_STEP, MIN_STEP = 50, 10, 10

LINES = (("estimate", "#b35806", "6 4"), ("fit", "#542788", "2 3"))


def road_chart(compared: RoadComparison, *, title: str, source: str) -> str:
    """Draw minutes by road against the straight line, with the estimate and the one that fits."""
    bands = compared.bands[compared.bands["to_km"] <= MOST_KM]
    middle = ((bands["from_km"] + bands["to_km"]) / 2).to_numpy()
    low, high, mean = (
        bands[name].to_numpy() for name in ("road_p10_min", "road_p90_min", "road_min")
    )
    tops = [*high, *compared.worst["road_min"], MIN_STEP]
    most_min = MIN_STEP * math.ceil(max(tops) / MIN_STEP)

    def at(km: float, minutes: float) -> str:
        x = LEFT + km / MOST_KM * (WIDTH - LEFT - 16)
        y = HEIGHT - BOTTOM - minutes / most_min * (HEIGHT - BOTTOM - TOP)
        return f"{x:.1f},{y:.1f}"

    around = [*zip(middle, high, strict=True), *zip(middle[::-1], low[::-1], strict=True)]
    parts = [
        markupsafe.Markup('<text x="{}" y="20" font-size="15">{}</text>').format(LEFT, title),
        *_axes(most_min, at),
        _shape("polygon", " ".join(at(*point) for point in around), 'fill="#c7dcee"'),
        _shape(
            "polyline",
            " ".join(at(*point) for point in zip(middle, mean, strict=True)),
            'fill="none" stroke="#08519c" stroke-width="2.5"',
        ),
        *_estimates(compared, at, most_min),
        *(
            _dot(at(float(km), float(minutes)), f"{a} to {b}: {minutes:.0f} minutes, {km:.1f} km")
            for a, b, km, minutes in zip(
                compared.worst["from_urn"],
                compared.worst["to_urn"],
                compared.worst["km"],
                compared.worst["road_min"],
                strict=True,
            )
        ),
        *_key(compared),
        markupsafe.Markup('<text x="{}" y="{}" font-size="11">{}</text>').format(
            LEFT, HEIGHT - 8, source
        ),
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#222">'
    )
    background = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    name = markupsafe.Markup("<title>{}</title>").format(title)
    return "\n".join([head, str(name), background, *map(str, parts), "</svg>", ""])


def _shape(kind: str, points: str, look: str) -> str:
    return f'<{kind} points="{points}" {look}/>'


def _dot(place: str, words: str) -> str:
    x, y = place.split(",")
    text = markupsafe.Markup("<title>{}</title>").format(words)
    return f'<circle cx="{x}" cy="{y}" r="4" fill="#cb181d">{text}</circle>'


def _axes(most_min: int, at: Callable[[float, float], str]) -> list[str]:
    parts = []
    for minutes in range(0, most_min + 1, MIN_STEP * (1 + most_min // 100)):
        (x0, y), (x1, _) = (at(km, minutes).split(",") for km in (0, MOST_KM))
        parts.append(f'<line x1="{x0}" y1="{y}" x2="{x1}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y}" dy="4" text-anchor="end">{minutes}</text>')
    for km in range(0, MOST_KM + 1, KM_STEP):
        x, y = at(km, 0).split(",")
        parts.append(f'<text x="{x}" y="{y}" dy="18" text-anchor="middle">{km}</text>')
    foot = HEIGHT - BOTTOM + 34
    middle = (LEFT + WIDTH) / 2
    parts.append(f'<text x="{middle}" y="{foot}" text-anchor="middle">straight-line km</text>')
    parts.append(
        f'<text transform="translate(14 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">'
        "minutes</text>"
    )
    return parts


def _estimates(
    compared: RoadComparison, at: Callable[[float, float], str], most_min: int
) -> list[str]:
    km = np.array([0.01, 10.0, float(MOST_KM)])
    parts = []
    for which, colour, dash in LINES:
        spec = compared.estimate if which == "estimate" else compared.fit
        if spec is not None:
            minutes = np.minimum(estimated_minutes(km, spec), most_min)
            points = " ".join(at(*point) for point in zip(km, minutes, strict=True))
            look = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
            parts.append(_shape("polyline", points, look))
    return parts


def _key(compared: RoadComparison) -> list[str]:
    said = [("#08519c", "by road: mean, and 80% of pairs")]
    if compared.estimate is not None:
        said.append((LINES[0][1], "estimate"))
    said += [(LINES[1][1], "best fitting estimate"), ("#cb181d", "longest detours")]
    parts, x = [], LEFT
    for colour, words in said:
        y = HEIGHT - 28
        parts.append(f'<rect x="{x}" y="{y - 9}" width="12" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{x + 17}" y="{y}">{words}</text>')
        x += 36 + 6 * len(words)
    return parts
