"""One page of every authority of a national register: a line each, and a link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.present.characters import isolated
from cluster_optimiser.present.words import number, template

if TYPE_CHECKING:
    import pandas as pd


def nation_html(table: pd.DataFrame) -> str:
    rows = table.to_dict("records")
    return isolated(template("nation.html.j2").render(rows=rows, figure=_figure))


def _figure(cell: object) -> str:
    return number(int(str(cell))) if str(cell) else ""
