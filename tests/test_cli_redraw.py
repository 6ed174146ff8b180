"""A redraw from the command line: its time runs out, or it is run twice."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cluster_optimiser import cli
from cluster_optimiser.batch import evaluate, prepare
from cluster_optimiser.optimise.redraw.engines import CpSat, EngineOutcome, Highs
from cluster_optimiser.verification import verify_plan
from tests.inputs.broken import make_authority
from tests.optimise.redraw.test_solve import partitions
from tests.test_batch import run_twice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = """\
title = "Threeshire drawn anew"
option = "r"
authority = "threeshire"
method = "redraw"
units = "schools"
"""
MINUTES = '[objective]\norder = ["pupil_minutes"]\n'
LOW = 1
"""A bound that is true of every plan, and proves none."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_authority(tmp_path / "boundaries")
    path = tmp_path / "scenarios"
    path.mkdir()
    return path


def put(folder: Path, objective: str = MINUTES) -> Path:
    path = folder / "r.toml"
    path.write_text(HEAD + objective, encoding="utf-8")
    return path


def out_of_time(
    monkeypatch: pytest.MonkeyPatch, spoil: Callable[[EngineOutcome], EngineOutcome]
) -> None:
    """Let both engines find what they find, and say that they were stopped before it was proved.

    No clock is asked, so that the test means the same on every machine.
    """
    for engine in (CpSat, Highs):
        monkeypatch.setattr(engine, "solve", _then(engine.solve, spoil))


def _then(
    solve: Callable[..., EngineOutcome], spoil: Callable[[EngineOutcome], EngineOutcome]
) -> Callable[..., EngineOutcome]:
    return lambda *args, **how: spoil(solve(*args, **how))


def code_of(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def test_a_plan_that_is_not_proved_in_time_is_given_with_its_bound(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out_of_time(
        monkeypatch,
        # That nothing better is left would be a proof too.
        lambda found: replace(
            found, status="UNKNOWN" if found.values is None else "FEASIBLE", bound=LOW
        ),
    )
    path = put(folder)
    assert code_of("run", path, "-o", tmp_path / "out", "--time-limit", "60") == 5
    manifest = json.loads((tmp_path / "out" / "r" / "manifest.json").read_text("utf-8"))
    assert manifest["status"] == "FEASIBLE"
    value, bound = (manifest[name]["pupil_minutes"] for name in ("objective", "bound"))
    assert 0 < bound < value
    assert manifest["gap"] == pytest.approx((value - bound) / value)
    assert manifest["violations"] == []
    judged = evaluate(tmp_path / "out" / "r" / "plan.csv", path)
    assert judged.violations == ()
    assert judged.objective["pupil_minutes"] == value


def test_without_a_plan_in_time_it_is_said_that_none_is_proved_impossible(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    out_of_time(monkeypatch, lambda found: EngineOutcome("UNKNOWN", None, 0, found.effort))
    monkeypatch.setattr("cluster_optimiser.optimise.redraw.parts.cut_from_trees", lambda *_: ())
    assert code_of("run", put(folder), "-o", tmp_path / "out", "--time-limit", "60") == 5
    said = capfd.readouterr().err
    assert "r    UNKNOWN    no plan was found within 60 s; none is proved impossible" in said
    manifest = json.loads((tmp_path / "out" / "r" / "manifest.json").read_text("utf-8"))
    assert manifest["status"] == "UNKNOWN"
    assert not (tmp_path / "out" / "r" / "plan.csv").exists()


@pytest.mark.thorough
def test_two_runs_of_a_redraw_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """Whatever order sets happen to be in; only the seconds that a run took may differ."""
    order = 'order = ["count", "changed_pupils", "pupil_minutes"]'
    path = put(folder, f"[size]\nmin_pupils = 900\n[objective]\n{order}\n")
    one, other = run_twice(tmp_path, "r", str(path), "--seed", "3")
    assert set(one) == set(other)
    assert [name for name in one if one[name] != other[name]] == []


def test_the_front_of_a_redraw_is_that_of_brute_force(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(folder, MINUTES + "[size]\nmin_pupils = 100\n[secondary]\nmin = 0\n")
    cli.main(["universe", str(path), "--pareto", "pupil_minutes,deviation", "--json"])
    said = json.loads(capsys.readouterr().out)
    problem = prepare(path)
    points = set()
    for groups in partitions(list(problem.units.index)):
        of_unit = {unit: str(n) for n, group in enumerate(groups) for unit in group}
        truth = verify_plan(problem, problem.unit_of.map(of_unit).rename("cluster"))
        if not truth.violations:
            points.add((truth.objective["pupil_minutes"], truth.objective["deviation"]))
    front = [p for p in points if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in points)]
    found = [(row["pupil_minutes"], row["deviation"]) for row in said["pareto"]]
    assert found == sorted(front)
    assert said["whole"] is True
    assert all(row["proved"] and row["bound"] == row["pupil_minutes"] for row in said["pareto"])


@pytest.mark.parametrize("limit", [("--memory", "1"), ("--time-limit", "1e-9")])
def test_the_front_of_a_redraw_ends_with_time_and_memory(
    folder: Path, limit: tuple[str, str]
) -> None:
    assert code_of("universe", put(folder), "--pareto", "count,pupil_minutes", *limit) == 5


@pytest.mark.parametrize(
    "asked", [["--pareto", "count"], ["--pareto", "count,deviation", "--together"]]
)
def test_what_a_redraw_cannot_be_asked_is_refused(folder: Path, asked: list[str]) -> None:
    assert code_of("universe", put(folder), *asked) == 2
