"""Which modules of the package name what: strings, docstrings left out, and keys of tables read."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "cluster_optimiser"


@cache
def strings_and_keys() -> dict[str, frozenset[str]]:
    """Give the modules of each string, and of each ``table.key`` that is read as an attribute."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        module = path.relative_to(PACKAGE).as_posix()
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            name = ""
            if isinstance(node, ast.Constant) and id(node) not in said:
                name = str(node.value)
            elif isinstance(node, ast.Attribute) and isinstance(
                node.value, ast.Attribute | ast.Name
            ):
                table = getattr(node.value, "attr", "") or getattr(node.value, "id", "")
                name = f"{table}.{node.attr}"
            found.setdefault(name, set()).add(module)
    return {name: frozenset(modules) for name, modules in found.items()}


def naming(*names: str) -> set[str]:
    """Give the modules that say one of some names."""
    return set().union(*(strings_and_keys().get(name, ()) for name in names))
