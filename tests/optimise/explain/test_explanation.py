"""Why there is no plan, and what each rule costs: each cause alone on toys, ten on real data."""

import dataclasses
import json
import tomllib
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.domain import Problem
from cluster_optimiser.errors import InfeasibleError, NoPlanFoundError, ScenarioError
from cluster_optimiser.geography import build_problem
from cluster_optimiser.optimise import solve_merge
from cluster_optimiser.optimise.candidates import candidate_groups
from cluster_optimiser.optimise.explain import diagnosis, explanation, trial
from cluster_optimiser.optimise.explain.diagnosis import (
    Clash,
    UnplacedUnit,
    areas_without_plan,
    find_clash,
    rule_families,
    stuck_units,
    unplaced_units,
    without,
)
from cluster_optimiser.optimise.explain.directions import directions_of
from cluster_optimiser.optimise.explain.entries import amount
from cluster_optimiser.optimise.explain.explanation import Explanation, Price, explain
from cluster_optimiser.optimise.explain.relax import (
    Combination,
    Relaxation,
    Step,
    cheapest,
    checked,
    first_of,
)
from cluster_optimiser.optimise.explain.trial import Lab, Trial
from cluster_optimiser.optimise.explain.trial_rules import with_values
from cluster_optimiser.scenario import Scenario, parse_scenario
from cluster_optimiser.verification import verify_plan
from tests.effort import examples
from tests.norfolk import norfolk_place, norfolk_problem, norfolk_scenario
from tests.toy import ToySchool, toy_problem

SIZE = {"min_pupils": 2_000, "max_pupils": 2_500}


def has_plan(problem: Problem) -> bool:
    """Tell by a whole run, its plan checked without the solver."""
    try:
        plan = solve_merge(problem)
    except InfeasibleError:
        return False
    assert verify_plan(problem, plan.assignment).violations == ()
    return True


def with_changes(scenario: Scenario, changes: dict[str, object]) -> Scenario:
    """Write changes into a scenario as a person would into its file."""
    data = json.loads(scenario.model_dump_json())
    for path, value in changes.items():
        table, key = path.split(".", 1)
        data[table][key] = value
    return parse_scenario(data)


def changed(problem: Problem, scenario: Scenario) -> Problem:
    return build_problem(scenario, problem.authority, problem.territory)


def one(explanation: Explanation, direction: str) -> Relaxation:
    found = [r for r in explanation.relaxations if r.direction == direction]
    assert len(found) == 1, [r.direction for r in explanation.relaxations]
    return found[0]


STEP = {"size.min": 1, "size.max": -1, "travel": -0.01, "secondary": 1, "count.max": -1}
"""Direction -> what takes its value one step back."""

TOLD = {
    case.pop("name"): case
    for case in tomllib.loads(
        Path(__file__).parents[2].joinpath("data/explanations.toml").read_text(encoding="utf-8")
    )["case"]
}
"""Toy maps, with every line that is said of each."""


def told_problem(name: str) -> Problem:
    case = {key: value for key, value in TOLD[name].items() if key not in {"told", "offered"}}
    schools = {
        unit: [ToySchool(phase, pupils, tuple(at) or None) for phase, pupils, *at in rows]
        for unit, rows in case.pop("schools", {}).items()
    }
    return toy_problem(case.pop("grid"), schools=schools, **case)


@pytest.mark.parametrize("name", TOLD)
def test_every_line_of_an_explanation(name: str) -> None:
    problem = told_problem(name)
    explanation = explain(problem)
    assert list(explanation.lines()) == TOLD[name]["told"]
    pairs = [r for pair in explanation.combined for r in pair.relaxations]
    offered = [
        [r.direction, r.stated, r.value, r.unit, list(r.units), dict(r.changes)]
        for r in (*explanation.relaxations, *pairs)
    ]
    assert offered == TOLD[name].get("offered", [])
    for relaxation in explanation.relaxations:
        assert relaxation.is_feasible
        assert relaxation.is_minimal
        if relaxation.changes:
            relaxed = with_changes(problem.scenario, dict(relaxation.changes))
            assert has_plan(changed(problem, relaxed))
        if relaxation.direction in STEP:
            path, value = next(iter(relaxation.changes.items()))
            step = {path: value + STEP[relaxation.direction]}
            short = with_changes(problem.scenario, dict(relaxation.changes) | step)
            assert not has_plan(changed(problem, short))
    assert all(r.is_feasible and r.is_minimal for r in pairs)


def test_one_step_less_is_one_step() -> None:
    """A pupil, a cluster, a school, a metre, a hundredth of a minute: of each least change."""
    steps = {
        "size.min": 1,
        "size.max": -1,
        "size.exceptions": -1,
        "size.max_exceptions": -1,
        "size.schools": -1,
        "secondary": 1,
        "count.min": 1,
        "count.max": -1,
        "travel": -0.01,
        "contiguity.max_minutes": -0.01,
        "contiguity.min_shared_m": 1,
    }
    seen = set()
    for name in TOLD:
        problem = told_problem(name)
        lab = Lab(problem, time_limit_s=60)
        base = Trial(problem.scenario)
        if lab.verdict(base) == "FEASIBLE":
            continue
        for direction in directions_of(problem.scenario, rule_families(problem), lab.maxima[-1]):
            if direction.key not in steps or lab.verdict(direction.loosen(base)) != "FEASIBLE":
                continue
            step = direction.least(lab, base)
            if step is not None and step.short is not None and step.relaxation.changes:
                key, value = next(iter(step.relaxation.changes.items()))
                stated = problem.scenario.at(key)
                short = round(value + steps[direction.key], 2)
                assert step.trial.scenario.at(key) == value
                # A border of 2,000.5 m is half a metre away.
                nearest = min(short, stated) if key == "contiguity.min_shared_m" else short
                assert step.short.scenario.at(key) == nearest
                seen.add(direction.key)
    assert seen == {*steps}


