"""Made registers in the format of Get Information About Schools: no school in them exists.

The columns are those of a real extract; names, places and figures are made by rule, the same every
time, so that what must come out of a file is known beforehand. `MADE_LA` is an authority with a
three-tier corner, 24 secondary schools and a share of everything that is to be left out.
"""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
from shapely.geometry import box

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HEADER = """
URN|LA (code)|LA (name)|EstablishmentNumber|EstablishmentName|TypeOfEstablishment (code)
TypeOfEstablishment (name)|EstablishmentTypeGroup (code)|EstablishmentTypeGroup (name)
EstablishmentStatus (code)|EstablishmentStatus (name)|ReasonEstablishmentOpened (code)
ReasonEstablishmentOpened (name)|OpenDate|ReasonEstablishmentClosed (code)
ReasonEstablishmentClosed (name)|CloseDate|PhaseOfEducation (code)|PhaseOfEducation (name)
StatutoryLowAge|StatutoryHighAge|Boarders (code)|Boarders (name)|NurseryProvision (name)
OfficialSixthForm (code)|OfficialSixthForm (name)|Gender (code)|Gender (name)
ReligiousCharacter (code)|ReligiousCharacter (name)|ReligiousEthos (name)|Diocese (code)
Diocese (name)|AdmissionsPolicy (code)|AdmissionsPolicy (name)|SchoolCapacity
SpecialClasses (code)|SpecialClasses (name)|CensusDate|NumberOfPupils|NumberOfBoys|NumberOfGirls
PercentageFSM|TrustSchoolFlag (code)|TrustSchoolFlag (name)|Trusts (code)|Trusts (name)
SchoolSponsorFlag (name)|SchoolSponsors (name)|FederationFlag (name)|Federations (code)
Federations (name)|UKPRN|FEHEIdentifier|FurtherEducationType (name)|OfstedLastInsp
OfstedSpecialMeasures (code)|OfstedSpecialMeasures (name)|LastChangedDate|Street|Locality|Address3
Town|County (name)|Postcode|SchoolWebsite|TelephoneNum|HeadTitle (name)|HeadFirstName|HeadLastName
HeadPreferredJobTitle|BSOInspectorateName (name)|InspectorateReport|DateOfLastInspectionVisit
NextInspectionVisit|TeenMoth (name)|TeenMothPlaces|CCF (name)|SENPRU (name)|EBD (name)|PlacesPRU
FTProv (name)|EdByOther (name)|Section41Approved (name)|SEN1 (name)|SEN2 (name)|SEN3 (name)
SEN4 (name)|SEN5 (name)|SEN6 (name)|SEN7 (name)|SEN8 (name)|SEN9 (name)|SEN10 (name)|SEN11 (name)
SEN12 (name)|SEN13 (name)|TypeOfResourcedProvision (name)|ResourcedProvisionOnRoll
ResourcedProvisionCapacity|SenUnitOnRoll|SenUnitCapacity|GOR (code)|GOR (name)
DistrictAdministrative (code)|DistrictAdministrative (name)|AdministrativeWard (code)
AdministrativeWard (name)|ParliamentaryConstituency (code)|ParliamentaryConstituency (name)
UrbanRural (code)|UrbanRural (name)|GSSLACode (name)|Easting|Northing|MSOA (name)|LSOA (name)
InspectorateName (name)|SENStat|SENNoStat|BoardingEstablishment (name)|PropsName|PreviousLA (code)
PreviousLA (name)|PreviousEstablishmentNumber|OfstedRating (name)|Country (name)|UPRN|SiteName
QABName (code)|QABName (name)|EstablishmentAccredited (code)|EstablishmentAccredited (name)
QABReport|CHNumber|MSOA (code)|LSOA (code)|FSM|AccreditationExpiryDate
"""
COLUMNS = [name.strip() for name in HEADER.replace("\n", "|").split("|") if name.strip()]

