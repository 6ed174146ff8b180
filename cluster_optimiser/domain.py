"""The records that the layers hand to one another.

Tables are data frames with a documented, unique index; single things are frozen dataclasses. No
record is changed after it is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cluster_optimiser.changes import Changeable
from cluster_optimiser.constants import HOMES
from cluster_optimiser.notebook import ShownAuthority, ShownResult, ShownUnsolved
from cluster_optimiser.proofs import Proof
from cluster_optimiser.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import networkx as nx
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

    from cluster_optimiser.arrays import Floats, Ints
    from cluster_optimiser.findings import Finding
    from cluster_optimiser.prospects import Outlook, Projected, Survey
    from cluster_optimiser.scenario import Scenario

AT_LEAST = "Sizes are at least those stated"
"""What is said where some school's pupils are not known, and known by among the caveats."""

MADE = "starting groups made by this program"
"""What clusters of today are called where nobody knows them, and known by among the caveats."""

Status = Literal["OPTIMAL", "FEASIBLE", "INFEASIBLE", "UNKNOWN", "GIVEN"]
"""OPTIMAL proved best; FEASIBLE legal, unproved; INFEASIBLE proved to have no plan; UNKNOWN time
ran out with nothing; GIVEN not solved for (methods keep and file)."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a piece of data comes from; printed with every output."""

    title: str  # what the data is
    date: str  # the date or year the data speaks of
    licence: str  # licence and attribution line
    publisher: str = ""  # who published it


@dataclass(frozen=True, slots=True)
class RoadAssumptions:
    """What is assumed about driving where a road file does not say it."""

    untagged_mph: Mapping[str, float]  # class of road -> the limit taken where the map has none
    open_road_mph: Mapping[str, float]
    """Class of road -> the most that traffic keeps up there, whatever the limit."""
    limit_share: float  # share of the limit that traffic keeps up
    junction_delay_s: float  # seconds at each junction where a driver gives way
    signal_delay_s: float  # seconds at each set of traffic lights
    constant_min: float
    """Minutes of every trip between two sites besides the driving, from door to door."""
    access_kmh: float
    """Speed between a school's point and the road nearest to it, in a straight line."""
    far_from_road_m: float
    no_road_m: float
    """A school further than the first from any road is named in the outputs; further than the
    second it counts as one that no road leads to."""
    is_with_ferries: bool  # car ferries count as roads
    ferry_wait_min: float
    ferry_kmh: float
    """Minutes of waiting for each ferry; speed of one that does not state how long it takes."""


@dataclass(frozen=True, slots=True)
class RoadSpec:
    """A road file, as `cluster-optimiser roads` writes it, and how minutes are made of it."""

    file: Path
    sha256: str  # of its bytes
    assumptions: RoadAssumptions
    about: Mapping[str, str]  # where the roads come from, as in `RoadNetwork`


@dataclass(frozen=True, slots=True, eq=False)
class RoadNetwork:
    """Roads that may be driven on, between the places where they meet."""

    roads: gpd.GeoDataFrame
    """One row a stretch of road without a junction inside: ``from_node`` and ``to_node`` (numbers
    from 0), ``way`` (the map's own number), ``name``, ``road_class``, ``is_link``, ``is_dual``,
    ``is_roundabout``, ``is_ferry``, ``is_one_way`` (from -> to only), ``length_m`` (along the
    ground), ``limit_kmh`` and ``limit_back_kmh`` (there and back, NaN where the map has none),
    ``limit_from`` (``tag``, ``lighting`` or an empty string), ``signals`` and ``signals_back``
    (traffic lights passed, there and back), ``ferry_min`` (NaN where not stated) and a line in
    metres from the one node to the other."""
    about: Mapping[str, str]
    """Where the data comes from: ``source``, ``source_sha256``, ``data_date``, ``attribution``,
    ``margin_km`` and others, all as text."""
    turns: pd.DataFrame
    """One row a turn that is forbidden, or the only one allowed (``is_only``): ``from_way``,
    ``node``, ``to_way``."""
    backdrop: gpd.GeoDataFrame | None = None
    """One row a ``kind`` of what maps show below areas: built-up ground, water, railways and main
    roads, in metres; None where only routes were asked for."""

    @property
    def n_nodes(self) -> int:
        """Number of nodes, whose numbers go from 0."""
        if self.roads.empty:
            return 0
        return int(self.roads[["from_node", "to_node"]].to_numpy().max()) + 1


