"""Being stopped: Ctrl-C, a request to end, a closed terminal; also amid a long call into a solver.

Python acts on a signal only between its own instructions, so a solver that runs for minutes in
compiled code would hold it up. A thread reads the signals as well, and ends the process where the
main thread has not come to it by itself.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import click

from cluster_optimiser.cli.terminal import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

STOPS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

GRACE_S = 2.0
"""The main thread has so long to put things away before the process ends without it."""

SAID = "Interrupted."


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


def _end_after_grace(signals: socket.socket, done: threading.Event) -> None:
    with signals:
        while got := signals.recv(1):
            if got[0] in STOPS and not done.wait(GRACE_S):
                click.echo(SAID, err=True)
                os._exit(EXIT_INTERRUPTED)


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn every request to stop into KeyboardInterrupt, and the end of the process if need be."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _raise) for number in STOPS}
    reader, writer = socket.socketpair()
    writer.setblocking(False)  # noqa: FBT003 - the name of the standard library
    wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    done = threading.Event()
    threading.Thread(target=_end_after_grace, args=(reader, done), daemon=True).start()
    try:
        yield
    finally:
        done.set()
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        writer.close()
