"""Money of a plan: every cluster's sum to the penny, set against need.

Every school's share of the pot is worked out once, in fractions, and rounded to pence by largest
remainder; a cluster gets what its schools bring. So sums over clusters are the pot whatever the
plan, and a school that moves changes two clusters only.

Nothing tells the counts of one or two schools, whatever is published together. Holding back one
table's small cells does not help where another option's table has their sum. So nothing is held
back: before anything is added up, the counts of schools are moved to multiples of `STEP`, once, in
the same way for every option. Whoever solves all tables, sums of money included, for a school or
for two finds the moved counts and no others: data that differ only inside the steps give the same
tables to the last penny (which is what the tests try).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from cluster_optimiser.constants import NEED_SCALE
from cluster_optimiser.errors import Fault, ScenarioError
from cluster_optimiser.geography.measures import counted, need_and_pupils, takes_part
from cluster_optimiser.geography.units import exempt_groups
from cluster_optimiser.words import joined, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_optimiser.arrays import Ints
    from cluster_optimiser.domain import Result
    from cluster_optimiser.scenario import Funding, Scenario

PENCE = 100


@dataclass(frozen=True, slots=True, eq=False)
class FundingView:
    """What a plan means in money."""

    funding: Funding  # the sums and the formula
    clusters: pd.DataFrame
    totals: Mapping[str, int]
    evenness: Mapping[str, float | None]
    n_unknown: int  # schools of which some count is not known

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said with the figures, in the language that is spoken."""
        money = self.funding
        notes = [money.source, money.note]
        if self.n_unknown:
            notes.append(say("money.unknown", self.n_unknown))
        if money.without_phases:
            first, *more = (str(say(f"phases.{phase}")) for phase in money.without_phases)
            phases = joined([first, *(f"{name[:1].lower()}{name[1:]}" for name in more)])
            notes.append(say("money.without", phases=phases))
        if money.measures and not money.counts_are_public:
            notes.append(say("money.moved", step=STEP))
        return tuple(filter(None, notes))


def largest_remainder(shares: Sequence[Fraction], total: int) -> list[int]:
    """Share a whole number in proportion, to the last unit.

    Each gets its exact part rounded down; what is left goes one by one to the largest remainders,
    the earlier one where two are equal (Hamilton's method).

    >>> largest_remainder([Fraction(1), Fraction(1), Fraction(1)], 100)
    [34, 33, 33]
    """
    whole = sum(shares, Fraction(0))
    if not whole:
        return [0] * len(shares)
    exact = [share * total / whole for share in shares]
    floors = [int(part) for part in exact]
    order = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))
    for i in order[: total - sum(floors)]:
        floors[i] += 1
    return floors


def shown_schools(schools: pd.DataFrame, exempt_of: pd.Series, funding: Funding) -> pd.DataFrame:
    """Give the register with the counts that may be published in place of those that may not."""
    if funding.counts_are_public:
        return schools
    home = schools["local_cluster"].astype(str)
    home = home.mask(home.index.isin(exempt_of.index), exempt_of.reindex(home.index))
    moved = {m: protected_counts(counted(schools, m), home) for m in funding.measures}
    return schools.assign(**moved)


def school_pence(schools: pd.DataFrame, funding: Funding) -> pd.DataFrame:
    """Work out what each school brings to its cluster. Not for publication."""
    part = takes_part(schools, funding).to_numpy()
    pot = int(funding.pot_pounds * PENCE)
    exact = [Fraction(0)] * len(schools)
    numbers = {
        p.measure: np.where(
            part, counted(schools, p.measure).fillna(0).to_numpy(dtype=np.int64), 0
        ).tolist()
        for p in funding.parts
    }
    for p in funding.parts:
        if p.pounds is not None:
            each = Fraction(p.pounds) * PENCE
            exact = [e + each * n for e, n in zip(exact, numbers[p.measure], strict=True)]
    left = pot - sum(exact, Fraction(0))
    if left < 0:
        raise _refused(f"the fixed sums are £{int(-left / PENCE):,} more than the pot")
    for p in funding.parts:
        if p.share is not None:
            total = sum(numbers[p.measure])
            if not total:
                problem = f'a share goes by "{p.measure}", and no count of it is large enough'
                raise _refused(f"{problem} to be shown")
            each = left * Fraction(p.share) / total
            exact = [e + each * n for e, n in zip(exact, numbers[p.measure], strict=True)]
    pupils = schools["pupils"].to_numpy(dtype=np.int64)
    admin = largest_remainder(
        [Fraction(funding.admin_pounds_per_pupil) * PENCE * int(p) for p in pupils],
        int(Fraction(funding.admin_pounds_per_pupil) * PENCE * int(pupils.sum())),
    )
    return pd.DataFrame(
        {"admin_pence": admin, "pot_pence": largest_remainder(exact, pot)}, index=schools.index
    )


