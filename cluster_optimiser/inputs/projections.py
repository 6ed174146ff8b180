"""Projections of pupils: read from the register or a file, grown by percentages, drawn at random.

What is drawn, exactly: for draw s and school i of area a,

    pupils_i(s) = round(pupils_i * max(0, 1 + sd * (sqrt(r) * A_a(s) + sqrt(1 - r) * E_i(s))))

with A and E independent standard normal numbers, one A an area and draw and one E a school and
draw, so that two schools of one area have the correlation r and those of different areas none.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cluster_optimiser.constants import MOST_PUPILS
from cluster_optimiser.inputs.checking import (
    FaultList,
    Problem,
    did_you_mean,
    having,
    listed,
    number_of,
    read_cells,
    urn_of,
)
from cluster_optimiser.inputs.files import Table, read_csv
from cluster_optimiser.prospects import Projected
from cluster_optimiser.scenario import TODAY, Growth, Scenario, Spread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cluster_optimiser.arrays import Floats
    from cluster_optimiser.domain import Authority

FILE_COLUMNS = ("urn", "year", "pupils")
REGISTER = "register"
"""Series of the projections that are columns of the register."""

_YEAR = re.compile(r"(1[89]|2[01])\d\d$")


def projection_path(scenario: Scenario) -> Path | None:
    if scenario.projection is None or scenario.projection.file is None:
        return None
    return scenario.home / scenario.projection.file


def projections_of(scenario: Scenario, authority: Authority) -> tuple[Projected, ...]:
    table = scenario.projection
    if table is None:
        return ()
    file = scenario.file_name
    faults = FaultList()
    made: list[Projected] = []
    for column in table.columns:
        made += _of_column(authority, column, file=file, faults=faults)
    path = projection_path(scenario)
    if path is not None:
        made += _of_file(authority, path, faults=faults)
    base_year = table.from_year or int(authority.data_date[:4])
    for growth in table.growth:
        made += _grown(authority, growth, base_year, file=file, faults=faults)
    if table.spread is not None:
        made += _drawn(authority, table.spread, made, file=file, faults=faults)
    labels = [one.label for one in made]
    for label in sorted({label for label in labels if labels.count(label) > 1}):
        problem = Problem(f'two projections are called "{label}"', "Call one otherwise.")
        faults.add(file, 0, "projection", problem)
    faults.raise_any()
    return tuple(made)


def _whole(value: object) -> int | None:
    """Give a figure of pupils as a whole number, None where it is none."""
    number = float(value) if isinstance(value, (int, float, np.integer, np.floating)) else math.nan
    return int(number) if 0 <= number <= MOST_PUPILS and number.is_integer() else None


def _of_column(
    authority: Authority, column: str, *, file: str, faults: FaultList
) -> list[Projected]:
    schools = authority.schools
    columns = [str(name) for name in schools.columns if name != "geometry"]
    subject = "projection.columns"
    if column not in columns:
        remedy = did_you_mean(column, columns, f"Use one of {listed(columns)}.")
        faults.add(file, 0, subject, Problem(f'the register has no column "{column}"', remedy))
        return []
    known = schools["is_pupils_known"].to_numpy(dtype=bool)
    values = [_whole(value) for value in schools[column].tolist()]
    figures = [
        0 if value is None and not is_known else value
        for value, is_known in zip(values, known, strict=True)
    ]
    missing = [
        f"URN {urn}" for urn, value in zip(schools.index, figures, strict=True) if value is None
    ]
    if missing:
        text = f'column "{column}" has no whole number of pupils for {listed(missing)}'
        faults.add(file, 0, subject, Problem(text, "Fill it for every school."))
        return []
    year = _YEAR.search(column)
    pupils = pd.Series([f or 0 for f in figures], index=schools.index, dtype="int64", name="pupils")
    dated = int(year[0]) if year else None
    return [Projected(column, REGISTER, dated, is_draw=False, pupils=pupils)]


def _of_file(authority: Authority, path: Path, *, faults: FaultList) -> list[Projected]:
    file = path.name
    try:
        content = path.read_bytes()
    except OSError as error:
        text = f'the file of projections "{path.name}" cannot be read'
        faults.add(file, 0, "", Problem(text, f"Check the path: {error.strerror}."))
        return []
    before = len(faults)
    table = having(read_csv(content, file=file, faults=faults), FILE_COLUMNS, faults)
    if table is None:
        return []
    figures = _figures(authority, table, faults)
    if len(faults) > before:
        return []
    schools = authority.schools
    must = schools.index[schools["is_pupils_known"].to_numpy(dtype=bool)]
    years = sorted({year for _, year in figures})
    for year in years:
        missing = [f"URN {urn}" for urn in must if (int(urn), year) not in figures]
        if missing:
            text = f"there are no pupils in {year} for {listed(missing)}"
            faults.add(file, 0, str(year), Problem(text, "Add a row for each school and year."))
    if len(faults) > before:
        return []
    return [
        Projected(
            label=f"{path.stem} {year}",
            series=path.stem,
            year=year,
            is_draw=False,
            pupils=pd.Series(
                [figures.get((int(urn), year), 0) for urn in schools.index],
                index=schools.index,
                dtype="int64",
                name="pupils",
            ),
        )
        for year in years
    ]


def _figures(authority: Authority, table: Table, faults: FaultList) -> dict[tuple[int, int], int]:
    cells, file = table.cells, table.file
    urns = read_cells(cells["urn"], urn_of, file=file, subjects={}, faults=faults)
    subjects = {row: f"URN {urn}" for row, urn in urns.items()}
    years = read_cells(cells["year"], _year, file=file, subjects=subjects, faults=faults)
    pupils = read_cells(cells["pupils"], _pupils, file=file, subjects=subjects, faults=faults)
    known = [str(urn) for urn in authority.schools.index]
    figures: dict[tuple[int, int], int] = {}
    for row, urn in urns.items():
        if urn not in authority.schools.index:
            remedy = did_you_mean(str(urn), known, "Remove the row, or correct the URN.")
            problem = Problem(f"{authority.name} has no school with this URN", remedy)
            faults.add(file, row, subjects[row], problem)
        elif row in years and row in pupils:
            key = (urn, years[row])
            if key in figures:
                text = f"the year {years[row]} is given twice"
                faults.add(file, row, subjects[row], Problem(text, "Keep one of the two rows."))
            figures[key] = pupils[row]
    return figures


def _year(text: str) -> int | Problem:
    if _YEAR.fullmatch(text):
        return int(text)
    return Problem(f'"{text}" is not a year', "Write four figures, such as 2025.")


def _pupils(text: str) -> int | Problem:
    value = number_of(text) if text else Problem("pupils are missing", "")
    if isinstance(value, Problem):
        return Problem(value.text, "Give a whole number, 0 or more.")
    if value < 0 or not value.is_integer() or value > MOST_PUPILS:
        text = f"{text} pupils is no whole number of 0 to {MOST_PUPILS:,}"
        return Problem(text, "Give a whole number, 0 or more.")
    return int(value)


def _areas(
    authority: Authority, layer: str, subject: str, *, file: str, faults: FaultList
) -> pd.Series | None:
    if layer in authority.layers:
        return pd.Series(authority.schools[f"layer.{layer}"])
    names = list(authority.layers)
    remedy = did_you_mean(layer, names, f"Use one of {listed(names)}.")
    faults.add(file, 0, subject, Problem(f'there is no layer "{layer}"', remedy))
    return None


def _grown(
    authority: Authority, growth: Growth, base_year: int, *, file: str, faults: FaultList
) -> list[Projected]:
    """Grow each school by the percentage of its area, compounded, to the nearest whole pupil."""
    subject = f"projection.growth {growth.name}"
    schools = authority.schools
    pct = np.full(len(schools), growth.pct_per_year)
    if growth.layer is not None:
        areas = _areas(authority, growth.layer, subject, file=file, faults=faults)
        if areas is None:
            return []
        names = sorted({str(area) for area in areas.dropna()})
        for area, rate in growth.areas.items():
            if area not in names:
                remedy = did_you_mean(area, names, f"Use one of {listed(names)}.")
                text = f'no school lies in an area "{area}" of the layer {growth.layer}'
                faults.add(file, 0, subject, Problem(text, remedy))
            pct[(areas == area).to_numpy(dtype=bool)] = rate
    pupils = schools["pupils"].to_numpy(dtype=np.int64)
    most = max(float(p) for y in growth.years for p in pupils * (1 + pct / 100) ** (y - base_year))
    if most > MOST_PUPILS:
        text = f"a school grows to {most:,.0f} pupils, {MOST_PUPILS:,} at most can be counted"
        faults.add(file, 0, subject, Problem(text, "Take fewer years, or less growth."))
        return []
    return [
        Projected(
            label=f"{growth.name} {year}",
            series=growth.name,
            year=year,
            is_draw=False,
            pupils=_rounded(schools, pupils * (1 + pct / 100) ** (year - base_year)),
        )
        for year in growth.years
    ]


def _rounded(schools: pd.DataFrame, pupils: Floats) -> pd.Series:
    whole = np.floor(pupils + 0.5).astype(np.int64)
    return pd.Series(whole, index=schools.index, name="pupils")


def _drawn(
    authority: Authority, spread: Spread, made: Sequence[Projected], *, file: str, faults: FaultList
) -> list[Projected]:
    schools = authority.schools
    base = {one.label: one.pupils for one in made} | {TODAY: schools["pupils"]}
    if spread.about not in base:
        remedy = did_you_mean(spread.about, base, f"Use one of {listed(base)}.")
        text = f'there is no projection "{spread.about}"'
        faults.add(file, 0, "projection.spread.about", Problem(text, remedy))
    kind = np.zeros(len(schools), dtype=np.int64)
    if spread.layer is not None:
        subject = "projection.spread.layer"
        areas = _areas(authority, spread.layer, subject, file=file, faults=faults)
        if areas is not None:
            # Schools of no area have one to themselves together: areas are numbered by name.
            kind = pd.factorize(areas, sort=True)[0] + 1
    if spread.about not in base or len(faults):
        return []
    pupils = base[spread.about].to_numpy(dtype=np.float64)
    numbers = np.random.default_rng(spread.seed)
    common, own = math.sqrt(spread.correlation), math.sqrt(1 - spread.correlation)
    projections = []
    for i in range(1, spread.draws + 1):
        of_area = numbers.standard_normal(int(kind.max()) + 1)[kind]
        of_school = numbers.standard_normal(len(pupils))
        factor = 1 + spread.relative_sd * (common * of_area + own * of_school)
        drawn = _rounded(schools, pupils * np.maximum(0.0, factor))
        projections.append(Projected(f"draw {i}", "draws", None, is_draw=True, pupils=drawn))
    return projections
