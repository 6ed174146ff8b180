"""Replies: nothing lost, nothing told that may not be told, own plans judged."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from cluster_optimiser.batch import responses, verifying
from cluster_optimiser.cli import app
from cluster_optimiser.comparison.responses import (
    LIKE_SHARE,
    NO_PREFERENCE,
    Responses,
    _leading,
    _Plans,
    _standing,
    company_apart_pupils,
    tabulate,
)
from cluster_optimiser.errors import InputError, refuse_to_write_over
from cluster_optimiser.inputs.counting import CountRules
from cluster_optimiser.inputs.replies import load_replies
from cluster_optimiser.present.replies import (
    PRIVATE,
    made_of_replies,
    response_lines,
    support_svg,
    write_responses,
)
from cluster_optimiser.words import language, speaking
from tests.made_replies import made_replies
from tests.norfolk import SCENARIOS, norfolk_place, norfolk_result
from tests.toy import toy_assignment, toy_problem

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = ("1", "2b", "4c", "4b")


@pytest.mark.parametrize(
    ("said", "last", "first"),
    [
        # Rows from 2 on: whether each says what is preferred, and the day it was sent.
        ([(True, None), (True, None)], 3, 2),
        ([(True, None), (False, None)], 2, 2),  # a blank cancels nothing
        ([(False, None), (False, None)], 3, 2),
        ([(True, 9), (True, 8)], 2, 3),
        ([(True, 9), (True, None)], 3, 2),  # without all days rows decide
        ([(True, 9), (False, None), (True, 8)], 2, 4),
    ],
)
def test_of_a_schools_replies_the_last_or_the_first_that_says_something_stands(
    said: list[tuple[bool, int | None]], last: int, first: int
) -> None:
    replies = [
        SimpleNamespace(
            urn=1, option_problem="", fault="", row=row, is_vote=is_vote, no_date="",
            is_quoted=False,
            submitted_at=None if day is None else dt.datetime(2026, 1, day, tzinfo=dt.UTC),
        )
        for row, (is_vote, day) in enumerate(said, start=2)
    ]  # fmt: skip
    for stands, row in (("last", last), ("first", first)):
        assert _standing(replies, CountRules(stands=stands)) == {1: (row, "")}


@pytest.mark.parametrize(
    ("votes", "n_schools", "leading"),
    [
        ({"4a": 2, "4b": 1}, 6, "4a"),
        ({"4a": 2, "4b": 1}, 7, ""),  # less than a half has replied
        ({"4a": 2}, 2, ""),  # as many as there are, and still too few
        ({"4a": 2, "4b": 2, "1": 1}, 5, ""),
        ({NO_PREFERENCE: 3, "4a": 2}, 5, ""),
        ({}, 0, ""),
    ],
)
def test_an_option_leads_where_enough_have_replied_and_no_other_has_as_many(
    votes: dict[str, int], n_schools: int, leading: str
) -> None:
    rules = CountRules(leading_replies=3, leading_share=0.5)
    assert _leading(Counter(votes), sum(votes.values()), n_schools, rules) == leading


def test_the_nearest_option_has_fewest_pupils_elsewhere_and_is_the_first_by_name() -> None:
    problem = toy_problem("ABC", size={"min_pupils": 0, "max_pupils": 9_000})
    held = {"1": {"x": "ABC"}, "4a": {"x": "AB", "y": "C"}, "2b": {"x": "A", "y": "B", "z": "C"}}
    plans = {label: toy_assignment(problem, clusters) for label, clusters in held.items()}
    for label, plan in plans.items():
        found = _Plans(problem, plans)._found(plan)
        assert (found["nearest_option"], found["nearest_pupils"]) == (label, 0)
    found = _Plans(problem, {"b": plans["1"], "a": plans["1"]})._found(plans["2b"])
    assert (found["nearest_option"], found["nearest_pupils"]) == ("a", 3_000)


def ground():
    return norfolk_place().authority, norfolk_place().territory


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Only what is read of a results folder."""
    out = tmp_path_factory.mktemp("replies_results")
    record = {"options": [], "authority": {}}
    for label in OPTIONS:
        (out / label).mkdir()
        plan = norfolk_result(label).plan.assignment
        text = plan.reset_index().set_axis(["urn", "cluster"], axis=1).to_csv(index=False)
        (out / label / "plan.csv").write_text(text, encoding="utf-8")
        manifest = {"stamp": label, "authority": "Norfolk"}
        (out / label / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        (out / label / "clusters.csv").write_text("cluster_id\n", encoding="utf-8")
        record["options"].append({"label": label, "stamp": label})
    (out / "page.json").write_text(json.dumps(record), encoding="utf-8")
    for name in ("comparison.csv", "assignments.csv"):
        (out / name).write_text("scenario\n", encoding="utf-8")
    return out


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return made_replies(tmp_path_factory.mktemp("replies"))


@pytest.fixture(scope="module")
def found(file: Path, folder: Path) -> Responses:
    return responses(file, results=folder, scenario=SCENARIOS / "4a.toml", place=norfolk_place())


def test_no_reply_is_lost(found: Responses, file: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    table = found.replies
    assert len(table) == len(rows) == 400
    assert table["row"].tolist() == list(range(2, 402))
    counts = found.counts
    kinds = ("n_counted", "n_superseded", "n_unknown_school", "n_unknown_option")
    assert sum(counts[kind] for kind in kinds) == 400
    # Replies with an option that does not exist stand in nobody's place.
    assert counts["n_superseded"] == table["urn"].dropna().duplicated().sum() - 4 >= 3
    assert counts["n_unknown_school"] >= 4
    assert set(table["row"].tail(8).head(4)) <= set(table.loc[table["urn"].isna(), "row"])
    assert counts["n_unknown_option"] == 4
    assert (table.loc[~table["is_counted"], "reason"] != "").all()
    assert not table.loc[table["is_counted"], "urn"].duplicated().any()


def test_schools_are_found_by_urn_name_and_slip(found: Responses, file: Path) -> None:
    assert set(found.replies["matched"]) == {"urn", "name", "not found"}
    # A name with a slip is not counted, but listed to be confirmed.
    likely = found.uncertain.dropna(subset="urn")
    assert len(likely) >= 12
    slips = likely[likely["how"] != "its place alone"]
    assert len(likely) - len(slips) <= 1
    for row in slips.itertuples():
        assert abs(len(row.name) - len(row.written)) <= 1


def test_support_adds_up_in_every_grouping(found: Responses) -> None:
    support = found.support
    columns = [*OPTIONS, NO_PREFERENCE]
    assert set(support["by"]) >= {"all", "cluster", "district", "division", "phase"}
    assert (support[columns].sum(axis=1) == support["n_replied"]).all()
    assert (support["response_share"] == support["n_replied"] / support["n_schools"]).all()
    whole = support[support["by"] == "all"].iloc[0]
    assert whole["n_schools"] == 426
    assert whole["n_replied"] == found.counts["n_counted"]
    for by in ("cluster", "phase"):
        rows = support[support["by"] == by]
        assert rows[["n_schools", "n_replied", *columns]].sum().tolist() == [
            whole[c] for c in ("n_schools", "n_replied", *columns)
        ]
    counted = found.replies[found.replies["is_counted"]]
    assert Counter(counted["option"]) == {c: whole[c] for c in columns if whole[c]}


def test_every_broken_plan_is_named_with_its_reason(found: Responses) -> None:
    plans = found.plans
    assert len(plans) == 30
    broken = plans[plans["status"] != "legal"]
    assert set(broken["plan"]) >= {f"plan_{i}.csv" for i in range(10)}
    assert (broken["reasons"] != "").all()
    unread = plans[plans["status"] == "cannot be read"].set_index("plan")["reasons"]
    assert set(unread.index) == {f"plan_{i}.csv" for i in (0, 1, 2, 5, 6, 7)}
    assert "missing from the plan" in unread["plan_0.csv"]
    assert "999999" in unread["plan_1.csv"]
    assert "blank" in unread["plan_2.csv"]
    apart = plans.set_index("plan").loc["plan_3.csv", "reasons"]
    assert "units: " in apart
    assert "size.max: " in plans.set_index("plan").loc["plan_4.csv", "reasons"]


def test_legal_plans_are_scored_and_ranked(found: Responses) -> None:
    legal = found.plans[found.plans["status"] == "legal"]
    assert len(legal) == 20
    best = norfolk_result("4a")
    for row in legal.itertuples():
        assert row.n_better + row.n_equal + row.n_worse == 59_292
        is_best = row.n_better == 0
        assert is_best == (row.n_clusters == best.score.metrics["n_clusters"])
    assert (legal["n_better"] == 0).any()
    assert (legal["nearest_option"].isin(OPTIONS)).all()


def test_like_plans_are_grouped(found: Responses) -> None:
    groups, plans = found.groups, found.plans
    readable = plans[plans["status"] != "cannot be read"]
    assert groups["n_plans"].sum() == len(readable)
    assert readable["group"].notna().all()
    pupils = norfolk_place().authority.schools["pupils"].sum()
    assert (groups["most_pupils"] <= LIKE_SHARE * pupils).all()
    assert (groups["n_plans"] > 1).any()
    for group in groups.itertuples():
        assert group.middle_row in group.rows


def test_comments_are_quoted_only_as_the_file_allows(found: Responses, tmp_path: Path) -> None:
    assert found.counts["n_comments"] > found.counts["n_quoted"] > 0
    assert not found.comments["comment"].str.contains("Private").any()
    assert list(found.comments.columns) == ["option", "school", "row", "respondent", "comment"]
    files = write_responses(found, ground(), tmp_path)
    holding = [path for path in files if "Private thoughts" in path.read_text(encoding="utf-8")]
    assert holding == [tmp_path / PRIVATE / "comments.csv"]
    assert len(found.private) + len(found.comments) == found.counts["n_comments"]
    text = (tmp_path / "comments.csv").read_text(encoding="utf-8")
    assert "'=HYPERLINK(1)" in text
    assert ",=HYPERLINK" not in text


def test_the_map_shows_who_leads_where(found: Responses) -> None:
    text = support_svg(found, norfolk_place().territory)
    drawing = etree.fromstring(text.encode())
    space = "{http://www.w3.org/2000/svg}"
    titles = [t.text for t in drawing.iter(f"{space}title")]
    assert len(titles) == 48
    support = found.support[found.support["by"] == "cluster"].set_index("group")
    for title in titles[1:]:
        name, told = title.split(": ", 1)
        row = support.loc[name]
        assert told.startswith(f"{row['n_replied']} of {row['n_schools']} schools replied")
    assert drawing.find(f"{space}desc").text.startswith(f"{found.counts['n_counted']} of 426")


@pytest.mark.thorough
def test_twice_the_same_bytes(tmp_path: Path, folder: Path) -> None:
    place = norfolk_place()
    file = made_replies(tmp_path, n=60, n_plans=4, n_broken=2)
    for name in ("a", "b"):
        made = responses(file, results=folder, scenario=SCENARIOS / "4a.toml", place=place)
        write_responses(made, ground(), tmp_path / name)
    for path in (tmp_path / "a").glob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_the_command(
    file: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "refuse_changed", lambda _: None)  # no run signed it
    small = tmp_path / "small.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    small.write_text("\n".join([*lines[:6], lines[-1]]), encoding="utf-8")
    command = ["responses", str(small), "--results", str(folder)]
    command += ["--scenario", str(SCENARIOS / "4a.toml")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.exception
    assert "6 replies; " in done.output
    assert 'there is no option "9z"' in done.output
    done = CliRunner().invoke(app, [*command, "--json"])
    assert '"n_rows": 6' in done.output


def test_lines_name_every_plan_and_every_reply_that_does_not_count(found: Responses) -> None:
    lines = "\n".join(response_lines(found))
    for row in found.replies.loc[~found.replies["is_counted"], "row"]:
        assert f"row {row}: " in lines
    for name in found.plans["plan"]:
        assert f": {name}: " in lines


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, ["1 reply; 1 of 1 school (", "1 comment, of which", "1 own plan, judged by"]),
        (2, ["2 replies; 2 of 2 schools (", "2 comments, of which", "2 own plans, judged by"]),
    ],
)
def test_one_of_a_thing_is_said_in_the_singular(found: Responses, n: int, said: list[str]) -> None:
    counts = dict.fromkeys(found.counts, n)
    legal = found.plans[found.plans["status"] == "legal"].iloc[:1].assign(n_better=n)
    lines = "\n".join(response_lines(replace(found, counts=counts, plans=legal)))
    assert [words for words in said if words not in lines] == []
    assert f"{n} legal plan{' is' if n == 1 else 's are'} better, " in lines


