"""`load_authority`: the base loads as it should, and every fault is found, named and remedied."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs import load_authority
from tests.inputs.broken import BASE, Broken, Edit, broken_authorities, make_authority
from tests.made_topology import topojson

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = broken_authorities()


def faults_of(folder: Path) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        load_authority(folder)
    return tuple(str(fault) for fault in caught.value.faults)


@pytest.mark.parametrize("case", BROKEN, ids=[case.fault for case in BROKEN])
def test_one_fault_is_named_with_its_place_and_remedy(case: Broken, tmp_path: Path) -> None:
    folder = case.make(tmp_path)
    with pytest.raises(InputError) as caught:
        load_authority(folder)
    (fault,) = caught.value.faults
    assert (fault.file, fault.row) == (f"threeshire/{case.file}", case.row)
    assert case.about in fault.subject
    assert case.says in fault.problem
    assert case.remedy in fault.remedy


def test_broken_authorities_have_names_of_their_own() -> None:
    assert len({case.fault for case in BROKEN}) == len(BROKEN)


def test_five_faults_of_one_file_are_all_found(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit("schools.csv", "100002,Ash Primary School,primary", "100001,,primry"),
        Edit("schools.csv", "609000,305000,900", "609000,,-900"),
    )
    assert faults_of(folder) == (
        (
            "threeshire/schools.csv, row 3: URN 100001: URN 100001 stands on row 2 already."
            " Keep one of the two rows, or correct the URN."
        ),
        "threeshire/schools.csv, row 3: URN 100001: the name is missing. Give the school's name.",
        (
            'threeshire/schools.csv, row 3: URN 100001: unknown phase "primry".'
            ' Did you mean "primary"?'
            ' Or say what it means: "primry" = "..." under [schools.values.phase].'
        ),
        (
            "threeshire/schools.csv, row 4: URN 100003: pupils -900 is negative."
            " Give a whole number, 0 or more."
        ),
        "threeshire/schools.csv, row 4: URN 100003: northing missing. Give the site's coordinates.",
    )


def test_faults_of_every_file_are_found_in_one_pass(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit("authority.toml", "caveats =", "caveat ="),
        Edit("authority.toml", "[100006]", "[100006, 100009]"),
        Edit("schools.csv", ",900,", ",,"),
        Edit("districts.geojson", '"East"', "null"),
        Edit("clusters.geojson", "[608000, 310000], [600000", "[608200, 310000], [600000"),
        Edit("centres.csv", "603100,305100", ",305100"),
    )
    files = [fault.split(":")[0] for fault in faults_of(folder)]
    assert files == [
        "threeshire/authority.toml",
        "threeshire/schools.csv, row 4",
        "threeshire/authority.toml",
        "threeshire/clusters.geojson, row 2",
        "threeshire/districts.geojson, row 2",
        "threeshire/centres.csv, row 2",
    ]


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_folder_without_settings_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such folder|it has no authority\.toml"):
        load_authority(tmp_path / path)


def test_base_is_read_whole() -> None:
    authority = load_authority(BASE)
    schools = authority.schools
    assert (authority.key, authority.name) == ("authority", "Threeshire")
    assert authority.data_date == "2019-01-17"
    assert list(schools.index) == [100001, 100002, 100003, 100004, 100005, 100006]
    assert (schools.index.name, schools.index.dtype) == ("urn", "int64")
    assert schools.crs == "EPSG:27700"
    assert list(schools["pupils"]) == [1200, 210, 900, 180, 1500, 0]
    assert list(schools["is_pupils_known"]) == [True] * 5 + [False]
    assert list(schools["local_cluster"]) == ["Ash", "Ash", "Birch", "Birch", "Cedar", "Cedar"]
    assert list(schools["faith"])[-2:] == ["None", None]
    assert authority.outline.area == pytest.approx(200e6)
    assert authority.clusters is not None
    assert list(authority.clusters.index) == ["Ash", "Birch", "Cedar"]


def test_every_layer_gives_each_school_its_area() -> None:
    authority = load_authority(BASE)
    areas = {name: list(authority.schools[f"layer.{name}"]) for name in authority.layers}
    assert areas == {
        "district": ["West", "West", "West", "East", "East", "East"],
        "division": ["All of it"] * 6,
        "gp": ["North", "North", "North", "South", "South", None],
        "centre": ["Ash Centre"] * 3 + ["Cedar Centre"] * 3,
    }
    assert [layer.origin for layer in authority.layers.values()] == [
        "polygons",
        "layer",
        "schools",
        "points",
    ]
    assert authority.layers["division"].title == "Division"
    assert authority.layers["division"].base == "district"


def test_caveats_name_layers_and_schools_without_a_figure() -> None:
    *stated, counted = load_authority(BASE).caveats
    assert stated == ["Threeshire is made up.", "GP groups are a guess."]
    assert counted.startswith("1 school has no pupil figure: Cedar Nursery School. Sizes are at")
    assert "cluster with a part of today's" in counted


def test_more_than_five_schools_without_a_figure_are_counted(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit("authority.toml", "[100006]", "[100001, 100002, 100003, 100004, 100005, 100006]"),
        *(
            Edit("schools.csv", old, new)
            for old, new in [
                ('"1,200"', ""),
                (",210,", ",,"),
                (",900,", ",c,"),
                (",180,", ",,"),
                (",1500,", ",,"),
            ]
        ),
    )
    authority = load_authority(folder)
    assert authority.schools["pupils"].sum() == 0
    assert authority.caveats[-1].startswith(
        "6 schools have no pupil figure: Ash High School, Ash Primary School,"
        " Birch High School, Birch Primary School, Cedar Academy and 1 more. Sizes are at least"
    )


def test_every_file_read_is_hashed() -> None:
    inputs = load_authority(BASE / "authority.toml").inputs
    assert list(inputs) == [
        "authority.toml",
        "centres.csv",
        "clusters.geojson",
        "districts.geojson",
        "schools.csv",
    ]
    assert inputs["centres.csv"] == hashlib.sha256((BASE / "centres.csv").read_bytes()).hexdigest()


def test_travel_bands_end_at_infinity() -> None:
    travel = load_authority(BASE).travel
    assert (travel.method, travel.constant_min) == ("estimate", 4.0)
    assert travel.bands == ((10.0, 1.3), (float("inf"), 0.9))


def test_matrix_may_leave_trips_out(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit("authority.toml", 'method = "estimate"', 'method = "matrix"\nfile = "minutes.csv"'),
        Edit(
            "minutes.csv",
            None,
            "From_urn,TO_URN,minutes\n100001,100002,5.5\n100001,100001,0\n100003,100001,\n",
        ),
    )
    authority = load_authority(folder)
    assert authority.travel.matrix == (folder / "minutes.csv").resolve()
    assert "minutes.csv" in authority.inputs


def test_missing_base_of_a_layer_hides_nothing_else(tmp_path: Path) -> None:
    """What follows from a fault is not reported again; what does not is."""
    folder = make_authority(
        tmp_path,
        Edit("districts.geojson", None, None),
        Edit("schools.csv", "900,Birch", "900,"),
    )
    assert [fault.partition(": ")[2].split(":")[0] for fault in faults_of(folder)] == [
        "layers.district.file",
        "URN 100003",
    ]


def test_faulty_settings_do_not_hide_the_schools(tmp_path: Path) -> None:
    """A wrong value, a misspelt key and a wrong layer are put aside; the rest is read."""
    folder = make_authority(
        tmp_path,
        Edit("authority.toml", "[100006]", '[100006, "many"]'),
        Edit("authority.toml", 'column = "gp_group"', "column = 3"),
        Edit("authority.toml", "constant_min = 4.0", "constant_min = -4.0"),
        Edit("authority.toml", "[[sources]]", "[[surces]]"),
        Edit("schools.csv", "900,Birch", "900,"),
        Edit("schools.csv", "301000,,", "301000,10,"),
    )
    subjects = [fault.split(": ")[1] for fault in faults_of(folder)]
    assert subjects == [
        "schools.unknown_pupils.2",
        "layers.gp.column",
        "travel.constant_min",
        "surces",
        "URN 100003",
    ]


def test_layers_made_of_one_another_are_refused(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit(
            "authority.toml",
            "[layers.gp]",
            '[layers.a]\nfrom = "b"\nmapping = { x = "y" }\n'
            '[layers.b]\nfrom = "a"\nmapping = { x = "y" }\n[layers.gp]',
        ),
    )
    faults = faults_of(folder)
    assert len(faults) == 2
    assert all("layers are made of one another: a, b" in fault for fault in faults)


def test_without_any_polygons_there_is_no_outline(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit("authority.toml", '[clusters]\nfile = "clusters.geojson"\n', ""),
        Edit("authority.toml", '[layers.district]\ntitle = "Districts"\nfile', "[x]\nfile"),
        Edit("authority.toml", '[x]\nfile = "districts.geojson"\n', ""),
        Edit(
            "authority.toml",
            '[layers.division]\nfrom = "district"\n'
            'mapping = { "West" = "All of it", "East" = "All of it" }\n',
            "",
        ),
    )
    (fault,) = faults_of(folder)
    assert "there is no outline, and no polygons to make it from" in fault


def test_clusters_and_layers_may_be_topojson(tmp_path: Path) -> None:
    folder = make_authority(
        tmp_path,
        Edit("authority.toml", "clusters.geojson", "clusters.topojson"),
        Edit("authority.toml", "districts.geojson", "districts.topojson"),
    )
    before = load_authority(make_authority(tmp_path / "before"))
    for name in ("clusters", "districts"):
        text = topojson(gpd.read_file(folder / f"{name}.geojson"))
        (folder / f"{name}.topojson").write_text(text, encoding="utf-8")
    after = load_authority(folder)
    for a, b in (
        (before.clusters, after.clusters),
        *zip(
            [before.layers["district"].polygons], [after.layers["district"].polygons], strict=True
        ),
    ):
        assert a.geometry.symmetric_difference(b.geometry).area.max() < 1_000
