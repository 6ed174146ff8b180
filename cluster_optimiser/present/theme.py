"""How the page looks for one council: its name, colours, contact and licence line."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cluster_optimiser.constants import THEME_FILE
from cluster_optimiser.inputs.checking import read_toml
from cluster_optimiser.words import AREAS, DEFAULT, MADE, language, languages, speaking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from cluster_optimiser.domain import Authority, Result
    from cluster_optimiser.scenario import Scenario


LEAST_CONTRAST = 4.5
"""Of white text on the council's colour (Web Content Accessibility Guidelines 2.2, AA)."""


def _luminance(colour: str) -> float:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]  # noqa: PLR2004 - sRGB
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours.

    (L1 + 0.05) / (L2 + 0.05) of their relative luminances, the lighter first (WCAG 2.2).

    >>> round(contrast("#ffffff", "#000000"), 1)
    21.0
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Texts(BaseModel):
    """What a council says in its own words; every key can be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    council: str = ""
    """Name that stands above the title."""
    title: str = ""
    """Title of the page; by default the authority's name says what it is of."""
    asks: str = ""
    """What is asked of readers, in one sentence."""
    notice: str = ""
    """What must be known at once, such as that the consultation is over."""
    questions: tuple[str, ...] = ()
    """Questions of the consultation; each is answered in words."""
    next: str = ""
    """What happens with the replies."""
    privacy: str = ""
    """What is done with names and comments."""
    families: dict[str, str] = Field(default_factory=dict)
    """Title of each family of options, by the number that their labels begin with."""
    contact: str = ""
    """Whom to ask: a line of text."""
    licence: str = ""
    """A line about the page's own licence, printed with the sources."""


KEYS = set(Texts.model_fields)


class Translation(Texts):
    """What a council says in another language than its own."""

    titles: dict[str, str] = Field(default_factory=dict)
    """Titles of options, by their labels."""
    descriptions: dict[str, str] = Field(default_factory=dict)
    """What each option does, by its label."""
    layers: dict[str, str] = Field(default_factory=dict)
    """Titles of layers, by their names in scenarios."""


class Theme(Texts):
    """What a council may set; every key of the file can be left out."""

    colour: str = "#17566b"
    """Colour of the head and of links, as #rrggbb; white text on it must be readable."""
    closes: dt.date | None = None
    """Last day for replies, as 2026-12-18."""
    reply_to: str = ""
    """Address that replies are e-mailed to."""

    language: str = DEFAULT
    """Language of every word that the program writes: the name of a file of `words`, as en."""
    languages: tuple[str, ...] = ()
    """Languages of the page, which has a page beside it for each but its own, and links to them."""
    translations: dict[str, Translation] = Field(default_factory=dict)
    """The council's own words in each of the other languages."""

    @field_validator("language", "languages")
    @classmethod
    def _spoken(cls, named: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for one in [named] if isinstance(named, str) else named:
            if one not in languages():
                raise ValueError(f'language "{one}" is not one of {", ".join(languages())}')
        return named

    @model_validator(mode="after")
    def _translated(self) -> Self:
        said = self.model_fields_set & (Texts.model_fields.keys() - {"council", "contact"})
        for name in self.others:
            lacking = said - self._said_in(name).model_fields_set
            if lacking:
                raise ValueError(f"[translations.{name}] lacks {', '.join(sorted(lacking))}")
        return self

    @property
    def others(self) -> tuple[str, ...]:
        """The languages of the pages beside this one."""
        return tuple(one for one in dict.fromkeys(self.languages) if one != self.language)

    def _said_in(self, name: str) -> Translation:
        return self.translations.get(name, Translation())

    def called(self, scenario: Scenario, name: str) -> dict[str, str]:
        """Say what an option is called and does in a language, and which it is in if not that."""
        said, own = self._said_in(name), language(self.language).tag
        found = {
            "title": (said.titles, scenario.short_title),
            "text": (said.descriptions, scenario.description),
        }
        texts = {key: told.get(scenario.option, text) for key, (told, text) in found.items()}
        tongues = {
            f"{key}_lang": "" if name == self.language or scenario.option in told else own
            for key, (told, _) in found.items()
        }
        return texts | tongues

    def results_in(self, results: Sequence[Result], name: str) -> list[Result]:
        """Give results whose layers are called as in a language."""
        said = self._said_in(name).layers
        if not said:
            return list(results)
        authority = results[0].problem.authority
        layers = {
            key: replace(layer, title=said.get(key, layer.title))
            for key, layer in authority.layers.items()
        }
        own = replace(authority, layers=layers)
        return [replace(one, problem=replace(one.problem, authority=own)) for one in results]

    def spoken_in(self, name: str) -> Theme:
        """Give the same look with the council's words in another language."""
        if name == self.language:
            return self
        words = self._said_in(name).model_dump(include=KEYS, exclude_unset=True)
        return self.model_copy(update={**words, "language": name})

    @field_validator("colour")
    @classmethod
    def _readable(cls, colour: str) -> str:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            raise ValueError(f'colour "{colour}" is not of the form #rrggbb')
        found = contrast(colour, "#ffffff")
        if found < LEAST_CONTRAST:
            raise ValueError(f"white text on {colour} has a contrast of {found:.1f}, under 4.5")
        return colour


def load_theme(path: Path) -> Theme:
    """Read a theme."""
    file = path / THEME_FILE if path.is_dir() else path
    if path.is_dir() and not file.is_file():
        return Theme()
    known = ", ".join(Theme.model_fields)
    remedy = f"A theme has the keys {known}; a colour is dark enough for white text."
    return read_toml(file, Theme, what="the theme", remedy=remedy)


def groups_of(authority: Authority) -> str:
    """Give the section of words for what stands in place of clusters of today, if anything does."""
    return AREAS if authority.has_areas else MADE if authority.is_made else ""


def speaking_for(authority: Authority) -> AbstractContextManager[None]:
    """Speak the language that an authority's theme asks for."""
    return speaking(load_theme(authority.folder).language, groups=groups_of(authority))


def speaking_of(record: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Speak the language that a page was gathered in."""
    return speaking(record["theme"]["language"], groups=record.get("groups", ""))
