"""The home of a set of schools: the area that holds most of its pupils."""

from __future__ import annotations

import pytest

from cluster_optimiser.geography.alignment import home_and_misaligned


@pytest.mark.parametrize(
    ("areas", "home"),
    [
        ([("b", 5), ("a", 5)], ("a", 5)),  # of as many the first by name
        ([("b", 5), ("a", 4), ("a", 2)], ("a", 5)),
        ([(None, 9), ("b", 1)], ("b", 9)),  # what lies in no area is in nobody's home
        ([(None, 9)], (None, 9)),
        ([("b", 0)], ("b", 0)),
        ([], (None, 0)),
    ],
)
def test_home_is_where_most_are(
    areas: list[tuple[str | None, int]], home: tuple[str | None, int]
) -> None:
    assert home_and_misaligned(areas) == home
