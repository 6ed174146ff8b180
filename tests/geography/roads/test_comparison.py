"""The estimate against minutes by road."""

import math

import numpy as np
import pandas as pd
import pytest

from cluster_optimiser.domain import TravelSpec
from cluster_optimiser.geography.roads.comparison import (
    compare_estimate,
    fit_estimate,
    worst_pairs,
)
from cluster_optimiser.geography.travel import estimated_minutes

SPEC = TravelSpec("estimate", constant_min=3.0, bands=((10.0, 1.5), (math.inf, 0.8)))


def places(n, seed=0):
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 40, (n, 2))
    km = np.hypot(*(xy[:, None] - xy[None, :]).transpose(2, 0, 1))
    return np.arange(1, n + 1), km


def test_an_estimate_that_is_right_has_no_error_and_fits_itself():
    urns, km = places(30)
    compared = compare_estimate(urns, km, estimated_minutes(km, SPEC), SPEC, estimated_minutes)
    assert compared.n_pairs == 30 * 29 / 2
    assert compared.bands["n_pairs"].sum() == compared.n_pairs
    assert compared.bands["error_min"].tolist() == [0] * len(compared.bands)
    assert (compared.bands["close_share"] == 1).all()
    assert compared.worst.empty
    assert compared.fit.constant_min == pytest.approx(3, abs=0.01)
    assert [rate for _, rate in compared.fit.bands] == pytest.approx([1.5, 0.8], abs=0.01)


def test_errors_are_told_by_band_with_their_sign():
    urns, km = places(30)
    road = estimated_minutes(km, SPEC) + np.where(km > 10, 6.0, -2.0)
    compared = compare_estimate(urns, km, road, SPEC, estimated_minutes)
    error = compared.bands.set_index("to_km")["error_min"]
    assert error[5.0] == pytest.approx(2)
    assert error[20.0] == pytest.approx(-6)
    close = compared.bands.set_index("to_km")["close_share"]
    assert (close[5.0], close[20.0]) == (1, 0)


def test_there_and_back_are_one_pair_with_their_mean():
    km = np.array([[0.0, 4.0], [4.0, 0.0]])
    road = np.array([[0.0, 8.0], [10.0, 0.0]])
    compared = compare_estimate(np.array([7, 8]), km, road, SPEC, estimated_minutes)
    assert compared.n_pairs == 1
    assert compared.bands["road_min"].tolist() == [9]


def test_pairs_without_a_way_and_on_one_site_are_left_out_and_counted():
    km = np.array([[0.0, 0.0, 4.0], [0.0, 0.0, 4.0], [4.0, 4.0, 0.0]])
    road = np.array([[0.0, 0.0, np.nan], [0.0, 0.0, 9.0], [9.0, 9.0, 0.0]])
    compared = compare_estimate(np.arange(3), km, road, SPEC, estimated_minutes)
    assert (compared.n_pairs, compared.n_unknown) == (1, 1)


def test_the_worst_pairs_lie_on_two_sides_of_the_water():
    """Schools east and west of a river: those who must go round by the bridge are named."""
    urns, km = places(40)
    east = np.arange(40) % 2 == 0
    road = estimated_minutes(km, SPEC) + np.where(east[:, None] != east[None, :], 25.0, 0.0)
    compared = compare_estimate(urns, km, road, SPEC, estimated_minutes)
    assert len(compared.worst) == 10
    assert all(
        east[a - 1] != east[b - 1]
        for a, b in zip(compared.worst["from_urn"], compared.worst["to_urn"], strict=True)
    )
    ends = [*compared.worst["from_urn"], *compared.worst["to_urn"]]
    assert len(set(ends)) == len(ends)


def test_without_an_estimate_the_best_fit_tells_what_is_worst():
    urns, km = places(30)
    road = estimated_minutes(km, SPEC)
    road[0, 1] += 30
    road[1, 0] += 30
    km[0, 1] = km[1, 0] = 9.0
    compared = compare_estimate(urns, km, road, None, estimated_minutes)
    assert set(compared.worst.iloc[0][["from_urn", "to_urn"]]) == {1, 2}
    assert math.isnan(compared.abs_error_min)
    assert [c for c in compared.bands if "estimate" in c or "error" in c] == []


def test_no_fitted_coefficient_is_negative():
    pairs = pd.DataFrame({"km": [1.0, 5.0, 10.0, 20.0], "road_min": [9.0, 8.0, 7.0, 20.0]})
    fit = fit_estimate(pairs)
    assert fit.constant_min >= 0
    assert all(rate >= 0 for _, rate in fit.bands)


def test_no_pairs_at_all_are_no_error():
    empty = pd.DataFrame({n: [] for n in ("from_urn", "to_urn", "km", "road_min", "estimate_min")})
    assert worst_pairs(empty).empty
    compared = compare_estimate(
        np.array([1]), np.zeros((1, 1)), np.zeros((1, 1)), SPEC, lambda k, _: k
    )
    assert compared.n_pairs == 0


def test_few_long_trips_fit_no_slope_of_their_own():
    km = np.append(np.linspace(1, 9, 40), [12.0, 15.0])
    pairs = pd.DataFrame({"km": km, "road_min": 2 + 1.5 * km + np.where(km > 10, 9.0, 0.0)})
    fit = fit_estimate(pairs)
    assert [end for end, _ in fit.bands] == [float("inf")]
    assert fit.bands[0][1] == pytest.approx(1.5, abs=0.5)
