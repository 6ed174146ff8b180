"""Money: to the penny, and nothing that tells of a single school."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_optimiser.batch import evaluate
from cluster_optimiser.comparison import FundingView, funding
from cluster_optimiser.comparison.money import largest_remainder, school_pence
from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.geography.need import counted
from cluster_optimiser.present.funding_tables import funding_table
from cluster_optimiser.present.tables import csv_text
from tests.norfolk import OPTIONS, SCENARIOS, norfolk_place, norfolk_result, norfolk_scenario

POT_PENCE = 30_000_000 * 100


@cache
def norfolk_money(option: str) -> FundingView:
    view = funding(norfolk_result(option))
    assert view is not None
    return view


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any),
    st.integers(0, 10**10),
)
def test_largest_remainder_is_exact_and_within_one_of_proportion(shares, total) -> None:
    made = largest_remainder([Fraction(s) for s in shares], total)
    assert sum(made) == total
    for share, got in zip(shares, made, strict=True):
        assert abs(got - Fraction(share * total, sum(shares))) < 1


def test_nothing_is_shared_where_nothing_has_a_share() -> None:
    assert largest_remainder([Fraction(0)], 100) == [0]


@pytest.mark.parametrize("option", OPTIONS)
def test_clusters_add_up_to_the_pot_to_the_penny(option: str) -> None:
    clusters = norfolk_money(option).clusters
    assert clusters["pot_pence"].sum() == POT_PENCE
    pupils = norfolk_place().authority.schools["pupils"].sum()
    assert clusters["admin_pence"].sum() == 200 * pupils
    assert (clusters["admin_pence"] == 200 * clusters["pupils"]).all()
    assert (clusters["total_pence"] == clusters["admin_pence"] + clusters["pot_pence"]).all()
    text = csv_text(funding_table(norfolk_money(option)))
    rows = list(csv.reader(text.splitlines()))
    column = rows[0].index("pot_pounds")
    assert sum(Decimal(row[column]) for row in rows[1:]) == Decimal("30000000.00")


@given(st.integers(0, 425), st.integers(0, 24))
def test_a_school_that_moves_changes_two_clusters_only(school: int, cluster: int) -> None:
    result = norfolk_result("4a")
    pence = school_pence(result.problem.authority, result.problem.scenario.funding)
    before = result.plan.assignment
    names = sorted(set(before))
    moved = before.copy()
    moved.iloc[school] = names[cluster]
    totals = [pence.sum(axis=1).groupby(plan).sum().reindex(names) for plan in (before, moved)]
    changed = set(totals[0].index[totals[0] != totals[1]])
    expected = {before.iloc[school], names[cluster]} if pence.iloc[school].sum() else set()
    assert changed == (expected if before.iloc[school] != names[cluster] else set())


def test_moving_a_school_in_a_whole_plan(tmp_path) -> None:
    """The same through the whole of it: a plan file, judged and funded."""
    result = norfolk_result("4a")
    plan = result.plan.assignment.copy()
    names = sorted(set(plan) - set(result.problem.exempt_of))
    urn = plan.index[plan == names[0]][3]
    plan.loc[urn] = names[5]
    plan.reset_index().set_axis(["urn", "cluster"], axis=1).to_csv(tmp_path / "p.csv", index=False)
    moved = evaluate(tmp_path / "p.csv", norfolk_scenario("4a"), place=norfolk_place())
    view = funding(moved)
    before = norfolk_money("4a").clusters.set_index("cluster")["total_pence"]
    after = view.clusters.set_index("cluster")["total_pence"]
    assert set(before.index[before != after]) == {names[0], names[5]}
    assert any("rounded to 5" in note for note in view.notes)
    for measure in ("fsm_ever6", "sen_support", "ehcp", "weighted_pupils"):
        assert (view.clusters[measure].dropna() % 5 == 0).all()


def test_the_fund_goes_to_those_furthest_behind() -> None:
    table = norfolk_money("1").clusters
    named = table[table["is_in_capacity_fund"]]
    others = table[~table["is_in_capacity_fund"] & ~table["is_exempt"]]
    assert len(named) == 10
    assert named["behind_need_pence"].min() >= others["behind_need_pence"].max()
    assert not named["is_exempt"].any()


def test_need_is_weighted_pupils() -> None:
    row = norfolk_money("4a").clusters.iloc[0]
    plain = row["pupils"] + 3 * row["sen_support"] + 6 * row["ehcp"]
    assert row["weighted_pupils"] == plain
    rate = row["pot_pence"] / 100 / row["weighted_pupils"]
    assert row["pounds_per_weighted_pupil"] == pytest.approx(rate, abs=0.005)


def _single_schools_that_are_told(options, measure: str) -> set[int]:
    """Solve what the exact sums of all options say of single schools."""
    urns = norfolk_place().authority.schools.index
    rows = []
    for option in options:
        table = norfolk_money(option).clusters
        plan = norfolk_result(option).plan.assignment.reindex(urns)
        shown = table.loc[table[measure].notna(), "cluster"]
        rows += [(plan == name).to_numpy(dtype=float) for name in shown]
    system = np.array(rows)
    reach = np.linalg.pinv(system) @ system
    return set(urns[np.isclose(np.diag(reach), 1, atol=1e-6)])


@pytest.mark.parametrize("measure", ["fsm_ever6", "sen_support", "ehcp", "weighted_pupils"])
def test_no_small_count_of_a_single_school_follows_from_what_is_shown(measure: str) -> None:
    whole = [
        option
        for option in OPTIONS
        if not any("rounded" in note for note in norfolk_money(option).notes)
    ]
    assert "1" in whole
    told = _single_schools_that_are_told(whole, measure)
    schools = norfolk_place().authority.schools
    if measure != "weighted_pupils":
        counts = counted(schools, measure)
        told = {urn for urn in told if pd.notna(counts[urn]) and counts[urn] < 5}
    assert told == set()


def test_small_sums_are_held_back() -> None:
    for option in OPTIONS:
        table = norfolk_money(option).clusters
        for measure in ("fsm_ever6", "sen_support", "ehcp"):
            assert table[measure].dropna().ge(5).all()
            assert table.loc[table["n_schools"] < 3, measure].isna().all()


def test_unknown_is_said_and_counted() -> None:
    view = norfolk_money("4a")
    schools = norfolk_place().authority.schools
    part = ~schools["phase"].isin(["special", "pru"])
    columns = ["pupils", "fsm_ever6", "sen_support", "ehcp"]
    unknown = pd.DataFrame({c: counted(schools, c) for c in columns})[part].isna().any(axis=1)
    assert view.clusters["n_schools_unknown"].sum() == unknown.sum()
    assert any(f"Of {unknown.sum()} schools" in note for note in view.notes)


def test_without_funding_there_is_no_view() -> None:
    result = norfolk_result("1")
    scenario = result.problem.scenario.model_copy(update={"funding": None})
    problem = type(result.problem)(
        **{f: getattr(result.problem, f) for f in result.problem.__slots__} | {"scenario": scenario}
    )
    plain = {f: getattr(result, f) for f in result.__slots__} | {"problem": problem}
    assert funding(type(result)(**plain)) is None


def test_fixed_sums_over_the_pot_are_refused() -> None:
    scenario = norfolk_scenario("1")
    small = scenario.funding.model_copy(update={"pot_pounds": Decimal(1_000)})
    with pytest.raises(ScenarioError, match="more than the pot"):
        school_pence(norfolk_place().authority, small)


def test_norfolk_money_is_the_papers_and_says_so() -> None:
    stated = norfolk_scenario("4a").funding
    assert (stated.admin_pounds_per_pupil, stated.pot_pounds) == (2, 30_000_000)
    assert (stated.capacity_pounds, stated.capacity_clusters) == (1_600_000, 10)
    assert "illustration" in stated.note
    assert "[funding]" in (SCENARIOS / "base.toml").read_text(encoding="utf-8")
