"""Commands that run scenarios, check them, and judge a plan."""

from __future__ import annotations

import re
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import click

from cluster_optimiser.cli.live import Live
from cluster_optimiser.cli.options import (
    FOLDER,
    PATH,
    json_option,
    memory_option,
    outside_option,
    scenario_option,
    seed_option,
    time_limit_option,
)
from cluster_optimiser.cli.terminal import (
    EXIT_INFEASIBLE,
    EXIT_SOME_FAILED,
    EXIT_TIME,
    EXIT_UNEXPECTED,
    EXIT_USAGE,
    console,
    print_json,
    say,
    say_found,
    tell_passed_over,
    verbose_option,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cluster_optimiser.batch import Options, Outcome
    from cluster_optimiser.batch.ledger import Outputs
    from cluster_optimiser.batch.pools import Pool
    from cluster_optimiser.domain import Result
    from cluster_optimiser.errors import Fault
    from cluster_optimiser.findings import Finding
    from cluster_optimiser.scenario import Scenario

MOST_CHANGES = 10
"""So many steps of a sweep are told at the terminal; the table has them all."""

paths_argument = click.argument("paths", nargs=-1, required=True, type=PATH)
out_option = click.option(
    "--out", "-o", type=FOLDER, required=True, help="Results folder; made if it is not there."
)
only_option = click.option(
    "--only",
    metavar="GLOB",
    default="*",
    show_default=True,
    help="Only scenario files whose name matches.",
)
outputs_option = click.option(
    "--outputs",
    type=click.Choice(["all", "tables"]),
    default="all",
    show_default=True,
    help="Only tables leaves out maps, sheets, GeoPackages and the page: for thousands of runs.",
)


def _shard(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Read a share of the scenarios, such as 2/8."""
    if value is None:
        return None
    number, _slash, of = value.partition("/")
    if number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
        return int(number), int(of)
    raise click.BadParameter("write I/N, such as 2/8: the second of eight shares")


def _executor(_: click.Context, __: click.Parameter, value: str) -> str:
    """Read where scenarios are run."""
    if value == "local" or re.fullmatch(r"dask://[^/\s]+:\d{1,5}", value):
        return value
    raise click.BadParameter("write local, or dask://host:port of a scheduler")


@click.command()
@paths_argument
@out_option
@only_option
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1),
    metavar="N",
    help="Processes, each with one core; without it as many as there are cores.",
)
@click.option(
    "--executor",
    metavar="local|dask://HOST:PORT",
    callback=_executor,
    default="local",
    show_default=True,
    help="On this machine, or on a Dask cluster that is there already.",
)
@click.option(
    "--shard",
    metavar="I/N",
    callback=_shard,
    help="Only one share of the scenarios, for array jobs; the page is left to a run without.",
)
@seed_option("the choice between equally good plans")
@time_limit_option("for each scenario, from reading to the last proof")
@memory_option
@click.option("--force", is_flag=True, help="Run again what is finished.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be run, and why.")
@outputs_option
@click.option(
    "--keep-going/--fail-fast",
    default=True,
    show_default=True,
    help="Go on after a scenario that has no plan.",
)
@json_option("scenario", more=", and nothing else")
@outside_option
@verbose_option
def run(  # noqa: PLR0913 - an option each
    *,
    paths: Sequence[Path],
    out: Path,
    only: str,
    jobs: int | None,
    executor: str,
    shard: tuple[int, int] | None,
    seed: int,
    time_limit_s: float | None,
    memory_mb: int | None,
    force: bool,
    dry_run: bool,
    outputs: Outputs,
    keep_going: bool,
    as_json: bool,
) -> None:
    """Run every scenario file (or folder of them), then the comparison and the page.

    What is finished and unchanged is used again.

    \b
    Example:
      cluster-optimiser run scenarios --out results --only "4*"
    """
    from cluster_optimiser import batch
    from cluster_optimiser.batch import refining

    options = batch.Options(seed, time_limit_s, memory_mb, outputs, force=force)
    if dry_run:
        _tell_what_to_run(paths, out, only=only, shard=shard, options=options, as_json=as_json)
        return
    ground: list[Finding] = []
    with Live() as live:
        scenarios, faults = _read(paths, only=only, shard=shard)
        n_to_run = len(scenarios) if faults else _n_to_run(scenarios, out, options)
        live.begin(len(scenarios))
        with _pool(executor, jobs, n_to_run) as pool:
            if n_to_run or faults:
                batch.raise_faults(
                    faults, scenarios, on_sound=lambda *of: ground.extend(batch.ground_of(*of))
                )
            told = live.told if live.is_watched else None
            hooks = batch.Hooks(on_start=live.started, on_end=live.ended, on_progress=told)
            outcomes = batch.run_batch(
                scenarios, out, pool, options, keep_going=keep_going, hooks=hooks
            )

        def begin(more: list[Scenario], n_before: int) -> list[batch.Outcome]:
            live.begin(n_before + len(more))
            with _pool(executor, jobs, _n_to_run(more, out, options)) as pool:
                return batch.run_batch(more, out, pool, options, keep_going=keep_going, hooks=hooks)

        if shard is None:
            outcomes = refining.with_more_runs(outcomes, begin)
            live.say("comparison and page")
            _put_together(outcomes, out, options)
    live.close(outcomes)
    if shard is None:
        _tell_changes(outcomes, live)
    _tell_ground(ground, outcomes, live)
    for outcome in outcomes if as_json else ():
        print_json(outcome.summary())
    if (out / "index.html").is_file() and shard is None and outputs == "all":
        live.to_user.print(f"Open {out / 'index.html'}")
    _tell_folders(len(outcomes), outputs, live)
    tell_passed_over(paths)
    sys.exit(_exit_code(outcomes))


def _read(
    paths: Sequence[Path], *, only: str, shard: tuple[int, int] | None
) -> tuple[list[Scenario], list[Fault]]:
    """Read the scenarios that are meant; say so and end where there are none."""
    from cluster_optimiser import batch

    scenarios, faults = batch.read_scenarios(batch.find_scenarios(paths, only=only))
    if not scenarios and not faults:
        console().print(f'No scenario matches --only "{only}".')
        sys.exit(EXIT_USAGE)
    if shard is not None and not faults:
        scenarios = batch.share_of(scenarios, *shard)
    return scenarios, faults


def _n_to_run(scenarios: Sequence[Scenario], out: Path, options: Options) -> int:
    from cluster_optimiser import batch

    return sum(bool(reasons) for reasons in batch.what_to_run(scenarios, out, options).values())


def _pool(executor: str, jobs: int | None, n_to_run: int) -> AbstractContextManager[Pool | None]:
    """Start no more processes than there is work for, and none for none."""
    if not n_to_run:
        return nullcontext()
    from cluster_optimiser.batch import pools

    return pools.open_pool(executor, min(jobs or pools.n_cores(), n_to_run))


def _put_together(outcomes: Sequence[Outcome], out: Path, options: Options) -> None:
    """Make the comparison and the page, unless they still stand."""
    from cluster_optimiser.batch import together

    if not together.still_stands(out, together.together_key(outcomes, options)):
        from cluster_optimiser import batch

        batch.write_together(outcomes, out, options)


def _tell_ground(ground: Sequence[Finding], outcomes: Sequence[Outcome], live: Live) -> None:
    """Say what is warned of, where a plan was made on it; a run without one has said it."""
    from cluster_optimiser.findings import gravest, told_together

    for grade, words in told_together(gravest(ground)):
        if grade == "warning" and any(one.has_plan for one in outcomes):
            live.to_user.print(f"Ground: {words}")


def _tell_folders(n_runs: int, outputs: Outputs, live: Live) -> None:
    """Say why many runs are not put away, where they are not."""
    from cluster_optimiser.batch import shelf

    is_many = outputs == "tables" and n_runs >= shelf.RUNS_TOGETHER
    if is_many and not shelf.has_parquet():
        said = f"For Parquet {shelf.INSTALL}; without it each run has a folder."
        live.to_user.print(said)


def _tell_changes(outcomes: Sequence[Outcome], live: Live) -> None:
    """Say where along a sweep the answer changes."""
    if not any(outcome.scenario.sweep for outcome in outcomes):
        return
    from cluster_optimiser import present
    from cluster_optimiser.batch import sweeps
    from cluster_optimiser.scenario.sweep import CHANGED

    changes = sweeps.changes_table(outcomes).to_dict("records")
    lines = [sweeps.change_words(one) for one in changes if one["what"] in CHANGED]
    live.to_user.print(f"{present.statement(changes)}; see {sweeps.CHANGES}")
    for line in lines[:MOST_CHANGES]:
        live.to_user.print(f"  {line}")


def _tell_what_to_run(
    paths: Sequence[Path],
    out: Path,
    *,
    only: str,
    shard: tuple[int, int] | None,
    options: Options,
    as_json: bool,
) -> None:
    from cluster_optimiser import batch
    from cluster_optimiser.errors import ScenarioError

    scenarios, faults = _read(paths, only=only, shard=shard)
    if faults:
        raise ScenarioError(faults)
    batch.refuse_out(out, scenarios)
    found = batch.what_to_run(scenarios, out, options)
    for label, reasons in found.items():
        if as_json:
            print_json({"label": label, "run": bool(reasons), "reasons": reasons})
        else:
            say(f"{label:<4} {'run' if reasons else 'finished'}  {'; '.join(reasons)}".rstrip())
    if not as_json:
        n = sum(bool(reasons) for reasons in found.values())
        console().print(f"{n} of {len(found)} to be run")


@click.command()
@paths_argument
@out_option
@only_option
@seed_option("the choice between equally good plans")
@time_limit_option("for each scenario, from reading to the last proof")
@memory_option
@outputs_option
@json_option("scenario", more=", and nothing else")
@outside_option
@verbose_option
def status(
    *,
    paths: Sequence[Path],
    out: Path,
    only: str,
    seed: int,
    time_limit_s: float | None,
    memory_mb: int | None,
    outputs: Outputs,
    as_json: bool,
) -> None:
    """Tell which scenarios are finished, and why the others would be run.

    \b
    Example:
      cluster-optimiser status scenarios --out results
    """
    from cluster_optimiser import batch

    options = batch.Options(seed, time_limit_s, memory_mb, outputs)
    _tell_what_to_run(paths, out, only=only, shard=None, options=options, as_json=as_json)


def _exit_code(outcomes: Sequence[Outcome]) -> int:
    statuses = {outcome.status for outcome in outcomes}
    failed = [outcome for outcome in outcomes if not outcome.has_plan]
    if failed and len(outcomes) > 1:
        return EXIT_SOME_FAILED
    if any(outcome.failure for outcome in outcomes):
        return EXIT_UNEXPECTED
    if "INFEASIBLE" in statuses:
        return EXIT_INFEASIBLE
    if statuses & {"FEASIBLE", "UNKNOWN"}:
        return EXIT_TIME
    return 0


@click.command()
@click.argument("plan", type=PATH)
@scenario_option("whose rules and objective the plan is judged by")
@json_option()
@outside_option
def evaluate(*, plan: Path, scenario: Path, as_json: bool) -> None:
    """Tell whether a plan is legal, and every number of it.

    PLAN is a CSV with the columns urn and cluster, such as plan.csv of a results folder.

    \b
    Example:
      cluster-optimiser evaluate results/4a/plan.csv --scenario scenarios/4a.toml
    """
    from cluster_optimiser import batch, present

    def record(judged: Result) -> dict[str, object]:
        return {"legal": not judged.violations, **present.manifest(judged)}

    say_found(record, _evaluation, batch.evaluate(plan, scenario), as_json=as_json)


def _evaluation(result: Result) -> Iterator[str]:
    from cluster_optimiser.scenario.words import same_name

    scenario = result.problem.scenario
    if result.violations:
        n = len(result.violations)
        yield f"Not legal by {scenario.option}: {n} rule{'s' * (n != 1)} broken"
        for violation in result.violations:
            yield f"  {violation}"
    else:
        yield f"Legal by {scenario.option}: {scenario.title}"
    alike: dict[str, list[str]] = {}
    for name in dict.fromkeys(result.assignment):
        alike.setdefault(same_name(name), []).append(f'"{name}"')
    for names in alike.values():
        if len(names) > 1:
            yield f"Spelt alike, and a cluster each: {', '.join(names)}. Is one meant?"
    for term, value in result.objective.items():
        yield f"objective {term:<28} {value:>16,.2f}"
    for metric, number in result.score.metrics.items():
        shown = "not known" if number is None else f"{number:,.4f}".rstrip("0").rstrip(".")
        yield f"{metric:<38} {shown:>16}"
