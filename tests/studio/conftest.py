"""A studio of Threeshire in this process: a server in a thread, and no other processes."""

from __future__ import annotations

import http.client
import importlib.resources
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from cluster_optimiser.studio.guard import Door
from cluster_optimiser.studio.server import Studio
from cluster_optimiser.studio.serving import bound
from tests.inputs.broken import SCHOOLS, Edit, make_authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js")
NASTY = "</script><img src=x onerror=alert(1)>"

BASE = """\
authority = "threeshire"
[size]
min_pupils = 100   # as the council said
max_pupils = 2000
"""

OPTION = """\
# What we began with.
extends = "base.toml"
title = "Option 4a: few <img src=x onerror=alert(1)> clusters"
option = "4a"
method = "merge"

[objective]
order = ["count", "pupil_minutes"]
"""


@dataclass(slots=True)
class Opened:
    """A studio that listens."""

    root: Path
    port: int
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    def ask(
        self, path: str, body: object = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Ask in JSON; gives the status and what was answered."""
        given = self.token if token is None else token
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = None if body is None else json.dumps(body)
        known = {"Content-Type": "application/json", "X-Token": given}
        asked = {**known, **{key.replace("_", "-"): value for key, value in headers.items()}}
        connection.request("GET" if body is None else "POST", path, sent, asked)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        is_json = "json" in answer.headers.get("content-type", "")
        return answer.status, json.loads(text) if is_json else text.decode()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a project with one scenario and its base."""
    root = tmp_path_factory.mktemp("studio")
    make_authority(root / "boundaries", Edit(SCHOOLS, "Ash Primary School", NASTY))
    folder = root / "scenarios"
    folder.mkdir()
    (folder / "base.toml").write_text(BASE, encoding="utf-8")
    (folder / "4a.toml").write_text(OPTION, encoding="utf-8")
    return root


@contextmanager
def served(root: Path, door_at: Callable[[int], Door]) -> Iterator[Opened]:
    """Serve a project behind a door until the block ends."""
    taken = bound("127.0.0.1", 0)
    door = door_at(taken.getsockname()[1])
    app = Studio(root, door, n_workers=0).app()
    config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    thread = threading.Thread(target=lambda: server.run(sockets=[taken]), daemon=True)
    thread.start()
    yield Opened(root, door.port, door.token)
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def studio(world: Path) -> Iterator[Opened]:
    """Open the studio of the project."""
    with served(world, lambda port: Door("right-token", port)) as opened:
        yield opened


def broken_rules(page: Page) -> list[Any]:
    """Run every rule of axe-core; give what is broken and where."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[Any] = page.evaluate(
        """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
            .map((one) => [one.id, one.nodes.map((node) => node.target.join())])"""
    )
    return found
