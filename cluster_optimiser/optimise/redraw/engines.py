"""Two solvers behind one interface: HiGHS through MathOpt, and CP-SAT.

Both run with one worker and a fixed seed, so that two runs give the same plan. What they return is
whole numbers, checked against the model; what they claim of it is a status and a bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from ortools.sat.python import cp_model

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ortools.math_opt.python.result import SolveResult

    from cluster_optimiser.domain import Status
    from cluster_optimiser.optimise.redraw.linear import LinearModel, Objective

LARGE_COEFFICIENT = 100_000
"""From here on HiGHS is given hundredths, since it works to fixed absolute tolerances."""

BOUND_TOLERANCE = 1e-6
"""A bound this little above an integer is that integer; in HiGHS relative to the bound's size."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine says of a model.

    Parameters
    ----------
    status
        OPTIMAL, FEASIBLE, INFEASIBLE or UNKNOWN.
    values
        A value for each variable, or None.
    bound
        No solution has a lower objective.
    effort
        The engine's own measure of effort: deterministic time or nodes.
    """

    status: Status
    values: tuple[int, ...] | None
    bound: int
    effort: float


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The best of a program some of whose variables need not be whole.

    Parameters
    ----------
    values
        A value for each variable; None where none was found.
    bound
        No solution has a lower objective.
    """

    values: tuple[float, ...] | None
    bound: int


