"""Cells fill the outline, do not overlap, and each is one piece that holds its school."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.constants import CRS_METRES
from cluster_optimiser.errors import InputError
from cluster_optimiser.geography.cells import CellResult, Island, school_cells
from tests.effort import examples

SQUARE = shapely.box(0, 0, 10_000, 10_000)
HORSESHOE = SQUARE.difference(shapely.box(3_000, 2_000, 7_000, 10_000))


def sites(**at: tuple[float, float]) -> gpd.GeoSeries:
    """Sites by keyword: ``u1=(x, y)`` is URN 1."""
    urns = [int(key[1:]) for key in at]
    return gpd.GeoSeries([shapely.Point(xy) for xy in at.values()], index=urns, crs=CRS_METRES)


def assert_fills(result: CellResult, outline: shapely.Geometry) -> None:
    shapes = result.cells.geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).min() > 0
    assert shapely.area(shapes).sum() == pytest.approx(outline.area, abs=1.0)
    assert shapely.union_all(shapes).symmetric_difference(outline).area < 1.0


def test_one_school_has_the_whole_outline() -> None:
    result = school_cells(sites(u1=(200, 300)), HORSESHOE)
    assert result.cells.geometry.loc[1].equals(HORSESHOE)
    assert result.islands == ()


def test_two_schools_part_half_way_and_keep_their_order() -> None:
    result = school_cells(sites(u9=(2_500, 5_000), u3=(7_500, 5_000)), SQUARE)
    assert list(result.cells.index) == [9, 3]
    assert result.cells.index.name == "urn"
    assert result.cells.crs == CRS_METRES
    assert result.cells.geometry.loc[9].equals(shapely.box(0, 0, 5_000, 10_000))
    assert_fills(result, SQUARE)


@pytest.mark.parametrize("at", [(5_000, 5_000), (0, 5_000), (10_000, 10_000), (-200, 5_000)])
@pytest.mark.parametrize("n_schools", [2, 3, 5])
def test_schools_on_one_point_each_get_a_share(at: tuple[float, float], n_schools: int) -> None:
    """Also by the edge, at a corner, and outside the outline."""
    points = sites(**{f"u{urn}": at for urn in range(1, n_schools + 1)}, u99=(9_000, 1_000))
    result = school_cells(points, SQUARE)
    assert_fills(result, SQUARE)
    for urn, cell in result.cells.geometry.items():
        assert cell.geom_type == "Polygon"
        assert cell.distance(points.loc[urn]) < 210


def test_a_school_set_apart_onto_another_is_set_apart_again() -> None:
    """URN 1 would move exactly to where URN 3 stands."""
    there = (500 + np.cos(1.0), 500 + np.sin(1.0))
    result = school_cells(sites(u1=(500, 500), u2=(500, 500), u3=there), SQUARE)
    assert_fills(result, SQUARE)


def test_a_stray_piece_goes_to_the_neighbour_it_borders() -> None:
    """School 1 is the nearest one, across the gap, to ground at the top of the other arm."""
    points = sites(u1=(2_500, 9_000), u2=(8_500, 1_000), u3=(1_000, 1_000))
    stray = shapely.Point(7_200, 9_500)
    assert points.distance(stray).idxmin() == 1
    result = school_cells(points, HORSESHOE)
    assert result.cells.geometry.loc[2].covers(stray)
    assert set(result.cells.geom_type) == {"Polygon"}
    assert result.islands == ()
    assert_fills(result, HORSESHOE)


def test_a_stray_piece_goes_where_its_border_is_longest() -> None:
    """School 1, across the gap, is nearest to the middle of the arm that schools 2 and 3 share."""
    arm = shapely.box(7_000, 0, 10_000, 10_000)
    outline = shapely.union_all(
        [shapely.box(0, 0, 6_900, 500), shapely.box(0, 0, 3_000, 9_000), arm]
    )
    outline = outline.union(shapely.box(0, 0, 10_000, 500))
    points = sites(u1=(2_900, 5_000), u2=(9_900, 9_900), u3=(9_900, 100))
    stray = shapely.Point(7_050, 5_000)
    assert points.distance(stray).idxmin() == 1
    result = school_cells(points, outline)
    holder = result.cells.index[result.cells.covers(stray)]
    assert list(holder) == [2]
    assert_fills(result, outline)


def test_a_stray_piece_behind_a_stray_piece_is_reached() -> None:
    """Schools across a gap are nearest to the arm's top and middle: all goes to its own school."""
    points = sites(u1=(2_900, 9_500), u2=(2_900, 5_500), u3=(9_500, 100))
    result = school_cells(points, HORSESHOE)
    arm = shapely.box(7_000, 2_500, 10_000, 10_000)
    assert result.cells.geometry.loc[3].buffer(0.01).covers(arm)
    assert set(result.cells.geom_type) == {"Polygon"}


