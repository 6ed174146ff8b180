"""Replies to a consultation, which strangers write: rows of tables, and e-mails as text."""

from __future__ import annotations

import csv
import datetime as dt
import email
import email.policy
import html
import io
import re
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_optimiser.constants import FORMULA_STARTS
from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.inputs.checking import FaultList, Problem, having, require_column
from cluster_optimiser.inputs.files import (
    A_WORKBOOK,
    PACKED,
    WORKBOOKS,
    decode,
    delimiter_of,
    read_csv,
)
from cluster_optimiser.inputs.matching import SchoolNames, plain_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from email.message import EmailMessage

    from cluster_optimiser.domain import Authority

YES = ("yes", "y", "true", "1", "x")
"""What allows a comment to be quoted; anything else does not."""

NO_PREFERENCE = ("", "none", "no preference", "-")
"""What says that no option is preferred."""

MOST_PLAN_BYTES = 4_000_000
"""A larger file is no plan."""

DECIDED = {True: "confirmed", False: "confirmed to be no school"}
"""How a school was found that an analyst has decided, and that none is meant."""

_OPTION = re.compile(r"^option\b\W*")

_RESAVED = re.compile(r"(\d\d?)[/.](\d\d?)[/.](\d{4}|\d\d)(?:,? +(\d\d?):(\d\d)(?::(\d\d))?)?")
"""A date as spreadsheets write it in Britain, the day first."""

_SERIAL = re.compile(r"[45]\d{4}(\.\d+)?")
"""A date as spreadsheets reckon it, in days: from 2009 to 2064."""

_WORDS = re.compile(r"[^/\\\\]{1,60}: .")
"""How an own plan in words begins: with the option that it starts from."""


@dataclass(frozen=True, slots=True)
class Reply:
    row: int  # line of the file
    school: str  # the school as written
    urn: int | None  # the school that is meant; None where that is not clear
    how: str  # urn, number, name, confirmed, or why no school was found
    likely: tuple[int, ...]  # schools that may be meant, where that is to be confirmed
    option: str  # label of the preferred option; empty for no preference
    says_none: bool  # whether it says that no option is preferred
    option_problem: str  # what is wrong with the option as written, or an empty string
    comment: str  # the comment, or an empty string
    may_quote: bool  # whether the file allows it to be quoted
    plan: Path | None  # path of an own plan, or None
    plan_text: str  # an own plan in the reply itself, as a file or in words
    plan_problem: str  # why a plan that was named is not read, or an empty string
    respondent: str  # who replied, as the file says
    submitted_at: dt.datetime | None
    themes: tuple[str, ...]  # codes that the council has given to what is said
    fault: str = ""  # why the reply as a whole cannot be read
    no_date: str = ""  # when it was submitted, as written, where that is no date
    stamp: str = ""  # of the option on the page it was written on, where the reply says so
    is_quoted: bool = False  # whether it stands quoted below another in one e-mail

    @property
    def is_vote(self) -> bool:
        """Whether it says what is preferred, be it none: a blank says nothing."""
        return bool(self.option) or (self.says_none and not self.option_problem)


def load_replies(
    path: str | Path,
    authority: Authority,
    options: Sequence[str],
    *,
    confirmed: str | Path | None = None,
) -> tuple[Reply, ...]:
    """Read a file of replies, or a folder of them: tables, and e-mails as text.

    What is wrong with one reply is told with it and refuses no other. ``confirmed`` is a table
    written,urn of what an analyst has decided about names; a blank URN is no school.
    """
    decided = {} if confirmed is None else _decisions(Path(confirmed), authority)
    names = SchoolNames(authority.schools, [authority.name])
    labels = {label.casefold(): label for label in options}
    found = raw_replies(Path(path))
    home = Path(path) if Path(path).is_dir() else Path(path).parent
    return tuple(_reply(raw, (names, decided), labels, home) for raw in found)


def _decisions(path: Path, authority: Authority) -> dict[str, int | None]:
    """Read what an analyst has decided: name as written -> URN, None for no school."""
    decided: dict[str, int | None] = {}
    faults = FaultList()
    try:
        table = read_csv(path.read_bytes(), file=str(path), faults=faults)
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror}"
        raise InputError.of(path, problem, "Check the path.") from error
    faults.raise_any()
    table = having(table, ("written", "urn"), faults)
    faults.raise_any()
    if table is None:
        return {}
    known = {str(urn) for urn in authority.schools.index}
    for row, cells in zip(table.cells.index.tolist(), table.cells.to_dict("records"), strict=True):
        urn = cells["urn"].removesuffix(".0")
        if urn and urn not in known:
            remedy = "Give the URN of a school of the authority, or leave it blank for no school."
            faults.add(str(path), int(row), "urn", Problem(f'there is no school "{urn}"', remedy))
            continue
        key, meant = " ".join(plain_words(cells["written"])), int(urn) if urn else None
        if not key or decided.setdefault(key, meant) != meant:
            problem = f'"{cells["written"]}" is decided otherwise above' if key else "it is blank"
            remedy = "Write each name of uncertain.csv once, as it stands there."
            faults.add(str(path), int(row), "written", Problem(problem, remedy))
    faults.raise_any()
    return decided


