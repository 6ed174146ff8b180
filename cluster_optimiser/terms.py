"""Every objective term and every metric of a plan: one row each, which all others read.

A term is made small. Whoever builds models, ranks, checks, compares or prints asks the row; a name
without a row is an error everywhere. The checker reads the rows too, and counts by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from cluster_optimiser.constants import (
    CENTIMINUTES_PER_MINUTE,
    CENTIPUPILS_PER_PUPIL,
    METRES_PER_KM,
)
from cluster_optimiser.rules import RULES, bounding
from cluster_optimiser.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

WEIGHTED = "weighted"
"""Stage: the sum of all terms, each by its weight."""

TIE_BREAK = "tie-break"
"""The last stage: among plans equal in every term, one fixed by the seed."""

UPPER = "upper."
"""Stages of the level above bear its terms with this in front."""

Gathers = Literal["sum", "most", "projections", "whole"]

NO_SUM = {
    "most": "is the largest of its clusters",
    "projections": "counts projections of a whole plan",
    "whole": "is a number of a whole plan",
}
"""Why a term that is gathered otherwise adds up over no clusters."""


@dataclass(frozen=True, slots=True)
class Term:
    """What a plan may be asked to have little of."""

    name: str  # as a scenario writes it; of a family without its layer
    unit: str  # of what a scenario and a reader see
    metric: str  # metrics of the plan that it is, "{layer}" standing for each of its layers
    scale: int = 1  # so many of the integers that it is solved in make one of its unit
    gathers: Gathers = "sum"  # how a plan's value comes of its clusters'
    methods: tuple[str, ...] = ("merge", "redraw")
    layers: Literal["none", "named", "preferred"] = "none"
    needs: Literal["nothing", "place", "need", "projection", "today"] = "nothing"  # to be known
    depends: tuple[str, ...] = ()  # keys of rules that it is measured by
    # Whether parts of a map may be redrawn apart: of "today" where none of today's clusters lies in
    # two, only one of which may carry on.
    of_parts: Literal["always", "today", "never"] = "always"
    bound: Literal["none", "fewest", "joined", "median"] = "none"  # known without solving
    most: Literal["schools", "pupils", "target", "ways"] = "pupils"  # what bounds it above
    is_optional: bool = False  # only counted where a scenario asks for it
    is_mean_shown: bool = False  # readers are told the mean of a pupil
    layer: str | None = None  # of a family's member
    own: Callable[..., Any] | None = None  # an analyst's own, of schools; of plans where "whole"

    @property
    def is_of_groups(self) -> bool:
        """Whether a plan's value comes of what each of its clusters has by itself."""
        return self.gathers in {"sum", "most"}

    @property
    def adds_up(self) -> bool:
        """Whether a plan's value is the sum of its clusters'."""
        return self.gathers == "sum"

    def gather(self, costs: Iterable[int]) -> int:
        """Give a plan's value of its clusters' whole numbers."""
        return sum(costs) if self.adds_up else max(costs, default=0)

    def value(self, costs: Iterable[int]) -> float | None:
        """Give the same in its unit; None where one, below 0, is not known."""
        held = [int(cost) for cost in costs]
        return None if min(held, default=0) < 0 else self.gather(held) / self.scale

    @property
    def key(self) -> str:
        """Its key in the words; a family's members share one, which takes the layer."""
        return self.name if self.layer is None else f"{self.name.partition('.')[0]}_layer"

    def of_layers(self, preferred: Iterable[str]) -> tuple[str, ...]:
        """Give the layers that it counts, of a scenario that prefers some."""
        if self.layer is not None:
            return (self.layer,)
        return tuple(preferred) if self.layers == "preferred" else ()

    def metrics(self, preferred: Iterable[str]) -> tuple[str, ...]:
        """Give the metrics that it is the sum of."""
        if self.layers == "none":
            return (self.metric,)
        return tuple(self.metric.format(layer=layer) for layer in self.of_layers(preferred))


