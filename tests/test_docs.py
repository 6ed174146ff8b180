"""The commands that the documentation shows are commands, with options that there are."""

import json
import re
import shlex
from pathlib import Path

import click
import pytest

from cluster_optimiser.batch import run_scenario
from cluster_optimiser.cli import app
from cluster_optimiser.inputs.settings import TravelTable
from tests.norfolk import ROOT, norfolk_result

PAGES = sorted((ROOT / "docs").glob("*.md"))
SHOWN = [
    (page.name, line.strip())
    for page in PAGES
    for block in re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if re.match(r"(\.venv/bin/)?cluster-optimiser ", line.strip())
]


@pytest.mark.parametrize(("page", "line"), SHOWN, ids=[f"{p}: {line[:60]}" for p, line in SHOWN])
def test_a_command_shown_is_understood(page: str, line: str) -> None:
    """It is taken apart by the program's own parser, without being run."""
    words = shlex.split(line.partition(" > ")[0], comments=True)[1:]
    command: click.Command = app
    context = click.Context(app, info_name="cluster-optimiser")
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    command.parse_args(context, list(words))


def test_pages_lead_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            # The reference is made when the site is, whose links are tested there.
            is_made = link.startswith("reference-")
            assert is_made or (page.parent / link).exists(), f"{page.name}: {link}"


CODE = "\n".join(
    f"{file.relative_to(ROOT).as_posix()}\n{file.read_text(encoding='utf-8')}"
    for folder in ("cluster_optimiser", "tests", "scenarios", "boundaries", "benchmarks", "scripts")
    for kind in ("*.py", "*.toml", "*.js")
    for file in sorted((ROOT / folder).rglob(kind))
)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_names_of_the_code_are_in_the_code(page: Path) -> None:
    """Functions, tests, columns, keys and modules; or what the page's own example calls so."""
    text = page.read_text(encoding="utf-8")
    examples = "".join(re.findall(r"```.*?```", text, re.DOTALL))
    names = re.findall(
        r"`([a-z][a-z0-9_/]*(?:_|/\w)[a-z0-9_/]*(?:\.py)?|[a-z]+\.py)(?:\.\.\.)?`", text
    )
    assert [name for name in names if name not in CODE and name not in examples] == []


def _text(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_every_layer_of_the_package_is_in_the_table_of_layers() -> None:
    layers = {path.parent.name for path in (ROOT / "cluster_optimiser").glob("*/__init__.py")}
    assert {layer for layer in layers if f"`{layer}`" not in _text("contributors.md")} == set()


def test_what_is_assumed_of_roads_is_what_the_settings_assume() -> None:
    settings = TravelTable(method="roads")
    cells = dict(
        re.findall(r"^\| `(\w+)` \| (\w+ \d.*?|[\d.,]+) \|", _text("roads.md"), re.MULTILINE)
    )
    for name in ("open_road_mph", "untagged_mph"):
        told = re.findall(r"((?:\w+ and )?\w+) (\d+)", cells.pop(name))
        by_class = {one: float(mph) for names, mph in told for one in names.split(" and ")}
        assert by_class == getattr(settings.road_assumptions, name)
    assert len(cells) == 7
    for name, figure in cells.items():
        assert float(figure.replace(",", "")) == getattr(settings, name), name


@pytest.mark.parametrize("row", re.findall(r"^\| \d.*\|$", _text("norfolk.md"), re.MULTILINE))
def test_the_case_of_norfolk_is_what_its_plans_measure(row: str) -> None:
    option = row.split()[1]
    _, clusters, sizes, *told = (cell.strip() for cell in row.strip("|").split("|"))
    metrics = norfolk_result(option).score.metrics
    assert clusters == str(metrics["n_clusters"])
    assert sizes == f"{metrics['smallest_pupils']:,} to {metrics['largest_pupils']:,}"
    assert told == [
        f"{metrics['misaligned_district_pupils']:,}",
        f"{metrics['mean_minutes']:.1f}",
        f"{metrics['max_minutes']:.1f}",
        f"{metrics['changed_pupils']:,}",
    ]


@pytest.mark.parametrize("option", ["1", "17g"])
def test_the_case_of_kirklees_is_what_its_plans_measure(option: str) -> None:
    """Of options that are soon solved; the notebook has others."""
    text = _text("kirklees.md")
    (row,) = re.findall(rf"^\| K{option} .*\|$", text, re.MULTILINE)
    result = run_scenario(ROOT / "scenarios" / "kirklees" / f"{option}.toml")
    metrics = result.score.metrics
    assert [cell.strip() for cell in row.strip("|").split("|")][1:] == [
        str(metrics["n_clusters"]),
        f"{metrics['smallest_pupils']:,} to {metrics['largest_pupils']:,}",
        f"{metrics['mean_minutes']:.1f}",
        f"{metrics['max_minutes']:.1f}",
        f"{metrics['changed_pupils']:,}",
    ]
    proof = result.plan.solution.proof
    assert option == "1" or f"K{option} is the best of {proof.count_of_plans:,}" in text


@pytest.mark.parametrize("here", [ROOT, ROOT / "notebooks"], ids=["root", "notebooks"])
@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_notebook_finds_its_files_from_the_root_too(
    path: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first = next(cell for cell in cells if cell["cell_type"] == "code")
    known: dict[str, object] = {}
    exec("".join(first["source"]), known)  # noqa: S102 - our own
    folders = [value for value in known.values() if isinstance(value, Path)]
    assert folders
    assert all(folder.is_dir() for folder in folders)
