"""Each rule alone, on its bound and one step past; each objective term by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from cluster_optimiser.constants import HOMES
from cluster_optimiser.domain import (
    Plan,
    Problem,
    Solution,
    TravelMinutes,
)
from cluster_optimiser.optimise import candidate_groups
from cluster_optimiser.present.script_data import rules_data
from cluster_optimiser.scoring import score
from cluster_optimiser.verification import verify_plan
from cluster_optimiser.verification.facts import hubs_among
from cluster_optimiser.verification.register import School
from cluster_optimiser.words import speaking
from tests.toy import ToySchool, toy_assignment, toy_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROMAN_CATHOLIC = {"name": "RC", "where": {"religious_character": "Roman Catholic"}}


def broken(problem: Problem, clusters: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give rule and subject of every violation of a plan of whole units."""
    found = verify_plan(problem, toy_assignment(problem, clusters))
    return [(violation.rule, violation.subject) for violation in found.violations]


def with_minutes(problem: Problem, minutes: list[list[float]]) -> Problem:
    travel = TravelMinutes(problem.travel.urns, np.array(minutes), "by hand")
    return replace(problem, travel=travel)


TWO = {"A": [ToySchool("secondary", 600), ToySchool("primary", 500)]}
PLACES = {"A": [ToySchool("secondary", 1_000, columns={"places": 700})]}
BY_PLACES = {"of": "hub", "places": "places", "tolerance": 0.25}
FEW = {"A": 900, "B": 1_300, "C": 2_500}
SHORT = "1,300 pupils, 700 under the minimum of 2,000"


@pytest.mark.parametrize(
    ("grid", "tables", "clusters", "said"),
    [
        (
            "AB",
            {"pupils": FEW, "size": {"max_pupils": 1_500}},
            {"m": "AB"},
            ["size.max: m: 2,200 pupils, 700 over the maximum of 1,500"],
        ),
        (
            "ABC",
            {"pupils": FEW, "size": {"min_pupils": 2_000, "max_exceptions": 1}},
            {"a": "A", "b": "B", "c": "C"},
            [
                f"size.min: {text} under the minimum of 2,000; 2 clusters are under it, 1 allowed"
                for text in ("a: 900 pupils, 1,100", "b: 1,300 pupils, 700")
            ],
        ),
        (
            "ABC",
            {
                "pupils": FEW,
                "size": {"min_pupils": 2_000, "max_exceptions": 2, "exceptions": ["A"]},
            },
            {"a": "A", "b": "B", "c": "C"},
            [f"size.min: b: {SHORT}; not named as exceptions: B"],
        ),
        (
            "AB",
            {"pupils": FEW, "size": {"min_pupils": 900, "max_exceptions": 1, "exceptions": []}},
            {"a": "A", "b": "B"},
            [],
        ),
        (
            "BC",
            {"pupils": FEW, "size": {"min_pupils": 2_000, "max_exceptions": 1, "exceptions": []}},
            {"b": "B", "c": "C"},
            [f"size.min: b: {SHORT}; not named as exceptions: B"],
        ),
        (
            "A",
            {"schools": TWO, "size": {"max_schools": 1}},
            {"a": "A"},
            ["size.schools: a: 2 schools, at most 1 allowed"],
        ),
        (
            "AB",
            {"secondary": {"min": 3}},
            {"m": "AB"},
            ["secondary: m: 2 secondary schools, at least 3 wanted"],
        ),
        (
            "A",
            {"schools": PLACES, "size": BY_PLACES, "redraw": {"hubs": "secondary"}},
            {"a": "A"},
            ["size.hub: a: 1,000 pupils for 700 places, 175.00 fewer or more allowed"],
        ),
        (
            "AB",
            {
                "pupils": FEW,
                "size": {"clusters": {"B": {"min_pupils": 1_400, "max_pupils": 1_900}}},
            },
            {"a": "A", "b": "B"},
            ["size.clusters: b: 1,300 pupils, and whatever holds B has 1,400 to 1,900"],
        ),
        (
            "AB",
            {"layers": {"d": "XY"}, "within": ["d"]},
            {"m": "AB"},
            ["within.d: m: its units belong to: X and Y"],
        ),
        (
            "ABC",
            {"layers": {"d": "X.Y"}, "within": ["d"]},
            {"m": "ABC"},
            ["within.d: m: its units belong to: X and Y; of some none is known"],
        ),
        (
            "AAAABBBB",
            {"travel": {"max_minutes": 3.25}},
            {"m": "AB"},
            ["travel: m: 8.00 minutes to the meeting place, the limit is 3.25"],
        ),
        ("ABC", {"count": {"min": 3}}, {"m": "ABC"}, ["count: plan: 1 cluster, at least 3 wanted"]),
        (
            "ABC",
            {"count": {"max": 1}},
            {"m": "AB", "n": "C"},
            ["count: plan: 2 clusters, at most 1 allowed"],
        ),
        (
            "ABCD",
            {"pins": {"together": [["A", "B", "D"]]}},
            {"m": "AB", "n": "CD"},
            ["pins.together: A, B, D: pinned together but in m and n"],
        ),
        (
            "ABCD",
            {"pins": {"apart": [["A", "C", "D"]]}},
            {"m": "AB", "n": "CD"},
            ["pins.apart: C, D: pinned apart but both in n"],
        ),
        (
            "ABC",
            {"limits": {"count": 2, "pupil_minutes": 3_000.5}},
            {"m": "ABC"},
            ["limits.pupil_minutes: plan: 7,000.0 of it, at most 3,000.5 allowed"],
        ),
        ("ABC", {}, {"m": "AC", "n": "B"}, ["contiguity: m: not in one piece"]),
    ],
)
def test_what_breaks_a_rule_is_told_with_its_numbers(
    grid: str, tables: dict[str, Any], clusters: dict[str, str], said: list[str]
) -> None:
    problem = toy_problem(grid, **tables)
    found = verify_plan(problem, toy_assignment(problem, clusters)).violations
    assert [str(violation) for violation in found] == said


