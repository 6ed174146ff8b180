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

ARRAYS = ("minutes", "distance_m", "imputed_share", "main_share")

CHECKSUM = "checksum"


def load(key: str, *, n_places: int) -> dict[str, Any] | None:
    """Give what was kept under a key."""
    path = _path(key)
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            found = {name: file[name] for name in (*ARRAYS, CHECKSUM)}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    is_sound = (
        found["minutes"].shape == (n_places, n_places)
        and found["distance_m"].shape == (n_places,)
        and str(found[CHECKSUM]) == _checksum(key, found)
    )
    if not is_sound:
        return None
    shares = {name: float(found[name]) for name in ("imputed_share", "main_share")}
    return {"minutes": found["minutes"], "distance_m": found["distance_m"], **shares}


def store(key: str, content: Mapping[str, Any]) -> None:
    """Keep minutes for later runs; where the folder cannot be written to, they are made again."""
    arrays = {name: np.asarray(content[name]) for name in ARRAYS}
    path = _path(key)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: another run may be looking.
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
            np.savez_compressed(
                file,
                allow_pickle=False,
                checksum=np.asarray(_checksum(key, arrays)),
                minutes=arrays["minutes"],
                distance_m=arrays["distance_m"],
                imputed_share=arrays["imputed_share"],
                main_share=arrays["main_share"],
            )
        Path(file.name).replace(path)


def _path(key: str) -> Path:
    return cache_folder() / "minutes" / f"{key}.npz"


def _checksum(key: str, arrays: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(key.encode())
    for name in ARRAYS:
        digest.update(np.ascontiguousarray(arrays[name], dtype=np.float64).tobytes())
    return digest.hexdigest()
