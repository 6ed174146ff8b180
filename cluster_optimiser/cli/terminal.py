"""What commands share: exit codes, the console for messages, and JSON to stdout."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

EXIT_UNEXPECTED, EXIT_INPUT, EXIT_INFEASIBLE, EXIT_TIME, EXIT_SOME_FAILED = 1, 3, 4, 5, 6
EXIT_INTERRUPTED = 130


def console() -> Console:
    """Give the console that messages go to: stderr, without colour or width of its own."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(data: dict[str, Any]) -> None:
    """Print one JSON object on one line of stdout.

    Parameters
    ----------
    data
        What to print.
    """
    click.echo(json.dumps(data, ensure_ascii=False))
