"""Tables as people have them: any delimiter and encoding, damaged rows set aside, not refused."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cluster_optimiser.inputs.checking import (
    FaultList,
    Problem,
    did_you_mean,
    has_decimal_comma,
    listed,
    number_of,
    urn_of,
)
from cluster_optimiser.inputs.files import (
    A_WORKBOOK,
    CSV_SUFFIXES,
    HAS_NO_ROWS,
    IS_EMPTY,
    PACKED,
    WORKBOOKS,
    Folder,
    decode,
    delimiter_of,
    stands_twice,
    unquoted,
)
from cluster_optimiser.inputs.intake.gias import COLUMNS as REGISTER_COLUMNS
from cluster_optimiser.inputs.intake.gias import (
    KIND_OF_TYPE,
    NEEDED_WORDS,
    NO_PHASE,
    STATUSES,
    UNTOLD,
    age_of,
    phase_of,
    plain,
    postcode_of,
)
from cluster_optimiser.inputs.limits import too_large
from cluster_optimiser.inputs.register import SUPPRESSED, pupils_of
from cluster_optimiser.scenario.words import unmangled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Rows = Sequence[tuple[int, "list[str] | Torn"]]

HEADER_WITHIN = 10
"""Lines of titles that may stand above the header."""

FEW_SHARE = 0.001

LIKE = 0.85
"""How alike a heading must be to one that is needed to be taken for it: one or two letters."""

TOLD_BY_VALUES = frozenset({"phase", "type"})
"""Columns whose values no other has."""

ASKED_BY_VALUES = TOLD_BY_VALUES | {"status", "postcode"}
"""And those of which another may have the like: the state of a sixth form, a trust's postcode."""

MOST_SAMPLED = 2_000
"""Rows of which values are looked at."""

_CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\r") | {127}))


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """A table as read, in our names."""

    file: str  # name of the file
    cells: pd.DataFrame
    found: Mapping[str, str]  # our name of a column -> the file's
    unreadable: Mapping[int, Unread] = field(default_factory=dict)  # by line of the file
    notes: tuple[str, ...] = ()  # what was mended in the file as a whole, in words
    unused: tuple[str, ...] = ()  # headings of the file that are none of ours

    def column(self, name: str) -> pd.Series:
        if name in self.cells:
            return self.cells[name]
        return pd.Series("", index=self.cells.index, dtype=object)


def read_raw(
    path: Path, columns: Mapping[str, Sequence[str]], *, needs: Sequence[str], faults: FaultList
) -> RawTable | None:
    if not is_there(path, faults):
        return None
    suffix = path.suffix.lower()
    if suffix in WORKBOOKS:
        faults.add(path.name, 0, "", A_WORKBOOK)
        return None
    reader = _Reader(path.name, columns, needs, faults)
    if suffix not in {*CSV_SUFFIXES, ".zip"}:
        return reader.points(path)
    content = _unzipped(path, faults) if suffix == ".zip" else path.read_bytes()
    if content is None:
        return None
    text = _decoded(content, reader.notes)
    if isinstance(text, Problem):
        faults.add(path.name, 0, "", text)
        return None
    return reader.table(text)


def is_there(path: Path, faults: FaultList) -> bool:
    """Report a file that is not there, with the nearest that is."""
    if path.is_file():
        return True
    near = [p.name for p in sorted(path.parent.glob("*")) if p.is_file()]
    remedy = did_you_mean(path.name, near, "Check the path.")
    faults.add(str(path), 0, "", Problem("there is no such file", remedy))
    return False


def _unzipped(path: Path, faults: FaultList) -> bytes | None:
    """Give the one table of a zip file; of several, the one of all establishment data."""
    large = too_large(path)
    if large is not None:
        faults.add(path.name, 0, "", large)
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if Path(n).suffix.lower() in CSV_SUFFIXES]
            names = [n for n in names if not Path(n).name.lower().startswith(("links_", "._"))]
            likely = [n for n in names if "edubasealldata" in n.lower()] or names
            if len(likely) == 1:
                return archive.read(likely[0])
    except zipfile.BadZipFile:
        problem = Problem("the file is not a zip file", "Download it again.")
    else:
        what = f"{len(names)} tables: {listed(names)}" if names else "no CSV"
        problem = Problem(f"the zip file holds {what}", "Unpack it and give the right one.")
    faults.add(path.name, 0, "", problem)
    return None