def test_a_small_unit_between_full_neighbours_is_enclosed() -> None:
    problem = toy_problem("ABC", pupils={"A": 2400, "B": 900, "C": 2300}, size=SIZE)
    explanation = explain(problem)
    (unit,) = explanation.unplaced
    assert (unit.unit, unit.kinds[0]) == ("B", "enclosed")
    assert "with the smallest neighbour, C, 3,200 would pass the maximum of 2,500" in unit.words
    assert explanation.clash.rules == ("size.min", "size.max")
    assert explanation.clash.is_smallest
    assert one(explanation, "size.min").value == 900
    assert one(explanation, "size.max").value == 3200
    assert one(explanation, "size.exceptions").units == ("B",)
    assert "1,100 pupils short in all" in one(explanation, "size.exceptions").words


def test_a_unit_whose_groups_leap_over_the_range_is_too_small() -> None:
    problem = toy_problem(
        "AB", pupils={"A": 900, "B": 950}, size={"min_pupils": 2_000, "max_pupils": 2_500}
    )
    explanation = explain(problem)
    assert [unit.kinds[0] for unit in explanation.unplaced] == ["no_room", "no_room"]
    assert "with all it can reach (B) it has 1,850" in explanation.unplaced[0].words
    assert one(explanation, "size.min").value == 1850


def test_a_drive_that_is_too_long_between_neighbours_is_found_and_lengthened() -> None:
    """Two and two would do; A and B are 3.5 minutes apart, C and D 5, and 3 are allowed."""
    problem = toy_problem("ABCCD", size=SIZE, contiguity={"max_minutes": 3})
    explanation = explain(problem)
    assert "contiguity.max_minutes" in explanation.clash.rules
    longer = one(explanation, "contiguity.max_minutes")
    assert longer.value == 5
    assert longer.is_minimal
    assert "5.00 minutes of driving between neighbours allowed instead of 3" in longer.words
    relaxed = with_changes(problem.scenario, longer.changes)
    assert has_plan(changed(problem, relaxed))


def test_a_unit_with_no_neighbour_says_so() -> None:
    problem = toy_problem("A.BC", size=SIZE)
    (unit,) = explain(problem).unplaced
    assert (unit.unit, unit.kinds) == ("A", ("no_neighbour",))


def test_a_border_on_all_sides_cuts_off() -> None:
    problem = toy_problem("ABC", pupils={"C": 2000}, layers={"d": "XYY"}, within=["d"], size=SIZE)
    explanation = explain(problem)
    assert {unit.unit for unit in explanation.unplaced} == {"A", "B"}
    assert "cut_off" in explanation.unplaced[0].kinds
    assert "within" in explanation.unplaced[0].kinds
    assert "join B across a border of the layer d" in explanation.unplaced[0].words
    crossing = one(explanation, "within.d")
    # Either would do; the unit with fewer pupils, or the first of equals, is let across.
    assert (crossing.value, crossing.units) in {(1, ("A",)), (1, ("B",))}
    assert crossing.is_minimal
    assert crossing.words.startswith("let 1 unit with 1,000 pupils cross the layer d: ")
    assert explanation.clash.rules == ("size.min", "within.d")
    assert explanation.areas == ("X (A)", "Y (B, C)")


def test_more_schools_are_let_in_than_are_stated() -> None:
    schools = {unit: [ToySchool("secondary", 500), ToySchool("primary", 500)] for unit in "AB"}
    problem = toy_problem("AB", schools=schools, size={**SIZE, "max_schools": 3})
    explanation = explain(problem)
    assert explanation.clash.rules == ("size.min", "size.schools")
    said = "fewer than 4 schools, and the highest number is 3"
    assert all(said in unit.words for unit in explanation.unplaced)
    found = one(explanation, "size.schools")
    assert (found.changes, found.is_minimal) == ({"size.max_schools": 4}, True)
    assert found.words == "up to 4 schools a cluster instead of 3"


def test_an_oversize_unit_that_is_refused_is_named() -> None:
    problem = toy_problem("AB", pupils={"A": 3000, "B": 2000}, size={**SIZE, "oversize": "refuse"})
    explanation = explain(problem)
    (unit,) = explanation.unplaced
    assert (unit.unit, unit.kinds) == ("A", ("oversize",))
    assert one(explanation, "size.oversize").changes == {"size.oversize": "keep"}
    assert one(explanation, "size.max").value == 3000


def test_travel_names_the_schools_and_the_least_limit() -> None:
    far = [
        ToySchool("secondary", 900, square=(0, 0)),
        ToySchool("primary", 100, square=(0, 4)),
    ]
    problem = toy_problem(
        "AAAAAB", schools={"A": far}, travel={"max_minutes": 7}, size={"max_pupils": 5000}
    )
    explanation = explain(problem)
    (unit,) = explanation.unplaced
    assert (unit.unit, unit.kinds) == ("A", ("travel",))
    assert "from A2 primary to A1 secondary takes 8.00 minutes, over the limit of 7" in unit.words
    assert explanation.clash.rules == ("travel",)
    limit = one(explanation, "travel")
    assert (limit.value, limit.is_feasible, limit.is_minimal) == (8.0, True, True)
    assert "from A2 primary to A1 secondary)" in limit.words


def test_ways_that_are_not_known_are_told_and_need_no_limit_at_all() -> None:
    tables = {"size": SIZE, "travel": {"max_minutes": 9}, "objective": {"order": ["count"]}}
    problem = toy_problem("ABCD", pupils={"A": 900, "B": 1_200}, **tables)
    minutes = problem.travel.minutes.copy()
    minutes[0, 1] = minutes[1, 0] = float("nan")
    travel = dataclasses.replace(problem.travel, minutes=minutes)
    explanation = explain(dataclasses.replace(problem, travel=travel))
    assert explanation.unplaced[0].words == (
        "A (900 pupils) fits nowhere: by itself it is under the minimum of 2,000; "
        "or its schools cannot reach one another"
    )
    limit = one(explanation, "travel")
    assert limit.words == "no travel limit instead of 9 minutes: some ways are not known"
    assert (limit.value, limit.changes, limit.is_feasible, limit.is_minimal) == (0, {}, True, True)
    tables = {"size": SIZE, "limits": {"longest_minutes": 9}, "objective": {"order": ["count"]}}
    limited = toy_problem("AB", pupils={"A": 900, "B": 1_200}, **tables)
    minutes = problem.travel.minutes[:2, :2] * float("nan")
    travel = dataclasses.replace(limited.travel, minutes=minutes)
    explanation = explain(dataclasses.replace(limited, travel=travel))
    assert explanation.unplaced[0].words == (
        "A (900 pupils) fits nowhere: "
        "no group it could be in keeps the limit on the longest way of any school"
    )


