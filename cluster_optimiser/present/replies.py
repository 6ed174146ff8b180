"""What replies say, as tables, JSON and a map."""

from __future__ import annotations

import json
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import markupsafe
import shapely

from cluster_optimiser.errors import InputError, writing
from cluster_optimiser.identity import digest, key_of
from cluster_optimiser.inputs.checking import listed
from cluster_optimiser.present.columns import DATAPACKAGE, datapackage
from cluster_optimiser.present.records import plain_record
from cluster_optimiser.present.report.blocks import Block, Bullets, Figure, Heading, TableBlock
from cluster_optimiser.present.report.folder import ResultsFolder, read_folder
from cluster_optimiser.present.report.replies import (
    MAP,
    RECORD,
    chapter,
    read_replies,
    replies_papers,
)
from cluster_optimiser.present.shapes import PALETTE
from cluster_optimiser.present.svg import WIDTH, Frame, path_data
from cluster_optimiser.present.tables import csv_text
from cluster_optimiser.present.theme import speaking_for
from cluster_optimiser.words import is_unknown, percent, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pandas as pd

    from cluster_optimiser.comparison.responses import Responses
    from cluster_optimiser.domain import Authority, Territory

    Place = tuple[Authority, Territory]

TABLES = (
    *("replies", "support", "respondents", "plans", "groups", "comments", "uncertain"),
    *("themes", "same_texts"),
)
"""Tables of `Responses`, each a CSV file."""

PRIVATE = "not-for-publication"
"""Folder of what only the council may read."""

EVEN = "#ffffff"
"""Fill of a cluster where no option leads, or nobody replied."""

LINE = 'stroke="#22303a" stroke-width="3"'
FACE = 'font-family="DejaVu Sans, Arial, sans-serif" font-size="38" fill="#101a20"'

EDGE = 44
"""A label keeps so far from the edge."""

SIMPLIFY_M = 150.0
LEGEND_ROW, LEGEND_COLUMNS = 60, 3

FILLS = (*PALETTE[1:], PALETTE[0])
"""The palest last: it is much like that of a cluster where none leads."""


