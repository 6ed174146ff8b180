"""The page that leads to the pages of several authorities."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.errors import InputError
from cluster_optimiser.present.write import ways_html

if TYPE_CHECKING:
    from pathlib import Path


def made(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True)
    authority = {"name": name, "title": f"{name}: options", "data_date": "25 April 2022"}
    record = {
        "authority": authority | {"lead_pupils": f"All 9 schools of {name}."},
        "theme": {},
        "options": [{"label": "1", "title": "As they are"}],
    }
    (folder / "page.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def test_each_has_a_link_that_leads_there_and_what_it_holds(tmp_path: Path) -> None:
    folders = [made(tmp_path / "results", "Ash & Oak"), made(tmp_path / "results/a #1", "Elm")]
    text = ways_html(folders, tmp_path / "results")
    assert re.findall(r'<a href="(.*?)">', text) == ["index.html", "a%20%231/index.html"]
    assert "Ash &amp; Oak: options" in text
    assert text.count("<li>Option 1: As they are</li>") == 2
    assert "Each authority has a page of its own: Ash &amp; Oak and Elm." in text


def test_a_folder_without_a_page_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"page\.json.*cannot be read"):
        ways_html([tmp_path], tmp_path)
