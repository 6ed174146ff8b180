"""Pupils counted in the areas where they live: from the files to a plan that is verified."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from click.testing import CliRunner

from cluster_optimiser.batch import evaluate, prepare
from cluster_optimiser.cli import app
from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.verification import verify_plan
from tests.inputs.broken import Edit, make_authority
from tests.optimise.redraw.test_solve import partitions

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

SIDE_M = 5_000
PEOPLE = {"aa": 700, "ab": 650, "ac": 0, "ad": 900, "ba": 400, "bb": 850, "bc": 610, "bd": 380}
"""Two rows of four squares; the schools of Threeshire lie in six of them."""

SCENARIO = """\
title = "Catchments"
option = "c"
authority = "threeshire"
method = "redraw"
units = "areas"
[size]
min_pupils = 1000
max_pupils = 2400
[objective]
order = ["count", "pupil_minutes"]
"""


def squares(people: dict[str, int] = PEOPLE) -> str:
    features = []
    for name, pupils in people.items():
        west, south = 600_000 + SIDE_M * "abcd".index(name[1]), 300_000 + SIDE_M * (name[0] == "a")
        east, north = west + SIDE_M, south + SIDE_M
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        properties = {"code": name, "live": pupils, "x": west + 1_000, "y": south + 1_000}
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    system = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    return json.dumps({"type": "FeatureCollection", "crs": system, "features": features}, indent=0)


LIVED_IN = (
    Edit("authority.toml", '[clusters]\nfile = "clusters.geojson"', '[areas]\nfile = "a.geojson"\n'
         'name = "code"\npupils = "live"'),
    Edit("clusters.geojson", None, None),
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_authority(tmp_path / "boundaries", *LIVED_IN, Edit("a.geojson", None, squares()))
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "c.toml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path


def put(folder: Path, old: str, new: str) -> Path:
    path = folder / "scenarios" / "c.toml"
    path.write_text(SCENARIO.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.browser
def test_a_plan_of_areas_is_the_best_of_all_and_stands_up_in_every_output(
    folder: Path, chromium: Browser
) -> None:
    path, results = folder / "scenarios" / "c.toml", folder / "results"
    for command in (
        ["run", str(path), "--out", str(results)],
        ["verify", str(results), "--against", str(folder)],
        ["check", str(path)],
    ):
        told = CliRunner().invoke(app, command, catch_exceptions=False)
        assert told.exit_code == 0, told.output
    assert "6 schools, 4,490 pupils, who live in 8 areas" in told.output
    clusters = pd.read_csv(results / "c" / "clusters.csv")
    assert clusters["pupils"].sum() == sum(PEOPLE.values())
    assert clusters["n_schools"].sum() == 6
    page = (results / "index.html").read_text(encoding="utf-8")
    assert "the same 6 schools and 4,490 pupils" in page
    assert "today's cluster" not in page
    reader = chromium.new_page()
    reader.goto((results / "index.html").as_uri())
    reader.wait_for_selector("html[data-ready]")
    reader.evaluate("clusterPage.choose({ school: 0 })")
    assert reader.is_visible("#answer")
    assert not re.search(r"\b1 (ways|options|schools)\b", reader.inner_text("body"))
    reader.close()
    made = evaluate(results / "c" / "plan.csv", path)
    assert made.violations == ()
    assert made.score.metrics["changed_pupils"] is None
    problem = prepare(path)
    units, least = list(problem.units.index), []
    for groups in partitions(list(range(len(units)))):
        of = {units[i]: str(n) for n, group in enumerate(groups) for i in group}
        truth = verify_plan(problem, problem.unit_of.map(of))
        if not truth.violations:
            least.append((len(groups), truth.objective["pupil_minutes"]))
    assert (len(clusters), made.score.metrics["pupil_minutes"]) == min(least)


def test_ways_begin_at_the_point_of_an_area_that_is_stated(folder: Path) -> None:
    toml = folder / "boundaries" / "threeshire" / "authority.toml"
    text = toml.read_text(encoding="utf-8")
    changed = text.replace('pupils = "live"', 'pupils = "live"\neasting = "x"\nnorthing = "y"')
    toml.write_text(changed, encoding="utf-8")
    schools = prepare(folder / "scenarios" / "c.toml").authority.schools.set_index("name")
    assert schools.geometry["ab"].coords[0] == (606_000, 306_000)


@pytest.mark.parametrize(
    ("old", "new", "subject"),
    [
        ('units = "areas"', 'units = "schools"', "units"),
        ('units = "areas"', "", "units"),
        ('"count", "pupil_minutes"', '"changed_pupils"', "objective"),
        ("[size]", '[urban]\nareas = ["ac"]\n[size]', "urban"),
        ("[size]", '[[exempt]]\nname = "X"\nwhere = { phase = "nursery" }\n[size]', "exempt"),
    ],
)
def test_what_needs_pupils_at_their_schools_is_refused(
    folder: Path, old: str, new: str, subject: str
) -> None:
    with pytest.raises(ClusterOptimiserError, match="pupils") as caught:
        prepare(put(folder, old, new))
    assert [fault.subject for fault in caught.value.faults] == [subject]


def test_areas_that_an_authority_does_not_have_are_refused(tmp_path: Path) -> None:
    make_authority(tmp_path / "boundaries")
    (tmp_path / "scenarios").mkdir()
    with pytest.raises(ClusterOptimiserError, match="has no areas with the pupils who live there"):
        prepare(put(tmp_path, "", ""))
