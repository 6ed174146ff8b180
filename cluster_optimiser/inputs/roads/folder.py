"""The folder for what is kept between runs: pieces of a download, measured minutes."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path

CACHE_VARIABLE = "CLUSTER_OPTIMISER_CACHE"
"""Environment variable that names another folder."""


def cache_folder() -> Path:
    """Give the folder for what is kept between runs, which may be deleted at any time."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else user_cache_path("cluster-optimiser", appauthor=False)
