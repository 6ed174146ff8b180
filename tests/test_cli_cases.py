"""Kinds of false ground that people report of such tools, each in several forms.

As an officer meets them: the exit code, what is said, the place that is named, what is written.

`tests/test_cli_ground.py` looks closer at single ones. Worlds are those of `tests/ground.py`.
"""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pytest
from shapely import transform
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon, box

from cluster_optimiser import cli
from tests.ground import SIDE_M, SOUTH_M, WEST_M, World, square

EAST_M = WEST_M + SIDE_M


@dataclass(frozen=True)
class Case:
    """A world, and what each command must and must not say of it."""

    make: Callable[[], World]
    code: int  # of check
    says: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    runs: int | None = None  # exit code of run, if it is another


CASES: dict[str, Case] = {}


def case(code: int, *says: str, silent: tuple[str, ...] = (), runs: int | None = None):
    """Enter a world among the cases."""

    def enter(make: Callable[[], World]) -> Callable[[], World]:
        CASES[make.__name__] = Case(make, code, says, silent, runs)
        return make

    return enter


def relabelled(world: World, names: dict[str, str]) -> World:
    """Give polygons other names, the register's staying as they are."""
    world.shapes = {names.get(name, name): shape for name, shape in world.shapes.items()}
    return world


def called(world: World, names: dict[str, str]) -> World:
    """Give clusters other names in the register and in the polygons."""
    world.schools = world.schools.replace({"cluster": names, "local_cluster": names})
    return relabelled(world, names)


def all_in(world: World, change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]) -> World:
    """Draw all polygons in other coordinates without saying so."""
    frame = change(world.frame())
    world.shapes = dict(zip(frame["cluster"], frame.geometry, strict=True))
    return world


def with_layer(world: World, *, is_used: bool = False, **areas: Polygon) -> World:
    """Add a layer, by which clusters are made if it is used."""
    frame = gpd.GeoDataFrame({"name": list(areas)}, geometry=list(areas.values()), crs=27700)
    world.tables += '[layers.district]\nfile = "d.geojson"\n'
    world.files |= {"d.geojson": frame.to_json(show_bbox=False, drop_id=True)}
    if is_used:
        world.scenario = world.scenario.replace("[size]", 'within = ["district"]\n[size]')
    return world


def without(world: World, *names: str) -> World:
    """Take all schools of some clusters away."""
    world.schools = world.schools[~world.schools["cluster"].isin(names)]
    return world


def registered(text: str | bytes) -> World:
    """Give another file of schools, ``{table}`` standing for the right one."""
    world = World()
    if isinstance(text, str):
        text = text.replace("{table}", world.schools.to_csv(index=False)).encode()
    world.register = text
    return world


def table(**options: str) -> str:
    return World().schools.to_csv(index=False, **options)


def turned(shape: Polygon) -> Polygon:
    return transform(shape, lambda xy: xy[:, ::-1])


# --- names exchanged ----------------------------------------------------------------------


@case(
    3,
    'B High School lies 3.5 km outside of "B"',
    'All 4 schools of "B" lie in "F" and all 4 schools of "F" lie in "B"',
    "the two names look exchanged",
    '[corrections] 100010 = { cluster = "F", local_cluster = "F" }',
)
def names_exchanged_of_neighbours() -> World:
    return relabelled(World("ABCDEF", 3), {"B": "F", "F": "B"})


@case(3, "the two names look exchanged", "C High School lies", "40 faults", silent=("A High",))
def names_exchanged_of_five_pairs() -> World:
    pairs = dict(zip("CDEFG", "PQROH", strict=True))
    back = {other: name for name, other in pairs.items()}
    return relabelled(World("ABCDEFGHIJKLMNOPQR", 2), pairs | back)


@case(3, 'all 4 schools of "C" lie in "A": the 3 names look exchanged', "12 faults")
def names_in_a_ring() -> World:
    return relabelled(World(), {"A": "B", "B": "C", "C": "A"})


