"""The scenario as a whole: one option to be built or scored, frozen once read.

Source of the keys: the interface that outside programs rely on.
"""

from __future__ import annotations

import ast
import inspect
import json
import math
import re
import textwrap
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from cluster_optimiser.errors import Fault, ScenarioError
from cluster_optimiser.notebook import ShownScenario
from cluster_optimiser.rules import NEIGHBOURS_FILE, QUOTAS, Asked, Rule, bounding, unsupported
from cluster_optimiser.scenario import numbers
from cluster_optimiser.scenario.changing import changes_of, merge
from cluster_optimiser.scenario.faults import faults_of, model_in
from cluster_optimiser.scenario.projected import Projection
from cluster_optimiser.scenario.tables import (
    Contiguity,
    Count,
    Exempt,
    Funding,
    Governance,
    Levels,
    Numbers,
    Objective,
    Pins,
    Redraw,
    Secondary,
    Size,
    Table,
    TravelLimit,
    Urban,
    Versions,
    known_term,
    refuse,
)
from cluster_optimiser.terms import NO_SUM, lookup

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

WORDS_OF_UNITS = ("clusters", "schools", "areas")
"""Values of ``units`` that are no label of a scenario."""

FILES_OF_RESULTS = (
    "assignments.csv",
    "authorities",
    "changes.csv",
    "comparison.csv",
    "datapackage.json",
    "front.png",
    "front.svg",
    "index.html",
    "overview.html",
    "page.json",
    "plans.csv",
    "run.json",
    "runs.csv",
    "runs.html",
    "runs.parquet",
    "tables",
    "together.png",
    "together.svg",
)
"""What stands in a results folder beside the folder of each option."""

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices, whatever follows a dot."""


class Scenario(ShownScenario, Table):
    """One option to be built or scored: what may be done, what is best, what to call it."""

    title: Annotated[
        str, Field(pattern=r"\S", description="Write a line that tells readers what it is.")
    ]
    """One line for readers."""
    option: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$",
            description="Write up to 32 letters from A to Z, figures, dots, dashes and underscores,"
            " the first a letter or figure; title may say more.",
        ),
    ]
    """Short label used everywhere: letters, figures, dot, dash, underscore."""
    authority: str
    """Folder under boundaries/, or a path relative to this file."""
    method: Literal["keep", "merge", "redraw", "file"]
    """Keep today's clusters, merge units, redraw from schools, or read a plan file."""
    description: str = ""
    """A paragraph for readers: what this option does and assumes."""
    units: str = "clusters"
    """``clusters``, ``schools``, ``areas`` where pupils live, or the label of another scenario
    whose clusters are the units."""
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
    limits: dict[str, numbers.Limit] = Field(default_factory=dict)
    """Term -> the most that a plan may have of it, in the term's own unit."""
    versions: Versions = Versions()
    projection: Projection | None = None
    """Sets of pupils that plans are judged by besides today's; without it only today's."""
    pins: Pins = Pins()
    exempt: tuple[Exempt, ...] = ()
    urban: Urban = Urban()
    governance: Governance | None = None
    """What the governance sheets say; without it there are none."""
    levels: Levels | None = None
    """A level above that the clusters must fit into; without it there is none."""
    funding: Funding | None = None
    """Money that flows through clusters; without it a plan is not set against money and need."""
    redraw: Redraw = Redraw()
    reasons: dict[str, str] = Field(default_factory=dict)
    """Unit or pair "A - B" -> why it is an exception, a link or a barrier, in words for readers."""

    _files: tuple[Path, ...] = PrivateAttr(default=())
    _earlier: tuple[str, ...] = PrivateAttr(default=())
    _seed: int | None = PrivateAttr(default=None)
    _swept: dict[str, Any] = PrivateAttr(default_factory=dict)
    _sweep: str = PrivateAttr(default="")
    _refine: dict[str, float] = PrivateAttr(default_factory=dict)

    @field_validator("option")
    @classmethod
    def _is_free(cls, option: str) -> str:
        remedy = "Choose another label."
        if option.lower() in FILES_OF_RESULTS:
            refuse(f'"{option}" is the name of a file of the results', remedy)
        if option.endswith(".") or RESERVED.fullmatch(option):
            refuse(f'"{option}" cannot be the name of a folder on every system', remedy)
        if option in WORDS_OF_UNITS:
            refuse(f'units = "{option}" would not mean this scenario', remedy)
        return option

    @model_validator(mode="after")
    def _terms_are_known(self) -> Self:
        limited = [known_term(term, "limits") for term in self.limits]
        for term in limited:
            if not term.is_of_groups:
                problem = f'"{term.name}" {NO_SUM[term.gathers]} and cannot be limited'
                refuse(problem, "Put it into an order.", "limits")
        if limited and self.levels is not None:
            refuse("limits do not go with levels", "Remove [limits], or [levels].", "limits")
        for term in (*self.objective.rows, *limited):
            if term.gathers == "whole":
                problem = f'own term "{term.name}" {NO_SUM[term.gathers]}, so no method betters it'
                refuse(problem, "Remove it: it is scored and checked all the same.", "objective")
            if term.needs == "need" and not (self.funding and self.funding.need):
                problem = f'the term "{term.name}" needs to know what need is'
                refuse(problem, "Add need = { pupils = 1, ... } to [funding].", "objective")
            if term.needs == "projection" and self.projection is None:
                problem = f'the term "{term.name}" counts projections, and there are none'
                refuse(problem, "Add [projection], or remove the term.", "objective")
            if self.levels is not None and not term.adds_up:
                problem = f'the term "{term.name}" does not go with levels'
                refuse(problem, "Remove the term, or [levels].", "objective")
            if self.method == "redraw" and self.method not in term.methods:
                problem = f'method "{self.method}" does not know the term "{term.name}"'
                refuse(problem, "Remove the term, or change the method.", "objective")
        return self

    @model_validator(mode="after")
    def _method_needs(self) -> Self:
        if self.method == "file" and self.plan is None:
            refuse('method "file" needs a plan', 'Add plan = "<csv>".', "method")
        if self.size.of is not None and self.hubs == "any":
            remedy = 'Write hubs = "secondary", or their URNs, under [redraw].'
            refuse("sizes go by hubs, and any school may be one", remedy, "size.of")
        if self.levels is not None and self.versions.number > 1:
            problem = "levels go with one version only"
            refuse(problem, "Remove [levels], or [versions].", "levels")
        if self.method in {"merge", "redraw"} and not self.objective.terms:
            problem = f'method "{self.method}" needs to know what is best'
            refuse(problem, "Add [objective] with order or weights.", "objective")
        return self

    @classmethod
    def of_data(cls, data: Mapping[str, Any], *, file: str = "scenario") -> Self:
        """Check plain data, every fault gathered, as of the file that bears a name."""
        try:
            scenario = cls.model_validate(data)
        except ValidationError as error:
            raise ScenarioError(faults_of(error, cls, file)) from None
        remedy = "Remove it, or change the method."
        beyond = [
            Fault(file, 0, key, f'method "{scenario.method}" does not know it: {why}', remedy)
            for key, why in unsupported(scenario.method, scenario.stated)
        ]
        if beyond:
            raise ScenarioError(beyond)
        return scenario

    def with_(self, changes: Mapping[str, Any] | None = None, /, **keys: object) -> Self:
        """Give a copy with other rules, checked as a file is.

        Parameters
        ----------
        changes
            Dotted key -> value, such as ``{"count.min": 3}``.
        **keys
            The same by name: a table (``pins={...}``, merged into what is there), a key that only
            one table has (``min_pupils=2300``), or ``table__key`` (``count__min=3``).

        Returns
        -------
        The copy. This scenario stays as it is, and the copy finds the same files.

        Raises
        ------
        ScenarioError
            With every fault, as the file would have them.

        Examples
        --------
        >>> from cluster_optimiser.scenario import parse_scenario
        >>> base = {"title": "One", "option": "1", "authority": "a", "method": "keep"}
        >>> parse_scenario(base).with_(min_pupils=2300, option="2").size.min_pupils
        2300
        """
        own = json.loads(self.model_dump_json(exclude_defaults=True))
        changed = self.of_data(merge(own, changes_of(type(self), {**(changes or {}), **keys})))
        changed._files = self._files  # noqa: SLF001 - a copy keeps its provenance
        return changed

    def refuse_invalid(self) -> None:
        """Refuse what a copy made without a check would let through."""
        try:
            type(self).model_validate(json.loads(self.model_dump_json(warnings=False)))
        except ValidationError as error:
            raise ScenarioError(faults_of(error, type(self), "scenario")) from None

    @property
    def short_title(self) -> str:
        """The title as it stands beside the label: without "Option 4a:" in front."""
        label = rf"^option\s+{re.escape(self.option)}\s*[:.-]\s*"
        rest = re.sub(label, "", self.title, flags=re.IGNORECASE)
        return rest[:1].upper() + rest[1:]

    @property
    def stated(self) -> frozenset[str]:
        """Dotted keys, and names of tables, that say something else than nothing would."""
        found = []
        for name, value in self:
            changed = [
                f"{name}.{key}"
                for key, own in (value if isinstance(value, Table) else ())
                if own != type(value).model_fields[key].get_default(call_default_factory=True)
            ]
            default = type(self).model_fields[name].get_default(call_default_factory=True)
            found += [name, *changed] if value != default else []
        return frozenset(found)

    def at(self, key: str) -> Any:  # noqa: ANN401 - a value of any key
        """Give what stands at a dotted key, or a table's."""
        table, _, name = key.partition(".")
        held = getattr(self, table)
        return held if not name else held[name] if isinstance(held, dict) else getattr(held, name)

    def limit(self, rule: Rule) -> Any:  # noqa: ANN401 - a number of any kind
        """Give what a rule's first key asks for, or None if that is nothing."""
        return rule.asked(self.at(rule.keys[0]))

    @property
    def quotas(self) -> tuple[Asked, ...]:
        """What is asked of numbers of a cluster's schools."""
        found = ((rule, quota, self.limit(rule)) for rule, quota in QUOTAS)
        return tuple(
            Asked(rule.name, quota, limit) for rule, quota, limit in found if limit is not None
        )

    @property
    def files(self) -> tuple[Path, ...]:
        """The scenario file and those it extends, itself first; empty if made in Python."""
        return self._files

    @property
    def file_name(self) -> str:
        """What messages call its file."""
        return self._files[0].name if self._files else "scenario"

    @property
    def home(self) -> Path:
        """The folder that what it names is looked for from."""
        return self._files[0].parent if self._files else Path.cwd()

    @property
    def named_files(self) -> dict[str, str]:
        """Dotted key -> the file that it names, relative to the folder."""
        projected = None if self.projection is None else self.projection.file
        named = {"plan": self.plan, "projection.file": projected}
        named[NEIGHBOURS_FILE] = self.at(NEIGHBOURS_FILE)
        return {key: name for key, name in named.items() if name is not None}

    def fault(self, key: str, problem: str, remedy: str) -> Fault:
        """Tell what is wrong with a key of its file."""
        return Fault(self.file_name, 0, key, problem, remedy)

    @property
    def seed(self) -> int | None:
        """Its own seed, for a scenario of a sweep over seeds; else None."""
        return self._seed

    @property
    def swept(self) -> dict[str, Any]:
        """Dotted key -> the value that a sweep gave it; empty where there is no sweep."""
        return self._swept

    @property
    def named_in_vain(self) -> tuple[str, ...]:
        """Give what an exception might be made of, where none is allowed: a sweep may do that."""
        is_swept = any(key.startswith("size.") for key in self.swept)
        return () if is_swept else self.size.named_in_vain

    @property
    def sweep(self) -> str:
        """Label of the option that is swept; empty where there is no sweep."""
        return self._sweep

    @property
    def refine(self) -> dict[str, float]:
        """Swept key -> the step that its changes are found to; empty where none is asked for."""
        return self._refine

    @property
    def earlier(self) -> tuple[str, ...]:
        """Labels of the versions that this one must differ from; empty for the first."""
        return self._earlier

    def all_versions(self) -> tuple[Self, ...]:
        """Give this scenario and, where it asks for several versions, the later ones."""
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
            version._earlier = tuple(labels)  # noqa: SLF001 - own kind
            made.append(version)
        return tuple(made)

    @property
    def required_layers(self) -> tuple[str, ...]:
        """Layers no cluster may cross, from ``within`` and ``alignment``."""
        required = [layer for layer, how in self.alignment.items() if how == "require"]
        return tuple(dict.fromkeys([*self.within, *required]))

    def crossing(self, layers: Collection[str]) -> Self:
        """Give a copy whose clusters may cross some layers."""
        alignment = {
            layer: "report" if layer in layers and how == "require" else how
            for layer, how in self.alignment.items()
        }
        within = tuple(layer for layer in self.within if layer not in layers)
        return self.model_copy(update={"within": within, "alignment": alignment})

    @property
    def preferred_layers(self) -> tuple[str, ...]:
        """Layers that the term ``misaligned`` adds up."""
        return tuple(layer for layer, how in self.alignment.items() if how == "prefer")

    @property
    def hubs(self) -> Literal["secondary", "any"] | tuple[int, ...]:
        """Schools that a cluster may meet at: its meeting place is one of them."""
        if self.redraw.hubs is not None:
            return self.redraw.hubs
        return "secondary" if self.method == "redraw" else "any"

    @property
    def divides(self) -> bool:
        """Whether schools may leave their clusters of today one by one."""
        return self.units == "schools" or bool(self.urban.areas)

    def merged(self) -> Self | None:
        """Give the merge of whole clusters of today by the same rules; None of other units."""
        if self.units not in {"clusters", "schools"}:
            return None
        whole = {"method": "merge", "units": "clusters", "urban": Urban(), "redraw": Redraw()}
        return self.model_copy(update=whole)

    @property
    def upper(self) -> str | None:
        """Label of the scenario that says what groupings of clusters may be, or None."""
        return None if self.levels is None else self.levels.upper

    @property
    def is_top_down(self) -> bool:
        """Whether what is best of the groupings comes before what is best of the clusters."""
        return self.levels is not None and self.levels.first == "groupings"

    def refuse_no_merge(self) -> None:
        """Refuse what has no universe: what does not merge, and two levels at once."""
        if self.method != "merge":
            text = f'only a scenario of method "merge" has a universe, not "{self.method}"'
            raise ScenarioError([self.fault("method", text, "Name one that merges.")])
        if self.levels is not None:
            text = "all plans of two levels at once cannot be asked for"
            remedy = "Remove [levels] in a copy of the file to ask about the clusters alone."
            raise ScenarioError([self.fault("levels", text, remedy)])

    def groups(self, lower: Self) -> bool:
        """Tell whether this merges the same schools as the level below, by terms that add up."""
        is_plain = self.method == "merge" and all(row.adds_up for row in self.objective.rows)
        return is_plain and self.exempt == lower.exempt

    def grouping(self, lower: Self) -> Self:
        """Give this level above made of the units of the one below, whatever its own are."""
        return self.model_copy(update={"units": lower.units, "levels": None})

    def numbers_of(self, n_units: int) -> Numbers:
        """Give how many clusters so many units may make up, and how many under the minimum."""
        return Numbers(*self.count.span(n_units), self.size.max_exceptions)

    @property
    def goes_by_ways(self) -> bool:
        """Whether a plan cannot be judged without knowing the ways of its clusters."""
        asked = [self.limit(rule) for rule, _ in bounding("max_minutes")]
        return asked != [None] or self.objective.needs("place")

    @property
    def asked_terms(self) -> tuple[str, ...]:
        """Terms that are in the objective or limited."""
        return (*self.objective.terms, *self.limits)

    def asks(self, term: str) -> bool:
        return term in self.asked_terms

    @property
    def most_of(self) -> dict[str, int]:
        """Term -> the most of it in whole numbers of its scale, from [limits]."""
        return {
            term: math.floor(Fraction(str(most)) * lookup(term).scale)
            for term, most in self.limits.items()
        }

    @property
    def units_scenario(self) -> str | None:
        """Label of the scenario whose clusters are the units, or None."""
        return None if self.units in WORDS_OF_UNITS else self.units

    def resolved(self) -> dict[str, Any]:
        """Give the whole scenario as plain data, defaults filled in, for the manifest."""
        data: dict[str, Any] = json.loads(self.model_dump_json())
        return data


