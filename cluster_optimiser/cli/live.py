"""What a batch looks like while it runs, and the table that it ends with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from cluster_optimiser.cli.terminal import console, is_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_optimiser.batch import Outcome
    from cluster_optimiser.progress import Progress
    from cluster_optimiser.scenario import Scenario

MOST_ROWS = 60
"""A closing table longer than this says nothing: then only what needs attention is listed."""

WELL = ("OPTIMAL", "GIVEN")


@dataclass(slots=True)
class Live:
    """A bar for the whole batch, and a line for each scenario that is being solved.

    Not on a terminal, or without colour, there are neither: each scenario has its line when it
    ends.
    """

    to_user: Any = field(default_factory=console)
    bar: Any = None
    whole: Any = None
    lines: dict[str, Any] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Show at once that the program is at work: what it needs takes a moment to import."""
        from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

        self.bar = Progress(
            SpinnerColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}", markup=False),
            console=self.to_user,
            transient=True,
            disable=is_plain(self.to_user),
        )
        self.bar.start()
        self.whole = self.bar.add_task("reading scenarios and data", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    @property
    def is_watched(self) -> bool:
        return not is_plain(self.to_user)

    def begin(self, total: int) -> None:
        self.bar.update(self.whole, total=total, description="scenarios")

    def say(self, what: str) -> None:
        """Say what is being done with all of them."""
        self.bar.update(self.whole, description=what)

    def started(self, scenario: Scenario) -> None:
        """Give a scenario its line."""
        label = scenario.option
        self.lines[label] = self.bar.add_task(f"{label}: building", total=None)

    def told(self, scenario: Scenario, progress: Progress) -> None:
        line = self.lines.get(scenario.option)
        if line is not None:
            self.bar.update(line, description=f"{scenario.option}: {progress_words(progress)}")

    def ended(self, outcome: Outcome) -> None:
        """Take a scenario's line away; say what became of it, at once where it is not well."""
        line = self.lines.pop(outcome.scenario.option, None)
        if line is not None:
            self.bar.remove_task(line)
        self.bar.advance(self.whole)
        if not self.is_watched or outcome.status not in WELL:
            self.to_user.print(line_of(outcome))

    def close(self, outcomes: Sequence[Outcome]) -> None:
        """Show the closing table, on a terminal."""
        if self.is_watched and outcomes:
            self.to_user.print(table_of(outcomes))


def progress_words(progress: Progress) -> str:
    """Give stage, best so far, bound and gap, as far as they are known.

    >>> from cluster_optimiser.progress import Progress
    >>> progress_words(Progress("count", 26, 25))
    'count: best 26, bound 25, gap 3.8 %'
    """
    parts = []
    if progress.objective is not None:
        parts.append(f"best {progress.objective:,.10g}")
    if progress.bound is not None:
        parts.append(f"bound {progress.bound:,.10g}")
    if progress.gap is not None:
        parts.append(f"gap {100 * progress.gap:.1f} %")
    return f"{progress.stage}: {', '.join(parts) or 'solving'}"


def line_of(outcome: Outcome) -> str:
    """Say in one line what became of a scenario."""
    status = "FAILED" if outcome.failure else outcome.status
    label = f"{outcome.scenario.option:<4} {status:<10}"
    if not outcome.has_plan:
        return f"{label} {outcome.message}"
    n_clusters, sizes = plan_words(outcome)
    seconds = f"{outcome.record['seconds']:.2f} s" if outcome.reasons else "as before"
    clusters = "cluster" if n_clusters == "1" else "clusters"
    return f"{label} {n_clusters:>2} {clusters} of {sizes}, {seconds}"


def plan_words(outcome: Outcome) -> tuple[str, str]:
    """Give the number and the sizes of a plan's clusters."""
    from cluster_optimiser.domain import AT_LEAST

    metrics = outcome.record["metrics"]
    if not metrics["n_clusters"]:
        return "0", "no pupils"
    ends = dict.fromkeys((metrics["smallest_pupils"], metrics["largest_pupils"]))
    sizes = f"{' to '.join(f'{pupils:,}' for pupils in ends)} pupils"
    if any(AT_LEAST in caveat for caveat in outcome.record["caveats"]):
        sizes = f"at least {sizes}"
    return str(metrics["n_clusters"]), sizes


def table_of(outcomes: Sequence[Outcome]) -> Any:  # noqa: ANN401 - rich is imported late
    from rich.table import Table
    from rich.text import Text

    shown = list(outcomes)
    if len(shown) > MOST_ROWS:
        shown = [outcome for outcome in outcomes if outcome.status not in WELL]
    table = Table(box=None, pad_edge=False)
    for name, side in (
        ("option", "left"),
        ("status", "left"),
        ("clusters", "right"),
        ("pupils", "right"),
        ("longest", "right"),
        ("gap", "right"),
        ("seconds", "right"),
    ):
        table.add_column(name, justify=side)  # type: ignore[arg-type]
    for outcome in shown:
        status = "FAILED" if outcome.failure else outcome.status
        cells = [outcome.scenario.option, status, "", "", "", "", ""]
        if outcome.has_plan:
            longest, gap = outcome.record["metrics"].get("max_minutes"), outcome.record["gap"]
            cells[2], sizes = plan_words(outcome)
            cells[3] = sizes.removesuffix(" pupils")
            cells[4] = "" if longest is None else f"{longest:.0f} min"
            cells[5] = "" if gap is None else f"{100 * gap:.1f} %"
            cells[6] = f"{outcome.record['seconds']:.2f}" if outcome.reasons else "as before"
        style = {"OPTIMAL": "green", "GIVEN": "green"}.get(status, "red")
        row = [Text(cell) for cell in cells]
        row[1].stylize(style)
        table.add_row(*row)
    if len(shown) < len(outcomes):
        table.caption = f"{len(outcomes) - len(shown)} more are well"
    return table
