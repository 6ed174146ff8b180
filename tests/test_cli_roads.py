"""The commands for road networks, as a user calls them."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import shapely
from click.testing import CliRunner

from cluster_optimiser.cli import app
from cluster_optimiser.errors import InputError
from cluster_optimiser.geography.travel import travel_minutes
from cluster_optimiser.inputs import load_authority
from tests.made_roads import write_made_osm
from tests.overpass import Overpass, serving

DATA = Path(__file__).parent / "data"
MAP = DATA / "roads" / "two_villages.osm"

SCENARIO = """
title = "Two by two"
option = "m"
authority = "threeshire"
method = "merge"

[objective]
order = ["count", "pupil_minutes"]
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    shutil.copytree(DATA / "authority", tmp_path / "boundaries" / "threeshire")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=True)


def use_roads(home, *more):
    toml = home / "boundaries" / "threeshire" / "authority.toml"
    head, _, tail = toml.read_text().partition("[travel]")
    lines = ["[travel]", 'method = "roads"', 'file = "roads.gpkg"', *more, ""]
    toml.write_text(head + "\n".join(lines) + "\n" + tail[tail.index("[[sources]]") :])


def test_a_map_on_disk_becomes_a_road_file(home):
    done = call("roads", "import", MAP, "--authority", "threeshire")
    assert done.exit_code == 0, done.output
    assert (home / "boundaries" / "threeshire" / "roads.gpkg").is_file()
    assert 'method = "roads"' in done.stderr
    assert not done.stdout


def test_info_tells_what_is_in_a_road_file(home):
    call("roads", "import", MAP, "--authority", "threeshire")
    done = call("roads", "info", "boundaries/threeshire/roads.gpkg", "--json")
    facts = json.loads(done.stdout)
    assert facts["attribution"].startswith("© OpenStreetMap contributors")
    assert facts["data_date"] == "2024-05-02"
    assert facts["n_ferries"] == 1
    shares = [facts[f"limit_{how}_share"] for how in ("tagged", "lit", "imputed")]
    assert sum(shares) == pytest.approx(1, abs=2e-4)
    assert facts["unread_limits"] == "none (1); signals (1)"


def test_several_files_that_overlap_are_one_map(home):
    """Each way once, though both files have it; the files of a folder count."""
    (home / "maps").mkdir()
    shutil.copy(MAP, home / "maps" / "one.osm")
    shutil.copy(MAP, home / "maps" / "other.osm")
    assert call("roads", "import", MAP, "--out", "single.gpkg").exit_code == 0
    assert call("roads", "import", "maps", MAP, "--out", "all.gpkg").exit_code == 0
    single, several = (
        json.loads(call("roads", "info", name, "--json").stdout)
        for name in ("single.gpkg", "all.gpkg")
    )
    assert (single["km"], single["n_stretches"]) == (several["km"], several["n_stretches"])
    assert several["source"] == "OpenStreetMap (one.osm, other.osm, two_villages.osm)"


def test_how_much_of_the_authority_and_its_margin_has_roads_is_told(home):
    call("roads", "import", MAP, "--authority", "threeshire")
    file = "boundaries/threeshire/roads.gpkg"
    facts = json.loads(call("roads", "info", file, "--json").stdout)
    assert 0 < float(facts["outline_share"]) <= 1
    done = call("roads", "info", file, "--authority", "threeshire", "--map", "map.svg")
    assert done.exit_code == 0, done.output
    assert "Squares of 2 km with roads" in done.stdout
    assert "authority, without" in (home / "map.svg").read_text()


def test_ground_and_schools_without_roads_stand_in_the_ground_report(home):
    call("roads", "import", MAP, "--authority", "threeshire", "--margin-km", "10")
    use_roads(home)
    (home / "scenarios").mkdir()
    (home / "scenarios" / "m.toml").write_text(SCENARIO)
    done = call("check", "scenarios", "--report", "ground.html")
    assert done.exit_code == 0, done.output
    assert "of the squares of 2 km that touch the authority have roads on the map" in done.stdout
    page = (home / "ground.html").read_text()
    told = json.loads(call("check", "scenarios", "--json").stdout)["findings"]
    (ground,) = [one for one in told if one["kind"] == "road-coverage"]
    assert ground["easting_northing"] is not None, "it is drawn"
    assert ground["problem"] in page
    far = [one for one in told if one["kind"] == "far-from-road"]
    assert all("from the nearest road of the map" in one["problem"] for one in far)


def test_the_margin_is_what_is_cut_out(home):
    wide = call("roads", "import", MAP, "--authority", "threeshire", "--margin-km", "10")
    assert wide.exit_code == 0
    call("roads", "import", MAP, "--out", "all.gpkg")
    everything = json.loads(call("roads", "info", "all.gpkg", "--json").stdout)
    assert everything["margin_km"] == ""


