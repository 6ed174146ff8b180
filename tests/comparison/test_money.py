"""Money: to the penny, and nothing that tells of a single school."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_optimiser.batch import evaluate
from cluster_optimiser.comparison import FundingView, funding, money
from cluster_optimiser.comparison.money import (
    largest_remainder,
    protected_counts,
    refuse_formula,
    school_pence,
)
from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.geography.measures import counted
from cluster_optimiser.present.tables import csv_text, funding_table
from cluster_optimiser.scenario import Funding
from cluster_optimiser.words import speaking
from scripts import attack
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


def test_what_is_left_goes_to_the_largest_remainders() -> None:
    """Of 10 by 12 : 6 : 3 : 1 the exact parts are 5.45, 2.73, 1.36 and 0.45; the first wins."""
    shares = [Fraction(6), Fraction(3), Fraction(3, 2), Fraction(1, 2)]
    assert largest_remainder(shares, 10) == [6, 3, 1, 0]
    assert largest_remainder([Fraction(7), Fraction(13)], 1) == [0, 1]
    assert largest_remainder([Fraction(1), Fraction(2)], 2) == [1, 1]


@pytest.mark.parametrize(
    ("counts", "moved"),
    [
        # With two schools each could take away its own, so their sum is moved too.
        ([7, 5], [5, 5]),
        ([13], [15]),
        # So is a sum under five, whoever has it; five of three schools is kept.
        ([2, 1, 1], [5, 0, 0]),
        ([2, 2, 1], [5, 0, 0]),
        ([7, 5, 1], [8, 5, 0]),
        ([12, 4, 1], [12, 5, 0]),
    ],
)
def test_the_sum_of_a_few_schools_is_moved_and_of_others_kept(counts, moved) -> None:
    home = pd.Series("a", index=range(len(counts)))
    assert protected_counts(pd.Series(counts, dtype="Int64"), home).tolist() == moved


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
    pence = school_pence(result.problem.authority.schools, result.problem.scenario.funding)
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


def test_the_fund_goes_to_those_furthest_behind() -> None:
    table = norfolk_money("1").clusters
    assert table["behind_need_pence"].sum() == 0  # what some are behind others are before
    behind = table["by_need_pence"] - table["pot_pence"]
    assert table["behind_need_pence"].tolist() == behind.tolist()
    named = table[table["is_in_capacity_fund"]]
    others = table[~table["is_in_capacity_fund"] & ~table["is_exempt"]]
    assert len(named) == 10
    assert named["behind_need_pence"].min() >= others["behind_need_pence"].max()
    assert not named["is_exempt"].any()


@pytest.mark.parametrize(("pot", "is_refused"), [(9, False), (8, True)])
def test_fixed_sums_may_take_all_of_the_pot(pot: int, is_refused: bool) -> None:
    schools = pd.DataFrame(
        {"phase": ["primary"] * 2, "pupils": [4, 5], "is_pupils_known": [True, True]}
    )
    parts = ({"measure": "pupils", "pounds": 1}, {"measure": "schools", "share": 1})
    stated = Funding(pot_pounds=pot, parts=parts)
    if is_refused:
        with pytest.raises(ScenarioError, match="£1 more than the pot"):
            school_pence(schools, stated)
        return
    assert school_pence(schools, stated)["pot_pence"].tolist() == [400, 500]


def test_what_is_unknown_of_schools_funded_apart_is_not_counted() -> None:
    schools = pd.DataFrame(
        {
            "phase": ["primary", "special", "primary"],
            "pupils": [0, 0, 9],
            "is_pupils_known": [False, False, True],
        }
    )
    stated = Funding(
        pot_pounds=1, parts=({"measure": "pupils", "share": 1},), without_phases=("special",)
    )
    assert money._unknown_schools(schools, stated).tolist() == [True, False, False]


@pytest.mark.parametrize(("pounds", "n", "named"), [(1, 1, "b"), (1, 4, "bd"), (0, 4, "")])
def test_the_fund_is_of_none_that_is_not_behind(pounds: int, n: int, named: str) -> None:
    behind = pd.DataFrame(
        {"behind_need_pence": [0, 9, 99, 1, -9], "is_exempt": [False, False, True, False, False]},
        index=list("abcde"),
    )
    stated = norfolk_scenario("1").funding.model_copy(
        update={"capacity_pounds": pounds, "capacity_clusters": n}
    )
    found = money._capacity(behind, stated)
    assert "".join(found.index[found]) == named


def test_need_is_spread_over_clusters_that_share_in_it() -> None:
    """An exempt cluster, and one without pupils that take part, have no ratio of need."""
    table = pd.DataFrame(
        {
            "is_exempt": [False, False, True, False],
            "need_pupils": [10, 20, 5, 0],
            "need_thousandths": [15_000, 20_000, 50_000, 3_000],
            "pounds_per_weighted_pupil": [300.0, 100.0, 900.0, 800.0],
        }
    )
    assert money._evenness(table) == {
        "need_spread": 0.2,
        "pounds_spread": 0.5,
        "lowest_need_ratio": 1.0,
        "highest_need_ratio": 1.5,
    }


def test_what_a_cluster_gets_is_set_against_its_share_of_need() -> None:
    """Half a weighted pupil is need too; where there is none there is no sum for each."""
    table = pd.DataFrame(
        {
            "is_exempt": False,
            "need_thousandths": [500, 1_500, 0],
            "pot_pence": [30_000, 60_000, 10_000],
        }
    )
    stated = Funding.model_validate(
        {
            "pot_pounds": 1_000,
            "need": {"pupils": 1},
            "parts": [{"measure": "pupils", "share": 1}],
            "capacity_pounds": 5,
            "capacity_clusters": 1,
        }
    )
    found = money._against_need(table, stated)
    assert found["weighted_pupils"].tolist() == [0.5, 1.5, 0.0]
    assert found["pounds_per_weighted_pupil"].fillna(-1).tolist() == [600.0, 400.0, -1.0]
    assert found["by_need_pence"].tolist() == [25_000, 75_000, 0]
    assert found["behind_need_pence"].tolist() == [-5_000, 15_000, -10_000]
    assert found["is_in_capacity_fund"].tolist() == [False, True, False]


def test_fixed_sums_come_first_and_the_rest_goes_by_its_share() -> None:
    parts = (
        {"measure": "schools", "pounds": 1_000},
        {"measure": "pupils", "share": 0.75},
        {"measure": "schools", "share": 0.25},
    )
    funding = Funding.model_validate({"pot_pounds": 10_000, "parts": parts})
    known = {"phase": "primary", "is_pupils_known": True}
    schools = pd.DataFrame({"pupils": [100, 300], **known}, index=[1, 2])
    assert school_pence(schools, funding)["pot_pence"].tolist() == [350_000, 650_000]


def test_need_is_weighted_pupils() -> None:
    row = norfolk_money("4a").clusters.iloc[0]
    plain = row["pupils"] + 3 * row["sen_support"] + 6 * row["ehcp"]
    assert row["weighted_pupils"] == plain
    rate = row["pot_pence"] / 100 / row["weighted_pupils"]
    assert row["pounds_per_weighted_pupil"] == pytest.approx(rate, abs=0.005)


MEASURES = ("fsm_ever6", "sen_support", "ehcp")


def _published(counts: pd.DataFrame) -> str:
    """Give the tables of money of options of both kinds, had schools these counts."""
    texts = []
    for option in ("1", "2c", "4a", "4e"):
        result = norfolk_result(option)
        authority = result.problem.authority
        schools = authority.schools.assign(**{m: counts[m] for m in MEASURES})
        problem = replace(result.problem, authority=replace(authority, schools=schools))
        view = funding(replace(result, problem=problem))
        texts.append(csv_text(funding_table(view)) + str(view.evenness))
    return "\n".join(texts)


def _true_counts() -> pd.DataFrame:
    schools = norfolk_place().authority.schools
    return pd.DataFrame({measure: counted(schools, measure) for measure in MEASURES})


def _homes() -> pd.Series:
    problem = norfolk_result("1").problem
    home = problem.authority.schools["local_cluster"].astype(str)
    return home.mask(home.index.isin(problem.exempt_of.index), problem.exempt_of)


def test_other_data_give_the_same_tables_to_the_last_penny() -> None:
    """So whatever is worked out of all options together is not what one or two schools have.

    Other counts are made by moving pupils between two schools of a cluster of today, and by
    changing the counts of clusters of fewer than three schools, as far as the steps allow.
    """
    true, home = _true_counts(), _homes()
    other, rng = true.copy(), np.random.default_rng(20)
    for measure in MEASURES:
        for _, group in true[measure].dropna().groupby(home):
            moved, now = protected_counts(group, home), group
            for _ in range(4):
                one, two = rng.choice(group.index, 2)
                changed = now.copy()
                changed[one] += 1
                changed[two] -= int(len(group) >= 3)
                if changed.min() >= 0 and protected_counts(changed, home).equals(moved):
                    now = changed
            other.loc[now.index, measure] = now
    n_changed = (true != other).sum()
    assert (n_changed > 0.1 * len(true)).all(), n_changed
    assert _published(other) == _published(true)


@pytest.mark.parametrize("measure", MEASURES)
def test_what_is_moved_is_moved_by_less_than_a_step_and_clusters_keep_their_counts(measure) -> None:
    true, home = _true_counts()[measure], _homes()
    moved = protected_counts(true, home)
    assert moved.isna().equals(true.isna())
    assert (moved.dropna() >= 0).all()
    known = true.dropna()
    sums, after = known.groupby(home).sum(), moved.groupby(home).sum()
    is_kept = (known.groupby(home).size() >= 3) & (sums >= 5)
    assert sums[is_kept].equals(after[is_kept])
    assert (after[~is_kept] % 5 == 0).all()
    assert ((after - sums).abs() <= 2).all()
    largest = known.groupby(home).idxmax()
    others = moved.index.difference(largest)
    assert (moved[others].dropna() % 5 == 0).all()
    assert ((moved - true)[others].dropna().abs() < 5).all()


def test_counts_that_are_public_are_added_up_as_they_are() -> None:
    result = norfolk_result("2c")
    stated = result.problem.scenario.funding.model_copy(update={"counts_are_public": True})
    scenario = result.problem.scenario.model_copy(update={"funding": stated})
    view = funding(replace(result, problem=replace(result.problem, scenario=scenario)))
    exact = _true_counts()["sen_support"].groupby(result.plan.assignment).sum()
    shown = view.clusters.set_index("cluster")["sen_support"]
    assert (shown == exact.reindex(shown.index)).all()
    assert not any("moved to multiples" in note for note in view.notes)


def test_what_is_said_with_money_speaks_the_language_that_is_spoken() -> None:
    """One result is shown in one language, then in another; no sentence is half in each."""
    view = norfolk_money("4a")
    stated = {view.funding.source, view.funding.note}
    english = {*view.notes} - stated
    with speaking("pl"):
        polish = {*view.notes} - stated
    assert len(english) == len(polish) == 3
    assert not any(re.search(r"\b(the|and|schools)\b", note) for note in polish)
    assert {*view.notes} - stated == english


def test_unknown_is_said_and_counted() -> None:
    view = norfolk_money("4a")
    schools = norfolk_place().authority.schools
    part = ~schools["phase"].isin(["special", "pru"])
    columns = ["pupils", "fsm_ever6", "sen_support", "ehcp"]
    unknown = pd.DataFrame({c: counted(schools, c) for c in columns})[part].isna().any(axis=1)
    assert view.clusters["n_schools_unknown"].sum() == unknown.sum()
    assert any(f"Of {unknown.sum()} schools" in note for note in view.notes)


def test_a_school_whose_count_is_unknown_has_no_share_of_what_goes_by_it() -> None:
    asked = norfolk_scenario("4a").funding
    assert asked is not None
    by_need = asked.parts[-1].model_copy(update={"share": Decimal(1)})
    asked = asked.model_copy(update={"parts": (by_need,)})
    schools = norfolk_place().authority.schools
    is_known = counted(schools, by_need.measure).notna()
    pot = school_pence(schools, asked)["pot_pence"]
    assert not is_known.all()
    assert (pot[~is_known] == 0).all()
    assert pot.sum() == POT_PENCE


def test_what_is_none_is_spread_by_nothing() -> None:
    assert money._spread([1, 3]) == 0.5
    assert money._spread([]) is money._spread([0, 0]) is None


def test_without_funding_there_is_no_view() -> None:
    result = norfolk_result("1")
    scenario = result.problem.scenario.model_copy(update={"funding": None})
    problem = replace(result.problem, scenario=scenario)
    assert funding(replace(result, problem=problem)) is None


def test_fixed_sums_over_the_pot_are_refused() -> None:
    scenario = norfolk_scenario("1")
    small = scenario.funding.model_copy(update={"pot_pounds": Decimal(1_000)})
    with pytest.raises(ScenarioError, match="more than the pot"):
        school_pence(norfolk_place().authority.schools, small)


@pytest.mark.parametrize("is_public", [True, False])
def test_counts_too_small_to_be_shown_are_refused_before_anything_runs(*, is_public: bool) -> None:
    """Two pupils in all are moved to none: there is nothing that a share could go by."""
    place, scenario = norfolk_place(), norfolk_scenario("1")
    schools = place.authority.schools.assign(rare=0)
    schools.loc[schools.index[[2, 200]], "rare"] = 1
    part = {"measure": "rare", "share": 1}
    stated = Funding(pot_pounds=1_000, parts=[part], counts_are_public=is_public)
    asked = scenario.model_copy(update={"funding": stated})
    if is_public:
        refuse_formula(asked, schools)
        return
    with pytest.raises(ScenarioError, match='by "rare", and no count of it is large enough'):
        refuse_formula(asked, schools)


def test_norfolk_money_is_the_papers_and_says_so() -> None:
    stated = norfolk_scenario("4a").funding
    assert (stated.admin_pounds_per_pupil, stated.pot_pounds) == (2, 30_000_000)
    assert (stated.capacity_pounds, stated.capacity_clusters) == (1_600_000, 10)
    assert "illustration" in stated.note
    assert "[funding]" in (SCENARIOS / "base.toml").read_text(encoding="utf-8")


def test_an_attack_recovers_no_count_of_one_or_two_schools(monkeypatch) -> None:
    """`scripts/attack.py` goes through every authority; here a few homes, and what it can find."""
    homes = [[120, 81], [0, 0, 1, 1, 1], [9, 4, 31], [0], [7, 7, 7, 0], [1, 0, 58, 3]]
    counts = pd.Series([n for home in homes for n in home], dtype="Int64")
    home = pd.Series([i for i, some in enumerate(homes) for _ in some])
    assert attack.recovered(counts, home) == []
    monkeypatch.setattr(attack, "moved_counts", lambda numbers: numbers)
    schools, pairs = len(counts), sum(math.comb(len(some), 2) for some in homes)
    assert len(attack.recovered(counts, home)) == schools + pairs


def test_need_of_a_cluster_counts_from_its_first_pupil() -> None:
    table = pd.DataFrame(
        {
            "is_exempt": [False, False, False, True],
            "need_pupils": [0, 1, 100, 100],
            "need_thousandths": [0, 2_000, 100_000, 900_000],
            "pounds_per_weighted_pupil": [None, 5.0, 10.0, None],
        }
    )
    found = money._evenness(table)
    assert (found["lowest_need_ratio"], found["highest_need_ratio"]) == (1, 2)
