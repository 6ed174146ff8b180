"""The ground report: sources set against each other before anything is solved.

`authority_findings` needs no scenario; `scenario_findings` tells what the rules of one make of the
map: neighbours lost to gaps, islands, ground that drops out.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.findings import Finding, accepted
from cluster_optimiser.geography.adjacency import (
    bridged,
    dual_graph,
    shared_boundaries,
    with_pairs,
)
from cluster_optimiser.geography.alignment import LAYER_PREFIX
from cluster_optimiser.geography.pairs import Pairs, pairs_of
from cluster_optimiser.geography.territory import HECTARE_M2, in_words, listed
from cluster_optimiser.geography.travel import travel_minutes
from cluster_optimiser.geography.units import exempt_groups
from cluster_optimiser.inputs.boundaries import NEAR_BORDER_M
from cluster_optimiser.inputs.matching import name_key
from cluster_optimiser.scenario.words import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import geopandas as gpd

    from cluster_optimiser.domain import Authority, Territory
    from cluster_optimiser.scenario import Contiguity, Scenario

DRAWN_APART_M = 10.0
"""Up to here a gap between two areas is taken for one of drawing; beyond for water, perhaps."""

GAPS_M = (2.0, 3.0, 5.0, DRAWN_APART_M, 25.0, 50.0)
"""Distances at which it is tried whether two areas would be neighbours."""

SLIVER_M2 = 1.0
"""An overlap of less is a matter of digits."""

HOLE_M2 = HECTARE_M2
"""Ground in no cluster from which it is told."""

THIN_M = 10.0
"""A hole that is thinner is a gap between two borders, and told as one."""

N_LISTED = 8


def authority_findings(authority: Authority, territory: Territory) -> tuple[Finding, ...]:
    """Compare the sources of an authority."""
    found = [
        *_outside_cluster(authority),
        *_other_area(authority),
        *_coverage(authority),
        *_overlaps(territory),
        *_holes(territory),
        *_enclaves(territory),
        *_slivers(territory),
        *_pieces(territory),
        *_without_pupils(authority),
    ]
    return tuple(accepted(found, authority.accepted))


def scenario_findings(
    scenario: Scenario,
    authority: Authority,
    territory: Territory,
    known: dict[str, Any],
) -> tuple[Finding, ...]:
    """Tell what the rules of a scenario make of the ground; `known` is what others found of it."""
    bare = scenario.contiguity.model_copy(update={"max_minutes": None, "barriers": ()})
    key = bare.model_dump_json()
    if bare.file is not None:
        key += f"{scenario.files[:1]} {scenario.units} {scenario.urban}"
    if key not in known:
        pairs = pairs_of(scenario, authority, territory.clusters.index)
        known[key] = _neighbours(scenario, territory, bare, pairs)
    graph, beside = known[key]
    placed_key = f"placed {scenario.exempt}"
    if placed_key not in known:
        exempt = exempt_groups(scenario, authority.schools).index
        known[placed_key] = set(authority.schools["local_cluster"].drop(exempt))
    found = [
        *beside,
        *_dropped(scenario, authority, territory, graph, known[placed_key]),
        *_needed_layers(scenario, authority),
        *_without_minutes(scenario, authority, known),
    ]
    return tuple(accepted(found, authority.accepted))


def _neighbours(
    scenario: Scenario, territory: Territory, bare: Contiguity, pairs: Pairs | None
) -> tuple[nx.Graph, list[Finding]]:
    """Give the graph of neighbours, and what is odd about it."""
    clusters = territory.clusters.geometry
    shared_m = shared_boundaries(clusters, snap_m=bare.snap_m)
    if pairs is not None:
        stated = [pair for pair in pairs if all(name in clusters.index for name in pair)]
        graph, _ = dual_graph(clusters.index, with_pairs(shared_m, stated), bare)
        is_whole = scenario.units != "schools" and not scenario.urban.areas
        return graph, list(_islands(clusters, graph)) if is_whole else []
    graph, _ = dual_graph(clusters.index, shared_m, bare)
    gaps = list(_gaps(scenario, clusters, shared_m, graph))
    drawn_together = graph.copy()
    drawn_together.add_edges_from(
        one.subject.split(PAIR, 1) for one in gaps if one.grade == "warning"
    )
    short = _short_borders(scenario, clusters, shared_m, graph)
    return graph, [*gaps, *short, *_islands(clusters, drawn_together)]


PAIR = " - "


# --- schools against polygons -----------------------------------------------------------


def _outside_cluster(authority: Authority) -> Iterator[Finding]:
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
    moved = Counter((wrong[urn][0], there[urn]) for urn in wrong)
    n_said = Counter(str(name) for name in schools["local_cluster"])
    columns = [c for c in ("cluster", "local_cluster") if c in authority.register_columns]
    for urn, place in there.items():
        name, metres = wrong[urn]
        school = schools.loc[urn]
        exchanged = ""
        if moved[name, place] == n_said[name] and moved[place, name] == n_said[place] > 0:
            exchanged = (
                f'. All {n_said[name]} schools of "{name}" lie in "{place}" and all '
                f'{n_said[place]} of "{place}" in "{name}": the two names look exchanged'
            )
        cells = ", ".join(f'{c} = "{place}"' for c in columns or ["local_cluster"])
        yield Finding(
            "outside-cluster",
            "fault",
            f"URN {urn}",
            f'{school["name"]} lies {in_words(metres)} outside of "{name}", which the register '
            f'calls its cluster; by its place it belongs to "{place}"{exchanged}',
            "Sizes, borders and travel of both clusters are wrong.",
            f"Correct its cluster, its coordinates or the polygon's name; or write "
            f"[corrections] {urn} = {{ {cells} }} in authority.toml.",
            shapely.shortest_line(school.geometry, shapes.loc[name]),
        )


def _other_area(authority: Authority) -> Iterator[Finding]:
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
            )


REGISTER_AREAS = {"district": ("DistrictAdministrative (name)",)}
"""Layer -> columns of a register's extract that state the same."""


