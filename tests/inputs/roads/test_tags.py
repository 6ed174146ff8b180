"""What tags say about driving."""

import pytest
from osmnx.routing import _clean_maxspeed

from cluster_optimiser.inputs.roads.tags import (
    ROAD_CLASSES,
    duration_min,
    is_closed_barrier,
    limit_kmh,
    read_tags,
)

MPH = 1.60934


@pytest.mark.parametrize(
    ("text", "mph"),
    [
        ("30 mph", 30),
        ("30mph", 30),
        ("GB:nsl_single", 60),
        ("gb:NSL_single", 60),
        ("UK:nsl_single", 60),
        ("GB:nsl_dual", 70),
        ("GB:motorway", 70),
        ("GB:urban", 30),
        ("GB:nsl_restricted", 30),
        ("GB:rural", 60),
        ("GB:zone20", 20),
        ("GB:zone:20", 20),
        ("GB:30", 30),
        ("national", 60),
        ("nsl", 60),
        ("20 mph;30 mph", 20),
        ("30 mph|20 mph", 20),
        ("walk", 5),
    ],
)
def test_a_british_limit_is_read(text, mph):
    assert limit_kmh(text) == pytest.approx(mph * MPH)


@pytest.mark.parametrize("text", ["30 mph", "48", "50 km/h", "70 mph", "62,5"])
def test_a_plain_limit_is_what_osmnx_reads(text):
    assert limit_kmh(text) == _clean_maxspeed(text)


@pytest.mark.parametrize(
    "text",
    ["none", "signals", "variable", "", "RO:urban", "fast", "0", "600 mph", "20 mph;fast", "-30"],
)
def test_what_is_no_limit_is_unknown_not_a_number(text):
    assert limit_kmh(text) is None


def test_national_on_a_dual_carriageway_is_70():
    dual = read_tags({"highway": "trunk", "oneway": "yes", "maxspeed": "national"})
    slip = read_tags({"highway": "trunk_link", "oneway": "yes", "maxspeed": "national"})
    single = read_tags({"highway": "trunk", "maxspeed": "national"})
    told = read_tags({"highway": "tertiary", "dual_carriageway": "yes", "maxspeed": "national"})
    assert [t.limit_kmh for t in (dual, slip, single, told)] == pytest.approx(
        [70 * MPH, 60 * MPH, 60 * MPH, 70 * MPH]
    )


def test_the_kind_of_limit_helps_where_the_limit_itself_cannot_be_read():
    tags = {"highway": "primary", "maxspeed": "signals", "maxspeed:type": "GB:nsl_single"}
    assert read_tags(tags).limit_kmh == pytest.approx(60 * MPH)
    assert read_tags(tags).limit_from == "tag"


def test_each_direction_has_its_own_limit():
    tags = {"highway": "primary", "maxspeed:forward": "60 mph", "maxspeed": "40 mph"}
    read = read_tags(tags)
    assert (read.limit_kmh, read.limit_back_kmh) == pytest.approx((60 * MPH, 40 * MPH))


@pytest.mark.parametrize(
    ("tag", "value"),
    [("zone:maxspeed", "GB:20"), ("zone:maxspeed", "20 mph"), ("maxspeed:type", "GB:zone20")],
)
def test_a_zone_is_a_limit(tag, value):
    assert read_tags({"highway": "residential", tag: value}).limit_kmh == pytest.approx(20 * MPH)


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "motorway", "lit": "yes"},
        {"highway": "motorway_link", "lit": "yes"},
        {"highway": "trunk", "oneway": "yes", "lit": "yes"},
    ],
)
def test_lights_make_no_30_of_a_motorway_or_a_dual_carriageway(tags):
    assert read_tags(tags).limit_kmh is None


def test_street_lights_make_30_unless_a_limit_is_tagged():
    assert read_tags({"highway": "tertiary", "lit": "yes"}).limit_kmh == pytest.approx(30 * MPH)
    assert read_tags({"highway": "tertiary", "lit": "yes"}).limit_from == "lighting"
    signed = read_tags({"highway": "tertiary", "lit": "yes", "maxspeed": "40 mph"})
    assert signed.limit_kmh == pytest.approx(40 * MPH)


