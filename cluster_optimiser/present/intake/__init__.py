"""What a new authority consists of: its files, its README, the account and the page to check."""

from cluster_optimiser.present.intake.account import summary_lines
from cluster_optimiser.present.intake.check_page import check_html, nation_html
from cluster_optimiser.present.intake.files import (
    NewAuthority,
    caveats,
    starter_text,
    write_data,
    write_papers,
)

__all__ = [
    "NewAuthority",
    "caveats",
    "check_html",
    "nation_html",
    "starter_text",
    "summary_lines",
    "write_data",
    "write_papers",
]
