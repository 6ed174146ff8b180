"""Directions: every way to loosen a scenario, and the least step in it that admits a plan.

Every direction is monotone: what is legal stays legal as the rule is loosened. So the least step is
found by bisection over the values at which something becomes legal, or as a proved optimum.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from cluster_optimiser.constants import CENTIMINUTES_PER_MINUTE
from cluster_optimiser.geography.adjacency import cluster_drives
from cluster_optimiser.optimise.candidates import Judge
from cluster_optimiser.optimise.explain.diagnosis import (
    pin_words,
    some,
)
from cluster_optimiser.optimise.explain.trial import GROWTH, Trial
from cluster_optimiser.optimise.explain.trial_rules import with_table, with_values
from cluster_optimiser.optimise.merging.partition import build_model
from cluster_optimiser.rules import FAMILIES
from cluster_optimiser.terms import lookup, term_scale, term_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ortools.sat.python import cp_model

    from cluster_optimiser.optimise.candidates import CandidateGroup
    from cluster_optimiser.optimise.explain.trial import Lab
    from cluster_optimiser.rules import Asked, Family
    from cluster_optimiser.scenario import Scenario

ValueT = TypeVar("ValueT")

Value = float | str | list[list[str]] | list[str] | None


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The least change in one direction that admits a plan, with what is proved of it."""

    direction: str
    stated: float
    value: float
    unit: str  # what the number counts: pupils, clusters, minutes, metres, schools, units or rules
    changes: Mapping[str, Value]
    units: tuple[str, ...]  # the units concerned: exceptions, or those that cross a border
    words: str  # the change in a few words
    is_feasible: bool = False  # true where the changed scenario was solved and has a plan
    is_minimal: bool = False  # true where one step less was proved to have none


@dataclass(frozen=True, slots=True)
class Step:
    """A relaxation with the trials that prove it."""

    relaxation: Relaxation  # the relaxation
    trial: Trial  # the changed scenario
    short: Trial | None = None
    is_short_refuted: bool = False  # one step less was proved to have no plan as an optimum


@dataclass(frozen=True, slots=True)
class Direction:
    """A way to loosen a scenario."""

    key: str
    family: str  # the rule family that it loosens
    loosen: Callable[[Trial], Trial]  # gives a trial with the rule loosened as far as can be
    least: Callable[[Lab, Trial], Step | None]


def _sized(trial: Trial, **values: object) -> Trial:
    return tabled(trial, "size", **{"target_pupils": trial.scenario.size.target, **values})


def tabled(trial: Trial, table: str, **values: object) -> Trial:
    """Give a trial with some values of one of its scenario's tables replaced."""
    return changed(trial, {f"{table}.{name}": value for name, value in values.items()})


def changed(trial: Trial, values: Mapping[str, object]) -> Trial:
    """Give a trial with the values of some dotted keys of its scenario replaced."""
    return replace(trial, scenario=with_values(trial.scenario, values))


def freed(trial: Trial, family: str) -> Trial:
    """Give a trial without one rule; what sizes are measured from stays."""
    kept = {"size.target_pupils": trial.scenario.size.target} if family.startswith("size.") else {}
    return changed(trial, {**kept, **FAMILIES[family].free})


def _first_of(
    lab: Lab, values: Sequence[ValueT], loosen: Callable[[ValueT], Trial]
) -> tuple[ValueT, Trial, Trial | None] | None:
    """Give the first value whose trial has a plan, as all after it have; and the trial before."""
    trials = [loosen(value) for value in values]
    low, high = 0, len(trials)
    while low < high:
        middle = (low + high) // 2
        if lab.verdict(trials[middle]) == "FEASIBLE":
            high = middle
        else:
            low = middle + 1
    if low == len(trials):
        return None
    return values[low], trials[low], trials[low - 1] if low else None


def _best(
    lab: Lab, groups: Sequence[CandidateGroup], scenario: Scenario, rows: Sequence[Sequence[int]]
) -> tuple[tuple[int, ...], list[CandidateGroup]] | None:
    """Find the plan of least costs, row after row: the costs and the groups, or None."""
    model, x = build_model(groups, scenario, len(lab.names))
    values: list[int] = []
    chosen: list[CandidateGroup] = []
    for row in rows:
        cost: cp_model.LinearExprT = sum(c * v for c, v in zip(row, x, strict=True) if c)
        model.minimize(cost)
        verdict, solver = lab.solve(model)
        is_proved = solver.objective_value <= solver.best_objective_bound
        if verdict != "FEASIBLE" or not is_proved:
            return None
        values.append(round(solver.objective_value))
        chosen = [g for g, v in zip(groups, x, strict=True) if solver.boolean_value(v)]
        model.add(cost <= values[-1])
    return tuple(values), chosen


