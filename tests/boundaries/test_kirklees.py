"""Kirklees: every school and every pupil accounted for, from facts to data."""

from __future__ import annotations

import csv
import runpy
from pathlib import Path

from cluster_optimiser.geography import build_territory
from cluster_optimiser.inputs import load_authority
from cluster_optimiser.scenario import load_scenario

HERE = Path(__file__).parents[2] / "boundaries" / "kirklees"
SCENARIOS = Path(__file__).parents[2] / "scenarios" / "kirklees"


def test_the_facts_give_the_data_again(tmp_path: Path) -> None:
    runpy.run_path(str(HERE / "build.py"))["build"](tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (HERE / path.name).read_bytes()


def test_pupils_are_those_stated_and_those_found() -> None:
    with (HERE / "facts" / "register.csv").open(encoding="utf-8", newline="") as file:
        stated = {int(row["URN"]): row["NumberOfPupils"] for row in csv.DictReader(file)}
    schools = load_authority(HERE).schools
    assert set(schools.index) == set(stated)
    own = schools[schools["pupils_source"] == "register"]
    assert own["pupils"].to_dict() == {urn: int(text) for urn, text in stated.items() if text}
    sums = schools.groupby(schools["pupils_source"].str.partition(":")[0])["pupils"].sum()
    assert sums.to_dict() == {
        "register": 63_069, "census_2019.csv by LAESTAB": 2_837, "estimate": 884,
    }  # fmt: skip


def test_targets_are_the_average_of_all_pupils() -> None:
    pupils = int(load_authority(HERE).schools["pupils"].sum())
    for path in SCENARIOS.glob("[12]?*.toml"):
        scenario = load_scenario(path)
        assert scenario.size.target_pupils == round(pupils / scenario.count.min), path


def test_the_ward_plan_holds_every_school_in_its_ward() -> None:
    """Two schools at a border lie in another ward of 2013 than the register states."""
    with (HERE / "ward_plan.csv").open(encoding="utf-8", newline="") as file:
        plan = {row["urn"]: row["cluster"] for row in csv.DictReader(file)}
    with (HERE / "facts" / "register.csv").open(encoding="utf-8", newline="") as file:
        stated = {row["URN"]: row["AdministrativeWard (name)"] for row in csv.DictReader(file)}
    assert set(plan) == set(stated)
    apart = {urn: (stated[urn], ward) for urn, ward in plan.items() if ward != stated[urn]}
    assert apart == {
        "145236": ("Newsome", "Greenhead"),
        "148482": ("Dewsbury West", "Batley West"),
    }


def test_the_areas_above_are_the_halves_whatever_the_clusters() -> None:
    """What the description of K17a says: so the levels are best together, not only in turn."""
    clusters, areas = (load_scenario(SCENARIOS / file) for file in ("17.toml", "17a.toml"))
    assert clusters.within == ("half",)
    assert (areas.count.min, areas.count.max, areas.objective.order[0]) == (2, 2, "misaligned.half")
    authority = load_authority(HERE)
    halves = build_territory(authority).layers["half"]
    assert len(halves) == 2
    points, pupils = authority.schools.geometry, authority.schools["pupils"]
    for shape in halves.geometry:
        assert areas.size.min_pupils <= pupils[points.within(shape)].sum() <= areas.size.max_pupils
