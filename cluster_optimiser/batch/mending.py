"""A copy of an authority whose polygons are mended; what was given stays as it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import compress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from cluster_optimiser.batch.folders import copied, staging
from cluster_optimiser.batch.ground import Place, place_at
from cluster_optimiser.constants import SETTINGS_FILE
from cluster_optimiser.errors import Fault, InputError, put, writing
from cluster_optimiser.geography.mending import CLOSE_M, Mended, mend
from cluster_optimiser.geography.territory import HECTARE_M2
from cluster_optimiser.inputs.boundaries import polygons_of
from cluster_optimiser.inputs.checking import FaultList
from cluster_optimiser.inputs.files import Folder
from cluster_optimiser.inputs.settings import Settings, read_settings, system_in
from cluster_optimiser.present.ground_page import ground_html

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Mending:
    """How far mending may go."""

    close_m: float = CLOSE_M  # gaps up to so wide are closed
    simplify_m: float = 0.0  # side of the square up to which a bend is left out


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """A mended copy of an authority's folder."""

    folder: Path
    lines: tuple[str, ...]  # what was done, for a person
    place: Place | None  # its ground; None where something else is still wrong
    faults: tuple[Fault, ...]  # what that is


def mend_copy(folder: Path, out: Path, how: Mending) -> Copy:
    """Write a mended copy of an authority's folder into a folder, with an account of each area."""
    target = out / folder.name
    if target.exists() or out.resolve().is_relative_to(folder.resolve()):
        remedy = "Name a folder that is not there yet, outside of the authority's own."
        raise InputError.of(target, "it is there already", remedy, subject="--mend")
    with writing(out), staging(out) as temporary:
        made = temporary / folder.name
        copied(folder, made)
        mended = mend_files(made, how)
        account = pd.concat(
            [one.account.rename_axis("area").assign(file=file) for file, one in mended.items()]
            or [pd.DataFrame()]
        ).reset_index()
        place: Place | None = None
        faults: tuple[Fault, ...] = ()
        try:
            place = place_at(made)
        except InputError as error:
            faults = tuple(error.faults)
        changes = [change for one in mended.values() for change in one.changes]
        papers = {"mended.csv": account.round(2).to_csv(index=False, lineterminator="\n")}
        if place is not None:
            papers["mended.html"] = ground_html([(place.authority, place.territory, changes)], ())
        for name, text in papers.items():
            put(out / f"{folder.name}-{name}", text)
        made.replace(target)
    return Copy(target, tuple(lines_of(mended)), place, faults)


def mend_files(root: Path, how: Mending) -> dict[str, Mended]:
    """Mend every file of polygons that ``authority.toml`` names, in place, as GeoPackages."""
    folder = Folder(root, FaultList())
    settings = read_settings(folder)
    folder.faults.raise_any()
    if settings is None:
        message = "settings that cannot be read have no fault: this is a mistake of the program"
        raise RuntimeError(message)
    folder.system = system_in(settings)
    mended: dict[str, Mended] = {}
    renamed: dict[str, str] = {}
    for subject, file, column, encoding in _polygon_files(settings):
        if file in renamed:
            continue
        table = folder.read(file, subject=f"{subject}.file", encoding=encoding)
        folder.faults.raise_any()
        if table is None or table.geometry is None:
            continue
        cells = table.cells
        names = cells[column] if column in cells else cells.iloc[:, 0]
        twice = names.duplicated(keep=False)
        names = names.mask(twice, [f"{name} (row {row})" for row, name in names.items()])
        shapes = gpd.GeoSeries(
            [polygons_of(shape) for shape in table.geometry], index=names, crs=table.geometry.crs
        )
        found = mend(shapes[~shapes.is_empty], close_m=how.close_m, simplify_m=how.simplify_m)
        mended[file] = found
        renamed[file] = file
        if not found.is_changed:
            continue
        renamed[file] = _mended_name(file)
        frame = gpd.GeoDataFrame(
            cells[~shapes.is_empty.to_numpy()].reset_index(drop=True),
            geometry=list(found.areas),
            crs=table.geometry.crs,
        )
        (root / renamed[file]).unlink(missing_ok=True)
        frame.to_file(root / renamed[file], driver="GPKG", layer="areas")
    _rename(root, {old: new for old, new in renamed.items() if old != new})
    return mended


def _mended_name(file: str) -> str:
    return PurePosixPath(file.replace("\\", "/")).with_suffix(".gpkg").as_posix()


def _polygon_files(settings: Settings) -> Iterator[tuple[str, str, str, str]]:
    """Give what names a file of polygons, the file, its column of names and its encoding."""
    if settings.clusters is not None:
        table = settings.clusters
        yield "clusters", table.file, table.name, table.encoding
    for name, layer in settings.layers.items():
        if layer.from_ in {None, "polygons"} and layer.file:
            yield f"layers.{name}", layer.file, layer.name, layer.encoding


def _rename(root: Path, names: dict[str, str]) -> None:
    """Let ``authority.toml`` name the mended files; a file's name stands there as it is, quoted."""
    path = root / SETTINGS_FILE
    text = path.read_text(encoding="utf-8-sig")
    for old, new in names.items():
        for quoted in (json.dumps(old), json.dumps(old, ensure_ascii=False), f"'{old}'"):
            text = text.replace(quoted, json.dumps(new, ensure_ascii=False))
    path.write_text(text, encoding="utf-8", newline="\n")


def lines_of(mended: dict[str, Mended]) -> Iterator[str]:
    for file, one in mended.items():
        total, points = one.account.sum(), one.n_points
        n_gaps, n_overlaps = (
            sum(change.kind == kind for change in one.changes) for kind in ("gap", "overlap")
        )
        if not one.is_changed:
            yield f"{file}: nothing to mend"
            continue
        parts = [
            f"{_count(n_gaps, 'piece')} of gaps closed ({_ha(total['gaps_m2'])})",
            f"{_count(n_overlaps, 'overlap')} given to one area ({_ha(-total['overlaps_m2'])})",
            f"borders simplified ({points[0]:,} points to {points[1]:,})",
        ]
        parts = list(compress(parts, (n_gaps, n_overlaps, points[0] != points[1])))
        now = "" if _mended_name(file) == file else f", now {_mended_name(file)}"
        yield (
            f"{file}{now}: {', '.join(parts)}; {total['before_m2']:,.0f} m2 before, "
            f"{total['after_m2']:,.0f} m2 after"
        )


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def _ha(square_metres: float) -> str:
    return f"{square_metres / HECTARE_M2:,.2f} ha"
