"""What a call with a token costs beside its query: one crossing, no connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import override_settings

from django_mcp import Context, MCPServer
from django_mcp.pool import Pool
from tests.oauth.tokens import authenticator, make_token, shop, site
from tests.wire import HANDSHAKE, STATELESS, Client

pytestmark = [pytest.mark.needs("oauth"), pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _at_its_address() -> Iterator[None]:
    cache.clear()
    with site:
        yield


@pytest.fixture(params=[0, 60])
def server(request: Any) -> MCPServer:
    found = [authenticator(cache_seconds=request.param)]
    server = shop(authenticators=found, base_scopes=["shop:read"])

    @server.tool(read_only=True)
    def backend(context: Context) -> int:
        """Say which process of the database serves this call."""
        assert context.user.pk
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    @server.tool(read_only=True)
    def sync_tool(context: Context) -> str:
        return str(context.user)

    @server.tool(read_only=True)
    async def async_tool(context: Context) -> str:
        return str(context.user)

    server.go_live()
    return server


def client(server: MCPServer, token: str, revision: str = STATELESS) -> Client:
    headers = {"authorization": f"Bearer {token}"}
    return Client(server.asgi, revision, headers=headers)


@pytest.fixture
def crossings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every function that goes to a thread of the pool."""
    found: list[Any] = []
    run = Pool.run

    async def counted(pool: Pool, function: Any) -> Any:
        found.append(function)
        return await run(pool, function)

    monkeypatch.setattr(Pool, "run", counted)
    return found


@pytest.mark.parametrize("revision", [STATELESS, HANDSHAKE[-1]])
@pytest.mark.parametrize("tool", ["sync_tool", "async_tool"])
async def test_a_token_and_its_call_cross_once(
    server: MCPServer, crossings: list[Any], revision: str, tool: str
) -> None:
    token = await sync_to_async(make_token)()
    alice = await client(server, token, revision).open()
    for _ in range(3):
        crossings.clear()
        assert (await alice.call(tool)).text == "alice"
        assert len(crossings) == 1


async def test_a_bad_token_crosses_once(
    server: MCPServer, crossings: list[Any]
) -> None:
    assert (await client(server, "unknown").call("sync_tool")).status == 401
    assert len(crossings) == 1


@pytest.mark.postgres
async def test_a_connection_outlives_its_call(server: MCPServer) -> None:
    token = await sync_to_async(make_token)()
    made: list[Any] = []

    def remember(**kwargs: Any) -> None:
        made.append(kwargs)

    connection_created.connect(remember)
    try:
        alice = client(server, token)
        with override_settings(DJANGO_MCP=site.options["DJANGO_MCP"] | {"THREADS": 3}):
            await alice.call("backend")
            made.clear()
            pids = {(await alice.call("backend")).text for _ in range(50)}
            waiting = (alice.call("backend") for _ in range(50))
            pids |= {answer.text for answer in await asyncio.gather(*waiting)}
    finally:
        connection_created.disconnect(remember)
    assert len(pids) <= 3
    assert len(made) < 3
