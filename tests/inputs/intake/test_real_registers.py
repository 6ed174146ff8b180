"""Registers as they were really downloaded, and what else goes wrong with their kind.

Each of the four goes whole through the command line; of each, mutations of the same kind must give
the same schools, pupils and groups, or say what cannot be known.
"""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
from shapely import GeometryCollection, LineString, force_3d, set_precision

from cluster_optimiser import cli
from cluster_optimiser.batch.starting import Destination, with_clusters
from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.intake.intake import LayerFile, Request, take_in
from cluster_optimiser.present.intake.account import summary_lines

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parents[2] / "data" / "registers"

Rows = list[list[str]]


@dataclass
class Case:
    """A register and its boundaries, to be changed before they are read."""

    request: Request

    def rows(self, change: Callable[[Rows], Rows], **how: str) -> Case:
        """Change the register's rows."""
        with self.request.schools.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        text = io.StringIO()
        csv.writer(text, delimiter=how.get("delimiter", ",")).writerows(change(rows))
        self.request.schools.write_text(text.getvalue(), encoding="utf-8", newline="")
        return self

    def text(self, old: str, new: str) -> Case:
        """Change the register's text."""
        text = self.request.schools.read_text(encoding="utf-8-sig")
        assert old in text
        self.request.schools.write_text(text.replace(old, new), encoding="utf-8", newline="")
        return self

    def headings(self, *pairs: tuple[str, str]) -> Case:
        """Give columns other headings."""
        new = dict(pairs)
        return self.rows(lambda rows: [[new.get(name, name) for name in rows[0]], *rows[1:]])

    def cells(self, urn: str, **values: str) -> Case:
        """Change cells of one row."""

        def change(rows: Rows) -> Rows:
            row = next(row for row in rows if row[0] == urn)
            for column, value in values.items():
                row[rows[0].index(column)] = value
            return rows

        return self.rows(change)

    def layer(self, change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame], name: str) -> Case:
        """Write the boundaries otherwise."""
        (layer,) = self.request.layers
        path = layer.path.with_name(name)
        change(gpd.read_file(layer.path)).to_file(path)
        self.request = replace(self.request, layers=(replace(layer, path=path),))
        return self


def each(change: Callable[[list[str]], list[str]]) -> Callable[[Case], Case]:
    """Change every row but the headings."""
    return lambda case: case.rows(lambda rows: [rows[0], *map(change, rows[1:])])


def last(column: str) -> Callable[[Case], Case]:
    """Put a column last, the cells of links without a heading behind it."""

    def change(rows: Rows) -> Rows:
        at, n = rows[0].index(column), len(rows[0]) - 1
        moved = [[*row[:at], *row[at + 1 : n], row[at]] for row in rows]
        return [moved[0], *(own + row[n:] for own, row in zip(moved[1:], rows[1:], strict=True))]

    return lambda case: case.rows(change)


def aged(urn: str, low: str, high: str) -> Callable[[Case], Case]:
    """Give a school other ages."""
    return lambda case: case.cells(urn, StatutoryLowAge=low, StatutoryHighAge=high)


def without(*columns: str) -> Callable[[Case], Case]:
    """Leave out columns."""

    def change(rows: Rows) -> Rows:
        kept = [i for i, name in enumerate(rows[0]) if name not in columns]
        return [[row[i] for i in kept] for row in rows]

    return lambda case: case.rows(change)


