"""The wheel carries the example, and the demonstration runs on it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cluster_optimiser import cli
from tests.norfolk import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from this checkout, without a network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


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


def test_the_demonstration_runs_from_the_wheel_in_an_empty_folder(
    wheel: Path, tmp_path: Path
) -> None:
    """Installed to a folder of its own, with nothing of the checkout at hand."""
    installed, here = tmp_path / "installed", tmp_path / "here"
    here.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    pip += ["--no-compile", "--disable-pip-version-check", "--target", str(installed), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
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
