"""Static maps as SVG: small, sharp in print, and alive without a script."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import markupsafe
import numpy as np
import shapely

from cluster_optimiser.present.numbering import cluster_numbers
from cluster_optimiser.present.shapes import drawable, largest_part, plan_colours

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.arrays import Floats
    from cluster_optimiser.domain import Result

WIDTH = 2000
"""Units across every map; a map about 640 pixels wide shows three units a pixel."""
MARGIN = 24
TOLERANCE_M = 320.0
FINE_TOLERANCE_M = 140.0

# Areas whose largest inner circle is smaller are drawn again, if three are near one another.
CROWDED_RADIUS = 38.0
CROWDED_REACH = 12.0
CROWDED_MEMBERS = 3
WINDOW_PAD = 40.0
MOST_INSETS = 3
INSET_WIDTH, INSET_HEIGHT, INSET_SCALE, INSET_GAP = 1000.0, 620.0, 3.6, 70

NUMBER_RADIUS = 29
QUAD_SEGS = 16
LETTERS_IN_DISC = 2
NAME_SIZE = 36
NAME_LEADING = 40
# Average advance of a letter in the system's sans-serif faces, as a share of the size.
LETTER_SHARE = 0.54
LINE_LETTERS = 15
MOST_LINES = 3
LEAST_INSIDE_SHARE = 0.72

_RADIUS, _ANGLE = np.meshgrid(range(10, 100, 10), np.arange(0, 2 * np.pi, np.pi / 6), indexing="ij")
SPIRAL = np.stack([_RADIUS * np.cos(_ANGLE), _RADIUS * np.sin(_ANGLE)], axis=-1).reshape(-1, 2)
SPIRAL = np.concatenate([[[0.0, 0.0]], SPIRAL])
"""Where a number is tried: from the centre of its area, then round about it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How metres become units of the drawing, the same for every map of a page."""

    west_m: float  # the corner that is drawn top left
    north_m: float  # the corner that is drawn top left
    units_per_m: float
    height: int  # units from top to bottom

    @classmethod
    def around(cls, areas: gpd.GeoSeries) -> Frame:
        west, south, east, north = (float(value) for value in areas.total_bounds)
        scale = (WIDTH - 2 * MARGIN) / max(1.0, east - west)
        height = round((north - south) * scale) + 2 * MARGIN
        return cls(west, north, scale, height)

    def place(self, xy: Floats) -> Floats:
        """Turn metres east and north into units right and down."""
        placed = np.empty_like(xy)
        placed[:, 0] = (xy[:, 0] - self.west_m) * self.units_per_m + MARGIN
        placed[:, 1] = (self.north_m - xy[:, 1]) * self.units_per_m + MARGIN
        return placed

    def draw(self, shape: BaseGeometry) -> BaseGeometry:
        """Turn a shape in metres into one in units."""
        return shapely.transform(shape, self.place)

    def undraw(self, shape: BaseGeometry) -> BaseGeometry:
        """Turn a shape in units into one in metres."""
        corner = np.array([self.west_m, self.north_m])
        turned = np.array([1.0, -1.0]) / self.units_per_m
        return shapely.transform(shape, lambda xy: (xy - MARGIN) * turned + corner)


def path_data(shape: BaseGeometry) -> str:
    """Write the rings of polygons as SVG path data on whole units.

    >>> path_data(shapely.box(0, 0, 10, 20))
    'M10 0l0 20-10 0 0-20z'
    """
    out = []
    for polygon in shapely.get_parts(shape):
        for ring in (polygon.exterior, *polygon.interiors):
            points = np.rint(shapely.get_coordinates(ring)).astype(np.int64)[:-1]
            points = points[np.any(points != np.roll(points, 1, axis=0), axis=1)]
            if len(points) < 3:  # noqa: PLR2004 - no area
                continue
            steps = np.diff(points, axis=0)
            # A minus parts numbers as well as a space does.
            moves = " ".join(f"{dx} {dy}" for dx, dy in steps.tolist()).replace(" -", "-")
            out.append(f"M{points[0][0]} {points[0][1]}l{moves}z")
    return "".join(out)


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies under every map of a page."""

    frame: Frame  # the common frame
    symbols: markupsafe.Markup  # SVG symbols today and areas, to be put into the page once
    areas_title: str  # name of the layer drawn as areas, or an empty string
    windows: tuple[BaseGeometry, ...] = ()  # crowded places, in the units of the frame


