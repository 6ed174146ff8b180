"""The universe of a merge scenario: what is true of all its legal plans, exactly."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cluster_optimiser.deadline import refuse_if_over
from cluster_optimiser.domain import Plan, Problem, Solution, Status
from cluster_optimiser.errors import (
    ClusterOptimiserError,
    Fault,
    InfeasibleError,
    InputError,
    TooManyStatesError,
)
from cluster_optimiser.optimise.candidates import candidate_groups, count_along_edges, membership
from cluster_optimiser.optimise.continuing import TERM as CHANGED
from cluster_optimiser.optimise.continuing import divided_today, refuse_divided
from cluster_optimiser.optimise.costs import are_largest, group_costs
from cluster_optimiser.optimise.keeping import Keeping, keeping_of
from cluster_optimiser.optimise.naming import assign_schools, cluster_names
from cluster_optimiser.optimise.universe.diagram import (
    Diagram,
    counts_to_go,
    largest_to_go,
    least_to_go,
    only,
    plans_with_group,
    totals,
)
from cluster_optimiser.optimise.universe.kept import MAX_NODES, ordered_plans, plans_by_kept
from cluster_optimiser.optimise.universe.legality import positions_of
from cluster_optimiser.optimise.universe.pareto import MAX_LABELS, front
from cluster_optimiser.optimise.universe.picking import Numbered
from cluster_optimiser.optimise.universe.ranking import MAX_ENTRIES, distribution
from cluster_optimiser.optimise.universe.splitting import restrict
from cluster_optimiser.optimise.universe.standing import LargestRanks, Ranks
from cluster_optimiser.optimise.universe.states import build_diagram
from cluster_optimiser.optimise.universe.sweep import MAX_STATES
from cluster_optimiser.proofs import MergeProof
from cluster_optimiser.scenario import nearest
from cluster_optimiser.terms import (
    NO_SUM,
    TERMS,
    TIE_BREAK,
    bounded_as,
    gathered,
    lookup,
    term_scale,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cluster_optimiser.arrays import Ints
    from cluster_optimiser.optimise.candidates import CandidateGroup
    from cluster_optimiser.optimise.universe.legality import PlanLike

_KEPT_ENTRIES = 1_000_000
"""What ranks are read from is kept for the next rank up to this size, else made again."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
ORDER = "order"
"""Row of a rank for the scenario's own objective."""


@dataclass(frozen=True, slots=True)
class PickedPlan:
    """One plan of the universe."""

    groups: tuple[int, ...]  # positions of its candidate groups, ascending
    costs: dict[str, int]  # metric -> integer value, in the metric's own scale


@dataclass(frozen=True, slots=True)
class Counted:
    """All legal plans of which nothing but their number is worked out."""

    problem: Problem
    n_plans_by_count: Mapping[int, int]

    @classmethod
    def of(cls, problem: Problem) -> Counted | None:
        """Count along the edges of the map; None where that cannot be."""
        counts = count_along_edges(problem)
        return None if counts is None else cls(problem, counts)

    @property
    def n_plans(self) -> int:
        """Exact number of legal plans."""
        return sum(self.n_plans_by_count.values())


