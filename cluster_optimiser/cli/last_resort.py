"""An error that nobody foresaw: told in a few lines, with a report that can be sent on."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGE = "cluster_optimiser"
LIBRARIES = ("cluster-optimiser", "geopandas", "numpy", "ortools", "pandas", "pyogrio", "shapely")


def foreseen(error: BaseException) -> str:
    """Say what an error of the system means; nothing where it is none of those."""
    if isinstance(error, MemoryError):
        return "memory ran out: close other programs, or run fewer processes (--jobs 1)"
    if isinstance(error, RecursionError):
        return "a file is nested too deeply to be read: nothing of its kind needs that"
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror.lower()}"
    return ""


def step_of(error: BaseException) -> str:
    """Name the place in this package that was at work, and what it is for."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if PACKAGE in Path(frame.filename).parts]
    frame = (own or frames)[-1]
    return f"{Path(frame.filename).stem}.{frame.name}, line {frame.lineno}"


def report_text(error: BaseException, command: str) -> str:
    """Give what a maintainer needs to know: where it happened, on what, and no data at all.

    The message of an unforeseen error may quote a row of a file, an argument a name; both stay out.
    """
    lines = [f"command: {command}", f"error: {type(error).__name__}", "where:"]
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        inside = "cluster_optimiser" in path.parts
        name = (
            "/".join(path.parts[path.parts.index("cluster_optimiser") :]) if inside else path.name
        )
        lines.append(f"  {name}:{frame.lineno} {frame.name}")
    lines.append(f"python: {platform.python_version()} on {platform.system()} {platform.machine()}")
    for package in LIBRARIES:
        try:
            lines.append(f"{package}: {version(package)}")
        except PackageNotFoundError:
            lines.append(f"{package}: not installed")
    return "\n".join(lines) + "\n"


def tell(error: BaseException, arguments: Sequence[str] | None) -> list[str]:
    """Give the lines that end a command that failed, and write the report they name."""
    said = foreseen(error)
    if said:
        return [f"cluster-optimiser: {said}"]
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = next((word for word in given if not word.startswith("-")), "")
    what = f"{type(error).__name__}: {str(error)[:300]}"
    lines = [f"cluster-optimiser: an error that nobody foresaw ({what}) in {step_of(error)}"]
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="cluster-optimiser-error-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(report_text(error, command))
    except OSError:
        return lines
    return [*lines, f"A report to send on, without any of your data: {file.name}"]
