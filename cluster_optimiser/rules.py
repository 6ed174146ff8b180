"""Every rule that a scenario can make, one row each: said here, asked everywhere else.

A maker that keeps a rule and the check that judges it are written apart on purpose; what they are
told apart by is not: what the rule is called, which keys of a scenario file state it, what it
bounds, which methods can keep it, and what `explain` may loosen of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

METHODS = ("keep", "merge", "redraw", "file")
"""What makes a plan. The first and the last are only judged, so every rule of a plan goes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a plan."""

    name: str  # what breaking it is called; <layer> stands for the name of one
    keys: tuple[str, ...]  # dotted keys of the scenario file that state it; empty: it always holds
    bounds: Literal["cluster", "pair", "plan"]  # what has to be looked at to see that it is kept
    loosened: tuple[str, ...] = ()  # families that `explain` may give up, each by itself
    methods: tuple[str, ...] = METHODS
    why: str = ""  # why no other method can keep it


RULES = (
    Rule("assignment", (), "plan"),
    Rule("units", ("units", "urban.areas"), "plan"),
    Rule("exempt", ("exempt",), "cluster"),
    Rule(
        "size.min",
        ("size.min_pupils", "size.max_exceptions", "size.exceptions"),
        "plan",
        ("size.min",),
    ),
    Rule(
        "size.max", ("size.max_pupils", "size.oversize"), "cluster", ("size.max", "size.oversize")
    ),
    Rule("size.hub", ("size.of", "size.places", "size.tolerance"), "cluster", ("size.hub",)),
    Rule("size.clusters", ("size.clusters",), "cluster", ("size.clusters",)),
    Rule("count", ("count.min", "count.max"), "plan", ("count.min", "count.max")),
    Rule(
        "contiguity",
        (
            "contiguity.file",
            "contiguity.min_shared_m",
            "contiguity.min_shared_school_m",
            "contiguity.max_minutes",
            "contiguity.empty",
            "contiguity.links",
            "contiguity.barriers",
        ),
        "cluster",
        ("contiguity.barriers", "contiguity.max_minutes", "contiguity.min_shared_m"),
    ),
    Rule("travel", ("travel.max_minutes",), "cluster", ("travel",)),
    Rule("secondary", ("secondary.min",), "cluster", ("secondary",)),
    Rule("hub", ("redraw.hubs",), "cluster", ("redraw.hubs",)),
    Rule(
        "shape",
        ("redraw.shape",),
        "cluster",
        methods=("keep", "redraw", "file"),
        why="the groups that a merge chooses from are not built around a hub",
    ),
    Rule("within.<layer>", ("within", "alignment"), "cluster", ("within",)),
    Rule("pins.together", ("pins.together",), "pair", ("pins.together",)),
    Rule("pins.apart", ("pins.apart",), "pair", ("pins.apart",)),
    Rule("limits.<term>", ("limits",), "plan", ("limits",)),
    Rule(
        "levels",
        ("levels",),
        "plan",
        methods=("merge",),
        why="only a merge chooses clusters and groupings together",
    ),
)

ONLY: Mapping[str, tuple[tuple[str, ...], str]] = {
    "plan": (("file",), 'only method "file" reads one'),
    "versions.number": (("merge",), "only a merge finds the best plan that is unlike others"),
    "redraw.nearest_hubs": (("redraw",), "only a redraw looks for clusters around hubs"),
}
"""Key that is no rule -> the methods that it means something to, and why no other."""


OWN: dict[str, Callable[..., Any]] = {}
"""An analyst's own rules of one cluster, in this process: name -> what judges its schools."""

OWN_RULE = Rule("own.<name>", (), "cluster", methods=("keep", "merge", "file"))


def rule_of(name: str) -> Rule:
    """Give the rule that a violation or a family of `explain` belongs to.

    Examples
    --------
    >>> rule_of("within.district").name, rule_of("pins.apart[2]").name, rule_of("count.max").name
    ('within.<layer>', 'pins.apart', 'count')
    """
    plain = name.partition("[")[0]
    head = plain.partition(".")[0]
    for rule in (*RULES, OWN_RULE):
        families = (rule.name, rule.name.partition(".<")[0], *rule.loosened)
        if plain in families or head in families:
            return rule
    message = f"there is no rule {name!r}"
    raise KeyError(message)


def unsupported(method: str, stated: Collection[str]) -> Iterator[tuple[str, str]]:
    """Give the stated keys (dotted, or of a whole table) that mean nothing to a method, and why.

    Examples
    --------
    >>> list(unsupported("keep", {"size", "levels"}))
    [('levels', 'only a merge chooses clusters and groupings together')]
    """
    rows = [(key, rule.methods, rule.why) for rule in RULES for key in rule.keys]
    rows += [(key, *only) for key, only in ONLY.items()]
    for key, methods, why in rows:
        if method not in methods and key in stated:
            yield key, why
