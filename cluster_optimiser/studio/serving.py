"""The studio started: a port, a token, and one line that says where it is."""

from __future__ import annotations

import secrets
import socket
from typing import TYPE_CHECKING

import uvicorn

from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.scenario.bounds import project_of
from cluster_optimiser.studio.guard import LOCAL, Door
from cluster_optimiser.studio.server import Studio

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N_WORKERS = 2


def root_of(project: Path) -> Path:
    """Find the project that a folder, or a scenario file, belongs to."""
    if not project.exists():
        message = f"there is no folder {project}: name the one that holds boundaries/"
        raise ClusterOptimiserError(message)
    if project.is_dir() and not list(project.glob("*.toml")):
        return project.resolve()
    return project_of(project.resolve() / "x" if project.is_dir() else project)


def bound(host: str, port: int) -> socket.socket:
    """Take a port, a free one for 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        message = f"port {port} of {host} cannot be had ({error.strerror}): try another --port"
        raise ClusterOptimiserError(message) from error
    taken.listen(128)
    return taken


def run(
    project: Path,
    *,
    port: int,
    on_start: Callable[[str, str], None],
    host: str = "127.0.0.1",
    n_workers: int = N_WORKERS,
) -> None:
    """Serve a project until the process is told to end."""
    root = root_of(project)
    taken = bound(host, port)
    token = secrets.token_urlsafe(24)
    door = Door(token, taken.getsockname()[1], (host, *LOCAL))
    studio = Studio(root, door, n_workers=n_workers)
    config = uvicorn.Config(
        studio.app(),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    server = uvicorn.Server(config)
    on_start(f"http://{host}:{door.port}/?token={token}", token)
    server.run(sockets=[taken])
