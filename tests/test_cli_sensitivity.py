"""Sensitivity from the command line: a plan, a results folder, and what is refused."""

import json
from pathlib import Path

import pandas as pd
import pytest

from cluster_optimiser.batch import sensitivity
from cluster_optimiser.cli import main
from cluster_optimiser.errors import ScenarioError
from tests.norfolk import SCENARIOS, copy_of_run
from tests.toy import toy_scenario


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_run(tmp_path_factory.mktemp("sensitivity") / "results", "4a", "4f", "4c", "3b")


def test_a_results_folder(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["sensitivity", str(results), "--scenario", str(SCENARIOS / "4f.toml"), "--json"])
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    by_label = {record["label"]: record for record in records}
    assert set(by_label) == {"3b", "4a", "4c", "4f"}
    for record in records:
        assert record["assumption"].startswith("A test, not a forecast")
        assert record["n_projections"] == len(record["projections"]) == 220
        assert record["n_legal"] == sum(one["n_legal"] for one in record["series"])
    # What was solved for first is at least as good as what was solved for something else.
    assert by_label["4f"]["n_legal"] >= max(by_label[x]["n_legal"] for x in ("4a", "4c"))


def test_the_files_of_a_scenario_with_projections(results: Path) -> None:
    rows = pd.read_csv(results / "4f" / "projections.csv")
    assert len(rows) == 220
    manifest = json.loads((results / "4f" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["objective"]["robustness"] == int((~rows["is_legal"]).sum())
    assert manifest["bound"]["robustness"] == manifest["objective"]["robustness"]
    assert manifest["gap"] == 0
    clusters = pd.read_csv(results / "4f" / "sensitivity.csv")
    assert set(clusters["cluster"]) < set(pd.read_csv(results / "4f" / "clusters.csv")["cluster"])
    inside = clusters[clusters["n_outside"] == 0]
    assert inside["first_year"].isna().all()


def test_a_plan_in_words(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = SCENARIOS / "4f.toml"
    main(["sensitivity", str(results / "4a" / "plan.csv"), "--scenario", str(scenario)])
    out = capsys.readouterr().out
    assert "Assumption: A test, not a forecast" in out
    assert "1 % more a year: not legal in 20" in out
    assert "outside the range today: Dereham, Wymondham" in out
    assert "draws: legal in " in out


def test_what_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for what, scenario, told in (
        (tmp_path, SCENARIOS / "4f.toml", "holds no plan with its manifest"),
        (tmp_path / "plan.csv", SCENARIOS / "4f.toml", "cannot be read"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["sensitivity", str(what), "--scenario", str(scenario)])
        assert ended.value.code == 3
        assert told in capsys.readouterr().err


def test_a_scenario_without_projections_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="the scenario has no projection of pupils"):
        sensitivity(tmp_path, toy_scenario())
