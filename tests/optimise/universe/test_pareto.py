"""The front: what is nowhere better goes, nothing else does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.optimise.universe import pareto
from cluster_optimiser.optimise.universe.diagram import totals
from cluster_optimiser.optimise.universe.pareto import front, nondominated
from cluster_optimiser.optimise.universe.states import build_diagram
from tests.effort import examples
from tests.graphs import everything, grid_problem, random_problem


@given(
    st.integers(2, 3).flatmap(
        lambda n: st.lists(st.tuples(st.integers(0, 2), *[st.integers(0, 6)] * n), max_size=40)
    )
)
def test_labels_stay_that_no_other_of_the_node_is_nowhere_worse_than(labels) -> None:
    if not labels:
        return
    array = np.array(labels).T
    kept = nondominated(array[1:], array[0])
    best = {
        a for a in labels
        if not any(b[0] == a[0] and b != a and np.all(np.less_equal(b, a)) for b in labels)
    }  # fmt: skip
    assert [labels[i] for i in kept] == sorted(best)


@given(seed=st.integers(0, 2**32 - 1), n_terms=st.integers(2, 3))
@settings(max_examples=examples(40))
def test_the_front_is_exact_without_help_from_known_plans(seed: int, n_terms: int) -> None:
    """Neither the plans known from the start nor the size of a step may matter."""
    problem = random_problem(seed, most_units=9)
    listed = everything(problem)
    diagram = build_diagram(problem, listed.groups, max_states=10**6)
    costs = np.random.default_rng(seed).integers(0, 30, (n_terms, len(listed.groups)))
    points = {tuple(costs[:, list(p)].sum(axis=1).tolist()) for p in listed.plans}
    expected = sorted(
        p for p in points
        if not any(q != p and all(x <= y for x, y in zip(q, p, strict=True)) for q in points)
    )  # fmt: skip
    assert list(front(diagram, costs)) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pareto, "_CHUNK", 3)
        first = pareto._known_plans
        patch.setattr(pareto, "_known_plans", lambda *args: dict(list(first(*args).items())[:1]))
        found = front(diagram, costs)
    assert list(found) == expected
    for point, groups in found.items():
        assert groups in listed.plans
        assert tuple(costs[:, list(groups)].sum(axis=1).tolist()) == point


@pytest.mark.parametrize("seed", range(2))
def test_the_front_of_sums_and_largest_is_that_of_all_plans(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pareto._known_plans
    monkeypatch.setattr(pareto, "_known_plans", lambda *a: dict([*first(*a).items()][:1]))
    problem = grid_problem(2, 3)
    listed = everything(problem)
    diagram = build_diagram(problem, listed.groups, max_states=10**6)
    costs = np.random.default_rng(seed).integers(0, 30, (3, len(listed.groups)))
    for n_terms, largest in ((2, (True, False)), (2, (True, True)), (3, (False, True, False))):
        rows = costs[:n_terms]
        points = {totals(rows, plan, largest) for plan in listed.plans}
        expected = sorted(
            p
            for p in points
            if not any(q != p and all(x <= y for x, y in zip(q, p, strict=True)) for q in points)
        )
        assert list(front(diagram, rows, are_largest=largest)) == expected


def test_too_many_vectors_are_refused() -> None:
    problem = grid_problem(3, 3)
    groups = everything(problem).groups
    diagram = build_diagram(problem, groups, max_states=10**6)
    costs = np.random.default_rng(0).integers(0, 30, (2, len(groups)))
    with pytest.raises(ClusterOptimiserError, match="more than 1 cost vectors"):
        front(diagram, costs, max_labels=1)
