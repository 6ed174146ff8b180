"""A map of many units: what a time limit leaves, strays that cost nothing, and what is told."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from cluster_optimiser.errors import NoPlanFoundError
from cluster_optimiser.optimise.redraw import lexicographic
from cluster_optimiser.optimise.redraw import prove as proving
from cluster_optimiser.optimise.redraw import search as searching
from cluster_optimiser.optimise.redraw.engines import CpSat, EngineOutcome, Highs
from cluster_optimiser.optimise.redraw.fractions import DUAL_SCALE, Fractions
from cluster_optimiser.optimise.redraw.legal import (
    is_legal_plan,
    with_idle_units_near,
    with_strays_moved,
)
from cluster_optimiser.optimise.redraw.lexicographic import solve_part
from cluster_optimiser.optimise.redraw.linear import LinearObjective
from cluster_optimiser.optimise.redraw.model import Limits, build_model
from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.optimise.redraw.search import How, Search
from cluster_optimiser.optimise.redraw.solve import ENGINES, solve_redraw
from cluster_optimiser.optimise.redraw.terms import objective_of, value_of
from cluster_optimiser.progress import Progress, listening
from cluster_optimiser.verification import verify_plan
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    import pandas as pd

    from cluster_optimiser.domain import Problem
    from cluster_optimiser.optimise.redraw.linear import LinearModel
    from cluster_optimiser.optimise.redraw.model import Assignment


def lumpy(most: int = 700) -> Problem:
    """Give a map whose sizes do not add up without dividing a school."""
    pupils = [[300, 200, 100], [100, 300, 200], [200, 200, 100]]
    schools = {
        name: [
            ToySchool("secondary" if column == row else "primary", held, (row, column))
            for column, held in enumerate(pupils[row])
        ]
        for row, name in enumerate("ABC")
    }
    return toy_problem(
        "AAA BBB CCC",
        schools=schools,
        method="redraw",
        units="schools",
        layers={"district": "xxy xyy xyy"},
        size={"min_pupils": 400, "max_pupils": most},
        objective={"order": ["pupil_minutes"]},
    )


@pytest.mark.parametrize("most", [600, 700, 1000])
def test_both_ways_of_solving_prove_the_same(most: int) -> None:
    problem = lumpy(most)
    as_it_is = solve_redraw(problem)
    bounded_first = solve_redraw(problem, few=0, engine="HiGHS")
    assert bounded_first.solution.status == "OPTIMAL"
    (one,), (other,) = as_it_is.solution.stages, bounded_first.solution.stages
    assert (one.objective, one.bound) == (other.objective, other.bound)
    assert bounded_first.solution.proof.record()["engine"] == "HiGHS"


@dataclass
class Stopping:
    """An engine that is stopped: it has a solution, and a bound that is below it."""

    name = "stopping"

    def solve(self, model: LinearModel, objective: LinearObjective, *_: object) -> EngineOutcome:
        """Give what HiGHS finds, as if it had not been proved."""
        found = Highs().solve(model, objective)
        return EngineOutcome("FEASIBLE", found.values, found.bound - 1_000, found.effort)


@dataclass
class Finding(Stopping):
    """An engine that is stopped before it has found anything."""

    name = "finding"

    def solve(self, model: LinearModel, objective: LinearObjective, *_: object) -> EngineOutcome:
        """Give no solution."""
        del model
        return EngineOutcome("UNKNOWN", None, objective.constant, 0.0)


def test_what_is_not_proved_is_said_with_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    best = solve_redraw(lumpy()).solution.stages[0].objective
    monkeypatch.setitem(ENGINES, "stopping", Stopping)
    # In fractions it would be proved already.
    monkeypatch.setattr(proving, "bound_in_fractions", lambda *_: None)
    plan = solve_redraw(lumpy(), engine="stopping", few=0)
    (stage,) = plan.solution.stages
    assert plan.solution.status == stage.status == "FEASIBLE"
    assert stage.objective == best
    assert best - 10 <= stage.bound < best
    assert stage.gap == pytest.approx((stage.objective - stage.bound) / stage.objective)


@pytest.mark.parametrize("few", [0, 60])
def test_a_number_without_a_solution_in_time_is_open(few: int) -> None:
    how = How(Finding(), engine_of_many=Finding(), few=few)
    plan = solve_part(redraw_ground(lumpy()), range(9), Limits(3, 3, 0), how)
    assert (plan.status, plan.clusters) == ("UNKNOWN", ())


@dataclass
class Bounding(Stopping):
    """An engine that is stopped with a bound alone."""

    def solve(self, model: LinearModel, objective: LinearObjective, *_: object) -> EngineOutcome:
        """Give a bound that is as good as can be."""
        return replace(CpSat().solve(model, objective), status="UNKNOWN", values=None)


@pytest.mark.parametrize("first", ["pupil_minutes", "count", "joins"])
def test_what_bounds_a_later_stage_bounds_no_first_one(first: str) -> None:
    problem = lumpy()
    order = {"order": list(dict.fromkeys([first, "pupil_minutes"]))}
    ground = redraw_ground(replace(problem, scenario=problem.scenario.with_(objective=order)))
    how = How(Bounding())
    plan = solve_part(ground, range(9), Limits(3, 3, 0), how)
    assert (plan.status, plan.bound is None) == ("UNKNOWN", first != "pupil_minutes")


def test_no_solution_in_time_is_no_proof_that_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Rows of today's clusters are no legal plan here, so that there is nothing to begin with.
    monkeypatch.setitem(ENGINES, "finding", Finding)
    monkeypatch.setattr("cluster_optimiser.optimise.redraw.solve.merged_start", lambda *_: [])
    monkeypatch.setattr("cluster_optimiser.optimise.redraw.parts.cut_from_trees", lambda *_: ())
    with pytest.raises(NoPlanFoundError, match="none is proved impossible"):
        solve_redraw(lumpy(), engine="finding", few=0, time_limit_s=1e6)


def test_what_the_core_does_not_give_is_begun_with_an_easier_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A core that finds nothing, a bound that is none, and an engine that is stopped."""
    monkeypatch.setitem(ENGINES, "finding", Finding)
    monkeypatch.setattr("cluster_optimiser.optimise.redraw.solve.merged_start", lambda *_: [])
    monkeypatch.setattr("cluster_optimiser.optimise.redraw.parts.cut_from_trees", lambda *_: ())
    best = solve_redraw(lumpy()).assignment
    begun = [frozenset(g) for g in clusters_of(lumpy(), best)]
    monkeypatch.setattr(
        "cluster_optimiser.optimise.redraw.lexicographic.easy_start", lambda *_: begun
    )
    plan = solve_redraw(lumpy(), engine="finding", few=0, time_limit_s=1e6)
    assert plan.solution.status in {"FEASIBLE", "OPTIMAL"}
    assert sorted(map(sorted, clusters_of(lumpy(), plan.assignment))) == sorted(map(sorted, begun))


