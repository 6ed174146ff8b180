"""Headings of other vintages are known by their meaning; what may be one is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.inputs.checking import FaultList
from cluster_optimiser.inputs.intake.gias import COLUMNS
from cluster_optimiser.inputs.intake.rows import RawTable, read_raw

if TYPE_CHECKING:
    from pathlib import Path

OF_2017 = {
    "la_code": "Local authority (code)",
    "la_name": "Local authority (name)",
    "number": "Establishment number",
    "type": "Type of establishment",
    "high_age": "Statutory highest age",
    "low_age": "Statutory lowest age",
    "phase": "Phase of education",
    "status": "Establishment status",
    "open_date": "Opening date",
    "easting": "X",
    "northing": "Y",
}


def table_of(folder: Path, *headings: str) -> RawTable:
    path = folder / "register.csv"
    path.write_text(",".join(("URN", "Name", *headings)) + "\n1,Ash" + ",7" * len(headings))
    table = read_raw(path, COLUMNS, needs=("urn", "name"), faults=FaultList())
    assert table is not None
    return table


@pytest.mark.parametrize("ours", OF_2017)
def test_headings_of_2017(ours: str, tmp_path: Path) -> None:
    table = table_of(tmp_path, *OF_2017.values())
    assert table.found[ours] == OF_2017[ours]
    assert table.notes == ()


@pytest.mark.parametrize(
    ("heading", "ours"),
    [("Phase of educaton", "phase"), ("NumberOfPupls", "pupils"), ("Post code", "postcode")],
)
def test_a_heading_that_is_misspelt_is_taken_and_said(
    heading: str, ours: str, tmp_path: Path
) -> None:
    table = table_of(tmp_path, heading)
    assert table.found[ours] == heading
    assert len(table.notes) == (heading != "Post code")


@pytest.mark.parametrize("heading", ["Key phase 2022", "Current status of it", "Pupils in May"])
def test_a_heading_that_may_be_one_is_asked_about(heading: str, tmp_path: Path) -> None:
    (note,) = table_of(tmp_path, heading).notes
    assert heading in note
    assert "rename it to" in note
