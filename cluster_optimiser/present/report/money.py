"""The report's pages on money: how it falls on clusters, and how far that is from need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.present.report.blocks import Bullets, Heading, Paragraph, TableBlock
from cluster_optimiser.words import pounds, say, share, two_decimals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster_optimiser.present.report.blocks import Block
    from cluster_optimiser.present.report.folder import ResultsFolder

EVENNESS = ("spread_need", "lowest", "highest", "spread_pounds")


def money_of_all(folder: ResultsFolder) -> Iterator[Block]:
    """Set the options side by side in money."""
    funded = [o for o in folder.options if o.manifest.get("funding")]
    if not funded:
        return
    stated = funded[0].manifest["funding"]
    pot, admin = (stated["totals"][f"{key}_pounds"] for key in ("pot", "admin"))
    yield Heading(1, say("report.money.heading"), "money")
    lead = "lead" if float(admin) else "lead_pot"
    yield Paragraph(say(f"report.money.{lead}", pot=pounds(pot), admin=pounds(admin)))
    yield Paragraph(say("report.money.spread"))
    rows = []
    for option in funded:
        even = option.manifest["funding"]["evenness"]
        rows.append(
            (
                say("report.option_title", label=option.label, title=option.title),
                share(even["need_spread"]),
                two_decimals(even["lowest_need_ratio"]),
                two_decimals(even["highest_need_ratio"]),
                share(even["pounds_spread"]),
            )
        )
    header = (say("report.columns.option"), *(say(f"report.money.{key}") for key in EVENNESS))
    yield TableBlock(
        say("report.money.table"), header, tuple(rows), (3.4, 1, 1, 1, 1), "manifest.json"
    )
    fund, n = pounds(stated["capacity_pounds"]), stated["capacity_clusters"]
    yield Paragraph(say("report.money.fund", n, fund=fund))
    notes = dict.fromkeys(note for o in funded for note in o.manifest["funding"]["notes"])
    yield Bullets(tuple(notes))
