"""The report's files, whole or not at all."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.present.characters import box, missing, storable
from cluster_optimiser.present.report.blocks import REFERENCE, changed, texts_of
from cluster_optimiser.present.report.content import make_report
from cluster_optimiser.present.report.folder import read_folder
from cluster_optimiser.present.report.replies import chapter, read_replies
from cluster_optimiser.present.report.typeset import pdf
from cluster_optimiser.present.report.word import docx
from cluster_optimiser.present.report.workbook import xlsx
from cluster_optimiser.present.theme import speaking_of
from cluster_optimiser.words import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_optimiser.present.report.folder import ResultsFolder
    from cluster_optimiser.present.report.front import Front

REPORT_FILES = ("report.docx", "report.pdf", "report.xlsx")
"""What is written."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What a council may give to a paper."""

    front: Front | None = None
    template: Path | None = None  # a Word document whose styles and head are used
    fonts: Path | None = None  # a folder of fonts, for characters that ours cannot draw
    replies: Path | None = None  # a folder of counted replies, which become a chapter


def write_report(
    results: str | Path,
    out: Path,
    *,
    looks: Looks | None = None,
    on_step: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    folder, looks = read_folder(results), looks or Looks()
    with speaking_of(folder.record):
        return _write(folder, out, looks, on_step, warn)


def _write(
    folder: ResultsFolder,
    out: Path,
    looks: Looks,
    on_step: Callable[[str], None],
    warn: Callable[[str], None],
) -> list[Path]:
    replied = chapter(*read_replies(looks.replies, folder), folder) if looks.replies else ()
    raw = make_report(folder, looks.front, replied)
    plain = (REFERENCE.sub("", text) for text in texts_of(raw.blocks))
    lacking = missing(plain, looks.fonts)
    if lacking:
        warn(say("report.glyphs", letters=[box(letter) for letter in lacking]))
    report = changed(raw, storable)
    makers: list[tuple[str, Callable[[], bytes]]] = [
        (REPORT_FILES[0], lambda: docx(report, looks.template, looks.fonts)),
        (REPORT_FILES[1], lambda: pdf(report, looks.fonts)),
        (REPORT_FILES[2], lambda: xlsx(folder, report)),
    ]
    contents = {}
    for name, make in makers:
        on_step(name)
        contents[name] = make()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=out) as place:
            for name, content in contents.items():
                (Path(place) / name).write_bytes(content)
            for name in contents:
                (Path(place) / name).replace(out / name)
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror or error}"
        raise ClusterOptimiserError(message) from error
    return [out / name for name in contents]