TERMS = (
    Term("count", "clusters", "n_clusters", bound="fewest", most="schools"),
    # Fewest units joined to others is most clusters, in a number that is never below none.
    Term("joins", "units", "n_joins", bound="joined", most="schools"),
    Term(
        "exceptions",
        "clusters",
        "n_under_min",
        most="schools",
        depends=tuple(rule.keys[0] for rule, bound in bounding("pupils") if bound.is_least),
    ),
    Term(
        "pupil_minutes",
        "pupil minutes",
        "pupil_minutes",
        scale=CENTIMINUTES_PER_MINUTE,
        needs="place",
        bound="median",
        most="ways",
        is_mean_shown=True,
    ),
    Term(
        "longest_minutes",
        "minutes",
        "max_minutes",
        scale=CENTIMINUTES_PER_MINUTE,
        gathers="most",
        needs="place",
        is_optional=True,
    ),
    Term("deviation", "pupils", "deviation", most="target", depends=("size.target_pupils",)),
    Term(
        "need_deviation",
        "weighted pupils",
        "need_deviation",
        scale=CENTIPUPILS_PER_PUPIL,
        methods=("merge",),
        needs="need",
        most="ways",
    ),
    Term("changed_pupils", "pupils", "changed_pupils", of_parts="today", needs="today"),
    Term("misaligned", "pupils", "misaligned_{layer}_pupils", layers="preferred"),
    # A border lies between two clusters: half of its metres are each one's, in whole numbers.
    Term("border_km", "km", "border_km", scale=2 * METRES_PER_KM, most="ways", is_optional=True),
    Term(
        "robustness",
        "projections",
        "",
        gathers="projections",
        methods=("merge",),
        needs="projection",
        depends=tuple(key for rule in RULES if rule.by_pupils for key in rule.tightens),
        of_parts="never",
    ),
)
"""Terms besides those of a family."""

FAMILIES = (Term("misaligned", "pupils", "misaligned_{layer}_pupils", layers="named"),)
"""Terms of which each layer has one, written with a dot before the layer."""

_TERMS = {term.name: term for term in TERMS}
_FAMILIES = {term.name: term for term in FAMILIES}


def term_names() -> tuple[str, ...]:
    """Give every name that a term may have, "<layer>" standing for any layer."""
    return (*_TERMS, *(f"{name}.<layer>" for name in _FAMILIES))


def lookup(name: str) -> Term:
    """Give the row of a term; a name that has none is refused.

    >>> lookup("misaligned.district").metrics(())
    ('misaligned_district_pupils',)
    """
    family, _, layer = name.partition(".")
    if layer and family in _FAMILIES:
        return replace(_FAMILIES[family], name=name, layer=layer)
    if name not in _TERMS:
        message = f'unknown term "{name}": use one of {", ".join(term_names())}'
        raise LookupError(message)
    return _TERMS[name]


def term_words(
    form: str, name: str, titles: Mapping[str, str], preferred: Iterable[str] = (), n: int | str = 0
) -> str:
    """Say a term, or a stage, in one of the forms that the words have: a layer by its title.

    >>> term_words("report.by", "misaligned.gp_consortium", {"gp_consortium": "GP consortia"})
    'alignment with the GP consortia'
    """
    if name in {WEIGHTED, TIE_BREAK}:
        return say(f"{form}.{name}", n)
    row = lookup(name)
    if row.own is not None:
        said = name.replace("_", " ")
        return (
            f"{n if isinstance(n, str) else f'{n:,}'} {row.unit} of {said}"
            if form == "amounts"
            else said
        )
    layers = [titles.get(layer, layer.replace("_", " ")) for layer in row.of_layers(preferred)]
    return say(f"{form}.{row.key}", n, layer="".join(layers[:1]), layers=layers)


def add_own(term: Term) -> None:
    """Add an analyst's own term, and its metric, for this process."""
    _TERMS[term.name] = term
    _METRICS[term.metric] = Metric(term.metric, term.unit)