def described(model: type[BaseModel]) -> type[BaseModel]:
    """Give the fields of a table, and of those within, the text below them as description.

    pydantic does it for every table at each start, by reading the source: a tenth of `check`.
    """
    for info in model.model_fields.values():
        inner = model_in(info.annotation)
        if inner is not None:
            described(inner)
    for owner in model.__mro__:
        if not issubclass(owner, BaseModel) or owner is BaseModel:
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
        lines = body.body if isinstance(body, ast.ClassDef) else []
        for field, below in pairwise(lines):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                    value=ast.Constant(value=str(text))
                ):
                    if name in model.model_fields and model.model_fields[name].description is None:
                        model.model_fields[name].description = inspect.cleandoc(text)
    model.model_rebuild(force=True)
    return model


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of the scenario file, ``extends`` included."""
    schema = described(Scenario).model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"] = {
        "extends": {
            "type": "string",
            "description": "Another scenario file, relative to this one, that fills what this "
            "one leaves out. What it gives need not be given again.",
        },
        **schema["properties"],
        "sweep": {
            "type": "object",
            "description": "Keys of this file, and seed -> the values to run it with; each "
            "combination is a scenario of its own.",
        },
    }
    # What a base gives need not be given again, and which that is the schema cannot know.
    schema["anyOf"] = [{"required": schema.pop("required")}, {"required": ["extends"]}]
    return schema