# --- size ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("max_pupils", "rules"), [(2_000, []), (1_999, [("size.max", "m")])])
def test_a_cluster_may_reach_the_maximum_and_not_pass_it(
    max_pupils: int, rules: list[tuple[str, str]]
) -> None:
    problem = toy_problem("AB", size={"max_pupils": max_pupils})
    assert broken(problem, {"m": "AB"}) == rules


@pytest.mark.parametrize(
    ("cluster", "rules"),
    [("ABC", []), ("AB", [("size.max", "m")]), ("AC", [("size.max", "m")])],
)
def test_where_units_are_schools_a_whole_cluster_of_today_may_be_too_large_and_no_part_of_it(
    cluster: str, rules: list[tuple[str, str]]
) -> None:
    schools = {"A": [ToySchool("secondary", 600, (0, column)) for column in range(3)]}
    own = {"method": "redraw", "units": "schools", "size": {"max_pupils": 999}}
    problem = toy_problem("AAA", schools=schools, **own)
    held = [problem.authority.schools.index["ABC".index(letter)] for letter in cluster]
    plan = problem.unit_of.where(problem.unit_of.index.isin(held), "rest")
    found = verify_plan(problem, plan.where(plan == "rest", "m"))
    assert [(v.rule, v.subject) for v in found.violations if v.rule == "size.max"] == rules


def test_one_school_of_a_cluster_of_today_is_not_it_and_exempt_schools_are_no_part_of_it() -> None:
    christian = {"religious_character": "Roman Catholic"}
    schools = {
        "A": [
            ToySchool("secondary", 1_200, (0, 0)),
            ToySchool("secondary", 600, (0, 1)),
            ToySchool("primary", 50, (0, 2), christian),
        ]
    }
    tables = {"method": "redraw", "units": "schools", "exempt": [ROMAN_CATHOLIC]}
    problem = toy_problem("AAA", schools=schools, size={"max_pupils": 999}, **tables)
    one, other = problem.unit_of.index
    for clusters, rules in (({one: "m", other: "n"}, ["size.max"]), ({one: "m", other: "m"}, [])):
        plan = pd.concat([pd.Series(clusters), problem.exempt_of]).sort_index()
        assert [v.rule for v in verify_plan(problem, plan).violations] == rules


def test_a_unit_is_as_near_to_the_hub_as_the_nearest_of_its_schools() -> None:
    pair = {"B": [ToySchool("primary", 10), ToySchool("primary", 10)]}
    hubs = {"hubs": [100_001], "shape": "towards the hub"}
    problem = toy_problem("ABCD", schools=pair, method="redraw", redraw=hubs)
    away = [0, 2, 9, 5, 8]
    minutes = [[float(abs(a - b)) for b in away] for a in away]
    assert broken(with_minutes(problem, minutes), {"m": "ABCD"}) == []
    away[1] = 9
    minutes = [[float(abs(a - b)) for b in away] for a in away]
    assert broken(with_minutes(problem, minutes), {"m": "ABCD"}) == [("shape", "m")]


def test_nobody_meets_where_pupils_live() -> None:
    schools = {"A": [ToySchool(HOMES, 500, (0, 0)), ToySchool("primary", 0, (0, 1))]}
    problem = toy_problem("AA", schools=schools, method="keep")
    plan = toy_assignment(problem, {"a": "A"})
    facts = verify_plan(problem, plan).clusters["a"]
    assert (facts.n_schools, facts.pupil_minutes, facts.pupil_minutes_any_school) == (1, 1750, 1750)
    row = score(problem, plan, "T").clusters.iloc[0]
    columns = ["n_schools", "pupil_minutes", "pupil_minutes_any_school"]
    assert row[columns].tolist() == [1, 1750, 1750]


@pytest.mark.parametrize(("minutes", "rules"), [(4 + 1e-12, []), (4.01, [("travel", "m")])])
def test_a_limit_in_minutes_is_kept_by_what_is_off_by_a_last_digit(
    minutes: float, rules: list[tuple[str, str]]
) -> None:
    problem = toy_problem("AB", travel={"max_minutes": 4})
    assert broken(with_minutes(problem, [[0, minutes], [minutes, 0]]), {"m": "AB"}) == rules


@pytest.mark.parametrize(
    ("oversize", "rules"), [("keep", []), ("refuse", [("size.max", "a"), ("size.max", "b")])]
)
def test_a_whole_unit_over_the_maximum_stands_alone_only_where_it_is_kept(
    oversize: str, rules: list[tuple[str, str]]
) -> None:
    problem = toy_problem("AB", size={"max_pupils": 999, "oversize": oversize})
    assert broken(problem, {"a": "A", "b": "B"}) == rules


def test_two_units_over_the_maximum_are_never_kept() -> None:
    problem = toy_problem("AB", pupils={"A": 3_000, "B": 0}, size={"max_pupils": 2_999})
    assert broken(problem, {"m": "AB"}) == [("size.max", "m")]