def collected(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make each polygon a collection with a stray line, as rounding may."""
    line = LineString([(580_000, 150_000), (580_001, 150_000)])
    return frame.assign(geometry=[GeometryCollection([s, line]) for s in frame.geometry])


WHOLE = {
    "linked": ("Hampshire", 8, 3_201),
    "kent": ("Kent", 33, 18_420),
    "northumberland": ("Northumberland", 43, 15_453),
    "edubase2017": ("Southampton", 22, 0),
}
"""File of a register -> its authority, schools and pupils."""

AMBLE, MORPETH, COLLEGE = "122174", "122210", "122363"
FAR = "147867"  # Ebbsfleet Green, 8 km outside the district that it states
AWAY = "stands outside the area that its own row states"
PHASE, STATUS = "Phase of education", "Establishment status"

MUTANTS: dict[str, tuple[Callable[[Case], Case], str]] = {
    # More cells than headings: no row may be lost.
    "linked: six more": (each(lambda r: [*r, *["115996 Predecessor"] * 6]), ""),
    "linked: after blanks": (each(lambda r: [*r, "", "", "115996 Predecessor"]), ""),
    "linked: like a roll": (each(lambda r: [*r, "420"]), ""),
    "linked: like a place": (each(lambda r: [*r, "472080", "139716"]), ""),
    "linked: like a school": (each(lambda r: [*r, "115850", "Open", "Primary", "SO1 1AA"]), ""),
    "linked: no heading": (lambda c: c.rows(lambda rows: [rows[0][:-1], *rows[1:]]), ""),
    "linked: roll last": (last("NumberOfPupils"), ""),
    "linked: URN last": (last("URN"), ""),
    "linked: semicolons": (lambda c: c.rows(lambda rows: rows, delimiter=";"), ""),
    "linked: blank headings": (lambda c: c.rows(lambda rows: [[*rows[0], "", ""], *rows[1:]]), ""),
    "linked: comma": (lambda c: c.text('"116470 Predecessor"', "116470 St Mary, Predecessor"), ""),
    "linked: torn behind": (
        lambda c: c.text('"116470 Predecessor"', '"116470 Predecessor'),
        "Row 9: taken, as what is damaged stands behind all that is used.",
    ),
    "linked: name last": (
        last("EstablishmentName"),
        "row 2: no row can be read: 111 cells, the header has 110",
    ),
    # A school far from where its row says it is; areas that are no plain polygons.
    "kent: swapped": (
        lambda c: c.cells(FAR, Easting="169082", Northing="571407"),
        "easting and northing exchanged",
    ),
    "kent: another": (
        lambda c: c.cells(FAR, Easting="571500", Northing="169200"),
        f"{AWAY}: Ebbsfleet Green Primary School: 8.3 km outside Dartford (district)",
    ),
    "kent: capitals": (lambda c: c.text('"Dartford","Ebb', '"DARTFORD","Ebb'), f"{AWAY}: Ebbsfl"),
    "kent: of the": (lambda c: c.text('"Dartford","E', '"Borough of Dartford","E'), f"{AWAY}: Ebb"),
    "kent: no place": (
        lambda c: c.cells(FAR, Easting="0", Northing="0"),
        "Ebbsfleet Green Primary School (URN 147867, row 33): no location",
    ),
    "kent: far away": (
        lambda c: c.cells(FAR, Easting="500000"),
        "Ebbsfleet Green Primary School (URN 147867, row 33): far outside the authority",
    ),
    "kent: collections": (lambda c: c.layer(collected, "d.gpkg"), f"{AWAY}: Ebbsfleet"),
    "kent: degrees": (lambda c: c.layer(lambda g: g.to_crs(4326), "d.geojson"), f"{AWAY}: Ebbs"),
    "kent: shapefile": (lambda c: c.layer(lambda g: g, "d.shp"), f"{AWAY}: Ebbsfleet"),
    "kent: heights": (
        lambda c: c.layer(lambda g: g.set_geometry(force_3d(g.geometry)), "d.gpkg"),
        f"{AWAY}: Ebbsfleet",
    ),
    "kent: rounded": (
        lambda c: c.layer(lambda g: g.set_geometry(set_precision(g.geometry, 100)), "d.gpkg"),
        f"{AWAY}: Ebbsfleet",
    ),
    # Three tiers: the first schools of Amble feed the college there, which begins at nine.
    "northumberland: at ten": (aged(COLLEGE, "8", "18"), ""),
    "northumberland: to sixteen": (aged(COLLEGE, "9", "16"), ""),
    "northumberland: decimals": (aged(COLLEGE, "9.0", "18.0"), ""),
    "northumberland: reversed": (aged(COLLEGE, "18", "9"), "above the highest: read as exchanged"),
    "northumberland: blank": (aged(AMBLE, "", ""), "ages not known: who feeds whom is told by"),
    "northumberland: by name": (aged(MORPETH, "", ""), "ages not known: who feeds whom is told by"),
    "northumberland: in words": (aged(MORPETH, "3", "nine"), "an age that cannot be read: Morpeth"),
    "northumberland: to eight": (aged(AMBLE, "4", "8"), ""),
    "northumberland: to ten": (aged(AMBLE, "4", "10"), ""),
    "northumberland: middle": (
        lambda c: c.text("Middle deemed secondary", "Middle deemed primary"),
        "",
    ),
    "northumberland: no phase": (
        without("PhaseOfEducation (name)"),
        "phases are told from types, ages and names",
    ),
    "northumberland: at twelve": (aged("137746", "12", "18"), ""),
    # Headings of another vintage.
    "edubase2017: unlike": (lambda c: c.headings((PHASE, "Kind")), '"Kind" was taken for phase'),
    "edubase2017: misspelt": (
        lambda c: c.headings((PHASE, "Phase of educatoin")),
        '"Phase of educatoin" was taken for phase: a guess by its spelling',
    ),
    "edubase2017: two may be": (
        lambda c: c.headings((PHASE, "Stage"), ("Sixth form", "Stage of sixth form")),
        '"Stage" was taken for phase: a guess by its values',
    ),
    "edubase2017: gone": (without(PHASE), 'No heading is phase ("PhaseOfEducation (name)")'),
    "edubase2017: status": (
        lambda c: c.headings((STATUS, "Now")),
        "Is one of these headings status? Now. None was used",
    ),
    "edubase2017: type": (
        lambda c: c.headings(("Type of establishment", "Category")),
        '"Category" was taken for type: a guess by its values',
    ),
    "edubase2017: ages": (
        lambda c: c.headings(("Statutory lowest age", "A1"), ("Statutory highest age", "A2")),
        'No heading is low_age ("StatutoryLowAge") or high_age ("StatutoryHighAge")',
    ),
    "edubase2017: capitals": (
        lambda c: c.rows(lambda rows: [[name.upper() for name in rows[0]], *rows[1:]]),
        "",
    ),
    "edubase2017: underscores": (
        lambda c: c.rows(lambda rows: [[n.lower().replace(" ", "_") for n in rows[0]], *rows[1:]]),
        "",
    ),
    "edubase2017: reversed": (lambda c: c.rows(lambda rows: [row[::-1] for row in rows]), ""),
    "edubase2017: grid": (
        lambda c: c.headings(("X", "Grid E"), ("Y", "Grid N")),
        "Is one of these headings easting? Grid E, Grid N. None was used",
    ),
    "edubase2017: rolls": (
        lambda c: c.headings(("Boarders", "Pupil numbers")),
        "Is one of these headings pupils? Pupil numbers. None was used",
    ),
}  # fmt: skip
"""Register and what is done to it -> how, and what must be said of it."""

LOST = {"kent: no place", "kent: far away"}
REFUSED = {"linked: name last", "edubase2017: grid"}


def case_of(which: str, folder: Path) -> Case:
    """Copy a register and its boundaries."""
    for path in DATA.glob(f"{which}*"):
        shutil.copy(path, folder)
    areas = folder / f"{which}_districts.geojson"
    layers = (LayerFile("district", areas),) if areas.exists() else ()
    return Case(Request(name=WHOLE[which][0], schools=folder / f"{which}.csv", layers=layers))


@pytest.mark.parametrize("which", WHOLE)
def test_a_register_as_it_was_downloaded_goes_through(
    which: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, (name, n_schools, pupils) = case_of(which, tmp_path), WHOLE[which]
    layers = [f"--layer=district={one.path}" for one in case.request.layers]
    into = tmp_path / "council"
    args = ["new", name, f"--schools={case.request.schools}", f"--into={into}", *layers]
    cli.app.main(args, standalone_mode=False)
    said = capsys.readouterr().out
    with (into / "boundaries" / name.lower() / "schools.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == n_schools
    assert sum(int(row["pupils"] or 0) for row in rows) == pupils
    assert "Option 1 leaves" in said


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[int, str]]:
    """Group the schools of each register as it came."""
    made = {}
    for which in WHOLE:
        folder = tmp_path_factory.mktemp(which)
        taken = take_in(case_of(which, folder).request)
        made[which] = with_clusters("x", taken, Destination(folder)).cluster.to_dict()
    return made


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_like_of_it_is_taken_alike_or_told(
    mutant: str, tmp_path: Path, groups: dict[str, dict[int, str]]
) -> None:
    which, (change, says) = mutant.partition(":")[0], MUTANTS[mutant]
    request = change(case_of(which, tmp_path)).request
    if mutant in REFUSED:
        with pytest.raises(InputError) as caught:
            take_in(request)
        assert says in str(caught.value)
        return
    taken = take_in(request)
    lines = "\n".join(summary_lines(taken))
    assert says in lines
    expected = {u: g for u, g in groups[which].items() if mutant not in LOST or u != int(FAR)}
    assert with_clusters("x", taken, Destination(tmp_path)).cluster.to_dict() == expected
    lost = 50 if mutant in LOST else 0
    assert int(taken.schools["pupils"].fillna(0).sum()) == WHOLE[which][2] - lost
