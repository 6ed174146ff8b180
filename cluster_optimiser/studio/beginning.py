"""A new authority from files that are dropped on the studio: what the command `new` makes."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from cluster_optimiser.batch import starting
from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.intake.intake import LayerFile, Request
from cluster_optimiser.progress import Progress, listener
from cluster_optimiser.studio.project import Project

if TYPE_CHECKING:
    from pathlib import Path

UPLOADS = "uploads"

ONE_FILE = (
    "schools",
    "pupils",
    "links",
    "postcodes",
    "corrections",
    "clusters",
    "feeders",
    "outline",
)
"""Files that `new` takes, by the name of the option."""

NAME = re.compile(r"[^\x00-\x1f\x7f/\\]{1,120}")


def room_for(project: Project, name: str) -> Path:
    """Give the path of a file that is sent, in a folder of its own: its name tells its date."""
    if not NAME.fullmatch(name) or name.startswith("."):
        remedy = "Give it a name of at most 120 letters, without slashes."
        raise InputError.of("the file", f'"{name[:60]}" cannot be the name of a file', remedy)
    folder = project.own_folder() / UPLOADS / secrets.token_hex(8)
    folder.mkdir(parents=True)
    return folder / name


def begun(root: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """Make the authority; give what `new` says of it, and its starter scenarios."""
    project, tell = Project(root), listener()
    layers = asked.get("layers", [])
    if not isinstance(layers, list) or not all(isinstance(one, dict) for one in layers):
        problem = "layers is no list of objects with name and file"
        raise InputError.of("the question", problem, "Send them so.")
    request = Request(
        name=_text(asked, "authority"),
        la=_text(asked, "la"),
        layers=tuple(
            LayerFile(_text(one, "name"), sent(project, _text(one, "file"))) for one in layers
        ),
        **{key: sent(project, _text(asked, key)) for key in ONE_FILE if asked.get(key)},  # type: ignore[arg-type] # paths all of them
    )
    destination = starting.Destination(root, is_forced=asked.get("again") is True)
    made = starting.start(request, destination, on_step=lambda text: tell(Progress(text)))
    files = sorted(made.scenarios.glob("*.toml"))
    shown = [path.relative_to(root).as_posix() for path in files if path.name != "base.toml"]
    return {"lines": list(made.lines[:-3]), "key": made.boundaries.name, "scenarios": shown}


def sent(project: Project, name: str) -> Path:
    home = project.root / project.own_folder() / UPLOADS
    path = (home / name).resolve()
    if not path.is_relative_to(home) or not path.is_file():
        problem = f'no file "{name[:60]}" was sent'
        raise InputError.of("the question", problem, "Choose the file again.")
    return path


def _text(asked: dict[str, Any], key: str) -> str:
    found = asked.get(key, "")
    if not isinstance(found, str) or len(found) > 200:  # noqa: PLR2004 - of a name or a path
        problem = "it is no text of at most 200 letters"
        raise InputError.of("the question", problem, "Send a name.", subject=key)
    return found.strip()


CHECK = "check.html"


def check_page(root: Path, key: str) -> Path | None:
    path = (root / "boundaries" / key / CHECK).resolve()
    home = (root / "boundaries").resolve()
    return path if path.is_relative_to(home) and path.is_file() else None
