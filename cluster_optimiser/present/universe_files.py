"""All legal plans in a results folder: tables and JSON for each option, pictures for all."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from cluster_optimiser.present.characters import printable
from cluster_optimiser.present.records import plain, plain_record
from cluster_optimiser.present.svg import ground
from cluster_optimiser.present.tables import csv_text
from cluster_optimiser.present.universe_page import (
    links_of,
    points_of,
    share_class,
    ticks,
    together,
)
from cluster_optimiser.terms import term_scale
from cluster_optimiser.words import is_unknown, number, words
from cluster_optimiser.words import say as tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.domain import Result, Standing
    from cluster_optimiser.optimise.candidates import CandidateGroup
    from cluster_optimiser.optimise.universe.all_plans import Counted, PickedPlan, Universe
    from cluster_optimiser.present.universe_page import Link, Point
    from cluster_optimiser.prospects import Survey

COLOURS = ("#71828d", "#9dc0cf", "#5e9ab3", "#2a7291", "#0b4a66", "#ffffff")
WIDTHS_PT = (1.0, 1.2, 2.2, 3.2, 4.4, 1.6)
DOUBLE, DOUBLE_WIDTH_PT = "#10242e", 5.0
DEEP, MARK, LAND = "#14506b", "#b3123e", "#c9d3d9"
PICTURES = ("front.svg", "front.png", "together.svg", "together.png")

PNG_DPI = 150
PADDING_IN = 0.1
MOST_WINDOWS = 2
LABEL_SHARE = (0.12, 0.05)
"""Share of the chart that a label takes across and up."""
SALT = "cluster-optimiser"
"""Names within an SVG are made from it, so that two runs write the same bytes."""


def survey_tables(survey: Survey) -> dict[str, pd.DataFrame]:
    """Give what was worked out of all legal plans as tables."""
    found = {
        "counts": survey.counts,
        "distributions": survey.distributions,
        "rank": survey.rank,
        "together": survey.together,
        "front": survey.front,
    }
    return {name: in_own_units(table) for name, table in found.items() if table is not None}


def survey_files(result: Result) -> dict[str, str]:
    """Write all legal plans of a result's scenario as files."""
    survey = result.survey
    if survey is None:
        return {}
    tables = survey_tables(survey)
    record: dict[str, Any] = {
        "label": result.plan.label,
        "title": result.problem.scenario.title,
        "n_plans": survey.n_plans,
        "not_worked_out": survey.reason,
        "front_of": survey.terms,
        **dict.fromkeys(("counts", "distributions", "rank", "together", "front")),
        **{
            name: table.reset_index().astype(object).to_dict(orient="records")
            for name, table in tables.items()
        },
        "caveats": result.caveats,
    }
    text = json.dumps(plain(record), ensure_ascii=False, indent=1, allow_nan=False)
    files = {"universe.json": text + "\n"}
    for name, table in tables.items():
        files[f"universe_{name}.csv"] = csv_text(table.reset_index())
    return files


def write_pictures(results: Sequence[Result], standing: Standing | None, out: Path) -> None:
    """Draw the front and the map of neighbours as SVG and PNG."""
    drawn = _figures(results, standing)
    # Looked for once a figure: savefig(bbox_inches="tight") would draw it all once more each time.
    boxes = {name: _box(figure) for name, figure in drawn.items()}
    for picture in PICTURES:
        name, _, kind = picture.partition(".")
        if name in drawn:
            (out / picture).write_bytes(drawing(drawn[name], kind, boxes[name]))
        else:
            (out / picture).unlink(missing_ok=True)


def _figures(results: Sequence[Result], standing: Standing | None) -> dict[str, Figure]:
    if standing is None:
        return {}
    reference = next(r for r in results if r.plan.label == standing.label)
    import matplotlib as mpl  # noqa: PLC0415 - a second of import that only pictures need

    with mpl.rc_context({"text.parse_math": False}):  # a name with two dollars is a name
        figures = {"front": _front(reference, standing), "together": _together(reference)}
    return {name: figure for name, figure in figures.items() if figure is not None}


def _box(figure: Figure) -> Bbox:
    """Give the box around all that a figure holds, in inches."""
    return figure.get_tightbbox().padded(PADDING_IN)


def drawing(figure: Figure, kind: str, box: Bbox | str) -> bytes:
    """Draw a figure, the same bytes each time."""
    import matplotlib as mpl  # noqa: PLC0415 - a second of import that only pictures need

    # No date, and names made from a fixed text: two runs write the same bytes.
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": SALT, "svg.fonttype": "none"}):
        figure.savefig(buffer, format=kind, dpi=PNG_DPI, metadata=metadata, bbox_inches=box)
    return buffer.getvalue()