def drop_own(name: str) -> None:
    """Take an own term away again."""
    del _METRICS[_TERMS.pop(name).metric]


def own_terms() -> tuple[Term, ...]:
    """Give every own term, in the order of their names."""
    return tuple(term for _, term in sorted(_TERMS.items()) if term.own is not None)


def gathered(how: Gathers) -> tuple[str, ...]:
    """Name the terms that are gathered in one way."""
    return tuple(term.name for term in TERMS if term.gathers == how)


ORDERS = {
    "fewest": ("count", "misaligned", "pupil_minutes", "deviation"),
    "front": ("count", "misaligned", "pupil_minutes"),
    "fitting": ("misaligned", "pupil_minutes", "deviation"),
    "even": ("misaligned", "deviation", "pupil_minutes"),
    "near": ("pupil_minutes",),
}
"""What comes first -> an order for those who have stated none; a family is of the first layer."""


def usual_order(first: str, layers: Iterable[str]) -> tuple[str, ...]:
    """Give what an order usually is.

    Examples
    --------
    >>> usual_order("front", ["district", "division"])
    ('count', 'misaligned.district', 'pupil_minutes')
    """
    fit = {f.name: [f"{f.name}.{layer}" for layer in [*layers][:1]] for f in FAMILIES}
    return tuple(part for term in ORDERS[first] for part in fit.get(term, [term]))


def bounded_as(bound: str) -> str:
    """Name the term that is bounded so without solving: "fewest" counts clusters, "median" ways.

    Examples
    --------
    >>> bounded_as("fewest"), bounded_as("median")
    ('count', 'pupil_minutes')
    """
    return next(term.name for term in TERMS if term.bound == bound)


def needing(what: str) -> tuple[str, ...]:
    """Name the terms that cannot be known without something."""
    return tuple(term.name for term in TERMS if term.needs == what)


def known_bound(stage: str) -> str:
    """Give what bounds a stage without solving."""
    return "none" if stage in {WEIGHTED, TIE_BREAK} else lookup(stage).bound


def term_scale(stage: str) -> int:
    """Give how many integers of a term, or of the last stage, make one of its own unit."""
    term = stage.removeprefix(UPPER)
    return 1 if term == TIE_BREAK else lookup(term).scale


@dataclass(frozen=True, slots=True)
class Metric:
    """A number of a whole plan."""

    name: str  # "{layer}" stands for any layer
    unit: str


METRICS = tuple(
    Metric(name, unit)
    for unit, some in {
        "number": (
            "n_clusters n_exempt_clusters n_joins n_schools n_schools_all n_under_min n_over_max "
            "n_over_travel_limit n_not_contiguous n_without_secondary n_rules_broken "
            "n_across_{layer}"
        ),
        "pupils": (
            "pupils pupils_all smallest_pupils largest_pupils mean_pupils deviation "
            "changed_pupils misaligned_{layer}_pupils"
        ),
        "share": "misaligned_{layer}_share",
        "weighted pupils": "need_deviation",
        "pupil minutes": "pupil_minutes pupil_minutes_any_school",
        "minutes": "mean_minutes max_minutes",
        "km": "border_km",
        "0 to 1": "mean_polsby_popper",
        "plans": "n_legal_plans",
    }.items()
    for name in some.split()
)
"""Every metric, by unit."""

_METRICS = {metric.name: metric for metric in METRICS}


def metric(name: str) -> Metric:
    """Give the row of a metric; a name that has none is refused.

    >>> metric("misaligned_district_pupils").unit, metric("n_clusters").unit
    ('pupils', 'number')
    """
    if name in _METRICS:
        return _METRICS[name]
    for row in METRICS:
        before, layer, after = row.name.partition("{layer}")
        if layer and name.startswith(before) and name.endswith(after):
            return replace(row, name=name)
    message = f'unknown metric "{name}"'
    raise LookupError(message)
