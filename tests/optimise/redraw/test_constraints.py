"""Each constraint of the redraw model alone: kept on its bound, broken one step past.

A path of four schools A-B-C-D, hubs in A and D; what is tested is the rows that a function adds.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from cluster_optimiser.domain import Plan, Solution
from cluster_optimiser.errors import InfeasibleError
from cluster_optimiser.optimise import solve_redraw
from cluster_optimiser.optimise.redraw import model as rules
from cluster_optimiser.optimise.redraw.engines import CpSat, Highs, _lowest
from cluster_optimiser.optimise.redraw.legal import is_legal_cluster, is_legal_plan
from cluster_optimiser.optimise.redraw.linear import LinearModel, LinearObjective
from cluster_optimiser.optimise.redraw.pairs import FAR, RedrawGround, redraw_ground
from cluster_optimiser.optimise.redraw.parts import _span
from cluster_optimiser.optimise.redraw.search import How, add_cuts
from cluster_optimiser.optimise.redraw.separators import is_legal, is_towards
from cluster_optimiser.optimise.redraw.telling import Telling
from cluster_optimiser.optimise.redraw.terms import objective_of, value_of
from cluster_optimiser.verification import verify_plan
from tests.toy import ToySchool, toy_assignment, toy_problem

SCHOOLS = {
    "A": [ToySchool("secondary", 400)],
    "B": [ToySchool("primary", 100)],
    "C": [ToySchool("primary", 200)],
    "D": [ToySchool("secondary", 300)],
}
WEST, EAST = 0, 1


def ground(**scenario: object) -> RedrawGround:
    tables = {"method": "redraw", "units": "schools", **scenario}
    return redraw_ground(toy_problem("ABCD", schools=SCHOOLS, **tables))


def bare(g: RedrawGround, *, exceptions: bool = False) -> rules.Assignment:
    return rules.variables(g, range(4), nearest_hubs=None, allow_exceptions=exceptions)


def keeps(a: rules.Assignment, hubs: str, *, exceptions: tuple[int, ...] = ()) -> bool:
    """Tell whether the assignment of A, B, C, D to hubs ``w`` or ``e`` keeps the rows.

    Helper variables that a row brings with it may take either value.
    """
    values = [0] * len(a.model.upper)
    for i, letter in enumerate(hubs):
        if letter != ".":
            values[a.x[i, WEST if letter == "w" else EAST]] = 1
    for hub in exceptions:
        values[a.exception[hub]] = 1
    known = {*a.x.values(), *a.exception.values(), *a.stands.values()}
    free = [v for v in range(len(values)) if v not in known]
    for pattern in range(2 ** len(free)):
        for k, v in enumerate(free):
            values[v] = pattern >> k & 1
        if a.model.is_kept(values):
            return True
    return False


def test_each_unit_is_assigned_once() -> None:
    a = bare(ground())
    rules.assign_each_unit_once(a)
    assert keeps(a, "wwee")
    assert not keeps(a, "ww.e")
    both = [0] * len(a.model.upper)
    for pair in [(0, WEST), (1, WEST), (1, EAST), (2, EAST), (3, EAST)]:
        both[a.x[pair]] = 1
    assert not a.model.is_kept(both)


def test_only_open_hubs_are_joined() -> None:
    a = bare(ground())
    rules.join_open_hubs_only(a)
    assert keeps(a, "wwee")
    assert not keeps(a, ".wee")


@pytest.mark.parametrize(("least", "most", "kept"), [(500, 500, True), (501, 900, False)])
def test_sizes_from_below(least: int, most: int, kept: bool) -> None:
    a = bare(ground())
    rules.limit_size(a, least, most)
    assert keeps(a, "wwee") is kept


@pytest.mark.parametrize(("most", "kept"), [(500, True), (499, False)])
def test_sizes_from_above(most: int, kept: bool) -> None:
    a = bare(ground())
    rules.limit_size(a, 0, most)
    assert keeps(a, "wwee") is kept


@pytest.mark.parametrize(
    ("west", "tolerance", "kept"),
    [(1_000, 0.5, True), (1_001, 0.5, False), (400, 0.25, True), (399, 0.25, False)],
)
def test_a_cluster_fills_the_places_of_its_hubs(west: int, tolerance: float, kept: bool) -> None:
    """Of its 500 pupils the western one has as many as places, but for the tolerance."""
    places = {"A": west, "B": 0, "C": 0, "D": 500}
    schools = {
        name: [ToySchool(one.phase, one.pupils, columns={"places": places[name]})]
        for name, (one,) in SCHOOLS.items()
    }
    size = {"of": "hub", "places": "places", "tolerance": tolerance}
    tables = {"method": "redraw", "units": "schools", "size": size}
    a = bare(redraw_ground(toy_problem("ABCD", schools=schools, **tables)))
    rules.fill_the_places(a)
    assert keeps(a, "wwee") is kept


def test_an_exception_may_be_under_the_minimum() -> None:
    a = bare(ground(), exceptions=True)
    rules.limit_size(a, 501, 900)
    assert keeps(a, "wwee", exceptions=(WEST, EAST))
    assert not keeps(a, "wwee", exceptions=(WEST,))


def test_exceptions_are_counted_and_of_open_hubs() -> None:
    a = bare(ground(), exceptions=True)
    rules.limit_exceptions(a, 1, frozenset(range(4)))
    assert keeps(a, "wwee", exceptions=(WEST,))
    assert not keeps(a, "wwee", exceptions=(WEST, EAST))
    assert not keeps(a, "wwww", exceptions=(EAST,))


def test_exceptions_are_made_of_named_units_only() -> None:
    a = bare(ground(), exceptions=True)
    rules.limit_exceptions(a, 1, frozenset({0, 1}))
    assert keeps(a, "wwee", exceptions=(WEST,))
    assert not keeps(a, "wwee", exceptions=(EAST,))


@pytest.mark.parametrize(("fewest", "most", "kept"), [(2, 2, True), (3, 4, False), (1, 1, False)])
def test_the_number_of_clusters(fewest: int, most: int, kept: bool) -> None:
    a = bare(ground())
    rules.limit_count(a, fewest, most)
    assert keeps(a, "wwee") is kept


@pytest.mark.parametrize(
    ("tables", "kept", "broken"),
    [
        ({"secondary": {"min": 1}}, "wwee", ""),
        ({"secondary": {"min": 2}}, "wwww", "wwee"),
        ({"size": {"max_schools": 2}, "secondary": {"min": 0}}, "wwee", "wwwe"),
        ({"size": {"max_schools": 4}, "secondary": {"min": 0}}, "wwww", ""),
    ],
)
def test_quotas(tables: dict[str, object], kept: str, broken: str) -> None:
    a = bare(ground(**tables))
    rules.keep_quotas(a)
    assert keeps(a, kept)
    assert not broken or not keeps(a, broken)


def test_units_pinned_together() -> None:
    a = bare(ground())
    rules.keep_together(a, [frozenset({1, 2})])
    assert keeps(a, "wwwe")
    assert not keeps(a, "wwee")


def test_units_pinned_apart() -> None:
    a = bare(ground())
    rules.keep_apart(a, [(frozenset({1}), frozenset({2, 3}))])
    assert keeps(a, "wwee")
    assert not keeps(a, "wwwe")


def test_a_neighbour_comes_along() -> None:
    a = bare(ground())
    rules.need_a_neighbour(a, nearer=False)
    assert keeps(a, "wwee")
    assert not keeps(a, "wewe")


def test_a_stray_is_parted_from_its_hub() -> None:
    a = bare(ground())
    rules.part_a_stray(a, 2, WEST, {1})
    assert keeps(a, "wwwe")
    assert not keeps(a, "wewe")


def test_a_forbidden_cluster_and_its_neighbours() -> None:
    a = bare(ground())
    rules.forbid(a, frozenset({0, 1}))
    assert not keeps(a, "wwee")
    assert keeps(a, "wwwe")
    assert keeps(a, "weee")


def test_pairs_keep_to_the_travel_limit() -> None:
    """From A it is 3.5 minutes to B, 5 to C, 6.5 to D."""
    assert (2, WEST) in ground(travel={"max_minutes": 5}).cost
    assert (2, WEST) not in ground(travel={"max_minutes": 4.99}).cost


def test_the_nearest_hubs_only() -> None:
    a = rules.variables(ground(), range(4), nearest_hubs=1, allow_exceptions=False)
    assert sorted(a.x) == [(0, WEST), (1, WEST), (2, EAST), (3, EAST)]


@pytest.mark.parametrize(
    ("named", "found"), [("C", InfeasibleError), ("A", None), ("B", None), ("P", None)]
)
def test_exceptions_of_a_level_above_are_its_units_or_what_lies_in_them(
    named: str, found: type | None
) -> None:
    schools = {u: [ToySchool("secondary", 300), ToySchool("primary", 100)] for u in "ABCD"}
    today = toy_problem("ABCD", schools=schools)
    parent = Plan("p", toy_assignment(today, {"P": "AB", "Q": "CD"}), Solution("GIVEN"))
    size = {"min_pupils": 900, "max_exceptions": 2, "exceptions": [named, "Q"]}
    pins = {"apart": [["P", "Q"]]}
    tables: dict[str, object] = {"method": "redraw", "units": "p", "size": size, "pins": pins}
    tables["objective"] = {"order": ["count"]}
    problem = toy_problem("ABCD", schools=schools, parent=parent, **tables)
    if found is not None:
        with pytest.raises(found):
            solve_redraw(problem)
    else:
        assert verify_plan(problem, solve_redraw(problem).assignment).violations == ()


def test_pupils_count_to_the_areas_that_they_lie_in_and_to_none_where_there_is_none() -> None:
    schools = {
        name: [ToySchool("secondary", held)] for name, held in (("A", 5), ("B", 0), ("C", 7))
    }
    tables = {"method": "redraw", "units": "schools", "layers": {"district": "xx."}}
    made = redraw_ground(toy_problem("ABC", schools=schools, **tables))
    assert made.by_area["district"] == ({"x": 5}, {}, {})


@pytest.mark.parametrize(
    ("grid", "most", "stand"),
    [
        ("AAB", 999, [{0, 1}]),
        ("AAB", 1_000, []),
        ("ABA", 999, []),
    ],
)
def test_what_stands_over_the_maximum_is_one_of_today_and_in_one_piece(
    grid: str, most: int, stand: list[set[int]]
) -> None:
    schools = {"A": [ToySchool("secondary", 500)] * 2, "B": [ToySchool("secondary", 100)]}
    tables = {"method": "redraw", "units": "schools", "size": {"max_pupils": most}}
    found = redraw_ground(toy_problem(grid, schools=schools, **tables)).oversize
    assert list(found) == stand


def test_what_is_pinned_to_a_unit_that_no_pair_joins_to_a_hub_is_not_with_it_either() -> None:
    """B reaches both hubs, C pinned to it the eastern one alone."""
    a = bare(ground())
    a.of_unit[2].remove(WEST)
    a.of_hub[WEST].remove(2)
    del a.x[2, WEST]
    rules.keep_together(a, [frozenset({1, 2})])
    assert keeps(a, "weee")
    assert not keeps(a, "ww.e")


@pytest.mark.parametrize(("most", "kept"), [(700, True), (699, False)])
def test_the_cluster_of_a_name_keeps_its_own_range(most: int, kept: bool) -> None:
    size = {"max_pupils": 900, "clusters": {"B": {"max_pupils": most}}}
    a = bare(ground(size=size))
    rules.keep_own_ranges(a, 900)
    assert keeps(a, "wwwe") is kept
    # Without it any other may have more.
    assert keeps(a, "weee")
    assert keeps(a, "weww")


@pytest.mark.parametrize(("named", "legal"), [("ABCD", True), ("ABC", False)])
def test_a_plan_has_exceptions_of_named_units_only(named: str, legal: bool) -> None:
    size = {"min_pupils": 501, "max_exceptions": 2, "exceptions": [*named]}
    plan = [frozenset({0, 1}), frozenset({2, 3})]
    assert is_legal_plan(ground(size=size), plan, is_shaped=False) is legal


@pytest.mark.parametrize(("limit", "legal"), [(5, True), (4.99, False), (None, True)])
def test_a_cluster_is_legal_within_the_limit_of_ways(limit: float | None, legal: bool) -> None:
    """Two squares are 2 minutes and 1.5 a kilometre apart."""
    some = ground(travel={} if limit is None else {"max_minutes": limit})
    assert is_legal(some, frozenset({0, 1, 2}), is_shaped=False) is legal


def test_a_way_that_is_not_known_is_no_pair_and_no_value() -> None:
    problem = toy_problem("ABCD", schools=SCHOOLS, method="redraw", units="schools")
    minutes = problem.travel.minutes.copy()
    minutes[1, 0] = np.nan
    some = redraw_ground(replace(problem, travel=replace(problem.travel, minutes=minutes)))
    assert (1, WEST) not in some.cost
    assert (1, EAST) in some.cost
    plan = [frozenset({0, 1}), frozenset({2, 3})]
    assert value_of(some, "pupil_minutes", plan) == FAR
    assert value_of(some, "count", plan) == 2


def test_without_a_bound_nothing_is_claimed_but_what_every_plan_has() -> None:
    """What is at home is taken off a constant: the constant is no bound."""
    assert [_lowest(LinearObjective((), constant), None) for constant in (7, -7)] == [0, -7]
    assert _lowest(LinearObjective((), 7), -2) == 5


@pytest.mark.parametrize(("most", "fewest"), [(500, 2), (499, 3), (1_000, 1), (999, 2)])
def test_a_part_fills_so_many_clusters_at_least(most: int, fewest: int) -> None:
    size = {"max_pupils": most, "oversize": "refuse"}
    assert _span(ground(size=size), range(4)) == (fewest, 2)


@pytest.mark.parametrize(("most", "legal"), [(500, True), (499, False)])
def test_a_plan_is_told_that_keeps_what_is_limited(most: int, legal: bool) -> None:
    """Each of two clusters has 250 pupils more than the target."""
    some = ground(limits={"deviation": most}, size={"target_pupils": 250})
    plan = [frozenset({0, 1}), frozenset({2, 3})]
    assert Telling(some, 1)._is_legal(plan) is legal


def test_of_plans_as_good_in_the_first_term_the_better_in_the_next_stays_shown() -> None:
    some = ground(objective={"order": ["count", "pupil_minutes"]})
    near, far = (
        [frozenset(held) for held in halves] for halves in ([{0, 1}, {2, 3}], [{0}, {1, 2, 3}])
    )
    telling = Telling(some, 1)
    for plan, shown in [(far, far), (near, near), (far, near)]:
        telling.of_part(0)("count", plan, None)
        assert telling.shown == shown


def test_no_unit_joins_a_hub_by_a_way_that_is_not_known_where_the_longest_counts() -> None:
    """Nobody goes to B, so that a way there which is not known bars no pair."""
    schools = {**SCHOOLS, "B": [ToySchool("primary", 0)]}
    problem = toy_problem("ABCD", schools=schools, method="redraw", units="schools")
    minutes = problem.travel.minutes.copy()
    minutes[1, 0] = np.nan
    a = bare(redraw_ground(replace(problem, travel=replace(problem.travel, minutes=minutes))))
    ((_, top),) = objective_of(a, "longest_minutes").terms
    for hub, kept in ((EAST, True), (WEST, False)):
        values = [0] * len(a.model.upper)
        values[a.x[1, hub]], values[top] = 1, a.model.upper[top]
        assert a.model.is_kept(values) is kept


def even(ends: int = 100, *, is_cut: bool = False) -> RedrawGround:
    """Give as many pupils at both ends; B perhaps without a way to A."""
    pupils = {"A": ends, "B": 1, "C": int(ends > 0), "D": ends}
    schools = {n: [ToySchool(SCHOOLS[n][0].phase, held)] for n, held in pupils.items()}
    problem = toy_problem("ABCD", schools=schools, method="redraw", units="schools")
    minutes = problem.travel.minutes.copy()
    minutes[1, 0] = np.nan if is_cut else minutes[1, 0]
    return redraw_ground(replace(problem, travel=replace(problem.travel, minutes=minutes)))


def test_a_unit_is_as_near_to_a_hub_as_its_nearest_school() -> None:
    """Squares are 2 minutes and 1.5 a kilometre apart."""
    far = [ToySchool("primary", 10, (0, column)) for column in (3, 1)]
    schools = {"A": [ToySchool("secondary", 10)], "B": far}
    found = redraw_ground(toy_problem("ABBB", schools=schools, method="redraw"))
    assert (found.shortest[1, 0], found.nearest[1, 0]) == (350, 350)


@pytest.mark.parametrize(
    ("some", "hub", "better", "hubs", "kept"),
    [
        (ground(), EAST, WEST, "eeee", False),
        (ground(), EAST, WEST, "wwee", True),  # the better one is not in the cluster
        (ground(), WEST, EAST, "wwww", True),
        (even(), WEST, EAST, "wwww", True),  # a tie goes to the first
        (even(), EAST, WEST, "eeee", False),
        (even(is_cut=True), EAST, WEST, "eeee", True),  # which not all can reach
        (even(ends=0), EAST, WEST, "weee", True),  # all who have it farther, and not the better one
    ],
)
def test_a_cluster_meets_where_it_is_best(
    some: RedrawGround, hub: int, better: int, hubs: str, kept: bool
) -> None:
    a = bare(some)
    rules.meet_at_the_best(a, hub, better)
    assert keeps(a, hubs) is kept


@pytest.mark.parametrize(
    ("hub", "must_meet", "n_cuts"), [(EAST, True, 1), (EAST, False, 0), (WEST, True, 0)]
)
def test_a_solution_that_meets_elsewhere_is_cut_where_a_term_goes_by_it(
    hub: int, must_meet: bool, n_cuts: int
) -> None:
    a = bare(ground())
    a.must_meet = must_meet
    assert add_cuts(a, [(hub, frozenset(range(4)))], How(CpSat())) == n_cuts
    assert keeps(a, "eeee") is (n_cuts == 0)
    assert keeps(a, "wwww")


@pytest.mark.parametrize(("until", "seconds", "left"), [(None, 9, 9), (5, 9, 5), (9, 5, 5)])
def test_a_solve_within_another_has_no_more_time_than_that(
    monkeypatch: pytest.MonkeyPatch, until: float | None, seconds: float, left: float
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 0.0)
    assert How(CpSat(), deadline=until).within(seconds).deadline == left


@pytest.mark.parametrize(
    ("away", "is_shaped"), [([0, 3, 5, 6], True), ([0, 3, 5, 5], False), ([0, 9, 5, 6], False)]
)
def test_every_unit_has_a_nearer_one_beside_it(away: list[int], is_shaped: bool) -> None:
    """A path: what touches the hub need not, and what is as far is not nearer."""
    path = [frozenset({1}), frozenset({0, 2}), frozenset({1, 3}), frozenset({2})]
    some = SimpleNamespace(
        hubs=[SimpleNamespace(unit=0)], neighbours=path, shortest=np.array(away)[:, None]
    )
    assert is_towards(some, 0, frozenset(range(4))) is is_shaped


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"units": "schools"}, "B1 primary (URN 100002) can be joined to no hub without"),
        ({}, "B can be joined to no hub without"),
        ({"travel": {"max_minutes": 3}}, "B can be joined to no hub within 3 minutes without"),
        # It may be over the maximum, but meets nowhere.
        ({"size": {"max_pupils": 99}}, "B can be joined to no hub without"),
    ],
)
def test_what_can_be_joined_to_no_hub_is_named(tables: dict[str, object], said: str) -> None:
    schools = {"A": [ToySchool("secondary", 100)], "B": [ToySchool("primary", 100)]}
    ground = {"schools": schools, "layers": {"district": "xy"}, "within": ["district"]}
    with pytest.raises(InfeasibleError) as error:
        solve_redraw(toy_problem("AB", method="redraw", **ground, **tables))
    border = "crossing a border that no cluster may cross"
    assert str(error.value) == f"no plan exists: {said} {border}"


def test_every_pin_of_a_cluster_is_looked_at() -> None:
    pins = {"together": [["A", "B"], ["C", "D"]]}
    ground = redraw_ground(toy_problem("ABCD", method="redraw", pins=pins))
    legal = [is_legal_cluster(ground, frozenset(c), is_shaped=False) for c in ([0, 1], [0, 1, 2])]
    assert legal == [True, False]


def test_why_a_map_cannot_be_redrawn_is_told_in_whole() -> None:
    schools = {"B": [ToySchool("primary", 1_000)]}
    size, count = {"min_pupils": 2_000, "max_pupils": 2_000}, {"min": 1, "max": 4}
    tables = {"method": "redraw", "redraw": {"hubs": "secondary"}, "size": size, "count": count}
    with pytest.raises(InfeasibleError) as error:
        solve_redraw(toy_problem("ABC", schools=schools, **tables))
    assert str(error.value) == (
        "no plan exists, proved: 3 units cannot be divided into 1 to 4 connected clusters around "
        "the 2 hubs that keep the rules on size, travel, layers, pins and numbers of schools"
    )


@pytest.mark.parametrize("engine", [CpSat(), Highs()], ids=["CP-SAT", "HiGHS"])
def test_a_variable_that_an_objective_names_twice_costs_the_sum(engine: CpSat | Highs) -> None:
    model = LinearModel()
    one, other = model.variable(), model.variable()
    model.row([(1, one), (1, other)], low=1)
    found = engine.solve(model, LinearObjective(((3, one), (1, one), (2, other))))
    assert (found.status, found.values, found.bound) == ("OPTIMAL", (0, 1), 2)


@pytest.mark.parametrize(("unknown", "n_clusters"), [((), 1), ((0, 2), 1), ((0, 1, 2), 3)])
def test_where_some_hub_is_not_reached_by_all_a_cluster_meets_at_another(
    unknown: tuple[int, ...], n_clusters: int
) -> None:
    """The first of three units has no known way to the last: they meet in the middle."""
    count = {"objective": {"order": ["count"]}}
    problem = toy_problem("ABC", method="redraw", units="schools", **count)
    minutes = problem.travel.minutes.copy()
    for one in unknown:
        for other in unknown:
            minutes[one, other] = minutes[one, other] if one == other else np.nan
    problem = replace(problem, travel=replace(problem.travel, minutes=minutes))
    (stage,) = solve_redraw(problem).solution.stages
    assert (stage.status, stage.objective) == ("OPTIMAL", n_clusters)


def test_what_is_pinned_together_over_a_gap_leaves_no_plan() -> None:
    problem = toy_problem("AB.C", method="redraw", pins={"together": [["A", "C"]]})
    assert redraw_ground(problem).parts() == [(0, 1, 2)]
    with pytest.raises(InfeasibleError, match="no plan exists, proved"):
        solve_redraw(problem)


def test_of_two_names_that_stay_apart_no_units_are_together() -> None:
    free = redraw_ground(toy_problem("ABCD", method="redraw"))
    pinned = replace(free, apart=((frozenset({0, 1}), frozenset({2, 3})),))
    for units, legal in ((frozenset({0, 1}), True), (frozenset({1, 2}), False)):
        assert is_legal_cluster(free, units, is_shaped=False)
        assert is_legal_cluster(pinned, units, is_shaped=False) is legal
