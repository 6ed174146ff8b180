"""Try it: the page's numbers are those of the command line, edit by edit."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from cluster_optimiser.inputs import load_plan
from cluster_optimiser.scoring import score
from cluster_optimiser.verification import verify_plan
from tests.norfolk import norfolk_problem, norfolk_result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

OPTIONS = ("1", "2b", "4a", "4b", "3b")
EDITS = 11


def _problem(option: str) -> Any:
    return norfolk_result(option).problem if option == "3b" else norfolk_problem(option)


def _random_edit(page: Page, rng: random.Random) -> None:
    """Move some unit to some cluster, or to one of its own, as the buttons do."""
    n_units = page.locator("#try-unit option").count()
    page.select_option("#try-unit", str(rng.randrange(n_units)))
    values = page.eval_on_selector_all("#try-to option", "all => all.map(one => one.value)")
    page.select_option("#try-to", rng.choice(values))
    page.click("#try-move")


@pytest.mark.parametrize("option", OPTIONS)
def test_random_edits_have_the_numbers_and_broken_rules_of_evaluate(
    option: str, norfolk_page: Any, visit: Callable[..., Any], tmp_path: Path
) -> None:
    """Fifty-five edits in all, one upon another; legality, every metric, every cluster."""
    problem, rng = _problem(option), random.Random(f"edits of {option}")
    page = visit(norfolk_page.path).page
    page.click("#try-box > summary")
    labels = [result.plan.label for result in norfolk_page.results]
    page.select_option("#try-from", str(labels.index(option)))
    file = tmp_path / "plan.csv"
    for _ in range(EDITS):
        _random_edit(page, rng)
        file.write_text(page.evaluate("clusterPage.planText()"), encoding="utf-8")
        assignment = load_plan(file, problem.authority)
        scored = score(problem, assignment, option)
        shown = page.evaluate("clusterPage.tried.result")
        assert shown["metrics"] == {
            key: value if value is None else pytest.approx(value, rel=1e-9)
            for key, value in scored.metrics.items()
        }
        found = sorted((v.rule, v.subject) for v in verify_plan(problem, assignment).violations)
        assert sorted((rule, who) for rule, who, _ in shown["broken"]) == found
        own = scored.clusters[~scored.clusters["is_exempt"].astype(bool)].set_index("cluster")
        for cluster in shown["clusters"]:
            row = own.loc[cluster["name"]]
            assert cluster["pupils"] == row["pupils"]
            assert cluster["longest"] == pytest.approx(row["max_minutes"])
            assert cluster["mean"] == pytest.approx(row["mean_minutes"])
            urn = int(problem.authority.schools.index[cluster["meets"]])
            assert urn == row["meeting_place_urn"]


def test_a_saved_plan_loads_again_and_a_broken_one_is_refused_with_every_fault(
    norfolk_page: Any, visit: Callable[..., Any], tmp_path: Path
) -> None:
    page = visit(norfolk_page.path, "#a=1&b=4a").page
    page.click("#try-box > summary")
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
    page.click("#try-box > summary")
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


def test_the_workbench_is_ready_as_soon_as_it_is_open(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    """Before the browser has found the time to tell that the box was opened."""
    page = visit(norfolk_page.path, "#a=1&b=4a").page
    counts = page.evaluate(
        """() => { document.querySelector('#try-box > summary').click();
            return ['#try-unit option', '#try-to option', '#try-clusters tr', '#try-map .mark']
                .map(what => document.querySelectorAll(what).length); }"""
    )
    n_units = len(norfolk_problem("4a").units)
    assert counts[0] == n_units
    assert all(counts)
