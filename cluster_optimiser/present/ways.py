"""The page that leads to the pages of several authorities, each in a results folder of its own."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from cluster_optimiser.present.page import record_of
from cluster_optimiser.present.words import say, template

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def ways_html(folders: Sequence[Path], home: Path) -> str:
    """Write the page; its links lead from the folder that it will stand in."""
    places = []
    for folder in folders:
        with record_of(folder) as record:
            way = PurePath(os.path.relpath(folder.resolve() / "index.html", home)).as_posix()
            places.append(
                {
                    "href": quote(way),
                    "name": record["authority"]["name"],
                    "title": record["theme"].get("title") or record["authority"]["title"],
                    "about": record["authority"]["lead_pupils"],
                    "date": record["authority"]["data_date"],
                    "options": [
                        say("report.option_title", label=o["label"], title=o["title"])
                        for o in record["options"]
                    ],
                }
            )
    return template("ways.html.j2").render(places=places)
