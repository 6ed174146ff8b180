"""The reference of the documentation: keys, commands and Python names, from what they are.

``make docs`` makes these pages, so that they are never behind. Examples are taken from
``docs/examples``, which the tests read as scenarios: a key that stands in none has a made one.
"""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import click
from numpydoc.docscrape import NumpyDocString
from pydantic import BaseModel

import cluster_optimiser as co
from cluster_optimiser.cli import app
from cluster_optimiser.domain import Authority, Result
from cluster_optimiser.inputs.settings import Settings
from cluster_optimiser.scenario import Scenario, described
from cluster_optimiser.terms import FAMILIES, TERMS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
RECORDS = {
    "Scenario": (Scenario, ("with_",)),
    "Authority": (Authority, ("without", "with_pupils", "close", "open")),
    "Result": (
        Result,
        (
            *("status", "is_legal", "metrics", "clusters", "assignment"),
            *("to_gdf", "explore", "compare", "moves"),
        ),
    ),
}
"""Records and what is asked of them in Python, besides their fields."""


def keys_of(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, Any]]:
    """Give every dotted key of a file, ``<name>`` and ``[]`` standing for names and numbers."""
    for name, info in model.model_fields.items():
        key = f"{above}{info.alias or name}"
        inner, mark = _inner(info.annotation)
        if inner is None:
            yield key, info
        else:
            yield from keys_of(inner, f"{key}{mark}.")


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, str]:  # noqa: ANN401 - any annotation
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation, ""
    marks = {tuple: "[]", dict: ".<name>"}
    for part in get_args(annotation):
        inner, mark = _inner(part)
        if inner is not None:
            return inner, marks.get(get_origin(annotation), "") + mark
    return None, ""


def examples(paths: list[Path]) -> dict[str, tuple[str, str]]:
    """Give for each key of example files the lines that state it, and the file's name."""
    found: dict[str, tuple[str, str]] = {}
    for path in paths:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        for key, head, value in _values(data):
            line = f"{key.rpartition('.')[2]} = {toml(value)}"
            found.setdefault(key, (f"{head}\n{line}" if head else line, path.name))
    return found


NAMED = ("layers", "corrections", "size.clusters")
"""Tables whose keys are names that users give."""


def _values(
    data: dict[str, Any], above: str = "", head: str = ""
) -> Iterator[tuple[str, str, Any]]:
    for name, value in data.items():
        key, plain = f"{above}{name}", f"{head}{name}"
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for one in value:
                for inner, line in one.items():
                    yield f"{key}[].{inner}", f"[[{plain}]]", line
        yield key, f"[{head[:-1]}]" if head else "", value
        if isinstance(value, dict):
            table = f"{key}."
            if above.rstrip(".") in NAMED:
                table = f"{above}<name>."
            yield from _values(value, table, f"{plain}.")


def toml(value: Any) -> str:  # noqa: ANN401 - any value of a file
    """Write a value as TOML."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(key)} = {toml(one)}" for key, one in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() else json.dumps(key)


def _made_example(key: str, annotation: Any) -> str:  # noqa: ANN401 - any annotation
    """Make an example for a key that no example file states yet."""
    table, _, name = key.rpartition(".")
    head = ""
    if table:
        plain = table.replace("[]", "").replace("<name>", "name")
        head = f"[[{plain}]]\n" if table.endswith("[]") else f"[{plain}]\n"
    return f"{head}{name} = {_sample(annotation)}"


def _sample(annotation: Any) -> str:  # noqa: ANN401 - any annotation
    kind, parts = get_origin(annotation), get_args(annotation)
    if kind is Literal:
        return toml(parts[0])
    if kind is dict:
        return f"{{ name = {_sample(parts[1])} }}"
    if kind is tuple:
        return f"[{_sample(parts[0])}]"
    for part in (part for part in parts if part is not type(None)):
        return _sample(part)
    return {bool: "true", int: "1", float: "0.5"}.get(annotation, '"..."')


def _default(info: Any) -> str:  # noqa: ANN401 - a field of pydantic
    if info.is_required():
        return "must be given"
    value = info.get_default(call_default_factory=True)
    if value in (None, "", (), {}):
        return "without it: none"
    return f"without it: `{toml(json.loads(json.dumps(value, default=str)))}`"


def reference_of(model: type[BaseModel], title: str, lead: str, paths: list[Path]) -> str:
    """Write the page of a file's keys."""
    shown = examples(paths)
    lines = [f"# {title}", "", lead, ""]
    for key, info in keys_of(described(model)):
        text = " ".join((info.description or "").split()).replace("``", "`")
        lines += [f"## `{key}`", "", f"{text} ({_default(info)})".strip(), ""]
        if key in shown:
            example, file = shown[key]
            lines += [f"```toml\n{example}\n```", "", f"From `{file}`.", ""]
        else:
            lines += [f"```toml\n{_made_example(key, info.annotation)}\n```", ""]
    return "\n".join(lines)