def _reply(
    raw: Raw,
    known: tuple[SchoolNames, dict[str, int | None]],
    labels: Mapping[str, str],
    home: Path,
) -> Reply:
    (names, decided), cells = known, dict.fromkeys(FIELDS, "") | dict(raw.cells)
    written = cells["school"]
    match, key = names.find(written), " ".join(plain_words(written))
    urn = match.urns[0] if match.sureness == "sure" else None
    how, likely = match.how, () if match.sureness == "sure" else match.urns
    if key in decided:
        urn, likely = decided[key], ()
        how = DECIDED[urn is not None]
    said, option = _option(cells["option"], labels)
    is_unknown = not option and said not in NO_PREFERENCE
    plan, text, problem = _plan(home, cells["plan"])
    return Reply(
        row=raw.row,
        school=written,
        urn=urn,
        how=how,
        likely=likely,
        option=option,
        says_none=said in NO_PREFERENCE and bool(said),
        option_problem=f'there is no option "{cells["option"]}"' if is_unknown else "",
        comment=cells["comment"],
        may_quote=cells["may_quote"].casefold() in YES,
        plan=plan,
        plan_text=text,
        plan_problem=problem,
        respondent=cells["respondent"].casefold(),
        submitted_at=(at := _moment(cells["submitted_at"])),
        no_date=cells["submitted_at"] if at is None else "",
        themes=tuple(dict.fromkeys(t.strip() for t in cells["themes"].split(";") if t.strip())),
        fault=raw.fault,
        stamp=raw.stamp,
        is_quoted=raw.is_quoted,
    )


def _option(written: str, labels: Mapping[str, str]) -> tuple[str, str]:
    """Give what a cell says, and the option that it means, or an empty string."""
    said = _OPTION.sub("", written.casefold()).strip()
    # A spreadsheet makes 1.0 of 1.
    option = labels.get(said) or labels.get(said.removesuffix(".0"), "")
    # People write "4 (a)" and "4a!".
    alike = [label for key, label in labels.items() if _bare(key) and _bare(key) == _bare(said)]
    return said, option or (alike[0] if len(alike) == 1 else "")


def _bare(option: str) -> str:
    return re.sub(r"[\s()]", "", option).strip(".,;:!\"'")


def _moment(text: str) -> dt.datetime | None:
    """Read a date as the page writes it, or as a spreadsheet has saved it since."""
    resaved = _RESAVED.fullmatch(text)
    try:
        if _SERIAL.fullmatch(text):
            at = dt.datetime(1899, 12, 30, tzinfo=dt.UTC) + dt.timedelta(days=float(text))
        elif resaved:
            day, month, year, hour, minute, second = (int(n or 0) for n in resaved.groups())
            year += 2000 * (year < 100)  # noqa: PLR2004 - two figures
            at = dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
        else:
            at = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


def _plan(home: Path, name: str) -> tuple[Path | None, str, str]:
    """Give the path of a plan that a stranger names, or the text of one, or what is wrong.

    Only a plain file beside the replies, or below, is read; a text has lines or names an option.
    """
    if not name:
        return None, "", ""
    if "\n" in name or _WORDS.match(name):
        return None, name, ""
    path, problem = home / name, ""
    try:
        if Path(name).is_absolute() or not path.resolve().is_relative_to(home.resolve()):
            problem = "it is not in the folder of the replies"
        elif not path.is_file():
            problem = "there is no such plain file"
        elif path.stat().st_size > MOST_PLAN_BYTES:
            problem = "it is too large for a plan"
    except (OSError, ValueError):
        problem = "it cannot be the name of a file"
    return path, "", problem


NEEDED = ("school", "option")

FIELDS = (*NEEDED, "comment", "may_quote", "plan", "respondent", "submitted_at", "themes")

MOST_BYTES = 256_000_000
"""A larger file is none of replies."""

MOST_LETTERS = {"comment": 20_000, "plan": 4_000_000}
"""A cell is cut after so many letters; any other after `MOST_OF_OTHERS`."""

MOST_OF_OTHERS = 500

