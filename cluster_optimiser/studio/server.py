"""The studio's addresses: what may be asked, and how it is answered."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from cluster_optimiser.errors import ClusterOptimiserError, InputError, ScenarioError
from cluster_optimiser.studio.crew import Crew, Refused
from cluster_optimiser.studio.events import Events
from cluster_optimiser.studio.guard import Guard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from starlette.requests import Request

    from cluster_optimiser.studio.guard import Door

LIMIT_S, MOST_LIMIT_S = 60.0, 3600.0
"""Seconds of solving: where none are asked for, and at the most."""


class Studio:
    """One project, its workers and those who listen."""

    def __init__(self, root: Path, door: Door, *, n_workers: int) -> None:
        self.root, self.door = root, door
        self.crew, self.events = Crew(root, n_workers), Events()

    def app(self) -> Guard:
        """Put the application together, behind its guard."""
        routes = [
            Route("/api/solve", answered(self.solve), methods=["POST"]),
            Route("/api/stop", answered(self.stop), methods=["POST"]),
            Route("/api/events", self.listen),
        ]
        return Guard(Starlette(routes=routes, lifespan=self._lifespan), self.door)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(self.crew.warm_up)
        yield
        self.events.close()
        await run_in_threadpool(self.crew.close)

    async def listen(self, _: Request) -> Response:
        """Stream what is being solved."""
        return StreamingResponse(self.events.stream(), media_type="text/event-stream")

    async def solve(self, request: Request) -> Any:  # noqa: ANN401 - what JSON holds
        """Solve a scenario."""
        asked = await read(request)
        data = asked.get("scenario")
        if not isinstance(data, dict):
            message = 'send {"scenario": {...}} with the fields of the scenario file'
            raise Refused(message)
        values = {"data": data, "time_limit_s": limit_of(asked), **where(asked)}
        return await self.ask(str(asked.get("job", "")), "solve", values)

    async def stop(self, request: Request) -> Any:  # noqa: ANN401
        """End what is being answered."""
        return {"stopped": self.crew.stop(str((await read(request)).get("job", "")))}

    async def ask(self, job: str, asks: str, values: dict[str, Any]) -> Any:  # noqa: ANN401
        """Have the crew answer, and tell how far it is."""

        def tell(event: dict[str, Any]) -> None:
            self.events.tell({"job": job, "kind": "progress", **event})

        self.events.tell({"job": job, "kind": "start", "asks": asks})
        status = "REFUSED"
        try:
            answer = await self.crew.answer(job, asks, values, tell)
            status = answer.get("status", "DONE") if isinstance(answer, dict) else "DONE"
        finally:
            self.events.tell({"job": job, "kind": "end", "status": status})
        return answer


def answered(
    asked: Callable[[Request], Awaitable[Any]],
) -> Callable[[Request], Awaitable[Response]]:
    """Answer in JSON; a fault is told in the words of the command line."""

    async def answer(request: Request) -> Response:
        try:
            found = await asked(request)
        except Refused as error:
            told: dict[str, Any] = {"error": str(error), "faults": error.faults}
            return JSONResponse(told, status_code=error.status)
        except (InputError, ScenarioError) as error:
            told = {"error": str(error), "faults": [str(fault) for fault in error.faults]}
            return JSONResponse(told, status_code=422)
        except ClusterOptimiserError as error:
            return JSONResponse({"error": str(error), "faults": []}, status_code=422)
        return found if isinstance(found, Response) else JSONResponse(found)

    return answer


async def read(request: Request) -> dict[str, Any]:
    """Read what was sent: a JSON object, and nothing that a form of another site could send."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        message = "send JSON (Content-Type: application/json)"
        raise Refused(message, status=415)
    try:
        asked = json.loads(await request.body())
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        message = "what was sent is no JSON object"
        raise Refused(message, status=400)
    return asked


def limit_of(asked: dict[str, Any]) -> float:
    """Read the seconds of solving that are asked for."""
    limit = asked.get("time_limit_s", LIMIT_S)
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not limit > 0:
        message = f"time_limit_s: {limit!r} is no number of seconds over 0"
        raise Refused(message)
    return min(float(limit), MOST_LIMIT_S)


def where(asked: dict[str, Any]) -> dict[str, Any]:
    """Read where the scenario would lie, so that what it names is found from there."""
    return {key: str(asked[key]) for key in ("home", "name") if key in asked}
