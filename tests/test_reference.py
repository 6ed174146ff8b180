"""The reference says every key with an example, every command and every name."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import cluster_optimiser as co
from cluster_optimiser.cli import app
from cluster_optimiser.inputs.settings import Settings, parse_settings
from cluster_optimiser.scenario import Scenario, parse_scenario

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_scenarios(path):
    assert parse_scenario(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["authority.toml", "areas.toml"])
def test_the_example_is_an_authority(name):
    path = ROOT / "docs" / "examples" / "authority" / name
    _, faults = parse_settings(tomllib.loads(path.read_text(encoding="utf-8")))
    assert faults == []


@pytest.mark.parametrize(
    ("file", "model"), [("reference-scenario.md", Scenario), ("reference-authority.md", Settings)]
)
def test_every_key_is_a_heading_with_an_example(reference, file, model):
    text = reference.PAGES[file]()
    keys = [key for key, _ in reference.keys_of(model)]
    assert re.findall(r"^## `(.+)`$", text, re.MULTILINE) == keys
    assert text.count("```toml") == len(keys) > 40
    assert '"..."' not in text


def test_every_public_name_is_a_heading(reference):
    text = reference.PAGES["reference-python.md"]()
    assert re.findall(r"^## `co\.(.+)`$", text, re.MULTILINE) == sorted(co.__all__)


def test_every_command_is_a_heading(reference):
    text = reference.PAGES["reference-commands.md"]()
    headings = re.findall(r"^## `(.+)`$", text, re.MULTILINE)
    assert {*app.commands} <= {name.split()[0] for name in headings}
