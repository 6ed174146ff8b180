"""The documentation builds without a network, and holds every page."""

from __future__ import annotations

import html
import importlib.resources
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.scenario import Scenario
from cluster_optimiser.scenario.changing import keys_of
from tests.norfolk import ROOT

if TYPE_CHECKING:
    from pathlib import Path

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


def test_search_needs_no_network_and_knows_every_key(site: Path) -> None:
    """A key is the title of its entry, which counts most in the search."""
    text = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    titles = {
        one["title"] for one in json.loads(text[text.index("{") : text.rindex("}") + 1])["docs"]
    }
    keys = [
        key for key in keys_of(Scenario) if not re.search("growth|parts|exempt|size.clusters", key)
    ]
    keys += ["run", "co.run", "layers.<name>.file"]
    shown = {html.unescape(re.sub(r"</?code>", "", title)) for title in titles}
    assert set(keys) - shown == set()
    assert "assets/iframe-worker.js" in (site / "index.html").read_text(encoding="utf-8")
    assert (site / "assets" / "iframe-worker.js").is_file()


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
            broken = page.evaluate(
                """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
                    .map((one) => [one.id, one.nodes.map((node) => node.target.join())])"""
            )
            found += [(path.name, width, *one) for one in broken]
            wide = page.evaluate("document.documentElement.scrollWidth")
            found += [(path.name, width, "scrolls sideways", wide)] if wide > width else []
    context.close()
    assert found == []
