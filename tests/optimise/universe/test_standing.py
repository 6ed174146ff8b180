"""Past the limit quantiles and ranks are bounded, and the bounds hold the truth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_optimiser.optimise.universe.all_plans import QUANTILES, Universe
from cluster_optimiser.optimise.universe.standing import Ranks
from cluster_optimiser.present import universe_lines
from tests.effort import examples
from tests.graphs import everything, grid_problem, random_problem
from tests.norfolk import norfolk_problem

WHOLE = ["n_better", "n_equal", "n_worse"]


@given(seed=st.integers(0, 2**32 - 1), max_entries=st.integers(0, 60))
@settings(max_examples=examples(60))
def test_bounds_hold_the_true_quantiles_and_ranks(seed: int, max_entries: int) -> None:
    problem = random_problem(seed, most_units=9)
    listed = everything(problem)
    if not listed.plans:
        return
    exact = Universe.of(problem)
    bounded = Universe.of(problem, max_entries=max_entries)
    table = bounded.distributions()
    for metric, row in exact.distributions().iterrows():
        for q in QUANTILES:
            name = f"p{round(100 * q):02d}"
            least, most = table.loc[metric, [f"{name}_least", f"{name}_most"]]
            assert row["minimum"] <= least <= row[name] <= most <= row["maximum"]
            assert pd.isna(table.loc[metric, name]) == (least < most)
            assert least < most or table.loc[metric, name] == row[name]
    plan = listed.plans[seed % len(listed.plans)]
    ranks = bounded.rank(plan)
    for name, row in exact.rank(plan).iterrows():
        got = ranks.loc[name]
        assert got["n_better_least"] <= row["n_better"] <= got["n_better_most"]
        assert got["n_worse_least"] <= row["n_worse"] <= got["n_worse_most"]
        assert got[WHOLE].isna().all() or got[WHOLE].to_list() == row[WHOLE].to_list()


def test_tables_tell_bounds_only_where_something_is_not_known() -> None:
    problem = grid_problem(3, 3, size={"min_pupils": 2000})
    exact, bounded = Universe.of(problem), Universe.of(problem, max_entries=3)
    plan = exact.best(1)[0].groups
    heads = {}
    for found in (exact, bounded):
        tables = {"distributions": found.distributions(), "rank": found.rank(plan)}
        lines = list(universe_lines(found, tables))
        heads[found] = [line for line in lines if line.startswith("metric,")]
    assert "_least" not in "".join(heads[exact])
    assert "p05_least,p05_most" in heads[bounded][0]
    assert "n_better_least,n_better_most,n_worse_least,n_worse_most" in heads[bounded][1]
    row = bounded.distributions().loc["pupil_minutes"]
    assert pd.isna(row["p50"])
    assert row["minimum"] <= row["p50_least"] < row["p50_most"] <= row["maximum"]


@pytest.mark.parametrize("max_entries", [0, 10])
def test_an_order_of_several_columns_is_bounded_by_its_first(max_entries: int) -> None:
    """Terms too wide to share a column: plans equal in the first are on either side."""
    problem = grid_problem(2, 3)
    listed = everything(problem)
    universe = Universe.of(problem)
    rows = np.random.default_rng(1).integers(0, [[2], [2**59]], (2, len(listed.groups)))
    totals = [tuple(rows[:, list(plan)].sum(axis=1).tolist()) for plan in listed.plans]
    ranks = Ranks(universe.diagram, rows, n_plans=len(totals), max_entries=max_entries)
    assert len(ranks.columns) > 1
    assert len({first for first, _ in totals}) < len(totals)
    for plan, own in zip(listed.plans, totals, strict=True):
        got = ranks.of(plan)
        assert got.better_least <= sum(t < own for t in totals) <= got.better_most < len(totals)
        assert got.worse_least <= sum(t > own for t in totals) <= got.worse_most < len(totals)


def test_norfolk_is_bounded_closely() -> None:
    """The 59,292 plans of option 4a, with room for few numbers: within 3 % of the spread."""
    problem = norfolk_problem("4a")
    exact = Universe.of(problem).distributions().loc["pupil_minutes"]
    row = Universe.of(problem, max_entries=2_000).distributions().loc["pupil_minutes"]
    spread = exact["maximum"] - exact["minimum"]
    for name in ("p05", "p25", "p50", "p75", "p95"):
        assert pd.isna(row[name])
        assert row[f"{name}_least"] <= exact[name] <= row[f"{name}_most"]
        assert row[f"{name}_most"] - row[f"{name}_least"] <= 0.03 * spread
