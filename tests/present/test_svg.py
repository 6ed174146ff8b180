"""Static maps and what they are drawn from."""

from dataclasses import replace

import geopandas as gpd
import pytest
import shapely

from cluster_optimiser.constants import CRS_METRES
from cluster_optimiser.domain import Result
from cluster_optimiser.present.shapes import PALETTE, drawable, plan_colours, touching
from cluster_optimiser.present.svg import (
    CROWDED_RADIUS,
    Frame,
    _insets,
    crowded_windows,
    ground,
    path_data,
    plan_svg,
)


def test_a_map_draws_every_cluster_that_has_ground_and_numbers_it(solved: Result) -> None:
    drawing, colour_of = plan_svg(solved, ground(solved), label="Map")
    assert drawing.count('<path class="c') == 3
    assert drawing.count('class="no"') == 3
    assert sorted(colour_of) == sorted(solved.score.clusters["cluster"][:3])
    assert ">Fen<" in drawing


def test_neighbours_differ_and_colours_are_of_the_palette(results: list[Result]) -> None:
    for result in results:
        colours = plan_colours(result).plan.colour_of
        assert set(colours.values()) <= set(range(len(PALETTE)))
        areas = result.score.clusters.set_index("cluster").geometry
        for a, b in touching(areas).edges:
            assert colours[a] != colours[b]


def test_todays_map_keeps_all_its_colours(today: Result) -> None:
    colours = plan_colours(today)
    pupils = today.problem.authority.schools["pupils"]
    exempt = today.problem.exempt_of.index
    assert colours.plan.kept_pupils >= pupils.drop(exempt).sum()
    assert colours.plan.status == "OPTIMAL"


def test_areas_that_meet_at_a_corner_only_do_not_touch() -> None:
    squares = gpd.GeoSeries(
        [shapely.box(0, 0, 9, 9), shapely.box(9, 9, 18, 18), shapely.box(9, 0, 18, 9)],
        index=["a", "b", "c"],
        crs=CRS_METRES,
    )
    assert sorted(map(sorted, touching(squares).edges)) == [["a", "c"], ["b", "c"]]
    assert touching(squares, links=[("a", "b")]).has_edge("a", "b")


def test_neighbours_keep_their_border_in_common_when_simplified() -> None:
    wave = [(1000 + 40 * (i % 2), i * 100) for i in range(31)]
    areas = gpd.GeoSeries(
        [
            shapely.Polygon([(0, 0), *wave, (0, 3000)]),
            shapely.Polygon([(3000, 0), *wave, (3000, 3000)]),
        ],
        crs=CRS_METRES,
    )
    light = drawable(areas, tolerance_m=150)
    assert shapely.get_num_coordinates(light.to_numpy()).sum() < 20
    assert light[0].intersection(light[1]).area == 0
    assert light.union_all().area == areas.union_all().area
    assert len(areas[0].exterior.coords) == 34


def test_islets_are_left_out_but_never_the_whole_of_an_area() -> None:
    islet, land = shapely.box(5000, 0, 5100, 100), shapely.box(0, 0, 1000, 1000)
    areas = gpd.GeoSeries([shapely.union(land, islet), shapely.box(9000, 0, 9100, 100)])
    light = drawable(areas.set_crs(CRS_METRES), tolerance_m=1)
    assert light[0].equals(land)
    assert not light[1].is_empty


def test_the_frame_puts_north_up() -> None:
    frame = Frame.around(gpd.GeoSeries([shapely.box(0, 0, 1000, 500)], crs=CRS_METRES))
    assert frame.height == 976 + 2 * 24
    drawn = frame.draw(shapely.Point(0, 500))
    assert (drawn.x, drawn.y) == (24, 24)


def test_rings_that_shrink_to_nothing_are_not_drawn() -> None:
    assert path_data(shapely.box(0, 0, 0.2, 0.2)) == ""
    ring = shapely.box(0, 0, 30, 30).difference(shapely.box(10, 10, 20, 20))
    assert path_data(ring).count("z") == 2


def _crowd(n: int, side: float) -> list[shapely.Polygon]:
    return [shapely.box(1000 + i * side, 500, 1000 + (i + 1) * side, 500 + side) for i in range(n)]


def test_crowded_places_are_found_when_three_small_areas_are_near() -> None:
    large = shapely.box(0, 0, 400, 400)
    assert crowded_windows([large, *_crowd(2, 30)]) == ()
    assert crowded_windows([large, *_crowd(3, 2 * CROWDED_RADIUS + 4)]) == ()
    found = crowded_windows([large, *_crowd(3, 30)])
    assert len(found) == 1
    assert found[0].covers(shapely.MultiPoint([(1015, 515), (1075, 515)]))
    assert not found[0].intersects(large)


def test_a_crowded_place_is_drawn_again_with_its_numbers(today: Result) -> None:
    under = ground(today)
    assert under.windows == ()
    plain, _ = plan_svg(today, under, label="Map")
    middle = under.frame.draw(today.problem.territory.outline).centroid
    window = middle.buffer(400, cap_style="square")
    crowd = dict(zip("abc", _crowd(3, 30), strict=True))
    insets = _insets(crowd, replace(under, windows=(shapely.box(900, 400, 1200, 600),)))
    assert [inset.letter for inset in insets] == ["A"]
    assert insets[0].crowded == {"a", "b", "c"}
    assert insets[0].box.bounds[1] > under.frame.height
    # What is drawn again stays within its box, at the scale of the box.
    again = insets[0].draw(crowd["a"])
    assert insets[0].box.covers(again)
    assert again.area == pytest.approx(crowd["a"].area * insets[0].scale ** 2)
    # Roomy areas are not drawn twice, wherever the window lies.
    assert plan_svg(today, replace(under, windows=(window,)), label="Map")[0] == plain
