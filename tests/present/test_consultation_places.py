"""Where people live: postcodes and places lead to the schools nearest to them."""

from __future__ import annotations

import dataclasses
import itertools
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import shapely

from cluster_optimiser.present.packing import STEPS, packed_postcodes
from tests.pages import index_html

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cluster_optimiser.domain import Result

N_POSTCODES = 24_000
MOST_BYTES = 150_000
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
"""What the last two letters of a postcode are made of."""


def _postcodes(west: float, south: float, east: float, north: float) -> pd.DataFrame:
    """Make postcodes of the size of a county's: sectors of some 40, most of them a few km wide."""
    rng = random.Random(24)
    units = [a + b for a, b in itertools.product(LETTERS, LETTERS)]
    rows = []
    for sector in itertools.count():
        name = f"NR{sector // 10 + 1} {sector % 10}"
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        spread = rng.choice([500, 2_000, 8_000])
        for unit in sorted(rng.sample(units, rng.randint(5, 75))):
            rows.append((name + unit, x + rng.gauss(0, spread), y + rng.gauss(0, spread)))
            if len(rows) == N_POSTCODES:
                frame = pd.DataFrame(rows, columns=["postcode", "x", "y"])
                return frame.sort_values("postcode", ignore_index=True)
    raise AssertionError


def _with(results: list[Result], **files: pd.DataFrame) -> list[Result]:
    return [
        dataclasses.replace(
            result,
            problem=dataclasses.replace(
                result.problem, authority=dataclasses.replace(result.problem.authority, **files)
            ),
        )
        for result in results
    ]


@pytest.fixture(scope="module")
def postcodes(made_page: Any) -> pd.DataFrame:
    """Postcodes all over the made authority."""
    return _postcodes(*made_page.results[0].problem.authority.schools.total_bounds)


