"""What the page's scripts are told, as small as can be; nothing in it is computed twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd
import shapely

from cluster_optimiser.comparison.plans import above, layer_of_areas
from cluster_optimiser.constants import ESTIMATE, HOMES, SECONDARY_PHASES
from cluster_optimiser.geography.alignment import binding_homes
from cluster_optimiser.geography.meeting import meeting_schools
from cluster_optimiser.geography.units import any_unit_of, pinned_units
from cluster_optimiser.inputs.boundaries import once_each
from cluster_optimiser.inputs.matching import GENERIC, PHASES, SAME, plain_words
from cluster_optimiser.optimise.candidates import bit_positions, candidate_groups
from cluster_optimiser.present.mosaic import Grid, Mosaic, backdrop_data, grid_of, mosaic, topology
from cluster_optimiser.present.numbering import cluster_numbers
from cluster_optimiser.present.packing import (
    listed_places,
    packed_list,
    packed_postcodes,
    places,
    positions,
    travel_formula,
    travel_matrix,
)
from cluster_optimiser.present.principles import today_at
from cluster_optimiser.present.records import plain_record
from cluster_optimiser.present.shapes import PALETTE, largest_part
from cluster_optimiser.present.tables import schools_table
from cluster_optimiser.rules import QUOTAS, bounding
from cluster_optimiser.words import is_unknown, rounded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.domain import Problem, Result, Standing

POSTCODE_COLUMNS = ("postcode",)
PLACE_COLUMNS = ("place", "town", "locality", "village")
SPOT_TOLERANCE_M = 200.0

LESS = (GENERIC - PHASES) | {"primary", "first"}
"""Words of kind that a name may lack and still be found; other phases are meant as typed."""


def _numbered(values: Sequence[object]) -> tuple[list[str], list[int]]:
    """Give the distinct values, sorted, and each value's number among them (-1 for nothing)."""
    texts = [None if is_unknown(value) else str(value) for value in values]
    names = sorted({text for text in texts if text is not None})
    at = {name: i for i, name in enumerate(names)}
    return names, [-1 if text is None else at[text] for text in texts]


def _column(schools: pd.DataFrame, wanted: tuple[str, ...]) -> list[str]:
    """Give the first of some columns that the register has, blank where there is no value."""
    for name in wanted:
        if name in schools.columns:
            return ["" if is_unknown(value) else str(value) for value in schools[name]]
    return []


def _schools(problem: Problem, cut: Mosaic) -> dict[str, Any]:
    schools = problem.authority.schools
    xy = places(problem)
    todays, today = _numbered(schools["cluster"].tolist())
    locals_, local = _numbered(schools["local_cluster"].tolist())
    layers = []
    for name, layer in problem.authority.layers.items():
        areas, at = _numbered(schools[f"layer.{name}"].tolist())
        layers.append({"name": name, "title": layer.title, "areas": areas, "of": at})
    source = schools.get("pupils_source", pd.Series("", index=schools.index))
    known = schools.get("is_pupils_known", pd.Series(data=True, index=schools.index))
    return {
        "urn": schools.index.tolist(),
        "name": schools["name"].tolist(),
        "xy": xy.tolist(),
        "pupils": schools["pupils"].tolist(),
        "unknown": np.flatnonzero(~known.to_numpy(dtype=bool)).tolist(),
        "estimated": [i for i, text in enumerate(source) if str(text).startswith(ESTIMATE)],
        "secondary": np.flatnonzero(schools["phase"].isin(SECONDARY_PHASES)).tolist(),
        "homes": np.flatnonzero(schools["phase"] == HOMES).tolist(),
        "todays": todays,
        "today": today,
        "locals": locals_,
        "local": local,
        "piece": cut.piece_of.astype(int).tolist(),
        "layers": layers,
        "postcode": _column(schools, POSTCODE_COLUMNS),
        "place": _column(schools, PLACE_COLUMNS),
    }


