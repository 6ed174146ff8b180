"""Words and elements that the page's scripts find, as declarations for the TypeScript compiler."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
HERE = ROOT / "tests" / "js"
TEMPLATES = ("present/templates", "studio/templates")
FEW = 20
PLURALS = {"one", "few", "many", "other"}

_ELEMENT = re.compile(r'<([a-z][a-z0-9]*)\b[^<>]*?\sid="([^"]+)"')
_VALUE = re.compile(r"\{\{.*?\}\}")


def _type_of(value: object, *, is_inner: bool = True) -> str:
    """Declare texts; a table of texts of one kind is looked up by keys that Python gives."""
    if not isinstance(value, dict):
        return "string"
    if "other" in value and set(value) <= PLURALS:
        return "Forms"
    types = {key: _type_of(one) for key, one in value.items()}
    if is_inner and len(set(types.values())) == 1:
        return f"Record<string, {next(iter(types.values()))}>"
    return "{ " + " ".join(f'"{key}": {kind};' for key, kind in types.items()) + " }"


def _words() -> list[str]:
    say = words()
    studio = {**say["studio"], "outlook": say["outlook"]}
    told = {"PageWords": say["script"], "StudioWords": studio, "NewWords": say["studio"]["new"]}
    return [f"interface {name} {_type_of(one, is_inner=False)}" for name, one in told.items()]


def _elements() -> str:
    """Declare what each id stands for; an id that the template fills in stands for many."""
    tags: dict[str, set[str]] = {}
    for home in TEMPLATES:
        for path in sorted((ROOT / "cluster_optimiser" / home).rglob("*.j2")):
            for tag, name in _ELEMENT.findall(path.read_text(encoding="utf-8")):
                shape = _VALUE.sub("${string}", name)
                if "$" not in shape or shape.endswith("-${string}"):
                    tags.setdefault(shape, set()).add(tag)
    for name in [name for name in tags if "$" in name]:
        like = re.compile(re.escape(name).replace(re.escape("${string}"), ".*"))
        tags[name] = set().union(*(held for other, held in tags.items() if like.match(other)))
    rows = []
    for name, held in sorted(tags.items()):
        key = f"[id: `{name}`]" if "$" in name else f'"{name}"'
        kind = f'HTMLElementTagNameMap["{min(held)}"]' if len(held) == 1 else "HTMLElement"
        rows.append(f"{key}: {kind};")
    return "interface Elements { " + " ".join(rows) + " }"


def declarations() -> str:
    return "\n".join([*_words(), _elements(), ""])


def _few(value: object) -> object:
    """Shorten lists of one kind, which make a check no better and the compiler slow."""
    if isinstance(value, dict):
        return {key: _few(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_few(one) for one in (value if len(value) <= FEW else value[:FEW] + value[-FEW:])]
    return value


def misdeclared(folder: Path, samples: Mapping[str, object]) -> str:
    """Say where values that Python wrote are not of their declared types, nor those of them."""
    node, compiler = shutil.which("node"), HERE / "node_modules" / "typescript" / "bin" / "tsc"
    if node is None or not compiler.exists():
        pytest.skip("NO NODE, OR NO COMPILER (npm ci --prefix tests/js): NOT HELD TO ITS TYPES")
    texts = {kind: json.dumps(_few(value), ensure_ascii=False) for kind, value in samples.items()}
    rows = [f"export const s{i}: {kind} = {text};" for i, (kind, text) in enumerate(texts.items())]
    (folder / "samples.ts").write_text("\n".join(rows), encoding="utf-8")
    (folder / "told.d.ts").write_text(declarations(), encoding="utf-8")
    files = [*map(str, HERE.glob("*.d.ts")), "told.d.ts", "samples.ts"]
    project = {"extends": str(HERE / "tsconfig.json"), "files": files}
    (folder / "tsconfig.json").write_text(json.dumps(project), encoding="utf-8")
    done = subprocess.run(
        [node, str(compiler), "--project", str(folder), "--pretty", "false"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout + done.stderr


if __name__ == "__main__":
    home = ROOT / "build"
    home.mkdir(exist_ok=True)
    (home / "told.d.ts").write_text(declarations(), encoding="utf-8")
