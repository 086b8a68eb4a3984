"""The checklist of the wire under WSGI: JSON answers, and no streams."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from channels.layers import channel_layers
from django.core.cache import cache
from django.test import Client, override_settings
from django.urls import path

from tests.protocol.test_connection import STATELESS_REFUSALS, Refused
from tests.transports.shop import PROBE, shared_server
from tests.wire import (
    HANDSHAKE,
    assert_valid,
    initialize,
    message,
    note,
    routing_headers,
    standard_headers,
    stateless,
)

ASKABLE = {"elicitation": {"form": {}}, "roots": {}}


@pytest.fixture(autouse=True)
def _served() -> Iterator[None]:
    cache.clear()
    channel_layers.backends.clear()
    PROBE.reset()
    with override_settings(ROOT_URLCONF=(path("mcp", shared_server().urls),)):
        yield


def post(sent: Any, headers: Mapping[str, Any] | None = None) -> Any:
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    merged = {**standard_headers(), **routing_headers(sent), **(headers or {})}
    named = {name: value for name, value in merged.items() if value is not None}
    kind = named.pop("content-type", "")
    response = Client().post("/mcp", body, content_type=kind, headers=named)
    assert not response.streaming
    return response


def begun(revision: str, capabilities: Any = None) -> dict[str, Any]:
    """Open a session; return the headers of its messages."""
    headers = {"mcp-protocol-version": None, "mcp-method": None, "mcp-name": None}
    response = post(initialize(revision, capabilities), headers)
    assert_valid(response.json(), revision, "initialize")
    return {**headers, "mcp-session-id": response["mcp-session-id"]}


#: A gateway joins what came twice, and headers are text there.
ROWS = [
    row
    for row in STATELESS_REFUSALS
    if all(
        isinstance(v, str | None) and (v or "").isascii() for v in row.headers.values()
    )
    and "" not in row.headers.values()
    and row.headers.get("content-type", "") is not None
    # The test client sends no type with an empty body.
    and row.sent != b""
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_wrong_message_is_refused_and_the_next_one_is_served(row: Refused) -> None:
    response = post(row.sent, row.headers)
    assert response.status_code == row.status
    assert response.json()["error"]["code"] == row.code
    assert post(stateless("tools/list")).status_code == 200


@pytest.mark.parametrize("revision", HANDSHAKE)
def test_a_session_is_served(revision: str) -> None:
    headers = begun(revision)
    assert post(note("notifications/initialized"), headers).status_code == 202
    sent = message("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}})
    answer = post(sent, headers).json()
    assert_valid(answer, revision, "tools/call")
    assert answer["result"]["content"][0]["text"] == "3"


@pytest.mark.parametrize("name", ["talk", "talk_in_thread"])
def test_what_a_call_says_on_the_way_is_left_out(name: str) -> None:
    response = post(stateless("tools/call", {"name": name}, progressToken=1))
    assert response["content-type"] == "application/json"
    assert response.json()["result"]["content"][0]["text"] == "done"


def test_a_question_travels_with_the_result() -> None:
    sent = stateless("tools/call", {"name": "ask"}, capabilities=ASKABLE)
    result = post(sent).json()["result"]
    retry = {
        "name": "ask",
        "requestState": result["requestState"],
        "inputResponses": {"reason": {"action": "decline"}},
    }
    answer = post(stateless("tools/call", retry, 2, capabilities=ASKABLE)).json()
    assert answer["result"]["content"][0]["text"] == "decline"


def test_what_needs_a_stream_says_so() -> None:
    headers = begun("2025-11-25", ASKABLE)
    answer = post(message("tools/call", {"name": "ask"}), headers).json()
    assert answer["result"]["isError"] is True
    assert "stream" in answer["result"]["content"][0]["text"]
    sent = stateless("subscriptions/listen", {"notifications": {}})
    response = post(sent)
    assert response.status_code == 404
    assert "stream" in response.json()["error"]["message"].lower()
    response = Client().get("/mcp", headers={"accept": "text/event-stream"})
    assert response.status_code == 405
    assert "POST" in response["allow"]


def test_a_session_ends() -> None:
    headers = begun("2025-11-25")
    named = {"mcp-session-id": headers["mcp-session-id"]}
    assert Client().delete("/mcp", headers=named).status_code == 204
    assert post(message("ping"), headers).status_code == 404


def test_who_calls_is_named_by_a_header() -> None:
    assert (
        post(stateless("tools/list"), {"authorization": "Bearer nobody"}).status_code
        == 401
    )
    sent = stateless("tools/call", {"name": "for_alice"})
    answer = post(sent, {"authorization": "Bearer alice"}).json()
    assert answer["result"]["content"][0]["text"] == "hello alice"
