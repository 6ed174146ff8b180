"""Minutes and the meeting place."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from cluster_optimiser.domain import TravelMinutes, TravelSpec
from cluster_optimiser.geography.travel import (
    estimated_minutes,
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
    pd.DataFrame({"From_URN": [first], "to_urn": [second], "MINUTES": [7.125]}).to_csv(path)
    spec = TravelSpec("matrix", matrix=path)
    changed = type(authority)(
        **{name: getattr(authority, name) for name in authority.__slots__} | {"travel": spec}
    )
    minutes = travel_minutes(changed).minutes
    assert minutes[0, 1] == pytest.approx(7.12)
    assert np.isnan(minutes[1, 0])
    assert minutes.diagonal().tolist() == [0.0, 0.0]


def test_a_column_with_a_decimal_comma_has_no_thousands(tmp_path) -> None:
    authority, _ = toy_ground("AB")
    first, second = authority.schools.index
    path = tmp_path / "minutes.csv"
    path.write_text(f"from_urn;to_urn;minutes\n{first};{second};7,125\n{second};{first};7,5\n")
    changed = dataclasses.replace(authority, travel=TravelSpec("matrix", matrix=path))
    assert travel_minutes(changed).minutes.tolist() == [[0.0, 7.12], [7.5, 0.0]]


def test_a_matrix_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 2\), 3 schools"):
        TravelMinutes(np.arange(3), np.zeros((2, 2)), "")
