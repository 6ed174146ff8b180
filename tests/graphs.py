"""Random merge problems on small graphs, and every legal plan of one by plain recursion."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
from shapely.geometry import Point

from cluster_optimiser.constants import CRS_METRES
from cluster_optimiser.domain import Authority, Layer, Problem, Territory, TravelMinutes, TravelSpec
from cluster_optimiser.geography.units import unit_table
from cluster_optimiser.optimise import candidate_groups
from tests.toy import toy_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cluster_optimiser.optimise import CandidateGroup

FIRST_URN = 100_001
SCHOOLS_A_UNIT = 2


def graph_problem(
    graph: nx.Graph,
    pupils: Sequence[int],
    *,
    places: Sequence[tuple[float, float]] | None = None,
    areas: Sequence[str] | None = None,
    minutes: np.ndarray | None = None,
    **scenario: Any,
) -> Problem:
    """Make a problem of a graph: units U00, U01 ..., each with a school, and a small one.

    Parameters
    ----------
    graph
        Nodes 0 to n - 1.
    pupils
        Pupils of each unit.
    places
        Where each stands, in metres; without it in a row.
    areas
        District of each unit.
    minutes
        Between schools; without it 10 everywhere.
    **scenario
        Tables of the scenario file.
    """
    n_units = graph.number_of_nodes()
    names = [f"U{i:02d}" for i in range(n_units)]
    places = places or [(1000.0 * i, 0.0) for i in range(n_units)]
    areas = areas or ["x"] * n_units
    rows = [
        {
            "name": f"{names[i]} {k}",
            "phase": "secondary" if k == 0 else "primary",
            "pupils": pupils[i] - pupils[i] // 4 if k == 0 else pupils[i] // 4,
            "is_pupils_known": True,
            "cluster": names[i],
            "local_cluster": names[i],
            "layer.district": areas[i],
        }
        for i in range(n_units)
        for k in range(SCHOOLS_A_UNIT)
    ]
    urns = pd.RangeIndex(FIRST_URN, FIRST_URN + len(rows)).astype("int64").rename("urn")
    points = [Point(*places[i]) for i in range(n_units) for _ in range(SCHOOLS_A_UNIT)]
    schools = gpd.GeoDataFrame(pd.DataFrame(rows, index=urns), geometry=points, crs=CRS_METRES)
    shapes = gpd.GeoSeries([Point(*p) for p in places], index=names, crs=CRS_METRES)
    unit_of = schools["local_cluster"].rename("unit")
    if minutes is None:
        minutes = np.where(np.eye(len(rows), dtype=bool), 0.0, 10.0)
    empty = gpd.GeoDataFrame(geometry=[], crs=CRS_METRES)
    outline = Point(0, 0).buffer(1)
    return Problem(
        scenario=toy_scenario(**scenario),
        authority=Authority(
            key="graph", name="Graphshire", folder=Path("boundaries/graph"), schools=schools,
            clusters=None, outline=outline, layers={"district": Layer("district", "D", "schools")},
            travel=TravelSpec("estimate"), sources=(), caveats=(), inputs={},
            data_date="2011-10-01",
        ),
        territory=Territory(outline, empty, empty, {}, ()),
        travel=TravelMinutes(urns.to_numpy(), minutes, "random"),
        units=unit_table(schools, unit_of, shapes, ["district"]),
        unit_of=unit_of,
        exempt_of=pd.Series(dtype=object),
        local_unit_of=pd.Series(dtype=object),
        dual=nx.relabel_nodes(graph, dict(enumerate(names))),
        notes=(),
    )  # fmt: skip


def grid_problem(n_rows: int, n_columns: int, pupils: int = 1_000, **scenario: Any) -> Problem:
    """Make a problem of a grid whose units all have the same pupils."""
    grid = nx.grid_2d_graph(n_rows, n_columns)
    places = [(1000.0 * column, -1000.0 * row) for row, column in sorted(grid)]
    graph = nx.relabel_nodes(grid, {square: i for i, square in enumerate(sorted(grid))})
    return graph_problem(graph, [pupils] * len(places), places=places, **scenario)


def random_problem(seed: int, *, most_units: int = 12) -> Problem:
    """Draw a graph of 2 to 12 units that is nearly planar, and a scenario whose bounds bind."""
    random = Random(seed)
    n_units = random.randint(2, most_units)
    places = [(random.uniform(0, 9000), random.uniform(0, 9000)) for _ in range(n_units)]
    near = sorted((i, j) for i in range(n_units) for j in range(i))
    near.sort(key=lambda pair: _squared_m(places, pair))
    graph = nx.Graph()
    graph.add_nodes_from(range(n_units))
    graph.add_edges_from(near[: random.randint(n_units // 2, 2 * n_units)])
    pupils = [random.choice([1, 2, 3, 5, 8]) * 100 for _ in range(n_units)]
    total = sum(pupils)
    least = random.randint(0, total // 3)
    size = {
        "min_pupils": least,
        "max_pupils": max(1, random.randint(least, max(least + 1, total // 2))),
        "oversize": random.choice(["keep", "keep", "refuse"]),
        "max_exceptions": random.choice([0, 0, 0, 1, 2]),
        "target_pupils": 500,
    }
    tables: dict[str, Any] = {"size": size, "objective": _objective(random)}
    tables["alignment"] = {"district": random.choice(["prefer", "prefer", "require"])}
    if random.random() < 0.3:
        fewest = random.randint(1, 5)
        tables["count"] = {"min": fewest, "max": fewest + random.randint(0, 3)}
    n_schools = SCHOOLS_A_UNIT * n_units
    numbers = np.random.default_rng(seed)
    minutes = np.round(numbers.integers(1, 30, (n_schools, n_schools)) * 0.5, 2)
    np.fill_diagonal(minutes, 0.0)
    areas = [random.choice("xxy") for _ in range(n_units)]
    return graph_problem(graph, pupils, places=places, areas=areas, minutes=minutes, **tables)


def _squared_m(places: list[tuple[float, float]], pair: tuple[int, int]) -> float:
    (a, b), (c, d) = places[pair[0]], places[pair[1]]
    return (a - c) ** 2 + (b - d) ** 2


def _objective(random: Random) -> dict[str, Any]:
    terms = ["count", "pupil_minutes", "deviation", "misaligned.district", "exceptions"]
    if random.random() < 0.4:
        order = random.sample([*terms, "longest_minutes"], random.randint(2, 4))
        return {"order": order}
    chosen = random.sample(terms, random.randint(1, 4))
    if random.random() < 0.2:
        return {"weights": {term: random.choice([0.5, 1.0, 2.25]) for term in chosen}}
    return {"order": chosen}


@dataclass(frozen=True)
class Everything:
    """All legal plans of a problem, listed.

    Parameters
    ----------
    groups
        The candidate groups.
    plans
        Positions of the groups of each plan, ascending.
    """

    groups: tuple[CandidateGroup, ...]
    plans: list[tuple[int, ...]]

    def values(self, metric: str) -> list[int]:
        gather = max if metric == "longest_minutes" else sum
        return [gather(self.groups[i].costs[metric] for i in plan) for plan in self.plans]


def everything(problem: Problem) -> Everything:
    """List all legal plans by plain recursion over the lowest unit that is left."""
    groups = candidate_groups(problem)
    count, most_small = problem.scenario.count, problem.scenario.size.max_exceptions
    plans = [
        tuple(sorted(plan))
        for plan in _covers(groups, (1 << len(problem.units)) - 1)
        if count.min <= len(plan) <= (count.max or len(plan))
        and sum(groups[i].is_exception for i in plan) <= most_small
    ]
    return Everything(groups, sorted(plans))


def _covers(groups: Sequence[CandidateGroup], left: int) -> Iterator[tuple[int, ...]]:
    if not left:
        yield ()
        return
    lowest = left & -left
    for i, group in enumerate(groups):
        if group.mask & lowest and group.mask & ~left == 0:
            for rest in _covers(groups, left & ~group.mask):
                yield (i, *rest)
