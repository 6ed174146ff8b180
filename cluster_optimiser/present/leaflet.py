"""The Leaflet files, read from the installed package that carries them, ready to be inlined."""

from __future__ import annotations

import base64
import functools
import importlib.resources
import re
from dataclasses import dataclass

_PACKAGE = "js_lib_leaflet"
_STATIC = ("static", "js_lib_leaflet")
_IMAGE = re.compile(r"url\((images/[\w.-]+\.png)\)")
_WITH_IMAGE = re.compile(r"^\s*background-image:[^;]*;\s*$", re.MULTILINE)
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Leaflet:
    """The library as text that needs no further file."""

    script: str  # the JavaScript, its licence line first
    style: str  # the style sheet, images within it as data
    plain_style: str  # the style sheet without images, for pages that allow none


@functools.cache
def leaflet() -> Leaflet:
    """Read Leaflet from the installed package."""
    home = importlib.resources.files(_PACKAGE).joinpath(*_STATIC)

    def inlined(found: re.Match[str]) -> str:
        data = base64.b64encode(home.joinpath(found[1]).read_bytes()).decode("ascii")
        return f"url(data:image/png;base64,{data})"

    style = home.joinpath("leaflet.css").read_text(encoding="utf-8")
    script = home.joinpath("leaflet.js").read_text(encoding="utf-8")
    return Leaflet(
        script=_SOURCE_MAP.sub("", script).strip(),
        style=_IMAGE.sub(inlined, style).strip(),
        plain_style=_WITH_IMAGE.sub("", style).strip(),
    )
