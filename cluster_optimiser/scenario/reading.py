"""Scenario files: inheritance, and the reading that gathers every fault.

A scenario is TOML. ``extends`` names another file whose tables are filled in where this one is
silent (tables merge, lists and values replace). Unknown keys are refused with the nearest right
one. A file is data, perhaps a stranger's: what it names stays in its project.
"""

from __future__ import annotations

import copy
import os
import re
import tomllib
import unicodedata
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from cluster_optimiser.constants import ALLOW_OUTSIDE
from cluster_optimiser.errors import Fault, ScenarioError
from cluster_optimiser.scenario.changing import merge
from cluster_optimiser.scenario.positions import locate, locating, shown
from cluster_optimiser.scenario.schema import Scenario
from cluster_optimiser.scenario.sweep import (
    HASH_LENGTH,
    MAX_LABEL,
    SEED,
    axes_of,
    combinations,
    in_words,
    labels,
    refine_of,
    with_values,
)
from cluster_optimiser.scenario.words import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping


def _read_toml(path: Path, file: str) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        remedy = f"Check the path: {error.strerror}."
        raise ScenarioError.of(file, "the file cannot be read", remedy) from error
    except UnicodeDecodeError as error:
        remedy = "Save it again as UTF-8."
        raise ScenarioError.of(file, "the file is not UTF-8 text", remedy) from error
    try:
        return copy.deepcopy(_parsed_toml(text))
    except RecursionError as error:
        fault = Fault(file, 0, "", "tables are nested too deeply", "No key needs that: mend it.")
        raise ScenarioError([fault]) from error
    except tomllib.TOMLDecodeError as error:
        # The message ends with the place, and only there does every Python tell it.
        found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error))
        what = f"not valid TOML: {error}"
        fault = Fault(file, 0, "", what, "Mend the line that is named.")
        if found:
            what = what.removesuffix(found[0])
            row, column = found[1] or text.count("\n") + 1, found[2] or 1
            fault = Fault(shown(path), int(row), "", what, "Mend it there.", int(column))
        raise ScenarioError([fault]) from error


@lru_cache(maxsize=256)
def _parsed_toml(text: str) -> dict[str, Any]:
    """Parse a text once: a folder's files are asked again and again which of them is whose base."""
    return tomllib.loads(unicodedata.normalize("NFC", text))


def _refuse_base(path: Path, problem: str, remedy: str) -> NoReturn:
    raise ScenarioError([locate(Fault(path.name, 0, "extends", problem, remedy), [path])])


def _read_chain(path: Path, seen: tuple[Path, ...] = ()) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Read a file and what it extends; the file itself is the first of the paths."""
    path = path.resolve()
    if path in seen:
        chain = " -> ".join(p.name for p in (*seen, path))
        _refuse_base(path, f"files extend one another: {chain}", "Break the circle.")
    return _on_base(_read_toml(path, path.name), path, seen)


def _on_base(
    data: dict[str, Any], path: Path, seen: tuple[Path, ...] = ()
) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Fill in what the file that data extends says, and give the paths of both."""
    parent = data.pop("extends", None)
    if parent is None:
        return data, (path,)
    if not isinstance(parent, str):
        _refuse_base(path, f"{parent!r} is no file name", 'Write extends = "base.toml".')
    target = path.parent / parent
    if "\0" in parent or not target.is_file():
        like = nearest(parent, [p.name for p in path.parent.glob("*.toml")])
        remedy = f'Did you mean "{like}"?' if like else "Give a path relative to this file."
        _refuse_base(path, f'there is no file "{parent}"', remedy)
    if not is_inside(target, seen[0] if seen else path):
        _refuse_base(path, f'"{parent}" leaves the project', OUTSIDE)
    base, files = _read_chain(target, (*seen, path))
    return merge(base, data), (path, *files)


def parse_scenario(data: Mapping[str, Any], *, file: str = "scenario") -> Scenario:
    """Check plain data against the schema."""
    return Scenario.of_data(data, file=file)


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario file and what it extends.

    Parameters
    ----------
    path
        The TOML file.

    Returns
    -------
    The frozen scenario; ``files`` names every file read.

    Raises
    ------
    ScenarioError
        With every fault of the file.
    """
    return _parsed(*_read_chain(Path(path)))


def scenario_from(data: Mapping[str, Any], path: Path) -> Scenario:
    """Read a scenario from plain data, as if the file of a path, which need not exist, held it."""
    return _parsed(*_on_base(dict(data), path.resolve()))


def written(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what a file says itself, and what it inherits from the files it extends."""
    own = _read_toml(path, path.name)
    base = {"extends": own["extends"]} if "extends" in own else {}
    return own, _on_base(base, path.resolve())[0]


def _parsed(data: dict[str, Any], files: tuple[Path, ...]) -> Scenario:
    data.pop("sweep", None)
    with locating(files):
        scenario = parse_scenario(data, file=files[0].name)
    scenario._files = files  # noqa: SLF001 - provenance, set once by the reader that knows it
    _refuse_files_outside(scenario)
    return scenario


def _refuse_outside(scenario: Scenario, key: str, name: str) -> NoReturn:
    fault = scenario.fault(key, f'"{name}" leaves the project', OUTSIDE)
    raise ScenarioError([locate(fault, scenario.files)])


