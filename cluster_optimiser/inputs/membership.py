"""Which cluster and which geographic cluster a school is in today, and whether it lies inside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.inputs.boundaries import NEAR_BORDER_M, holding_area
from cluster_optimiser.inputs.checking import Problem, as_text, did_you_mean
from cluster_optimiser.inputs.matching import spelt_alike

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.inputs.register import Register

M_PER_KM = 1_000.0


@dataclass(frozen=True, slots=True, eq=False)
class Membership:
    """Today's clusters of the schools."""

    cluster: pd.Series  # cluster by row of the register
    local_cluster: pd.Series  # geographic cluster by row of the register
    caveats: tuple[str, ...] = ()  # spellings that were taken for a polygon's name, in words


def find_membership(
    register: Register, polygons: gpd.GeoDataFrame | None, *, is_lack_reported: bool
) -> Membership | None:
    frame, n_before = register.frame, len(register.faults)
    caveats: list[str] = []
    if polygons is not None:
        frame, caveats = _as_drawn(register, [str(name) for name in polygons.index])
        register = replace(register, frame=frame)
    held = None if polygons is None else holding_area(frame.geometry, polygons)
    if "cluster" in frame:
        cluster = as_text(frame["cluster"])
        _report_missing(register, cluster, frame["cluster"].isna(), polygons)
    elif held is not None:
        cluster = held
        _report_missing(register, cluster, frame.geometry.notna(), polygons)
    else:
        if not is_lack_reported:
            text = "there is neither a column of clusters nor a file of their polygons"
            remedy = 'Add cluster = "..." under [schools.columns], or [clusters] with file.'
            register.faults.add(register.file, 1, 'column "cluster"', Problem(text, remedy))
        return None
    given = as_text(frame["local_cluster"]) if "local_cluster" in frame else None
    local = held if held is not None else cluster
    if given is not None:
        local = given.where(given.notna(), local)
    if held is not None:
        _report_missing(register, local, frame.geometry.notna() & cluster.notna(), polygons)
    if given is not None and polygons is not None:
        _report_unknown(register, given, polygons)
    is_whole = len(register.faults) == n_before
    return Membership(cluster, local, tuple(caveats)) if is_whole else None


def find_areas(register: Register, polygons: gpd.GeoDataFrame) -> Membership | None:
    """Find the area, of those where pupils live, that every school lies in.

    What cluster a school is in today says nothing of that.
    """
    n_before, found = len(register.faults), holding_area(register.frame.geometry, polygons)
    bare = replace(register, frame=register.frame.drop(columns="cluster", errors="ignore"))
    if "area" in bare.frame:
        given = as_text(bare.frame["area"])
        found = given.where(given.notna(), found)
        _report_unknown(bare, given, polygons, "area")
    _report_missing(bare, found, bare.frame.geometry.notna(), polygons, "area")
    return None if len(register.faults) > n_before else Membership(found, found)


def _as_drawn(register: Register, names: list[str]) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Give the register with the polygons' spelling of their names, and what was taken for what."""
    frame, told = register.frame, []
    for column in ("cluster", "local_cluster"):
        if column in frame:
            written = as_text(frame[column])
            meant = spelt_alike(written.dropna(), names)
            frame = frame.assign(**{column: written.replace(meant)}) if meant else frame
            told += [
                f'"{text}" in {register.file} is taken for "{name}", as the polygon is called.'
                for text, name in meant.items()
            ]
    return frame, list(dict.fromkeys(told))


def _report_missing(
    register: Register,
    cluster: pd.Series,
    is_asked: pd.Series,
    polygons: gpd.GeoDataFrame | None,
    what: str = "cluster",
) -> None:
    written = register.frame.get("cluster", pd.Series("", index=cluster.index))
    is_blank, above = written.isna(), written.ffill()
    # Several blanks below a filled cell: a cell that was merged keeps its text in its first row.
    is_merged = is_blank.sum() > 1 and (is_blank & is_blank.shift(fill_value=False)).any()
    for row in cluster.index[cluster.isna() & is_asked]:
        if is_blank[row]:
            remedy = "Fill in its cluster."
            if is_merged and isinstance(above[row], str):
                remedy += (
                    f' Was the cell above, "{above[row]}", merged with it? Then unmerge it in the '
                    f"spreadsheet and fill down; nothing is taken from another row."
                )
            register.report(int(row), "the school has no cluster", remedy)
        else:
            text = f"the school lies in no {what}, nor within {NEAR_BORDER_M:g} m of one"
            column = "local_cluster" if what == "cluster" else what
            where, own = "its coordinates", written[row]
            if polygons is not None and what == "cluster" and isinstance(own, str):
                where += f', draw "{own}", which has no polygon'
                if own in polygons.index:
                    away_m = shapely.distance(polygons.geometry[own], register.frame.geometry[row])
                    where = (
                        f'its coordinates or the polygon of "{own}", {away_m / M_PER_KM:,.1f} km '
                    )
                    where += "away"
            register.report(int(row), text, f"Correct {where}, or give {column} in a column.")


