"""Where scenarios are run: in this process, in processes of this machine, or on a Dask cluster.

All three are executors of the standard library's kind, so that the batch knows no difference.
"""

from __future__ import annotations

import importlib
import logging
import os
import time
import warnings
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import loky
from loky.backend import resource_tracker

from cluster_optimiser import own
from cluster_optimiser.batch.work import warm_up, work
from cluster_optimiser.constants import ONE_THREAD
from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.lifetime import end_with_parent
from cluster_optimiser.progress import Progress, listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cluster_optimiser.batch.tasks import Made, Task

IDLE_S = 20
"""A process without work ends after so many seconds."""

QUIET = "ignore:resource_tracker"
"""Processes that are killed leave semaphores, which loky's tracker takes away with a warning."""

DASK = "dask://"

CONNECT_S = 10.0
"""A scheduler that does not answer for so long is not there."""

LOST_S = 5.0
"""A scheduler whose connection is lost for so long is gone."""


def n_cores() -> int:
    """Give how many cores this process may use: fewer than the machine has, in a container."""
    return int(loky.cpu_count())


@dataclass(slots=True)
class Pool:
    """Processes that run tasks; in the base class, this one alone."""

    size: int = 1  # how many tasks run at the same time

    def submit(
        self, task: Task, tell: Callable[[Progress], None] | None = None
    ) -> Future[Made | None]:
        future: Future[Made | None] = Future()
        try:
            if tell is None:
                future.set_result(work(task))
            else:
                # Nobody could read meanwhile what is written down.
                with listening(tell):
                    future.set_result(work(replace(task, progress=None)))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)
        return future

    def mend(self) -> None:
        """Make the pool work again after one of its processes has died."""

    def refuse_lost(self, *, is_given_up: bool = False) -> None:
        """Refuse to go on where whoever gives out the work is gone."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """End; where it ends with an error, whatever still runs is ended too."""


@contextmanager
def _quiet_tracker() -> Iterator[None]:
    """Start loky's tracker, if it is not there yet, so that it takes away what is left silently."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [before, QUIET]))
    try:
        resource_tracker.ensure_running()
        yield
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


@dataclass(slots=True)
class LocalPool(Pool):
    """Processes of this machine, kept for the next batch of this process."""

    executor: Any = field(init=False)

    def __post_init__(self) -> None:
        """Start the processes: they import what they need while this one goes on."""
        self.mend()
        for _ in range(self.size):
            self.executor.submit(warm_up)

    def submit(
        self, task: Task, tell: Callable[[Progress], None] | None = None
    ) -> Future[Made | None]:
        del tell
        future: Future[Made | None] = self.executor.submit(work, task)
        return future

    def mend(self) -> None:
        # One that has been idle for long may end while others still work: that is no fault.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
        with _quiet_tracker():
            self.executor = loky.get_reusable_executor(
                max_workers=self.size,
                timeout=IDLE_S,
                env=ONE_THREAD,
                initializer=end_with_parent,
                initargs=(os.getpid(),),
            )

    def __exit__(self, kind: object, *_: object) -> None:
        """End the processes where something went wrong; else they wait a while for more."""
        if kind is not None:
            self.executor.shutdown(wait=True, kill_workers=True)


@dataclass(slots=True)
class DaskPool(Pool):
    """Workers of a Dask cluster that is there already.

    The scheduler gives what a worker that died was running to another.
    """

    address: str = ""  # address of the scheduler, host:port
    client: Any = None  # set to the connection
    executor: Executor = field(init=False)
    last_seen_s: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        try:
            distributed = importlib.import_module("distributed")
        except ImportError as error:
            message = 'Dask is not installed: pip install "cluster-optimiser[dask]"'
            raise ClusterOptimiserError(message) from error
        # That it lost its scheduler is told by us, in one line and without where Dask was then.
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self.client = distributed.Client(f"tcp://{self.address}", timeout=CONNECT_S)
        except (OSError, ValueError) as error:
            message = f"there is no Dask scheduler at {self.address}: {error}"
            raise ClusterOptimiserError(message) from error
        self.size = max(1, len(self.client.scheduler_info(n_workers=-1)["workers"]))
        self.executor = self.client.get_executor(pure=False)

    def submit(
        self, task: Task, tell: Callable[[Progress], None] | None = None
    ) -> Future[Made | None]:
        del tell
        return self.executor.submit(work, task)

    def refuse_lost(self, *, is_given_up: bool = False) -> None:
        """Refuse to wait for a scheduler that has gone: Dask itself would wait without end.

        Nobody but Dask cancels a task: it has given the scheduler up then.
        """
        if self.client.status == "running":
            self.last_seen_s = time.monotonic()
        elif is_given_up or time.monotonic() - self.last_seen_s > LOST_S:
            raise ClusterOptimiserError(
                f"the Dask scheduler at {self.address} is gone; what is finished is kept: start it "
                "again, and the same command goes on from there"
            )

    def __exit__(self, kind: object, *_: object) -> None:
        """Let go of the cluster, which goes on."""
        if kind is not None:
            # It cancels what waits by itself, and knows no word for that as other executors do.
            self.executor.shutdown(wait=False)
        self.client.close()


def open_pool(executor: str, jobs: int) -> Pool:
    if executor.startswith(DASK):
        return DaskPool(address=executor.removeprefix(DASK))
    if jobs != 1 and own.marks():
        message = "own terms and rules are known to this process alone: run with one job"
        raise ClusterOptimiserError(message)
    return Pool() if jobs == 1 else LocalPool(jobs)
