"""Templates of the package, which speak the language that is spoken."""

from __future__ import annotations

import functools

import jinja2
import markupsafe

from cluster_optimiser.words import is_unknown, number, say, spoken


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cluster_optimiser.present", "templates"),
        autoescape=jinja2.select_autoescape(["html.j2", "html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"tell": say, "lang": lambda: spoken().tag, "foreign": _foreign}
    return environment


def _foreign() -> markupsafe.Markup:
    """Mark what the program's checks say, which is English on every page."""
    mark = "" if spoken().tag.startswith("en") else ' lang="en"'
    return markupsafe.Markup(mark)  # noqa: S704 - own text


def least(n: float, *, is_known: bool) -> str:
    """Write a number of pupils, the least that it may be where a school's roll is not known."""
    text = number(n)
    return text if is_known or is_unknown(n) else say("script.at_least", n=text)


def template(name: str) -> jinja2.Template:
    """Give a template of the package; values put into HTML ones are escaped.

    In it ``tell(key, n, ...)`` is `say`, and ``lang()`` the tag of the language.
    """
    return _environment().get_template(name)
