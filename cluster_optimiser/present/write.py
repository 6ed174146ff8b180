"""The files of a results folder."""

from __future__ import annotations

import json
import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from cluster_optimiser.comparison import funding
from cluster_optimiser.errors import put, refuse_to_replace, writing
from cluster_optimiser.present.audit import audit_html
from cluster_optimiser.present.characters import isolated
from cluster_optimiser.present.columns import DATAPACKAGE, datapackage
from cluster_optimiser.present.geofiles import geojson_text, write_gpkg
from cluster_optimiser.present.maps import map_html
from cluster_optimiser.present.overview import is_list_of_runs, overview_html
from cluster_optimiser.present.page import (
    RECORD_FILE,
    page_record,
    pages_from_folder,
    record_of,
    render_pages,
)
from cluster_optimiser.present.records import manifest_text, unsolved_record
from cluster_optimiser.present.sensitivity_tables import projections_csv, sensitivity_csv
from cluster_optimiser.present.sheets import governance_table, sheets_html, sheets_of
from cluster_optimiser.present.tables import (
    assignments_table,
    clusters_table,
    credited,
    csv_text,
    funding_table,
    plan_table,
)
from cluster_optimiser.present.theme import Theme, speaking_for
from cluster_optimiser.present.universe_files import survey_files, write_pictures
from cluster_optimiser.present.words import template
from cluster_optimiser.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cluster_optimiser.domain import Result, Standing, Unsolved
    from cluster_optimiser.present.placing import Placing


def _write(path: Path, text: str) -> None:
    path.write_text(_shown(path, text), encoding="utf-8", newline="\n")


def _replace(path: Path, text: str) -> None:
    put(path, _shown(path, text))


def _shown(path: Path, text: str) -> str:
    return isolated(text) if path.suffix == ".html" else text


def write_plan(result: Result, path: Path) -> None:
    with writing(path):
        _replace(path, csv_text(plan_table(result)))


def write_result(result: Result, folder: Path, *, maps: bool = True) -> None:
    clusters = clusters_table(result).reset_index().drop(columns="geometry")
    write_plan(result, folder / "plan.csv")
    _write(folder / "clusters.csv", csv_text(clusters))
    _write(folder / "assignments.csv", csv_text(assignments_table([result])))
    if maps:
        write_gpkg(result, folder / "plan.gpkg")
        _write(folder / "plan.geojson", geojson_text(result))
        _write(folder / "map.html", map_html(result))
    money = funding(result)
    if money is not None:
        _write(folder / "funding.csv", csv_text(funding_table(money)))
        if maps:
            _write(folder / "audit.html", audit_html(result, money))
    made = sheets_of(result)
    rules = governance_table(result, made)
    if rules is not None:
        _write(folder / "governance.csv", csv_text(rules))
    sheets = sheets_html(result, made) if maps else None
    if sheets is not None:
        _write(folder / "sheets.html", sheets)
    _write(folder / "manifest.json", manifest_text(result))
    for name, text in survey_files(result).items():
        _write(folder / name, text)
    if result.outlook is not None:
        _write(folder / "projections.csv", projections_csv(result))
        _write(folder / "sensitivity.csv", sensitivity_csv(result))
    title, label = result.problem.scenario.title, result.plan.label
    text = datapackage(folder, result.problem.authority, title=title, label=label)
    _write(folder / DATAPACKAGE, text)


def write_unsolved(unsolved: Unsolved, folder: Path) -> None:
    text = json.dumps(unsolved_record(unsolved), ensure_ascii=False, indent=2, allow_nan=False)
    _write(folder / "manifest.json", text + "\n")


def write_comparison(
    results: Sequence[Result],
    comparison: pd.DataFrame,
    out: Path,
    *,
    unsolved: Sequence[Unsolved] = (),
    standing: Standing | None = None,
) -> None:
    """Write what speaks of all plans: tables, page, and pictures of the universe."""
    if not results:
        raise ValueError("there is no result to show: give at least one")
    authority = results[0].problem.authority
    # Pages are made first: if they cannot be, nothing has been replaced.
    with speaking_for(authority):
        record = page_record(results, comparison, unsolved=unsolved, standing=standing)
    pages = render_pages(record)
    _replace(out / "assignments.csv", csv_text(assignments_table(results)))
    _replace(out / "comparison.csv", csv_text(credited(comparison, results[0])))
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    _replace(out / RECORD_FILE, text + "\n")
    for name, page in pages.items():
        _replace(out / name, page)
    with speaking_for(authority):
        write_pictures(results, standing, out)
        _replace(out / DATAPACKAGE, datapackage(out, authority, title=record["authority"]["title"]))


def write_page(
    folder: Path,
    file: Path,
    *,
    theme: Theme | None = None,
    how: Placing | None = None,
    replies: Path | None = None,
) -> list[Path]:
    """Make the page of a results folder again; of a sweep or a region, the list of its runs.

    ``replies`` is a folder that `responses` wrote, to be told as well. Gives the files written, the
    page first.
    """
    if is_list_of_runs(folder):
        # Links of the list lead into the folder.
        is_home = file.resolve().parent == folder.resolve()
        maps = [path.parent.name for path in folder.glob("*/map.html")] if is_home else []
        pages = {file.name: overview_html(folder, has_map=maps)}
    else:
        replied = None
        if replies is not None:
            from cluster_optimiser.present.replies import replied_of  # noqa: PLC0415 - seldom asked

            replied = replied_of(folder, replies)
        pages = pages_from_folder(folder, theme=theme, name=file.name, how=how, replied=replied)
    refuse_to_replace(file, next(iter(pages.values())))
    for name, page in pages.items():
        _put(file.with_name(name), page)
    return [file.with_name(name) for name in pages]


def write_ways(folders: Sequence[Path], file: Path) -> None:
    """Write the page that leads to the page of each of several results folders."""
    page = ways_html(folders, file.resolve().parent)
    refuse_to_replace(file, page)
    _put(file, page)


def _put(file: Path, page: str) -> None:
    with writing(file):
        _replace(file, page)


def ways_html(folders: Sequence[Path], home: Path) -> str:
    """Write the page; its links lead from the folder that it will stand in."""
    places = []
    for folder in folders:
        with record_of(folder) as record:
            way = PurePath(os.path.relpath(folder.resolve() / "index.html", home)).as_posix()
            row = {
                "href": quote(way),
                "name": record["authority"]["name"],
                "title": record["theme"].get("title") or record["authority"]["title"],
                "about": record["authority"]["lead_pupils"],
                "date": record["authority"]["data_date"],
                "options": [
                    say("report.option_title", label=o["label"], title=o["title"])
                    for o in record["options"]
                ],
            }
            places.append(row)
    return template("ways.html.j2").render(places=places)
