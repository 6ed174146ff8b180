"""The workbook: one table a sheet, no merged cells, notes on a sheet of their own."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from cluster_optimiser.errors import extra
from cluster_optimiser.inputs.files import unquoted
from cluster_optimiser.present.characters import storable
from cluster_optimiser.present.columns import TEXTS, column
from cluster_optimiser.present.report.archive import changed_member, same_bytes
from cluster_optimiser.present.report.summary import layer_words
from cluster_optimiser.words import long_date, say, spoken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_optimiser.present.report.blocks import Report
    from cluster_optimiser.present.report.folder import ResultsFolder

FIRST_ROW = 3
"""Rows above a table: title, what it is, blank cells."""

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")

Sheet = tuple[str, list[str], list[list[str]]]
"""A sheet: its title, its columns by their names in the files, and its rows as text."""


def tables(folder: ResultsFolder) -> dict[str, Sheet]:
    """Give the tables of the workbook as the CSV files have them, by the name of the sheet."""
    options = folder.options
    made: dict[str, list[dict[str, str]]] = {
        "comparison": list(folder.comparison),
        "clusters": [{"scenario": o.label, **row} for o in options for row in o.clusters],
        "funding": [{"scenario": o.label, **row} for o in options for row in o.funding],
        "governance": [{"scenario": o.label, **row} for o in options for row in o.governance],
        "assignments": list(folder.assignments),
    }
    found = {}
    for key, rows in made.items():
        header = list(dict.fromkeys(column for row in rows for column in row))
        if header:
            cells = [[row.get(c, "") for c in header] for row in rows]
            found[say(f"tables.{key}")] = (say(f"tables.{key}_title"), header, cells)
    return found


def _notes(folder: ResultsFolder, report: Report) -> list[list[str]]:
    money = [o.manifest["funding"]["notes"] for o in folder.options if o.manifest.get("funding")]
    notes = [
        *folder.record["caveats"],
        *dict.fromkeys(note for some in money for note in some),
        say("tables.blanks"),
        say("tables.codes", columns=say("tables.columns")),
    ]
    sources = [say("tables.source", **s) for s in folder.record["authority"]["sources"]]
    return [
        [say("tables.title"), report.title],
        [say("tables.data"), long_date(report.date)],
        [say("tables.stamp"), report.stamp],
        *([say("tables.note_n", i), note] for i, note in enumerate(notes, start=1)),
        *([say("tables.source_n", i), text] for i, text in enumerate(sources, start=1)),
    ]


def xlsx(folder: ResultsFolder, report: Report) -> bytes:
    return workbook(report, tables(folder), _notes(folder, report), layer_words(folder))


def workbook(
    report: Report,
    made: Mapping[str, Sheet],
    notes: Sequence[Sequence[str]],
    layers: dict[str, str],
) -> bytes:
    """Write tables as a workbook, with contents, the meaning of columns, and notes."""
    with extra("report"):
        import xlsxwriter  # noqa: PLC0415 - part of the extra
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    parts = {
        "title": report.title,
        "author": "cluster-optimiser",
        **({"created": report.day} if report.day else {}),
    }
    book.set_properties(parts)
    known = {name: column(name, layers) for _, header, _ in made.values() for name in header}
    meanings = [[title, name, text] for name, (title, text) in known.items()]
    contents = [[name, title] for name, (title, _, _) in made.items()]
    contents += [[say(f"tables.{key}"), say(f"tables.{key}_title")] for key in ("columns", "notes")]

    def head(*keys: str) -> list[str]:
        return [say(f"tables.{key}") for key in keys]

    title = say("tables.contents_title", title=report.title)
    _sheet(book, say("tables.contents"), title, head("sheet", "content"), contents)
    for name, (title, header, rows) in made.items():
        titles = [known[one][0] for one in header]
        # A table has no two columns of one heading, whatever the case of its letters.
        plain = [one.casefold() for one in titles]
        titles = [h if plain.index(h.casefold()) == i else f"{h} [{header[i]}]"
                  for i, h in enumerate(titles)]  # fmt: skip
        _sheet(book, name, title, titles, rows, names=header)
    title = say("tables.columns_title")
    _sheet(book, say("tables.columns"), title, head("heading", "name", "meaning"), meanings)
    _sheet(book, say("tables.notes"), say("tables.notes_title"), head("note", "text"), notes)
    book.close()

    def own(text: str) -> str:
        # xlsxwriter has no setter for the language, and takes the clock where there is no date.
        language = f"<dc:language>{spoken().tag}</dc:language>"
        head, mark, dates = text.partition("<dcterms:created")
        return head + language + (mark + dates if report.day else "</cp:coreProperties>")

    return changed_member(same_bytes(out.getvalue()), "docProps/core.xml", own)


def _sheet(
    book: Any,  # noqa: ANN401 - xlsxwriter has no types
    name: str,
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    names: Sequence[str] = (),
) -> None:
    """Write a sheet; ``names`` are those of the files, which tell text from numbers."""
    sheet, is_prose = book.add_worksheet(name), not names
    bold = book.add_format({"bold": True, "font_size": 14, "font_name": "Arial"})
    plain = book.add_format({"font_name": "Arial", "font_size": 11, "text_wrap": is_prose})
    sheet.write_string(0, 0, title, bold)
    sheet.write_string(1, 0, say("tables.this"), plain)
    sheet.write_string(2, 0, say("tables.blank", notes=say("tables.notes")), plain)
    for i, row in enumerate(rows, start=FIRST_ROW + 1):
        for j, text in enumerate(row):
            _write(sheet, i, j, text, plain, is_text=is_prose or names[j] in TEXTS)
    sheet.add_table(
        FIRST_ROW,
        0,
        FIRST_ROW + len(rows),
        len(header) - 1,
        {
            "name": f"table_{len(book.worksheets())}",
            "columns": [{"header": column} for column in header],
            "autofilter": False,
            "style": "Table Style Light 1",
        },
    )
    for j, heading in enumerate(header):
        longest = max([len(heading), *(len(row[j]) for row in rows)])
        sheet.set_column(j, j, min(longest, 100 if is_prose else 40) + 2)
    sheet.freeze_panes(FIRST_ROW + 1, 0)


def _write(
    sheet: Any,  # noqa: ANN401 - no types
    row: int,
    column: int,
    text: str,
    form: Any,  # noqa: ANN401 - no types
    *,
    is_text: bool,
) -> None:
    if not text:
        return
    if is_text:
        sheet.write_string(row, column, storable(unquoted(text)), form)
    elif text in {"true", "false"}:
        sheet.write_boolean(row, column, text == "true", form)
    elif NUMBER.fullmatch(text):
        sheet.write_number(row, column, float(text), form)
    else:
        sheet.write_string(row, column, storable(unquoted(text)), form)
