"""Boundary layers cut down to an authority, and its outline."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
from shapely.geometry import box

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.files import inner_layers
from cluster_optimiser.inputs.intake import areas
from cluster_optimiser.inputs.intake.intake import LayerFile, take_in
from tests.inputs.intake.dirt import X0, Y0, Files, clean_layer
from tests.made_topology import topojson, topology_of

if TYPE_CHECKING:
    from pathlib import Path

    from cluster_optimiser.inputs.intake.intake import Intake


def with_layer(
    folder: Path, frame: gpd.GeoDataFrame, *, name: str = "district", column: str = ""
) -> Intake:
    path = folder / "areas.geojson"
    frame.to_file(path)
    files = Files(folder)
    return take_in(replace(files.write(), layers=(LayerFile(name, path, column),)))


@pytest.mark.parametrize(
    ("columns", "found", "year"),
    [
        (("LAD23CD", "LAD23NM"), "LAD23NM", "2023"),
        (("lad19cd", "lad19nm"), "lad19nm", "2019"),
        (("WD24CD", "WD24NM"), "WD24NM", "2024"),
        (("CTYUA21CD", "CTYUA21NM"), "CTYUA21NM", "2021"),
        (("ICB23CD", "ICB23NM"), "ICB23NM", "2023"),
        (("code", "Name"), "Name", ""),
        (("ref", "Children's centre"), "Children's centre", ""),
    ],
)
def test_the_column_of_names_is_found(
    columns: tuple[str, str], found: str, year: str, tmp_path: Path
) -> None:
    frame = clean_layer()
    frame = frame.rename(columns=dict(zip(["LAD23CD", "LAD23NM"], columns, strict=True)))
    if columns[0] == "ref":
        frame["ref"] = [1, 2]
    (layer,) = with_layer(tmp_path, frame.assign(OBJECTID=[7, 8], LONG=-1.5)).layers
    assert (layer.column, layer.year) == (found, year)
    assert list(layer.polygons.index) == ["Aldham", "Birkby"]


def test_of_wards_with_their_districts_the_wards_are_taken(tmp_path: Path) -> None:
    frame = clean_layer().rename(columns={"LAD23CD": "WD23CD", "LAD23NM": "WD23NM"})
    (layer,) = with_layer(tmp_path, frame.assign(LAD23CD="E9", LAD23NM="Both")).layers
    assert layer.column == "WD23NM"


def test_a_column_may_be_named(tmp_path: Path) -> None:
    frame = clean_layer().assign(Label=["one", "two"])
    (layer,) = with_layer(tmp_path, frame, column="Label").layers
    assert list(layer.polygons.index) == ["one", "two"]


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("LAD22NM", 'there is no column "LAD22NM". Did you mean "LAD23NM"?'),
        ("", "no column of names was found. Say which, as district=areas.geojson@COLUMN"),
    ],
)
def test_no_column_of_names(column: str, says: str, tmp_path: Path) -> None:
    frame = clean_layer()
    if not column:
        frame = frame.rename(columns={"LAD23NM": "one"}).assign(two=["Ash", "Elm"], LAD23CD=[1, 2])
    with pytest.raises(InputError) as caught:
        with_layer(tmp_path, frame, column=column)
    assert says in str(caught.value)


def test_a_layer_of_a_file_of_several(tmp_path: Path) -> None:
    path = tmp_path / "boundary_line.gpkg"
    clean_layer().to_file(path, layer="district_borough_unitary")
    clean_layer().assign(LAD23NM=["x", "y"], two=["q", "r"]).to_file(path, layer="ward")
    request = Files(tmp_path).write()

    def taken(column: str) -> Intake:
        return take_in(replace(request, layers=(LayerFile("district", path, column),)))

    assert list(taken("district_borough_unitary").layers[0].polygons.index) == ["Aldham", "Birkby"]
    assert list(taken("ward@two").layers[0].polygons.index) == ["q", "r"]
    for column, says in (
        ("", "the file holds 2 layers: district_borough_unitary, ward. Say which, as district="),
        ("wards", 'Did you mean "ward"?'),
    ):
        with pytest.raises(InputError) as caught:
            taken(column)
        assert says in str(caught.value)


def test_only_areas_with_schools_are_kept_and_they_are_clipped(tmp_path: Path) -> None:
    """An area of the neighbours that touches the outline is no area of the authority."""
    frame = clean_layer()
    x, y = X0 - 3_000, Y0 - 3_000
    more = gpd.GeoDataFrame(
        {"LAD23CD": ["E2", "E3"], "LAD23NM": ["Neighbour", "Far"]},
        geometry=[box(x - 9_000, y, x, y + 10_000), box(x, y + 90_000, x + 1, y + 90_001)],
        crs=frame.crs,
    )
    health = gpd.GeoDataFrame(
        {"ICB23NM": ["Whole region"]}, geometry=[box(0, 0, 650_000, 600_000)], crs=frame.crs
    )
    health.to_file(tmp_path / "icb.gpkg")
    files = Files(tmp_path)
    files.layer = gpd.GeoDataFrame(gpd.pd.concat([frame, more], ignore_index=True), crs=frame.crs)
    request = files.write()
    layers = (LayerFile("icb", tmp_path / "icb.gpkg"), *request.layers)
    taken = take_in(replace(request, layers=layers))
    region, district = taken.layers
    assert list(district.polygons.index) == ["Aldham", "Birkby"]
    # The districts are those that the register names.
    assert "layer district" in taken.outline.origin
    assert taken.outline.shape.area == pytest.approx(120e6)
    assert region.polygons.area.sum() == pytest.approx(taken.outline.shape.area)


def test_areas_far_larger_than_the_authority_are_no_outline(tmp_path: Path) -> None:
    health = gpd.GeoDataFrame(
        {"ICB23NM": ["Whole region"]}, geometry=[box(0, 0, 650_000, 600_000)], crs="EPSG:27700"
    )
    taken = with_layer(tmp_path, health, name="icb")
    assert taken.outline.origin.endswith("round the schools, as the areas given are much larger")
    assert taken.layers[0].polygons.area.sum() == pytest.approx(taken.outline.shape.area)


@pytest.mark.parametrize("n", [1, 2])
def test_a_line_round_the_schools_does_not_run_out_to_a_slip(n: int, tmp_path: Path) -> None:
    files = Files(tmp_path)
    for at in range(n):
        files.edit(at, Easting="610000", Northing="310000")
    taken = take_in(replace(files.write(), layers=()))
    assert [one.reason for one in taken.ledger.dropped] == ["far outside the authority"] * n
    assert taken.outline.shape.area < 120e6


def test_wards_without_a_school_leave_no_hole(tmp_path: Path) -> None:
    """Wards are squares of 2 km; two in the middle hold no school."""
    squares = [
        box(X0 - 1_000 + 2_000 * i, Y0 - 1_000 + 2_000 * j, X0 + 1_000 + 2_000 * i,
            Y0 + 1_000 + 2_000 * j)
        for i in range(4) for j in range(3)
    ]  # fmt: skip
    frame = gpd.GeoDataFrame(
        {"WD24CD": [f"E05{k}" for k in range(12)], "WD24NM": [f"Ward {k}" for k in range(12)]},
        geometry=squares,
        crs="EPSG:27700",
    )
    frame.to_file(tmp_path / "wards.gpkg")
    files = Files(tmp_path)
    # The schools of the two middle wards of the middle row are not open.
    files.edit(6, status="Closed")
    request = replace(files.write(), layers=(LayerFile("ward", tmp_path / "wards.gpkg"),))
    taken = take_in(request)
    assert len(taken.layers[0].polygons) == 11
    assert taken.outline.shape.area == pytest.approx(12 * 4e6)


def test_a_ward_that_bears_the_authority_s_name_is_not_its_outline(tmp_path: Path) -> None:
    frame = clean_layer().assign(LAD23NM=["Calderbeck", "Birkby"])
    frame.geometry = [box(X0 - 500, Y0 - 500, X0 + 500, Y0 + 500), frame.geometry[1]]
    taken = with_layer(tmp_path, frame)
    assert taken.outline.origin.startswith("the 2 areas of the layer district")


def test_simplified_only_where_lines_have_very_many_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(areas, "MAX_VERTICES", 1_000)
    frame = clean_layer()
    for name in ("plain", "dense"):
        (tmp_path / name).mkdir()
    (plain,) = with_layer(tmp_path / "plain", frame).layers
    assert not any("were simplified" in note for note in plain.notes)
    dense = frame.geometry.segmentize(30)
    (layer,) = with_layer(tmp_path / "dense", frame.set_geometry(dense)).layers
    assert any("were simplified to 10 m" in note for note in layer.notes)
    assert layer.polygons.area.sum() == pytest.approx(frame.area.sum(), rel=1e-3)


@pytest.mark.parametrize("away_m", [600, 1_500, 5_000])
@pytest.mark.parametrize("by", ["district", "DistrictAdministrative (code)"])
def test_a_school_outside_the_area_it_states_is_said_with_the_true_distance(
    by: str, away_m: int, tmp_path: Path
) -> None:
    """It may stand well within the authority: the outline alone does not show it."""
    files = Files(tmp_path)
    stated = {"district": "", "DistrictAdministrative (code)": "", by: "Aldham"}
    if by != "district":
        stated[by] = "E97000000"
    files.edit(0, Easting=str(int(X0 + 3_000 + away_m)), **stated)
    taken = take_in(files.write())
    (flag,) = [one for one in taken.ledger.flags if "states" in one.what]
    assert flag.urn == 100_000
    assert flag.detail.startswith(f"{away_m / 1000:,.1f} km outside Aldham (district)")


def test_in_its_stated_area_but_for_the_width_of_a_postcode(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.edit(0, Easting=str(int(X0 + 3_400)), district="Aldham")
    assert not [one for one in take_in(files.write()).ledger.flags if "states" in one.what]


def test_an_authority_wider_than_the_reach_of_its_schools_loses_none(tmp_path: Path) -> None:
    """Without boundaries the outline is a line of our own: no reason to leave a school out."""
    files = Files(tmp_path)
    files.edit(0, Easting=str(int(X0 - 48_000)))
    taken = take_in(replace(files.write(), layers=()))
    assert len(taken.schools) == 12
    assert "stands outside the outline" in taken.ledger.flags[0].what


@pytest.mark.parametrize("name", ["areas.topojson", "areas.json"])
def test_topojson_is_read_and_of_several_objects_one_is_named(name: str, tmp_path: Path) -> None:
    path, files = tmp_path / name, Files(tmp_path)
    path.write_text(topojson(clean_layer(), "wards", "districts"), encoding="utf-8")
    request = replace(files.write(), layers=(LayerFile("district", path, "districts@LAD23NM"),))
    (layer,) = take_in(request).layers
    expected = clean_layer().set_index("LAD23NM").geometry
    assert layer.year == "2023"
    assert layer.polygons.geometry.symmetric_difference(expected).area.max() < 1_000
    with pytest.raises(InputError, match="holds 2 layers: wards, districts"):
        take_in(replace(request, layers=(LayerFile("district", path),)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"arcs": []}, "a boundary is made of arc 0, and the file has 0 arcs"),
        ({"transform": {"scale": [10, 10], "translate": [4e5, 3e5]}}, "no coordinate reference"),
        ({"objects": {}}, "cannot be read as"),
    ],
)
def test_topojson_that_is_broken_is_told(
    change: dict[str, object], says: str, tmp_path: Path
) -> None:
    path = tmp_path / "areas.topojson"
    path.write_text(json.dumps(topology_of(clean_layer()) | change), encoding="utf-8")
    request = replace(Files(tmp_path).write(), layers=(LayerFile("district", path),))
    with pytest.raises(InputError, match=says):
        take_in(request)


def test_a_file_of_another_kind_than_its_name_says_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "areas.gpkg"
    path.write_text("<OGRVRTDataSource/>", encoding="utf-8")
    assert inner_layers(path) == []
