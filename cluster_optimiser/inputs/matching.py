"""The school that a person means: by number, by postcode, or by its name as people write it."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rapidfuzz.distance import OSA

from cluster_optimiser.scenario.words import same_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

SAME = {
    "church of england": "ce", "c of e": "ce", "c e": "ce", "cofe": "ce", "coe": "ce",
    "roman catholic": "rc", "r c": "rc", "catholic": "rc",
    "voluntary controlled": "vc", "v c": "vc", "voluntary aided": "va", "v a": "va",
    "st": "saint", "sts": "saint", "saints": "saint", "ss": "saint",
    "jnr": "junior", "jun": "junior", "jr": "junior", "juniors": "junior",
    "inf": "infant", "infants": "infant", "nurs": "nursery", "pri": "primary", "prim": "primary",
    "sec": "secondary", "comp": "comprehensive", "comm": "community", "acad": "academy",
    "fed": "federation", "mt": "mount", "gt": "great", "lt": "little",
    "n": "north", "s": "south", "e": "east", "w": "west", "nth": "north", "sth": "south",
}  # fmt: skip
"""What people write for the same thing; longer phrases first. The page is told the same."""

PHASES = frozenset(
    ("infant", "junior", "primary", "first", "middle", "high", "secondary", "nursery", "upper")
)

GENERIC = PHASES | frozenset(
    (
        "a", "academy", "aided", "all", "and", "arts", "at", "ce", "centre", "church", "college",
        "community", "comprehensive", "controlled", "county", "endowed", "federation",
        "foundation", "free", "in", "methodist", "of", "partnership", "rc", "sch", "school",
        "schools", "special", "sports", "the", "through", "trust", "unit", "va", "vc", "voluntary",
    )
)  # fmt: skip
"""Words that tell of what kind a school is, not which it is."""

CHURCHES = frozenset(("ce", "methodist", "rc"))

RARE = frozenset(("centre", "methodist", "rc", "special", "unit"))
"""Words of kind that a school bears in its name, if it is of that kind at all."""

LEAST_LETTERS = 4
"""In a shorter word one wrong letter makes another word; two are forgiven in twice as many."""

LEAST_BEGUN = 5
"""A word may be left off after so many letters: Attleboro."""

_PHRASES = re.compile(
    r"\b(" + "|".join(sorted(map(re.escape, SAME), key=lambda p: (-len(p), p))) + r")\b"
)
_POSTCODE = re.compile(r"\b([a-z]{1,2}\d[a-z\d]?) ?(\d[a-z]{2})\b")
_URN, _LAESTAB = re.compile(r"\b\d{5,9}\b(?!/)"), re.compile(r"\b(\d{3})[/ ]?(\d{4})\b")


@dataclass(frozen=True, slots=True)
class Match:
    """Which schools may be meant, and how sure that is; only one that is sure may be counted."""

    sureness: Literal["sure", "likely", "several", "none"]
    urns: tuple[int, ...]
    how: str


def plain_words(text: str) -> list[str]:
    """Give the words of a name, abbreviations and spelling made one.

    >>> plain_words("St. Mary's C of E (VA) Jnr & Infants' School")
    ['saint', 'marys', 'ce', 'va', 'junior', 'and', 'infant', 'school']
    """
    folded = unicodedata.normalize("NFKD", text).casefold().replace("&", " and ")
    folded = "".join(c for c in folded if unicodedata.category(c) != "Mn")
    folded = re.sub(r"['\u2019\u02bc`]", "", folded)
    spaced = " ".join(re.sub(r"[\W_]+", " ", folded).split())
    return _PHRASES.sub(lambda found: SAME[found[1]], spaced).split()


def name_key(text: str) -> str:
    """Give what all spellings of one name have in common.

    >>> name_key("King's Lynn & St Mary") == name_key("King\u2019s Lynn and Saint Mary")
    True
    """
    return " ".join(plain_words(text)) or same_name(text)


def spelt_alike(written: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Find the one name that is meant by each that is there only in another spelling."""
    known = list(names)
    by_key: defaultdict[str, list[str]] = defaultdict(list)
    for name in known:
        by_key[name_key(name)].append(name)
    found = {text: by_key[name_key(text)] for text in sorted(set(written) - set(known))}
    return {text: meant[0] for text, meant in found.items() if len(meant) == 1}


