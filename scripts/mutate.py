"""Small changes of core modules, one at a time, and whether a test of the module notices each.

`python scripts/mutate.py [--number N] [--seed S]` draws N places at random (the same for a seed),
changes a copy of the project there, and runs the tests named beside the module until one fails.
A change that no test notices survives, and is printed with its line. The tests are run unchanged
before: such as fail by themselves would notice everything. docs/mutation.md keeps the result.
"""

from __future__ import annotations

import argparse
import ast
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cluster_optimiser"
COPIED = ("cluster_optimiser", "tests", "docs", "scenarios", "boundaries", "pyproject.toml")
TIMEOUT_S = 900
LEAST_LIMIT = 1000

CORE = {
    "optimise/candidates.py": ["optimise/test_candidates.py"],
    "optimise/keeping.py": ["optimise/test_keeping.py"],
    "optimise/costs.py": ["optimise/merging", "optimise/test_weighting.py"],
    "optimise/merging/merge.py": ["optimise/merging"],
    "optimise/merging/partition.py": ["optimise/merging", "optimise/test_keeping.py"],
    "optimise/universe/states.py": ["optimise/universe"],
    "optimise/universe/ranking.py": ["optimise/universe"],
    "optimise/redraw/pairs.py": ["optimise/redraw"],
    "optimise/redraw/tightening.py": ["optimise/redraw/test_tightening.py"],
    "geography/measures.py": ["test_terms.py", "optimise/test_candidates.py"],
    "geography/meeting.py": ["geography/test_meeting.py"],
    "verification/facts.py": ["verification", "geography/test_meeting.py"],
    "verification/rules.py": ["verification", "test_rules.py"],
    "verification/claims.py": [
        "verification",
        "optimise/levels/test_joint.py",
        "optimise/test_keeping.py",
    ],
    "scoring.py": ["test_scoring.py"],
    "comparison/money.py": ["comparison/test_money.py"],
}
"""Module -> its own tests."""

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.And: ast.Or, ast.Or: ast.And,
    ast.FloorDiv: ast.Mult,
}  # fmt: skip


def places(tree: ast.AST) -> list[tuple[Any, str, int | None]]:
    """Give what may be changed: operators, whole numbers, conditions but of imports.

    The limits that a module names at its top, 1,000 and more, are left out: one more of them is no
    mistake, and a test could only repeat them.
    As a node with a field, and a position where that is a list: Python parses all operators of a
    kind to one and the same object, so that to change the object would change them all.
    """
    found: list[tuple[Any, str, int | None]] = []
    limits = {
        id(one.value)
        for one in ast.iter_child_nodes(tree)
        if isinstance(one, ast.Assign)
        and isinstance(one.value, ast.Constant)
        and isinstance(one.value.value, int)
        and one.value.value >= LEAST_LIMIT
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is int and id(node) not in limits:
            found.append((node, "value", None))
        elif isinstance(node, ast.If | ast.IfExp) and ast.unparse(node.test) != "TYPE_CHECKING":
            found.append((node, "test", None))
        for name, value in ast.iter_fields(node):
            many = enumerate(value) if isinstance(value, list) else [(None, value)]
            found += [(node, name, at) for at, one in many if type(one) in SWAPS]
    return found


def changed(source: str, number: int) -> tuple[str, str]:
    """Change one place of a source; give the new source and what was changed."""
    tree = ast.parse(source)
    node, name, at = places(tree)[number]
    now = getattr(node, name) if at is None else getattr(node, name)[at]
    if type(now) in SWAPS:
        new: Any = SWAPS[type(now)]()
    else:
        new = now + 1 if name == "value" else ast.UnaryOp(ast.Not(), now)
    if at is None:
        setattr(node, name, new)
    else:
        getattr(node, name)[at] = new
    kind = type(now if type(now) in SWAPS else node).__name__
    what = f"line {node.lineno}, {kind}: {source.splitlines()[node.lineno - 1].strip()}"
    return ast.unparse(ast.fix_missing_locations(tree)), what


def is_noticed(copy: Path, tests: list[str]) -> bool:
    """Run tests in a copy of the project until one fails, or takes too long."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    paths = [f"tests/{name}" for name in tests]
    try:
        done = subprocess.run(  # noqa: S603 - our own tests
            [*command, *paths], cwd=copy, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def main() -> None:
    """Draw, change, test, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    draw = random.Random(asked.seed)  # noqa: S311 - a sample, not a secret
    every = [
        (name, i)
        for name in CORE
        for i in range(len(places(ast.parse((PACKAGE / name).read_text(encoding="utf-8")))))
    ]
    survived, sound = 0, set()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            whole = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            whole(ROOT / name, copy / name)
        for name, i in draw.sample(every, asked.number):
            if str(CORE[name]) not in sound and is_noticed(copy, CORE[name]):
                sys.exit(f"{', '.join(CORE[name])}: fails, or takes too long, without any change")
            sound.add(str(CORE[name]))
            target = copy / "cluster_optimiser" / name
            source = target.read_text(encoding="utf-8")
            mutant, what = changed(source, i)
            target.write_text(mutant, encoding="utf-8")
            noticed = is_noticed(copy, CORE[name])
            target.write_text(source, encoding="utf-8")
            survived += not noticed
            print(f"{'noticed ' if noticed else 'SURVIVED'}  {name}: {what}", flush=True)
    print(f"{survived} of {asked.number} survived (seed {asked.seed})")


if __name__ == "__main__":
    main()
