"""A national register of any vintage: what is taken of it is what a plain tally counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.inputs.intake.intake import Request, authorities_of, take_in
from tests.made_nation import VINTAGES, write_nation

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("vintage", VINTAGES)
def test_every_row_is_accounted_for_and_no_open_school_is_lost(
    vintage: str, tmp_path: Path
) -> None:
    made = write_nation(tmp_path, vintage, n_rows=370, n_las=3)
    tally = made.tally()
    request = Request(
        name="", schools=made.register, links=tmp_path / "links_edubasealldata20240115.csv"
    )
    found = authorities_of(request)
    assert [name for _, name in found] == list(tally.index)
    for code, name in found:
        taken = take_in(Request(name=name, la=code, schools=made.register, links=request.links))
        schools, ledger = taken.schools, taken.ledger
        assert (len(schools), int(schools["pupils"].sum())) == tuple(tally.loc[name])
        assert len(schools) + len(ledger.dropped) + ledger.n_others == len(made.rows)
        assert not schools["pupils"].isna().any()