def _single(problem: Problem) -> dict[int, int]:
    """Give the school, by position, of each unit that is a single school: readers see its name."""
    at = problem.unit_at
    place = {int(urn): i for i, urn in enumerate(problem.authority.schools.index)}
    return {
        at[str(unit)]: place[int(urns[0])]
        for unit, urns in problem.unit_of.groupby(problem.unit_of).groups.items()
        if len(urns) == 1 and str(urns[0]) in str(unit)
    }


def _numbered_once(kept: list[dict[str, Any]], made: dict[str, Any]) -> int:
    """Give the number of what was made among what is kept; it is kept once."""
    if made not in kept:
        kept.append(made)
    return kept.index(made)


def ground_data(problem: Problem) -> dict[str, Any]:
    """Give a scenario's units, what touches what, and which schools stand outside."""
    schools, at = problem.authority.schools, problem.unit_at
    groups = sorted(set(problem.exempt_of))
    unit_of = any_unit_of(problem)
    group_of = problem.exempt_of.reindex(schools.index)
    return {
        "units": problem.unit_names,
        "single": _single(problem),
        "unit": [at.get(str(name), -1) for name in unit_of],
        "groups": groups,
        "group": [-1 if is_unknown(g) else groups.index(g) for g in group_of],
        "edges": sorted(sorted((at[str(a)], at[str(b)])) for a, b in problem.dual.edges),
    }


def _places_of(problem: Problem, layer: str) -> list[int]:
    """Give the area of each unit by its number among those of the register, -1 for none."""
    areas, _ = _numbered(problem.authority.schools[f"layer.{layer}"].tolist())
    return [
        -1 if is_unknown(home) else areas.index(str(home))
        for home in problem.units[f"home.{layer}"]
    ]


