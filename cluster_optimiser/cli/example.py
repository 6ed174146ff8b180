"""The command that shows what the program does, on the example that comes with it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cluster_optimiser.cli.options import FOLDER
from cluster_optimiser.cli.running import only_option, run
from cluster_optimiser.cli.terminal import console, is_plain, verbose_option

if TYPE_CHECKING:
    from pathlib import Path


def is_asked() -> bool:
    """Tell whether there is somebody to ask."""
    return sys.stdin.isatty() and not is_plain(console())


@click.command()
@click.argument("folder", type=FOLDER, default=".", required=False)
@click.option(
    "--authority",
    help="Which one, by the name of its folder under boundaries.  [default: asked at a terminal, "
    "else the first]",
)
@only_option
@verbose_option
@click.pass_context
def demo(context: click.Context, *, folder: Path, authority: str | None, only: str) -> None:
    """Copy the examples into an empty FOLDER (here, if none is given), and make the page of one.

    \b
    Example:
      cluster-optimiser demo example
    """
    from cluster_optimiser.batch.example import copy_example, rooms

    homes, to_user = rooms(), console()
    first = next(iter(homes))
    if authority is None and is_asked():
        authority = click.prompt(
            "Which authority", type=click.Choice(list(homes)), default=first, err=True
        )
    if (authority or first) not in homes:
        message = f'there is no example "{authority}": {" or ".join(homes)}'
        raise click.BadParameter(message, param_hint="'--authority'")
    copy_example(folder)
    room = folder / homes[authority or first]
    to_user.print(
        f"The examples are in {folder}: change a file in {room} and run it again with\n"
        f"  cluster-optimiser run {room} --out {folder / 'results'}",
    )
    context.invoke(run, paths=[room], out=folder / "results", only=only)
