"""The table of ``funding.csv``: money in pounds and pence, counts that may be shown."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from cluster_optimiser.comparison import FundingView

MONEY = ("admin", "pot", "total", "by_need", "behind_need")
"""Columns in pence that are shown in pounds."""


def pounds(pence: object) -> Decimal | None:
    """Give pence as pounds, exactly.

    >>> str(pounds(-123450))
    '-1234.50'
    """
    if pence is None or pence is pd.NA:
        return None
    return Decimal(int(str(pence))).scaleb(-2)


def funding_table(view: FundingView) -> pd.DataFrame:
    table = view.clusters.reset_index(names="cluster_id")
    renamed = {f"{name}_pence": f"{name}_pounds" for name in MONEY}
    for name in renamed:
        table[name] = pd.Series([pounds(v) for v in table[name].tolist()], dtype=object)
    return table.rename(columns=renamed)
