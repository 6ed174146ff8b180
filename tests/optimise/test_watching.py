"""What a solver tells while it is solving."""

from ortools.sat.python import cp_model

from cluster_optimiser.optimise.watching import solve
from cluster_optimiser.progress import Progress, listener, listening


def model_of(costs: list[int]) -> cp_model.CpModel:
    """Ask for the cheapest half of some things."""
    model = cp_model.CpModel()
    chosen = [model.new_bool_var(str(i)) for i in range(len(costs))]
    model.add(sum(chosen) == len(costs) // 2)
    model.minimize(cp_model.LinearExpr.weighted_sum(chosen, costs))
    return model


def test_the_last_that_is_told_is_the_optimum_and_its_bound() -> None:
    told: list[Progress] = []
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    with listening(told.append):
        assert solve(solver, model_of([5, 1, 3, 9, 7, 2]), "cost", scale=2) == cp_model.OPTIMAL
    assert told[0] == Progress("cost")
    assert told[-1].objective == 3
    assert all(one.bound is None or one.bound <= 3 for one in told)


def test_a_solver_that_nobody_listens_to_solves_all_the_same() -> None:
    solver = cp_model.CpSolver()
    assert solve(solver, model_of([1, 2]), "cost") == cp_model.OPTIMAL
    assert solver.objective_value == 1
    assert listener()(Progress("cost")) is None


def test_the_gap_is_a_share_of_the_objective() -> None:
    assert Progress("cost", 200.0, 150.0).gap == 0.25
    assert Progress("cost", 0.0, 0.0).gap == 0
    assert Progress("cost", 200.0).gap is None


def test_who_listened_before_listens_again() -> None:
    outer: list[Progress] = []
    with listening(outer.append):
        with listening(lambda _: None):
            listener()(Progress("inner"))
        listener()(Progress("outer"))
    assert outer == [Progress("outer")]
