"""Small answers over ASGI: one body, a refusal, a challenge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from django_mcp import sessions
from django_mcp.auth.base import AuthError, AuthRequest, Principal
from django_mcp.auth.challenges import bearer_challenge
from django_mcp.exceptions import Throttled
from django_mcp.protocol import messages
from django_mcp.protocol.errors import CROWDED, INVALID_REQUEST, THROTTLED
from django_mcp.protocol.events import Session
from django_mcp.protocol.headers import Headers
from django_mcp.protocol.revisions import STATELESS
from django_mcp.transports import guards

if TYPE_CHECKING:
    from django_mcp.server import MCPServer
    from django_mcp.threads import Cross

Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Pairs: TypeAlias = list[tuple[bytes, bytes]]

#: Seconds after which who is busy, or away, may have time again.
RETRY_AFTER = 5

_JSON = (b"content-type", b"application/json")
_EMPTY = (b"content-length", b"0")
_STATELESS = STATELESS.name.encode()


async def respond(send: Send, status: int, body: bytes, headers: Pairs) -> None:
    """Send one whole answer."""
    if body:
        headers = [_JSON, (b"content-length", str(len(body)).encode()), *headers]
    elif status != 204:
        headers = [_EMPTY, *headers]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, status: int, reason: str, headers: Pairs) -> None:
    """Send a refusal: an error without an id, in words for a developer."""
    body = messages.error(None, INVALID_REQUEST, reason)
    await respond(send, status, body, headers)


async def authenticated(
    server: MCPServer, request: AuthRequest, cross: Cross
) -> Principal:
    """Return who is calling, asked in a thread or on the loop.

    Raises: AuthError, Throttled
    """
    if server.authenticators.awaits:
        return await server.authenticators.aauthenticate(request, cross)
    principal: Principal = await cross(server.authenticators.authenticate, request)
    return principal


async def challenge(request: AuthRequest, send: Send, error: AuthError) -> None:
    """Ask for credentials. Every scheme that is served may be tried."""
    if error.status == 503:
        beside = come_again(request.headers, RETRY_AFTER)
        await refuse(send, error.status, error.message, beside)
        return
    challenges = [
        (b"www-authenticate", value.encode("ascii", "ignore"))
        for value in request.server.authenticators.challenges(request, error)
    ]
    headers = [*challenges, *guards.cors(request.headers)]
    await refuse(send, error.status, error.message, headers)


async def too_many(headers: Headers, send: Send, error: Throttled) -> None:
    """Refuse who comes too often, before anything is known of the message."""
    seconds = error.retry_after
    body = messages.later(None, THROTTLED, str(error), seconds)
    await respond(send, 429, body, come_again(headers, seconds))


async def crowded(
    headers: Headers, send: Send, message_id: messages.Id | None = None
) -> None:
    """Refuse what would wait for a thread, when too many do: it may be sent again."""
    reason = "Too many calls are waiting here; try again later"
    body = messages.later(message_id, CROWDED, reason, RETRY_AFTER)
    await respond(send, 503, body, come_again(headers, RETRY_AFTER))


def come_again(headers: Headers, seconds: int) -> Pairs:
    """Return the headers of a refusal that holds for some seconds."""
    return [retry_after(seconds), *guards.cors(headers)]


def retry_after(seconds: int) -> tuple[bytes, bytes]:
    """Return the header that says when to come again."""
    return b"retry-after", b"%d" % seconds


def insufficient_scope(
    server: MCPServer, scopes: tuple[str, ...]
) -> tuple[bytes, bytes]:
    """Return the challenge that names every scope a call needs."""
    value = bearer_challenge(server, "insufficient_scope", scopes)
    return b"www-authenticate", value.encode("ascii")


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