def test_an_option_is_solved_on_roads_and_says_so(home):
    schools = load_authority(home / "boundaries" / "threeshire").schools
    places = shapely.get_coordinates(schools.geometry.to_numpy())
    write_made_osm(home / "made.osm", places, n_more=60, seed=2)
    assert call("roads", "import", "made.osm", "--authority", "threeshire").exit_code == 0
    use_roads(home)
    (home / "m.toml").write_text(SCENARIO)
    done = call("run", "m.toml", "--out", "results")
    assert done.exit_code == 0, done.output
    manifest = json.loads((home / "results" / "m" / "manifest.json").read_text())
    assert manifest["status"] == "OPTIMAL"
    assert "driving times by road" in manifest["travel"]
    assert any("OpenStreetMap" in source["title"] for source in manifest["sources"])
    page, plan_map = (
        (home / "results" / name).read_text() for name in ("index.html", "m/map.html")
    )
    assert "© OpenStreetMap contributors" in page
    # Main roads lie under the areas: drawn by the page, named in its key, a layer of the map.
    assert '"backdrop":[["main_road",{' in page
    assert '<i class="k-line k-main_road"></i>main road' in page
    assert "Main roads, water, railways, built-up ground" in plan_map


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import", "nothing.osm", "--authority", "threeshire"], "there is no such file"),
        (["import", "a.zip", "--authority", "threeshire"], "Give one of .osm"),
        (["import", "broken.osm", "--authority", "threeshire"], "cannot be read as OpenStreetMap"),
        (
            ["import", "placed.osm", "--authority", "threeshire"],
            "wrong format for coordinate",
        ),
        (["import", "broken.osm.pbf", "--authority", "threeshire"], "cannot be read as Open"),
        (["import", "empty.osm", "--authority", "threeshire"], "no road of the file lies in"),
        (["import", "empty.osm", "--out", "r.gpkg"], "the file has no roads"),
        (["import", str(MAP), "--authority", "threshire"], 'Did you mean "threeshire"?'),
        (["import", str(MAP)], "Give --authority, or --out"),
        (["import", str(MAP), "--out", "roads.csv"], "a road file ends in .gpkg"),
        (["import", str(MAP), "--out", "no/where.gpkg"], "there is no folder"),
        (["info", "nothing.gpkg"], "there is no such file"),
        (["info", "broken.osm"], "the file is no road file: it has no about, roads"),
    ],
)
def test_a_mistake_is_one_fault_with_a_remedy_and_nothing_is_written(home, arguments, words):
    (home / "placed.osm").write_text('<osm version="0.6"><node id="1" lat="abc" lon="1"/></osm>')
    (home / "a.zip").write_bytes(b"PK")
    (home / "broken.osm").write_text("<osm version='0.6'><way id=</osm>")
    (home / "broken.osm.pbf").write_bytes(b"no pbf at all")
    (home / "empty.osm").write_text('<osm version="0.6"><node id="1" lat="52" lon="1"/></osm>')
    done = call("roads", *arguments)
    assert isinstance(done.exception, InputError)
    assert len(done.exception.faults) == 1
    assert words in str(done.exception)
    assert not list(home.rglob("*.gpkg"))


def test_a_file_whose_points_come_last_is_refused(home):
    text = MAP.read_text()
    start, end = text.index("  <node"), text.index("  <way")
    (home / "turned.osm").write_text(
        text[:start] + text[end:].replace("</osm>", text[start:end] + "</osm>")
    )
    done = call("roads", "import", "turned.osm", "--authority", "threeshire")
    assert "nodes come before its ways" in str(done.exception)


def test_an_authority_whose_road_file_is_missing_or_no_road_file(home):
    use_roads(home)
    done = call("check", home / "boundaries" / "threeshire")
    assert done.exception is not None
    (home / "m.toml").write_text(SCENARIO)
    assert 'there is no file "roads.gpkg"' in str(call("check", "m.toml").exception)
    (home / "boundaries" / "threeshire" / "roads.gpkg").write_bytes(b"nothing")
    assert "cannot be read as a road file" in str(call("check", "m.toml").exception)


def test_unknown_classes_of_road_are_named(home):
    call("roads", "import", MAP, "--authority", "threeshire")
    use_roads(home, "open_road_mph = { primry = 50 }")
    (home / "m.toml").write_text(SCENARIO)
    assert 'Did you mean "primary"?' in str(call("check", "m.toml").exception)


def test_a_download_becomes_a_road_file(home):
    with serving(Overpass(MAP)) as url:
        done = call("roads", "download", "threeshire", "--server", url, "--margin-km", "1")
    assert done.exit_code == 0, done.output
    facts = json.loads(call("roads", "info", "boundaries/threeshire/roads.gpkg", "--json").stdout)
    assert facts["source"] == "OpenStreetMap (Overpass)"
    assert facts["data_date"] == "2026-05-04"
    assert facts["server"] == url
    use_roads(home)
    (home / "m.toml").write_text(SCENARIO)
    assert call("check", "m.toml").exit_code == 0


def test_a_server_that_does_not_answer_leaves_nothing_behind(home):
    overpass = Overpass(MAP)
    overpass.faults = [(504, {}, "")]
    with serving(overpass) as url:
        done = call("roads", "download", "threeshire", "--server", url, "--tries", "1")
    assert "did not answer 1 time" in str(done.exception)
    assert not list(home.rglob("*.gpkg"))


