"""The studio started: a port, a token, and one line that says where it is."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from cluster_optimiser.errors import ClusterOptimiserError, Fault, InputError
from cluster_optimiser.scenario.reading import project_of
from cluster_optimiser.studio.guard import LOCAL, Door, Passwords
from cluster_optimiser.studio.server import Studio

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N_WORKERS = 2

LEAST_LETTERS = 12
"""Of a password that opens a studio to a network."""


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


@dataclass(frozen=True, slots=True)
class Network:
    """How a studio is opened to others."""

    host: str = LOCAL[0]  # address to listen on
    names: tuple[str, ...] = ()  # further names that browsers may know it by
    password_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def is_local(self) -> bool:
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


def passwords_of(network: Network) -> Passwords | None:
    """Read the passwords, and refuse a network without one."""
    faults = []
    if network.password_file is None and not network.is_local:
        remedy = "Give --password-file FILE: a line for those who may change, one for viewers."
        problem = f"--host {network.host} opens the studio to others without a password"
        faults.append(Fault("the command", 0, "--host", problem, remedy))
    for file, option in ((network.certificate, "--tls-cert"), (network.key, "--tls-key")):
        if file is not None and not file.is_file():
            faults.append(Fault(str(file), 0, option, "there is no such file", "Check the path."))
    if (network.certificate is None) != (network.key is None):
        problem = "a certificate needs its key, and a key its certificate"
        faults.append(Fault("the command", 0, "--tls-cert", problem, "Give both files."))
    said = [] if network.password_file is None else _said(network.password_file, faults)
    if faults:
        raise InputError(faults)
    return Passwords(said[0], said[1]) if said else None


def _said(path: Path, faults: list[Fault]) -> list[str]:
    """Give both lines of a file of passwords: to change, and to look only."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(str(path), 0, "", "it cannot be read", f"{error}."))
        return []
    said = [line.strip() for line in (*lines, "", "")[:2]]
    for row, word in enumerate(said, start=1):
        if len(word) < LEAST_LETTERS and (row == 1 or word):
            remedy = f"Take at least {LEAST_LETTERS}: three words, say."
            faults.append(Fault(str(path), row, "", f"a password of {len(word)} letters", remedy))
    if said[0] == said[1]:
        problem = "those who may change and those who may look have one password"
        faults.append(Fault(str(path), 2, "", problem, "Take another for one of them."))
    return said


def names_of(network: Network) -> tuple[str, ...]:
    """Give the names that browsers may know the studio by."""
    own = [network.host, *network.names, *LOCAL]
    if network.host in ("0.0.0.0", "::"):  # noqa: S104 - it is asked for, with a password
        own += [socket.gethostname(), socket.getfqdn()]
        own += [str(one[4][0]) for one in socket.getaddrinfo(socket.gethostname(), None)]
    own = [f"[{name}]" if ":" in name and not name.startswith("[") else name for name in own]
    return tuple(dict.fromkeys(name.lower() for name in own))


def run(
    project: Path,
    *,
    port: int,
    on_start: Callable[[str, str], None],
    network: Network | None = None,
    n_workers: int = N_WORKERS,
) -> None:
    """Serve a project until the process is told to end."""
    root, network = root_of(project), network or Network()
    passwords = passwords_of(network)
    taken = bound(network.host, port)
    token = secrets.token_urlsafe(24)
    scheme = "http" if network.certificate is None else "https"
    names = names_of(network)
    look = secrets.token_urlsafe(24) if passwords is not None and passwords.look else ""
    door = Door(token, taken.getsockname()[1], names, scheme, passwords, look)
    config = uvicorn.Config(
        Studio(root, door, n_workers=n_workers).app(),
        ssl_certfile=network.certificate,
        ssl_keyfile=network.key,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    server = uvicorn.Server(config)
    shown = LOCAL[0] if network.host in ("0.0.0.0", "::") else names[0]  # noqa: S104
    on_start(f"{scheme}://{shown}:{door.port}/?token={token}", token)
    server.run(sockets=[taken])
