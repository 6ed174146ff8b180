"""Check every number that a result gives of its plan."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal, localcontext
from itertools import combinations
from typing import TYPE_CHECKING, cast

import pandas as pd

from cluster_optimiser.errors import VerificationError
from cluster_optimiser.terms import TIE_BREAK, UPPER, WEIGHTED, gathered
from cluster_optimiser.verification.facts import ClusterFacts, Verification, alignment
from cluster_optimiser.verification.levels import free_of_layers
from cluster_optimiser.verification.neighbours import may_be_reassigned, touching, where_schools_lie
from cluster_optimiser.verification.outlook import n_not_legal, outlook_of
from cluster_optimiser.verification.register import PlainGround, unit_homes
from cluster_optimiser.verification.rules import exempt_group, verify_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cluster_optimiser.domain import Problem, Result, Stage
    from cluster_optimiser.scenario import Scenario

CLAIM_TOLERANCE = 1e-9
"""Relative difference below which two ways of adding the same numbers agree."""

BOUND_TOLERANCE = 1e-6
"""Relative difference below which the solver's bound, a float of its own making, is met."""

_LAST_BIT = 2.0**-51
"""Relative difference of two floats made of the same exact number."""

_DIGITS = 60
"""Decimal digits of exact sums: no weight has more than 17, no term more than 18."""


def _is_nothing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _agree(claim: object, truth: object, *, tolerance: float = CLAIM_TOLERANCE) -> bool:
    if _is_nothing(claim) or _is_nothing(truth):
        return _is_nothing(claim) and _is_nothing(truth)
    if isinstance(truth, str | bool) or isinstance(claim, str):
        return bool(claim == truth)
    numbers = float(cast("float", claim)), float(cast("float", truth))
    return math.isclose(*numbers, rel_tol=tolerance, abs_tol=tolerance)


def _wrong(where: str, claim: object, truth: object) -> str:
    def shown(value: object) -> str:
        return "nothing" if _is_nothing(value) else str(value)

    return f"{where} is given as {shown(claim)}, it is {shown(truth)}"


def _weighted(scenario: Scenario, objective: Mapping[str, float | None]) -> float | None:
    """Add up the unrounded terms by the weights as they are written, in decimals."""
    total = Decimal(0)
    with localcontext(prec=_DIGITS):
        for term, weight in scenario.objective.weights.items():
            value = objective.get(term)
            if value is None:
                return None
            total += Decimal(str(weight)) * Decimal(str(value))
    return float(total)


def _objective_claims(result: Result, truth: Verification) -> Iterator[str]:
    scenario = result.problem.scenario
    for term, claim in result.objective.items():
        if term != WEIGHTED and term not in truth.objective:
            yield f"objective {term} is unknown"
        elif term != WEIGHTED and not _agree(claim, truth.objective[term]):
            yield _wrong(f"objective {term}", claim, truth.objective[term])
        elif term == WEIGHTED and not _weighted_agrees(result, claim, truth):
            yield _wrong("objective weighted", claim, _weighted(scenario, truth.objective))
    if scenario.method in {"merge", "redraw"}:
        for term in scenario.objective.terms:
            if term not in truth.objective:
                yield f"objective {term} is not counted by the check, so nothing is proved of it"
            elif term not in result.objective and truth.objective[term] is not None:
                yield f"objective {term} is not given"


def _weighted_agrees(result: Result, claim: float, truth: Verification) -> bool:
    """Compare a weighted sum: both are exact, so they may differ in the last bit only."""
    value = _weighted(result.problem.scenario, truth.objective)
    if value is None or _is_nothing(claim):
        return value is None and _is_nothing(claim)
    return math.isclose(claim, value, rel_tol=_LAST_BIT, abs_tol=0)


def _stage_claims(result: Result, truth: Verification) -> Iterator[str]:
    for stage in result.plan.solution.stages:
        where = f"stage {stage.term}: objective"
        if stage.status not in {"OPTIMAL", "FEASIBLE"}:
            continue
        if stage.term == WEIGHTED:
            if not _weighted_agrees(result, stage.objective, truth):
                value = _weighted(result.problem.scenario, truth.objective)
                yield _wrong(where, stage.objective, value)
        elif stage.term in truth.objective:
            if not _agree(stage.objective, truth.objective[stage.term]):
                yield _wrong(where, stage.objective, truth.objective[stage.term])
        elif stage.term != TIE_BREAK and not stage.term.startswith(UPPER):
            yield f"stage {stage.term} is not known to the check, so nothing is proved of it"
        yield from _bound_claims(stage)


