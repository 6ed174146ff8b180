"""Commands that look before anything is run, and verify what was written."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cluster_optimiser.cli.options import (
    FOLDER,
    NEW_FILE,
    PATH,
    Finite,
    json_option,
    only_with,
    outside_option,
)
from cluster_optimiser.cli.terminal import EXIT_INPUT, console, print_json, say, tell_passed_over
from cluster_optimiser.constants import HOMES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cluster_optimiser.batch import Place
    from cluster_optimiser.batch.verifying import Verified
    from cluster_optimiser.errors import Fault
    from cluster_optimiser.findings import Finding
    from cluster_optimiser.scenario import Scenario

    Command = Callable[..., None]

MENDING_OPTIONS = (
    click.option(
        "--close",
        "close_m",
        type=Finite(0, 100),
        default=10.0,
        show_default=True,
        metavar="METRES",
        help="With --mend: gaps up to so wide are closed.",
    ),
    click.option(
        "--simplify",
        "simplify_m",
        type=Finite(0, 1000),
        default=0.0,
        show_default=True,
        metavar="METRES",
        help="With --mend: leave out bends of a border smaller than a square of this side, the "
        "same for both its sides.",
    ),
)


def mending_options(command: Command) -> Command:
    """Add the options that say how far mending may go."""
    for option in reversed(MENDING_OPTIONS):
        command = option(command)
    return command


Reports = list[tuple["Place", dict[str, tuple["Finding", ...]]]]


@click.command()
@click.argument("paths", nargs=-1, required=True, type=PATH)
@json_option("scenario")
@click.option(
    "--report",
    type=NEW_FILE,
    metavar="FILE.html",
    help="Write a map with every finding on it, which needs no network.",
)
@click.option(
    "--mend",
    type=FOLDER,
    metavar="DIR",
    help="Write a copy of each authority into DIR with gaps closed and overlaps given to one area, "
    "and an account of every area before and after. Your files stay as they are.",
)
@mending_options
@outside_option
def check(
    *,
    paths: Sequence[Path],
    as_json: bool,
    report: Path | None,
    mend: Path | None,
    close_m: float,
    simplify_m: float,
) -> None:
    """Show every fault of scenarios and their data, in one pass, and what is odd about the map.

    Nothing is run. Faults end with exit code 3; warnings do not, but stand in every output.

    \b
    Example:
      cluster-optimiser check scenarios --report ground.html
      cluster-optimiser check scenarios --mend mended
    """
    from cluster_optimiser import batch
    from cluster_optimiser.errors import InputError, ScenarioError
    from cluster_optimiser.geography.contradictions import refuse_contradictions

    only_with("--mend DIR", "close_m", "simplify_m", is_there=mend is not None)
    reports: Reports = []

    def look(scenario: Scenario, place: Place) -> None:
        reports[-1][1][scenario.option] = batch.ground_of(scenario, place)
        refuse_contradictions(scenario, place.authority.schools)

    scenarios, faults = batch.read_scenarios(batch.find_scenarios(paths))
    error: InputError | ScenarioError | None = None
    try:
        batch.raise_faults(
            faults, scenarios, on_place=lambda place: reports.append((place, {})), on_sound=look
        )
        batch.in_order(scenarios)
    except (InputError, ScenarioError) as caught:
        error = caught
    found = () if error is None else error.faults
    if report is not None:
        _write(report, reports, found)
    if as_json:
        _print_json(scenarios, reports, found)
    elif error is None:
        _tell(scenarios, reports)
        below = [at for path in paths if path.is_dir() for at in batch.folders_below(path)]
        tell_passed_over(paths)
        if unread := [at for at in below if at not in paths]:
            say(f"Not looked at, as folders below have to be named: {' '.join(map(str, unread))}")
    if mend is not None:
        _mend(scenarios, mend, (close_m, simplify_m), reports)
    if error is not None:
        raise error


def _mend(
    scenarios: Sequence[Scenario], out: Path, how: tuple[float, float], reports: Reports
) -> None:
    from cluster_optimiser import batch
    from cluster_optimiser.batch.mending import Mending, mend_copy
    from cluster_optimiser.scenario import authority_folder

    by_folder: defaultdict[Path, list[Scenario]] = defaultdict(list)
    for scenario in scenarios:
        by_folder[authority_folder(scenario)].append(scenario)
    earlier = {place.authority.folder: _together(place, found) for place, found in reports}
    for folder, here in by_folder.items():
        copy = mend_copy(folder, out, Mending(*how))
        say(f"Mended copy of {folder.name}: {copy.folder}")
        for line in copy.lines:
            say(f"  {line}")
        before = _graded(earlier[folder]) if folder in earlier else "it could not be read"
        after = f"{len(copy.faults)} other faults of the data"
        if copy.place is not None:
            own = {one.option: batch.ground_of(one, copy.place) for one in here}
            after = _graded(_together(copy.place, own))
        say(f"  Before: {before}. After: {after}.")
        for fault in copy.faults:
            say(f"  Still wrong: {fault}")
        say(f"  Every area before and after: {out / folder.name}-mended.csv")


def _graded(findings: Sequence[Finding]) -> str:
    from cluster_optimiser.findings import GRADES

    n_of = Counter(one.grade for one in findings if not one.is_accepted)
    return ", ".join(f"{n_of[grade]} {grade}{'s' * (n_of[grade] != 1)}" for grade in GRADES)


def _together(place: Place, found: dict[str, tuple[Finding, ...]]) -> list[Finding]:
    """Give each finding once, however many scenarios it concerns, and what is accepted in vain."""
    from cluster_optimiser.findings import gravest
    from cluster_optimiser.geography.ground import unused

    of_scenarios = (one for findings in found.values() for one in findings)
    every = gravest((*place.findings, *of_scenarios))
    return [*every, *unused(place.authority.accepted, every)]


def _write(path: Path, reports: Reports, faults: Sequence[Fault]) -> None:
    from cluster_optimiser.errors import put, refuse_to_replace, writing
    from cluster_optimiser.present.ground_page import ground_html

    page = ground_html(
        [(place.authority, place.territory, _together(place, found)) for place, found in reports],
        faults,
    )
    refuse_to_replace(path, page)
    with writing(path):
        put(path, page)


def _print_json(scenarios: Sequence[Scenario], reports: Reports, faults: Sequence[Fault]) -> None:
    by_label = {label: findings for _, found in reports for label, findings in found.items()}
    told = [
        {"file": f.file, "row": f.row, "subject": f.subject, "problem": f.problem}
        | {"remedy": f.remedy}
        for f in faults
    ]
    for label in [scenario.option for scenario in scenarios] or [""]:
        findings = by_label.get(label) or next((p.findings for p, _ in reports), ())
        print_json({"label": label, "faults": told, "findings": [one.record() for one in findings]})


def _tell(scenarios: Sequence[Scenario], reports: Reports) -> None:
    from cluster_optimiser.findings import told_together

    for place, found in reports:
        authority = place.authority
        pupils = int(authority.schools["pupils"].sum())
        least = "" if authority.schools["is_pupils_known"].all() else "at least "
        n_groups = len(place.territory.clusters)
        groups = f"{n_groups} geographic clusters today"
        if authority.has_areas:
            groups = f"who live in {n_groups} areas"
        n_schools = int((authority.schools["phase"] != HOMES).sum())
        say(
            f"{authority.name}: {n_schools} schools, {least}{pupils:,} pupils, {groups}, "
            f"layers {', '.join(authority.layers) or 'none'}"
        )
        for grade, words in told_together(_together(place, found)):
            say(f"  {grade}: {words}")
        for line in authority.caveats:
            say(f"  note: {line}")
    some = "1 scenario" if len(scenarios) == 1 else f"{len(scenarios)} scenarios"
    say(f"No fault in {some}: {', '.join(s.option for s in scenarios)}")


@click.command()
@click.argument("results", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the project: its scenarios, and boundaries beside them. Without it the one "
    "that the command is called in, if it has both.",
)
@click.option(
    "--signers",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File of allowed signers (OpenSSH): the folder must be signed by one of them.",
)
@json_option()
@outside_option
def verify(*, results: Path, against: Path | None, signers: Path | None, as_json: bool) -> None:
    """Verify every file, plan, claim and number of a results folder, again.

    Every file is compared with what its run signed; every plan is judged by the independent
    checker on the project's data, and every table, map and page is made again from it.

    \b
    Example:
      cluster-optimiser verify results --against .
    """
    from cluster_optimiser.batch.verifying import signed_by, verify_results

    here = Path()
    if against is None and (here / "scenarios").is_dir() and (here / "boundaries").is_dir():
        against = here
    who = "" if signers is None else signed_by(results, signers)
    to_user = console()
    with to_user.status("verifying") if to_user.is_terminal else nullcontext():
        found = verify_results(results, against)
    if as_json:
        print_json({**asdict(found), "verified": not found.faults, "against": str(against or ""),
                    "signed_by": who})  # fmt: skip
    else:
        if who:
            say(f"signed by {who}")
        for note in found.notes:
            say(f"note: {note}")
        for fault in found.faults:
            say(str(fault))
        say(_ill(len(found.faults), found.n_files) if found.faults else _well(found, against))
    sys.exit(EXIT_INPUT if found.faults else 0)


def _ill(n_faults: int, n_files: int) -> str:
    if n_faults > n_files:
        return "nothing is there that was proved"
    return f"{n_faults} of {n_files} files {'is' if n_faults == 1 else 'are'} not what was proved"


def _well(found: Verified, against: Path | None) -> str:
    n_all = len(found.labels)
    options = "option" if n_all == 1 else "options"
    said = f"{found.n_files} files of {n_all} {options} are as their runs wrote them"
    if against is None:
        return f"{said}; give --against PROJECT to judge plans and numbers by the data too"
    project = against.resolve().name
    if not found.notes:
        return f"{said}; every plan, claim and number stands up to {project}"
    n_whole = len(found.whole)
    stands = "stands" if n_whole == 1 else "stand"
    return (
        f"{said}; {n_whole} of {n_all} {stands} up to {project} in every plan, claim and number; "
        "the notes say what was not asked"
    )
