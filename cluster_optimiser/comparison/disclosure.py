"""Counts that may be shown: none of which a single school's small count can be worked out.

A count of pupils with a need is held back where it is small, where too few schools make it up, and
where it would follow from the total and the others. Options that divide clusters of today are
compared with today's: there everything is rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

LEAST_COUNT = 5
"""Smallest count that is shown."""

LEAST_SCHOOLS = 3
"""Fewest schools of a count that is shown: with two, each could take away its own."""

ROUNDING = 5
"""What counts are rounded to where differences between options would tell."""


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What counts are sums of."""

    counts: pd.DataFrame  # index urn, a column a measure: the counts themselves
    cluster_of: pd.Series  # index urn: the cluster whose sum is shown
    today_of: pd.Series

    @property
    def tell(self) -> bool:
        """Whether sums of several options together tell a single school's small count.

        Options made of whole clusters of today tell no more than today's sums do, and those are of
        a single school only where a cluster has but one. All others are taken to tell.
        """
        homes = self.cluster_of.groupby(self.today_of)
        if (homes.min() != homes.max()).any():
            return True
        n_schools = self.today_of.map(self.today_of.value_counts())
        alone = self.counts[n_schools == 1]
        return bool((alone < LEAST_COUNT).to_numpy().any())


def safe_counts(sums: Sums, clusters: pd.Series) -> tuple[pd.DataFrame, bool]:
    """Hold back or round the counts that would tell of a single school."""
    names = clusters.astype(str)
    grouped = sums.counts.groupby(sums.cluster_of)
    table = grouped.sum().reindex(names, fill_value=0).astype("Int64")
    n_schools = grouped.size().reindex(names, fill_value=0)
    held_back = (table < LEAST_COUNT).any(axis=1) | (n_schools < LEAST_SCHOOLS)
    if held_back.sum() == 1 and not held_back.all():
        # One alone would follow from the total: the smallest of the others goes with it.
        held_back |= held_back.index == table[~held_back].sum(axis=1).idxmin()
    is_rounded = sums.tell
    if is_rounded:
        table = ((table + ROUNDING // 2) // ROUNDING) * ROUNDING
    return table.mask(held_back.astype(bool)).set_axis(clusters.index), is_rounded