@case(3, "36 faults", "the 9 names look exchanged", "and 31 more like these: URN", "--json")
def names_one_row_too_low() -> World:
    names = "ABCDEFGHI"
    return relabelled(World(), dict(zip(names, names[1:] + names[0], strict=True)))


@case(3, "A 1 School", 'All 3 schools of "A" lie in "B"', "8 faults")
def names_exchanged_and_one_school_mistyped() -> World:
    world = relabelled(World(), {"A": "B", "B": "A"})
    world.schools.loc[1, ["cluster", "local_cluster"]] = "C"
    return world


# --- reference systems and places -----------------------------------------------------------


@case(3, "are degrees, but it says that they are metres", "EPSG:4326")
def degrees_in_a_geopackage() -> World:
    return all_in(World(), lambda frame: frame.to_crs(4326))


@case(3, "t/clusters.geojson: coordinates up to (615000, 315000) are not degrees")
def metres_in_a_geojson_that_names_no_system() -> World:
    world = World(clusters="clusters.geojson")
    told = json.loads(world.frame().to_json(show_bbox=False))
    told.pop("crs")
    world.files = {"clusters.geojson": json.dumps(told)}
    return world


@case(3, "t/clusters.geojson: the file lies outside Great Britain: longitude and latitude may be")
def degrees_with_latitude_first() -> World:
    world = World(clusters="clusters.geojson")
    frame = world.frame().to_crs(4326)
    frame.geometry = frame.geometry.map(turned)
    world.files = {"clusters.geojson": frame.to_json(show_bbox=False)}
    return world


@case(3, "coordinates of Web Mercator (EPSG:3857), probably")
def mercator_called_the_national_grid() -> World:
    return all_in(World(), lambda frame: frame.to_crs(3857))


@case(3, "coordinates of UTM zone 30N (EPSG:32630), probably")
def utm_called_the_national_grid() -> World:
    return all_in(World(), lambda frame: frame.to_crs(32630))


@case(
    3,
    "t/d.geojson: none of the 36 schools lies in any of its 2 areas",
    "Its axes are swapped, probably: save it again with easting first",
    silent=("outside the authority's outline",),
)
def axes_of_a_layer_swapped() -> World:
    west = box(WEST_M, SOUTH_M, WEST_M + 7000, SOUTH_M + 15_000)
    return with_layer(World(), West=turned(west), East=turned(translate(west, 7000)))


@case(3, "t/d.geojson: none of the 36 schools lies in its one area", "Look at its reference system")
def a_layer_of_another_county() -> World:
    return with_layer(World(), Elsewhere=box(400_000, 400_000, 410_000, 410_000))


@case(
    3,
    "t/schools.csv: none of the 36 schools lies in any area of",
    "Easting and northing are swapped, probably: exchange the two columns",
)
def coordinates_of_all_schools_swapped() -> World:
    whole = box(WEST_M, SOUTH_M, WEST_M + 15_000, SOUTH_M + 15_000)
    world = with_layer(World(), Whole=whole)
    world.schools = world.schools.rename(columns={"easting": "northing", "northing": "easting"})
    return world


@case(3, "row 7: URN 100011", "Easting and northing look swapped: exchange the two")
def coordinates_of_one_school_swapped() -> World:
    world = World()
    east, north = world.schools.loc[5, ["easting", "northing"]].tolist()
    world.schools.loc[5, ["easting", "northing"]] = north, east
    return world


@case(3, 'the polygon of its cluster, "E", which is 97.5 km away: is it misplaced', "4 faults")
def one_polygon_far_away() -> World:
    world = World()
    world.shapes["E"] = translate(world.shapes["E"], 100_000)
    return world


# --- gaps, corners, teeth, overlaps -----------------------------------------------------------


