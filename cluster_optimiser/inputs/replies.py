"""Replies to a consultation: one row a reply, schools as people write them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.inputs.checking import FaultList, Problem, require_column
from cluster_optimiser.inputs.files import read_csv
from cluster_optimiser.inputs.matching import SchoolNames, plain_words
from cluster_optimiser.inputs.reply_files import FIELDS, raw_replies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_optimiser.domain import Authority
    from cluster_optimiser.inputs.reply_files import Raw

YES = ("yes", "y", "true", "1", "x")
"""What allows a comment to be quoted; anything else does not."""

NO_PREFERENCE = ("", "none", "no preference", "-")
"""What says that no option is preferred."""

MOST_PLAN_BYTES = 4_000_000
"""A larger file is no plan."""


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
    decided, faults = {}, FaultList()
    try:
        table = read_csv(path.read_bytes(), file=str(path), faults=faults)
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror}"
        raise InputError([Fault(str(path), 0, "", problem, "Check the path.")]) from error
    faults.raise_any()
    if table is None:
        return {}
    for name in ("written", "urn"):
        require_column(name, table.cells.columns, file=str(path), how_to_map="", faults=faults)
    faults.raise_any()
    known = {str(urn) for urn in authority.schools.index}
    for row, cells in zip(table.cells.index.tolist(), table.cells.to_dict("records"), strict=True):
        urn = cells["urn"].removesuffix(".0")
        if urn and urn not in known:
            remedy = "Give the URN of a school of the authority, or leave it blank for no school."
            faults.add(str(path), int(row), "urn", Problem(f'there is no school "{urn}"', remedy))
        else:
            decided[" ".join(plain_words(cells["written"]))] = int(urn) if urn else None
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
    if urn is None and key in decided:
        urn, likely = decided[key], ()
        how = "confirmed" if urn is not None else "confirmed to be no school"
    said = cells["option"].removeprefix("Option ").removeprefix("option ").casefold().strip()
    option = labels.get(said, "")
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
        submitted_at=_moment(cells["submitted_at"]),
        themes=tuple(dict.fromkeys(t.strip() for t in cells["themes"].split(";") if t.strip())),
        fault=raw.fault,
    )


def _moment(text: str) -> dt.datetime | None:
    try:
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
