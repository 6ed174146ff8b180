"""The analysts' map of one plan: folium, with everything it needs inside the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import branca.element
import folium
import folium.utilities
import jinja2
import markupsafe
import shapely

from cluster_optimiser.constants import CRS_DEGREES, HOMES
from cluster_optimiser.present.geofiles import geometry_record
from cluster_optimiser.present.mosaic import LOOK, backdrop_of
from cluster_optimiser.present.numbering import cluster_numbers
from cluster_optimiser.present.placing import leaflet
from cluster_optimiser.present.records import exceptions
from cluster_optimiser.present.shapes import (
    EXEMPT_COLOUR,
    PALETTE,
    drawable,
    largest_part,
    plan_colours,
)
from cluster_optimiser.present.tables import made_from, schools_table
from cluster_optimiser.present.words import template
from cluster_optimiser.words import is_unknown, long_date, number, one_decimal, spoken, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from cluster_optimiser.domain import Authority, Result

TOLERANCE_M = 60.0
DECIMALS = 5

_NO_ZOOM = re.compile(r'<meta name="viewport"[^>]*user-scalable=no[^>]*>')
_MAP_BOX = re.compile(r'<div (class="folium-map" id="\w+") *></div>')
_RANDOM_ID = re.compile(r"_([0-9a-f]{32})(?![0-9a-f])")
_INK = "#22303a"


class _Verbatim(branca.element.Element):
    """Text put into the page as it is, never read as a template again."""

    _template = jinja2.Template("{{ this.text }}", autoescape=False)

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "Verbatim"
        self.text = text


class _Fitted(branca.element.MacroElement):
    """Keeps the whole area in view when the window changes, until the reader moves the map."""

    _template = jinja2.Template(
        """
        {% macro script(this, kwargs) %}
        (function (map, bounds) {
            var fit = function () { map.fitBounds(bounds, {animate: false}); };
            fit();
            map.on("resize", fit);
            map.getContainer().addEventListener("pointerdown", function () {
                map.off("resize", fit);
            });
        })({{ this._parent.get_name() }}, {{ this.bounds|tojson }});
        {% endmacro %}
        """,
        autoescape=False,
    )

    def __init__(self, bounds: list[list[float]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Fitted"
        self.bounds = bounds


def _text(value: object) -> str:
    """Escape a name for HTML, and braces too: folium reads its output as a template again."""
    escaped = str(markupsafe.escape(str(value)))
    return escaped.replace("{", "&#123;").replace("}", "&#125;")


def _tip(title: object, lines: Sequence[tuple[str, object]]) -> str:
    rows = "".join(f"<br>{_text(label)}: {_text(value)}" for label, value in lines)
    return f"<b>{_text(title)}</b>{rows}"


def _features(areas: gpd.GeoSeries, properties: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": values,
                "geometry": geometry_record(shape, decimals=DECIMALS),
            }
            for shape, values in zip(areas.to_crs(CRS_DEGREES), properties, strict=True)
        ],
    }


def _tooltip() -> folium.GeoJsonTooltip:
    return folium.GeoJsonTooltip(fields=["tip"], labels=False, sticky=True, class_name="plan-tip")


def _clusters_layer(result: Result, colour_of: dict[str, int]) -> folium.GeoJson:
    say = words()["map"]
    parts, numbers = made_from(result), cluster_numbers(result)
    clusters = result.score.clusters
    areas = drawable(clusters.geometry, tolerance_m=TOLERANCE_M)
    place = result.problem.authority.schools["name"]
    properties = []
    for row in clusters.loc[areas.index].itertuples():
        lines = [
            (say["pupils"], number(row.pupils)),
            (say["schools"], number(row.n_schools)),
            (say["made_from"], ", ".join(name for name, _ in parts[row.cluster])),
            (say["mean_minutes"], one_decimal(row.mean_minutes)),
            (say["max_minutes"], one_decimal(row.max_minutes)),
        ]
        if not is_unknown(row.meeting_place_urn):
            lines.append((say["meeting_place"], place.get(int(row.meeting_place_urn), "")))
        title = f"{numbers[row.Index]}. {row.cluster}"
        properties.append({"colour": colour_of[row.cluster], "tip": _tip(title, lines)})
    return folium.GeoJson(
        _features(areas, properties),
        name=_text(say["layer_clusters"]),
        style_function=lambda feature: {
            "fillColor": PALETTE[feature["properties"]["colour"]],
            "fillOpacity": 1,
            "color": _INK,
            "weight": 1.6,
        },
        highlight_function=lambda _: {"weight": 3.5},
        # folium looks for the field among what is drawn, which may be nothing.
        tooltip=_tooltip() if properties else None,
        smooth_factor=0.5,
    )


def _lines_layer(
    areas: gpd.GeoSeries, *, name: str, colour: str, dashes: str, show: bool
) -> folium.GeoJson:
    light = drawable(areas, tolerance_m=TOLERANCE_M * 2)
    return folium.GeoJson(
        _features(light, [{} for _ in light]),
        name=_text(name),
        style_function=lambda _: {
            "fill": False,
            "color": colour,
            "weight": 2,
            "dashArray": dashes,
            "interactive": False,
        },
        show=show,
        interactive=False,
        smooth_factor=0.5,
    )


def _add_backdrop(plan_map: folium.Map, authority: Authority) -> None:
    group = folium.FeatureGroup(name=_text(words()["map"]["layer_backdrop"]))
    for kind, shapes in backdrop_of(authority).items():
        look = {"interactive": False, **LOOK[kind]}
        folium.GeoJson(
            _features(shapes, [{} for _ in shapes]),
            style_function=lambda _, look=look: look,
            interactive=False,
            smooth_factor=0.5,
        ).add_to(group)
        group.add_to(plan_map)


def _schools_layer(result: Result) -> folium.GeoJson:
    say = words()["map"]
    schools = schools_table(result)
    schools = schools[schools["phase"] != HOMES]
    properties = []
    for row in schools.itertuples():
        pupils = say["unknown"] if is_unknown(row.pupils) else number(row.pupils)
        minutes = say["unknown"] if is_unknown(row.minutes) else one_decimal(row.minutes)
        lines = [
            (say["cluster"], row.cluster),
            (say["pupils"], pupils),
            (say["minutes"], minutes),
            (say["today"], row.from_cluster),
        ]
        if not is_unknown(row.secondary_membership):
            lines.append((say["local_link"], row.secondary_membership))
        kind = "exempt" if row.is_exempt else row.phase
        properties.append({"kind": kind, "tip": _tip(row.school, lines)})
    large = ("secondary", "all-through")
    return folium.GeoJson(
        _features(schools.geometry, properties),
        name=_text(say["layer_schools"]),
        marker=folium.CircleMarker(radius=3, fill=True),
        style_function=lambda feature: {
            "radius": 5.5 if feature["properties"]["kind"] in large else 3.2,
            "color": EXEMPT_COLOUR if feature["properties"]["kind"] == "exempt" else "#ffffff",
            "fillColor": "#ffffff" if feature["properties"]["kind"] == "exempt" else _INK,
            "fillOpacity": 1,
            "weight": 2 if feature["properties"]["kind"] == "exempt" else 1,
        },
        tooltip=_tooltip(),
    )


def _add_labels(group: folium.FeatureGroup, result: Result) -> None:
    numbers, areas = cluster_numbers(result), result.score.clusters.geometry
    areas = areas[~(areas.isna() | areas.is_empty)]
    centres = [
        shapely.maximum_inscribed_circle(largest_part(shape), tolerance=200).coords[0]
        for shape in areas
    ]
    points = areas.copy()
    points[:] = [shapely.Point(xy) for xy in centres]
    for cluster_id, point in points.to_crs(CRS_DEGREES).items():
        icon = folium.DivIcon(
            html=f"<b>{_text(numbers[str(cluster_id)])}</b>",
            icon_size=(22, 22),
            icon_anchor=(11, 11),
            class_name="plan-number",
        )
        where = [round(point.y, DECIMALS), round(point.x, DECIMALS)]
        folium.Marker(where, icon=icon, interactive=False, keyboard=False).add_to(group)


def _legend(result: Result, colour_of: dict[str, int]) -> str:
    named = {str(one["cluster_id"]): one for one in exceptions(result)}
    numbers = cluster_numbers(result)
    rows = [
        {
            "number": numbers[row.Index],
            "cluster": row.cluster,
            "pupils": number(row.pupils),
            "colour": PALETTE[colour_of[row.cluster]] if row.cluster in colour_of else "#ffffff",
            "is_exempt": bool(row.is_exempt),
            "kind": words()["report"]["kinds"][named[row.Index]["kind"]]
            if row.Index in named
            else "",
        }
        for row in result.score.clusters.itertuples()
    ]
    authority = result.problem.authority
    return template("map_panel.html.j2").render(
        say=words()["map"],
        title=result.problem.scenario.title,
        rows=rows,
        authority=authority,
        data_date=long_date(authority.data_date),
        caveats=result.caveats,
        stamp=result.stamp,
    )


def _furnish(plan_map: folium.Map, result: Result, colour_of: dict[str, int]) -> None:
    """Put the library, the style and the panel into the page of a map."""
    # branca calls it an element; that of a map is a figure.
    figure: Any = plan_map.get_root()
    figure.title = _text(f"{result.problem.authority.name}: {result.problem.scenario.title}")
    policy = (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    library = leaflet()
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{library.style}</style><style>{template('map.css').render()}</style>"
        f"<script>{library.script}</script>"
    )
    figure.header.add_child(_Verbatim(head), name="library")
    figure.html.add_child(_Verbatim(_legend(result, colour_of)), name="panel")


def plot_plan(result: Result) -> folium.Map:
    """Draw a plan on a map that can be moved and zoomed, without any network.

    Parameters
    ----------
    result
        The plan.

    Returns
    -------
    A folium map in EPSG:4326 with no background tiles: clusters filled, their numbers, schools as
    dots, today's clusters and each boundary layer as lines that can be shown; Leaflet is within it.
    """
    say, authority = words()["map"], result.problem.authority
    territory = result.problem.territory
    west, south, east, north = result.problem.territory.clusters.geometry.to_crs(
        CRS_DEGREES
    ).total_bounds.round(4)
    plan_map = folium.Map(
        location=[float(round((south + north) / 2, 4)), float(round((west + east) / 2, 4))],
        zoom_start=9,
        tiles=None,
        prefer_canvas=True,
        control_scale=True,
        attributionControl=False,
        zoomSnap=0.25,
    )
    # Nothing is fetched: the library comes from the installed package, see `_furnish`.
    plan_map.default_js, plan_map.default_css = [], []
    colour_of = dict(plan_colours(result).plan.colour_of)
    _furnish(plan_map, result, colour_of)
    _clusters_layer(result, colour_of).add_to(plan_map)
    _add_backdrop(plan_map, authority)
    _lines_layer(
        territory.clusters.geometry,
        name=say["layer_today"],
        colour="#6b4a2b",
        dashes="2 5",
        show=False,
    ).add_to(plan_map)
    for layer, areas in territory.layers.items():
        title = authority.layers[layer].title if layer in authority.layers else layer
        _lines_layer(areas.geometry, name=title, colour="#7a1f4b", dashes="7 5", show=False).add_to(
            plan_map
        )
    _schools_layer(result).add_to(plan_map)
    numbers = folium.FeatureGroup(name=_text(say["layer_numbers"]))
    _add_labels(numbers, result)
    numbers.add_to(plan_map)
    # Said to be a bool, written out as given: the page decides by its own width.
    narrow: Any = folium.utilities.JsCode("window.innerWidth < 800")
    folium.LayerControl(collapsed=narrow).add_to(plan_map)
    _Fitted([[float(south), float(west)], [float(north), float(east)]]).add_to(plan_map)
    return plan_map


def map_html(result: Result) -> str:
    """Give `plot_plan` as one HTML file, the same text every time."""
    page: str = plot_plan(result).get_root().render()
    seen: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        return "_" + seen.setdefault(found[1], str(len(seen) + 1))

    page = page.replace("<html>", f'<html lang="{spoken().tag}">', 1)
    # The library forbids to enlarge a page, and gives its map neither a role nor a landmark.
    page = _NO_ZOOM.sub("", page)
    named = f'role="application" aria-label="{_text(result.problem.scenario.title)}"'
    boxed = f'<main class="whole"><div {{}} {named}></div></main>'
    page = _MAP_BOX.sub(lambda found: boxed.replace("{}", found[1], 1), page, count=1)
    return _RANDOM_ID.sub(numbered, page)
