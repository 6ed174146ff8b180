"""The page's section on all legal plans: drawings as numbers for SVG, and the tables beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from cluster_optimiser.present.principles import lower_first
from cluster_optimiser.present.sensitivity_tables import cluster_outlook, series_outlook
from cluster_optimiser.present.svg import WIDTH, Ground
from cluster_optimiser.terms import gathered, lookup
from cluster_optimiser.words import (
    exact,
    is_unknown,
    number,
    one_decimal,
    percent,
    two_decimals,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.domain import Result, Standing, Violation
    from cluster_optimiser.prospects import Survey

CHART_WIDTH, CHART_HEIGHT = 620, 380
RADIUS = 5.0
COUNT_WIDTH = 64.0
LABEL_WIDTH, LABEL_HEIGHT = 24.0, 18.0
NAME_SIZE = 34.0
LETTER_SHARE = 0.62
WINDOW_HEIGHT = 720.0
"""Units of the map that fill as much of the page as a window does from top to bottom."""
WINDOW_PAD = 24.0
TICKS = (1, 2, 2.5, 5)
MOST_TICKS = 6
MOST_LEAVING = 4


def ticks(low: float, high: float) -> list[float]:
    """Choose round numbers that span a range.

    >>> ticks(8.1, 10.4)
    [8.0, 8.5, 9.0, 9.5, 10.0, 10.5]
    """
    width = max(high - low, 1e-9)
    power = 10.0 ** np.floor(np.log10(width / MOST_TICKS))
    step = next(t * power for t in (*TICKS, 10) if width / (t * power) <= MOST_TICKS)
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    return [round(float(k * step), 6) for k in np.arange(first, last + 1)]


def _chart(points: Sequence[Point]) -> dict[str, Any]:
    """Lay the front out: a line for each number of clusters, options as labelled rings."""
    across = ticks(min(p.minutes for p in points), max(p.minutes for p in points))
    up = ticks(min(p.misfit for p in points), max(p.misfit for p in points))

    def place(point: Point) -> tuple[float, float]:
        x = CHART_WIDTH * (point.minutes - across[0]) / max(across[-1] - across[0], 1e-9)
        y = CHART_HEIGHT * (1 - (point.misfit - up[0]) / max(up[-1] - up[0], 1e-9))
        return round(x, 1), round(y, 1)

    front, own = [p for p in points if not p.label], {p.figures for p in points if p.label}
    taken: list[BaseGeometry] = [shapely.Point(place(p)).buffer(RADIUS) for p in front]
    lines: list[dict[str, Any]] = []
    for n_clusters in sorted({p.n_clusters for p in front}):
        spots = sorted(place(p) for p in front if p.n_clusters == n_clusters)
        moves = "L".join(f"{x} {y}" for x, y in spots)
        lines.append({"n": n_clusters, "spots": spots, "path": f"M{moves}"})
        taken.append(shapely.LineString(spots).buffer(2) if len(spots) > 1 else taken[0])
    for line in lines:
        line["at"] = _label(line["spots"][0], COUNT_WIDTH, taken)
    marks: list[dict[str, Any]] = []
    for point, labels in together([p for p in points if p.label]):
        x, y = place(point)
        at = _label((x, y), LABEL_WIDTH * len(labels), taken)
        marks.append({"x": x, "y": y, "at": at, "label": ", ".join(labels)})
    return {
        "width": CHART_WIDTH,
        "height": CHART_HEIGHT,
        "x_ticks": [
            (round(CHART_WIDTH * i / max(1, len(across) - 1), 1), exact(t))
            for i, t in enumerate(across)
        ],
        "y_ticks": [
            (round(CHART_HEIGHT * (1 - i / max(1, len(up) - 1)), 1), number(t))
            for i, t in enumerate(up)
        ],
        "n_front": len(front),
        "lines": lines,
        "options": marks,
        "rows": [
            {
                "label": p.label,
                "n": number(p.n_clusters),
                "misfit": number(p.misfit),
                "minutes": two_decimals(p.minutes),
            }
            for p in sorted(points, key=lambda p: (*p.figures, p.label))
            if p.label or p.figures not in own
        ],
    }


def _label(
    spot: tuple[float, float], width: float, taken: list[BaseGeometry]
) -> tuple[float, float]:
    """Find room for a label near a point, and take it."""
    x, y = spot
    box = _free_spot(x, y, width, taken)
    taken += [box, shapely.Point(x, y).buffer(RADIUS + 3)]
    west, north, east, south = box.bounds
    return round((west + east) / 2, 1), round((north + south) / 2, 1)


def together(options: Sequence[Point]) -> list[tuple[Point, list[str]]]:
    found: dict[tuple[float, int], tuple[Point, list[str]]] = {}
    for point in options:
        found.setdefault((point.minutes, point.misfit), (point, []))[1].append(point.label)
    return list(found.values())


def _free_spot(x: float, y: float, width: float, taken: Iterable[BaseGeometry]) -> shapely.Polygon:
    """Find room for a label near a point."""
    held = list(taken)
    best: tuple[float, shapely.Polygon] | None = None
    for far in (18.0, 26.0, 36.0, 50.0):
        for angle in np.arange(0, 2 * np.pi, np.pi / 6):
            middle_x = x + (far + width / 2 - 10) * float(np.cos(angle))
            middle_y = y + far * float(np.sin(angle))
            box = shapely.box(
                middle_x - width / 2,
                middle_y - LABEL_HEIGHT / 2,
                middle_x + width / 2,
                middle_y + LABEL_HEIGHT / 2,
            )
            inside = shapely.box(0, 0, CHART_WIDTH, CHART_HEIGHT).covers(box)
            over = sum(box.intersection(other).area for other in held) + (not inside) * 1e6
            if over == 0:
                return box
            if best is None or over < best[0]:
                best = (over, box)
    return best[1] if best else shapely.box(x, y, x + width, y + LABEL_HEIGHT)


def _map(links: Sequence[Link], under: Ground) -> dict[str, Any]:
    """Lay out the map of links: a path for each class of share, names where there is room."""
    at: dict[str, tuple[float, float]] = {}
    lines: list[tuple[int, shapely.LineString]] = []
    for link in links:
        ends = under.frame.place(np.array(link.ends_m, dtype=np.float64))
        (x0, y0), (x1, y1) = ends.tolist()
        at[link.unit_a], at[link.unit_b] = (x0, y0), (x1, y1)
        lines.append((share_class(link.shares[0] or 0.0), shapely.LineString(ends)))
    whole = shapely.box(0, 0, WIDTH, under.frame.height)
    windows = [shapely.box(*window.buffer(WINDOW_PAD).bounds) for window in under.windows[:2]]
    insets = [_drawn(at, lines, window, size=NAME_SIZE * _scale(window)) for window in windows]
    crowded = shapely.union_all(windows)
    roomy = {name: spot for name, spot in at.items() if not crowded.covers(shapely.Point(spot))}
    return {
        **_drawn(at, lines, whole, size=NAME_SIZE, named=roomy),
        "insets": insets,
        "rows": [
            [f"{link.unit_a} \u2013 {link.unit_b}", *(share_text(share) for share in link.shares)]
            for link in links
        ],
        "always": sum(link.shares[0] == 1 for link in links),
        "never": sum(link.shares[0] == 0 for link in links),
        "n": len(links),
    }


def _scale(window: BaseGeometry) -> float:
    """Give how much smaller things are drawn in a window that the page shows larger."""
    _, north, _, south = window.bounds
    return (float(south) - float(north)) / WINDOW_HEIGHT


def _drawn(
    at: Mapping[str, tuple[float, float]],
    lines: Sequence[tuple[int, shapely.LineString]],
    window: BaseGeometry,
    *,
    size: float,
    named: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, Any]:
    """Lay out what of the map lies in a window."""
    west, north, east, south = (float(value) for value in window.bounds)
    paths: dict[int, list[str]] = {}
    for kind, line in lines:
        if line.intersects(window):
            (x0, y0), (x1, y1) = line.coords
            paths.setdefault(kind, []).append(f"M{x0:.0f} {y0:.0f}L{x1:.0f} {y1:.0f}")
    dots = {name: spot for name, spot in at.items() if window.covers(shapely.Point(spot))}
    taken = [shapely.Point(spot).buffer(size / 3) for spot in dots.values()]
    names = []
    wanted = dots if named is None else named
    for name, (x, y) in sorted(wanted.items(), key=lambda item: (len(item[0]), item[0])):
        half = len(name) * size * LETTER_SHARE / 2
        middle = min(max(x, west + half), east - half)
        for dy in (-size, size, -1.9 * size, 1.9 * size):
            box = shapely.box(middle - half, y + dy - size / 2, middle + half, y + dy + size / 2)
            if window.covers(box) and not any(box.intersects(other) for other in taken):
                taken.append(box)
                names.append((round(middle), round(y + dy + size * 0.35), name))
                break
    return {
        "box": [round(value) for value in (west, north, east - west, south - north)],
        "size": round(size, 1),
        "paths": [(kind, "".join(paths[kind])) for kind in sorted(paths)],
        "dots": [(round(x), round(y)) for x, y in dots.values()],
        "names": names,
    }


def universe_view(
    results: Sequence[Result], standing: Standing | None, under: Ground
) -> dict[str, Any] | None:
    rows = universe_rows(results)
    if not rows:
        return None
    view: dict[str, Any] = {"rows": rows, "reference": "", "chart": None, "map": None}
    if standing is None:
        return view
    reference = next(r for r in results if r.plan.label == standing.label)
    survey = reference.survey
    points, links = points_of(reference, standing), links_of(reference)
    layers, terms = reference.problem.authority.layers, survey.terms if survey else ()
    layer = terms[1].partition(".")[2] if len(terms) > 1 else ""
    say = words()["universe"]
    return view | {
        "reference": standing.label,
        "n_plans": number(survey.n_plans if survey else None),
        "standing": standing_rows(reference, standing),
        "chart": _chart(points) if points else None,
        "layer": lower_first(layers[layer].title) if layer in layers else "",
        "map": _map(links, under) if links else None,
        "classes": [say[f"class_{i}"] for i in range(6)],
    }


def outlook_view(results: Sequence[Result]) -> dict[str, Any] | None:
    """Gather what the page says of the options if pupils change."""
    held = [result for result in results if result.outlook is not None]
    if not held:
        return None
    stated = (result.problem.scenario.projection for result in held)
    assumptions = {one.assumption for one in stated if one is not None}
    series = list(dict.fromkeys(s for r in held for s in series_outlook(r).index))
    return {
        "assumptions": sorted(assumptions),
        "series": series,
        "rows": [_outlook_row(result, series) for result in held],
    }


def _outlook_row(result: Result, series: Sequence[str]) -> dict[str, Any]:
    say = words()["outlook"]
    table = series_outlook(result)
    cells = []
    for name in series:
        if name not in table.index:
            cells.append(words()["universe"]["unknown"])
            continue
        row: pd.Series = table.loc[str(name)]  # type: ignore[assignment]
        n_legal, n = int(row["n_legal"]), int(row["n_projections"])
        if row["is_draw"] or is_unknown(row["last_year"]):
            cells.append(say["share"].format(k=n_legal, n=n, share=percent(n_legal, n)))
        elif is_unknown(row["first_year_broken"]):
            cells.append(say["all_years"].format(year=int(row["last_year"])))
        else:
            cells.append(say["until"].format(year=int(row["first_year_broken"])))
    n_legal, n = int(table["n_legal"].sum()), int(table["n_projections"].sum())
    clusters = cluster_outlook(result)
    leaving = clusters[(clusters["n_outside"] > 0) & ~clusters["is_outside_today"]]
    worst = leaving.groupby("cluster").agg(
        n=("n_outside", "sum"), by=("most_by_pupils", lambda v: max(v, key=abs))
    )
    worst = worst.sort_values(["n", "by"], ascending=[False, True])
    named = [
        say["leaves"].format(cluster=cluster, k=int(row["n"]), by=_beyond(int(row["by"])))
        for cluster, row in worst.head(MOST_LEAVING).iterrows()
    ]
    more = len(worst) - len(named)
    return {
        "label": result.plan.label,
        "title": result.problem.scenario.title,
        "total": say["share"].format(k=n_legal, n=n, share=percent(n_legal, n)),
        "is_best": n_legal == n,
        "cells": cells,
        "leaving": [*named, *([say["more"].format(n=more)] if more > 0 else [])],
    }


CLASSES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Ends of the classes of shares; nothing, and everything, are classes of their own."""


@dataclass(frozen=True, slots=True)
class Point:
    """A plan in the chart of the front."""

    minutes: float  # mean minutes to the meeting place: across
    misfit: int  # pupils outside their cluster's main area of the layer: up
    n_clusters: int  # its number of clusters
    label: str = ""  # option whose plan it is, or an empty string for a plan of the front

    @property
    def figures(self) -> tuple[int, int, float]:
        return self.n_clusters, self.misfit, round(self.minutes, 6)


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
    not_legal = [
        {"label": label, "why": _why(broken)} for label, broken in standing.not_legal.items()
    ]
    return {"heads": heads, "rows": rows, "not_legal": not_legal}


def _why(broken: Sequence[Violation]) -> str:
    """Say what a plan breaks first, and how much more."""
    first, more = f"{broken[0].subject}: {broken[0].detail}", len(broken) - 1
    said: str = words()["universe"]["not_legal_more"]
    return said.format(n=more, why=first) if more else first


def _beyond(by_pupils: int) -> str:
    """Say by how much a cluster leaves the range."""
    said: str = words()["outlook"]["over" if by_pupils > 0 else "under"]
    return said.format(n=number(abs(by_pupils)))