def test_no_secondary_school_in_reach() -> None:
    problem = toy_problem("A.B", schools={"A": [ToySchool("primary", 100)]})
    explanation = explain(problem)
    (unit,) = explanation.unplaced
    assert (unit.unit, unit.kinds) == ("A", ("secondary",))
    assert "no group it could be in has more than 0 secondary schools" in unit.words
    assert one(explanation, "secondary").value == 0


def test_pins_that_clash_are_named_and_each_can_be_dropped() -> None:
    pins = {"together": [["A", "B"]], "apart": [["A", "B"]]}
    explanation = explain(toy_problem("AB", pins=pins))
    assert explanation.clash.rules == ("pins.together[0]", "pins.apart[0]")
    assert {unit.kinds for unit in explanation.unplaced} == {("pins",)}
    assert one(explanation, "pins.together[0]").changes == {"pins.together": []}
    assert 'drop the pin "A, B apart"' in one(explanation, "pins.apart[0]").words


def test_a_barrier_that_divides_the_map_can_be_dropped() -> None:
    problem = toy_problem("AB", size=SIZE, contiguity={"barriers": [["A", "B"]]})
    explanation = explain(problem)
    assert explanation.clash.rules == ("size.min", "contiguity.barriers[0]")
    assert "drop the barrier A - B" in explanation.lines()[-1]


def test_the_longest_shared_boundary_that_works() -> None:
    problem = toy_problem("AB", size=SIZE, contiguity={"min_shared_m": 1500})
    explanation = explain(problem)
    shared = one(explanation, "contiguity.min_shared_m")
    assert (shared.value, shared.unit) == (1000, "metres")
    assert shared.is_feasible
    assert shared.is_minimal


@pytest.mark.parametrize(
    ("count", "direction", "value"),
    [({"min": 1, "max": 1}, "count.max", 2), ({"min": 3, "max": 9}, "count.min", 2)],
)
def test_the_count_range_that_works(count, direction, value) -> None:
    problem = toy_problem("ABCD", size=SIZE, count=count)
    explanation = explain(problem)
    assert explanation.unplaced == ()
    assert direction in explanation.clash.rules
    assert one(explanation, direction).value == value
    assert one(explanation, direction).is_minimal


def test_units_that_cannot_all_be_placed_are_named() -> None:
    """Every unit is in some pair, but three in a row make no two pairs."""
    explanation = explain(toy_problem("ABC.DE", size=SIZE))
    assert explanation.unplaced == ()
    assert set(explanation.stuck_units) <= {"A", "B", "C"}
    assert explanation.stuck_units
    assert "Not all of these can be placed at once" in "\n".join(explanation.lines())


def test_two_changes_together_where_neither_suffices() -> None:
    problem = toy_problem(
        "A.B",
        pupils={"A": 900, "B": 3000},
        size={"min_pupils": 2000, "max_pupils": 2500, "oversize": "refuse"},
    )
    explanation = explain(problem)
    assert explanation.relaxations == ()
    assert "No single change of a rule admits a plan." in explanation.lines()
    pairs = {
        tuple(sorted((r.direction, r.value) for r in pair.relaxations))
        for pair in explanation.combined
    }
    assert (("size.max", 3000), ("size.min", 900)) in pairs
    assert (("size.min", 900), ("size.oversize", 1)) in pairs
    assert all(r.is_feasible and r.is_minimal for p in explanation.combined for r in p.relaxations)


def test_a_maximum_many_times_as_high_is_a_change_too() -> None:
    problem = toy_problem("ABCD", size={"max_pupils": 1000}, pins={"together": [["A", "D"]]})
    every = sum(problem.units["pupils"])
    assert every > 3 * 1000
    found = one(explain(problem), "size.max")
    assert (found.value, found.is_minimal) == (every, True)


def test_a_maximum_below_one_unit_is_raised_to_hold_it() -> None:
    size = {"max_pupils": 1000, "oversize": "refuse"}
    found = one(explain(toy_problem("AB", pupils={"A": 900, "B": 2500}, size=size)), "size.max")
    assert found.value == 2500


def test_how_far_a_maximum_was_raised_in_vain_is_said(monkeypatch) -> None:
    monkeypatch.setattr(trial, "MAX_SETS", 9)
    problem = toy_problem("ABCD", size={"max_pupils": 1000}, pins={"together": [["A", "D"]]})
    explanation = explain(problem)
    assert all(r.direction != "size.max" for r in explanation.relaxations)
    told = "A maximum of more than 2,000 pupils was not tried: too many groups to list."
    assert told in explanation.lines()


def test_a_rule_that_another_rests_on_is_named_where_it_is_the_cause() -> None:
    """Sizes go by places of hubs, so where clusters meet cannot be given up by itself."""
    school = {"A": [ToySchool("secondary", 500, columns={"places": 500})]}
    problem = toy_problem(
        "A.B",
        schools=school | {"B": [ToySchool(pupils=500, columns={"places": 0})]},
        size={"of": "hub", "places": "places", "tolerance": 0.1},
        redraw={"hubs": "secondary"},
    )
    lines = "\n".join(explain(problem).lines())
    assert "cannot be kept: rule that clusters meet at certain schools." in lines
    assert "No rule is the cause" not in lines


def test_two_entries_of_one_list_are_dropped_together() -> None:
    """Neither alone: whichever is left still parts what is to be one."""
    pins = {"together": [["A", "B", "C"]], "apart": [["A", "B"], ["B", "C"]]}
    count = {"min": 1, "max": 1}
    explanation = explain(toy_problem("ABC", pins=pins, count=count))
    assert explanation.rules["count.max"] == "highest number of clusters (1)"
    (pair,) = [
        pair
        for pair in explanation.combined
        if {r.direction for r in pair.relaxations} == {"pins.apart[0]", "pins.apart[1]"}
    ]
    first, second = pair.relaxations
    assert first.changes == {"pins.apart": [["B", "C"]]}
    assert second.changes == {"pins.apart": []}
    assert first.words == 'drop the pin "A, B apart"'
    assert first.is_feasible
    assert first.is_minimal
    assert second.is_minimal


