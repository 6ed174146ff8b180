"""The report as .docx: real headings and lists, fields, captions, header rows, texts.

What python-docx has no words for (fields, bookmarks, numbered paragraphs) stands at the end.
"""

from __future__ import annotations

import copy
import io
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cluster_optimiser.errors import InputError, extra
from cluster_optimiser.present.report.archive import same_bytes
from cluster_optimiser.present.report.blocks import (
    REFERENCE,
    Bullets,
    Facts,
    Figure,
    Heading,
    Paragraph,
    Report,
    TableBlock,
    names_of,
)
from cluster_optimiser.present.report.typeset import picture
from cluster_optimiser.words import entry, say, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

FONT = "Arial"
MAP_MM = 70
SIZES = {"Normal": 9.5, "Title": 22, "Heading 1": 16, "Heading 2": 13, "Heading 3": 11}
CELL_MARGIN = 45
"""Twentieths of a point between the text of a cell and its border."""
DIGIT = 50_000
"""Width of a digit in a table, in Word's units: 3.9 points."""
STYLES = ("Numbered Paragraph", "Table Text")
"""Styles that a template may have; the others of Word's own are in every document."""
NUMBER = re.compile(r"-?£?[0-9][0-9,.]*%?|–")  # noqa: RUF001 - the dash for what is not known
"""Cells of a column that is set to the right."""


def docx(report: Report, template: Path | None = None, fonts: Path | None = None) -> bytes:
    """Write a report as a Word document, in the styles of a template if there is one."""
    document = _open(template)
    _own_styles(document, keep=template is not None)
    _settings(document, report, keep=template is not None)
    document.add_paragraph(report.title, style="Title")
    document.add_paragraph(report.subtitle, style="Subtitle")
    _Writer(document, report, fonts).write()
    out = io.BytesIO()
    document.save(out)
    return same_bytes(out.getvalue())


def _open(template: Path | None) -> Any:  # noqa: ANN401 - python-docx has no types
    with extra("report"):
        from docx import Document  # noqa: PLC0415 - part of the extra
    if template is None:
        return Document()
    try:
        document = Document(str(template))
    except Exception as error:  # whatever zip and XML readers make of a file that is none
        remedy = "Give a Word document (.docx); its styles, margins, head and foot are used."
        raise InputError.of(template, "it cannot be read", remedy) from error
    body = document.element.body
    for child in list(body):
        if not child.tag.endswith("}sectPr"):
            body.remove(child)
    return document


def _own_styles(document: Any, *, keep: bool) -> None:  # noqa: ANN401 - python-docx has no types
    """Add the styles that are not there, and give those of an empty document our look."""
    from docx.enum.style import WD_STYLE_TYPE  # noqa: PLC0415 - part of the extra
    from docx.shared import Pt, RGBColor  # noqa: PLC0415 - part of the extra

    there = {style.name for style in document.styles}
    wanted = [*SIZES, "Subtitle", "Caption", "List Bullet", "TOC 1", *STYLES]
    for name in [name for name in wanted if name not in there]:
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Normal"]
    if "Table Grid" not in there:
        document.styles.add_style("Table Grid", WD_STYLE_TYPE.TABLE)
    if keep:
        return
    for name, size in SIZES.items():
        style = document.styles[name]
        _set_font(style, size)
        if name != "Normal":
            style.font.color.rgb = RGBColor(0x17, 0x45, 0x5A)
    for name, size in {"Subtitle": 12, "Caption": 8.5, "Table Text": 7}.items():
        _set_font(document.styles[name], size)
        document.styles[name].font.color.rgb = RGBColor(0x30, 0x3C, 0x44)
    for name, (above, below) in {
        "Normal": (0, 4), "List Bullet": (0, 1), "Caption": (4, 2), "Table Text": (0, 0),
        "Heading 1": (12, 5), "Heading 2": (8, 3), "Heading 3": (5, 2),
    }.items():  # fmt: skip
        form = document.styles[name].paragraph_format
        form.space_before, form.space_after, form.line_spacing = Pt(above), Pt(below), 1.0


def _set_font(style: Any, size: float) -> None:  # noqa: ANN401 - python-docx has no types
    from docx.oxml.ns import qn  # noqa: PLC0415 - part of the extra
    from docx.shared import Pt  # noqa: PLC0415 - part of the extra

    style.font.name, style.font.size = FONT, Pt(size)
    fonts = style.element.rPr.rFonts
    fonts.set(qn("w:eastAsia"), FONT)
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)