def _nowhere(authority: Authority, layer: str) -> list[int]:
    is_nowhere = authority.schools[LAYER_PREFIX + layer].isna()
    return [int(urn) for urn in authority.schools.index[is_nowhere]]


def _coverage(authority: Authority) -> Iterator[Finding]:
    for layer in authority.layers:
        nowhere = _nowhere(authority, layer)
        if nowhere:
            yield _uncovered(authority, layer, nowhere)


def _uncovered(authority: Authority, layer: str, nowhere: list[int], used: str = "") -> Finding:
    schools = authority.schools
    names = [f"{schools['name'].loc[urn]} (URN {urn})" for urn in nowhere]
    return Finding(
        "layer-coverage",
        "warning" if used else "note",
        layer,
        f"{len(nowhere)} of {len(schools)} schools {'lies' if len(nowhere) == 1 else 'lie'} in no "
        f"area of the layer {layer}: "
        f"{_first(names)}",
        f"{used}They count to no area there, and their pupils as outside of any.",
        "Give boundaries that cover them, or add them to the nearest area.",
        shapely.multipoints(schools.geometry.loc[nowhere].to_numpy()),
    )


def _needed_layers(scenario: Scenario, authority: Authority) -> Iterator[Finding]:
    terms = (t.removeprefix("misaligned.") for t in scenario.objective.terms)
    for layer in dict.fromkeys(
        [*scenario.required_layers, *scenario.preferred_layers, *(t for t in terms)]
    ):
        nowhere = _nowhere(authority, layer) if layer in authority.layers else []
        if nowhere:
            used = f"Scenarios make clusters by this layer ({scenario.option}). "
            yield _uncovered(authority, layer, nowhere, used)


def _without_pupils(authority: Authority) -> Iterator[Finding]:
    schools = authority.schools
    for urn in schools.index[(schools["pupils"] == 0) & schools["is_pupils_known"]]:
        yield Finding(
            "no-pupils",
            "note",
            f"URN {urn}",
            f"{schools['name'].loc[urn]} has 0 pupils",
            "It weighs nothing in any plan.",
            "Correct the figure, or list it under schools.unknown_pupils.",
            schools.geometry.loc[urn],
        )


