"""Two pages that argue from the numbers, against today and the paper's own principles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cluster_optimiser.domain import AT_LEAST
from cluster_optimiser.present.report.blocks import Bullets, Heading, Paragraph, TableBlock, refer
from cluster_optimiser.present.words import least as at_least
from cluster_optimiser.rules import LAYER, OF_ONE
from cluster_optimiser.scenario.tables import Size
from cluster_optimiser.terms import lookup, needing
from cluster_optimiser.words import joined, number, one_decimal, percent, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cluster_optimiser.present.report.blocks import Block
    from cluster_optimiser.present.report.folder import Option, ResultsFolder

AGAINST_TODAY = "against-today"


def verdicts(folder: ResultsFolder, option: Option) -> list[tuple[str, Any]]:
    """Give each principle's name, and what the page found for an option."""
    at = folder.options.index(option)
    return [(one["name"], one["findings"][at]) for one in folder.record["matrix"]["rows"]]


def kept(folder: ResultsFolder, option: Option) -> dict[str, int]:
    """Count the principles that an option keeps, keeps in part, and breaks."""
    found = [finding["verdict"] for _, finding in verdicts(folder, option)]
    return {verdict: found.count(verdict) for verdict in ("met", "partly", "unmet")}


def summary(folder: ResultsFolder) -> Iterator[Block]:
    made = [o for o in folder.options if o is not folder.today]
    yield Heading(1, say("report.summary.heading"), "summary")
    alone = "" if folder.today is not None else "_alone"
    is_funded = any(option.manifest.get("funding") for option in folder.options)
    money = say("report.summary.purpose_money") if is_funded else ""
    yield Paragraph(say(f"report.summary.purpose{alone}", len(made), money=money))
    yield Paragraph(_base(folder))
    yield from map(Paragraph, _today(folder))
    if len(folder.options) > 1:
        yield from _bests(folder)
    yield from map(Paragraph, _for_whom(made))
    yield from map(Paragraph, _proved(folder))
    yield _table(folder)


def _bests(folder: ResultsFolder) -> Iterator[Block]:
    today = folder.today
    yield Paragraph(
        say("report.summary.bests_alone")
        if today is None
        else say("report.summary.bests", today=say("report.summary.as_today", label=today.label))
    )
    lines = [best_line(folder, measure) for measure in measures(folder)]
    yield Bullets((*(line for line in lines if line), *_most_principles(folder)))
    yield Paragraph(_trade(folder))


def _base(folder: ResultsFolder) -> str:
    m = folder.options[0].metrics
    if len({o.metrics["pupils"] for o in folder.options}) > 1:
        return say("report.summary.base_each", table=refer(AGAINST_TODAY))
    exempt = m["pupils_all"] - m["pupils"]
    return say(
        "report.summary.base" if exempt else "report.summary.base_all",
        all=m["pupils_all"],
        schools=m["n_schools_all"],
        exempt=exempt,
        base=m["pupils"],
        n_schools=m["n_schools"],
    )


def smallest(folder: ResultsFolder, metrics: Mapping[str, Any]) -> str:
    """Write the size of the smallest cluster, the least it may be where rolls are not known."""
    is_known = not any(AT_LEAST in caveat for caveat in folder.record["caveats"])
    return at_least(metrics["smallest_pupils"], is_known=is_known)


def _today(folder: ResultsFolder) -> Iterator[str]:
    today = folder.today
    if today is None:
        return
    m = today.metrics
    yield say(
        "report.summary.today" if is_sized(folder) else "report.summary.today_unsized",
        n=m["n_clusters"],
        low=smallest(folder, m),
        high=m["largest_pupils"],
        under=m["n_under_min"],
        over=m["n_over_max"],
    )
    counts = kept(folder, today)
    key = "today_principles" if counts["partly"] else "today_kept"
    key = key if counts["partly"] or counts["unmet"] else "today_all"
    yield say(f"report.summary.{key}", n=sum(counts.values()), **counts)


def _most_principles(folder: ResultsFolder) -> Iterator[str]:
    counts = {o.label: kept(folder, o) for o in folder.options}
    most = max(one["met"] for one in counts.values())
    best = [o for o in folder.options if counts[o.label]["met"] == most]
    totals = {sum(counts[o.label].values()) for o in best}
    if len(totals) == 1:
        yield say("report.summary.principles", options=named(best), value=most, n=totals.pop())


def _trade(folder: ResultsFolder) -> str:
    found = [least(folder.options, measure) for measure in measures(folder)]
    best = [one[0] for one in found if one is not None]
    always = [o for o in folder.options if all(o in some for some in best)]
    if always:
        return say("report.summary.trade_one", options=named(always))
    return say("report.summary.trade_none", table=refer(AGAINST_TODAY))


