"""The project's files: scenarios listed, opened and saved, and what was begun and not yet saved."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.items import AbstractTable, AoT, Array, Table, Whitespace

from cluster_optimiser.errors import ClusterOptimiserError, ScenarioError, put, writing
from cluster_optimiser.scenario import is_scenario, load_scenario, written

if TYPE_CHECKING:
    from pathlib import Path

Data = dict[str, Any]

STATE = ".studio"
FOLDER = "scenarios"
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}\.toml")
LONG_LIST = 60
"""A list whose text is longer than this is written over several lines."""


class ChangedError(ClusterOptimiserError):
    """A file is not as it was when it was opened."""


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with boundaries/ and scenarios/."""

    root: Path

    def path(self, file: str) -> Path:
        """Give the path of a scenario file, which lies in the project's folder of scenarios."""
        path = (self.root / file).resolve()
        if not path.is_relative_to(self.root / FOLDER) or not FILE_NAME.fullmatch(path.name):
            remedy = "Name it with letters, figures, dot, dash or underscore, and .toml at its end."
            raise ScenarioError.of(file, "no file of this name can be saved here", remedy)
        return path

    def scenarios(self) -> list[Data]:
        """List the scenarios, those that cannot be read with what is wrong."""
        found = []
        for path in sorted((self.root / FOLDER).rglob("*.toml")):
            if not is_scenario(path):
                continue
            row: Data = {"file": path.relative_to(self.root).as_posix(), "fault": ""}
            try:
                read = load_scenario(path)
            except ScenarioError as error:
                row["fault"] = str(error)
            else:
                row |= {"option": read.option, "title": read.short_title, "method": read.method}
                row |= {"authority": read.authority, "description": read.description}
            found.append(row)
        return found

    def opened(self, file: str) -> Data:
        """Read what a scenario file says itself, what it inherits, and how it was on the disk."""
        path = self.path(file)
        own, inherited = written(path)
        return {"file": file, "own": own, "inherited": inherited, "seen": digest(path)}

    def save(self, file: str, own: Data, *, seen: str | None, plan: str | None = None) -> str:
        """Write a scenario file, comments and order kept; refuse where it changed meanwhile.

        ``seen`` is what the file was when it was opened, None for a new one. A plan is a file
        beside it, of the same name, that is written first.
        """
        path = self.path(file)
        now = digest(path)
        if now and seen is None:
            remedy = "Choose another name, or open it and save it there."
            raise ScenarioError.of(file, "there is a file of this name", remedy)
        if now != (seen or ""):
            raise ChangedError(
                f"{file} was changed on the disk since it was opened here: open it again, or save "
                "under another name"
            )
        text = path.read_text(encoding="utf-8-sig") if now else ""
        if plan is not None:
            beside = path.with_suffix(".csv")
            if beside.exists():
                raise ScenarioError.of(beside.name, "there is such a file", "Choose another name.")
            _put(beside, plan)
        _put(path, kept_text(text, own))
        return digest(path)

    def own_folder(self) -> Path:
        """Make the folder of what is begun and made, which is nobody's source."""
        folder = self.root / STATE
        folder.mkdir(exist_ok=True)
        if not (folder / ".gitignore").is_file():
            _put(folder / ".gitignore", "*\n")
        return folder

    def state_path(self, name: str) -> Path:
        """Give the file in which the studio keeps what was not yet saved."""
        return self.root / STATE / (re.sub(r"[^A-Za-z0-9_.-]", "__", name) + ".json")

    def state(self, name: str) -> Data:
        """Read what was begun; nothing where it cannot be read."""
        with suppress(OSError, ValueError):
            found = json.loads(self.state_path(name).read_text(encoding="utf-8"))
            return found if isinstance(found, dict) else {}
        return {}

    def keep_state(self, name: str, state: Data) -> None:
        path = self.state_path(name)
        self.own_folder()
        _put(path, json.dumps(state, ensure_ascii=False))


def _put(path: Path, text: str) -> None:
    with writing(path.name):
        put(path, text)


def digest(path: Path) -> str:
    """Hash a file; nothing where there is none."""
    with suppress(OSError):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return ""


