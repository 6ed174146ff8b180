"""Which units touch is measured from what is drawn: the graph of the problem is not believed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import networkx as nx
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.constants import CRS_METRES
from cluster_optimiser.domain import Plan, Solution
from cluster_optimiser.verification import verify_plan
from cluster_optimiser.verification.neighbours import _measure_m, touching_units, where_schools_lie
from cluster_optimiser.verification.register import PlainGround
from tests.effort import examples
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_optimiser.domain import Problem

REDRAW = {
    "method": "redraw",
    "objective": {"order": ["pupil_minutes"]},
    "secondary": {"min": 0},
    "redraw": {"hubs": "any"},
}
SPECIAL = [{"name": "Special", "where": {"phase": "special"}}]
PAIRS = {name: [ToySchool("secondary", 300), ToySchool("primary", 100)] for name in "ABC"}


def broken(problem: Problem, clusters: Mapping[str, Sequence[int]]) -> list[str]:
    """Give the rules that a plan breaks, schools named by the last digits of their URN.

    The graph that the plan would have been made from is once all links, once none.
    """
    cluster_of = {100_000 + n: name for name, numbers in clusters.items() for n in numbers}
    plan = pd.Series(cluster_of | problem.exempt_of.to_dict())
    plan = plan.reindex(problem.authority.schools.index).rename("cluster")
    found = [v.rule for v in verify_plan(problem, plan).violations]
    names = list(problem.units.index)
    for made in (nx.complete_graph, nx.empty_graph):
        graph = nx.relabel_nodes(made(len(names)), dict(enumerate(names)))
        misled = verify_plan(replace(problem, dual=graph), plan)
        assert [v.rule for v in misled.violations] == found
    return found


# --- schools ------------------------------------------------------------------------------


@pytest.mark.parametrize(("least_m", "rules"), [(1_000, []), (1_001, ["contiguity"] * 3)])
def test_schools_touch_from_the_least_border_on(least_m: float, rules: list[str]) -> None:
    problem = toy_problem(
        "AABBCC",
        schools=PAIRS,
        units="schools",
        contiguity={"min_shared_school_m": least_m},
        **REDRAW,
    )
    assert broken(problem, {"m": [1, 2], "n": [3, 4], "o": [5, 6]}) == rules


def test_a_stray_school_is_found() -> None:
    problem = toy_problem("AABBCC", schools=PAIRS, units="schools", **REDRAW)
    assert broken(problem, {"m": [1, 2, 4], "n": [3, 5, 6]}) == ["contiguity"] * 2


def test_schools_that_meet_in_a_corner_do_not_touch() -> None:
    schools = {name: [ToySchool("secondary", 100)] for name in "ABCD"}
    problem = toy_problem("AB CD", schools=schools, units="schools", **REDRAW)
    assert broken(problem, {"m": [1, 4], "n": [2], "o": [3]}) == ["contiguity"]


@pytest.mark.parametrize("pair", [["A", "B"], ["URN 100002", "URN 100003"], ["URN 100003", "A"]])
def test_no_cluster_goes_across_a_barrier(pair: list[str]) -> None:
    problem = toy_problem(
        "AABBCC", schools=PAIRS, units="schools", contiguity={"barriers": [pair]}, **REDRAW
    )
    assert broken(problem, {"m": [1, 2, 3], "n": [4, 5, 6]}) == ["contiguity"]
    assert broken(problem, {"m": [1, 2], "n": [3, 4, 5, 6]}) == []


def test_a_barrier_between_schools_holds_between_these_only() -> None:
    pair = ["URN 100001", "URN 100003"]
    schools = {n: [ToySchool("secondary", 100, (r, c)) for r in (0, 1)] for c, n in enumerate("AB")}
    problem = toy_problem(
        "AB AB", schools=schools, units="schools", contiguity={"barriers": [pair]}, **REDRAW
    )
    assert broken(problem, {"m": [1, 3], "n": [2, 4]}) == ["contiguity"]


@pytest.mark.parametrize("link", [["A", "C"], ["URN 100002", "C"]])
def test_a_link_joins_the_two_nearest_schools(link: list[str]) -> None:
    problem = toy_problem(
        "AA.CC", schools=PAIRS, units="schools", contiguity={"links": [link]}, **REDRAW
    )
    assert broken(problem, {"m": [1], "n": [2, 3], "o": [4]}) == []
    assert broken(problem, {"m": [2], "n": [1, 3], "o": [4]}) == ["contiguity"]


@pytest.mark.parametrize(("max_minutes", "rules"), [(3.5, []), (3.49, ["contiguity"] * 3)])
def test_schools_too_long_a_drive_apart_do_not_touch(max_minutes: float, rules: list[str]) -> None:
    problem = toy_problem(
        "AABBCC",
        schools=PAIRS,
        units="schools",
        contiguity={"max_minutes": max_minutes},
        **REDRAW,
    )
    assert broken(problem, {"m": [1, 2], "n": [3, 4], "o": [5, 6]}) == rules


# --- the ground of exempt schools ----------------------------------------------------------


def exempt_between(q_squares: int) -> Problem:
    """Give schools P and Q above an exempt school of the same cluster, and C below all three.

    P has the first square of the row, Q as many of the next as are asked for.
    """
    width = 1 + q_squares
    schools = {
        "B": [
            ToySchool("secondary", 100, (0, 0)),
            ToySchool("special", 9, (1, 0)),
            ToySchool("secondary", 100, (0, 1)),
        ],
        "C": [ToySchool("secondary", 100)],
    }
    grid = f"{'B' * width} {'B' * width} {'C' * width}"
    problem = toy_problem(grid, schools=schools, units="schools", exempt=SPECIAL, **REDRAW)
    cells = problem.territory.cells
    assert cells.geometry.area.sum() == width * 3_000_000
    return problem


def test_the_ground_of_an_exempt_school_goes_to_its_longest_neighbour() -> None:
    problem = exempt_between(2)
    # The exempt school's ground lies along one kilometre of P's and two of Q's.
    assert where_schools_lie(PlainGround(problem))[100_002] == "URN 100003"
    assert broken(problem, {"m": [3, 4], "n": [1]}) == []
    assert broken(problem, {"m": [1, 4], "n": [3]}) == ["contiguity"]


def test_of_equally_long_neighbours_the_first_by_urn_has_the_ground() -> None:
    problem = exempt_between(1)
    assert where_schools_lie(PlainGround(problem))[100_002] == "URN 100001"
    assert broken(problem, {"m": [1, 4], "n": [3]}) == []


def test_the_ground_of_an_exempt_school_that_touches_none_goes_to_the_nearest() -> None:
    schools = {
        "B": [
            ToySchool("secondary", 100, (0, 0)),
            ToySchool("secondary", 100, (0, 1)),
            ToySchool("special", 9, (0, 3)),
        ],
        "C": [ToySchool("secondary", 100)],
    }
    problem = toy_problem("BB.BC", schools=schools, units="schools", exempt=SPECIAL, **REDRAW)
    assert where_schools_lie(PlainGround(problem))[100_003] == "URN 100002"
    assert broken(problem, {"m": [2, 4], "n": [1]}) == []


# --- clusters, and a mixture of both ---------------------------------------------------------


def test_whole_clusters_are_measured_too() -> None:
    problem = toy_problem("ABC", secondary={"min": 0}, contiguity={"barriers": [["B", "C"]]})
    assert broken(problem, {"m": [1, 2], "n": [3]}) == []
    assert broken(problem, {"m": [1], "n": [2, 3]}) == ["contiguity"]


def test_inside_urban_areas_schools_outside_clusters_are_measured() -> None:
    problem = toy_problem("AABBCC", schools=PAIRS, urban={"areas": ["B"]}, **REDRAW)
    assert broken(problem, {"m": [1, 2, 3], "n": [4, 5, 6]}) == []
    assert broken(problem, {"m": [1, 2, 4], "n": [3, 5, 6]}) == ["contiguity"] * 2


def test_a_cluster_cut_in_two_by_an_urban_area_no_longer_has_its_whole_border() -> None:
    problem = toy_problem(
        "AABBCC",
        schools=PAIRS,
        layers={"town": "...xxx"},
        urban={"areas": ["x"]},
        contiguity={"min_shared_m": 1_000, "min_shared_school_m": 1_000},
        **REDRAW,
    )
    assert broken(problem, {"m": [1, 2, 3], "n": [4, 5, 6]}) == []
    assert broken(problem, {"m": [1, 2, 4], "n": [3], "o": [5, 6]}) == ["contiguity"]


# --- the same as the graph of the problem, found another way -------------------------------


@st.composite
def maps(draw: st.DrawFn) -> Problem:
    columns, rows = draw(st.sampled_from([(3, 3), (4, 2), (6, 2), (5, 3)]))
    n = columns * rows
    letters = [draw(st.sampled_from("ABCD.")) for _ in range(n)]
    schools: dict[str, list[ToySchool]] = {}
    for i, letter in enumerate(letters):
        if letter != "." and (letter not in schools or draw(st.booleans())):
            phase = draw(st.sampled_from(["secondary", "primary", "special"]))
            phase = "secondary" if letter not in schools else phase
            schools.setdefault(letter, []).append(ToySchool(phase, 100, divmod(i, columns)))
    if not schools:
        letters[0] = "A"
        schools["A"] = [ToySchool("secondary", 100, (0, 0))]
    names = sorted(schools)
    urns = [f"URN {100_001 + i}" for i in range(sum(map(len, schools.values())))]
    pair = st.lists(st.sampled_from([*names, *urns]), min_size=2, max_size=2, unique=True)
    layer = [draw(st.sampled_from("xy")) for _ in range(n)]
    tables: dict[str, Any] = {
        "contiguity": {
            "min_shared_m": draw(st.sampled_from([500.0, 1_500.0, 2_500.0])),
            "min_shared_school_m": draw(st.sampled_from([500.0, 1_500.0])),
            "links": draw(st.lists(pair, max_size=2)),
            "barriers": draw(st.lists(pair, max_size=2)),
        },
        **draw(
            st.sampled_from(
                [{"units": "schools"}, {"urban": {"areas": ["A"]}}, {"urban": {"areas": ["x"]}}, {}]
            )
        ),
    }
    if draw(st.booleans()):
        tables["contiguity"]["max_minutes"] = draw(st.sampled_from([3.5, 4.2, 5.0]))
    drawn = [letters, layer]
    grid, town = (
        " ".join("".join(d[r * columns : (r + 1) * columns]) for r in range(rows)) for d in drawn
    )
    return toy_problem(
        grid, schools=schools, layers={"town": town}, exempt=SPECIAL, **REDRAW, **tables
    )


@settings(max_examples=examples(150), deadline=None, derandomize=True)
@given(maps())
def test_two_ways_of_finding_neighbours_agree(problem: Problem) -> None:
    """Written apart: one makes the graph that plans are made from, the other checks plans."""
    touching = touching_units(PlainGround(problem))
    assert touching is not None
    assert set(touching) == set(problem.dual)
    for unit, near in touching.items():
        assert near == set(problem.dual[unit]) - {unit}


@pytest.mark.parametrize(("pupils", "rules"), [((1, 2, 2, 1), []), ((1, 1, 2, 2), ["levels"])])
def test_neighbours_of_the_level_above_are_measured_too(
    pupils: tuple[int, ...], rules: list[str]
) -> None:
    """Groupings of three thousand pupils each: A with B and C with D, or A with C and B with D."""
    held = {name: 1_000 * n for name, n in zip("ABCD", pupils, strict=True)}
    size = {"min_pupils": 3_000, "max_pupils": 3_000}
    above = toy_problem("ABCD", pupils=held, option="up", size=size)
    problem = toy_problem("ABCD", pupils=held, levels={"upper": "up"})
    plan = problem.unit_of.rename("cluster")
    for made in (nx.complete_graph, nx.empty_graph):
        misled = replace(above, dual=nx.relabel_nodes(made(4), dict(enumerate("ABCD"))))
        found = verify_plan(replace(problem, upper=misled), plan)
        assert [v.rule for v in found.violations] == rules


def test_clusters_of_a_plan_that_cut_up_todays_touch_as_their_cells_do() -> None:
    below = toy_problem("AABBCC", schools=PAIRS, units="schools", **REDRAW)
    plan = pd.Series(list("mmmnnn"), index=below.authority.schools.index)
    parent = Plan("P", plan, Solution("OPTIMAL"))
    problem = toy_problem("AABBCC", schools=PAIRS, parent=parent, units="P")
    whole = plan.replace({"m": "x", "n": "x"}).rename("cluster")
    assert problem.dual.has_edge("m", "n")
    assert verify_plan(problem, whole).violations == ()
    # The maker's graph is not asked.
    apart = replace(problem, dual=nx.create_empty_copy(problem.dual))
    assert verify_plan(apart, whole).violations == ()


@settings(max_examples=examples(40), deadline=None, derandomize=True)
@given(data=st.data())
def test_two_ways_of_finding_what_touches_agree_on_clusters_of_a_redraw(
    data: st.DataObject,
) -> None:
    names = data.draw(st.lists(st.sampled_from("ABC"), min_size=6, max_size=6))
    grid = f"{''.join(names[:3])} {''.join(names[3:])}"
    schools = {n: [ToySchool("secondary", 100)] * names.count(n) for n in set(names)}
    below = toy_problem(grid, schools=schools, units="schools", **REDRAW)
    made = data.draw(st.lists(st.sampled_from("mnop"), min_size=6, max_size=6))
    plan = pd.Series(made, index=below.authority.schools.index)
    parent = Plan("P", plan, Solution("OPTIMAL"))
    problem = toy_problem(grid, schools=schools, parent=parent, units="P")
    measured = touching_units(PlainGround(problem))
    assert {unit: set(problem.dual[unit]) for unit in problem.dual} == measured
    assert (problem.units.area > 0).all()
    assert problem.units.area.sum() == pytest.approx(problem.territory.cells.area.sum())


@pytest.mark.parametrize(("beside_m", "measured_m"), [(5, 0), (10, 0), (40, 40)])
def test_areas_that_pass_each_other_at_a_corner_are_not_beside_one_another(
    beside_m: float, measured_m: float
) -> None:
    """Two squares of 100 m, a metre apart, for so many metres; borders are drawn to 10."""
    other = shapely.box(101, 100 - beside_m, 201, 200 - beside_m)
    drawn = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100), other], crs=CRS_METRES)
    found = _measure_m(drawn, 10.0)[0, 1]
    assert found == pytest.approx(measured_m, abs=2)
