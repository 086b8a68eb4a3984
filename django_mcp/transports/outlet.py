"""The answer to one POST while it is not known yet what it will be.

It stays one JSON object until the first message of a running call, a question
or a long silence makes it an event stream; then it stays one. What happens
when the client leaves depends on the era, and is the exchange's to decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias

from django_mcp.threads import aside
from django_mcp.transports import sse
from django_mcp.transports.replay import Replay

Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

#: Milliseconds a client should wait before it takes up a stream we closed.
RETRY = 500


class HttpOutlet:
    """See `django_mcp.context.Outlet`."""

    __slots__ = (
        "_lock_made",
        "_replay",
        "_send",
        "ended",
        "gone",
        "headers",
        "started",
    )

    def __init__(
        self,
        send: Send,
        headers: list[tuple[bytes, bytes]],
        replay: Replay | None,
    ) -> None:
        self._send = send
        #: Beside those of every event stream.
        self.headers = headers
        #: Only for streams that a client may take up again.
        self._replay = replay
        self._lock_made: asyncio.Lock | None = None
        self.started = False
        #: Nobody reads any more; what is sent is only kept.
        self.gone = False
        #: The answer is given. A thread may not know that its call is over.
        self.ended = False

    @property
    def _lock(self) -> asyncio.Lock:
        """One message at a time; most calls send none."""
        if self._lock_made is None:
            self._lock_made = asyncio.Lock()
        return self._lock_made

    async def send(self, message: bytes) -> None:
        """Send a message of a running call."""
        async with self._lock:
            if self.ended:
                return
            await self._start()
            await self._event(message, last=False)

    async def finish(self, message: bytes | None) -> None:
        """Send the result, if there is one to send, and end the stream."""
        async with self._lock:
            self.ended = True
            await self._start()
            if message is not None:
                await self._event(message, last=True)
            elif self._replay is not None:
                await aside(partial(self._replay.save, ended=True))
            await self._write(b"", more=False)
            self.gone = True

    async def keep_alive(self) -> None:
        """Send a comment, so that nobody takes silence for death."""
        async with self._lock:
            if self.ended:
                return
            await self._start()
            await self._write(sse.KEEP_ALIVE)

    async def close(self) -> None:
        """End the stream; the client comes back for the rest."""
        if self._replay is None:
            return
        async with self._lock:
            if self.ended:
                return
            await self._start()
            await self._write(b"retry: %d\n\n" % RETRY, more=False)
            self.gone = True

    async def _start(self) -> None:
        if self.started:
            return
        self.started = True
        await self._put(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": sse.HEADERS + self.headers,
            }
        )
        if self._replay is not None:
            first = self._replay.next_id()
            await aside(self._replay.save)
            await self._write(sse.priming(first))

    async def _event(self, message: bytes, *, last: bool) -> None:
        event_id = ""
        if self._replay is not None:
            event_id = self._replay.next_id()
            await aside(self._keep, message, last)
        await self._write(sse.event(message, event_id))

    def _keep(self, message: bytes, last: bool) -> None:
        if self._replay is not None:
            self._replay.keep(message, last=last)

    async def _write(self, body: bytes, *, more: bool = True) -> None:
        await self._put({"type": "http.response.body", "body": body, "more_body": more})

    async def _put(self, event: dict[str, Any]) -> None:
        if self.gone:
            return
        try:
            await self._send(event)
        except (OSError, RuntimeError):  # the client went away while we wrote
            self.gone = True