FILL = {
    **{name: "999" for name in COLUMNS if name.endswith("(code)") and "District" not in name},
    **{name: "Not applicable" for name in COLUMNS if name.endswith("(name)")},
    "Trusts (name)": "",
    "SchoolWebsite": "www.example.invalid",
    "LastChangedDate": "12-09-2023",
}
"""What stands in the columns that say nothing here, so that rows are as long as real ones."""

MADE_LA, MADE_NAME, MADE_ONS = "982", "Calderbeck", "E98000082"
NATIONAL_ROWS = 25_000
ORIGIN_M = (400_000.0, 290_000.0)
WIDTH_M, HEIGHT_M = 36_000.0, 24_000.0
DISTRICTS = ("Aldham", "Birkby", "Cawdale", "Denley", "Emmerton", "Fosdyke")

GROUPS = {
    "Community school": "Local authority maintained schools",
    "Voluntary aided school": "Local authority maintained schools",
    "Academy converter": "Academies",
    "Free schools": "Free Schools",
    "Community special school": "Special schools",
    "Pupil referral unit": "Local authority maintained schools",
    "Local authority nursery school": "Local authority maintained schools",
    "Other independent school": "Independent schools",
    "Further education": "Colleges",
    "Sixth form centres": "Colleges",
    "Academy 16-19 converter": "Academies",
    "Children's centre": "Children's Centres",
    "Welsh establishment": "Welsh schools",
    "Higher education institutions": "Universities",
    "Secure units": "Other types",
}


@dataclass(frozen=True)
class Made:
    """One row of a made register, by column; everything else is blank."""

    cells: dict[str, str]

    def with_(self, **changes: str) -> Made:
        """Give the same row with other values; ``_`` in a name stands for a blank."""
        names = {
            "pupils": "NumberOfPupils",
            "status": "EstablishmentStatus (name)",
            "kind": "TypeOfEstablishment (name)",
            "phase": "PhaseOfEducation (name)",
            "low": "StatutoryLowAge",
            "high": "StatutoryHighAge",
            "name": "EstablishmentName",
            "la": "LA (code)",
            "la_name": "LA (name)",
            "district": "DistrictAdministrative (name)",
        }
        return Made(self.cells | {names.get(key, key): value for key, value in changes.items()})


@dataclass
class Register:
    """A made register with what must come out of it.

    Parameters
    ----------
    rows
        Its rows.
    taken
        Phase -> (schools, pupils) of the made authority that are to be taken.
    dropped
        Reason -> rows of the made authority that are not.
    n_others
        Rows of other authorities.
    """

    rows: list[Made]
    taken: dict[str, tuple[int, int]] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    n_others: int = 0


def school(urn: int, x_m: float, y_m: float, **changes: str) -> Made:
    """Make an open primary of 200 pupils of the made authority."""
    column = int((x_m - ORIGIN_M[0]) / (WIDTH_M / 3))
    line = int((y_m - ORIGIN_M[1]) / (HEIGHT_M / 2))
    district = min(5, max(0, 3 * min(1, max(0, line)) + min(2, max(0, column))))
    cells = {
        "URN": str(urn),
        "LA (code)": MADE_LA,
        "LA (name)": MADE_NAME,
        "EstablishmentNumber": str(2000 + urn % 7000),
        "EstablishmentName": f"Made Primary School {urn}",
        "TypeOfEstablishment (name)": "Community school",
        "EstablishmentStatus (name)": "Open",
        "PhaseOfEducation (name)": "Primary",
        "StatutoryLowAge": "4",
        "StatutoryHighAge": "11",
        "NumberOfPupils": "200",
        "PercentageFSM": "21.4",
        "CensusDate": "19-01-2023",
        "ReligiousCharacter (name)": "Does not apply",
        "Postcode": f"ZZ{urn % 90 + 1} {urn % 9}{'ABDEFGHJLN'[urn % 10]}{'PQRSTUWXYZ'[urn % 7]}",
        "Easting": f"{x_m:.0f}",
        "Northing": f"{y_m:.0f}",
        "DistrictAdministrative (name)": DISTRICTS[district],
        "DistrictAdministrative (code)": f"E9700000{district}",
        "GSSLACode (name)": MADE_ONS,
        "OpenDate": "01-09-1975",
        "Street": "1, Made Lane",
        "Town": DISTRICTS[district],
    }
    return Made(cells).with_(**changes)


