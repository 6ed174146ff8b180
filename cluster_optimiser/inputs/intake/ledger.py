"""The account of an intake: what became of every row, and what a person should look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

ItemT = TypeVar("ItemT")

OPEN_LEFT_OUT = (
    "no location",
    "far outside the authority",
    "phase not known",
    "no URN",
    "the row cannot be read",
)
"""Reasons that leave out what may well be an open school: to be looked at first."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A row of the register that is not taken.

    Parameters
    ----------
    row
        Line of the file.
    urn, name
        As the file has them.
    reason
        Why, the same words for every row that is dropped for it.
    detail
        What the file says of it.
    pupils
        Its pupils, None where not known.
    """

    row: int
    urn: str
    name: str
    reason: str
    detail: str = ""
    pupils: int | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """Something about a school that is taken which a person should look at.

    Parameters
    ----------
    urn, name
        The school.
    what
        What is odd or was guessed, the same words for every school it is true of.
    detail
        The values.
    """

    urn: int
    name: str
    what: str
    detail: str = ""


@dataclass(slots=True)
class Ledger:
    """Everything that became of the rows of a register.

    Parameters
    ----------
    file
        Name of the register's file.
    n_rows
        Rows of the file, blank ones not counted.
    others
        Rows of other authorities: (code, name) -> number.
    dropped
        The authority's rows that are not taken.
    flags
        What to look at among those taken.
    notes
        What was mended in whole files, in words.
    """

    file: str
    n_rows: int = 0
    others: dict[tuple[str, str], int] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def n_others(self) -> int:
        """Rows of other authorities."""
        return sum(self.others.values())

    def reasons(self) -> dict[str, list[Dropped]]:
        """Group the dropped rows by reason, the most frequent first."""
        return grouped(self.dropped, [dropped.reason for dropped in self.dropped])

    def kinds_of_flag(self) -> dict[str, list[Flag]]:
        """Group the flags by what they say, the most frequent first."""
        return grouped(self.flags, [flag.what for flag in self.flags])


def grouped(items: Iterable[ItemT], keys: Iterable[str]) -> dict[str, list[ItemT]]:
    """Group items by a key.

    Parameters
    ----------
    items
        The items.
    keys
        The key of each.

    Returns
    -------
    Key -> its items in the order given, the key with most items first, then by name.
    """
    groups: dict[str, list[ItemT]] = {}
    for item, key in zip(items, keys, strict=True):
        groups.setdefault(key, []).append(item)
    return dict(sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0])))
