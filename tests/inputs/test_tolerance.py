"""Files as people have them: encodings, reference systems, other people's column names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs import load_authority
from tests.inputs.broken import BASE, EAST_RING, Edit, make_authority

if TYPE_CHECKING:
    from pathlib import Path

    from cluster_optimiser.domain import Authority

COLUMNS = [
    "pupils",
    "cluster",
    "local_cluster",
    "layer.district",
    "layer.division",
    "layer.gp",
    "layer.centre",
]


@pytest.fixture(scope="module")
def base() -> Authority:
    return load_authority(BASE)


def assert_same_schools(authority: Authority, base: Authority, tolerance_m: float = 0.0) -> None:
    assert authority.schools[COLUMNS].equals(base.schools[COLUMNS])
    assert (authority.schools.distance(base.schools.geometry) <= tolerance_m).all()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encodings_of_text(encoding: str, tmp_path: Path) -> None:
    folder = make_authority(tmp_path, Edit("schools.csv", "Cedar Academy", "Cèdar Académy"))
    path = folder / "schools.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    assert load_authority(folder).schools.loc[100005, "name"] == "Cèdar Académy"


def test_a_mark_that_was_put_twice_is_no_part_of_a_heading(tmp_path: Path, base: Authority) -> None:
    folder = make_authority(tmp_path)
    path = folder / "schools.csv"
    path.write_bytes("\ufeff\ufeff".encode() + path.read_bytes())
    assert_same_schools(load_authority(folder), base)


def test_utf16_is_read_as_any_other_text(tmp_path: Path, base: Authority) -> None:
    folder = make_authority(tmp_path)
    path = folder / "schools.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    assert load_authority(folder).schools["name"].tolist() == base.schools["name"].tolist()


def test_cp1252_in_geojson(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit("districts.geojson", '"East"', '"Éast"'),
        Edit("authority.toml", '"East"', '"Éast"'),
    )
    path = folder / "districts.geojson"
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))
    assert load_authority(folder).schools.loc[100005, "layer.district"] == "Éast"


def test_spreadsheet_habits(tmp_path: Path, base: Authority) -> None:
    """Decimal URNs, stray spaces, Windows line ends, blank and comma-only rows, semicolons."""
    folder = make_authority(tmp_path)
    path = folder / "schools.csv"
    lines = path.read_text(encoding="utf-8").replace('"1,200"', "1200").splitlines()
    rows = [
        lines[0],
        *(line.replace(",", ".0 ,  ", 1) + " " for line in lines[1:]),
        "",
        ",,,,",
        ",",
    ]
    path.write_text("\r\n".join(rows).replace(",", ";"), encoding="utf-8", newline="")
    assert_same_schools(load_authority(folder), base)


def test_row_numbers_count_lines_of_the_file(tmp_path: Path) -> None:
    """A quoted line break and a blank line do not put the count out."""
    folder = make_authority(
        tmp_path,
        Edit("schools.csv", "Ash High School", '"Ash\nHigh School"'),
        Edit("schools.csv", "100003,", "\n100003,"),
        Edit("schools.csv", ",900,", ",-9,"),
    )
    with pytest.raises(InputError, match=r"schools\.csv, row 6: URN 100003: pupils -9 is negative"):
        load_authority(folder)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
@pytest.mark.parametrize("suffix", ["gpkg", "shp", "geojson"])
def test_boundaries_in_any_format_and_system(
    crs: str, suffix: str, tmp_path: Path, base: Authority
) -> None:
    folder = make_authority(tmp_path, Edit("districts.geojson", None, None))
    frame = gpd.read_file(BASE / "districts.geojson").to_crs(crs)
    frame.to_file(folder / f"layer.{suffix}")
    path = folder / "authority.toml"
    path.write_text(path.read_text().replace("districts.geojson", f"layer.{suffix}"))
    authority = load_authority(folder)
    assert_same_schools(authority, base)
    assert authority.outline.area == pytest.approx(200e6, rel=1e-3)
    assert f"layer.{suffix}" in authority.inputs
    assert ("layer.dbf" in authority.inputs) == (suffix == "shp")


def test_geopackage_without_a_system_is_refused(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit("districts.geojson", None, None),
        Edit("authority.toml", "districts.geojson", "districts.shp"),
    )
    frame = gpd.read_file(BASE / "districts.geojson")
    frame.to_file(folder / "districts.shp")
    (folder / "districts.prj").unlink()
    with pytest.raises(InputError, match=r"no coordinate reference system\. .* EPSG:27700"):
        load_authority(folder)


def test_swapped_axes_of_a_layer_are_recognised(tmp_path: Path) -> None:
    folder = make_authority(tmp_path)
    frame = gpd.read_file(BASE / "districts.geojson").to_crs("EPSG:4326")
    turned = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    frame.set_geometry(gpd.GeoSeries(turned, crs="EPSG:4326")).to_file(folder / "districts.geojson")
    with pytest.raises(InputError, match="longitude and latitude may be swapped"):
        load_authority(folder)


def test_geopackage_with_several_layers_is_refused(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit("districts.geojson", None, None),
        Edit("authority.toml", "districts.geojson", "districts.gpkg"),
    )
    frame = gpd.read_file(BASE / "districts.geojson")
    frame.to_file(folder / "districts.gpkg", layer="one")
    frame.to_file(folder / "districts.gpkg", layer="two")
    with pytest.raises(InputError, match=r"holds 2 layers: one, two\. Save the one to use"):
        load_authority(folder)


def test_crossed_ring_is_repaired_and_said(tmp_path: Path) -> None:
    """The ring of East is drawn as a bow tie: half its ground is lost, which must be said."""
    crossed = (
        "[610000, 300000], [620000, 310000], [620000, 300000], [610000, 310000], [610000, 300000]"
    )
    folder = make_authority(
        tmp_path,
        Edit("districts.geojson", EAST_RING, crossed),
        Edit("authority.toml", "[clusters]", 'outline = "clusters.geojson"\n[clusters]'),
    )
    path = folder / "authority.toml"
    text = path.read_text().replace('outline = "clusters.geojson"\n', "")
    path.write_text('outline = "clusters.geojson"\n' + text)
    authority = load_authority(folder)
    polygons = authority.layers["district"].polygons
    assert polygons is not None
    assert polygons.geometry.is_valid.all()
    assert polygons.area["East"] == pytest.approx(50e6)
    assert (
        "The boundary of East in threeshire/districts.geojson crosses itself, or its parts overlap "
        "and were joined; the repair changed the area from 0 to 5,000 ha." in authority.caveats
    )


def test_small_repair_is_not_worth_a_word(tmp_path: Path, base: Authority) -> None:
    """A spike without area is dropped."""
    spike = EAST_RING.replace(
        "[620000, 310000]", "[620000, 310000], [615000, 310000], [616000, 310000]"
    )
    folder = make_authority(tmp_path, Edit("districts.geojson", EAST_RING, spike))
    authority = load_authority(folder)
    assert authority.caveats == base.caveats
    assert authority.outline.is_valid


def test_area_of_several_parts(tmp_path: Path, base: Authority) -> None:
    data = json.loads((BASE / "districts.geojson").read_text(encoding="utf-8"))
    rings = [feature["geometry"]["coordinates"] for feature in data["features"]]
    data["features"] = data["features"][:1]
    data["features"][0]["geometry"] = {"type": "MultiPolygon", "coordinates": rings}
    folder = make_authority(
        tmp_path,
        Edit("districts.geojson", None, json.dumps(data)),
        Edit("authority.toml", ', "East" = "All of it"', ""),
    )
    authority = load_authority(folder)
    assert set(authority.schools["layer.district"]) == {"West"}
    assert authority.outline.equals(base.outline)


GIAS_HEADER = (
    "URN,EstablishmentName,PhaseOfEducation (name),Easting,Northing,NumberOfPupils,Cluster,GP,Faith"
)


@pytest.mark.parametrize(
    "columns", ["", 'name = "EstablishmentName"\nurn = "URN"\n'], ids=["known", "stated"]
)
def test_extract_of_the_national_register_needs_no_renaming(
    columns: str, tmp_path: Path, base: Authority
) -> None:
    header = (BASE / "schools.csv").read_text(encoding="utf-8").partition("\n")[0]
    stated = f'[schools.columns]\ncluster = "Cluster"\ngp_group = "GP"\n{columns}'
    folder = make_authority(
        tmp_path,
        Edit("schools.csv", header, GIAS_HEADER),
        Edit("schools.csv", "Ash High School,secondary", "Ash High School,Secondary"),
        Edit(
            "schools.csv", "Ash Primary School,primary", "Ash Primary School,Middle deemed primary"
        ),
        Edit("schools.csv", "Birch High School,secondary", "Birch High School,Not applicable"),
        Edit(
            "authority.toml",
            "[clusters]",
            f'{stated}[schools.values.phase]\n"Not applicable" = "special"\n[clusters]',
        ),
    )
    authority = load_authority(folder)
    assert_same_schools(authority, base)
    assert list(authority.schools["phase"])[:3] == ["secondary", "middle", "special"]
    assert "Faith" in authority.schools


def test_one_column_may_serve_twice(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit(
            "authority.toml",
            "[clusters]",
            '[schools.columns]\ncluster = "cluster"\nlocal_cluster = "cluster"\n[clusters]',
        ),
    )
    schools = load_authority(folder).schools
    assert schools["cluster"].equals(schools["local_cluster"].rename("cluster"))


def test_column_put_aside_by_a_mapping_is_kept(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit("authority.toml", "[clusters]", '[schools.columns]\nname = "faith"\n[clusters]'),
        Edit("schools.csv", "Cedar,,", "Cedar,,None"),
    )
    schools = load_authority(folder).schools
    assert schools.loc[100002, "name"] == "Roman Catholic"
    assert schools.loc[100002, "file.name"] == "Ash Primary School"


def test_schools_as_geopackage(tmp_path: Path, base: Authority) -> None:
    folder = make_authority(
        tmp_path,
        Edit("authority.toml", "schools.csv", "schools.gpkg"),
        Edit("schools.csv", None, None),
    )
    schools = base.schools.drop(columns=["local_cluster", *COLUMNS[3:]]).reset_index()
    schools["pupils"] = schools["pupils"].astype("float64").where(schools["is_pupils_known"])
    schools.to_crs("EPSG:4326").to_file(folder / "schools.gpkg")
    assert_same_schools(load_authority(folder), base, tolerance_m=0.01)


def test_degrees_in_columns(tmp_path: Path, base: Authority) -> None:
    folder = make_authority(tmp_path, Edit("schools.csv", "easting,northing", "lat,lon"))
    path = folder / "schools.csv"
    degrees = base.schools.to_crs("EPSG:4326").geometry
    text = path.read_text(encoding="utf-8")
    for point, metres in zip(degrees, base.schools.geometry, strict=True):
        text = text.replace(f"{metres.x:.0f},{metres.y:.0f}", f"{point.y:.7f},{point.x:.7f}")
    path.write_text(text, encoding="utf-8")
    assert_same_schools(load_authority(folder), base, tolerance_m=0.02)


@pytest.mark.parametrize(
    ("lat_lon", "message"),
    [
        ("1.1,52.6", "latitude and longitude look swapped. Exchange the two"),
        ("40.7,-74.0", "lies outside Great Britain"),
        ("0,0", "lat and lon are 0, which stands for not known"),
        ("52.6,", "lon missing"),
    ],
)
def test_degrees_that_cannot_be(lat_lon: str, message: str, tmp_path: Path) -> None:
    header = "urn,name,phase,lat,lon,pupils,cluster,gp_group\n"
    folder = make_authority(
        tmp_path,
        Edit("schools.csv", None, f"{header}1,A,primary,{lat_lon},10,Ash,North\n"),
        Edit("authority.toml", "[100006]", "[]"),
    )
    with pytest.raises(InputError, match=f"^1 fault in the data:\n.*row 2: URN 1: .*{message}"):
        load_authority(folder)


def test_clusters_may_come_from_polygons_alone(tmp_path: Path, base: Authority) -> None:
    folder = make_authority(tmp_path, Edit("schools.csv", "cluster,gp_group", "other,gp_group"))
    assert_same_schools(load_authority(folder), base)


def test_clusters_may_come_from_the_register_alone(tmp_path: Path, base: Authority) -> None:
    folder = make_authority(
        tmp_path,
        Edit("authority.toml", '[clusters]\nfile = "clusters.geojson"\n', ""),
        Edit("clusters.geojson", None, None),
    )
    authority = load_authority(folder)
    assert authority.clusters is None
    assert_same_schools(authority, base)


def test_dominant_cluster_needs_no_polygon(tmp_path: Path) -> None:
    """A Catholic cluster has no ground of its own: its schools lie in a geographic one."""
    folder = make_authority(tmp_path, Edit("schools.csv", "210,Ash", "210,Catholic"))
    schools = load_authority(folder).schools
    assert list(schools.loc[100002, ["cluster", "local_cluster"]]) == ["Catholic", "Ash"]


@pytest.mark.parametrize(
    ("site", "district"),
    [
        ("610000,305000", "East"),  # on the border: the first by name
        ("599800,305000", "West"),  # 200 m outside
    ],
)
def test_school_on_a_border_or_just_outside(site: str, district: str, tmp_path: Path) -> None:
    folder = make_authority(tmp_path, Edit("schools.csv", "603000,305000", site))
    assert load_authority(folder).schools.loc[100001, "layer.district"] == district


def test_school_in_no_area_of_a_layer_has_none(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit("authority.toml", "[layers.district]", "[layers.district]"),
        Edit("districts.geojson", EAST_RING, EAST_RING.replace("300000", "305000")),
    )
    path = folder / "authority.toml"
    path.write_text('outline = "clusters.geojson"\n' + path.read_text())
    schools = load_authority(folder).schools
    assert schools.loc[100006, "layer.district"] is None
    assert schools.loc[100006, "layer.division"] is None
    assert schools.loc[100005, "layer.district"] == "East"


@pytest.mark.parametrize(("northing", "is_inside"), [(310_250, True), (310_251, False)])
def test_margin_outside_the_outline(northing: int, *, is_inside: bool, tmp_path: Path) -> None:
    folder = make_authority(tmp_path, Edit("schools.csv", "603000,305000", f"603000,{northing}"))
    if is_inside:
        assert load_authority(folder).schools.loc[100001, "layer.district"] == "West"
    else:
        with pytest.raises(InputError, match=r"URN 100001: the school lies 0\.3 km outside"):
            load_authority(folder)


@pytest.mark.parametrize(("width_m", "is_sliver"), [(1.0, True), (1.1, False)])
def test_overlap_of_a_hectare_is_a_sliver(
    width_m: float, *, is_sliver: bool, tmp_path: Path
) -> None:
    """The border is 10 km long, so 1 m of overlap is one hectare."""
    ring = EAST_RING.replace("610000", f"{610_000 - width_m}")
    folder = make_authority(tmp_path, Edit("districts.geojson", EAST_RING, ring))
    if is_sliver:
        assert load_authority(folder).outline.area == pytest.approx(200e6)
    else:
        with pytest.raises(InputError, match=r'"West" and "East" overlap by 1\.1 ha'):
            load_authority(folder)


def test_overlap_of_small_areas_is_judged_by_their_size(tmp_path: Path) -> None:
    """East is 100 by 100 m, 1 ha: an overlap of 20 square metres is over a thousandth of it."""
    ring = (
        EAST_RING.replace("610000", "609999.8")
        .replace("620000", "610100")
        .replace("310000", "300100")
    )
    folder = make_authority(
        tmp_path,
        Edit("districts.geojson", EAST_RING, ring),
        Edit(
            "authority.toml",
            'data_date = "2019-01-17"',
            'data_date = 2019-01-17\noutline = "clusters.geojson"',
        ),
    )
    with pytest.raises(InputError, match=r'"West" and "East" overlap by 0\.002 ha'):
        load_authority(folder)


def test_paths_written_on_windows(tmp_path: Path, base: Authority) -> None:
    folder = make_authority(
        tmp_path, Edit("authority.toml", '"districts.geojson"', "'maps\\districts.geojson'")
    )
    (folder / "maps").mkdir()
    (folder / "districts.geojson").rename(folder / "maps" / "districts.geojson")
    authority = load_authority(folder)
    assert_same_schools(authority, base)
    assert "maps/districts.geojson" in authority.inputs


def test_parquet_without_its_package_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_package(path: Path) -> None:
        message = f"no engine for {path}"
        raise ImportError(message)

    monkeypatch.setattr(gpd, "read_parquet", without_package)
    folder = make_authority(
        tmp_path,
        Edit("authority.toml", "districts.geojson", "districts.parquet"),
        Edit("districts.parquet", None, "PAR1"),
    )
    with pytest.raises(InputError, match=r"Parquet needs the package pyarrow\. Install it"):
        load_authority(folder)


def test_file_names_alone_will_do(tmp_path: Path, base: Authority) -> None:
    folder = make_authority(
        tmp_path,
        Edit("authority.toml", '[schools]\nfile = "schools.csv"\nunknown_pupils = [100006]\n', ""),
        Edit("authority.toml", '[clusters]\nfile = "clusters.geojson"\n', ""),
        Edit("schools.csv", "301000,,", "301000,0,"),
    )
    path = folder / "authority.toml"
    path.write_text('schools = "schools.csv"\nclusters = "clusters.geojson"\n' + path.read_text())
    assert_same_schools(load_authority(folder), base)


def test_codes_keep_their_zeros_and_figures_are_numbers(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit("schools.csv", "faith\n", "code\n"),
        Edit("schools.csv", "Ash,North,None", "Ash,North,007"),
    )
    schools = load_authority(folder).schools
    assert schools.loc[100001, "code"] == "007"
    assert schools["easting"].dtype.kind in "if"


def test_polygons_reach_the_first_by_name_in_any_order(tmp_path: Path, base: Authority) -> None:
    data = json.loads((BASE / "clusters.geojson").read_text(encoding="utf-8"))
    data["features"].reverse()
    folder = make_authority(tmp_path, Edit("clusters.geojson", None, json.dumps(data)))
    authority = load_authority(folder)
    assert_same_schools(authority, base)
    assert authority.clusters is not None
    assert list(authority.clusters.index) == ["Ash", "Birch", "Cedar"]
