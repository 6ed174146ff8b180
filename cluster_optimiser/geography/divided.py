"""Units that are schools: which clusters are divided, whose ground is whose, and what touches.

Inside a divided cluster each school with its cell is a unit of its own. Exempt schools are in no
unit, but they stand on ground: theirs goes to a school of the same cluster, so that their cells
leave no holes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd

from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.geography.adjacency import shared_boundaries
from cluster_optimiser.geography.alignment import LAYER_PREFIX
from cluster_optimiser.geography.travel import drive_between

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import geopandas as gpd

    from cluster_optimiser.domain import Authority, Territory, TravelMinutes
    from cluster_optimiser.scenario import Scenario


def school_unit(urn: int) -> str:
    """Give the name of the unit that is one school.

    >>> school_unit(121000)
    'URN 121000'
    """
    return f"URN {urn}"


def refuse_division(scenario: Scenario) -> None:
    """Refuse a scenario that divides clusters by a method that cannot."""
    if scenario.method in {"redraw", "file"}:
        return
    faults = []
    if scenario.units == "schools":
        remedy = 'Write method = "redraw", or units = "clusters".'
        problem = f'units = "schools" does not go with method "{scenario.method}"'
        faults.append(scenario.fault("units", problem, remedy))
    if scenario.urban.areas:
        problem = f'method "{scenario.method}" cannot divide the clusters of urban areas'
        remedy = 'Write method = "redraw", or remove [urban].'
        faults.append(scenario.fault("urban.areas", problem, remedy))
    if faults:
        raise ScenarioError(faults)


def is_divided(scenario: Scenario, schools: pd.DataFrame) -> pd.Series:
    """Tell which schools may be reassigned one by one."""
    divided = pd.Series(data=scenario.units == "schools", index=schools.index)
    areas = list(scenario.urban.areas)
    columns = ["local_cluster", *(c for c in schools.columns if str(c).startswith(LAYER_PREFIX))]
    for column in columns if areas else ():
        divided |= schools[column].isin(areas)
    return divided


def school_units(
    schools: gpd.GeoDataFrame,
    cells: gpd.GeoDataFrame,
    whole: pd.Series,
    divided: pd.Series,
    exempt_of: pd.Series,
) -> pd.Series:
    """Give the unit that each school lies in, where some clusters are divided.

    An exempt school that is divided, or of whose cluster nothing stays whole, lies in the unit of
    the ordinary school there whose ground has the longest border with its own, the nearest school
    where none touches.
    """
    unit = whole.astype("object").copy()
    if not divided.any():
        return unit
    is_exempt = pd.Series(schools.index.isin(exempt_of.index), index=schools.index)
    single = schools.index[divided & ~is_exempt]
    unit.loc[single] = [school_unit(int(urn)) for urn in single]
    stays_whole = whole.isin(whole[~divided & ~is_exempt])
    for urn in schools.index[is_exempt & (divided | ~stays_whole)]:
        there = single[(whole.loc[single] == whole.loc[urn]).to_numpy()]
        if len(there):
            unit.loc[urn] = school_unit(_host(int(urn), there, cells, schools))
    return unit


def _host(urn: int, there: pd.Index, cells: gpd.GeoDataFrame, schools: gpd.GeoDataFrame) -> int:
    near = cells.geometry.loc[[urn, *there]]
    borders = shared_boundaries(near[near.intersects(near.iloc[0])])
    pairs = [(int(a), int(b), metres) for (a, b), metres in borders.items()]
    # To the millimetre: equal borders are a tie, however they came to be measured.
    metres = {b if a == urn else a: round(m, 3) for a, b, m in pairs if urn in {a, b} and m > 0}
    if metres:
        return int(min(metres, key=lambda other: (-metres[other], other)))
    away_m = schools.geometry.loc[there].distance(schools.geometry.loc[urn])
    return int(min(there, key=lambda other: (away_m.loc[other], other)))


def divided_graph(
    scenario: Scenario,
    authority: Authority,
    territory: Territory,
    whole: pd.Series,
    local: pd.Series,
    whole_graph: nx.Graph,
    travel: TravelMinutes,
    pairs: Sequence[tuple[str, str]] | None = None,
) -> tuple[nx.Graph, tuple[str, ...]]:
    """Make the dual graph of units some of which are schools.

    Two whole units are adjacent as they are when nothing is divided. A school is adjacent to what
    its ground shares at least ``contiguity.min_shared_school_m`` of border with, unless a barrier
    is stated between the two schools' clusters of today. A stated link between two clusters that
    would otherwise not be adjacent joins the two nearest schools, one of each.
    """
    schools, touch = authority.schools, scenario.contiguity
    unit = dict(zip(schools.index.tolist(), local.astype(str), strict=True))
    cluster = dict(zip(unit, schools["local_cluster"].astype(str), strict=True))
    graph = nx.Graph()
    graph.add_nodes_from(sorted(set(unit.values())))
    # What is left of a cluster that is divided in part is no longer what the cluster touched.
    cut_up = {str(name) for name in whole[whole != local]}
    is_single = {name: name not in whole_graph or name in cut_up for name in graph}
    graph.add_edges_from(
        (a, b, data)
        for a, b, data in whole_graph.edges(data=True)
        if a in graph and b in graph and not (is_single[a] or is_single[b])
    )
    along: defaultdict[tuple[str, str], float] = defaultdict(float)
    parted: set[tuple[str, str]] = set()
    measured = shared_boundaries(territory.cells.geometry) if pairs is None else {}
    sides = [(int(a), int(b), metres) for (a, b), metres in measured.items()]
    for pair in pairs or ():
        here, there = (_schools_of(name, unit, cluster) for name in pair)
        sides += [(one, other, math.inf) for one in here for other in there]
    for a, b, metres in sides:
        one, other = sorted((unit[a], unit[b]))
        if one == other or not (is_single[one] or is_single[other]):
            continue
        names = {cluster[a], school_unit(a)}, {cluster[b], school_unit(b)}
        barriers = touch.parting(*names)
        if barriers:
            parted.update(barriers)
        else:
            along[one, other] += metres
    graph.add_edges_from(
        (a, b, {"shared_m": metres if pairs is None else 0.0})
        for (a, b), metres in along.items()
        if touch.is_border(metres, of_school=True) and is_near(scenario, travel, local, a, b)
    )
    notes = [
        f"schools of {a} and {b} touch but do not count as adjacent: a stated barrier"
        for a, b in sorted(parted)
    ]
    notes += _add_links(scenario, schools, unit, graph)
    return graph, (*notes, *_alone(graph, schools))


def _schools_of(name: str, unit: Mapping[int, str], cluster: Mapping[int, str]) -> list[int]:
    """Give the school of a name, or the schools of a cluster that stay together."""
    if name.startswith("URN "):
        return [int(name.removeprefix("URN "))]
    return [urn for urn in unit if cluster[urn] == name and unit[urn] != school_unit(urn)]


def is_near(
    scenario: Scenario, travel: TravelMinutes, local: pd.Series, one: str, other: str
) -> bool:
    """Tell whether the drive between two units is within the limit for neighbours, if any."""
    here, there = (np.flatnonzero((local == unit).to_numpy()) for unit in (one, other))
    return scenario.contiguity.is_drive(drive_between(travel.minutes, here, there).minutes)


def _add_links(
    scenario: Scenario, schools: gpd.GeoDataFrame, unit: Mapping[int, str], graph: nx.Graph
) -> Iterator[str]:
    for one, other in scenario.contiguity.links:
        by_urn = pd.Series([f"URN {urn}" for urn in schools.index], index=schools.index)
        ends = [
            schools[(schools["local_cluster"] == name) | (by_urn == name)] for name in (one, other)
        ]
        here, there = ({unit[int(urn)] for urn in end.index} for end in ends)
        if any(graph.has_edge(a, b) for a in here for b in there):
            continue
        away_m = ends[0].geometry.apply(ends[1].geometry.distance).to_numpy()
        row, column = np.unravel_index(int(away_m.argmin()), away_m.shape)
        pair = [int(ends[0].index[row]), int(ends[1].index[column])]
        graph.add_edge(unit[pair[0]], unit[pair[1]], shared_m=0.0)
        names = " and ".join(str(schools["name"].loc[urn]) for urn in pair)
        yield f"{names} count as adjacent: the stated link {one} - {other}"


def _alone(graph: nx.Graph, schools: gpd.GeoDataFrame) -> Iterator[str]:
    for name in graph:
        if graph.degree(name) == 0 and name.startswith("URN "):
            school = schools["name"].loc[int(name.removeprefix("URN "))]
            yield f"{school} ({name}) touches no other school"
