"""Reading OpenStreetMap files: ``.osm``, ``.osm.gz``, ``.osm.bz2`` and ``.osm.pbf``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.inputs.roads.area import EVERYWHERE
from cluster_optimiser.inputs.roads.network import Ways
from cluster_optimiser.inputs.roads.tags import is_closed_barrier, read_tags

if TYPE_CHECKING:
    from pathlib import Path

    from osmium.osm import Way

    from cluster_optimiser.inputs.roads.area import Box

OSM_SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf", ".osm.xml")


def read_osm(path: Path, *, box: Box = EVERYWHERE.box) -> tuple[Ways, str]:
    """Read the ways of a file that cars may use."""
    import osmium  # noqa: PLC0415 - only those who read maps need it

    ways, latest, n_placeless = Ways(), "", 0
    try:
        with osmium.io.Reader(str(path)) as reader:
            header = reader.header()
            date = header.get("osmosis_replication_timestamp") or header.get("timestamp")
        wanted = osmium.filter.KeyFilter("highway", "route", "barrier")
        for item in osmium.FileProcessor(str(path)).with_locations().with_filter(wanted):
            if isinstance(item, osmium.osm.Node):
                if is_closed_barrier(dict(item.tags)):
                    ways.closed.add(item.id)
            elif isinstance(item, osmium.osm.Way):
                is_placed = _add_way(ways, item, box)
                n_placeless += not is_placed
                if is_placed and item.id in ways.tags and item.timestamp.year > 1970:  # noqa: PLR2004
                    latest = max(latest, item.timestamp.date().isoformat())
    except (RuntimeError, ValueError, OSError) as error:
        remedy = "Download it again: it should be .osm, .osm.gz, .osm.bz2 or .osm.pbf."
        problem = f"the file cannot be read as OpenStreetMap data: {error}"
        raise InputError([Fault(str(path), 0, "", problem, remedy)]) from None
    if not ways.segments:
        problem, remedy = _why_empty(n_placeless, is_boxed=box != EVERYWHERE.box)
        raise InputError([Fault(str(path), 0, "", problem, remedy)])
    return ways, (date or latest)[:10]


def _why_empty(n_placeless: int, *, is_boxed: bool) -> tuple[str, str]:
    if n_placeless:
        text = f"{n_placeless} roads have no coordinates: their points are not before them"
        return text, "Use a complete file whose nodes come before its ways."
    if is_boxed:
        return "no road of the file lies in the authority", "Use the extract of its own region."
    return "the file has no roads", "Use an extract that has them."


def _add_way(ways: Ways, way: Way, box: Box) -> bool:
    """Add a way if cars may use it and it comes into the box; tell whether its places are known."""
    tags = read_tags(dict(way.tags))
    if tags is None:
        return True
    west, south, east, north = box
    pieces: list[list[int]] = [[]]
    is_inside = False
    places: dict[int, tuple[float, float]] = {}
    for node in way.nodes:
        if not node.location.valid():
            # Extracts are cut: what lies beyond has no place.
            pieces.append([])
            continue
        lon, lat = node.location.lon, node.location.lat
        is_inside = is_inside or (west <= lon <= east and south <= lat <= north)
        places[node.ref] = (lon, lat)
        pieces[-1].append(node.ref)
    if is_inside:
        ways.places.update(places)
        for piece in pieces:
            ways.add(way.id, tags, piece)
    return bool(places)
