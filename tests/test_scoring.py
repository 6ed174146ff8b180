"""Every number of a plan, against numbers worked out by hand and against the independent check."""

import math
from typing import Any

import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import cluster_optimiser as co
from cluster_optimiser.domain import Plan, Problem, Result, Solution, TravelSpec
from cluster_optimiser.scoring import (
    changed_pupils,
    cluster_table,
    objective_values,
    polsby_popper,
    score,
)
from cluster_optimiser.verification import verify_plan
from tests.effort import examples
from tests.norfolk import OPTIONS, norfolk_result
from tests.toy import ToySchool, toy_assignment, toy_problem

MINUTES = ("meeting_place_urn", "max_minutes", "mean_minutes", "pupil_minutes")


def line() -> Problem:
    """Give four squares in a row, A to D, a secondary school in A, B and D and a primary in B.

    Sites are 1 km apart; a trip takes 2 minutes and 1.5 for each kilometre.
    """
    return toy_problem(
        "ABCD",
        schools={
            "A": [ToySchool("secondary", 800)],
            "B": [ToySchool("secondary", 500, (0, 1)), ToySchool("primary", 100, (0, 1))],
            "C": [ToySchool("primary", 300)],
            "D": [ToySchool("all-through", 1_000)],
        },
        layers={"district": "xxyy", "parish": "p..q"},
        size={"min_pupils": 1_000, "max_pupils": 1_500, "target_pupils": 1_000},
        alignment={"district": "prefer"},
        travel={"max_minutes": 3.5},
    )


def ac_bd() -> tuple[Problem, pd.Series]:
    """Give the line, and a plan whose clusters both have a gap."""
    problem = line()
    return problem, toy_assignment(problem, {"AC": "AC", "BD": "BD"})


def result_of(problem: Problem, assignment: pd.Series) -> Result:
    """Give a result as the batch makes it, of a plan that nobody solved for."""
    scored = score(problem, assignment, "T")
    return Result(
        problem=problem,
        plan=Plan("T", assignment, Solution("GIVEN")),
        score=scored,
        violations=verify_plan(problem, assignment).violations,
        objective=objective_values(problem, scored.metrics),
        seconds=0.0,
        seed=0,
        stamp="",
        caveats=(),
    )


# --- of a cluster ---------------------------------------------------------------------


def test_counts_of_a_cluster() -> None:
    """Pupils and schools are sums; all-through schools are secondary schools too."""
    problem, assignment = ac_bd()
    table = cluster_table(problem, assignment, "T").set_index("cluster")
    assert table["pupils"].to_dict() == {"AC": 1_100, "BD": 1_600}
    assert table["n_schools"].to_dict() == {"AC": 2, "BD": 3}
    assert table["n_secondary"].to_dict() == {"AC": 1, "BD": 2}
    assert table["units"].to_dict() == {"AC": ("A", "C"), "BD": ("D", "B")}
    assert table["today"].to_dict() == {"AC": ("A", "C"), "BD": ("B", "D")}


def test_deviation_is_a_share_of_the_target() -> None:
    """(pupils - target) / target, below the target negative."""
    problem = line()
    assignment = toy_assignment(problem, {"A": "A", "BCD": "BCD"})
    table = cluster_table(problem, assignment, "T").set_index("cluster")
    assert table["deviation"].to_dict() == {"A": -0.2, "BCD": 0.9}


def test_a_cluster_outside_the_range_is_an_exception() -> None:
    problem = line()
    plan = toy_assignment(problem, {"under": "A", "on the edges": "BC", "within": "D"})
    table = cluster_table(problem, plan, "T").set_index("cluster")
    assert table["is_exception"].to_dict() == {
        "on the edges": True,  # 900 pupils
        "under": True,
        "within": False,  # the minimum itself
    }


def test_the_meeting_place_makes_the_ways_of_all_pupils_shortest() -> None:
    """In C, A's 800 pupils would travel 5 minutes; in A, C's 300 do: 300 x 5 = 1,500."""
    problem, assignment = ac_bd()
    table = cluster_table(problem, assignment, "T").set_index("cluster")
    urn_of = {name: urn for urn, name in problem.authority.schools["name"].items()}
    assert table.loc["AC", list(MINUTES)].tolist() == [
        urn_of["A1 secondary"],
        5.0,
        1_500 / 1_100,
        1_500.0,
    ]
    # B's two schools stand half a kilometre apart in their square: 500 m and 250 m off its middle.
    at_d = table.loc["BD"]
    assert at_d["meeting_place_urn"] == urn_of["D1 all-through"]
    assert at_d["pupil_minutes"] == pytest.approx(500 * 5.38 + 100 * 4.62, abs=1)


