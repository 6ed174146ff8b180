"""The Leaflet files, read from the installed package that carries them, ready to be inlined."""

from __future__ import annotations

import functools
import importlib.resources
import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256

from cluster_optimiser.errors import ClusterOptimiserError

_PACKAGE = "js_lib_leaflet"
_STATIC = ("static", "js_lib_leaflet")
_IMAGE = re.compile(r"url\((images/[\w.-]+\.png)\)")
_WITH_IMAGE = re.compile(r"^\s*background-image:[^;]*;\s*$", re.MULTILINE)
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)

PUBLISHED = {
    "leaflet.js": "20nQCchB9co0qIjJZRGuk2/Z9VM+kNiyxNV1lvTlZBo=",
    "leaflet.css": "p4NxAoJBhIIN+hmNHrzRCf9tD/miZyoHS5obTRR9BMY=",
}
"""SHA-256 of Leaflet 1.9.4, as its authors publish them at https://leafletjs.com/download."""


@dataclass(frozen=True, slots=True)
class Leaflet:
    """The library as text that needs no further file."""

    script: str  # the JavaScript, its licence line first
    style: str  # the style sheet, images within it as data
    plain_style: str  # the style sheet without images, for pages that allow none


@functools.cache
def leaflet() -> Leaflet:
    """Read Leaflet from the installed package, if it is what its authors published."""
    home = importlib.resources.files(_PACKAGE).joinpath(*_STATIC)

    def inlined(found: re.Match[str]) -> str:
        data = b64encode(home.joinpath(found[1]).read_bytes()).decode("ascii")
        return f"url(data:image/png;base64,{data})"

    contents = {name: home.joinpath(name).read_bytes() for name in PUBLISHED}
    others = [
        n for n, c in contents.items() if b64encode(sha256(c).digest()).decode() != PUBLISHED[n]
    ]
    if others:
        message = (
            f"{', '.join(others)} of the package django-js-lib-leaflet is not Leaflet 1.9.4 as its "
            "authors published it: install the packages of requirements.lock again"
        )
        raise ClusterOptimiserError(message)
    # A browser reads line ends as one character before it hashes what a policy allows.
    texts = (contents[name].decode("utf-8").replace("\r\n", "\n") for name in PUBLISHED)
    script, style = texts
    return Leaflet(
        script=_SOURCE_MAP.sub("", script).strip(),
        style=_IMAGE.sub(inlined, style).strip(),
        plain_style=_WITH_IMAGE.sub("", style).strip(),
    )