def test_a_limit_that_is_no_whole_number_is_said_as_the_one_it_is() -> None:
    explanation = explain(toy_problem("AB", limits={"count": 1.99}))
    assert explanation.rules["limits.count"] == "limit of 1 cluster"
    assert amount("deviation", 1, is_limit=True) == "1 pupil of deviation from the target"


def test_named_exceptions_come_before_others() -> None:
    problem = toy_problem(
        "ABC",
        pupils={"A": 2400, "B": 900, "C": 2300},
        size={**SIZE, "exceptions": ["B"]},
    )
    directions = [r.direction for r in explain(problem).relaxations]
    assert "size.max_exceptions" in directions
    assert "size.exceptions" not in directions


def test_the_price_of_each_rule() -> None:
    problem = toy_problem(
        "ABCD", layers={"d": "XXXY"}, within=["d"], size={"max_pupils": 2_000}, secondary={"min": 1}
    )
    explanation = explain(problem)
    assert explanation.status == "OPTIMAL"
    assert explanation.objective["count"] == 3
    price = {p.rule: p for p in explanation.prices}
    assert price["within.d"].words == "Without the borders of the layer D: 2 clusters instead of 3"
    assert price["within.d"].objective["count"] == 2
    assert price["secondary"].is_free
    assert any(line.startswith("Free, nothing changes") for line in explanation.lines())


BASE = {"count": 3.0, "pupil_minutes": 100.5}


@pytest.mark.parametrize(
    ("status", "found", "words"),
    [
        ("OPTIMAL", BASE, "nothing changes, the rule is free"),
        ("OPTIMAL", {"count": 2.0, "pupil_minutes": 300.0}, "2 clusters instead of 3"),
        ("OPTIMAL", {"count": 3.0, "pupil_minutes": 90.25}, "90.25 pupil minutes instead of 100.5"),
        ("FEASIBLE", {"count": 2.0}, "2 clusters or better (not proved) instead of 3"),
        ("FEASIBLE", {"count": 3.0}, "not proved in time whether a better plan exists"),
        ("FEASIBLE", {"count": 4.0}, "not proved in time whether a better plan exists"),
    ],
)
def test_a_price_is_told_as_far_as_it_is_proved(
    status: str, found: dict[str, float], words: str
) -> None:
    lab = SimpleNamespace(problem=toy_problem("ABC", count={"min": 2}))
    clerk = SimpleNamespace(lab=lab, best=lambda *_, **__: (status, found))
    price = explanation._price(clerk, "count.min", BASE, limit_s=1.0)
    assert price.words == f"Without the least number of clusters (2): {words}"
    assert (price.status, price.objective) == (status, found)
    assert price.is_free == (found == BASE)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ((3.0, 100.5), "nothing changes, the rule is free"),
        ((2.0, 50.0), "2 clusters instead of 3, so the rule costs 1 at most (33%)"),
        ((3.0, 75.0), "75 pupil minutes instead of 100.5, so the rule costs 25.5 at most (25%)"),
    ],
)
def test_a_price_that_is_not_found_is_bounded(
    monkeypatch: pytest.MonkeyPatch, bounds: tuple[float, float], words: str
) -> None:
    lab = Lab(toy_problem("ABC", count={"min": 2}), time_limit_s=60)
    clerk = SimpleNamespace(lab=lab, best=lambda *_, **__: ("UNKNOWN", {}))

    def bound(problem: Problem, term: str, *, known: float) -> float:
        assert problem.scenario.count.min == 1
        assert known == BASE[term]
        return dict(zip(BASE, bounds, strict=True))[term]

    monkeypatch.setattr(explanation, "lower_bound", bound)
    price = explanation._price(clerk, "count.min", BASE, limit_s=1.0)
    head = "" if price.is_free else "not proved in time; at best "
    assert price.words == f"Without the least number of clusters (2): {head}{words}"
    assert price.is_free == (bounds == (3.0, 100.5))
    assert price.status == ("OPTIMAL" if price.is_free else "UNKNOWN")


def test_prices_are_told_in_whole() -> None:
    prices = [
        Price("a", "", "OPTIMAL", {}, is_free=is_free, words=f"price {at}")
        for at, is_free in enumerate([True, False, False])
    ]
    told = {"is_feasible": True, "proof": {"second_method": "counted"}, "notes": ("a note",)}
    rules = {"rules": {"a": "rule a", "b": "rule b"}}
    head = "Toy: there is a plan (counted)."
    best = "The best one: 2 clusters, 7.5 minutes on the longest way."
    told["objective"] = {"count": 2.0, "longest_minutes": 7.5}
    made = Explanation("T", "Toy", "OPTIMAL", **told, **rules, prices=tuple(prices))
    free = "Free, nothing changes without any one of them: rule a."
    costs = ["What the rules cost:", "  price 1", "  price 2"]
    assert [*made.lines()] == [head, best, *costs, free, "a note"]
    made = Explanation("T", "Toy", "OPTIMAL", **told, **rules, prices=tuple(prices[:1]))
    assert [*made.lines()] == [head, best, "No rule costs anything.", free, "a note"]
    made = Explanation("T", "Toy", "OPTIMAL", **told, **rules, prices=tuple(prices[1:]))
    assert [*made.lines()] == [head, best, *costs, "a note"]
    made = Explanation("T", "Toy", "OPTIMAL", **{**told, "objective": {}})
    assert made.lines()[1:] == ("Which is the best was not proved in time.", "a note")


def test_a_rule_by_which_clusters_meet_elsewhere_is_not_free() -> None:
    """The clusters to choose from stay the same, what they cost does not."""
    schools = {"A": [ToySchool("secondary", 10, (0, 0)), ToySchool("primary", 900, (0, 3))]}
    problem = toy_problem(
        "AAAA",
        schools=schools,
        redraw={"hubs": "secondary"},
        objective={"order": ["pupil_minutes"]},
    )
    explanation = explain(problem)
    (price,) = [p for p in explanation.prices if p.rule == "redraw.hubs"]
    assert not price.is_free
    assert price.objective["pupil_minutes"] == explanation.objective["pupil_minutes"] / 90