def test_part_of_a_unit_over_the_maximum_is_not_kept() -> None:
    schools = {"A": [ToySchool("secondary", 900), ToySchool("secondary", 100)]}
    problem = toy_problem("AA", schools=schools, size={"max_pupils": 800})
    plan = pd.Series(["m", "n"], index=problem.authority.schools.index)
    rules = [violation.rule for violation in verify_plan(problem, plan).violations]
    assert rules == ["units", "size.max"]


def test_by_how_much_a_cluster_is_under_the_minimum_is_said() -> None:
    problem = toy_problem("AB", size={"min_pupils": 2_300, "max_pupils": 5_000})
    (found,) = verify_plan(problem, toy_assignment(problem, {"m": "AB"})).violations
    assert found.detail.startswith("2,000 pupils, 300 under the minimum of 2,300")


@pytest.mark.parametrize(("min_pupils", "rules"), [(2_000, []), (2_001, [("size.min", "m")])])
def test_a_cluster_may_reach_the_minimum_and_not_stay_under_it(
    min_pupils: int, rules: list[tuple[str, str]]
) -> None:
    problem = toy_problem("AB", size={"min_pupils": min_pupils, "max_pupils": 5_000})
    assert broken(problem, {"m": "AB"}) == rules


@pytest.mark.parametrize(
    ("own", "rules"),
    [
        ({"min_pupils": 2_000, "max_pupils": 2_000}, []),
        ({"min_pupils": 2_001, "max_pupils": 2_002}, [("size.clusters", "m")]),
        ({"min_pupils": 1_998, "max_pupils": 1_999}, [("size.clusters", "m")]),
    ],
)
def test_the_cluster_of_a_name_with_a_range_of_its_own_is_within_it(
    own: dict[str, int], rules: list[tuple[str, str]]
) -> None:
    problem = toy_problem("ABC", size={"max_pupils": 5_000, "clusters": {"A": own}})
    assert broken(problem, {"m": "AB", "c": "C"}) == rules


@pytest.mark.parametrize(
    ("max_exceptions", "rules"), [(2, []), (1, [("size.min", "a"), ("size.min", "b")])]
)
def test_so_many_exceptions_are_allowed_and_not_one_more(
    max_exceptions: int, rules: list[tuple[str, str]]
) -> None:
    size = {"min_pupils": 1_001, "max_pupils": 5_000, "max_exceptions": max_exceptions}
    problem = toy_problem("ABCC", pupils={"C": 2_000}, size=size)
    assert broken(problem, {"a": "A", "b": "B", "c": "C"}) == rules


@pytest.mark.parametrize(
    ("clusters", "rules"),
    [
        ({"a": "A", "bc": "BC"}, []),
        ({"ab": "AB", "c": "C"}, [("size.min", "ab")]),
    ],
)
def test_an_exception_may_be_made_of_named_units_only(
    clusters: dict[str, str], rules: list[tuple[str, str]]
) -> None:
    size = {"min_pupils": 500, "max_pupils": 5_000, "max_exceptions": 1, "exceptions": ["A"]}
    problem = toy_problem("ABC", pupils={"A": 100, "B": 100, "C": 1_000}, size=size)
    assert broken(problem, clusters) == rules


@pytest.mark.parametrize(
    ("most", "rules"), [(1_000, []), (999, [("limits.changed_pupils", "plan")])]
)
def test_a_plan_may_reach_the_limit_of_a_term_and_not_pass_it(
    most: int, rules: list[tuple[str, str]]
) -> None:
    problem = toy_problem("ABC", limits={"changed_pupils": most})
    assert broken(problem, {"a": "A", "bc": "BC"}) == rules


def test_numbers_of_a_plan_count_what_is_past_a_bound_and_not_what_is_on_it() -> None:
    sizes = {"A": 999, "B": 1_000, "C": 2_000, "D": 2_001}
    size = {"min_pupils": 1_000, "max_pupils": 2_000, "max_exceptions": 9}
    order = {"order": ["count", "exceptions"]}
    problem = toy_problem("ABCD", pupils=sizes, size=size, secondary={"min": 1}, objective=order)
    found = verify_plan(problem, toy_assignment(problem, {u: u for u in "ABCD"}))
    assert {name for name, facts in found.clusters.items() if facts.is_exception} == {"A", "D"}
    assert found.metrics["n_under_min"] == found.metrics["n_over_max"] == 1
    assert found.metrics["n_without_secondary"] == 0
    assert found.objective["exceptions"] == 1


@pytest.mark.parametrize(("max_minutes", "n_over"), [(3.5, 0), (3.49, 1)])
def test_ways_on_the_limit_are_not_over_it(max_minutes: float, n_over: int) -> None:
    problem = toy_problem("AB", travel={"max_minutes": max_minutes})
    found = verify_plan(problem, toy_assignment(problem, {"m": "AB"}))
    assert found.metrics["n_over_travel_limit"] == n_over


@pytest.mark.parametrize(
    ("pupils", "rules"),
    [(1_100, []), (1_101, [("size.hub", "a")]), (900, []), (899, [("size.hub", "a")])],
)
def test_pupils_may_differ_from_the_places_of_hubs_by_the_tolerance(
    pupils: int, rules: list[tuple[str, str]]
) -> None:
    problem = toy_problem(
        "A",
        schools={"A": [ToySchool("secondary", pupils, columns={"places": 1_000})]},
        size={"of": "hub", "places": "places", "tolerance": 0.1},
        redraw={"hubs": [100_001]},
    )
    assert broken(problem, {"a": "A"}) == rules


