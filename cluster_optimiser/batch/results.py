"""What speaks of all scenarios of a run together, made from their folders."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cluster_optimiser import present
from cluster_optimiser.batch import shelf
from cluster_optimiser.batch.folders import staging
from cluster_optimiser.batch.ground import place_of
from cluster_optimiser.batch.ledger import RECORD_FILE, Options
from cluster_optimiser.batch.one import prepare, result_of
from cluster_optimiser.batch.surveys import standing_of, survey_of
from cluster_optimiser.batch.sweeps import TABLE_FILES, write_tables
from cluster_optimiser.batch.together import pages_of, sign, together_key
from cluster_optimiser.batch.work import held, hold, plan_of
from cluster_optimiser.comparison import compare, compare_runs
from cluster_optimiser.domain import Plan, Result, Solution, Stage, Unsolved
from cluster_optimiser.errors import writing
from cluster_optimiser.present.columns import DATAPACKAGE, joint_datapackage
from cluster_optimiser.present.tables import csv_text
from cluster_optimiser.present.universe_files import PICTURES
from cluster_optimiser.proofs import proof_of
from cluster_optimiser.scenario import authority_folder
from cluster_optimiser.words import languages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cluster_optimiser.batch.tasks import Outcome

COMPARISON_FILES = (
    "index.html",
    *(f"index.{name}.html" for name in languages()),
    "page.json",
    "comparison.csv",
    "assignments.csv",
    DATAPACKAGE,
    "runs.html",
    *PICTURES,
)
"""What speaks of all plans of a run together."""

OVERVIEW = "runs.html"
"""The page of all runs, where the options of one authority have the first."""

AUTHORITIES = "authorities"
"""Folder of a page for each authority, where there are several."""


def load_result(outcome: Outcome, *, is_surveyed: bool = True) -> Result:
    """Give the result of a scenario that has a plan: as kept, or built again from its folder.

    The plan is read, what was proved of it is taken from the manifest, and every number is what the
    process that ran it handed back, or worked out again from plan and data.
    """
    record, scenario = outcome.record, outcome.scenario
    kept = held(outcome.folder, record["stamp"])
    if kept is not None:
        return kept
    place, out = place_of(scenario), outcome.folder.parent
    units = scenario.units_scenario
    parent = None if units is None else plan_of(units, out, place)
    problem = prepare(scenario, place=place, parent=parent)
    solution = Solution(
        status=outcome.status,
        stages=tuple(Stage(**stage) for stage in record["stages"]),
        proof=proof_of(record["proof"]),
    )
    plan = Plan(scenario.option, plan_of(scenario.option, out, place).assignment, solution)
    made = outcome.made
    if made is None:
        result = result_of(
            problem, plan, seconds=record["seconds"], seed=record["seed"], stamp=record["stamp"]
        )
        if not is_surveyed:
            return result
        result = replace(result, survey=survey_of(result))
    else:
        result = Result(
            problem=problem,
            plan=plan,
            score=made.score,
            violations=made.violations,
            objective=made.objective,
            seconds=record["seconds"],
            seed=record["seed"],
            stamp=record["stamp"],
            caveats=problem.authority.caveats,
            outlook=made.outlook,
            survey=made.survey,
        )
    hold(outcome.folder, result)
    return result


def load_unsolved(outcome: Outcome) -> Unsolved:
    """Give why a scenario has no plan, from its folder."""
    record = outcome.record
    return Unsolved(
        scenario=outcome.scenario,
        authority=place_of(outcome.scenario).authority,
        status=outcome.status,
        message=outcome.message,
        seconds=record.get("seconds", 0.0),
        seed=record.get("seed", 0),
        stamp=record.get("stamp", ""),
    )


def write_together(outcomes: Sequence[Outcome], out: Path, options: Options) -> None:
    """Write the comparison of all scenarios of a run, and the page or pages.

    The consultation page holds the options of one authority. The runs of a sweep are not among
    them: there may be thousands, which a table holds better. Where there are several authorities
    each has its page in a folder of its own, and the first page leads to all of them.
    """
    with writing(out):
        pages = pages_of(out)
        (out / RECORD_FILE).unlink(missing_ok=True)
        shelf.put_together(out)
        with staging(out) as temporary:
            names = write_all(outcomes, temporary, options)
            # Those of an earlier run would speak of plans that are no longer there.
            for name in {*COMPARISON_FILES, *TABLE_FILES} - set(names):
                (out / name).unlink(missing_ok=True)
            for name in names:
                (out / name).parent.mkdir(parents=True, exist_ok=True)
                (temporary / name).replace(out / name)
        if names:
            labels = [outcome.scenario.option for outcome in outcomes if outcome.record]
            sign(out, together_key(outcomes, options), names, labels, pages=pages)


def write_all(outcomes: Sequence[Outcome], folder: Path, options: Options) -> list[str]:
    """Write everything into a folder; give the names of the files."""
    if not any(outcome.has_plan for outcome in outcomes):
        return []
    is_whole = options.outputs == "all"
    options_of: dict[Path, list[Outcome]] = {}
    for outcome in outcomes:
        if not outcome.scenario.sweep:
            options_of.setdefault(authority_folder(outcome.scenario), []).append(outcome)
    shown = [group for group in options_of.values() if any(one.has_plan for one in group)]
    names: list[str] = []
    is_page_first = is_whole and len(shown) == 1
    for group in shown if is_whole else ():
        key = authority_folder(group[0].scenario).name
        home = "" if is_page_first else f"{AUTHORITIES}/{key}/"
        (folder / home).mkdir(parents=True, exist_ok=True)
        _write_page(group, folder / home)
        written = [f"{home}{name}" for name in COMPARISON_FILES]
        # There are no pictures where there is nothing to draw.
        names += [name for name in written if (folder / name).is_file()]
    is_simple = is_page_first and len(shown[0]) == len(outcomes)
    if not is_simple:
        names += _write_lists(outcomes, folder)
        names += write_tables(outcomes, folder)
        own = [shelf.text(one.folder / DATAPACKAGE) for one in outcomes if one.has_plan]
        said = joint_datapackage(folder, own)
        (folder / DATAPACKAGE).write_text(said, encoding="utf-8", newline="\n")
        names.append(DATAPACKAGE)
    # The options of one authority have their page first; a sweep beside them has its own.
    if is_whole and not is_simple:
        name = OVERVIEW if is_page_first else "index.html"
        mapped = [outcome.scenario.option for outcome in outcomes if outcome.has_plan]
        page = present.overview_html(folder, has_map=mapped)
        (folder / name).write_text(page, encoding="utf-8", newline="\n")
        names.append(name)
    return list(dict.fromkeys(names))


def _write_page(group: Sequence[Outcome], folder: Path) -> None:
    results = [load_result(outcome) for outcome in group if outcome.has_plan]
    unsolved = [load_unsolved(outcome) for outcome in group if not outcome.has_plan]
    present.write_comparison(
        results, compare(results), folder, unsolved=unsolved, standing=standing_of(results)
    )


def _write_lists(outcomes: Sequence[Outcome], folder: Path) -> list[str]:
    """Write the comparison and the assignments of all runs from what each has written."""
    solved = [outcome for outcome in outcomes if outcome.has_plan]
    table = compare_runs(
        {
            "scenario": outcome.scenario.option,
            "title": outcome.scenario.title,
            "status": outcome.status,
            "metrics": outcome.record["metrics"],
            "n_legal_plans": outcome.record["proof"].get("n_legal_plans"),
            "n_rules_broken": len(outcome.record["violations"]),
        }
        for outcome in solved
    )
    (folder / "comparison.csv").write_text(csv_text(table), encoding="utf-8", newline="\n")
    with (folder / "assignments.csv").open("w", encoding="utf-8", newline="") as file:
        for i, outcome in enumerate(solved):
            said = shelf.text(outcome.folder / "assignments.csv")
            file.write(said if i == 0 else said.partition("\n")[2])
    return ["comparison.csv", "assignments.csv"]
