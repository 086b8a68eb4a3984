"""Small answers over ASGI: one body, a refusal, a challenge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from django_mcp import sessions
from django_mcp.auth.base import AuthError, Principal
from django_mcp.protocol import messages
from django_mcp.protocol.errors import INVALID_REQUEST
from django_mcp.protocol.events import Session
from django_mcp.protocol.headers import Headers
from django_mcp.protocol.revisions import STATELESS
from django_mcp.transports import guards

if TYPE_CHECKING:
    from django_mcp.server import MCPServer

Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Pairs: TypeAlias = list[tuple[bytes, bytes]]

_JSON = (b"content-type", b"application/json")
_EMPTY = (b"content-length", b"0")
_STATELESS = STATELESS.name.encode()


async def respond(send: Send, status: int, body: bytes, headers: Pairs) -> None:
    """Send one whole answer."""
    if body:
        headers = [_JSON, (b"content-length", b"%d" % len(body)), *headers]
    elif status != 204:
        headers = [_EMPTY, *headers]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, status: int, reason: str, headers: Pairs) -> None:
    """Send a refusal: an error without an id, in words for a developer."""
    body = messages.error(None, INVALID_REQUEST, reason)
    await respond(send, status, body, headers)


async def challenge(
    server: MCPServer, headers: Headers, send: Send, error: AuthError
) -> None:
    """Ask for credentials. Every scheme that is served may be tried."""
    challenges = [
        (b"www-authenticate", authenticator.challenge().encode("latin-1", "ignore"))
        for authenticator in server.authenticators
    ]
    await refuse(send, 401, error.message, [*challenges, *guards.cors(headers)])


def insufficient_scope(scopes: tuple[str, ...]) -> tuple[bytes, bytes]:
    """Return the challenge that names every scope a call needs."""
    named = "".join(c for c in " ".join(scopes) if c.isprintable() and c not in '"\\')
    value = f'Bearer error="insufficient_scope", scope="{named}"'
    return b"www-authenticate", value.encode("ascii", "ignore")


def session_id_of(headers: Headers) -> str | None:
    """Return the session id of a message that may have one.

    The stateless era has no sessions: an id there means nothing.
    """
    named = headers.get(b"mcp-session-id")
    if named is None or headers.get(b"mcp-protocol-version") == _STATELESS:
        return None
    return named.decode("latin-1")


def owner_of_sessions(server: MCPServer, principal: Principal) -> str:
    """Return what sessions are bound to: another server knows nothing of them."""
    return f"{server.name}\n{principal.owner}"


def session_of(headers: Headers, owner: str) -> Session | None:
    """Return the session a message names, if it may name one. May block."""
    session_id = session_id_of(headers)
    return sessions.find(session_id, owner) if session_id is not None else None
