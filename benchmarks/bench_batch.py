"""A region's worth of runs: made authorities times merge scenarios, killed and resumed.

Runs every scenario of many made authorities three times: undisturbed, killed three times with
SIGKILL at random moments and resumed, and on a Dask cluster of two workers one of which is killed.
Says how long each took, how much memory the processes had at most together, and whether all three
wrote the same bytes. `--small` is a matter of a minute; without it there are 150 authorities of 50
clusters and 6 scenarios.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from distributed import Client, LocalCluster

from cluster_optimiser.batch import shelf
from cluster_optimiser.batch.ledger import hash_file

COLUMNS, ROWS, SIDE_M = 10, 5, 6_000
WEST, SOUTH = 420_000, 200_000
SCENARIOS = {
    "fewest": 'size.min_pupils = 2500\nobjective.order = ["count", "pupil_minutes"]',
    "near": 'size.min_pupils = 2500\nobjective.order = ["pupil_minutes"]',
    "even": 'size.min_pupils = 2400\nobjective.order = ["deviation"]',
    "aligned": 'size.min_pupils = 2500\nobjective.order = ["misaligned.district", "count"]',
    "within": 'size.min_pupils = 2300\nwithin = ["district"]\nobjective.order = ["count"]',
    "small": 'size.min_pupils = 2300\nobjective.order = ["count", "deviation"]',
}


def make_authority(folder: Path, seed: int) -> None:
    """Make an authority of 50 clusters, each a secondary school and three primaries."""
    rng = random.Random(seed)  # noqa: S311 - made figures, no secrets
    folder.mkdir(parents=True)
    rows = ["urn,name,phase,easting,northing,pupils,cluster"]
    for i in range(COLUMNS * ROWS):
        row, column = divmod(i, COLUMNS)
        for j in range(4):
            x = WEST + (column + rng.uniform(0.1, 0.9)) * SIDE_M
            y = SOUTH + (row + rng.uniform(0.1, 0.9)) * SIDE_M
            phase = "primary" if j else "secondary"
            pupils = rng.randint(150, 450) if j else rng.randint(900, 1900)
            urn = 100_000 + 4 * i + j
            rows.append(f"{urn},School {urn},{phase},{x:.0f},{y:.0f},{pupils},Cluster {i:02}")
    (folder / "schools.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    halves = []
    for name, first, last in (("West", 0, COLUMNS // 2), ("East", COLUMNS // 2, COLUMNS)):
        x0, x1 = WEST + first * SIDE_M, WEST + last * SIDE_M
        y0, y1 = SOUTH, SOUTH + ROWS * SIDE_M
        ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        halves.append({"type": "Feature", "properties": {"name": name}, "geometry": geometry})
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    layer = {"type": "FeatureCollection", "crs": crs, "features": halves}
    (folder / "districts.geojson").write_text(json.dumps(layer), encoding="utf-8")
    (folder / "authority.toml").write_text(
        f'name = "{folder.name}"\ndata_date = "2020-01-01"\nschools = "schools.csv"\n'
        'layers.district = "districts.geojson"\n[travel]\nmethod = "estimate"\n'
        "constant_min = 4\nbands = [{ min_per_km = 1.3 }]\n"
        '[[sources]]\ntitle = "Made"\ndate = "2020"\nlicence = "None"\n',
        encoding="utf-8",
    )


def make_project(home: Path, n_authorities: int) -> None:
    """Make the authorities, and the scenarios that sweep over all of them."""
    names = [f"made{i:03}" for i in range(n_authorities)]
    for seed, name in enumerate(names):
        make_authority(home / "boundaries" / name, seed)
    (home / "scenarios").mkdir()
    for option, text in SCENARIOS.items():
        (home / "scenarios" / f"{option}.toml").write_text(
            f'title = "{option}"\noption = "{option}"\nmethod = "merge"\n{text}\n'
            f"size.max_pupils = 5000\nsweep.authority = {json.dumps(names)}\n",
            encoding="utf-8",
        )


def start(home: Path, out: str, *more: str) -> subprocess.Popen[bytes]:
    """Start the program on all scenarios."""
    command = [sys.executable, "-m", "cluster_optimiser", "run", "scenarios", "--out", out]
    command += ["--outputs", "tables", *more]
    return subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=home, start_new_session=True, stderr=subprocess.DEVNULL
    )


class Memory:
    """Watch the memory of this process's children: the most that they ever had together."""

    def __init__(self) -> None:
        self.most_mb, self._ends = 0.0, threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._ends.wait(0.5):
            total = 0
            for child in psutil.Process().children(recursive=True):
                try:
                    total += child.memory_info().rss
                except psutil.Error:
                    continue
            self.most_mb = max(self.most_mb, total / 1e6)

    def end(self) -> float:
        """Stop watching; give megabytes."""
        self._ends.set()
        return self.most_mb


