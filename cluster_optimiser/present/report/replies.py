"""What was replied, as a chapter of the committee paper and as a report of its own."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.present.report.blocks import (
    Bullets,
    Figure,
    Heading,
    Paragraph,
    Report,
    TableBlock,
    numbered,
)
from cluster_optimiser.present.report.measures import layer_words
from cluster_optimiser.present.report.typeset import pdf
from cluster_optimiser.present.report.word import docx
from cluster_optimiser.present.report.workbook import workbook
from cluster_optimiser.words import UNKNOWN, number, percent, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cluster_optimiser.present.report.blocks import Block
    from cluster_optimiser.present.report.folder import ResultsFolder

RECORD, MAP = "responses.json", "support.svg"
REPLIES_FILES = ("replies.docx", "replies.pdf", "replies.xlsx")
STAMP_LENGTH = 12

MOST_PLACES = 12
"""Longer tables are in the report on the replies, not in the committee paper."""

Record = dict[str, Any]


def read_replies(path: Path, results: ResultsFolder) -> tuple[Record, str]:
    """Read back what `responses` wrote about these results, with its map."""
    remedy = 'Give the folder that "cluster-optimiser responses ... -o FOLDER" wrote.'
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
        drawing = (path / MAP).read_text(encoding="utf-8")
        stamps, hashed = record["stamps"], record["map"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        fault = Fault(str(path), 0, "", "it cannot be read as counted replies", remedy)
        raise InputError([fault]) from error
    now = {option.label: str(option.manifest["stamp"]) for option in results.options}
    if stamps != now or hashed != hashlib.sha256(drawing.encode()).hexdigest():
        problem = "the replies were counted for other results, or changed since"
        raise InputError([Fault(str(path), 0, "", problem, "Count them again.")])
    return record, drawing


def chapter(
    record: Record, drawing: str, results: ResultsFolder, *, is_whole: bool = False
) -> Iterator[Block]:
    """Say what was replied; ``is_whole`` with every comment that may be quoted."""
    yield Heading(1, say("replies.heading"), "replies", starts_page=not is_whole)
    yield from map(Paragraph, _accounted(record["counts"], record["rules"]))
    yield _by_kind(record)
    words = layer_words(results)
    for by in dict.fromkeys(row["by"] for row in record["support"]):
        is_short = sum(row["by"] == by for row in record["support"]) <= MOST_PLACES
        if by not in {"all", "cluster"} and (is_whole or is_short):
            yield _by_place(record, by, words.get(by) or say("replies.by_phase"))
    told = say("replies.map", n=record["counts"]["n_counted"], all=record["counts"]["n_schools"])
    yield Figure(drawing, told, say("replies.map_title"))
    if is_whole:
        yield _by_place(record, "cluster", say("replies.by_cluster"))
    yield from _plans(record)
    yield from _said(record, is_whole=is_whole)


def _accounted(counts: Mapping[str, int], rules: Mapping[str, Any]) -> Iterator[str]:
    n, base = counts["n_counted"], counts["n_schools"]
    yield say("replies.counted", n=n, base=base, share=percent(n, base), rows=counts["n_rows"])
    left = [key for key in LEFT if counts[key]]
    if left:
        yield say("replies.left", list="; ".join(say(f"replies.{k}", counts[k]) for k in left))
    yield say(
        "replies.rules",
        stands=say(f"replies.stands_{rules['stands']}"),
        least=rules["leading_replies"],
        share=percent(rules["leading_share"], 1),
    )


LEFT = (
    *("n_superseded", "n_same", "n_to_confirm", "n_unknown_school", "n_unknown_option"),
    "n_unreadable",
)
"""Why a reply does not count, in the order that it is told in."""


def _answers(record: Record, row: Mapping[str, Any]) -> list[str]:
    return [number(int(row[answer])) for answer in record["options"]]


def _answer_names(record: Record) -> list[str]:
    *options, _ = record["options"]
    return [*(say("report.option", label=o) for o in options), say("replies.none")]


def _by_kind(record: Record) -> TableBlock:
    rows = [
        (
            say(f"replies.kinds.{row['respondent']}"),
            number(row["n_replies"]),
            number(row["n_counted"]),
            *_answers(record, row),
        )
        for row in record["respondents"]
        if row["by"] == "all"
    ]
    names = (say(f"replies.columns.{key}") for key in ("kind", "replies", "counted"))
    header = (*names, *_answer_names(record))
    return _table("replies.by_kind", header, rows, "respondents.csv")


def _by_place(record: Record, by: str, words: str) -> TableBlock:
    rows = [
        (
            row["group"],
            number(row["n_schools"]),
            number(row["n_replied"]),
            percent(row["n_replied"], row["n_schools"]),
            *_answers(record, row),
            row["leading"] or UNKNOWN,
        )
        for row in record["support"]
        if row["by"] == by
    ]
    keys = ("place", "schools", "replied", "share")
    header = (*(say(f"replies.columns.{key}") for key in keys), *_answer_names(record))
    header = (*header, say("replies.columns.leading"))
    return _table("replies.by_place", header, rows, "support.csv", by=words)


def _table(
    key: str, header: Iterable[str], rows: Sequence[tuple[str, ...]], source: str, **values: str
) -> TableBlock:
    head = tuple(header)
    return TableBlock(
        say(key, **values), head, tuple(rows), (2.4, *(1.0,) * (len(head) - 1)), source
    )


def _plans(record: Record) -> Iterator[Block]:
    if not record["plans"]:
        return
    yield Heading(2, say("replies.plans"))
    yield Paragraph(say("replies.plans_lead", option=record["judged_by"]))
    rows = [
        (
            str(row["row"]),
            say(f"replies.status.{row['status'].replace(' ', '_')}"),
            number(row["n_clusters"]),
            number(row["n_better"]),
            row["nearest_option"] or UNKNOWN,
            number(row["nearest_pupils"]),
            row["reasons"] or UNKNOWN,
        )
        for row in record["plans"]
        if row["status"] != "cannot be read"
    ]
    n_unread = len(record["plans"]) - len(rows)
    if n_unread:
        yield Paragraph(say("replies.plans_unread", n_unread))
    if not rows:
        return
    keys = ("row", "status", "clusters", "better", "nearest", "changes", "reasons")
    header = tuple(say(f"replies.columns.{key}") for key in keys)
    widths = (0.6, 1.2, 0.9, 1.0, 0.9, 1.1, 4.0)
    yield TableBlock(say("replies.plans"), header, tuple(rows), widths, "plans.csv")


def _said(record: Record, *, is_whole: bool) -> Iterator[Block]:
    yield Heading(2, say("replies.said"))
    n, quoted = record["counts"]["n_comments"], record["counts"]["n_quoted"]
    yield Paragraph(say("replies.comments" if is_whole else "replies.comments_apart", n, q=quoted))
    if record["themes"]:
        header = (say("replies.columns.theme"), say("replies.columns.replies"))
        rows = [
            (t["theme"], number(t["n_replies"]), *_answers(record, t)) for t in record["themes"]
        ]
        yield _table("replies.themes", (*header, *_answer_names(record)), rows, "themes.csv")
    if record["same_texts"]:
        lines = [
            say(
                "replies.same_text",
                one["n_replies"],
                kinds=[say(f"replies.kinds.{kind}") for kind in one["respondents"]],
                text=one["comment"] or say("replies.not_quoted"),
            )
            for one in record["same_texts"]
        ]
        yield Paragraph(say("replies.same_lead"))
        yield Bullets(tuple(lines))
    if is_whole and record["comments"]:
        names = ("option", "school", "row", "kind", "comment")
        rows = [
            (
                one["option"],
                one["school"],
                str(one["row"]),
                say(f"replies.kinds.{one['respondent']}"),
                one["comment"],
            )
            for one in sorted(record["comments"], key=lambda c: (c["option"], c["row"]))
        ]
        titles = tuple(say(f"replies.columns.{key}") for key in names)
        widths = (0.9, 2.0, 0.6, 1.0, 5.0)
        yield TableBlock(say("replies.quoted"), titles, tuple(rows), widths, "comments.csv")


def replies_papers(
    record: Record, drawing: str, tables: Mapping[str, str], results: ResultsFolder
) -> dict[str, bytes]:
    """Make the report on the replies as Word, PDF and workbook; ``tables`` are its CSV files."""
    authority = results.record["authority"]
    stamps = "".join(record["stamps"].values())
    report = Report(
        title=say("replies.title", title=authority["title"]),
        subtitle=say("replies.subtitle"),
        author=str(authority["name"]),
        authority=str(authority["name"]),
        date=str(results.options[0].manifest["data_date"]),
        stamp=hashlib.sha256(stamps.encode()).hexdigest()[:STAMP_LENGTH],
        blocks=numbered(chapter(record, drawing, results, is_whole=True)),
    )
    sheets = {}
    for name, text in tables.items():
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        if rows:
            sheets[say(f"replies.sheets.{name}")] = (say(f"replies.sheets.{name}"), header, rows)
    notes = [[say("tables.stamp"), report.stamp]]
    notes += [[say("tables.note"), line] for line in _accounted(record["counts"], record["rules"])]
    book = workbook(report, sheets, notes, layer_words(results))
    return dict(zip(REPLIES_FILES, (docx(report), pdf(report), book), strict=True))
