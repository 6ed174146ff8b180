"""Take the pictures of the consultation page that the documentation shows.

After ``make run``: ``.venv/bin/python scripts/docs_pictures.py results/index.html docs``. Needs
Chromium, and pdftoppm for the sheet of paper; nothing is asked of a network.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCREEN, PHONE = (1366, 768), (390, 844)
SCHOOL = "Thomas Bullock"
GAP = 12


def _opened(browser: Browser, file: Path, size: tuple[int, int], **options: object) -> Page:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, **options)
    page.goto(file.resolve().as_uri())
    page.wait_for_timeout(800)
    return page


def _chosen(page: Page) -> None:
    page.fill("#find", SCHOOL)
    page.press("#find", "Enter")
    page.wait_for_timeout(800)


def _at(page: Page, selector: str) -> None:
    page.locator(selector).evaluate("node => node.scrollIntoView({ block: 'start' })")
    page.wait_for_timeout(1200)


def _write(picture: bytes | Image.Image, path: Path) -> None:
    """Keep few colours: the pages have few, and the repository keeps every version."""
    image = picture if isinstance(picture, Image.Image) else Image.open(io.BytesIO(picture))
    image.convert("RGB").quantize(128).save(path, optimize=True)


def _screens(browser: Browser, file: Path, out: Path) -> None:
    page = _opened(browser, file, SCREEN)
    _at(page, "#maps")
    _write(page.screenshot(), out / "options-side-by-side.png")
    page.evaluate("scrollTo(0, 0)")
    page.fill("#find", "Shipdham")
    page.wait_for_timeout(600)
    _write(page.screenshot(), out / "page-first-screen.png")
    _chosen(page)
    _write(page.screenshot(), out / "find-my-school.png")
    _at(page, "#measure")
    _write(page.screenshot(), out / "page-principles.png")
    page.evaluate("clusterPage.openTry()")
    page.select_option("#try-from", label=page.locator("#try-from option").nth(6).inner_text())
    page.select_option("#try-unit", index=1)
    page.select_option("#try-to", index=3)
    page.click("#try-move")
    _at(page, "#try")
    _write(page.screenshot(), out / "page-try.png")
    page.close()


def _ways(browser: Browser, file: Path, out: Path) -> None:
    page = _opened(browser, file, (1000, 562), forced_colors="active")
    _write(page.screenshot(), out / "page-forced-colours.png")
    page.close()
    page = _opened(browser, file, SCREEN, java_script_enabled=False)
    _at(page, "#sheet-6")
    _write(page.screenshot(), out / "page-without-javascript.png")
    page.close()
    page = _opened(browser, file, PHONE, has_touch=True, is_mobile=True)
    _chosen(page)
    shots = []
    for selector in ("#school", "#maps", "#measure"):
        _at(page, selector)
        shots.append(Image.open(io.BytesIO(page.screenshot())))
    row = Image.new("RGB", (sum(s.width + GAP for s in shots) - GAP, shots[0].height), "white")
    for i, shot in enumerate(shots):
        row.paste(shot, (i * (shot.width + GAP), 0))
    _write(row, out / "page-phone.png")
    page.close()


def _paper(browser: Browser, file: Path, out: Path) -> None:
    page = _opened(browser, file, SCREEN)
    page.evaluate("clusterPage.reveal('details')")
    page.evaluate("window.print = () => {}")
    page.evaluate("""document.querySelector('[data-print-option="6"]').click()""")
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder) / "sheet"
        sheet.with_suffix(".pdf").write_bytes(page.pdf(prefer_css_page_size=True))
        turn = ["pdftoppm", "-png", "-r", "75", "-singlefile", sheet.with_suffix(".pdf"), sheet]
        subprocess.run(turn, check=True)  # noqa: S603 - a program of the system, no shell
        _write(sheet.with_suffix(".png").read_bytes(), out / "page-on-paper.png")
    page.close()


def main() -> None:
    """Take every picture."""
    file, out = Path(sys.argv[1]), Path(sys.argv[2])
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        _screens(browser, file, out)
        _ways(browser, file, out)
        _paper(browser, file, out)
        browser.close()


if __name__ == "__main__":
    main()
