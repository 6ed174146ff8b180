"""The report's pages on money: how it falls on clusters, and how far that is from need."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from cluster_optimiser.present.report.blocks import Bullets, Heading, Paragraph, Table
from cluster_optimiser.present.words import UNKNOWN, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster_optimiser.present.report.blocks import Block
    from cluster_optimiser.present.report.folder import Folder, Option


def pounds_text(text: str) -> str:
    """Write pounds with their pence.

    Examples
    --------
    >>> pounds_text("-1234.5"), pounds_text("1000.00")
    ('-£1,234.50', '£1,000.00')
    """
    if not text:
        return UNKNOWN
    value = Decimal(text)
    return f"{'-' if value < 0 else ''}£{abs(value):,.2f}"


def _number_or_none(text: str) -> str:
    return number(float(text)) if text else UNKNOWN


def money_of_option(option: Option) -> Iterator[Block]:
    """Show how money falls on the clusters of an option."""
    if not option.funding:
        return
    rows = [
        (
            row["cluster"],
            _number_or_none(row["weighted_pupils"]),
            pounds_text(row["admin_pounds"]),
            pounds_text(row["pot_pounds"]),
            pounds_text(row["pounds_per_weighted_pupil"]),
            pounds_text(row["behind_need_pounds"]),
            "yes" if row["is_in_capacity_fund"] == "true" else "no",
        )
        for row in option.funding
    ]
    yield Table(
        f"Money of the clusters of option {option.label}",
        (
            "Cluster",
            "Weighted pupils",
            "Administration",
            "Pot by formula",
            "Pot for each weighted pupil",
            "Behind need",
            "Furthest behind",
        ),
        tuple(rows),
        (2.6, 0.9, 1.2, 1.4, 1.0, 1.4, 0.8),
        f"{option.label}/funding.csv",
    )


def _share(value: object) -> str:
    return f"{100 * float(value):.1f}%" if isinstance(value, (int, float)) else UNKNOWN


def money_of_all(folder: Folder) -> Iterator[Block]:
    """Set the options side by side in money."""
    funded = [o for o in folder.options if o.manifest.get("funding")]
    if not funded:
        return
    stated = funded[0].manifest["funding"]
    yield Heading(1, "Money and need")
    yield Paragraph(
        f"Whatever the option, {pounds_text(stated['totals']['pot_pounds'])} are shared by the "
        f"same formula, and {pounds_text(stated['totals']['admin_pounds'])} go to clusters for "
        "administration; both add up over clusters to the penny. What an option changes is who "
        "shares with whom."
    )
    yield Bullets(
        tuple(dict.fromkeys(note for o in funded for note in o.manifest["funding"]["notes"]))
    )
    header = (
        "Option",
        "Spread of need",
        "Lowest need of a pupil",
        "Highest need of a pupil",
        "Spread of pounds for need",
    )
    rows = []
    for option in funded:
        even = option.manifest["funding"]["evenness"]
        rows.append(
            (
                f"{option.label} {option.title}",
                _share(even["need_spread"]),
                _ratio(even["lowest_need_ratio"]),
                _ratio(even["highest_need_ratio"]),
                _share(even["pounds_spread"]),
            )
        )
    yield Paragraph(
        "Spread is the standard deviation over clusters as a share of their mean: 0% would be the "
        "same everywhere. Need of a pupil is weighted pupils divided by pupils."
    )
    yield Table(
        "How evenly each option spreads need", header, tuple(rows), (3, 1, 1, 1, 1), "manifest.json"
    )
    yield Paragraph(
        f"A fund of {pounds_text(stated['capacity_pounds'])} is meant for about "
        f"{number(stated['capacity_clusters'])} clusters where the formula runs furthest behind "
        "need; each option's are marked in its table of money. Behind need is what the cluster "
        "would get were the pot shared by weighted pupils alone, less what the formula gives it."
    )


def _ratio(value: object) -> str:
    return f"{float(value):.2f}" if isinstance(value, (int, float)) else UNKNOWN
