"""Points of an .osm file that say no place: named by line."""

import pytest

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.roads.osm import MOST_NAMED, read_osm

HEAD = '<?xml version="1.0"?>\n<osm version="0.6">\n'
WAY = '<way id="9" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>\n'


def node(number, place):
    return f'<node id="{number}" {place} version="1"/>\n'


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ('lat="52.6"', "node 2 has no lon"),
        ('lon="1.2"', "node 2 has no lat"),
        ("", "node 2 has no lat and no lon"),
    ],
)
def test_a_node_without_a_place_is_named_by_its_line(place, problem, tmp_path):
    path = tmp_path / "map.osm"
    path.write_text(HEAD + node(1, 'lat="52.6" lon="1.2"') + node(2, place) + WAY + "</osm>")
    with pytest.raises(InputError) as caught:
        read_osm(path)
    (fault,) = caught.value.faults
    assert (fault.row, fault.problem) == (4, problem)


def test_of_many_the_first_are_named(tmp_path):
    path = tmp_path / "map.osm"
    path.write_text(HEAD + "".join(node(n, "") for n in range(1, 20)) + WAY + "</osm>")
    with pytest.raises(InputError) as caught:
        read_osm(path)
    assert len(caught.value.faults) == MOST_NAMED + 1
    assert caught.value.faults[-1].problem == "and 14 more nodes have no place"
