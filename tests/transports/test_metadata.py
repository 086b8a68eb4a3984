"""Clients read who gives tokens for a server, wherever they look for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import gettext_lazy

from django_mcp import MCPServer, mcp
from tests.wire import Issued, Named, filled

ROOT = "/.well-known/oauth-protected-resource"


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.ROOT_URLCONF = "django_mcp.urls"
    settings.DJANGO_MCP = {"BASE_URL": "https://shop.example"}


@pytest.fixture
def shop() -> Iterator[MCPServer]:
    yield filled(
        MCPServer(
            "shop",
            title=gettext_lazy("The shop"),
            authenticators=[Named(), Issued()],
            base_scopes={"shop:read", "offline_access"},
        )
    )


@pytest.fixture
def staff() -> Iterator[MCPServer]:
    yield filled(MCPServer("staff", authenticators=[Issued()], path="/staff/mcp"))


def test_a_server_says_who_gives_tokens_for_it(shop: MCPServer) -> None:
    response = Client().get(f"{ROOT}/mcp")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == {
        "resource": "https://shop.example/mcp",
        "authorization_servers": ["https://login.example"],
        "bearer_methods_supported": ["header"],
        "resource_name": "The shop",
        "scopes_supported": ["shop:read"],
    }


def test_the_only_server_is_described_at_the_root_too(shop: MCPServer) -> None:
    assert Client().get(ROOT).json()["resource"] == shop.url


def test_at_the_root_nobody_guesses_between_two(
    shop: MCPServer, staff: MCPServer
) -> None:
    assert Client().get(ROOT).status_code == 404
    assert Client().get(f"{ROOT}/staff/mcp").json()["resource"] == staff.url
    assert Client().get(f"{ROOT}/mcp").json()["resource"] == shop.url


def test_a_server_at_the_root_is_described_there(shop: MCPServer) -> None:
    root = filled(MCPServer("root", authenticators=[Issued()], path="/"))
    assert Client().get(ROOT).json()["resource"] == root.url == "https://shop.example"
    assert root.metadata_url == f"https://shop.example{ROOT}"


@pytest.mark.parametrize("path", ["/mcp/tools", "/other", "/MCP", "/../mcp"])
def test_at_other_paths_there_is_nothing(shop: MCPServer, path: str) -> None:
    response = Client().get(f"{ROOT}{path}")
    assert (response.status_code, response.content) == (404, b"")


def test_a_server_that_takes_no_tokens_is_not_described() -> None:
    keys = filled(MCPServer("keys", authenticators=[Named()]))
    assert keys.metadata_url == ""
    assert Client().get(f"{ROOT}/mcp").status_code == 404


def test_without_an_address_of_the_site_nothing_is_described(
    shop: MCPServer, settings: Any
) -> None:
    settings.DJANGO_MCP = {}
    assert Client().get(f"{ROOT}/mcp").status_code == 404


def test_the_host_header_changes_nothing(shop: MCPServer) -> None:
    said = Client().get(f"{ROOT}/mcp", headers={"host": "127.0.0.1"}).json()
    assert said["resource"] == "https://shop.example/mcp"


def test_a_page_of_any_origin_may_read_it(shop: MCPServer) -> None:
    asked = Client().options(
        f"{ROOT}/mcp",
        headers={
            "origin": "https://inspector.example",
            "access-control-request-method": "GET",
            "access-control-request-headers": "mcp-protocol-version",
        },
    )
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Origin"] == "*"
    assert asked.headers["Access-Control-Allow-Headers"] == "mcp-protocol-version"
    read = Client().get(f"{ROOT}/mcp")
    assert read.headers["Access-Control-Allow-Origin"] == "*"


def test_it_is_only_read(shop: MCPServer) -> None:
    refused = Client().post(f"{ROOT}/mcp")
    assert (refused.status_code, refused.headers["Allow"]) == (
        405,
        "GET, HEAD, OPTIONS",
    )


def test_nobody_must_log_in_to_read_where_to_log_in(
    shop: MCPServer, settings: Any
) -> None:
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    assert Client().get(f"{ROOT}/mcp").status_code == 200


def test_a_default_server_that_nobody_fills_is_not_described(
    shop: MCPServer, settings: Any
) -> None:
    settings.DJANGO_MCP |= {"AUTHENTICATORS": ["tests.wire.Issued"]}
    assert mcp.metadata_url
    assert Client().get(ROOT).json()["resource"] == shop.url
