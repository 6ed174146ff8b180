"""Measure the consultation page in a browser, and an ordinary folium page of the same content.

    python benchmarks/bench_page.py [--quick]

Two cases: Norfolk with every scenario, and a made one of 500 schools and 8 plans. The folium page
has the clusters of each plan as a layer of its own, with tooltips, one layer of schools, and a
control to switch layers; its assets are within it, or it would be blank without a network. Both
are opened without a network, in turns, each time in a fresh context. ``ready`` is from the start
of the navigation to the first frame after everything has loaded; ``switch`` from the change of a
control to the next frame. 4x is with the processor slowed down to a quarter by the browser.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import folium
import pandas as pd
from branca.element import Element
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from cluster_optimiser.constants import CRS_DEGREES
from cluster_optimiser.present.placing import leaflet
from tests.made_case import made_results
from tests.norfolk import OPTIONS, norfolk_result
from tests.pages import index_html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser

    from cluster_optimiser.domain import Result

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
READY = """async () => {
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    return performance.now();
}"""
SWITCH = """async ([pick, n]) => {
    const spent = [];
    for (let i = 0; i < n; i += 1) {
        const begun = performance.now();
        if (pick) {
            const list = document.querySelector(pick);
            list.value = String(list.options.length - 1 - i);
            list.dispatchEvent(new Event('change', { bubbles: true }));
        } else {
            const boxes = document.querySelectorAll('.leaflet-control-layers-selector');
            boxes[i].click();
            boxes[i + 1].click();
        }
        await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
        spent.push(performance.now() - begun);
    }
    return spent;
}"""
BARS = {("ready", 1): 1000.0, ("ready", 4): 4000.0, ("switch", 1): 100.0}
N_SWITCHES = 4


def folium_page(results: Sequence[Result]) -> str:
    """Make what a notebook would: a layer for each plan, one of schools, a control."""
    schools = results[0].problem.authority.schools.to_crs(CRS_DEGREES)
    west, south, east, north = schools.total_bounds
    chart = folium.Map(location=[(south + north) / 2, (west + east) / 2], tiles=None, zoom_start=9)
    # Both lists are of the class: another map would lack them too.
    chart.default_js, chart.default_css = [], []
    library = leaflet()
    chart.get_root().header.add_child(
        Element(f"<style>{library.plain_style}</style><script>{library.script}</script>")
    )
    for number, result in enumerate(results):
        layer = folium.FeatureGroup(name=result.plan.label, show=number == 0)
        clusters = result.score.clusters[["cluster", "pupils", "n_schools", "geometry"]]
        clusters = clusters[clusters.geometry.notna()].to_crs(CRS_DEGREES)
        folium.GeoJson(
            clusters.assign(geometry=clusters.geometry.simplify(0.0005)).to_json(),
            tooltip=folium.GeoJsonTooltip(["cluster", "pupils", "n_schools"]),
        ).add_to(layer)
        layer.add_to(chart)
    marks = folium.FeatureGroup(name="Schools")
    for name, point in zip(schools["name"], schools.geometry, strict=True):
        folium.CircleMarker(
            [point.y, point.x], radius=3, tooltip=folium.Tooltip(str(name).replace("<", "&lt;"))
        ).add_to(marks)
    marks.add_to(chart)
    folium.LayerControl(collapsed=False).add_to(chart)
    return str(chart.get_root().render())


def visit(browser: Browser, path: Path, pick: str, rate: int) -> tuple[float, list[float]]:
    """Open a page once; give the milliseconds until it is ready, and of each switch."""
    context = browser.new_context(offline=True, viewport={"width": 1366, "height": 768})
    try:
        page = context.new_page()
        throttle = context.new_cdp_session(page)
        throttle.send("Emulation.setCPUThrottlingRate", {"rate": rate})
        page.goto(path.as_uri())
        return page.evaluate(READY), page.evaluate(SWITCH, [pick, N_SWITCHES])
    finally:
        context.close()


def bench_case(browser: Browser, name: str, results: Sequence[Result], n_runs: int) -> None:
    """Measure both pages of a case, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        texts = {"page": index_html(results, pd.DataFrame()), "folium": folium_page(results)}
        paths = {which: Path(folder) / f"{which}.html" for which in texts}
        for which, path in paths.items():
            path.write_text(texts[which], encoding="utf-8")
        sizes = {which: path.stat().st_size / 1000 for which, path in paths.items()}
        _row(f"{name}, kB", sizes["page"], sizes["folium"], None)
        for rate in (1, 4):
            readies: dict[str, list[float]] = {which: [] for which in paths}
            switches: dict[str, list[float]] = {which: [] for which in paths}
            for _ in range(n_runs):
                for which, path in paths.items():
                    pick = "#pick-b" if which == "page" else ""
                    ready, spent = visit(browser, path, pick, rate)
                    readies[which].append(ready)
                    switches[which] += spent
            for what, found in (("ready", readies), ("switch", switches)):
                medians = {which: statistics.median(times) for which, times in found.items()}
                title = f"{name}, {what} ms" + (" at 4x" if rate > 1 else "")
                _row(title, medians["page"], medians["folium"], BARS.get((what, rate)))
                _row(f"{title}, worst", max(found["page"]), max(found["folium"]), None)


def _row(title: str, page: float, peer: float, bar: float | None) -> None:
    asked = "" if bar is None else f"at most {bar:,.0f}"
    print(f"{title:<38}{page:>12,.0f}{peer:>12,.0f}{page / peer:>10.2f}  {asked}", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two visits each, not seven")
    n_runs = 2 if parser.parse_args().quick else 7
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        sys.exit("no Chromium on the path: the page was not measured")
    print(f"{'':<38}{'page':>12}{'folium':>12}{'ratio':>10}  bar")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        bench_case(browser, "Norfolk", [norfolk_result(option) for option in OPTIONS], n_runs)
        bench_case(browser, "500 schools x 8", made_results(Path(folder)), n_runs)
        browser.close()


if __name__ == "__main__":
    main()
