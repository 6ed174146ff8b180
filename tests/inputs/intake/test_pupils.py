"""Pupils from the likeliest source there is, said school by school; unknown is never nought."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from cluster_optimiser.inputs.intake.intake import take_in
from cluster_optimiser.present.intake.account import summary_lines
from tests.inputs.intake.dirt import Files
from tests.made_gias import Made, school

if TYPE_CHECKING:
    from pathlib import Path

OPENED = {"pupils": "", "OpenDate": "01-09-2022", "Postcode": "ZZ1 1AA"}


def old(urn: int, pupils: str, **changes: str) -> Made:
    """Make a closed primary at the postcode of the first school."""
    row = school(urn, 400_000, 290_000, pupils=pupils, status="Closed", CloseDate="31-08-2022")
    return row.with_(**({"Postcode": "ZZ1 1AA"} | changes))


OLD = (
    ([old(1001, "150")], "", 150, "predecessor 1001"),
    ([old(1001, "150", CloseDate="31-08-2012")], "", None, "estimate"),
    ([old(1001, "150", phase="Secondary")], "", None, "estimate"),
    ([old(1001, "150", Postcode="ZZ9 9ZZ")], "1001,Successor,100000", 150, "predecessor 1001"),
    ([old(1001, "150")], "100000,Predecessor,1001", 150, "predecessor 1001"),
    (
        [old(1001, "90", low="4", high="7"), old(1002, "120", low="7", high="11")],
        "", 210, "predecessor 1001 + 1002",
    ),
    ([old(1001, "90"), old(1002, "120")], "", None, "estimate"),
    (
        [old(1001, "90"), old(1002, "120")],
        "100000,Predecessor - amalgamated,1001\n100000,Predecessor - amalgamated,1002",
        210, "predecessor 1001 + 1002",
    ),
    (
        [old(1001, "90"), old(1002, "c")],
        "100000,Predecessor - amalgamated,1001\n100000,Predecessor - amalgamated,1002",
        None, "estimate",
    ),
    ([old(1001, "150")], "100000,Predecessor - Split School,1001", None, "estimate"),
    (
        [old(1001, "400")],
        "100000,Predecessor,1001\n100001,Predecessor,1001",
        None, "estimate",
    ),
    (
        [old(1001, ""), old(1002, "130", Postcode="ZZ9 9ZZ")],
        "100000,Predecessor,1001\n1001,Predecessor,1002",
        130, "predecessor 1001",
    ),
)  # fmt: skip


@pytest.mark.parametrize(("rows", "links", "pupils", "source"), OLD)
def test_the_last_roll_of_the_school_that_was_followed(
    rows: list[Made], links: str, pupils: int | None, source: str, tmp_path: Path
) -> None:
    files = Files(tmp_path)
    files.edit(0, **OPENED)
    files.rows += rows
    if links:
        path = tmp_path / "links_edubasealldata20240115.csv"
        path.write_text("URN,LinkType,LinkURN\n" + links + "\n", encoding="utf-8")
    taken = take_in(files.write())
    first = taken.schools.loc[100_000]
    assert first["pupils_source"].partition(":")[0] == source
    if pupils is None:
        assert any(flag.what == "pupils estimated" for flag in taken.ledger.flags)
    else:
        assert first["pupils"] == pupils
    assert bool(taken.links) == bool(links)


def test_the_register_s_own_column_of_links(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.edit(0, **OPENED)
    files.rows += [old(1001, "90", Postcode=""), old(1002, "120", Postcode="")]
    request = files.write()
    lines = request.schools.read_text(encoding="cp1252").splitlines()
    lines = [f"{line},Does not have links" for line in lines]
    lines[0] = lines[0].replace("Does not have links", "Linked establishments")
    lines[1] = lines[1].replace("Does not have links", "1001 Predecessor,1002 Predecessor")
    request.schools.write_text("\n".join(lines), encoding="cp1252")
    first = take_in(request).schools.loc[100_000]
    assert (first["pupils"], first["pupils_source"]) == (210, "predecessor 1001 + 1002")


def test_the_census_is_matched_by_number_where_the_urn_fails(tmp_path: Path) -> None:
    """The census still has the school under its old URN; its number did not change."""
    files = Files(tmp_path)
    files.edit(0, pupils="", EstablishmentNumber="5000")
    path = tmp_path / "census.csv"
    path.write_text("URN,LA,ESTAB,NOR\n1001,982,5000,321\n100001,982,4001,5\n")
    schools = take_in(replace(files.write(), pupils=path)).schools
    assert schools["pupils"].tolist()[:2] == [321, 200]
    assert schools["pupils_source"].tolist()[:2] == ["census.csv by LAESTAB", "register"]


def test_an_estimate_is_from_places_where_there_are_any(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.rows = [row.with_(SchoolCapacity="250") for row in files.rows]
    files.edit(0, pupils="", SchoolCapacity="400")
    first = take_in(files.write()).schools.loc[100_000]
    assert first["pupils"] == 320
    assert first["pupils_source"] == "estimate: 80 % of its 400 places, as in 9 others of its phase"


def test_what_nothing_tells_stays_unknown(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.edit(0, pupils="", kind="Community special school")
    taken = take_in(files.write())
    first = taken.schools.loc[100_000]
    assert pd.isna(first["pupils"])
    assert first["pupils_source"] == "unknown"
    lines = "\n".join(summary_lines(taken))
    assert "at least 3,400" in lines
    assert "not known" in lines


def test_your_own_figure_is_said_to_be_yours(tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("urn,pupils\n100000,77\n")
    taken = take_in(replace(Files(tmp_path).write(), corrections=mine))
    assert taken.schools.loc[100_000, ["pupils", "pupils_source"]].tolist() == [77, "mine.csv"]
