"""Replies to a consultation: one row a reply, schools as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.inputs.checking import FaultList, require_column
from cluster_optimiser.inputs.files import read_csv
from cluster_optimiser.inputs.matching import SchoolNames, plain_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Authority
    from cluster_optimiser.inputs.files import Table

COLUMNS = ("school", "option")
"""Columns that must be there; comment, may_quote, plan and respondent may."""

YES = ("yes", "y", "true", "1", "x")
"""What allows a comment to be quoted; anything else does not."""

NO_PREFERENCE = ("", "none", "no preference", "-")
"""What says that no option is preferred."""

MOST_BYTES, MOST_PLAN_BYTES = 64_000_000, 4_000_000
"""Larger files of replies, or plans, are none."""

MOST_LETTERS = 20_000
"""A comment is cut after so many."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply."""

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
    plan_problem: str  # why a plan that was named is not read, or an empty string
    respondent: str  # who replied, as the file says

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
    """Read a file of replies, or a folder of them.

    What is wrong with one reply is told with it and refuses no other. ``confirmed`` is a table
    written,urn of what an analyst has decided about names; a blank URN is no school.
    """
    root = Path(path)
    files = sorted(root.glob("*.csv")) if root.is_dir() else [root]
    if not files:
        raise InputError([Fault(str(path), 0, "", "the folder has no .csv", "Check the path.")])
    decided = {} if confirmed is None else _decisions(Path(confirmed), authority)
    names = SchoolNames(authority.schools, [authority.name])
    replies: list[Reply] = []
    for file in files:
        table = _table(file, COLUMNS)
        first = len(replies) if len(files) > 1 else 0
        replies += _replies(table, (names, decided), options, file.parent, first)
    return tuple(replies)


def _table(path: Path, columns: Sequence[str]) -> Table:
    file, faults = str(path), FaultList()
    remedy = "Check the path; it must be a plain file of less than 64 MB."
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise InputError([Fault(file, 0, "", "it is no file that can be read", remedy)])
        content = path.read_bytes()
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror}"
        raise InputError([Fault(file, 0, "", problem, remedy)]) from error
    table = read_csv(content, file=file, faults=faults)
    if table is not None:
        for name in columns:
            require_column(name, table.cells.columns, file=file, how_to_map="", faults=faults)
    faults.raise_any()
    if table is None:
        message = "a file was not read without a fault: this is a mistake of the program"
        raise RuntimeError(message)
    return table


def _decisions(path: Path, authority: Authority) -> dict[str, int | None]:
    """Read what an analyst has decided: name as written -> URN, None for no school."""
    table, decided, faults = _table(path, ("written", "urn")), {}, []
    known = {str(urn) for urn in authority.schools.index}
    for row, cells in zip(table.cells.index.tolist(), table.cells.to_dict("records"), strict=True):
        urn = cells["urn"].removesuffix(".0")
        if urn and urn not in known:
            remedy = "Give the URN of a school of the authority, or leave it blank for no school."
            faults.append(Fault(str(path), int(row), "urn", f'there is no school "{urn}"', remedy))
        else:
            decided[" ".join(plain_words(cells["written"]))] = int(urn) if urn else None
    if faults:
        raise InputError(faults)
    return decided


def _replies(
    table: Table,
    known: tuple[SchoolNames, dict[str, int | None]],
    options: Sequence[str],
    home: Path,
    first: int,
) -> list[Reply]:
    names, decided = known
    labels = {label.casefold(): label for label in options}
    replies = []
    for row, cells in zip(table.cells.index.tolist(), table.cells.to_dict("records"), strict=True):
        written = cells["school"]
        match, key = names.find(written), " ".join(plain_words(written))
        urn = match.urns[0] if match.sureness == "sure" else None
        how, likely = match.how, () if match.sureness == "sure" else match.urns
        if urn is None and key in decided:
            urn, likely = decided[key], ()
            how = "confirmed" if urn is not None else "confirmed to be no school"
        said = cells["option"].removeprefix("Option ").removeprefix("option ").casefold().strip()
        option = labels.get(said, "")
        says_none = said in NO_PREFERENCE and bool(said)
        is_unknown = not option and said not in NO_PREFERENCE
        plan, problem = _plan(home, cells.get("plan", ""))
        replies.append(
            Reply(
                row=int(row) + first,
                school=written,
                urn=urn,
                how=how,
                likely=likely,
                option=option,
                says_none=says_none,
                option_problem=f'there is no option "{cells["option"]}"' if is_unknown else "",
                comment=cells.get("comment", "")[:MOST_LETTERS],
                may_quote=cells.get("may_quote", "").casefold() in YES,
                plan=plan,
                plan_problem=problem,
                respondent=cells.get("respondent", "").casefold().strip(),
            )
        )
    return replies


def _plan(home: Path, name: str) -> tuple[Path | None, str]:
    """Give the path of a plan that a stranger names: a plain file beside the replies, or below."""
    if not name:
        return None, ""
    path = home / name
    try:
        if Path(name).is_absolute() or not path.resolve().is_relative_to(home.resolve()):
            return path, "it is not in the folder of the replies"
        if not path.is_file():
            return path, "there is no such file"
        if path.stat().st_size > MOST_PLAN_BYTES:
            return path, "it is too large for a plan"
    except (OSError, ValueError):
        return path, "it cannot be the name of a file"
    return path, ""
