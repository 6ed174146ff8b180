"""The first screen: why anything should change, and the options in families."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cluster_optimiser.present.options import knows_pupils, strip, strip_domain
from cluster_optimiser.present.principles import own_clusters, today_at
from cluster_optimiser.present.words import least, number, words
from cluster_optimiser.scenario.numbers import MOST_PUPILS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_optimiser.domain import Result
    from cluster_optimiser.present.theme import Theme


def why_view(results: Sequence[Result]) -> dict[str, Any]:
    """Say in one sentence how today's clusters stand to the size that the principles ask for."""
    say, at = words()["first"], today_at(results)
    shown = [result for result in results if not own_clusters(result).empty]
    if at < 0 or results[at] not in shown:
        return {"sentence": say["why_unknown"].format(n_options=len(results)), "strip": None}
    today = results[at]
    pupils, size = own_clusters(today)["pupils"], today.problem.scenario.size
    under = int((pupils < size.min_pupils).sum())
    over = int((pupils > size.max_pupils).sum())
    values = {
        "n": number(len(pupils)),
        "outside": number(under + over),
        "under": number(under),
        "over": number(over),
        "low": number(size.min_pupils),
        "high": number(size.max_pupils),
        "smallest": least(pupils.min(), is_known=knows_pupils(today)),
        "largest": number(pupils.max()),
    }
    is_sized = size.min_pupils > 0 or size.max_pupils < MOST_PUPILS
    key = "why_both" if under and over else "why_under" if under else "why_over"
    return {
        "sentence": say[
            "why_unsized" if not is_sized else key if under + over else "why_none"
        ].format(**values),
        "strip": strip(today, strip_domain([today])),
        "label": say["why_chart" if is_sized else "why_chart_unsized"].format(**values),
        "key": say["why_key" if is_sized else "why_key_unsized"].format(**values),
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
