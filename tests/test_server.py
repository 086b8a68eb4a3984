"""A server puts primitives together and says who it is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.dispatch import Signal

from django_mcp import MCPServer, NotRegistered, Tool
from django_mcp.auth import AllowAnonymous
from django_mcp.auth.base import AuthError, AuthRequest
from django_mcp.primitives import Icon
from django_mcp.protocol.headers import Headers
from django_mcp.protocol.messages import SERVER_KEY
from django_mcp.protocol.revisions import REVISIONS, STATELESS
from django_mcp.providers.models import registration
from django_mcp.signals import list_changed, resource_updated


@contextmanager
def heard(signal: Signal, server: MCPServer) -> Iterator[list[dict[str, Any]]]:
    """Collect what a signal says about a server."""
    found: list[dict[str, Any]] = []

    def hear(**told: Any) -> None:
        found.append({key: told[key] for key in told.keys() - {"signal", "sender"}})

    signal.connect(hear, sender=server)
    try:
        yield found
    finally:
        signal.disconnect(hear, sender=server)


def test_a_decorated_function_stays_what_it_was() -> None:
    server = MCPServer("shop")

    def add(a: int, b: int) -> int:
        return a + b

    def greet(name: str) -> str:
        return f"Greet {name}."

    def hours() -> str:
        return "always"

    assert server.tool(add) is add
    assert server.tool(name="plus")(add) is add
    assert server.prompt(greet) is greet
    assert server.prompt(name="welcome")(greet) is greet
    assert server.resource("shop://hours", hours) is hours
    assert server.resource("shop://again")(hours) is hours
    assert repr(server) == "<MCPServer 'shop'>"


def test_a_resource_needs_its_uri() -> None:
    decorator: Any = MCPServer("shop").resource
    with pytest.raises(TypeError, match="needs its URI"):
        decorator(lambda: "always")


def test_adding_and_removing_is_announced() -> None:
    server = MCPServer("shop")
    tool = Tool(name="new", call=lambda context, arguments: "new")
    with heard(list_changed, server) as found:
        server.add(tool)
        server.remove(tool)
    assert found == [{"kind": "tools"}] * 2
    with pytest.raises(NotRegistered):
        server.remove(tool)


async def test_a_project_hears_what_clients_are_told() -> None:
    server = MCPServer("shop")
    with heard(resource_updated, server) as found:
        server.notify_resource_updated("shop://hours")
        await server.anotify_resource_updated("shop://book/1")
    assert found == [{"uri": "shop://hours"}, {"uri": "shop://book/1"}]
    with heard(list_changed, server) as found:
        server.notify_list_changed("prompts")
        await server.anotify_list_changed("resources")
    assert found == [{"kind": "prompts"}, {"kind": "resources"}]


def test_a_server_is_mounted_as_one_application() -> None:
    server = MCPServer("shop")
    assert server.asgi is server.asgi
    patterns, app_name, namespace = server.urls
    assert patterns
    assert (app_name, namespace) == ("mcp", "shop")


@pytest.mark.parametrize(
    ("urlconf", "name"), [("shop.urls", "shop"), ([], "django"), (None, "django")]
)
def test_server_without_a_name_has_the_project_s(
    settings: Any, urlconf: Any, name: str
) -> None:
    settings.ROOT_URLCONF = urlconf
    assert MCPServer().name == name


def test_authenticators_are_those_of_the_settings(settings: Any) -> None:
    server = MCPServer("shop")
    first = server.authenticators
    assert [type(one) for one in first] == [AllowAnonymous]
    assert server.authenticators is first
    request = AuthRequest(server, Headers(()))
    assert first.authenticate(request).user.is_anonymous
    settings.DJANGO_MCP = {}
    assert not server.authenticators


def test_a_servers_own_authenticators_come_first(settings: Any) -> None:
    settings.DJANGO_MCP = {}
    own = AllowAnonymous()
    assert list(MCPServer("shop", authenticators=[own]).authenticators) == [own]
    closed = MCPServer("closed", authenticators=[])
    with pytest.raises(AuthError):
        closed.authenticators.authenticate(AuthRequest(closed, Headers(())))


def test_a_revision_is_told_what_it_knows_to_show() -> None:
    server = MCPServer(
        "shop",
        title="The shop",
        version="2",
        website_url="https://shop.example",
        icons=[Icon(src="https://shop.example/a.png")],
    )
    base = {"name": "shop", "version": "2"}
    titled = {**base, "title": "The shop"}
    assert server.info(REVISIONS["2024-11-05"]) == base
    assert server.info(REVISIONS["2025-06-18"]) == titled
    assert server.info(STATELESS) == {
        **titled,
        "websiteUrl": "https://shop.example",
        "icons": [{"src": "https://shop.example/a.png"}],
    }


def test_each_result_of_the_stateless_era_says_who_gave_it() -> None:
    server = MCPServer("shop")
    meta = {SERVER_KEY: {"name": "shop", "version": "1.0.0"}}
    assert server.complete_dict({"tools": []}, STATELESS) == {
        "resultType": "complete",
        "tools": [],
        "_meta": meta,
    }
    done = json.loads(b'{"tools":[]%b}' % server.ending(STATELESS))
    assert done == {"tools": [], "resultType": "complete", "_meta": meta}


def test_a_result_of_the_handshake_era_says_nothing_more() -> None:
    server, old = MCPServer("shop"), REVISIONS["2025-11-25"]
    result = {"tools": []}
    assert server.complete_dict(result, old) == result
    assert server.ending(old) == b""


def test_threads_that_look_at_once_see_the_same_toolsets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slowly() -> registration.Toolsets:
        time.sleep(0.01)
        return registration.Toolsets()

    provider = SimpleNamespace(Toolsets=slowly)
    monkeypatch.setattr("django_mcp.server._models", lambda: provider)
    server = MCPServer("shop")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: server.toolsets, range(4)))
    assert len({id(toolsets) for toolsets in found}) == 1
