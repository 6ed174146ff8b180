"""Pictures of maps: every number reads as itself, every name is text, every character prints."""

import io
import re

import numpy as np
import shapely
from matplotlib import image
from matplotlib.figure import Figure

from cluster_optimiser.present import characters, svg
from cluster_optimiser.present.characters import box, missing, printable, storable
from cluster_optimiser.present.report.each import standalone_svg
from cluster_optimiser.present.report.typeset import picture

SIDE = 24
NUMBERS = [*range(1, 48), 104, 128]
HOSTILE = "Ash $\\foo$ \U0001f3eb \N{BENGALI LETTER KA}\u4e2d\x07 <b>&amp; \u202e"


def _drawn(names: dict[str, str]) -> tuple[str, dict[str, tuple[float, float]]]:
    boxes = {
        key: shapely.box(i % 8 * 250, i // 8 * 200, i % 8 * 250 + 240, i // 8 * 200 + 190)
        for i, key in enumerate(names)
    }
    numbered = {key: (str(int(key.rpartition("C")[2])), name) for key, name in names.items()}
    marks = svg._labels(boxes, numbered, shapely.box(0, 0, 2000, 1400))
    paths = svg._paths(boxes, dict.fromkeys(boxes, 3))
    drawing = f'<svg viewBox="0 0 2000 1400"><g class="ar">{paths}</g>{marks}</svg>'
    spots = re.findall(r'<circle class="nd" cx="(\d+)" cy="(\d+)"', drawing)
    at = {key: (float(x), float(y)) for key, (x, y) in zip(names, spots, strict=True)}
    return standalone_svg({"under": {"symbols": ""}}, {"svg": drawing}), at


def _ink(grey: np.ndarray) -> np.ndarray:
    """Crop what is dark, and bring it to one size."""
    dark = grey < 0.5
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    part = 1.0 - grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    down = np.linspace(0, part.shape[0] - 1, SIDE).round().astype(int)
    across = np.linspace(0, part.shape[1] - 1, 2 * SIDE).round().astype(int)
    return part[np.ix_(down, across)]


def _read(content: bytes) -> np.ndarray:
    return image.imread(io.BytesIO(content))[..., :3].mean(axis=2)


def _printed(text: str) -> np.ndarray:
    """Draw a number with another program, without disc or halo."""
    figure, out = Figure(figsize=(1.2, 0.6), dpi=100), io.BytesIO()
    figure.text(0.1, 0.3, text, fontsize=24, weight="bold", family="DejaVu Sans")
    figure.savefig(out, format="png")
    return _ink(_read(out.getvalue()))


def test_each_number_on_a_map_is_read_as_itself() -> None:
    drawn, at = _drawn({f"4a-C{n:02d}": "" for n in NUMBERS})
    grey = _read(picture(drawn))
    scale = grey.shape[1] / 2000
    known = {str(n): _printed(str(n)) for n in NUMBERS}
    for key, (x, y) in at.items():
        half = round(20 * scale)
        row, column = round(y * scale), round(x * scale)
        seen = _ink(grey[row - half : row + half, column - half - 3 : column + half + 3])
        unlike = {n: float(np.abs(seen - one).mean()) for n, one in known.items()}
        assert min(unlike, key=unlike.__getitem__) == str(int(key[4:]))


def test_a_name_in_any_characters_is_drawn_or_named_never_an_error() -> None:
    drawn, _ = _drawn({"4a-C01": HOSTILE, "4a-C02": "\u0000"})
    assert picture(drawn).startswith(b"\x89PNG")


def test_what_cannot_be_shown_gets_a_box_with_its_name() -> None:
    assert printable("Ash \U0001f3eb") == "Ash [school]"
    assert printable("\N{BENGALI LETTER KA}\N{BENGALI VOWEL SIGN U}") == "[bengali letter ka]"
    assert printable("Llanfair\N{HYPHEN} Żółć ✓◐✗") == "Llanfair\N{HYPHEN} Żółć ✓◐✗"
    assert storable("a\x07b\nc") == "a[U+0007]b\nc"
    assert storable("a\u2028b\ufeffc") == "a[line separator]b[zero width no-break space]c"
    assert storable("Ash\u202e") == "Ash[right-to-left override]"
    assert box("\ufffe") == "[U+FFFE]"
    assert missing(["Ash \u4e2d", "\u4e2d Elm", "é"]) == ["\u4e2d"]


def test_a_folder_of_fonts_adds_what_can_be_drawn(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(
        characters, "_covered", lambda place: frozenset({0x4E2D}) if place == tmp_path else set()
    )
    assert printable("\u4e2d", tmp_path) == "\u4e2d"
    assert printable("\u4e2d") == "[cjk unified ideograph-4e2d]"
