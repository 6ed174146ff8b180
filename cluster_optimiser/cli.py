"""The command line: arguments and exit codes, no logic."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from cluster_optimiser.batch import Outcome
    from cluster_optimiser.domain import Result
    from cluster_optimiser.scenario import Scenario

EXIT_UNEXPECTED, EXIT_INPUT, EXIT_INFEASIBLE, EXIT_TIME, EXIT_SOME_FAILED = 1, 3, 4, 5, 6
EXIT_INTERRUPTED = 130

# The packages behind the commands take over a second to import, --help must not: every command
# imports what it needs when it runs.


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def _print_json(data: dict[str, Any]) -> None:
    click.echo(json.dumps(data, ensure_ascii=False))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cluster-optimiser")
def app() -> None:
    r"""Rebuild an authority's school clusters by proved optimisation, and compare the options.

    \b
    Example:
      cluster-optimiser run scenarios --out results
    """


@app.command()
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
    r"""Run every scenario file (or folder of them), then the comparison and the page.

    \b
    Example:
      cluster-optimiser run scenarios --out results --only "4*"
    """
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    console = _console()
    with Progress(
        SpinnerColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
        disable=not console.is_terminal or console.no_color,
    ) as progress:
        # The task is shown before the slow imports, so that the terminal never seems dead.
        task = progress.add_task("reading scenarios and data", total=None)
        from cluster_optimiser import batch, present

        scenarios, places = batch.load_batch(batch.find_scenarios(paths, only=only))
        if not scenarios:
            console.print(f'No scenario matches --only "{only}".', markup=False)
            sys.exit(2)
        progress.update(task, total=2 * len(scenarios))

        def started(scenario: Scenario) -> None:
            progress.update(task, description=f"{scenario.option}: solving")

        def ended(outcome: Outcome) -> None:
            progress.advance(task)
            console.print(_line(outcome), markup=False)

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
                _print_json(present.summary(made))
    if any(outcome.result for outcome in outcomes):
        console.print(f"Open {out / 'index.html'}", markup=False)
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


@app.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def check(*, paths: Sequence[Path]) -> None:
    r"""Show every fault of scenarios and their data, in one pass; nothing is run or written.

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


@app.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    required=True,
    help="The scenario whose rules and objective the plan is judged by.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout.")
def evaluate(*, plan: Path, scenario: Path, as_json: bool) -> None:
    r"""Tell whether a plan is legal, and every number of it.

    PLAN is a CSV with the columns urn and cluster, such as plan.csv of a results folder.

    \b
    Example:
      cluster-optimiser evaluate results/4a/plan.csv --scenario scenarios/4a.toml
    """
    from cluster_optimiser import batch, present

    result = batch.evaluate(plan, scenario)
    if as_json:
        _print_json({"legal": not result.violations, **present.manifest(result)})
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


@app.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--rank",
    "plan",
    type=click.Path(path_type=Path),
    help="How many legal plans are better, equal and worse than this one (CSV urn,cluster).",
)
@click.option("--best", metavar="K", type=click.IntRange(1), help="The K best plans, in order.")
@click.option("--sample", metavar="N", type=click.IntRange(1), help="N plans drawn uniformly.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True)
@click.option(
    "--pareto", metavar="A,B[,C]", help="The exact front of two or three terms, a plan for each."
)
@click.option(
    "--together", is_flag=True, help="In how many plans each two neighbours share a cluster."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout.")
def universe(
    *,
    scenario: Path,
    plan: Path | None,
    best: int | None,
    sample: int | None,
    seed: int,
    pareto: str | None,
    together: bool,
    as_json: bool,
) -> None:
    r"""Count all legal plans of a merge scenario exactly, and say what they have in common.

    \b
    Example:
      cluster-optimiser universe scenarios/4a.toml --rank results/4b/plan.csv --best 5
    """
    from cluster_optimiser import batch, present

    with _console().status(f"counting all legal plans of {scenario.name}"):
        found = batch.universe(scenario, seed=seed)
        tables = {"distributions": found.distributions()}
        if plan is not None:
            tables["rank"] = batch.rank(found, plan)
        if best is not None:
            tables["best"] = present.plans_table(found.best(best, seed=seed), found.groups)
        if sample is not None:
            tables["sample"] = present.plans_table(found.sample(sample, seed=seed), found.groups)
        if pareto is not None:
            terms = [term.strip() for term in pareto.split(",")]
            tables["pareto"] = present.plans_table(found.pareto(terms), found.groups)
        if together:
            tables["together"] = found.together()
    if as_json:
        _print_json(present.universe_record(found, tables))
        return
    for line in present.universe_lines(found, tables):
        click.echo(line)


@app.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--time-limit",
    "time_limit_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    default=60.0,
    show_default=True,
    help="Seconds of solving.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout.")
def explain(*, scenario: Path, time_limit_s: float, as_json: bool) -> None:
    r"""Say why a scenario has no plan and what would admit one; or what each rule costs.

    \b
    Example:
      cluster-optimiser explain scenarios/4a.toml
    """
    from cluster_optimiser import batch

    with _console().status(f"solving {scenario.name} with one rule after another relaxed"):
        explanation = batch.explain(scenario, time_limit_s=time_limit_s)
    if as_json:
        _print_json(explanation.as_dict())
        return
    for line in explanation.lines():
        click.echo(line)


@app.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The HTML file to write.",
)
@click.option(
    "--theme",
    type=click.Path(path_type=Path),
    help="TOML with the council's name, colours, contact and licence line.",
)
def page(*, results: Path, file: Path, theme: Path | None) -> None:
    r"""Make the consultation page again from a results folder, in another theme if wanted.

    \b
    Example:
      cluster-optimiser page results -o page.html --theme council.toml
    """
    from cluster_optimiser import present

    look = None if theme is None else present.load_theme(theme)
    present.write_page(results, file, theme=look)
    _console().print(f"Open {file}", markup=False)


@app.command()
def schema() -> None:
    r"""Print the JSON Schema of the scenario file.

    \b
    Example:
      cluster-optimiser schema > scenario.schema.json
    """
    from cluster_optimiser.scenario import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; a user's mistake never shows a traceback.

    Parameters
    ----------
    arguments
        Arguments; those of the process if not given.
    """
    try:
        app.main(arguments, prog_name="cluster-optimiser", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of the output has gone, as with `| head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_UNEXPECTED)
    except Exception as error:  # noqa: BLE001 - told apart below, where the import is affordable
        _explain_and_exit(error)


def _explain_and_exit(error: Exception) -> None:
    from cluster_optimiser.errors import (
        ClusterOptimiserError,
        InfeasibleError,
        InputError,
        NoPlanFoundError,
        ScenarioError,
    )

    if not isinstance(error, ClusterOptimiserError):
        raise error
    click.echo(f"cluster-optimiser: {error}", err=True)
    codes = {
        InputError: EXIT_INPUT,
        ScenarioError: EXIT_INPUT,
        InfeasibleError: EXIT_INFEASIBLE,
        NoPlanFoundError: EXIT_TIME,
    }
    sys.exit(codes.get(type(error), EXIT_UNEXPECTED))
