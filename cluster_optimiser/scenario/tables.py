"""The tables of a scenario file, each one subject: size, count, contiguity, objective and so on."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, NoReturn, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from cluster_optimiser.constants import BORDER_TOLERANCE_M, MOST_PUPILS, PHASES
from cluster_optimiser.scenario import numbers
from cluster_optimiser.scenario.numbers import Some
from cluster_optimiser.scenario.words import clean, nearest
from cluster_optimiser.terms import NO_SUM, Term, lookup, term_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def refuse(problem: str, remedy: str, key: str = "") -> NoReturn:
    """Refuse a value by a rule of ours: what is wrong, and what to write."""
    kind, text = "refused", "{problem}"
    raise PydanticCustomError(kind, text, {"problem": problem, "remedy": remedy, "key": key})


def known_term(name: str, key: str = "") -> Term:
    """Give the row of a term, or refuse its name."""
    try:
        return lookup(name)
    except LookupError:
        like = nearest(name, term_names())
        choice = f"Use one of {', '.join(term_names())}."
        refuse(f'unknown term "{name}"', f'Did you mean "{like}"?' if like else choice, key)


class Table(BaseModel):
    """A table of the scenario file: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def asked(*, least: bool, most: bool) -> str:
    """Say which ends of a range are asked for."""
    return "range" if least and most else "min" if least else "max" if most else "any"


def refuse_twice(table: Table, keys: Sequence[str]) -> None:
    """Refuse lists of names that hold one name twice."""
    for key in keys:
        for names in getattr(table, key):
            for name in names:
                if names.count(name) > 1:
                    refuse(f'"{name}" stands twice in one list', "Name others beside it.", key)


def refuse_unknown_phases(phases: Iterable[str], key: str) -> None:
    for phase in phases:
        if phase not in PHASES:
            refuse(f'unknown phase "{phase}"', f"Use one of {', '.join(PHASES)}.", key)


