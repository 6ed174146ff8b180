"""The documentation builds without a network, and holds every page."""

from __future__ import annotations

import html
import importlib.resources
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from markdown.extensions.toc import slugify

from tests.norfolk import ROOT

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("docs") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(out)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=env)
    return out


def test_every_page_is_there(site: Path) -> None:
    for page in (ROOT / "docs").glob("*.md"):
        assert (site / page.with_suffix(".html").name).is_file()


KEEP = """
let made;
Object.defineProperty(window, "Worker", {
  get: () => made,
  set: (real) => {
    made = class extends real { constructor(url) { super(url); window.searcher = this; } };
  },
});
"""
"""Keeps what the page itself asks when its reader types."""

ASK = """async (words) => {
  const found = [];
  for (const word of words) {
    found.push(await new Promise((tell) => {
      window.searcher.onmessage = ({ data }) => tell(data.data.items[0]?.[0].location);
      window.searcher.postMessage({ type: 2, data: word });
    }));
  }
  return found;
}"""


def test_search_finds_the_entry_of_each_key_command_and_name_first(
    site: Path, chromium: Browser, reference: ModuleType
) -> None:
    entries: dict[str, set[str]] = {}
    for page, make in reference.PAGES.items():
        for word in re.findall(r"^###? `(.+)`$", make(), re.MULTILINE):
            entry = f"{page.removesuffix('.md')}.html#{slugify(word, '-')}"
            entries.setdefault(word, set()).add(entry)
    # The headings of records only hold those of what is asked of them.
    words = [word for word in entries if word not in reference.RECORDS]
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.add_init_script(KEEP)
    page.goto((site / "index.html").as_uri())
    page.locator("[data-md-component=search-query]").fill("size.min_pupils")
    first = page.locator(".md-search-result__item").first
    assert first.inner_text().startswith("Every key of a scenario\nsize.min_pupils\n")
    found = dict(zip(words, page.evaluate(ASK, words), strict=True))
    context.close()
    assert len(words) > 180
    assert {word: at for word, at in found.items() if at not in entries[word]} == {}


def test_links_within_the_site_lead_somewhere(site: Path) -> None:
    ids: dict[Path, set[str]] = {}
    broken = []
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r'<a [^>]*href="([^":]+)"', text) if page.name != "404.html" else ():
            name, _, anchor = html.unescape(link).partition("#")
            target = (page.parent / name).resolve() if name else page
            if target.suffix == ".html" and target not in ids and target.is_file():
                ids[target] = set(re.findall(r' id="([^"]+)"', target.read_text(encoding="utf-8")))
            if not target.exists() or (anchor and anchor not in ids.get(target, set())):
                broken.append(f"{page.name}: {link}")
    # Links into the checkout lead to files that are no pages.
    assert [one for one in broken if "../scenarios/" not in one] == []


def test_nothing_is_fetched(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//', text)


@pytest.mark.parametrize(
    "which",
    [("index.html", "norfolk.html"), pytest.param((), id="all", marks=pytest.mark.thorough)],
)
def test_axe_finds_nothing_on_pages(site: Path, chromium: Browser, which: tuple[str, ...]) -> None:
    """All pages but that of what is not there, which takes its looks from a server."""
    axe = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
    context = chromium.new_context(offline=True)
    page, found = context.new_page(), []
    for path in [site / one for one in which] or sorted(
        {*site.rglob("*.html")} - {site / "404.html"}
    ):
        page.goto(path.as_uri())
        # Colours change over a quarter of a second: what counts is how they come to rest.
        page.add_style_tag(content="*, ::before, ::after { transition: none !important }")
        page.evaluate(axe)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            # What scrolls at this width is told so when it is drawn.
            page.evaluate("new Promise((go) => requestAnimationFrame(() => setTimeout(go)))")
            broken = page.evaluate(
                """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
                    .map((one) => [one.id, one.nodes.map((node) => node.target.join())])"""
            )
            found += [(path.name, width, *one) for one in broken]
            wide = page.evaluate("document.documentElement.scrollWidth")
            found += [(path.name, width, "scrolls sideways", wide)] if wide > width else []
    context.close()
    assert found == []
