"""Downloading roads from an Overpass server: politely, tile by tile, going on where it stopped."""

from __future__ import annotations

import hashlib
import json
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import geopandas as gpd
import numpy as np
import requests
import shapely
from requests import exceptions as net
from urllib3.exceptions import HTTPError

from cluster_optimiser.constants import CRS_DEGREES, CRS_METRES
from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.roads.backdrop import SHOWN
from cluster_optimiser.inputs.roads.network import Ways
from cluster_optimiser.inputs.roads.osm import read_answer
from cluster_optimiser.inputs.roads.tags import ROAD_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapely import MultiPolygon, Polygon
    from shapely.geometry.base import BaseGeometry

OVERPASS_URL = "https://overpass-api.de/api"
"""The public server, paid for by donations: be sparing."""

FILTERS = (
    f'["highway"~"^({"|".join(ROAD_CLASSES)}|road)(_link)?$"]["area"!~"yes"]',
    '["route"="ferry"]',
    f'[~"^({"|".join(SHOWN)})$"~"^({"|".join(v for values in SHOWN.values() for v in values)})$"]',
)
"""What is asked of the server, in its own language: each filter is one question a tile."""

TILE_M = 30_000.0

FRESH_DAYS = 7.0
"""Pieces of a download older than this are asked for again."""

SECONDS_PER_DAY = 86_400.0

BUSY = (429, 502, 503, 504)
"""Answers that mean: later."""

BUSY_WORDS = ("too busy", "dispatcher", "rate_limited", "timed out", "timeout")
"""Of these one stands in the page that an Overpass server sends when it cannot answer now."""

CONNECT_S = 4.0

CHUNK = 1 << 16

MOST_BYTES = 1 << 30
"""An answer larger than this is none: a tile in a city has some 30 MB."""

NETWORK_REMEDY = (
    "Set HTTPS_PROXY to your organisation's proxy (with a name and password if it asks for them) "
    "and REQUESTS_CA_BUNDLE to the file of its certificate, and call again. If that is no use, "
    "give your IT department this: {kind} requests (POST) to {host}, port {port}, from this "
    "program, without sign-in and without inspection. Or use a map on disk: `roads import`."
)

SAID = {
    "407": "a proxy that wants a name and password",
    "CERTIFICATE": "a certificate that is not trusted, such as that of a proxy that inspects,",
    "NameResolution": "no address is known for its name",
    "getaddrinfo": "no address is known for its name",
    "refused": "the connection is refused",
    "ConnectTimeout": "nothing listens there",
    "timed out": "it does not answer in time",
    "IncompleteRead": "its answer was cut short",
}
"""Words in an error, and what they mean."""

UNREACHED = [SAID[word] for word in ("NameResolution", "refused", "ConnectTimeout")]


