"""The command that verifies a results folder."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import click

from cluster_optimiser.cli.options import json_option, outside_option
from cluster_optimiser.cli.terminal import EXIT_INPUT, console, print_json, say


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
    from cluster_optimiser.batch.signing import signed_by
    from cluster_optimiser.batch.verifying import verify_results

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
        say(
            f"{len(found.faults)} of {found.n_files} files are not what was proved"
            if found.faults
            else _well(found.n_files, found.labels, against)
        )
    sys.exit(EXIT_INPUT if found.faults else 0)


def _well(n_files: int, labels: tuple[str, ...], against: Path | None) -> str:
    said = f"{n_files} files of {len(labels)} options are as their runs wrote them"
    if against is None:
        return f"{said}; give --against PROJECT to judge plans and numbers by the data too"
    return f"{said}; every plan, claim and number stands up to {against.resolve().name}"
