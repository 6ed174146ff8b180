"""Authorities that are measured in another reference system than Great Britain's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest

import cluster_optimiser as co
from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs import load_authority
from cluster_optimiser.inputs.roads.area import area_around
from cluster_optimiser.scenario import parse_scenario
from tests.inputs.broken import BASE, Edit, make_authority

if TYPE_CHECKING:
    from pathlib import Path

IRISH = "EPSG:2157"
NORTH_M = 450_000
"""So far north the made authority lies in the middle of Ireland, by Ireland's own grid."""

MERGE = {
    "authority": "threeshire",
    "option": "1",
    "title": "t",
    "method": "merge",
    "size": {"min_pupils": 1_300, "max_pupils": 3_000},
    "objective": {"order": ["pupil_minutes"]},
}


def stating(crs: str) -> Edit:
    return Edit("authority.toml", "caveats =", f'crs = "{crs}"\ncaveats =')


def moved(folder: Path, crs: str, *, is_degrees: bool) -> Path:
    """Move the made authority into another grid, as metres or as longitude and latitude."""
    for file in folder.glob("*.geojson"):
        frame = gpd.read_file(file).set_crs(crs, allow_override=True)
        frame = frame.set_geometry(frame.translate(0, NORTH_M))
        (frame.to_crs(4326) if is_degrees else frame).to_file(file)
    for file in folder.glob("*.csv"):
        table = pd.read_csv(file, dtype=str)
        x, y = table.pop("easting").astype(float), table.pop("northing").astype(float) + NORTH_M
        if is_degrees:
            points = gpd.GeoSeries.from_xy(x, y, crs=crs).to_crs(4326)
            table = table.assign(lat=points.y.round(9), lon=points.x.round(9))
        else:
            table = table.assign(easting=x, northing=y)
        table.to_csv(file, index=False)
    return folder


def faults_of(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_authority(folder)
    return str(caught.value)


@pytest.mark.parametrize("is_degrees", [False, True], ids=["metres", "degrees"])
def test_a_plan_is_the_same_wherever_its_ground_lies(tmp_path: Path, *, is_degrees: bool) -> None:
    folder = moved(make_authority(tmp_path, stating(IRISH)), IRISH, is_degrees=is_degrees)
    here, there = load_authority(BASE), load_authority(folder)
    assert (here.crs, there.crs) == ("EPSG:27700", IRISH)
    scores = [
        co.run(parse_scenario(MERGE), authority).score.clusters for authority in (here, there)
    ]
    for score, crs in zip(scores, ("EPSG:27700", IRISH), strict=True):
        assert score.crs == crs
    here_, there_ = (score.drop(columns="geometry") for score in scores)
    pd.testing.assert_frame_equal(pd.DataFrame(here_), pd.DataFrame(there_), atol=1e-6)
    area = area_around(there, margin_km=1)
    assert area.crs == IRISH
    assert area.box == pytest.approx((-8.0, 53.5, -7.7, 53.6), abs=0.05)


@pytest.mark.parametrize(
    ("crs", "said"),
    [
        ("EPSG:4326", "has degrees, not metres. Give the code"),
        ("EPSG:2263", "is in US survey foot, not in metres"),
        ("EPSG:999999", "is no reference system that is known"),
        ("+proj=utm +zone=30", "is not one that a register describes"),
    ],
)
def test_a_system_that_has_no_metres_is_refused(tmp_path: Path, crs: str, said: str) -> None:
    text = faults_of(make_authority(tmp_path, stating(crs)))
    assert said in text
    assert 'such as "EPSG:27700"' in text


def test_a_system_that_stretches_metres_is_refused(tmp_path: Path) -> None:
    folder = moved(make_authority(tmp_path, stating("EPSG:3857")), "EPSG:27700", is_degrees=True)
    text = faults_of(folder)
    assert re.search(r"1 km on the ground is 1\.\d\d km in WGS 84 / Pseudo-Mercator", text)
    assert '"EPSG:3263' in text


def test_what_lies_where_the_system_does_not_hold_is_refused(tmp_path: Path) -> None:
    text = faults_of(make_authority(tmp_path, stating("EPSG:2193")))
    assert "lies outside where NZGD2000 / New Zealand Transverse Mercator 2000 is used" in text
    assert "(metres of NZGD2000 / New Zealand Transverse Mercator 2000 (EPSG:2193))" in text
