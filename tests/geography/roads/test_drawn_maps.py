"""Single rules of driving and snapping, each on a map that shows it alone."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from cluster_optimiser.geography.roads.minutes import measure
from cluster_optimiser.inputs.roads.network import build_network
from cluster_optimiser.inputs.roads.osm import read_osm
from cluster_optimiser.inputs.roads.store import read_roads, write_roads
from cluster_optimiser.inputs.settings import TravelTable
from tests.geography.roads.drawn import draw

X, Y = 600_000, 300_000

DELAYS_ONLY = replace(
    TravelTable(method="roads", limit_share=1).road_assumptions,
    access_kmh=1e9,
    open_road_mph=dict.fromkeys(TravelTable(method="roads").road_assumptions.open_road_mph, 1e6),
    untagged_mph=dict.fromkeys(TravelTable(method="roads").road_assumptions.untagged_mph, 1e6),
    junction_delay_s=60,
    signal_delay_s=600,
)
"""Driving takes no time: a minute is a place where one gives way, ten are traffic lights."""

SPEED = replace(
    DELAYS_ONLY, junction_delay_s=0, signal_delay_s=0, untagged_mph={"service": 37.2823}
)
"""One km a minute and nothing else."""


def measured(path, places, assumed=DELAYS_ONLY, land=None):
    network = build_network(read_osm(path)[0], {})
    points = gpd.GeoSeries(shapely.points([(X + x, Y + y) for x, y in places]), crs="EPSG:27700")
    return measure(points, network, assumed, land)


def minutes(path, places, assumed=DELAYS_ONLY):
    return measured(path, places, assumed).minutes.round().tolist()


def drawn(tmp_path, nodes, ways, relations=()):
    places = {number: (X + x, Y + y, *tags) for number, (x, y, *tags) in nodes.items()}
    return draw(tmp_path / "map.osm", places, ways, relations)


T_JUNCTION = {1: (-500, 0), 2: (0, 0), 3: (500, 0), 4: (0, -500)}


@pytest.mark.parametrize("stem", ["tertiary", "residential"])
def test_only_the_stem_of_a_t_junction_gives_way(tmp_path, stem):
    file = drawn(tmp_path, T_JUNCTION, {1: ([1, 2, 3], "tertiary"), 2: ([4, 2], stem)})
    found = minutes(file, [(-500, 0), (500, 0), (0, -500)])
    assert found == [[0, 0, 0], [0, 0, 0], [1, 1, 0]]


def test_at_a_crossing_of_equals_the_straighter_road_has_the_right_of_way(tmp_path):
    nodes = {1: (-500, 0), 2: (0, 0), 3: (500, 0), 4: (0, -500), 5: (100, 500)}
    file = drawn(tmp_path, nodes, {1: ([1, 2, 3], "tertiary"), 2: ([4, 2, 5], "tertiary")})
    found = minutes(file, [(-500, 0), (500, 0), (0, -500), (100, 500)])
    assert found == [[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 1], [1, 1, 1, 0]]


def test_a_roundabout_passed_straight_on_costs_one_giving_way(tmp_path):
    """With roads that part into two carriageways before it, as they are drawn."""
    nodes = {
        1: (-500, 0), 2: (-80, 0), 3: (-28, 10), 4: (-28, -10),
        5: (500, 0), 6: (80, 0), 7: (28, 10), 8: (28, -10), 9: (0, 30), 10: (0, -30), 11: (0, 500),
    }  # fmt: skip
    one_way = {"oneway": "yes"}
    ways = {
        1: ([1, 2], "primary"), 2: ([2, 3], "primary", one_way), 3: ([4, 2], "primary", one_way),
        4: ([5, 6], "primary"), 5: ([6, 8], "primary", one_way), 6: ([7, 6], "primary", one_way),
        7: ([3, 9, 7, 8, 10, 4, 3], "primary", {"junction": "roundabout"}),
        8: ([9, 11], "tertiary"),
    }  # fmt: skip
    found = minutes(drawn(tmp_path, nodes, ways), [(-500, 0), (500, 0), (0, 500)])
    assert found == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]


def test_traffic_lights_cost_their_time_in_the_direction_they_are_for_and_no_giving_way(tmp_path):
    lights = {"highway": "traffic_signals"}
    nodes = {**T_JUNCTION, 2: (0, 0, lights)}
    ways = {1: ([1, 2, 3], "tertiary"), 2: ([4, 2], "tertiary")}
    found = minutes(drawn(tmp_path, nodes, ways), [(-500, 0), (500, 0), (0, -500)])
    assert found == [[0, 10, 10], [10, 0, 10], [10, 10, 0]]
    one_side = {
        1: (0, 0),
        2: (300, 0, {**lights, "traffic_signals:direction": "backward"}),
        3: (900, 0),
    }
    found = minutes(drawn(tmp_path, one_side, {1: ([1, 2, 3], "tertiary")}), [(0, 0), (900, 0)])
    assert found == [[0, 0], [10, 0]]


BLOCK = {1: (0, 0), 2: (1000, 0), 3: (2000, 0), 4: (1000, 1000), 5: (2000, 1000), 6: (0, 1000)}
STREETS = {
    1: ([1, 2], "service"), 2: ([2, 3], "service"), 3: ([2, 4], "service"),
    4: ([3, 5], "service"), 5: ([4, 5], "service"), 6: ([6, 4], "service"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("relations", "expected"),
    [
        ([], 2),
        ([(1, 2, 3, "no_left_turn")], 4),
        ([(1, 2, 2, "only_straight_on")], 4),
        ([(1, 2, 4, "no_right_turn")], 2),
        ([(3, 2, 1, "no_right_turn")], 2),
    ],
)
def test_a_forbidden_turn_is_driven_round_not_turned_back_at_the_next_corner(
    tmp_path, relations, expected
):
    """From street 1 left into street 3: else straight on, round the block, never back."""
    file = drawn(tmp_path, BLOCK, STREETS, relations)
    assert minutes(file, [(0, 0), (1000, 1000)], SPEED)[0][1] == expected
    network = build_network(read_osm(file)[0], {"data_date": "2024-01-01"})
    write_roads(network, tmp_path / "roads.gpkg")
    again = read_roads(tmp_path / "roads.gpkg")
    assert again.turns.to_dict("list") == network.turns.to_dict("list")


def test_a_turn_over_a_way_or_with_hours_alone_is_counted_not_guessed(tmp_path):
    file = drawn(tmp_path, BLOCK, STREETS, [(1, 2, 3, "no_left_turn")])
    text = file.read_text().replace(
        'type="node" ref="2" role="via"', 'type="way" ref="2" role="via"'
    )
    file.write_text(text)
    assert build_network(read_osm(file)[0], {}).about["unread_turns"] == "1"
    assert minutes(file, [(0, 0), (1000, 1000)], SPEED)[0][1] == 2


def test_a_locked_gate_is_not_passed(tmp_path):
    nodes = {
        1: (0, 0),
        2: (500, 0, {"barrier": "gate", "locked": "yes"}),
        3: (1000, 0),
        4: (0, 2000),
        5: (1000, 2000),
    }
    ways = {1: ([1, 2, 3], "service"), 2: ([1, 4, 5, 3], "service")}
    assert minutes(drawn(tmp_path, nodes, ways), [(0, 0), (1000, 0)], SPEED)[0][1] == 5


def test_each_direction_is_driven_at_its_own_limit(tmp_path):
    limits = {"maxspeed:forward": "60", "maxspeed:backward": "30"}
    file = drawn(tmp_path, {1: (0, 0), 2: (2000, 0)}, {1: ([1, 2], "service", limits)})
    assert minutes(file, [(0, 0), (2000, 0)], SPEED) == [[0, 2], [4, 0]]


def grid(first, x0, y0, n, step=1000):
    """Draw a net of roads, as nodes and ways from a number on."""
    at = {(i, j): first + i * n + j for i in range(n) for j in range(n)}
    nodes = {number: (x0 + i * step, y0 + j * step) for (i, j), number in at.items()}
    rows = [[at[i, j] for j in range(n)] for i in range(n)]
    lines = [*rows, *([row[j] for row in rows] for j in range(n))]
    return nodes, {first + k: (line, "tertiary") for k, line in enumerate(lines)}


def test_an_island_keeps_its_minutes_where_the_mainland_is_denser(tmp_path):
    island, mainland = grid(1, 0, 0, 4), grid(1_001, 0, 9_000, 20, step=400)
    file = drawn(tmp_path, island[0] | mainland[0], island[1] | mainland[1])
    found = measured(file, [(100, 20), (2900, 2900), (3000, 1500), (4000, 12_000)])
    assert np.isfinite(found.minutes[:3, :3]).all()
    assert np.isnan(found.minutes[3, :3]).all()
    assert found.part_sizes == [3, 1]


def test_nobody_is_put_on_a_road_over_water(tmp_path):
    """Its island has no road of its own, or a short one; across the water is a whole network."""
    land = shapely.MultiPolygon(
        [
            shapely.box(X - 500, Y - 500, X + 3500, Y + 3500),
            shapely.box(X, Y + 4000, X + 3000, Y + 6000),
        ]
    )
    nodes, ways = grid(1, 0, 0, 4)
    places = [(1500, 4200), (1500, 5300), (100, 100)]
    bare = measured(drawn(tmp_path, nodes, ways), places, land=land)
    assert np.isnan(bare.minutes[0, 1:]).all()
    assert bare.part[0] == -1
    road = {900: (1500, 4300), 901: (1500, 5400)}
    own = measured(
        drawn(
            tmp_path,
            nodes | road,
            ways | {900: ([900, 901], "residential", {"name": "The Street"})},
        ),
        places,
        land=land,
    )
    assert np.isfinite(own.minutes[0, 1])
    assert np.isnan(own.minutes[0, 2])
    assert own.road[:2].tolist() == ["The Street"] * 2


def test_a_scrap_of_road_that_joins_nothing_is_no_ones_road(tmp_path):
    nodes, ways = grid(1, 0, 0, 4)
    scrap = {900: (500, 400), 901: (600, 400)}
    file = drawn(tmp_path, nodes | scrap, ways | {900: ([900, 901], "service")})
    found = measured(file, [(550, 410), (3000, 3000)])
    assert np.isfinite(found.minutes).all()
    assert found.distance_m[0] == pytest.approx(410, abs=1)


def test_trips_that_may_be_quicker_off_the_map_are_told(tmp_path):
    """Two roads run out of the map side by side; within it they meet only far away."""
    nodes = {1: (0, 0), 2: (0, 9000), 3: (3000, 9000), 4: (3000, 0), 5: (1500, 9000)}
    ways = {1: ([1, 2], "tertiary"), 2: ([4, 3], "tertiary"), 3: ([2, 5, 3], "tertiary")}
    file = drawn(tmp_path, nodes, ways)
    land = shapely.box(X - 3000, Y + 500, X + 6000, Y + 12_000)
    assumed = TravelTable(method="roads").road_assumptions
    found = measured(file, [(0, 2000), (3000, 2000), (1500, 9000)], assumed, land)
    assert found.saved_min[0, 1] > 5
    assert found.saved_min[0, 2] == 0
    assert not measured(file, [(0, 2000), (3000, 2000)], assumed).saved_min.any()


def test_a_constant_is_added_to_every_trip_but_none_to_a_site_of_two_schools(tmp_path):
    file = drawn(tmp_path, {1: (0, 0), 2: (2000, 0)}, {1: ([1, 2], "service")})
    found = measured(file, [(0, 0), (2000, 0), (2000, 0)], replace(SPEED, constant_min=3.0)).minutes
    assert found.round(1).tolist() == [[0, 5, 5], [5, 0, 0], [5, 0, 0]]
