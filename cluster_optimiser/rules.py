"""Every rule that a scenario can make, one row each: said here, asked everywhere else.

A maker that keeps a rule and the check that judges it are written apart on purpose; what they are
told apart by is not: what the rule is called, which keys of a scenario file state it, what it
bounds, which methods can keep it, and what `explain` may loosen of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cluster_optimiser.constants import MOST_PUPILS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

LEAST_SHARED_M = 0.001
"""A least shared boundary so short that every touch counts."""

NEIGHBOURS_FILE = "contiguity.file"
"""Key that names the file of neighbours; without it borders are measured."""

UNIT, LOCAL, LAYER, TERM = "unit or cluster", "geographic cluster", "layer", "term"
"""What the names in a scenario are names of."""

METHODS = ("keep", "merge", "redraw", "file")
"""What makes a plan. The first and the last are only judged, so every rule of a plan goes."""


@dataclass(frozen=True, slots=True)
class Family:
    """A part of a rule that `explain` may give up by itself."""

    name: str
    free: Mapping[str, Any] = field(default_factory=dict)
    """Key -> the value that asks for nothing; none where single entries are left out."""
    words: str = ""  # what it is called, with the values of its keys, or the names of an entry
    without: str = ""  # what it is called to give it up, where nothing less can be done
    nowhere: str = ""  # why a unit is in no group that keeps it
    unless: str = ""  # family that would mean nothing without it
    joint: str = ", "  # between the names of an entry
    matters: Callable[[Any, Sequence[int]], bool] | None = field(default=None, repr=False)
    """Whether what a scenario states of it can keep any plan of units with so many pupils away."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A number of a cluster that a rule bounds by its first key."""

    number: str  # column of the table of clusters
    side: Literal["least", "most"]

    @property
    def is_least(self) -> bool:
        return self.side == "least"

    def kept(self, held: Any, limit: int) -> Any:  # noqa: ANN401 - a number, or an array of them
        """Tell whether so many are enough, or not too many."""
        return held >= limit if self.is_least else held <= limit