def _without_minutes(
    scenario: Scenario, authority: Authority, known: dict[str, Any]
) -> Sequence[Finding]:
    limits = scenario.travel.max_minutes, scenario.contiguity.max_minutes
    if limits == (None, None) and "pupil_minutes" not in scenario.objective.terms:
        return ()
    if "minutes" not in known:
        known["minutes"] = tuple(_cut_off(authority))
    found: tuple[Finding, ...] = known["minutes"]
    return found


def _cut_off(authority: Authority) -> Iterator[Finding]:
    travel, schools = travel_minutes(authority), authority.schools
    minutes = travel.minutes.copy()
    np.fill_diagonal(minutes, np.nan)
    names = schools["local_cluster"]
    for i, urn in enumerate(travel.urns):
        n_known = int(np.isfinite(minutes[i]).sum())
        if n_known * 2 >= len(travel.urns) - 1:
            continue
        what = "to no other school" if not n_known else f"to only {n_known} other schools"
        yield Finding(
            "no-minutes",
            "warning",
            f"URN {urn}",
            f"from {schools['name'].loc[urn]}, in {names.loc[urn]}, travel minutes are known "
            f"{what}: no road of the map leads there, or the table leaves it out",
            "It fits no cluster with a limit of minutes or with a meeting place elsewhere.",
            "Add the minutes or the road; or the ferry, with ferries = true under [travel].",
            schools.geometry.loc[urn],
        )


# --- areas against each other -----------------------------------------------------------


def _gaps(
    scenario: Scenario,
    clusters: gpd.GeoSeries,
    shared_m: Mapping[tuple[str, str], float],
    graph: nx.Graph,
) -> Iterator[Finding]:
    """Find areas that would be neighbours, were it not for a strip between them."""
    shapes, names = clusters.to_numpy(), list(clusters.index)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=GAPS_M[-1])
    least_m = scenario.contiguity.min_shared_m
    for i, j in sorted((int(i), int(j)) for i, j in zip(left, right, strict=True) if i < j):
        a, b = names[i], names[j]
        if graph.has_edge(a, b) or shared_m.get((a, b), 0.0) >= least_m:
            continue
        for apart_m in (gap for gap in GAPS_M if gap > scenario.contiguity.snap_m):
            beside_m = shared_boundaries(clusters.iloc[[i, j]], snap_m=apart_m).get((a, b), 0.0)
            if beside_m >= least_m:
                yield _gap(clusters.iloc[[i, j]], apart_m, beside_m)
                break


def _gap(pair: gpd.GeoSeries, apart_m: float, beside_m: float) -> Finding:
    a, b = pair.index
    one, other = pair.to_numpy()
    nearest_m = shapely.distance(one, other)
    apart = f"up to {apart_m:g} m" if nearest_m < SNAP_LEAST_M else f"{nearest_m:.1f} m"
    line = shapely.intersection(shapely.boundary(one), shapely.buffer(other, apart_m))
    return Finding(
        "gap",
        "warning" if apart_m <= DRAWN_APART_M else "note",
        f"{a}{PAIR}{b}",
        f"{a} and {b} run beside each other for {in_words(beside_m)}, {apart} apart, and do not "
        f"count as neighbours",
        "No plan puts them together directly; the best of all plans may be missing.",
        f'Write snap_m = {apart_m:g} or links = [["{a}", "{b}"]] under [contiguity], or close the '
        f"gap with `check --mend`.",
        line,
    )


SNAP_LEAST_M = 0.05
"""A gap that begins narrower is one that opens from a point."""


def _short_borders(
    scenario: Scenario,
    clusters: gpd.GeoSeries,
    shared_m: Mapping[tuple[str, str], float],
    graph: nx.Graph,
) -> Iterator[Finding]:
    least_m = scenario.contiguity.min_shared_m
    for (a, b), metres in shared_m.items():
        if metres < least_m and not graph.has_edge(a, b):
            one, other = clusters.loc[[a, b]]
            line = shapely.intersection(
                shapely.boundary(one), shapely.buffer(other, scenario.contiguity.snap_m or 1e-3)
            )
            yield Finding(
                "short-border",
                "note",
                f"{a}{PAIR}{b}",
                f"{a} and {b} share {metres:.0f} m of border, less than the {least_m:g} m that "
                f"make neighbours",
                "They do not count as neighbours.",
                f'If they should: links = [["{a}", "{b}"]] under [contiguity].',
                line,
            )


