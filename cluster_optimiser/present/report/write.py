"""The report's files, whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.present.report.content import make_report
from cluster_optimiser.present.report.folder import read_folder
from cluster_optimiser.present.report.typeset import pdf
from cluster_optimiser.present.report.word import docx
from cluster_optimiser.present.report.workbook import xlsx

if TYPE_CHECKING:
    from collections.abc import Callable

REPORT_FILES = ("report.docx", "report.pdf", "report.xlsx")
"""What is written."""


def write_report(
    results: str | Path, out: Path, *, on_step: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Write the committee report of a results folder."""
    folder = read_folder(results)
    report = make_report(folder)
    makers: list[tuple[str, Callable[[], bytes]]] = [
        (REPORT_FILES[0], lambda: docx(report)),
        (REPORT_FILES[1], lambda: pdf(report)),
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