def support_svg(responses: Responses, territory: Territory) -> str:
    """Draw today's clusters in the colour of the option that leads in each."""
    support = responses.support
    clusters = support[support["by"] == "cluster"].set_index("group")
    leaders = [o for o in responses.options if (clusters["leading"] == o).any()]
    colour = {option: FILLS[i % len(FILLS)] for i, option in enumerate(leaders)}
    frame = Frame.around(territory.clusters.geometry)
    names = [str(name) for name in territory.clusters.index]
    shapes = shapely.coverage_simplify(territory.clusters.geometry.to_numpy(), SIMPLIFY_M)
    drawn, letters = [], []
    for name, shape in zip(names, shapes, strict=True):
        option, told = _told(clusters, name, responses.options)
        local = frame.draw(shape)
        fill = colour[option] if option else EVEN
        title = escape(f"{name}: {told}")
        drawn.append(f'<path fill="{fill}" d="{path_data(local)}"><title>{title}</title></path>')
        if option:
            spot = local.representative_point()
            x = min(max(spot.x, EDGE), WIDTH - EDGE)
            disc = f'<circle cx="{x:.0f}" cy="{spot.y - 14:.0f}" r="36" fill="#fff"/>'
            letters.append(f'{disc}<text x="{x:.0f}" y="{spot.y:.0f}">{escape(option)}</text>')
    rows = [*((colour[o], say("replies.leads", option=o)) for o in leaders)]
    rows.append((EVEN, say("replies.none_leads")))
    key = []
    for i, (fill, text) in enumerate(rows):
        x = 20 + i % LEGEND_COLUMNS * (WIDTH - 40) // LEGEND_COLUMNS
        y = frame.height + LEGEND_ROW * (1 + i // LEGEND_COLUMNS)
        box = f'<rect x="{x}" y="{y - 32}" width="54" height="40" fill="{fill}" {LINE}/>'
        key.append(f'{box}<text x="{x + 70}" y="{y}">{escape(text)}</text>')
    counts = responses.counts
    told = say("replies.map", n=counts["n_counted"], all=counts["n_schools"])
    height = frame.height + LEGEND_ROW * (1 + -(-len(rows) // LEGEND_COLUMNS))
    # Attributes, not styles: the page has this drawing among its own.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-labelledby="support-t support-d" {FACE}>'
        f'<title id="support-t">{escape(say("replies.map_title"))}</title>'
        f'<desc id="support-d">{escape(told)}</desc>'
        f"<g {LINE}>{''.join(drawn)}</g>"
        f'<g font-weight="700" text-anchor="middle">{"".join(letters)}</g>'
        f"<g>{''.join(key)}</g></svg>\n"
    )


def _told(clusters: pd.DataFrame, name: str, options: Sequence[str]) -> tuple[str | None, str]:
    """Give the option that leads a cluster, and its figures in words."""
    if name not in clusters.index:
        return None, say("replies.none_asked")
    row = clusters.loc[name].to_dict()
    counted = [f"{option}: {row[option]}" for option in options if row[option]]
    told = say("replies.replied", n=int(row["n_replied"]), all=int(row["n_schools"]))
    return row["leading"] or None, "; ".join([told, *[", ".join(counted)] * bool(counted)])


def responses_json(responses: Responses, drawing: str = "") -> str:
    record: dict[str, object] = {
        "counts": responses.counts,
        "judged_by": responses.judged_by,
        "options": list(responses.options),
        "rules": responses.rules.model_dump(),
        "stamps": dict(responses.stamps),
        "map": digest(drawing.encode()),
    }
    for name in TABLES:
        table: pd.DataFrame = getattr(responses, name)
        record[name] = table.astype(object).to_dict(orient="records")
    written = plain_record(record)
    written["seal"] = key_of(written)
    return json.dumps(written, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def response_lines(responses: Responses) -> Iterator[str]:
    counts, table = responses.counts, responses.replies
    yield (
        f"{_counted(counts['n_rows'], 'reply', 'replies')}; "
        f"{counts['n_counted']} of {_counted(counts['n_schools'], 'school', 'schools')} "
        f"({percent(counts['n_counted'], counts['n_schools'])})"
    )
    whole = responses.support[responses.support["by"] == "all"].iloc[0]
    for option in responses.options:
        yield f"  {option:<16} {whole[option]:>5}"
    kinds = responses.respondents[responses.respondents["by"] == "all"]
    for row in kinds[kinds["respondent"] != "school"].to_dict(orient="records"):
        told = ", ".join(f"{o}: {row[o]}" for o in responses.options if row[o]) or "none"
        yield f"{row['respondent']}: {row['n_counted']} of {row['n_replies']} counted; {told}"
    odd = table[table["reason"] != ""]
    for row in odd[~odd["is_counted"]].to_dict(orient="records"):
        said = filter(None, [f"row {row['row']}", row["school"], "not counted", row["reason"]])
        yield ": ".join(said)
    for reason, rows in odd[odd["is_counted"]].groupby("reason", sort=False)["row"]:
        n, at = len(rows), listed(map(str, rows))
        yield f"{_counted(n, 'reply', 'replies')} counted, {reason} (row{'s' * (n > 1)} {at})"
    yield (
        f"{_counted(counts['n_comments'], 'comment', 'comments')}, of which {counts['n_quoted']} "
        f"may be quoted; {_counted(counts['n_plans'], 'own plan', 'own plans')}, "
        f"judged by {responses.judged_by}"
    )
    for plan in responses.plans.to_dict(orient="records"):
        where = ""
        if plan["status"] == "legal" and not is_unknown(plan["n_better"]):
            better = _counted(plan["n_better"], "legal plan is", "legal plans are")
            where = f": {better} better, {plan['n_worse']:,} worse"
        reasons = f": {plan['reasons']}" if plan["reasons"] else ""
        yield f"row {plan['row']}: {plan['plan']}: {plan['status']}{where}{reasons}"
    for group in responses.groups.to_dict(orient="records"):
        if group["n_plans"] > 1:
            yield (
                f"alike: rows {', '.join(map(str, group['rows']))}, at most "
                f"{group['most_pupils']:,} pupils in different company"
            )


def made_of_replies(out: Path) -> list[Path]:
    """Give what a count of replies makes: a folder, which can be none of replies, and files."""
    return [out, *(out / f"{name}.csv" for name in TABLES)]


def write_responses(
    responses: Responses, place: Place, out: Path, results: ResultsFolder | None = None
) -> list[Path]:
    """Write what replies say into a folder; what may not be quoted apart, for the council.

    With the results that were consulted on, a report in words as well.
    """
    authority, territory = place
    tables = {name: csv_text(getattr(responses, name)) for name in TABLES}
    with speaking_for(authority):
        drawing = support_svg(responses, territory)
        record = responses_json(responses, drawing)
        texts = {f"{name}.csv": text for name, text in tables.items()}
        texts |= {RECORD: record, MAP: drawing}
        texts[f"{PRIVATE}/comments.csv"] = csv_text(responses.private)
        files = {name: text.encode() for name, text in texts.items()}
        if results is not None:
            files |= replies_papers(json.loads(record), drawing, tables, results)
    with writing(out):
        (out / PRIVATE).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=out) as temporary:
            home = Path(temporary)
            (home / PRIVATE).mkdir()
            for name, content in files.items():
                (home / name).write_bytes(content)
            with speaking_for(authority):
                text = datapackage(home, authority, title=say("replies.heading"), label="replies")
            (home / DATAPACKAGE).write_text(text, encoding="utf-8", newline="\n")
            for name in (*files, DATAPACKAGE):
                (home / name).replace(out / name)
    return [out / name for name in (*files, DATAPACKAGE)]


LOWEST = 3
"""Level of the headings of what is quoted."""

MOST_ROWS = 20
"""A longer table is folded."""

SVG = "{http://www.w3.org/2000/svg}"

DRAWN = {
    "svg": {"viewBox", "role", "aria-labelledby", "font-family", "font-size", "fill"},
    "title": {"id"},
    "desc": {"id"},
    "g": {"stroke", "stroke-width", "font-weight", "text-anchor"},
    "path": {"fill", "d"},
    "rect": {"x", "y", "width", "height", "fill", "stroke", "stroke-width"},
    "circle": {"cx", "cy", "r", "fill"},
    "text": {"x", "y"},
}
"""All that a map of support is drawn with; a drawing that has more is not one of ours."""


def replied_of(results: Path, replies: Path) -> Callable[[], dict[str, Any]]:
    """Read what `responses` wrote of these results, to be told in each language of the page."""
    folder = read_folder(results)
    record, drawing = read_replies(replies, folder)
    picture = _own(drawing, replies)

    def told() -> dict[str, Any]:
        heading, *blocks = chapter(record, drawing, folder, "public")
        return {"heading": heading, "blocks": list(_views(blocks)), "picture": picture}

    return told


def _views(blocks: Iterable[Block]) -> Iterator[dict[str, Any]]:
    """Give the blocks as the template has them: a quoted answer, and a long table, are folded."""
    kinds = {Bullets: "list", Figure: "map", Heading: "heading", TableBlock: "table"}
    fold = ""
    for block in blocks:
        if isinstance(block, Heading) and block.level == LOWEST:
            fold = block.text
            continue
        if isinstance(block, TableBlock) and len(block.rows) > MOST_ROWS:
            fold = block.caption
        yield {"kind": kinds.get(type(block), "text"), "is": block, "fold": fold}
        fold = ""


def _own(drawing: str, replies: Path) -> markupsafe.Markup:
    """Take the map into a page only if nothing in it is more than a drawing."""
    is_own = "<!" not in drawing and "<?" not in drawing
    try:
        root = ET.fromstring(drawing if is_own else "")  # noqa: S314 - declares nothing
        is_own = all(set(one.attrib) <= DRAWN[one.tag.removeprefix(SVG)] for one in root.iter())
    except (ET.ParseError, KeyError):
        is_own = False
    if not is_own:
        problem, remedy = "it is no map that `responses` drew", "Count the replies again."
        raise InputError.of(replies / MAP, problem, remedy)
    return markupsafe.Markup(drawing)  # noqa: S704 - looked through
