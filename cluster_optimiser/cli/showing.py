"""Commands that show what is there: the page made again, the schema."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from cluster_optimiser.cli.options import (
    FOLDER,
    NEW_FILE,
    PATH,
    json_option,
    outside_option,
    scenario_option,
)
from cluster_optimiser.cli.terminal import console, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@click.command()
@click.argument("results", nargs=-1, required=True, type=PATH)
@click.option("-o", "--out", "file", type=NEW_FILE, required=True, help="The HTML file to write.")
@click.option(
    "--theme", type=PATH, help="TOML with the council's name, colours, contact and licence line."
)
@click.option(
    "--split", is_flag=True, help="Styles and scripts as files beside it, for sites that ask so."
)
@click.option(
    "--embed", is_flag=True, help="For a frame in a council's page; what to paste is beside it."
)
@click.option(
    "--replies",
    type=PATH,
    help='Folder that "responses -o" wrote: what was replied becomes a section.',
)
def page(
    *,
    results: Sequence[Path],
    file: Path,
    theme: Path | None,
    split: bool,
    embed: bool,
    replies: Path | None,
) -> None:
    """Make the consultation page again from a results folder, in another theme if wanted.

    Of a folder that holds a sweep, or several authorities, it makes the page of all runs; of
    several folders, a page that leads to the page of each.

    \b
    Example:
      cluster-optimiser page results -o page.html --theme council.toml
    """
    from cluster_optimiser import present
    from cluster_optimiser.batch.verifying import refuse_changed, resign
    from cluster_optimiser.present.overview import is_list_of_runs

    for folder in results:
        refuse_changed(folder)
    given = {"--theme": theme, "--split": split, "--embed": embed, "--replies": replies}
    if any(given.values()) and (len(results) > 1 or is_list_of_runs(results[0])):
        told = ", ".join(name for name, value in given.items() if value)
        console().print(f"A list of runs is no page of options: {told} changes nothing.")
    look = None if theme is None else present.load_theme(theme)
    if len(results) > 1:
        present.write_ways(results, file)
        files = [file]
    else:
        how = present.Placing(split=split, embed=embed)
        files = present.write_page(results[0], file, theme=look, how=how, replies=replies)
        if len(files) > 1:
            beside = ", ".join(made.name for made in files[1:])
            console().print(f"Beside it, to be kept together: {beside}")
    for folder in results:
        for made in files:
            resign(folder, made)
    console().print(f"Open {file}")


@click.command()
@click.argument("results", type=PATH)
@click.option(
    "-o",
    "--out",
    "folder",
    type=FOLDER,
    required=True,
    help="Folder for the report; made if it is not there.",
)
@click.option("--front", type=PATH, help="Date, author, decision and so on.")
@click.option("--template", type=PATH, help="Word document to be styled by.")
@click.option(
    "--fonts", type=PATH, help="Folder of fonts for characters that the program's own cannot draw."
)
@click.option(
    "--replies",
    type=PATH,
    help='Folder that "responses -o" wrote: what was replied becomes a chapter.',
)
def report(
    *,
    results: Path,
    folder: Path,
    front: Path | None,
    template: Path | None,
    fonts: Path | None,
    replies: Path | None,
) -> None:
    """Write the committee paper: a Word document, a tagged PDF and a workbook.

    \b
    Example:
      cluster-optimiser report results -o report --front front.toml
    """
    from cluster_optimiser.batch.verifying import refuse_changed
    from cluster_optimiser.present.report.front import load_front
    from cluster_optimiser.present.report.write import Looks, write_report

    refuse_changed(results)
    to_user = console()
    with to_user.status("reading results") if to_user.is_terminal else nullcontext() as shown:

        def say(name: str) -> None:
            if shown is not None:
                shown.update(f"writing {name}")

        def warn(text: str) -> None:
            to_user.print(text)

        looks = Looks(load_front(front) if front else None, template, fonts, replies)
        files = write_report(results, folder, looks=looks, on_step=say, warn=warn)
    for file in files:
        to_user.print(f"Open {file}")


@click.command()
@click.argument("file", type=PATH)
@click.option(
    "--results", type=PATH, required=True, help="The results folder that was consulted on."
)
@scenario_option("that own plans are judged by and ranked among")
@click.option(
    "-o",
    "--out",
    "folder",
    type=FOLDER,
    help="Folder for tables and map; without it only the counts are printed.",
)
@click.option(
    "--confirm",
    "confirmed",
    type=NEW_FILE,
    help="CSV written,urn of names that you have decided; uncertain.csv of -o, mended, is one.",
)
@click.option(
    "--rules",
    type=NEW_FILE,
    help="TOML file of how replies are counted: which of a school's stands, what leads.",
)
@outside_option
@json_option()
def responses(
    *,
    file: Path,
    results: Path,
    scenario: Path,
    folder: Path | None,
    confirmed: Path | None,
    rules: Path | None,
    as_json: bool,
) -> None:
    """Say what replies to the consultation say: support by option and place, and own plans.

    FILE is a CSV with the columns school (URN, name or postcode) and option, and, if wanted,
    comment, may_quote (yes or no), plan (a plan CSV, relative to FILE), respondent (school,
    governor, parent or other), submitted_at and themes (your own codes); or an e-mail that the page
    wrote, as text or .eml; or a folder of these.

    \b
    Example:
      cluster-optimiser responses replies.csv --results results \\
        --scenario scenarios/4a.toml -o replies
    """
    to_user = console()
    with to_user.status("reading replies") if to_user.is_terminal else nullcontext():
        from cluster_optimiser import batch
        from cluster_optimiser.batch.verifying import refuse_changed
        from cluster_optimiser.errors import refuse_to_write_over
        from cluster_optimiser.inputs.counting import load_rules
        from cluster_optimiser.present.replies import (
            made_of_replies,
            response_lines,
            responses_json,
            write_responses,
        )
        from cluster_optimiser.present.report.folder import read_folder
        from cluster_optimiser.scenario import load_scenario

        if folder is not None:
            refuse_to_write_over([file], made_of_replies(folder))
        refuse_changed(results)
        place = batch.load_place(load_scenario(scenario))
        found = batch.responses(
            file,
            results=results,
            scenario=scenario,
            place=place,
            confirmed=confirmed,
            rules=None if rules is None else load_rules(rules),
        )
        files = []
        if folder is not None:
            ground = (place.authority, place.territory)
            files = write_responses(found, ground, folder, read_folder(results))
    if as_json:
        say(responses_json(found).rstrip("\n"))
    else:
        for line in response_lines(found):
            say(line)
    for path in files:
        to_user.print(f"Open {path}")


@click.command()
def schema() -> None:
    """Print the JSON Schema of the scenario file.

    \b
    Example:
      cluster-optimiser schema > scenario.schema.json
    """
    from cluster_optimiser.scenario import json_schema

    say(json.dumps(json_schema(), indent=2))
