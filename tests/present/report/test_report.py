"""The committee report: accessible, the same bytes every time, and no number of its own."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import zipfile
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import openpyxl
import pytest
from click.testing import CliRunner
from docx import Document
from docx.oxml.ns import qn
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from cluster_optimiser.cli import app
from cluster_optimiser.errors import InputError
from cluster_optimiser.present.report import REPORT_FILES, write_report
from cluster_optimiser.present.report.folder import read_folder
from cluster_optimiser.present.report.workbook import FIRST_ROW, tables
from cluster_optimiser.present.words import percent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")


@pytest.fixture(scope="module")
def written(norfolk_folder: Path, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("report")
    write_report(norfolk_folder, out)
    return out


@pytest.fixture(scope="module")
def word(written: Path):
    return Document(written / "report.docx")


@pytest.fixture(scope="module")
def pdf(written: Path) -> PdfReader:
    return PdfReader(written / "report.pdf")


# --- the same bytes ------------------------------------------------------------------------------


def test_two_reports_are_the_same_bytes(norfolk_folder: Path, written: Path, tmp_path) -> None:
    write_report(norfolk_folder, tmp_path)
    for name in REPORT_FILES:
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes(), name


def test_archives_are_dated_alike(written: Path) -> None:
    for name in ("report.docx", "report.xlsx"):
        with zipfile.ZipFile(written / name) as archive:
            assert {info.date_time[:3] for info in archive.infolist()} == {(1980, 1, 1)}


# --- Word ----------------------------------------------------------------------------------------


def test_every_picture_of_the_document_has_its_text(word) -> None:
    pictures = [shape._inline.docPr for shape in word.inline_shapes]
    assert len(pictures) == 4
    for label, picture in zip(("1", "2b", "3c", "4g"), pictures, strict=True):
        assert picture.get("descr").startswith(f"Map of option {label}: ")


def test_every_table_of_the_document_has_a_header_row(word) -> None:
    assert len(word.tables) > 8
    for table in word.tables:
        first, *others = table._tbl.tr_lst
        assert first.trPr.find(qn("w:tblHeader")) is not None
        assert all(row.trPr.find(qn("w:tblHeader")) is None for row in others)
        assert not list(table._tbl.iter(qn("w:gridSpan"), qn("w:vMerge")))
        assert all(cell.text for cell in table.rows[0].cells)


def test_headings_are_real_and_in_order(word) -> None:
    levels = [
        int(p.style.name.split()[-1]) for p in word.paragraphs if p.style.name.startswith("Heading")
    ]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    words = [p.text for p in word.paragraphs if p.style.name == "Heading 1"]
    assert words[:2] == ["Summary", "The options at a glance"]
    assert "What the figures cannot say" in words
    assert word.core_properties.language == "en-GB"
    assert word.core_properties.title == "Norfolk: options for school clusters"


# --- PDF -----------------------------------------------------------------------------------------


def _tags(node, seen: set) -> Iterator[dict]:
    node = node.get_object() if isinstance(node, IndirectObject) else node
    if not hasattr(node, "get") or id(node) in seen:
        return
    seen.add(id(node))
    if "/S" in node:
        yield node
    children = node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        yield from _tags(child, seen)


def test_the_pdf_says_that_it_is_pdf_ua(pdf: PdfReader, written: Path) -> None:
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata.title == "Norfolk: options for school clusters"
    assert b"pdfuaid:part>1" in root["/Metadata"].get_object().get_data()
    assert len(pdf.outline) > 5


def test_the_pdf_is_tagged(pdf: PdfReader) -> None:
    tags = list(_tags(pdf.trailer["/Root"]["/StructTreeRoot"], set()))
    kinds = [str(tag["/S"]) for tag in tags]
    assert {"/H1", "/H2", "/P", "/L", "/LI", "/Table", "/TR", "/TH", "/TD", "/Figure"} <= set(kinds)
    figures = [tag for tag in tags if tag["/S"] == "/Figure" and "/Alt" in tag]
    assert len(figures) == 4
    assert str(figures[0]["/Alt"]).startswith("Map of option 1: 47 clusters")
    headers = [tag for tag in tags if tag["/S"] == "/TH"]
    assert all("/A" in tag for tag in headers)
    n_tables = kinds.count("/Table")
    assert n_tables == len(list(_tables_of(tags)))


def _tables_of(tags: list[dict]) -> Iterator[dict]:
    for tag in tags:
        if tag["/S"] == "/Table":
            inner = [str(t["/S"]) for t in _tags(tag, set())]
            assert "/THead" in inner
            yield tag


# --- every number is the folder's ----------------------------------------------------------------


def _values(folder: Path) -> Iterator[float]:
    """Give every number of the results folder."""

    def walk(value):
        if isinstance(value, dict):
            for inner in value.values():
                yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)
        elif not isinstance(value, bool) and re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
            yield float(value)

    for path in sorted(folder.rglob("manifest.json")):
        yield from walk(json.loads(path.read_text(encoding="utf-8")))
    for path in sorted(folder.rglob("*.csv")):
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"))):
            yield from (float(cell) for cell in row if re.fullmatch(r"-?\d+(\.\d+)?", cell))


def _texts(folder: Path) -> set[str]:
    """Give every text of the results folder's records."""
    found: set[str] = set()

    def walk(value) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        elif isinstance(value, str) and re.search(r"\d", value) and len(value) > 40:
            found.add(value)

    for path in [*sorted(folder.rglob("manifest.json")), folder / "page.json"]:
        walk(json.loads(path.read_text(encoding="utf-8")))
    return found


