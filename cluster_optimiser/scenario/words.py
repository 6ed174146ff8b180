"""The name that was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidfuzz import process

if TYPE_CHECKING:
    from collections.abc import Iterable

NEAREST_SCORE = 60.0
"""Similarity (0 to 100) from which a name is offered as the one that was meant."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Give the name most like another.

    Examples
    --------
    >>> nearest("Swafham", ["Swaffham", "Fakenham"])
    'Swaffham'
    """
    found = process.extractOne(name, sorted(names), score_cutoff=NEAREST_SCORE)
    return found[0] if found else None
