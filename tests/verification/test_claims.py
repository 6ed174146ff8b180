"""Claims of a result, tampered with one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.domain import (
    Plan,
    Problem,
    Result,
    Score,
    Solution,
    Stage,
    Violation,
)
from cluster_optimiser.errors import VerificationError
from cluster_optimiser.geography.units import unit_table
from cluster_optimiser.optimise import solve_merge
from cluster_optimiser.prospects import Projected
from cluster_optimiser.scenario import Objective
from cluster_optimiser.scoring import objective_values, score
from cluster_optimiser.verification import claims, outlook_of, verify, verify_plan
from tests.effort import examples
from tests.toy import ToySchool, toy_assignment, toy_problem

if TYPE_CHECKING:
    from collections.abc import Callable

TERMS = ("count", "exceptions", "deviation")
ROMAN_CATHOLIC = {"name": "RC", "where": {"religious_character": "Roman Catholic"}}


def result(problem: Problem, plan: Plan) -> Result:
    scored = score(problem, plan.assignment, plan.label)
    return Result(
        problem=problem,
        plan=plan,
        score=scored,
        violations=verify_plan(problem, plan.assignment).violations,
        objective=objective_values(problem, scored.metrics),
        seconds=0.0,
        seed=0,
        stamp="",
        caveats=(),
    )


def good_problem(**scenario: Any) -> Problem:
    exempt = {"religious_character": "Roman Catholic"}
    schools = {
        "A": [
            ToySchool("secondary", 900, (0, 0)),
            ToySchool("primary", 100, (0, 1), columns=exempt),
            ToySchool("primary", 120, (1, 0)),
        ]
    }
    tables: dict[str, Any] = {
        "size": {"min_pupils": 1_500, "max_pupils": 2_500, "target_pupils": 2_000},
        "travel": {"max_minutes": 6},
        "alignment": {"district": "prefer"},
        "objective": {"order": ["count", "misaligned", "pupil_minutes", "changed_pupils"]},
        "exempt": [ROMAN_CATHOLIC],
    }
    return toy_problem(
        "AABB ACDD", schools=schools, layers={"district": "xxxx yyyy"}, **{**tables, **scenario}
    )


@pytest.fixture(scope="module")
def good() -> Result:
    problem = good_problem()
    return result(problem, solve_merge(problem))


def test_a_true_result_stands_up(good: Result) -> None:
    found = verify(good)
    assert found.violations == ()
    assert sum(facts.pupils for facts in found.clusters.values()) == 4_120


def test_a_weighted_result_stands_up_and_a_wrong_sum_does_not() -> None:
    weights = {"count": 0.3337, "pupil_minutes": 0.0101, "changed_pupils": 1.5}
    problem = good_problem(objective={"weights": weights})
    true = result(problem, solve_merge(problem))
    verify(true)
    value = true.plan.solution.stages[0].objective
    for other in (value + 0.01, value * (1 + 2**-49)):
        with pytest.raises(VerificationError, match="stage weighted: objective is given as"):
            verify(with_stage(true, 0, objective=other))


def test_the_projections_that_a_plan_does_not_keep_are_counted_again() -> None:
    problem = good_problem()
    halves = problem.authority.schools["pupils"] // 2
    order = Objective(order=("count", "robustness"))
    problem = replace(
        problem,
        scenario=problem.scenario.model_copy(update={"objective": order}),
        projections=(Projected("half", "half", 2030, is_draw=False, pupils=halves),),
    )
    made = result(problem, solve_merge(problem))
    verify(replace(made, objective={**made.objective, "robustness": 1.0}))
    with pytest.raises(VerificationError, match="objective robustness is given as"):
        verify(replace(made, objective={**made.objective, "robustness": 0.0}))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (np.nan, "cannot reach the meeting place"),
        (6.01, "6.01 minutes to the meeting place, the limit is 6"),
    ],
)
def test_where_a_cluster_would_meet_in_a_projection_no_way_may_be_unknown_or_long(
    minutes: float, said: str
) -> None:
    """All are near A, where most pupils are; then B has most, and is not so near to C."""
    problem = toy_problem("ABC", pupils={"A": 100, "B": 1, "C": 1}, travel={"max_minutes": 6})
    ways = 5.0 - 5.0 * np.eye(3)
    ways[2, 1] = minutes
    then = pd.Series([1, 100, 0], index=problem.authority.schools.index)
    problem = replace(
        problem,
        travel=replace(problem.travel, minutes=ways),
        projections=(Projected("then", "then", 2030, is_draw=False, pupils=then),),
    )
    today = verify_plan(problem, toy_assignment(problem, {"x": "ABC"}))
    outlook = outlook_of(problem, today)
    assert outlook is not None
    assert [v.rule for v in today.violations if v.rule == "travel"] == []
    assert said in outlook.projections["broken"].item()


@pytest.mark.parametrize("seed", range(12))
def test_a_projection_is_judged_as_a_register_with_its_pupils_is(seed: int) -> None:
    """Sizes, exceptions, where clusters meet and units are at home: of plans that keep no rule."""
    draw, sizes = np.random.default_rng(seed), {"min_pupils": 600, "max_pupils": 1_500}
    exempt = {"religious_character": "Roman Catholic"}
    schools = {
        unit: [
            ToySchool("secondary", 100 * int(draw.integers(0, 9)), (row, column)),
            ToySchool("primary", 100 * int(draw.integers(0, 9)), (row, column + 1)),
            ToySchool("primary", 90, (row, column + 1), exempt),
        ]
        for unit, (row, column) in zip("ABCD", [(0, 0), (0, 2), (1, 0), (1, 2)], strict=True)
    }
    problem = toy_problem(
        "AABB CCDD",
        schools=schools,
        layers={"district": "xyxx yxyy", "division": "pp.q pp.q"},
        method="keep",
        size={**sizes, "max_exceptions": 1, "exceptions": ["A", "B"]},
        travel={"max_minutes": 4},
        alignment={"district": "require", "division": "require"},
        exempt=[ROMAN_CATHOLIC],
        pins={"apart": [["A", "C"]]},
    )
    register = problem.authority.schools
    then = [
        Projected(str(n), "made", 2030 + n, is_draw=False, pupils=drawn)
        for n in range(4)
        for drawn in [pd.Series(100 * draw.integers(0, 7, len(register)), index=register.index)]
    ]
    of_unit = dict(zip("ABCD", draw.choice(list("mno"), 4), strict=True))
    plan = problem.unit_of.map(of_unit).combine_first(problem.exempt_of).reindex(register.index)
    judged = replace(problem, projections=tuple(then))
    outlook = outlook_of(judged, verify_plan(judged, plan))
    for projected, row in zip(then, outlook.projections.itertuples(), strict=True):
        schools = gpd.GeoDataFrame(register.assign(pupils=projected.pupils))
        layers, shapes = list(problem.authority.layers), problem.units.geometry
        units = unit_table(schools, problem.unit_of, shapes, layers)
        authority = replace(problem.authority, schools=schools)
        truth = verify_plan(replace(problem, authority=authority, units=units), plan)
        facts = [own for own in truth.clusters.values() if not own.is_exempt]
        assert sorted(row.broken.split("; ")) == sorted(
            "; ".join(map(str, truth.violations)).split("; ")
        )
        assert row.is_legal == (not truth.violations)
        assert row.pupils == sum(own.pupils for own in facts)
        assert row.n_outside == sum(own.is_exception for own in facts)
        assert outlook.clusters[projected.label].to_dict() == {f.name: f.pupils for f in facts}


def test_what_is_not_known_of_one_cluster_is_not_known_of_the_plan() -> None:
    problem = toy_problem("ABC", pupils=dict.fromkeys("ABC", 10))
    ways = 5.0 - 5.0 * np.eye(3)
    ways[0, 1] = ways[1, 0] = np.nan
    problem = replace(problem, travel=replace(problem.travel, minutes=ways))
    known = ("max_minutes", "pupil_minutes", "pupil_minutes_any_school", "mean_minutes")
    for clusters, values in (
        ({"x": "AB", "y": "C"}, [None] * 4),
        ({"x": "A", "y": "BC"}, [5.0, 50.0, 50.0, 50 / 30]),
    ):
        plan = toy_assignment(problem, clusters)
        metrics = verify_plan(problem, plan).metrics
        assert [metrics[name] for name in known] == values
        assert [score(problem, plan, "T").metrics[name] for name in known] == values


COLUMNS = {
    "n_schools": 7,
    "n_secondary": 7,
    "pupils": 7,
    "deviation": 0.7,
    "meeting_place_urn": 7,
    "max_minutes": 7.0,
    "mean_minutes": 7.0,
    "pupil_minutes": 7.0,
    "pupil_minutes_any_school": 7.0,
    "is_contiguous": False,
    "is_exception": True,
    "is_exempt": True,
    "home_district": "z",
    "misaligned_district_pupils": 7,
}


NOT_COUNTED = {"cluster", "polsby_popper", "units", "today", "geometry"}
"""Columns of names, which the plan has, and of the ground."""


def test_every_number_in_the_table_of_clusters_is_counted_again(good: Result) -> None:
    assert {*COLUMNS, *NOT_COUNTED} == {*good.score.clusters.columns}


@pytest.mark.parametrize("column", sorted(COLUMNS))
def test_a_wrong_number_in_the_table_of_clusters_is_found(good: Result, column: str) -> None:
    clusters = good.score.clusters.copy()
    clusters[column] = clusters[column].astype("object")
    clusters.loc[clusters.index[0], column] = COLUMNS[column]
    name = clusters["cluster"].iloc[0]
    wrong = replace(good, score=Score(clusters, good.score.metrics))
    with pytest.raises(VerificationError, match=f"cluster {name}: {column} is given as"):
        verify(wrong)


@pytest.mark.parametrize("column", sorted(COLUMNS))
def test_a_column_that_is_not_there_is_found(good: Result, column: str) -> None:
    wrong = replace(good, score=Score(good.score.clusters.drop(columns=column), good.score.metrics))
    with pytest.raises(VerificationError, match=f"there is no column {column}"):
        verify(wrong)


def test_a_cluster_left_out_of_the_table_is_found_and_so_are_its_pupils(good: Result) -> None:
    wrong = replace(good, score=Score(good.score.clusters.iloc[1:], good.score.metrics))
    with pytest.raises(VerificationError, match="is not in the table") as caught:
        verify(wrong)
    assert "the sum of pupils over clusters is given as" in str(caught.value)


def test_a_cluster_that_stands_in_the_table_twice_is_found(good: Result) -> None:
    clusters = good.score.clusters
    doubled = pd.concat([clusters, clusters.iloc[:1]])
    with pytest.raises(VerificationError, match="has several rows"):
        verify(replace(good, score=Score(doubled, good.score.metrics)))


@pytest.mark.parametrize(
    "name", sorted(verify_plan(p := good_problem(), toy_assignment(p, {"m": "ABCD"})).metrics)
)
def test_a_wrong_metric_is_found(good: Result, name: str) -> None:
    assert name in good.score.metrics, "the scoring gives no such metric: nothing is compared"
    metrics = {**good.score.metrics, name: (good.score.metrics[name] or 0) + 0.01}
    with pytest.raises(VerificationError, match=f"metric {name} is given as"):
        verify(replace(good, score=Score(good.score.clusters, metrics)))


@pytest.mark.parametrize("term", ["count", "misaligned", "pupil_minutes", "changed_pupils"])
def test_a_wrong_or_missing_or_unknown_objective_is_found(good: Result, term: str) -> None:
    wrong = replace(good, objective={**good.objective, term: good.objective[term] + 0.01})
    with pytest.raises(VerificationError, match=f"objective {term} is given as"):
        verify(wrong)
    rest = {t: v for t, v in good.objective.items() if t != term}
    with pytest.raises(VerificationError, match=f"objective {term} is not given"):
        verify(replace(good, objective=rest))
    with pytest.raises(VerificationError, match="objective beauty is unknown"):
        verify(replace(good, objective={**good.objective, "beauty": 1.0}))


def with_stage(true: Result, number: int, **change: Any) -> Result:
    stages = list(true.plan.solution.stages)
    stages[number] = replace(stages[number], **change)
    solution = replace(true.plan.solution, stages=tuple(stages))
    return replace(true, plan=replace(true.plan, solution=solution))


@pytest.mark.parametrize("number", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {"objective": s.objective + 1, "bound": s.bound + 1}, "objective is given as"),
        (lambda s: {"bound": s.objective + 1, "gap": -1 / max(1, s.objective)}, "is above the obj"),
        (lambda s: {"bound": s.objective + 5e-7 * max(1, s.objective)}, "called OPTIMAL at"),
        (lambda s: {"bound": s.bound - 1}, "gap is given as"),
        (lambda s: {"bound": s.bound - 1, "gap": 1 / max(1, s.objective)}, "called OPTIMAL at"),
    ],
)
def test_a_stage_that_contradicts_the_plan_or_itself_is_found(
    good: Result, number: int, change: Callable[[Stage], dict[str, float]], message: str
) -> None:
    wrong = with_stage(good, number, **change(good.plan.solution.stages[number]))
    with pytest.raises(VerificationError, match=f"stage .*{message}"):
        verify(wrong)


def test_a_solved_plan_that_breaks_a_rule_is_refused(good: Result) -> None:
    strict = good_problem(travel={"max_minutes": 1})
    wrong = result(strict, good.plan)
    with pytest.raises(VerificationError, match="the plan breaks a rule: travel"):
        verify(wrong)


def test_a_given_plan_may_break_rules_and_must_say_so(good: Result) -> None:
    problem = good_problem(method="keep", travel={"max_minutes": 1})
    plan = replace(good.plan, solution=Solution("GIVEN"))
    true = result(problem, plan)
    assert {violation.rule for violation in verify(true).violations} == {"travel"}
    with pytest.raises(VerificationError, match="a violation is not given: travel"):
        verify(replace(true, violations=()))
    made_up = Violation("count", "plan", "own", {"detail": "made up"})
    with pytest.raises(VerificationError, match="a violation is given that is none: count"):
        verify(replace(true, violations=(*true.violations, made_up)))


def test_a_unit_that_nobody_stands_in_and_one_left_out_are_told(good: Result) -> None:
    units = good.problem.units
    for changed, said in (
        (units.rename(index={"B": "Z"}), ["unit B is unknown", "unit Z is without schools"]),
        (units.drop(index="B"), ["unit B is unknown"]),
    ):
        wrong = replace(good, problem=replace(good.problem, units=changed))
        with pytest.raises(VerificationError) as told:
            verify(wrong)
        assert all(words in str(told.value) for words in said)
        assert str(told.value).count("unit Z is") == len(said) - 1


@pytest.mark.parametrize("column", ["pupils", "n_schools", "n_secondary", "home.district"])
def test_a_table_of_units_that_is_not_the_register_is_found(good: Result, column: str) -> None:
    units = good.problem.units.copy()
    units[column] = units[column].astype("object")
    units.loc["B", column] = "z" if column.startswith("home") else 7
    wrong = replace(good, problem=replace(good.problem, units=units))
    with pytest.raises(VerificationError, match=f"unit B: {column} is given as"):
        verify(wrong)


@given(clusters=st.lists(st.sampled_from("mnop"), min_size=8, max_size=8), seed=st.integers(0, 99))
@settings(max_examples=examples(40))
def test_the_scoring_of_any_plan_stands_up_even_where_units_are_divided(
    clusters: list[str], seed: int
) -> None:
    """Two ways of counting, written apart, agree on plans that keep no rule at all."""
    pupils = np.random.default_rng(seed).integers(0, 900, size=8).tolist()
    schools = {
        unit: [
            ToySchool(phase, pupils[2 * i + k], (i // 2, 2 * (i % 2) + k))
            for k, phase in enumerate(("secondary", "primary"))
        ]
        for i, unit in enumerate("ABCD")
    }
    problem = toy_problem(
        "AABB CCDD",
        schools=schools,
        layers={"district": "xxxy zzzy", "division": "pp.q pp.q"},
        method="keep",
        size={"min_pupils": 500, "max_pupils": 1_000},
        travel={"max_minutes": 4},
        alignment={"district": "prefer", "division": "require"},
        objective={"order": [*TERMS, "changed_pupils", "misaligned", "border_km"]},
    )
    assignment = pd.Series(clusters, index=problem.authority.schools.index, name="cluster")
    verify(result(problem, Plan("T", assignment, Solution("GIVEN"))))


@pytest.mark.parametrize(
    ("grid", "clusters", "barriers", "is_contiguous"),
    [
        ("ABB AA.", "mmmmn", [], True),
        ("ABB AA. CC.", "mmmmnm", [["A", "C"]], False),
        ("ABB AA. CC.", "mmmmnm", [], True),
    ],
)
def test_a_cell_touches_a_unit_along_all_its_cells(
    grid: str, clusters: str, barriers: list[list[str]], is_contiguous: bool
) -> None:
    """A cell of B has two kilometres with A, one with each cell; a barrier stays one."""
    schools = {
        "A": [ToySchool("secondary", 9, at) for at in [(0, 0), (1, 0), (1, 1)]],
        "B": [ToySchool("secondary", 9, at) for at in [(0, 1), (0, 2)]],
    }
    touch = {"min_shared_m": 1_500, "barriers": barriers}
    problem = toy_problem(grid, schools=schools, method="keep", contiguity=touch)
    plan = pd.Series([*clusters], index=problem.authority.schools.index, name="cluster")
    found = verify(result(problem, Plan("T", plan, Solution("GIVEN"))))
    assert found.clusters["m"].is_contiguous is is_contiguous


def test_exempt_schools_alone_under_another_name_are_not_in_one_piece() -> None:
    problem = good_problem(method="keep")
    plan = toy_assignment(problem, {"m": "ABCD"})
    plan[problem.exempt_of.index] = "x"
    found = verify(result(problem, Plan("T", plan, Solution("GIVEN"))))
    assert found.clusters["x"].is_contiguous is False


@pytest.mark.parametrize(("counts", "out_of_proportion"), [((10, 60), 15.0), ((10.0, 30.0), 0.0)])
def test_need_of_exempt_schools_is_out_of_no_proportion(
    counts: tuple[float, float], out_of_proportion: float
) -> None:
    """A quarter of the pupils is to have a quarter of the need; the exempt one has most of it."""
    exempt = {"religious_character": "Roman Catholic", "fsm": 90}
    schools = {
        "A": [
            ToySchool("secondary", 100, (0, 0), {"fsm": counts[0]}),
            ToySchool("primary", 100, (0, 1), exempt),
        ],
        "B": [ToySchool("secondary", 300, columns={"fsm": counts[1]})],
    }
    stated = {"pot_pounds": 1_000, "need": {"fsm": 1.0}}
    parts = {"parts": [{"measure": "pupils", "share": 1}], "source": "made"}
    tables = {"exempt": [ROMAN_CATHOLIC], "funding": {**stated, **parts}}
    problem = toy_problem("AAB", schools=schools, method="keep", **tables)
    apart = toy_assignment(problem, {"a": "A", "b": "B"})
    for plan in (apart, apart.where(apart != "RC", "a")):
        found = verify(result(problem, Plan("T", plan, Solution("GIVEN"))))
        assert found.metrics["need_deviation"] == out_of_proportion


def test_every_wrong_claim_is_listed_at_once(good: Result) -> None:
    wrong = with_stage(good, 0, gap=0.5)
    wrong = replace(wrong, objective={**good.objective, "count": 99})
    with pytest.raises(VerificationError) as caught:
        verify(wrong)
    lines = str(caught.value).splitlines()
    assert lines[0] == "plan T does not stand up to the independent check:"
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("claim", "truth", "is_agreed"),
    [
        *((nothing, other, True) for nothing in (None, np.nan, pd.NA) for other in (None, np.nan)),
        *((claim, None, False) for claim in (0, 0.0, 1.5, "", False)),
        *((None, truth, False) for truth in (0, 0.0, 1.5, "", False)),
        *((one, True, one) for one in (True, False)),
        ("a", "a", True),
        ("a", "b", False),
        (1 + 1e-12, 1, True),
        (1.0001, 1, False),
        (0.0001, 0, False),
    ],
)
def test_nothing_agrees_with_nothing_alone(claim: object, truth: object, is_agreed: bool) -> None:
    assert claims._agree(claim, truth) is is_agreed


def test_a_sum_of_what_is_not_known_is_no_number(good: Result) -> None:
    scenario = good_problem(objective={"weights": {"count": 1.5, "deviation": 1}}).scenario
    weighted = replace(good, problem=replace(good.problem, scenario=scenario))
    truth = replace(verify(good), objective={"count": 2.0, "deviation": None})
    assert not claims._weighted_agrees(weighted, 3.0, truth)
    assert claims._weighted_agrees(weighted, float("nan"), truth)


def test_an_objective_of_nothing_is_to_be_given_too() -> None:
    problem = good_problem(objective={"order": ["count", "exceptions"]})
    true = result(problem, solve_merge(problem))
    assert true.objective["exceptions"] == 0
    with pytest.raises(VerificationError, match="objective exceptions is not given"):
        verify(replace(true, objective={"count": true.objective["count"]}))


def test_a_stage_that_is_not_proved_and_one_that_is_not_known_are_looked_at(good: Result) -> None:
    first = good.plan.solution.stages[0].objective
    open_ = with_stage(good, 0, status="FEASIBLE", objective=first + 1, bound=first + 1)
    with pytest.raises(VerificationError, match="stage count: objective is given as"):
        verify(open_)
    with pytest.raises(VerificationError, match="stage beauty is not known to the check"):
        verify(with_stage(good, 0, term="beauty"))


def told(wrong: Result) -> str:
    with pytest.raises(VerificationError) as caught:
        verify(wrong)
    return str(caught.value)


def test_what_follows_something_that_is_missing_is_looked_at_too(good: Result) -> None:
    clusters = good.score.clusters.copy()
    first, second, *_ = sorted(clusters["cluster"])
    clusters.loc[clusters["cluster"] == second, "pupils"] = 7
    wrong = replace(good, score=Score(clusters[clusters["cluster"] != first], good.score.metrics))
    assert f"cluster {first} is not in the table" in told(wrong)
    assert f"cluster {second}: pupils is given as 7" in told(wrong)


def test_a_unit_that_only_the_graph_has_is_told(good: Result) -> None:
    graph = good.problem.dual.copy()
    graph.add_node("Z")
    wrong = replace(good, problem=replace(good.problem, dual=graph))
    assert "unit Z is only in the graph of units" in told(wrong)
    graph.remove_nodes_from(["Z", "B"])
    assert "unit B is not in the graph of units" in told(wrong)


def test_every_violation_that_is_left_out_is_told(good: Result) -> None:
    problem = good_problem(method="keep", travel={"max_minutes": 1})
    true = result(problem, replace(good.plan, solution=Solution("GIVEN")))
    assert len(true.violations) > 1
    assert told(replace(true, violations=())).count("a violation is not given") == len(
        true.violations
    )


@pytest.mark.parametrize("claim", [0, None])
def test_a_metric_that_is_given_as_nothing_is_looked_at(good: Result, claim: int | None) -> None:
    counted = verify(good).metrics
    metrics = {**good.score.metrics, **dict.fromkeys(counted, claim)}
    wrong = replace(good, score=Score(good.score.clusters, metrics))
    n_wrong = sum(value not in ({None} if claim is None else {0}) for value in counted.values())
    assert told(wrong).count("\n  metric ") == n_wrong