def test_home_is_where_most_pupils_are_and_the_others_are_misaligned() -> None:
    problem, assignment = ac_bd()
    table = cluster_table(problem, assignment, "T").set_index("cluster")
    assert table["home_district"].to_dict() == {"AC": "x", "BD": "y"}
    assert table["misaligned_district_pupils"].to_dict() == {"AC": 300, "BD": 600}
    # B and C lie in no parish: their pupils are outside any.
    assert table["home_parish"].to_dict() == {"AC": "p", "BD": "q"}
    assert table["misaligned_parish_pupils"].to_dict() == {"AC": 300, "BD": 600}


def test_a_cluster_without_any_area_has_no_home() -> None:
    problem = line()
    table = cluster_table(problem, toy_assignment(problem, {"AD": "AD", "BC": "BC"}), "T")
    row = table.set_index("cluster").loc["BC"]
    assert pd.isna(row["home_parish"])
    assert row["misaligned_parish_pupils"] == 900


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        (shapely.box(0, 0, 1_000, 1_000), math.pi / 4),
        (shapely.box(0, 0, 2_000, 1_000), 4 * math.pi * 2 / 36),
        (shapely.Point(0, 0).buffer(500, quad_segs=256), 1.0),
        (
            shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)]),
            4 * math.pi * 2 / 64,
        ),
    ],
    ids=["square", "two squares", "circle", "two pieces"],
)
def test_polsby_popper(area: shapely.Geometry, expected: float) -> None:
    """4 pi A / P^2, whatever the size."""
    assert polsby_popper(area) == pytest.approx(expected, abs=1e-4)


def test_a_cluster_is_drawn_as_its_units() -> None:
    problem = line()
    table = cluster_table(problem, toy_assignment(problem, {"AB": "AB", "CD": "CD"}), "T")
    assert table.crs == "EPSG:27700"
    assert table.area.tolist() == [2_000_000, 2_000_000]
    assert table["polsby_popper"].tolist() == pytest.approx([4 * math.pi * 2 / 36] * 2)


def test_clusters_are_numbered_by_name_and_exempt_ones_come_last() -> None:
    schools = {
        "A": [ToySchool("secondary", 10), ToySchool("special", 20)],
        "B": [ToySchool("secondary", 30)],
    }
    exempt = [{"name": "A special school", "where": {"phase": "special"}}]
    problem = toy_problem("AABB", schools=schools, exempt=exempt)
    table = cluster_table(problem, toy_assignment(problem, {"Z": "A", "B": "B"}), "T")
    assert table["cluster"].to_dict() == {"T-C01": "B", "T-C02": "Z", "T-C03": "A special school"}
    row = table.loc["T-C03"]
    assert (row["is_exempt"], row["is_exception"], row["pupils"]) == (True, False, 20)
    assert row["is_contiguous"] is None
    assert row["polsby_popper"] is None or math.isnan(row["polsby_popper"])
    assert row.geometry is None


# --- contiguity -----------------------------------------------------------------------


def pieces(problem: Problem, assignment: pd.Series) -> dict[str, bool]:
    """Give whether each cluster is in one piece."""
    table = cluster_table(problem, assignment, "T").set_index("cluster")
    return table["is_contiguous"].to_dict()


def test_whole_units_hang_together_along_the_dual_graph() -> None:
    problem, assignment = ac_bd()
    assert pieces(problem, assignment) == {"AC": False, "BD": False}
    whole = toy_assignment(problem, {"ABC": "ABC", "D": "D"})
    assert pieces(problem, whole) == {"ABC": True, "D": True}


def test_links_and_barriers_hold_between_whole_units() -> None:
    contiguity = {"links": [["A", "C"]], "barriers": [["C", "D"]]}
    problem = toy_problem("ABCD", contiguity=contiguity)
    plan = toy_assignment(problem, {"linked": "AC", "B": "B", "D": "D"})
    assert pieces(problem, plan)["linked"]
    plan = toy_assignment(problem, {"AB": "AB", "barred": "CD"})
    assert not pieces(problem, plan)["barred"]