@pytest.fixture
def on_roads(home):
    schools = load_authority(home / "boundaries" / "threeshire").schools
    places = shapely.get_coordinates(schools.geometry.to_numpy())
    write_made_osm(home / "made.osm", places, n_more=60, seed=2)
    assert call("roads", "import", "made.osm", "--authority", "threeshire").exit_code == 0
    return home


def test_compare_tells_errors_the_worst_pairs_and_a_better_fit(on_roads):
    done = call("roads", "compare", "threeshire", "--chart", "chart.svg")
    assert done.exit_code == 0, done.output
    assert "OpenStreetMap contributors" in done.stdout
    assert "15 pairs of schools; 0 without a way by road." in done.stdout
    assert "bands = [{ min_per_km = " in done.stdout, "few are as far apart as 10 km"
    chart = (on_roads / "chart.svg").read_text()
    assert ET.fromstring(chart).tag.endswith("svg")  # noqa: S314 - written by us
    assert "OpenStreetMap contributors" in chart
    record = json.loads(call("roads", "compare", "threeshire", "--json").stdout)
    assert sum(band["n_pairs"] for band in record["bands"]) == record["n_pairs"] == 15
    assert record["estimate"]["constant_min"] == 4
    assert {row["from_school"] for row in record["worst"]} <= set(
        load_authority(on_roads / "boundaries" / "threeshire").schools["name"]
    )


def test_what_fits_best_can_be_written_into_the_file_as_it_is_printed(on_roads):
    lines = call("roads", "compare", "threeshire").stdout.splitlines()
    toml = on_roads / "boundaries" / "threeshire" / "authority.toml"
    head, _, tail = toml.read_text().partition("[travel]")
    rest = tail[tail.index("[[sources]]") :]
    written = "\n".join(["[travel]", 'method = "estimate"', *lines[-2:], "", rest])
    toml.write_text(head + written)
    again = json.loads(call("roads", "compare", "threeshire", "--json").stdout)
    assert again["estimate"] == again["fit"]
    assert again["abs_error_min"] == again["fit_abs_error_min"]


def test_measured_minutes_can_be_used_as_a_matrix(on_roads):
    file = "boundaries/threeshire/minutes.csv"
    done = call("roads", "measure", "threeshire", "-o", file)
    assert done.exit_code == 0, done.output
    assert "30 trips" in done.stdout
    use_roads(on_roads)
    by_road = travel_minutes(load_authority(on_roads / "boundaries" / "threeshire")).minutes
    toml = on_roads / "boundaries" / "threeshire" / "authority.toml"
    text = toml.read_text().replace('"roads"\n', '"matrix"\n').replace("roads.gpkg", "minutes.csv")
    toml.write_text(text)
    by_matrix = travel_minutes(load_authority(on_roads / "boundaries" / "threeshire")).minutes
    np.testing.assert_array_equal(by_matrix, by_road)
    spec = load_authority(on_roads / "boundaries" / "threeshire")
    assert "OpenStreetMap contributors" in spec.travel.note
    assert "OpenStreetMap contributors" in spec.sources[-1].licence
    (on_roads / "m.toml").write_text(SCENARIO)
    assert call("run", "m.toml", "--out", "results").exit_code == 0
    for name in ("comparison.csv", "m/clusters.csv", "m/plan.geojson", "m/plan.gpkg"):
        content = (on_roads / "results" / name).read_bytes()
        assert "© OpenStreetMap contributors".encode() in content, name
    audit = call("roads", "audit", "threeshire", "--against", file)
    assert "Ours less the table: +0.00 minutes" in audit.stdout
    assert "table = 0 + 1 x ours" in audit.stdout.replace("-0 +", "0 +")
    record = json.loads(call("roads", "measure", "threeshire", "--json").stdout)
    assert record["n_trips"] == 30
    assert [school["road_distance_m"] for school in record["schools"]] == sorted(
        (school["road_distance_m"] for school in record["schools"]), reverse=True
    )


def test_measuring_needs_a_road_file(home):
    done = call("roads", "compare", "threeshire")
    assert "there is no such road file" in str(done.exception)
    done = call("roads", "measure", "threeshire", "--roads", MAP)
    assert "no road file" in str(done.exception)


@pytest.mark.parametrize(
    ("asked", "input_file"),
    [
        (["check", "scenarios", "--report"], "schools.csv"),
        (["roads", "import", MAP, "--authority", "threeshire", "-o"], "today.gpkg"),
        (["roads", "measure", "threeshire", "-o"], "schools.csv"),
    ],
)
def test_what_is_no_output_of_ours_is_not_written_over(home, asked, input_file):
    call("roads", "import", MAP, "--authority", "threeshire")
    (home / "scenarios").mkdir()
    (home / "scenarios" / "m.toml").write_text(SCENARIO)
    file = home / "boundaries" / "threeshire" / input_file
    if not file.exists():
        file.write_text("no road file")
    before = file.read_bytes()
    done = call(*asked, file)
    assert isinstance(done.exception, InputError)
    assert input_file in str(done.exception)
    assert file.read_bytes() == before
