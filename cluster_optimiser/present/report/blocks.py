"""What a report is made of, whatever it is written as: headings, paragraphs, tables, pictures."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one header row and no merged cells."""

    caption: str  # what it shows
    header: tuple[str, ...]  # names of the columns
    rows: tuple[tuple[str, ...], ...]  # cells as they are to be read
    widths: tuple[float, ...] = field(default=())  # relative widths of the columns
    source: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture."""

    svg: str
    alt: str  # what it shows, for those who do not see it
    caption: str  # the line under it


Block = Heading | Paragraph | Bullets | Table | Figure


@dataclass(frozen=True, slots=True)
class Report:
    """A report."""

    title: str  # what stands at its head
    subtitle: str  # what stands at its head
    authority: str  # who it is for
    date: str  # ISO date that its data speaks of; files that need a date get it
    stamp: str  # of all options together
    blocks: tuple[Block, ...]  # its content, in reading order
