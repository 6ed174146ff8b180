"""Commands that ask of all legal plans, and why there is none."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from cluster_optimiser.cli.options import (
    NEW_FILE,
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
    EXIT_TIME,
    console,
    print_json,
    say,
    say_found,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cluster_optimiser import batch
    from cluster_optimiser.errors import ClusterOptimiserError
    from cluster_optimiser.optimise.universe.all_plans import PickedPlan
    from cluster_optimiser.scenario import Scenario


@click.command()
@click.argument("scenario", type=PATH)
@click.option(
    "--rank",
    "plan",
    type=PATH,
    help="How many legal plans are better, equal and worse than this one (CSV urn,cluster).",
)
@click.option("--best", metavar="K", type=click.IntRange(1), help="The K best plans, in order.")
@click.option("--sample", metavar="N", type=click.IntRange(1), help="N plans drawn uniformly.")
@seed_option("which plans are drawn")
@time_limit_option("of listing groups and counting plans")
@memory_option
@click.option(
    "--pareto", metavar="A,B[,C]", help="The exact front of two or three terms, a plan for each."
)
@click.option(
    "--together", is_flag=True, help="In how many plans each two neighbours share a cluster."
)
@outside_option
@json_option()
def universe(  # noqa: PLR0913 - an option each
    *,
    scenario: Path,
    plan: Path | None,
    best: int | None,
    sample: int | None,
    seed: int,
    time_limit_s: float | None,
    memory_mb: int | None,
    pareto: str | None,
    together: bool,
    as_json: bool,
) -> None:
    """Count all legal plans of a merge scenario exactly, and say what they have in common.

    \b
    Example:
      cluster-optimiser universe scenarios/4a.toml --rank results/4b/plan.csv --best 5
    """
    from cluster_optimiser import batch, present
    from cluster_optimiser.deadline import within
    from cluster_optimiser.errors import TooManyStatesError
    from cluster_optimiser.scenario import load_scenario

    read = load_scenario(scenario)
    limits = within(time_limit_s, memory_mb=memory_mb)
    if read.method == "redraw" and pareto is not None:
        if plan is not None or best is not None or sample is not None or together:
            raise click.UsageError("a redraw has no list of all plans: ask it for --pareto alone")
        with limits:
            _tell_front(read, pareto, seed, as_json=as_json)
        return
    with limits, console().status(f"counting all legal plans of {scenario.name}"):
        terms = [term.strip() for term in (pareto or "").split(",")]
        try:
            found = batch.universe(scenario, seed=seed)
        except TooManyStatesError as error:
            is_more_asked = together or any((plan, best, sample, pareto))
            number = None if is_more_asked else batch.counted(scenario, seed=seed)
            if number is None:
                raise
            say(f"Only their number is counted: {error}", err=True)
            say_found(present.universe_record, present.universe_lines, number, {}, as_json=as_json)
            return

        def listed(plans: Sequence[PickedPlan]) -> Any:  # noqa: ANN401 - a table
            return present.plans_table(plans, found.groups)

        tables, late = _worked_out(
            {
                "distributions": found.distributions,
                "rank": plan and partial(batch.rank, found, plan),
                "best": best and (lambda: listed(found.best(best, seed=seed))),
                "sample": sample and (lambda: listed(found.sample(sample, seed=seed))),
                "pareto": None if pareto is None else lambda: listed(found.pareto(terms)),
                "together": together and found.together,
            }
        )
    say_found(present.universe_record, present.universe_lines, found, tables, as_json=as_json)
    if late is not None:
        raise late


def _worked_out(
    asked: Mapping[str, Any],
) -> tuple[dict[str, Any], ClusterOptimiserError | None]:
    """Make the tables that are asked for; where one cannot be made, say so and make no more."""
    from cluster_optimiser.errors import NoPlanFoundError, TooManyStatesError

    tables: dict[str, Any] = {}
    for name, table in asked.items():
        try:
            tables |= {name: table()} if callable(table) else {}
        except (NoPlanFoundError, TooManyStatesError) as error:
            rest = ", ".join(one for one in asked if asked[one] and one not in tables)
            why = "time ran out" if isinstance(error, NoPlanFoundError) else str(error)
            message = f"the number of plans is exact, but not worked out: {rest} ({why})"
            return tables, type(error)(message)
    return tables, None


def _tell_front(scenario: Scenario, pareto: str, seed: int, *, as_json: bool) -> None:
    """Print the front of two terms of a redraw; exit 5 where it is not proved to be whole."""
    from cluster_optimiser import batch

    names = [term.strip() for term in pareto.split(",")]
    if len(names) != 2 or names[0] == names[1]:  # noqa: PLR2004 - by limits on the second
        raise click.UsageError("the front of a redraw has two different terms")
    with console().status(f"looking for the front of {scenario.option}"):
        found = batch.limit_front(scenario, (names[0], names[1]), seed=seed)
    rows = [
        {
            names[0]: point.values[0],
            names[1]: point.values[1],
            "bound": point.bound,
            "proved": point.is_proved,
        }
        for point in found.points
    ]
    if as_json:
        print_json({"label": scenario.option, "whole": found.is_whole, "pareto": rows})
    else:
        whole = "all of it, proved" if found.is_whole else "the rest is not proved"
        say(f"{scenario.option}: {len(rows)} plans of the front, {whole}")
        say(f"{names[0]},{names[1]},bound,proved")
        for row in rows:
            say(",".join(f"{v:g}" if isinstance(v, bool) else f"{v:.2f}" for v in row.values()))
    if not found.is_whole:
        raise SystemExit(EXIT_TIME)


@click.command()
@click.argument("scenario", type=PATH)
@time_limit_option("of solving", default=60.0)
@outside_option
@json_option()
def explain(*, scenario: Path, time_limit_s: float, as_json: bool) -> None:
    """Say why a merge has no plan and what would admit one; or what each of its rules costs.

    \b
    Example:
      cluster-optimiser explain scenarios/4a.toml
    """
    from cluster_optimiser import batch

    with console().status(f"solving {scenario.name} with one rule after another relaxed"):
        explanation = batch.explain(scenario, time_limit_s=time_limit_s)
    say_found(explanation.as_dict, explanation.lines, as_json=as_json)
    if explanation.status == "UNKNOWN":
        raise SystemExit(EXIT_TIME)


@click.command()
@click.argument("plan", type=PATH)
@scenario_option("that says which plans are legal")
@click.option("--terms", metavar="A,B[,...]", required=True, help="Terms, all to be small.")
@click.option("--out", "-o", type=NEW_FILE, help="Write the better plan to this CSV (urn,cluster).")
@seed_option("the choice between equally good plans")
@time_limit_option("of solving")
@outside_option
@json_option()
def dominate(
    *,
    plan: Path,
    scenario: Path,
    terms: str,
    out: Path | None,
    seed: int,
    time_limit_s: float | None,
    as_json: bool,
) -> None:
    """Find a plan no worse than PLAN in any term and better in one, or prove there is none.

    Ends with 0 where there is one, 4 where it is proved that there is none, 5 where the time ran
    out. PLAN is a CSV with the columns urn and cluster; it need not be legal itself.

    \b
    Example:
      cluster-optimiser dominate results/4b/plan.csv --scenario scenarios/4a.toml --terms count,pupil_minutes
    """  # noqa: E501 - an example of one line
    from cluster_optimiser import batch
    from cluster_optimiser.batch.places import files_read
    from cluster_optimiser.errors import refuse_to_write_over
    from cluster_optimiser.present.write import write_plan
    from cluster_optimiser.scenario import load_scenario

    if out is not None and not out.parent.is_dir():
        raise click.UsageError(f"there is no folder {out.parent} to write the plan into")
    if out is not None:
        refuse_to_write_over([plan, *files_read(load_scenario(scenario))], [out])
    names = [term.strip() for term in terms.split(",") if term.strip()]
    with console().status(f"looking for a better plan than {plan.name}"):
        found = batch.dominate(plan, scenario, names, seed=seed, time_limit_s=time_limit_s)
    if out is not None and found.better is not None:
        write_plan(found.better, out)
    if as_json:
        better = found.better
        record = {
            "label": found.given.problem.scenario.option,
            "status": found.status,
            "legal": not found.given.violations,
            "given": found.values,
            "better": None if better is None else better.objective,
            "plan": None if better is None else better.plan.assignment.to_dict(),
        }
        print_json(record)
    else:
        for line in _dominance(found):
            say(line)
    if found.better is None:
        raise SystemExit(EXIT_INFEASIBLE if found.status == "NONE" else EXIT_TIME)


def _dominance(found: batch.Dominance) -> Iterator[str]:
    option = found.given.problem.scenario.option
    broken = len(found.given.violations)
    if broken:
        rules = "1 rule" if broken == 1 else f"{broken} rules"
        yield f"The plan itself is not legal by {option}: {rules} broken, see evaluate."
    listed = ", ".join(found.values)
    asked = f"legal by {option}, no worse in any of {listed} and better in one"
    yield {
        "FOUND": f"A plan that is {asked}:",
        "NONE": f"Proved: no plan is {asked}.",
        "UNKNOWN": f"Not proved in time: whether a plan is {asked}.",
    }[found.status]
    for term, value in found.values.items():
        better = f"{found.better.objective[term]:>16,.2f}" if found.better is not None else ""
        yield f"{term:<28} {value:>16,.2f}{better}"


@click.command()
@click.argument("what", metavar="PLAN|RESULTS", type=PATH)
@scenario_option("whose [projection] counts; its rules too, for a single plan")
@outside_option
@json_option("plan")
def sensitivity(*, what: Path, scenario: Path, as_json: bool) -> None:
    """Say which clusters leave the range of pupils, and when, if pupils change.

    PLAN is a CSV with the columns urn and cluster; RESULTS a folder that run wrote, each plan of
    which is judged by the rules of its own scenario.

    \b
    Example:
      cluster-optimiser sensitivity results --scenario scenarios/4f.toml
    """
    from cluster_optimiser import batch, present

    with console().status(f"judging {what.name} in every projection of {scenario.name}"):
        results = batch.sensitivity(what, scenario)
    if as_json:
        for result in results:
            print_json(present.sensitivity_record(result))
        return
    for line in present.sensitivity_lines(results):
        say(line)
