"""Principle by principle: what each option keeps, how far, and with which exceptions."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import pandas as pd

from cluster_optimiser.geography.alignment import binding_homes
from cluster_optimiser.geography.territory import cut_off
from cluster_optimiser.present.tables import made_from
from cluster_optimiser.rules import BOUNDS, LAYER, OF_ONE, QUOTAS, Bound, Rule, bounding
from cluster_optimiser.words import exact, is_unknown, joined, number, one_decimal, percent, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cluster_optimiser.domain import Result

    _Judge = tuple[str, Callable[[Result], "Finding"], dict[str, str]]

Verdict = Literal["met", "partly", "unmet", "info"]

MOST_NAMED = 3
"""Clusters that are named in a cell of the table; more are counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict
    text: str  # the finding in a few words and numbers
    value: str = field(default="", compare=False)  # its number, where the row says of what


@dataclass(frozen=True, slots=True)
class Principle:
    name: str  # the principle in words
    findings: tuple[Finding, ...]  # one for each result, in their order
    question: str  # what to discuss beside the evidence
    key: str  # of its words
    unit: str  # what the numbers of its findings count, by the rules of the first result


def today_at(results: Sequence[Result]) -> int:
    """Give the option that leaves everything as it is, or -1."""
    kept = (i for i, r in enumerate(results) if r.problem.scenario.method == "keep")
    return next(kept, -1)


@functools.lru_cache(maxsize=128)
def own_clusters(result: Result) -> pd.DataFrame:
    """Give the clusters that are not exempt; what is given is shared, and not to be altered."""
    clusters = result.score.clusters
    # A plain frame: geometry is not needed, and choosing rows of it is slow.
    plain = pd.DataFrame({name: clusters[name] for name in clusters.columns if name != "geometry"})
    return plain[~plain["is_exempt"].astype(bool)]


def mean_minutes(result: Result) -> float | None:
    """Give the average minutes of all pupils in clusters, or None where they are not known."""
    clusters = own_clusters(result)
    pupils, minutes = list(clusters["pupils"]), list(clusters["mean_minutes"])
    total = sum(map(int, pupils))
    if not total or any(map(is_unknown, minutes)):
        return None
    return sum(float(m) * int(n) for m, n in zip(minutes, pupils, strict=True)) / total


def longest_minutes(result: Result) -> float | None:
    """Give the longest way of all pupils in clusters, or None where one is not known."""
    minutes = own_clusters(result)["max_minutes"]
    return None if minutes.empty or any(map(is_unknown, minutes)) else float(minutes.max())


def _say(key: str, **values: object) -> str:
    text: str = words()["principles_words"][key]
    return text.format(**values)


def _breaks(result: Result, rule: str) -> bool:
    return any(violation.rule == rule for violation in result.violations)


def _named(parts: list[str]) -> str:
    """Name a few things after a colon, or nothing where they are many."""
    return f": {joined(parts)}" if len(parts) <= MOST_NAMED else ""


def _count(result: Result) -> Finding:
    n, asked = len(own_clusters(result)), result.problem.scenario.count
    text = _say(f"count_{asked.asks}", n=n, **dict(asked))
    if asked.asks == "any":
        return Finding("info", text, number(n))
    beyond = asked.beyond(n)
    if not beyond:
        return Finding("met", text, number(n))
    by = _say("too_few" if beyond < 0 else "too_many", n=abs(beyond))
    return Finding("unmet", f"{text}, {by}", number(n))


def _pupils(rule: Rule, bound: Bound, result: Result) -> Finding:
    """Say which clusters are beyond a limit of pupils, and by how much."""
    limit, clusters = result.problem.scenario.limit(rule), own_clusters(result)
    if limit is None:
        return Finding("info", _say("no_limit"))
    held, kind = clusters[bound.number], "under" if bound.is_least else "over"
    beyond = abs(held[~bound.kept(held, limit)] - limit)
    if beyond.empty:
        return Finding("met", _say(f"none_{kind}", limit=number(limit)), number(0))
    text = _say(kind, n=len(beyond), limit=number(limit))
    by = beyond.sort_values(ascending=False, kind="stable")
    if len(by) <= MOST_NAMED:
        names = clusters["cluster"].loc[by.index]
        text += _named(
            [_say("by", name=name, by=number(n)) for name, n in zip(names, by, strict=True)]
        )
    else:
        text += f", {_say('furthest', by=number(by.iloc[0]))}"
    return Finding("unmet" if _breaks(result, rule.name) else "partly", text, number(len(by)))


def _average(result: Result) -> Finding:
    clusters = own_clusters(result)
    mean = clusters["pupils"].sum() / max(1, len(clusters))
    size = result.problem.scenario.size
    if size.target_pupils is None and size.asks in {"min", "any"}:
        return Finding("info", number(mean), number(mean))
    return Finding(
        "info", _say("average", n=number(mean), target=number(size.target)), number(mean)
    )


def misaligned(result: Result, layer: str) -> tuple[int, int]:
    """Give the pupils outside their cluster's main area, and all pupils, exempt ones left out."""
    clusters = own_clusters(result)
    return int(clusters[f"misaligned_{layer}_pupils"].sum()), int(clusters["pupils"].sum())


def _layer(layer: str) -> Callable[[Result], Finding]:
    def finding(result: Result) -> Finding:
        n, total = misaligned(result, layer)
        is_required = layer in binding_homes(result.problem)
        pct = percent(n, total)
        if is_required and not _breaks(result, OF_ONE[LAYER].of(layer)):
            key = "layer_rule" if n else "layer_none"
            return Finding("met", _say(key, n=number(n), pct=pct), pct)
        text = _say("layer", n=number(n), pct=pct) if n else _say("layer_none")
        return Finding("unmet" if is_required else "info", text, pct)

    return finding


