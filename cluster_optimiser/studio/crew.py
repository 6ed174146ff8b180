"""Workers: processes that each hold an desk, so that the server answers while they solve."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cluster_optimiser.constants import ONE_THREAD
from cluster_optimiser.errors import ClusterOptimiserError, InputError, ScenarioError
from cluster_optimiser.lifetime import end_with_parent
from cluster_optimiser.progress import Progress, listening

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from pathlib import Path

    from cluster_optimiser.studio.desk import Desk

    Tell = Callable[[dict[str, Any]], None]

STOPPED = 409

MOST_WAITING = 200
"""Questions that may wait; more are sent away."""


class Refused(Exception):  # noqa: N818 - a no, not a mistake of the program
    """What is wrong with a question, in the words of the command line."""

    def __init__(self, message: str, faults: list[str] | None = None, status: int = 422) -> None:
        super().__init__(message)
        self.faults, self.status = faults or [], status


@dataclass(slots=True)
class Job:
    """One question, and whoever waits for its answer."""

    name: str
    asks: str  # a method of the desk
    values: dict[str, Any]
    tell: Tell
    best: dict[str, Any] | None = None  # answer so far, where there is one
    done: asyncio.Future[Any] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


def ask(desk: Desk, asks: str, values: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Ask an desk; a fault is an answer too."""

    def heard(progress: Progress) -> None:
        stage, gap = progress.stage, progress.gap
        tell({"stage": stage, "objective": progress.objective, "bound": progress.bound, "gap": gap})

    desk.show = lambda best: tell({"best": best})
    try:
        with listening(heard):
            return {"answer": getattr(desk, asks)(**values)}
    except (InputError, ScenarioError) as error:
        return {"refused": str(error), "faults": [str(fault) for fault in error.faults]}
    except ClusterOptimiserError as error:
        return {"refused": str(error), "faults": []}
    except Exception as error:  # noqa: BLE001 - told, and the worker goes on
        return {"refused": f"{type(error).__name__}: {error}", "faults": [], "status": 500}


def _desk(root: Path) -> Desk:
    """Make an desk; the server itself starts without what solves and draws."""
    from cluster_optimiser.studio.desk import Desk  # noqa: PLC0415

    return Desk(root)


def serve(connection: Connection, root: Path, parent: int) -> None:
    """Be a worker: answer what comes until the other end is gone."""
    end_with_parent(parent, with_thread=True)
    os.environ.update({name: os.environ.get(name, n) for name, n in ONE_THREAD.items()})
    desk = _desk(root)
    desk.warm_up()
    gc.freeze()
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            asks, values = connection.recv()
            told = ask(desk, asks, values, lambda event: connection.send((True, event)))
            connection.send((False, told))


class Worker:
    """A process, or with ``is_process`` false this one."""

    def __init__(self, root: Path, *, is_process: bool) -> None:
        self.root, self.job = root, ""
        self.desk = None if is_process else _desk(root)
        self.process: Any = None
        self.connection: Connection | None = None

    def start(self) -> None:
        if self.desk is not None or (self.process is not None and self.process.is_alive()):
            return
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=serve, args=(theirs, self.root, os.getpid()), daemon=True
        )
        self.process.start()
        theirs.close()

    def run(self, job: Job, tell: Tell) -> dict[str, Any]:
        """Answer a question, in a thread of the server that may wait."""
        if self.desk is not None:
            return ask(self.desk, job.asks, job.values, tell)
        self.start()
        connection = self.connection
        if connection is None:
            return {"refused": "the worker did not start", "faults": [], "status": 503}
        try:
            connection.send((job.asks, job.values))
            while True:
                is_event, told = connection.recv()
                if not is_event:
                    return dict(told)
                tell(told)
        except (EOFError, OSError):
            self.stop()
            # Another gets ready while nobody waits for it.
            self.start()
            return {
                "refused": "stopped before there was an answer",
                "faults": [],
                "status": STOPPED,
            }

    def stop(self) -> None:
        """End the process, whatever it does; the next question starts another."""
        if self.process is not None:
            self.process.kill()
            self.process.join(5)
            self.process = None
        if self.connection is not None:
            self.connection.close()


class Crew:
    """So many workers, and the questions that wait for one."""

    def __init__(self, root: Path, size: int) -> None:
        self.workers = [Worker(root, is_process=size > 0) for _ in range(max(1, size))]
        self.idle = deque(self.workers)
        self.waiting: deque[Job] = deque()
        self.running: set[asyncio.Task[None]] = set()
        self.asked: dict[str, Job] = {}  # what is being answered, by name

    def warm_up(self) -> None:
        """Start every process, so that the first question finds it."""
        for worker in self.workers:
            worker.start()

    async def answer(self, name: str, asks: str, values: dict[str, Any], tell: Tell) -> Any:  # noqa: ANN401 - whatever the desk gives
        """Have a question answered; one of the same name that still waits gives way to it."""
        for job in [one for one in self.waiting if name and one.name == name]:
            self.waiting.remove(job)
            job.done.set_result({"refused": "a later change", "faults": [], "status": 409})
        if len(self.waiting) >= MOST_WAITING:
            message = "too many questions wait for an answer: ask again in a moment"
            raise Refused(message, status=503)
        job = Job(name, asks, values, tell)
        self.waiting.append(job)
        self._go_on()
        told = await job.done
        if "answer" not in told:
            raise Refused(told["refused"], told["faults"], told.get("status", 422))
        return told["answer"]

    def _go_on(self) -> None:
        while self.idle and self.waiting:
            task = asyncio.create_task(self._work(self.idle.popleft(), self.waiting.popleft()))
            self.running.add(task)
            task.add_done_callback(self.running.discard)

    async def _work(self, worker: Worker, job: Job) -> None:
        loop = asyncio.get_running_loop()
        worker.job = job.name

        def tell(event: dict[str, Any]) -> None:
            if "best" in event:
                job.best = event["best"]
                event = {"has_plan": True}
            loop.call_soon_threadsafe(job.tell, event)

        self.asked[job.name] = job
        try:
            told = await loop.run_in_executor(None, worker.run, job, tell)
        finally:
            worker.job = ""
            self.idle.append(worker)
            self.asked.pop(job.name, None)
        if told.get("status") == STOPPED and job.best is not None:
            told = {"answer": {**job.best, "stopped": True}}
        if not job.done.done():
            job.done.set_result(told)
        self._go_on()

    def stop(self, name: str) -> bool:
        """End what is being answered under a name; tell whether anything was."""
        found = [worker for worker in self.workers if name and worker.job == name]
        for worker in found:
            if worker.process is not None:
                worker.process.kill()
        return bool(found)

    def best(self, name: str) -> dict[str, Any] | None:
        """Give the best plan so far of what is being answered under a name."""
        job = self.asked.get(name)
        return None if job is None else job.best

    def close(self) -> None:
        for worker in self.workers:
            worker.stop()
