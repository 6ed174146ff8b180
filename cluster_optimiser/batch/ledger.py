"""What a finished run depended on, and whether it still stands.

Every folder of the results holds `RECORD_FILE`: the resolved scenario, the hash of every input, of
the program and of its libraries, the seed and the plans it was built on. A run whose parts are
unchanged, and whose files are as they were written, is not made again. Everything here is plain
JSON, and needs none of the packages that read geometry: to find that there is nothing to do takes
no longer than to read the files.
"""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cluster_optimiser import own as own_functions
from cluster_optimiser.batch.places import authority_files, beside, scenario_files
from cluster_optimiser.batch.shelf import content, names, text
from cluster_optimiser.identity import digest, key_of, library_versions, program_version
from cluster_optimiser.inputs.checking import listed
from cluster_optimiser.scenario import Scenario, load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

RECORD_FILE = "run.json"
"""The record of a finished run, written last: a folder without it is not finished."""

PROVED = ("OPTIMAL", "INFEASIBLE", "GIVEN")
"""Statuses that no longer time would change."""

TABLES = ("scenario", "level_above", "inputs", "builds_on", "libraries")
"""Parts of a record that are tables."""

NAMED = 3
"""A reason names so many changes, then says how many more."""

Outputs = Literal["all", "tables"]


@dataclass(frozen=True, slots=True)
class Options:
    seed: int = 0
    time_limit_s: float | None = None
    memory_mb: int | None = None
    outputs: Outputs = "all"  # all, or only tables: no maps, GeoPackages and page
    force: bool = False  # run again what is finished


@dataclass(frozen=True, slots=True)
class Record:
    """What a finished run says of itself."""

    key: str  # hash of the parts
    parts: Mapping[str, Any]  # what the result depends on
    status: str  # of the result
    time_limit_s: float | None  # the limit it was solved under
    outputs: Outputs  # what was written
    files: Mapping[str, str] = field(default_factory=dict)
    memory_mb: int | None = None

    def text(self) -> str:
        """Give the record as the text of its file."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def input_hashes(folder: Path) -> dict[str, str]:
    found = {}
    for name, path in authority_files(folder).items():
        try:
            found[name] = digest(path.read_bytes())
        except OSError:
            continue
    return found


def parts_of(
    scenario: Scenario, *, inputs: Mapping[str, str], seed: int, builds_on: Mapping[str, str]
) -> dict[str, Any]:
    own = {f"scenario's {path.name}": path for path in scenario_files(scenario)}
    files = {**inputs, **{name: digest(path.read_bytes()) for name, path in own.items()}}
    above = None if scenario.upper is None else beside(scenario, scenario.upper)
    return {
        "scenario": scenario.resolved() | {"plan": None},
        "level_above": None if above is None else load_scenario(above).resolved(),
        "inputs": files,
        "seed": seed,
        "builds_on": dict(builds_on),
        "program": program_version(),
        "libraries": library_versions(),
        **({"own": marks} if (marks := own_functions.marks()) else {}),
    }


def plan_digest(rows: Iterable[tuple[object, object]]) -> str:
    """Give the hash of a plan: which school is in which cluster, however it is written."""
    return key_of(sorted((str(urn), str(cluster)) for urn, cluster in rows))


def built_on(folder: Path) -> str:
    """Give the hash of the plan of a finished run, or its status where it has none."""
    record = read_record(folder)
    if record is None:
        return "none"
    try:
        _, *rows = csv.reader(io.StringIO(text(folder / "plan.csv")))
        return plan_digest((urn, cluster) for urn, cluster, *_ in rows)
    except (OSError, ValueError):
        return record.status


def read_record(folder: Path) -> Record | None:
    try:
        record = Record(**json.loads(text(folder / RECORD_FILE)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    parts = record.parts
    is_sound = isinstance(parts, dict) and isinstance(record.files, dict)
    is_sound = is_sound and all(isinstance(parts.get(name), dict | None) for name in TABLES)
    return record if is_sound and record.key == key_of(parts) else None


def hash_files(folder: Path) -> dict[str, str]:
    """Give the hash of every file of a folder but its record."""
    return {name: hash_file(folder / name) for name in names(folder) if name != RECORD_FILE}


def hash_file(path: Path) -> str:
    """Give the hash of a file; of a manifest without the seconds, the same in every run."""
    try:
        data = content(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""
    if path.name == "manifest.json":
        with suppress(ValueError, AttributeError):
            record = json.loads(data)
            record.pop("seconds", None)
            return key_of(record)
    return digest(data)


def why_run(parts: Mapping[str, Any], folder: Path, options: Options) -> list[str]:
    record = read_record(folder)
    if record is None:
        return ["new" if not folder.exists() else "its folder has no record of a finished run"]
    if options.force:
        return ["forced"]
    reasons = _changes(record.parts, parts)
    if record.status not in PROVED and record.time_limit_s != options.time_limit_s:
        was = "none" if record.time_limit_s is None else f"{record.time_limit_s:g} s"
        reasons.append(f"it was not proved, and the time limit was {was}")
    if record.status not in PROVED and record.memory_mb != options.memory_mb:
        was = "none" if record.memory_mb is None else f"{record.memory_mb} MB"
        reasons.append(f"it was not proved, and the limit of memory was {was}")
    if options.outputs == "all" and record.outputs != "all":
        reasons.append("only tables were written")
    if not reasons:
        reasons += _altered(record, folder)
    return reasons


def _altered(record: Record, folder: Path) -> list[str]:
    found = hash_files(folder)
    names = [name for name, hashed in record.files.items() if found.get(name) != hashed]
    return [f"changed or removed: {listed(names, NAMED)}"] if names else []


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Name what differs between the parts of two runs."""
    reasons = []
    for part, what in (
        ("scenario", "scenario"),
        ("level_above", "scenario of the level above"),
        ("inputs", "input"),
        ("builds_on", "plan it builds on"),
        ("libraries", "library"),
        ("own", "own term or rule"),
    ):
        before, after = _flat(old.get(part) or {}), _flat(new.get(part) or {})
        keys = [key for key in (*before, *after) if before.get(key) != after.get(key)]
        named = [
            _change(key, before, after, is_hash=part in {"inputs", "builds_on"})
            for key in dict.fromkeys(keys)
        ]
        if named:
            reasons.append(f"{what} changed: {listed(named, NAMED)}")
    if old.get("seed") != new["seed"]:
        reasons.append(f"seed changed: {old.get('seed')} -> {new['seed']}")
    if old.get("program") != new["program"]:
        reasons.append("the program changed")
    return reasons


def _change(key: str, before: Mapping[str, Any], after: Mapping[str, Any], *, is_hash: bool) -> str:
    if key not in before:
        return f"{key} (new)"
    if key not in after:
        return f"{key} (gone)"
    return key if is_hash else f"{key}: {_short(before[key])} -> {_short(after[key])}"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}..."  # noqa: PLR2004 - what fits on a line


def _flat(data: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Give nested tables as one, with dotted keys."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict) and value:
            found |= _flat(value, f"{above}{key}.")
        else:
            found[f"{above}{key}"] = value
    return found
