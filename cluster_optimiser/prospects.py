"""Records of what might be: pupils of other years, and all plans that there could be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """The pupils of every school in another year, or if things go otherwise."""

    label: str  # what it is called, unlike any other
    series: str  # what it belongs to: projections of one series follow one another by year
    year: int | None  # its year, or None
    is_draw: bool  # drawn at random
    pupils: pd.Series
    """Index ``urn`` in the order of the register, int64, 0 or more."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """How a plan stands if pupils change: in each projection what becomes of each cluster."""

    projections: pd.DataFrame
    """Index ``projection`` (its label) in the scenario's order; columns ``series``, ``year``
    (missing for none), ``is_draw``, ``pupils``, ``is_legal``, ``n_outside`` (clusters out of the
    range of pupils), ``broken`` (the rules that the plan breaks then, joined by semicolons)."""
    clusters: pd.DataFrame
    """Pupils of each cluster (row, index ``cluster``) in each projection (column, its label)."""
    today: pd.Series  # pupils of each cluster today, in the same order


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """What is true of all legal plans of a scenario, as far as it was worked out."""

    n_plans: int | None  # how many there are; None where that was not worked out
    reason: str = ""  # why it was not, or an empty string
    terms: tuple[str, ...] = ()  # the metrics of the front
    counts: pd.DataFrame | None = None
    """Index ``n_clusters``, column ``n_plans`` (integers of any size, as objects)."""
    distributions: pd.DataFrame | None = None
    rank: pd.DataFrame | None = None
    together: pd.DataFrame | None = None
    front: pd.DataFrame | None = None
    """As `Universe.distributions`, `Universe.rank` of the scenario's own plan and
    `Universe.together` give, and the front, one plan a row; None where not worked out."""