def register_text(rows: Iterable[Made], *, columns: list[str] | None = None) -> str:
    """Write rows as the text of an extract."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    columns = columns or COLUMNS
    writer.writerow(columns)
    for row in rows:
        cells = dict(row.cells)
        kind = cells.get("TypeOfEstablishment (name)", "")
        cells.setdefault("EstablishmentTypeGroup (name)", GROUPS.get(kind, ""))
        writer.writerow([cells.get(column, FILL.get(column, "")) for column in columns])
    return out.getvalue()


def write_register(rows: Iterable[Made], path: Path, *, encoding: str = "cp1252") -> Path:
    """Write rows as an extract, in the encoding of the real one."""
    path.write_bytes(register_text(rows).encode(encoding, errors="replace"))
    return path


def _grid(n_across: int, n_down: int, rng: random.Random) -> list[tuple[float, float]]:
    """Give places in rows, each shifted a little."""
    dx, dy = WIDTH_M / n_across, HEIGHT_M / n_down
    return [
        (
            ORIGIN_M[0] + (i + 0.5 + rng.uniform(-0.3, 0.3)) * dx,
            ORIGIN_M[1] + (j + 0.5 + rng.uniform(-0.3, 0.3)) * dy,
        )
        for j in range(n_down)
        for i in range(n_across)
    ]


def made_authority() -> Register:
    """Make the authority: 24 secondary schools, a three-tier corner, and what is left out."""
    rng = random.Random(382)
    made = Register([])
    urn = iter(range(150_000, 160_000))
    hubs = _grid(6, 4, rng)
    for i, (x, y) in enumerate(hubs):
        low = "13" if i in THREE_TIER else "11"
        pupils = str(rng.randrange(500, 1500))
        _take(made, "secondary", school(
            next(urn), x, y, phase="Secondary", low=low, high="18" if i % 2 else "16",
            name=f"{PLACES[i]} High School", pupils=pupils, kind="Academy converter",
        ))  # fmt: skip
    for i in THREE_TIER:
        for k in range(3):
            x, y = hubs[i][0] + rng.uniform(-2500, 2500), hubs[i][1] + rng.uniform(-2500, 2500)
            deemed = "Middle deemed secondary" if k else "Middle deemed primary"
            _take(made, "middle", school(
                next(urn), x, y, phase=deemed, low="10", high="13",
                name=f"{PLACES[i]} Middle School {k + 1}", pupils=str(rng.randrange(200, 500)),
            ))  # fmt: skip
    for x, y in _grid(18, 11, rng):
        corner = min(range(24), key=lambda i: (hubs[i][0] - x) ** 2 + (hubs[i][1] - y) ** 2)
        high = "10" if corner in THREE_TIER else "11"
        pupils = str(rng.randrange(60, 420))
        _take(made, "primary", school(next(urn), x, y, high=high, pupils=pupils))
    others = (
        ("special", "Community special school", "Not applicable", 7),
        ("pru", "Pupil referral unit", "Not applicable", 2),
        ("nursery", "Local authority nursery school", "Nursery", 4),
    )
    for phase, kind, word, number in others:
        for x, y in _grid(number, 1, rng):
            pupils = str(rng.randrange(40, 130))
            row = school(next(urn), x, y, phase=word, kind=kind, pupils=pupils)
            _take(made, phase, row.with_(name=f"Made {phase.title()} {row.cells['URN']}"))
    _leave_out(made, urn, rng)
    return made


THREE_TIER = (0, 1, 6)
PLACES = (
    "Ashby", "Barlow", "Carden", "Dalby", "Easby", "Farley", "Garton", "Hanby", "Irby", "Kelby",
    "Lanham", "Marley", "Norby", "Oakley", "Penby", "Quarley", "Risby", "Selby Moor", "Tanby",
    "Ulley", "Varley", "Wragby", "Yarby", "Zeal",
)  # fmt: skip


def _take(made: Register, phase: str, row: Made) -> None:
    made.rows.append(row)
    n_schools, pupils = made.taken.get(phase, (0, 0))
    made.taken[phase] = (n_schools + 1, pupils + int(row.cells["NumberOfPupils"]))


def _leave_out(made: Register, urn: Iterable[int], rng: random.Random) -> None:
    cases = [
        ("closed", 90, {"status": "Closed", "CloseDate": "31-08-2012"}),
        ("not open yet", 2, {"status": "Proposed to open", "NumberOfPupils": ""}),
        ("independent school", 14, {"kind": "Other independent school", "phase": "Not applicable"}),
        ("16 plus: sixth form or further education", 3,
         {"kind": "Academy 16-19 converter", "phase": "16 plus", "low": "16", "high": "19"}),
        ("children's centre", 6, {"kind": "Children's centre", "phase": "Not applicable"}),
        ("university", 1, {"kind": "Higher education institutions", "phase": "Not applicable"}),
        ("not a local school (secure unit, online, other department)", 1,
         {"kind": "Secure units", "phase": "Not applicable"}),
    ]  # fmt: skip
    numbers = iter(urn)
    for reason, number, changes in cases:
        for _ in range(number):
            x = ORIGIN_M[0] + rng.uniform(0.1, 0.9) * WIDTH_M
            y = ORIGIN_M[1] + rng.uniform(0.1, 0.9) * HEIGHT_M
            made.rows.append(school(next(numbers), x, y, **changes))
        made.dropped[reason] = number


def national(n_rows: int = NATIONAL_ROWS) -> Register:
    """Make a national file: the made authority among 151 others."""
    made = made_authority()
    rng = random.Random(25_000)
    made.n_others = n_rows - len(made.rows)
    others = []
    for i in range(made.n_others):
        code = 201 + i % 151
        x, y = rng.uniform(200_000, 600_000), rng.uniform(50_000, 600_000)
        status = "Closed" if i % 2 else "Open"
        row = school(
            100_000 + i if i < 50_000 else 200_000 + i, x, y, la=str(code),
            la_name=f"Made authority {code}", status=status, district=f"Made district {code}",
            pupils=str(50 + i % 400), name=f"St Agn\xe9s' Made School {i}",
        )  # fmt: skip
        others.append(row.with_(**{"GSSLACode (name)": f"E99000{code}"}))
    middle = len(others) // 2
    made.rows = [*others[:middle], *made.rows, *others[middle:]]
    return made


def districts_layer() -> gpd.GeoDataFrame:
    """Make the districts of the made authority and two of its neighbours, as the ONS names them."""
    names, codes, shapes = [], [], []
    w, h = WIDTH_M / 3, HEIGHT_M / 2
    for k, name in enumerate(DISTRICTS):
        x, y = ORIGIN_M[0] + (k % 3) * w, ORIGIN_M[1] + (k // 3) * h
        names.append(name)
        codes.append(f"E9700000{k}")
        shapes.append(box(x, y, x + w, y + h))
    for k, x in enumerate((ORIGIN_M[0] - w, ORIGIN_M[0] + 3 * w)):
        names.append(f"Neighbour {k}")
        codes.append(f"E9700009{k}")
        shapes.append(box(x, ORIGIN_M[1], x + w, ORIGIN_M[1] + 2 * h))
    frame = gpd.GeoDataFrame(
        {"FID": range(len(names)), "LAD23CD": codes, "LAD23NM": names, "LAD23NMW": " "},
        geometry=shapes,
        crs="EPSG:27700",
    )
    return frame.assign(BNG_E=400_000, SHAPE_Area=frame.area)
