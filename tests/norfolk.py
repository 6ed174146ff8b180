"""The Norfolk authority and its scenarios, read once for all tests."""

import fcntl
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from cluster_optimiser.batch import Place, load_place, run_scenario, work
from cluster_optimiser.batch.surveys import survey_of
from cluster_optimiser.domain import Problem, Result
from cluster_optimiser.geography import build_problem
from cluster_optimiser.present import universe_files, write
from cluster_optimiser.scenario import Scenario, load_scenario
from tests.batch.made import run_into
from tests.kept import kept, kept_folder

ROOT = Path(__file__).parents[1]
SCENARIOS = ROOT / "scenarios"
OPTIONS = tuple(sorted(p.stem for p in SCENARIOS.glob("*.toml") if p.stem != "base"))


@cache
def norfolk_scenario(option: str) -> Scenario:
    return load_scenario(SCENARIOS / f"{option}.toml")


@cache
def norfolk_place() -> Place:
    return load_place(norfolk_scenario("1"))


@cache
def norfolk_problem(option: str) -> Problem:
    """Build the problem of an option whose units are today's clusters."""
    place = norfolk_place()
    return build_problem(norfolk_scenario(option), place.authority, place.territory)


@cache
def norfolk_result(option: str) -> Result:
    place = norfolk_place()
    shared = {"authority": place.authority, "territory": place.territory}

    def solved() -> Result:
        scenario = norfolk_scenario(option)
        parent = norfolk_result(scenario.units_scenario).plan if scenario.units_scenario else None
        return run_scenario(scenario, place=place, parent=parent)

    return kept(f"result-{option}", solved, shared)


@cache
def surveyed_result(option: str) -> Result:
    """Give a result with what all plans of its rules are like, where that can be said."""
    result = norfolk_result(option)
    return replace(result, survey=kept(f"survey-{option}", lambda: survey_of(result)))


def run_with_kept_plans(patch: pytest.MonkeyPatch) -> None:
    """Let `run` write Norfolk's options from the plans that all tests share."""
    patch.setattr(work, "run_scenario", lambda scenario, **_: norfolk_result(scenario.option))
    patch.setattr(work, "survey_of", lambda result: surveyed_result(result.plan.label).survey)


@cache
def norfolk_run() -> Path:
    """Give the results of every option as the command writes them: to be read, not changed."""
    out = kept_folder() / "run"
    with out.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():
            new = out.with_suffix(".new")
            shutil.rmtree(new, ignore_errors=True)
            with pytest.MonkeyPatch.context() as patch:
                run_with_kept_plans(patch)
                patch.setattr(write, "write_pictures", universe_files.write_pictures)
                run_into(new, *(SCENARIOS / f"{option}.toml" for option in OPTIONS))
            new.rename(out)
    return out


def copy_of_run(folder: Path, *options: str) -> Path:
    """Copy the results of some options, as another command may go on with them."""
    for option in options:
        shutil.copytree(norfolk_run() / option, folder / option)
    return folder
