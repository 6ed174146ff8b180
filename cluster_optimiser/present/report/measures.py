"""What the paper holds options against each other by, and against today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cluster_optimiser.constants import MOST_PUPILS
from cluster_optimiser.words import joined, number, one_decimal, percent, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cluster_optimiser.present.report.folder import Option, ResultsFolder


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of a whole plan: the less of it, the better."""

    key: str  # its words, in report.measures and report.better
    of: Callable[[Option], float | None]
    write: Callable[[object], str]
    layer: str = ""  # name of the areas, in words

    @property
    def title(self) -> str:
        return say(f"report.measures.{self.key}", layer=self.layer)


def layer_words(folder: ResultsFolder) -> dict[str, str]:
    names = [k[len("home_") :] for k in folder.options[0].clusters[0] if k.startswith("home_")]
    return dict(zip(names, folder.record["authority"]["layer_words"], strict=True))


def preferred(folder: ResultsFolder) -> list[tuple[str, str]]:
    """Give the layers that some option prefers to follow, with their words."""
    words = layer_words(folder)
    asked = [option.manifest["scenario"]["alignment"] for option in folder.options]
    wanted = [layer for layer in words if any(one.get(layer) == "prefer" for one in asked)]
    return [(layer, words[layer]) for layer in wanted]


def _metric(name: str) -> Callable[[Option], float | None]:
    return lambda option: option.metrics.get(name)


def outside_range(folder: ResultsFolder) -> Callable[[Option], int | None]:
    """Give a count of pupils in clusters outside one range for all: that of the principles."""
    least, most = _range(folder)

    def count(option: Option) -> int | None:
        own = [int(row["pupils"]) for row in option.clusters if row["is_exempt"] != "true"]
        return sum(n for n in own if not least <= n <= most) if is_sized(folder) else None

    return count


def is_sized(folder: ResultsFolder) -> bool:
    """Tell whether the principles ask for a range of sizes at all."""
    least, most = _range(folder)
    return least > 0 or most < MOST_PUPILS


def _range(folder: ResultsFolder) -> tuple[int, int]:
    size = (folder.today or folder.options[0]).manifest["scenario"]["size"]
    return size["min_pupils"], size["max_pupils"]


def measures(folder: ResultsFolder) -> list[Measure]:
    outside = [Measure("outside", outside_range(folder), number)]
    return [
        *(outside if is_sized(folder) else []),
        *(
            Measure("misaligned", _metric(f"misaligned_{layer}_pupils"), number, words)
            for layer, words in preferred(folder)
        ),
        Measure("mean_minutes", _metric("mean_minutes"), one_decimal),
        Measure("max_minutes", _metric("max_minutes"), one_decimal),
        Measure("changed", changed, number),
    ]


def least(options: Sequence[Option], measure: Measure) -> tuple[list[Option], str] | None:
    """Give the options that have least of a measure, as it is written, and how much that is."""
    written: dict[str, list[Option]] = {}
    known = [(value, o) for o in options if (value := measure.of(o)) is not None]
    for value, option in sorted(known, key=lambda pair: pair[0]):
        written.setdefault(measure.write(value), []).append(option)
    if not written:
        return None
    text = next(iter(written))
    return [o for o in options if o in written[text]], text


def named(options: Sequence[Option]) -> str:
    labels = [o.label for o in options]
    return say("report.options", len(labels), labels=joined(labels))


def best_line(folder: ResultsFolder, measure: Measure) -> str | None:
    """Say which option has least of a measure, today's clusters among them."""
    today = folder.today
    found = least(folder.options, measure)
    if found is None:
        return None
    best, value = found
    values: dict[str, Any] = {"measure": measure.title, "value": value, "options": named(best)}
    if today is None or measure.of(today) is None:
        return say("report.summary.best_alone", **values)
    if today not in best:
        return say("report.summary.best", **values, today=measure.write(measure.of(today)))
    others = [o for o in best if o is not today]
    if others:
        return say("report.summary.best_tied", **values | {"options": named(others)})
    rest = least([o for o in folder.options if o is not today], measure)
    if rest is None:
        return say("report.summary.best_alone", **values)
    values |= {"options": named(rest[0]), "other": rest[1]}
    return say("report.summary.best_today", **values)


def against_today(folder: ResultsFolder, option: Option) -> list[str]:
    today = folder.today
    if today is None or today is option:
        return list(_alone(folder, option))
    sides: dict[str, list[str]] = {"better": [], "worse": [], "same": []}
    for measure in measures(folder)[:-1]:
        now, then = measure.of(option), measure.of(today)
        if now is None or then is None:
            continue
        written, was = measure.write(now), measure.write(then)
        side = "same" if written == was else "better" if now < then else "worse"
        sides[side].append(_beside(option, measure, now, was))
    lines = [
        say(f"report.better.{side}", list="; ".join(parts))
        if parts
        else say(f"report.better.none_{side}")
        for side, parts in sides.items()
        if parts or side != "same"
    ]
    return [*lines, *_changed(option), *_furthest(option)]


def _beside(option: Option, measure: Measure, value: float, was: str) -> str:
    base = option.metrics["pupils"]
    if measure.key in {"misaligned", "outside"}:
        known = {"base": base, "share": percent(value, base), "layer": measure.layer}
        return say(f"report.better.{measure.key}", int(value), **known, today=was)
    return say(f"report.better.{measure.key}", n=value, today=was)


changed: Callable[[Option], Any] = _metric("changed_pupils")
"""The pupils whose cluster is not today's carried on, where there is one of today."""


def _changed(option: Option) -> list[str]:
    n, base = changed(option), option.metrics["pupils"]
    if n is None:
        return []
    return [say("report.better.changed", n, base=base, share=percent(n, base))]


def _furthest(option: Option) -> list[str]:
    rows = [row for row in option.clusters if row["max_minutes"] and row["is_exempt"] != "true"]
    if not rows or option.metrics["max_minutes"] is None:
        return []
    row = max(rows, key=lambda row: float(row["max_minutes"]))
    minutes = float(row["max_minutes"])
    return [say("report.better.furthest", minutes=minutes, cluster=row["cluster"])]


def _alone(folder: ResultsFolder, option: Option) -> list[str]:
    m = option.metrics
    lines = [
        say(
            "report.better.alone_misaligned",
            m[f"misaligned_{layer}_pupils"],
            base=m["pupils"],
            share=percent(m[f"misaligned_{layer}_pupils"], m["pupils"]),
            layer=words,
        )
        for layer, words in preferred(folder)
    ]
    mean, longest = one_decimal(m["mean_minutes"]), one_decimal(m["max_minutes"])
    lines.append(say("report.better.alone_travel", mean=mean, longest=longest))
    return lines + (_changed(option) if option is not folder.today else [])
