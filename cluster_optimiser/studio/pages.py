"""The studio's pages and their files: templates, words, and the consultation page's modules."""

from __future__ import annotations

import functools
import importlib.resources
from typing import TYPE_CHECKING, Any

import jinja2

from cluster_optimiser.studio.project import Project, digest
from cluster_optimiser.words import spoken, words

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

KINDS = {"js": "text/javascript", "css": "text/css"}

NOT_LISTED = {"option": "", "title": ""}
"""What a file is called that was taken away meanwhile, or cannot be read any more."""


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("cluster_optimiser.studio", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _rendered(name: str, **values: Any) -> str:  # noqa: ANN401 - what a template takes
    say = words()["studio"]
    return _templates().get_template(name).render(say=say, lang=spoken().tag, **values)


def start(project: Project) -> str:
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in project.scenarios():
        state = project.state(one["file"])
        begun = bool(state.get("steps")) and state.get("at") != 0
        groups.setdefault(one.get("authority", ""), []).append({**one, "begun": begun})
    named = [{"name": name.title(), "scenarios": found} for name, found in groups.items()]
    return _rendered("start.html.j2", project=project.root.name, groups=named)


def new() -> str:
    from cluster_optimiser.present.page import script_json  # noqa: PLC0415 - as in `work`

    say = words()["studio"]
    # The page's modules expect a page: this one has no schools and no options.
    schools: dict[str, list[int]] = {key: [] for key in ("urn", "unknown", "xy", "secondary")}
    nothing = {"schools": schools, "options": [], "grounds": []}
    data = script_json({"say": {**say["new"], "gone": say["gone"]}, **nothing})
    return _rendered("new.html.j2", data=data)


def sign_in(*, is_wrong: bool, is_shut: bool) -> str:
    return _rendered("sign_in.html.j2", is_wrong=is_wrong, is_shut=is_shut)


def fault(message: str) -> str:
    return _rendered("fault.html.j2", message=message)


def opened(project: Project, file: str) -> dict[str, Any]:
    """Open a scenario file, at the step that was reached before, if any."""
    found = project.opened(file)
    path = project.path(file)
    state = project.state(file)
    steps, at = state.get("steps"), state.get("at")
    is_begun = isinstance(steps, list) and isinstance(at, int) and 0 <= at < len(steps)
    seen = state.get("seen", found["seen"]) if is_begun else found["seen"]
    return {
        "file": file,
        "home": path.parent.relative_to(project.root).as_posix(),
        "name": path.name,
        "file_own": found["own"],
        "inherited": found["inherited"],
        "seen": seen,
        "changed_elsewhere": seen != digest(path),
        "steps": steps if is_begun else [{"own": found["own"], "said": ""}],
        "at": at if is_begun else 0,
        "versions": state.get("versions", []),
        "notes": state.get("notes", {}),
    }


def work(
    project: Project, opened: dict[str, Any], data: dict[str, Any], *, may_change: bool = True
) -> str:
    from cluster_optimiser.present.page import script_json  # noqa: PLC0415 - draws, and takes long

    keys = [row["key"] for row in data["form"] if row["kind"] == "groups"]
    groups = {
        one["name"]: one
        for held in (opened["inherited"], opened["file_own"])
        for key in keys
        for one in held.get(key, [])
        if isinstance(one, dict) and "name" in one
    }
    scenarios = [one for one in project.scenarios() if not one["fault"]]
    known = [{"reason": "", **one} for one in groups.values()]
    told = {**data, "draft": opened, "groups_known": known, "scenarios": scenarios}
    # What it is called changes only with its file, by saving it under another name.
    called = next((one for one in scenarios if one["file"] == opened["file"]), NOT_LISTED)
    return _rendered("work.html.j2", called=called, data=script_json(told), may_change=may_change)


@functools.cache
def static(name: str) -> tuple[str, str] | None:
    """Give a script or a style: the studio's own, the consultation page's, or the map library's."""
    stem, _, kind = name.rpartition(".")
    if kind not in KINDS or not stem.replace("_", "").isalnum():
        return None
    text = _library(name) if stem in ("leaflet", "page") else _own(name, kind)
    return None if text is None else (text, KINDS[kind])


def _own(name: str, kind: str) -> str | None:
    here = importlib.resources.files("cluster_optimiser.studio")
    page = importlib.resources.files("cluster_optimiser.present").joinpath("templates")
    homes: list[Traversable] = [here.joinpath("js"), page.joinpath("js")]
    for home in homes if kind == "js" else [here]:
        if home.joinpath(name).is_file():
            return home.joinpath(name).read_text(encoding="utf-8")
    return None


def _library(name: str) -> str | None:
    from cluster_optimiser.present.placing import leaflet  # noqa: PLC0415 - as in `work`
    from cluster_optimiser.present.shapes import PALETTE  # noqa: PLC0415
    from cluster_optimiser.present.theme import Theme  # noqa: PLC0415
    from cluster_optimiser.present.words import template  # noqa: PLC0415

    if name == "page.css":
        text: str = template("page.css").render(palette=PALETTE, theme=Theme())
        return text
    found = {"leaflet.js": leaflet().script, "leaflet.css": leaflet().plain_style}
    return found.get(name)
