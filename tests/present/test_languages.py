"""The page in several languages: each whole, with links between that keep what is looked at."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cluster_optimiser import words
from cluster_optimiser.errors import InputError
from cluster_optimiser.present import write_comparison, write_page
from cluster_optimiser.present.theme import Theme, load_theme
from cluster_optimiser.words import say, speaking

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from cluster_optimiser.domain import Result

THEME = """
title = "Clusters in Toyshire"
languages = ["en", "pl"]
[translations.pl]
title = "Klastry w Toyshire"
titles.4a = "Połączyć sąsiadów"
descriptions.4a = "Łączy sąsiednie klastry."
layers.district = "Dystrykty"
"""


@pytest.fixture(scope="module")
def pages(
    results: list[Result], comparison: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Give the folder of a run whose theme names two languages."""
    folder, out = tmp_path_factory.mktemp("authority"), tmp_path_factory.mktemp("results")
    (folder / "theme.toml").write_text(THEME, encoding="utf-8")
    own = [
        replace(
            result,
            problem=replace(
                result.problem, authority=replace(result.problem.authority, folder=folder)
            ),
        )
        for result in results
    ]
    write_comparison(own, comparison, out)
    return out


def test_each_language_has_a_page_that_leads_to_the_others_and_keeps_what_is_looked_at(
    pages: Path, visit: Callable[..., Any]
) -> None:
    english = visit(pages / "index.html", "#school=100012&a=1&b=4a&see=measure")
    page = english.page
    assert page.evaluate("document.documentElement.lang") == "en-GB"
    link = page.locator("a[hreflang]")
    assert (link.inner_text(), link.get_attribute("lang")) == ("Polski", "pl")
    page.evaluate("clusterPage.choose({ b: 0 })")
    link.click()
    page.wait_for_selector("html[lang=pl][data-ready]")
    assert page.url.endswith("index.pl.html#school=100012&a=1&b=1&see=measure")
    assert page.locator("h1").inner_text() == "Klastry w Toyshire"
    assert "Dziś w klastrze" in page.locator("#answer").inner_text()
    # What the council says in Polish, and what it says in English alone.
    assert page.inner_text("#first-title [lang='en-GB']") == "As they are"
    page.evaluate("clusterPage.choose({ b: 1 }, 'replace')")
    assert page.inner_text("#first-title") == "4a Połączyć sąsiadów"
    assert page.inner_text("#first-text") == "Łączy sąsiednie klastry."
    english_only = page.locator("[lang='en-GB']:not(a)")
    assert "Połączyć" not in "".join(english_only.all_text_contents())
    page.evaluate("clusterPage.choose({ b: 0 }, 'replace')")
    page.locator("a[hreflang]", has_text="English").click()
    page.wait_for_selector("html[lang=en-GB][data-ready]")
    assert page.url.endswith("index.html#school=100012&a=1&b=1&see=measure")
    assert english.complaints == []


def test_no_english_is_left_but_data(pages: Path) -> None:
    page = html.unescape((pages / "index.pl.html").read_text(encoding="utf-8"))
    english, polish = (dict(words.texts(words.language(name).words)) for name in ("en", "pl"))
    own = " ".join(text for forms in polish.values() for text in forms.values())
    assert "Dystrykty" in page
    assert "istricts" not in page
    said = 0
    for key, forms in english.items():
        for text in forms.values():
            for part in (one.strip(" .,:;()") for one in re.split(r"\{\w+\}", text)):
                if len(part) > 11 and part not in own:
                    said += 1
                    assert part not in page, f"{key}: {part}"
    assert said > 1000


def test_the_pages_are_made_again_beside_any_file(pages: Path, tmp_path: Path) -> None:
    made = write_page(pages, tmp_path / "consultation.html")
    assert [path.name for path in made] == ["consultation.html", "consultation.pl.html"]
    text = made[1].read_text(encoding="utf-8")
    assert 'href="consultation.html" hreflang="en-GB"' in text
    alone = write_page(pages, tmp_path / "alone.html", theme=Theme(title="One language"))
    assert [path.name for path in alone] == ["alone.html"]
    assert "hreflang" not in alone[0].read_text(encoding="utf-8").partition("<script")[0]


def test_a_language_that_was_not_gathered_cannot_be_made(
    results: list[Result], comparison: pd.DataFrame, tmp_path: Path
) -> None:
    write_comparison(results, comparison, tmp_path)
    with pytest.raises(InputError, match=r"gathered without pl.*run again"):
        write_page(tmp_path, tmp_path / "x.html", theme=Theme(languages=("pl",)))
    with pytest.raises(InputError, match=r'gathered in en.*language = "pl".*run again'):
        write_page(tmp_path, tmp_path / "x.html", theme=Theme(language="pl"))
    assert not (tmp_path / "x.html").exists()


def test_results_that_an_earlier_program_gathered_are_to_be_run_again(
    results: list[Result], comparison: pd.DataFrame, tmp_path: Path
) -> None:
    write_comparison(results, comparison, tmp_path)
    record = json.loads((tmp_path / "page.json").read_text(encoding="utf-8"))
    record["format"] -= 1
    (tmp_path / "page.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match=r"page.json: .* earlier program. Run again"):
        write_page(tmp_path, tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()


def test_what_a_council_says_itself_is_asked_for_in_each_language(tmp_path: Path) -> None:
    file = tmp_path / "theme.toml"
    file.write_text('title = "Clusters"\nasks = "Which?"\nlanguages = ["pl"]\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"\[translations.pl\] lacks asks, title"):
        load_theme(file)
    file.write_text('languages = ["tlh"]', encoding="utf-8")
    with pytest.raises(InputError, match='language "tlh" is not one of en, pl'):
        load_theme(file)


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "Pozostaje 1 plan z 59."),
        (4, "Pozostają 4 plany z 59."),
        (12, "Pozostaje 12 planów z 59."),
        (25, "Pozostaje 25 planów z 59."),
        (32, "Pozostają 32 plany z 59."),
    ],
)
def test_verbs_and_nouns_follow_the_number(n: int, said: str) -> None:
    with speaking("pl"):
        assert say("script.ask_count", n, all=59) == said
