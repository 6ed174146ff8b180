"""Wheel and sdist carry the example, and the demonstration runs on it."""

import errno
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from cluster_optimiser import cli
from cluster_optimiser.cli import example
from tests.norfolk import ROOT


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build wheel and sdist from this checkout, without a network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel"]
    subprocess.run([*command, "-d", str(folder)], cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (path,) = dist.glob("*.whl")
    return path


def test_the_sdist_holds_the_example_the_package_and_what_builds_it(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for folder in ("boundaries", "scenarios", "cluster_optimiser"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                assert file.relative_to(ROOT).as_posix() in names
    assert {"pyproject.toml", "README.md", "LICENSE"} <= names


def test_the_wheel_holds_the_example_and_every_file_of_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("boundaries", "scenarios"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"cluster_optimiser/example/{path.relative_to(ROOT).as_posix()}" in names
    for path in (ROOT / "cluster_optimiser").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.relative_to(ROOT).as_posix() in names


@pytest.mark.thorough
def test_the_demonstration_runs_from_the_wheel_in_an_empty_folder(
    wheel: Path, tmp_path: Path
) -> None:
    """Unpacked to a folder of its own, with nothing of the checkout at hand."""
    installed, here = tmp_path / "installed", tmp_path / "here"
    here.mkdir()
    shutil.unpack_archive(wheel, installed, "zip")
    done = subprocess.run(
        [sys.executable, "-m", "cluster_optimiser", "demo", "--only", "1"],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "<!doctype html>" in (here / "results/index.html").read_text("utf-8")[:50].lower()
    assert str(ROOT) not in done.stderr


def test_the_demonstration_overwrites_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scenarios").mkdir()
    with pytest.raises(SystemExit) as ended:
        cli.main(["demo", str(tmp_path)])
    assert ended.value.code == 1
    assert "scenarios is there already: give an empty folder" in capfd.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scenarios"]


def test_a_disc_that_is_full_holds_no_half_of_the_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    copied = iter(range(20))

    def copyfile(source: Path, target: Path, **_: object) -> None:
        if next(copied, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        Path(target).write_bytes(Path(source).read_bytes())

    monkeypatch.setattr(shutil, "copyfile", copyfile)
    folder = tmp_path / "example"
    with pytest.raises(SystemExit) as ended:
        cli.main(["demo", str(folder)])
    assert ended.value.code == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line.endswith(f"{folder} cannot be written: No space left on device")
    assert not [*folder.glob("*")]


def test_the_demonstration_makes_the_authority_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Path] = []
    monkeypatch.setattr(example.run, "callback", lambda **options: ran.extend(options["paths"]))
    runner = CliRunner()
    for name, room in (("norfolk", "scenarios"), ("kirklees", "scenarios/kirklees")):
        folder = tmp_path / name
        done = runner.invoke(cli.app, ["demo", str(folder), "--authority", name])
        assert done.exit_code == 0, done.output
        assert ran.pop() == folder / room


def test_an_example_that_is_none_is_named_with_those_there_are(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli.app, ["demo", str(tmp_path / "x"), "--authority", "nowhere"])
    assert done.exit_code == 2
    assert 'no example "nowhere": norfolk or kirklees' in " ".join(done.output.split())
    assert not (tmp_path / "x").exists()


def test_the_demonstration_asks_which_at_a_terminal_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Path] = []
    monkeypatch.setattr(example.run, "callback", lambda **options: ran.extend(options["paths"]))
    CliRunner().invoke(cli.app, ["demo", str(tmp_path / "piped")])
    assert ran.pop() == tmp_path / "piped" / "scenarios"
    monkeypatch.setattr(example, "is_asked", lambda: True)
    done = CliRunner().invoke(cli.app, ["demo", str(tmp_path / "typed")], input="kirklees\n")
    assert "Which authority" in done.output
    assert ran.pop() == tmp_path / "typed" / "scenarios" / "kirklees"
