"""What python-docx has no words for: fields, bookmarks, references and numbered paragraphs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVELS = ("%1", "%1.%2")
INDENT = 567
"""A centimetre, in twentieths of a point: how far numbers stand out."""


def _element(tag: str, **attributes: str) -> Any:  # noqa: ANN401 - python-docx has no types
    from docx.oxml import OxmlElement  # noqa: PLC0415 - part of the extra
    from docx.oxml.ns import qn  # noqa: PLC0415 - part of the extra

    made = OxmlElement(f"w:{tag}")
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made


def mark(label: str) -> str:
    """Make a label the name of a bookmark: letters, digits and underscores, at most 40."""
    return "_" + re.sub(r"\W", "_", label)[:38]


def _bookmarks(paragraph: Any, labels: Sequence[str]) -> list[Any]:  # noqa: ANN401
    root = paragraph._p.getroottree().getroot()  # noqa: SLF001 - the only way to it
    n = sum(1 for _ in root.iter("{*}bookmarkStart"))
    ends = []
    for i, label in enumerate(labels, start=n + 1):
        paragraph._p.append(_element("bookmarkStart", id=str(i), name=mark(label)))  # noqa: SLF001
        ends.append(_element("bookmarkEnd", id=str(i)))
    return ends


def add_bookmark(paragraph: Any, labels: Sequence[str], text: str) -> None:  # noqa: ANN401
    ends = _bookmarks(paragraph, labels)
    paragraph.add_run(text)
    for end in ends:
        paragraph._p.append(end)  # noqa: SLF001 - python-docx knows no bookmarks


def add_field(paragraph: Any, code: str, shown: str, before: str = "", label: str = "") -> None:  # noqa: ANN401
    """Add a field with what it shows until it is worked out again, bookmarked if it has a label."""
    ends = _bookmarks(paragraph, [label] if label else [])
    if before:
        paragraph.add_run(before)
    for kind, text in (("begin", ""), ("", code), ("separate", ""), ("shown", shown), ("end", "")):
        run = paragraph.add_run(text if kind == "shown" else "")
        if kind == "":
            instruction = _element("instrText")
            instruction.text = f" {text} "
            run._r.append(instruction)  # noqa: SLF001 - python-docx knows no fields
        elif kind != "shown":
            run._r.append(_element("fldChar", fldCharType=kind))  # noqa: SLF001 - as above
    for end in ends:
        paragraph._p.append(end)  # noqa: SLF001 - as above


def add_reference(paragraph: Any, label: str, shown: str) -> None:  # noqa: ANN401
    add_field(paragraph, f"REF {mark(label)} \\h", shown)


def add_contents(document: Any, title: str, entries: Sequence[tuple[str, str]]) -> None:  # noqa: ANN401
    """Add a list of contents: a field, whose lines know their pages by fields of their own."""
    heading = document.add_paragraph(style="Normal")
    heading.add_run(title).bold = True
    for i, (text, label) in enumerate(entries):
        paragraph = document.add_paragraph(style="TOC 1")
        paragraph.paragraph_format.space_after = 0
        _right_tab(document, paragraph)
        if i == 0:
            for kind in ("begin", "code", "separate"):
                run = paragraph.add_run()
                if kind == "code":
                    instruction = _element("instrText")
                    instruction.text = ' TOC \\o "1-1" \\h '
                    run._r.append(instruction)  # noqa: SLF001 - python-docx knows no fields
                else:
                    run._r.append(_element("fldChar", fldCharType=kind))  # noqa: SLF001 - as above
        paragraph.add_run(f"{text}\t")
        add_field(paragraph, f"PAGEREF {mark(label)} \\h", "…")
        if i == len(entries) - 1:
            paragraph.add_run()._r.append(_element("fldChar", fldCharType="end"))  # noqa: SLF001


def _right_tab(document: Any, paragraph: Any) -> None:  # noqa: ANN401
    from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER  # noqa: PLC0415 - part of the extra

    section = document.sections[0]
    width = section.page_width - section.left_margin - section.right_margin
    stops = paragraph.paragraph_format.tab_stops
    stops.add_tab_stop(width, WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)


def number_sections(document: Any) -> str:  # noqa: ANN401
    """Add numbers of two levels, sections and paragraphs; give the id that uses them."""
    root = document.part.numbering_part.element
    abstracts = [int(e.get(e.keys()[0])) for e in root.findall("{*}abstractNum") if e.keys()]
    abstract_id = str(max([*abstracts, 0]) + 100)
    abstract = _element("abstractNum", abstractNumId=abstract_id)
    abstract.append(_element("multiLevelType", val="multilevel"))
    for level, text in enumerate(LEVELS):
        one = _element("lvl", ilvl=str(level))
        one.append(_element("start", val="1"))
        one.append(_element("numFmt", val="decimal"))
        one.append(_element("lvlText", val=text))
        one.append(_element("lvlJc", val="left"))
        form = _element("pPr")
        form.append(_element("ind", left=str(INDENT), hanging=str(INDENT)))
        one.append(form)
        abstract.append(one)
    first = next(iter(root.findall("{*}num")), None)
    if first is None:
        root.append(abstract)
    else:
        first.addprevious(abstract)
    return str(root.add_num(int(abstract_id)).numId)


def set_number(paragraph: Any, numbering: str | None, level: int) -> None:  # noqa: ANN401
    """Give a paragraph a number at a level; None takes away that of its style."""
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001 - python-docx knows no numbers
    numbers = properties.get_or_add_numPr()
    numbers.get_or_add_ilvl().val = level
    numbers.get_or_add_numId().val = 0 if numbering is None else int(numbering)
