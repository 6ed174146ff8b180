"""Scenario files found, read together, and put in order; their data is left to `checking`."""

from __future__ import annotations

import errno
import tomllib
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cluster_optimiser.batch.places import beside
from cluster_optimiser.errors import Fault, ScenarioError
from cluster_optimiser.scenario import Scenario, is_scenario, load_scenarios, locate, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_CHECK = "Check the path."


def _is_nameable(path: Path) -> bool:
    """Tell whether the system can look for a path at all."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError) as error:
        return getattr(error, "errno", None) not in (None, errno.ENAMETOOLONG, errno.ELOOP)
    return True


def find_scenarios(paths: Sequence[str | Path], *, only: str = "*") -> list[Path]:
    found: list[Path] = []
    faults = []
    for path in map(Path, paths):
        if not _is_nameable(path):
            faults.append(
                Fault(f"{str(path)[:60]}...", 0, "", "no file can have this name", _CHECK)
            )
        elif path.is_dir():
            inside = [p for p in sorted(path.glob("*.toml")) if is_scenario(p)]
            if not inside:
                below = " ".join(map(str, folders_below(path)))
                remedy = f"Name those below it: {below}" if below else "Add one."
                faults.append(Fault(str(path), 0, "", "no scenario in this folder", remedy))
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            like = nearest(path.name, [p.name for p in path.parent.glob("*")])
            remedy = f'Did you mean "{path.parent / like}"?' if like else _CHECK
            faults.append(Fault(str(path), 0, "", "there is no such file or folder", remedy))
    if faults:
        raise ScenarioError(faults)
    once = {path.resolve(): path for path in reversed(found)}
    return [
        path
        for path in reversed(once.values())
        if fnmatchcase(path.stem, only) or fnmatchcase(path.name, only)
    ]


def folders_below(folder: Path) -> list[Path]:
    """Give the folders right below one that hold scenarios, which nobody looks into unasked."""
    return [at for at in sorted(folder.glob("*/")) if any(map(is_scenario, at.glob("*.toml")))]


def scenarios_below(folder: Path) -> list[Scenario]:
    """Read every scenario in a folder and those below it; files with faults are passed over."""
    return read_scenarios([p for p in sorted(folder.rglob("*.toml")) if is_scenario(p)])[0]


def passed_over(paths: Sequence[Path]) -> list[Path]:
    """Give the files in folders that state no option, and that none extends: by a slip, perhaps."""
    found = []
    for folder in filter(Path.is_dir, paths):
        every = sorted(folder.rglob("*.toml"))
        used = {(path.parent / _written(path, "extends")).resolve() for path in every}
        here = (path for path in every if path.parent == folder and path.resolve() not in used)
        found += [path for path in here if not is_scenario(path)]
    return found


def _written(path: Path, key: str) -> str:
    """Give what a file writes of a key, whatever else is wrong with it; empty if nothing."""
    with suppress(OSError, ValueError, RecursionError):
        return str(tomllib.loads(path.read_text(encoding="utf-8-sig")).get(key, ""))
    return ""


def _label_faults(scenarios: Sequence[Scenario], faulty: Collection[str]) -> list[Fault]:
    """Give the faults that only show when scenarios are seen together.

    Labels of files with faults of their own are there, and need not be missed.
    """
    faults = []
    first: dict[str, str] = {}
    for scenario in scenarios:
        # Each label is a folder of the results, and some systems take 4a and 4A for the same.
        file, folder = scenario.files[0].name, scenario.option.casefold()
        if folder in first:
            problem = f'option "{scenario.option}" is also that of {first[folder]}'
            fault = Fault(file, 0, "option", problem, "Give each scenario its own label.")
            faults.append(locate(fault, scenario.files))
        first.setdefault(folder, file)
    labels = [scenario.option for scenario in scenarios]
    for scenario in scenarios:
        label = scenario.units_scenario
        if label is not None and label not in labels and label not in faulty:
            like = nearest(label, labels)
            remedy = f'Did you mean "{like}"?' if like else "Run that scenario with this one."
            problem = f'no scenario has the option "{label}"'
            fault = Fault(scenario.files[0].name, 0, "units", problem, remedy)
            faults.append(locate(fault, scenario.files))
    return faults


def _missing_parent(
    scenario: Scenario, read: Sequence[Scenario], waiting: Sequence[Path]
) -> list[Path]:
    """Give the file of the scenario that this one builds on, unless it is read anyway."""
    label = scenario.units_scenario
    if label is None or any(other.option == label for other in read):
        return []
    path = beside(scenario, label)
    here = {other.resolve() for other in waiting} | {other.files[0] for other in read}
    return [] if path is None or path.resolve() in here else [path]


def read_scenarios(paths: Sequence[Path]) -> tuple[list[Scenario], list[Fault]]:
    """Read scenario files, gathering every fault that shows without their data."""
    scenarios: list[Scenario] = []
    faults: list[Fault] = []
    waiting = list(paths)
    faulty: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        try:
            read = load_scenarios(path)
            scenarios += read
            for scenario in read:
                waiting += _missing_parent(scenario, scenarios, waiting)
        except ScenarioError as error:
            faults += error.faults
            faulty.add(_written(path, "option"))
    versions = [version for scenario in scenarios for version in scenario.all_versions()]
    return versions, [*faults, *_label_faults(versions, faulty)]


def in_order(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Put scenarios into an order in which each comes after the one whose clusters it uses."""
    by_label = {scenario.option: scenario for scenario in scenarios}
    waiting = dict.fromkeys(by_label)
    ordered: list[Scenario] = []
    while waiting:
        free = (label for label in waiting if not waiting.keys() & set(needs(by_label[label])))
        label = next(free, None)
        if label is None:
            _refuse_circle([by_label[label] for label in waiting])
        del waiting[label]
        ordered.append(by_label[label])
    return ordered


def needs(scenario: Scenario) -> list[str]:
    """Give the labels of the scenarios that must be run before one."""
    units = scenario.units_scenario
    return [*([] if units is None else [units]), *scenario.earlier]


def _refuse_circle(waiting: Sequence[Scenario]) -> NoReturn:
    """Each of these waits for another of them: follow one until it comes round."""
    by_label = {scenario.option: scenario for scenario in waiting}
    here, seen = waiting[0].option, []
    while here not in seen:
        seen.append(here)
        here = next(label for label in needs(by_label[here]) if label in by_label)
    circle = [*seen[seen.index(here) :], here]
    problem = f"units go in a circle: {' -> '.join(circle)}"
    fault = by_label[here].fault("units", problem, "Break it.")
    raise ScenarioError([locate(fault, by_label[here].files)])


def share_of(scenarios: Sequence[Scenario], number: int, of: int) -> list[Scenario]:
    """Give one share of scenarios, for array jobs: together all shares are all scenarios."""
    home: dict[str, int] = {}
    n_roots = 0
    for scenario in in_order(scenarios):
        before = needs(scenario)
        home[scenario.option] = home[before[0]] if before else n_roots
        n_roots += not before
    return [s for s in scenarios if home[s.option] % of == number - 1]
