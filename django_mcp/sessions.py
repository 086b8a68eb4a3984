"""Sessions of the handshake era, which no worker has to remember.

The id itself is the session: a signed value that says what the handshake
agreed on and whom it belongs to, so any worker can serve any message. Only
what comes later (that it ended, a log level, subscriptions) is kept in
Django's cache, and each worker asks it again after `MEMORY` seconds.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.core import signing
from pydantic_core import to_json

from django_mcp.caching import project_cache
from django_mcp.conf import conf
from django_mcp.protocol.connection import Connection
from django_mcp.protocol.events import Asked, Session
from django_mcp.protocol.revisions import REVISIONS

SALT = "django_mcp.session"
#: Seconds for which a worker believes what it read of a session.
MEMORY = 2.0
#: Sessions a worker remembers; more only means asking again.
REMEMBERED = 4096
#: Bytes of declared capabilities that an id may carry.
MAX_CAPABILITIES = 2048
MAX_URIS = 1000


class CacheNotes:
    """What a session learned later, in the cache."""

    __slots__ = ("_ended", "_key", "_read_at", "_record", "_until")

    def __init__(self, key: str, until: float) -> None:
        self._key = key
        self._until = until
        self._record: Mapping[str, Any] = {}
        self._ended = False
        self._read_at = -math.inf

    @property
    def fresh(self) -> bool:
        """Whether `read` would not ask the cache."""
        return time.monotonic() - self._read_at < MEMORY

    @property
    def ended(self) -> bool:
        """Whether the client ended the session."""
        return self._ended

    @property
    def log_level(self) -> str | None:
        """See `django_mcp.protocol.events.Notes`."""
        return self._record.get("log_level")

    @property
    def uris(self) -> frozenset[str]:
        """See `django_mcp.protocol.events.Notes`."""
        return frozenset(self._record.get("uris", ()))

    def read(self, *, again: bool = False) -> None:
        """Ask the cache, unless it was asked just now. May block."""
        if again or not self.fresh:
            ending = _ending_key(self._key)
            found = project_cache().get_many((self._key, ending))
            self._record = found.get(self._key) or {}
            self._ended = ending in found
            self._read_at = time.monotonic()

    def write(
        self,
        *,
        log_level: str | None = None,
        added: frozenset[str] = frozenset(),
        removed: frozenset[str] = frozenset(),
        ended: bool = False,
    ) -> None:
        """See `django_mcp.protocol.events.Notes`."""
        age = max(1, int(self._until - time.time()))
        if ended:
            # Under a key of its own: nothing that is written at the same time
            # brings the session back.
            project_cache().set(_ending_key(self._key), 1, age)
            self._ended = True
            return
        with _writing:
            record = dict(project_cache().get(self._key) or {})
            if log_level is not None:
                record["log_level"] = log_level
            if added or removed:
                # What another worker wrote since we read stays.
                uris = (frozenset(record.get("uris", ())) | added) - removed
                record["uris"] = sorted(uris)[:MAX_URIS]
            project_cache().set(self._key, record, age)
            self._record = record
            self._read_at = time.monotonic()


class _Parsed(NamedTuple):
    """An id whose signature was right."""

    session: Session
    notes: CacheNotes
    owner: str
    expires: float


_remembered: dict[str, _Parsed] = {}
#: Messages of one session may be served by several threads.
_writing = threading.Lock()


def open_session(event: Asked, owner: str) -> str:
    """Return the id of a new session: ``initialize`` has been answered."""
    payload = {
        "r": event.revision.name,
        "c": _bounded(event.capabilities),
        "n": {
            name: str(event.client[name])[:64]
            for name in ("name", "version")
            if name in event.client
        },
        "o": _digest(owner),
        "i": secrets.token_urlsafe(16),
    }
    return signing.dumps(payload, salt=SALT, compress=True)


def find(session_id: str, owner: str) -> Session:
    """Return a session, or `Connection.ENDED`: unknown, foreign or over.

    May block: at times it asks the cache what it should know.
    """
    parsed = _remembered.get(session_id)
    if parsed is None:
        parsed = _parse(session_id)
        if parsed is None:
            return Connection.ENDED
        if len(_remembered) >= REMEMBERED:
            _remembered.clear()
        _remembered[session_id] = parsed
    if parsed.owner != _digest(owner) or parsed.expires < time.time():
        return Connection.ENDED
    parsed.notes.read()
    return Connection.ENDED if parsed.notes.ended else parsed.session


def is_fresh(session_id: str) -> bool:
    """Would `find` answer from memory?"""
    parsed = _remembered.get(session_id)
    return parsed is not None and parsed.notes.fresh


def end(session: Session) -> None:
    """End a session for every worker. May block."""
    if isinstance(session.notes, CacheNotes):
        session.notes.write(ended=True)


def forget_all() -> None:
    """Drop what this worker remembers: for tests that change the keys."""
    _remembered.clear()


def _parse(session_id: str) -> _Parsed | None:
    if len(session_id) > 8192:
        return None
    try:
        payload = signing.loads(session_id, salt=SALT, max_age=conf.SESSION_AGE)
    except signing.BadSignature:
        return None
    stamp = signing.b62_decode(session_id.rsplit(":", 2)[1])
    expires = stamp + conf.SESSION_AGE
    key = f"django_mcp:session:{payload['i']}"
    revision = REVISIONS.get(payload["r"])
    if revision is None:
        return None
    notes = CacheNotes(key, expires)
    session = Session(revision, payload["c"], payload["n"], session_id, notes)
    return _Parsed(session, notes, payload["o"], expires)


def _bounded(capabilities: Mapping[str, Any]) -> dict[str, Any]:
    """Return the capabilities an id has room for; experiments go first."""
    kept = {
        name: value for name, value in capabilities.items() if name != "experimental"
    }
    if len(to_json(kept)) <= MAX_CAPABILITIES:
        return kept
    known = ("sampling", "elicitation", "roots")
    kept = {name: kept[name] for name in known if name in kept}
    return kept if len(to_json(kept)) <= MAX_CAPABILITIES else {}


def _digest(owner: str) -> str:
    return hashlib.sha256(owner.encode()).hexdigest()[:22]


def _ending_key(key: str) -> str:
    return f"{key}:ended"
