"""Every word that readers see, one file a language, and how that language writes numbers."""

from __future__ import annotations

import contextvars
import datetime as dt
import functools
import importlib.resources
import math
import string
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

UNKNOWN = "\u2013"
"""What stands for a value that is not known: a dash."""

DEFAULT = "en"
"""The language that every other one is held against."""

FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})
"""Plural forms of Unicode's CLDR; a key that has several holds one text for each."""

MADE = "made"
"""The section that stands in place of others where nobody knows the clusters of today."""

AREAS = "areas"
"""The section of what is said otherwise of areas where pupils live: first, under ``put``, what
stands there in place of words of `MADE`, then whole texts."""

_FILES = importlib.resources.files(__package__)


@dataclass(frozen=True, eq=False)
class Language:
    """A language: its tag, and its words by section and key."""

    tag: str  # BCP 47, as in lang="en-GB"
    words: Mapping[str, Any]

    @functools.cached_property
    def locale(self) -> Locale:
        """Its rules for plurals, numbers, lists and dates."""
        return Locale.parse(self.tag, sep="-")


def is_forms(entry: object) -> bool:
    """Tell whether an entry holds plural forms rather than further keys."""
    return isinstance(entry, dict) and "other" in entry and entry.keys() <= FORMS


def languages() -> tuple[str, ...]:
    """Name the languages there are: one for each file beside this one."""
    names = (file.name for file in _FILES.iterdir())
    return tuple(sorted(name[: -len(".toml")] for name in names if name.endswith(".toml")))


