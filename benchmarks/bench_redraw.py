"""Compare the redraw with other tools that draw clusters, on the same ground and rules.

    python benchmarks/bench_redraw.py [--only 'county/*'] [--seconds 60] [--json]
    python benchmarks/bench_redraw.py --made 1000 [--only '*/GerryChain*']

The inputs are the parts of option 2c, each with the number of clusters that is proved fewest there,
and the whole county of option 5 with 22 to 32 clusters. The tools are our own solver, spopt
(max-p, SKATER, AZP, its p-median without and with capacities), GerryChain's recombination with an
optimiser, and the plain assignment model in CP-SAT with contiguity by flows. All are judged by one
function: pupil minutes to the best hub of each cluster, and every rule. A tool has `--seconds` for
the county, and for a part its share by the number of schools, 10 s at the least. Tools that want to
be told the number of clusters are told the most allowed, as more clusters have shorter ways. The
columns are pupil minutes, how far above ours, clusters, seconds until that plan was found and all
seconds, and what there is to say. Bounds of the p-median hold for so many clusters or fewer.

spopt's `KNearestPMedian` is left out, as it knows straight lines only and no travel times; its
other models of places (centre, coverage, dispersion) have other objectives. With `--made` the input
is a made county of so many schools, one in eight a secondary school, with any number of clusters;
tools that want to be told a number are told that which makes clusters of 3,000 pupils. Plans of a
whole map are also put before the independent check, and it is an error if that says otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from redraw_arena import SEED, Arena, Row
from redraw_peers import PEERS

from cluster_optimiser.batch import load_place
from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.geography import build_problem
from cluster_optimiser.optimise.naming import assign_schools
from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.scenario import Count, Objective, load_scenario
from cluster_optimiser.verification import verify_plan
from tests.norfolk import SCENARIOS, norfolk_place, norfolk_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redraw_arena import Clusters

    from cluster_optimiser.domain import Plan, Problem

Inputs = Iterator[tuple["Problem", Iterable[Arena]]]
"""Problems, each with the arenas that it is divided into."""

OURS = "ours"
LEAST_S = 10.0
"""Seconds that a tool has at least."""

TOLERANCE_MIN = 0.01
"""Pupil minutes that the two counts of a plan may differ by: rounding of minutes to hundredths."""

PACKAGES = ("ortools", "spopt", "pulp", "gerrychain", "libpysal")


# --- inputs ---------------------------------------------------------------------------


def county_problem() -> Problem:
    """Give the problem of option 5."""
    place = norfolk_place()
    scenario = load_scenario(SCENARIOS / "long" / "5.toml")
    return build_problem(scenario, place.authority, place.territory)


def part_problem(problem: Problem, units: Sequence[str], n_clusters: int) -> Problem:
    """Cut one part of the map out, for a number of clusters and the fewest pupil minutes."""
    scenario = problem.scenario.model_copy(
        update={
            "count": Count(min=n_clusters, max=n_clusters),
            "objective": Objective(order=("pupil_minutes",)),
        }
    )
    nobody = problem.exempt_of.index[:0]
    return replace(
        problem,
        scenario=scenario,
        units=problem.units.loc[list(units)],
        unit_of=problem.unit_of[problem.unit_of.isin(units)],
        exempt_of=problem.exempt_of.loc[nobody],
        local_unit_of=problem.local_unit_of.loc[nobody],
        dual=problem.dual.subgraph(units).copy(),
    )


def unit_clusters(problem: Problem, plan: Plan) -> Clusters:
    """Give the clusters of a plan as positions of units."""
    of_school = plan.assignment.loc[problem.unit_of.index]
    of_unit = of_school.groupby(problem.unit_of.to_numpy()).first()
    members: dict[str, set[int]] = {}
    for position, unit in enumerate(problem.units.index):
        members.setdefault(str(of_unit[unit]), set()).add(position)
    return tuple(frozenset(units) for units in members.values())


def parts_of_2c(problem: Problem) -> Iterator[Arena]:
    """Give an arena for each part of option 2c, with as many clusters as our plan has there."""
    clusters = unit_clusters(problem, solve_redraw(problem, seed=SEED))
    ground = redraw_ground(problem)
    for part in ground.parts():
        units = [ground.units[i] for i in part]
        homes = problem.units["home.gp_consortium"].loc[units]
        n_clusters = sum(cluster <= set(part) for cluster in clusters)
        name = f"{homes.mode()[0]}, {len(part)} schools"
        yield Arena(name, part_problem(problem, units, n_clusters))


# --- runs -----------------------------------------------------------------------------


def run_ours(row: Row, seconds: float) -> None:
    """Solve with our own solver."""
    problem = row.arena.problem
    try:
        plan = solve_redraw(problem, seed=SEED, time_limit_s=seconds)
    except ClusterOptimiserError as error:
        row.status = str(error)
        return
    stage = plan.solution.stages[0]
    row.status, row.bound = plan.solution.status, stage.bound
    row.offer(unit_clusters(problem, plan))
    if row.judgement and abs(row.judgement.pupil_minutes - stage.objective) > TOLERANCE_MIN:
        message = f"the judge counts {row.judgement.pupil_minutes}, the solver {stage.objective}"
        raise ValueError(message)


def violations(problem: Problem, clusters: Sequence[frozenset[str]]) -> int:
    """Count what the independent check finds wrong with a plan of named units."""
    ordered = sorted(clusters, key=sorted)
    cluster_of = {unit: f"Cluster {k:03}" for k, c in enumerate(ordered) for unit in c}
    return len(verify_plan(problem, assign_schools(problem, cluster_of)).violations)


def named(row: Row) -> list[frozenset[str]]:
    """Give the clusters of a row's plan by the names of their units."""
    return [frozenset(row.arena.ground.units[i] for i in c) for c in row.plan or ()]