def kept_text(text: str, own: Data) -> str:
    r"""Change a file so that it says what is wanted, its comments and order kept.

    >>> kept_text("[size]\nmax_pupils = 5 # at most\n", {"size": {"max_pupils": 6}})
    '[size]\nmax_pupils = 6 # at most\n'
    """
    document = tomlkit.parse(text)
    _fit(document, own)
    return tomlkit.dumps(document)


def _fit(table: tomlkit.TOMLDocument | Table | AbstractTable, wanted: Data) -> None:
    for key in [key for key in table if key not in wanted]:
        _move_comment(table[key], _following(table, key))
        table.remove(key)
    # What is new and plain goes before the tables: behind one it would belong to it.
    order = sorted(wanted.items(), key=lambda item: isinstance(item[1], dict))
    for key, value in order:
        held = table.get(key)
        if isinstance(held, AbstractTable) and isinstance(value, dict):
            _fit(held, value)
        elif isinstance(held, AoT) and isinstance(value, list) and value:
            _fit_tables(held, value, _following(table, key))
        elif held is None or (_plain(held) != value and not _fit_list(held, value)):
            if isinstance(held, AoT):
                _move_comment(held, _following(table, key))
            table[key] = _item(value)


def _fit_tables(held: AoT, wanted: list[Any], following: list[Any]) -> None:
    names = [one.get("name") for one in wanted]
    for i in reversed(range(len(held))):
        if _plain(held[i]) not in wanted and held[i].get("name") not in names and len(held) > 1:
            _move_comment(held[i], [*held[i + 1 :], *following])
            del held[i]
    n_before = len(held)
    for i, one in enumerate(wanted):
        if i >= len(held):
            if i == n_before:
                _move_comment(held[-1], following, gap="\n")
            made = _table(one)
            made.trivia.indent = "\n"
            held.append(made)
        elif _plain(held[i]) != one:
            _fit(held[i], one)


def _following(table: Any, key: str) -> list[Any]:  # noqa: ANN401
    """Give the tables that stand behind a key, or what holds the end of the file."""
    container = table.value if isinstance(table, AbstractTable) else table
    body = container.body
    at = next((i for i, (one, _) in enumerate(body) if one is not None and one.key == key), None)
    behind = [] if at is None else [item for _, item in body[at + 1 :]]
    tables = [item for item in behind if isinstance(item, (AbstractTable, AoT))]
    return tables or ([] if at is None else [container])


def _move_comment(gone: Any, following: list[Any], gap: str = "") -> None:  # noqa: ANN401
    """Give the comment at the end of a table that goes to what comes next: it speaks of that."""
    if isinstance(gone, AoT):
        gone = gone[-1] if len(gone) else None
    if not isinstance(gone, Table) or not following:
        return
    body, text = gone.value.body, ""
    while body and body[-1][0] is None:
        text = body.pop()[1].as_string() + text
    after = following[0]
    if isinstance(after, AoT):
        after = after[0]
    if isinstance(after, AbstractTable):
        words = text.lstrip("\n") if "#" in text else ""
        after.trivia.indent = gap + words + after.trivia.indent
    else:
        after.body.append((None, Whitespace(text.lstrip("\n"))))


def _fit_list(held: Any, wanted: Any) -> bool:  # noqa: ANN401 - whatever TOML holds
    """Drop and add members of a list in place; tell whether that made it what is wanted."""
    if not isinstance(held, Array) or not isinstance(wanted, list):
        return False
    for i in reversed(range(len(held))):
        if _plain(held[i]) not in wanted:
            del held[i]
    for one in wanted[len(held) :]:
        held.append(one)
    return bool(_plain(held) == wanted)


def _plain(held: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    return held.unwrap() if hasattr(held, "unwrap") else held


def _table(value: Data) -> Table:
    """Make a table whose own tables stand on a line each."""
    made = tomlkit.table()
    for key, one in value.items():
        inner = tomlkit.inline_table() if isinstance(one, dict) else one
        if isinstance(one, dict):
            inner.update(one)
        made.append(key, inner)
    return made


def _item(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        many = tomlkit.aot()
        for one in value:
            many.append(_table(one))
        return many
    item = tomlkit.item(value)
    if isinstance(item, Array) and len(item.as_string()) > LONG_LIST:
        item.multiline(multiline=True)
    return item
