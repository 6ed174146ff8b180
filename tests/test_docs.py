"""The commands that the documentation shows are commands, with options that there are."""

import re
import shlex

import click
import pytest

from cluster_optimiser.cli import app
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


@pytest.mark.parametrize("option", ["1", "4a", "4b", "4c"])
def test_the_case_of_norfolk_is_what_its_plans_measure(option: str) -> None:
    text = (ROOT / "docs" / "norfolk.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| {option} .*\|$", text, re.MULTILINE)
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
