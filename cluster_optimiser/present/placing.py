"""Where a page's styles and scripts stand, and what a council's own site needs to show the page.

ES modules are joined into one script here, without Node.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.resources
import re
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

import markupsafe

from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.present.words import template

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.resources.abc import Traversable

EARLY_SCRIPT = 'document.documentElement.classList.add("scripted");'
"""Runs before anything is drawn, so that what is for readers without scripts is not laid out."""


@dataclass(frozen=True, slots=True)
class Placing:
    """How a page is to be placed: whole or with files beside it, by itself or in a frame."""

    split: bool = False
    embed: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """The elements of styles and scripts, the policy that allows no others, and files beside."""

    styles: list[markupsafe.Markup]
    early: markupsafe.Markup
    scripts: list[markupsafe.Markup]
    policy: str
    files: dict[str, str] = field(default_factory=dict)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _policy(styles: str, scripts: str) -> str:
    parts = ("default-src 'none'", f"style-src {styles}", f"script-src {scripts}")
    return "; ".join([*parts, "base-uri 'none'", "form-action 'none'"])


def _element(pattern: str, text: str) -> markupsafe.Markup:
    return markupsafe.Markup(pattern) % markupsafe.Markup(text)  # noqa: S704 - own files


def placed(styles: Sequence[str], scripts: Sequence[str], stem: str, how: Placing) -> Placed:
    """Put styles and scripts into the page, or into files beside it that are named by its stem."""
    if not how.split:
        hashes = [" ".join(map(_hash, texts)) for texts in (styles, [EARLY_SCRIPT, *scripts])]
        return Placed(
            [_element("<style>%s</style>", text) for text in styles],
            _element("<script>%s</script>", EARLY_SCRIPT),
            [_element("<script>%s</script>", text) for text in scripts],
            _policy(*hashes),
        )
    names = (f"{stem}.css", f"{stem}.first.js", f"{stem}.js")
    style, early, script = (quote(name) for name in names)
    texts = ("\n".join(styles), EARLY_SCRIPT, "\n".join(scripts))
    # Of a file opened from a folder, some browsers say that it is of no site: 'self' is not enough.
    return Placed(
        [_element('<link rel="stylesheet" href="%s">', style)],
        _element('<script src="%s"></script>', early),
        [_element('<script src="%s"></script>', script)],
        _policy("'self' file:", "'self' file:"),
        dict(zip(names, texts, strict=True)),
    )


def snippet(folder: Traversable, title: str, name: str, how: Placing) -> dict[str, str]:
    """Give what is pasted into a site's page to show ours in a frame as high as it is."""
    stem = name.rpartition(".")[0]
    script = joined_script(folder, "frame.js")
    names = (f"{stem}.frame.html", f"{stem}.frame.js")
    text = template("frame.html.j2").render(
        title=title,
        page=quote(name),
        script=quote(names[1]) if how.split else "",
        text=markupsafe.Markup(script),  # noqa: S704 - own file
    )
    return {names[0]: text} | ({names[1]: script} if how.split else {})


_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const |let |function |class )", re.MULTILINE)
_NAME = re.compile(
    r"^(?:export )?(?:const|let|function|class) (?:\{ ([^}]*) \}|([\w$]+))", re.MULTILINE
)


def _names(text: str) -> list[str]:
    """Name what a module declares at its top: only such lines stand at the margin."""
    return [part.strip() for many, one in _NAME.findall(text) for part in (many or one).split(",")]


def joined_script(folder: Traversable, entry: str) -> str:
    """Put a module and all that it imports into one script, each after those that it needs.

    Only named imports and exports of declarations are understood. All modules come to share one
    scope, so no name may be declared twice, and none may need itself.
    """
    texts: dict[str, str] = {}
    home: dict[str, str] = {}
    waiting: list[str] = []

    def add(name: str) -> None:
        if name in waiting:
            raise ValueError(f"modules need each other: {' -> '.join([*waiting, name])}")
        if name in texts:
            return
        waiting.append(name)
        text = folder.joinpath(name).read_text(encoding="utf-8")
        for wanted, other in _IMPORT.findall(text):
            add(other)
            lost = set(re.findall(r"[\w$]+", wanted)) - set(_names(texts[other]))
            if lost:
                message = f"{name} imports what {other} does not have: {', '.join(sorted(lost))}"
                raise ValueError(message)
        for declared in _names(text):
            if home.setdefault(declared, name) != name:
                raise ValueError(f"{declared} is declared in {home[declared]} and in {name}")
        texts[name] = text
        waiting.pop()

    add(entry)
    parts = (_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts.values())
    return '"use strict";\n(() => {\n' + "".join(map(_bare, parts)) + "})();\n"


_CAST = re.compile(r"/\*\* @type (?:(?!\*/).)* \*/ (?=\()")
_PLAIN_CAST = re.compile(_CAST.pattern + r"\((\w[\w.]*(?:\([\w., ]*\)|\[\w+\])?|\[[^()\[\]]*\])\)")
"""A cast whose brackets say nothing once its type is taken off: of a name, a call, a list."""


def _bare(text: str) -> str:
    """Take off comments that have a line to themselves, and types: readers do not need them."""
    text = re.sub(r"^ *//.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^ */\*\*(?:(?!\*/).)*\*/\n", "", text, flags=re.MULTILINE | re.DOTALL)
    text = _CAST.sub("", _PLAIN_CAST.sub(r"\1", text))
    # No text of the modules runs over lines or holds an arrow.
    return re.sub(r"^ +", "", re.sub(r" =>\s+", "=>", text), flags=re.MULTILINE)


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
        raise ClusterOptimiserError(
            f"{', '.join(others)} of the package django-js-lib-leaflet is not Leaflet 1.9.4 as its "
            "authors published it: install the packages of requirements.lock again"
        )
    # A browser reads line ends as one character before it hashes what a policy allows.
    texts = (contents[name].decode("utf-8").replace("\r\n", "\n") for name in PUBLISHED)
    script, style = texts
    return Leaflet(
        script=_SOURCE_MAP.sub("", script).strip(),
        style=_IMAGE.sub(inlined, style).strip(),
        plain_style=_WITH_IMAGE.sub("", style).strip(),
    )
