"""One deadline for all that is done within it, however deep: nearer ones count, later ones do not.

Whatever may take long asks what is left; neither it nor who sets the limit knows the other.
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from cluster_optimiser.errors import NoPlanFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNTIL: ContextVar[float] = ContextVar("until", default=math.inf)


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Have what is done inside end after so many seconds; None adds no limit."""
    until = math.inf if seconds is None else time.monotonic() + seconds
    token = _UNTIL.set(min(until, _UNTIL.get()))
    try:
        yield
    finally:
        _UNTIL.reset(token)


def left_s() -> float | None:
    """Give the seconds that are left; None for any number."""
    until = _UNTIL.get()
    return None if until == math.inf else max(0.0, until - time.monotonic())


def is_over() -> bool:
    """Tell whether the time has run out."""
    return time.monotonic() >= _UNTIL.get()


def refuse_if_over(what: str) -> None:
    """End with an honest no where the time has run out."""
    if is_over():
        message = f"no plan was found in time: it ran out while {what}; none is proved impossible"
        raise NoPlanFoundError(message)
