"""Replies are untrusted: what they name outside their folder is not read, and nobody is harmed."""

import os

import pytest

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.replies import load_replies
from tests.norfolk import norfolk_place


@pytest.fixture(scope="module")
def authority():
    return norfolk_place().authority


def read(tmp_path, authority, *lines, **more):
    file = tmp_path / "replies.csv"
    file.write_text("school,option,plan\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return load_replies(file, authority, ["4a", "4b"], **more)


def test_only_plain_files_of_the_folder_are_plans(tmp_path, authority):
    home = tmp_path / "replies"
    home.mkdir()
    (tmp_path / "secret.csv").write_text("urn,cluster\n")
    (home / "own.csv").write_text("urn,cluster\n")
    (home / "large.csv").write_bytes(b" " * 4_000_001)
    (home / "link.csv").symlink_to(tmp_path / "secret.csv")
    os.mkfifo(home / "pipe.csv")
    names = ("own.csv", str(tmp_path / "secret.csv"), "../secret.csv", "/dev/zero", "link.csv",
             "pipe.csv", "large.csv", "x\x01" * 300)  # fmt: skip
    replies = read(home, authority, *(f"120883,4a,{name}" for name in names))
    assert [bool(reply.plan_problem) for reply in replies] == [False] + [True] * 7


def test_a_strange_school_harms_no_other(tmp_path, authority):
    replies = read(tmp_path, authority, "\u00b2,4a,", "120883,4b,", "<script>,9z,")
    assert [reply.urn for reply in replies] == [None, 120883, None]


def test_an_unknown_option_and_a_blank_are_no_votes_but_none_is(tmp_path, authority):
    replies = read(tmp_path, authority, "120883,9z,", "120883,4a; 4b,", "120883,,", "120883,none,")
    assert [reply.is_vote for reply in replies] == [False, False, False, True]
    assert [bool(reply.option_problem) for reply in replies] == [True, True, False, False]


def test_what_an_analyst_has_decided_counts(tmp_path, authority):
    confirm = tmp_path / "confirm.csv"
    confirm.write_text("written,urn\nHapton High School,120883\nSt Mary's,\n")
    lines = ("Hapton High School,4a,", "St Mary's,4a,")
    assert [r.urn for r in read(tmp_path, authority, *lines)] == [None, None]
    decided = read(tmp_path, authority, *lines, confirmed=confirm)
    assert [(r.urn, r.likely) for r in decided] == [(120883, ()), (None, ())]
    # Also of a name that was sure.
    confirm.write_text("written,urn\nHapton Primary School,120883\n")
    (decided,) = read(tmp_path, authority, "Hapton Primary School,4a,", confirmed=confirm)
    assert (decided.urn, decided.how) == (120883, "confirmed")
    confirm.write_text("written,urn\nx,1\nSt Mary's,120883\nSt. Marys,\n,120883\n")
    with pytest.raises(InputError) as told:
        read(tmp_path, authority, *lines, confirmed=confirm)
    problems = [(fault.row, fault.problem) for fault in told.value.faults]
    decided = (4, '"St. Marys" is decided otherwise above')
    assert problems == [(2, 'there is no school "1"'), decided, (5, "it is blank")]


@pytest.mark.parametrize(
    "option", ["4a", "OPTION 4A", "Option: 4a", "option 4a", "7.0", "4 (a)", '"4 A!"', "(4a)."]
)
def test_an_option_is_known_however_it_is_written(tmp_path, authority, option):
    file = tmp_path / "replies.csv"
    file.write_text(f"school,option\n120883,{option}\n", encoding="utf-8")
    (reply,) = load_replies(file, authority, ["4a", "7"])
    assert reply.option == ("7" if option == "7.0" else "4a")


@pytest.mark.parametrize(
    ("option", "meant"), [("4a", "4a"), ("4 a", "4 a"), ("4 (a)", ""), ("7.1", ""), ("!", "")]
)
def test_an_option_that_may_be_two_is_asked(tmp_path, authority, option, meant):
    file = tmp_path / "replies.csv"
    file.write_text(f"school,option\n120883,{option}\n", encoding="utf-8")
    (reply,) = load_replies(file, authority, ["4a", "4 a", "71", "?"])
    assert (reply.option, bool(reply.option_problem)) == (meant, not meant)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-12-03", "2026-12-03 00:00"),
        ("2026-12-03T10:05:00Z", "2026-12-03 10:05"),
        ("03/12/2026 10:05", "2026-12-03 10:05"),
        ("3/12/26", "2026-12-03 00:00"),
        ("46359.5", "2026-12-03 12:00"),
        ("12/31/2026", None),
        ("yesterday", None),
    ],
)
def test_a_date_is_read_as_a_spreadsheet_saves_it(tmp_path, authority, written, day):
    file = tmp_path / "replies.csv"
    file.write_text(f"school,option,submitted_at\n120883,4a,{written}\n", encoding="utf-8")
    (reply,) = load_replies(file, authority, ["4a"])
    assert (reply.submitted_at and f"{reply.submitted_at:%Y-%m-%d %H:%M}") == day
    assert reply.no_date == ("" if day else written)


