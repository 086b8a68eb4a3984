"""tools/call, resources/read and prompts/get, with primitives made by hand."""

from __future__ import annotations

import json
from inspect import isawaitable
from typing import Any

import pytest

from django_mcp import MCPServer, PermissionRequired, ToolError
from django_mcp.methods.primitives import (
    call_tool,
    contents_at,
    get_prompt,
    read_resource,
)
from django_mcp.primitives import Prompt, Resource, ResourceTemplate, Tool
from django_mcp.protocol.errors import ProtocolError
from django_mcp.protocol.headers import Headers
from tests.calls import asked, context_for, members
from tests.wire import REVISIONS, STATELESS


@pytest.fixture
def server() -> MCPServer:
    return MCPServer("primitives", authenticators=[])


async def run(
    serve: Any,
    server: MCPServer,
    params: Any,
    revision: str = STATELESS,
    **options: Any,
) -> dict[str, Any]:
    event = asked("tools/call", params, revision, **options)
    result = serve(server, event, context_for(server, event))
    return members(await result if isawaitable(result) else result)


def now(value: Any) -> Any:
    return lambda *args: value


def later(value: Any) -> Any:
    async def call(*args: Any) -> Any:
        return value

    return call


@pytest.mark.parametrize("make", [now, later])
@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_value_becomes_a_result(
    server: MCPServer, make: Any, revision: str
) -> None:
    server.add(
        Tool(name="t", call=make({"a": 1}), output_schema={"type": "object"}),
        Prompt(name="p", get=make("Hello"), description="D"),
        Resource(name="r", uri="r://r", read=make("text"), mime_type="text/x"),
    )
    called = await run(call_tool, server, {"name": "t"}, revision)
    assert json.loads(called["content"][0]["text"]) == {"a": 1}
    assert ("structuredContent" in called) is (revision >= "2025-06-18")
    got = await run(get_prompt, server, {"name": "p"}, revision)
    assert got["description"] == "D"
    assert got["messages"][0]["content"]["text"] == "Hello"
    read = await run(read_resource, server, {"uri": "r://r"}, revision)
    assert read["contents"] == [{"uri": "r://r", "mimeType": "text/x", "text": "text"}]
    assert ("ttlMs" in read) is (revision == STATELESS)


async def test_arguments_are_passed_as_they_came(server: MCPServer) -> None:
    server.add(Tool(name="t", call=lambda context, arguments: list(arguments.items())))
    for arguments in (None, {}, {"a": None, "b": [1]}):
        result = await run(call_tool, server, {"name": "t", "arguments": arguments})
        found = json.loads(result["content"][0]["text"])
        assert found == [list(item) for item in (arguments or {}).items()]


@pytest.mark.parametrize(
    ("serve", "params"),
    [
        (call_tool, {}),
        (call_tool, {"name": None}),
        (call_tool, {"name": []}),
        (call_tool, {"name": "t", "arguments": []}),
        (call_tool, {"name": "T"}),
        (get_prompt, {"name": "p", "arguments": {"a": 1}}),
        (get_prompt, {"name": "p", "arguments": {"a": None}}),
        (get_prompt, {}),
        (read_resource, {}),
        (read_resource, {"uri": {}}),
        (read_resource, {"uri": "no://such"}),
    ],
)
async def test_malformed_params_are_refused(
    server: MCPServer, serve: Any, params: Any
) -> None:
    server.add(Tool(name="t", call=now(1)), Prompt(name="p", get=now("")))
    with pytest.raises(ProtocolError) as caught:
        await run(serve, server, params)
    assert caught.value.code == -32602


async def test_a_long_name_is_not_repeated_whole(server: MCPServer) -> None:
    with pytest.raises(ProtocolError) as caught:
        await run(call_tool, server, {"name": "x" * 100_000})
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("make", [now, later])
@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_resource_that_is_nothing_is_not_there(
    server: MCPServer, make: Any, revision: str
) -> None:
    server.add(
        Resource(name="r", uri="r://r", read=make(None)),
        ResourceTemplate(
            name="t",
            uri_template="t://{x}",
            match=lambda uri: {} if uri == "t://1" else None,
            read=make(None),
        ),
    )
    for uri in ("r://r", "t://1", "t://2"):
        with pytest.raises(ProtocolError) as caught:
            await run(read_resource, server, {"uri": uri}, revision)
        assert caught.value.code == (-32602 if revision == STATELESS else -32002)
        assert caught.value.data == {"uri": uri}


async def test_headers_are_compared_in_the_stateless_era_alone(
    server: MCPServer,
) -> None:
    server.add(Tool(name="t", call=now(1), headers={"Region": ("region",)}))
    params = {"name": "t", "arguments": {"region": "eu"}}
    wrong = Headers([(b"mcp-param-region", b"us")])
    with pytest.raises(ProtocolError) as caught:
        await run(call_tool, server, params, headers=wrong)
    assert caught.value.code == -32020
    assert await run(call_tool, server, params, "2025-11-25", headers=wrong)
    assert await run(call_tool, server, params, headers=None)


async def test_a_refusal_of_a_prompt_is_an_error(server: MCPServer) -> None:
    async def refuse(*args: Any) -> Any:
        raise ToolError("No.")

    server.add(Prompt(name="p", get=refuse))
    with pytest.raises(ProtocolError, match="No"):
        await run(get_prompt, server, {"name": "p"})


def test_a_tool_reads_no_resource_that_its_callers_token_does_not_open() -> None:
    server = MCPServer("scoped", authenticators=[])
    server.add(
        Resource(
            name="r",
            uri="r://r",
            read=lambda context: "secret",
            scopes=frozenset({"read"}),
        )
    )
    event = asked("tools/call", {"name": "t"})
    with pytest.raises(PermissionRequired):
        contents_at(context_for(server, event, scopes=frozenset()), "r://r")
    context = context_for(server, event, scopes=frozenset({"read"}))
    assert contents_at(context, "r://r")[0]["text"] == "secret"  # type: ignore[index]
