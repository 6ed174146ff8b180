"""Chromium as every test of a page starts it."""

import shutil

import pytest

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def program() -> str:
    """Find it, or leave the test out with a loud word."""
    # The shell is the same engine without windows: the tests of pages take two fifths less time.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("NO CHROMIUM ON THE PATH: THE PAGES WERE NOT CHECKED IN A BROWSER")
    return str(found)