def test_a_map_of_many_units_has_a_plan_though_no_number_is_settled_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Begun with the nearest hubs; then every number of clusters runs out of time."""
    monkeypatch.setattr("cluster_optimiser.optimise.redraw.solve.merged_start", lambda *_: [])
    solve, n_solves = lexicographic._solve_stages, itertools.count()

    def once(*given: Any, **more: Any) -> lexicographic.PartPlan:
        begun = next(n_solves) == 0
        return solve(*given, **more) if begun else lexicographic.PartPlan("UNKNOWN")

    monkeypatch.setattr(lexicographic, "_solve_stages", once)
    problem = lumpy()
    fewest = problem.scenario.with_(objective={"order": ["count"]})
    plan = solve_redraw(replace(problem, scenario=fewest), few=0, time_limit_s=1e6)
    (stage,) = plan.solution.stages
    assert verify_plan(problem, plan.assignment).violations == ()
    assert (stage.status, stage.bound) == ("FEASIBLE", math.ceil(1_600 / 700))


@pytest.mark.parametrize("engine", ["CP-SAT", "HiGHS"])
def test_a_number_that_is_open_after_the_first_round_is_settled_in_another(
    monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    solve = lexicographic._solve_stages
    best = solve_redraw(lumpy())

    def only(*given: Any, **more: Any) -> lexicographic.PartPlan:
        how = next(one for one in given if isinstance(one, How))
        is_asked = how.few == 0 and how.engine_of_many.name == engine
        return solve(*given, **more) if is_asked else lexicographic.PartPlan("UNKNOWN")

    monkeypatch.setattr(lexicographic, "_solve_stages", only)
    plan = solve_redraw(lumpy(), time_limit_s=1e6)
    assert plan.solution.status == "OPTIMAL"
    assert plan.solution.stages[0].objective == best.solution.stages[0].objective


def clusters_of(problem: Problem, assignment: pd.Series) -> list[list[int]]:
    """Give the positions of the units of each cluster."""
    at = {str(name): i for i, name in enumerate(problem.units.index)}
    return [
        [at[str(problem.unit_of[urn])] for urn in urns]
        for urns in assignment.groupby(assignment).groups.values()
    ]


@dataclass
class Worsening(Stopping):
    """An engine that is stopped at the worst solution there is."""

    name = "worsening"

    def solve(self, model: LinearModel, objective: LinearObjective, *_: object) -> EngineOutcome:
        """Give what costs most."""
        upside_down = LinearObjective(tuple((-c, v) for c, v in objective.terms))
        found = Highs().solve(model, upside_down)
        return EngineOutcome("FEASIBLE", found.values, objective.constant, found.effort)


@pytest.mark.parametrize("few", [0, 125])
def test_a_worse_solution_does_not_take_the_place_of_the_start(few: int) -> None:
    problem = lumpy()
    ground = redraw_ground(problem)
    best = solve_redraw(problem)
    start = [frozenset(units) for units in clusters_of(problem, best.assignment)]
    how = How(Worsening(), engine_of_many=Worsening(), few=few)
    plan = solve_part(ground, range(9), Limits(1, 9, 0), how, start=start)
    assert set(plan.clusters) == set(start)
    assert plan.stages[0].value == round(best.solution.stages[0].objective * 100)


@pytest.mark.parametrize(("again", "is_best"), [((), False), ((2,), True)])
def test_what_a_stopped_engine_leaves_is_bettered_bit_by_bit(
    monkeypatch: pytest.MonkeyPatch, again: tuple[int, ...], is_best: bool
) -> None:
    problem = lumpy()
    ground = redraw_ground(problem)
    best = round(solve_redraw(problem).solution.stages[0].objective * 100)
    monkeypatch.setattr(proving, "bound_in_fractions", lambda *_: None)
    monkeypatch.setattr(proving, "CORE_PAIRS", 0)
    monkeypatch.setattr(proving, "AGAIN", again)
    how = How(CpSat(), engine_of_many=Worsening(), few=0)
    plan = solve_part(ground, range(9), Limits(3, 3, 0), how)
    assert is_legal_plan(ground, plan.clusters, is_shaped=False)
    assert (len(plan.clusters), plan.stages[0].value == best) == (3, is_best)


def test_a_cluster_that_gave_away_what_it_needed_is_drawn_anew() -> None:
    ground = redraw_ground(
        toy_problem(
            "ABCD",
            schools={name: [ToySchool("secondary", 100)] for name in "ABCD"},
            method="redraw",
            units="schools",
            size={"min_pupils": 200, "max_pupils": 300},
        )
    )
    short = [frozenset({0}), frozenset({1, 2, 3})]
    found = lexicographic.repaired(ground, short, How(CpSat()))
    assert found == [frozenset({0, 1}), frozenset({2, 3})]


def test_a_listener_hears_the_plan_and_the_bound_meet() -> None:
    heard: list[Progress] = []
    with listening(heard.append):
        plan = solve_redraw(lumpy(), few=0)
    (stage,) = plan.solution.stages
    assert {progress.stage for progress in heard} == {"pupil_minutes"}
    assert heard[-1].objective == heard[-1].bound == stage.objective
    bounds = [progress.bound or 0 for progress in heard]
    assert bounds == sorted(bounds)


def test_a_stray_goes_to_the_neighbour_that_is_cheapest() -> None:
    """A - b - C - D, hubs A and D and C; b belongs to D, which it does not touch."""
    kinds = {"A": "secondary", "B": "primary", "C": "secondary", "D": "secondary"}
    schools = {name: [ToySchool(kind, 100)] for name, kind in kinds.items()}
    ground = redraw_ground(
        toy_problem(
            "ABCD",
            schools=schools,
            method="redraw",
            units="schools",
            size={"min_pupils": 100, "max_pupils": 200},
        )
    )
    a, b, c, d = (frozenset({i}) for i in range(4))
    moved = with_strays_moved(ground, [a, b | d, c], is_shaped=False)
    assert is_legal_plan(ground, moved, is_shaped=False)
    assert moved in ([a | b, c, d], [a, b | c, d])
    # Where neither neighbour has room it stays where it is.
    full = redraw_ground(
        toy_problem(
            "ABCD",
            schools=schools,
            method="redraw",
            units="schools",
            size={"min_pupils": 0, "max_pupils": 200},
            pins={"apart": [["A", "B"], ["B", "C"]]},
        )
    )
    assert with_strays_moved(full, [a, b | d, c], is_shaped=False) == [a, b | d, c]


@pytest.mark.parametrize(
    ("start", "pins"),
    [
        ([{0, 1, 2, 3, 4}, {5}], []),
        ([{0}, {1, 2, 3, 4, 5}], []),
        ([{0, 1, 2, 3}, {4, 5}], [["B", "D"]]),
    ],
)
def test_a_school_whose_pupils_are_unknown_goes_where_it_is_nearest(
    start: list[set[int]], pins: list[list[str]]
) -> None:
    """A row of six, hubs at its ends; those between cost nothing wherever they are."""
    ground = redraw_ground(
        toy_problem(
            "ABCDEF",
            schools={
                name: [ToySchool("secondary" if name in "AF" else "primary", 100 * (name in "AF"))]
                for name in "ABCDEF"
            },
            method="redraw",
            units="schools",
            pins={"together": pins},
        )
    )
    found = with_idle_units_near(ground, list(map(frozenset, start)), is_shaped=False)
    near = [frozenset({0, 1, 2}), frozenset({3, 4, 5})]
    assert found == ([frozenset(units) for units in start] if pins else near)


def test_rows_of_a_school_without_pupils_are_never_left_out() -> None:
    """It fits into every hub, closed ones too, as far as sizes go."""
    schools = {
        name: [ToySchool("secondary", pupils)]
        for name, pupils in zip("ABCDEF", (100, 100, 0, 100, 100, 100), strict=True)
    }
    ground = redraw_ground(toy_problem("ABCDEF", schools=schools, method="redraw", units="schools"))
    a = build_model(ground, range(6), Limits(1, 6, 0))
    reach = proving.bound_in_fractions(a, objective_of(a, "pupil_minutes"), How(CpSat()))
    assert reach is not None
    assert reach.loose
    of_it = {v for (i, _), v in a.x.items() if i == 2}
    assert not any(v in of_it for k in reach.loose for _, v in a.model.rows[k].terms)


def test_nothing_but_the_module_knows_how_large_the_core_is() -> None:
    """However many pairs the core has, what is proved is the same."""
    problem = lumpy()
    best = solve_redraw(problem).solution.stages[0].objective
    for n_pairs in (0, 1, 2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(proving, "CORE_PAIRS", n_pairs)
            plan = solve_redraw(problem, few=0)
        assert plan.solution.status == "OPTIMAL"
        assert plan.solution.stages[0].objective == best


def test_what_a_better_plan_may_cost_is_never_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pair may cost the best plan, which is the most that can be said of it."""
    problem = lumpy()
    ground = redraw_ground(problem)
    best = round(solve_redraw(problem).solution.stages[0].objective * 100)
    known = proving.DualBound(0, dict.fromkeys(ground.cost, best))
    monkeypatch.setattr(proving, "bound_in_fractions", lambda *_: known)
    monkeypatch.setattr(proving, "AGAIN", ())
    monkeypatch.setattr(proving, "CORE_PAIRS", len(ground.cost))
    start = [frozenset({0, 1, 2}), frozenset({3, 4, 5}), frozenset({6, 7, 8})]
    assert best < value_of(ground, "pupil_minutes", start) < 2 * best
    plan = solve_part(ground, range(9), Limits(1, 9, 0), How(CpSat(), few=0), start=start)
    assert (plan.status, plan.stages[0].value) == ("OPTIMAL", best)