def test_a_workbook_among_the_replies_is_told(tmp_path, authority):
    read(tmp_path, authority, "120883,4a,")
    (tmp_path / "more.xlsx").write_bytes(b"PK")
    replies = load_replies(tmp_path, authority, ["4a"])
    assert sorted(reply.fault for reply in replies) == ["", "more.xlsx: the file is a workbook"]


def test_bytes_that_are_no_text_spoil_their_own_row_alone(tmp_path, authority):
    file = tmp_path / "replies.csv"
    rows = (b"120883,4a", b"120883,4\x004b", b"\xff\xfe\x81,4a", "Å,4b".encode(), b"120883,4b")
    file.write_bytes(b"school,option\n" + b"\n".join(rows) + b"\n")
    replies = load_replies(file, authority, ["4a", "4b"])
    assert [bool(reply.fault) for reply in replies] == [False, True, True, False, False]
    assert [reply.urn for reply in replies] == [120883, None, None, None, 120883]
    file.write_bytes(bytes(range(256)) * 9)
    with pytest.raises(InputError, match="neither UTF-8 nor Windows text"):
        load_replies(file, authority, ["4a", "4b"])


MAIL = """Reply: School clusters
Option 4a: Fewest (stamp 0123456789abcdef)
[reply]
school = 120883
option = 4a
may_quote = yes
respondent = school
submitted_at = 2026-11-27T10:00:00Z
comment =
| Short.
[end]
"""
PAGE = MAIL.replace("|", "&nbsp;|").replace("\n", "<br>\n")
TABLE = "school,option\n120883,4a\n"
HEAD = "From: a@b\nSubject: R\nMIME-Version: 1.0\n"


def attached(name, text):
    kind = "Content-Type: multipart/mixed; boundary=X\n\n--X\nContent-Type: text/plain\n\nSee it.\n"
    part = f"--X\nContent-Type: text/plain\nContent-Disposition: attachment; filename={name}\n"
    return f"{HEAD}{kind}{part}\n{text}\n--X--\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.txt", MAIL.replace("[reply]", "[Reply]\u200b").replace("option =", "Option =")),
        ("r.eml", f"{HEAD}Content-Type: text/html; charset=utf-8\n\n<p>{PAGE}</p>"),
        ("r.eml", attached("reply.txt", MAIL)),
        ("r.eml", attached("reply.csv", TABLE)),
    ],
    ids=["capitals", "a page", "a letter attached", "a table attached"],
)
def test_a_reply_is_read_however_a_mail_program_keeps_it(tmp_path, authority, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    (reply,) = load_replies(tmp_path, authority, ["4a", "4b"])
    assert (reply.urn, reply.option, reply.fault) == (120883, "4a", "")
    assert reply.comment == ("" if "reply.csv" in text else "Short.")
    assert reply.stamp == ("" if "reply.csv" in text else "0123456789abcdef")


def test_what_is_attached_and_cannot_be_read_is_told(tmp_path, authority):
    (tmp_path / "r.eml").write_text(attached("reply.csv", "a,b\n1,2\n"), encoding="utf-8")
    (reply,) = load_replies(tmp_path, authority, ["4a"])
    assert reply.fault == 'r.eml: reply.csv: there is no column "school"'


def test_a_file_of_a_kind_that_is_not_read_is_told(tmp_path, authority):
    read(tmp_path, authority, "120883,4a,")
    (tmp_path / "one.msg").write_bytes(b"x")
    (tmp_path / ".hidden.msg").write_bytes(b"x")
    replies = load_replies(tmp_path, authority, ["4a"])
    told = "one.msg: it is none of .csv, .txt, .eml"
    assert sorted(reply.fault for reply in replies) == ["", told]


def test_what_is_quoted_below_a_reply_is_the_older(tmp_path, authority):
    quoted = "".join(f"> {line}\n" for line in MAIL.splitlines())
    (tmp_path / "r.txt").write_text(MAIL.replace("= 4a", "= 4b") + quoted, encoding="utf-8")
    replies = load_replies(tmp_path, authority, ["4a", "4b"])
    assert [(reply.option, reply.is_quoted) for reply in replies] == [("4b", False), ("4a", True)]
    (tmp_path / "r.txt").write_text(quoted, encoding="utf-8")
    assert [reply.is_quoted for reply in load_replies(tmp_path, authority, ["4a"])] == [False]