def _least_size(lab: Lab, trial: Trial, *, end: str) -> Step | None:
    """Move one end of the range of pupils to the next number at which some group is legal."""
    name, outwards = f"{end}_pupils", -1 if end == "min" else 1
    stated = trial.scenario.at(f"size.{name}")
    values = (_below if end == "min" else _above)(lab, trial, stated)
    found = _first_of(lab, values, lambda value: _sized(trial, **{name: value}))
    if found is None:
        return None
    value, loosened, _ = found
    relaxation = Relaxation(
        f"size.{end}",
        stated,
        value,
        "pupils",
        {f"size.{name}": value},
        (),
        f"a {end}imum of {value:,} pupils instead of {stated:,}",
    )
    return Step(relaxation, loosened, _sized(trial, **{name: value - outwards}))


def _below(lab: Lab, trial: Trial, stated: int) -> list[int]:
    groups, _ = lab.groups(_sized(trial, min_pupils=0))
    return sorted({g.pupils for g in groups if g.pupils < stated} | {0}, reverse=True)


def _above(lab: Lab, trial: Trial, stated: int) -> list[int]:
    for factor in GROWTH:
        highest = max(round(stated * factor), *lab.pupils)
        if lab.verdict(_sized(trial, max_pupils=highest)) == "FEASIBLE":
            break
    masks, _ = lab.sets(lab.closed(trial), lowest=stated + 1, highest=highest)
    pupils = {sum(lab.pupils[i] for i in lab.members(mask)) for mask in masks}
    return sorted(pupils | {highest})


def _any_exceptions(trial: Trial, *, named: bool) -> Trial:
    names = trial.scenario.size.exceptions if named else None
    return _sized(trial, max_exceptions=1_000, exceptions=names)


def _fewest_exceptions(lab: Lab, trial: Trial, *, named: bool) -> Step | None:
    size = trial.scenario.size
    groups, complete = lab.groups(_any_exceptions(trial, named=named))
    scenario = _any_exceptions(trial, named=named).scenario
    missing = [max(0, size.min_pupils - g.pupils) for g in groups]
    best = _best(lab, groups, scenario, [[int(g.is_exception) for g in groups], missing])
    if best is None or not complete:
        return None
    (n_exceptions, missing_pupils), chosen = best
    small = [g for g in chosen if g.is_exception]
    units = tuple(sorted(unit for g in small for unit in g.units))
    said = some(
        [
            f"{' with '.join(g.units)} ({g.pupils:,} pupils, {size.min_pupils - g.pupils:,} short)"
            for g in small
        ]
    )
    names = size.exceptions if named else units
    changed = _sized(trial, max_exceptions=n_exceptions, exceptions=names)
    short = _sized(
        trial, max_exceptions=n_exceptions - 1, exceptions=size.exceptions if named else None
    )
    changes: dict[str, Value] = {"size.max_exceptions": n_exceptions}
    if names is not None:
        changes["size.exceptions"] = list(names)
    noun = "exception" + "s" * (n_exceptions != 1)
    relaxation = Relaxation(
        "size.max_exceptions" if named else "size.exceptions",
        size.max_exceptions,
        n_exceptions,
        "clusters",
        changes,
        units,
        f"{n_exceptions} {noun} under the minimum instead of {size.max_exceptions}: {said}; "
        f"{missing_pupils:,} pupils short in all, the least for so few exceptions",
    )
    return Step(relaxation, changed, short)


def _dropped(
    key: str, trial: Trial, changed: Trial, changes: Mapping[str, Value], words: str
) -> Step:
    return Step(Relaxation(key, 0, 1, "rules", changes, (), words), changed, trial)


def _least_count(lab: Lab, trial: Trial, *, end: str) -> Step | None:
    key = f"count.{end}"
    loose = freed(trial, key)
    groups, complete = lab.groups(loose)
    sign = -1 if end == "min" else 1
    best = _best(lab, groups, loose.scenario, [[sign] * len(groups)])
    if best is None or not complete:
        return None
    value = sign * best[0][0]
    stated = trial.scenario.at(key) or value
    at_least = "at least" if end == "min" else "at most"
    relaxation = Relaxation(
        key,
        stated,
        value,
        "clusters",
        {key: value},
        (),
        f"{at_least} {value} clusters instead of {stated}",
    )
    # One step short of the stated range itself is the stated range.
    short = changed(trial, {key: value - sign}) if value - sign else None
    return Step(relaxation, changed(trial, {key: value}), short)


