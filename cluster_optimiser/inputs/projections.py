"""Projections of pupils: read from the register or a file, grown by percentages, drawn at random.

What is drawn, exactly: for draw s and school i of area a,

    pupils_i(s) = round(pupils_i * max(0, 1 + sd * (sqrt(r) * A_a(s) + sqrt(1 - r) * E_i(s))))

with A and E independent standard normal numbers, one A an area and draw and one E a school and
draw, so that two schools of one area have the correlation r and those of different areas none.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cluster_optimiser.constants import MOST_PUPILS
from cluster_optimiser.inputs.checking import (
    SHORTENED,
    FaultList,
    Problem,
    did_you_mean,
    having,
    is_shortened,
    listed,
    number_of,
    read_cells,
    urn_of,
)
from cluster_optimiser.inputs.files import Table, read_csv
from cluster_optimiser.prospects import Projected
from cluster_optimiser.scenario import TODAY, Growth, Scenario, Spread

if TYPE_CHECKING:
    from pathlib import Path

    from cluster_optimiser.arrays import Floats, Ints
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
    maker = _Maker(authority, scenario.file_name, FaultList())
    for column in table.columns:
        maker.add_column(column)
    path = projection_path(scenario)
    if path is not None:
        maker.add_file(path)
    base_year = table.from_year or int(authority.data_date[:4])
    for growth in table.growth:
        maker.add_growth(growth, base_year)
    if table.spread is not None:
        maker.add_draws(table.spread)
    labels = [one.label for one in maker.made]
    for label in sorted({label for label in labels if labels.count(label) > 1}):
        maker.misstated(
            "projection", f'two projections are called "{label}"', "Call one otherwise."
        )
    maker.faults.raise_any()
    return tuple(maker.made)


@dataclass(slots=True)
class _Maker:
    """Makes the projections that a scenario asks for, one kind after another."""

    authority: Authority
    file: str  # of the scenario
    faults: FaultList
    made: list[Projected] = field(default_factory=list)

    def misstated(self, subject: str, text: str, remedy: str) -> None:
        self.faults.add(self.file, 0, subject, Problem(text, remedy))

    def add(
        self,
        pupils: Ints | list[Any],
        label: str,
        series: str,
        year: int | None,
        *,
        is_draw: bool = False,
    ) -> None:
        index = self.authority.schools.index
        held = pd.Series(pupils, index=index, dtype="int64", name="pupils")
        self.made.append(Projected(label, series, year, is_draw=is_draw, pupils=held))

    def add_column(self, column: str) -> None:
        schools = self.authority.schools
        columns = [str(name) for name in schools.columns if name != "geometry"]
        subject = "projection.columns"
        if column not in columns:
            remedy = did_you_mean(column, columns, f"Use one of {listed(columns)}.")
            self.misstated(subject, f'the register has no column "{column}"', remedy)
            return
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
            self.misstated(subject, text, "Fill it for every school.")
            return
        year = _YEAR.search(column)
        self.add(figures, column, REGISTER, int(year[0]) if year else None)

    def add_file(self, path: Path) -> None:
        file, faults, before = path.name, self.faults, len(self.faults)
        try:
            content = path.read_bytes()
        except OSError as error:
            text = f'the file of projections "{file}" cannot be read'
            faults.add(file, 0, "", Problem(text, f"Check the path: {error.strerror}."))
            return
        table = having(read_csv(content, file=file, faults=faults), FILE_COLUMNS, faults)
        figures = {} if table is None else _figures(self.authority, table, faults)
        if len(faults) > before:
            return
        schools = self.authority.schools
        must = schools.index[schools["is_pupils_known"].to_numpy(dtype=bool)]
        years = sorted({year for _, year in figures})
        for year in years:
            missing = [f"URN {urn}" for urn in must if (int(urn), year) not in figures]
            if missing:
                text = f"there are no pupils in {year} for {listed(missing)}"
                faults.add(file, 0, str(year), Problem(text, "Add a row for each school and year."))
        for year in years if len(faults) == before else ():
            pupils = [figures.get((int(urn), year), 0) for urn in schools.index]
            self.add(pupils, f"{path.stem} {year}", path.stem, year)

    def areas(self, layer: str, subject: str) -> pd.Series | None:
        if layer in self.authority.layers:
            return pd.Series(self.authority.schools[f"layer.{layer}"])
        names = list(self.authority.layers)
        remedy = did_you_mean(layer, names, f"Use one of {listed(names)}.")
        self.misstated(subject, f'there is no layer "{layer}"', remedy)
        return None

    def add_growth(self, growth: Growth, base_year: int) -> None:
        """Grow each school by the percentage of its area, compounded, to a whole pupil."""
        subject, schools = f"projection.growth {growth.name}", self.authority.schools
        pct = np.full(len(schools), growth.pct_per_year)
        if growth.layer is not None:
            areas = self.areas(growth.layer, subject)
            if areas is None:
                return
            names = sorted({str(area) for area in areas.dropna()})
            for area, rate in growth.areas.items():
                if area not in names:
                    remedy = did_you_mean(area, names, f"Use one of {listed(names)}.")
                    text = f'no school lies in an area "{area}" of the layer {growth.layer}'
                    self.misstated(subject, text, remedy)
                pct[(areas == area).to_numpy(dtype=bool)] = rate
        now = schools["pupils"].to_numpy(dtype=np.int64)
        grown = [(year, now * (1 + pct / 100) ** (year - base_year)) for year in growth.years]
        most = max(float(p) for _, pupils in grown for p in pupils)
        if most > MOST_PUPILS:
            text = f"a school grows to {most:,.0f} pupils, {MOST_PUPILS:,} at most can be counted"
            self.misstated(subject, text, "Take fewer years, or less growth.")
            return
        for year, pupils in grown:
            self.add(_rounded(pupils), f"{growth.name} {year}", growth.name, year)

    def add_draws(self, spread: Spread) -> None:
        schools = self.authority.schools
        base = {one.label: one.pupils for one in self.made} | {TODAY: schools["pupils"]}
        if spread.about not in base:
            remedy = did_you_mean(spread.about, base, f"Use one of {listed(base)}.")
            text = f'there is no projection "{spread.about}"'
            self.misstated("projection.spread.about", text, remedy)
        kind = np.zeros(len(schools), dtype=np.int64)
        if spread.layer is not None:
            areas = self.areas(spread.layer, "projection.spread.layer")
            if areas is not None:
                # Schools of no area have one to themselves together: areas are numbered by name.
                kind = pd.factorize(areas, sort=True)[0] + 1
        if spread.about not in base or len(self.faults):
            return
        pupils = base[spread.about].to_numpy(dtype=np.float64)
        numbers = np.random.default_rng(spread.seed)
        common, own = math.sqrt(spread.correlation), math.sqrt(1 - spread.correlation)
        for i in range(1, spread.draws + 1):
            of_area = numbers.standard_normal(int(kind.max()) + 1)[kind]
            of_school = numbers.standard_normal(len(pupils))
            factor = 1 + spread.relative_sd * (common * of_area + own * of_school)
            drawn = _rounded(pupils * np.maximum(0.0, factor))
            self.add(drawn, f"draw {i}", "draws", None, is_draw=True)


def _rounded(pupils: Floats) -> Ints:
    whole: Ints = np.floor(pupils + 0.5).astype(np.int64)
    return whole


def _whole(value: object) -> int | None:
    """Give a figure of pupils as a whole number, None where it is none."""
    number = float(value) if isinstance(value, (int, float, np.integer, np.floating)) else math.nan
    return int(number) if 0 <= number <= MOST_PUPILS and number.is_integer() else None


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
    if is_shortened(text):
        return Problem(f"{text} pupils is rounded", SHORTENED)
    return int(value)