def divided(**scenario: Any) -> tuple[Problem, pd.Series]:
    """Give a row A A B B C C with a school in each square, each unit its own cluster."""
    schools = {
        unit: [ToySchool("primary", 100, (0, 2 * i)), ToySchool("primary", 100, (0, 2 * i + 1))]
        for i, unit in enumerate("ABC")
    }
    problem = toy_problem("AABBCC", schools=schools, secondary={"min": 0}, **scenario)
    return problem, toy_assignment(problem, {"A": "A", "B": "B", "C": "C"})


def test_a_school_of_a_divided_unit_is_joined_by_its_cell() -> None:
    """B's western school borders on A, its eastern one does not."""
    problem, whole = divided()
    west, east = problem.unit_of.index[problem.unit_of == "B"]
    beside, beyond = whole.copy(), whole.copy()
    beside.loc[west] = "A"
    beyond.loc[east] = "A"
    assert pieces(problem, beside) == {"A": True, "B": True, "C": True}
    assert pieces(problem, beyond) == {"A": False, "B": True, "C": True}


def test_a_cell_that_touches_too_little_is_not_joined() -> None:
    problem, whole = divided(contiguity={"min_shared_m": 1_001})
    west, _ = problem.unit_of.index[problem.unit_of == "B"]
    whole.loc[west] = "A"
    assert pieces(problem, whole)["A"] is False


def test_a_barrier_between_units_does_not_part_the_cells_of_a_divided_one() -> None:
    """A barrier is stated for whole clusters; where in them it lies is not known."""
    problem, whole = divided(contiguity={"barriers": [["A", "B"]]})
    west, _ = problem.unit_of.index[problem.unit_of == "B"]
    whole.loc[west] = "A"
    assert pieces(problem, whole)["A"]


def test_the_shape_of_a_divided_unit_is_that_of_its_cells() -> None:
    problem, whole = divided()
    west, _ = problem.unit_of.index[problem.unit_of == "B"]
    whole.loc[west] = "A"
    table = cluster_table(problem, whole, "T").set_index("cluster")
    assert table.area.to_dict() == {"A": 3_000_000, "B": 1_000_000, "C": 2_000_000}
    assert table["units"].to_dict() == {"A": ("A",), "B": (), "C": ("C",)}


# --- of a plan ------------------------------------------------------------------------


def test_metrics_of_a_plan() -> None:
    problem, assignment = ac_bd()
    clusters = cluster_table(problem, assignment, "T")
    metrics = dict(score(problem, assignment, "T").metrics)
    way = 1_500 + clusters.set_index("cluster").loc["BD", "pupil_minutes"]
    assert metrics == {
        "n_clusters": 2,
        "n_exempt_clusters": 0,
        "n_joins": 2,
        "n_schools": 5,
        "n_schools_all": 5,
        "pupils": 2_700,
        "pupils_all": 2_700,
        "smallest_pupils": 1_100,
        "largest_pupils": 1_600,
        "mean_pupils": 1_350.0,
        "n_under_min": 0,
        "n_over_max": 1,
        "deviation": 100 + 600,
        "pupil_minutes": pytest.approx(way),
        "pupil_minutes_any_school": pytest.approx(way),
        "mean_minutes": pytest.approx(way / 2_700),
        "max_minutes": clusters["max_minutes"].max(),
        "n_over_travel_limit": 2,
        "n_not_contiguous": 2,
        "n_without_secondary": 0,
        "changed_pupils": 300 + 600,  # A and D are continued, C and B are not
        "mean_polsby_popper": pytest.approx(4 * math.pi * 2 / 64),
        "misaligned_district_pupils": 900,
        "misaligned_district_share": pytest.approx(900 / 2_700),
        "n_across_district": 2,
        "misaligned_parish_pupils": 900,
        "misaligned_parish_share": pytest.approx(900 / 2_700),
        "n_across_parish": 2,
    }