def compared(arena: Arena, seconds: float, only: str) -> Iterator[Row]:
    """Run our solver, then the others."""
    for tool, (run, note) in {OURS: (run_ours, ""), **PEERS}.items():
        if tool != OURS and not fnmatchcase(f"{arena.name}/{tool}", only):
            continue
        row = Row(arena, tool, note)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run(row, seconds)
        except Exception as error:  # whatever ends a tool is part of the comparison
            if tool == OURS:
                raise
            row.status = f"{type(error).__name__}: {error}"[:100]
        row.seconds = time.perf_counter() - row.started
        yield row


def report(row: Row, ours: Row, *, as_json: bool) -> None:
    """Print a row."""
    found, apart = row.judgement, None
    if found is not None and ours.judgement is not None:
        apart = 100 * (found.pupil_minutes / ours.judgement.pupil_minutes - 1)
    if as_json:
        print(json.dumps(told(row, apart)), flush=True)
        return
    minutes = f"{found.pupil_minutes:,.0f}" if found else "-"
    away = f"{round(apart, 1) + 0.0:+.1f} %" if apart is not None else ""
    clusters = str(found.n_clusters) if found else "-"
    bound = f"bound {row.bound:,.0f}" if row.bound is not None else ""
    if found and found.is_legal and row.bound is not None:
        bound += f", gap {max(0.0, 100 * (1 - row.bound / found.pupil_minutes)):.2f} %"
    legality = f"NOT LEGAL: {found.told()}" if found and not found.is_legal else "legal"
    remarks = (legality if found else "no plan", row.status, bound, row.note)
    print(
        f"  {row.tool:<26}{minutes:>10} {away:>8} {clusters:>3} {row.best_s:>6.1f} s"
        f"{row.seconds:>6.1f} s  "
        f"{'; '.join(text for text in remarks if text)}",
        flush=True,
    )


