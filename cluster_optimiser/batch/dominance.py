"""Plans better in one term and worse in none: than a given one, or the whole front of two terms.

Both by limits: what a plan has of the terms becomes the most, the terms become the order.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from cluster_optimiser.batch.ground import Place, load_place
from cluster_optimiser.batch.one import evaluate, run_scenario
from cluster_optimiser.deadline import is_over, left_s
from cluster_optimiser.errors import (
    Fault,
    InfeasibleError,
    InputError,
    NoPlanFoundError,
    ScenarioError,
)
from cluster_optimiser.scenario import Scenario, nearest, parse_scenario
from cluster_optimiser.scenario.reading import as_scenario
from cluster_optimiser.terms import NO_SUM, lookup, term_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cluster_optimiser.domain import Authority, Result


@dataclass(frozen=True, slots=True)
class Dominance:
    """What is known of plans that are better than one in some terms and worse in none."""

    given: Result  # the plan, judged by the scenario
    values: dict[str, float]  # term -> what the plan has of it
    status: Literal["FOUND", "NONE", "UNKNOWN"]  # NONE is proved
    better: Result | None = None  # a legal plan, where one was found


def dominate(
    plan_file: str | Path,
    scenario: Scenario | str | Path,
    terms: Sequence[str],
    *,
    place: Place | None = None,
    seed: int = 0,
    time_limit_s: float | None = None,
) -> Dominance:
    """Find a plan no worse than a given one in any term and better in one, or prove there is none.

    Parameters
    ----------
    plan_file
        CSV ``urn,cluster``; it need not be legal.
    scenario
        The scenario that says which plans are legal, or the path of its file.
    terms
        Objective terms, all to be small; of several better plans the first in their order is found.
    place
        Its authority and ground; read if not given.
    seed
        Fixes the search and the choice between equal plans.
    time_limit_s
        Seconds of solving; without it until proved.

    Returns
    -------
    The plan given and, where there is one, the better one.

    Raises
    ------
    InputError, ScenarioError
        If the plan, the terms, the data or the scenario has faults.
    """
    scenario = as_scenario(scenario)
    if scenario.method not in {"merge", "redraw"} or scenario.upper:
        what = "has levels" if scenario.upper else f'has method "{scenario.method}"'
        problem = f"a scenario that {what} makes no other plans"
        remedy = "Name one that merges or redraws, without levels."
        raise ScenarioError([scenario.fault("method", problem, remedy)])
    place = place or load_place(scenario)
    _refuse_terms(terms, place.authority)
    given = evaluate(plan_file, _asking(scenario, terms, {}), place=place)
    unknown = [term for term in terms if term not in given.objective]
    if unknown:
        text = f"{', '.join(unknown)} of this plan is not known: some schools cannot be reached"
        raise InputError.of(plan_file, text, "Leave the term out.")
    values = {term: given.objective[term] for term in terms}
    most = {
        term: min(scenario.limits.get(term, value), value, key=lambda v: Fraction(str(v)))
        for term, value in values.items()
    }
    asked = _asking(scenario, terms, {**scenario.limits, **most})
    try:
        found = run_scenario(asked, place=place, seed=seed, time_limit_s=time_limit_s)
    except InfeasibleError:
        return Dominance(given, values, "NONE")
    except NoPlanFoundError:
        return Dominance(given, values, "UNKNOWN")
    if any(found.objective[term] < value for term, value in values.items()):
        return Dominance(given, values, "FOUND", found)
    is_proved = found.plan.solution.status == "OPTIMAL"
    return Dominance(given, values, "NONE" if is_proved else "UNKNOWN")


def _refuse_terms(terms: Sequence[str], authority: Authority) -> None:
    """Refuse terms that are none, or in which no plan can be held to be no worse."""
    faults = [] if terms else [Fault("terms", 0, "", "no term is named", "Name one, or several.")]
    plain = [name for name in term_names() if "<layer>" not in name]
    families = [name for name in term_names() if name not in plain]
    names = [*plain, *(f.replace("<layer>", one) for f in families for one in authority.layers)]
    for term in terms:
        row = lookup(term) if term in names else None
        if row is None:
            like = nearest(term, names)
            remedy = f'Did you mean "{like}"?' if like else f"Use one of {', '.join(names)}."
            faults.append(Fault("terms", 0, "", f'unknown term "{term}"', remedy))
        elif not row.is_of_groups:
            problem = f'"{term}" {NO_SUM[row.gathers]}: no plan can be held to be no worse in it'
            faults.append(Fault("terms", 0, "", problem, "Leave it out."))
    if faults:
        raise InputError(faults)


def _asking(scenario: Scenario, terms: Sequence[str], limits: dict[str, float]) -> Scenario:
    """Give the scenario whose best plan, within limits, is first in the order of the terms."""
    data = {**scenario.resolved(), "objective": {"order": list(terms)}, "versions": {}}
    data["limits"] = limits or dict.fromkeys(terms, 1e12)
    asked = parse_scenario({key: value for key, value in data.items() if value is not None})
    if not limits:
        asked = asked.model_copy(update={"limits": {}})
    asked._files = scenario.files  # noqa: SLF001 - a copy made in Python keeps its provenance
    return asked


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """A plan of a front, and what no plan with as little of the second term betters."""

    plan: Result
    values: tuple[float, float]
    bound: float  # of the first term; its own value where that is proved
    is_proved: bool


@dataclass(frozen=True, slots=True)
class LimitFront:
    """The front of two terms, from the least of the first on."""

    terms: tuple[str, str]
    points: tuple[FrontPoint, ...]
    is_whole: bool  # proved: every point is on the front, and there are no others


def limit_front(
    scenario: Scenario,
    terms: tuple[str, str],
    *,
    place: Place | None = None,
    seed: int = 0,
) -> LimitFront:
    """Find the front of two terms point by point, each time with less of the second than before."""
    place = place or load_place(scenario)
    second = lookup(terms[1])
    points: list[FrontPoint] = []
    limits = dict(scenario.limits)
    while not is_over():
        asked = _asking(scenario, terms, limits)
        try:
            found = run_scenario(asked, place=place, seed=seed, time_limit_s=left_s())
        except InfeasibleError:
            return LimitFront(terms, tuple(points), all(p.is_proved for p in points))
        except NoPlanFoundError:
            break
        solution = found.plan.solution
        values = found.objective[terms[0]], found.objective[terms[1]]
        bound = solution.stages[0].bound
        points.append(FrontPoint(found, values, bound, solution.status == "OPTIMAL"))
        less = Fraction(str(values[1])) - Fraction(1, second.scale)
        if less < 0:
            return LimitFront(terms, tuple(points), all(p.is_proved for p in points))
        limits[terms[1]] = float(less)
    return LimitFront(terms, tuple(points), is_whole=False)
