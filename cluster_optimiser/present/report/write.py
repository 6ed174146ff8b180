"""The committee paper, of the numbers of a results folder and the authors' own words.

Its files are written whole or not at all.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster_optimiser.errors import refuse_to_write_over, writing
from cluster_optimiser.identity import stamp_of_all
from cluster_optimiser.present.characters import box, missing, storable
from cluster_optimiser.present.report.blocks import (
    REFERENCE,
    Block,
    Bullets,
    Heading,
    Paragraph,
    Report,
    TableBlock,
    changed,
    numbered,
    refer,
    texts_of,
)
from cluster_optimiser.present.report.each import each
from cluster_optimiser.present.report.folder import Option, ResultsFolder, read_folder
from cluster_optimiser.present.report.front import Front, closing, opening
from cluster_optimiser.present.report.replies import chapter, read_replies
from cluster_optimiser.present.report.summary import summary, verdicts
from cluster_optimiser.present.report.typeset import pdf
from cluster_optimiser.present.report.word import docx
from cluster_optimiser.present.report.workbook import xlsx
from cluster_optimiser.present.theme import speaking_of
from cluster_optimiser.words import UNKNOWN, number, pounds, say, share, two_decimals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

REPORT_FILES = ("report.docx", "report.pdf", "report.xlsx")


@dataclass(frozen=True, slots=True)
class Looks:
    """What a council may give to a paper."""

    front: Front | None = None
    template: Path | None = None  # a Word document whose styles and head are used
    fonts: Path | None = None  # a folder of fonts, for characters that ours cannot draw
    replies: Path | None = None  # a folder of counted replies, which become a chapter


def write_report(
    results: str | Path,
    out: Path,
    *,
    looks: Looks | None = None,
    on_step: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    looks = looks or Looks()
    refuse_to_write_over(filter(None, [looks.template]), [out / REPORT_FILES[0]])
    folder = read_folder(results)
    with speaking_of(folder.record):
        return _write(folder, out, looks, on_step, warn)


def _write(
    folder: ResultsFolder,
    out: Path,
    looks: Looks,
    on_step: Callable[[str], None],
    warn: Callable[[str], None],
) -> list[Path]:
    replied = chapter(*read_replies(looks.replies, folder), folder) if looks.replies else ()
    raw = make_report(folder, looks.front, replied)
    plain = (REFERENCE.sub("", text) for text in texts_of(raw.blocks))
    lacking = missing(plain, looks.fonts)
    if lacking:
        warn(say("report.glyphs", letters=[box(letter) for letter in lacking]))
    report = changed(raw, storable)
    makers: list[tuple[str, Callable[[], bytes]]] = [
        (REPORT_FILES[0], lambda: docx(report, looks.template, looks.fonts)),
        (REPORT_FILES[1], lambda: pdf(report, looks.fonts)),
        (REPORT_FILES[2], lambda: xlsx(folder, report)),
    ]
    contents = {}
    for name, make in makers:
        on_step(name)
        contents[name] = make()
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=out) as place:
            for name, content in contents.items():
                (Path(place) / name).write_bytes(content)
            for name in contents:
                (Path(place) / name).replace(out / name)
    return [out / name for name in contents]


CLUSTERS = "annex-clusters"
SIGNS = {"met": "✓", "partly": "◐", "unmet": "✗", "info": UNKNOWN}


def make_report(
    folder: ResultsFolder, front: Front | None = None, replied: Iterable[Block] = ()
) -> Report:
    authority, front = folder.record["authority"], front or Front()
    date = str(folder.options[0].manifest["data_date"]) if folder.options else "1970-01-01"
    blocks: list[Block] = [*opening(front, date), *summary(folder), *_principles(folder)]
    blocks += [Heading(1, say("report.each.heading"), "options", starts_page=True)]
    blocks += [Paragraph(say("report.each.lead", annex=refer(CLUSTERS)))]
    for i, option in enumerate(folder.options):
        blocks += each(folder, option, is_first=i == 0)
    blocks += money_of_all(folder)
    blocks += replied
    blocks += closing(front)
    blocks += _limits(folder)
    blocks += _provenance(folder)
    blocks += _clusters(folder)
    return Report(
        title=str(authority["title"]),
        subtitle=say("report.subtitle"),
        author=front.author or str(authority["name"]),
        authority=str(authority["name"]),
        date=date,
        stamp=stamp_of_all(str(option.manifest["stamp"]) for option in folder.options),
        blocks=numbered(blocks),
        day=datetime.combine(front.date, time(), UTC) if front.date else None,
    )


def _principles(folder: ResultsFolder) -> Iterator[Block]:
    yield Heading(1, say("report.principles.heading"), "principles")
    lead, label = "lead" if folder.today else "lead_alone", folder.options[0].label
    key = say("report.principles.key")
    yield Paragraph(say(f"report.principles.{lead}", label=label, key=key))
    found = [verdicts(folder, option) for option in folder.options]
    rows = tuple(
        (name, *(SIGNS[of_option[i][1]["verdict"]] for of_option in found))
        for i, (name, _) in enumerate(found[0] if found else [])
    )
    header = (say("report.columns.principle"), *(o.label for o in folder.options))
    widths = (4.0, *(0.7,) * len(folder.options))
    yield TableBlock(say("report.principles.table"), header, rows, widths, "page.json")
    glance = tuple(
        (
            say("report.option_title", label=option.label, title=option.title),
            number(option.metrics["n_clusters"]),
            say(f"status.{option.manifest['status']}"),
            number(option.manifest.get("proof", {}).get("n_legal_plans")),
        )
        for option in folder.options
    )
    header = tuple(
        say(f"report.columns.{key}") for key in ("option", "clusters", "status", "legal")
    )
    yield Paragraph(say("report.principles.legal_lead"))
    caption = say("report.principles.glance")
    yield TableBlock(caption, header, glance, (5.0, 0.9, 1.4, 1.1), "comparison.csv", "glance")
    for one in folder.record.get("unsolved", ()):
        why = one["message"] or one["status"]
        yield Paragraph(say("report.principles.unsolved", label=one["label"], message=why))


def _clusters(folder: ResultsFolder) -> Iterator[Block]:
    is_funded = any(option.funding for option in folder.options)
    yield Heading(1, say("report.clusters.heading"), CLUSTERS, is_annex=True, starts_page=True)
    lead = "lead" if any(option.governance for option in folder.options) else "lead_plain"
    yield Paragraph(say(f"report.clusters.{lead}"))
    stated = (option.manifest["scenario"]["governance"] for option in folder.options)
    yield from map(Paragraph, dict.fromkeys(one["note"] for one in stated if one and one["note"]))
    for option in folder.options:
        yield _cluster_table(option, is_funded=is_funded and bool(option.funding))


def _cluster_table(option: Option, *, is_funded: bool) -> TableBlock:
    seen = {c["id"]: c for c in option.view["clusters"]}
    money = {row["cluster"]: row for row in option.funding}
    votes = {row["cluster"]: row for row in option.governance}
    rows = []
    for row in option.clusters:
        one, rules = seen[row["cluster_id"]], votes.get(row["cluster"], {})
        cells = [
            one["number"],
            row["cluster"],
            number(_int(row["n_schools"])),
            number(_int(row["pupils"])),
            one["place"] or UNKNOWN,
            one["mean"],
            one["longest"],
        ]
        if votes:
            cells += [number(_int(rules.get(key, ""))) for key in ("n_votes", "quorum")]
        if is_funded:
            paid = money.get(row["cluster"], {})
            keys = ("admin_pounds", "pot_pounds", "behind_need_pounds")
            cells += [pounds(paid.get(key, "")) for key in keys]
        rows.append(tuple(cells))
    names = ["number", "cluster", "schools", "pupils", "place", "mean", "longest"]
    widths = [0.45, 3.4, 0.9, 0.8, 3.2, 1.0, 1.0]
    if votes:
        names, widths = [*names, "votes", "quorum"], [*widths, 0.7, 0.9]
    if is_funded:
        names, widths = [*names, "admin", "pot", "behind"], [*widths, 1.2, 1.5, 1.45]
    return TableBlock(
        say("report.clusters.table", label=option.label),
        tuple(say(f"report.columns.{name}") for name in names),
        tuple(rows),
        tuple(widths),
        f"{option.label}/clusters.csv",
        f"clusters-{option.label}",
    )


def _int(text: str) -> int | None:
    return int(text) if text else None


def _limits(folder: ResultsFolder) -> Iterator[Block]:
    yield Heading(1, say("report.limits.heading"), "limits")
    yield Bullets(tuple(folder.record["caveats"]))
    if folder.record["findings"]:
        yield Heading(2, say("report.limits.found"))
        yield Bullets(tuple(folder.record["findings"]))


def _provenance(folder: ResultsFolder) -> Iterator[Block]:
    yield Heading(1, say("report.sources.heading"), "sources")
    yield Paragraph(say("report.sources.lead"))
    rows = tuple(
        (o.label, say(f"status.{o.manifest['status']}"), o.manifest["stamp"], o.manifest["seed"])
        for o in folder.options
    )
    header = tuple(say(f"report.columns.{key}") for key in ("option", "status", "stamp", "seed"))
    written = tuple(tuple(map(str, row)) for row in rows)
    yield TableBlock(say("report.sources.stamps"), header, written, (1, 2, 2, 1), "manifest.json")
    keys = ("source", "date", "publisher", "licence")
    header = tuple(say(f"report.columns.{key}") for key in keys)
    yield TableBlock(say("report.sources.sources"), header, _sources(folder), (2.6, 1.0, 1.9, 3.4))


def _sources(folder: ResultsFolder) -> tuple[tuple[str, ...], ...]:
    def cells(source: dict[str, Any]) -> tuple[str, ...]:
        return tuple(str(source[k]) or UNKNOWN for k in ("title", "date", "publisher", "licence"))

    return tuple(cells(source) for source in folder.record["authority"]["sources"])


EVENNESS = ("spread_need", "lowest", "highest", "spread_pounds")


def money_of_all(folder: ResultsFolder) -> Iterator[Block]:
    funded = [o for o in folder.options if o.manifest.get("funding")]
    if not funded:
        return
    stated = funded[0].manifest["funding"]
    pot, admin = (stated["totals"][f"{key}_pounds"] for key in ("pot", "admin"))
    yield Heading(1, say("report.money.heading"), "money")
    lead = "lead" if float(admin) else "lead_pot"
    yield Paragraph(say(f"report.money.{lead}", pot=pounds(pot), admin=pounds(admin)))
    yield Paragraph(say("report.money.spread"))
    rows = []
    for option in funded:
        even = option.manifest["funding"]["evenness"]
        row = (
            say("report.option_title", label=option.label, title=option.title),
            share(even["need_spread"]),
            two_decimals(even["lowest_need_ratio"]),
            two_decimals(even["highest_need_ratio"]),
            share(even["pounds_spread"]),
        )
        rows.append(row)
    header = (say("report.columns.option"), *(say(f"report.money.{key}") for key in EVENNESS))
    yield TableBlock(
        say("report.money.table"), header, tuple(rows), (3.4, 1, 1, 1, 1), "manifest.json"
    )
    if float(stated["capacity_pounds"]):
        fund, n = pounds(stated["capacity_pounds"]), stated["capacity_clusters"]
        yield Paragraph(say("report.money.fund", n, fund=fund))
    notes = dict.fromkeys(note for o in funded for note in o.manifest["funding"]["notes"])
    yield Bullets(tuple(notes))