def test_a_limit_that_is_met_is_not_broken() -> None:
    """3.5 minutes are the way of one kilometre."""
    problem = toy_problem("AB", travel={"max_minutes": 3.5})
    assignment = toy_assignment(problem, {"AB": "AB"})
    assert score(problem, assignment, "T").metrics["n_over_travel_limit"] == 0
    problem = toy_problem("AB", travel={"max_minutes": 3.49})
    assert score(problem, assignment, "T").metrics["n_over_travel_limit"] == 1
    assert score(toy_problem("AB"), assignment, "T").metrics["n_over_travel_limit"] is None


def test_a_size_on_the_bound_is_within_it() -> None:
    size = {"min_pupils": 1_000, "max_pupils": 1_200}
    problem = toy_problem("ABCD", pupils={"A": 999, "B": 1_000, "C": 1_200, "D": 1_201}, size=size)
    as_today = toy_assignment(problem, {unit: unit for unit in "ABCD"})
    metrics = score(problem, as_today, "T").metrics
    assert (metrics["n_under_min"], metrics["n_over_max"]) == (1, 1)


def test_clusters_without_a_secondary_school_are_counted() -> None:
    problem = line()
    plan = toy_assignment(problem, {"AB": "AB", "C": "C", "D": "D"})
    assert score(problem, plan, "T").metrics["n_without_secondary"] == 1


@pytest.mark.parametrize(
    "order", [["count"], ["deviation", "count"], ["misaligned.district"], ["misaligned", "count"]]
)
def test_the_objective_is_given_in_the_order_of_the_scenario(order: list[str]) -> None:
    problem = toy_problem("AB", layers={"district": "xy"}, objective={"order": order})
    metrics = score(problem, toy_assignment(problem, {"AB": "AB"}), "T").metrics
    assert list(objective_values(problem, metrics)) == order


def test_the_objective_is_in_the_units_of_the_metrics() -> None:
    terms = ("count", "exceptions", "deviation", "changed_pupils", "misaligned")
    problem = toy_problem(
        "ABCD",
        pupils={"A": 500, "B": 700, "C": 900, "D": 1_100},
        layers={"x": "pppq", "y": "stuu", "z": "vwvw"},
        alignment={"x": "prefer", "y": "prefer", "z": "report"},
        size={"min_pupils": 1_300, "max_pupils": 2_000, "target_pupils": 1_500},
        objective={"weights": dict.fromkeys((*terms, "misaligned.z"), 1.0)},
    )
    metrics = score(problem, toy_assignment(problem, {"AB": "AB", "CD": "CD"}), "T").metrics
    assert objective_values(problem, metrics) == {
        "count": 2,
        "exceptions": 1,  # 1,200 pupils are under 1,300
        "deviation": 300 + 500,
        "changed_pupils": 500 + 900,
        "misaligned": 900 + 500,  # C's pupils of layer x and A's of layer y; z is only reported
        "misaligned.z": 500 + 900,
    }


# --- change ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clusters", "changed"),
    [
        ({"A": "A", "B": "B", "C": "C"}, 0),
        ({"X": "A", "Y": "B", "Z": "C"}, 0),
        ({"AB": "AB", "C": "C"}, 500),
        ({"ABC": "ABC"}, 500 + 700),
        ({"C": "A", "A": "C", "B": "B"}, 0),
    ],
    ids=["as today", "only renamed", "joined", "all in one", "names exchanged"],
)
def test_pupils_change_whose_cluster_is_not_continued(
    clusters: dict[str, str], changed: int
) -> None:
    """The largest of those that are put together is continued, whatever it is called."""
    problem = toy_problem("ABC", pupils={"A": 500, "B": 700, "C": 900})
    assert changed_pupils(problem, toy_assignment(problem, clusters)) == changed


def test_of_a_divided_cluster_only_one_part_is_continued() -> None:
    problem, whole = divided()
    west, _ = problem.unit_of.index[problem.unit_of == "B"]
    apart = whole.copy()
    apart.loc[west] = "new"
    assert changed_pupils(problem, apart) == 100


def test_continuations_are_matched_so_that_most_pupils_stay() -> None:
    """Two clusters that share both of today's: 60 + 50 stay, though 90 is the largest share.

    One by one, the largest first, would keep 90 and then only 10.
    """
    schools = {
        "A": [ToySchool("primary", 90), ToySchool("primary", 60)],
        "B": [ToySchool("primary", 50), ToySchool("primary", 10)],
    }
    problem = toy_problem("AABB", schools=schools)
    plan = pd.Series(["one", "two", "one", "two"], index=problem.unit_of.index, name="cluster")
    assert changed_pupils(problem, plan) == 210 - (60 + 50)


