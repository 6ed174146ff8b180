"""Rows with more cells than headings: whether the columns that are named have kept their places."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cluster_optimiser.inputs.checking import Problem, has_decimal_comma, number_of, urn_of
from cluster_optimiser.inputs.files import unquoted
from cluster_optimiser.inputs.intake.gias import (
    KIND_OF_TYPE,
    NO_PHASE,
    STATUSES,
    age_of,
    phase_of,
    postcode_of,
)
from cluster_optimiser.inputs.register import SUPPRESSED, pupils_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

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
