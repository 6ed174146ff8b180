"""What the consultation page must bear: 500 schools, 8 plans, every kind of reader."""

from __future__ import annotations

import importlib.resources
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from coloraide import Color

from cluster_optimiser.comparison import funding
from cluster_optimiser.errors import InputError
from cluster_optimiser.present import map_html, write_comparison
from cluster_optimiser.present.audit import audit_html
from cluster_optimiser.present.shapes import PALETTE
from cluster_optimiser.present.sheets import sheets_html
from cluster_optimiser.present.theme import Theme, contrast, load_theme
from cluster_optimiser.present.write import ways_html
from tests.made_case import NASTY
from tests.pages import index_html, page_from_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

MOST_BYTES = 1_500_000
MOST_BYTES_OF_NORFOLK = 1_000_000
MOST_BYTES_WITH_POSTCODES = 1_120_000
MOST_BYTES_A_PLAN = 40_000
MOST_WORDS = 1_500
LEAST_DIFFERENCE = 20.0
TEXT_COLOUR = "#16222a"
OPEN_ALL = """() => {
    document.querySelectorAll('details.part').forEach(part => clusterPage.reveal(part.id));
    document.querySelectorAll('details').forEach(one => { one.open = true; });
}"""
AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js")


def _violations(page: Page) -> list[str]:
    """Run every rule of axe-core; give what is broken and where."""
    # Through the debugger: the page's own policy would not let a script in.
    page.evaluate(AXE.read_text(encoding="utf-8") + "; null")
    found = page.evaluate(
        """async () => {
            const rules = Object.fromEntries(axe.getRules()
                .map(rule => [rule.ruleId, { enabled: true }]));
            const result = await axe.run(document, { rules, resultTypes: ['violations'] });
            return result.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3)
                .map(n => n.target.join(' ') + ' ' + (n.any[0] ? n.any[0].message : ''))
                .join(' | '));
        }"""
    )
    return list(found)


@pytest.mark.thorough
def test_the_page_is_small_and_so_is_each_further_plan(made_page: Any) -> None:
    size = made_page.path.stat().st_size
    assert size <= MOST_BYTES
    rest = made_page.results[:4] + made_page.results[5:]
    assert size - len(index_html(rest, pd.DataFrame()).encode()) <= MOST_BYTES_A_PLAN


def test_norfolk_is_small(norfolk_page: Any) -> None:
    text = norfolk_page.path.read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert data
    postcodes = json.dumps(json.loads(data[1])["postcodes"], separators=(",", ":"))
    assert len(text.encode()) <= MOST_BYTES_WITH_POSTCODES
    assert len(text.encode()) - len(postcodes) <= MOST_BYTES_OF_NORFOLK


def test_an_area_of_several_pictures_is_drawn_once(norfolk_page: Any) -> None:
    text = norfolk_page.path.read_text(encoding="utf-8")
    shapes = re.findall(r'<path[^>]* d="([^"]{60,})"', text)
    assert len(shapes) == len(set(shapes))
    used, held = (set(re.findall(rf'{name}="#?(m\d+)"', text)) for name in ("href", "id"))
    assert used == held


