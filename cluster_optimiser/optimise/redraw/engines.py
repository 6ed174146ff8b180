"""Two solvers behind one interface: HiGHS through MathOpt, and CP-SAT.

Both run with one worker and a fixed seed, so that two runs give the same plan. What they return is
whole numbers, checked against the model; what they claim of it is a status and a bound.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from ortools.sat.python import cp_model

from cluster_optimiser.constants import MAX_ROW_TOTAL
from cluster_optimiser.optimise.costs import MOST_TOTAL
from cluster_optimiser.optimise.exactly import BOUND_TOLERANCE, Sum, hold, minimise, one_worker
from cluster_optimiser.optimise.watching import within_memory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ortools.math_opt.python import mathopt
    from ortools.math_opt.python.result import SolveResult

    from cluster_optimiser.domain import Status
    from cluster_optimiser.optimise.redraw.linear import LinearModel, LinearObjective

HEURISTICS = ("feasibility_jump", "rens", "rins", "root_reduced_cost")
"""What HiGHS spends most of its time on, in vain where the best plan is known but not proved."""

LARGE_COEFFICIENT = 100_000
"""From here on HiGHS is given hundredths, since it works to fixed absolute tolerances."""


@dataclass(frozen=True, slots=True)
class EngineOutcome:
    status: Status  # OPTIMAL, FEASIBLE, INFEASIBLE or UNKNOWN
    values: tuple[int, ...] | None  # a value for each variable, or None
    bound: int  # no solution has a lower objective
    effort: float  # the engine's own measure of effort: deterministic time or nodes


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of an engine besides its program."""

    hint: Mapping[int, int] = field(default_factory=dict)
    seed: int = 0
    time_limit_s: float | None = None
    relative_gap: float = 0.0
    is_proof: bool = False  # no better solution is likely to be found


WHATEVER = Ask()


class Engine(Protocol):
    """A solver of a linear model."""

    @property
    def name(self) -> str: ...

    def solve(
        self, model: LinearModel, objective: LinearObjective, ask: Ask = ...
    ) -> EngineOutcome: ...


class CpSat:
    """CP-SAT, exact in integers."""

    name = "CP-SAT"

    def solve(
        self, model: LinearModel, objective: LinearObjective, ask: Ask = WHATEVER
    ) -> EngineOutcome:
        cp = cp_model.CpModel()
        x = [cp.new_int_var(0, upper, "") for upper in model.upper]

        def total_of(terms: Sequence[tuple[int, int]]) -> Sum:
            uppers = [model.upper[v] for _, v in terms]
            return Sum([x[v] for _, v in terms], [c for c, _ in terms], uppers)

        for row in model.rows:
            add_to_cp_sat(cp, total_of(row.terms), row.low, row.high)
        for variable, value in ask.hint.items():
            cp.add_hint(x[variable], value)
        started = time.monotonic()

        def new_solver() -> cp_model.CpSolver:
            solver = one_worker(ask.seed)
            solver.parameters.linearization_level = 2
            solver.parameters.relative_gap_limit = ask.relative_gap
            if ask.time_limit_s is not None:
                left_s = ask.time_limit_s - (time.monotonic() - started)
                solver.parameters.max_time_in_seconds = max(left_s, 0.0)
            return solver

        def run(solver: cp_model.CpSolver) -> cp_model.CpSolverStatus:
            with within_memory(solver):
                return solver.solve(cp)

        total = total_of(objective.merged)
        answer = minimise(cp, total, x, new_solver, run, most=2 * MOST_TOTAL)
        bound = _lowest(objective, answer.bound)
        return EngineOutcome(answer.status, answer.values or None, bound, answer.effort)


def add_to_cp_sat(cp: cp_model.CpModel, total: Sum, low: int | None, high: int | None) -> None:
    """Add: low <= total <= high, in rows that the solver is known to be safe with."""
    if total.most <= MAX_ROW_TOTAL and low is not None and low == high:
        cp.add(total.expression == low)
        return
    if low is not None:
        hold(cp, total.negative, -low)
    if high is not None:
        hold(cp, total, high)


