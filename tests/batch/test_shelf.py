"""Runs that are put away in a few tables: nothing is lost, nothing is added, all can be asked."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cluster_optimiser.batch import Options, load_batch, sensitivity, shelf, what_to_run
from cluster_optimiser.batch.verifying import seal_faults, verify_results
from cluster_optimiser.cli import app
from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.present import sensitivity_record
from tests.batch.made import IMPOSSIBLE, hashes, put, run_into
from tests.inputs.broken import make_authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNS = ("a", "b", "none")


def put_scenarios(folder: Path) -> list[Path]:
    put(folder, "a")
    put(folder, "b", 'units = "a"')
    put(folder, "none", IMPOSSIBLE)
    return [folder / f"{label}.toml" for label in RUNS]


@pytest.fixture(scope="module", autouse=True)
def three_are_many() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelf, "RUNS_TOGETHER", len(RUNS))
        yield


@pytest.fixture
def paths(threeshire: Path) -> list[Path]:
    return put_scenarios(threeshire)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give results that were put away, once for all tests."""
    home = tmp_path_factory.mktemp("made")
    make_authority(home / "boundaries")
    (home / "scenarios").mkdir()
    run_into(home / "out", *put_scenarios(home / "scenarios"), outputs="tables")
    return home / "out"


@pytest.fixture
def put_away(made: Path, out: Path) -> Path:
    """Give a copy of them, beside scenarios and data of its own."""
    shutil.copytree(made, out)
    return out


def waiting(paths: list[Path], out: Path) -> list[str]:
    found = what_to_run(load_batch(paths), out, Options(outputs="tables"))
    return [label for label, reasons in found.items() if reasons]


def test_runs_are_rows_and_their_files_as_they_were(
    paths: list[Path], put_away: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any((put_away / label).exists() for label in RUNS)
    kept = {path.relative_to(put_away).as_posix() for path in (put_away / "tables").rglob("*.*")}
    tables = ("assignments", "clusters", "plan", "texts")
    assert kept == {"tables/1.json", *(f"tables/{name}/1.parquet" for name in tables)}
    clusters = pd.read_parquet(put_away / "tables" / "clusters")
    assert clusters["pupils"].dtype == "int64"
    pupils = clusters.groupby("run")["pupils"].sum()
    assert pupils["a"] == pupils["b"]
    plans = duckdb.read_parquet(f"{put_away}/tables/plan/*.parquet")
    n_schools = plans.aggregate("run, count(DISTINCT urn)").order("1").fetchall()
    assert [run for run, _ in n_schools] == ["a", "b"]
    assert waiting(paths, put_away) == []
    monkeypatch.setattr(shelf, "has_parquet", lambda: False)
    other = tmp_path / "folders"
    run_into(other, *paths, outputs="tables")
    assert {path.name for path in other.iterdir() if path.is_dir()} == set(RUNS)
    monkeypatch.undo()
    for label in RUNS:
        names = shelf.names(other / label)
        assert shelf.names(put_away / label) == names
        for name in set(names) - {"manifest.json"}:
            assert shelf.content(put_away / label / name) == (other / label / name).read_bytes()
    joint = {name: one for name, one in hashes(other).items() if "/" not in name}
    assert {name: one for name, one in hashes(put_away).items() if "/" not in name} == joint


def test_a_run_that_is_made_again_takes_the_place_of_its_rows(
    paths: list[Path], put_away: Path
) -> None:
    paths[0].write_text(
        paths[0].read_text(encoding="utf-8").replace("Option a", "Another"), "utf-8"
    )
    assert waiting(paths, put_away) == ["a", "b"]
    outcomes = run_into(put_away, *paths, outputs="tables")
    assert outcomes[0].record["title"] == "Another"
    assert [pack.groups for pack in shelf.packs(put_away)] == [(("b", "none"), ("a",))]
    assert waiting(paths, put_away) == []
    # Whoever then wants maps has a folder again, and no rows beside it.
    run_into(put_away, paths[0])
    assert (put_away / "a" / "map.html").is_file()
    assert [pack.groups for pack in shelf.packs(put_away)] == [(("b", "none"),)]
    run_into(put_away, *paths)
    assert not (put_away / "tables").exists()


@pytest.mark.parametrize("when", ["before it is there", "once it is there"])
def test_what_is_ended_while_it_puts_away_loses_nothing(
    paths: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    commit = shelf._commit

    def ended(*of: object) -> None:
        if when == "once it is there":
            commit(*of)
        else:
            home = out / "tables" / "texts"
            home.mkdir(parents=True)
            (home / "1.parquet").write_bytes(b"PAR1")
        raise KeyboardInterrupt

    monkeypatch.setattr(shelf, "_commit", ended)
    with pytest.raises(KeyboardInterrupt):
        run_into(out, *paths, outputs="tables")
    monkeypatch.undo()
    assert waiting(paths, out) == []
    run_into(out, *paths, outputs="tables")
    assert not any((out / label).exists() for label in RUNS)
    assert len(list((out / "tables").glob("*.json"))) == 1
    assert len(list((out / "tables").glob("texts/*"))) == 1
    assert list(verify_results(out, None).faults) == []


def test_verify_asks_the_rows(put_away: Path, paths: list[Path]) -> None:
    found = verify_results(put_away, paths[0].parents[1])
    assert (found.labels, found.faults, found.notes) == (RUNS, (), ())


def forget() -> None:
    shelf._texts.cache_clear()
    shelf._csv_files.cache_clear()


def edited(out: Path, name: str, change: object) -> list[str]:
    (path,) = (out / "tables" / name).glob("*.parquet")
    with pq.ParquetFile(path) as file:
        groups = [file.read_row_group(n).to_pylist() for n in range(file.num_row_groups)]
        schema = file.schema_arrow
    change(groups[0])
    tables = [
        pa.Table.from_pylist(rows, schema if len(rows[0]) == len(schema) else None)
        for rows in groups
    ]
    with pq.ParquetWriter(path, tables[0].schema) as writer:
        for table in tables:
            writer.write_table(table)
    forget()
    return [str(fault) for fault in seal_faults(out)]


def test_a_cell_that_was_changed_is_named(put_away: Path) -> None:
    said = edited(put_away, "clusters", lambda rows: rows[0].update(pupils=1))
    assert "a/clusters.csv: changed after it was proved" in said[0]


def test_a_row_of_no_run_is_named(put_away: Path) -> None:
    said = edited(put_away, "plan", lambda rows: rows.append(rows[0] | {"run": "mine"}))
    assert "tables/plan/1.parquet: has rows of no run" in said[0]


def test_a_column_of_no_run_is_named(put_away: Path) -> None:
    said = edited(put_away, "clusters", lambda rows: [row.update(mine=1) for row in rows])
    assert "tables/clusters/1.parquet: has columns of no run" in said[0]


def test_a_file_among_the_tables_is_named(put_away: Path) -> None:
    (put_away / "tables" / "mine.txt").write_text("mine")
    assert "tables/mine.txt: was not written by the run" in str(seal_faults(put_away)[0])


@pytest.mark.parametrize("name", ["1.json", "plan/1.parquet"])
def test_tables_that_cannot_be_read_are_said(put_away: Path, name: str) -> None:
    path = put_away / "tables" / name
    path.write_bytes(b"{")
    forget()
    with pytest.raises(ClusterOptimiserError, match=r"cannot be read: take it away, and run"):
        shelf.content(put_away / "a" / "plan.csv")


def test_a_few_runs_keep_their_folders(paths: list[Path], out: Path) -> None:
    run_into(out, *paths[:2], outputs="tables")
    assert (out / "a" / "plan.csv").is_file()
    assert not (out / "tables").exists()


def test_without_its_package_every_run_keeps_its_folder_and_says_so(
    paths: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "has_parquet", lambda: False)
    files = [str(path) for path in paths]
    options = ["--out", str(out), "-j1", "--outputs", "tables"]
    few = CliRunner().invoke(app, ["run", files[0], *options])
    assert "each run has a folder" not in few.stderr
    found = CliRunner().invoke(app, ["run", *files, *options])
    assert "each run has a folder" in found.stderr
    assert "cluster-optimiser[parquet]" in found.stderr
    assert (out / "a" / "plan.csv").is_file()


def test_tables_need_their_package_to_be_read(
    put_away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget()
    monkeypatch.setattr(shelf, "has_parquet", lambda: False)
    with pytest.raises(ClusterOptimiserError, match=r"in Parquet: pip install"):
        shelf.content(put_away / "a" / "plan.csv")


CELLS = st.one_of(
    st.sampled_from(
        ["", "0", "-0", "007", "1.50", "1.5", "1e-05", "true", "false", "True", "nan", "9" * 30]
    ),
    st.integers().map(str),
    st.floats(allow_nan=False).map(repr),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=5),
)
HEADERS = st.lists(st.sampled_from(["urn", "cluster", "pupils", "a b", "x,y"]), unique=True)


@st.composite
def tables_of_text(draw: st.DrawFn) -> str:
    header = ["id", *draw(HEADERS)]
    row = st.lists(CELLS, min_size=len(header), max_size=len(header))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *draw(st.lists(row, max_size=4))])
    return out.getvalue()