def _status_claims(result: Result) -> Iterator[str]:
    """Check that a plan is called best only where that is proved of every term."""
    scenario, solution = result.problem.scenario, result.plan.solution
    if scenario.method not in {"merge", "redraw"} or solution.status != "OPTIMAL":
        return
    proved = {stage.term for stage in solution.stages if stage.status == "OPTIMAL"}
    for term in (WEIGHTED,) if scenario.objective.weights else scenario.objective.order:
        if term not in proved:
            yield f"the plan is called OPTIMAL, stage {term} is not proved"


def _bound_claims(stage: Stage) -> Iterator[str]:
    """Check that bound and gap of a stage say the same as its objective and status."""
    scale = max(1.0, abs(stage.objective))
    gap = (stage.objective - stage.bound) / scale
    if stage.status == "OPTIMAL" and stage.objective != stage.bound:
        yield f"stage {stage.term}: called OPTIMAL at {stage.objective}, bound {stage.bound}"
    if not _agree(stage.gap, gap, tolerance=BOUND_TOLERANCE):
        yield _wrong(f"stage {stage.term}: gap", stage.gap, gap)
    if gap < -BOUND_TOLERANCE:
        yield f"stage {stage.term}: bound {stage.bound} is above the objective {stage.objective}"


def _level_claims(result: Result) -> Iterator[str]:
    """Check the groupings that a plan of two levels names, and its stages of the level above."""
    problem = result.problem
    if problem.upper is None or result.plan.solution.status not in {"OPTIMAL", "FEASIBLE"}:
        return
    number: Mapping[str, int] = result.plan.solution.proof.facts().get("grouping_of", {})
    clusters = result.plan.assignment
    groupings = "grouping " + clusters.map(number).astype(str)
    above = clusters.where(clusters.index.isin(problem.exempt_of.index), groupings)
    truth = verify_plan(free_of_layers(problem.upper), above)
    yield from (f"its groupings break a rule: {violation}" for violation in truth.violations)
    own = verify_plan(problem, clusters).clusters
    for layer in unit_homes(problem.upper):
        homes: dict[int, set[str | None]] = {}
        for name, k in number.items():
            homes.setdefault(k, set()).add(own[name].home[layer] if name in own else None)
        for k, areas in sorted(homes.items()):
            if len(areas) > 1:
                yield f"grouping {k} crosses the layer {layer}"
    # What is joined into groupings are clusters, not the units that these are made of.
    values = {**truth.objective, "joins": len(number) - len(set(number.values()))}
    values[WEIGHTED] = _weighted(problem.upper.scenario, values)
    for stage in result.plan.solution.stages:
        term = stage.term.removeprefix(UPPER)
        if term != stage.term and not _agree(stage.objective, values.get(term)):
            yield _wrong(f"stage {stage.term}", stage.objective, values.get(term))


def _cluster_truth(facts: ClusterFacts) -> dict[str, object]:
    """Give a cluster's facts under the column names of the table of clusters."""
    truth: dict[str, object] = {
        "n_schools": facts.n_schools,
        "n_secondary": facts.n_secondary,
        "pupils": facts.pupils,
        "deviation": facts.deviation,
        "meeting_place_urn": facts.meeting_place_urn,
        "max_minutes": facts.max_minutes,
        "mean_minutes": facts.mean_minutes,
        "pupil_minutes": facts.pupil_minutes,
        "pupil_minutes_any_school": facts.pupil_minutes_any_school,
        "is_contiguous": facts.is_contiguous,
        "is_exception": facts.is_exception,
        "is_exempt": facts.is_exempt,
    }
    for layer, area in facts.home.items():
        truth[f"home_{layer}"] = area
        truth[f"misaligned_{layer}_pupils"] = facts.misaligned_pupils[layer]
    return truth


def _table_claims(result: Result, truth: Verification) -> Iterator[str]:
    table = result.score.clusters
    names = list(table["cluster"])
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"cluster {name} has several rows"
    for name in sorted(set(names) ^ set(truth.clusters)):
        yield f"cluster {name} is {'in the table only' if name in names else 'not in the table'}"
    rows = dict(zip(names, table.to_dict(orient="records"), strict=True))
    for name, facts in truth.clusters.items():
        if name not in rows:
            continue
        for column, value in _cluster_truth(facts).items():
            if column not in table.columns:
                yield f"cluster {name}: there is no column {column}"
            elif not _agree(rows[name][column], value):
                yield _wrong(f"cluster {name}: {column}", rows[name][column], value)
    there = int(result.problem.authority.schools["pupils"].sum())
    if "pupils" in table.columns and table["pupils"].sum() != there:
        yield _wrong("the sum of pupils over clusters", table["pupils"].sum(), there)


