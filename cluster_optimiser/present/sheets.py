"""Governance sheets: one page for each new cluster, to be filled in by those who will run it."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from cluster_optimiser.constants import PHASES, SECONDARY_PHASES
from cluster_optimiser.geography.alignment import LAYER_PREFIX
from cluster_optimiser.present.numbering import cluster_numbers
from cluster_optimiser.present.principles import lower_first
from cluster_optimiser.present.tables import made_from, schools_table
from cluster_optimiser.present.words import template
from cluster_optimiser.words import long_date, number, one_decimal, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster_optimiser.domain import Result
    from cluster_optimiser.scenario import Governance

DENSITIES = ((70, " huge"), (32, " many"))
"""More schools than this, and the list is set smaller: a sheet is one page."""

BLANKS = ("chair", "host", "clerk", "officer")
"""What only people can decide: never filled in."""


def density(n_schools: int) -> str:
    """Give the class by which the list of so many schools is set."""
    return next((words for least, words in DENSITIES if n_schools > least), "")


def quorum(n_votes: int, share: float) -> int:
    """Give the votes that must be there.

    >>> quorum(15, 0.5), quorum(14, 0.5)
    (8, 7)
    """
    return math.ceil(n_votes * share - 1e-9)


def executive_words(
    n_schools: int, partnerships: list[str], n_secondary: int, governance: Governance
) -> str:
    """Suggest an executive group, where a cluster is large."""
    least = governance.executive_above_schools
    if least is None:
        return say("sheets.executive_none")
    if n_schools <= least:
        return say("sheets.executive_needless", least)
    if not n_secondary:
        n, key = len(partnerships), "sheets.executive_primary"
    else:
        n = len(partnerships) + 1 + (n_secondary > 1)
        key = "sheets.executive_one" if n_secondary == 1 else "sheets.executive_two"
    return say(key, n, least=least, partnerships=partnerships)


def _is_academy(schools: pd.DataFrame, governance: Governance) -> pd.Series | None:
    """Tell which schools are academies; None where the register does not say."""
    if not governance.academies:
        return None
    found = None
    for column, wanted in governance.academies.items():
        values = (wanted,) if isinstance(wanted, str) else wanted
        match = schools[column].astype("string").isin(values).fillna(value=False)
        found = match if found is None else found & match
    return found


def _phases(members: list[Any]) -> list[dict[str, Any]]:
    groups = []
    for phase in sorted({row.phase for row in members}, key=PHASES.index):
        rows = [
            {
                "name": row.school,
                "pupils": number(row.pupils),
                "minutes": say("sheets.is_place") if row.is_place else one_decimal(row.minutes),
                "today": row.from_cluster,
                "academy": bool(row.is_academy),
            }
            for row in sorted(members, key=lambda row: str(row.school))
            if row.phase == phase
        ]
        groups.append({"title": say(f"phases.{phase}"), "rows": rows})
    return groups


def _areas(result: Result, urns: list[int], layer: str) -> list[str]:
    """List the areas of a layer that member schools lie in, with how many."""
    areas = result.problem.authority.schools.loc[urns, LAYER_PREFIX + layer].dropna()
    counted = Counter(str(area) for area in areas)
    return [f"{name} ({n})" for name, n in sorted(counted.items(), key=lambda i: (-i[1], i[0]))]


def _homes(result: Result, row: Mapping[str, Any], governance: Governance) -> list[tuple[str, str]]:
    found = []
    for name, layer in result.problem.authority.layers.items():
        if name in governance.reach_layers:
            continue
        outside = int(row[f"misaligned_{name}_pupils"])
        home = row[f"home_{name}"] or say("sheets.unknown")
        said = say("sheets.home_outside", outside, home=home) if outside else str(home)
        found.append((layer.title, said))
    return found


def _sheet(
    result: Result,
    governance: Governance,
    schools: list[Any],
    row: Mapping[str, Any],
    made: tuple[tuple[str, bool], ...],
    number_of: str,
) -> dict[str, Any]:
    members = [one for one in schools if one.cluster == row["cluster"]]
    linked = [one for one in schools if str(one.secondary_membership) == row["cluster"]]
    partnerships = [name for name, _ in made]
    n_votes = len(members) * governance.votes_per_school
    highs = [one.school for one in members if one.phase in SECONDARY_PHASES]
    place = [one.school for one in members if one.is_place]
    layers = result.problem.authority.layers
    is_road = result.problem.authority.travel.method != "estimate"
    return {
        "number": number_of,
        "cluster": row["cluster"],
        "density": density(len(members)),
        "size": say(
            "sheets.size",
            schools=say("count.schools", len(members)),
            pupils=say("count.pupils", int(row["pupils"])),
        ),
        "place": say(
            "sheets.place_of" if is_road else "sheets.place_estimated",
            place=place[0] if place else say("sheets.unknown"),
            mean=one_decimal(row["mean_minutes"]),
            longest=one_decimal(row["max_minutes"]),
        ),
        "phases": _phases(members),
        "partnerships": [name if whole else say("sheets.part", name=name) for name, whole in made],
        "cluster_id": row["cluster_id"],
        "n_votes": n_votes,
        "votes": say(
            "sheets.votes_of",
            n_votes,
            each=say("sheets.votes_each", governance.votes_per_school),
            quorum=quorum(n_votes, governance.quorum_share),
        ),
        "executive": executive_words(len(members), partnerships, len(highs), governance),
        "highs": highs,
        "academies": [one.school for one in members if one.is_academy],
        "linked": [{"name": one.school, "cluster": one.cluster} for one in linked],
        "homes": _homes(result, row, governance),
        "reach": [
            (layers[layer].title, _areas(result, [one.Index for one in members], layer))
            for layer in governance.reach_layers
        ],
    }


def _sheets(result: Result, governance: Governance) -> Sheets:
    """Make the sheets, and tell whether the register says which schools are academies."""
    clusters = result.score.clusters.reset_index(names="cluster_id")
    schools = schools_table(result)
    places = set(clusters["meeting_place_urn"].dropna().astype(int))
    schools["is_place"] = schools.index.isin(places)
    academies = _is_academy(result.problem.authority.schools, governance)
    schools["is_academy"] = False if academies is None else academies
    made, numbers = made_from(result), cluster_numbers(result)
    own = clusters[~clusters["is_exempt"].astype(bool)]
    rows = list(schools.itertuples())
    sheets = [
        _sheet(result, governance, rows, row, made[str(row["cluster"])], numbers[row["cluster_id"]])
        for row in own.drop(columns="geometry").to_dict(orient="records")
    ]
    return sheets, academies is not None


Sheets = tuple[list[dict[str, Any]], bool]
"""What is on the sheet of each cluster, and whether it is known which schools are academies."""


def sheets_of(result: Result) -> Sheets | None:
    """Put together what both the sheets and their table say."""
    governance = result.problem.scenario.governance
    return None if governance is None else _sheets(result, governance)


def governance_table(result: Result, made: Sheets | None = None) -> pd.DataFrame | None:
    governance = result.problem.scenario.governance
    if governance is None:
        return None
    sheets, _ = made or _sheets(result, governance)
    parts = {
        "cluster_id": [s["cluster_id"] for s in sheets],
        "cluster": [s["cluster"] for s in sheets],
        "n_votes": [s["n_votes"] for s in sheets],
        "quorum": [quorum(s["n_votes"], governance.quorum_share) for s in sheets],
        "partnerships": [tuple(s["partnerships"]) for s in sheets],
        "high_schools": [tuple(s["highs"]) for s in sheets],
        "academies": [tuple(s["academies"]) for s in sheets],
        "double_memberships": [tuple(link["name"] for link in s["linked"]) for s in sheets],
        "executive_group": [s["executive"] for s in sheets],
    }
    return pd.DataFrame(parts)


def sheets_html(result: Result, made: Sheets | None = None) -> str | None:
    """Write the governance sheets of a plan as one file that prints a page a cluster."""
    governance = result.problem.scenario.governance
    if governance is None:
        return None
    authority = result.problem.authority
    sheets, knows_academies = made or _sheets(result, governance)
    return template("sheets.html.j2").render(
        authority=authority.name,
        label=result.plan.label,
        title=lower_first(result.problem.scenario.title.partition(": ")[2])
        or result.problem.scenario.title,
        date=long_date(authority.data_date),
        stamp=result.stamp,
        sheets=sheets,
        knows_academies=knows_academies,
        blanks=[say(f"sheets.{blank}") for blank in BLANKS],
        note=governance.note,
        caveats=result.caveats,
    )
