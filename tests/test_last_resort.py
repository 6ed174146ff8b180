"""Errors that nobody foresaw, stops, and names with control characters: what the user sees."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import Future
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from cluster_optimiser import batch, cli
from cluster_optimiser.batch import pools
from tests.norfolk import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SCHOOL = "Ada Lovelace of Ash Primary School"


def _fails_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(batch, "find_scenarios", fail)


def test_an_unforeseen_error_names_its_step_and_writes_a_report_without_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _fails_with(monkeypatch, ZeroDivisionError(SCHOOL))
    with pytest.raises(SystemExit, match="1"):
        cli.main(["check", SCHOOL])
    said = capsys.readouterr().err
    assert "an error that nobody foresaw (ZeroDivisionError" in said
    assert re.search(r"in checking\.\w+, line \d+", said)
    assert "Traceback" not in said
    (report,) = tmp_path.glob("cluster-optimiser-error-*.txt")
    assert report.name in said
    text = report.read_text(encoding="utf-8")
    assert SCHOOL not in text
    assert str(ROOT) not in text
    assert "cluster_optimiser/cli/" in text
    assert "command: check" in text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(36, "File name too long", "x" * 300), "x: file name too long"),
        (OSError(24, "Too many open files"), "too many open files"),
        (MemoryError(), "memory ran out"),
        (RecursionError(), "nested too deeply"),
    ],
)
def test_errors_of_the_system_are_told_in_a_line(
    error: BaseException,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _fails_with(monkeypatch, error)
    with pytest.raises(SystemExit, match="1"):
        cli.main(["check", "x"])
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_control_characters_of_names_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="3"):
        cli.main(["check", "Ash\x1b[2J\x07"])
    said = capsys.readouterr().err
    assert "Ash\\x1b[2J\\x07" in said
    assert "\x1b" not in said


STOPPED_IN_C = """
import hashlib, sys, threading
from cluster_optimiser import cli, scenario
def long_call():
    print("begun", flush=True)
    if sys.argv[1] == "python":
        threading.Event().wait()
    hashlib.pbkdf2_hmac("md5", b"", b"", 10**9)
scenario.json_schema = long_call
cli.main(["schema"])
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGTERM to send")
@pytest.mark.parametrize(
    ("name", "where"),
    [("SIGTERM", "compiled code"), ("SIGHUP", "compiled code"), ("SIGINT", "python")],
)
def test_a_request_to_end_ends_a_command_amid_whatever_it_does(name: str, where: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED_IN_C, where],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout.readline() == "begun\n"
        run.send_signal(signal.Signals[name])
        said = run.stderr.read()
    assert (run.returncode, said.strip()) == (130, "Interrupted.")


ORPHAN = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
print(child.pid, flush=True)
sys.stdin.read()
"""
WORKER = """
import os, sys, threading
from cluster_optimiser.lifetime import end_with_parent
end_with_parent(int(sys.argv[1]) if sys.argv[1:] else os.getppid())
print("works", flush=True)
threading.Event().wait()
"""


@pytest.mark.skipif(os.name == "nt", reason="processes there have no parent to lose")
def test_a_worker_ends_with_whoever_started_it() -> None:
    """Its end is seen on the pipe that it holds: reading comes to an end."""
    with subprocess.Popen(
        [sys.executable, "-c", ORPHAN, WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout.readline().strip().isdigit()
        assert parent.stdout.readline() == "works\n"
        parent.kill()
        assert parent.stdout.read() == ""


def test_a_worker_whose_parent_was_gone_before_it_looked_ends_too() -> None:
    """Killed while a worker imports what it needs, a run left it for as long as that took."""
    command = [sys.executable, "-c", WORKER, "1"]
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 1


def test_a_scheduler_that_has_gone_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = object.__new__(pools.DaskPool)
    pool.address, pool.last_seen_s = "127.0.0.1:8786", 0.0
    pool.client = type("Client", (), {"status": "running"})()
    pool.refuse_lost()
    monkeypatch.setattr(pools, "LOST_S", -1.0)
    pool.client.status = "connecting"
    with pytest.raises(pools.ClusterOptimiserError, match=r"8786 is gone; what is fin"):
        pool.refuse_lost()
    monkeypatch.setattr(pools, "LOST_S", float("inf"))
    with pytest.raises(pools.ClusterOptimiserError, match="8786 is gone"):
        pool.refuse_lost(is_given_up=True)


def test_what_dask_was_asked_for_is_let_go_when_a_run_ends_early() -> None:
    """Its executor has no `cancel_futures`: the run ended with an error of our own instead."""
    cfexecutor = pytest.importorskip("distributed.cfexecutor")
    pool = object.__new__(pools.DaskPool)
    cancelled: list[object] = []
    pool.client = SimpleNamespace(cancel=cancelled.extend, close=lambda: cancelled.append("closed"))
    pool.executor = cfexecutor.ClientExecutor(pool.client)
    waits: Future[None] = Future()
    pool.executor._futures.add(waits)
    with pytest.raises(KeyboardInterrupt), pool:
        raise KeyboardInterrupt
    assert cancelled == [waits, "closed"]


def _check(tmp_path: Path, option: str, more: str = "") -> str:
    file = tmp_path / "s.toml"
    head = f'title = "x"\noption = "{option}"\nauthority = "nowhere"\nmethod = "keep"\n'
    file.write_text(head + more, encoding="utf-8")
    with pytest.raises(SystemExit, match="3"):
        cli.main(["check", str(file)])
    return str(file)


@pytest.mark.parametrize("option", ["CON", "con", "aux", "nul.txt", "LPT1", "a."])
def test_a_label_is_a_folder_on_every_system(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _check(tmp_path, option)
    assert "cannot be the name of a folder on every system" in capsys.readouterr().err


def test_tables_nested_without_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _check(tmp_path, "d", "x = " + "[" * 20_000 + "]" * 20_000)
    assert "s.toml: tables are nested too deeply" in capsys.readouterr().err


def test_paths_that_no_file_can_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (str(loop), "x" * 5_000):
        with pytest.raises(SystemExit, match="3"):
            cli.main(["check", path])
        assert "no file can have this name" in capsys.readouterr().err
