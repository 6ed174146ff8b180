"""The rules that a plan must keep, and the values of its objective terms."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from cluster_optimiser.constants import (
    CENTIMINUTES_PER_MINUTE,
    CENTIPUPILS_PER_PUPIL,
    METRES_PER_KM,
)
from cluster_optimiser.domain import Problem, Violation
from cluster_optimiser.own import broken_by, value_of_plan
from cluster_optimiser.rules import OWN
from cluster_optimiser.terms import TERMS, own_terms
from cluster_optimiser.verification.facts import (
    ClusterFacts,
    Verification,
    cluster_facts,
    hubs_among,
    sort_members,
)
from cluster_optimiser.verification.levels import level_violations
from cluster_optimiser.verification.neighbours import borders_m, touching, where_schools_lie
from cluster_optimiser.verification.register import PlainGround

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd

    from cluster_optimiser.scenario import Scenario

    Drawn = tuple[Mapping[Any, float], Mapping[Any, str | None]]
    """What areas share, and the cluster that each is in: None where it is in an exempt one."""

MINUTES_TOLERANCE_MIN = 1e-9
"""A limit in minutes is met to this tolerance: both sides are decimals kept in binary."""


def exempt_group(ground: PlainGround, urn: int) -> str | None:
    """Give the exempt group that a school is in by the register, whatever a plan was made from."""
    row = ground.problem.authority.schools.loc[urn]
    for exempt in ground.scenario.exempt:
        if all(str(row[column]) in exempt.values(column) for column in exempt.where):
            return exempt.name
    return None


def _exempt_violations(
    ground: PlainGround, members: Mapping[str, Sequence[int]]
) -> Iterator[Violation]:
    for name, urns in members.items():
        for urn in urns:
            group = ground.schools[urn].exempt
            if group is not None and name != group:
                named = {"group": group, "name": name}
                yield Violation("exempt", f"URN {urn}", "exempt_elsewhere", named)
            elif group is None and name in ground.exempt_names:
                yield Violation("exempt", f"URN {urn}", "not_exempt", {"name": name})


def _clusters_of_units(
    ground: PlainGround, members: Mapping[str, Sequence[int]]
) -> dict[str, set[str]]:
    """Give the clusters that the schools of each unit are in: one, unless it is divided."""
    found: dict[str, set[str]] = {unit: set() for unit in sorted(ground.unit_urns)}
    for name, urns in members.items():
        for urn in urns:
            unit = ground.schools[urn].unit
            if unit is not None:
                found[unit].add(name)
    return found


def _is_kept_oversize(ground: PlainGround, facts: ClusterFacts) -> bool:
    """Tell whether a cluster over the maximum is an existing one, which may stand as it is.

    That is one whole unit, unless units are schools: then all ordinary schools of one of today's.
    """
    if ground.scenario.size.oversize != "keep":
        return False
    if len(facts.units) == 1 and not ground.is_single_school(facts.units[0]):
        return set(facts.urns) == ground.unit_urns[facts.units[0]]
    today = {ground.schools[urn].today for urn in facts.urns}
    ordinary = {s.urn for s in ground.schools.values() if s.today in today and s.exempt is None}
    return len(today) == 1 and set(facts.urns) == ordinary


def cluster_violations(ground: PlainGround, facts: ClusterFacts) -> Iterator[Violation]:
    """Judge one cluster that is not exempt by every rule that concerns it alone."""
    scenario, name = ground.scenario, facts.name
    most = ground.most
    if facts.pupils > most and not _is_kept_oversize(ground, facts):
        over = {"pupils": facts.pupils, "over": facts.pupils - most, "most": most}
        yield Violation("size.max", name, "over", over)
    schools = scenario.size.max_schools
    if schools is not None and facts.n_schools > schools:
        yield Violation("size.schools", name, "schools", {"most": schools}, facts.n_schools)
    yield from _range_violations(ground, facts)
    if not facts.is_contiguous:
        yield Violation("contiguity", name, "apart")
    if facts.n_secondary < scenario.secondary.min:
        least = {"least": scenario.secondary.min}
        yield Violation("secondary", name, "secondary", least, facts.n_secondary)
    yield from _travel_violations(ground, facts)
    yield from _hub_violations(ground, facts)
    for layer, home in ground.unit_home.items():
        homes = {home[unit] for unit in facts.units}
        if len(homes) > 1 or (None in homes and len(facts.units) > 1):
            known = sorted(home for home in homes if home is not None)
            said = "homes" if len(known) == len(homes) else "homes_unknown"
            yield Violation(f"within.{layer}", name, said, {"homes": known})


def _range_violations(ground: PlainGround, facts: ClusterFacts) -> Iterator[Violation]:
    """Judge a cluster by the places of its hubs, and by the range of each name that it holds."""
    size, pupils = ground.scenario.size, facts.pupils
    if size.of == "hub":
        register = ground.problem.authority.schools
        hubs = hubs_among(ground, [ground.schools[urn] for urn in facts.urns])
        places = sum(int(float(register.loc[hub.urn, size.places])) for hub in hubs)
        spare = Decimal(str(size.tolerance)) * places
        if abs(pupils - places) > spare:
            beside = {"pupils": pupils, "places": places, "spare": spare}
            yield Violation("size.hub", facts.name, "places", beside)
    for name, own in size.clusters.items():
        if _pinned(ground, name).isdisjoint(facts.units):
            continue
        if not own.min_pupils <= pupils <= own.max_pupils:
            stated = {"name": name, "low": own.min_pupils, "high": own.max_pupils}
            said = {"min": "range_min", "max": "range_max"}.get(own.asks, "range")
            yield Violation("size.clusters", facts.name, said, {"pupils": pupils, **stated})


def _hub_violations(ground: PlainGround, facts: ClusterFacts) -> Iterator[Violation]:
    """Judge a redrawn cluster: it has a hub, and its shape goes towards it where that is asked."""
    scenario = ground.scenario
    # Any school will do; a cluster of areas where pupils live may have none at all.
    is_asked = scenario.hubs != "any" or not facts.n_schools
    if is_asked and facts.meeting_place_urn is None:
        yield Violation("hub", facts.name, "no_hub")
    elif scenario.redraw.shape == "towards the hub" and facts.meeting_place_urn is not None:
        turned = _turned_away(ground, facts, facts.meeting_place_urn)
        if turned:
            yield Violation("shape", facts.name, "shape", {"units": turned})


def _turned_away(ground: PlainGround, facts: ClusterFacts, hub_urn: int) -> list[str]:
    """Give the units that neither touch the hub's nor one of the cluster nearer to the hub."""
    hub = ground.schools[hub_urn]
    away: dict[str, float] = {}
    for school in (ground.schools[urn] for urn in facts.urns):
        minutes = float(ground.minutes[school.position, hub.position])
        if school.unit is not None and not math.isnan(minutes):
            away[school.unit] = min(minutes, away.get(school.unit, math.inf))
    near = touching(ground)
    return [
        unit
        for unit in facts.units
        if unit != hub.unit
        and hub.unit not in near[unit]
        and not any(away.get(n, math.inf) < away.get(unit, math.inf) for n in near[unit])
    ]


