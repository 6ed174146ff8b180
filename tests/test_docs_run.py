"""Every command and example of the documentation is run, in a copy of the inputs."""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import pandas as pd
import pytest
from click.testing import CliRunner

from cluster_optimiser.cli import app
from tests.made_gias import MADE_LA, MADE_NAME, districts_layer, national, register_text
from tests.norfolk import ROOT, copy_of_run, run_with_kept_plans

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
FENCE = re.compile(
    r"(?:<!-- not run in the tests: (?P<why>.+?) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```",
    re.DOTALL,
)
RUN = ("3c", "4a", "4f", "4g")
"""Scenarios of the copy: those that the examples name."""

N_LEFT_OUT = 15
"""Blocks that are marked as not run; whoever marks another one changes this."""

N_ROWS = 1_500


@dataclass(frozen=True, slots=True)
class Block:
    """An example of a page."""

    page: str
    kind: str
    text: str
    why_not: str | None

    @property
    def commands(self) -> list[list[str]]:
        """Its lines, as words, without what comes before the program's name."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [shlex.split(line, comments=True) for line in lines if line.strip()]


def _blocks() -> list[Block]:
    return [
        Block(page.name, found["kind"], found["text"], found["why"])
        for page in PAGES
        for found in FENCE.finditer(page.read_text(encoding="utf-8"))
    ]


BLOCKS = _blocks()
CONSOLE = [b for b in BLOCKS if b.kind == "console" and b.why_not is None]
PYTHON = [b for b in BLOCKS if b.kind == "python" and b.why_not is None]


def _name(block: Block) -> str:
    return f"{block.page}: {block.text.splitlines()[0][:50]}"


def _console() -> Iterator[Any]:
    """Give the blocks of commands; those that only say again what others ran are `thorough`."""
    ran: set[str] = set()
    for block in CONSOLE:
        commands = {shlex.join(words).removeprefix(".venv/bin/") for words in block.commands}
        marks = [pytest.mark.thorough] if commands <= ran else []
        yield pytest.param(block, id=_name(block), marks=marks)
        ran |= commands


def _example(page: str, start: str) -> str:
    """Give the text of an example that others read as a file."""
    return next(b.text for b in BLOCKS if b.page == page and b.text.startswith(start))


def _downloads(folder: Path) -> None:
    """Write what a reader would have downloaded: made, under the names that the page uses."""
    made = national(N_ROWS)
    text = register_text(made.rows).replace(MADE_NAME, "Kirklees")
    (folder / "edubasealldata20240115.csv").write_bytes(text.encode("cp1252", errors="replace"))
    districts_layer().to_file(folder / "LAD_2023.gpkg")
    urn = next(row.cells["URN"] for row in made.rows if row.cells["LA (code)"] == MADE_LA)
    (folder / "mine.csv").write_text(f"urn,pupils\n{urn},210\n", encoding="utf-8")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a copy of the inputs as the working folder, with results in it."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "boundaries", folder / "boundaries")
    (folder / "scenarios").mkdir()
    for name in ("base", *RUN):
        shutil.copy(ROOT / "scenarios" / f"{name}.toml", folder / "scenarios")
    _downloads(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        copy_of_run(folder / "results", *RUN)
        shutil.copy(folder / "results" / "4a" / "plan.csv", folder / "my_plan.csv")
        shutil.copy(folder / "my_plan.csv", folder / "our_plan.csv")
        for name in ("council.toml", "theme.toml"):
            (folder / name).write_text(
                _example("consultation-page.md", "council"), encoding="utf-8"
            )
        replies = _example("report-and-replies.md", "school,option")
        (folder / "replies.csv").write_text(replies, encoding="utf-8")
        yield folder


def test_every_file_of_a_results_folder_is_told_of(home: Path) -> None:
    told = (ROOT / "README.md").read_text(encoding="utf-8").replace("universe_*.csv", "universe_")
    for path in (*(home / "results").iterdir(), *(home / "results" / "4f").iterdir()):
        name = "universe_" if path.stem.startswith("universe_") else path.name
        is_picture = path.suffix in {".svg", ".png"}
        assert path.is_dir() or f"`{path.stem if is_picture else name}" in told, path.name


def _run(words: list[str]) -> str:
    """Run a command as it is typed; what it prints goes where it says."""
    assert words[0] in {"cluster-optimiser", ".venv/bin/cluster-optimiser"}
    words, target = (words[: words.index(">")], words[-1]) if ">" in words else (words, None)
    with pytest.MonkeyPatch.context() as patch:
        if words[1:3] == ["run", "scenarios"]:
            # The plans of Norfolk that all tests share; everything else of the command is done.
            run_with_kept_plans(patch)
        done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 0, f"{shlex.join(words)}: {done.output}"
    if target is not None:
        with open(target, "w", encoding="utf-8") as file:  # noqa: PTH123 - where the reader is
            file.write(done.stdout)
    return done.output


@pytest.mark.parametrize("block", tuple(_console()))
def test_commands_of_an_example_run(block: Block, home: Path) -> None:
    """In the order of the pages, as some need what those before them made."""
    assert home.is_dir()
    for words in block.commands:
        if words[1] == "new" and "--force" not in words:
            # Another page may have made it before.
            for room in ("boundaries", "scenarios"):
                shutil.rmtree(home / room / "kirklees", ignore_errors=True)
        _run(words)
    if "-o replies" in block.text:
        told = (ROOT / "docs" / block.page).read_text(encoding="utf-8")
        for path in (home / "replies").iterdir():
            assert f"`{path.name}" in told, path.name
        plans = pd.read_csv(home / "replies" / "plans.csv")
        assert plans["status"].tolist() == ["legal"]
        assert plans["nearest_option"].tolist() == ["4a"]


@pytest.mark.parametrize("block", PYTHON, ids=_name)
def test_python_of_an_example_runs(block: Block, home: Path) -> None:
    assert home.is_dir()
    with mpl.rc_context({"backend": "agg"}):
        exec(compile(block.text, block.page, "exec"), {})  # noqa: S102 - what the page shows


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.kind == "toml"], ids=_name)
def test_settings_of_an_example_can_be_read(block: Block) -> None:
    assert tomllib.loads(block.text)


def test_what_is_not_run_says_why() -> None:
    left_out = [b for b in BLOCKS if b.why_not is not None]
    assert len(left_out) == N_LEFT_OUT
    assert all(len(str(b.why_not).split()) > 1 for b in left_out)
    assert len(CONSOLE) + len(PYTHON) > N_LEFT_OUT
    kinds = {b.kind for b in BLOCKS if b.why_not is None}
    assert kinds <= {"console", "python", "toml", "text"}
