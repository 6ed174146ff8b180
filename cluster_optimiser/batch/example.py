"""The example that comes with the program: an authority and its scenarios."""

from __future__ import annotations

from pathlib import Path

from cluster_optimiser.batch.folders import copied, staging
from cluster_optimiser.errors import ClusterOptimiserError, writing

PARTS = ("boundaries", "scenarios")


def example_folder() -> Path:
    """Find the example: within the installed package, or at the root of a checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / "example", package.parent):
        if all((folder / part).is_dir() for part in PARTS):
            return folder
    raise ClusterOptimiserError("the example is not part of this installation: install it again")


def rooms() -> dict[str, str]:
    """Give the folder of scenarios of each authority; the first has the one that holds all."""
    source = example_folder()
    names = sorted(path.name for path in (source / "boundaries").iterdir() if path.is_dir())
    found = {name: f"scenarios/{name}" for name in names if (source / "scenarios" / name).is_dir()}
    return {name: "scenarios" for name in names if name not in found} | found


def copy_example(folder: Path) -> None:
    source = example_folder()
    there = [part for part in PARTS if (folder / part).exists()]
    if there:
        raise ClusterOptimiserError(f"{folder / there[0]} is there already: give an empty folder")
    with writing(folder), staging(folder) as temporary:
        for part in PARTS:
            copied(source / part, temporary / part)
        for part in PARTS:
            (temporary / part).replace(folder / part)