def _decoded(content: bytes, notes: list[str]) -> str | Problem:
    if content.startswith(PACKED):
        return A_WORKBOOK
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return decode(content)
    n_before = len(content)
    # Noughts in every other place are another encoding; a few, and other control characters, are
    # the mark of a damaged disk or a careless export.
    controls = _CONTROLS if content.count(0) <= FEW_SHARE * n_before else _CONTROLS[1:]
    content = content.translate(None, controls)
    if len(content) < n_before:
        notes.append(f"{n_before - len(content)} bytes of the file that are no text were left out.")
    text = decode(content)
    if isinstance(text, Problem) and b"\0" not in content:
        # Windows text has a few bytes without a meaning; one of them is no reason to give up.
        text = content.decode("cp1252", errors="replace")
        n_lost = text.count("\ufffd")
        notes.append(f"{n_lost} characters of the file could not be read and are shown as \ufffd.")
    return text


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a table in our names for its columns."""

    file: str
    columns: Mapping[str, Sequence[str]]  # our name of a column -> what others call it
    needs: Sequence[str]
    faults: FaultList
    notes: list[str] = field(default_factory=list)

    def table(self, text: str) -> RawTable | None:
        rows = [
            (line, cells)
            for line, cells in _lines(text)
            if isinstance(cells, Torn) or any(cell and not cell.isspace() for cell in cells)
        ]
        header_at, found = self.header(rows)
        header = next((c for _, c in rows[header_at or 0 :] if not isinstance(c, Torn)), [])
        if header_at is None:
            self.report_missing(header)
            return None
        line, rows = rows[header_at][0], rows[header_at + 1 :]
        header = [" ".join(cell.split()) for cell in header]
        if header_at:
            many = "1 line" if header_at == 1 else f"{header_at} lines"
            was = "was" if header_at == 1 else "were"
            self.notes.append(f"{many} above the header {was} passed over.")
        if self.columns is REGISTER_COLUMNS and "name" in self.needs:
            below = [cells for _, cells in rows if not isinstance(cells, Torn)]
            found |= _likely(header, below, found, self.notes)
        twice = _twice(header, rows, found)
        for name in twice:
            self.faults.add(self.file, line, f'column "{name}"', stands_twice(name))
        if twice:
            return None
        wanted = {ours: header.index(name) for ours, name in found.items()}
        body, unreadable = self.body(rows, wanted, len(header))
        if not body:
            self.report_nothing(unreadable)
            return None
        frame = pd.DataFrame.from_dict(body, orient="index", columns=[*wanted], dtype=object)
        frame = _unmangled(frame.rename_axis("row"), self.notes)
        unused = tuple(name for name in header if name and name not in found.values())
        return RawTable(self.file, frame, found, unreadable, tuple(self.notes), unused)

    def body(
        self, rows: Rows, wanted: Mapping[str, int], n_headings: int
    ) -> tuple[dict[int, dict[str, str]], dict[int, Unread]]:
        """Give the cells that are used of every row, by its line, and what cannot be read."""
        unreadable: dict[int, Unread] = {}
        body: dict[int, dict[str, str]] = {}
        for line, cells in rows:
            if isinstance(cells, Torn):
                unread = cells.read(wanted)
                if is_enough(unread, wanted):
                    body[line] = dict.fromkeys(wanted, "") | dict(unread.cells)
                    said = "taken, as what is damaged stands behind all that is used"
                    self.notes.append(f"Row {line}: {said}.")
                else:
                    unreadable[line] = unread
                continue
            body[line], is_whole = settle(cells, wanted, n_headings)
            if wanted.get("links") == n_headings - 1:
                body[line]["links"] = "; ".join(cell for cell in cells[n_headings - 1 :] if cell)
            if not is_whole:
                start = ",".join(cells)[:START_LETTERS]
                why = f"{len(cells)} cells, the header has {n_headings}: {start}..."
                unreadable[line] = Unread(why, body.pop(line))
        return body, unreadable

    def header(self, rows: Rows) -> tuple[int | None, dict[str, str]]:
        for i, (_, cells) in enumerate(rows[:HEADER_WITHIN]):
            names = [] if isinstance(cells, Torn) else [" ".join(cell.split()) for cell in cells]
            found = find_columns(names, self.columns)
            if found and all(name in found for name in self.needs):
                return i, found
        return None, {}

    def report_missing(self, header: Sequence[str]) -> None:
        if not any(header):
            self.faults.add(self.file, 0, "", IS_EMPTY)
            return
        found = find_columns([*header], self.columns)
        for ours in (ours for ours in self.needs if ours not in found):
            wanted = self.columns[ours][0]
            remedy = f"{did_you_mean(wanted, header, '')} Its columns are {listed(header)}.".strip()
            problem = Problem(f'there is no column "{wanted}", nor one like it', remedy)
            self.faults.add(self.file, 1, f'column "{ours}"', problem)

    def report_nothing(self, unreadable: Mapping[int, Unread]) -> None:
        if not unreadable:
            self.faults.add(self.file, 0, "", HAS_NO_ROWS)
            return
        line, first = next(iter(unreadable.items()))
        remedy = "Save it again with a heading above each cell."
        self.faults.add(self.file, line, "", Problem(f"no row can be read: {first.why}", remedy))

    def points(self, path: Path) -> RawTable | None:
        table = Folder(path.parent, self.faults).read(path.name, subject="--schools")
        if table is None:
            return None
        names = [str(name) for name in table.cells.columns]
        found = find_columns(names, self.columns)
        if any(name not in found for name in self.needs):
            self.report_missing(names)
            return None
        frame = pd.DataFrame({ours: table.cells[name] for ours, name in found.items()})
        if table.geometry is not None:
            inner = table.geometry.representative_point()
            is_placed = inner.notna() & ~inner.is_empty
            for ours, values in (("easting", inner.x), ("northing", inner.y)):
                frame[ours] = [
                    f"{value:.2f}" if placed else ""
                    for value, placed in zip(values, is_placed, strict=True)
                ]
                found[ours] = "geometry"
        return RawTable(self.file, frame, found)


def _lines(text: str) -> Iterator[tuple[int, list[str] | Torn]]:
    """Give line number and cells of every row, those before the damage where there is any."""
    text = text.lstrip("\ufeff")
    delimiter, _ = delimiter_of(text, HEADER_WITHIN)
    rows: list[tuple[int, list[str] | Torn]] = []
    reader, line = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1
    try:
        for cells in reader:
            rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error:
        # A quotation mark is out of place somewhere. Line by line it spoils only its own row.
        rows = []
        for number, one in enumerate(text.splitlines(), start=1):
            try:
                rows.append((number, next(csv.reader([one], delimiter=delimiter, strict=True), [])))
            except csv.Error:
                rows.append((number, Torn(one, delimiter)))
    yield from rows


def find_columns(names: Sequence[str], columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Find the columns that are wanted among those of a file."""
    by_plain: dict[str, str] = {}
    for name in names:
        by_plain.setdefault(plain(name), name)
    found: dict[str, str] = {}
    for ours, theirs in columns.items():
        likely = [by_plain[p] for p in map(plain, (*theirs, ours)) if p in by_plain]
        free = [name for name in likely if name and name not in found.values()]
        if free:
            found[ours] = free[0]
    return found


