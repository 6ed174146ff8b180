"""Who may ask the studio: a token in the address, its own host's name, and no other site."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from starlette.requests import cookie_parser

if TYPE_CHECKING:
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

MOST_BYTES = 64_000_000
"""Of what is sent: a register with its boundaries; more is refused before it is read."""


@dataclass(frozen=True, slots=True)
class Door:
    """What is asked of every request before anything else."""

    token: str
    port: int
    hosts: tuple[str, ...] = LOCAL
    scheme: str = "http"
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
        origin = headers.get("origin")
        if origin is not None and not self._is_own(origin):
            return "another site may not ask the studio"
        is_visit = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not is_visit:
            return "another site may not ask the studio"
        if not hmac.compare_digest(self.given(scope).encode(), self.token.encode()):
            return "the token is missing or wrong: open the address that the studio printed"
        return ""

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
        """Let a request in, or answer 403."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        why = self.door.refusal(scope)
        if why:
            await _refuse(send, 403, why)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            await _refuse(send, 413, f"more than {MOST_BYTES:,} bytes are not taken")
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
