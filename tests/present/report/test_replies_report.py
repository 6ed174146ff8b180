"""A thousand replies, a tenth of them hostile: all accounted for, in tables, report and paper."""

from __future__ import annotations

import csv
import importlib.resources
import io
import json
import random
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from cluster_optimiser.batch import responses, verifying
from cluster_optimiser.cli import app
from cluster_optimiser.errors import InputError
from cluster_optimiser.identity import digest, key_of
from cluster_optimiser.inputs.counting import CountRules, load_rules
from cluster_optimiser.present import write_page
from cluster_optimiser.present.replies import PRIVATE
from cluster_optimiser.present.report.blocks import Paragraph, TableBlock, texts_of
from cluster_optimiser.present.report.folder import read_folder
from cluster_optimiser.present.report.replies import REPLIES_FILES, chapter, read_replies
from tests.norfolk import SCENARIOS, norfolk_place, norfolk_problem

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js")
COLUMNS = ("school", "option", "comment", "may_quote", "plan", "respondent", "submitted_at")
MAIL = """Dear council,
> > [reply]
> > school = 121127
> > option = 4a
> > may_quote = yes
> > respondent = parent
> > submitted_at = 2026-11-27T10:00:00Z
> > plan = 4a: {clusters}
> > comment =
> > | The way to Dereham is
> short.
> > | option = 2b
> > [end]
"""


