"""Maps drawn by hand, in metres of the British National Grid: for tests of single rules."""

from xml.sax.saxutils import quoteattr

from pyproj import Transformer

TO_DEGREES = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)


def _tags(tags):
    return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())


def draw(path, nodes, ways, relations=()):
    """Write a map.

    ``nodes``: number -> (x, y) or (x, y, tags); ``ways``: number -> (nodes, class, tags) with the
    tags optional; ``relations``: (from, via node, to, restriction).
    """
    lines = ['<osm version="0.6" generator="made">']
    for number, (x, y, *tags) in nodes.items():
        lon, lat = TO_DEGREES.transform(x, y)
        inner = _tags(tags[0] if tags else {})
        lines.append(f'<node id="{number}" lat="{lat:.7f}" lon="{lon:.7f}">{inner}</node>')
    for number, (refs, road_class, *tags) in ways.items():
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        inner += _tags({"highway": road_class, **(tags[0] if tags else {})})
        lines.append(f'<way id="{number}">{inner}</way>')
    for number, (one, via, other, kind) in enumerate(relations, start=1):
        members = "".join(
            f'<member type="{type_}" ref="{ref}" role="{role}"/>'
            for type_, ref, role in (
                ("way", one, "from"),
                ("node", via, "via"),
                ("way", other, "to"),
            )
        )
        inner = members + _tags({"type": "restriction", "restriction": kind})
        lines.append(f'<relation id="{number}">{inner}</relation>')
    path.write_text("\n".join([*lines, "</osm>", ""]), encoding="utf-8")
    return path