def scenario_page() -> str:
    """Write the reference of scenario files."""
    lead = (
        "Made from the schema (`cluster-optimiser schema`). `[]` marks a list of tables. "
        "Besides these: `extends`, a file relative to this one that fills in what is silent here, "
        "and `[sweep]` ([many runs](batch.md)). Terms for `order`, `weights` and `limits`: "
        + ", ".join(f"`{term.name}`" for term in TERMS)
        + ", "
        + ", ".join(f"`{family.name}.<layer>`" for family in FAMILIES)
        + " ([terms](terms.md))."
    )
    return reference_of(Scenario, "Every key of a scenario", lead, sorted(EXAMPLES.glob("*.toml")))


def authority_page() -> str:
    """Write the reference of authority files."""
    lead = (
        "The keys of `boundaries/<authority>/authority.toml`. `<name>` stands for the name of a "
        "layer. How to make one from the files that people have: "
        "[your own authority](your-own-authority.md)."
    )
    paths = sorted((EXAMPLES / "authority").glob("*.toml"), reverse=True)
    return reference_of(Settings, "Every key of an authority", lead, paths)


def commands(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Give every command, those below others too."""
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            inner = command.get_command(context, each)
            if inner is not None and not inner.hidden:
                yield from commands(inner, f"{name} {each}", context)
    else:
        yield name, command, context


def commands_page() -> str:
    """Write the reference of commands."""
    lead = (
        "Made from `--help`. Messages go to stderr, data to stdout; the README has the exit codes."
    )
    lines = ["# Every command", "", lead, ""]
    for name, command, context in commands(app, "cluster-optimiser"):
        text = inspect.cleandoc(command.help or "").replace("\b", "")
        about, _, example = text.partition("Example:")
        usage = " ".join(command.collect_usage_pieces(context))
        lines += [f"## `{name.partition(' ')[2]}`", "", about.strip(), ""]
        lines += ["```text", f"{name} {usage}", "```", ""]
        rows = [param.get_help_record(context) for param in command.get_params(context)]
        lines += ["| option | meaning |", "|---|---|"]
        lines += [f"| `{_cell(row[0])}` | {_cell(row[1])} |" for row in rows if row]
        if example:
            lines += ["", "```text", inspect.cleandoc(example.strip("\n")), "```"]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def python_page() -> str:
    """Write the reference of Python names."""
    lead = (
        "`import cluster_optimiser as co`. Distances are in metres (EPSG:27700), minutes in "
        "minutes, pupils are whole numbers. [How to](how-to.md) shows them at work."
    )
    lines = ["# Every name in Python", "", lead, ""]
    for name in sorted(co.__all__):
        lines += _entry(f"co.{name}", getattr(co, name), "##")
    for record, (kind, names) in RECORDS.items():
        lines += [f"## `{record}`", "", inspect.getdoc(kind).partition("\n")[0], ""]
        for name in names:
            lines += _entry(f"{record.lower()}.{name}", inspect.getattr_static(kind, name), "###")
    return "\n".join(lines)


def _entry(name: str, thing: Any, level: str) -> list[str]:  # noqa: ANN401 - any public name
    if isinstance(thing, property):
        return [f"{level} `{name}`", "", inspect.getdoc(thing), ""]
    doc = NumpyDocString(inspect.getdoc(thing))
    signature = str(inspect.signature(thing)).replace("(self, ", "(").replace("(self)", "()")
    signature = re.sub(r"(: |-> )'([^']*)'", r"\1\2", signature)
    lines = [f"{level} `{name}`", "", f"```text\n{name}{signature}\n```", ""]
    lines += [" ".join(part) for part in (doc["Summary"], doc["Extended Summary"]) if part]
    for section in ("Parameters", "Raises"):
        if doc[section]:
            lines += ["", f"**{section}**", ""]
            lines += [_described(one.name or one.type, one.desc) for one in doc[section]]
    if doc["Returns"]:
        # They are prose, without a type in front.
        said = [text for one in doc["Returns"] for text in (one.name, one.type, *one.desc)]
        lines += ["", "**Returns**", "", " ".join(" ".join(said).split())]
    if doc["Examples"]:
        lines += ["", "```text", *doc["Examples"], "```"]
    return [*(line.replace("``", "`") if "```" not in line else line for line in lines), ""]


def _described(name: str, text: list[str]) -> str:
    said = " ".join(" ".join(text).split())
    return f"- `{name}`: {said}" if said else f"- {name}"


PAGES = {
    "reference-scenario.md": scenario_page,
    "reference-authority.md": authority_page,
    "reference-commands.md": commands_page,
    "reference-python.md": python_page,
}
