"""Diagnosis: which units can be placed nowhere, and which rules clash.

A rule family is what a person would name as one rule: the least size, one boundary layer, one pin.
A set of families clashes if no plan obeys them all whatever becomes of the others. The smallest
such set is found by implicit hitting sets (Ignatiev, Previti, Liffiton and Marques-Silva 2015): a
clash shares a family with every set of families whose removal admits a plan, so the smallest set
that shares one with each of those known is tried, until it clashes itself.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cluster_optimiser.geography.alignment import binding_homes
from cluster_optimiser.optimise.explain.directions import NOWHERE, broken_sizes
from cluster_optimiser.optimise.explain.entries import (
    broken_entries,
    entries_of,
    nowhere,
    without_entries,
)
from cluster_optimiser.optimise.explain.relax import so_many, some
from cluster_optimiser.optimise.explain.trial import Lab, Trial
from cluster_optimiser.optimise.explain.trial_rules import components, with_values
from cluster_optimiser.optimise.pinned import exceptable
from cluster_optimiser.rules import FAMILIES, Asked, Family

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cluster_optimiser.domain import Problem
    from cluster_optimiser.scenario import Scenario

MOST_STUCK = 12
"""Units that cannot all be placed are named if they are no more than this."""


@dataclass(frozen=True, slots=True)
class UnplacedUnit:
    unit: str
    pupils: int
    kinds: tuple[str, ...]
    rules: tuple[tuple[str, ...], ...]
    words: str  # the reason in a sentence


@dataclass(frozen=True, slots=True)
class Clash:
    """Rules that cannot all be kept, whatever becomes of the others."""

    rules: tuple[str, ...]  # the rule families
    is_smallest: bool  # true where it is proved that no smaller set clashes


def rule_families(problem: Problem) -> tuple[str, ...]:
    """Name the rules that a scenario makes, each of which could be given up by itself."""
    stated = _all_stated(problem.scenario)
    bound = _bound(problem.scenario)
    alone = (name for name in stated if name not in bound)
    pupils = problem.units["pupils"].tolist()

    def matters(name: str) -> bool:
        asked = FAMILIES[name].matters if name in FAMILIES else None
        return asked is None or asked(problem.scenario, pupils)

    return tuple(filter(matters, alone))


def _all_stated(scenario: Scenario) -> list[str]:
    return [name for family in FAMILIES.values() for name in _stated(scenario, family)]


def _bound(scenario: Scenario) -> tuple[str, ...]:
    """Name the rules that another rule would mean nothing without."""
    stated = _all_stated(scenario)
    return tuple(name for name in stated if name in FAMILIES and FAMILIES[name].unless in stated)


def _stated(scenario: Scenario, family: Family) -> Iterable[str]:
    """Name what a scenario states of a family: itself, or each entry."""
    if not family.free:
        return entries_of(scenario, family.name)
    is_stated = any(scenario.at(key) != value for key, value in family.free.items())
    return [family.name] if is_stated else []


def without(scenario: Scenario, families: Iterable[str]) -> Scenario:
    dropped = set(families)
    changed = with_values(scenario, {"size.target_pupils": scenario.size.target})
    for family in FAMILIES.values():
        if family.name in dropped:
            changed = with_values(changed, family.free)
    return without_entries(changed, dropped)


def find_clash(lab: Lab, families: Sequence[str]) -> Clash:
    """Find the smallest set of rule families that cannot all be kept."""
    scenario = lab.problem.scenario

    def verdict(kept: Iterable[str]) -> str:
        keep = set(kept)
        return lab.verdict(Trial(without(scenario, [f for f in families if f not in keep])))

    def others(family: str) -> list[str]:
        return [f for f in families if f != family]

    remedies = [frozenset([f]) for f in families if verdict(others(f)) == "FEASIBLE"]
    while True:
        tried = _least_hitting(remedies, families)
        outcome = verdict(tried)
        if outcome == "INFEASIBLE":
            bound = () if tried else _bound(scenario)
            freed = Trial(without(scenario, [*families, *bound]))
            is_cause = bool(bound) and lab.verdict(freed) == "FEASIBLE"
            return Clash(bound if is_cause else tried, is_smallest=True)
        if outcome == "UNKNOWN":
            break
        kept = list(tried)
        for family in families:
            if family not in kept and verdict([*kept, family]) == "FEASIBLE":
                kept.append(family)
        remedies.append(frozenset(families) - frozenset(kept))
    left = list(families)
    for family in families:
        if verdict([f for f in left if f != family]) == "INFEASIBLE":
            left.remove(family)
    return Clash(tuple(left), is_smallest=False)


def _least_hitting(remedies: Sequence[frozenset[str]], families: Sequence[str]) -> tuple[str, ...]:
    """Give the first of the smallest sets of families that share one with each remedy."""
    useful = [f for f in families if any(f in remedy for remedy in remedies)]
    for n_rules in range(len(useful) + 1):
        for chosen in itertools.combinations(useful, n_rules):
            if all(remedy.intersection(chosen) for remedy in remedies):
                return chosen
    return tuple(families)


def unplaced_units(lab: Lab) -> tuple[UnplacedUnit, ...]:
    """Find the units that are in no legal cluster, and why."""
    base = Trial(lab.problem.scenario)
    groups, complete = lab.groups(base)
    covered = 0
    for group in groups:
        covered |= group.mask
    left = [i for i in range(len(lab.names)) if not covered >> i & 1]
    if not left or not complete:
        return ()
    return tuple(_UnitReason(lab, i).made() for i in left)


class _UnitReason:
    """Looks at every group that a unit could be in, and at the rules that each breaks."""

    def __init__(self, lab: Lab, unit: int) -> None:
        self.lab, self.unit = lab, unit
        self.scenario = lab.problem.scenario
        self.masks = lab.sets_with(unit)
        self.entries = broken_entries(lab, self.masks)
        self.others = ~exceptable(lab.problem)  # units of which no exception may be made

    def broken(self, mask: int) -> tuple[str, ...]:
        """Give the rule families that a group breaks."""
        lab, size = self.lab, self.scenario.size
        pupils = sum(lab.pupils[i] for i in lab.members(mask))
        families = broken_sizes(size, pupils, is_exceptable=not mask & self.others)
        return (*families, *lab.broken_by_schools(self.scenario, mask), *self.entries[mask])

    def made(self) -> UnplacedUnit:
        lab = self.lab
        broken = {mask: self.broken(mask) for mask in self.masks}
        sets = {frozenset(families) for families in broken.values()}
        least = sorted({tuple(sorted(s)) for s in sets if not any(other < s for other in sets)})
        least.sort(key=lambda families: (len(families), families))
        kinds: list[str] = []
        words = []
        for rules in least[:3]:
            masks = [mask for mask in self.masks if set(broken[mask]) == set(rules)]
            said = [self._said(rule, masks) for rule in rules]
            kinds += [kind for kind, _ in said]
            words.append(" and ".join(text for _, text in said))
        name, pupils = lab.names[self.unit], lab.pupils[self.unit]
        sentence = f"{name} ({so_many(pupils)}) fits nowhere: {'; or '.join(words)}"
        return UnplacedUnit(name, pupils, tuple(dict.fromkeys(kinds)), tuple(least), sentence)

    def _said(self, rule: str, masks: list[int]) -> tuple[str, str]:
        kind = rule.partition(".")[0]
        if rule in NOWHERE:
            return NOWHERE[rule](self.lab, self.unit, masks)
        if kind == "travel":
            return kind, self._too_far(masks)
        asked = next((one for one in self.scenario.quotas if one.rule == rule), None)
        if asked is not None:
            return kind, self._beyond(asked, masks)
        if rule in FAMILIES:
            return kind, FAMILIES[rule].nowhere
        return kind, nowhere(self.lab, rule, self.unit, masks)

    def _beyond(self, asked: Asked, masks: list[int]) -> str:
        numbers = self.lab.problem.units[asked.quota.number].tolist()
        held = [sum(numbers[i] for i in self.lab.members(mask)) for mask in masks]
        is_least = asked.quota.is_least
        best = max(held) if is_least else min(held)
        side, end = ("more", "least") if is_least else ("fewer", "highest")
        noun = asked.quota.noun + "s" * (best != 1)
        return (
            f"no group it could be in has {side} than {best} {noun}, "
            f"and the {end} number is {asked.limit}"
        )

    def _too_far(self, masks: list[int]) -> str:
        lab = self.lab
        best = min(masks, key=lambda mask: (lab.facts(mask).longest_min, mask.bit_count(), mask))
        facts = lab.facts(best)
        schools = lab.problem.authority.schools["name"]
        if not facts.place_urn:
            return "its schools cannot reach one another"
        group = "" if best.bit_count() == 1 else f" in the group {some(list(lab.units(best)))}"
        way = f"from {schools[facts.farthest_urn]} to {schools[facts.place_urn]}{group}"
        if facts.longest_min == float("inf"):
            return f"there is no known way {way}"
        return (
            f"the way {way} takes {facts.longest_min:.2f} minutes, over the limit of "
            f"{Trial(self.scenario).limit_min:g}"
        )


def areas_without_plan(lab: Lab) -> tuple[str, ...]:
    """Find the parts, cut at borders no cluster may cross, that have no plan alone."""
    base = Trial(lab.problem.scenario)
    pieces = components(lab.closed(base))
    groups, complete = lab.groups(base)
    if len(pieces) < len(("one", "other")) or not complete:
        return ()
    stuck = [p for p in pieces if not lab.can_be_placed(groups, lab.members(p), base)]
    return tuple(_area_name(lab, piece) for piece in stuck)


def _area_name(lab: Lab, piece: int) -> str:
    units = list(lab.units(piece))
    first = lab.position[units[0]]
    homes = [homes[first] for homes in binding_homes(lab.problem).values()]
    named = ", ".join(str(home) for home in homes if home is not None)
    return f"{named} ({some(units)})" if named else some(units)


def stuck_units(lab: Lab) -> tuple[str, ...]:
    """Find a least set of units that cannot all be placed at once, whatever the others do.

    Leaving any one of them out, the rest can be placed (the count range aside).
    """
    base = Trial(lab.problem.scenario)
    groups, complete = lab.groups(base)
    left = sorted(range(len(lab.names)), key=lambda i: (-lab.pupils[i], i))
    if not complete or lab.can_be_placed(groups, left, base):
        return ()
    for unit in tuple(left):
        fewer = [i for i in left if i != unit]
        if not lab.can_be_placed(groups, fewer, base):
            left = fewer
    return tuple(lab.names[i] for i in sorted(left)) if len(left) <= MOST_STUCK else ()
