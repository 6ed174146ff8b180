"""Typst: the tagged PDF, and pictures of the maps."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster_optimiser.errors import extra
from cluster_optimiser.present.characters import own_fonts, pictured, printable
from cluster_optimiser.present.report.blocks import (
    REFERENCE,
    Bullets,
    Figure,
    Heading,
    Paragraph,
    TableBlock,
    changed,
    names_of,
)
from cluster_optimiser.words import entry, say, spoken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from cluster_optimiser.present.report.blocks import Block, Report

TEMPLATE = Path(__file__).with_name("report.typ")

UPRIGHT, ACROSS = 124.0, 187.0
"""Letters in a line of a table as wide as the page, and as wide as one that lies across."""

LONG_WORD = re.compile(r"\S{24}(?=\S)")
"""What may be parted: a word as long as a column is wide runs off the paper."""

PICTURE_PPI = 140.0
"""Dots per inch of a map 16 cm wide: sharp in print, small enough to be sent."""


def _typst() -> ModuleType:
    with extra("report"):
        import typst  # noqa: PLC0415 - part of the extra
    module: ModuleType = typst
    return module


def _compile(source: Path, fonts: Path | None, **options: object) -> bytes:
    places = [str(own_fonts()), *([str(fonts)] if fonts else [])]
    made: bytes = _typst().compile(
        str(source), ignore_system_fonts=True, font_paths=places, **options
    )
    return made


def picture(svg: str, fonts: Path | None = None) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        (home / "map.svg").write_text(pictured(svg, fonts), encoding="utf-8")
        page = home / "map.typ"
        page.write_text(
            '#set page(width: 16cm, height: auto, margin: 0pt)\n#image("map.svg", width: 100%)\n',
            encoding="utf-8",
        )
        return _compile(page, fonts, format="png", ppi=PICTURE_PPI)


def _runs(text: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Part a text into pieces, each with the label that it refers to or none."""
    parts = REFERENCE.split(text)
    return [(names[p], p) if i % 2 else (_parted(p), "") for i, p in enumerate(parts) if p]


def _parted(text: str) -> str:
    return LONG_WORD.sub("\\g<0>\u200b", text)


def _plain(block: Block, names: Mapping[str, str], letters: float) -> dict[str, Any]:
    plain: dict[str, Any] = asdict(block) | {
        "kind": type(block).__name__.lower().removesuffix("block")
    }
    if isinstance(block, Paragraph):
        plain["text"] = _runs(block.text, names)
    elif isinstance(block, Bullets):
        plain["items"] = [_runs(item, names) for item in block.items]
    elif isinstance(block, TableBlock):
        plain["widths"] = block.fitted(letters)
        plain["rows"] = changed(block.rows, _parted)
        plain["source"] = say("report.source", file=block.source) if block.source else ""
    return plain


def pdf(report: Report, fonts: Path | None = None) -> bytes:
    """Write a report as tagged PDF; typst refuses what is not PDF/UA-1."""
    language, _, region = spoken().tag.partition("-")
    day = report.day
    names = names_of(report.blocks)
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        across = [isinstance(block, Heading) and block.is_annex for block in report.blocks]
        blocks = [
            _plain(block, names, ACROSS if any(across[:i]) else UPRIGHT)
            for i, block in enumerate(report.blocks)
        ]
        for i, block in enumerate(report.blocks):
            if isinstance(block, Figure):
                blocks[i]["svg"] = f"map-{i}.svg"
                text = pictured(block.svg, fonts)
                (home / f"map-{i}.svg").write_text(text, encoding="utf-8")
        record = {
            "title": report.title,
            "subtitle": report.subtitle,
            "author": report.author,
            "footer": say("report.footer", authority=report.authority, stamp=report.stamp),
            "page": entry("report.page"),
            "contents": say("report.contents"),
            "lang": language,
            "region": region or None,
            "day": day and [day.year, day.month, day.day],
            "first": next(i for i, b in enumerate(report.blocks) if isinstance(b, Heading)),
            "blocks": blocks,
        }
        text = printable(json.dumps(record, ensure_ascii=False), fonts)
        (home / "report.json").write_text(text, encoding="utf-8")
        (home / "report.typ").write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
        return _compile(
            home / "report.typ",
            fonts,
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=int(day.timestamp()) if day else 0,
        )
