"""Finished runs of `--outputs tables`, put away: their files as rows of a few Parquet tables.

Each CSV file that runs have is a table of its own, `tables/clusters/1.parquet`, with the run in
front; what else they wrote is text in `tables/texts`. A pack of runs is there once its index,
`tables/1.json`, is: it is written last, and only then do the folders go. The newest pack that has a
run holds it, and a folder of its own comes before any. Every file of a run is made again from its
rows, byte by byte; one that could not be keeps its folder.
"""

from __future__ import annotations

import csv
import functools
import importlib
import importlib.util
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cluster_optimiser.batch.folders import staging
from cluster_optimiser.errors import ClusterOptimiserError, writing
from cluster_optimiser.present.columns import kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

TABLES, TEXTS, RUN = "tables", "texts", "run"

RUNS_TOGETHER = 64
"""So many finished runs are put away at once, as one group of rows in each table; a batch of fewer
keeps a folder for each."""

INSTALL = 'pip install "cluster-optimiser[parquet]"'

Row = dict[str, Any]


def has_parquet() -> bool:
    """Tell whether Parquet can be written: it needs an extra package."""
    return importlib.util.find_spec("pyarrow") is not None


@dataclass(frozen=True, slots=True)
class Pack:
    """Runs that were put away together."""

    path: Path  # of its index
    groups: tuple[tuple[str, ...], ...]  # the runs in each group of rows
    tables: tuple[str, ...]  # names of its tables
    written_ns: int  # when

    @property
    def number(self) -> int:
        return int(self.path.stem)

    def table(self, name: str) -> Path:
        return self.path.parent / name / f"{self.number}.parquet"


def packs(out: Path) -> list[Pack]:
    """Give the packs of a results folder, the oldest first."""
    paths = [path for path in (out / TABLES).glob("*.json") if path.stem.isdecimal()]
    found = [_pack(path, path.stat().st_mtime_ns) for path in paths]
    return sorted(found, key=lambda pack: pack.number)


@functools.lru_cache(maxsize=256)
def _pack(path: Path, written_ns: int) -> Pack:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        groups = tuple(tuple(map(str, group)) for group in said["groups"])
        return Pack(path, groups, tuple(map(str, said["tables"])), written_ns)
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{path} cannot be read: take it away, and run what it held again"
        raise ClusterOptimiserError(message) from error


def _place(folder: Path) -> tuple[Pack, int] | None:
    """Find the pack and the group of rows of a run that has no folder of its own."""
    found = packs(folder.parent)
    return _places(tuple(found)).get(folder.name) if found else None


@functools.lru_cache(maxsize=4)
def _places(found: tuple[Pack, ...]) -> dict[str, tuple[Pack, int]]:
    return {
        label: (pack, number)
        for pack in found
        for number, group in enumerate(pack.groups)
        for label in group
    }


def labels(out: Path) -> list[str]:
    """Give the runs of a results folder, those that were put away too."""
    own = {path.parent.name for path in out.glob("*/manifest.json")}
    return sorted(own | _places(tuple(packs(out))).keys())


def names(folder: Path) -> list[str]:
    if folder.exists():
        return sorted(path.name for path in folder.iterdir())
    place = _place(folder)
    return [] if place is None else sorted(_texts(*place)[folder.name])