@dataclass(frozen=True, slots=True)
class TravelSpec:
    """How travel minutes are obtained, as ``authority.toml`` states it."""

    method: Literal["estimate", "matrix", "roads"]
    """``"estimate"``, ``"matrix"`` or ``"roads"``."""
    constant_min: float = 0.0
    """Estimate: minutes that every trip between two sites takes before any distance."""
    bands: tuple[tuple[float, float], ...] = ()
    """Estimate: pairs of (upper end of the band in km, minutes per km within the band), rising; the
    last upper end is infinity."""
    matrix: Path | None = None
    """Matrix: path of the CSV ``from_urn,to_urn,minutes``."""
    roads: RoadSpec | None = None  # roads: the road file and what is assumed
    source: str = ""
    """Matrix: whose map its minutes were measured on, as its column ``source`` says."""
    note: str = ""  # the stated method and its error, printed with every output

    @property
    def credit(self) -> str:
        """What map minutes come from, its date and licence: for every file that has them."""
        if self.roads is None:
            return self.source
        about = self.roads.about
        date = f"data of {about.get('data_date') or 'unknown date'}"
        return f"{about.get('source') or 'a road file'}, {date}; {about.get('attribution', '')}"


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A named set of areas, such as the districts."""

    name: str
    """Name used in scenarios, for example ``district``."""
    title: str
    """Name used in print, for example ``Districts``."""
    origin: Literal["polygons", "schools", "layer", "points"]
    """``"polygons"`` read from a file, ``"schools"`` the union of the cells of schools with the
    same value, ``"layer"`` areas of another layer put together, ``"points"`` nearest point."""
    polygons: gpd.GeoDataFrame | None = None
    """Areas as read, index the area's name, geometry in metres; None unless origin is polygons."""
    points: gpd.GeoDataFrame | None = None
    """Points as read, index the point's name, geometry in metres; None unless origin is points."""
    base: str = ""
    """Name of the layer this one is made of, where origin is layer, else an empty string."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Area of the base layer -> area of this layer, where origin is layer."""
    caveat: str = ""  # what a reader must know of it, or an empty string


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Authority(ShownAuthority, Changeable):
    """The checked data of one authority.

    Parameters
    ----------
    key
        Name of its folder.
    name
        Name in print.
    folder
        The folder.
    schools
        Index ``urn`` (int64, sorted), columns ``name``, ``phase``, ``pupils`` (int64; 0 where not
        known), ``is_pupils_known``, ``cluster`` (today's), ``local_cluster`` (the geographic
        cluster a school lies in, equal to ``cluster`` for most), one column ``layer.<name>`` for
        each layer with the school's area (None where it lies in none), every other column of the
        file under its own name, and points in metres.
    clusters
        Polygons of today's geographic clusters as read, index ``cluster``, in metres; None where
        they are to be built from the cells of schools.
    outline
        What cells are clipped to, in metres.
    layers
        The boundary layers by name, in the order of the file.
    travel
        How minutes are obtained.
    sources, caveats
        What every output must carry.
    inputs
        Path relative to the folder -> SHA-256 of each file read.
    data_date
        ISO date the data speaks of; used wherever a file format demands a date.
    postcodes
        Where postcodes lie: columns ``postcode`` (unique, sorted), ``x`` and ``y`` (metres);
        None where the authority names no file of them.
    places
        Where towns and villages lie: columns ``name``, ``x`` and ``y``; None likewise.
    accepted
        Keys of findings of the ground report that are right as they are.
    register, register_columns
        The register's file as faults name it, and its columns in our names.
    """

    key: str
    name: str
    folder: Path
    schools: gpd.GeoDataFrame
    clusters: gpd.GeoDataFrame | None
    outline: BaseGeometry
    layers: Mapping[str, Layer]
    travel: TravelSpec
    sources: tuple[Source, ...]
    caveats: tuple[str, ...]
    inputs: Mapping[str, str]
    data_date: str
    postcodes: pd.DataFrame | None = None
    places: pd.DataFrame | None = None
    accepted: tuple[str, ...] = ()
    register: str = "the register"
    register_columns: tuple[str, ...] = ()

    @property
    def crs(self) -> str:
        """Code of the reference system that it is measured in, such as ``EPSG:27700``."""
        return str(self.schools.crs.to_string())

    @property
    def has_areas(self) -> bool:
        """Whether pupils are counted in the areas where they live, not at their schools."""
        return HOMES in set(self.schools.get("phase", ()))

    @property
    def is_made(self) -> bool:
        """Whether the clusters of today are groups that the program made, known to nobody."""
        return any(MADE in caveat for caveat in self.caveats)


