"""What is being solved, told while it is being solved.

A solver reports what it has found so far; whoever runs it may listen. Neither knows the other: a
solver that nobody listens to reports into the void, at the price of a call.

A solver that calls back from threads of its own must take the listener before it starts, in the
thread that started it: `listener` looks it up there.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
