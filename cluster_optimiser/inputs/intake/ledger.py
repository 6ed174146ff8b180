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
    """A row of the register that is not taken."""

    row: int  # line of the file
    urn: str  # as the file has them
    name: str  # as the file has them
    reason: str  # why, the same words for every row that is dropped for it
    detail: str = ""  # what the file says of it
    pupils: int | None = None  # its pupils, None where not known


@dataclass(frozen=True, slots=True)
class Flag:
    """Something about a school that is taken which a person should look at."""

    urn: int
    name: str
    what: str  # what is odd or was guessed, the same words for every school it is true of
    detail: str = ""


@dataclass(slots=True)
class Ledger:
    """Everything that became of the rows of a register."""

    file: str  # name of the register's file
    n_rows: int = 0  # rows of the file, blank ones not counted
    others: dict[tuple[str, str], int] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)  # the authority's rows that are not taken
    flags: list[Flag] = field(default_factory=list)  # what to look at among those taken
    notes: list[str] = field(default_factory=list)  # what was mended in whole files, in words

    @property
    def n_others(self) -> int:
        return sum(self.others.values())

    def reasons(self) -> dict[str, list[Dropped]]:
        """Group the dropped rows by reason, the most frequent first."""
        return grouped(self.dropped, [dropped.reason for dropped in self.dropped])

    def kinds_of_flag(self) -> dict[str, list[Flag]]:
        """Group the flags by what they say, the most frequent first."""
        return grouped(self.flags, [flag.what for flag in self.flags])


def grouped(items: Iterable[ItemT], keys: Iterable[str]) -> dict[str, list[ItemT]]:
    groups: dict[str, list[ItemT]] = {}
    for item, key in zip(items, keys, strict=True):
        groups.setdefault(key, []).append(item)
    return dict(sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0])))
