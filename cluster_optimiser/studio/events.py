"""What is being solved, told to every browser that listens."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MOST_HELD = 200
"""Events that a slow listener may be behind; older ones are lost to it."""

BEAT_S = 15.0


class Events:
    """Listeners, and what is told to them."""

    def __init__(self) -> None:
        self.listeners: set[asyncio.Queue[dict[str, Any] | None]] = set()

    def tell(self, event: dict[str, Any]) -> None:
        for queue in self.listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

    def close(self) -> None:
        for queue in self.listeners:
            while queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    async def stream(self) -> AsyncIterator[str]:
        """Write what is told, as server-sent events."""
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(MOST_HELD)
        self.listeners.add(queue)
        try:
            yield ": listening\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), BEAT_S)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if event is None:
                    return
                yield f"data: {json.dumps(event, ensure_ascii=False)}\n\n"
        finally:
            self.listeners.discard(queue)
