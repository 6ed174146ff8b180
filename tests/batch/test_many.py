"""Processes that run, die, are killed and come again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import loky
import pytest
from distributed import LocalCluster

from cluster_optimiser import cli
from cluster_optimiser.batch import (
    Options,
    load_batch,
    open_pool,
    pools,
    run_batch,
    what_to_run,
    work,
)
from cluster_optimiser.batch.folders import PARTIAL
from cluster_optimiser.batch.many import Hooks
from cluster_optimiser.batch.pools import Pool
from cluster_optimiser.batch.tasks import Made, Task
from cluster_optimiser.errors import ClusterOptimiserError, InputError, VerificationError
from cluster_optimiser.progress import Progress
from cluster_optimiser.scenario import Scenario, authority_folder, load_scenario
from tests.batch.made import IMPOSSIBLE, hashes, put, run_into
from tests.inputs.broken import make_authority
from tests.norfolk import ROOT

pytestmark = pytest.mark.usefixtures("without_pictures")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with Threeshire, read by all tests and changed by none."""
    home = tmp_path_factory.mktemp("project")
    make_authority(home / "boundaries")
    return home


@pytest.fixture(scope="module")
def several(project: Path) -> list[Path]:
    """Give scenarios of which some build on others, and one has no plan."""
    threeshire = project / "scenarios"
    threeshire.mkdir()
    return [
        put(threeshire, "n", 'units = "a"'),
        put(threeshire, "a", "[versions]\nnumber = 2\ndiffer_pupils = 0.5"),
        put(threeshire, "b", IMPOSSIBLE),
        put(threeshire, "c", method="keep"),
        put(threeshire, "d", "count.min = 2"),
    ]