class OwnSize(Table):
    """The range of the cluster that holds a name."""

    min_pupils: numbers.Pupils = 0
    """Fewest pupils of it."""
    max_pupils: numbers.SomePupils = MOST_PUPILS
    """Most pupils of it."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_pupils > self.max_pupils:
            problem = f"min_pupils {self.min_pupils} is above max_pupils {self.max_pupils}"
            refuse(problem, "Change one of them.")
        return self

    @property
    def ends(self) -> tuple[int, int]:
        """The fewest and the most pupils."""
        return self.min_pupils, self.max_pupils

    @property
    def is_open(self) -> bool:
        """Whether there is no maximum."""
        return self.max_pupils >= MOST_PUPILS

    @property
    def asks(self) -> str:
        """Which ends of the range are asked for: min, max, range or any."""
        return asked(least=self.min_pupils > 0, most=not self.is_open)

    def is_under(self, pupils: Any) -> Any:  # noqa: ANN401 - a number, or an array of them
        return pupils < self.min_pupils

    def is_over(self, pupils: Any) -> Any:  # noqa: ANN401 - a number, or an array of them
        return pupils > self.max_pupils

    def beyond(self, pupils: Any) -> Any:  # noqa: ANN401 - a number, or an array of them
        """Give the pupils over the maximum, negative those short of the minimum, 0 within."""
        short = (self.min_pupils - pupils) * self.is_under(pupils)
        return (pupils - self.max_pupils) * self.is_over(pupils) - short


class Size(OwnSize):
    """How many pupils a cluster may have."""

    min_pupils: numbers.Pupils = 0
    """Fewest pupils of a cluster; below it only as an exception."""
    max_pupils: numbers.SomePupils = MOST_PUPILS
    """Most pupils of a cluster."""
    target_pupils: numbers.SomePupils | None = None
    """What deviation is measured from; without it the middle of the range."""
    oversize: Literal["keep", "refuse"] = "keep"
    """An existing cluster over the maximum may stand alone, named (keep), or not (refuse)."""
    max_exceptions: numbers.Few = 0
    """Clusters allowed under the minimum."""
    exceptions: tuple[str, ...] | None = None
    """Units that an exception may be made of, or clusters of today in them; without it any."""
    of: Literal["hub"] | None = None
    """``hub``: a cluster has as many pupils as the places of the hubs in it, within a tolerance."""
    places: str = ""
    """Column of the register with the places of each hub."""
    tolerance: numbers.Tolerance | None = None
    """Share of its places that a cluster's pupils may be fewer or more: 0.15."""
    max_schools: numbers.Some | None = None
    """Most schools of a cluster; without it any number. A cluster over the most pupils that stands
    as it is keeps it too."""
    clusters: dict[str, OwnSize] = Field(default_factory=dict)
    """Unit or cluster of today -> the range of whatever cluster holds it, besides that of all."""

    @model_validator(mode="after")
    def _ranges_meet(self) -> Self:
        for name, own in self.clusters.items():
            if own.min_pupils > self.max_pupils or own.max_pupils < self.min_pupils:
                problem = "no number of pupils keeps both this range and that of [size]"
                refuse(problem, "[size] holds for every cluster: widen it.", f"clusters.{name}")
        return self

    @model_validator(mode="after")
    def _hubs_have_places(self) -> Self:
        if self.of is None and (self.places or self.tolerance is not None):
            refuse("places and tolerance mean nothing by themselves", 'Add of = "hub".', "of")
        if self.of is not None and not (self.places and self.tolerance is not None):
            remedy = 'Add places = "<column of the register>" and tolerance = 0.15.'
            refuse("sizes of hubs need their places and a tolerance", remedy, "of")
        return self

    @property
    def has_target(self) -> bool:
        """Whether what deviation is measured from is stated, by itself or as the middle."""
        return self.target_pupils is not None or not self.is_open

    @property
    def target(self) -> int:
        """Pupils that deviation is measured from."""
        return self.target_pupils or max(1, int(self.middle))

    @property
    def middle(self) -> float:
        """Pupils in the middle of the range."""
        return (self.min_pupils + self.max_pupils) / 2

    @property
    def most_deviation(self) -> int:
        """Most pupils that a cluster within the maximum may be from the target."""
        return max(self.target, self.max_pupils - self.target)

    @property
    def lowest(self) -> int:
        """Fewest pupils of what may be a cluster, if only as an exception."""
        return 0 if self.max_exceptions else self.min_pupils

    @property
    def exceptable(self) -> tuple[str, ...] | None:
        """Names of what may be under the minimum; None of whatever is."""
        return self.exceptions if self.spares(1) else ()

    @property
    def named_in_vain(self) -> tuple[str, ...]:
        """Give what an exception might be made of, where none is allowed."""
        return () if self.max_exceptions else self.exceptions or ()

    def refuses(self, pupils: Any, *, is_one: Any) -> Any:  # noqa: ANN401 - numbers, or arrays
        """Tell whether so many pupils are over the maximum and no unit that may stand alone."""
        may_stand = is_one if self.oversize == "keep" else False
        return self.is_over(pupils) > may_stand  # the one, and not the other

    def spares(self, n_small: int) -> bool:
        """Tell whether so many clusters may be under the minimum."""
        return n_small <= self.max_exceptions

    def fewest(self, pupils: Sequence[int]) -> int:
        """Give the fewest clusters that units fill, those over the maximum each by itself."""
        large = [p for p in pupils if self.is_over(p)]
        return len(large) + self.filled(sum(pupils) - sum(large))

    def filled(self, pupils: int) -> int:
        """Give the fewest clusters within the maximum that hold so many pupils."""
        return -(-pupils // self.max_pupils)

    def most(self, pupils: Sequence[int]) -> int:
        """Give the most clusters that units may make up, exceptions among them."""
        full = sum(pupils) // self.min_pupils if self.min_pupils else len(pupils)
        return full + self.max_exceptions

    def standing(self, pupils: Sequence[int]) -> list[int]:
        """Give the positions of units over the maximum that may stand alone."""
        over = [i for i, p in enumerate(pupils) if self.is_over(p)]
        return [i for i in over if not self.refuses(pupils[i], is_one=True)]


class Numbers(NamedTuple):
    """How many clusters a plan may have, and how many of them under the minimum."""

    fewest: int
    most: int
    small: int


class Count(Table):
    """How many clusters a plan may have; exempt clusters are not counted."""

    min: numbers.Some = 1
    """Fewest clusters."""
    max: numbers.Some | None = None
    """Most clusters; without it any number."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max is not None and self.min > self.max:
            refuse(f"min {self.min} is above max {self.max}", "Change one of them.")
        return self

    def span(self, n_units: int) -> tuple[int, int]:
        """Give the fewest and the most clusters that so many units may make up."""
        return self.min, min(self.max or n_units, n_units)

    @property
    def asks(self) -> str:
        """Which ends of the range are asked for: min, max, range, exact or any."""
        is_exact = self.min == self.max
        return "exact" if is_exact else asked(least=self.min > 1, most=self.max is not None)

    def beyond(self, n_clusters: int) -> int:
        """Give how many are too many, negative how many are too few, 0 within."""
        fewest, most = self.span(n_clusters)
        return min(0, n_clusters - fewest) or n_clusters - most

    def allows(self, n_clusters: int) -> bool:
        return not self.beyond(n_clusters)

    def __str__(self) -> str:
        if self.min == self.max:
            return str(self.min)
        return f"{self.min} to {self.max}" if self.max else f"{self.min} or more"


MINUTES_TOLERANCE_MIN = 1e-9
"""A limit in minutes is met to this tolerance: both sides are decimals kept in binary."""

NamePair = tuple[str, str]


class Contiguity(Table):
    """Which units are adjacent."""

    file: str | None = None
    """CSV ``from,to`` of all neighbours, relative to this file; without it borders are measured."""
    min_shared_m: numbers.Metres = 100.0
    """Shared boundary in metres that makes two units adjacent."""
    snap_m: numbers.Snap = numbers.SNAP_M
    """Metres within which borders that are drawn apart count as one."""
    max_minutes: numbers.Minutes | None = None
    """Most minutes between the nearest schools of two adjacent units; without it no limit."""
    min_shared_school_m: numbers.Metres = 50.0
    """The same where one of the two units is a single school, whose ground is smaller."""
    empty: Literal["leave", "bridge", "refuse"] = "leave"
    """Ground without a school to place: parts what lies on its sides, joins it, or is refused."""
    links: tuple[NamePair, ...] = ()
    """Existing clusters that are adjacent all the same: a bridge."""
    barriers: tuple[NamePair, ...] = ()
    """Existing clusters that are not adjacent all the same: an estuary."""

    @model_validator(mode="after")
    def _no_drive_over_empty_ground(self) -> Self:
        if self.empty == "bridge" and self.max_minutes is not None:
            problem = "no drive is known to ground without a school, so a limit does not go with it"
            refuse(problem, "State the pairs as links instead.", "empty")
        return self

    @model_validator(mode="after")
    def _one_thing_of_each_pair(self) -> Self:
        linked = {frozenset(pair) for pair in self.links}
        refuse_twice(self, ("links", "barriers"))
        for one, other in self.barriers:
            if {one, other} in linked:
                problem = f'"{one}" and "{other}" are both linked and parted'
                refuse(problem, "Remove the pair from links, or from barriers.", "barriers")
        return self

    def joining(self, links: Iterable[NamePair]) -> Self:
        """Give these rules with more links, which no barrier parts."""
        every = (*self.links, *links)
        linked = {frozenset(pair) for pair in every}
        barriers = tuple(pair for pair in self.barriers if frozenset(pair) not in linked)
        return self.model_copy(update={"links": every, "barriers": barriers})

    @property
    def is_bridging(self) -> bool:
        """Whether ground without a school joins what lies on its sides."""
        return self.empty == "bridge"

    @property
    def is_refusing(self) -> bool:
        """Whether ground without a school is refused."""
        return self.empty == "refuse"

    def parting(self, one: set[str], other: set[str]) -> list[NamePair]:
        """Give the barriers between two that are called by any of some names."""
        return [
            (a, b)
            for a, b in self.barriers
            if (a in one and b in other) or (b in one and a in other)
        ]

    def least_m(self, *, of_school: bool = False) -> float:
        """Give the border that makes two units adjacent; one may be a single school."""
        return self.min_shared_school_m if of_school else self.min_shared_m

    def is_border(self, shared_m: float, *, of_school: bool = False) -> bool:
        """Tell whether so long a border makes two units adjacent; one may be a single school."""
        return 0.0 < shared_m >= self.least_m(of_school=of_school) - BORDER_TOLERANCE_M

    @property
    def goes_by_drives(self) -> bool:
        """Whether a long drive parts units that touch."""
        return self.max_minutes is not None

    def is_drive(self, minutes: float) -> bool:
        """Tell whether so long a drive lets two units be adjacent; NaN, not known, is too long."""
        return self.max_minutes is None or minutes <= self.max_minutes + MINUTES_TOLERANCE_MIN


class TravelLimit(Table):
    """How far a school may be from its cluster's meeting place."""

    max_minutes: numbers.Minutes | None = None
    """Minutes from any member school to the meeting place; without it no limit."""


class Secondary(Table):
    """Secondary schools of a cluster."""

    min: numbers.Secondaries = 1
    """Fewest secondary schools a cluster."""


class Objective(Table):
    """What is best: an order of terms, each minimised after those before it, or weights."""

    order: tuple[str, ...] = ()
    """Terms, most important first."""
    weights: dict[str, numbers.Weight] = Field(default_factory=dict)
    """Term -> weight per unit of the term, in place of an order."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if self.order and self.weights:
            refuse("give either order or weights, not both", "Remove one of them.", "order")
        if len(set(self.order)) != len(self.order):
            refuse("a term stands twice in order", "Remove one of the two.", "order")
        for term in self.terms:
            row = known_term(term)
            if term in self.weights and not row.adds_up:
                problem = f'"{term}" {NO_SUM[row.gathers]} and cannot be weighted'
                refuse(problem, "Put it into an order.", "weights")
        return self

    @property
    def terms(self) -> tuple[str, ...]:
        """Every term, in the order given."""
        return self.order or tuple(self.weights)

    @property
    def rows(self) -> tuple[Term, ...]:
        """What is declared of every term, in the order given."""
        return tuple(lookup(term) for term in self.terms)

    def needs(self, what: str) -> bool:
        """Tell whether some term cannot be known without a meeting place, need or projections."""
        return any(row.needs == what for row in self.rows)


class Pins(Table):
    """Units that must or must not share a cluster."""

    together: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    """Units that share one cluster, each list by itself."""
    apart: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    """Units no two of which share a cluster, each list by itself."""

    @model_validator(mode="after")
    def _others(self) -> Self:
        refuse_twice(self, ("together", "apart"))
        return self


class Exempt(Table):
    """Schools that form a cluster of their own outside contiguity and size."""

    name: Annotated[
        str,
        AfterValidator(clean),
        Field(pattern=r"\S", description="Write what their cluster is called."),
    ]
    """Name of their cluster."""
    where: Annotated[dict[str, str | tuple[str, ...]], Field(min_length=1)]
    """Column of the school register -> value, or any of several; all columns must match."""
    reason: str = ""
    """Why, in words for readers."""

    @model_validator(mode="after")
    def _known_phases(self) -> Self:
        refuse_unknown_phases(self.values("phase"), "where.phase")
        return self

    def values(self, column: str) -> tuple[str, ...]:
        """Give the values that a column may have."""
        wanted = self.where.get(column, ())
        return (wanted,) if isinstance(wanted, str) else wanted


class Urban(Table):
    """Areas inside which schools may be reassigned."""

    areas: tuple[str, ...] = ()
    """Existing clusters, or areas of a layer."""


class Redraw(Table):
    """Method redraw: what a cluster is built around."""

    hubs: Literal["secondary", "any"] | tuple[numbers.Urn, ...] | None = None
    """Schools that a cluster may meet at: secondary, any, or a list of URNs; without it secondary
    for method redraw, any for others."""
    nearest_hubs: numbers.Some | None = None
    """Hubs that each unit may join in a first search; its plan is proved, or beaten, with all."""
    shape: Literal["free", "towards the hub"] = "free"
    """``towards the hub``: each unit touches one of its cluster that is nearer to the hub."""

    @model_validator(mode="after")
    def _somewhere_to_meet(self) -> Self:
        if self.hubs == ():
            remedy = 'Name their URNs, or write "secondary" or "any".'
            refuse("the list is empty, so no cluster may meet anywhere", remedy, "hubs")
        return self


class Versions(Table):
    """How many plans of an option to make, and how far apart they are."""

    number: Annotated[int, Field(ge=1, le=20)] = 1
    """Plans to make: the best, then the best of those that differ enough from all before."""
    differ_pupils: numbers.Share = 0.1
    """Least share of pupils whose cluster has other schools in it than in any version before."""


class Levels(Table):
    """A level above: this plan's clusters are to fit into groupings that another scenario rules."""

    upper: str
    """Label of the scenario whose clusters the groupings are; its file lies beside this one."""
    first: Literal["clusters", "groupings"] = "clusters"
    """Whose order of what is best comes first; the other decides among equals."""


class Governance(Table):
    """What the governance sheet of each cluster says: votes, quorum, executive group."""

    votes_per_school: numbers.Some = 1
    """Votes of each member school."""
    quorum_share: numbers.Share = 0.5
    """Share of all votes that must be there, rounded up."""
    executive_above_schools: numbers.Some | None = None
    """More schools than this, and an executive group is suggested; without it never."""
    academies: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    """Column of the register -> value, or any of several, that marks an academy."""
    reach_layers: tuple[str, ...] = ()
    """Layers whose areas are listed as centres in reach of a cluster."""
    note: str = ""
    """Where these rules come from, printed on every sheet."""


PLAIN_MEASURES = ("pupils", "schools")
"""Measures of a formula that every register has; any other is a column of the register."""

Pounds = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)]
Weight = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=3)]