def _least_minutes(
    lab: Lab,
    trial: Trial,
    family: str,
    reached: Iterable[float],
    said: Callable[[float | None, str], tuple[tuple[str, ...], str]],
) -> Step | None:
    """Raise a limit of minutes to the next that is reached; to none where some are not known."""
    (key,) = FAMILIES[family].free
    stated = trial.scenario.at(key) or 0.0
    values = [*sorted(v for v in reached if stated < v < float("inf")), None]
    found = _first_of(lab, values, lambda value: changed(trial, {key: value}))
    if found is None:
        return None
    value, loosened, before = found
    units, words = said(value, f"{stated:g}")
    if value is None:
        none = Relaxation(family, stated, 0.0, "minutes", {}, units, words)
        return Step(none, loosened, before or trial)
    relaxation = Relaxation(family, stated, value, "minutes", {key: value}, units, words)
    short = round(value - 1 / CENTIMINUTES_PER_MINUTE, 2)
    return Step(relaxation, loosened, changed(trial, {key: short}))


def _least_travel(lab: Lab, trial: Trial) -> Step | None:
    groups, _ = lab.groups(freed(trial, "travel"))
    longest = {lab.facts(g.mask).longest_min: g.mask for g in reversed(groups)}
    names = lab.problem.authority.schools["name"]

    def said(minutes: float | None, stated: str) -> tuple[tuple[str, ...], str]:
        if minutes is None:
            return (), f"no travel limit instead of {stated} minutes: some ways are not known"
        facts = lab.facts(longest[minutes])
        return lab.units(longest[minutes]), (
            f"a travel limit of {minutes:.2f} minutes instead of {stated} (the way from "
            f"{names[facts.farthest_urn]} to {names[facts.place_urn]})"
        )

    return _least_minutes(lab, trial, "travel", longest, said)


def _quota(asked: Asked) -> Direction:
    """Give the direction that asks for less of a number of schools, or lets there be more."""
    (key,), is_least = FAMILIES[asked.rule].free, asked.quota.is_least

    def least(lab: Lab, trial: Trial) -> Step | None:
        every = sum(lab.problem.units[asked.quota.number].tolist())
        values = range(asked.limit - 1, -1, -1) if is_least else range(asked.limit + 1, every + 1)
        found = _first_of(lab, values, lambda value: changed(trial, {key: value}))
        if found is None:
            return None
        (value, loosened, _), step = found, 1 if is_least else -1
        noun = asked.quota.noun + "s" * (value != 1)
        words = f"{'' if is_least else 'up to '}{value or 'no'} {noun} a cluster"
        relaxation = Relaxation(
            asked.rule,
            asked.limit,
            value,
            "schools",
            {key: value},
            (),
            f"{words} instead of {asked.limit}",
        )
        return Step(relaxation, loosened, changed(trial, {key: value + step}))

    return Direction(asked.rule, asked.rule, lambda t: freed(t, asked.rule), least)


def _opened(trial: Trial, layer: str) -> Trial:
    return replace(trial, scenario=trial.scenario.crossing([layer]))


def _fewest_crossings(lab: Lab, trial: Trial, *, layer: str) -> Step | None:
    """Let as few units as can be, then as few pupils, count to another area than their own."""
    loose = _opened(trial, layer)
    groups, complete = lab.groups(loose)
    own = lab.homes(trial)[layer]
    known = sorted({area for area in own if area is not None})
    joined = {g.mask: _joined_area(lab, g.mask, own, known) for g in groups}
    crossing = {
        g.mask: tuple(
            (i, joined[g.mask])
            for i in lab.members(g.mask)
            if len(g.units) > 1 and own[i] != joined[g.mask]
        )
        for g in groups
    }
    rows = [
        [len(crossing[g.mask]) for g in groups],
        [sum(lab.pupils[i] for i, _ in crossing[g.mask]) for g in groups],
    ]
    best = _best(lab, groups, loose.scenario, rows)
    if best is None or not complete:
        return None
    (n_units, n_pupils), chosen = best
    moves = sorted(move for g in chosen for move in crossing[g.mask])
    units = tuple(lab.names[i] for i, _ in moves)
    said = some([f"{lab.names[i]} (from {own[i] or 'no area'} to {area})" for i, area in moves])
    noun = "unit" if n_units == 1 else "units"
    relaxation = Relaxation(
        f"within.{layer}",
        0,
        n_units,
        "units",
        {},
        units,
        f"let {n_units} {noun} with {n_pupils:,} pupils cross the layer {layer}: {said}",
    )
    homes = tuple((layer, lab.names[i], area) for i, area in moves)
    return Step(relaxation, replace(trial, homes=(*trial.homes, *homes)), None, n_units > 0)


