"""initialize, server/discover, ping and logging/setLevel."""

from __future__ import annotations

from typing import Any

import pytest

from django_mcp import MCPServer
from django_mcp.methods.lifecycle import (
    capabilities,
    discover,
    initialize,
    ping,
    set_level,
)
from django_mcp.protocol.errors import ProtocolError
from django_mcp.protocol.messages import LOG_LEVELS
from django_mcp.protocol.revisions import REVISIONS, SUPPORTED
from tests.calls import asked, context_for, session_of
from tests.wire import HANDSHAKE

SERVER = MCPServer("lifecycle", title="T", authenticators=[], instructions="Do.")
SILENT = MCPServer("silent", authenticators=[])


@pytest.mark.parametrize("revision", HANDSHAKE)
def test_initialize_says_who_and_what(revision: str) -> None:
    event = asked("initialize", {}, revision)
    result = initialize(SERVER, event, context_for(SERVER, event))
    assert result["protocolVersion"] == revision
    assert result["serverInfo"]["name"] == "lifecycle"
    assert result["instructions"] == "Do."
    assert "instructions" not in initialize(SILENT, event, context_for(SILENT, event))


def test_discover_lists_everything_for_everybody(settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "LIST_TTL": 5}
    event = asked("server/discover")
    result = discover(SERVER, event, context_for(SERVER, event))
    assert result["supportedVersions"] == SUPPORTED
    assert (result["ttlMs"], result["cacheScope"]) == (5, "public")
    assert "instructions" not in discover(SILENT, event, context_for(SILENT, event))


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=lambda r: r.name)
def test_only_what_is_served_is_declared(revision: Any) -> None:
    declared = capabilities(SERVER, revision)
    assert declared["resources"]["subscribe"] is True
    assert ("completions" in declared) is revision.completions_capability
    assert "extensions" not in declared
    assert "tasks" not in declared


def test_a_ping_is_answered() -> None:
    event = asked("ping", {}, "2025-11-25")
    assert ping(SERVER, event, context_for(SERVER, event)) == {}


@pytest.mark.parametrize("level", LOG_LEVELS)
def test_a_level_is_kept_with_the_session(level: str) -> None:
    session = session_of("2025-11-25")
    event = asked("logging/setLevel", {"level": level}, "2025-11-25", session=session)
    assert set_level(SERVER, event, context_for(SERVER, event)) == {}
    assert session.notes is not None
    assert session.notes.log_level == level


@pytest.mark.parametrize(
    "params", [{}, *({"level": v} for v in (None, "x", 1, [], {}))]
)
def test_a_level_that_is_none_is_refused(params: Any) -> None:
    event = asked("logging/setLevel", params, "2025-11-25")
    with pytest.raises(ProtocolError, match="level: ") as caught:
        set_level(SERVER, event, context_for(SERVER, event))
    assert caught.value.code == -32602


def test_without_a_session_a_level_is_forgotten() -> None:
    event = asked("logging/setLevel", {"level": "info"}, "2025-11-25")
    assert set_level(SERVER, event, context_for(SERVER, event)) == {}
