"""Commands that run scenarios, check them, and judge a plan."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cluster_optimiser.cli.terminal import (
    EXIT_INFEASIBLE,
    EXIT_SOME_FAILED,
    EXIT_TIME,
    console,
    print_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cluster_optimiser.batch import Outcome
    from cluster_optimiser.domain import Result
    from cluster_optimiser.scenario import Scenario


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Results folder; made if it is not there.",
)
@click.option(
    "--only",
    metavar="GLOB",
    default="*",
    show_default=True,
    help="Only scenario files whose name matches.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    help="Fixes the choice between equally good plans.",
)
@click.option(
    "--time-limit",
    "time_limit_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Seconds of solving for each scenario.",
)
@click.option(
    "--keep-going/--fail-fast",
    default=True,
    show_default=True,
    help="Go on after a scenario that has no plan.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object a scenario to stdout, and nothing else.",
)
def run(
    *,
    paths: Sequence[Path],
    out: Path,
    only: str,
    seed: int,
    time_limit_s: float | None,
    keep_going: bool,
    as_json: bool,
) -> None:
    """Run every scenario file (or folder of them), then the comparison and the page.

    \b
    Example:
      cluster-optimiser run scenarios --out results --only "4*"
    """
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    to_user = console()
    with Progress(
        SpinnerColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        console=to_user,
        transient=True,
        disable=not to_user.is_terminal or to_user.no_color,
    ) as progress:
        # The task is shown before the slow imports, so that the terminal never seems dead.
        task = progress.add_task("reading scenarios and data", total=None)
        from cluster_optimiser import batch, present

        scenarios, places = batch.load_batch(batch.find_scenarios(paths, only=only))
        if not scenarios:
            to_user.print(f'No scenario matches --only "{only}".', markup=False)
            sys.exit(2)
        progress.update(task, total=2 * len(scenarios))

        def started(scenario: Scenario) -> None:
            progress.update(task, description=f"{scenario.option}: solving")

        def ended(outcome: Outcome) -> None:
            progress.advance(task)
            to_user.print(_line(outcome), markup=False)

        def written(outcome: Outcome) -> None:
            progress.update(task, advance=1, description=f"{outcome.scenario.option}: written")

        outcomes = batch.run_batch(
            scenarios,
            places,
            seed=seed,
            time_limit_s=time_limit_s,
            keep_going=keep_going,
            on_start=started,
            on_end=ended,
        )
        progress.update(task, description="writing maps and tables")
        batch.write_results(outcomes, out, on_end=written)
    if as_json:
        for outcome in outcomes:
            made = outcome.result or outcome.unsolved
            if made is not None:
                print_json(present.summary(made))
    if any(outcome.result for outcome in outcomes):
        to_user.print(f"Open {out / 'index.html'}", markup=False)
    sys.exit(_exit_code(outcomes))


def _line(outcome: Outcome) -> str:
    label = f"{outcome.scenario.option:<4} {outcome.status:<10}"
    if outcome.result is None:
        return f"{label} {outcome.message}"
    metrics, seconds = outcome.result.score.metrics, outcome.result.seconds
    sizes = "no pupils"
    if metrics["n_clusters"]:
        sizes = f"{metrics['smallest_pupils']:,} to {metrics['largest_pupils']:,} pupils"
    return f"{label} {metrics['n_clusters']:>2} clusters of {sizes}, {seconds:.2f} s"


def _exit_code(outcomes: Sequence[Outcome]) -> int:
    statuses = {outcome.status for outcome in outcomes}
    failed = [outcome for outcome in outcomes if outcome.result is None]
    if failed and len(outcomes) > 1:
        return EXIT_SOME_FAILED
    if "INFEASIBLE" in statuses:
        return EXIT_INFEASIBLE
    if statuses & {"FEASIBLE", "UNKNOWN"}:
        return EXIT_TIME
    return 0


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def check(*, paths: Sequence[Path]) -> None:
    """Show every fault of scenarios and their data, in one pass; nothing is run or written.

    \b
    Example:
      cluster-optimiser check scenarios
    """
    from cluster_optimiser import batch

    scenarios, places = batch.load_batch(batch.find_scenarios(paths))
    batch.in_order(scenarios)
    for place in places.values():
        authority = place.authority
        pupils = int(authority.schools["pupils"].sum())
        click.echo(
            f"{authority.name}: {len(authority.schools)} schools, {pupils:,} pupils, "
            f"{len(place.territory.clusters)} geographic clusters today, "
            f"layers {', '.join(authority.layers)}"
        )
        for line in (*place.territory.findings, *authority.caveats):
            click.echo(f"  note: {line}")
    click.echo(f"No fault in {len(scenarios)} scenarios: {', '.join(s.option for s in scenarios)}")


@click.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    required=True,
    help="The scenario whose rules and objective the plan is judged by.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout.")
def evaluate(*, plan: Path, scenario: Path, as_json: bool) -> None:
    """Tell whether a plan is legal, and every number of it.

    PLAN is a CSV with the columns urn and cluster, such as plan.csv of a results folder.

    \b
    Example:
      cluster-optimiser evaluate results/4a/plan.csv --scenario scenarios/4a.toml
    """
    from cluster_optimiser import batch, present

    result = batch.evaluate(plan, scenario)
    if as_json:
        print_json({"legal": not result.violations, **present.manifest(result)})
        return
    for line in _evaluation(result):
        click.echo(line)


def _evaluation(result: Result) -> Iterator[str]:
    scenario = result.problem.scenario
    if result.violations:
        yield f"Not legal by {scenario.option}: {len(result.violations)} rules broken"
        for violation in result.violations:
            yield f"  {violation}"
    else:
        yield f"Legal by {scenario.option}: {scenario.title}"
    for term, value in result.objective.items():
        yield f"objective {term:<28} {value:>16,.2f}"
    for metric, number in result.score.metrics.items():
        shown = "not known" if number is None else f"{number:,.4f}".rstrip("0").rstrip(".")
        yield f"{metric:<38} {shown:>16}"
