"""Downloading roads from an Overpass server: politely, tile by tile, going on where it stopped."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from cluster_optimiser.constants import CRS_DEGREES, CRS_METRES
from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.inputs.roads.network import Ways
from cluster_optimiser.inputs.roads.tags import (
    BACKWARD,
    ROAD_CLASSES,
    USEFUL_TAGS,
    is_closed_barrier,
    read_tags,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import networkx as nx
    import requests
    from shapely import MultiPolygon
    from shapely.geometry.base import BaseGeometry

OVERPASS_URL = "https://overpass-api.de/api"
"""The public server, paid for by donations: be sparing."""

FILTERS = (
    f'["highway"~"^({"|".join(ROAD_CLASSES)}|road)(_link)?$"]["area"!~"yes"]',
    '["route"="ferry"]',
)
"""What is asked of the server, in its own language."""

TILE_M = 30_000.0
"""Side of a tile: each is one question for roads and one for ferries."""

FRESH_DAYS = 7.0
"""Pieces of a download older than this are asked for again."""

SECONDS_PER_DAY = 86_400.0

BUSY = (429, 502, 503, 504)
"""Answers that mean: later."""

_BARRIER_TAGS = ["barrier", "access", "vehicle", "motor_vehicle", "motorcar"]

_BASE_DATE = re.compile(r'"timestamp_osm_base":\s*"(\d{4}-\d\d-\d\d)')

_HEAD = 2_000
"""Characters of a piece in which its date stands."""

_TAIL = 2_000
"""Characters at the end of an answer in which the server's remark stands."""


