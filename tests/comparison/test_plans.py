"""Plan against plan in one table."""

from dataclasses import replace

import pandas as pd
import pytest

from cluster_optimiser.comparison import compare, is_nested
from cluster_optimiser.domain import Result, Violation
from cluster_optimiser.terms import metric as metric_row
from tests.norfolk import OPTIONS, norfolk_result

COLUMNS = ["scenario", "title", "status", "metric", "value", "unit"]


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return [norfolk_result("4a"), norfolk_result("1")]


def test_one_row_a_scenario_and_metric(results: list[Result]) -> None:
    table = compare(results)
    assert list(table.columns) == COLUMNS
    assert not table.duplicated(["scenario", "metric"]).any()
    for result in results:
        rows = table[table["scenario"] == result.plan.label].set_index("metric")
        expected = {*result.score.metrics, "n_legal_plans", "n_rules_broken"}
        assert set(rows.index) == expected
        for metric, value in result.score.metrics.items():
            assert rows.loc[metric, "value"] == value, metric


def test_a_plan_with_one_cluster_inside_and_one_across_is_not_nested() -> None:
    lower = pd.Series({1: "a", 2: "a", 3: "b", 4: "b"})
    assert not is_nested(lower, pd.Series({1: "x", 2: "x", 3: "x", 4: "y"}))
    # Of schools that the other plan does not have nothing is said.
    assert is_nested(lower, pd.Series({1: "x", 2: "x", 3: "x"}))


def test_scenarios_stay_in_the_order_given(results: list[Result]) -> None:
    assert list(compare(results)["scenario"].unique()) == ["4a", "1"]
    assert list(compare(results[::-1])["scenario"].unique()) == ["1", "4a"]


def test_status_and_title_are_those_of_the_scenario(results: list[Result]) -> None:
    rows = compare(results).drop_duplicates("scenario").set_index("scenario")
    assert rows["status"].to_dict() == {"4a": "OPTIMAL", "1": "GIVEN"}
    assert rows["title"].to_dict() == {r.plan.label: r.problem.scenario.title for r in results}


def test_every_metric_of_every_option_has_a_unit() -> None:
    table = compare([norfolk_result(option) for option in OPTIONS])
    assert set(table["unit"]) == {
        "pupils",
        "minutes",
        "pupil minutes",
        "share",
        "number",
        "plans",
        "0 to 1",
        "weighted pupils",
    }


@pytest.mark.parametrize(
    ("metric", "unit"),
    [
        ("smallest_pupils", "pupils"),
        ("pupils_all", "pupils"),
        ("deviation", "pupils"),
        ("misaligned_district_pupils", "pupils"),
        ("misaligned_district_share", "share"),
        ("n_across_district", "number"),
        ("n_across_pupils", "number"),
        ("pupil_minutes", "pupil minutes"),
        ("mean_minutes", "minutes"),
        ("max_minutes", "minutes"),
        ("mean_polsby_popper", "0 to 1"),
        ("n_legal_plans", "plans"),
    ],
)
def test_units(metric: str, unit: str) -> None:
    assert metric_row(metric).unit == unit


def test_a_metric_without_a_row_is_refused() -> None:
    with pytest.raises(LookupError, match='unknown metric "anything else"'):
        metric_row("anything else")


def test_what_is_not_known_stays_missing(results: list[Result]) -> None:
    """Neither 0 nor left out: that it is not known is a fact of the plan."""
    known = results[0]
    score = replace(known.score, metrics={**known.score.metrics, "max_minutes": None})
    table = compare([replace(known, score=score)]).set_index("metric")
    assert pd.isna(table.loc["max_minutes", "value"])
    assert table.loc["n_over_max", "value"] == 2


def test_legal_plans_are_counted_where_a_method_counted_them(results: list[Result]) -> None:
    table = compare(results).set_index(["metric", "scenario"])["value"]
    assert table["n_legal_plans", "4a"] == results[0].plan.solution.proof.record()["n_legal_plans"]
    assert pd.isna(table["n_legal_plans", "1"])


def test_broken_rules_are_counted(results: list[Result]) -> None:
    broken = (Violation("count", "plan", "apart"), Violation("travel", "A", "no_place"))
    changed = replace(results[0], violations=broken)
    values = compare([changed]).set_index("metric")["value"]
    assert values["n_rules_broken"] == 2


def test_nothing_to_compare() -> None:
    table = compare([])
    assert list(table.columns) == COLUMNS
    assert table.empty