def _report_unknown(
    register: Register, given: pd.Series, polygons: gpd.GeoDataFrame, what: str = "local cluster"
) -> None:
    names = [str(name) for name in polygons.index]
    strange = given[given.notna() & ~given.isin(names)]
    for row, name in zip(strange.index.tolist(), strange.tolist(), strict=True):
        remedy = did_you_mean(name, names, "Correct it, or add its polygon.")
        bare = [one for one in names if name.isdecimal() and one.lstrip("0") == name.lstrip("0")]
        if bare:
            remedy = (
                f'Is it "{bare[0]}"? A column of numbers loses the 0 before a figure: save both '
                f"as text, and write them alike."
            )
        register.report(row, f'no polygon is called "{name}", its {what}', remedy)


def report_elsewhere(
    register: Register, drawn: Mapping[str, gpd.GeoDataFrame], outline: BaseGeometry | None
) -> None:
    """Report files of areas that hold none of the schools, with what was probably meant."""
    points = register.frame.geometry.dropna().to_numpy()
    if not len(points):
        return
    turned = shapely.transform(points, lambda xy: xy[:, ::-1])
    wholes = {file: shapely.union_all(areas.geometry.to_numpy()) for file, areas in drawn.items()}
    elsewhere = {
        file: float(shapely.distance(whole, points).min())
        for file, whole in wholes.items()
        if (shapely.distance(whole, points) > NEAR_BORDER_M).all()
    }
    # Where all else agrees it is the schools that lie wrong; of two alone nobody can tell which.
    others = [*wholes.values(), *([] if outline is None else [outline])]
    is_agreed = any((shapely.distance(one, points) <= NEAR_BORDER_M).any() for one in others)
    for file, away_m in elsewhere.items():
        n = len(drawn[file])
        areas = f"any of its {n} areas, which are" if n > 1 else "its one area, which is"
        text = (
            f"none of the {len(points)} schools lies in {areas} {away_m / M_PER_KM:,.0f} km or "
            f"more away"
        )
        blamed = file
        remedy = "Look at its reference system, and at the coordinates of the schools."
        if (shapely.distance(wholes[file], turned) <= NEAR_BORDER_M).mean() > MOST_SHARE:
            text += "; with easting and northing exchanged they do"
            remedy = "Its axes are swapped, probably: save it again with easting first."
            if not is_agreed:
                remedy = (
                    f"Its axes are swapped, or easting and northing in {register.file}: save it "
                    f"again with easting first, or exchange the two columns."
                )
            if not is_agreed and len(others) > 1:
                blamed = register.file
                text = f"none of the {len(points)} schools lies in any area of {' or '.join(drawn)}"
                text += "; with easting and northing exchanged they do"
                remedy = "Easting and northing are swapped, probably: exchange the two columns."
        register.faults.add(blamed, 0, "", Problem(text, remedy))
        if blamed != file:
            return


MOST_SHARE = 0.8
"""Share of the schools that must fit for what was meant to be told."""

DRAWN_WRONG_M = 50_000.0
"""So far out a school may be because a polygon is missing there; further out its place is wrong."""


def inside(
    register: Register, outline: BaseGeometry, what: str, clusters: gpd.GeoSeries | None
) -> Register:
    """Report every school that lies further than 250 m outside the outline."""
    placed = register.frame.geometry[register.frame.geometry.notna()]
    far_m = shapely.distance(outline, placed.to_numpy())
    outside = np.flatnonzero(far_m > NEAR_BORDER_M)
    column = next((c for c in ("local_cluster", "cluster") if c in register.frame), None)
    for i in outside:
        row, point = placed.index[i], placed.iloc[i]
        turned = shapely.Point(point.y, point.x)
        remedy = "Correct its coordinates, or remove the school."
        own = None if column is None else register.frame[column][row]
        if shapely.distance(outline, turned) <= NEAR_BORDER_M:
            remedy = "Easting and northing look swapped: exchange the two."
        elif far_m[i] < DRAWN_WRONG_M and clusters is not None and own in clusters.index:
            away_km = shapely.distance(clusters[own], point) / M_PER_KM
            remedy = (
                f'Correct its coordinates, or the polygon of its cluster, "{own}", which is '
                f"{away_km:,.1f} km away: is it misplaced, or does its border cross itself?"
            )
        text = f"the school lies {far_m[i] / M_PER_KM:,.1f} km outside {what}"
        register.report(int(row), text, remedy)
    is_outside = register.frame.index.isin(placed.index[outside])
    points = register.frame.geometry.where(~is_outside, None)
    return replace(register, frame=register.frame.set_geometry(points))