def rules_data(problem: Problem) -> dict[str, Any]:
    """Give the rules that the page judges plans of an option by."""
    scenario = problem.scenario
    size = scenario.size

    def meant(*names: str) -> list[int]:
        return sorted(pinned_units(problem, names))

    def pins(listed: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
        return [{"names": list(names), "units": [*map(meant, names)]} for names in listed]

    if_asked = {
        "has_max": size.asks in {"max", "range"} or None,
        "keep_oversize": size.oversize == "keep" or None,
        "exceptions": None if size.exceptions is None else meant(*size.exceptions),
        "towards_hub": scenario.redraw.shape == "towards the hub" or None,
    }
    return {
        **{name: value for name, value in if_asked.items() if value is not None},
        "min_pupils": size.min_pupils,
        "max_pupils": size.max_pupils,
        "target": size.target,
        "max_exceptions": size.max_exceptions,
        "count": [*dict(scenario.count).values()],
        **{bound.number: scenario.limit(rule) for rule, bound in bounding("max_minutes")},
        "quotas": [scenario.at(rule.keys[0]) for rule, _ in QUOTAS],
        "hubs": None
        if scenario.hubs == "any" and not problem.authority.has_areas
        else np.flatnonzero(meeting_schools(problem)).tolist(),
        "within": {layer: _places_of(problem, layer) for layer in binding_homes(problem)},
        "together": pins(scenario.pins.together),
        "apart": pins(scenario.pins.apart),
    }


def _quotas() -> list[dict[str, Any]]:
    """Give what the rules on numbers of schools are, in the order of each option's limits."""
    return [
        {
            "rule": rule.name,
            "say": f"rule_{rule.key}",
            "number": quota.number.removeprefix("n_"),
            "is_least": quota.is_least,
            "metric": quota.metric,
        }
        for rule, quota in QUOTAS
    ]


def _spot(shape: BaseGeometry | None, grid: Grid) -> list[int] | None:
    """Give the middle and radius, in steps of the grid, of the largest circle within a shape."""
    if shape is None or shape.is_empty:
        return None
    radius = shapely.maximum_inscribed_circle(largest_part(shape), tolerance=SPOT_TOLERANCE_M)
    middle = grid.place(shapely.get_coordinates(radius)[:1])[0]
    return [int(middle[0]), int(middle[1]), round(radius.length / 10)]


def _rounded(minutes: pd.Series) -> list[float | None]:
    return [None if is_unknown(value) else float(rounded(value, 1)) for value in minutes]


def _option(result: Result, grid: Grid, colour_of: Mapping[str, int]) -> dict[str, Any]:
    clusters, table = result.score.clusters, schools_table(result)
    at = {str(name): i for i, name in enumerate(clusters["cluster"])}
    links = [-1 if is_unknown(link) else at[str(link)] for link in table["secondary_membership"]]
    whole = pd.Series(
        result.plan.assignment.reindex(result.problem.unit_of.index).to_numpy(),
        index=result.problem.unit_of.to_numpy(),
    )
    n_held = whole.groupby(level=0).nunique()
    return {
        "label": result.plan.label,
        "stamp": result.stamp,
        "names": list(at),
        "number": list(cluster_numbers(result).values()),
        "colour": [colour_of.get(name, -1) for name in at],
        "pupils": clusters["pupils"].tolist(),
        "schools": clusters["n_schools"].tolist(),
        "exempt": np.flatnonzero(clusters["is_exempt"].astype(bool)).tolist(),
        "meets": positions(result.problem, clusters["meeting_place_urn"]).tolist(),
        "longest": _rounded(clusters["max_minutes"]),
        "mean": _rounded(clusters["mean_minutes"]),
        "of": packed_list([at[str(name)] for name in table["cluster"]]),
        "links": {i: link for i, link in enumerate(links) if link >= 0},
        "spots": [_spot(shape, grid) for shape in clusters.geometry],
        "rules": rules_data(result.problem),
        # The page counts no limits, so it changes no plan that has some.
        "can_edit": bool((n_held <= 1).all()) and not result.problem.scenario.most_of,
    }


def _area_names(areas: gpd.GeoSeries, grid: Grid) -> list[list[Any]]:
    """Give the name of each area and where it is written: in the middle of its widest ground."""
    spots = ((str(name), _spot(shape, grid)) for name, shape in areas.items())
    return [[name, *spot[:2]] for name, spot in spots if spot]


def _travel(problem: Problem) -> dict[str, Any]:
    formula = travel_formula(problem)
    return {"formula": formula} if formula is not None else {"matrix": travel_matrix(problem)}


def script_data(
    results: Sequence[Result],
    colours: Sequence[Mapping[str, int]],
    called: Sequence[Mapping[str, str]],
) -> dict[str, Any]:
    """Gather what the scripts answer from, of options that are called as the theme says.

    The need of schools is not among it: less their pupils it would tell counts of a few pupils.
    """
    problem = results[0].problem
    cut = mosaic(results)
    grid = grid_of(cut.shapes)
    layer = next(iter(problem.authority.layers), None)
    empty = cut.shapes.iloc[:0]
    areas = problem.territory.layers[layer].geometry if layer else empty
    grounds: list[dict[str, Any]] = []
    options = []
    for result, colour_of, own in zip(results, colours, called, strict=True):
        number = _numbered_once(grounds, ground_data(result.problem))
        said = {key: text for key, text in own.items() if text}
        options.append({**said, **_option(result, grid, colour_of), "ground": number})
    record = {
        "schools": _schools(problem, cut),
        "options": options,
        "quotas": _quotas(),
        "grounds": grounds,
        "travel": _travel(problem),
        "topology": topology(cut.shapes, areas, grid),
        "postcodes": packed_postcodes(problem.authority.postcodes),
        "places": listed_places(problem.authority.places),
        "backdrop": backdrop_data(problem.authority, grid),
        "area_title": problem.authority.layers[layer].title if layer else "",
        "origin": [grid.west_m, grid.south_m],
        "areas": _area_names(areas, grid),
        "today": max(0, today_at(results)),
        "has_today": today_at(results) >= 0,
        "levels": levels_data(results, lambda shape: _spot(shape, grid)),
    }
    return plain_record(record)


def naming_data(authority: str) -> dict[str, Any]:
    """Give by what words schools of an authority are found, as in replies."""
    spelt: dict[str, str] = {}
    for written, meant in SAME.items():
        spelt[meant] = f"{spelt[meant]},{written}" if meant in spelt else written
    return {
        "same": spelt,
        "kinds": " ".join(sorted({*LESS, *plain_words(authority)})),
        "phases": " ".join(sorted(PHASES - LESS)),
    }


MOST_GROUPS = 3_000
"""Candidate groups above which the page is not given them: a browser would take too long."""


def ask_data(results: Sequence[Result], standing: Standing | None) -> dict[str, Any] | None:
    """Give the groups of the option by whose rules most of the others are legal.

    Sums are not among it: the page works them out as it does for any cluster, and exactly.
    """
    at = next((i for i, r in enumerate(results) if standing and r.plan.label == standing.label), -1)
    if at < 0:
        return None
    groups = candidate_groups(results[at].problem)
    if len(groups) > MOST_GROUPS:
        return None
    return {"option": at, "groups": [bit_positions(group.mask) for group in groups]}


def _colours(shapes: Sequence[BaseGeometry]) -> list[int]:
    """Colour areas so that neighbours differ; -1, which is white, where the colours run out."""
    graph = nx.Graph()
    graph.add_nodes_from(range(len(shapes)))
    graph.add_edges_from(once_each(shapely.STRtree(shapes).query(shapes, predicate="intersects")))
    found = nx.greedy_color(graph, strategy="DSATUR")
    return [found[i] if found[i] < len(PALETTE) else -1 for i in range(len(shapes))]


def _area(
    upper: Result, spot: Callable[[BaseGeometry | None], list[int] | None]
) -> dict[str, Any] | None:
    """Put the groupings of each area together, so that areas are drawn and counted like clusters.

    A cluster without ground of its own stands for itself, after the areas.
    """
    layer, clusters = layer_of_areas(upper), upper.score.clusters
    is_exempt = clusters["is_exempt"].astype(bool)
    if layer is None or clusters.loc[~is_exempt, f"home_{layer}"].map(is_unknown).any():
        return None
    homes = clusters[f"home_{layer}"].astype(str).where(~is_exempt)
    areas = sorted(homes.dropna().unique())
    names = [*areas, *clusters.loc[is_exempt, "cluster"].astype(str)]
    at = {name: i for i, name in enumerate(names)}
    shapes = [shapely.union_all(clusters.geometry[homes == area].to_numpy()) for area in areas]
    return {
        "names": names,
        "of": [at[str(key)] for key in homes.fillna(clusters["cluster"])],
        "exempt": list(range(len(areas), len(names))),
        "colour": [*_colours(shapes), *[-1] * int(is_exempt.sum())],
        "spots": [*(spot(shape) for shape in shapes), *[None] * int(is_exempt.sum())],
    }


def levels_data(
    results: Sequence[Result], spot: Callable[[BaseGeometry | None], list[int] | None]
) -> list[dict[str, Any]]:
    """Say which options are the levels of one nested plan, and what lies above them."""
    today = today_at(results)
    found = []
    for lower, result in enumerate(results):
        upper = above(result, results)
        if upper is None:
            continue
        at = next(i for i, other in enumerate(results) if other is upper)
        layer, titles = layer_of_areas(upper), upper.problem.authority.layers
        row = {
            "lower": lower,
            "upper": at,
            "today": today,
            "area": _area(upper, spot),
            "area_title": titles[layer].title if layer else "",
        }
        found.append(row)
    return found
