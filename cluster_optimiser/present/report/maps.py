"""The page's maps on their own: an SVG that any program draws, and its picture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cluster_optimiser.present.shapes import PALETTE
from cluster_optimiser.present.svg import INSET_GAP, MARGIN, WIDTH

if TYPE_CHECKING:
    from collections.abc import Mapping

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