@pytest.fixture(scope="module")
def page_with_postcodes(
    made_page: Any, postcodes: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Give the made case with postcodes and a few places."""
    places = pd.DataFrame(
        {"name": ["Great Snoring", "Upper Quiddle"], "x": [590e3, 620e3], "y": [300e3, 330e3]}
    )
    path = tmp_path_factory.mktemp("postcodes") / "index.html"
    results = _with(made_page.results, postcodes=postcodes, places=places)
    path.write_text(index_html(results, pd.DataFrame()), encoding="utf-8")
    return path


def test_24_000_postcodes_take_little_room(made_page: Any, page_with_postcodes: Path) -> None:
    added = page_with_postcodes.stat().st_size - made_page.path.stat().st_size
    assert added <= MOST_BYTES


def test_every_postcode_is_found_where_it_lies(
    page_with_postcodes: Path, postcodes: pd.DataFrame, visit: Callable[..., Any]
) -> None:
    page = visit(page_with_postcodes).page
    found = page.evaluate(
        "all => all.map(one => clusterPage.spotOfPostcode(one))", postcodes["postcode"].tolist()
    )
    off = np.abs(np.array(found, dtype=float) - postcodes[["x", "y"]].to_numpy()).max(axis=1)
    step_m = postcodes["postcode"].str[:-2].map({r[0]: r[3] for r in packed_postcodes(postcodes)})
    assert (off <= step_m).all()
    # Of a sector 30 km across, to 50 m or so: enough for a distance in tenths of a kilometre.
    assert step_m.max() <= 100
    assert page.evaluate("clusterPage.spotOfPostcode('NR1 1ZZ')") is None
    assert page.evaluate("clusterPage.spotOfPostcode('ZE1 1AA')") is None


def test_a_postcode_leads_to_the_nearest_schools_and_says_how_far(
    made_page: Any,
    page_with_postcodes: Path,
    postcodes: pd.DataFrame,
    visit: Callable[..., Any],
) -> None:
    page = visit(page_with_postcodes).page
    schools = made_page.results[0].problem.authority.schools
    xy = shapely.get_coordinates(schools.geometry.to_numpy())
    assert "postcode" in page.inner_text("label[for=find]")
    for code, x, y in postcodes.sample(10, random_state=1).itertuples(index=False):
        page.fill("#find", code.replace(" ", "").lower())
        km = np.hypot(xy[:, 0] - x, xy[:, 1] - y) / 1000
        shown = page.locator("#find-list li")
        assert shown.count() == 6
        for item, expected in zip(shown.all(), np.sort(km)[:6], strict=True):
            text = item.locator("span").inner_text()
            assert text.endswith(f" km from {code}")
            assert float(text.split(" ")[0]) == pytest.approx(expected, abs=0.16)
        status = page.inner_text("#find-status")
        assert status.startswith(f"The schools nearest to {code}, in a straight line.")
        assert "not where a pupil lives" in status
    page.keyboard.press("Enter")
    told = page.eval_on_selector_all(
        "#answer-list > li", "all => all.flatMap(one => one.dataset.options.split(' '))"
    )
    assert sorted(told) == sorted(result.plan.label for result in made_page.results)
    page.fill("#find", "ZE1 1AA")
    assert page.inner_text("#find-status").startswith("This postcode is not known here.")


def test_a_part_of_a_postcode_leads_to_the_schools_nearest_its_middle(
    made_page: Any,
    page_with_postcodes: Path,
    postcodes: pd.DataFrame,
    visit: Callable[..., Any],
) -> None:
    page = visit(page_with_postcodes).page
    schools = made_page.results[0].problem.authority.schools
    xy = shapely.get_coordinates(schools.geometry.to_numpy())
    sector = "NR14 6"
    rows = postcodes[postcodes["postcode"].str.startswith(sector)]
    middle = [(rows[axis].min() + rows[axis].max()) / 2 for axis in ("x", "y")]
    wide = max(rows["x"].max() - rows["x"].min(), rows["y"].max() - rows["y"].min())
    for asked in (sector, "nr14 6", "NR146", " nr14  6 "):
        found = page.evaluate("text => clusterPage.lookUp(text)", asked)
        assert found["from"] == sector
        school, least = found["hits"][0], np.hypot(*(xy - middle).T).min()
        assert np.hypot(*(xy[school] - middle)) - least <= wide
    # Schools that stand there themselves come first, and may be enough.
    page.fill("#find", "nr1 9")
    assert page.inner_text("#find-list li >> nth=-1").endswith(" km from NR1 9")
    for asked in ("ZE1", "NR", "14", "NR1 4A"):
        assert page.evaluate("text => clusterPage.lookUp(text).from", asked) == ""


def test_a_village_without_a_school_leads_to_the_nearest(
    page_with_postcodes: Path, visit: Callable[..., Any]
) -> None:
    page = visit(page_with_postcodes).page
    for asked in ("great snoring", "snorign"):
        page.fill("#find", asked)
        assert page.inner_text("#find-status").startswith("The schools nearest to Great Snoring")
        assert "km from Great Snoring" in page.inner_text("#find-list li >> nth=0")


def test_a_village_with_a_school_leads_to_it_first(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    """Without any file of places: villages are in the names of schools."""
    page = visit(norfolk_page.path).page
    names = norfolk_page.results[0].problem.authority.schools["name"]
    for village in ("Blakeney", "great massingham", "Heacham", "Mundesly", "burnham market"):
        first = page.evaluate("text => clusterPage.search(text)[0]", village)
        assert names.iloc[first].lower().startswith(village.lower()[:6]), village


def test_packing_keeps_the_largest_gap_and_the_widest_sector() -> None:
    frame = pd.DataFrame(
        {"postcode": ["NR1 1AA", "NR1 1ZZ"], "x": [600e3, 699e3], "y": [300e3, 300e3]}
    )
    (sector, west, south, step_m, text) = packed_postcodes(frame)[0]
    assert (sector, west, south) == ("NR1 1", 600_000, 300_000)
    assert step_m * (STEPS - 1) >= 99e3
    assert not set(text) & set('"\\<>&')
    assert packed_postcodes(None) == []
