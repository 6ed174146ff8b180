"""What the README says is what the program does."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from markdown.extensions.toc import slugify

from cluster_optimiser.cli import app, terminal
from tests.norfolk import OPTIONS, ROOT, norfolk_result

README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS = {
    cells[0]: cells
    for line in README.splitlines()
    if (cells := [cell.strip() for cell in line.strip("|").split("|")]) and cells[0] in OPTIONS
}


def test_every_option_has_its_row() -> None:
    assert sorted(ROWS) == sorted(OPTIONS)


@pytest.mark.parametrize("option", OPTIONS)
def test_the_table_of_options_holds_the_results(option: str) -> None:
    result = norfolk_result(option)
    metrics = result.score.metrics
    plans = result.plan.solution.proof.count_of_plans
    assert ROWS[option][2:] == [
        str(metrics["n_clusters"]),
        f"{metrics['smallest_pupils']:,} to {metrics['largest_pupils']:,}",
        f"{metrics['max_minutes']:.0f} min",
        f"{metrics['misaligned_district_pupils']:,} pupils",
        "" if plans is None else f"{plans:,}",
    ]


@pytest.mark.parametrize("link", re.findall(r"\]\(([^):]+)\)", README))
def test_links_lead_somewhere(link: str) -> None:
    name, _, anchor = link.partition("#")
    assert (ROOT / name).exists()
    if anchor:
        headings = re.findall(r"^#+ (.+)$", (ROOT / name).read_text("utf-8"), re.MULTILINE)
        assert anchor in {slugify(heading, "-") for heading in headings}


def test_every_exit_code_is_told() -> None:
    told = re.search(r"Exit codes: (.*?)\.\n", README, re.DOTALL)[1]
    codes = {value for name, value in vars(terminal).items() if name.startswith("EXIT_")}
    assert {int(code) for code in re.findall(r"\b\d+\b", told)} == {0, *codes}


def test_the_commands_shown_are_commands() -> None:
    shown = set(re.findall(r"^cluster-optimiser (\w+)", README, re.MULTILINE))
    assert shown >= {"run", "check", "evaluate", "schema"}
    for command in sorted(shown):
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


def test_make_targets_shown_are_targets() -> None:
    makefile = Path(ROOT / "Makefile").read_text(encoding="utf-8")
    for target in sorted(set(re.findall(r"^make (\w+)", README, re.MULTILINE))):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