def _joined_area(lab: Lab, mask: int, own: Sequence[str | None], known: Sequence[str]) -> str:
    """Give the area that most units of a group count to; of several, the one of most pupils."""
    held: dict[str, tuple[int, int]] = {}
    for i in lab.members(mask):
        area = own[i]
        if area is not None:
            n_units, pupils = held.get(area, (0, 0))
            held[area] = (n_units + 1, pupils + lab.pupils[i])
    if not held:
        return known[0] if known else ""
    return min(held, key=lambda area: (-held[area][0], -held[area][1], area))


def _least_shared(lab: Lab, trial: Trial) -> Step | None:
    stated_m = trial.scenario.contiguity.min_shared_m
    lengths_m = {int(metres) for metres in lab.shared_m().values() if metres < stated_m}
    values = sorted((metres for metres in lengths_m if metres >= 1), reverse=True)
    found = _first_of(
        lab, values, lambda value: tabled(trial, "contiguity", min_shared_m=float(value))
    )
    if found is None:
        return None
    value, loosened, _ = found
    pairs = [pair for pair, metres in sorted(lab.shared_m().items()) if int(metres) == value]
    said = ", ".join(" and ".join(pair) for pair in pairs)
    relaxation = Relaxation(
        "contiguity.min_shared_m",
        stated_m,
        value,
        "metres",
        {"contiguity.min_shared_m": value},
        tuple(dict.fromkeys(name for pair in pairs for name in pair)),
        f"units that touch along {value} m count as adjacent, instead of {stated_m:g} m ({said})",
    )
    short_m = min(float(value + 1), stated_m)
    return Step(relaxation, loosened, tabled(trial, "contiguity", min_shared_m=short_m))


def _least_drive(lab: Lab, trial: Trial) -> Step | None:
    schools, travel = lab.problem.authority.schools, lab.problem.travel
    drives = cluster_drives(lab.shared_m(), schools, travel, trial.scenario.contiguity)
    pair_of = {minutes: pair for pair, (minutes, _) in reversed(drives.items())}

    def said(minutes: float | None, stated: str) -> tuple[tuple[str, ...], str]:
        if minutes is None:
            none = f"no limit of {stated} minutes between neighbours"
            return (), f"{none}: some drives are not known"
        pair = pair_of[minutes]
        return pair, (
            f"{minutes:.2f} minutes of driving between neighbours allowed instead of {stated} "
            f"({pair[0]} and {pair[1]}: {drives[pair][1]})"
        )

    return _least_minutes(lab, trial, "contiguity.max_minutes", pair_of, said)


def _entry(key: str, base: Scenario) -> Direction:
    """Give the direction that drops one pin or barrier; numbers are those of the base scenario."""
    kind, _, number = key.removesuffix("]").partition("[")
    table, _, name = kind.partition(".")
    entry = getattr(getattr(base, table), name)[int(number)]

    def loosen(trial: Trial) -> Trial:
        entries = list(getattr(getattr(trial.scenario, table), name))
        entries.remove(entry)
        return tabled(trial, table, **{name: tuple(entries)})

    def least(_: Lab, trial: Trial) -> Step:
        changed = loosen(trial)
        left = [list(e) for e in getattr(getattr(changed.scenario, table), name)]
        words = f"drop the {'pin ' if table == 'pins' else ''}{pin_words(base, key)}"
        return _dropped(key, trial, changed, {kind: left}, words)

    return Direction(key, key, loosen, least)


def _without(family: Family) -> Direction:
    """Give the direction that drops a rule of which nothing less can be done."""
    key = family.name
    changes = {} if None in family.free.values() else family.free  # what is none is left out

    def least(_: Lab, trial: Trial) -> Step:
        return _dropped(key, trial, freed(trial, key), changes, family.without)

    return Direction(key, key, partial(freed, family=key), least)


