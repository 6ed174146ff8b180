"""Names that are code, markup, formulas or odd letters go through every output as names."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

from cluster_optimiser.cli import app
from cluster_optimiser.inputs import load_authority
from cluster_optimiser.inputs.files import unquoted
from cluster_optimiser.present.characters import isolated, storable
from tests.ground import World

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

NAMES = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)>",
    "'-alert(1)-'",
    "{{ 7*7 }}",
    "{% raw %}",
    "{0} {name}",
    "%s %(x)s",
    "$\\frac{1}{2}$",
    "\\input{/etc/passwd}",
    "#set page(width: 1pt)",
    "*bold* `x` #link",
    "@ref <lab>",
    "=1+1",
    "+cmd|' /C calc'!A0",
    "@SUM(1)",
    "<!-- x -->",
    "]]>",
    "&amp; &lt;",
    "../../etc/passwd",
    "C:\\nul",
    "None",
    "NaN",
    "undefined",
    "007",
    "3.10",
    "2024-01-01",
    "Ünïcode Ŵy",
    "学校",
    "\N{SCHOOL} School",
    "עברית (4,000)",
    "مدرسة 12",
    "Ash\u200bley",
    "e\u0327\u0328\u0301",
    "A\u202eB",
    "B\ufeffom",
    "line\u2028end",
    "semi;colon, and | pipe",
    "`id` $(id)",
    "Z" * 90,
    "__proto__",
    "</style></title>",
)
WIDE = 10  # squares in a row


@pytest.fixture(
    scope="module",
    params=[10, pytest.param(50, marks=pytest.mark.thorough)],
    ids=lambda n: f"{4 * n} names",
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run and report on an authority of clusters and schools with such names."""
    home = tmp_path_factory.mktemp("names")
    names = [f"{name} {turn}" if turn else name for turn in range(5) for name in NAMES]
    names = names[: 4 * request.param]
    world = World(names[: request.param], WIDE)  # type: ignore[arg-type]
    world.schools["name"] = names[::-1]
    world.scenario = world.scenario.replace('"Option a"', '"</script> =1+1 {{ 7*7 }}"')
    scenarios = world.write(home)
    out = str(home / "results")
    with pytest.raises(SystemExit) as ended:
        app.main(["run", str(scenarios), "--out", out, "--jobs", "1"], standalone_mode=False)
    assert ended.value.code == 0
    app.main(
        ["check", str(scenarios), "--report", str(home / "ground.html")], standalone_mode=False
    )
    app.main(["report", out, "-o", str(home / "report")], standalone_mode=False)
    return home


def test_no_name_is_lost_or_changed(made: Path) -> None:
    schools = load_authority(made / "boundaries/t").schools
    names, option = schools["name"], made / "results/a"
    table = pd.read_csv(option / "assignments.csv", keep_default_na=False, dtype=str)
    table = table.set_index(table["urn"].astype(int))["school"].reindex(names.index)
    assert [unquoted(name) for name in table] == names.to_list()
    points = gpd.read_file(option / "plan.gpkg", layer="schools").set_index("urn")
    assert points["school"].reindex(names.index).to_list() == names.to_list()
    book = openpyxl.load_workbook(made / "report/report.xlsx")
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert {storable(name) for name in names} <= {str(cell.value) for cell in cells}
    assert not [cell for cell in cells if cell.data_type == "f"]
    word = zipfile.ZipFile(io.BytesIO((made / "report/report.docx").read_bytes()))
    assert b"<script>" not in word.read("word/document.xml")


def test_no_name_is_run(made: Path, chromium: Browser) -> None:
    context = chromium.new_context(offline=True)
    for file in sorted((made / "results").rglob("*.html")):
        page, wrong = context.new_page(), []
        page.on("dialog", lambda shown, wrong=wrong: wrong.append(shown.message))  # type: ignore[misc]
        page.on("pageerror", lambda error, wrong=wrong: wrong.append(str(error)))  # type: ignore[misc]
        page.goto(file.as_uri())
        assert page.locator("img[src=x], svg[onload]").count() == 0
        assert wrong == [], file
        page.close()
    page = context.new_page()
    assert "\u202e" not in (made / "ground.html").read_text(encoding="utf-8")
    page.goto((made / "results/index.html").as_uri())
    for name in ("</script><script>alert(1)</script>", "{{ 7*7 }}", "A\u202eB", "مدرسة 12"):
        page.fill("#find", name)
        page.locator("[role=option]").first.click()
        assert page.inner_text("#answer-name") == isolated(name)
    context.close()