def test_exempt_schools_do_not_change() -> None:
    schools = {"A": [ToySchool("secondary", 10), ToySchool("special", 20)]}
    exempt = [{"name": "Special", "where": {"phase": "special"}}]
    problem = toy_problem("AA", schools=schools, exempt=exempt)
    assert changed_pupils(problem, toy_assignment(problem, {"A": "A"})) == 0
    # Those that join an exempt cluster do: it continues no cluster of today.
    assert changed_pupils(problem, toy_assignment(problem, {"Special": "A"})) == 10


# --- what is not known, and plans that keep no rule -----------------------------------


@pytest.fixture
def half_known(tmp_path) -> TravelSpec:
    """Give minutes from the first school to the second, and none else."""
    path = tmp_path / "minutes.csv"
    path.write_text("from_urn,to_urn,minutes\n100001,100002,5\n", encoding="utf-8")
    return TravelSpec("matrix", matrix=path)


def test_minutes_that_are_not_known_are_none(half_known: TravelSpec) -> None:
    problem = toy_problem("ABC", travel_spec=half_known, travel={"max_minutes": 4})
    scored = score(problem, toy_assignment(problem, {"AB": "AB", "C": "C"}), "T")
    row = scored.clusters.set_index("cluster").loc["AB"]
    assert (row["meeting_place_urn"], row["max_minutes"]) == (100_002, 5.0)
    scored = score(problem, toy_assignment(problem, {"BC": "BC", "A": "A"}), "T")
    row = scored.clusters.set_index("cluster").loc["BC"]
    assert row[list(MINUTES)].isna().all()
    names = ("pupil_minutes", "mean_minutes", "max_minutes")
    assert [scored.metrics[name] for name in names] == [None] * 3
    assert "pupil_minutes" not in objective_values(problem, scored.metrics)


def test_no_minutes_at_all_are_known(half_known: TravelSpec) -> None:
    problem = toy_problem("ABC", travel_spec=half_known, travel={"max_minutes": 4})
    result = result_of(problem, toy_assignment(problem, {"ABC": "ABC"}))
    assert result.score.metrics["max_minutes"] is None
    assert result.score.metrics["n_over_travel_limit"] == 0
    assert [violation.rule for violation in result.violations] == ["travel"]
    co.verify(result)


def test_a_school_without_pupils_that_cannot_be_reached_leaves_only_the_longest_unknown(
    half_known: TravelSpec,
) -> None:
    problem = toy_problem("ABC", pupils={"A": 9, "B": 9, "C": 0}, travel_spec=half_known)
    row = cluster_table(problem, toy_assignment(problem, {"ABC": "ABC"}), "T").loc["T-C01"]
    assert (row["meeting_place_urn"], row["pupil_minutes"]) == (100_002, 45.0)
    assert pd.isna(row["max_minutes"])


def special() -> Problem:
    """Give two units and an exempt special school in the second."""
    schools = {
        "A": [ToySchool("secondary", 100)],
        "B": [ToySchool("secondary", 100), ToySchool("special", 10)],
    }
    exempt = [{"name": "Special", "where": {"phase": "special"}}]
    return toy_problem(
        "AABB",
        schools=schools,
        layers={"district": "xxyy"},
        exempt=exempt,
        travel={"max_minutes": 9},
        objective={"order": ["count", "pupil_minutes", "deviation", "changed_pupils"]},
    )


@pytest.mark.parametrize(
    "of_special", ["Extra", "AB", "Special"], ids=["another name", "in with others", "as stated"]
)
def test_an_exempt_school_in_any_cluster_can_be_scored(of_special: str) -> None:
    """A plan from elsewhere may call the exempt cluster something else."""
    problem = special()
    plan = toy_assignment(problem, {"AB": "AB"})
    plan[plan == "Special"] = of_special
    result = result_of(problem, plan)
    assert result.score.metrics["pupils_all"] == 210
    assert bool(result.violations) == (of_special != "Special")
    co.verify(result)


