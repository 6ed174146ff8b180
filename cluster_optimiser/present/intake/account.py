"""The account of an intake in words: what was taken, what was dropped and why, what to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.constants import PHASES
from cluster_optimiser.inputs.checking import listed
from cluster_optimiser.inputs.intake.ledger import OPEN_LEFT_OUT, Dropped, Ledger
from cluster_optimiser.inputs.intake.pupils import sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cluster_optimiser.inputs.intake.intake import Intake

WIDTH = 58

SOURCE_WORDS = {
    "register": "the register's own",
    "predecessor": "the last roll of the schools they followed",
    "estimate": "estimated",
    "unknown": "not known",
}
"""Kind of source of pupils -> its words; other sources are files, and bear their names."""


def summary_lines(intake: Intake) -> Iterator[str]:
    ledger, schools = intake.ledger, intake.schools
    origin = intake.date_origin
    code = f" ({intake.chosen.code})" if intake.chosen.code else ""
    yield f"{intake.chosen.name}{code} from {ledger.file}, data of {intake.data_date} ({origin})"
    yield ""
    yield _row("Schools by phase", "schools", "pupils")
    for phase, n_schools, pupils in phases(schools):
        yield _row(f"  {phase}", n_schools, pupils)
    yield _row("  all taken", len(schools), _total(schools))
    yield ""
    yield _row("Pupils, and where they are from", "schools", "pupils")
    for source, own in sources(schools).items():
        yield _row(f"  {SOURCE_WORDS.get(source, source)}", len(own), _total(own))
    yield ""
    yield _row("Rows not taken, and why", "rows", "pupils")
    for reason, n_rows, n_pupils in not_taken(ledger):
        yield _row(f"  {reason}", n_rows, n_pupils)
    yield _row("  all not taken", ledger.n_others + len(ledger.dropped), "")
    yield _row("Rows of the file", ledger.n_rows, "")
    yield from _open_lines(ledger)
    yield from _flag_lines(ledger)
    if ledger.notes:
        yield ""
        yield "Mended, guessed or missing in the files:"
        yield from (f"  {note}" for note in ledger.notes)


def _total(schools: pd.DataFrame) -> int | str:
    """Give the pupils of schools: at least so many where a roll is not known."""
    pupils = schools["pupils"]
    if pupils.isna().all() and len(schools):
        return "not known"
    return f"at least {pupils.sum():,}" if pupils.isna().any() else int(pupils.sum())


def _row(label: str, first: object, second: object) -> str:
    cells = [f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in (first, second)]
    return f"{label:<{WIDTH}}{cells[0]:>10}{cells[1]:>12}".rstrip()


def phases(schools: pd.DataFrame) -> list[tuple[str, int, int | str]]:
    rows: list[tuple[str, int, int | str]] = []
    for phase in PHASES:
        own = schools[schools["phase"] == phase]
        if len(own):
            rows.append((phase, len(own), _total(own)))
    return rows


def not_taken(ledger: Ledger) -> list[tuple[str, int, int | str]]:
    rows: list[tuple[str, int, int | str]] = []
    if ledger.others:
        rows.append((f"other authorities ({len(ledger.others)})", ledger.n_others, ""))
    for reason, dropped in ledger.reasons().items():
        rows.append((reason, len(dropped), sum(one.pupils or 0 for one in dropped)))
    return rows


def open_left_out(ledger: Ledger) -> list[Dropped]:
    """Give the rows that may well be open schools and yet could not be taken."""
    found = [one for one in ledger.dropped if one.reason in OPEN_LEFT_OUT]
    return sorted(found, key=lambda one: one.row)


def _open_lines(ledger: Ledger) -> Iterator[str]:
    left_out = open_left_out(ledger)
    if not left_out:
        return
    yield ""
    yield "May be open, and could not be taken. Look at these first:"
    for one in left_out:
        who = f"{one.name or 'a row without a name'} (URN {one.urn or 'blank'}, row {one.row})"
        yield f"  {who}: {one.reason}: {one.detail}"
    yield "  To take one, give what is missing: --corrections FILE with urn and the right values,"
    yield "  --keep URN where a row is torn, --postcodes FILE for places, or mend the row itself."


def _flag_lines(ledger: Ledger) -> Iterator[str]:
    if not ledger.flags:
        return
    yield ""
    yield "Taken, with something to look at (all of them in flagged.csv):"
    for what, flags in ledger.kinds_of_flag().items():
        if len(flags) == 1:
            detail = f": {flags[0].detail}" if flags[0].detail else ""
            yield f"  {what}: {flags[0].name}{detail}"
        else:
            yield f"  {what}: {len(flags)} schools: {listed(flag.name for flag in flags)}"


def dropped_table(ledger: Ledger) -> pd.DataFrame:
    rows = sorted(ledger.dropped, key=lambda one: one.row)
    return _table(
        [(d.urn, d.name, d.reason, d.detail, d.pupils, d.row) for d in rows],
        ("urn", "name", "reason", "detail", "pupils", "row"),
    )


def flagged_table(ledger: Ledger) -> pd.DataFrame:
    """Give what to look at among the schools that were taken."""
    flags = sorted(ledger.flags, key=lambda flag: (flag.urn, flag.what))
    return _table(
        [(flag.urn, flag.name, flag.what, flag.detail) for flag in flags],
        ("urn", "name", "what", "detail"),
    )


def others_table(ledger: Ledger) -> pd.DataFrame:
    rows = [(code, name, number) for (code, name), number in sorted(ledger.others.items())]
    return _table(rows, ("la_code", "la_name", "rows"))


def _table(rows: Sequence[tuple[object, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns), dtype=object)
