"""Explain: why a merge scenario has no plan and what would admit one, or what each rule costs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from cluster_optimiser.deadline import in_time, is_over, within
from cluster_optimiser.errors import NoPlanFoundError, ScenarioError
from cluster_optimiser.optimise.bounds import lower_bound
from cluster_optimiser.optimise.candidates import CandidateGroup, candidate_groups
from cluster_optimiser.optimise.continuing import refuse_divided
from cluster_optimiser.optimise.costs import group_costs, stage_scales
from cluster_optimiser.optimise.explain.diagnosis import (
    Clash,
    UnplacedUnit,
    areas_without_plan,
    find_clash,
    rule_families,
    stuck_units,
    unplaced_units,
    without,
)
from cluster_optimiser.optimise.explain.directions import LOOSER, directions_of, sums
from cluster_optimiser.optimise.explain.entries import amount, entry_words, number
from cluster_optimiser.optimise.explain.relax import (
    Combination,
    Direction,
    Relaxation,
    combined_relaxations,
    single_relaxations,
    so_many,
)
from cluster_optimiser.optimise.explain.trial import SWEEP_STATES, Lab, Trial, Verdict
from cluster_optimiser.optimise.keeping import Keeping, robust_keeping
from cluster_optimiser.optimise.merging.partition import best_cover
from cluster_optimiser.optimise.universe.sweep import sweep
from cluster_optimiser.rules import FAMILIES
from cluster_optimiser.terms import TIE_BREAK, lookup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Problem, Status
    from cluster_optimiser.scenario import Scenario

TIME_LIMIT_S = 60.0
"""Seconds for an explanation, unless another limit is given."""

PRICE_SHARE = 0.1
"""Share of the time that the price of one rule may take."""

PRICE_STATES = 400_000
"""States up to which the price of a rule is found by the sweep: a second or two."""

MOST_OF_REPR, WIDTH = 9, 119
"""Lines that are shown of an explanation by itself, and letters of a line."""

MOST_LINES = 6
"""Lines of a kind that a summary shows before it says how many more there are."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a rule costs: how much better the best plan would be without it."""

    rule: str  # the rule family
    trial: str  # what was solved instead, in words
    status: str  # what is proved of that plan
    objective: dict[str, float]
    is_free: bool  # true where the best plan is as good with the rule as without it
    words: str  # the price in a sentence
    bound: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """Why there is no plan and what would admit one, or what each rule costs."""

    label: str  # of the scenario
    title: str  # of the scenario
    status: Status
    is_feasible: bool  # true where there is a plan
    proof: dict[str, object]
    objective: dict[str, float]  # term -> value of the best plan; empty where there is none
    unplaced: tuple[UnplacedUnit, ...] = ()  # units that are in no legal cluster, with the reason
    stuck_units: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    clash: Clash | None = None  # the rules that cannot all be kept; None where there is a plan
    relaxations: tuple[Relaxation, ...] = ()
    hopeless: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()  # directions in which nothing was proved in time
    combined: tuple[Combination, ...] = ()
    prices: tuple[Price, ...] = ()  # what each rule costs, where there is a plan
    rules: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what a reader should know of how far this goes
    ground: tuple[str, ...] = ()  # what the ground report warns of: the cause, perhaps
    is_ground_cause: bool = False  # tried: were the ground settled there would be a plan
    besides: tuple[str, ...] = ()  # what it warns of and is no cause: tried too

    def __repr__(self) -> str:
        """Say the beginning of it: ten lines at most."""
        lines = [n if len(n) < WIDTH else f"{n[: WIDTH - 4]} ..." for n in self.lines()]
        more = [f"and {len(lines) - MOST_OF_REPR} more lines, in lines()"]
        return "\n".join([*lines[:MOST_OF_REPR], *(more if len(lines) > MOST_OF_REPR else [])])

    def lines(self) -> tuple[str, ...]:
        if self.is_feasible:
            return (*self._of_prices(), *self.notes)
        if self.status == "UNKNOWN":
            open_ = f"{self.title}: whether there is a plan was not proved in time."
            return (*self._of_ground(), open_, *self.notes)
        lines = (*self._of_ground(), *self._of_cause(), *self._of_change(), *self.notes)
        if not self.besides:
            return lines
        head = "Odd about the ground besides, but no cause of this by itself:"
        return (*lines, head, *_shown([f"  {text}" for text in self.besides]))

    def as_dict(self) -> dict[str, object]:
        """Give the whole as plain data that JSON can hold."""
        return asdict(self)

    def _of_ground(self) -> tuple[str, ...]:
        if not self.ground:
            return ()
        head = "Look at the ground first, before any rule is changed:"
        if self.is_ground_cause:
            head = "The ground is the cause. Were this settled, there would be a plan:"
        return (head, *_shown([f"  {text}" for text in self.ground]))

    def _of_prices(self) -> tuple[str, ...]:
        costly = [price.words for price in self.prices if not price.is_free]
        free = [self.rules[price.rule] for price in self.prices if price.is_free]
        best = ", ".join(amount(term, value) for term, value in self.objective.items())
        found = (
            f"{self.title}: there is a plan ({self.proof['second_method']}).",
            f"The best one: {best}." if best else "Which is the best was not proved in time.",
        )
        if not self.rules:
            # Their costs were not looked into.
            return found
        return (
            *found,
            "What the rules cost:" if costly else "No rule costs anything.",
            *(f"  {words}" for words in costly),
            *(
                [f"Free, nothing changes without any one of them: {'; '.join(free)}."]
                if free
                else []
            ),
        )

    def _of_cause(self) -> tuple[str, ...]:
        lines = [f"{self.title}: there is no plan. This is proved ({self.proof['second_method']})."]
        lines += _shown([f"  {unit.words}." for unit in self.unplaced])
        if self.areas:
            lines.append(f"The fault lies in: {'; '.join(self.areas)}.")
        if self.stuck_units and not self.unplaced:
            lines.append(f"Not all of these can be placed at once: {', '.join(self.stuck_units)}.")
        if self.clash is not None:
            smallest = "" if self.clash.is_smallest else " (a smaller set may clash too)"
            rules = "; ".join(self.rules[rule] for rule in self.clash.rules)
            verb = "cannot be kept" if len(self.clash.rules) == 1 else "cannot all be kept"
            if rules:
                lines.append(f"Rules that {verb}: {rules}{smallest}.")
            else:
                lines.append("No rule is the cause: the map or the minutes leave no plan at all.")
        return tuple(lines)

    def _of_change(self) -> tuple[str, ...]:
        singles = [_relaxation_line(r) for r in self.relaxations]
        pairs = [f"  {combination.words}" for combination in self.combined]
        lines = [
            "Any one of these changes admits a plan, and none of them can be smaller:",
            *singles,
        ]
        if not singles:
            lines = ["No single change of a rule admits a plan."]
            if self.unsettled or not self.rules:
                lines = ["No single change of a rule that admits a plan was found."]
        if self.unsettled:
            lines.append(f"Not settled in time: {', '.join(self.unsettled)}.")
        if pairs:
            lines += ["Two changes together, neither enough alone:", *_shown(pairs)]
        return tuple(lines)


