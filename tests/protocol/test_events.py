"""Events are values: comparable, and cheap to make."""

from __future__ import annotations

from django_mcp.protocol.events import Answered, Asked, Notified, Rejected, Session
from django_mcp.protocol.revisions import STATELESS


def test_an_event_is_what_it_holds() -> None:
    assert Rejected(400, b"") == Rejected(400, b"")
    assert Answered(1, {}, None) != Answered("1", {}, None)
    assert Notified("n", {}, STATELESS).revision is STATELESS


def test_a_question_may_come_without_session_headers_and_level() -> None:
    event = Asked(1, "ping", {}, STATELESS, {}, {}, {})
    assert (event.log_level, event.headers, event.session) == (None, None, None)


def test_a_session_may_have_no_id_and_no_notes() -> None:
    assert Session(STATELESS, {}, {})[-2:] == ("", None)