@dataclass(frozen=True, slots=True)
class Quota(Bound):
    """A number that adds up over a cluster's schools; units have it too. It has no exceptions."""

    noun: str  # what is counted
    metric: str = ""  # of a plan: how many clusters do not keep it, where that is always told


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a plan."""

    name: str  # what breaking it is called; <layer> stands for the name of one
    keys: tuple[str, ...]  # dotted keys of the scenario file that state it; empty: it always holds
    bounds: Literal["cluster", "pair", "plan"]  # what has to be looked at to see that it is kept
    loosened: tuple[Family, ...] = ()
    methods: tuple[str, ...] = METHODS
    why: str = ""  # why no other method can keep it
    tightens: tuple[str, ...] = ()  # keys of which a stricter value's plans are among a looser's
    alike: str = ""  # table that the page takes of today's option, to judge all options alike
    bound: Bound | None = None
    names: Mapping[str, str] = field(default_factory=dict)  # key -> what its values are names of
    in_file: Mapping[str, str] = field(default_factory=dict)  # key that no form asks for -> why
    by_pupils: bool = False  # whether other pupils may break it, so that projections judge it
    makes_ground: bool = False  # whether units, or what they touch, are made from it

    @property
    def key(self) -> str:
        """Its name without its table: its key in the words of the page."""
        return self.name.rpartition(".")[2]

    def of(self, name: str) -> str:
        """Give what breaking it is called where it is of one layer or term."""
        return self.name.partition("<")[0] + name

    def asked(self, value: Any) -> Any:  # noqa: ANN401 - a value of any key
        """Give the value of its first key, or None if it is the one that asks for nothing."""
        return None if value == self.loosened[0].free[self.keys[0]] else value


RULES = (
    Rule("assignment", (), "plan"),
    Rule(
        "units",
        ("units", "urban.areas"),
        "plan",
        names={"urban.areas": "cluster or area of a layer"},
        in_file={"units": "another scenario's clusters are chosen in the file"},
        makes_ground=True,
    ),
    Rule("exempt", ("exempt",), "cluster", makes_ground=True),
    Rule(
        "size.min",
        ("size.min_pupils", "size.max_exceptions", "size.exceptions"),
        "plan",
        (Family("size.min", {"size.min_pupils": 0}, "minimum of {min_pupils}"),),
        tightens=("size.min_pupils", "size.max_exceptions"),
        alike="size",
        bound=Bound("pupils", "least"),
        names={"size.exceptions": UNIT},
        by_pupils=True,
    ),
    Rule(
        "size.max",
        ("size.max_pupils", "size.oversize"),
        "cluster",
        (
            Family(
                "size.max",
                {"size.max_pupils": MOST_PUPILS},
                "maximum of {max_pupils}",
                matters=lambda scenario, pupils: scenario.size.is_over(sum(pupils)),
            ),
            Family(
                "size.oversize",
                {"size.oversize": "keep"},
                "refusal of existing clusters over the maximum",
                "existing clusters that are over the maximum stand alone, named",
                matters=lambda scenario, pupils: scenario.size.is_over(max(pupils)),
            ),
        ),
        tightens=("size.max_pupils",),
        alike="size",
        bound=Bound("pupils", "most"),
        by_pupils=True,
    ),
    Rule(
        "size.hub",
        ("size.of", "size.places", "size.tolerance"),
        "cluster",
        (
            Family(
                "size.hub",
                {"size.of": None, "size.places": "", "size.tolerance": None},
                "places of hubs, within {tolerance:.0%}",
                "sizes that do not go by the places of hubs",
                "no group it could be in fills the places of its hubs within the tolerance",
            ),
        ),
        in_file={
            "size.of": "goes with a column of the register",
            "size.places": "names a column of the register",
            "size.tolerance": "goes with a column of the register",
        },
        by_pupils=True,
    ),
    Rule(
        "size.schools",
        ("size.max_schools",),
        "cluster",
        (
            Family(
                "size.schools",
                {"size.max_schools": None},
                "highest number of schools ({max_schools})",
            ),
        ),
        tightens=("size.max_schools",),
        alike="size",
        bound=Quota("n_schools", "most", "school"),
    ),
    Rule(
        "size.clusters",
        ("size.clusters",),
        "cluster",
        (
            Family(
                "size.clusters",
                {"size.clusters": {}},
                "ranges of their own of {clusters}",
                "no ranges of their own for named clusters",
                "no group it could be in keeps the ranges of named clusters",
            ),
        ),
        names={"size.clusters": UNIT},
        in_file={"size.clusters": "a range for each name is written in the file"},
        by_pupils=True,
    ),
    Rule(
        "count",
        ("count.min", "count.max"),
        "plan",
        (
            Family("count.min", {"count.min": 1}, "least number of clusters ({min})"),
            Family(
                "count.max",
                {"count.max": None},
                "highest number of clusters ({max})",
                matters=lambda scenario, pupils: scenario.count.beyond(len(pupils)) > 0,
            ),
        ),
        tightens=("count.min", "count.max"),
        alike="count",
    ),
    Rule(
        "travel",
        ("travel.max_minutes",),
        "cluster",
        (
            Family(
                "travel", {"travel.max_minutes": None}, "travel limit of {max_minutes:g} minutes"
            ),
        ),
        tightens=("travel.max_minutes",),
        alike="travel",
        bound=Bound("max_minutes", "most"),
        by_pupils=True,
    ),
    Rule(
        "secondary",
        ("secondary.min",),
        "cluster",
        (Family("secondary", {"secondary.min": 0}, "least number of secondary schools ({min})"),),
        tightens=("secondary.min",),
        alike="secondary",
        bound=Quota("n_secondary", "least", "secondary school", "n_without_secondary"),
    ),
    Rule(
        "hub",
        ("redraw.hubs",),
        "cluster",
        (
            Family(
                "redraw.hubs",
                {"redraw.hubs": "any"},
                "rule that clusters meet at certain schools",
                "let clusters meet at any of their schools",
                "no group it could be in has a hub that its schools can reach",
                unless="size.hub",
                matters=lambda scenario, _: scenario.hubs != "any",
            ),
        ),
        names={"redraw.hubs": "school with the URN"},
        in_file={"redraw.hubs": "schools are listed in the file"},
    ),
    Rule(
        "shape",
        ("redraw.shape",),
        "cluster",
        methods=("keep", "redraw", "file"),
        why="the groups that a merge chooses from are not built around a hub",
    ),
    Rule(
        "within.<layer>",
        ("within", "alignment"),
        "cluster",
        (Family("within"),),
        alike="alignment",
        names={"within": LAYER, "alignment": LAYER},
        in_file={"within": "the same as a layer that alignment requires"},
        by_pupils=True,
    ),
    *(
        Rule(key, (key,), "pair", (Family(key, words=words),), names={key: UNIT})
        for key, words in (("pins.together", '"{} together"'), ("pins.apart", '"{} apart"'))
    ),
    Rule(
        "limits.<term>",
        ("limits",),
        "plan",
        (Family("limits"),),
        tightens=("limits",),
        names={"limits": TERM},
    ),
    Rule(
        "contiguity",
        (
            NEIGHBOURS_FILE,
            "contiguity.min_shared_m",
            "contiguity.min_shared_school_m",
            "contiguity.max_minutes",
            "contiguity.empty",
            "contiguity.links",
            "contiguity.barriers",
        ),
        "cluster",
        (
            Family("contiguity.barriers", words="barrier {}", joint=" - "),
            Family(
                "contiguity.max_minutes",
                {"contiguity.max_minutes": None},
                "longest drive of {max_minutes:g} minutes between neighbours",
            ),
            Family(
                "contiguity.min_shared_m",
                {"contiguity.min_shared_m": LEAST_SHARED_M},
                "least shared boundary of {min_shared_m:g} m",
                matters=lambda scenario, _: scenario.contiguity.file is None,
            ),
        ),
        names={"contiguity.links": LOCAL, "contiguity.barriers": LOCAL},
        in_file={NEIGHBOURS_FILE: "names another file"},
        makes_ground=True,
    ),
    Rule(
        "levels",
        ("levels",),
        "plan",
        methods=("merge",),
        why="only a merge chooses clusters and groupings together",
        in_file={"levels": "another scenario's clusters are chosen in the file"},
    ),
)

BOUNDS = tuple((rule, rule.bound) for rule in RULES if rule.bound is not None)

QUOTAS = tuple((rule, bound) for rule, bound in BOUNDS if isinstance(bound, Quota))

OF_ONE = {rule.name[rule.name.index("<") + 1 : -1]: rule for rule in RULES if "<" in rule.name}
"""Of what a rule is made that has an entry for each of some names: a layer, a term."""

FAMILIES = {family.name: family for rule in RULES for family in rule.loosened}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a scenario asks of a number of a cluster's schools."""

    rule: str
    quota: Quota
    limit: int

    def kept(self, held: Any) -> Any:  # noqa: ANN401 - a number, or an array of them
        return self.quota.kept(held, self.limit)


def bounding(number: str) -> list[tuple[Rule, Bound]]:
    """Give the rules that bound a number of clusters."""
    return [(rule, bound) for rule, bound in BOUNDS if bound.number == number]


def is_tightening(key: str) -> bool:
    """Tell whether the plans of a key's stricter value are among those of a looser one."""
    return any({key, key.partition(".")[0]} & {*rule.tightens} for rule in RULES)


ONLY: Mapping[str, tuple[tuple[str, ...], str]] = {
    "plan": (("file",), 'only method "file" reads one'),
    "versions.number": (("merge",), "only a merge finds the best plan that is unlike others"),
    "redraw.nearest_hubs": (("redraw",), "only a redraw looks for clusters around hubs"),
}
"""Key that is no rule -> the methods that it means something to, and why no other."""

FIRST = ("size", "count", "travel", "secondary", "pins", "alignment", "objective", "exempt")
"""Tables in the order in which a strategy lead thinks of them; others follow, folded."""

NEEDS_ROLLS = ("funding", "governance", "projection", "urban", "exempt", "levels")
"""Tables that speak of the pupils on a school's roll, or of clusters of today."""

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
        families = (rule.name, rule.name.partition(".<")[0], *(f.name for f in rule.loosened))
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
