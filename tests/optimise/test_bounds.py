"""Bounds for rules whose price is not found: below every plan, and near the best if possible."""

import pytest

from cluster_optimiser.constants import CENTIMINUTES_PER_MINUTE
from cluster_optimiser.optimise.bounds import lower_bound
from cluster_optimiser.optimise.explain.explanation import explain
from tests.graphs import everything, grid_problem, random_problem
from tests.norfolk import norfolk_problem


@pytest.mark.parametrize("seed", range(60))
def test_no_plan_betters_a_bound(seed: int) -> None:
    problem = random_problem(seed, most_units=9)
    found = everything(problem)
    if not found.plans:
        return
    minutes = ("pupil_minutes", CENTIMINUTES_PER_MINUTE)
    for term, scale in (("count", 1), minutes, ("deviation", 1), ("joins", 1)):
        best = min(found.values(term)) / scale
        bound = lower_bound(problem, term, known=max(found.values(term)) / scale)
        assert 0 <= bound <= best


@pytest.mark.parametrize(("exceptions", "joins"), [(0, 2), (1, 1), (2, 0)])
def test_clusters_under_the_minimum_are_among_the_most_there_can_be(
    exceptions: int, joins: int
) -> None:
    size = {"min_pupils": 1_500, "max_exceptions": exceptions}
    problem = grid_problem(2, 2, size=size)
    assert lower_bound(problem, "joins", known=3) == joins
    assert min(everything(problem).values("joins")) >= joins


def test_a_rule_without_which_there_are_too_many_groups_has_a_bound() -> None:
    explanation = explain(norfolk_problem("2a"))
    (price,) = [p for p in explanation.prices if p.rule == "within.gp_consortium"]
    assert price.status == "UNKNOWN"
    known = explanation.objective["pupil_minutes"]
    assert 0.9 * known < price.bound["pupil_minutes"] < known
    assert "so the rule costs" in price.words


def test_the_price_of_a_border_is_found_by_the_sweep() -> None:
    explanation = explain(norfolk_problem("3a"))
    (price,) = [p for p in explanation.prices if p.rule == "within.division"]
    assert price.status == "OPTIMAL"
    assert price.objective["misaligned.district"] < explanation.objective["misaligned.district"]