MAIL = (".txt", ".eml")
BEGIN, END = "[reply]", "[end]"

_QUOTED = re.compile(r"^(?:> ?)+")
_FIELD = re.compile(rf"({'|'.join(FIELDS)})\s*=\s*(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Raw:
    file: str
    row: int
    cells: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""  # why it cannot be read
    stamp: str = ""  # what the words above it say of the page
    is_quoted: bool = False


def raw_replies(path: Path) -> Iterator[Raw]:
    """Read a file of replies or a folder of them, the replies of all files numbered on.

    A file of a folder that cannot be read is a reply with a fault; one that is named is refused.
    """
    if not path.is_dir():
        yield from _file(path)
        return
    kinds = (".csv", *MAIL)
    here = (f for f in path.iterdir() if f.suffix and not f.name.startswith(".") and not f.is_dir())
    files = sorted(here)
    if not any(file.suffix.lower() in {*kinds, *WORKBOOKS} for file in files):
        raise InputError.of(path, f"the folder has no {', '.join(kinds)}", "Check the path.")
    last = 0
    for file in files:
        try:
            is_read = file.suffix.lower() in {*kinds, *WORKBOOKS}
            other = f"{file.name}: it is none of {', '.join(kinds)}"
            found = _file(file) if is_read else [Raw(file.name, 1, fault=other)]
        except InputError as error:
            said = error.faults[0]
            at = f", row {said.row}" if said.row else ""
            found = [Raw(file.name, 1, fault=f"{file.name}{at}: {said.problem}")]
        yield from (replace(raw, row=raw.row + last) for raw in found)
        last += max((raw.row for raw in found), default=0)


def _file(path: Path) -> list[Raw]:
    file, remedy = str(path), "Check the path; it must be a plain file of less than 256 MB."
    try:
        is_plain = path.is_file() and path.stat().st_size <= MOST_BYTES
        content = path.read_bytes() if is_plain else b""
    except (OSError, ValueError) as error:
        problem = f"the file cannot be read: {getattr(error, 'strerror', error)}"
        raise InputError.of(file, problem, remedy) from error
    if not is_plain:
        raise InputError.of(file, "it is no file that can be read", remedy)
    if path.suffix.lower() in WORKBOOKS or content.startswith(PACKED):
        raise InputError.of(file, A_WORKBOOK.text, A_WORKBOOK.remedy)
    if path.suffix.lower() == ".eml":
        return _sent(content, path)
    text = decode(content)
    lost = ""
    if isinstance(text, Problem):
        # One reply that is no text harms no other, if there are headings at all.
        mended, lost = content.decode("utf-8-sig", "replace"), "\0\ufffd"
        if not set(NEEDED) <= set(re.findall(r"\w+", mended.partition("\n")[0].casefold())):
            raise InputError.of(file, text.text, text.remedy)
        text = mended
    if path.suffix.lower() in MAIL:
        return _mailed(text, path.name)
    return list(_rows(text, path, lost))


def _rows(text: str, path: Path, lost: str) -> Iterator[Raw]:
    """Read a table; lines of a cell stay lines, and a cell may be as long as it likes."""
    delimiter, n_stating = delimiter_of(text)
    before = csv.field_size_limit(MOST_BYTES)
    header: list[str] = []
    line = 1
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for cells in reader:
            row, line = line, reader.line_num + 1
            if row <= n_stating or not any(map(str.strip, cells)):
                continue
            if not header:
                header = [cell.strip().casefold() for cell in cells]
                _require(header, path, row)
            elif any(letter in cell for cell in cells for letter in lost):
                yield Raw(path.name, row, fault="the row holds bytes that are no text")
            elif any(cells[len(header) :]):
                problem = f"the row has {len(cells)} cells, the header has {len(header)}"
                yield Raw(path.name, row, fault=problem)
            else:
                named = dict(zip(header, cells, strict=False))
                yield Raw(path.name, row, {n: _kept(n, named.get(n, "")) for n in FIELDS})
    except csv.Error as error:
        remedy = "Look for a quotation mark that is not closed."
        problem = f"the row cannot be read: {error}"
        raise InputError([Fault(str(path), line, "", problem, remedy)]) from error
    finally:
        csv.field_size_limit(before)


def _require(header: Sequence[str], path: Path, row: int) -> None:
    faults = FaultList()
    for name in NEEDED:
        require_column(name, header, file=str(path), how_to_map="", faults=faults, row=row)
    for name in sorted({name for name in header if name in FIELDS and header.count(name) > 1}):
        remedy = "Rename or remove one of them."
        faults.add(str(path), row, "", Problem(f'the column "{name}" stands twice', remedy))
    faults.raise_any()


def _kept(name: str, text: str) -> str:
    """Cut a cell, and take off the apostrophe that keeps a spreadsheet from reckoning with it."""
    most = MOST_LETTERS.get(name, MOST_OF_OTHERS)
    lines = unicodedata.normalize("NFC", text[:most]).splitlines()
    kept = "\n".join(" ".join(line.split()) for line in lines).strip()
    is_quoted = kept.startswith("'") and kept.lstrip("'").startswith(FORMULA_STARTS)
    return kept[1:] if is_quoted else kept


def _sent(content: bytes, path: Path) -> list[Raw]:
    """Read an e-mail as it was sent: what it says, and the files that are attached to it."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    found = _mailed(_body(message), path.name)
    for name, attached in _attached(message):
        at = max(raw.row for raw in found)
        try:
            text = decode(attached)
            if isinstance(text, Problem):
                raise InputError.of(name, text.text, text.remedy)
            is_table = name.lower().endswith(".csv")
            more = list(_rows(text, Path(name), "")) if is_table else _mailed(text, name)
        except InputError as error:
            more = [Raw(name, 1, fault=f"{path.name}: {name}: {error.faults[0].problem}")]
        found = [] if found == _nothing(path.name) else found
        found += [replace(raw, row=raw.row + at) for raw in more]
    return found


def _attached(message: EmailMessage) -> list[tuple[str, bytes]]:
    try:
        named = [(part.get_filename(""), part.get_payload(decode=True))
                 for part in message.iter_attachments()]  # fmt: skip
    except (LookupError, ValueError, AttributeError):
        return []
    kinds = (".csv", ".txt")
    return [(n, held) for n, held in named if n.lower().endswith(kinds) and isinstance(held, bytes)]


def _body(message: EmailMessage) -> str:
    """Give the text of an e-mail; of one that has none, that of its page."""
    try:
        part = message.get_body(("plain", "html"))
        text = str(part.get_content()) if part is not None else ""
    except (LookupError, ValueError, AttributeError):
        return ""  # a character set that is none, or parts within parts that are none
    if part is not None and part.get_content_subtype() == "html":
        lines = _LINE_ENDS.sub("\n", " ".join(text.split()))
        text = html.unescape(_TAGS.sub("", lines))
    return text


_LINE_ENDS = re.compile(r"<(?:br|/p|/div|/tr|/li)\b[^>]*>", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]*>")

_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
"""What mail programs put between letters, and nobody sees."""

_STAMP = re.compile(r"\([^()]*\b([0-9a-f]{16})\)")


def _mailed(text: str, file: str) -> list[Raw]:
    """Read what stands between the marks; a reply that was quoted again counts once."""
    found: list[Raw] = []
    depths: list[int] = []
    cells: dict[str, list[str]] | None = None
    at = stamp = ""
    depth = 0
    for number, written in enumerate(text.splitlines(), start=1):
        quote = _QUOTED.match(written.strip())
        line = _QUOTED.sub("", written.translate(_UNSEEN).strip()).strip()
        begun = _FIELD.fullmatch(line)
        if line.casefold() == BEGIN:
            found += _broken_off(cells, file, number)
            depths += [depth] * (len(found) - len(depths))
            cells, at, depth = {}, "", quote[0].count(">") if quote else 0
        elif cells is None:
            stamped = _STAMP.search(line)
            stamp = stamped[1] if stamped else stamp
        elif line.casefold() == END:
            told = {name: _kept(name, "\n".join(cells.get(name, []))) for name in FIELDS}
            if told not in [raw.cells for raw in found]:
                found.append(Raw(file, number, told, stamp=stamp))
                depths.append(depth)
            cells, stamp = None, ""
        elif line.startswith("|") and at == "comment":
            cells[at].append(line[1:].strip())
        elif begun and at != "comment" and begun[1].casefold() not in cells:
            at = begun[1].casefold()
            cells[at] = [begun[2]] if begun[2] else []
        elif at and line:
            # A mail program has broken the line before.
            cells[at] = [*cells[at][:-1], " ".join([*cells[at][-1:], line])]
    least = min(depths, default=0)
    found = [replace(r, is_quoted=d > least) for r, d in zip(found, depths, strict=True)]
    found += _broken_off(cells, file, 1)
    return found or _nothing(file)


def _nothing(file: str) -> list[Raw]:
    return [Raw(file, 1, fault=f"{file}: nothing stands between {BEGIN} and {END}")]


def _broken_off(cells: object, file: str, row: int) -> list[Raw]:
    if cells is None:
        return []
    return [Raw(file, row, fault=f"{file}: the reply breaks off before {END}")]
