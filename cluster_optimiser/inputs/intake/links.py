"""Which closed schools an open one has followed: the register's links, or the same ground."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from cluster_optimiser.inputs.checking import FaultList, Problem, urn_of
from cluster_optimiser.inputs.intake.gias import (
    NO_PHASE,
    STATUSES,
    age_of,
    iso_day,
    kind_of,
    postcode_of,
)
from cluster_optimiser.inputs.intake.rows import RawTable, read_raw

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

COLUMNS = {
    "urn": ("URN",),
    "other": ("LinkURN", "Link URN", "Linked URN"),
    "kind": ("LinkType", "Link type", "Type of link"),
}

NEAR_DAYS = 400
"""A school that opens within so many days of another's closing, on its ground, has followed it."""

_LINK = re.compile(r"(\d{4,9})\s*[-:]?\s*(predecessor|successor)([^;\d]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Links:
    """Who followed whom."""

    predecessors: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    divided: frozenset[int] = frozenset()  # schools with several successors
    n_links: int = 0


def links_beside(register: Path) -> Path | None:
    """Find the newest file of links in the folder of a register."""
    found = sorted(register.parent.glob("links_edubasealldata*.csv"))
    return found[-1] if found else None


def gather_links(table: RawTable, path: Path | None, faults: FaultList) -> Links:
    """Read the links of a register's own column, and of its file of links where there is one."""
    pairs = set(_of_column(table))
    more = read_raw(path, COLUMNS, needs=tuple(COLUMNS), faults=faults) if path else None
    if more is not None:
        triples = more.cells[[*COLUMNS]].itertuples(index=False, name=None)
        pairs |= {pair for triple in triples for pair in _pair(*map(str, triple))}
    predecessors: dict[int, list[int]] = {}
    successors: dict[int, set[int]] = {}
    for new, old in sorted({pair[:2] for pair in pairs}):
        predecessors.setdefault(new, []).append(old)
        successors.setdefault(old, set()).add(new)
    split = {old for _, old, is_split in pairs if is_split}
    divided = split | {old for old, new in successors.items() if len(new) > 1}
    followed = {new: tuple(old) for new, old in predecessors.items()}
    return Links(followed, frozenset(divided), len(pairs))


def _of_column(table: RawTable) -> Iterator[tuple[int, int, bool]]:
    said = table.column("links")
    for row in said.index[said.str.contains("cessor", case=False, regex=False)]:
        for other, kind, more in _LINK.findall(said[row]):
            yield from _pair(str(table.cells.loc[row, "urn"]), other, kind + more)


def _pair(urn: str, other: str, kind: str) -> Iterator[tuple[int, int, bool]]:
    """Give successor and predecessor of a link that is one, and whether the latter was split."""
    first, second = urn_of(urn), urn_of(other)
    if isinstance(first, Problem) or isinstance(second, Problem):
        return
    if kind.lower().strip().startswith("predecessor"):
        yield first, second, "split" in kind.lower()
    elif kind.lower().strip().startswith("successor"):
        yield second, first, "split" in kind.lower()


@dataclass(frozen=True, slots=True)
class Old:
    """A school of the register that is closed."""

    urn: int
    cells: Mapping[str, str]


class Closed:
    """The closed schools of a register, by URN and by postcode."""

    def __init__(self, table: RawTable, links: Links) -> None:
        self.links = links
        status = table.column("status").str.lower().map(STATUSES)
        rows = table.cells[status == "closed"].to_dict("records")
        self.by_urn: dict[int, Old] = {}
        self._at: dict[str, list[Old]] = {}
        for cells in rows:
            urn = urn_of(str(cells["urn"]))
            if isinstance(urn, Problem) or kind_of(cells.get("type", ""), "") == "independent":
                continue
            old = self.by_urn.setdefault(urn, Old(urn, {str(n): str(c) for n, c in cells.items()}))
            self._at.setdefault(postcode_of(old.cells.get("postcode", "")), []).append(old)

    def before(self, urn: int, cells: Mapping[str, str]) -> tuple[list[Old], str]:
        """Give the schools that a school has followed, and how that is known."""
        linked = self.links.predecessors.get(urn, ())
        if linked:
            whole = [self.by_urn[one] for one in linked if one in self.by_urn]
            is_clear = len(whole) == len(linked) and not self.links.divided.intersection(linked)
            return (whole if is_clear else []), "by the register's links"
        code = postcode_of(cells.get("postcode", ""))
        near = [old for old in self._at.get(code, []) if code and _may_follow(old.cells, cells)]
        # Of several, those that closed last, such as an infant and a junior school made one.
        last = max((iso_day(old.cells.get("close_date", "")) for old in near), default="")
        last_ones = [old for old in near if iso_day(old.cells.get("close_date", "")) == last]
        return (last_ones if _apart(last_ones) else []), "by its postcode"


def _may_follow(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    phases = {one.get("phase", "").lower() for one in (old, new)} - NO_PHASE
    closed, opened = iso_day(old.get("close_date", "")), iso_day(new.get("open_date", ""))
    if len(phases) > 1 or not opened or not closed:
        return False
    return abs((date.fromisoformat(opened) - date.fromisoformat(closed)).days) <= NEAR_DAYS


def _apart(schools: list[Old]) -> bool:
    """Tell whether schools share no year of age: else one of them may be another's neighbour."""
    ages = sorted(
        (age_of(old.cells.get("low_age", "")) or 0, age_of(old.cells.get("high_age", "")) or 99)
        for old in schools
    )
    return all(first[1] <= second[0] for first, second in pairwise(ages))
