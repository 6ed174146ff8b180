"""The ground of a small authority: clusters, layers, and what is said of pieces."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from cluster_optimiser.constants import CRS_METRES
from cluster_optimiser.domain import Authority, Layer, TravelSpec
from cluster_optimiser.geography.territory import (
    build_territory,
    cut_off,
    piece_findings,
    union_of_cells,
)

OUTLINE = shapely.box(0, 0, 40_000, 10_000)

# Four schools in a row, 10 km apart, each in the middle of its square.
SCHOOLS = gpd.GeoDataFrame(
    {
        "name": ["Ash", "Birch", "Cedar", "Dale"],
        "local_cluster": ["West", "West", "East", "East"],
        "layer.district": ["Left", "Left", "Right", "Right"],
        "layer.health": ["One", "Two", "Two", None],
        "layer.centre": ["North Centre", "North Centre", "North Centre", "South Centre"],
    },
    index=pd.Index([1, 2, 3, 4], name="urn"),
    geometry=[shapely.Point(x, 5_000) for x in (5_000, 15_000, 25_000, 35_000)],
    crs=CRS_METRES,
)


def frame(index_name: str, **shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    index = pd.Index([key.replace("_", " ") for key in shapes], name=index_name)
    return gpd.GeoDataFrame(index=index, geometry=list(shapes.values()), crs=CRS_METRES)


def square(i: int, n: int = 1) -> shapely.Polygon:
    return shapely.box(10_000 * i, 0, 10_000 * (i + n), 10_000)


def an_authority(
    *,
    schools: gpd.GeoDataFrame = SCHOOLS,
    clusters: gpd.GeoDataFrame | None = None,
    outline: shapely.Geometry = OUTLINE,
    layers: dict[str, Layer] | None = None,
) -> Authority:
    return Authority(
        key="toy",
        name="Toy",
        folder=Path(),
        schools=schools,
        clusters=clusters,
        outline=outline,
        layers=layers or {},
        travel=TravelSpec("estimate"),
        sources=(),
        caveats=(),
        inputs={},
        data_date="2020-01-01",
    )


def test_clusters_are_the_union_of_their_schools_cells() -> None:
    territory = build_territory(an_authority())
    assert list(territory.cells.index) == [1, 2, 3, 4]
    assert list(territory.clusters.index) == ["East", "West"]
    assert territory.clusters.index.name == "cluster"
    assert territory.clusters.geometry["West"].equals(square(0, 2))
    assert territory.outline.equals(OUTLINE)
    assert territory.findings == ()


def test_clusters_given_as_polygons_are_kept_as_read() -> None:
    given = frame("cluster", West=square(0, 1), East=square(1, 3))
    territory = build_territory(an_authority(clusters=given))
    assert list(territory.clusters.index) == ["East", "West"]
    assert territory.clusters.geometry["West"].equals(square(0, 1))


def test_every_kind_of_layer_becomes_areas_in_the_order_of_the_file() -> None:
    """Also where a layer made of another one stands before it."""
    district = frame("area", Right=square(2, 2), Left=square(0, 2))
    centre = frame("name", North_Centre=shapely.Point(0, 0), South_Centre=shapely.Point(1, 1))
    layers = {
        "county": Layer(
            "county",
            "Counties",
            "layer",
            base="district",
            mapping={"Left": "Whole", "Right": "Whole"},
        ),
        "district": Layer("district", "Districts", "polygons", polygons=district),
        "health": Layer("health", "Health areas", "schools"),
        "centre": Layer("centre", "Centres", "points", points=centre),
    }
    areas = build_territory(an_authority(layers=layers)).layers
    assert list(areas) == ["county", "district", "health", "centre"]
    assert {name: list(table.index) for name, table in areas.items()} == {
        "county": ["Whole"],
        "district": ["Left", "Right"],
        "health": ["One", "Two"],
        "centre": ["North Centre", "South Centre"],
    }
    assert {table.index.name for table in areas.values()} == {"area"}
    assert areas["county"].geometry["Whole"].equals(OUTLINE)
    assert areas["district"].geometry["Left"].equals(square(0, 2))
    assert areas["health"].geometry["Two"].equals(square(1, 2))
    assert areas["centre"].geometry["South Centre"].equals(square(3))


def test_layers_made_of_one_another_are_refused() -> None:
    layers = {
        "a": Layer("a", "A", "layer", base="b"),
        "b": Layer("b", "B", "layer", base="a"),
    }
    with pytest.raises(ValueError, match="made of one another or of no layer: a, b"):
        build_territory(an_authority(layers=layers))


def test_a_label_that_is_missing_is_left_out_and_neighbours_keep_a_valid_border() -> None:
    cells = build_territory(an_authority()).cells
    areas = union_of_cells(cells, SCHOOLS["layer.health"], name="area")
    assert list(areas.index) == ["One", "Two"]
    assert shapely.coverage_is_valid(areas.geometry.to_numpy())


def test_a_piece_cut_off_by_clusters_names_them() -> None:
    schools = SCHOOLS.assign(local_cluster=["Ends", "Mid 1", "Mid 2", "Ends"])
    ground = build_territory(an_authority(schools=schools))
    assert ground.findings == (
        "Ends is in 2 pieces: the piece around Dale (URN 4) is cut off by Mid 1 and Mid 2",
    )
    shapes, local = ground.clusters.geometry, schools["local_cluster"]
    assert cut_off(shapes, schools.geometry, local) == ["Ends"]


def test_a_piece_across_water_tells_the_distance() -> None:
    river = shapely.box(20_000, 0, 20_070, 9_000)
    schools = SCHOOLS.assign(local_cluster=["Top", "Bank", "Bank", "Bank"])
    clusters = frame(
        "cluster",
        Bank=square(1, 3).difference(shapely.box(19_000, 8_000, 21_000, 10_000)).difference(river),
        Top=square(0).union(shapely.box(19_000, 8_000, 21_000, 10_000)),
    )
    cells = build_territory(an_authority(schools=schools)).cells
    bank = clusters.loc[["Bank"]].geometry
    assert cut_off(bank, schools.geometry, schools["local_cluster"]) == []
    findings = piece_findings(clusters.loc[["Bank"]], cells, schools)
    assert findings == (
        (
            "Bank is in 2 pieces: the piece around Birch (URN 2) is divided from the rest by water "
            "or by the authority's edge (70 m apart)"
        ),
    )


def test_a_distant_piece_is_told_in_kilometres_and_counts_its_schools() -> None:
    schools = SCHOOLS.assign(local_cluster=["A"] * 4)
    clusters = frame("cluster", A=square(0).union(square(2, 2)))
    cells = build_territory(an_authority(schools=schools)).cells
    findings = piece_findings(clusters, cells, schools)
    assert findings == (
        (
            "A is in 2 pieces: the piece around Ash (URN 1) and 1 more school is divided from the "
            "rest by water or by the authority's edge (10.0 km apart)"
        ),
    )


def test_pieces_that_meet_at_a_point_are_said_to() -> None:
    four = {
        "A": shapely.union_all([shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2)]),
        "B": shapely.box(1, 0, 2, 1),
        "C": shapely.box(0, 1, 1, 2),
    }
    clusters = frame(
        "cluster", **{k: shapely.transform(v, lambda xy: xy * 1000) for k, v in four.items()}
    )
    schools = gpd.GeoDataFrame(
        {"name": ["Ash", "Birch"], "local_cluster": ["A", "A"]},
        index=pd.Index([1, 2], name="urn"),
        geometry=[shapely.Point(500, 500), shapely.Point(1_500, 1_500)],
        crs=CRS_METRES,
    )
    findings = piece_findings(clusters, schools, schools)
    assert len(findings) == 1
    assert findings[0].endswith("meets the rest only at a point, between B and C")


def test_an_island_names_the_school_it_is_counted_with() -> None:
    islet = shapely.box(41_000, 5_000, 41_050, 5_040)
    territory = build_territory(an_authority(outline=OUTLINE.union(islet)))
    assert territory.findings == (
        (
            "East is in 2 pieces: an offshore island of 0.2 ha without a school, counted with Dale "
            "(URN 4)"
        ),
    )


def test_a_piece_without_a_school_between_others_is_no_island() -> None:
    clusters = frame(
        "cluster",
        East=square(2, 2).union(shapely.box(2_000, 2_000, 3_000, 3_000)),
        West=square(0, 2).difference(shapely.box(2_000, 2_000, 3_000, 3_000)),
    )
    territory = build_territory(an_authority(clusters=clusters))
    assert territory.findings == (
        "East is in 2 pieces: a piece of 100 ha without a school is cut off by West",
    )
