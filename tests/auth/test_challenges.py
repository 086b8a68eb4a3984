"""A refused client reads which token to get, and nothing can be put into it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mcp import MCPServer
from django_mcp.auth.challenges import bearer_challenge
from tests.wire import Issued

BASE = {"BASE_URL": "https://shop.example"}
METADATA = (
    'resource_metadata="https://shop.example/.well-known/oauth-protected-resource/mcp"'
)


def test_without_an_authorization_server_there_is_only_the_scheme() -> None:
    server = MCPServer("shop", authenticators=[])
    assert bearer_challenge(server) == "Bearer"
    assert bearer_challenge(server, "invalid_token") == 'Bearer error="invalid_token"'


def test_a_client_reads_the_least_it_must_ask_for_and_where(settings: Any) -> None:
    settings.DJANGO_MCP = BASE
    server = MCPServer(
        "shop",
        authenticators=[Issued()],
        base_scopes={"shop:write", "shop:read", "offline_access"},
    )
    assert (
        bearer_challenge(server) == f'Bearer scope="shop:read shop:write", {METADATA}'
    )
    assert bearer_challenge(server, "insufficient_scope", ["x"]) == (
        f'Bearer error="insufficient_scope", scope="x", {METADATA}'
    )


@pytest.mark.parametrize("evil", ['a"b', "a\\b", "a\r\nX: y", "a\x00b", "aéb"])
def test_what_would_end_the_header_is_left_out(evil: str) -> None:
    server = MCPServer("shop", authenticators=[], base_scopes={evil})
    said = bearer_challenge(server)
    assert said.startswith('Bearer scope="a') and said.endswith('"')
    assert said.count('"') == 2
    assert said.isprintable() and said.isascii() and "\\" not in said


@given(st.lists(st.text()))
def test_a_challenge_is_always_one_header(scopes: list[str]) -> None:
    server = MCPServer("shop", authenticators=[])
    said = bearer_challenge(server, "invalid_token", scopes)
    assert all(" " <= character <= "~" for character in said)
    assert said.count('"') in {2, 4}
