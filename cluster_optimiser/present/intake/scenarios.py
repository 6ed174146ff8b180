"""The text of the starter scenarios."""

from __future__ import annotations

from cluster_optimiser.present.intake.files import toml_text
from cluster_optimiser.present.words import number, template

STARTERS = ("base", "keep", "merge", "fixed", "redraw", "areas")
"""Which starter scenarios there are."""


def starter_text(which: str, values: dict[str, object]) -> str:
    """Write a starter scenario, with a comment for each line."""
    return template(f"starter_{which}.toml.j2").render(values, toml=toml_text, number=number)
