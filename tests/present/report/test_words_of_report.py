"""Every word of report and sheets is from the words, and no text has a hole in it."""

import json
import re
from html.parser import HTMLParser

import openpyxl
from docx.oxml.ns import qn

from cluster_optimiser.present.report.blocks import Figure, texts_of
from cluster_optimiser.present.report.folder import read_folder
from cluster_optimiser.present.report.front import Front
from cluster_optimiser.present.report.write import make_report
from cluster_optimiser.present.sheets import sheets_html
from cluster_optimiser.words import speaking
from tests.norfolk import norfolk_result
from tests.pseudo import pseudo, unmarked

HOLE = re.compile(
    r"[{}]|\bNone\b|\bnan\b|\bNaN\b|\bNaT\b|<NA>|: \.|\bthe :|\(\)|\b1 (schools|pupils)\b"
)
WORD = re.compile(r"[A-Za-z]{2,}")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.is_hidden = False

    def handle_starttag(self, tag, attrs) -> None:
        self.is_hidden = tag in {"style", "script"}
        self.texts += [v for k, v in attrs if k in {"aria-label", "title", "alt"} and v]

    def handle_endtag(self, _tag) -> None:
        self.is_hidden = False

    def handle_data(self, data) -> None:
        if not self.is_hidden and data.strip():
            self.texts.append(data.strip())


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def test_no_word_of_the_report_stays_english_in_another_language(norfolk_folder) -> None:
    folder = read_folder(norfolk_folder)
    data = set(_strings([dict(folder.record), [dict(o.manifest) for o in folder.options]]))
    data |= {cell for o in folder.options for row in o.clusters for cell in row.values()}
    data |= {f"{o.label}/clusters.csv" for o in folder.options}
    data |= {"comparison.csv", "page.json", "manifest.json"}
    with speaking(pseudo()):
        report = make_report(folder, Front())
    blocks = [block for block in report.blocks if not isinstance(block, Figure)]
    labels = {getattr(block, "label", "") for block in blocks} | {""}
    english = [
        text
        for text in texts_of(blocks)
        if text not in labels and WORD.search(unmarked(text)) and unmarked(text) not in data
    ]
    assert english == []


def test_no_word_of_a_sheet_stays_english_in_another_language() -> None:
    result = norfolk_result("2b")
    with speaking(pseudo()):
        page = sheets_html(result)
    parser = _Text()
    parser.feed(page)
    schools = result.problem.authority.schools
    data = set(schools["name"]) | set(result.caveats) | set(result.plan.assignment)
    data |= {layer.title for layer in result.problem.authority.layers.values()}
    data |= {str(value) for name in schools for value in schools[name].unique()}
    governance = result.problem.scenario.governance
    left = [unmarked(text.removeprefix(governance.note)) for text in parser.texts]
    names = "|".join(map(re.escape, sorted(data, key=len, reverse=True)))
    english = [text for text in left if WORD.search(re.sub(names, " ", text))]
    assert english == []


def test_no_visible_text_has_a_hole(norfolk_folder, written, word, pdf_pages) -> None:
    texts = []
    for path in [
        *norfolk_folder.glob("*/sheets.html"),
        *norfolk_folder.glob("*/audit.html"),
        norfolk_folder / "index.html",
    ]:
        parser = _Text()
        parser.feed(path.read_text(encoding="utf-8"))
        texts += parser.texts
    paragraphs = word.element.body.iter(qn("w:p"))  # those of cells, too
    texts += ["".join(t.text or "" for t in p.iter(qn("w:t"))) for p in paragraphs]
    book = openpyxl.load_workbook(written / "report.xlsx", read_only=True)
    texts += [
        cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row
        if isinstance(cell, str)
    ]  # fmt: skip
    texts += pdf_pages
    assert len(texts) > 5000
    assert [text for text in texts if HOLE.search(text)] == []
    record = json.loads((norfolk_folder / "page.json").read_text(encoding="utf-8"))
    assert record["theme"]["language"] == "en"
