"""A results folder of some Norfolk options, as `run` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from docx import Document
from pypdf import PdfReader

from cluster_optimiser.comparison import compare
from cluster_optimiser.present import write_comparison, write_result
from cluster_optimiser.present.report.write import write_report
from tests.norfolk import norfolk_result

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("1", "2b", "4a")


@pytest.fixture(scope="session")
def norfolk_folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("results")
    results = [norfolk_result(label) for label in LABELS]
    for result in results:
        (out / result.plan.label).mkdir()
        write_result(result, out / result.plan.label)
    write_comparison(results, compare(results), out)
    return out


@pytest.fixture(scope="session")
def written(norfolk_folder: Path, tmp_path_factory) -> Path:
    """Give the folder of the paper about it."""
    out = tmp_path_factory.mktemp("report")
    write_report(norfolk_folder, out)
    return out


@pytest.fixture(scope="session")
def word(written: Path):
    return Document(written / "report.docx")


@pytest.fixture(scope="session")
def pdf(written: Path) -> PdfReader:
    return PdfReader(written / "report.pdf")


@pytest.fixture(scope="session")
def pdf_pages(pdf: PdfReader) -> list[str]:
    return [page.extract_text() for page in pdf.pages]
