"""Tokens are compared with one form of an endpoint's address."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mcp import MCPServer
from django_mcp.auth.resources import canonical


@pytest.mark.parametrize(
    "uri",
    [
        "https://shop.example/mcp",
        "https://shop.example/mcp/",
        "HTTPS://Shop.Example/mcp",
        "https://shop.example:443/mcp",
    ],
)
def test_one_endpoint_has_one_form(uri: str) -> None:
    assert canonical(uri) == "https://shop.example/mcp"


@pytest.mark.parametrize(
    "uri",
    [
        "https://shop.example",
        "https://shop.example/MCP",
        "https://shop.example/mcp/tools",
        "https://shop.example/mcp?a=b",
        "https://shop.example:8443/mcp",
        "http://shop.example/mcp",
        "https://shop.example.evil.example/mcp",
    ],
)
def test_another_endpoint_has_another(uri: str) -> None:
    assert canonical(uri) not in {"", "https://shop.example/mcp"}


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "mcp",
        "/mcp",
        "https://",
        "//shop.example/mcp",
        "https://shop.example/mcp#x",
        "https://alice@shop.example/mcp",
        "https://[::1/mcp",
        "https://shop.example:x/mcp",
    ],
)
def test_what_is_no_address_of_an_endpoint_has_none(uri: str) -> None:
    assert canonical(uri) == ""


@given(st.text())
def test_the_form_of_a_form_is_itself(uri: str) -> None:
    assert canonical(canonical(uri)) == canonical(uri)


def test_the_address_of_a_server_comes_from_the_settings(settings: Any) -> None:
    server = MCPServer("shop", path="shop/mcp/")
    assert server.url == ""
    settings.DJANGO_MCP = {"BASE_URL": "https://Shop.example/"}
    assert server.url == "https://shop.example/shop/mcp"
    settings.DJANGO_MCP = {"BASE_URL": "https://shop.example/app"}
    assert server.url == "https://shop.example/app/shop/mcp"


def test_a_server_at_the_root_is_the_origin(settings: Any) -> None:
    settings.DJANGO_MCP = {"BASE_URL": "http://127.0.0.1:8000"}
    assert MCPServer("shop", path="/").url == "http://127.0.0.1:8000"