@functools.cache
def language(name: str = DEFAULT, *, groups: str = "") -> Language:
    """Read a language; with what it says of groups that are no clusters of today (`MADE`, `AREAS`).

    Of areas it is what is said of made groups in other words, as there are no clusters of today
    either.
    """
    words = tomllib.loads(_FILES.joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    said = words
    if groups:
        said = _over(words, words[MADE])
    if groups == AREAS:
        pairs = [pair.split(" = ") for pair in words[AREAS]["put"].split("; ")]
        said = _over(_over(words, _put(words[MADE], pairs)), words[AREAS])
    return Language(words["language"]["tag"], said)


def _put(entry: Any, pairs: Sequence[Sequence[str]]) -> Any:  # noqa: ANN401 - texts in tables
    if isinstance(entry, str):
        for old, new in pairs:
            entry = entry.replace(old, new)
        return entry
    return {key: _put(value, pairs) for key, value in entry.items()}


def _over(words: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Put texts of the same keys in place of others."""
    return {
        key: _over(value, other[key])
        if key in other and isinstance(other[key], dict) and not is_forms(value)
        else other.get(key, value)
        for key, value in words.items()
    }


_spoken: contextvars.ContextVar[Language | None] = contextvars.ContextVar("spoken", default=None)


def spoken() -> Language:
    return _spoken.get() or language()


@contextmanager
def speaking(chosen: str | Language, *, groups: str = "") -> Iterator[None]:
    """Speak a language while the block runs, of groups that are no clusters of today if so."""
    found = language(chosen, groups=groups) if isinstance(chosen, str) else chosen
    token = _spoken.set(found)
    try:
        yield
    finally:
        _spoken.reset(token)


def words() -> Mapping[str, Any]:
    """Give all words of the language that is spoken, by section."""
    return spoken().words


def entry(key: str) -> Any:  # noqa: ANN401 - a text, plural forms or a section
    """Look up what stands under a dotted key.

    >>> entry("columns.option")
    'Option'
    """
    found: Any = words()
    for part in key.split("."):
        if not isinstance(found, dict) or part not in found:
            message = f'{spoken().tag} has no words under "{key}"'
            raise KeyError(message)
        found = found[part]
    return found


def say(key: str, /, n: float | str | None = None, **values: object) -> str:
    """Say what stands under a key, in the plural form that ``n`` asks for.

    Whole numbers among the values are written as numbers, a `Decimal` with all its digits, other
    numbers to one decimal, lists as lists, None as a dash.

    >>> say("count.schools", 1), say("count.schools", 1200)
    ('1 school', '1,200 schools')
    """
    text = entry(key)
    if is_forms(text):
        if n is None or isinstance(n, str):
            message = f'"{key}" has plural forms: n must be given as a number'
            raise TypeError(message)
        text = text[spoken().locale.plural_form(n)]
    if not isinstance(text, str):
        message = f'"{key}" is a section, not a text'
        raise TypeError(message)
    if n is not None:
        values["n"] = n
    return text.format(**{name: written(value) for name, value in values.items()})


def written(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (list, tuple)):
        return joined([str(part) for part in value])
    if isinstance(value, (int, np.integer)):
        return number(value)
    if isinstance(value, Decimal):
        digits = -int(value.as_tuple().exponent)
        pattern = f"#,##0.{'0' * digits}" if digits > 0 else "#,##0"
        return str(format_decimal(value, format=pattern, locale=spoken().locale))
    return one_decimal(value)


def is_unknown(value: object) -> bool:
    """Tell whether a cell holds nothing: None, NaN or NA."""
    if value is None or value is pd.NA:
        return True
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))


def _decimal(value: object, digits: int) -> str:
    if is_unknown(value) or not isinstance(value, (int, float, np.integer, np.floating)):
        return UNKNOWN
    return _written(value, digits, spoken().locale)


WHOLE = 1e15
"""A number from which on there is no decimal to round."""

LARGE = 10**21
"""A number from which on its digits are not read: it is written as a power of ten."""

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@functools.lru_cache(maxsize=1 << 14)
def _written(value: float, digits: int, locale: Locale) -> str:
    if LARGE <= abs(value) < math.inf:
        power = len(str(abs(int(value)))) - 1
        leading = format_decimal(Decimal(int(value)).scaleb(-power), "0.00", locale=locale)
        return f"{leading} \u00d7 10{str(power).translate(_RAISED)}"
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return str(format_decimal(rounded(value, digits), format=pattern, locale=locale))


def rounded(value: float, digits: int) -> Decimal:
    """Round as people do what a table holds, halves up, and as browsers do.

    >>> rounded(31.15, 1), rounded(-0.04, 1), rounded(2.5, 0)
    (Decimal('31.2'), Decimal('0.0'), Decimal('3'))
    """
    if not abs(value) < WHOLE:
        return Decimal(value)
    return Decimal(str(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0


def number(value: object) -> str:
    """Write a whole number, or a dash where it is not known.

    >>> number(12345), number(None) == UNKNOWN
    ('12,345', True)
    """
    return _decimal(value, 0)


def one_decimal(value: object) -> str:
    """Write a number to one decimal, or a dash where it is not known.

    >>> one_decimal(7.25), one_decimal(float("nan")) == UNKNOWN
    ('7.3', True)
    """
    return _decimal(value, 1)


def two_decimals(value: object) -> str:
    """Write a number to two decimals, or a dash where it is not known."""
    return _decimal(value, 2)


def exact(value: float) -> str:
    """Write a number with the decimals that it has.

    >>> exact(40.0), exact(12345.125)
    ('40', '12,345.125')
    """
    if not abs(value) < WHOLE:
        return number(value)
    said = Decimal(f"{float(value):.15g}")  # 0.1 + 0.2 is 0.3
    locale = spoken().locale
    return str(format_decimal(said, "#,##0.#", locale=locale, decimal_quantization=False))


def percent(part: float, whole: float) -> str:
    """Write a share as a percentage: one decimal under 10 %, 0 only for nothing, 100 only for all.

    >>> percent(1, 8), percent(0, 8), percent(1, 5000), percent(8, 8)
    ('13%', '0%', 'under 0.1%', '100%')
    >>> percent(997, 1000), percent(4999, 5000), percent(994, 1000)
    ('99.7%', 'over 99.9%', '99%')
    """
    if not whole:
        return UNKNOWN
    pct = 100 * part / whole
    if part and pct < 0.05:  # noqa: PLR2004 - what would print as 0.0
        return say("numbers.tiny", share=share(0.001, 1))
    if part < whole and pct >= 99.95:  # noqa: PLR2004 - what would print as 100.0
        return say("numbers.nearly", share=share(0.999, 1))
    # What rounds to 10 has no decimal; what would round to 100 has one.
    has_decimal = pct < 9.95 if pct < 99.5 else part < whole  # noqa: PLR2004
    return share(pct / 100, int(bool(part) and has_decimal))


def share(value: object, digits: int = 1) -> str:
    """Write a share from 0 to 1 as a percentage, or a dash where it is not known."""
    if is_unknown(value) or not isinstance(value, (int, float, np.integer, np.floating)):
        return UNKNOWN
    locale = spoken().locale
    pattern = locale.percent_formats[None].pattern.replace("0%", f"0{'.' * bool(digits)}%")
    exact = rounded(float(value), digits + 2)
    pattern = pattern.replace("0.", "0." + "0" * digits)
    return str(format_percent(exact, format=pattern, locale=locale))


def pounds(value: object) -> str:
    """Write pounds with their pence, or a dash where they are not known.

    >>> pounds("-1234.5"), pounds("1000.00"), pounds("") == UNKNOWN
    ('-£1,234.50', '£1,000.00', True)
    """
    if is_unknown(value) or value == "":
        return UNKNOWN
    return str(format_currency(Decimal(str(value)), "GBP", locale=spoken().locale))


def long_date(iso: str) -> str:
    """Write an ISO date as people do; anything else is left as it is.

    >>> long_date("2019-01-17"), long_date("2019")
    ('17 January 2019', '2019')
    """
    try:
        date = dt.date.fromisoformat(iso)
    except ValueError:
        return iso
    return str(format_date(date, "long", locale=spoken().locale))


def joined(parts: Sequence[str]) -> str:
    """Write a list as people do.

    >>> joined(["Fen", "Ashby", "Elm"])
    'Fen, Ashby and Elm'
    """
    return str(format_list(list(parts), locale=spoken().locale))


def texts(section: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    """Walk the texts of a section by dotted key: each with its plural forms, or as "other"."""
    for key, value in section.items():
        name = f"{above}.{key}" if above else key
        if isinstance(value, str):
            yield name, {"other": value}
        elif is_forms(value):
            yield name, value
        else:
            yield from texts(value, name)


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def faults(name: str) -> list[str]:
    """Name every key of a language that is missing, unknown, or filled in otherwise."""
    other = language(name)
    ours, theirs = dict(texts(language().words)), dict(texts(other.words))
    found = [f"{key}: missing" for key in ours if key not in theirs]
    found += [f"{key}: unknown" for key in theirs if key not in ours]
    wanted = set(other.locale.plural_form.tags) | {"other"}
    for key in ours.keys() & theirs.keys():
        if blanks(theirs[key]["other"]) != blanks(ours[key]["other"]):
            found.append(f"{key}: {sorted(blanks(ours[key]['other']))} are to be filled in")
        if len(theirs[key]) > 1 and theirs[key].keys() != wanted:
            found.append(f"{key}: the plural forms are {sorted(wanted)}")
    return sorted(found)