def content(path: Path) -> bytes:
    """Read a file of a run, from its folder or out of the tables."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        place = None if path.parent.exists() else _place(path.parent)
        if place is None:
            raise
        label, name = path.parent.name, path.name
        said = _texts(*place)[label].get(name)
        if said is None:
            raise
        return (_csv_files(*place, path.stem)[label] if name.endswith(".csv") else said).encode()


def text(path: Path) -> str:
    return content(path).decode()


def _arrow() -> Any:  # noqa: ANN401 - a module
    if not has_parquet():
        raise ClusterOptimiserError(f"these results are in Parquet: {INSTALL}")
    return importlib.import_module("pyarrow.parquet")


def _rows(path: Path, group: int) -> list[Row]:
    try:
        with _arrow().ParquetFile(path) as file:
            found: list[Row] = file.read_row_group(group).to_pylist()
    except (OSError, ValueError, IndexError) as error:
        message = f"{path} cannot be read: take it away, and run what it held again"
        raise ClusterOptimiserError(message) from error
    return found


# So many groups of rows stay at hand: runs are asked for in the order of their scenarios, and put
# away in that of their authorities.
@functools.lru_cache(maxsize=64)
def _texts(pack: Pack, group: int) -> dict[str, dict[str, str]]:
    """Read the texts of a group of runs; of CSV files the header."""
    files: dict[str, dict[str, str]] = {label: {} for label in pack.groups[group]}
    for row in _rows(pack.table(TEXTS), group):
        files.get(row[RUN], {})[row["file"]] = row["text"]
    return files


@functools.lru_cache(maxsize=64)
def _csv_files(pack: Pack, group: int, name: str) -> dict[str, str]:
    lines: dict[str, list[Row]] = {}
    for row in _rows(pack.table(name), group):
        lines.setdefault(row[RUN], []).append(row)
    headers = {label: own.get(f"{name}.csv") for label, own in _texts(pack, group).items()}
    return {
        label: _csv(header, lines.get(label, []))
        for label, header in headers.items()
        if header is not None
    }


def _csv(header: str, rows: Iterable[Row]) -> str:
    """Write rows below a header, as they were before they were put away."""
    columns = next(csv.reader([header]))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return "" if value is None else str(value)


def _typed(name: str, cells: Sequence[str]) -> Any:  # noqa: ANN401 - what pyarrow takes
    """Give the cells of a column as what they are, where they can be written so again."""
    each = set(cells)
    if name == RUN:
        return importlib.import_module("pyarrow").array(cells, "string")
    makers: dict[str, Callable[[str], Any]] = {
        "boolean": lambda cell: cell == "true",
        "integer": int,
        "number": float,
    }
    make = makers.get(kind(name, each), str)
    values = {cell: make(cell) if cell else None for cell in each}
    if any(_cell(value) != cell or _is_long(value) for cell, value in values.items()):
        values = {cell: cell or None for cell in each}
    return [values[cell] for cell in cells]


def _is_long(value: object) -> bool:
    """Tell whether a whole number has more digits than a fraction can hold."""
    return isinstance(value, int) and abs(value) >= 2**53


def put_away(out: Path, labels: Sequence[str]) -> None:
    """Put finished runs of a results folder into its tables."""
    with writing(out):
        _put_away(out, labels)


def _put_away(out: Path, labels: Sequence[str]) -> None:
    files = {
        label: {name: text(out / label / name) for name in names(out / label)} for label in labels
    }
    texts: list[Row] = []
    tables: dict[str, dict[str, list[str]]] = {}
    for label, own in files.items():
        for name, said in own.items():
            is_table = name.endswith(".csv")
            header = said.partition("\n")[0]
            texts.append({RUN: label, "file": name, "text": header if is_table else said})
            if is_table:
                _add(tables.setdefault(name.removesuffix(".csv"), {}), label, said)
    arrow = importlib.import_module("pyarrow")
    made = {TEXTS: arrow.Table.from_pylist(texts)} | {
        name: arrow.table({column: _typed(column, cells) for column, cells in columns.items()})
        for name, columns in tables.items()
    }
    with staging(out) as temporary:
        for name, table in made.items():
            with _arrow().ParquetWriter(temporary / name, table.schema, **_HOW) as writer:
                writer.write_table(table, row_group_size=max(1, len(table)))
        pack = _commit(out, temporary, [*made], [labels])
        # What cannot be made again from its rows, as a table of somebody else's making, stays.
        for label in labels:
            if files[label] == _again(pack, label):
                (out / label).replace(temporary / f".old-{label}")


def _again(pack: Pack, label: str) -> dict[str, str]:
    """Make all files of a run of a pack's first group again."""
    files = _texts(pack, 0)[label]
    stems = [name.removesuffix(".csv") for name in files if name.endswith(".csv")]
    return files | {f"{stem}.csv": _csv_files(pack, 0, stem)[label] for stem in stems}


_HOW = {"compression": "zstd"}


def _add(columns: dict[str, list[str]], label: str, said: str) -> None:
    """Put the lines of a CSV file below those of other runs, whose columns may be others."""
    header, *lines = csv.reader(io.StringIO(said))
    n_before = len(columns.get(RUN, ()))
    columns.setdefault(RUN, []).extend([label] * len(lines))
    for i, name in enumerate(header):
        columns.setdefault(name, [""] * n_before).extend(line[i] for line in lines)
    for cells in columns.values():
        cells.extend([""] * (n_before + len(lines) - len(cells)))


def _commit(
    out: Path, temporary: Path, tables: Sequence[str], groups: Sequence[Sequence[str]]
) -> Pack:
    """Move the tables of a pack to where they belong, and then say that it is there."""
    home = out / TABLES
    (home / TEXTS).mkdir(parents=True, exist_ok=True)
    number = max([0, *(pack.number for pack in packs(out))]) + 1
    while True:
        try:
            # Array jobs may put runs away at the same time.
            (home / TEXTS / f"{number}.parquet").open("xb").close()
            break
        except FileExistsError:
            number += 1
    for name in tables:
        (home / name).mkdir(exist_ok=True)
        (temporary / name).replace(home / name / f"{number}.parquet")
    said = {"groups": groups, "tables": [name for name in tables if name != TEXTS]}
    (temporary / "index").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    (temporary / "index").replace(home / f"{number}.json")
    return next(pack for pack in packs(out) if pack.number == number)