@dataclass(frozen=True, slots=True, eq=False)
class Territory:
    """The ground of an authority: what is drawn, and what touches what."""

    outline: BaseGeometry
    cells: gpd.GeoDataFrame
    """The area nearest to each school, index ``urn`` in the order of the schools, in metres; cells
    do not overlap and together fill the outline."""
    clusters: gpd.GeoDataFrame
    """Today's geographic clusters, index ``cluster`` sorted, in metres."""
    layers: Mapping[str, gpd.GeoDataFrame]
    """Layer name -> polygons of its areas, index ``area``, in metres."""
    findings: tuple[str, ...]
    """What a person should know of it: clusters in several pieces with the reason, islands."""


@dataclass(frozen=True, slots=True, eq=False)
class TravelMinutes:
    """Minutes between schools."""

    urns: Ints  # the schools, in the order of the matrix
    minutes: Floats
    """Shape (n_schools, n_schools), from row to column, rounded to hundredths; NaN unreachable or
    not known, never 0 for two different sites."""
    note: str  # the method and its error, printed with every output

    def __post_init__(self) -> None:
        """Check that the matrix has one row and one column a school."""
        n = len(self.urns)
        if self.minutes.shape != (n, n):
            message = f"minutes has shape {self.minutes.shape}, {n} schools need ({n}, {n})"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Everything a plan is made from and judged by, for one scenario."""

    scenario: Scenario
    authority: Authority
    territory: Territory
    travel: TravelMinutes
    """The data; ``travel.urns`` is in the order of ``authority.schools``."""
    units: gpd.GeoDataFrame
    """Index ``unit_id`` (the unit's name), sorted; columns ``pupils``, ``n_schools``,
    ``n_secondary``, ``home.<layer>`` (area that holds most of its pupils; None where not known) and
    ``geometry`` in metres. Exempt schools are in no unit."""
    unit_of: pd.Series
    """Index ``urn``: the unit of each school that is not exempt."""
    exempt_of: pd.Series
    """Index ``urn``: the exempt group of each exempt school."""
    local_unit_of: pd.Series
    """Index ``urn`` of each exempt school: the unit it lies in."""
    dual: nx.Graph
    """Units as nodes; edges carry ``shared_m`` (shared boundary in metres, 0 for a stated link)."""
    notes: tuple[str, ...]
    """What a person should know of how it was built, such as links that were used."""
    projections: tuple[Projected, ...] = ()
    """The pupils of other years that plans are judged by as well, in the scenario's order."""
    upper: Problem | None = None
    """The problem of the level above, on the same units, that clusters must fit into; None where
    there is none."""
    findings: tuple[Finding, ...] = ()
    """What the ground report says of the map under this scenario; empty where it was not made."""
    pairs: tuple[tuple[str, str], ...] | None = None
    """Neighbours that a file states, clusters or schools ("URN 100001"), in place of borders that
    are measured; None where there is no file."""

    @property
    def unit_names(self) -> list[str]:
        """The units in their order: position k is bit k of a set."""
        return [str(name) for name in self.units.index]

    @property
    def unit_at(self) -> dict[str, int]:
        """Unit -> its position."""
        return {name: i for i, name in enumerate(self.unit_names)}


@dataclass(frozen=True, slots=True)
class Stage:
    """One solve of a lexicographic order, or the only solve of a weighted one."""

    term: str
    """The objective term, or ``"weighted"``, or ``"tie-break"``."""
    status: Status
    objective: float
    bound: float
    """Value and proved lower bound in the term's own unit (clusters, pupils, pupil minutes)."""
    gap: float  # (objective - bound) / max(1, abs(objective))
    deterministic_time: float  # the solver's own machine-independent measure of effort


@dataclass(frozen=True, slots=True)
class Solution:
    """What a method says of the plan it made."""

    status: Status  # the whole order's status
    stages: tuple[Stage, ...] = ()  # each solve in turn; empty for methods keep and file
    proof: Proof = field(default_factory=Proof)
    """What is known of how it was found and proved: number of candidate groups, the second exact
    method's count of plans, ..."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Which school belongs to which cluster, and where that comes from."""

    label: str
    """The scenario's ``option``."""
    assignment: pd.Series
    """Index ``urn`` (every school of the authority, exempt ones too, in the order of the schools),
    values the cluster's name; named ``cluster``."""
    solution: Solution  # how it was made and what is proved of it


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a plan breaks."""

    rule: str
    """Stable name, as `rules.RULES` has it: ``size.max``, ``within.district``, ``pins.apart``."""
    subject: str  # the cluster, unit or school concerned
    said: str
    values: Mapping[str, object] = field(default_factory=dict, hash=False)
    n: int | None = None
    """Key of its words, in the section ``broken``; what they name; what they are declined by."""

    @property
    def detail(self) -> str:
        """In words and numbers, in the language that is spoken: by how much."""
        return say(f"broken.{self.said}", self.n, **self.values)

    def __str__(self) -> str:
        return f"{self.rule}: {self.subject}: {self.detail}"


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Where the plans of several options stand among all legal plans of one of them."""

    label: str  # the option whose rules count: the one by which most of the others are legal
    ranks: pd.DataFrame
    """Index ``option``, ``metric``; columns as `Universe.rank` gives."""
    not_legal: Mapping[str, Sequence[Violation]]  # option -> what its plan breaks of these rules


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """Every number of a plan."""

    clusters: gpd.GeoDataFrame
    """One row a cluster in the order of ``clusters.csv`` of the results folder: index
    ``cluster_id`` (``<label>-01`` ...), column ``cluster`` and every column listed there, except
    that ``is_exempt`` clusters come last."""
    metrics: Mapping[str, float | int | None]
    """Name -> number, for the whole plan; pupils and minutes in their own units."""


@dataclass(frozen=True, slots=True, eq=False, repr=False, weakref_slot=True)
class Result(ShownResult):
    """One scenario, run: what the results folder, the comparison and the page are made of.

    Parameters
    ----------
    problem, plan, score
        The problem, its plan and the plan's numbers.
    violations
        Rules of its own scenario that the plan breaks: none for a plan that was solved for; for
        keep and file plans, what stands in the way.
    objective
        Term -> value in its own unit, in the order of the scenario.
    seconds
        Time of building and solving.
    seed
        The seed.
    stamp
        Short hash of inputs, scenario and version.
    caveats
        What must be said with every number of it.
    outlook
        How it stands if pupils change; None where the scenario has no projection.
    survey
        What is true of all legal plans of its scenario; None where that was not asked for.
    """

    problem: Problem
    plan: Plan
    score: Score
    violations: tuple[Violation, ...]
    objective: Mapping[str, float]
    seconds: float
    seed: int
    stamp: str
    caveats: tuple[str, ...]
    outlook: Outlook | None = None
    survey: Survey | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Unsolved(ShownUnsolved):
    """A scenario that has no plan: as much a result as one that has."""

    scenario: Scenario
    authority: Authority
    """What was asked, of which data."""
    status: Status
    """INFEASIBLE, proved; or UNKNOWN, where the time ran out or what it builds on has no plan."""
    message: str  # why, in words
    seconds: float
    seed: int
    stamp: str
    """As in `Result`."""
