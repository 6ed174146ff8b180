"""Try it: the page's numbers are those of the command line, edit by edit."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from playwright.sync_api import expect

from cluster_optimiser.domain import Plan, Result, Solution
from cluster_optimiser.inputs import load_plan
from cluster_optimiser.optimise.naming import cluster_names
from cluster_optimiser.present.tables import schools_table
from cluster_optimiser.scenario import Redraw
from cluster_optimiser.scoring import score
from cluster_optimiser.verification import verify_plan
from tests.divided import divided_problem, rescored, with_matrix
from tests.effort import examples
from tests.norfolk import norfolk_problem, norfolk_result
from tests.pages import index_html
from tests.toy import ToySchool, toy_assignment, toy_problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from cluster_optimiser.domain import Problem

OPTIONS, MORE_OPTIONS = ("2b", "4a", "3b"), ("1", "2c", "4b")
EDITS = max(6, examples(11))
MORE_EDITS = examples(50)
UNTOLD = {"need_deviation", "mean_polsby_popper", "border_km"}
MOST_BYTES = 1_100_000


def _problem(option: str) -> Any:
    return norfolk_result(option).problem if option in {"2c", "3b"} else norfolk_problem(option)


def _random_edit(page: Page, rng: random.Random) -> None:
    """Move some unit to some cluster, or to one of its own, as the buttons do."""
    n_units = page.locator("#try-unit option").count()
    page.select_option("#try-unit", str(rng.randrange(n_units)))
    values = page.eval_on_selector_all("#try-to option", "all => all.map(one => one.value)")
    page.select_option("#try-to", rng.choice(values))
    page.click("#try-move")


def _check(page: Page, problem: Problem, file: Path) -> None:
    """Compare what the page shows of a plan with what `evaluate` computes from its file."""
    file.write_text(page.evaluate("clusterPage.planText()"), encoding="utf-8")
    assignment = load_plan(file, problem.authority)
    scored = score(problem, assignment, "x")
    shown = page.evaluate("clusterPage.tried.result")
    assert shown["metrics"] == {
        key: value if value is None else pytest.approx(value, rel=1e-9)
        for key, value in scored.metrics.items()
        # The page is not told the need of schools, nor how long borders are.
        if key in shown["metrics"] or key not in UNTOLD
    }
    found = {(v.rule, v.subject) for v in verify_plan(problem, assignment).violations}
    assert {(rule, who) for rule, who, _ in shown["broken"]} == found
    assert len({*map(tuple, shown["broken"])}) == len(shown["broken"]), "one line stands twice"
    own = scored.clusters[~scored.clusters["is_exempt"].astype(bool)].set_index("cluster")
    assert len(own) == len(shown["clusters"])
    for cluster in shown["clusters"]:
        row = own.loc[cluster["name"]]
        assert cluster["pupils"] == row["pupils"]
        for key, column in (("longest", "max_minutes"), ("mean", "mean_minutes")):
            if cluster[key] is None:
                assert pd.isna(row[column])
            else:
                assert cluster[key] == pytest.approx(row[column])
        if cluster["meets"] < 0:
            assert pd.isna(row["meeting_place_urn"])
        else:
            urn = int(problem.authority.schools.index[cluster["meets"]])
            assert urn == row["meeting_place_urn"]


def _try_edits(page: Page, labels: list[str], option: str, problem: Problem, file: Path) -> None:
    rng = random.Random(f"edits of {option}")
    page.evaluate("clusterPage.openTry()")
    page.select_option("#try-from", str(labels.index(option)))
    for _ in range(EDITS if option in OPTIONS + MORE_OPTIONS else MORE_EDITS):
        _random_edit(page, rng)
        _check(page, problem, file)


@pytest.mark.parametrize(
    "option",
    [*OPTIONS, *(pytest.param(o, marks=pytest.mark.thorough) for o in MORE_OPTIONS)],
)
def test_random_edits_have_the_numbers_and_broken_rules_of_evaluate(
    option: str, norfolk_page: Any, visit: Callable[..., Any], tmp_path: Path
) -> None:
    """Edits one upon another; legality, every metric, every cluster."""
    page = visit(norfolk_page.path).page
    labels = [result.plan.label for result in norfolk_page.results]
    _try_edits(page, labels, option, _problem(option), tmp_path / "plan.csv")


@pytest.fixture(scope="module")
def toy_places(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    """Plans of a toy map whose units are clusters, or single schools, by formula and by matrix."""
    rng = random.Random(12)
    rows = ["AABBCC", "AABBCC", "DDEEFF", "DDEEFF", "GGHHII", "GGHHII"]
    catholic = {"religious_character": "Roman Catholic"}
    schools = {
        letter: [
            ToySchool("secondary", rng.randint(500, 900)),
            *(ToySchool("primary", rng.randint(50, 300)) for _ in range(rng.randint(2, 3))),
            *([ToySchool("primary", 90, columns=catholic)] if letter in "BEH" else []),
        ]
        for letter in "ABCDEFGHI"
    }
    problem = toy_problem(
        " ".join(rows),
        schools=schools,
        layers={"district": " ".join(["aaabbb"] * 3 + ["cccccc"] * 3)},
        size={"min_pupils": 2000, "max_pupils": 5000, "target_pupils": 3000, "max_schools": 9},
        travel={"max_minutes": 9},
        within=["district"],
        exempt=[{"name": "Catholic", "where": catholic}],
        pins={"together": [["A", "B"]], "apart": [["C", "I"]]},
    )
    folder = tmp_path_factory.mktemp("toy")
    problem = replace(problem, authority=replace(problem.authority, folder=folder))
    plan = Plan(
        "whole",
        toy_assignment(problem, {"A and B": "AB", "C and F": "CF", "D and G": "DG", "E": "EHI"}),
        Solution("GIVEN"),
    )
    whole = Result(
        problem=problem,
        plan=plan,
        score=score(problem, plan.assignment, "whole"),
        violations=(),
        objective={},
        seconds=0.0,
        seed=0,
        stamp="0",
        caveats=(),
    )
    some = problem.authority.schools["local_cluster"].isin(["B", "E", "F"])
    schools_alone = divided_problem(problem, some | True)
    redrawn = schools_alone.scenario.model_copy(
        update={"method": "redraw", "redraw": Redraw(shape="towards the hub")}
    )
    problems = {
        "mixed": divided_problem(problem, some),
        "schools": replace(schools_alone, scenario=redrawn),
    }
    return [whole, *(rescored(whole, one, label) for label, one in problems.items())]


@pytest.fixture(scope="module")
def toy_page_of_schools(toy_places: list[Result]) -> Path:
    """Give the page of these plans."""
    path = toy_places[0].problem.authority.folder / "index.html"
    path.write_text(index_html(toy_places, pd.DataFrame()), encoding="utf-8")
    return path


@pytest.mark.parametrize("which", [1, 2])
def test_single_schools_can_be_moved(
    which: int,
    toy_places: list[Result],
    toy_page_of_schools: Path,
    visit: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """Edits with units that are schools, or schools and clusters."""
    seen = visit(toy_page_of_schools)
    labels = [result.plan.label for result in toy_places]
    problem = toy_places[which].problem
    _try_edits(seen.page, labels, labels[which], problem, tmp_path / "plan.csv")
    assert seen.complaints == []
    shown = seen.page.eval_on_selector_all("#try-unit option", "all => all.map(one => one.text)")
    single = [
        str(problem.authority.schools["name"][urn])
        for urn, unit in problem.unit_of.items()
        if unit.startswith("URN ")
    ]
    whole = [unit for unit in problem.units.index if not unit.startswith("URN ")]
    assert sorted(shown) == sorted(single + whole)


def test_ground_that_is_moved_by_itself_is_drawn_by_itself(
    toy_places: list[Result], toy_page_of_schools: Path, visit: Callable[..., Any]
) -> None:
    page = visit(toy_page_of_schools).page
    page.evaluate("clusterPage.openTry()")
    page.select_option("#try-from", "2")
    problem = toy_places[2].problem
    urn = problem.unit_of.index[7]
    title = str(problem.authority.schools["name"][urn])
    page.select_option("#try-unit", label=title)
    page.select_option("#try-to", "own")
    numbers = "clusterPage.tried.pane.labels.filter(({ kind }) => kind === 'number').length"
    before = page.evaluate(numbers)
    page.click("#try-move")
    assert page.evaluate(numbers) == before + 1
    assert title in page.inner_text("#try-clusters")


@pytest.mark.parametrize("is_symmetric", [pytest.param(True, marks=pytest.mark.thorough), False])
def test_minutes_from_a_matrix_are_those_of_evaluate(
    is_symmetric: bool, toy_places: list[Result], visit: Callable[..., Any], tmp_path: Path
) -> None:
    """Edits, with ways that are not the same back, and some that do not exist."""
    problem = with_matrix(toy_places[2].problem, is_symmetric=is_symmetric)
    result = rescored(toy_places[2], problem, "matrix")
    path = tmp_path / "index.html"
    path.write_text(index_html([result], pd.DataFrame()), encoding="utf-8")
    seen = visit(path)
    _try_edits(seen.page, ["matrix"], "matrix", problem, tmp_path / "plan.csv")
    # The answer of a school says the same.
    table = schools_table(result)
    for school in range(len(table)):
        seen.page.evaluate("school => clusterPage.choose({ school })", school)
        text = seen.page.inner_text("#answer-list")
        minutes = table["minutes"].iloc[school]
        if pd.isna(minutes):
            assert "not known" in text
        elif minutes > 0:
            assert f"About {math.floor(minutes + 0.5)} minute" in text
    assert seen.complaints == []


@pytest.mark.thorough
def test_a_county_of_single_schools_with_a_matrix_is_not_too_much(
    visit: Callable[..., Any], tmp_path: Path
) -> None:
    """All of Norfolk's schools as units, winding roads: numbers, size, and what the page adds."""
    plan = norfolk_result("4a")
    everywhere = pd.Series(data=True, index=plan.problem.authority.schools.index)
    problem = divided_problem(plan.problem, everywhere)
    problem = with_matrix(problem, is_symmetric=False)
    result = rescored(plan, problem, "schools")
    path = tmp_path / "index.html"
    path.write_text(index_html([result], pd.DataFrame()), encoding="utf-8")
    assert path.stat().st_size <= MOST_BYTES
    page = visit(path).page
    page.evaluate("clusterPage.openTry()")
    rng = random.Random(2)
    for _ in range(20):
        _random_edit(page, rng)
    _check(page, problem, tmp_path / "plan.csv")


