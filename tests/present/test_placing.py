"""The page on a council's own site: in a frame, and with no script or style inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cluster_optimiser.present import Placing, write_comparison, write_page
from cluster_optimiser.present.placing import joined_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd
    from playwright.sync_api import Browser, Page, Route

    from cluster_optimiser.domain import Result

STRICT = "default-src 'self'; script-src 'self'; style-src 'self'; frame-src 'self'"
SITE = "http://council.example/"
COUNCIL = "<!DOCTYPE html><html lang=en><title>Council</title><h1>Schools</h1>{snippet}"


WITHIN = """async (is) => {
    const frame = document.querySelector("iframe");
    const inside = frame.contentDocument;
    const reached = (id) => frame.getBoundingClientRect().top
        + inside.getElementById(id).getBoundingClientRect().top;
    const holds = () => {
        const fits = Math.abs(frame.clientHeight - inside.body.getBoundingClientRect().height) <= 1;
        return fits && frame.clientHeight > is.over && (!is.at || Math.abs(reached(is.at)) <= 120);
    };
    for (let i = 0; i < 600 && !holds(); i += 1) await new Promise(requestAnimationFrame);
    return holds() ? frame.clientHeight : 0;
}"""
"""The frame's height once it is that of its page, over another, with a place at the top."""


@pytest.fixture(scope="module")
def folder(
    results: list[Result], comparison: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("results")
    write_comparison(results, comparison, out)
    return out


@pytest.fixture
def site(chromium: Browser) -> Iterator[Callable[..., tuple[Page, list[str]]]]:
    """Serve files from a folder as a council's site does that forbids inline scripts."""
    contexts = []

    def opened(home: Path, name: str, policy: str = STRICT) -> tuple[Page, list[str]]:
        def serve(route: Route) -> None:
            file = home / route.request.url.removeprefix(SITE).partition("#")[0]
            route.fulfill(path=file, headers={"Content-Security-Policy": policy})

        context = chromium.new_context(viewport={"width": 1000, "height": 700})
        contexts.append(context)
        context.route("**/*", serve)
        page = context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.goto(SITE + name)
        return page, complaints

    yield opened
    for context in contexts:
        context.close()


def test_types_are_no_part_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "main.js").write_text(
        """/** @param {Page} one */
const of = (one) => {
  /** @type {const} */ (["a", "b"]).forEach(of);
  const held = /** @type {Option[]} */ (/** @type {never} */ (one.list));
  /**
   * @type {number}
   */
  const first = /** @type {Map} */ (held.get(one)).size;
  return /** @type {Pair} */ ([first, of(first)]);
};
""",
        encoding="utf-8",
    )
    assert joined_script(tmp_path, "main.js").splitlines()[2:-1] == [
        "const of = (one)=>{",
        '["a", "b"].forEach(of);',
        "const held = (one.list);",
        "const first = held.get(one).size;",
        "return ([first, of(first)]);",
        "};",
    ]


def test_a_split_page_has_nothing_inline_and_works_from_a_folder_and_from_a_strict_site(
    folder: Path, tmp_path: Path, visit: Callable[..., Any], site: Callable[..., Any]
) -> None:
    made = write_page(folder, tmp_path / "page.html", how=Placing(split=True))
    assert [path.name for path in made] == ["page.html", "page.css", "page.first.js", "page.js"]
    text = made[0].read_text(encoding="utf-8")
    assert "<style>" not in text
    assert "<script>" not in text
    seen = visit(made[0], "#school=100012&b=4a")
    served, complaints = site(tmp_path, "page.html#school=100012&b=4a")
    for page in (seen.page, served):
        page.wait_for_selector("html.scripted[data-ready]")
        assert "Bexford" in page.locator("#answer").inner_text()
        colour = "getComputedStyle(document.querySelector('.top')).backgroundColor"
        assert page.evaluate(colour) == "rgb(23, 86, 107)"
    assert seen.complaints == complaints == []


@pytest.mark.parametrize("split", [False, True])
def test_a_page_in_a_frame_is_as_high_as_its_content_and_scrolls_the_page_around_it(
    folder: Path, tmp_path: Path, site: Callable[..., Any], *, split: bool
) -> None:
    made = write_page(folder, tmp_path / "page.html", how=Placing(split=split, embed=True))
    names = [path.name for path in made]
    assert names[0] == "page.html"
    assert "page.frame.html" in names
    pasted = (tmp_path / "page.frame.html").read_text(encoding="utf-8")
    (tmp_path / "council.html").write_text(COUNCIL.format(snippet=pasted), encoding="utf-8")
    loose = STRICT.replace("-src 'self'", "-src 'self' 'unsafe-inline'")
    page, complaints = site(tmp_path, "council.html", STRICT if split else loose)
    frame = next(one for one in page.frames if one.url == f"{SITE}page.html")
    frame.wait_for_selector("html[data-ready]")
    before = page.evaluate(WITHIN, {"over": 0})
    assert before > 700
    frame.locator("#figures-all > summary").click()
    assert page.evaluate(WITHIN, {"over": before})
    frame.locator(".toc a[href='#reply']").click()
    assert page.evaluate(WITHIN, {"over": before, "at": "reply"})
    assert complaints == []
