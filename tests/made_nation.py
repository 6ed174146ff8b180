"""Made national registers in headings of four vintages: what must come of them is a plain tally.

Every authority has schools in a square of its own. A seventh of them are academies that opened
without a roll; the predecessor stands in the file, closed, with its last roll and a link. Rows are
ragged as the register's search leaves them, with further links after the last heading.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

MODERN = {
    "urn": "URN", "la_code": "LA (code)", "la_name": "LA (name)", "number": "EstablishmentNumber",
    "name": "EstablishmentName", "type": "TypeOfEstablishment (name)",
    "status": "EstablishmentStatus (name)", "opened": "OpenDate", "closed": "CloseDate",
    "phase": "PhaseOfEducation (name)", "low": "StatutoryLowAge", "high": "StatutoryHighAge",
    "pupils": "NumberOfPupils", "postcode": "Postcode", "x": "Easting", "y": "Northing",
    "links": "Linked establishments",
}  # fmt: skip
OF_2017 = MODERN | {
    "la_code": "Local authority (code)", "la_name": "Local authority (name)",
    "number": "Establishment number", "name": "Establishment name",
    "type": "Type of establishment", "status": "Establishment status", "opened": "Opening date",
    "closed": "Closing date", "phase": "Phase of education", "low": "Statutory lowest age",
    "high": "Statutory highest age", "pupils": "Number of pupils", "x": "X", "y": "Y",
}  # fmt: skip
OLDER = MODERN | {
    "la_code": "LEA code", "la_name": "LEA name", "number": "ESTAB", "name": "School name",
    "type": "School type", "status": "Status", "opened": "Date opened", "closed": "Date closed",
    "phase": "School phase", "low": "AGEL", "high": "AGEH", "pupils": "Headcount",
    "postcode": "Post code", "x": "Eastings", "y": "Northings",
}  # fmt: skip
COUNCIL = MODERN | {
    "urn": "School URN", "la_code": "LA code", "la_name": "LA name", "number": "DfE number",
    "name": "School", "type": "Establishment type", "status": "Establishment status",
    "phase": "Education phase", "low": "Lowest age", "high": "Highest age",
    "pupils": "Pupils on roll", "x": "Eastings", "y": "Northings",
}  # fmt: skip
VINTAGES = {"modern": MODERN, "2017": OF_2017, "older": OLDER, "council": COUNCIL}


@dataclass(frozen=True)
class Nation:
    """A register as it was written, and its rows as they are meant."""

    register: Path
    rows: pd.DataFrame  # every row, in our names, complete

    def tally(self) -> pd.DataFrame:
        """Count open schools and pupils by authority, by hand: own roll, else the predecessor's."""
        rows = self.rows
        last = rows[rows["followed_by"] != ""].set_index("followed_by")["pupils"]
        open_ones = rows[rows["status"].eq("Open") & ~rows["type"].str.contains("independent")]
        roll = open_ones["pupils"].where(open_ones["pupils"] != "", open_ones["urn"].map(last))
        counted = open_ones.assign(roll=roll.astype(int)).groupby("la_name")["roll"]
        return counted.agg(schools="size", pupils="sum")


def write_nation(
    folder: Path, vintage: str, *, n_rows: int = 25_000, n_las: int = 152, links: bool = True
) -> Nation:
    """Write a national register, and the links beside it."""
    rng, headings = random.Random(f"{vintage} {n_rows}"), VINTAGES[vintage]
    rows: list[dict[str, str]] = []
    of_la = [_authority(code, n_rows // n_las, rng) for code in range(201, 201 + n_las)]
    for n, held in enumerate(of_la):
        rows += held
        if n == n_las - 1:
            rows += [_closed(901_000 + i, held[0], rng) for i in range(n_rows - len(rows))]
    path = folder / "edubasealldata20240115.csv"
    with path.open("w", encoding="cp1252", newline="") as file:
        out = csv.writer(file)
        out.writerow(headings.values())
        for i, row in enumerate(rows):
            more = ["", f"{700_000 + i} - Sixth Form Centre Link", "-"] if i % 23 == 5 else []
            out.writerow([*(row[ours] for ours in headings), *more])
    if links:
        said = [f"{row['followed_by']},Predecessor,{row['urn']}" for row in rows
                if row["followed_by"]]  # fmt: skip
        text = "URN,LinkType,LinkURN\n" + "\n".join(said) + "\n"
        (folder / "links_edubasealldata20240115.csv").write_text(text, encoding="utf-8")
    return Nation(path, pd.DataFrame(rows))


def _authority(code: int, n_rows: int, rng: random.Random) -> list[dict[str, str]]:
    """Make the rows of one authority in a square of its own: open, closed, independent."""
    left, low = 150_000 + (code % 13) * 30_000, 60_000 + (code // 13 % 13) * 30_000
    rows = []
    for i in range(n_rows):
        urn = code * 1000 + i
        is_secondary = i % 12 == 0
        row = {
            "urn": str(urn), "la_code": str(code), "la_name": f"Made authority {code}",
            "number": str(2000 + i), "name": f"St Agn\xe9s' Made School {urn}",
            "type": "Community school", "status": "Open", "opened": "01-09-1975", "closed": "",
            "phase": "Secondary" if is_secondary else "Primary",
            "low": "11" if is_secondary else "4", "high": "16" if is_secondary else "11",
            "pupils": str(rng.randrange(600, 1500) if is_secondary else rng.randrange(40, 450)),
            "postcode": f"ZZ{code % 90 + 1} {i % 9}{'ABDEFGHJLN'[i % 10]}{'PQRSTUWXYZ'[i % 7]}",
            "x": str(left + rng.randrange(20_000)), "y": str(low + rng.randrange(20_000)),
            "links": "", "followed_by": "",
        }  # fmt: skip
        if i % 7 == 3 and rows and rows[-1]["status"] == "Open":
            # The school before it on the list became an academy: this row is what it was.
            row = rows[-1] | {"urn": str(urn), "name": row["name"], "followed_by": rows[-1]["urn"]}
            row |= {"status": "Closed", "closed": "31-08-2023", "type": "Community school"}
            rows[-1] |= {"pupils": "", "type": "Academy converter", "opened": "01-09-2023"}
        elif i % 5 == 4:
            row |= {"status": "Closed", "closed": "31-08-2012"}
        elif i % 29 == 11:
            row |= {"type": "Other independent school", "phase": "Not applicable"}
        rows.append(row)
    return rows


def _closed(urn: int, like: dict[str, str], rng: random.Random) -> dict[str, str]:
    more = {"urn": str(urn), "status": "Closed", "closed": "31-08-2010", "followed_by": ""}
    return like | more | {"pupils": str(rng.randrange(50, 300)), "type": "Community school"}