@pytest.fixture(scope="module")
def undisturbed(several: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the hash of every file that they make, run one after another in this process."""
    out = tmp_path_factory.mktemp("undisturbed")
    run_into(out, *several)
    return hashes(out)


@pytest.fixture
def two_processes() -> Iterator[Pool]:
    """Give two processes and end them: idle ones would end in the middle of another test."""
    with open_pool("local", 2) as pool:
        yield pool
    loky.get_reusable_executor(max_workers=2).shutdown(wait=True, kill_workers=True)


@pytest.mark.thorough
def test_processes_give_the_same_bytes_as_one(
    several: list[Path], undisturbed: dict[str, str], out: Path, two_processes: Pool
) -> None:
    outcomes = run_into(out, *several, pool=two_processes)
    assert [outcome.scenario.option for outcome in outcomes] == ["n", "a", "a.2", "b", "c", "d"]
    assert hashes(out) == undisturbed


def test_dask_gives_the_same_bytes_as_one(
    several: list[Path], undisturbed: dict[str, str], out: Path
) -> None:
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        # Any free port: the usual one is taken where another cluster runs on this machine.
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
    ) as cluster:
        address = cluster.scheduler_address.removeprefix("tcp://")
        with open_pool(f"dask://{address}", 1) as pool:
            assert pool.size == 2
            run_into(out, *several, pool=pool)
    assert hashes(out) == undisturbed


def test_shares_put_together_give_the_same_bytes_as_all_at_once(
    several: list[Path], undisturbed: dict[str, str], out: Path
) -> None:
    arguments = ["run", *map(str, several), "--out", str(out), "--jobs", "1"]
    made = []
    for share in ("1/2", "2/2"):
        with pytest.raises(SystemExit):
            cli.main([*arguments, "--shard", share])
        made.append(finished(out))
        assert not (out / "index.html").exists()
    assert set() < made[0] < made[1]
    assert made[1] == {"n", "a", "a.2", "b", "c", "d"}
    with pytest.raises(SystemExit):
        cli.main(arguments)
    assert hashes(out) == undisturbed


class Fragile(Pool):
    """A pool whose processes die while they run some of the scenarios."""

    def __init__(self, deadly: dict[str, int]) -> None:
        super().__init__(2)
        self.deadly, self.mended = deadly, 0

    def submit(
        self, task: Task, tell: Callable[[Progress], None] | None = None
    ) -> Future[Made | None]:
        """Die as often as is wanted, and take along what runs beside."""
        option = task.scenario.option
        if self.deadly.get(option, 0):
            self.deadly[option] -= 1
            future: Future[Made | None] = Future()
            future.set_exception(BrokenProcessPool("a process died"))
            return future
        return super().submit(task, tell)

    def mend(self) -> None:
        self.mended += 1


def test_a_process_that_dies_once_is_of_no_matter(several: list[Path], out: Path) -> None:
    pool = Fragile({"a": 1, "d": 1})
    outcomes = run_into(out, *several, pool=pool, outputs="tables")
    assert pool.mended == 2
    assert [outcome.failure for outcome in outcomes] == [""] * 6


def test_a_scenario_whose_process_dies_twice_has_failed_and_others_go_on(
    several: list[Path], out: Path
) -> None:
    outcomes = run_into(out, *several, pool=Fragile({"a": 2}))
    by_label = {outcome.scenario.option: outcome for outcome in outcomes}
    assert by_label["a"].failure.startswith("the process that ran it died 2 times")
    assert by_label["n"].message == 'not run: scenario "a", its units, has no plan'
    assert by_label["d"].status == "OPTIMAL"
    assert not (out / "a").exists()
    assert "died 2 times" in (out / "index.html").read_text(encoding="utf-8")
    assert run_into(out, *several, outputs="tables")[1].status == "OPTIMAL"


@pytest.mark.thorough
def test_a_real_process_that_dies_is_replaced(
    several: list[Path], undisturbed: dict[str, str], out: Path, two_processes: Pool
) -> None:
    """One of two processes is killed from outside while the first scenario runs."""
    killed: list[int] = []

    def kill(_: object) -> None:
        if not killed:
            victim = two_processes.executor.submit(os.getpid).result()
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    hooks = Hooks(on_start=kill)
    outcomes = run_batch(load_batch(several), out, two_processes, Options(), hooks=hooks)
    assert killed
    assert [outcome.failure for outcome in outcomes] == [""] * 6
    made = hashes(out)
    assert made == {name: hash_ for name, hash_ in undisturbed.items() if "/" in name}


@pytest.mark.parametrize("error", [VerificationError("wrong"), RuntimeError("a mistake")])
def test_a_mistake_in_one_scenario_does_not_end_the_others(
    several: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    real = work.run_scenario

    def fail(scenario: object, **options: object) -> object:
        if scenario.option == "d":
            raise error
        return real(scenario, **options)

    monkeypatch.setattr(work, "run_scenario", fail)
    outcomes = run_into(out, *several, outputs="tables")
    assert outcomes[-1].failure == f"{type(error).__name__}: {error}"
    assert outcomes[-1].summary()["status"] == "FAILED"
    assert [outcome.failure for outcome in outcomes[:-1]] == [""] * 5
    assert not (out / "d").exists()


def test_progress_of_this_process_is_told_while_it_solves(threeshire: Path, out: Path) -> None:
    told: list[tuple[str, Progress, bool]] = []

    def hear(scenario: Scenario, progress: Progress) -> None:
        told.append((scenario.option, progress, (out / "a").exists()))

    batch = load_batch([put(threeshire, "a")])
    run_batch(batch, out, Pool(), Options(), hooks=Hooks(on_progress=hear))
    assert {name for name, _, _ in told} == {"a"}
    assert {"count", "tie-break"} <= {progress.stage for _, progress, _ in told}
    assert any(progress.bound is not None for _, progress, _ in told)
    assert not any(is_finished for _, _, is_finished in told)


def test_progress_is_told_from_process_to_process(
    threeshire: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, Progress]] = []
    ticks = iter(range(10_000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(ticks)))
    # As in another process, which cannot call whoever listens here.
    monkeypatch.setattr(Pool, "submit", lambda _, task, tell: as_future(work.work(task), tell))
    hooks = Hooks(on_progress=lambda scenario, progress: told.append((scenario.option, progress)))
    run_batch(load_batch([put(threeshire, "a")]), out, Pool(), Options(), hooks=hooks)
    assert told
    assert told[-1][0] == "a"
    assert told[-1][1].stage == "tie-break"


def as_future(made: Made | None, tell: object) -> Future[Made | None]:
    del tell
    future: Future[Made | None] = Future()
    future.set_result(made)
    return future


def test_what_a_killed_run_left_is_taken_away(several: list[Path], out: Path) -> None:
    out.mkdir()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host = socket.gethostname()
    left = out / f"{PARTIAL}{host}-{gone.pid}-abc"
    alive = out / f"{PARTIAL}{host}-{os.getpid()}-abc"
    elsewhere = out / f"{PARTIAL}elsewhere-{gone.pid}-abc"
    for folder in (left, alive, elsewhere):
        folder.mkdir()
    run_into(out, several[3])
    assert (left.exists(), alive.exists(), elsewhere.exists()) == (False, True, True)


def test_a_folder_that_no_run_has_written_is_not_put_away(several: list[Path], out: Path) -> None:
    mine = out / "c" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(InputError, match=r"c: it is there already, and no run has written it"):
        run_into(out, several[3])
    assert [path.name for path in out.rglob("*")] == ["c", "mine.txt"]


def test_a_page_that_no_run_has_written_is_not_written_over(several: list[Path], out: Path) -> None:
    out.mkdir()
    (out / "index.html").write_text("mine")
    with pytest.raises(InputError, match=r"index.html: it is there already, and no run has"):
        run_into(out, several[3])
    assert [path.name for path in out.rglob("*")] == ["index.html"]
    (out / "index.html").unlink()
    run_into(out, several[3])
    # A run that was killed between the pages and their record left none of these.
    (out / "run.json").unlink()
    run_into(out, several[3])
    assert (out / "run.json").exists()


def test_results_do_not_lie_among_what_they_are_made_from(several: list[Path]) -> None:
    here = several[0].parent
    authority = authority_folder(load_scenario(several[0]))
    before = hashes(here), hashes(authority)
    for out in (here, here / "x" / "..", authority):
        with pytest.raises(InputError, match=r"results would lie among what they are made from"):
            run_into(out, several[3])
    assert (hashes(here), hashes(authority)) == before


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "cluster_optimiser", *map(str, arguments)]


def finished(out: Path) -> set[str]:
    return {path.parent.name for path in out.glob("*/run.json")}


@pytest.fixture(scope="module")
def many(project: Path) -> list[Path]:
    """Give more scenarios than are run in a moment."""
    folder = project / "many"
    folder.mkdir()
    return [put(folder, f"m{i}", f"count.min = {1 + i % 3}") for i in range(5)]


@pytest.mark.thorough
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_was_not(
    many: list[Path], tmp_path: Path
) -> None:
    """Kill -9 once some scenarios are there: they stay, and nothing half-made is ever seen."""
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    run_into(whole, *many)
    arguments = ("run", many[0].parent, "--out", torn, "--jobs", 1)
    for n_wanted in (1, 3):
        with subprocess.Popen(
            command(*arguments), cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True
        ) as run:
            while len(finished(torn)) < n_wanted and run.poll() is None:
                time.sleep(0.01)
            os.killpg(run.pid, signal.SIGKILL)
        before = finished(torn)
        assert len(before) >= n_wanted
        stamps = {name: (torn / name / "run.json").stat().st_mtime_ns for name in before}
        why = what_to_run(load_batch(many), torn, Options())
        assert {label for label, reasons in why.items() if not reasons} == before
        assert {n: (torn / n / "run.json").stat().st_mtime_ns for n in before} == stamps
    run_into(torn, *many)
    assert hashes(torn) == hashes(whole)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send")
def test_ctrl_c_ends_with_130_and_keeps_what_is_finished(many: list[Path], out: Path) -> None:
    with subprocess.Popen(
        command("run", many[0].parent, "--out", out, "--jobs", 2, "--outputs", "tables"),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        while len(finished(out)) < 2 and run.poll() is None:
            time.sleep(0.01)
        os.killpg(run.pid, signal.SIGINT)
        said = run.stderr.read()
    assert run.returncode == 130
    assert said.endswith("Interrupted.\n")
    assert "Traceback" not in said
    assert len(finished(out)) >= 2


def test_there_is_no_dask_scheduler_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "CONNECT_S", 0.2)
    with pytest.raises(ClusterOptimiserError, match=r"no Dask scheduler at 127\.0\.0\.1:1"):
        open_pool("dask://127.0.0.1:1", 1)
