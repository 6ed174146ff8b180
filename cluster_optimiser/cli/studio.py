"""The command that opens the studio in the browser."""

from __future__ import annotations

from pathlib import Path

import click

from cluster_optimiser.cli.terminal import EXIT_USAGE, console, outside_option, print_json


@click.command()
@click.argument("project", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Port to listen on.  [default: one that is free]",
)
@click.option("--no-browser", is_flag=True, help="Only print one line of JSON with the address.")
@outside_option
def studio(*, project: Path, port: int, no_browser: bool) -> None:
    """Make, question and compare options in the browser, without writing a file.

    PROJECT is the folder that holds boundaries/ and scenarios/. The studio listens on this machine
    alone (127.0.0.1), asks for the token in its address, and loads nothing from elsewhere. It ends
    with Ctrl-C; what was saved stays in the project's files.

    \b
    Example:
      cluster-optimiser studio . --port 8765
    """
    try:
        from cluster_optimiser.studio import serving
    except ModuleNotFoundError as error:
        if error.name not in {"starlette", "uvicorn", "tomlkit"}:
            raise
        text = "the studio needs more packages: pip install 'cluster-optimiser[studio]'"
        console().print(text, markup=False)
        raise SystemExit(EXIT_USAGE) from error

    def started(url: str, token: str) -> None:
        if no_browser:
            print_json({"url": url, "token": token})
            return
        console().print(f"The studio is at {url}", markup=False)
        click.launch(url)

    serving.run(project, port=port, on_start=started)