def put_together(out: Path) -> None:
    """Put all packs of a results folder into one, without what is no longer so."""
    found = packs(out)
    places = _places(tuple(found))
    live = [
        (pack, number, kept)
        for pack in found
        for number, group in enumerate(pack.groups)
        if (
            kept := [
                label
                for label in group
                if places[label] == (pack, number) and not (out / label).exists()
            ]
        )
    ]
    if len(found) == 1 and [tuple(kept) for _, _, kept in live] == list(found[0].groups):
        _sweep_out(out, found)
        return
    with staging(out) as temporary:
        tables = dict.fromkeys([TEXTS, *(name for pack, _, _ in live for name in pack.tables)])
        for name in tables if live else ():
            _join(temporary / name, name, live)
        one = [_commit(out, temporary, [*tables], [kept for _, _, kept in live])] if live else []
    _sweep_out(out, one)


def _join(target: Path, name: str, live: Sequence[tuple[Pack, int, Sequence[str]]]) -> None:
    """Write one table of several, group by group of rows."""
    arrow, compute = (importlib.import_module(f"pyarrow{x}") for x in ("", ".compute"))
    having = {pack: pack.table(name) for pack, _, _ in live if name in (TEXTS, *pack.tables)}
    schemas = [_arrow().read_schema(path) for path in having.values()]
    schema = _one_schema(schemas)
    with _arrow().ParquetWriter(target, schema, **_HOW) as writer:
        for pack, number, kept in live:
            table = schema.empty_table()
            if pack in having:
                with _arrow().ParquetFile(having[pack]) as file:
                    table = file.read_row_group(number)
                table = table.filter(compute.is_in(table[RUN], arrow.array(kept)))
            writer.write_table(_as(schema, table), row_group_size=max(1, len(table)))


def _one_schema(schemas: Sequence[Any]) -> Any:  # noqa: ANN401 - a schema of pyarrow
    arrow = importlib.import_module("pyarrow")
    kinds: dict[str, list[Any]] = {}
    for schema in schemas:
        for field in schema:
            kinds.setdefault(field.name, []).append(field.type)
    return arrow.schema([(name, _one_type(arrow, own)) for name, own in kinds.items()])


def _one_type(arrow: Any, kinds: Sequence[Any]) -> Any:  # noqa: ANN401 - of pyarrow
    known = {str(one) for one in kinds} - {"null"}
    if not known:
        return arrow.null()
    if len(known) == 1:
        return next(one for one in kinds if str(one) in known)
    return arrow.float64() if known == {"int64", "double"} else arrow.string()


def _as(schema: Any, table: Any) -> Any:  # noqa: ANN401 - of pyarrow
    """Give a table the columns of a schema; what was a number among texts is written as it was."""
    arrow = importlib.import_module("pyarrow")
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(arrow.nulls(len(table), field.type))
        elif field.type == arrow.string() and table[field.name].type != field.type:
            cells = table[field.name].to_pylist()
            texts = [None if cell is None else _cell(cell) for cell in cells]
            columns.append(arrow.array(texts, field.type))
        else:
            columns.append(table[field.name].cast(field.type))
    return arrow.table(columns, schema=schema)


def _sweep_out(out: Path, kept: Sequence[Pack]) -> None:
    """Take away the files of packs that are no more, their index first: it speaks of the others."""
    home = out / TABLES
    numbers = {str(pack.number) for pack in kept}
    for path in [*home.glob("*.json"), *home.glob("*/*.parquet")]:
        if path.stem not in numbers:
            path.unlink(missing_ok=True)
    for folder in [*home.glob("*/"), *([home] if home.is_dir() else [])]:
        if not any(folder.iterdir()):
            folder.rmdir()


def strangers(out: Path) -> Iterator[tuple[str, str]]:
    """Say of the folder of tables what none of its runs wrote, to a row and a column."""
    found = packs(out)
    known = {pack.path for pack in found}
    known |= {pack.table(name) for pack in found for name in (TEXTS, *pack.tables)}
    for path in sorted((out / TABLES).rglob("*")):
        if path.is_file() and path not in known:
            yield path.relative_to(out).as_posix(), "was not written by the run"
    for pack in found:
        for name, problem in _odd(pack):
            yield pack.table(name).relative_to(out).as_posix(), problem


def _odd(pack: Pack) -> Iterator[tuple[str, str]]:
    """Say of the tables of a pack what is not what its runs wrote."""
    columns: dict[str, set[str]] = {TEXTS: {RUN, "file", "text"}}
    for number, group in enumerate(pack.groups):
        for row in _rows(pack.table(TEXTS), number):
            if row["file"].endswith(".csv"):
                name = row["file"].removesuffix(".csv")
                columns.setdefault(name, {RUN}).update(next(csv.reader([row["text"]])))
        for name in (TEXTS, *pack.tables):
            if {row[RUN] for row in _rows(pack.table(name), number)} - set(group):
                yield name, "has rows of no run"
    for name in (TEXTS, *pack.tables):
        if set(_arrow().read_schema(pack.table(name)).names) - columns.get(name, set()):
            yield name, "has columns of no run"
