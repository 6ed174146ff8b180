"""All legal plans of a scenario, for the eye: spread, front, and who is always together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.present.records import plain
from cluster_optimiser.terms import term_scale

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem
    from cluster_optimiser.optimise.universe.all_plans import PickedPlan

N_BARS, N_DRAWN, MOST_POINTS, MOST_PAIRS = 24, 2_000, 150, 400


def explored(problem: Problem, terms: list[str]) -> dict[str, Any]:
    """Work out what is shown of all plans; the first of the terms is spread over bars."""
    found = Universe.of(problem)
    if not found.n_plans:
        return {"n_plans": 0, "metrics": list(found.metrics)}
    known = [term for term in terms if term in found.metrics] or list(found.metrics[:2])
    made = plain(
        {
            "n_plans": found.n_plans,
            "metrics": found.metrics,
            "terms": known,
            "by_count": found.n_plans_by_count,
            "bars": _bars(found, known[0]),
            **(_front(found, known) if len(known) > 1 else {"front": [], "n_front": 0}),
            "pairs": _pairs(found),
        }
    )
    return made if isinstance(made, dict) else {}


def _values(picked: PickedPlan) -> dict[str, float]:
    return {term: value / term_scale(term) for term, value in picked.costs.items()}


def _bars(found: Universe, term: str) -> dict[str, Any]:
    """Count plans by the value of a term: every plan, or many drawn with the same chance."""
    if found.n_plans <= N_DRAWN:
        plans, is_all = found.best(found.n_plans), True
    else:
        plans, is_all = found.sample(N_DRAWN, seed=0), False
    values = [picked.costs[term] / term_scale(term) for picked in plans]
    counts, edges = np.histogram(values, bins=N_BARS)
    return {"term": term, "edges": edges, "counts": counts, "is_all": is_all, "n": len(plans)}


def _front(found: Universe, terms: list[str]) -> dict[str, Any]:
    points = found.pareto(terms[:3])
    points.sort(key=lambda picked: [picked.costs[term] for term in terms])
    step = -(-len(points) // MOST_POINTS) or 1
    drawn = [
        {"values": _values(picked), "plan": found.plan(picked.groups).assignment.to_dict()}
        for picked in points[::step]
    ]
    return {"front": drawn, "n_front": len(points)}


def _pairs(found: Universe) -> list[list[Any]]:
    """Give neighbours, and in what share of all plans and of those near best they are together."""
    table = found.together().reset_index()
    columns = ["unit_a", "unit_b", "share_all", "share_near"]
    rows: list[list[Any]] = table[columns].to_numpy().tolist()
    rows.sort(key=lambda row: (-row[2], -row[3] if math.isfinite(row[3]) else 0, row[0], row[1]))
    return rows[:MOST_PAIRS]
