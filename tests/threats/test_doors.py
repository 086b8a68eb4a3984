"""A page in the user's own browser, and a project that forgot to say who may call."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks

from django_mcp import MCPServer, Tool, mcp
from tests.wire import Client, Named


@pytest.fixture
def server() -> MCPServer:
    server = MCPServer("doors", authenticators=[Named(anonymous=False)])
    server.add(Tool(name="t", call=lambda context, arguments: "done"))
    return server


async def test_a_page_of_a_stranger_reaches_nothing_on_this_machine(
    server: MCPServer,
) -> None:
    """A name that was bound anew to 127.0.0.1 is still the stranger's origin.

    Defence: ``transports/asgi.py``, ``elif b"origin" in headers and not …``.
    """
    token = {"authorization": "Bearer alice"}
    evil = token | {"origin": "http://rebound.example:8000"}
    client = Client(server.asgi, headers=token)
    assert (await client.call("t")).text == "done"
    assert (await client.send(client.message("ping"), evil)).status == 403


async def test_a_host_that_is_not_ours_is_not_served(server: MCPServer) -> None:
    """Without an Origin there is still the name the browser asked for.

    Defence: ``transports/asgi.py``, ``if not guards.host_allowed(headers)``.
    """
    client = Client(server.asgi, headers={"authorization": "Bearer alice"})
    rebound = {"host": "rebound.example:8000"}
    assert (await client.send(client.message("ping"), rebound)).status == 421


async def test_on_loopback_too_a_token_is_needed(server: MCPServer) -> None:
    """Whatever runs on this machine can connect to it; that is no credential.

    Defence: ``auth/base.py``, the ``raise`` at the end of ``authenticate``.
    """
    client = Client(server.asgi)
    local = {"host": "127.0.0.1:8000", "origin": "http://127.0.0.1:8000"}
    assert (await client.send(client.message("ping"), local)).status == 401


def test_a_project_that_names_nobody_fails_its_check(settings: Any) -> None:
    """Forgetting a setting must not open the door.

    Defence: ``auth/checks.py``, ``if server.used and not server.authenticators``.
    """
    settings.DJANGO_MCP = {}
    tool = Tool(name="forgotten", call=lambda context, arguments: "done")
    mcp.add(tool)
    try:
        assert "django_mcp.E004" in {found.id for found in run_checks(databases=[])}
    finally:
        mcp.remove(tool)


async def test_a_project_that_names_nobody_serves_nobody(settings: Any) -> None:
    """Who skips the checks is still not open.

    Defence: ``auth/base.py``, the ``raise`` at the end of ``authenticate``.
    """
    settings.DJANGO_MCP = {}
    server = MCPServer("forgotten")
    server.add(Tool(name="t", call=lambda context, arguments: "done"))
    for headers in ({}, {"authorization": "Bearer alice"}, {"cookie": "sessionid=a"}):
        assert (await Client(server.asgi, headers=headers).call("t")).status == 401
