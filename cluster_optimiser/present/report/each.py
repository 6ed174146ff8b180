"""The page of one option: what it does, improves and gives up, where it stands, what is odd."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cluster_optimiser.present.report.blocks import Bullets, Figure, Heading, Paragraph, TableBlock
from cluster_optimiser.present.report.summary import against_today, layer_words, smallest, verdicts
from cluster_optimiser.present.shapes import PALETTE
from cluster_optimiser.present.svg import INSET_GAP, MARGIN, WIDTH
from cluster_optimiser.terms import term_words
from cluster_optimiser.words import joined, number, percent, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cluster_optimiser.present.report.blocks import Block
    from cluster_optimiser.present.report.folder import Option, ResultsFolder

MOST_LISTED = 3
"""So many exceptions are listed one by one: an option has one page."""

MOST_VIOLATIONS = 3
"""So many broken rules are listed, then counted."""

LINE_MM, LETTERS, ROW_MM, ROW_LETTERS, PAGE_MM = 4.5, 106, 3.5, 52, 260
LEAST_MM, MOST_MM = 36, 110
"""Height and letters of a line and of a table's row, and what a map may take."""

MOST_NAMED = 12
"""So many clusters are named in one line, then counted."""


def each(folder: ResultsFolder, option: Option, *, is_first: bool) -> Iterator[Block]:
    title = say("report.option_title", label=option.label, title=option.title)
    yield Heading(2, title, f"option-{option.label}", starts_page=not is_first)
    m = option.metrics
    does = Paragraph(
        say(
            "report.each.does",
            description=str(option.manifest["description"]),
            n=m["n_clusters"],
            low=smallest(folder, m),
            high=m["largest_pupils"],
            mean=number(m["mean_pupils"]),
        ).strip()
    )
    areas = folder.record["under"]["areas_title"]
    layer = f"{areas[:1].lower()}{areas[1:]}"
    dashed = say("report.each.areas", layer=layer) if areas else ""
    rest: list[Block] = [
        Heading(3, say("report.each.given_up")),
        Bullets(tuple(against_today(folder, option))),
        Heading(3, say("report.each.standing")),
        Bullets(tuple(standing(option, layer_words(folder)))),
        Heading(3, say("report.each.exceptional")),
        Bullets(tuple(exceptional(option))),
    ]
    rows = tuple(
        (name, say(f"report.verdicts.{finding['verdict']}"), finding["text"])
        for name, finding in verdicts(folder, option)
    )
    if rows:
        header = tuple(say(f"report.columns.{key}") for key in ("principle", "verdict", "figure"))
        caption = say("report.principles.of_option", label=option.label, base=m["pupils"])
        rest.append(TableBlock(caption, header, rows, (2.6, 1.5, 2.9), "page.json"))
    yield does
    yield Figure(
        standalone_svg(folder.record, option.view),
        say("report.each.alt", m["n_clusters"], label=option.label),
        say("report.each.caption", label=option.label, areas=dashed),
        _room_mm([does, *rest], is_first=is_first),
    )
    yield from rest