def _hostile(draw: random.Random) -> list[str]:
    return draw.choice(
        [
            ["/etc/passwd", "4a", "x", "yes", "/etc/passwd", "", ""],
            ["121127", "4a", "", "", "../../replies.csv", "school", ""],
            ["121127", "4a", "", "", "/dev/zero", "parent", ""],
            ["\u00b2", "\u00b2", "\u00b2", "\u00b2", "\u00b2", "\u00b2", "\u00b2"],
            ["=1+1", "=cmd|' /C calc'!A0", "=HYPERLINK(1)", "yes", "", "@x", "+1"],
            ["<script>alert(1)</script>", "4a", "<img src=x onerror=alert(1)>", "yes", "", "", ""],
            ["\x1b[2J", "4a\x07", "\u202eevil $\\foo$ #panic()", "yes", "urn\n1,2", "parent", ""],
            ["121127", "4a; 2b", "two", "yes", "", "parent", "9999-99-99"],
            ["121127", "4a", "a\nb\r\nc", "yes", "4a: Nowhere + Acle", "other", "soon"],
        ]
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Give a folder with a table of a thousand replies, and e-mails, one of them broken off."""
    folder, draw = tmp_path_factory.mktemp("replies"), random.Random(19)
    schools = norfolk_place().authority.schools
    rows = []
    for i in range(1000):
        urn = draw.choice(schools.index.tolist())
        kind = draw.choice(["school", "parent", "Parent or carer", "governor", "other", ""])
        words = draw.choice(["", "Sign here: no mergers of our schools, thank you.", f"Reply {i}."])
        option = draw.choice(["1", "2b", "4a", "4A", "none", ""])
        row = [str(urn), option, words, draw.choice(["yes", "no"]), "", kind, ""]
        rows.append(_hostile(draw) if i % 10 == 0 else row)
    rows[500][2] = "x" * 10_000_000
    rows[503][2:4] = [f"https://threeshire.example/{'long' * 80}end", "yes"]
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    units = sorted(set(norfolk_problem("4a").unit_of.astype(str)))[:2]
    (folder / "b.txt").write_text(MAIL.format(clusters=" + ".join(units)), encoding="utf-8")
    cut = MAIL.format(clusters="").replace("> > [end]", "")
    (folder / "c.eml").write_text(f"Subject: x\n\n{cut}", encoding="utf-8")
    (folder / "d.csv").write_text("scool\n1\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def counted(home: Path, norfolk_folder: Path, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("counted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifying, "refuse_changed", lambda _: None)  # no run signed it
        command = ["responses", str(home), "--results", str(norfolk_folder), "-o", str(out)]
        done = CliRunner().invoke(app, [*command, "--scenario", str(SCENARIOS / "4a.toml")])
    assert done.exit_code == 0, done.exception
    assert "\x1b" not in done.output
    return out


def test_every_reply_is_accounted_for(counted: Path) -> None:
    record = json.loads((counted / "responses.json").read_text(encoding="utf-8"))
    counts, table = record["counts"], record["replies"]
    # Whose school is not found keeps what it wrote.
    assert all(one["school"] for one in record["comments"])
    assert counts["n_rows"] == len(table) == 1003
    assert len({row["row"] for row in table}) == 1003
    kinds = ("counted", "others_counted", "superseded", "same", "unknown_school", "unknown_option")
    assert sum(counts[f"n_{kind}"] for kind in (*kinds, "unreadable")) == 1003
    assert all(row["is_counted"] or row["reason"] for row in table)
    assert counts["n_unreadable"] == 2
    assert "breaks off before [end]" in table[-2]["reason"]
    assert 'no column "school"' in table[-1]["reason"]
    text = (counted / "plans.csv").read_text(encoding="utf-8")
    assert "root:" not in text
    for problem in ("it is not in the folder of the replies", "no cluster of today and no single"):
        assert problem in text


def test_a_long_address_stays_on_the_paper(counted: Path) -> None:
    pages = [page.extract_text() for page in PdfReader(counted / "replies.pdf").pages]
    (text,) = (text for text in pages if "threeshire.example" in text)
    lines = text.splitlines()
    assert max(map(len, lines)) < 150
    at = next(i for i, line in enumerate(lines) if "threeshire.example" in line)
    assert "longend" in "".join(lines[at : at + 9]).replace("\u200b", "")


def test_replies_are_counted_by_who_replies(counted: Path) -> None:
    record = json.loads((counted / "responses.json").read_text(encoding="utf-8"))
    whole = [row for row in record["respondents"] if row["by"] == "all"]
    assert [row["respondent"] for row in whole] == ["governor", "other", "parent", "school"]
    assert sum(row["n_replies"] for row in whole) == 1003
    for by in ("cluster", "district", "phase"):
        rows = [row for row in record["respondents"] if row["by"] == by]
        assert sum(row["n_counted"] for row in rows) == sum(row["n_counted"] for row in whole)
    replied = next(row for row in record["support"] if row["by"] == "all")["n_replied"]
    assert whole[-1]["n_counted"] == replied == record["counts"]["n_counted"]
    for row in record["support"]:
        if row["leading"]:
            assert row["n_replied"] >= 3
            assert row["response_share"] >= 0.25
            answers = [row[option] for option in record["options"]]
            assert answers.count(max(answers)) == 1
            assert row[row["leading"]] == max(answers)
    flood = record["same_texts"][0]
    assert flood["n_replies"] > 200
    assert not flood["comment"]  # not all of them may be quoted


def test_an_email_is_a_reply_with_its_own_plan(counted: Path) -> None:
    record = json.loads((counted / "responses.json").read_text(encoding="utf-8"))
    mailed = record["replies"][-3]
    assert (mailed["urn"], mailed["option"], mailed["respondent"]) == (121127, "4a", "parent")
    (comment,) = [one for one in record["comments"] if one["row"] == mailed["row"]]
    assert comment["comment"] == "The way to Dereham is short.\noption = 2b"
    (plan,) = [one for one in record["plans"] if one["row"] == mailed["row"]]
    assert (plan["plan"], plan["nearest_option"]) == ("in the reply", "4a")
    assert plan["status"] in {"legal", "breaks rules"}


def test_the_report_says_what_the_tables_say(counted: Path, norfolk_folder: Path) -> None:
    assert {path.name for path in counted.iterdir()} >= {
        *REPLIES_FILES,
        "datapackage.json",
        PRIVATE,
    }
    folder = read_folder(norfolk_folder)
    record, drawing = read_replies(counted, folder)
    texts = list(texts_of(tuple(chapter(record, drawing, folder))))
    counts = record["counts"]
    assert any(f"Of 426 schools {counts['n_counted']} replied" in text for text in texts)
    private = (counted / PRIVATE / "comments.csv").read_text(encoding="utf-8")
    assert "Reply" in private
    hidden = {row[-1] for row in csv.reader(private.splitlines()) if row[-1].startswith("Reply ")}
    for reader in ("committee", "council", "public"):
        told = "\n".join(texts_of(tuple(chapter(record, drawing, folder, reader))))
        assert hidden
        assert [text for text in hidden if text in told.split("\n")] == []
    whole = next(row for row in record["support"] if row["by"] == "all")
    kinds = next(b for b in chapter(record, drawing, folder) if isinstance(b, TableBlock))
    assert [row[1] for row in kinds.rows[:-1]] == [
        str(whole[key]) for key in (*record["options"], "n_replied")
    ]
    assert kinds.bars == tuple(whole[o] / whole["n_replied"] for o in record["options"])


def test_replies_of_other_results_make_no_chapter(counted: Path, norfolk_folder: Path, tmp_path):
    record = json.loads((counted / "responses.json").read_text(encoding="utf-8"))
    (tmp_path / "support.svg").write_text((counted / "support.svg").read_text(encoding="utf-8"))
    del record["seal"]
    for change in ({"stamps": {"1": "x"}}, {"map": ""}, {"seal": "x"}):
        other = record | change
        text = json.dumps({"seal": key_of(other)} | other)
        (tmp_path / "responses.json").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match="counted for other results"):
            read_replies(tmp_path, read_folder(norfolk_folder))


@pytest.fixture(scope="module")
def told(counted: Path, norfolk_folder: Path, tmp_path_factory) -> Path:
    """Give the page with the section on the replies, made by the command."""
    file = tmp_path_factory.mktemp("told") / "page.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifying, "refuse_changed", lambda _: None)  # no run signed it
        command = ["page", str(norfolk_folder), "-o", str(file), "--replies", str(counted)]
        done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.exception
    return file


def test_the_page_tells_what_was_replied(
    told: Path, counted: Path, norfolk_folder: Path, chromium: Browser
) -> None:
    record = json.loads((counted / "responses.json").read_text(encoding="utf-8"))
    page = chromium.new_page(java_script_enabled=False)
    page.goto(told.as_uri())
    section = page.locator("#replied")
    for one in section.locator("summary").all():
        one.click()
    text = section.inner_text()
    folder = read_folder(norfolk_folder)
    for block in chapter(*read_replies(counted, folder), folder, "public"):
        if isinstance(block, Paragraph):
            assert " ".join(block.text.split()) in " ".join(text.split())
    cells = section.locator("table").first.locator("tbody tr")
    counts = record["counts"]
    assert cells.nth(len(record["options"])).inner_text().split("\t")[1] == str(counts["n_counted"])
    quoted = " ".join(section.locator("li").all_inner_texts())
    assert "Reply 8" in quoted or "Reply 9" in quoted
    # Schools are not named with what was said, nor rows of a file that no reader has.
    names = {one["school"] for one in record["comments"] if one["comment"].startswith("Reply")}
    assert [name for name in names if name in quoted] == []
    assert "<script>" not in section.inner_html()
    assert page.locator(".toc a[href='#replied']").count() == 1
    page.close()


def test_the_section_is_for_all(told: Path, chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 800})
    page.goto(told.as_uri())
    # By itself: axe-core looks at each element, and the rest of the page has its own tests.
    page.evaluate(
        "document.querySelectorAll('main > :not(:has(#replied))').forEach(e => e.remove())"
    )
    page.evaluate("document.querySelectorAll('section:not(#replied)').forEach(e => e.remove())")
    page.evaluate("document.querySelectorAll('#replied details').forEach(d => d.open = true)")
    page.evaluate(
        "document.querySelectorAll('#replied li:nth-child(n+4)').forEach(e => e.remove())"
    )
    page.evaluate(AXE.read_text(encoding="utf-8") + "; null")
    found = page.evaluate("axe.run('#replied', { resultTypes: ['violations'] })")
    assert [(one["id"], one["nodes"][0]["target"]) for one in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_the_section_prints(told: Path, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(told.as_uri() + "#replied")
    paper = PdfReader(io.BytesIO(page.pdf()))
    assert "What was replied" in paper.pages[0].extract_text()
    page.close()


def test_without_replies_the_page_is_the_same(norfolk_folder: Path, tmp_path: Path) -> None:
    write_page(norfolk_folder, tmp_path / "index.html")
    assert (tmp_path / "index.html").read_bytes() == (norfolk_folder / "index.html").read_bytes()


@pytest.mark.parametrize("part", ["<script>alert(1)</script>", '<g onclick="x()"/>', "<!--x-->"])
def test_a_map_that_is_more_than_a_drawing_is_refused(
    part: str, counted: Path, norfolk_folder: Path, tmp_path: Path
) -> None:
    drawing = (counted / "support.svg").read_text(encoding="utf-8")
    drawing = drawing.replace("</svg>", f"{part}</svg>")
    record = json.loads((counted / "responses.json").read_text(encoding="utf-8"))
    record |= {"map": digest(drawing.encode())}
    del record["seal"]
    sealed = json.dumps({**record, "seal": key_of(record)})
    (tmp_path / "responses.json").write_text(sealed, encoding="utf-8")
    (tmp_path / "support.svg").write_text(drawing, encoding="utf-8")
    with pytest.raises(InputError, match="no map that `responses` drew"):
        write_page(norfolk_folder, tmp_path / "page.html", replies=tmp_path)
    assert not (tmp_path / "page.html").exists()


def test_rules_can_be_set(tmp_path: Path, norfolk_folder: Path) -> None:
    (tmp_path / "rules.toml").write_text("stands = 'first'\nunstated = 'other'\n")
    rules = load_rules(tmp_path / "rules.toml")
    assert rules == CountRules(stands="first", unstated="other")
    lines = ["121127,4a,School,2026-01-02", "121127,2b,headteacher,2026-01-01", "121127,1,,"]
    file = tmp_path / "r.csv"
    file.write_text("\n".join(["school,option,respondent,submitted_at", *lines]), encoding="utf-8")
    how = {"results": norfolk_folder, "scenario": SCENARIOS / "4a.toml", "place": norfolk_place()}
    assert responses(file, **how, rules=rules).replies["is_counted"].tolist() == [False, True, True]
    assert responses(file, **how).replies["is_counted"].tolist() == [False, False, True]
    (tmp_path / "rules.toml").write_text("stand = 'first'\n")
    with pytest.raises(InputError, match="stand"):
        load_rules(tmp_path / "rules.toml")
