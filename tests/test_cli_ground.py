"""False ground through the command line: it is named before anything is solved."""

import json
import unicodedata
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import transform
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon, box

from cluster_optimiser import cli
from cluster_optimiser.geography.adjacency import shared_boundaries
from cluster_optimiser.inputs import load_authority
from tests.ground import SOUTH_M, WEST_M, World, square


class Said:
    """What a command has said, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Write a world and run a command on it."""

    def run(world: World, command: str = "check", *options: str) -> Said:
        scenarios = world.write(tmp_path / "project")
        out = tmp_path / "out"
        more = ["--out", str(out), "-j1", "--outputs", "tables"] if command == "run" else []
        path = scenarios / "a.toml" if command == "explain" else scenarios
        code = 0
        try:
            cli.main([command, str(path), *more, *options])
        except SystemExit as left:
            code = left.code or 0
        said = Said(code, *capsys.readouterr())
        if code == 3:
            assert not out.exists(), "nothing is written where the input is refused"
        return said

    return run


def moved(world: World, urns: tuple[int, ...], **cells: str) -> World:
    """Type other values into rows of the register."""
    for column, value in cells.items():
        world.schools.loc[world.schools["urn"].isin(urns), column] = value
    return world


def manifest(tmp_path: Path) -> dict:
    return json.loads((tmp_path / "out" / "a" / "manifest.json").read_text(encoding="utf-8"))


def test_links_and_barriers_that_change_nothing_are_told(ask) -> None:
    """A B C over D E F: of each kind one that does something, and one that is meant for others."""
    world = World()
    world.scenario += '[contiguity]\nbarriers = [["A", "B"], ["A", "F"]]\n'
    world.scenario += 'links = [["B", "C"], ["A", "C"]]\n'
    notes = [line for line in ask(world).out.splitlines() if "It changes nothing" in line]
    more = "It changes nothing. Name another pair if one is meant, or remove it."
    assert notes == [
        f"  note: the barrier A - F parts none: they are no neighbours. {more}",
        f"  note: the link B - C adds none: without it they are neighbours. {more}",
    ]


def test_columns_of_urns_and_pupils_that_are_exchanged_are_told(ask) -> None:
    world = World()
    world.schools["pupils"] = world.schools["urn"].to_numpy()
    world.schools["urn"] = np.arange(200, 200 + len(world.schools))
    assert "are the columns of URNs and pupils exchanged?" in ask(world).out


def test_a_right_world_has_no_finding(ask, tmp_path: Path) -> None:
    assert json.loads(ask(World(), "check", "--json").out) == {
        "label": "a",
        "faults": [],
        "findings": [],
    }
    assert ask(World(), "run").code == 0
    assert manifest(tmp_path)["caveats"] == []


@pytest.mark.parametrize("command", ["check", "run", "explain"])
def test_names_of_two_clusters_exchanged(ask, command: str) -> None:
    world = World()
    world.shapes["A"], world.shapes["I"] = world.shapes["I"], world.shapes["A"]
    said = ask(world, command)
    assert said.code == 3
    assert said.err.count("which the register calls its cluster") == 8
    assert 'A High School lies 10.6 km outside of "A"' in said.err
    assert 'by its place it belongs to "I"' in said.err
    assert "the two names look exchanged" in said.err


@pytest.mark.parametrize("columns", [("cluster", "local_cluster"), ("cluster",)])
def test_three_schools_typed_into_another_cluster(ask, columns: tuple[str, ...]) -> None:
    world = moved(World(), (100000, 100001, 100002), **dict.fromkeys(columns, "F"))
    said = ask(world)
    assert said.code == 3
    assert said.err.count('by its place it belongs to "A"') == 3
    assert '[corrections] 100000 = { cluster = "A", local_cluster = "A" }' in said.err
    assert "exchanged" not in said.err