def _twice(header: Sequence[str], rows: Rows, found: Mapping[str, str]) -> list[str]:
    """Name the headings that are used, stand twice, and have cells that differ."""
    whole = [cells for _, cells in rows if not isinstance(cells, Torn)]
    twice = []
    for name in dict.fromkeys(found.values()):
        at = [i for i, heading in enumerate(header) if plain(heading) == plain(name)]
        held = ({cells[i].strip() for i in at if i < len(cells)} for cells in whole)
        twice += [name] if len(at) > 1 and any(len(own) > 1 for own in held) else []
    return twice


def _likely(
    header: Sequence[str], rows: Sequence[list[str]], found: Mapping[str, str], notes: list[str]
) -> dict[str, str]:
    """Take headings spelt like one that is needed, or with values that only it has; ask others.

    What has neither is listed as missing, with what follows from it.
    """
    taken: dict[str, str] = {}
    missing: dict[str, list[str]] = {}
    for ours, words in NEEDED_WORDS.items():
        free = [h for h in header if h and h not in {*found.values(), *taken.values()}]
        if ours in found:
            continue
        by_plain = {plain(name): name for name in free}
        names = REGISTER_COLUMNS[ours]
        near = (difflib.get_close_matches(plain(n), by_plain, 1, LIKE) for n in names)
        like = next((by_plain[own[0]] for own in near if own), None)
        held = [name for name in free if _holds(ours, rows, header.index(name))]
        may_be = [name for name in free if name in held or re.search(words, name, re.IGNORECASE)]
        if like is None and len(held) == 1 and ours in TOLD_BY_VALUES:
            taken[ours] = held[0]
            notes.append(f'The heading "{held[0]}" was taken for {ours}: a guess by its values.')
        elif like is not None:
            taken[ours] = like
            notes.append(f'The heading "{like}" was taken for {ours}: a guess by its spelling.')
        elif may_be:
            question = f"Is one of these headings {ours}? {listed(may_be)}. None was used: if so,"
            notes.append(f'{question} rename it to "{names[0]}".')
        elif ours in UNTOLD:
            missing.setdefault(UNTOLD[ours], []).append(f'{ours} ("{names[0]}")')
    notes += [f"No heading is {' or '.join(own)}: {what}." for what, own in missing.items()]
    return taken