def _travel_violations(ground: PlainGround, facts: ClusterFacts) -> Iterator[Violation]:
    limit = ground.limit_min
    if limit is None:
        return
    if facts.meeting_place_urn is None:
        yield Violation("travel", facts.name, "no_place")
    elif facts.max_minutes is None:
        yield Violation("travel", facts.name, "no_way", {"urn": str(facts.meeting_place_urn)})
    elif facts.max_minutes > limit + MINUTES_TOLERANCE_MIN:
        way = {"minutes": Decimal(f"{facts.max_minutes:.2f}"), "most": Decimal(f"{limit:g}")}
        yield Violation("travel", facts.name, "far", way)


def _unnamed(ground: PlainGround, facts: ClusterFacts, named: Sequence[str]) -> list[str]:
    """Give a cluster's units that no name stands for."""
    meant = set().union(*(_pinned(ground, name) for name in named))
    return [unit for unit in facts.units if unit not in meant]


def small_violations(ground: PlainGround, ordinary: Sequence[ClusterFacts]) -> Iterator[Violation]:
    """Judge the clusters under the minimum: so many are allowed, perhaps only of named units."""
    size = ground.scenario.size
    small = [facts for facts in ordinary if facts.pupils < ground.least]
    for facts in small:
        least = ground.least
        under = {"pupils": facts.pupils, "under": least - facts.pupils, "least": least}
        if len(small) > size.max_exceptions:
            allowed = {"may": size.max_exceptions}
            yield Violation("size.min", facts.name, "under_many", under | allowed, len(small))
        unnamed = [] if size.exceptions is None else _unnamed(ground, facts, size.exceptions)
        if unnamed:
            yield Violation("size.min", facts.name, "under_unnamed", under | {"units": unnamed})


def _in_no_plan(ground: PlainGround, facts: ClusterFacts) -> Iterator[Violation]:
    """Give what one cluster breaks whatever the others are."""
    yield from cluster_violations(ground, facts)
    yield from small_violations(ground, [facts])


