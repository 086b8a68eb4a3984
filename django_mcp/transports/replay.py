"""What was sent on a stream of 2025-11-25, for a client that comes back.

Kept in Django's cache under an id nobody can guess, bound to the session, for
`REPLAY_AGE` seconds; any worker can take the stream up again. All functions
may block.
"""

from __future__ import annotations

import secrets
from typing import Any

from django_mcp.caching import project_cache
from django_mcp.conf import conf

#: Events and bytes one stream may keep; older events are dropped first.
MAX_EVENTS = 1000
MAX_BYTES = 4 * 1024 * 1024


class Replay:
    """The record of one stream."""

    __slots__ = ("_events", "_session", "_size", "number", "stream")

    def __init__(self, session_id: str) -> None:
        self.stream = secrets.token_urlsafe(16).replace("-", "_")
        self.number = 0
        self._session = session_id
        self._events: list[tuple[int, bytes]] = []
        self._size = 0

    def next_id(self) -> str:
        """Return the id of the next event."""
        self.number += 1
        return f"{self.stream}-{self.number}"

    def keep(self, message: bytes, *, last: bool = False) -> None:
        """Keep the event that `next_id` was just given for."""
        self._events.append((self.number, message))
        self._size += len(message)
        while len(self._events) > MAX_EVENTS or self._size > MAX_BYTES:
            self._size -= len(self._events.pop(0)[1])
        self.save(ended=last)

    def save(self, *, ended: bool = False) -> None:
        """Write the record."""
        record = {"session": self._session, "events": self._events, "ended": ended}
        project_cache().set(_key(self.stream), record, conf.REPLAY_AGE)


def after(event_id: str, session_id: str) -> tuple[list[tuple[str, bytes]], bool]:
    """Return what came after an event, and whether that is all.

    Raises: LookupError (no such stream, of another session, or too old)
    """
    stream, _, number = event_id.rpartition("-")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise LookupError(event_id)
    record: dict[str, Any] | None = (
        project_cache().get(_key(stream)) if stream else None
    )
    if record is None or record["session"] != session_id:
        raise LookupError(event_id)
    events = [
        (f"{stream}-{sent}", message)
        for sent, message in record["events"]
        if sent > int(number)
    ]
    return events, record["ended"]


def _key(stream: str) -> str:
    return f"django_mcp:stream:{stream[:64]}"
