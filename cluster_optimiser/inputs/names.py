"""The names a scenario uses, looked up in the authority they speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cluster_optimiser.constants import MOST_PUPILS, SECONDARY_PHASES
from cluster_optimiser.inputs.checking import FaultList, Problem, as_text, did_you_mean, listed
from cluster_optimiser.rules import LAYER, LOCAL, RULES, TERM, UNIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cluster_optimiser.domain import Authority
    from cluster_optimiser.errors import Fault
    from cluster_optimiser.scenario import Exempt, Funding, Scenario

PAIR_SEPARATOR = " - "

NO_MEASURES = ("geometry", "name", "phase", "cluster", "local_cluster", "is_pupils_known")
"""Columns of every register that count no pupils."""


def check_names(
    scenario: Scenario, authority: Authority, unit_names: Iterable[str], file: str
) -> list[Fault]:
    look = _Lookup(file)
    clusters = _values(authority, ("cluster", "local_cluster"))
    local = _values(authority, ("local_cluster",))
    areas = _values(authority, [f"layer.{name}" for name in authority.layers])
    # Where clusters are divided a school may be named too, by its URN.
    single = [f"URN {urn}" for urn in authority.schools.index] if scenario.divides else []
    units = sorted({*map(str, unit_names), *clusters}) + single
    known = {
        LAYER: list(authority.layers),
        LOCAL: local + single,
        UNIT: units,
        "cluster or area of a layer": sorted({*clusters, *areas}),
        "school with the URN": [str(urn) for urn in authority.schools.index],
    }
    for key, name, kind in _used(scenario):
        look.up(key, name, known[kind], kind)
    exempt_names = [exempt.name for exempt in scenario.exempt]
    for key in scenario.reasons:
        _check_reason(look, key, sorted({*units, *areas, *exempt_names}))
    _check_places(look, scenario, authority)
    for i, exempt in enumerate(scenario.exempt, start=1):
        _check_exempt(look, f"exempt.{i}.where", exempt, authority)
    if scenario.governance is not None:
        columns = [str(c) for c in authority.schools.columns if c != "geometry"]
        for column, wanted in scenario.governance.academies.items():
            look.up("governance.academies", column, columns, "column of the register")
            present = _present(authority, column) if column in columns else []
            if present and not {*_wanted(wanted)} & {*present}:
                look.up(
                    "governance.academies",
                    "".join(_wanted(wanted)[:1]),
                    present,
                    f"school with {column}",
                )
        for layer in scenario.governance.reach_layers:
            look.up("governance.reach_layers", layer, list(authority.layers), "layer")
    if scenario.funding is not None:
        _check_measures(look, scenario.funding, authority)
    return list(look.faults)


class _Lookup:
    """Look names up, gathering a fault for each that is not there."""

    def __init__(self, file: str) -> None:
        self.file, self.faults = file, FaultList()

    def up(self, subject: str, name: str, names: list[str], kind: str) -> None:
        """Add a fault unless the name is among the names."""
        if name not in names:
            otherwise = f"Use one of {listed(names)}." if names else f"There is no {kind} at all."
            remedy = did_you_mean(name, names, otherwise)
            self.add(subject, Problem(f'there is no {kind} "{name}"', remedy))

    def add(self, subject: str, problem: Problem) -> None:
        self.faults.add(self.file, 0, subject, problem)


def _used(scenario: Scenario) -> Iterator[tuple[str, str, str]]:
    """Give each name that a scenario uses: its key, itself, and what it is a name of."""
    used = [("objective", term, TERM) for term in scenario.objective.terms]
    for key, kind in (pair for rule in RULES for pair in rule.names.items()):
        used += [(key, name, kind) for name in dict.fromkeys(_names_in(scenario.at(key)))]
    for key, name, kind in used:
        layer = name.removeprefix("misaligned.")
        if kind != TERM:
            yield key, name, kind
        elif layer != name:
            yield key, layer, LAYER


def _names_in(value: Any) -> Iterator[str]:  # noqa: ANN401 - a value of any key
    """Give the names in lists, and in keys of a table; a word by itself names nothing."""
    for one in () if value is None or isinstance(value, str) else value:
        yield from one if isinstance(one, tuple) else [str(one)]


def _values(authority: Authority, columns: Iterable[str]) -> list[str]:
    """Give the distinct values of columns of the schools, and the areas that hold no school."""
    names: set[str] = set()
    for column in columns:
        names |= {str(value) for value in authority.schools[column].dropna()}
        name = column.removeprefix("layer.")
        layer = authority.layers.get(name) if name != column else None
        for frame in (layer.polygons, layer.points) if layer else ():
            names |= set() if frame is None else {str(area) for area in frame.index}
    return sorted(names)


def _check_reason(look: _Lookup, key: str, names: list[str]) -> None:
    """Look up the name, or both names of a pair, that a reason is given for."""
    words = key.split(PAIR_SEPARATOR)
    splits = [
        (PAIR_SEPARATOR.join(words[:i]), PAIR_SEPARATOR.join(words[i:]))
        for i in range(1, len(words))
    ]
    if key in names or any(one in names and other in names for one, other in splits):
        return
    for name in splits[0] if splits else (key,):
        look.up("reasons", name, names, "unit or cluster")


def _check_measures(look: _Lookup, funding: Funding, authority: Authority) -> None:
    """Look up the columns that money goes by; they count pupils, blank where not known."""
    columns = [str(c) for c in authority.schools.columns if c not in NO_MEASURES]
    for measure in funding.measures:
        look.up("funding", measure, columns, "column of the register")
        if measure not in columns:
            continue
        texts = authority.schools[measure]
        if not pd.api.types.is_numeric_dtype(texts):
            texts = as_text(texts)
        numbers = pd.to_numeric(texts, errors="coerce")
        is_given = texts.notna() & (texts != "")
        is_wrong = is_given & ~(numbers.between(0, MOST_PUPILS) & (numbers % 1 == 0))
        for urn, text in as_text(texts[is_wrong]).items():
            problem = f'URN {urn} has the {measure} "{text}"'
            remedy = "A measure counts pupils: write a whole number, or leave it blank."
            look.add("funding", Problem(problem, remedy))


def _check_places(look: _Lookup, scenario: Scenario, authority: Authority) -> None:
    """Look up the column of places: every hub has some."""
    column, schools = scenario.size.places, authority.schools
    if not column:
        return
    known = [str(c) for c in schools.columns if c not in NO_MEASURES]
    look.up("size.places", column, known, "column of the register")
    if column not in known:
        return
    hubs = scenario.hubs
    is_hub = schools["phase"].isin(SECONDARY_PHASES) if hubs == "secondary" else None
    own = schools[column] if is_hub is None else schools.loc[is_hub, column]
    told = as_text(own if isinstance(hubs, str) else own[own.index.isin(hubs)])
    count = pd.to_numeric(told, errors="coerce")
    for urn, text in told[~(count.between(1, MOST_PUPILS) & (count % 1 == 0))].items():
        problem = Problem(
            f'URN {urn} is a hub, and its {column} is "{text or ""}"',
            "Write how many pupils it has places for, or name other hubs.",
        )
        look.add("size.places", problem)


def _wanted(values: str | tuple[str, ...]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else values


def _present(authority: Authority, column: str) -> list[str]:
    return sorted({str(text) for text in as_text(authority.schools[column]) if text is not None})


def _check_exempt(look: _Lookup, subject: str, exempt: Exempt, authority: Authority) -> None:
    schools = authority.schools
    if exempt.name in set(schools["local_cluster"]):
        text = f'an exempt group bears the name of a cluster: "{exempt.name}"'
        look.add("exempt.name", Problem(text, "Give the group another name."))
    is_match = pd.Series(data=True, index=schools.index)
    n_before = len(look.faults)
    for column, wanted in exempt.where.items():
        if column not in schools or column == "geometry":
            look.up(subject, column, [str(c) for c in schools if c != "geometry"], "column")
            continue
        values, present = _wanted(wanted), _present(authority, column)
        is_match &= as_text(schools[column]).isin(values)
        # A phase is one of a fixed list, already checked: one of several may be absent here.
        for value in values if column != "phase" else ():
            look.up(f"{subject}.{column}", value, present, f"school with {column}")
    if len(look.faults) == n_before and not is_match.any():
        asked = [f'{c} "{" or ".join(_wanted(w))}"' for c, w in exempt.where.items()]
        remedy = "Change one of them, or remove the group."
        problem = Problem(f"there is no school with {' and '.join(asked)}", remedy)
        look.add(subject, problem)
