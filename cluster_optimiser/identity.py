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
