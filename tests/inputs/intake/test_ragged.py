"""Rows longer than the header: taken where the named columns kept their places, else by request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.inputs.checking import FaultList
from cluster_optimiser.inputs.intake.gias import COLUMNS
from cluster_optimiser.inputs.intake.intake import take_in
from cluster_optimiser.inputs.intake.rows import RawTable, read_raw
from tests.inputs.intake.dirt import Files, clean_rows
from tests.made_gias import register_text

if TYPE_CHECKING:
    from pathlib import Path

    from cluster_optimiser.inputs.intake.intake import Request

HEADER = (
    "URN,LA (code),EstablishmentName,Phase,NumberOfPupils,Postcode,Easting,Northing,SENStat,Links"
)
ROW = "100001,850,Ash,Primary,200,GU34 1DH,472080,139716,,None"
OTHER = "100002,850,Elm,Primary,300,GU34 1DJ,473080,139716,,None"


def table_of(folder: Path, *rows: str, header: str = HEADER) -> RawTable:
    path = folder / "register.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    table = read_raw(path, COLUMNS, needs=("urn", "name"), faults=FaultList())
    assert table is not None
    return table


@pytest.mark.parametrize(
    "row",
    [
        f"{ROW},Linked 1",
        f"{ROW},Linked 1,Linked 2,Linked 3,Linked 4,Linked 5,Linked 6",
        f'{ROW},"Predecessor, 100009 Ash"',
        f"{ROW},,,Linked 3",
        f"{ROW},1,2",
        f"{ROW},100009",
        f"{ROW},200,GU34 1DH,472080,139716",
        f"{ROW},x,",
        f'{ROW},"",a',
        ROW.replace("None", "") + ",Linked",
        ROW.replace("200", "") + ",Linked",
        ROW.replace("Ash", '"Ash, the"') + ",Linked",
    ],
)
def test_what_follows_the_last_heading_costs_no_row(row: str, tmp_path: Path) -> None:
    table = table_of(tmp_path, row, OTHER)
    assert not table.unreadable
    first = table.cells.iloc[0]
    assert (first["urn"], first["easting"], first["northing"]) == ("100001", "472080", "139716")
    assert first["name"].startswith("Ash")


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (ROW.replace("Ash", "Ash, the"), "Ash, the"),
        (ROW.replace("Ash", "Ash, Elm, Oak"), "Ash, Elm, Oak"),
        (ROW.replace("Ash", "Ash, the") + ",Linked", "Ash, the"),
        (ROW.replace("200", "1,200"), ""),
    ],
)
def test_a_delimiter_in_a_cell_is_found(row: str, name: str, tmp_path: Path) -> None:
    """Such a row is left out; what it would be with the cells put together is known."""
    unread = table_of(tmp_path, row, OTHER).unreadable[2]
    assert (unread.cells["urn"], unread.cells["easting"]) == ("100001", "472080")
    assert unread.cells.get("name", "").replace(",", ", ").replace("  ", " ") == name


def test_columns_that_may_hold_anything_are_not_guessed(tmp_path: Path) -> None:
    rows = "100001,St Mary,Ash,North", "100002,Elm,South"
    table = table_of(tmp_path, *rows, header="URN,Name,Cluster")
    assert dict(table.unreadable[2].cells) == {"urn": "100001"}


def torn(folder: Path, old: str, new: str, **wishes: frozenset[int]) -> Request:
    request = replace(Files(folder).write(), **wishes)
    text = register_text(clean_rows())
    request.schools.write_text(text.replace(old, new, 1), encoding="cp1252", newline="")
    return request


@pytest.mark.parametrize(
    ("new", "name"),
    [
        ("Made Primary School 100000, the", "Made Primary School 100000, the"),
        ('"Made Primary School 100000', "School without a name (URN 100000)"),
    ],
)
def test_a_row_that_cannot_be_read_is_corrected_by_its_urn(
    new: str, name: str, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("urn,phase,pupils,easting,northing\n100000,primary,201,400000,290000\n")
    request = torn(tmp_path, "Made Primary School 100000", new)
    taken = take_in(replace(request, corrections=mine))
    assert taken.schools.loc[100_000, ["name", "pupils"]].tolist() == [name, 201]
    assert len(taken.schools) == taken.ledger.n_rows == 12


def test_a_row_that_cannot_be_read_is_kept_by_its_urn(tmp_path: Path) -> None:
    new = "Made Primary School 100000, the"
    keep = frozenset({100_000})
    taken = take_in(torn(tmp_path, "Made Primary School 100000", new, keep=keep))
    assert taken.schools.loc[100_000, "pupils"] == 200
    assert any("cannot be read as it stands" in flag.what for flag in taken.ledger.flags)


def test_a_torn_row_of_another_authority_is_not_counted_here(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.rows += [row.with_(URN=f"2{row.cells['URN']}", la="850") for row in clean_rows()[:2]]
    request = files.write()
    text = request.schools.read_text(encoding="cp1252")
    text = text.replace("2100001,850,Calderbeck,", '2100001,850,Calderbeck,"')
    request.schools.write_text(text, encoding="cp1252", newline="")
    taken = take_in(replace(request, la="982"))
    assert (taken.ledger.n_others, taken.ledger.dropped) == (2, [])


def test_a_row_that_names_no_authority_goes_to_the_one_of_its_district(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.rows += [
        row.with_(URN=f"2{row.cells['URN']}", la="850", GSSLACode="") for row in files.rows
    ]
    for at, code in ((0, "E98000082"), (1, "E1"), (2, "")):
        files.rows[at] = files.rows[at].with_(
            la="", la_name="", district="", **{"GSSLACode (name)": code}
        )
    for at in range(12, 24):
        files.rows[at] = files.rows[at].with_(**{"GSSLACode (name)": "E1"})
    taken = take_in(replace(files.write(), la="982"))
    assert 100_000 in taken.schools.index
    assert len(taken.schools) == 10
    assert taken.ledger.others["", ""] == 2


def test_an_apostrophe_that_keeps_a_spreadsheet_from_reading_a_number_is_taken_off(
    tmp_path: Path,
) -> None:
    table = table_of(tmp_path, f"'{ROW}", OTHER)
    assert table.cells["urn"].tolist() == ["100001", "100002"]
