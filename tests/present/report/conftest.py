"""A results folder of some Norfolk options, as `run` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cluster_optimiser.comparison import compare
from cluster_optimiser.present import write_comparison, write_result
from tests.norfolk import norfolk_result

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("1", "2b", "3c", "4g")


@pytest.fixture(scope="session")
def norfolk_folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("results")
    results = [norfolk_result(label) for label in LABELS]
    for result in results:
        (out / result.plan.label).mkdir()
        write_result(result, out / result.plan.label)
    write_comparison(results, compare(results), out)
    return out
