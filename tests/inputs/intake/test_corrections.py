"""A council's own values: none is left out, misread or said two ways without a word."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.intake.intake import take_in
from tests.inputs.intake.dirt import Files

if TYPE_CHECKING:
    from pathlib import Path

    from cluster_optimiser.inputs.intake.intake import Intake


def corrected(folder: Path, text: str) -> Intake:
    (folder / "mine.csv").write_text(text)
    return take_in(replace(Files(folder).write(), corrections=folder / "mine.csv"))


@pytest.mark.parametrize(
    ("text", "row", "problem", "remedy"),
    [
        ("urn,pupills\n100000,77", 1, "it is no column that can be", 'Did you mean "pupils"?'),
        ("urn,remarks\n100000,small", 1, "it is no column that can be", "Use pupils, phase"),
        ("urn,pupils\n100000,many", 2, '"many" cannot be read as pupils', "Correct it."),
        ("urn,phase\n100000,Primery", 2, '"Primery" cannot be read as phase', "Correct it."),
        ("urn,easting\n100000,north", 2, '"north" cannot be read as easting', "Correct it."),
        ("urn,pupils\n100000,7\n100000,8", 3, 'pupils is "7" on row 2, "8" here', "Leave one."),
        ('urn,pupils\n100000,7\n"1,8', 3, "not read: a quotation mark is out", "Correct the row."),
    ],
)
def test_a_correction_that_cannot_count_is_a_fault(
    text: str, row: int, problem: str, remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        corrected(tmp_path, text)
    (fault,) = caught.value.faults
    assert (fault.file, fault.row) == ("mine.csv", row)
    assert fault.problem.startswith(problem)
    assert fault.remedy.startswith(remedy)


def test_numbers_as_a_spreadsheet_writes_them_and_a_column_of_remarks(tmp_path: Path) -> None:
    taken = corrected(tmp_path, "urn,pupils,remarks\n100000.0,77,by letter\n100001,,none\n")
    assert taken.schools["pupils"].tolist()[:2] == [77, 200]
    assert 'mine.csv: "remarks" is no column that can be corrected: not used.' in taken.ledger.notes
    # A row that changes nothing is not said to be corrected.
    assert [flag.urn for flag in taken.ledger.flags] == [100_000]


def test_a_school_is_kept_or_left_out(tmp_path: Path) -> None:
    both = frozenset({100_000})
    with pytest.raises(InputError, match="URN 100000 is to be kept and to be left out"):
        take_in(replace(Files(tmp_path).write(), keep=both, drop=both))