# --- count ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "rules"),
    [
        ({"min": 2, "max": 2}, []),
        ({"min": 3}, [("count", "plan")]),
        ({"max": 1}, [("count", "plan")]),
    ],
)
def test_the_number_of_clusters_keeps_to_its_range(
    count: dict[str, int], rules: list[tuple[str, str]]
) -> None:
    problem = toy_problem("ABC", count=count)
    assert broken(problem, {"m": "AB", "n": "C"}) == rules


def test_exempt_clusters_are_not_counted() -> None:
    schools = {
        "A": [
            ToySchool("secondary", 900),
            ToySchool("primary", 50, columns={"religious_character": "Roman Catholic"}),
        ]
    }
    problem = toy_problem(
        "AAB", schools=schools, count={"max": 1}, exempt=[ROMAN_CATHOLIC], size={"min_pupils": 100}
    )
    found = verify_plan(problem, toy_assignment(problem, {"m": "AB"}))
    assert found.violations == ()
    assert found.objective["count"] == 1
    assert found.clusters["RC"].is_exempt


# --- contiguity ----------------------------------------------------------------------------------


def test_units_that_meet_in_a_corner_are_not_in_one_piece() -> None:
    problem = toy_problem("AB CD")
    assert broken(problem, {"m": "AD", "n": "BC"}) == [("contiguity", "m"), ("contiguity", "n")]


def test_a_link_joins_and_a_barrier_parts() -> None:
    joined = toy_problem("AB CD", contiguity={"links": [["A", "D"]]})
    assert broken(joined, {"m": "AD", "b": "B", "c": "C"}) == []
    parted = toy_problem("AB CD", contiguity={"barriers": [["A", "B"]]})
    assert broken(parted, {"m": "AB", "n": "CD"}) == [("contiguity", "m")]


@pytest.mark.parametrize(("min_shared_m", "rules"), [(1_000, []), (1_001, [("contiguity", "m")])])
def test_units_are_adjacent_from_the_least_shared_border_on(
    min_shared_m: float, rules: list[tuple[str, str]]
) -> None:
    problem = toy_problem("AB", contiguity={"min_shared_m": min_shared_m})
    assert broken(problem, {"m": "AB"}) == rules


@pytest.mark.parametrize(("max_minutes", "rules"), [(3.5, []), (3.49, [("contiguity", "m")])])
def test_neighbours_are_no_further_apart_than_the_longest_drive(
    max_minutes: float, rules: list[tuple[str, str]]
) -> None:
    """Judged by the minutes themselves: the graph is that of a scenario without a limit."""
    problem = toy_problem("AB")
    assert problem.dual.has_edge("A", "B")
    limited = problem.scenario.contiguity.model_copy(update={"max_minutes": max_minutes})
    scenario = problem.scenario.model_copy(update={"contiguity": limited})
    assert broken(replace(problem, scenario=scenario), {"m": "AB"}) == rules


def test_a_stated_link_stands_however_long_the_drive() -> None:
    problem = toy_problem("AB", contiguity={"max_minutes": 1, "links": [["B", "A"]]})
    assert broken(problem, {"m": "AB"}) == []


@pytest.mark.parametrize("way", [(0, 1), (1, 0)])
def test_a_drive_that_is_not_known_there_or_back_is_too_long(way: tuple[int, int]) -> None:
    problem = toy_problem("AB", contiguity={"max_minutes": 9})
    minutes = [[0.0, 2.0], [2.0, 0.0]]
    minutes[way[0]][way[1]] = float("nan")
    assert broken(with_minutes(problem, minutes), {"m": "AB"}) == [("contiguity", "m")]


def test_an_exempt_school_on_the_ground_counts_for_the_drive() -> None:
    """Whether there is a way across is a question of the ground, not of who is a member."""
    schools = {
        "A": [
            ToySchool("secondary", 9, (0, 0)),
            ToySchool("primary", 9, (0, 2), {"religious_character": "Roman Catholic"}),
        ]
    }
    problem = toy_problem(
        "AAAB", schools=schools, exempt=[ROMAN_CATHOLIC], contiguity={"max_minutes": 3.5}
    )
    assert problem.dual.has_edge("A", "B")
    assert broken(problem, {"m": "AB"}) == []


@pytest.mark.parametrize(("max_minutes", "rules"), [(3.5, []), (3.49, ["contiguity"])])
def test_cells_of_a_divided_unit_keep_to_the_longest_drive(
    max_minutes: float, rules: list[str]
) -> None:
    problem = four_schools(contiguity={"max_minutes": max_minutes})
    plan = pd.Series(["m", "n", "n", "m"], index=problem.authority.schools.index)
    found = verify_plan(problem, plan)
    assert [v.rule for v in found.violations if v.rule == "contiguity"] == rules * 2
    table = score(problem, plan, "T").clusters
    assert table["is_contiguous"].tolist() == [not rules] * 2


def four_schools(**scenario: Any) -> Problem:
    """Give unit A of two squares with a school each, B and C with one."""
    schools = {
        "A": [ToySchool("secondary", 500, (0, 0)), ToySchool("secondary", 400, (0, 1))],
    }
    return toy_problem("AAB C..", schools=schools, **scenario)


