"""The consultation page on paper."""

from __future__ import annotations

import io
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from pypdf import PdfReader

from tests.effort import examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page
    from pypdf import PageObject


MAP_BYTES = 20_000


def _printed(page: Page) -> PdfReader:
    """Print as the reader would."""
    content = page.pdf(format="A4", prefer_css_page_size=True, print_background=True)
    return PdfReader(io.BytesIO(content))


def _text(sheet: PageObject) -> str:
    """Read a sheet; letters that are printed as one, such as ff, are taken apart."""
    return " ".join(unicodedata.normalize("NFKC", sheet.extract_text()).split())


def _pages(page: Page) -> list[str]:
    """Give the text of each sheet of paper."""
    return [_text(sheet) for sheet in _printed(page).pages]


@pytest.mark.parametrize(
    "which", [pytest.param("made_page", marks=pytest.mark.thorough), "norfolk_page"]
)
def test_each_option_is_one_page_of_a4(
    which: str, visit: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    made = request.getfixturevalue(which)
    page = visit(made.path).page
    page.evaluate("clusterPage.reveal('details')")
    # What the browser does when it prints is asked of it without a dialogue.
    page.evaluate("window.print = () => {}")
    # Every option with `make test-thorough`, else every third.
    n_results = len(made.results)
    for i in range(0, n_results, max(1, n_results // examples(n_results))):
        result = made.results[i]
        page.evaluate("""i => document.querySelector(`[data-print-option="${i}"]`).click()""", i)
        sheets = _pages(page)
        assert len(sheets) == 1, result.plan.label
        # The last cluster of the list is still on it.
        assert str(result.score.clusters["cluster"].iloc[-1])[:12] in sheets[0]
        assert result.stamp in sheets[0]


def test_a_schools_answer_is_one_page_with_a_map_and_names(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    """Ctrl+P with a school chosen prints what is looked at, and so does the button."""
    schools = norfolk_page.results[0].problem.authority.schools
    table = norfolk_page.assignments
    page = visit(norfolk_page.path, "#a=1&b=4a").page
    for urn in (121130, *schools.index[::85]):
        page.evaluate("school => clusterPage.choose({ school })", schools.index.get_loc(urn))
        sheets = _printed(page).pages
        assert len(sheets) == 1, urn
        text = _text(sheets[0])
        rows = table[table["scenario"] == "4a"].set_index("urn")["cluster"]
        partner = next(u for u in rows.index[rows == rows[urn]] if u != urn)
        assert schools["name"][partner].split(" ")[0] in text
        # The map is drawn: words alone take far less.
        assert len(sheets[0].get_contents().get_data()) > MAP_BYTES


def test_a_part_that_is_looked_at_is_printed_alone(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path, "#a=1&b=4a&see=measure").page
    sheets = _pages(page)
    assert len(sheets) <= 3
    assert "One measure for all options" in sheets[0]
    assert not any("Try it yourself" in text for text in sheets)
    page.evaluate("clusterPage.reveal('glance')")
    # No sheet is left empty behind a table.
    assert all(_pages(page))
    # Fourteen options fit on a sheet: what each says of a school is not cut off at its edge.
    page.evaluate("clusterPage.reveal('everyone')")
    assert norfolk_page.results[-1].plan.label in _pages(page)[0]
    page.evaluate("clusterPage.reveal('sheet-1')")
    (sheet,) = _pages(page)
    assert norfolk_page.results[1].problem.scenario.short_title in sheet


@pytest.mark.parametrize(("part", "width"), [("maps", 330), ("try", 690)])
def test_maps_of_a_part_fit_the_sheet_and_are_as_before_after_it(
    part: str, width: int, norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    """What the browser does before and after it prints."""
    page = visit(norfolk_page.path, f"#school=121206&a=1&b=4a&see={part}").page
    state = """() => [...clusterPage.panes, clusterPage.tried.pane].filter(Boolean)
        .map(({ node, map }) => [
            node.offsetWidth, map.getZoom(), map.getCenter().lat, map.getCenter().lng,
        ])"""
    before = page.evaluate(state)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert width in [one[0] for one in page.evaluate(state)]
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    for now, then in zip(page.evaluate(state), before, strict=True):
        # Maps that move together do so by whole pixels.
        assert now == pytest.approx(then, abs=2 ** -then[1])
