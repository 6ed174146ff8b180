"""Page and paper of chosen options, made as the command line makes them, and put into one zip."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cluster_optimiser import batch
from cluster_optimiser.batch.pools import Pool
from cluster_optimiser.batch.verifying import refuse_changed
from cluster_optimiser.errors import ClusterOptimiserError, Fault, InputError
from cluster_optimiser.present.page import RECORD_FILE
from cluster_optimiser.present.replies import response_lines, write_responses
from cluster_optimiser.present.report.folder import read_folder
from cluster_optimiser.present.report.write import write_report
from cluster_optimiser.present.theme import Theme, load_theme
from cluster_optimiser.present.write import write_page
from cluster_optimiser.progress import Progress, listener
from cluster_optimiser.studio.beginning import sent
from cluster_optimiser.studio.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE, ZIP, RESULTS = "consultation.html", "options.zip", "results"
REPLIES, REPLIES_ZIP = "replies", "replies.zip"


def themed(theme: dict[str, Any], folder: Path) -> Theme:
    """Put what was asked for over an authority's own theme; what cannot be is refused."""
    known = load_theme(folder).model_dump(mode="json")
    try:
        return Theme(**{**known, **theme})
    except ValidationError as error:
        faults = [
            Fault("theme", 0, ".".join(map(str, one["loc"])), str(one["input"]), f"{one['msg']}.")
            for one in error.errors(include_url=False)
        ]
        raise InputError(faults) from None


def published(root: Path, files: list[str], theme: dict[str, Any], folder: str) -> dict[str, Any]:
    """Run the scenarios, make page and paper, and zip everything; what was there before goes."""
    if not files:
        raise ClusterOptimiserError("no option is chosen: choose at least one")
    tell = listener()
    scenarios = batch.load_batch([Project(root).path(file) for file in files])
    made = Project(root).own_folder() / folder
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    out = made / RESULTS
    hooks = batch.Hooks(on_start=lambda scenario: tell(Progress(scenario.option)))
    options = batch.Options()
    outcomes = batch.run_batch(scenarios, out, Pool(), options, hooks=hooks)
    missing = [f"{one.scenario.option}: {one.message}" for one in outcomes if not one.has_plan]
    if len(missing) == len(outcomes):
        raise ClusterOptimiserError("; ".join(missing))
    tell(Progress("index.html"))
    batch.write_together(outcomes, out, options)
    authority = batch.load_place(scenarios[0]).authority
    if (out / RECORD_FILE).is_file():
        # Beside the results, which stay as they can be verified.
        for page in write_page(out, made / PAGE, theme=themed(theme, authority.folder)):
            _link(page, [one.scenario.option for one in outcomes])
    notes = [*missing, *_paper(out, made / "report", tell)]
    tell(Progress(ZIP))
    packed = shutil.make_archive(str(made.with_name(f"{folder}-packed")), "zip", made)
    shutil.move(packed, made / ZIP)
    made_files = {"page": f"made/{folder}/{PAGE}", "zip": f"made/{folder}/{ZIP}"}
    return {**made_files, "notes": notes, "published": publications(root)}


def _link(page: Path, labels: list[str]) -> None:
    """Have the page find the files of its options in the folder beside it."""
    text = page.read_text(encoding="utf-8")
    for label in labels:
        text = text.replace(f'href="{label}/', f'href="{RESULTS}/{label}/')
    page.write_text(text, encoding="utf-8", newline="\n")


def _paper(out: Path, folder: Path, tell: Callable[[Progress], None]) -> list[str]:
    try:
        write_report(out, folder, on_step=lambda name: tell(Progress(name)))
    except ClusterOptimiserError as error:
        shutil.rmtree(folder, ignore_errors=True)
        return [str(error)]
    return []


def publications(root: Path) -> list[dict[str, Any]]:
    """List what was published and is still there, the newest first."""
    found = []
    for record in Project(root).own_folder().glob(f"*/{RESULTS}/{RECORD_FILE}"):
        made = record.parents[1]
        labels = sorted(path.parent.name for path in record.parent.glob("*/plan.csv"))
        found.append((record.stat().st_mtime, {"folder": made.name, "labels": labels}))
    return [one for _, one in sorted(found, key=lambda pair: -pair[0])]


def counted(root: Path, folder: str, scenario: str, files: list[str]) -> dict[str, Any]:
    """Count replies that were sent, against what was published; the tables go into a zip."""
    known = {one["folder"] for one in publications(root)}
    if folder not in known or not files:
        raise ClusterOptimiserError("choose what was published, and the files of replies")
    project = Project(root)
    made = project.own_folder() / folder
    refuse_changed(made / RESULTS)
    place = batch.load_place(batch.load_batch([project.path(scenario)])[0])
    with tempfile.TemporaryDirectory(dir=project.own_folder()) as room:
        for name in files:
            path = sent(project, name)
            # Two files of one name are two files.
            shutil.copy(path, Path(room) / f"{path.parent.name}-{path.name}")
        found = batch.responses(
            room, results=made / RESULTS, scenario=project.path(scenario), place=place
        )
    shutil.rmtree(made / REPLIES, ignore_errors=True)
    ground = (place.authority, place.territory)
    write_responses(found, ground, made / REPLIES, read_folder(made / RESULTS))
    packed = shutil.make_archive(str(made.with_name(f"{folder}-replies")), "zip", made / REPLIES)
    shutil.move(packed, made / REPLIES_ZIP)
    return {"lines": list(response_lines(found)), "zip": f"made/{folder}/{REPLIES_ZIP}"}
