"""Pages to check an intake by eye: one authority's map and account, and a line for each of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from cluster_optimiser.constants import APART_PHASES, SECONDARY_PHASES
from cluster_optimiser.optimise.colours import stable_colours
from cluster_optimiser.present.characters import isolated
from cluster_optimiser.present.intake.account import not_taken, open_left_out, phases
from cluster_optimiser.present.shapes import PALETTE, drawable, touching
from cluster_optimiser.present.svg import WIDTH, Frame, path_data
from cluster_optimiser.present.words import template
from cluster_optimiser.words import long_date, number

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.domain import Authority, Territory
    from cluster_optimiser.present.intake.files import NewAuthority

TOLERANCE_M = 40.0
SMALL, LARGE = 5, 8
"""Radius of a school on the map, and of a secondary school."""


def check_html(new: NewAuthority, authority: Authority, territory: Territory) -> str:
    ledger = new.intake.ledger
    areas = next(
        (shapes for shapes in territory.layers.values() if len(shapes) > 1), territory.clusters[:0]
    )
    title = next((authority.layers[n].title for n, s in territory.layers.items() if s is areas), "")
    frame = Frame.around(territory.clusters.geometry)
    clusters = drawable(territory.clusters.geometry, tolerance_m=TOLERANCE_M)
    schools = authority.schools
    (colours,) = stable_colours([touching(clusters)], [schools["local_cluster"]], schools["pupils"])
    sizes = schools.groupby("local_cluster")["pupils"].agg(["size", "sum"]).sort_index()
    page = template("check.html.j2").render(
        new=new,
        ledger=ledger,
        schools=schools,
        pupils=int(schools["pupils"].sum()),
        left_out=open_left_out(ledger),
        phases=phases(new.intake.schools),
        not_taken=not_taken(ledger),
        flags=sorted(ledger.flags, key=lambda flag: (flag.urn, flag.what)),
        width=WIDTH,
        height=frame.height,
        clusters=[
            (str(name), PALETTE[colours.colour_of[str(name)]], path_data(frame.draw(shape)))
            for name, shape in clusters.items()
        ],
        area_paths=[path_data(frame.draw(shape)) for shape in _light(areas)],
        area_title=title,
        dots=_dots(new, schools, frame),
        cluster_rows=[(str(n), int(size), int(total)) for n, size, total in sizes.itertuples()],
        findings=territory.findings,
        is_made=authority.is_made,
        number=number,
        long_date=long_date,
    )
    return isolated(page)


def _light(areas: gpd.GeoDataFrame) -> list[BaseGeometry]:
    return list(drawable(areas.geometry, tolerance_m=TOLERANCE_M)) if len(areas) else []


def _dots(new: NewAuthority, schools: pd.DataFrame, frame: Frame) -> list[tuple[object, ...]]:
    flagged: dict[int, list[str]] = {}
    for flag in new.intake.ledger.flags:
        flagged.setdefault(flag.urn, []).append(flag.what)
    places = frame.place(shapely.get_coordinates(schools["geometry"].to_numpy()))
    dots: list[tuple[object, ...]] = []
    for (urn, row), (x, y) in zip(schools.iterrows(), np.rint(places).astype(int), strict=True):
        is_hub, is_apart = row["phase"] in SECONDARY_PHASES, row["phase"] in APART_PHASES
        kind = "secondary" if is_hub else "other" if is_apart else ""
        pupils = number(row["pupils"]) if row["is_pupils_known"] else "not known"
        notes = flagged.get(int(str(urn)), [])
        said = [f"{row['name']} (URN {urn})", f"{row['phase']}, pupils {pupils}", row["cluster"]]
        title = "\n".join([*map(str, said), *notes])
        dots.append((int(x), int(y), kind, LARGE if is_hub else SMALL, title, bool(notes)))
    # Large ones first, or they would hide the small ones.
    return sorted(dots, key=lambda dot: (-int(str(dot[3])), str(dot[4])))


def nation_html(table: pd.DataFrame) -> str:
    rows = table.to_dict("records")
    page = template("nation.html.j2").render(
        rows=rows, figure=lambda cell: number(int(str(cell))) if str(cell) else ""
    )
    return isolated(page)