def ground(result: Result) -> Ground:
    """Draw what all maps of an authority share: today's borders, and the first layer's."""
    territory, authority = result.problem.territory, result.problem.authority
    today = drawable(territory.clusters.geometry, tolerance_m=TOLERANCE_M)
    frame = Frame.around(today)
    symbols = {"today": today}
    title = ""
    for name in territory.layers:
        symbols["areas"] = drawable(territory.layers[name].geometry, tolerance_m=TOLERANCE_M)
        title = authority.layers[name].title if name in authority.layers else name
        break
    drawn = markupsafe.Markup().join(
        markupsafe.Markup('<path id="map-{}" d="{}"/>').format(
            name, "".join(path_data(frame.draw(shape)) for shape in areas)
        )
        for name, areas in symbols.items()
    )
    windows = crowded_windows([frame.draw(shape) for shape in today])
    return Ground(frame, drawn, title, windows)


@dataclass(slots=True)
class _Labels:
    """Where numbers and names go; later ones give way to earlier ones."""

    taken: NDArray[np.object_]
    bounds: BaseGeometry

    def is_free(self, box: BaseGeometry) -> bool:
        return self.bounds.covers(box) and not shapely.intersects(box, self.taken).any()

    def take(self, box: BaseGeometry) -> None:
        self.taken = np.array([*self.taken, box], dtype=np.object_)

    def number(self, shape: BaseGeometry, *, is_needed: bool = True) -> shapely.Point | None:
        spots = np.asarray(shapely.points(SPIRAL + _inscribed(shape).coords[0]))
        discs = np.asarray(shapely.buffer(spots, NUMBER_RADIUS, quad_segs=QUAD_SEGS))
        near = self.taken[shapely.intersects(shapely.box(*shapely.total_bounds(discs)), self.taken)]
        is_clear = shapely.covers(self.bounds, discs)
        is_clear &= ~shapely.intersects(discs[:, None], near).any(axis=1)
        fits = is_clear & shapely.covers(largest_part(shape), spots)
        if not fits.any() and not is_needed:
            return None
        # Where nothing is free the centre has to do.
        spot: shapely.Point = spots[(fits if fits.any() else is_clear).argmax()]
        self.take(spot.buffer(NUMBER_RADIUS + 2))
        return spot

    def name(
        self, text: str, spot: shapely.Point, shape: BaseGeometry
    ) -> tuple[list[str], float, float] | None:
        lines = textwrap.wrap(text, LINE_LETTERS, break_long_words=False)
        if not 0 < len(lines) <= MOST_LINES:
            return None
        width = max(map(len, lines)) * NAME_SIZE * LETTER_SHARE
        height = len(lines) * NAME_LEADING
        aside = width / 2 + NUMBER_RADIUS + 10
        for dx, dy in (
            (0, NUMBER_RADIUS + 6),
            (0, -NUMBER_RADIUS - 6 - height),
            (aside, -height / 2),
            (-aside, -height / 2),
            (aside / 2, NUMBER_RADIUS + 6),
            (-aside / 2, NUMBER_RADIUS + 6),
            (aside / 2, -NUMBER_RADIUS - 6 - height),
            (-aside / 2, -NUMBER_RADIUS - 6 - height),
        ):
            x, top = spot.x + dx, spot.y + dy
            box = shapely.box(x - width / 2, top, x + width / 2, top + height)
            if self.is_free(box) and _share_inside(box, shape) >= LEAST_INSIDE_SHARE:
                self.take(box)
                return lines, x, top
        return None


def _share_inside(box: BaseGeometry, shape: BaseGeometry) -> float:
    return float(box.intersection(shape).area / box.area)


def _inscribed(shape: BaseGeometry) -> shapely.LineString:
    """Give the radius, as a line, of the largest circle within a shape."""
    radius = shapely.maximum_inscribed_circle(largest_part(shape), tolerance=2)
    return radius or shapely.LineString()


