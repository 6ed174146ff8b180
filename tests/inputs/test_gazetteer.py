"""Files of postcodes and places: what is read, and every fault of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs import load_authority
from tests.inputs.broken import BASE, TOML, Edit, make_authority

if TYPE_CHECKING:
    from pathlib import Path


def _made(folder: Path, key: str, content: str, settings: str = "") -> Path:
    named = f'{key} = "{key}.csv"\n' if not settings else ""
    travel = "[travel]"
    return make_authority(
        folder,
        Edit(TOML, "caveats =", f"{named}caveats ="),
        Edit(TOML, travel, f"{settings}\n{travel}"),
        Edit(f"{key}.csv", None, content),
    )


def _faults(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_authority(folder)
    return [str(fault).removeprefix("threeshire/") for fault in caught.value.faults]


def test_without_a_file_there_are_none() -> None:
    authority = load_authority(BASE)
    assert authority.postcodes is None
    assert authority.places is None


def test_postcodes_are_written_one_way_and_sorted(tmp_path: Path) -> None:
    rows = "Postcode,EASTING,Northing\nnr12dh,600000,301000\nIP24  1AA,600500,302000\n"
    authority = load_authority(_made(tmp_path, "postcodes", rows))
    assert authority.postcodes is not None
    assert authority.postcodes.to_dict("list") == {
        "postcode": ["IP24 1AA", "NR1 2DH"],
        "x": [600_500.0, 600_000.0],
        "y": [302_000.0, 301_000.0],
    }
    assert "postcodes.csv" in authority.inputs


def test_columns_may_have_other_names_and_places_degrees(tmp_path: Path) -> None:
    settings = '[places]\nfile = "places.csv"\ncolumns = { name = "NAME1", lat = "Y", lon = "X" }\n'
    rows = "NAME1,X,Y\nUpton,1.2,52.6\nUpton,1.3,52.7\n"
    authority = load_authority(_made(tmp_path, "places", rows, settings))
    assert authority.places is not None
    assert list(authority.places["name"]) == ["Upton", "Upton"]
    assert authority.places["x"].between(600_000, 650_000).all()


def test_faults_are_told_with_their_row(tmp_path: Path) -> None:
    rows = "postcode,easting,northing\nNR1 2DH,600000,301000\nnr1 2dh,1,1\nNR1,600000,301000\n"
    assert _faults(_made(tmp_path, "postcodes", rows)) == [
        'postcodes.csv, row 4: "NR1" is no postcode. Write it as in "NR1 2DH", or remove the row.',
        (
            "postcodes.csv, row 3: NR1 2DH: NR1 2DH stands on row 2 already."
            " Keep one of the two rows, or correct the postcode."
        ),
        (
            "postcodes.csv, row 3: easting 1, northing 1 are too small for metres of the"
            " British National Grid. Correct the coordinates: metres of the British National Grid,"
            " or lat and lon."
        ),
    ]


def test_columns_that_lack_are_told_with_the_nearest(tmp_path: Path) -> None:
    rows = "post code,east,north\nNR1 2DH,600000,301000\n"
    assert _faults(_made(tmp_path, "postcodes", rows)) == [
        (
            'postcodes.csv, row 1: column "postcode": there is no column "postcode".'
            ' Did you mean "post code"? Then write postcode = "post code"'
            " under [postcodes.columns]."
        ),
    ]
    settings = '[postcodes]\nfile = "postcodes.csv"\ncolumns = { postcod = "x", lat = "east" }\n'
    assert _faults(_made(tmp_path / "b", "postcodes", rows, settings))[:2] == [
        (
            'authority.toml: postcodes.columns.postcod: "postcod" is no column that is read.'
            ' Did you mean "postcode"?'
        ),
        (
            'postcodes.csv, row 1: column "postcode": there is no column "postcode".'
            ' Did you mean "post code"? Then write postcode = "post code"'
            " under [postcodes.columns]."
        ),
    ]


def test_a_file_without_coordinates_is_refused(tmp_path: Path) -> None:
    assert _faults(_made(tmp_path, "places", "name\nUpton\n")) == [
        (
            "places.csv, row 1: coordinates: there are no coordinates: no lat and lon, no easting"
            " and northing. Add them, or name their columns under [places.columns]."
        ),
    ]
