"""Plans to begin with are legal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cluster_optimiser.optimise.redraw import lexicographic
from cluster_optimiser.optimise.redraw.engines import CpSat
from cluster_optimiser.optimise.redraw.legal import is_legal_plan
from cluster_optimiser.optimise.redraw.lexicographic import PartPlan, easy_start, solve_part
from cluster_optimiser.optimise.redraw.model import Limits, build_model
from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.optimise.redraw.search import How, hint_of
from cluster_optimiser.optimise.redraw.solve import merged_start, solve_redraw
from cluster_optimiser.optimise.redraw.terms import value_of
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from cluster_optimiser.optimise.redraw.pairs import RedrawGround

HOW = How(CpSat())
# Today's clusters are rows; the hubs stand at the ends, so that columns are better.
SCHOOLS = {
    name: [
        ToySchool("secondary" if column == k else "primary", 100, (row, column))
        for column in range(3)
    ]
    for row, (name, k) in enumerate([("A", 0), ("B", 1), ("C", 2)])
}
SIZE = {"min_pupils": 300, "max_pupils": 300}
MINUTES = {"order": ["pupil_minutes"]}


def test_a_merge_is_a_start_and_not_the_end() -> None:
    problem = toy_problem(
        "AAA BBB CCC",
        schools=SCHOOLS,
        method="redraw",
        units="schools",
        size=SIZE,
        objective=MINUTES,
    )
    ground = redraw_ground(problem)
    start = merged_start(ground, HOW)
    assert len(start) == 3
    assert is_legal_plan(ground, start, is_shaped=False)
    (stage,) = solve_redraw(problem, few=0).solution.stages
    assert stage.status == "OPTIMAL"
    assert round(stage.objective * 100) < value_of(ground, "pupil_minutes", start)


def test_a_merge_that_is_within_a_limit_only_where_it_meets_at_any_school_is_no_start() -> None:
    def started(**limits: float) -> tuple[RedrawGround, list[frozenset[int]]]:
        more = {"units": "schools", "size": SIZE, "objective": MINUTES, "limits": limits}
        problem = toy_problem("AAA BBB CCC", schools=SCHOOLS, method="redraw", **more)
        ground = redraw_ground(problem)
        return ground, merged_start(ground, HOW)

    ground, start = started()
    to_hubs = value_of(ground, "pupil_minutes", start) / 100
    assert started(pupil_minutes=to_hubs)[1] == start
    assert started(pupil_minutes=to_hubs - 1)[1] == []


def test_a_plan_of_another_size_is_no_start() -> None:
    size = {"min_pupils": 200, "max_pupils": 299, "oversize": "refuse"}
    problem = toy_problem(
        "AAA BBB CCC",
        schools=SCHOOLS,
        method="redraw",
        units="schools",
        size=size,
        objective=MINUTES,
    )
    assert merged_start(redraw_ground(problem), HOW) == []


def test_a_plan_of_clusters_of_middle_size_is_soon_found() -> None:
    ground = middling()
    start = easy_start(ground, range(9), Limits(1, 9, 0), HOW)
    assert len(start) == 3
    assert is_legal_plan(ground, start, is_shaped=False)
    # Within its limits, and nothing where there is no plan of that number.
    assert len(easy_start(ground, range(9), Limits(1, 2, 0), HOW)) == 0
    assert len(solve_part(ground, range(9), Limits(1, 9, 0), HOW.within(1e6)).clusters) >= 3


def test_numbers_that_are_open_bound_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three clusters are best; of two a bound is known alone, and then of three too."""
    solve, best = lexicographic._solve_stages, solved_within(1e6)
    assert (best.status, len(best.clusters)) == ("OPTIMAL", 3)
    open_numbers: set[int] = set()

    def with_some_open(*given: Any, **more: Any) -> PartPlan:
        if given[2].fewest in open_numbers:
            return PartPlan("UNKNOWN", bound=given[2].fewest)
        return solve(*given, **more)

    monkeypatch.setattr(lexicographic, "_solve_stages", with_some_open)
    open_numbers.add(2)
    some = solved_within(1e6)
    assert (some.status, some.clusters) == ("FEASIBLE", best.clusters)
    assert (some.stages[0].value, some.stages[0].bound) == (best.stages[0].value, 2)
    open_numbers.add(3)
    assert solved_within(1e6) == PartPlan("UNKNOWN", bound=2)


def solved_within(seconds: float) -> PartPlan:
    """Solve nine schools for any number of clusters."""
    return solve_part(middling(), range(9), Limits(1, 9, 0), HOW.within(seconds))


def middling() -> RedrawGround:
    """Give nine schools that are three clusters of middle size."""
    problem = toy_problem(
        "AAA BBB CCC",
        schools=SCHOOLS,
        method="redraw",
        units="schools",
        size={"min_pupils": 200, "max_pupils": 400},
        objective=MINUTES,
    )
    return redraw_ground(problem)


@pytest.mark.parametrize(
    ("rules", "n_pairs"),
    [
        ({"objective": {"order": ["deviation"]}}, 45),
        ({"objective": {"order": ["deviation"]}, "travel": {"max_minutes": 30}}, 81),
        ({"objective": {"order": ["deviation"]}, "limits": {"pupil_minutes": 9_000}}, 81),
        ({"objective": {"order": ["deviation", "pupil_minutes"]}}, 81),
    ],
)
def test_where_ways_do_not_count_a_cluster_is_built_around_its_first_hub_alone(
    rules: dict[str, Any], n_pairs: int
) -> None:
    """Fifteen schools took 44 s: every choice of hubs was another solution."""
    schools = {
        name: [ToySchool("secondary", 80 + 10 * (k % 4)) for k in range(3)] for name in "ABC"
    }
    problem = toy_problem(
        "AAA BBB CCC",
        schools=schools,
        method="redraw",
        units="schools",
        size={"min_pupils": 250, "max_pupils": 350},
        **rules,
    )
    ground = redraw_ground(problem)
    a = build_model(ground, range(9), Limits(1, 9, 0))
    assert len(a.x) == n_pairs
    plan = solve_redraw(problem)
    assert plan.solution.stages[0].objective == 3 * abs(270 - 300)
    rows = [frozenset(range(k, k + 3)) for k in (0, 3, 6)]
    hint = hint_of(a, rows)
    assert [sum(hint[a.x[i, h]] for h in a.of_unit[i]) for i in range(9)] == [1] * 9
