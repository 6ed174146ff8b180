"""Replies to a consultation: one row a reply, schools as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process, utils

from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.inputs.checking import FaultList, require_column
from cluster_optimiser.inputs.files import read_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Authority
    from cluster_optimiser.inputs.files import Table

COLUMNS = ("school", "option")
"""Columns that must be there; comment, may_quote and plan may."""

YES = ("yes", "y", "true", "1", "x")
"""What allows a comment to be quoted; anything else does not."""

NO_PREFERENCE = ("", "none", "no preference", "-")
"""What says that no option is preferred."""

LEAST_LIKENESS = 88.0
"""Per cent of likeness from which a name with a slip is taken for a school's."""

LEAST_LEAD = 3.0
"""Per cent by which it must be more like one school than like any other."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply."""

    row: int  # line of the file
    school: str  # the school as written
    urn: int | None  # the school that is meant; None where that is not clear
    how: str  # urn, name, likeness, or why no school was found
    option: str  # label of the preferred option; empty for no preference
    option_problem: str  # what is wrong with the option as written, or an empty string
    comment: str  # the comment, or an empty string
    may_quote: bool  # whether the file allows it to be quoted
    plan: Path | None  # path of an own plan, or None


def load_replies(
    path: str | Path, authority: Authority, options: Sequence[str]
) -> tuple[Reply, ...]:
    """Read a file of replies; what is wrong with one reply is told with it and refuses no other."""
    file, faults = str(path), FaultList()
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        fault = Fault(file, 0, "", "the file cannot be read", f"Check the path: {error.strerror}.")
        raise InputError([fault]) from error
    table = read_csv(content, file=file, faults=faults)
    if table is not None:
        for name in COLUMNS:
            columns = table.cells.columns
            require_column(name, columns, file=file, how_to_map="", faults=faults)
    faults.raise_any()
    if table is None:
        message = "a file was not read without a fault: this is a mistake of the program"
        raise RuntimeError(message)
    return tuple(_replies(table, authority, options, Path(path).parent))


def _replies(table: Table, authority: Authority, options: Sequence[str], home: Path) -> list[Reply]:
    schools = _Schools(authority)
    labels = {label.casefold(): label for label in options}
    replies = []
    for row, cells in zip(table.cells.index.tolist(), table.cells.to_dict("records"), strict=True):
        urn, how = schools.find(cells["school"])
        written = cells["option"].removeprefix("Option ").removeprefix("option ")
        option, problem = labels.get(written.casefold(), ""), ""
        if not option and written.casefold() not in NO_PREFERENCE:
            problem = f'there is no option "{written}"'
        plan = cells.get("plan", "")
        replies.append(
            Reply(
                row=int(row),
                school=cells["school"],
                urn=urn,
                how=how,
                option=option,
                option_problem=problem,
                comment=cells.get("comment", ""),
                may_quote=cells.get("may_quote", "").casefold() in YES,
                plan=home / plan if plan else None,
            )
        )
    return replies


class _Schools:
    """Finds the school that is meant: by URN, by name, by a name with a slip."""

    def __init__(self, authority: Authority) -> None:
        self.urns = {int(urn) for urn in authority.schools.index}
        self.by_name: dict[str, list[int]] = {}
        for urn, name in authority.schools["name"].items():
            self.by_name.setdefault(utils.default_process(str(name)), []).append(int(urn))
        self.names = list(self.by_name)

    def find(self, written: str) -> tuple[int | None, str]:
        """Give the URN and how it was found, or None and why not."""
        text = written.removesuffix(".0")
        if text.isdigit():
            urn = int(text)
            return (urn, "urn") if urn in self.urns else (None, f"no school has the URN {text}")
        name = utils.default_process(written)
        if not name:
            return None, "the school is blank"
        if name in self.by_name:
            return self._only(self.by_name[name], "name", written)
        found = process.extract(name, self.names, scorer=fuzz.token_sort_ratio, limit=2)
        best = found[0]
        lead = best[1] - (found[1][1] if len(found) > 1 else 0.0)
        if best[1] < LEAST_LIKENESS:
            return None, f'no school is called "{written}" or much like it'
        if lead < LEAST_LEAD:
            return None, f'"{written}" is like several schools'
        return self._only(self.by_name[best[0]], "likeness", written)

    def _only(self, urns: list[int], how: str, written: str) -> tuple[int | None, str]:
        if len(urns) > 1:
            shown = ", ".join(map(str, urns))
            return None, f'several schools are called "{written}": give one of {shown}'
        return urns[0], how
