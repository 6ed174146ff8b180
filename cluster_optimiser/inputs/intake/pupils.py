"""Pupils of every school, each with its source; an unknown roll is never a silent 0."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cluster_optimiser.constants import ESTIMATE
from cluster_optimiser.inputs.checking import FaultList, Problem, listed, urn_of
from cluster_optimiser.inputs.intake.gias import age_of
from cluster_optimiser.inputs.intake.ledger import Flag, Ledger
from cluster_optimiser.inputs.intake.rows import RawTable, read_raw
from cluster_optimiser.inputs.register import SUPPRESSED, WORDS, pupils_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import geopandas as gpd

    from cluster_optimiser.inputs.intake.links import Closed

COLUMNS: dict[str, tuple[str, ...]] = {name: tuple(n) for name, n in WORDS["census"].items()}
"""Our name of a column -> its names in the school census, performance tables and others."""

EXTRAS = ("sen_support", "ehcp", "fsm_ever6")


@dataclass(frozen=True, slots=True, eq=False)
class Census:
    """Figures by school, its URN or its LAESTAB."""

    file: str  # name of the file
    pupils: Mapping[str, int | Problem]
    extras: Mapping[str, Mapping[str, str]]
    notes: tuple[str, ...] = ()  # what was mended, in words


def laestab_of(text: str) -> str:
    """Give authority and establishment number in one form.

    >>> laestab_of("3824000.0"), laestab_of("382-4000"), laestab_of("x")
    ('382/4000', '382/4000', '')
    """
    found = re.fullmatch(r"(\d{3})[/\- ]?(\d{4})(\.0+)?", text)
    return f"{found[1]}/{found[2]}" if found else ""


def read_census(path: Path, column: str, faults: FaultList) -> Census | None:
    names = COLUMNS | ({"pupils": (column,)} if column else {})
    table = read_raw(path, names, needs=("pupils",), faults=faults)
    if table is None:
        return None
    table = _latest(table)
    keys = _keys_of_row(table)
    if keys is None:
        text = "no column names the schools: no URN, no LAESTAB, no LA with ESTAB"
        faults.add(table.file, 1, "", Problem(text, "Add the URN of each school."))
        return None
    pupils: dict[str, int | Problem] = {}
    extras: dict[str, dict[str, str]] = {name: {} for name in EXTRAS if name in table.cells}
    n_nameless, again, odd = 0, [], []
    for row, text in zip(table.cells.index, table.cells["pupils"], strict=True):
        own = keys[row]
        n_nameless += not own
        figure = pupils_of(text)
        if own and text and isinstance(figure, Problem) and text.lower() not in SUPPRESSED:
            odd.append(f'"{text}" (row {row})')
        for i, key in enumerate(own):
            if key not in pupils:
                pupils[key] = figure
                for name, values in extras.items():
                    cell = str(table.cells.loc[row, name])
                    values[key] = "" if cell.lower() in SUPPRESSED else cell
                continue
            # The rows of the sites of one school hold parts of it, or the same figure again: which
            # of the two cannot be told.
            again += [key] if not i else []
            if pupils[key] != figure:
                pupils[key] = Problem("it stands on several rows that differ", "")
    return Census(table.file, pupils, extras, _notes(table, n_nameless, again, odd))


def _latest(table: RawTable) -> RawTable:
    """Keep the rows of the last year, where a table has several."""
    periods = sorted({text for text in table.column("period") if re.match(r"\d{4}", text)})
    if len(periods) < 2:  # noqa: PLR2004 - several
        return table
    note = f"of several years ({listed(periods)}) the figures of {periods[-1]} are taken."
    cells = table.cells[table.cells["period"] == periods[-1]]
    return replace(table, cells=cells, notes=(*table.notes, note))


def _keys_of_row(table: RawTable) -> dict[int, list[str]] | None:
    """Give URN and LAESTAB of every row, as far as it has them: academies change only the first."""
    cells, blank = table.cells, [""] * len(table.cells)
    urns = [urn_of(text) for text in cells.get("urn", blank)]
    laestabs = [laestab_of(text) for text in cells.get("laestab", blank)]
    both = zip(cells.get("la_code", blank), cells.get("number", blank), strict=True)
    parts = [laestab_of(f"{la}/{number}") for la, number in both]
    if not {"urn", "laestab"} & set(cells) and not {"la_code", "number"} <= set(cells):
        return None
    return {
        int(row): [
            *([] if isinstance(urn, Problem) else [str(urn)]),
            *([laestab or part] if laestab or part else []),
        ]
        for row, urn, laestab, part in zip(cells.index, urns, laestabs, parts, strict=True)
    }


def _notes(table: RawTable, n_nameless: int, again: list[str], odd: list[str]) -> tuple[str, ...]:
    notes = [f"{table.file}: {note}" for note in table.notes]
    for row, unread in table.unreadable.items():
        notes.append(f"{table.file}, row {row}: not read: {unread.why}.")
    if n_nameless:
        notes.append(f"{table.file}: {n_nameless} rows name no school (totals, perhaps); not read.")
    if odd:
        notes.append(f"{table.file}: no numbers of pupils, and not taken: {listed(odd)}.")
    if again:
        keys = listed(dict.fromkeys(again))
        notes.append(f"{table.file}: some schools stand on several rows: {keys}.")
    return tuple(notes)


REGISTER, UNKNOWN = "register", "unknown"
FROM_PREDECESSOR = "pupils are the last roll of the school it followed"
ESTIMATED = "pupils estimated"
NOT_KNOWN = "pupils not known"

MOST_STEPS = 5
"""Closed schools that are gone back through for a roll."""

FEW_FOR_FILL, FEW_FOR_SIZE, N_NEIGHBOURS = 5, 3, 5
"""Schools of a phase from which on an estimate is made: of the share of places that is filled, and
of size by year of age; and how many neighbours that size is from."""

ALIKE = ("nursery", "primary", "middle", "secondary", "all-through")
"""Phases whose schools are enough alike to be estimated from neighbours."""


@dataclass(frozen=True, slots=True)
class Roll:
    """Pupils of a school and where they are from."""

    pupils: int
    source: str
    detail: str = ""


def join_pupils(
    schools: pd.DataFrame,
    census: Census | None,
    closed: Closed,
    ledger: Ledger,
    *,
    is_census_first: bool,
) -> pd.DataFrame:
    """Give every school its pupils and their source: columns ``pupils``, ``pupils_source``."""
    joined = schools.copy()
    rows = {
        int(str(urn)): {str(name): str(cell) for name, cell in row.items()}
        for urn, row in schools.to_dict("index").items()
    }
    sources = _Sources(census, closed, is_census_first)
    rolls = {urn: sources.roll(urn, row) for urn, row in rows.items()}
    for urn, roll in rolls.items():
        if roll is not None and roll.source.startswith("predecessor"):
            ledger.flags.append(Flag(urn, rows[urn]["name"], FROM_PREDECESSOR, roll.detail))
    figures = {urn: roll.pupils for urn, roll in rolls.items() if roll is not None}
    joined["pupils_text"] = joined.get("pupils", "")
    joined["pupils"] = pd.Series(figures, dtype="Int64").reindex(schools.index)
    joined["pupils_source"] = [roll.source if roll else UNKNOWN for roll in rolls.values()]
    for column, values in census.extras.items() if census else ():
        joined[column] = [
            next((values[key] for key in _keys(urn, row) if key in values), "")
            for urn, row in rows.items()
        ]
    return joined


def report_nobody(census: Census, schools: pd.DataFrame, faults: FaultList) -> None:
    """Report a file that has none of the schools: of another authority, or by other numbers."""
    rows = ((int(str(urn)), row) for urn, row in schools.to_dict("index").items())
    if not any(key in census.pupils for urn, row in rows for key in _keys(urn, row)):  # type: ignore[arg-type]
        text = f"none of its {len(census.pupils)} numbers is that of one of the schools"
        remedy = "Give the file of this authority, with the URN or LAESTAB of each school."
        faults.add(census.file, 0, "--pupils", Problem(text, remedy))


def _keys(urn: int, row: Mapping[str, str]) -> tuple[str, str]:
    return str(urn), laestab_of(f"{row.get('la_code', '')}/{row.get('number', '')}")


@dataclass(frozen=True, slots=True, eq=False)
class _Sources:
    """Where rolls are looked for."""

    census: Census | None
    closed: Closed
    is_census_first: bool

    def roll(self, urn: int, row: Mapping[str, str]) -> Roll | None:
        stated = pupils_of(row.get("pupils", ""))
        source = row.get("pupils_source") or REGISTER
        own = [] if isinstance(stated, Problem) else [Roll(stated, source)]
        counted = [*self.of_census(urn, row)]
        known = [*counted, *own] if self.is_census_first else [*own, *counted]
        return known[0] if known else self.of_predecessors(urn, row, MOST_STEPS)

    def of_census(self, urn: int, row: Mapping[str, str]) -> Iterator[Roll]:
        for key, by in zip(_keys(urn, row), ("URN", "LAESTAB"), strict=True):
            figure = None if self.census is None or not key else self.census.pupils.get(key)
            if self.census is not None and isinstance(figure, int):
                yield Roll(figure, f"{self.census.file} by {by}")

    def of_predecessors(self, urn: int, row: Mapping[str, str], n_steps: int) -> Roll | None:
        """Give the last roll of the school that was followed, or the sum of those made one."""
        before, how = self.closed.before(urn, row)
        rolls = [
            self.of_old(old.urn, old.cells) or self.of_predecessors(old.urn, old.cells, n_steps - 1)
            for old in (before if n_steps else ())
        ]
        figures = [roll.pupils for roll in rolls if roll is not None]
        if not figures or len(figures) < len(before):
            return None
        urns = " + ".join(str(old.urn) for old in before)
        said = " + ".join(
            f"{figure} of {old.cells.get('name', '')} (URN {old.urn})"
            for figure, old in zip(figures, before, strict=True)
        )
        return Roll(sum(figures), f"predecessor {urns}", f"{said}, {how}")

    def of_old(self, urn: int, row: Mapping[str, str]) -> Roll | None:
        stated = pupils_of(row.get("pupils", ""))
        if not isinstance(stated, Problem):
            return Roll(stated, REGISTER)
        # By its URN only: the LAESTAB may be its successor's by now.
        figure = None if self.census is None else self.census.pupils.get(str(urn))
        return Roll(figure, "") if isinstance(figure, int) else None


def estimate_pupils(schools: gpd.GeoDataFrame, ledger: Ledger) -> gpd.GeoDataFrame:
    """Estimate rolls that no source has: from places, else from neighbours of the same phase."""
    estimated = schools.copy()
    for phase, own in schools.groupby("phase"):
        lacking = own[own["pupils"].isna()]
        if lacking.empty:
            continue
        places = own.get("capacity", pd.Series("", index=own.index)).map(_whole)
        years = pd.Series([_years(row) for _, row in own.iterrows()], index=own.index)
        known = own["pupils"].dropna().astype(float)
        fill = (known / places[known.index].replace(0, np.nan)).dropna()
        for urn, row in lacking.iterrows():
            near = known.index[np.argsort(own.geometry[known.index].distance(row.geometry))]
            near = near[:N_NEIGHBOURS]
            pupils, said = np.nan, ""
            if places[urn] > 0 and len(fill) >= FEW_FOR_FILL:
                pupils = places[urn] * min(1.0, float(fill.median()))
                share = (
                    f"{100 * min(1.0, float(fill.median())):.0f} % of its {places[urn]:.0f} places"
                )
                said = f"{share}, as in {len(fill)} others of its phase"
            elif phase in ALIKE and len(near) >= FEW_FOR_SIZE:
                pupils = float((known[near] / years[near]).median()) * years[urn]
                said = f"as large by year of age as its {len(near)} nearest of the same phase"
            if np.isfinite(pupils):
                estimated.loc[urn, "pupils"] = round(pupils)
                estimated.loc[urn, "pupils_source"] = f"{ESTIMATE}: {said}"
                detail = f"{round(pupils)}: {said}; {_why(row)}"
                ledger.flags.append(Flag(int(str(urn)), str(row["name"]), ESTIMATED, detail))
    for urn, row in estimated[estimated["pupils"].isna()].iterrows():
        ledger.flags.append(Flag(int(str(urn)), str(row["name"]), NOT_KNOWN, _why(row)))
    return estimated


def _why(row: pd.Series) -> str:
    problem = pupils_of(str(row.get("pupils_text", "")))
    return problem.text if isinstance(problem, Problem) else ""


def _whole(text: object) -> float:
    figure = pupils_of(str(text))
    return np.nan if isinstance(figure, Problem) else float(figure)


def _years(row: pd.Series) -> float:
    """Years of age that a school teaches; all the same where it does not say."""
    low, high = age_of(str(row.get("low_age", ""))), age_of(str(row.get("high_age", "")))
    return float(high - low) if low is not None and high is not None and high > low else 7.0


def sources(schools: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Group schools by the kind of source of their pupils, the most frequent first."""
    kind = schools["pupils_source"].str.replace(r"^(predecessor|estimate).*", r"\1", regex=True)
    return {str(name): schools[kind == name] for name in kind.value_counts(sort=True).index}
