"""Both pages, opened in a real browser; two launches in all."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cluster_optimiser.domain import Result
from cluster_optimiser.present import map_html
from tests.pages import index_html

Tags = Callable[[str], list[tuple[str, dict[str, str]]]]


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, results: list[Result], comparison: pd.DataFrame
) -> Path:
    home = tmp_path_factory.mktemp("site")
    (home / "map.html").write_text(map_html(results[1]), encoding="utf-8")
    (home / "index.html").write_text(index_html(results, comparison), encoding="utf-8")
    return home


def test_the_map_is_drawn_with_its_controls_and_names_stay_text(
    site: Path, browser: Callable[[str], str], tags: Tags
) -> None:
    dom = browser((site / "map.html").as_uri())
    found = tags(dom)
    classes = " ".join(attrs.get("class", "") for _, attrs in found)
    assert "canvas" in [tag for tag, _ in found]
    assert "leaflet-control-layers-expanded" in classes
    assert classes.count("plan-number") == 3
    assert "plan-panel" in classes
    assert not [tag for tag, attrs in found if "onerror" in attrs]


def test_the_page_shows_a_map_and_answers_for_a_school(
    site: Path, browser: Callable[[str], str], tags: Tags
) -> None:
    dom = browser((site / "index.html").as_uri() + "#school=100900&a=1&b=4a")
    found = tags(dom)
    panes = [attrs for _, attrs in found if attrs.get("id") == "panes"]
    assert len(panes) == 1
    assert "hidden" not in panes[0]
    # A map that moves at the top; those of the comparison are made when they come near.
    first = next(attrs for _, attrs in found if attrs.get("id") == "map-first")
    assert "leaflet-container" in first["class"]
    answer = dom.partition('id="answer"')[2].partition("</section>")[0]
    assert "St Jude Catholic Primary" in answer
    assert "A cluster across the whole area, with a local link to " in answer
    assert "150 pupils in 1 school." in answer
    assert "'=Coldham" not in answer
    assert not [tag for tag, attrs in found if "onerror" in attrs]
