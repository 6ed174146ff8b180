"""A made case of the size that the page must bear: 500 schools, 8 plans."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from cluster_optimiser.constants import CRS_METRES
from cluster_optimiser.domain import (
    Authority,
    Layer,
    Plan,
    Result,
    Solution,
    Source,
    Territory,
    TravelSpec,
)
from cluster_optimiser.geography import build_problem
from cluster_optimiser.scenario import parse_scenario
from cluster_optimiser.scoring import score

if TYPE_CHECKING:
    from pathlib import Path

NASTY = "</script><img src=x onerror=alert(1)>"
N_SCHOOLS, N_PLANS = 500, 8
COLUMNS, ROWS, SIDE_M = 8, 7, 9_000
WEST, SOUTH = 580_000, 290_000
WORDS = [
    "Ash",
    "Beck",
    "Cold",
    "Dun",
    "Elm",
    "Fern",
    "Gor",
    "Hol",
    "Ing",
    "Kes",
    "Lang",
    "Mel",
    "Nor",
    "Oak",
    "Pen",
    "Quar",
    "Rush",
    "Stan",
    "Thorn",
    "Upp",
    "Ved",
    "Wick",
    "Yax",
    "Brent",
    "Crost",
    "Dray",
    "Eccles",
    "Frost",
]
ENDINGS = ("ham", "ton", "by", "wick", "ford", "ley", "stead", "worth")
KINDS = ("Primary School", "Church of England Primary Academy", "Community Infant School")


def _names(rng: random.Random, n: int) -> list[str]:
    names = [a.capitalize() + b for a in WORDS for b in ENDINGS]
    rng.shuffle(names)
    return names[:n]


def _ground(names: list[str]) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Lay clusters with uneven borders on a grid; neighbours share theirs."""
    bend = np.random.default_rng(0).uniform(-900, 900, size=(ROWS + 1, COLUMNS + 1, 2))

    def corner(row: int, column: int) -> tuple[float, float]:
        dx, dy = bend[row, column]
        return WEST + column * SIDE_M + dx, SOUTH + row * SIDE_M + dy

    def edge(a: tuple[int, int], b: tuple[int, int]) -> list[tuple[float, float]]:
        (x0, y0), (x1, y1) = corner(*min(a, b)), corner(*max(a, b))
        rng = np.random.default_rng([*min(a, b), *max(a, b)])
        steps = np.linspace(0, 1, 9)
        off = np.r_[0, rng.uniform(-350, 350, 7), 0]
        across = np.array([y1 - y0, x0 - x1]) / np.hypot(x1 - x0, y1 - y0)
        line = [
            (x0 + t * (x1 - x0) + o * across[0], y0 + t * (y1 - y0) + o * across[1])
            for t, o in zip(steps, off, strict=True)
        ]
        return line if a < b else line[::-1]

    shapes = []
    for i in range(ROWS * COLUMNS):
        r, c = divmod(i, COLUMNS)
        ring = [(r, c), (r, c + 1), (r + 1, c + 1), (r + 1, c), (r, c)]
        points = [p for a, b in itertools.pairwise(ring) for p in edge(a, b)[:-1]]
        shapes.append(shapely.Polygon(points))
    clusters = gpd.GeoDataFrame({"cluster": names}, geometry=shapes, crs=CRS_METRES).set_index(
        "cluster"
    )
    quarter = [
        f"{'North' if i // COLUMNS > 3 else 'South'} {'East' if i % COLUMNS > 3 else 'West'}"
        for i in range(ROWS * COLUMNS)
    ]
    districts = clusters.assign(area=quarter).dissolve("area")[["geometry"]]
    return clusters, districts


