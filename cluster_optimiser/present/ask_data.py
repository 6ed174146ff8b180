"""What the page needs to question all legal plans: the groups that they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster_optimiser.optimise.candidates import bit_positions, candidate_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.domain import Result
    from cluster_optimiser.prospects import Standing

MOST_GROUPS = 3_000
"""Candidate groups above which the page is not given them: a browser would take too long."""


def ask_data(results: Sequence[Result], standing: Standing | None) -> dict[str, Any] | None:
    """Give the groups of the option by whose rules most of the others are legal.

    Sums are not among it: the page works them out as it does for any cluster, and exactly.
    """
    at = next((i for i, r in enumerate(results) if standing and r.plan.label == standing.label), -1)
    if at < 0:
        return None
    groups = candidate_groups(results[at].problem)
    if len(groups) > MOST_GROUPS:
        return None
    return {"option": at, "groups": [bit_positions(group.mask) for group in groups]}