def _count_violations(scenario: Scenario, n_clusters: int) -> Iterator[Violation]:
    fewest, most = scenario.count.min, scenario.count.max
    if n_clusters < fewest:
        yield Violation("count", "plan", "few", {"fewest": fewest}, n_clusters)
    if most is not None and n_clusters > most:
        yield Violation("count", "plan", "many", {"most": most}, n_clusters)


def _pinned(ground: PlainGround, name: str) -> set[str]:
    """Give the units that a name stands for: a unit, or those that hold a cluster of today."""
    if name in ground.unit_urns:
        return {name}
    schools = ground.schools.values()
    return {s.unit for s in schools if s.unit is not None and s.today == name}


def _pin_violations(
    ground: PlainGround, clusters_of: Mapping[str, set[str]]
) -> Iterator[Violation]:
    def clusters(name: str) -> set[str]:
        return {c for unit in _pinned(ground, name) for c in clusters_of[unit]}

    for names in ground.scenario.pins.together:
        apart = sorted(set().union(*(clusters(name) for name in names)))
        if len(apart) > 1:
            inside = {"clusters": apart}
            yield Violation("pins.together", ", ".join(names), "pinned_together", inside)
    for names in ground.scenario.pins.apart:
        for one, other in combinations(names, 2):
            shared = sorted(clusters(one) & clusters(other))
            if shared:
                inside = {"clusters": shared}
                yield Violation("pins.apart", f"{one}, {other}", "pinned_apart", inside)


def _violations(
    ground: PlainGround, members: Mapping[str, Sequence[int]], ordinary: Sequence[ClusterFacts]
) -> Iterator[Violation]:
    clusters_of = _clusters_of_units(ground, members)
    yield from _exempt_violations(ground, members)
    for unit, names in clusters_of.items():
        if len(names) > 1:
            yield Violation("units", unit, "divided", {"clusters": sorted(names)})
    for facts in ordinary:
        yield from cluster_violations(ground, facts)
    yield from _own_violations(ground, ordinary)
    yield from small_violations(ground, ordinary)
    yield from _count_violations(ground.scenario, len(ordinary))
    yield from _pin_violations(ground, clusters_of)
    yield from level_violations(
        ground.problem,
        {facts.name: facts for facts in ordinary},
        judge_one=_in_no_plan,
        judge_all=verify_plan,
    )


def _own_violations(ground: PlainGround, ordinary: Sequence[ClusterFacts]) -> Iterator[Violation]:
    for facts in ordinary if OWN else ():
        for rule, detail in broken_by(_schools_of(ground, facts)).items():
            yield Violation(f"own.{rule}", facts.name, "own", {"detail": detail})


def _schools_of(ground: PlainGround, facts: ClusterFacts) -> gpd.GeoDataFrame:
    return ground.problem.authority.schools.loc[sorted(facts.urns)]


# --- the objective and the metrics ------------------------------------------------------


def _changed_pupils(ground: PlainGround, ordinary: Sequence[ClusterFacts]) -> int | None:
    """Count the pupils whose cluster is not the continuation of today's.

    Each new cluster continues at most one of today's clusters and each of today's is continued by
    at most one, so that as many pupils as possible stay: a matching of greatest weight.
    """
    if any(school.is_home for school in ground.schools.values()):
        return None  # areas are no clusters of today
    kept: list[Counter[str]] = []
    for facts in ordinary:
        stayed: Counter[str] = Counter()
        for school in (ground.schools[urn] for urn in facts.urns):
            if school.exempt is None and school.today is not None:
                stayed[school.today] += school.pupils
        kept.append(stayed)
    pupils = sum(s.pupils for s in ground.schools.values() if s.exempt is None)
    today = sorted({name for stayed in kept for name in stayed})
    if not today:
        return pupils
    weight = np.array([[stayed[name] for name in today] for stayed in kept], dtype=np.int64)
    rows, columns = linear_sum_assignment(weight, maximize=True)
    return pupils - int(weight[rows, columns].sum())


def _counted(cell: object) -> int:
    """Give the pupils that a cell counts: what is not known counts as none."""
    text = str(cell).strip()
    return int(float(text)) if text.replace(".", "", 1).isdigit() else 0