def test_the_last_reply_by_date_stands_or_why_rows_decide_is_told(
    folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "r.csv"
    told = []
    for first in ("04/12/2026", "12/31/2026"):
        file.write_text(
            f"school,option,submitted_at\n120883,4b,{first}\n120883,4c,2026-12-03\n",
            encoding="utf-8",
        )
        found = responses(
            file, results=folder, scenario=SCENARIOS / "4a.toml", place=norfolk_place()
        )
        told += found.replies.loc[~found.replies["is_counted"], "reason"].tolist()
    stands = "the reply of the school on row"
    assert told == [
        f"{stands} 2 stands",
        f'{stands} 3 stands, by rows: "12/31/2026" on row 2 is no date',
    ]


def test_the_newer_of_one_mail_stands_and_a_page_of_other_results_is_told(
    folder: Path, tmp_path: Path
) -> None:
    letter = (
        "Option 4b (stamp 0123456789abcdef)\n[reply]\nschool = 120883\noption = 4b\n"
        "respondent = school\nsubmitted_at = 2026-12-03T10:00:00Z\n[end]\n"
    )
    quoted = "".join(f"> {line}\n" for line in letter.splitlines())
    (tmp_path / "r.txt").write_text(letter.replace("= 4b", "= 4c") + quoted, encoding="utf-8")
    found = responses(
        tmp_path, results=folder, scenario=SCENARIOS / "4a.toml", place=norfolk_place()
    )
    rows = found.replies[["option", "is_counted", "reason"]].to_numpy().tolist()
    other = "though its page was of other results: the stamp of 4c is another"
    assert rows == [
        ["4c", True, other],
        ["4b", False, "the reply of the school on row 7 stands"],
    ]
    assert f"1 reply counted, {other} (row 7)" in list(response_lines(found))


def test_what_a_table_says_for_all_schools_is_in_the_language_of_the_page() -> None:
    problem = toy_problem("AB")
    with speaking(language("pl")):
        found = tabulate([], problem, {"T": toy_assignment(problem, {"x": "AB"})})
    assert found.support["group"][0] == "wszystkie szkoły"


def test_the_first_day_of_a_consultation_has_no_reply(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "none.csv"
    file.write_text("school,option,comment\n", encoding="utf-8")
    found = responses(file, results=folder, scenario=SCENARIOS / "4a.toml", place=norfolk_place())
    assert (found.counts["n_rows"], found.counts["n_counted"]) == (0, 0)
    assert "0 of 426 schools" in next(iter(response_lines(found)))


def test_what_is_decided_outlives_the_count_that_it_was_given_to(
    folder: Path, tmp_path: Path
) -> None:
    file, confirm = tmp_path / "r.csv", tmp_path / "out" / "uncertain.csv"
    file.write_text("school,option\nHapton High School,4b\nSt Mary's,4c\n", encoding="utf-8")
    confirm.parent.mkdir()
    confirm.write_text("written,urn\nHapton High School,121040\nSt Mary's,\n", encoding="utf-8")
    for _ in range(2):
        found = responses(
            file,
            results=folder,
            scenario=SCENARIOS / "4a.toml",
            place=norfolk_place(),
            confirmed=confirm,
        )
        assert found.replies["is_counted"].tolist() == [True, False]
        write_responses(found, ground(), confirm.parent)
    assert found.uncertain["how"].tolist() == ["confirmed", "confirmed to be no school"]


def test_replies_are_not_written_over_by_what_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "replies.csv"
    file.write_text("school,option\n", encoding="utf-8")
    refuse_to_write_over([file], made_of_replies(tmp_path / "out"))
    for read in (file, tmp_path):
        with pytest.raises(InputError, match=r"it is read, and would be .* Name another --out"):
            refuse_to_write_over([read], made_of_replies(tmp_path))


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("scool,option\n1,4a\n", encoding="utf-8")
    with pytest.raises(InputError, match="school"):
        load_replies(path, norfolk_place().authority, OPTIONS)
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("none.csv", "pipe.csv"):
        with pytest.raises(InputError) as told:
            load_replies(tmp_path / name, norfolk_place().authority, OPTIONS)
        assert str(told.value).count("it is no file that can be read") == 1
        assert "cannot be read:" not in str(told.value)


PLANS = st.lists(st.integers(0, 3), min_size=6, max_size=6)


@given(PLANS, PLANS)
def test_company_is_a_distance(one: list[int], other: list[int]) -> None:
    pupils = pd.Series([1, 2, 4, 8, 16, 32])
    a, b = pd.Series(one), pd.Series(other)
    apart = company_apart_pupils(a, b, pupils)
    assert apart == company_apart_pupils(b, a, pupils)
    held = [{frozenset(p.index[p == c]) for c in set(p)} for p in (a, b)]
    both = held[0] & held[1]
    assert apart == 63 - sum(int(pupils[list(group)].sum()) for group in both)


def test_what_an_own_plan_breaks_is_said_in_the_language_of_the_council(
    folder: Path, tmp_path: Path
) -> None:
    """The page that shows it is in that language."""
    (tmp_path / "theme.toml").write_text('language = "pl"\n', encoding="utf-8")
    place = norfolk_place()
    polish = replace(place, authority=replace(place.authority, folder=tmp_path))
    file = tmp_path / "r.csv"
    file.write_text('school,option,plan\n120883,4b,"4b: Acle"\n', encoding="utf-8")
    found = responses(file, results=folder, scenario=SCENARIOS / "4a.toml", place=polish)
    assert "uczniów: 1,136".replace(",", "\xa0") in found.plans["reasons"].iloc[0]