def proof_with(search: Search) -> proving._Proof:
    """Give what proves the shortest ways of the map, with what is known of them."""
    a = build_model(redraw_ground(lumpy()), range(9), Limits(1, 9, 0))
    stage, nothing = LinearObjective(()), proving.DualBound(0, {})
    return proving._Proof(
        a, "pupil_minutes", stage, search, How(CpSat()), lambda *_: (), lambda *_: (), nothing
    )


@pytest.mark.parametrize(("bound", "is_proved"), [(4, False), (5, True), (None, False)])
def test_a_plan_is_proved_by_a_bound_that_it_has(bound: int | None, is_proved: bool) -> None:
    search = Search([frozenset(range(9))], bound=bound, value=5)
    assert proof_with(search).is_proved is is_proved


@pytest.mark.parametrize("spare", [0, -1])
def test_a_plan_that_is_offered_keeps_the_stages_before(spare: int) -> None:
    rows = [frozenset({3 * row, 3 * row + 1, 3 * row + 2}) for row in range(3)]
    ground = redraw_ground(lumpy())
    most = value_of(ground, "deviation", rows) + spare
    proof = proof_with(Search([], held={"deviation": most}))
    proof.offer(rows)
    assert proof.search.clusters == ([] if spare else rows)
    # Nor is it one that leaves out some of the map.
    proof.search.held = {}
    proof.search.clusters = []
    proof.offer(rows[:2])
    assert proof.search.clusters == []