def _need_deviation(ground: PlainGround, ordinary: Sequence[ClusterFacts]) -> float | None:
    """Count the weighted pupils by which clusters have more or less need than their pupils say."""
    funding = ground.scenario.funding
    if funding is None or not funding.need:
        return None
    need: list[Fraction] = []
    pupils: list[int] = []
    register = ground.problem.authority.schools
    phase = dict(zip(register.index, register["phase"], strict=True))
    counts = {
        measure: dict(zip(register.index, map(_counted, register[measure]), strict=True))
        for measure in funding.need
    }
    for facts in ordinary:
        urns = [
            urn
            for urn in facts.urns
            if ground.schools[urn].exempt is None and phase[urn] not in funding.without_phases
        ]
        weighted = (
            Fraction(weight) * sum(counts[measure][urn] for urn in urns)
            for measure, weight in funding.need.items()
        )
        need.append(sum(weighted, Fraction(0)))
        pupils.append(sum(ground.schools[urn].pupils for urn in urns))
    if not sum(pupils):
        return 0.0
    rate = Fraction(sum(need), sum(pupils))
    hundredths = [
        floor(abs(n - rate * p) * CENTIPUPILS_PER_PUPIL + Fraction(1, 2))
        for n, p in zip(need, pupils, strict=True)
    ]
    return sum(hundredths) / CENTIPUPILS_PER_PUPIL


def _border_km(ground: PlainGround, ordinary: Sequence[ClusterFacts]) -> float:
    """Follow borders as they are drawn: half of one belongs to each cluster that ends at it."""
    cluster_of = {
        urn: facts.name
        for facts in ordinary
        for urn in facts.urns
        if ground.schools[urn].exempt is None
    }
    drawn, lies = _areas_of_today(ground, cluster_of) or _areas_of_schools(ground, cluster_of)
    halves = 0
    for ends, metres in drawn.items():
        one, other = (lies.get(end) for end in ends)
        if one != other and all(end in lies for end in ends):
            halves += round(metres) * ((one is not None) + (other is not None))
    return halves / (2 * METRES_PER_KM)


def _areas_of_today(ground: PlainGround, cluster_of: Mapping[int, str]) -> Drawn | None:
    """Give what today's clusters share as they are drawn, unless they or their units are cut up."""
    units: dict[str | None, set[str]] = {}
    clusters: dict[str, set[str | None]] = {}
    for school in ground.schools.values():
        if school.unit is not None:
            units.setdefault(school.today, set()).add(school.unit)
            clusters.setdefault(school.unit, set()).add(cluster_of.get(school.urn))
    is_cut = any(len(held) > 1 for held in units.values())
    is_cut |= any(len(held) > 1 for held in clusters.values())
    if is_cut:
        return None
    lies = {today: next(iter(clusters[next(iter(held))])) for today, held in units.items()}
    drawn = borders_m(ground.problem.territory.clusters, ground.scenario.contiguity.snap_m)
    return drawn, lies


def _areas_of_schools(ground: PlainGround, cluster_of: Mapping[int, str]) -> Drawn:
    """Give what cells share; an exempt school's goes with the first school where it stands.

    Where there is none, what ends at it is no border between clusters.
    """
    lies: dict[int, str | None] = {}
    for urn, unit in where_schools_lie(ground).items():
        hosts = ground.unit_urns[unit]
        if ground.schools[urn].exempt is not None:
            lies[urn] = cluster_of.get(min(hosts)) if hosts else None
        else:
            lies[urn] = cluster_of.get(urn)
    return borders_m(ground.problem.territory.cells), lies


def _objective(ground: PlainGround, ordinary: Sequence[ClusterFacts]) -> dict[str, float | None]:
    scenario = ground.scenario
    misaligned = {
        layer: sum(facts.misaligned_pupils[layer] for facts in ordinary) for layer in ground.layers
    }
    ways = [facts.pupil_minutes for facts in ordinary]
    need = _need_deviation(ground, ordinary)
    # Added in hundredths, which are whole numbers, so that the order of adding does not matter.
    hundredths = [round(way * CENTIMINUTES_PER_MINUTE) for way in ways if way is not None]
    return {
        "count": len(ordinary),
        "joins": sum(len(facts.units) - 1 for facts in ordinary),
        "exceptions": sum(facts.pupils < ground.least for facts in ordinary),
        "pupil_minutes": (
            sum(hundredths) / CENTIMINUTES_PER_MINUTE if len(hundredths) == len(ways) else None
        ),
        "longest_minutes": _travel_metrics(ground, ordinary)["max_minutes"],
        "deviation": sum(abs(facts.pupils - scenario.size.target) for facts in ordinary),
        "changed_pupils": _changed_pupils(ground, ordinary),
        "misaligned": sum(misaligned[layer] for layer in scenario.preferred_layers),
        **{f"misaligned.{layer}": pupils for layer, pupils in misaligned.items()},
        **({} if need is None else {"need_deviation": need}),
        **({"border_km": _border_km(ground, ordinary)} if scenario.asks("border_km") else {}),
        **_own_values(ground, ordinary),
    }


