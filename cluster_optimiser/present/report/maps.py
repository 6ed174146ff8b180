"""The page's maps on their own: an SVG that any program draws, and its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster_optimiser.present.shapes import PALETTE

if TYPE_CHECKING:
    from collections.abc import Mapping

LINE, HALO = "#22303a", "#fff"


def _style() -> str:
    fills = "".join(f".c{i}{{fill:{fill}}}" for i, fill in enumerate(PALETTE))
    text = "text-anchor:middle;paint-order:stroke;stroke-linejoin:round;stroke:" + HALO
    return (
        f"path{{stroke:{LINE};stroke-width:4;stroke-linejoin:round}}{fills}"
        "#map-today,#map-areas{fill:none}"
        f".ln-today{{fill:none;stroke:{LINE};stroke-width:1.3;stroke-opacity:.55}}"
        ".ln-areas{fill:none;stroke:#7a1f4b;stroke-width:4;stroke-dasharray:16 12}"
        f".edge{{fill:none;stroke:{LINE};stroke-width:3}}.sea{{fill:#eef3f6}}"
        f".lt{{font-size:40px;font-weight:700;fill:{LINE}}}"
        f".no{{font-size:36px;font-weight:700;fill:#16222a;stroke-width:22;{text}}}"
        f".nm{{font-size:34px;font-weight:600;fill:#101a20;stroke-width:7;{text}}}"
    )


def standalone_svg(record: Mapping[str, Any], view: Mapping[str, Any]) -> str:
    """Make the map of an option a document of its own."""
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    inside = f"<style>{_style()}</style><defs>{record['under']['symbols']}</defs>"
    drawn = str(view["svg"]).replace("<svg ", f"<svg {names} ", 1)
    return drawn.replace(">", f">{inside}", 1)
