"""The consultation page on paper."""

from __future__ import annotations

import io
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from pypdf import PdfReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page
    from pypdf import PageObject


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


@pytest.mark.parametrize("which", ["made_page", "norfolk_page"])
def test_each_option_is_one_page_of_a4(
    which: str, visit: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    made = request.getfixturevalue(which)
    page = visit(made.path).page
    for i, result in enumerate(made.results):
        page.evaluate(
            """i => { document.body.dataset.print = 'option';
                document.querySelectorAll('.sheet').forEach((sheet, j) =>
                    sheet.classList.toggle('printed', i === j)); }""",
            i,
        )
        sheets = _pages(page)
        assert len(sheets) == 1, result.plan.label
        # The last cluster of the list is still on it.
        assert str(result.score.clusters["cluster"].iloc[-1])[:12] in sheets[0]
        assert result.stamp in sheets[0]


def test_a_schools_answer_is_three_pages_at_most(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path, "#school=121130&a=1&b=4a").page
    page.evaluate("document.body.dataset.print = 'school'")
    sheets = _pages(page)
    assert len(sheets) <= 3
    text = " ".join(sheets)
    assert "St Augustine" in text
    assert "local link" in text


def test_the_whole_page_prints_with_one_sheet_for_each_option(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path).page
    printed = _printed(page).pages
    sheets = [_text(sheet) for sheet in printed]
    starts = [
        [i for i, text in enumerate(sheets) if f"stamp {r.stamp}" in text.lower()]
        for r in norfolk_page.results
    ]
    assert all(starts)
    assert len(sheets) < 40
    # No sheet with a heading alone, and none of what only works on a screen.
    assert min(map(len, sheets)) > 150
    assert not any("wheel" in text or "Show the" in text for text in sheets)
    # Wide tables lie across the long side, and are tables, not the lists of a phone.
    across = [
        text
        for sheet, text in zip(printed, sheets, strict=True)
        if sheet.mediabox.width > sheet.mediabox.height
    ]
    assert any("Option Clusters Pupils in a cluster" in text for text in across)
    assert any("Not too small" in text for text in across)
    assert len(across) < len(sheets) / 2
