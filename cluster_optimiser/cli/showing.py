"""Commands that show what is there: the page made again, the schema."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import click

from cluster_optimiser.cli.terminal import console


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The HTML file to write.",
)
@click.option(
    "--theme",
    type=click.Path(path_type=Path),
    help="TOML with the council's name, colours, contact and licence line.",
)
def page(*, results: Path, file: Path, theme: Path | None) -> None:
    """Make the consultation page again from a results folder, in another theme if wanted.

    \b
    Example:
      cluster-optimiser page results -o page.html --theme council.toml
    """
    from cluster_optimiser import present

    look = None if theme is None else present.load_theme(theme)
    present.write_page(results, file, theme=look)
    console().print(f"Open {file}", markup=False)


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the report; made if it is not there.",
)
def report(*, results: Path, folder: Path) -> None:
    """Write the committee report: a Word document, a tagged PDF and a workbook.

    \b
    Example:
      cluster-optimiser report results -o report
    """
    from cluster_optimiser.present.report import write_report

    to_user = console()
    with to_user.status("reading results") if to_user.is_terminal else nullcontext() as shown:

        def say(name: str) -> None:
            if shown is not None:
                shown.update(f"writing {name}")

        files = write_report(results, folder, on_step=say)
    for file in files:
        to_user.print(f"Open {file}", markup=False)


@click.command()
def schema() -> None:
    """Print the JSON Schema of the scenario file.

    \b
    Example:
      cluster-optimiser schema > scenario.schema.json
    """
    from cluster_optimiser.scenario import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
