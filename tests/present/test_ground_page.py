"""The ground report in a browser: no request, all of it by keyboard, no rule of axe broken."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cluster_optimiser.findings import Finding
from cluster_optimiser.present.ground_page import ground_html
from tests.present.test_consultation_bars import _violations
from tests.toy import toy_ground


def test_the_page_of_findings(visit: Callable[..., Any], tmp_path: Path) -> None:
    authority, territory = toy_ground("AAB\nCCB")
    spot = territory.clusters.geometry["A"]
    found = [
        Finding(
            f"kind-{grade}", grade, f"<b>{grade}</b>", "It is odd", "So", "Write", spot.centroid
        )
        for grade in ("note", "fault", "warning")
    ]
    found.append(Finding("area", "note", "A", "It has an area", where=spot))
    path = tmp_path / "ground.html"
    path.write_text(ground_html([(authority, territory, found)], ()), encoding="utf-8")
    made = visit(path)
    assert _violations(made.page) == []
    assert made.page.locator("li button").first.inner_text().startswith("Fault")
    assert made.page.locator("svg text").all_text_contents() == ["A", "B", "C"]
    whole = made.page.locator("svg").get_attribute("viewBox")
    made.page.keyboard.press("Tab")
    made.page.keyboard.press("Tab")
    made.page.keyboard.press("Enter")
    assert made.page.locator("svg").get_attribute("viewBox") != whole
    assert made.page.locator("button[aria-pressed=true]").count() == 1
    made.page.keyboard.press("Shift+Tab")
    made.page.keyboard.press("Enter")
    assert made.page.locator("svg").get_attribute("viewBox") == whole
    assert [one for one in made.requests if not one.startswith("file:")] == []
    assert made.complaints == []
