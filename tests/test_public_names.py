"""What a notebook calls."""

import subprocess
import sys

import pytest

import cluster_optimiser as co


def test_public_names_are_functions_whatever_was_imported_before() -> None:
    """A submodule of the same name would take the place of the function."""
    code = (
        "import cluster_optimiser.batch, cluster_optimiser as co; "
        "print([name for name in co.__all__ if not callable(getattr(co, name))])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'universe_of_everything'"):
        co.universe_of_everything  # noqa: B018 - the look-up is what is tested