def _settings(document: Any, report: Report, *, keep: bool) -> None:  # noqa: ANN401 - no types
    from docx.oxml.ns import qn  # noqa: PLC0415 - part of the extra
    from docx.shared import Cm  # noqa: PLC0415 - part of the extra

    section = document.sections[0]
    if not keep:
        section.page_width, section.page_height = Cm(21.0), Cm(29.7)
        section.left_margin = section.right_margin = Cm(1.8)
        section.top_margin = section.bottom_margin = Cm(1.6)
        section.footer_distance = Cm(0.8)
    foot = section.footer.paragraphs[0]
    if not foot.text.strip():
        line = say("report.footer", authority=report.authority, stamp=report.stamp)
        foot.add_run(f"{line} · ")
        for piece in re.split(r"(\{pages?\})", entry("report.page")):
            field = {"{page}": "PAGE", "{pages}": "NUMPAGES"}.get(piece)
            if field:
                add_field(foot, field, "1")
            else:
                foot.add_run(piece)
    tag = spoken().tag
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), tag)
    properties = document.core_properties
    properties.title, properties.author = report.title, report.author
    properties.subject, properties.language = report.subtitle, tag
    properties.comments = f"Stamp {report.stamp}"
    # The clock dates no file: two runs write the same bytes.
    if report.day:
        properties.created = properties.modified = report.day
    else:
        for element in properties._element.xpath("dcterms:created | dcterms:modified"):  # noqa: SLF001 - it offers no way
            element.getparent().remove(element)
    properties.last_modified_by, properties.revision = "cluster-optimiser", 1