def _unit_claims(problem: Problem) -> Iterator[str]:
    """Check the table of units, which the plan was made from, against the register."""
    ground = PlainGround(problem)
    yield from _member_claims(ground)
    yield from _graph_claims(ground)
    for unit in sorted(set(problem.units.index) ^ set(ground.unit_urns)):
        yield f"unit {unit} is {'without schools' if unit in problem.units.index else 'unknown'}"
    for unit, row in problem.units.drop(columns="geometry").iterrows():
        schools = [ground.schools[urn] for urn in sorted(ground.unit_urns.get(str(unit), ()))]
        home, _ = alignment(ground.layers, [(s.areas, s.pupils) for s in schools])
        truth: dict[str, object] = {
            "pupils": sum(s.pupils for s in schools),
            "n_schools": sum(not s.is_home for s in schools),
            "n_secondary": sum(s.is_secondary for s in schools),
            **{f"home.{layer}": area for layer, area in home.items()},
        }
        for column, value in truth.items():
            if not _agree(row[column], value):
                yield _wrong(f"unit {unit}: {column}", row[column], value)


def _member_claims(ground: PlainGround) -> Iterator[str]:
    """Check what the scenario makes of each school: exempt, a unit by itself or part of one."""
    scenario = ground.scenario
    for school in ground.schools.values():
        group = exempt_group(ground, school.urn)
        if group != school.exempt:
            yield _wrong(f"URN {school.urn}: its exempt group", school.exempt, group)
        if group is None and scenario.units_scenario is None:
            single = f"URN {school.urn}"
            unit = single if may_be_reassigned(ground, school) else school.today
            if unit != school.unit:
                yield _wrong(f"{single}: its unit", school.unit, unit)
    if scenario.units_scenario is None:
        place = where_schools_lie(ground)
        for urn, unit in ground.problem.local_unit_of.items():
            if urn in place and place[urn] != unit:
                yield _wrong(f"URN {urn}: the unit it stands in", unit, place[urn])


def _graph_claims(ground: PlainGround) -> Iterator[str]:
    """Check which units the plan was made from as neighbours: by a link too few, a best is none."""
    dual, near = ground.problem.dual, touching(ground)
    for unit in sorted(set(near) ^ set(dual)):
        yield f"unit {unit} is {'not ' if unit in near else 'only '}in the graph of units"
    for a, b in combinations(sorted(set(near) & set(dual)), 2):
        claim, truth = dual.has_edge(a, b), b in near[a]
        if claim != truth:
            yield _wrong(f"whether {a} and {b} are neighbours", claim, truth)


def _violation_claims(result: Result, truth: Verification) -> Iterator[str]:
    is_solved = result.plan.solution.status in {"OPTIMAL", "FEASIBLE"}
    if result.problem.scenario.method in {"merge", "redraw"} and is_solved:
        yield from (f"the plan breaks a rule: {violation}" for violation in truth.violations)
    for violation in result.violations:
        if violation not in truth.violations:
            yield f"a violation is given that is none: {violation}"
    for violation in truth.violations:
        if violation not in result.violations:
            yield f"a violation is not given: {violation}"


def verify(result: Result) -> Verification:
    """Check every claim of a result against the plan itself.

    Parameters
    ----------
    result
        A scenario, run.

    Returns
    -------
    What is true of its plan, all claims having agreed.

    Raises
    ------
    VerificationError
        With every claim that does not agree, and every rule that a solved plan breaks.
    """
    truth = verify_plan(result.problem, result.plan.assignment)
    if result.problem.scenario.objective.needs("projection"):
        outlook = outlook_of(result.problem, truth)
        lost = None if outlook is None else n_not_legal(outlook)
        truth = replace(
            truth, objective={**truth.objective, **dict.fromkeys(gathered("projections"), lost)}
        )
    wrong = [
        *_violation_claims(result, truth),
        *_unit_claims(result.problem),
        *_objective_claims(result, truth),
        *_stage_claims(result, truth),
        *_status_claims(result),
        *_level_claims(result),
        *_table_claims(result, truth),
        *(
            _wrong(f"metric {name}", result.score.metrics[name], value)
            for name, value in truth.metrics.items()
            if name in result.score.metrics and not _agree(result.score.metrics[name], value)
        ),
    ]
    if wrong:
        head = f"plan {result.plan.label} does not stand up to the independent check:"
        raise VerificationError("\n".join([head, *(f"  {line}" for line in wrong)]))
    return truth
