"""Whether a results folder is still what was written: files, plans, claims and numbers, again.

Three questions, each asked by what did not answer it before. Is every file the one that its run
signed (hashes, and records that say nothing but what they were written with)? Does every plan keep
its rules, and is every claim of a proof one that its bounds carry (the checker, on the project's
own data)? Is every table, map and page what its plan makes of that data (all made again, compared
byte by byte)?
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster_optimiser import present
from cluster_optimiser.batch.gather import scenarios_below
from cluster_optimiser.batch.ledger import (
    RECORD_FILE,
    Options,
    Record,
    hash_file,
    input_hashes,
    parts_of,
    read_record,
)
from cluster_optimiser.batch.refining import with_value
from cluster_optimiser.batch.results import load_result, write_all
from cluster_optimiser.batch.shelf import TABLES, names, strangers, text
from cluster_optimiser.batch.tasks import Outcome, read_outcome
from cluster_optimiser.batch.together import PAGES, pages_of, record_text
from cluster_optimiser.errors import ClusterOptimiserError, Fault, InputError, put, writing
from cluster_optimiser.identity import program_version, sealed_seconds
from cluster_optimiser.scenario import Scenario, authority_folder
from cluster_optimiser.verification import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CHANGED = "changed after it was proved"
REMEDY = "Take it from where it was made, or run the scenarios again."
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Verified:
    """What a results folder was found to be."""

    labels: tuple[str, ...]
    n_files: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()  # what could not be asked, and why
    whole: tuple[str, ...] = ()  # options whose plan, claims and numbers stand up to the project


def seal_faults(results: Path) -> list[Fault]:
    """Compare every file of a results folder with what its runs signed."""
    return list(_seal(results))


def refuse_changed(results: Path) -> None:
    """Refuse to make anything from a results folder that was changed after it was proved."""
    faults = seal_faults(results)
    if faults:
        raise InputError(faults)


def resign(results: Path, file: Path) -> None:
    """Sign a file that was made from a results folder, where it was put into that folder.

    What is not of the run's own files may be deleted again: it is kept apart, with what it is of.
    """
    record = _read(results / RECORD_FILE) or {}
    if file.resolve().parent == results.resolve() and "files" in record:
        if file.name in record["files"]:
            record["files"][file.name] = hash_file(file)
        else:
            page = {"hash": hash_file(file), "key": record["key"]}
            record[PAGES] = pages_of(results) | {file.name: page}
        with writing(results):
            put(results / RECORD_FILE, record_text(record))


def _fault(name: str, problem: str, remedy: str = REMEDY) -> Fault:
    return Fault(name, 0, "", problem, remedy)


def _seal(results: Path) -> Iterator[Fault]:
    top = _read(results / RECORD_FILE)
    if top is None or not isinstance(top.get("files"), dict):
        what = "is not there" if not (results / RECORD_FILE).exists() else CHANGED
        yield _fault(RECORD_FILE, f"{what}: nothing tells what this folder was", _RUN_AGAIN)
        return
    if record_text(top) != (results / RECORD_FILE).read_text(encoding="utf-8"):
        yield _fault(RECORD_FILE, CHANGED)
    yield from _files(results, top["files"], "")
    pages = {n: page["hash"] for n, page in pages_of(results).items() if (results / n).exists()}
    yield from _files(results, pages, "")
    signed = top.get("runs", {})
    for label, hashed in signed.items():
        found = hash_file(results / label / RECORD_FILE)
        if not found:
            yield _fault(f"{label}/{RECORD_FILE}", "is missing")
        elif found != hashed:
            yield _fault(f"{label}/{RECORD_FILE}", CHANGED)
        else:
            yield from _run_faults(results / label)
    yield from (_fault(name, problem, _PUT_AWAY) for name, problem in strangers(results))
    known = {RECORD_FILE, SIGNATURE, TABLES, *top["files"], *pages, *signed}
    known |= {name.partition("/")[0] for name in top["files"]}
    for path in sorted(results.iterdir()):
        if path.name not in known and not (path / RECORD_FILE).is_file():
            yield _fault(path.name, "was not written by the run", "Move it out of the folder.")
    for folder, is_option in _others(results, top):
        record = read_record(folder) if is_option else None
        if record is not None:  # of a program before, perhaps, which wrote another
            yield from _files(folder, record.files, f"{folder.name}/")


def _others(results: Path, top: Mapping[str, Any]) -> list[tuple[Path, bool]]:
    """Give the folders of other runs, and whether each is of one option: else it has its own."""
    found = [path.parent for path in sorted(results.glob(f"*/{RECORD_FILE}"))]
    strange = [folder for folder in found if folder.name not in top.get("runs", {})]
    return [(one, "runs" not in (_read(one / RECORD_FILE) or {})) for one in strange]


_PUT_AWAY = "Move it out of the folder, or delete `tables` and run the scenarios again."
_RUN_AGAIN = "Run the scenarios into it again: cluster-optimiser run scenarios --out RESULTS."


def _run_faults(folder: Path) -> Iterator[Fault]:
    """Compare the folder of one option with its record, whose own hash is right."""
    record = read_record(folder)
    if record is None:
        yield _fault(f"{folder.name}/{RECORD_FILE}", CHANGED)
        return
    yield from _files(folder, record.files, f"{folder.name}/")
    yield from (
        _fault(f"{folder.name}/{name}", "was not written by the run", "Move it elsewhere.")
        for name in names(folder)
        if name not in record.files and name != RECORD_FILE
    )
    yield from _manifest_faults(folder, record)


def _manifest_faults(folder: Path, record: Record) -> Iterator[Fault]:
    """Ask of a manifest what its hash leaves open: how it is written, and what its record says."""
    name, path = f"{folder.name}/{MANIFEST}", folder / MANIFEST
    said = _read(path)
    if said is None:
        return  # A hash has told of it.
    is_written_so = text(path) == _text(said)
    if not is_written_so or not _is_sealed(said.get("seconds"), said.get("stamp")):
        yield _fault(name, CHANGED)
    elif said.get("status") != record.status:
        yield _fault(name, f"says {said.get('status')}, its record {record.status}")


def _is_sealed(seconds: object, stamp: object) -> bool:
    if not isinstance(seconds, float) or not 0 <= seconds < _A_YEAR_S:
        return False
    return seconds == sealed_seconds(seconds, str(stamp))


_A_YEAR_S = 365 * 24 * 3600


def _files(folder: Path, hashes: Mapping[str, str], prefix: str) -> Iterator[Fault]:
    for name, hashed in hashes.items():
        found = hash_file(folder / name)
        if not found:
            yield _fault(f"{prefix}{name}", "is missing")
        elif found != hashed:
            yield _fault(f"{prefix}{name}", CHANGED)


def _text(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(text(path))
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def verify_results(results: Path, project: Path | None) -> Verified:
    """Verify a results folder, and where there is a project, against its scenarios and data."""
    faults = seal_faults(results)
    top = _read(results / RECORD_FILE) or {}
    labels = tuple(top.get("runs", {}))
    away = [results / label for label in labels if not (results / label).exists()]
    others = _others(results, top)
    apart = {folder for folder, is_option in others if not is_option}
    files = [path for path in results.rglob("*") if path.is_file()]
    n_files = sum(apart.isdisjoint(path.parents) for path in files)
    n_files += sum(len(names(folder)) for folder in away)
    beside = (
        *(
            f"{folder.name}: not of the last run; {_COMPARED if is_option else _BY_ITSELF}"
            for folder, is_option in others
        ),
        *(
            f"{name}: made of an earlier run; make it again, or delete it"
            for name, page in pages_of(results).items()
            if page["key"] != top.get("key") and (results / name).exists()
        ),
    )
    if faults or project is None:
        return Verified(labels, n_files, tuple(faults), beside)
    found = _scenarios_of(labels, results, project)
    notes = [
        f"{label}: the project has no scenario of this label; only its files were compared"
        for label in labels
        if label not in found
    ]
    whole = []
    for scenario in found.values():
        changes = _changes(scenario, results / scenario.option)
        if changes:
            what = " and the ".join(changes)
            notes.append(f"{scenario.option}: not made again: the {what} changed since")
        elif _is_worded_anew(scenario, results):
            notes.append(f"{scenario.option}: its file asks for the same in other words now")
        wrong = [] if {"scenario", "data"} & set(changes) else _plan_faults(scenario, results)
        faults += wrong
        if not changes and not any(fault.file.endswith(MANIFEST) for fault in wrong):
            again = _again(scenario, results)
            faults += again
            whole += [] if wrong or again else [scenario.option]
    if not faults and not notes:
        faults += _together_again(list(found.values()), results, top)
    return Verified(labels, n_files, tuple(faults), (*notes, *beside), tuple(whole))


_COMPARED = "its files were compared with its own record only"
_BY_ITSELF = "it is a results folder of its own: verify it by itself"


def _scenarios_of(labels: Sequence[str], results: Path, project: Path) -> dict[str, Scenario]:
    """Find the scenario of each label: of several, the one that the run was made from."""
    found: dict[str, Scenario] = {}
    for scenario in scenarios_below(project):
        label = scenario.option
        record = read_record(results / label) if label in labels else None
        if record is None:
            continue
        is_same = scenario.resolved() | {"plan": None} == record.parts.get("scenario")
        if label not in found or is_same:
            found[label] = scenario
    _find_refined(labels, results, found)
    return found


def _find_refined(labels: Sequence[str], results: Path, found: dict[str, Scenario]) -> None:
    """Find the runs that a sweep put between its own values: what they say tells the value."""
    records = [(one, read_record(results / one)) for one in labels if one not in found]
    swept = [(scenario, key) for scenario in found.values() for key in scenario.refine]
    for label, record in records:
        said = {} if record is None else record.parts.get("scenario", {})
        for scenario, key in swept:
            table, _, inner = key.partition(".")
            value = said.get(table, {}).get(inner) if isinstance(said.get(table), dict) else None
            made = None if value is None else with_value(scenario, key, value)
            if made is not None and made.option == label:
                found[label] = made
                break


def _changes(scenario: Scenario, folder: Path) -> list[str]:
    """Say what of a run's ground is no longer as it was."""
    record = read_record(folder)
    if record is None:
        return ["record"]
    now = parts_of(
        scenario,
        inputs=input_hashes(authority_folder(scenario)),
        seed=record.parts.get("seed", 0),
        builds_on=record.parts.get("builds_on", {}),
    )
    found = []
    if now["scenario"] != record.parts.get("scenario"):
        found.append("scenario")
    if now["inputs"] != record.parts.get("inputs"):
        found.append("data")
    if record.parts.get("program") != program_version():
        found.append("program")
    return found


