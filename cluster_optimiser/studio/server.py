"""The studio's addresses: what may be asked, and how it is answered."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from cluster_optimiser.errors import ClusterOptimiserError, InputError, ScenarioError
from cluster_optimiser.scenario import written
from cluster_optimiser.studio import pages
from cluster_optimiser.studio.beginning import check_page, room_for
from cluster_optimiser.studio.crew import Crew, Refused
from cluster_optimiser.studio.guard import MOST_FILE, MOST_GUESSES, POLICY, SIGN_IN, UPLOAD, Guard
from cluster_optimiser.studio.project import STATE, ChangedError, Project

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from starlette.requests import Request

    from cluster_optimiser.studio.guard import Door

STILL = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The policy of a page that is made for looking at."""

MOST_FORM = 4_096
"""Bytes of a password that is sent."""

LIMIT_S, MOST_LIMIT_S = 60.0, 3600.0
"""Seconds of solving: where none are asked for, and at the most."""


class Studio:
    """One project, its workers and those who listen."""

    def __init__(self, root: Path, door: Door, *, n_workers: int) -> None:
        self.project, self.door = Project(root), door
        self.writing = asyncio.Lock()
        self.crew, self.events = Crew(root, n_workers), Events()

    def app(self) -> Guard:
        routes = [
            Route("/api/solve", answered(self.solve), methods=["POST"]),
            Route("/api/explain", answered(self.explain), methods=["POST"]),
            Route("/api/explore", answered(self.explore), methods=["POST"]),
            Route("/api/versions", answered(self.versions), methods=["POST"]),
            Route("/api/outlook", answered(self.outlook), methods=["POST"]),
            Route("/api/publish", answered(self.publish), methods=["POST"]),
            Route("/api/published", answered(self.published), methods=["POST"]),
            Route("/api/count", answered(self.count), methods=["POST"]),
            Route("/api/save", answered(self.save), methods=["POST"]),
            Route("/api/keep", answered(self.keep), methods=["POST"]),
            Route(UPLOAD, answered(self.upload), methods=["POST"]),
            Route("/api/begin", answered(self.begin), methods=["POST"]),
            Route("/new", self.new),
            Route("/check/{key}", self.check),
            Route("/api/stop", answered(self.stop), methods=["POST"]),
            Route("/api/best", answered(self.best), methods=["POST"]),
            Route("/api/events", self.listen),
            Route(SIGN_IN, self.sign_in, methods=["GET", "POST"]),
            Route("/", self.start),
            Route("/work", self.work),
            Route("/static/{name}", self.static),
            Route("/made/{folder}/{file:path}", self.made),
        ]
        return Guard(Starlette(routes=routes, lifespan=self._lifespan), self.door)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        # In the thread that lasts as long as the server: a process ends with what started it.
        self.crew.warm_up()
        yield
        self.events.close()
        await run_in_threadpool(self.crew.close)

    async def listen(self, _: Request) -> Response:
        return StreamingResponse(self.events.stream(), media_type="text/event-stream")

    async def solve(self, request: Request) -> Any:  # noqa: ANN401 - what JSON holds
        """Solve a scenario that is sent, or one of a file."""
        asked = await read(request)
        values = {**self.scenario_of(asked), "time_limit_s": limit_of(asked)}
        return await self.ask(str(asked.get("job", "")), "solve", values)

    async def explain(self, request: Request) -> Any:  # noqa: ANN401
        """Say why there is no plan, or what each rule costs."""
        asked = await read(request)
        values = {**self.scenario_of(asked), "time_limit_s": limit_of(asked)}
        return await self.ask(str(asked.get("job", "")), "explain", values)

    async def explore(self, request: Request) -> Any:  # noqa: ANN401
        asked = await read(request)
        values = {**self.scenario_of(asked), "terms": texts(asked, "terms")}
        return await self.ask(str(asked.get("job", "")), "explore", values)

    async def versions(self, request: Request) -> Any:  # noqa: ANN401
        """Give plans that differ by a share of pupils."""
        asked = await read(request)
        number, differ = asked.get("number", 3), asked.get("differ", 0.1)
        values = {**self.scenario_of(asked), "number": number, "differ": differ}
        return await self.ask(str(asked.get("job", "")), "versions", values)

    async def outlook(self, request: Request) -> Any:  # noqa: ANN401
        """Say how a plan stands if pupils change."""
        asked = await read(request)
        values = {**self.scenario_of(asked), "plan": asked.get("plan", {})}
        if not isinstance(values["plan"], dict):
            raise Refused("plan: send a table of URN and cluster")
        return await self.ask(str(asked.get("job", "")), "outlook", values)

    async def publish(self, request: Request) -> Any:  # noqa: ANN401
        asked = await read(request)
        theme = asked.get("theme", {})
        if not isinstance(theme, dict):
            raise Refused("theme: send a table of keys and values")
        values = {"files": texts(asked, "files"), "theme": theme, "folder": secrets.token_hex(6)}
        return await self.ask(str(asked.get("job", "")), "publish", values)

    async def published(self, request: Request) -> Any:  # noqa: ANN401
        await read(request)
        return await self.ask("", "published", {})

    async def count(self, request: Request) -> Any:  # noqa: ANN401
        asked = await read(request)
        named = {key: str(asked.get(key, "")) for key in ("folder", "scenario")}
        values = {**named, "files": texts(asked, "files")}
        return await self.ask(str(asked.get("job", "")), "count", values)

    async def save(self, request: Request) -> Any:  # noqa: ANN401
        """Write a scenario file, once it is sound; whoever has it open is told."""
        asked = await read(request)
        file, own, seen = str(asked.get("file", "")), asked.get("own"), asked.get("seen")
        if not isinstance(own, dict) or not (seen is None or isinstance(seen, str)):
            raise Refused("send file, own (the fields of the scenario file) and seen")
        path = self.project.path(file)
        home = path.parent.relative_to(self.project.root).as_posix()
        named = {"home": home, "name": path.name}
        plan: str | None = None
        if isinstance(asked.get("plan"), dict):
            given = {str(urn): str(cluster) for urn, cluster in asked["plan"].items()}
            made = await self.ask("", "as_given", {"data": own, **named, "plan": given})
            own, plan = made["own"], made["plan"]
        await self.ask("", "sound", {"data": own, **named})
        async with self.writing:
            now = await run_in_threadpool(self.project.save, file, own, seen=seen, plan=plan)
        self.events.tell({"job": "", "kind": "saved", "file": file, "seen": now})
        return {"file": file, "seen": now}

    async def keep(self, request: Request) -> Any:  # noqa: ANN401
        asked = await read(request)
        state = asked.get("state")
        if not isinstance(state, dict):
            raise Refused("send file and state")
        self.project.path(str(asked.get("file", "")))
        async with self.writing:
            await run_in_threadpool(self.project.keep_state, str(asked["file"]), state)
        return {"kept": True}

    async def upload(self, request: Request) -> Any:  # noqa: ANN401
        if request.headers.get("content-type", "") != "application/octet-stream":
            message = "send the file as it is (Content-Type: application/octet-stream)"
            raise Refused(message, status=415)
        path = room_for(self.project, request.query_params.get("file", ""))
        n_bytes = 0
        with path.open("wb") as file:
            async for part in request.stream():
                n_bytes += len(part)
                if n_bytes > MOST_FILE:
                    break
                await run_in_threadpool(file.write, part)
        if n_bytes > MOST_FILE:
            path.unlink()
            raise Refused(f"more than {MOST_FILE:,} bytes are not taken", status=413)
        return {"file": f"{path.parent.name}/{path.name}"}

    async def begin(self, request: Request) -> Any:  # noqa: ANN401
        """Make a new authority of files that were sent."""
        asked = await read(request)
        return await self.ask(str(asked.get("job", "")), "begin", {"asked": asked})

    async def new(self, request: Request) -> Response:
        return self.page(await run_in_threadpool(pages.new), request=request)

    async def check(self, request: Request) -> Response:
        """Give the page to check of an authority, which runs no script."""
        path = await run_in_threadpool(check_page, self.project.root, request.path_params["key"])
        if path is None:
            return Response(status_code=404)
        return FileResponse(path, headers={"Content-Security-Policy": STILL})

    async def stop(self, request: Request) -> Any:  # noqa: ANN401
        return {"stopped": self.crew.stop(str((await read(request)).get("job", "")))}

    async def best(self, request: Request) -> Any:  # noqa: ANN401
        """Give the best plan so far of what is being answered."""
        return {"answer": self.crew.best(str((await read(request)).get("job", "")))}

    async def sign_in(self, request: Request) -> Response:
        """Ask for the password, and give the browser what it allows."""
        passwords = self.door.passwords
        if passwords is None:
            return Response(status_code=404)
        role, said = "", ""
        if request.method == "POST":
            said = parse_qs((await request.body())[:MOST_FORM].decode("utf-8", "replace")).get(
                "password", [""]
            )[0]
            role = passwords.role(said)
        if role:
            answer: Response = RedirectResponse("/", status_code=303)
            token = self.door.token if role == "change" else self.door.look_token
            self.let_in(answer, token)
            return answer
        n_left = MOST_GUESSES - passwords.n_wrong
        text = pages.sign_in(is_wrong=bool(said), is_shut=n_left <= 0)
        policy = POLICY.replace("form-action 'none'", "form-action 'self'")
        # Without a referrer browsers call a form's own page an unknown one.
        headers = {"Content-Security-Policy": policy, "Referrer-Policy": "same-origin"}
        return HTMLResponse(text, status_code=403 if said else 200, headers=headers)

    async def start(self, request: Request) -> Response:
        return self.page(await run_in_threadpool(pages.start, self.project), request=request)

    async def work(self, request: Request) -> Response:
        file = request.query_params.get("open", "")
        try:
            opened = await run_in_threadpool(pages.opened, self.project, file)
            asked = {key: opened[key] for key in ("home", "name")}
            own = opened["steps"][opened["at"]]["own"]
            try:
                data = await self.ask("", "page", {"data": own, **asked})
            except Refused:
                # What was begun cannot be drawn: the file itself may.
                opened |= {"steps": [{"own": opened["file_own"], "said": ""}], "at": 0}
                data = await self.ask("", "page", {"data": opened["file_own"], **asked})
        except (Refused, ClusterOptimiserError) as error:
            return self.page(pages.fault(str(error)), request=request, status=404)
        may_change = self.door.role(request.scope) == "change"
        text = await run_in_threadpool(
            pages.work, self.project, opened, data, may_change=may_change
        )
        return self.page(text, request=request)

    def page(self, text: str, *, request: Request, status: int = 200) -> Response:
        """Answer with a page, and give its browser the token for what the page asks."""
        answer = HTMLResponse(text, status_code=status)
        self.let_in(answer, self.door.given(request.scope))
        return answer

    def let_in(self, answer: Response, token: str) -> None:
        is_secure = self.door.scheme == "https"
        answer.set_cookie(
            self.door.cookie, token, httponly=True, samesite="strict", secure=is_secure
        )

    async def static(self, request: Request) -> Response:
        found = await run_in_threadpool(pages.static, request.path_params["name"])
        if found is None:
            return Response(status_code=404)
        text, kind = found
        return Response(text, media_type=kind)

    async def made(self, request: Request) -> Response:
        """Give what was published: the page by its own policy, away from the studio's origin."""
        home = (self.project.root / STATE / request.path_params["folder"]).resolve()
        path = (home / request.path_params["file"]).resolve()
        if home.parent != self.project.root / STATE or not path.is_relative_to(home):
            return Response(status_code=404)
        if not path.is_file():
            return Response(status_code=404)
        policy = {"Content-Security-Policy": "sandbox allow-scripts allow-downloads allow-popups"}
        return FileResponse(path, headers=policy)

    def scenario_of(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Read which scenario is meant: its fields, or the name of a file of the project."""
        if isinstance(asked.get("file"), str):
            path = self.project.path(asked["file"])
            home = path.parent.relative_to(self.project.root).as_posix()
            return {"data": written(path)[0], "home": home, "name": path.name}
        data = asked.get("scenario")
        if not isinstance(data, dict):
            raise Refused('send {"scenario": {...}} with the fields of the scenario file')
        return {"data": data, **where(asked)}

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
            status = 409 if isinstance(error, ChangedError) else 422
            return JSONResponse({"error": str(error), "faults": []}, status_code=status)
        return found if isinstance(found, Response) else JSONResponse(found)

    return answer


async def read(request: Request) -> dict[str, Any]:
    """Read what was sent: a JSON object, and nothing that a form of another site could send."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused("send JSON (Content-Type: application/json)", status=415)
    try:
        asked = json.loads(await request.body())
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise Refused("what was sent is no JSON object", status=400)
    return asked


def texts(asked: dict[str, Any], key: str) -> list[str]:
    found = asked.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Refused(f"{key}: send a list of texts")
    return found


def limit_of(asked: dict[str, Any]) -> float:
    """Read the seconds of solving that are asked for."""
    limit = asked.get("time_limit_s", LIMIT_S)
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not limit > 0:
        raise Refused(f"time_limit_s: {limit!r} is no number of seconds over 0")
    return min(float(limit), MOST_LIMIT_S)


def where(asked: dict[str, Any]) -> dict[str, Any]:
    """Read where the scenario would lie, so that what it names is found from there."""
    return {key: str(asked[key]) for key in ("home", "name") if key in asked}


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
