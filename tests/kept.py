"""What takes long is made once for all processes of a run, and kept until a file changes."""

from __future__ import annotations

import fcntl
import hashlib
import pickle
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cluster_optimiser.identity import library_versions, program_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
ROOT = Path(__file__).parents[1]
MADE_FROM = ("boundaries/norfolk", "scenarios", "tests/made_case.py", "tests/norfolk.py")


@cache
def kept_folder() -> Path:
    """Give the folder of what was made by this very program from these very files."""
    found = hashlib.sha256(f"{program_version()} {library_versions()}".encode())
    for name in MADE_FROM:
        start = ROOT / name
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            if path.is_file():
                found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    folder = ROOT / ".pytest_cache" / "made" / found.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder


def kept(name: str, make: Callable[[], T], shared: Mapping[str, Any] | None = None) -> T:
    """Give what another process made, or make it; `shared` objects stay those of this process."""
    known = shared or {}
    names = {id(value): key for key, value in known.items()}
    path = kept_folder() / f"{name}.pickle"
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            with path.open("rb") as stream:
                reader = pickle.Unpickler(stream)  # noqa: S301 - of our own making
                reader.persistent_load = known.__getitem__
                return reader.load()
        value = make()
        with path.with_suffix(".new").open("wb") as stream:
            writer = pickle.Pickler(stream)
            writer.persistent_id = lambda one: names.get(id(one))
            writer.dump(value)
        path.with_suffix(".new").rename(path)
        return value
