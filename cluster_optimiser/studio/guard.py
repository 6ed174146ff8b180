"""Who may ask the studio: a token in the address, its own host's name, and no other site."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from starlette.requests import cookie_parser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Nothing from outside, nothing written into the page: scripts and styles are files of ours."""

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)

LOCAL = ("127.0.0.1", "localhost", "[::1]")

SIGN_IN = "/sign-in"

BEFORE_SIGN_IN = frozenset((SIGN_IN, "/static/page.css", "/static/studio.css"))
"""What a studio with passwords shows to everybody: the page that asks for one, and its style."""

WRITES = frozenset(
    (
        "/api/save",
        "/api/keep",
        "/api/publish",
        "/api/stop",
        "/api/upload",
        "/api/begin",
        "/api/count",
        "/new",
    )
)
"""What those who may only look may not ask."""

MOST_GUESSES = 20
"""Wrong passwords after which the studio takes none until it is started again."""

MOST_BYTES, MOST_FILE = 16_000_000, 400_000_000
"""Of a question, and of a file that is sent; more is refused before it is read."""

UPLOAD = "/api/upload"


@dataclass(slots=True)
class Passwords:
    """The passwords of a studio that others in the network may use."""

    change: str
    look: str = ""  # of those who may only look; none where it is blank
    n_wrong: int = 0

    def role(self, said: str) -> str:
        """Tell what a password allows: "change", "look", or nothing."""
        if self.n_wrong >= MOST_GUESSES:
            return ""
        for role, password in (("change", self.change), ("look", self.look)):
            if password and hmac.compare_digest(said.encode(), password.encode()):
                return role
        self.n_wrong += 1
        return ""


@dataclass(frozen=True, slots=True)
class Door:
    """What is asked of every request before anything else."""

    token: str
    port: int
    hosts: tuple[str, ...] = LOCAL
    scheme: str = "http"
    passwords: Passwords | None = (
        None  # of a studio in a network; None where only its address lets in
    )
    look_token: str = ""  # of those who may only look
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Put together the values that the header Host may have."""
        names = {f"{host}:{self.port}" for host in self.hosts}
        if self.port in (80, 443):
            names |= set(self.hosts)
        object.__setattr__(self, "names", frozenset(names))

    @property
    def cookie(self) -> str:
        """Name of the cookie: two studios of one machine do not take each other's."""
        return f"studio-{self.port}"

    def refusal(self, scope: Scope) -> str:
        """Say why a request is refused; nothing where it is not."""
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        if headers.get("host", "").lower() not in self.names:
            return "this is not the address of the studio"
        if self._is_elsewhere(scope["method"], headers):
            return "another site may not ask the studio"
        if scope["path"] in BEFORE_SIGN_IN and self.passwords is not None:
            return ""
        role = self.role(scope)
        if not role:
            return "the token is missing or wrong: open the address that the studio printed"
        if role == "look" and scope["path"] in WRITES:
            return "you may look at this studio, and change nothing in it"
        return ""

    def role(self, scope: Scope) -> str:
        """Tell what the token of a request allows: "change", "look", or nothing."""
        given = self.given(scope).encode()
        for role, token in (("change", self.token), ("look", self.look_token)):
            if token and hmac.compare_digest(given, token.encode()):
                return role
        return ""

    def _is_elsewhere(self, method: str, headers: Mapping[str, str]) -> bool:
        """Tell whether a page of another site asks."""
        origin = headers.get("origin")
        if origin is not None and not self._is_own(origin):
            return True
        is_visit = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
        return headers.get("sec-fetch-site") in ("cross-site", "same-site") and not is_visit

    def _is_own(self, origin: str) -> bool:
        parts = urlsplit(origin)
        return parts.scheme == self.scheme and parts.netloc.lower() in self.names

    def given(self, scope: Scope) -> str:
        """Find the token: in the address, in a header, or in the cookie that the page got."""
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        headers = {key: value.decode("latin-1") for key, value in scope["headers"]}
        bearer = headers.get(b"authorization", "")
        kept = cookie_parser(headers.get(b"cookie", "")).get(self.cookie, "")
        found = [*asked, headers.get(b"x-token", ""), bearer.removeprefix("Bearer "), kept]
        return next(filter(None, found), "")


class Guard:
    """Refuses what the door does not let in, and marks every answer with the page's policy."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app, self.door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        why = self.door.refusal(scope)
        if why and self.door.passwords is not None and scope["path"] in ("/", "/work"):
            headers = [(b"location", SIGN_IN.encode()), *HEADERS]
            await send({"type": "http.response.start", "status": 303, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        if why:
            await _refuse(send, 403, why)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        most = MOST_FILE if scope["path"] == UPLOAD else MOST_BYTES
        if not length.isdigit() or int(length) > most:
            await _refuse(send, 413, f"more than {most:,} bytes are not taken")
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {key for key, _ in message["headers"]}
                policy = (b"content-security-policy", POLICY.encode())
                more = [(k, v) for k, v in (policy, *HEADERS) if k not in known]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self.app(scope, receive, marked)


async def _refuse(send: Send, status: int, why: str) -> None:
    body = json.dumps({"error": why}).encode()
    kind = (b"content-type", b"application/json")
    await send({"type": "http.response.start", "status": status, "headers": [kind, *HEADERS]})
    await send({"type": "http.response.body", "body": body})
