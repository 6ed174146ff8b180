"""`load_plan`: every fault of a plan file in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs import load_authority, load_plan
from tests.inputs.broken import BASE

if TYPE_CHECKING:
    from pathlib import Path

    from cluster_optimiser.domain import Authority

ROWS = [f"{urn},{cluster}" for urn, cluster in zip(range(100001, 100007), "AABBCC", strict=True)]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return load_authority(BASE)


def write(folder: Path, rows: list[str], header: str = "urn,cluster") -> Path:
    path = folder / "plan.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def test_plan_is_in_the_order_of_the_schools(tmp_path: Path, authority: Authority) -> None:
    plan = load_plan(write(tmp_path, ROWS[::-1]), authority)
    assert plan.name == "cluster"
    assert plan.index.equals(authority.schools.index)
    assert list(plan) == list("AABBCC")


@pytest.mark.parametrize("header", ["URN,Cluster", "Urn,CLUSTER"])
def test_headings_may_be_in_capitals(header: str, tmp_path: Path, authority: Authority) -> None:
    assert list(load_plan(write(tmp_path, ROWS, header), authority)) == list("AABBCC")


def test_of_two_headings_alike_the_exact_one_is_meant(tmp_path: Path, authority: Authority) -> None:
    rows = [f"{row},9" for row in ROWS]
    plan = load_plan(write(tmp_path, rows, "urn,cluster,URN"), authority)
    assert list(plan) == list("AABBCC")
    with pytest.raises(InputError, match='there is no column "urn"'):
        load_plan(write(tmp_path, rows, "Urn,cluster,URN"), authority)


@pytest.mark.parametrize(
    ("row", "instead", "message"),
    [
        (0, "100002,A", r"row 3: URN 100002: URN 100002 stands on row 2 already\. Keep one"),
        (0, "x,A", r'row 2: "x" is not a URN'),
        (0, "100001,", r"row 2: URN 100001: the cluster is blank\. Give the name"),
        (0, "100001,#REF!", r'row 2: URN 100001: "#REF!" is no name: a spreadsheet writes it'),
        (0, "100009,A", r"row 2: URN 100009: Threeshire has no school with this URN\. Did you"),
    ],
)
def test_fault_of_a_row(
    row: int, instead: str, message: str, tmp_path: Path, authority: Authority
) -> None:
    rows = [*ROWS]
    rows[row] = instead
    with pytest.raises(InputError, match=r"plan\.csv, " + message):
        load_plan(write(tmp_path, rows), authority)


def test_every_fault_is_listed(tmp_path: Path, authority: Authority) -> None:
    rows = ["100001,", "100009,A", "100003,B", "100003,C", "zero,C"]
    with pytest.raises(InputError) as caught:
        load_plan(write(tmp_path, rows), authority)
    assert [(fault.row, fault.subject) for fault in caught.value.faults] == [
        (6, ""),
        (5, "URN 100003"),
        (2, "URN 100001"),
        (3, "URN 100009"),
        (0, "URN 100002"),
        (0, "URN 100004"),
        (0, "URN 100005"),
        (0, "URN 100006"),
    ]
    assert "Ash Primary School is missing from the plan. Add a row" in str(caught.value)


def test_missing_columns_are_both_named(tmp_path: Path, authority: Authority) -> None:
    with pytest.raises(InputError) as caught:
        load_plan(write(tmp_path, ROWS, header="number,clusters"), authority)
    assert len(caught.value.faults) == 2
    assert 'Did you mean "clusters"? Then rename it to "cluster".' in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "the file cannot be read"), ("", "is empty"), ("urn,cluster\n", "but no rows")],
)
def test_file_without_a_plan(
    content: str | None, message: str, tmp_path: Path, authority: Authority
) -> None:
    path = tmp_path / "plan.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_plan(path, authority)


@pytest.mark.parametrize(
    ("cell", "name"), [("'=A", "=A"), ("'-A", "-A"), ("'A", "'A"), ("O'A", "O'A"), ("'", "'")]
)
def test_names_that_a_spreadsheet_would_run_read_back_as_they_were(
    tmp_path: Path, authority: Authority, cell: str, name: str
) -> None:
    """They are written with an apostrophe, and only that one is taken off again."""
    plan = load_plan(write(tmp_path, [f"100001,{cell}", *ROWS[1:]]), authority)
    assert plan.iloc[0] == name
