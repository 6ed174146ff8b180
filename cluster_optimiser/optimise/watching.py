"""CP-SAT as it is solving: every better plan and every better bound is told to who listens."""

from __future__ import annotations

import math

from ortools.sat.python import cp_model

from cluster_optimiser.progress import Progress, listener


class _Teller(cp_model.CpSolverSolutionCallback):
    """Tell of every better solution and bound of one solve."""

    def __init__(self, stage: str, scale: float) -> None:
        super().__init__()
        self.stage, self.scale = stage, scale
        self.objective: float | None = None
        self.bound: float | None = None
        # The solver calls back from a thread of its own, which does not know who listens.
        self.tell = listener()

    def on_solution_callback(self) -> None:
        """Take note of a better solution."""
        self.objective = self.objective_value / self.scale
        self.on_bound(self.best_objective_bound)

    def on_bound(self, bound: float) -> None:
        """Take note of a better bound."""
        if math.isfinite(bound):
            self.bound = bound / self.scale
        self.tell(Progress(self.stage, self.objective, self.bound))


def solve(
    solver: cp_model.CpSolver, model: cp_model.CpModel, stage: str, *, scale: float = 1
) -> cp_model.CpSolverStatus:
    """Solve a model, telling how far it is."""
    teller = _Teller(stage, scale)
    teller.tell(Progress(stage))
    solver.best_bound_callback = teller.on_bound
    return solver.solve(model, teller)