def test_a_cluster_without_ground_has_no_shape() -> None:
    problem = special()
    plan = toy_assignment(problem, {"AB": "AB"})
    plan[plan == "Special"] = "Extra"
    scored = score(problem, plan, "T")
    row = scored.clusters.set_index("cluster").loc["Extra"]
    assert row.geometry is None
    assert pd.isna(row["polsby_popper"])
    assert not row["is_contiguous"]
    assert scored.metrics["mean_polsby_popper"] == pytest.approx(4 * math.pi * 4 / 100)


def test_a_plan_of_exempt_clusters_only_can_be_scored() -> None:
    problem = special()
    plan = toy_assignment(problem, {"Special": "AB"})
    result = result_of(problem, plan)
    metrics = result.score.metrics
    assert (metrics["n_clusters"], metrics["n_exempt_clusters"]) == (0, 1)
    unknown = ("smallest_pupils", "largest_pupils", "mean_pupils", "max_minutes")
    assert [metrics[name] for name in (*unknown, "mean_polsby_popper")] == [None] * 5
    co.verify(result)


# --- against the independent check ----------------------------------------------------

SIDE = 3
LETTERS = "ABCDE"
PHASES = ("primary", "secondary", "special")


@st.composite
def problems_and_plans(draw: st.DrawFn) -> tuple[Problem, pd.Series]:
    """Draw a map of nine squares and any assignment of its schools."""

    def letters(alphabet: str) -> str:
        size = SIDE * SIDE
        drawn = draw(st.text(st.sampled_from(alphabet), min_size=size, max_size=size))
        return " ".join(drawn[i : i + SIDE] for i in range(0, size, SIDE))

    grid, layer = letters(LETTERS), letters("xyz.")
    school = st.builds(ToySchool, st.sampled_from(PHASES), st.integers(0, 900))
    schools = {
        unit: [ToySchool("secondary", 100), *draw(st.lists(school, max_size=2))]
        for unit in sorted(set(grid.replace(" ", "")))
    }
    problem = toy_problem(
        grid,
        schools=schools,
        layers={"district": layer},
        size={"min_pupils": 400, "max_pupils": 1_200},
        travel={"max_minutes": 5},
        alignment={"district": "prefer"},
        exempt=[{"name": "Special", "where": {"phase": "special"}}],
        objective={"weights": {"count": 1, "pupil_minutes": 1, "misaligned": 1, "deviation": 1}},
    )
    index = problem.authority.schools.index
    names = st.sampled_from(["m", "n", "o", "Special"])
    clusters = draw(st.lists(names, min_size=len(index), max_size=len(index)))
    return problem, pd.Series(clusters, index=index, name="cluster", dtype=object)


@given(case=problems_and_plans())
@settings(max_examples=examples(50))
def test_any_plan_of_any_map_is_scored_as_the_independent_check_counts_it(
    case: tuple[Problem, pd.Series],
) -> None:
    """No school is lost, and two ways of counting, written apart, agree on every number."""
    problem, assignment = case
    result = result_of(problem, assignment)
    truth = co.verify(result)
    assert result.score.clusters["pupils"].sum() == problem.authority.schools["pupils"].sum()
    assert result.score.clusters["n_schools"].sum() == len(assignment)
    shared = set(truth.metrics) & set(result.score.metrics)
    assert set(result.score.metrics) - shared == {"mean_polsby_popper"}


@pytest.mark.parametrize("option", OPTIONS)
def test_the_options_of_norfolk_are_scored_as_the_independent_check_counts_them(
    option: str,
) -> None:
    result = norfolk_result(option)
    truth = co.verify(result)
    assert result.score.clusters["pupils"].sum() == 112_499
    for name, value in result.score.metrics.items():
        if name != "mean_polsby_popper":
            assert value == pytest.approx(truth.metrics[name]), name


def test_a_plan_and_its_problem_are_left_as_they_were() -> None:
    problem, assignment = ac_bd()
    before = assignment.copy(), problem.units.copy(), problem.authority.schools.copy()
    score(problem, assignment, "T")
    pd.testing.assert_series_equal(assignment, before[0])
    pd.testing.assert_frame_equal(problem.units, before[1])
    pd.testing.assert_frame_equal(problem.authority.schools, before[2])
