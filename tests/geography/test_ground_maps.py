"""The ground report on random maps: nothing wrong with good ones, and every damage found and named.

Twenty examples each; 200 and more with ``--hypothesis-profile=search``.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.affinity import translate
from shapely.geometry import Point, box

from cluster_optimiser.domain import Layer
from cluster_optimiser.geography.adjacency import shared_boundaries
from cluster_optimiser.geography.ground import authority_findings, scenario_findings
from cluster_optimiser.geography.mending import mend
from tests.toy import ORIGIN_M, SQUARE_M, squares, toy_ground, toy_scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_optimiser.domain import Authority, Territory
    from cluster_optimiser.findings import Finding

IS_SEARCH = settings.default.max_examples > 100
MAPS = settings(max_examples=200 if IS_SEARCH else 20, suppress_health_check=[HealthCheck.too_slow])
DAMAGED = settings(max_examples=20 if IS_SEARCH else 2)
LEAST_M = 100.0
LETTERS = "ABCDEFGHIJ"


@dataclass
class Map:
    """A map in memory, right until it is damaged."""

    authority: Authority
    territory: Territory
    rnd: random.Random
    scenario: dict[str, Any]

    @property
    def shapes(self) -> gpd.GeoSeries:
        return self.territory.clusters.geometry

    def drawn(self, shapes: gpd.GeoSeries) -> Map:
        """Draw the clusters otherwise."""
        frame = gpd.GeoDataFrame(geometry=shapes).rename_axis("cluster").sort_index()
        return replace(
            self,
            authority=replace(self.authority, clusters=frame),
            territory=replace(self.territory, clusters=frame),
        )

    def with_schools(self, schools: gpd.GeoDataFrame) -> Map:
        """Change the register."""
        return replace(self, authority=replace(self.authority, schools=schools))

    def findings(self) -> list[Finding]:
        """Look at the ground."""
        scenario = toy_scenario(**self.scenario)
        return [
            *authority_findings(self.authority, self.territory),
            *scenario_findings(scenario, self.authority, self.territory, {}),
        ]

    def pairs(self, snap_m: float = 1.0) -> set[tuple[str, str]]:
        """Give the neighbours."""
        shared_m = shared_boundaries(self.shapes, snap_m=snap_m)
        return {pair for pair, metres in shared_m.items() if metres >= LEAST_M}


def grown(rnd: random.Random, across: int, down: int, n_units: int) -> dict[tuple[int, int], str]:
    """Grow units from random squares until all are taken."""
    free = [(row, column) for row in range(down) for column in range(across)]
    rnd.shuffle(free)
    letters = dict(zip(free[:n_units], LETTERS, strict=False))
    waiting = free[n_units:]
    while waiting:
        for spot in list(waiting):
            row, column = spot
            beside = [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
            near = [letters[one] for one in beside if one in letters]
            if near:
                letters[spot] = rnd.choice(near)
                waiting.remove(spot)
    return letters


@st.composite
def good_maps(draw: st.DrawFn) -> Map:
    """Draw a map with, perhaps, a hole, an enclave, an island and borders a little apart."""
    rnd = random.Random(draw(st.integers(0, 10**6)))
    across, down = draw(st.integers(3, 6)), draw(st.integers(3, 5))
    letters = grown(rnd, across, down, draw(st.integers(3, 6)))
    inner = (1, 1)
    inside = draw(st.sampled_from(["", "hole", "enclave"]))
    if inside == "hole" and list(letters.values()).count(letters[inner]) > 1:
        del letters[inner]
    if inside == "enclave":
        ring = [(r, c) for r in range(3) for c in range(3) if (r, c) != inner]
        rest = {letter for spot, letter in letters.items() if spot not in ring}
        if set(letters.values()) - {letters[ring[0]]} <= rest:
            letters.update(dict.fromkeys(ring, letters[ring[0]]))
            letters[inner] = "X"
    if draw(st.booleans()):
        letters[0, across + 1] = "Y"
    grid = "\n".join(
        "".join(letters.get((row, column), ".") for column in range(across + 2))
        for row in range(down)
    )
    made = Map(*toy_ground(grid), rnd, {})
    gap_m = draw(st.sampled_from([0.0, 0.0, 0.4, 0.9]))
    return made.drawn(made.shapes.buffer(-gap_m / 2, join_style="mitre")) if gap_m else made


@MAPS
@given(made=good_maps())
def test_a_good_map_has_no_fault(made: Map) -> None:
    assert [one.text for one in made.findings() if one.grade == "fault"] == []


# --- damage -----------------------------------------------------------------------------------


def plain() -> Map:
    return Map(*toy_ground("AABB\nAABB\nCCDD\nCCDD"), random.Random(0), {})


def two_of(made: Map) -> tuple[str, str]:
    return tuple(made.rnd.sample(sorted(made.shapes.index), 2))


def exchanged(made: Map) -> tuple[Map, str, str]:
    a, b = two_of(made)
    shapes = made.shapes.rename({a: b, b: a})
    return made.drawn(shapes), "outside-cluster", "look exchanged"


def relabelled(made: Map) -> tuple[Map, str, str]:
    a, b = two_of(made)
    schools = made.authority.schools.copy()
    schools.loc[schools["cluster"] == a, ["cluster", "local_cluster"]] = b
    return made.with_schools(schools), "outside-cluster", f'belongs to "{a}"'


def relabelled_locally(made: Map) -> tuple[Map, str, str]:
    a, b = two_of(made)
    schools = made.authority.schools.copy()
    schools.loc[schools["cluster"] == a, "local_cluster"] = b
    return made.with_schools(schools), "outside-cluster", f'outside of "{b}"'


def school_moved(made: Map) -> tuple[Map, str, str]:
    a, b = two_of(made)
    schools = made.authority.schools.copy()
    is_a = schools["cluster"] == a
    schools.loc[is_a, "geometry"] = made.shapes.loc[b].representative_point()
    return made.with_schools(schools), "outside-cluster", f'outside of "{a}"'


def school_at_sea(made: Map) -> tuple[Map, str, str]:
    schools = made.authority.schools.copy()
    schools.loc[schools.index[0], "geometry"] = Point(ORIGIN_M[0] - 9_000, ORIGIN_M[1])
    return made.with_schools(schools), "outside-cluster", "9."


def apart(width_m: float) -> Callable[[Map], tuple[Map, str, str]]:
    def damage(made: Map) -> tuple[Map, str, str]:
        shapes = made.shapes.buffer(-width_m / 2, join_style="mitre")
        return made.drawn(shapes), "gap", "run beside each other"

    return damage


def wedge(made: Map) -> tuple[Map, str, str]:
    shapes = made.shapes.copy()
    west, south, east, north = shapes["A"].bounds
    shapes["A"] = shapely.Polygon([(west, south), (east, south), (east - 8, north), (west, north)])
    return made.drawn(shapes), "gap", "A and B"


def overlapping(made: Map) -> tuple[Map, str, str]:
    shapes = made.shapes.copy()
    shapes["A"] = shapes["A"].buffer(3, join_style="mitre")
    return made.drawn(shapes), "overlap", "A and B (cluster) overlap"


def holed(made: Map) -> tuple[Map, str, str]:
    shapes = made.shapes.copy()
    spot = shapes["A"].representative_point()
    shapes["A"] = shapes["A"].difference(spot.buffer(200))
    return made.drawn(shapes), "hole", "beside A"


def cut_off(made: Map) -> tuple[Map, str, str]:
    shapes = made.shapes.copy()
    shapes["A"] = translate(shapes["A"], -700, 700)
    schools = made.authority.schools.copy()
    is_a = schools["cluster"] == "A"
    schools.loc[is_a, "geometry"] = schools.geometry[is_a].translate(-700, 700)
    return made.with_schools(schools).drawn(shapes), "island", "A has no neighbour"


def sliver(made: Map) -> tuple[Map, str, str]:
    shapes = made.shapes.copy()
    west, south, _, _ = shapes["A"].bounds
    strip = box(west - 900, south, west - 899, south + 900)
    shapes["A"] = shapely.union_all([shapes["A"], strip])
    return made.drawn(shapes), "sliver", "A has a part of"


def enclave(made: Map) -> tuple[Map, str, str]:
    shapes = made.shapes.copy()
    west, south, _, _ = shapes["A"].bounds
    inside = box(west + 300, south + 300, west + 600, south + 600)
    shapes["A"] = shapes["A"].difference(inside)
    shapes["Z"] = inside
    return made.drawn(shapes), "enclave", "Z lies wholly inside A"


def emptied(made: Map) -> tuple[Map, str, str]:
    schools = made.authority.schools
    return made.with_schools(schools[schools["cluster"] != "B"]), "dropped", "B holds no school"


def exempted(made: Map) -> tuple[Map, str, str]:
    made.scenario = {"exempt": [{"name": "S", "where": {"cluster": "B"}}]}
    return made, "dropped", "all its schools are exempt (S)"


def of_no_polygon(made: Map) -> tuple[Map, str, str]:
    schools = made.authority.schools.copy()
    schools.loc[schools.index[0], "cluster"] = "Xanadu"
    told = '"Xanadu", which the register calls the cluster of 1 school, has no polygon'
    return made.with_schools(schools), "no-polygon", told


def short_of_cover(made: Map) -> tuple[Map, str, str]:
    return with_layer(made, ["North", None, "South", "South"]), "layer-coverage", "1 of 4 schools"


def layer_exchanged(made: Map) -> tuple[Map, str, str]:
    far = with_layer(made, ["North", "North", "South", "South"])
    schools = far.authority.schools.assign(district=["SOUTH", "North", "South", "south"])
    return far.with_schools(schools), "other-area", "its district in the register"


def with_layer(made: Map, areas: list[str | None]) -> Map:
    outline = made.territory.outline
    west, south, east, north = outline.bounds
    middle = (south + north) / 2
    halves = gpd.GeoDataFrame(
        geometry=[box(west, middle, east, north), box(west, south, east, middle)],
        index=pd.Index(["North", "South"], name="area"),
        crs=27700,
    )
    layer = Layer("district", "Districts", "polygons", polygons=halves)
    schools = made.authority.schools.assign(**{"layer.district": areas})
    authority = replace(made.authority, layers={"district": layer}, schools=schools)
    territory = replace(made.territory, layers={"district": halves})
    return replace(made, authority=authority, territory=territory)


def layer_overlapping(made: Map) -> tuple[Map, str, str]:
    far = with_layer(made, ["North", "North", "South", "South"])
    halves = far.territory.layers["district"].buffer(2).to_frame("geometry")
    territory = replace(far.territory, layers={"district": halves})
    return replace(far, territory=territory), "overlap", "North and South (district) overlap"


def without_pupils(made: Map) -> tuple[Map, str, str]:
    schools = made.authority.schools.copy()
    schools.loc[schools.index[0], "pupils"] = 0
    return made.with_schools(schools), "no-pupils", "has 0 pupils"


def touching_a_little(made: Map) -> tuple[Map, str, str]:
    shapes = made.shapes.copy()
    west, south, east, north = shapes["A"].bounds
    shapes["A"] = box(west, south, east, north).difference(box(east - 50, south + 80, east, north))
    return made.drawn(shapes), "short-border", "A and B share 80 m of border"


def at_corners(made: Map) -> tuple[Map, str, str]:
    shapes = made.shapes.drop(["B", "C"])
    schools = made.authority.schools
    kept = schools[schools["cluster"].isin(["A", "D"])]
    return made.with_schools(kept).drawn(shapes), "island", "no neighbour in the rest of the map"


DAMAGES = [
    exchanged, relabelled, relabelled_locally, school_moved, school_at_sea, apart(1.5), apart(2),
    apart(2.9), apart(5), apart(9), apart(20), apart(45), wedge, overlapping, holed, cut_off,
    sliver, enclave, emptied, exempted, short_of_cover, layer_exchanged, layer_overlapping,
    without_pupils, touching_a_little, at_corners, of_no_polygon,
]  # fmt: skip
"""Four more stand in tests/test_cli_ground.py, for they are of files."""

NAMES = [f"{i}-{one.__name__}" for i, one in enumerate(DAMAGES)]


@pytest.mark.parametrize("damage", DAMAGES, ids=NAMES)
def test_every_damage_is_found_and_named(damage: Callable[[Map], tuple[Map, str, str]]) -> None:
    made, kind, named = damage(plain())
    found = made.findings()
    assert any(one.kind == kind and named in one.problem for one in found), [
        one.text for one in found
    ]


def test_a_cluster_without_a_polygon_whose_schools_are_exempt_is_right() -> None:
    made, kind, _ = of_no_polygon(plain())
    made.scenario = {"exempt": [{"name": "S", "where": {"cluster": "Xanadu"}}]}
    assert kind not in {one.kind for one in made.findings()}


@pytest.mark.parametrize(
    ("grid", "grade"),
    [("AAA\nA.A\nAAB", "note"), ("AAB\nA.B\nABB", "note"), ("CCCC\nA..B\nDDDD", "warning")],
)
def test_ground_left_out_between_two_clusters_that_it_parts_is_no_mere_note(
    grid: str, grade: str
) -> None:
    made = Map(*toy_ground(grid), random.Random(0), {})
    (hole,) = (one for one in made.findings() if one.kind == "hole")
    assert hole.grade == grade


@MAPS
@given(made=good_maps(), data=st.data())
def test_damage_of_any_map_is_found(made: Map, data: st.DataObject) -> None:
    damage = data.draw(
        st.sampled_from([exchanged, relabelled, relabelled_locally, school_moved, without_pupils])
    )
    spoilt, kind, _ = damage(made)
    schools = spoilt.authority.schools
    away_m = spoilt.shapes.loc[schools["local_cluster"]].distance(schools.geometry, align=False)
    is_far = (np.asarray(away_m) > 250).any() or kind == "no-pupils"
    assert any(one.kind == kind for one in spoilt.findings()) or not is_far


@MAPS
@given(made=good_maps(), width_m=st.sampled_from([-6.0, -2.0, 1.5, 4.0, 9.0]))
def test_mending_brings_back_the_neighbours(made: Map, width_m: float) -> None:
    # Drawn apart where the width is positive, over each other where it is negative.
    spoilt = made.drawn(made.shapes.buffer(-width_m / 2, join_style="mitre"))
    mended = mend(spoilt.shapes)
    back = spoilt.drawn(mended.areas)
    assert back.pairs(snap_m=0.0) == made.pairs()
    assert shapely.coverage_is_valid(mended.areas.to_numpy())
    account = mended.account
    steps = account["overlaps_m2"] + account["gaps_m2"] + account["simplified_m2"]
    assert (account["before_m2"] + steps - account["after_m2"]).abs().max() < 1
    assert abs(account["after_m2"].sum() - mended.areas.union_all().area) < 1


def test_squares_are_as_drawn() -> None:
    assert len(squares("AB\nC.")) == 3
    assert plain().shapes["A"].area == 4 * SQUARE_M**2
