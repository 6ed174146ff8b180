"""The first screen: why anything should change, and the options in families."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cluster_optimiser.present.options import knows_pupils, strip, strip_domain
from cluster_optimiser.present.principles import own_clusters, today_at
from cluster_optimiser.present.words import least, number, say, words
from cluster_optimiser.scenario.numbers import MOST_PUPILS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_optimiser.domain import Result
    from cluster_optimiser.present.theme import Theme


def why_view(results: Sequence[Result]) -> dict[str, Any]:
    """Say in one sentence how today's clusters stand to the size that the principles ask for."""
    at = today_at(results)
    shown = [result for result in results if not own_clusters(result).empty]
    if at < 0 or results[at] not in shown:
        return {"sentence": say("first.why_unknown", len(results)), "strip": None}
    today = results[at]
    pupils, size = own_clusters(today)["pupils"], today.problem.scenario.size
    under = int((pupils < size.min_pupils).sum())
    over = int((pupils > size.max_pupils).sum())
    values: dict[str, Any] = {
        "all": len(pupils),
        "outside": under + over,
        "under": under,
        "over": over,
        "low": size.min_pupils,
        "high": size.max_pupils,
        "smallest": least(pupils.min(), is_known=knows_pupils(today)),
        "largest": int(pupils.max()),
    }
    is_sized = size.min_pupils > 0 or size.max_pupils < MOST_PUPILS
    key = "why_both" if under and over else "why_under" if under else "why_over"
    key = "why_unsized" if not is_sized else key if under + over else "why_none"
    unsized = "" if is_sized else "_unsized"
    return {
        "sentence": say(f"first.{key}", under or over, **values),
        "strip": strip(today, strip_domain([today])),
        "label": say(f"first.why_chart{unsized}", **values),
        "key": say(f"first.why_key{unsized}", **values),
    }


def families_view(options: Sequence[Mapping[str, Any]], theme: Theme) -> list[dict[str, Any]]:
    """Put versions of one option together: those whose labels begin with the same number."""
    found: dict[str, list[int]] = {}
    for i, option in enumerate(options):
        head = re.match(r"\d+", option["label"])
        found.setdefault(head[0] if head else option["label"], []).append(i)
    return [
        {"title": theme.families.get(key) or _family_title(options, own, key), "options": own}
        for key, own in found.items()
    ]


def _family_title(options: Sequence[Mapping[str, Any]], own: Sequence[int], key: str) -> str:
    if len(own) == 1:
        return str(options[own[0]]["title"])
    return str(words()["first"]["family"].format(label=key, n=number(len(own))))
