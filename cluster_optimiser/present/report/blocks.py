"""What a report is made of, whatever it is written as: headings, paragraphs, tables, pictures."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cluster_optimiser.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

REFERENCE = re.compile("\ue000(.*?)\ue001")
"""In a text: a reference to the label between, written as the name of what bears it."""

PADDING, BOLD = 2.0, 1.08
"""Between the text of two columns, and of a heading, in digits."""

MOST_UNBROKEN = 16
"""A longer word, as a file's name, may be broken."""

BREADTHS = {**dict.fromkeys(".,:;'|()-/", 0.6), **dict.fromkeys("fijlrtI", 0.7)}
BREADTHS |= dict.fromkeys("mwMW%", 1.7)
"""How broad letters are in digits; others are as broad as one, and capitals half as much more."""


def _breadth(texts: Iterable[str]) -> float:
    words = (word for text in texts for word in text.replace("-", "- ").split())
    return max(
        (sum(BREADTHS.get(c, 1.4 if c.isupper() else 1.0) for c in w) for w in words), default=0
    )


def refer(label: str) -> str:
    return f"\ue000{label}\ue001"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; those of level 1 are numbered, or lettered as annexes."""

    level: int
    text: str
    label: str = ""
    is_annex: bool = False
    starts_page: bool = False
    name: str = ""  # "3" or "Annex A", given by `numbered`


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, numbered within its section unless it says that it is not."""

    text: str
    is_numbered: bool = True
    name: str = ""  # "3.2", given by `numbered`


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with what they are: who reports to whom, and when."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table with one header row and no merged cells."""

    caption: str  # what it shows
    header: tuple[str, ...]  # names of the columns
    rows: tuple[tuple[str, ...], ...]  # cells as they are to be read
    widths: tuple[float, ...] = ()  # relative widths of the columns
    source: str = ""
    label: str = ""
    name: str = ""  # "Table 2", given by `numbered`
    bars: tuple[
        float, ...
    ] = ()  # of the first rows: the second column's share, drawn where it can be

    def fitted(self, letters: float) -> tuple[float, ...]:
        """Give the widths of the columns in letters, so that no word of theirs must be broken.

        What a word lacks is taken from the columns that have more than theirs.

        >>> TableBlock("", ("No.", "2,500"), (), (9, 1)).fitted(20)
        (13.032, 6.968)
        """
        n = len(self.header)
        shares = self.widths if len(self.widths) == n else (1.0,) * n
        least = [
            PADDING + min(MOST_UNBROKEN, max(BOLD * _breadth([head]), _breadth(cells)))
            for head, *cells in zip(self.header, *self.rows, strict=True)
        ]
        narrow: set[int] = set()
        while True:
            rest = letters - sum(least[j] for j in narrow)
            of_rest = sum(shares[j] for j in range(n) if j not in narrow)
            widths = [least[j] if j in narrow else rest * shares[j] / of_rest for j in range(n)]
            more = {j for j in range(n) if j not in narrow and widths[j] < least[j]}
            if not more or len(more | narrow) == n:
                return tuple(widths)
            narrow |= more


@dataclass(frozen=True, slots=True)
class Figure:
    svg: str
    alt: str  # what it shows, for those who do not see it
    caption: str  # the line under it
    height_mm: int = 57
    label: str = ""
    name: str = ""  # "Map 4", given by `numbered`


Block = Heading | Paragraph | Bullets | Facts | TableBlock | Figure


@dataclass(frozen=True, slots=True)
class Report:
    title: str  # what stands at its head
    subtitle: str  # what stands at its head
    author: str
    authority: str  # who it is for
    date: str  # ISO date that its data speaks of
    stamp: str  # of all options together
    blocks: tuple[Block, ...]  # its content, in reading order; a list of contents after the facts
    day: datetime | None = None  # its own date, which its files bear: that of the meeting


def numbered(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Give sections, paragraphs, tables and maps their numbers, in reading order."""
    n: Counter[str] = Counter()

    def name(block: Block) -> Block:
        if isinstance(block, Heading) and block.level == 1:
            n["annex" if block.is_annex else "section"] += 1
            n["paragraph"] = 0
            letter = chr(ord("A") + n["annex"] - 1)
            named = say("report.annex", n=letter) if block.is_annex else str(n["section"])
            return replace(block, name=named)
        if isinstance(block, Paragraph) and block.is_numbered and n["section"] and not n["annex"]:
            n["paragraph"] += 1
            return replace(block, name=f"{n['section']}.{n['paragraph']}")
        if isinstance(block, TableBlock):
            n["table"] += 1
            return replace(block, name=say("report.table", n=str(n["table"])))
        if isinstance(block, Figure):
            n["map"] += 1
            return replace(block, name=say("report.map", n=str(n["map"])))
        return block

    return tuple(name(block) for block in blocks)


def names_of(blocks: Iterable[Block]) -> dict[str, str]:
    """Give what each label is called where it is referred to."""
    found = {}
    for block in blocks:
        if isinstance(block, Heading | TableBlock | Figure) and block.label:
            is_section = isinstance(block, Heading) and not block.is_annex
            name = say("report.section", n=block.name) if is_section else block.name
            found[block.label] = name
    return found


def texts_of(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts_of(part)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts_of(getattr(value, field.name))


def changed(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - what is put in
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(changed(part, change) for part in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return replace(value, **{name: changed(getattr(value, name), change) for name in names})
    return value