def _relaxation_line(relaxation: Relaxation) -> str:
    unproved = "" if relaxation.is_minimal else " (a smaller change may do)"
    return f"  {relaxation.words}{unproved}"


def _shown(lines: Sequence[str]) -> list[str]:
    more = [f"  and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return [*lines[:MOST_LINES], *more]


def refuse_no_rules(scenario: Scenario) -> None:
    """Refuse a scenario that does not merge."""
    if scenario.method != "merge":
        fault = f'method "{scenario.method}" has no rules to explain'
        raise ScenarioError([scenario.fault("method", fault, 'Choose a scenario of "merge".')])


def explain(problem: Problem, *, time_limit_s: float = TIME_LIMIT_S) -> Explanation:
    """Explain why a scenario has no plan, or what each of its rules costs.

    Parameters
    ----------
    problem
        The problem of a merge scenario.
    time_limit_s
        Seconds for everything; what could not be proved in time is said to be unproved.

    Returns
    -------
    The explanation.

    Raises
    ------
    ScenarioError
        If the scenario's method is another than merge.
    """
    scenario = problem.scenario
    refuse_no_rules(scenario)
    refuse_divided(problem)
    lab = Lab(problem, time_limit_s=time_limit_s)
    proof: dict[str, object] = {}
    with within(time_limit_s):
        verdict: Verdict = "UNKNOWN"
        try:
            verdict, proof = _proved(lab)
            if verdict == "FEASIBLE":
                return _priced(lab, proof, time_limit_s)
            if verdict == "INFEASIBLE":
                return _diagnosed(lab, proof)
        except NoPlanFoundError as error:
            proof |= {"why": str(error)}
    proof["n_trials"] = lab.n_trials
    status: Status = "INFEASIBLE" if verdict == "INFEASIBLE" else "UNKNOWN"
    return Explanation(
        scenario.option,
        scenario.title,
        status,
        verdict == "FEASIBLE",
        proof,
        {},
        notes=("The time ran out: what is not listed was not tried.",),
    )


def _proved(lab: Lab) -> tuple[Verdict, dict[str, object]]:
    """Decide by CP-SAT and, apart from it, by all plans as states."""
    problem = lab.problem
    groups = candidate_groups(problem)
    verdict = of_cp_sat = lab.solved(groups, problem.scenario)
    outcome = sweep(problem, groups, [[0] * len(groups)], max_states=SWEEP_STATES)
    n_plans = None if outcome is None else outcome.n_plans
    if n_plans is None:
        why = "the time ran out before" if is_over() else "the map has too many states for"
        said = f"by one method: {why} the second"
    elif of_cp_sat == "UNKNOWN":
        verdict = "FEASIBLE" if n_plans else "INFEASIBLE"
        said = "by one method: the other was not finished in time"
    else:
        agrees = (n_plans > 0) == (verdict == "FEASIBLE")
        said = "by two methods that agree" if agrees else "two methods disagree: report this"
    return verdict, {
        "cp_sat_status": of_cp_sat,
        "n_units": len(problem.units),
        "n_candidates": len(groups),
        "n_legal_plans": n_plans,
        "second_method": said,
    }


def _diagnosed(lab: Lab, proof: dict[str, object]) -> Explanation:
    problem = lab.problem
    scenario = problem.scenario
    families = rule_families(problem)
    unplaced = in_time(lambda: unplaced_units(lab), ())
    clash = in_time(lambda: find_clash(lab, families), Clash(families, is_smallest=False))
    directions = directions_of(scenario, families, lab.maxima[-1])
    # A direction that leaves the whole clash in place cannot help.
    hopeful = [d for d in directions if d.family in clash.rules]
    singles, failed, unsettled = single_relaxations(lab, hopeful)
    useless = {d.key for d in (*failed, *(d for d in directions if d not in hopeful))}
    hopeless = [d for d in directions if d.key in useless]
    combined = combined_relaxations(lab, hopeless, clash.rules)
    proof["n_trials"] = lab.n_trials
    return Explanation(
        label=scenario.option,
        title=scenario.title,
        status="INFEASIBLE",
        is_feasible=False,
        proof=proof,
        objective={},
        unplaced=unplaced,
        stuck_units=() if unplaced else in_time(lambda: stuck_units(lab), ()),
        areas=in_time(lambda: areas_without_plan(lab), ()),
        clash=clash,
        rules={one: rule_words(problem, one) for one in dict.fromkeys((*families, *clash.rules))},
        relaxations=singles,
        hopeless=tuple(d.key for d in hopeless),
        unsettled=tuple(d.key for d in unsettled),
        combined=combined,
        notes=(*sums(scenario, lab.pupils), *_tried(lab, failed), *_notes(lab)),
    )


def _tried(lab: Lab, failed: Sequence[Direction]) -> tuple[str, ...]:
    """Say how far the maximum was raised in vain, where that is not all the way."""
    highest = lab.maxima[-1]
    if highest >= sum(lab.pupils) or all(d.key != "size.max" for d in failed):
        return ()
    return (f"A maximum of more than {highest:,} pupils was not tried: too many groups to list.",)


def _notes(lab: Lab) -> tuple[str, ...]:
    return ("The time ran out: what is not listed was not tried.",) if lab.left_s <= 0 else ()


def _priced(lab: Lab, proof: dict[str, object], time_limit_s: float) -> Explanation:
    scenario = lab.problem.scenario
    clerk = _Clerk(lab)
    status, base = clerk.best(scenario, limit_s=time_limit_s)
    families = rule_families(lab.problem)
    limit_s = time_limit_s * PRICE_SHARE
    prices = tuple(_price(clerk, family, base, limit_s=limit_s) for family in families)
    proof["n_trials"] = lab.n_trials
    return Explanation(
        label=scenario.option,
        title=scenario.title,
        status=status,
        is_feasible=True,
        proof=proof,
        objective=base,
        prices=prices,
        rules={family: rule_words(lab.problem, family) for family in families},
        notes=_notes(lab),
    )


class _Clerk:
    """Finds best plans, and knows when two scenarios have the same plans to choose from."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.known: dict[tuple[object, ...], tuple[Status, dict[str, float]]] = {}

    def best(self, scenario: Scenario, *, limit_s: float) -> tuple[Status, dict[str, float]]:
        """Find the best plan: what is proved of it, and its value in each term."""
        lab = self.lab
        if not lab.is_in_reach(Trial(scenario)):
            return "UNKNOWN", {}
        changed = lab.changed(Trial(scenario))
        groups = candidate_groups(changed)
        # What a group costs may hang on the rule that was given up: where clusters meet is one.
        asked = [term for term in scenario.asked_terms if lookup(term).is_of_groups]
        choice = tuple((g.mask, g.is_exception, *(g.costs[t] for t in asked)) for g in groups)
        keeping = robust_keeping(changed, groups)
        key = (choice, keeping, scenario.count, tuple(scenario.most_of.items()))
        if key not in self.known:
            limit_s = min(limit_s, max(lab.left_s, 0.0))
            self.known[key] = self._solved(changed, groups, keeping, limit_s)
        return self.known[key]

    def _solved(
        self,
        problem: Problem,
        groups: Sequence[CandidateGroup],
        keeping: Keeping | None,
        limit_s: float,
    ) -> tuple[Status, dict[str, float]]:
        self.lab.n_trials += 1
        swept = self._swept(problem, groups)
        if swept is not None:
            return "OPTIMAL", swept
        try:
            cover = best_cover(
                groups,
                problem.scenario,
                len(self.lab.names),
                keeping=keeping,
                time_limit_s=limit_s,
            )
        except NoPlanFoundError:
            return "UNKNOWN", {}
        return cover.status, {s.term: s.objective for s in cover.stages if s.term != TIE_BREAK}

    def _swept(self, problem: Problem, groups: Sequence[CandidateGroup]) -> dict[str, float] | None:
        """Find the best plan by the sweep, where that is quick and the objective is a sum."""
        objective = problem.scenario.objective
        if not all(row.adds_up for row in objective.rows):
            return None
        costs = group_costs(groups, objective, seed=0)
        outcome = sweep(problem, groups, list(costs.values()), max_states=PRICE_STATES)
        if outcome is None or outcome.best is None:
            return None
        best = zip(costs, outcome.best, strict=True)
        scales = stage_scales(objective)
        return {term: float(value / scales[term]) for term, value in best if term != TIE_BREAK}


def _looser(problem: Problem, family: str) -> tuple[Scenario, str]:
    """Give a scenario without a rule, and what was done in words."""
    if family in LOOSER:
        return LOOSER[family](problem.scenario)
    return without(problem.scenario, [family]), f"Without the {rule_words(problem, family)}"


def rule_words(problem: Problem, family: str) -> str:
    if family not in FAMILIES:
        return entry_words(problem, family)
    row = FAMILIES[family]
    values = {key.rpartition(".")[2]: problem.scenario.at(key) or 0 for key in row.free}
    values |= {key: so_many(n) for key, n in values.items() if key.endswith("_pupils")}
    listed = {key: ", ".join(value) for key, value in values.items() if isinstance(value, dict)}
    return row.words.format(**values | listed)


def _price(clerk: _Clerk, family: str, base: dict[str, float], *, limit_s: float) -> Price:
    scenario, said = _looser(clerk.lab.problem, family)
    status, objective = clerk.best(scenario, limit_s=limit_s)
    better = next((t for t in objective if objective[t] != base.get(t, objective[t])), None)
    if status == "UNKNOWN":
        return _bounded(clerk, family, scenario, said, base)
    is_free = status == "OPTIMAL" and better is None
    if is_free:
        words = f"{said}: nothing changes, the rule is free"
    elif better is None or objective[better] > base[better]:
        words = f"{said}: not proved in time whether a better plan exists"
    else:
        unproved = "" if status == "OPTIMAL" else " or better (not proved)"
        found = amount(better, objective[better])
        words = f"{said}: {found}{unproved} instead of {number(base[better])}"
    return Price(family, said, status, objective, is_free, words)


def _bounded(
    clerk: _Clerk, family: str, scenario: Scenario, said: str, base: dict[str, float]
) -> Price:
    """Say how much a rule can cost at the most, where its price was not found."""
    problem = clerk.lab.changed(Trial(scenario))
    for term, value in base.items():
        bound = lower_bound(problem, term, known=value)
        if bound < value:
            saved = value - bound
            words = (
                f"{said}: not proved in time; at best {amount(term, bound)} instead of "
                f"{number(value)}, so the rule costs {number(saved)} at most "
                f"({saved / value:.0%})"
            )
            return Price(family, said, "UNKNOWN", {}, False, words, {term: bound})  # noqa: FBT003
    words = f"{said}: nothing changes, the rule is free"
    return Price(family, said, "OPTIMAL", dict(base), True, words)  # noqa: FBT003