def _whole(result: Result) -> Finding:
    divided = {name for parts in made_from(result).values() for name, whole in parts if not whole}
    if divided:
        text = _say("divided", n=len(divided)) + _named(sorted(divided))
        return Finding("unmet", text, number(len(divided)))
    return Finding("met", _say("whole"), number(0))


def _contiguous(result: Result) -> Finding:
    clusters = own_clusters(result)
    names = list(clusters.loc[~clusters["is_contiguous"].astype(bool), "cluster"])
    parted = _parted(result)
    if not names and parted:
        text = _say("parted", n=len(parted)) + _named(parted)
        return Finding("partly", text, number(len(parted)))
    if not names:
        return Finding("met", _say("contiguous"), number(0))
    text = _say("scattered", n=len(names)) + _named(names)
    return Finding("unmet", text, number(len(names)))


def _parted(result: Result) -> list[str]:
    """Name the clusters that hold one of today's, counted as one piece, which another parts."""
    shapes = result.score.clusters.set_index("cluster").geometry
    own = own_clusters(result)["cluster"]
    schools, cluster_of = result.problem.authority.schools.geometry, result.plan.assignment
    return cut_off(shapes.loc[own], schools, cluster_of.reindex(schools.index))


def _quota(rule: Rule, bound: Bound, result: Result) -> Finding:
    """Judge a number of schools; where none is asked, tell of one that is needed, or of most."""
    limit, clusters = result.problem.scenario.limit(rule), own_clusters(result)
    if limit is None and not bound.is_least:
        most = int(clusters[bound.number].max())
        return Finding("info", _say(f"{rule.key}_free", n=most), number(most))
    kept = bound.kept(clusters[bound.number], limit or 1)
    names = list(clusters.loc[~kept, "cluster"])
    if not names:
        return Finding("met", _say(rule.key, limit=limit), number(0))
    text = _say(f"{rule.key}_broken", n=len(names), limit=limit) + _named(names)
    return Finding("unmet" if limit else "info", text, number(len(names)))


def _longest(rule: Rule, _bound: Bound, result: Result) -> Finding:
    longest, limit = longest_minutes(result), result.problem.scenario.limit(rule)
    if longest is None:
        return Finding("unmet" if limit else "info", _say("unknown"))
    if limit is None:
        return Finding("info", _say("longest", n=one_decimal(longest)), one_decimal(longest))
    text = _say("longest_limit", n=one_decimal(longest), limit=exact(limit))
    if longest > limit:
        text += f", {_say('too_long', by=one_decimal(longest - limit))}"
    verdict: Verdict = "unmet" if _breaks(result, rule.name) else "met"
    return Finding(verdict, text, one_decimal(longest))


_JUDGES = {"pupils": _pupils, "max_minutes": _longest}
"""How a plan is judged by a rule that bounds a number of clusters; others count schools."""


def _exempt(result: Result) -> Finding:
    clusters = result.score.clusters
    exempt = clusters[clusters["is_exempt"].astype(bool)]
    if exempt.empty:
        return Finding("info", _say("exempt_none"))
    verdict: Verdict = "unmet" if _breaks(result, "exempt") else "met"
    text = _say("exempt", n=len(exempt), schools=int(exempt["n_schools"].sum()))
    return Finding(verdict, text, number(len(exempt)))


def _unit(key: str, result: Result) -> str:
    """Say what the numbers of a row count, and what a scenario asks of them."""
    scenario, say = result.problem.scenario, words()["principles_units"]
    if key == "count":
        return str(say[f"count_{scenario.count.asks}"]).format(**dict(scenario.count))
    limits = {rule.key: scenario.limit(rule) for rule, _ in BOUNDS}
    limit = limits.get(key)
    key = f"{key}_free" if key in limits and limit is None else key
    said = exact(limit) if isinstance(limit, float) else number(limit)
    return str(say.get(key, "")).format(limit=said)


def principles(results: Sequence[Result], stated: Sequence[Result] = ()) -> list[Principle]:
    """Judge every plan by every principle; of numbers of schools by those that some have stated."""
    layers = results[0].problem.authority.layers
    asked = {one.rule for r in (*results, *stated) for one in r.problem.scenario.quotas}
    quotas = [(rule, quota) for rule, quota in QUOTAS if quota.is_least or rule.name in asked]

    def bounded(rules: Iterable[tuple[Rule, Bound]]) -> Iterator[_Judge]:
        for rule, bound in rules:
            judge = _JUDGES.get(bound.number, _quota)
            yield rule.key, functools.partial(judge, rule, bound), {}

    judges: list[_Judge] = [
        ("count", _count, {}),
        *bounded(bounding("pupils")),
        ("average", _average, {}),
        *(
            ("layer", _layer(name), {"layer": lower_first(layer.title)})
            for name, layer in layers.items()
        ),
        ("whole", _whole, {}),
        ("contiguous", _contiguous, {}),
        *bounded(quotas),
        *bounded(bounding("max_minutes")),
        ("exempt", _exempt, {}),
    ]
    names, questions = words()["principles_names"], words()["questions"]
    return [
        Principle(
            names[key].format(**values),
            tuple(judge(result) for result in results),
            questions[key].format(**values),
            key,
            _unit(key, results[0]),
        )
        for key, judge, values in judges
    ]


def lower_first(title: str) -> str:
    """Give a title as it stands within a sentence; names and abbreviations keep their capitals.

    >>> [lower_first(title) for title in ("Districts", "GP consortia", "City Services areas")]
    ['districts', 'GP consortia', 'City Services areas']
    """
    first, _, rest = title.partition(" ")
    is_name = not first[1:].islower() or any(word[:1].isupper() for word in rest.split())
    return title if is_name else title[:1].lower() + title[1:]
