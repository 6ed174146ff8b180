"""The table of all schools: one row for those that stay together in every option."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from cluster_optimiser.constants import HOMES
from cluster_optimiser.present.tables import schools_table
from cluster_optimiser.present.words import words
from cluster_optimiser.words import is_unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cluster_optimiser.domain import Result


def _cells(table: pd.DataFrame) -> list[str]:
    """Give each school's cluster in one option, with the local link of those that are exempt."""
    say = words()["page"]
    return [
        str(cluster) if is_unknown(link) else say["link"].format(cluster=cluster, link=link)
        for cluster, link in zip(table["cluster"], table["secondary_membership"], strict=True)
    ]


def all_schools(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Gather schools by today's cluster and by their cluster in every option."""
    tables = [table[table["phase"] != HOMES] for table in map(schools_table, results)]
    held = zip(*(_cells(table) for table in tables), strict=True)
    rows: dict[tuple[str, tuple[str, ...]], list[tuple[str, int]]] = {}
    first = tables[0]
    for urn, name, today, clusters in zip(
        first.index, first["school"], first["from_cluster"], held, strict=True
    ):
        rows.setdefault((str(today), clusters), []).append((str(name), int(urn)))
    return [
        {
            "today": today,
            "schools": sorted(members, key=lambda school: (school[0].casefold(), school[1])),
            "clusters": [(name, len(list(run))) for name, run in itertools.groupby(clusters)],
        }
        for (today, clusters), members in sorted(
            rows.items(), key=lambda row: (row[0][0].casefold(), row[0])
        )
    ]
