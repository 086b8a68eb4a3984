"""Sessions that every worker can read, and nobody else can write."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signing
from django.core.cache import cache

from django_mcp import sessions
from django_mcp.protocol.connection import Connection
from django_mcp.protocol.events import Asked
from django_mcp.protocol.revisions import REVISIONS
from django_mcp.transports.stdio import MemoryNotes
from tests.wire import HANDSHAKE


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()
    sessions.forget_all()


def initialized(
    revision: str = "2025-11-25", capabilities: Any = None, client: Any = None
) -> Asked:
    return Asked(
        0,
        "initialize",
        {},
        REVISIONS[revision],
        {},
        client or {"name": "c", "version": "1", "title": "C"},
        capabilities or {},
    )


@pytest.mark.parametrize("revision", HANDSHAKE)
def test_an_id_holds_what_was_agreed_on(revision: str) -> None:
    id = sessions.open_session(initialized(revision, {"roots": {}}), "alice")
    assert id.isascii()
    assert id.isprintable()
    session = sessions.find(id, "alice")
    assert session.revision.name == revision
    assert session.capabilities == {"roots": {}}
    assert session.client == {"name": "c", "version": "1"}
    assert session.id == id


def test_two_sessions_have_two_ids() -> None:
    event = initialized()
    assert sessions.open_session(event, "a") != sessions.open_session(event, "a")


def test_a_session_is_its_owners() -> None:
    id = sessions.open_session(initialized(), "alice")
    assert sessions.find(id, "bob") is Connection.ENDED
    assert sessions.find(id, "alice") is not Connection.ENDED
    assert sessions.find(id, "bob") is Connection.ENDED


@pytest.mark.parametrize(
    "id", ["", "x", "a:b", "a:b:c", ":", "::", "é:é:é", "x" * 9000, "\ud800", "\x00"]
)
def test_a_made_up_id_is_no_session(id: str) -> None:
    assert sessions.find(id, "alice") is Connection.ENDED


def test_a_changed_id_is_no_session() -> None:
    id = sessions.open_session(initialized(), "alice")
    assert sessions.find(id[:-1] + ("A" if id[-1] != "A" else "B"), "alice") is (
        Connection.ENDED
    )


def test_an_id_of_a_revision_nobody_serves_is_no_session() -> None:
    payload = {"r": "2020-01-01", "c": {}, "n": {}, "o": "", "i": "x"}
    id = signing.dumps(payload, salt=sessions.SALT)
    assert sessions.find(id, "alice") is Connection.ENDED


def test_another_signature_of_the_project_is_no_session() -> None:
    assert sessions.find(signing.dumps({"r": "2025-11-25"}), "a") is Connection.ENDED


def test_a_session_grows_old(settings: Any) -> None:
    id = sessions.open_session(initialized(), "alice")
    assert sessions.find(id, "alice") is not Connection.ENDED
    sessions.forget_all()
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "SESSION_AGE": -1}
    assert sessions.find(id, "alice") is Connection.ENDED


def test_an_ended_session_is_ended_for_every_worker() -> None:
    id = sessions.open_session(initialized(), "alice")
    sessions.end(sessions.find(id, "alice"))
    assert sessions.find(id, "alice") is Connection.ENDED
    sessions.forget_all()
    assert sessions.find(id, "alice") is Connection.ENDED


def test_a_session_without_stored_notes_cannot_end() -> None:
    session = sessions.find(sessions.open_session(initialized(), "a"), "a")
    sessions.end(session._replace(notes=MemoryNotes()))
    assert sessions.find(session.id, "a") is not Connection.ENDED


def test_what_was_noted_is_known_to_other_workers() -> None:
    id = sessions.open_session(initialized(), "alice")
    notes = sessions.find(id, "alice").notes
    assert notes is not None
    assert (notes.log_level, notes.uris) == (None, frozenset())
    notes.write(log_level="error")
    notes.write(added=frozenset({"a://b"}))
    sessions.forget_all()
    notes = sessions.find(id, "alice").notes
    assert notes is not None
    assert notes.log_level == "error"
    assert notes.uris == frozenset({"a://b"})


def test_a_worker_remembers_for_a_moment() -> None:
    id = sessions.open_session(initialized(), "alice")
    assert not sessions.is_fresh(id)
    session = sessions.find(id, "alice")
    assert sessions.is_fresh(id)
    assert sessions.find(id, "alice") is session


def test_a_worker_does_not_remember_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "REMEMBERED", 2)
    ids = [sessions.open_session(initialized(), "alice") for _ in range(5)]
    found = [sessions.find(id, "alice") for id in ids]
    assert Connection.ENDED not in found
    assert sum(map(sessions.is_fresh, ids)) <= 2


@pytest.mark.parametrize(
    ("capabilities", "kept"),
    [
        ({"roots": {}, "experimental": {"x": {}}}, {"roots": {}}),
        ({"roots": {}, "other": {"x": "y" * 5000}}, {"roots": {}}),
        ({"roots": {"x": "y" * 5000}}, {}),
    ],
)
def test_an_id_has_room_for_what_matters(capabilities: Any, kept: Any) -> None:
    id = sessions.open_session(initialized(capabilities=capabilities), "alice")
    assert len(id) < 4000
    assert sessions.find(id, "alice").capabilities == kept


@pytest.mark.parametrize(
    "client", [{}, {"name": 1, "version": []}, {"name": "x" * 999}]
)
def test_a_client_may_call_itself_anything(client: Any) -> None:
    id = sessions.open_session(initialized(client=client), "alice")
    assert len(id) < 1000
    assert sessions.find(id, "alice") is not Connection.ENDED


def as_another_worker(id: str) -> Any:
    sessions.forget_all()
    return sessions.find(id, "a").notes


def test_what_two_workers_note_at_once_is_noted() -> None:
    id = sessions.open_session(initialized(), "a")
    one, other = as_another_worker(id), as_another_worker(id)
    one.write(added=frozenset({"a://"}))
    other.write(added=frozenset({"b://"}))
    assert as_another_worker(id).uris == {"a://", "b://"}
    one.write(removed=frozenset({"b://"}))
    assert as_another_worker(id).uris == {"a://"}


def test_nothing_brings_an_ended_session_back() -> None:
    id = sessions.open_session(initialized(), "a")
    one, other = as_another_worker(id), as_another_worker(id)
    one.write(ended=True)
    other.write(log_level="error")
    sessions.forget_all()
    assert sessions.find(id, "a") is Connection.ENDED
