"""Today's clusters made from secondary schools."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cluster_optimiser.geography.attraction import Gathered, gather_clusters

School = tuple[str, str, float | None, float | None, float]
"""Name, phase, lowest and highest age, and kilometres along a straight road."""


def gathered(*schools: School, join_within_m: float = 100.0) -> Gathered:
    """Gather schools along a straight road, a minute a kilometre."""
    frame = pd.DataFrame(
        {
            "name": [name for name, *_ in schools],
            "phase": [school[1] for school in schools],
            "low_age": pd.array([school[2] for school in schools], dtype="Float64"),
            "high_age": pd.array([school[3] for school in schools], dtype="Float64"),
        },
        index=pd.Index(range(100_001, 100_001 + len(schools)), name="urn"),
    )
    km = np.array([school[4] for school in schools])
    away = np.abs(km[:, None] - km[None, :])
    return gather_clusters(frame, away, 1_000 * away, join_within_m=join_within_m)


def clusters(*schools: School, join_within_m: float = 100.0) -> dict[str, str]:
    """Give the cluster of each school by its name."""
    made = gathered(*schools, join_within_m=join_within_m).cluster
    return dict(zip([name for name, *_ in schools], made, strict=True))


ASH = ("Ash High School", "secondary", 11, 16, 0)
ELM = ("Elm Academy", "secondary", 11, 18, 10)
UPPER = ("Oak Upper School", "secondary", 13, 18, 4)


def test_primaries_go_to_the_nearest_secondary_school() -> None:
    made = clusters(ASH, ELM, ("A", "primary", 4, 11, 4.9), ("B", "primary", 4, 11, 5.1))
    assert made == {"Ash High School": "Ash", "Elm Academy": "Elm", "A": "Ash", "B": "Elm"}


def test_on_a_tie_the_lowest_urn() -> None:
    assert clusters(ASH, ELM, ("A", "primary", 4, 11, 5))["A"] == "Ash"


def test_three_tiers() -> None:
    """First schools follow the middle school, and it the school that takes its pupils on."""
    made = clusters(
        ASH,
        UPPER,
        ELM,
        ("Middle", "middle", 9, 13, 1),
        ("First", "primary", 4, 9, 0.5),
        ("To eleven", "primary", 4, 11, 3.9),
        ("Special", "special", 3, 19, 3.9),
        ("Nursery", "nursery", 3, 5, 3.9),
    )
    assert made["Middle"] == made["First"] == "Oak"
    assert made["To eleven"] == "Ash"
    assert made["Special"] == made["Nursery"] == "Oak"


def test_a_college_from_fourteen_has_no_primaries_and_no_cluster() -> None:
    college = ("Made UTC", "secondary", 14, 19, 2)
    made = gathered(ASH, ELM, college, ("A", "primary", 4, 11, 2.1))
    assert made.cluster.tolist() == ["Ash", "Elm", "Ash", "Ash"]
    assert made.notes[1].endswith("in the cluster of the nearest other one: Made UTC.")


def test_schools_at_one_place_share_a_cluster_only_within_the_distance() -> None:
    girls = ("Ash Girls' School", "secondary", 11, 16, 0.2)
    assert clusters(ASH, girls)["Ash Girls' School"] == "Ash Girls'"
    made = gathered(ASH, girls, ELM, join_within_m=200)
    assert made.cluster.tolist() == ["Ash and Ash Girls'", "Ash and Ash Girls'", "Elm"]
    assert "share a cluster: Ash High School and Ash Girls' School." in made.notes[1]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Ash High School", "Ash Academy"), ["Ash High School", "Ash Academy"]),
        (("Ash School", "Ash School"), ["Ash School (1)", "Ash School (2)"]),
        (("The Academy", "Elm College of Arts and Technology"), ["Academy", "Elm"]),
    ],
)
def test_names_are_short_and_unlike(names: tuple[str, str], expected: list[str]) -> None:
    one, other = names
    schools = (one, "secondary", 11, 16, 0), (other, "all-through", 4, 18, 9)
    assert gathered(*schools).cluster.tolist() == expected


def test_without_ages_and_without_a_way_all_have_a_cluster() -> None:
    made = clusters(
        ("Ash", "secondary", None, None, 0), ("M", "middle", None, None, 1),
        ("P", "primary", None, None, 2),
    )  # fmt: skip
    assert set(made.values()) == {"Ash"}


def test_without_a_secondary_school_schools_near_to_each_other_are_gathered() -> None:
    made = gathered(
        *((f"Elm {x} Primary School", "primary", 4, 11, x) for x in (*range(6), *range(20, 26)))
    )
    assert made.cluster.tolist() == ["Elm 2"] * 6 + ["Elm 22"] * 6
    assert "2 were made of schools near to each other" in made.notes[0]
    few = gathered(("A", "primary", 4, 11, 0), ("B", "special", 4, 19, 9))
    assert few.cluster.tolist() == ["A", "A"]


def test_where_no_road_leads_the_straight_line_counts() -> None:
    frame = pd.DataFrame(
        {"name": ["Ash", "Elm", "A"], "phase": ["secondary", "secondary", "primary"]},
        index=[1, 2, 3],
    ).assign(low_age=pd.array([None] * 3, "Float64"), high_age=pd.array([None] * 3, "Float64"))
    metres = np.array([[0, 9, 8], [9, 0, 1], [8, 1, 0]]) * 1_000.0
    minutes = np.full((3, 3), np.nan)
    assert gather_clusters(frame, minutes, metres, join_within_m=0).cluster[3] == "Elm"


def test_first_schools_go_to_a_secondary_school_that_begins_when_they_end() -> None:
    """One from nine next door, not the middle school far away."""
    frame = pd.DataFrame(
        {
            "name": ["High School, A Share Academy", "Far High School", "Far Middle", "First"],
            "phase": ["secondary", "secondary", "middle", "primary"],
            "low_age": pd.array([9, 13, 9, 4], dtype="Float64"),
            "high_age": pd.array([18, 18, 13, 9], dtype="Float64"),
        },
        index=[1, 2, 3, 4],
    )
    x = np.array([0.0, 20.0, 19.0, 0.6])
    away = np.abs(x[:, None] - x)
    gathered = gather_clusters(frame, away, 1_000 * away, join_within_m=0)
    assert gathered.cluster[4] == gathered.cluster[1] == "High School"
