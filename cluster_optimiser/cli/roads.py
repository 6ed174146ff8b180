"""Commands for road networks: made, looked into, measured on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cluster_optimiser.cli.options import NEW_FILE, PATH, Finite, json_option
from cluster_optimiser.cli.terminal import console, say_found

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cluster_optimiser.domain import RoadNetwork

MARGIN = click.option(
    "--margin-km",
    type=Finite(min=0),
    default=10.0,
    show_default=True,
    help="Roads this far outside the authority are kept.",
)
OUT = click.option(
    "-o",
    "--out",
    type=NEW_FILE,
    help="The road file to write (.gpkg); without it roads.gpkg in the authority's folder.",
)


@click.group()
def roads() -> None:
    """Download, import or measure a road network.

    \b
    Example:
      cluster-optimiser roads import county.osm.pbf --authority kent
    """


@roads.command("import")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=PATH)
@click.option("--authority", help="Name or folder of the authority that is cut out of the map.")
@OUT
@MARGIN
def import_(
    *, paths: tuple[Path, ...], authority: str | None, out: Path | None, margin_km: float
) -> None:
    """Make a road file of maps on disk: .osm, .osm.gz, .osm.bz2, .osm.pbf, GraphML, or folders.

    Give the extracts of the neighbours too: that of a county ends at its border, and the quickest
    way may leave it.

    \b
    Example:
      cluster-optimiser roads import kent.osm.pbf surrey.osm.pbf --authority kent
    """
    with console().status("reading maps"):
        from cluster_optimiser.batch import road_files

        target, network = road_files.import_roads(
            paths, authority=authority, out=out, margin_km=margin_km
        )
    _report(target, network)


@roads.command()
@click.argument("authority")
@OUT
@MARGIN
@click.option(
    "--server", metavar="URL", help="Base address of an Overpass server; without it the public one."
)
@click.option(
    "--tries",
    "n_tries",
    type=click.IntRange(1),
    default=6,
    show_default=True,
    help="Times that a busy server is asked for the same tile.",
)
def download(
    *, authority: str, out: Path | None, margin_km: float, server: str | None, n_tries: int
) -> None:
    """Download the roads of an authority from OpenStreetMap and make its road file.

    One question at a time, with pauses when the server is busy. What has been downloaded is kept
    for a week, so a download that was broken off goes on where it stopped.

    \b
    Example:
      cluster-optimiser roads download kent
    """
    with console().status(f"roads of {authority}") as status:
        from cluster_optimiser.batch import road_files
        from cluster_optimiser.inputs.roads.download import OVERPASS_URL, Patience

        target, network = road_files.download_roads(
            authority,
            out=out,
            margin_km=margin_km,
            url=server or OVERPASS_URL,
            patience=Patience(n_tries=n_tries),
            told=lambda words: status.update(f"roads of {authority}: {words}"),
        )
    _report(target, network)


@roads.command()
@click.argument("file", type=PATH)
@click.option("--authority", help="Tell how much of this authority and its margin has roads.")
@click.option("--map", "picture", type=NEW_FILE, help="With --authority: write a map of it (SVG).")
@MARGIN
@json_option()
def info(
    *, file: Path, authority: str | None, picture: Path | None, margin_km: float, as_json: bool
) -> None:
    """Show what is in a road file: where it comes from, roads by class, what is missing.

    \b
    Example:
      cluster-optimiser roads info boundaries/kent/roads.gpkg --authority kent --map roads.svg
    """
    from cluster_optimiser.batch import road_files

    if picture is not None and authority is None:
        raise click.UsageError("--map needs --authority")
    network = road_files.open_roads(file)
    if authority is not None:
        network, squares = road_files.with_coverage(network, authority, margin_km)
    if picture is not None:
        from cluster_optimiser.present import road_chart

        source = network.about.get("attribution", "")
        title = f"{authority}: where the map has roads, in squares of 2 km"
        road_files.write_text(picture, road_chart.coverage_map(squares, title=title, source=source))
    facts = road_files.road_facts(network)
    say_found(dict, _fact_lines, facts, as_json=as_json)


ROAD_FILE = click.option(
    "--roads",
    "file",
    type=PATH,
    help="The road file; without it the one of authority.toml, else roads.gpkg in its folder.",
)


@roads.command()
@click.argument("authority")
@ROAD_FILE
@click.option(
    "-o", "--out", type=NEW_FILE, help="Write the minutes as CSV from_urn,to_urn,minutes."
)
@json_option()
def measure(*, authority: str, file: Path | None, out: Path | None, as_json: bool) -> None:
    """Measure the minutes between schools, and say how far each is from a road.

    \b
    Example:
      cluster-optimiser roads measure kent -o minutes.csv
    """
    with console().status(f"measuring {authority}"):
        from cluster_optimiser.batch import road_files
        from cluster_optimiser.present import road_words
        from cluster_optimiser.present.tables import csv_text

        on_roads = road_files.measure_roads(authority, file=file)
        if out is not None:
            table = road_words.minutes_table(on_roads.authority, on_roads.measured)
            road_files.write_text(out, csv_text(table))
    found = on_roads.authority, on_roads.measured
    say_found(road_words.measured_record, road_words.measured_lines, *found, as_json=as_json)


@roads.command()
@click.argument("authority")
@ROAD_FILE
@click.option("--chart", type=NEW_FILE, help="Write a chart (SVG).")
@json_option()
def compare(*, authority: str, file: Path | None, chart: Path | None, as_json: bool) -> None:
    """Compare the travel estimate with minutes by road: errors, worst pairs, a better fit.

    \b
    Example:
      cluster-optimiser roads compare kent --chart estimate.svg
    """
    with console().status(f"measuring {authority}"):
        from cluster_optimiser.batch import road_files
        from cluster_optimiser.present import road_chart, road_words

        on_roads = road_files.measure_roads(authority, file=file)
        compared = road_files.compare_roads(on_roads)
        if chart is not None:
            title = f"{on_roads.authority.name}: minutes by road and the straight line"
            source = on_roads.authority.travel.credit
            drawn = road_chart.road_chart(compared, title=title, source=source)
            road_files.write_text(chart, drawn)
    found = on_roads.authority, compared
    say_found(road_words.comparison_record, road_words.comparison_lines, *found, as_json=as_json)


@roads.command()
@click.argument("authority")
@click.option(
    "--against",
    required=True,
    type=PATH,
    help="A table of minutes to be measured against: CSV from_urn,to_urn,minutes.",
)
@ROAD_FILE
@json_option()
def audit(*, authority: str, against: Path, file: Path | None, as_json: bool) -> None:
    """Compare the minutes that options are solved on with those that somebody else has measured.

    \b
    Example:
      cluster-optimiser roads audit kent --against other-engine.csv
    """
    with console().status(f"measuring {authority}"):
        from cluster_optimiser.batch import road_files
        from cluster_optimiser.present import road_words

        found = road_files.audit_roads(authority, table=against, file=file)
    say_found(road_words.audit_record, road_words.audit_lines, *found, as_json=as_json)


def _report(target: Path, network: RoadNetwork) -> None:
    from cluster_optimiser.batch import road_files

    to_user = console()
    for line in _fact_lines(road_files.road_facts(network)):
        to_user.print(line)
    to_user.print(f"Written: {target}")
    to_user.print(
        f'To use it, write in authority.toml:\n[travel]\nmethod = "roads"\nfile = "{target.name}"',
    )


def _fact_lines(facts: Mapping[str, Any]) -> list[str]:
    by_class = ", ".join(f"{name} {km:,.0f}" for name, km in facts["km_by_class"].items())
    tagged, lit, imputed = (
        f"{facts[f'limit_{how}_share']:.0%}" for how in ("tagged", "lit", "imputed")
    )
    lines = [
        (
            f"{facts.get('source') or 'source not stated'}, "
            f"data of {facts.get('data_date') or 'unknown date'}; {facts.get('attribution', '')}"
        ),
        f"{facts['km']:,.0f} km of road in {facts['n_stretches']:,} stretches: {by_class}",
        f"{facts['one_way_share']:.0%} of the length is one-way; {facts['n_ferries']} car ferries",
        (
            f"Speed limit: on the map for {tagged} of the length, 30 mph by street lights for "
            f"{lit}, taken by class of road for {imputed}"
        ),
    ]
    lines.append(
        f"{facts['n_signals']:,} traffic lights, {facts['n_turns']:,} restrictions of turns"
        + (
            f"; {facts['unread_turns']} more over a way or at certain hours are not read"
            if facts.get("unread_turns", "0") != "0"
            else ""
        )
    )
    if facts.get("outline_share"):
        inside, margin = float(facts["outline_share"]), facts.get("margin_share")
        around = (
            f", {float(margin):.0%} of those in the margin of {facts['margin_km']} km"
            if margin
            else ""
        )
        lines.append(
            f"Squares of 2 km with roads: {inside:.0%} of those that touch the authority{around} "
            "(the sea has none)"
        )
    if facts.get("unread_limits"):
        lines.append(f"Limits on the map that could not be read: {facts['unread_limits']}")
    return lines
