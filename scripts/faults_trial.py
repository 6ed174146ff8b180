"""Break runs at random moments, go on, and compare with a run that nobody broke.

``.venv/bin/python scripts/faults_trial.py kill|term|worker|disk|scheduler [N] [SCENARIO ...]`` from
a checkout; three options of Norfolk if no scenarios are given. Says how runs ended, how many left
something running after 5 s, and how many had other bytes once they had gone on.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = Path(sys.executable).with_name("cluster-optimiser")
OPTIONS = ("scenarios/1.toml", "scenarios/2a.toml", "scenarios/4a.toml")
PORT = 18786
SMALL_BYTES = (1_000, 400_000)
"""Between these a full disk is played: no file may grow beyond."""


def command(out: Path, *more: str) -> list[str]:
    """Give the command of a run."""
    files = sys.argv[3:] or OPTIONS
    return [str(COMMAND), "run", *files, "--out", str(out), *(more or ("--jobs", "2"))]


@contextmanager
def cluster() -> Iterator[subprocess.Popen[bytes]]:
    """Start a scheduler with a worker; gives the scheduler."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m"]
    at = ["--host", "127.0.0.1", "--port", str(PORT), "--no-dashboard"]
    one = subprocess.Popen([*dask, "distributed.cli.dask_scheduler", *at], **quiet)  # noqa: S603
    own = [f"127.0.0.1:{PORT}", "--nthreads", "1", "--no-dashboard"]
    other = subprocess.Popen([*dask, "distributed.cli.dask_worker", *own], **quiet)  # noqa: S603
    try:
        yield one
    finally:
        for process in (one, other):
            process.kill()
            process.wait()


def contents(out: Path) -> dict[str, bytes]:
    """Give every file of results without how long it took: all else must be the same."""
    found = {}
    for path in sorted(out.rglob("*")):
        if not path.is_file() or path.name in {"run.json", "page.json"}:
            continue
        data = path.read_bytes()
        if path.suffix == ".json":
            held = json.loads(data)
            if isinstance(held, dict):
                held.pop("seconds", None)
            data = json.dumps(held, sort_keys=True).encode()
        found[path.relative_to(out).as_posix()] = data
    return found


def members(session: int) -> list[int]:
    """Give the processes of a session that are not dead."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(path.parent.name))
    return found


def is_worker(pid: int) -> bool:
    """Tell whether a process is one that solves."""
    with suppress(OSError):
        return b"popen_loky_posix" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def limited(most_bytes: int) -> None:
    """Let no file grow beyond so much, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))


def broken(how: str, out: Path, wait_s: float, rng: random.Random) -> tuple[int, str, list[int]]:
    """Break one run; give its exit code, what it said, and what was left after 5 s."""
    if how == "scheduler":
        with cluster() as scheduler:
            return watched(how, out, wait_s, rng, scheduler)
    return watched(how, out, wait_s, rng)


def watched(
    how: str,
    out: Path,
    wait_s: float,
    rng: random.Random,
    scheduler: subprocess.Popen[bytes] | None = None,
) -> tuple[int, str, list[int]]:
    """Start a run, break it, and see how it ends."""
    before = partial(limited, rng.randint(*SMALL_BYTES)) if how == "disk" else None
    run = subprocess.Popen(  # noqa: S603 - our own command
        command(out, *(("--executor", f"dask://127.0.0.1:{PORT}") if scheduler else ())),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=before,  # noqa: PLW1509 - one thread
    )
    with suppress(subprocess.TimeoutExpired):
        if how != "disk":
            run.wait(wait_s)
    if run.poll() is None and how != "disk":
        if how == "worker":
            # Not Python's own tracker of resources, which complains when another takes its place.
            others = [pid for pid in members(run.pid) if pid != run.pid and is_worker(pid)]
            with suppress(ProcessLookupError, IndexError):
                os.kill(rng.choice(others), signal.SIGKILL)
        elif scheduler is not None:
            scheduler.kill()
        else:
            run.send_signal(signal.SIGKILL if how == "kill" else signal.SIGTERM)
    said = run.communicate(timeout=300)[1]
    until = time.monotonic() + 5
    while members(run.pid) and time.monotonic() < until:
        time.sleep(0.1)
    left = members(run.pid)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return run.returncode, said, left


def main() -> None:
    """Break so many runs in one way."""
    how, n = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20  # noqa: PLR2004
    rng = random.Random(20)  # noqa: S311 - no secret
    n_left = n_unlike = n_traces = n_failed = 0
    codes: dict[int, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        whole, lasts_s = Path(folder), 0.0
        for turn in ("first", "second"):  # the first reads programs from the disk: it says little
            whole, started = Path(folder) / turn, time.monotonic()
            subprocess.run(command(whole), check=True, capture_output=True)  # noqa: S603
            lasts_s = time.monotonic() - started
        wanted = contents(whole)
        for number in range(n):
            out = Path(folder) / f"broken-{number}"
            code, said, left = broken(how, out, rng.uniform(0, lasts_s), rng)
            codes[code] = codes.get(code, 0) + 1
            n_left += bool(left)
            n_traces += "Traceback" in said
            again = subprocess.run(command(out), capture_output=True, text=True, check=False)  # noqa: S603
            n_failed += again.returncode != 0
            found = contents(out)
            unlike = sorted(k for k in wanted.keys() | found if wanted.get(k) != found.get(k))
            if unlike:
                n_unlike += 1
                print("UNLIKE", number, unlike[:5], flush=True)
    print(
        f"{n} times {how}: exit codes {codes}, {n_traces} tracebacks, {n_left} left something "
        f"running, {n_failed} could not go on, {n_unlike} had other files after going on"
    )


if __name__ == "__main__":
    main()
