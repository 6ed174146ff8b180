"""The ground report: sources set against each other before anything is solved.

`authority_findings` needs no scenario; `scenario_findings` tells what the rules of one make of the
map: neighbours lost to gaps, islands, ground that drops out.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import shapely

from cluster_optimiser.constants import FIRST_HOME, HOMES
from cluster_optimiser.findings import Finding, accepted
from cluster_optimiser.geography.adjacency import bridged, dual_graph, shared_boundaries, with_pairs
from cluster_optimiser.geography.alignment import LAYER_PREFIX
from cluster_optimiser.geography.ground_idle import (
    PAIR,
    idle_exceptions,
    idle_pairs,
    idle_terms,
)
from cluster_optimiser.geography.ground_minutes import table_findings
from cluster_optimiser.geography.ground_schools import (
    N_LISTED,
    closed,
    first_of,
    names_alike,
    other_area,
    outside_cluster,
    two_places,
    with_too_many,
)
from cluster_optimiser.geography.pairs import Pairs, pairs_of
from cluster_optimiser.geography.territory import HECTARE_M2, in_full, in_words
from cluster_optimiser.geography.travel import travel_minutes
from cluster_optimiser.geography.units import exempt_groups
from cluster_optimiser.inputs.boundaries import once_each
from cluster_optimiser.scenario.words import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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


def authority_findings(authority: Authority, territory: Territory) -> tuple[Finding, ...]:
    found = [
        *outside_cluster(authority),
        *other_area(authority),
        *two_places(authority),
        *closed(authority),
        *names_alike(authority),
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
    scenario: Scenario, authority: Authority, territory: Territory, known: dict[str, Any]
) -> tuple[Finding, ...]:
    """Tell what the rules of a scenario make of the ground; `known` is what others found of it."""
    bare = scenario.contiguity.model_copy(update={"max_minutes": None, "barriers": ()})
    pairs = pairs_of(scenario, authority, territory.clusters.index)
    key = f"{bare.model_dump_json()} {pairs and (pairs, scenario.divides)}"
    if key not in known:
        known[key] = _neighbours(scenario, territory, bare, pairs)
    graph, unlinked, beside = known[key]
    ordinary = authority.schools.drop(exempt_groups(scenario, authority.schools).index)
    placed = set(ordinary["local_cluster"])
    found = [
        *beside,
        *_without_polygon(authority, ordinary),
        *_dropped(scenario, authority, territory, graph, placed),
        *_needed_layers(scenario, authority),
        *idle_exceptions(scenario),
        *idle_terms(scenario),
        *idle_pairs(scenario, unlinked),
        *_without_minutes(scenario, authority, known),
    ]
    return tuple(accepted(found, authority.accepted))


def _neighbours(
    scenario: Scenario, territory: Territory, bare: Contiguity, pairs: Pairs | None
) -> tuple[nx.Graph, nx.Graph, list[Finding]]:
    """Give the graph of neighbours, the same without links, and what is odd about it."""
    clusters = territory.clusters.geometry
    shared_m = shared_boundaries(clusters, snap_m=bare.snap_m)
    if pairs is not None:
        stated = [pair for pair in pairs if all(name in clusters.index for name in pair)]
        unlinked, graph = _without_and_with_links(
            clusters.index, with_pairs(shared_m, stated), bare
        )
        odd = [] if scenario.divides else list(_islands(clusters, shared_m, graph, bare))
        return graph, unlinked, odd
    unlinked, graph = _without_and_with_links(clusters.index, shared_m, bare)
    gaps = list(_gaps(scenario, clusters, shared_m, graph))
    drawn_together = graph.copy()
    drawn_together.add_edges_from(
        one.subject.split(PAIR, 1) for one in gaps if one.grade == "warning"
    )
    short = _short_borders(scenario, clusters, shared_m, graph)
    return graph, unlinked, [*gaps, *short, *_islands(clusters, shared_m, drawn_together, bare)]


def _without_and_with_links(
    names: Iterable[str], shared_m: Mapping[tuple[str, str], float], bare: Contiguity
) -> tuple[nx.Graph, nx.Graph]:
    unlinked = bare.model_copy(update={"links": ()})
    return dual_graph(names, shared_m, unlinked)[0], dual_graph(names, shared_m, bare)[0]


# --- schools against polygons -----------------------------------------------------------


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
    names = [
        f"{schools['name'].loc[urn]} (URN {urn})" if urn < FIRST_HOME else schools["name"].loc[urn]
        for urn in nowhere
    ]
    what = "areas and schools" if authority.has_areas else "schools"
    return Finding(
        "layer-coverage",
        "warning" if used else "note",
        layer,
        f"{len(nowhere)} of {len(schools)} {what} {'lies' if len(nowhere) == 1 else 'lie'} in no "
        f"area of the layer {layer}: "
        f"{first_of(names)}",
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
    unknown = ", or blank {} and list the URN under schools.unknown_pupils"
    if authority.has_areas:
        schools, unknown = schools[schools["phase"] == HOMES], ", if pupils live there"
    else:
        yield from with_too_many(schools)
    for urn in schools.index[(schools["pupils"] == 0) & schools["is_pupils_known"]]:
        yield Finding(
            "no-pupils",
            "note",
            f"URN {urn}",
            f"{schools['name'].loc[urn]} has 0 pupils",
            "It weighs nothing in any plan.",
            f"Correct the figure{unknown.format('it')}.",
            schools.geometry.loc[urn],
            brief=f"{schools['name'].loc[urn]} (URN {urn})",
            settle_all=f"Correct the figures{unknown.format('them')}.",
        )


def _without_polygon(authority: Authority, ordinary: gpd.GeoDataFrame) -> Iterator[Finding]:
    """Tell of clusters of the register that nobody drew, but for schools that are exempt."""
    if authority.clusters is None:
        return
    strange = ordinary[~ordinary["cluster"].isin(authority.clusters.index)]
    for name, schools in strange.groupby("cluster"):
        lie = in_full(sorted(set(schools["local_cluster"])))
        many = "1 school" if len(schools) == 1 else f"{len(schools)} schools"
        yield Finding(
            "no-polygon",
            "warning",
            str(name),
            f'"{name}", which the register calls the cluster of {many}, has no polygon',
            f"Plans place what lies there, in {lie}, and say that it comes from {name}.",
            "Correct the name, draw the polygon, or exempt these schools.",
            brief=f"{name} ({many})",
            settle_all="Correct the names, draw the polygons, or exempt these schools.",
            size=float(len(schools)),
        )


def _without_minutes(
    scenario: Scenario, authority: Authority, known: dict[str, Any]
) -> Sequence[Finding]:
    if not (scenario.contiguity.goes_by_drives or scenario.goes_by_ways):
        return ()
    if "minutes" not in known:
        known["minutes"] = (*_cut_off(authority), *table_findings(authority), *_of_roads(authority))
    found: tuple[Finding, ...] = known["minutes"]
    return found


def _of_roads(authority: Authority) -> Iterator[Finding]:
    if authority.travel.method == "roads":
        # With its own imports: an estimate needs none of them.
        from cluster_optimiser.geography.ground_roads import road_findings  # noqa: PLC0415

        yield from road_findings(authority)


def _cut_off(authority: Authority) -> Iterator[Finding]:
    travel, schools = travel_minutes(authority), authority.schools
    minutes = travel.minutes.copy()
    np.fill_diagonal(minutes, np.nan)
    names = schools["local_cluster"]
    for i, urn in enumerate(travel.urns):
        n_known = int(np.isfinite(minutes[i]).sum())
        if n_known * 2 >= len(travel.urns) - 1:
            continue
        others = "other school" if n_known == 1 else "other schools"
        what = "to no other school" if not n_known else f"to only {n_known} {others}"
        yield Finding(
            "no-minutes",
            "warning",
            f"URN {urn}",
            f"from {schools['name'].loc[urn]}, in {names.loc[urn]}, travel minutes are known "
            f"{what}: no road of the map leads there, or the table leaves it out",
            "It fits no cluster with a limit of minutes or with a meeting place elsewhere.",
            "Add the minutes or the road; or the ferry, with ferries = true under [travel].",
            schools.geometry.loc[urn],
            brief=f"{schools['name'].loc[urn]} (URN {urn}), in {names.loc[urn]}, {what}",
            settle_all="Add the minutes or the roads; or ferries = true under [travel].",
            size=len(travel.urns) - n_known,
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
    touch = scenario.contiguity
    for i, j in once_each(
        shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=GAPS_M[-1])
    ):
        a, b = names[i], names[j]
        if graph.has_edge(a, b) or touch.is_border(shared_m.get((a, b), 0.0)):
            continue
        pair = clusters.iloc[[i, j]]
        tried = [gap for gap in GAPS_M if gap > touch.snap_m]
        # Most of them only meet at a corner: what the widest does not join none does.
        widest = shared_boundaries(pair, snap_m=tried[-1]) if tried else {}
        if not touch.is_border(widest.get((a, b), 0.0)):
            continue
        for apart_m in tried:
            beside_m = shared_boundaries(pair, snap_m=apart_m).get((a, b), 0.0)
            if touch.is_border(beside_m):
                yield _gap(pair, apart_m, beside_m)
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
        brief=f"{a} and {b} for {in_words(beside_m)}, {apart} apart",
        settle_all=f"Write snap_m = {apart_m:g} under [contiguity] for all of them, or links for "
        f"some, or close the gaps with `check --mend`.",
        size=apart_m,
        links=((a, b),),
    )


SNAP_LEAST_M = 0.05
"""A gap that begins narrower is one that opens from a point."""


def _short_borders(
    scenario: Scenario,
    clusters: gpd.GeoSeries,
    shared_m: Mapping[tuple[str, str], float],
    graph: nx.Graph,
) -> Iterator[Finding]:
    least_m = scenario.contiguity.least_m()
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
                brief=f"{a} and {b}, {metres:.0f} m",
                settle_all="If they should: links, or a smaller min_shared_m, under [contiguity].",
                size=metres,
            )


def _islands(
    clusters: gpd.GeoSeries,
    shared_m: Mapping[tuple[str, str], float],
    graph: nx.Graph,
    touch: Contiguity,
) -> Iterator[Finding]:
    border_m = dict(shared_m) | {(b, a): metres for (a, b), metres in shared_m.items()}
    parts = sorted(map(sorted, nx.connected_components(graph)), key=lambda part: (-len(part), part))
    for part in parts[1:]:
        rest = clusters.drop(part)
        away = {
            (name, other): float(metres)
            for name in part
            for other, metres in rest.distance(clusters.loc[name]).items()
        }
        (name, other), metres = min(
            away.items(), key=lambda item: (item[1], -border_m.get(item[0], 0.0), item[0])
        )
        whole, is_one = first_of(part), len(part) == 1
        nearest_is = f"the nearest is {other}, {in_words(metres)} from {name}"
        does = "If a bridge or a ferry does"
        if metres < SNAP_LEAST_M:
            along = border_m.get((name, other), 0.0)
            nearest_is = (
                f"{name} touches {other} along {in_words(along)}, and the scenario says that they "
                f"are no neighbours"
                if touch.is_border(along)
                else f"{name} touches {other}, but only at points or along less than the "
                f"{touch.least_m():g} m that make neighbours"
            )
            does = "If they are neighbours all the same"
        yield Finding(
            "island",
            "warning",
            part[0] if is_one else f"{part[0]} and {len(part) - 1} more",
            f"{whole} {'has' if is_one else 'have'} no neighbour in the rest of the map; "
            f"{nearest_is}",
            f"No plan joins {'it' if is_one else 'them'} to the rest.",
            f'{does}: links = [["{name}", "{other}"]] under [contiguity].',
            shapely.shortest_line(clusters.loc[name], clusters.loc[other]),
            brief=f"{whole}, {in_words(metres)} from {other}",
            settle_all="Where a bridge or a ferry joins them: links under [contiguity].",
            size=metres,
            links=((name, other),),
        )


def _dropped(
    scenario: Scenario,
    authority: Authority,
    territory: Territory,
    graph: nx.Graph,
    placed: set[str],
) -> Iterator[Finding]:
    """Tell which clusters have no school to place, and whom that parts."""
    schools, contiguity = authority.schools, scenario.contiguity
    kept = bridged(graph, placed, contiguity).subgraph(placed)
    component = {
        name: i for i, part in enumerate(nx.connected_components(kept)) for name in sorted(part)
    }
    nothing = graph.subgraph(str(one) for one in territory.clusters.index if one not in placed)
    for part in sorted(map(sorted, nx.connected_components(nothing))):
        beside = sorted({other for name in part for other in graph[name]} & placed)
        parted = [(a, b) for a, b in combinations(beside, 2) if component[a] != component[b]]
        there = schools.index[schools["local_cluster"].isin(part)]
        groups = exempt_groups(scenario, schools.loc[there]).unique()
        is_one, whole = len(part) == 1, in_full(part)
        why = f"all {'its' if is_one else 'their'} schools are exempt ({', '.join(sorted(groups))})"
        pairs = ", ".join(f'["{a}", "{b}"]' for a, b in parted)
        touch = ", ".join(f"{a} and {b}" for a, b in parted)
        between = (
            f"; {'it lies' if is_one else 'they lie'} between {touch}, which have no other way to "
            f"each other"
        )
        reach = f'To reach across: empty = "bridge", or links = [{pairs}], under [contiguity].'
        follows = "It is no ground that a cluster may reach across."
        if contiguity.is_bridging and len(beside) > 1:
            follows = f"Clusters may reach across it: {in_full(beside)} count as neighbours."
        yield Finding(
            "dropped",
            "fault" if contiguity.is_refusing else "warning" if parted else "note",
            " and ".join(part),
            f"{whole} {'holds' if is_one else 'hold'} no school that is placed in a plan: "
            f"{why if len(there) else 'it has none' if is_one else 'they have none'}"
            f"{between if parted else ''}",
            follows,
            reach if parted else "",
            shapely.union_all(territory.clusters.geometry.loc[part].to_numpy()),
            brief=whole,
            settle_all=reach if parted else "",
            size=len(parted),
            links=tuple(parted),
        )


def _overlaps(territory: Territory) -> Iterator[Finding]:
    for what, areas in {"cluster": territory.clusters, **territory.layers}.items():
        shapes, names = areas.geometry.to_numpy(), list(areas.index)
        for i, j in once_each(shapely.STRtree(shapes).query(shapes, predicate="overlaps")):
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
                    brief=f"{names[i]} and {names[j]} ({what}) by {shared.area:,.0f} m2",
                    settle_all="Cut it from one of the two, or use `check --mend`.",
                    size=float(shared.area),
                )


def _holes(territory: Territory) -> Iterator[Finding]:
    whole = shapely.union_all(territory.clusters.geometry.to_numpy())
    # Where the outline is made of the clusters, a hole in them is one in it too.
    rings = [ring for part in shapely.get_parts(territory.outline) for ring in part.interiors]
    ground = shapely.union_all([territory.outline, *map(shapely.Polygon, rings)])
    for part in shapely.get_parts(shapely.difference(ground, whole)):
        if part.area < HOLE_M2 or shapely.is_empty(shapely.buffer(part, -THIN_M / 2)):
            continue
        near = territory.clusters.geometry
        near = near[near.distance(part) < 1]
        beside = in_full([str(name) for name in near.index][:N_LISTED]) or "no cluster"
        # What is solved goes by who touches: ground left out between two may part them.
        parts_some = any(one.distance(other) >= 1 for one, other in combinations(near, 2))
        spot = part.representative_point()
        yield Finding(
            "hole",
            "warning" if parts_some else "note",
            f"{spot.x:.0f},{spot.y:.0f}",
            f"{part.area / HECTARE_M2:,.0f} ha of the outline, beside {beside}, are in no cluster",
            "Nothing is placed there; clusters on its two sides do not touch across it.",
            "Draw a cluster there, or leave it: water, or another authority's ground.",
            part,
            brief=f"{part.area / HECTARE_M2:,.0f} ha beside {beside}",
            settle_all="Draw clusters there, or leave them: water, or another authority's ground.",
            size=float(part.area),
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