@pytest.mark.parametrize(
    ("clusters", "rules"),
    [
        (["m", "n", "n", "m"], ["units"]),
        (["n", "m", "n", "m"], ["units", "contiguity", "contiguity"]),
    ],
)
def test_of_a_divided_unit_the_cells_must_touch(clusters: list[str], rules: list[str]) -> None:
    problem = four_schools()
    plan = pd.Series(clusters, index=problem.authority.schools.index)
    found = verify_plan(problem, plan)
    assert [violation.rule for violation in found.violations] == rules


@pytest.mark.parametrize(
    ("min_shared_m", "rules"), [(1_000, ["units"]), (1_001, ["units", "contiguity"])]
)
def test_cells_touch_from_the_least_shared_border_on(min_shared_m: float, rules: list[str]) -> None:
    problem = four_schools(contiguity={"min_shared_m": min_shared_m})
    plan = pd.Series(["m", "n", "o", "m"], index=problem.authority.schools.index)
    found = verify_plan(problem, plan)
    assert [violation.rule for violation in found.violations] == rules


def test_a_whole_unit_is_one_piece_even_where_its_ground_is_not() -> None:
    problem = toy_problem("A.A", schools={"A": [ToySchool("secondary", 9, (0, c)) for c in (0, 2)]})
    assert broken(problem, {"m": "A"}) == []


def test_a_whole_unit_and_a_cell_touch_along_all_cells_of_the_unit() -> None:
    """Two borders of a kilometre each make one of two."""
    schools = {
        "A": [ToySchool("secondary", 5, (0, 0)), ToySchool("primary", 5, (1, 0))],
        "B": [ToySchool("secondary", 5, (0, 1)), ToySchool("secondary", 5, (0, 2))],
    }
    problem = toy_problem("ABB AB.", schools=schools, contiguity={"min_shared_m": 1_500})
    plan = pd.Series(["m", "m", "m", "n"], index=problem.authority.schools.index)
    found = verify_plan(problem, plan)
    assert [violation.rule for violation in found.violations] == ["units"]


def test_whole_units_are_joined_by_the_dual_graph_only_whatever_their_cells_do() -> None:
    """A barrier holds between whole units in a cluster that also has part of another."""
    schools = {"C": [ToySchool("secondary", 5, (0, 2)), ToySchool("secondary", 5, (0, 3))]}
    problem = toy_problem("ABCC", schools=schools, contiguity={"barriers": [["A", "B"]]})
    plan = pd.Series(["m", "m", "m", "n"], index=problem.authority.schools.index)
    found = verify_plan(problem, plan)
    assert [violation.rule for violation in found.violations] == ["units", "contiguity"]


# --- travel --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("max_minutes", "rules"), [(3.5, []), (3.49, [("travel", "m")])])
def test_the_longest_way_to_the_meeting_place_keeps_to_the_limit(
    max_minutes: float, rules: list[tuple[str, str]]
) -> None:
    problem = toy_problem("AB", travel={"max_minutes": max_minutes})
    assert broken(problem, {"m": "AB"}) == rules


def one_way(*, pupils: Mapping[str, int]) -> Problem:
    """Give a problem where B reaches A, and A reaches nothing."""
    problem = toy_problem("AB", pupils=pupils, travel={"max_minutes": 10})
    return with_minutes(problem, [[0, np.nan], [4, 0]])


def test_a_place_that_a_school_with_pupils_cannot_reach_is_no_meeting_place() -> None:
    found = verify_plan(p := one_way(pupils={"B": 9_000}), toy_assignment(p, {"m": "AB"}))
    assert found.clusters["m"].meeting_place_urn == 100_001
    assert found.clusters["m"].pupil_minutes == 36_000
    assert found.clusters["m"].max_minutes == 4
    assert found.violations == ()


def test_where_no_place_can_be_reached_by_all_the_limit_is_broken() -> None:
    problem = with_minutes(one_way(pupils={}), [[0, np.nan], [np.nan, 0]])
    found = verify_plan(problem, toy_assignment(problem, {"m": "AB"}))
    assert found.clusters["m"].meeting_place_urn is None
    assert found.objective["pupil_minutes"] is None
    assert found.metrics["mean_minutes"] is None
    detail = "no member school can be reached from every school that has pupils"
    assert list(map(str, found.violations)) == [f"travel: m: {detail}"]


def test_a_school_without_pupils_that_cannot_reach_the_place_breaks_the_limit() -> None:
    """It has no say in where the cluster meets, and is a member all the same."""
    problem = one_way(pupils={"A": 0})
    found = verify_plan(problem, toy_assignment(problem, {"m": "AB"}))
    assert found.clusters["m"].meeting_place_urn == 100_002
    assert found.clusters["m"].pupil_minutes == 0
    assert found.clusters["m"].max_minutes is None
    assert [violation.rule for violation in found.violations] == ["travel"]


def test_without_a_limit_unknown_minutes_break_nothing() -> None:
    problem = with_minutes(toy_problem("AB"), [[0, np.nan], [np.nan, 0]])
    assert broken(problem, {"m": "AB"}) == []