def test_an_island_without_a_school_stays_with_its_nearest_and_is_named() -> None:
    islet = shapely.box(12_000, 4_000, 12_500, 4_500)
    outline = SQUARE.union(islet)
    result = school_cells(sites(u1=(2_000, 5_000), u2=(8_000, 5_000)), outline)
    assert result.islands == (Island(urn=2, area_m2=pytest.approx(250_000)),)
    assert result.cells.geometry.loc[2].covers(islet)
    assert_fills(result, outline)


def test_an_island_is_not_divided_between_schools() -> None:
    """Four fifths of it are nearer to school 1."""
    islet = shapely.box(12_000, 3_000, 12_500, 5_500)
    outline = SQUARE.union(islet)
    result = school_cells(sites(u1=(9_000, 2_000), u2=(9_000, 8_000)), outline)
    assert result.islands == (Island(urn=1, area_m2=pytest.approx(1_250_000)),)
    assert result.cells.geometry.loc[2].geom_type == "Polygon"
    assert_fills(result, outline)


def test_an_island_with_a_school_is_its_cell() -> None:
    islet = shapely.box(12_000, 4_000, 12_500, 4_500)
    result = school_cells(sites(u1=(2_000, 5_000), u2=(12_100, 4_200)), SQUARE.union(islet))
    assert result.islands == ()
    assert result.cells.geometry.loc[2].equals(islet)
    assert result.cells.geometry.loc[1].equals(SQUARE)


def test_a_school_nearest_to_no_ground_is_a_fault() -> None:
    """Too thin a strip to set eight schools on one point of its edge apart within it."""
    strip = shapely.box(0, 0, 0.5, 1_000)
    points = sites(**{f"u{urn}": (-50, 500) for urn in range(1, 9)})
    with pytest.raises(InputError, match=r"URN 3: no ground .* Check its coordinates"):
        school_cells(points, strip)


def test_arguments_are_left_as_they_were() -> None:
    points = sites(u2=(-100, 5_000), u1=(-100, 5_000))
    before = points.copy()
    school_cells(points, SQUARE)
    assert points.equals(before)


coordinates = st.tuples(st.integers(0, 20), st.integers(0, 20))


@settings(max_examples=examples(60), deadline=None)
@given(places=st.lists(coordinates, min_size=1, max_size=12), data=st.data())
def test_cells_fill_any_outline_and_do_not_depend_on_the_order(
    places: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Sites on a coarse lattice: many coincide, lie on one line, on the edge or in the gap."""
    points = gpd.GeoSeries(
        [shapely.Point(500 * x, 500 * y) for x, y in places],
        index=range(1, len(places) + 1),
        crs=CRS_METRES,
    )
    outline = HORSESHOE.union(shapely.box(4_000, 9_000, 5_000, 9_500))
    result = school_cells(points, outline)
    assert_fills(result, outline)
    order = data.draw(st.permutations(list(points.index)))
    again = school_cells(points.loc[order], outline)
    assert list(again.cells.index) == order
    assert again.islands == result.islands
    same = again.cells.geometry.loc[points.index].to_numpy() == result.cells.geometry.to_numpy()
    assert np.all(same)
