"""Every number of a plan: per cluster and as a whole. Pure: nothing is decided here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from cluster_optimiser.constants import (
    CENTIMINUTES_PER_MINUTE,
    CENTIPUPILS_PER_PUPIL,
    HOMES,
    SECONDARY_PHASES,
)
from cluster_optimiser.domain import Problem, Score
from cluster_optimiser.geography.adjacency import shared_boundaries
from cluster_optimiser.geography.alignment import areas_of, home_and_misaligned
from cluster_optimiser.geography.divided import is_near
from cluster_optimiser.geography.measures import (
    Measures,
    need_and_pupils,
    need_deviation_centipupils,
)
from cluster_optimiser.geography.meeting import MeetingPlaces, meeting_schools
from cluster_optimiser.geography.travel import UNKNOWN, to_centiminutes
from cluster_optimiser.own import clusters_of, value_of_plan
from cluster_optimiser.rules import QUOTAS, bounding
from cluster_optimiser.terms import TERMS, own_terms

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from shapely.geometry.base import BaseGeometry


def polsby_popper(area: BaseGeometry) -> float:
    r"""Give the Polsby-Popper compactness of an area.

    4 pi A / P^2 with area A and perimeter P: 1 for a circle, near 0 for a thread (Polsby and Popper
    1991, Yale Law & Policy Review 9).

    >>> import shapely
    >>> round(polsby_popper(shapely.box(0, 0, 1000, 1000)), 4)
    0.7854
    """
    return 4 * math.pi * area.area / area.length**2


def _undivided_units(problem: Problem, assignment: pd.Series) -> dict[str, list[str]]:
    held: dict[str, set[str]] = {}
    for unit, cluster in zip(problem.unit_of, assignment.loc[problem.unit_of.index], strict=True):
        held.setdefault(str(unit), set()).add(str(cluster))
    whole: dict[str, list[str]] = {}
    for unit in sorted(unit for unit, clusters in held.items() if len(clusters) == 1):
        whole.setdefault(held[unit].pop(), []).append(unit)
    return whole


def _is_contiguous(problem: Problem, whole: list[str], stray: pd.Index) -> bool:
    """Tell whether whole units, and cells of schools from divided ones, hang together.

    A whole unit counts as one piece: today's clusters may lie on two sides of a river.
    """
    graph = nx.Graph(problem.dual.subgraph(whole))
    if len(stray):
        cells = problem.territory.cells.geometry
        members = problem.unit_of.index[problem.unit_of.isin(whole)]
        node = {str(urn): f"unit {problem.unit_of.loc[urn]}" for urn in members}
        node |= {str(urn): f"school {urn}" for urn in stray}
        graph = nx.relabel_nodes(graph, {unit: f"unit {unit}" for unit in whole})
        graph.add_nodes_from(node.values())
        areas = cells.loc[[*members, *stray]]
        areas.index = areas.index.astype(str)
        shared_m = shared_boundaries(areas)
        # A whole unit and a stray cell meet along all cells of the unit together.
        along: dict[tuple[str, str], float] = {}
        for (a, b), metres in shared_m.items():
            if node[a] != node[b]:
                pair = min(node[a], node[b]), max(node[a], node[b])
                along[pair] = along.get(pair, 0.0) + metres
        piece_of = pd.Series(problem.authority.schools.index.astype(str).map(node))
        touch = problem.scenario.contiguity
        graph.add_edges_from(
            pair
            for pair, metres in along.items()
            if touch.is_border(metres)
            and any(name.startswith("school ") for name in pair)
            and is_near(problem.scenario, problem.travel, piece_of, *pair)
        )
    return len(graph) > 0 and nx.is_connected(graph)


def _shape(problem: Problem, whole: list[str], stray: pd.Index) -> BaseGeometry | None:
    """Give the ground of a cluster; None where all its schools are exempt and have none."""
    if not whole and stray.empty:
        return None
    units = problem.units.geometry.to_numpy()[problem.units.index.get_indexer(whole)]
    cells = problem.territory.cells.geometry.loc[stray] if len(stray) else ()
    shape: BaseGeometry = shapely.union_all([*units, *cells])
    return shape


def _ordered_clusters(problem: Problem, assignment: pd.Series) -> list[str]:
    """Give the clusters by name, exempt ones last."""
    exempt = set(problem.exempt_of)
    names = sorted({str(name) for name in assignment})
    return [n for n in names if n not in exempt] + [n for n in names if n in exempt]


def _people(
    problem: Problem,
    members: np.ndarray,
    pupils: np.ndarray,
    places: MeetingPlaces,
    everywhere: MeetingPlaces,
) -> dict[str, object]:
    total = int(pupils[members].sum())
    place, anywhere = places.of_one(members), everywhere.of_one(members)
    known = place is not None and place.max_centiminutes != UNKNOWN
    minutes = place.pupil_centiminutes / CENTIMINUTES_PER_MINUTE if place else None
    return {
        "pupils": total,
        "deviation": (total - problem.scenario.size.target) / problem.scenario.size.target,
        "meeting_place_urn": int(problem.travel.urns[place.position]) if place else None,
        "max_minutes": place.max_centiminutes / CENTIMINUTES_PER_MINUTE
        if place and known
        else None,
        "mean_minutes": minutes / total if minutes is not None and total else None,
        "pupil_minutes": minutes,
        "pupil_minutes_any_school": (
            anywhere.pupil_centiminutes / CENTIMINUTES_PER_MINUTE if anywhere else None
        ),
    }


def _layers(areas: Mapping[str, np.ndarray], pupils: np.ndarray) -> dict[str, object]:
    row: dict[str, object] = {}
    for layer, of_school in areas.items():
        home, misaligned = home_and_misaligned(zip(of_school, pupils, strict=True))
        row[f"home_{layer}"] = home
        row[f"misaligned_{layer}_pupils"] = int(misaligned)
    return row


def cluster_table(problem: Problem, assignment: pd.Series, label: str) -> gpd.GeoDataFrame:
    whole_of = _undivided_units(problem, assignment)
    exempt = set(problem.exempt_of)
    size = problem.scenario.size
    schools = problem.authority.schools
    may_meet = meeting_schools(problem)
    # By school, not by unit: a plan that is measured may divide units.
    ways, each = to_centiminutes(problem.travel.minutes), list(np.arange(len(schools))[:, None])
    pupils_of = schools["pupils"].to_numpy(dtype=np.int64)
    is_school = (schools["phase"] != HOMES).to_numpy()
    anywhere = MeetingPlaces(ways, pupils_of, each, is_school)
    at_hubs = (
        anywhere
        if (may_meet == is_school).all()
        else MeetingPlaces(ways, pupils_of, each, may_meet)
    )
    pupils_of_unit = problem.units["pupils"].to_dict()
    areas = areas_of(schools, problem.authority.layers)
    # As arrays: to ask a table again for each cluster takes longer than all else that is asked.
    cluster_of = assignment.reindex(schools.index).to_numpy(dtype=object)
    is_secondary = schools["phase"].isin(SECONDARY_PHASES).to_numpy()
    today_of = schools["local_cluster"].to_numpy(dtype=object)
    unit_of, unit_cluster = problem.unit_of, assignment.reindex(problem.unit_of.index).to_numpy()
    rows, shapes = [], []
    for name in _ordered_clusters(problem, assignment):
        members = np.flatnonzero(cluster_of == name)
        whole = sorted(whole_of.get(name, []), key=lambda unit: (-pupils_of_unit[unit], unit))
        held = unit_of[unit_cluster == name]
        stray = held.index[~held.isin(whole)]
        is_exempt = name in exempt
        places = anywhere if is_exempt else at_hubs
        row = {
            "cluster": name,
            "n_schools": int(is_school[members].sum()),
            "n_secondary": int(is_secondary[members].sum()),
            **_people(problem, members, pupils_of, places, anywhere),
        }
        pupils = int(pupils_of[members].sum())
        shape = None if is_exempt else _shape(problem, whole, stray)
        row |= {
            "polsby_popper": None if shape is None else polsby_popper(shape),
            "is_contiguous": None if is_exempt else _is_contiguous(problem, whole, stray),
            "is_exception": not is_exempt and bool(size.beyond(pupils)),
            "is_exempt": is_exempt,
            **_layers({layer: all_[members] for layer, all_ in areas.items()}, pupils_of[members]),
            "units": tuple(whole),
            "today": tuple(sorted(set(today_of[members]))),
        }
        rows.append(row)
        shapes.append(shape)
    table = pd.DataFrame(rows)
    # The C keeps spreadsheets from reading 1-01 as a date, and 4e-01 as a number.
    ids = [f"{label}-C{i:02d}" for i in range(1, len(rows) + 1)]
    table.index = pd.Index(ids, name="cluster_id")
    table["meeting_place_urn"] = table["meeting_place_urn"].astype("Int64")
    return gpd.GeoDataFrame(
        table, geometry=gpd.GeoSeries(shapes, index=table.index, crs=problem.authority.schools.crs)
    )


def changed_pupils(problem: Problem, assignment: pd.Series) -> int:
    """Count the pupils whose cluster is not a continuation of today's.

    Each new cluster continues at most one of today's and each of today's is continued at most once,
    so that as many pupils as possible stay (a maximum-weight matching); the rest change.
    """
    urns = problem.unit_of.index
    schools = problem.authority.schools.loc[urns]
    # An exempt cluster continues none: ordinary schools that a plan puts there have changed.
    is_ordinary = ~assignment.loc[urns].isin(problem.exempt_of)
    keys = [assignment.loc[urns].astype(str), schools["local_cluster"].astype(str)]
    held = schools["pupils"][is_ordinary].groupby(keys).sum()
    if held.empty:
        return int(schools["pupils"].sum())
    new, today = (pd.factorize(held.index.get_level_values(level))[0] for level in (0, 1))
    # Each new cluster has a way out, worth one, so that there is a matching of all of them.
    alone = np.arange(new.max() + 1)
    worth = np.concatenate([held.to_numpy() + 1, np.ones_like(alone)])
    ends = np.array([[*new, *alone], [*(today + len(alone)), *alone]], dtype=np.int32)
    table = csr_array((worth, tuple(ends)))
    matched = min_weight_full_bipartite_matching(table, maximize=True)
    return int(schools["pupils"].sum()) - int(table[matched].sum()) + len(alone)


def need_deviation(problem: Problem, assignment: pd.Series) -> float | None:
    """Give the weighted pupils that are out of proportion: need against pupils, by cluster.

    A cluster with the share s of all pupils would have the share s of all need, were need spread
    evenly. The differences of all clusters, added without their signs.
    """
    funding = problem.scenario.funding
    if funding is None:
        return None
    schools = problem.authority.schools.loc[problem.unit_of.index]
    need, pupils = need_and_pupils(schools, funding)
    held = pd.DataFrame({"need": need, "pupils": pupils}, index=schools.index)
    sums = held.groupby(assignment.loc[schools.index].astype(str)).sum()
    of_cluster = [
        need_deviation_centipupils(int(n), int(p), int(need.sum()), int(pupils.sum()))
        for n, p in sums.itertuples(index=False)
    ]
    return sum(of_cluster) / CENTIPUPILS_PER_PUPIL


def _held(problem: Problem, assignment: pd.Series, own: pd.DataFrame) -> set[tuple[object, object]]:
    """Give each unit with each cluster that holds schools of it: one, unless it is divided."""
    clusters = assignment.reindex(problem.unit_of.index)
    names = set(own["cluster"])
    return {pair for pair in zip(problem.unit_of, clusters, strict=True) if pair[1] in names}


def plan_metrics(
    problem: Problem, assignment: pd.Series, clusters: pd.DataFrame
) -> dict[str, float | int | None]:
    size, ((far, _),) = problem.scenario.size, bounding("max_minutes")
    limit_min = problem.scenario.limit(far)
    own = clusters[~clusters["is_exempt"]]
    pupils = own["pupils"]
    total = int(pupils.sum())
    known = own["pupil_minutes"].notna().all()
    pupil_minutes = round(float(own["pupil_minutes"].sum()), 2) if known else None
    of_any = own["pupil_minutes_any_school"]
    longest, compactness = own["max_minutes"].astype(float), own["polsby_popper"].astype(float)
    metrics: dict[str, float | int | None] = {
        "n_clusters": len(own),
        "n_exempt_clusters": len(clusters) - len(own),
        "n_joins": len(_held(problem, assignment, own)) - len(own),
        "n_schools": int(own["n_schools"].sum()),
        "n_schools_all": int(clusters["n_schools"].sum()),
        "pupils": total,
        "pupils_all": int(clusters["pupils"].sum()),
        "smallest_pupils": int(pupils.min()) if len(own) else None,
        "largest_pupils": int(pupils.max()) if len(own) else None,
        "mean_pupils": total / len(own) if len(own) else None,
        "n_under_min": int(size.is_under(pupils).sum()),
        "n_over_max": int(size.is_over(pupils).sum()),
        "deviation": int((pupils - size.target).abs().sum()),
        "pupil_minutes": pupil_minutes,
        "mean_minutes": pupil_minutes / total if pupil_minutes is not None and total else None,
        "pupil_minutes_any_school": (
            round(float(of_any.sum()), 2) if of_any.notna().all() else None
        ),
        "max_minutes": float(longest.max()) if len(own) and longest.notna().all() else None,
        "n_over_travel_limit": None if limit_min is None else int((longest > limit_min).sum()),
        "n_not_contiguous": int((~own["is_contiguous"].astype(bool)).sum()),
        **_beyond_quotas(problem, own),
        "changed_pupils": (
            None if problem.authority.has_areas else changed_pupils(problem, assignment)
        ),
        "mean_polsby_popper": float(compactness.mean()) if compactness.notna().any() else None,
    }
    funding = problem.scenario.funding
    if funding is not None and funding.need:
        metrics["need_deviation"] = need_deviation(problem, assignment)
    metrics |= _asked_metrics(problem, assignment, list(own["cluster"]), metrics)
    held = None if not own_terms() else clusters_of(problem.authority.schools, assignment)
    for term in own_terms():
        ordinary = {name: held[name] for name in own["cluster"] if held and name in held}
        metrics[term.metric] = value_of_plan(term, ordinary)
    for layer in problem.authority.layers:
        misaligned = int(own[f"misaligned_{layer}_pupils"].sum())
        metrics[f"misaligned_{layer}_pupils"] = misaligned
        metrics[f"misaligned_{layer}_share"] = misaligned / total if total else None
        metrics[f"n_across_{layer}"] = int((own[f"misaligned_{layer}_pupils"] > 0).sum())
    return metrics


def _beyond_quotas(problem: Problem, own: pd.DataFrame) -> dict[str, int]:
    """Count the clusters that have too few or too many of a kind of school."""
    told = {quota.metric: 0 for _, quota in QUOTAS if quota.metric}
    for asked in problem.scenario.quotas:
        if asked.quota.metric:
            told[asked.quota.metric] = int((~asked.kept(own[asked.quota.number])).sum())
    return told


def _asked_metrics(
    problem: Problem, assignment: pd.Series, names: list[str], known: Collection[str]
) -> dict[str, float | int | None]:
    """Give what the clusters have of each term that is counted only where it is asked for."""
    terms = [t for t in TERMS if t.is_optional and t.metric not in known]
    asked = [term for term in terms if problem.scenario.asks(term.name)]
    if not asked:
        return {}
    urns = problem.unit_of.index
    # By school only where the plan that is measured divides units.
    schools = problem.authority.schools.index.get_indexer(urns)
    units = assignment.loc[urns].groupby(problem.unit_of.to_numpy())
    of = urns if units.nunique().max() > 1 else problem.unit_of.to_numpy()
    parts = pd.Series(schools).groupby(of).apply(np.array)
    cluster = assignment.loc[urns].groupby(of).first().to_numpy()
    members = cluster == np.array(names, dtype=object)[:, None]
    sets = Measures(problem, list(parts)).sets(members)
    return {term.metric: term.value(sets.cost(term.name)) for term in asked}


def score(problem: Problem, assignment: pd.Series, label: str) -> Score:
    """Give every number of a plan.

    Parameters
    ----------
    problem
        The problem.
    assignment
        Every school's cluster, in the order of the register.
    label
        The scenario's option, prefix of the cluster ids.

    Returns
    -------
    The score.
    """
    clusters = cluster_table(problem, assignment, label)
    return Score(clusters=clusters, metrics=plan_metrics(problem, assignment, clusters))


def objective_values(
    problem: Problem, metrics: Mapping[str, float | int | None]
) -> dict[str, float]:
    preferred = problem.scenario.preferred_layers
    values: dict[str, float] = {}
    for term in problem.scenario.objective.rows:
        held = [metrics.get(name) for name in term.metrics(preferred)]
        known = [value for value in held if value is not None]
        if term.gathers != "projections" and len(known) == len(held):
            values[term.name] = sum(known)
    return values
