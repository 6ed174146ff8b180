"""What analysts ask every day, each in under ten lines, on a map whose answers are counted by hand.

Four units in a row, A to D, with 800, 700, 500 and 400 pupils; a cluster has 400 to 1,500, so that
the only two clusters are A with B and C with D.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest

import cluster_optimiser as co
from cluster_optimiser.batch.pools import open_pool
from cluster_optimiser.domain import Authority, Unsolved
from cluster_optimiser.errors import (
    ClusterOptimiserError,
    InfeasibleError,
    InputError,
    ScenarioError,
)
from tests.toy import ToySchool, toy_ground, toy_scenario

if TYPE_CHECKING:
    from cluster_optimiser.scenario import Scenario

A, A2, B, C, D = range(100_001, 100_006)


@pytest.fixture(scope="module")
def row() -> Authority:
    schools = {
        "A": [ToySchool("secondary", 500), ToySchool("primary", 300)],
        "B": [ToySchool("secondary", 700)],
        "C": [ToySchool("secondary", 500)],
        "D": [ToySchool("secondary", 400)],
    }
    return toy_ground("ABCD", schools=schools, layers={"district": "xxyy"})[0]


@pytest.fixture(scope="module")
def rules() -> Scenario:
    return toy_scenario(size={"min_pupils": 400, "max_pupils": 1_500})


@pytest.fixture(autouse=True)
def nothing_of_ones_own():
    yield
    co.forget()


def test_1_what_is_the_best_plan_and_is_it_proved(row, rules):
    result = co.run(rules, row)
    assert result.status == "OPTIMAL"
    assert result.is_legal
    assert sorted(result.clusters["pupils"]) == [900, 1_500]


def test_2_what_if_the_minimum_were_another(row, rules):
    found = {}
    for least in (400, 850, 950):
        with contextlib.suppress(InfeasibleError):
            found[least] = co.run(rules.with_(min_pupils=least), row).metrics["n_clusters"]
    assert found == {400: 2, 850: 2}


def test_3_what_does_it_cost_to_keep_two_together(row, rules):
    pinned = co.run(rules.with_(pins={"together": [["B", "C"]]}), row)
    assert co.run(rules, row).compare(pinned).loc["n_clusters", "difference"] == 1


def test_4_what_if_a_school_closes(row, rules):
    closed = row.close(D, into=C)
    result = co.run(rules, closed)
    assert result.assignment.get(D) is None
    assert sorted(result.clusters["pupils"]) == [900, 1_500]
    assert "is closed, its 400 pupils are at" in result.caveats[-1]


def test_5_what_if_a_school_opens(row, rules):
    at = row.schools.geometry[D]
    opened = row.open(7, name="New", phase="primary", pupils=250, easting=at.x + 100, northing=at.y)
    result = co.run(rules, opened)
    assert opened.schools.loc[7, ["cluster", "layer.district"]].tolist() == ["D", "y"]
    assert result.metrics["pupils"] == 2_650


def test_6_what_if_there_are_fewer_pupils(row, rules):
    fewer = row.with_pupils((row.schools["pupils"] * 0.5).astype(int))
    with pytest.raises(InfeasibleError):
        co.run(rules.with_(min_pupils=1_000, count__min=2), fewer)
    assert co.run(rules, fewer).metrics["n_clusters"] == 1


def test_7_how_does_a_plan_of_my_own_stand(row, rules):
    mine = pd.Series({A: "west", A2: "west", B: "west", C: "east", D: "west"})
    result = co.evaluate(mine, rules, row)
    assert not result.is_legal
    assert {fault.rule for fault in result.violations} == {"contiguity", "size.max"}
    as_frame = mine.rename_axis("urn").rename("cluster").reset_index()
    assert co.evaluate(as_frame, rules, row).stamp == result.stamp


def test_8_who_moves_from_one_option_to_the_other(row, rules):
    moved = co.run(rules, row).moves(co.run(rules.with_(count__min=3), row))
    assert moved["pupils"].sum() in {1_500, 900}  # one of the two is parted
    assert list(moved.columns) == ["name", "pupils", "cluster", "cluster_other"]


def test_9_which_clusters_are_far_from_the_target_and_how_large_is_their_ground(row, rules):
    areas = co.run(rules.with_(target_pupils=1_500), row).to_gdf()
    far = areas[areas["deviation"].abs() > 0.2]
    assert far["pupils"].tolist() == [900]
    assert far.geometry.area.round().tolist() == [2_000_000]
    assert areas.crs.to_epsg() == 27700


def test_10_an_objective_and_a_rule_of_my_own(row, rules):
    @co.own_term("unlike_700", unit="pupils")
    def unlike(schools: pd.DataFrame) -> int:
        return abs(schools["pupils"].sum() - 700)

    result = co.run(rules.with_(order=["unlike_700"]), row)
    assert result.objective == {"unlike_700": 300}
    assert sorted(result.clusters["pupils"]) == [700, 800, 900]


# --- what lies below the ten


def test_names_are_completed() -> None:
    assert dir(co) == sorted(co.__all__)
    assert {"run", "evaluate", "own_term", "own_rule", "forget", "load_authority"} <= {*dir(co)}


def test_records_print_in_ten_lines_and_show_as_tables_and_maps(row, rules):
    result = co.run(rules, row)
    none = Unsolved(rules, row, "INFEASIBLE", "no <plan>", 0, 0, "")
    for record in (result, row, rules, none):
        assert 1 < len(repr(record).splitlines()) <= 10
        assert max(map(len, repr(record).splitlines())) < 120
        assert record._repr_html_().count("<table") >= 1
    assert "<svg" in result._repr_html_()
    assert "<svg" in row._repr_html_()
    assert "no &lt;plan&gt;" in none._repr_html_()
    assert result.to_gdf("schools").loc[A, "cluster_today"] == "A"
    assert type(result.explore()).__name__ == "Map"
    with pytest.raises(ValueError, match="clusters"):
        result.to_gdf("regions")


REFUSED = {
    "size.min_pupils: -1 is not allowed": {"min_pupils": -1},
    'min: "min" stands in several tables. Write count__min=... or secondary__min=': {"min": 2},
    'unknown key "min_pupil". Did you mean "min_pupils"?': {"min_pupil": 1},
    'unknown key "togeter". Did you mean "together"?': {"pins": {"togeter": []}},
    "min_pupils 1501 is above max_pupils 1500": {"min_pupils": 1_501},
    'unknown term "cuont"  Did you mean "count"?': {"order": ["cuont"]},
}


@pytest.mark.parametrize(("says", "keys"), REFUSED.items(), ids=REFUSED)
def test_a_changed_scenario_is_checked_as_a_file_is(rules, says, keys):
    with pytest.raises(ScenarioError) as caught:
        rules.with_(**keys)
    assert says.replace("  ", ". ") in str(caught.value)


def test_a_changed_scenario_keeps_the_rest_and_its_files(rules):
    changed = rules.with_({"count.max": 3}, weights={"count": 1}, pins={"apart": [["A", "B"]]})
    assert changed.objective.weights == {"count": 1}
    assert changed.objective.order == ()
    assert (changed.count.max, changed.size) == (3, rules.size)
    assert changed.with_(pins={"together": [["C", "D"]]}).pins.apart == (("A", "B"),)
    assert rules.count.max is None


def test_a_copy_that_was_not_checked_is_never_optimal(row, rules):
    wrong = rules.model_copy(update={"size": rules.size.model_copy(update={"min_pupils": -1})})
    with pytest.raises(ScenarioError, match=re.escape("size.min_pupils: -1 is not allowed")):
        co.run(wrong, row)


def test_what_cannot_be_changed_is_refused(row):
    at = {"easting": 0, "northing": 0}
    for change, says in (
        (lambda: row.without(5), "URN 5: there is no such school"),
        (lambda: row.without(*row.schools.index), "no school would be left"),
        (lambda: row.with_pupils({A: -1, 9: 2}), "-1 is no number of pupils"),
        (lambda: row.with_pupils({A: float("nan")}), "nan is no number of pupils"),
        (lambda: row.close(A, into=A), "cannot close into itself"),
        (lambda: row.open(A, name="", phase="x", pupils=-1, colour=1, **at), "another school has"),
    ):
        with pytest.raises(InputError, match=says):
            change()
    assert len(row.schools) == 5


def test_a_change_is_said_and_tells_runs_apart(row, rules):
    less = row.without(A2)
    assert less.caveats[-1].startswith("Not as the register has it: without ")
    stamps = {co.run(rules, made).stamp for made in (row, less, row.with_pupils({A: 501}))}
    assert len(stamps) == 3
    assert isinstance(less.schools, gpd.GeoDataFrame)


def test_a_plan_made_in_python_has_the_faults_of_a_file(row, rules):
    with pytest.raises(InputError, match="is missing from the plan"):
        co.evaluate(pd.Series({A: "x"}), rules, row)


def test_a_rule_of_ones_own_is_kept_and_judged(row, rules):
    @co.own_rule("at_least_1000")
    def at_least(schools: pd.DataFrame) -> bool | str:
        return schools["pupils"].sum() >= 1_000 or f"{schools['pupils'].sum()} pupils"

    assert (
        co.run(rules.with_(max_pupils=2_400, order=["deviation"]), row).metrics["n_clusters"] == 1
    )
    two = pd.Series({A: "w", A2: "w", B: "w", C: "e", D: "e"})
    (broken,) = co.evaluate(two, rules, row).violations
    assert str(broken) == "own.at_least_1000: e: 900 pupils"
    redraw = rules.with_(method="redraw", units="schools")
    with pytest.raises(ScenarioError, match="a redraw cannot keep your own rules"):
        co.run(redraw, row)


def test_a_term_of_a_whole_plan_is_scored_and_not_optimised(row, rules):
    @co.own_term("spread", unit="pupils", of="plan")
    def spread(clusters: dict[str, pd.DataFrame]) -> int:
        sizes = [schools["pupils"].sum() for schools in clusters.values()]
        return max(sizes) - min(sizes)

    result = co.run(rules, row)
    assert result.metrics["spread"] == 600
    with pytest.raises(ScenarioError, match="so no method betters it"):
        rules.with_(order=["spread"])
    assert co.compare([result]).set_index("metric").loc["spread", "unit"] == "pupils"


def test_own_terms_stay_in_their_process_and_in_their_range(row, rules):
    co.own_term("odd", unit="pupils")(lambda _: float("nan"))
    with pytest.raises(ClusterOptimiserError, match='own term "odd" gave nan'):
        co.run(rules, row)
    with pytest.raises(ClusterOptimiserError, match="run with one job"):
        open_pool("local", 2)
    with pytest.raises(ValueError, match="is a term of the program"):
        co.own_term("count", unit="clusters")
    with pytest.raises(ValueError, match="cannot be a name"):
        co.own_rule("My Rule")
    co.forget("odd")
    plain = co.run(rules, row).stamp
    co.own_term("odd", unit="pupils")(lambda _: 1)
    assert co.run(rules, row).stamp != plain
