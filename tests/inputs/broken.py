"""Broken authorities: the authority of `tests/data/authority` with one fault each.

A table that tests of the readers and of the command line share: what is changed, and what must be
said of it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BASE = Path(__file__).parents[1] / "data" / "authority"

SCHOOLS, TOML, DISTRICTS = "schools.csv", "authority.toml", "districts.geojson"
CLUSTERS, CENTRES, MINUTES = "clusters.geojson", "centres.csv", "minutes.csv"

NO_CRS = '"crs": { "type": "name", "properties": { "name": "urn:ogc:def:crs:EPSG::27700" } },'
EAST_RING = (
    "[610000, 300000], [620000, 300000], [620000, 310000], [610000, 310000], [610000, 300000]"
)
BANDS = "bands = [{ up_to_km = 10, min_per_km = 1.3 }, { min_per_km = 0.9 }]"
MATRIX_HEADER = "from_urn,to_urn,minutes\n"


@dataclass(frozen=True)
class Edit:
    """A change of one file of the base.

    Parameters
    ----------
    file
        The file.
    old
        Text that is replaced, once; None to replace the whole file.
    new
        Text in its place; None to remove the file.
    """

    file: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Broken:
    """A broken authority, and the fault that must be found in it.

    Parameters
    ----------
    fault
        What is wrong, as the name of the test.
    edits
        What is changed in the base.
    file, row
        Where the fault must be said to be.
    about
        Part of the subject.
    says
        Part of the problem.
    remedy
        Part of the remedy.
    """

    fault: str
    edits: tuple[Edit, ...]
    file: str
    row: int
    about: str
    says: str
    remedy: str

    def make(self, folder: Path) -> Path:
        """Write the broken authority into a folder and give its path."""
        return make_authority(folder, *self.edits)


def make_authority(folder: Path, *edits: Edit) -> Path:
    """Copy the base into ``folder / "threeshire"`` and change it."""
    target = folder / "threeshire"
    shutil.copytree(BASE, target)
    for edit in edits:
        path = target / edit.file
        if edit.new is None:
            path.unlink()
        elif edit.old is None:
            path.write_text(edit.new, encoding="utf-8", newline="")
        else:
            text = path.read_text(encoding="utf-8")
            if edit.old not in text:
                message = f"{edit.old!r} is not in {edit.file}: the table is out of date"
                raise LookupError(message)
            path.write_text(text.replace(edit.old, edit.new, 1), encoding="utf-8", newline="")
    return target


def _schools(old: str, new: str) -> tuple[Edit, ...]:
    return (Edit(SCHOOLS, old, new),)


def _toml(old: str, new: str) -> tuple[Edit, ...]:
    return (Edit(TOML, old, new),)


def _matrix(rows: str) -> tuple[Edit, ...]:
    return (
        Edit(TOML, 'method = "estimate"', 'method = "matrix"\nfile = "minutes.csv"'),
        Edit(MINUTES, None, MATRIX_HEADER + rows),
    )


def broken_authorities() -> tuple[Broken, ...]:
    """Give every broken authority."""
    return (
        *_broken_registers(),
        *_broken_boundaries(),
        *_broken_areas(),
        *_broken_settings(),
        *_broken_travel(),
    )


def _broken_areas() -> tuple[Broken, ...]:
    """Give those whose pupils are counted where they live."""
    table = f'[areas]\nfile = "{CLUSTERS}"\nname = "cluster"\npupils = "live"'
    areas = Edit(TOML, f'[clusters]\nfile = "{CLUSTERS}"', table)

    def live(ash: str = "900", **_: str) -> tuple[Edit, ...]:
        figures = {"Ash": ash, "Birch": "800", "Cedar": "700"}
        return (
            areas,
            *(Edit(CLUSTERS, f'"{n}"', f'"{n}", "live": {p}') for n, p in figures.items()),
        )

    def broken(fault: str, edits: tuple[Edit, ...], *said: Any) -> Broken:
        return Broken(f"areas where pupils live: {fault}", edits, *said)

    no_column = 'there is no column "live"'
    ring = "[608000, 310000], [600000, 310000], [600000, 300000]"
    ring = f"[600000, 300000], [608000, 300000], {ring}"
    return (
        broken("no column of pupils", (areas,), CLUSTERS, 0, "live", no_column, "Add it"),
        broken("no number", live('"many"'), CLUSTERS, 1, "Ash", '"many" is no number', "0 where"),
        broken("blank", live("null"), CLUSTERS, 1, "Ash", "is missing", "0 where nobody lives"),
        broken("half a pupil", live("1.5"), CLUSTERS, 1, "Ash", "1.5 pupils cannot live", "whole"),
        broken("fewer than none", live("-3"), CLUSTERS, 1, "Ash", "-3 pupils cannot live", "whole"),
        broken(
            "one name twice",
            (areas, *live()[1:], Edit(CLUSTERS, '"Birch"', '"Ash"')),
            *(CLUSTERS, 2, "Ash", "stands on row 1 already", "Rename one"),
        ),
        broken(
            "overlap",
            (*live(), Edit(CLUSTERS, "[608000, 310000], [600000", "[608200, 310000], [600000")),
            *(CLUSTERS, 2, "Birch", '"Ash" and "Birch" overlap', "row 1"),
        ),
        broken(
            "a school in none",
            (*live(), Edit(CLUSTERS, ring, ring.replace("[600000", "[604000"))),
            *(SCHOOLS, 2, "URN 100001", "lies in no area", "give area in a column"),
        ),
        broken(
            "clusters as well",
            (*live(), Edit(TOML, "[areas]", f'[clusters]\nfile = "{CLUSTERS}"\n[areas]')),
            *(TOML, 0, "areas", "or in clusters of schools", "Remove [clusters]"),
        ),
        broken(
            "a school numbered as an area",
            (*live(), Edit(SCHOOLS, "100002,", "900000002,")),
            *(SCHOOLS, 3, "URN 900000002", "those of areas", "own URN"),
        ),
    )


def _broken_registers() -> tuple[Broken, ...]:
    ash = "100001,Ash High School,secondary,603000,305000"
    return (
        Broken(
            "schools file is missing",
            (Edit(SCHOOLS, None, None), Edit("schols.csv", None, "urn\n1\n")),
            *(TOML, 0, "schools.file", 'no file "schools.csv"', 'mean "schols.csv"'),
        ),
        Broken(
            "schools file is empty",
            (Edit(SCHOOLS, None, ""),),
            *(SCHOOLS, 0, "", "the file is empty", "Put the data in"),
        ),
        Broken(
            "schools file has a header only",
            (Edit(SCHOOLS, None, "urn,name,phase,easting,northing,pupils,cluster,gp_group\n"),),
            *(SCHOOLS, 0, "", "a header but no rows", "Put the data in"),
        ),
        Broken(
            "column is missing",
            _schools(",pupils,", ",pupil_count,"),
            *(SCHOOLS, 1, "pupils", 'no column "pupils"', 'pupils = "pupil_count"'),
        ),
        Broken(
            "columns of coordinates are missing",
            _schools("easting,northing", "x,y"),
            *(SCHOOLS, 1, "coordinates", "there are no coordinates", "[schools.columns]"),
        ),
        Broken(
            "column stands twice",
            _schools("gp_group,faith", "gp_group,gp_group"),
            *(SCHOOLS, 1, "gp_group", "stands twice", "Rename or remove"),
        ),
        Broken(
            "row has a cell too many",
            _schools("Ash Primary School,", "Ash, Primary School,"),
            *(SCHOOLS, 3, "", "the row has 10 cells, the header has 9", "quotation marks"),
        ),
        Broken(
            "quotation mark is left open",
            _schools("Birch,North,None", 'Birch,North,"None'),
            *(SCHOOLS, 4, "", "the row cannot be read", "not closed"),
        ),
        Broken(
            "URN stands twice",
            _schools("100003,", "100001,"),
            *(SCHOOLS, 4, "URN 100001", "stands on row 2 already", "Keep one of the two"),
        ),
        Broken(
            "URN is no number",
            _schools("100003,", "E100003,"),
            *(SCHOOLS, 4, "Birch High School", '"E100003" is not a URN', "whole number"),
        ),
        Broken(
            "URN is shortened by a spreadsheet",
            _schools("100003,", "1.00E+05,"),
            *(SCHOOLS, 4, "Birch High School", '"1.00E+05" is not a URN', "shortened it"),
        ),
        Broken(
            "URN is blank",
            _schools("100003,", ","),
            *(SCHOOLS, 4, "Birch High School", "the URN is blank", "or remove the row"),
        ),
        Broken(
            "name of a school is too long",
            _schools("Birch High School", "B" * 10_000),
            *(SCHOOLS, 4, "URN 100003", 'BBB..." has 10,000 letters, 200 at most', "Shorten it"),
        ),
        Broken(
            "a formula of a layer's column has failed",
            _schools("900,Birch,North", "900,Birch,#N/A"),
            *(SCHOOLS, 4, "URN 100003", '"#N/A" is no name: a spreadsheet', "Put in the name"),
        ),
        Broken(
            "name of a school is missing",
            _schools("Birch High School", ""),
            *(SCHOOLS, 4, "URN 100003", "the name is missing", "Give the school's name"),
        ),
        Broken(
            "phase is unknown",
            _schools("Ash Primary School,primary", "Ash Primary School,primry"),
            *(SCHOOLS, 3, "URN 100002", 'unknown phase "primry"', 'mean "primary"'),
        ),
        Broken(
            "pupils are missing",
            _schools(",900,", ",,"),
            *(SCHOOLS, 4, "URN 100003", "pupils are missing", "schools.unknown_pupils"),
        ),
        Broken(
            "pupils are negative",
            _schools(",900,", ",-900,"),
            *(SCHOOLS, 4, "URN 100003", "-900 is negative", "0 or more"),
        ),
        Broken(
            "pupils are not whole",
            _schools(",900,", ",900.5,"),
            *(SCHOOLS, 4, "URN 100003", "900.5 is not a whole number", "full-time"),
        ),
        Broken(
            "pupils are shortened by a spreadsheet",
            _schools(",900,", ",9.0E+02,"),
            *(SCHOOLS, 4, "URN 100003", "pupils 9.0E+02 is rounded", "shortened it"),
        ),
        Broken(
            "pupils have a point that may part thousands",
            _schools(",900,", ",1.234,"),
            *(SCHOOLS, 4, "URN 100003", "1.234 is not a whole number", "thousands, write 1234"),
        ),
        Broken(
            "pupils are beyond counting",
            _schools(",900,", ",9223372036854775000,"),
            *(SCHOOLS, 4, "URN 100003", "more than any school has", "0 or more"),
        ),
        Broken(
            "pupils are not a number",
            _schools(",900,", ",many,"),
            *(SCHOOLS, 4, "URN 100003", '"many" is not a number', "0 or more"),
        ),
        Broken(
            "pupils are withheld",
            _schools(",900,", ",c,"),
            *(SCHOOLS, 4, "URN 100003", '"c" is a symbol', "schools.unknown_pupils"),
        ),
        Broken(
            "coordinates are missing",
            _schools("609000,305000", ","),
            *(SCHOOLS, 4, "URN 100003", "easting and northing missing", "coordinates"),
        ),
        Broken(
            "coordinates are zero",
            _schools("609000,305000", "0,0"),
            *(SCHOOLS, 4, "URN 100003", "stands for not known", "coordinates"),
        ),
        Broken(
            "coordinates are no number",
            _schools("609000,305000", "TG1234,305000"),
            *(SCHOOLS, 4, "URN 100003", 'easting "TG1234" is not a number', "figures"),
        ),
        Broken(
            "degrees where metres are asked",
            _schools("609000,305000", "1.1,52.6"),
            *(SCHOOLS, 4, "URN 100003", "look like degrees", "lat and lon"),
        ),
        Broken(
            "school lies outside the outline",
            _schools("609000,305000", "609000,315000"),
            *(SCHOOLS, 4, "URN 100003", "5.0 km outside", "Correct its coordinates"),
        ),
        Broken(
            "easting and northing are swapped",
            _schools("609000,305000", "305000,609000"),
            *(SCHOOLS, 4, "URN 100003", "outside the authority's outline", "exchange the two"),
        ),
        Broken(
            "school has no cluster",
            _schools("900,Birch", "900,"),
            *(SCHOOLS, 4, "URN 100003", "has no cluster", "Fill in its cluster"),
        ),
        Broken(
            "local cluster has no polygon",
            (
                Edit(SCHOOLS, "cluster,gp_group,faith", "cluster,gp_group,local_cluster"),
                Edit(SCHOOLS, f'{ash},"1,200",Ash,North,None', f'{ash},"1,200",Ash,North,Ashe'),
                Edit(SCHOOLS, "Ash,North,Roman Catholic", "Ash,North,Ash"),
                Edit(SCHOOLS, "Birch,North,None", "Birch,North,Birch"),
                Edit(SCHOOLS, "Birch,South,None", "Birch,South,Birch"),
                Edit(SCHOOLS, "Cedar,South,None", "Cedar,South,Cedar"),
            ),
            *(SCHOOLS, 2, "URN 100001", 'no polygon is called "Ashe"', 'mean "Ash"'),
        ),
        Broken(
            "acknowledged URN is not there",
            _toml("[100006]", "[100006, 100009]"),
            *(TOML, 0, "URN 100009", "no school with this URN", "Did you mean"),
        ),
        Broken(
            "acknowledged URN has a figure",
            _toml("[100006]", "[100006, 100003]"),
            *(TOML, 0, "URN 100003", "schools.csv, row 4, does give a figure: 900", "Remove"),
        ),
        Broken(
            "mapped column is not there",
            _toml("[clusters]", '[schools.columns]\npupils = "Pupils"\n[clusters]'),
            *(TOML, 0, "schools.columns.pupils", 'no column "Pupils"', 'mean "pupils"'),
        ),
    )


def _broken_boundaries() -> tuple[Broken, ...]:
    return (
        Broken(
            "areas of a layer overlap",
            (Edit(DISTRICTS, EAST_RING, EAST_RING.replace("610000", "609000")),),
            *(DISTRICTS, 2, "East", '"West" and "East" overlap by 1,000.0 ha', "row 1"),
        ),
        Broken(
            "clusters overlap",
            (Edit(CLUSTERS, "[608000, 310000], [600000", "[608200, 310000], [600000"),),
            *(CLUSTERS, 2, "Birch", '"Ash" and "Birch" overlap by 100.0 ha', "row 1"),
        ),
        Broken(
            "area name stands twice",
            (
                Edit(DISTRICTS, '"East"', '"West"'),
                Edit(TOML, ', "East" = "All of it"', ""),
            ),
            *(DISTRICTS, 2, "West", "stands on row 1 already", "Rename one"),
        ),
        Broken(
            "area has no name",
            (Edit(DISTRICTS, '"East"', "null"),),
            *(DISTRICTS, 2, "layers.district", "the area has no name", '"name"'),
        ),
        Broken(
            "column of names is missing",
            _toml('title = "Districts"', 'title = "Districts"\nname = "names"'),
            *(DISTRICTS, 0, "names", 'no column "names"', 'name = "name" under [layers.district]'),
        ),
        Broken(
            "area is a line",
            (
                Edit(
                    DISTRICTS,
                    f'"Polygon", "coordinates": [[{EAST_RING}]]',
                    f'"LineString", "coordinates": [{EAST_RING}]',
                ),
            ),
            *(DISTRICTS, 2, "East", "a LineString, not a polygon", "Draw the area"),
        ),
        Broken(
            "layer file is not what its name says",
            (Edit(DISTRICTS, None, "name\nWest\n"),),
            *(DISTRICTS, 0, "", 'cannot be read as ".geojson"', "Save it again"),
        ),
        Broken(
            "metres without a reference system",
            (Edit(DISTRICTS, NO_CRS, ""),),
            *(DISTRICTS, 0, "", "(620000, 310000) are not degrees", "longitude, latitude"),
        ),
        Broken(
            "layer file has no features",
            (Edit(DISTRICTS, None, '{"type": "FeatureCollection", "features": []}'),),
            *(DISTRICTS, 0, "", "no features", "Put the data in"),
        ),
        Broken(
            "centre has no coordinates",
            (Edit(CENTRES, "603100,305100", ",305100"),),
            *(CENTRES, 2, "Ash Centre", "easting missing", "coordinates"),
        ),
        Broken(
            "centre stands twice",
            (Edit(CENTRES, "Cedar Centre", "Ash Centre"),),
            *(CENTRES, 3, "Ash Centre", "stands on row 2 already", "Rename one"),
        ),
        Broken(
            "polygons take the place of clusters and a school lies in none",
            (
                Edit(SCHOOLS, "cluster,gp_group", "dropped,gp_group"),
                Edit(
                    CLUSTERS,
                    "[614000, 300000], [620000, 300000]",
                    "[614000, 304000], [620000, 304000]",
                ),
                Edit(
                    CLUSTERS,
                    "[614000, 310000], [614000, 300000]",
                    "[614000, 310000], [614000, 304000]",
                ),
            ),
            *(SCHOOLS, 7, "URN 100006", "lies in no cluster", "coordinates"),
        ),
        Broken(
            "a school lies in no cluster, not in its own either",
            (
                Edit(
                    CLUSTERS,
                    "[614000, 300000], [620000, 300000]",
                    "[614000, 304000], [620000, 304000]",
                ),
                Edit(
                    CLUSTERS,
                    "[614000, 310000], [614000, 300000]",
                    "[614000, 310000], [614000, 304000]",
                ),
            ),
            *(SCHOOLS, 7, "URN 100006", "lies in no cluster", 'polygon of "Cedar", 3.0 km away'),
        ),
        Broken(
            "a school lies in no cluster and its own is not drawn",
            (
                Edit(CLUSTERS, '"Cedar"', '"Oak"'),
                Edit(
                    CLUSTERS,
                    "[614000, 300000], [620000, 300000]",
                    "[614000, 304000], [620000, 304000]",
                ),
                Edit(
                    CLUSTERS,
                    "[614000, 310000], [614000, 300000]",
                    "[614000, 310000], [614000, 304000]",
                ),
            ),
            *(SCHOOLS, 7, "URN 100006", "lies in no cluster", 'draw "Cedar", which has no polygon'),
        ),
    )


def _broken_settings() -> tuple[Broken, ...]:
    return (
        Broken(
            "settings are not TOML",
            _toml('name = "Threeshire"', "name = Threeshire"),
            *(TOML, 1, "", "not valid TOML", "Mend the line"),
        ),
        Broken(
            "unknown key",
            _toml("caveats =", "caveat ="),
            *(TOML, 0, "caveat", 'unknown key "caveat"', 'mean "caveats"'),
        ),
        Broken(
            "unknown key of a layer",
            _toml("[layers.district]\ntitle", "[layers.district]\ntitel"),
            *(TOML, 0, "layers.district.titel", 'unknown key "titel"', 'mean "title"'),
        ),
        Broken(
            "date is no date",
            _toml('data_date = "2019-01-17"', 'data_date = "January 2019"'),
            *(TOML, 0, "data_date", "'January 2019' is no date", "2019-01-17"),
        ),
        Broken(
            "name of the authority is missing",
            _toml('name = "Threeshire"\n', ""),
            *(TOML, 0, "name", "it is missing", "Add name"),
        ),
        Broken(
            "path leaves the folder",
            _toml('"districts.geojson"', '"../districts.geojson"'),
            *(TOML, 0, "layers.district.file", "leaves the folder", "Copy the file"),
        ),
        Broken(
            "path is absolute",
            _toml('"centres.csv"', '"/centres.csv"'),
            *(TOML, 0, "layers.centre.file", "leaves the folder", "Copy the file"),
        ),
        Broken(
            "area is mapped that is not there",
            _toml('"East" = "All of it"', '"East" = "All of it", "Eats" = "All of it"'),
            *(TOML, 0, "layers.division.mapping", 'no area "Eats"', 'mean "East"'),
        ),
        Broken(
            "area is not mapped",
            _toml(', "East" = "All of it"', ""),
            *(TOML, 0, "layers.division.mapping", '"East" of "district" is not', 'Add "East"'),
        ),
        Broken(
            "area is mapped to nothing",
            _toml('"East" = "All of it"', '"East" = ""'),
            *(TOML, 0, "layers.division.mapping", "mapped to a blank name", "area's name"),
        ),
        Broken(
            "layer is made from one that is not there",
            _toml('from = "district"', 'from = "distict"'),
            *(TOML, 0, "layers.division.from", 'no layer "distict"', 'mean "district"'),
        ),
        Broken(
            "layer is made from a column that is not there",
            _toml('column = "gp_group"', 'column = "gp_goup"'),
            *(TOML, 0, "layers.gp.column", 'no column "gp_goup"', 'mean "gp_group"'),
        ),
        Broken(
            "layer names no file",
            _toml('title = "Districts"\nfile = "districts.geojson"', 'title = "Districts"'),
            *(TOML, 0, "layers.district.file", "it is missing", "Add file"),
        ),
    )


def _broken_travel() -> tuple[Broken, ...]:
    last = "{ min_per_km = 0.9 }]"
    return (
        Broken(
            "travel is missing",
            _toml(f'method = "estimate"\nconstant_min = 4.0\n{BANDS}\nnote = "An estimate."\n', "")
            + _toml("[travel]\n", ""),
            *(TOML, 0, "travel", "it is missing", 'method = "estimate"'),
        ),
        Broken(
            "bands do not rise",
            _toml(last, "{ up_to_km = 5, min_per_km = 1.0 }, { min_per_km = 0.9 }]"),
            *(TOML, 0, "travel.bands.2.up_to_km", "5 km does not rise", "rising order"),
        ),
        Broken(
            "last band ends",
            _toml(last, "{ up_to_km = 50, min_per_km = 0.9 }]"),
            *(TOML, 0, "travel.bands.2.up_to_km", "ends at 50 km", "Remove up_to_km"),
        ),
        Broken(
            "first band has no end",
            _toml("up_to_km = 10, ", ""),
            *(TOML, 0, "travel.bands.1.up_to_km", "it is missing", "Add up_to_km"),
        ),
        Broken(
            "roads name no file",
            _toml('method = "estimate"', 'method = "roads"'),
            *(TOML, 0, "travel.file", "it is missing", 'Add file = "roads.gpkg"'),
        ),
        Broken(
            "method is unknown",
            _toml('method = "estimate"', 'method = "estimat"'),
            *(TOML, 0, "travel.method", 'unknown method "estimat"', 'mean "estimate"'),
        ),
        Broken(
            "matrix names no file",
            _toml('method = "estimate"', 'method = "matrix"'),
            *(TOML, 0, "travel.file", "it is missing", "minutes.csv"),
        ),
        Broken(
            "matrix names a strange school",
            _matrix("100001,100009,5\n100009,100001,5\n"),
            *(MINUTES, 2, "URN 100009", "no school with this URN (2 trips)", "correct the URN"),
        ),
        Broken(
            "matrix has a comma that may be either",
            _matrix('100001,100002,"5,250"\n100002,100001,5\n'),
            *(MINUTES, 2, "", '"5,250" may be 5.250 or 5250', "Write fractions with a point"),
        ),
        Broken(
            "matrix has negative minutes",
            _matrix("100001,100002,5\n100002,100001,-5\n"),
            *(MINUTES, 3, "URN 100002 to 100001", "-5 minutes is negative", "leave it out"),
        ),
        Broken(
            "matrix has minutes from a school to itself",
            _matrix("100001,100001,2\n"),
            *(MINUTES, 2, "URN 100001", "2 minutes from a school to itself", "Give 0"),
        ),
        Broken(
            "matrix has a trip twice",
            _matrix("100001,100002,5\n100001,100002,6\n"),
            *(MINUTES, 3, "URN 100001 to 100002", "stands on row 2 already", "Keep one"),
        ),
        Broken(
            "matrix has 0 for a trip that is not known",
            _matrix("100001,100005,0\n"),
            *(MINUTES, 2, "URN 100001 to 100005", "0 minutes between", "not known out"),
        ),
        Broken(
            "matrix has minutes that are no number",
            _matrix("100001,100005,ten\n"),
            *(MINUTES, 2, "", '"ten" is not a number', "figures"),
        ),
    )