class FundingPart(Table):
    """One part of the formula that shares the pot."""

    measure: str
    """``pupils``, ``schools``, or a column of the register that counts pupils."""
    pounds: Pounds | None = None
    """A fixed sum for each one that is counted."""
    share: Annotated[Decimal, Field(gt=0, le=1)] | None = None
    """Share (0 to 1) of what the fixed sums leave of the pot, spread by the measure."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.pounds is None) == (self.share is None):
            refuse(f'the part "{self.measure}" needs pounds or share', "Give one of the two.")
        return self


class Funding(Table):
    """Money that flows through clusters: a sum a pupil, and a pot shared by a formula."""

    admin_pounds_per_pupil: Pounds = Decimal(0)
    """Administrative money of a cluster for each of its pupils."""
    pot_pounds: Pounds
    """What is shared between the schools of all clusters."""
    parts: Annotated[tuple[FundingPart, ...], Field(min_length=1)]
    """The formula."""
    without_phases: tuple[str, ...] = ()
    """Phases whose schools take no part in the pot, nor in the need: they are funded apart."""
    need: dict[str, Weight] = Field(default_factory=dict)
    """Measure -> weight of one pupil that is counted: they add up to weighted pupils."""
    capacity_pounds: Pounds = Decimal(0)
    """A fund for the clusters where the formula runs furthest behind need."""
    capacity_clusters: Some = 10
    """How many clusters that fund is meant for."""
    counts_are_public: bool = False
    """Counts of single schools are public anyway: they are added up as they are."""
    source: str = ""
    """Where the sums come from, printed with them."""
    note: str = ""
    """What a reader must know of the formula, printed with it."""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        shares = [part.share for part in self.parts if part.share is not None]
        if sum(shares) != 1:
            problem = f"the shares of the parts add up to {sum(shares)}"
            refuse(problem, "Make them add up to 1: what they leave would go to nobody.")
        refuse_unknown_phases(self.without_phases, "without_phases")
        if "schools" in self.need:
            refuse("need counts pupils, not schools", 'Remove "schools" from need.')
        return self

    @property
    def measures(self) -> tuple[str, ...]:
        """Columns of the register that formula and need count, each once."""
        named = [*(part.measure for part in self.parts), *self.need]
        return tuple(dict.fromkeys(m for m in named if m not in PLAIN_MEASURES))
