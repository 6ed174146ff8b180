"""The redraw against brute force, where units are a mixture, hubs are given, or weights are."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cluster_optimiser.errors import InfeasibleError
from cluster_optimiser.optimise.redraw.search import FEW
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.terms import lookup
from cluster_optimiser.verification import verify_plan
from tests.effort import examples
from tests.optimise.redraw.test_solve import partitions
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from cluster_optimiser.domain import Plan, Problem
    from cluster_optimiser.verification import Verification

# Brute force takes too long to make a failing map smaller, which would try hundreds of them.
PHASES = (Phase.explicit, Phase.generate)
TERMS = (
    "count",
    "joins",
    "exceptions",
    "pupil_minutes",
    "deviation",
    "changed_pupils",
    "misaligned.district",
    "border_km",
    "longest_minutes",
)


def values(problem: Problem, truth: Verification) -> tuple[float, ...]:
    """Give what is minimised: the terms in order, or their weighted sum."""
    objective = problem.scenario.objective
    if objective.weights:
        weights = objective.weights.items()
        exact = (Fraction(str(w)) * Fraction(str(truth.objective[t] or 0)) for t, w in weights)
        return (float(sum(exact, Fraction(0))),)
    return tuple(float(truth.objective[t] or 0) for t in objective.order)


def best_by_hand(problem: Problem) -> tuple[float, ...] | None:
    """Try every partition of the units, judged by the independent check alone."""
    units = list(problem.units.index)
    exempt = problem.exempt_of.to_dict()
    most = problem.scenario.count.max or len(units)
    best: tuple[float, ...] | None = None
    for groups in partitions(list(range(len(units)))):
        if len(groups) > most:
            continue
        cluster_of = {units[i]: str(n) for n, group in enumerate(groups) for i in group}
        plan = pd.Series(problem.unit_of.map(cluster_of).to_dict() | exempt)
        truth = verify_plan(problem, plan.reindex(problem.authority.schools.index))
        if not truth.violations:
            found = values(problem, truth)
            best = found if best is None else min(best, found)
    return best


def agrees(problem: Problem, engine: str) -> bool:
    """Tell whether there is a plan, having compared the best with brute force.

    Solved as it is, and as a map of many units is.
    """
    best = best_by_hand(problem)
    for few in (FEW, 0):
        if best is None:
            with pytest.raises(InfeasibleError):
                solve_redraw(problem, engine=engine, few=few)
        else:
            _is_best(problem, solve_redraw(problem, engine=engine, few=few), best)
    return best is not None


def _is_best(problem: Problem, plan: Plan, best: tuple[float, ...]) -> None:
    truth = verify_plan(problem, plan.assignment)
    assert truth.violations == ()
    assert plan.solution.status == "OPTIMAL"
    assert values(problem, truth) == best
    stages = tuple(round(stage.objective, 6) for stage in plan.solution.stages)
    assert stages == pytest.approx(best, rel=1e-12, abs=1e-6)


# --- random maps ----------------------------------------------------------------------------

WEIGHTS = st.fixed_dictionaries(
    {},
    optional={
        term: st.sampled_from([0.0000001, 0.25, 1.0, 12.5])
        for term in TERMS
        if lookup(term).adds_up
    },
).filter(bool)


@st.composite
def tables_of(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """Draw the rules of a scenario, its pins and exceptions naming some of the names."""
    low = draw(st.sampled_from([100, 300, 500]))
    size: dict[str, Any] = {
        "min_pupils": low,
        "max_pupils": low + draw(st.sampled_from([300, 500, 900])),
        "max_exceptions": draw(st.integers(0, 2)),
    }
    if draw(st.booleans()):
        size["exceptions"] = sorted(draw(st.sets(st.sampled_from(names), max_size=4)))
    if draw(st.integers(0, 2)) == 0:
        size["max_schools"] = draw(st.integers(2, 4))
    pair = st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True)
    tables: dict[str, Any] = {
        "size": size,
        "redraw": {"shape": draw(st.sampled_from(["free", "free", "towards the hub"]))},
        "pins": draw(
            st.fixed_dictionaries(
                {}, optional={how: st.lists(pair, max_size=1) for how in ("together", "apart")}
            )
        ),
        "count": draw(st.sampled_from([{}, {"min": 2}, {"min": 2, "max": 3}])),
        "secondary": {"min": draw(st.sampled_from([0, 1]))},
    }
    tables["redraw"]["hubs"] = draw(
        st.sampled_from(["secondary", "any", [100_001, 100_003, 100_006], [100_002, 100_005]])
    )
    if draw(st.integers(0, 3)) == 0 and tables["redraw"]["hubs"] != "any":
        size |= {"of": "hub", "places": "places", "tolerance": draw(st.sampled_from([0.4, 0.95]))}
    if draw(st.integers(0, 3)) == 0:
        least = draw(st.sampled_from([0, 250, 400]))
        own = {"min_pupils": least, "max_pupils": low + 350}
        size["clusters"] = {draw(st.sampled_from(names)): own}
    if draw(st.booleans()):
        tables["contiguity"] = {
            "max_minutes": draw(st.sampled_from([3.5, 4.2, 5.2])),
            "barriers": draw(st.lists(pair, max_size=1)),
        }
    if draw(st.booleans()):
        tables["objective"] = {"weights": draw(WEIGHTS)}
    else:
        order = draw(st.permutations(TERMS))
        tables["objective"] = {"order": order[: draw(st.integers(1, 3))]}
    return tables


def _schools(draw: st.DrawFn, letters: str, columns: int) -> dict[str, list[ToySchool]]:
    schools: dict[str, list[ToySchool]] = {}
    for i, letter in enumerate(letters):
        phase = "secondary" if i % 3 == 0 or draw(st.booleans()) else "primary"
        pupils = draw(st.integers(0, 4)) * 100 + draw(st.integers(0, 1)) * 37
        columns_of = {"places": 250 + 50 * (i % 4)}
        school = ToySchool(phase, pupils, divmod(i, columns), columns_of)
        schools.setdefault(letter, []).append(school)
    return schools


@st.composite
def all_schools(draw: st.DrawFn) -> Problem:
    """Draw six schools with a seventh, exempt one among them; all six are units."""
    letters = "AABBBCC" if draw(st.booleans()) else "ABBACCB"
    columns = draw(st.sampled_from([7, 4]))
    schools = _schools(draw, letters, columns)
    exempt = schools["B"].pop()
    schools["B"].append(ToySchool("special", 11, exempt.square))
    padded = letters.ljust(-(-7 // columns) * columns, ".")
    rows = [padded[k : k + columns] for k in range(0, len(padded), columns)]
    names = ["A", "C", "URN 100001", "URN 100002", "URN 100003", "URN 100004"]
    return toy_problem(
        " ".join(rows),
        schools=schools,
        layers={"district": " ".join(["xyyxyxx"[: len(r)] for r in rows])},
        exempt=[{"name": "Special", "where": {"phase": "special"}}],
        method="redraw",
        units="schools",
        **draw(tables_of(names)),
    )


@st.composite
def mixtures(draw: st.DrawFn) -> Problem:
    """Draw a town of four schools, in one of two clusters or an area of a layer, and four around.

    The area ``x`` cuts clusters: some of their schools may be reassigned, the rest stay together.
    """
    schools = _schools(draw, "AABBCCDDEE", 5)
    town = draw(st.sampled_from([["B"], ["B", "C"], ["x"]]))
    names = ["A", "D", "E", *(["B"] if town == ["B", "C"] else [])]
    if town != ["x"]:
        names.append("URN 100003")
    return toy_problem(
        "AABBC CDDEE",
        schools=schools,
        layers={"district": ".xxx. ....."},
        urban={"areas": town},
        method="redraw",
        **draw(tables_of(names)),
    )


@st.composite
def lived_in(draw: st.DrawFn) -> Problem:
    """Draw six areas with the pupils who live there; schools lie in four of them."""
    schools = {
        letter: [
            ToySchool("homes", draw(st.integers(0, 4)) * 100, columns={"places": 0}),
            *(
                ToySchool(phase, 0, columns={"places": 300 + 50 * i})
                for phase in {"A": ["secondary", "primary"], "B": [], "E": []}.get(
                    letter, ["secondary"]
                )
            ),
        ]
        for i, letter in enumerate("ABCDEF")
    }
    tables = draw(tables_of(["A", "B", "D", "E"]))
    objective = tables["objective"]
    if isinstance(objective.get("order"), list | tuple):
        kept = [term for term in objective["order"] if term != "changed_pupils"]
        objective["order"] = kept or ["pupil_minutes"]
    else:
        objective["weights"].pop("changed_pupils", None)
        objective["weights"].setdefault("pupil_minutes", 1.0)
    tables["redraw"]["hubs"] = draw(st.sampled_from(["secondary", "any"]))
    if tables["redraw"]["hubs"] == "any":
        for key in ("of", "places", "tolerance"):
            tables["size"].pop(key, None)
    return toy_problem(
        draw(st.sampled_from(["AABBC DDEFF", "AAABC DEEFF"])),
        schools=schools,
        layers={"district": "xxxyy xxxyy"},
        method="redraw",
        units="areas",
        **tables,
    )


@settings(max_examples=examples(12), phases=PHASES, deadline=None, derandomize=True)
@given(lived_in(), st.sampled_from(["CP-SAT", "HiGHS"]))
def test_the_best_redraw_of_areas_where_pupils_live(problem: Problem, engine: str) -> None:
    agrees(problem, engine)


@settings(max_examples=examples(25), phases=PHASES, deadline=None, derandomize=True)
@given(all_schools(), st.sampled_from(["CP-SAT", "HiGHS"]))
def test_the_best_redraw_of_all_schools(problem: Problem, engine: str) -> None:
    agrees(problem, engine)


@pytest.mark.thorough
@settings(max_examples=examples(20), phases=PHASES, deadline=None, derandomize=True)
@given(mixtures(), st.sampled_from(["CP-SAT", "HiGHS"]))
def test_the_best_redraw_of_a_town_among_whole_clusters(problem: Problem, engine: str) -> None:
    agrees(problem, engine)


# --- each rule where it decides what is best --------------------------------------------------

ROW = {
    "A": [ToySchool("secondary", 300), ToySchool("primary", 100)],
    "B": [ToySchool("primary", 100), ToySchool("secondary", 300)],
    "C": [ToySchool("primary", 90), ToySchool("secondary", 250)],
}


def row(**tables: Any) -> Problem:
    """Give six schools in a row: S P P S P S."""
    scenario: dict[str, Any] = {
        "method": "redraw",
        "units": "schools",
        "size": {"min_pupils": 300, "max_pupils": 600},
        "objective": {"order": ["pupil_minutes"]},
    }
    return toy_problem("AABBCC", schools=ROW, **{**scenario, **tables})


def clusters_of(problem: Problem) -> set[tuple[int, ...]]:
    assert agrees(problem, "CP-SAT")
    plan = solve_redraw(problem).assignment
    return {tuple(int(u) - 100_000 for u in urns) for urns in plan.groupby(plan).groups.values()}


def test_without_more_rules_the_best_are_the_ways_to_the_nearest_hub() -> None:
    assert clusters_of(row()) == {(1, 2), (3, 4), (5, 6)}


@pytest.mark.parametrize(
    ("order", "clusters", "changed"),
    [
        (["changed_pupils", "pupil_minutes"], {(1,), (2, 3)}, 0),
        (["pupil_minutes", "changed_pupils"], {(1, 2), (3,)}, 100),
    ],
)
def test_who_changes_cluster_may_come_first(
    order: list[str], clusters: set[tuple[int, ...]], changed: int
) -> None:
    """A school that is nearer to the hub of the cluster beside its own."""
    schools = {
        "A": [ToySchool("secondary", 300)],
        "B": [ToySchool("primary", 100, (0, 1)), ToySchool("secondary", 300, (0, 3))],
    }
    problem = toy_problem(
        "ABBB",
        schools=schools,
        method="redraw",
        units="schools",
        objective={"order": order},
    )
    assert clusters_of(problem) == clusters
    truth = verify_plan(problem, solve_redraw(problem).assignment)
    assert truth.objective["changed_pupils"] == changed


def test_a_cluster_of_today_goes_on_in_one_cluster_only() -> None:
    """Divided in two it would be nearer to its schools, but half of its pupils would change."""
    schools = {"A": [ToySchool("secondary", 300), ToySchool("secondary", 300)]}
    problem = toy_problem(
        "AA",
        schools=schools,
        method="redraw",
        units="schools",
        objective={"order": ["changed_pupils", "pupil_minutes"]},
    )
    assert clusters_of(problem) == {(1, 2)}


def test_hubs_given_by_urn() -> None:
    problem = row(size={"min_pupils": 200, "max_pupils": 900}, redraw={"hubs": [100_002, 100_005]})
    assert agrees(problem, "CP-SAT")
    plan = solve_redraw(problem)
    places = {f.meeting_place_urn for f in verify_plan(problem, plan.assignment).clusters.values()}
    assert places <= {100_002, 100_005}


def test_hubs_that_any_school_may_be() -> None:
    size = {"min_pupils": 0, "max_pupils": 900}
    anywhere = row(size=size, redraw={"hubs": "any"}, secondary={"min": 0})
    assert len(clusters_of(anywhere)) == 6
    assert len(clusters_of(row(size=size))) == 3


def test_pinned_together_and_apart() -> None:
    assert clusters_of(row(pins={"together": [["URN 100002", "URN 100003"]]})) != clusters_of(row())
    size = {"min_pupils": 0, "max_pupils": 900}
    apart = row(size=size, pins={"apart": [["URN 100005", "URN 100006"]]})
    assert {c for c in clusters_of(apart) if 5 in c} == {(3, 4, 5)}


@pytest.mark.parametrize(("named", "n_small"), [(["C"], 1), (["URN 100005"], 0)])
def test_an_exception_is_made_of_those_named_only(named: list[str], n_small: int) -> None:
    size = {"min_pupils": 350, "max_pupils": 900, "max_exceptions": 1, "exceptions": named}
    problem = row(size=size)
    assert agrees(problem, "CP-SAT")
    truth = verify_plan(problem, solve_redraw(problem).assignment)
    assert truth.objective["exceptions"] == n_small


def test_neighbours_too_long_a_drive_apart_are_not_joined() -> None:
    """The way round by road between the third and the fourth school is too long."""
    schools = {
        name: [ToySchool(phase, 100, square) for phase, square in held]
        for name, held in {
            "A": [("secondary", (0, 0)), ("primary", (0, 1))],
            "B": [("primary", (0, 2)), ("secondary", (0, 4))],
        }.items()
    }
    tables: dict[str, Any] = {
        "schools": schools,
        "method": "redraw",
        "units": "schools",
        "objective": {"order": ["pupil_minutes"]},
    }
    free = toy_problem("AABBB", **tables)
    assert free.dual.has_edge("URN 100003", "URN 100004")
    near = toy_problem("AABBB", contiguity={"max_minutes": 4}, **tables)
    assert not near.dual.has_edge("URN 100003", "URN 100004")
    assert (1, 2) in clusters_of(free)
    assert clusters_of(near) == {(1, 2, 3), (4,)}


# --- larger maps, where not every plan can be tried ------------------------------------------


def two_areas(order: list[str]) -> Problem:
    """Give 24 schools in two areas that no cluster crosses, a third of them secondary."""
    letters = "AABBCC" + "AABDCC" + "AEEDDF" + "EEGGFF"
    schools: dict[str, list[ToySchool]] = {}
    for i, letter in enumerate(letters):
        phase = "secondary" if i % 4 == 1 or letter not in schools else "primary"
        school = ToySchool(phase, 90 + 17 * (i * i % 13), divmod(i, 6))
        schools.setdefault(letter, []).append(school)
    return toy_problem(
        " ".join(letters[k : k + 6] for k in range(0, 24, 6)),
        schools=schools,
        layers={"consortium": "xxxyyy xxxyyy xxxyyy xxxyyy"},
        method="redraw",
        units="schools",
        within=["consortium"],
        size={"min_pupils": 500, "max_pupils": 1200, "max_exceptions": 1},
        objective={"order": order},
    )


@pytest.mark.parametrize("order", [["count", "pupil_minutes"], ["pupil_minutes"]])
def test_no_school_moved_and_no_two_swapped_make_a_better_plan(order: list[str]) -> None:
    """A necessary sign of the best: its neighbours, judged by the check alone, are no better."""
    problem = two_areas(order)
    plan = solve_redraw(problem)
    assert plan.solution.status == "OPTIMAL"
    best = values(problem, verify_plan(problem, plan.assignment))
    urns, names = list(plan.assignment.index), sorted(set(plan.assignment))
    tried = [{urn: name} for urn in urns for name in [*names, "a new one"]]
    tried += [
        {a: plan.assignment[b], b: plan.assignment[a]} for k, a in enumerate(urns) for b in urns[:k]
    ]
    n_legal = 0
    for moves in tried:
        other = plan.assignment.copy()
        other.loc[list(moves)] = list(moves.values())
        truth = verify_plan(problem, other)
        if not truth.violations:
            n_legal += 1
            assert values(problem, truth) >= best
    assert n_legal > len(urns)


@pytest.mark.parametrize("count", [{}, {"min": 4}, {"max": 2}, {"min": 3, "max": 3}])
@pytest.mark.parametrize(
    "order",
    [
        ["count", "pupil_minutes"],
        ["joins", "pupil_minutes"],
        ["pupil_minutes"],
        ["longest_minutes", "joins"],
        ["deviation", "joins"],
    ],
)
def test_each_order_with_each_number(order: list[str], count: dict[str, int]) -> None:
    """Of two rows of hubs; random maps mostly have no plan, or one number."""
    pupils = (310, 120, 260, 190, 140, 230)
    schools = {a: [ToySchool("secondary", n)] for a, n in zip("ABCDEF", pupils, strict=True)}
    size = {"min_pupils": 230, "max_pupils": 700, "max_exceptions": 1, "target_pupils": 420}
    for within in ([], ["district"]):
        problem = toy_problem(
            "ABC DEF",
            schools=schools,
            layers={"district": "xxx yyy"},
            method="redraw",
            units="schools",
            within=within,
            size=size,
            count=count,
            objective={"order": order},
        )
        agrees(problem, "CP-SAT")
