"""A plan file dropped on the page: which option it is, or where it differs."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from cluster_optimiser.present.tables import csv_text

DROP = """async ([text, name]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name, { type: 'text/csv' }));
    const how = { dataTransfer: data, bubbles: true, cancelable: true };
    const over = new DragEvent('dragover', how);
    document.querySelector('h1').dispatchEvent(over);
    document.querySelector('h1').dispatchEvent(new DragEvent('drop', how));
    return over.defaultPrevented;
}"""


@pytest.fixture(scope="module")
def plans(made_page: Any) -> dict[str, str]:
    return {
        result.plan.label: csv_text(result.plan.assignment.rename_axis("urn").reset_index())
        for result in made_page.results
    }


def test_a_plan_that_is_dropped_is_found_among_the_options(
    made_page: Any, visit: Callable[..., Any], plans: dict[str, str]
) -> None:
    visited = visit(made_page.path)
    result = made_page.results[-1]
    text = plans[result.plan.label]
    assert visited.page.evaluate(DROP, [text, "plan.csv"])
    told = visited.page.locator("#check-told")
    expect(told).to_contain_text(f"plan.csv is option {result.plan.label}, stamp {result.stamp}")
    expect(told).to_be_in_viewport()
    expect(told).to_contain_text(hashlib.sha256(text.encode()).hexdigest())
    assert visited.complaints == []
    assert all(url.startswith("file:") for url in visited.requests)


def test_every_option_is_known_and_every_change_is_named(
    made_page: Any, visit: Callable[..., Any], plans: dict[str, str]
) -> None:
    page = visit(made_page.path).page
    for label, text in plans.items():
        found = page.evaluate("(text) => clusterPage.checkPlan(text)", text)
        same = [one for one in plans if plans[one] == text]
        assert label in same
        assert (found["faults"], found["differs"]) == ([], [])
        assert [one["label"] for one in found["same"]] == same
        rows = text.splitlines()
        urn, _, cluster = rows[5].partition(",")
        rows[5] = f"{urn},{rows[-1].partition(',')[2]}"
        if rows[-1].partition(",")[2] == cluster:
            continue
        found = page.evaluate("(text) => clusterPage.checkPlan(text)", "\r\n".join(rows))
        assert (found["faults"], found["same"], len(found["differs"])) == ([], [], 1)


def test_a_file_that_is_no_plan_says_why(
    made_page: Any, visit: Callable[..., Any], plans: dict[str, str], tmp_path: Path
) -> None:
    page = visit(made_page.path, "#see=sources").page
    rows = next(iter(plans.values())).splitlines()
    wrong = ["school,group\n1,2\n", "\n".join([rows[0], "1,x", rows[1], *rows[1:-1]])]
    for text, words in zip(wrong, ("urn", "is not that of a school here"), strict=True):
        page.evaluate(DROP, [text, "<b>own</b>.csv"])
        told = page.locator("#check-told")
        expect(told).to_contain_text("<b>own</b>.csv is no plan of this page:")
        expect(told).to_contain_text(words)
    path = tmp_path / "plan.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    page.set_input_files("#check-file", path)
    expect(page.locator("#check-told")).to_contain_text("plan.csv is option")
