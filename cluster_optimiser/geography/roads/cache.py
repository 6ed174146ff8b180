"""Measured minutes kept between runs, by the hash of all that they depend on."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_optimiser.inputs.roads.folder import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKSUM = "checksum"


def load(key: str, *, n_places: int) -> dict[str, Any] | None:
    """Give what was kept under a key, or None if there is nothing sound."""
    try:
        with _path(key).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    checksum = str(found.pop(CHECKSUM, ""))
    if checksum != _checksum(key, found) or found["minutes"].shape != (n_places, n_places):
        return None
    return {name: value if value.ndim else value.item() for name, value in found.items()}


def store(key: str, content: Mapping[str, Any]) -> None:
    """Keep minutes for later runs; where the folder cannot be written to, they are made again."""
    arrays = {name: np.asarray(value) for name, value in content.items()}
    path = _path(key)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: another run may be looking.
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
            checksum = np.asarray(_checksum(key, arrays))
            np.savez_compressed(file, allow_pickle=False, **arrays, **{CHECKSUM: checksum})
        Path(file.name).replace(path)


def _path(key: str) -> Path:
    return cache_folder() / "minutes" / f"{key}.npz"


def _checksum(key: str, arrays: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(key.encode())
    for name in sorted(arrays):
        digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
