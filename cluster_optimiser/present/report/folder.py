"""A results folder read back: what the report, and nothing but what the report, is made of."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster_optimiser.errors import InputError
from cluster_optimiser.present.overview import is_list_of_runs
from cluster_optimiser.present.page import RECORD_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

Rows = tuple[dict[str, str], ...]
"""A CSV file: its rows as text, by column."""


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    label: str  # its short label
    manifest: Mapping[str, Any]  # what stands in manifest.json
    view: Mapping[str, Any]  # what the page says of it: map, words of the proof
    clusters: Rows
    funding: Rows
    governance: Rows
    universe: Mapping[str, Any] | None

    @property
    def metrics(self) -> Mapping[str, Any]:
        metrics: Mapping[str, Any] = self.manifest["metrics"]
        return metrics

    @property
    def title(self) -> str:
        return str(self.view["title"])


@dataclass(frozen=True, slots=True, eq=False)
class ResultsFolder:
    path: Path
    record: Mapping[str, Any]  # what stands in page.json
    options: tuple[Option, ...]  # options with a plan, in the order of the page
    comparison: Rows  # rows of comparison.csv and assignments.csv
    assignments: Rows  # rows of comparison.csv and assignments.csv

    @property
    def today(self) -> Option | None:
        """The option that leaves everything as it is, or None."""
        kept = (o for o in self.options if o.manifest["scenario"]["method"] == "keep")
        return next(kept, None)


def _rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _option(folder: Path, view: Mapping[str, Any]) -> Option:
    home = folder / str(view["label"])
    universe, funding = home / "universe.json", home / "funding.csv"
    governance = home / "governance.csv"
    return Option(
        label=str(view["label"]),
        manifest=json.loads((home / "manifest.json").read_text(encoding="utf-8")),
        view=view,
        clusters=_rows(home / "clusters.csv"),
        funding=_rows(funding) if funding.is_file() else (),
        governance=_rows(governance) if governance.is_file() else (),
        universe=json.loads(universe.read_text(encoding="utf-8")) if universe.is_file() else None,
    )


def read_folder(path: str | Path) -> ResultsFolder:
    folder = Path(path)
    if is_list_of_runs(folder):
        problem = "it holds a sweep, or several authorities, and a report is of options of one"
        remedy = "Run the scenario that you chose by itself; `page` shows all runs here."
        raise InputError.of(folder, problem, remedy)
    remedy = 'Give a folder that "cluster-optimiser run" of this version wrote.'
    try:
        record = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
        options = tuple(_option(folder, view) for view in record["options"])
        read = ResultsFolder(
            path=folder,
            record=record,
            options=options,
            comparison=_rows(folder / "comparison.csv"),
            assignments=_rows(folder / "assignments.csv"),
        )
    except OSError as error:
        raise InputError.of(str(error.filename or folder), "it cannot be read", remedy) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError.of(folder, f"what is in it cannot be read: {error}", remedy) from error
    others = [o.label for o in options if o.manifest["stamp"] != o.view["stamp"]]
    if others:
        problem = f"option {others[0]} is of another run than the page"
        again = "Run all options again into one folder."
        raise InputError.of(folder, problem, again, subject=f"option {others[0]}")
    return read
