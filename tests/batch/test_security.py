"""Scenario and data files are data: they reach nothing outside, and run nothing anywhere."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.batch import evaluate, load_batch
from cluster_optimiser.cli import app
from cluster_optimiser.constants import ALLOW_OUTSIDE, FORMULA_STARTS
from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.inputs.checking import FaultList
from cluster_optimiser.inputs.files import read_csv
from cluster_optimiser.present.tables import csv_text
from cluster_optimiser.scenario import load_scenario
from tests.batch.made import put, run_into
from tests.effort import examples
from tests.inputs.broken import CLUSTERS, SCHOOLS, make_authority

OUTSIDE = {
    "extends": 'extends = "../../secret.toml"',
    "authority": 'authority = "../../elsewhere/threeshire"',
    "plan": 'plan = "../../plan.csv"',
    "projection.file": 'projection = { assumption = "x", file = "../../pupils.csv" }',
}


@pytest.mark.parametrize(("field", "line"), OUTSIDE.items(), ids=OUTSIDE)
def test_a_scenario_may_not_reach_outside_of_its_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str, line: str
) -> None:
    project = tmp_path / "project"
    make_authority(project / "boundaries")
    make_authority(tmp_path / "elsewhere")
    (project / "scenarios").mkdir()
    for name in ("secret.toml", "plan.csv", "pupils.csv"):
        (tmp_path / name).write_text("", encoding="utf-8")
    monkeypatch.chdir(project)
    path = put(project / "scenarios", "a", line, method="file" if field == "plan" else "merge")
    if field == "authority":
        path.write_text(path.read_text().replace('authority = "threeshire"\n', ""))
    with pytest.raises(ScenarioError) as caught:
        load_batch([path])
    said = str(caught.value)
    assert f"  {field}  " in said
    assert "leaves the project  Copy it into the project, or run with --allow-outside." in said
    monkeypatch.setenv(ALLOW_OUTSIDE, "1")
    assert load_scenario(path).option == "a"


def test_a_link_does_not_lead_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    make_authority(project / "boundaries")
    monkeypatch.chdir(project)
    (tmp_path / "base.toml").write_text("", encoding="utf-8")
    (project / "base.toml").symlink_to(tmp_path / "base.toml")
    with pytest.raises(ScenarioError, match=r'"base\.toml" leaves the project'):
        load_scenario(put(project, "a", 'extends = "base.toml"'))


def test_every_command_that_reads_a_scenario_can_be_allowed_to_leave() -> None:
    """The refusal names the option, so it must be there wherever it is said."""
    # Only these take a scenario and run it.
    readers = {"check", "evaluate", "explain", "responses", "run", "sensitivity", "universe"}
    having = {
        name
        for name, command in app.commands.items()
        if any("--allow-outside" in parameter.opts for parameter in command.params)
    }
    assert having >= readers


NAMES = st.text(st.sampled_from("'=+-@|aA1 \t\"&<"), min_size=1, max_size=6).map(
    lambda text: " ".join(text.split())
)


@settings(max_examples=examples(300))
@given(NAMES.filter(bool))
def test_no_cell_runs_and_every_name_is_read_as_it_was(name: str) -> None:
    text = csv_text(pd.DataFrame({"urn": [1], "cluster": [name]}))
    (_, (_, cell)) = csv.reader(text.splitlines())
    assert not cell.startswith(FORMULA_STARTS)
    table = read_csv(text.encode(), file="plan.csv", faults=FaultList())
    assert table.cells["cluster"].tolist() == [name]


def test_names_that_are_formulas_are_written_as_text_everywhere_and_round_trip(
    threeshire: Path, out: Path
) -> None:
    folder = threeshire.parent / "boundaries" / "threeshire"
    for path in (folder / SCHOOLS, folder / CLUSTERS):
        text = path.read_text(encoding="utf-8")
        assert "Ash" in text
        path.write_text(text.replace("Ash", "=cmd()Ash"), encoding="utf-8")
    path = put(threeshire, "a", method="keep")
    (outcome,) = run_into(out, path)
    for file in out.rglob("*.csv"):
        with file.open(encoding="utf-8", newline="") as rows:
            for row in csv.reader(rows):
                assert not [c for c in row if c.startswith(("=", "@", "\t", "\r"))], file.name
    judged = evaluate(out / "a" / "plan.csv", path)
    assert "=cmd()Ash" in set(judged.plan.assignment)
    assert judged.score.metrics == outcome.record["metrics"]
