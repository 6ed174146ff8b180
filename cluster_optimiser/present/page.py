"""The page that compares the options: one file, no requests."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
from typing import TYPE_CHECKING, Any

import markupsafe

from cluster_optimiser.present.options import option_view, strip_domain, title_beside
from cluster_optimiser.present.principles import lower_first, own_clusters, principles
from cluster_optimiser.present.records import plain
from cluster_optimiser.present.shapes import PALETTE
from cluster_optimiser.present.svg import WIDTH, ground
from cluster_optimiser.present.tables import is_unknown, made_from, schools_table
from cluster_optimiser.present.words import cluster_number, long_date, number, template, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cluster_optimiser.domain import Result, Unsolved


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def script_json(value: object) -> markupsafe.Markup:
    r"""Write data for a script element: no name in it can end the element.

    Parameters
    ----------
    value
        Plain data.

    Returns
    -------
    JSON in which <, > and & are escaped.

    Examples
    --------
    >>> print(script_json(["</script>"]))
    ["\u003c/script\u003e"]
    """
    text = json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return markupsafe.Markup(text)  # noqa: S704 - escaped above


def _places(table: pd.DataFrame, index: dict[str, int]) -> list[list[Any]]:
    """Give each school's cluster, minutes and, if it is exempt, local link in one option."""
    found = []
    columns = ("cluster", "minutes", "is_exempt", "secondary_membership")
    for cluster, minutes, is_exempt, link in zip(*(table[c] for c in columns), strict=True):
        place: list[Any] = [index[str(cluster)], None if is_unknown(minutes) else round(minutes, 1)]
        if is_exempt:
            place.append("" if is_unknown(link) else str(link))
        found.append(place)
    return found


def _school_data(results: Sequence[Result]) -> dict[str, Any]:
    """Gather what the search for a school answers from, as small as can be."""
    options: list[dict[str, Any]] = []
    at: list[dict[str, int]] = []
    for result in results:
        parts, names = made_from(result), result.problem.authority.schools["name"]
        clusters = result.score.clusters
        at.append({str(name): i for i, name in enumerate(clusters["cluster"])})
        options.append(
            {
                "label": result.plan.label,
                "clusters": [
                    [
                        cluster_number(row.Index),
                        row.cluster,
                        number(row.pupils),
                        number(row.n_schools),
                        [name for name, _ in parts[row.cluster]],
                        None
                        if is_unknown(row.meeting_place_urn)
                        else names.get(int(row.meeting_place_urn)),
                    ]
                    for row in clusters.itertuples()
                ],
            }
        )
    tables = [schools_table(result) for result in results]
    places = zip(*(_places(t, index) for t, index in zip(tables, at, strict=True)), strict=True)
    schools = [
        [
            row.school,
            row.Index,
            None if is_unknown(row.pupils) else number(row.pupils),
            row.from_cluster,
            list(place),
        ]
        for row, place in zip(tables[0].itertuples(), places, strict=True)
    ]
    local = results[0].problem.authority.schools["local_cluster"]
    return {
        "options": options,
        "schools": [[*school, local.loc[school[1]]] for school in schools],
        "and": words()["numbers"]["and"],
        "right": _right_at_first(results),
        "say": {k: v for k, v in words()["page"].items() if k.startswith("school_")},
    }


def _right_at_first(results: Sequence[Result]) -> int:
    """Give the option that the right map starts with.

    The one with fewest clusters among those solved for that ask the same sizes as the first.
    """
    size = results[0].problem.scenario.size
    like = [
        (len(own_clusters(result)), i)
        for i, result in enumerate(results)
        if result.plan.solution.status != "GIVEN"
        and result.problem.scenario.size.min_pupils == size.min_pupils
        and result.problem.scenario.size.max_pupils == size.max_pupils
    ]
    return min(like, default=(0, min(1, len(results) - 1)))[1]


def _all_schools(results: Sequence[Result]) -> list[dict[str, Any]]:
    tables = [schools_table(result) for result in results]
    clusters = zip(*(table["cluster"] for table in tables), strict=True)
    rows = [
        {"urn": row.Index, "school": row.school, "today": row.from_cluster, "clusters": held}
        for row, held in zip(tables[0].itertuples(), clusters, strict=True)
    ]
    return sorted(rows, key=lambda row: (str(row["school"]).casefold(), row["urn"]))


def _unsolved(
    results: Sequence[Result], comparison: pd.DataFrame, unsolved: Sequence[Unsolved]
) -> list[dict[str, str]]:
    """Name the options without a plan: those given, and those only the comparison knows."""
    say = words()["status"]
    found = [
        {
            "label": one.scenario.option,
            "title": title_beside(one.scenario),
            "status": say[one.status],
            "message": one.message,
        }
        for one in unsolved
    ]
    known = {result.plan.label for result in results} | {one["label"] for one in found}
    if {"scenario", "status"} <= set(comparison.columns):
        missing = comparison[~comparison["scenario"].isin(known)].drop_duplicates("scenario")
        found += [
            {
                "label": str(row["scenario"]),
                "title": str(row.get("title", "")),
                "status": say.get(row["status"], str(row["status"])),
                "message": "",
            }
            for _, row in missing.iterrows()
        ]
    return found


def _shared(results: Sequence[Result]) -> dict[str, Any]:
    """Gather what is true of every option."""
    first = results[0]
    authority, say = first.problem.authority, words()["page"]
    caveats = [caveat for result in results for caveat in result.caveats]
    notes = [*first.problem.territory.findings]
    return {
        "title": say["title"].format(authority=authority.name),
        "lead": say["lead"].format(n_options=len(results)),
        "lead_pupils": say["lead_pupils"].format(
            n_schools=number(len(authority.schools)),
            n_pupils=number(int(authority.schools["pupils"].sum())),
        ),
        "authority": authority,
        "data_date": long_date(authority.data_date),
        "caveats": list(dict.fromkeys([*caveats, first.problem.travel.note])),
        "findings": notes,
        "layer_titles": [layer.title for layer in authority.layers.values()],
        "layer_words": [lower_first(layer.title) for layer in authority.layers.values()],
    }


def index_html(
    results: Sequence[Result],
    comparison: pd.DataFrame,
    *,
    unsolved: Sequence[Unsolved] = (),
) -> str:
    """Make the page that compares the options.

    Parameters
    ----------
    results
        Plans of one authority, in the order they are to be shown; at least one.
    comparison
        One row a scenario and metric; scenarios in it that have no plan are named on the page.
    unsolved
        Options without a plan, with the reason.

    Returns
    -------
    One HTML file that asks for nothing: maps are SVG, style and script are within it and allowed by
    their hash.

    Raises
    ------
    ValueError
        If there is no result to show.
    """
    if not results:
        message = "there is no result to show: give at least one"
        raise ValueError(message)
    under, domain = ground(results[0]), strip_domain(results)
    style = template("page.css").render(palette=PALETTE)
    script = template("page.js").render()
    page: str = template("index.html.j2").render(
        say=words(),
        style=markupsafe.Markup(style),  # noqa: S704 - own file
        script=markupsafe.Markup(script),  # noqa: S704 - own file
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'",
        options=[option_view(result, under, domain) for result in results],
        principles=principles(list(results)),
        schools=_all_schools(results),
        data=script_json(_school_data(results)),
        unsolved=_unsolved(results, comparison, unsolved),
        under=under,
        map_width=WIDTH,
        version=importlib.metadata.version("cluster-optimiser"),
        **_shared(results),
    )
    return page
