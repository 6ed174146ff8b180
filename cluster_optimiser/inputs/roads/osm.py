"""Reading OpenStreetMap files, and answers of an Overpass server."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.inputs.roads.area import EVERYWHERE, Box
from cluster_optimiser.inputs.roads.backdrop import SHOWN
from cluster_optimiser.inputs.roads.network import Ways
from cluster_optimiser.inputs.roads.tags import read_tags

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osmium.osm import Way

OSM_SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf", ".osm.xml")

MOST_NAMED = 5
"""So many nodes without a place are named, then their number."""

READ_KEYS = (
    *("highway", "route", "barrier", *SHOWN),
    *("restriction", "restriction:motorcar", "restriction:conditional"),
)
"""What has none of these keys is passed over."""


def read_osm(
    path: Path, *, box: Box = EVERYWHERE.box, into: Ways | None = None
) -> tuple[Ways, str]:
    """Read the ways of a file that cars may use, and the date of its data."""
    import osmium  # noqa: PLC0415 - only those who read maps need it

    ways, latest, n_placeless = into or Ways(), "", 0
    is_text, is_lacking = path.suffix in {".osm", ".xml"}, False
    n_before = len(ways.segments)
    try:
        with osmium.io.Reader(str(path)) as reader:
            header = reader.header()
            date = header.get("osmosis_replication_timestamp") or header.get("timestamp")
        wanted = osmium.filter.KeyFilter(*READ_KEYS)
        for item in osmium.FileProcessor(str(path)).with_locations().with_filter(wanted):
            tags = dict(item.tags)
            if isinstance(item, osmium.osm.Node):
                ways.add_node(item.id, tags)
            elif isinstance(item, osmium.osm.Way):
                is_placed = _add_way(ways, item, tags, box)
                if is_text and not is_lacking:
                    is_lacking = not all(node.location.valid() for node in item.nodes)
                n_placeless += not is_placed
                if is_placed and item.id in ways.tags and item.timestamp.year > 1970:  # noqa: PLR2004
                    latest = max(latest, item.timestamp.date().isoformat())
            elif isinstance(item, osmium.osm.Relation) and tags.get("type") == "restriction":
                members = [(member.type, member.ref, member.role) for member in item.members]
                ways.add_restriction(item.id, tags, members)
    except (osmium.InvalidLocationError, RuntimeError, ValueError, OSError) as error:
        remedy = "Download it again: it should be .osm, .osm.gz, .osm.bz2 or .osm.pbf."
        problem = f"the file cannot be read as OpenStreetMap data: {error}"
        raise InputError.of(path, problem, remedy) from None
    if is_lacking and (faults := _placeless_nodes(path)):
        raise InputError(faults)
    if len(ways.segments) == n_before:
        problem, remedy = _why_empty(n_placeless, is_boxed=box != EVERYWHERE.box)
        raise InputError.of(path, problem, remedy)
    return ways, (date or latest)[:10]


def _why_empty(n_placeless: int, *, is_boxed: bool) -> tuple[str, str]:
    if n_placeless:
        text = f"{n_placeless} roads have no coordinates: their points are not before them"
        return text, "Use a complete file whose nodes come before its ways."
    if is_boxed:
        return "no road of the file lies in the authority", "Use the extract of its own region."
    return "the file has no roads", "Use an extract that has them."


def _placeless_nodes(path: Path) -> list[Fault]:
    """Name nodes that say no place, by line: only a file that is written as text has lines."""
    faults: list[Fault] = []
    parser = expat.ParserCreate()

    def begin(name: str, attributes: dict[str, str]) -> None:
        lacking = [key for key in ("lat", "lon") if not attributes.get(key)]
        if name == "node" and lacking and attributes.get("visible") != "false":
            problem = f"node {attributes.get('id', '')} has no {' and no '.join(lacking)}"
            remedy = "Give its place, or take an extract with whole ways."
            faults.append(Fault(str(path), parser.CurrentLineNumber, "node", problem, remedy))

    parser.StartElementHandler = begin
    with path.open("rb") as file, suppress(expat.ExpatError):
        parser.ParseFile(file)
    more = len(faults) - MOST_NAMED
    if more > 0:
        problem, remedy = f"and {more:,} more nodes have no place", "Mend them alike."
        faults[MOST_NAMED:] = [Fault(str(path), 0, "node", problem, remedy)]
    return faults


def _add_way(ways: Ways, way: Way, tags: Mapping[str, str], box: Box) -> bool:
    read = read_tags(tags)
    places = [(node.ref, node.location) for node in way.nodes]
    nodes = [(ref, at.lon, at.lat) if at.valid() else None for ref, at in places]
    if read is None:
        ways.show(way.id, tags, nodes, box)
        return True
    return ways.add_way(way.id, read, nodes, box)


def read_answer(elements: list[Mapping[str, Any]], into: Ways) -> None:
    """Add what an Overpass server has answered, as JSON."""
    places: dict[int, tuple[int, float, float]] = {}
    for item in elements:
        if item["type"] == "node":
            places[item["id"]] = (item["id"], float(item["lon"]), float(item["lat"]))
            into.add_node(item["id"], item.get("tags", {}))
    for item in elements:
        tags = item.get("tags", {})
        if item["type"] == "way":
            read, nodes = read_tags(tags), [places.get(ref) for ref in item["nodes"]]
            if read is None:
                into.show(item["id"], tags, nodes, EVERYWHERE.box)
            else:
                into.add_way(item["id"], read, nodes, EVERYWHERE.box)
        elif item["type"] == "relation" and tags.get("type") == "restriction":
            members = [(m["type"][0], m["ref"], m["role"]) for m in item["members"]]
            into.add_restriction(item["id"], tags, members)
