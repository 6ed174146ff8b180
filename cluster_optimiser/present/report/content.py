"""The words and tables of the report, written from the numbers of a results folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from cluster_optimiser.present.report.blocks import (
    Bullets,
    Figure,
    Heading,
    Paragraph,
    Report,
    Table,
)
from cluster_optimiser.present.report.maps import standalone_svg
from cluster_optimiser.present.report.money import money_of_all, money_of_option
from cluster_optimiser.present.report.option_words import (
    costs,
    exceptional,
    judged,
    standing,
    what_it_does,
)
from cluster_optimiser.present.words import UNKNOWN, joined, number, one_decimal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cluster_optimiser.present.report.blocks import Block
    from cluster_optimiser.present.report.folder import Folder, Option

STAMP_LENGTH = 12


def make_report(folder: Folder) -> Report:
    """Write the report of a results folder."""
    authority = folder.record["authority"]
    stamps = "".join(str(option.manifest["stamp"]) for option in folder.options)
    date = str(folder.options[0].manifest["data_date"]) if folder.options else "1970-01-01"
    blocks: list[Block] = [*_summary(folder), *_glance(folder)]
    for option in folder.options:
        blocks += _option(folder, option)
    blocks += money_of_all(folder)
    blocks += _limits(folder)
    blocks += _provenance(folder)
    blocks.append(Heading(1, "Annex A: the clusters of each option"))
    blocks += [_clusters(option) for option in folder.options]
    if any(option.funding for option in folder.options):
        blocks.append(Heading(1, "Annex B: the money of each cluster"))
        blocks += [table for option in folder.options for table in money_of_option(option)]
    if any(option.governance for option in folder.options):
        blocks.append(Heading(1, "Annex C: the governance of each cluster"))
        text = "A sheet for each cluster, to print and fill in, is in sheets.html of its option."
        blocks.append(Paragraph(text))
        blocks += [_governance(option) for option in folder.options if option.governance]
    return Report(
        title=str(authority["title"]),
        subtitle="Report to committee: what each option does, what it costs, where it stands",
        authority=str(authority["name"]),
        date=date,
        stamp=hashlib.sha256(stamps.encode()).hexdigest()[:STAMP_LENGTH],
        blocks=tuple(blocks),
    )


def _least(
    options: list[Option], metric: str, say: Callable[[object], str], words: str
) -> str | None:
    """Say which option is least in a measure; several where they are equal."""
    known = [o for o in options if o.metrics.get(metric) is not None]
    if not known:
        return None
    least = min(o.metrics[metric] for o in known)
    named = [o.label for o in known if o.metrics[metric] == least]
    plural = "s" * (len(named) > 1)
    return words.format(options=f"option{plural} {joined(named)}", value=say(least))


def _summary(folder: Folder) -> Iterator[Block]:
    authority = folder.record["authority"]
    yield Heading(1, "Summary")
    made = [o for o in folder.options if o is not folder.today]
    n_made = len(made)
    yield Paragraph(
        f"{authority['lead_pupils']} This paper sets {n_made} "
        f"option{'s' * (n_made != 1)} beside today's clusters. It recommends none: it says what "
        "each does, what it costs in alignment, travel and disruption, how money would fall, and "
        "what the figures cannot say."
        if folder.today is not None
        else f"{authority['lead_pupils']} This paper sets {n_made} options side by side."
    )
    points = [
        _today_line(folder),
        _least(made, "n_clusters", number, "Fewest clusters: {options}, with {value}."),
        *(
            _least(
                made,
                f"misaligned_{layer}_pupils",
                number,
                "Closest to the " + title + ": {options}, with {value} pupils in a cluster whose "
                "main area is not their school's.",
            )
            for layer, title in _preferred(folder)
        ),
        _least(
            made,
            "mean_minutes",
            one_decimal,
            "Shortest travel: {options}, {value} minutes to the meeting place on average.",
        ),
        _least(
            made,
            "changed_pupils",
            number,
            "Least disruption: {options}, where the clusters of {value} pupils are not today's "
            "carried on.",
        ),
        _proved_line(made),
    ]
    yield Bullets(tuple(point for point in points if point))


def _today_line(folder: Folder) -> str | None:
    today = folder.today
    if today is None:
        return None
    m = today.metrics
    return (
        f"Today there are {number(m['n_clusters'])} clusters of {number(m['smallest_pupils'])} to "
        f"{number(m['largest_pupils'])} pupils; {number(m['n_under_min'])} are under the minimum "
        f"and {number(m['n_over_max'])} over the maximum that the principles ask for."
    )


def _proved_line(made: list[Option]) -> str | None:
    proved = [o.label for o in made if o.manifest["status"] == "OPTIMAL"]
    if not proved:
        return None
    which = "Each of them is" if len(proved) == len(made) else f"Options {joined(proved)} are"
    return (
        f"{which} proved best among all plans that keep the same rules, in the order of aims "
        "stated for it; the proof says nothing of whether rules and order are the right ones."
    )


def _layer_words(folder: Folder) -> dict[str, str]:
    """Give the words of each layer, by its name."""
    names = [k[len("home_") :] for k in folder.options[0].clusters[0] if k.startswith("home_")]
    return dict(zip(names, folder.record["authority"]["layer_words"], strict=True))


def _preferred(folder: Folder) -> list[tuple[str, str]]:
    """Give the layers that some option prefers to follow, with their words."""
    words = _layer_words(folder)
    wanted = [
        layer
        for layer in words
        if any(o.manifest["scenario"]["alignment"].get(layer) == "prefer" for o in folder.options)
    ]
    return [(layer, words[layer]) for layer in wanted]


def _glance(folder: Folder) -> Iterator[Block]:
    layers = _preferred(folder)
    yield Heading(1, "The options at a glance")
    yield Paragraph(
        "Minutes are to the meeting place of a cluster. Legal plans is the exact number of ways to "
        f"keep all rules of an option; {UNKNOWN} where they were not counted."
    )
    sizes, others = [], []
    for option in folder.options:
        m, name = option.metrics, f"{option.label} {option.title}"
        pupils = (m["n_clusters"], m["smallest_pupils"], m["largest_pupils"])
        minutes = (m["mean_minutes"], m["max_minutes"])
        outside = [m[f"misaligned_{layer}_pupils"] for layer, _ in layers]
        sizes.append((name, *map(number, pupils), *map(one_decimal, minutes)))
        others.append((name, *map(number, (*outside, m["changed_pupils"])), _plans(option)))
    yield Table(
        "Size and travel",
        ("Option", "Clusters", "Fewest pupils", "Most pupils", "Mean minutes", "Most minutes"),
        tuple(sizes),
        (3.2, *(1.0,) * 5),
        "comparison.csv",
    )
    header = (
        "Option",
        *(f"Pupils outside {words}" for _, words in layers),
        "Pupils whose cluster changes",
        "Legal plans",
    )
    widths = (3.2, *(1.4,) * len(layers), 1.4, 1.0)
    yield Table("Alignment, change and proof", header, tuple(others), widths, "comparison.csv")
    for unsolved in folder.record.get("unsolved", ()):
        yield Paragraph(f"Option {unsolved['label']} has no plan: {unsolved['message']}")


def _plans(option: Option) -> str:
    return number(option.manifest.get("proof", {}).get("n_legal_plans"))


def _option(folder: Folder, option: Option) -> Iterator[Block]:
    yield Heading(1, f"Option {option.label}: {option.title}")
    yield Paragraph(what_it_does(option))
    title = folder.record["under"]["areas_title"]
    areas = f" Dashed: {title[:1].lower()}{title[1:]}." if title else ""
    alt = (
        f"Map of option {option.label}: {number(option.metrics['n_clusters'])} clusters, coloured "
        "so that neighbours differ, and numbered as in annex A, which names each with its schools "
        "and pupils."
    )
    yield Figure(
        standalone_svg(folder.record, option.view),
        alt,
        f"Option {option.label}. Thick lines: its clusters. Thin lines: today's.{areas}",
    )
    yield Heading(2, "What it costs")
    yield Bullets(tuple(costs(folder, option, _preferred(folder))))
    yield Heading(2, "Where it stands")
    yield Bullets(tuple(standing(option, _layer_words(folder))))
    yield Heading(2, "What is exceptional, and why")
    yield Bullets(tuple(exceptional(option)))
    verdicts = judged(folder, option)
    if verdicts:
        yield Table(
            f"Option {option.label} against the principles",
            ("Principle", "Kept?", "Figure"),
            verdicts,
            (2.2, 1.2, 2.6),
            "page.json",
        )


def _clusters(option: Option) -> Table:
    places = {c["id"]: c for c in option.view["clusters"]}
    rows = []
    for row in option.clusters:
        seen = places[row["cluster_id"]]
        rows.append(
            (
                seen["number"],
                row["cluster"],
                number(_int(row["n_schools"])),
                number(_int(row["pupils"])),
                seen["place"],
                one_decimal(_float(row["mean_minutes"])),
                one_decimal(_float(row["max_minutes"])),
            )
        )
    return Table(
        f"Clusters of option {option.label}",
        ("No.", "Cluster", "Schools", "Pupils", "Meeting place", "Mean minutes", "Most minutes"),
        tuple(rows),
        (0.5, 3.0, 0.8, 0.9, 2.6, 0.9, 0.9),
        f"{option.label}/clusters.csv",
    )


def _governance(option: Option) -> Table:
    rows = [
        (
            row["cluster"],
            row["partnerships"].replace("; ", ", "),
            number(_int(row["n_votes"])),
            number(_int(row["quorum"])),
            row["high_schools"].replace("; ", ", ") or "none",
        )
        for row in option.governance
    ]
    return Table(
        f"Governance of the clusters of option {option.label}",
        ("Cluster", "Local partnerships", "Votes", "Quorum", "High schools"),
        tuple(rows),
        (2.4, 2.6, 0.6, 0.7, 3.0),
        f"{option.label}/governance.csv",
    )


def _int(text: str) -> int | None:
    return int(text) if text else None


def _float(text: str) -> float | None:
    return float(text) if text else None


def _limits(folder: Folder) -> Iterator[Block]:
    yield Heading(1, "What the figures cannot say")
    yield Bullets(tuple(folder.record["caveats"]))
    if folder.record["findings"]:
        yield Heading(2, "Found in the data")
        yield Bullets(tuple(folder.record["findings"]))


def _provenance(folder: Folder) -> Iterator[Block]:
    yield Heading(1, "Sources and proof")
    yield Paragraph(
        "Every plan was checked by code that knows nothing of how it was made. The same data and "
        "options give the same stamps, here and on the consultation page."
    )
    rows = tuple(
        (o.label, _status(o), str(o.manifest["stamp"]), str(o.manifest["seed"]))
        for o in folder.options
    )
    yield Table(
        "Stamps", ("Option", "Status", "Stamp", "Seed"), rows, (1, 2, 2, 1), "manifest.json"
    )
    yield Table("Sources", ("Source", "Date", "Publisher", "Licence"), _sources(folder))


def _status(option: Option) -> str:
    words = {"OPTIMAL": "proved best", "GIVEN": "given", "FEASIBLE": "legal, not proved best"}
    return words.get(str(option.manifest["status"]), str(option.manifest["status"]).lower())


def _sources(folder: Folder) -> tuple[tuple[str, ...], ...]:
    def cells(source: dict[str, Any]) -> tuple[str, ...]:
        return tuple(str(source[k]) or UNKNOWN for k in ("title", "date", "publisher", "licence"))

    return tuple(cells(source) for source in folder.record["authority"]["sources"])
