"""Characters that paper, pictures and office files can show; named boxes for the others."""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FONT_FILES = ("*.ttf", "*.otf", "*.ttc")
UNSEEN = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
"""Categories of what no office file may hold: controls, halves, unassigned, ends of lines."""
PLAIN = frozenset("\n\t\u200b")
MARK = "\ufeff"
"""Tells how a file is encoded; within a text PDF/UA forbids it."""
NO_MARKS = frozenset({"Cf", "Mn", "Me"})
"""Joiners and marks that are not drawn by themselves: left out where their letter is a box."""
TURNING = re.compile(
    r"\\u(061c|200[ef]|202[a-e]|206[6-9])|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
"""Marks of the direction of writing, as they are and as JSON escapes them."""
_RIGHT = r"\u0590-\u07ff\u0860-\u08ff\ufb1d-\ufdfd\ufe70-\ufefc"
LEFTWARDS = re.compile(rf"\u2068?([{_RIGHT}](?:[{_RIGHT} '-]*[{_RIGHT}])?)\u2069?")
"""Words that are written from right to left, set apart or not yet."""


def own_fonts() -> Path:
    """Give the folder of the fonts that come with the program (DejaVu, by way of matplotlib)."""
    import matplotlib as mpl  # noqa: PLC0415 - a second of import that only pictures need

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


@functools.cache
def _covered(folder: Path) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font  # noqa: PLC0415 - as above

    files = sorted(file for kind in FONT_FILES for file in folder.rglob(kind))
    if folder == own_fonts():
        files = [folder / "DejaVuSans.ttf"]
    return frozenset(code for file in files for code in FT2Font(str(file)).get_charmap())


def covered(fonts: Path | None = None) -> frozenset[int]:
    """Give the characters that the program's own fonts can draw, and those of a folder."""
    return _covered(own_fonts()) | (_covered(fonts) if fonts is not None else frozenset())


def box(letter: str) -> str:
    r"""Name a character that cannot be shown.

    >>> box("\N{SCHOOL}"), box("\x07")
    ('[school]', '[U+0007]')
    """
    name = unicodedata.name(letter, "")
    return f"[{name.lower()}]" if name else f"[U+{ord(letter):04X}]"


def storable(text: str) -> str:
    """Put a box for what neither an office file nor a picture may hold."""
    if text.isprintable():
        return text
    return "".join(
        box(c) if (unicodedata.category(c) in UNSEEN and c not in PLAIN) or c == MARK else c
        for c in undirected(text)
    )


def undirected(page: str) -> str:
    """Show marks that turn the direction of writing: a name that has one changes no other text.

    >>> undirected("Ash\u202e School")
    'Ash[right-to-left override] School'
    """
    return TURNING.sub(lambda found: box(chr(int(found[1], 16)) if found[1] else found[0]), page)


def isolated(page: str) -> str:
    r"""Set words from right to left apart on a page, so that they turn no figures beside them.

    >>> isolated("\u05d0\u05d1 (4,000)") == "\u2068\u05d0\u05d1\u2069 (4,000)"
    True
    """
    return LEFTWARDS.sub("\u2068\\1\u2069", undirected(LEFTWARDS.sub("\\1", page)))


def printable(text: str, fonts: Path | None = None) -> str:
    """Put a box for every character that no font at hand can draw."""
    text = storable(text)
    if text.isascii():
        return text
    drawn = covered(fonts)
    return "".join(
        c if c in PLAIN or ord(c) in drawn else ("" if _is_mark(c) else box(c)) for c in text
    )


def pictured(svg: str, fonts: Path | None = None) -> str:
    r"""Give a picture's texts as they can be drawn: a mark that is part of no letter is left out.

    A letter with several marks upon it has no text that PDF/UA could hold.

    >>> pictured("E\u0327\u0301") == "\u0228"
    True
    """
    whole = unicodedata.normalize("NFC", printable(svg, fonts))
    return whole if whole.isascii() else "".join(c for c in whole if not _is_mark(c))


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in NO_MARKS


def missing(texts: Iterable[str], fonts: Path | None = None) -> list[str]:
    """List the characters of texts that would become boxes, each once."""
    letters = sorted({c for text in texts for c in text if not c.isascii() or not c.isprintable()})
    return [c for c in letters if printable(c, fonts) not in {c, ""}]
