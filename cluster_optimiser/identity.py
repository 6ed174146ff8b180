"""What tells one run from another: the hash of everything that its result depends on.

The stamp that people quote is the beginning of that hash: it changes with the scenario, the data,
the program or its libraries, and with nothing else. Plain Python: to find that nothing is to be
done must not take longer than to read the files.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGE = "cluster-optimiser"

STAMP_LENGTH = 12
"""Characters of a stamp: enough to tell any two runs apart, short enough to read out."""


def digest(content: bytes) -> str:
    """Give the SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def key_of(parts: object) -> str:
    """Give the hash of plain data."""
    return digest(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode())


def stamp_of(parts: object) -> str:
    """Give the stamp of a run from what its result depends on."""
    return key_of(parts)[:STAMP_LENGTH]


def stamp_of_all(stamps: Iterable[str]) -> str:
    """Give the stamp of what is made from several runs."""
    return digest("".join(stamps).encode())[:STAMP_LENGTH]


def sealed_seconds(seconds: float, stamp: str) -> float:
    """Give seconds to the millisecond, followed by six digits that seal them for a run's stamp.

    How long a run took is the one thing that two runs of the same differ in, so no hash of the
    results may hold it; the digits below the millisecond, which say nothing, tell of an edit.

    >>> sealed_seconds(1.25, "stamp"), sealed_seconds(sealed_seconds(1.25, "stamp"), "stamp")
    (1.250395974, 1.250395974)
    """
    milliseconds = int(seconds * 1000 + 1e-6)
    check = 100_000 + int(digest(f"{stamp} {milliseconds}".encode()), 16) % 300_000
    return (milliseconds * 1_000_000 + check) / 1_000_000_000


@cache
def program_version() -> str:
    """Give the hash of the program's own files: a version does not change with every edit."""
    root = Path(__file__).parent
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            found.update(f"{path.relative_to(root).as_posix()}\0".encode())
            found.update(path.read_bytes())
    try:
        version = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        version = "not installed"
    return f"{version} {found.hexdigest()[:12]}"


@cache
def library_versions() -> dict[str, str]:
    """Give the version of Python and of each library that the package cannot do without."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    try:
        required = importlib.metadata.requires(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return found
    for line in required:
        name = re.match(r"[\w.-]+", line)
        if name and "extra ==" not in line:
            found[name[0]] = importlib.metadata.version(name[0])
    return found
