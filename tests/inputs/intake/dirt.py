"""Kinds of dirt that registers and boundaries come with, each made into files that have only it.

A table that tests share: how the files are made, and the one line that must be said of it.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
from shapely.geometry import MultiPolygon, Point, Polygon, box

from cluster_optimiser.inputs.intake.intake import LayerFile, Request
from tests.made_gias import COLUMNS, ORIGIN_M, Made, register_text, school

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

X0, Y0 = ORIGIN_M
FILE = "edubasealldata20240115.csv"
LAST = 100_011


def clean_rows() -> list[Made]:
    """Make two secondary schools and ten primaries, 2 km apart: 3,600 pupils."""
    rows = []
    for i in range(12):
        x, y = X0 + 2_000 * (i % 4), Y0 + 2_000 * (i // 4)
        row = school(100_000 + i, x, y, district="Aldham" if x < X0 + 3_000 else "Birkby")
        if i in {5, 10}:
            row = row.with_(
                phase="Secondary", low="11", high="16", name=f"Made High School {i}", pupils="800"
            )
        rows.append(row)
    return rows


def clean_layer() -> gpd.GeoDataFrame:
    """Make two districts round the schools, as the ONS names its columns."""
    west = box(X0 - 3_000, Y0 - 3_000, X0 + 3_000, Y0 + 7_000)
    east = box(X0 + 3_000, Y0 - 3_000, X0 + 9_000, Y0 + 7_000)
    columns = {"LAD23CD": ["E97000000", "E97000001"], "LAD23NM": ["Aldham", "Birkby"]}
    return gpd.GeoDataFrame(columns, geometry=[west, east], crs="EPSG:27700")


@dataclass
class Files:
    """The files of a case, to be changed before they are written."""

    folder: Path
    rows: list[Made] = field(default_factory=clean_rows)
    layer: gpd.GeoDataFrame = field(default_factory=clean_layer)
    request: Request | None = None

    def edit(self, at: int, **changes: str) -> None:
        """Change the cells of one row."""
        self.rows[at] = self.rows[at].with_(**changes)

    def write(self) -> Request:
        """Write register and layer, and give the request for them."""
        path, layer = self.folder / FILE, self.folder / "districts.gpkg"
        path.write_bytes(register_text(self.rows).encode("cp1252"))
        self.layer.to_file(layer)
        return Request(name="Calderbeck", schools=path, layers=(LayerFile("district", layer),))


@dataclass(frozen=True)
class Dirt:
    """One kind of dirt.

    Parameters
    ----------
    make
        Writes the files and gives the request.
    says
        What the summary must say, on one line.
    schools, pupils
        What is taken.
    urn, phase, easting
        A school, and what must be known of it.
    """

    make: Callable[[Path], Request]
    says: str
    schools: int = 12
    pupils: int = 3_600
    urn: int = 100_000
    phase: str = "primary"
    easting: float = X0


def cells(**changes: str) -> Callable[[Path], Request]:
    """Change cells of the first row."""

    def make(folder: Path) -> Request:
        files = Files(folder)
        files.edit(0, **changes)
        return files.write()

    return make


def text(change: Callable[[str], bytes]) -> Callable[[Path], Request]:
    """Change the register's text."""

    def make(folder: Path) -> Request:
        request = Files(folder).write()
        request.schools.write_bytes(change(register_text(clean_rows())))
        return request

    return make


def more(*rows: Made) -> Callable[[Path], Request]:
    """Add rows."""

    def make(folder: Path) -> Request:
        files = Files(folder)
        files.rows += rows
        return files.write()

    return make


def layer(change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]) -> Callable[[Path], Request]:
    """Change the layer."""

    def make(folder: Path) -> Request:
        files = Files(folder)
        files.layer = change(files.layer)
        return files.write()

    return make


def in_format(name: str, crs: str = "EPSG:4326") -> Callable[[Path], Request]:
    """Write the layer in another format and system."""

    def make(folder: Path) -> Request:
        request = Files(folder).write()
        frame = clean_layer().to_crs(crs)
        path = folder / name
        if path.suffix == ".zip":
            inner = folder / "shape"
            inner.mkdir()
            frame.to_file(inner / "lad.shp")
            with zipfile.ZipFile(path, "w") as archive:
                for part in sorted(inner.iterdir()):
                    archive.write(part, part.name)
        elif path.suffix == ".parquet":
            frame.to_parquet(path)
        else:
            frame.to_file(path)
        return replace(request, layers=(LayerFile("district", path),))

    return make


