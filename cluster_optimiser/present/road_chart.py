"""Pictures about roads, as SVG: minutes against the straight line, and where a map has roads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_optimiser.geography.travel import estimated_minutes
from cluster_optimiser.present.universe_files import drawing

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cluster_optimiser.geography.roads.comparison import RoadComparison

MOST_KM = 50.0


def _new(title: str, source: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure  # noqa: PLC0415 - a second that only pictures need

    figure = Figure(figsize=(8.0, 5.2))
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11, parse_math=False)
    figure.text(0.01, 0.0, source, fontsize=7, parse_math=False)
    return figure, axes


def _svg(figure: Figure) -> str:
    return drawing(figure, "svg", "tight").decode()


def road_chart(compared: RoadComparison, *, title: str, source: str) -> str:
    """Draw minutes by road against the straight line, with the estimate and the one that fits."""
    figure, axes = _new(title, source)
    bands = compared.bands[compared.bands["to_km"] <= MOST_KM]
    middle = (bands["from_km"] + bands["to_km"]) / 2
    axes.fill_between(
        middle, bands["road_p10_min"], bands["road_p90_min"], color="#c7dcee", label="80% of pairs"
    )
    axes.plot(middle, bands["road_min"], color="#08519c", linewidth=2.5, label="by road: mean")
    km = np.array([0.01, 10.0, MOST_KM])
    for spec, colour, dash, label in (
        (compared.estimate, "#b35806", "--", "estimate"),
        (compared.fit, "#542788", ":", "best fitting estimate"),
    ):
        if spec is not None:
            axes.plot(km, estimated_minutes(km, spec), color=colour, linestyle=dash, label=label)
    worst = compared.worst
    axes.plot(worst["km"], worst["road_min"], "o", color="#cb181d", label="longest detours")
    axes.set(xlim=(0, MOST_KM), ylim=(0, None), xlabel="straight-line km", ylabel="minutes")
    axes.grid(color="#dddddd", linewidth=0.7)
    axes.legend(frameon=False, fontsize=8)
    return _svg(figure)


def coverage_map(squares: gpd.GeoDataFrame, *, title: str, source: str) -> str:
    """Draw the squares of an authority and its margin, by whether the map has a road in them."""
    from matplotlib.collections import PolyCollection  # noqa: PLC0415 - as above

    figure, axes = _new(title, source)
    bounds = squares.geometry.bounds.to_numpy()
    corners = np.stack([bounds[:, [0, 2, 2, 0]], bounds[:, [1, 1, 3, 3]]], axis=2)
    for is_inside, has_road, colour, label in (
        (True, True, "#2c7fb8", "authority, with roads"),
        (True, False, "#cb181d", "authority, without"),
        (False, True, "#c7dcee", "margin, with roads"),
        (False, False, "#f2c9c9", "margin, without (the sea, or off the map)"),
    ):
        is_such = (squares["is_inside"] == is_inside) & (squares["has_road"] == has_road)
        said = f"{label}: {is_such.sum():,}"
        axes.add_collection(PolyCollection(corners[is_such], facecolor=colour, label=said))
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.set_axis_off()
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return _svg(figure)
