"""Trials: would there be a plan if a rule were other than it is, decided quickly and many times.

What a set of units is (its pupils, its secondary schools, its longest way) does not depend on the
rules, so it is worked out once for a set and then judged under as many rules as are tried. What is
offered to people is solved again from the changed scenario alone, by `Lab.check`.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import operator
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from ortools.sat.python import cp_model

from cluster_optimiser.constants import CENTIMINUTES_PER_MINUTE, MOST_PUPILS
from cluster_optimiser.deadline import in_time
from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.geography.adjacency import (
    bridged,
    cluster_drives,
    dual_graph,
    shared_boundaries,
    with_pairs,
)
from cluster_optimiser.geography.alignment import HOME_PREFIX, binding_homes
from cluster_optimiser.geography.meeting import MeetingPlaces
from cluster_optimiser.geography.travel import UNKNOWN, to_centiminutes
from cluster_optimiser.geography.units import any_unit_of, school_positions, shapes_and_graph
from cluster_optimiser.optimise.candidates import (
    CandidateGroup,
    Judge,
    candidate_groups,
    connected_sets,
)
from cluster_optimiser.optimise.explain.trial_rules import components, sets_in_reach, with_table
from cluster_optimiser.optimise.merging.partition import build_model, limit_exceptions, new_solver
from cluster_optimiser.optimise.pinned import Pinned, exceptable
from cluster_optimiser.optimise.ranges import OwnRanges, own_ranges
from cluster_optimiser.optimise.universe.states import build_diagram

if TYPE_CHECKING:
    from collections.abc import Sequence

    import networkx as nx

    from cluster_optimiser.domain import Problem
    from cluster_optimiser.scenario import Contiguity, Scenario

Verdict = Literal["FEASIBLE", "INFEASIBLE", "UNKNOWN"]
"""Proved to have a plan, proved to have none, or neither within the time and the memory."""

MAX_SETS = 20_000
"""Connected sets of units above which a trial is given up as UNKNOWN."""

SHORT_EFFORT = 1.0
"""Deterministic time of CP-SAT, about as many seconds, after which a trial is decided by states."""

SWEEP_STATES = 200_000
"""States up to which a trial is decided by them, and a second proof made: half a second."""

GROWTH = (1.1, 1.25, 1.5, 2.0)
"""Multiples of the maximum that are tried in turn; on a small map a maximum of all pupils too."""

UNIT_SETS = 1_000
"""Connected sets of one unit or one piece of the map above which, where there is no maximum, it is
not tried to look at all of them."""

SOLVE_SHARE = 0.2
"""Share of the whole time that one solve may take, so that a hard one leaves some for the rest."""

Home = tuple[str, str, str]
"""Layer, unit, and the area it is counted to instead of its own."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A scenario with some of its rules changed."""

    scenario: Scenario  # the changed scenario
    homes: tuple[Home, ...] = ()  # units that are counted to another area of a layer than their own

    @property
    def limit_min(self) -> float | None:
        """Most minutes from a school to where its cluster meets."""
        return self.scenario.travel.max_minutes


@dataclass(frozen=True, slots=True)
class SetFacts:
    """What a set of units is, whatever the rules."""

    pupils: int
    place_urn: int
    farthest_urn: int
    longest_min: float