def _own_values(ground: PlainGround, ordinary: Sequence[ClusterFacts]) -> dict[str, float]:
    return {
        term.name: value_of_plan(term, {one.name: _schools_of(ground, one) for one in ordinary})
        for term in own_terms()
    }


def _metrics(
    ground: PlainGround, facts: Sequence[ClusterFacts], objective: Mapping[str, float | None]
) -> dict[str, float | int | None]:
    ordinary = [f for f in facts if not f.is_exempt]
    pupils = [f.pupils for f in ordinary]
    total = sum(pupils)
    way = objective["pupil_minutes"]
    metrics: dict[str, float | int | None] = {
        "n_clusters": len(ordinary),
        "n_exempt_clusters": len(facts) - len(ordinary),
        "n_joins": objective["joins"],
        "n_schools": sum(f.n_schools for f in ordinary),
        "n_schools_all": sum(f.n_schools for f in facts),
        "pupils": total,
        "pupils_all": sum(f.pupils for f in facts),
        "smallest_pupils": min(pupils, default=None),
        "largest_pupils": max(pupils, default=None),
        "mean_pupils": total / len(pupils) if pupils else None,
        "n_under_min": sum(p < ground.least for p in pupils),
        "n_over_max": sum(p > ground.most for p in pupils),
        "deviation": objective["deviation"],
        "pupil_minutes": way,
        "pupil_minutes_any_school": _sum_known([f.pupil_minutes_any_school for f in ordinary]),
        "mean_minutes": way / total if way is not None and total else None,
        "n_not_contiguous": sum(not f.is_contiguous for f in ordinary),
        "n_without_secondary": sum(f.n_secondary < ground.scenario.secondary.min for f in ordinary),
        "changed_pupils": objective["changed_pupils"],
        **_travel_metrics(ground, ordinary),
    }
    if "need_deviation" in objective:
        metrics["need_deviation"] = objective["need_deviation"]
    metrics |= {term.metric: objective[term.name] for term in own_terms()}
    metrics |= {
        t.metric: objective[t.name] for t in TERMS if ground.scenario.asks(t.name) and t.is_optional
    }
    for layer in ground.layers:
        misaligned = [f.misaligned_pupils[layer] for f in ordinary]
        metrics[f"misaligned_{layer}_pupils"] = sum(misaligned)
        metrics[f"misaligned_{layer}_share"] = sum(misaligned) / total if total else None
        metrics[f"n_across_{layer}"] = sum(pupils > 0 for pupils in misaligned)
    return metrics


def _sum_known(ways: Sequence[float | None]) -> float | None:
    hundredths = [round(way * CENTIMINUTES_PER_MINUTE) for way in ways if way is not None]
    return sum(hundredths) / CENTIMINUTES_PER_MINUTE if len(hundredths) == len(ways) else None


def _travel_metrics(
    ground: PlainGround, ordinary: Sequence[ClusterFacts]
) -> dict[str, float | int | None]:
    known = [f.max_minutes for f in ordinary if f.max_minutes is not None]
    limit_min = ground.limit_min
    over = [m for m in known if limit_min is not None and m > limit_min + MINUTES_TOLERANCE_MIN]
    return {
        "max_minutes": max(known) if known and len(known) == len(ordinary) else None,
        "n_over_travel_limit": None if limit_min is None else len(over),
    }


def _limit_violations(
    scenario: Scenario, objective: Mapping[str, float | None]
) -> Iterator[Violation]:
    """Judge what a plan has of each limited term, counted anew; what is not known is too much."""
    for term, most in scenario.limits.items():
        value = objective.get(term)
        if value is None:
            yield Violation(f"limits.{term}", "plan", "limit_unknown", {"most": Decimal(str(most))})
        elif Decimal(str(value)) > Decimal(str(most)):
            amounts = {"value": Decimal(str(value)), "most": Decimal(str(most))}
            yield Violation(f"limits.{term}", "plan", "limit", amounts)


def verify_plan(problem: Problem, assignment: pd.Series) -> Verification:
    """Judge any plan by the rules of its scenario, and count its numbers."""
    ground = PlainGround(problem)
    members, violations = sort_members(ground, assignment)
    clusters = {name: cluster_facts(ground, name, urns) for name, urns in members.items()}
    ordinary = [facts for facts in clusters.values() if not facts.is_exempt]
    violations.extend(_violations(ground, members, ordinary))
    objective = _objective(ground, ordinary)
    violations.extend(_limit_violations(ground.scenario, objective))
    metrics = _metrics(ground, list(clusters.values()), objective)
    return Verification(tuple(violations), clusters, objective, metrics)
