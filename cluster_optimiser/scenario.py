"""The scenario file: its schema, inheritance, and the reading that gathers every fault.

A scenario is TOML, frozen once read. ``extends`` names another file whose tables are filled in
where this one is silent (tables merge, lists and values replace). Unknown keys are refused with the
nearest right one. Source of the keys: the interface that outside programs rely on.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from rapidfuzz import process

from cluster_optimiser.constants import PHASES
from cluster_optimiser.errors import Fault, ScenarioError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

PLAIN_TERMS = ("count", "exceptions", "pupil_minutes", "deviation", "changed_pupils", "misaligned")
"""Objective terms besides ``misaligned.<layer>``; ``misaligned`` adds up the preferred layers."""

NEAREST_SCORE = 60.0
"""Similarity (0 to 100) from which a name is offered as the one that was meant."""


WORDS_OF_UNITS = ("clusters", "schools")
"""Values of ``units`` that are no label of a scenario."""

FILES_OF_RESULTS = ("assignments.csv", "comparison.csv", "index.html")
"""What stands in a results folder beside the folder of each option."""

UNION_BRANCHES = ("str", "tuple[str, ...]")
"""Names that pydantic gives to the two forms of a value that is a text or a list of texts; what is
wrong is told of the list."""

SHAPES = {
    "string_type": "Write a text in quotation marks.",
    "tuple_type": "Write a list in square brackets.",
    "dict_type": "Write a table of keys and values.",
    "model_type": "Write a table of keys and values.",
}
"""Kind of fault -> what to write, where pydantic would speak of Python."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Give the name most like another.

    Parameters
    ----------
    name
        What was written.
    names
        What could have been meant.

    Returns
    -------
    The most similar of the names, or None where none is at all similar.

    Examples
    --------
    >>> nearest("Swafham", ["Swaffham", "Fakenham"])
    'Swaffham'
    """
    found = process.extractOne(name, sorted(names), score_cutoff=NEAREST_SCORE)
    return found[0] if found else None


def _refuse(problem: str, remedy: str) -> NoReturn:
    """Refuse a value by a rule of ours: what is wrong, and what to write."""
    kind, text = "refused", "{problem}"
    raise PydanticCustomError(kind, text, {"problem": problem, "remedy": remedy})


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Size(_Table):
    """How many pupils a cluster may have."""

    min_pupils: Annotated[int, Field(ge=0)] = 0
    """Fewest pupils of a cluster; below it only as an exception."""
    max_pupils: Annotated[int, Field(gt=0)] = 10_000_000
    """Most pupils of a cluster."""
    target_pupils: Annotated[int, Field(gt=0)] | None = None
    """What deviation is measured from; without it the middle of the range."""
    oversize: Literal["keep", "refuse"] = "keep"
    """An existing cluster over the maximum may stand alone, named (keep), or not (refuse)."""
    max_exceptions: Annotated[int, Field(ge=0)] = 0
    """Clusters allowed under the minimum."""
    exceptions: tuple[str, ...] | None = None
    """Units that an exception may be made of; without it any."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_pupils > self.max_pupils:
            problem = f"min_pupils {self.min_pupils} is above max_pupils {self.max_pupils}"
            _refuse(problem, "Change one of them.")
        return self

    @property
    def target(self) -> int:
        """Pupils that deviation is measured from."""
        return self.target_pupils or max(1, (self.min_pupils + self.max_pupils) // 2)


class Count(_Table):
    """How many clusters a plan may have; exempt clusters are not counted."""

    min: Annotated[int, Field(ge=1)] = 1
    """Fewest clusters."""
    max: Annotated[int, Field(ge=1)] | None = None
    """Most clusters; without it any number."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max is not None and self.min > self.max:
            _refuse(f"min {self.min} is above max {self.max}", "Change one of them.")
        return self


NamePair = tuple[str, str]


class Contiguity(_Table):
    """Which units are adjacent."""

    min_shared_m: Annotated[float, Field(gt=0)] = 100.0
    """Shared boundary in metres that makes two units adjacent."""
    links: tuple[NamePair, ...] = ()
    """Existing clusters that are adjacent all the same: a bridge."""
    barriers: tuple[NamePair, ...] = ()
    """Existing clusters that are not adjacent all the same: an estuary."""


class TravelLimit(_Table):
    """How far a school may be from its cluster's meeting place."""

    max_minutes: Annotated[float, Field(gt=0)] | None = None
    """Minutes from any member school to the meeting place; without it no limit."""


class Secondary(_Table):
    """Secondary schools of a cluster."""

    min: Annotated[int, Field(ge=0)] = 1
    """Fewest secondary schools a cluster."""


class Objective(_Table):
    """What is best: an order of terms, each minimised after those before it, or weights."""

    order: tuple[str, ...] = ()
    """Terms, most important first."""
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """Term -> weight per unit of the term, in place of an order."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if self.order and self.weights:
            _refuse("give either order or weights, not both", "Remove one of them.")
        if len(set(self.order)) != len(self.order):
            _refuse("a term stands twice in order", "Remove one of the two.")
        for term in self.terms:
            if term not in PLAIN_TERMS and not term.startswith("misaligned."):
                like = nearest(term, PLAIN_TERMS)
                choice = f"Use one of {', '.join(PLAIN_TERMS)}, misaligned.<layer>."
                remedy = f'Did you mean "{like}"?' if like else choice
                _refuse(f'unknown term "{term}"', remedy)
        return self

    @property
    def terms(self) -> tuple[str, ...]:
        """Every term, in the order given."""
        return self.order or tuple(self.weights)


class Pins(_Table):
    """Units that must or must not share a cluster."""

    together: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    """Units that share one cluster, each list by itself."""
    apart: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    """Units no two of which share a cluster, each list by itself."""


class Exempt(_Table):
    """Schools that form a cluster of their own outside contiguity and size."""

    name: str
    """Name of their cluster."""
    where: dict[str, str | tuple[str, ...]]
    """Column of the school register -> value, or any of several; all columns must match."""
    reason: str = ""
    """Why, in words for readers."""

    @model_validator(mode="after")
    def _known_phases(self) -> Self:
        for value in self.values("phase"):
            if value not in PHASES:
                _refuse(f'unknown phase "{value}"', f"Use one of {', '.join(PHASES)}.")
        return self

    def values(self, column: str) -> tuple[str, ...]:
        """Give the values that a column may have.

        Parameters
        ----------
        column
            Column of the register.

        Returns
        -------
        The values; none where the column does not matter.
        """
        wanted = self.where.get(column, ())
        return (wanted,) if isinstance(wanted, str) else wanted


class Urban(_Table):
    """Areas inside which schools may be reassigned."""

    areas: tuple[str, ...] = ()
    """Existing clusters, or areas of a layer."""


class Versions(_Table):
    """How many plans of an option to make, and how far apart they are."""

    number: Annotated[int, Field(ge=1, le=20)] = 1
    """Plans to make: the best, then the best of those that differ enough from all before."""
    differ_pupils: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Least share of pupils whose cluster has other schools in it than in any version before."""


class Scenario(_Table):
    """One option to be built or scored: what may be done, what is best, what to call it."""

    title: str
    """One line for readers."""
    option: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$")]
    """Short label used everywhere: letters, figures, dot, dash, underscore."""
    authority: str
    """Folder under boundaries/, or a path relative to this file."""
    method: Literal["keep", "merge", "redraw", "file"]
    """Keep today's clusters, merge units, redraw from schools, or read a plan file."""
    description: str = ""
    """A paragraph for readers: what this option does and assumes."""
    units: str = "clusters"
    """``clusters``, ``schools``, or the label of another scenario whose clusters are the units."""
    plan: str | None = None
    """Method file: the plan CSV, relative to this file."""
    within: tuple[str, ...] = ()
    """Layers whose areas no cluster may cross; a unit counts to the area of most of its pupils."""
    size: Size = Size()
    count: Count = Count()
    contiguity: Contiguity = Contiguity()
    travel: TravelLimit = TravelLimit()
    secondary: Secondary = Secondary()
    alignment: dict[str, Literal["require", "prefer", "report"]] = Field(default_factory=dict)
    """Layer -> require (same as within), prefer (counted by the term misaligned) or report."""
    objective: Objective = Objective()
    versions: Versions = Versions()
    pins: Pins = Pins()
    exempt: tuple[Exempt, ...] = ()
    urban: Urban = Urban()
    reasons: dict[str, str] = Field(default_factory=dict)
    """Unit or pair "A - B" -> why it is an exception, a link or a barrier, in words for readers."""

    _files: tuple[Path, ...] = PrivateAttr(default=())
    _earlier: tuple[str, ...] = PrivateAttr(default=())

    @field_validator("option")
    @classmethod
    def _is_free(cls, option: str) -> str:
        remedy = "Choose another label."
        if option.lower() in FILES_OF_RESULTS:
            _refuse(f'"{option}" is the name of a file of the results', remedy)
        if option in WORDS_OF_UNITS:
            _refuse(f'units = "{option}" would not mean this scenario', remedy)
        return option

    @model_validator(mode="after")
    def _method_needs(self) -> Self:
        if self.method == "file" and self.plan is None:
            _refuse('method "file" needs a plan', 'Add plan = "<csv>".')
        if self.method != "file" and self.plan is not None:
            problem = f'plan is only read with method "file", not "{self.method}"'
            _refuse(problem, "Remove it, or change the method.")
        if self.method != "merge" and self.versions.number > 1:
            problem = f'only method "merge" can make several versions, not "{self.method}"'
            _refuse(problem, "Remove [versions], or change the method.")
        if self.method == "merge" and not self.objective.terms:
            problem = 'method "merge" needs to know what is best'
            _refuse(problem, "Add [objective] with order or weights.")
        return self

    @property
    def files(self) -> tuple[Path, ...]:
        """The scenario file and those it extends, itself first; empty if made in Python."""
        return self._files

    @property
    def earlier(self) -> tuple[str, ...]:
        """Labels of the versions that this one must differ from; empty for the first."""
        return self._earlier

    def all_versions(self) -> tuple[Self, ...]:
        """Give this scenario and, where it asks for several versions, the later ones.

        Returns
        -------
        Scenarios labelled ``4a``, ``4a.2``, ``4a.3`` ...; each must differ from those before it.
        """
        made = [self]
        for number in range(2, self.versions.number + 1):
            labels = [version.option for version in made]
            version = self.model_copy(
                update={
                    "option": f"{self.option}.{number}",
                    "title": f"{self.title}, version {number}",
                    "description": (
                        f"The best plan, in the same order as {self.option}, among those in which "
                        f"at least {self.versions.differ_pupils:.0%} of pupils are with other "
                        f"schools than in {' and '.join(labels)}. {self.description}"
                    ).strip(),
                }
            )
            version._files, version._earlier = self._files, tuple(labels)  # noqa: SLF001 - own kind
            made.append(version)
        return tuple(made)

    @property
    def required_layers(self) -> tuple[str, ...]:
        """Layers no cluster may cross, from ``within`` and ``alignment``."""
        required = [layer for layer, how in self.alignment.items() if how == "require"]
        return tuple(dict.fromkeys([*self.within, *required]))

    @property
    def preferred_layers(self) -> tuple[str, ...]:
        """Layers that the term ``misaligned`` adds up."""
        return tuple(layer for layer, how in self.alignment.items() if how == "prefer")

    @property
    def units_scenario(self) -> str | None:
        """Label of the scenario whose clusters are the units, or None."""
        return None if self.units in WORDS_OF_UNITS else self.units

    def resolved(self) -> dict[str, Any]:
        """Give the whole scenario as plain data, defaults filled in, for the manifest."""
        data: dict[str, Any] = json.loads(self.model_dump_json())
        return data


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    # An order replaces inherited weights and the other way round: they exclude each other.
    for one, other in (("order", "weights"), ("weights", "order")):
        if one in over and other not in over:
            merged.pop(other, None)
    return merged


def _read_toml(path: Path, file: str) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ScenarioError(
            [Fault(file, 0, "", "the file cannot be read", f"Check the path: {error.strerror}.")]
        ) from error
    except UnicodeDecodeError as error:
        raise ScenarioError(
            [Fault(file, 0, "", "the file is not UTF-8 text", "Save it again as UTF-8.")]
        ) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(
            [Fault(file, 0, "", f"not valid TOML: {error}", "Mend the line that is named.")]
        ) from error


def _read_chain(path: Path, seen: tuple[Path, ...] = ()) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Read a file and what it extends; the file itself is the first of the paths."""
    path = path.resolve()
    file = path.name
    if path in seen:
        chain = " -> ".join(p.name for p in (*seen, path))
        raise ScenarioError(
            [Fault(file, 0, "extends", f"files extend one another: {chain}", "Break the circle.")]
        )
    data = _read_toml(path, file)
    parent = data.pop("extends", None)
    if parent is None:
        return data, (path,)
    if not isinstance(parent, str):
        raise ScenarioError(
            [
                Fault(
                    file,
                    0,
                    "extends",
                    f"{parent!r} is no file name",
                    'Write extends = "base.toml".',
                )
            ]
        )
    target = path.parent / parent
    if not target.is_file():
        like = nearest(parent, [p.name for p in path.parent.glob("*.toml")])
        remedy = f'Did you mean "{like}"?' if like else "Give a path relative to this file."
        raise ScenarioError([Fault(file, 0, "extends", f'there is no file "{parent}"', remedy)])
    base, files = _read_chain(target, (*seen, path))
    return _merge(base, data), (path, *files)


def _table_at(location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Give the table that holds the last key of a location, to offer its right names."""
    table: type[BaseModel] = Scenario
    for key in location[:-1]:
        if isinstance(key, int):
            continue
        info = table.model_fields.get(key)
        if info is None:
            return None
        inner = Exempt if key == "exempt" else info.annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return None
        table = inner
    return table


def _fault_of(detail: ErrorDetails, file: str) -> Fault:
    location = tuple(part for part in detail["loc"] if part not in UNION_BRANCHES)
    # People count from 1, here as in the data.
    subject = ".".join(str(part + 1 if isinstance(part, int) else part) for part in location)
    message, given = detail["msg"], detail["input"]
    if detail["type"] == "extra_forbidden":
        table = _table_at(location)
        like = nearest(str(location[-1]), table.model_fields) if table else None
        remedy = f'Did you mean "{like}"?' if like else "Remove it, or see `schema` for the keys."
        return Fault(file, 0, subject, f'unknown key "{location[-1]}"', remedy)
    if detail["type"] == "missing" and isinstance(location[-1], int):
        return Fault(file, 0, subject, "it is missing", "Give two names.")
    if detail["type"] == "missing":
        return Fault(file, 0, subject, "it is missing", f"Add {location[-1]} = ....")
    if detail["type"] == "refused":
        return Fault(file, 0, subject, message, detail["ctx"]["remedy"])
    remedy = SHAPES.get(detail["type"], f"{message}.")
    return Fault(file, 0, subject, f"{given!r} is not allowed", remedy)


def parse_scenario(data: Mapping[str, Any], *, file: str = "scenario") -> Scenario:
    """Check plain data against the schema.

    Parameters
    ----------
    data
        The content of a scenario file, inheritance resolved.
    file
        Name to give in faults.

    Returns
    -------
    The frozen scenario.

    Raises
    ------
    ScenarioError
        With every fault.
    """
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        faults = [_fault_of(d, file) for d in details if d["loc"][-1:] != UNION_BRANCHES[:1]]
        raise ScenarioError(faults) from None


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario file and what it extends.

    Parameters
    ----------
    path
        The TOML file.

    Returns
    -------
    The frozen scenario; ``files`` names every file read.

    Raises
    ------
    ScenarioError
        With every fault of the file.
    """
    path = Path(path)
    data, files = _read_chain(path)
    scenario = parse_scenario(data, file=path.name)
    scenario._files = files  # noqa: SLF001 - provenance, set once by the reader that knows it
    return scenario


def is_scenario(path: Path) -> bool:
    """Tell whether a TOML file is a scenario of its own, not only a base for others.

    A base has no ``option``; faults are left to `load_scenario`.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    False for a base.
    """
    try:
        data, _ = _read_chain(path)
    except ScenarioError:
        return True
    return "option" in data


def authority_folder(scenario: Scenario) -> Path:
    """Find the folder of a scenario's authority.

    A name is looked for in ``boundaries/`` beside the scenario file or above it, then below the
    working directory; a path is taken relative to the scenario file.

    Parameters
    ----------
    scenario
        The scenario.

    Returns
    -------
    The folder that holds ``authority.toml``.

    Raises
    ------
    ScenarioError
        If there is none; the message names the nearest authority.
    """
    home = scenario.files[0].parent if scenario.files else Path.cwd()
    as_path = home / scenario.authority
    if (as_path / "authority.toml").is_file():
        return as_path.resolve()
    roots = [p / "boundaries" for p in (home, *home.parents, Path.cwd())]
    for root in roots:
        if (root / scenario.authority / "authority.toml").is_file():
            return (root / scenario.authority).resolve()
    known = sorted({p.parent.name for root in roots for p in root.glob("*/authority.toml")})
    like = nearest(scenario.authority, known)
    remedy = (
        f'Did you mean "{like}"?' if like else "Make boundaries/<authority>/ with authority.toml."
    )
    file = scenario.files[0].name if scenario.files else "scenario"
    raise ScenarioError(
        [Fault(file, 0, "authority", f'there is no authority "{scenario.authority}"', remedy)]
    )


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of the scenario file, ``extends`` included."""
    schema = Scenario.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"] = {
        "extends": {
            "type": "string",
            "description": "Another scenario file, relative to this one, that fills what this "
            "one leaves out. What it gives need not be given again.",
        },
        **schema["properties"],
    }
    # What a base gives need not be given again, and which that is the schema cannot know.
    schema["anyOf"] = [{"required": schema.pop("required")}, {"required": ["extends"]}]
    return schema
