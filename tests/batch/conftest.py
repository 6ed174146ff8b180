"""What the tests of batches share."""

from pathlib import Path

import pytest

from tests.inputs.broken import make_authority


@pytest.fixture
def threeshire(tmp_path: Path) -> Path:
    """Give a folder of scenarios beside the boundaries of Threeshire."""
    make_authority(tmp_path / "boundaries")
    (tmp_path / "scenarios").mkdir()
    return tmp_path / "scenarios"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
