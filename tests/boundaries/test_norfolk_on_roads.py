"""Norfolk's schools on a made road network, from the map file to a verified plan.

The roads are invented (`tests/made_roads.py`): there is no road file of Norfolk here, and none of
this enters its folder. A made water without a bridge lies across the county's east.
"""

from dataclasses import replace

import pandas as pd
import pytest
import shapely

from cluster_optimiser.batch import Place, run_scenario
from cluster_optimiser.domain import RoadSpec, TravelSpec
from cluster_optimiser.geography import build_problem
from cluster_optimiser.geography.travel import travel_minutes
from cluster_optimiser.inputs.roads.network import build_network
from cluster_optimiser.inputs.roads.osm import read_osm
from cluster_optimiser.inputs.roads.store import write_roads
from cluster_optimiser.inputs.settings import TravelTable
from cluster_optimiser.verification import verify_plan
from tests.made_roads import write_made_osm
from tests.norfolk import norfolk_place, norfolk_scenario

WATER = shapely.LineString([(632_500, 311_000), (640_000, 303_000), (652_000, 309_500)])
"""Where the made water lies: between Acle and Loddon, open to the sea in the east."""

MOST_MIN = 20


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("roads")
    place = norfolk_place()
    schools = place.authority.schools
    places = shapely.get_coordinates(schools.geometry.to_numpy())
    write_made_osm(folder / "made.osm", places, n_more=1_500, seed=1, water=WATER)
    ways, date = read_osm(folder / "made.osm")
    about = {"source": "a made map", "data_date": date}
    write_roads(build_network(ways, about), folder / "roads.gpkg")
    assumed = TravelTable(method="roads").road_assumptions
    roads = RoadSpec(folder / "roads.gpkg", "of this test", assumed, about)
    travel = TravelSpec("roads", roads=roads)
    return Place(replace(place.authority, travel=travel), place.territory)


def by_drive(option):
    """Take the stated barriers of an option away, and ask for a short drive in their place."""
    scenario = norfolk_scenario(option)
    contiguity = scenario.contiguity.model_copy(update={"barriers": (), "max_minutes": MOST_MIN})
    return scenario.model_copy(update={"contiguity": contiguity})


def test_every_trip_is_known_and_rings_true(place):
    minutes = travel_minutes(place.authority).minutes
    assert (minutes >= 0).all()
    crow = norfolk_place().authority.schools.geometry
    x, y = crow.x.to_numpy(), crow.y.to_numpy()
    km = ((x[:, None] - x) ** 2 + (y[:, None] - y) ** 2) ** 0.5 / 1000
    # Nobody drives faster than the fastest made road along the straight line.
    assert (minutes >= km / (46 * 1.60934) * 60 * 0.98 - 0.01).all()


def test_option_4a_is_proved_on_roads_and_says_which(place):
    result = run_scenario(norfolk_scenario("4a"), place=place)
    assert result.plan.solution.status == "OPTIMAL"
    assert result.violations == ()
    note = result.problem.travel.note
    assert "driving times by road" in note
    assert "a made map" in note
    assert "estimate" not in note


def test_the_water_parts_neighbours_and_every_pair_is_listed(place):
    scenario = by_drive("4a")
    problem = build_problem(scenario, place.authority, place.territory)
    apart = [note for note in problem.notes if "drive between their nearest schools" in note]
    assert any(note.startswith("Acle and Loddon touch") for note in apart)
    without = build_problem(
        scenario.model_copy(
            update={"contiguity": scenario.contiguity.model_copy(update={"max_minutes": None})}
        ),
        place.authority,
        place.territory,
    )
    removed = set(map(frozenset, without.dual.edges)) - set(map(frozenset, problem.dual.edges))
    assert len(removed) == len(apart)
    assert all(any(" and ".join(sorted(pair)) in note for note in apart) for pair in removed)


def test_a_plan_across_the_water_is_refused_by_the_judge_alone(place):
    """The judge is handed the graph of a scenario without a limit, and looks the minutes up."""
    scenario = by_drive("4a")
    problem = build_problem(scenario, place.authority, place.territory)
    result = run_scenario(scenario, place=place)
    assert result.plan.solution.status == "OPTIMAL"
    assert verify_plan(problem, result.plan.assignment).violations == ()
    loose = norfolk_scenario("4a").contiguity.model_copy(update={"barriers": ()})
    free = build_problem(
        scenario.model_copy(update={"contiguity": loose}), place.authority, place.territory
    )
    across = pd.Series("all others", index=problem.authority.schools.index, dtype=object)
    across.update(problem.exempt_of)
    across[problem.unit_of.index[problem.unit_of.isin(["Acle", "Loddon"])]] = "across"
    judged = replace(free, scenario=scenario)
    broken = {(v.rule, v.subject) for v in verify_plan(judged, across).violations}
    assert ("contiguity", "across") in broken
    assert ("contiguity", "across") not in {
        (v.rule, v.subject) for v in verify_plan(free, across).violations
    }
