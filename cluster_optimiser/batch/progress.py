"""Progress from process to process: a small file, written by one and read by the other.

It works alike in one process, in several, and on a cluster whose machines share their folders.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cluster_optimiser.progress import Progress, listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
