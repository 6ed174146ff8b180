"""A plan better in one term and worse in none, or the proof that there is none: by brute force."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from cluster_optimiser import batch
from cluster_optimiser.batch import dominance
from cluster_optimiser.batch.ground import Place
from cluster_optimiser.cli import app
from cluster_optimiser.errors import InputError, ScenarioError
from tests.norfolk import SCENARIOS, norfolk_place, norfolk_result
from tests.toy import toy_assignment, toy_problem

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _norfolk_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (batch.one, dominance):
        monkeypatch.setattr(module, "load_place", lambda _: norfolk_place())


def plan_file(folder: Path, option: str) -> Path:
    path = folder / "plan.csv"
    norfolk_result(option).plan.assignment.to_csv(path)
    return path


def asked(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["dominate", *map(str, arguments)])
    return result.exit_code, result.stdout


def test_the_best_in_an_order_is_dominated_by_none(tmp_path: Path) -> None:
    terms = "count,misaligned.district,pupil_minutes"
    code, said = asked(
        plan_file(tmp_path, "4a"), "--scenario", SCENARIOS / "4a.toml", "--terms", terms
    )
    assert code == 4
    assert said.startswith("Proved: no plan is legal by 4a, no worse in any of count, misaligned")


def test_a_better_plan_is_found_and_written(tmp_path: Path) -> None:
    plan, out = plan_file(tmp_path, "4b"), tmp_path / "better.csv"
    common = ["--scenario", SCENARIOS / "4a.toml", "--terms", "pupil_minutes,deviation"]
    code, said = asked(plan, *common, "--out", out, "--json")
    found = json.loads(said)
    assert (code, found["status"]) == (0, "FOUND")
    changes = [found["better"][term] - found["given"][term] for term in found["given"]]
    assert max(changes) <= 0
    assert min(changes) < 0
    again = batch.evaluate(out, SCENARIOS / "4a.toml")
    assert not again.violations
    assert again.score.metrics["deviation"] == found["better"]["deviation"]


def test_what_the_plan_has_is_the_most_whatever_the_scenario_allows(tmp_path: Path) -> None:
    """One cluster is fewer than two, and 2,000 pupils too many."""
    problem = toy_problem(
        "ABCD",
        size={"max_pupils": 9_000, "target_pupils": 2_000},
        limits={"deviation": 5_000},
    )
    home = tmp_path / "toy.toml"
    problem.scenario._files = (home,)
    toy_assignment(problem, {"x": "AB", "y": "CD"}).to_csv(tmp_path / "plan.csv")
    place = Place(problem.authority, problem.territory)
    found = batch.dominate(
        tmp_path / "plan.csv", problem.scenario, ["count", "deviation"], place=place
    )
    assert (found.status, found.values) == ("NONE", {"count": 2, "deviation": 0})
    assert found.given.problem.scenario.files == (home,)


def test_no_input_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "dominate", None)
    plan, scenario = plan_file(tmp_path, "4b"), SCENARIOS / "4a.toml"
    authority = norfolk_place().authority.folder
    for read in (plan, scenario, authority / "authority.toml", authority / "schools.csv"):
        arguments = ["dominate", plan, "--scenario", scenario, "--terms", "count", "-o", read]
        result = CliRunner().invoke(app, [*map(str, arguments)])
        assert isinstance(result.exception, InputError)
        assert f"{read.name}: it is read, and would be written over." in str(result.exception)


@pytest.mark.parametrize(
    ("option", "terms", "error", "says"),
    [
        ("4a", "minutes", InputError, 'terms: unknown term "minutes"'),
        ("4a", "misaligned.distric", InputError, 'Did you mean "misaligned.district"'),
        ("4a", "", InputError, "terms: no term is named"),
        ("4a", "count,count", ScenarioError, "stands twice"),
        ("4a", "robustness", InputError, "no plan can be held to be no worse in it"),
        ("1", "count", ScenarioError, 'has method "keep"'),
    ],
)
def test_what_cannot_be_asked_is_refused(
    tmp_path: Path, option: str, terms: str, error: type[Exception], says: str
) -> None:
    names = [term for term in terms.split(",") if term]
    with pytest.raises(error, match=says):
        batch.dominate(plan_file(tmp_path, "4a"), SCENARIOS / f"{option}.toml", names)