@given(said=st.lists(tables_of_text(), min_size=1, max_size=4))
def test_whatever_stands_in_a_table_is_given_back_to_the_letter(
    tmp_path_factory: pytest.TempPathFactory, said: list[str]
) -> None:
    out = tmp_path_factory.mktemp("out")
    for number, text in enumerate(said):
        home = out / str(number)
        home.mkdir()
        (home / "t.csv").write_text(text, encoding="utf-8", newline="")
        (home / "run.json").write_text(json.dumps({"number": number}), encoding="utf-8")
    for number in range(0, len(said), 2):
        shelf.put_away(out, [str(n) for n in range(number, min(number + 2, len(said)))])
    shelf.put_together(out)
    assert len(shelf.packs(out)) == 1
    assert not any((out / str(number)).exists() for number in range(len(said)))
    for number, text in enumerate(said):
        assert shelf.content(out / str(number) / "t.csv") == text.encode()
        assert shelf.names(out / str(number)) == ["run.json", "t.csv"]


def test_plans_that_were_put_away_are_judged_in_every_projection(
    paths: list[Path], put_away: Path, tmp_path: Path
) -> None:
    growth = 'growth = [{ name = "up", years = [2020], pct_per_year = 9.0 }]'
    lines = ("[projection]", 'assumption = "A test"', "from_year = 2019", growth)
    projected = put(paths[0].parent, "p", *lines)
    assert [one.plan.label for one in sensitivity(put_away, projected)] == ["a", "b"]
    folders = tmp_path / "folders"
    run_into(folders, *paths, outputs="all")
    told = [sensitivity_record(one) for one in sensitivity(folders, projected)]
    assert [sensitivity_record(one) for one in sensitivity(put_away, projected)] == told