class _Writer:
    """Adds blocks to a document, one after another."""

    def __init__(self, document: Any, report: Report, fonts: Path | None) -> None:  # noqa: ANN401
        self.document, self.blocks, self.fonts = document, report.blocks, fonts
        self.names = names_of(report.blocks)
        self.numbering = number_sections(document)
        self.measure(document.sections[0])
        self.in_annex = False
        self.makers: dict[type, Callable[[Any], None]] = {
            Heading: self.heading,
            Paragraph: self.paragraph,
            Bullets: self.bullets,
            Facts: self.facts,
            TableBlock: self.table,
            Figure: self.figure,
        }

    def measure(self, section: Any) -> None:  # noqa: ANN401 - python-docx has no types
        self.width = section.page_width - section.left_margin - section.right_margin

    def lie_across(self) -> None:
        """Turn the page: the annexes are tables of many columns."""
        from docx.enum.section import WD_ORIENT, WD_SECTION  # noqa: PLC0415 - part of the extra

        section = self.document.add_section(WD_SECTION.NEW_PAGE)
        size = section.page_height, section.page_width
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = size
        self.measure(section)

    def write(self) -> None:
        """Add all blocks; the contents stand before the first heading."""
        is_first = True
        for block in self.blocks:
            if is_first and isinstance(block, Heading):
                add_contents(self.document, say("report.contents"), self.entries())
                is_first = False
            self.makers[type(block)](block)

    def entries(self) -> list[tuple[str, str]]:
        tops = [b for b in self.blocks if isinstance(b, Heading) and b.level == 1]
        return [(f"{b.name}{':' * b.is_annex} {b.text}", f"top-{b.name}") for b in tops]

    def heading(self, block: Heading) -> None:
        """Add a heading, numbered by its style or lettered."""
        is_turned = block.is_annex and not self.in_annex
        if is_turned:
            self.lie_across()
        heading = self.document.add_paragraph(style=f"Heading {block.level}")
        heading.paragraph_format.page_break_before = block.starts_page and not is_turned
        labels = [
            label for label in (block.label, f"top-{block.name}" * (block.level == 1)) if label
        ]
        # What refers to an annex shows what is marked, once its field is worked out again.
        with _bookmarked(heading, labels):
            heading.add_run(block.name if block.is_annex else block.text)
        if block.is_annex:
            heading.add_run(f": {block.text}")
        if block.level == 1:
            self.in_annex = self.in_annex or block.is_annex
            set_number(heading, None if block.is_annex else self.numbering, 0)

    def paragraph(self, block: Paragraph) -> None:
        """Add a paragraph; its number is Word's own."""
        style = "Numbered Paragraph" if block.name else "Normal"
        paragraph = self.document.add_paragraph(style=style)
        if block.name:
            set_number(paragraph, self.numbering, 1)
        self.runs(paragraph, block.text)

    def runs(self, paragraph: Any, text: str) -> None:  # noqa: ANN401 - python-docx has no types
        """Add a text, with fields where it refers to something."""
        for i, piece in enumerate(REFERENCE.split(text)):
            if i % 2:
                add_field(paragraph, f"REF {mark(piece)} \\h", self.names[piece])
            elif piece:
                paragraph.add_run(piece)

    def bullets(self, block: Bullets) -> None:
        for item in block.items:
            self.runs(self.document.add_paragraph(style="List Bullet"), item)

    def facts(self, block: Facts) -> None:
        for name, text in block.pairs:
            paragraph = self.document.add_paragraph()
            paragraph.add_run(f"{name}: ").bold = True
            paragraph.add_run(text)

    def caption(self, block: TableBlock | Figure, kind: str, source: str = "") -> None:
        """Add a caption whose number is a field."""
        paragraph = self.document.add_paragraph(style="Caption")
        paragraph.paragraph_format.keep_with_next = kind == "table"
        before, _, _ = entry(f"report.{kind}").partition("{n}")
        number = block.name.removeprefix(before)
        add_field(
            paragraph, f"SEQ {before.strip() or kind} \\* ARABIC", number, before, block.label
        )
        paragraph.add_run(f". {block.caption}{source}")

    def figure(self, block: Figure) -> None:
        """Add a picture with its text and caption."""
        from docx.shared import Mm  # noqa: PLC0415 - part of the extra

        drawn = io.BytesIO(picture(block.svg, self.fonts))
        made = self.document.add_picture(drawn, height=Mm(min(MAP_MM, block.height_mm)))
        made.height = int(made.height * min(1, self.width / made.width))
        made.width = min(self.width, made.width)
        shape = made._inline.docPr  # noqa: SLF001 - the only way there
        shape.set("descr", block.alt)
        shape.set("title", block.caption)
        self.document.paragraphs[-1].paragraph_format.keep_with_next = True
        self.caption(block, "map")

    def table(self, block: TableBlock) -> None:
        """Add a table with its caption above, and its source below."""
        source = f" ({say('report.source', file=block.source)})" if block.source else ""
        self.caption(block, "table", source)
        n = len(block.header)
        shares = block.fitted(self.width / DIGIT)
        widths = [int(self.width * share / sum(shares)) for share in shares]
        is_right = [
            bool(block.rows) and all(NUMBER.fullmatch(r[j]) for r in block.rows) for j in range(n)
        ]
        table = self.document.add_table(rows=1 + bool(block.rows), cols=n, style="Table Grid")
        table.autofit = False
        _set_up(table, block.caption)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        style = self.document.styles["Table Text"].style_id
        for i, (row, cells) in enumerate(
            zip(table.rows, (block.header, *block.rows), strict=False)
        ):
            _keep_whole(row, is_head=i == 0)
            for j, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
                cell.width = widths[j]
                _fill(cell, text, style, is_right=is_right[j], is_bold=i == 0)
        _more_rows(table, block.rows[1:])
        self.document.add_paragraph(style="Table Text")


def _more_rows(table: Any, rows: Iterable[Sequence[str]]) -> None:  # noqa: ANN401 - as above
    """Add rows made like the last: copied, as to build each cell takes 3 ms."""
    last = table.rows[-1]._tr  # noqa: SLF001 - python-docx has no copy of a row
    for cells in rows:
        row = copy.deepcopy(last)
        for run, text in zip(row.iter("{*}r"), cells, strict=True):
            run.text = text
        last.addnext(row)
        last = row


def _set_up(table: Any, text: str) -> None:  # noqa: ANN401 - python-docx has no types
    """Say what a table shows, and leave little beside its texts: fewer of them take two lines."""
    properties = table._tbl.tblPr  # noqa: SLF001 - python-docx has no setter for these
    sides = (_element(side, w=str(CELL_MARGIN), type="dxa") for side in ("left", "right"))
    margins, look = _element("tblCellMar", *sides), properties.find("{*}tblLook")
    (properties.append if look is None else look.addprevious)(margins)
    properties.extend(_element(tag, val=text) for tag in ("tblCaption", "tblDescription"))


