"""Commands that prepare data: a new authority from public files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cluster_optimiser.cli.checking import mending_options
from cluster_optimiser.cli.options import FOLDER, PATH, Finite, only_with
from cluster_optimiser.cli.terminal import EXIT_SOME_FAILED, console, is_plain, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress

INCLUDABLE = ("proposed", "independent", "non-maintained")


def _number_or_file(
    context: click.Context, option: click.Parameter, texts: tuple[str, ...]
) -> list[int | Path]:
    """Take figures for a number of clusters, all else for the file that holds them."""
    number = click.IntRange(2, 500)
    return [
        number(text, option, context) if text.lstrip("+-").isdigit() else Path(text)
        for text in texts
    ]


@click.command()
@click.argument("authority", required=False, default="")
@click.option(
    "--schools",
    type=PATH,
    required=True,
    help="The register: an extract of Get Information About Schools as it comes (CSV or zip), or "
    "any table with URN, name and places.",
)
@click.option(
    "--la",
    default="",
    help='Code or name of the authority in a national file; "all": every one that it has, a folder '
    "each and one table.  Those that are there already stay: a run goes on where it ended.",
)
@click.option(
    "--layer",
    "layers",
    multiple=True,
    metavar="NAME=FILE",
    help="Boundaries in any format and year; NAME=FILE@COLUMN where the names are not found, "
    "NAME=FILE@LAYER of a file of several. May be given several times.",
)
@click.option("--outline", type=PATH, help="The authority's own boundary.")
@click.option("--pupils", type=PATH, help="Pupils by school, from a school census.")
@click.option("--pupils-column", default="", help="Its column of pupils, where it is not found.")
@click.option(
    "--pupils-first",
    "is_pupils_first",
    is_flag=True,
    help="Its figures before the register's own, not only where the register has none.",
)
@click.option(
    "--links",
    type=PATH,
    help="The register's file of links, for the last roll of schools that were followed.  "
    "[default: links_edubasealldata*.csv beside the register]",
)
@click.option(
    "--postcodes",
    type=PATH,
    help="Places of postcodes (ONS Postcode Directory, Code-Point Open), for schools without one.",
)
@click.option(
    "--corrections",
    type=PATH,
    help="CSV with urn and any column: your own values in place of the register's.",
)
@click.option(
    "--include",
    multiple=True,
    type=click.Choice(INCLUDABLE),
    help="Take schools that are left out otherwise.",
)
@click.option("--keep", multiple=True, type=int, metavar="URN", help="Take this one in any case.")
@click.option("--drop", multiple=True, type=int, metavar="URN", help="Leave this one out.")
@click.option("--date", "data_date", default="", help="Date of the register, such as 2024-01-15.")
@click.option(
    "--clusters",
    multiple=True,
    callback=_number_or_file,
    metavar="N|FILE",
    help="A number: clusters of the third starter scenario.  [default: two thirds of today's]  "
    "A file: the council's own clusters, a CSV of schools (URN, LAESTAB or name) and their cluster."
    "  Both may be given.",
)
@click.option(
    "--feeders",
    type=PATH,
    help="Instead: a CSV of schools and the school that each feeds; each secondary school with all "
    "that feed it is a cluster.",
)
@click.option(
    "--areas",
    "n_areas",
    type=click.IntRange(2, 50),
    metavar="N",
    help="Number of areas of the fourth, which oversee those clusters.  [default: two, or the "
    "fewest whose best plan can soon be proved]",
)
@click.option(
    "--join-within",
    "join_within_m",
    type=Finite(min=0),
    default=100.0,
    show_default=True,
    metavar="METRES",
    help="Secondary schools no further apart share a cluster.",
)
@click.option(
    "--mend",
    "is_mended",
    is_flag=True,
    help="Close gaps between the areas of each layer and give overlaps to one of them.",
)
@mending_options
@click.option(
    "--into",
    type=FOLDER,
    default=Path(),
    help="Folder that gets boundaries/ and scenarios/.  [default: this one]",
)
@click.option(
    "--force",
    is_flag=True,
    help="Make the authority again if it is there already: what you added stays, what you changed "
    "is kept beside it as FILE.before.",
)
def new(  # noqa: PLR0913 - one argument an option
    *,
    authority: str,
    layers: Sequence[str],
    clusters: Sequence[int | Path],
    n_areas: int | None,
    is_mended: bool,
    close_m: float,
    simplify_m: float,
    join_within_m: float,
    into: Path,
    force: bool,
    include: Sequence[str],
    keep: Sequence[int],
    drop: Sequence[int],
    **files: Any,  # noqa: ANN401 - the options that are passed on under their own name
) -> None:
    """Make an authority's folder and starter scenarios from the files people really have.

    \b
    Example:
      cluster-optimiser new Westshire --schools edubasealldata20240115.csv --la 382 \\
        --layer district=LAD_MAY_2023_UK_BFC.gpkg --clusters 17
    """
    if bool(authority) == (files["la"].lower() == "all"):
        raise click.UsageError("Give the name of the AUTHORITY, or --la all without one.")
    only_with("--mend", "close_m", "simplify_m", is_there=is_mended)
    only_with("--pupils FILE", "pupils_column", "is_pupils_first", is_there=bool(files["pupils"]))
    with _spinner() as progress:
        task = progress.add_task("reading", total=None)
        from cluster_optimiser.batch import nation, starting
        from cluster_optimiser.batch.mending import Mending
        from cluster_optimiser.batch.starters import Wanted
        from cluster_optimiser.inputs.intake.intake import LayerFile, Request

        request = Request(
            name=authority,
            layers=tuple(LayerFile(*_layer_parts(text)) for text in layers),
            include=frozenset(include),
            keep=frozenset(keep),
            drop=frozenset(drop),
            clusters=next((one for one in clusters if isinstance(one, Path)), None),
            **files,
        )
        number = next((one for one in reversed(clusters) if isinstance(one, int)), None)
        destination = starting.Destination(
            into,
            is_forced=force,
            join_within_m=join_within_m,
            wanted=Wanted(number, n_areas),
            mending=Mending(close_m, simplify_m) if is_mended else None,
        )

        def on_step(text: str) -> None:
            progress.update(task, description=text)

        is_refused = False
        if request.la.lower() == nation.ALL:
            every = nation.start_all(request, destination, on_step=on_step)
            lines, is_refused = every.lines, every.n_refused > 0
        else:
            lines = starting.start(request, destination, on_step=on_step).lines
    for line in lines:
        say(line)
    if is_refused:
        sys.exit(EXIT_SOME_FAILED)


def _layer_parts(text: str) -> tuple[str, Path, str]:
    """Take NAME=FILE or NAME=FILE@COLUMN apart."""
    name, equals, rest = text.partition("=")
    if not equals or not name or not rest:
        message = f'"{text}" is not NAME=FILE, such as district=LAD_MAY_2023_UK_BFC.gpkg'
        raise click.BadParameter(message, param_hint="'--layer'")
    file, _, column = rest.partition("@") if not Path(rest).exists() else (rest, "", "")
    return name.strip(), Path(file), column


def _spinner() -> Progress:
    """Give what turns on a terminal while something is read; elsewhere nothing is shown."""
    from rich.progress import Progress, SpinnerColumn, TextColumn

    to_user = console()
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        console=to_user,
        transient=True,
        disable=is_plain(to_user),
    )