class Highs:
    """HiGHS, in floating point: its solution is rounded and checked, or given to CP-SAT."""

    name = "HiGHS"

    def solve(
        self, model: LinearModel, objective: LinearObjective, ask: Ask = WHATEVER
    ) -> EngineOutcome:
        if not model.may_be_kept():
            # MathOpt would refuse such a program instead of calling it infeasible.
            return EngineOutcome("INFEASIBLE", None, 0, 0.0)
        from ortools.math_opt.python import mathopt  # noqa: PLC0415

        result, found, bound = _run_highs(model, objective, ask)
        reason, effort = result.termination.reason, float(result.solve_stats.node_count)
        infeasible = mathopt.TerminationReason.INFEASIBLE
        if reason in {infeasible, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED}:
            return EngineOutcome("INFEASIBLE", None, 0, effort)
        if found is None:
            return EngineOutcome("UNKNOWN", None, bound, effort)
        values = tuple(round(value) for value in found)
        if not model.is_kept(values):
            return CpSat().solve(model, objective, ask)
        is_best = not ask.relative_gap and reason == mathopt.TerminationReason.OPTIMAL
        value = objective.value(values)
        return EngineOutcome(
            "OPTIMAL" if is_best else "FEASIBLE",
            values,
            value if is_best else min(bound, value),
            effort,
        )


class Program:
    """A model as MathOpt has it, in units near those of its coefficients."""

    def __init__(self, model: LinearModel, objective: LinearObjective, *, is_whole: bool) -> None:
        # Imported when used: it brings a logging handler of its own along, which small maps, which
        # CP-SAT solves, are better without.
        from ortools.math_opt.python import mathopt  # noqa: PLC0415

        self.model = mathopt.Model()
        self.x = [
            self.model.add_variable(lb=0, ub=upper, is_integer=is_whole) for upper in model.upper
        ]
        self.rows: list[mathopt.LinearConstraint] = []
        self.row_scales: list[int] = []
        self.scale = _scale(c for c, _ in objective.terms)
        costs: dict[int, int] = {}
        for c, v in objective.terms:
            costs[v] = costs.get(v, 0) + c
        self.model.objective.is_maximize = False
        for v, c in costs.items():
            self.model.objective.set_linear_coefficient(self.x[v], c / self.scale)
        self.add_rows(model)

    def add_rows(self, model: LinearModel) -> None:
        for row in model.rows[len(self.rows) :]:
            scale = _scale(c for c, _ in row.terms)
            added = self.model.add_linear_constraint(
                lb=-math.inf if row.low is None else row.low / scale,
                ub=math.inf if row.high is None else row.high / scale,
            )
            for c, v in row.terms:
                added.set_coefficient(self.x[v], c / scale)
            self.rows.append(added)
            self.row_scales.append(scale)


def _run_highs(
    model: LinearModel, objective: LinearObjective, ask: Ask
) -> tuple[SolveResult, tuple[float, ...] | None, int]:
    """Give what HiGHS says, the values, and its bound as an integer with the constant."""
    from ortools.math_opt.python import mathopt  # noqa: PLC0415

    started = time.monotonic()
    program = Program(model, objective, is_whole=True)
    # A large program takes seconds to be written, which are seconds of solving too.
    limit_s = ask.time_limit_s
    left_s = None if limit_s is None else limit_s - (time.monotonic() - started)
    x, scale = program.x, program.scale
    parameters = mathopt.SolveParameters(
        random_seed=ask.seed,
        relative_gap_tolerance=ask.relative_gap,
        absolute_gap_tolerance=0.5 / scale,
        time_limit=time_limit(left_s),
    )
    if ask.is_proof:
        for name in HEURISTICS:
            parameters.highs.bool_options[f"mip_heuristic_run_{name}"] = False
        parameters.highs.double_options["mip_heuristic_effort"] = 0.0
    hints = [mathopt.SolutionHint(variable_values={x[v]: n for v, n in ask.hint.items()})]
    result = mathopt.solve(
        program.model,
        mathopt.SolverType.HIGHS,
        params=parameters,
        model_params=mathopt.ModelSolveParameters(solution_hints=hints if ask.hint else []),
    )
    found = result.best_objective_bound() * scale
    lowest = math.ceil(found - abs(found) * BOUND_TOLERANCE) if math.isfinite(found) else None
    values = None
    if result.solutions:
        at = result.variable_values()
        values = tuple(at[v] for v in x)
    return result, values, _lowest(objective, lowest)


def time_limit(seconds: float | None) -> timedelta | None:
    """Give a time limit as MathOpt takes it: none at all would be refused."""
    return None if seconds is None else timedelta(seconds=max(seconds, 0.01))


def _lowest(objective: LinearObjective, bound: int | None) -> int:
    """Give a bound with the constant; without one no costs at all is the bound."""
    return objective.constant + bound if bound is not None else min(0, objective.constant)


def _scale(coefficients: object) -> int:
    most = max((abs(c) for c in coefficients), default=0)  # type: ignore[attr-defined]
    return 100 if most >= LARGE_COEFFICIENT else 1