class _LaterError(Exception):
    """The server cannot answer now."""

    def __init__(self, reason: str, after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.after_s = after_s


@dataclass(frozen=True, slots=True)
class Patience:
    """How a busy server is treated."""

    n_tries: int = 6  # times that one tile is asked for
    first_pause_s: float = 15.0
    most_pause_s: float = 240.0
    timeout_s: float = 180.0  # how long an answer may take, from the question to its last byte
    sleep: Callable[[float], None] = time.sleep


def make_tiles(area: BaseGeometry, *, side_m: float = TILE_M) -> list[MultiPolygon]:
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
    crs: str = CRS_METRES,
    folder: Path,
    url: str = OVERPASS_URL,
    patience: Patience | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> tuple[Ways, str]:
    """Download the ways of an area that cars may use, and the date of the oldest answer."""
    # Pieces of another area would make the data look older than it is.
    content = f"{url}{FILTERS}".encode() + shapely.to_wkb(area)
    pieces = folder / hashlib.sha256(content).hexdigest()[:16]
    pieces.mkdir(parents=True, exist_ok=True)
    tiles, ways, dates = make_tiles(area), Ways(), []
    asker = _Asker(url, pieces, patience or Patience(), told)
    for i, tile in enumerate(gpd.GeoSeries(tiles, crs=crs).to_crs(CRS_DEGREES), start=1):
        for polygon in shapely.get_parts(tile):
            for asked in FILTERS:
                told(f"tile {i} of {len(tiles)}")
                answer = asker.answer(_question(polygon, asked))
                read_answer(answer["elements"], ways)
                dates.append(str(answer.get("osm3s", {}).get("timestamp_osm_base", ""))[:10])
    if not ways.segments:
        remedy = "Check the outline of the authority, and what part of the world the server holds."
        raise InputError.of(url, "the server has no roads there", remedy)
    return ways, min(filter(None, dates), default="")


def _question(polygon: Polygon, asked: str) -> str:
    """Ask for ways, their nodes, the turns forbidden on them, and how many there are of each."""
    ring = shapely.get_coordinates(polygon.exterior)
    around = " ".join(f"{lat:.6f} {lon:.6f}" for lon, lat in ring)
    return (
        f"[out:json][timeout:180];way{asked}(poly:'{around}')->.w;"
        '(.w;node(w.w);rel(bw.w)["type"="restriction"];);out count;out;'
    )


class _Asker:
    """Asks a server until it has answered, and keeps its answers for a week."""

    def __init__(
        self, url: str, pieces: Path, patience: Patience, told: Callable[[str], None]
    ) -> None:
        self.url, self.pieces, self.patience, self.told = url, pieces, patience, told
        self.host = urlsplit(url).netloc or url
        self.has_answered = False

    def answer(self, question: str) -> dict[str, Any]:
        piece = self.pieces / f"{hashlib.sha256(question.encode()).hexdigest()[:24]}.json"
        try:
            if time.time() - piece.stat().st_mtime < FRESH_DAYS * SECONDS_PER_DAY:
                return whole_answer(piece.read_bytes())
        except (OSError, _LaterError):
            # There is none yet, or it was being written when the last download was broken off.
            pass
        content, answer = self._until_answered(question)
        part = piece.with_suffix(".part")
        part.write_bytes(content)
        part.replace(piece)
        return answer

    def _until_answered(self, question: str) -> tuple[bytes, dict[str, Any]]:
        patience, reason = self.patience, ""
        pause_s, n_empty = patience.first_pause_s, 0
        for attempt in range(patience.n_tries):
            try:
                content = self._ask(question)
                answer = whole_answer(content)
                n_empty += not answer["elements"]
                # Nothing at all, not even a count of nothing, may be a slip: it is asked again.
                if answer["elements"] or n_empty > 1 or patience.n_tries == 1:
                    return content, answer
                continue
            except _LaterError as later:
                reason, after_s = str(later), later.after_s
            if attempt + 1 < patience.n_tries:
                wait_s = max(pause_s, after_s)
                self.told(f"the server is busy: {reason}; asking again in {wait_s:.0f} s")
                patience.sleep(wait_s)
                pause_s = min(2 * pause_s, patience.most_pause_s)
        times = "1 time" if patience.n_tries == 1 else f"{patience.n_tries} times"
        return self._end(
            f"the server did not answer {times}: {reason}",
            "Try again later: what has been downloaded is kept for a week and not asked for again. "
            "Or use a map on disk: `cluster-optimiser roads import`.",
        )

    def _ask(self, question: str) -> bytes:
        """Ask once: the answer, or that it must wait, or an end with what to do about it."""
        try:
            response = requests.post(
                f"{self.url}/interpreter",
                data={"data": question},
                headers={"User-Agent": f"cluster-optimiser/{version('cluster-optimiser')}"},
                timeout=(CONNECT_S, self.patience.timeout_s),
                stream=True,
            )
            with response:
                self._refuse(response)
                content = self._content(response)
        except net.TooManyRedirects:
            problem = "it leads from address to address without end, as where one has to sign in"
            return self._end(problem, NETWORK_REMEDY)
        except (net.ProxyError, net.SSLError, net.InvalidURL, net.InvalidSchema) as error:
            return self._end(f"{_said(error)} stands between here and the server", NETWORK_REMEDY)
        except (net.RequestException, HTTPError) as error:
            reason = _said(error)
            if not self.has_answered and reason in UNREACHED:
                return self._end(f"it cannot be reached: {reason}", NETWORK_REMEDY)
            raise _LaterError(reason) from None
        self.has_answered = True
        if not content.lstrip().startswith(b"{"):
            return self._refuse_page(content)
        return content

    def _refuse(self, response: requests.Response) -> None:
        code = response.status_code
        what = f"answers {code} ({response.reason})"
        if urlsplit(response.url).netloc != self.host:
            other = urlsplit(response.url).netloc
            self._end(f"another server, {other}, answers in its place", NETWORK_REMEDY)
        if code in BUSY:
            self.has_answered = True
            after = response.headers.get("Retry-After", "")
            reason = f"it {what}"
            raise _LaterError(reason, float(after) if after.isdigit() else 0.0)
        if code in (401, 403, 407, 451, 511):
            self._end(f"the server, or a proxy before it, {what}", NETWORK_REMEDY)
        if not response.ok:
            remedy = "Check the address given with --server; it ends in /api."
            self._end(f"the server {what}", remedy)

    def _refuse_page(self, content: bytes) -> NoReturn:
        words = content[:CHUNK].decode(errors="replace").casefold()
        if not words.strip():
            raise _LaterError("its answer is empty")
        if "<html" not in words or any(word in words for word in BUSY_WORDS):
            raise _LaterError("its answer is no data")
        title = re.search(r"<title>\s*([^<]{1,80})", words)
        page = f'a web page ("{title[1].strip()}")' if title else "a web page"
        self._end(f"{page} comes in place of data, as where one has to sign in", NETWORK_REMEDY)

    def _content(self, response: requests.Response) -> bytes:
        chunks, size, end = [], 0, time.monotonic() + self.patience.timeout_s
        # As it comes: to wait for a full chunk may be to wait without end.
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if time.monotonic() > end or size > MOST_BYTES:
                raise _LaterError(f"its answer had no end ({size / 1e6:.1f} MB so far)")
        return b"".join(chunks)

    def _end(self, problem: str, remedy: str) -> NoReturn:
        raise InputError.of(self.url, problem, self._named(remedy))

    def _named(self, remedy: str) -> str:
        """Say of which host and port a remedy speaks."""
        parts = urlsplit(self.url)
        with suppress(ValueError):  # an odd port is what is wrong
            port = parts.port or (80 if parts.scheme == "http" else 443)
            kind = "HTTP" if parts.scheme == "http" else "HTTPS"
            return remedy.format(kind=kind, host=parts.hostname or self.url, port=port)
        return remedy.format(kind="HTTPS", host=self.host, port=443)


def _said(error: Exception) -> str:
    """Name what went wrong between two machines."""
    text = str(error)
    found = [said for word, said in SAID.items() if word in text]
    kinds = (kind for kind in BROKEN if isinstance(error, kind))
    return found[0] if found else BROKEN.get(next(kinds, Exception), type(error).__name__)


BROKEN: dict[type[Exception], str] = {
    net.ProxyError: "a proxy",
    net.SSLError: "a certificate or connection that is not secure (TLS)",
    net.Timeout: "no answer came in time",
    net.ConnectionError: "the connection broke off before a proper answer",
}
"""What went wrong where no word of an error tells."""


def whole_answer(content: bytes) -> dict[str, Any]:
    """Parse an answer, and believe it only if it is all there.

    Every node of every way must have come, and as many elements as the server has counted.
    """
    try:
        answer = json.loads(content)
        elements = answer["elements"]
        kinds = [item["type"] for item in elements]
        nodes = {item["id"] for item in elements if item["type"] == "node"}
        n_missing = sum(
            not nodes.issuperset(item["nodes"]) for item in elements if item["type"] == "way"
        )
        counts = [item["tags"] for item in elements if item["type"] == "count"]
        n_counted = sum(int(counts[0][f"{kind}s"]) for kind in _KINDS) if counts else None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _LaterError("its answer was cut short (it does not end)") from None
    n_come = sum(kind in _KINDS for kind in kinds)
    if answer.get("remark"):
        raise _LaterError(f"its answer was cut short ({answer['remark']})")
    if n_missing or n_counted not in (None, n_come):
        message = f"its answer was cut short ({n_come} elements, {n_missing} ways without points)"
        raise _LaterError(message)
    return dict(answer)


_KINDS = ("node", "way", "relation")
