"""The same plan, whatever order the sets of the program happen to be in."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.norfolk import ROOT

PROGRAM = """
from cluster_optimiser.optimise.redraw.solve import solve_redraw
from tests.toy import ToySchool, toy_problem

LETTERS = "AABBCCDD DABBCEED AAFFCEEG HHFFGGEG"
schools = {}
for i, letter in enumerate(LETTERS.replace(" ", "")):
    phase = "secondary" if i % 5 == 0 or letter not in schools else "primary"
    pupils = 90 + 17 * (i * i % 13)
    schools.setdefault(letter, []).append(ToySchool(phase, pupils, divmod(i, 8)))
problem = toy_problem(
    LETTERS,
    schools=schools,
    layers={"consortium": "xxxxyyyy xxxxyyyy xxxxyyyy xxxxyyyy"},
    method="redraw",
    units="schools",
    within=["consortium"],
    size={"min_pupils": 600, "max_pupils": 1500},
    objective={"order": ["count", "pupil_minutes"]},
)
plan = solve_redraw(problem, seed=1)
print(plan.solution)
print(plan.assignment.to_csv())
"""


def test_a_plan_of_several_parts_is_the_same_under_every_hash_seed() -> None:
    """As option 2c is made: clusters that keep to the areas of a layer, fewest of them first."""
    runs = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    ]
    assert "OPTIMAL" in runs[0]
    assert runs[0] == runs[1]