def _hashes(manifest: Path, scenario: Scenario) -> dict[str, str]:
    """Give the hashes that a manifest has of the scenario's own files, by their names there."""
    folder = scenario.home.parent
    own = {Path(os.path.relpath(file, folder)).as_posix() for file in scenario.files}
    listed = (_read(manifest) or {}).get("inputs")
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {one["path"]: one.get("sha256", "") for one in entries if one.get("path") in own}


def _is_worded_anew(scenario: Scenario, results: Path) -> bool:
    """Tell whether files that ask for the same were written otherwise when they were run."""
    said = _hashes(results / scenario.option / MANIFEST, scenario)
    now = [hash_file(file) for file in scenario.files]
    return sorted(said.values()) != sorted(now)


def _plan_faults(scenario: Scenario, results: Path) -> list[Fault]:
    """Judge a plan, its numbers and what is claimed of it by the checker."""
    outcome = read_outcome(scenario, results / scenario.option)
    if not outcome.has_plan:
        return []
    try:
        result = load_result(outcome, is_surveyed=_is_whole(outcome))
        verify(result)
        said = outcome.record["metrics"]
    except ClusterOptimiserError as error:
        return [_fault(f"{scenario.option}/plan.csv", f"does not stand up: {error}")]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        problem = f"cannot be read as a manifest: {type(error).__name__} {error}"
        return [_fault(f"{scenario.option}/{MANIFEST}", problem)]
    return [
        _fault(f"{scenario.option}/{MANIFEST}", f"{name} is {said.get(name)}, the plan's {value}")
        for name, value in result.score.metrics.items()
        if said.get(name) != value
    ]