def postcodes(**changes: str) -> Callable[[Path], Request]:
    """Change cells of the first row, and give a file of postcodes."""

    def make(folder: Path) -> Request:
        files = Files(folder)
        files.edit(0, Postcode="ZZ1 1AA", **changes)
        request = files.write()
        path = folder / "ONSPD.csv"
        path.write_text(f"pcd,pcds,oseast1m,osnrth1m\nZZ1  1AA,ZZ1 1AA,{X0:.0f},{Y0:.0f}\n")
        return replace(request, postcodes=path)

    return make


def census(lines: str) -> Callable[[Path], Request]:
    """Give a school census file."""

    def make(folder: Path) -> Request:
        files = Files(folder)
        files.edit(0, pupils="")
        request = files.write()
        path = folder / "census.csv"
        rows = [f"{100_000 + i},{800 if i in {5, 10} else 200}" for i in range(1, 12)]
        path.write_text("\n".join(["URN,headcount of pupils", lines, *rows]), encoding="utf-8")
        return replace(request, pupils=path)

    return make


def columns_of_our_own(folder: Path) -> Request:
    """Write a council's own register: no status, no type, latitude and longitude."""
    request = Files(folder).write()
    rows = clean_rows()
    points = gpd.GeoSeries(
        [Point(float(r.cells["Easting"]), float(r.cells["Northing"])) for r in rows],
        crs="EPSG:27700",
    ).to_crs("EPSG:4326")
    frame = pd.DataFrame(
        {
            "School URN": [r.cells["URN"] for r in rows],
            "School name": [r.cells["EstablishmentName"] for r in rows],
            "Phase": [r.cells["PhaseOfEducation (name)"] for r in rows],
            "NOR": [r.cells["NumberOfPupils"] for r in rows],
            "Latitude": points.y,
            "Longitude": points.x,
        }
    )
    path = folder / "own_2024-01-15.csv"
    frame.to_csv(path, index=False)
    return replace(request, schools=path)


def of_scotland(folder: Path) -> Request:
    """Write a register as Scotland has it: seed codes, and a type that is the phase."""
    request = columns_of_our_own(folder)
    names = {"School URN": "SeedCode", "Phase": "School Type", "NOR": "Total pupils"}
    frame = pd.read_csv(request.schools).rename(columns=names)
    frame["SeedCode"] += 5_200_000
    frame["School Status"] = ["Open"] * 11 + ["Closed"]
    frame.to_csv(request.schools, index=False)
    return request


def closing_dates_alone(folder: Path) -> Request:
    """Write a council's own register that tells what is closed by a date."""
    request = columns_of_our_own(folder)
    frame = pd.read_csv(request.schools)
    frame["CloseDate"] = ["2099-08-31", *[""] * 10, "2023-08-31"]
    frame.to_csv(request.schools, index=False)
    return request


def figures_of_several_years(folder: Path) -> Request:
    """Give a school census file of two years."""
    request = census("100000,200")(folder)
    last = pd.read_csv(request.pupils).assign(time_period=202324)
    before = last.assign(time_period=202223, **{"headcount of pupils": 1})
    pd.concat([before, last]).to_csv(request.pupils, index=False)
    return request


def swapped_degrees(folder: Path) -> Request:
    """Exchange latitude and longitude of one school."""
    request = columns_of_our_own(folder)
    frame = pd.read_csv(request.schools)
    frame.loc[0, ["Latitude", "Longitude"]] = frame.loc[0, ["Longitude", "Latitude"]].to_numpy()
    frame.to_csv(request.schools, index=False)
    return request


def zipped(folder: Path) -> Request:
    """Pack the register as the download comes, beside another table."""
    request = Files(folder).write()
    path = folder / "extract.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(request.schools, FILE)
        archive.writestr("links_edubasealldata.txt.md", "not a table")
        archive.writestr(f"__MACOSX/._{FILE}", "what a Mac adds")
    return replace(request, schools=path, data_date="2024-01-15")