def test_a_saved_plan_loads_again_and_a_broken_one_is_refused_with_every_fault(
    norfolk_page: Any, visit: Callable[..., Any], tmp_path: Path
) -> None:
    page = visit(norfolk_page.path, "#a=1&b=4a").page
    page.evaluate("clusterPage.openTry()")
    rng = random.Random(3)
    for _ in range(4):
        _random_edit(page, rng)
    before = page.inner_text("#try-measures")
    with page.expect_download() as download:
        page.click("#try-save")
    file = tmp_path / "plan.csv"
    download.value.save_as(file)
    assert download.value.suggested_filename == "plan.csv"
    assert page.evaluate("clusterPage.planText()") == file.read_text(encoding="utf-8")
    page.click("#try-again")
    assert page.inner_text("#try-measures") != before
    page.set_input_files("#try-load", file)
    expect(page.locator("#try-loaded")).to_have_text("plan.csv is loaded.")
    assert page.inner_text("#try-measures") == before
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[1] = "999999,Dereham"
    lines[2] = lines[3]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    page.set_input_files("#try-load", file)
    expect(page.locator("#try-loaded")).to_have_text("plan.csv was not loaded:")
    faults = page.locator("#try-faults li").all_inner_texts()
    assert [fault.split(" ")[0] for fault in faults] == ["1", "1", "2"]
    assert "999999" in faults[0]
    assert page.inner_text("#try-measures") == before


