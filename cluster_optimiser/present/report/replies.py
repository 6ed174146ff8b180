"""What was replied, as a chapter of the committee paper and as a report of its own."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal

from cluster_optimiser.errors import InputError
from cluster_optimiser.identity import digest, key_of, stamp_of_all
from cluster_optimiser.inputs.counting import KINDS
from cluster_optimiser.present.characters import storable
from cluster_optimiser.present.report.blocks import (
    Block,
    Bullets,
    Figure,
    Heading,
    Paragraph,
    Report,
    TableBlock,
    changed,
    numbered,
)
from cluster_optimiser.present.report.summary import layer_words
from cluster_optimiser.present.report.typeset import pdf
from cluster_optimiser.present.report.word import docx
from cluster_optimiser.present.report.workbook import workbook
from cluster_optimiser.words import UNKNOWN, number, percent, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cluster_optimiser.present.report.folder import ResultsFolder

RECORD, MAP = "responses.json", "support.svg"
REPLIES_FILES = ("replies.docx", "replies.pdf", "replies.xlsx")

MOST_PLACES = 12
"""Longer tables are in the report on the replies, not in the committee paper."""

MAP_MM = 100
"""How high the map is in print: each of today's clusters bears the label of what leads there."""

MOST_QUOTES, MOST_LETTERS = 40, 600
"""What the public page quotes: comments of those who prefer one answer, and letters of one."""

Record = dict[str, Any]
Reader = Literal["committee", "council", "public"]


def read_replies(path: Path, results: ResultsFolder) -> tuple[Record, str]:
    """Read back what `responses` wrote about these results, with its map."""
    remedy = 'Give the folder that "cluster-optimiser responses ... -o FOLDER" wrote.'
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
        drawing = (path / MAP).read_text(encoding="utf-8")
        stamps, hashed = record["stamps"], record["map"]
        is_sealed = record.pop("seal") == key_of(record)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError.of(path, "it cannot be read as counted replies", remedy) from error
    now = {option.label: str(option.manifest["stamp"]) for option in results.options}
    is_own_map = hashed == digest(drawing.encode())
    if stamps != now or not is_sealed or not is_own_map:
        problem = "the replies were counted for other results, or changed since"
        raise InputError.of(path, problem, "Count them again.")
    return record, drawing


def chapter(
    record: Record, drawing: str, results: ResultsFolder, reader: Reader = "committee"
) -> Iterator[Block]:
    """Say what was replied.

    The council reads every comment that may be quoted, the committee none. The public reads them
    without the school, and of each place what leads there, not what one or two schools prefer.
    """
    yield Heading(1, say("replies.heading"), "replies")
    yield from map(Paragraph, _accounted(record["counts"], record["rules"], reader))
    yield _by_kind(record, results)
    words = layer_words(results)
    for by in dict.fromkeys(row["by"] for row in record["support"]):
        is_short = sum(row["by"] == by for row in record["support"]) <= MOST_PLACES
        if by not in {"all", "cluster"} and (reader == "council" or is_short):
            yield _by_place(record, by, words.get(by) or say("replies.by_phase"), reader)
    told = say("replies.map", n=record["counts"]["n_counted"], all=record["counts"]["n_schools"])
    yield Figure(drawing, told, say("replies.map_title"), MAP_MM)
    if reader != "committee":
        yield _by_place(record, "cluster", say("replies.by_cluster"), reader)
    yield from _plans(record, reader)
    yield from _said(record, reader)


def _accounted(
    counts: Mapping[str, int], rules: Mapping[str, Any], reader: Reader
) -> Iterator[str]:
    n, base = counts["n_counted"], counts["n_schools"]
    yield say("replies.counted", n=n, base=base, share=percent(n, base), rows=counts["n_rows"])
    left = [key for key in LEFT if counts[key]]
    if left:
        told = say("replies.left", list="; ".join(say(f"replies.{k}", counts[k]) for k in left))
        yield told if reader == "public" else f"{told} {say('replies.left_where')}"
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


def _answer(record: Record, answer: str) -> str:
    return say("replies.none") if answer == record["options"][-1] else answer


def _answers(record: Record, row: Mapping[str, Any]) -> str:
    """Write what was answered, most often first; with fourteen options most are by nobody."""
    given = [answer for answer in record["options"] if row[answer]]
    given.sort(key=lambda answer: -row[answer])
    told = (f"{_answer(record, answer)}: {number(row[answer])}" for answer in given)
    return ", ".join(told) or UNKNOWN


def _by_kind(record: Record, results: ResultsFolder) -> TableBlock:
    """Give one row an answer, with a bar for its share of the schools that replied."""
    whole = {row["respondent"]: row for row in record["respondents"] if row["by"] == "all"}
    kinds = [kind for kind in KINDS if kind in whole]
    titles = {
        o.label: say("report.option_title", label=o.label, title=o.title) for o in results.options
    }
    rows = [
        (titles.get(answer, _answer(record, answer)), *(number(whole[k][answer]) for k in kinds))
        for answer in record["options"]
    ]
    rows += [
        (say(f"replies.{key}"), *(number(whole[k][key]) for k in kinds))
        for key in ("n_counted", "n_replies")
    ]
    first = whole.get("school")
    bars = [first[a] / max(1, first["n_counted"]) for a in record["options"]] if first else []
    header = (say("replies.columns.answer"), *(say(f"replies.heads.{kind}") for kind in kinds))
    widths = (4.6, 2.2, *(1.2,) * (len(kinds) - 1))[: len(header)]
    caption = say("replies.by_kind")
    return TableBlock(caption, header, tuple(rows), widths, "respondents.csv", bars=tuple(bars))


