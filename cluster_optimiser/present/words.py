"""The page's own words and how numbers are written, in one place for any language."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources
import tomllib
from typing import Any

import jinja2
import numpy as np

from cluster_optimiser.present.tables import is_unknown

STRINGS = "strings_en.toml"

UNKNOWN = "\u2013"
"""What stands for a number that is not known: a dash."""


@functools.cache
def words() -> dict[str, Any]:
    """Read the strings of the pages."""
    text = importlib.resources.files(__package__).joinpath(STRINGS).read_text(encoding="utf-8")
    return tomllib.loads(text)


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("cluster_optimiser.present", "templates"),
        autoescape=jinja2.select_autoescape(["html.j2", "html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def template(name: str) -> jinja2.Template:
    """Give a template of the package; values put into HTML ones are escaped."""
    return _environment().get_template(name)


def number(value: object) -> str:
    """Write a whole number with commas, or a dash where it is not known.

    Examples
    --------
    >>> number(12345), number(None) == UNKNOWN
    ('12,345', True)
    """
    if is_unknown(value) or not isinstance(value, (int, float, np.integer, np.floating)):
        return UNKNOWN
    return f"{round(float(value)):,}"


def one_decimal(value: object) -> str:
    """Write a number to one decimal, or a dash where it is not known.

    Examples
    --------
    >>> one_decimal(7.25), one_decimal(float("nan")) == UNKNOWN
    ('7.2', True)
    """
    if is_unknown(value) or not isinstance(value, (int, float, np.integer, np.floating)):
        return UNKNOWN
    return f"{float(value):,.1f}"


def percent(part: float, whole: float) -> str:
    """Write a share as a percentage: one decimal under 10 %, none above, 0 only for nothing.

    Examples
    --------
    >>> percent(1, 8), percent(0, 8), percent(1, 5000)
    ('12%', '0%', 'under 0.1%')
    """
    if not whole:
        return UNKNOWN
    if not part:
        return "0%"
    pct = 100 * part / whole
    if pct < 0.05:  # noqa: PLR2004 - what would print as 0.0
        return str(words()["numbers"]["tiny"])
    return f"{pct:.1f}%" if pct < 9.95 else f"{pct:.0f}%"  # noqa: PLR2004 - rounds to 10


def long_date(iso: str) -> str:
    """Write an ISO date as people do; anything else is left as it is.

    Examples
    --------
    >>> long_date("2019-01-17"), long_date("2019")
    ('17 January 2019', '2019')
    """
    try:
        date = dt.date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{date.day} {words()['numbers']['months'][date.month - 1]} {date.year}"


def joined(parts: list[str]) -> str:
    """Write a list as people do.

    Examples
    --------
    >>> joined(["Fen", "Ashby", "Elm"])
    'Fen, Ashby and Elm'
    """
    if len(parts) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {words()['numbers']['and']} {parts[-1]}"


def cluster_number(cluster_id: object) -> str:
    """Give the number of a cluster on the map: what follows the last dash of its id.

    Examples
    --------
    >>> cluster_number("4a-07")
    '7'
    """
    tail = str(cluster_id).rpartition("-")[2]
    return tail.lstrip("0") or tail