def _is_whole(outcome: Outcome) -> bool:
    """Tell whether a run wrote more than tables."""
    record = read_record(outcome.folder)
    return record is not None and record.outputs == "all"


def _again(scenario: Scenario, results: Path) -> list[Fault]:
    folder = results / scenario.option
    outcome = read_outcome(scenario, folder)
    if not outcome.has_plan:
        return []
    with tempfile.TemporaryDirectory(prefix="cluster-optimiser-") as temporary:
        is_whole = _is_whole(outcome)
        result = load_result(outcome, is_surveyed=is_whole)
        with present.speaking_for(result.problem.authority):
            present.write_result(result, Path(temporary), maps=is_whole)
        made = Path(temporary) / MANIFEST
        # What a file says is compared, not how: a comment in it is no edit of the results.
        now, then = _hashes(made, scenario), _hashes(folder / MANIFEST, scenario)
        if now != then and now.keys() == then.keys():
            record = json.loads(text(made))
            for one in record["inputs"]:
                one["sha256"] = then.get(one["path"], one["sha256"])
            made.write_text(_text(record), encoding="utf-8", newline="\n")
        return _unlike(Path(temporary), folder, f"{scenario.option}/")


def _together_again(
    scenarios: Sequence[Scenario], results: Path, top: Mapping[str, Any]
) -> list[Fault]:
    outcomes = [read_outcome(scenario, results / scenario.option) for scenario in scenarios]
    options = Options(outputs="all" if "index.html" in top["files"] else "tables")
    with tempfile.TemporaryDirectory(prefix="cluster-optimiser-") as temporary:
        write_all(outcomes, Path(temporary), options)
        return _unlike(Path(temporary), results, "")


