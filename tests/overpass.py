"""A server on this machine that answers like Overpass, with all that can go wrong."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import osmium
import shapely

from cluster_optimiser.inputs.roads.backdrop import shown_kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE_DATE = "2026-05-04T10:00:00Z"


class Overpass:
    """What the server holds, what it is to answer next, and what it was asked.

    Parameters
    ----------
    file
        An OpenStreetMap file whose ways it serves.
    """

    def __init__(self, file: Path) -> None:
        self.nodes: dict[int, dict[str, Any]] = {}
        self.ways: list[dict[str, Any]] = []
        for item in osmium.FileProcessor(str(file)):
            if isinstance(item, osmium.osm.Node):
                place = {"type": "node", "id": item.id, "lat": item.lat, "lon": item.lon}
                self.nodes[item.id] = place | ({"tags": dict(item.tags)} if item.tags else {})
            elif isinstance(item, osmium.osm.Way):
                # A real server has every node, extracts are cut.
                refs = [node.ref for node in item.nodes if node.ref in self.nodes]
                way = {"type": "way", "id": item.id, "nodes": refs, "tags": dict(item.tags)}
                self.ways.append(way)
        self.queries: list[str] = []
        self.agents: list[str] = []
        self.faults: list[tuple[int, dict[str, str], str]] = []
        self.relations: list[dict[str, Any]] = []

    def answer(self, query: str) -> str:
        """Give the ways that a query means, with their nodes."""
        ring = re.search(r"poly:'([^']*)'", query)
        numbers = [float(number) for number in ring[1].split()]
        area = shapely.Polygon(list(zip(numbers[1::2], numbers[::2], strict=True)))
        wants = [self._wants(way, query) and self._touches(way, area) for way in self.ways]
        ways = [way for way, is_wanted in zip(self.ways, wants, strict=True) if is_wanted]
        nodes = sorted({ref for way in ways for ref in way["nodes"] if ref in self.nodes})
        elements = [*ways, *(self.nodes[ref] for ref in nodes)]
        about = {"timestamp_osm_base": BASE_DATE, "copyright": "made by hand"}
        refs = {way["id"] for way in ways}
        elements += [r for r in self.relations if refs & {m["ref"] for m in r["members"]}]
        kinds = [item["type"] for item in elements]
        tags = {f"{kind}s": str(kinds.count(kind)) for kind in ("node", "way", "relation")}
        count = {"type": "count", "id": 0, "tags": tags | {"total": str(len(elements))}}
        return json.dumps({"version": 0.6, "osm3s": about, "elements": [count, *elements]})

    @staticmethod
    def _wants(way: dict[str, Any], query: str) -> bool:
        if '"route"="ferry"' in query:
            return way["tags"].get("route") == "ferry"
        if '"highway"' not in query:
            return bool(shown_kind(way["tags"]))
        classes = re.search(r'"highway"~"([^"]*)"', query)[1]
        return re.search(classes, way["tags"].get("highway", "")) is not None

    def _touches(self, way: dict[str, Any], area: shapely.Polygon) -> bool:
        places = [self.nodes[ref] for ref in way["nodes"] if ref in self.nodes]
        points = [shapely.Point(place["lon"], place["lat"]) for place in places]
        return any(area.intersects(point) for point in points)


@contextmanager
def serving(overpass: Overpass) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1; give the base address."""
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # Without a page of its status, which nobody needs.
            overpass.queries.append(self.path)
            self._send(404, {}, "no such page", "text/plain")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            query = parse_qs(body)["data"][0]
            overpass.queries.append(query)
            overpass.agents.append(self.headers["User-Agent"])
            if overpass.faults:
                code, headers, text = overpass.faults.pop(0)
                self._send(code, headers, text, "text/html")
            else:
                self._send(200, {}, overpass.answer(query), "application/json")

        def _send(self, code: int, headers: dict[str, str], text: str, kind: str) -> None:
            content = text.encode()
            self.send_response(code)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Type", kind)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            # A server that never comes to the end of its answer.
            while headers.get("X-Slow") and not stopped.wait(0.02):
                with suppress(OSError):
                    self.wfile.write(b" ")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api"
    finally:
        stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
