"""`new`: from the files people really have to an authority whose starter scenarios run."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import box

from cluster_optimiser import batch, cli
from cluster_optimiser.batch import starting
from cluster_optimiser.errors import InputError
from cluster_optimiser.geography.adjacency import shared_boundaries
from cluster_optimiser.inputs import load_authority
from cluster_optimiser.inputs.intake.intake import LayerFile, Request
from tests.ground import World, square
from tests.inputs.intake.dirt import Files
from tests.made_gias import (
    DISTRICTS,
    MADE_LA,
    MADE_NAME,
    Register,
    districts_layer,
    national,
    write_register,
)

N_ROWS = 3_000
EXTRACT = "edubasealldata20240115.csv"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def made() -> Register:
    return national(N_ROWS)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, made: Register) -> Path:
    """Give a folder with a made national file and the districts in Web Mercator."""
    folder = tmp_path_factory.mktemp("downloads")
    write_register(made.rows, folder / EXTRACT)
    districts_layer().to_crs("EPSG:3857").to_file(folder / "LAD_MAY_2023.gpkg")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Path:
    """Give a folder in which `new` has been run, as one would type it."""
    folder = tmp_path_factory.mktemp("council")
    cli.app.main(
        [
            *("new", MADE_NAME, "--schools", str(files / EXTRACT), "--la", MADE_LA),
            *("--layer", f"district={files / 'LAD_MAY_2023.gpkg'}", "--clusters", "17"),
            *("--into", str(folder)),
        ],
        standalone_mode=False,
    )
    return folder


@pytest.fixture(scope="module")
def boundaries(home: Path) -> Path:
    return home / "boundaries" / "calderbeck"


@pytest.fixture(scope="module")
def scenarios(home: Path) -> Path:
    return home / "scenarios" / "calderbeck"


def test_a_name_that_no_folder_can_have_is_refused(files: Path, tmp_path: Path) -> None:
    request = Request(name="N" * 400, schools=files / EXTRACT)
    with pytest.raises(InputError, match=r"NNN\.\.\." + '" has 400 letters, too many'):
        starting.start(request, starting.Destination(tmp_path))
    assert list(tmp_path.iterdir()) == []


# --- the account ----------------------------------------------------------------------


def test_every_row_is_accounted_for(boundaries: Path, made: Register) -> None:
    dropped = rows_of(boundaries / "dropped.csv")
    others = rows_of(boundaries / "other_authorities.csv")
    taken = rows_of(boundaries / "schools.csv")
    n_others = sum(int(row["rows"]) for row in others)
    assert n_others == made.n_others
    assert len(taken) + len(dropped) + n_others == N_ROWS
    reasons: dict[str, int] = {}
    for row in dropped:
        reasons[row["reason"]] = reasons.get(row["reason"], 0) + 1
    assert reasons == made.dropped


def test_schools_and_pupils_by_phase(boundaries: Path, made: Register) -> None:
    found: dict[str, tuple[int, int]] = {}
    for row in rows_of(boundaries / "schools.csv"):
        n_schools, pupils = found.get(row["phase"], (0, 0))
        found[row["phase"]] = (n_schools + 1, pupils + int(row["pupils"]))
    assert found == made.taken


def test_the_authority_says_where_it_is_from(boundaries: Path) -> None:
    authority = load_authority(boundaries)
    assert (authority.name, authority.data_date) == (MADE_NAME, "2024-01-15")
    assert sorted(authority.layers["district"].polygons.index) == sorted(DISTRICTS)
    assert authority.outline.area == pytest.approx(864e6, rel=1e-4)
    assert "school census of 19 January 2023" in " ".join(authority.caveats)
    assert authority.sources[0].publisher.startswith("Department for Education")
    assert (authority.sources[1].publisher, authority.sources[1].date) == (
        "Office for National Statistics",
        "2023",
    )


def test_middle_schools_are_with_a_school_that_takes_their_pupils_on(boundaries: Path) -> None:
    schools = load_authority(boundaries).schools
    upper = set(schools.loc[(schools["low_age"] == 13), "cluster"])
    assert len(upper) == 3
    assert set(schools.loc[schools["phase"] == "middle", "cluster"]) == upper
    first = schools[(schools["phase"] == "primary") & (schools["high_age"] == 10)]
    assert set(first["cluster"]) <= upper
    to_eleven = schools[(schools["phase"] == "primary") & (schools["high_age"] == 11)]
    assert not upper.intersection(to_eleven["cluster"])


def test_readme_holds_the_summary(boundaries: Path) -> None:
    text = (boundaries / "README.md").read_text(encoding="utf-8")
    assert "24 were made from 24 secondary schools" in text
    assert re.search(r"^Rows of the file +3,000$", text, re.MULTILINE)
    assert "Open Government Licence" in text


def test_check_page_has_every_school_and_asks_for_nothing(boundaries: Path) -> None:
    page = (boundaries / "check.html").read_text(encoding="utf-8")
    assert page.count('<circle class="school') == len(rows_of(boundaries / "schools.csv"))
    assert "<script" not in page
    assert not re.search(r"""(src|href)=|url\(|@import""", page)


# --- the starter scenarios ------------------------------------------------------------


def test_starters_run_to_proved_plans(scenarios: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(["run", str(scenarios), "--out", str(tmp_path / "results")])
    assert exit_.value.code in {0, None}
    statuses, numbers = {}, {}
    for label in "1234":
        path = tmp_path / "results" / label / "manifest.json"
        manifest = json.loads(path.read_text(encoding="utf-8"))
        statuses[label], numbers[label] = manifest["status"], manifest["n_clusters"]
    assert statuses == {"1": "GIVEN", "2": "OPTIMAL", "3": "OPTIMAL", "4": "OPTIMAL"}
    assert (numbers["1"], numbers["3"], numbers["4"]) == (24, 17, 2)
    page = (tmp_path / "results" / "index.html").read_text(encoding="utf-8")
    assert "24 were made from 24 secondary schools" in page


def test_a_comment_explains_every_table(scenarios: Path) -> None:
    for path in sorted(scenarios.glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        tomllib.loads(text)
        assert text.endswith("\n")
        for table in re.findall(r"^\[(?:size|contiguity)\]$", text, re.MULTILINE):
            before, _, after = text.partition(table)
            assert "#" in after
            assert before.strip()


# --- refusing, replacing, repeating ---------------------------------------------------


def small(folder: Path, **changes: object) -> Request:
    return replace(Files(folder).write(), **changes)


def listing(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_files_same_bytes(tmp_path: Path) -> None:
    request = small(tmp_path)
    for name in ("a", "b"):
        starting.start(request, starting.Destination(tmp_path / name))
    assert listing(tmp_path / "a") == listing(tmp_path / "b")


def test_an_authority_is_replaced_only_if_forced(tmp_path: Path) -> None:
    request, placing = small(tmp_path), starting.Destination(tmp_path / "home")
    starting.start(request, placing)
    mark = tmp_path / "home" / "boundaries" / "calderbeck" / "mine.txt"
    mark.write_text("mine")
    with pytest.raises(InputError, match="the folder is there already"):
        starting.start(request, placing)
    assert mark.exists()
    starting.start(request, replace(placing, is_forced=True))
    assert mark.read_text() == "mine"
    assert sorted(p.name for p in (tmp_path / "home").iterdir()) == ["boundaries", "scenarios"]


def test_what_was_changed_by_hand_outlives_making_it_again(tmp_path: Path) -> None:
    request, placing = small(tmp_path), starting.Destination(tmp_path / "home")
    started = starting.start(request, placing)
    first = listing(tmp_path / "home")
    own = started.scenarios / "mine.toml"
    own.write_text("# mine")
    edited = started.scenarios / "1.toml"
    edited.write_text("# edited")
    (started.scenarios / "4.toml").write_text("# not made for two clusters")
    starting.start(request, replace(placing, is_forced=True))
    scenarios = "scenarios/calderbeck"
    assert listing(tmp_path / "home") == first | {
        f"{scenarios}/mine.toml": b"# mine",
        f"{scenarios}/1.toml.before": b"# edited",
        f"{scenarios}/4.toml.before": b"# not made for two clusters",
    }


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"schools": Path("nowhere.csv")}, "nowhere.csv: there is no such file"),
        ({"layers": (LayerFile("district", Path("elsewhere.gpkg")),)}, "which are 293 km away"),
        ({"la": "99"}, 'the file has no authority "99"'),
        ({"drop": frozenset({5})}, "has no school with the URN 5"),
        ({"layers": (LayerFile("2 b", Path("x.gpkg")),)}, '"2 b" cannot name a layer'),
        ({"data_date": "yesterday"}, '"yesterday" is no date'),
        ({"drop": frozenset(range(100_000, 100_012))}, "no school of Calderbeck is left"),
    ],
)
def test_a_fault_leaves_nothing_behind(
    changes: dict[str, object], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    elsewhere = Files(tmp_path / "in").layer
    elsewhere.geometry = elsewhere.translate(0, 300_000)
    elsewhere.to_file(tmp_path / "elsewhere.gpkg")
    monkeypatch.chdir(tmp_path)
    request = small(tmp_path / "in", **changes)
    with pytest.raises(InputError, match=re.escape(says)):
        starting.start(request, starting.Destination(tmp_path / "home"))
    assert not (tmp_path / "home").exists() or not list((tmp_path / "home").iterdir())


def test_a_failure_while_writing_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, placing = small(tmp_path), starting.Destination(tmp_path / "home")
    starting.start(request, placing)
    before = listing(tmp_path / "home")
    rename, refused = Path.rename, []

    def refuse_scenarios(self: Path, target: Path) -> Path:
        if target == tmp_path / "home" / "scenarios" / "calderbeck" and not refused:
            refused.append(target)
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_scenarios)
    with pytest.raises(InputError, match="it cannot be written: Permission denied"):
        starting.start(request, replace(placing, is_forced=True))
    monkeypatch.undo()
    assert listing(tmp_path / "home") == before


# --- what the user may want otherwise -------------------------------------------------


def test_names_that_are_markup_or_formulas_stay_text(tmp_path: Path) -> None:
    name = '=1+1 <script>alert("x")</script>'
    files = Files(tmp_path)
    files.edit(5, name=name)
    starting.start(files.write(), starting.Destination(tmp_path / "home"))
    folder = tmp_path / "home" / "boundaries" / "calderbeck"
    assert load_authority(folder).schools.loc[100_005, "name"] == name
    assert "'=1+1" in (folder / "schools.csv").read_text(encoding="utf-8")
    assert "<script>" not in (folder / "check.html").read_text(encoding="utf-8")
    scenarios = tmp_path / "home" / "scenarios" / "calderbeck"
    results = [batch.run_scenario(path) for path in batch.find_scenarios([scenarios])]
    assert results[0].plan.solution.status == "GIVEN"


def test_all_dirt_at_once_still_runs(tmp_path: Path) -> None:
    """Every row has its line, and the starter scenarios run on what is left."""
    files = Files(tmp_path)
    files.edit(0, URN="100000.0", pupils="c")
    files.edit(1, Easting="0", Northing="0", Postcode="ZZ1 1AA")
    files.edit(2, status="Closed")
    files.edit(3, phase="Not applicable", name='The "Ash" <b>School</b>')
    files.edit(4, Easting=str(10 * int(files.rows[4].cells["Easting"])))
    files.edit(7, kind="Community special school", phase="Not applicable", pupils="")
    files.rows += [files.rows[8], files.rows[9].with_(pupils="90")]
    request = files.write()
    path = tmp_path / "postcodes.csv"
    path.write_text("pcds,oseast1m,osnrth1m\nZZ1 1AA,402000,290000\n")
    started = starting.start(
        replace(request, postcodes=path), starting.Destination(tmp_path / "home")
    )
    dropped = {row["reason"] for row in rows_of(started.boundaries / "dropped.csv")}
    assert dropped == {"closed", "the same row again", "its URN stands on an earlier row"}
    flagged = {(row["urn"], row["what"]) for row in rows_of(started.boundaries / "flagged.csv")}
    assert flagged == {
        ("100000", "pupils estimated"),
        ("100001", "placed by its postcode: the register has no coordinates"),
        ("100003", "name looks like a formula or a script; kept as plain text"),
        ("100003", "phase guessed"),
        ("100004", "coordinates mended"),
        ("100007", "pupils not known"),
        ("100009", "two rows for one URN (two sites, perhaps)"),
    }
    with pytest.raises(SystemExit) as exit_:
        cli.main(["run", str(started.scenarios), "--out", str(tmp_path / "results")])
    assert exit_.value.code in {0, None}


def test_without_boundaries_the_outline_is_drawn_round_the_schools(tmp_path: Path) -> None:
    started = starting.start(small(tmp_path, layers=()), starting.Destination(tmp_path / "home"))
    authority = load_authority(started.boundaries)
    assert "as no boundaries were given" in " ".join(authority.caveats)
    assert list(authority.layers) == ["district"]
    assert authority.layers["district"].origin == "schools"


def test_clusters_of_the_register_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    rows = "".join(f"{100_000 + i},{'NS'[i // 6]}orth\n" for i in range(11))
    path.write_text("urn,cluster\n" + rows, encoding="utf-8")
    request = small(tmp_path, corrections=path)
    started = starting.start(request, starting.Destination(tmp_path / "home"))
    authority = load_authority(started.boundaries)
    assert sorted(set(authority.schools["cluster"])) == ["North", "Sorth"]
    assert "Today's 2 clusters are those of the register." in authority.caveats


def test_unknown_pupils_are_listed_and_never_nought(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.edit(0, pupils="c", kind="Community special school", phase="")
    started = starting.start(files.write(), starting.Destination(tmp_path / "home"))
    authority = load_authority(started.boundaries)
    assert not authority.schools.loc[100_000, "is_pupils_known"]
    row = rows_of(started.boundaries / "schools.csv")[0]
    assert (row["urn"], row["pupils"]) == ("100000", "")


def test_an_area_of_the_authority_s_own_name_is_its_outline(tmp_path: Path) -> None:
    files = Files(tmp_path)
    own = files.layer.dissolve().assign(LAD23CD="E9", LAD23NM="Calderbeck").set_crs("EPSG:27700")
    own.geometry = own.buffer(500)
    own.to_file(tmp_path / "counties.geojson")
    request = files.write()
    layers = (*request.layers, LayerFile("county", tmp_path / "counties.geojson"))
    started = starting.start(
        replace(request, layers=layers), starting.Destination(tmp_path / "home")
    )
    assert any('the area "Calderbeck" of the layer county' in line for line in started.lines)
    outline = gpd.read_file(started.boundaries / "outline.geojson").to_crs("EPSG:27700")
    assert outline.area.sum() == pytest.approx(own.area.sum(), rel=1e-4)


def test_boundaries_are_mended_on_request_and_the_account_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World("ABCDEF", 3)
    world.schools.drop(columns=["cluster", "local_cluster"]).to_csv(tmp_path / "s.csv", index=False)
    west, gap_m = square(0, 0).bounds[0], 1.6
    shapes = {
        "West": box(west, 300_000, west + 5015, 310_000),  # 15 m over its neighbour's border
        "Middle": box(west + 5000, 300_000, west + 10_000, 310_000),
        "East": box(west + 10_000 + gap_m, 300_000, west + 15_000, 310_000),
    }
    frame = gpd.GeoDataFrame({"name": list(shapes)}, geometry=list(shapes.values()), crs=27700)
    given = tmp_path / "drawn.geojson"
    frame.to_file(given)
    before = given.read_bytes()
    asked = ("new", "Westshire", "--schools", str(tmp_path / "s.csv"), "--mend")
    options = ("--layer", f"district={given}", "--into", str(tmp_path / "made"), "--clusters", "3")
    cli.app.main([*asked, *options], standalone_mode=False)
    said = " ".join(capsys.readouterr().out.split())
    assert "ground that two areas shared was taken from the larger: Middle and West (15" in said
    told = "Mended: district.geojson, now district.gpkg: 1 piece of gaps closed (1.60 ha)"
    assert told in said
    assert given.read_bytes() == before, "the file that was given stays as it is"
    folder = tmp_path / "made" / "boundaries" / "westshire"
    districts = load_authority(folder).layers["district"].polygons
    assert districts is not None
    assert districts.area.sum() == pytest.approx(15_000 * 10_000, abs=50)
    assert shared_boundaries(districts.geometry, snap_m=0.01)["East", "Middle"] > 9_999
    assert told in " ".join((folder / "README.md").read_text("utf-8").split())