def _number_mark(number: str, spot: shapely.Point) -> markupsafe.Markup:
    n, x, y = number, round(spot.x), round(spot.y)
    # On a plain disc: a halo round each digit would wipe out part of the digit before it.
    return markupsafe.Markup(
        '<circle class="nd" cx="{x}" cy="{y}" r="{r}"/>'
        '<text class="no{small}" x="{x}" y="{y}" dy=".36em">{n}</text>'
    ).format(x=x, y=y, n=n, r=NUMBER_RADIUS, small=" sm" * (len(n) > LETTERS_IN_DISC))


def _name_mark(lines: Iterable[str], x: float, top: float) -> markupsafe.Markup:
    spans = markupsafe.Markup().join(
        markupsafe.Markup('<tspan x="{}" y="{}">{}</tspan>').format(
            round(x), round(top + NAME_LEADING * (i + 0.8)), line
        )
        for i, line in enumerate(lines)
    )
    return markupsafe.Markup('<text class="nm">{}</text>').format(spans)


def _labels(
    shapes: Mapping[str, BaseGeometry],
    names: Mapping[str, tuple[str, str]],
    bounds: BaseGeometry,
    *,
    optional: Collection[str] = (),
    taken: Iterable[BaseGeometry] = (),
) -> markupsafe.Markup:
    """Mark areas with number and name, those in ``optional`` only where there is room."""
    labels = _Labels(np.array([*taken], dtype=np.object_), bounds)
    # The smallest have least room, so they choose first; those that may go without come last.
    order = sorted(shapes, key=lambda key: (key in optional, shapes[key].area, key))
    spots = {key: labels.number(shapes[key], is_needed=key not in optional) for key in order}
    marks = [
        _number_mark(names[key][0], spot) for key in shapes if (spot := spots[key]) is not None
    ]
    for key in sorted(shapes, key=lambda key: (-shapes[key].area, key)):
        spot = spots[key]
        found = None if spot is None else labels.name(names[key][1], spot, shapes[key])
        if found is not None:
            marks.append(_name_mark(*found))
    return markupsafe.Markup().join(marks)


def crowded_windows(areas: Iterable[BaseGeometry]) -> tuple[BaseGeometry, ...]:
    """Find the places where areas are too small to be numbered."""
    small = [area for area in areas if _inscribed(area).length < CROWDED_RADIUS]
    if not small:
        return ()
    near = shapely.get_parts(shapely.union_all([area.buffer(CROWDED_REACH) for area in small]))
    windows = []
    for part in near:
        members = [area for area in small if part.intersects(area)]
        if len(members) >= CROWDED_MEMBERS:
            # Round the middles, not the whole areas: one long arm would make the window useless.
            middles = [shapely.Point(_inscribed(area).coords[0]) for area in members]
            box = shapely.box(*shapely.union_all(middles).buffer(WINDOW_PAD).bounds)
            windows.append((-len(members), box.bounds, box))
    return tuple(box for _, _, box in sorted(windows, key=lambda w: w[:2])[:MOST_INSETS])


@dataclass(frozen=True, slots=True)
class _Inset:
    """A crowded place drawn larger below the map."""

    letter: str
    window: BaseGeometry
    crowded: frozenset[str]
    box: BaseGeometry
    scale: float

    def draw(self, shape: BaseGeometry) -> BaseGeometry:
        west, north, _, _ = self.window.bounds
        left, top, _, _ = self.box.bounds
        corner, scale = np.array([west, north]), self.scale
        part = shapely.intersection(shape, self.window)
        return shapely.transform(part, lambda xy: (xy - corner) * scale + np.array([left, top]))


def _insets(shapes: Mapping[str, BaseGeometry], under: Ground) -> list[_Inset]:
    found: list[_Inset] = []
    left, top = float(MARGIN), float(under.frame.height + INSET_GAP)
    for window in under.windows:
        crowded = frozenset(
            key
            for key, shape in shapes.items()
            if _inscribed(shape).length < CROWDED_RADIUS and window.intersects(shape)
        )
        west, north, east, south = window.bounds
        scale = min(INSET_HEIGHT / (south - north), INSET_WIDTH / (east - west), INSET_SCALE)
        width, height = (east - west) * scale, (south - north) * scale
        if len(crowded) > 1 and left + width <= WIDTH:
            box = shapely.box(left, top, left + width, top + height)
            found.append(_Inset("ABC"[len(found)], window, crowded, box, scale))
            left += width + INSET_GAP
    return found


