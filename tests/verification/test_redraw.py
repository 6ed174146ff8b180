"""Redrawn plans, tampered with one by one: every one is refused, with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import networkx as nx
import pandas as pd
import pytest

from cluster_optimiser.domain import Plan, Result, Solution
from cluster_optimiser.errors import VerificationError
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.verification import verify, verify_plan
from tests.toy import ToySchool, toy_problem
from tests.verification.test_claims import result, with_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cluster_optimiser.domain import Problem

TERMS = (
    "count",
    "exceptions",
    "changed_pupils",
    "misaligned",
    "deviation",
    "pupil_minutes",
)
# Today's clusters are the three rows of nine schools; each has its high school at another place.
PUPILS = {"A": (300, 120, 90), "B": (110, 280, 100), "C": (95, 130, 260)}
SCHOOLS = {
    name: [
        ToySchool("secondary" if column == row else "primary", n, (row, column))
        for column, n in enumerate(PUPILS[name])
    ]
    for row, name in enumerate("ABC")
}
SPECIAL = [{"name": "Special", "where": {"phase": "special"}}]


def nine(**scenario: Any) -> Problem:
    schools = {**SCHOOLS, "C": [*SCHOOLS["C"], ToySchool("special", 20, (2, 3))]}
    tables: dict[str, Any] = {
        "method": "redraw",
        "units": "schools",
        "size": {"min_pupils": 400, "max_pupils": 700, "target_pupils": 500, "max_exceptions": 1},
        "alignment": {"district": "prefer"},
        "objective": {"order": list(TERMS)},
        "exempt": SPECIAL,
    }
    return toy_problem(
        "AAA. BBB. CCCC",
        schools=schools,
        layers={"district": "xxyy xyyy xxyy"},
        **{**tables, **scenario},
    )


def plan_of(problem: Problem, clusters: Mapping[str, str]) -> pd.Series:
    """Give a plan of the nine schools, numbered 1 to 9 in reading order."""
    cluster_of = {100_000 + int(n): name for name, held in clusters.items() for n in held}
    plan = pd.Series(cluster_of | problem.exempt_of.to_dict(), dtype=object)
    return plan.reindex(problem.authority.schools.index).rename("cluster")


def refused(problem: Problem, clusters: Mapping[str, str]) -> list[str]:
    """Give the rules that a plan is refused for, presented as one that has been solved."""
    plan = Plan("T", plan_of(problem, clusters), Solution("FEASIBLE"))
    with pytest.raises(VerificationError) as caught:
        verify(result(problem, plan))
    said = [line for line in str(caught.value).splitlines() if "breaks a rule" in line]
    return [line.split("breaks a rule: ")[1].split(" ")[0].rstrip(":") for line in said]


@pytest.fixture(scope="module")
def good() -> Result:
    problem = nine()
    return result(problem, solve_redraw(problem))


def test_a_true_result_stands_up(good: Result) -> None:
    found = verify(good)
    assert found.violations == ()
    assert good.plan.solution.status == "OPTIMAL"
    assert [stage.term for stage in good.plan.solution.stages] == list(TERMS)


def test_the_plan_by_rows_is_legal() -> None:
    problem = nine()
    plan = plan_of(problem, {"a": "123", "b": "456", "c": "789"})
    assert verify_plan(problem, plan).violations == ()


# --- the plan -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "clusters", "rules"),
    [
        pytest.param({}, {"a": "1237", "b": "456", "c": "89"}, ["contiguity"], id="stray"),
        pytest.param(
            {"contiguity": {"barriers": [["URN 100003", "URN 100006"]]}},
            {"a": "12", "b": "3456", "c": "789"},
            ["contiguity"],
            id="across a barrier between schools",
        ),
        pytest.param(
            {"contiguity": {"barriers": [["A", "B"]]}},
            {"a": "12", "b": "3456", "c": "789"},
            ["contiguity"],
            id="across a barrier between clusters",
        ),
        pytest.param(
            {"contiguity": {"min_shared_school_m": 1_001}},
            {"a": "123", "b": "456", "c": "789"},
            ["contiguity"] * 3,
            id="short borders",
        ),
        pytest.param(
            {"size": {"min_pupils": 400, "max_pupils": 609}},
            {"a": "1234", "b": "56", "c": "789"},
            ["size.max", "size.min"],
            id="sizes",
        ),
        pytest.param(
            {"size": {"min_pupils": 400, "max_pupils": 700}},
            {"a": "123", "b": "4567", "c": "89"},
            ["size.min"],
            id="one exception too many",
        ),
        pytest.param(
            {
                "size": {
                    "min_pupils": 400,
                    "max_pupils": 900,
                    "max_exceptions": 1,
                    "exceptions": ["URN 100001", "B"],
                }
            },
            {"a": "12345678", "b": "9"},
            ["size.max", "size.min"],
            id="an exception that is not named",
        ),
        pytest.param(
            {"travel": {"max_minutes": 3.5}},
            {"a": "123", "b": "456", "c": "789"},
            ["travel", "travel"],
            id="travel to the hub",
        ),
        pytest.param(
            {"pins": {"together": [["URN 100001", "URN 100004"]], "apart": [["A", "B"]]}},
            {"a": "123", "b": "456", "c": "789"},
            ["pins.together"],
            id="pinned together",
        ),
        pytest.param(
            {"pins": {"apart": [["URN 100001", "URN 100002"]]}},
            {"a": "123", "b": "456", "c": "789"},
            ["pins.apart"],
            id="pinned apart",
        ),
        pytest.param(
            {"within": ["district"]},
            {"a": "123", "b": "456", "c": "789"},
            ["within.district"] * 3,
            id="a required layer",
        ),
        pytest.param(
            {"count": {"max": 2}},
            {"a": "123", "b": "456", "c": "789"},
            ["count"],
            id="the number of clusters",
        ),
        pytest.param(
            {"redraw": {"hubs": [100_001, 100_005]}},
            {"a": "123", "b": "456", "c": "789"},
            ["hub"],
            id="without a hub of the list",
        ),
        pytest.param(
            {"secondary": {"min": 0}, "size": {"min_pupils": 100, "max_pupils": 900}},
            {"a": "1245", "b": "36", "c": "789"},
            ["hub"],
            id="without a secondary school to meet at",
        ),
    ],
)
def test_a_plan_that_breaks_a_rule_is_refused(
    scenario: dict[str, Any], clusters: dict[str, str], rules: list[str]
) -> None:
    assert refused(nine(**scenario), clusters) == rules


def test_a_cluster_of_areas_without_a_school_has_nowhere_to_meet() -> None:
    schools = {
        "A": [ToySchool("homes", 200), ToySchool("secondary")],
        "B": [ToySchool("homes", 200)],
    }
    rules = {"redraw": {"hubs": "any"}, "secondary": {"min": 0}}
    problem = toy_problem("AB", schools=schools, method="redraw", units="areas", **rules)
    assert refused(problem, {"a": "12", "b": "3"}) == ["hub"]
    assert verify_plan(problem, plan_of(problem, {"a": "123"})).violations == ()


def crooked(shape: str, *, is_as_far: bool = False) -> Problem:
    """Give a row whose hub is in the second square: the way there from its end leads past it."""
    schools = {
        "A": [ToySchool("secondary", 100, (0, 0)), ToySchool("primary", 100, (0, 1))],
        "B": [ToySchool("primary", 100, (1, 1)), ToySchool("primary", 100, (1, 0))],
    }
    problem = toy_problem(
        "AA BB",
        schools=schools,
        method="redraw",
        units="schools",
        redraw={"shape": shape},
        contiguity={"barriers": [["URN 100001", "URN 100004"]]},
        objective={"order": ["count"]},
    )
    minutes = problem.travel.minutes.copy()
    # The last school is nearer to the hub by road than the one it is reached through, or as far.
    minutes[3, 0] = minutes[0, 3] = minutes[2, 0] if is_as_far else 1.0
    return replace(problem, travel=replace(problem.travel, minutes=minutes))


def test_a_school_without_a_nearer_neighbour_breaks_the_shape_rule_only() -> None:
    clusters = {"m": "1234"}
    shaped = crooked("towards the hub")
    assert refused(shaped, clusters) == ["shape"]
    assert refused(crooked("towards the hub", is_as_far=True), clusters) == ["shape"]
    # Nor is a graph believed in which every school touches the hub's.
    misled = replace(shaped, dual=nx.complete_graph(shaped.units.index))
    found = verify_plan(misled, plan_of(misled, clusters))
    assert [violation.rule for violation in found.violations] == ["shape"]
    free = crooked("free")
    assert verify_plan(free, plan_of(free, clusters)).violations == ()


# --- what is claimed of the plan ------------------------------------------------------------


@pytest.mark.parametrize("term", TERMS)
def test_a_wrong_objective_is_refused(good: Result, term: str) -> None:
    wrong = replace(good, objective={**good.objective, term: good.objective[term] - 1})
    with pytest.raises(VerificationError, match=f"objective {term} is given as"):
        verify(wrong)
    number = TERMS.index(term)
    stage = good.plan.solution.stages[number]
    better = {"objective": stage.objective - 1, "bound": stage.bound - 1}
    with pytest.raises(VerificationError, match=f"stage {term}: objective is given as"):
        verify(with_stage(good, number, **better))


@pytest.mark.parametrize("term", TERMS)
def test_a_plan_is_not_called_best_before_every_term_is_proved(good: Result, term: str) -> None:
    stages = tuple(stage for stage in good.plan.solution.stages if stage.term != term)
    less = replace(good.plan, solution=replace(good.plan.solution, stages=stages))
    said = f"called OPTIMAL, stage {term} is not proved"
    with pytest.raises(VerificationError, match=said):
        verify(replace(good, plan=less))
    with pytest.raises(VerificationError, match=said):
        verify(with_stage(good, TERMS.index(term), status="FEASIBLE"))


def test_a_plan_that_is_another_than_was_scored_is_refused(good: Result) -> None:
    names = sorted(set(good.plan.assignment) - {"Special"})
    swapped = good.plan.assignment.replace({names[0]: names[1], names[1]: names[0]})
    with pytest.raises(VerificationError, match=r"meeting_place_urn is given as"):
        verify(replace(good, plan=replace(good.plan, assignment=swapped)))


# --- what the plan was made from --------------------------------------------------------------


def without_a_link(problem: Problem) -> dict[str, Any]:
    dual = problem.dual.copy()
    dual.remove_edge("URN 100001", "URN 100002")
    return {"dual": dual}


def with_a_link(problem: Problem) -> dict[str, Any]:
    dual = problem.dual.copy()
    dual.add_edge("URN 100001", "URN 100009", shared_m=0.0)
    return {"dual": dual}


def with_another_host(problem: Problem) -> dict[str, Any]:
    return {"local_unit_of": problem.local_unit_of.replace("URN 100009", "URN 100008")}


def with_a_school_exempted(problem: Problem) -> dict[str, Any]:
    exempt = pd.concat([problem.exempt_of, pd.Series({100_009: "Special"})])
    return {"exempt_of": exempt}


def with_a_unit_of_two(problem: Problem) -> dict[str, Any]:
    return {"unit_of": problem.unit_of.replace("URN 100002", "URN 100001")}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_a_link, "whether URN 100001 and URN 100002 are neighbours is given as False"),
        (with_a_link, "whether URN 100001 and URN 100009 are neighbours is given as True"),
        (with_another_host, "URN 100010: the unit it stands in is given as URN 100008"),
        (with_a_school_exempted, "URN 100009: its exempt group is given as Special"),
        (with_a_unit_of_two, "URN 100002: its unit is given as URN 100001"),
    ],
)
def test_wrong_neighbours_and_units_are_refused(
    good: Result, change: Callable[[Problem], dict[str, Any]], said: str
) -> None:
    """However right the plan: what was proved of it was proved of another map."""
    problem = replace(good.problem, **change(good.problem))
    with pytest.raises(VerificationError, match=said):
        verify(replace(good, problem=problem))


def test_a_mixture_has_its_units_checked() -> None:
    problem = nine(units="clusters", urban={"areas": ["B"]})
    true = result(problem, solve_redraw(problem))
    verify(true)
    wrong = replace(problem, unit_of=problem.unit_of.replace("A", "URN 100001"))
    with pytest.raises(VerificationError, match="URN 100002: its unit is given as URN 100001"):
        verify(replace(true, problem=wrong))
