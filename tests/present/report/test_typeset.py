"""The PDF's own layout: a map is as high as what else is on its page leaves."""

import io
import re

import pytest
from pypdf import PdfReader

from cluster_optimiser.present.report.blocks import Bullets, Figure, Heading, Report, numbered
from cluster_optimiser.present.report.typeset import pdf

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 200">'
    '<rect width="100" height="200" fill="#17455a"/></svg>'
)


@pytest.mark.parametrize("n_lines", [3, 30, 46])
def test_a_map_takes_what_the_rest_of_its_page_leaves(n_lines: int) -> None:
    options = [
        block
        for label in "AB"
        for block in (
            Heading(2, f"Option {label}", f"option-{label}", starts_page=True),
            Figure(SVG, "a map", "caption"),
            Bullets(tuple(f"Finding {i}." for i in range(n_lines))),
        )
    ]
    blocks = numbered([Heading(1, "First", "first"), *options, Heading(1, "Last", "last")])
    made = pdf(Report("Paper", "", "", "", "2026-01-01", "stamp", blocks))
    pages = [re.sub(r"\s+", " ", p.extract_text()) for p in PdfReader(io.BytesIO(made)).pages]
    # Nothing is left over for a page of its own.
    assert ["Option" in page for page in pages[:3]] == [False, True, True]
    for page in pages[1:3]:
        assert page.count("Finding") == n_lines
