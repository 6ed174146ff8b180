"""Measure the universe: time, size and memory, and ratios against naive ways in the same run.

    python benchmarks/bench_universe.py [--quick]

Times are medians of several runs. Norfolk scenarios are read from ``scenarios/``; grids and rings
are made in memory. ``naive`` lists every plan by plain recursion, without merging equal states.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import networkx as nx

sys.path.insert(0, str(Path(__file__).parents[1]))

from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.optimise import candidate_groups, candidates
from cluster_optimiser.optimise.universe import states
from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.scenario import parse_scenario
from tests.graphs import everything, graph_problem, grid_problem
from tests.norfolk import norfolk_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_optimiser.domain import Problem

MB_PER_KIB = 1 / 1024
A172477 = {3: 10, 4: 117, 5: 4_006, 6: 451_206, 7: 158_753_814}


def median_s(run: Callable[[], object], n_runs: int) -> float:
    """Give the median seconds of several runs, none of which knows what another worked out."""
    times = []
    for _ in range(n_runs):
        candidates._listed.cache_clear()  # noqa: SLF001 - kept for a run, which this is not
        states._tried.cache_clear()  # noqa: SLF001 - the same
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def peak_mb() -> float:
    """Give the most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MB_PER_KIB


def row(*cells: object) -> None:
    """Print one line of a table."""
    texts = [f"{c:,.3f}" if isinstance(c, float) else f"{c:,}" if isinstance(c, int) else str(c)
             for c in cells]  # fmt: skip
    print(f"{texts[0]:<34}" + "".join(f"{text:>24}" for text in texts[1:]), flush=True)


def varied(option: str, **tables: object) -> Problem:
    """Give the problem of an option with some of its tables changed."""
    problem = norfolk_problem(option)
    data = problem.scenario.resolved()
    for key, value in tables.items():
        data[key] = {**data[key], **value} if isinstance(value, dict) else value
    return replace(problem, scenario=parse_scenario(data))


def bench_norfolk(n_runs: int) -> None:
    """Time every question on Norfolk."""
    cases = {
        "4a, 2,500-5,000": norfolk_problem("4a"),
        "4a widened to 2,000-6,000": varied("4a", size={"min_pupils": 2000, "max_pupils": 6000}),
        "3a within divisions": norfolk_problem("3a"),
        "3a over the whole county": varied("3a", within=[]),
    }
    terms = ["count", "misaligned.district", "pupil_minutes"]
    questions: dict[str, Callable[[Universe], object]] = {
        "best 1000": lambda u: u.best(1000),
        "together": lambda u: u.together(),
        "front of 3": lambda u: u.pareto(terms),
        "sample 1000": lambda u: u.sample(1000, seed=1),
    }
    row("Norfolk (s)", "plans", "groups s", "count s", *[f"{name} s" for name in questions], "MB")
    for name, problem in cases.items():
        groups = candidate_groups(problem)
        groups_s = median_s(lambda p=problem: candidate_groups(p), n_runs)
        count_s = median_s(lambda p=problem, g=groups: Universe.of(p, g).n_plans, n_runs)
        universe = Universe.of(problem, groups)
        times = [median_s(lambda q=q, u=universe: q(u), n_runs) for q in questions.values()]
        row(name, universe.n_plans, groups_s, count_s, *times, peak_mb())


def bench_ranks() -> None:
    """Time distributions and ranks once, on fresh universes."""
    row("Ranks (s)", "distributions", "rank of a plan", "rank of another", "MB")
    for name, problem in {
        "4a, 2,500-5,000": norfolk_problem("4a"),
        "3a over the whole county": varied("3a", within=[]),
        "4a widened to 2,000-6,000": varied("4a", size={"min_pupils": 2000, "max_pupils": 6000}),
        "4a widened to 1,500-7,000": varied("4a", size={"min_pupils": 1500, "max_pupils": 7000}),
    }.items():
        # Projections are left out: this is about costs that add up.
        universe = Universe.of(replace(problem, projections=()))
        plans = universe.sample(2, seed=1)
        table_s = median_s(universe.distributions, 1)
        first_s = median_s(lambda u=universe, p=plans: u.rank(p[0].groups), 1)
        other_s = median_s(lambda u=universe, p=plans: u.rank(p[1].groups), 1)
        row(name, table_s, first_s, other_s, peak_mb())


def bench_grids(n_runs: int, largest: int) -> None:
    """Count equal connected parts of grids, and compare with plain recursion."""
    row("n x n in n parts", "plans", "published", "s", "states", "naive s", "ratio")
    for n in range(3, largest + 1):
        problem = grid_problem(n, n, size={"min_pupils": 1000 * n, "max_pupils": 1000 * n})
        count_s = median_s(lambda p=problem: Universe.of(p).n_plans, n_runs)
        universe = Universe.of(problem)
        naive_s = median_s(lambda p=problem: everything(p), 1) if n <= 5 else None  # noqa: PLR2004
        ratio = [naive_s, naive_s / count_s] if naive_s else ["-", "-"]
        row(f"{n} x {n}", universe.n_plans, A172477[n], count_s, universe.diagram.n_visited, *ratio)


def bench_scale(max_states: int) -> None:
    """Rings and grids of 100, 200 and 400 units in groups of 3 to 5 units."""
    size = {"min_pupils": 3000, "max_pupils": 5000}
    shapes = {
        "ring of 100": (nx.cycle_graph(100), None),
        "ring of 200": (nx.cycle_graph(200), None),
        "ring of 400": (nx.cycle_graph(400), None),
        "grid 5 x 20": (5, 20),
        "grid 5 x 40": (5, 40),
        "grid 5 x 80": (5, 80),
        "grid 10 x 10": (10, 10),
        "grid 10 x 20": (10, 20),
        "grid 20 x 20": (20, 20),
    }
    row("3-5 units a cluster", "groups", "digits of plans", "states", "s", "MB")
    for name, (first, second) in shapes.items():
        if second is None:
            problem = graph_problem(first, [1000] * first.number_of_nodes(), size=size)
        else:
            problem = grid_problem(first, second, size=size)
        started = time.perf_counter()
        groups = candidate_groups(problem)
        try:
            universe = Universe.of(problem, groups, max_states=max_states)
        except ClusterOptimiserError as error:
            row(name, len(groups), "given up", "-", time.perf_counter() - started, peak_mb())
            print(f"    {error}")
            continue
        digits = len(str(universe.n_plans))
        spent_s = time.perf_counter() - started
        row(name, len(groups), digits, universe.diagram.n_visited, spent_s, peak_mb())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one run each, up to 6 x 6")
    is_quick = parser.parse_args().quick
    n_runs = 1 if is_quick else 3
    bench_norfolk(n_runs)
    print()
    bench_ranks()
    print()
    bench_grids(n_runs, 6 if is_quick else 7)
    print()
    bench_scale(200_000 if is_quick else 1_000_000)


if __name__ == "__main__":
    main()
