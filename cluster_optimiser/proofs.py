"""What is known of how a plan was found and proved, one record for each way of finding it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

SecondMethod = Literal[
    "sweep",
    "in_order",
    "in_order_until",
    "nested",
    "no_first",
    "no_sweep",
    "no_order",
    "no_listing",
    "no_sum",
]

SECOND_METHODS: dict[SecondMethod, str] = {
    "sweep": "sweep over covered sets: same optimum",
    "in_order": "all plans in order: same optimum",
    "in_order_until": "all plans in order until one differs enough: same optimum",
    "nested": "partitions of every grouping, then of all units: same optimum",
    "no_first": "not compared: the first method was not finished in time",
    "no_sweep": "not made: too many states for the sweep",
    "no_order": "not made: too many plans to go through",
    "no_sum": "not made: pupils who change add up over no groups of units that divide clusters",
    "no_listing": "not made: too many groups of units to list them in time",
}
"""How manifests write the method that found the same again; pages have words of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is known of how a plan was found: of one that was given, nothing."""

    known: ClassVar[frozenset[str]] = frozenset()
    """Facts that are recorded where they are None too: looked for, and not found."""

    @property
    def count_of_plans(self) -> int | None:
        found = getattr(self, "n_legal_plans", None)
        return found if isinstance(found, int) else None

    @property
    def part(self) -> str:
        """Among which plans it is the best, in words, where it is not among all."""
        return str(getattr(self, "among", None) or "")

    def facts(self) -> dict[str, Any]:
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: v for name, v in held.items() if v is not None or name in self.known}

    def record(self) -> dict[str, Any]:
        facts = self.facts()
        if "second_method" in facts:
            facts["second_method"] = SECOND_METHODS[facts["second_method"]]
        return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeProof(Proof):
    known: ClassVar[frozenset[str]] = frozenset({"n_legal_plans"})
    n_units: int
    n_candidates: int | None = None  # None where there were too many to list
    n_ruled_out: int | None = None  # of them, in no plan as good by a bound in whole numbers
    is_tie_open: bool | None = None  # which of equals was taken is not settled; None where it is
    row_total_over_2_31: bool | None = None  # more than CP-SAT is known to be safe with
    n_legal_plans: int | None = None
    second_method: SecondMethod | None = None
    n_sweep_states: int | None = None
    n_better_plans_too_alike: int | None = None
    n_projections: int | None = None
    n_projections_kept: int | None = None
    among: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelsProof(Proof):
    known: ClassVar[frozenset[str]] = frozenset({"n_legal_plans"})
    n_units: int
    n_candidates: int
    n_candidate_groupings: int
    is_tie_open: bool | None = None
    n_legal_plans: None = None  # the same clusters grouped in two ways are one plan of clusters
    n_nested_plans: int | None = None
    second_method: SecondMethod | None = None
    n_sweep_states: int | None = None
    grouping_of: Mapping[str, int] | None = None  # cluster -> its grouping, from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RedrawProof(Proof):
    n_units: int
    n_hubs: int
    n_pairs: int  # of a unit and a hub that it may join
    covers: str = "all hubs within the travel limit of each unit"
    n_parts: int  # of the map, solved apart
    n_separators: int
    n_programs: int
    engine: str
    nearest_hubs_tried_first: int | None = None
    best_has_nearest_hubs: bool | None = None


def proof_of(record: Mapping[str, Any]) -> Proof:
    if not record:
        return Proof()
    facts = dict(record)
    if "second_method" in facts:
        keys = {text: key for key, text in SECOND_METHODS.items()}
        facts["second_method"] = keys[facts["second_method"]]
    kinds = {"n_hubs": RedrawProof, "n_candidate_groupings": LevelsProof}
    kind = next((made for key, made in kinds.items() if key in facts), MergeProof)
    return cast("Proof", kind(**facts))
