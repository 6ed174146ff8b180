"""What takes long is made once for all processes of a run, and kept until a file changes."""

from __future__ import annotations

import fcntl
import hashlib
import pickle
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from cluster_optimiser.identity import library_versions, program_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


class _Writer(pickle.Pickler):
    """Write a name where one of the shared objects stands."""

    def __init__(self, stream: BinaryIO, names: Mapping[int, str]) -> None:
        super().__init__(stream)
        self.names = names

    def persistent_id(self, one: object) -> str | None:
        return self.names.get(id(one))


class _Reader(pickle.Unpickler):
    """Put the shared objects where their names stand."""

    def __init__(self, stream: BinaryIO, known: Mapping[str, Any]) -> None:
        super().__init__(stream)
        self.known = known

    def persistent_load(self, name: str) -> object:
        return self.known[name]


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
                found: T = _Reader(stream, known).load()
                return found
        value = make()
        with path.with_suffix(".new").open("wb") as stream:
            _Writer(stream, names).dump(value)
        path.with_suffix(".new").rename(path)
        return value
