"""The oracle itself: what it lets pass, and what not."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("mcp_types", reason="The official types are not installed.")

from tests.oracle import SERVER_INFO, assert_valid

TOOL = {"name": "echo", "inputSchema": {"type": "object", "x-anything": 1}}
META = {SERVER_INFO: {"name": "shop", "version": "1"}}
STATELESS = {"resultType": "complete", "_meta": META}


def answer(**result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "result": result}


@pytest.mark.parametrize(
    ("message", "revision", "method"),
    [
        (answer(tools=[TOOL]), "2024-11-05", "tools/list"),
        (answer(tools=[TOOL | {"icons": []}]), "2025-11-25", "tools/list"),
        (
            answer(tools=[TOOL], ttlMs=0, cacheScope="private", **STATELESS),
            "2026-07-28",
            "tools/list",
        ),
        (answer(content=[], structuredContent={"a": 1}), "2025-06-18", "tools/call"),
        (answer(), "2025-11-25", "ping"),
        (
            {"jsonrpc": "2.0", "id": 1, "error": {"code": -32002, "message": "No."}},
            "2025-11-25",
            "resources/read",
        ),
        (
            {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"},
            "2025-03-26",
            None,
        ),
        (
            {"jsonrpc": "2.0", "id": "q1", "method": "roots/list"},
            "2024-11-05",
            None,
        ),
    ],
)
def test_a_valid_message_passes(
    message: dict[str, Any], revision: str, method: str | None
) -> None:
    assert_valid(message, revision, method)


@pytest.mark.parametrize(
    ("message", "revision", "method"),
    [
        # Not JSON-RPC 2.0 at all.
        ({"id": 1, "result": {}}, "2025-11-25", "ping"),
        # Required members are missing, or of a wrong type.
        (answer(tools=[{"name": "echo"}]), "2025-11-25", "tools/list"),
        (answer(content="text"), "2025-11-25", "tools/call"),
        # Members of a later revision.
        (answer(tools=[TOOL | {"icons": []}]), "2025-06-18", "tools/list"),
        (answer(tools=[TOOL | {"title": "Echo"}]), "2025-03-26", "tools/list"),
        (answer(tools=[TOOL | {"annotations": {}}]), "2024-11-05", "tools/list"),
        (answer(content=[], structuredContent={}), "2025-03-26", "tools/call"),
        (answer(tools=[], ttlMs=0), "2025-11-25", "tools/list"),
        (
            answer(content=[{"type": "audio", "data": "", "mimeType": "audio/wav"}]),
            "2024-11-05",
            "tools/call",
        ),
        # Members that the stateless era demands.
        (
            answer(tools=[], ttlMs=0, cacheScope="private", _meta=META),
            "2026-07-28",
            "tools/list",
        ),
        (answer(content=[], resultType="complete"), "2026-07-28", "tools/call"),
        # Methods that the revision does not have.
        (answer(**STATELESS), "2026-07-28", "ping"),
        ({"jsonrpc": "2.0", "id": 1, "method": "roots/list"}, "2026-07-28", None),
        (
            {"jsonrpc": "2.0", "id": 1, "method": "elicitation/create"},
            "2025-03-26",
            None,
        ),
        # A code that the stateless era retired, and one it has reserved.
        (
            {"jsonrpc": "2.0", "id": 1, "error": {"code": -32002, "message": "No."}},
            "2026-07-28",
            "resources/read",
        ),
        (
            {"jsonrpc": "2.0", "id": 1, "error": {"code": -32050, "message": "No."}},
            "2026-07-28",
            "tools/call",
        ),
    ],
)
def test_an_invalid_message_is_named(
    message: dict[str, Any], revision: str, method: str | None
) -> None:
    with pytest.raises(AssertionError):
        assert_valid(message, revision, method)
