"""Replies to a consultation, from their file to what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_optimiser.batch.ground import Place, load_place
from cluster_optimiser.batch.one import prepare
from cluster_optimiser.comparison.responses import Responses, tabulate
from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs import load_plan
from cluster_optimiser.inputs.replies import load_replies
from cluster_optimiser.present import speaking_for
from cluster_optimiser.present.report.folder import read_folder
from cluster_optimiser.scenario.reading import as_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from cluster_optimiser.inputs.counting import CountRules
    from cluster_optimiser.scenario import Scenario


def responses(
    file: str | Path,
    *,
    results: str | Path,
    scenario: Scenario | str | Path,
    place: Place | None = None,
    confirmed: str | Path | None = None,
    rules: CountRules | None = None,
) -> Responses:
    """Say what replies to a consultation say.

    Parameters
    ----------
    file
        CSV or e-mail of replies, or a folder of them, see `load_replies`.
    results
        The results folder that was consulted on: its options are what may be preferred.
    scenario
        The scenario that own plans are judged by and ranked among the plans of, or its file.
    place
        Its authority and ground; read if not given.
    confirmed
        CSV written,urn of what was decided about names that are not sure.
    rules
        How replies are counted, if not as the program does.

    Returns
    -------
    The responses.

    Raises
    ------
    InputError, ScenarioError
        If the file, the results or the scenario cannot be read, or the results are of other data.
    """
    folder = read_folder(results)
    scenario = as_scenario(scenario)
    place = place or load_place(scenario)
    of_others = [o.label for o in folder.options if o.manifest["authority"] != place.authority.name]
    if of_others:
        problem = f"option {of_others[0]} is of another authority than the scenario"
        raise InputError.of(results, problem, "Name a scenario of the same authority.")
    options = {
        option.label: load_plan(folder.path / option.label / "plan.csv", place.authority)
        for option in folder.options
    }
    replies = load_replies(file, place.authority, list(options), confirmed=confirmed)
    stamps = {option.label: str(option.manifest["stamp"]) for option in folder.options}
    with speaking_for(place.authority):
        return tabulate(replies, prepare(scenario, place=place), options, rules, stamps)
