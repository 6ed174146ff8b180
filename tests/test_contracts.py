"""What holds for the package as a whole: its layers, its size, and what no part of it may name."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cluster_optimiser"
MODULES = sorted(PACKAGE.rglob("*.py"))

MAX_MODULE_LINES = 600
MAX_FUNCTION_LINES = 60
HEAVY = ("folium", "geopandas", "ortools", "pandas", "scipy", "shapely")


def name_of(module: Path) -> str:
    return module.relative_to(ROOT).as_posix()


each_module = pytest.mark.parametrize("module", MODULES, ids=name_of)


def test_imports_keep_to_the_layers() -> None:
    """In a process of its own: the linter switches off the loggers of the one that it runs in."""
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [program, "--config", ROOT / "pyproject.toml", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_no_layer_is_optional() -> None:
    """A layer in brackets may be absent, and a renamed one would go unchecked."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = (
        contract["layers"]
        for contract in config["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    assert [layer for layer in layers if "(" in layer] == []


@each_module
def test_modules_and_functions_are_short(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    long = [
        f"{node.name} has {lines} lines"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := lines_of_code(node)) > MAX_FUNCTION_LINES
    ]
    assert long == []
    assert len(source.splitlines()) <= MAX_MODULE_LINES


def lines_of_code(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


@pytest.mark.parametrize(
    "file",
    sorted(p for p in PACKAGE.rglob("*") if p.is_file() and "__pycache__" not in p.parts),
    ids=name_of,
)
def test_no_authority_is_written_into_the_package(file: Path) -> None:
    """An authority is a folder of data: whatever names one belongs there."""
    known = sorted(p.parent.name for p in (ROOT / "boundaries").glob("*/authority.toml"))
    text = file.read_text(encoding="utf-8", errors="replace").lower()
    assert [authority for authority in {*known, "norfolk"} if authority in text] == []


@each_module
def test_degrees_are_left_to_reading_and_drawing(module: Path) -> None:
    """Below the pages all geometry is in metres; readers accept degrees, and turn them at once."""
    layer = module.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if layer in {"constants", "inputs", "present"}:
        return
    found = {
        node.id if isinstance(node, ast.Name) else node.value
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Name) and node.id == "CRS_DEGREES")
        or (isinstance(node, ast.Constant) and node.value in {"EPSG:4326", 4326, "CRS84"})
    }
    assert found == set()


@pytest.mark.parametrize("module", ["cluster_optimiser", "cluster_optimiser.cli"])
def test_importing_the_package_loads_nothing_heavy(module: str) -> None:
    """Help and shell completion must answer at once."""
    code = f"import {module}, sys; print(*sorted({{*{HEAVY}}} & {{*sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_commands_print_through_one_function() -> None:
    """It shows the control characters that a name may hold instead of sending them."""
    free = {"terminal.py", "stopping.py"}
    files = [path for path in (PACKAGE / "cli").glob("*.py") if path.name not in free]
    assert [path.name for path in files if "click.echo(" in path.read_text("utf-8")] == []


def imports_of(module: Path) -> set[str]:
    """Name the modules of the package that a module imports, also only for its types."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE.name):
            for alias in node.names:
                inner = ROOT / Path(*(node.module or "").split("."), alias.name)
                is_module = inner.with_suffix(".py").is_file() or inner.is_dir()
                found.add(f"{node.module}.{alias.name}" if is_module else str(node.module))
    return found


def test_no_file_imports_in_a_circle() -> None:
    graph = nx.DiGraph()
    for module in MODULES:
        name = ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        graph.add_edges_from((name, other) for other in imports_of(module) if other != name)
    assert [part for part in nx.strongly_connected_components(graph) if len(part) > 1] == []


def test_a_merge_asks_for_all_plans_and_not_the_other_way_round() -> None:
    wrong = [
        module.name
        for module in (PACKAGE / "optimise" / "universe").glob("*.py")
        if any(".merging" in name for name in imports_of(module))
    ]
    assert wrong == []


def test_a_class_name_means_one_thing() -> None:
    homes: dict[str, list[str]] = {}
    for module in MODULES:
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(name_of(module))
    shared = {name for name, where in homes.items() if len(where) > 1}
    # Still to be parted: those of a scenario or plan, and those of a file that is read.
    assert shared <= {"Finding", "Problem", "Table"}
