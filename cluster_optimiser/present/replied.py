"""What was replied, as a section of the consultation page: the chapter of the paper for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import markupsafe

from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.present.report.blocks import Bullets, Figure, Heading, TableBlock
from cluster_optimiser.present.report.folder import read_folder
from cluster_optimiser.present.report.replies import MAP, chapter, read_replies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cluster_optimiser.present.report.blocks import Block

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
        raise InputError([Fault(str(replies / MAP), 0, "", problem, remedy)])
    return markupsafe.Markup(drawing)  # noqa: S704 - looked through
