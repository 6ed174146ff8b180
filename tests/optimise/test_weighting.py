"""Weights are added up exactly, or refused with some that can be."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_optimiser.optimise import candidate_groups, costs
from cluster_optimiser.optimise.costs import decimal_costs, exact_factors, weight_faults
from cluster_optimiser.scenario import Objective
from cluster_optimiser.terms import term_scale
from tests.graphs import everything, grid_problem
from tests.toy import toy_problem

WEIGHTS = st.floats(0, 1e9, allow_nan=False).map(lambda w: float(f"{w:.6g}"))


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("count", "pupil_minutes", "deviation"), WEIGHTS)
    ).filter(bool),
    st.lists(st.tuples(*[st.integers(0, 10**9)] * 3), min_size=1, max_size=5),
)
def test_two_ways_of_adding_up_give_the_exact_sum(
    weights: dict[str, float], costs: list[tuple[int, int, int]]
) -> None:
    columns = map(list, zip(*costs, strict=True))
    of_terms = dict(zip(("count", "pupil_minutes", "deviation"), columns, strict=True))
    factors, scale = exact_factors(weights, term_scale)
    again, other = decimal_costs(weights, of_terms, term_scale)
    for i, second in enumerate(again):
        truth = sum(Fraction(str(w)) * of_terms[t][i] / term_scale(t) for t, w in weights.items())
        assert sum(f * of_terms[t][i] for t, f in factors.items()) / scale == truth
        assert second / other == truth


@pytest.mark.parametrize(
    "weights",
    [
        {"count": 1e9, "pupil_minutes": 1e-9},
        {"count": 0.123456789012345, "pupil_minutes": 0.987654321098765},
    ],
)
def test_weights_that_do_not_fit_are_refused_with_some_that_do(weights: dict[str, float]) -> None:
    scenario = toy_problem("ABCD").scenario
    schools = pd.DataFrame({"pupils": [1000] * 100})
    asked = scenario.model_copy(update={"objective": Objective(weights=weights)})
    (fault,) = weight_faults(asked, schools, term_scale, "s.toml")
    offered = {
        key.strip(' "'): float(value)
        for key, value in (
            pair.split("=") for pair in fault.remedy.split("{")[1].split("}")[0].split(",")
        )
    }
    assert offered.keys() == weights.keys()
    assert all(offered.values())
    fine = scenario.model_copy(update={"objective": Objective(weights=offered)})
    assert weight_faults(fine, schools, term_scale, "s.toml") == []


def test_as_many_digits_are_offered_as_fit_where_every_preferred_layer_counts() -> None:
    asked = toy_problem("ABCD").scenario.model_copy(
        update={"objective": Objective(weights={"misaligned": 1000, "pupil_minutes": 0.12345679})}
    )
    # A pupil is misaligned as often as there are layers.
    layers = {f"layer {i}": "prefer" for i in range(10**3)}
    schools = pd.DataFrame({"pupils": [1000]})
    assert weight_faults(asked, schools, term_scale, "s.toml") == []
    many = asked.model_copy(update={"alignment": layers})
    (fault,) = weight_faults(many, schools, term_scale, "s.toml")
    asked_for = '"misaligned" = 1000, "pupil_minutes" = 0.1234568'
    assert fault.remedy == f"Write weights = {{ {asked_for} }}."


def test_all_units_alone_may_each_be_as_far_from_the_target_as_it_is_large() -> None:
    problem = grid_problem(2, 3, pupils=1, size={"target_pupils": 500})
    most = costs._most(problem.scenario, problem.authority.schools, "deviation")
    assert max(everything(problem).values("deviation")) == 6 * 499 <= most


@pytest.mark.parametrize(("most", "exceeds"), [(9, True), (10, False)])
def test_a_row_is_too_large_by_its_sum(
    monkeypatch: pytest.MonkeyPatch, most: int, exceeds: bool
) -> None:
    """Ten groups of four units in a row, each one cluster; what is the largest is no sum."""
    order = {"order": ["longest_minutes", "count"]}
    problem = toy_problem("ABCD", objective=order)
    groups = candidate_groups(problem)
    monkeypatch.setattr(costs, "MAX_ROW_TOTAL", most)
    rows = costs.group_costs(groups, problem.scenario.objective, seed=0)
    del rows["tie-break"]
    monkeypatch.setattr(costs, "group_costs", lambda *_, **__: rows)
    assert costs.exceeds_safe_total(groups, problem.scenario, 0) is exceeds
