"""MCP servers in front of a project's own application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from django.core.asgi import get_asgi_application

from django_mcp import MCPServer
from django_mcp.auth import AllowAnonymous
from django_mcp.routing import Front
from django_mcp.transports.asgi import Application
from tests.wire import Client, stateless

ENTERED: list[str] = []


@asynccontextmanager
async def lasting() -> AsyncIterator[str]:
    ENTERED.append("in")
    yield "value"
    ENTERED.append("out")


def server_of(name: str, **options: Any) -> MCPServer:
    server = MCPServer(name, authenticators=[AllowAnonymous()], **options)

    @server.tool
    async def whose() -> str:
        return name

    return server


async def other(scope: Any, receive: Any, send: Any) -> None:
    """A project's application: it tells what reached it."""
    body = f"{scope['type']} {scope.get('path', '')}".encode()
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": body})


FRONT = Front(other, {"mcp": server_of("shop"), "/staff/mcp/": server_of("staff")})


async def whose(path: str, **scope: Any) -> Any:
    async def placed(given: Any, receive: Any, send: Any) -> None:
        await FRONT({**given, **scope}, receive, send)

    call = stateless("tools/call", {"name": "whose"})
    answer = await Client(placed).send(call, path=path)
    return answer.body["result"]["content"][0]["text"]


async def sent_to(front: Front, scope: Any) -> list[Any]:
    sent: list[Any] = []
    body = [{"type": "http.request", "body": b""}]

    async def receive() -> Any:
        return body.pop() if body else await asyncio.Event().wait()

    async def send(event: Any) -> None:
        sent.append(event)

    whole = {"method": "GET", "headers": [], "query_string": b"", **scope}
    await front(whole, receive, send)
    return sent


async def test_each_server_answers_at_its_path() -> None:
    for path in ("/mcp", "/mcp/"):
        assert await whose(path) == "shop"
    for path in ("/staff/mcp", "/staff/mcp/"):
        assert await whose(path) == "staff"


async def test_all_other_paths_are_the_projects() -> None:
    for path in ("/", "/mcp/x", "/mcpx", "/staff", "//mcp", "mcp", "/MCP"):
        sent = await sent_to(FRONT, {"type": "http", "path": path})
        assert sent[1]["body"] == f"http {path}".encode()


async def test_a_server_below_a_prefix_is_found() -> None:
    assert await whose("/prefix/mcp", root_path="/prefix") == "shop"
    assert await whose("/mcp", root_path="/prefix") == "shop"


async def test_other_connections_are_the_projects() -> None:
    sent = await sent_to(FRONT, {"type": "websocket", "path": "/mcp"})
    assert sent[1]["body"] == b"websocket /mcp"


async def test_django_serves_what_is_no_mcp() -> None:
    front = Front(get_asgi_application(), {"mcp": server_of("shop")})
    sent = await sent_to(front, {"type": "http", "path": "/nowhere"})
    assert sent[0]["status"] == 404


async def test_the_end_of_the_process_ends_the_lifespans() -> None:
    ENTERED.clear()
    front = Front(other, {"mcp": server_of("lasting", lifespan=lasting)})
    answer = await Client(front).send(stateless("tools/call", {"name": "whose"}))
    assert answer.status == 200
    assert ENTERED == ["in"]
    events: asyncio.Queue[Any] = asyncio.Queue()
    for name in ("startup", "shutdown"):
        events.put_nowait({"type": f"lifespan.{name}"})
    sent = []

    async def send(event: Any) -> None:
        sent.append(event["type"])

    await front({"type": "lifespan"}, events.get, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert ENTERED == ["in", "out"]


async def test_an_application_of_the_projects_own_is_entered_by_its_front_door() -> (
    None
):
    class Guarded(Application):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 418, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    server = server_of("guarded")
    server._asgi = Guarded(server)
    answer = await Client(Front(other, {"mcp": server})).send(
        stateless("tools/call", {"name": "whose"}), path="/mcp"
    )
    assert answer.status == 418
