"""Streams a client opens to hear of changes, in both eras.

``subscriptions/listen`` of the stateless era says what it wants to hear and
is acknowledged; the GET stream of a session carries every list change, and
the resources the session subscribed to. Both are a `Stream` fed by the bus.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from django_mcp import broadcast, sessions
from django_mcp.auth.base import AuthError, AuthRequest, Principal
from django_mcp.conf import conf
from django_mcp.context import Context
from django_mcp.exceptions import Throttled
from django_mcp.methods.subscriptions import readable
from django_mcp.primitives import has_scopes
from django_mcp.protocol import messages
from django_mcp.protocol.connection import Connection
from django_mcp.protocol.errors import INVALID_PARAMS
from django_mcp.protocol.events import Asked, Session
from django_mcp.protocol.headers import Headers
from django_mcp.protocol.messages import SUBSCRIPTION_KEY
from django_mcp.transports import guards, replay, sse, streams
from django_mcp.transports.http import (
    Pairs,
    Receive,
    Send,
    authenticated,
    challenge,
    come_again,
    insufficient_scope,
    owner_of_sessions,
    refuse,
    respond,
    session_of,
    too_many,
)

if TYPE_CHECKING:
    from django_mcp.server import MCPServer
    from django_mcp.transports.asgi import Application, Scope

#: What a filter may name, and the list it is about.
LISTS = {
    "toolsListChanged": "tools",
    "promptsListChanged": "prompts",
    "resourcesListChanged": "resources",
}
MAX_URIS = 1000
#: Seconds between two looks at a stream that another worker still feeds.
POLL = 0.3


# -- stateless era: subscriptions/listen ------------------------------------


def honoured(wanted: Any) -> dict[str, Any] | str:
    """Return the part of a filter that is served, or what is wrong with it."""
    if type(wanted) is not dict:
        return "notifications: must be an object"
    served: dict[str, Any] = {}
    for name in LISTS:
        value = wanted.get(name, False)
        if type(value) is not bool:
            return f"notifications.{name}: must be true or false"
        if value:
            served[name] = True
    uris = wanted.get("resourceSubscriptions")
    if uris is not None:
        if (
            type(uris) is not list
            or len(uris) > MAX_URIS
            or not all(type(uri) is str and len(uri) <= 2000 for uri in uris)
        ):
            return (
                "notifications.resourceSubscriptions:"
                f" must be at most {MAX_URIS} URIs of at most 2000 characters"
            )
        served["resourceSubscriptions"] = uris
    return served


def permitted(served: dict[str, Any], context: Context) -> dict[str, Any]:
    """Leave out the resources this caller cannot read. May block."""
    if "resourceSubscriptions" not in served:
        return served
    uris = [uri for uri in served["resourceSubscriptions"] if readable(uri, context)]
    return {**served, "resourceSubscriptions": uris}


def change_message(
    change: dict[str, Any],
    served: dict[str, Any],
    meta: dict[str, Any],
) -> bytes | None:
    """Return the notification a change makes for a filter, if it makes one."""
    if "list" in change:
        for name, kind in LISTS.items():
            if kind == change["list"] and name in served:
                method = f"notifications/{kind}/list_changed"
                return messages.notification(method, {"_meta": meta} if meta else None)
    elif change.get("uri") in served.get("resourceSubscriptions", ()):
        params = {"uri": change["uri"]}
        if meta:
            params["_meta"] = meta
        return messages.notification("notifications/resources/updated", params)
    return None


def acknowledgement(served: dict[str, Any], meta: dict[str, Any]) -> bytes:
    """Return the first message of a subscription."""
    return messages.notification(
        "notifications/subscriptions/acknowledged",
        {"_meta": meta, "notifications": served},
    )


def farewell(server: MCPServer, event: Asked, meta: dict[str, Any]) -> bytes:
    """Return the result that ends a subscription from our side."""
    result = server.complete_dict({"_meta": meta}, event.revision)
    return messages.response(event.id, result)


async def serve_listen(
    application: Application,
    event: Asked,
    context: Context,
    receive: Receive,
    send: Send,
) -> None:
    """Serve subscriptions/listen until the client leaves."""
    server, headers = application.server, event.headers or Headers(())
    cors = guards.cors(headers)
    served = honoured(event.params.get("notifications"))
    if isinstance(served, str):
        body = messages.error(event.id, INVALID_PARAMS, served)
        await respond(send, 400, body, cors)
        return
    if not _may_open(headers) or streams.count() >= conf.MAX_STREAMS:
        await _no_stream(headers, send)
        return
    meta = {SUBSCRIPTION_KEY: event.id}
    wanted = served
    if "resourceSubscriptions" in served:
        wanted = await application.cross(permitted, served, context)

    def hear(change: dict[str, Any]) -> None:
        message = change_message(change, wanted, meta)
        if message is not None:
            stream.push(message)

    stream = _stream(send, farewell(server, event, meta))
    await broadcast.bus().subscribe(server.topic, hear)
    try:
        await _begin(send, cors, sse.event(acknowledgement(wanted, meta)))
        with _expiring(stream, context.principal):
            await stream.run(lambda: _until_gone(receive))
        await _end(send)
    finally:
        await broadcast.bus().unsubscribe(server.topic, hear)


# -- handshake era: the stream of a session ---------------------------------


async def serve_get(
    application: Application,
    scope: Scope,
    headers: Headers,
    receive: Receive,
    send: Send,
) -> None:
    """Serve the GET stream of a session, or take up a broken one."""
    cors = guards.cors(headers)
    server, cross = application.server, application.cross
    request = AuthRequest(server, headers, scope)
    try:
        principal = await authenticated(server, request, cross)
    except AuthError as error:
        await challenge(request, send, error)
        return
    except Throttled as error:
        await too_many(headers, send, error)
        return
    session = await cross(session_of, headers, owner_of_sessions(server, principal))
    if not has_scopes(principal, server.base_scopes, server.implied_scopes):
        # The session may have begun with another token.
        wanted = insufficient_scope(server, tuple(server.base_scopes))
        await refuse(send, 403, "The token lacks a scope", [wanted, *cors])
    elif session is None:
        # Without a session there is nothing to hear on a GET (stateless era).
        allow = [(b"allow", b"POST, OPTIONS"), *cors]
        await refuse(send, 405, "GET needs a session", allow)
    elif session is Connection.ENDED:
        await refuse(send, 404, "The session has ended", cors)
    elif not _may_open(headers, explicit=True) or streams.count() >= conf.MAX_STREAMS:
        await _no_stream(headers, send)
    elif b"last-event-id" in headers:
        await _resume(application, session, headers, receive, send)
    else:
        await _listen(application, session, headers, receive, send, principal=principal)


async def _listen(
    application: Application,
    session: Session,
    headers: Headers,
    receive: Receive,
    send: Send,
    *,
    principal: Principal,
) -> None:
    """Carry a session's changes. A newer stream of the session ends this one.

    Each message goes to one stream only, and a client that lost its
    connection must not wait until we notice.
    """
    server = application.server
    bus, me, began = broadcast.bus(), secrets.token_urlsafe(8), time.time()
    everything = dict.fromkeys(LISTS, True)
    session_topic = broadcast.topic("stream", session.id)
    tasks: set[asyncio.Task[None]] = set()

    async def updated(uri: str) -> None:
        if uri in await application.cross(_uris, session):
            served = {"resourceSubscriptions": [uri]}
            message = change_message({"uri": uri}, served, {})
            if message is not None:
                stream.push(message)

    def hear(change: dict[str, Any]) -> None:
        if "uri" in change:
            task = asyncio.get_running_loop().create_task(updated(change["uri"]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        else:
            message = change_message(change, everything, {})
            if message is not None:
                stream.push(message)

    def superseded(message: dict[str, Any]) -> None:
        # What an older stream said may arrive after this one began.
        if message.get("stream") != me and message.get("began", math.inf) >= began:
            stream.end()

    stream = _stream(send, None)
    await bus.subscribe(server.topic, hear)
    await bus.subscribe(session_topic, superseded)
    try:
        await broadcast.apublish(session_topic, {"stream": me, "began": began})
        await _begin(send, guards.cors(headers), sse.KEEP_ALIVE)
        with _expiring(stream, principal):
            await stream.run(lambda: _until_gone(receive))
        await _end(send)
    finally:
        await bus.unsubscribe(session_topic, superseded)
        await bus.unsubscribe(server.topic, hear)


def _uris(session: Session) -> frozenset[str]:
    """Return what a session is subscribed to now. May block."""
    notes = session.notes
    if isinstance(notes, sessions.CacheNotes):
        notes.read(again=True)
    return notes.uris if notes is not None else frozenset()


async def _resume(
    application: Application,
    session: Session,
    headers: Headers,
    receive: Receive,
    send: Send,
) -> None:
    """Send what a client missed of one stream, and what is still to come."""
    last = headers[b"last-event-id"].decode("latin-1")
    cors = guards.cors(headers)
    try:
        events, ended = await application.cross(replay.after, last, session.id)
    except LookupError:
        await refuse(send, 400, "This stream cannot be taken up again", cors)
        return
    await _begin(send, cors, sse.KEEP_ALIVE)
    gone = asyncio.ensure_future(_until_gone(receive))

    async def follow() -> None:
        nonlocal events, ended, last
        while not gone.done():
            for last, message in events:
                await _write(send, sse.event(message, last))
            if ended:
                break
            await asyncio.wait([gone], timeout=POLL)
            events, ended = await application.cross(replay.after, last, session.id)

    try:
        # A stream like others: counted, kept alive and ended with them.
        with suppress(LookupError):  # too old by now
            await _stream(send, None).run(follow)
        if not gone.done():
            await _end(send)
    except OSError:  # the client left
        pass
    finally:
        gone.cancel()


# -- what they have in common ------------------------------------------------


def _stream(send: Send, farewell: bytes | None) -> streams.Stream:
    return streams.Stream(partial(_write, send), sse.event, farewell)


@contextmanager
def _expiring(stream: streams.Stream, principal: Principal) -> Iterator[None]:
    """End a stream when the credentials it was opened with do."""
    if principal.expires_at is None:
        yield
        return
    seconds = max(0.0, principal.expires_at - time.time())
    timer = asyncio.get_running_loop().call_later(seconds, stream.end)
    try:
        yield
    finally:
        timer.cancel()


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _begin(send: Send, cors: Pairs, first: bytes) -> None:
    start = {"type": "http.response.start", "status": 200}
    await send({**start, "headers": sse.HEADERS + cors})
    await send({"type": "http.response.body", "body": first, "more_body": True})


async def _end(send: Send) -> None:
    with suppress(OSError, RuntimeError):  # the client left first
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _may_open(headers: Headers, *, explicit: bool = False) -> bool:
    """Does the client take an event stream? A GET must say so."""
    return headers.media.takes_stream and not (explicit and b"accept" not in headers)


async def _no_stream(headers: Headers, send: Send) -> None:
    if streams.count() >= conf.MAX_STREAMS:
        reason = "Too many streams are open here"
        await refuse(send, 503, reason, come_again(headers, 30))
    else:
        await refuse(
            send, 406, "Accept must allow text/event-stream", guards.cors(headers)
        )