def _holds(ours: str, rows: Sequence[list[str]], at: int) -> bool:
    """Tell whether the values of a column are words of one that has only a few."""
    sample = (cells[at].strip() for cells in rows[:MOST_SAMPLED] if at < len(cells))
    told = {text.lower() for text in sample} - NO_PHASE
    is_of = CHECKS.get(ours)
    if ours not in ASKED_BY_VALUES or is_of is None or not told:
        return False
    return all(not text.isdecimal() and is_of(text) for text in told)


def _unmangled(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Mend text that was UTF-8, read as Windows text and saved as UTF-8 again."""
    mended, n_mended = frame.copy(), 0
    for column in frame:
        for row, text in frame[column][~frame[column].map(str.isascii)].items():
            if unmangled(text) != text:
                mended.loc[row, column] = unmangled(text)
                n_mended += 1
    if n_mended:
        notes.append(f"{n_mended} cells with twice encoded letters (such as Ã©) were mended.")
    return mended


START_LETTERS = 40
"""Letters of a row that are shown where its cells cannot be told apart."""

MOST_JOINED = 4
"""Delimiters that one cell may hold without quotation marks before its row is given up."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that cannot be read as it stands."""

    why: str
    cells: Mapping[str, str] = field(default_factory=dict)  # those that are beyond doubt


@dataclass(frozen=True, slots=True)
class Torn:
    """A line with a quotation mark out of place."""

    line: str
    delimiter: str

    def read(self, at: Mapping[str, int]) -> Unread:
        start = " ".join(self.line.split())[:START_LETTERS]
        whole = [*self._whole()]
        sure = {ours: whole[i] for ours, i in at.items() if i < len(whole)}
        return Unread(f"a quotation mark is out of place: {start}...", sure)

    def _whole(self) -> Iterator[str]:
        mark = re.escape(self.delimiter)
        cell = re.compile(rf'\s*(?:"((?:[^"]|"")*)"|([^"{mark}]*))\s*(?={mark}|$)')
        at = 0
        while at <= len(self.line) and (found := cell.match(self.line, at)):
            yield (found[1] or found[2] or "").replace('""', '"').strip()
            at = found.end() + 1


def is_enough(unread: Unread, at: Mapping[str, int]) -> bool:
    """Tell whether all that is used of a row stands before its damage, but for its links."""
    return set(unread.cells) >= set(at) - {"links"} and not _n_faults(unread.cells)


def _is_number(text: str) -> bool:
    # Two cells that are put together have a comma too.
    if has_decimal_comma(text):
        return False
    return not isinstance(number_of(text), Problem) or text.lower() in SUPPRESSED


def _is_count(text: str) -> bool:
    return not isinstance(pupils_of(text), Problem) or text.lower() in SUPPRESSED


NO_AGES = (None, None)

CHECKS: dict[str, Callable[[str], bool]] = {
    "urn": lambda text: not isinstance(urn_of(text), Problem),
    **dict.fromkeys(("la_code", "number", "easting", "northing", "lat", "lon"), _is_number),
    **dict.fromkeys(("fsm_pct", "ehcp", "sen_support", "fsm_ever6", "capacity"), _is_number),
    "pupils": _is_count,
    **dict.fromkeys(("low_age", "high_age"), lambda text: age_of(text) is not None),
    "status": lambda text: text.lower() in STATUSES,
    "type": lambda text: text.lower().replace("\u2019", "'") in KIND_OF_TYPE,
    "phase": lambda text: text.lower() in NO_PHASE or bool(phase_of(text, "", NO_AGES, "").phase),
    "links": lambda text: bool(re.match(r"\d{4,9} |does not have|none", text.lower())),
    "postcode": lambda text: bool(postcode_of(text)),
}
"""Our name of a column -> whether a cell looks like one of it; other columns may hold anything."""


def settle(
    cells: Sequence[str], at: Mapping[str, int], n_headings: int
) -> tuple[dict[str, str], bool]:
    """Give the cells of a row that are beyond doubt, and whether they are those of its places.

    What follows the last heading may be further values of the last column, or the row may have
    been pushed to the right by a delimiter in a cell. The reading in which most cells look like
    their column counts; where several are as good, only what they agree on.
    """
    own = _picked(cells, at)
    if len(cells) <= n_headings:
        return own, True
    n_faults, last = _n_faults(own), max(at, key=lambda ours: at[ours])
    # Blank cells at the end may be a spreadsheet's, or what is left of a row that was pushed.
    has_more = any(cell.strip() for cell in cells[n_headings:])
    if not n_faults and (not has_more or (own[last] and last in CHECKS)):
        return own, True
    readings = [((n_faults, has_more), own)]
    for joined, is_odd in _joined(cells, len(cells) - n_headings, max(at.values())):
        picked = _picked(joined, at)
        readings.append(((_n_faults(picked), is_odd), picked))
    least = min(merit for merit, _ in readings)
    best = [picked for merit, picked in readings if merit == least]
    if own in best and not has_more:
        return own, True
    sure = {o: text for o, text in best[0].items() if all(p[o] == text for p in best)}
    return sure, len(sure) == len(at) and best[0] == own


def _picked(cells: Sequence[str], at: Mapping[str, int]) -> dict[str, str]:
    return {
        ours: unquoted(" ".join(cells[i].split())) if i < len(cells) else ""
        for ours, i in at.items()
    }


def _n_faults(picked: Mapping[str, str]) -> int:
    return sum(not CHECKS[ours](text) for ours, text in picked.items() if text and ours in CHECKS)


def _joined(cells: Sequence[str], n_more: int, last: int) -> Iterator[tuple[list[str], bool]]:
    """Give the row with neighbouring cells put together, in every way that moves a named one.

    In running text a blank follows a comma; whatever has none is odd.
    """
    for n_joined in range(1, min(n_more, MOST_JOINED) + 1):
        for i in range(min(last + 1, len(cells) - n_joined)):
            end = i + n_joined + 1
            is_odd = not all(cell.startswith(" ") for cell in cells[i + 1 : end])
            yield [*cells[:i], ",".join(cells[i:end]), *cells[end:]], is_odd
