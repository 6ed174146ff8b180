"""The files of a results folder, as files."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cluster_optimiser.domain import Plan, Result, Solution, Unsolved
from cluster_optimiser.present import (
    manifest,
    write,
    write_comparison,
    write_result,
    write_unsolved,
)
from cluster_optimiser.scoring import score
from tests.toy import ToySchool, toy_problem


def test_a_result_is_eight_files_and_the_same_bytes_twice(tmp_path: Path, solved: Result) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        write_result(solved, folder)
    assert sorted(path.name for path in folders[0].iterdir()) == [
        "assignments.csv",
        "clusters.csv",
        "datapackage.json",
        "manifest.json",
        "map.html",
        "plan.csv",
        "plan.geojson",
        "plan.gpkg",
    ]
    for path in folders[0].iterdir():
        assert path.read_bytes() == (folders[1] / path.name).read_bytes(), path.name


def test_the_comparison_is_four_files_without_leftovers(
    tmp_path: Path, results: list[Result], comparison: pd.DataFrame
) -> None:
    write_comparison(results, comparison, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "assignments.csv",
        "comparison.csv",
        "datapackage.json",
        "index.html",
        "page.json",
    ]
    lines = (tmp_path / "comparison.csv").read_bytes().decode("utf-8").splitlines()
    assert lines[0] == "scenario,title,metric,value,unit,status"
    assert lines[1] == "1,Option 1: as they are,n_clusters,6,clusters,GIVEN"


def test_a_page_that_cannot_be_made_leaves_what_was_there(
    tmp_path: Path, comparison: pd.DataFrame
) -> None:
    (tmp_path / "index.html").write_text("old")
    with pytest.raises(ValueError, match="no result"):
        write_comparison([], comparison, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "old"


def test_a_write_that_fails_leaves_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "x.csv"
    target.write_text("old")

    def refuse(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        write._replace(target, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
    assert target.read_text() == "old"


def test_an_unsolved_scenario_leaves_a_manifest_that_says_why(
    tmp_path: Path, solved: Result
) -> None:
    """It has every key that the manifest of a plan has, but those on how the plan was made."""
    problem = solved.problem
    unsolved = Unsolved(
        problem.scenario, problem.authority, "INFEASIBLE", "too strict", 0.5, 7, "abc"
    )
    write_unsolved(unsolved, tmp_path)
    record = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert (record["status"], record["message"]) == ("INFEASIBLE", "too strict")
    assert (round(record["seconds"], 3), record["seed"], record["stamp"]) == (0.5, 7, "abc")
    how_made = {"stages", "proof", "notes", "travel", "funding"}
    assert set(manifest(solved)) - set(record) == how_made


def test_a_plan_whose_clusters_are_all_exempt_is_written(tmp_path: Path) -> None:
    """Somebody's file may put every school into the cluster of the Catholic schools."""
    catholic = ToySchool("secondary", 300, columns={"religious_character": "Roman Catholic"})
    exempt = [{"name": "Catholic", "where": {"religious_character": "Roman Catholic"}}]
    problem = toy_problem(
        "AB", schools={"A": [ToySchool("secondary", 700), catholic]}, exempt=exempt
    )
    problem = replace(problem, authority=replace(problem.authority, folder=tmp_path))
    assignment = pd.Series("Catholic", index=problem.authority.schools.index, name="cluster")
    result = Result(
        problem=problem,
        plan=Plan("x", assignment, Solution("GIVEN")),
        score=score(problem, assignment, "x"),
        violations=(),
        objective={},
        seconds=0.0,
        seed=0,
        stamp="0",
        caveats=(),
    )
    write_result(result, tmp_path)
    assert "Schools" in (tmp_path / "map.html").read_text(encoding="utf-8")
    write_comparison([result], pd.DataFrame(), tmp_path)
    assert (tmp_path / "index.html").stat().st_size > 0