def bow_tie(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    x, y = X0 - 3_000, Y0 - 3_000
    ring = [(x, y), (x + 6_000, y + 10_000), (x + 6_000, y), (x, y + 10_000), (x, y)]
    whole = frame.geometry[0]
    crossing = MultiPolygon([whole, Polygon([(a - 90_000, b) for a, b in ring])])
    return frame.set_geometry([crossing, frame.geometry[1]])


def split_area(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put one area on two rows."""
    x, y = X0 - 3_000, Y0 - 3_000
    parts = [box(x, y, x + 6_000, y + 4_000), box(x, y + 4_000, x + 6_000, y + 10_000)]
    columns = {
        "LAD23CD": ["E97000000", "E97000000", "E97000001"],
        "LAD23NM": ["Aldham", "Aldham", "Birkby"],
    }
    return gpd.GeoDataFrame(columns, geometry=[*parts, frame.geometry[1]], crs=frame.crs)


def namesake(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.assign(LAD23NM=["Central", "Central"])


def overlapping(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.set_geometry([frame.geometry[0].buffer(200), frame.geometry[1]])


def with_empty_row(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    more_row = gpd.GeoDataFrame({"LAD23CD": ["E9"], "LAD23NM": ["Nowhere"]}, geometry=[None])
    return pd.concat([frame, more_row.set_crs(frame.crs)], ignore_index=True)


def geojson_without_system(folder: Path) -> Request:
    """Write longitude and latitude in windows text, as old GeoJSON has it."""
    request = in_format("lad.geojson")(folder)
    path = request.layers[0].path
    data = json.loads(path.read_text(encoding="utf-8"))
    data.pop("crs", None)
    data["features"][0]["properties"]["LAD23NM"] = "Aldh\xe4m"
    path.write_bytes(json.dumps(data, ensure_ascii=False).encode("cp1252"))
    return request


def without(names: tuple[str, ...]) -> Callable[[Path], Request]:
    """Leave columns out."""

    def make(folder: Path) -> Request:
        request = Files(folder).write()
        kept = [name for name in COLUMNS if name not in names]
        request.schools.write_text(register_text(clean_rows(), columns=kept), encoding="cp1252")
        return request

    return make


AS_LARGE = "200: as large by year of age as its 5 nearest of the same phase"
FIRST = "Made Primary School 100000"
HEADER_END = "AccreditationExpiryDate\r\n"
AGAIN = school(LAST, X0 + 6_000, Y0 + 4_000, district="Birkby")

KINDS: dict[str, Dirt] = {
    # --- the text ---
    "utf-8 with a mark": Dirt(text(lambda t: t.encode("utf-8-sig")), "all taken"),
    "a register of Scotland": Dirt(
        of_scotland, "all not taken", schools=11, pupils=3_400, urn=5_300_000
    ),
    "closing dates alone": Dirt(closing_dates_alone, "  closed  ", schools=11, pupils=3_400),
    "figures of several years": Dirt(
        figures_of_several_years,
        "census.csv: of several years (202223, 202324) the figures of 202324 are taken.",
    ),
    "utf-16": Dirt(text(lambda t: t.encode("utf-16")), "all taken"),
    "a byte that stands for nothing": Dirt(
        text(lambda t: t.encode("cp1252").replace(b"1, Made Lane", b"1\x81 Made Lane", 1)),
        "1 characters of the file could not be read",
    ),
    "a byte that is no text": Dirt(
        text(lambda t: t.encode("cp1252").replace(b"1, Made Lane", b"1, \0Made \x17Lane", 1)),
        "2 bytes of the file that are no text were left out",
    ),
    "letters of wales encoded twice": Dirt(
        text(lambda t: t.replace(FIRST, "Ysgol T\u00c5\u00b5r", 1).encode()),
        "1 cells with twice encoded letters (such as \u00c3\u00a9) were mended.",
    ),
    "text encoded twice": Dirt(
        text(lambda t: t.replace(FIRST, "St Agn\xc3\xa9s School", 1).encode()),
        "1 cells with twice encoded letters (such as Ã©) were mended",
    ),
    "semicolons": Dirt(
        text(lambda t: t.replace('"1, Made Lane"', "1 Made Lane").replace(",", ";").encode()),
        "all taken",
    ),
    "lines above the header": Dirt(
        text(lambda t: f"Extract of the register\r\n\r\n{t}".encode()),
        "1 line above the header was passed over",
    ),
    "a quotation mark left open": Dirt(
        text(lambda t: t.replace(FIRST, f'"{FIRST}', 1).encode()),
        "URN 100000, row 2): the row cannot be read: a quotation mark is out of place: 100000,982",
        schools=11,
        pupils=3_400,
        urn=100_001,
        easting=X0 + 2_000,
    ),
    "a comma too many": Dirt(
        text(
            lambda t: (
                t.replace(FIRST, f"{FIRST}, the", 1)
                .replace("\r\n100001", ",x\r\n100001", 1)
                .encode()
            )
        ),
        "(URN 100000, row 2): the row cannot be read: 141 cells, the header has 139",
        schools=11,
        pupils=3_400,
        urn=100_001,
        easting=X0 + 2_000,
    ),
    "blank rows": Dirt(text(lambda t: (t + "\r\n" + "," * 138 + "\r\n").encode()), "all taken"),
    "a zip file": Dirt(zipped, "all taken"),
    "columns of the council's own": Dirt(columns_of_our_own, "all taken"),
    # --- which rows ---
    "closed": Dirt(
        cells(status="Closed", CloseDate="31-08-2012"),
        "  closed  ",
        11,
        3_400,
        100_001,
        easting=X0 + 2_000,
    ),
    "proposed to open": Dirt(
        cells(status="Proposed to open"),
        "  not open yet  ",
        11,
        3_400,
        100_001,
        easting=X0 + 2_000,
    ),
    "proposed to close": Dirt(
        cells(status="Open, but proposed to close", CloseDate="31-08-2024"),
        f"open, but proposed to close: {FIRST}: 31-08-2024",
    ),
    "closed in the past and yet open": Dirt(
        cells(CloseDate="31-08-2020"), "open, but with a closing date that has passed"
    ),
    "a status nobody knows": Dirt(
        cells(status="Pending"), f'status not known, taken for open: {FIRST}: "Pending"'
    ),
    "independent": Dirt(
        cells(kind="Other independent school"),
        "  independent school  ",
        11,
        3_400,
        100_001,
        easting=X0 + 2_000,
    ),
    "sixth form": Dirt(
        cells(kind="Sixth form centres", phase="16 plus"),
        "  16 plus: sixth form or further education  ",
        11,
        3_400,
        100_001,
        easting=X0 + 2_000,
    ),
    "children's centre with a curly apostrophe": Dirt(
        cells(kind="Children\u2019s centre"),
        "  children's centre  ",
        11,
        3_400,
        100_001,
        easting=X0 + 2_000,
    ),
    "another authority": Dirt(
        cells(la="999", la_name="Elsewhere"),
        "  other authorities (1)  ",
        11,
        3_400,
        100_001,
        easting=X0 + 2_000,
    ),
    "the same row twice": Dirt(more(AGAIN), "  the same row again  "),
    "two sites under one URN": Dirt(
        more(AGAIN.with_(pupils="80")), "two rows for one URN (two sites, perhaps)"
    ),
    "merged schools both open": Dirt(
        more(
            school(
                LAST + 1,
                X0 + 6_100,
                Y0 + 4_000,
                name=AGAIN.cells["EstablishmentName"],
                Postcode=AGAIN.cells["Postcode"],
            )
        ),
        "another open school has its name and postcode (merged, perhaps): 2 schools",
        schools=13,
        pupils=3_800,
    ),
    "urn as a decimal": Dirt(cells(URN="100000.0"), "all taken"),
    "no urn": Dirt(
        cells(URN=""),
        f"{FIRST} (URN blank, row 2): no URN",
        11,
        3_400,
        100_001,
        easting=X0 + 2_000,
    ),
    # --- phases ---
    "middle deemed secondary": Dirt(
        cells(phase="Middle deemed secondary", low="9", high="13"), "  middle  ", phase="middle"
    ),
    "for all ages in wales": Dirt(
        cells(phase="Middle", low="3", high="18"),
        f'phase guessed: {FIRST}: all-through, from ages 3 to 18 (the file says "Middle")',
        phase="all-through",
    ),
    "special with phase not applicable": Dirt(
        cells(kind="Community special school", phase="Not applicable"),
        "  special  ",
        phase="special",
    ),
    "no phase but ages": Dirt(
        cells(phase="Not applicable", low="4", high="18"),
        f"phase guessed: {FIRST}: all-through, from ages 4 to 18",
        phase="all-through",
    ),
    "no phase and no ages": Dirt(
        cells(phase="", low="", high="", name="Made Endeavour"),
        "Made Endeavour (URN 100000, row 2): phase not known",
        11,
        3_400,
        100_001,
        easting=X0 + 2_000,
    ),
    # --- pupils ---
    "blank pupils": Dirt(
        cells(pupils=""), f"pupils estimated: {FIRST}: {AS_LARGE}; pupils are missing"
    ),
    "pupils with a comma": Dirt(cells(pupils="1,200"), "all taken", pupils=4_600),
    **{
        f"pupils {symbol}": Dirt(
            cells(pupils=symbol), f'pupils estimated: {FIRST}: {AS_LARGE}; pupils "{symbol}"'
        )
        for symbol in ("c", "x", "z", ":", "SUPP", "NE", "LOW", ".")
    },
    "negative pupils": Dirt(
        cells(pupils="-5"), f"pupils estimated: {FIRST}: {AS_LARGE}; pupils -5 is negative"
    ),
    "suppressed in the census": Dirt(census("100000,c"), f"pupils estimated: {FIRST}: {AS_LARGE}"),
    "missing from the census": Dirt(census("999999,5"), f"pupils estimated: {FIRST}: {AS_LARGE}"),
    "several rows in the census": Dirt(
        census("100000,120\n100000,80"),
        f"pupils estimated: {FIRST}: {AS_LARGE}",
    ),
    # --- places ---
    "easting 0 with a postcode file": Dirt(
        postcodes(Easting="0", Northing="0"), "placed by its postcode: the register has no coord"
    ),
    "easting blank with a postcode file": Dirt(
        postcodes(Easting="", Northing=""), f"coordinates: {FIRST}: ZZ1 1AA; the register says"
    ),
    "easting in kilometres": Dirt(
        cells(Easting=f"{X0 / 1000}"),
        "  no location  ",
        schools=11,
        pupils=3_400,
        urn=100_001,
        easting=X0 + 2_000,
    ),
    "easting blank without": Dirt(
        cells(Easting="", Northing=""),
        f"{FIRST} (URN 100000, row 2): no location: easting and northing missing",
        11,
        3_400,
        100_001,
        easting=X0 + 2_000,
    ),
    "metres times ten": Dirt(
        cells(Easting=f"{10 * X0:.0f}", Northing=f"{10 * Y0:.0f}"),
        "mended: Made Primary School 100000: divided by ten: the register says easting 4000000",
    ),
    "easting alone times ten": Dirt(
        cells(Easting=f"{10 * X0:.0f}"), f"coordinates mended: {FIRST}: easting divided by ten"
    ),
    "degrees under easting and northing": Dirt(
        cells(Easting="-2.00155", Northing="52.50768"),
        f"coordinates mended: {FIRST}: degrees in place of metres",
    ),
    "easting and northing exchanged": Dirt(
        cells(Easting=f"{Y0:.0f}", Northing=f"{X0:.0f}"),
        f"coordinates mended: {FIRST}: easting and northing exchanged: the register says easting",
    ),
    "latitude and longitude exchanged": Dirt(
        swapped_degrees,
        "coordinates mended: Made Primary School 100000: latitude and longitude exchanged",
    ),
    "far away": Dirt(
        cells(Easting="610000", Northing="310000"),
        f"{FIRST} (URN 100000, row 2): far outside the authority: 20",
        11,
        3_400,
        100_001,
        easting=X0 + 2_000,
    ),
    "just outside": Dirt(
        cells(Easting=f"{X0 - 4_000:.0f}"),
        f"stands outside the outline, which is carried out to it: {FIRST}: 1.0 km",
        easting=X0 - 4_000,
    ),
    "coordinates far from the postcode": Dirt(
        postcodes(Easting=f"{X0 + 6_000:.0f}"),
        f"coordinates and postcode disagree: {FIRST}: 6.0 km from ZZ1 1AA",
        easting=X0 + 6_000,
    ),
    # --- names ---
    "quotes": Dirt(cells(name='The "Ash" O\'Made School'), "all taken"),
    "a script": Dirt(
        cells(name="<script>alert(1)</script> School"), "a formula or a script; kept as plain text"
    ),
    "a formula": Dirt(
        cells(name="=HYPERLINK(1) School"), "a formula or a script; kept as plain text"
    ),
    "no name": Dirt(cells(name=""), "no name: School without a name (URN 100000)"),
    # --- boundaries ---
    "web mercator": Dirt(in_format("lad.gpkg", "EPSG:3857"), "all taken"),
    "shapefile": Dirt(in_format("lad.shp"), "all taken"),
    "zipped shapefile": Dirt(in_format("lad.zip", "EPSG:27700"), "all taken"),
    "geoparquet": Dirt(in_format("lad.parquet"), "all taken"),
    "geojson in windows text": Dirt(geojson_without_system, "all taken"),
    "bow-tie": Dirt(
        layer(bow_tie), "Layer district: 1 boundaries that cross themselves were mended: Aldham."
    ),
    "an area on two rows": Dirt(
        layer(split_area), "areas that stand on several rows are put together: Aldham."
    ),
    "two areas of one name": Dirt(
        layer(namesake), "areas of one name are told apart by their code: Central."
    ),
    "areas that overlap": Dirt(
        layer(overlapping), "ground that two areas shared was taken from the larger: Aldham and Bi"
    ),
    "an area without a polygon": Dirt(layer(with_empty_row), "1 rows have no polygon: Nowhere."),
}
