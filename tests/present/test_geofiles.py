"""GeoPackage and GeoJSON."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import pyogrio
import pytest
import shapely
from lxml import etree
from pyogrio.errors import DataSourceError

from cluster_optimiser.domain import Result
from cluster_optimiser.inputs.writing import written
from cluster_optimiser.present.geofiles import geojson, geojson_text, rounded, write_gpkg


def test_gpkg_has_both_layers_in_the_national_grid(tmp_path: Path, solved: Result) -> None:
    path = tmp_path / "plan.gpkg"
    write_gpkg(solved, path)
    assert pyogrio.list_layers(path)[:, 0].tolist() == ["clusters", "schools", "layer_styles"]
    clusters, schools = gpd.read_file(path, layer="clusters"), gpd.read_file(path, layer="schools")
    assert clusters.crs.to_epsg() == schools.crs.to_epsg() == 27700
    assert clusters["cluster"].tolist() == solved.score.clusters["cluster"].tolist()
    assert schools["urn"].tolist() == solved.problem.authority.schools.index.tolist()
    assert clusters["pupils"].sum() == schools["pupils"].sum()
    assert clusters.geometry.area.sum() == pytest.approx(solved.problem.territory.outline.area)


def test_gpkg_carries_styles_descriptions_and_licences(tmp_path: Path, solved: Result) -> None:
    path = tmp_path / "plan.gpkg"
    write_gpkg(solved, path)
    styles = pyogrio.read_dataframe(path, layer="layer_styles").set_index("f_table_name")
    for layer, column in (("clusters", "cluster"), ("schools", "phase")):
        assert bool(styles.loc[layer, "useAsDefault"])
        root = etree.fromstring(styles.loc[layer, "styleQML"].partition("\n")[2])
        renderer = root.find("renderer-v2")
        assert renderer.get("attr") == column
        values = {one.get("value") for one in renderer.iter("category")}
        assert values == set(gpd.read_file(path, layer=layer)[column])
        assert {one.get("symbol") for one in renderer.iter("category")} == {
            one.get("name") for one in renderer.find("symbols")
        }
    with closing(sqlite3.connect(path)) as file:
        described = dict(file.execute("select table_name, description from gpkg_contents"))
        (metadata,) = file.execute("select metadata from gpkg_metadata").fetchone()
    assert described["clusters"].endswith(
        ": its clusters, with their ground, schools, pupils and meeting place."
    )
    assert solved.problem.authority.sources[0].licence in metadata


def test_gpkg_is_the_same_bytes_twice_and_leaves_gdal_as_it_was(
    tmp_path: Path, solved: Result
) -> None:
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    one, two = tmp_path / "1.gpkg", tmp_path / "2.gpkg"
    write_gpkg(solved, one)
    write_gpkg(solved, two)
    write_gpkg(solved, two)
    assert one.read_bytes() == two.read_bytes()
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == before


def test_geojson_is_longitude_latitude_wound_by_the_right_hand_rule(solved: Result) -> None:
    collection = json.loads(geojson_text(solved))
    assert collection["type"] == "FeatureCollection"
    assert "crs" not in collection
    kinds = [feature["properties"]["kind"] for feature in collection["features"]]
    assert kinds == ["cluster"] * 4 + ["school"] * 19
    for feature in collection["features"]:
        if feature["geometry"] is None:
            assert feature["properties"]["is_exempt"]
            continue
        shape = shapely.geometry.shape(feature["geometry"])
        west, south, east, north = shape.bounds
        assert 0 < west <= east < 2.5
        assert 52 < south <= north < 53.5
        assert shape.is_valid
        for polygon in shapely.get_parts(shape):
            if polygon.geom_type == "Polygon":
                assert polygon.exterior.is_ccw


def test_coordinates_have_six_decimals_at_most(solved: Result) -> None:
    for feature in geojson(solved)["features"]:  # type: ignore[attr-defined]
        if feature["geometry"] is not None:
            xy = shapely.get_coordinates(shapely.geometry.shape(feature["geometry"]))
            assert (abs(xy - xy.round(6)) == 0).all()


def test_holes_are_wound_the_other_way() -> None:
    ring = shapely.Polygon([(0, 0), (0, 9), (9, 9), (9, 0)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
    turned = rounded(ring)
    assert turned.exterior.is_ccw
    assert not turned.interiors[0].is_ccw


def test_a_shape_that_rounding_breaks_is_mended() -> None:
    sliver = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0.5, 0.0000001), (0, 1)])
    assert rounded(sliver, decimals=3).is_valid


@pytest.mark.parametrize("decimals", range(10))
def test_an_area_whose_neck_is_lost_on_the_grid_stays(decimals: int) -> None:
    """A neck narrower than the grid leaves a collection of polygons and lines."""
    neck = 10.0**-decimals / 5
    left, right = shapely.box(0, 0, 10, 10), shapely.box(20, 0, 30, 10)
    whole = shapely.union_all([left, right, shapely.box(10, 5 + neck, 20, 5 + 2 * neck)])
    for shape in (whole, shapely.MultiPolygon([whole, shapely.box(40, 0, 50, 10)])):
        drawn = rounded(shape, decimals=decimals)
        assert drawn.is_valid
        assert drawn.area == pytest.approx(shape.area, abs=10 * 10.0**-decimals)
        assert set(shapely.get_type_id(shapely.get_parts(drawn))) == {3}


def test_an_area_smaller_than_the_grid_is_not_lost() -> None:
    tiny = shapely.box(0.1, 0.1, 0.2, 0.2)
    assert rounded(tiny, decimals=0).equals(tiny)


@pytest.mark.parametrize(("free", "words"), [(0, "No space left"), (1 << 40, "transaction")])
def test_what_gdal_cannot_write_is_told_as_of_any_file(
    free: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    error = DataSourceError("Failed to commit transaction")
    with pytest.raises(OSError, match=words), written(tmp_path / "a.gpkg", "2011-10-01"):
        raise error
