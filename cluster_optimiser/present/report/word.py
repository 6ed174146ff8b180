"""The report as .docx: real headings and lists, header rows, alternative text."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.present.characters import storable
from cluster_optimiser.present.report.archive import same_bytes
from cluster_optimiser.present.report.blocks import Bullets, Figure, Heading, Paragraph, Table
from cluster_optimiser.present.report.typeset import picture

if TYPE_CHECKING:
    from cluster_optimiser.present.report.blocks import Block, Report

FONT = "Arial"
WIDTH_CM = 17.0
MAP_CM = 14.5
OWN_PAGE = ("Option ", "Annex ")
"""What begins on a page of its own."""
NUMBER = re.compile(r"-?£?[0-9][0-9,.]*%?|–")  # noqa: RUF001 - the dash for what is not known
"""Cells of a column that is set to the right."""


def docx(report: Report) -> bytes:
    """Write a report as a Word document."""
    try:
        from docx import Document  # noqa: PLC0415 - part of the extra
    except ImportError as error:
        message = "the report needs more packages: pip install 'cluster-optimiser[report]'"
        raise ClusterOptimiserError(message) from error
    document = Document()
    _settings(document, report)
    document.add_heading(report.title, level=0)
    document.add_paragraph(report.subtitle, style="Subtitle")
    for block in report.blocks:
        _add(document, block)
    out = io.BytesIO()
    document.save(out)
    return same_bytes(out.getvalue())


def _settings(document: Any, report: Report) -> None:  # noqa: ANN401 - python-docx has no types
    from docx.oxml.ns import qn  # noqa: PLC0415 - part of the extra
    from docx.shared import Cm, Pt, RGBColor  # noqa: PLC0415 - part of the extra

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.0)
    section.top_margin = section.bottom_margin = Cm(2.0)
    section.footer.paragraphs[0].text = f"{report.authority} · stamp {report.stamp}"
    for name, size in (("Normal", 11), ("Title", 24), ("Heading 1", 17), ("Heading 2", 13)):
        style = document.styles[name]
        style.font.name, style.font.size = FONT, Pt(size)
        style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            style.element.rPr.rFonts.attrib.pop(qn(f"w:{theme}"), None)
        if name != "Normal":
            style.font.color.rgb = RGBColor(0x17, 0x45, 0x5A)
    for name in ("Subtitle", "Caption"):
        document.styles[name].font.color.rgb = RGBColor(0x30, 0x3C, 0x44)
        document.styles[name].font.name = FONT
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "en-GB")
    day = datetime.fromisoformat(report.date).replace(tzinfo=UTC)
    properties = document.core_properties
    properties.title, properties.author = report.title, "cluster-optimiser"
    properties.subject, properties.language = report.subtitle, "en-GB"
    properties.comments = f"Stamp {report.stamp}"
    properties.created = properties.modified = day
    properties.last_modified_by, properties.revision = "cluster-optimiser", 1


def _add(document: Any, block: Block) -> None:  # noqa: ANN401 - python-docx has no types
    if isinstance(block, Heading):
        heading = document.add_heading(block.text, level=block.level)
        heading.paragraph_format.page_break_before = block.text.startswith(OWN_PAGE)
    elif isinstance(block, Paragraph):
        document.add_paragraph(block.text)
    elif isinstance(block, Bullets):
        for item in block.items:
            document.add_paragraph(item, style="List Bullet")
    elif isinstance(block, Table):
        _add_table(document, block)
    else:
        _add_figure(document, block)


def _add_figure(document: Any, block: Figure) -> None:  # noqa: ANN401 - python-docx has no types
    from docx.shared import Cm  # noqa: PLC0415 - part of the extra

    document.add_picture(io.BytesIO(picture(block.svg)), width=Cm(MAP_CM))
    shape = document.inline_shapes[-1]._inline.docPr  # noqa: SLF001 - the only way to the text
    shape.set("descr", block.alt)
    shape.set("title", block.caption)
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    document.add_paragraph(block.caption, style="Caption")


def _add_table(document: Any, block: Table) -> None:  # noqa: ANN401 - python-docx has no types
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415 - part of the extra
    from docx.oxml import OxmlElement  # noqa: PLC0415 - part of the extra
    from docx.oxml.ns import qn  # noqa: PLC0415 - part of the extra
    from docx.shared import Cm, Pt  # noqa: PLC0415 - part of the extra

    caption = document.add_paragraph(block.caption, style="Caption")
    caption.paragraph_format.keep_with_next = True
    n = len(block.header)
    shares = block.widths if len(block.widths) == n else (1.0,) * n
    widths = [Cm(WIDTH_CM * share / sum(shares)) for share in shares]
    is_right = [
        bool(block.rows) and all(NUMBER.fullmatch(r[j]) for r in block.rows) for j in range(n)
    ]
    table = document.add_table(rows=1 + len(block.rows), cols=n, style="Table Grid")
    table.autofit = False
    properties = table._tbl.tblPr  # noqa: SLF001 - python-docx has no setter for these
    for tag, text in (("w:tblCaption", block.caption), ("w:tblDescription", block.caption)):
        element = OxmlElement(tag)
        element.set(qn("w:val"), text)
        properties.append(element)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for i, (row, cells) in enumerate(zip(table.rows, (block.header, *block.rows), strict=True)):
        settings = row._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx has no setter for these
        settings.append(OxmlElement("w:cantSplit"))
        if i == 0:
            settings.append(OxmlElement("w:tblHeader"))
        for j, (cell, text, width) in enumerate(zip(row.cells, cells, widths, strict=True)):
            cell.width = width
            paragraph = cell.paragraphs[0]
            form = paragraph.paragraph_format
            form.space_before = form.space_after = Pt(1)
            form.line_spacing = 1.0
            if is_right[j]:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            run = paragraph.add_run(text)
            run.font.size, run.bold = Pt(8.5), i == 0
    document.add_paragraph()
