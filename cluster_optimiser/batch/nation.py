"""Every authority of a national register in one go: a folder each, and one table of them all."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.batch.starting import Destination, Started, folder_name, start
from cluster_optimiser.errors import ClusterOptimiserError, InputError, put
from cluster_optimiser.inputs.intake.intake import Request, authorities_of
from cluster_optimiser.inputs.intake.pupils import sources
from cluster_optimiser.present.intake.account import open_left_out
from cluster_optimiser.present.intake.check_page import nation_html
from cluster_optimiser.present.tables import csv_text

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = "all"
"""What asks for every authority in place of the code or name of one."""

TABLE, PAGE = "authorities.csv", "authorities.html"

MADE, KEPT, REFUSED = "made", "there already", "not made"


@dataclass(frozen=True, slots=True)
class Nation:
    """What became of every authority."""

    table: pd.DataFrame  # one row an authority, as in TABLE
    lines: tuple[str, ...]  # the summary

    @property
    def n_refused(self) -> int:
        return int((self.table["state"] == REFUSED).sum())


def start_all(
    request: Request, destination: Destination, *, on_step: Callable[[str], None] = lambda _: None
) -> Nation:
    """Make the folder of every authority that a register names; those that are there stay."""
    on_step("reading the register")
    found = authorities_of(request)
    names = Counter(folder_name(name) for _, name in found)
    before = _before(destination)
    destination.into.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    for at, (code, name) in enumerate(found, start=1):
        title = name if names[folder_name(name)] == 1 else f"{name} {code}"
        key = folder_name(title)
        on_step(f"{title} ({at} of {len(found)})")
        home = destination.into / "boundaries" / key
        if home.exists() and not destination.is_forced:
            row = before.get(key, {"folder": key}) | {"state": KEPT}
        else:
            own = replace(request, name=title, la=code or name)
            row = {"folder": key} | _tried(own, destination)
        rows.append({"la_code": code, "authority": name} | row)
        # Written after each: a run that is ended goes on where it was.
        _write(rows, destination)
    table = _write(rows, destination)
    put(destination.into / PAGE, nation_html(table))
    return Nation(table, tuple(_lines(table, destination)))


COLUMNS = (
    *("la_code", "authority", "folder", "state", "schools", "pupils", "pupils_estimated"),
    *(
        "pupils_unknown",
        "open_left_out",
        "to_look_at",
        "groups",
        "groups_are",
        "options",
        "message",
    ),
)


def _before(destination: Destination) -> dict[str, dict[str, object]]:
    """Give the rows of an earlier run by folder, so far as there are any."""
    path = destination.into / TABLE
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError):
        return {}
    if tuple(table.columns) != COLUMNS:
        return {}
    rows = table.to_dict("records")
    return {str(row["folder"]): {str(name): cell for name, cell in row.items()} for row in rows}


def _tried(request: Request, destination: Destination) -> dict[str, object]:
    """Make one authority; what stands in the way is told in its row."""
    try:
        return {"state": MADE} | _facts(start(request, destination))
    except InputError as error:
        first = error.faults[0]
        more = f" (and {len(error.faults) - 1} more)" if len(error.faults) > 1 else ""
        return {"state": REFUSED, "message": f"{first}{more}"}
    except ClusterOptimiserError as error:
        return {"state": REFUSED, "message": str(error)}


def _facts(started: Started) -> dict[str, object]:
    """Count what was taken, what was guessed and what is to be looked at."""
    new = started.new
    intake, schools = new.intake, new.intake.schools
    by_source = {source: len(own) for source, own in sources(schools).items()}
    options = [note for note in new.scenario_notes if re.match(r"Option \d", note)]
    return {
        "schools": len(schools),
        "pupils": int(schools["pupils"].fillna(0).sum()),
        "pupils_estimated": by_source.get("estimate", 0),
        "pupils_unknown": by_source.get("unknown", 0),
        "open_left_out": len(open_left_out(intake.ledger)),
        "to_look_at": len(intake.ledger.flags),
        "groups": int(new.cluster.nunique()),
        "groups_are": "made by this program" if started.is_made else "given",
        "options": " ".join(
            found[1] for note in options if (found := re.match(r"Option (\d+)(:| leaves)", note))
        ),
        "message": " ".join(note for note in options if "left out" in note),
    }


def _write(rows: list[dict[str, object]], destination: Destination) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).fillna("")
    path = destination.into / TABLE
    try:
        put(path, csv_text(table))
    except OSError as error:
        remedy = "Close it if it is open, or give another --into folder."
        raise InputError.of(path, f"it cannot be written: {error.strerror}", remedy) from error
    return table


def _lines(table: pd.DataFrame, destination: Destination) -> list[str]:
    states = table["state"].value_counts()
    said = [f"{len(table)} authorities: " + ", ".join(f"{n} {s}" for s, n in states.items()) + "."]
    refused = table[table["state"] == REFUSED]
    said += [f"  {row.authority}: {row.message}" for row in refused.itertuples()]
    said += ["", f"Look at {(destination.into / PAGE).as_posix()}; the table is {TABLE} beside it."]
    return said
