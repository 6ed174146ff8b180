"""Minutes by road on the hand-made map, and what is said of them."""

import shutil
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely

from cluster_optimiser.errors import InputError
from cluster_optimiser.geography.roads import minutes
from cluster_optimiser.geography.roads.minutes import measure
from cluster_optimiser.geography.roads.weights import make_arcs, parts_of
from cluster_optimiser.geography.travel import travel_minutes
from cluster_optimiser.inputs import load_authority
from cluster_optimiser.inputs.roads.network import build_network
from cluster_optimiser.inputs.roads.osm import read_osm
from cluster_optimiser.inputs.roads.store import write_roads
from cluster_optimiser.inputs.settings import TravelTable

DATA = Path(__file__).parents[2] / "data"
MAP = DATA / "roads" / "two_villages.osm"


@pytest.fixture(scope="module")
def network():
    ways, date = read_osm(MAP)
    return build_network(ways, {"source": "two villages", "data_date": date})


def assume(**changes):
    return TravelTable(method="roads", **changes).road_assumptions


def plain(**changes):
    """Limits are speeds, and nothing is added."""
    fast = dict.fromkeys(assume().open_road_mph, 200.0)
    return assume(
        limit_share=1.0, junction_delay_s=0.0, signal_delay_s=0.0, open_road_mph=fast, **changes
    )


def at(*places):
    return gpd.GeoSeries(shapely.points(np.array(places, dtype=float)), crs="EPSG:27700")


def by_way(network, way):
    return network.roads.loc[network.roads["way"] == way].iloc[0]


def test_a_stretch_takes_its_length_at_its_limit(network):
    a, b = (604_000, 306_500), (604_000, 307_500)
    found = measure(at(a, b), network, plain()).minutes
    # The road is straight, so a third of it lies between the two; the map is good to centimetres.
    expected = by_way(network, 105)["length_m"] / 3 / (60 * 1.60934 / 3.6) / 60
    assert found[0, 1] == pytest.approx(expected, abs=0.006)


def test_one_way_streets_are_driven_one_way(network):
    """Back Lane goes north only, against its own line; the Long Way Back goes round."""
    south, north = (616_000, 305_000), (616_000, 306_000)
    found = measure(at(south, north), network, plain()).minutes
    lane, way_back = by_way(network, 110), by_way(network, 124)
    kmh = 30 * 1.60934
    assert found[0, 1] == pytest.approx(lane["length_m"] / 1000 / kmh * 60, abs=0.01)
    assert found[1, 0] > way_back["length_m"] / 1000 / kmh * 60


def test_where_there_is_no_way_back_the_place_is_off_the_main_part(network):
    part = parts_of(make_arcs(network, plain()))
    is_main = part == np.bincount(part).argmax()
    out_only = by_way(network, 125)
    assert is_main[out_only["from_node"]]
    assert not is_main[out_only["to_node"]]


def test_a_bollard_stops_cars(network):
    """Both halves of Bollard Street are dead ends: the way round goes by the other roads."""
    north, south = (613_000, 302_450), (612_950, 302_450)
    found = measure(at(north, south), network, plain()).minutes
    assert found[0, 1] > 5


def test_a_ferry_counts_only_where_it_is_wanted(network):
    west, east = (606_000, 305_000), (611_500, 305_000)
    by_bridge = measure(at(west, east), network, plain()).minutes[0, 1]
    by_ferry = measure(at(west, east), network, plain(ferries=True, ferry_wait_min=2)).minutes[0, 1]
    assert by_bridge > 15
    assert 7 < by_ferry < 8.5  # 2 to wait, 5 to cross, the lane to the landing


def test_nothing_stands_on_a_road_that_is_joined_to_nothing(network):
    found = measure(at((619_250, 309_000), (604_000, 307_000)), network, assume())
    assert found.distance_m[0] < 2_000
    assert found.part[0] != found.part[1]
    assert np.isnan(found.minutes[0, 1])
    assert np.isnan(found.minutes[1, 0])
    assert found.minutes[0, 0] == 0


def test_two_places_at_the_same_gate_are_not_0_minutes_apart(network):
    found = measure(at((603_900, 307_000), (604_100, 307_000)), network, assume()).minutes
    assert found[0, 1] == pytest.approx(2 * 100 / (20 / 3.6) / 60, abs=0.02)
    same = measure(at((603_900, 307_000), (603_900, 307_000)), network, assume()).minutes
    assert same.tolist() == [[0, 0], [0, 0]]
    touching = measure(at((604_000, 307_000), (604_000, 307_000.05)), network, assume()).minutes
    assert touching[0, 1] == 0.01


def test_each_junction_costs_the_stated_delay(network):
    """From South Road round the roundabout to East Street: one give way, on entering it."""
    south, east = (613_000, 303_500), (614_000, 305_000)
    without = measure(at(south, east), network, plain()).minutes
    fast = dict.fromkeys(assume().open_road_mph, 200.0)
    slow = assume(limit_share=1.0, junction_delay_s=60.0, open_road_mph=fast)
    assert measure(at(south, east), network, slow).minutes[0, 1] == pytest.approx(
        without[0, 1] + 1, abs=0.011
    )