def refuse_formula(scenario: Scenario, schools: pd.DataFrame) -> None:
    """Refuse a formula that cannot share the pot between these schools."""
    if scenario.funding is None:
        return
    try:
        shown = shown_schools(schools, exempt_groups(scenario, schools), scenario.funding)
        school_pence(shown, scenario.funding)
    except ScenarioError as error:
        raise ScenarioError(
            [replace(fault, file=scenario.file_name) for fault in error.faults]
        ) from None


def _refused(problem: str) -> ScenarioError:
    return ScenarioError([Fault("scenario", 0, "funding.parts", problem, "Change the formula.")])


def _spread(values: Sequence[float]) -> float | None:
    """Give the coefficient of variation: standard deviation over mean."""
    if not sum(values):
        return None
    array = np.asarray(values, dtype=np.float64)
    return float(array.std() / array.mean())


def _unknown_schools(schools: pd.DataFrame, funding: Funding) -> pd.Series:
    unknown = ~schools["is_pupils_known"].astype(bool)
    for measure in funding.measures:
        unknown |= counted(schools, measure).isna()
    found: pd.Series = unknown & takes_part(schools, funding)
    return found


def _sums(result: Result, schools: pd.DataFrame, funding: Funding) -> pd.DataFrame:
    need, pupils = need_and_pupils(schools, funding)
    per_school = school_pence(schools, funding)
    per_school["need_thousandths"] = need
    per_school["need_pupils"] = pupils
    per_school["n_schools_unknown"] = _unknown_schools(schools, funding).astype("int64")
    for measure in funding.measures:
        per_school[measure] = counted(schools, measure).fillna(0).astype("int64")
    clusters = result.score.clusters
    sums = per_school.groupby(result.plan.assignment.astype(str)).sum()
    sums = sums.reindex(clusters["cluster"].astype(str)).set_axis(clusters.index)
    shown = pd.DataFrame(clusters[["cluster", "is_exempt", "n_schools", "pupils"]])
    return shown.join(sums)


def _capacity(table: pd.DataFrame, funding: Funding) -> pd.Series:
    """Name the clusters furthest behind need, as many as the fund is meant for."""
    behind = table[~table["is_exempt"].astype(bool) & (table["behind_need_pence"] > 0)]
    order = behind.sort_values("behind_need_pence", ascending=False, kind="stable")
    n_named = funding.capacity_clusters if funding.capacity_pounds else 0
    return pd.Series(table.index.isin(order.index[:n_named]), index=table.index)


def _against_need(table: pd.DataFrame, funding: Funding) -> pd.DataFrame:
    pot = int(funding.pot_pounds * PENCE)
    shares = [Fraction(int(n)) for n in table["need_thousandths"]]
    by_need = largest_remainder(shares, pot) if funding.need else [0] * len(table)
    weighted = table["need_thousandths"] / NEED_SCALE
    rate = (table["pot_pence"] / PENCE / weighted.where(weighted > 0)).astype("Float64")
    table = table.assign(
        weighted_pupils=weighted,
        pounds_per_weighted_pupil=rate.round(2),
        by_need_pence=by_need,
        behind_need_pence=np.asarray(by_need) - table["pot_pence"] if funding.need else 0,
    )
    return table.assign(is_in_capacity_fund=_capacity(table, funding))


