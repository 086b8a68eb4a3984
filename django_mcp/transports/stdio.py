"""stdio: one client, one process, one message on each line, both eras.

Nothing but messages goes to the client. What becomes of the process (its
streams, its signals, its end) is up to the command that starts this.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from django_mcp import broadcast, dispatch, languages
from django_mcp.conf import conf
from django_mcp.context import Context
from django_mcp.dispatch import Reply
from django_mcp.protocol import messages
from django_mcp.protocol.connection import Connection
from django_mcp.protocol.errors import INVALID_PARAMS, INVALID_REQUEST
from django_mcp.protocol.events import Answered, Asked, Batched, Notified, Rejected
from django_mcp.protocol.messages import SUBSCRIPTION_KEY, Id
from django_mcp.threads import in_pool
from django_mcp.transports import listening, running
from django_mcp.transports.call import Call, Carries
from django_mcp.transports.caller import Caller
from django_mcp.transports.lines import Lines, LinesOutlet

if TYPE_CHECKING:
    from django_mcp.server import MCPServer

#: When the client has closed our input: seconds in which some call must end,
#: or we wait for the rest no longer.
GRACE = 0.7
#: Calls that wait for their turn, as a multiple of those that run.
WAITING = 10

LISTEN = "subscriptions/listen"


class MemoryNotes:
    """What the session of this process learned later."""

    def __init__(self) -> None:
        self.log_level: str | None = None
        self.uris: frozenset[str] = frozenset()

    def write(
        self,
        *,
        log_level: str | None = None,
        added: frozenset[str] = frozenset(),
        removed: frozenset[str] = frozenset(),
    ) -> None:
        """See `django_mcp.protocol.events.Notes`."""
        if log_level is not None:
            self.log_level = log_level
        self.uris = (self.uris | added) - removed


class Stdio(Carries):
    """The conversation of this process."""

    cross = staticmethod(in_pool)

    def __init__(
        self,
        server: MCPServer,
        caller: Caller,
        lines: Lines,
        accept_language: bytes = b"",
    ) -> None:
        self._server = server
        self.accept_language = accept_language
        self._caller = caller
        self._lines = lines
        self.outlet = LinesOutlet(lines)
        self._connection = Connection(max_depth=conf.MAX_DEPTH)
        #: The process is the session; the name only keeps its calls apart.
        self._name = f"stdio:{secrets.token_urlsafe(8)}"
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls: dict[Id, asyncio.Task[None]] = {}
        self._running = asyncio.Semaphore(conf.MAX_CALLS)
        self._room = asyncio.Semaphore(conf.MAX_CALLS * WAITING)
        #: What each subscription hears of, and the result that ends it.
        self._subscriptions: dict[Id, tuple[dict[str, Any], bytes]] = {}
        self._hearing: asyncio.Task[None] | None = None
        self.lifespan: Any = None
        self.loop = asyncio.get_running_loop()

    async def run(self) -> bool:
        """Serve until the client has gone; return whether we could serve."""
        self._lines.start()
        await self.cross(self._server.go_live)
        await self.cross(languages.accepted, self.accept_language)  # for all calls
        self.language = languages.at_once(self.accept_language)
        entered, self.lifespan = await dispatch.enter(self._server)
        if not entered:
            return False
        try:
            async with asyncio.TaskGroup() as tasks:
                while (lines := await self._lines.read()) is not None:
                    for line in lines:
                        await self._take(line, tasks)
                await self._drain()
        finally:
            await self._end()
        return True

    async def _drain(self) -> None:
        """Wait for what still runs, as long as it comes to an end."""
        while self._tasks:
            ended, _ = await asyncio.wait(
                self._tasks, timeout=GRACE, return_when="FIRST_COMPLETED"
            )
            if not ended:
                break
        for task in self._tasks:
            task.cancel()

    async def _end(self) -> None:
        for _, farewell in self._subscriptions.values():
            self._lines.write(farewell)
        if self._hearing is not None:
            self._hearing.cancel()
            await broadcast.bus().unsubscribe(self._server.topic, self._changed)
        await self._server.lifespan.close()
        await self._lines.flush()

    async def _take(self, line: bytes, tasks: asyncio.TaskGroup) -> None:
        if not line:
            reason = f"A message holds at most {conf.MAX_BODY_SIZE} bytes"
            self._lines.write(messages.error(None, INVALID_REQUEST, reason))
            return
        event = self._connection.receive(line)
        if type(event) is Asked:
            await self._asked(event, tasks)
        elif type(event) is Batched:
            await self._start(tasks, self._batch, event)
        elif type(event) is Rejected:
            if event.body:
                self._lines.write(event.body)
        else:
            await self._hear(event)

    # -- calls ---------------------------------------------------------------

    async def _asked(self, event: Asked, tasks: asyncio.TaskGroup) -> None:
        if event.id in self._calls or event.id in self._subscriptions:
            problem = "A message with this id is being served already"
            self._lines.write(messages.error(event.id, INVALID_REQUEST, problem))
        elif event.method == "initialize":
            await self._initialize(event)
        else:
            listens = event.method == LISTEN and not event.revision.handshake
            serve = self._listen if listens else self._serve
            task = self._calls[event.id] = await self._start(tasks, serve, event)
            # Not in the coroutine: one that is cancelled early never begins.
            task.add_done_callback(lambda task: self._forget(event.id, task))

    async def _start(
        self,
        tasks: asyncio.TaskGroup,
        serve: Callable[[Any], Coroutine[Any, Any, None]],
        event: Asked | Batched,
    ) -> asyncio.Task[None]:
        """Serve beside reading; when too many wait, read no more until one ends."""
        await self._room.acquire()
        task = tasks.create_task(serve(event))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _forget(self, message_id: Id, task: asyncio.Task[None]) -> None:
        if self._calls.get(message_id) is task:
            del self._calls[message_id]

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._room.release()

    async def _serve(self, event: Asked) -> None:
        reply = await self._reply(event)
        self._lines.write(reply.body)

    async def _reply(self, event: Asked) -> Reply:
        async with self._running:
            context = await self._make_context(event)
            if isinstance(context, Reply):
                return context
            return await self._reply_in_time(event, context)

    async def _reply_in_time(self, event: Asked, context: Context) -> Reply:
        try:
            async with asyncio.timeout(dispatch.timeout(self._server, event)):
                return await self._make_call(event, context).counted()
        except TimeoutError:
            context.cancelled = True
            return dispatch.timed_out(self._server, event, context)
        except asyncio.CancelledError:  # nobody wants the answer
            context.cancelled = True
            raise

    async def _batch(self, batch: Batched) -> None:
        """Serve several messages, one after the other (2025-03-26)."""
        replies: list[bytes] = []
        for event in batch.events:
            if type(event) is Asked:
                replies.append((await self._reply(event)).body)
            elif type(event) is Rejected:
                replies += [event.body] if event.body else []
            else:
                await self._hear(event)
        if replies:
            self._lines.write(b"[%b]" % b",".join(replies))

    def _make_call(self, event: Asked, context: Context) -> Call:
        session_id = self._name if event.revision.handshake else ""
        return Call(self._server, event, context, self, session_id)

    async def _make_context(self, event: Asked) -> Context | Reply:
        asking = self._caller.principal()
        principal = await dispatch.known(self._server, event, asking)
        if isinstance(principal, Reply):
            return principal
        return Context(self._server, event, principal, self)

    async def _initialize(self, event: Asked) -> None:
        """Begin the session before the next line is read."""
        reply = await self._make_context(event)
        if not isinstance(reply, Reply):
            reply = await self._make_call(event, reply).reply()
        if reply.ok:
            self._connection.open(event, MemoryNotes())
            self._begin_to_hear()
        self._lines.write(reply.body)

    # -- what wants no answer --------------------------------------------------

    async def _hear(self, event: Answered | Notified) -> None:
        if type(event) is Answered:
            await running.answer(self._name, event)
        elif event.method == "notifications/cancelled":
            cancelled: Any = event.params.get("requestId")
            if type(cancelled) in {str, int}:
                self._subscriptions.pop(cancelled, None)
                if cancelled in self._calls:
                    # Its id is free at once; its end may take a while.
                    self._calls.pop(cancelled).cancel()

    # -- changes -----------------------------------------------------------------

    def _begin_to_hear(self) -> asyncio.Task[None]:
        """Hear of changes, once somebody may want to know.

        The channel layer may be slow, or away; the first answer is not to
        wait for it.
        """
        if self._hearing is None:
            subscribing = broadcast.bus().subscribe(self._server.topic, self._changed)
            self._hearing = asyncio.ensure_future(subscribing)
        return self._hearing

    async def _listen(self, event: Asked) -> None:
        """Begin a subscription of the stateless era."""
        served = listening.honoured(event.params.get("notifications"))
        if isinstance(served, str):
            self._lines.write(messages.error(event.id, INVALID_PARAMS, served))
            return
        context = await self._make_context(event)
        if not isinstance(context, Reply):
            context = dispatch.too_narrow(self._server, event, context) or context
        if isinstance(context, Reply):
            self._lines.write(context.body)
            return
        served = await in_pool(listening.permitted, served, context)
        await asyncio.shield(self._begin_to_hear())
        meta = {SUBSCRIPTION_KEY: event.id}
        farewell = listening.farewell(self._server, event, meta)
        self._subscriptions[event.id] = (served, farewell)
        self._lines.write(listening.acknowledgement(served, meta))

    def _changed(self, change: dict[str, Any]) -> None:
        if not self._caller.is_known:
            return
        for subscription, (served, _) in self._subscriptions.items():
            meta = {SUBSCRIPTION_KEY: subscription}
            self._tell(listening.change_message(change, served, meta))
        session = self._connection.session
        if session is not None and session.notes is not None:
            served = {
                **dict.fromkeys(listening.LISTS, True),
                "resourceSubscriptions": session.notes.uris,
            }
            self._tell(listening.change_message(change, served, {}))

    def _tell(self, message: bytes | None) -> None:
        if message is not None:
            self._lines.write(message)