def _rect(box: BaseGeometry, name: str) -> markupsafe.Markup:
    west, north, east, south = (round(value) for value in box.bounds)
    return markupsafe.Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        name, west, north, east - west, south - north
    )


def _letter(box: BaseGeometry, letter: str) -> markupsafe.Markup:
    west, north, _, _ = box.bounds
    return markupsafe.Markup('<text class="lt" x="{}" y="{}">{}</text>').format(
        round(west + 2), round(north - 10), letter
    )


def _letter_box(box: BaseGeometry) -> BaseGeometry:
    west, north, _, _ = box.bounds
    return shapely.box(west, north - 44, west + 34, north)


def _draw_inset(
    inset: _Inset,
    fine: Mapping[str, BaseGeometry],
    fill_of: Mapping[str, int],
    names: Mapping[str, tuple[str, str]],
) -> markupsafe.Markup:
    drawn = {key: inset.draw(shape) for key, shape in fine.items()}
    drawn = {
        key: shapely.multipolygons([p for p in shapely.get_parts(d) if p.geom_type == "Polygon"])
        for key, d in drawn.items()
    }
    drawn = {key: shape for key, shape in drawn.items() if not shape.is_empty}
    roomy = {
        key: shape
        for key, shape in drawn.items()
        if key in inset.crowded or _inscribed(shape).length > NUMBER_RADIUS
    }
    return markupsafe.Markup('{}<g class="ar">{}</g>{}{}{}').format(
        _rect(inset.box, "sea"),
        _paths(drawn, fill_of),
        _rect(inset.box, "edge"),
        _letter(inset.box, inset.letter),
        _labels(roomy, names, inset.box),
    )


def _paths(shapes: Mapping[str, BaseGeometry], fill_of: Mapping[str, int]) -> markupsafe.Markup:
    return markupsafe.Markup().join(
        markupsafe.Markup('<path class="c{}" d="{}"/>').format(fill_of[key], path_data(shape))
        for key, shape in shapes.items()
    )


def plan_svg(
    result: Result, under: Ground, *, label: str
) -> tuple[markupsafe.Markup, dict[str, int]]:
    """Draw the clusters of a plan, crowded places a second time and larger."""
    clusters = result.score.clusters
    colour_of = dict(plan_colours(result).plan.colour_of)
    numbers = cluster_numbers(result)
    names = {str(key): (numbers[str(key)], str(name)) for key, name in clusters["cluster"].items()}
    shapes = _drawn(clusters.geometry, under.frame, TOLERANCE_M)
    fill_of = {key: colour_of[names[key][1]] for key in shapes}
    insets = _insets(shapes, under)
    fine = _drawn(clusters.geometry, under.frame, FINE_TOLERANCE_M) if insets else {}
    lines = markupsafe.Markup('<use class="ln-today" href="#map-today"/>')
    if under.areas_title:
        lines += markupsafe.Markup('<use class="ln-areas" href="#map-areas"/>')
    shown_larger = {key for inset in insets for key in inset.crowded}
    bounds = shapely.box(0, 0, WIDTH, under.frame.height)
    letters = [_letter_box(inset.window) for inset in insets]
    marks = [_labels(shapes, names, bounds, optional=shown_larger, taken=letters)]
    marks += [_rect(x.window, "edge") + _letter(x.window, x.letter) for x in insets]
    marks += [_draw_inset(inset, fine, fill_of, names) for inset in insets]
    bottom = max([under.frame.height, *(inset.box.bounds[3] + MARGIN for inset in insets)])
    drawing = markupsafe.Markup(
        '<svg class="plan" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
        '<g class="ar">{areas}</g>{lines}{marks}</svg>'
    ).format(
        w=WIDTH,
        h=round(bottom),
        label=label,
        areas=_paths(shapes, fill_of),
        lines=lines,
        marks=markupsafe.Markup().join(marks),
    )
    return drawing, colour_of


def _drawn(areas: gpd.GeoSeries, frame: Frame, tolerance_m: float) -> dict[str, BaseGeometry]:
    light = drawable(areas, tolerance_m=tolerance_m)
    return {str(key): frame.draw(shape) for key, shape in light.items()}
