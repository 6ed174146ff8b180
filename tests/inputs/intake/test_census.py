"""Pupils from files of the school census and the performance tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.checking import FaultList, Problem
from cluster_optimiser.inputs.intake.intake import take_in
from cluster_optimiser.inputs.intake.pupils import read_census
from tests.inputs.intake.dirt import Files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "text",
    [
        "urn,headcount of pupils\n100000,321\n",
        "URN;NOR\n100000.0;321\n",
        "LAESTAB,Headcount\n9825000,321\n",
        "LA,ESTAB,NOR\n982,5000,321\nNAT,,8000000\n",
        'School Unique Ref,URN,Pupils\nx,100000,"321"\n',
    ],
)
def test_schools_are_found_by_urn_or_by_their_number(text: str, tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.edit(0, EstablishmentNumber="5000", pupils="")
    path = tmp_path / "census.csv"
    path.write_text(text, encoding="utf-8")
    taken = take_in(replace(files.write(), pupils=path))
    assert taken.schools.loc[100_000, "pupils"] == 321


def test_needs_come_along_and_symbols_are_blank(tmp_path: Path) -> None:
    path = tmp_path / "census.csv"
    path.write_text("URN,NOR,TSENELSE,TSENELK,NUMFSMEVER\n100000,200,c,31,SUPP\n")
    schools = take_in(replace(Files(tmp_path).write(), pupils=path)).schools
    row = schools.loc[100_000, ["ehcp", "sen_support", "fsm_ever6"]]
    assert row.tolist() == ["", "31", ""]


@pytest.mark.parametrize(("is_first", "pupils"), [(False, 200), (True, 321)])
def test_the_register_s_own_roll_counts_first_unless_asked_otherwise(
    is_first: bool, pupils: int, tmp_path: Path
) -> None:
    path = tmp_path / "census.csv"
    path.write_text("URN,NOR\n100000,321\n100001,c\n")
    request = replace(Files(tmp_path).write(), pupils=path, is_pupils_first=is_first)
    schools = take_in(request).schools
    assert schools["pupils"].tolist()[:2] == [pupils, 200]
    source = "census.csv by URN" if is_first else "register"
    assert schools["pupils_source"].tolist()[:2] == [source, "register"]


def test_the_same_figure_on_two_rows_is_one_figure(tmp_path: Path) -> None:
    path = tmp_path / "census.csv"
    path.write_text("URN,NOR\n100000,300\n100000,300\n")
    census = read_census(path, "", FaultList())
    assert census is not None
    assert census.pupils == {"100000": 300}
    path.write_text("URN,NOR\n100000,300\n100000,30\n")
    census = read_census(path, "", FaultList())
    assert census is not None
    assert isinstance(census.pupils["100000"], Problem)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("School,NOR\nAsh,5\n", "", "no column names the schools"),
        ("URN,Roll call\n1,5\n", "", 'there is no column "headcount of pupils"'),
        (
            "URN,NOR\n1,5\n",
            "NORR",
            'there is no column "NORR", nor one like it. Did you mean "NOR"',
        ),
    ],
)
def test_what_is_missing_is_said(text: str, column: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "census.csv"
    path.write_text(text)
    request = replace(Files(tmp_path).write(), pupils=path, pupils_column=column)
    with pytest.raises(InputError) as caught:
        take_in(request)
    assert says in str(caught.value)


def test_a_file_of_other_schools_is_refused_and_what_is_no_number_is_told(tmp_path: Path) -> None:
    path = tmp_path / "census.csv"
    request = replace(Files(tmp_path).write(), pupils=path)
    path.write_text("URN,NOR\n999999,321\n")
    with pytest.raises(InputError, match="none of its 1 numbers is that of one of the schools"):
        take_in(request)
    path.write_text("URN,NOR\n100000,200.5\n100001,c\n")
    notes = take_in(request).ledger.notes
    assert 'census.csv: no numbers of pupils, and not taken: "200.5" (row 2).' in notes
