"""What a report is made of, whatever it is written as: headings, paragraphs, tables, pictures."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading.

    Parameters
    ----------
    level
        1 or 2.
    text
        Its words.
    """

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph.

    Parameters
    ----------
    text
        Its words.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list.

    Parameters
    ----------
    items
        Its points.
    """

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one header row and no merged cells.

    Parameters
    ----------
    caption
        What it shows.
    header
        Names of the columns.
    rows
        Cells as they are to be read.
    widths
        Relative widths of the columns.
    source
        Where the cells come from: file, and column for each header; for the check of numbers.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...] = field(default=())
    source: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture.

    Parameters
    ----------
    svg
        The drawing.
    alt
        What it shows, for those who do not see it.
    caption
        The line under it.
    """

    svg: str
    alt: str
    caption: str


Block = Heading | Paragraph | Bullets | Table | Figure


@dataclass(frozen=True, slots=True)
class Report:
    """A report.

    Parameters
    ----------
    title, subtitle
        What stands at its head.
    authority
        Who it is for.
    date
        ISO date that its data speaks of; files that need a date get it.
    stamp
        Of all options together.
    blocks
        Its content, in reading order.
    """

    title: str
    subtitle: str
    authority: str
    date: str
    stamp: str
    blocks: tuple[Block, ...]