def test_a_rule_that_projections_break_is_not_free() -> None:
    """The clusters to choose from stay the same, the projections that they keep do not."""
    projection = {
        "assumption": "made",
        "growth": [{"name": "more", "years": [2030], "pct_per_year": 1}],
    }
    size = {"max_pupils": 1_100, "oversize": "refuse"}
    objective = {"order": ["robustness"]}
    problem = toy_problem("AB", size=size, projection=projection, objective=objective)
    explanation = explain(problem)
    price = {p.rule: p for p in explanation.prices}["size.max"]
    assert explanation.objective["robustness"] == 1
    assert price.objective["robustness"] == 0


def test_an_explanation_is_plain_data() -> None:
    for problem in (toy_problem("ABC", size=SIZE), toy_problem("AB", size=SIZE)):
        data = json.loads(json.dumps(explain(problem).as_dict()))
        assert data["label"] == "T"


def test_only_merge_scenarios_have_rules_to_explain() -> None:
    with pytest.raises(ScenarioError, match='method "keep" has no rules to explain'):
        explain(toy_problem("AB", method="keep"))


def test_without_time_nothing_is_claimed() -> None:
    explanation = explain(toy_problem("ABC.DE", size=SIZE), time_limit_s=0.0)
    assert (explanation.status, explanation.relaxations) == ("UNKNOWN", ())
    assert "was not proved in time" in explanation.lines()[0]


def test_what_time_did_not_settle_is_not_called_impossible() -> None:
    """A unit in no group is seen at once; with no time left no change can be solved."""
    explanation = explain(
        toy_problem("AB", pupils={"A": 900, "B": 950}, size=SIZE), time_limit_s=0.0
    )
    assert explanation.status == "INFEASIBLE"
    assert explanation.relaxations == ()
    assert "size.min" in explanation.unsettled
    assert "No single change of a rule admits a plan." not in explanation.lines()
    assert "The time ran out" in explanation.notes[-1]


@pytest.mark.parametrize(
    ("least", "late", "status"), [(3_000, "_diagnosed", "INFEASIBLE"), (0, "_priced", "UNKNOWN")]
)
def test_what_was_proved_before_time_ran_out_is_told(
    monkeypatch: pytest.MonkeyPatch, least: int, late: str, status: str
) -> None:
    def ran_out(*_: object) -> None:
        message = "too late"
        raise NoPlanFoundError(message)

    monkeypatch.setattr(explanation, late, ran_out)
    found = explain(toy_problem("AB", size={"min_pupils": least}))
    assert (found.status, found.is_feasible, found.proof["why"]) == (status, not least, "too late")
    assert found.notes == ("The time ran out: what is not listed was not tried.",)


def test_what_was_found_before_time_ran_out_stays() -> None:
    """Wherever it runs out: the proof, what fits nowhere, and the changes tried so far."""
    problem = toy_problem("AB", pupils={"A": 900, "B": 950}, size=SIZE)
    whole = explain(problem)
    assert {r.direction for r in whole.relaxations} > {"size.min"}
    n_found = set()
    for n_calls in range(200):
        left = iter(range(n_calls))

        def judged(*args: Any, left: Any = left, real: Any = Lab._judged) -> Any:
            if next(left, None) is None:
                message = "too late"
                raise NoPlanFoundError(message)
            return real(*args)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Lab, "_judged", judged)
            found = explain(problem)
        assert (found.status, found.proof["second_method"]) == (
            "INFEASIBLE",
            "by two methods that agree",
        )
        assert {r.direction for r in found.relaxations} <= {r.direction for r in whole.relaxations}
        if found == whole:
            break
        n_found.add(len(found.relaxations))
    assert found == whole
    assert n_found >= {0, 1, len(whole.relaxations) - 1}