def finished(out: Path) -> set[str]:
    """Name the runs that are finished, in folders or put away."""
    groups = [group for pack in shelf.packs(out) for group in pack.groups]
    loose = [path.parent.name for path in out.glob("*/run.json")]
    return {*loose, *(label for group in groups for label in group)}


def hashes(out: Path) -> dict[str, str]:
    """Give the hash of every file, of manifests without their seconds."""
    paths = [path for path in out.iterdir() if path.is_file()]
    folders = [out / label for label in finished(out)]
    paths += [folder / name for folder in folders for name in shelf.names(folder)]
    return {path.relative_to(out).as_posix(): hash_file(path) for path in paths}


def compare(home: Path, out: str) -> str:
    """Tell whether two results folders hold the same bytes, and if not, where they differ."""
    whole, other = hashes(home / "whole"), hashes(home / out)
    differ = sorted(
        name for name in whole.keys() | other.keys() if whole.get(name) != other.get(name)
    )
    return f"same bytes: {not differ}" + "".join(f"\n  differs: {name}" for name in differ[:10])


def undisturbed(home: Path) -> None:
    """Run everything at once."""
    memory, started = Memory(), time.perf_counter()
    before = os.times()
    start(home, "whole").wait()
    after, wall_s = os.times(), time.perf_counter() - started
    cpu_s = after.children_user + after.children_system
    cpu_s -= before.children_user + before.children_system
    n_runs = len(finished(home / "whole"))
    print(
        f"undisturbed: {n_runs} runs, {wall_s:.0f} s, {cpu_s:.0f} s of the main "
        f"process's CPU, at most {memory.end():.0f} MB"
    )


def killed(home: Path, n_runs: int) -> None:
    """Kill the program three times at random and let it resume."""
    rng, started = random.Random(0), time.perf_counter()  # noqa: S311 - moments, no secrets
    kept = []
    for least, most in ((0.05, 0.3), (0.35, 0.6), (0.65, 0.9)):
        run = start(home, "killed")
        wanted = int(n_runs * rng.uniform(least, most))
        while len(finished(home / "killed")) < wanted and run.poll() is None:
            time.sleep(0.02)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        kept.append(len(finished(home / "killed")))
    start(home, "killed").wait()
    print(
        f"killed three times: {time.perf_counter() - started:.0f} s, {kept} runs kept, "
        f"{compare(home, 'killed')}"
    )


def on_dask(home: Path, n_runs: int) -> None:
    """Run on a cluster of two workers, and kill one of them on the way."""
    started = time.perf_counter()
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address.removeprefix("tcp://")
        run = start(home, "dask", "--executor", f"dask://{address}")
        while len(finished(home / "dask")) < n_runs // 3 and run.poll() is None:
            time.sleep(0.05)
        with Client(cluster) as client:
            workers = client.run(os.getpid)
        os.kill(min(workers.values()), signal.SIGKILL)
        run.wait()
    print(
        f"Dask, one of two workers killed: {time.perf_counter() - started:.0f} s, "
        f"{compare(home, 'dask')}"
    )


def main() -> None:
    """Make the authorities and run them thrice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="three authorities instead of 150")
    n_authorities = 3 if parser.parse_args().small else 150
    n_runs = n_authorities * len(SCENARIOS)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make_project(home, n_authorities)
        undisturbed(home)
        killed(home, n_runs)
        on_dask(home, n_runs)


if __name__ == "__main__":
    main()
