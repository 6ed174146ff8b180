"""One deadline for all that is done within it, however deep: nearer ones count, later ones do not.

Whatever may take long asks what is left; neither it nor who sets the limit knows the other. A limit
of memory is a deadline as well: what is over it has no time left.
"""

from __future__ import annotations

import math
import time
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

from cluster_optimiser.errors import NoPlanFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MadeT = TypeVar("MadeT")
OtherT = TypeVar("OtherT")

_UNTIL: ContextVar[float] = ContextVar("until", default=math.inf)
_MOST_MB: ContextVar[float] = ContextVar("most_mb", default=math.inf)

_BYTES_OF_MB = 1_000_000
_TO_SPARE = 0.9
"""Share of the memory at which what is being listed ends: the plan is yet to be written."""


@contextmanager
def within(seconds: float | None, *, memory_mb: float | None = None) -> Iterator[None]:
    """Have what is done inside end after so many seconds, or megabytes; None adds no limit."""
    until = math.inf if seconds is None else time.monotonic() + seconds
    most_mb = math.inf if memory_mb is None else memory_mb
    token = _UNTIL.set(min(until, _UNTIL.get()))
    of_memory = _MOST_MB.set(min(most_mb, _MOST_MB.get()))
    try:
        yield
    finally:
        _UNTIL.reset(token)
        _MOST_MB.reset(of_memory)


def left_s() -> float | None:
    """Give the seconds that are left; None for any number."""
    if _is_full():
        return 0.0
    until = _UNTIL.get()
    return None if until == math.inf else max(0.0, until - time.monotonic())


def share_of_left(share: float) -> AbstractContextManager[None]:
    """Have what is done inside take a share of the time that is left."""
    limit_s = left_s()
    return within(None if limit_s is None else limit_s * share)


def all_but(seconds: float) -> AbstractContextManager[None]:
    """Have what is done inside leave so many of the seconds that are left."""
    limit_s = left_s()
    return within(None if limit_s is None else limit_s - seconds)


def most_mb() -> float:
    """Give the megabytes at which to end; infinite where any number may be held."""
    return _MOST_MB.get() * _TO_SPARE


def is_over() -> bool:
    """Tell whether the time has run out, or the memory."""
    return time.monotonic() >= _UNTIL.get() or _is_full()


def refuse_if_over(what: str) -> None:
    """End with an honest no where the time has run out, or the memory."""
    if is_over():
        what_ran_out = "memory" if _is_full() else "time"
        message = (
            f"no plan was found in {what_ran_out}: it ran out while {what}; "
            "none is proved impossible"
        )
        raise NoPlanFoundError(message)


def in_time(make: Callable[[], MadeT], otherwise: OtherT) -> MadeT | OtherT:
    """Give what is made, or something else where time or memory runs out meanwhile."""
    try:
        return make()
    except NoPlanFoundError:
        return otherwise


def _is_full() -> bool:
    most = most_mb()
    return most != math.inf and memory_mb() >= most


def memory_mb() -> float:
    """Give the megabytes that this process holds."""
    import psutil  # noqa: PLC0415 - only where memory is limited

    return float(psutil.Process().memory_info().rss) / _BYTES_OF_MB
