"""Places of postcodes, from the files that are published."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.checking import FaultList
from cluster_optimiser.inputs.intake.intake import take_in
from cluster_optimiser.inputs.intake.places import read_postcodes
from tests.inputs.intake.dirt import Files
from tests.made_gias import ORIGIN_M

if TYPE_CHECKING:
    from pathlib import Path

CODE_POINT = '"ZZ11AA",10,400000,290000,"E92000001","E19000003"\n"ZZ12BB",10,1,2,"E9","E1"\n'
FILES = {
    "directory": "pcd,pcd2,pcds,oseast1m,osnrth1m\nZZ1 1AA,ZZ1  1AA,ZZ1 1AA,400000,0290000\n",
    "lower case and spaces": "Postcode,Easting,Northing\nzz1 1aa , 400000, 290000\n",
    "degrees": "postcode,latitude,longitude\nZZ11AA,52.50768,-2.00155\n",
    "no header": CODE_POINT,
}


@pytest.mark.parametrize("kind", FILES)
def test_formats(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "postcodes.csv"
    path.write_text(FILES[kind])
    faults = FaultList()
    places = read_postcodes(path, {"ZZ11AA"}, faults)
    assert list(faults) == []
    assert list(places) == ["ZZ11AA"]
    assert places["ZZ11AA"] == pytest.approx((400_000, 290_000), abs=100)


def test_a_folder_of_files(tmp_path: Path) -> None:
    (tmp_path / "Data").mkdir()
    (tmp_path / "Data" / "zz.csv").write_text(CODE_POINT)
    (tmp_path / "about.csv").write_text("a,b\n1,2\n")
    faults = FaultList()
    assert read_postcodes(tmp_path, {"ZZ11AA"}, faults) == {"ZZ11AA": (400_000, 290_000)}
    assert list(faults) == []


def test_a_file_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    path, faults = tmp_path / "postcodes.csv", FaultList()
    path.write_text("pcds;lat;long\nZZ1 1AA;52,5;-1,5\n")
    (place,) = read_postcodes(path, {"ZZ11AA"}, faults).values()
    assert place == pytest.approx((434_009, 289_239), abs=200)
    path.write_text('pcds,lat,long\nZZ1 1AA,52.5,-1.5\n"ZZ1 2BB,52.5,-1.5\n')
    read_postcodes(path, {"ZZ11AA"}, faults)
    assert ["it cannot be read" in fault.problem for fault in faults] == [True]


def test_a_postcode_without_a_place_has_none(tmp_path: Path) -> None:
    path = tmp_path / "postcodes.csv"
    path.write_text("pcds,oseast1m,osnrth1m\nZZ1 1AA,,\nZZ1 2BB,0,0\n")
    assert read_postcodes(path, {"ZZ11AA", "ZZ12BB"}, FaultList()) == {}


@pytest.mark.parametrize("text", [None, "", "a,b\n1,2\n"])
def test_what_is_no_file_of_postcodes_is_refused(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "postcodes.csv"
    if text is not None:
        path.write_text(text)
    faults = FaultList()
    assert read_postcodes(path, {"ZZ11AA"}, faults) == {}
    (fault,) = faults
    said = "there is no such file" if text is None else "no columns of postcodes and coordinates"
    assert said in fault.problem


def test_another_establishment_of_the_postcode_is_the_last_resort(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.edit(0, Easting="", Northing="", Postcode="ZZ9 9ZZ")
    files.edit(1, Postcode="zz99zz", status="Closed")
    taken = take_in(files.write())
    assert taken.schools.loc[100_000, "easting"] == ORIGIN_M[0] + 2_000
    (flag,) = taken.ledger.flags
    assert flag.what.startswith("placed where another establishment of its postcode stands")


def test_an_establishment_far_away_is_no_guide(tmp_path: Path) -> None:
    """Its own coordinates may be the slip."""
    files = Files(tmp_path)
    files.edit(0, Easting="", Northing="", Postcode="ZZ9 9ZZ")
    files.edit(1, Postcode="ZZ9 9ZZ", status="Closed", Easting="600000")
    taken = take_in(files.write())
    reasons = {one.urn: one.reason for one in taken.ledger.dropped}
    assert reasons == {"100000": "no location", "100001": "closed"}


def test_a_school_that_is_left_out_has_no_flag(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.edit(0, Easting="610000", status="Open, but proposed to close")
    taken = take_in(files.write())
    assert [one.reason for one in taken.ledger.dropped] == ["far outside the authority"]
    assert taken.ledger.flags == []


@pytest.mark.parametrize("n", [2, 3])
def test_schools_of_several_postcodes_on_one_point_are_looked_at(n: int, tmp_path: Path) -> None:
    files = Files(tmp_path)
    for at in range(n):
        files.edit(at, Easting="400000", Northing="290000", Postcode=f"ZZ1 {at}AA")
    told = take_in(replace(files.write(), layers=())).ledger.flags
    flags = [(flag.urn, flag.detail) for flag in told]
    said = f"{n} schools of {n} postcodes"
    assert flags == [(100_000 + at, said) for at in range(n) if n > 2]


def test_where_no_school_is_left_the_first_reason_is_said(tmp_path: Path) -> None:
    files = Files(tmp_path)
    for at in range(len(files.rows)):
        files.edit(at, Easting="400")
    said = r"\(12 no location, such as row 2: easting 400, northing \d+ lies outside Great Britain"
    with pytest.raises(InputError, match=said):
        take_in(files.write())
