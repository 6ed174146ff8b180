"""Shared boundaries and the dual graph."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Polygon, box

from cluster_optimiser.constants import CRS_METRES
from cluster_optimiser.domain import TravelMinutes
from cluster_optimiser.geography.adjacency import (
    cluster_drives,
    dual_graph,
    merged_graph,
    shared_boundaries,
)
from cluster_optimiser.scenario import Contiguity
from cluster_optimiser.scenario.numbers import SNAP_M
from cluster_optimiser.verification.neighbours import borders_m


def areas(**shapes) -> gpd.GeoSeries:
    return gpd.GeoSeries(shapes, crs=CRS_METRES)


LEFT = box(0, 0, 1000, 1000)


def test_a_common_side_is_measured_exactly() -> None:
    found = shared_boundaries(areas(a=LEFT, b=box(1000, 400, 2000, 1400)))
    assert found == {("a", "b"): pytest.approx(600.0)}


def test_areas_that_meet_in_a_corner_share_nothing() -> None:
    assert shared_boundaries(areas(a=LEFT, b=box(1000, 1000, 2000, 2000))) == {}


@pytest.mark.parametrize(("gap_m", "is_shared"), [(SNAP_M / 2, True), (SNAP_M * 2, False)])
def test_borders_drawn_a_little_apart_count_as_one(gap_m: float, is_shared: bool) -> None:
    found = shared_boundaries(areas(a=LEFT, b=box(1000 + gap_m, 0, 2000, 1000)))
    assert bool(found) is is_shared
    if is_shared:
        assert found["a", "b"] == pytest.approx(1000, abs=5)


def measured_m(one, other, snap_m: float = SNAP_M) -> float:
    """Measure by both codes, either way round, which must agree."""
    found = []
    for pair in ({"a": one, "b": other}, {"a": other, "b": one}):
        found.append(shared_boundaries(areas(**pair), snap_m=snap_m).get(("a", "b"), 0.0))
        drawn = gpd.GeoDataFrame(geometry=areas(**pair))
        found.append(borders_m(drawn, snap_m).get(("a", "b"), 0.0))
    assert found == pytest.approx(found[:1] * 4, abs=1e-6)
    return found[0]


def comb(n: int, depth_m: float, pitch_m: float) -> Polygon:
    """Give an area that meets the line y = 0 with the tips of n teeth."""
    tips = [(i * pitch_m / 2, depth_m * (i % 2 == 0)) for i in range(2 * n + 1)]
    return Polygon([*tips, (n * pitch_m, 900), (0, 900)])


@pytest.mark.parametrize(
    ("n", "depth_m", "pitch_m"), [(100, 50, 50), (781, 20, 4), (100, 5, 50), (100, 3, 10)]
)
def test_teeth_that_touch_at_their_tips_share_nothing(n: int, depth_m, pitch_m) -> None:
    assert measured_m(box(0, -900, n * pitch_m, 0), comb(n, depth_m, pitch_m)) == 0


def test_borders_that_part_at_the_sharpest_angle_share_nothing() -> None:
    wedge = Polygon([(0, 0), (5000, 3), (5000, 900), (0, 900)])
    assert measured_m(box(0, -900, 5000, 0), wedge) == 0


def test_each_piece_of_border_counts() -> None:
    ragged = box(0, 0, 400, 900).union(box(700, 0, 1000, 900)).union(box(0, 300, 1000, 900))
    assert measured_m(box(0, -900, 1000, 0), ragged) == pytest.approx(700, abs=1)
    apart = ragged.union(box(400, 0.8, 700, 400))
    assert measured_m(box(0, -900, 1000, 0), apart) == pytest.approx(1000, abs=5)


@pytest.mark.parametrize(("snap_m", "expected_m"), [(0, 0), (1, 0), (1.6, 1000), (10, 1000)])
def test_how_far_apart_borders_may_be_drawn_is_set(snap_m: float, expected_m: float) -> None:
    apart = box(1001.5, 0, 2000, 1000)
    assert measured_m(LEFT, apart, snap_m) == pytest.approx(expected_m, abs=12)


@pytest.mark.parametrize(("least_m", "is_adjacent"), [(600.0, True), (600.1, False)])
def test_the_least_shared_boundary_on_its_bound_and_past_it(least_m, is_adjacent) -> None:
    graph, notes = dual_graph("ab", {("a", "b"): 600.0}, Contiguity(min_shared_m=least_m))
    assert graph.has_edge("a", "b") is is_adjacent
    assert any("touch along 600 m only" in note for note in notes) is not is_adjacent


def test_links_and_barriers_overrule_the_map_and_are_told() -> None:
    contiguity = Contiguity(links=(("a", "c"),), barriers=(("b", "a"),))
    graph, notes = dual_graph("abc", {("a", "b"): 900.0, ("b", "c"): 900.0}, contiguity)
    assert sorted(map(sorted, graph.edges)) == [["a", "c"], ["b", "c"]]
    assert graph.edges["a", "c"]["shared_m"] == 0.0
    assert "a and c count as adjacent: a stated link" in notes
    assert "b and a touch but do not count as adjacent: a stated barrier" in notes


def test_a_link_or_barrier_without_effect_is_told() -> None:
    contiguity = Contiguity(links=(("a", "b"),), barriers=(("a", "c"),))
    _, notes = dual_graph("abc", {("a", "b"): 900.0}, contiguity)
    assert [note for note in notes if "changes nothing" in note] == [
        "the barrier a - c changes nothing: they are not adjacent",
        "the link a - b changes nothing: they are adjacent",
    ]


def test_groups_share_the_boundaries_of_their_members() -> None:
    shared_m = {("a", "c"): 200.0, ("b", "c"): 300.0, ("a", "b"): 900.0, ("c", "d"): 400.0}
    graph, _ = dual_graph("abcd", shared_m, Contiguity())
    merged = merged_graph(graph, {"ab": ["a", "b"], "c": ["c"], "d": ["d"]})
    edges = {tuple(sorted(pair)): metres for *pair, metres in merged.edges(data="shared_m")}
    assert edges == {("ab", "c"): 500.0, ("c", "d"): 400.0}


@pytest.mark.parametrize(
    ("minutes", "is_adjacent", "said"),
    [
        (20.0, True, ""),
        (20.01, False, "takes 20.0 minutes, 20 are allowed"),
        (float("nan"), False, "no drive between a school of the one"),
    ],
)
def test_the_longest_drive_on_its_bound_and_past_it(minutes, is_adjacent, said) -> None:
    drives = {("a", "b"): (minutes, "A School and B School")}
    contiguity = Contiguity(max_minutes=20)
    graph, notes = dual_graph("ab", {("a", "b"): 900.0}, contiguity, drives)
    assert graph.has_edge("a", "b") is is_adjacent
    assert [said in note for note in notes] == ([] if is_adjacent else [True])


def test_a_stated_link_stands_however_long_the_drive() -> None:
    contiguity = Contiguity(max_minutes=20, links=(("a", "b"),))
    graph, notes = dual_graph("ab", {("a", "b"): 900.0}, contiguity, {("a", "b"): (99.0, "")})
    assert graph.has_edge("a", "b")
    assert "a and b count as adjacent: a stated link" in notes


def test_a_longest_drive_needs_drives() -> None:
    with pytest.raises(ValueError, match="no drives are given"):
        dual_graph("ab", {("a", "b"): 900.0}, Contiguity(max_minutes=20))


def test_the_drive_is_the_slower_way_between_the_two_nearest_schools() -> None:
    """The school that is nearest one way only does not count, nor does one without a way back."""
    nan = float("nan")
    minutes = np.array(
        [
            [0, 30, 3, 8, 1],
            [30, 0, 50, 50, 50],
            [40, 50, 0, 1, 1],
            [9, 50, 1, 0, 1],
            [nan, 50, 1, 1, 0],
        ]
    )
    schools = pd.DataFrame({"name": list("VWXYZ"), "local_cluster": list("aabbb")})
    travel = TravelMinutes(np.arange(5), minutes, "by hand")
    contiguity = Contiguity(max_minutes=5)
    shared_m = {("a", "b"): 900.0}
    assert cluster_drives(shared_m, schools, travel, contiguity) == {("a", "b"): (9.0, "V and Y")}
    assert cluster_drives(shared_m, schools, travel, Contiguity()) == {}