@pytest.mark.parametrize("term", ["pupil_minutes", "misaligned.district"])
def test_rows_that_were_left_out_come_back_where_a_solution_breaks_them(
    monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    problem = lumpy()
    problem = replace(problem, scenario=problem.scenario.with_(objective={"order": [term]}))
    best = solve_redraw(problem).solution.stages[0].objective

    def all_left_out(a: Assignment, *_: object) -> proving.DualBound:
        rows = enumerate(a.model.rows)
        loose = frozenset(k for k, row in rows if row.is_mostly_kept)
        return proving.DualBound(0, dict.fromkeys(a.x, 0), loose)

    monkeypatch.setattr(proving, "bound_in_fractions", all_left_out)
    plan = solve_redraw(problem, few=0, engine="HiGHS")
    assert (plan.solution.status, plan.solution.stages[0].objective) == ("OPTIMAL", best)


@pytest.mark.parametrize("order", [["pupil_minutes"], ["pupil_minutes", "deviation"]])
def test_what_a_later_round_proves_of_the_plan_there_is_is_said(
    monkeypatch: pytest.MonkeyPatch, order: list[str]
) -> None:
    """At first each number has its best plan, but nothing is proved of it."""
    solve = lexicographic._solve_stages
    problem = lumpy()
    scenario = problem.scenario.with_(objective={"order": order})
    problem = replace(problem, scenario=scenario)
    best = solve_redraw(problem).solution

    def unproved_at_first(*given: Any, **more: Any) -> lexicographic.PartPlan:
        plan = solve(*given, **more)
        if next(one for one in given if isinstance(one, How)).few == 0 or not plan.stages:
            return plan
        first = replace(plan.stages[0], status="FEASIBLE", bound=0)
        return replace(plan, status="FEASIBLE", stages=(first,))

    monkeypatch.setattr(lexicographic, "_solve_stages", unproved_at_first)
    found = solve_redraw(problem, time_limit_s=1e6).solution
    assert found.status == "OPTIMAL"
    assert [s.objective for s in found.stages] == [s.objective for s in best.stages]


def test_once_the_time_is_over_no_engine_is_asked() -> None:
    search = Search([frozenset(range(9))], bound=4, value=5)
    proof = proof_with(search)
    proof.how = replace(proof.how, deadline=0.0, engine_of_many=None)
    assert proof.try_all() == "FEASIBLE"
    search.clusters = []
    assert proof.try_all() == "UNKNOWN"


def test_of_numbers_alike_in_the_first_term_the_one_that_is_better_in_the_next_is_found() -> None:
    """The number in the middle, tried first, has no exception; six clusters have no ways."""
    problem = toy_problem(
        "ABCDEF",
        schools={name: [ToySchool("secondary", 100)] for name in "ABCDEF"},
        method="redraw",
        units="schools",
        size={"min_pupils": 100, "max_pupils": 600, "max_exceptions": 1},
        objective={"order": ["exceptions", "pupil_minutes"]},
    )
    solution = solve_redraw(problem, time_limit_s=1e6).solution
    assert solution.status == "OPTIMAL"
    assert [stage.objective for stage in solution.stages] == [0, 0]


@pytest.mark.parametrize("few", [0, 60])
def test_a_stage_is_held_to_the_last_pupil_in_those_that_follow(few: int) -> None:
    """One pupil would have a shorter way in another cluster than today's."""
    schools = {
        "A": [ToySchool("secondary", 100, (0, 0)), ToySchool("primary", 1, (0, 2))],
        "B": [ToySchool("secondary", 100)],
    }
    order = {"order": ["changed_pupils", "pupil_minutes"]}
    problem = toy_problem(
        "AAAB", schools=schools, method="redraw", units="schools", objective=order
    )
    counts = {"min": 2, "max": 2}
    problem = replace(problem, scenario=problem.scenario.with_({"count": counts}))
    plan = solve_redraw(problem, few=few)
    assert verify_plan(problem, plan.assignment).objective["changed_pupils"] == 0
    assert [stage.objective for stage in plan.solution.stages] == [0, 5.0]


def test_where_nothing_was_bounded_in_time_nothing_is_claimed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proving, "bound_in_fractions", lambda *_: None)
    start = [frozenset({3 * row, 3 * row + 1, 3 * row + 2}) for row in range(3)]
    how = How(CpSat(), few=0, deadline=0.0)
    plan = solve_part(redraw_ground(lumpy()), range(9), Limits(3, 3, 0), how, start=start)
    assert (plan.status, list(plan.clusters)) == ("FEASIBLE", start)
    assert plan.stages[0].bound == 0 < plan.stages[0].value


