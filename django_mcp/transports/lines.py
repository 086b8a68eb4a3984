"""Lines in and out of two pipes, each way in a thread of its own.

A slow client keeps only its thread waiting, never the event loop. Works on
file descriptors and not on Python's buffered files: those hold locks that a
thread which still reads would keep while the interpreter ends.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

#: Bytes asked for at once.
CHUNK = 64 * 1024
#: Chunks read ahead; a client that never stops writing has to wait for us.
READ_AHEAD = 16
#: Seconds in which the loop should get to whatever is handed to it.
LOOP_PATIENCE = 0.7


class Lines:
    """The two pipes between a client and this process."""

    def __init__(
        self,
        reader: int,
        writer: int,
        limit: int,
        gone: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        #: Bytes of one line. A longer one becomes an empty one.
        self._limit = limit
        #: Called, in a thread, when nothing can be said or heard any more.
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._in: asyncio.Queue[list[bytes] | None] = asyncio.Queue()
        self._room = threading.Semaphore(READ_AHEAD)
        # Not bounded: a client that reads nothing until it has written
        # everything would wait for us while we wait for it.
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._writing = threading.Thread(target=self._write_all, daemon=True)

    def start(self) -> None:
        """Begin to read and write."""
        self._writing.start()
        threading.Thread(target=self._read_all, daemon=True).start()

    async def read(self) -> list[bytes] | None:
        """Return the next lines, or ``None``: the client has gone."""
        lines = await self._in.get()
        self._room.release()
        return lines

    def write(self, message: bytes) -> None:
        """Send a message, in order, without waiting."""
        self._out.put(message)

    async def flush(self) -> None:
        """Wait until all is written; nothing can be sent afterwards."""
        self._out.put(None)
        await asyncio.to_thread(self._writing.join)

    def _read_all(self) -> None:
        try:
            for lines in split(self._chunks(), self._limit):
                self._room.acquire()
                self._hand_over(lines)
        except OSError:  # the pipe broke
            pass
        self._hand_over(None)
        self._expect_the_loop()

    def _chunks(self) -> Iterator[bytes]:
        while chunk := os.read(self._reader, CHUNK):
            yield chunk

    def _hand_over(self, lines: list[bytes] | None) -> None:
        self._soon(self._in.put_nowait, lines)

    def _expect_the_loop(self) -> None:
        """See whether anybody is told that the client has gone.

        An ``async`` tool that blocks keeps the loop from everything.
        """
        alive = threading.Event()
        self._soon(alive.set)
        if not alive.wait(LOOP_PATIENCE):
            self._gone()

    def _soon(self, function: Callable[..., object], *args: object) -> None:
        with suppress(RuntimeError):  # the loop has ended before us
            self._loop.call_soon_threadsafe(function, *args)

    def _write_all(self) -> None:
        try:
            while (message := self._out.get()) is not None:
                data = memoryview(message + b"\n")
                while data:
                    data = data[os.write(self._writer, data) :]
        except OSError:  # nobody reads our answers
            self._gone()


def split(chunks: Iterator[bytes], limit: int) -> Iterator[list[bytes]]:
    """Yield the lines that each chunk completes; blank ones are left out.

    A line over the limit is never held, and comes out empty.
    """
    begun: list[bytes] = []
    size = 0
    for chunk in chunks:
        lines: list[bytes] = []
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            size += len(end)
            if size > limit:
                lines.append(b"")
            elif line := b"".join([*begun, end]).strip():
                lines.append(line)
            begun, size = [], 0
        size += len(rest)
        begun = [*begun, rest] if size <= limit else []
        if lines:
            yield lines
    if size > limit:
        yield [b""]
    elif line := b"".join(begun).strip():  # the last one need not be ended
        yield [line]


class LinesOutlet:
    """See `django_mcp.context.Outlet`."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    async def send(self, message: bytes) -> None:
        """Send a message beside the answers."""
        self._lines.write(message)

    async def close(self) -> None:
        """There is only one stream, and it stays open."""