def _register(
    clusters: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, rng: random.Random
) -> gpd.GeoDataFrame:
    rows = []
    for i in range(N_SCHOOLS):
        cluster = clusters.index[i % len(clusters)]
        shape = clusters.geometry.iloc[i % len(clusters)]
        west, south, east, north = shape.buffer(-1_500).bounds
        point = shapely.Point(rng.uniform(west, east), rng.uniform(south, north))
        while not shape.covers(point):
            point = shapely.Point(rng.uniform(west, east), rng.uniform(south, north))
        is_secondary = i < len(clusters)
        village = _names(random.Random(i), 1)[0]
        name = f"{cluster} High School" if is_secondary else f"{village} {KINDS[i % 3]}, {cluster}"
        is_exempt = i % 60 == 59
        rows.append(
            {
                "urn": 120_000 + 7 * i,
                "name": NASTY if i == 250 else name,
                "phase": "secondary" if is_secondary else "primary",
                "pupils": rng.randint(600, 1200) if is_secondary else rng.randint(40, 320),
                "cluster": "Catholic schools" if is_exempt else cluster,
                "local_cluster": cluster,
                "postcode": f"NR{i % 30} {i % 10}{'ABDE'[i % 4]}{'FGHJ'[i // 4 % 4]}",
                "layer.district": next(a for a, s in districts.geometry.items() if s.covers(point)),
                "geometry": point,
            }
        )
    schools = gpd.GeoDataFrame(rows, crs=CRS_METRES).set_index("urn").sort_index()
    schools["is_pupils_known"] = True
    return schools


def _merged(clusters: gpd.GeoDataFrame, plan: int) -> dict[str, str]:
    """Join neighbours in pairs, in rows or in columns, begun at another place in each plan."""
    new = {}
    for i, name in enumerate(clusters.index):
        r, c = divmod(i, COLUMNS)
        r, c = (r, (c + plan) // 2) if plan % 2 else ((r + plan // 2) // 2, c)
        new[name] = (r, c)
    first: dict[tuple[int, int], str] = {}
    for name, key in new.items():
        first[key] = f"{first[key]} and {name}" if key in first else str(name)
    return {str(name): first[key] for name, key in new.items()}


def made_results(folder: Path) -> list[Result]:
    """Make today's plan and seven others; nothing of it is solved for."""
    rng = random.Random(20)
    clusters, districts = _ground(_names(rng, ROWS * COLUMNS))
    schools = _register(clusters, districts, rng)
    authority = Authority(
        key="madeshire",
        name="Madeshire",
        folder=folder,
        schools=schools,
        clusters=None,
        outline=shapely.union_all(clusters.geometry.to_numpy()),
        layers={"district": Layer("district", "Districts", "polygons", polygons=districts)},
        travel=TravelSpec("estimate", 4.0, ((10.0, 1.3), (float("inf"), 0.9)), note="An estimate."),
        sources=(Source("Schools of Madeshire", "2019", "Open licence", "The council"),),
        caveats=("Figures are invented.",),
        inputs={"schools.csv": "ab" * 32},
        data_date="2019-01-17",
    )
    territory = Territory(
        outline=authority.outline,
        cells=gpd.GeoDataFrame(geometry=[], crs=CRS_METRES),
        clusters=clusters.sort_index(),
        layers={"district": districts},
        findings=(),
    )
    results = []
    for plan in range(N_PLANS):
        scenario = {
            "authority": "madeshire",
            "title": f"Option {plan + 1}: neighbours joined in the manner number {plan + 1}",
            "option": str(plan + 1),
            "method": "merge" if plan else "keep",
            "description": "Existing clusters are joined with their neighbours two by two.",
            "size": {"min_pupils": 2500, "max_pupils": 6000, "target_pupils": 4000},
            "count": {"min": 20, "max": 40},
            "travel": {"max_minutes": 30},
            "alignment": {"district": "prefer"},
            "exempt": [{"name": "Catholic schools", "where": {"cluster": "Catholic schools"}}],
            "objective": {"order": ["count", "pupil_minutes"]} if plan else {},
        }
        problem = build_problem(parse_scenario(scenario), authority, territory)
        merged = _merged(clusters, plan) if plan else {str(n): str(n) for n in clusters.index}
        assignment = schools["cluster"].replace(merged).rename("cluster")
        status = "OPTIMAL" if plan else "GIVEN"
        results.append(
            Result(
                problem=problem,
                plan=Plan(str(plan + 1), assignment, Solution(status)),
                score=score(problem, assignment, str(plan + 1)),
                violations=(),
                objective={},
                seconds=0.25,
                seed=0,
                stamp=f"{plan + 1:012x}",
                caveats=authority.caveats,
            )
        )
    return results
