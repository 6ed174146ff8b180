"""The registry of rules, walked: each is kept by makers, judged by the check, explained."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from cluster_optimiser import rules
from cluster_optimiser.constants import MOST_PUPILS
from cluster_optimiser.errors import InputError
from cluster_optimiser.optimise.candidates import candidate_groups
from cluster_optimiser.optimise.explain.diagnosis import rule_families, without
from cluster_optimiser.optimise.explain.directions import directions_of
from cluster_optimiser.optimise.explain.explanation import rule_words
from cluster_optimiser.optimise.universe.legality import positions_of
from cluster_optimiser.rules import BOUNDS, METHODS, OWN_RULE, RULES, Bound, Quota, Rule, rule_of
from cluster_optimiser.scenario import Count, Scenario
from cluster_optimiser.scenario.tables import Size
from cluster_optimiser.verification import verify_plan
from cluster_optimiser.words import languages, speaking, words
from tests.named import naming
from tests.toy import ToySchool, toy_assignment, toy_problem

FAR = {"travel": {"max_minutes": 1}}

BREAKS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "size.min": ({"size": {"min_pupils": 1_001}}, {"a": "A", "b": "BC"}),
    "size.max": ({"size": {"max_pupils": 1_999}}, {"a": "A", "b": "BC"}),
    "size.hub": (
        {
            "size": {"of": "hub", "places": "places", "tolerance": 0.1},
            "redraw": {"hubs": [100_001, 100_002]},
        },
        {"a": "A", "b": "BC"},
    ),
    "size.schools": ({"size": {"max_schools": 1}}, {"a": "A", "b": "BC"}),
    "size.clusters": ({"size": {"clusters": {"C": {"max_pupils": 1_999}}}}, {"a": "A", "b": "BC"}),
    "count": ({"count": {"min": 3}}, {"a": "A", "b": "BC"}),
    "contiguity": ({"contiguity": {"barriers": [["B", "C"]]}}, {"a": "A", "b": "BC"}),
    "travel": (FAR, {"a": "A", "b": "BC"}),
    "secondary": ({"secondary": {"min": 2}}, {"a": "A", "b": "BC"}),
    "hub": ({"redraw": {"hubs": [100_001]}}, {"a": "A", "b": "BC"}),
    "within.<layer>": ({"within": ["district"]}, {"a": "A", "b": "BC"}),
    "limits.<term>": ({"limits": {"changed_pupils": 999}}, {"a": "A", "b": "BC"}),
    "pins.together": ({"pins": {"together": [["A", "B"]]}}, {"a": "A", "b": "BC"}),
    "pins.apart": ({"pins": {"apart": [["A", "B", "C"]]}}, {"a": "A", "b": "BC"}),
}
"""Rule -> tables that state it, and a plan of three units in a row that breaks it."""

ELSEWHERE = {
    "assignment": "tests/verification/test_rules.py",
    "units": "tests/verification/test_rules.py",
    "exempt": "tests/verification/test_rules.py",
    "shape": "tests/verification/test_redraw.py",
    "levels": "tests/optimise/levels",
}
"""Rules that three units in a row cannot show, and where they are tested."""


def problem_of(tables: dict[str, Any]):
    schools = {unit: [ToySchool("secondary", 1_000, columns={"places": 1_000})] for unit in "ABC"}
    return toy_problem("ABC", schools=schools, layers={"district": "xxy"}, **tables)


def test_every_rule_is_tried_here_or_elsewhere() -> None:
    assert {*BREAKS, *ELSEWHERE} == {rule.name for rule in RULES}
    for name, where in ELSEWHERE.items():
        path = Path(__file__).parents[1] / where
        files = path.rglob("*.py") if path.is_dir() else [path]
        assert any(f'"{name}' in file.read_text(encoding="utf-8") for file in files), name


@pytest.mark.parametrize("name", BREAKS)
def test_the_check_finds_each_rule_broken_and_a_merge_offers_no_such_plan(name: str) -> None:
    tables, clusters = BREAKS[name]
    problem = problem_of(tables)
    plan = toy_assignment(problem, clusters)
    found = {rule_of(violation.rule).name for violation in verify_plan(problem, plan).violations}
    assert found == {name}
    with pytest.raises(InputError):
        positions_of(problem, candidate_groups(problem), plan)
    loose = problem_of({})
    assert verify_plan(loose, plan).violations == ()
    assert positions_of(loose, candidate_groups(loose), plan)


@pytest.mark.parametrize("name", BREAKS)
def test_explain_names_each_rule_and_can_give_it_up(name: str) -> None:
    tables, clusters = BREAKS[name]
    problem = problem_of(tables)
    own = [f for f in rule_families(problem) if rule_of(f).name == name]
    assert own
    assert all(rule_words(problem, family) for family in own)
    assert {d.family for d in directions_of(problem.scenario, own, 1)} == set(own)
    freed = problem_of({})
    loosened = without(problem.scenario, own)
    object.__setattr__(freed, "scenario", loosened)
    if name != "contiguity":  # what touches is the problem's, and made anew by `explain`
        assert verify_plan(freed, toy_assignment(freed, clusters)).violations == ()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("rule", "bound"), BOUNDS, ids=str)
def test_a_rule_that_bounds_a_number_has_words_wherever_it_is_shown(
    rule: Rule, bound: Bound, language: str
) -> None:
    with speaking(language):
        say = words()
    is_quota = isinstance(bound, Quota)
    own = ("", "_broken") if bound.is_least else ("", "_broken", "_free")
    for table, forms in {
        "principles_names": ("",),
        "principles_units": ("", "_free") if is_quota else ("",),
        "questions": ("",),
        **({"broken": ("",), "principles_words": own} if is_quota else {}),
    }.items():
        assert all(say[table].get(f"{rule.key}{form}") for form in forms), table
    if is_quota:
        assert say["script"][f"rule_{rule.key}"]
        assert say["measure"][f"relaxed_{rule.key}"]


@pytest.mark.parametrize("language", languages())
def test_each_way_to_ask_for_a_range_has_words(language: str) -> None:
    """Whichever ends are asked for, it is said; a number of clusters may be asked for exactly."""
    with speaking(language):
        say = words()
    ranges = ((0, MOST_PUPILS), (1, MOST_PUPILS), (0, 9), (1, 9))
    asked = {Size(min_pupils=low, max_pupils=high).asks for low, high in ranges}
    assert {f"relaxed_size_{one}" for one in asked} <= {*say["measure"]}
    assert {f"size_{one}" for one in asked} <= {*say["glance"]}
    counted = {
        Count(min=low, max=high).asks
        for low, high in ((1, None), (2, None), (1, 2), (2, 2), (2, 3))
    }
    assert counted == asked | {"exact"}
    for table in ("principles_words", "principles_units"):
        assert {f"count_{one}" for one in counted} <= {*say[table]}


def test_every_family_belongs_to_a_rule_that_may_be_loosened() -> None:
    for rule in RULES:
        assert {rule_of(family.name).name for family in rule.loosened} <= {rule.name}


def test_every_violation_of_the_check_is_a_rule() -> None:
    names = set()
    for path in (Path(rules.__file__).parent / "verification").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Violation":
                first = node.args[0]
                text = first.values[0] if isinstance(first, ast.JoinedStr) else first
                names.add(str(getattr(text, "value", "")))
    assert {rule_of(name.rstrip(".")).name for name in names} == {
        rule.name for rule in (*RULES, OWN_RULE)
    }


MOST = 5
"""Modules that may name a rule or read its keys: its row, its makers, what frees it, its check."""

MEANS_ANOTHER = {
    "exempt": {
        "present/maps.py": "how a school is drawn",
        "present/options.py": "what an option's clusters of their own are called",
        "present/script_data.py": "an option's clusters of their own",
    },
    "within.<layer>": {"present/charts.py": "the bars within the range of pupils"},
}
"""Rule -> modules in which the same word is something else, and what."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_named_in_few_modules(rule: Rule) -> None:
    names = {rule.name, *(family.name for family in rule.loosened), *rule.keys}
    # Of a whole table or a plain key: where a scenario's is read, and where it is said. The name of
    # a rule without a dot ("travel", "units") is a word that much else is called by too.
    whole = {key for key in rule.keys if "." not in key}
    said = whole - {"units"}
    found = naming(
        *(name for name in names if "." in name),
        *(f"scenario.{key}" for key in whole),
        *said,
        *(f"{key}." for key in said),
    )
    other = set(MEANS_ANOTHER.get(rule.name, ()))
    assert other <= found
    assert len(found - other) <= MOST, sorted(found - other)


def test_layers_that_bind_are_asked_for_in_few_modules() -> None:
    found = naming("scenario.required_layers")
    assert 0 < len(found) <= MOST, sorted(found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_key_is_one_of_the_file_and_every_method_one_there_is(rule: Rule) -> None:
    for key in rule.keys:
        table, _, name = key.partition(".")
        field = Scenario.model_fields[table]
        assert not name or name in getattr(field.annotation, "model_fields", {})
    assert {*rule.methods} <= {*METHODS}
    assert bool(rule.why) == (rule.methods != METHODS)


def test_an_unknown_rule_is_an_error() -> None:
    with pytest.raises(KeyError, match="there is no rule"):
        rule_of("colour")
