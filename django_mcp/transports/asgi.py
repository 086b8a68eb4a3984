"""Streamable HTTP as an ASGI application, for both eras at one address.

Guards the door, reads the body, and hands the rest to an `Exchange` (one
POST), a `Listening` (one long-lived stream) or the session store (DELETE).
It is a plain ASGI application and not a Channels consumer: a consumer starts
two tasks for every message.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

from django.urls.exceptions import Resolver404

from django_mcp import broadcast, sessions
from django_mcp.auth.base import AuthError, AuthRequest, Principal
from django_mcp.conf import conf
from django_mcp.exceptions import Throttled
from django_mcp.protocol.connection import Connection
from django_mcp.protocol.headers import Headers
from django_mcp.threads import Cross, in_pool
from django_mcp.transports import guards, line, streams
from django_mcp.transports.exchange import Exchange
from django_mcp.transports.http import (
    Receive,
    Send,
    authenticated,
    challenge,
    owner_of_sessions,
    refuse,
    respond,
    session_of,
    too_many,
)
from django_mcp.transports.listening import serve_get

if TYPE_CHECKING:
    from django_mcp.server import MCPServer

Scope: TypeAlias = MutableMapping[str, Any]


class Application:
    """The ASGI application of one server."""

    #: Channels' ``URLRouter`` hands over whatever begins with our path, so
    #: that ``/mcp`` and ``/mcp/`` both arrive here (channels/routing.py).
    _path_routing = True

    def __init__(
        self, server: MCPServer, *, cross: Cross = in_pool, can_stream: bool = True
    ) -> None:
        self.server = server
        self.cross = cross
        #: Off under WSGI: answers are JSON, and what needs a stream is refused.
        self.can_stream = can_stream

    def is_crowded(self) -> bool:
        """Do too many calls stand in line? For Django's own threads there is none."""
        return self.cross is in_pool and line.is_full()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI wants it."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        if scope.get("path_remaining", "") not in {"", "/"}:
            raise Resolver404({"path": scope["path"]})
        await self.serve(scope, receive, send)

    def serve(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one HTTP message that is known to be for us."""
        headers = Headers(scope["headers"])
        if not guards.host_allowed(headers):
            return refuse(send, 421, "This host is not served here", [])
        if b"origin" in headers and not guards.origin_allowed(headers):
            return refuse(send, 403, "This origin is not allowed", [])
        if scope["method"] == "POST" and self.server.live:
            return Exchange(self, scope, headers, receive, send).run()
        return self._serve_rarely(scope, headers, receive, send)

    async def _serve_rarely(
        self, scope: Scope, headers: Headers, receive: Receive, send: Send
    ) -> None:
        """Serve the first message of all, and what is no POST."""
        method = scope["method"]
        if method == "POST":
            await self.cross(self.server.go_live)
            await Exchange(self, scope, headers, receive, send).run()
        elif method == "OPTIONS":
            await respond(send, 204, b"", guards.preflight(headers))
        elif method == "GET" and self.can_stream:
            await serve_get(self, scope, headers, receive, send)
        elif method == "DELETE" and conf.SESSIONS:
            await self._delete(scope, headers, send)
        else:
            allow = (b"allow", guards.METHODS if self.can_stream else b"POST, DELETE")
            await refuse(
                send,
                405,
                f"{method} is not served here",
                [allow, *guards.cors(headers)],
            )

    async def _delete(self, scope: Scope, headers: Headers, send: Send) -> None:
        """End a session."""
        request = AuthRequest(self.server, headers, scope)
        try:
            principal = await authenticated(self.server, request, self.cross)
        except AuthError as error:
            await challenge(request, send, error)
            return
        except Throttled as error:
            await too_many(headers, send, error)
            return
        status, session_id = await self.cross(self._end_session, headers, principal)
        if status == 204:
            # What is left of it, at any worker, ends too.
            await broadcast.apublish(broadcast.topic("stream", session_id), {})
            await respond(send, 204, b"", guards.cors(headers))
        else:
            await refuse(send, status, "There is no such session", guards.cors(headers))

    def _end_session(self, headers: Headers, principal: Principal) -> tuple[int, str]:
        owner = owner_of_sessions(self.server, principal)
        session = session_of(headers, owner)
        if session is None:
            return 400, ""
        if session is Connection.ENDED:
            return 404, ""
        sessions.end(session)
        return 204, session.id

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            raise ValueError(f"MCP is served over HTTP, not {scope['type']!r}.")
        await serve_lifespan([self.server], receive, send)


async def serve_lifespan(
    servers: Iterable[MCPServer], receive: Receive, send: Send
) -> None:
    """Take part in the start and the end of the process."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            streams.end_all()
            for server in servers:
                await server.lifespan.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
