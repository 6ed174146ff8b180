"""The command that opens the studio in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cluster_optimiser.cli.options import NEW_FILE, PATH, outside_option
from cluster_optimiser.cli.terminal import EXIT_USAGE, console, print_json


@click.command()
@click.argument("project", type=PATH, default=Path())
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="Port to listen on.  [default: one that is free]",
)
@click.option("--no-browser", is_flag=True, help="Only print one line of JSON with the address.")
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="H",
    help="Address to listen on; one that is not this machine's own opens the studio to the "
    "network and needs --password-file.  [default: 127.0.0.1]",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="With --host: a name that browsers know this machine by.  May be given several times.",
)
@click.option(
    "--password-file",
    type=NEW_FILE,
    help="With --host: a file: its first line is the password of those who may change the "
    "project, its second, if any, that of those who may only look.",
)
@click.option("--tls-cert", type=PATH, help="Certificate, for https, and its key.")
@click.option("--tls-key", type=PATH)
@outside_option
def studio(*, project: Path, port: int, no_browser: bool, **network: Any) -> None:  # noqa: ANN401
    """Make, question and compare options in the browser, without writing a file.

    PROJECT is the folder that holds boundaries/ and scenarios/. The studio listens on this machine
    alone (127.0.0.1) unless --host says otherwise, asks for the token in its address or a password,
    and loads nothing from elsewhere. It ends with Ctrl-C; what was saved stays in files.

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
        console().print(text)
        raise SystemExit(EXIT_USAGE) from error

    def started(url: str, token: str) -> None:
        if no_browser:
            print_json({"url": url, "token": token})
            return
        console().print(f"The studio is at {url}")
        click.launch(url)

    opened = serving.Network(
        host=network["host"],
        names=network["names"],
        password_file=network["password_file"],
        certificate=network["tls_cert"],
        key=network["tls_key"],
    )
    if not opened.is_local and opened.certificate is None:
        text = "Warning: without --tls-cert passwords and data cross the network unencrypted."
        console().print(text)
    serving.run(project, port=port, on_start=started, network=opened)
