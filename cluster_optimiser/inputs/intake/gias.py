"""The words of Get Information About Schools, and what they mean here: see `registers.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from cluster_optimiser.constants import PHASES
from cluster_optimiser.inputs.checking import Problem, number_of
from cluster_optimiser.inputs.register import PHASE_WORDS, WORDS

COLUMNS: dict[str, tuple[str, ...]] = {name: tuple(n) for name, n in WORDS["columns"].items()}
NEEDED_WORDS: dict[str, str] = WORDS["needed"]
UNTOLD: dict[str, str] = WORDS["untold"]
STATUSES: dict[str, str] = WORDS["statuses"]
KIND_OF_TYPE: dict[str, str] = {
    word.lower(): kind for kind, words in WORDS["kinds"].items() for word in words
}
KIND_OF_GROUP: dict[str, str] = WORDS["groups"]
LEFT_OUT: dict[str, str] = WORDS["left_out"]
PHASE_CODES: dict[str, str] = WORDS["phases"]
WELSH = frozenset(map(str, range(WORDS["wales"]["first"], WORDS["wales"]["last"] + 1)))
"""Codes of authorities where a school for all ages is called a middle school."""
SIXTEEN_PLUS = frozenset({"16 plus", "16-plus", "post 16", "sixth form"})
NO_PHASE = frozenset({"", "0", "not applicable", "n/a", "na", "none", "not recorded"})

POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class PhaseRead:
    """The phase of a school, and what it was read from."""

    phase: str  # one of our phases, "16 plus", or empty where it cannot be told
    guessed_from: str = ""  # empty where the file says it; else in words what it was guessed from


def plain(name: str) -> str:
    """Give a column's name without case, blanks and brackets.

    >>> plain("PhaseOfEducation (name)") == plain("phaseofeducation_name")
    True
    """
    return re.sub(r"[^a-z0-9%]", "", name.lower())


def postcode_of(text: str) -> str:
    """Give a postcode without blanks, in capitals; empty where the text is none.

    >>> postcode_of(" nr1 3dx ")
    'NR13DX'
    >>> postcode_of("not known")
    ''
    """
    code = re.sub(r"\s", "", text).upper()
    return code if POSTCODE.fullmatch(code) else ""


_SERIAL_START = date(1899, 12, 30)


def iso_day(text: str) -> str:
    """Give a date of the register as ISO; a bare number is a spreadsheet's count of days.

    >>> iso_day("31-08-2024"), iso_day("31-02-2024"), iso_day("45535"), iso_day("2024-08-31")
    ('2024-08-31', '', '2024-08-31', '2024-08-31')
    """
    if re.fullmatch(r"[1-6]\d{4}(\.0+)?", text):
        return (_SERIAL_START + timedelta(days=int(float(text)))).isoformat()
    text = re.sub(r"^(\d{4})-(\d\d)-(\d\d)$", r"\3-\2-\1", text)
    found = re.fullmatch(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", text)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat() if found else ""
    except ValueError:
        return ""


def kind_of(type_name: str, group: str) -> str:
    # The apostrophe of "children's" is curly in some extracts.
    words = [text.lower().replace("\u2019", "'") for text in (type_name, group)]
    if words[0] in KIND_OF_TYPE:
        return KIND_OF_TYPE[words[0]]
    return KIND_OF_GROUP.get(words[1], "school")


def age_of(text: str) -> int | None:
    value = number_of(text)
    oldest = 25
    if isinstance(value, Problem) or not value.is_integer() or not 0 <= value <= oldest:
        return None
    return int(value)


def is_phase(word: str) -> bool:
    return word.lower() in {*PHASES, *PHASE_WORDS}


def phase_of(
    phase: str, kind: str, ages: tuple[int | None, int | None], name: str, *, la_code: str = ""
) -> PhaseRead:
    if kind in {"special", "pru", "nursery"}:
        return PhaseRead(kind)
    if kind == "non-maintained":
        return PhaseRead("special")
    word = phase.lower()
    word = PHASE_CODES.get(word, PHASE_WORDS.get(word, word))
    word = "16 plus" if word in SIXTEEN_PLUS else word
    why = "" if word in NO_PHASE else f' (the file says "{phase}")'
    low, high = ages
    is_aged = low is not None and high is not None and low < high
    by_age = _phase_of_ages(low or 0, high or 0) if is_aged else ""
    if word == "middle" and not is_aged and la_code.removesuffix(".0") in WELSH:
        return PhaseRead("all-through", f"its place in Wales{why}")
    if word in {*PHASES, "16 plus"} and (word, by_age) != ("middle", "all-through"):
        return PhaseRead(word)
    if is_aged:
        return PhaseRead(by_age, f"ages {low} to {high}{why}")
    said = _phase_of_name(name)
    return PhaseRead(said, f"the name{why}" if said else "")


def _phase_of_ages(low: int, high: int) -> str:
    starts = [  # lowest age at least, highest age at least -> phase; the first that fits
        (16, 0, "16 plus"),
        (11, 0, "secondary"),
        (8, 15, "secondary"),
        (8, 12, "middle"),
        (0, 15, "all-through"),
        (0, 6, "primary"),
    ]
    return next((name for a, b, name in starts if low >= a and high >= b), "nursery")


def _phase_of_name(name: str) -> str:
    words = name.lower()
    said = [
        ("nursery", "nursery"),
        ("primary", "primary"),
        ("infant", "primary"),
        ("junior", "primary"),
        ("first school", "primary"),
        ("middle", "middle"),
        ("high school", "secondary"),
        ("secondary", "secondary"),
        ("grammar", "secondary"),
    ]
    return next((phase for word, phase in said if word in words), "")
