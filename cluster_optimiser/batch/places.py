"""Where things are: the scenario beside another, the plan of one, the files of an authority."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from typing import TYPE_CHECKING

from cluster_optimiser.constants import SETTINGS_FILE
from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.scenario import Scenario, authority_folder, load_scenario, option_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SHAPEFILE_PARTS = (".shx", ".dbf", ".prj", ".cpg")
"""What a shapefile is read with, though only the first of its files is named."""


def plan_path(scenario: Scenario) -> Path:
    return scenario.home / str(scenario.plan)


def scenario_files(scenario: Scenario) -> list[Path]:
    """Find the files that a scenario names, such as a plan or projections of pupils."""
    found = {scenario.home / name for name in scenario.named_files.values()}
    return sorted(path for path in found if path.is_file())


def files_read(scenario: Scenario) -> list[Path]:
    """Find all files that a run of a scenario reads."""
    named = [*scenario.files, *scenario_files(scenario)]
    return [*named, *authority_files(authority_folder(scenario)).values()]


def folders_read(scenarios: Sequence[Scenario]) -> set[Path]:
    """Find the folders that hold scenarios and their bases, and files of their authorities."""
    files = {file for scenario in scenarios for file in scenario.files}
    for folder in {authority_folder(scenario) for scenario in scenarios}:
        files |= {*authority_files(folder).values()}
    return {file.parent for file in files}


def beside(scenario: Scenario, option: str) -> Path | None:
    if not scenario.files:
        return None
    for path in sorted(scenario.files[0].parent.glob("*.toml")):
        # What cannot be read is left to who names it.
        with suppress(ScenarioError):
            if option_of(path) == option and load_scenario(path).option == option:
                return path
    return None


def authority_files(folder: Path) -> dict[str, Path]:
    """Find the files that an authority is read from, without reading any but its settings."""
    named = {SETTINGS_FILE}
    with suppress(OSError, ValueError, RecursionError):
        named |= set(_texts(tomllib.loads((folder / SETTINGS_FILE).read_text("utf-8-sig"))))
    found: dict[str, Path] = {}
    for name in sorted(named):
        with suppress(OSError, ValueError, RecursionError):
            path = folder / name.replace("\\", "/")
            parts = SHAPEFILE_PARTS if path.suffix.lower() == ".shp" else ()
            for one in (path, *(path.with_suffix(part) for part in parts)):
                if one.is_file():
                    found[one.relative_to(folder).as_posix()] = one
    return found


def _texts(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)
