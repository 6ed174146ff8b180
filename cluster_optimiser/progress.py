"""What is being solved, told while it is being solved.

A solver reports what it has found so far; whoever runs it may listen. Neither knows the other: a
solver that nobody listens to reports into the void, at the price of a call.

A solver that calls back from threads of its own must take the listener before it starts, in the
thread that started it: `listener` looks it up there.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a solver is."""

    stage: str  # what is being minimised, or done, in words or as the objective's term
    objective: float | None = None
    bound: float | None = None  # proved lower bound in the same unit; None before there is one
    plan: pd.Series[str] | None = None  # cluster of each school, where somebody wants to see it

    @property
    def gap(self) -> float | None:
        """(objective - bound) / max(1, abs(objective)); None before there are both."""
        if self.objective is None or self.bound is None:
            return None
        return abs(self.objective - self.bound) / max(1.0, abs(self.objective))


def _silent(_: Progress) -> None:
    """Hear nothing."""


_LISTENER: ContextVar[Callable[[Progress], None]] = ContextVar("listener", default=_silent)
_PLANS: ContextVar[bool] = ContextVar("plans", default=False)


def listener() -> Callable[[Progress], None]:
    return _LISTENER.get()


def are_plans_wanted() -> bool:
    """Tell whether who listens wants to see the plans too: putting one together takes a while."""
    return _PLANS.get()


@contextmanager
def listening(tell: Callable[[Progress], None], *, with_plans: bool = False) -> Iterator[None]:
    """Have whatever is solved within report to a function."""
    token, plans = _LISTENER.set(tell), _PLANS.set(with_plans)
    try:
        yield
    finally:
        _LISTENER.reset(token)
        _PLANS.reset(plans)


TELL_EVERY_S = 0.2
"""Progress is written down no more often than this."""


@contextmanager
def progress_to(file: Path | None) -> Iterator[None]:
    """Write down what is being solved, now and then, for another process to read."""
    if file is None:
        yield
        return
    last_s = 0.0

    def tell(progress: Progress) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if now_s - last_s < TELL_EVERY_S:
            return
        last_s = now_s
        data = {"stage": progress.stage, "objective": progress.objective, "bound": progress.bound}
        # Progress that cannot be told is no reason to stop solving.
        with suppress(OSError):
            part = file.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(data), encoding="utf-8")
            part.replace(file)

    with listening(tell):
        yield


def read_progress(file: Path | None) -> Progress | None:
    if file is None:
        return None
    with suppress(OSError, ValueError, TypeError):
        return Progress(**json.loads(file.read_text(encoding="utf-8")))
    return None
