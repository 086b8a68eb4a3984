"""Long-lived streams: changes on their way to a client that listens.

One stream is ``subscriptions/listen`` of the stateless era or the GET stream
of a session. An idle stream costs a waiting ``receive`` and nothing else: no
task, no timer of its own. Messages that say the same are sent once.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from django_mcp.conf import conf
from django_mcp.transports import sse

Write: TypeAlias = Callable[[bytes], Awaitable[None]]

#: Messages waiting for one slow client; a client slower than this is let go.
MAX_UNSENT = 256


class Stream:
    """Messages for one client, sent in order, never more than it takes."""

    __slots__ = (
        "_ended",
        "_farewell",
        "_flushing",
        "_frame",
        "_task",
        "_waiting",
        "_write",
    )

    def __init__(
        self,
        write: Write,
        frame: Callable[[bytes], bytes],
        farewell: bytes | None = None,
    ) -> None:
        self._write = write
        self._frame = frame
        self._waiting: deque[bytes] = deque()
        self._flushing: asyncio.Task[None] | None = None
        self._task: asyncio.Task[Any] | None = None
        self._ended = False
        #: The last message when we end the stream ourselves.
        self._farewell = farewell

    def push(self, message: bytes) -> None:
        """Send soon; say the same thing once. Runs on the loop."""
        if message in self._waiting:
            return
        if len(self._waiting) >= MAX_UNSENT:
            self._farewell = None
            self.end()
            return
        self._waiting.append(message)
        self._flush()

    def pulse(self, comment: bytes) -> None:
        """Send a comment, unless something is on its way already."""
        if self._flushing is None and comment:
            self._flushing = asyncio.get_running_loop().create_task(self._send(comment))

    def end(self) -> None:
        """Stop the stream from our side, with its farewell if there is one."""
        if not self._ended:
            self._ended = True
            if self._task is not None:
                self._task.cancel()

    async def run(self, gone: Callable[[], Awaitable[None]]) -> None:
        """Stay until the client is ``gone`` or `end` is called.

        The stream waits in ``gone`` itself; `end` wakes it by cancelling.
        """
        # It may have been ended before it began.
        self._task = None if self._ended else asyncio.current_task()
        if self._task is None:
            return
        _open_streams().add(self)
        try:
            await gone()
        except asyncio.CancelledError:
            if not self._ended:
                raise
            self._task.uncancel()
            if self._farewell is not None:
                await self._finish(self._farewell)
        finally:
            _open_streams().discard(self)
            if self._flushing is not None:
                self._flushing.cancel()

    async def _finish(self, farewell: bytes) -> None:
        self._waiting.append(farewell)
        self._flush()
        if self._flushing is not None:
            await self._flushing

    def _flush(self) -> None:
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._send(b""))

    async def _send(self, first: bytes) -> None:
        try:
            if first:
                await self._write(first)
            while self._waiting:
                # Taken out before it is written: a change that happens while
                # we write must be said again.
                await self._write(self._frame(self._waiting.popleft()))
        except (OSError, RuntimeError):  # the client went away while we wrote
            self._waiting.clear()
            self.end()
        finally:
            self._flushing = None


class _Open:
    """The streams of one event loop, and the one timer they share."""

    __slots__ = ("streams", "timer")

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self.timer: asyncio.TimerHandle | None = None

    def add(self, stream: Stream) -> None:
        self.streams.add(stream)
        if self.timer is None:
            self._wind()
            _hear_signals()

    def discard(self, stream: Stream) -> None:
        self.streams.discard(stream)
        if not self.streams and self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _wind(self) -> None:
        loop = asyncio.get_running_loop()
        self.timer = loop.call_later(conf.KEEP_ALIVE, self._pulse)

    def _pulse(self) -> None:
        for stream in tuple(self.streams):
            stream.pulse(sse.KEEP_ALIVE)
        self._wind()


_open: WeakKeyDictionary[asyncio.AbstractEventLoop, _Open] = WeakKeyDictionary()


def _open_streams() -> _Open:
    loop = asyncio.get_running_loop()
    found = _open.get(loop)
    if found is None:
        found = _open[loop] = _Open()
    return found


def count() -> int:
    """Return how many streams this process keeps open on this loop."""
    return len(_open_streams().streams)


def end_all() -> None:
    """End every stream of this loop: the server shuts down."""
    for stream in tuple(_open_streams().streams):
        stream.end()


class _Passed:
    """A signal handler that ends our streams, and calls the one it replaced."""

    def __init__(self, replaced: Callable[..., Any]) -> None:
        self._replaced = replaced

    def __call__(self, number: int, frame: Any) -> Any:
        for loop in tuple(_open):
            if loop.is_running():
                loop.call_soon_threadsafe(end_all)
        return self._replaced(number, frame)


def _hear_signals() -> None:
    """End the streams when the process is told to stop.

    Servers wait for open answers then (uvicorn for ever), and tell the
    application only afterwards.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler) and not isinstance(handler, _Passed):
            signal.signal(number, _Passed(handler))
