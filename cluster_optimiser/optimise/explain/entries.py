"""Rules made of entries, each given up by itself: layers, limits, pins and barriers."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from cluster_optimiser.geography.measures import Measures
from cluster_optimiser.geography.units import school_positions
from cluster_optimiser.optimise.candidates import Judge, membership
from cluster_optimiser.optimise.explain.relax import (
    Direction,
    Relaxation,
    Step,
    changed,
    cheapest,
    dropped,
    first_of,
    so_many,
    some,
)
from cluster_optimiser.optimise.explain.trial import Lab, Trial
from cluster_optimiser.optimise.explain.trial_rules import with_values
from cluster_optimiser.rules import FAMILIES, LAYER, OF_ONE, TERM
from cluster_optimiser.terms import lookup, term_scale, term_words

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cluster_optimiser.domain import Problem
    from cluster_optimiser.scenario import Scenario

LAYERS, LIMITS = (OF_ONE[kind].keys[0] for kind in (LAYER, TERM))


def entries_of(scenario: Scenario, family: str) -> dict[str, object]:
    """Give the entries of a family, each by its name or number in the name of the rule."""
    held = scenario.required_layers if family == LAYERS else scenario.at(family)
    if isinstance(held, dict) or family == LAYERS:
        return {f"{family}.{name}": name for name in held}
    return {f"{family}[{number}]": entry for number, entry in enumerate(held)}


def without_entries(scenario: Scenario, gone: Collection[str]) -> Scenario:
    for family in (family.name for family in FAMILIES.values() if not family.free):
        entries = entries_of(scenario, family)
        left = {name: entry for name, entry in entries.items() if name not in gone}
        if family == LAYERS:
            scenario = scenario.crossing([*map(str, {*entries.values()} - {*left.values()})])
        elif left != entries:
            held = scenario.at(family)
            is_named = isinstance(held, dict)
            values = {of: held[of] for of in left.values()} if is_named else tuple(left.values())
            scenario = with_values(scenario, {family: values})
    return scenario


def broken_entries(lab: Lab, masks: Sequence[int]) -> dict[int, list[str]]:
    """Give what groups break of layers, limits and pins by themselves."""
    scenario, at = lab.problem.scenario, school_positions(lab.problem)
    limits = {t: n for t, n in scenario.most_of.items() if not lookup(t).adds_up}
    measures = Measures(lab.problem, [at[name] for name in lab.names]) if limits else None
    sets = measures.sets(membership(masks, len(lab.names))) if measures else None
    costs = {term: sets.cost(term) for term in limits} if sets else {}
    homes, pins = lab.homes(Trial(scenario)), lab.pinned(scenario)
    found = {}
    for number, mask in enumerate(masks):
        over = [t for t, most in limits.items() if not 0 <= costs[t][number] <= most]
        areas = {layer: {home[i] for i in lab.members(mask)} for layer, home in homes.items()}
        is_one = mask & (mask - 1) == 0
        torn = [a for a, held in areas.items() if (len(held) > 1 or None in held) and not is_one]
        found[mask] = [f"{LIMITS}.{t}" for t in over] + [f"{LAYERS}.{a}" for a in torn]
        found[mask] += pins.broken(mask)
    return found


def nowhere(lab: Lab, name: str, unit: int, masks: Sequence[int]) -> str:
    """Say why a unit is in no group that keeps an entry, of the groups that break it."""
    kind, _, of = name.partition(".")
    if kind == LAYERS:
        least = min(masks, key=lambda mask: (mask.bit_count(), lab.facts(mask).pupils, mask))
        partners = some([lab.names[i] for i in lab.members(least & ~(1 << unit))])
        return f"it would have to join {partners} across a border of the layer {of}"
    if kind == LIMITS:
        return f"no group it could be in keeps the limit on {term_words('report.by', of, {})}"
    return f"the rule {_list_words(lab.problem.scenario, name)} stands in the way"


def entry_words(problem: Problem, name: str) -> str:
    kind, _, of = name.partition(".")
    if kind == LIMITS:
        return f"limit of {amount(of, problem.scenario.at(name), is_limit=True)}"
    if kind == LAYERS:
        return f"borders of the layer {problem.authority.layers[of].title}"
    return _list_words(problem.scenario, name)


def _list_words(scenario: Scenario, name: str) -> str:
    kind, _, number = name.removesuffix("]").partition("[")
    row = FAMILIES[kind]
    return row.words.format(row.joint.join(scenario.at(kind)[int(number)]))


def _given_up(trial: Trial, *, name: str) -> Trial:
    return replace(trial, scenario=without_entries(trial.scenario, [name]))


def _fewest_crossings(lab: Lab, trial: Trial, *, name: str) -> Step | None:
    """Let as few units as can be, then as few pupils, count to another area than their own."""
    layer, loose = name.partition(".")[2], _given_up(trial, name=name)
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
    best = cheapest(lab, groups, loose.scenario, rows)
    if best is None or not complete:
        return None
    (n_units, n_pupils), chosen = best
    moves = sorted(move for g in chosen for move in crossing[g.mask])
    units = tuple(lab.names[i] for i, _ in moves)
    said = some([f"{lab.names[i]} (from {own[i] or 'no area'} to {area})" for i, area in moves])
    noun = "unit" if n_units == 1 else "units"
    relaxation = Relaxation(
        name,
        0,
        n_units,
        "units",
        {},
        units,
        f"let {n_units} {noun} with {so_many(n_pupils)} cross the layer {layer}: {said}",
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


MANY = 10_000
"""From so many on what is behind the point is of no use to readers, but in a limit."""


def amount(term: str, value: float, *, is_limit: bool = False) -> str:
    if is_limit and term_scale(term) == 1:
        value = math.floor(value)  # a limit of 2.5 clusters is one of 2
    told = number(value, is_limit=is_limit)
    return term_words("amounts", term, {}, n=told if "." in told else round(value))


def number(value: float, *, is_limit: bool = False) -> str:
    is_whole = value == round(value) or (value >= MANY and not is_limit)
    return f"{round(value):,}" if is_whole else f"{value:,.10g}"


def _least_limit(lab: Lab, trial: Trial, *, name: str) -> Step | None:
    term, loose = name.partition(".")[2], _given_up(trial, name=name)
    found, complete = lab.groups(loose)
    groups = Judge(lab.changed(loose), also=(term,)).candidates([group.mask for group in found])
    row, scale, stated = lookup(term), term_scale(term), trial.scenario.at(name)
    if row.adds_up:
        best = cheapest(lab, groups, loose.scenario, [[group.costs[term] for group in groups]])
        value = None if best is None else best[0][0] / scale
    else:
        costs = sorted({group.costs[term] / scale for group in groups})
        values = [cost for cost in costs if cost > stated]
        first = first_of(lab, values, lambda most: changed(trial, {name: most}))
        value = None if first is None else first[0]
    if value is None or not complete:
        return None
    relaxation = Relaxation(
        name,
        stated,
        value,
        row.unit,
        {name: value},
        (),
        f"{amount(term, value, is_limit=True)} allowed instead of {number(stated, is_limit=True)}",
    )
    return Step(relaxation, changed(trial, {name: value}), None, is_short_refuted=True)


LEAST = {LAYERS: _fewest_crossings, LIMITS: _least_limit}


def _listed(name: str, base: Scenario) -> Direction:
    """Give the direction that drops one pin or barrier; numbers are those of the base scenario."""
    kind, _, number = name.removesuffix("]").partition("[")
    entry = base.at(kind)[int(number)]

    def loosen(trial: Trial) -> Trial:
        entries = list(trial.scenario.at(kind))
        entries.remove(entry)
        return changed(trial, {kind: tuple(entries)})

    def least(_: Lab, trial: Trial) -> Step:
        loose = loosen(trial)
        left = [list(entry) for entry in loose.scenario.at(kind)]
        words = f"drop the {'pin ' if kind.startswith('pins.') else ''}{_list_words(base, name)}"
        return dropped(name, trial, loose, {kind: left}, words)

    return Direction(name, name, loosen, least)


def entry_directions(
    scenario: Scenario, names: Sequence[str]
) -> tuple[list[Direction], list[Direction]]:
    """Give the directions that let layers be crossed, and those that give up other entries."""
    found = {
        kind: [
            Direction(name, name, partial(_given_up, name=name), partial(least, name=name))
            for name in names
            if name.startswith(f"{kind}.")
        ]
        for kind, least in LEAST.items()
    }
    lists = [_listed(name, scenario) for name in names if "[" in name]
    return found[LAYERS], [*found[LIMITS], *lists]
