"""Schools set against the areas that the register says they are in."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.constants import MOST_OF_SCHOOL
from cluster_optimiser.findings import Finding
from cluster_optimiser.geography.alignment import LAYER_PREFIX
from cluster_optimiser.geography.territory import in_full, in_words
from cluster_optimiser.inputs.boundaries import NEAR_BORDER_M
from cluster_optimiser.inputs.checking import listed
from cluster_optimiser.inputs.coordinates import PAIRS, points_by
from cluster_optimiser.inputs.matching import name_key
from cluster_optimiser.inputs.register import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import geopandas as gpd

    from cluster_optimiser.domain import Authority

N_LISTED = 8
PAIR = 2


def outside_cluster(authority: Authority) -> Iterator[Finding]:
    """Set the register's clusters against their polygons."""
    if authority.clusters is None:
        return
    schools, shapes = authority.schools, authority.clusters.geometry
    said = pd.concat([schools["local_cluster"], schools["cluster"]])
    points = pd.concat([schools.geometry, schools.geometry])
    is_known = said.isin(shapes.index).to_numpy()
    said, points = said[is_known], points[is_known]
    away_m = shapely.distance(shapes.loc[said].to_numpy(), points.to_numpy())
    wrong: dict[int, tuple[str, float]] = {}
    for urn, name, metres in zip(said.index, said, away_m, strict=True):
        if metres > NEAR_BORDER_M:
            wrong.setdefault(int(urn), (str(name), float(metres)))
    tree = shapely.STRtree(shapes.to_numpy())
    there = {
        urn: str(shapes.index[tree.nearest(schools.geometry.loc[urn])]) for urn in sorted(wrong)
    }
    columns = [c for c in ("cluster", "local_cluster") if c in authority.register_columns]
    rings = _exchanged({urn: (wrong[urn][0], there[urn]) for urn in there}, schools)
    # What explains several comes before what stands alone.
    for urn in sorted(there, key=lambda urn: (urn not in rings, urn)):
        place, (name, metres) = there[urn], wrong[urn]
        school = schools.loc[urn]
        cells = ", ".join(f'{c} = "{place}"' for c in columns or ["local_cluster"])
        line = f"[corrections] {urn} = {{ {cells} }} in authority.toml"
        belongs = "" if place == name else f'; by its place it belongs to "{place}"'
        if urn in rings:
            belongs += f". {rings[urn]}"
            settle = "Give the polygons, or the schools in the register, their right names; or for "
            settle += f"this school alone write {line}."
        elif place == name:
            settle = "Correct its coordinates, or the polygon: is it misplaced, or does its border "
            settle += "cross itself?"
        else:
            settle = f"Correct its cluster, its coordinates or the polygon's name; or write {line}."
        yield Finding(
            "outside-cluster",
            "fault",
            f"URN {urn}",
            f'{school["name"]} lies {in_words(metres)} outside of "{name}", which the register '
            f"calls its cluster{belongs}",
            "Sizes, borders and travel of both clusters are wrong."
            if place != name
            else "Its cluster's borders are wrong.",
            settle,
            shapely.shortest_line(school.geometry, shapes.loc[name]),
            brief=f'{school["name"]} (URN {urn}), {in_words(metres)} outside of "{name}"',
            settle_all="Correct their clusters, their coordinates or the polygons' names.",
            size=metres,
        )


def _exchanged(moved: Mapping[int, tuple[str, str]], schools: gpd.GeoDataFrame) -> dict[int, str]:
    """Find clusters whose names look exchanged, in pairs or rings, by the first school of each."""
    n_said = Counter(str(name) for name in schools["local_cluster"])
    target = {
        name: place for (name, place), n in Counter(moved.values()).items() if 2 * n > n_said[name]
    }
    n_moved, told, seen = Counter(moved.values()), {}, set()
    for urn, (first, _) in sorted(moved.items()):
        ring = [first]
        while target.get(ring[-1]) not in {None, *ring}:
            ring.append(target[ring[-1]])
        if first in seen or len(ring) == 1 or target.get(ring[-1]) != first:
            continue
        seen |= set(ring)
        ways = [
            f'{_share(n_moved[a, target[a]], n_said[a])} "{a}" lie in "{target[a]}"' for a in ring
        ]
        names = "the two names look" if len(ring) == PAIR else f"the {len(ring)} names look"
        said = first_of(ways)
        told[urn] = f"{said[0].upper()}{said[1:]}: {names} exchanged"
    return told