class Engine(Protocol):
    """A solver of a linear model."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def solve(
        self,
        model: LinearModel,
        objective: Objective,
        *,
        hint: Mapping[int, int] | None = None,
        seed: int = 0,
        time_limit_s: float | None = None,
    ) -> Outcome:
        """Minimise.

        Parameters
        ----------
        model, objective
            The program.
        hint
            Values to begin with.
        seed
            Fixes the search.
        time_limit_s
            Seconds; without it until proved.

        Returns
        -------
        The outcome.
        """
        ...


class CpSat:
    """CP-SAT, exact in integers."""

    name = "CP-SAT"

    def solve(
        self,
        model: LinearModel,
        objective: Objective,
        *,
        hint: Mapping[int, int] | None = None,
        seed: int = 0,
        time_limit_s: float | None = None,
    ) -> Outcome:
        """Minimise; see `Engine`.

        Parameters
        ----------
        model, objective, hint, seed, time_limit_s
            As for `Engine`.

        Returns
        -------
        The outcome.
        """
        cp = cp_model.CpModel()
        x = [cp.new_int_var(0, upper, "") for upper in model.upper]
        for row in model.rows:
            _add_to_cp_sat(cp, x, row.terms, row.low, row.high)
        cp.minimize(
            cp_model.LinearExpr.weighted_sum(
                [x[v] for _, v in objective.terms], [c for c, _ in objective.terms]
            )
        )
        for variable, value in (hint or {}).items():
            cp.add_hint(x[variable], value)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed
        solver.parameters.linearization_level = 2
        if time_limit_s is not None:
            solver.parameters.max_time_in_seconds = max(time_limit_s, 0.0)
        status = _CP_SAT_STATUS.get(solver.solve(cp), "UNKNOWN")
        has = status in {"OPTIMAL", "FEASIBLE"}
        values = tuple(solver.value(v) for v in x) if has else None
        found = solver.best_objective_bound
        is_bound = status != "INFEASIBLE" and math.isfinite(found)
        lowest = math.ceil(found - BOUND_TOLERANCE) if is_bound else None
        return Outcome(
            status,
            values,
            _lowest(objective, lowest),
            solver.response_proto.deterministic_time,
        )


_CP_SAT_STATUS: Mapping[cp_model.CpSolverStatus, Status] = {
    cp_model.OPTIMAL: "OPTIMAL",
    cp_model.FEASIBLE: "FEASIBLE",
    cp_model.INFEASIBLE: "INFEASIBLE",
}


def _add_to_cp_sat(
    cp: cp_model.CpModel,
    x: Sequence[cp_model.IntVar],
    terms: Sequence[tuple[int, int]],
    low: int | None,
    high: int | None,
) -> None:
    total = cp_model.LinearExpr.weighted_sum([x[v] for _, v in terms], [c for c, _ in terms])
    if low is not None and low == high:
        cp.add(total == low)
        return
    if low is not None:
        cp.add(total >= low)
    if high is not None:
        cp.add(total <= high)


@dataclass(frozen=True, slots=True)
class Highs:
    """HiGHS, in floating point: its solution is rounded and checked, or given to CP-SAT.

    Parameters
    ----------
    relative_gap
        Share of its value by which a solution may miss the bound; with any, none is called best.
    name
        What it is called.
    """

    relative_gap: float = 0.0
    name: str = "HiGHS"

    def solve(
        self,
        model: LinearModel,
        objective: Objective,
        *,
        hint: Mapping[int, int] | None = None,
        seed: int = 0,
        time_limit_s: float | None = None,
    ) -> Outcome:
        """Minimise; see `Engine`.

        Parameters
        ----------
        model, objective, hint, seed, time_limit_s
            As for `Engine`.

        Returns
        -------
        The outcome. Where rounding breaks a row, CP-SAT's in its place.
        """
        if not model.may_be_kept():
            # MathOpt would refuse such a program instead of calling it infeasible.
            return Outcome("INFEASIBLE", None, 0, 0.0)
        # Imported when used: it brings a logging handler of its own along, which the default engine
        # and its users are better without.
        from ortools.math_opt.python import mathopt  # noqa: PLC0415

        result, found, bound = _run_highs(
            model,
            objective,
            divisible=frozenset(),
            hint=hint,
            seed=seed,
            time_limit_s=time_limit_s,
            relative_gap=self.relative_gap,
        )
        reason, effort = result.termination.reason, float(result.solve_stats.node_count)
        infeasible = mathopt.TerminationReason.INFEASIBLE
        if reason in {infeasible, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED}:
            return Outcome("INFEASIBLE", None, 0, effort)
        if found is None:
            return Outcome("UNKNOWN", None, bound, effort)
        values = tuple(round(value) for value in found)
        if not model.is_kept(values):
            return CpSat().solve(model, objective, hint=hint, seed=seed, time_limit_s=time_limit_s)
        is_best = not self.relative_gap and reason == mathopt.TerminationReason.OPTIMAL
        value = objective.value(values)
        return Outcome(
            "OPTIMAL" if is_best else "FEASIBLE",
            values,
            value if is_best else min(bound, value),
            effort,
        )

    def relax(
        self,
        model: LinearModel,
        objective: Objective,
        *,
        divisible: Collection[int],
        seed: int = 0,
        time_limit_s: float | None = None,
    ) -> Relaxed:
        """Minimise with some variables in fractions: a bound, and what all of them are.

        Parameters
        ----------
        model, objective
            As for `Engine`.
        divisible
            Variables that need not be whole.
        seed, time_limit_s
            As for `Engine`.

        Returns
        -------
        Values and bound.
        """
        if not model.may_be_kept():
            return Relaxed(None, 0)
        from ortools.math_opt.python import mathopt  # noqa: PLC0415

        result, values, bound = _run_highs(
            model,
            objective,
            divisible=divisible,
            hint=None,
            seed=seed,
            time_limit_s=time_limit_s,
            relative_gap=self.relative_gap,
        )
        reasons = mathopt.TerminationReason
        is_impossible = result.termination.reason in {
            reasons.INFEASIBLE,
            reasons.INFEASIBLE_OR_UNBOUNDED,
        }
        return Relaxed(None, 0) if is_impossible else Relaxed(values, bound)


def _run_highs(
    model: LinearModel,
    objective: Objective,
    *,
    divisible: Collection[int],
    hint: Mapping[int, int] | None,
    seed: int,
    time_limit_s: float | None,
    relative_gap: float,
) -> tuple[SolveResult, tuple[float, ...] | None, int]:
    """Give what HiGHS says, the values, and its bound as an integer with the constant."""
    from ortools.math_opt.python import mathopt  # noqa: PLC0415

    program = mathopt.Model()
    x = [
        program.add_variable(lb=0, ub=upper, is_integer=v not in divisible)
        for v, upper in enumerate(model.upper)
    ]
    for row in model.rows:
        scale = _scale(c for c, _ in row.terms)
        program.add_linear_constraint(
            lb=-math.inf if row.low is None else row.low / scale,
            ub=math.inf if row.high is None else row.high / scale,
            expr=mathopt.LinearSum(c / scale * x[v] for c, v in row.terms),
        )
    scale = _scale(c for c, _ in objective.terms)
    program.minimize(mathopt.LinearSum(c / scale * x[v] for c, v in objective.terms))
    parameters = mathopt.SolveParameters(
        random_seed=seed,
        relative_gap_tolerance=relative_gap,
        absolute_gap_tolerance=0.5 / scale,
        time_limit=None if time_limit_s is None else timedelta(seconds=max(time_limit_s, 0.01)),
    )
    hints = [mathopt.SolutionHint(variable_values={x[v]: n for v, n in (hint or {}).items()})]
    result = mathopt.solve(
        program,
        mathopt.SolverType.HIGHS,
        params=parameters,
        model_params=mathopt.ModelSolveParameters(solution_hints=hints if hint else []),
    )
    found = result.best_objective_bound() * scale
    lowest = math.ceil(found - abs(found) * BOUND_TOLERANCE) if math.isfinite(found) else None
    values = None
    if result.solutions:
        at = result.variable_values()
        values = tuple(at[v] for v in x)
    return result, values, _lowest(objective, lowest)


def _lowest(objective: Objective, bound: int | None) -> int:
    """Give a bound with the constant; without one no costs at all is the bound."""
    return objective.constant + bound if bound is not None else min(0, objective.constant)


def _scale(coefficients: object) -> int:
    most = max((abs(c) for c in coefficients), default=0)  # type: ignore[attr-defined]
    return 100 if most >= LARGE_COEFFICIENT else 1
