"""Directions: every way to loosen a scenario, and the least step in it that admits a plan.

Every direction is monotone: what is legal stays legal as the rule is loosened. So the least step is
found by bisection over the values at which something becomes legal, or as a proved optimum.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cluster_optimiser.constants import CENTIMINUTES_PER_MINUTE
from cluster_optimiser.geography.adjacency import cluster_drives
from cluster_optimiser.optimise.explain.entries import amount, entry_directions
from cluster_optimiser.optimise.explain.relax import (
    Direction,
    Relaxation,
    Step,
    Value,
    changed,
    cheapest,
    dropped,
    first_of,
    freed,
    so_many,
    some,
)
from cluster_optimiser.optimise.explain.trial import Lab, Trial
from cluster_optimiser.optimise.explain.trial_rules import components, with_values
from cluster_optimiser.rules import FAMILIES, Asked, Family
from cluster_optimiser.terms import bounded_as, lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cluster_optimiser.scenario import Scenario
    from cluster_optimiser.scenario.tables import Size

CLUSTERS = bounded_as("fewest")
"""The term that counts clusters, which a number of them is told by."""

LOOSER_SHARE = 0.10
"""The price of the maximum is told for one so much higher: without any there may be too many
groups to prove an optimum."""


def _sized(trial: Trial, **values: object) -> Trial:
    kept = {"target_pupils": trial.scenario.size.target, **values}
    return changed(trial, {f"size.{name}": value for name, value in kept.items()})


def _freeing(family: str, least: Callable[[Lab, Trial], Step | None]) -> Direction:
    return Direction(family, family, partial(freed, family=family), least)


def _least_size(lab: Lab, trial: Trial, *, end: str) -> Step | None:
    """Move one end of the range of pupils to the next number at which some group is legal."""
    name, outwards = f"{end}_pupils", -1 if end == "min" else 1
    stated = trial.scenario.at(f"size.{name}")
    values = (_below if end == "min" else _above)(lab, trial, stated)
    found = first_of(lab, values, lambda value: _sized(trial, **{name: value}))
    if found is None:
        return None
    value, loosened, _ = found
    kept, beside = _kept_target(lab.problem.scenario)
    relaxation = Relaxation(
        f"size.{end}",
        stated,
        value,
        "pupils",
        {f"size.{name}": value, **kept},
        (),
        f"a {end}imum of {so_many(value)} instead of {stated:,}{beside}",
    )
    return Step(relaxation, loosened, _sized(trial, **{name: value - outwards}))


def _kept_target(scenario: Scenario) -> tuple[dict[str, Value], str]:
    """Give what is to be stated where a limit is measured from the middle of the range."""
    size, is_limited = scenario.size, any(lookup(t).most == "target" for t in scenario.most_of)
    if not is_limited or size.target_pupils:
        return {}, ""
    return {"size.target_pupils": size.target}, f" and still {size.target:,} aimed at"


def _below(lab: Lab, trial: Trial, stated: int) -> list[int]:
    groups, _ = lab.groups(_sized(trial, min_pupils=0))
    return sorted({g.pupils for g in groups if g.pupils < stated}, reverse=True)


def _above(lab: Lab, trial: Trial, stated: int) -> list[int]:
    for highest in lab.maxima:
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
    best = cheapest(lab, groups, scenario, [[int(g.is_exception) for g in groups], missing])
    if best is None or not complete:
        return None
    (n_exceptions, missing_pupils), chosen = best
    small = [g for g in chosen if g.is_exception]
    units = tuple(sorted(unit for g in small for unit in g.units))
    said = some(
        [
            f"{' with '.join(g.units)} ({so_many(g.pupils)}, {size.min_pupils - g.pupils:,} short)"
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
    of_any, of_named = "", ""
    if size.exceptions and not named:
        of_any, of_named = " of any clusters", f" of {some(size.exceptions)} alone"
    relaxation = Relaxation(
        "size.max_exceptions" if named else "size.exceptions",
        size.max_exceptions,
        n_exceptions,
        "clusters",
        changes,
        units,
        f"{n_exceptions} {noun}{of_any} under the minimum instead of {size.max_exceptions}"
        f"{of_named}: {said}; {so_many(missing_pupils)} short in all, "
        "the least for so few exceptions",
    )
    return Step(relaxation, changed, short)


def _least_count(lab: Lab, trial: Trial, *, end: str) -> Step | None:
    key = f"count.{end}"
    loose = freed(trial, key)
    groups, complete = lab.groups(loose)
    sign = -1 if end == "min" else 1
    best = cheapest(lab, groups, loose.scenario, [[sign] * len(groups)])
    if best is None or not complete:
        return None
    value = sign * best[0][0]
    stated = trial.scenario.at(key)
    at_least = "at least" if end == "min" else "at most"
    relaxation = Relaxation(
        key,
        stated,
        value,
        "clusters",
        {key: value},
        (),
        f"{at_least} {amount(CLUSTERS, value)} instead of {stated}",
    )
    # One step short of the stated range itself is the stated range.
    return Step(relaxation, changed(trial, {key: value}), changed(trial, {key: value - sign}))


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
    found = first_of(lab, values, lambda value: changed(trial, {key: value}))
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
        found = first_of(lab, values, lambda value: changed(trial, {key: value}))
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

    return _freeing(asked.rule, least)


def _least_shared(lab: Lab, trial: Trial) -> Step | None:
    key = "contiguity.min_shared_m"
    stated_m = trial.scenario.at(key)
    lengths_m = {int(metres) for metres in lab.shared_m().values() if metres < stated_m}
    values = sorted((metres for metres in lengths_m if metres >= 1), reverse=True)
    found = first_of(lab, values, lambda value: changed(trial, {key: float(value)}))
    if found is None:
        return None
    value, loosened, _ = found
    pairs = [pair for pair, metres in sorted(lab.shared_m().items()) if int(metres) == value]
    said = ", ".join(" and ".join(pair) for pair in pairs)
    relaxation = Relaxation(
        key,
        stated_m,
        value,
        "metres",
        {key: value},
        tuple(dict.fromkeys(name for pair in pairs for name in pair)),
        f"units that touch along {value} m count as adjacent, instead of {stated_m:g} m ({said})",
    )
    short_m = min(float(value + 1), stated_m)
    return Step(relaxation, loosened, changed(trial, {key: short_m}))


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


def _without(family: Family) -> Direction:
    """Give the direction that drops a rule of which nothing less can be done."""
    key = family.name
    changes = {} if None in family.free.values() else family.free  # what is none is left out

    def least(_: Lab, trial: Trial) -> Step:
        return dropped(key, trial, freed(trial, key), changes, family.without)

    return _freeing(key, least)


def _sizes(scenario: Scenario, highest: int) -> list[Direction]:
    directions = [
        _freeing("size.min", partial(_least_size, end="min")),
        Direction(
            "size.exceptions",
            "size.min",
            lambda t: _any_exceptions(t, named=False),
            lambda lab, t: _fewest_exceptions(lab, t, named=False),
            narrower="size.max_exceptions",
        ),
        Direction(
            "size.max",
            "size.max",
            lambda t: _sized(t, max_pupils=highest),
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
    found = [_freeing(family, how) for family, how in least.items()]
    return [*found[:3], *map(_quota, scenario.quotas), *found[3:]]


def directions_of(
    scenario: Scenario, families: Sequence[str], highest: int
) -> tuple[Direction, ...]:
    """Give every way to loosen some families of rules, the maximum up to so many pupils."""
    layers, entries = entry_directions(scenario, families)
    found = [*_sizes(scenario, highest), *layers, *_others(scenario), *entries]
    return tuple(d for d in found if d.family in families)


def broken_sizes(size: Size, pupils: int, *, is_exceptable: bool) -> list[str]:
    """Give the families that a group of so many pupils breaks, if it may be an exception or not."""
    if size.refuses(pupils, is_one=True):
        return ["size.oversize"]
    return ["size.min"] if size.is_under(pupils) and not is_exceptable else []


def _too_small(lab: Lab, unit: int, masks: Sequence[int]) -> tuple[str, str]:
    base = Trial(lab.problem.scenario)
    minimum, highest = base.scenario.size.min_pupils, base.scenario.size.max_pupils
    bit = 1 << unit
    touching = lab.adjacency(base)[unit]
    closed = lab.closed(base)
    reach = next(piece for piece in components(closed) if piece & bit)
    total = sum(lab.pupils[i] for i in lab.members(reach))
    under = f"under the minimum of {minimum:,}"
    if not touching:
        return "no_neighbour", f"it is {under} and no unit is adjacent to it"
    if reach == bit:
        layers = " and ".join(lab.homes(base))
        return "cut_off", f"it is {under} and a border ({layers}) lies to every neighbour"
    if total < minimum:
        others = some([lab.names[i] for i in lab.members(reach ^ bit)])
        return "no_room", f"with all it can reach ({others}) it has {total:,}, {under}"
    best = max(masks, key=lambda mask: (lab.facts(mask).pupils, -mask))
    pupils = lab.facts(best).pupils
    if best == bit:
        nearest = min(lab.members(closed[unit]), key=lambda i: (lab.pupils[i], i))
        sum_pupils = lab.pupils[nearest] + lab.pupils[unit]
        with_next = f"with the smallest neighbour, {lab.names[nearest]}, {sum_pupils:,}"
        if sum_pupils > highest:
            return "enclosed", (
                f"it is {under} and its neighbours are full: {with_next} would pass the "
                f"maximum of {highest:,}"
            )
        return "too_small", f"by itself it is {under}"
    partners = some([lab.names[i] for i in lab.members(best ^ bit)])
    return "too_small", (
        f"the largest group it could be in without passing {so_many(highest)} has "
        f"{pupils:,} (with {partners}), {under}"
    )


def _too_large(lab: Lab, *_: object) -> tuple[str, str]:
    return "oversize", (
        f"it is over the maximum of {so_many(lab.problem.scenario.size.max_pupils)} by itself, and "
        'the scenario refuses that (oversize = "refuse")'
    )


NOWHERE: dict[str, Callable[[Lab, int, Sequence[int]], tuple[str, str]]] = {
    "size.min": _too_small,
    "size.oversize": _too_large,
}
"""Family -> what says why a unit is in no group that keeps it, and the kind of reason that is."""


def _raised(scenario: Scenario) -> tuple[Scenario, str]:
    stated, target = scenario.size.max_pupils, scenario.size.target
    highest = round(stated * (1 + LOOSER_SHARE))
    changed = with_values(scenario, {"size.max_pupils": highest, "size.target_pupils": target})
    return changed, f"With a maximum of {so_many(highest)} instead of {stated:,}"


LOOSER = {"size.max": _raised}
"""Family whose price is told for a looser value -> what gives the scenario and says what it is."""


def sums(scenario: Scenario, pupils: Sequence[int]) -> tuple[str, ...]:
    """Say where pupils and the count range do not go together whatever the map."""
    size, count = scenario.size, scenario.count
    total = sum(pupils)
    notes = []
    fewest = size.fewest(pupils)
    too_many = count.beyond(fewest)
    if too_many > 0:
        notes.append(
            f"{amount(CLUSTERS, fewest - too_many)} of up to {so_many(size.max_pupils)} cannot "
            f"hold the {total:,} pupils there are."
        )
    if size.min_pupils and size.most(pupils) < count.min:
        notes.append(
            f"There are {total:,} pupils, not enough for {amount(CLUSTERS, count.min)} "
            f"of at least {size.min_pupils:,}."
        )
    return tuple(notes)
