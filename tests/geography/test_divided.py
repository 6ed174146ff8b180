"""Units that are schools: what is divided, whose ground is whose, what touches what."""

from __future__ import annotations

import pytest

from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.geography.units import pinned_units
from tests.toy import ToySchool, toy_problem

PRIMARY = ToySchool("primary", 100)
TWO = {name: [ToySchool("secondary", 300), PRIMARY] for name in "ABC"}
REDRAW = {"method": "redraw", "objective": {"order": ["pupil_minutes"]}}


def test_every_school_is_a_unit_with_its_cell() -> None:
    problem = toy_problem("AABBCC", schools=TWO, units="schools", **REDRAW)
    assert list(problem.units.index) == [f"URN {100_001 + i}" for i in range(6)]
    assert problem.units.geometry.area.sum() == 6_000_000
    assert problem.dual.number_of_edges() == 5


def test_inside_urban_areas_only() -> None:
    problem = toy_problem("AABBCC", schools=TWO, urban={"areas": ["B"]}, **REDRAW)
    assert list(problem.units.index) == ["A", "C", "URN 100003", "URN 100004"]
    assert sorted(map(sorted, problem.dual.edges)) == [
        ["A", "URN 100003"],
        ["C", "URN 100004"],
        ["URN 100003", "URN 100004"],
    ]
    meant = pinned_units(problem, ("B",))
    assert {problem.unit_names[i] for i in meant} == {"URN 100003", "URN 100004"}


@pytest.mark.parametrize("pair", [["A", "B"], ["URN 100002", "URN 100003"], ["A", "URN 100003"]])
def test_a_barrier_between_clusters_or_schools(pair: list[str]) -> None:
    problem = toy_problem(
        "AABBCC", schools=TWO, units="schools", contiguity={"barriers": [pair]}, **REDRAW
    )
    assert not problem.dual.has_edge("URN 100002", "URN 100003")
    assert problem.dual.number_of_edges() == 4


def test_a_link_joins_the_two_nearest_schools() -> None:
    problem = toy_problem(
        "AA.CC", schools=TWO, units="schools", contiguity={"links": [["A", "C"]]}, **REDRAW
    )
    assert problem.dual.has_edge("URN 100002", "URN 100003")
    assert problem.dual.number_of_edges() == 3


def test_the_ground_of_an_exempt_school_goes_to_a_neighbour_of_its_cluster() -> None:
    schools = {**TWO, "B": [ToySchool("secondary", 300), ToySchool("special", 20)]}
    problem = toy_problem(
        "AABBCC",
        schools=schools,
        units="schools",
        exempt=[{"name": "Special", "where": {"phase": "special"}}],
        **REDRAW,
    )
    assert problem.local_unit_of.to_dict() == {100_004: "URN 100003"}
    assert problem.units.geometry.loc["URN 100003"].area == 2_000_000
    assert problem.dual.has_edge("URN 100003", "URN 100005")


@pytest.mark.parametrize("method", ["merge", "keep"])
def test_only_a_redraw_divides_urban_areas(method: str) -> None:
    said = f'"{method}" cannot divide the clusters of urban areas'
    with pytest.raises(ScenarioError, match=said):
        toy_problem("AB", method=method, urban={"areas": ["A"]})