def _share(n: int, of: int) -> str:
    return f"all {of} schools of" if n == of else f"{n} of the {of} schools of"


def other_area(authority: Authority) -> Iterator[Finding]:
    """Set the register's own columns of areas against the polygons of a layer."""
    schools = authority.schools
    for layer in authority.layers.values():
        columns = [c for c in (layer.name, *REGISTER_AREAS.get(layer.name, ())) if c in schools]
        if layer.polygons is None or not columns:
            continue
        shapes = layer.polygons.geometry
        by_key = {name_key(str(name)): str(name) for name in shapes.index}
        said = schools[columns[0]].dropna().astype(str).map(name_key).map(by_key)
        if said.notna().sum() * 2 < len(said):
            continue  # names of another kind or vintage: nothing is compared
        said = said.dropna()
        away_m = shapely.distance(
            shapes.loc[said].to_numpy(), schools.geometry.loc[said.index].to_numpy()
        )
        for i in np.flatnonzero(away_m > NEAR_BORDER_M):
            urn, name = said.index[i], said.iloc[i]
            there = schools[LAYER_PREFIX + layer.name].loc[urn]
            yield Finding(
                "other-area",
                "warning",
                f"URN {urn} {layer.name}",
                f'{schools["name"].loc[urn]} lies {in_words(away_m[i])} outside of "{name}", its '
                f'{layer.name} in the register; by its place it is in "{there}"',
                "It is counted by its place.",
                "Correct its coordinates, or the column.",
                shapely.shortest_line(schools.geometry.loc[urn], shapes.loc[name]),
                brief=f"{schools['name'].loc[urn]} (URN {urn}), {in_words(away_m[i])} outside of "
                f'"{name}"',
                settle_all="Correct their coordinates, or the column.",
                size=float(away_m[i]),
            )


def two_places(authority: Authority) -> Iterator[Finding]:
    """Set the places that a register gives twice, in metres and in degrees, against each other."""
    schools = authority.schools
    if not all(set(pair) <= set(schools.columns) for pair in PAIRS):
        return
    in_metres, in_degrees = (points_by(schools, pair, schools.crs) for pair in PAIRS)
    points = schools.geometry
    for other, said in ((in_metres, "easting and northing"), (in_degrees, "lat and lon")):
        away_m = shapely.distance(points.to_numpy(), other.to_numpy())
        for i in np.flatnonzero(away_m > NEAR_BORDER_M):
            urn, name = schools.index[i], schools["name"].iloc[i]
            yield Finding(
                "two-places",
                "warning",
                f"URN {urn}",
                f"{name} is {in_words(away_m[i])} away from where the register's {said} say",
                "The other of its two places is used.",
                "Correct the one that is wrong, or remove its columns.",
                shapely.shortest_line(points.iloc[i], other.iloc[i]),
                brief=f"{name} (URN {urn}), {in_words(away_m[i])} away",
                settle_all="Correct what is wrong, or remove the columns.",
                size=float(away_m[i]),
            )


def closed(authority: Authority) -> Iterator[Finding]:
    """Tell which schools the register itself calls closed."""
    schools = authority.schools
    columns = [c for c in ("status", *WORDS["columns"]["status"]) if c in schools]
    for column in columns[:1]:
        said = schools[column].astype(str).str.lower().map(WORDS["statuses"])
        for urn in schools.index[said == "closed"]:
            name = schools["name"].loc[urn]
            yield Finding(
                "closed",
                "warning",
                f"URN {urn}",
                f'{name} is closed, as the register\'s column "{column}" says',
                "It is counted like any other.",
                "Remove its row, or correct the column.",
                schools.geometry.loc[urn],
                brief=f"{name} (URN {urn})",
                settle_all="Remove their rows, or correct the column.",
                size=float(schools["pupils"].loc[urn]),
            )