def told(row: Row, apart: float | None) -> dict[str, object]:
    """Give a row as an object of JSON."""
    found = row.judgement
    return {
        "input": row.arena.name,
        "tool": row.tool,
        "pupil_minutes": found and round(found.pupil_minutes, 2),
        "above_ours_pct": apart and round(apart, 3),
        "n_clusters": found and found.n_clusters,
        "is_legal": found and found.is_legal,
        "faults": {name: n for name, n in found.faults.items() if n} if found else {},
        "status": row.status,
        "bound": row.bound and round(row.bound, 2),
        "seconds_to_best": round(row.best_s, 2),
        "seconds": round(row.seconds, 2),
        "note": row.note,
    }


def check(problem: Problem, rows: Sequence[Row]) -> None:
    """Compare the judge with the independent check, for plans of a whole problem."""
    for tool in dict.fromkeys(row.tool for row in rows):
        of_tool = [row for row in rows if row.tool == tool and row.plan is not None]
        if sum(row.arena.n_units for row in of_tool) < len(problem.units):
            continue
        n_wrong = violations(problem, [c for row in of_tool for c in named(row)])
        is_legal = all(row.judgement and row.judgement.is_legal for row in of_tool)
        if (n_wrong == 0) != is_legal:
            message = f"{tool}: the judge says {is_legal}, the check finds {n_wrong} faults"
            raise ValueError(message)


def compare(inputs: Inputs, only: str, seconds: float, *, as_json: bool) -> None:
    """Run every tool on every input, and tell where another was better than ours."""
    every: list[Row] = []
    for problem, arenas in inputs:
        rows: list[Row] = []
        for arena in arenas:
            if not any(fnmatchcase(f"{arena.name}/{tool}", only) for tool in (OURS, *PEERS)):
                continue
            share_s = max(LEAST_S, seconds * arena.n_units / len(problem.units))
            if not as_json:
                print(f"{arena.name}, {clusters_of(arena)} clusters, {share_s:.0f} s a tool")
            found: list[Row] = []
            for row in compared(arena, share_s, only):
                found.append(row)
                report(row, found[0], as_json=as_json)
            rows += found
        check(problem, rows)
        every += rows
    better = [f"{row.arena.name}: {row.tool}" for row in every if is_better(row, every)]
    if not as_json:
        print(f"better than ours while legal: {'; '.join(better) or 'none'}")


def clusters_of(arena: Arena) -> str:
    """Say how many clusters a plan may have."""
    fewest, most = arena.count.min, arena.count.max
    return str(fewest) if fewest == most else f"{fewest} to {most}" if most else "any number of"


def is_better(row: Row, rows: Sequence[Row]) -> bool:
    """Tell whether another tool's legal plan has fewer pupil minutes than ours of the input."""
    ours = next(r for r in rows if r.tool == OURS and r.arena is row.arena)
    if row.judgement is None or not row.judgement.is_legal:
        return False
    return (
        ours.judgement is None
        or row.judgement.pupil_minutes < ours.judgement.pupil_minutes - TOLERANCE_MIN
    )


# --- a made county --------------------------------------------------------------------

SPACING_M, WEST, SOUTH = 2_500, 420_000, 200_000
BLOCK = 2, 4
"""Rows and columns of the schools that one secondary school is among."""


