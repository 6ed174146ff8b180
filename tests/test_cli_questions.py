"""The commands that ask about all legal plans, and about why there is none."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cluster_optimiser import batch
from cluster_optimiser.cli import app
from cluster_optimiser.errors import (
    InputError,
    NoPlanFoundError,
    ScenarioError,
    TooManyStatesError,
)
from cluster_optimiser.optimise.universe.all_plans import Counted, Universe
from cluster_optimiser.present.universe_files import universe_lines
from tests.norfolk import SCENARIOS, norfolk_place, norfolk_result
from tests.toy import toy_problem


@pytest.fixture(autouse=True)
def _norfolk_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch.one, "load_place", lambda _: norfolk_place())


def answer(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def plan_file(folder: Path, option: str) -> Path:
    path = folder / "plan.csv"
    norfolk_result(option).plan.assignment.to_csv(path)
    return path


def test_universe_counts_and_describes_all_plans() -> None:
    lines = answer("universe", SCENARIOS / "4a.toml").splitlines()
    assert lines[0] == "4a: 59,292 legal plans"
    assert "  268 of 26 clusters" in lines
    assert "# distributions" in lines


def test_universe_says_the_same_as_json(tmp_path: Path) -> None:
    plan = plan_file(tmp_path, "4b")
    asked = ["--best", 3, "--sample", 2, "--together", "--pareto", "count,pupil_minutes"]
    said = json.loads(answer("universe", SCENARIOS / "4a.toml", *asked, "--rank", plan, "--json"))
    assert said["n_plans"] == 59_292
    assert sum(said["n_plans_by_n_clusters"].values()) == 59_292
    assert [row["number"] for row in said["best"]] == [1, 2, 3]
    assert len(said["sample"]) == 2
    best = norfolk_result("4a").score.metrics
    assert said["best"][0]["pupil_minutes"] == best["pupil_minutes"]
    ranks = {row["metric"]: row for row in said["rank"]}
    assert ranks["misaligned"]["n_better"] == 0
    assert all(row["n_better"] + row["n_equal"] + row["n_worse"] == 59_292 for row in said["rank"])
    front = [(row["count"], row["pupil_minutes"]) for row in said["pareto"]]
    assert front == sorted(front)
    assert front[-1][1] == norfolk_result("4c").score.metrics["pupil_minutes"]
    assert {"unit_a", "unit_b", "share_all"} <= set(said["together"][0])
    assert said["caveats"]


def test_a_plan_that_is_not_legal_has_no_rank(tmp_path: Path) -> None:
    plan = plan_file(tmp_path, "1")
    with pytest.raises(InputError, match=f"{plan.name}: Acle: its units Acle may not be a cluster"):
        answer("universe", SCENARIOS / "4a.toml", "--rank", plan)


def test_plans_too_many_to_be_held_are_counted_if_nothing_more_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def too_many(*_: object, **__: object) -> None:
        message = "more states than allowed"
        raise TooManyStatesError(message)

    counted = Counted(norfolk_result("4a").problem, {2: 187_497_290_034, 3: 5})
    monkeypatch.setattr(batch, "universe", too_many)
    monkeypatch.setattr(batch, "counted", lambda *_, **__: counted)
    found = CliRunner().invoke(app, ["universe", str(SCENARIOS / "4a.toml")])
    assert found.stdout.splitlines() == [
        "4a: 187,497,290,039 legal plans",
        "  187,497,290,034 of 2 clusters",
        "  5 of 3 clusters",
    ]
    assert "more states than allowed" in found.stderr
    with pytest.raises(TooManyStatesError):
        answer("universe", SCENARIOS / "4a.toml", "--best", 3)
    monkeypatch.setattr(batch, "counted", lambda *_, **__: None)
    with pytest.raises(TooManyStatesError):
        answer("universe", SCENARIOS / "4a.toml")


@pytest.mark.parametrize("late", [NoPlanFoundError("late"), TooManyStatesError("too many states")])
def test_what_was_counted_is_said_where_the_rest_is_not_worked_out(
    monkeypatch: pytest.MonkeyPatch, late: Exception
) -> None:
    def best(*_: object, **__: object) -> None:
        raise late

    monkeypatch.setattr(Universe, "best", best)
    asked = [str(SCENARIOS / "4a.toml"), "--best", "3", "--together"]
    found = CliRunner().invoke(app, ["universe", *asked])
    lines = found.stdout.splitlines()
    assert lines[0] == "4a: 59,292 legal plans"
    assert "# distributions" in lines
    assert "# together" not in lines
    why = "time ran out" if late.args == ("late",) else "too many states"
    told = f"the number of plans is exact, but not worked out: best, together ({why})"
    assert type(found.exception) is type(late)
    assert str(found.exception) == told


def test_one_plan_of_one_cluster_is_told_in_the_singular() -> None:
    problem = toy_problem("AB", count={"max": 1})
    assert [*universe_lines(Universe.of(problem), {})] == ["T: 1 legal plan", "  1 of 1 cluster"]


def test_only_merging_has_a_universe() -> None:
    with pytest.raises(ScenarioError, match='method "merge"'):
        answer("universe", SCENARIOS / "1.toml")


def test_only_merging_has_rules_to_explain() -> None:
    with pytest.raises(ScenarioError, match='method "keep" has no rules to explain'):
        answer("explain", SCENARIOS / "1.toml")


def test_explain_says_what_rules_cost() -> None:
    assert "without" in answer("explain", SCENARIOS / "2b.toml")


def test_explain_names_the_cause(tmp_path: Path) -> None:
    path = tmp_path / "9.toml"
    path.write_text(
        f'extends = "{(SCENARIOS / "4d.toml").as_posix()}"\noption = "9"\n'
        "[size]\nmax_exceptions = 0\n",
        encoding="utf-8",
    )
    said = json.loads(answer("explain", path, "--json"))
    assert said["is_feasible"] is False
    assert "Great Yarmouth" in json.dumps(said)
