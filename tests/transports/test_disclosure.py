"""Streams end with what they belong to, and tell only what may be known."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache import cache

from django_mcp import MCPServer, sessions
from django_mcp.auth.base import AuthRequest, Principal
from django_mcp.primitives import Resource
from django_mcp.transports import streams
from django_mcp.transports.replay import Replay
from tests.wire import Client, Named


class Fleeting(Named):
    """Credentials that end very soon."""

    def authenticate(self, request: AuthRequest) -> Principal | None:
        """See `BaseAuthenticator`."""
        principal = super().authenticate(request)
        return principal and replace(principal, expires_at=time.time() + 0.3)


def make(authenticator: Any = None) -> MCPServer:
    server = MCPServer("listening", authenticators=[authenticator or Named()])
    server.add(
        Resource(name="all", uri="a://all", read=nothing),
        Resource(name="hidden", uri="a://hidden", read=nothing, allowed=nobody),
    )
    return server


def nothing(context: Any) -> str:
    return ""


def nobody(context: Any) -> bool:
    return False


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()
    sessions.forget_all()


def listen(client: Client, *uris: str) -> Any:
    wanted = {"notifications": {"resourceSubscriptions": list(uris)}}
    return client.visit(client.message("subscriptions/listen", wanted))


async def test_changes_of_a_hidden_resource_are_not_told() -> None:
    server = make()
    async with listen(Client(server.asgi), "a://hidden", "a://all") as stream:
        first = await stream.message()
        served = first["params"]["notifications"]["resourceSubscriptions"]
        assert served == ["a://all"]
        await server.anotify_resource_updated("a://hidden")
        await server.anotify_resource_updated("a://all")
        assert (await stream.message())["params"]["uri"] == "a://all"


async def test_a_stream_ends_with_its_credentials() -> None:
    client = Client(make(Fleeting()).asgi)
    async with listen(client) as stream:
        await stream.message()
        assert "result" in await stream.message()
        await stream.finished()
    old = await Client(client.app, "2025-11-25").open()
    async with old.stream() as stream:
        assert [message async for message in stream.messages()] == []


async def test_the_stream_of_a_session_ends_with_it() -> None:
    client = await Client(make().asgi, "2025-11-25").open()
    async with client.stream() as stream:
        await stream.begin()
        assert (await client.send(None, method="DELETE")).status == 204
        assert [message async for message in stream.messages()] == []


async def test_a_session_belongs_to_one_server() -> None:
    client = await Client(make().asgi, "2025-11-25").open()
    client.app = MCPServer("another", authenticators=[Named()]).asgi
    assert (await client.ask("ping")).status == 404


async def test_a_stream_that_is_taken_up_counts_and_ends_with_the_others() -> None:
    client = await Client(make().asgi, "2025-11-25").open()
    assert client.session_id is not None
    replay = Replay(client.session_id)
    first = replay.next_id()
    await asyncio.to_thread(replay.save)
    async with client.stream(last_event_id=first) as stream:
        await stream.begin()
        async for _ in stream.events():
            break
        await asyncio.sleep(0)
        assert streams.count() == 1
        streams.end_all()
        assert [message async for message in stream.messages()] == []
        await stream.finished()
    assert streams.count() == 0
