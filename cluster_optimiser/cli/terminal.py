"""What commands share: exit codes, the console for messages, and JSON to stdout."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rich.console import Console

EXIT_UNEXPECTED, EXIT_USAGE, EXIT_INPUT = 1, 2, 3
EXIT_INFEASIBLE, EXIT_TIME, EXIT_SOME_FAILED = 4, 5, 6
EXIT_INTERRUPTED = 130


def plain_text(text: str) -> str:
    r"""Show control characters of names and files instead of sending them to the terminal.

    >>> plain_text("Ash\x1b[2J School")
    'Ash\\x1b[2J School'
    """
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else repr(letter)[1:-1]
        for letter in text
    )


def say(text: str, *, err: bool = False) -> None:
    """Print a line to stdout, or to stderr; whatever a file wrote into a name does nothing."""
    click.echo(plain_text(text), err=err)


def console() -> Console:
    """Give the console that messages go to: stderr, without colour or width of its own."""
    from rich.console import Console

    class Plain(Console):
        """A console to which names and messages are only text."""

        def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401 - as rich has it
            """Print with control characters shown."""
            shown = [plain_text(one) if isinstance(one, str) else one for one in objects]
            super().print(*shown, **options)

    return Plain(stderr=True, highlight=False, markup=False, soft_wrap=True)


def is_plain(to_user: Console) -> bool:
    """Tell whether a console takes neither colour nor anything that moves."""
    return not to_user.is_terminal or to_user.no_color


def _be_verbose(_: click.Context, __: click.Parameter, times: int) -> None:
    if not times:
        return
    import logging

    from rich.logging import RichHandler

    plain = is_plain(console())
    handler: logging.Handler = logging.StreamHandler()
    if not plain:
        handler = RichHandler(console=console(), show_path=False)
    form = "%(asctime)s %(name)s %(message)s" if plain else "%(message)s"
    handler.setFormatter(logging.Formatter(form, datefmt="%H:%M:%S"))
    logger = logging.getLogger("cluster_optimiser")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.DEBUG if times > 1 else logging.INFO)


verbose_option = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    callback=_be_verbose,
    help="Tell on stderr what is done and why; -vv tells more.",
)
"""Logs go where messages go."""


def print_json(data: dict[str, Any]) -> None:
    """Print one JSON object on one line of stdout."""
    say(json.dumps(data, ensure_ascii=False))


def tell_passed_over(paths: Sequence[Path]) -> None:
    """Say which files of the folders named are no scenarios and serve none."""
    from cluster_optimiser import batch

    if files := batch.passed_over(paths):
        told = " ".join(map(str, files))
        say(f"Passed over, as they state no option and no scenario extends them: {told}", err=True)


def say_found(
    record_of: Callable[..., dict[str, Any]],
    lines_of: Callable[..., Iterable[str]],
    *found: Any,  # noqa: ANN401 - what the two speak of
    as_json: bool,
) -> None:
    """Say what was found: as JSON, or in lines for people."""
    if as_json:
        print_json(record_of(*found))
        return
    for line in lines_of(*found):
        say(line)
