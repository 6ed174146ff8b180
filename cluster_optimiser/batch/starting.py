"""A new authority from public files: read, accounted for, tried, and only then put in place."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cluster_optimiser.batch.ground import Place
from cluster_optimiser.batch.mending import Mending, lines_of, mend_files
from cluster_optimiser.batch.starters import STARTER_FILES, Wanted, write_starters
from cluster_optimiser.domain import TravelSpec
from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.geography import build_territory
from cluster_optimiser.geography.attraction import gather_clusters
from cluster_optimiser.geography.travel import estimated_minutes, straight_line_km
from cluster_optimiser.inputs import load_authority
from cluster_optimiser.inputs.checking import listed, shortened
from cluster_optimiser.inputs.intake.gias import age_of
from cluster_optimiser.inputs.intake.intake import Intake, Request, take_in
from cluster_optimiser.present.intake.account import summary_lines
from cluster_optimiser.present.intake.check_page import check_html
from cluster_optimiser.present.intake.files import (
    CONSTANT_MIN,
    FAR_MIN_PER_KM,
    NEAR_KM,
    NEAR_MIN_PER_KM,
    NewAuthority,
    write_data,
    write_papers,
)

if TYPE_CHECKING:
    from collections.abc import Callable


BEFORE = ".before"
"""Added to the name of a file that was there and differs from the new one."""

JOIN_WITHIN_M = 100.0
"""Secondary schools no further apart than this share a cluster, unless the user says otherwise."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a new authority goes, and how it is made."""

    into: Path  # the folder that holds boundaries and scenarios
    is_forced: bool = False  # whether folders that are there already are replaced
    join_within_m: float = JOIN_WITHIN_M
    wanted: Wanted = field(default_factory=Wanted)
    mending: Mending | None = None  # how polygons are mended; None where they are not


@dataclass(frozen=True, slots=True)
class Started:
    boundaries: Path  # its folder, and that of its starter scenarios
    scenarios: Path  # its folder, and that of its starter scenarios
    lines: tuple[str, ...]  # the summary, for a person to check
    new: NewAuthority  # what it was made of
    is_made: bool  # whether its clusters of today are groups that the program made


MOST_KEY = 60
"""Letters that the name of an authority may have: every file system has room for it."""


