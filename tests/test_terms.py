"""The registry of terms: each is made, counted again, worded and written down, or refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from cluster_optimiser.domain import Plan, Problem, Stage
from cluster_optimiser.errors import VerificationError
from cluster_optimiser.geography.measures import need_deviation_centipupils
from cluster_optimiser.geography.units import build_problem
from cluster_optimiser.optimise import solve_merge, solve_redraw
from cluster_optimiser.proofs import LevelsProof, MergeProof, Proof, RedrawProof, proof_of
from cluster_optimiser.terms import (
    FAMILIES,
    METRICS,
    TERMS,
    TIE_BREAK,
    WEIGHTED,
    Term,
    lookup,
    metric,
    term_names,
    term_words,
)
from cluster_optimiser.verification import verify, verify_plan
from cluster_optimiser.words import languages, speaking
from tests.named import naming
from tests.toy import ToySchool, toy_problem
from tests.verification.test_claims import result

LAYER = "district"
EVERY = [*TERMS, *(lookup(f"{family.name}.{LAYER}") for family in FAMILIES)]
SUMS = [term for term in EVERY if term.gathers != "projections"]
DOCS = Path(__file__).parents[1] / "docs"


def small(term: Term, method: str) -> Problem:
    """Give a map on which a term is the only thing that matters."""
    return toy_problem(
        "AABB ACDD",
        schools={
            unit: [
                ToySchool("secondary", pupils, columns={"sen_support": 90}),
                ToySchool("primary", 90 + pupils // 10),
            ]
            for unit, pupils in zip("ABCD", (900, 700, 500, 300), strict=True)
        },
        layers={LAYER: "xxyy xxyy"},
        method=method,
        size={"min_pupils": 900, "max_pupils": 2_000, "max_exceptions": 1},
        alignment={LAYER: "prefer"},
        funding={
            "pot_pounds": 1000,
            "parts": [{"measure": "pupils", "share": 1}],
            "need": {"pupils": 1.5, "sen_support": 4},
        }
        if term.needs == "need"
        else None,
        objective={"order": [term.name]},
    )


@pytest.mark.parametrize(
    ("term", "method"),
    [(term, method) for term in SUMS for method in term.methods],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_term_is_made_small_and_counted_again(term: Term, method: str) -> None:
    problem = small(term, method)
    plan = {"merge": solve_merge, "redraw": solve_redraw}[method](problem)
    made = result(problem, plan)
    truth = verify(made)
    assert plan.solution.status == "OPTIMAL"
    assert plan.solution.stages[0].objective == truth.objective[term.name]
    assert made.objective == {term.name: truth.objective[term.name]}


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("form", ["terms", "report.by", "amounts"])
@pytest.mark.parametrize("term", EVERY, ids=lambda term: term.name)
def test_a_term_has_words(term: Term, form: str, language: str) -> None:
    with speaking(language):
        said = term_words(form, term.name, {LAYER: "districts"}, [LAYER], n=2)
    assert said
    assert "{" not in said


def test_stages_that_are_no_terms_have_words() -> None:
    assert all(term_words("terms", stage, {}) for stage in (WEIGHTED, TIE_BREAK))


@pytest.mark.parametrize("term", [*TERMS, *FAMILIES], ids=lambda term: term.name)
def test_a_term_is_in_the_reference_and_has_its_metric(term: Term) -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md")))
    assert f"`{term.name}`" in pages or f"`{term.name}.<layer>`" in pages
    for name in term.metrics([LAYER]) if term.gathers != "projections" else ():
        assert metric(name).unit in {term.unit, "number"}


MOST = 5
"""Modules that may name a term: its row, what it costs, its expression, its value, its check."""

MEANS_ANOTHER = {
    "count": {
        "inputs/roads/download.py": "an element of an answer about roads",
        "present/matrix.py": "the rule [count]",
        "present/principles.py": "the rule [count]",
        "present/script_data.py": "the rule [count]",
        "rules.py": "the rule [count]",
        "studio/server.py": "a question of the page",
    },
    "deviation": {
        "present/tables.py": "a column of clusters.csv: a share of the target",
        "verification/claims.py": "the same column",
    },
    "exceptions": {
        "batch/tasks.py": "the list in a manifest",
        "present/options.py": "that list",
        "present/page.py": "that list",
        "present/records.py": "that list",
        "present/report/each.py": "that list",
        "present/script_data.py": "the key of [size]",
    },
    "pupil_minutes": {"verification/claims.py": "a column of clusters.csv"},
    "longest_minutes": {"present/road_words.py": "the longest way of a comparison of roads"},
}
"""Term -> modules in which the same word is something else, and what."""


@pytest.mark.parametrize("name", [term.name for term in TERMS])
def test_a_term_is_named_in_few_modules(name: str) -> None:
    found, other = naming(name), set(MEANS_ANOTHER.get(name, ()))
    assert other <= found
    assert len(found - other) <= MOST, sorted(found - other)


def test_what_has_no_row_is_refused() -> None:
    for ask in (lookup, metric):
        with pytest.raises(LookupError, match=r'unknown .* "alignment of nothing"'):
            ask("alignment of nothing")
    with pytest.raises(LookupError):
        term_words("report.by", "a new term", {})
    assert len({row.name for row in METRICS}) == len(METRICS)


def test_a_stage_that_the_check_does_not_count_is_not_proved() -> None:
    problem = small(lookup("count"), "merge")
    plan = solve_merge(problem)
    new = Stage("a new term", "OPTIMAL", 1, 1, 0, 0)
    stages = (*plan.solution.stages[:-1], new, plan.solution.stages[-1])
    more = Plan(plan.label, plan.assignment, replace(plan.solution, stages=stages))
    assert verify_plan(problem, plan.assignment).violations == ()
    with pytest.raises(VerificationError, match="a new term is not known to the check"):
        verify(result(problem, more))


def test_every_name_that_is_offered_is_that_of_a_term() -> None:
    names = [name.replace("<layer>", "district") for name in term_names()]
    assert [lookup(name).name for name in names] == names
    assert len(set(names)) == len(TERMS) + len(FAMILIES)


@pytest.mark.parametrize(
    "found",
    [
        Proof(),
        MergeProof(n_units=3, n_candidates=7, n_legal_plans=2, second_method="sweep"),
        MergeProof(n_units=3, n_candidates=7, second_method="no_order", among="plans unlike A"),
        LevelsProof(
            n_units=3,
            n_candidates=7,
            n_candidate_groupings=2,
            n_nested_plans=4,
            second_method="nested",
            grouping_of={"A": 1},
        ),
        RedrawProof(
            n_units=3, n_hubs=1, n_pairs=3, n_parts=1, n_separators=0, n_programs=1, engine="CP-SAT"
        ),
    ],
    ids=lambda found: type(found).__name__,
)
def test_a_proof_is_kept_and_read_again(found: Proof) -> None:
    assert proof_of(found.record()) == found


def test_where_there_are_no_pupils_need_is_nowhere_else() -> None:
    assert need_deviation_centipupils(0, 0, 0, 0) == 0


@pytest.mark.parametrize("method", ["merge", "redraw"])
def test_ground_where_only_exempt_schools_stand_has_no_border_between_clusters(method: str) -> None:
    """It ended in an error. A and C meet along one square; B's school is exempt."""
    catholic = {"religious_character": "Roman Catholic"}
    schools = {
        "A": [ToySchool("secondary", 100)],
        "B": [ToySchool("primary", 50, columns=catholic)],
        "C": [ToySchool("secondary", 100)],
    }
    problem = toy_problem(
        "ABC AAC",
        schools=schools,
        method=method,
        exempt=[{"name": "RC", "where": catholic}],
        count={"min": 2},
        objective={"order": ["border_km"]},
    )
    plan = (solve_merge if method == "merge" else solve_redraw)(problem)
    found = result(problem, plan)
    assert verify(found).objective["border_km"] == plan.solution.stages[0].objective == 1
    assert found.score.metrics["border_km"] == 1


def test_a_border_is_as_long_as_it_is_drawn() -> None:
    """The ground nearest to two schools meets along one kilometre, their clusters along 1.5."""
    toy = toy_problem("AB", count={"min": 2}, objective={"order": ["border_km"]})
    left_m, low_m, right_m, top_m = toy.territory.outline.bounds
    half_m = (low_m + top_m) / 2
    low = shapely.box(left_m, low_m, (left_m + right_m) / 2, half_m)
    a = low.union(shapely.box(left_m, half_m, (left_m + 3 * right_m) / 4, top_m))
    b = toy.territory.outline.difference(a)
    clusters = toy.territory.clusters.set_geometry([a, b])
    territory = replace(toy.territory, clusters=clusters)
    problem = build_problem(toy.scenario, toy.authority, territory)
    plan = solve_merge(problem)
    found = result(problem, plan)
    assert verify(found).objective["border_km"] == plan.solution.stages[0].objective == 1.5
    assert found.score.metrics["border_km"] == 1.5