def test_little_is_to_be_read_before_all_figures(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    """All that stands above is made first, so that what comes by scrolling counts too."""
    page = visit(norfolk_page.path).page
    page.evaluate("clusterPage.openCompare()")
    words = page.evaluate(
        """() => {
            const end = document.getElementById('figures');
            const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            let n = 0;
            while (texts.nextNode() && !end.contains(texts.currentNode)) {
                const node = texts.currentNode.parentElement;
                // What is in a list that opens, or is only heard, is not read.
                if (node.closest('option, script, .vh, .skip') || !node.checkVisibility()) continue;
                n += texts.currentNode.textContent.split(/\\s+/).filter(Boolean).length;
            }
            return n;
        }"""
    )
    assert words <= MOST_WORDS


def test_a_map_drawn_for_readers_without_scripts_is_drawn_again_among_the_figures(
    made_page: Any, visit: Callable[..., Any]
) -> None:
    """The address of an option leads to it although it waits as text."""
    right = visit(made_page.path).page.evaluate("clusterPage.data.right")
    page = visit(made_page.path, f"#sheet-{right}").page
    assert page.locator("#still-map").is_hidden()
    sheet = page.locator(f"#sheet-{right}")
    assert abs(sheet.bounding_box()["y"]) <= 120
    drawn = page.evaluate(
        "right => document.querySelector(`#sheet-${right} use`).getBBox().width", right
    )
    assert drawn > 1000


@pytest.mark.thorough
def test_two_builds_are_the_same_bytes_whatever_the_hash_seed(
    made_page: Any, tmp_path: Path
) -> None:
    script = (
        "import sys, hashlib, pandas as pd; from pathlib import Path;"
        "from tests.made_case import made_results;"
        "from tests.pages import index_html;"
        "page = index_html(made_results(Path(sys.argv[1])), pd.DataFrame());"
        "Path(sys.argv[2]).write_text(page, encoding='utf-8')"
    )
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "7",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    out = tmp_path / "again.html"
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), str(out)], env=environment, check=True
    )
    assert out.read_bytes() == made_page.path.read_bytes()


@pytest.mark.parametrize(
    ("sight", "method"),
    [
        ("", ""),
        *itertools.product(("protan", "deutan", "tritan"), ("machado", "brettel")),
    ],
)
def test_fills_differ_for_every_kind_of_colour_vision(sight: str, method: str) -> None:
    seen = [Color(fill) for fill in PALETTE]
    if sight:
        seen = [colour.filter(sight, method=method).clip("srgb") for colour in seen]
    for one, other in itertools.combinations(seen, 2):
        assert one.delta_e(other, method="2000") >= LEAST_DIFFERENCE


@pytest.mark.parametrize("fill", PALETTE)
def test_dark_text_and_outlines_show_on_every_fill(fill: str) -> None:
    assert contrast(fill, TEXT_COLOUR) >= 4.5
    assert contrast(fill, "#22303a") >= 3.0