def test_to_join_a_hub_costs_what_the_pair_and_its_opening_do_and_a_hubs_own_unit_that_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a = build_model(redraw_ground(lumpy()), range(9), Limits(1, 9, 0))
    beyond = [n if n % 3 else -n for n in range(len(a.model.upper))]
    reduced = tuple(DUAL_SCALE * cost + 1 for cost in beyond)
    known = Fractions((0.0,) * len(beyond), 7, reduced, is_kept=True)
    monkeypatch.setattr(proving.InFractions, "solve", lambda *_, **__: known)
    reach = proving.bound_in_fractions(a, LinearObjective(()), How(CpSat()))
    assert reach is not None
    assert reach.bound == 7
    for (i, h), v in a.x.items():
        own = a.ground.hubs[h].unit == i
        opening = 0 if own else max(0, beyond[a.open(h)])
        assert reach.extra[i, h] == max(0, beyond[v]) + opening


def test_what_is_offered_to_a_later_stage_is_to_keep_those_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[dict[str, int]] = []
    prove = lexicographic.prove

    def heard(a: Assignment, stage: str, objective: Any, search: Search, *more: Any) -> Any:
        held.append(dict(search.held))
        return prove(a, stage, objective, search, *more)

    monkeypatch.setattr(lexicographic, "prove", heard)
    problem = lumpy()
    order = {"order": ["pupil_minutes", "deviation"]}
    plan = solve_redraw(replace(problem, scenario=problem.scenario.with_(objective=order)), few=0)
    assert held == [{}, {"pupil_minutes": round(plan.solution.stages[0].objective * 100)}]


def test_every_separator_that_is_added_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[int] = []
    add_cuts = searching.add_cuts

    def counted(*given: Any) -> int:
        added.append(add_cuts(*given))
        return added[-1]

    monkeypatch.setattr(searching, "add_cuts", counted)
    pupils = {"A": (400, 400, 200), "B": (100, 100, 100), "C": (400, 300, 100)}
    schools = {
        name: [
            ToySchool("secondary" if column == (name == "B") else "primary", held, (row, column))
            for column, held in enumerate(pupils[name])
        ]
        for row, name in enumerate("ABC")
    }
    problem = toy_problem(
        "AAA BBB CCC",
        schools=schools,
        method="redraw",
        units="schools",
        size={"min_pupils": 500, "max_pupils": 900},
        objective={"order": ["deviation"]},
    )
    plan = solve_redraw(problem)
    assert plan.solution.proof.record()["n_separators"] == sum(added)
    assert len(list(filter(None, added))) > 1


def test_parts_of_few_units_have_an_engine_of_their_own() -> None:
    how = How(CpSat(), few=6)
    assert [how.engine_for(n).name for n in (6, 7)] == ["CP-SAT", "HiGHS"]
