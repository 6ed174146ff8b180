"""Names as text: when two are the same, and which one was meant."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from rapidfuzz import process

if TYPE_CHECKING:
    from collections.abc import Iterable

NEAREST_SCORE = 60.0
"""Similarity (0 to 100) from which a name is offered as the one that was meant."""

_APOSTROPHES, _DASHES = "\u2018\u2019\u02bc`\u00b4", "\u2010\u2011\u2012\u2013\u2014"
_SAME = str.maketrans(dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_DASHES, "-"))

SHORT = 3
"""Names of fewer letters are offered only for names hardly longer."""


def clean(text: str) -> str:
    """Give text as it is kept: composed letters (NFC), single blanks, none at the ends."""
    return " ".join((text if text.isascii() else unicodedata.normalize("NFC", text)).split())


def same_name(text: str) -> str:
    """Give what two spellings of one name have in common: case, dashes, apostrophes, blanks.

    >>> same_name("King\u2019s  Lynn") == same_name("king's lynn")
    True
    """
    return clean(text).translate(_SAME).replace(" - ", "-").casefold()


def unmangled(text: str) -> str:
    """Mend text that was UTF-8 but was read as Windows text once (T\u0177 as \u0054\u00c5\u00b7).

    >>> unmangled("Caf\u00c3\u00a9")
    'Caf\u00e9'
    """
    for encoding in ("cp1252", "latin-1"):
        try:
            mended = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return mended
    return text


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Give the name most like another.

    >>> nearest("Swafham", ["Swaffham", "Fakenham"])
    'Swaffham'
    """
    # One or two letters are found in almost any longer name.
    near = [one for one in sorted(names) if not _is_hidden(*sorted((len(name), len(one))))]
    found = process.extractOne(name, near, processor=same_name, score_cutoff=NEAREST_SCORE)
    return found[0] if found else None


def _is_hidden(shorter: int, longer: int) -> bool:
    return shorter < SHORT and 2 * shorter < longer