def _room_mm(blocks: Sequence[Block], *, is_first: bool) -> int:
    """Guess how high the map may be in Word so that the option has one page; the PDF measures."""
    used = 22.0 + 26 * is_first  # titles and caption
    for block in blocks:
        if isinstance(block, Paragraph):
            used += LINE_MM * -(-len(block.text) // LETTERS)
        elif isinstance(block, Bullets):
            used += LINE_MM * sum(-(-len(item) // LETTERS) for item in block.items)
        elif isinstance(block, TableBlock):
            used += 12 + sum(ROW_MM * -(-max(map(len, row)) // ROW_LETTERS) for row in block.rows)
        else:
            used += 8
    return max(LEAST_MM, min(MOST_MM, int(PAGE_MM - used)))


def standing(option: Option, layers: Mapping[str, str]) -> Iterator[str]:
    """Say where a plan stands among all legal plans."""
    proof = option.view["proof"]
    yield say("report.each.proof", word=proof["word"], text=proof["text"].rstrip())
    if option.view["stand"]:
        yield str(option.view["stand"])
    nested = option.manifest.get("proof", {}).get("n_nested_plans")
    if nested:
        yield say("report.each.nested", nested)
    universe = option.universe
    if universe is None or not universe.get("rank"):
        if option.manifest["scenario"]["method"] == "redraw":
            yield say("report.each.uncounted")
        elif option.manifest["status"] == "OPTIMAL":
            yield say("report.each.not_ranked")
        return
    if universe["n_plans"] > 1:
        yield from _ranked(universe["rank"], layers)


def _ranked(rows: Sequence[Mapping[str, Any]], layers: Mapping[str, str]) -> Iterator[str]:
    """Say in which single measures no legal plan is better, and how many are in the others."""
    unbeaten, counted, between, n_plans = [], [], [], 0
    for row in rows:
        if row["metric"] == "order":
            continue
        better, equal, worse = (row.get(key) for key in ("n_better", "n_equal", "n_worse"))
        measure = term_words("report.by", str(row["metric"]), layers)
        if better is not None and equal is not None and worse is not None:
            n_plans = better + equal + worse
            if better == 0:
                unbeaten.append(measure)
                continue
            part = percent(better, n_plans)
            counted.append(say("report.each.ranked", measure=measure, better=better, share=part))
        elif row.get("n_better_least") is not None:
            low, high = row["n_better_least"], row["n_better_most"]
            between.append(say("report.each.between", measure=measure, least=low, most=high))
    if unbeaten:
        yield say("report.each.unbeaten", all=n_plans, list=joined(unbeaten))
    if counted:
        yield say("report.each.ranking", all=n_plans, list="; ".join(counted))
    yield from between


def exceptional(option: Option) -> Iterator[str]:
    found, violations = option.manifest["exceptions"], option.manifest["violations"]
    unexplained = [item for item in found if not item["reason"]]
    if len(unexplained) > MOST_LISTED:
        for kind in dict.fromkeys(str(item["kind"]) for item in unexplained):
            of_kind = [item["cluster"] for item in unexplained if item["kind"] == kind]
            names = joined(_shortened(of_kind))
            told = say(f"report.kinds.{kind}")
            yield say("report.each.unexplained", len(of_kind), kind=told, names=names)
        found = [item for item in found if item["reason"]]
    for item in found[:MOST_LISTED]:
        alone = "" if item["limit_pupils"] is not None else "_alone"
        yield say(
            f"report.each.exception{alone}",
            item["pupils"],
            cluster=item["cluster"],
            kind=say(f"report.kinds.{item['kind']}"),
            limit=item["limit_pupils"],
            reason=item["reason"] or say("report.each.no_reason"),
        )
    if len(found) > MOST_LISTED:
        yield say("report.each.exceptions_more", len(found) - MOST_LISTED)
    if violations:
        yield say("report.each.broken", len(violations))
    others = [v for v in violations if not v["rule"].startswith("size.")]
    for violation in others[:MOST_VIOLATIONS]:
        is_plan = violation["subject"] == "plan"
        who = say("report.each.the_plan") if is_plan else violation["subject"]
        detail = say(f"broken.{violation['said']}", violation["n"], **violation["values"])
        yield say("report.each.violation", who=who, detail=detail)
    if len(others) > MOST_VIOLATIONS:
        yield say("report.each.violations_more", len(others) - MOST_VIOLATIONS)
    if not option.manifest["exceptions"] and not violations:
        yield say("report.each.nothing")


def _shortened(names: list[str]) -> list[str]:
    if len(names) <= MOST_NAMED:
        return names
    return [*names[:MOST_NAMED], say("report.each.more", n=len(names) - MOST_NAMED)]


LINE, HALO = "#22303a", "#fff"
FONT = "DejaVu Sans"
SEA = re.compile(r'(?=<rect class="sea" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)")')
"""Where the drawing of a crowded place begins."""

LETTER = 60
"""Room above a crowded place for its letter."""
NAME = re.compile(r'<text class="nm">(.*?)</text>')


def _style() -> str:
    fills = "".join(f".c{i}{{fill:{fill}}}" for i, fill in enumerate(PALETTE))
    text = f"text-anchor:middle;font-family:{FONT}"
    return (
        f"path{{stroke:{LINE};stroke-width:4;stroke-linejoin:round}}{fills}"
        "#map-today,#map-areas{fill:none}"
        f".ln-today{{fill:none;stroke:{LINE};stroke-width:1.3;stroke-opacity:.55}}"
        ".ln-areas{fill:none;stroke:#7a1f4b;stroke-width:4;stroke-dasharray:16 12}"
        f".edge{{fill:none;stroke:{LINE};stroke-width:3}}.sea{{fill:#eef3f6}}"
        f".lt{{font-size:40px;font-weight:700;fill:{LINE};font-family:{FONT}}}"
        f".nd{{fill:{HALO}}}.no{{font-size:34px;font-weight:700;fill:#16222a;{text}}}"
        ".no.sm{font-size:23px}"
        f".nm,.nh{{font-size:31px;fill:#101a20;{text}}}"
        f".nh{{fill:none;stroke-width:8;stroke-linejoin:round;stroke:{HALO}}}"
    )


def standalone_svg(record: Mapping[str, Any], view: Mapping[str, Any]) -> str:
    """Make the map of an option a document of its own."""
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    inside = f"<style>{_style()}</style><defs>{record['under']['symbols']}</defs>"
    drawn = _beside(str(view["svg"])).replace("<svg ", f"<svg {names} ", 1)
    # Programs draw the halo letter by letter, over the letter before: it lies under the name.
    drawn = NAME.sub(r'<text class="nh">\1</text>\g<0>', drawn)
    return drawn.replace(">", f">{inside}", 1)


def _beside(drawn: str) -> str:
    """Put crowded places beside the map: on paper there is more room at its side than below."""
    begins = [found.start() for found in SEA.finditer(drawn)]
    if not begins:
        return drawn
    boxes = [tuple(map(int, found.groups())) for found in SEA.finditer(drawn)]
    height = boxes[0][1] - INSET_GAP
    scale = min(1.0, height / sum(LETTER + high for _, _, _, high in boxes))
    left, top, parts = WIDTH + MARGIN, 0.0, [drawn[: begins[0]]]
    ends = [*begins[1:], drawn.rindex("</svg>")]
    for (x, y, _, high), begin, end in zip(boxes, begins, ends, strict=True):
        top += scale * LETTER
        at = f"translate({left - scale * x:.1f} {top - scale * y:.1f}) scale({scale:.3f})"
        parts.append(f'<g transform="{at}">{drawn[begin:end]}</g>')
        top += scale * high
    width = round(left + scale * max(wide for _, _, wide, _ in boxes) + MARGIN)
    whole = "".join([*parts, drawn[ends[-1] :]])
    return re.sub(r'viewBox="[^"]*"', f'viewBox="0 0 {width} {height}"', whole, count=1)