def _front(reference: Result, standing: Standing) -> Figure | None:
    points = points_of(reference, standing)
    if not points or reference.survey is None:
        return None
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    say = words()["universe"]
    layer = reference.problem.authority.layers[reference.survey.terms[1].partition(".")[2]].title
    figure = Figure(figsize=(8.0, 5.2))
    axes = figure.subplots()
    front = [p for p in points if not p.label]
    labelled: list[tuple[float, float]] = []
    for n_clusters in sorted({p.n_clusters for p in front}, reverse=True):
        spots = sorted((p.minutes, p.misfit) for p in front if p.n_clusters == n_clusters)
        across, up = zip(*spots, strict=True)
        axes.plot(across, up, color=DEEP, linewidth=1.2, marker="o", markersize=4, zorder=3)
        text = tell("count.clusters", n_clusters)
        higher = 12 * sum(_is_near(spots[0], other, points) for other in labelled)
        labelled.append(spots[0])
        axes.annotate(
            text, spots[0], (6, 6 + higher), textcoords="offset points", fontsize=8, color="#22303a"
        )
    ringed: list[tuple[float, float]] = []
    for point, labels in together([point for point in points if point.label]):
        spot = point.minutes, point.misfit
        lower = 14 * sum(_is_near(spot, other, points) for other in ringed)
        ringed.append(spot)
        axes.plot(*spot, "o", markersize=12, markerfacecolor="none", markeredgecolor=MARK,
                  markeredgewidth=2, zorder=4)  # fmt: skip
        at, text = (9, -12 - lower), printable(", ".join(labels))
        axes.annotate(text, spot, at, textcoords="offset points", weight="bold")
    up_ticks = ticks(min(p.misfit for p in points), max(p.misfit for p in points))
    axes.set_yticks(up_ticks, [number(t) for t in up_ticks])
    axes.set_xticks(ticks(min(p.minutes for p in points), max(p.minutes for p in points)))
    axes.grid(color="#d6dee3", linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(say["axis_minutes"])
    axes.set_ylabel(printable(say["axis_misfit"].format(layer=layer)))
    n_plans = number(reference.survey.n_plans)
    axes.set_title(
        say["picture_front"].format(n=n_plans, option=standing.label), loc="left", fontsize=10
    )
    return figure


def _is_near(one: tuple[float, float], other: tuple[float, float], points: Sequence[Point]) -> bool:
    """Tell whether labels at two spots would lie over each other."""
    across = [p.minutes for p in points]
    up = [p.misfit for p in points]
    wide = abs(one[0] - other[0]) < LABEL_SHARE[0] * (max(across) - min(across))
    return wide and abs(one[1] - other[1]) < LABEL_SHARE[1] * (max(up) - min(up))


def _together(reference: Result) -> Figure | None:
    links = links_of(reference)
    if not links or reference.survey is None:
        return None
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above
    from matplotlib.lines import Line2D  # noqa: PLC0415 - as above

    say = words()["universe"]
    under = ground(reference)
    windows = [under.frame.undraw(window) for window in under.windows[:MOST_WINDOWS]]
    figure = Figure(figsize=(12.0 if windows else 9.5, 6.6))
    grid = figure.add_gridspec(max(1, len(windows)), 2, width_ratios=(3.2, 1), wspace=0.02)
    axes = figure.add_subplot(grid[:, 0] if windows else grid[:, :])
    _draw_links(axes, reference, links, without=windows)
    for row, window in enumerate(windows):
        _draw_links(figure.add_subplot(grid[row, 1]), reference, links, within=window)
    handles = [
        tuple(Line2D([], [], **style) for style in _styles(kind)) for kind in range(5, -1, -1)
    ]
    texts = [say[f"class_{kind}"] for kind in range(5, -1, -1)]
    axes.legend(handles, texts, loc="upper left", bbox_to_anchor=(0, 0), ncols=3, frameon=False)
    n_plans = number(reference.survey.n_plans)
    title = say["picture_together"].format(n=n_plans, option=reference.plan.label)
    axes.set_title(printable(title), loc="left", fontsize=10)
    return figure


def _draw_links(
    axes: Axes,
    reference: Result,
    links: Sequence[Link],
    *,
    without: Sequence[BaseGeometry] = (),
    within: BaseGeometry | None = None,
) -> None:
    """Draw borders, links and names; names of crowded places are left to their own window."""
    from matplotlib.collections import LineCollection  # noqa: PLC0415 - as above
    from matplotlib.patheffects import withStroke  # noqa: PLC0415 - as above

    reference.problem.units.geometry.boundary.simplify(200.0).plot(
        ax=axes, color=LAND, linewidth=0.7
    )
    at: dict[str, tuple[float, float]] = {}
    strokes: list[tuple[Any, dict[str, Any]]] = []
    for link in reversed(links):
        at[link.unit_a], at[link.unit_b] = link.ends_m
        styles = _styles(share_class(link.shares[0] or 0.0))
        strokes += [(link.ends_m, style) for style in styles]
    # Of one piece: a line at a time takes ten times as long.
    drawn = LineCollection(
        [ends for ends, _ in strokes],
        colors=[style["color"] for _, style in strokes],
        linewidths=[style["linewidth"] for _, style in strokes],
        linestyles=[style.get("linestyle", "-") for _, style in strokes],
        capstyle="round",
        zorder=2,
    )
    axes.add_collection(drawn)
    axes.plot(*zip(*at.values(), strict=True), "o", color="#16222a", markersize=3, zorder=3)
    for name, spot in at.items():
        point = shapely.Point(spot)
        if within is None or within.covers(point):
            if any(window.covers(point) for window in without):
                continue
            text = axes.annotate(printable(name), spot, (0, 4), textcoords="offset points",
                                 fontsize=7, ha="center", color="#101a20", zorder=4)  # fmt: skip
            text.set_path_effects([withStroke(linewidth=2, foreground="white")])
    axes.set_aspect("equal")
    if within is None:
        axes.set_axis_off()
        return
    west, south, east, north = within.bounds
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("")
    axes.set_ylabel("")


def _styles(kind: int) -> list[dict[str, Any]]:
    """Give the strokes of a class, the lowest first: a line that is always there is double."""
    style = {"color": COLOURS[kind], "linewidth": WIDTHS_PT[kind]}
    if kind == 0:
        style["linestyle"] = ":"
    if kind == len(COLOURS) - 1:
        return [{"color": DOUBLE, "linewidth": DOUBLE_WIDTH_PT}, style]
    return [style]


_QUANTILES = ("p05", "p25", "p50", "p75", "p95")
_BOUNDED = (*_QUANTILES, "n_better", "n_worse")
"""Columns that have columns ``_least`` and ``_most`` beside them: proved bounds."""

VALUE_COLUMNS = (
    *("value", "minimum", *_QUANTILES, "maximum", "mean"),
    *(f"{name}_{bound}" for name in _QUANTILES for bound in ("least", "most")),
)
"""Columns of integers that are shown in the metric's own unit."""


def plans_table(plans: Sequence[PickedPlan], groups: Sequence[CandidateGroup]) -> pd.DataFrame:
    rows = [
        {
            **{metric: value / term_scale(metric) for metric, value in plan.costs.items()},
            "clusters": "; ".join("+".join(groups[i].units) for i in plan.groups),
        }
        for plan in plans
    ]
    table = pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="number"))
    whole = [name for name in table.columns if name != "clusters" and term_scale(name) == 1]
    return table.astype(dict.fromkeys(whole, "int64"))