def _sizes(scenario: Scenario) -> list[Direction]:
    directions = [
        Direction(
            "size.min",
            "size.min",
            partial(freed, family="size.min"),
            partial(_least_size, end="min"),
        ),
        Direction(
            "size.exceptions",
            "size.min",
            lambda t: _any_exceptions(t, named=False),
            lambda lab, t: _fewest_exceptions(lab, t, named=False),
        ),
        Direction(
            "size.max",
            "size.max",
            lambda t: _sized(t, max_pupils=round(t.scenario.size.max_pupils * GROWTH[-1])),
            partial(_least_size, end="max"),
        ),
        *(_without(family) for family in FAMILIES.values() if family.without),
    ]
    if scenario.size.exceptions is not None:
        named = Direction(
            "size.max_exceptions",
            "size.min",
            lambda t: _any_exceptions(t, named=True),
            lambda lab, t: _fewest_exceptions(lab, t, named=True),
        )
        directions.insert(1, named)
    return directions


def _others(scenario: Scenario) -> list[Direction]:
    least: dict[str, Callable[[Lab, Trial], Step | None]] = {
        "count.min": partial(_least_count, end="min"),
        "count.max": partial(_least_count, end="max"),
        "travel": _least_travel,
        "contiguity.max_minutes": _least_drive,
        "contiguity.min_shared_m": _least_shared,
    }
    found = [Direction(f, f, partial(freed, family=f), how) for f, how in least.items()]
    return [*found[:3], *map(_quota, scenario.quotas), *found[3:]]


MANY = 10_000
"""From so many on what is behind the point is of no use to readers, but in a limit."""


def amount(term: str, value: float, *, is_limit: bool = False) -> str:
    is_whole = value == round(value) or (value >= MANY and not is_limit)
    return term_words("amounts", term, {}, n=round(value) if is_whole else f"{value:,.10g}")


def _limited(trial: Trial, limits: Mapping[str, float]) -> Trial:
    return replace(trial, scenario=with_table(trial.scenario, "limits", dict(limits)))


def _unlimited(trial: Trial, term: str) -> Trial:
    return _limited(trial, {t: most for t, most in trial.scenario.limits.items() if t != term})


def _least_limit(lab: Lab, trial: Trial, *, term: str) -> Step | None:
    loose = _unlimited(trial, term)
    found, complete = lab.groups(loose)
    groups = Judge(lab.changed(loose), also=(term,)).candidates([group.mask for group in found])
    row, scale, stated = lookup(term), term_scale(term), trial.scenario.limits[term]
    if row.adds_up:
        best = _best(lab, groups, loose.scenario, [[group.costs[term] for group in groups]])
        value = None if best is None else best[0][0] / scale
    else:
        costs = sorted({group.costs[term] / scale for group in groups if group.costs[term] >= 0})
        values = [cost for cost in costs if cost > stated]
        limits = trial.scenario.limits
        first = _first_of(lab, values, lambda most: _limited(trial, {**limits, term: most}))
        value = None if first is None else first[0]
    if value is None or not complete:
        return None
    relaxation = Relaxation(
        f"limits.{term}",
        stated,
        value,
        row.unit,
        {f"limits.{term}": value},
        (),
        f"{amount(term, value, is_limit=True)} allowed instead of {stated:,g}",
    )
    changed = _limited(trial, {**trial.scenario.limits, term: value})
    return Step(relaxation, changed, None, is_short_refuted=True)


def _limit(term: str) -> Direction:
    return Direction(
        f"limits.{term}",
        f"limits.{term}",
        lambda t: _unlimited(t, term),
        lambda lab, t: _least_limit(lab, t, term=term),
    )


def _layer(layer: str) -> Direction:
    return Direction(
        f"within.{layer}",
        f"within.{layer}",
        lambda t: _opened(t, layer),
        lambda lab, t: _fewest_crossings(lab, t, layer=layer),
    )


def directions_of(scenario: Scenario, families: Sequence[str]) -> tuple[Direction, ...]:
    within = [f.removeprefix("within.") for f in families if f.startswith("within.")]
    layers = [_layer(layer) for layer in within]
    entries = [_entry(family, scenario) for family in families if "[" in family]
    limits = [_limit(term) for term in scenario.limits]
    found = [*_sizes(scenario), *layers, *_others(scenario), *limits, *entries]
    return tuple(d for d in found if d.family in families)
