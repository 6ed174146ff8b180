"""CP-SAT as it is solving: every better plan and every better bound is told to who listens."""

from __future__ import annotations

import math
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from ortools.sat.python import cp_model

from cluster_optimiser.deadline import memory_mb, most_mb
from cluster_optimiser.progress import Progress, listener

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK_EVERY_S = 0.1


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
        self.objective = self.objective_value / self.scale
        self.on_bound(self.best_objective_bound)

    def on_bound(self, bound: float) -> None:
        if math.isfinite(bound):
            self.bound = bound / self.scale
        self.tell(Progress(self.stage, self.objective, self.bound))


@contextmanager
def within_memory(solver: cp_model.CpSolver) -> Iterator[None]:
    """Stop a solver once the process holds as much as it may: its own limit is not kept."""
    most = most_mb()
    if most == math.inf:
        yield
        return
    ended = Event()

    def watch() -> None:
        while not ended.wait(_LOOK_EVERY_S):
            if memory_mb() >= most:
                solver.stop_search()

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def solve(
    solver: cp_model.CpSolver, model: cp_model.CpModel, stage: str, *, scale: float = 1
) -> cp_model.CpSolverStatus:
    teller = _Teller(stage, scale)
    teller.tell(Progress(stage))
    solver.best_bound_callback = teller.on_bound
    with within_memory(solver):
        return solver.solve(model, teller)
