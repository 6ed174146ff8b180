"""Every kind of dirt has one clear line, and no row is lost without a word."""

from __future__ import annotations

import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.intake.gias import COLUMNS
from cluster_optimiser.inputs.intake.intake import take_in
from cluster_optimiser.present.intake.account import summary_lines
from cluster_optimiser.present.intake.files import NewAuthority, write_data
from tests.effort import examples
from tests.inputs.intake.dirt import KINDS, Files
from tests.made_gias import Made

if TYPE_CHECKING:
    from cluster_optimiser.inputs.intake.intake import Intake

READ = [names[0] for names in COLUMNS.values()]


@pytest.mark.parametrize("kind", KINDS)
def test_dirt(kind: str, tmp_path: Path) -> None:
    dirt = KINDS[kind]
    taken = take_in(dirt.make(tmp_path))
    schools, ledger = taken.schools, taken.ledger
    lines = list(summary_lines(taken))
    assert sum(dirt.says in line for line in lines) == 1, "\n".join(lines)
    assert len(schools) + len(ledger.dropped) + ledger.n_others == ledger.n_rows
    assert (len(schools), int(schools["pupils"].sum())) == (dirt.schools, dirt.pupils)
    school = schools.loc[dirt.urn]
    assert school["phase"] == dirt.phase
    assert school["easting"] == pytest.approx(dirt.easting, abs=100)
    assert len(taken.layers[0].polygons) == 2


def test_clean_files_have_nothing_to_look_at(tmp_path: Path) -> None:
    taken = take_in(Files(tmp_path).write())
    assert (taken.ledger.flags, taken.ledger.dropped, taken.ledger.notes) == ([], [], [])
    assert (len(taken.schools), taken.data_date) == (12, "2024-01-15")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"pupils": "99999"}, "more pupils than can be believed: "),
        ({"pupils": "900", "SchoolCapacity": "210"}, "900 on 210 places"),
        ({"low": "10", "high": "9"}, "lowest age above the highest"),
        ({"pupils": "430", "SchoolCapacity": "210"}, ""),
    ],
)
def test_figures_that_cannot_be_are_flagged(
    changes: dict[str, str], says: str, tmp_path: Path
) -> None:
    files = Files(tmp_path)
    files.edit(0, **changes)
    taken = take_in(files.write())
    said = [f"{flag.what}: {flag.detail}" for flag in taken.ledger.flags]
    assert [says in one for one in said] == [True] * bool(says)


@pytest.mark.parametrize(
    ("name", "asked", "last_changed", "date", "origin"),
    [
        ("edubasealldata20240115.csv", "", "03-02-2024", "2024-01-15", "from the file's name"),
        ("schools 2024-01-15.csv", "", "", "2024-01-15", "from the file's name"),
        ("edubasealldata20240115.csv", "2024-03-01", "", "2024-03-01", "as given"),
        ("Results.csv", "", "03-02-2024", "2024-02-03", "the latest change that"),
        ("edubase20249999.csv", "", "", "2023-01-19", "the census that"),
    ],
)
def test_the_date_of_the_data(
    name: str, asked: str, last_changed: str, date: str, origin: str, tmp_path: Path
) -> None:
    files = Files(tmp_path)
    files.rows = [row.with_(LastChangedDate=last_changed) for row in files.rows]
    request = files.write()
    path = request.schools.rename(tmp_path / name)
    taken = take_in(replace(request, schools=path, data_date=asked))
    assert taken.data_date == date
    assert taken.date_origin.startswith(origin)


JUNK = (
    *("", "  ", "c", "x", ":", ".", "-1", "0", "1e9", "nan", "12.5", "1,200", "NULL"),
    *("'", '"', "=1+1", "<b>", "\xe9", "a\nb", "a,b", ";", "\t", "\x17"),
    *("Closed", "Secondary", "Not applicable", "16 plus", "31-02-2020"),
    *("100003", "100003.0", "ZZ1 1AA", "400000", "290000", "51.5"),
)
CELLS = st.sampled_from(JUNK)
EDITS = st.lists(st.tuples(st.integers(0, 11), st.sampled_from(READ), CELLS), max_size=25)
BYTES = st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), max_size=12)


@given(edits=EDITS, damage=BYTES)
@settings(max_examples=examples(60), derandomize=True, deadline=None)
def test_whatever_a_register_holds_every_row_is_accounted_for(
    edits: list[tuple[int, str, str]], damage: list[tuple[int, int]]
) -> None:
    """Cells and bytes at random: an account that adds up, or one message with what to do."""
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder))
        for at, column, cell in edits:
            files.rows[at] = Made(files.rows[at].cells | {column: cell})
        request = files.write()
        content = bytearray(request.schools.read_bytes())
        for at, value in damage:
            content[at % len(content)] = value
        request.schools.write_bytes(content)
        try:
            taken = take_in(request)
        except InputError:
            return
        ledger = taken.ledger
        assert len(taken.schools) + len(ledger.dropped) + ledger.n_others == ledger.n_rows
        assert taken.schools.index.is_unique
        assert not taken.schools["pupils"].lt(0).any()
        assert toml_of(taken)


def toml_of(taken: Intake) -> dict[str, object]:
    """Write the account into a settings file and read it again."""
    cluster = taken.schools["name"].astype(object)
    with tempfile.TemporaryDirectory() as folder:
        write_data(NewAuthority("made", "Made", taken, cluster), Path(folder))
        return tomllib.loads((Path(folder) / "authority.toml").read_text(encoding="utf-8"))