class _LaterError(Exception):
    """The server cannot answer now."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


@dataclass(frozen=True, slots=True)
class Patience:
    """How a busy server is treated."""

    n_tries: int = 6  # times that one tile is asked for
    first_pause_s: float = 15.0
    most_pause_s: float = 240.0
    timeout_s: float = 180.0  # how long an answer may take
    sleep: Callable[[float], None] = time.sleep


def make_tiles(area: BaseGeometry, *, side_m: float = TILE_M) -> list[MultiPolygon]:
    """Cut an area into tiles."""
    west, south, east, north = area.bounds
    tiles = []
    for y in np.arange(np.floor(south / side_m), np.ceil(north / side_m)):
        for x in np.arange(np.floor(west / side_m), np.ceil(east / side_m)):
            cell = shapely.box(x * side_m, y * side_m, (x + 1) * side_m, (y + 1) * side_m)
            pieces = shapely.get_parts(shapely.intersection(area, cell))
            # Where an outline only touches the grid a line comes out.
            part = shapely.MultiPolygon([p for p in pieces if p.geom_type == "Polygon"])
            if not part.is_empty:
                tiles.append(part)
    return tiles


def download_ways(
    area: BaseGeometry,
    *,
    folder: Path,
    url: str = OVERPASS_URL,
    patience: Patience | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> tuple[Ways, str]:
    """Download the ways of an area that cars may use."""
    patience = patience or Patience()
    # Pieces of another area would make the data look older than it is.
    content = f"{url}{FILTERS}".encode() + shapely.to_wkb(area)
    pieces = folder / hashlib.sha256(content).hexdigest()[:16]
    pieces.mkdir(parents=True, exist_ok=True)
    _forget_old(pieces)
    tiles = make_tiles(area)
    in_degrees = gpd.GeoSeries(tiles, crs=CRS_METRES).to_crs(CRS_DEGREES)
    ways = Ways()
    with _osmnx_as_wanted(url, pieces, patience):
        for i, tile in enumerate(in_degrees, start=1):
            told(f"tile {i} of {len(tiles)}")
            graph = _ask_until_answered(tile, url, patience, pieces, told)
            if graph is not None:
                _add_graph(ways, graph)
    if not ways.segments:
        remedy = "Check the outline of the authority, and that the server holds Great Britain."
        raise InputError([Fault(url, 0, "", "the server has no roads there", remedy)])
    return ways, _oldest_date(pieces)


def _forget_old(pieces: Path) -> None:
    for file in pieces.glob("*.json"):
        if time.time() - file.stat().st_mtime > FRESH_DAYS * SECONDS_PER_DAY:
            file.unlink()


def _oldest_date(pieces: Path) -> str:
    dates = []
    for file in sorted(pieces.glob("*.json")):
        with file.open(encoding="utf-8") as stream:
            dates += _BASE_DATE.findall(stream.read(_HEAD))
    return min(dates, default="")


@contextmanager
def _osmnx_as_wanted(url: str, pieces: Path, patience: Patience) -> Iterator[None]:
    """Have osmnx ask this server in our manner, and leave it as it was found.

    Its own way with a busy server is to ask again every 55 seconds without end, and to take an
    answer that was cut short for a whole one; both are seen before it sees them.
    """
    import osmnx  # noqa: PLC0415 - a second, and only downloads need it

    wanted = {
        "overpass_url": url,
        "cache_folder": str(pieces),
        "use_cache": True,
        "overpass_rate_limit": True,
        "requests_timeout": patience.timeout_s,
        "requests_kwargs": {"hooks": {"response": _refuse_what_is_no_answer}},
        "useful_tags_way": list(USEFUL_TAGS),
        "useful_tags_node": _BARRIER_TAGS,
        "all_oneway": True,
        "doh_url_template": None,
        "http_user_agent": f"cluster-optimiser/{version('cluster-optimiser')}",
        "http_referer": "cluster-optimiser",
    }
    before = {key: getattr(osmnx.settings, key) for key in wanted}
    lookup = socket.getaddrinfo
    try:
        for key, value in wanted.items():
            setattr(osmnx.settings, key, value)
        yield
    finally:
        for key, value in before.items():
            setattr(osmnx.settings, key, value)
        # It ties the host to one address for the rest of the process.
        socket.getaddrinfo = lookup


def _refuse_what_is_no_answer(response: requests.Response, **_: Any) -> None:  # noqa: ANN401
    if str(response.url).endswith("/status"):
        return
    if response.status_code in BUSY:
        after = response.headers.get("Retry-After", "")
        reason = f"it answers {response.status_code} ({response.reason})"
        raise _LaterError(reason, float(after) if after.isdigit() else None)
    if not response.ok:
        problem = f"the server answers {response.status_code} ({response.reason})"
        remedy = "Check the address given with --server; it ends in /api."
        raise InputError([Fault(str(response.url), 0, "", problem, remedy)])
    if not response.text.lstrip().startswith("{"):
        reason = "its answer is no data"
        raise _LaterError(reason)
    remark = re.search(r'"remark":\s*"([^"]*)"', response.text[-_TAIL:])
    if remark is not None:
        reason = f"its answer was cut short ({remark[1]})"
        raise _LaterError(reason)


def _ask_until_answered(
    tile: MultiPolygon,
    url: str,
    patience: Patience,
    pieces: Path,
    told: Callable[[str], None],
) -> nx.MultiDiGraph | None:
    from requests.exceptions import RequestException  # noqa: PLC0415 - comes with osmnx

    pause_s, reason = patience.first_pause_s, ""
    for attempt in range(patience.n_tries):
        try:
            return _ask(tile)
        except _LaterError as later:
            reason, after_s = str(later), later.after_s
        except RequestException as error:
            reason, after_s = f"it cannot be reached ({type(error).__name__})", None
        except json.JSONDecodeError:
            # A piece that was being written when the last download was broken off.
            _drop_broken(pieces)
            continue
        if attempt + 1 < patience.n_tries:
            wait_s = max(pause_s, after_s or 0.0)
            told(f"the server is busy: {reason}; asking again in {wait_s:.0f} s")
            patience.sleep(wait_s)
            pause_s = min(2 * pause_s, patience.most_pause_s)
    times = "1 time" if patience.n_tries == 1 else f"{patience.n_tries} times"
    problem = f"the server did not answer {times}: {reason}"
    remedy = (
        "Try again later: what has been downloaded is kept for a week and not asked for again. "
        "Or use a map on disk: `cluster-optimiser roads import`."
    )
    raise InputError([Fault(url, 0, "", problem, remedy)])


def _ask(tile: MultiPolygon) -> nx.MultiDiGraph | None:
    """Ask for the ways of a tile; None where there are none, as on the sea."""
    import osmnx  # noqa: PLC0415 - see above

    try:
        return osmnx.graph.graph_from_polygon(
            tile,
            custom_filter=list(FILTERS),
            simplify=False,
            retain_all=True,
            truncate_by_edge=True,
        )
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        if isinstance(error, osmnx._errors.InsufficientResponseError):  # noqa: SLF001 - no other name
            return None
        if "no graph nodes within" in str(error):
            return None
        raise


def _drop_broken(pieces: Path) -> None:
    for file in sorted(pieces.glob("*.json")):
        try:
            json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            file.unlink()


def _add_graph(ways: Ways, graph: nx.MultiDiGraph) -> None:
    """Add the ways of a graph in which every way goes once, along its nodes."""
    for node, data in graph.nodes(data=True):
        ways.places[int(node)] = (float(data["x"]), float(data["y"]))
        if is_closed_barrier({key: data[key] for key in _BARRIER_TAGS if key in data}):
            ways.closed.add(int(node))
    for a, b, data in graph.edges(data=True):
        way = int(data["osmid"])
        if way not in ways.tags:
            tags = {key: data[key] for key in USEFUL_TAGS if key in data}
            if tags.get("oneway") in BACKWARD:
                # osmnx has turned it round.
                tags["oneway"] = "yes"
            read = read_tags(tags)
            if read is None:
                continue
            ways.tags[way] = read
        ways.segments.append((int(a), int(b), way))
