"""The road file of an authority: a GeoPackage with the roads and where they come from."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyogrio
import shapely
from platformdirs import user_cache_path

from cluster_optimiser.domain import RoadNetwork
from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.inputs.roads.network import COLUMNS, FLAGS, NEWER, TURN_COLUMNS
from cluster_optimiser.inputs.roads.tags import FERRY, HIGHEST_KMH, LOWEST_KMH, ROAD_CLASSES
from cluster_optimiser.inputs.writing import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import geopandas as gpd

    from cluster_optimiser.arrays import Bools, Floats

ROADS_LAYER, ABOUT_LAYER, TURNS_LAYER = "roads", "about", "turns"

BACKDROP_LAYER = "backdrop"

UNKNOWN_DATE = "1970-01-01"
"""Stands in the file's own date where the data has none."""

REMEDY = "Make it again with `cluster-optimiser roads import`."


def write_roads(network: RoadNetwork, path: Path) -> None:
    """Write a road file, whole or not at all, the same bytes for the same network."""
    about = pd.DataFrame(sorted(network.about.items()), columns=["key", "value"], dtype="object")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        with written(made, network.about.get("data_date") or UNKNOWN_DATE):
            pyogrio.write_dataframe(
                network.roads[[*COLUMNS, "geometry"]],
                made,
                layer=ROADS_LAYER,
                driver="GPKG",
                geometry_type="LineString",
            )
            for layer, table in ((ABOUT_LAYER, about), (TURNS_LAYER, network.turns)):
                pyogrio.write_dataframe(table, made, layer=layer, driver="GPKG", append=True)
            if network.backdrop is not None and len(network.backdrop):
                pyogrio.write_dataframe(
                    network.backdrop,
                    made,
                    layer=BACKDROP_LAYER,
                    driver="GPKG",
                    geometry_type="Unknown",
                    append=True,
                )
        made.replace(path)


def read_about(path: Path, *, label: str) -> Mapping[str, str]:
    """Read where the roads of a road file come from, and whether it is one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong is said below
            layers = {str(name) for name, _ in pyogrio.list_layers(path)}
        missing = sorted({ROADS_LAYER, ABOUT_LAYER} - layers)
        if not missing:
            fields = {str(field) for field in pyogrio.read_info(path, layer=ROADS_LAYER)["fields"]}
            missing = sorted(set(COLUMNS) - set(NEWER) - fields)
            about = pyogrio.read_dataframe(path, layer=ABOUT_LAYER)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        problem = f"the file cannot be read as a road file: {error}"
        raise InputError.of(label, problem, REMEDY) from None
    if missing:
        problem = f"the file is no road file: it has no {', '.join(missing)}"
        raise InputError.of(label, problem, REMEDY)
    return {str(k): str(v or "") for k, v in zip(about["key"], about["value"], strict=True)}


MOST_OFF_SHARE, MOST_OFF_M = 0.03, 5.0
"""How far a length may be from that of its line: one is on a sphere, the other on the map."""


def _oddities(roads: gpd.GeoDataFrame) -> Iterator[tuple[str, Bools]]:
    """Give what people do to the file by hand, and which roads have it."""

    def numbers(*columns: str) -> Floats:
        return np.column_stack([pd.to_numeric(roads[c], errors="coerce") for c in columns])

    line_m, length_m = shapely.length(roads.geometry.to_numpy()), numbers("length_m")[:, 0]
    ends = numbers("from_node", "to_node")
    others = numbers("way", "signals", "signals_back")
    limits = ["limit_kmh", "limit_back_kmh"]
    kmh, is_blank = numbers(*limits), roads[limits].isna().to_numpy()
    is_drawn = np.asarray(np.isnan(ends).any(axis=1))
    is_bare = np.asarray(np.isnan(line_m))
    is_count = (np.hstack([ends, others]) >= 0) & (np.hstack([ends, others]) % 1 == 0)
    is_class = roads["road_class"].isin([*ROAD_CLASSES, FERRY]).to_numpy()
    is_limit = is_blank | ((kmh >= LOWEST_KMH) & (kmh <= HIGHEST_KMH))
    yield "the road has no line", is_bare
    yield "no junction joins the road to others, as where one was drawn by hand", is_drawn
    yield "its ends, way or lights are no whole numbers", ~(is_count.all(axis=1) | is_drawn)
    yield "its class is none of a road", ~is_class
    yield (
        "it does not say whether it is one-way, a slip road and the like",
        roads[list(FLAGS)].isna().to_numpy().any(axis=1),
    )
    span = f"{LOWEST_KMH:g} to {HIGHEST_KMH:g} km/h"
    yield f"its limit is no number from {span}", ~is_limit.all(axis=1)
    is_near = np.asarray(np.abs(length_m - line_m) <= MOST_OFF_SHARE * line_m + MOST_OFF_M)
    yield "its length is not that of its line", ~(is_near | is_drawn | is_bare)


def read_backdrop(path: Path) -> gpd.GeoDataFrame | None:
    """Read what maps show below areas; None where the file was made without."""
    if BACKDROP_LAYER not in pyogrio.list_layers(path)[:, 0]:
        return None
    return pyogrio.read_dataframe(path, layer=BACKDROP_LAYER)


def read_roads(path: Path, *, label: str = "", crs: str = "") -> RoadNetwork:
    """Read a road file, which is to be in a reference system where one is given."""
    label = label or path.name
    about = read_about(path, label=label)
    roads = pyogrio.read_dataframe(path, layer=ROADS_LAYER)
    for new, old in zip(NEWER, (roads["limit_kmh"], 0, 0), strict=True):
        if new not in roads:
            roads[new] = old
    for column in ("name", "limit_from"):
        roads[column] = roads[column].fillna("")
    if roads.crs is None or not roads.crs.is_projected or (crs and roads.crs != crs):
        problem = f"its roads are not in metres of {crs or 'a projected reference system'}"
        raise InputError.of(label, problem, REMEDY, subject=ROADS_LAYER)
    faults = [
        Fault(label, int(is_odd.argmax()) + 1, ROADS_LAYER, problem, f"Correct it. Or: {REMEDY}")
        for problem, is_odd in _oddities(roads)
        if is_odd.any()
    ]
    if faults:
        raise InputError(faults)
    roads[list(FLAGS)] = roads[list(FLAGS)].astype(bool)
    turns = pd.DataFrame(columns=list(TURN_COLUMNS))
    if TURNS_LAYER in pyogrio.list_layers(path)[:, 0]:
        turns = pyogrio.read_dataframe(path, layer=TURNS_LAYER)
    return RoadNetwork(roads[[*COLUMNS, "geometry"]], about, turns)


CACHE_VARIABLE = "CLUSTER_OPTIMISER_CACHE"
"""Environment variable that names another folder."""


def cache_folder() -> Path:
    """Give the folder for what is kept between runs, which may be deleted at any time."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else user_cache_path("cluster-optimiser", appauthor=False)
