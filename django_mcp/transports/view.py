"""The same server as an ordinary Django view, under ASGI or WSGI.

A bridge to ``asgi.py``: it turns a request into what ASGI would say and the
answer into a response. Under WSGI nothing streams; answers are JSON. Long
streams belong on the ASGI mount: behind Django's handler each costs a task,
and a thread while synchronous middleware runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.asgi import ASGIRequest
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, re_path
from django.utils.translation import get_language

from django_mcp.conf import conf
from django_mcp.threads import in_django_thread
from django_mcp.transports.asgi import Application
from django_mcp.transports.request import REQUEST

if TYPE_CHECKING:
    from django_mcp.server import MCPServer

logger = logging.getLogger("django_mcp")

#: Parts of an answer that wait for a slow client.
MAX_PARTS = 16

#: Calls whose client has left, which the handshake era lets run on.
_orphans: set[asyncio.Task[None]] = set()


def url_patterns(server: MCPServer) -> list[URLPattern]:
    """Return the patterns below the address a project chose: itself, and ``/``."""
    streaming = Application(server, cross=in_django_thread)
    plain = Application(server, cross=in_django_thread, can_stream=False)

    async def endpoint(request: HttpRequest) -> HttpResponseBase:
        application = streaming if isinstance(request, ASGIRequest) else plain
        return await _Bridge(request, application).response()

    # The session cookie is no credential here, so a forged form can do
    # nothing; and who may call is asked by the server's authenticators.
    endpoint.csrf_exempt = True  # type: ignore[attr-defined]
    endpoint.login_required = False  # type: ignore[attr-defined]
    # A tool's transaction is its own; and Django's ATOMIC_REQUESTS refuses
    # views that are async.
    for alias in connections:
        endpoint = transaction.non_atomic_requests(using=alias)(endpoint)
    return [re_path(r"^(?:/)?\Z", endpoint, name="endpoint")]


class _Bridge:
    """One request on its way through the ASGI application."""

    def __init__(self, request: HttpRequest, application: Application) -> None:
        self._request = request
        self._unread = True
        self._parts: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MAX_PARTS)
        self._gone = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        # A task, because a call may outlive its request.
        self._task = self._loop.create_task(
            application(self._scope(), self._receive, self._send)
        )
        _orphans.add(self._task)
        self._task.add_done_callback(self._ended)

    async def response(self) -> HttpResponseBase:
        """Return the answer: whole, or as a stream once it is one."""
        try:
            start = await self.next()
            first = await self.next()
        except asyncio.CancelledError:
            self._leave()
            raise
        response: HttpResponseBase
        if first.get("more_body"):
            response = StreamingHttpResponse(_Stream(self, first))
        else:
            await self._task
            response = HttpResponse(first.get("body", b""))
        response.status_code = start["status"]
        del response["Content-Type"]
        for name, value in start["headers"]:
            _add(response, name.decode("latin-1"), value.decode("latin-1"))
        return response

    async def next(self) -> dict[str, Any]:
        """Return what was sent next, or raise what the application raised."""
        if self._parts.empty() and not self._task.done():
            getting = asyncio.ensure_future(self._parts.get())
            try:
                await asyncio.wait(
                    {getting, self._task}, return_when=asyncio.FIRST_COMPLETED
                )
                if getting.done():
                    return getting.result()
            finally:
                getting.cancel()
        if self._parts.empty():
            await self._task
            raise RuntimeError("The application ended without an answer.")
        return self._parts.get_nowait()

    def close(self) -> None:
        """The response is over, in whatever way. From any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        self._gone.set()
        while not self._parts.empty():  # wakes a `_send` that waits for room
            self._parts.get_nowait()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Forget a call; nobody else hears how it ended once its client has left."""
        _orphans.discard(task)
        if self._gone.is_set() and not task.cancelled():
            error = task.exception()
            if error is not None and not isinstance(error, OSError):
                logger.error("A call failed after its client left", exc_info=error)

    def _scope(self) -> dict[str, Any]:
        request = self._request
        scope: dict[str, Any] = dict(getattr(request, "scope", {}))
        if not scope:
            scope = {
                "type": "http",
                "method": request.method,
                "path": request.path,
                "query_string": request.META.get("QUERY_STRING", "").encode("latin-1"),
                "headers": [
                    (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
                    for name, value in request.headers.items()
                    if value  # WSGI servers may leave an empty CONTENT_LENGTH
                ],
            }
        if "Host" not in request.headers:
            # Then it is for the server's own name, as in HttpRequest.get_host
            # (HTTP/1.0, and Django's test client).
            own = (b"host", request.META["SERVER_NAME"].encode("latin-1"))
            scope["headers"] = [*scope["headers"], own]
        if _speaks(request):
            scope["headers"] = [
                pair for pair in scope["headers"] if pair[0] != b"accept-language"
            ]
        return scope | {
            "path_remaining": "",
            "client": _peer(request),
            REQUEST: request,
        }

    async def _receive(self) -> dict[str, Any]:
        if self._unread:
            self._unread = False
            return {"type": "http.request", "body": self._body()}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    def _body(self) -> bytes:
        """Read the body in a way that leaves ``request.body`` to others."""
        try:
            return self._request.body
        except (RequestDataTooBig, ValueError):
            # Our limit is another one; and a length that is no number is
            # refused by ourselves.
            return self._request.read(conf.MAX_BODY_SIZE + 1)

    async def _send(self, event: dict[str, Any]) -> None:
        if not self._gone.is_set():
            await self._parts.put(event)
        if self._gone.is_set():
            raise OSError("The client has left.")


class _Stream:
    """The body of a streaming response. Closing it lets the call know."""

    def __init__(self, bridge: _Bridge, first: dict[str, Any]) -> None:
        self._bridge = bridge
        self._first = first

    async def __aiter__(self) -> AsyncIterator[bytes]:
        event = self._first
        try:
            while True:
                if body := event.get("body"):
                    yield body
                if not event.get("more_body"):
                    break
                event = await self._bridge.next()
        finally:
            self.close()

    def close(self) -> None:
        """Called by Django when the response is over, read or not."""
        self._bridge.close()


def _peer(request: HttpRequest) -> tuple[str, int] | None:
    """Return who is at the other end, as ASGI says it; a middleware may know better
    than the socket."""
    address = request.META.get("REMOTE_ADDR")
    port = str(request.META.get("REMOTE_PORT", ""))
    return (address, int(port) if port.isdecimal() else 0) if address else None


def _speaks(request: HttpRequest) -> bool:
    """Has a middleware chosen the language? Then it is active, and stays."""
    return hasattr(request, "LANGUAGE_CODE") or (
        get_language() != settings.LANGUAGE_CODE
    )


def _add(response: HttpResponseBase, name: str, value: str) -> None:
    """Set a header; several of one name are one list (RFC 9110, section 5.3)."""
    response[name] = f"{response[name]}, {value}" if name in response else value