def test_of_equally_near_places_the_lowest_urn_is_taken() -> None:
    problem = toy_problem("ABC", pupils={"A": 500, "B": 1, "C": 500})
    line = with_minutes(problem, [[0, 4, 8], [4, 0, 4], [8, 4, 0]])
    facts = verify_plan(line, toy_assignment(line, {"m": "ABC"})).clusters["m"]
    # 2,000 + 2,000 at B; 4 + 4,000 at A and at C.
    assert facts.meeting_place_urn == 100_002
    nearer = with_minutes(problem, [[0, 5, 8], [5, 0, 5], [8, 5, 0]])
    facts = verify_plan(nearer, toy_assignment(nearer, {"m": "ABC"})).clusters["m"]
    assert facts.meeting_place_urn == 100_001
    assert facts.pupil_minutes == 4_005
    assert facts.mean_minutes == pytest.approx(4_005 / 1_001)
    assert facts.max_minutes == 8


# --- secondary schools, layers, pins -------------------------------------------------------------


@pytest.mark.parametrize(("most", "rules"), [(3, []), (2, [("size.schools", "m")])])
def test_a_cluster_has_no_more_schools_than_may_be(most: int, rules: list[tuple[str, str]]) -> None:
    catholic = {"religious_character": "Roman Catholic"}
    schools = {"A": [ToySchool("primary", 9)] * 2, "B": [ToySchool("secondary", 9)]}
    schools["A"].append(ToySchool("primary", 9, columns=catholic))
    exempt = [{"name": "RC", "where": catholic}]
    problem = toy_problem("AB", schools=schools, exempt=exempt, size={"max_schools": most})
    assert broken(problem, {"m": "AB"}) == rules


@pytest.mark.parametrize(
    ("phase", "least", "rules"),
    [
        ("secondary", 1, []),
        ("all-through", 1, []),
        ("secondary", 2, [("secondary", "m")]),
        ("middle", 1, [("secondary", "m")]),
        ("middle", 0, []),
    ],
)
def test_a_cluster_has_its_secondary_schools(
    phase: str, least: int, rules: list[tuple[str, str]]
) -> None:
    problem = toy_problem("A", schools={"A": [ToySchool(phase, 9)]}, secondary={"min": least})
    assert broken(problem, {"m": "A"}) == rules


@pytest.mark.parametrize(
    ("grid", "clusters", "rules"),
    [
        ("xxy", {"m": "AB", "n": "C"}, []),
        ("xyy", {"m": "AB", "n": "C"}, [("within.district", "m")]),
        ("..y", {"m": "AB", "n": "C"}, [("within.district", "m")]),
        (".xx", {"m": "A", "n": "BC"}, []),
    ],
)
@pytest.mark.parametrize("how", [{"within": ["district"]}, {"alignment": {"district": "require"}}])
def test_no_cluster_crosses_a_required_layer(
    grid: str, clusters: dict[str, str], rules: list[tuple[str, str]], how: dict[str, Any]
) -> None:
    problem = toy_problem("ABC", layers={"district": grid}, **how)
    assert broken(problem, clusters) == rules
    for one in verify_plan(problem, toy_assignment(problem, clusters)).violations:
        assert one.said == ("homes_unknown" if "." in grid else "homes")


def test_a_unit_counts_to_the_area_of_most_of_its_pupils() -> None:
    schools = {"B": [ToySchool("secondary", 60, (0, 1)), ToySchool("primary", 40, (0, 2))]}
    problem = toy_problem("ABB", schools=schools, layers={"district": "xxy"}, within=["district"])
    found = verify_plan(problem, toy_assignment(problem, {"m": "AB"}))
    assert found.violations == ()
    assert found.objective["misaligned.district"] == 40


@pytest.mark.parametrize(
    ("pins", "rules"),
    [
        ({"together": [["A", "B"]]}, []),
        ({"together": [["A", "C"]]}, [("pins.together", "A, C")]),
        ({"apart": [["A", "C"]]}, []),
        ({"apart": [["C", "A", "B"]]}, [("pins.apart", "A, B")]),
        ({"apart": [["A", "C", "B"]]}, [("pins.apart", "A, B")]),
    ],
)
def test_pinned_units_keep_together_and_apart(
    pins: dict[str, Any], rules: list[tuple[str, str]]
) -> None:
    problem = toy_problem("ABC", pins=pins)
    assert broken(problem, {"m": "AB", "n": "C"}) == rules


def nested(**scenario: Any) -> Problem:
    """Give a problem whose units are AB, C and D."""
    below = toy_problem("ABCD")
    plan = toy_assignment(below, {"AB": "AB", "C": "C", "D": "D"})
    parent = Plan("P", plan, Solution("OPTIMAL"))
    return toy_problem("ABCD", parent=parent, units="P", **scenario)


@pytest.mark.parametrize(
    ("pins", "rules"),
    [
        ({"together": [["A", "C"]]}, []),
        ({"together": [["B", "D"]]}, [("pins.together", "B, D")]),
        ({"apart": [["A", "D"]]}, []),
        ({"apart": [["B", "AB"]]}, [("pins.apart", "B, AB")]),
    ],
)
def test_a_pin_may_name_a_cluster_of_today_inside_a_nested_unit(
    pins: dict[str, Any], rules: list[tuple[str, str]]
) -> None:
    problem = nested(pins=pins)
    plan = problem.unit_of.map({"AB": "m", "C": "m", "D": "n"})
    found = verify_plan(problem, plan)
    assert [(v.rule, v.subject) for v in found.violations] == rules