def in_own_units(table: pd.DataFrame) -> pd.DataFrame:
    if "scale" not in table:
        return table
    shown = table.drop(columns="scale").astype(object)
    bounds = [f"{name}_{bound}" for name in _BOUNDED for bound in ("least", "most")]
    if not shown[[name for name in _BOUNDED if name in shown]].isna().any(axis=None):
        shown = shown.drop(columns=[name for name in bounds if name in shown])
    for column in VALUE_COLUMNS:
        if column in shown:
            pairs = zip(table[column], table["scale"], strict=True)
            shown[column] = [_divided(value, int(scale)) for value, scale in pairs]
    return shown


def _divided(value: object, scale: int) -> float | int | None:
    if is_unknown(value):
        return None
    if scale == 1 and not isinstance(value, float):
        return int(str(value))
    return float(str(value)) / scale


def universe_record(
    found: Universe | Counted, tables: Mapping[str, pd.DataFrame]
) -> dict[str, object]:
    scenario = found.problem.scenario
    record = {
        "label": scenario.option,
        "title": scenario.title,
        "n_plans": found.n_plans,
        "n_plans_by_n_clusters": {str(n): c for n, c in found.n_plans_by_count.items()},
        **{
            name: in_own_units(table).reset_index().to_dict(orient="records")
            for name, table in tables.items()
        },
        "caveats": found.problem.authority.caveats,
    }
    return plain_record(record)


def universe_lines(found: Universe | Counted, tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """Give a universe as lines for the terminal: a heading, then each table as CSV."""
    scenario = found.problem.scenario
    yield f"{scenario.option}: {found.n_plans:,} legal plan{'s' * (found.n_plans != 1)}"
    for n_clusters, n_plans in sorted(found.n_plans_by_count.items()):
        yield f"  {n_plans:,} of {n_clusters} cluster{'s' * (n_clusters != 1)}"
    for name, table in tables.items():
        yield ""
        yield f"# {name}"
        yield from csv_text(in_own_units(table).reset_index()).splitlines()
