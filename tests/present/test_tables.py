"""Tables and CSV."""

import csv
import io
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cluster_optimiser.domain import Problem, Result, Solution
from cluster_optimiser.present.tables import (
    assignments_table,
    clusters_table,
    csv_cell,
    csv_text,
    made_from,
    plan_table,
    schools_table,
)


def _rows(table: pd.DataFrame) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_text(table))))


def test_clusters_csv_has_the_columns_of_the_interface_first(solved: Result) -> None:
    header = _rows(clusters_table(solved).reset_index().drop(columns="geometry"))[0]
    assert header == [
        "cluster_id",
        "cluster",
        "n_schools",
        "n_secondary",
        "pupils",
        "deviation",
        "meeting_place_urn",
        "max_minutes",
        "mean_minutes",
        "polsby_popper",
        "is_contiguous",
        "is_exception",
        "is_exempt",
        "home_district",
        "misaligned_district_pupils",
        "units",
    ]


def test_assignments_csv_has_the_columns_of_the_interface(results: list[Result]) -> None:
    rows = _rows(assignments_table(results))
    assert rows[0] == [
        "scenario",
        "urn",
        "school",
        "cluster_id",
        "cluster",
        "from_cluster",
        "secondary_membership",
        "grouping_scenario",
        "grouping",
        "grouping_area",
    ]
    assert len(rows) == 1 + 2 * 19


def test_plan_csv_is_urn_and_cluster_for_every_school(solved: Result) -> None:
    rows = _rows(plan_table(solved))
    assert rows[0] == ["urn", "cluster"]
    assert [int(row[0]) for row in rows[1:]] == list(solved.problem.authority.schools.index)


def test_pupils_of_clusters_add_up_to_pupils_of_schools(results: list[Result]) -> None:
    for result in results:
        total = result.problem.authority.schools["pupils"].sum()
        assert clusters_table(result)["pupils"].sum() == total
        assert schools_table(result)["pupils"].sum() == total


def test_only_exempt_schools_have_a_secondary_membership_and_it_is_the_new_cluster(
    solved: Result,
) -> None:
    table = assignments_table([solved]).set_index("urn")
    linked = table["secondary_membership"].dropna()
    assert linked.index.tolist() == [100_900]
    assert solved.problem.local_unit_of[100_900] == "Bexford"
    assert linked[100_900] == "=Coldham and Bexford"
    assert table.loc[100_900, "cluster"] == "Catholic schools"
    assert table.loc[100_900, "from_cluster"] == "Catholic schools"


def test_a_link_follows_most_pupils_where_the_local_unit_is_divided(
    today: Result, make: tuple[Callable[..., Problem], Callable[..., Result]]
) -> None:
    local = today.problem.local_unit_of[100_900]
    members = today.problem.unit_of.index[today.problem.unit_of == local]
    assignment = today.plan.assignment.copy()
    assignment.loc[members[0]] = "Elmsett"
    divided = make[1](problem=today.problem, assignment=assignment, solution=Solution("GIVEN"))
    # The secondary school alone has more pupils than both primary schools.
    assert schools_table(divided).loc[100_900, "secondary_membership"] == "Elmsett"
    assert (local, False) in made_from(divided)["Elmsett"]


def test_minutes_are_those_to_the_meeting_place(solved: Result) -> None:
    table = schools_table(solved)
    clusters = solved.score.clusters
    for cluster_id, members in table.groupby("cluster_id"):
        assert members["minutes"].max() == clusters.loc[cluster_id, "max_minutes"]
        assert members.loc[clusters.loc[cluster_id, "meeting_place_urn"], "minutes"] == 0


def test_unknown_pupils_are_blank_not_nought(
    today: Result, make: tuple[Callable[..., Problem], Callable[..., Result]]
) -> None:
    known = schools_table(today)["pupils"]
    assert known.notna().all()
    cell = csv_cell(pd.array([None], dtype="Int64")[0])
    assert cell == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=SUM(A1)", "'=SUM(A1)"),
        ("+44", "'+44"),
        ("-x", "'-x"),
        ("@me", "'@me"),
        ("\tx", "'\tx"),
        ("O'Hara", "O'Hara"),
        (-3, "-3"),
        (-0.25, "-0.25"),
        (np.float64(12.0), "12"),
        (np.int64(7), "7"),
        (np.bool_(0), "false"),
        (1_637_705_374_495, "1637705374495"),
        (float("nan"), ""),
        (("A", "B"), "A; B"),
    ],
)
def test_cells_are_safe_and_plain(value: object, text: str) -> None:
    assert csv_cell(value) == text


def test_lines_end_with_a_newline_only_and_text_is_whole(solved: Result, nasty: str) -> None:
    text = csv_text(assignments_table([solved]))
    assert "\r" not in text
    assert text.endswith("\n")
    read = pd.read_csv(io.StringIO(text))
    assert nasty in set(read["cluster"])
    assert "'=Coldham and Bexford" in set(read["cluster"])


def test_fractions_are_rounded_as_promised(solved: Result) -> None:
    table = clusters_table(solved).reset_index().drop(columns="geometry")
    for row in csv.DictReader(io.StringIO(csv_text(table))):
        assert len(row["mean_minutes"].partition(".")[2]) <= 2
        assert len(row["polsby_popper"].partition(".")[2]) <= 4
        assert row["is_exempt"] in {"true", "false"}
        assert (row["is_contiguous"] == "") == (row["is_exempt"] == "true")
