"""Plans cut from trees are legal, and there is one where programs have no time."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cluster_optimiser.optimise.redraw import lexicographic, parts
from cluster_optimiser.optimise.redraw.engines import CpSat
from cluster_optimiser.optimise.redraw.legal import is_legal_plan
from cluster_optimiser.optimise.redraw.model import Limits
from cluster_optimiser.optimise.redraw.pairs import redraw_ground
from cluster_optimiser.optimise.redraw.search import How
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from cluster_optimiser.optimise.redraw.trees import cut_from_trees
from cluster_optimiser.verification import verify_plan
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from cluster_optimiser.domain import Problem

HOW = How(CpSat())
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXY"


def grid(side: int, size: dict[str, Any], seed: int = 0, **more: Any) -> Problem:
    """Give a school in each square, about half of which may be met at."""
    rng = random.Random(seed)
    rows = " ".join(LETTERS[i * side : (i + 1) * side] for i in range(side))
    kinds = ["secondary", "primary"]
    schools = {
        letter: [ToySchool(rng.choice(kinds), rng.randint(80, 120))]
        for letter in LETTERS[: side * side]
    }
    tables = {"method": "redraw", "redraw": {"hubs": "secondary"}, "size": size}
    return toy_problem(rows, schools=schools, **{**tables, **more})


@pytest.mark.parametrize("seed", range(12))
def test_what_is_cut_is_a_legal_plan(seed: int) -> None:
    problem = grid(5, {"min_pupils": 350, "max_pupils": 750}, seed)
    ground = redraw_ground(problem)
    units = range(len(ground.units))
    clusters = cut_from_trees(ground, units, Limits(1, 7, 0), HOW)
    assert is_legal_plan(ground, clusters, is_shaped=False)
    assert sorted(i for cluster in clusters for i in cluster) == list(units)
    limits = Limits(len(clusters) - 1, len(clusters) - 1, 0)
    assert len(cut_from_trees(ground, units, limits, HOW)) in {0, limits.most}


def test_a_unit_over_the_maximum_stands_alone_and_none_stands_where_that_is_refused() -> None:
    schools = {name: [ToySchool("secondary", 100)] for name in "ABCE"}
    schools["D"] = [ToySchool("secondary", 900)]
    for oversize, n_clusters in (("keep", 3), ("refuse", 0)):
        size = {"min_pupils": 200, "max_pupils": 400, "oversize": oversize}
        problem = toy_problem("ABDCE", schools=schools, method="redraw", size=size)
        ground = redraw_ground(problem)
        assert len(cut_from_trees(ground, range(5), Limits(1, 5, 0), HOW)) == n_clusters


@pytest.mark.parametrize(
    ("rule", "n_clusters"),
    [
        ({"pins": {"apart": [["A", "B"]]}}, 2),
        ({"limits": {"pupil_minutes": 10_000}}, 2),
        ({"limits": {"pupil_minutes": 0}}, 0),
    ],
    ids=["apart", "within a limit", "beyond it"],
)
def test_rules_that_trees_do_not_know_are_kept(rule: dict[str, Any], n_clusters: int) -> None:
    schools = {name: [ToySchool("secondary", 100)] for name in "ABCD"}
    size = {"min_pupils": 150, "max_pupils": 250}
    problem = toy_problem("AB CD", schools=schools, method="redraw", size=size, **rule)
    found = cut_from_trees(redraw_ground(problem), range(4), Limits(1, 4, 0), HOW)
    assert len(found) == n_clusters
    assert "pins" not in rule or not any({0, 1} <= cluster for cluster in found)


@pytest.mark.parametrize("more", [{}, {"layers": {"district": "xxxx xxxx yyyy yyyy"}}])
@pytest.mark.parametrize("term", ["count", "pupil_minutes"])
def test_there_is_a_plan_though_no_program_has_time_for_one(
    term: str, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a map in one piece, and of two parts that no cluster crosses."""
    monkeypatch.setattr(parts, "easy_start", lambda *_: ())
    unknown = lexicographic.PartPlan("UNKNOWN")
    monkeypatch.setattr(lexicographic, "_solve_stages", lambda *_, **__: unknown)
    size = {"min_pupils": 250, "max_pupils": 800}
    objective, within = {"order": [term]}, [*more.get("layers", ())]
    problem = grid(4, size, objective=objective, within=within, count={"max": 5}, **more)
    plan = solve_redraw(problem, time_limit_s=1e6)
    (stage,) = plan.solution.stages
    assert (plan.solution.status, stage.status) == ("FEASIBLE", "FEASIBLE")
    assert verify_plan(problem, plan.assignment).violations == ()
    assert stage.bound <= stage.objective


def test_time_that_is_over_is_not_passed() -> None:
    ground = redraw_ground(grid(5, {"min_pupils": 499, "max_pupils": 501}))
    over = replace(HOW, deadline=0.0)
    assert cut_from_trees(ground, range(25), Limits(5, 5, 0), over) == ()
