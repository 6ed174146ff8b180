"""Starter scenarios: titles that are true of the result, a redraw where merging does not serve."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.batch import starters
from cluster_optimiser.batch.starting import Destination, Started, start
from cluster_optimiser.inputs.intake.intake import Request
from tests.made_gias import school, write_register
from tests.made_nation import write_nation

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def started(folder: Path, *, n_rows: int = 60) -> Started:
    folder.mkdir(exist_ok=True)
    made = write_nation(folder, "modern", n_rows=n_rows, n_las=1)
    request = Request(name="Made authority 201", schools=made.register)
    return start(request, Destination(folder / "into"))


def read(made: Started, file: str) -> dict[str, object]:
    return tomllib.loads((made.scenarios / file).read_text(encoding="utf-8"))


def test_where_merging_does_not_serve_the_third_is_drawn_from_schools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starters, "MAX_SETS", 0)
    made = started(tmp_path)
    notes = " ".join(made.new.scenario_notes)
    third = read(made, "3.toml")
    assert (third["method"], third["units"]) == ("redraw", "schools")
    assert third["title"] == f"Option 3: {third['count']['min']} clusters drawn from single schools"
    assert "drawn from single schools" in notes
    assert "proved best." in notes
    assert not (made.scenarios / "2.toml").exists()
    assert "Option 2 was left out" in notes


def test_the_second_is_called_more_even_only_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert starters.differs(pd.Series([100, 100])) < starters.differs(pd.Series([50, 100]))
    monkeypatch.setattr(starters, "differs", lambda sizes: -len(sizes))
    made = started(tmp_path)
    assert read(made, "2.toml")["title"] == "Option 2: fewer clusters"
    assert any("differ no less" in note for note in made.new.scenario_notes)


def test_areas_are_drawn_where_there_are_too_many_ways_to_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starters._Starters, "_can_be_counted", lambda *_: False)
    monkeypatch.setattr(starters, "DRAWN_AREAS", (2,))
    made = started(tmp_path, n_rows=100)
    fourth, third = read(made, "4.toml"), read(made, "3.toml")
    n = third["count"]["min"]
    assert (fourth["method"], fourth["units"], fourth["count"]["max"]) == ("redraw", "3", 2)
    assert fourth["title"] == f"Option 4: the {n} clusters of option 3, overseen as 2 areas"
    assert "2 areas drawn from the clusters of option 3" in made.new.scenario_notes[-1]
    assert made.new.scenario_notes[-1].endswith("proved best.")


def test_of_primary_schools_alone_groups_are_made_and_said_to_be(tmp_path: Path) -> None:
    rows = [
        school(100_000 + i, 400_000 + 3_000 * (i % 7), 300_000 + 2_000 * (i // 7))
        for i in range(42)
    ]
    register = write_register(rows, tmp_path / "register.csv")
    made = start(Request(name="Calderbeck", schools=register), Destination(tmp_path / "into"))
    (note,) = (n for n in made.new.scenario_notes if "No secondary school" in n)
    assert "42 schools" in note
    assert "--clusters FILE" in note
    assert made.is_made
    assert any("7 were made of schools near to each other" in n for n in made.new.cluster_notes)
    assert made.new.cluster.nunique() == 7
    assert read(made, "2.toml")["method"] == "merge"
    assert "from schools near to each other" in str(read(made, "1.toml")["description"])


def test_of_a_handful_of_primary_schools_there_is_one_cluster(tmp_path: Path) -> None:
    rows = [school(100_000 + i, 400_000 + 1_000 * i, 300_000) for i in range(5)]
    register = write_register(rows, tmp_path / "register.csv")
    made = start(Request(name="Calderbeck", schools=register), Destination(tmp_path / "into"))
    assert "Option 1 leaves all schools in one cluster." in made.new.scenario_notes