class Lab:
    """Tries changed rules on one problem."""

    def __init__(self, problem: Problem, *, time_limit_s: float) -> None:
        self.problem = problem
        self.names = problem.unit_names
        self.position = {name: i for i, name in enumerate(self.names)}
        self.pupils = [int(p) for p in problem.units["pupils"]]
        self.n_trials = 0
        self._until = time.monotonic() + time_limit_s
        self._most_s = time_limit_s * SOLVE_SHARE
        self._facts: dict[tuple[int, object], SetFacts] = {}
        self._places: dict[object, MeetingPlaces] = {}
        self._own: dict[object, OwnRanges] = {}
        self._named: dict[int, tuple[int, tuple[str, ...]]] = {}
        self._verdicts: dict[tuple[str, tuple[Home, ...]], Verdict] = {}
        self._graphs: dict[str, nx.Graph] = {
            problem.scenario.contiguity.model_dump_json(): problem.dual
        }
        self._sets: dict[tuple[tuple[int, ...], int, int], tuple[list[int], bool]] = {}
        self._plans: list[frozenset[int]] = []
        self._shared_m: dict[tuple[str, str], float] | None = None
        positions = school_positions(problem)
        self._schools_of = [positions[name] for name in self.names]
        self._centiminutes = to_centiminutes(problem.travel.minutes)

    @property
    def left_s(self) -> float:
        return self._until - time.monotonic()

    def members(self, mask: int) -> list[int]:
        """Give the positions of the units of a set, ascending."""
        return [i for i in range(len(self.names)) if mask >> i & 1]

    def units(self, mask: int) -> tuple[str, ...]:
        return tuple(self.names[i] for i in self.members(mask))

    def pinned(self, scenario: Scenario) -> Pinned:
        """Give the pins of a scenario as sets of units."""
        return Pinned.of(self.problem, scenario)

    def shared_m(self) -> dict[tuple[str, str], float]:
        """Give the boundary in metres that every two of today's clusters share."""
        if self._shared_m is None:
            measured = shared_boundaries(
                self.problem.territory.clusters.geometry,
                snap_m=self.problem.scenario.contiguity.snap_m,
            )
            self._shared_m = dict(with_pairs(measured, self.problem.pairs))
        return self._shared_m

    def graph(self, contiguity: Contiguity) -> nx.Graph:
        """Give the dual graph under other rules on which units are adjacent."""
        key = contiguity.model_dump_json()
        if key not in self._graphs:
            problem = self.problem
            schools = problem.authority.schools
            if problem.scenario.units_scenario is not None:
                _, graph, _ = shapes_and_graph(
                    with_table(problem.scenario, "contiguity", contiguity),
                    problem.authority,
                    problem.territory,
                    any_unit_of(problem),
                    problem.unit_of.index,
                    problem.travel,
                    problem.pairs,
                )
            else:
                drives = cluster_drives(self.shared_m(), schools, problem.travel, contiguity)
                clusters = problem.territory.clusters.index
                graph, _ = dual_graph(clusters, self.shared_m(), contiguity, drives)
                placed = set(schools["local_cluster"].loc[problem.unit_of.index])
                graph = bridged(graph, placed, contiguity)
            self._graphs[key] = graph.subgraph(problem.units.index).copy()
        return self._graphs[key]

    def changed(self, trial: Trial) -> Problem:
        """Give the problem of a changed scenario, as it would be built from its file."""
        units = self.problem.units
        if trial.homes:
            units = units.copy()
            for layer, unit, area in trial.homes:
                units.loc[unit, HOME_PREFIX + layer] = area
        return dataclasses.replace(
            self.problem,
            scenario=trial.scenario,
            units=units,
            dual=self.graph(trial.scenario.contiguity),
        )

    def places(self, scenario: Scenario) -> MeetingPlaces:
        """Give the meeting places under a scenario's rule on where clusters meet."""
        if scenario.hubs not in self._places:
            changed = dataclasses.replace(self.problem, scenario=scenario)
            self._places[scenario.hubs] = MeetingPlaces.of_problem(changed, self._schools_of)
        return self._places[scenario.hubs]

    def own(self, scenario: Scenario) -> OwnRanges:
        """Give what bounds clusters; places are those of the hubs as they are stated."""
        key = scenario.size.model_dump_json(), scenario.quotas
        if key not in self._own:
            self._own[key] = own_ranges(self.problem, scenario)
        return self._own[key]

    def facts(self, mask: int, scenario: Scenario | None = None) -> SetFacts:
        """Work out what a set of units is, its meeting place by a scenario's hubs."""
        scenario = scenario or self.problem.scenario
        known = self._facts.get((mask, scenario.hubs))
        if known is not None:
            return known
        members = self.members(mask)
        schools = np.sort(np.concatenate([self._schools_of[i] for i in members]))
        place = self.places(scenario).of_one(members)
        place_urn = farthest_urn = 0
        longest_min = float("inf")
        if place is not None:
            urns = self.problem.travel.urns
            ways = self._centiminutes[schools, place.position]
            place_urn, farthest_urn = int(urns[place.position]), int(urns[schools[ways.argmax()]])
            if place.max_centiminutes != UNKNOWN:
                longest_min = place.max_centiminutes / CENTIMINUTES_PER_MINUTE
        facts = SetFacts(
            pupils=sum(self.pupils[i] for i in members),
            place_urn=place_urn,
            farthest_urn=farthest_urn,
            longest_min=longest_min,
        )
        self._facts[mask, scenario.hubs] = facts
        return facts

    def adjacency(self, trial: Trial) -> list[int]:
        """Give the neighbours of each unit as bits, borders of required layers left open."""
        bits = [0] * len(self.names)
        for a, b in self.graph(trial.scenario.contiguity).edges:
            bits[self.position[a]] |= 1 << self.position[b]
            bits[self.position[b]] |= 1 << self.position[a]
        return bits

    def homes(self, trial: Trial) -> dict[str, list[str | None]]:
        """Give the home area of every unit in each layer that no cluster may cross."""
        homes = binding_homes(dataclasses.replace(self.problem, scenario=trial.scenario))
        for layer, unit, area in trial.homes:
            if layer in homes:
                homes[layer][self.position[unit]] = area
        return homes

    def closed(self, trial: Trial) -> list[int]:
        """Give the neighbours of each unit as bits, borders of required layers cut."""
        bits = self.adjacency(trial)
        for home in self.homes(trial).values():
            for i, area in enumerate(home):
                alike = sum(1 << j for j, other in enumerate(home) if other == area)
                bits[i] &= alike if area is not None else 0
        return bits

    def sets(self, adjacency: list[int], *, lowest: int, highest: int) -> tuple[list[int], bool]:
        """Give connected sets of units by their pupils, and whether they are all there are."""
        key = (tuple(adjacency), lowest, highest)
        if key not in self._sets:
            found = connected_sets(adjacency, self.pupils, lowest=lowest, highest=highest)
            masks: list[int] = []
            is_whole = True
            try:
                masks.extend(itertools.islice(found, MAX_SETS + 1))
            except NoPlanFoundError:
                is_whole = False
            self._sets[key] = (masks[:MAX_SETS], is_whole and len(masks) <= MAX_SETS)
        return self._sets[key]

    def sets_with(self, unit: int) -> list[int]:
        """Give the connected sets with a unit that are not over the maximum, or it alone."""
        scenario = self.problem.scenario
        _, highest = scenario.size.ends
        masks, _ = self.sets(self.adjacency(Trial(scenario)), lowest=0, highest=highest)
        alone = [1 << unit] if scenario.size.is_over(self.pupils[unit]) else []
        return [mask for mask in masks if mask >> unit & 1] + alone

    @functools.cached_property
    def maxima(self) -> tuple[int, ...]:
        """Higher maxima to try in turn: up to all pupils, where all sets of units can be listed."""
        scenario, every = self.problem.scenario, sum(self.pupils)
        raised = {max(round(scenario.size.ends[1] * factor), *self.pupils) for factor in GROWTH}
        _, is_whole = self.sets(self.adjacency(Trial(scenario)), lowest=0, highest=every)
        return tuple(sorted({min(m, every) for m in raised} | ({every} if is_whole else set())))

    def _sized(self, trial: Trial) -> tuple[Sequence[int], bool]:
        """Give the connected sets in the range of a trial's sizes, and whether they are all."""
        size = trial.scenario.size
        return self.sets(self.closed(trial), lowest=size.lowest, highest=size.ends[1])

    def groups(self, trial: Trial) -> tuple[list[CandidateGroup], bool]:
        """Give the candidate groups of a trial without their costs, and whether they are all."""
        masks, complete = self._sized(trial)
        masks = [*masks, *(1 << i for i in trial.scenario.size.standing(self.pupils))]
        return self._judged(trial, masks), complete

    def _judged(self, trial: Trial, masks: Sequence[int]) -> list[CandidateGroup]:
        """Make candidates of the sets that break no rule, with costs where limits need them."""
        scenario = trial.scenario
        if scenario.most_of:
            # Only then what a group costs matters to whether there is a plan.
            return Judge(self.changed(trial)).candidates(masks)
        size = scenario.size
        pins, others = self.pinned(scenario), ~exceptable(self.problem, scenario)
        made = []
        for mask in masks:
            pupils, units = self.pupils_and_units(mask)
            is_exception = size.is_under(pupils)
            if is_exception and mask & others:
                continue
            if not pins.broken(mask) and not self.broken_by_schools(scenario, mask):
                is_over = size.is_over(pupils)
                made.append(CandidateGroup(units, mask, pupils, is_exception, is_over, costs={}))
        return made

    def pupils_and_units(self, mask: int) -> tuple[int, tuple[str, ...]]:
        if mask not in self._named:
            members = self.members(mask)
            names = tuple(self.names[i] for i in members)
            self._named[mask] = (sum(self.pupils[i] for i in members), names)
        return self._named[mask]

    def broken_by_schools(self, scenario: Scenario, mask: int) -> list[str]:
        """Give the families that a set breaks by what it holds, and by where it may meet."""
        own = self.own(scenario)
        broken = own.broken(self.members(mask), self.pupils_and_units(mask)[0]) if own.any else []
        limit_min, is_anywhere = Trial(scenario).limit_min, scenario.hubs == "any"
        if not scenario.goes_by_ways and is_anywhere:
            return broken
        facts = self.facts(mask, scenario)
        if not is_anywhere and not facts.place_urn:
            broken.append("redraw.hubs")
        elif facts.longest_min > (limit_min or np.inf) or not facts.place_urn:
            broken.append("travel")
        return broken

    def verdict(self, trial: Trial) -> Verdict:
        """Decide whether a trial has a plan; a maximum that is none is raised until there is."""
        key = (trial.scenario.model_dump_json(), trial.homes)
        if key not in self._verdicts:
            decide = self._open_verdict if trial.scenario.size.is_open else self._decide
            self._verdicts[key] = in_time(lambda: decide(trial), "UNKNOWN")
        return self._verdicts[key]

    def _decide(self, trial: Trial) -> Verdict:
        groups, complete = self.groups(trial)
        verdict = self.cover(groups, self.changed(trial))
        return "UNKNOWN" if verdict == "INFEASIBLE" and not complete else verdict

    def _open_verdict(self, trial: Trial) -> Verdict:
        """Decide a trial without a maximum: higher maxima, the whole map, all sets in reach."""
        size = trial.scenario.size
        for highest in self.maxima:
            raised = size.model_copy(update={"max_pupils": highest})
            verdict = self._decide(Trial(with_table(trial.scenario, "size", raised), trial.homes))
            if verdict == "FEASIBLE" or highest >= sum(self.pupils):
                return verdict
        verdict = self._by_whole_pieces(trial)
        if verdict == "UNKNOWN" and trial.limit_min is not None:
            near = self._near(trial)
            adjacency = self.closed(trial)
            for unit in range(len(self.names)):
                found = sets_in_reach(unit, adjacency, near)
                first = list(itertools.islice(found, UNIT_SETS + 1))
                is_all = len(first) <= UNIT_SETS
                if is_all and not any(self._judged(trial, [mask]) for mask in first):
                    return "INFEASIBLE"
        return verdict

    def _near(self, trial: Trial) -> list[int]:
        """Give, for each unit, the schools within the travel limit of all its schools, as bits."""
        limit = round((trial.limit_min or 0.0) * CENTIMINUTES_PER_MINUTE)
        is_near = (self._centiminutes <= limit) & (self._centiminutes != UNKNOWN)
        reach = [is_near[schools].all(axis=0) for schools in self._schools_of]
        near = [sum(1 << int(s) for s in np.flatnonzero(r)) for r in reach]
        # Units pinned together must all be within reach of the place where any of them meets.
        for _, pin in self.pinned(trial.scenario).together:
            mates = self.members(pin)
            shared = functools.reduce(operator.and_, (near[i] for i in mates), -1)
            for i in mates:
                near[i] = shared
        return near

    def _by_whole_pieces(self, trial: Trial) -> Verdict:
        """Decide a trial without a maximum by its coarsest plan, where that is enough."""
        pieces = components(self.closed(trial))
        scenario = trial.scenario
        pins = self.pinned(scenario)
        is_plan = (
            not scenario.most_of
            and scenario.count.allows(len(pieces))
            and all(
                not scenario.size.is_under(self.facts(piece).pupils)
                and not pins.broken(piece)
                and not self.broken_by_schools(scenario, piece)
                for piece in pieces
            )
        )
        if is_plan:
            return "FEASIBLE"
        is_impossible = self._has_short_piece(trial, pieces, pins) or any(
            self._has_no_plan(trial, piece) for piece in pieces
        )
        return "INFEASIBLE" if is_impossible else "UNKNOWN"

    def _has_no_plan(self, trial: Trial, piece: int) -> bool:
        """Tell whether a piece of the map, few enough units to look at all sets, has no plan."""
        inside = [
            bits & piece if piece >> i & 1 else 0 for i, bits in enumerate(self.closed(trial))
        ]
        lowest, _ = trial.scenario.size.ends
        found = connected_sets(inside, self.pupils, lowest=lowest, highest=MOST_PUPILS)
        within = (mask for mask in found if mask & piece)
        masks = list(itertools.islice(within, UNIT_SETS + 1))
        if len(masks) > UNIT_SETS or trial.scenario.size.spares(1):
            return False
        return not self.can_be_placed(self._judged(trial, masks), self.members(piece), trial)

    def can_be_placed(
        self, groups: Sequence[CandidateGroup], units: Sequence[int], trial: Trial
    ) -> bool:
        """Tell whether some units can all be placed at once, others being left out as need be."""
        model = cp_model.CpModel()
        x = [model.new_bool_var("") for _ in groups]
        holders: list[list[cp_model.IntVar]] = [[] for _ in self.names]
        for variable, group in zip(x, groups, strict=True):
            for i in self.members(group.mask):
                holders[i].append(variable)
        for i, variables in enumerate(holders):
            model.add_at_most_one(variables)
            if i in units:
                model.add_bool_or(variables)
        limit_exceptions(model, x, groups, trial.scenario.numbers_of(len(units)).small)
        return self.solve(model)[0] != "INFEASIBLE"

    def _has_short_piece(self, trial: Trial, pieces: list[int], pins: Pinned) -> bool:
        """Tell whether a piece of the map lacks what every cluster in it would need."""
        scenario = trial.scenario
        n_short = sum(scenario.size.is_under(self.facts(piece).pupils) for piece in pieces)
        is_lacking = any(self.own(scenario).lacking(self.members(piece)) for piece in pieces)
        is_split = any(map(pins.divides, pieces))
        has_more = len(pieces) > scenario.count.span(len(pieces))[1]
        return not scenario.size.spares(n_short) or is_lacking or is_split or has_more

    def cover(self, groups: Sequence[CandidateGroup], problem: Problem) -> Verdict:
        """Decide whether some of the candidates hold each unit once.

        By CP-SAT where that is soon done, else by all plans as states, else by CP-SAT at length.
        """
        verdict = self.solved(groups, problem.scenario, most_effort=SHORT_EFFORT)
        if verdict != "UNKNOWN":
            return verdict
        diagram = build_diagram(problem, groups, max_states=SWEEP_STATES)
        if diagram is None or problem.scenario.most_of:
            return self.solved(groups, problem.scenario)
        return "FEASIBLE" if diagram.has_plans else "INFEASIBLE"

    def solved(
        self, groups: Sequence[CandidateGroup], scenario: Scenario, *, most_effort: float = np.inf
    ) -> Verdict:
        """Decide by CP-SAT whether some of the candidates hold each unit once.

        A plan found before may be one still, and is soon looked up.
        """
        covered = 0
        for group in groups:
            covered |= group.mask
        if covered != (1 << len(self.names)) - 1:
            return "INFEASIBLE"
        if not scenario.most_of and self._has_known_plan(groups, scenario):
            return "FEASIBLE"
        model, x = build_model(groups, scenario, len(self.names))
        verdict, solver = self.solve(model, most_effort=most_effort)
        if verdict == "FEASIBLE":
            chosen = (g.mask for g, v in zip(groups, x, strict=True) if solver.boolean_value(v))
            self._plans.append(frozenset(chosen))
        return verdict

    def _has_known_plan(self, groups: Sequence[CandidateGroup], scenario: Scenario) -> bool:
        is_small = {group.mask: group.is_exception for group in groups}
        most_small = scenario.numbers_of(len(self.names)).small
        return any(
            scenario.count.allows(len(plan))
            and plan <= is_small.keys()
            and sum(map(is_small.__getitem__, plan)) <= most_small
            for plan in self._plans
        )

    def solve(
        self, model: cp_model.CpModel, *, most_effort: float = np.inf
    ) -> tuple[Verdict, cp_model.CpSolver]:
        """Solve a model within the time that is left, or an effort."""
        self.n_trials += 1
        solver = new_solver(1, min(self.left_s, self._most_s))
        solver.parameters.max_deterministic_time = most_effort
        status = solver.solve(model)
        if status == cp_model.INFEASIBLE:
            return "INFEASIBLE", solver
        has_plan = status in {cp_model.OPTIMAL, cp_model.FEASIBLE}
        return ("FEASIBLE" if has_plan else "UNKNOWN"), solver

    def is_in_reach(self, trial: Trial) -> bool:
        """Tell whether the groups of a trial are few enough to be enumerated; the base's are."""
        if trial.scenario == self.problem.scenario and not trial.homes:
            return True
        return self._sized(trial)[1]

    def check(self, trial: Trial) -> Verdict:
        """Decide a trial from its changed problem alone, by the candidates that a run would use."""
        if not self.is_in_reach(trial):
            return "UNKNOWN"
        problem = self.changed(trial)
        return in_time(lambda: self.cover(candidate_groups(problem), problem), "UNKNOWN")
