"""A right world of squares, written as a project's files, for tests that damage it.

Nine clusters A to I of 5 km, three in a row from the south-west, each with one secondary and three
primary schools: 1,200 pupils. With 2,000 to 4,000 pupils a cluster the best plan has three.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
from shapely.geometry import Polygon, box

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

SIDE_M = 5_000
WEST_M, SOUTH_M = 600_000, 300_000
SITES = (("High", 2500, 2500), ("1", 1300, 1400), ("2", 3800, 1600), ("3", 2700, 3900))

TOML = """name = "T"
data_date = "2024-01-01"
{more}
[schools]
file = "schools.csv"
[clusters]
file = "{clusters}"
name = "cluster"
{tables}
[travel]
{travel}
[[sources]]
title = "made"
date = "2024"
licence = "none"
"""
ESTIMATE = 'method = "estimate"\nconstant_min = 4.0\nbands = [{ min_per_km = 1.0 }]'
SCENARIO = """title = "Option a"
option = "a"
authority = "t"
method = "merge"
[size]
min_pupils = 2000
max_pupils = 4000
[objective]
order = ["count", "pupil_minutes"]
"""


def square(column: int, row: int, *, inset_m: float = 0.0) -> Polygon:
    """Give the square of a cluster, perhaps drawn too small."""
    west, south = WEST_M + SIDE_M * column, SOUTH_M + SIDE_M * row
    return box(west + inset_m, south + inset_m, west + SIDE_M - inset_m, south + SIDE_M - inset_m)


def spots(names: str, across: int) -> dict[str, tuple[int, int]]:
    """Give column and row of each name, a dot standing for nothing."""
    return {name: (i % across, i // across) for i, name in enumerate(names) if name != "."}


@dataclass
class World:
    """The files of a project, right until a test changes them."""

    names: str = "ABCDEFGHI"
    across: int = 3
    shapes: dict[str, BaseGeometry] = field(default_factory=dict)
    schools: pd.DataFrame = field(default_factory=pd.DataFrame)
    scenario: str = SCENARIO
    more: str = ""  # above the tables of authority.toml
    tables: str = ""  # more tables of it
    travel: str = ESTIMATE
    clusters: str = "clusters.gpkg"
    files: dict[str, str | bytes] = field(default_factory=dict)  # more files of the authority
    register: bytes | None = None  # in place of the schools

    def __post_init__(self) -> None:
        """Draw the squares and set the schools in them."""
        rows: list[dict[str, Any]] = []
        for i, (name, (column, row)) in enumerate(spots(self.names, self.across).items()):
            self.shapes.setdefault(name, square(column, row))
            rows += [
                {
                    "urn": 100_000 + 10 * i + j,
                    "name": f"{name} {kind} School",
                    "phase": "primary" if j else "secondary",
                    "easting": WEST_M + SIDE_M * column + x,
                    "northing": SOUTH_M + SIDE_M * row + y,
                    "pupils": 200 if j else 600,
                    "cluster": name,
                    "local_cluster": name,
                }
                for j, (kind, x, y) in enumerate(SITES)
            ]
        self.schools = pd.DataFrame(rows)

    def frame(self) -> gpd.GeoDataFrame:
        """Give the polygons as a file has them."""
        return gpd.GeoDataFrame(
            {"cluster": list(self.shapes)}, geometry=list(self.shapes.values()), crs=27700
        )

    def write(self, project: Path) -> Path:
        """Write the project and give its folder of scenarios."""
        folder, scenarios = project / "boundaries" / "t", project / "scenarios"
        for path in (folder, scenarios):
            path.mkdir(parents=True, exist_ok=True)
        if self.clusters:
            self.frame().to_file(folder / self.clusters)
        content = self.register or self.schools.to_csv(index=False).encode()
        (folder / "schools.csv").write_bytes(content)
        for file, text in self.files.items():
            content = text.encode() if isinstance(text, str) else text
            (folder / file).write_bytes(content)
        toml = TOML.format(
            more=self.more, tables=self.tables, travel=self.travel, clusters=self.clusters
        )
        (folder / "authority.toml").write_text(toml, encoding="utf-8")
        (scenarios / "a.toml").write_text(self.scenario, encoding="utf-8")
        return scenarios
