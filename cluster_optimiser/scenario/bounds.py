"""How far a scenario file may reach: it is data, perhaps a stranger's, and stays in its project."""

from __future__ import annotations

import os
from pathlib import Path

ALLOW_OUTSIDE = "CLUSTER_OPTIMISER_ALLOW_OUTSIDE"
"""Environment variable that lets scenario files name what lies outside; processes inherit it."""

OUTSIDE = "Copy it into the project, or run with --allow-outside."


def project_of(file: Path) -> Path:
    """Give the folder of the project that a scenario file belongs to."""
    home = file.resolve().parent
    return next((folder for folder in (home, *home.parents) if _is_project(folder)), home.parent)


def _is_project(folder: Path) -> bool:
    return (folder / "boundaries").is_dir()


def is_inside(path: Path, file: Path) -> bool:
    if os.environ.get(ALLOW_OUTSIDE):
        return True
    try:
        target = path.resolve()
    except (OSError, ValueError):
        return False
    # A project at the root of the disk would be everything.
    homes = [home for home in (project_of(file), Path.cwd()) if home != Path(home.anchor)]
    return any(target.is_relative_to(home) for home in homes)
