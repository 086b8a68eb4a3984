"""resources/subscribe and resources/unsubscribe."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp import MCPServer, PermissionRequired
from django_mcp.methods.subscriptions import (
    MAX_SUBSCRIPTIONS,
    readable,
    subscribe,
    unsubscribe,
)
from django_mcp.primitives import Resource
from django_mcp.protocol.errors import ProtocolError
from tests.calls import asked, context_for, session_of

SERVER = MCPServer("subscriptions", authenticators=[])
SERVER.add(Resource(name="a", uri="a://a", read=lambda context: ""))


def run(function: Any, uri: Any, session: Any) -> Any:
    event = asked("resources/subscribe", {"uri": uri}, "2025-11-25", session=session)
    return function(SERVER, event, context_for(SERVER, event))


def test_a_session_remembers_what_it_wants_to_hear_of() -> None:
    session = session_of("2025-11-25")
    assert session.notes is not None
    assert run(subscribe, "a://a", session) == {}
    assert run(subscribe, "a://a", session) == {}
    assert session.notes.uris == {"a://a"}
    assert run(unsubscribe, "a://a", session) == {}
    assert run(unsubscribe, "never://was", session) == {}
    assert session.notes.uris == frozenset()


def test_there_is_an_end_to_subscriptions() -> None:
    session = session_of("2025-11-25")
    assert session.notes is not None
    session.notes.write(added=frozenset(map(str, range(MAX_SUBSCRIPTIONS))))
    with pytest.raises(ProtocolError, match=str(MAX_SUBSCRIPTIONS)):
        run(subscribe, "a://a", session)


@pytest.mark.parametrize(
    ("uri", "code"),
    [(None, -32602), (1, -32602), ("x" * 2001, -32602), ("b://b", -32002)],
)
def test_what_cannot_be_subscribed_to_is_refused(uri: Any, code: int) -> None:
    with pytest.raises(ProtocolError) as caught:
        run(subscribe, uri, session_of("2025-11-25"))
    assert caught.value.code == code


@pytest.mark.parametrize("function", [subscribe, unsubscribe])
def test_a_subscription_needs_a_session(function: Any) -> None:
    with pytest.raises(ProtocolError, match="session"):
        run(function, "a://a", None)


def test_changes_of_what_a_token_does_not_open_are_not_told() -> None:
    server = MCPServer("scoped", authenticators=[])
    server.add(
        Resource(name="a", uri="a://a", read=nothing, scopes=frozenset({"read"}))
    )
    server.add(Resource(name="b", uri="b://b", read=nothing, allowed=lambda c: False))
    session = session_of("2025-11-25")
    event = asked(
        "resources/subscribe", {"uri": "a://a"}, "2025-11-25", session=session
    )
    narrow = context_for(server, event, scopes=frozenset())
    with pytest.raises(PermissionRequired):
        subscribe(server, event, narrow)
    wide = context_for(server, event, scopes=frozenset({"read"}))
    subscribe(server, event, wide)
    uris = ("a://a", "b://b", "c://c")
    assert [readable(uri, narrow) for uri in uris] == [False, False, False]
    assert [readable(uri, wide) for uri in uris] == [True, False, False]


def nothing(context: Any) -> str:
    return ""
