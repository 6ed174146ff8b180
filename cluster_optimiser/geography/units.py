"""Units and the problem: what a plan may not divide, and everything it is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from cluster_optimiser.constants import HOMES, SECONDARY_PHASES
from cluster_optimiser.domain import Authority, Plan, Problem, Territory, TravelMinutes
from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.geography.adjacency import (
    bridged,
    cluster_drives,
    dual_graph,
    merged_graph,
    shared_boundaries,
    with_pairs,
)
from cluster_optimiser.geography.alignment import HOME_PREFIX, areas_of, home_and_misaligned
from cluster_optimiser.geography.divided import (
    divided_graph,
    is_divided,
    refuse_division,
    school_units,
)
from cluster_optimiser.geography.pairs import Pairs, pairs_of
from cluster_optimiser.geography.territory import union_of_cells
from cluster_optimiser.geography.travel import travel_minutes
from cluster_optimiser.inputs import projections_of
from cluster_optimiser.rules import NEIGHBOURS_FILE

if TYPE_CHECKING:
    import networkx as nx

    from cluster_optimiser.scenario import Exempt, Scenario


def exempt_groups(scenario: Scenario, schools: pd.DataFrame) -> pd.Series:
    group = pd.Series(pd.NA, index=schools.index, dtype="object", name="exempt")
    for exempt in scenario.exempt:
        group = group.mask(group.isna() & _matches(exempt, schools), exempt.name)
    return group.dropna()


def refuse_all_exempt(scenario: Scenario, schools: pd.DataFrame) -> None:
    if len(exempt_groups(scenario, schools)) == len(schools):
        problem = "every school is exempt: none is left to place"
        raise ScenarioError([scenario.fault("exempt", problem, "Exempt fewer schools.")])


def _matches(exempt: Exempt, schools: pd.DataFrame) -> pd.Series:
    matching = pd.Series(data=True, index=schools.index)
    for column in exempt.where:
        values = exempt.values(column)
        matching &= schools[column].astype("string").isin(values).fillna(value=False).astype(bool)
    return matching


def local_units(scenario: Scenario, authority: Authority, parent: Plan | None) -> pd.Series:
    """Give the unit that each school lies in, exempt schools too, before any is divided."""
    local: pd.Series = authority.schools["local_cluster"]
    if scenario.units_scenario is None:
        return local
    if parent is None:
        problem = f'no plan of scenario "{scenario.units_scenario}" is at hand'
        remedy = "Run the scenario with that option label together with this one."
        raise ScenarioError([scenario.fault("units", problem, remedy)])
    # A unit is a cluster of the parent plan. Exempt schools lie in the cluster that took their
    # geographic cluster in: the parent's exempt clusters are not units.
    ordinary = parent.assignment.drop(exempt_groups(scenario, authority.schools).index)
    taken_by = ordinary.groupby(local).agg(_held_by_most)
    return ordinary.reindex(local.index).fillna(local.map(taken_by))


def _held_by_most(units: pd.Series) -> str:
    """Give the unit of most schools, the first by name on a tie."""
    return str(min(units.unique(), key=lambda unit: (-(units == unit).sum(), unit)))


def unit_table(
    schools: pd.DataFrame, unit_of: pd.Series, shapes: gpd.GeoSeries, layers: list[str]
) -> gpd.GeoDataFrame:
    rows: dict[str, dict[str, object]] = {}
    held = schools.loc[unit_of.index]
    pupils = held["pupils"].to_numpy()
    is_secondary = held["phase"].isin(SECONDARY_PHASES).to_numpy()
    is_home = (held["phase"] == HOMES).to_numpy()
    areas = areas_of(held, layers)
    for unit, members in sorted(held.groupby(unit_of).indices.items()):
        row: dict[str, object] = {
            "pupils": int(pupils[members].sum()),
            "n_schools": int((~is_home[members]).sum()),
            "n_secondary": int(is_secondary[members].sum()),
        }
        for layer in layers:
            here = zip(areas[layer][members], pupils[members], strict=True)
            row[HOME_PREFIX + layer], _ = home_and_misaligned(here)
        rows[str(unit)] = row
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index.name = "unit_id"
    for layer in layers:
        # An area that is not known stays None: left alone, pandas makes it NaN, a number.
        homes = [row[HOME_PREFIX + layer] for row in rows.values()]
        table[HOME_PREFIX + layer] = pd.Series(homes, index=table.index, dtype=object)
    return gpd.GeoDataFrame(table, geometry=shapes.reindex(table.index), crs=shapes.crs)


def shapes_and_graph(
    scenario: Scenario,
    authority: Authority,
    territory: Territory,
    local: pd.Series,
    ordinary: pd.Index,
    travel: TravelMinutes,
    pairs: Pairs | None = None,
) -> tuple[gpd.GeoSeries, nx.Graph, tuple[str, ...]]:
    """Give the ground of whole units and what touches.

    Units that share one of today's clusters, as those that a redraw made do, touch as cells do.
    """
    clusters, schools = territory.clusters.geometry, authority.schools
    shared_m = shared_boundaries(clusters, snap_m=scenario.contiguity.snap_m)
    if pairs is not None:
        known = set(clusters.index)
        shared_m = dict(with_pairs(shared_m, [pair for pair in pairs if known.issuperset(pair)]))
    drives = cluster_drives(shared_m, schools, travel, scenario.contiguity)
    graph, notes = dual_graph(clusters.index, shared_m, scenario.contiguity, drives)
    today, of = schools["local_cluster"].loc[ordinary], local.loc[ordinary]
    graph = bridged(graph, set(today), scenario.contiguity)
    if scenario.units_scenario is None:
        return clusters, graph, notes
    is_shared = of.groupby(today).transform("nunique") > 1
    parts = set(of[is_shared])
    groups: dict[str, list[str]] = {}
    for cluster, unit in of[~of.isin(parts)].groupby(today[~of.isin(parts)]).first().items():
        groups.setdefault(str(unit), []).append(str(cluster))
    graph = merged_graph(graph, groups)
    if not parts:
        shapes = {unit: clusters.loc[members].union_all() for unit, members in groups.items()}
        return gpd.GeoSeries(shapes, crs=clusters.crs), graph, notes
    if pairs is not None:
        label = scenario.units_scenario
        problem = f'the clusters of "{label}" divide those that the file speaks of'
        remedy = "Remove it, so that borders are measured."
        raise ScenarioError([scenario.fault(NEIGHBOURS_FILE, problem, remedy)])
    graph, more = divided_graph(scenario, authority, territory, local, local, graph, travel)
    return union_of_cells(territory.cells, local, name="unit").geometry, graph, (*notes, *more)


def build_problem(
    scenario: Scenario, authority: Authority, territory: Territory, *, parent: Plan | None = None
) -> Problem:
    """Put together everything that a plan of a scenario is made from and judged by."""
    schools = authority.schools
    exempt_of = exempt_groups(scenario, schools)
    refuse_all_exempt(scenario, schools)
    refuse_division(scenario)
    whole = local_units(scenario, authority, parent)
    divided = is_divided(scenario, schools)
    local = school_units(schools, territory.cells, whole, divided, exempt_of)
    unit_of = local.drop(exempt_of.index).rename("unit")
    clash = sorted(set(unit_of) & set(exempt_of))
    if clash:
        problem = f'an exempt group bears the name of a unit: "{clash[0]}"'
        raise ScenarioError([scenario.fault("exempt", problem, "Give the group another name.")])
    travel = travel_minutes(authority)
    pairs = pairs_of(scenario, authority, territory.clusters.index)
    shapes, graph, notes = shapes_and_graph(
        scenario, authority, territory, whole, unit_of.index, travel, pairs
    )
    if divided.any():
        # Clusters as drawn and the cells of their schools may differ by a hair: cells throughout.
        shapes = union_of_cells(territory.cells, local, name="unit").geometry
        graph, more = divided_graph(
            scenario, authority, territory, whole, local, graph, travel, pairs
        )
        notes = (*notes, *more)
    units = unit_table(schools, unit_of, shapes, list(authority.layers))
    # An area whose schools are all exempt is no unit: nothing there is to be placed.
    return Problem(
        scenario=scenario,
        authority=authority,
        territory=territory,
        travel=travel,
        units=units,
        unit_of=unit_of,
        exempt_of=exempt_of,
        local_unit_of=local.loc[exempt_of.index].rename("local_unit"),
        dual=graph.subgraph(units.index).copy(),
        notes=notes,
        projections=projections_of(scenario, authority),
        pairs=pairs,
    )


def school_positions(problem: Problem) -> dict[str, np.ndarray]:
    """Give the positions of each unit's schools in the order of the register."""
    where = pd.Series(np.arange(len(problem.travel.urns)), index=problem.travel.urns)
    grouped = where.loc[problem.unit_of.index].groupby(problem.unit_of.to_numpy())
    return {str(unit): np.sort(members.to_numpy()) for unit, members in grouped}


def any_unit_of(problem: Problem) -> pd.Series:
    """Give the unit that each school is in or, if it is exempt, lies in."""
    units: pd.Series = pd.concat([problem.unit_of, problem.local_unit_of])
    return units.reindex(problem.authority.schools.index)


def pinned_units(problem: Problem, names: tuple[str, ...]) -> frozenset[int]:
    """Give the positions of units that names mean: their own, or of today's clusters in them."""
    local, at = problem.authority.schools["local_cluster"], problem.unit_at
    units = set()
    for name in names:
        if name in at:
            units.add(name)
        else:
            members = local.index[local == name].intersection(problem.unit_of.index)
            units.update(problem.unit_of.loc[members])
    return frozenset(at[unit] for unit in units)