def make_county(folder: Path, n_schools: int, seed: int) -> None:
    """Make a county on a jittered grid, one school in eight a secondary school."""
    rng = random.Random(seed)  # noqa: S311 - made figures, no secrets
    columns = 4 * round((n_schools**0.5) / 4)
    schools: list[tuple[float, float, bool]] = []
    secondaries = {
        (r, c): rng.randrange(BLOCK[0] * BLOCK[1])
        for r in range(n_schools // columns // BLOCK[0] + 1)
        for c in range(columns // BLOCK[1])
    }
    for i in range(n_schools):
        row, column = divmod(i, columns)
        x = WEST + (column + rng.uniform(0.1, 0.9)) * SPACING_M
        y = SOUTH + (row + rng.uniform(0.1, 0.9)) * SPACING_M
        at = BLOCK[1] * (row % BLOCK[0]) + column % BLOCK[1]
        schools.append((x, y, secondaries[row // BLOCK[0], column // BLOCK[1]] == at))
    hubs = [(x, y) for x, y, is_secondary in schools if is_secondary]
    rows = ["urn,name,phase,easting,northing,pupils,cluster"]
    for i, (x, y, is_secondary) in enumerate(schools):
        phase, urn = "secondary" if is_secondary else "primary", 100_000 + i
        # As in English registers: primaries of 25 to 700, most under 250; secondaries about 950.
        drawn = rng.gauss(950, 300) if is_secondary else rng.lognormvariate(5.2, 0.55)
        pupils = min(max(round(drawn), 350 if is_secondary else 25), 1_900 if is_secondary else 700)
        nearest = min(range(len(hubs)), key=lambda h: (hubs[h][0] - x) ** 2 + (hubs[h][1] - y) ** 2)
        rows.append(f"{urn},School {urn},{phase},{x:.0f},{y:.0f},{pupils},Cluster {nearest:03}")
    folder.mkdir(parents=True)
    (folder / "schools.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    x0, y0 = WEST, SOUTH
    x1, y1 = x0 + columns * SPACING_M, y0 + -(-n_schools // columns) * SPACING_M
    ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    whole = {"type": "Feature", "properties": {"name": "Whole"}, "geometry": geometry}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    layer = {"type": "FeatureCollection", "crs": crs, "features": [whole]}
    (folder / "county.geojson").write_text(json.dumps(layer), encoding="utf-8")
    (folder / "authority.toml").write_text(
        'name = "Made"\ndata_date = "2020-01-01"\nschools = "schools.csv"\n'
        'layers.county = "county.geojson"\n[travel]\nmethod = "estimate"\n'
        "constant_min = 4\nbands = [{ min_per_km = 1.3 }]\n"
        '[[sources]]\ntitle = "Made"\ndate = "2020"\nlicence = "None"\n',
        encoding="utf-8",
    )


MADE_SCENARIO = """
title = "A made county drawn anew"
option = "made"
authority = "made"
method = "redraw"
units = "schools"
size.min_pupils = 2500
size.max_pupils = 5000
travel.max_minutes = 40
objective.order = ["pupil_minutes"]
"""


def made_problem(n_schools: int) -> Problem:
    """Give the problem of a made county."""
    with tempfile.TemporaryDirectory() as home:
        make_county(Path(home) / "boundaries" / "made", n_schools, SEED)
        (Path(home) / "scenarios").mkdir()
        path = Path(home) / "scenarios" / "made.toml"
        path.write_text(MADE_SCENARIO, encoding="utf-8")
        scenario = load_scenario(path)
        place = load_place(scenario)
        return build_problem(scenario, place.authority, place.territory)


def made_input(n_schools: int) -> Inputs:
    """Give a made county."""
    problem = made_problem(n_schools)
    yield problem, [Arena(f"made county of {n_schools:,} schools", problem)]


def norfolk_inputs() -> Inputs:
    """Give the parts of option 2c, and the whole county of option 5."""
    in_parts, whole = norfolk_problem("2c"), county_problem()
    yield in_parts, parts_of_2c(in_parts)
    yield whole, [Arena("county", whole)]


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="*", help="inputs and tools, such as 'county/spopt*'")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each tool (60)")
    parser.add_argument("--json", action="store_true", help="a JSON object a line, nothing else")
    parser.add_argument("--made", type=int, metavar="N", help="a made county of N schools")
    arguments = parser.parse_args()
    if not arguments.json:
        versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
        print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}")
    inputs = made_input(arguments.made) if arguments.made else norfolk_inputs()
    compare(inputs, arguments.only, arguments.seconds, as_json=arguments.json)
    if not arguments.json:
        most_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"at most {most_kb / 1024:.0f} MB of memory")


if __name__ == "__main__":
    main()
