"""A road file that somebody changed by hand: what cannot be driven is told with its row."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.roads.network import build_network
from cluster_optimiser.inputs.roads.osm import read_osm
from cluster_optimiser.inputs.roads.store import read_roads, write_roads

MAP = Path(__file__).parents[2] / "data" / "roads" / "two_villages.osm"


@pytest.fixture(scope="module")
def network():
    return build_network(read_osm(MAP)[0], {"source": "two villages"})


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("limit_kmh", 0.0, "its limit is no number from 3 to 130 km/h"),
        ("limit_back_kmh", 999.0, "its limit is no number from 3 to 130 km/h"),
        ("length_m", 0.0, "its length is not that of its line"),
        ("length_m", np.nan, "its length is not that of its line"),
        ("from_node", np.nan, "no junction joins the road to others"),
        ("way", -4, "its ends, way or lights are no whole numbers"),
        ("signals", -1, "its ends, way or lights are no whole numbers"),
        ("road_class", "boulevard", "its class is none of a road"),
        ("road_class", None, "its class is none of a road"),
        ("is_one_way", None, "it does not say whether it is one-way"),
        ("geometry", None, "the road has no line"),
    ],
)
def test_what_cannot_be_driven_is_told_with_its_row(network, column, value, says, tmp_path):
    roads = network.roads.copy()
    values = roads[column].astype(object)
    values.iloc[1] = value
    roads[column] = values if column != "geometry" else values.to_numpy()
    write_roads(replace(network, roads=roads.infer_objects()), tmp_path / "roads.gpkg")
    with pytest.raises(InputError) as caught:
        read_roads(tmp_path / "roads.gpkg")
    (fault,) = caught.value.faults
    assert (fault.file, fault.row, fault.subject) == ("roads.gpkg", 2, "roads")
    assert fault.problem.startswith(says)


def test_a_moved_corner_without_its_length_is_told(network, tmp_path):
    roads = network.roads.copy()
    lines = roads.geometry.to_numpy().copy()
    lines[0] = shapely.LineString(
        [*lines[0].coords, (lines[0].bounds[0], lines[0].bounds[1] + 999)]
    )
    roads.geometry = lines
    write_roads(replace(network, roads=roads), tmp_path / "roads.gpkg")
    with pytest.raises(InputError, match="row 1: roads: its length is not that of its line"):
        read_roads(tmp_path / "roads.gpkg")
