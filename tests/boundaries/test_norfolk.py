"""The Norfolk authority: rebuilt to the byte, and with the known totals."""

import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import networkx as nx
import pandas as pd
import pytest
import shapely

from cluster_optimiser.constants import CRS_METRES
from cluster_optimiser.domain import Authority, Territory
from cluster_optimiser.geography.adjacency import shared_boundaries
from cluster_optimiser.geography.territory import build_territory
from cluster_optimiser.inputs import load_authority

NORFOLK = Path(__file__).resolve().parents[2] / "boundaries" / "norfolk"
BUILT = ("schools.csv", "clusters.geojson", "districts.geojson", "childrens_centres.csv")
CATHOLIC = "Notre Dame (Roman Catholic)"
SPECIAL = "Special and complex needs"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("norfolk_build", NORFOLK / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def register() -> pd.DataFrame:
    return pd.read_csv(NORFOLK / "schools.csv", index_col="urn")


@pytest.fixture(scope="module")
def clusters() -> gpd.GeoDataFrame:
    return gpd.read_file(NORFOLK / "clusters.geojson").set_index("cluster").to_crs(CRS_METRES)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return load_authority(NORFOLK)


@pytest.fixture(scope="module")
def territory(authority: Authority) -> Territory:
    return build_territory(authority)


def test_the_committed_files_are_what_the_script_makes(
    build: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.main(["--out", str(tmp_path)]) == 0
    for name in BUILT:
        assert (tmp_path / name).read_bytes() == (NORFOLK / name).read_bytes(), name
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(BUILT)
    said = capsys.readouterr().out
    assert "426 schools: 2 nursery, 361 primary, 51 secondary, 11 special, 1 pru" in said
    assert "112,499 pupils; 12 schools without a figure" in said
    assert "under 2,500: 33; over 5,000: Dereham 5,099, Wymondham 5,227" in said


def test_schools_and_pupils(register: pd.DataFrame) -> None:
    assert len(register) == 426
    assert register.index.is_unique
    assert register.index.is_monotonic_increasing
    assert int(register["pupils"].sum()) == 112_499
    assert int(register["pupils"].isna().sum()) == 12


def test_clusters_and_their_sizes(register: pd.DataFrame) -> None:
    pupils = register.groupby("cluster")["pupils"].sum()
    geographic = pupils.drop([CATHOLIC, SPECIAL])
    assert len(geographic) == 47
    assert set(geographic.index) == set(register["local_cluster"])
    assert int((geographic < 2_500).sum()) == 33
    over = geographic[geographic > 5_000]
    assert over.to_dict() == {"Dereham": 5_099, "Wymondham": 5_227}
    assert (geographic.idxmin(), geographic.min()) == ("Wells", 1_003)


def test_special_schools_and_only_they_are_in_the_special_cluster(register: pd.DataFrame) -> None:
    special = register["phase"].isin(["special", "pru"])
    assert int(special.sum()) == 12
    assert ((register["cluster"] == SPECIAL) == special).all()


def test_roman_catholic_schools_are_those_registered_so(register: pd.DataFrame) -> None:
    """So a scenario may name the group by its cluster or by the religious character."""
    registered = register["religious_character"] == "Roman Catholic"
    assert ((register["cluster"] == CATHOLIC) == registered).all()


def test_every_geographic_cluster_has_a_secondary_school(register: pd.DataFrame) -> None:
    own = register[register["cluster"] == register["local_cluster"]]
    assert set(own.loc[own["phase"] == "secondary", "cluster"]) == set(register["local_cluster"])


def test_clusters_as_read_and_projected_share_their_borders(clusters: gpd.GeoDataFrame) -> None:
    shapes = clusters.geometry.to_numpy()
    assert len(shapes) == 47
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)


def test_outlines_of_clusters_run_anticlockwise_as_rfc_7946_asks() -> None:
    rings = gpd.read_file(NORFOLK / "clusters.geojson").geometry.explode().exterior
    assert rings.is_ccw.all()


def test_the_clusters_hang_together(clusters: gpd.GeoDataFrame) -> None:
    """Also when borders under 100 m do not count."""
    shared_m = shared_boundaries(clusters.geometry)
    graph = nx.Graph([pair for pair, metres in shared_m.items() if metres >= 100])
    assert set(graph) == set(clusters.index)
    assert nx.is_connected(graph)


def test_no_cluster_has_a_sliver(clusters: gpd.GeoDataFrame) -> None:
    pieces = clusters.geometry.explode()
    assert pieces.area.min() > 100_000
    # Of a long strip, four times its area over its perimeter is twice its width.
    assert (4 * pieces.area / pieces.length).min() > 100


def test_the_authority_loads(authority: Authority) -> None:
    assert authority.name == "Norfolk"
    assert len(authority.schools) == 426
    assert int(authority.schools["pupils"].sum()) == 112_499
    assert int((~authority.schools["is_pupils_known"]).sum()) == 12
    assert list(authority.layers) == ["district", "division", "gp_consortium", "childrens_centre"]
    assert authority.travel.constant_min == 4.0
    assert authority.travel.bands == ((10.0, 1.3), (float("inf"), 0.9))


def test_schools_lie_in_the_district_that_the_facts_give(authority: Authority) -> None:
    facts = pd.read_csv(NORFOLK / "facts" / "schools.csv", index_col="urn")
    assert authority.schools["layer.district"].to_dict() == facts["district"].to_dict()


def test_every_school_lies_in_an_area_of_every_layer(
    authority: Authority, territory: Territory
) -> None:
    for layer, areas in territory.layers.items():
        assert set(authority.schools[f"layer.{layer}"]) <= set(areas.index)
    n_areas = {layer: len(areas) for layer, areas in territory.layers.items()}
    assert n_areas == {"district": 7, "division": 3, "gp_consortium": 5, "childrens_centre": 43}


def test_cells_fill_the_county_and_hold_their_school(
    authority: Authority, territory: Territory
) -> None:
    shapes = territory.cells.geometry.to_numpy()
    assert list(territory.cells.index) == list(authority.schools.index)
    assert shapely.coverage_is_valid(shapes)
    assert abs(shapely.area(shapes).sum() - authority.outline.area) < 1
    # Schools on one point are set 1 m apart.
    assert shapely.distance(shapes, authority.schools.geometry.to_numpy()).max() <= 1


def test_every_cluster_is_one_piece_or_its_reason_is_given(territory: Territory) -> None:
    in_pieces = [
        name
        for name, shape in territory.clusters.geometry.items()
        if len(shapely.get_parts(shape)) > 1
    ]
    assert in_pieces == ["Bradwell", "Great Yarmouth", "King Edward VII", "Wells"]
    assert len(territory.findings) == len(in_pieces)
    for name, finding in zip(in_pieces, territory.findings, strict=True):
        assert finding.startswith(f"{name} is in ")
    assert "Greenacre Primary & Nursery School (URN 121023)" in territory.findings[0]
    assert "island of 308 ha without a school" in territory.findings[3]


FAULTS = {
    "missing file": ("districts.geojson", None, None, r"districts\.geojson: no such file"),
    "missing column": (
        "schools.csv",
        "pupils,",
        "roll,",
        r'schools\.csv, row 1: no column "pupils"',
    ),
    "repeated URN": (
        "schools.csv",
        "120766,King",
        "120765,King",
        r"schools\.csv, row 3: URN 120765: the URN stands in row 2 too",
    ),
    "school without a cluster": (
        "existing_clusters.csv",
        "\n120766,",
        "\n120767,",
        r"row 3: URN 120766: no row in existing_clusters\.csv",
    ),
    "cluster row of no school": (
        "existing_clusters.csv",
        "\n120766,",
        "\n120767,",
        r"existing_clusters\.csv, row 3: URN 120767: no such school",
    ),
    "cluster row twice": (
        "existing_clusters.csv",
        "\n120766,",
        "\n120765,",
        r"existing_clusters\.csv, row 3: URN 120765: the URN stands here twice",
    ),
    "blank cluster": (
        "existing_clusters.csv",
        "120765,Marshland,",
        "120765,,",
        r"existing_clusters\.csv, row 2: URN 120765: a blank cluster",
    ),
    "unknown phase": (
        "schools.csv",
        "Emneth Nursery School,nursery",
        "Emneth Nursery School,nursing",
        r'row 2: URN 120765: unknown phase "nursing"',
    ),
    "pupils that are no count": (
        "schools.csv",
        ",68,0,0,",
        ",68.5,0,0,",
        r'row 2: URN 120765: pupils "68\.5" is no count',
    ),
    "URN that is no number": (
        "schools.csv",
        "\n120765,",
        "\n12O765,",
        r"schools\.csv, row 2: URN 12O765: the URN is no number",
    ),
    "file that is no GeoJSON": (
        "districts.geojson",
        '{"type":"FeatureCollection"',
        '{"type" "FeatureCollection"',
        r"districts\.geojson: cannot be read: Expecting ':'",
    ),
    "district without a name": (
        "districts.geojson",
        '"name":"Breckland"',
        '"label":"Breckland"',
        r"districts\.geojson: not a GeoJSON of named districts",
    ),
    "centre without a place": (
        "childrens_centres.csv",
        ",52.5189,",
        ",,",
        r'row 2: Attleborough Area Children\'s Centre: lat "", lon "1\.0189" is no place',
    ),
    "impossible place": (
        "schools.csv",
        ",52.63972,",
        ",somewhere,",
        r'row 2: URN 120765: lat "somewhere", lon "0\.21035" is no place',
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_wrong_facts_are_named_and_nothing_is_written(
    build: ModuleType,
    tmp_path: Path,
    file: str,
    old: str | None,
    new: str | None,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    facts = shutil.copytree(NORFOLK / "facts", tmp_path / "facts")
    if old is None or new is None:
        (facts / file).unlink()
    else:
        text = (facts / file).read_text(encoding="utf-8")
        assert old in text
        (facts / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    out = tmp_path / "out"
    assert build.main(["--facts", str(facts), "--out", str(out)]) == 3
    assert not out.exists()
    assert re.search(message, capsys.readouterr().err)
