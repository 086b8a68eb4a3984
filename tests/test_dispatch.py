"""From an event to bytes: the one place where everything that is raised ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import Any

import pytest
from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    ValidationError,
)
from django.http import Http404

from django_mcp import Context, MCPServer, PermissionRequired, ToolError, dispatch
from django_mcp.dispatch import Paused, Reply
from django_mcp.methods.asking import MAX_ROUNDS, Answers
from django_mcp.primitives import Prompt, Resource, Tool
from django_mcp.protocol.errors import ProtocolError
from django_mcp.questions import Roots
from django_mcp.throttling import rates_from
from tests.calls import asked, context_for, session_of
from tests.wire import HANDSHAKE, REVISIONS, STATELESS

SECRETS = ["secret", "no database"]
EXPECTED = [
    ToolError("No."),
    ValidationError("No."),
    PermissionDenied("No."),
    Http404("No."),
    ObjectDoesNotExist("No."),
    PermissionRequired("No."),
]


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


UNEXPECTED = [
    RuntimeError("secret"),
    KeyError("secret"),
    AssertionError("secret"),
    RecursionError("secret"),
    StopIteration("secret"),
    UnicodeDecodeError("utf-8", b"secret", 0, 1, "secret"),
    Unspeakable("secret"),
    RuntimeError("secret \udc80"),
]


@pytest.fixture
def server() -> MCPServer:
    return MCPServer("dispatch", authenticators=[])


def raising(error: BaseException) -> Any:
    def call(*args: Any) -> Any:
        raise error

    return call


def raising_later(error: BaseException) -> Any:
    async def call(*args: Any) -> Any:
        raise error

    return call


async def serve(server: MCPServer, event: Any, **options: Any) -> Any:
    context = context_for(server, event, **options)
    outcome = dispatch.serve(server, event, context)
    return await outcome if isawaitable(outcome) else outcome


def call_of(name: str, revision: str = STATELESS, **options: Any) -> Any:
    return asked("tools/call", {"name": name}, revision, **options)


@pytest.mark.parametrize("make", [raising, raising_later])
@pytest.mark.parametrize("error", EXPECTED, ids=lambda e: type(e).__name__)
async def test_a_refusal_is_a_result_for_the_model(
    server: MCPServer, make: Any, error: Exception
) -> None:
    server.add(Tool(name="refuse", call=make(error)))
    reply = await serve(server, call_of("refuse"))
    result = json.loads(reply.body)["result"]
    assert result["isError"] is True
    assert result["content"][0]["text"] == "No."
    assert (reply.status, reply.ok) == (200, True)


@pytest.mark.parametrize("make", [raising, raising_later])
@pytest.mark.parametrize("error", UNEXPECTED, ids=lambda e: type(e).__name__)
async def test_a_failure_is_logged_and_masked(
    server: MCPServer,
    make: Any,
    error: Exception,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if make is raising_later and isinstance(error, StopIteration):
        pytest.skip("a coroutine cannot raise it")
    server.add(Tool(name="crash", call=make(error)))
    reply = await serve(server, call_of("crash"))
    answer = json.loads(reply.body)
    assert answer["error"]["code"] == -32603
    assert answer["error"]["message"] == "Internal error"
    assert "data" not in answer["error"]
    assert (reply.status, reply.ok) == (200, False)
    [record] = [r for r in caplog.records if r.name == "django_mcp"]
    assert record.exc_info is not None
    assert record.exc_info[1] is error
    settings.DEBUG = True
    answer = json.loads((await serve(server, call_of("crash"))).body)
    assert type(error).__name__ in answer["error"]["data"]


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_refusal_of_a_resource_or_a_prompt_is_an_error(
    server: MCPServer, revision: str
) -> None:
    refuse = raising(ToolError("No."))
    server.add(
        Prompt(name="p", get=refuse), Resource(name="r", uri="r://r", read=refuse)
    )
    for event in (
        asked("prompts/get", {"name": "p"}, revision),
        asked("resources/read", {"uri": "r://r"}, revision),
    ):
        reply = await serve(server, event)
        assert json.loads(reply.body)["error"]["code"] == -32602
        assert json.loads(reply.body)["error"]["message"] == "No."
        assert reply.status == (400 if revision == STATELESS else 200)


async def test_a_call_that_takes_too_long_is_told_to_the_model(
    server: MCPServer,
) -> None:
    async def wait(context: Context, arguments: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    server.add(Tool(name="slow", call=wait, timeout=0.01))
    result = json.loads((await serve(server, call_of("slow"))).body)["result"]
    assert result["isError"] is True
    assert "took too long" in result["content"][0]["text"]


async def test_a_timeout_of_the_tools_own_is_a_failure(
    server: MCPServer, caplog: pytest.LogCaptureFixture
) -> None:
    error = TimeoutError("the socket of 10.0.0.1")
    server.add(Tool(name="slow", call=raising_later(error), timeout=5))
    reply = await serve(server, call_of("slow"))
    assert json.loads(reply.body)["error"]["message"] == "Internal error"
    assert b"10.0.0.1" not in reply.body
    assert "the socket of 10.0.0.1" in caplog.text


async def test_a_scope_that_only_the_tool_knows_of_is_challenged(
    server: MCPServer,
) -> None:
    error = PermissionRequired("Not with this token.", scopes=("shop:write",))
    server.add(Tool(name="guarded", call=raising_later(error)))
    reply = await serve(server, call_of("guarded"))
    assert (reply.status, reply.scopes) == (403, ("shop:write",))


@pytest.mark.parametrize(
    "value", [object(), [object()], "\udc80"], ids=["object", "list", "surrogate"]
)
async def test_a_value_that_cannot_be_sent_is_a_failure(
    server: MCPServer, value: Any
) -> None:
    server.add(Tool(name="odd", call=lambda c, a: value))
    reply = await serve(server, call_of("odd"))
    answer = json.loads(reply.body)
    assert answer["error"]["code"] == -32603


@pytest.mark.parametrize(
    "value",
    [10**4000, float("inf"), float("nan"), 2**64],
    ids=["endless", "infinite", "nan", "long"],
)
async def test_a_number_of_any_size_is_answered(server: MCPServer, value: Any) -> None:
    server.add(Tool(name="big", call=lambda c, a: value))
    assert json.loads((await serve(server, call_of("big"))).body)["id"] == 1


@pytest.mark.parametrize(
    ("method", "stateless", "handshake"),
    [
        ("initialize", False, True),
        ("ping", False, True),
        ("server/discover", True, False),
        ("logging/setLevel", False, True),
        ("resources/subscribe", False, True),
        ("resources/unsubscribe", False, True),
        ("tools/list", True, True),
        ("completion/complete", True, True),
        ("no/such", False, False),
        ("__class__", False, False),
    ],
)
async def test_a_method_is_served_in_its_era(
    server: MCPServer, method: str, stateless: bool, handshake: bool
) -> None:
    for revision in REVISIONS:
        reply = await serve(server, asked(method, {}, revision))
        served = stateless if revision == STATELESS else handshake
        code = json.loads(reply.body).get("error", {}).get("code")
        assert (code != -32601) is served
        if not served:
            assert reply.status == (404 if revision == STATELESS else 200)


async def test_a_missing_scope_is_named(server: MCPServer) -> None:
    server.add(Tool(name="t", call=lambda c, a: 1, scopes=frozenset({"b", "a"})))
    reply = await serve(server, call_of("t"), scopes=frozenset({"a"}))
    assert (reply.status, reply.scopes) == (403, ("a", "b"))
    assert (await serve(server, call_of("t"), scopes=frozenset("ab"))).ok
    assert (await serve(server, call_of("t"), scopes=None)).ok


@pytest.mark.parametrize("revision", HANDSHAKE)
async def test_asking_pauses_a_call_of_the_handshake_era(
    server: MCPServer, revision: str
) -> None:
    def ask(context: Any, arguments: Any) -> Any:
        return context.roots()

    async def aask(context: Any, arguments: Any) -> Any:
        return await context.aroots()

    server.add(Tool(name="ask", call=ask), Tool(name="aask", call=aask))
    for name in ("ask", "aask"):
        event = call_of(name, revision, capabilities={"roots": {}})
        outcome = await serve(server, event)
        assert type(outcome) is Paused
        assert outcome.required.questions == (Roots(key="roots"),)


@pytest.mark.parametrize("revision", HANDSHAKE)
async def test_a_missing_capability_has_an_older_code(
    server: MCPServer, revision: str
) -> None:
    server.add(Tool(name="ask", call=lambda c, a: c.roots()))
    reply = await serve(server, call_of("ask", revision))
    assert json.loads(reply.body)["error"]["code"] == -32602
    assert reply.status == 200


def test_too_many_rounds_end_a_call(server: MCPServer) -> None:
    answers, event = Answers(), call_of("ask", "2025-11-25")
    for _ in range(MAX_ROUNDS):
        assert dispatch.took(server, event, answers, {"a": 1}) is None
    reply = dispatch.took(server, event, answers, {"a": 1})
    assert reply is not None
    assert json.loads(reply.body)["error"]["code"] == -32602


async def test_a_result_may_be_too_large(server: MCPServer, settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "MAX_RESPONSE_SIZE": 500}
    server.add(Tool(name="big", call=lambda c, a: "x" * 500))
    server.add(Resource(name="big", uri="big://", read=lambda c: "x" * 500))
    result = json.loads((await serve(server, call_of("big"))).body)["result"]
    assert result["isError"] is True
    reply = await serve(server, asked("resources/read", {"uri": "big://"}))
    assert json.loads(reply.body)["error"]["code"] == -32603


def test_what_blocks_and_how_long_it_may(server: MCPServer) -> None:
    server.add(Tool(name="t", call=lambda c, a: 1, blocking=True, timeout=3))
    server.add(Tool(name="u", call=lambda c, a: 1))
    server.add(Tool(name="v", call=lambda c, a: 1, throttle=rates_from("9/min")))
    server.add(Tool(name="w", call=lambda c, a: 1, allowed=lambda context: True))
    state = asked("tools/call", {"name": "u", "requestState": "sealed"})
    for event, expected in (
        (call_of("t"), True),
        (call_of("u"), False),
        (call_of("v"), True),
        (call_of("w"), True),
        (state, True),
        (asked("no/such"), False),
    ):
        outcome = dispatch.serve_here(server, event, context_for(server, event))
        assert (outcome is None) is expected
    assert dispatch.timeout(server, call_of("t")) == 3
    for event in (call_of("u"), call_of("none"), asked("tools/call", {"name": 1})):
        assert dispatch.timeout(server, event) is None
    assert dispatch.timeout(server, asked("tools/list")) is None


async def test_a_lifespan_is_entered_or_not(caplog: pytest.LogCaptureFixture) -> None:
    @asynccontextmanager
    async def good() -> Any:
        yield 7

    @asynccontextmanager
    async def bad() -> Any:
        if SECRETS:
            raise RuntimeError("no database")
        yield

    server = MCPServer("good", lifespan=good)
    assert await dispatch.enter(server) == (True, 7)
    await server.lifespan.close()
    assert await dispatch.enter(MCPServer("bad", lifespan=bad)) == (False, None)
    assert "no database" in caplog.text


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_was_given_up_is_told_in_the_shape_of_its_method(
    server: MCPServer, revision: str
) -> None:
    event = call_of("t", revision)
    reply = dispatch.timed_out(server, event, context_for(server, event))
    assert json.loads(reply.body)["result"]["isError"] is True
    event = asked("prompts/get", {}, revision)
    context = context_for(server, event)
    reply = dispatch.unanswered(server, event, context, "Nobody.")
    assert json.loads(reply.body)["error"]["message"] == "Nobody."


def test_a_protocol_error_may_name_its_own_status(server: MCPServer) -> None:
    error = ProtocolError(-32600, "Gone.", status=410)
    reply = dispatch.failed(server, call_of("t", "2025-11-25"), error)
    assert (reply.status, reply.ok) == (410, False)
    assert type(reply) is Reply
    assert session_of("2025-11-25").id


@pytest.fixture(autouse=True)
def _no_debug(settings: Any) -> Iterator[None]:
    settings.DEBUG = False
    yield
