"""What would keep a client from getting a token, or give it one for two servers."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.urls import include, path

from django_mcp import MCPServer
from django_mcp.auth import AllowAnonymous
from tests.wire import Issued, Named, filled

SITE = "https://shop.example"


def ids() -> list[str]:
    found = (message.id for message in run_checks(databases=[]))
    return sorted(found_id for found_id in found if found_id in OURS)


OURS = {
    f"django_mcp.{name}"
    for name in ("E018", "E019", "W015", "W016", "W017", "W018", "W021")
}


def describe(settings: Any, *more: Any) -> None:
    settings.ROOT_URLCONF = (path("", include("django_mcp.urls")), *more)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("", []),
        (SITE, []),
        (f"{SITE}/app", []),
        ("https://SHOP.example/", []),
        ("http://127.0.0.1:8000", []),
        ("http://localhost:8000", []),
        ("http://[::1]:8000", []),
        ("http://shop.example", ["django_mcp.W017"]),
        ("http://localhost.shop.example", ["django_mcp.W017"]),
        ("shop.example", ["django_mcp.E018"]),
        ("ftp://shop.example", ["django_mcp.E018"]),
        (f"{SITE}?a=b", ["django_mcp.E018"]),
        (f"{SITE}#a", ["django_mcp.E018"]),
        (f"{SITE}:x", ["django_mcp.E018"]),
        (8000, ["django_mcp.E018"]),
    ],
)
def test_the_address_of_the_site_is_one(
    settings: Any, base: Any, expected: list[str]
) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "BASE_URL": base}
    assert ids() == expected


def test_two_servers_have_two_addresses(settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "BASE_URL": SITE}
    describe(settings)
    shop = filled(MCPServer("shop", authenticators=[Issued()]))
    staff = filled(MCPServer("staff", authenticators=[Issued()]))
    assert ids() == ["django_mcp.E019"]
    staff.path = "/staff"
    assert ids() == []
    assert shop.url != staff.url


def test_clients_must_find_who_gives_tokens(settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "BASE_URL": SITE}
    shop = filled(MCPServer("shop", authenticators=[Issued()]))
    assert ids() == ["django_mcp.W015"]
    describe(settings)
    assert ids() == []
    assert shop.metadata_url


@pytest.mark.parametrize(
    ("mounted", "expected"),
    [("mcp", []), ("mcp/", []), ("api/mcp", ["django_mcp.W016"])],
)
def test_a_server_stands_where_its_tokens_say(
    settings: Any, mounted: str, expected: list[str]
) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "BASE_URL": SITE}
    shop = filled(MCPServer("shop", authenticators=[Issued()]))
    describe(settings, path(mounted, shop.urls))
    assert ids() == expected


@pytest.mark.parametrize(
    ("base", "expected"),
    [(f"{SITE}/mcp", ["django_mcp.W018"]), (f"{SITE}/somcp", []), (SITE, [])],
)
def test_the_address_of_the_site_is_not_that_of_a_server(
    settings: Any, base: str, expected: list[str]
) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "BASE_URL": base}
    shop = filled(MCPServer("shop", authenticators=[Issued()]))
    describe(settings, path("mcp", shop.urls))
    assert ids() == expected


def test_a_server_below_a_prefix_stands_where_its_tokens_say(settings: Any) -> None:
    settings.DJANGO_MCP = {**settings.DJANGO_MCP, "BASE_URL": f"{SITE}/app"}
    settings.FORCE_SCRIPT_NAME = "/app"
    shop = filled(MCPServer("shop", authenticators=[Issued()]))
    describe(settings, path("mcp", shop.urls))
    assert ids() == []


class Own(Named):
    bearer = "own"


class Every(Named):
    bearer = "every"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([Own(), Own(), Every(), Named(), AllowAnonymous()], []),
        ([Every(), Own()], ["django_mcp.W021"]),
        ([Own(), Every(), Every()], ["django_mcp.W021"]),
    ],
)
def test_who_judges_every_token_is_asked_last(
    asked: list[Any], expected: list[str]
) -> None:
    server = MCPServer("shop", authenticators=asked)
    assert ids() == expected
    assert len(server.authenticators) == len(asked)
