"""Settings that every test shares."""

from __future__ import annotations

import gc
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from playwright.sync_api import sync_playwright

from cluster_optimiser.batch import pools
from cluster_optimiser.present import universe_files, write
from tests.browsers import FLAGS, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from playwright.sync_api import Browser

# The same cases on every machine, and no time limit: a slow machine is not a failure.
SAME = {"derandomize": True, "deadline": None, "database": None}
settings.register_profile("default", max_examples=15, **SAME)
# make test-thorough
settings.register_profile("thorough", max_examples=100, **SAME)
# For hunting by hand: pytest --hypothesis-profile=search
settings.register_profile("search", deadline=None, max_examples=2_000)
settings.load_profile("default")

# What is imported and collected stays to the end: nobody goes through it again and again for what
# can be thrown away, at a fifth of the time of all tests.
gc.disable()


def pytest_collection_finish():
    """Look only at what tests make from here on."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True, scope="session")
def cache_folder(tmp_path_factory):
    """Keep what is kept between runs away from the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("CLUSTER_OPTIMISER_CACHE", str(folder))
        yield folder


@pytest.fixture(autouse=True, scope="session")
def one_process():
    """Run scenarios in the process of the test, as on one core, but where jobs are asked for.

    Tests run side by side already, and each process would first import all that it needs.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pools, "n_cores", lambda: 1)
        yield


@pytest.fixture(scope="module")
def without_pictures():
    """Put a word for each picture of all plans: drawing takes half the time of a small run."""

    def undrawn(results, standing, out):
        for picture in universe_files.PICTURES:
            (out / picture).unlink(missing_ok=True)
            if standing is not None:
                (out / picture).write_text(picture)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "write_pictures", undrawn)
        yield


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """Load the script that makes the reference of the documentation."""
    path = Path(__file__).parents[1] / "scripts" / "reference.py"
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of pages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=list(FLAGS))
        yield browser
        browser.close()


BROWSERS = {"visit", "chromium", "browser"}
PAGES = {"norfolk_page", "made_page", "norfolk_folder", "surveyed"}
"""Fixtures for which all of Norfolk is solved, or as much is drawn."""

SLOW = (
    *("batch", "boundaries", "comparison", "optimise", "present/report"),
    *("test_batch.py", "test_docs_run.py", "test_new.py", "test_scoring.py"),
    *("test_cli.py", "test_cli_questions.py", "test_cli_redraw.py", "test_cli_sensitivity.py"),
    *("present/test_meaning_page.py", "present/test_universe_page.py", "present/test_sheets.py"),
    *("inputs/intake", "inputs/roads", "inputs/test_tolerance.py", "geography/roads"),
    *("geography/test_pairs.py", "verification/test_neighbours.py", "present/test_consultation"),
    *("test_cli_ground.py", "test_cli_roads.py", "test_docs_site.py", "test_public_names.py"),
    *("test_fuzz", "test_last_resort.py", "test_analysts.py", "studio/", "test_readme.py"),
    *("test_cli_cases.py", "test_hostile_names.py"),
)
"""Files and folders of tests that `make test-fast` leaves out."""

LONGEST = (
    *("test_batch.py", "batch/test_many.py", "test_new.py", "batch/test_ledger.py", "test_cli.py"),
    *("optimise/levels/test_joint.py", "optimise/explain/test_explanation.py"),
    *("optimise/redraw/test_against_brute_force.py", "test_docs_run.py", "inputs/intake/test_dirt"),
    *("comparison/test_responses.py", "present/test_consultation", "optimise/", "present/report/"),
    *("batch/", "test_cli", "present/test_"),
)
"""Where `make test` begins, so that all processes end together: the longest, those first that make
what others wait for."""


def pytest_ignore_collect(collection_path, config):
    """Do not so much as import what `make test-fast` leaves out: that takes as long as it does."""
    here = Path(__file__).parent
    is_fast = "not slow" in config.getoption("markexpr") and collection_path.is_relative_to(here)
    return True if is_fast and _is_slow(collection_path.relative_to(here).as_posix()) else None


def _fixtures(item):
    return getattr(item, "fixturenames", ())


def _is_slow(name):
    return name.startswith(SLOW) or name.endswith(".ipynb")


def _turn(path, here):
    """Say when a file has its turn; what is not named comes last, as it is collected."""
    name = path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name
    if path.suffix == ".ipynb":
        return len(LONGEST) // 2
    return next((i for i, start in enumerate(LONGEST) if name.startswith(start)), len(LONGEST))


def pytest_collection_modifyitems(config, items):
    """Mark tests by their kind, and leave out those that only `make test-thorough` runs."""
    if settings.default.max_examples < 100:
        left_out = [item for item in items if item.get_closest_marker("thorough")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    here = Path(__file__).parent
    turn = {path: _turn(path, here) for path in {item.path for item in items}}
    items.sort(key=lambda item: turn[item.path])
    for item in items:
        if BROWSERS & set(_fixtures(item)):
            item.add_marker("browser")
        name = item.path.relative_to(here).as_posix() if item.path.is_relative_to(here) else ""
        if _is_slow(name) or item.path.suffix == ".ipynb" or PAGES & set(_fixtures(item)):
            item.add_marker("slow")