@pytest.mark.parametrize(("names", "rules"), [("mno", []), ("mmo", [("size.max", "m")])])
def test_a_nested_unit_over_the_maximum_stands_alone(
    names: str, rules: list[tuple[str, str]]
) -> None:
    problem = nested(size={"max_pupils": 1_999})
    plan = problem.unit_of.map(dict(zip(["AB", "C", "D"], names, strict=True)))
    found = verify_plan(problem, plan)
    assert [(v.rule, v.subject) for v in found.violations] == rules


def test_an_exception_may_name_a_cluster_of_today_inside_a_nested_unit() -> None:
    """AB and CD have 2,000 pupils each; B is in the first, and nothing names the second."""
    size = {"min_pupils": 2_500, "max_pupils": 9_000, "max_exceptions": 2, "exceptions": ["B"]}
    problem = nested(size=size)
    plan = problem.unit_of.map({"AB": "m", "C": "n", "D": "n"})
    assert [v.subject for v in verify_plan(problem, plan).violations] == ["n"]
    small = [group.units for group in candidate_groups(problem) if group.is_exception]
    assert small == [("AB",)]
    assert rules_data(problem)["exceptions"] == [0]


# --- the assignment itself -----------------------------------------------------------------------


def test_a_divided_unit_is_a_violation() -> None:
    problem = four_schools()
    plan = pd.Series(["m", "n", "n", "m"], index=problem.authority.schools.index)
    (found,) = verify_plan(problem, plan).violations
    assert str(found) == "units: A: divided between m and n"
    with speaking("pl"):
        assert found.detail == "jest podzielony między m i n"


@pytest.mark.parametrize(
    ("edit", "subject", "detail"),
    [
        (lambda plan: plan.drop(100_002), "URN 100002", "not in the plan"),
        (lambda plan: pd.concat([plan, plan.iloc[:1]]), "URN 100001", "twice in the plan"),
        (lambda plan: plan.replace({"n": None}), "URN 100003", "in no cluster"),
        (lambda plan: plan.replace({"n": ""}), "URN 100003", "in no cluster"),
        (
            lambda plan: pd.concat([plan, pd.Series(["m"], index=[7])]),
            "URN 7",
            "no such school in the register",
        ),
    ],
)
def test_every_school_stands_in_the_plan_once(
    edit: Callable[[pd.Series], pd.Series], subject: str, detail: str
) -> None:
    problem = toy_problem("ABC", secondary={"min": 0})
    plan = edit(toy_assignment(problem, {"m": "AB", "n": "C"}))
    found = verify_plan(problem, plan).violations
    assert list(map(str, found)) == [f"assignment: {subject}: {detail}"]


def with_exempt(**scenario: Any) -> Problem:
    """Give two units with an ordinary school each, A also with two exempt ones far from it."""
    exempt = {"religious_character": "Roman Catholic"}
    schools = {
        "A": [
            ToySchool("secondary", 900, (0, 0)),
            ToySchool("secondary", 300, (0, 1), columns=exempt),
            ToySchool("primary", 20, (0, 2), columns=exempt),
        ]
    }
    return toy_problem("AAAB", schools=schools, exempt=[ROMAN_CATHOLIC], **scenario)


def test_exempt_clusters_are_free_of_the_rules_and_in_no_term() -> None:
    problem = with_exempt(
        size={"min_pupils": 800, "max_pupils": 1_000},
        travel={"max_minutes": 1},
        pins={"apart": [["A", "B"]]},
    )
    found = verify_plan(problem, toy_assignment(problem, {"a": "A", "b": "B"}))
    assert found.violations == ()
    assert found.clusters["RC"].pupils == 320
    assert found.clusters["RC"].is_contiguous is None
    assert not found.clusters["RC"].is_exception
    assert found.objective["pupil_minutes"] == 0
    assert found.objective["deviation"] == 100
    assert found.objective["changed_pupils"] == 0
    assert found.metrics["pupils"] == 1_900
    assert found.metrics["pupils_all"] == 2_220


def test_a_cluster_with_the_name_of_an_exempt_group_that_has_no_schools_is_not_exempt() -> None:
    problem = toy_problem("AB", exempt=[ROMAN_CATHOLIC], size={"max_pupils": 1_500})
    found = verify_plan(problem, toy_assignment(problem, {"RC": "AB"}))
    assert [(v.rule, v.subject) for v in found.violations] == [("size.max", "RC")]


def test_exempt_schools_and_others_keep_to_their_own_clusters() -> None:
    problem = with_exempt()
    plan = toy_assignment(problem, {"a": "A", "b": "B"})
    plan.loc[100_002] = "a"
    plan.loc[100_004] = "RC"
    found = verify_plan(problem, plan)
    assert [(v.rule, v.subject) for v in found.violations] == [
        ("exempt", "URN 100004"),
        ("exempt", "URN 100002"),
    ]
    # B's 1,000 leave it; the exempt school's pupils are counted neither as staying nor as changing.
    assert found.objective["changed_pupils"] == 1_000


# --- the objective -------------------------------------------------------------------------------


