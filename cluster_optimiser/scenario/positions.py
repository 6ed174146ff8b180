"""Where in a scenario file a key or a name stands, so that a fault can name line and column.

``tomllib`` gives values without positions. Only when there is a fault to be placed is the file
parsed a second time, into a syntax tree: the tree knows where everything stands, and bears text
that is not valid TOML.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_optimiser.errors import Fault, ScenarioError
from cluster_optimiser.terms import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tree_sitter import Node

_TABLES = ("table", "table_array_element")
_KEYS = ("bare_key", "quoted_key", "dotted_key")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands in a file."""

    line: int  # counted from 1; columns in characters
    column: int  # counted from 1; columns in characters
    text: tuple[str, ...] = ()  # the key's last part, and the value where it is a text


def spots(text: str) -> dict[str, Spot]:
    r"""Find where every key and every element of a list stands.

    >>> spots('[pins]\ntogether = [["A", "B"]]')["pins.together.1.2"]
    Spot(line=2, column=19, text=('B',))
    """
    import tree_sitter  # noqa: PLC0415 - only a fault needs it
    import tree_sitter_toml  # noqa: PLC0415

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
    found = _Finder(text.encode("utf-8"))
    found.document(parser.parse(found.source).root_node)
    return found.spots


class _Finder:
    """Walk a syntax tree and note where things stand."""

    def __init__(self, source: bytes) -> None:
        self.source, self.lines = source, source.split(b"\n")
        self.spots: dict[str, Spot] = {}
        self.counts: dict[str, int] = {}

    def document(self, root: Node) -> None:
        for node in root.named_children:
            if node.type == "pair":
                self.pair(node, ())
            elif node.type in _TABLES:
                self.table(node)

    def table(self, node: Node) -> None:
        head = next((child for child in node.named_children if child.type in _KEYS), None)
        if head is None:
            return
        path = self.numbered(self.parts(head), is_new=node.type == _TABLES[1])
        self.note(path, head)
        for child in node.named_children:
            if child.type == "pair":
                self.pair(child, path)

    def numbered(self, parts: Sequence[str], *, is_new: bool) -> tuple[str, ...]:
        """Put the number of the element that a header means after each array of tables."""
        path: tuple[str, ...] = ()
        for i, part in enumerate(parts):
            path = (*path, part)
            key = ".".join(path)
            if is_new and i == len(parts) - 1:
                self.counts[key] = self.counts.get(key, 0) + 1
            if key in self.counts:
                path = (*path, str(self.counts[key]))
        return path

    def pair(self, node: Node, above: tuple[str, ...]) -> None:
        keys = [child for child in node.named_children if child.type != "comment"]
        if not keys or keys[0].type not in _KEYS:
            return
        path = (*above, *self.parts(keys[0]))
        self.note(path, keys[0], keys[1] if len(keys) > 1 else None)
        if len(keys) > 1:
            self.value(keys[1], path)

    def value(self, node: Node, path: tuple[str, ...]) -> None:
        if node.type == "inline_table":
            for child in node.named_children:
                self.pair(child, path)
        elif node.type == "array":
            elements = [child for child in node.named_children if child.type != "comment"]
            for number, child in enumerate(elements, start=1):
                inner = (*path, str(number))
                self.note(inner, child, child)
                self.value(child, inner)

    def note(self, path: tuple[str, ...], node: Node, value: Node | None = None) -> None:
        """Note where a path stands; the tables that it is in count from there, if not before."""
        row, byte = node.start_point
        column = len(self.lines[row][:byte].decode("utf-8", "replace")) + 1
        texts = [] if value is node else [path[-1]]
        if value is not None and value.type == "string":
            texts += self.read(value)
        for end in range(1, len(path)):
            self.spots.setdefault(".".join(path[:end]), Spot(row + 1, column))
        self.spots[".".join(path)] = Spot(row + 1, column, tuple(texts))

    def parts(self, node: Node) -> list[str]:
        """Give the parts of a key, quotation marks taken off."""
        if node.type == "dotted_key":
            return [part for child in node.named_children for part in self.parts(child)]
        return self.read(node) if node.type == "quoted_key" else [self.raw(node)]

    def read(self, node: Node) -> list[str]:
        """Read a text in quotation marks; nothing where it is not valid."""
        try:
            return [str(tomllib.loads(f"text = {self.raw(node)}")["text"])]
        except tomllib.TOMLDecodeError:
            return []

    def raw(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def shown(path: Path) -> str:
    """Name a file as one would from where the program runs."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return path.name


def locate(fault: Fault, files: Sequence[Path]) -> Fault:
    """Say in which file, line and column the value that a fault speaks of stands."""
    if not files or fault.row or fault.file not in {files[0].name, str(files[0])}:
        return fault
    if not files[0].is_file():
        # What has no file yet may say anything in place of those it extends.
        return fault
    best, best_file, best_key = Spot(1, 1), files[0], ""
    for path in files:
        try:
            found = spots(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError):
            continue
        key = _longest(fault.subject, found)
        if len(key) > len(best_key):
            best_file, best_key, best = path, key, found[key]
            best = _named(fault, key, found) or best
            if _is_whole(key, found):
                # What a file writes of a list or a value counts, whatever its base holds there.
                break
    return replace(fault, file=shown(best_file), row=best.line, column=best.column)


def _longest(subject: str, found: Mapping[str, Spot]) -> str:
    key = subject
    while key and key not in found:
        key = key.rpartition(".")[0]
    return key


def _named(fault: Fault, key: str, found: Mapping[str, Spot]) -> Spot | None:
    """Find the name that a problem quotes among what stands below a key."""
    quoted = re.findall(r'"([^"]*)"', fault.problem)
    below = [spot for path, spot in found.items() if path == key or path.startswith(f"{key}.")]
    for name in quoted:
        names = {name, *(f"{family.name}.{name}" for family in FAMILIES)}
        for spot in below:
            if names & set(spot.text):
                return spot
    return None


def _is_whole(key: str, found: Mapping[str, Spot]) -> bool:
    """Tell whether a key's value replaces that of a base, rather than filling it in."""
    below = [path.removeprefix(f"{key}.") for path in found if path.startswith(f"{key}.")]
    return not below or all(path.partition(".")[0].isdigit() for path in below)


@contextmanager
def locating(files: Sequence[Path]) -> Iterator[None]:
    """Give the faults of a scenario, raised within, their line and column."""
    try:
        yield
    except ScenarioError as error:
        raise ScenarioError([locate(fault, files) for fault in error.faults]) from None
