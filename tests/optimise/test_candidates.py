"""Candidate groups: all connected sets, each once, each rule on its bound and one step past."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_optimiser.domain import TravelMinutes
from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.optimise import candidate_groups, candidates
from cluster_optimiser.optimise.candidates import (
    bit_positions,
    connected_sets,
    sets_of_units,
    unit_adjacency,
)
from cluster_optimiser.optimise.explain.trial import Lab
from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.scenario.tables import Size
from tests.toy import ToySchool, toy_problem


def units_of(problem) -> list[str]:
    return ["".join(group.units) for group in candidate_groups(problem)]


@st.composite
def graphs(draw):
    n_units = draw(st.integers(1, 8))
    pairs = [(i, j) for i in range(n_units) for j in range(i)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    pupils = draw(st.lists(st.integers(0, 9), min_size=n_units, max_size=n_units))
    return n_units, edges, pupils


@given(graphs(), st.integers(0, 30), st.integers(0, 40))
def test_connected_sets_equal_brute_force(graph, lowest, highest) -> None:
    """Every connected set whose pupils lie in the range comes once, and no other."""
    n_units, edges, pupils = graph
    adjacency = [0] * n_units
    for i, j in edges:
        adjacency[i] |= 1 << j
        adjacency[j] |= 1 << i
    network = nx.Graph(edges)
    network.add_nodes_from(range(n_units))
    expected = []
    for mask in range(1, 1 << n_units):
        members = [i for i in range(n_units) if mask >> i & 1]
        total = sum(pupils[i] for i in members)
        if lowest <= total <= highest and nx.is_connected(network.subgraph(members)):
            expected.append(mask)
    found = list(connected_sets(adjacency, pupils, lowest=lowest, highest=highest))
    assert sorted(found) == expected


def test_the_largest_unit_first_finds_the_same_sets() -> None:
    """All units touch, and no rest is ever under the minimum, so that nothing is cut."""
    adjacency, size = [0b1110, 0b1101, 0b1011, 0b0111], Size(min_pupils=3, max_pupils=7)
    ways = [{*sets_of_units(adjacency, [1, 4, 2, 3], size, is_few=few)} for few in (False, True)]
    assert ways[0] == ways[1] != set()


@pytest.mark.parametrize(
    ("term", "expected"),
    [("count", ["A", "AB", "B"]), ("pupil_minutes", ["A", "B"]), ("longest_minutes", ["A", "B"])],
)
def test_a_way_that_is_not_known_is_not_as_short_as_none(term: str, expected: list[str]) -> None:
    problem = toy_problem("AB", pupils={"A": 1, "B": 1}, objective={"order": [term]})
    ways = TravelMinutes(problem.travel.urns, np.array([[0, np.nan], [np.nan, 0]]), "none")
    assert units_of(replace(problem, travel=ways)) == expected


SIZES = {"A": 1000, "B": 1500, "C": 2000}


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ({"min_pupils": 2500, "max_pupils": 4500}, ["AB", "ABC", "BC"]),
        ({"min_pupils": 2501, "max_pupils": 4499}, ["BC"]),
    ],
)
def test_size_on_its_bounds_and_past_them(size, expected) -> None:
    assert units_of(toy_problem("ABC", pupils=SIZES, size=size)) == expected


@pytest.mark.parametrize(("oversize", "expected"), [("keep", ["C", "AB"]), ("refuse", ["AB"])])
def test_a_unit_over_the_maximum_stands_alone_or_not_at_all(oversize, expected) -> None:
    size = {"min_pupils": 1500, "max_pupils": 2500, "oversize": oversize}
    problem = toy_problem("ABC", pupils={"A": 1000, "B": 1000, "C": 2501}, size=size)
    assert sorted(units_of(problem), key=len) == expected
    assert [g.units for g in candidate_groups(problem) if g.is_oversize] == (
        [("C",)] if oversize == "keep" else []
    )


def test_exceptions_are_only_made_of_named_units() -> None:
    size = {"min_pupils": 2500, "max_exceptions": 1, "exceptions": ["A", "B"], "max_pupils": 3000}
    groups = candidate_groups(toy_problem("ABC", pupils=SIZES, size=size))
    small = {"".join(group.units) for group in groups if group.is_exception}
    assert small == {"A", "B"}


def test_no_exception_unless_allowed() -> None:
    size = {"min_pupils": 2500, "exceptions": ["A"], "max_pupils": 3000}
    assert units_of(toy_problem("ABC", pupils=SIZES, size=size)) == ["AB"]


def test_units_have_the_neighbours_that_they_touch_and_no_border_cuts() -> None:
    assert unit_adjacency(toy_problem("ABCD")) == [0b0010, 0b0101, 0b1010, 0b0100]
    cut = toy_problem("ABCD", layers={"division": "xxyy"}, within=["division"])
    assert unit_adjacency(cut) == [0b0010, 0b0001, 0b1000, 0b0100]


def test_no_group_crosses_a_required_layer() -> None:
    layers = {"division": "xxyy"}
    assert units_of(toy_problem("ABCD", layers=layers, within=["division"])) == [
        "A", "AB", "B", "C", "CD", "D",
    ]  # fmt: skip
    assert units_of(toy_problem("ABCD", layers=layers, alignment={"division": "require"})) == [
        "A", "AB", "B", "C", "CD", "D",
    ]  # fmt: skip


@pytest.mark.parametrize(("limit_min", "expected"), [(3.5, ["A", "AB", "B"]), (3.49, ["A", "B"])])
def test_the_travel_limit_on_its_bound_and_past_it(limit_min, expected) -> None:
    """Two schools a kilometre apart: 2 minutes and 1.5 a kilometre."""
    assert units_of(toy_problem("AB", travel={"max_minutes": limit_min})) == expected


@pytest.mark.parametrize(("least", "expected"), [(1, ["A", "AB", "B"]), (2, ["AB"]), (3, [])])
def test_secondary_schools(least, expected) -> None:
    assert units_of(toy_problem("AB", secondary={"min": least})) == expected


def test_middle_schools_are_no_secondary_schools() -> None:
    schools = {"A": [ToySchool("middle", 500)], "B": [ToySchool("all-through", 500)]}
    assert units_of(toy_problem("AB", schools=schools)) == ["AB", "B"]


def test_pins() -> None:
    assert units_of(toy_problem("ABC", pins={"together": [["A", "B"]]})) == ["AB", "ABC", "C"]
    assert units_of(toy_problem("ABC", pins={"apart": [["A", "C"]]})) == ["A", "AB", "B", "BC", "C"]


def test_of_three_that_stay_apart_no_two_meet() -> None:
    """The first and the last too, which the list does not name side by side."""
    ring = toy_problem("AB CC", pins={"apart": [["A", "B", "C"]]})
    assert units_of(ring) == ["A", "B", "C"]
    assert len(redraw_ground(ring).apart) == 3
    lab = Lab(ring, time_limit_s=10)
    assert [lab.pinned(ring.scenario).broken(m) for m in (0b101, 0b110, 0b011, 0b001)] == [
        *[["pins.apart[0]"]] * 3,
        [],
    ]


def test_costs_are_the_numbers_of_the_group() -> None:
    schools = {
        "A": [ToySchool("secondary", 600, (0, 0)), ToySchool("primary", 400, (0, 1))],
        "B": [ToySchool("secondary", 500, (0, 2))],
    }
    problem = toy_problem(
        "AAB",
        schools=schools,
        layers={"district": "xyy", "division": "ppq"},
        alignment={"district": "prefer", "division": "prefer"},
        size={"target_pupils": 1200},
    )
    (group,) = [g for g in candidate_groups(problem) if g.units == ("A", "B")]
    assert group.pupils == 1500
    # Meeting place: the middle school, 1 km from each: 3.5 minutes for 1,100 pupils.
    assert group.costs == {
        "count": 1,
        "joins": 1,
        "exceptions": 0,
        "deviation": 300,
        "pupil_minutes": 385_000,
        "changed_pupils": 500,
        "misaligned.district": 600,
        "misaligned.division": 500,
        "misaligned": 1100,
    }


def test_sets_that_leave_more_than_the_count_can_hold_are_left_out() -> None:
    """Two areas and at most two clusters: each area is one cluster."""
    problem = toy_problem(
        "ABCD", layers={"division": "xxyy"}, within=["division"], count={"max": 2}
    )
    assert units_of(problem) == ["AB", "CD"]


FEW = {"size": {"min_pupils": 2_000, "max_pupils": 4_000}, "secondary": {"min": 0}}


@pytest.mark.parametrize(
    ("grid", "d_pupils", "most", "expected"),
    [
        ("ABCDEF", 1_000, 2, ["AB", "ABC", "ABCD", "CDEF", "DEF", "EF"]),
        # D, over the maximum, stands alone, and parts the others; on it, it is a cluster like any.
        ("ABCDEFG", 9_000, 3, ["ABC", "EFG"]),
        ("ABCDEFG", 9_000, 4, ["ABC", "EFG"]),
        ("ABCDEFG", 4_000, 3, ["ABC", "D", "EFG"]),
        # Or is passed by, and its neighbours are others'.
        ("ABCE\nADDE", 9_000, 2, ["ABCE"]),
    ],
)
def test_of_few_clusters_only_the_sets_of_some_plan_are_listed(
    grid, d_pupils, most, expected
) -> None:
    problem = toy_problem(grid, pupils={"D": d_pupils}, count={"max": most}, **FEW)
    sets = candidates._sets_of_plans(
        unit_adjacency(problem), problem.units["pupils"].to_list(), problem.scenario
    )
    assert sets is not None
    names = ["".join(problem.units.index[i] for i in bit_positions(mask)) for mask in sets]
    assert sorted(names) == expected


def test_rules_that_rule_out_too_little_are_refused(monkeypatch) -> None:
    """Otherwise memory would run out before anything is said."""
    monkeypatch.setattr(candidates, "MAX_SETS", 5)
    with pytest.raises(ScenarioError, match=r"more than 5 groups.*Narrow size.min_pupils"):
        candidate_groups(toy_problem("ABC"))