def _shown(value: float) -> set[str]:
    forms = {f"{round(value):,}", f"{value:,.1f}", f"{value:,.2f}", f"{100 * value:.1f}"}
    return {form.lstrip("-") for form in forms}


def test_every_number_of_the_words_is_in_the_results(word, norfolk_folder: Path) -> None:
    folder = read_folder(norfolk_folder)
    allowed = set().union(*(_shown(v) for v in set(_values(norfolk_folder))))
    texts = sorted(_texts(norfolk_folder), key=len, reverse=True)
    for option in folder.options:
        m = option.metrics
        parts = [m["changed_pupils"], *(v for k, v in m.items() if k.endswith("_pupils"))]
        allowed |= {percent(part, m["pupils"]).rstrip("%") for part in parts if part is not None}
        # What is counted: exceptions of a kind, rules broken, options beside today's.
        kinds = [e["kind"] for e in option.manifest["exceptions"]]
        allowed |= {str(kinds.count(kind)) for kind in kinds}
        allowed |= {str(len(option.manifest["violations"])), str(len(folder.options) - 1)}
    n_checked = 0
    for paragraph in word.paragraphs:
        if paragraph.style.name in {"Heading 1", "Caption"}:
            continue
        left = paragraph.text
        for text in texts:
            left = left.replace(text, " ")
        left = re.sub(r"[Oo]ptions? (\d\w?(, | and )?)+", " ", left)
        left = left.replace("0% would be the same everywhere", " ")
        for figure in FIGURE.findall(left):
            n_checked += 1
            assert figure.strip(",") in allowed, (figure, paragraph.text)
    assert n_checked > 60


def _csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def _table(word, caption: str):
    """Find the table that follows a caption."""
    for table in word.tables:
        if table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val")) == caption:
            return [[cell.text for cell in row.cells] for row in table.rows]
    raise AssertionError(caption)


def test_tables_of_clusters_and_money_equal_the_files(word, norfolk_folder: Path) -> None:
    for label in ("1", "2b", "3c", "4g"):
        home = norfolk_folder / label
        clusters = _csv(home / "clusters.csv")
        _, *rows = _table(word, f"Clusters of option {label}")
        assert [r[1] for r in rows] == [c["cluster"] for c in clusters]
        assert [r[2] for r in rows] == [c["n_schools"] for c in clusters]
        assert [int(r[3].replace(",", "")) for r in rows] == [int(c["pupils"]) for c in clusters]
        for row, cluster in zip(rows, clusters, strict=True):
            for shown, exact in zip(row[5:], ("mean_minutes", "max_minutes"), strict=True):
                assert float(shown) == pytest.approx(float(cluster[exact]), abs=0.051)
        money = _csv(home / "funding.csv")
        _, *rows = _table(word, f"Money of the clusters of option {label}")

        def exact(text: str) -> Decimal:
            return Decimal(text.replace("£", "").replace(",", ""))

        assert [exact(r[3]) for r in rows] == [Decimal(m["pot_pounds"]) for m in money]
        assert sum(exact(r[3]) for r in rows) == 30_000_000
        assert [r[6] == "yes" for r in rows] == [m["is_in_capacity_fund"] == "true" for m in money]


def test_tables_of_governance_equal_the_files(word, norfolk_folder: Path) -> None:
    for label in ("1", "2b", "3c", "4g"):
        rules = _csv(norfolk_folder / label / "governance.csv")
        _, *rows = _table(word, f"Governance of the clusters of option {label}")
        assert [r[0] for r in rows] == [g["cluster"] for g in rules]
        assert [r[2:4] for r in rows] == [[g["n_votes"], g["quorum"]] for g in rules]
        assert sum(int(g["n_votes"]) for g in rules) == 409
        assert all(g["high_schools"] for g in rules)