def _for_whom(made: list[Option]) -> Iterator[str]:
    if len(made) < 2:  # noqa: PLR2004 - which of them
        return
    known = [o for o in made if changed(o) is not None]
    if known:
        by_change = sorted(known, key=lambda o: (changed(o), o.label))
        first, last = by_change[0], by_change[-1]
        n, most = changed(first), changed(last)
        yield say(
            "report.summary.whom_change",
            n=n,
            base=first.metrics["pupils"],
            share=percent(n, first.metrics["pupils"]),
            label=first.label,
            n_most=most,
            share_most=percent(most, last.metrics["pupils"]),
            label_most=last.label,
        )
    timed = [o for o in made if o.metrics["max_minutes"] is not None]
    if not timed:
        return
    by_way = sorted(timed, key=lambda o: (o.metrics["max_minutes"], o.label))
    worst = by_way[-1]
    rows = [row for row in worst.clusters if row["max_minutes"] and row["is_exempt"] != "true"]
    yield say(
        "report.summary.whom_way",
        minutes=one_decimal(worst.metrics["max_minutes"]),
        cluster=max(rows, key=lambda row: float(row["max_minutes"]))["cluster"],
        label=worst.label,
        least=one_decimal(by_way[0].metrics["max_minutes"]),
        label_least=by_way[0].label,
    )


def _proved(folder: ResultsFolder) -> Iterator[str]:
    proved = [o.label for o in folder.options if o.manifest["status"] == "OPTIMAL"]
    open_ = [o.label for o in folder.options if o.manifest["status"] == "FEASIBLE"]
    given = [o.label for o in folder.options if o.manifest["status"] == "GIVEN"]
    if proved and not given and not open_:
        yield say("report.summary.proved_all")
    elif proved:
        yield say("report.summary.proved_some", len(proved), labels=joined(proved))
    if proved and given:
        yield say("report.summary.given", len(given), labels=joined(given))
    if open_:
        yield say("report.summary.unproved", len(open_), labels=joined(open_))


def _table(folder: ResultsFolder) -> TableBlock:
    layers, outside = preferred(folder), outside_range(folder)
    has_own_base = len({o.metrics["pupils"] for o in folder.options}) > 1
    rows = []
    for option in folder.options:
        m, counts = option.metrics, kept(folder, option)
        astray = [number(m[f"misaligned_{layer}_pupils"]) for layer, _ in layers]
        sizes = f"{smallest(folder, m)} – {number(m['largest_pupils'])}"  # noqa: RUF001
        row = (
            option.label,
            number(m["n_clusters"]),
            sizes,
            number(outside(option)),
            *astray,
            one_decimal(m["mean_minutes"]),
            one_decimal(m["max_minutes"]),
            number(changed(option)),
            say("report.principles.counts", met=counts["met"], all=sum(counts.values())),
            *([number(m["pupils"])] if has_own_base else []),
        )
        rows.append(row)
    names = ["option", "clusters", "sizes", "outside"]
    ends = ["mean", "longest", "changed", "kept", *(["base"] if has_own_base else [])]
    header = (
        *(say(f"report.columns.{name}") for name in names),
        *(say("report.columns.misaligned", layer=words) for _, words in layers),
        *(say(f"report.columns.{name}") for name in ends),
    )
    widths = (0.7, 0.9, 2.2, 1.0, *(1.1,) * len(layers), 0.9, 0.9, 1.1, 1.1, *(1,) * has_own_base)
    title = "table" if folder.today else "table_alone"
    return TableBlock(
        say(f"report.summary.{title}"), header, tuple(rows), widths, "comparison.csv", AGAINST_TODAY
    )


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
    asked = [option.manifest["scenario"][OF_ONE[LAYER].alike] for option in folder.options]
    wanted = [layer for layer in words if any(one.get(layer) == "prefer" for one in asked)]
    return [(layer, words[layer]) for layer in wanted]


def _metric(name: str) -> Callable[[Option], float | None]:
    return lambda option: option.metrics.get(name)


def outside_range(folder: ResultsFolder) -> Callable[[Option], int | None]:
    """Give a count of pupils in clusters outside one range for all: that of the principles."""
    size = _size(folder)

    def count(option: Option) -> int | None:
        own = [int(row["pupils"]) for row in option.clusters if row["is_exempt"] != "true"]
        return sum(n for n in own if size.beyond(n)) if is_sized(folder) else None

    return count


def is_sized(folder: ResultsFolder) -> bool:
    return _size(folder).asks != "any"


def _size(folder: ResultsFolder) -> Size:
    return Size(**(folder.today or folder.options[0]).manifest["scenario"]["size"])


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


changed: Callable[[Option], Any] = _metric(*(lookup(name).metric for name in needing("today")))
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
