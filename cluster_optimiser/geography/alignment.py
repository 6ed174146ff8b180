"""Home areas and misaligned pupils: how a set of schools lies in a boundary layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from cluster_optimiser.domain import Problem

LAYER_PREFIX = "layer."
"""Prefix of the register's columns that hold a school's area in a layer."""

HOME_PREFIX = "home."
"""Prefix of the units' columns that hold a unit's home area in a layer."""


def binding_homes(problem: Problem) -> dict[str, list[str | None]]:
    """Give the home area of each unit in each layer that no cluster may cross."""
    layers = problem.scenario.required_layers
    return {layer: problem.units[HOME_PREFIX + layer].to_list() for layer in layers}


def areas_of(schools: pd.DataFrame, layers: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Give the area of each school in each layer, None where it lies in none."""
    return {
        layer: np.array([None if pd.isna(a) else a for a in schools[LAYER_PREFIX + layer]], object)
        for layer in layers
    }


def home_and_misaligned(areas: Iterable[tuple[str | None, int]]) -> tuple[str | None, int]:
    """Find the area that holds most pupils, and the pupils outside it.

    >>> home_and_misaligned([("Breckland", 900), ("Norwich", 100), (None, 20)])
    ('Breckland', 120)
    """
    held: dict[str, int] = {}
    total = 0
    for area, pupils in areas:
        total += pupils
        if area is not None:
            held[area] = held.get(area, 0) + pupils
    if not held:
        return None, total
    home = min(held, key=lambda area: (-held[area], area))
    return home, total - held[home]