def folder_name(name: str) -> str:
    """Give the name of an authority's folder.

    >>> folder_name("Bath & North East Somerset")
    'bath-north-east-somerset'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", "")).strip("-")


def start(
    request: Request, destination: Destination, *, on_step: Callable[[str], None] = lambda _: None
) -> Started:
    """Make the folder of an authority and its starter scenarios from public files."""
    key = folder_name(request.name)
    homes = destination.into / "boundaries" / key, destination.into / "scenarios" / key
    _refuse_existing(key, homes, request, is_forced=destination.is_forced)
    on_step("reading the register and the boundaries")
    intake = take_in(request)
    on_step("gathering today's clusters")
    new = with_clusters(key, intake, destination)
    destination.into.mkdir(parents=True, exist_ok=True)
    # Made beside the place it goes to, so that putting it there is a renaming.
    with tempfile.TemporaryDirectory(prefix=f".{key}-", dir=destination.into) as temporary:
        made = Path(temporary) / "boundaries" / key, Path(temporary) / "scenarios" / key
        for folder in made:
            folder.mkdir(parents=True)
        write_data(new, made[0])
        if destination.mending is not None:
            said = (
                f"Mended: {line}." for line in lines_of(mend_files(made[0], destination.mending))
            )
            new = replace(new, cluster_notes=(*new.cluster_notes, *said))
        authority = load_authority(made[0])
        on_step("building the ground of every school")
        place = Place(authority, build_territory(authority))
        on_step("trying the starter scenarios")
        notes = write_starters(place, made[1], key=key, wanted=destination.wanted)
        new = replace(new, scenario_notes=notes)
        write_papers(new, made[0], check_page=check_html(new, authority, place.territory))
        for old, fresh in zip(homes, made, strict=True):
            _carry_over(old, fresh)
        _put_in_place(made, homes, Path(temporary))
    return Started(*homes, tuple(_lines(new, homes)), new, authority.is_made)


def _refuse_existing(
    key: str, homes: tuple[Path, Path], request: Request, *, is_forced: bool
) -> None:
    faults = []
    if len(key) > MOST_KEY:
        problem = f'"{shortened(request.name)}" has {len(request.name)} letters, too many'
        remedy = f"Give a name of at most {MOST_KEY}, such as Westshire."
        raise InputError.of("the command", problem, remedy, subject="AUTHORITY")
    if not key:
        remedy = "Use letters, such as Westshire."
        faults.append(
            Fault("the command", 0, "AUTHORITY", f'"{request.name}" cannot name a folder', remedy)
        )
    for home in homes if key else ():
        if home.exists() and not is_forced:
            remedy = "Give --force to replace it, or another name or --into folder."
            faults.append(Fault(str(home), 0, "", "the folder is there already", remedy))
    if faults:
        raise InputError(faults)


def with_clusters(key: str, intake: Intake, destination: Destination) -> NewAuthority:
    """Give every school its cluster of today, made where the register has none."""
    schools = intake.schools
    km = straight_line_km(schools.geometry)
    bands = ((float(NEAR_KM), NEAR_MIN_PER_KM), (float("inf"), FAR_MIN_PER_KM))
    spec = TravelSpec("estimate", constant_min=CONSTANT_MIN, bands=bands)
    known = schools.get("cluster", pd.Series("", schools.index)).replace("", None)
    if known.notna().any():
        file = intake.request.clusters or intake.request.feeders
        of = file.name if file else "the register"
        cluster, notes = _filled(known, km, schools["name"], of)
    else:
        ages = {
            column: [age_of(text) for text in schools[column]]
            if column in schools
            else [None] * len(schools)
            for column in ("low_age", "high_age")
        }
        aged = pd.DataFrame(schools[["name", "phase"]]).assign(
            **{column: pd.array(values, dtype="Float64") for column, values in ages.items()}
        )
        gathered = gather_clusters(
            aged, estimated_minutes(km, spec), km * 1000, join_within_m=destination.join_within_m
        )
        cluster, notes = gathered.cluster, gathered.notes
    return NewAuthority(key, intake.request.name, intake, cluster, notes)


def _filled(
    known: pd.Series, km: np.ndarray, names: pd.Series, of: str
) -> tuple[pd.Series, tuple[str, ...]]:
    """Put schools without a cluster into that of the nearest school that has one."""
    has = np.flatnonzero(known.notna())
    nearest = has[km[:, has].argmin(axis=1)]
    cluster = known.where(known.notna(), known.iloc[nearest].to_numpy())
    blank = names[known.isna()].astype(str)
    notes = [f"Today's {cluster.nunique()} clusters are those of {of}."]
    if len(blank):
        many = "1 school that it gives none is" if len(blank) == 1 else ""
        many = many or f"{len(blank)} schools that it gives none are"
        text = f"{many} put into that of the nearest school"
        notes.append(f"{text}: {listed(blank)}.")
    return cluster, tuple(notes)


def _carry_over(old: Path, fresh: Path) -> None:
    """Keep what somebody has put into a folder that is replaced, or has changed in it.

    Files that are not made again, such as a road network, stay. What people edit by hand is kept
    beside the new one under a name that nothing reads.
    """
    for path in sorted(old.rglob("*")) if old.is_dir() else ():
        target = fresh / path.relative_to(old)
        if not path.is_file() or (target.exists() and not _is_edited(path, target)):
            continue
        if target.exists() or path.name in STARTER_FILES:
            target = target.with_name(f"{path.name}{BEFORE}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def _is_edited(path: Path, fresh: Path) -> bool:
    is_by_hand = path.suffix == ".toml" or path.name == "schools.csv"
    return is_by_hand and path.read_bytes() != fresh.read_bytes()


def _put_in_place(made: tuple[Path, Path], homes: tuple[Path, Path], temporary: Path) -> None:
    """Move both folders to where they belong, or, if that fails, neither."""
    # Outside the temporary folder: what was there must outlive it if it cannot be moved back.
    aside = [temporary.with_name(f"{temporary.name}-before-{i}") for i in range(len(homes))]
    done: list[int] = []
    try:
        for i, home in enumerate(homes):
            home.parent.mkdir(parents=True, exist_ok=True)
            if home.exists():
                home.rename(aside[i])
            done.append(i)
            made[i].rename(home)
    except OSError as error:
        for i in done:
            if homes[i].exists():
                shutil.rmtree(homes[i])
            if aside[i].exists():
                aside[i].rename(homes[i])
        raise InputError.of(
            homes[len(done) - 1] if done else homes[0],
            f"it cannot be written: {error.strerror}",
            "Close the files that are open in it, or give another --into folder.",
        ) from error
    for folder in aside:
        shutil.rmtree(folder, ignore_errors=True)


def _lines(new: NewAuthority, homes: tuple[Path, Path]) -> list[str]:
    shown = [home.as_posix() for home in homes]
    return [
        *summary_lines(new.intake),
        "",
        *new.cluster_notes,
        f"Outline: {new.intake.outline.origin}.",
        *(
            f"Layer {layer.name}: {len(layer.polygons)} areas from {layer.file} ({layer.column})."
            for layer in new.intake.layers
        ),
        *new.scenario_notes,
        "",
        f"Look at {shown[0]}/check.html, then",
        f"  cluster-optimiser run {shown[1]} --out results",
    ]
