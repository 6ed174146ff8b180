"""What lies under the areas of a map: drawn by hand, from file to road file."""

import shapely

from cluster_optimiser.inputs.roads.network import build_network
from cluster_optimiser.inputs.roads.osm import read_osm
from cluster_optimiser.inputs.roads.store import read_backdrop, write_roads
from tests.geography.roads.drawn import draw

X, Y = 600_000, 300_000
CORNERS = [(0, 0), (400, 0), (400, 400), (0, 400)]


def ring(first, west):
    return {first + i: (X + west + x, Y + y) for i, (x, y) in enumerate(CORNERS)}


def closed(first):
    return [*range(first, first + 4), first]


def network(tmp_path, ways, within=None):
    """Give two squares of houses 40 m apart, a third far off and small, and a line along them."""
    nodes = {**ring(1, 0), **ring(11, 440), **ring(21, 5_000)}
    nodes |= {31: (X - 2_000, Y + 200), 32: (X + 1_000, Y + 200), 33: (X + 6_000, Y + 200)}
    nodes |= {22: (X + 5_100, Y), 23: (X + 5_100, Y + 100), 24: (X + 5_000, Y + 100)}
    ways = {99: ([31, 32], "residential"), **ways}
    read = read_osm(draw(tmp_path / "map.osm", nodes, ways))[0]
    return build_network(read, {"data_date": "2024-01-01"}, within=within)


def house(first, landuse="residential"):
    return closed(first), "no", {"landuse": landuse}


def line(*tags):
    return [31, 32, 33], "no", dict(tags)


def kinds(found):
    return dict(zip(found["kind"], found.geometry, strict=True))


def test_a_town_is_one_ground_and_a_farm_is_none(tmp_path):
    made = network(tmp_path, {1: house(1), 2: house(11, "retail"), 3: house(21)})
    found = kinds(made.backdrop)
    assert list(found) == ["built_up"]
    (town,) = shapely.get_parts(found["built_up"])
    assert 0.99 < town.area / (840 * 400) <= 1  # corners are rounded


def test_ground_that_is_no_town_is_not_shown(tmp_path):
    assert network(tmp_path, {1: house(1, "forest")}).backdrop.empty


def test_water_railways_and_main_roads_are_lines_and_small_or_hidden_ones_are_not(tmp_path):
    ways = {
        1: line(("waterway", "river")),
        2: line(("railway", "rail")),
        3: ([32, 33], "primary"),
        4: line(("waterway", "stream")),
        5: line(("railway", "rail"), ("service", "siding")),
        6: line(("waterway", "canal"), ("tunnel", "culvert")),
        7: ([31, 32], "tertiary"),
    }
    found = kinds(network(tmp_path, ways).backdrop)
    assert list(found) == ["water", "railway", "main_road"]
    assert round(found["water"].length, -1) == 8_000
    assert round(found["main_road"].length, -1) == 5_000


def test_it_ends_with_the_area_and_is_kept_in_the_road_file(tmp_path):
    within = shapely.box(X - 1_000, Y - 1_000, X + 1_000, Y + 1_000)
    made = network(tmp_path, {1: line(("waterway", "river"))}, within)
    assert round(kinds(made.backdrop)["water"].length, -1) == 2_000
    write_roads(made, tmp_path / "roads.gpkg")
    assert read_backdrop(tmp_path / "roads.gpkg").geom_equals(made.backdrop).all()
    write_roads(network(tmp_path, {}), tmp_path / "none.gpkg")
    assert read_backdrop(tmp_path / "none.gpkg") is None


def test_very_many_points_are_drawn_more_coarsely(tmp_path, monkeypatch):
    monkeypatch.setattr("cluster_optimiser.inputs.roads.backdrop.MOST_POINTS", 10)
    wave = {100 + i: (X + 100 * i, Y + (60 if i % 2 else 0)) for i in range(40)}
    nodes = {1: (X, Y), 2: (X + 10, Y), **wave}
    ways = {1: ([1, 2], "residential"), 2: ([*wave], "no", {"waterway": "river"})}
    made = build_network(read_osm(draw(tmp_path / "map.osm", nodes, ways))[0], {})
    assert shapely.get_num_coordinates(kinds(made.backdrop)["water"]) <= 10
