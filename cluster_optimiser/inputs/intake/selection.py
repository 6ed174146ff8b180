"""Which rows of a register are schools of the authority, and why the others are not."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from cluster_optimiser.constants import FORMULA_STARTS, MOST_OF_SCHOOL
from cluster_optimiser.inputs.checking import Problem, did_you_mean, listed, number_of, urn_of
from cluster_optimiser.inputs.intake.gias import (
    COLUMNS,
    LEFT_OUT,
    STATUSES,
    age_of,
    is_phase,
    iso_day,
    kind_of,
    phase_of,
    plain,
)
from cluster_optimiser.inputs.intake.ledger import Dropped, Flag, Ledger
from cluster_optimiser.inputs.intake.rows import CHECKS, LIKE, RawTable, Unread
from cluster_optimiser.inputs.register import pupils_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cluster_optimiser.inputs.checking import FaultList

MANY = 12
"""From so many authorities on, only the nearest names are offered."""

NO_AUTHORITY = frozenset({"000", "0"})
"""Codes of the register for establishments that belong to no authority."""

_NONE_WORDS = frozenset({"", "does not apply", "none", "not applicable"})

_SAME_ROW, _SAME_URN = "the same row again", "its URN stands on an earlier row"

AGES = ("low_age", "high_age")

BY_AGE = frozenset({"primary", "middle", "secondary", "all-through"})
"""Phases of which ages tell who takes whose pupils on."""

MOST_OF_PLACES = 3
"""Times its places from which on a roll is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Chosen:
    name: str  # its name as the register has it, or as the user gave it
    code: str  # its three figures, empty where the register has none
    ons_code: str  # its nine-character code, empty where the register has none
    rows: tuple[int, ...]  # lines of the file, those that cannot be read among them


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user wants otherwise than the rules would have it."""

    include: frozenset[str] = frozenset()  # kinds to take that are left out otherwise
    keep: frozenset[int] = frozenset()  # URNs to take, and to leave out, whatever the rules say
    drop: frozenset[int] = frozenset()  # URNs to take, and to leave out, whatever the rules say
    data_date: str = ""  # ISO date of the extract, to judge closing dates by


def authorities(table: RawTable) -> list[tuple[str, str]]:
    """Give code and name of every authority of a table, each once, by its commonest name."""
    codes = table.column("la_code").str.replace(r"\.0+$", "", regex=True)
    names: dict[str, Counter[str]] = {}
    for code, name in zip(codes, table.column("la_name"), strict=True):
        if name and name.lower() not in _NONE_WORDS and code not in NO_AUTHORITY:
            names.setdefault(code or name, Counter())[name] += 1
    return sorted(
        (key if key in set(codes) else "", of_key.most_common(1)[0][0])
        for key, of_key in names.items()
    )


def choose_authority(
    table: RawTable, asked: str, name: str, ledger: Ledger, faults: FaultList
) -> Chosen | None:
    ledger.n_rows = len(table.cells) + len(table.unreadable)
    codes, names = table.column("la_code"), table.column("la_name")
    codes = codes.str.replace(r"\.0+$", "", regex=True)
    of_row = dict(zip(map(int, table.cells.index), zip(codes, names, strict=True), strict=True))
    of_row |= {row: _authority_of(unread.cells) for row, unread in table.unreadable.items()}
    pairs = Counter(pair for row, pair in of_row.items() if row not in table.unreadable)
    pairs.pop(("", ""), None)
    if not pairs:
        return Chosen(name, "", "", tuple(of_row))
    wanted = asked or (name if len(pairs) > 1 else "")
    hits = [pair for pair in pairs if not wanted or wanted in pair or _is_like(wanted, pair[1])]
    if not hits:
        _report_authority(table.file, asked, name, pairs, faults)
        return None
    own = {code for code, _ in hits if code} or {named for _, named in hits}
    at = 0 if any(code for code, _ in hits) else 1
    is_only = len({pair[at] for pair in pairs} - {""}) == 1
    rows = [row for row, pair in of_row.items() if pair[at] in own or (is_only and not any(pair))]
    ons = Counter(table.column("la_ons").reindex(rows).replace("", None).dropna())
    best = max(hits, key=lambda pair: pairs[pair])
    chosen = Chosen(best[1] or name, best[0], ons.most_common(1)[0][0] if ons else "", tuple(rows))
    return chosen if is_only else _with_unstated(table, chosen, of_row, ledger)


def _authority_of(cells: Mapping[str, str]) -> tuple[str, str]:
    return re.sub(r"\.0+$", "", cells.get("la_code", "")), cells.get("la_name", "")


def _with_unstated(
    table: RawTable, chosen: Chosen, of_row: Mapping[int, tuple[str, str]], ledger: Ledger
) -> Chosen:
    """Add the rows that name no authority and yet are in a district that only this one has."""
    own, stated = set(chosen.rows), table.column("la_ons")
    where = stated.mask(stated == "", table.column("district"))
    of_place: dict[str, set[bool]] = {}
    for row, place in where.items():
        if place and any(of_row[int(str(row))]):
            of_place.setdefault(place, set()).add(int(str(row)) in own)
    for row, pair in of_row.items():
        if not any(pair) and of_place.get(where.get(row, "")) == {True}:
            own.add(row)
        elif row not in own:
            ledger.others[pair] = ledger.others.get(pair, 0) + 1
    return replace(chosen, rows=tuple(sorted(own)))


def _is_like(asked: str, name: str) -> bool:
    words = re.sub(r"\b(city|county|council|borough|metropolitan|of|and)\b", " ", name.lower())
    asked_words = re.sub(
        r"\b(city|county|council|borough|metropolitan|of|and)\b", " ", asked.lower()
    )
    return plain(name) == plain(asked) or (
        bool(plain(words)) and plain(words) == plain(asked_words)
    )


def _report_authority(
    file: str, asked: str, name: str, pairs: Mapping[tuple[str, str], int], faults: FaultList
) -> None:
    known = [text for pair in sorted(pairs) for text in pair if text]
    shown = [f"{code} {la}".strip() for code, la in sorted(pairs)]
    if asked:
        problem = f'the file has no authority "{asked}"'
    else:
        problem = f'the file holds {len(pairs)} authorities, and none is called "{name}"'
    choice = f"They are {listed(shown)}." if len(pairs) <= MANY else ""
    remedy = did_you_mean(
        asked or name, known, choice or 'Say which one, by its code or name: --la "...".'
    )
    faults.add(file, 0, "--la", Problem(problem, remedy))


@dataclass(slots=True)
class _Sieve:
    """Judges the rows of the authority one after the other."""

    wishes: Wishes
    ledger: Ledger
    kept: dict[int, dict[str, Any]] = field(default_factory=dict)
    first_row: dict[int, tuple[int, dict[str, str]]] = field(default_factory=dict)

    def drop(self, row: int, cells: dict[str, str], reason: str, detail: str = "") -> None:
        figure = pupils_of(cells.get("pupils", ""))
        self.ledger.dropped.append(
            Dropped(
                row,
                cells.get("urn", ""),
                cells.get("name", ""),
                reason,
                detail,
                None if isinstance(figure, Problem) else figure,
            )
        )

    def flag(self, urn: int, name: str, what: str, detail: str = "") -> None:
        self.ledger.flags.append(Flag(urn, name, what, detail))

    def take(self, row: int, cells: dict[str, str]) -> None:
        urn = urn_of(cells.get("urn", ""))
        if isinstance(urn, Problem):
            self.drop(row, cells, "no URN", urn.text)
            return
        reason, detail = self._reason(urn, cells)
        if reason:
            self.drop(row, cells, reason, detail)
            return
        if urn in self.first_row:
            self._drop_second(row, urn, cells)
            return
        kind = kind_of(cells.get("type", ""), cells.get("group", ""))
        aged, ages = self._with_ages(urn, cells)
        name = cells.get("name", "") or f"School without a name (URN {urn})"
        # In Scotland the type of a school is its phase.
        word = cells.get("phase", "") or cells.get("type", "")
        word = word if is_phase(word) else cells.get("phase", "")
        read = phase_of(word, kind, ages, name, la_code=cells.get("la_code", ""))
        if read.phase == "16 plus" and urn not in self.wishes.keep:
            self.drop(row, cells, LEFT_OUT["post-16"], read.guessed_from)
            return
        if not read.phase:
            detail = f'phase "{cells.get("phase", "")}", no ages that tell it'
            self.drop(row, cells, "phase not known", detail)
            return
        self.first_row[urn] = (row, cells)
        phase = "secondary" if read.phase == "16 plus" else read.phase
        if read.phase in BY_AGE and set(AGES) <= set(cells) and None in ages:
            self.flag(urn, name, "ages not known: who feeds whom is told by phase and name")
        if read.guessed_from:
            self.flag(urn, name, "phase guessed", f"{phase}, from {read.guessed_from}")
        self._flag_oddities(urn, name, cells)
        self.kept[urn] = {**aged, "urn": urn, "name": name, "phase": phase, "row": row}

    def _with_ages(
        self, urn: int, cells: dict[str, str]
    ) -> tuple[dict[str, str], tuple[int | None, int | None]]:
        """Read the ages, exchanged where the lowest stands above the highest."""
        name, stated = cells.get("name", ""), [cells.get(key, "") for key in AGES]
        low, high = map(age_of, stated)
        unread = [
            text for text, age in zip(stated, (low, high), strict=True) if text and age is None
        ]
        if unread:
            self.flag(urn, name, "an age that cannot be read", f'"{unread[0]}"')
        if low is None or high is None or low <= high:
            return cells, (low, high)
        self.flag(urn, name, "lowest age above the highest: read as exchanged", f"{low} and {high}")
        return cells | dict(zip(AGES, reversed(stated), strict=True)), (high, low)

    def take_unread(self, row: int, unread: Unread) -> None:
        """Leave out a row that cannot be read, unless it is asked for by its URN."""
        cells = dict(unread.cells)
        urn = urn_of(cells.get("urn", ""))
        if isinstance(urn, Problem) or urn not in self.wishes.keep:
            self.drop(row, cells, "the row cannot be read", unread.why)
            return
        before = len(self.kept)
        self.take(row, cells)
        if len(self.kept) > before:
            what = "taken on request from a row that cannot be read as it stands"
            self.flag(urn, cells.get("name", ""), what, unread.why)

    def _reason(self, urn: int, cells: dict[str, str]) -> tuple[str, str]:
        """Give why a row is not taken, empty where it is."""
        if urn in self.wishes.drop:
            return "left out on request", ""
        if urn in self.wishes.keep:
            return "", ""
        status = STATUSES.get(cells.get("status", "").lower(), "")
        closed = iso_day(cells.get("close_date", ""))
        if status == "closed" or (not status and closed and closed <= self.wishes.data_date):
            parts = [cells.get("close_date", ""), cells.get("close_reason", "")]
            return "closed", ", ".join(part for part in parts if part.lower() not in _NONE_WORDS)
        if status == "proposed" and "proposed" not in self.wishes.include:
            return "not open yet", cells.get("status", "")
        kind = kind_of(cells.get("type", ""), cells.get("group", ""))
        if kind in LEFT_OUT and kind not in self.wishes.include:
            return LEFT_OUT[kind], cells.get("type", "")
        return "", ""

    def _drop_second(self, row: int, urn: int, cells: dict[str, str]) -> None:
        first_row, first = self.first_row[urn]
        differing = [name for name, text in cells.items() if text != first[name]]
        if not differing:
            self.drop(row, cells, _SAME_ROW, f"row {first_row}")
            return
        self.drop(row, cells, _SAME_URN, f"row {first_row}; {listed(differing)} differ")
        detail = f"rows {first_row} and {row} differ in {listed(differing)}; the first is taken"
        self.flag(urn, first["name"], "two rows for one URN (two sites, perhaps)", detail)

    def _flag_oddities(self, urn: int, name: str, cells: dict[str, str]) -> None:
        text = cells.get("status", "")
        status = STATUSES.get(text.lower(), "")
        closing = iso_day(cells.get("close_date", ""))
        if status == "closing":
            self.flag(urn, name, "open, but proposed to close", cells.get("close_date", ""))
        elif status == "open" and closing and closing <= self.wishes.data_date:
            detail = f"{cells['close_date']}, before the date of the data"
            self.flag(urn, name, "open, but with a closing date that has passed", detail)
        elif status == "proposed":
            self.flag(urn, name, "not open yet, taken on request", text)
        elif not status and "status" in cells:
            self.flag(urn, name, "status not known, taken for open", f'"{text}"')
        pupils, places = (number_of(cells.get(key, "")) for key in ("pupils", "capacity"))
        most = (
            MOST_OF_SCHOOL if isinstance(places, Problem) or not places else MOST_OF_PLACES * places
        )
        if not isinstance(pupils, Problem) and pupils > min(most, MOST_OF_SCHOOL):
            on = "" if isinstance(places, Problem) else f" on {places:,.0f} places"
            self.flag(urn, name, "more pupils than can be believed", f"{pupils:,.0f}{on}")
        if not cells.get("name", ""):
            self.flag(urn, name, "no name")
        if name.startswith(FORMULA_STARTS) or re.search(r"<\s*/?\s*\w", name):
            self.flag(urn, name, "name looks like a formula or a script; kept as plain text")


def select(table: RawTable, chosen: Chosen, wishes: Wishes, ledger: Ledger) -> pd.DataFrame:
    """Sort the rows of an authority into schools and the rest."""
    sieve = _Sieve(wishes, ledger)
    for row in sorted(set(chosen.rows) & set(table.unreadable)):
        sieve.take_unread(row, table.unreadable[row])
    own = table.cells.loc[[row for row in chosen.rows if row not in table.unreadable]]
    for row, cells in zip(own.index, own.to_dict("records"), strict=True):
        sieve.take(int(row), {str(name): str(text) for name, text in cells.items()})
    schools = pd.DataFrame.from_dict(sieve.kept, orient="index")
    if schools.empty:
        return schools
    schools = schools.set_index("urn").sort_index()
    if "religious_character" in schools:
        is_none = schools["religious_character"].str.lower().isin(_NONE_WORDS)
        schools["religious_character"] = schools["religious_character"].mask(is_none, "")
    _flag_twins(schools, ledger)
    return schools


def _flag_twins(schools: pd.DataFrame, ledger: Ledger) -> None:
    """Flag open schools of one name at one postcode: one of them may have replaced the other."""
    if "postcode" not in schools:
        return
    keys = [
        (plain(name), plain(code)) if code else None
        for name, code in zip(schools["name"], schools["postcode"], strict=True)
    ]
    for key, number in Counter(key for key in keys if key).items():
        if number > 1:
            twins = [urn for urn, own in zip(schools.index, keys, strict=True) if own == key]
            for urn in twins:
                others = ", ".join(str(other) for other in twins if other != urn)
                what = "another open school has its name and postcode (merged, perhaps)"
                ledger.flags.append(Flag(int(urn), str(schools.loc[urn, "name"]), what, others))


def check_urns(urns: Iterable[int], table: RawTable, option: str, faults: FaultList) -> None:
    """Report URNs of an option that the register does not have."""
    known = set(table.cells["urn"].str.replace(r"\.0+$", "", regex=True))
    known |= {unread.cells.get("urn", "") for unread in table.unreadable.values()}
    for urn in sorted(urns):
        if str(urn) not in known:
            remedy = did_you_mean(str(urn), known, "Correct it, or leave it out.")
            problem = Problem(f"{table.file} has no school with the URN {urn}", remedy)
            faults.add("the command", 0, option, problem)


JUDGED = ("pupils", "phase", "status", *AGES, "easting", "northing", "lat", "lon", "capacity")
"""Columns of which a correction that cannot be read is a fault, not one more thing to guess."""


def _bare(urn: str) -> str:
    return re.sub(r"\.0+$", "", urn)


def _check_corrections(corrections: RawTable, ledger: Ledger, faults: FaultList) -> None:
    """Report what of the user's own values would be left out, misread or said two ways."""
    file, is_bare = corrections.file, set(corrections.found) == {"urn"}
    for heading in corrections.unused:
        near = difflib.get_close_matches(heading.lower(), COLUMNS, 1, LIKE)
        said = "is no column that can be corrected"
        if near or is_bare:
            remedy = f'Did you mean "{near[0]}"?' if near else f"Use {listed(JUDGED, len(JUDGED))}."
            faults.add(file, 1, f'column "{heading}"', Problem(f"it {said}", remedy))
        else:
            ledger.notes.append(f'{file}: "{heading}" {said}: not used.')
    for row, unread in corrections.unreadable.items():
        faults.add(file, row, "", Problem(f"not read: {unread.why}", "Correct the row."))
    first: dict[tuple[str, str], tuple[int, str]] = {}
    for line, values in corrections.cells.to_dict("index").items():
        urn, at = _bare(str(values["urn"])), int(str(line))
        for name, text in ((str(name), str(text)) for name, text in values.items() if text):
            other, before = first.setdefault((urn, name), (at, text))
            if name != "urn" and before != text:
                problem = Problem(
                    f'{name} is "{before}" on row {other}, "{text}" here', "Leave one."
                )
                faults.add(file, at, f"URN {urn}", problem)
            if name in JUDGED and not CHECKS[name](text):
                problem = Problem(f'"{text}" cannot be read as {name}', "Correct it.")
                faults.add(file, at, f"URN {urn}", problem)