SLIP = 10
"""Times the median school from which on pupils may have a figure too many."""


def with_too_many(schools: gpd.GeoDataFrame) -> Iterator[Finding]:
    """Tell of schools whose pupils may have a figure too many, or all of which may be URNs."""
    middle = float(schools["pupils"].median())
    if middle > max(MOST_OF_SCHOOL, float(np.median(schools.index))):
        yield Finding(
            "exchanged",
            "warning",
            "schools",
            f"a school has {middle:,.0f} pupils, and its URN is a smaller number: are the columns "
            "of URNs and pupils exchanged?",
            "Every size would be wrong.",
            "Name the right column of each under [schools.columns].",
        )
    most = max(MOST_OF_SCHOOL, SLIP * middle)
    for urn in schools.index[schools["pupils"] > most]:
        name, pupils = schools["name"].loc[urn], int(schools["pupils"].loc[urn])
        yield Finding(
            "many-pupils",
            "note",
            f"URN {urn}",
            f"{name} has {pupils:,} pupils, more than any school of England: a figure too many?",
            "Its cluster is as large.",
            "Correct the figure.",
            schools.geometry.loc[urn],
            brief=f"{name} (URN {urn}), {pupils:,}",
            settle_all="Correct the figures.",
            size=float(pupils),
        )


NO_NAMES = frozenset(
    [
        "n/a",
        "na",
        "nan",
        "nil",
        "null",
        "none",
        "-",
        "?",
        "tbc",
        "unknown",
        "not known",
        "not applicable",
        "does not apply",
    ]
)
"""What people and programs write where they have no name."""


def names_alike(authority: Authority) -> Iterator[Finding]:
    """Tell of areas that schools alone make, whose names differ in spelling only or are none."""
    columns = (
        {} if authority.clusters is not None or authority.has_areas else {"cluster": "cluster"}
    )
    columns |= {
        f"area of the layer {layer.name}": LAYER_PREFIX + layer.name
        for layer in authority.layers.values()
        if layer.origin == "schools"
    }
    for kind, column in columns.items():
        by_key: dict[str, list[str]] = {}
        for name in sorted(set(authority.schools[column].dropna().astype(str))):
            by_key.setdefault(name_key(name), []).append(name)
        for names in by_key.values():
            if len(names) > 1:
                quoted = in_full([f'"{name}"' for name in names])
                yield Finding(
                    "alike",
                    "warning",
                    f"{column} {names[0]}",
                    f"{quoted} are spelt alike, and each is one {kind}",
                    "Schools that belong together may be apart.",
                    "Write them alike in the register, or give one another name.",
                    brief=quoted,
                    settle_all="Write them alike in the register, or give one another name.",
                )
            if names[0].casefold() in NO_NAMES:
                n_schools = int(authority.schools[column].isin(names).sum())
                yield Finding(
                    "no-name",
                    "warning",
                    f"{column} {names[0]}",
                    f'"{names[0]}" is one {kind}, with {n_schools} of the schools',
                    "Where it stands for not known, schools are together that are not.",
                    "Fill in where each belongs, or give it another name.",
                    brief=f'"{names[0]}"',
                    settle_all="Fill in where each belongs, or give them other names.",
                )


REGISTER_AREAS = {"district": ("DistrictAdministrative (name)",)}
"""Layer -> columns of a register's extract that state the same."""


def first_of(names: list[str]) -> str:
    """Give the first few names in words, and the number of the rest."""
    return in_full(names) if len(names) <= N_LISTED else listed(names, N_LISTED)