def apart(names: str, across: int, inset_m: float) -> World:
    spots = enumerate(names)
    drawn = {n: square(i % across, i // across, inset_m=inset_m) for i, n in spots}
    return World(names, across, drawn)


@case(
    0,
    "warning: 12 pairs of areas run beside each other and do not count as neighbours: A and B",
    "for 5.0 km, 1.5 m apart",
    "and 7 more",
    "Write snap_m = 2 under [contiguity] for all of them",
    "`check --report FILE.html` shows each",
    runs=4,
)
def gaps_everywhere() -> World:
    return apart("ABCDEFGHI", 3, 0.75)


@case(
    0,
    "note: A and B run beside each other for 4.9 km, 25.0 m apart",
    "warning: B has no neighbour in the rest of the map; the nearest is A, 25 m from B",
    'links = [["B", "A"]]',
    runs=4,
)
def gaps_as_wide_as_a_river() -> World:
    return apart("ABCD", 2, 12.5)


@case(0, "warning: A and B run beside each other for 1.2 km, up to 5 m apart", "snap_m = 5", runs=4)
def a_gap_that_opens_from_a_point() -> World:
    world = World("AB", 2)
    world.shapes["B"] = Polygon(
        [
            (EAST_M, SOUTH_M),
            (EAST_M + 8, SOUTH_M + 5000),
            (EAST_M + 5000, SOUTH_M + 5000),
            (EAST_M + 5000, SOUTH_M),
        ]
    )
    return world


@case(
    0,
    "warning: B has no neighbour in the rest of the map; B touches A, but only at points or along "
    "less than the 100 m that make neighbours",
    runs=4,
)
def a_border_of_a_hundred_teeth() -> World:
    world = World("AB", 2)
    teeth = [(EAST_M + 20 * (i % 2), SOUTH_M + 25 * i) for i in range(201)]
    east = EAST_M + 5000
    world.shapes["B"] = Polygon([*teeth, (east, SOUTH_M + 5000), (east, SOUTH_M)])
    return world


@case(0, "B touches A, but only at points", 'links = [["B", "A"]]', runs=4)
def areas_that_meet_at_a_corner() -> World:
    return World("A..B", 2)


@case(0, "its parts overlap and were joined; the repair changed the area from 2,750 to 2,500 ha")
def parts_of_an_area_overlap() -> World:
    world = World(clusters="clusters.geojson")
    west, south, east, north = world.shapes["E"].bounds
    world.shapes["E"] = MultiPolygon(
        [box(west, south, west + 3000, north), box(west + 2500, south, east, north)]
    )
    return world


@case(3, "row 5: URN 100003", 'the polygon of its cluster, "A"', "does its border cross itself?")
def a_border_that_crosses_itself() -> World:
    world = World()
    west, south, east, north = world.shapes["A"].bounds
    world.shapes["A"] = Polygon([(west, south), (east, north), (east, south), (west, north)])
    return world


# --- names and identifiers ------------------------------------------------------------------


@case(0, silent=("fault:", "warning:", "note:"))
def names_that_programs_take_for_something_else() -> World:
    odd = ["NA", "None", "nan", "null", "TRUE", "1e3", "007", "0", "3.10"]
    return called(World(), dict(zip("ABCDEFGHI", odd, strict=True)))


@case(3, 'the name "3.1" stands on row 1 already', "makes 3.1 of 3.10", "save it as text")
def names_that_are_numbers_in_the_polygons() -> World:
    names = ["3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "3.8", "3.10"]
    world = called(World(clusters="clusters.geojson"), dict(zip("ABCDEFGHI", names, strict=True)))
    told = json.loads(world.frame().to_json(show_bbox=False))
    for one in told["features"]:
        one["properties"]["cluster"] = float(one["properties"]["cluster"])
    world.files = {"clusters.geojson": json.dumps(told)}
    return world


@case(3, 'no polygon is called "001"', 'Is it "1"? A column of numbers loses the 0', "36 faults")
def names_whose_zeros_are_lost() -> World:
    world = called(World(), {name: f"00{i + 1}" for i, name in enumerate("ABCDEFGHI")})
    return relabelled(world, {f"00{i}": str(i) for i in range(1, 10)})


@case(3, 'no polygon is called "A Partnership"', "and 31 more like these: row 7", "--json")
def names_of_which_none_is_known() -> World:
    world = World()
    world.schools[["cluster", "local_cluster"]] += " Partnership"
    return world


@case(0, silent=("fault:", "warning:"))
def letters_composed_otherwise_in_the_register() -> World:
    world = called(World(), {"A": "T\u0177 Gwyn"})
    return relabelled(world, {"T\u0177 Gwyn": unicodedata.normalize("NFD", "T\u0177 Gwyn")})


@case(3, '"T\u00c5\u00b7 Gwyn" is "T\u0177 Gwyn" read in the wrong encoding')
def letters_garbled_in_the_register() -> World:
    world = called(World(), {"A": "T\u0177 Gwyn"})
    garbled = {"T\u0177 Gwyn": "T\u00c5\u00b7 Gwyn"}
    world.schools = world.schools.replace({"cluster": garbled, "local_cluster": garbled})
    return world


# --- ground without schools, islands, layers ------------------------------------------------


@case(
    0,
    "warning: B and C hold no school that is placed in a plan: they have none; they lie between A "
    "and D, which have no other way to each other",
    'empty = "bridge", or links = [["A", "D"]]',
    runs=4,
)
def two_empty_areas_in_a_row() -> World:
    return without(World("ABCD", 4), "B", "C")


@case(0, "note: E holds no school that is placed in a plan", silent=("warning:", "between"))
def an_empty_area_that_parts_nobody() -> World:
    return without(World(), "E")


@case(
    0,
    "warning: C and F have no neighbour in the rest of the map; the nearest is B, 3.0 km from C",
    'links = [["C", "B"]]',
)
def an_island_of_two_clusters() -> World:
    world = World("ABCDEF", 3)
    for name in "CF":
        world.shapes[name] = translate(world.shapes[name], 3000)
        world.schools.loc[world.schools["cluster"] == name, "easting"] += 3000
    return world


@case(
    0,
    "warning: 3 of 36 schools lie in no area of the layer district: C 2 School (URN 100022)",
    silent=("outside the authority's outline",),
)
def a_layer_that_ends_within_a_cluster() -> World:
    west = box(WEST_M, SOUTH_M, WEST_M + 12_500, SOUTH_M + 15_000)
    return with_layer(World(), is_used=True, West=west)


@case(0, "warning: 12 of 36 schools lie in no area of the layer district", runs=4)
def a_layer_with_nothing_in_the_middle() -> World:
    west = box(WEST_M, SOUTH_M, WEST_M + 4900, SOUTH_M + 15_000)
    return with_layer(
        World(),
        is_used=True,
        West=west,
        East=translate(west, 10_000, 0),
        More=translate(west, 20_000),
    )


# --- tables ---------------------------------------------------------------------------------


@case(0, 'passed over: "Schools of T"', "36 schools, 10,800 pupils")
def a_title_above_the_headings() -> World:
    return registered("Schools of T\n\n{table}")


@case(0, 'passed over: "Schools of T", "As at 1 October"', "36 schools, 10,800 pupils")
def titles_above_the_headings_with_commas_of_a_workbook() -> World:
    return registered("Schools of T,,,,,,\n,As at 1 October,,,,,\n,,,,,,\n{table}")


@case(3, "schools.csv, row 3", "pupils", "1 fault")
def a_heading_that_is_lacking_below_titles() -> World:
    return registered("Schools of T\n\n" + table().replace("pupils", "heads", 1))


@case(0, "36 schools, 10,800 pupils")
def a_separator_line_in_quotation_marks() -> World:
    return registered('"sep=;"\n' + table(sep=";"))


@case(0, "36 schools, 10,800 pupils")
def sixteen_bits_without_a_mark() -> World:
    return registered(table(sep="\t").encode("utf-16-le"))


@case(0, "36 schools, 10,800 pupils")
def sixteen_bits_the_other_way_round() -> World:
    return registered(table().encode("utf-16-be"))


@case(0, "36 schools, 10,800 pupils")
def decimal_commas() -> World:
    schools = World().schools
    schools["easting"] = [f"{metres},5" for metres in schools["easting"]]
    return registered(schools.to_csv(index=False, sep=";"))


@case(3, 'row 7: the row is divided by ";", the headings are not', "1 fault")
def one_row_divided_otherwise() -> World:
    rows = table().splitlines()
    rows[6] = rows[6].replace(",", ";")
    return registered("\n".join(rows) + "\n")


def timed(per_km: float, *, left_out: int = 0) -> World:
    """Give a table of minutes, without its last trips."""
    world = World()
    places = world.schools[["urn", "easting", "northing"]].to_numpy().tolist()
    trips = [
        f"{a},{b},{1 + per_km * (abs(x - u) + abs(y - v)) / 1_000:.2f}"
        for a, x, y in places
        for b, u, v in places
        if a != b
    ]
    trips = trips[: len(trips) - left_out]
    world.files = {"m.csv": "\n".join(["from_urn,to_urn,minutes", *trips])}
    world.travel = 'method = "matrix"\nfile = "m.csv"'
    return world


@case(
    0,
    '"N" and "n" are spelt alike, and each is one area of the layer gp',
    "Write them alike",
)
def areas_spelt_alike() -> World:
    world = World()
    world.schools["gp"] = ["N", "n"] * 18
    world.tables += '[layers.gp]\nfrom = "schools"\ncolumn = "gp"\n'
    return world


@case(0, "note: A 1 School has 20,000 pupils, more than any school of England", silent=("warning",))
def a_figure_too_many() -> World:
    world = World()
    world.schools.loc[1, "pupils"] = 20_000
    return world


@case(0, "A touches B along 5.0 km, and the scenario says that they are no neighbours")
def an_island_that_is_stated() -> World:
    world = World()
    world.scenario += '[contiguity]\nfile = "pairs.csv"\n'
    pairs = "from,to|B,C|D,E|E,F|G,H|H,I|D,G|B,E|E,H|C,F|F,I"
    world.files = {"../../scenarios/pairs.csv": pairs.replace("|", "\n")}
    return world


@case(0, '"NA" is one area of the layer gp, with 2 of the schools', "Fill in where each belongs")
def areas_that_are_not_known() -> World:
    world = World()
    world.schools["gp"] = ["NA"] * 2 + ["N"] * 34
    world.tables += '[layers.gp]\nfrom = "schools"\ncolumn = "gp"\n'
    return world


@case(0, "by the estimate schools are reached at 1.0 km/h", "Write minutes a kilometre.")
def an_estimate_of_speeds() -> World:
    return World(travel='method = "estimate"\nbands = [{ min_per_km = 60 }]')


@case(0, silent=("warning",))
def a_table_of_minutes() -> World:
    return timed(1.2)


@case(0, "schools are reached at 0.6 km/h as the crow flies", "it may give seconds")
def a_table_of_seconds() -> World:
    return timed(72)


@case(
    0,
    "2 trips of the table of minutes cannot be driven so: I 3 School to I 1 School, "
    "2.9 km in 0.01 minutes and I 3 School to I 2 School, 2.5 km in 9999 minutes",
    "leave a trip out that has no way",
)
def trips_that_nobody_drives() -> World:
    world = timed(1.2)
    *trips, last, end = world.files["m.csv"].split("\n")
    odd = [f"{trip.rpartition(',')[0]},{m}" for trip, m in ((last, 0.01), (end, 9999))]
    world.files = {"m.csv": "\n".join([*trips, *odd])}
    return world


@case(
    0,
    "1 trip of the table of minutes is not known back: I 2 School to I 3 School",
    "Give both ways",
)
def a_trip_that_is_known_one_way() -> World:
    return timed(1.2, left_out=1)


@case(
    0,
    'A 3 School is closed, as the register\'s column "EstablishmentStatus (name)" says',
    "It is counted like any other",
)
def a_closed_school() -> World:
    world = World()
    world.schools["EstablishmentStatus (name)"] = ["Open"] * 3 + ["Closed"] + ["Open"] * 32
    return world


@case(
    0,
    "A High School is 5.0 km away from where the register's lat and lon say",
    "The other of its two places is used",
)
def a_school_in_two_places() -> World:
    world = World()
    points = gpd.GeoSeries.from_xy(world.schools["easting"], world.schools["northing"], crs=27700)
    points[0] = translate(points[0], yoff=5_000)
    degrees = points.to_crs(4326)
    world.schools = world.schools.assign(lat=degrees.y, lon=degrees.x)
    return world


@case(
    3,
    'I 3 School lies 849 m outside of "I", which the register calls its cluster. Correct its coor',
    silent=("by its place",),
)
def a_border_that_crosses_itself_within_the_outline() -> World:
    world = World()
    whole = box(WEST_M, SOUTH_M, WEST_M + 3 * SIDE_M, SOUTH_M + 3 * SIDE_M)
    world.tables += '[outline]\nfile = "o.geojson"\n'
    frame = gpd.GeoDataFrame({"name": ["T"]}, geometry=[whole], crs=27700)
    world.files |= {"o.geojson": frame.to_json(show_bbox=False, drop_id=True)}
    corners = [(10, 10), (15, 15), (15, 10), (10, 15)]
    world.shapes["I"] = Polygon([(WEST_M + 1000 * x, SOUTH_M + 1000 * y) for x, y in corners])
    return world


@case(3, 'URN 100003: pupils "<5" is a symbol, not a figure (the number is small)', "1 fault")
def a_figure_too_small_to_be_shown() -> World:
    return registered(table().replace("303900,200,", "303900,<5,", 1))


@case(3, "schools.csv: the file is a workbook. Open it", "1 fault")
def a_workbook_that_is_called_csv() -> World:
    return registered(b"PK\x03\x04\x14\x00\x06\x00urn,name")


@case(0)
def headings_in_capitals() -> World:
    world = World()
    world.schools.columns = world.schools.columns.str.upper()
    return world


@case(3, 'A 3 School lies 2.3 km outside of "B"')
def a_heading_of_clusters_in_capitals_is_one() -> World:
    world = World()
    world.schools.loc[3, "cluster"] = "B"
    world.schools = world.schools.drop(columns="local_cluster").rename(
        columns={"cluster": "Cluster"}
    )
    return world


@case(3, 'd.xlsx: the file is a workbook. Open it and save the sheet as "CSV', "1 fault")
def a_workbook() -> World:
    world = World()
    world.tables += '[layers.district]\nfile = "d.xlsx"\n'
    world.files |= {"d.xlsx": b"PK"}
    return world


@case(3, 'the column "pupils" stands twice', "1 fault")
def a_heading_twice_that_is_used() -> World:
    return registered(table().replace("local_cluster\n", "pupils\n"))


@case(3, "row 5: URN 100003: pupils 9223372036854775807 is more than any school has", "1 fault")
def pupils_beyond_all_counting() -> World:
    return registered(table().replace("303900,200,", "303900,9223372036854775807,", 1))


# --- files and numbers of scenarios -----------------------------------------------------------


@case(3, "t/d.gpkg: the file cannot be read", "a virtual format", silent=("passwd",))
def a_virtual_format_under_another_name() -> World:
    world = World(tables='[layers.district]\nfile = "d.gpkg"\n')
    link = "<OGRVRTDataSource><OGRVRTLayer name='d'><SrcDataSource>/etc/passwd</SrcDataSource>"
    world.files = {"d.gpkg": f"{link}</OGRVRTLayer></OGRVRTDataSource>"}
    return world


def asking(line: str) -> World:
    world = World()
    world.scenario += f"{line}\n"
    return world


@case(
    0,
    'a asks for "misaligned" and prefers no layer that it could count. It is 0 for every plan. '
    'Write <layer> = "prefer" under [alignment]',
)
def a_term_without_layers() -> World:
    world = World()
    world.scenario = world.scenario.replace("[size]", "limits = { misaligned = 5 }\n[size]")
    return world


@case(
    0,
    'a asks for "deviation" and states no size to aim at. It is measured from 5,000,000 pupils, '
    "the middle of a range without a maximum. Write target_pupils, or max_pupils, under [size]",
)
def a_term_without_a_size() -> World:
    world = World()
    world.scenario = 'title = "A"\noption = "a"\nauthority = "t"\nmethod = "merge"\n'
    world.scenario += 'objective = { order = ["deviation"] }\n'
    return world


@case(
    0,
    "a names exceptions (A and B) and allows none. They are held to the minimum. "
    "Write max_exceptions = 2 under [size]",
)
def exceptions_that_are_not_allowed() -> World:
    world = World()
    world.scenario = world.scenario.replace("[size]", '[size]\nexceptions = ["A", "B"]')
    return world


ODD_NUMBERS = {
    "[travel]\nmax_minutes = inf": "travel.max_minutes  inf is not allowed",
    "[travel]\nmax_minutes = nan": "travel.max_minutes  nan is not allowed",
    "[travel]\nmax_minutes = 1e308": "travel.max_minutes  1e+308 is not allowed",
    "[travel]\nmax_minutes = -1": "travel.max_minutes  -1 is not allowed",
    "[secondary]\nmin = 2147483648": "secondary.min  2147483648 is not allowed",
    "[secondary]\nmin = -1": "secondary.min  -1 is not allowed",
    "[count]\nmax = 9223372036854775808": "count.max  9223372036854775808 is not allowed",
    "[contiguity]\nsnap_m = -2": "contiguity.snap_m  -2 is not allowed",
    "[contiguity]\nmin_shared_m = inf": "contiguity.min_shared_m  inf is not allowed",
}
for number, words in ODD_NUMBERS.items():
    CASES[number] = Case(lambda line=number: asking(line), 3, ("a.toml:11:1", words))


# --- the tests --------------------------------------------------------------------------------


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Write a world and run a command on it; give its exit code and all that it says."""

    def run(world: World, command: str) -> tuple[int, str]:
        scenarios = world.write(tmp_path / "project")
        out = tmp_path / "out"
        path = scenarios / "a.toml" if command == "explain" else scenarios
        more = ["--out", str(out), "-j1", "--outputs", "tables"] if command == "run" else []
        before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
        code = 0
        try:
            cli.main([command, str(path), *more])
        except SystemExit as left:
            code = left.code or 0
        if code == 3 or command != "run":
            after = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
            assert after == before, "nothing is written"
        return code, "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize("name", CASES)
def test_check_names_what_is_wrong_with_the_ground(ask, name: str) -> None:
    case = CASES[name]
    code, said = ask(case.make(), "check")
    assert code == case.code, said
    assert [words for words in case.says if words not in said] == [], said
    assert [words for words in case.silent if words in said] == [], said


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.code == 3])
def test_nothing_is_run_on_false_ground(ask, name: str) -> None:
    case = CASES[name]
    code, said = ask(case.make(), "run")
    assert code == 3
    assert case.says[0] in said


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.runs])
def test_the_ground_is_named_first_where_there_is_no_plan(ask, name: str) -> None:
    case = CASES[name]
    world = case.make()
    code, said = ask(world, "run")
    assert code == case.runs
    assert "Look at the ground first: " in said
    _, said = ask(world, "explain")
    told = next(line for line in said.splitlines() if ":" in line)
    assert "ground" in told, said


def test_ground_that_is_no_cause_is_not_named_first(ask) -> None:
    world = World("ABCDEF", 3)
    world.shapes["F"] = square(2, 1, inset_m=2.0)
    world.scenario = world.scenario.replace("2000", "3900")
    _, said = ask(world, "explain")
    assert said.startswith("Option a: there is no plan.")
    assert "Odd about the ground besides, but no cause of this by itself:\n  " in said


def test_a_plan_on_ground_that_is_warned_of_says_so(ask) -> None:
    world = World("ABCD", 2)
    world.shapes["B"] = box(EAST_M + 2, SOUTH_M, EAST_M + 5000, SOUTH_M + 5000)
    code, said = ask(world, "run")
    assert code == 0
    assert "Ground: A and B run beside each other for 5.0 km, 2.0 m apart" in said
