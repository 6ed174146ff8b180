"""The command that shows what the program does, on the example that comes with it."""

from __future__ import annotations

from pathlib import Path

import click

from cluster_optimiser.cli.running import only_option, run
from cluster_optimiser.cli.terminal import console, verbose_option


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False), default=".", required=False
)
@only_option
@verbose_option
@click.pass_context
def demo(context: click.Context, *, folder: Path, only: str) -> None:
    """Copy the example into an empty FOLDER (here, if none is given), and make its page.

    \b
    Example:
      cluster-optimiser demo example
    """
    from cluster_optimiser.batch.example import copy_example

    copy_example(folder)
    console().print(
        f"The example is in {folder}: change a file in scenarios and run it again with\n"
        f"  cluster-optimiser run {folder / 'scenarios'} --out {folder / 'results'}",
        markup=False,
    )
    paths, out = [folder / "scenarios"], folder / "results"
    context.invoke(
        run,
        paths=paths,
        out=out,
        only=only,
        jobs=None,
        executor="local",
        shard=None,
        seed=0,
        time_limit_s=None,
        force=False,
        dry_run=False,
        outputs="all",
        keep_going=True,
        as_json=False,
    )
