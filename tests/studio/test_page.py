"""The studio in a browser: journeys of a strategy lead, and what must hold in every view."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from playwright.sync_api import expect

from cluster_optimiser import run_scenario
from tests.studio.conftest import NASTY, OPTION, broken_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from tests.studio.conftest import Opened

TABS = ("work", "plans", "beside", "publish")


@pytest.fixture
def bench(chromium: Browser, studio: Opened) -> Iterator[Page]:
    """Open option 4a, as its file says; nothing from outside, nothing complained of."""
    shutil.rmtree(studio.root / ".studio", ignore_errors=True)
    (studio.root / "scenarios/4a.toml").write_text(OPTION, encoding="utf-8")
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(f"a name was run: {dialog.message}"))
    # A refusal is an answer of ours: the browser writes it down as an error all the same.
    page.on(
        "console",
        lambda said: (
            wrong.append(said.text)
            if said.type == "error" and "Failed to load" not in said.text
            else None
        ),
    )
    page.goto(studio.url)
    page.get_by_role("link", name=re.compile("4a")).click()
    page.wait_for_selector("html[data-shown='1']")
    yield page
    home = f"http://127.0.0.1:{studio.port}/"
    assert wrong == []
    assert [url for url in asked if not url.startswith((home, "blob:", "data:"))] == []
    context.close()


def change(page: Page, act: Callable[[], object]) -> None:
    """Change a rule, and wait for the answer to that change."""
    number = page.evaluate("window.studio.now.number")
    act()
    page.wait_for_selector(f"html[data-shown='{number + 1}']")


def put(page: Page, key: str, value: str) -> None:
    """Write a number into the form."""
    field = page.locator(f"[id='f-{key}']")

    def write() -> None:
        field.fill(value)
        field.press("Tab")

    change(page, write)


def test_rules_are_changed_compared_saved_and_run_to_the_same_plan(
    bench: Page, studio: Opened
) -> None:
    expect(bench.locator(".verdict")).to_have_text("3 clusters")
    expect(bench.locator(".proof")).to_contain_text("Proved")
    put(bench, "size.max_pupils", "2600")
    expect(bench.locator(".verdict")).to_have_text("2 clusters")
    bench.select_option("#pick-one", "Birch")
    bench.select_option("#pick-other", "Cedar")
    change(bench, lambda: bench.click("#do-together"))
    put(bench, "count.max", "2")
    expect(bench.locator(".count")).to_have_text("1 plan keeps the rules")
    expect(bench.locator("#rules")).to_contain_text("Birch and Cedar")
    shown = bench.evaluate("window.studio.now.plan.answer.plan")

    bench.click("#tab-beside")
    bench.get_by_role("checkbox", name=re.compile("^4a")).check()
    cells = bench.locator("#panel-beside tbody tr").first.locator("td")
    expect(cells).to_have_text(["3", "2", "3"])

    bench.click("#save-as")
    bench.fill("#save-title", "Two clusters")
    bench.fill("#save-text", "Two, and no more.")
    bench.fill("#save-label", "4x")
    bench.get_by_role("dialog").get_by_role("button", name="Save").click()
    bench.wait_for_url(re.compile("4x"))
    file = studio.root / "scenarios/4x.toml"
    try:
        text = file.read_text(encoding="utf-8")
        assert 'extends = "base.toml"' in text
        assert 'together = [["Birch", "Cedar"]]' in text
        assert 'description = "Two, and no more."' in text
        result = run_scenario(file)
        assert {str(urn): name for urn, name in result.plan.assignment.items()} == shown
    finally:
        file.unlink()


def test_a_wish_that_cannot_be_is_explained_and_mended_by_two_clicks(bench: Page) -> None:
    put(bench, "size.min_pupils", "1900")
    expect(bench.locator(".verdict")).to_have_text("No plan keeps all these rules.")
    bench.get_by_role("button", name="Say why").click()
    expect(bench.locator(".proof")).to_contain_text("These rules cannot all be kept")
    change(bench, bench.get_by_role("button", name="Do this").first.click)
    expect(bench.locator(".proof")).to_contain_text("Proved")
    change(bench, lambda: bench.click("#undo"))
    expect(bench.locator(".verdict")).to_have_text("No plan keeps all these rules.")


def test_what_was_begun_is_there_after_a_crash_and_saves_only_what_nobody_changed(
    bench: Page, studio: Opened
) -> None:
    with bench.expect_response(re.compile("api/keep")):
        put(bench, "size.max_pupils", "2500")
    bench.reload()
    expect(bench.locator("[id='f-size.max_pupils']")).to_have_value("2500")
    expect(bench.locator(".verdict")).to_have_text("2 clusters")
    file = studio.root / "scenarios/4a.toml"
    file.write_text(OPTION + "# another hand\n", encoding="utf-8")
    bench.click("#save")
    expect(bench.locator("#told")).to_contain_text("was changed on the disk")
    assert file.read_text(encoding="utf-8").endswith("# another hand\n")
    file.write_text(OPTION, encoding="utf-8")
    bench.click("#save")
    expect(bench.locator("#kept-as")).to_contain_text("Saved")
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# What we began with.\n")
    assert "[size]\nmax_pupils = 2500" in text


def test_all_plans_are_spread_out_and_one_is_shown(bench: Page) -> None:
    put(bench, "size.max_pupils", "9000")
    bench.click("#tab-plans")
    dots = bench.locator("#panel-plans .dot[role=button]")
    expect(dots.first).to_be_visible()
    dots.first.press("Enter")
    expect(bench.locator("#plans-told")).to_contain_text("on the map")
    first, second = (bench.locator(f"#plans-{name}").input_value() for name in ("first", "second"))
    bench.select_option("#plans-second", first)
    expect(bench.locator("#plans-second")).not_to_have_value(first)
    expect(dots.first).to_be_visible()
    bench.select_option("#plans-second", second)
    expect(bench.locator("#plans-second")).to_have_value(second)
    bench.select_option("#plans-third", "changed_pupils")
    expect(bench.locator("#panel-plans .axes").last).to_contain_text("the larger the dot")
    expect(dots.first).to_have_attribute("aria-label", re.compile(r"[^;]+; [^;]+; [^;]+"))
    bench.click("#save-as")
    expect(bench.locator("#save-plan")).to_be_checked()
    bench.click("#save-no")
    bench.get_by_role("button", name="Work out").click()
    expect(bench.locator("#panel-plans")).to_contain_text("Nothing changes without")


def test_the_map_and_the_rules_can_be_reached_without_a_mouse(bench: Page) -> None:
    bench.locator("#tab-work").focus()
    bench.keyboard.press("ArrowRight")
    expect(bench.locator("#tab-plans")).to_be_focused()
    expect(bench.locator("#panel-plans")).to_be_visible()
    bench.keyboard.press("ArrowLeft")
    order = bench.locator("#rules ol li span").first
    before = order.text_content()
    change(bench, lambda: bench.locator("#rules ol button").nth(1).press("Enter"))
    assert bench.locator("#rules ol li span").first.text_content() != before
    change(bench, lambda: bench.keyboard.press("Control+z"))
    expect(order).to_have_text(before or "")


def test_a_school_is_dragged_and_its_move_has_a_proved_price(bench: Page) -> None:
    """Also without a mouse: the same question is a button."""
    with bench.expect_navigation():
        bench.get_by_label("How clusters are made").select_option("redraw")
    bench.wait_for_selector("html[data-shown='1']")
    expect(bench.locator(".proof")).to_contain_text("Proved")
    names = bench.evaluate(BORDER)
    bench.select_option("#pick-one", names[0])
    # What is said of a pick may change the size of the map, which fits itself a frame later.
    bench.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    pin, to = bench.locator(".move-pin").bounding_box(), bench.evaluate(SPOT, names[1])
    assert pin is not None
    bench.mouse.move(pin["x"] + 11, pin["y"] + 11)
    bench.mouse.down()
    bench.mouse.move(*to, steps=4)
    bench.mouse.up()
    expect(bench.locator("#pick-other")).to_have_value(names[1])
    expect(bench.locator("#why")).to_contain_text("moved alone")
    expect(bench.locator("#why b")).to_contain_text("The best plan then:")
    said = bench.locator("#why b").text_content()
    assert broken_rules(bench) == []
    bench.locator("#do-price").press("Enter")
    expect(bench.locator("#why b")).to_have_text(said or "")
    bench.locator("#do-together").press("Enter")
    bench.wait_for_selector("html[data-shown='2']")
    together = bench.evaluate("window.studio.draft.steps.at(-1).own.pins.together")
    assert [name[:4] for name in together[0]] == ["URN "] * 2
    expect(bench.locator("#rules")).to_contain_text(f"{names[0]} and {names[1]}")


BORDER = """async () => {
    const { titleOf } = await import('./static/core.js');
    const { ground, clusterOf } = window.studio.now.plan;
    const pair = ground.edges.find(([a, b]) => clusterOf[a] !== clusterOf[b]);
    return pair.map((unit) => titleOf(ground, unit));
}"""

SPOT = """async (name) => {
    const { schools, titleOf } = await import('./static/core.js');
    const { ground } = window.studio.now.plan;
    const unit = ground.units.findIndex((_, i) => titleOf(ground, i) === name);
    const [x, y] = schools.at[ground.single[unit]];
    const at = window.studio.stage.pane.map.latLngToContainerPoint([y, x]);
    const box = document.getElementById('map').getBoundingClientRect();
    return [at.x + box.x, at.y + box.y];
}"""


def test_all_plans_give_versions_and_other_pupils(bench: Page) -> None:
    put(bench, "size.max_pupils", "9000")
    bench.click("#tab-plans")
    bench.get_by_role("button", name="Find them").click()
    expect(bench.locator("#panel-plans")).to_contain_text("Version 2: fewest clusters:")
    bench.get_by_role("button", name="Show on the map: 2").click()
    bench.get_by_role("button", name="Judge this plan").click()
    expect(bench.locator("#panel-plans")).to_contain_text("of 200")
    expect(bench.locator("#panel-plans")).to_contain_text("sizes would be in range from")
    assert broken_rules(bench) == []


def test_of_two_browsers_on_one_file_the_second_is_told(
    bench: Page, chromium: Browser, studio: Opened
) -> None:
    other = chromium.new_context().new_page()
    other.goto(studio.url.replace("/?", "/work?open=scenarios/4a.toml&"))
    other.wait_for_selector("html[data-shown='1']")
    put(bench, "size.max_pupils", "2500")
    bench.click("#save")
    expect(bench.locator("#kept-as")).to_contain_text("Saved")
    expect(other.locator("#told")).to_contain_text("was changed")
    put(other, "size.max_pupils", "2400")
    other.click("#save")
    expect(other.locator("#told")).to_contain_text("was changed on the disk")
    file = studio.root / "scenarios/4a.toml"
    assert "max_pupils = 2500" in file.read_text(encoding="utf-8")
    other.context.close()


def test_every_view_is_accessible_and_names_are_only_text(bench: Page, studio: Opened) -> None:
    found = {}
    bench.locator("summary").first.click()
    bench.select_option("#pick-one", "Birch")
    bench.click("#do-why")
    for tab in TABS:
        bench.click(f"#tab-{tab}")
        found[tab] = broken_rules(bench)
    bench.evaluate("document.getElementById('replies').hidden = false")
    found["replies"] = broken_rules(bench)
    bench.click("#save-as")
    found["save"] = broken_rules(bench)
    bench.click("#save-no")
    bench.set_viewport_size({"width": 820, "height": 1180})
    bench.click("#tab-work")
    found["tablet"] = broken_rules(bench)
    assert bench.evaluate("document.documentElement.scrollWidth <= innerWidth")
    put(bench, "size.min_pupils", "1900")
    found["none"] = broken_rules(bench)
    bench.get_by_role("button", name="Say why").click()
    expect(bench.locator(".proof")).to_contain_text("These rules cannot all be kept")
    found["helps"] = broken_rules(bench)
    for name in ("work?open=scenarios/none.toml", "new", ""):
        bench.goto(studio.url.replace("/?", f"/{name}&" if "?" in name else f"/{name}?"))
        found[name or "start"] = broken_rules(bench)
    assert not any(found.values()), found
    expect(bench.locator("main")).to_contain_text("Few <img src=x onerror=alert(1)> clusters")
    assert NASTY in pd.read_csv(studio.root / "boundaries/threeshire/schools.csv")["name"].to_list()
    assert bench.locator("img").count() == 0