def corrected(
    table: RawTable, corrections: RawTable, ledger: Ledger, faults: FaultList
) -> RawTable:
    """Put the user's own values in place of those of the register."""
    _check_corrections(corrections, ledger, faults)
    unread = {int(row): one.cells for row, one in table.unreadable.items()}
    asked = set(corrections.cells["urn"].map(_bare))
    mended = {row: own for row, own in unread.items() if _bare(own.get("urn", "")) in asked}
    more = pd.DataFrame.from_dict(mended, orient="index").rename_axis("row")
    cells = pd.concat([table.cells, more]).fillna("") if mended else table.cells.copy()
    row_of = {_bare(text): row for row, text in reversed(list(cells["urn"].items()))}
    for column in (*corrections.cells.columns, "pupils_source"):
        if column not in cells:
            cells[column] = ""
    for row, values in corrections.cells.to_dict("index").items():
        urn = _bare(str(values["urn"]))
        if urn not in row_of:
            remedy = did_you_mean(urn, row_of, "Correct the URN.")
            problem = Problem(f'{table.file} has no school with the URN "{urn}"', remedy)
            faults.add(corrections.file, int(str(row)), "urn", problem)
            continue
        changes = {name: text for name, text in values.items() if name != "urn" and text}
        if not changes:
            continue
        if "pupils" in changes:
            cells.loc[row_of[urn], "pupils_source"] = corrections.file
        for name, text in changes.items():
            cells.loc[row_of[urn], str(name)] = text
        said = listed(f"{name} {text}" for name, text in changes.items())
        name = str(cells.loc[row_of[urn], "name"])
        ledger.flags.append(Flag(int(urn), name, "corrected by your own file", said))
    found = {**table.found, **corrections.found}
    left = {row: one for row, one in table.unreadable.items() if row not in mended}
    return type(table)(table.file, cells, found, left, table.notes)