class Universe:
    """All legal plans of a merge scenario, counted and compared exactly."""

    def __init__(
        self,
        problem: Problem,
        groups: Sequence[CandidateGroup],
        diagram: Diagram,
        *,
        max_entries: int = MAX_ENTRIES,
        max_labels: int = MAX_LABELS,
    ) -> None:
        self.max_entries, self.max_labels = max_entries, max_labels
        self.problem = problem
        self.groups = tuple(groups)
        self.diagram = diagram
        self._ranks: dict[str, Ranks | LargestRanks] = {}

    @classmethod
    def of(
        cls,
        problem: Problem,
        groups: Sequence[CandidateGroup] | None = None,
        *,
        max_states: int = MAX_STATES,
        max_entries: int = MAX_ENTRIES,
        max_labels: int = MAX_LABELS,
    ) -> Universe:
        """Work out the universe of a merge scenario."""
        refuse_divided(problem)
        groups = candidate_groups(problem) if groups is None else groups
        diagram = build_diagram(problem, groups, max_states=max_states)
        if diagram is None:
            refuse_if_over("all plans were counted")
            message = (
                f"the universe of {len(problem.units)} units and {len(groups):,} candidate groups "
                f"is not worked out: it takes more than {max_states:,} states. The best plan is "
                "still found and proved by CP-SAT (run); for the universe narrow the range of "
                "pupils, or require a layer"
            )
            raise TooManyStatesError(message)
        return cls(problem, groups, diagram, max_entries=max_entries, max_labels=max_labels)

    @cached_property
    def n_plans(self) -> int:
        """Exact number of legal plans."""
        return int(counts_to_go(self.diagram)[0]) if self.diagram.has_plans else 0

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Every metric that comes of what each cluster has by itself."""
        known = tuple(self.groups[0].costs) if self.groups else ()
        is_sum = not divided_today(self.problem)
        return tuple(metric for metric in known if is_sum or metric != CHANGED)

    @cached_property
    def costs(self) -> Ints:
        """Integer value of each metric (row) and candidate group (column)."""
        rows = [[group.costs[metric] for group in self.groups] for metric in self.metrics]
        return np.array(rows, dtype=np.int64).reshape(len(self.metrics), len(self.groups))

    @cached_property
    def are_largest(self) -> tuple[bool, ...]:
        """Of each metric, whether a plan has the largest of its clusters', not their sum."""
        return are_largest(self.metrics)

    @cached_property
    def n_plans_with_group(self) -> tuple[int, ...]:
        """Number of plans that hold each candidate group."""
        return tuple(plans_with_group(self.diagram))

    @cached_property
    def n_plans_by_count(self) -> dict[int, int]:
        """Number of clusters -> exact number of legal plans."""
        return distribution(self.diagram, np.ones(len(self.groups), dtype=np.int64))

    def objective_costs(self, *, seed: int | None = None) -> dict[str, Ints]:
        """Give the integer costs of each group in the scenario's own objective."""
        rows = group_costs(self.groups, self.problem.scenario.objective, seed=seed or 0)
        if seed is None:
            rows.pop(TIE_BREAK)
        return {term: np.array(row, dtype=np.int64) for term, row in rows.items()}

    def values_of(self, groups: Sequence[int]) -> dict[str, int]:
        """Add up the metrics of a plan."""
        found = totals(self.costs, groups, self.are_largest)
        values = dict(zip(self.metrics, found, strict=True))
        if self.keeping is not None:
            lost = self.keeping.n_projections - self.keeping.kept(groups).bit_count()
            values |= dict.fromkeys(gathered("projections"), lost)
        return values

    @cached_property
    def keeping(self) -> Keeping | None:
        """In which projections of pupils each group is legal; None without projections."""
        return keeping_of(self.problem, self.groups)

    @cached_property
    def n_plans_by_kept(self) -> dict[int, int] | None:
        """Projections in which a plan is legal -> exact number of plans.

        None where there are no projections, or too many plans differ in where they are legal.
        """
        if self.keeping is None or self.diagram.n_nodes > MAX_NODES:
            return None
        return plans_by_kept(self.diagram, self.keeping)

    def distributions(self) -> pd.DataFrame:
        """Describe every metric over all legal plans, exactly.

        A quantile q is the least value t such that at least a share q of the plans has at most t.
        """
        rows = {}
        for metric in self.metrics if self.n_plans else ():
            ranks = self._ranks_of(metric)
            minimum, maximum = ranks.bounds
            rows[metric] = {
                "scale": term_scale(metric),
                "minimum": minimum,
                **self._quantiles(ranks),
                "maximum": maximum,
                "mean": float(self.mean(metric)),
            }
        names = [f"p{round(100 * q):02d}" for q in QUANTILES]
        bounds = [f"{name}_{bound}" for name in names for bound in ("least", "most")]
        columns = ["scale", "minimum", *names, "maximum", "mean", *bounds]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        whole = [column for column in columns if column != "mean"]
        return table.astype(dict.fromkeys(whole, "Int64")).rename_axis("metric")

    def _quantiles(self, ranks: Ranks | LargestRanks) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        for q in QUANTILES:
            rank = max(1, math.ceil(Fraction(str(q)) * self.n_plans))
            least, most = ranks.value_at(rank)
            name = f"p{round(100 * q):02d}"
            found |= {f"{name}_least": least, f"{name}_most": most}
            found[name] = least if least == most else None
        return found

    def mean(self, metric: str) -> Fraction:
        """Give the mean of a metric over all legal plans."""
        row = self.costs[self.metrics.index(metric)]
        if are_largest([metric])[0]:
            return LargestRanks(self.diagram, row, n_plans=self.n_plans).mean()
        costs = row.tolist()
        total = sum(c * n for c, n in zip(costs, self.n_plans_with_group, strict=True))
        return Fraction(total, self.n_plans)

    def _ranks_of(self, name: str) -> Ranks | LargestRanks:
        """Give what ranks are read from, for a metric or for the scenario's own objective."""
        if name not in self._ranks:
            if name == ORDER:
                rows = np.array(list(self.objective_costs().values()))
            else:
                rows = self.costs[[self.metrics.index(name)]]
            if name != ORDER and are_largest([name])[0]:
                self._ranks[name] = LargestRanks(self.diagram, rows[0], n_plans=self.n_plans)
                return self._ranks[name]
            ranks = Ranks(self.diagram, rows, n_plans=self.n_plans, max_entries=self.max_entries)
            if ranks.n_kept > _KEPT_ENTRIES:
                return ranks
            self._ranks[name] = ranks
        return self._ranks[name]

    def rank(self, plan: PlanLike) -> pd.DataFrame:
        """Say how many legal plans are better, equal and worse than a plan."""
        chosen = self.groups_of(plan)
        values = self.values_of(chosen)
        rows = {
            name: [value, term_scale(name), *self._rank_of(name, chosen)]
            for name, value in values.items()
        }
        rows[ORDER] = [pd.NA, 1, *self._rank_of(ORDER, chosen)]
        bounds = ["n_better_least", "n_better_most", "n_worse_least", "n_worse_most"]
        columns = ["value", "scale", "n_better", "n_equal", "n_worse", *bounds]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=columns, dtype=object)
        return table.rename_axis("metric")

    def _rank_of(self, name: str, groups: Sequence[int]) -> list[Any]:
        is_order = name == ORDER
        rows = self.problem.scenario.objective.rows if is_order else (lookup(name),)
        if any(row.gathers == "projections" or (is_order and not row.adds_up) for row in rows):
            by = self._rank_in_order if is_order else self._rank_by_kept
            better, equal, worse = by(groups)
            return [better, equal, worse, better, better, worse, worse]
        found = self._ranks_of(name).of(groups)
        is_known = (found.better_least, found.worse_least) == (found.better_most, found.worse_most)
        equal = self.n_plans - found.better_least - found.worse_least
        known = [found.better_least, equal, found.worse_least] if is_known else [pd.NA] * 3
        return [*known, *astuple(found)]

    def _rank_by_kept(self, groups: Sequence[int]) -> tuple[Any, Any, Any]:
        if self.keeping is None or self.n_plans_by_kept is None:
            return pd.NA, pd.NA, pd.NA
        own = self.keeping.kept(groups).bit_count()
        better = sum(n for kept, n in self.n_plans_by_kept.items() if kept > own)
        equal = self.n_plans_by_kept.get(own, 0)
        return better, equal, self.n_plans - better - equal

    def _rank_in_order(self, groups: Sequence[int]) -> tuple[Any, Any, Any]:
        """Count by going through the plans, best first: no sum, so no quicker way."""
        values = self.values_of(groups)
        own = tuple(values[term] for term in self.problem.scenario.objective.order)
        better = equal = 0
        for found in self._in_order(0):
            if found is None:
                return pd.NA, pd.NA, pd.NA
            # The last is the tie-break.
            cost = found[0][:-1]
            if cost > own:
                break
            better, equal = better + (cost < own), equal + (cost == own)
        return better, equal, self.n_plans - better - equal

    def _in_order(self, seed: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]] | None]:
        objective = self.problem.scenario.objective
        keeping = self.keeping if objective.needs("projection") else None
        return ordered_plans(self.diagram, self.groups, objective, keeping, seed=seed)

    def best(self, n_plans: int, *, seed: int = 0) -> list[PickedPlan]:
        """Give the best plans in exact order of the scenario's own objective."""
        picked = []
        for found in islice(self._in_order(seed), n_plans):
            if found is None:
                message = (
                    "the best plans are not worked out: too many partial plans are as good; ask "
                    "for fewer, or put terms that are no sums further back in the order"
                )
                raise ClusterOptimiserError(message)
            picked.append(PickedPlan(found[1], self.values_of(found[1])))
        return picked

    def sample(self, n_plans: int, *, seed: int) -> list[PickedPlan]:
        """Draw plans uniformly over all legal plans, each draw by itself."""
        if not self.n_plans:
            message = "there is no legal plan to draw"
            raise InfeasibleError(message)
        drawn = self._numbered.sample(n_plans, seed=seed)
        return [PickedPlan(groups, self.values_of(groups)) for groups in drawn]

    @cached_property
    def _numbered(self) -> Numbered:
        return Numbered(self.diagram)

    def together(self, *, near_pct: float = 5.0, max_states: int = MAX_STATES) -> pd.DataFrame:
        """Say for each pair of adjacent units how many legal plans put them in one cluster."""
        pairs = sorted((min(a, b), max(a, b)) for a, b in self.problem.dual.edges)
        index = pd.MultiIndex.from_tuples(pairs, names=["unit_a", "unit_b"])
        table = pd.DataFrame(index=index)
        ones = np.ones(len(self.groups), dtype=np.int64)
        number = bounded_as("fewest"), ones
        first = next(iter(self.objective_costs().items()), number)
        kinds = {"all": None, "fewest": (*number, 0.0), "near": (*first, near_pct)}
        position = self.problem.unit_at
        held = membership([group.mask for group in self.groups], len(position))
        for kind, limit in kinds.items():
            diagram = self.diagram if limit is None else self._near(*limit, max_states=max_states)
            if diagram is None or not diagram.has_plans:
                table[f"n_{kind}"], table[f"share_{kind}"] = None, np.nan
                continue
            plans = np.array(plans_with_group(diagram), dtype=object)
            n_plans = int(counts_to_go(diagram)[0])
            both = [int(plans[held[:, position[a]] & held[:, position[b]]].sum()) for a, b in pairs]
            table[f"n_{kind}"] = pd.Series(both, index=index, dtype=object)
            table[f"share_{kind}"] = [n / n_plans for n in both]
        return table

    def _near(self, term: str, costs: Ints, pct: float, *, max_states: int) -> Diagram | None:
        """Keep the plans whose cost is within so many per cent of the least."""
        if not self.diagram.has_plans:
            return self.diagram
        if are_largest([term])[0]:
            least = int(largest_to_go(self.diagram, costs)[0])
            return only(self.diagram, costs <= math.floor(least * (1 + Fraction(str(pct)) / 100)))
        least = int(least_to_go(self.diagram, costs[None, :])[0, 0])
        highest = math.floor(least * (1 + Fraction(str(pct)) / 100))
        return restrict(self.diagram, costs, lowest=least, highest=highest, max_states=max_states)

    def pareto(self, terms: Sequence[str]) -> list[PickedPlan]:
        """Find the exact front of two or three metrics, all of which are to be small."""
        self._refuse_terms(terms)
        rows = self.costs[[self.metrics.index(term) for term in terms]]
        largest, limit = are_largest(terms), self.max_labels
        found = (
            front(self.diagram, rows, are_largest=largest, max_labels=limit) if self.metrics else {}
        )
        return [PickedPlan(groups, self.values_of(groups)) for groups in found.values()]

    def _refuse_terms(self, terms: Sequence[str]) -> None:
        faults = []
        if len(set(terms)) != len(terms) or not 2 <= len(terms) <= 3:  # noqa: PLR2004
            text = f"a front has two or three different terms, not {', '.join(terms) or 'none'}"
            faults.append(Fault("pareto", 0, "", text, "Name two or three."))
        odd = [term for term in terms if self.metrics and term not in self.metrics]
        faults += [Fault("pareto", 0, "", *self._why_not(term)) for term in odd]
        if faults:
            raise InputError(faults)

    def _why_not(self, term: str) -> tuple[str, str]:
        """Say why a term has no front here, and what to do."""
        row = lookup(term) if term in {known.name for known in TERMS} else None
        if row is not None and not row.is_of_groups:
            return f'"{term}" {NO_SUM[row.gathers]}, so a front cannot hold it', "Leave it out."
        if row is not None and row.is_optional:
            problem = f'"{term}" is counted only where the scenario asks for it'
            return problem, "Put it into its order, or into [limits]."
        like = nearest(term, self.metrics)
        remedy = f'Did you mean "{like}"?' if like else f"Use {', '.join(self.metrics)}."
        return f'unknown term "{term}"', remedy

    def plan(self, groups: Sequence[int], *, status: Status = "GIVEN") -> Plan:
        """Write a plan back to schools, clusters named."""
        chosen = [self.groups[i].units for i in groups]
        names = cluster_names(self.problem, chosen)
        cluster_of = {u: name for name, units in zip(names, chosen, strict=True) for u in units}
        proof = MergeProof(
            n_units=len(self.problem.units),
            n_candidates=len(self.groups),
            n_legal_plans=self.n_plans,
        )
        return Plan(
            label=self.problem.scenario.option,
            assignment=assign_schools(self.problem, cluster_of),
            solution=Solution(status=status, proof=proof),
        )

    def groups_of(self, plan: PlanLike) -> tuple[int, ...]:
        """Find the candidate groups that a plan is made of."""
        return positions_of(self.problem, self.groups, plan)
