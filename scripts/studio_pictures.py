"""Take the pictures of the studio that the documentation shows.

With a studio of this checkout open: ``.venv/bin/python scripts/studio_pictures.py URL docs``, its
URL as ``cluster-optimiser studio . --no-browser`` prints it. Needs Chromium; nothing is asked of a
network.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONGEST_MS = 120_000


def _write(page: Page, path: Path) -> None:
    """Keep few colours: the pages have few, and the repository keeps every version."""
    image = Image.open(io.BytesIO(page.screenshot()))
    image.convert("RGB").quantize(128).save(path, optimize=True)


def _put(page: Page, key: str, value: str) -> None:
    number = page.evaluate("window.studio.now.number")
    page.fill(f"[id='f-{key}']", value)
    page.press(f"[id='f-{key}']", "Tab")
    page.wait_for_selector(f"html[data-shown='{number + 1}']")


def main() -> None:
    """Take every picture."""
    url, out = sys.argv[1], Path(sys.argv[2])
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(LONGEST_MS)
        page.goto(url)
        page.get_by_role("link", name=re.compile("^4a")).click()
        page.wait_for_selector("html[data-shown='1']")
        page.select_option("#pick-one", "Litcham")
        page.select_option("#pick-other", "Swaffham")
        page.wait_for_timeout(500)
        _write(page, out / "studio-work.png")
        page.click("#tab-plans")
        page.wait_for_selector("#panel-plans .dot")
        page.wait_for_timeout(300)
        _write(page, out / "studio-plans.png")
        page.click("#tab-work")
        page.select_option("#pick-one", "")
        page.select_option("#pick-other", "")
        _put(page, "size.min_pupils", "4600")
        page.click("#ask-why-none")
        page.wait_for_selector(".helps li")
        page.wait_for_timeout(300)
        _write(page, out / "studio-none.png")
        browser.close()


if __name__ == "__main__":
    main()