def test_minutes_are_exactly_those_of_networkx_at_every_junction(network):
    assumed = assume()
    arcs = make_arcs(network, assumed)
    part = parts_of(arcs)
    is_main = part == np.bincount(part).argmax()
    graph = nx.MultiDiGraph()
    for tail, head, drive, delay in zip(
        arcs.tail.tolist(),
        arcs.head.tolist(),
        arcs.drive_us.tolist(),
        arcs.delay_us.tolist(),
        strict=True,
    ):
        graph.add_edge(tail, head, us=drive + delay)
    start_of = {}
    for row in network.roads.itertuples():
        start_of.setdefault(row.from_node, shapely.get_point(row.geometry, 0))
    ferry = set(network.roads.loc[network.roads["is_ferry"], "from_node"])
    barrier = set(network.roads.loc[network.roads["way"] == 112, "from_node"])
    nodes = [n for n in start_of if is_main[n] and n not in ferry and n not in barrier]
    points = gpd.GeoSeries([start_of[n] for n in nodes], crs="EPSG:27700")
    found = measure(points, network, assumed).minutes
    for i, node in enumerate(nodes):
        lengths = nx.single_source_dijkstra_path_length(graph, node, weight="us")
        expected = np.round(np.array([lengths[n] for n in nodes]) / 60e6, 2)
        np.testing.assert_array_equal(found[i], expected)


# --- an authority -----------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, network):
    made = tmp_path / "threeshire"
    shutil.copytree(DATA / "authority", made)
    write_roads(network, made / "roads.gpkg")
    text = (made / "authority.toml").read_text()
    head, _, tail = text.partition("[travel]")
    tail = tail[tail.index("[[sources]]") :]
    (made / "authority.toml").write_text(
        f'{head}[travel]\nmethod = "roads"\nfile = "roads.gpkg"\njunction_delay_s = 9\n\n{tail}'
    )
    return made


def test_every_output_can_say_where_the_minutes_come_from(folder):
    authority = load_authority(folder)
    travel = travel_minutes(authority)
    for words in ("© OpenStreetMap contributors", "2024-05-02", "9 seconds", "two villages", "90%"):
        assert words in travel.note
    source = authority.sources[-1]
    assert source.licence.startswith("© OpenStreetMap contributors")
    assert source.date == "2024-05-02"
    assert "roads.gpkg" in authority.inputs


def test_schools_off_the_roads_are_named(folder):
    note = travel_minutes(load_authority(folder)).note
    assert "No road within 2000 m by land, so no minutes are known: Birch High School." in note
    assert "Ash High School" not in note


def test_a_map_of_another_region_is_refused(folder, network, tmp_path):
    shutil.copytree(folder, tmp_path / "a")
    roads = network.roads.set_geometry(network.roads.translate(0, 100_000))
    write_roads(replace(network, roads=roads), tmp_path / "a" / "roads.gpkg")
    with pytest.raises(InputError, match="no school lies within 2000 m of a road of the file"):
        travel_minutes(load_authority(tmp_path / "a"))


def test_minutes_are_measured_once_and_kept(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("CLUSTER_OPTIMISER_CACHE", str(tmp_path / "kept"))
    authority = load_authority(folder)
    first = travel_minutes(authority)
    monkeypatch.setattr(minutes, "measure", None)
    again = travel_minutes(authority)
    np.testing.assert_array_equal(again.minutes, first.minutes)
    assert again.note == first.note


def test_minutes_that_were_damaged_are_measured_again(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("CLUSTER_OPTIMISER_CACHE", str(tmp_path / "kept"))
    authority = load_authority(folder)
    first = travel_minutes(authority)
    (file,) = (tmp_path / "kept" / "minutes").iterdir()
    for damage in (b"", file.read_bytes()[:-40], b"PK no zip"):
        file.write_bytes(damage)
        np.testing.assert_array_equal(travel_minutes(authority).minutes, first.minutes)


def test_minutes_of_another_file_under_the_same_name_do_not_count(folder, tmp_path, monkeypatch):
    """One file copied over another, whole and readable, is damage too."""
    monkeypatch.setenv("CLUSTER_OPTIMISER_CACHE", str(tmp_path / "kept"))
    authority = load_authority(folder)
    first = travel_minutes(authority)
    (file,) = (tmp_path / "kept" / "minutes").iterdir()
    with np.load(file) as content:
        arrays = dict(content)
    arrays["minutes"] = arrays["minutes"] + 1
    np.savez(file, **arrays)
    np.testing.assert_array_equal(travel_minutes(authority).minutes, first.minutes)


def test_other_assumptions_give_other_minutes(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("CLUSTER_OPTIMISER_CACHE", str(tmp_path / "kept"))
    before = travel_minutes(load_authority(folder)).minutes
    toml = folder / "authority.toml"
    toml.write_text(toml.read_text().replace("junction_delay_s = 9", "limit_share = 0.3"))
    after = travel_minutes(load_authority(folder)).minutes
    assert np.nanmax(after) > np.nanmax(before)


def test_a_folder_that_cannot_be_written_to_is_no_fault(folder, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("CLUSTER_OPTIMISER_CACHE", str(blocked))
    assert travel_minutes(load_authority(folder)).minutes.shape == (6, 6)
    assert minutes.load("0" * 64, n_places=6) is None
