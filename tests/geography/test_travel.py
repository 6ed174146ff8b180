"""Minutes and the meeting place."""

import numpy as np
import pandas as pd
import pytest

from cluster_optimiser.domain import TravelMinutes, TravelSpec
from cluster_optimiser.geography.travel import (
    UNKNOWN,
    estimated_minutes,
    meeting_place,
    to_centiminutes,
    travel_minutes,
)
from tests.toy import toy_ground

INFINITE = float("inf")


def test_the_estimate_is_continuous_where_bands_meet() -> None:
    spec = TravelSpec("estimate", constant_min=4.0, bands=((10.0, 1.3), (INFINITE, 0.9)))
    minutes = estimated_minutes(np.array([9.99, 10.0, 10.01]), spec)
    assert minutes.tolist() == [16.99, 17.0, 17.01]


def test_two_schools_on_one_site_are_no_minutes_apart() -> None:
    """The constant is for leaving a site: there is nothing to leave."""
    spec = TravelSpec("estimate", constant_min=4.0, bands=((INFINITE, 1.0),))
    assert estimated_minutes(np.array([0.0, 0.5]), spec).tolist() == [0.0, 4.5]


def test_minutes_are_whole_hundredths() -> None:
    authority, _ = toy_ground("AAB CCB")
    minutes = travel_minutes(authority).minutes
    assert np.array_equal(np.rint(minutes * 100) / 100, minutes)
    assert np.array_equal(minutes, minutes.T)


def test_a_matrix_leaves_what_it_does_not_say_unknown(tmp_path) -> None:
    authority, _ = toy_ground("AB")
    first, second = authority.schools.index
    path = tmp_path / "minutes.csv"
    pd.DataFrame({"from_urn": [first], "to_urn": [second], "minutes": [7.125]}).to_csv(path)
    spec = TravelSpec("matrix", matrix=path)
    changed = type(authority)(
        **{name: getattr(authority, name) for name in authority.__slots__} | {"travel": spec}
    )
    minutes = travel_minutes(changed).minutes
    assert minutes[0, 1] == pytest.approx(7.12)
    assert np.isnan(minutes[1, 0])
    assert minutes.diagonal().tolist() == [0.0, 0.0]


def test_a_matrix_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 2\), 3 schools"):
        TravelMinutes(np.arange(3), np.zeros((2, 2)), "")


WAYS = np.array([[0.0, 5.0, 9.0], [5.0, 0.0, 3.0], [9.0, 3.0, 0.0]])


@pytest.mark.parametrize(
    ("pupils", "place", "cost", "longest"),
    [
        ([1, 1, 1], 1, 8.0, 5.0),
        ([10, 1, 1], 0, 14.0, 9.0),
        ([0, 0, 7], 2, 0.0, 9.0),
        # Without pupils every place costs nothing: the first is taken.
        ([0, 0, 0], 0, 0.0, 9.0),
    ],
)
def test_the_meeting_place_is_the_1_median(pupils, place, cost, longest) -> None:
    found = meeting_place(to_centiminutes(WAYS), np.array(pupils), np.arange(3))
    assert found is not None
    assert (found.position, found.pupil_centiminutes) == (place, round(100 * cost))
    assert found.max_centiminutes == round(100 * longest)


def test_a_place_that_pupils_cannot_reach_is_not_taken() -> None:
    ways = WAYS.copy()
    ways[0, 1] = np.nan
    found = meeting_place(to_centiminutes(ways), np.array([1, 1, 1]), np.arange(3))
    assert found is not None
    assert found.position in {0, 2}


def test_a_school_without_pupils_that_cannot_reach_it_leaves_the_longest_way_unknown() -> None:
    ways = np.array([[0.0, np.nan], [np.nan, 0.0]])
    found = meeting_place(to_centiminutes(ways), np.array([0, 9]), np.arange(2))
    assert found is not None
    assert (found.position, found.max_centiminutes) == (1, UNKNOWN)


def test_no_place_where_pupils_cannot_meet() -> None:
    ways = np.array([[0.0, np.nan], [np.nan, 0.0]])
    assert meeting_place(to_centiminutes(ways), np.array([3, 9]), np.arange(2)) is None