def _islands(clusters: gpd.GeoSeries, graph: nx.Graph) -> Iterator[Finding]:
    parts = sorted(map(sorted, nx.connected_components(graph)), key=lambda part: (-len(part), part))
    for part in parts[1:]:
        rest = clusters.drop(part)
        away = {
            (name, other): float(metres)
            for name in part
            for other, metres in rest.distance(clusters.loc[name]).items()
        }
        (name, other), metres = min(away.items(), key=lambda item: (item[1], item[0]))
        whole = listed(part)
        yield Finding(
            "island",
            "warning",
            part[0] if len(part) == 1 else f"{part[0]} and {len(part) - 1} more",
            f"{whole} {'has' if len(part) == 1 else 'have'} no neighbour in the rest of the map; "
            f"the nearest is {other}, {in_words(metres)} from {name}",
            "No plan joins them to it.",
            f'If a bridge or a ferry does: links = [["{name}", "{other}"]] under [contiguity].',
            shapely.shortest_line(clusters.loc[name], clusters.loc[other]),
        )


def _dropped(
    scenario: Scenario,
    authority: Authority,
    territory: Territory,
    graph: nx.Graph,
    placed: set[str],
) -> Iterator[Finding]:
    """Tell which clusters have no school to place, and whom that parts."""
    schools, empty = authority.schools, scenario.contiguity.empty
    kept = bridged(graph, placed, scenario.contiguity).subgraph(placed)
    component = {
        name: i for i, part in enumerate(nx.connected_components(kept)) for name in sorted(part)
    }
    for name in [str(one) for one in territory.clusters.index if one not in placed]:
        beside = sorted(set(graph[name]) & placed)
        parted = [(a, b) for a, b in combinations(beside, 2) if component[a] != component[b]]
        there = schools.index[schools["local_cluster"] == name]
        groups = exempt_groups(scenario, schools.loc[there]).unique()
        why = f"all its schools are exempt ({listed(sorted(groups))})" if len(there) else ""
        pairs = ", ".join(f'["{a}", "{b}"]' for a, b in parted)
        touch = ", ".join(f"{a} and {b}" for a, b in parted)
        between = f"; it lies between {touch}, which have no other way to each other"
        reach = f'To reach across: empty = "bridge", or links = [{pairs}], under [contiguity].'
        follows = "It is no ground that a cluster may reach across."
        if empty == "bridge" and len(beside) > 1:
            follows = f"Clusters may reach across it: {listed(beside)} count as neighbours."
        yield Finding(
            "dropped",
            "fault" if empty == "refuse" else "warning" if parted else "note",
            name,
            f"{name} holds no school that is placed in a plan: {why or 'it has none'}"
            f"{between if parted else ''}",
            follows,
            reach if parted else "",
            territory.clusters.geometry.loc[name],
        )


def _overlaps(territory: Territory) -> Iterator[Finding]:
    for what, areas in {"cluster": territory.clusters, **territory.layers}.items():
        shapes, names = areas.geometry.to_numpy(), list(areas.index)
        left, right = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
        for i, j in sorted((int(i), int(j)) for i, j in zip(left, right, strict=True) if i < j):
            shared = shapely.intersection(shapes[i], shapes[j])
            if shared.area > SLIVER_M2:
                yield Finding(
                    "overlap",
                    "note",
                    f"{names[i]}{PAIR}{names[j]}",
                    f"{names[i]} and {names[j]} ({what}) overlap by {shared.area:,.0f} m2",
                    "The ground counts to both.",
                    "Cut it from one of them, or use `check --mend`.",
                    shared,
                )


