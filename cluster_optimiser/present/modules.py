"""ES modules joined into one script at build time, without Node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

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
            message = f"modules need each other: {' -> '.join([*waiting, name])}"
            raise ValueError(message)
        if name in texts:
            return
        waiting.append(name)
        text = folder.joinpath(name).read_text(encoding="utf-8")
        for wanted, other in _IMPORT.findall(text):
            add(other)
            lost = {part.strip() for part in wanted.split(",")} - set(_names(texts[other]))
            if lost:
                message = f"{name} imports what {other} does not have: {', '.join(sorted(lost))}"
                raise ValueError(message)
        for declared in _names(text):
            if home.setdefault(declared, name) != name:
                message = f"{declared} is declared in {home[declared]} and in {name}"
                raise ValueError(message)
        texts[name] = text
        waiting.pop()

    add(entry)
    parts = (_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts.values())
    return '"use strict";\n(() => {\n' + "".join(map(_bare, parts)) + "})();\n"


def _bare(text: str) -> str:
    """Take off comments that have a line to themselves: readers of the page do not need them."""
    text = re.sub(r"^ *//.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^ */\*\*.*?\*/\n", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"/\*\* @type .*? \*/ (?=\()", "", text)
    # No text of the modules runs over lines or holds an arrow.
    return re.sub(r"^ +", "", text.replace(" => ", "=>"), flags=re.MULTILINE)