def test_an_unread_limit_is_kept_for_people():
    tags = read_tags({"highway": "primary", "maxspeed": "fast"})
    assert (tags.limit_kmh, tags.limit_from, tags.limit_text) == (None, "", "fast")


@pytest.mark.parametrize("name", ROAD_CLASSES)
def test_every_class_and_its_slip_roads_are_roads(name):
    assert read_tags({"highway": name}).road_class == name
    assert read_tags({"highway": f"{name}_link"}).is_link


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "footway"},
        {"highway": "track"},
        {"highway": "construction"},
        {"highway": "busway"},
        {"highway": "pedestrian"},
        {"building": "yes"},
        {"highway": "service", "service": "driveway"},
        {"highway": "service", "service": "parking_aisle"},
        {"highway": "unclassified", "area": "yes"},
        {"highway": "unclassified", "access": "private"},
        {"highway": "unclassified", "access": "agricultural;forestry"},
        {"highway": "unclassified", "access": "yes", "motor_vehicle": "no"},
        {"highway": "unclassified", "motor_vehicle": "yes", "motorcar": "no"},
        {"highway": "residential", "access": "no", "bus": "yes"},
        {"highway": "residential", "motor_vehicle": "psv"},
        {"highway": "residential", "oneway": "reversible"},
        {"route": "ferry"},
        {"route": "ferry", "access": "yes", "foot": "yes"},
        {"route": "ferry", "motor_vehicle": "no"},
        {"route": "bus", "motor_vehicle": "yes"},
    ],
)
def test_what_no_car_may_use_is_left_out(tags):
    assert read_tags(tags) is None


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "unclassified", "access": "no", "motor_vehicle": "yes"},
        {"highway": "unclassified", "access": "private", "motorcar": "permissive"},
        {"highway": "unclassified", "access": "destination"},
        {"highway": "unclassified", "access": "private;permissive"},
        {"highway": "service", "access": "customers"},
        {"highway": "road"},
        {"route": "ferry", "motor_vehicle": "yes"},
        {"route": "ferry", "motorcar": "designated"},
    ],
)
def test_what_cars_may_use_is_kept(tags):
    assert read_tags(tags) is not None


@pytest.mark.parametrize(
    ("tags", "direction"),
    [
        ({}, "both"),
        ({"oneway": "yes"}, "forward"),
        ({"oneway": "1"}, "forward"),
        ({"oneway": "-1"}, "backward"),
        ({"oneway": "reverse"}, "backward"),
        ({"oneway": "no"}, "both"),
        ({"oneway": "alternating"}, "both"),
        ({"junction": "roundabout"}, "forward"),
        ({"junction": "circular"}, "forward"),
        ({"junction": "roundabout", "oneway": "-1"}, "backward"),
        ({"oneway": "yes", "oneway:motor_vehicle": "no"}, "both"),
    ],
)
def test_directions(tags, direction):
    assert read_tags({"highway": "residential", **tags}).direction == direction


def test_motorways_are_one_way_without_a_word():
    assert read_tags({"highway": "motorway"}).direction == "forward"
    assert read_tags({"highway": "motorway", "oneway": "no"}).direction == "both"


@pytest.mark.parametrize(
    ("tags", "is_closed"),
    [
        ({}, False),
        ({"barrier": "bollard"}, True),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, False),
        ({"barrier": "gate"}, False),
        ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "gate", "access": "no", "motorcar": "yes"}, False),
        ({"barrier": "gate", "locked": "yes"}, True),
        ({"barrier": "lift_gate", "locked": "yes"}, True),
        ({"barrier": "gate", "locked": "no"}, False),
        ({"barrier": "yes"}, True),
        ({"barrier": "fence"}, True),
        ({"barrier": "wall"}, True),
        ({"barrier": "cattle_grid"}, False),
        ({"barrier": "height_restrictor"}, False),
        ({"access": "no"}, False),
    ],
)
def test_barriers(tags, is_closed):
    assert is_closed_barrier(tags) is is_closed


def test_durations():
    assert duration_min("01:30:30") == 90.5
    assert duration_min("PT45S") == 0.75
    assert all(duration_min(text) is None for text in ("", "PT", "P1D", "x:10"))
    ferry = read_tags({"route": "ferry", "motorcar": "yes", "duration": "7"})
    assert ferry.ferry_min == 7
