"""One POST, from its body to its answer.

A plain call starts nothing: no task, no stream. Only one that waits is watched
(``watch.py``), and only a message, a question or a long silence makes the
answer a stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django_mcp import dispatch, languages, sessions
from django_mcp.addresses import address_of_scope
from django_mcp.auth.base import (
    Authenticators,
    AuthError,
    AuthRequest,
    Principal,
    anonymous,
)
from django_mcp.conf import Values, conf
from django_mcp.context import Context
from django_mcp.dispatch import Paused, Reply
from django_mcp.exceptions import Throttled
from django_mcp.protocol import messages
from django_mcp.protocol.connection import Connection
from django_mcp.protocol.errors import METHOD_NOT_FOUND
from django_mcp.protocol.events import (
    Answered,
    Asked,
    Batched,
    Event,
    Notified,
    Rejected,
    Session,
)
from django_mcp.protocol.headers import Headers
from django_mcp.protocol.shapes import wants_answer
from django_mcp.transports import guards, line, running
from django_mcp.transports.body import joined
from django_mcp.transports.call import Call, Carries
from django_mcp.transports.http import (
    Pairs,
    Receive,
    Send,
    challenge,
    crowded,
    insufficient_scope,
    owner_of_sessions,
    refuse,
    respond,
    retry_after,
    session_id_of,
    too_many,
)
from django_mcp.transports.listening import serve_listen
from django_mcp.transports.outlet import HttpOutlet
from django_mcp.transports.replay import Replay
from django_mcp.transports.request import request_from_scope
from django_mcp.transports.steps import AWAITED, Rest
from django_mcp.transports.watch import Ended, Watch

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_mcp.threads import Cross
    from django_mcp.transports.asgi import Application, Scope

LISTEN = "subscriptions/listen"


class Exchange(Carries):
    """One POST."""

    # Slots, all of them filled: a default on the class is dearer to read.
    __slots__ = (
        "_application",
        "_body",
        "_context",
        "_cors",
        "_headers",
        "_outlet",
        "_principal",
        "_scope",
        "_send",
        "_session_id",
        "_timed_out",
        "_watch",
        "accept_language",
        "answering",
        "batched",
        "event",
        "language",
        "lifespan",
        "loop",
        "receive",
        "server",
        "session",
    )

    def __init__(
        self,
        application: Application,
        scope: Scope,
        headers: Headers,
        receive: Receive,
        send: Send,
    ) -> None:
        self._application = application
        self.server = application.server
        self._scope = scope
        self._headers = headers
        self.receive = receive
        self._send = send
        self._body = b""
        self._session_id = session_id_of(headers)
        self.loop = asyncio.get_running_loop()
        #: What lets a web page read the answer.
        self._cors = guards.cors(headers) if b"origin" in headers else []
        self.accept_language = b""
        self.language: str | None = ""
        self._principal: Principal | None = None
        self.session: Session | None = None
        self.event: Asked | None = None
        self._context: Any = None
        self.lifespan: Any = None
        self._outlet: HttpOutlet | None = None
        #: Each call of a batch has its own time.
        self.batched = False
        self._watch: Watch | None = None
        self._timed_out = False
        #: The answer is on its way, or never comes: nothing is left to cancel.
        self.answering = False

    async def run(self) -> None:
        """Read the POST and serve it."""
        values, receive = conf.now, self.receive
        limit = values.MAX_BODY_SIZE
        message = await receive()
        if message.get("more_body"):
            message = await joined(receive, self._headers, message, limit)
        if message["type"] == "http.disconnect":
            return
        body = message.get("body", b"")
        if body is None or len(body) > limit:
            await refuse(self._send, 413, f"At most {limit} bytes", self._cors)
            return
        self._body = body
        try:
            authenticators = self.server.authenticators_by(values)
            if (
                authenticators.blocking
                or authenticators.awaits
                or self.server.lifespan.given
                or (self._session_id is not None and self._session_blocks())
            ):
                await self._begin_later()
            else:
                await self._serve_event(self._begin(authenticators, values))
        except AuthError as error:
            await challenge(self._auth_request(), self._send, error)
        except Throttled as error:
            await too_many(self._headers, self._send, error)
        except Ended:
            await self._stopped()
        finally:
            if self.session is not None and self.event is not None:
                running.ended(self.session.id, self.event.id, self.cancel)
            # It refers to us: what is no cycle is freed at once, and what is
            # freed at once stays in the processor's cache.
            self._context = self._watch = None

    async def _begin_later(self) -> None:
        """Begin where that waits: for a lifespan, or to learn who is calling."""
        if self.server.lifespan.given and not await self._enter():
            return
        authenticators = self.server.authenticators
        if authenticators.awaits:
            asking = authenticators.aauthenticate(self._auth_request(), self.cross)
            self._principal = await self._watched(asking)
        outcome = None
        if authenticators.blocking or self._session_blocks():
            if self._application.is_crowded() and wants_answer(self._body):
                await self._refuse_to_wait()
                return
            begun = self._in_thread(self._begin_and_call)
            event, outcome = await self._watched(begun)
        else:
            event = self._begin(authenticators, conf.now)
        await self._serve_event(event, outcome)

    def _serve_event(self, event: Event, outcome: Any = None) -> Awaitable[None]:
        """Go on with what the body means, and with what came of it so far."""
        if type(event) is not Asked or (
            event.method == LISTEN and not event.revision.handshake
        ):
            return self._take(event)
        if outcome is None:
            outcome = dispatch.serve_here(self.server, event, self._context)
            if outcome is None:
                if self._application.is_crowded():
                    return self._refuse_to_wait(event.id)
                return self._go_on(event, self._in_thread(self._call_once))
        if isinstance(outcome, AWAITED):
            try:
                waiting = outcome.send(None)
            except StopIteration as ended:
                outcome = ended.value
            else:
                return self._go_on(event, Rest(outcome, waiting))
        if type(outcome) is Paused:
            return self._go_on(event, self._call().reply(outcome))
        return self._answer(event, outcome)

    async def _go_on(self, event: Asked, waiting: Awaitable[Any]) -> None:
        """Go on when what waits has ended."""
        await self._serve_event(event, await self._watched(waiting))

    async def _enter(self) -> bool:
        """Enter the server's lifespan; refuse the call if that fails."""
        entered, self.lifespan = await dispatch.enter(self.server)
        if not entered:
            await refuse(self._send, 503, "The server cannot start", self._cors)
        return entered

    def _watched(self, waiting: Awaitable[Any]) -> Awaitable[Any]:
        """See something that waits to its end, or end it. Raises: Ended"""
        self._watch = Watch(self)
        return self._watch.over(waiting)

    async def _take(self, event: Event) -> None:
        """Serve what is no single question."""
        if type(event) is Rejected:
            await respond(self._send, event.status, event.body, self._cors)
        elif type(event) is Asked:
            await self._listen(event)
        elif type(event) is Batched and self._application.is_crowded():
            await self._refuse_to_wait()
        elif type(event) is Batched:
            await self._watched(line.through(self, self._batch(event)))
        else:
            await self._hear(event)
            await respond(self._send, 202, b"", self._cors)

    def _in_thread(self, step: Callable[[], Any]) -> Awaitable[Any]:
        """Run a step of the call that may block, when its turn has come."""
        return line.through(self, self.cross(step))

    def _refuse_to_wait(self, message_id: messages.Id | None = None) -> Awaitable[None]:
        self.answering = True
        return crowded(self._headers, self._send, message_id)

    # -- from the body to an outcome (in a thread, or on the loop) ----------

    def _auth_request(self) -> AuthRequest:
        return AuthRequest(self.server, self._headers, self._scope)

    def _session_blocks(self) -> bool:
        """Must the session be looked up in a thread?"""
        session_id = self._session_id
        return session_id is not None and not sessions.is_fresh(session_id)

    def _begin(self, authenticators: Authenticators, values: Values) -> Event:
        """Name the caller, find the session, read the message.

        Raises: AuthError
        """
        headers = self._headers
        if not authenticators.asks:
            self._principal = anonymous()
        elif self._principal is None:
            self._principal = authenticators.authenticate(self._auth_request())
        session = None
        if self._session_id is not None:
            owner = owner_of_sessions(self.server, self._principal)
            session = sessions.find(self._session_id, owner)
            if session is not Connection.ENDED:
                self.session = session
        # What many a program sends, and means nothing by, is ``*``.
        wanted = headers.get(b"accept-language", b"*")
        if wanted != b"*" or values.LANGUAGE is not None:
            self.accept_language = wanted
            self.language = languages.at_once(wanted)
        connection = Connection(session, values.MAX_DEPTH, values.SESSIONS)
        event = connection.receive(self._body, headers)
        if type(event) is Asked:
            self._prepare(event)
        return event

    def _begin_and_call(self) -> tuple[Event, Any]:
        """Do all that may block in one crossing."""
        event = self._begin(self.server.authenticators, conf.now)
        if type(event) is Asked and event.method != LISTEN:
            return event, self._call_once()
        return event, None

    def _call_once(self) -> Any:
        return dispatch.serve(self.server, self.event, self._context)  # type: ignore[arg-type]

    def _prepare(self, event: Asked) -> None:
        """Make the context of a call."""
        self.event = event
        self._context = Context(self.server, event, self._principal, self)  # type: ignore[arg-type]
        if self.session is not None:
            running.began(self.session.id, event.id, self.cancel)

    def _call(self) -> Call:
        """Return what runs the call, again if it asks."""
        session_id = self.session.id if self.session is not None else ""
        return Call(self.server, self.event, self._context, self, session_id)  # type: ignore[arg-type]

    # -- what a call may use: see `django_mcp.context.Carrier` ----------------

    @property
    def cross(self) -> Cross:
        """Runs what may block."""
        return self._application.cross

    @property
    def address(self) -> str:
        """Where the call comes from."""
        return address_of_scope(self._scope)

    @property
    def may_stream(self) -> bool:
        """May the answer to a call become a stream?"""
        return (
            self.event is not None
            and self._application.can_stream
            and self._headers.media.takes_stream
        )

    @property
    def _streams(self) -> bool:
        """Would the client rather have a stream, whatever the answer?"""
        return self._headers.media.prefers_stream and self.may_stream

    @property
    def outlet(self) -> Exchange | None:
        """Ourselves: the answer may become a stream."""
        return self if self.may_stream else None

    def make_request(self, context: Context) -> HttpRequest:
        """Return the request that carries the call."""
        return request_from_scope(self._scope, self._body, context)

    async def send(self, message: bytes) -> None:
        """Make the answer a stream, and send a message on it."""
        # A thread may not know that its call is over.
        if not self.answering:
            await self.stream().send(message)

    async def close(self) -> None:
        """End the stream; the client comes back for the rest."""
        if not self.answering:
            await self.stream().close()

    def stream(self) -> HttpOutlet:
        """Return the answer as a stream; a plain call needs none."""
        if self._outlet is None:
            event, session, replay = self.event, self.session, None
            if (
                session is not None
                and event is not None
                and event.revision.priming_event
            ):
                replay = Replay(session.id)
            self._outlet = HttpOutlet(self._send, self._beside(), replay)
        return self._outlet

    # -- the answer ----------------------------------------------------------

    def _beside(self) -> Pairs:
        """Return the headers of an answer: CORS, and a language that was chosen."""
        context = self._context
        if context is None or not context.language:
            return self._cors
        return [*self._cors, (b"content-language", context.language.encode())]

    def _answer(self, event: Asked, reply: Reply) -> Awaitable[None]:
        self.answering = True
        if (
            self._headers.media.prefers_stream
            or self._outlet is not None
            or not reply.ok
            or event.method == "initialize"
        ):
            return self._answer_in_full(event, reply)
        headers = self._beside() if self._context.language else self._cors
        return respond(self._send, reply.status, reply.body, headers)

    async def _answer_in_full(self, event: Asked, reply: Reply) -> None:
        """Answer where there is more to say than one body."""
        outlet = self._outlet
        if outlet is not None and outlet.started:
            await outlet.finish(reply.body)
            return
        headers = self._beside()
        if event.method == "initialize" and reply.ok and conf.SESSIONS:
            owner = owner_of_sessions(self.server, self._principal)  # type: ignore[arg-type]
            session_id = sessions.open_session(event, owner)
            headers = [(b"mcp-session-id", session_id.encode()), *headers]
        if reply.scopes:
            headers = [insufficient_scope(self.server, reply.scopes), *headers]
        if reply.retry_after:
            headers = [retry_after(reply.retry_after), *headers]
        if self._streams and reply.ok:
            outlet = self.stream()
            outlet.headers = headers
            await outlet.finish(reply.body)
        else:
            if outlet is not None:
                outlet.ended = True
            await respond(self._send, reply.status, reply.body, headers)

    async def _batch(self, batch: Batched) -> None:
        """Serve several messages, one after the other (2025-03-26)."""
        self.batched = True
        refusal = await self._refused(batch)
        if refusal is not None:
            self.answering = True
            headers = [insufficient_scope(self.server, refusal.scopes), *self._cors]
            await respond(self._send, refusal.status, refusal.body, headers)
            return
        replies: list[bytes] = []
        for position, event in enumerate(batch.events):
            too_early = await self._too_early() if position else None
            if type(event) is Asked:
                self._prepare(event)
                replies.append((await self._reply_in_time(event, too_early)).body)
                running.ended(
                    self.session.id if self.session else "", event.id, self.cancel
                )
            elif type(event) is Rejected:
                replies += [event.body] if event.body else []
            elif too_early is None:
                await self._hear(event)
        self.answering = True
        if not replies:
            await respond(self._send, 202, b"", self._cors)
        elif self._outlet is not None and self._outlet.started:
            for body in replies[:-1]:
                await self._outlet.send(body)
            await self._outlet.finish(replies[-1])
        else:
            if self._outlet is not None:
                self._outlet.ended = True
            body = b"[%b]" % b",".join(replies)
            await respond(self._send, 200, body, self._beside())

    async def _refused(self, batch: Batched) -> Reply | None:
        """Is the token too narrow for some of it? Then for all of it."""
        principal = self._principal
        if principal is None or principal.scopes is None:
            return None
        calls = [
            (event, Context(self.server, event, principal, self))
            for event in batch.events
            if type(event) is Asked
        ]
        reply: Reply | None = await self.cross(dispatch.refused, self.server, calls)
        return reply

    async def _too_early(self) -> Throttled | None:
        """Count one more message of a batch; the first was counted on arrival."""
        if not self.server.throttles:
            return None
        try:
            await self.cross(self._count)
        except Throttled as error:
            return error
        return None

    def _count(self) -> None:
        server, address = self.server, self.address
        server.throttles.arrived(server.name, address)
        server.throttles.called(server.name, self._principal, address)  # type: ignore[arg-type]

    async def _reply_in_time(self, event: Asked, too_early: Throttled | None) -> Reply:
        """In a batch each call has its own time; the others keep theirs."""
        if too_early is not None:
            return dispatch.throttled(self.server, event, self._context, too_early)
        seconds = dispatch.timeout(self.server, event)
        try:
            async with asyncio.timeout(seconds):
                return await self._call().reply()
        except TimeoutError:
            self._context.cancelled = True
            return dispatch.timed_out(self.server, event, self._context)

    async def _hear(self, event: Event) -> None:
        """Take in what wants no answer."""
        if self.session is None:
            return
        if type(event) is Answered:
            await running.answer(self.session.id, event)
        elif type(event) is Notified and event.method == "notifications/cancelled":
            cancelled = event.params.get("requestId")
            # Not isinstance: true is no id, though it equals 1.
            if type(cancelled) is str or type(cancelled) is int:
                await running.cancel(self.session.id, cancelled)

    async def _listen(self, event: Asked) -> None:
        """Hand over: a stream is no call, and is watched by itself."""
        if not self._application.can_stream:
            reason = "Streams are not served here; use the ASGI mount"
            body = messages.error(event.id, METHOD_NOT_FOUND, reason)
            await respond(self._send, 404, body, self._cors)
            return
        refusal = dispatch.too_narrow(self.server, event, self._context)
        if refusal is not None:
            await self._answer(event, refusal)
            return
        await serve_listen(
            self._application, event, self._context, self.receive, self._send
        )

    # -- when the call is ended from outside ----------------------------------

    def cancel(self) -> None:
        """End the call: nobody wants its result. From any loop."""
        with suppress(RuntimeError):  # that loop has ended
            self.loop.call_soon_threadsafe(self.stop)

    def stop(self, timed_out: bool = False) -> None:
        """End the call, once, unless it has ended."""
        if self.answering:
            return
        self.answering = True
        self._timed_out = timed_out
        if self._context is not None:
            self._context.cancelled = True
        if self._watch is not None:
            self._watch.end()

    async def _stopped(self) -> None:
        """End the HTTP answer of a call that was ended."""
        event = self.event
        if self._timed_out and event is not None:
            reply = dispatch.timed_out(self.server, event, self._context)
            await self._answer(event, reply)
        elif self.may_stream:
            # A cancelled call gets no answer; the stream just ends.
            await self.stream().finish(None)
        else:
            await respond(self._send, 202, b"", self._cors)