@pytest.mark.parametrize("name", TOLD)
def test_what_states_decide_is_as_the_solver_decides_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Where CP-SAT would take long."""
    solved, n_asked = Lab.solved, []

    def at_length(lab: Lab, groups: Any, scenario: Scenario, **most: float) -> str:
        n_asked.append(bool(most))
        return "UNKNOWN" if most else solved(lab, groups, scenario)

    monkeypatch.setattr(Lab, "solved", at_length)
    problem = told_problem(name)
    assert list(explain(problem).lines()) == TOLD[name]["told"]
    assert problem.scenario.most_of or n_asked.count(False) == 1


@pytest.mark.parametrize(
    ("shared_m", "barriers"), [(500.0, ()), (2000.0, (("Acle", "Loddon"),)), (1.0, ())]
)
def test_a_changed_graph_is_the_one_that_would_be_built(shared_m, barriers) -> None:
    problem = norfolk_problem("4a")
    scenario = with_values(
        problem.scenario, {"contiguity.min_shared_m": shared_m, "contiguity.barriers": barriers}
    )
    tried = Lab(problem, time_limit_s=1.0).changed(Trial(scenario)).dual
    built = changed(problem, scenario).dual
    assert sorted(map(sorted, tried.edges)) == sorted(map(sorted, built.edges))


def test_quick_trials_agree_with_whole_runs() -> None:
    problem = norfolk_problem("4d")
    lab = Lab(problem, time_limit_s=60.0)
    for family in rule_families(problem):
        if family == "size.max":
            continue
        trial = Trial(without(problem.scenario, [family]))
        quick, _ = lab.groups(trial)
        assert lab.verdict(trial) == lab.check(trial) == "FEASIBLE"
        assert {g.mask for g in quick} >= set(_masks(lab, trial))


def _masks(lab: Lab, trial: Trial) -> list[int]:
    return [group.mask for group in candidate_groups(lab.changed(trial))]


@given(
    pupils=st.lists(st.integers(1, 9), min_size=6, max_size=6),
    low=st.integers(3, 12),
    width=st.integers(0, 4),
    count=st.sampled_from([{}, {"min": 1, "max": 2}, {"min": 3, "max": 6}]),
    apart=st.booleans(),
)
@settings(max_examples=examples(15))
def test_clashes_and_changes_hold_on_random_maps(pupils, low, width, count, apart) -> None:
    """The clash has no plan by itself and one without any of its rules; the changes have one."""
    problem = toy_problem(
        "ABC DEF",
        pupils=dict(zip("ABCDEF", pupils, strict=True)),
        layers={"d": "XXY XYY"},
        within=["d"],
        size={"min_pupils": low, "max_pupils": low + width, "oversize": "refuse"},
        count=count,
        pins={"apart": [["A", "D"]]} if apart else {},
    )
    explanation = explain(problem)
    assert explanation.is_feasible == has_plan(problem)
    if explanation.is_feasible:
        return
    families = rule_families(problem)
    clash = set(explanation.clash.rules)
    others = [family for family in families if family not in clash]

    def has_plan_without(dropped: list[str]) -> bool:
        return has_plan(changed(problem, without(problem.scenario, dropped)))

    assert not has_plan_without(others)
    assert all(has_plan_without([*others, family]) for family in sorted(clash))
    for relaxation in explanation.relaxations:
        assert relaxation.is_feasible
        assert relaxation.is_minimal
        if relaxation.changes:
            assert has_plan(
                changed(problem, with_changes(problem.scenario, dict(relaxation.changes)))
            )


# Ten scenarios that have no plan: option, what is changed, what must be named as the cause, and the
# least change in some direction.
CASES = {
    "minimum 3,200": ("4a", {"size": {"min_pupils": 3200}}, "Taverham", {"size.min": 3163}),
    "20 clusters": (
        "4a",
        {"count": {"min": 20, "max": 20}},
        "20 clusters of up to 5,000 pupils cannot hold",
        {"count.max": 26},
    ),
    "no exception": (
        "4d",
        {"size": {"max_exceptions": 0, "exceptions": None}},
        "Great Yarmouth",
        {"size.min": 2401, "size.exceptions": 1, "size.max": 5648, "within.gp_consortium": 1},
    ),
    "20 minutes": ("4a", {"travel": {"max_minutes": 20.0}}, "20 minutes", {"travel": 31.25}),
    "together": (
        "4a",
        {"pins": {"together": (("Thetford", "Wells"),)}},
        "Thetford, Wells together",
        {"pins.together[0]": 1},
    ),
    "apart": (
        "4a",
        {"pins": {"apart": (("Great Yarmouth", "Caister"), ("Great Yarmouth", "Flegg"))}},
        "Great Yarmouth",
        {"size.exceptions": 1},
    ),
    "no oversize": ("4a", {"size": {"oversize": "refuse"}}, "Dereham", {"size.max": 5227}),
    "two secondary schools": ("4a", {"secondary": {"min": 2}}, "Bradwell", {"secondary": 1}),
    "within districts": ("4a", {"within": ("district",)}, "Acle", {"within.district": 2}),
    "maximum 4,000": ("4a", {"size": {"max_pupils": 4000}}, "Great Yarmouth", {"size.max": 4366}),
}


LIKE_A_TOY = {"20 clusters", "no exception", "20 minutes", "apart", "within districts"}
"""Cases that take long, and whose rule is also tried alone on a toy above."""

EACH = [
    pytest.param(case, marks=pytest.mark.thorough if case in LIKE_A_TOY else ()) for case in CASES
]


def made_infeasible(case: str) -> Problem:
    option, tables, _, _ = CASES[case]
    scenario = norfolk_scenario(option)
    for name, values in tables.items():
        if isinstance(values, dict):
            scenario = with_values(
                scenario, {f"{name}.{key}": value for key, value in values.items()}
            )
        else:
            scenario = scenario.model_copy(update={name: values})
    place = norfolk_place()
    return build_problem(scenario, place.authority, place.territory)


@cache
def explained(case: str) -> Explanation:
    return explain(made_infeasible(case))


@pytest.mark.parametrize("case", EACH)
def test_the_true_cause_is_named(case: str) -> None:
    explanation = explained(case)
    assert explanation.status == "INFEASIBLE"
    assert explanation.proof["second_method"] == "by two methods that agree"
    assert explanation.notes == () or "time ran out" not in explanation.notes[-1]
    assert explanation.clash.is_smallest
    _, _, cause, values = CASES[case]
    told = "\n".join(explanation.lines())
    assert cause in told.partition("Any one of these")[0] or cause in "\n".join(explanation.notes)
    for direction, value in values.items():
        assert one(explanation, direction).value == value


@pytest.mark.parametrize("case", EACH)
def test_every_relaxation_offered_is_feasible_and_minimal(case: str) -> None:
    explanation = explained(case)
    offered = [*explanation.relaxations, *(r for c in explanation.combined for r in c.relaxations)]
    assert offered
    assert all(r.is_feasible and r.is_minimal for r in offered)


@pytest.mark.parametrize("case", EACH)
def test_changes_hold_when_they_are_written_into_the_file(case: str) -> None:
    problem = made_infeasible(case)
    assert not has_plan(problem)
    for relaxation in explained(case).relaxations:
        if not relaxation.changes:
            continue
        # A run that also looks for the best plan may take long: here any plan will do.
        any_plan = problem.scenario.objective.model_copy(update={"order": ("count",)})
        scenario = problem.scenario.model_copy(update={"objective": any_plan})
        assert has_plan(changed(problem, with_changes(scenario, relaxation.changes)))
        if relaxation.direction in STEP:
            ((path, value),) = relaxation.changes.items()
            short = {path: round(value + STEP[relaxation.direction], 2)}
            assert not has_plan(changed(problem, with_changes(scenario, short)))


def test_units_that_cross_make_a_plan_within_the_border() -> None:
    problem = made_infeasible("within districts")
    crossing = one(explained("within districts"), "within.district")
    assert set(crossing.units) == {"Acle", "Litcham"}
    for moved, is_enough in [(crossing.units, True), (crossing.units[:1], False)]:
        units = problem.units.copy()
        areas = {"Acle": "Great Yarmouth", "Litcham": "King's Lynn and West Norfolk"}
        for unit in moved:
            units.loc[unit, "home.district"] = areas[unit]
        assert has_plan(dataclasses.replace(problem, units=units)) is is_enough


def test_no_one_unit_alone_can_cross_instead_of_two() -> None:
    problem = made_infeasible("within districts")
    lab = Lab(problem, time_limit_s=60.0)
    areas = sorted(set(problem.units["home.district"]))
    for unit in lab.names:
        for area in areas:
            trial = Trial(problem.scenario, (("district", unit, area),))
            assert lab.verdict(trial) == "INFEASIBLE"


def test_an_explanation_is_short_by_itself_and_whole_by_its_lines() -> None:
    long = tuple(f"Something odd about a place called {i} {'x' * 90}" for i in range(20))
    proof = {"second_method": "counted"}
    said = Explanation(
        "4a", "4a", "INFEASIBLE", is_feasible=False, proof=proof, objective={}, notes=long
    )
    assert len(repr(said).splitlines()) == 10
    assert max(map(len, repr(said).splitlines())) < 120
    assert repr(said).endswith(f"and {len(said.lines()) - 9} more lines, in lines()")


def test_nothing_more_is_said_of_nine_lines() -> None:
    proof = {"second_method": "counted"}
    made = {"is_feasible": True, "proof": proof, "objective": {}, "notes": ("x" * 118,) * 7}
    said = repr(Explanation("4a", "4a", "OPTIMAL", **made))
    assert len(said.splitlines()) == 9
    assert said.splitlines()[-1] == "x" * 118


def test_the_ground_and_what_is_not_all_listed() -> None:
    unit = UnplacedUnit("A", 5, ("x",), (("size.min",),), "A fits nowhere")
    change = Relaxation("size.min", 2, 1, "pupils", {}, (), "one pupil fewer", is_feasible=True)
    made = {
        "is_feasible": False,
        "proof": {"second_method": "counted"},
        "objective": {},
        "unplaced": (unit,) * 8,
        "stuck_units": ("B", "C"),
        "areas": ("X (A)", "Y (B)"),
        "clash": Clash(("size.min", "size.max"), is_smallest=False),
        "rules": {"size.min": "the least", "size.max": "the most", "travel": "ways"},
        "relaxations": (change, dataclasses.replace(change, is_minimal=True)),
        "unsettled": ("travel",),
        "combined": (Combination((change, change), "both"),),
        "notes": ("a note",),
        "ground": ("a hole",),
        "besides": ("a gap",) * 7,
    }
    assert Explanation("T", "Toy", "INFEASIBLE", **made).lines() == (
        "Look at the ground first, before any rule is changed:",
        "  a hole",
        "Toy: there is no plan. This is proved (counted).",
        *["  A fits nowhere."] * 6,
        "  and 2 more",
        "The fault lies in: X (A); Y (B).",
        "Rules that cannot all be kept: the least; the most (a smaller set may clash too).",
        "Any one of these changes admits a plan, and none of them can be smaller:",
        "  one pupil fewer (a smaller change may do)",
        "  one pupil fewer",
        "Not settled in time: travel.",
        "Two changes together, neither enough alone:",
        "  both",
        "a note",
        "Odd about the ground besides, but no cause of this by itself:",
        *["  a gap"] * 6,
        "  and 1 more",
    )
    changed = {"is_ground_cause": True, "unplaced": (), "clash": Clash((), is_smallest=True)}
    none = {"relaxations": (), "combined": (), "besides": ()}
    assert Explanation("T", "Toy", "INFEASIBLE", **made | changed | none).lines() == (
        "The ground is the cause. Were this settled, there would be a plan:",
        "  a hole",
        "Toy: there is no plan. This is proved (counted).",
        "The fault lies in: X (A); Y (B).",
        "Not all of these can be placed at once: B, C.",
        "No rule is the cause: the map or the minutes leave no plan at all.",
        "No single change of a rule that admits a plan was found.",
        "Not settled in time: travel.",
        "a note",
    )
    settled = {"unsettled": (), "ground": (), "clash": Clash(("travel",), is_smallest=True)}
    assert Explanation("T", "Toy", "INFEASIBLE", **made | changed | none | settled).lines()[3:] == (
        "Rules that cannot be kept: ways.",
        "No single change of a rule admits a plan.",
        "a note",
    )
    assert Explanation("T", "Toy", "UNKNOWN", **made).lines() == (
        "Look at the ground first, before any rule is changed:",
        "  a hole",
        "Toy: whether there is a plan was not proved in time.",
        "a note",
    )


def test_no_limit_is_called_the_least_of_sets_that_are_not_all_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = {"pupil_minutes": 1, "longest_minutes": 1}
    problem = toy_problem("ABC", limits=limits, count={"max": 2})
    name = "limits.pupil_minutes"
    for most_sets, is_found in [(99, True), (5, False)]:
        monkeypatch.setattr(trial, "MAX_SETS", most_sets)
        lab, base = Lab(problem, time_limit_s=60), Trial(without(problem.scenario, ["travel"]))
        (direction,) = [
            d for d in directions_of(base.scenario, [name], lab.maxima[-1]) if d.key == name
        ]
        loose = Trial(without(base.scenario, ["limits.longest_minutes"]))
        assert (direction.least(lab, loose) is not None) == is_found


def test_a_limit_is_raised_together_with_another_rule() -> None:
    rules = {"size": {"max_pupils": 1_000}, "within": ["district"]}
    least = {"count": {"max": 2}, "limits": {"count": 2}}
    problem = toy_problem("ABC", layers={"district": "xyz"}, **rules, **least)
    offered = [
        {r.direction: r.value for r in pair.relaxations} for pair in explain(problem).combined
    ]
    assert {"count.max": 3, "limits.count": 3} in offered


@pytest.mark.parametrize(
    ("verdicts", "at"), [("IUF", 2), ("IFF", 1), ("FFF", 0), ("IIU", None), ("UUF", 2), ("", None)]
)
def test_the_first_value_with_a_plan_has_one(verdicts: str, at: int | None) -> None:
    """A value of which nothing is known in time is none that has a plan."""
    named = {"F": "FEASIBLE", "I": "INFEASIBLE", "U": "UNKNOWN"}
    lab = SimpleNamespace(verdict=lambda trial: named[verdicts[trial]])
    found = first_of(lab, [*range(10, 10 + len(verdicts))], lambda value: value - 10)
    assert found == (None if at is None else (10 + at, at, at - 1 if at else None))


def test_a_cost_is_the_least_only_where_that_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = toy_problem("AB")
    lab = Lab(problem, time_limit_s=60)
    groups, _ = lab.groups(Trial(problem.scenario))
    for bound, found in ((2.0, (2,)), (1.0, None)):
        solver = SimpleNamespace(
            objective_value=2.0, best_objective_bound=bound, boolean_value=lambda _: True
        )
        monkeypatch.setattr(lab, "solve", lambda _, solver=solver: ("FEASIBLE", solver))
        best = cheapest(lab, groups, problem.scenario, [[1] * len(groups)])
        assert (best and best[0]) == found


@pytest.mark.parametrize("less", ["FEASIBLE", "INFEASIBLE", "UNKNOWN"])
@pytest.mark.parametrize("now", ["FEASIBLE", "INFEASIBLE", "UNKNOWN"])
def test_a_change_is_the_least_where_one_step_less_is_refuted_and_not_where_it_is_open(
    now: str, less: str
) -> None:
    scenario = toy_problem("AB").scenario
    step, short = Trial(scenario), Trial(scenario.with_(min_pupils=1))
    lab = SimpleNamespace(check=lambda asked: now if asked is step else less)
    found = checked(lab, Step(Relaxation("d", 1, 2, "pupils", {}, (), ""), step, short))
    assert (found.is_feasible, found.is_minimal) == (now == "FEASIBLE", less == "INFEASIBLE")


@pytest.mark.parametrize(("most_sets", "verdict"), [(1, "UNKNOWN"), (100, "FEASIBLE")])
def test_what_is_not_among_the_sets_that_were_listed_is_not_impossible(
    monkeypatch: pytest.MonkeyPatch, most_sets: int, verdict: str
) -> None:
    monkeypatch.setattr(trial, "MAX_SETS", most_sets)
    problem = toy_problem("AB.CD", size={"min_pupils": 1_000, "max_pupils": 2_000})
    lab = Lab(problem, time_limit_s=60)
    assert lab.verdict(Trial(problem.scenario)) == verdict
    assert unplaced_units(lab) == areas_without_plan(lab) == stuck_units(lab) == ()


def test_no_crossing_is_called_the_least_of_sets_that_are_not_all_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    size, pupils = {"min_pupils": 1_500, "max_pupils": 2_400}, dict.fromkeys("ABC", 300)
    problem = toy_problem(
        "ABC DEF",
        pupils=pupils | {"E": 700},
        size=size,
        layers={"d": "yxx xyy"},
        within=["d"],
    )
    for most_sets, known in [(99, {1}), (12, set())]:
        monkeypatch.setattr(trial, "MAX_SETS", most_sets)
        found = explain(problem).relaxations
        assert {r.value for r in found if r.direction == "within.d"} == known


@given(
    clashes=st.lists(st.sets(st.integers(0, 4), min_size=1), min_size=1, max_size=3),
    unknown=st.sets(st.frozensets(st.integers(0, 4))),
)
def test_the_smallest_clash_is_the_smallest_and_another_clashes(clashes, unknown) -> None:
    """Five rules, sets of them that clash, and such of which nothing is found in time."""

    def verdict(asked: Trial) -> str:
        kept = frozenset(range(5)) - asked.scenario
        if kept in unknown and len(kept) < 5:
            return "UNKNOWN"
        return "INFEASIBLE" if any(clash <= kept for clash in clashes) else "FEASIBLE"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diagnosis, "without", lambda _, dropped: frozenset(dropped))
        lab = SimpleNamespace(problem=SimpleNamespace(scenario=None), verdict=verdict)
        found = find_clash(lab, range(5))
    assert any(clash <= set(found.rules) for clash in clashes)
    if not unknown:
        assert found.is_smallest
    if found.is_smallest:
        assert len(found.rules) == min(map(len, clashes))


def test_sizes_by_hubs_are_left_out_of_the_file_where_they_are_given_up() -> None:
    schools = {"A": [ToySchool("secondary", 1_000, columns={"places": 100})]}
    size = {"of": "hub", "places": "places", "tolerance": 0.5}
    problem = toy_problem("A", schools=schools, redraw={"hubs": "secondary"}, size=size)
    found = one(explain(problem), "size.hub")
    assert (found.words, found.changes) == ("sizes that do not go by the places of hubs", {})


def test_where_sizes_go_by_hubs_their_rule_is_given_up_and_not_that_of_hubs() -> None:
    size = {"of": "hub", "places": "places", "tolerance": 0.5}
    schools = {"A": [ToySchool("secondary", 1_000, columns={"places": 2_000})]}
    for table, families in [({}, {"redraw.hubs"}), ({"size": size}, {"size.hub"})]:
        problem = toy_problem("A", schools=schools, redraw={"hubs": "secondary"}, **table)
        found = {*rule_families(problem)}
        assert found & {"redraw.hubs", "size.hub"} == families


def test_a_clash_that_is_open_is_not_called_the_smallest(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = toy_problem("AB", size={"min_pupils": 3_000})
    families = rule_families(problem)
    clash = find_clash(Lab(problem, time_limit_s=60), families)
    assert (clash.rules, clash.is_smallest) == (("size.min",), True)
    monkeypatch.setattr(Lab, "verdict", lambda *_: "UNKNOWN")
    clash = find_clash(Lab(problem, time_limit_s=60), families)
    assert (clash.rules, clash.is_smallest) == (families, False)


@pytest.mark.parametrize(("fewest", "verdict"), [(2, "FEASIBLE"), (3, "UNKNOWN")])
def test_whole_pieces_are_a_plan_where_they_are_as_many_as_allowed(
    fewest: int, verdict: str
) -> None:
    problem = toy_problem("AB.CD", count={"min": fewest})
    lab = Lab(problem, time_limit_s=60)
    assert lab._by_whole_pieces(Trial(problem.scenario)) == verdict


@pytest.mark.parametrize(("limit", "near"), [(3.5, [0b11, 0b11]), (3.49, [0b01, 0b10])])
def test_what_is_in_reach_is_so_on_the_limit_too(limit: float, near: list[int]) -> None:
    """Two squares are 2 minutes and 1.5 a kilometre apart."""
    problem = toy_problem("AB", travel={"max_minutes": limit})
    assert Lab(problem, time_limit_s=60)._near(Trial(problem.scenario)) == near
