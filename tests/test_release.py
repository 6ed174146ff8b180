"""What is given away says the same everywhere, and its examples are commands that there are."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import click
import pytest
import yaml

from cluster_optimiser.cli import app

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA = {"ortools": "ortools-python", "osmium": "pyosmium", "matplotlib": "matplotlib-base"}
"""Packages whose name is another one on conda-forge."""


def test_the_recipe_has_the_dependencies_of_the_project():
    recipe = yaml.safe_load((ROOT / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    wanted = set()
    for line in PROJECT["dependencies"]:
        name, bound = re.fullmatch(r"([\w-]+)(.*)", line.partition(";")[0].strip()).groups()
        wanted.add(f"{CONDA.get(name, name)} {bound}".strip())
    assert set(recipe["requirements"]["run"]) - {"python >=3.11"} == wanted
    assert recipe["context"]["version"] == PROJECT["version"]


def test_what_is_cited_is_this_version():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (cited["version"], cited["license"]) == (PROJECT["version"], PROJECT["license"])
    assert {"cff-version", "title", "authors", "message"} <= cited.keys()


def test_the_newest_heading_of_the_changelog_is_this_version():
    """One that is not released yet is called so, above it."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    newest = next(heading for heading in headings if heading != "Unreleased")
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert newest == f"{PROJECT['version']} ({cited['date-released']})"


def lines() -> list[str]:
    slurm = (ROOT / "docs/examples/slurm.sh").read_text(encoding="utf-8")
    job = yaml.safe_load((ROOT / "docs/examples/kubernetes.yaml").read_text(encoding="utf-8"))
    (container,) = job["spec"]["template"]["spec"]["containers"]
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    found = [line.strip() for line in slurm.splitlines() if line.startswith("  cluster-optimiser")]
    found += re.findall(r"^#.*? (cluster-optimiser (?:run|studio) .*)$", docker, re.MULTILINE)
    found += container["args"]
    return [re.sub(r'"[$`].*?/8"', "1/8", line) for line in found]


@pytest.mark.parametrize("line", lines())
def test_the_commands_of_examples_are_understood(line):
    _, name, *words = shlex.split(line)
    command = app.get_command(click.Context(app), name)
    command.make_context(name, words, resilient_parsing=False)


def test_the_script_of_slurm_is_sound():
    script = ROOT / "docs" / "examples" / "slurm.sh"
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0  # noqa: S607


def test_the_container_runs_as_a_plain_user():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER analyst$", text, re.MULTILINE)
    assert text.index("USER analyst") < text.index("ENTRYPOINT")


def test_the_container_has_what_its_commands_need():
    """Every extra but those of whoever changes the project."""
    (extras,) = re.findall(
        r"\$\{wheel\}\[(.*)\]", (ROOT / "Dockerfile").read_text(encoding="utf-8")
    )
    assert {*extras.split(",")} == {*PROJECT["optional-dependencies"]} - {"dev", "docs", "bench"}