def _unlike(made: Path, folder: Path, prefix: str) -> list[Fault]:
    names = [
        path.relative_to(made).as_posix() for path in sorted(made.rglob("*")) if path.is_file()
    ]
    return [
        _fault(f"{prefix}{name}", "is not what the plan and the data make of it")
        for name in names
        if hash_file(made / name) != hash_file(folder / name)
    ]


SIGNATURE = f"{RECORD_FILE}.sig"
"""Where `ssh-keygen -Y sign` puts the signature of the record, which holds the hash of all else."""

NAMESPACE = "cluster-optimiser"


def signed_by(results: Path, signers: Path) -> str:
    """Name who has signed a results folder, of those that a file of allowed signers lists."""
    program = shutil.which("ssh-keygen")
    if program is None:
        message = "a signature is checked by ssh-keygen of OpenSSH, which is not on the path"
        raise ClusterOptimiserError(message)
    signature = results / SIGNATURE
    if not signature.is_file():
        remedy = f"Sign it: ssh-keygen -Y sign -f KEY -n {NAMESPACE} {results / RECORD_FILE}."
        raise InputError.of(SIGNATURE, "is missing: the folder is not signed", remedy)
    of = ("-f", str(signers), "-s", str(signature))
    who = _asked([program, "-Y", "find-principals", *of], results).partition("\n")[0].strip()
    named = ["-I", who, "-n", NAMESPACE, *of]
    if who and _asked([program, "-Y", "verify", *named], results):
        return who
    problem = f"is no signature of this folder by anybody whom {signers} lists"
    remedy = "Take folder and signature from where they were made, or sign it again."
    raise InputError.of(SIGNATURE, problem, remedy)


def _asked(command: list[str], results: Path) -> str:
    """Give what ssh-keygen says of the record; nothing where it is not content."""
    with (results / RECORD_FILE).open("rb") as record:
        done = subprocess.run(command, stdin=record, capture_output=True, text=True, check=False)  # noqa: S603 - no shell, and each argument its own
    return done.stdout if done.returncode == 0 else ""
