"""The workbook: one table a sheet, no merged cells, notes on a sheet of their own."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.present.report.archive import same_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.present.report.blocks import Report
    from cluster_optimiser.present.report.folder import Folder

FIRST_ROW = 3
"""Rows above a table: title, what it is, blank cells."""

BLANKS = (
    "A blank cell: not known, does not apply, or (counts of pupils in the sheet on money) not "
    "shown because it would tell of a single school."
)

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


def tables(folder: Folder) -> dict[str, tuple[str, list[str], list[list[str]]]]:
    """Give the tables of the workbook as the CSV files have them."""
    made = {
        "Comparison": ("Every measure of every option", folder.comparison),
        "Clusters": (
            "Every cluster of every option",
            [{"scenario": o.label, **row} for o in folder.options for row in o.clusters],
        ),
        "Funding": (
            "Money of every cluster of every option, in pounds",
            [{"scenario": o.label, **row} for o in folder.options for row in o.funding],
        ),
        "Assignments": ("Every school in every option", folder.assignments),
    }
    found = {}
    for name, (title, rows) in made.items():
        header = list(dict.fromkeys(column for row in rows for column in row))
        if header:
            found[name] = (title, header, [[row.get(c, "") for c in header] for row in rows])
    return found


def _notes(folder: Folder, report: Report) -> list[tuple[str, str]]:
    money = [o.manifest["funding"]["notes"] for o in folder.options if o.manifest.get("funding")]
    notes = [
        *folder.record["caveats"],
        *dict.fromkeys(note for some in money for note in some),
        BLANKS,
    ]
    sources = [
        f"{s['title']} ({s['date']}). {s['publisher']}. {s['licence']}"
        for s in folder.record["authority"]["sources"]
    ]
    return [
        ("Title", report.title),
        ("Data of", report.date),
        ("Stamp", report.stamp),
        *((f"Note {i}", note) for i, note in enumerate(notes, start=1)),
        *((f"Source {i}", source) for i, source in enumerate(sources, start=1)),
    ]


def xlsx(folder: Folder, report: Report) -> bytes:
    """Write the workbook."""
    try:
        import xlsxwriter  # noqa: PLC0415 - part of the extra
    except ImportError as error:
        message = "the report needs more packages: pip install 'cluster-optimiser[report]'"
        raise ClusterOptimiserError(message) from error
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    book.set_properties(
        {
            "title": report.title,
            "author": "cluster-optimiser",
            "created": datetime.fromisoformat(report.date).replace(tzinfo=UTC),
        }
    )
    made = tables(folder)
    notes = [list(row) for row in _notes(folder, report)]
    contents = [[name, title] for name, (title, _, _) in made.items()]
    contents.append(["Notes", "What must be known of the figures, and their sources"])
    _sheet(book, "Contents", f"{report.title}: contents", ["Sheet", "Content"], contents)
    for name, (title, header, rows) in made.items():
        _sheet(book, name, title, header, rows)
    _sheet(book, "Notes", "Notes and sources", ["Note", "Text"], notes)
    book.close()
    return same_bytes(out.getvalue())


def _sheet(
    book: Any,  # noqa: ANN401 - xlsxwriter has no types
    name: str,
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> None:
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "font_size": 14, "font_name": "Arial"})
    plain = book.add_format({"font_name": "Arial", "font_size": 11, "text_wrap": name == "Notes"})
    sheet.write_string(0, 0, title, bold)
    sheet.write_string(1, 0, "This sheet contains one table.", plain)
    sheet.write_string(2, 0, "Blank cells are explained on the sheet Notes.", plain)
    for i, row in enumerate(rows, start=FIRST_ROW + 1):
        for j, text in enumerate(row):
            _write(sheet, i, j, text, plain)
    sheet.add_table(
        FIRST_ROW,
        0,
        FIRST_ROW + len(rows),
        len(header) - 1,
        {
            "name": f"{name}_table",
            "columns": [{"header": column} for column in header],
            "autofilter": False,
            "style": "Table Style Light 1",
        },
    )
    for j, column in enumerate(header):
        longest = max([len(column), *(len(row[j]) for row in rows)])
        sheet.set_column(j, j, min(longest, 100 if name == "Notes" else 40) + 2)
    sheet.freeze_panes(FIRST_ROW + 1, 0)


def _write(sheet: Any, row: int, column: int, text: str, form: Any) -> None:  # noqa: ANN401 - no types
    if not text:
        return
    if text in {"true", "false"}:
        sheet.write_boolean(row, column, text == "true", form)
    elif NUMBER.fullmatch(text):
        sheet.write_number(row, column, float(text), form)
    else:
        sheet.write_string(row, column, text, form)