def _refuse_files_outside(scenario: Scenario) -> None:
    """Refuse a plan, or a file of projections or neighbours, that lies outside of the project."""
    for key, name in scenario.named_files.items():
        if not is_inside(scenario.home / name, scenario.files[0]):
            _refuse_outside(scenario, key, name)


def as_scenario(scenario: Scenario | str | Path) -> Scenario:
    """Give a scenario, read if its file is named."""
    return scenario if isinstance(scenario, Scenario) else load_scenario(scenario)


def load_scenarios(path: str | Path) -> tuple[Scenario, ...]:
    """Read a scenario file and what it extends, as many scenarios as its sweep makes of it."""
    data, files = _read_chain(Path(path))
    if "sweep" not in data:
        return (load_scenario(path),)
    file, option = files[0].name, data.get("option")
    sweep = data.pop("sweep")
    axes, wrong = axes_of(sweep)
    refine, more = refine_of(sweep, axes)
    faults = [
        Fault(file, 0, ".".join(filter(None, ["sweep", one.key])), one.problem, one.remedy)
        for one in (*wrong, *more)
    ]
    if isinstance(option, str) and len(option) > MAX_LABEL - HASH_LENGTH - 1:
        most = MAX_LABEL - HASH_LENGTH - 1
        problem = f"the label of a sweep has {len(option)} characters"
        faults.append(Fault(file, 0, "option", problem, f"Take at most {most}."))
    made: list[Scenario] = []
    runs = [] if faults else combinations(axes)
    for values, label in zip(runs, labels(str(option), runs), strict=True):
        content = with_values(data, values)
        if isinstance(option, str):
            content["option"] = label
        if isinstance(content.get("title"), str):
            content["title"] = f"{content['title']}: {in_words(values)}"
        try:
            scenario = parse_scenario(content, file=file)
        except ScenarioError as error:
            faults += [_of_sweep(fault, values, axes) for fault in error.faults]
            continue
        scenario._files, scenario._swept = files, values  # noqa: SLF001 - set by the reader
        scenario._refine = refine  # noqa: SLF001
        _refuse_files_outside(scenario)
        scenario._seed, scenario._sweep = values.get(SEED), str(option)  # noqa: SLF001
        made.append(scenario)
    if faults:
        raise ScenarioError([locate(fault, files) for fault in dict.fromkeys(faults)])
    return tuple(made)


def _of_sweep(fault: Fault, values: Mapping[str, Any], axes: Mapping[str, list[Any]]) -> Fault:
    """Say of a fault in a swept value where in the sweep the value stands."""
    for key, value in values.items():
        if fault.subject == key or fault.subject.startswith(f"{key}."):
            number = axes[key].index(value) + 1
            return replace(fault, subject=f"sweep.{key}.{number}")
    return fault


def is_scenario(path: Path) -> bool:
    """Tell whether a TOML file is a scenario of its own, not only a base for others.

    A base has no ``option``; faults are left to `load_scenario`.
    """
    try:
        return option_of(path) is not None
    except ScenarioError:
        return True


def option_of(path: Path) -> object:
    """Give the label that a file or its base states, unchecked; None of a base."""
    return _read_chain(path)[0].get("option")


def authority_folder(scenario: Scenario) -> Path:
    """Find the folder of a scenario's authority.

    A name is looked for in ``boundaries/`` beside the scenario file or above it, then below the
    working directory; a path is taken relative to the scenario file.
    """
    home = scenario.home
    as_path = home / scenario.authority
    if (as_path / "authority.toml").is_file():
        if scenario.files and not is_inside(as_path, scenario.files[0]):
            _refuse_outside(scenario, "authority", scenario.authority)
        return as_path.resolve()
    if scenario.files and ".." in Path(scenario.authority).parts:
        _refuse_outside(scenario, "authority", scenario.authority)
    roots = [p / "boundaries" for p in (home, *home.parents, Path.cwd())]
    for root in roots:
        if (root / scenario.authority / "authority.toml").is_file():
            return (root / scenario.authority).resolve()
    known = sorted({p.parent.name for root in roots for p in root.glob("*/authority.toml")})
    like = nearest(scenario.authority, known)
    remedy = (
        f'Did you mean "{like}"?' if like else "Make boundaries/<authority>/ with authority.toml."
    )
    fault = scenario.fault("authority", f'there is no authority "{scenario.authority}"', remedy)
    raise ScenarioError([locate(fault, scenario.files)])


"""Environment variable that lets scenario files name what lies outside; processes inherit it."""

OUTSIDE = "Copy it into the project, or run with --allow-outside."


def project_of(file: Path) -> Path:
    """Give the folder of the project that a scenario file belongs to."""
    home = file.resolve().parent
    folders = (folder for folder in (home, *home.parents) if (folder / "boundaries").is_dir())
    return next(folders, home.parent)


def is_inside(path: Path, file: Path) -> bool:
    if os.environ.get(ALLOW_OUTSIDE):
        return True
    try:
        target = path.resolve()
    except (OSError, ValueError):
        return False
    # A project at the root of the disk would be everything.
    homes = [home for home in (project_of(file), Path.cwd()) if home != Path(home.anchor)]
    return any(target.is_relative_to(home) for home in homes)