class SchoolNames:
    """Finds schools of a register; ``spare`` are words that people add, such as the county's."""

    def __init__(self, schools: pd.DataFrame, spare: Iterable[str] = ()) -> None:
        urns = schools.index.tolist()
        self.urns = set(urns)
        self.spare = {word for text in spare for word in plain_words(text)}
        named = zip(urns, schools["name"].astype(str), strict=True)
        self.words = {urn: plain_words(name) for urn, name in named}
        self.telling = {urn: frozenset(w) - GENERIC for urn, w in self.words.items()}
        self.by_telling: defaultdict[frozenset[str], list[int]] = defaultdict(list)
        for urn, telling in self.telling.items():
            self.by_telling[telling].append(urn)
        # A name without a letter or number is known by its signs alone.
        self.by_signs: defaultdict[str, list[int]] = defaultdict(list)
        for urn, name in zip(urns, schools["name"].astype(str), strict=True):
            self.by_signs[same_name(name)].append(urn)
        self.by_number: defaultdict[str, list[int]] = defaultdict(list)
        for column in ("postcode", "laestab"):
            values = schools[column].fillna("").astype(str) if column in schools else ()
            for urn, value in zip(urns, values, strict=False):
                self.by_number[re.sub(r"[^a-z0-9]", "", value.casefold())].append(urn)

    def find(self, written: str) -> Match:
        return self._by_number(written) or self._by_name(written)

    def _by_name(self, written: str) -> Match:
        words = plain_words(written)
        telling = frozenset(words) - GENERIC
        if not words and same_name(written):
            return self._told_apart(self.by_signs.get(same_name(written), []), words, "name")
        if not telling:
            # "The High School" may be the whole name of one.
            alike = [urn for urn, own in self.words.items() if own == words and words]
            if alike:
                return self._told_apart(alike, words, "name")
            return Match("none", (), "no word of it tells which school")
        exact = self.by_telling.get(telling, [])
        less = telling - self.spare
        exact = exact or (self.by_telling.get(less, []) if less else [])
        if exact:
            return self._told_apart(exact, words, "name")
        # A slip, a word left off, or words more or fewer: to be confirmed.
        words = [_kind_meant(word) if word in less else word for word in words]
        meant = (frozenset(words) - GENERIC - self.spare) or telling
        near = [urn for urn, own in self.telling.items() if _is_near(meant, own)]
        found = self._told_apart(near, words, "a name much like it")
        return Match("likely", found.urns, found.how) if found.sureness == "sure" else found

    def _by_number(self, written: str) -> Match | None:
        text = written.strip().casefold().removesuffix(".0")
        said = [int(number) for number in _URN.findall(text) if int(number) in self.urns]
        if said:
            return self._by_urns(tuple(dict.fromkeys(said)), _URN.sub(" ", text))
        for found in (_LAESTAB.search(text), _POSTCODE.search(text)):
            at = self.by_number.get("".join(found.groups()), []) if found else []
            if len(at) == 1 and (found and found[0] == text):
                return Match("sure", tuple(at), "number")
            if len(at) > 1 and (found and found[0] == text):
                return Match("several", tuple(at), "several schools have this postcode")
        if re.fullmatch(r"[0-9/ ]+", text):
            return Match("none", (), f"no school has the number {written.strip()}")
        return None

    def _by_urns(self, urns: tuple[int, ...], beside: str) -> Match:
        """Believe a URN, unless another stands beside it, or the name of another school."""
        if len(urns) > 1:
            return Match("several", urns, "several schools have these numbers")
        named = self._by_name(beside).urns
        if named and not set(urns) <= set(named):
            return Match("several", (*urns, *named), "a number and the name of another")
        return Match("sure", urns, "urn")

    def _told_apart(self, urns: list[int], words: list[str], how: str) -> Match:
        """Let phase, then the other words of kind, break a tie between schools of one name."""
        kinds = set(words) & GENERIC
        phases = kinds & PHASES
        left = [urn for urn in urns if not phases or phases <= set(self.words[urn])]
        if urns and not left:
            how = "a school of the name, but of another phase"
            return Match("likely" if len(urns) == 1 else "several", tuple(urns), how)
        if len(left) > 1:
            narrowed = [urn for urn in left if kinds - {"school"} <= set(self.words[urn])]
            left = narrowed or left
        if len(left) > 1:
            exact = [urn for urn in left if self.words[urn] == words]
            left = exact or left
        if not left:
            return Match("none", (), "no school is called so or much like it")
        if len(left) > 1:
            return Match("several", tuple(left), "several schools may be meant")
        if not kinds and self.words[left[0]] != words:
            # Of a place alone nobody knows whether a school is meant.
            return Match("likely", tuple(left), "its place alone")
        if _is_otherwise(kinds, set(self.words[left[0]])):
            return Match("likely", tuple(left), "a school of the name, but of another kind")
        return Match("sure", tuple(left), how)


def _is_otherwise(written: set[str], own: set[str]) -> bool:
    """Tell whether a name says of what church or kind a school is, and it is of another."""
    return not written & RARE <= own or bool(written & CHURCHES and own & CHURCHES - written)


def _kind_meant(word: str) -> str:
    """Give the word of kind that differs by a slip, or the word."""
    return next((kind for kind in sorted(GENERIC) if _is_slip(word, kind)), word)


def _is_near(written: frozenset[str], own: frozenset[str]) -> bool:
    """Tell whether names differ by a slip in one word, or one has all words of the other."""
    if not own:
        return False
    if written < own or own < written or written == own:
        return True
    ours, theirs = sorted(written - own), sorted(own - written)
    if len(ours) != 1 or len(theirs) != 1:
        return False
    is_begun = len(ours[0]) >= LEAST_BEGUN and theirs[0].startswith(ours[0])
    return is_begun or _is_slip(ours[0], theirs[0])


def _is_slip(one: str, other: str) -> bool:
    most = min(len(one), len(other)) // LEAST_LETTERS
    return OSA.distance(one, other, score_cutoff=min(most, 2)) <= min(most, 2)
