"""Measure `new` on a made national register of 25,000 rows, against plain readers in the same run.

    python benchmarks/bench_new.py [--quick]

Times are processor seconds, medians of several runs, so that a busy machine does not count. The
peers only read the file, every column as text: pandas' fast reader, and the csv module into a data
frame. ``new`` reads it, judges every row, cuts the boundaries, builds the ground of 244 schools and
tries the starter scenarios.
"""

from __future__ import annotations

import argparse
import csv
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from cluster_optimiser.batch import starting
from cluster_optimiser.inputs.intake.intake import LayerFile, Request, take_in
from tests.made_gias import MADE_LA, MADE_NAME, districts_layer, national, write_register

if TYPE_CHECKING:
    from collections.abc import Callable

BAR_S = 10.0
MB = 1e6


def seconds(run: Callable[[], object], n_runs: int) -> tuple[float, float]:
    """Give the median processor and wall seconds of several runs."""
    processor, wall = [], []
    for _ in range(n_runs):
        started = time.process_time(), time.perf_counter()
        run()
        processor.append(time.process_time() - started[0])
        wall.append(time.perf_counter() - started[1])
    return statistics.median(processor), statistics.median(wall)


def with_csv(path: Path) -> pd.DataFrame:
    """Read every cell with the csv module."""
    with path.open(encoding="cp1252", newline="") as file:
        rows = list(csv.reader(file))
    return pd.DataFrame(rows[1:], columns=rows[0])


def main() -> None:
    """Make the files, run, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one run each")
    n_runs = 1 if parser.parse_args().quick else 3
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        made = national()
        register = write_register(made.rows, folder / "edubasealldata20240115.csv")
        layer = folder / "LAD_2023.gpkg"
        districts_layer().to_crs("EPSG:3857").to_file(layer)
        request = Request(
            name=MADE_NAME, schools=register, la=MADE_LA, layers=(LayerFile("district", layer),)
        )
        placing = starting.Destination(folder / "out", is_forced=True)
        size = register.stat().st_size / MB
        print(f"{len(made.rows):,} rows of {size:,.1f} MB")
        print(f"{'':<44}{'processor s':>12}{'wall s':>10}")
        runs: list[tuple[str, Callable[[], object]]] = [
            ("peer: pandas.read_csv, all as text", lambda: pd.read_csv(
                register, dtype=str, encoding="cp1252", keep_default_na=False)),
            ("peer: csv module into a data frame", lambda: with_csv(register)),
            ("new: every row judged, layers cut", lambda: take_in(request)),
            ("new: the whole command", lambda: starting.start(request, placing)),
        ]  # fmt: skip
        times = {}
        for label, run in runs:
            times[label] = seconds(run, n_runs)
            print(f"{label:<44}{times[label][0]:>12.2f}{times[label][1]:>10.2f}", flush=True)
        started = starting.start(request, placing)
        account = take_in(request)
    taken = len(account.schools) + len(account.ledger.dropped) + account.ledger.n_others
    whole = times["new: the whole command"][0]
    peer = times["peer: csv module into a data frame"][0]
    print(f"rows accounted for: {taken:,} of {account.ledger.n_rows:,}")
    print(f"whole command against the csv module alone: {whole / peer:.1f} times")
    print(f"bar: under {BAR_S:g} s of one processor: {'met' if whole < BAR_S else 'MISSED'}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    print(*started.lines[:1], sep="\n")


if __name__ == "__main__":
    main()