def _evenness(table: pd.DataFrame) -> dict[str, float | None]:
    """Say how evenly need is spread; no finer than is shown, as a ratio would tell its count."""
    own = table[~table["is_exempt"].astype(bool) & (table["need_pupils"] > 0)]
    ratio = (own["need_thousandths"] / NEED_SCALE / own["need_pupils"]).tolist()
    pounds = [float(v) for v in own["pounds_per_weighted_pupil"].dropna()]
    found = {
        "need_spread": (_spread(ratio), 3),
        "pounds_spread": (_spread(pounds), 3),
        "lowest_need_ratio": (min(ratio, default=None), 2),
        "highest_need_ratio": (max(ratio, default=None), 2),
    }
    return {name: None if v is None else round(v, digits) for name, (v, digits) in found.items()}


def funding(result: Result) -> FundingView | None:
    """Say what a plan means in money: every cluster's sum to the penny, and against need.

    Parameters
    ----------
    result
        A plan, with its scenario's ``funding``.

    Returns
    -------
    The view; None where the scenario states no funding.

    Raises
    ------
    ScenarioError
        If the formula cannot be carried out.
    """
    if result not in _SEEN:
        _SEEN[result] = _funding(result)
    return _SEEN[result]


_SEEN: WeakKeyDictionary[Result, FundingView | None] = WeakKeyDictionary()
"""What was worked out already: files, manifest and page all ask."""


def _funding(result: Result) -> FundingView | None:
    money = result.problem.scenario.funding
    if money is None:
        return None
    problem = result.problem
    schools = shown_schools(problem.authority.schools, problem.exempt_of, money)
    table = _against_need(_sums(result, schools, money), money)
    evenness = _evenness(table)
    table["total_pence"] = table["admin_pence"] + table["pot_pence"]
    columns = [
        *("cluster", "is_exempt", "n_schools", "n_schools_unknown", "pupils"),
        *money.measures,
        *("weighted_pupils", "admin_pence", "pot_pence", "total_pence"),
        *("pounds_per_weighted_pupil", "by_need_pence", "behind_need_pence"),
        "is_in_capacity_fund",
    ]
    sums = ("admin_pence", "pot_pence", "total_pence", "by_need_pence")
    totals = {name: int(table[name].sum()) for name in ("n_schools", "pupils", *sums)}
    return FundingView(
        funding=money,
        clusters=table[columns],
        totals=totals,
        evenness=evenness,
        n_unknown=int(_unknown_schools(schools, money).sum()),
    )


LEAST_COUNT = 5
"""Smallest count of a cluster of today that is kept as it is."""

LEAST_SCHOOLS = 3
"""Fewest schools of a count that is kept: with two, each could take away its own."""

STEP = 5
"""What counts of schools are moved to a multiple of."""


def protected_counts(counts: pd.Series, home: pd.Series) -> pd.Series:
    """Move the counts of schools to multiples of `STEP`, keeping the sum of each home.

    The sum of a home with too few schools, or too small a sum, is moved to a multiple as well. In a
    home each school is moved up or down by less than a step, and the sum of all moves is the least
    there is (largest remainders); what the sum has beyond its last multiple goes to the largest
    count. A count that is not known stays so.

    >>> import pandas as pd
    >>> counts = pd.Series([7, 3, 13, 4], index=[1, 2, 3, 4], dtype="Int64")
    >>> protected_counts(counts, pd.Series(["a", "a", "a", "b"], index=counts.index)).tolist()
    [5, 5, 13, 5]
    """
    known = counts.dropna()
    numbers = known.to_numpy(dtype=np.int64)
    moved = numbers.copy()
    codes, _ = pd.factorize(home.reindex(known.index))
    for code in range(codes.max(initial=-1) + 1):
        moved[codes == code] = moved_counts(numbers[codes == code])
    return pd.Series(moved, index=known.index).reindex(counts.index).astype(counts.dtype)


def moved_counts(group: Ints) -> Ints:
    total = int(group.sum())
    if len(group) < LEAST_SCHOOLS or total < LEAST_COUNT:
        total = (total + STEP // 2) // STEP * STEP
    steps = group // STEP
    order = np.argsort(-(group % STEP), kind="stable")
    steps[order[: total // STEP - int(steps.sum())]] += 1
    values: Ints = steps * STEP
    values[group.argmax()] += total % STEP
    return values
