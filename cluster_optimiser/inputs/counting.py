"""The rules by which replies are counted, which a council may set and must state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from cluster_optimiser.inputs.checking import read_toml

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["school", "governor", "parent", "other"]
KINDS: tuple[Kind, ...] = ("school", "governor", "parent", "other")
"""Kinds of respondents; only replies of schools are counted by school."""

_WRITTEN: dict[str, Kind] = {
    "school": "school", "the school": "school", "head": "school", "headteacher": "school",
    "head teacher": "school", "principal": "school",
    "governor": "governor", "governors": "governor", "a governor": "governor",
    "governing body": "governor", "chair of governors": "governor", "trustee": "governor",
    "parent": "parent", "parents": "parent", "carer": "parent", "parent or carer": "parent",
    "a parent or carer": "parent", "parent/carer": "parent",
}  # fmt: skip


class CountRules(BaseModel):
    """How replies are counted; what is left out is as it stands here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stands: Literal["last", "first"] = "last"
    """Which of a school's own replies stands, by their dates where all have one, else by rows."""
    unstated: Kind = "school"
    """What a reply counts as that does not say who replies."""
    same_text: Literal["once", "each"] = "once"
    """Whether replies of others than schools with one comment, school and option count once."""
    leading_replies: int = Field(default=3, ge=1)
    """Fewest schools of a place that must have replied before an option is called leading there."""
    leading_share: float = Field(default=0.25, ge=0, le=1)
    """Least share of the schools of a place that must have replied before one is."""

    def kind_of(self, written: str) -> Kind:
        """Tell what kind of respondent is meant."""
        plain = " ".join(written.casefold().split())
        return _WRITTEN.get(plain, "other") if plain else self.unstated


def load_rules(path: Path) -> CountRules:
    """Read the rules of a count."""
    remedy = f"It has the keys {', '.join(CountRules.model_fields)}."
    return read_toml(path, CountRules, what="it", remedy=remedy)
