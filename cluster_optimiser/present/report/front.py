"""What only the authors of a paper know: a file that they fill in."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from cluster_optimiser.inputs.checking import read_toml
from cluster_optimiser.present.report.blocks import Block, Bullets, Facts, Heading, Paragraph
from cluster_optimiser.words import long_date, say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Implication = Literal["legal", "equality", "finance", "risk", "environment"]
IMPLICATIONS: tuple[Implication, ...] = ("legal", "equality", "finance", "risk", "environment")


class Front(BaseModel):
    """The front matter of a committee paper; what is left out is said to be missing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    committee: str = ""
    """Whom the paper is for."""
    date: dt.date | None = None
    """Day of the meeting."""
    author: str = ""
    """Who answers for it, with the post and how to be reached."""
    decision: tuple[str, ...] = ()
    """What the committee is asked to do, one sentence each."""
    implications: dict[Implication, str] = Field(default_factory=dict)
    """Legal, equality, finance, risk and environment, a paragraph each."""
    background_papers: tuple[str, ...] = ()
    """What the paper rests on, where it can be seen."""

    def missing(self) -> list[str]:
        """Name what a paper must have and this has not."""
        wanted = ("committee", "date", "author", "decision")
        return [say(f"report.front.missing_{key}") for key in wanted if not getattr(self, key)]


def load_front(path: Path) -> Front:
    """Read the front matter of a paper."""
    remedy = (
        f"It has the keys {', '.join(Front.model_fields)}; decision and background_papers are "
        f"lists of texts, [implications] has {', '.join(IMPLICATIONS)}."
    )
    return read_toml(path, Front, what="the front matter", remedy=remedy)


def opening(front: Front, data_date: str) -> Iterator[Block]:
    """Say who reports to whom, and what is to be decided."""
    stated = [
        (say("report.front.committee"), front.committee),
        (say("report.front.date"), long_date(front.date.isoformat()) if front.date else ""),
        (say("report.front.author"), front.author),
        (say("report.front.data"), long_date(data_date)),
    ]
    yield Facts(tuple(pair for pair in stated if pair[1]))
    if front.missing():
        yield Paragraph(say("report.draft", missing=front.missing()), is_numbered=False)
    yield Heading(1, say("report.front.heading"), "decision")
    if front.decision:
        yield Paragraph(say("report.front.decision"))
        yield Bullets(front.decision)
    else:
        yield Paragraph(say("report.front.decision_missing"))


def closing(front: Front) -> Iterator[Block]:
    """Give the implications, and the papers that this one rests on."""
    yield Heading(1, say("report.front.implications"), "implications")
    yield Paragraph(say("report.front.implications_lead"))
    for key in IMPLICATIONS:
        name, text = say(f"report.front.{key}"), front.implications.get(key, "")
        given = say("report.facts", name=name, text=text)
        yield Paragraph(given if text else say("report.front.not_stated", name=name))
    yield Heading(1, say("report.front.background"))
    if front.background_papers:
        yield Bullets(front.background_papers)
    else:
        yield Paragraph(say("report.front.background_none"))
