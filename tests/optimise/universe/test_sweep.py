"""The sweep: exact counts, published ones among them, and the least vector."""

import pytest

from cluster_optimiser.optimise import candidate_groups
from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.optimise.universe.sweep import sweep
from tests.graphs import everything, grid_problem
from tests.toy import toy_problem


def square(n: int) -> str:
    letters = iter("ABCDEFGHIJKLMNOPQRSTUVWXYabcdefghijkl")
    return " ".join("".join(next(letters) for _ in range(n)) for _ in range(n))


def swept(problem, **options):
    groups = candidate_groups(problem)
    return sweep(problem, groups, [[g.costs["count"] for g in groups]], **options)


@pytest.mark.parametrize(("n", "n_plans"), [(2, 2), (3, 10), (4, 117), (5, 4006)])
def test_grids_into_equal_connected_parts(n: int, n_plans: int) -> None:
    """OEIS A172477: n x n squares into n connected parts of n squares."""
    size = {"min_pupils": 1000 * n, "max_pupils": 1000 * n}
    found = swept(toy_problem(square(n), size=size))
    assert found is not None
    assert found.n_plans == n_plans
    assert found.best == (n,)


def test_the_count_range_is_kept() -> None:
    """Three squares in a row into connected parts: 1, 2 and 1 ways for one, two, three parts."""
    counts = {
        (low, high): swept(toy_problem("ABC", count={"min": low, "max": high})).n_plans
        for low, high in [(1, 3), (1, 1), (2, 2), (3, 3), (2, 3)]
    }
    assert counts == {(1, 3): 4, (1, 1): 1, (2, 2): 2, (3, 3): 1, (2, 3): 3}


@pytest.mark.parametrize(("most", "n_plans"), [(0, 1), (1, 3), (3, 4)])
def test_exceptions_are_limited(most: int, n_plans: int) -> None:
    size = {"min_pupils": 2000, "max_exceptions": most}
    assert swept(toy_problem("ABC", size=size)).n_plans == n_plans


def test_no_plan_is_a_value() -> None:
    found = swept(toy_problem("ABC", size={"min_pupils": 2000, "max_pupils": 2000}))
    assert (found.n_plans, found.best, found.chosen) == (0, None, ())


def test_too_many_states_are_given_up() -> None:
    assert swept(toy_problem(square(4)), max_states=50) is None


@pytest.mark.parametrize("fewest", [3, 4, 5])
def test_exceptions_may_make_up_the_fewest_clusters(fewest: int) -> None:
    """Of two units each there are three; with two exceptions four."""
    size = {"min_pupils": 1_500, "max_exceptions": 2}
    problem = grid_problem(2, 3, size=size, count={"min": fewest})
    assert Universe.of(problem).n_plans == len(everything(problem).plans)
