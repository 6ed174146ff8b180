"""Commands that ask of all legal plans, and why there is none."""

from __future__ import annotations

from pathlib import Path

import click

from cluster_optimiser.cli.terminal import console, outside_option, print_json, say


@click.command()
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
    "--time-limit",
    "time_limit_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Seconds of listing groups and counting plans.",
)
@click.option(
    "--pareto", metavar="A,B[,C]", help="The exact front of two or three terms, a plan for each."
)
@click.option(
    "--together", is_flag=True, help="In how many plans each two neighbours share a cluster."
)
@outside_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout.")
def universe(  # noqa: PLR0913 - an option each
    *,
    scenario: Path,
    plan: Path | None,
    best: int | None,
    sample: int | None,
    seed: int,
    time_limit_s: float | None,
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

    with within(time_limit_s), console().status(f"counting all legal plans of {scenario.name}"):
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
        print_json(present.universe_record(found, tables))
        return
    for line in present.universe_lines(found, tables):
        say(line)


@click.command()
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
@outside_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout.")
def explain(*, scenario: Path, time_limit_s: float, as_json: bool) -> None:
    """Say why a scenario has no plan and what would admit one; or what each rule costs.

    \b
    Example:
      cluster-optimiser explain scenarios/4a.toml
    """
    from cluster_optimiser import batch

    with console().status(f"solving {scenario.name} with one rule after another relaxed"):
        explanation = batch.explain(scenario, time_limit_s=time_limit_s)
    if as_json:
        print_json(explanation.as_dict())
        return
    for line in explanation.lines():
        say(line)


@click.command()
@click.argument("what", metavar="PLAN|RESULTS", type=click.Path(path_type=Path))
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    required=True,
    help="The scenario whose [projection] counts; its rules too, for a single plan.",
)
@outside_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a plan to stdout.")
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