def _holes(territory: Territory) -> Iterator[Finding]:
    whole = shapely.union_all(territory.clusters.geometry.to_numpy())
    # Where the outline is made of the clusters, a hole in them is one in it too.
    rings = [ring for part in shapely.get_parts(territory.outline) for ring in part.interiors]
    ground = shapely.union_all([territory.outline, *map(shapely.Polygon, rings)])
    for part in shapely.get_parts(shapely.difference(ground, whole)):
        if part.area < HOLE_M2 or shapely.is_empty(shapely.buffer(part, -THIN_M / 2)):
            continue
        near = territory.clusters.geometry.distance(part)
        beside = listed([str(name) for name in near.index[near < 1]][:N_LISTED]) or "no cluster"
        spot = part.representative_point()
        yield Finding(
            "hole",
            "note",
            f"{spot.x:.0f},{spot.y:.0f}",
            f"{part.area / HECTARE_M2:,.0f} ha of the outline, beside {beside}, are in no cluster",
            "Nothing is placed there; clusters on its two sides do not touch across it.",
            "Draw a cluster there, or leave it: water, or another authority's ground.",
            part,
        )


def _enclaves(territory: Territory) -> Iterator[Finding]:
    """Find areas that lie wholly inside one other: all their ways lead through it."""
    shapes, names = territory.clusters.geometry.to_numpy(), list(territory.clusters.index)
    filled = [
        shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(shape)])
        for shape in shapes
    ]
    outer, inner = shapely.STRtree(shapes).query(filled, predicate="contains")
    for i, j in sorted((int(i), int(j)) for i, j in zip(outer, inner, strict=True) if i != j):
        yield Finding(
            "enclave",
            "note",
            names[j],
            f"{names[j]} lies wholly inside {names[i]}",
            f"Every cluster of more than {names[j]} alone has {names[i]} in it.",
            "It is right where the ground is so; else correct the two polygons.",
            shapes[j],
        )


def _slivers(territory: Territory) -> Iterator[Finding]:
    """Find parts too thin to be ground that anyone meant."""
    for what, areas in {"cluster": territory.clusters, **territory.layers}.items():
        for name, shape in areas.geometry.items():
            parts = shapely.get_parts(shape)
            is_thin = shapely.is_empty(shapely.buffer(parts, -THIN_M / 2))
            thin = parts[is_thin] if len(parts) > 1 else parts[:0]
            if len(thin):
                area_m2 = shapely.area(thin).sum()
                yield Finding(
                    "sliver",
                    "note",
                    f"{name} ({what})",
                    f"{name} has a part of {area_m2:,.0f} m2 nowhere {THIN_M:g} m wide: left over "
                    f"from drawing, probably"
                    if len(thin) == 1
                    else f"{name} has {len(thin)} parts of {area_m2:,.0f} m2 nowhere {THIN_M:g} m "
                    f"wide: left over from drawing, probably",
                    "They count to it, and may touch what it does not touch otherwise.",
                    "Take them out, or leave them.",
                    shapely.union_all(thin),
                )


def _pieces(territory: Territory) -> Iterator[Finding]:
    for text in territory.findings:
        name = text.partition(" is in ")[0]
        known = name in territory.clusters.index
        where = territory.clusters.geometry.loc[name] if known else None
        yield Finding("pieces", "note", name, text, where=where)


def unused(accept: Sequence[str], findings: Sequence[Finding]) -> Iterator[Finding]:
    """Tell of what is accepted and is not there."""
    keys = {one.key: one for one in findings}
    for entry in accept:
        if entry in keys and keys[entry].grade != "note":
            continue
        near = nearest(entry, [key for key, one in keys.items() if one.grade != "note"])
        problem = f'accept = ["{entry}"] in authority.toml matches no fault or warning here'
        hint = f'Did you mean "{near}"?' if near else "Remove it, if no other scenario needs it."
        yield Finding("accept", "note", entry, problem, "It changes nothing.", hint)


def _first(names: list[str]) -> str:
    head, rest = names[:N_LISTED], len(names) - N_LISTED
    return ", ".join(head) + (f" and {rest} more" if rest > 0 else "")
