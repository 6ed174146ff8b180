"""A process that ends with the one that started it: it imports nothing that takes a while."""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import signal
import sys
import threading
import time
from contextlib import suppress

WATCH_S = 0.5
"""How often a process looks whether the one that started it is still there."""

GARBAGE_AT = 100_000
"""New objects after which Python looks for garbage among all of them; 700 if left as it is."""

_PR_SET_PDEATHSIG = 1


def collect_seldom() -> None:
    """Look for garbage seldom, and not at the end: nearly all of it is packages, which stay."""
    gc.set_threshold(GARBAGE_AT)
    atexit.register(gc.freeze)


def end_with_parent(parent: int, *, with_thread: bool = False) -> None:
    """Have this process end soon after the one of that number, which started it, came to its end.

    What it holds open, the caller's pipe among it, would stay open as long as it lives. The number
    is given, since whoever asks for it first after that end is told another's. On Linux the system
    sees to it at once, ``with_thread`` the thread that started this process if that ends sooner.
    """
    collect_seldom()
    if with_thread and sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