def test_an_edit_can_be_taken_back(norfolk_page: Any, visit: Callable[..., Any]) -> None:
    page = visit(norfolk_page.path, "#a=1&b=4a").page
    page.evaluate("clusterPage.openTry()")
    before = page.inner_text("#try-clusters")
    assert page.inner_text("#try-legal") == "✓ This plan keeps every rule of the option."
    page.select_option("#try-unit", label="Thetford")
    page.select_option("#try-to", "in Aylsham and Reepham")
    page.click("#try-move")
    assert "not in one piece" in page.inner_text("#try-broken")
    assert page.inner_text("#try-legal").startswith("✗")
    page.click("#try-undo")
    assert page.inner_text("#try-clusters") == before
    assert page.is_disabled("#try-undo")


def test_the_workbench_is_ready_as_soon_as_it_is_come_to(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    """By its link, before the browser has found the time to see what is near the screen."""
    page = visit(norfolk_page.path, "#a=1&b=4a").page
    counts = page.evaluate(
        """() => { document.querySelector('.toc a[href="#try"]').click();
            return ['#try-unit option', '#try-to option', '#try-clusters tr', '#try-map canvas']
                .map(what => document.querySelectorAll(what).length); }"""
    )
    n_units = len(norfolk_problem("4a").units)
    assert counts[0] == n_units
    assert all(counts)


def test_names_follow_the_members_by_the_rule_that_named_the_plans(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path, "#a=1&b=4a").page
    problem = norfolk_problem("4a")
    page.evaluate("clusterPage.openTry()")
    rng = random.Random(8)
    for _ in range(12):
        _random_edit(page, rng)
        shown = page.evaluate(
            "clusterPage.tried.result.clusters.map(({ name, units }) => [name, units])"
        )
        units = [[str(problem.units.index[i]) for i in held] for _, held in shown]
        assert [name for name, _ in shown] == cluster_names(problem, units)


def test_an_own_plan_survives_a_reload_and_back_takes_a_move_back(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path, "#a=1&b=4a").page
    page.evaluate("clusterPage.openTry()")
    page.select_option("#try-unit", label="Thetford")
    page.select_option("#try-to", "own")
    page.click("#try-move")
    once = page.evaluate("clusterPage.planText()")
    page.select_option("#try-unit", label="Acle")
    page.select_option("#try-to", "own")
    page.click("#try-move")
    assert "Acle is now in the cluster Acle" in page.inner_text("#try-did")
    twice = page.evaluate("clusterPage.planText()")
    assert twice != once
    page.reload()
    assert page.evaluate("clusterPage.planText()") == twice
    page.go_back()
    page.wait_for_function("text => clusterPage.planText() === text", arg=once)


def test_one_rule_that_is_broken_twice_is_one_rule(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path, "#a=1&b=4a").page
    page.evaluate("clusterPage.openTry()")
    for unit in ("Acle", "Reepham"):
        page.select_option("#try-unit", label=unit)
        page.select_option("#try-to", "own")
        page.click("#try-move")
    rules = {rule for rule, _, _ in page.evaluate("clusterPage.tried.result.broken")}
    places = page.locator("#try-broken li").count()
    assert len(rules) < places
    said = page.inner_text("#try-legal")
    assert f"{len(rules)} rule" in said
    assert f"in {places} places" in said
