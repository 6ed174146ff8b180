"""What is said of one option: what it does, what it costs, where it stands, what is exceptional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.present.words import joined, number, one_decimal, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from cluster_optimiser.present.report.folder import Folder, Option

VERDICTS = {
    "met": "kept",
    "partly": "kept, with named exceptions",
    "unmet": "not kept",
    "info": "no rule",
}
"""Words for a finding."""

MOST_LISTED = 5
"""So many exceptions without a reason are listed one by one, more in one line."""

MOST_VIOLATIONS = 8
"""So many broken rules are listed, then counted."""


def what_it_does(option: Option) -> str:
    """Say what an option does."""
    m = option.metrics
    return (
        f"{option.manifest['description']} There are {number(m['n_clusters'])} clusters of "
        f"{number(m['smallest_pupils'])} to {number(m['largest_pupils'])} pupils, "
        f"{number(m['mean_pupils'])} on average."
    ).strip()


def _against_today(folder: Folder, option: Option, metric: str, say: object = None) -> str:
    """Give today's figure in brackets, where there is one and it is another option's."""
    today = folder.today
    if today is None or today is option or today.metrics.get(metric) is None:
        return ""
    shown = (
        one_decimal(today.metrics[metric]) if say == "minutes" else number(today.metrics[metric])
    )
    return f" (today {shown})"


def costs(folder: Folder, option: Option, layers: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Say what an option costs in alignment, travel and disruption, beside today."""
    m = option.metrics
    for layer, words in layers:
        key = f"misaligned_{layer}_pupils"
        yield (
            f"Alignment with the {words}: {number(m[key])} pupils "
            f"({percent(m[key], m['pupils'])}) go to a school outside the main area of their "
            f"cluster{_against_today(folder, option, key)}."
        )
    yield (
        f"Travel: {one_decimal(m['mean_minutes'])} minutes to the meeting place on average"
        f"{_against_today(folder, option, 'mean_minutes', 'minutes')}, "
        f"{one_decimal(m['max_minutes'])} from the school that is furthest away"
        f"{_against_today(folder, option, 'max_minutes', 'minutes')}."
    )
    if option is not folder.today:
        yield (
            f"Disruption: {number(m['changed_pupils'])} pupils "
            f"({percent(m['changed_pupils'], m['pupils'])}) are in a cluster that does not carry "
            "on their cluster of today."
        )


def standing(option: Option, layers: Mapping[str, str]) -> Iterator[str]:
    """Say where a plan stands among all legal plans."""
    proof = option.view["proof"]
    yield f"{proof['word']}. {proof['text']}"
    if option.view["stand"]:
        yield str(option.view["stand"])
    nested = option.manifest.get("proof", {}).get("n_nested_plans")
    if nested:
        yield f"It is the best of {number(nested)} plans of both levels together."
    universe = option.universe
    if universe is None or not universe.get("rank"):
        if option.manifest["scenario"]["method"] == "redraw":
            yield (
                "Plans drawn anew from single schools are too many to be counted, so its rank "
                "among them in single measures is not known."
            )
        elif option.manifest["status"] == "OPTIMAL":
            yield (
                "Where it stands in single measures among all legal plans was not worked out in "
                "this run."
            )
        return
    if universe["n_plans"] == 1:
        yield "It is the only legal plan: there is none to rank it among."
        return
    yield from _ranked(universe["rank"], layers)


def _ranked(rows: Sequence[Mapping[str, Any]], layers: Mapping[str, str]) -> Iterator[str]:
    for row in rows:
        better, equal, worse = (row.get(key) for key in ("n_better", "n_equal", "n_worse"))
        if row["metric"] == "order":
            continue
        words = measure_words(str(row["metric"]), layers)
        if better is None or equal is None or worse is None:
            if row.get("n_better_least") is not None:
                yield _between(row, words)
            continue
        if not better and not worse:
            yield f"By {words}: all {number(equal)} legal plans are equal."
            continue
        yield (
            f"By {words}: {number(better)} of {number(better + equal + worse)} legal "
            f"plans are better, {number(equal)} equal (itself counted), {number(worse)} worse."
        )


def _between(row: Mapping[str, Any], words: str) -> str:
    return (
        f"By {words}: between {number(row['n_better_least'])} and "
        f"{number(row['n_better_most'])} legal plans are better (bounds that are proved)."
    )


def measure_words(metric: str, layers: Mapping[str, str]) -> str:
    """Name a measure in plain words.

    Examples
    --------
    >>> measure_words("misaligned.gp_consortium", {"gp_consortium": "GP consortia"})
    'alignment with the GP consortia'
    """
    words = {
        "count": "number of clusters",
        "exceptions": "clusters under the minimum",
        "deviation": "distance from the target size",
        "pupil_minutes": "travel",
        "changed_pupils": "pupils whose cluster changes",
        "need_deviation": "need out of proportion to pupils",
        "misaligned": "alignment with all areas that are to be followed together",
    }
    layer = metric.partition(".")[2]
    return words.get(metric) or f"alignment with the {layers.get(layer, layer.replace('_', ' '))}"


def exceptional(option: Option) -> Iterator[str]:
    """Name what is outside the rules and why."""
    found = option.manifest["exceptions"]
    unexplained = [item for item in found if not item["reason"]]
    if len(unexplained) > MOST_LISTED:
        for kind in dict.fromkeys(str(item["kind"]) for item in unexplained):
            of_kind = [item["cluster"] for item in unexplained if item["kind"] == kind]
            yield (
                f"{number(len(of_kind))} clusters are {kind}, and no reason is stated for it: "
                f"{joined(of_kind)}."
            )
        found = [item for item in found if item["reason"]]
    for item in found:
        limit = item["limit_pupils"]
        beyond = f", {item['kind']} of {number(limit)}" if limit is not None else ""
        reason = item["reason"] or "No reason is stated in the scenario."
        yield f"{item['cluster']}: {number(item['pupils'])} pupils{beyond}. {reason}"
    violations = option.manifest["violations"]
    others = [v for v in violations if not v["rule"].startswith("size.")]
    if violations:
        yield (
            f"Measured by the principles of the other options it breaks {number(len(violations))} "
            "rules."
        )
    for violation in others[:MOST_VIOLATIONS]:
        who = "The plan" if violation["subject"] == "plan" else violation["subject"]
        yield f"{who}: {violation['detail']}."
    if len(others) > MOST_VIOLATIONS:
        yield f"And {number(len(others) - MOST_VIOLATIONS)} more, all in its manifest.json."
    if not option.manifest["exceptions"] and not violations:
        yield "Nothing: every cluster keeps every rule of the option."


def judged(folder: Folder, option: Option) -> tuple[tuple[str, ...], ...]:
    """Give the findings principle by principle, as the page has them."""
    at = folder.options.index(option)
    rows = []
    for principle in folder.record["principles"]:
        finding = principle["findings"][at]
        rows.append(
            (principle["name"], VERDICTS.get(finding["verdict"], "no rule"), finding["text"])
        )
    return tuple(rows)