def test_the_terms_are_the_sums_that_they_are_defined_as() -> None:
    problem = toy_problem(
        "ABC",
        pupils={"A": 700, "B": 300, "C": 1_100},
        layers={"district": "xyy", "division": "xx."},
        size={"min_pupils": 1_050, "max_pupils": 2_000, "target_pupils": 1_200},
        alignment={"district": "prefer", "division": "prefer"},
        objective={"order": ["border_km"]},
    )
    found = verify_plan(problem, toy_assignment(problem, {"m": "AB", "n": "C"}))
    assert found.objective == {
        "count": 2,
        "joins": 1,
        "exceptions": 1,
        "pupil_minutes": 300 * 3.5,
        "longest_minutes": 3.5,
        "border_km": 1.0,
        "deviation": 200 + 100,
        "changed_pupils": 300,
        "misaligned": 300 + 1_100,
        "misaligned.district": 300,
        "misaligned.division": 1_100,
    }
    assert found.clusters["n"].home == {"district": "y", "division": None}
    assert found.clusters["m"].deviation == pytest.approx(-200 / 1_200)
    whole = verify_plan(problem, toy_assignment(problem, {"m": "ABC"}))
    assert whole.objective["border_km"] == 0


def test_need_is_compared_with_what_pupils_say_and_schools_funded_apart_are_in_neither() -> None:
    schools = {
        "A": [ToySchool("secondary", 100, columns={"ehcp": 30})],
        "B": [
            ToySchool("secondary", 300, columns={"ehcp": 10}),
            ToySchool("special", 50, columns={"ehcp": 50}),
        ],
    }
    funding = {
        "pot_pounds": 1,
        "parts": [{"measure": "pupils", "share": 1}],
        "need": {"ehcp": 1},
        "without_phases": ["special"],
    }
    problem = toy_problem(
        "AB", schools=schools, funding=funding, objective={"order": ["need_deviation"]}
    )
    found = verify_plan(problem, toy_assignment(problem, {"m": "A", "n": "B"}))
    # A tenth of 400 pupils has need: 10 and 30 pupils would, and 30 and 10 do.
    assert found.objective["need_deviation"] == 40


def test_of_areas_that_hold_as_many_pupils_the_first_by_name_is_home() -> None:
    problem = toy_problem("AB", layers={"district": "yx"})
    facts = verify_plan(problem, toy_assignment(problem, {"m": "AB"})).clusters["m"]
    assert facts.home == {"district": "x"}
    assert facts.misaligned_pupils == {"district": 1_000}


def test_a_cluster_of_today_is_continued_by_one_new_cluster_only() -> None:
    """Both halves of A hold most pupils from A; only the larger continues it."""
    schools = {"A": [ToySchool("secondary", 500, (0, 0)), ToySchool("secondary", 400, (0, 1))]}
    problem = toy_problem("AAB", schools=schools, pupils={"B": 300})
    plan = pd.Series(["m", "n", "n"], index=problem.authority.schools.index)
    # m continues A (500 stay); n continues B (300 stay); the 400 change.
    assert verify_plan(problem, plan).objective["changed_pupils"] == 400


def test_the_matching_is_the_best_as_a_whole_and_not_greedy() -> None:
    """The largest overlap is given up where two others together keep more."""
    schools = {
        "A": [ToySchool("secondary", 50, (0, 0)), ToySchool("secondary", 45, (0, 1))],
        "B": [ToySchool("secondary", 40, (0, 2)), ToySchool("secondary", 0, (0, 3))],
    }
    problem = toy_problem("AABB", schools=schools)
    plan = pd.Series(["m", "n", "m", "n"], index=problem.authority.schools.index)
    # m from A and n from B keep 50 + 0; m from B and n from A keep 40 + 45.
    assert verify_plan(problem, plan).objective["changed_pupils"] == 50


@pytest.mark.parametrize(("hubs", "urns"), [("any", [1, 2]), ("secondary", [1]), ((2, 3), [2, 3])])
def test_a_cluster_meets_at_schools_and_not_where_people_live(hubs: Any, urns: list[int]) -> None:
    common = {"pupils": 1, "today": "A", "unit": "A", "exempt": None, "areas": {}}
    schools = [
        School(1, 0, is_secondary=True, **common),
        School(2, 1, is_secondary=False, **common),
        School(3, 2, is_secondary=False, is_home=True, **common),
    ]
    ground = SimpleNamespace(scenario=SimpleNamespace(hubs=hubs))
    assert [school.urn for school in hubs_among(ground, schools)] == urns


def test_a_school_in_an_exempt_cluster_has_no_cluster_on_its_side_of_a_border() -> None:
    """A kilometre between A and B, and one between B and C, is a half on either side."""
    catholic = {"religious_character": "Roman Catholic"}
    schools = {name: [ToySchool("secondary", 100)] for name in "ABC"}
    schools["A"].append(ToySchool("primary", 10, columns=catholic))
    problem = toy_problem(
        "ABC",
        schools=schools,
        exempt=[{"name": "RC", "where": catholic}],
        objective={"order": ["border_km"]},
    )
    whole = toy_assignment(problem, {"a": "A", "b": "B", "c": "C"})
    for plan, border_km in ((whole, 2.0), (whole.replace("b", "RC"), 1.0)):
        assert verify_plan(problem, plan).objective["border_km"] == border_km
        assert score(problem, plan, "T").metrics["border_km"] == border_km


def test_a_school_beside_the_hub_is_not_turned_away_though_no_way_is_shorter() -> None:
    schools = {"A": [ToySchool("secondary", 10)], "B": [ToySchool("primary", 10)]}
    shape = {"shape": "towards the hub"}
    problem = toy_problem("AB", schools=schools, method="redraw", units="schools", redraw=shape)
    problem = replace(problem, travel=replace(problem.travel, minutes=np.zeros((2, 2))))
    together = problem.authority.schools["name"].map(lambda _: "x")
    assert verify_plan(problem, together).violations == ()
