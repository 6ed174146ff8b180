"""What makes the page quick, as counts; ``benchmarks/bench_page.py`` measures milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cluster_optimiser.present.page import page_script

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

MOST_SCRIPT_BYTES = 120_000
MOST_ELEMENTS = 6_000
MOST_LAYOUTS_TO_READY = 20
MOST_LAYOUTS_OF_A_SWITCH = 6

WATCH = """() => {
    window.seen = { drawn: [0, 0], added: [0, 0], grounds: [0, 0], nodes: 0 };
    clusterPage.panes.forEach((pane, i) => {
        pane.map.on('layeradd', ({ layer }) => {
            seen.added[i] += 1;
            seen.grounds[i] += layer instanceof L.Polygon;
        });
        pane.map.eachLayer(layer => {
            if (!layer._updatePaths) return;
            const draw = layer._draw;
            layer._draw = function () { seen.drawn[i] += 1; return draw.call(this); };
        });
    });
    new MutationObserver(list => list.forEach(one => { seen.nodes += one.addedNodes.length; }))
        .observe(document.body, { childList: true, subtree: true });
}"""
DRAWN = """async () => {
    while (!seen.drawn[1]) await new Promise(requestAnimationFrame);
}"""
FRAME = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"


def _layouts(page: Page) -> int:
    """Give how often the browser has laid the page out so far."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    found = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return int(found["LayoutCount"])


def test_the_scripts_of_the_page_are_short() -> None:
    assert len(page_script().encode()) <= MOST_SCRIPT_BYTES


@pytest.mark.parametrize("which", ["made_page", "norfolk_page"])
def test_opening_the_page_takes_few_elements_and_few_layouts(
    which: str, visit: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    made = request.getfixturevalue(which)
    page = visit(made.path).page
    n_elements = page.evaluate("document.querySelectorAll('*').length")
    assert n_elements <= MOST_ELEMENTS
    assert _layouts(page) <= MOST_LAYOUTS_TO_READY


def test_a_switch_draws_one_map_once_and_its_work_does_not_grow_with_the_schools(
    made_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(made_page.path).page
    page.evaluate("clusterPage.openCompare()")
    page.evaluate(FRAME)
    page.evaluate(WATCH)
    before = _layouts(page)
    other = (int(page.input_value("#pick-b")) + 1) % len(made_page.results)
    page.select_option("#pick-b", str(other))
    page.evaluate(DRAWN)
    page.evaluate(FRAME)
    seen = page.evaluate("seen")
    n_clusters = len(made_page.results[other].score.clusters)
    n_schools = len(made_page.assignments["urn"].unique())
    assert seen["drawn"][0] == seen["added"][0] == 0
    assert 1 <= seen["drawn"][1] <= 2
    # A ground and a label for each cluster, and a handful of layers; the dots of schools stay.
    assert n_clusters <= seen["added"][1] <= 2 * n_clusters + 12 < n_schools
    assert seen["nodes"] <= 4 * n_clusters + 20 < n_schools
    assert _layouts(page) - before <= MOST_LAYOUTS_OF_A_SWITCH


def test_choosing_a_school_draws_no_cluster_again(
    made_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(made_page.path).page
    page.evaluate("clusterPage.openCompare()")
    page.evaluate(FRAME)
    page.evaluate(WATCH)
    page.evaluate("clusterPage.choose({ school: 40 })")
    page.evaluate(FRAME)
    seen = page.evaluate("seen")
    assert seen["grounds"] == [0, 0]
    # A dot for each partner; the rest is a ring and where they meet, each with its rim.
    partners = page.evaluate(
        "clusterPage.panes.map(({ option: { of } }) => of.filter(one => one === of[40]).length - 1)"
    )
    assert all(0 < n <= mates + 5 for n, mates in zip(seen["added"], partners, strict=True))
