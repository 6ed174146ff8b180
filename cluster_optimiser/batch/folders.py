"""Folders that are there whole or not at all."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from cluster_optimiser.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WRITTEN = ("manifest.json", "run.json")
"""What the folder of an option holds, one of the two at least."""

PARTIAL = ".partial-"
"""How the name of a temporary folder begins."""


@contextmanager
def staging(out: Path) -> Iterator[Path]:
    """Give a temporary folder beside the final ones; it is gone afterwards, whatever happened."""
    out.mkdir(parents=True, exist_ok=True)
    prefix = f"{PARTIAL}{socket.gethostname()}-{os.getpid()}-"
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=out))
    # What is moved out of it is for all who may read the results.
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def copied(source: Path, target: Path) -> None:
    """Copy the files of a folder, and end at the first that cannot be written."""
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            made = target / path.relative_to(source)
            made.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, made)


def replace_folder(new: Path, final: Path, temporary: Path) -> None:
    """Put a finished folder in the place of an older one."""
    if final.exists():
        # No label begins with a dot: nothing that is still to be written has this name.
        final.replace(temporary / f".old-{final.name}")
    new.replace(final)


def refuse_foreign(out: Path, labels: Iterable[str], together: Iterable[str] = ()) -> None:
    """Refuse to put results where something stands that no run has written: it would be lost."""
    faults = [
        Fault(
            str(out / label),
            0,
            "",
            "it is there already, and no run has written it",
            "Move it, name another --out, or give the option another label.",
        )
        for label in [*labels, *_alone(out, together)]
        if _is_foreign(out / label)
    ]
    if faults:
        raise InputError(faults)


def _alone(out: Path, names: Iterable[str]) -> list[str]:
    """Give the files that runs write together, where no run has ever written into a folder."""
    ours = (out / "run.json").exists() or any(out.glob("*/run.json")) or (out / "tables").exists()
    return [] if ours else [name for name in names if (out / name).exists()]


def refuse_among(out: Path, read_from: Iterable[Path]) -> None:
    """Refuse to put results beside the files that they are made from."""
    if out.resolve() in {folder.resolve() for folder in read_from}:
        problem = "it is read from, and results would lie among what they are made from"
        raise InputError.of(out, problem, "Name a folder of their own with --out, such as results.")


def _is_foreign(path: Path) -> bool:
    is_folder = path.is_dir()
    held = {inner.name for inner in path.iterdir()} if is_folder else {path.name}
    return path.exists() and bool(held) and held.isdisjoint(WRITTEN)


def tidy(out: Path) -> None:
    """Take away what runs that were killed have left in a results folder."""
    here = f"{PARTIAL}{socket.gethostname()}-"
    for folder in out.glob(f"{PARTIAL}*"):
        process = folder.name.removeprefix(here).partition("-")[0]
        is_ours = folder.name.startswith(here) and process.isdigit()
        if is_ours and not psutil.pid_exists(int(process)):
            shutil.rmtree(folder, ignore_errors=True)