def _by_place(record: Record, by: str, words: str, reader: Reader) -> TableBlock:
    rows = [
        (
            say(f"phases.{row['group']}") if by == "phase" else row["group"],
            number(row["n_schools"]),
            number(row["n_replied"]),
            percent(row["n_replied"], row["n_schools"]),
            *([_answers(record, row)] if reader != "public" else []),
            row["leading"] or UNKNOWN,
        )
        for row in record["support"]
        if row["by"] == by
    ]
    keys = ["place", "schools", "replied", "share", "answers", "leading"]
    if reader == "public":
        keys.remove("answers")
    header = tuple(say(f"replies.columns.{key}") for key in keys)
    widths = {"place": 2.6, "share": 1.5, "answers": 4.4}
    return TableBlock(
        say("replies.by_place", by=words),
        header,
        tuple(rows),
        tuple(widths.get(key, 0.9) for key in keys),
        "support.csv",
    )


def _plans(record: Record, reader: Reader) -> Iterator[Block]:
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
    n, n_unread = len(record["plans"]), len(record["plans"]) - len(rows)
    if n_unread:
        told = say("replies.plans_unread", n, unread=n_unread)
        yield Paragraph(told if reader == "public" else f"{told} {say('replies.plans_where')}")
    if not rows:
        return
    keys = ("row", "status", "clusters", "better", "nearest", "changes", "reasons")
    header = tuple(say(f"replies.columns.{key}") for key in keys)
    widths = (0.6, 1.2, 1.0, 1.1, 1.0, 1.1, 4.0)
    # Rows are those of a file that the public does not have.
    at = int(reader == "public")
    yield TableBlock(
        say("replies.plans_table"),
        header[at:],
        tuple(row[at:] for row in rows),
        widths[at:],
        "plans.csv",
    )


def _said(record: Record, reader: Reader) -> Iterator[Block]:
    yield Heading(2, say("replies.said"))
    n, quoted = record["counts"]["n_comments"], record["counts"]["n_quoted"]
    yield Paragraph(say(f"replies.comments_{reader}", n, q=quoted))
    if record["themes"]:
        keys = ("theme", "replies", "answers")
        coded = [
            (one["theme"], number(one["n_replies"]), _answers(record, one))
            for one in record["themes"]
        ]
        header = tuple(say(f"replies.columns.{key}") for key in keys)
        caption = say("replies.themes")
        yield TableBlock(caption, header, tuple(coded), (2.4, 1.0, 5.0), "themes.csv")
    if record["same_texts"]:
        lines = [
            say(
                "replies.same_text",
                one["n_replies"],
                kinds=[say(f"replies.kinds.{kind}") for kind in one["respondents"]],
                text=_cut(one["comment"]) or say("replies.not_quoted"),
            )
            for one in record["same_texts"]
        ]
        yield Paragraph(say("replies.same_lead"))
        yield Bullets(tuple(lines))
    if reader == "council" and record["comments"]:
        names = ("option", "school", "row", "kind", "comment")
        rows = [
            (
                _answer(record, one["option"]),
                one["school"],
                str(one["row"]),
                say(f"replies.kinds.{one['respondent']}"),
                one["comment"],
            )
            for one in sorted(record["comments"], key=lambda c: (c["option"], c["row"]))
        ]
        titles = tuple(say(f"replies.columns.{key}") for key in names)
        widths = (1.1, 2.0, 0.6, 1.1, 5.0)
        yield TableBlock(say("replies.quoted"), titles, tuple(rows), widths, "comments.csv")
    if reader == "public":
        yield from _quoted(record)


def _quoted(record: Record) -> Iterator[Block]:
    """Quote by answer what may be quoted, the same text once, without the school."""
    for answer in record["options"]:
        said: defaultdict[str, list[str]] = defaultdict(list)
        for one in record["comments"]:
            if one["option"] == answer:
                said[one["comment"]].append(one["respondent"])
        lines = [
            say(
                "replies.quote",
                len(kinds),
                kinds=[say(f"replies.kinds.{kind}") for kind in KINDS if kind in kinds],
                text=_cut(text),
            )
            for text, kinds in sorted(said.items(), key=lambda pair: -len(pair[1]))
        ]
        shown = lines[:MOST_QUOTES]
        if len(shown) < len(lines):
            shown.append(say("replies.more_quotes", shown=len(shown), all=len(lines)))
        if shown:
            name = _answer(record, answer)
            yield Heading(3, say("report.option", label=name) if name == answer else name)
            yield Bullets(tuple(shown))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS].rstrip()} …"


def replies_papers(
    record: Record, drawing: str, tables: Mapping[str, str], results: ResultsFolder
) -> dict[str, bytes]:
    """Make the report on the replies as Word, PDF and workbook; ``tables`` are its CSV files."""
    authority = results.record["authority"]
    report = Report(
        title=say("replies.title", title=authority["title"]),
        subtitle=say("replies.subtitle"),
        author=str(authority["name"]),
        authority=str(authority["name"]),
        date=str(results.options[0].manifest["data_date"]),
        stamp=stamp_of_all(record["stamps"].values()),
        blocks=changed(numbered(chapter(record, drawing, results, "council")), storable),
    )
    sheets = {}
    for name, text in tables.items():
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        if rows:
            sheets[say(f"replies.sheets.{name}")] = (say(f"replies.sheets.{name}"), header, rows)
    notes = [[say("tables.stamp"), report.stamp]]
    notes += [
        [say("tables.note"), line]
        for line in _accounted(record["counts"], record["rules"], "council")
    ]
    book = workbook(report, sheets, notes, layer_words(results))
    return dict(zip(REPLIES_FILES, (docx(report), pdf(report), book), strict=True))