def test_a_correction_settles_it_and_is_told(ask, tmp_path: Path) -> None:
    world = moved(World(), (100001,), cluster="F", local_cluster="F")
    world.tables = '[corrections]\n100001 = { cluster = "A", local_cluster = "A" }'
    assert ask(world, "run").code == 0
    caveats = manifest(tmp_path)["caveats"]
    assert "URN 100001: cluster is corrected to A; the register has F." in caveats


def test_what_is_accepted_no_longer_stops_a_run_and_is_told(ask, tmp_path: Path) -> None:
    world = moved(World(), (100001,), cluster="B", local_cluster="B")
    world.more = 'accept = ["outside-cluster: URN 100001"]'
    assert ask(world, "run").code == 0
    (caveat,) = manifest(tmp_path)["caveats"]
    assert caveat.startswith('A 1 School lies 3.7 km outside of "B"')
    assert caveat.endswith("Accepted.")


@pytest.mark.parametrize(("inset_m", "apart"), [(0.75, "1.5 m"), (1.0, "2.0 m"), (4.0, "8.0 m")])
def test_borders_drawn_apart_are_measured_and_told(ask, inset_m: float, apart: str) -> None:
    world = World(
        "ABCD", 2, {n: square(i % 2, i // 2, inset_m=inset_m) for i, n in enumerate("ABCD")}
    )
    said = ask(world)
    assert said.code == 0
    assert said.out.count("warning: ") == 4, "four gaps, and no island besides"
    assert f"A and B run beside each other for 5.0 km, {apart} apart" in said.out
    assert 'links = [["A", "B"]] under [contiguity]' in said.out
    assert "Look at the ground first: A and B run beside" in ask(world, "run").err


def test_a_gap_that_is_a_stated_barrier_too_is_tried_as_if_it_were_closed(ask) -> None:
    shapes = {n: square(i % 2, i // 2, inset_m=2.0) for i, n in enumerate("ABCD")}
    world = World("ABCD", 2, shapes)
    world.scenario += '[contiguity]\nbarriers = [["A", "B"]]\n'
    said = ask(world, "explain")
    assert said.code == 0
    assert "A and B run beside each other for 5.0 km, 4.0 m apart" in said.out


def test_gaps_are_closed_by_what_the_report_says(ask, tmp_path: Path) -> None:
    world = World("ABCD", 2, {n: square(i % 2, i // 2, inset_m=0.75) for i, n in enumerate("ABCD")})
    assert "Write snap_m = 2 or" in ask(world).out
    world.scenario += "[contiguity]\nsnap_m = 2\n"
    assert "warning" not in ask(world).out
    assert ask(world, "run").code == 0
    assert manifest(tmp_path)["caveats"] == []


def test_one_gap_stands_in_the_manifest(ask, tmp_path: Path) -> None:
    world = World("ABCD", 2)
    world.shapes["B"] = box(WEST_M + 5002, SOUTH_M, WEST_M + 10_000, SOUTH_M + 5000)
    assert ask(world, "run").code == 0
    (caveat,) = manifest(tmp_path)["caveats"]
    assert caveat.startswith("A and B run beside each other for 5.0 km, 2.0 m apart")


@pytest.mark.parametrize(("away_m", "told"), [(800, "800 m"), (20_000, "20.0 km")])
def test_an_island_without_a_link(ask, tmp_path: Path, away_m: float, told: str) -> None:
    world = World("ABC", 3)
    world.shapes["C"] = translate(world.shapes["C"], away_m)
    world.schools.loc[world.schools["cluster"] == "C", "easting"] += away_m
    world.scenario = world.scenario.replace("2000", "1000")
    assert ask(world, "run").code == 0
    (caveat,) = manifest(tmp_path)["caveats"]
    assert f"C has no neighbour in the rest of the map; the nearest is B, {told} from C" in caveat
    assert 'links = [["C", "B"]]' in ask(world).out
    world.scenario += '[contiguity]\nlinks = [["C", "B"]]\n'
    assert "warning" not in ask(world).out


@pytest.mark.parametrize("is_exempt", [True, False])
def test_ground_without_schools_to_place_between_two_others(ask, is_exempt: bool) -> None:
    world = World("ABC", 3)
    if is_exempt:
        world = moved(world, tuple(range(100010, 100014)), phase="special")
        world.scenario += '[[exempt]]\nname = "S"\nwhere = { phase = "special" }\n'
    else:
        world.schools = world.schools[world.schools["cluster"] != "B"]
    said = ask(world)
    assert said.code == 0
    why = "all its schools are exempt (S)" if is_exempt else "it has none"
    assert f"warning: B holds no school that is placed in a plan: {why}" in said.out
    assert "it lies between A and C, which have no other way to each other" in said.out
    assert 'links = [["A", "C"]]' in said.out


def areas(**shapes) -> str:
    """Give areas with names as GeoJSON in metres."""
    frame = gpd.GeoDataFrame({"name": list(shapes)}, geometry=list(shapes.values()), crs=27700)
    return frame.to_json(show_bbox=False, drop_id=True)


def test_a_layer_over_two_thirds_of_the_map(ask, tmp_path: Path) -> None:
    world = World()
    world.tables = '[outline]\nfile = "o.geojson"\n[layers.district]\nfile = "d.geojson"'
    west = box(WEST_M, SOUTH_M, WEST_M + 10_000, SOUTH_M + 15_000)
    whole = box(WEST_M, SOUTH_M, WEST_M + 15_000, SOUTH_M + 15_000)
    world.files = {"d.geojson": areas(West=west), "o.geojson": areas(T=whole)}
    assert "note: 12 of 36 schools lie in no area of the layer district: C High" in ask(world).out
    world.scenario = world.scenario.replace("[size]", 'within = ["district"]\n[size]')
    assert "warning: 12 of 36 schools" in ask(world).out
    ask(world, "run")
    assert any("12 of 36 schools" in caveat for caveat in manifest(tmp_path)["caveats"])


def test_the_register_says_another_district_than_the_map(ask) -> None:
    world = World()
    world.tables = '[layers.district]\nfile = "d.geojson"'
    west = box(WEST_M, SOUTH_M, WEST_M + 10_000, SOUTH_M + 15_000)
    east = box(WEST_M + 10_000, SOUTH_M, WEST_M + 15_000, SOUTH_M + 15_000)
    world.files = {"d.geojson": areas(West=west, East=east)}
    in_west = world.schools["easting"] < WEST_M + 10_000
    world.schools["district"] = in_west.map({True: "WEST", False: "East"})
    world.schools.loc[0, "district"] = "East"
    said = ask(world)
    assert said.code == 0
    assert said.out.count("warning: ") == 1
    assert 'A High School lies 7.5 km outside of "East", its district in the register' in said.out


@pytest.mark.parametrize("command", ["run", "explain"])
def test_a_school_without_minutes_is_named_first(ask, command: str) -> None:
    world = World("ABC", 3)
    urns = [int(urn) for urn in world.schools["urn"] if urn != 100021]
    trips = [f"{a},{b},20" for a in urns for b in urns if a != b]
    world.files = {"m.csv": "\n".join(["from_urn,to_urn,minutes", *trips])}
    world.travel = 'method = "matrix"\nfile = "m.csv"'
    world.scenario += "[travel]\nmax_minutes = 30\n"
    said = ask(world, command)
    told = said.out + said.err
    assert "Look at the ground first" in told
    assert "from C 1 School, in C, travel minutes are known to no other school" in told
    assert "kept: ." not in told


def register_as(text: str, encoding: str = "utf-8") -> World:
    world = World()
    world.register = text.replace("{table}", world.schools.to_csv(index=False)).encode(encoding)
    return world


def semicolons(head: str) -> str:
    return head + World().schools.to_csv(index=False, sep=";")


@pytest.mark.parametrize(
    "world",
    [
        register_as(semicolons("sep=;\r\n")),
        register_as(semicolons("SEP=;\n"), "utf-8-sig"),
        register_as("{table}", "utf-16"),
        register_as(semicolons(""), "utf-16"),
        register_as(
            World().schools.assign(a="x", b="y").to_csv(index=False).replace(",a,b", ",N,N")
        ),
        register_as(World().schools.to_csv(index=False).replace("\n1", "\n'1")),
        register_as(World().schools.to_csv(index=False, sep="|")),
    ],
    ids=["sep", "SEP", "utf-16", "utf-16;", "twice", "apostrophe", "bars"],
)
def test_a_table_as_spreadsheets_save_it(ask, world: World) -> None:
    said = ask(world)
    assert said.err == ""
    assert "T: 36 schools, 10,800 pupils" in said.out


def test_a_heading_that_is_used_must_not_stand_twice(ask) -> None:
    table = World().schools.assign(a="x").to_csv(index=False).replace("cluster,a", "cluster,pupils")
    said = ask(register_as(table))
    assert said.code == 3
    assert 'the column "pupils" stands twice' in said.err


def renamed(world: World, name: str, to: str) -> World:
    world.schools = world.schools.replace({"cluster": {name: to}, "local_cluster": {name: to}})
    world.shapes = {to if one == name else one: shape for one, shape in world.shapes.items()}
    return world


def test_names_that_look_like_numbers_stay_text(ask, tmp_path: Path) -> None:
    world = World()
    for i, name in enumerate("ABCDEFGHI"):
        world = renamed(world, name, "3.10" if name == "I" else f"3.{i + 1}")
    assert ask(world, "run").code == 0
    assert "9 geographic clusters today" in ask(world).out
    assert {"3.1", "3.10"} <= set((tmp_path / "out" / "assignments.csv").read_text().split(","))


def test_names_are_the_same_however_their_letters_are_composed(ask) -> None:
    world = renamed(World(), "A", "T\u0177 Gwyn")
    world.shapes = {unicodedata.normalize("NFD", name): s for name, s in world.shapes.items()}
    assert ask(world).code == 0
    world.scenario += '[contiguity]\nlinks = [["Ty\u0302 Gwyn", "B"]]\n'
    assert ask(world).code == 0


def test_garbled_letters_are_recognised(ask) -> None:
    world = renamed(World(), "A", "Caf\u00e9 G")
    world.shapes["Caf\u00c3\u00a9 G"] = world.shapes.pop("Caf\u00e9 G")
    said = ask(world)
    assert said.code == 3
    assert '"Caf\u00c3\u00a9 G" is "Caf\u00e9 G" read in the wrong encoding' in said.err


def test_a_letter_is_no_suggestion_for_a_name(ask) -> None:
    world = renamed(World(), "A", "Gwyn")
    world.shapes["X"] = world.shapes.pop("Gwyn")
    assert 'mean "G"' not in ask(world).err


@pytest.mark.parametrize("kind", ["clusters.gpkg", "clusters.geojson"])
def test_axes_swapped(ask, kind: str) -> None:
    world = World(clusters=kind)
    world.shapes = {n: transform(s, lambda xy: xy[:, ::-1]) for n, s in world.shapes.items()}
    said = ask(world, "run")
    assert said.code == 3
    assert "none of the 36 schools lies in any of its 9 areas" in said.err
    assert "Its axes are swapped, or easting and northing in t/schools.csv" in said.err


def test_degrees_called_metres(ask) -> None:
    world = World()
    frame = world.frame().to_crs(4326)
    world.shapes = dict(zip(frame["cluster"], frame.geometry, strict=True))
    said = ask(world, "run")
    assert said.code == 3
    assert "are degrees, but it says that they are metres" in said.err
    assert "save it again as EPSG:4326" in said.err


def test_parts_of_one_area_that_overlap_are_joined_and_told(ask, tmp_path: Path) -> None:
    world = World()
    west, south, east, north = world.shapes["A"].bounds
    world.shapes["A"] = MultiPolygon(
        [box(west, south, east, south + 3000), box(west, south + 2000, east, north)]
    )
    assert ask(world, "run").code == 0
    (caveat,) = manifest(tmp_path)["caveats"]
    assert "its parts overlap and were joined" in caveat
    assert "to 2,500 ha" in caveat


@pytest.mark.parametrize(
    "content",
    [
        "<OGRVRTDataSource><OGRVRTLayer name='d'><SrcDataSource>../../../private.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",  # noqa: E501
        '{"type":"FeatureCollection","crs":{"type":"link","properties":{"href":"http://x"}}}',
        "<gml/>",
        "WFS:http://127.0.0.1:9/",
    ],
)
def test_a_file_that_leads_elsewhere_is_not_read(ask, tmp_path: Path, content: str) -> None:
    (tmp_path / "private.geojson").write_text(areas(Secret=square(0, 0)), encoding="utf-8")
    world = World()
    world.tables = '[layers.district]\nfile = "d.geojson"'
    world.files = {"d.geojson": content}
    said = ask(world)
    assert said.code == 3
    assert "t/d.geojson: " in said.err
    assert "Secret" not in said.err


def test_the_report_is_a_page_with_every_finding(ask, tmp_path: Path) -> None:
    world = moved(World(), (100001,), cluster="F", local_cluster="F")
    page = tmp_path / "ground.html"
    assert ask(world, "check", "--report", str(page)).code == 3
    html = page.read_text(encoding="utf-8")
    assert html.count('<path class="finding fault"') == 1
    assert "A 1 School lies" in html
    assert "http:" not in html
    assert "https:" not in html, "nothing is asked for"


def test_a_cluster_is_found_in_another_spelling_and_told(ask, tmp_path: Path) -> None:
    world = renamed(World(), "A", "King\u2019s Lynn and Saint Mary")
    is_a = world.schools["cluster"] == "King\u2019s Lynn and Saint Mary"
    world.schools.loc[is_a, ["cluster", "local_cluster"]] = "Kings Lynn & St. Mary"
    assert ask(world, "run").code == 0
    (caveat,) = manifest(tmp_path)["caveats"]
    assert '"Kings Lynn & St. Mary" in t/schools.csv is taken for "King\u2019s Lynn and' in caveat


def test_two_names_of_one_spelling_are_not_guessed_between(ask) -> None:
    world = renamed(renamed(World(), "A", "St Ann"), "B", "Saint Ann")
    world.schools.loc[world.schools["cluster"] == "St Ann", ["cluster", "local_cluster"]] = "ST ANN"
    said = ask(world)
    assert said.code == 3
    assert said.err.count('no polygon is called "ST ANN"') == 4


def test_what_is_accepted_in_vain_is_told(ask) -> None:
    world = moved(World(), (100001,), cluster="B", local_cluster="B")
    world.more = 'accept = ["outside-cluster: URN 100001", "outside-cluster: URN 10001"]'
    said = ask(world)
    assert said.code == 0
    assert said.out.count("matches no fault or warning here") == 1
    assert 'Did you mean "outside-cluster: URN 100001"?' in said.out


def without_schools(world: World, *names: str) -> World:
    world.schools = world.schools[~world.schools["cluster"].isin(names)]
    return world


@pytest.mark.parametrize("command", ["check", "run"])
def test_empty_ground_can_be_refused(ask, command: str) -> None:
    world = without_schools(World("ABC", 3), "B")
    world.scenario += '[contiguity]\nempty = "refuse"\n'
    said = ask(world, command)
    assert said.code == 3
    assert "B holds no school that is placed in a plan: it has none" in said.err
    assert 'empty = "bridge"' in said.err


@pytest.mark.parametrize("is_exempt", [True, False])
def test_empty_ground_can_be_bridged(ask, tmp_path: Path, is_exempt: bool) -> None:
    world = World("ABCD", 4)
    if is_exempt:
        world = moved(world, tuple(range(100010, 100014)), phase="special")
        world.scenario += '[[exempt]]\nname = "S"\nwhere = { phase = "special" }\n'
    else:
        world = without_schools(world, "B", "C")
    world.scenario += '[contiguity]\nempty = "bridge"\n'
    said = ask(world, "run")
    assert said.code == 0, said.err
    plan = (tmp_path / "out" / "a" / "plan.csv").read_text().splitlines()
    assert len({line.split(",")[1] for line in plan if line.startswith("10000")}) == 1


def test_no_drive_leads_to_empty_ground(ask) -> None:
    world = World("ABC", 3)
    world.scenario += '[contiguity]\nempty = "bridge"\nmax_minutes = 20\n'
    said = ask(world)
    assert said.code == 3
    assert "State the pairs as links instead" in said.err


def test_rows_of_one_cluster_are_joined_on_request(ask, tmp_path: Path) -> None:
    world = World()
    west, south, east, north = world.shapes["A"].bounds
    frame = gpd.GeoDataFrame(
        {"cluster": [*world.shapes, "A"]},
        geometry=[
            box(west, south, east, south + 2000) if name == "A" else shape
            for name, shape in world.shapes.items()
        ]
        + [box(west, south + 2000, east, north)],
        crs=27700,
    )
    world.clusters = "rows.geojson"
    world.frame = lambda: frame
    assert "write dissolve = true" in ask(world).err
    world.tables = "dissolve = true"
    assert ask(world, "run").code == 0
    (caveat,) = manifest(tmp_path)["caveats"]
    assert "joined into one area: A (2 rows)" in caveat


def test_blanks_below_a_merged_cell_are_recognised(ask) -> None:
    world = World()
    table = world.schools.drop(columns="local_cluster")
    table["cluster"] = table["cluster"].mask(table["cluster"].duplicated(), "")
    said = ask(register_as(table.to_csv(index=False)))
    assert said.code == 3
    assert 'Was the cell above, "A", merged with it?' in said.err
    assert said.err.count("the school has no cluster") == 5
    assert "and 22 more like these: row " in said.err


@pytest.mark.parametrize("given", [10_800, 10_700])
def test_a_row_of_totals_is_no_school(ask, given: int) -> None:
    row = ",Total,,,," if given == 10_700 else "Grand total,,,,,"
    text = World().schools.to_csv(index=False) + f"{row[:-1]},{given},,\n"
    said = ask(register_as(text))
    assert said.code == 0, said.err
    same = "as the rows do" if given == 10_800 else "the rows 10,800"
    assert f"is a total, no school: it is left out. It says {given:,} pupils, {same}." in said.out
    assert "T: 36 schools, 10,800 pupils" in said.out


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ("", 'read in the wrong encoding: save that file as UTF-8, or write encoding = "utf-8"'),
        ("utf-8", ""),
    ],
)
def test_a_shapefile_with_a_part_that_lies_of_its_encoding(ask, stated: str, told: str) -> None:
    world = renamed(World(clusters="c.shp"), "A", "Caf\u00e9")
    world.files = {"c.cpg": "CP1252"}
    world.tables = f'encoding = "{stated}"' if stated else ""
    said = ask(world)
    assert said.code == (3 if told else 0), said.err
    assert told in said.err


def test_an_encoding_that_is_none_or_wrong_is_refused(ask) -> None:
    world = World()
    world.tables = 'encoding = "utf-9"'
    assert "is no encoding. Write one such as" in ask(world).err
    world.tables = 'encoding = "utf-8"'
    world.clusters = "clusters.geojson"
    frame = world.frame()
    frame["cluster"] = frame["cluster"].replace("A", "Caf\u00e9")
    world.frame = lambda: frame
    world.files = {
        "clusters.geojson": frame.to_json(ensure_ascii=False, show_bbox=False).encode("cp1252")
    }
    said = ask(world)
    assert said.code == 3
    assert 't/clusters.geojson: the text is not "utf-8"' in said.err


def test_many_findings_of_a_kind_are_told_together(ask) -> None:
    shapes = {n: square(i % 3, i // 3, inset_m=0.75) for i, n in enumerate("ABCDEFGHI")}
    said = ask(World(shapes=shapes))
    assert said.out.count("warning: ") == 1
    assert "warning: 12 pairs of areas run beside each other and do not count as" in said.out
    assert "A and B for 5.0 km, 1.5 m apart" in said.out
    assert "and 7 more. No plan puts them together" in said.out
    assert "Write snap_m = 2 under [contiguity] for all of them" in said.out


def mended(tmp_path: Path) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Give the account and the areas of the mended copy, after checking that they add up."""
    out = tmp_path / "mended"
    account = pd.read_csv(out / "t-mended.csv").set_index("area")
    steps = account[["overlaps_m2", "gaps_m2", "simplified_m2"]].sum(axis=1)
    assert (account["before_m2"] + steps - account["after_m2"]).abs().max() < 1
    areas = gpd.read_file(out / "t" / "clusters.gpkg").set_index("cluster")
    assert (areas.area - account["after_m2"]).abs().max() < 1
    assert abs(areas.union_all().area - account["after_m2"].sum()) < 1
    return account, areas


def test_gaps_and_overlaps_are_mended_in_a_copy(ask, tmp_path: Path) -> None:
    shapes = {n: square(i % 3, i // 3, inset_m=0.75) for i, n in enumerate("ABCDEFGHI")}
    west, south, east, north = shapes["A"].bounds
    shapes["A"] = box(west, south, east + 20, north)
    before = World(shapes=shapes)
    said = ask(before, "check", "--mend", str(tmp_path / "mended"))
    assert said.code == 3, "the files that were given are as wrong as before"
    assert '"A" and "B" overlap by' in said.err
    assert "After: 0 faults, 0 warnings" in said.out
    account, areas = mended(tmp_path)
    assert account["gaps_m2"].sum() > 80_000
    assert account["overlaps_m2"].sum() == pytest.approx(-18.5 * 4998.5, abs=2)
    assert shared_boundaries(areas.geometry, snap_m=0)["A", "B"] > 4900
    assert "is closed: it now belongs to" in (tmp_path / "mended" / "t-mended.html").read_text()
    project = tmp_path / "project" / "boundaries" / "t"
    assert gpd.read_file(project / "clusters.gpkg").area.sum() == pytest.approx(
        account["before_m2"].sum(), abs=1
    )
    # Never over what is there.
    again = ask(before, "check", "--mend", str(tmp_path / "mended"))
    assert "it is there already" in again.err
    inside = ask(before, "check", "--mend", str(project / "x"))
    assert "outside of the authority's own" in inside.err


def test_what_is_right_is_not_mended(ask, tmp_path: Path) -> None:
    said = ask(World(clusters="clusters.geojson"), "check", "--mend", str(tmp_path / "mended"))
    assert said.code == 0
    assert "clusters.geojson: nothing to mend" in said.out
    assert not (tmp_path / "mended" / "t" / "clusters.gpkg").exists()


def test_a_mended_copy_runs_and_borders_are_simplified_alike(ask, tmp_path: Path) -> None:
    world = World("AB", 2, clusters="clusters.geojson")
    wiggle = [(WEST_M + 5000 + (i % 2) * 3, SOUTH_M + i * 50) for i in range(101)]
    world.shapes = {
        "A": Polygon([(WEST_M, SOUTH_M), *wiggle, (WEST_M, SOUTH_M + 5000)]),
        "B": Polygon([(WEST_M + 10_000, SOUTH_M + 5000), *reversed(wiggle), (610_000, SOUTH_M)]),
    }
    options = ("--mend", str(tmp_path / "mended"), "--simplify", "20")
    said = ask(world, "check", *options)
    assert said.code == 0
    assert "borders simplified" in said.out
    account, areas = mended(tmp_path)
    assert account["simplified_m2"].sum() == pytest.approx(0, abs=1)
    assert areas.count_coordinates().max() < 10
    assert load_authority(tmp_path / "mended" / "t").clusters is not None
