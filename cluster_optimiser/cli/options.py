"""Options that several commands have, each said once."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from cluster_optimiser.constants import ALLOW_OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Callable

    Option = Callable[[Any], Any]

PATH = click.Path(path_type=Path)
NEW_FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


class Finite(click.FloatRange):
    """A number in a range; "nan" lies in every range, and ends what it limits at once."""

    def convert(
        self, value: float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no number; leave the option out for its default.", param, ctx)
        return number


def only_with(needed: str, *names: str, is_there: bool) -> None:
    """Refuse options that would do nothing without another."""
    context = click.get_current_context()
    for option in context.command.params:
        is_given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if option.name in names and is_given and not is_there:
            raise click.UsageError(f"{option.opts[-1]} does nothing without {needed}.")


"""As in `scenario.reading`, which takes too long to import for --help."""


def _allow_outside(_: click.Context, __: click.Parameter, is_allowed: bool) -> None:  # noqa: FBT001
    if is_allowed:
        os.environ[ALLOW_OUTSIDE] = "1"


outside_option = click.option(
    "--allow-outside",
    is_flag=True,
    expose_value=False,
    callback=_allow_outside,
    help="Let scenario files name files outside of the project.",
)
"""The processes that run scenarios inherit it."""

memory_option = click.option(
    "--memory",
    "memory_mb",
    type=click.IntRange(min=1),
    metavar="MB",
    help="Megabytes that each process may hold; past them, the best plan so far.",
)


def time_limit_option(what: str, *, default: float | None = None) -> Option:
    """Give the option of a time limit: seconds of what, and how many where none are given."""
    return click.option(
        "--time-limit",
        "time_limit_s",
        type=Finite(min=0, min_open=True),
        metavar="S",
        default=default,
        show_default=default is not None,
        help=f"Seconds {what}.",
    )


def seed_option(what: str) -> Option:
    """Give the option of a seed: what it fixes."""
    return click.option(
        "--seed",
        type=click.IntRange(0, 2**31 - 1),
        default=0,
        show_default=True,
        help=f"Fixes {what}.",
    )


def json_option(each: str = "", *, more: str = "") -> Option:
    """Give the option of JSON: one object, or one for each of something."""
    a = f" a {each}" if each else ""
    return click.option(
        "--json", "as_json", is_flag=True, help=f"Print one JSON object{a} to stdout{more}."
    )


def scenario_option(which: str) -> Option:
    """Give the option of the scenario that something is judged by."""
    return click.option("--scenario", type=PATH, required=True, help=f"The scenario {which}.")
