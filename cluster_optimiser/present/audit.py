"""The cluster audit statement: a page a cluster, with its money by the stated formula."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd

from cluster_optimiser.constants import PHASES
from cluster_optimiser.present.columns import column
from cluster_optimiser.present.numbering import cluster_numbers
from cluster_optimiser.present.principles import lower_first
from cluster_optimiser.present.sheets import density
from cluster_optimiser.present.tables import funding_table, schools_table
from cluster_optimiser.present.words import template
from cluster_optimiser.words import long_date, number, pounds, say, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cluster_optimiser.comparison import FundingView
    from cluster_optimiser.domain import Result
    from cluster_optimiser.scenario import Funding

BLANKS = ("lead_name", "held", "agreed", "spent", "left", "signed")
"""What only the cluster and the council know: never filled in."""


def _title(measure: str) -> str:
    title = say("audit.schools") if measure == "schools" else column(measure)[0]
    first, _, rest = title.partition(" ")
    return f"{lower_first(first)} {rest}".strip()


def formula_lines(money: Funding) -> Iterator[str]:
    yield say("audit.pot", pounds=pounds(money.pot_pounds))
    for part in money.parts:
        measure = _title(part.measure)
        if part.pounds is not None:
            yield say("audit.each", pounds=pounds(part.pounds), measure=measure)
        else:
            pct = 100 * (part.share or Decimal(0))
            said = share(float(pct / 100), int(pct % 1 > 0))
            yield say("audit.share", share=said, measure=measure)
    if money.admin_pounds_per_pupil:
        yield say("audit.admin", pounds=pounds(money.admin_pounds_per_pupil))


def audit_html(result: Result, view: FundingView) -> str:
    """Write the statements of a plan as one file that prints a page a cluster."""
    money, authority = view.funding, result.problem.authority
    numbers = cluster_numbers(result)
    schools = pd.DataFrame(schools_table(result)[["cluster", "school", "phase", "pupils"]])
    schools["order"] = schools["phase"].map(list(PHASES).index)
    listed = schools.sort_values(["order", "school"], kind="stable")
    members_of = dict(list(listed[["school", "phase", "pupils"]].groupby(listed["cluster"])))
    pages = []
    for row in funding_table(view).to_dict(orient="records"):
        members = members_of[row["cluster"]]
        page = {
            "number": numbers.get(row["cluster_id"], row["cluster_id"]),
            "cluster": row["cluster"],
            "density": density(len(members)),
            "figures": list(_figures(row, money)),
            "members": members.to_dict(orient="records"),
        }
        pages.append(page)
    return template("audit.html.j2").render(
        authority=authority.name,
        label=result.plan.label,
        title=result.problem.scenario.short_title,
        date=long_date(authority.data_date),
        stamp=result.stamp,
        pages=pages,
        formula=list(formula_lines(money)),
        notes=view.notes,
        blanks=[say(f"audit.{blank}") for blank in BLANKS],
        number=number,
        caveats=result.caveats,
    )


def _figures(row: Mapping[Any, Any], money: Funding) -> Iterator[tuple[str, str]]:
    """Give what is counted and what it brings, each with its words."""
    yield say("audit.schools"), number(row["n_schools"])
    yield say("audit.pupils"), number(row["pupils"])
    for measure in money.measures:
        yield _title(measure), number(row[measure])
    if money.need:
        yield say("audit.need"), number(round(row["weighted_pupils"]))
    if row["n_schools_unknown"]:
        yield say("audit.unknown"), number(row["n_schools_unknown"])
    if money.admin_pounds_per_pupil:
        yield say("audit.from_admin"), pounds(row["admin_pounds"])
    yield say("audit.from_pot"), pounds(row["pot_pounds"])
    yield say("audit.total"), pounds(row["total_pounds"])
    if not pd.isna(row["pounds_per_weighted_pupil"]):
        yield say("audit.each_need"), pounds(Decimal(str(row["pounds_per_weighted_pupil"])))
