"""Neighbours that a file states: makers and check go by it, and each wrong row is told."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from cluster_optimiser.errors import InfeasibleError, InputError
from cluster_optimiser.optimise import solve_merge, solve_redraw
from cluster_optimiser.verification import verify_plan
from cluster_optimiser.verification.neighbours import touching_units
from cluster_optimiser.verification.register import PlainGround
from tests.optimise.redraw.test_against_brute_force import best_by_hand, values
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from pathlib import Path

    from cluster_optimiser.domain import Problem

FILE = "pairs.csv"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def stated(rows: list[tuple[str, str]], grid: str = "ABCD", **tables: Any) -> Problem:
    """Give a map whose neighbours are those of the rows."""
    from pathlib import Path  # noqa: PLC0415

    text = "".join(f"{one},{other}\n" for one, other in rows)
    Path(FILE).write_text(f"From,TO\n{text}", encoding="utf-8")
    contiguity = {"file": FILE, **tables.pop("contiguity", {})}
    return toy_problem(grid, contiguity=contiguity, **tables)


def edges(problem: Problem) -> set[tuple[str, str]]:
    return {(min(edge), max(edge)) for edge in problem.dual.edges}


def told(problem: Problem) -> set[tuple[str, str]]:
    """Give the neighbours that the check sees."""
    near = touching_units(PlainGround(problem))
    return {(a, b) for a, others in near.items() for b in others if a < b}


def test_what_touches_is_what_the_file_says_whatever_is_drawn() -> None:
    problem = stated([("A", "C"), ("C", "A"), ("D", "B")])
    assert edges(problem) == told(problem) == {("A", "C"), ("B", "D")}
    assert problem.dual.edges["A", "C"]["shared_m"] == 0


def test_links_and_barriers_change_the_file() -> None:
    rules = {"links": [["A", "D"]], "barriers": [["B", "A"]]}
    problem = stated([("A", "B"), ("B", "C")], contiguity=rules)
    assert edges(problem) == told(problem) == {("A", "D"), ("B", "C")}


def test_schools_are_named_by_their_urn() -> None:
    schools = {"A": [ToySchool("secondary", 100, (0, 0)), ToySchool("primary", 100, (0, 1))]}
    rows = [("100001", "C"), ("URN 100002", "100001"), ("B", "C")]
    problem = stated(rows, "AABC", schools=schools, method="redraw", urban={"areas": ["A"]})
    units = {("URN 100001", "URN 100002"), ("C", "URN 100001"), ("B", "C")}
    assert edges(problem) == told(problem) == units


@pytest.mark.parametrize("seed", range(6))
def test_the_best_plan_is_that_of_brute_force(seed: int) -> None:
    random = Random(seed)
    is_redraw = seed % 2 == 1
    schools = {
        unit: [ToySchool("secondary" if unit in "ACE" else "primary", random.randint(1, 9) * 100)]
        for unit in "ABCDEF"
    }
    names = [f"URN {100_001 + i}" for i in range(6)] if is_redraw else list("ABCDEF")
    rows = random.sample([(a, b) for a in names for b in names if a < b], 7)
    problem = stated(
        rows,
        "ABC DEF",
        schools=schools,
        size={"min_pupils": 300, "max_pupils": 2_000},
        secondary={"min": 0},
        objective={"order": ["joins", "pupil_minutes"]},
        **({"method": "redraw", "units": "schools"} if is_redraw else {}),
    )
    best = best_by_hand(problem)
    solve = solve_redraw if is_redraw else solve_merge
    if best is None:
        with pytest.raises(InfeasibleError):
            solve(problem)
        return
    plan = solve(problem)
    truth = verify_plan(problem, plan.assignment)
    assert (truth.violations, values(problem, truth)) == ((), best)


@pytest.mark.parametrize(
    ("rows", "tables", "said"),
    [
        ([("A", "Bee")], {}, 'row 2: contiguity.file: there is no "Bee" here'),
        ([("A", "B"), ("", "C")], {}, "row 3: contiguity.file: a name is blank"),
        ([("A", "A")], {}, '"A" stands next to itself'),
        ([("A", "100001")], {}, "URN 100001 is no unit of this scenario"),
        ([("A", "B")], {"method": "redraw", "units": "schools"}, "divided into schools here"),
    ],
)
def test_a_wrong_row_is_told(
    rows: list[tuple[str, str]], tables: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError) as caught:
        stated(rows, **tables)
    assert said in str(caught.value).replace("pairs.csv, ", "").replace("pairs.csv:2:", "row 2:")


def test_a_file_that_is_not_there_or_lacks_a_column_is_told() -> None:
    from pathlib import Path  # noqa: PLC0415

    with pytest.raises(InputError, match=r"no\.csv cannot be read"):
        toy_problem("AB", contiguity={"file": "no.csv"})
    Path(FILE).write_text("from,too\nA,B\n", encoding="utf-8")
    with pytest.raises(InputError, match='no column "to"'):
        toy_problem("AB", contiguity={"file": FILE})
