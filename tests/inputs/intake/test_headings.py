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
    "pupils": "Number of pupils",
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
    assert [heading in note for note in table.notes].count(True) == (heading != "Post code")


@pytest.mark.parametrize(
    "heading",
    ["Key phase 2022", "Current status of it", "Pupils in May", "Age on leaving", "Grid E"],
)
def test_a_heading_that_may_be_one_is_asked_about(heading: str, tmp_path: Path) -> None:
    notes = [note for note in table_of(tmp_path, heading).notes if heading in note]
    assert notes
    assert all("rename it to" in note for note in notes)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (("Primary", "Secondary"), 'The heading "Q" was taken for phase: a guess by its values.'),
        (("Academy converter", ""), 'The heading "Q" was taken for type: a guess by its values.'),
        (("Open", "Closed"), "Is one of these headings status? Q. None was used"),
        (("NR1 3DX", ""), "Is one of these headings postcode? Q. None was used"),
        (("Blue", "Primary"), 'No heading is phase ("PhaseOfEducation (name)"): phases are told'),
        (("2", "4"), 'No heading is status ("EstablishmentStatus (name)"): every row is taken'),
    ],
)
def test_a_heading_unlike_all_is_known_by_its_values_or_listed_as_missing(
    values: tuple[str, str], says: str, tmp_path: Path
) -> None:
    path = tmp_path / "register.csv"
    path.write_text("URN,Name,Q\n" + "".join(f"{i},Ash,{v}\n" for i, v in enumerate(values)))
    table = read_raw(path, COLUMNS, needs=("urn", "name"), faults=FaultList())
    assert table is not None
    assert sum(note.startswith(says) for note in table.notes) == 1


@pytest.mark.parametrize(("second", "is_fault"), [("9", True), ("7", False)])
def test_a_heading_that_is_used_stands_once_or_says_the_same(
    second: str, *, is_fault: bool, tmp_path: Path
) -> None:
    path, faults = tmp_path / "register.csv", FaultList()
    path.write_text(f"Easting,URN,Name,Town,Town,EASTING\n7,1,Ash,a,b,{second}\n")
    table = read_raw(path, COLUMNS, needs=("urn", "name"), faults=faults)
    said = [(one.row, one.problem) for one in faults]
    assert said == ([(1, 'the column "Easting" stands twice')] if is_fault else [])
    assert (table is None) == is_fault