def _keep_whole(row: Any, *, is_head: bool) -> None:  # noqa: ANN401 - python-docx has no types
    settings = row._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx has no setter for these
    settings.extend(map(_element, ["cantSplit", *["tblHeader"] * is_head]))


def _fill(cell: Any, text: str, style: str, *, is_right: bool, is_bold: bool) -> None:  # noqa: ANN401
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415 - part of the extra

    paragraph = cell.paragraphs[0]
    paragraph._p.style = style  # noqa: SLF001 - by its id: to look up a name takes 5 ms a cell
    if is_right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    paragraph.add_run(text).bold = is_bold or None


LEVELS = ("%1", "%1.%2")
INDENT = 567
"""A centimetre, in twentieths of a point: how far numbers stand out."""


def _element(tag: str, *inner: Any, text: str = "", **attributes: str) -> Any:  # noqa: ANN401
    from docx.oxml import OxmlElement  # noqa: PLC0415 - part of the extra
    from docx.oxml.ns import qn  # noqa: PLC0415 - part of the extra

    made = OxmlElement(f"w:{tag}")
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    made.extend(inner)
    if text:
        made.text = text
    return made


def mark(label: str) -> str:
    """Make a label the name of a bookmark: letters, digits and underscores, at most 40."""
    return "_" + re.sub(r"\W", "_", label)[:38]


@contextmanager
def _bookmarked(paragraph: Any, labels: Sequence[str]) -> Iterator[None]:  # noqa: ANN401
    """Bear labels around what is added meanwhile."""
    body = paragraph._p  # noqa: SLF001 - python-docx knows no bookmarks
    n = sum(1 for _ in body.getroottree().getroot().iter("{*}bookmarkStart"))
    numbers = [str(i) for i in range(n + 1, n + 1 + len(labels))]
    for i, label in zip(numbers, labels, strict=True):
        body.append(_element("bookmarkStart", id=i, name=mark(label)))
    yield
    body.extend(_element("bookmarkEnd", id=i) for i in numbers)


def _begin_field(paragraph: Any, code: str) -> None:  # noqa: ANN401
    for part in (
        _element("fldChar", fldCharType="begin"),
        _element("instrText", text=f" {code} "),
        _element("fldChar", fldCharType="separate"),
    ):
        paragraph.add_run()._r.append(part)  # noqa: SLF001 - python-docx knows no fields


def _end_field(paragraph: Any) -> None:  # noqa: ANN401
    paragraph.add_run()._r.append(_element("fldChar", fldCharType="end"))  # noqa: SLF001


def add_field(paragraph: Any, code: str, shown: str, before: str = "", label: str = "") -> None:  # noqa: ANN401
    """Add a field with what it shows until it is worked out again, bookmarked if it has a label."""
    with _bookmarked(paragraph, [label] if label else []):
        if before:
            paragraph.add_run(before)
        _begin_field(paragraph, code)
        paragraph.add_run(shown)
        _end_field(paragraph)


def add_contents(document: Any, title: str, entries: Sequence[tuple[str, str]]) -> None:  # noqa: ANN401
    """Add a list of contents: a field, whose lines know their pages by fields of their own."""
    document.add_paragraph(style="Normal").add_run(title).bold = True
    for i, (text, label) in enumerate(entries):
        paragraph = document.add_paragraph(style="TOC 1")
        paragraph.paragraph_format.space_after = 0
        _right_tab(document, paragraph)
        if i == 0:
            _begin_field(paragraph, 'TOC \\o "1-1" \\h')
        paragraph.add_run(f"{text}\t")
        add_field(paragraph, f"PAGEREF {mark(label)} \\h", "…")
        if i == len(entries) - 1:
            _end_field(paragraph)


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
    levels = (
        _element(
            "lvl",
            _element("start", val="1"),
            _element("numFmt", val="decimal"),
            _element("lvlText", val=text),
            _element("lvlJc", val="left"),
            _element("pPr", _element("ind", left=str(INDENT), hanging=str(INDENT))),
            ilvl=str(level),
        )
        for level, text in enumerate(LEVELS)
    )
    many = _element("multiLevelType", val="multilevel")
    abstract = _element("abstractNum", many, *levels, abstractNumId=abstract_id)
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
