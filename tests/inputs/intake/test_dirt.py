"""Every kind of dirt has one clear line, and no row is lost without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.inputs.intake import take_in
from cluster_optimiser.present.intake import summary_lines
from tests.inputs.intake.dirt import KINDS, Files

if TYPE_CHECKING:
    from pathlib import Path


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
    assert school["easting"] == pytest.approx(dirt.easting, abs=1)
    assert len(taken.layers[0].polygons) == 2


def test_clean_files_have_nothing_to_look_at(tmp_path: Path) -> None:
    taken = take_in(Files(tmp_path).write())
    assert (taken.ledger.flags, taken.ledger.dropped, taken.ledger.notes) == ([], [], [])
    assert (len(taken.schools), taken.data_date) == (12, "2024-01-15")
