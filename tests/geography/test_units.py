"""Units, exempt schools and nested units."""

import pytest

from cluster_optimiser.domain import Plan, Solution
from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.geography import build_problem
from cluster_optimiser.geography.units import pinned_units, school_positions
from tests.toy import ToySchool, toy_assignment, toy_ground, toy_problem, toy_scenario

CATHOLIC = ToySchool("secondary", 300, columns={"religious_character": "Roman Catholic"})
EXEMPT = [{"name": "Catholic", "where": {"religious_character": ["Roman Catholic", "Other"]}}]


def test_exempt_schools_are_in_no_unit_but_know_theirs() -> None:
    schools = {"A": [ToySchool("secondary", 700), CATHOLIC]}
    problem = toy_problem("AB", schools=schools, exempt=EXEMPT)
    (urn,) = problem.exempt_of.index
    assert problem.units["pupils"].to_dict() == {"A": 700, "B": 1000}
    assert problem.exempt_of.loc[urn] == "Catholic"
    assert problem.local_unit_of.loc[urn] == "A"
    assert urn not in problem.unit_of.index


def test_an_area_of_exempt_schools_alone_is_no_unit() -> None:
    problem = toy_problem("ABC", schools={"B": [CATHOLIC]}, exempt=EXEMPT)
    assert list(problem.units.index) == ["A", "C"]
    assert list(problem.dual.nodes) == ["A", "C"]


def test_the_home_area_holds_most_pupils_and_ties_go_by_name() -> None:
    schools = {
        "A": [ToySchool("secondary", 400, (0, 0)), ToySchool("primary", 500, (0, 1))],
        "B": [ToySchool("secondary", 500, (0, 2)), ToySchool("primary", 500, (0, 3))],
    }
    problem = toy_problem("AABB", schools=schools, layers={"district": "yxyx"})
    assert problem.units["home.district"].to_dict() == {"A": "x", "B": "x"}


def test_a_school_outside_every_area_has_no_home() -> None:
    problem = toy_problem("AB", layers={"district": ".x"})
    assert problem.units["home.district"].to_dict() == {"A": None, "B": "x"}


def test_an_exempt_group_may_not_take_the_name_of_a_unit() -> None:
    schools = {"A": [ToySchool("secondary", 700), CATHOLIC]}
    with pytest.raises(ScenarioError, match='bears the name of a unit: "B"'):
        toy_problem("AB", schools=schools, exempt=[{**EXEMPT[0], "name": "B"}])


def test_a_scenario_that_leaves_no_school_to_place_is_refused() -> None:
    everyone = [{"name": "All", "where": {"phase": ["primary", "secondary"]}}]
    with pytest.raises(ScenarioError, match="every school is exempt"):
        toy_problem("AB", exempt=everyone)


def test_nested_units_are_the_clusters_of_the_parent_plan() -> None:
    """Pupils, schools, ground and adjacency of a nested unit are those of what it is made of."""
    schools = {"A": [ToySchool("secondary", 700), CATHOLIC]}
    ground = toy_ground("AABBCC", schools=schools)
    below = build_problem(toy_scenario(exempt=EXEMPT), *ground)
    parent = Plan("P", toy_assignment(below, {"A and B": "AB", "C": "C"}), Solution("GIVEN"))
    nested = build_problem(toy_scenario(units="P", exempt=EXEMPT), *ground, parent=parent)
    assert nested.units["pupils"].to_dict() == {"A and B": 1700, "C": 1000}
    assert nested.units.geometry.area.to_dict() == {"A and B": 4e6, "C": 2e6}
    assert list(nested.dual.edges) == [("A and B", "C")]
    assert nested.local_unit_of.to_list() == ["A and B"]
    assert [nested.unit_names[i] for i in pinned_units(nested, ("B",))] == ["A and B"]


def test_units_of_a_plan_that_is_not_at_hand() -> None:
    with pytest.raises(ScenarioError, match='no plan of scenario "P" is at hand'):
        toy_problem("AB", units="P")


def test_schools_as_units_are_refused_for_merge() -> None:
    with pytest.raises(ScenarioError, match='"schools" does not go with method "merge"'):
        toy_problem("AB", units="schools")


def test_positions_follow_the_register() -> None:
    problem = toy_problem("AB", schools={"A": [ToySchool("secondary", 1), ToySchool("primary", 1)]})
    positions = {unit: found.tolist() for unit, found in school_positions(problem).items()}
    assert positions == {"A": [0, 1], "B": [2]}
