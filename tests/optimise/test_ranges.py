"""What bounds a cluster besides the range of all: said of one set and of many at once alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cluster_optimiser.optimise.candidates import bit_positions, membership
from cluster_optimiser.optimise.ranges import own_ranges
from tests.toy import ToySchool, toy_problem

if TYPE_CHECKING:
    from collections.abc import Callable

HUBS = {"of": "hub", "places": "places", "tolerance": 0.5}


@pytest.mark.parametrize(
    ("tables", "is_kept"),
    [
        ({"size": {"clusters": {"B": {"min_pupils": 200, "max_pupils": 300}}}},
         lambda units: 1 not in units or 2 <= len(units) <= 3),
        ({"size": HUBS, "redraw": {"hubs": "secondary"}},
         lambda units: 0 in units and 1 <= len(units) <= 3),
        ({"size": {"max_schools": 3}}, lambda units: len(units) <= 3),
        ({"secondary": {"min": 1}}, lambda units: 0 in units),
        ({}, lambda _: True),
    ],
)  # fmt: skip
def test_a_set_keeps_ranges_on_their_bounds_and_none_past_them(
    tables: dict[str, Any], is_kept: Callable[[list[int]], bool]
) -> None:
    """Four schools of 100 pupils; the first is secondary and has 200 places."""
    schools = {
        name: [
            ToySchool(
                "secondary" if name == "A" else "primary",
                100,
                columns={"places": 200 * (name == "A")},
            )
        ]
        for name in "ABCD"
    }
    problem = toy_problem("ABCD", schools=schools, **{"secondary": {"min": 0}, **tables})
    own = own_ranges(problem)
    masks = range(1, 16)
    sets = [bit_positions(mask) for mask in masks]
    pupils = np.array([100 * len(units) for units in sets])
    expected = [is_kept(units) for units in sets]
    assert own.kept(membership(masks, 4), pupils).tolist() == expected
    assert [not own.broken(units, 100 * len(units)) for units in sets] == expected
