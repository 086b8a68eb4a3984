"""The checklist of the wire over stdio: what lines can carry."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from channels.layers import channel_layers
from django.core.cache import cache

from django_mcp import MCPServer
from django_mcp.primitives import Tool
from django_mcp.protocol.messages import LOG_LEVEL_KEY, SERVER_KEY, SUBSCRIPTION_KEY
from django_mcp.protocol.revisions import SUPPORTED
from tests.processes import ROOT
from tests.protocol.test_connection import STATELESS_REFUSALS, Refused
from tests.transports.shop import PROBE, Probe, shared_server
from tests.wire import (
    CLIENT,
    HANDSHAKE,
    PATIENCE,
    STATELESS,
    Pipe,
    assert_valid,
    initialize,
    message,
    note,
    stateless,
    stdio_client,
)

LOUD: dict[str, Any] = {LOG_LEVEL_KEY: "error"}
ASKABLE = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}}
#: Rows about the message alone: lines have no headers.
ROWS = [
    row
    for row in STATELESS_REFUSALS
    if not row.headers
    and row.status in {400, 404}
    and b"\n" not in (row.sent if isinstance(row.sent, bytes) else b"")
    and row.sent != b""
    # Without a header to say otherwise these are of the handshake era.
    and "_meta" not in row.name
    and not row.name.startswith("params is")
]


@pytest.fixture
def probe() -> Probe:
    return PROBE


@pytest.fixture
def server() -> Iterator[MCPServer]:
    cache.clear()
    channel_layers.backends.clear()
    PROBE.reset()
    server = shared_server()
    before = server.registry.snapshot()
    yield server
    server.registry.restore(before)


@pytest.fixture
async def pipe(server: MCPServer) -> AsyncIterator[Pipe]:
    async with stdio_client(server) as pipe:
        yield pipe


@pytest.fixture(params=HANDSHAKE)
async def old(request: Any, pipe: Pipe) -> tuple[Pipe, str]:
    await begin(pipe, request.param)
    return pipe, request.param


async def begin(pipe: Pipe, revision: str, capabilities: Any = None) -> None:
    answer = await pipe.ask(initialize(revision, capabilities or ASKABLE), revision)
    assert answer["result"]["protocolVersion"] == revision
    pipe.send(note("notifications/initialized"))


def call(name: str, id: Any = 1, **more: Any) -> dict[str, Any]:
    return message("tools/call", {"name": name, **more}, id)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_a_wrong_line_is_refused_and_the_next_one_is_served(
    pipe: Pipe, row: Refused
) -> None:
    sent = row.sent
    pipe.line(sent if isinstance(sent, bytes) else json.dumps(sent).encode())
    answer = await pipe.receive()
    assert (answer["error"]["code"], answer["id"]) == (row.code, row.id)
    answer = await pipe.ask(stateless("tools/list", id="next"))
    assert answer["id"] == "next"
    assert "result" in answer


async def test_empty_lines_and_line_ends_of_windows_are_passed_over(
    pipe: Pipe,
) -> None:
    pipe.line(b"")
    pipe.line(b"   \r")
    pipe.line(json.dumps(stateless("tools/list")).encode() + b"\r")
    assert (await pipe.receive())["result"]["tools"]


async def test_a_line_has_a_length(pipe: Pipe, settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "MAX_BODY_SIZE": 1000}
    async with stdio_client(shared_server()) as small:
        for length in (1001, 2000, 5000, 100_000):
            small.line(b"x" * length)
            assert (await small.receive())["error"]["code"] == -32600
        assert (await small.ask(stateless("tools/list")))["id"] == 1


async def test_an_answer_never_breaks_its_line(pipe: Pipe) -> None:
    value = "a\nb\r\u2028\u0085"
    arguments = {"name": "echo", "arguments": {"value": value}}
    answer = await pipe.ask(stateless("tools/call", arguments))
    assert answer["result"]["content"][0]["text"] == value


async def test_discover_opens_the_stateless_era(pipe: Pipe) -> None:
    result = (await pipe.ask(stateless("server/discover")))["result"]
    assert result["supportedVersions"] == SUPPORTED
    assert result["resultType"] == "complete"
    assert result["_meta"][SERVER_KEY]["name"] == "shop"


async def test_initialize_opens_the_handshake_era(old: tuple[Pipe, str]) -> None:
    pipe, revision = old
    result = (await pipe.ask(call("add", arguments={"a": 1}), revision))["result"]
    assert result["content"][0]["text"] == "1"
    assert "resultType" not in result
    answer = await pipe.ask(initialize(revision, id=9), revision)
    assert answer["error"]["code"] == -32600
    assert "result" in await pipe.ask(message("ping", id=10), revision)


async def test_a_client_that_does_not_begin_is_told_how(pipe: Pipe) -> None:
    answer = await pipe.ask(message("tools/list"), "2025-11-25")
    assert answer["error"]["data"]["supported"] == SUPPORTED
    assert (await pipe.ask(message("ping", id=2), "2025-11-25"))["result"] == {}


async def test_calls_run_side_by_side(pipe: Pipe, probe: Probe) -> None:
    pipe.send(
        stateless("tools/call", {"name": "wait", "arguments": {"talk": False}}, "w")
    )
    answer = await pipe.ask(
        stateless("tools/call", {"name": "add", "arguments": {"a": 2}})
    )
    assert answer["id"] == 1
    probe.go_on.set()
    assert (await pipe.receive())["id"] == "w"


async def test_an_id_is_used_by_one_call_at_a_time(pipe: Pipe, probe: Probe) -> None:
    wait = stateless("tools/call", {"name": "wait", "arguments": {"talk": False}}, "w")
    pipe.send(wait)
    assert (await pipe.ask(wait))["error"]["code"] == -32600
    probe.go_on.set()
    assert "result" in await pipe.receive()


async def test_a_cancelled_call_gets_no_answer(pipe: Pipe, probe: Probe) -> None:
    pipe.send(
        stateless("tools/call", {"name": "wait", "arguments": {"talk": False}}, "w")
    )
    async with asyncio.timeout(PATIENCE):
        await probe.began.wait()
    pipe.send(note("notifications/cancelled", {"requestId": 1}))
    pipe.send(note("notifications/cancelled", {"requestId": []}))
    pipe.send(note("notifications/cancelled", {"requestId": "w"}))
    async with asyncio.timeout(PATIENCE):
        await probe.cancelled.wait()
    assert (await pipe.ask(stateless("tools/list", id="next")))["id"] == "next"


async def test_messages_of_a_call_come_before_its_answer(pipe: Pipe) -> None:
    params = {"name": "talk"}
    pipe.send(stateless("tools/call", params, progressToken=7, **LOUD))
    told = []
    while "method" in (received := await pipe.receive()):
        assert_valid(received, STATELESS)
        told.append(received["method"])
    assert set(told) == {"notifications/progress", "notifications/message"}
    assert received["id"] == 1


async def test_levels_are_kept_for_the_process(old: tuple[Pipe, str]) -> None:
    pipe, revision = old
    await pipe.ask(message("logging/setLevel", {"level": "error"}, 1), revision)
    pipe.send(call("talk", 2))
    received = await pipe.receive()
    assert received["params"]["level"] == "error"
    assert (await pipe.receive())["id"] == 2


@pytest.mark.parametrize("level", [None, "loud", 1, [], {}])
async def test_a_level_that_is_none_is_refused(pipe: Pipe, level: Any) -> None:
    await begin(pipe, "2025-11-25")
    answer = await pipe.ask(message("logging/setLevel", {"level": level}), "2025-11-25")
    assert answer["error"]["code"] == -32602
    assert "level" in answer["error"]["message"]


async def test_a_question_is_asked_on_the_way(pipe: Pipe) -> None:
    await begin(pipe, "2025-11-25")
    pipe.send(call("ask"))
    question = await pipe.receive()
    assert_valid(question, "2025-11-25")
    result = {"action": "accept", "content": {"reason": "torn"}}
    pipe.send({"jsonrpc": "2.0", "id": question["id"], "result": result})
    answer = await pipe.receive()
    assert answer["result"]["content"][0]["text"] == "torn"


async def test_a_question_travels_with_the_result_in_the_stateless_era(
    pipe: Pipe,
) -> None:
    asked = await pipe.ask(
        stateless("tools/call", {"name": "ask"}, capabilities=ASKABLE)
    )
    assert asked["result"]["resultType"] == "input_required"
    retry = {
        "name": "ask",
        "requestState": asked["result"]["requestState"],
        "inputResponses": {"reason": {"action": "decline"}},
    }
    answer = await pipe.ask(stateless("tools/call", retry, 2, capabilities=ASKABLE))
    assert answer["result"]["content"][0]["text"] == "decline"


async def test_a_batch_is_answered_as_one(pipe: Pipe) -> None:
    await begin(pipe, "2025-03-26")
    batch = [
        message("ping", id=1),
        note("notifications/x"),
        call("add", 2, arguments={"a": 1}),
    ]
    pipe.send(batch)
    answer: Any = await pipe.receive()
    assert [one["id"] for one in answer] == [1, 2]
    pipe.send([note("notifications/x")])
    assert (await pipe.ask(message("ping", id=3), "2025-03-26"))["id"] == 3


async def test_a_call_that_takes_too_long_is_given_up(pipe: Pipe) -> None:
    answer = await pipe.ask(stateless("tools/call", {"name": "slow"}))
    assert answer["result"]["isError"] is True


async def test_a_subscription_hears_of_changes_and_ends_with_the_server(
    server: MCPServer,
) -> None:
    async def nothing(context: Any, arguments: Any) -> str:
        return ""

    async with stdio_client(server) as pipe:
        for id in (1, "1"):
            pipe.send(
                stateless(
                    "subscriptions/listen",
                    {"notifications": {"toolsListChanged": True}},
                    id,
                )
            )
            first = await pipe.receive()
            assert first["method"] == "notifications/subscriptions/acknowledged"
            assert_valid(first, STATELESS)
        pipe.send(note("notifications/cancelled", {"requestId": "1"}))
        await pipe.ask(stateless("tools/list", id=2))
        server.add(Tool(name="extra", call=nothing))
        changed = await pipe.receive()
        assert changed["method"] == "notifications/tools/list_changed"
        assert changed["params"]["_meta"][SUBSCRIPTION_KEY] == 1


async def test_a_session_hears_of_changes(
    old: tuple[Pipe, str], server: MCPServer
) -> None:
    pipe, revision = old
    params = {"uri": "shop://hours"}
    await pipe.ask(message("resources/subscribe", params, 1), revision)
    server.notify_resource_updated("shop://other")
    server.notify_resource_updated("shop://hours")
    told = await pipe.receive()
    assert_valid(told, revision)
    assert told["method"] == "notifications/resources/updated"
    assert told["params"] == params


# -- the real command ---------------------------------------------------------------


@pytest.mark.parametrize("revision", [STATELESS, "2025-11-25"])
def test_the_command_serves_a_client_and_ends_with_its_input(revision: str) -> None:
    """Nothing but messages on stdout, whatever a library prints."""
    if revision == STATELESS:
        lines = [stateless("server/discover", id=1), stateless("tools/list", id=2)]
    else:
        lines = [
            initialize(revision, id=1),
            note("notifications/initialized"),
            message("tools/list", id=2),
        ]
    written = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.served.settings"}
    done = subprocess.run(
        [sys.executable, "-m", "django", "mcp_stdio"],
        input=written + b"nonsense\n",
        capture_output=True,
        cwd=ROOT,
        env=environment,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr.decode()
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert {answer["id"] for answer in answers} == {1, 2, None}
    methods = {1: lines[0]["method"], 2: "tools/list"}
    for answer in answers:
        assert_valid(answer, revision, methods.get(answer["id"]))
    assert CLIENT