@pytest.mark.parametrize("which", ["made_page", "norfolk_page"])
def test_neighbours_on_the_maps_never_look_alike(
    which: str, visit: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    page = visit(request.getfixturevalue(which).path).page
    alike = page.evaluate(
        """() => clusterPage.options.flatMap(option => clusterPage.touchingPairs(option.pieces)
            .filter(([a, b]) => option.colour[a] === option.colour[b])
            .map(([a, b]) => [option.label, option.names[a], option.names[b]]))"""
    )
    assert alike == []


@pytest.mark.parametrize("which", ["made_page", "norfolk_page"])
def test_nothing_is_asked_for_and_nothing_complained_of(
    which: str, visit: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    seen = visit(request.getfixturevalue(which).path)
    page = seen.page
    page.fill("#find", "high")
    page.keyboard.press("Enter")
    page.select_option("#pick-b", "3")
    page.check("#show-changes")
    page.evaluate("clusterPage.openTry()")
    page.click("#try-move")
    page.click("#copy")
    page.evaluate(OPEN_ALL)
    assert [url for url in seen.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert seen.complaints == []
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0


def test_the_policy_allows_nothing_but_what_is_in_the_page(made_page: Any) -> None:
    text = made_page.path.read_text(encoding="utf-8")
    policy = text.partition('Content-Security-Policy" content="')[2].partition('"')[0]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    own = text.partition("Leaflet 1.9")[2]
    assert "localStorage" not in own
    assert "eval(" not in own.replace("retrieval(", "")
    # One is Leaflet's own: the empty picture it shows where a tile is missing.
    assert text.count(";base64,") == 1
    assert "Vladimir Agafonkin" in text


def test_a_nasty_name_is_text_everywhere(made_page: Any, visit: Callable[..., Any]) -> None:
    text = made_page.path.read_text(encoding="utf-8")
    assert NASTY not in text
    schools = made_page.results[0].problem.authority.schools
    urn = int(schools.index[schools["name"] == NASTY][0])
    seen = visit(made_page.path, f"#school={urn}&a=1&b=2")
    page = seen.page
    assert page.inner_text("#answer-name") == NASTY
    page.fill("#find", str(urn))
    assert NASTY in page.inner_text("#find-list")
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert seen.complaints == []


def test_few_stops_of_the_tab_key_and_no_trap(norfolk_page: Any, visit: Callable[..., Any]) -> None:
    page = visit(norfolk_page.path).page
    stops = []
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate(
            """() => { const node = document.activeElement;
                if (node === document.body) return '';
                const all = [...document.querySelectorAll('*')];
                return node.tagName + all.indexOf(node); }"""
        )
        if not at or at in stops:
            break
        stops.append(at)
        if page.evaluate("document.activeElement.id") == "find":
            to_search = len(stops)
    assert to_search <= 3
    assert len(stops) <= 40
    # Round the whole page and out of it: nothing holds the focus.
    assert at == "" or at == stops[0]


@pytest.fixture(scope="session")
def toy_page(
    tmp_path_factory: pytest.TempPathFactory, results: list[Any], comparison: pd.DataFrame
) -> Path:
    """Make a page with every part but few rows: axe-core looks at each element."""
    path = tmp_path_factory.mktemp("toy") / "index.html"
    path.write_text(index_html(results, comparison), encoding="utf-8")
    return path


def test_axe_finds_nothing_on_the_page_of_norfolk(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path, "#school=121130&a=1&b=4a").page
    assert _violations(page) == []


@pytest.mark.parametrize(
    ("state", "narrow"),
    [
        ("load", False),
        ("list open", False),
        ("school picked", False),
        ("pane changed", False),
        ("table filtered", False),
        ("workbench open", False),
        ("everything open", False),
        ("load", True),
    ],
)
def test_axe_finds_nothing(
    state: str, narrow: bool, toy_page: Path, visit: Callable[..., Any]
) -> None:
    options = {"viewport": {"width": 390, "height": 844}} if narrow else {}
    page = visit(toy_page, **options).page
    if state == "list open":
        page.locator("#find").press_sequentially("bexf")
        assert page.locator("#find-list").is_visible()
    elif state == "school picked":
        page.fill("#find", "bexford prim")
        page.keyboard.press("Enter")
        page.locator("#answer-list summary").first.click()
    elif state == "pane changed":
        page.select_option("#pick-b", "0")
        page.check("#show-changes")
        page.click("#lists > summary")
    elif state == "table filtered":
        page.evaluate("clusterPage.reveal('everyone')")
        page.fill("#filter", "fen")
        assert page.locator("#all-schools tbody tr:visible").count() == 1
    elif state == "workbench open":
        page.evaluate("clusterPage.openTry()")
        page.click("#try-move")
    elif state == "everything open":
        page.evaluate(OPEN_ALL)
    assert _violations(page) == []


@pytest.mark.parametrize("what", ["map", "sheets", "audit", "ways"])
def test_axe_finds_nothing_on_what_stands_beside_the_page(
    what: str,
    norfolk_page: Any,
    results: list[Any],
    comparison: pd.DataFrame,
    tmp_path: Path,
    visit: Callable[..., Any],
) -> None:
    result = next(one for one in norfolk_page.results if one.plan.label == "2a")
    make = {
        "map": lambda: map_html(result),
        "sheets": lambda: str(sheets_html(result)),
        "audit": lambda: audit_html(result, funding(result)),
        "ways": lambda: ways_html([tmp_path / "a", tmp_path / "b"], tmp_path),
    }
    for name in "ab" if what == "ways" else "":
        (tmp_path / name).mkdir()
        write_comparison(results, comparison, tmp_path / name)
    path = tmp_path / "beside.html"
    path.write_text(make[what](), encoding="utf-8")
    page = visit(path, bypass_csp=True).page
    assert len(page.inner_text("body")) > 100
    assert _violations(page) == []
    page.set_viewport_size({"width": 320, "height": 256})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("width", [320, 341])
def test_no_sideways_scrolling_on_the_narrowest_screens(
    width: int, norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    """320 px, and 1366 px at 400 %."""
    page = visit(
        norfolk_page.path, "#school=121130&a=1&b=4a", viewport={"width": width, "height": 256}
    ).page
    page.evaluate("clusterPage.openTry()")
    page.evaluate(OPEN_ALL)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    small = page.evaluate(
        """() => [...document.querySelectorAll(
                'button, select, input, summary, .toc a, [role=option]')]
            .filter(node => node.offsetParent && !node.classList.contains('skip'))
            .map(node => [node.id || node.textContent.slice(0, 30), node.getBoundingClientRect()])
            .filter(([, box]) => box.height && (box.height < 24 || box.width < 24))
            .map(([name, box]) => [name, box.width, box.height])"""
    )
    assert small == []


def test_without_scripts_every_school_and_plan_can_be_read(
    made_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(made_page.path, java_script_enabled=False).page
    assert page.locator(".sheet svg.plan:visible").count() == len(made_page.results)
    first = page.locator("#still-map svg.plan")
    assert first.bounding_box()["y"] < page.viewport_size["height"] / 2
    dead = ":is(#maps, #try, button, input, select, textarea, a[href='#maps']):visible"
    assert page.locator(dead).count() == 0
    rows = page.locator("#all-schools tbody tr")
    clusters = made_page.assignments.set_index(["scenario", "urn"])["cluster"]
    read = 0
    said = rows.evaluate_all(
        """all => all.map(line => [...line.cells].flatMap(
            cell => Array(cell.colSpan).fill(cell.innerText.trim())))"""
    )
    for cells in said:
        urns = [int(line.rsplit(" ", 1)[1]) for line in cells[0].split("\n") if line.strip()]
        for urn in urns:
            for result, cell in zip(made_page.results, cells[2:], strict=True):
                assert cell.split(";")[0] == clusters[result.plan.label, urn]
                read += 1
    assert read == len(clusters)
    page.emulate_media(media="print")
    assert page.locator(".sheet svg.plan:visible").count() == len(made_page.results)
    assert page.locator("#all-schools tbody tr:visible").count() == len(said)
    assert page.locator("#reply noscript:visible").count() == 1


def test_the_page_is_made_again_from_its_folder(
    results: list[Any], comparison: pd.DataFrame, tmp_path: Path
) -> None:
    write_comparison(results, comparison, tmp_path)
    assert page_from_folder(tmp_path) == (tmp_path / "index.html").read_text(encoding="utf-8")
    themed = page_from_folder(tmp_path, theme=Theme(council="Toyshire Council", colour="#5b2a86"))
    assert "Toyshire Council" in themed
    assert "--deep:#5b2a86;" in themed
    (tmp_path / "page.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="the record of the page cannot be read"):
        page_from_folder(tmp_path)


def test_a_theme_is_read_and_its_faults_are_told(tmp_path: Path) -> None:
    assert load_theme(tmp_path) == Theme()
    file = tmp_path / "theme.toml"
    file.write_text('council = "Toyshire"\ncontact = "clusters@toyshire.example"\n')
    assert load_theme(tmp_path).contact == "clusters@toyshire.example"
    file.write_text('colour = "#eeeeee"\nlogo = "x.png"\n')
    with pytest.raises(InputError, match=r"2 faults.*\n.*contrast of 1\.2, under 4\.5(.|\n)*logo"):
        load_theme(tmp_path)
    file.write_text('counsil = "Toyshire"\n')
    with pytest.raises(InputError, match=r'unknown key "counsil"\. Did you mean "council"'):
        load_theme(tmp_path)
    file.write_text("colour = ")
    with pytest.raises(InputError, match="the theme cannot be read"):
        load_theme(file)
    with pytest.raises(InputError, match=r"cannot be read\. Check the path: No such file"):
        load_theme(tmp_path / "none.toml")


def test_the_record_is_plain_json(
    results: list[Any], comparison: pd.DataFrame, tmp_path: Path
) -> None:
    write_comparison(results, comparison, tmp_path)
    record = json.loads((tmp_path / "page.json").read_text(encoding="utf-8"))
    assert len(record["options"]) == len(results)