def test_the_table_at_a_glance_equals_the_comparison(word, norfolk_folder: Path) -> None:
    rows = _csv(norfolk_folder / "comparison.csv")
    value = {(r["scenario"], r["metric"]): r["value"] for r in rows}
    metrics = ("n_clusters", "smallest_pupils", "largest_pupils", "mean_minutes", "max_minutes")
    others = ("misaligned_district_pupils", "misaligned_division_pupils", "changed_pupils")
    for caption, names in (("Size and travel", metrics), ("Alignment, change and proof", others)):
        header, *shown = _table(word, caption)
        assert len(header) == 1 + len(names) + (names is others)
        assert len(shown) == 4
        for row in shown:
            label = row[0].split()[0]
            for text, metric in zip(row[1:], names, strict=False):
                exact = float(value[label, metric])
                assert float(text.replace(",", "")) == pytest.approx(exact, abs=0.051)
            if names is others:
                plans = value[label, "n_legal_plans"]
                assert row[-1].replace(",", "") == (plans or "–")  # noqa: RUF001 - not known


# --- the workbook --------------------------------------------------------------------------------


def test_the_workbook_reads_back_equal_to_the_csv(written: Path, norfolk_folder: Path) -> None:
    book = openpyxl.load_workbook(written / "report.xlsx")
    for name, (_, header, rows) in tables(read_folder(norfolk_folder)).items():
        sheet = book[name]
        cells = [list(row) for row in sheet.iter_rows(min_row=FIRST_ROW + 1, values_only=True)]
        assert cells[0] == header
        assert len(cells) - 1 == len(rows)
        for got, wanted in zip(cells[1:], rows, strict=True):
            for cell, text in zip(got, wanted, strict=True):
                if text in {"true", "false"}:
                    assert cell is (text == "true")
                elif isinstance(cell, (int, float)):
                    assert cell == float(text)
                else:
                    assert (cell or "") == text


def test_the_workbook_keeps_the_rules_of_government_spreadsheets(written: Path) -> None:
    book = openpyxl.load_workbook(written / "report.xlsx")
    assert book.sheetnames[0] == "Contents"
    assert book.sheetnames[-1] == "Notes"
    assert {row[0] for row in book["Contents"].iter_rows(min_row=5, values_only=True)} == set(
        book.sheetnames[1:]
    )
    for sheet in book:
        assert len(sheet.tables) == 1
        assert not sheet.merged_cells.ranges
        assert sheet["A1"].value
        assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
    notes = [row[1] for row in book["Notes"].iter_rows(min_row=5, values_only=True)]
    assert any("illustration" in str(note) for note in notes)
    assert any("blank cell" in str(note) for note in notes)


# --- the command and its errors ------------------------------------------------------------------


def test_the_command_writes_three_files(norfolk_folder: Path, tmp_path) -> None:
    done = CliRunner().invoke(app, ["report", str(norfolk_folder), "-o", str(tmp_path / "r")])
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in (tmp_path / "r").iterdir()) == sorted(REPORT_FILES)


def test_a_folder_that_is_none_is_refused(tmp_path) -> None:
    done = CliRunner().invoke(app, ["report", str(tmp_path), "-o", str(tmp_path / "r")])
    assert isinstance(done.exception, InputError)
    assert "page.json" in str(done.exception)
    assert not (tmp_path / "r").exists()


def test_options_of_two_runs_are_refused(norfolk_folder: Path, tmp_path) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(norfolk_folder, folder)
    path = folder / "2b" / "manifest.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(record | {"stamp": "other"}), encoding="utf-8")
    with pytest.raises(InputError, match="option 2b is of another run"):
        write_report(folder, tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_what_is_said_of_all_plans_is_read_where_it_is(norfolk_folder: Path, tmp_path) -> None:
    folder = tmp_path / "with"
    shutil.copytree(norfolk_folder, folder)
    rank = [{"metric": "pupil_minutes", "n_better": 411, "n_equal": 1, "n_worse": 316}]
    bounds = {"n_better_least": 1200, "n_better_most": 1300, "n_worse_least": 7}
    rank.append({"metric": "deviation", "n_better": None, "n_equal": None, **bounds})
    text = json.dumps({"n_plans": 728, "rank": rank})
    (folder / "2b" / "universe.json").write_text(text, encoding="utf-8")
    write_report(folder, tmp_path / "r")
    lines = [p.text for p in Document(tmp_path / "r" / "report.docx").paragraphs]
    said = "By travel: 411 of 728 legal plans are better, 1 equal (itself counted), 316 worse."
    assert said in lines
    assert sum("between 1,200 and 1,300 legal plans are better" in line for line in lines) == 1
    assert sum("was not worked out" in line for line in lines) == 2
